/* tests of peer/peer_transport.c: what comes from the network */
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

static int setup(void **state)
{
    *state = peer_pair_new();
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static floe_path path_to(const peer_pair *pair, int end)
{
    return (floe_path){pair->end[end].addr, pair->end[1 - end].addr, FLOE_UDP};
}

static void test_peer_transport_garbage_is_counted_and_changes_nothing(void **state)
{
    peer_pair *pair = *state;
    floe_peer_stats stats;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_path path = path_to(pair, 0);
    for (int first = 0; first < 256; first++) {
        uint8_t bytes[64];
        memset(bytes, first, sizeof bytes);
        floe_peer_input(&pair->end[0].peer, pair->now, &path, bytes, sizeof bytes, sizeof bytes);
        floe_peer_check_invariants(&pair->end[0].peer);
    }
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    assert_true(stats.dropped_unknown >= 256 - 44);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("x")), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_dc_message message;
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
}

/* CVE-2023-49786: a ClientHello from an address that ICE has not validated must not reach DTLS. */
static void test_peer_transport_dtls_from_elsewhere_is_not_read(void **state)
{
    peer_pair *pair = *state;
    floe_peer_stats before, after;
    (void)peer_pair_connect(pair);
    floe_path path = path_to(pair, 0);
    path.remote.port = 9;
    uint8_t record[64] = {22, 0xfe, 0xfd};
    floe_peer_get_stats(&pair->end[0].peer, &before);
    for (int i = 0; i < 10; i++) {
        floe_peer_input(&pair->end[0].peer, pair->now, &path, record, sizeof record, sizeof record);
    }
    floe_peer_get_stats(&pair->end[0].peer, &after);
    assert_int_equal(after.dtls.records_received, before.dtls.records_received);
    assert_int_equal(after.dtls.dropped, before.dtls.dropped);
    assert_int_equal(after.dropped_unvalidated, before.dropped_unvalidated + 10);
    assert_true(after.dropped_unvalidated >= 8);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

static void test_peer_transport_run_of_datagrams_is_the_same_as_one_by_one(void **state)
{
    peer_pair *pair = *state;
    floe_peer_stats stats;
    (void)peer_pair_connect(pair);
    floe_path path = path_to(pair, 0);
    uint8_t run[250];
    memset(run, 200, sizeof run);
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    uint64_t before = stats.dropped_unknown;
    floe_peer_input(&pair->end[0].peer, pair->now, &path, run, sizeof run, 100);
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    assert_int_equal(stats.dropped_unknown, before + 3);
}

static void test_peer_transport_large_messages_leave_in_runs(void **state)
{
    peer_pair *pair = *state;
    static uint8_t bytes[65536];
    floe_peer_stats stats;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_bytes data = {bytes, sizeof bytes};
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, false, data), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    assert_true(stats.datagrams_sent > stats.runs_sent + 30);
}

static void test_peer_transport_small_messages_of_one_size_leave_in_runs(void **state)
{
    peer_pair *pair = *state;
    static uint8_t bytes[1024];
    floe_peer_stats stats;
    floe_dc_id channel = peer_pair_connect(pair);
    for (int i = 0; i < 50; i++) {
        floe_bytes data = {bytes, sizeof bytes};
        assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, false, data), FLOE_OK);
    }
    peer_pair_run(pair, FLOE_SECOND);
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    assert_true(stats.datagrams_sent > stats.runs_sent + 30);
}

/* The peer's hello comes before its answer: it is kept, and read when the answer is there. */
static void test_peer_transport_early_hello_is_kept(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    char answer[4096];
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes offer = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, offer, NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    peer_pair_run(pair, 30 * FLOE_MS); /* b's check is answered, b's hello is on a's desk */
    assert_int_equal(floe_peer_get_dtls_state(b), FLOE_DTLS_CONNECTING);
    strcpy(answer, peer_pair_describe(pair, 1));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, floe_bytes_of(answer), NULL),
                     FLOE_OK);
    peer_pair_run(pair, 50 * FLOE_MS);
    assert_int_equal(floe_peer_get_dtls_state(a), FLOE_DTLS_CONNECTED);
}

/* Somebody off the path sends hellos in advance: they do not keep out the peer's. */
static void test_peer_transport_early_hello_is_kept_after_those_of_strangers(void **state)
{
    peer_pair *pair = *state;
    floe_path path = path_to(pair, 0);
    path.remote.port = 9;
    uint8_t record[64] = {22, 0xfe, 0xfd};
    for (int i = 0; i < 10; i++) {
        floe_peer_input(&pair->end[0].peer, pair->now, &path, record, sizeof record, sizeof record);
    }
    test_peer_transport_early_hello_is_kept(state);
}

static void test_peer_transport_wrong_fingerprint_fails_with_the_reason(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    char offer[4096];
    const char *why;
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    strcpy(offer, peer_pair_describe(pair, 0));
    char *digit = strstr(offer, "sha-256 ") + 8;
    *digit = *digit == '0' ? '1' : '0';
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, floe_bytes_of(offer), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    floe_bytes answer = floe_bytes_of(peer_pair_describe(pair, 1));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, answer, NULL), FLOE_OK);
    peer_pair_run(pair, 2 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(b), FLOE_PEER_FAILED);
    assert_int_equal(floe_peer_get_reason(b, &why), FLOE_PEER_FAULT_DTLS);
    assert_string_equal(why, floe_dtls_cause_text(FLOE_DTLS_CAUSE_FINGERPRINT));
    assert_int_not_equal(floe_peer_get_state(a), FLOE_PEER_CONNECTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_transport_garbage_is_counted_and_changes_nothing),
        TEST(test_peer_transport_dtls_from_elsewhere_is_not_read),
        TEST(test_peer_transport_run_of_datagrams_is_the_same_as_one_by_one),
        TEST(test_peer_transport_large_messages_leave_in_runs),
        TEST(test_peer_transport_small_messages_of_one_size_leave_in_runs),
        TEST(test_peer_transport_early_hello_is_kept),
        TEST(test_peer_transport_early_hello_is_kept_after_those_of_strangers),
        TEST(test_peer_transport_wrong_fingerprint_fails_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
