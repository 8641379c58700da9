/*
 * sctp/sctp_outstanding.c - see sctp/sctp_outstanding.h.
 *
 * Two lists run through the ring, both by TSN: of what is not acknowledged, and of what of that is
 * lost. A SACK walks the first list no further than its highest block: it meets the holes and what
 * it acknowledges anew, nothing else. A packet takes the lost chunks from the front of the second.
 *
 *      cum      advanced                                           next_tsn
 *       |  ABND  ABND | hole  ACKED ACKED  hole(LOST)  flight flight |
 */
#include "sctp/sctp_outstanding.h"

#include "base/assert.h"
#include "base/serial.h"

#define NONE        FLOE_SCTP_NONE
#define MISSES_LOST 3u /* RFC 9260 §7.2.4 */
/* RFC 3758 §3.5 C4: the list of a FORWARD TSN has to fit into a packet, with what else is in it.
 * Where it would not, the advanced ack point stops. */
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
                                 .lost_head = NONE,
                                 .lost_tail = NONE};
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

static void unlink_lost(floe_sctp_outstanding *o, floe_sctp_tx *tx)
{
    *(tx->lost_prev == NONE ? &o->lost_head : &o->ring[tx->lost_prev].lost_next) = tx->lost_next;
    *(tx->lost_next == NONE ? &o->lost_tail : &o->ring[tx->lost_next].lost_prev) = tx->lost_prev;
    tx->state &= (uint8_t)~FLOE_SCTP_TX_LOST;
}

/* Insert by TSN. The search starts at the end: what is found lost is mostly the newest of it, or,
 * after a timeout, older than all that is still to be sent again. */
static void link_lost(floe_sctp_outstanding *o, uint16_t at)
{
    uint32_t tsn = tsn_of(o, at);
    uint16_t before = o->lost_tail;
    if (o->lost_head != NONE && floe_serial32_lt(tsn, tsn_of(o, o->lost_head))) {
        before = NONE;
    }
    while (before != NONE && floe_serial32_lt(tsn, tsn_of(o, before))) {
        before = o->ring[before].lost_prev;
    }
    floe_sctp_tx *tx = &o->ring[at];
    tx->lost_prev = before;
    tx->lost_next = before == NONE ? o->lost_head : o->ring[before].lost_next;
    *(before == NONE ? &o->lost_head : &o->ring[before].lost_next) = at;
    *(tx->lost_next == NONE ? &o->lost_tail : &o->ring[tx->lost_next].lost_prev) = at;
    tx->state |= FLOE_SCTP_TX_LOST;
}

/* It is neither in flight nor waiting to be sent again from now on. */
static void take_out(floe_sctp_outstanding *o, floe_sctp_tx *tx)
{
    if ((tx->state & FLOE_SCTP_TX_LOST) != 0) {
        unlink_lost(o, tx);
    } else {
        o->flight -= floe_sctp_tx_size(tx);
    }
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
    o->flight += floe_sctp_tx_size(tx);
    if (!o->is_timed) { /* RFC 9260 §6.3.1 C4: one measurement in a round trip */
        o->is_timed = true;
        o->timed_tsn = tsn;
        o->timed_at = now;
    }
    return tsn;
}

const floe_sctp_tx *floe_sctp_outstanding_lost(const floe_sctp_outstanding *o, uint32_t *tsn)
{
    if (o->lost_head == NONE) {
        return NULL;
    }
    *tsn = tsn_of(o, o->lost_head);
    return &o->ring[o->lost_head];
}

void floe_sctp_outstanding_resend(floe_sctp_outstanding *o)
{
    FLOE_ASSERT(o->lost_head != NONE);
    floe_sctp_tx *tx = &o->ring[o->lost_head];
    /* RFC 9260 §6.3.1 C5 (Karn): an answer after this may be one to either transmission. */
    if (o->is_timed && floe_serial32_le(tsn_of(o, o->lost_head), o->timed_tsn)) {
        o->is_timed = false;
    }
    unlink_lost(o, tx);
    tx->misses = 0;
    tx->sends = tx->sends < UINT16_MAX ? (uint16_t)(tx->sends + 1) : UINT16_MAX;
    o->flight += floe_sctp_tx_size(tx);
}

/* A chunk is acknowledged that was not before. */
static void count_ack(floe_sctp_outstanding *o, floe_sctp_tx *tx, uint32_t tsn, floe_sctp_ack *ack)
{
    ack->acked += floe_sctp_tx_size(tx);
    if (o->is_timed && o->timed_tsn == tsn) {
        o->is_timed = false;
        ack->sent_at = o->timed_at;
    }
    take_out(o, tx);
}

/* The peer has the chunk for good: its bytes are no longer needed. */
static void release(floe_sctp_sendq *q, floe_sctp_streams *streams, const floe_sctp_tx *tx)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, tx->message);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, record.stream);
    FLOE_ASSERT(stream != NULL);
    floe_sctp_streams_drain(streams, stream, tx->len);
    if (tx->offset + tx->len == record.len) {
        floe_sctp_sendq_finish(q, tx->message);
    }
}

static void ack_up_to(floe_sctp_outstanding *o, floe_sctp_sendq *q, floe_sctp_streams *streams,
                      uint32_t cum, floe_sctp_ack *ack)
{
    while (o->cum != cum) {
        uint32_t tsn = o->cum + 1;
        floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & (FLOE_SCTP_TX_ACKED | FLOE_SCTP_TX_ABANDONED)) == 0) {
            count_ack(o, tx, tsn, ack);
        }
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) == 0) {
            release(q, streams, tx);
        }
        o->cum = tsn;
        ack->is_cum_moved = true;
    }
    if (floe_serial32_lt(o->advanced, cum)) {
        o->advanced = cum; /* RFC 3758 §3.5: C1 */
    }
}

/* Acknowledge what the gap blocks cover. Returns the highest TSN that is newly acknowledged (cum
 * where none is); *reported is the highest that any block covers. Blocks that are empty, out of
 * order, or beyond what was sent are passed over: the peer is at fault, and nothing rests on them.
 */
static uint32_t ack_gaps(floe_sctp_outstanding *o, const floe_sctp_sack *sack, floe_sctp_ack *ack,
                         uint32_t *reported)
{
    uint32_t newest = o->cum;
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
            newest = tsn_of(o, at);
            at = tx->next;
            count_ack(o, tx, newest, ack);
            tx->state |= FLOE_SCTP_TX_ACKED;
        }
    }
    *reported = o->cum + covered;
    return newest;
}

/* RFC 9260 §7.2.4: chunks before `limit` that are still missing count one miss; the third makes
 * them lost, once. */
static bool count_misses(floe_sctp_outstanding *o, uint32_t limit)
{
    const uint8_t settled = FLOE_SCTP_TX_LOST | FLOE_SCTP_TX_FAST;
    bool is_loss = false;
    for (uint16_t at = o->head; at != NONE; at = o->ring[at].next) {
        floe_sctp_tx *tx = &o->ring[at];
        if (!floe_serial32_lt(tsn_of(o, at), limit)) {
            break;
        }
        if ((tx->state & settled) != 0 || ++tx->misses < MISSES_LOST) {
            continue;
        }
        o->flight -= floe_sctp_tx_size(tx);
        tx->state |= FLOE_SCTP_TX_FAST;
        link_lost(o, at);
        is_loss = true;
    }
    return is_loss;
}

floe_err floe_sctp_outstanding_sack(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                                    floe_sctp_streams *streams, const floe_sctp_sack *sack,
                                    bool in_recovery, floe_sctp_ack *ack)
{
    *ack = (floe_sctp_ack){.flight_before = o->flight, .sent_at = FLOE_TIME_NEVER};
    /* RFC 9260 §6.2.1 D i: the cumulative TSN never goes back; this one was overtaken. */
    if (floe_serial32_lt(sack->cum, o->cum)) {
        return FLOE_E_UNKNOWN;
    }
    if (sack->cum - o->cum > floe_sctp_outstanding_count(o)) {
        return FLOE_E_MALFORMED;
    }
    ack_up_to(o, q, streams, sack->cum, ack);
    uint32_t reported;
    uint32_t newest = ack_gaps(o, sack, ack, &reported);
    /* RFC 9260 §7.2.4: misses are counted up to the highest TSN newly acknowledged; in fast
     * recovery, when the cumulative TSN moves, up to the highest reported. */
    bool is_partial = in_recovery && ack->is_cum_moved;
    ack->is_loss = count_misses(o, is_partial ? reported : newest);
    return FLOE_OK;
}

void floe_sctp_outstanding_lose_all(floe_sctp_outstanding *o)
{
    if (floe_sctp_outstanding_count(o) == 0) {
        return;
    }
    /* RFC 9260 §6.2.1 D iii: a peer that has the next TSN in a gap block and yet does not move its
     * cumulative TSN has thrown away what it had: none of its gap blocks is believed any more. */
    bool is_renege = (entry_of(o, o->cum + 1)->state & FLOE_SCTP_TX_ACKED) != 0;
    o->head = o->tail = o->lost_head = o->lost_tail = NONE;
    o->flight = 0;
    o->is_timed = false;
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) != 0 ||
            ((tx->state & FLOE_SCTP_TX_ACKED) != 0 && !is_renege)) {
            continue;
        }
        tx->state = 0;
        tx->misses = 0;
        link_tail(o, (uint16_t)(tsn & o->mask));
        link_lost(o, (uint16_t)(tsn & o->mask));
    }
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
        if ((tx->state & FLOE_SCTP_TX_ACKED) == 0) {
            take_out(o, tx);
        }
        mark_abandoned(tx, record);
    }
    return unacked;
}

/* The fragments that were sent may all have arrived: a TSN for the rest of the message, which is
 * never sent, lets a FORWARD TSN say that it ends here. */
static void add_end(floe_sctp_outstanding *o, floe_sctp_stream *stream,
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
        add_end(o, stream, &record);
    }
    if (is_next) {
        floe_sctp_sendq_pass(q, record.len);
    }
    floe_sctp_streams_drain(streams, stream, record.len - unacked);
    floe_sctp_sendq_finish(q, message);
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
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
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
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    floe_writer_put_u32(w, o->advanced);
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX && o->skipped > 0; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        if (floe_sctp_stream_is_used(stream) && is_skipped(o, stream)) {
            floe_writer_put_u16(w, stream->id);
            floe_writer_put_u16(w, stream->skip_ssn);
        }
    }
    floe_sctp_chunk_end(w, begin);
}

/* What the streams count as buffered is what the queue holds, less the beginning of its first
 * message that is acknowledged for good. */
static void check_buffered(const floe_sctp_outstanding *o, const floe_sctp_sendq *q,
                           const floe_sctp_streams *streams)
{
    uint64_t bytes = floe_sctp_sendq_check_invariants(q);
    const floe_sctp_tx *first = entry_of(o, o->cum + 1);
    if (floe_sctp_outstanding_count(o) == 0) {
        bytes -= q->unsent > 0 ? q->sent : 0;
    } else if ((first->state & FLOE_SCTP_TX_ABANDONED) == 0) {
        bytes -= first->offset;
    }
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        bytes -= floe_sctp_stream_is_used(stream) ? stream->buffered : 0;
    }
    FLOE_ASSERT(bytes == 0);
}

void floe_sctp_outstanding_check_invariants(const floe_sctp_outstanding *o,
                                            const floe_sctp_sendq *q,
                                            const floe_sctp_streams *streams)
{
    uint32_t flight = 0;
    uint16_t at = o->head;
    uint16_t lost = o->lost_head;
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        const floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & (FLOE_SCTP_TX_ACKED | FLOE_SCTP_TX_ABANDONED)) != 0) {
            FLOE_ASSERT((tx->state & FLOE_SCTP_TX_LOST) == 0);
            continue;
        }
        FLOE_ASSERT(at == (tsn & o->mask));
        at = tx->next;
        if ((tx->state & FLOE_SCTP_TX_LOST) != 0) {
            FLOE_ASSERT(lost == (tsn & o->mask));
            lost = tx->lost_next;
        } else {
            flight += floe_sctp_tx_size(tx);
        }
    }
    FLOE_ASSERT(at == NONE && lost == NONE && flight == o->flight);
    FLOE_ASSERT(floe_serial32_le(o->cum, o->advanced));
    check_buffered(o, q, streams);
}
