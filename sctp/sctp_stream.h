/*
 * sctp/sctp_stream.h - the state of streams, both directions, made on first use: a small hash
 * table, never 65536 entries. Also the events of a stream, which are flags of its entry: a stream
 * with any is in the event list once, so that there is no queue to overflow.
 */
#ifndef FLOE_SCTP_SCTP_STREAM_H
#define FLOE_SCTP_SCTP_STREAM_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "sctp/sctp_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* floe_sctp_stream.flags */
#define FLOE_SCTP_STREAM_OUT          0x01u /* we have sent on it, since it was last reset */
#define FLOE_SCTP_STREAM_IN           0x02u /* the peer has */
#define FLOE_SCTP_STREAM_RESET_WANTED 0x04u /* to be reset as soon as it has drained */
#define FLOE_SCTP_STREAM_RESET_SENT   0x08u /* part of the request that is under way */
#define FLOE_SCTP_STREAM_SKIPPED      0x10u /* skip_ssn goes into the next FORWARD TSN */
#define FLOE_SCTP_STREAM_HAS_EVENT    0x20u /* in the event list */
#define FLOE_SCTP_STREAM_IN_DEFERRED  0x40u /* part of a reset by the peer that has to wait */
#define FLOE_SCTP_STREAM_HAS_TSN      0x80u /* last_tsn has a meaning */

#define FLOE_SCTP_POSITION_NONE UINT32_MAX /* in the send buffer */

/* floe_sctp_stream.events, in the order in which they are reported */
#define FLOE_SCTP_STREAM_EV_RESET  0x01u /* the peer has reset its side */
#define FLOE_SCTP_STREAM_EV_DONE   0x02u /* our side is reset */
#define FLOE_SCTP_STREAM_EV_FAILED 0x04u
#define FLOE_SCTP_STREAM_EV_LOW    0x08u

typedef struct floe_sctp_stream {
    uint64_t finish;               /* sctp_schedule: virtual time of its latest message */
    uint32_t send_head, send_tail; /* messages that are not begun; positions in the send buffer */
    uint32_t buffered;             /* bytes queued and neither acknowledged nor abandoned */
    uint32_t low_threshold;        /* BUFFERED_LOW when buffered falls to this */
    uint32_t last_tsn;             /* of the last chunk that we sent on it, or abandoned */
    uint32_t skip_tsn;             /* of the last ordered message that was abandoned */
    uint16_t skip_ssn;             /* its SSN */
    uint16_t id;
    uint16_t out_ssn;              /* of the next ordered message that we send */
    uint16_t in_ssn;               /* of the next ordered message to be delivered */
    uint16_t wait_head, wait_tail; /* complete messages after in_ssn, by SSN */
    uint16_t unread;               /* messages delivered and not yet released */
    uint16_t next;                 /* in its hash chain, or in the free list */
    uint16_t event_next;           /* in the event list */
    uint16_t turn_next;            /* in the schedule */
    uint16_t weight;               /* its priority; 0: the default */
    uint8_t flags, events;
} floe_sctp_stream;

typedef struct floe_sctp_streams {
#if FLOE_SCTP_IDATA
    struct floe_sctp_interleaving *interleaving; /* sctp_lane.h; NULL: messages are not */
#endif
    uint16_t bucket[FLOE_SCTP_STREAM_MAX]; /* first of the chain of an id modulo the size */
    uint16_t free_head;
    uint16_t end; /* entries of the table from here on were never used, and hold anything */
    uint16_t event_head, event_tail;
    uint16_t count;       /* entries in use */
    uint16_t reset_count; /* entries with EV_RESET not yet reported */
    /* Not touched before they are used: in fresh pages most take no memory. */
    floe_sctp_stream table[FLOE_SCTP_STREAM_MAX];
} floe_sctp_streams;

/* Whether messages are interleaved (RFC 8260): both sides have agreed on it. */
#if FLOE_SCTP_IDATA
#define FLOE_SCTP_IS_INTERLEAVED(streams) ((streams)->interleaving != NULL)
#else
#define FLOE_SCTP_IS_INTERLEAVED(streams) false
#endif

void floe_sctp_streams_init(floe_sctp_streams *streams);
/* NULL: the stream has no state. */
floe_sctp_stream *floe_sctp_streams_find(floe_sctp_streams *streams, uint16_t id);
const floe_sctp_stream *floe_sctp_streams_peek(const floe_sctp_streams *streams, uint16_t id);
/* Find it or make it. NULL: the table is full. */
floe_sctp_stream *floe_sctp_streams_get(floe_sctp_streams *streams, uint16_t id);
/* Forget the stream if nothing needs its state any more. */
void floe_sctp_streams_drop_idle(floe_sctp_streams *streams, floe_sctp_stream *stream);

/* Set event flags and queue the stream. */
void floe_sctp_streams_raise(floe_sctp_streams *streams, floe_sctp_stream *stream, uint8_t events);
/* Take the next event: one flag, and the stream's id. 0: none. */
uint8_t floe_sctp_streams_next_event(floe_sctp_streams *streams, uint16_t *id);

/* Bytes of it were acknowledged or abandoned; raises BUFFERED_LOW on the way down. */
void floe_sctp_streams_drain(floe_sctp_streams *streams, floe_sctp_stream *stream, uint32_t bytes);

/* Whether the n-th table entry is in use, and that entry: for walking over all. */
static inline bool floe_sctp_stream_is_used(const floe_sctp_stream *stream)
{
    return stream->id != FLOE_SCTP_NONE;
}

#ifdef __cplusplus
}
#endif
#endif
