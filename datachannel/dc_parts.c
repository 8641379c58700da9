/*
 * datachannel/dc_parts.c - see datachannel/dc_parts.h.
 *
 * The association hears of a message with its first part: only then its PPID is known, for an empty
 * message has one of its own; and who begins and waits keeps nobody waiting.
 */
#include "datachannel/dc_parts.h"

#include "datachannel/dc_internal.h"
#include "datachannel/utf8.h"
#include "sctp/sctp_parts.h"

#if FLOE_SCTP_PARTS

static floe_err find_open(const floe_dc *dc, floe_dc_id channel, uint16_t *slot)
{
    *slot = floe_dc_table_find(dc, channel);
    if (*slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    return dc->channels[*slot].state == FLOE_DC_OPEN ? FLOE_OK : FLOE_E_STATE;
}

floe_err floe_dc_begin(floe_dc *dc, floe_dc_id channel, bool is_text)
{
    uint16_t slot;
    floe_err err = find_open(dc, channel, &slot);
    if (err == FLOE_OK && dc->channels[slot].writing != FLOE_DC_WRITES_NOTHING) {
        err = FLOE_E_STATE;
    }
    if (err == FLOE_OK) {
        dc->channels[slot].writing = is_text ? FLOE_DC_BEGINS_TEXT : FLOE_DC_BEGINS_BINARY;
    }
    return err;
}

/* The first part goes to the association, or, if it is all, the whole message. */
static floe_err write_first(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot, floe_bytes part,
                            bool is_last)
{
    floe_dc_channel *c = &dc->channels[slot];
    bool is_text = c->writing == FLOE_DC_BEGINS_TEXT;
    floe_sctp_send message = {.ppid = is_text ? FLOE_PPID_STRING : FLOE_PPID_BINARY};
    if (is_last) {
        return floe_dc_send_message(dc, assoc, slot, &(floe_dc_send_options){.is_text = is_text},
                                    part);
    }
    floe_err err = floe_dc_send_debts(dc, assoc, slot);
    floe_dc_send_fill(c, &message);
    if (err == FLOE_OK) {
        err = floe_sctp_assoc_begin_message(assoc, &message);
    }
    if (err != FLOE_OK) {
        return err;
    }
    err = floe_sctp_assoc_write(assoc, c->stream, part, false);
    if (err == FLOE_OK) {
        c->writing = is_text ? FLOE_DC_WRITES_TEXT : FLOE_DC_WRITES_BINARY;
        c->bytes_sent += part.len;
        c->is_filling = true;
    } else {
        (void)!floe_sctp_assoc_abort_message(assoc, c->stream); /* nothing is sent of it */
    }
    return err;
}

static floe_err write_next(floe_dc_channel *c, floe_sctp_assoc *assoc, floe_bytes part,
                           bool is_last)
{
    floe_err err = floe_sctp_assoc_write(assoc, c->stream, part, is_last);
    if (err == FLOE_OK) {
        c->messages_sent += is_last;
        c->bytes_sent += part.len;
        c->is_filling = true;
    }
    return err;
}

floe_err floe_dc_write(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel, floe_bytes part,
                       bool is_last)
{
    uint16_t slot;
    floe_err err = find_open(dc, channel, &slot);
    if (err != FLOE_OK) {
        return err;
    }
    floe_dc_channel *c = &dc->channels[slot];
    if (c->writing == FLOE_DC_WRITES_NOTHING) {
        return FLOE_E_STATE;
    }
    bool is_text = c->writing == FLOE_DC_BEGINS_TEXT || c->writing == FLOE_DC_WRITES_TEXT;
    if ((part.len == 0 && !is_last) || (is_text && !floe_utf8_is_valid(part))) {
        return FLOE_E_ARG;
    }
    bool is_first = c->writing == FLOE_DC_BEGINS_TEXT || c->writing == FLOE_DC_BEGINS_BINARY;
    err = is_first ? write_first(dc, assoc, slot, part, is_last)
                   : write_next(c, assoc, part, is_last);
    dc->wants_writable |= err == FLOE_E_AGAIN;
    if ((err == FLOE_OK && is_last) || err == FLOE_E_STATE) {
        c->writing = FLOE_DC_WRITES_NOTHING;
    }
    return err;
}

floe_err floe_dc_abort(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel)
{
    uint16_t slot = floe_dc_table_find(dc, channel);
    if (slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    floe_dc_channel *c = &dc->channels[slot];
    if (c->writing == FLOE_DC_WRITES_NOTHING) {
        return FLOE_E_STATE;
    }
    if (c->writing == FLOE_DC_WRITES_TEXT || c->writing == FLOE_DC_WRITES_BINARY) {
        (void)!floe_sctp_assoc_abort_message(assoc, c->stream); /* STATE: it is over already */
    }
    c->writing = FLOE_DC_WRITES_NOTHING;
    return FLOE_OK;
}

#endif
