/* support/ice_relay_net.c - see support/ice_relay_net.h. */
#include "support/ice_relay_net.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

static void fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(*state >> 56);
    }
}

static bool is_lost(ice_relay_net *r)
{
    return ++r->packets == r->lost;
}

/* Whose packet is it? Sockets and NATs are numbered by side. */
static int side_of(const floe_addr *addr)
{
    if (addr->family == 6) {
        return addr->ip[7];
    }
    if (addr->ip[0] == 10) {
        return addr->ip[1];
    }
    return addr->ip[0] == 198 ? addr->ip[3] - 1 : addr->ip[3] / 100;
}

static void launch(ice_relay_net *r, const floe_addr *from, const floe_addr *to, uint8_t transport,
                   floe_bytes packet)
{
    const floe_path path = {.local = *from, .remote = *to, .transport = transport};
    ice_net_launch(&r->net, &path, packet);
}

/* From a client: to the server itself, or through it to a peer. */
static void input_client(ice_relay_net *r, ice_relay_server *server, const ice_net_datagram *d)
{
    turn_server_model *m = &server->model[side_of(&d->from)];
    uint8_t out[2048];
    unsigned before = m->data_count;
    size_t len =
        turn_server_model_input(m, r->net.now, &d->from, (floe_bytes){d->bytes, d->len}, out);
    if (len > 0 && !is_lost(r)) {
        launch(r, &server->addr, &d->from, server->transport, (floe_bytes){out, len});
    }
    if (m->data_count != before) {
        launch(r, &m->relay[m->data_peer.family == 6], &m->data_peer, FLOE_UDP,
               (floe_bytes){m->data, m->data_len});
    }
}

/* From a peer, to a relayed address. */
static void input_peer(ice_relay_net *r, ice_relay_server *server, turn_server_model *m,
                       const ice_net_datagram *d)
{
    uint8_t out[2048];
    size_t len =
        turn_server_model_relay(m, r->net.now, &d->from, (floe_bytes){d->bytes, d->len}, out);
    if (len > 0 && !is_lost(r)) {
        launch(r, &server->addr, &m->client, server->transport, (floe_bytes){out, len});
    }
}

/* A connection has got through to the server, or has not: bytes are side, relay. */
static void finish_connect(ice_relay_net *r, const ice_net_datagram *d, bool is_open)
{
    int side = d->bytes[0];
    if (is_open) {
        floe_ice_relays_connected(&r->relays[side], d->bytes[1], &d->from);
    } else {
        floe_ice_relays_disconnected(&r->relays[side], d->bytes[1]);
    }
    ice_net_drain(&r->net, side);
}

static bool serve(ice_pair_net *net, const ice_net_datagram *d)
{
    ice_relay_net *r = net->server_ctx;
    for (size_t i = 0; i < ICE_RELAY_SERVERS; i++) {
        ice_relay_server *server = &r->server[i];
        if (floe_addr_equal(&d->to, &server->addr)) {
            bool is_open = !server->is_dead && d->transport == server->transport;
            if (d->len == 2 && d->transport != FLOE_UDP) {
                finish_connect(r, d, is_open);
            } else if (is_open && !is_lost(r)) {
                input_client(r, server, d);
            }
            return true;
        }
        for (int side = 0; side < 2; side++) {
            turn_server_model *m = &server->model[side];
            const floe_addr *relay = &m->relay[d->to.family == 6];
            if (relay->family != 0 && floe_addr_equal(&d->to, relay)) {
                if (!server->is_dead) {
                    input_peer(r, server, m, d);
                }
                return true;
            }
        }
    }
    return false;
}

static void take_link(ice_pair_net *net, int side, const floe_ice_relays_event *event)
{
    ice_relay_net *r = net->server_ctx;
    if (event->type == FLOE_ICE_RELAYS_EV_DISCONNECT) {
        r->disconnects++;
        return;
    }
    assert_int_equal(event->path.local.family, 0);
    assert_int_not_equal(event->path.transport, FLOE_UDP);
    r->connects++;
    const uint8_t who[2] = {(uint8_t)side, (uint8_t)event->relay};
    floe_addr local = floe_addr_from_ipv4(10, (uint8_t)side, 9, 9, r->next_port++);
    launch(r, &local, &event->path.remote, event->path.transport, (floe_bytes){who, 2});
}

void ice_relay_net_init(ice_relay_net *r, uint64_t seed, floe_ice_policy first,
                        floe_ice_policy second)
{
    const floe_ice_config config[2] = {{.role = FLOE_ICE_CONTROLLING, .policy = first},
                                       {.role = FLOE_ICE_CONTROLLED, .policy = second}};
    memset(r, 0, sizeof *r);
    ice_net_init_with(&r->net, seed, config);
    r->next_port = 30000;
    r->net.server = serve;
    r->net.link = take_link;
    r->net.server_ctx = r;
    for (unsigned i = 0; i < ICE_RELAY_SERVERS; i++) {
        r->server[i].addr = floe_addr_from_ipv4(203, 0, 113, (uint8_t)(10 + i), 3478);
        for (unsigned side = 0; side < 2; side++) {
            turn_server_model_init(&r->server[i].model[side]);
            r->server[i].model[side].host = (uint8_t)(10 + i);
            r->server[i].model[side].port = 40000 + 1000 * side;
        }
    }
    for (int i = 0; i < 2; i++) {
        const floe_rand rand = {fill, &r->net.side[i].random};
        assert_int_equal(floe_ice_relays_init(&r->relays[i], r->memory[i], ICE_RELAY_RELAYS, rand,
                                              (floe_trace){0}, 0),
                         FLOE_OK);
        r->net.side[i].relays = &r->relays[i];
    }
}

void ice_relay_net_use(ice_relay_net *r, int side, unsigned server, floe_transport transport)
{
    const floe_ice_relay_server mine = {
        .addr = r->server[server].addr,
        .host = FLOE_LIT("turn.example.org"),
        .username = FLOE_LIT("user"),
        .password = FLOE_LIT("pass"),
        .transport = (uint8_t)transport,
    };
    uint32_t index;
    r->server[server].transport = (uint8_t)transport;
    assert_int_equal(floe_ice_relays_add_server(&r->relays[side], &mine, &index), FLOE_OK);
    ice_net_drain(&r->net, side);
}

void ice_relay_net_gather(ice_relay_net *r)
{
    ice_net_gather(&r->net, 1);
    ice_net_run(&r->net, r->net.now);
}

bool ice_relay_net_connect(ice_relay_net *r, floe_time limit)
{
    ice_net_signal(&r->net);
    return ice_net_connect(&r->net, r->net.now + limit);
}

void ice_relay_net_run(ice_relay_net *r, floe_time delta)
{
    ice_net_run(&r->net, r->net.now + delta);
}

bool ice_relay_net_talk(ice_relay_net *r)
{
    bool is_heard = true;
    for (int i = 0; i < 2; i++) {
        unsigned before = r->net.side[!i].received;
        is_heard = ice_net_send_data(&r->net, i, "hello") && is_heard;
        ice_relay_net_run(r, 100 * FLOE_MS);
        is_heard = is_heard && r->net.side[!i].received == before + 1 &&
                   memcmp(r->net.side[!i].data, "hello", 6) == 0;
    }
    return is_heard;
}

uint8_t ice_relay_net_local_type(const ice_relay_net *r, int side)
{
    return ice_net_get_stats(&r->net, side).local.type;
}

void ice_relay_net_restart_server(ice_relay_net *r, unsigned server)
{
    turn_server_model_restart(&r->server[server].model[0]);
    turn_server_model_restart(&r->server[server].model[1]);
}
