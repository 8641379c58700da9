/* support/turn_world.c - see support/turn_world.h. */
#include "support/turn_world.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define LATE (2 * FLOE_SECOND)

const floe_addr turn_world_peer = {{192, 0, 2, 7}, 5000, 4, 0};
const floe_addr turn_world_peer6 = {
    {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, 5000, 6, 0};

static void fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(*state >> 56);
    }
}

void turn_world_init(turn_world *w)
{
    memset(w, 0, sizeof *w);
    turn_server_model_init(&w->server);
    w->now = 7 * FLOE_SECOND;
    w->delay = 20 * FLOE_MS;
    w->random = 3;
    w->config = (floe_turn_config){.username = FLOE_LIT("user"), .password = FLOE_LIT("pass")};
    w->config.rand = (floe_rand){fill, &w->random};
    w->config.path.local = floe_addr_from_ipv4(10, 0, 0, 2, 50000);
    w->config.path.remote = floe_addr_from_ipv4(198, 51, 100, 1, 3478);
}

static void put(turn_world *w, bool to_server, const floe_path *path, floe_bytes packet,
                floe_time at)
{
    for (int i = 0; i < TURN_WORLD_QUEUE; i++) {
        turn_world_packet *p = &w->queue[i];
        if (p->at == 0) {
            assert_true(packet.len <= sizeof p->bytes);
            *p = (turn_world_packet){.at = at, .to_server = to_server, .path = *path};
            p->len = packet.len;
            memcpy(p->bytes, packet.ptr, packet.len);
            return;
        }
    }
    fail_msg("more packets than the network holds");
}

static void post(turn_world *w, bool to_server, const floe_path *path, floe_bytes packet)
{
    turn_world_fate fate = ++w->packets == w->marked ? w->fate : TURN_WORLD_PASS;
    floe_time at = w->now + w->delay;
    if (w->is_cut || fate == TURN_WORLD_DROP) {
        return;
    }
    put(w, to_server, path, packet, fate == TURN_WORLD_LATE ? at + LATE : at);
    if (fate == TURN_WORLD_TWICE) {
        put(w, to_server, path, packet, at + 1);
    }
}

void turn_world_drain(turn_world *w)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_turn_event event;
    while (floe_turn_client_poll_transmit(&w->client, &out)) {
        w->sent++;
        floe_turn_client_check_invariants(&w->client);
        post(w, true, &out.path, (floe_bytes){buf, out.len});
    }
    while (floe_turn_client_poll_event(&w->client, &event)) {
        assert_true(w->event_count < TURN_WORLD_EVENTS);
        w->events[w->event_count++] = event;
    }
    floe_turn_client_check_invariants(&w->client);
    assert_true(floe_turn_client_deadline(&w->client) > w->now);
}

void turn_world_start(turn_world *w)
{
    assert_int_equal(floe_turn_client_init(&w->client, &w->config, w->now), FLOE_OK);
    turn_world_drain(w);
}

static void deliver(turn_world *w, turn_world_packet *slot)
{
    turn_world_packet p = *slot;
    slot->at = 0;
    if (p.to_server) {
        uint8_t out[2048];
        size_t len = turn_server_model_input(&w->server, w->now, &p.path.local,
                                             (floe_bytes){p.bytes, p.len}, out);
        if (len > 0) {
            post(w, false, &p.path, (floe_bytes){out, len});
        }
        return;
    }
    floe_turn_data data;
    floe_err err =
        floe_turn_client_input(&w->client, w->now, &p.path, (floe_bytes){p.bytes, p.len}, &data);
    assert_true(err == FLOE_OK || floe_err_class(err) == FLOE_KIND_WIRE);
    if (err == FLOE_OK && data.peer.family != 0) {
        w->data_count++;
        memcpy(w->data_bytes, data.payload.ptr, data.payload.len);
        w->data = (floe_turn_data){data.peer, {w->data_bytes, data.payload.len}};
    }
    turn_world_drain(w);
}

static turn_world_packet *first(turn_world *w)
{
    turn_world_packet *found = NULL;
    for (int i = 0; i < TURN_WORLD_QUEUE; i++) {
        turn_world_packet *p = &w->queue[i];
        if (p->at != 0 && (found == NULL || p->at < found->at)) {
            found = p;
        }
    }
    return found;
}

/* The next thing that happens, at or before `end`; false: nothing. */
static bool step(turn_world *w, floe_time end)
{
    turn_world_packet *p = first(w);
    floe_time deadline = floe_turn_client_deadline(&w->client);
    floe_time at = floe_time_min(p != NULL ? p->at : FLOE_TIME_NEVER, deadline);
    if (at > end) {
        return false;
    }
    w->now = at;
    if (p != NULL && p->at == at) {
        deliver(w, p);
        return true;
    }
    w->wakeups++;
    floe_turn_client_advance(&w->client, w->now);
    turn_world_drain(w);
    return true;
}

void turn_world_run(turn_world *w, floe_time delta)
{
    floe_time end = w->now + delta;
    unsigned steps = 0;
    while (step(w, end)) {
        assert_true(++steps < 20000);
    }
    w->now = end;
    floe_turn_client_advance(&w->client, w->now);
    turn_world_drain(w);
}

static floe_turn_event *find_event(turn_world *w, floe_turn_event_type type)
{
    for (unsigned i = 0; i < w->event_count; i++) {
        if (w->events[i].type == type) {
            return &w->events[i];
        }
    }
    return NULL;
}

const floe_turn_event *turn_world_wait(turn_world *w, floe_turn_event_type type, floe_time limit)
{
    static floe_turn_event taken;
    floe_time end = w->now + limit;
    floe_turn_event *event = find_event(w, type);
    while (event == NULL && step(w, end)) {
        event = find_event(w, type);
    }
    if (event == NULL) {
        return NULL;
    }
    taken = *event;
    unsigned behind = (unsigned)(&w->events[w->event_count] - event) - 1;
    memmove(event, event + 1, behind * sizeof *event);
    w->event_count--;
    return &taken;
}

unsigned turn_world_count(const turn_world *w, floe_turn_event_type type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < w->event_count; i++) {
        count += w->events[i].type == type;
    }
    return count;
}

void turn_world_allocate(turn_world *w)
{
    turn_world_init(w);
    turn_world_start(w);
    assert_non_null(turn_world_wait(w, FLOE_TURN_EV_ALLOCATED, 5 * FLOE_SECOND));
}

floe_err turn_world_send(turn_world *w, const floe_addr *peer, const char *text)
{
    uint8_t buf[1500];
    size_t len = 0;
    size_t head = floe_turn_client_get_head(&w->client, peer);
    memcpy(buf + head, text, strlen(text));
    floe_err err = floe_turn_client_wrap(&w->client, peer, buf, sizeof buf, strlen(text), &len);
    assert_int_equal(err == FLOE_OK, head != 0);
    if (err == FLOE_OK) {
        post(w, true, &w->client.path, (floe_bytes){buf, len});
    }
    return err;
}

bool turn_world_receive(turn_world *w, const floe_addr *peer, const char *text)
{
    uint8_t out[2048];
    size_t len = turn_server_model_relay(&w->server, w->now, peer, floe_bytes_of(text), out);
    if (len > 0) {
        post(w, false, &w->client.path, (floe_bytes){out, len});
    }
    return len > 0;
}

bool turn_world_got(const turn_world *w, const floe_addr *peer, const char *text)
{
    return w->data_count > 0 && floe_addr_equal(&w->data.peer, peer) &&
           floe_bytes_equal(w->data.payload, floe_bytes_of(text));
}

floe_err turn_world_inject(turn_world *w, floe_bytes packet)
{
    floe_turn_data data;
    floe_err err = floe_turn_client_input(&w->client, w->now, &w->client.path, packet, &data);
    turn_world_drain(w);
    return err;
}
