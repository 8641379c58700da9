/* tests/unit/dtls/test_dtls_loss.c - the handshake on a network that loses, repeats and reorders.
 */
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/dtls_pair.h"
#include "support/unit.h"
#include "support/virtual_clock.h"

static dtls_pair pair;

static int free_pair(void **state)
{
    (void)state;
    dtls_pair_free(&pair);
    return 0;
}

static void open_and_start(void)
{
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
}

static bool are_connected(void)
{
    return dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED);
}

typedef struct sent_log {
    floe_time at[32];
    unsigned count;
} sent_log;

static bool lose_and_log_client(void *ctx, int from, floe_bytes datagram)
{
    sent_log *log = ctx;

    (void)datagram;
    if (from == 0 && log->count < 32) {
        log->at[log->count++] = pair.now;
    }
    return true;
}

/* 100 ms, doubling up to 3 s; OpenSSL gives up after the twelfth repetition. */
static void test_dtls_loss_repeats_a_flight_at_the_configured_times_and_gives_up(void **state)
{
    static const uint32_t at_ms[] = {0,    100,   300,   700,   1500,  3100, 6100,
                                     9100, 12100, 15100, 18100, 21100, 24100};
    sent_log log = {0};
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.lose = lose_and_log_client;
    pair.lose_ctx = &log;
    floe_time start = pair.now;
    open_and_start();
    dtls_pair_run(&pair, FLOE_DTLS_HANDSHAKE_US);
    assert_int_equal(log.count, 13);
    for (size_t i = 0; i < 13; i++) {
        assert_int_equal(log.at[i] - start, at_ms[i] * FLOE_MS);
    }
    assert_int_equal(pair.end[0].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[0].cause, FLOE_DTLS_CAUSE_TIMEOUT);
    assert_int_equal(floe_dtls_conn_deadline(&pair.end[0].conn), FLOE_TIME_NEVER);
}

static void test_dtls_loss_starts_with_the_interval_of_the_configuration(void **state)
{
    sent_log log = {0};
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.lose = lose_and_log_client;
    pair.lose_ctx = &log;
    pair.end[0].config.first_timer_us = 20000;
    floe_time start = pair.now;
    open_and_start();
    dtls_pair_run(&pair, 145 * FLOE_MS);
    assert_int_equal(log.count, 4);
    assert_int_equal(log.at[1] - start, 20 * FLOE_MS);
    assert_int_equal(log.at[2] - start, 60 * FLOE_MS);
    assert_int_equal(log.at[3] - start, 140 * FLOE_MS);
}

static void test_dtls_loss_fails_a_server_that_hears_nothing_in_bounded_time(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    floe_dtls_conn_start(&pair.end[1].conn, pair.now);
    assert_int_equal(floe_dtls_conn_deadline(&pair.end[1].conn), pair.now + FLOE_DTLS_HANDSHAKE_US);
    dtls_pair_run(&pair, FLOE_DTLS_HANDSHAKE_US - 1);
    assert_int_equal(floe_dtls_conn_get_state(&pair.end[1].conn), FLOE_DTLS_CONNECTING);
    dtls_pair_run(&pair, 1);
    assert_int_equal(pair.end[1].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[1].cause, FLOE_DTLS_CAUSE_TIMEOUT);
}

/* The deadline is in the future after each call, so a caller that sleeps until it does not spin;
 * and one that comes early is told to come again. */
static void test_dtls_loss_wakes_no_more_often_than_it_has_to(void **state)
{
    sent_log log = {0};
    unsigned steps = 0;
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.lose = lose_and_log_client;
    pair.lose_ctx = &log;
    open_and_start();
    floe_time first = floe_dtls_conn_deadline(&pair.end[0].conn);
    floe_dtls_conn_advance(&pair.end[0].conn, pair.now);
    assert_int_equal(floe_dtls_conn_deadline(&pair.end[0].conn), first);
    while (dtls_pair_step(&pair, FLOE_TIME_NEVER - 1)) {
        steps++;
    }
    assert_in_range(steps, 13, 15);
}

/* The time of day may be set while a handshake runs. OpenSSL's timer is off then; ours is not. */
static void test_dtls_loss_ends_in_time_though_the_wall_clock_stops_or_goes_back(void **state)
{
    (void)state;
    for (unsigned back = 0; back < 2; back++) { /* times ten minutes */
        unsigned steps = 0;
        dtls_pair_init(&pair, 1);
        pair.loss_percent = 100;
        open_and_start();
        virtual_clock_set(pair.now - back * 600 * FLOE_SECOND);
        floe_dtls_conn *client = &pair.end[0].conn;
        floe_time now = pair.now;
        while (floe_dtls_conn_deadline(client) != FLOE_TIME_NEVER && steps < 1000) {
            assert_true(floe_dtls_conn_deadline(client) > now);
            now = floe_dtls_conn_deadline(client);
            floe_dtls_conn_advance(client, now);
            steps++;
        }
        assert_int_equal(floe_dtls_conn_get_state(client), FLOE_DTLS_FAILED);
        assert_int_equal(client->cause, FLOE_DTLS_CAUSE_TIMEOUT);
        assert_int_equal(now, pair.now + FLOE_DTLS_HANDSHAKE_US);
        assert_in_range(steps, 1, 301);
        dtls_pair_free(&pair);
    }
}

typedef struct lose_one {
    int from;
    unsigned number, seen; /* which datagram of that end */
} lose_one;

static bool lose_by_number(void *ctx, int from, floe_bytes datagram)
{
    lose_one *one = ctx;

    (void)datagram;
    return from == one->from && one->seen++ == one->number;
}

/* Any single datagram of the four: 100 ms more, not 1 s. */
static void test_dtls_loss_of_any_one_datagram_costs_one_short_interval(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        lose_one one = {.from = which % 2, .number = (unsigned)which / 2};
        dtls_pair_init(&pair, 2);
        pair.lose = lose_by_number;
        pair.lose_ctx = &one;
        open_and_start();
        dtls_pair_run(&pair, 39 * FLOE_MS);
        assert_false(are_connected());
        dtls_pair_run(&pair, 111 * FLOE_MS);
        assert_true(are_connected());
        dtls_pair_free(&pair);
    }
}

static bool lose_final_flights(void *ctx, int from, floe_bytes datagram)
{
    unsigned *left = ctx;

    /* A ChangeCipherSpec in front: the server's second flight, sent for the first time or again. */
    if (from == 1 && datagram.ptr[0] == FLOE_DTLS_CHANGE_CIPHER && *left > 0) {
        *left -= 1;
        return true;
    }
    return false;
}

/* RFC 6347 §4.2.4: a server that is done sends its last flight again when the client repeats. */
static void test_dtls_loss_of_the_final_flight_is_repaired_by_a_server_that_is_done(void **state)
{
    unsigned left = 4;
    (void)state;
    dtls_pair_init(&pair, 3);
    pair.lose = lose_final_flights;
    pair.lose_ctx = &left;
    open_and_start();
    dtls_pair_run(&pair, 100 * FLOE_MS);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTING, FLOE_DTLS_CONNECTED));
    dtls_pair_run(&pair, 2 * FLOE_SECOND);
    assert_int_equal(left, 0);
    assert_true(are_connected());
    assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("works")), FLOE_OK);
    dtls_pair_run(&pair, 20 * FLOE_MS);
    assert_int_equal(pair.end[0].messages, 1);
}

/* openssl#9289: more than 63 records of data before the Finished, and it was "too old" for ever. */
static void test_dtls_loss_of_the_finished_survives_a_hundred_early_records(void **state)
{
    unsigned left = 1;
    (void)state;
    dtls_pair_init(&pair, 4);
    pair.lose = lose_final_flights;
    pair.lose_ctx = &left;
    open_and_start();
    dtls_pair_run(&pair, 35 * FLOE_MS);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTING, FLOE_DTLS_CONNECTED));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("early")), FLOE_OK);
    }
    dtls_pair_run(&pair, 20 * FLOE_MS);
    assert_int_equal(pair.end[0].messages, 0);
    assert_int_equal(floe_dtls_conn_get_state(&pair.end[0].conn), FLOE_DTLS_CONNECTING);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
    assert_int_equal(pair.end[0].messages, 0);
    assert_int_equal(pair.end[0].conn.stats.dropped, 100);
    assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("in time")), FLOE_OK);
    dtls_pair_run(&pair, 20 * FLOE_MS);
    assert_int_equal(pair.end[0].messages, 1);
}

static bool duplicate_all(void *ctx, int from, floe_bytes datagram)
{
    (void)ctx;
    pair.lose = NULL;
    for (int i = 0; i < 3; i++) {
        dtls_pair_post(&pair, from, datagram);
    }
    pair.lose = duplicate_all;
    return true;
}

/* CVE-2022-2576: repeated handshake messages; here each three times. */
static void test_dtls_loss_does_not_mind_every_datagram_three_times(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 5);
    pair.lose = duplicate_all;
    open_and_start();
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("once")), FLOE_OK);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_int_equal(pair.end[1].messages, 1);
}

/* Two ends that answer each repeated Finished with their own would never fall silent. */
static void test_dtls_loss_ends_in_silence_once_both_are_connected(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 6);
    pair.delay_us = 400 * FLOE_MS; /* so that every flight is repeated, and arrives twice or more */
    open_and_start();
    dtls_pair_run(&pair, 10 * FLOE_SECOND);
    assert_true(are_connected());
    assert_true(pair.end[0].conn.stats.flights_repeated > 0);
    unsigned sent = pair.end[0].transmits + pair.end[1].transmits;
    assert_in_range(sent, 5, 30);
    dtls_pair_run(&pair, 100 * FLOE_SECOND);
    assert_int_equal(pair.end[0].transmits + pair.end[1].transmits, sent);
}

static void test_dtls_loss_of_a_third_still_connects_for_two_hundred_seeds(void **state)
{
    uint64_t worst = 0, total = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        dtls_pair_init(&pair, seed);
        pair.loss_percent = 30;
        pair.duplicate_percent = 20;
        pair.jitter_us = 30 * FLOE_MS;
        floe_time start = pair.now;
        open_and_start();
        while (!are_connected() && dtls_pair_step(&pair, start + FLOE_DTLS_HANDSHAKE_US)) {
        }
        if (!are_connected()) {
            fail_msg("seed %u: %s, %s", (unsigned)seed, floe_dtls_cause_text(pair.end[0].cause),
                     floe_dtls_cause_text(pair.end[1].cause));
        }
        total += pair.now - start;
        worst = pair.now - start > worst ? pair.now - start : worst;
        dtls_pair_free(&pair);
    }
    assert_true(total / 200 < FLOE_SECOND); /* 0.56 s when this was written */
    assert_true(worst < 20 * FLOE_SECOND);
}

/* A certificate in fragments, several datagrams a flight. */
static void test_dtls_loss_with_a_small_mtu_connects_and_keeps_to_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        dtls_pair_init(&pair, seed);
        pair.end[0].config.mtu = pair.end[1].config.mtu = seed % 2 == 0 ? 256 : 300;
        pair.loss_percent = 10;
        pair.jitter_us = 15 * FLOE_MS;
        open_and_start();
        dtls_pair_run(&pair, FLOE_DTLS_HANDSHAKE_US);
        assert_true(are_connected());
        dtls_pair_free(&pair);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, free_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dtls_loss_repeats_a_flight_at_the_configured_times_and_gives_up),
        TEST(test_dtls_loss_starts_with_the_interval_of_the_configuration),
        TEST(test_dtls_loss_fails_a_server_that_hears_nothing_in_bounded_time),
        TEST(test_dtls_loss_wakes_no_more_often_than_it_has_to),
        TEST(test_dtls_loss_ends_in_time_though_the_wall_clock_stops_or_goes_back),
        TEST(test_dtls_loss_of_any_one_datagram_costs_one_short_interval),
        TEST(test_dtls_loss_of_the_final_flight_is_repaired_by_a_server_that_is_done),
        TEST(test_dtls_loss_of_the_finished_survives_a_hundred_early_records),
        TEST(test_dtls_loss_does_not_mind_every_datagram_three_times),
        TEST(test_dtls_loss_ends_in_silence_once_both_are_connected),
        TEST(test_dtls_loss_of_a_third_still_connects_for_two_hundred_seeds),
        TEST(test_dtls_loss_with_a_small_mtu_connects_and_keeps_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
