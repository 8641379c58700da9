/*
 * sctp/sctp_handshake.c - setting up: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK; both ends at once;
 * again, when the peer restarts (RFC 9260 sections 5.1, 5.2).
 *
 * Tag and initial TSN are chosen once, when the object is made: the INIT ACK that a CLOSED
 * association gives and the INIT that it may send a moment later then agree, and a collision needs
 * no second round.
 */
#include "sctp/sctp_internal.h"

#include "base/assert.h"

#include <string.h>

static uint32_t random_tag(const floe_sctp_assoc *a)
{
    uint32_t tag = 0;
    while (tag == 0) { /* RFC 9260 §5.3.1: any value but 0 */
        tag = floe_rand_u32(&a->config.rand);
    }
    return tag;
}

static uint16_t min_u16(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

/* An INIT or INIT ACK is refused: the answer carries its tag. */
static void refuse(floe_sctp_assoc *a, uint32_t tag, uint16_t cause)
{
    floe_sctp_owe_stray(
        a, (floe_sctp_stray){.tag = tag, .type = FLOE_SCTP_CHUNK_ABORT, .cause = cause});
}

/* RFC 9260 §3.3.2: what an INIT has to say at least, apart from a tag. */
static bool is_acceptable(const floe_sctp_init *init)
{
    return init->rwnd >= RWND_MIN && init->out_streams > 0 && init->in_streams > 0;
}

uint16_t floe_sctp_read_init(floe_sctp_init_reply *reply, const floe_sctp_chunk *chunk)
{
    floe_sctp_init init;
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(reply->report, sizeof reply->report);
    floe_sctp_init_parse(&init, chunk);
    floe_sctp_init_params_parse(&params, init.params, &report);
    reply->tag = init.tag;
    reply->tsn = init.tsn;
    reply->rwnd = init.rwnd;
    reply->out_streams = init.out_streams;
    reply->in_streams = init.in_streams;
    reply->has_forward_tsn = params.has_forward_tsn;
    reply->has_reconfig = params.has_reconfig;
    reply->has_zero_checksum = params.has_zero_checksum;
    reply->interleaving = params.interleaving;
    reply->report_len = (uint8_t)report.len;
    if (!is_acceptable(&init)) {
        return FLOE_SCTP_ERROR_INVALID_PARAM;
    }
    /* RFC 9260 §5.1.2 B */
    return params.has_host_name ? FLOE_SCTP_ERROR_UNRESOLVABLE : 0;
}

void floe_sctp_handle_init(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_sctp_init_reply reply;
    uint16_t cause = floe_sctp_read_init(&reply, chunk);
    if (reply.tag == 0) { /* RFC 9260 §3.3.2: silently */
        return;
    }
    if (a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        a->pending |= SEND_SHUTDOWN_ACK; /* RFC 9260 §9.2: our last word was lost */
        return;
    }
    if (cause != 0) {
        refuse(a, reply.tag, cause);
        return;
    }
    if (a->is_over) { /* a data channel transport has one association, and no second */
        refuse(a, reply.tag, FLOE_SCTP_ERROR_NO_RESOURCE);
        return;
    }
    a->init_reply = reply;
    a->pending |= SEND_INIT_ACK;
}

static floe_sctp_init own_init(const floe_sctp_assoc *a)
{
    return (floe_sctp_init){.tag = a->local_tag,
                            .rwnd = floe_sctp_initial_rwnd(a),
                            .tsn = a->local_tsn,
                            .out_streams = STREAMS_ANNOUNCED,
                            .in_streams = STREAMS_ANNOUNCED};
}

void floe_sctp_put_init_chunk(const floe_sctp_assoc *a, uint32_t tag, uint32_t tsn, floe_writer *w)
{
    floe_sctp_init init = own_init(a);
    init.tag = tag;
    init.tsn = tsn;
    size_t begin = floe_sctp_init_begin(w, FLOE_SCTP_CHUNK_INIT, &init);
    floe_sctp_init_params_put(w, floe_sctp_asks_for_interleaving(a));
    if (a->config.is_over_dtls) {
        floe_sctp_zero_checksum_put(w);
    }
    floe_sctp_chunk_end(w, begin);
}

void floe_sctp_put_init(floe_sctp_assoc *a, floe_writer *w)
{
    /* RFC 9260 §8.5.1 A: a packet with an INIT has tag 0, each time that it is sent. */
    floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, 0);
    floe_sctp_put_init_chunk(a, a->local_tag, a->local_tsn, w);
    a->pending &= (uint16_t)~SEND_INIT;
    a->tried_at = a->tries == 0 ? a->now : FLOE_TIME_NEVER;
}

/* RFC 9260 §5.2.1, §5.2.2: while setting up, the parameters of our own INIT; with an association
 * in place, a new tag, and proof that this one was known. */
static void choose_identity(const floe_sctp_assoc *a, floe_sctp_init *init,
                            floe_sctp_cookie *cookie)
{
    if (floe_sctp_is_open(a) && !floe_sctp_snap_is_late(a)) {
        init->tag = random_tag(a);
        init->tsn = floe_rand_u32(&a->config.rand);
    }
    if (floe_sctp_is_open(a) || a->state == FLOE_SCTP_COOKIE_ECHOED) {
        cookie->local_tie = a->local_tie;
        cookie->peer_tie = a->peer_tie;
    }
    cookie->local_tag = init->tag;
    cookie->local_tsn = init->tsn;
}

/* What the INIT to be answered says. */
static floe_sctp_cookie begin_cookie(const floe_sctp_assoc *a)
{
    const floe_sctp_init_reply *reply = &a->init_reply;
    return (floe_sctp_cookie){.created = a->now,
                              .local_tag = a->local_tag,
                              .local_tsn = a->local_tsn,
                              .peer_tag = reply->tag,
                              .peer_tsn = reply->tsn,
                              .peer_rwnd = reply->rwnd,
                              .peer_out_streams = reply->out_streams,
                              .peer_in_streams = reply->in_streams,
                              .local_port = a->config.local_port,
                              .remote_port = a->config.remote_port,
                              .has_forward_tsn = reply->has_forward_tsn,
                              .has_reconfig = reply->has_reconfig,
                              .has_zero_checksum = reply->has_zero_checksum,
                              .interleaving = reply->interleaving};
}

void floe_sctp_put_init_ack(floe_sctp_assoc *a, floe_writer *w)
{
    const floe_sctp_init_reply *reply = &a->init_reply;
    floe_sctp_init init = own_init(a);
    /* RFC 9260 §3.3.3: no more streams than the peer takes. */
    init.out_streams = min_u16(init.out_streams, reply->in_streams);
    floe_sctp_cookie cookie = begin_cookie(a);
    choose_identity(a, &init, &cookie);
    uint8_t bytes[FLOE_SCTP_COOKIE_SIZE];
    floe_sctp_cookie_put(&cookie, a->secret, bytes);

    floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, reply->tag);
    size_t begin = floe_sctp_init_begin(w, FLOE_SCTP_CHUNK_INIT_ACK, &init);
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_STATE_COOKIE, (floe_bytes){bytes, sizeof bytes});
    floe_sctp_init_params_put(w, floe_sctp_asks_for_interleaving(a));
    /* Only to who knows the parameter: pion/sctp 1.8 drops a packet with an unknown one. */
    if (a->config.is_over_dtls && reply->has_zero_checksum) {
        floe_sctp_zero_checksum_put(w);
    }
    floe_bytes unknown = {reply->report, reply->report_len};
    floe_sctp_param param;
    while (floe_sctp_param_next(&unknown, &param)) { /* RFC 9260 §3.2.2 */
        floe_sctp_param_put(w, FLOE_SCTP_PARAM_UNRECOGNIZED, param.whole);
    }
    floe_sctp_chunk_end(w, begin);
    a->pending &= (uint16_t)~SEND_INIT_ACK;
}

/* The INIT ACK cannot be used: the attempt ends, and the peer is told. */
static void give_up(floe_sctp_assoc *a, floe_sctp_stray stray)
{
    stray.type = FLOE_SCTP_CHUNK_ABORT;
    floe_sctp_close(a, FLOE_SCTP_CAUSE_PROTOCOL, stray.cause);
    floe_sctp_owe_stray(a, stray);
}

static void measure(floe_sctp_assoc *a)
{
    if (a->tried_at != FLOE_TIME_NEVER) { /* RFC 9260 §6.3.1 C5: only what was sent once */
        floe_time rtt = a->now - a->tried_at;
        floe_sctp_rto_add(&a->rto, rtt);
        floe_sctp_rack_measure(&a->outstanding.rack, a->now,
                               rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX);
    }
    a->tried_at = FLOE_TIME_NEVER;
    a->tries = 0;
}

/* Keep the cookie where received data will go later: none is accepted before it is echoed. */
static void accept_init_ack(floe_sctp_assoc *a, const floe_sctp_init *init,
                            const floe_sctp_init_params *params, floe_bytes unknown)
{
    memcpy(a->config.recv_buffer.ptr, params->cookie.ptr, params->cookie.len);
    a->cookie_len = (uint16_t)params->cookie.len;
    a->peer_tag = init->tag;
    a->peer_tsn = init->tsn;
    a->peer_rwnd = init->rwnd;
    /* RFC 9260 §5.1.1: the smaller number, each direction. */
    a->streams_out = min_u16(STREAMS_ANNOUNCED, init->in_streams);
    a->streams_in = min_u16(STREAMS_ANNOUNCED, init->out_streams);
    a->has_forward_tsn = params->has_forward_tsn;
    a->has_reconfig = params->has_reconfig;
    a->has_zero_checksum = params->has_zero_checksum;
    floe_sctp_set_interleaving(a, params->interleaving);
    measure(a);
    floe_sctp_start_transport(a);
    floe_sctp_set_state(a, FLOE_SCTP_COOKIE_ECHOED);
    a->pending &= (uint16_t)~SEND_INIT;
    a->pending |= SEND_COOKIE_ECHO;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_INIT, a->rto.rto_us);
    if (unknown.len > 0) {
        floe_sctp_owe_error(a, FLOE_SCTP_ERROR_UNKNOWN_PARAM, unknown);
    }
}

void floe_sctp_handle_init_ack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    if (a->state != FLOE_SCTP_COOKIE_WAIT) { /* RFC 9260 §5.2.3 */
        return;
    }
    floe_sctp_init init;
    floe_sctp_init_params params;
    uint8_t unknown[64];
    floe_writer report = floe_writer_begin(unknown, sizeof unknown);
    floe_sctp_init_parse(&init, chunk);
    floe_sctp_init_params_parse(&params, init.params, &report);
    size_t cookie_max = a->config.packet_max - FLOE_SCTP_HEADER_SIZE - FLOE_SCTP_CHUNK_SIZE;
    if (init.tag == 0) { /* RFC 9260 §3.3.3: there is no tag to answer with but our own */
        give_up(a, (floe_sctp_stray){.tag = a->local_tag, .flags = FLOE_SCTP_FLAG_REFLECTED});
    } else if (init.rwnd < RWND_MIN) { /* RFC 9260 §3.3.3: no state changes */
        refuse(a, init.tag, FLOE_SCTP_ERROR_INVALID_PARAM);
    } else if (!is_acceptable(&init)) {
        give_up(a, (floe_sctp_stray){.tag = init.tag, .cause = FLOE_SCTP_ERROR_INVALID_PARAM});
    } else if (params.has_host_name) {
        give_up(a, (floe_sctp_stray){.tag = init.tag, .cause = FLOE_SCTP_ERROR_UNRESOLVABLE});
    } else if (params.cookie.len == 0) {
        give_up(a, (floe_sctp_stray){.tag = init.tag, .cause = FLOE_SCTP_ERROR_MISSING_PARAM});
    } else if (params.cookie.len > cookie_max ||
               !floe_sctp_can_set_interleaving(a, params.interleaving)) {
        give_up(a, (floe_sctp_stray){.tag = init.tag, .cause = FLOE_SCTP_ERROR_NO_RESOURCE});
    } else {
        accept_init_ack(a, &init, &params, floe_writer_view(&report));
    }
}

void floe_sctp_put_cookie_echo(floe_sctp_assoc *a, floe_writer *w)
{
    floe_bytes cookie = {a->config.recv_buffer.ptr, a->cookie_len};
    floe_sctp_chunk_put(w, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0, cookie);
    a->pending &= (uint16_t)~SEND_COOKIE_ECHO;
    a->tried_at = a->tries == 0 ? a->now : FLOE_TIME_NEVER;
}

/* Set-up is over: from here on data is received. */
static void establish(floe_sctp_assoc *a)
{
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_INIT);
    a->pending &= (uint16_t) ~(SEND_INIT | SEND_COOKIE_ECHO);
    a->tries = 0;
    a->cookie_len = 0;
    floe_sctp_rto_end_backoff(&a->rto); /* data begins with a timeout of its own */
    floe_sctp_start_receiving(a);
    floe_sctp_set_state(a, FLOE_SCTP_ESTABLISHED);
    if (floe_sctp_outstanding_count(&a->outstanding) > 0) { /* sent behind the COOKIE ECHO */
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us);
    }
    floe_sctp_heartbeat_start(a);
    floe_sctp_pmtu_start(a);
    a->events |= EV_ESTABLISHED;
}

static void take_peer(floe_sctp_assoc *a, const floe_sctp_cookie *cookie)
{
    a->peer_tag = cookie->peer_tag;
    a->peer_tsn = cookie->peer_tsn;
    a->peer_rwnd = cookie->peer_rwnd;
    a->streams_out = min_u16(STREAMS_ANNOUNCED, cookie->peer_in_streams);
    a->streams_in = min_u16(STREAMS_ANNOUNCED, cookie->peer_out_streams);
    a->has_forward_tsn = cookie->has_forward_tsn;
    a->has_reconfig = cookie->has_reconfig;
    a->has_zero_checksum = cookie->has_zero_checksum;
    floe_sctp_set_interleaving(a, cookie->interleaving);
}

/* An association as the cookie says; there is none, or none that counts. */
static void set_up(floe_sctp_assoc *a, const floe_sctp_cookie *cookie)
{
    a->local_tag = cookie->local_tag;
    a->local_tsn = cookie->local_tsn;
    take_peer(a, cookie);
    floe_sctp_start_transport(a);
    establish(a);
}

void floe_sctp_set_up(floe_sctp_assoc *a)
{
    floe_sctp_cookie cookie = begin_cookie(a);
    set_up(a, &cookie);
}

/* RFC 9260 §5.2.4 action A: the peer began anew. */
static floe_err restart(floe_sctp_assoc *a, const floe_sctp_cookie *cookie)
{
    if (a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        a->pending |= SEND_SHUTDOWN_ACK;
        floe_sctp_owe_error(a, FLOE_SCTP_ERROR_COOKIE_IN_SHUTDOWN, (floe_bytes){NULL, 0});
        return FLOE_E_UNKNOWN;
    }
    a->events |= EV_RESTARTED;
    a->pending = SEND_COOKIE_ACK;
    a->reply_len = 0;
    a->local_tie = random_tag(a);
    a->peer_tie = random_tag(a);
    floe_sctp_timers_init(&a->timers);
    floe_sctp_rto_reset(&a->rto);
    floe_sctp_streams_init(&a->streams);
    floe_sctp_sendq_drop(&a->sendq, FLOE_SCTP_OUTCOME_UNKNOWN);
#if FLOE_SCTP_PARTS
    a->parts.is_open = false;
#endif
    floe_sctp_outstanding_init(&a->outstanding, a->config.tx_ring, a->config.tx_ring_len,
                               cookie->local_tsn);
    set_up(a, cookie);
    return FLOE_OK;
}

/* RFC 9260 §5.2.4: table 12, for an association that exists. */
static floe_err handle_second_cookie(floe_sctp_assoc *a, const floe_sctp_cookie *cookie)
{
    bool is_local = cookie->local_tag == a->local_tag;
    bool is_peer = cookie->peer_tag == a->peer_tag;
    bool has_ties = cookie->local_tie != 0 || cookie->peer_tie != 0;
    bool is_tied = cookie->local_tie == a->local_tie && cookie->peer_tie == a->peer_tie;
    if (!is_local) {
        /* A; otherwise C, a cookie that comes too late, or one of another time altogether. */
        return !is_peer && has_ties && is_tied ? restart(a, cookie) : FLOE_E_UNKNOWN;
    }
    if (!floe_sctp_can_set_interleaving(a, cookie->interleaving)) {
        return FLOE_E_UNKNOWN; /* not of the peer that has data from behind the COOKIE ECHO */
    }
    a->pending |= SEND_COOKIE_ACK; /* B and D */
    if (a->state == FLOE_SCTP_COOKIE_WAIT) {
        set_up(a, cookie);
    } else if (a->state == FLOE_SCTP_COOKIE_ECHOED) {
        if (!is_peer) {
            take_peer(a, cookie);
            floe_sctp_reset_init(a); /* its requests begin with another number */
        }
        establish(a);
    } else {
        a->peer_tag = cookie->peer_tag;
    }
    return FLOE_OK;
}

floe_err floe_sctp_handle_cookie_echo(floe_sctp_assoc *a, const floe_sctp_packet *packet,
                                      const floe_sctp_chunk *chunk)
{
    floe_sctp_cookie cookie;
    /* RFC 9260 §5.1.5: first the signature, then ports and tag, then the age. */
    if (floe_sctp_cookie_parse(&cookie, a->secret, chunk->value) != FLOE_OK ||
        cookie.local_tag != packet->tag || cookie.local_port != packet->dest_port ||
        cookie.remote_port != packet->source_port) {
        return FLOE_E_AUTH;
    }
    if (a->is_over) {
        return FLOE_E_UNKNOWN;
    }
    bool is_ours = a->state != FLOE_SCTP_CLOSED && cookie.local_tag == a->local_tag &&
                   cookie.peer_tag == a->peer_tag;
    if (a->now - cookie.created > FLOE_SCTP_COOKIE_LIFE && !is_ours) {
        floe_sctp_owe_stray(a, (floe_sctp_stray){.tag = cookie.peer_tag,
                                                 .type = FLOE_SCTP_CHUNK_ERROR,
                                                 .cause = FLOE_SCTP_ERROR_STALE_COOKIE});
        return FLOE_E_UNKNOWN;
    }
    if (a->state != FLOE_SCTP_CLOSED) {
        return handle_second_cookie(a, &cookie);
    }
    set_up(a, &cookie);
    a->pending |= SEND_COOKIE_ACK;
    return FLOE_OK;
}

void floe_sctp_handle_cookie_ack(floe_sctp_assoc *a)
{
    if (a->state != FLOE_SCTP_COOKIE_ECHOED) { /* RFC 9260 §5.2.5 */
        return;
    }
    measure(a);
    establish(a);
}

void floe_sctp_handle_stale_cookie(floe_sctp_assoc *a)
{
    if (a->state != FLOE_SCTP_COOKIE_ECHOED) { /* RFC 9260 §5.2.6 */
        return;
    }
    if (++a->stale > a->config.init_retries) {
        floe_sctp_close(a, FLOE_SCTP_CAUSE_TIMEOUT, 0);
        return;
    }
    /* Alternative 1: begin again with an INIT; with a new tag, because an earlier COOKIE ECHO may
     * have got through, and then this is a restart. */
    floe_sctp_set_state(a, FLOE_SCTP_COOKIE_WAIT);
    a->local_tag = random_tag(a);
    a->pending &= (uint16_t)~SEND_COOKIE_ECHO;
    a->peer_tag = 0;
    floe_sctp_start_receiving(a); /* the cookie is where received data should be */
    floe_sctp_outstanding_lose_all(&a->outstanding);
    floe_sctp_retry_init(a);
}

void floe_sctp_retry_init(floe_sctp_assoc *a)
{
    if (++a->tries > a->config.init_retries) {
        floe_sctp_close(a, FLOE_SCTP_CAUSE_TIMEOUT, 0);
        return;
    }
    bool is_echo = a->state == FLOE_SCTP_COOKIE_ECHOED;
    a->pending |= is_echo ? SEND_COOKIE_ECHO : SEND_INIT;
    if (is_echo) { /* what went with the COOKIE ECHO goes with it again */
        floe_sctp_outstanding_lose_all(&a->outstanding);
    }
    floe_sctp_rto_back_off(&a->rto);
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_INIT, a->rto.rto_us);
}
