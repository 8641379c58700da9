/*
 * sctp/sctp_schedule.h - which stream's message is sent next: a queue of streams, by rank. Here are
 * the ranks of weighted fair queueing between streams (RFC 8831 section 6.4, RFC 8260 section 3.6);
 * sctp_scheduler.c has those of the other schedulers.
 *
 * Virtual time is bytes by weight. The first message of a stream has the time at which it would be
 * through if all streams were served at once, each as fast as its weight; the earliest goes first,
 * and the time is then its own. So a short message does not wait for the long ones of other
 * streams that have not begun; weights hold over time; and none starves, because the time of a
 * message that waits is fixed, and those that come later pass it.
 * It knows the streams that have something to be sent, and no message.
 */
#ifndef FLOE_SCTP_SCTP_SCHEDULE_H
#define FLOE_SCTP_SCTP_SCHEDULE_H

#include "base/assert.h"
#include "base/floe.h"
#include "sctp/sctp_scheduler.h"
#include "sctp/sctp_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_WEIGHT_DEFAULT 256u

typedef struct floe_sctp_schedule {
    uint64_t now;        /* virtual time: of the last message that had its turn; or turns so far */
    uint16_t head, tail; /* streams with a message that waits, by rank; FLOE_SCTP_NONE */
    uint16_t packet;     /* PACKET: the id of the stream that this packet is of; NONE,
                            which no stream has */
    uint8_t scheduler;   /* floe_sctp_scheduler */
} floe_sctp_schedule;

void floe_sctp_schedule_init(floe_sctp_schedule *schedule, floe_sctp_scheduler scheduler);
/* The first message of the stream, `len` bytes, queued behind `arrival` others, waits for its turn
 * from now on; none did. Constant for the last rank of all, else as many steps as there are streams
 * with an earlier one. */
void floe_sctp_schedule_add(floe_sctp_schedule *schedule, floe_sctp_streams *streams,
                            floe_sctp_stream *stream, uint32_t len, uint64_t arrival);
/* Whether ranks are virtual time. */
static inline bool floe_sctp_schedule_is_timed(const floe_sctp_schedule *schedule)
{
    return !FLOE_SCTP_SCHEDULERS || schedule->scheduler <= FLOE_SCTP_SCHEDULER_FAIR;
}

#if FLOE_SCTP_SCHEDULERS
/* sctp_scheduler.c: the rank of the first message of a stream, where it is not a time. */
uint64_t floe_sctp_scheduler_rank(floe_sctp_schedule *schedule, const floe_sctp_stream *stream,
                                  uint64_t arrival);
/* PACKET: a packet begins; the stream that the last one was of goes behind the others. */
void floe_sctp_scheduler_begin_packet(floe_sctp_schedule *schedule, floe_sctp_streams *streams);
#endif

/* Whether a message of the stream may go into this packet; and it does. */
static inline bool floe_sctp_schedule_may_pack(const floe_sctp_schedule *schedule, uint16_t id)
{
    return schedule->packet == FLOE_SCTP_NONE || schedule->packet == id;
}
static inline void floe_sctp_schedule_pack(floe_sctp_schedule *schedule, uint16_t id)
{
    if (FLOE_SCTP_SCHEDULERS && schedule->scheduler == FLOE_SCTP_SCHEDULER_PACKET) {
        schedule->packet = id;
    }
}

/* The stream whose turn it is; NULL: no message waits. */
static inline floe_sctp_stream *floe_sctp_schedule_first(const floe_sctp_schedule *schedule,
                                                         floe_sctp_streams *streams)
{
    return schedule->head == FLOE_SCTP_NONE ? NULL : &streams->table[schedule->head];
}

/* That message had its turn; the stream is out until the next one is added. */
static inline void floe_sctp_schedule_take(floe_sctp_schedule *schedule,
                                           const floe_sctp_streams *streams)
{
    FLOE_ASSERT(schedule->head != FLOE_SCTP_NONE);
    const floe_sctp_stream *stream = &streams->table[schedule->head];
    if (floe_sctp_schedule_is_timed(schedule)) {
        schedule->now = stream->finish;
    }
    schedule->head = stream->turn_next;
    if (schedule->head == FLOE_SCTP_NONE) {
        schedule->tail = FLOE_SCTP_NONE;
    }
}

/* sctp_sendq_check.c: asserts what must hold; returns the number of streams. */
uint32_t floe_sctp_schedule_check_invariants(const floe_sctp_schedule *schedule,
                                             const floe_sctp_streams *streams);

#ifdef __cplusplus
}
#endif
#endif
