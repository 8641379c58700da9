/* base/trace_ring.c - see base/trace_ring.h. */
#include "base/trace_ring.h"

#include "base/assert.h"

void floe_trace_ring_init(floe_trace_ring *ring, floe_trace_record *memory, uint32_t ring_max,
                          floe_trace_record *kept, uint32_t kept_max)
{
    FLOE_ASSERT(ring_max > 0);
    *ring =
        (floe_trace_ring){.ring = memory, .kept = kept, .ring_max = ring_max, .kept_max = kept_max};
}

static bool is_same_thing(const floe_trace_record *a, const floe_trace_record *b)
{
    return a->module == b->module && a->kind == b->kind && a->id == b->id;
}

/* In the place of what was said before of the same thing. The table stays in order of time, so
 * that a pair comes after its candidates, whatever was said again. */
static void keep(floe_trace_ring *ring, const floe_trace_record *record)
{
    uint32_t i = 0;
    while (i < ring->kept_count && !is_same_thing(&ring->kept[i], record)) {
        i++;
    }
    if (i == ring->kept_max) {
        ring->evicted++;
        return;
    }
    ring->moved += i < ring->kept_count;
    for (; i + 1 < ring->kept_count; i++) {
        ring->kept[i] = ring->kept[i + 1];
    }
    ring->kept_count = i + 1;
    ring->kept[i] = *record;
}

void floe_trace_ring_put(floe_trace_ring *ring, const floe_trace_record *record)
{
    floe_trace_record *slot = &ring->ring[ring->put % ring->ring_max];
    if (ring->put >= ring->ring_max && floe_trace_is_lasting(slot->kind)) {
        keep(ring, slot);
    }
    *slot = *record;
    ring->put++;
}

static void put(void *ctx, const floe_trace_record *record)
{
    floe_trace_ring *ring = (floe_trace_ring *)ctx;
    floe_trace_ring_put(ring, record);
}

floe_trace floe_trace_ring_sink(floe_trace_ring *ring)
{
    return (floe_trace){put, ring};
}

/* Each fact that went to the end of the table moved what follows up by one place, so that a reader
 * in the middle goes back by as many: it may hear one twice, but misses none. */
static void go_back(const floe_trace_ring *ring, floe_trace_cursor *cursor)
{
    uint64_t moved = ring->moved - cursor->moved;
    cursor->kept = moved < cursor->kept ? cursor->kept - (uint32_t)moved : 0;
    cursor->moved = ring->moved;
}

bool floe_trace_ring_next(const floe_trace_ring *ring, floe_trace_cursor *cursor,
                          floe_trace_record *record)
{
    uint64_t oldest = ring->put > ring->ring_max ? ring->put - ring->ring_max : 0;
    if (cursor->next < oldest) {
        go_back(ring, cursor);
        if (cursor->kept < ring->kept_count) {
            *record = ring->kept[cursor->kept++];
            return true;
        }
        cursor->missed += oldest - cursor->next;
        cursor->next = oldest;
    }
    cursor->kept = 0;
    if (cursor->next >= ring->put) {
        return false;
    }
    *record = ring->ring[cursor->next++ % ring->ring_max];
    return true;
}

uint64_t floe_trace_ring_lost(const floe_trace_ring *ring)
{
    return ring->evicted;
}
