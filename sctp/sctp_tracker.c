/* sctp/sctp_tracker.c - see sctp/sctp_tracker.h. */
#include "sctp/sctp_tracker.h"

#include "base/assert.h"
#include "sctp/sctp_bits.h"
#include "sctp/sctp_chunk.h"

#include <string.h>

void floe_sctp_tracker_init(floe_sctp_tracker *tracker, uint32_t initial, uint32_t window)
{
    FLOE_ASSERT(window >= 64 && window <= FLOE_SCTP_WINDOW_MAX && (window & (window - 1)) == 0);
    memset(tracker, 0, sizeof *tracker);
    tracker->cum = initial - 1;
    tracker->highest = tracker->cum;
    tracker->window = window;
}

static void put_bit(floe_sctp_tracker *tracker, uint32_t tsn, bool is_set)
{
    uint32_t bit = tsn & (tracker->window - 1);
    floe_sctp_bits_put(tracker->bits, bit, bit + 1, is_set);
}

floe_sctp_tsn_class floe_sctp_tracker_classify(const floe_sctp_tracker *tracker, uint32_t tsn)
{
    if (!floe_serial32_lt(tracker->cum, tsn)) {
        /* A TSN half the number space away is neither before nor after: it is no TSN of ours. */
        bool is_before = floe_serial32_le(tsn, tracker->cum);
        return is_before ? FLOE_SCTP_TSN_DUPLICATE : FLOE_SCTP_TSN_BEYOND;
    }
    if (tsn - tracker->cum > tracker->window) {
        return FLOE_SCTP_TSN_BEYOND;
    }
    return floe_sctp_tracker_has(tracker, tsn) ? FLOE_SCTP_TSN_DUPLICATE : FLOE_SCTP_TSN_NEW;
}

bool floe_sctp_tracker_has(const floe_sctp_tracker *tracker, uint32_t tsn)
{
    return floe_sctp_bits_has(tracker->bits, tsn & (tracker->window - 1));
}

/* Move cum over what has arrived after it. */
static void advance(floe_sctp_tracker *tracker)
{
    while (tracker->cum != tracker->highest && floe_sctp_tracker_has(tracker, tracker->cum + 1)) {
        tracker->cum++;
        put_bit(tracker, tracker->cum, false);
    }
}

void floe_sctp_tracker_add_beyond(floe_sctp_tracker *tracker, uint32_t tsn)
{
    FLOE_ASSERT(tsn - tracker->cum - 1 < tracker->window);
    put_bit(tracker, tsn, true);
    if (floe_serial32_lt(tracker->highest, tsn)) {
        tracker->highest = tsn;
    }
    advance(tracker);
}

void floe_sctp_tracker_remove(floe_sctp_tracker *tracker, uint32_t tsn)
{
    FLOE_ASSERT(tsn - tracker->cum - 1 < tracker->window);
    put_bit(tracker, tsn, false);
    while (tracker->highest != tracker->cum && !floe_sctp_tracker_has(tracker, tracker->highest)) {
        tracker->highest--;
    }
}

void floe_sctp_tracker_add_duplicate(floe_sctp_tracker *tracker, uint32_t tsn)
{
    if (tracker->dup_count < FLOE_SCTP_DUP_MAX) {
        tracker->dups[tracker->dup_count++] = tsn;
    }
}

void floe_sctp_tracker_forward(floe_sctp_tracker *tracker, uint32_t cum)
{
    FLOE_ASSERT(floe_serial32_lt(tracker->cum, cum));
    if (!floe_serial32_lt(cum, tracker->highest)) { /* nothing beyond it has arrived */
        memset(tracker->bits, 0, sizeof tracker->bits);
        tracker->cum = cum;
        tracker->highest = cum;
        return;
    }
    while (tracker->cum != cum) { /* at most a window: highest lies beyond it */
        tracker->cum++;
        put_bit(tracker, tracker->cum, false);
    }
    advance(tracker);
}

static uint16_t put_gaps(const floe_sctp_tracker *tracker, size_t room, floe_writer *w)
{
    uint16_t count = 0;
    uint32_t end = tracker->highest + 1;
    uint32_t at = tracker->cum + 1;
    while (room >= 4) {
        uint32_t first = floe_sctp_bits_find(tracker->bits, tracker->window - 1, at, end, true);
        if (first == end) {
            break;
        }
        at = floe_sctp_bits_find(tracker->bits, tracker->window - 1, first, end, false);
        floe_writer_put_u16(w, (uint16_t)(first - tracker->cum));
        floe_writer_put_u16(w, (uint16_t)(at - 1 - tracker->cum));
        room -= 4;
        count++;
    }
    return count;
}

void floe_sctp_tracker_put_sack(floe_sctp_tracker *tracker, uint32_t rwnd, size_t room,
                                floe_writer *w)
{
    FLOE_ASSERT(room >= FLOE_SCTP_SACK_SIZE);
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_SACK, 0);
    floe_writer_put_u32(w, tracker->cum);
    floe_writer_put_u32(w, rwnd);
    uint8_t *counts = floe_writer_add_space(w, 4);
    /* RFC 9260 §6.7: gap blocks from the lowest on; the highest are left out where room ends. */
    uint16_t gaps = put_gaps(tracker, room - FLOE_SCTP_SACK_SIZE, w);
    size_t left = room - FLOE_SCTP_SACK_SIZE - (size_t)4 * gaps;
    uint32_t dups = tracker->dup_count;
    dups = dups * 4 <= left ? dups : (uint32_t)(left / 4);
    for (uint32_t i = 0; i < dups; i++) {
        floe_writer_put_u32(w, tracker->dups[i]);
    }
    if (counts != NULL) {
        floe_store_u16(counts, gaps);
        floe_store_u16(counts + 2, (uint16_t)dups);
    }
    floe_sctp_chunk_end(w, begin);
    tracker->dup_count = 0;
}
