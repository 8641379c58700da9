/*
 * sctp/sctp_piece.h - how received payload lies in the receive buffer: pieces.
 *
 * A piece is a header followed by payload, in a run of blocks. A chunk is one piece, or several
 * where the buffer is fragmented. Pieces are chained by `next`, over all chunks that belong to one
 * message and lie next to each other: a segment. It is known by its first piece, the head.
 *
 *      head                                      first piece of the last chunk
 *      [chunk 101 ....] -> [102 ..] -> [102 ..] -> [103 ....] -> NONE
 *           |______________________ far ______________|
 *
 * The two ends point at each other, so that two segments join in constant time.
 */
#ifndef FLOE_SCTP_SCTP_PIECE_H
#define FLOE_SCTP_SCTP_PIECE_H

#include "base/floe.h"
#include "sctp/sctp_arena.h"
#include "sctp/sctp_chunk.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_piece {
    uint32_t tsn;
    uint32_t ppid;  /* I-DATA: the FSN, where it is not a first fragment */
    uint32_t total; /* head: bytes of the segment */
    union {
        uint32_t cursor_at; /* head of a message: offset of the piece that was last viewed */
        uint32_t mid;       /* I-DATA, until then */
    };
    uint16_t cursor; /* that piece */
    uint16_t stream, ssn;
    uint16_t len;          /* payload bytes of this piece */
    uint16_t next;         /* piece of the segment */
    uint16_t far;          /* head: first piece of the last chunk; there: the head */
    uint16_t next_message; /* head: in a list of messages, which is not this file's business */
    uint8_t flags;         /* of the DATA chunk; of a head also: */
    uint8_t zero;
} floe_sctp_piece;

#define FLOE_SCTP_PIECE_OPEN   0x10u /* it is read as it arrives, and its end has not */
#define FLOE_SCTP_PIECE_QUEUED 0x20u /* in the list of what can be read */
#define FLOE_SCTP_PIECE_CUT    0x40u /* what is missing will not come */
#define FLOE_SCTP_PIECE_REST   0x80u /* what was before it was read */

/* The header of the piece at `at`, in memory of any alignment: copy it out, and back; */
static inline floe_sctp_piece floe_sctp_piece_load(const floe_sctp_arena *arena, uint16_t at)
{
    floe_sctp_piece piece;
    memcpy(&piece, floe_sctp_arena_block(arena, at), sizeof piece);
    return piece;
}
static inline void floe_sctp_piece_store(const floe_sctp_arena *arena, uint16_t at,
                                         const floe_sctp_piece *piece)
{
    memcpy(floe_sctp_arena_block(arena, at), piece, sizeof *piece);
}
/* or one field of it, which is much less: floe_sctp_piece_get_next(), floe_sctp_piece_set_next(),
 * of the piece in the block that floe_sctp_arena_block() gives. */
#define FLOE_SCTP_PIECE_FIELD(type, field)                                                         \
    static inline type floe_sctp_piece_get_##field(const uint8_t *piece)                           \
    {                                                                                              \
        type value;                                                                                \
        memcpy(&value, piece + offsetof(floe_sctp_piece, field), sizeof value);                    \
        return value;                                                                              \
    }                                                                                              \
    static inline void floe_sctp_piece_set_##field(uint8_t *piece, type value)                     \
    {                                                                                              \
        memcpy(piece + offsetof(floe_sctp_piece, field), &value, sizeof value);                    \
    }
FLOE_SCTP_PIECE_FIELD(uint32_t, tsn)
FLOE_SCTP_PIECE_FIELD(uint32_t, total)
FLOE_SCTP_PIECE_FIELD(uint32_t, cursor_at)
FLOE_SCTP_PIECE_FIELD(uint16_t, cursor)
FLOE_SCTP_PIECE_FIELD(uint16_t, stream)
FLOE_SCTP_PIECE_FIELD(uint16_t, ssn)
FLOE_SCTP_PIECE_FIELD(uint16_t, len)
FLOE_SCTP_PIECE_FIELD(uint16_t, next)
FLOE_SCTP_PIECE_FIELD(uint16_t, far)
FLOE_SCTP_PIECE_FIELD(uint16_t, next_message)
FLOE_SCTP_PIECE_FIELD(uint8_t, flags)
#undef FLOE_SCTP_PIECE_FIELD

/* Copy a chunk in: a segment of its own. NONE: there is no room, and nothing has changed. */
uint16_t floe_sctp_piece_put(floe_sctp_arena *arena, const floe_sctp_data *data);
/* Free the segment of this head. */
void floe_sctp_piece_free(floe_sctp_arena *arena, uint16_t head);
/* Whether the chunk that begins at `at` is the last of its segment. */
bool floe_sctp_piece_is_last(const floe_sctp_arena *arena, uint16_t at);
/* Append the segment of the head `right` to the one whose last chunk begins at `left`; returns the
 * head of that. */
uint16_t floe_sctp_piece_join(const floe_sctp_arena *arena, uint16_t left, uint16_t right);
/* The payload from `offset` on, as far as it is contiguous; empty at the end. Looking at one piece
 * after the other takes constant time for each. */
floe_bytes floe_sctp_piece_view(const floe_sctp_arena *arena, uint16_t head, size_t offset);
/* Copy the segment's payload, piece by piece as long as they fit; returns the bytes copied. */
size_t floe_sctp_piece_copy(const floe_sctp_arena *arena, uint16_t head, uint8_t *buf, size_t cap);
/* Blocks of the segment; asserts that its pieces add up to its total. */
uint32_t floe_sctp_piece_count(const floe_sctp_arena *arena, uint16_t head);

#ifdef __cplusplus
}
#endif
#endif
