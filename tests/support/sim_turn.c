/* support/sim_turn.c - see support/sim_turn.h. */
#include "support/sim_turn.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define SERVER_PORT 3478u

static void init_model(sim_turn *server, size_t i)
{
    turn_server_model_init(&server->models[i]);
    server->models[i].port += (uint32_t)i * 1000; /* no two clients share a relayed address */
}

static int find_client(sim_turn *server, const floe_addr *from)
{
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        if (server->clients[i].family == 0) {
            server->clients[i] = *from;
        }
        if (floe_addr_equal(&server->clients[i], from)) {
            return (int)i;
        }
    }
    return -1;
}

static int find_relay(const sim_turn *server, const floe_addr *relay)
{
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        const turn_server_model *m = &server->models[i];
        if (m->is_allocated && floe_addr_equal(&m->relay[0], relay)) {
            return (int)i;
        }
    }
    return -1;
}

/* A slot at the end of the queue. */
static sim_turn_packet *next_packet(sim_turn *server)
{
    assert_true(server->count < SIM_TURN_PACKETS);
    return &server->packets[(server->first + server->count) % SIM_TURN_PACKETS];
}

/* To a client: over its stream, where ChannelData is padded (RFC 8656 section 12.5), or at once. */
static void reply(sim_turn *server, int client, sim_turn_packet *packet)
{
    sim_stream *stream = server->streams[client];
    if (stream == NULL) {
        server->count++;
    } else if (stream->state == SIM_STREAM_OPEN) {
        memset(packet->bytes + packet->len, 0, 3);
        sim_stream_send(stream, (floe_bytes){packet->bytes, (packet->len + 3) / 4 * 4});
    }
}

static void from_client(sim_turn *server, floe_time now, const floe_path *path, floe_bytes packet)
{
    int client = find_client(server, &path->remote);
    if (client < 0) {
        return;
    }
    turn_server_model *m = &server->models[client];
    unsigned data_before = m->data_count;
    sim_turn_packet *answer = next_packet(server);
    answer->path = *path;
    answer->len = turn_server_model_input(m, now, &path->remote, packet, answer->bytes);
    if (answer->len > 0) {
        reply(server, client, answer);
    }
    if (m->data_count != data_before) {
        sim_turn_packet *relayed = next_packet(server);
        relayed->path = (floe_path){.local = m->relay[0], .remote = m->data_peer};
        relayed->len = m->data_len;
        memcpy(relayed->bytes, m->data, m->data_len);
        server->count++;
        server->relayed++;
    }
}

static void from_peer(sim_turn *server, floe_time now, const floe_path *path, floe_bytes packet)
{
    int relay = find_relay(server, &path->local);
    if (relay < 0) {
        return;
    }
    sim_turn_packet *out = next_packet(server);
    out->path.local = floe_addr_from_ipv4(198, 51, 100, 9, SERVER_PORT);
    out->path.remote = server->clients[relay];
    out->path.transport = FLOE_UDP;
    out->len =
        turn_server_model_relay(&server->models[relay], now, &path->remote, packet, out->bytes);
    if (out->len > 0) {
        server->relayed++;
        reply(server, relay, out);
    }
}

typedef struct delivery {
    sim_turn *server;
    floe_time now;
} delivery;

static void take(void *ctx, const floe_path *path, floe_bytes message)
{
    const delivery *d = ctx;
    from_client(d->server, d->now, path, message);
}

static void from_stream(sim_turn *server, floe_time now, const floe_path *path, floe_bytes segment)
{
    static const tls_leaf leaf = {.names = "IP:" SIM_TURN_IP, .common_name = "a TURN server"};
    int client = find_client(server, &path->remote);
    bool is_tls = path->local.port == 443 || path->local.port == 5349;
    if (client < 0 || (is_tls && server->authority == NULL)) {
        return; /* nobody listens */
    }
    if (server->streams[client] == NULL) {
        floe_path above = *path;
        above.transport = is_tls ? FLOE_TLS : FLOE_TCP;
        server->streams[client] = sim_stream_accept(&above, server->authority, &leaf);
    }
    delivery d = {server, now};
    sim_stream_input(server->streams[client], now, segment, take, &d);
}

static void input(void *self, floe_time now, const floe_path *path, uint8_t *run, size_t len,
                  size_t segment)
{
    for (size_t at = 0; at < len; at += segment) {
        floe_bytes packet = {run + at, len - at < segment ? len - at : segment};
        if (path->transport == FLOE_TCP) {
            from_stream(self, now, path, packet);
        } else if (path->local.port == SERVER_PORT) {
            from_client(self, now, path, packet);
        } else {
            from_peer(self, now, path, packet);
        }
    }
}

static bool transmit(void *self, floe_transmit *out)
{
    sim_turn *server = self;
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        if (server->streams[i] != NULL && sim_stream_poll_transmit(server->streams[i], out)) {
            return true;
        }
    }
    if (server->count == 0) {
        return false;
    }
    const sim_turn_packet *packet = &server->packets[server->first];
    server->first = (server->first + 1) % SIM_TURN_PACKETS;
    server->count--;
    assert_true(packet->len <= out->cap);
    memcpy(out->buf, packet->bytes, packet->len);
    out->len = out->segment = packet->len;
    out->path = packet->path;
    return true;
}

void sim_turn_add(sim_world *world, sim_turn *server, const sim_link *link)
{
    memset(server, 0, sizeof *server);
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        init_model(server, i);
    }
    int host = sim_net_add_host(&world->net, SIM_CORE, link);
    sim_net_add_addr(&world->net, host, SIM_TURN_IP);
    sim_actor actor = {.self = server, .host = host, .input = input, .transmit = transmit};
    (void)sim_world_add(world, &actor);
}

void sim_turn_free(sim_turn *server)
{
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        sim_stream_free(server->streams[i]);
        server->streams[i] = NULL;
    }
}

void sim_turn_restart(sim_turn *server)
{
    sim_turn_free(server);
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        turn_server_model_restart(&server->models[i]);
    }
    memset(server->clients, 0, sizeof server->clients);
}

unsigned sim_turn_count(const sim_turn *server, floe_time now)
{
    unsigned count = 0;
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        count += server->models[i].is_allocated && server->models[i].until > now;
    }
    return count;
}
