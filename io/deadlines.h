/*
 * io/deadlines.h - the first of many deadlines: a heap, in which each object keeps its place.
 */
#ifndef FLOE_IO_DEADLINES_H
#define FLOE_IO_DEADLINES_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_deadline { /* in the caller's memory, where it stays while it is in the heap */
    floe_time at;              /* FLOE_TIME_NEVER: not in the heap; to be read only */
    uint32_t place;            /* private */
} floe_deadline;

/* With the time, so that the heap is ordered without a look at the objects, which are far apart. */
typedef struct floe_deadlines_entry {
    floe_time at;
    floe_deadline *deadline;
} floe_deadlines_entry;

typedef struct floe_deadlines { /* private */
    floe_deadlines_entry *heap;
    uint32_t count, max;
} floe_deadlines;

/* Deadlines that may wait for each other do so for up to that long. */
#define FLOE_DEADLINES_GRAIN (50 * FLOE_MS)

/* `memory` has room for as many deadlines as are ever in it. */
void floe_deadlines_init(floe_deadlines *deadlines, floe_deadlines_entry *memory, uint32_t max);
/* It is due at `at` from now on, FLOE_TIME_NEVER: never. A new one starts with NEVER. */
void floe_deadlines_set(floe_deadlines *deadlines, floe_deadline *deadline, floe_time at);
/* A deadline of `from` or later is put off to where others of about that time are. */
floe_time floe_deadlines_join(floe_time at, floe_time from);
/* The first one, or NULL. */
floe_deadline *floe_deadlines_first(const floe_deadlines *deadlines);

#ifdef __cplusplus
}
#endif
#endif
