/* sctp/sctp_schedule.c - see sctp/sctp_schedule.h. */
#include "sctp/sctp_schedule.h"

#define OVERHEAD   16u /* a message of one byte costs a chunk, too */
#define TIME_SHIFT 16u /* so that it takes time with the largest weight */

void floe_sctp_schedule_init(floe_sctp_schedule *schedule, floe_sctp_scheduler scheduler)
{
    *schedule = (floe_sctp_schedule){.head = FLOE_SCTP_NONE,
                                     .tail = FLOE_SCTP_NONE,
                                     .packet = FLOE_SCTP_NONE,
                                     .scheduler = (uint8_t)scheduler};
}

/* When the message would be through: after the stream's last one, or from now on if it was idle. */
static uint64_t finish_of(const floe_sctp_schedule *schedule, const floe_sctp_stream *stream,
                          uint32_t len)
{
    uint64_t begin = stream->finish > schedule->now ? stream->finish : schedule->now;
    bool is_equal = stream->weight == 0 || schedule->scheduler == FLOE_SCTP_SCHEDULER_FAIR;
    uint32_t weight = is_equal ? FLOE_SCTP_WEIGHT_DEFAULT : stream->weight;
    return begin + (((uint64_t)len + OVERHEAD) << TIME_SHIFT) / weight;
}

static uint64_t rank_of(floe_sctp_schedule *schedule, const floe_sctp_stream *stream, uint32_t len,
                        uint64_t arrival)
{
#if FLOE_SCTP_SCHEDULERS
    if (!floe_sctp_schedule_is_timed(schedule)) {
        return floe_sctp_scheduler_rank(schedule, stream, arrival);
    }
#endif
    (void)arrival;
    return finish_of(schedule, stream, len);
}

void floe_sctp_schedule_add(floe_sctp_schedule *schedule, floe_sctp_streams *streams,
                            floe_sctp_stream *stream, uint32_t len, uint64_t arrival)
{
    floe_sctp_stream *table = streams->table;
    uint16_t at = (uint16_t)(stream - table);
    stream->finish = rank_of(schedule, stream, len, arrival);
    uint16_t *link = &schedule->head;
    if (schedule->tail != FLOE_SCTP_NONE && table[schedule->tail].finish <= stream->finish) {
        link = &table[schedule->tail].turn_next;
    }
    /* Behind those of the same rank: they came first. */
    while (*link != FLOE_SCTP_NONE && table[*link].finish <= stream->finish) {
        link = &table[*link].turn_next;
    }
    stream->turn_next = *link;
    *link = at;
    if (stream->turn_next == FLOE_SCTP_NONE) {
        schedule->tail = at;
    }
}
