/*
 * base/trace_ring.h - the last records of a trace, in the caller's memory.
 *
 * The oldest is overwritten. What was overwritten and still holds (an object's introduction, its
 * state; floe_trace_is_lasting) goes to a second table first, one entry for each thing that is
 * said of each object; so whoever reads the table and then the ring meets no object that was not
 * introduced. One thread. Read next: ice/ice_trace.h.
 */
#ifndef FLOE_BASE_TRACE_RING_H
#define FLOE_BASE_TRACE_RING_H

#include "base/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Serves the objects of one peer at the default limits: pairs three times, candidates, servers. */
#define FLOE_TRACE_KEPT_DEFAULT 256u

typedef struct floe_trace_ring { /* every field is private */
    floe_trace_record *ring, *kept;
    uint32_t ring_max, kept_max, kept_count;
    uint64_t put;     /* records in all */
    uint64_t evicted; /* facts that the table had no room for */
    uint64_t moved;   /* facts of the table that were said anew, and so went to its end */
} floe_trace_ring;

/* Where a reader is; begins as {0}. */
typedef struct floe_trace_cursor {
    uint64_t next;
    uint64_t missed; /* records that were overwritten before they could be read */
    uint64_t moved;  /* of the ring, when `kept` was a place of its table */
    uint32_t kept;
} floe_trace_cursor;

/* `ring_max` of 1 or more; `kept_max` may be 0. */
void floe_trace_ring_init(floe_trace_ring *ring, floe_trace_record *memory, uint32_t ring_max,
                          floe_trace_record *kept, uint32_t kept_max);
void floe_trace_ring_put(floe_trace_ring *ring, const floe_trace_record *record);
/* The ring as a sink. It must outlive what it is given to. */
floe_trace floe_trace_ring_sink(floe_trace_ring *ring);
/* The next record for this reader. One that was overtaken gets what still holds of what it missed
 * before it goes on with the oldest record. False: no more, for now. */
bool floe_trace_ring_next(const floe_trace_ring *ring, floe_trace_cursor *cursor,
                          floe_trace_record *record);
/* Facts that were overwritten and are not in the table either. */
uint64_t floe_trace_ring_lost(const floe_trace_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
