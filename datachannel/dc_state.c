/*
 * datachannel/dc_state.c - the states of a channel and the events that changing them makes.
 *
 *     CONNECTING --> OPEN --> CLOSING --> CLOSED          (README.md has the picture with reasons)
 *
 * Events are not queued: each channel has a set of bits, and the channels that have any are listed
 * in the order in which their first one came. So nothing is lost however late they are read.
 */
#include "datachannel/dc_internal.h"

void floe_dc_state_set_debts(floe_dc *dc, uint16_t slot, unsigned debts)
{
    floe_dc_channel *c = &dc->channels[slot];
    dc->owing = (uint16_t)(dc->owing + (debts != 0) - (c->debts != 0));
    c->debts = (uint8_t)debts;
}

void floe_dc_state_put_event(floe_dc *dc, uint16_t slot, floe_dc_event_type type)
{
    floe_dc_channel *c = &dc->channels[slot];
    if (c->is_hidden) {
        return;
    }
    if (c->events == 0) {
        c->next = FLOE_DC_NO_SLOT;
        if (dc->event_head == FLOE_DC_NO_SLOT) {
            dc->event_head = slot;
        } else {
            dc->channels[dc->event_tail].next = slot;
        }
        dc->event_tail = slot;
    }
    c->events |= (uint8_t)(1u << type);
}

void floe_dc_state_try_open(floe_dc *dc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    /* RFC 8832 §6: data may follow OPEN at once, without waiting for the ACK. So the channel is
     * open when OPEN is on its way, as in libwebrtc. */
    if (c->state == FLOE_DC_CONNECTING && dc->phase == FLOE_DC_UP &&
        c->stream != FLOE_STREAM_NONE && (c->debts & FLOE_DC_OWES_OPEN) == 0) {
        c->state = FLOE_DC_OPEN;
        dc->stats.opened++;
        floe_dc_state_put_event(dc, slot, FLOE_DC_EV_OPEN);
    }
}

void floe_dc_state_begin_close(floe_dc *dc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    if (c->state >= FLOE_DC_CLOSING) {
        return;
    }
    bool is_untouched =
        c->state == FLOE_DC_CONNECTING && (c->is_negotiated || (c->debts & FLOE_DC_OWES_OPEN) != 0);
    if (is_untouched) {
        c->is_in_reset = true;
        c->is_out_reset = true;
    }
    dc->stats.closed += c->state == FLOE_DC_OPEN;
    c->state = FLOE_DC_CLOSING;
    floe_dc_state_set_debts(dc, slot, c->is_out_reset ? 0 : FLOE_DC_OWES_RESET);
    floe_dc_state_put_event(dc, slot, FLOE_DC_EV_CLOSING);
    floe_dc_state_try_close(dc, slot);
}

void floe_dc_state_try_close(floe_dc *dc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    /* RFC 8831 §6.7: a stream is free for a new channel when both sides have reset it. */
    if (c->state != FLOE_DC_CLOSING || !c->is_in_reset || !c->is_out_reset || dc->is_draining) {
        return;
    }
    dc->streams[slot] = FLOE_STREAM_NONE;
    c->state = FLOE_DC_CLOSED;
    if (c->is_hidden) {
        floe_dc_table_remove(dc, slot);
    } else {
        floe_dc_state_put_event(dc, slot, FLOE_DC_EV_CLOSED);
    }
}

void floe_dc_state_abandon(floe_dc *dc, uint16_t slot)
{
    floe_dc_state_begin_close(dc, slot);
    floe_dc_state_set_debts(dc, slot, 0);
    dc->channels[slot].is_in_reset = true;
    dc->channels[slot].is_out_reset = true;
    floe_dc_state_try_close(dc, slot);
}

void floe_dc_state_end(floe_dc *dc)
{
    for (uint16_t slot = 0; slot < dc->slot_end; slot++) {
        if (dc->channels[slot].is_used && dc->channels[slot].state != FLOE_DC_CLOSED) {
            floe_dc_state_abandon(dc, slot);
        }
    }
}
