/* What the tests of sctp/sctp_outstanding.c share: chunks in flight, and what is reported of them.
 */
#ifndef FLOE_UNIT_SCTP_OUTSTANDING_FIXTURE_H
#define FLOE_UNIT_SCTP_OUTSTANDING_FIXTURE_H

#include "sctp/sctp_outstanding.h"

#include "support/unit.h"

#include <string.h>

#define FIRST 0xFFFFFFFAu /* numbers wrap soon */
#define RING  64u
#define SIZE  1016u                 /* of a chunk of 1000 bytes, in flight */
#define SENT  (FLOE_TIME_NEVER / 2) /* when the first one is sent: the lower bits wrap soon */

typedef struct fixture {
    floe_sctp_tx ring[RING];
    uint8_t memory[1 << 17];
    floe_sctp_sendq q;
    floe_sctp_streams streams;
    floe_sctp_outstanding o;
    floe_sctp_ack ack;
    floe_time now; /* chunks are sent a microsecond apart */
    floe_time due;
} fixture;

static fixture f;

static inline int set_up(void **state)
{
    (void)state;
    memset(f.ring, 0xFF, sizeof f.ring); /* what it finds there means nothing */
    floe_sctp_sendq_init(&f.q, (floe_span){f.memory, sizeof f.memory}, FLOE_SCTP_SCHEDULER_WFQ);
    floe_sctp_streams_init(&f.streams);
    floe_sctp_outstanding_init(&f.o, f.ring, RING, FIRST);
    f.now = SENT;
    return 0;
}

static inline void check(void)
{
    floe_sctp_outstanding_check_invariants(&f.o, &f.q, &f.streams);
}

/* Queue a message of some chunks of 1000 bytes. */
static inline void queue(uint16_t stream, uint32_t chunks, uint8_t flags)
{
    static uint8_t bytes[100000];
    floe_sctp_record record = {.len = chunks * 1000,
                               .stream = stream,
                               .expires = FLOE_TIME_NEVER,
                               .max_retransmits = UINT32_MAX,
                               .behind = FLOE_SCTP_POSITION_NONE,
                               .flags = flags};
    floe_sctp_stream *s = floe_sctp_streams_get(&f.streams, stream);
    s->flags |= FLOE_SCTP_STREAM_OUT;
    s->buffered += record.len;
    floe_sctp_sendq_put(&f.q, &f.streams, s, &record, (floe_bytes){bytes, record.len}, 0);
}

/* Send one chunk of what is queued. */
static inline void send_chunk(void)
{
    uint32_t at = f.q.next;
    floe_sctp_record record = floe_sctp_sendq_load(&f.q, at);
    if (f.q.sent == 0) {
        floe_sctp_stream *s = floe_sctp_sendq_begin(&f.q, &f.streams, &record, f.now);
        record.flags |= FLOE_SCTP_RECORD_STARTED;
        record.first_tsn = f.o.next_tsn;
        record.ssn = s->out_ssn++;
        floe_sctp_sendq_store(&f.q, at, &record);
    }
    (void)floe_sctp_outstanding_add(&f.o, at, f.q.sent, 1000, f.now++);
    f.q.sent += 1000;
    if (f.q.sent == record.len) {
        floe_sctp_sendq_pass(&f.q, &f.streams, &record);
    }
    check();
}

/* Messages of one chunk each, on stream 1. */
static inline void send_messages(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        queue(1, 1, 0);
        send_chunk();
    }
}

/* `cum` counts from before the first chunk. */
#define RTT  50000u
#define SURE 2500u /* bytes beyond a hole */

static inline floe_err sack(uint32_t cum, const uint16_t *gaps, uint16_t count)
{
    uint8_t blocks[256];
    for (uint16_t i = 0; i < 2 * count; i++) {
        floe_store_u16(blocks + 2 * i, gaps[i]);
    }
    floe_sctp_sack report = {
        .cum = FIRST - 1 + cum, .block_count = count, .blocks = {blocks, (size_t)4 * count}};
    floe_err err = floe_sctp_outstanding_sack(&f.o, &f.q, &f.streams, &report, f.now, &f.ack);
    check();
    return err;
}

/* Look for losses, as after each SACK. */
static inline bool detect(void)
{
    bool is_loss = floe_sctp_outstanding_detect(&f.o, f.now, RTT, SURE, &f.due);
    check();
    return is_loss;
}

/* How many chunks wait to be sent again, and the first of them, counted from the first chunk. */
static inline uint32_t first_lost(void)
{
    uint32_t tsn = 0;
    return floe_sctp_outstanding_lost(&f.o, &tsn) == NULL ? UINT32_MAX : tsn - FIRST;
}

#endif
