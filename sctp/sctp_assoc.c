/* sctp/sctp_assoc.c - see sctp/sctp_assoc.h: the public functions, states, and timers. */
#include "sctp/sctp_assoc.h"

#include "base/assert.h"
#include "sctp/sctp_internal.h"

#include <string.h>

/* --- start --- */

static bool is_usable(const floe_sctp_config *c)
{
    bool is_power = (c->tx_ring_len & (c->tx_ring_len - 1)) == 0;
    return c->rand.fill != NULL && c->send_buffer.ptr != NULL && c->recv_buffer.ptr != NULL &&
           c->tx_ring != NULL && c->send_buffer.len >= FLOE_SCTP_SEND_MIN &&
           c->recv_buffer.len >= FLOE_SCTP_RECV_MIN && is_power && c->tx_ring_len >= 16 &&
           c->tx_ring_len <= FLOE_SCTP_RING_MAX &&
           (c->packet_max == 0 || c->packet_max >= FLOE_SCTP_PACKET_MIN) &&
           (c->congestion != FLOE_SCTP_CC_RATE || (FLOE_SCTP_RATE && c->rate != NULL)) &&
           (uint32_t)c->scheduler <= (FLOE_SCTP_SCHEDULERS ? FLOE_SCTP_SCHEDULER_PRIORITY : 0);
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

static void fill_in(floe_sctp_config *c)
{
    c->local_port = (uint16_t)or_default(c->local_port, 5000);
    c->remote_port = (uint16_t)or_default(c->remote_port, 5000);
    c->packet_max = (uint16_t)(or_default(c->packet_max, FLOE_SCTP_PACKET_MAX) & ~3u);
    c->message_max = or_default(c->message_max, 262144);
    c->remote_message_max = or_default(c->remote_message_max, 65536); /* RFC 8841 §6.1 */
    c->rto_initial_ms = or_default(c->rto_initial_ms, 500);
    c->rto_min_ms = or_default(c->rto_min_ms, 200);
    c->rto_max_ms = or_default(c->rto_max_ms, 10000);
    c->sack_delay_ms = or_default(c->sack_delay_ms, 20);
    c->sack_delay_ms = c->sack_delay_ms < 500 ? c->sack_delay_ms : 500; /* RFC 9260 §6.2 */
    c->heartbeat_ms = or_default(c->heartbeat_ms, 30000);
    c->init_retries = or_default(c->init_retries, 10);
}

static uint32_t chunk_max(const floe_sctp_assoc *a)
{
    return a->config.packet_max - FLOE_SCTP_HEADER_SIZE - FLOE_SCTP_DATA_SIZE;
}

static uint32_t random_nonzero(const floe_sctp_assoc *a)
{
    uint32_t value = 0;
    while (value == 0) {
        value = floe_rand_u32(&a->config.rand);
    }
    return value;
}

floe_err floe_sctp_assoc_init(floe_sctp_assoc *a, const floe_sctp_config *config, floe_time now)
{
    if (!is_usable(config)) {
        return FLOE_E_ARG;
    }
    memset(a, 0, offsetof(floe_sctp_assoc, streams));
    a->config = *config;
    a->now = now;
    fill_in(&a->config);
    a->config.rand.fill(a->config.rand.ctx, a->secret, sizeof a->secret);
    a->local_tag = random_nonzero(a);
    a->local_tie = random_nonzero(a);
    a->peer_tie = random_nonzero(a);
    a->local_tsn = floe_rand_u32(&a->config.rand);
    a->snap = (floe_sctp_snap){.tag = a->local_tag, .tsn = a->local_tsn};
    a->tried_at = FLOE_TIME_NEVER;
    floe_sctp_timers_init(&a->timers);
    floe_sctp_rto_init(&a->rto, a->config.rto_initial_ms, a->config.rto_min_ms,
                       a->config.rto_max_ms);
    floe_sctp_streams_init(&a->streams);
    floe_sctp_sendq_init(&a->sendq, a->config.send_buffer, a->config.scheduler);
    floe_sctp_outstanding_init(&a->outstanding, a->config.tx_ring, a->config.tx_ring_len,
                               a->local_tsn);
    floe_sctp_pmtu_init(&a->pmtu, a->config.packet_max);
    floe_sctp_start_transport(a);
    floe_sctp_start_receiving(a);
    return FLOE_OK;
}

void floe_sctp_start_transport(floe_sctp_assoc *a)
{
    a->cc.bbr = a->config.rate;
    floe_sctp_cc_init(&a->cc, a->config.congestion, a->config.packet_max - FLOE_SCTP_HEADER_SIZE);
    a->outstanding.rate = floe_sctp_cc_is_rate(&a->cc) ? &a->cc.bbr->rate : NULL;
    floe_sctp_reset_init(a);
    a->error_count = 0;
    a->data_at = a->now;
    a->pace_at = a->now;
    a->is_after_timeout = false;
    a->is_fast_due = false;
    a->is_probe_due = false;
    a->is_probing = false;
    a->is_heartbeat_out = false;
}

void floe_sctp_start_receiving(floe_sctp_assoc *a)
{
    floe_sctp_reassembly_init(&a->reassembly, a->config.recv_buffer, a->config.message_max,
                              chunk_max(a));
#if FLOE_SCTP_PARTS
    floe_sctp_reassembly_set_parts(&a->reassembly, a->config.parts_from, a->config.message_max);
#endif
    floe_sctp_tracker_init(&a->tracker, a->peer_tsn, a->reassembly.window);
    a->local_rwnd = floe_sctp_reassembly_window(&a->reassembly);
    a->is_first_data = true;
    a->is_ack_due = false;
    a->ack_packets = 0;
}

uint32_t floe_sctp_initial_rwnd(const floe_sctp_assoc *a)
{
    return a->reassembly.capacity;
}

floe_err floe_sctp_assoc_connect(floe_sctp_assoc *a)
{
    if (a->is_over) {
        return FLOE_E_CLOSED;
    }
    if (a->state != FLOE_SCTP_CLOSED) {
        return FLOE_E_STATE;
    }
    if (floe_sctp_snap_start(a)) {
        return FLOE_OK;
    }
    floe_sctp_set_state(a, FLOE_SCTP_COOKIE_WAIT);
    a->pending |= SEND_INIT;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_INIT, a->rto.rto_us);
    return FLOE_OK;
}

uint32_t floe_sctp_assoc_get_message_max(const floe_sctp_assoc *a)
{
    return a->reassembly.message_max;
}

void floe_sctp_assoc_set_remote_message_max(floe_sctp_assoc *a, uint32_t bytes)
{
    a->config.remote_message_max = bytes;
}

void floe_sctp_assoc_set_remote_port(floe_sctp_assoc *a, uint16_t port)
{
    FLOE_ASSERT(port != 0 && a->state == FLOE_SCTP_CLOSED);
    a->config.remote_port = port;
}

/* --- states --- */

#define TO(state) (1u << FLOE_SCTP_##state)

/* RFC 9260 §4: where each state may go; ESTABLISHED from anywhere is a restart by the peer. */
static const uint8_t next_states[] = {
    [FLOE_SCTP_CLOSED] = TO(COOKIE_WAIT) | TO(ESTABLISHED),
    [FLOE_SCTP_COOKIE_WAIT] = TO(CLOSED) | TO(COOKIE_ECHOED) | TO(ESTABLISHED),
    [FLOE_SCTP_COOKIE_ECHOED] = TO(CLOSED) | TO(COOKIE_WAIT) | TO(ESTABLISHED),
    [FLOE_SCTP_ESTABLISHED] =
        TO(CLOSED) | TO(ESTABLISHED) | TO(SHUTDOWN_PENDING) | TO(SHUTDOWN_RECEIVED),
    [FLOE_SCTP_SHUTDOWN_PENDING] =
        TO(CLOSED) | TO(ESTABLISHED) | TO(SHUTDOWN_SENT) | TO(SHUTDOWN_RECEIVED),
    [FLOE_SCTP_SHUTDOWN_SENT] = TO(CLOSED) | TO(ESTABLISHED) | TO(SHUTDOWN_ACK_SENT),
    [FLOE_SCTP_SHUTDOWN_RECEIVED] = TO(CLOSED) | TO(ESTABLISHED) | TO(SHUTDOWN_ACK_SENT),
    [FLOE_SCTP_SHUTDOWN_ACK_SENT] = TO(CLOSED),
};

void floe_sctp_set_state(floe_sctp_assoc *a, floe_sctp_state state)
{
    FLOE_ASSERT((next_states[a->state] & (1u << state)) != 0);
    floe_trace_put(&a->config.trace, (floe_trace_record){.at = a->now,
                                                         .module = FLOE_MODULE_SCTP,
                                                         .kind = FLOE_TRACE_STATE,
                                                         .a = a->state,
                                                         .b = (int32_t)state,
                                                         .cause = a->cause});
    a->state = (uint8_t)state;
}

void floe_sctp_close(floe_sctp_assoc *a, floe_sctp_cause cause, uint16_t value)
{
    a->cause = (uint8_t)cause;
    a->cause_value = value;
    a->is_over = true;
    a->pending = 0;
    a->reply_len = 0;
    a->events |= EV_CLOSED;
    floe_sctp_sendq_settle(&a->sendq, FLOE_SCTP_OUTCOME_UNKNOWN);
    floe_sctp_timers_init(&a->timers);
    if (a->state == FLOE_SCTP_COOKIE_ECHOED) {
        floe_sctp_start_receiving(a); /* the peer's cookie is where received data should be */
    }
    if (a->state != FLOE_SCTP_CLOSED) {
        floe_sctp_set_state(a, FLOE_SCTP_CLOSED);
    }
}

void floe_sctp_fail(floe_sctp_assoc *a, floe_sctp_error_cause cause)
{
    floe_sctp_close(a, FLOE_SCTP_CAUSE_PROTOCOL, (uint16_t)cause);
    a->pending = SEND_ABORT;
}

void floe_sctp_assoc_abort(floe_sctp_assoc *a)
{
    if (a->is_over) {
        return;
    }
    bool is_known = a->peer_tag != 0; /* else there is nobody to tell */
    floe_sctp_close(a, FLOE_SCTP_CAUSE_LOCAL, FLOE_SCTP_ERROR_USER_ABORT);
    a->pending = is_known ? SEND_ABORT : 0;
}

floe_err floe_sctp_assoc_shutdown(floe_sctp_assoc *a)
{
    if (a->state != FLOE_SCTP_ESTABLISHED) {
        return FLOE_E_STATE;
    }
    floe_sctp_cut_parts(a, FLOE_SCTP_NONE);
    floe_sctp_set_state(a, FLOE_SCTP_SHUTDOWN_PENDING);
    floe_sctp_shutdown_progress(a);
    return FLOE_OK;
}

/* --- sending --- */

floe_err floe_sctp_check_send(const floe_sctp_assoc *a, const floe_sctp_send *message)
{
    if (a->is_over) {
        return FLOE_E_CLOSED;
    }
    bool is_stream = message->stream < STREAMS_ANNOUNCED &&
                     (a->streams_out == 0 || message->stream < a->streams_out);
    if (message->data.len == 0 || !is_stream) {
        return FLOE_E_ARG;
    }
    if (a->state > FLOE_SCTP_ESTABLISHED) {
        return FLOE_E_STATE;
    }
    if (message->data.len > a->config.remote_message_max ||
        floe_sctp_sendq_cost(message->data.len, message->wants_fate) > a->sendq.size) {
        return FLOE_E_TOO_BIG;
    }
    const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, message->stream);
    const uint8_t resetting = FLOE_SCTP_STREAM_RESET_WANTED | FLOE_SCTP_STREAM_RESET_SENT;
    if (stream != NULL && (stream->flags & resetting) != 0) {
        return FLOE_E_STATE;
    }
    return stream == NULL && a->streams.count == FLOE_SCTP_STREAM_MAX ? FLOE_E_FULL : FLOE_OK;
}

floe_err floe_sctp_assoc_send(floe_sctp_assoc *a, const floe_sctp_send *message)
{
    floe_err err = floe_sctp_check_send(a, message);
    if (err != FLOE_OK) {
        return err;
    }
    size_t cost = floe_sctp_sendq_cost(message->data.len, message->wants_fate);
    bool is_taken = floe_sctp_is_taken(a, message->stream);
    if (is_taken || cost > floe_sctp_sendq_room(&a->sendq)) {
        if (!is_taken || !floe_sctp_await_parts(a)) {
            a->wanted = (uint32_t)cost;
        }
        return FLOE_E_AGAIN;
    }
    floe_sctp_stream *stream = floe_sctp_streams_get(&a->streams, message->stream);
    FLOE_ASSERT(stream != NULL);
    stream->flags |= FLOE_SCTP_STREAM_OUT;
    stream->weight = message->priority;
    floe_sctp_record record = {
        .expires = FLOE_TIME_NEVER,
        .len = (uint32_t)message->data.len,
        .ppid = message->ppid,
        .behind = FLOE_SCTP_POSITION_NONE,
        .max_retransmits = UINT32_MAX,
        .stream = message->stream,
    };
    record.flags = (uint8_t)((message->is_unordered ? FLOE_SCTP_RECORD_UNORDERED : 0) |
                             (message->is_uncounted ? FLOE_SCTP_RECORD_UNCOUNTED : 0) |
                             (message->wants_fate ? FLOE_SCTP_RECORD_RIDER : 0));
    if (message->has_lifetime) {
        /* A message is alive for all of its lifetime: with none it goes out if it can at once. */
        uint32_t ms = message->lifetime_ms > 0 ? message->lifetime_ms : 1;
        record.expires = floe_time_after(a->now, ms * FLOE_MS);
    }
    if (message->has_max_retransmits) {
        record.max_retransmits = message->max_retransmits;
    }
    stream->buffered += floe_sctp_record_count(&record, record.len);
    floe_sctp_sendq_put(&a->sendq, &a->streams, stream, &record, message->data, message->cookie);
    return FLOE_OK;
}

size_t floe_sctp_assoc_get_buffered(const floe_sctp_assoc *a, uint16_t id)
{
    const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, id);
    return stream == NULL ? 0 : stream->buffered;
}

floe_err floe_sctp_assoc_set_low_threshold(floe_sctp_assoc *a, uint16_t id, size_t bytes)
{
    if (id >= STREAMS_ANNOUNCED) {
        return FLOE_E_ARG;
    }
    floe_sctp_stream *stream = floe_sctp_streams_get(&a->streams, id);
    if (stream == NULL) {
        return FLOE_E_FULL;
    }
    stream->flags |= FLOE_SCTP_STREAM_OUT;
    stream->low_threshold = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    return FLOE_OK;
}

void floe_sctp_note_room(floe_sctp_assoc *a)
{
    size_t room = floe_sctp_sendq_room(&a->sendq);
    if (a->wanted > 0 && a->wanted <= room && !floe_sctp_is_taken(a, FLOE_SCTP_NONE)) {
        a->wanted = 0;
        a->events |= EV_WRITABLE;
    }
#if FLOE_SCTP_PARTS
    floe_sctp_note_room_for_parts(a, room);
#endif
}

/* --- time --- */

void floe_sctp_set_timer(floe_sctp_assoc *a, floe_sctp_timer_id id, uint64_t delay_us)
{
    floe_sctp_timers_set(&a->timers, id, floe_time_after(a->now, delay_us));
}

static void handle_timer(floe_sctp_assoc *a, floe_sctp_timer_id id)
{
    switch (id) {
    case FLOE_SCTP_TIMER_INIT:
        floe_sctp_retry_init(a);
        break;
    case FLOE_SCTP_TIMER_SHUTDOWN:
        floe_sctp_retry_shutdown(a);
        break;
    case FLOE_SCTP_TIMER_DATA:
        floe_sctp_data_timeout(a);
        break;
    case FLOE_SCTP_TIMER_PROBE:
        floe_sctp_probe_timeout(a);
        break;
    case FLOE_SCTP_TIMER_REORDER:
        floe_sctp_find_losses(a);
        break;
    case FLOE_SCTP_TIMER_SACK:
        a->pending |= SEND_SACK;
        break;
    case FLOE_SCTP_TIMER_HEARTBEAT:
        floe_sctp_heartbeat_timeout(a);
        break;
    case FLOE_SCTP_TIMER_RESET:
        floe_sctp_reset_timeout(a);
        break;
    case FLOE_SCTP_TIMER_LIFETIME:
        floe_sctp_expire(a);
        break;
    case FLOE_SCTP_TIMER_PMTU:
        floe_sctp_pmtu_timeout(a);
        break;
    case FLOE_SCTP_TIMER_PACE: /* poll_transmit goes on */
    case FLOE_SCTP_TIMER_COUNT:
        break;
    }
}

void floe_sctp_assoc_advance(floe_sctp_assoc *a, floe_time now)
{
    a->now = now > a->now ? now : a->now;
    for (uint32_t i = 0; i < FLOE_SCTP_TIMER_COUNT && !a->is_over; i++) { /* each at most once */
        floe_sctp_timer_id id = floe_sctp_timers_next(&a->timers, a->now);
        if (id == FLOE_SCTP_TIMER_COUNT) {
            return;
        }
        handle_timer(a, id);
    }
}

floe_time floe_sctp_assoc_deadline(const floe_sctp_assoc *a)
{
    return floe_sctp_timers_deadline(&a->timers);
}

void floe_sctp_assoc_path_changed(floe_sctp_assoc *a, floe_time now)
{
    a->now = now > a->now ? now : a->now;
    if (a->is_over) {
        return;
    }
    /* RFC 9260 §7.2.5.2: what was known of the path is void; what waits for a timeout is tried. */
    floe_sctp_rto_reset(&a->rto);
    a->tried_at = FLOE_TIME_NEVER;
    a->is_heartbeat_out = false;
    if (floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_INIT)) {
        a->pending |= a->state == FLOE_SCTP_COOKIE_ECHOED ? SEND_COOKIE_ECHO : SEND_INIT;
        floe_sctp_lose_all(a);
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_INIT, a->rto.rto_us);
    }
    if (floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_SHUTDOWN)) {
        bool is_ack = a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT;
        a->pending |= is_ack ? SEND_SHUTDOWN_ACK : SEND_SHUTDOWN;
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_SHUTDOWN, a->rto.rto_us);
    }
    if (!floe_sctp_is_open(a)) {
        return;
    }
    floe_sctp_pmtu_start(a);
    floe_sctp_cc_init(&a->cc, a->config.congestion, a->cc.mtu);
    floe_sctp_rack_reset(&a->outstanding.rack);
    floe_sctp_lose_all(a);
    a->pace_at = a->now;
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PACE);
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_DATA);
    a->is_probe_due = a->peer_rwnd == 0;
    a->reset.tries = 0;
    a->reset.is_due = a->reset.is_under_way;
    if (floe_sctp_outstanding_is_ahead(&a->outstanding)) {
        a->pending |= SEND_FORWARD;
    }
    a->pending |= SEND_SACK; /* the last ones may have gone to where nobody is any more */
    if (floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_HEARTBEAT)) {
        a->pending |= SEND_HEARTBEAT; /* the new path's round trip, whether there is data or not */
    }
}

/* --- looking at it --- */

floe_sctp_state floe_sctp_assoc_get_state(const floe_sctp_assoc *a)
{
    return (floe_sctp_state)a->state;
}

void floe_sctp_assoc_get_stats(const floe_sctp_assoc *a, floe_sctp_stats *stats)
{
    *stats = a->stats;
    stats->packet_size = (uint32_t)floe_sctp_packet_size(a);
    stats->cwnd = a->cc.cwnd;
    stats->ssthresh = a->cc.ssthresh;
    stats->flight = a->outstanding.flight;
    stats->rwnd_remote = a->peer_rwnd > stats->flight ? a->peer_rwnd - stats->flight : 0;
    stats->rwnd_local = floe_sctp_reassembly_window(&a->reassembly);
    stats->srtt_us = a->rto.srtt_us;
    stats->rto_us = a->rto.rto_us;
    stats->buffered = 0;
    for (uint32_t i = 0; i < a->streams.end; i++) {
        const floe_sctp_stream *stream = &a->streams.table[i];
        stats->buffered += floe_sctp_stream_is_used(stream) ? stream->buffered : 0;
    }
}

uint16_t floe_sctp_assoc_get_streams(const floe_sctp_assoc *a)
{
    return floe_sctp_is_open(a) ? a->streams_out : 0;
}

floe_time floe_sctp_assoc_get_now(const floe_sctp_assoc *a)
{
    return a->now;
}

const char *floe_sctp_state_name(floe_sctp_state state)
{
    static const char *const names[] = {
        [FLOE_SCTP_CLOSED] = "CLOSED",
        [FLOE_SCTP_COOKIE_WAIT] = "COOKIE-WAIT",
        [FLOE_SCTP_COOKIE_ECHOED] = "COOKIE-ECHOED",
        [FLOE_SCTP_ESTABLISHED] = "ESTABLISHED",
        [FLOE_SCTP_SHUTDOWN_PENDING] = "SHUTDOWN-PENDING",
        [FLOE_SCTP_SHUTDOWN_SENT] = "SHUTDOWN-SENT",
        [FLOE_SCTP_SHUTDOWN_RECEIVED] = "SHUTDOWN-RECEIVED",
        [FLOE_SCTP_SHUTDOWN_ACK_SENT] = "SHUTDOWN-ACK-SENT",
    };
    return names[state];
}

const char *floe_sctp_cause_text(floe_sctp_cause cause)
{
    static const char *const texts[] = {
        [FLOE_SCTP_CAUSE_NONE] = "The association is not closed.",
        [FLOE_SCTP_CAUSE_SHUTDOWN] = "The association was shut down after all data was delivered.",
        [FLOE_SCTP_CAUSE_ABORTED] = "The peer aborted the association.",
        [FLOE_SCTP_CAUSE_LOCAL] = "The association was aborted on this side.",
        [FLOE_SCTP_CAUSE_TIMEOUT] = "The peer did not answer any more.",
        [FLOE_SCTP_CAUSE_PROTOCOL] = "The peer broke the protocol.",
    };
    return texts[cause];
}
