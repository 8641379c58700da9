/*
 * sctp/sctp_output.c - from state to packet (RFC 9260 sections 6.1, 6.3.2, 6.9, 6.10).
 *
 * A packet is written when it is asked for, never before. First what stands alone in its packet;
 * then control chunks, then lost DATA, then new DATA, as much as fits. A message is cut into
 * fragments here, so that packets are full whatever precedes the DATA in them.
 */
#include "sctp/sctp_internal.h"

#include "base/assert.h"
#include "sctp/sctp_turns.h"

/* A fragment is not made smaller than this to fill up a packet. */
#define FRAGMENT_MIN 256u
#define CONTROL_MAX  16u /* HEARTBEAT; SHUTDOWN and SHUTDOWN ACK are shorter */

static size_t room_of(const floe_writer *w)
{
    return w->cap - w->len;
}

/* --- what stands alone --- */

static void put_abort(floe_writer *w, uint8_t flags, uint16_t cause)
{
    /* RFC 9260 §3.3.10.2: one parameter is missing, the State Cookie. */
    static const uint8_t missing[] = {0, 0, 0, 1, 0, FLOE_SCTP_PARAM_STATE_COOKIE};
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_ABORT, flags);
    if (cause == FLOE_SCTP_ERROR_MISSING_PARAM) {
        floe_sctp_param_put(w, cause, (floe_bytes){missing, sizeof missing});
    } else if (cause != 0) {
        floe_sctp_param_put(w, cause, (floe_bytes){NULL, 0});
    }
    floe_sctp_chunk_end(w, begin);
}

static void put_stray(floe_sctp_assoc *a, floe_writer *w)
{
    /* RFC 9260 §3.3.10.3: how stale the cookie is, is not told. */
    static const uint8_t stale[] = {0, FLOE_SCTP_ERROR_STALE_COOKIE, 0, 8, 0, 0, 0, 0};
    const floe_sctp_stray *stray = &a->stray;
    floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, stray->tag);
    switch (stray->type) {
    case FLOE_SCTP_CHUNK_ABORT:
        put_abort(w, stray->flags, stray->cause);
        break;
    case FLOE_SCTP_CHUNK_ERROR:
        floe_sctp_chunk_put(w, stray->type, 0, (floe_bytes){stale, sizeof stale});
        break;
    default:
        floe_sctp_chunk_put(w, stray->type, stray->flags, (floe_bytes){NULL, 0});
        break;
    }
    a->stray.is_owed = false;
}

static bool put_alone(floe_sctp_assoc *a, floe_writer *w)
{
    uint16_t pending = a->pending;
    if ((pending & (SEND_ABORT | SEND_SHUTDOWN_COMPLETE)) != 0) {
        floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, a->peer_tag);
        if ((pending & SEND_ABORT) != 0) {
            put_abort(w, 0, a->cause_value);
        } else {
            floe_sctp_chunk_put(w, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0, (floe_bytes){NULL, 0});
        }
        a->pending = 0;
    } else if (a->stray.is_owed) {
        put_stray(a, w);
    } else if ((pending & SEND_INIT_ACK) != 0) {
        floe_sctp_put_init_ack(a, w);
    } else if ((pending & SEND_INIT) != 0) {
        floe_sctp_put_init(a, w);
    } else {
        return false;
    }
    return true;
}

/* --- DATA --- */

/* Whether the message may not be sent any more. */
static bool is_expired(const floe_sctp_assoc *a, const floe_sctp_record *record)
{
    return record->expires <= a->now;
}

/* RFC 3758 §4.1 TR3, TR4; RFC 7496 §3.2: the limits of a message are looked at before it is sent
 * and before it is sent again. */
static void abandon(floe_sctp_assoc *a, uint32_t message)
{
#if FLOE_SCTP_PARTS
    floe_sctp_record record = floe_sctp_sendq_load(&a->sendq, message);
    if ((record.flags & FLOE_SCTP_RECORD_PART) != 0) {
        floe_sctp_abandon_parts(a, record.serial);
        return;
    }
#endif
    floe_sctp_outstanding_abandon(&a->outstanding, &a->sendq, &a->streams, message);
    a->stats.messages_abandoned++;
}

/* The first chunk that is to be sent again, and whose message is not over its limit; its record.
 * NULL: there is none. */
static const floe_sctp_tx *next_lost(floe_sctp_assoc *a, uint32_t *tsn, floe_sctp_record *record)
{
    const floe_sctp_tx *tx = floe_sctp_outstanding_lost(&a->outstanding, tsn);
    while (tx != NULL) {
        *record = floe_sctp_sendq_load(&a->sendq, tx->message);
        bool is_over = is_expired(a, record) || tx->sends > record->max_retransmits;
        if (!is_over || !floe_sctp_can_abandon(a, tx->message, record)) {
            break;
        }
        abandon(a, tx->message);
        floe_sctp_pmtu_doubt(a);
        tx = floe_sctp_outstanding_lost(&a->outstanding, tsn);
    }
    return tx;
}

/* The first message that is to be sent, and has not expired. False: there is none. */
static bool next_unsent(floe_sctp_assoc *a, floe_sctp_record *record)
{
    while (a->sendq.unsent > 0) {
        *record = floe_sctp_sendq_load(&a->sendq, a->sendq.next);
        bool is_part = (record->flags & FLOE_SCTP_RECORD_PART) != 0;
        bool is_impossible = a->streams_out > 0 &&
                             (record->stream >= a->streams_out || (is_part && !a->has_forward_tsn));
        if (!is_expired(a, record) && !is_impossible) {
            return true;
        }
        if ((record->flags & FLOE_SCTP_RECORD_STARTED) != 0 &&
            !floe_sctp_can_abandon(a, a->sendq.next, record)) {
            return true; /* RFC 3758 §3.3.2: the peer cannot be told: it is sent to its end */
        }
        abandon(a, a->sendq.next);
    }
    return false;
}

void floe_sctp_expire(floe_sctp_assoc *a)
{
    floe_sctp_record record;
    uint32_t tsn;
    (void)next_lost(a, &tsn, &record);
    floe_time at = FLOE_TIME_NEVER;
#if FLOE_SCTP_PARTS
    floe_sctp_expire_parts(a);
    at = a->parts.is_open ? a->parts.expires : at;
#endif
    bool is_waiting = next_unsent(a, &record) && record.expires > a->now;
    floe_sctp_timers_set(&a->timers, FLOE_SCTP_TIMER_LIFETIME,
                         is_waiting ? floe_time_min(at, record.expires) : at);
    if (floe_sctp_outstanding_advance(&a->outstanding, &a->streams)) {
        a->pending |= SEND_FORWARD;
    }
    if (floe_sctp_outstanding_count(&a->outstanding) == 0 && a->sendq.unsent == 0) {
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_DATA); /* nothing to probe with */
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PACE);
    }
    floe_sctp_stop_waiting(a); /* what was in flight may have been given up */
    floe_sctp_note_room(a);
    floe_sctp_shutdown_progress(a);
}

/* Write one chunk of the ring, which is of this message. */
static void put_data(floe_sctp_assoc *a, floe_writer *w, uint32_t tsn,
                     const floe_sctp_record *record)
{
    const floe_sctp_tx *tx = &a->outstanding.ring[tsn & a->outstanding.mask];
    floe_sctp_data data = {.tsn = tsn,
                           .ppid = record->ppid,
                           .stream = record->stream,
                           .ssn = record->ssn,
                           .payload = {NULL, tx->len}};
    bool is_begin = tx->offset == 0 && (record->flags & FLOE_SCTP_RECORD_REST) == 0;
    bool is_through = tx->offset + tx->len == record->len;
    bool is_end = is_through && (record->flags & FLOE_SCTP_RECORD_MORE) == 0;
    bool is_unordered = (record->flags & FLOE_SCTP_RECORD_UNORDERED) != 0;
    /* RFC 9260 §6.1, RFC 7053 §4: where all waits for this answer, it is wanted at once; and at the
     * end of a burst, so that the loss of its last chunk is soon known. */
    bool is_last = is_through && a->sendq.unsent == (a->sendq.next == tx->message);
    bool is_urgent = a->cc.is_collapsed || a->is_probing || a->state > FLOE_SCTP_ESTABLISHED ||
                     is_last || (tx->state & FLOE_SCTP_TX_PROBE) != 0;
    data.flags =
        (uint8_t)((is_begin ? FLOE_SCTP_FLAG_BEGIN : 0) | (is_end ? FLOE_SCTP_FLAG_END : 0) |
                  (is_unordered ? FLOE_SCTP_FLAG_UNORDERED : 0) |
                  (is_urgent ? FLOE_SCTP_FLAG_IMMEDIATE : 0));
    uint8_t *payload = floe_sctp_put_data_chunk(a, w, &data);
    FLOE_ASSERT(payload != NULL);
    floe_sctp_sendq_read(&a->sendq, tx->message, tx->offset, payload, tx->len);
    a->stats.data_sent++;
}

/* RFC 9260 §6.1 C: lost chunks come before new ones. False: there are more. */
static bool put_lost(floe_sctp_assoc *a, floe_writer *w, bool may_send)
{
    floe_sctp_outstanding *o = &a->outstanding;
    floe_sctp_record record;
    uint32_t tsn;
    if (o->lost.head == FLOE_SCTP_NONE) {
        return true;
    }
    const floe_sctp_tx *tx = next_lost(a, &tsn, &record);
    while (tx != NULL) {
        if (!may_send || floe_sctp_padded(floe_sctp_data_header(a) + tx->len) > room_of(w)) {
            return false;
        }
        floe_sctp_outstanding_resend(o, a->now);
        put_data(a, w, tsn, &record);
        a->stats.retransmits++;
        if (tsn == o->cum + 1) { /* RFC 9260 §6.1: the earliest one is sent again */
            floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_DATA);
        }
        tx = next_lost(a, &tsn, &record);
    }
    return true;
}

/* RFC 9260 §6.1 A: whether the peer's window has room for a new chunk; if not, when to probe it. */
static bool has_window(floe_sctp_assoc *a, uint32_t len)
{
    floe_sctp_outstanding *o = &a->outstanding;
    if (a->peer_rwnd >= o->flight && a->peer_rwnd - o->flight >= len) {
        return true;
    }
    if (floe_sctp_outstanding_count(o) > 0) {
        return false; /* a SACK will come */
    }
    if (a->peer_rwnd > 0 || a->is_probe_due) {
        a->is_probing = a->peer_rwnd == 0;
        a->is_probe_due = false;
        return true;
    }
    if (!floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_DATA)) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us);
    }
    return false;
}

/* The size of the next fragment that goes into this packet, which has room for a byte; 0: none. */
static uint32_t next_fragment(const floe_sctp_assoc *a, const floe_writer *w, uint32_t left)
{
    const uint32_t header = floe_sctp_data_header(a);
    const uint32_t whole = a->config.packet_max - FLOE_SCTP_HEADER_SIZE;
    size_t room = room_of(w);
    /* What fits into a packet of its own is not cut; and no crumbs. */
    if (left <= whole - header) {
        return left <= room - header ? left : 0;
    }
    if (room < FRAGMENT_MIN + header) {
        return 0;
    }
    /* No chunk is larger than the base size carries: a larger packet has several, of equal size. */
    size_t count = (room + whole - 1) / whole;
    return (uint32_t)((room / count & ~(size_t)3) - header);
}

/* The first fragment of a message is sent: now it gets its numbers. */
static void start_message(floe_sctp_assoc *a, floe_sctp_record *record)
{
    floe_sctp_stream *stream = floe_sctp_sendq_begin(&a->sendq, &a->streams, record, a->now);
    record->flags |= FLOE_SCTP_RECORD_STARTED;
    record->first_tsn = a->outstanding.next_tsn;
    /* RFC 9260 §6.5: unordered messages do not count. */
    bool is_unordered = (record->flags & FLOE_SCTP_RECORD_UNORDERED) != 0;
    bool is_rest = (record->flags & FLOE_SCTP_RECORD_REST) != 0;
    stream->out_ssn = (uint16_t)(stream->out_ssn + (!is_unordered && !is_rest));
    record->ssn = is_unordered ? 0 : (uint16_t)(stream->out_ssn - 1);
#if FLOE_SCTP_PARTS
    a->parts.has_begun |= (record->flags & FLOE_SCTP_RECORD_PART) != 0;
#endif
    floe_sctp_sendq_store(&a->sendq, a->sendq.next, record);
}

/* The last one is sent. */
static void end_message(floe_sctp_assoc *a, const floe_sctp_record *record, uint32_t tsn)
{
    floe_sctp_stream *stream = floe_sctp_streams_find(&a->streams, record->stream);
    FLOE_ASSERT(stream != NULL);
    stream->last_tsn = tsn;
    stream->flags |= FLOE_SCTP_STREAM_HAS_TSN;
    floe_sctp_sendq_pass(&a->sendq, &a->streams, record);
    if ((record->flags & FLOE_SCTP_RECORD_MORE) != 0) {
        return;
    }
    a->stats.messages_sent++;
    if ((record->flags & FLOE_SCTP_RECORD_REST) != 0) {
        floe_sctp_note_room(a); /* others have waited for the end of it */
    }
}

/* RFC 9260 §7.2.1: the window of a sender that was idle decays, once in an RTO. */
static void end_idleness(floe_sctp_assoc *a)
{
    if (floe_sctp_outstanding_count(&a->outstanding) == 0) {
        floe_sctp_end_pause(a, a->now - a->data_at);
    }
    a->data_at = a->now;
}

/* One more fragment of new data. False: nothing more for this packet. */
static bool put_new(floe_sctp_assoc *a, floe_writer *w)
{
    floe_sctp_outstanding *o = &a->outstanding;
    floe_sctp_sendq *q = &a->sendq;
    floe_sctp_record record;
    if (room_of(w) <= floe_sctp_data_header(a) || !floe_sctp_outstanding_has_room(o) ||
        !next_unsent(a, &record)) {
        return false;
    }
    uint32_t at = q->next;
    uint32_t len = next_fragment(a, w, record.len - q->sent);
    if (len == 0 || !floe_sctp_schedule_may_pack(&q->schedule, record.stream) ||
        !has_window(a, len)) {
        return false;
    }
    floe_sctp_schedule_pack(&q->schedule, record.stream);
    if ((record.flags & FLOE_SCTP_RECORD_STARTED) == 0) {
        start_message(a, &record);
    }
    end_idleness(a);
    uint32_t tsn = floe_sctp_outstanding_add(o, at, q->sent, (uint16_t)len, a->now);
    put_data(a, w, tsn, &record);
    q->sent += len;
    if (q->sent == record.len) {
        end_message(a, &record, tsn);
    } else if (FLOE_SCTP_IS_INTERLEAVED(&a->streams)) {
        floe_sctp_turns_yield(q, &a->streams, &record);
    }
    return true;
}

static void put_all_data(floe_sctp_assoc *a, floe_writer *w)
{
    size_t before = w->len;
    bool may_send = floe_sctp_may_send_data(a);
    /* RFC 9260 §7.2.4: the first packet of a fast retransmit does not wait for the window. */
    bool is_drained = put_lost(a, w, may_send || a->is_fast_due);
    floe_sctp_sendq_begin_packet(&a->sendq, &a->streams);
    if (is_drained || w->len > before) {
        a->is_fast_due = false;
    }
    while (is_drained && may_send && put_new(a, w)) {
    }
    if (w->len == before) {
        if (FLOE_SCTP_RATE && may_send && before == FLOE_SCTP_HEADER_SIZE) {
            floe_sctp_rate_on_want(a->outstanding.rate, a->outstanding.flight);
        }
        return;
    }
    floe_sctp_spend_pace(a, (uint32_t)(w->len - before));
    if (floe_sctp_is_open(a) && !floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_DATA)) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us); /* RFC 9260 §6.3.2 R1 */
    }
    floe_sctp_start_probe(a);
}

/* --- what shares a packet --- */

static void put_sack(floe_sctp_assoc *a, floe_writer *w)
{
    a->local_rwnd = floe_sctp_reassembly_window(&a->reassembly);
    floe_sctp_tracker_put_sack(&a->tracker, a->local_rwnd, room_of(w), w);
    a->pending &= (uint16_t)~SEND_SACK;
    a->is_ack_due = false;
    a->ack_packets = 0;
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_SACK);
}

/* Whether DATA is likely to be in this packet, so that an acknowledgement may ride with it. */
static bool may_carry_data(const floe_sctp_assoc *a)
{
    return floe_sctp_has_data_to_send(a) && !floe_sctp_is_paced_out(a) &&
           floe_sctp_cc_may_send(&a->cc, a->outstanding.flight);
}

static void put_forward(floe_sctp_assoc *a, floe_writer *w)
{
    floe_sctp_outstanding_put_forward(&a->outstanding, &a->streams, w);
    a->pending &= (uint16_t)~SEND_FORWARD;
    a->forward_at = a->now;
    if (!floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_DATA)) { /* RFC 3758 §3.5 C5 */
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us);
    }
}

static void put_shutdown(floe_sctp_assoc *a, floe_writer *w)
{
    if ((a->pending & SEND_SHUTDOWN) != 0) {
        floe_sctp_shutdown_put(w, a->tracker.cum);
    }
    if ((a->pending & SEND_SHUTDOWN_ACK) != 0) {
        floe_sctp_chunk_put(w, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, (floe_bytes){NULL, 0});
    }
    a->pending &= (uint16_t) ~(SEND_SHUTDOWN | SEND_SHUTDOWN_ACK);
}

/* Each chunk goes into this packet if it still fits; if not, the next packet begins with it. */
static void put_control(floe_sctp_assoc *a, floe_writer *w)
{
    if ((a->pending & SEND_COOKIE_ACK) != 0) {
        floe_sctp_chunk_put(w, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, (floe_bytes){NULL, 0});
        a->pending &= (uint16_t)~SEND_COOKIE_ACK;
    }
    /* RFC 9260 §6.1: DATA takes an acknowledgement that is owed along. */
    if ((a->pending & SEND_SACK) != 0 || (a->ack_packets > 0 && may_carry_data(a))) {
        put_sack(a, w);
    }
    if ((a->pending & SEND_FORWARD) != 0 &&
        floe_sctp_outstanding_forward_size(&a->outstanding) <= room_of(w)) {
        put_forward(a, w);
    }
    if ((a->pending & SEND_HEARTBEAT) != 0 && room_of(w) >= CONTROL_MAX) {
        floe_sctp_put_heartbeat(a, w);
    }
    if (room_of(w) >= CONTROL_MAX) {
        put_shutdown(a, w);
    }
}

static bool has_answers(const floe_sctp_assoc *a)
{
    const floe_sctp_reset *reset = &a->reset;
    return a->reply_len > 0 || reset->wanted > 0 || reset->is_due || reset->response_count > 0;
}

static void put_answers(floe_sctp_assoc *a, floe_writer *w)
{
    if (a->reply_len > 0 && a->reply_len <= room_of(w)) {
        floe_writer_put_bytes(w, (floe_bytes){a->replies, a->reply_len});
        a->reply_len = 0;
    }
    floe_sctp_reset_prepare(a);
    size_t size = floe_sctp_reconfig_size(a);
    if (size > 0 && size <= room_of(w)) {
        floe_sctp_put_reconfig(a, w);
    }
}

static bool put_bundle(floe_sctp_assoc *a, floe_writer *w)
{
    floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, a->peer_tag);
    if (a->state == FLOE_SCTP_COOKIE_ECHOED) {
        /* RFC 9260 §5.1 C: the COOKIE ECHO first, and nothing without it. */
        if ((a->pending & SEND_COOKIE_ECHO) == 0) {
            return false;
        }
        floe_sctp_put_cookie_echo(a, w);
    } else {
        put_control(a, w);
    }
    if (has_answers(a)) {
        put_answers(a, w);
    }
    /* RFC 9260 §6: the states in which DATA is sent. */
    if (a->state <= FLOE_SCTP_SHUTDOWN_PENDING || a->state == FLOE_SCTP_SHUTDOWN_RECEIVED) {
        put_all_data(a, w);
    }
    return w->len > FLOE_SCTP_HEADER_SIZE;
}

/* The buffer has `cap` bytes; w as many of them as the path carries. */
static bool put_packet(floe_sctp_assoc *a, floe_writer *w, size_t cap)
{
    if (put_alone(a, w)) {
        floe_sctp_packet_end(w);
        return true;
    }
    if (a->is_over || a->state < FLOE_SCTP_COOKIE_ECHOED) {
        return false;
    }
    if ((!a->pmtu.is_due || !floe_sctp_pmtu_put(a, w, cap)) && !put_bundle(a, w)) {
        return false;
    }
    /* RFC 9653 §5.2: what sets up or ends an association, or belongs to none, has a checksum. */
    if (!a->config.is_over_dtls || !a->has_zero_checksum || a->state == FLOE_SCTP_COOKIE_ECHOED) {
        floe_sctp_packet_end(w);
    }
    return true;
}

/* Whether the next packet has nothing but DATA and a SACK to hold, which fit into less. */
static bool is_divisible(const floe_sctp_assoc *a)
{
    return a->state == FLOE_SCTP_ESTABLISHED && (a->pending & ~SEND_SACK) == 0 &&
           !a->stray.is_owed && a->reply_len == 0;
}

bool floe_sctp_assoc_poll_transmit(floe_sctp_assoc *a, uint8_t *buf, size_t cap, size_t *len)
{
    FLOE_ASSERT(cap >= FLOE_SCTP_PACKET_MIN);
    size_t size = cap < floe_sctp_packet_size(a) ? cap : floe_sctp_packet_size(a);
    if (size < floe_sctp_packet_size(a) && !is_divisible(a)) {
        return false;
    }
    floe_writer w = floe_writer_begin(buf, size);
    if (!put_packet(a, &w, cap)) {
        if (a->is_over) {
            return false;
        }
        /* Nothing can be sent: then is the time to see what will never be, and to say so. */
        floe_sctp_expire(a);
        w = floe_writer_begin(buf, size);
        if (!put_packet(a, &w, cap)) {
            return false;
        }
    }
    FLOE_ASSERT(floe_writer_is_ok(&w));
    *len = w.len;
    a->stats.packets_sent++;
    a->stats.bytes_sent += w.len;
    if (a->config.trace.fn != NULL) {
        floe_trace_put(&a->config.trace, (floe_trace_record){.at = a->now,
                                                             .module = FLOE_MODULE_SCTP,
                                                             .kind = FLOE_TRACE_SENT,
                                                             .a = (int32_t)w.len,
                                                             .b = buf[FLOE_SCTP_HEADER_SIZE]});
    }
    return true;
}
