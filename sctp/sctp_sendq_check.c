/*
 * sctp/sctp_sendq_check.c - what always holds of the messages that are to be sent, and of their
 * schedule. Only tests and fuzzers ask; a program that does not is linked without it.
 */
#include "base/assert.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_sendq.h"

#define NONE FLOE_SCTP_POSITION_NONE

uint32_t floe_sctp_schedule_check_invariants(const floe_sctp_schedule *schedule,
                                             const floe_sctp_streams *streams)
{
    uint32_t count = 0;
    uint64_t time = floe_sctp_schedule_is_timed(schedule) ? schedule->now : 0;
    uint16_t last = FLOE_SCTP_NONE;
    for (uint16_t at = schedule->head; at != FLOE_SCTP_NONE; at = streams->table[at].turn_next) {
        FLOE_ASSERT(streams->table[at].finish >= time && ++count <= streams->count);
        time = streams->table[at].finish;
        last = at;
    }
    FLOE_ASSERT(last == schedule->tail);
    return count;
}

static bool has_flag(const floe_sctp_record *record, uint8_t flag)
{
    return (record->flags & flag) != 0;
}

/* The fates that are to be read are those of so many messages. */
static void check_fates(const floe_sctp_sendq *q, uint32_t count)
{
    uint32_t at = q->fate_head;
    while (at != NONE) {
        floe_sctp_rider rider;
        uint8_t bytes[sizeof rider];
        floe_sctp_sendq_read(q, at, floe_sctp_sendq_load(q, at).len, bytes, sizeof bytes);
        memcpy(&rider, bytes, sizeof bytes);
        FLOE_ASSERT(count-- > 0 && (rider.next != NONE || at == q->fate_tail));
        at = rider.next;
    }
    FLOE_ASSERT(count == 0);
}

/* Where the message lies that has begun in this stream, where messages are interleaved. */
static uint32_t begun_of(const floe_sctp_streams *streams, const floe_sctp_stream *stream)
{
#if FLOE_SCTP_IDATA
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        return floe_sctp_lane_of(streams, stream)->begun;
    }
#endif
    (void)streams;
    (void)stream;
    return NONE;
}

/* Whether the stream, which has messages that have not begun or not, is in the schedule. */
static bool is_scheduled(const floe_sctp_sendq *q, const floe_sctp_streams *streams,
                         const floe_sctp_stream *stream)
{
    if (stream->send_head == NONE || begun_of(streams, stream) != NONE) {
        return begun_of(streams, stream) != NONE;
    }
    floe_sctp_record first = floe_sctp_sendq_load(q, stream->send_head);
    return FLOE_SCTP_IS_INTERLEAVED(streams) || !has_flag(&first, FLOE_SCTP_RECORD_PART);
}

/* Each stream's messages that have not begun are in a list, and the stream in the schedule. */
static void check_streams(const floe_sctp_sendq *q, const floe_sctp_streams *streams,
                          uint32_t waiting)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < streams->end; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        if (!floe_sctp_stream_is_used(stream)) {
            continue;
        }
        count += is_scheduled(q, streams, stream);
        for (uint32_t at = stream->send_head; at != NONE;) {
            floe_sctp_record record = floe_sctp_sendq_load(q, at);
            bool is_part = has_flag(&record, FLOE_SCTP_RECORD_PART);
            FLOE_ASSERT(waiting-- > 0 && record.stream == stream->id && (!is_part || q->open == i));
            FLOE_ASSERT(!has_flag(&record, FLOE_SCTP_RECORD_STARTED | FLOE_SCTP_RECORD_DONE));
            FLOE_ASSERT(record.behind != NONE || at == stream->send_tail);
            at = record.behind;
        }
    }
    FLOE_ASSERT(waiting == 0);
    FLOE_ASSERT(floe_sctp_schedule_check_invariants(&q->schedule, streams) == count);
}

/* Bytes of the message that were sent, which is not done. */
static uint32_t sent_of(const floe_sctp_sendq *q, const floe_sctp_streams *streams, uint32_t at,
                        const floe_sctp_record *record)
{
    if (!has_flag(record, FLOE_SCTP_RECORD_STARTED)) {
        return 0;
    }
#if FLOE_SCTP_IDATA
    const floe_sctp_stream *stream = floe_sctp_streams_peek(streams, record->stream);
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        const floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
        return lane->begun == at ? lane->sent : record->len;
    }
#endif
    (void)streams;
    return q->unsent > 0 && q->next == at ? q->sent : record->len;
}

uint64_t floe_sctp_sendq_check_invariants(const floe_sctp_sendq *q,
                                          const floe_sctp_streams *streams)
{
    uint64_t bytes = 0;
    uint32_t used = 0, riders = 0, waiting = 0, begun = 0;
    uint32_t at = q->head;
    for (uint32_t i = 0; i < q->count; i++) {
        floe_sctp_record record = floe_sctp_sendq_load(q, at);
        bool is_done = has_flag(&record, FLOE_SCTP_RECORD_DONE);
        bool is_told = has_flag(&record, FLOE_SCTP_RECORD_TOLD);
        bool has_rider = has_flag(&record, FLOE_SCTP_RECORD_RIDER);
        FLOE_ASSERT(i > 0 || !is_done || (has_rider && !is_told)); /* or it would be free */
        if (!is_done) {
            uint32_t sent = sent_of(q, streams, at, &record);
            bytes += floe_sctp_record_count(&record, record.len - sent);
            bool is_started = has_flag(&record, FLOE_SCTP_RECORD_STARTED);
            begun += is_started && sent < record.len;
            waiting += !is_started;
        }
        riders += is_done && has_rider && !is_told;
        uint32_t next = floe_sctp_sendq_next_of(q, at, &record);
        used += next > at ? next - at : next + q->size - at;
        at = next;
    }
    FLOE_ASSERT(at == q->tail && used == q->used && used <= q->size);
    FLOE_ASSERT(q->unsent == waiting + begun);
    check_fates(q, riders);
    check_streams(q, streams, waiting);
    return bytes;
}
