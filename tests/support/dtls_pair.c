/* support/dtls_pair.c - see dtls_pair.h. */
#include "support/dtls_pair.h"

#include "support/unit.h"
#include "support/virtual_clock.h"

#include <string.h>

static uint32_t get_random(dtls_pair *pair, uint32_t below)
{
    /* xorshift64* by Vigna: repeatable, and good enough to lose packets with. */
    pair->random ^= pair->random >> 12;
    pair->random ^= pair->random << 25;
    pair->random ^= pair->random >> 27;
    return (uint32_t)((pair->random * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

static void set_now(dtls_pair *pair, floe_time now)
{
    pair->now = now;
    virtual_clock_set(now);
}

void dtls_pair_init(dtls_pair *pair, uint64_t seed)
{
    memset(pair, 0, sizeof *pair);
    pair->random = seed * 2 + 1;
    pair->delay_us = 10 * FLOE_MS;
    set_now(pair, 1000 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(floe_dtls_identity_init(&pair->end[i].identity), FLOE_OK);
    }
    for (int i = 0; i < 2; i++) {
        floe_dtls_config *config = &pair->end[i].config;
        config->identity = &pair->end[i].identity;
        config->role = i == 0 ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER;
        config->fingerprints[0] = pair->end[1 - i].identity.fingerprint;
        config->fingerprint_count = 1;
    }
}

void dtls_pair_open(dtls_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        dtls_pair_end *end = &pair->end[i];
        assert_int_equal(floe_dtls_conn_init(&end->conn, &end->config, pair->now), FLOE_OK);
    }
}

void dtls_pair_start(dtls_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        floe_dtls_conn_start(&pair->end[i].conn, pair->now);
        dtls_pair_drain(pair, i);
    }
}

void dtls_pair_free(dtls_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        floe_dtls_conn_free(&pair->end[i].conn);
        floe_dtls_identity_free(&pair->end[i].identity);
    }
}

static void add_packet(dtls_pair *pair, int to, floe_bytes datagram)
{
    assert_true(datagram.len <= DTLS_PAIR_SIZE_MAX);
    for (size_t i = 0; i < DTLS_PAIR_PACKETS; i++) {
        dtls_pair_packet *packet = &pair->network[i];
        if (!packet->used) {
            uint64_t jitter =
                pair->jitter_us != 0 ? get_random(pair, (uint32_t)pair->jitter_us) : 0;
            packet->used = true;
            packet->to = (uint8_t)to;
            packet->at = pair->now + pair->delay_us + jitter;
            packet->len = datagram.len;
            memcpy(packet->bytes, datagram.ptr, datagram.len);
            return;
        }
    }
    fail_msg("the network is full");
}

void dtls_pair_post(dtls_pair *pair, int from, floe_bytes datagram)
{
    if (pair->lose != NULL && pair->lose(pair->lose_ctx, from, datagram)) {
        return;
    }
    if (get_random(pair, 100) < pair->loss_percent) {
        return;
    }
    add_packet(pair, 1 - from, datagram);
    if (get_random(pair, 100) < pair->duplicate_percent) {
        add_packet(pair, 1 - from, datagram);
    }
}

static void drain_data(dtls_pair_end *end)
{
    size_t len;

    while (floe_dtls_conn_poll_data(&end->conn, end->data, sizeof end->data, &len)) {
        assert_int_equal(floe_dtls_conn_get_state(&end->conn), FLOE_DTLS_CONNECTED);
        assert_true(end->conn.verified);
        end->messages++;
        end->len = len;
    }
}

void dtls_pair_drain(dtls_pair *pair, int which)
{
    dtls_pair_end *end = &pair->end[which];
    uint8_t buf[4096];
    size_t len;

    drain_data(end);
    while (floe_dtls_conn_poll_transmit(&end->conn, buf, sizeof buf, &len)) {
        assert_true(len > 0 && len <= end->conn.mtu);
        end->transmits++;
        dtls_pair_post(pair, which, (floe_bytes){buf, len});
    }
    (void)floe_dtls_conn_poll_event(&end->conn, &end->state, &end->cause);
    assert_false(floe_dtls_conn_poll_event(&end->conn, &end->state, &end->cause));
    assert_true(floe_dtls_conn_deadline(&end->conn) > pair->now);
}

floe_err dtls_pair_inject(dtls_pair *pair, int to, floe_bytes datagram)
{
    floe_err err = floe_dtls_conn_input(&pair->end[to].conn, pair->now, datagram);

    dtls_pair_drain(pair, to);
    return err;
}

floe_err dtls_pair_send(dtls_pair *pair, int from, floe_bytes plain)
{
    uint8_t buf[4096];
    size_t len;

    assert_true(plain.len + FLOE_DTLS_OVERHEAD <= sizeof buf);
    memcpy(buf + FLOE_DTLS_HEAD, plain.ptr, plain.len);
    floe_err err = floe_dtls_conn_seal(&pair->end[from].conn, buf, plain.len, sizeof buf, &len);
    if (err == FLOE_OK) {
        assert_true(len <= plain.len + FLOE_DTLS_OVERHEAD);
        dtls_pair_post(pair, from, (floe_bytes){buf, len});
    }
    return err;
}

static dtls_pair_packet *find_next_packet(dtls_pair *pair)
{
    dtls_pair_packet *next = NULL;

    for (size_t i = 0; i < DTLS_PAIR_PACKETS; i++) {
        dtls_pair_packet *packet = &pair->network[i];
        if (packet->used && (next == NULL || packet->at < next->at)) {
            next = packet;
        }
    }
    return next;
}

bool dtls_pair_step(dtls_pair *pair, floe_time until)
{
    dtls_pair_packet *packet = find_next_packet(pair);
    floe_time arrival = packet != NULL ? packet->at : FLOE_TIME_NEVER;
    floe_time deadline = floe_time_min(floe_dtls_conn_deadline(&pair->end[0].conn),
                                       floe_dtls_conn_deadline(&pair->end[1].conn));
    floe_time next = floe_time_min(arrival, deadline);

    if (next == FLOE_TIME_NEVER || next > until) {
        return false;
    }
    set_now(pair, next);
    if (arrival <= deadline) {
        packet->used = false;
        (void)dtls_pair_inject(pair, packet->to, (floe_bytes){packet->bytes, packet->len});
        return true;
    }
    for (int i = 0; i < 2; i++) {
        if (floe_dtls_conn_deadline(&pair->end[i].conn) <= next) {
            floe_dtls_conn_advance(&pair->end[i].conn, next);
            dtls_pair_drain(pair, i);
        }
    }
    return true;
}

void dtls_pair_run(dtls_pair *pair, uint64_t duration_us)
{
    floe_time until = pair->now + duration_us;

    while (dtls_pair_step(pair, until)) {
    }
    set_now(pair, until);
}

bool dtls_pair_is_state(const dtls_pair *pair, floe_dtls_state client, floe_dtls_state server)
{
    return floe_dtls_conn_get_state(&pair->end[0].conn) == client &&
           floe_dtls_conn_get_state(&pair->end[1].conn) == server;
}

void dtls_pair_connect(dtls_pair *pair, uint64_t seed)
{
    dtls_pair_init(pair, seed);
    dtls_pair_open(pair);
    dtls_pair_start(pair);
    dtls_pair_run(pair, FLOE_SECOND);
    assert_true(dtls_pair_is_state(pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
}
