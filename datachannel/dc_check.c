/* datachannel/dc_check.c - what is always true of a channel table, stated for tests and fuzzing. */
#include "datachannel/dc_internal.h"

static void check_streams(const floe_dc *dc, uint16_t slot)
{
    const floe_dc_channel *c = &dc->channels[slot];
    bool is_in_use = c->is_used && c->state != FLOE_DC_CLOSED && c->stream != FLOE_STREAM_NONE;
    FLOE_ASSERT(dc->streams[slot] == (is_in_use ? c->stream : FLOE_STREAM_NONE));
    FLOE_ASSERT(!is_in_use || floe_dc_table_find_stream(dc, c->stream) == slot);
}

static void check_names(const floe_dc *dc, uint16_t slot)
{
    const floe_dc_channel *c = &dc->channels[slot];
    FLOE_ASSERT((size_t)c->open_at + c->open_len <= FLOE_DC_POOL_SIZE);
    for (size_t i = 0; i < slot; i++) {
        const floe_dc_channel *other = &dc->channels[i];
        FLOE_ASSERT(!other->is_used || other->open_at >= c->open_at + c->open_len ||
                    c->open_at >= other->open_at + other->open_len);
    }
    if (!c->is_hidden) {
        floe_dcep open;
        floe_dc_table_get_names(dc, slot, &open);
    }
}

static void check_channel(const floe_dc *dc, uint16_t slot)
{
    const floe_dc_channel *c = &dc->channels[slot];
    bool is_closing = c->state == FLOE_DC_CLOSING;
    FLOE_ASSERT(c->state <= FLOE_DC_CLOSED);
    FLOE_ASSERT(!c->is_hidden || (is_closing && c->events == 0));
    FLOE_ASSERT(c->state != FLOE_DC_CLOSED || (c->is_in_reset && c->is_out_reset));
    FLOE_ASSERT(c->state >= FLOE_DC_CLOSING || (!c->is_in_reset && !c->is_out_reset));
    FLOE_ASSERT(c->state != FLOE_DC_OPEN || (c->debts & FLOE_DC_OWES_OPEN) == 0);
    FLOE_ASSERT(c->state < FLOE_DC_CLOSING || (c->debts & ~FLOE_DC_OWES_RESET) == 0);
    FLOE_ASSERT(!(c->has_lifetime && c->has_max_retransmits));
}

static void check_events(const floe_dc *dc)
{
    size_t listed = 0;
    size_t with_events = 0;
    for (size_t i = 0; i < dc->slot_end; i++) {
        with_events += dc->channels[i].events != 0;
    }
    for (uint16_t slot = dc->event_head; slot != FLOE_DC_NO_SLOT; slot = dc->channels[slot].next) {
        FLOE_ASSERT(dc->channels[slot].events != 0);
        listed++;
        FLOE_ASSERT(listed <= with_events);
        FLOE_ASSERT(dc->channels[slot].next != FLOE_DC_NO_SLOT || dc->event_tail == slot);
    }
    FLOE_ASSERT(listed == with_events);
}

void floe_dc_check_invariants(const floe_dc *dc)
{
    size_t owing = 0;
    FLOE_ASSERT(dc->slot_end <= FLOE_DC_CHANNEL_MAX);
    for (uint16_t slot = 0; slot < dc->slot_end; slot++) {
        const floe_dc_channel *c = &dc->channels[slot];
        check_streams(dc, slot);
        if (!c->is_used) {
            FLOE_ASSERT(c->events == 0 && c->debts == 0);
            continue;
        }
        check_channel(dc, slot);
        check_names(dc, slot);
        owing += c->debts != 0;
    }
    FLOE_ASSERT(owing == dc->owing);
    check_events(dc);
}
