/*
 * datachannel/dc_send.c - what goes from the channels to the association: OPEN, ACK, stream
 * resets, and the messages of the application.
 *
 * What must be told is noted as a debt of the channel and paid when the association has room; so no
 * call fails because the send buffer is full at that moment, and order holds: OPEN or ACK first,
 * then messages, then the reset.
 */
#include "datachannel/dc_internal.h"
#include "datachannel/utf8.h"

/* A reset waits no longer for the ACK of a peer that sends none, or behind unread messages. */
#define ACK_PATIENCE_MS 1000u

static floe_err send_dcep(floe_sctp_assoc *assoc, const floe_dc_channel *c, floe_bytes message)
{
    /* RFC 8832 §6: DCEP goes ordered and reliable on the channel's own stream, whatever the
     * channel's policy is. */
    floe_sctp_send dcep = {.stream = c->stream,
                           .ppid = FLOE_PPID_DCEP,
                           .priority = c->priority,
                           .is_uncounted = true,
                           .data = message};
    return floe_sctp_assoc_send(assoc, &dcep);
}

static floe_err pay(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot, unsigned debt)
{
    static const uint8_t ack[] = {FLOE_DCEP_ACK};
    const floe_dc_channel *c = &dc->channels[slot];
    switch (debt) {
    case FLOE_DC_OWES_THRESHOLD:
        return floe_sctp_assoc_set_low_threshold(assoc, c->stream, c->low_threshold);
    case FLOE_DC_OWES_OPEN:
        return send_dcep(assoc, c, (floe_bytes){dc->pool + c->open_at, c->open_len});
    case FLOE_DC_OWES_ACK:
        return send_dcep(assoc, c, (floe_bytes){ack, sizeof ack});
    default:
        FLOE_ASSERT(debt == FLOE_DC_OWES_RESET);
        return floe_sctp_assoc_reset_stream(assoc, c->stream);
    }
}

uint32_t floe_dc_send_clock(const floe_sctp_assoc *assoc)
{
    return (uint32_t)(floe_sctp_assoc_get_now(assoc) / (FLOE_SECOND / 1000));
}

/* Firefox confirms the reset of a stream whose OPEN it has not acted on, and then never resets its
 * side. RFC 8832 §6: the ACK says that it has. */
static bool is_too_early(const floe_dc_channel *c, const floe_sctp_assoc *assoc, unsigned debt)
{
    return debt == FLOE_DC_OWES_RESET && !c->is_acked && !c->is_in_reset &&
           floe_dc_send_clock(assoc) - c->closed_at < ACK_PATIENCE_MS;
}

floe_err floe_dc_send_debts(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    if (c->debts == 0) {
        return FLOE_OK;
    }
    if (c->stream == FLOE_STREAM_NONE) {
        return FLOE_E_STATE; /* the DTLS role is not known */
    }
    for (unsigned debt = FLOE_DC_OWES_THRESHOLD; debt <= FLOE_DC_OWES_RESET; debt <<= 1) {
        if ((c->debts & debt) == 0) {
            continue;
        }
        if (is_too_early(c, assoc, debt)) {
            return FLOE_E_AGAIN;
        }
        floe_err err = pay(dc, assoc, slot, debt);
        if (err == FLOE_E_TOO_BIG && debt == FLOE_DC_OWES_OPEN) {
            /* The peer takes no message that large: this channel can never be announced. */
            floe_dc_state_abandon(dc, slot);
        }
        if (err != FLOE_OK) {
            return err;
        }
        floe_dc_state_set_debts(dc, slot, c->debts & ~debt);
    }
    floe_dc_state_try_open(dc, slot);
    return FLOE_OK;
}

void floe_dc_send_all_debts(floe_dc *dc, floe_sctp_assoc *assoc)
{
    for (uint16_t slot = 0; dc->owing > 0 && slot < dc->slot_end; slot++) {
        if (dc->channels[slot].is_used) {
            /* What can't be paid now is tried again after the association's next event. */
            (void)!floe_dc_send_debts(dc, assoc, slot);
        }
    }
}

/* RFC 8831 §6.6: the PPID says text or binary; SCTP has no empty messages, so those have PPIDs of
 * their own, and one zero byte. */
static void fill_payload(floe_sctp_send *message, bool is_text, floe_bytes data)
{
    static const uint8_t zero[1] = {0};
    message->ppid = is_text ? FLOE_PPID_STRING : FLOE_PPID_BINARY;
    message->data = data;
    if (data.len == 0) {
        message->ppid = is_text ? FLOE_PPID_STRING_EMPTY : FLOE_PPID_BINARY_EMPTY;
        message->data = (floe_bytes){zero, sizeof zero};
        message->is_uncounted = true; /* as bufferedAmount has it */
    }
}

void floe_dc_send_fill(const floe_dc_channel *c, floe_sctp_send *message)
{
    message->stream = c->stream;
    message->priority = c->priority;
    /* RFC 8832 §6: until the peer is known to have read OPEN, everything goes ordered, so that
     * nothing overtakes it. */
    message->is_unordered = c->is_unordered && c->is_acked;
    message->has_max_retransmits = c->has_max_retransmits;
    message->has_lifetime = c->has_lifetime;
    message->max_retransmits = c->has_max_retransmits ? c->reliability : 0;
    message->lifetime_ms = c->has_lifetime ? c->reliability : 0;
}

floe_err floe_dc_send_message(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot,
                              const floe_dc_send_options *options, floe_bytes data)
{
    floe_dc_channel *c = &dc->channels[slot];
    floe_sctp_send message = {0};
    fill_payload(&message, options->is_text, data);
    floe_dc_send_fill(c, &message);
    message.wants_fate = options->wants_fate;
    if (options->wants_fate) { /* the channel may be gone when its fate is known */
        message.cookie = (uint64_t)floe_dc_table_get_id(dc, slot) << 32 | options->cookie;
    }

    floe_err err = floe_dc_send_debts(dc, assoc, slot);
    if (err == FLOE_OK) {
        err = floe_sctp_assoc_send(assoc, &message);
    }
    if (err == FLOE_E_AGAIN) {
        dc->wants_writable = true;
    }
    if (err == FLOE_OK) {
        c->messages_sent++;
        c->bytes_sent += data.len;
        c->is_filling = true;
    }
    return err;
}
