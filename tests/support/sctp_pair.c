/* support/sctp_pair.c - see support/sctp_pair.h. */
#include "support/sctp_pair.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static void set_up_end(sctp_pair *pair, int n)
{
    sctp_end *end = &pair->end[n];
    end->send_buffer = malloc(pair->options.send_size);
    end->recv_buffer = malloc(pair->options.recv_size);
    assert_true(end->send_buffer != NULL && end->recv_buffer != NULL);
    floe_sctp_config config = {
        .rand = sim_random_source(&pair->source[n]),
        .send_buffer = {end->send_buffer, pair->options.send_size},
        .recv_buffer = {end->recv_buffer, pair->options.recv_size},
        .tx_ring = end->ring,
        .tx_ring_len = sizeof end->ring / sizeof end->ring[0],
        .remote_message_max = UINT32_MAX,
    };
    end->interleaving.ring = end->numbers;
    if (pair->options.is_interleaved) {
        config.interleaving = &end->interleaving;
    }
    if (pair->options.configure != NULL) {
        pair->options.configure(&config, n);
    }
    assert_int_equal(floe_sctp_assoc_init(&end->assoc, &config, pair->now), FLOE_OK);
}

sctp_pair *sctp_pair_new(const sctp_pair_options *options)
{
    sctp_pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->options = *options;
    if (pair->options.delay == 0) {
        pair->options.delay = 10 * FLOE_MS;
    }
    if (pair->options.jitter == 0) {
        pair->options.jitter = 30 * FLOE_MS;
    }
    if (pair->options.send_size == 0) {
        pair->options.send_size = 256 * 1024;
    }
    if (pair->options.recv_size == 0) {
        pair->options.recv_size = 256 * 1024;
    }
    pair->now = FLOE_SECOND;
    pair->random = sim_random_begin(options->seed, 0);
    for (size_t i = 0; i < SCTP_PAIR_PACKETS; i++) {
        pair->packets[i].at = FLOE_TIME_NEVER;
    }
    for (int n = 0; n < 2; n++) {
        pair->source[n] = sim_random_begin(options->seed, (uint64_t)n + 1);
        set_up_end(pair, n);
    }
    return pair;
}

void sctp_pair_free(sctp_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        free(pair->end[n].send_buffer);
        free(pair->end[n].recv_buffer);
    }
    free(pair);
}

static void put_on_link(sctp_pair *pair, int to, floe_bytes bytes)
{
    for (size_t i = 0; i < SCTP_PAIR_PACKETS; i++) {
        sctp_pair_packet *packet = &pair->packets[i];
        if (packet->at != FLOE_TIME_NEVER) {
            continue;
        }
        packet->at = pair->now + pair->options.delay;
        if (sim_random_chance(&pair->random, pair->options.reorder)) {
            packet->at += sim_random_below(&pair->random, pair->options.jitter);
        }
        packet->to = (uint8_t)to;
        packet->len = (uint16_t)bytes.len;
        memcpy(packet->bytes, bytes.ptr, bytes.len);
        pair->in_flight++;
        return;
    }
}

static void send_packet(sctp_pair *pair, int from, floe_bytes bytes)
{
    pair->sent[from]++;
    if (sim_random_chance(&pair->random, pair->options.loss) ||
        (pair->options.filter != NULL && pair->options.filter(pair, from, bytes))) {
        return;
    }
    put_on_link(pair, 1 - from, bytes);
    if (sim_random_chance(&pair->random, pair->options.duplicate)) {
        put_on_link(pair, 1 - from, bytes);
    }
}

static void read_messages(sctp_pair *pair, int n)
{
    sctp_end *end = &pair->end[n];
    floe_sctp_recv message;
    while (!end->is_deaf && floe_sctp_assoc_peek(&end->assoc, &message)) {
        size_t len = floe_sctp_assoc_copy(&end->assoc, pair->message, sizeof pair->message);
        assert_int_equal(len, message.len);
        floe_sctp_assoc_release(&end->assoc);
        floe_sctp_assoc_check_invariants(&end->assoc);
        if (pair->options.on_message != NULL) {
            pair->options.on_message(pair, n, &message, (floe_bytes){pair->message, len});
        }
    }
}

static bool drain_end(sctp_pair *pair, int n)
{
    sctp_end *end = &pair->end[n];
    uint8_t buf[SCTP_PAIR_PACKET_MAX];
    size_t len, max = floe_sctp_assoc_get_packet_max(&end->assoc);
    bool is_any = false;
    while (floe_sctp_assoc_poll_transmit(&end->assoc, buf, sizeof buf, &len)) {
        assert_true(len <= max);
        max = floe_sctp_assoc_get_packet_max(&end->assoc);
        floe_sctp_assoc_check_invariants(&end->assoc);
        send_packet(pair, n, (floe_bytes){buf, len});
        is_any = true;
    }
    floe_sctp_event event;
    while (floe_sctp_assoc_poll_event(&end->assoc, &event)) {
        end->events[event.type]++;
        end->last[event.type] = event;
        is_any = true;
    }
    read_messages(pair, n);
    return is_any;
}

void sctp_check_drained(const floe_sctp_assoc *assoc, floe_time now)
{
    assert_true(floe_sctp_assoc_deadline(assoc) > now);
    if (assoc->state >= FLOE_SCTP_ESTABLISHED) {
        bool is_waiting = floe_sctp_outstanding_count(&assoc->outstanding) > 0;
        assert_true(!is_waiting || floe_sctp_timers_is_set(&assoc->timers, FLOE_SCTP_TIMER_DATA));
        assert_true(!assoc->reset.is_under_way ||
                    floe_sctp_timers_is_set(&assoc->timers, FLOE_SCTP_TIMER_RESET) ||
                    assoc->state >= FLOE_SCTP_SHUTDOWN_SENT);
        assert_true(assoc->ack_packets == 0 ||
                    floe_sctp_timers_is_set(&assoc->timers, FLOE_SCTP_TIMER_SACK));
    }
}

void sctp_pair_drain(sctp_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        int rounds = 0;
        while (drain_end(pair, n)) {
            assert_true(++rounds < 100);
        }
        sctp_check_drained(&pair->end[n].assoc, pair->now);
    }
}

static sctp_pair_packet *next_arrival(sctp_pair *pair)
{
    sctp_pair_packet *next = NULL;
    for (size_t i = 0, seen = 0; i < SCTP_PAIR_PACKETS && seen < pair->in_flight; i++) {
        sctp_pair_packet *packet = &pair->packets[i];
        if (packet->at == FLOE_TIME_NEVER) {
            continue;
        }
        seen++;
        if (next == NULL || packet->at < next->at) {
            next = packet;
        }
    }
    return next;
}

/* All that arrives now, as batches. */
static void deliver(sctp_pair *pair)
{
    bool has_input[2] = {false, false};
    for (sctp_pair_packet *packet = next_arrival(pair); packet != NULL && packet->at <= pair->now;
         packet = next_arrival(pair)) {
        floe_sctp_assoc *assoc = &pair->end[packet->to].assoc;
        uint8_t bytes[SCTP_PAIR_PACKET_MAX];
        size_t len = packet->len;
        memcpy(bytes, packet->bytes, len);
        int to = packet->to;
        packet->at = FLOE_TIME_NEVER;
        pair->in_flight--;
        (void)!floe_sctp_assoc_input(assoc, pair->now, (floe_bytes){bytes, len});
        floe_sctp_assoc_check_invariants(assoc);
        has_input[to] = true;
    }
    for (int n = 0; n < 2; n++) {
        if (has_input[n]) {
            floe_sctp_assoc_input_end(&pair->end[n].assoc);
        }
    }
}

static floe_time next_time(sctp_pair *pair)
{
    sctp_pair_packet *packet = next_arrival(pair);
    floe_time at = packet != NULL ? packet->at : FLOE_TIME_NEVER;
    for (int n = 0; n < 2; n++) {
        at = floe_time_min(at, floe_sctp_assoc_deadline(&pair->end[n].assoc));
    }
    return at;
}

static void step(sctp_pair *pair, floe_time at)
{
    pair->now = at;
    deliver(pair);
    for (int n = 0; n < 2; n++) {
        floe_sctp_assoc_advance(&pair->end[n].assoc, at);
        floe_sctp_assoc_check_invariants(&pair->end[n].assoc);
    }
    sctp_pair_drain(pair);
}

void sctp_pair_run_until(sctp_pair *pair, floe_time until)
{
    sctp_pair_drain(pair);
    for (floe_time at = next_time(pair); at <= until; at = next_time(pair)) {
        step(pair, at);
    }
    step(pair, until);
}

void sctp_pair_run_for(sctp_pair *pair, floe_time duration)
{
    sctp_pair_run_until(pair, pair->now + duration);
}

void sctp_pair_run_while(sctp_pair *pair, bool (*condition)(sctp_pair *pair), floe_time limit)
{
    floe_time until = pair->now + limit;
    sctp_pair_drain(pair);
    while (condition(pair)) {
        floe_time at = next_time(pair);
        if (at > until) {
            fail_msg("seed %llu: still not there after %llu ms",
                     (unsigned long long)pair->options.seed, (unsigned long long)(limit / FLOE_MS));
        }
        step(pair, at);
    }
}

static bool is_setting_up(sctp_pair *pair)
{
    return floe_sctp_assoc_get_state(&pair->end[0].assoc) != FLOE_SCTP_ESTABLISHED ||
           floe_sctp_assoc_get_state(&pair->end[1].assoc) != FLOE_SCTP_ESTABLISHED;
}

void sctp_pair_connect(sctp_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        assert_int_equal(floe_sctp_assoc_connect(&pair->end[n].assoc), FLOE_OK);
    }
    sctp_pair_run_while(pair, is_setting_up, 60 * FLOE_SECOND);
}

floe_err sctp_pair_send(sctp_pair *pair, int from, const floe_sctp_send *message)
{
    floe_err err = floe_sctp_assoc_send(&pair->end[from].assoc, message);
    floe_sctp_assoc_check_invariants(&pair->end[from].assoc);
    return err;
}

void sctp_pair_fill(uint8_t *out, size_t len, uint32_t seed)
{
    uint32_t x = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        out[i] = (uint8_t)(x >> 24);
    }
}

void sctp_pair_check(floe_bytes bytes, uint32_t seed)
{
    uint32_t x = seed * 2654435761u + 1;
    for (size_t i = 0; i < bytes.len; i++) {
        x = x * 1664525u + 1013904223u;
        assert_int_equal(bytes.ptr[i], (uint8_t)(x >> 24));
    }
}
