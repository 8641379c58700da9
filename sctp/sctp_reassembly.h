/*
 * sctp/sctp_reassembly.h - from DATA chunks to messages (RFC 9260 sections 6.5, 6.6, 6.9; RFC 3758
 * section 3.6). The file sctp_reassembly.c opens with a picture.
 *
 * It stores what sctp_tracker has found to be new, joins fragments, orders messages within their
 * stream, and holds them until the reader releases them. It counts the blocks really used.
 */
#ifndef FLOE_SCTP_SCTP_REASSEMBLY_H
#define FLOE_SCTP_SCTP_REASSEMBLY_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "sctp/sctp_arena.h"
#include "sctp/sctp_piece.h"
#include "sctp/sctp_stream.h"
#include "sctp/sctp_tracker.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_reassembly {
    floe_sctp_arena arena;
    uint8_t *table;    /* 16 bits for each TSN of the window: the chunk, if it waits for others */
    bool has_table;    /* it was needed once; else it holds anything, and takes no memory */
    uint32_t window;   /* entries of the table, a power of two */
    uint32_t capacity; /* the advertised window when nothing is held */
    uint32_t message_max; /* a longer message is refused */
    uint32_t reserve;     /* blocks that only the next TSN in sequence may use */
    uint32_t ready_count; /* messages in the ready list */
    uint32_t delivered;   /* messages so far; an open one at its end */
#if FLOE_SCTP_PARTS
    uint32_t parts_from;  /* a message of so many bytes is opened: read as it arrives; 0: none is */
    uint64_t read_offset; /* of the message that was read in part: bytes that were */
    uint16_t cut;         /* an open message that was just found cut; NONE */
#endif
    uint16_t ready_head, ready_tail;
    uint16_t partial; /* last chunk of the message that the cumulative TSN has reached into */
} floe_sctp_reassembly;

typedef enum floe_sctp_store {
    FLOE_SCTP_STORE_OK,      /* kept, delivered, or rightly thrown away: it has arrived */
    FLOE_SCTP_STORE_NO_ROOM, /* nothing changed */
    FLOE_SCTP_STORE_TOO_BIG  /* its message is longer than message_max */
} floe_sctp_store;

/* The size in bytes of the memory that leaves room for a window of 64 and some full chunks. */
void floe_sctp_reassembly_init(floe_sctp_reassembly *r, floe_span memory, uint32_t message_max,
                               uint32_t chunk_max);

/* A chunk whose TSN is new and in the window. Call floe_sctp_reassembly_advance() after the
 * tracker has taken it. */
floe_sctp_store floe_sctp_reassembly_add(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                                         const floe_sctp_data *data, uint32_t cum);
/* The cumulative TSN has moved from `from` to `to`: fragments up to it that can no longer become a
 * message are thrown away. */
void floe_sctp_reassembly_leave_table(floe_sctp_reassembly *r, uint32_t from, uint32_t to);
static inline void floe_sctp_reassembly_advance(floe_sctp_reassembly *r, uint32_t from, uint32_t to)
{
    bool is_in_order = !r->has_table;
    if (r->partial != FLOE_SCTP_NONE) {
        const uint8_t *last = floe_sctp_arena_block(&r->arena, r->partial);
        is_in_order = floe_sctp_piece_get_tsn(last) == to;
    }
    if (from != to && !is_in_order) { /* else nothing up to it is in the table */
        floe_sctp_reassembly_leave_table(r, from, to);
    }
}
/* The peer has skipped this stream's messages up to `ssn`. */
void floe_sctp_reassembly_skip(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t ssn);
/* Throw away all that arrived beyond the cumulative TSN and was not delivered, and take it out of
 * the tracker. Returns whether there was any. */
bool floe_sctp_reassembly_renege(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                 floe_sctp_tracker *tracker);
/* The peer starts its side of the stream over. */
void floe_sctp_reassembly_reset(floe_sctp_reassembly *r, floe_sctp_stream *stream);

/* Bytes that the peer may send, for the advertised window; at least a packet or 0. */
uint32_t floe_sctp_reassembly_window(const floe_sctp_reassembly *r);

typedef struct floe_sctp_head { /* of the first message that is ready */
    uint32_t ppid, len;
    uint64_t offset;
    uint16_t stream;
    bool is_unordered, has_more, is_cut;
} floe_sctp_head;

bool floe_sctp_reassembly_peek(const floe_sctp_reassembly *r, floe_sctp_head *head);
floe_bytes floe_sctp_reassembly_view(const floe_sctp_reassembly *r, size_t offset);
/* Copy all of it into memory that holds it. Returns the bytes copied. */
size_t floe_sctp_reassembly_copy(const floe_sctp_reassembly *r, uint8_t *buf, size_t cap);
void floe_sctp_reassembly_release(floe_sctp_reassembly *r, floe_sctp_streams *streams);

/* sctp_reassembly_parts.c */
#if FLOE_SCTP_PARTS
/* Messages that become longer than `from` are read as they arrive, and may be longer than the
 * memory; not longer than `message_max`, UINT32_MAX: any. Call it at the start. */
void floe_sctp_reassembly_set_parts(floe_sctp_reassembly *r, uint32_t from, uint32_t message_max);
/* The cumulative TSN has moved, or something was read: see whether the message that it reaches into
 * is to be read as it is; and whether one that was, is cut. */
void floe_sctp_reassembly_open(floe_sctp_reassembly *r, floe_sctp_streams *streams);
/* Whether there can be one of either kind: most receivers have none. */
static inline bool floe_sctp_reassembly_may_open(const floe_sctp_reassembly *r)
{
    return r->cut != FLOE_SCTP_NONE ||
           (r->parts_from > 0 && (r->partial != FLOE_SCTP_NONE || r->ready_count == 0));
}
/* Of the first message, which had more to come when it was looked at, release the `len` bytes that
 * it had then. */
void floe_sctp_reassembly_release_part(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                       size_t len);
#endif

void floe_sctp_reassembly_check_invariants(const floe_sctp_reassembly *r,
                                           const floe_sctp_streams *streams,
                                           const floe_sctp_tracker *tracker);

#ifdef __cplusplus
}
#endif
#endif
