/*
 * sctp/sctp_timer.h - the deadlines of an association: a small array, scanned; no heap, no
 * callbacks. A timer is armed or it is not; what it means is the association's business.
 */
#ifndef FLOE_SCTP_SCTP_TIMER_H
#define FLOE_SCTP_SCTP_TIMER_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sctp_timer_id {
    FLOE_SCTP_TIMER_INIT,      /* T1: INIT and COOKIE ECHO */
    FLOE_SCTP_TIMER_SHUTDOWN,  /* T2: SHUTDOWN and SHUTDOWN ACK */
    FLOE_SCTP_TIMER_PROBE,     /* to probe for the loss of a tail; before DATA, which it puts off */
    FLOE_SCTP_TIMER_REORDER,   /* a chunk that may have been reordered is lost */
    FLOE_SCTP_TIMER_DATA,      /* T3: DATA, FORWARD TSN, and the next probe of a zero window */
    FLOE_SCTP_TIMER_SACK,      /* a delayed acknowledgement */
    FLOE_SCTP_TIMER_HEARTBEAT, /* the next HEARTBEAT, or its answer is late */
    FLOE_SCTP_TIMER_RESET,     /* RE-CONFIG */
    FLOE_SCTP_TIMER_LIFETIME,  /* the first message that waits to be sent expires */
    FLOE_SCTP_TIMER_PMTU,      /* a probe of the path's packet size was not answered, or is due */
    FLOE_SCTP_TIMER_PACE,      /* the next burst of DATA may go out */
    FLOE_SCTP_TIMER_COUNT
} floe_sctp_timer_id;

typedef struct floe_sctp_timers {
    floe_time at[FLOE_SCTP_TIMER_COUNT]; /* FLOE_TIME_NEVER: not armed */
} floe_sctp_timers;

void floe_sctp_timers_init(floe_sctp_timers *timers);
floe_time floe_sctp_timers_deadline(const floe_sctp_timers *timers);
/* Disarm and report one timer that is due; FLOE_SCTP_TIMER_COUNT: none is. */
floe_sctp_timer_id floe_sctp_timers_next(floe_sctp_timers *timers, floe_time now);

static inline void floe_sctp_timers_set(floe_sctp_timers *timers, floe_sctp_timer_id id,
                                        floe_time at)
{
    timers->at[id] = at;
}

static inline void floe_sctp_timers_stop(floe_sctp_timers *timers, floe_sctp_timer_id id)
{
    timers->at[id] = FLOE_TIME_NEVER;
}

static inline bool floe_sctp_timers_is_set(const floe_sctp_timers *timers, floe_sctp_timer_id id)
{
    return timers->at[id] != FLOE_TIME_NEVER;
}

#ifdef __cplusplus
}
#endif
#endif
