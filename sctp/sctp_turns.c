/* sctp/sctp_turns.c - see sctp/sctp_turns.h. */
#include "sctp/sctp_turns.h"

#include "base/assert.h"
#include "base/serial.h"
#include "sctp/sctp_idata.h"

#if FLOE_SCTP_IDATA

#define NONE     FLOE_SCTP_POSITION_NONE
#define TURN_MAX 1200u /* what a turn of a message counts for that goes in fragments: about one */
/* RFC 3758 §3.5 C4: twice the entries that an I-FORWARD-TSN may have, which are 8 bytes each;
 * beyond, the advanced ack point stops. */
#define SKIPPED_MAX 100u

static unsigned order_of(const floe_sctp_record *record)
{
    return (record->flags & FLOE_SCTP_RECORD_UNORDERED) != 0;
}

/* --- turns --- */

uint32_t floe_sctp_turns_next_of(const floe_sctp_streams *streams, const floe_sctp_stream *stream)
{
    uint32_t begun = floe_sctp_lane_of(streams, stream)->begun;
    return begun != NONE ? begun : stream->send_head;
}

void floe_sctp_turns_choose(floe_sctp_sendq *q, floe_sctp_streams *streams)
{
    const floe_sctp_stream *stream = floe_sctp_schedule_first(&q->schedule, streams);
    q->next = NONE;
    q->sent = 0;
    if (stream != NULL) {
        const floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
        q->next = floe_sctp_turns_next_of(streams, stream);
        q->sent = lane->begun != NONE ? lane->sent : 0;
    }
}

static void add(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                uint32_t len)
{
    uint32_t at = floe_sctp_turns_next_of(streams, stream);
    floe_sctp_schedule_add(&q->schedule, streams, stream, len < TURN_MAX ? len : TURN_MAX,
                           floe_sctp_sendq_arrival(q, at));
}

/* The stream is out of the schedule, wherever it stood, if it did. */
static void take_out(floe_sctp_schedule *schedule, floe_sctp_streams *streams,
                     const floe_sctp_stream *stream)
{
    uint16_t at = (uint16_t)(stream - streams->table);
    if (schedule->head == at) {
        floe_sctp_schedule_take(schedule, streams);
        return;
    }
    uint16_t before = schedule->head;
    while (before != FLOE_SCTP_NONE && streams->table[before].turn_next != at) {
        before = streams->table[before].turn_next;
    }
    if (before == FLOE_SCTP_NONE) {
        return;
    }
    streams->table[before].turn_next = stream->turn_next;
    schedule->tail = schedule->tail == at ? before : schedule->tail;
}

void floe_sctp_turns_await(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                           uint32_t len)
{
    if (floe_sctp_lane_of(streams, stream)->begun == NONE) {
        add(q, streams, stream, len);
    }
}

void floe_sctp_turns_start(floe_sctp_sendq *q, floe_sctp_streams *streams)
{
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        streams->interleaving->lanes[i] = (floe_sctp_lane){.open = FLOE_SCTP_NONE, .begun = NONE};
    }
    if (q->open != FLOE_SCTP_NONE && streams->table[q->open].send_head != NONE) {
        /* The message by parts waits like any other, no longer until all others are sent. */
        floe_sctp_stream *stream = &streams->table[q->open];
        take_out(&q->schedule, streams, stream);
        add(q, streams, stream, floe_sctp_sendq_load(q, stream->send_head).len);
    }
    floe_sctp_turns_choose(q, streams);
}

void floe_sctp_turns_begin(floe_sctp_sendq *q, floe_sctp_streams *streams,
                           const floe_sctp_record *record)
{
    const floe_sctp_stream *stream = floe_sctp_schedule_first(&q->schedule, streams);
    FLOE_ASSERT(stream != NULL && stream->id == record->stream);
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    FLOE_ASSERT(lane->begun == NONE);
    lane->begun = q->next;
    lane->sent = 0;
    if ((record->flags & FLOE_SCTP_RECORD_REST) == 0) {
        /* RFC 8260 §2.1: each order has a counter of its own. */
        lane->mid = lane->out_mid[order_of(record)]++;
        lane->fsn = 0;
    }
}

void floe_sctp_turns_end(floe_sctp_sendq *q, floe_sctp_streams *streams,
                         const floe_sctp_record *record)
{
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, record->stream);
    FLOE_ASSERT(stream != NULL);
    if ((record->flags & FLOE_SCTP_RECORD_STARTED) != 0) {
        floe_sctp_lane_of(streams, stream)->begun = NONE;
    } else {
        stream->send_head = record->behind;
    }
    take_out(&q->schedule, streams, stream);
    if (stream->send_head != NONE) {
        add(q, streams, stream, floe_sctp_sendq_load(q, stream->send_head).len);
    }
}

void floe_sctp_turns_yield(floe_sctp_sendq *q, floe_sctp_streams *streams,
                           const floe_sctp_record *record)
{
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, record->stream);
    FLOE_ASSERT(stream != NULL && floe_sctp_lane_of(streams, stream)->begun == q->next);
    floe_sctp_lane_of(streams, stream)->sent = q->sent;
    take_out(&q->schedule, streams, stream);
    add(q, streams, stream, record->len - q->sent);
    floe_sctp_turns_choose(q, streams);
}

/* --- what is given up --- */

/* Abandon what was sent of a message; between its chunks are those of others. Returns where the
 * first of its bytes lies that the peer does not have for good; `sent`, where it has all. */
static uint32_t abandon_chunks(floe_sctp_outstanding *o, uint32_t message,
                               const floe_sctp_record *record, uint32_t sent)
{
    uint32_t first = floe_serial32_lt(o->cum, record->first_tsn) ? record->first_tsn : o->cum + 1;
    uint32_t unacked = sent;
    bool is_through = false;
    for (uint32_t tsn = first; tsn != o->next_tsn && !is_through; tsn++) {
        floe_sctp_tx *tx = &o->ring[tsn & o->mask];
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) != 0 || tx->message != message) {
            continue;
        }
        unacked = tx->offset < unacked ? tx->offset : unacked;
        is_through = tx->offset + tx->len == sent;
        floe_sctp_outstanding_give_up(o, tx, record);
    }
    return unacked;
}

void floe_sctp_turns_add_end(floe_sctp_outstanding *o, floe_sctp_streams *streams,
                             floe_sctp_stream *stream, const floe_sctp_record *record)
{
    floe_sctp_outstanding_add_end(o, stream, record);
    const floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    streams->interleaving->ring[stream->last_tsn & o->mask] =
        (floe_sctp_number){lane->mid, lane->fsn};
}

void floe_sctp_turns_abandon(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                             floe_sctp_streams *streams, uint32_t message)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, message);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, record.stream);
    FLOE_ASSERT(stream != NULL);
    const floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    bool is_started = (record.flags & FLOE_SCTP_RECORD_STARTED) != 0;
    bool is_begun = lane->begun == message;
    uint32_t unacked = 0;
    if (is_started) {
        unacked = abandon_chunks(o, message, &record, is_begun ? lane->sent : record.len);
    }
    if (is_begun) {
        floe_sctp_turns_add_end(o, streams, stream, &record);
    }
    if (is_begun || !is_started) {
        floe_sctp_sendq_pass(q, streams, &record);
    }
    floe_sctp_streams_drain(streams, stream, floe_sctp_record_count(&record, record.len - unacked));
    floe_sctp_sendq_finish(q, message, FLOE_SCTP_OUTCOME_ABANDONED);
}

/* Whether the peer is yet to be told of what was skipped in this order. */
static bool is_skipped(const floe_sctp_outstanding *o, const floe_sctp_lane *lane, unsigned order)
{
    return (lane->skipped & 1u << order) != 0 && floe_serial32_lt(o->cum, lane->skip_tsn[order]);
}

/* Forget what the peer's cumulative TSN has passed, and count the rest anew. */
static void recount_skipped(floe_sctp_outstanding *o, floe_sctp_streams *streams)
{
    o->skipped = 0;
    for (uint32_t i = 0; i < streams->end; i++) {
        floe_sctp_lane *lane = &streams->interleaving->lanes[i];
        lane->skipped = (uint8_t)(is_skipped(o, lane, 0) | is_skipped(o, lane, 1) << 1);
        o->skipped += 2u * ((lane->skipped & 1u) + (lane->skipped >> 1));
    }
}

/* Note that a message is skipped. False: the list for the peer is full. */
static bool note_skipped(floe_sctp_outstanding *o, floe_sctp_streams *streams, uint32_t tsn)
{
    const floe_sctp_tx *tx = &o->ring[tsn & o->mask];
    const floe_sctp_stream *stream = floe_sctp_streams_find(streams, (uint16_t)(tx->message >> 16));
    if (stream == NULL) {
        return true; /* reset since: its numbers start over */
    }
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    unsigned order = (tx->state & FLOE_SCTP_TX_UNORDERED) != 0;
    if ((lane->skipped & 1u << order) == 0) {
        if (o->skipped >= SKIPPED_MAX) {
            recount_skipped(o, streams);
        }
        if (o->skipped >= SKIPPED_MAX) {
            return false;
        }
        o->skipped += 2;
        lane->skipped |= (uint8_t)(1u << order);
    }
    lane->skip_tsn[order] = tsn;
    lane->skip_mid[order] = streams->interleaving->ring[tsn & o->mask].mid;
    return true;
}

bool floe_sctp_turns_advance(floe_sctp_outstanding *o, floe_sctp_streams *streams)
{
    bool has_moved = false;
    /* RFC 3758 §3.5 C2: over abandoned chunks, and only over these. */
    for (uint32_t tsn = o->advanced + 1; tsn != o->next_tsn; tsn++) {
        bool is_abandoned = (o->ring[tsn & o->mask].state & FLOE_SCTP_TX_ABANDONED) != 0;
        if (!is_abandoned || !note_skipped(o, streams, tsn)) {
            break;
        }
        o->advanced = tsn;
        has_moved = true;
    }
    if (o->advanced == o->cum && o->skipped > 0) {
        recount_skipped(o, streams);
    }
    return has_moved;
}

/* RFC 8260 §2.3.1: of each stream and order the last message that is skipped. */
void floe_sctp_turns_put_forward(const floe_sctp_outstanding *o, const floe_sctp_streams *streams,
                                 floe_writer *w)
{
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0);
    floe_writer_put_u32(w, o->advanced);
    for (uint32_t i = 0; i < 2 * streams->end && o->skipped > 0; i++) {
        const floe_sctp_lane *lane = &streams->interleaving->lanes[i / 2];
        if (is_skipped(o, lane, i % 2)) {
            floe_sctp_i_skip_put(w, &(floe_sctp_i_skip){.mid = lane->skip_mid[i % 2],
                                                        .stream = streams->table[i / 2].id,
                                                        .is_unordered = i % 2 == 1});
        }
    }
    floe_sctp_chunk_end(w, begin);
}

#else
typedef int floe_sctp_turns_is_left_out; /* ISO C has no empty files */
#endif
