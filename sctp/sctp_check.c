/*
 * sctp/sctp_check.c - what always holds of an association, of its chunks on their way and of what
 * it has received. Only tests and fuzzers ask; a program that does not is linked without it.
 */
#include "base/assert.h"
#include "base/serial.h"
#include "sctp/sctp_internal.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_reassembly_internal.h"

#define NONE FLOE_SCTP_NONE

/* --- chunks on their way --- */

static const floe_sctp_tx *entry_of(const floe_sctp_outstanding *o, uint32_t tsn)
{
    return &o->ring[tsn & o->mask];
}

static uint32_t tsn_of(const floe_sctp_outstanding *o, uint16_t at)
{
    uint32_t first = o->cum + 1;
    return first + ((at - first) & o->mask);
}

/* The streams have buffered what is not sent, and what was and is in the ring. */
static void check_buffered(const floe_sctp_outstanding *o, const floe_sctp_sendq *q,
                           const floe_sctp_streams *streams)
{
    uint64_t bytes = floe_sctp_sendq_check_invariants(q, streams);
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        const floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) == 0) {
            floe_sctp_record record = floe_sctp_sendq_load(q, tx->message);
            bytes += floe_sctp_record_count(&record, tx->len);
        }
    }
    for (uint32_t i = 0; i < streams->end; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        bytes -= floe_sctp_stream_is_used(stream) ? stream->buffered : 0;
    }
    FLOE_ASSERT(bytes == 0);
}

/* A chain holds as many chunks as it should, each lost or not; returns their bytes. */
static uint32_t check_chain(const floe_sctp_outstanding *o, const floe_sctp_chain *chain,
                            uint32_t count, bool is_lost)
{
    uint32_t bytes = 0;
    uint16_t before = NONE;
    for (uint16_t at = chain->head; at != NONE; at = o->ring[at].chain_next) {
        const floe_sctp_tx *tx = &o->ring[at];
        FLOE_ASSERT(count-- > 0 && tx->chain_prev == before);
        FLOE_ASSERT(((tx->state & FLOE_SCTP_TX_LOST) != 0) == is_lost);
        FLOE_ASSERT(!is_lost || before == NONE ||
                    floe_serial32_lt(tsn_of(o, before), tsn_of(o, at)));
        bytes += floe_sctp_tx_size(tx);
        before = at;
    }
    FLOE_ASSERT(count == 0 && chain->tail == before);
    return bytes;
}

void floe_sctp_outstanding_check_invariants(const floe_sctp_outstanding *o,
                                            const floe_sctp_sendq *q,
                                            const floe_sctp_streams *streams)
{
    uint32_t lost = 0;
    uint32_t flying = 0;
    uint32_t acked = 0;
    uint16_t at = o->head;
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        const floe_sctp_tx *tx = entry_of(o, tsn);
        if ((tx->state & (FLOE_SCTP_TX_ACKED | FLOE_SCTP_TX_ABANDONED)) != 0) {
            FLOE_ASSERT((tx->state & FLOE_SCTP_TX_LOST) == 0);
            acked += (tx->state & FLOE_SCTP_TX_ACKED) != 0 ? floe_sctp_tx_size(tx) : 0;
            continue;
        }
        FLOE_ASSERT(at == (tsn & o->mask));
        at = tx->next;
        bool is_lost = (tx->state & FLOE_SCTP_TX_LOST) != 0;
        lost += is_lost;
        flying += !is_lost;
    }
    FLOE_ASSERT(at == NONE && acked == o->gap_acked && o->needless <= o->resent);
    (void)check_chain(o, &o->lost, lost, true);
    FLOE_ASSERT(check_chain(o, &o->flying, flying, false) == o->flight);
    FLOE_ASSERT(floe_serial32_le(o->cum, o->advanced));
    check_buffered(o, q, streams);
}

/* --- what was received --- */

/* Blocks of the message that is read as it arrives, unless it is in the list of what can be. */
static uint32_t count_open(const floe_sctp_reassembly *r, const floe_sctp_streams *streams,
                           const floe_sctp_stream *stream)
{
    uint16_t open = NONE;
#if FLOE_SCTP_IDATA
    open = FLOE_SCTP_IS_INTERLEAVED(streams) ? floe_sctp_lane_of(streams, stream)->open : open;
#endif
    (void)streams;
    (void)stream;
    if (open == NONE) {
        return 0;
    }
    uint16_t head_at = floe_sctp_piece_load(&r->arena, open).far;
    floe_sctp_piece head = floe_sctp_piece_load(&r->arena, head_at);
    FLOE_ASSERT((head.flags & FLOE_SCTP_PIECE_OPEN) != 0 && head.far == open);
    return (head.flags & FLOE_SCTP_PIECE_QUEUED) != 0 ? 0
                                                      : floe_sctp_piece_count(&r->arena, head_at);
}

static uint32_t count_list(const floe_sctp_reassembly *r, uint16_t first, uint32_t *messages)
{
    uint32_t blocks = 0;
    for (uint16_t at = first; at != NONE; at = floe_sctp_piece_load(&r->arena, at).next_message) {
        blocks += floe_sctp_piece_count(&r->arena, at);
        ++*messages;
    }
    return blocks;
}

void floe_sctp_reassembly_check_invariants(const floe_sctp_reassembly *r,
                                           const floe_sctp_streams *streams,
                                           const floe_sctp_tracker *tracker)
{
    uint32_t ready = 0;
    uint32_t unread = 0;
    uint32_t waiting = 0;
    uint32_t blocks = count_list(r, r->ready_head, &ready);
    FLOE_ASSERT(ready == r->ready_count);
    for (uint32_t i = 0; i < streams->end; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        if (floe_sctp_stream_is_used(stream)) {
            blocks += count_list(r, stream->wait_head, &waiting);
            blocks += count_open(r, streams, stream);
            unread += stream->unread;
        }
    }
    FLOE_ASSERT(unread == ready);
    if (r->partial != NONE) {
        uint16_t head_at = floe_sctp_piece_load(&r->arena, r->partial).far;
        FLOE_ASSERT(floe_sctp_piece_load(&r->arena, r->partial).tsn == tracker->cum);
        FLOE_ASSERT((floe_sctp_piece_load(&r->arena, head_at).flags & FLOE_SCTP_FLAG_BEGIN) != 0);
        bool is_listed =
            (floe_sctp_piece_load(&r->arena, head_at).flags & FLOE_SCTP_PIECE_QUEUED) != 0;
        blocks += is_listed ? 0 : floe_sctp_piece_count(&r->arena, head_at);
    }
    for (uint32_t i = 1; i <= r->window; i++) {
        uint16_t at = floe_sctp_reassembly_entry(r, tracker->cum + i);
        if (at == NONE) {
            continue;
        }
        FLOE_ASSERT(floe_sctp_piece_load(&r->arena, at).tsn == tracker->cum + i);
        FLOE_ASSERT(floe_sctp_tracker_has(tracker, tracker->cum + i));
        if (floe_sctp_piece_is_last(&r->arena, at)) {
            blocks += floe_sctp_piece_count(&r->arena, floe_sctp_piece_load(&r->arena, at).far);
        }
    }
    FLOE_ASSERT(r->arena.free + blocks == r->arena.count);
}

/* --- the whole --- */

/* A timer runs where there is something to wait for, and nowhere else. */
static void check_timers(const floe_sctp_assoc *a)
{
    const floe_sctp_timers *t = &a->timers;
    bool is_setting_up = a->state == FLOE_SCTP_COOKIE_WAIT || a->state == FLOE_SCTP_COOKIE_ECHOED;
    bool is_ending = a->state == FLOE_SCTP_SHUTDOWN_SENT || a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT;
    bool has_data = floe_sctp_outstanding_count(&a->outstanding) > 0 || a->sendq.unsent > 0;
    FLOE_ASSERT(floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_INIT) == is_setting_up);
    FLOE_ASSERT(floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_SHUTDOWN) == is_ending);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_DATA) ||
                (floe_sctp_is_open(a) && has_data));
    bool is_flying = a->outstanding.flight > 0;
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_PROBE) || is_flying);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_REORDER) || is_flying);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_PACE) || has_data);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_RESET) || a->reset.is_under_way);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_SACK) || a->ack_packets > 0);
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_HEARTBEAT) || floe_sctp_is_open(a));
    FLOE_ASSERT(!floe_sctp_timers_is_set(t, FLOE_SCTP_TIMER_PMTU) || floe_sctp_is_open(a));
}

void floe_sctp_assoc_check_invariants(const floe_sctp_assoc *a)
{
    FLOE_ASSERT(!a->is_over || a->state == FLOE_SCTP_CLOSED);
    FLOE_ASSERT(!a->is_over || floe_sctp_assoc_deadline(a) == FLOE_TIME_NEVER);
    check_timers(a);
    floe_sctp_outstanding_check_invariants(&a->outstanding, &a->sendq, &a->streams);
    if (a->state != FLOE_SCTP_COOKIE_ECHOED) { /* then the cookie is in the receive buffer */
        floe_sctp_reassembly_check_invariants(&a->reassembly, &a->streams, &a->tracker);
    }
}
