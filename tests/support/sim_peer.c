/* support/sim_peer.c - see support/sim_peer.h. */
#include "support/sim_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define PORT            40000u
#define DESCRIPTION_MAX 4096u
#define RELAYS          2u
#define TCP_LINKS       8u

enum { OFFER, ANSWER, CANDIDATE, RESOLVED }; /* kinds of letters */

/* ---- signalling ---- */

static void send_description(sim_peer *p, int kind)
{
    char text[DESCRIPTION_MAX];
    floe_peer_sdp_type type;
    size_t len;
    floe_err err = floe_peer_get_local(p->peer, &type, (uint8_t *)text, sizeof text - 1, &len);
    assert_int_equal(err, FLOE_OK);
    assert_int_equal(type, kind == OFFER ? FLOE_PEER_OFFER : FLOE_PEER_ANSWER);
    text[len] = '\0';
    if (p->config.tamper != NULL) {
        p->config.tamper(text);
    }
    sim_world_post(p->world, p->other->actor, p->config.letter_delay, kind, text);
}

/* Candidates overtake each other and the description, but not their end (RFC 8838 section 8.2). */
static void send_candidate(sim_peer *p, const char *text)
{
    floe_time delay = sim_random_below(&p->random, p->config.candidate_delay + 1);
    floe_time at = p->world->now + delay;
    if (text[0] == '\0' && at < p->last_letter_at) {
        at = p->last_letter_at;
    }
    p->last_letter_at = at > p->last_letter_at ? at : p->last_letter_at;
    sim_world_post(p->world, p->other->actor, at - p->world->now, CANDIDATE, text);
}

static void hold_candidate(sim_peer *p, const char *text)
{
    assert_true(p->held_count < SIM_PEER_HELD);
    p->held[p->held_count] = strdup(text);
    assert_non_null(p->held[p->held_count]);
    p->held_count++;
}

/* UNKNOWN: of a generation whose description has not come yet, or is over. */
static floe_err add_candidate(sim_peer *p, const char *text)
{
    floe_err err =
        floe_peer_add_candidate(p->peer, floe_bytes_of(text), floe_peer_get_mid(p->other->peer));
    bool is_over = err == FLOE_E_CLOSED && floe_peer_get_state(p->peer) == FLOE_PEER_CLOSED;
    assert_true(err == FLOE_OK || err == FLOE_E_UNKNOWN || is_over);
    return err;
}

static void add_held(sim_peer *p)
{
    for (size_t i = 0; i < p->held_count; i++) {
        (void)!add_candidate(p, p->held[i]);
        free(p->held[i]);
    }
    p->held_count = 0;
}

void sim_peer_bind(sim_peer *p, size_t index)
{
    const sim_node *host = &p->world->net.nodes[p->host];
    assert_true(index < host->addr_count);
    floe_addr addr = host->addrs[index];
    addr.port = (uint16_t)(PORT + index);
    assert_int_equal(floe_peer_add_local(p->peer, &addr, (uint16_t)(65535 - index)), FLOE_OK);
}

static void bind_tcp(sim_peer *p)
{
    floe_addr addr = p->world->net.nodes[p->host].addrs[0];
    addr.port = SIM_TCP_PORT;
    for (int is_passive = 0; is_passive <= p->config.is_listening && p->tcp != NULL; is_passive++) {
        assert_int_equal(floe_peer_add_local_tcp(p->peer, &addr, 65535, is_passive != 0), FLOE_OK);
    }
}

static void bind_all(sim_peer *p)
{
    size_t count = p->world->net.nodes[p->host].addr_count;
    for (size_t i = 0; i < count && i < p->config.addr_limit; i++) {
        sim_peer_bind(p, i);
    }
    bind_tcp(p);
    floe_peer_end_local(p->peer);
}

static void read_description(sim_peer *p, int kind, const char *text)
{
    floe_peer_sdp_type type = kind == OFFER ? FLOE_PEER_OFFER : FLOE_PEER_ANSWER;
    p->description_err = floe_peer_set_remote(p->peer, type, floe_bytes_of(text), NULL);
    if (p->description_err != FLOE_OK) {
        return; /* the test asks for it */
    }
    p->has_remote = true;
    if (kind == OFFER) {
        bind_all(p);
        assert_int_equal(floe_peer_set_local(p->peer, FLOE_PEER_ANSWER), FLOE_OK);
        send_description(p, ANSWER);
    }
    add_held(p);
}

static void read_resolved(sim_peer *p, const char *text)
{
    char ip[64];
    unsigned request;
    floe_addr addr;
    const floe_addr none = {0};
    assert_int_equal(sscanf(text, "%u %63s", &request, ip), 2);
    if (floe_addr_parse(&addr, floe_bytes_of(ip), 0) == FLOE_OK) {
        floe_peer_resolved(p->peer, request, &addr);
    }
    floe_peer_resolved(p->peer, request, &none);
}

static void read_letter(void *self, int kind, const char *text)
{
    sim_peer *p = self;
    if (kind == OFFER || kind == ANSWER) {
        read_description(p, kind, text);
    } else if (kind == RESOLVED) {
        read_resolved(p, text);
    } else if (!p->has_remote || add_candidate(p, text) == FLOE_E_UNKNOWN) {
        hold_candidate(p, text);
    }
}

static void offer(sim_peer *p)
{
    assert_int_equal(floe_peer_set_local(p->peer, FLOE_PEER_OFFER), FLOE_OK);
    send_description(p, OFFER);
    sim_peer_drain(p);
}

void sim_peer_offer(sim_peer *p)
{
    bind_all(p);
    offer(p);
}

void sim_peer_restart_ice(sim_peer *p)
{
    floe_peer_restart_ice(p->peer);
    offer(p);
}

/* ---- the actor ---- */

static void take_connection(sim_peer *p, const floe_peer_event *event)
{
    if (event->request >= FLOE_PEER_TCP_REQUEST) {
        sim_tcp_take_event(p->tcp, p->tcp_side, p->world->now, event);
    } else if (event->type == FLOE_PEER_EV_CONNECT) {
        sim_wires_open(&p->wires, p->world->now, event, &p->world->net.nodes[p->host].addrs[0]);
    } else {
        sim_wires_close(&p->wires, event->request);
    }
}

static void on_event(sim_peer *p, const floe_peer_event *event)
{
    char text[FLOE_PEER_CANDIDATE_MAX];
    switch (event->type) {
    case FLOE_PEER_EV_STATE:
        p->state = event->state;
        p->state_at[event->state] = floe_time_min(p->state_at[event->state], p->world->now);
        break;
    case FLOE_PEER_EV_CANDIDATE:
        floe_peer_put_candidate(p->peer, &event->cand, text);
        send_candidate(p, text);
        break;
    case FLOE_PEER_EV_GATHERING:
        if (event->gathering == FLOE_ICE_GATHERING_COMPLETE) {
            send_candidate(p, "");
        }
        break;
    case FLOE_PEER_EV_RESOLVE:
        snprintf(text, sizeof text, "%u %s", event->request,
                 p->config.stun_ip != NULL ? p->config.stun_ip : "-");
        sim_world_post(p->world, p->actor, 30 * FLOE_MS, RESOLVED, text);
        break;
    case FLOE_PEER_EV_CONNECT:
    case FLOE_PEER_EV_DISCONNECT:
        take_connection(p, event);
        break;
    default:
        break;
    }
    if (p->app.event != NULL) {
        p->app.event(p->app.self, p, event);
    }
}

/* One counter of each kind, which must never go back. */
static void check_counters(sim_peer *p)
{
    floe_peer_stats stats;
    floe_peer_get_stats(p->peer, &stats);
    const uint64_t now[SIM_PEER_COUNTERS] = {
        stats.datagrams_received, stats.datagrams_sent,         stats.bytes_received,
        stats.bytes_sent,         stats.ice.checks_sent,        stats.ice.checks_received,
        stats.sctp.messages_sent, stats.sctp.messages_received, stats.sctp.retransmits};
    for (size_t i = 0; i < SIM_PEER_COUNTERS; i++) {
        assert_true(now[i] >= p->counters[i]);
        p->counters[i] = now[i];
    }
}

/* What holds between the layers once all events are read; each layer's own is checked by itself. */
static void check_layers(const sim_peer *p)
{
    floe_peer_state state = floe_peer_get_state(p->peer);
    floe_ice_state ice = floe_peer_get_ice_state(p->peer);
    const char *sentence;
    bool has_fault = floe_peer_get_reason(p->peer, &sentence) != FLOE_PEER_FAULT_NONE;
    assert_int_equal(state, p->state);
    assert_true(has_fault == (sentence[0] != '\0'));
    assert_true(has_fault || state != FLOE_PEER_FAILED);
    if (state == FLOE_PEER_CONNECTED) {
        assert_int_equal(floe_peer_get_dtls_state(p->peer), FLOE_DTLS_CONNECTED);
        assert_true(ice == FLOE_ICE_CONNECTED || ice == FLOE_ICE_COMPLETED);
    }
    if (state == FLOE_PEER_CLOSED) {
        assert_true(floe_peer_deadline(p->peer) == FLOE_TIME_NEVER);
    }
}

static void settle(void *self)
{
    sim_peer *p = self;
    floe_peer_event event;
    sim_wires_tell(&p->wires);
    while (floe_peer_poll_event(p->peer, &event)) {
        on_event(p, &event);
    }
    if (p->app.idle != NULL) {
        p->app.idle(p->app.self, p);
    }
    floe_peer_check_invariants(p->peer);
    check_counters(p);
    check_layers(p);
}

static void input(void *self, floe_time now, const floe_path *path, uint8_t *run, size_t len,
                  size_t segment)
{
    sim_peer *p = self;
    if (path->transport == FLOE_UDP) {
        floe_peer_input(p->peer, now, path, run, len, segment);
        return;
    }
    for (size_t at = 0; at < len; at += segment) {
        size_t size = len - at < segment ? len - at : segment;
        sim_wires_input(&p->wires, now, path, (floe_bytes){run + at, size});
    }
}

static void advance(void *self, floe_time now)
{
    sim_peer *p = self;
    floe_peer_advance(p->peer, now);
    sim_wires_advance(&p->wires, now);
    if (p->tcp != NULL) {
        sim_tcp_deliver(p->tcp, p->tcp_side, now);
    }
    if (p->timer_at <= now) {
        p->timer_at = FLOE_TIME_NEVER;
        p->app.timer(p->app.self, p);
    }
}

static floe_time deadline(const void *self)
{
    const sim_peer *p = self;
    floe_time at = p->tcp != NULL ? sim_tcp_next(p->tcp, p->tcp_side) : FLOE_TIME_NEVER;
    at = floe_time_min(at, floe_time_min(p->timer_at, sim_wires_deadline(&p->wires)));
    return floe_time_min(at, floe_peer_deadline(p->peer));
}

static bool transmit(void *self, floe_transmit *out)
{
    sim_peer *p = self;
    while (floe_peer_poll_transmit(p->peer, out)) {
        if (p->tcp != NULL && sim_tcp_send(p->tcp, p->tcp_side, p->world->now, out)) {
            continue;
        }
        if (!sim_wires_send(&p->wires, out)) {
            return true;
        }
    }
    return sim_wires_poll_transmit(&p->wires, out);
}

void sim_peer_drain(sim_peer *p)
{
    sim_world_drain(p->world, p->actor);
}

bool sim_peer_is_state(const sim_peer *p, floe_peer_state state)
{
    return p->state == state;
}

/* ---- life ---- */

static void *allocate(sim_peer *p, int index, size_t size)
{
    p->memory[index] = malloc(size);
    assert_non_null(p->memory[index]);
    return p->memory[index];
}

static void fill_config(sim_peer *p, floe_peer_config *config)
{
    sim_peer_config *c = &p->config;
    c->letter_delay = c->letter_delay == 0 ? 20 * FLOE_MS : c->letter_delay;
    c->candidate_delay = c->candidate_delay == 0 ? 40 * FLOE_MS : c->candidate_delay;
    c->send_buffer = c->send_buffer == 0 ? 524288 : c->send_buffer;
    c->recv_buffer = c->recv_buffer == 0 ? 524288 : c->recv_buffer;
    c->ring = c->ring == 0 ? 256 : c->ring;
    c->addr_limit = c->addr_limit == 0 ? SIM_ADDRS : c->addr_limit;

    *config =
        (floe_peer_config){.identity = &p->identity, .snap = c->snap, .mtu = c->mtu, .ice = c->ice};
    p->world->mtu = c->mtu > p->world->mtu ? c->mtu : p->world->mtu;
    config->rand = sim_random_source(&p->random);
    config->trace = c->trace.fn != NULL ? c->trace : sim_trace_add(&p->world->trace);
    config->message_max = c->message_max;
    config->send_buffer = (floe_span){allocate(p, 0, c->send_buffer), c->send_buffer};
    config->recv_buffer = (floe_span){allocate(p, 1, c->recv_buffer), c->recv_buffer};
    config->tx_ring = allocate(p, 2, c->ring * sizeof(floe_sctp_tx));
    config->tx_ring_len = c->ring;
    config->relays = allocate(p, 4, RELAYS * sizeof(floe_ice_relay));
    config->relay_max = RELAYS;
    if (c->has_tcp) {
        config->tcp_links = allocate(p, 5, TCP_LINKS * sizeof(floe_ice_tcp_link));
        config->tcp_link_max = TCP_LINKS;
    }
    config->description = (floe_span){allocate(p, 3, 2 * DESCRIPTION_MAX), 2 * DESCRIPTION_MAX};
}

static void add_server(sim_peer *p, const char *url, const char *user, const char *password)
{
    const char *why = NULL;
    assert_int_equal(floe_peer_add_server(p->peer, floe_bytes_of(url), floe_bytes_of(user),
                                          floe_bytes_of(password), &why),
                     FLOE_OK);
}

sim_peer *sim_peer_new(sim_world *world, int host, const sim_peer_config *config)
{
    floe_peer_config peer_config;
    sim_peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->world = world;
    p->host = host;
    p->config = *config;
    p->random = sim_random_begin(world->seed, 0x100 + (uint64_t)host);
    p->timer_at = FLOE_TIME_NEVER;
    for (size_t i = 0; i <= FLOE_PEER_CLOSED; i++) {
        p->state_at[i] = FLOE_TIME_NEVER;
    }
    p->peer = malloc(sizeof *p->peer);
    assert_non_null(p->peer);
    assert_int_equal(floe_dtls_identity_init(&p->identity), FLOE_OK);
    fill_config(p, &peer_config);
    assert_int_equal(floe_peer_init(p->peer, &peer_config, world->now), FLOE_OK);
    sim_wires_init(&p->wires, p->peer, config->trust);
    if (config->stun_url != NULL) {
        add_server(p, config->stun_url, "", "");
    }
    if (config->turn_url != NULL) {
        const char *password = config->turn_password;
        add_server(p, config->turn_url, "user", password != NULL ? password : "pass");
    }
    sim_actor actor = {p, host, input, advance, deadline, transmit, settle, read_letter};
    p->actor = sim_world_add(world, &actor);
    return p;
}

void sim_peer_free(sim_peer *p)
{
    sim_wires_free(&p->wires);
    floe_peer_free(p->peer);
    floe_dtls_identity_free(&p->identity);
    for (size_t i = 0; i < sizeof p->memory / sizeof *p->memory; i++) {
        free(p->memory[i]);
    }
    for (size_t i = 0; i < p->held_count; i++) {
        free(p->held[i]);
    }
    free(p->peer);
    free(p);
}

void sim_peer_join(sim_peer *a, sim_peer *b)
{
    a->other = b;
    b->other = a;
}

void sim_peer_use_tcp(sim_tcp *tcp, sim_peer *a, sim_peer *b)
{
    sim_peer *both[2] = {a, b};
    for (int side = 0; side < 2; side++) {
        tcp->peer[side] = both[side]->peer;
        both[side]->tcp = both[side]->config.has_tcp ? tcp : NULL;
        both[side]->tcp_side = side;
    }
}
