/* sctp/sctp_reassembly_internal.h - what sctp_reassembly.c, sctp_reassembly_parts.c and
 * sctp_check.c share. */
#ifndef FLOE_SCTP_SCTP_REASSEMBLY_INTERNAL_H
#define FLOE_SCTP_SCTP_REASSEMBLY_INTERNAL_H

#include <string.h>

#include "sctp/sctp_piece.h"
#include "sctp/sctp_reassembly.h"

/* The piece with this TSN in the table of those that came out of order, or FLOE_SCTP_NONE. */
static inline uint16_t floe_sctp_reassembly_entry(const floe_sctp_reassembly *r, uint32_t tsn)
{
    uint16_t at = FLOE_SCTP_NONE;
    if (!r->has_table) {
        return at;
    }
    memcpy(&at, r->table + 2 * (size_t)(tsn & (r->window - 1)), sizeof at);
    return at;
}

/* The message, or the part of one, of this head can be read, after all that already can be. */
void floe_sctp_reassembly_push(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head);
/* Deliver what waited in the stream for the messages before it. */
void floe_sctp_reassembly_push_waiting(floe_sctp_reassembly *r, floe_sctp_stream *stream);

#if FLOE_SCTP_PARTS
/* The last part of an open message has arrived. */
void floe_sctp_reassembly_finish(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head);
/* Bytes of the message of this head that were read before it. */
static inline uint64_t floe_sctp_reassembly_taken(const floe_sctp_reassembly *r,
                                                  const floe_sctp_piece *head)
{
    return (head->flags & FLOE_SCTP_PIECE_REST) != 0 ? r->read_offset : 0;
}
/* Bytes of the message from its beginning to the chunk at `last`, the last one of its segment. */
uint64_t floe_sctp_reassembly_length(const floe_sctp_reassembly *r, uint16_t last);
/* RFC 3758 §3.6: a message that has lost a fragment for good is removed; if it is being read, the
 * reader is told. */
void floe_sctp_reassembly_drop(floe_sctp_reassembly *r, uint16_t head);
/* The peer has reset the stream; where it had not ended what is being read, it never will. */
void floe_sctp_reassembly_forget(floe_sctp_reassembly *r, uint16_t stream);
#else
static inline uint64_t floe_sctp_reassembly_length(const floe_sctp_reassembly *r, uint16_t last)
{
    uint16_t head = floe_sctp_piece_get_far(floe_sctp_arena_block(&r->arena, last));
    return floe_sctp_piece_get_total(floe_sctp_arena_block(&r->arena, head));
}
static inline void floe_sctp_reassembly_drop(floe_sctp_reassembly *r, uint16_t head)
{
    floe_sctp_piece_free(&r->arena, head);
}
static inline void floe_sctp_reassembly_forget(floe_sctp_reassembly *r, uint16_t stream)
{
    (void)r;
    (void)stream;
}
#endif

#endif
