/* sctp/sctp_timer.c - see sctp/sctp_timer.h. */
#include "sctp/sctp_timer.h"

void floe_sctp_timers_init(floe_sctp_timers *timers)
{
    for (size_t i = 0; i < FLOE_SCTP_TIMER_COUNT; i++) {
        timers->at[i] = FLOE_TIME_NEVER;
    }
}

floe_time floe_sctp_timers_deadline(const floe_sctp_timers *timers)
{
    floe_time deadline = FLOE_TIME_NEVER;
    for (size_t i = 0; i < FLOE_SCTP_TIMER_COUNT; i++) {
        deadline = floe_time_min(deadline, timers->at[i]);
    }
    return deadline;
}

floe_sctp_timer_id floe_sctp_timers_next(floe_sctp_timers *timers, floe_time now)
{
    for (size_t i = 0; i < FLOE_SCTP_TIMER_COUNT; i++) {
        if (timers->at[i] <= now && timers->at[i] != FLOE_TIME_NEVER) {
            timers->at[i] = FLOE_TIME_NEVER;
            return (floe_sctp_timer_id)i;
        }
    }
    return FLOE_SCTP_TIMER_COUNT;
}
