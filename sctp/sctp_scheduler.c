/* sctp/sctp_scheduler.c - see sctp/sctp_scheduler.h and sctp/sctp_schedule.h. */
#include "sctp/sctp_scheduler.h"

#include "base/assert.h"
#include "sctp/sctp_schedule.h"

#if FLOE_SCTP_SCHEDULERS

#define TURN_BITS 48u /* no association lives for so many turns */

/* Behind all that have the same priority, before those with a lower one. */
static uint64_t rank_by_priority(floe_sctp_schedule *schedule, const floe_sctp_stream *stream)
{
    uint64_t priority = stream->weight == 0 ? FLOE_SCTP_WEIGHT_DEFAULT : stream->weight;
    return (UINT16_MAX - priority) << TURN_BITS | schedule->now++;
}

/* A stream is added anew when its message, or a fragment of it, was sent: behind all that wait, it
 * is served in turn. */
uint64_t floe_sctp_scheduler_rank(floe_sctp_schedule *schedule, const floe_sctp_stream *stream,
                                  uint64_t arrival)
{
    switch (schedule->scheduler) {
    case FLOE_SCTP_SCHEDULER_FCFS:
        return arrival;
    case FLOE_SCTP_SCHEDULER_PRIORITY:
        return rank_by_priority(schedule, stream);
    case FLOE_SCTP_SCHEDULER_PACKET:
        /* It stays in front until the packet ends. */
        return stream->id == schedule->packet ? stream->finish : schedule->now++;
    default:
        return schedule->now++;
    }
}

void floe_sctp_scheduler_begin_packet(floe_sctp_schedule *schedule, floe_sctp_streams *streams)
{
    floe_sctp_stream *first = floe_sctp_schedule_first(schedule, streams);
    bool had_turn = first != NULL && first->id == schedule->packet;
    schedule->packet = FLOE_SCTP_NONE;
    if (had_turn) {
        floe_sctp_schedule_take(schedule, streams);
        floe_sctp_schedule_add(schedule, streams, first, 0, 0);
    }
}

#else
typedef int floe_sctp_scheduler_is_left_out; /* ISO C has no empty files */
#endif
