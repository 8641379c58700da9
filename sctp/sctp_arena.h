/*
 * sctp/sctp_arena.h - the receive buffer, cut into small blocks and given out in runs of them.
 *
 * Whoever asks for n blocks gets the next free run, of n blocks or fewer; a chunk that does not get
 * its whole size at once is kept in pieces. A rover makes the next run contiguous as long as what
 * was given out first also comes back first, which a reader that keeps up does.
 */
#ifndef FLOE_SCTP_SCTP_ARENA_H
#define FLOE_SCTP_SCTP_ARENA_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_NONE 0xFFFFu /* no block, no list entry: the index that never occurs */

typedef struct floe_sctp_arena {
    uint8_t *blocks;
    uint8_t *map; /* a bit for each block: in use */
    uint32_t block_size;
    uint32_t count;     /* of all blocks, at most 65535 */
    uint32_t free;      /* of blocks that are not in use */
    uint32_t rover;     /* where the next run begins, or the search for it */
    uint32_t clear_end; /* up to here, from the rover on, no block is in use */
} floe_sctp_arena;

/* Blocks of 64 bytes, or of a larger power of two where the memory has too many. */
void floe_sctp_arena_init(floe_sctp_arena *arena, floe_span memory);
/* A run of 1 to `want` blocks: its first block, and its length in *got. NONE: all are in use. */
uint16_t floe_sctp_arena_take(floe_sctp_arena *arena, uint32_t want, uint32_t *got);
void floe_sctp_arena_give(floe_sctp_arena *arena, uint16_t first, uint32_t count);

static inline uint8_t *floe_sctp_arena_block(const floe_sctp_arena *arena, uint16_t index)
{
    return arena->blocks + (size_t)index * arena->block_size;
}

/* How many blocks `bytes` need. */
static inline uint32_t floe_sctp_arena_blocks(const floe_sctp_arena *arena, size_t bytes)
{
    return (uint32_t)((bytes + arena->block_size - 1) / arena->block_size);
}

#ifdef __cplusplus
}
#endif
#endif
