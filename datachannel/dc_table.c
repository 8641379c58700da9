/*
 * datachannel/dc_table.c - who has which slot, id, stream and piece of the names pool.
 *
 * All of it is found by looking at the channels that are there: no free lists, nothing that could
 * leak or disagree. Only opening a channel pays for that, with a few thousand comparisons at worst.
 */
#include "datachannel/dc_internal.h"
#include "datachannel/utf8.h"

#include <string.h>

/* An id is generation * FLOE_DC_CHANNEL_MAX + slot, and never FLOE_DC_NONE. */
#define GENERATIONS (FLOE_DC_NONE / FLOE_DC_CHANNEL_MAX)

_Static_assert(FLOE_DC_CHANNEL_MAX >= 1 && GENERATIONS >= 2, "ids must come back late");
_Static_assert(FLOE_DC_POOL_SIZE <= UINT16_MAX, "the names pool is indexed by 16 bits");

uint16_t floe_dc_table_add(floe_dc *dc)
{
    for (size_t i = 0; i < FLOE_DC_CHANNEL_MAX; i++) {
        uint16_t slot = (uint16_t)((dc->add_cursor + i) % FLOE_DC_CHANNEL_MAX);
        floe_dc_channel *c = &dc->channels[slot];
        if (slot == dc->slot_end) { /* they are taken in turn, so it is the next */
            c->is_used = false;
            c->generation = 0;
            dc->slot_end++;
        }
        if (c->is_used) {
            continue;
        }
        *c = (floe_dc_channel){.generation = c->generation, .stream = FLOE_STREAM_NONE};
        c->is_used = true;
        c->is_hidden = true;
        c->state = FLOE_DC_CONNECTING;
        dc->streams[slot] = FLOE_STREAM_NONE;
        dc->add_cursor = (uint16_t)((slot + 1) % FLOE_DC_CHANNEL_MAX);
        return slot;
    }
    return FLOE_DC_NO_SLOT;
}

void floe_dc_table_remove(floe_dc *dc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    FLOE_ASSERT(c->is_used && c->events == 0 && c->debts == 0);
    c->is_used = false;
    c->generation = (uint16_t)((c->generation + 1) % GENERATIONS);
    dc->streams[slot] = FLOE_STREAM_NONE;
}

uint16_t floe_dc_table_find(const floe_dc *dc, floe_dc_id id)
{
    uint16_t slot = id % FLOE_DC_CHANNEL_MAX;
    const floe_dc_channel *c = &dc->channels[slot];
    bool is_it = slot < dc->slot_end && c->is_used && !c->is_hidden &&
                 c->generation == id / FLOE_DC_CHANNEL_MAX;
    return is_it ? slot : FLOE_DC_NO_SLOT;
}

uint16_t floe_dc_table_find_stream(const floe_dc *dc, uint16_t stream)
{
    uint16_t slot = stream == FLOE_STREAM_NONE ? FLOE_DC_NO_SLOT : 0;
    while (slot < FLOE_DC_CHANNEL_MAX && dc->streams[slot] != stream) {
        slot++;
    }
    return slot;
}

floe_dc_id floe_dc_table_get_id(const floe_dc *dc, uint16_t slot)
{
    return (floe_dc_id)(dc->channels[slot].generation * FLOE_DC_CHANNEL_MAX + slot);
}

void floe_dc_table_set_stream(floe_dc *dc, uint16_t slot, uint16_t stream)
{
    FLOE_ASSERT(stream != FLOE_STREAM_NONE);
    dc->streams[slot] = stream;
    dc->channels[slot].stream = stream;
}

uint16_t floe_dc_table_pick_stream(const floe_dc *dc, uint16_t limit)
{
    /* RFC 8832 §6: the DTLS client takes even streams, the server odd ones. */
    uint32_t first = dc->is_dtls_client ? 0 : 1;
    if (first < dc->stream_floor) {
        first = dc->stream_floor;
    }
    for (uint32_t stream = first; stream < limit; stream += 2) {
        if (floe_dc_table_find_stream(dc, (uint16_t)stream) == FLOE_DC_NO_SLOT) {
            return (uint16_t)stream;
        }
    }
    return FLOE_STREAM_NONE;
}

/* Where the piece of the pool begins that overlaps [at, at + len); `at + len` where none does. */
static size_t begin_of_overlap(const floe_dc *dc, size_t at, size_t len)
{
    for (size_t i = 0; i < dc->slot_end; i++) {
        const floe_dc_channel *c = &dc->channels[i];
        if (c->is_used && c->open_at < at + len && at < (size_t)c->open_at + c->open_len) {
            return c->open_at;
        }
    }
    return at + len;
}

/* From the end on: there the pool is near to what else a peer with few channels has touched. */
uint8_t *floe_dc_table_add_names(floe_dc *dc, uint16_t slot, size_t len)
{
    size_t end = FLOE_DC_POOL_SIZE;
    while (len <= end) {
        size_t begin = begin_of_overlap(dc, end - len, len);
        if (begin == end) {
            dc->channels[slot].open_at = (uint16_t)(end - len);
            dc->channels[slot].open_len = (uint16_t)len;
            return dc->pool + end - len;
        }
        end = begin;
    }
    return NULL;
}

void floe_dc_table_get_names(const floe_dc *dc, uint16_t slot, floe_dcep *dcep)
{
    const floe_dc_channel *c = &dc->channels[slot];
    floe_err err = floe_dcep_parse(dcep, (floe_bytes){dc->pool + c->open_at, c->open_len});
    FLOE_ASSERT(err == FLOE_OK); /* checked when it was taken over */
}

floe_err floe_dc_table_take_names(floe_dc *dc, uint16_t slot)
{
    floe_dc_channel *c = &dc->channels[slot];
    floe_dcep dcep;
    floe_err err = floe_dcep_parse(&dcep, (floe_bytes){dc->pool + c->open_at, c->open_len});
    if (err != FLOE_OK) {
        return err;
    }
    /* RFC 8832 §5.1: label and protocol are UTF-8. They end up in logs, pages and JSON, so a peer
     * does not get other bytes in. */
    if (!floe_utf8_is_valid(dcep.label) || !floe_utf8_is_valid(dcep.protocol)) {
        return FLOE_E_MALFORMED;
    }
    c->is_unordered = dcep.is_unordered;
    c->has_max_retransmits = dcep.has_max_retransmits;
    c->has_lifetime = dcep.has_lifetime;
    c->reliability = dcep.reliability;
    c->priority = dcep.priority;
    return FLOE_OK;
}
