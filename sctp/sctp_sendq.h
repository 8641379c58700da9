/*
 * sctp/sctp_sendq.h - the messages that are to be sent: a ring of bytes, each message a record
 * followed by its payload, in the order in which they were queued. What is acknowledged or
 * abandoned is freed from the front. In a stream they are sent in that order; between streams, as
 * the schedule says. A message that has begun is sent to its end before another begins, unless
 * messages are interleaved (sctp_turns.h). It knows no TSN; sctp_outstanding does.
 *
 * Where the sender wants to know a message's fate, a rider lies behind the payload, and the message
 * stays until its fate is read: so fates need no memory of their own, none is lost, and who asks
 * and does not read fills his own send buffer.
 */
#ifndef FLOE_SCTP_SCTP_SENDQ_H
#define FLOE_SCTP_SCTP_SENDQ_H

#include "base/floe.h"
#include "sctp/sctp_fate.h"
#include "sctp/sctp_schedule.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_RECORD_UNORDERED 0x01u
#define FLOE_SCTP_RECORD_STARTED   0x02u /* it has a TSN and, if ordered, an SSN */
#define FLOE_SCTP_RECORD_DONE      0x04u /* acknowledged or abandoned: waits to be freed */
#define FLOE_SCTP_RECORD_RIDER     0x08u /* a floe_sctp_rider follows the payload */
#define FLOE_SCTP_RECORD_TOLD      0x10u /* and was read */
/* Of a message by parts (sctp_parts.h) each part is a record: */
#define FLOE_SCTP_RECORD_MORE      0x20u /* the message goes on in the stream's next record */
#define FLOE_SCTP_RECORD_REST      0x40u /* it goes on with what the stream's record before it began */
#define FLOE_SCTP_RECORD_UNCOUNTED 0x80u /* not in what its stream has buffered */
#define FLOE_SCTP_RECORD_PART      (FLOE_SCTP_RECORD_MORE | FLOE_SCTP_RECORD_REST)

typedef struct floe_sctp_record {
    floe_time expires; /* FLOE_TIME_NEVER: it does not */
    uint32_t len;      /* payload bytes that follow */
    uint32_t ppid;
    union {
        uint32_t first_tsn; /* once STARTED */
        uint32_t behind;    /* before: the next message of the stream; POSITION_NONE */
    };
    uint32_t max_retransmits; /* UINT32_MAX: no limit */
    uint16_t stream, ssn;
    uint8_t flags;
    uint8_t zero;
    uint16_t serial; /* PART: of its message */
} floe_sctp_record;

/* What is known of a message whose sender wants to know its fate. */
typedef struct floe_sctp_rider {
    uint64_t cookie;
    floe_time sent_at; /* its first byte; NEVER: not yet */
    uint32_t next;     /* message whose fate was known next */
    uint32_t outcome;  /* floe_sctp_outcome, once known */
} floe_sctp_rider;

typedef struct floe_sctp_sendq {
    uint8_t *buf;
    uint32_t size;
    uint32_t head;   /* position of the oldest message */
    uint32_t tail;   /* where the next one goes */
    uint32_t used;   /* bytes from head to tail */
    uint32_t next;   /* position of the message that is sent next: if it has begun, to its end; or,
                        where messages are interleaved, a fragment of it */
    uint32_t sent;   /* payload bytes of that message that were sent */
    uint32_t unsent; /* messages that are not completely sent */
    uint32_t count;  /* all messages */
    floe_sctp_schedule schedule;
    uint32_t fate_head, fate_tail; /* messages whose fate is to be read; POSITION_NONE */
    uint64_t freed; /* bytes that were, from the front: with a position, the order of arrival */
    uint16_t open;  /* entry of the stream whose message by parts is not completely sent; NONE. It
                       has its turn when no other message waits, and none is added meanwhile */
} floe_sctp_sendq;

void floe_sctp_sendq_init(floe_sctp_sendq *q, floe_span memory, floe_sctp_scheduler scheduler);

/* Bytes that were queued before the message at `at`: more for each message than for the one before.
 */
static inline uint64_t floe_sctp_sendq_arrival(const floe_sctp_sendq *q, uint32_t at)
{
    return q->freed + (at >= q->head ? at - q->head : at + q->size - q->head);
}

/* Bytes that a message takes; and those that are free for one. A record does not go around the end
 * of the ring, payload does: up to a record less one byte may be lost there. */
static inline size_t floe_sctp_sendq_cost(size_t len, bool has_rider)
{
    return sizeof(floe_sctp_record) + len + (has_rider ? sizeof(floe_sctp_rider) : 0);
}
size_t floe_sctp_sendq_room(const floe_sctp_sendq *q);

/* Append to the messages of its stream; it fits (asserted). `cookie` is of a record that says
 * RIDER; `behind` is POSITION_NONE. */
void floe_sctp_sendq_put(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                         const floe_sctp_record *record, floe_bytes data, uint64_t cookie);
/* The same in two steps: append a message without its payload, and fill that in. Returns where it
 * lies. */
uint32_t floe_sctp_sendq_add(floe_sctp_sendq *q, floe_sctp_streams *streams,
                             floe_sctp_stream *stream, const floe_sctp_record *record);
void floe_sctp_sendq_fill(floe_sctp_sendq *q, uint32_t at, uint32_t offset, floe_bytes data);
/* The message at `next`, whose record this is, begins: its first byte is sent now. The caller sets
 * STARTED and first_tsn, and stores it. Returns its stream. */
floe_sctp_stream *floe_sctp_sendq_begin(floe_sctp_sendq *q, floe_sctp_streams *streams,
                                        const floe_sctp_record *record, floe_time now);
/* A packet begins that may have new data: the scheduler may choose anew. */
void floe_sctp_sendq_begin_packet(floe_sctp_sendq *q, floe_sctp_streams *streams);
/* The record of the message at `at`: copy it out, and back. */
static inline floe_sctp_record floe_sctp_sendq_load(const floe_sctp_sendq *q, uint32_t at)
{
    floe_sctp_record record;
    memcpy(&record, q->buf + at, sizeof record);
    return record;
}
static inline void floe_sctp_sendq_store(floe_sctp_sendq *q, uint32_t at,
                                         const floe_sctp_record *record)
{
    memcpy(q->buf + at, record, sizeof *record);
}
/* Copy payload of the message at `at` out. */
void floe_sctp_sendq_read(const floe_sctp_sendq *q, uint32_t at, uint32_t offset, uint8_t *out,
                          size_t len);
/* What `len` bytes of this message are in its stream's `buffered`. */
static inline uint32_t floe_sctp_record_count(const floe_sctp_record *record, uint32_t len)
{
    return (record->flags & FLOE_SCTP_RECORD_UNCOUNTED) != 0 ? 0 : len;
}
/* The message at `next`, whose record this is, is completely sent, or is not going to be; where
 * messages are interleaved, any that has begun, or the first of its stream. */
void floe_sctp_sendq_pass(floe_sctp_sendq *q, floe_sctp_streams *streams,
                          const floe_sctp_record *record);
/* The message at `at` is acknowledged or abandoned: free what is, from the front. */
void floe_sctp_sendq_finish(floe_sctp_sendq *q, uint32_t at, floe_sctp_outcome outcome);
/* Take the oldest fate that is known, and free its message. False: there is none. */
bool floe_sctp_sendq_take_fate(floe_sctp_sendq *q, floe_sctp_rider *rider);
/* Nothing more will be known: this is the fate of all whose fate is not known. The messages stay,
 * to be looked at, */
void floe_sctp_sendq_settle(floe_sctp_sendq *q, floe_sctp_outcome outcome);
/* or go, all but those whose fate is to be read; and the streams were forgotten. */
void floe_sctp_sendq_drop(floe_sctp_sendq *q, floe_sctp_outcome outcome);
/* Where the message behind the one at `at`, whose record this is, lies. */
uint32_t floe_sctp_sendq_next_of(const floe_sctp_sendq *q, uint32_t at,
                                 const floe_sctp_record *record);
/* sctp_sendq_check.c: asserts what must hold; returns the payload bytes that are not sent, of the
 * messages that count in their streams' `buffered`. */
uint64_t floe_sctp_sendq_check_invariants(const floe_sctp_sendq *q,
                                          const floe_sctp_streams *streams);

#ifdef __cplusplus
}
#endif
#endif
