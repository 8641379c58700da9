/*
 * fuzz/fuzz_turn_pair.c - a TURN client and a server that keeps to RFC 8656, with what the input
 * does to both: calls, lost, doubled and late packets, restarts, refusals, data, any time.
 *
 * Input: a byte of options, one of the server's, then commands. Oracle: invariants after every call
 * (support/turn_world.h); the server knows what to do with whatever the client has framed; and when
 * network and server are well again, a client that is not closed has its allocation and a
 * permission within five minutes, and one that is closed has left no allocation behind.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "support/turn_world.h"

#define COMMANDS_MAX 300

typedef struct fuzz {
    floe_reader in;
    turn_world w;
    uint16_t sockets;
    bool is_closed;
} fuzz;

/* Any refusal but of a dead client. */
static void allow(floe_err err)
{
    require(floe_err_class(err) != FLOE_KIND_DEAD || err == FLOE_E_CLOSED);
}

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static floe_addr take_peer(fuzz *f)
{
    uint8_t pick = take(f);
    floe_addr peer = (pick & 0x80) != 0 ? turn_world_peer6 : turn_world_peer;
    peer.ip[3] = pick & 3;
    peer.port = (uint16_t)(5000 + (pick >> 2 & 3));
    return peer;
}

static void send_data(fuzz *f)
{
    uint8_t buf[128] = {0};
    size_t len;
    floe_addr peer = take_peer(f);
    size_t payload = take(f) & 63;
    uint8_t out[2048];
    if (floe_turn_client_wrap(&f->w.client, &peer, buf, sizeof buf, payload, &len) != FLOE_OK) {
        return;
    }
    unsigned before = f->w.server.data_count + f->w.server.dropped;
    (void)turn_server_model_input(&f->w.server, f->w.now, &f->w.client.path.local,
                                  (floe_bytes){buf, len}, out);
    require(f->w.server.data_count + f->w.server.dropped == before + 1);
}

/* What the server refuses, once or some times. */
static void refuse(fuzz *f)
{
    static const uint16_t codes[] = {300, 400, 401, 403, 405, 437, 438, 440,
                                     441, 442, 443, 486, 487, 500, 508, 600};
    static const uint16_t methods[] = {FLOE_STUN_ALLOCATE, FLOE_STUN_REFRESH,
                                       FLOE_STUN_CREATE_PERMISSION, FLOE_STUN_CHANNEL_BIND};
    uint8_t pick = take(f);
    f->w.server.fail_method = methods[pick & 3];
    f->w.server.fail_code = codes[pick >> 2 & 15];
    f->w.server.fail_count = pick >> 6;
    f->w.server.alternate = floe_addr_from_ipv4(198, 51, 100, 2 + (pick >> 7), 3478);
    f->w.server.is_unsigned = (take(f) & 1) != 0;
}

/* Another socket, as a caller has it: a new one has a port of its own. */
static void give_path(fuzz *f, bool is_new)
{
    floe_path path = f->w.config.path;
    f->sockets += is_new;
    path.local.port = (uint16_t)(path.local.port + f->sockets);
    allow(floe_turn_client_set_path(&f->w.client, &path));
}

static void disturb(fuzz *f)
{
    uint8_t pick = take(f);
    if ((pick & 3) == 3) {
        f->w.is_cut = !f->w.is_cut;
        return;
    }
    f->w.fate = (turn_world_fate)(1 + pick % 3);
    f->w.marked = f->w.packets + 1 + (pick >> 4);
}

static void call(fuzz *f, uint8_t which)
{
    floe_addr peer = take_peer(f);
    switch (which) {
    case 0:
        allow(floe_turn_client_add_peer(&f->w.client, &peer));
        return;
    case 1:
        allow(floe_turn_client_bind(&f->w.client, &peer));
        return;
    case 2:
        floe_turn_client_remove_peer(&f->w.client, &peer);
        return;
    case 3:
        floe_turn_client_unbind(&f->w.client, &peer);
        return;
    case 4:
        floe_turn_client_refresh(&f->w.client);
        return;
    case 5:
        (void)turn_world_receive(&f->w, &peer, "data");
        return;
    default:
        floe_turn_client_lose_path(&f->w.client);
        return;
    }
}

/* Calls alone fill no wire: time goes on before the network's memory is full. */
static void make_room(fuzz *f)
{
    unsigned in_flight = 0;
    for (unsigned i = 0; i < TURN_WORLD_QUEUE; i++) {
        in_flight += f->w.queue[i].at != 0;
    }
    if (in_flight > TURN_WORLD_QUEUE / 2) {
        turn_world_run(&f->w, 3 * FLOE_SECOND); /* what is late has come too */
    }
}

static void command(fuzz *f)
{
    uint8_t which = take(f) % 14;
    switch (which) {
    case 7:
        send_data(f);
        break;
    case 8:
        refuse(f);
        break;
    case 9:
        give_path(f, (take(f) & 3) != 0);
        break;
    case 10:
        disturb(f);
        break;
    case 11:
        turn_server_model_restart(&f->w.server);
        break;
    case 12:
        if (take(f) == 0) {
            floe_turn_client_close(&f->w.client);
            f->is_closed = true;
        }
        break;
    case 13:
        turn_world_run(&f->w, (floe_time)(take(f) + 1) << (take(f) % 23));
        break;
    default:
        call(f, which);
        break;
    }
    turn_world_drain(&f->w);
    make_room(f);
    f->w.event_count = 0;
}

/* Time goes on, and whoever drives the client gives it the path that it asks for, and insists. */
static void tend(fuzz *f, floe_time limit, bool (*is_done)(const fuzz *))
{
    for (floe_time t = 0; t < limit && !is_done(f); t += FLOE_SECOND) {
        f->w.event_count = 0;
        turn_world_run(&f->w, FLOE_SECOND);
        floe_turn_state state = floe_turn_client_get_state(&f->w.client);
        bool insists = state == FLOE_TURN_FAILED && t % (60 * FLOE_SECOND) == 0;
        if (state == FLOE_TURN_WAITING || insists) {
            give_path(f, true);
            turn_world_drain(&f->w);
        }
    }
    require(is_done(f));
}

static bool is_over(const fuzz *f)
{
    return floe_turn_client_get_state(&f->w.client) == FLOE_TURN_CLOSED;
}

static bool is_up(const fuzz *f)
{
    return floe_turn_client_get_state(&f->w.client) == FLOE_TURN_ALLOCATED &&
           f->w.server.is_allocated &&
           floe_turn_client_get_head(&f->w.client, &turn_world_peer) > 0 &&
           turn_server_model_has(&f->w.server, &turn_world_peer, false);
}

/* All is well again: what a caller does then, and what comes of it. */
static void recover(fuzz *f)
{
    f->w.is_cut = false;
    f->w.marked = 0;
    f->w.server.fail_count = 0;
    f->w.server.is_unsigned = false;
    if (f->is_closed || is_over(f)) {
        tend(f, 120 * FLOE_SECOND, is_over);
        return;
    }
    turn_world_run(&f->w, FLOE_SECOND);
    floe_turn_client_refresh(&f->w.client);
    for (uint8_t i = 0; i < 8; i++) { /* room for one more */
        floe_addr peer = (i & 4) != 0 ? turn_world_peer6 : turn_world_peer;
        peer.ip[3] = i & 3;
        floe_turn_client_remove_peer(&f->w.client, &peer);
    }
    require(floe_turn_client_add_peer(&f->w.client, &turn_world_peer) == FLOE_OK);
    turn_world_drain(&f->w);
    tend(f, 300 * FLOE_SECOND, is_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    if (size < 2 || size > 2048) {
        return 0;
    }
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.is_closed = false;
    f.sockets = 0;
    turn_world_init(&f.w);
    uint8_t options = take(&f);
    uint8_t server = take(&f);
    f.w.config.wants_mobility = (options & 1) != 0;
    f.w.config.dont_fragment = (options & 2) != 0;
    f.w.config.relay = (options & 4) != 0 ? FLOE_TURN_RELAY_BOTH : FLOE_TURN_RELAY_ANY;
    f.w.config.redirects_max = options >> 3 & 3;
    f.w.config.path.transport = (options & 0x20) != 0 ? FLOE_TCP : FLOE_UDP;
    f.w.server.has_algorithms = (server & 1) != 0;
    f.w.server.is_anonymous = (server & 3) == 3;
    f.w.server.has_mobility = (server & 4) != 0;
    f.w.server.no_dont_fragment = (server & 8) != 0;
    f.w.server.nonce_life = (server & 0x10) != 0 ? 30 * FLOE_SECOND : 0;
    f.w.server.lifetime_s = (server & 0x20) != 0 ? 60 : 600;
    turn_world_start(&f.w);
    for (int i = 0; i < COMMANDS_MAX && f.in.left > 0; i++) {
        command(&f);
    }
    recover(&f);
    return 0;
}
