/* sctp/sctp_sendq.c - see sctp/sctp_sendq.h. */
#include "sctp/sctp_sendq.h"

#include "base/assert.h"
#include "sctp/sctp_turns.h"

#include <string.h>

static const uint32_t record_size = (uint32_t)sizeof(floe_sctp_record);

void floe_sctp_sendq_init(floe_sctp_sendq *q, floe_span memory, floe_sctp_scheduler scheduler)
{
    const size_t limit = UINT32_MAX / 2; /* positions add up without overflow */
    uint32_t size = (uint32_t)(memory.len < limit ? memory.len : limit);
    *q = (floe_sctp_sendq){.buf = memory.ptr,
                           .size = size,
                           .next = FLOE_SCTP_POSITION_NONE,
                           .fate_head = FLOE_SCTP_POSITION_NONE,
                           .fate_tail = FLOE_SCTP_POSITION_NONE,
                           .open = FLOE_SCTP_NONE};
    floe_sctp_schedule_init(&q->schedule, scheduler);
}

/* A position for payload. */
static uint32_t wrap(const floe_sctp_sendq *q, uint32_t at)
{
    return at < q->size ? at : at - q->size;
}

static bool has_flag(const floe_sctp_record *record, uint8_t flag)
{
    return (record->flags & flag) != 0;
}

uint32_t floe_sctp_sendq_next_of(const floe_sctp_sendq *q, uint32_t at,
                                 const floe_sctp_record *record)
{
    size_t cost = floe_sctp_sendq_cost(record->len, has_flag(record, FLOE_SCTP_RECORD_RIDER));
    uint32_t next = wrap(q, at + (uint32_t)cost);
    return q->size - next < record_size ? 0 : next;
}

/* From one message to the one behind it, around the ring. */
static uint32_t distance(const floe_sctp_sendq *q, uint32_t from, uint32_t to)
{
    return to > from ? to - from : to + q->size - from;
}

size_t floe_sctp_sendq_room(const floe_sctp_sendq *q)
{
    return q->size - q->used;
}

/* Bytes at a position, around the end of the ring. */
static void write_bytes(floe_sctp_sendq *q, uint32_t at, floe_bytes data)
{
    size_t first = q->size - at < data.len ? q->size - at : data.len;
    memcpy(q->buf + at, data.ptr, first);
    if (first < data.len) {
        memcpy(q->buf, data.ptr + first, data.len - first);
    }
}

static void load_rider(const floe_sctp_sendq *q, uint32_t at, floe_sctp_rider *rider)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, at);
    uint8_t bytes[sizeof *rider];
    FLOE_ASSERT(has_flag(&record, FLOE_SCTP_RECORD_RIDER));
    floe_sctp_sendq_read(q, at, record.len, bytes, sizeof bytes);
    memcpy(rider, bytes, sizeof bytes);
}

static void store_rider(floe_sctp_sendq *q, uint32_t at, const floe_sctp_rider *rider)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, at);
    uint8_t bytes[sizeof *rider];
    memcpy(bytes, rider, sizeof bytes);
    floe_sctp_sendq_fill(q, at, record.len, (floe_bytes){bytes, sizeof bytes});
}

/* Whose turn it is, where no message has begun and not ended. */
static void choose_next(floe_sctp_sendq *q, floe_sctp_streams *streams)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_choose(q, streams);
        return;
    }
    const floe_sctp_stream *stream = floe_sctp_schedule_first(&q->schedule, streams);
    if (stream == NULL && q->open != FLOE_SCTP_NONE) {
        stream = &streams->table[q->open];
    }
    q->next = stream == NULL ? FLOE_SCTP_POSITION_NONE : stream->send_head;
}

/* This message is the first of its stream: it waits for its turn. */
static void await_turn(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                       const floe_sctp_record *record)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_await(q, streams, stream, record->len);
    } else if (!has_flag(record, FLOE_SCTP_RECORD_PART)) {
        floe_sctp_schedule_add(&q->schedule, streams, stream, record->len,
                               floe_sctp_sendq_arrival(q, stream->send_head));
    }
}

/* The message at the tail is the last of its stream. */
static void append(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                   const floe_sctp_record *record)
{
    if (stream->send_head == FLOE_SCTP_POSITION_NONE) {
        stream->send_head = q->tail;
        await_turn(q, streams, stream, record);
    } else {
        uint8_t *last = q->buf + stream->send_tail;
        memcpy(last + offsetof(floe_sctp_record, behind), &q->tail, sizeof q->tail);
    }
    stream->send_tail = q->tail;
    /* It may overtake all that has not begun. */
    if (q->sent == 0 || FLOE_SCTP_IS_INTERLEAVED(streams)) {
        choose_next(q, streams);
    }
}

uint32_t floe_sctp_sendq_add(floe_sctp_sendq *q, floe_sctp_streams *streams,
                             floe_sctp_stream *stream, const floe_sctp_record *record)
{
    bool has_rider = has_flag(record, FLOE_SCTP_RECORD_RIDER);
    FLOE_ASSERT(record->behind == FLOE_SCTP_POSITION_NONE &&
                floe_sctp_sendq_cost(record->len, has_rider) <= floe_sctp_sendq_room(q));
    uint32_t at = q->tail;
    floe_sctp_sendq_store(q, at, record);
    append(q, streams, stream, record);
    q->tail = floe_sctp_sendq_next_of(q, at, record);
    q->used += distance(q, at, q->tail);
    q->unsent++;
    q->count++;
    return at;
}

void floe_sctp_sendq_fill(floe_sctp_sendq *q, uint32_t at, uint32_t offset, floe_bytes data)
{
    write_bytes(q, wrap(q, at + record_size + offset), data);
}

void floe_sctp_sendq_put(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                         const floe_sctp_record *record, floe_bytes data, uint64_t cookie)
{
    FLOE_ASSERT(data.len == record->len);
    uint32_t at = floe_sctp_sendq_add(q, streams, stream, record);
    floe_sctp_sendq_fill(q, at, 0, data);
    if (has_flag(record, FLOE_SCTP_RECORD_RIDER)) {
        store_rider(q, at,
                    &(floe_sctp_rider){.cookie = cookie,
                                       .sent_at = FLOE_TIME_NEVER,
                                       .next = FLOE_SCTP_POSITION_NONE});
    }
}

void floe_sctp_sendq_read(const floe_sctp_sendq *q, uint32_t at, uint32_t offset, uint8_t *out,
                          size_t len)
{
    uint32_t from = wrap(q, at + record_size + offset);
    size_t first = q->size - from < len ? q->size - from : len;
    memcpy(out, q->buf + from, first);
    if (first < len) {
        memcpy(out + first, q->buf, len - first);
    }
}

void floe_sctp_sendq_begin_packet(floe_sctp_sendq *q, floe_sctp_streams *streams)
{
#if FLOE_SCTP_SCHEDULERS
    if (q->schedule.packet == FLOE_SCTP_NONE) {
        return;
    }
    floe_sctp_scheduler_begin_packet(&q->schedule, streams);
    if (q->sent == 0 || FLOE_SCTP_IS_INTERLEAVED(streams)) {
        choose_next(q, streams);
    }
#else
    (void)q;
    (void)streams;
#endif
}

/* The message at `next` leaves its stream, whose next one waits for its own turn. */
static floe_sctp_stream *leave_stream(floe_sctp_sendq *q, floe_sctp_streams *streams,
                                      const floe_sctp_record *record)
{
    bool is_part = has_flag(record, FLOE_SCTP_RECORD_PART) && !FLOE_SCTP_IS_INTERLEAVED(streams);
    floe_sctp_stream *stream =
        is_part ? &streams->table[q->open] : floe_sctp_schedule_first(&q->schedule, streams);
    FLOE_ASSERT(stream != NULL && stream->send_head == q->next && q->sent == 0);
    if (!is_part) {
        floe_sctp_schedule_take(&q->schedule, streams);
    }
    stream->send_head = record->behind;
    if (record->behind != FLOE_SCTP_POSITION_NONE) {
        floe_sctp_record behind = floe_sctp_sendq_load(q, record->behind);
        await_turn(q, streams, stream, &behind);
    }
    return stream;
}

floe_sctp_stream *floe_sctp_sendq_begin(floe_sctp_sendq *q, floe_sctp_streams *streams,
                                        const floe_sctp_record *record, floe_time now)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_begin(q, streams, record);
    }
    floe_sctp_stream *stream = leave_stream(q, streams, record);
    if (has_flag(record, FLOE_SCTP_RECORD_RIDER)) {
        floe_sctp_rider rider;
        load_rider(q, q->next, &rider);
        rider.sent_at = now;
        store_rider(q, q->next, &rider);
    }
    return stream;
}

void floe_sctp_sendq_pass(floe_sctp_sendq *q, floe_sctp_streams *streams,
                          const floe_sctp_record *record)
{
    FLOE_ASSERT(q->unsent > 0);
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_end(q, streams, record);
    } else if (!has_flag(record, FLOE_SCTP_RECORD_STARTED)) {
        (void)leave_stream(q, streams, record);
    }
    q->sent = 0;
    q->unsent--;
    if ((record->flags & FLOE_SCTP_RECORD_PART) == FLOE_SCTP_RECORD_REST) {
        q->open = FLOE_SCTP_NONE; /* that was the last part */
    }
    choose_next(q, streams);
}

/* Whether nobody needs the message any more. */
static bool is_free(const floe_sctp_record *record)
{
    return has_flag(record, FLOE_SCTP_RECORD_DONE) &&
           (!has_flag(record, FLOE_SCTP_RECORD_RIDER) || has_flag(record, FLOE_SCTP_RECORD_TOLD));
}

/* The first message, whose record this is, makes room. */
static void drop_front(floe_sctp_sendq *q, const floe_sctp_record *record)
{
    uint32_t next = floe_sctp_sendq_next_of(q, q->head, record);
    uint32_t size = distance(q, q->head, next);
    q->used -= size;
    q->freed += size;
    q->head = next;
    q->count--;
    FLOE_ASSERT(q->unsent <= q->count);
}

static void free_front(floe_sctp_sendq *q)
{
    while (q->count > 0) {
        floe_sctp_record record = floe_sctp_sendq_load(q, q->head);
        if (!is_free(&record)) {
            return;
        }
        drop_front(q, &record);
    }
}

/* Its fate is known: it is told after those that were known before. */
static void queue_fate(floe_sctp_sendq *q, uint32_t at, floe_sctp_outcome outcome)
{
    floe_sctp_rider rider;
    load_rider(q, at, &rider);
    rider.outcome = (uint32_t)outcome;
    store_rider(q, at, &rider);
    if (q->fate_head == FLOE_SCTP_POSITION_NONE) {
        q->fate_head = at;
    } else {
        floe_sctp_rider last;
        load_rider(q, q->fate_tail, &last);
        last.next = at;
        store_rider(q, q->fate_tail, &last);
    }
    q->fate_tail = at;
}

void floe_sctp_sendq_finish(floe_sctp_sendq *q, uint32_t at, floe_sctp_outcome outcome)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, at);
    bool has_rider = has_flag(&record, FLOE_SCTP_RECORD_RIDER);
    FLOE_ASSERT(!has_flag(&record, FLOE_SCTP_RECORD_DONE));
    if (at == q->head && !has_rider) {
        drop_front(q, &record);
        free_front(q);
        return;
    }
    record.flags |= FLOE_SCTP_RECORD_DONE;
    floe_sctp_sendq_store(q, at, &record);
    if (has_rider) {
        queue_fate(q, at, outcome);
    }
}

bool floe_sctp_sendq_take_fate(floe_sctp_sendq *q, floe_sctp_rider *rider)
{
    uint32_t at = q->fate_head;
    if (at == FLOE_SCTP_POSITION_NONE) {
        return false;
    }
    load_rider(q, at, rider);
    q->fate_head = rider->next;
    floe_sctp_record record = floe_sctp_sendq_load(q, at);
    record.flags |= FLOE_SCTP_RECORD_TOLD;
    floe_sctp_sendq_store(q, at, &record);
    if (at == q->head) {
        free_front(q);
    }
    return true;
}

void floe_sctp_sendq_settle(floe_sctp_sendq *q, floe_sctp_outcome outcome)
{
    uint32_t at = q->head;
    for (uint32_t i = 0; i < q->count; i++) {
        floe_sctp_record record = floe_sctp_sendq_load(q, at);
        if (has_flag(&record, FLOE_SCTP_RECORD_RIDER) &&
            !has_flag(&record, FLOE_SCTP_RECORD_DONE)) {
            queue_fate(q, at, outcome);
        }
        at = floe_sctp_sendq_next_of(q, at, &record);
    }
}

void floe_sctp_sendq_drop(floe_sctp_sendq *q, floe_sctp_outcome outcome)
{
    uint32_t at = q->head;
    uint32_t count = q->count; /* it shrinks on the way */
    q->unsent = 0;
    q->sent = 0;
    q->next = FLOE_SCTP_POSITION_NONE;
    q->open = FLOE_SCTP_NONE;
    floe_sctp_schedule_init(&q->schedule, (floe_sctp_scheduler)q->schedule.scheduler);
    for (uint32_t i = 0; i < count; i++) {
        floe_sctp_record record = floe_sctp_sendq_load(q, at);
        uint32_t next = floe_sctp_sendq_next_of(q, at, &record);
        if (!has_flag(&record, FLOE_SCTP_RECORD_DONE)) {
            floe_sctp_sendq_finish(q, at, outcome);
        }
        at = next;
    }
}
