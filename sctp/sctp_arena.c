/* sctp/sctp_arena.c - see sctp/sctp_arena.h. */
#include "sctp/sctp_arena.h"

#include "base/assert.h"
#include "sctp/sctp_bits.h"

#define NO_RING    (~UINT32_C(0))
#define LOOK_AHEAD 16u /* a search finds room for so many chunks, if it is there */

void floe_sctp_arena_init(floe_sctp_arena *arena, floe_span memory)
{
    uint32_t block_size = 64;
    while (memory.len / block_size > FLOE_SCTP_NONE) {
        block_size *= 2;
    }
    uint32_t groups = (uint32_t)(memory.len / (64 * (size_t)block_size + 8));
    uint32_t count = groups * 64;
    /* What is left holds part of a group: its map word has to fit as well. */
    size_t rest = memory.len - groups * (64 * (size_t)block_size + 8);
    if (rest >= 8 + block_size) {
        count += (uint32_t)((rest - 8) / block_size);
        groups++;
    }
    FLOE_ASSERT(count > 0 && count <= FLOE_SCTP_NONE);
    *arena = (floe_sctp_arena){.blocks = memory.ptr + (size_t)groups * 8,
                               .map = memory.ptr,
                               .block_size = block_size,
                               .count = count,
                               .free = count};
    floe_sctp_bits_put(arena->map, 0, groups * 64, false);
}

/* The next run of free blocks, from the rover on, around the end of the memory; there is one. */
static void find_run(floe_sctp_arena *arena, uint32_t want)
{
    uint32_t first = floe_sctp_bits_find(arena->map, NO_RING, arena->rover, arena->count, false);
    if (first == arena->count) {
        first = floe_sctp_bits_find(arena->map, NO_RING, 0, arena->rover, false);
    }
    uint32_t most = want * LOOK_AHEAD;
    uint32_t end = most < arena->count - first ? first + most : arena->count;
    arena->rover = first;
    arena->clear_end = floe_sctp_bits_find(arena->map, NO_RING, first, end, true);
}

uint16_t floe_sctp_arena_take(floe_sctp_arena *arena, uint32_t want, uint32_t *got)
{
    FLOE_ASSERT(want > 0);
    if (arena->free == 0) {
        *got = 0;
        return FLOE_SCTP_NONE;
    }
    if (arena->rover + want > arena->clear_end) {
        find_run(arena, want);
    }
    uint32_t first = arena->rover;
    uint32_t end = want < arena->clear_end - first ? first + want : arena->clear_end;
    floe_sctp_bits_put(arena->map, first, end, true);
    *got = end - first;
    arena->free -= *got;
    arena->rover = end;
    return (uint16_t)first;
}

void floe_sctp_arena_give(floe_sctp_arena *arena, uint16_t first, uint32_t count)
{
    FLOE_ASSERT(count > 0 && first + count <= arena->count);
    FLOE_ASSERT(floe_sctp_bits_has(arena->map, first));
    floe_sctp_bits_put(arena->map, first, first + count, false);
    arena->free += count;
    if (arena->free == arena->count) { /* from the front again, which the caches know */
        arena->rover = 0;
        arena->clear_end = arena->count;
    }
}
