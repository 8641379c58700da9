/*
 * sctp/sctp_outstanding.c - see sctp/sctp_outstanding.h.
 *
 * Three lists run through the ring: of what is not acknowledged, by TSN; of what of that is lost,
 * by TSN; and of the rest, by the time when it was last sent. A SACK walks the first list no
 * further than its highest block: it meets the holes and what it acknowledges anew, nothing else.
 * Lost chunks are taken from the front of the second. Looking for losses begins at the front of the
 * third, and ends with the first chunk that is not overdue.
 *
 *      cum      advanced                                           next_tsn
 *       |  ABND  ABND | hole  ACKED ACKED  hole(LOST)  flight flight |
 */
#include "sctp/sctp_outstanding.h"

#include "base/assert.h"
#include "base/serial.h"
#include "sctp/sctp_turns.h"

#define NONE       FLOE_SCTP_NONE
#define BLOCKS_MAX 16u /* a SACK with fewer gap blocks than that has not left any out */
/* RFC 3758 §3.5 C4: what a FORWARD TSN may list; beyond, the advanced ack point stops. */
#define SKIPPED_MAX 100u

void floe_sctp_outstanding_init(floe_sctp_outstanding *o, floe_sctp_tx *ring, uint32_t ring_len,
                                uint32_t initial_tsn)
{
    *o = (floe_sctp_outstanding){.ring = ring,
                                 .mask = ring_len - 1,
                                 .cum = initial_tsn - 1,
                                 .next_tsn = initial_tsn,
                                 .advanced = initial_tsn - 1,
                                 .head = NONE,
                                 .tail = NONE,
                                 .lost = {NONE, NONE},
                                 .flying = {NONE, NONE}};
    floe_sctp_rack_init(&o->rack, initial_tsn);
}

static floe_sctp_tx *entry_of(const floe_sctp_outstanding *o, uint32_t tsn)
{
    return &o->ring[tsn & o->mask];
}

static uint32_t tsn_of(const floe_sctp_outstanding *o, uint16_t at)
{
    uint32_t first = o->cum + 1;
    return first + ((at - first) & o->mask);
}

static void link_tail(floe_sctp_outstanding *o, uint16_t at)
{
    o->ring[at].prev = o->tail;
    o->ring[at].next = NONE;
    *(o->tail == NONE ? &o->head : &o->ring[o->tail].next) = at;
    o->tail = at;
}

static void unlink_entry(floe_sctp_outstanding *o, const floe_sctp_tx *tx)
{
    *(tx->prev == NONE ? &o->head : &o->ring[tx->prev].next) = tx->next;
    *(tx->next == NONE ? &o->tail : &o->ring[tx->next].prev) = tx->prev;
}

/* Whether anybody wants to know how fast data arrives. */
static bool has_rate(const floe_sctp_outstanding *o)
{
    return FLOE_SCTP_RATE && o->rate != NULL;
}

/* It is sent now. */
static void start_flight(floe_sctp_outstanding *o, uint16_t at, floe_time now)
{
    floe_sctp_tx *tx = &o->ring[at];
    uint32_t size = floe_sctp_tx_size(tx);
    tx->sent_us = (uint32_t)now;
    tx->mark = has_rate(o) ? floe_sctp_rate_on_send(o->rate, now, size, o->flight) : 0;
    o->flight += size;
    floe_sctp_chain_link(&o->flying, o->ring, o->flying.tail, at);
}

/* It is in no chain any more: neither in flight nor waiting to be sent again. */
static void leave_chain(floe_sctp_outstanding *o, floe_sctp_tx *tx)
{
    if ((tx->state & FLOE_SCTP_TX_LOST) != 0) {
        floe_sctp_chain_unlink(&o->lost, o->ring, tx);
        tx->state &= (uint8_t)~FLOE_SCTP_TX_LOST;
        return;
    }
    floe_sctp_chain_unlink(&o->flying, o->ring, tx);
    o->flight -= floe_sctp_tx_size(tx);
}

/* It is lost; by TSN. The search starts at `near`, where the last one of a row went, or at the end:
 * it is mostly the newest that is lost, or, after a timeout, the oldest. */
static void link_lost(floe_sctp_outstanding *o, uint16_t at, uint16_t near)
{
    uint32_t tsn = tsn_of(o, at);
    uint16_t before = near;
    if (o->lost.head != NONE && floe_serial32_lt(tsn, tsn_of(o, o->lost.head))) {
        before = NONE;
    }
    while (before != NONE && floe_serial32_lt(tsn, tsn_of(o, before))) {
        before = o->ring[before].chain_prev;
    }
    uint16_t after = before == NONE ? o->lost.head : o->ring[before].chain_next;
    while (after != NONE && floe_serial32_lt(tsn_of(o, after), tsn)) {
        before = after;
        after = o->ring[after].chain_next;
    }
    floe_sctp_chain_link(&o->lost, o->ring, before, at);
    o->ring[at].state |= FLOE_SCTP_TX_LOST;
}

static void take_out(floe_sctp_outstanding *o, floe_sctp_tx *tx)
{
    leave_chain(o, tx);
    unlink_entry(o, tx);
}

uint32_t floe_sctp_outstanding_add(floe_sctp_outstanding *o, uint32_t message, uint32_t offset,
                                   uint16_t len, floe_time now)
{
    FLOE_ASSERT(floe_sctp_outstanding_has_room(o));
    uint32_t tsn = o->next_tsn++;
    floe_sctp_tx *tx = entry_of(o, tsn);
    *tx = (floe_sctp_tx){.message = message, .offset = offset, .len = len, .sends = 1};
    link_tail(o, (uint16_t)(tsn & o->mask));
    start_flight(o, (uint16_t)(tsn & o->mask), now);
    if (!o->is_timed) { /* RFC 9260 §6.3.1 C4: one measurement in a round trip */
        o->is_timed = true;
        o->timed_tsn = tsn;
        o->timed_at = now;
    }
    return tsn;
}

const floe_sctp_tx *floe_sctp_outstanding_lost(const floe_sctp_outstanding *o, uint32_t *tsn)
{
    if (o->lost.head == NONE) {
        return NULL;
    }
    *tsn = tsn_of(o, o->lost.head);
    return &o->ring[o->lost.head];
}

static uint16_t count_up(uint16_t count)
{
    return count < UINT16_MAX ? (uint16_t)(count + 1) : UINT16_MAX;
}

void floe_sctp_outstanding_resend(floe_sctp_outstanding *o, floe_time now)
{
    uint16_t at = o->lost.head;
    FLOE_ASSERT(at != NONE);
    floe_sctp_tx *tx = &o->ring[at];
    /* RFC 9260 §6.3.1 C5 (Karn): an answer after this may be one to either transmission. */
    if (o->is_timed && floe_serial32_le(tsn_of(o, at), o->timed_tsn)) {
        o->is_timed = false;
    }
    leave_chain(o, tx);
    tx->sends = count_up(tx->sends);
    o->resent = count_up(o->resent);
    start_flight(o, at, now);
}

/* A chunk is acknowledged that was not before. */
static void count_ack(floe_sctp_outstanding *o, floe_sctp_tx *tx, uint32_t tsn, floe_time now,
                      floe_sctp_ack *ack)
{
    uint32_t size = floe_sctp_tx_size(tx);
    ack->acked += size;
    if (o->is_timed && o->timed_tsn == tsn) {
        o->is_timed = false;
        ack->sent_at = o->timed_at;
    }
    bool is_answer = false;
    if ((tx->state & FLOE_SCTP_TX_LOST) == 0) {
        is_answer = floe_sctp_rack_on_arrival(&o->rack, now, tx->sent_us, tsn, tx->sends);
        if (!is_answer && o->needless < o->resent) {
            o->needless++;
            o->foreseen = count_up(o->foreseen);
        }
        ack->is_repaired |= is_answer && (tx->state & FLOE_SCTP_TX_PROBE) != 0;
        ack->rtt_us = tx->sends == 1 ? (uint32_t)now - tx->sent_us : ack->rtt_us;
    }
    if (has_rate(o)) {
        floe_sctp_rate_on_arrival(o->rate, now, size, tx->mark, tx->sent_us, is_answer);
    }
    take_out(o, tx);
}

/* The peer has the chunk for good: its bytes are no longer needed. Returns its stream, which is
 * most often that of the last one, `near`. */
static floe_sctp_stream *release(floe_sctp_sendq *q, floe_sctp_streams *streams,
                                 const floe_sctp_tx *tx, floe_sctp_stream *near)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, tx->message);
    bool is_near = near != NULL && near->id == record.stream;
    floe_sctp_stream *stream = is_near ? near : floe_sctp_streams_find(streams, record.stream);
    FLOE_ASSERT(stream != NULL);
    floe_sctp_streams_drain(streams, stream, floe_sctp_record_count(&record, tx->len));
    if (tx->offset + tx->len == record.len) {
        floe_sctp_sendq_finish(q, tx->message, FLOE_SCTP_OUTCOME_ACKED);
    }
    return stream;
}

static void ack_up_to(floe_sctp_outstanding *o, floe_sctp_sendq *q, floe_sctp_streams *streams,
                      const floe_sctp_sack *sack, floe_time now, floe_sctp_ack *ack)
{
    floe_sctp_stream *stream = NULL;
    while (o->cum != sack->cum) {
        uint32_t tsn = o->cum + 1;
        floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & (FLOE_SCTP_TX_ACKED | FLOE_SCTP_TX_ABANDONED)) == 0) {
            count_ack(o, tx, tsn, now, ack);
        }
        if ((tx->state & FLOE_SCTP_TX_ACKED) != 0) {
            o->gap_acked -= floe_sctp_tx_size(tx);
        }
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) == 0) {
            stream = release(q, streams, tx, stream);
        }
        o->cum = tsn;
        ack->is_cum_moved = true;
    }
    if (floe_serial32_lt(o->advanced, o->cum)) {
        o->advanced = o->cum; /* RFC 3758 §3.5: C1 */
    }
}

/* Acknowledge what the gap blocks cover. Of blocks that are empty, out of order, or beyond what was
 * sent nothing is believed. */
static void ack_gaps(floe_sctp_outstanding *o, const floe_sctp_sack *sack, floe_time now,
                     floe_sctp_ack *ack)
{
    uint32_t sent = o->next_tsn - 1 - o->cum; /* offsets from cum from here on */
    uint32_t covered = 0;
    uint16_t at = o->head;
    for (size_t i = 0; i < sack->block_count; i++) {
        floe_sctp_gap gap = floe_sctp_sack_gap(sack, i);
        uint32_t end = gap.end < sent ? gap.end : sent;
        if (gap.start <= covered || gap.start > end) {
            continue;
        }
        covered = end;
        while (at != NONE && tsn_of(o, at) - o->cum < gap.start) {
            at = o->ring[at].next;
        }
        while (at != NONE && tsn_of(o, at) - o->cum <= end) {
            floe_sctp_tx *tx = &o->ring[at];
            uint32_t tsn = tsn_of(o, at);
            at = tx->next;
            count_ack(o, tx, tsn, now, ack);
            tx->state |= FLOE_SCTP_TX_ACKED;
            o->gap_acked += floe_sctp_tx_size(tx);
        }
    }
}

/* The peer got chunks twice: retransmissions were needless, or the network has doubled them. */
static void note_duplicates(floe_sctp_outstanding *o, uint16_t count, floe_sctp_ack *ack)
{
    if (ack->is_repaired) {
        ack->is_repaired = false; /* RFC 8985 §7.4.2: the probe came second */
        return;
    }
    if (o->resent > 0) {
        floe_sctp_rack_on_duplicate(&o->rack, o->cum, o->next_tsn - 1);
    }
    uint16_t known = count < o->foreseen ? count : o->foreseen;
    o->foreseen = (uint16_t)(o->foreseen - known);
    uint32_t needless = (uint32_t)o->needless + count - known;
    o->needless = needless < o->resent ? (uint16_t)needless : o->resent;
}

floe_err floe_sctp_outstanding_sack(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                                    floe_sctp_streams *streams, const floe_sctp_sack *sack,
                                    floe_time now, floe_sctp_ack *ack)
{
    *ack = (floe_sctp_ack){.flight_before = o->flight, .sent_at = FLOE_TIME_NEVER};
    /* RFC 9260 §6.2.1 D i: the cumulative TSN never goes back; this one was overtaken. */
    if (floe_serial32_lt(sack->cum, o->cum)) {
        return FLOE_E_UNKNOWN;
    }
    if (sack->cum - o->cum > floe_sctp_outstanding_count(o)) {
        return FLOE_E_MALFORMED;
    }
    ack_up_to(o, q, streams, sack, now, ack);
    ack_gaps(o, sack, now, ack);
    /* The list ends where the packet does, or where the peer had enough (dcSCTP: at 20). */
    o->rack.is_blind = sack->block_count >= BLOCKS_MAX;
    if (sack->dup_count > 0) {
        note_duplicates(o, sack->dup_count, ack);
    }
    return FLOE_OK;
}

bool floe_sctp_outstanding_detect(floe_sctp_outstanding *o, floe_time now, uint32_t srtt_us,
                                  uint32_t sure, floe_time *due)
{
    uint32_t window = floe_sctp_rack_window(&o->rack, srtt_us, o->gap_acked >= sure);
    uint16_t near = o->lost.tail;
    bool is_loss = false;
    *due = FLOE_TIME_NEVER;
    while (o->flying.head != NONE) {
        uint16_t at = o->flying.head;
        floe_sctp_tx *tx = &o->ring[at];
        bool is_unseen = tx->sends == 1 && floe_serial32_lt(o->rack.highest, tsn_of(o, at));
        if (o->rack.is_blind && is_unseen) {
            break;
        }
        uint32_t remaining =
            floe_sctp_rack_remaining(&o->rack, now, tx->sent_us, tsn_of(o, at), window);
        if (remaining > 0) {
            *due = remaining == UINT32_MAX ? FLOE_TIME_NEVER : floe_time_after(now, remaining);
            break;
        }
        leave_chain(o, tx);
        tx->state &= (uint8_t)~FLOE_SCTP_TX_PROBE; /* what mends it is no probe */
        if (has_rate(o)) {
            floe_sctp_rate_on_loss(o->rate, floe_sctp_tx_size(tx), tx->mark);
        }
        link_lost(o, at, near);
        near = at;
        is_loss = true;
    }
    return is_loss;
}

void floe_sctp_outstanding_lose_all(floe_sctp_outstanding *o)
{
    if (floe_sctp_outstanding_count(o) == 0) {
        return;
    }
    /* RFC 9260 §6.2.1 D iii: a peer that has the next TSN in a gap block and yet not moved on has
     * thrown it away: none of its gap blocks is believed any more. */
    bool is_renege = (entry_of(o, o->cum + 1)->state & FLOE_SCTP_TX_ACKED) != 0;
    o->head = o->tail = NONE;
    o->lost = o->flying = (floe_sctp_chain){NONE, NONE};
    o->flight = 0;
    o->gap_acked = is_renege ? 0 : o->gap_acked;
    o->foreseen = 0;
    o->is_timed = false;
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) != 0 ||
            ((tx->state & FLOE_SCTP_TX_ACKED) != 0 && !is_renege)) {
            continue;
        }
        tx->state = 0;
        link_tail(o, (uint16_t)(tsn & o->mask));
        link_lost(o, (uint16_t)(tsn & o->mask), o->lost.tail);
    }
}

void floe_sctp_outstanding_unlose(floe_sctp_outstanding *o)
{
    /* From the last to the first, in front of the few that were sent since. */
    while (o->lost.tail != NONE) {
        uint16_t at = o->lost.tail;
        floe_sctp_tx *tx = &o->ring[at];
        leave_chain(o, tx);
        o->flight += floe_sctp_tx_size(tx);
        floe_sctp_chain_link(&o->flying, o->ring, NONE, at);
    }
}

const floe_sctp_tx *floe_sctp_outstanding_tail(const floe_sctp_outstanding *o)
{
    const uint8_t settled = FLOE_SCTP_TX_LOST | FLOE_SCTP_TX_PROBE;
    bool is_there = o->tail != NONE && (o->ring[o->tail].state & settled) == 0;
    return is_there ? &o->ring[o->tail] : NULL;
}

void floe_sctp_outstanding_probe(floe_sctp_outstanding *o)
{
    FLOE_ASSERT(floe_sctp_outstanding_tail(o) != NULL);
    uint16_t at = o->tail;
    leave_chain(o, &o->ring[at]);
    link_lost(o, at, o->lost.tail);
    o->ring[at].state |= FLOE_SCTP_TX_PROBE;
}

void floe_sctp_outstanding_watch(floe_sctp_outstanding *o)
{
    o->resent = 0;
    o->needless = 0;
}

/*
 * Partial reliability. An abandoned chunk keeps its place in the ring until the peer's cumulative
 * TSN has passed it, but lets go of its message at once: only stream and SSN are remembered, in
 * place of `message`. When the advanced ack point passes it, these go into the stream's entry, so
 * that the list of a FORWARD TSN is ready at any time, and is right for that very point.
 */
static void mark_abandoned(floe_sctp_tx *tx, const floe_sctp_record *record)
{
    bool is_unordered = (record->flags & FLOE_SCTP_RECORD_UNORDERED) != 0;
    tx->state = FLOE_SCTP_TX_ABANDONED;
    tx->state |= is_unordered ? FLOE_SCTP_TX_UNORDERED : 0;
    tx->message = (uint32_t)record->stream << 16 | record->ssn;
}

void floe_sctp_outstanding_give_up(floe_sctp_outstanding *o, floe_sctp_tx *tx,
                                   const floe_sctp_record *record)
{
    if ((tx->state & FLOE_SCTP_TX_ACKED) == 0) {
        take_out(o, tx);
    } else {
        o->gap_acked -= floe_sctp_tx_size(tx);
    }
    mark_abandoned(tx, record);
}

/* Abandon what was sent of a message. Returns where the first of its bytes lies that the peer has
 * not acknowledged for good, or `sent` where it has them all. */
static uint32_t abandon_chunks(floe_sctp_outstanding *o, uint32_t message,
                               const floe_sctp_record *record, uint32_t sent)
{
    uint32_t first = floe_serial32_lt(o->cum, record->first_tsn) ? record->first_tsn : o->cum + 1;
    uint32_t unacked = sent;
    for (uint32_t tsn = first; tsn != o->next_tsn; tsn++) {
        floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) != 0 || tx->message != message) {
            break;
        }
        unacked = tsn == first ? tx->offset : unacked;
        floe_sctp_outstanding_give_up(o, tx, record);
    }
    return unacked;
}

/* All fragments that were sent may have arrived: a FORWARD TSN for one that is not ends them. */
void floe_sctp_outstanding_add_end(floe_sctp_outstanding *o, floe_sctp_stream *stream,
                                   const floe_sctp_record *record)
{
    FLOE_ASSERT(floe_sctp_outstanding_count(o) <= o->mask);
    floe_sctp_tx *end = entry_of(o, o->next_tsn);
    *end = (floe_sctp_tx){0};
    mark_abandoned(end, record);
    stream->last_tsn = o->next_tsn++;
    stream->flags |= FLOE_SCTP_STREAM_HAS_TSN;
}

void floe_sctp_outstanding_abandon(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                                   floe_sctp_streams *streams, uint32_t message)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_abandon(o, q, streams, message);
        return;
    }
    floe_sctp_record record = floe_sctp_sendq_load(q, message);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, record.stream);
    FLOE_ASSERT(stream != NULL);
    bool is_started = (record.flags & FLOE_SCTP_RECORD_STARTED) != 0;
    bool is_next = q->unsent > 0 && q->next == message;
    uint32_t unacked = is_next ? q->sent : record.len;
    if (is_started) {
        /* RFC 3758 §3.5 A3: with one fragment, all are abandoned. */
        unacked = abandon_chunks(o, message, &record, unacked);
    }
    if (is_started && is_next) {
        floe_sctp_outstanding_add_end(o, stream, &record);
    }
    if (is_next) {
        floe_sctp_sendq_pass(q, streams, &record);
    }
    floe_sctp_streams_drain(streams, stream, floe_sctp_record_count(&record, record.len - unacked));
    floe_sctp_sendq_finish(q, message, FLOE_SCTP_OUTCOME_ABANDONED);
}

static bool is_skipped(const floe_sctp_outstanding *o, const floe_sctp_stream *stream)
{
    return (stream->flags & FLOE_SCTP_STREAM_SKIPPED) != 0 &&
           floe_serial32_lt(o->cum, stream->skip_tsn);
}

/* Forget what the peer's cumulative TSN has passed, and count the rest anew. */
static void recount_skipped(floe_sctp_outstanding *o, floe_sctp_streams *streams)
{
    o->skipped = 0;
    for (uint32_t i = 0; i < streams->end; i++) {
        floe_sctp_stream *stream = &streams->table[i];
        if (!floe_sctp_stream_is_used(stream)) {
            continue;
        }
        if (is_skipped(o, stream)) {
            o->skipped++;
        } else if ((stream->flags & FLOE_SCTP_STREAM_SKIPPED) != 0) {
            stream->flags &= (uint8_t)~FLOE_SCTP_STREAM_SKIPPED;
            floe_sctp_streams_drop_idle(streams, stream);
        }
    }
}

/* Note that an ordered message is skipped. False: the list for the peer is full. */
static bool note_skipped(floe_sctp_outstanding *o, floe_sctp_streams *streams, uint32_t tsn,
                         uint32_t stream_and_ssn)
{
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, (uint16_t)(stream_and_ssn >> 16));
    if (stream == NULL) {
        return true; /* reset since: its numbers start over */
    }
    if ((stream->flags & FLOE_SCTP_STREAM_SKIPPED) == 0) {
        if (o->skipped == SKIPPED_MAX) {
            recount_skipped(o, streams);
        }
        if (o->skipped == SKIPPED_MAX) {
            return false;
        }
        o->skipped++;
        stream->flags |= FLOE_SCTP_STREAM_SKIPPED;
    }
    stream->skip_tsn = tsn;
    stream->skip_ssn = (uint16_t)stream_and_ssn;
    return true;
}

bool floe_sctp_outstanding_advance(floe_sctp_outstanding *o, floe_sctp_streams *streams)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        return floe_sctp_turns_advance(o, streams);
    }
    bool has_moved = false;
    /* RFC 3758 §3.5 C2: over abandoned chunks, and only over these. */
    while (o->advanced + 1 != o->next_tsn) {
        uint32_t tsn = o->advanced + 1;
        const floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) == 0) {
            break;
        }
        if ((tx->state & FLOE_SCTP_TX_UNORDERED) == 0 &&
            !note_skipped(o, streams, tsn, tx->message)) {
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

void floe_sctp_outstanding_put_forward(const floe_sctp_outstanding *o,
                                       const floe_sctp_streams *streams, floe_writer *w)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_turns_put_forward(o, streams, w);
        return;
    }
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    floe_writer_put_u32(w, o->advanced);
    for (uint32_t i = 0; i < streams->end && o->skipped > 0; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        if (floe_sctp_stream_is_used(stream) && is_skipped(o, stream)) {
            floe_writer_put_u16(w, stream->id);
            floe_writer_put_u16(w, stream->skip_ssn);
        }
    }
    floe_sctp_chunk_end(w, begin);
}
