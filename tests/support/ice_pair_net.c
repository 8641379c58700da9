/* support/ice_pair_net.c - see support/ice_pair_net.h. */
#include "support/ice_pair_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* splitmix64: good enough for a network, and for an agent under test. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned ice_net_random(ice_pair_net *net, unsigned limit)
{
    return (unsigned)(next_random(&net->random) % limit);
}

static void fill_random(void *ctx, uint8_t *out, size_t len)
{
    ice_net_side *side = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)next_random(&side->random);
    }
}

void ice_net_init_with(ice_pair_net *net, uint64_t seed, const floe_ice_config config[2])
{
    memset(net, 0, sizeof *net);
    net->random = seed;
    net->delay_us = 10 * FLOE_MS;
    net->next_port = 20000;
    net->is_trickling = true;
    net->stun_server = floe_addr_from_ipv4(203, 0, 113, 1, ICE_NET_STUN_PORT);
    for (int i = 0; i < 2; i++) {
        ice_net_side *side = &net->side[i];
        floe_ice_config mine = config[i];
        side->random = seed * 2 + (uint64_t)i + 1;
        side->public_ip = floe_addr_from_ipv4(198, 51, 100, (uint8_t)(i + 1), 0);
        side->connected_at = side->failed_at = FLOE_TIME_NEVER;
        mine.rand = (floe_rand){fill_random, side};
        require(floe_ice_agent_init(&side->agent, &mine, 0) == FLOE_OK);
    }
}

void ice_net_init(ice_pair_net *net, uint64_t seed)
{
    const floe_ice_config config[2] = {{.role = FLOE_ICE_CONTROLLING},
                                       {.role = FLOE_ICE_CONTROLLED}};
    ice_net_init_with(net, seed, config);
}

floe_addr ice_net_add_host(ice_pair_net *net, int side, unsigned n)
{
    ice_net_side *s = &net->side[side];
    uint16_t port = (uint16_t)(5000 + n);
    floe_addr addr = s->nat == ICE_NET_OPEN
                         ? floe_addr_from_ipv4(192, 0, 2, (uint8_t)(100 * side + (int)n + 1), port)
                         : floe_addr_from_ipv4(10, (uint8_t)side, 0, (uint8_t)(n + 1), port);
    require(floe_ice_agent_add_local(&s->agent, &addr, (uint16_t)(65535 - n)) == FLOE_OK);
    return addr;
}

void ice_net_set_nat(ice_pair_net *net, int side, ice_net_nat nat)
{
    net->side[side].nat = nat;
}

void ice_net_use_stun(ice_pair_net *net, int side)
{
    uint32_t index;
    require(floe_ice_agent_add_server(&net->side[side].agent, &net->stun_server, &index) ==
            FLOE_OK);
}

void ice_net_signal_to(ice_pair_net *net, int side)
{
    floe_ice_agent *to = &net->side[side].agent;
    const floe_ice_agent *from = &net->side[!side].agent;
    floe_bytes ufrag;
    floe_bytes pwd;
    floe_ice_cand cand;
    floe_ice_agent_get_local(from, &ufrag, &pwd);
    require(floe_ice_agent_set_remote(to, ufrag, pwd, from->is_lite) == FLOE_OK);
    for (size_t cursor = 0; floe_ice_agent_next_local(from, &cursor, &cand);) {
        require(floe_ice_agent_add_remote(to, &cand) == FLOE_OK);
    }
    if (floe_ice_agent_get_gathering(from) == FLOE_ICE_GATHERING_COMPLETE) {
        floe_ice_agent_end_remote(to);
    }
}

void ice_net_signal(ice_pair_net *net)
{
    ice_net_signal_to(net, 0);
    ice_net_signal_to(net, 1);
    net->is_signalled = true;
}

static void take_event(ice_pair_net *net, int side, const floe_ice_event *event)
{
    ice_net_side *s = &net->side[side];
    floe_ice_agent *other = &net->side[!side].agent;
    bool can_signal = net->is_trickling && net->is_signalled;
    switch (event->type) {
    case FLOE_ICE_EV_STATE:
        s->state = event->state;
        s->cause = event->cause;
        s->states_seen |= 1u << event->state;
        if (ice_net_is_connected(net, side) && s->connected_at == FLOE_TIME_NEVER) {
            s->connected_at = net->now;
        }
        if (event->state == FLOE_ICE_FAILED) {
            s->failed_at = net->now;
        }
        break;
    case FLOE_ICE_EV_GATHERING:
        if (event->gathering == FLOE_ICE_GATHERING_COMPLETE && can_signal) {
            floe_ice_agent_end_remote(other);
        }
        break;
    case FLOE_ICE_EV_CANDIDATE:
        s->told++;
        if (can_signal) {
            (void)!floe_ice_agent_add_remote(other, &event->cand);
        }
        break;
    case FLOE_ICE_EV_SELECTED:
        s->path = event->path;
        s->selected++;
        break;
    case FLOE_ICE_EV_ROLE:
        s->roles++;
        break;
    }
}

static int side_of_public(const ice_pair_net *net, const floe_addr *addr)
{
    for (int i = 0; i < 2; i++) {
        if (net->side[i].nat != ICE_NET_OPEN && floe_addr_ip_equal(addr, &net->side[i].public_ip)) {
            return i;
        }
    }
    return -1;
}

static floe_addr translate_out(ice_pair_net *net, int side, const floe_addr *from,
                               const floe_addr *to)
{
    const ice_net_side *s = &net->side[side];
    floe_addr outside = s->public_ip;
    if (s->nat == ICE_NET_OPEN) {
        return *from;
    }
    for (unsigned i = 0; i < net->mapping_count; i++) {
        const ice_net_mapping *m = &net->mapping[i];
        if (floe_addr_equal(&m->inside, from) && floe_addr_equal(&m->peer, to)) {
            return m->outside;
        }
        if (floe_addr_equal(&m->inside, from) && s->nat == ICE_NET_CONE) {
            outside.port = m->outside.port;
        }
    }
    if (outside.port == 0) {
        outside.port = net->next_port++;
    }
    require(net->mapping_count < ICE_NET_MAPPING_MAX);
    net->mapping[net->mapping_count++] = (ice_net_mapping){*from, outside, *to};
    return outside;
}

static bool translate_in(const ice_pair_net *net, const floe_addr *from, floe_addr *to)
{
    for (unsigned i = 0; i < net->mapping_count; i++) {
        const ice_net_mapping *m = &net->mapping[i];
        if (floe_addr_equal(&m->outside, to) && floe_addr_equal(&m->peer, from)) {
            *to = m->inside;
            return true;
        }
    }
    return false;
}

void ice_net_launch(ice_pair_net *net, const floe_path *path, floe_bytes packet)
{
    bool is_lost = next_random(&net->random) % 1000 < net->loss_permille;
    if (is_lost && path->transport == FLOE_UDP) {
        return;
    }
    require(packet.len <= sizeof net->flight[0].bytes);
    floe_time jitter = net->jitter_us > 0 ? next_random(&net->random) % net->jitter_us : 0;
    for (unsigned i = 0; i < ICE_NET_FLIGHT_MAX; i++) {
        ice_net_datagram *d = &net->flight[i];
        if (!d->is_used) {
            *d = (ice_net_datagram){.at = net->now + net->delay_us + jitter,
                                    .from = path->local,
                                    .to = path->remote,
                                    .transport = path->transport,
                                    .len = packet.len,
                                    .is_used = true};
            memcpy(d->bytes, packet.ptr, packet.len);
            return;
        }
    }
    abort();
}

void ice_net_send(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    ice_net_side *s = &net->side[side];
    floe_path outside = *path;
    s->sent++;
    if (s->is_cut_off || (net->filter != NULL && !net->filter(net, side, path, packet))) {
        return;
    }
    if (path->transport == FLOE_UDP && path->local.family == 4) {
        outside.local = translate_out(net, side, &path->local, &path->remote);
    }
    ice_net_launch(net, &outside, packet);
}

/* As a packet of the agent, or of data: through a relay if the path begins there. */
static bool send_from_agent(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    ice_net_side *s = &net->side[side];
    floe_path via = *path;
    size_t head = 0;
    if (s->relays == NULL || (floe_ice_relays_route(s->relays, path, &via, &head) && head == 0)) {
        ice_net_send(net, side, path, packet);
        return true;
    }
    uint8_t buf[FLOE_ICE_RELAY_HEAD + FLOE_DATAGRAM_MAX + FLOE_ICE_RELAY_TAIL];
    size_t len = 0;
    if (head == 0) {
        s->unsent++;
        require(floe_ice_relays_wrap(s->relays, path, buf, sizeof buf, packet.len, &len) !=
                FLOE_OK);
        return false;
    }
    memcpy(buf + head, packet.ptr, packet.len);
    require(floe_ice_relays_wrap(s->relays, path, buf, sizeof buf, packet.len, &len) == FLOE_OK);
    require(len >= head + packet.len && len <= head + packet.len + FLOE_ICE_RELAY_TAIL);
    ice_net_send(net, side, &via, (floe_bytes){buf, len});
    return true;
}

bool ice_net_send_data(ice_pair_net *net, int side, const char *text)
{
    floe_path path;
    return floe_ice_agent_get_path(&net->side[side].agent, &path) &&
           send_from_agent(net, side, &path, floe_bytes_of(text));
}

static void drain_relays(ice_pair_net *net, int side)
{
    ice_net_side *s = &net->side[side];
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_ice_relays_event event;
    floe_ice_relays_sync(s->relays, &s->agent);
    for (unsigned i = 0; floe_ice_relays_poll_transmit(s->relays, &out); i++) {
        require(i < 256 && out.segment == out.len);
        ice_net_send(net, side, &out.path, (floe_bytes){buf, out.len});
    }
    for (unsigned i = 0; floe_ice_relays_poll_event(s->relays, &event); i++) {
        require(i < 64);
        net->link(net, side, &event);
    }
    floe_ice_relays_check_invariants(s->relays);
    require(floe_ice_relays_deadline(s->relays) > s->relays->now);
}

void ice_net_drain(ice_pair_net *net, int side)
{
    ice_net_side *s = &net->side[side];
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_ice_event event;
    floe_ice_agent_check_invariants(&s->agent);
    if (s->relays != NULL) {
        drain_relays(net, side);
    }
    for (unsigned i = 0; floe_ice_agent_poll_transmit(&s->agent, &out); i++) {
        require(i < 256 && out.len <= FLOE_DATAGRAM_MAX && out.segment == out.len);
        (void)send_from_agent(net, side, &out.path, (floe_bytes){buf, out.len});
    }
    for (unsigned i = 0; floe_ice_agent_poll_event(&s->agent, &event); i++) {
        require(i < 64);
        take_event(net, side, &event);
    }
    floe_ice_agent_check_invariants(&s->agent);
}

static void answer_as_server(ice_pair_net *net, const ice_net_datagram *d)
{
    floe_stun_msg msg;
    floe_stun_writer w;
    floe_bytes reply;
    uint8_t buf[128];
    if (floe_stun_msg_parse(&msg, (floe_bytes){d->bytes, d->len}) != FLOE_OK) {
        return;
    }
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_SUCCESS, msg.method, msg.tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &d->from);
    require(floe_stun_writer_end(&w, &reply) == FLOE_OK);
    ice_net_launch(net, &(floe_path){.local = d->to, .remote = d->from}, reply);
}

static void input_agent(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    ice_net_side *s = &net->side[side];
    if (floe_stun_msg_is(packet)) {
        (void)!floe_ice_agent_input(&s->agent, net->now, path, packet);
    } else if (floe_ice_agent_accept(&s->agent, net->now, path)) {
        require(packet.len < sizeof s->data);
        s->received++;
        memset(s->data, 0, sizeof s->data);
        memcpy(s->data, packet.ptr, packet.len);
        s->data_path = *path;
    }
}

static void input(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    ice_net_side *s = &net->side[side];
    floe_path from;
    floe_bytes data;
    floe_err err = FLOE_E_UNKNOWN;
    if (s->relays != NULL && floe_ice_relays_is_server(s->relays, path)) {
        err = floe_ice_relays_input(s->relays, net->now, path, packet, &from, &data);
        if (err == FLOE_OK && data.len > 0) {
            input_agent(net, side, &from, data);
        }
    }
    if (err == FLOE_E_UNKNOWN && path->transport == FLOE_UDP) {
        input_agent(net, side, path, packet);
    }
}

static void deliver(ice_pair_net *net, const ice_net_datagram *d)
{
    floe_addr to = d->to;
    if (net->server != NULL && net->server(net, d)) {
        return;
    }
    if (net->stun_server.family != 0 && floe_addr_equal(&to, &net->stun_server)) {
        answer_as_server(net, d);
        return;
    }
    if (side_of_public(net, &to) >= 0 && !translate_in(net, &d->from, &to)) {
        return;
    }
    floe_path path = {.local = to, .remote = d->from, .transport = d->transport};
    /* Private addresses are reached through their NAT only. */
    bool is_direct = floe_addr_equal(&to, &d->to) && to.family == 4 && d->transport == FLOE_UDP;
    for (int i = 0; i < 2; i++) {
        ice_net_side *s = &net->side[i];
        if (!s->is_cut_off && (s->nat == ICE_NET_OPEN || !is_direct)) {
            input(net, i, &path, (floe_bytes){d->bytes, d->len});
            ice_net_drain(net, i);
        }
    }
}

static floe_time next_time(const ice_pair_net *net)
{
    floe_time at = FLOE_TIME_NEVER;
    for (int i = 0; i < 2; i++) {
        const ice_net_side *s = &net->side[i];
        at = floe_time_min(at, floe_ice_agent_deadline(&s->agent));
        if (s->relays != NULL) {
            at = floe_time_min(at, floe_ice_relays_deadline(s->relays));
        }
    }
    for (unsigned i = 0; i < ICE_NET_FLIGHT_MAX; i++) {
        if (net->flight[i].is_used) {
            at = floe_time_min(at, net->flight[i].at);
        }
    }
    return at;
}

static void drain_both(ice_pair_net *net)
{
    /* Trickling makes one side's events the other's input: until both are quiet. */
    for (int i = 0; i < 4; i++) {
        ice_net_drain(net, i % 2);
    }
    for (int i = 0; i < 2; i++) {
        require(floe_ice_agent_deadline(&net->side[i].agent) > net->side[i].agent.now);
    }
}

static void step(ice_pair_net *net)
{
    for (unsigned i = 0; i < ICE_NET_FLIGHT_MAX; i++) {
        if (net->flight[i].is_used && net->flight[i].at <= net->now) {
            ice_net_datagram d = net->flight[i];
            net->flight[i].is_used = false;
            deliver(net, &d);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (net->side[i].relays != NULL) {
            floe_ice_relays_advance(net->side[i].relays, net->now);
        }
        floe_ice_agent_advance(&net->side[i].agent, net->now);
    }
    drain_both(net);
}

static bool run_once(ice_pair_net *net, floe_time until)
{
    drain_both(net);
    floe_time at = next_time(net);
    if (at > until) {
        return false;
    }
    net->now = at > net->now ? at : net->now;
    step(net);
    return true;
}

void ice_net_run(ice_pair_net *net, floe_time until)
{
    while (run_once(net, until)) {
    }
    net->now = until > net->now ? until : net->now;
    step(net);
}

bool ice_net_is_connected(const ice_pair_net *net, int side)
{
    return net->side[side].state == FLOE_ICE_CONNECTED ||
           net->side[side].state == FLOE_ICE_COMPLETED;
}

bool ice_net_connect(ice_pair_net *net, floe_time until)
{
    while (!(ice_net_is_connected(net, 0) && ice_net_is_connected(net, 1))) {
        if (!run_once(net, until)) {
            return false;
        }
    }
    return true;
}

void ice_net_start_simple(ice_pair_net *net, uint64_t seed)
{
    ice_net_init(net, seed);
    ice_net_gather(net, 1);
    ice_net_signal(net);
}

floe_ice_stats ice_net_get_stats(const ice_pair_net *net, int side)
{
    floe_ice_stats stats;
    floe_ice_agent_get_stats(&net->side[side].agent, &stats);
    return stats;
}

void ice_net_gather(ice_pair_net *net, unsigned hosts)
{
    for (int i = 0; i < 2; i++) {
        if (net->side[i].nat != ICE_NET_OPEN) {
            ice_net_use_stun(net, i);
        }
        for (unsigned n = 0; n < hosts; n++) {
            (void)ice_net_add_host(net, i, n);
        }
        floe_ice_agent_end_local(&net->side[i].agent);
    }
}

bool ice_net_has_agreed(const ice_pair_net *net)
{
    floe_ice_stats a = ice_net_get_stats(net, 0);
    floe_ice_stats b = ice_net_get_stats(net, 1);
    return a.local.addr.family != 0 && floe_addr_equal(&a.local.addr, &b.remote.addr) &&
           floe_addr_equal(&a.remote.addr, &b.local.addr);
}
