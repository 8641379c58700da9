/* io/deadlines.c - see io/deadlines.h. */
#include "io/deadlines.h"

#include "base/assert.h"

void floe_deadlines_init(floe_deadlines *deadlines, floe_deadlines_entry *memory, uint32_t max)
{
    *deadlines = (floe_deadlines){.heap = memory, .max = max};
}

static void put(floe_deadlines *deadlines, uint32_t place, floe_deadlines_entry entry)
{
    deadlines->heap[place] = entry;
    entry.deadline->place = place;
}

static void rise(floe_deadlines *deadlines, floe_deadline *deadline)
{
    uint32_t place = deadline->place;
    while (place > 0 && deadlines->heap[(place - 1) / 2].at > deadline->at) {
        put(deadlines, place, deadlines->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(deadlines, place, (floe_deadlines_entry){deadline->at, deadline});
}

static void sink(floe_deadlines *deadlines, floe_deadline *deadline)
{
    uint32_t place = deadline->place;
    for (uint32_t child = 2 * place + 1; child < deadlines->count; child = 2 * place + 1) {
        if (child + 1 < deadlines->count &&
            deadlines->heap[child + 1].at < deadlines->heap[child].at) {
            child++;
        }
        if (deadlines->heap[child].at >= deadline->at) {
            break;
        }
        put(deadlines, place, deadlines->heap[child]);
        place = child;
    }
    put(deadlines, place, (floe_deadlines_entry){deadline->at, deadline});
}

/* The last one takes the place of one that leaves. */
static void leave(floe_deadlines *deadlines, const floe_deadline *deadline)
{
    floe_deadline *last = deadlines->heap[--deadlines->count].deadline;
    if (last != deadline) {
        last->place = deadline->place;
        rise(deadlines, last);
        sink(deadlines, last);
    }
}

void floe_deadlines_set(floe_deadlines *deadlines, floe_deadline *deadline, floe_time at)
{
    floe_time before = deadline->at;
    if (at == before) {
        return;
    }
    deadline->at = at;
    if (at == FLOE_TIME_NEVER) {
        leave(deadlines, deadline);
    } else if (before == FLOE_TIME_NEVER) {
        FLOE_ASSERT(deadlines->count < deadlines->max);
        deadline->place = deadlines->count++;
        rise(deadlines, deadline);
    } else if (at < before) {
        rise(deadlines, deadline);
    } else {
        sink(deadlines, deadline);
    }
}

floe_time floe_deadlines_join(floe_time at, floe_time from)
{
    return at == FLOE_TIME_NEVER || at < from
               ? at
               : (at / FLOE_DEADLINES_GRAIN + 1) * FLOE_DEADLINES_GRAIN;
}

floe_deadline *floe_deadlines_first(const floe_deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->heap[0].deadline : NULL;
}
