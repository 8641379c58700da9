/*
 * sctp/sctp_schedule.h - which stream's message is sent next: weighted fair queueing between
 * streams (RFC 8831 section 6.4, RFC 8260 section 3.6), a message at a time.
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
#include "sctp/sctp_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_WEIGHT_DEFAULT 256u

typedef struct floe_sctp_schedule {
    uint64_t now;        /* virtual time: of the last message that had its turn */
    uint16_t head, tail; /* streams with a message that waits, by its time; FLOE_SCTP_NONE */
} floe_sctp_schedule;

void floe_sctp_schedule_init(floe_sctp_schedule *schedule);
/* The first message of the stream, `len` bytes, waits for its turn from now on; none did. Constant
 * for the latest time of all, else as many steps as there are streams with an earlier one. */
void floe_sctp_schedule_add(floe_sctp_schedule *schedule, floe_sctp_streams *streams,
                            floe_sctp_stream *stream, uint32_t len);
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
    schedule->now = stream->finish;
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
