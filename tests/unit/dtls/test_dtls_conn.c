/* tests/unit/dtls/test_dtls_conn.c - the life of a connection between two well-behaved ends. */
#include "dtls/dtls_conn.h"

#include "support/dtls_pair.h"
#include "support/unit.h"

#include <string.h>

static dtls_pair pair;

static int free_pair(void **state)
{
    (void)state;
    dtls_pair_free(&pair);
    return 0;
}

static void test_dtls_conn_connects_in_two_round_trips(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, 40 * FLOE_MS);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
    assert_int_equal(pair.end[0].transmits, 2);
    assert_int_equal(pair.end[1].transmits, 2);
    assert_int_equal(pair.end[0].conn.stats.flights_repeated, 0);
    assert_int_equal(pair.end[0].conn.stats.version, 0xfefd);
    assert_string_equal(pair.end[0].conn.stats.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
}

static void test_dtls_conn_carries_data_both_ways(void **state)
{
    (void)state;
    dtls_pair_connect(&pair, 2);
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("from the client")), FLOE_OK);
    assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("from the server")), FLOE_OK);
    dtls_pair_run(&pair, 10 * FLOE_MS);
    assert_int_equal(pair.end[0].messages, 1);
    assert_int_equal(pair.end[1].messages, 1);
    assert_memory_equal(pair.end[0].data, "from the server", 15);
    assert_memory_equal(pair.end[1].data, "from the client", 15);
}

static void test_dtls_conn_connects_under_loss_reorder_and_duplicates(void **state)
{
    uint64_t worst = 0, total = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        dtls_pair_init(&pair, seed);
        pair.loss_percent = 30;
        pair.duplicate_percent = 20;
        pair.jitter_us = 30 * FLOE_MS;
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        floe_time start = pair.now;
        while (!dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED) &&
               dtls_pair_step(&pair, start + 60 * FLOE_SECOND)) {
        }
        if (!dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED)) {
            fail_msg("seed %u: %s, %s (%s / %s)", (unsigned)seed,
                     floe_dtls_state_name(floe_dtls_conn_get_state(&pair.end[0].conn)),
                     floe_dtls_state_name(floe_dtls_conn_get_state(&pair.end[1].conn)),
                     floe_dtls_cause_text(pair.end[0].cause),
                     floe_dtls_cause_text(pair.end[1].cause));
        }
        total += pair.now - start;
        worst = pair.now - start > worst ? pair.now - start : worst;
        dtls_pair_free(&pair);
    }
    print_message("mean %u ms worst %u ms\n", (unsigned)(total / 200000), (unsigned)(worst / 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_dtls_conn_connects_in_two_round_trips, free_pair),
        cmocka_unit_test_teardown(test_dtls_conn_carries_data_both_ways, free_pair),
        cmocka_unit_test_teardown(test_dtls_conn_connects_under_loss_reorder_and_duplicates,
                                  free_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
