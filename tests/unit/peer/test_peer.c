/* tests of peer/peer.c: life, servers, states, close */
#include <string.h>

#include "peer/peer_internal.h"
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

static void test_peer_init_refuses_what_is_missing(void **state)
{
    peer_pair *pair = *state;
    floe_peer peer;
    floe_peer_config config = pair->end[0].config;
    config.rand.fill = NULL;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_E_ARG);
    config = pair->end[0].config;
    config.identity = NULL;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_E_ARG);
    config = pair->end[0].config;
    config.description.len = 16;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_E_ARG);
    config = pair->end[0].config;
    config.send_buffer.len = 16;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_E_ARG);
    config = pair->end[0].config;
    config.tx_ring_len = 100;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_E_ARG);
    floe_peer_free(&peer);
}

static void test_peer_connects_and_tells_each_state(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_NEW);
    (void)peer_pair_connect(pair);
    assert_true(pair->end[0].events[FLOE_PEER_EV_STATE] >= 1);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CANDIDATE], 1);
    assert_true(pair->end[0].events[FLOE_PEER_EV_PAIR] >= 1);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL], 0);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL], 1);
    assert_int_equal(floe_peer_get_reason(&pair->end[0].peer, &why), FLOE_PEER_FAULT_NONE);
    assert_string_equal(why, "");
}

/* A hello that is lost because one side is not ready costs others a second. */
static void test_peer_connects_within_ten_round_trips(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_open_channel(&pair->end[0].peer, &options, &channel), FLOE_OK);
    peer_pair_signal(pair);
    peer_pair_run(pair, 100 * FLOE_MS);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
}

static void test_peer_close_is_seen_by_the_other_end(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    (void)peer_pair_connect(pair);
    floe_peer_close(&pair->end[0].peer, pair->now);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CLOSED);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
    assert_int_equal(floe_peer_get_state(&pair->end[1].peer), FLOE_PEER_CLOSED);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
    assert_int_equal(floe_peer_get_reason(&pair->end[1].peer, &why),
                     FLOE_PEER_FAULT_CLOSED_BY_PEER);
    assert_true(why[0] != '\0');
}

static void test_peer_close_can_come_at_any_moment_and_twice(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 80; after += 2) {
        peer_pair *pair = peer_pair_new();
        floe_dc_options options = {.label = FLOE_LIT("lab")};
        floe_dc_id channel;
        assert_int_equal(floe_peer_open_channel(&pair->end[0].peer, &options, &channel), FLOE_OK);
        peer_pair_signal(pair);
        peer_pair_run(pair, after * FLOE_MS);
        floe_peer_close(&pair->end[0].peer, pair->now);
        floe_peer_close(&pair->end[0].peer, pair->now);
        peer_pair_run(pair, FLOE_SECOND);
        assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CLOSED);
        assert_int_equal(floe_peer_deadline(&pair->end[0].peer), FLOE_TIME_NEVER);
        peer_pair_free(pair);
    }
}

static void test_peer_vanishing_other_end_is_disconnected_then_failed(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    (void)peer_pair_connect(pair);
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    peer_pair_run(pair, 15 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_DISCONNECTED);
    peer_pair_run(pair, 60 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_FAILED);
    assert_int_equal(floe_peer_get_reason(&pair->end[0].peer, &why), FLOE_PEER_FAULT_ICE);
    assert_true(why[0] != '\0');
}

/* Only ICE can be revived: what ended for another reason stays so, and says so. */
static void test_peer_reason_of_the_end_outlives_a_failure_of_ice(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    floe_peer *a = &pair->end[0].peer;
    (void)peer_pair_connect(pair);
    floe_peer_fail(a, FLOE_PEER_FAULT_SCTP, "for a test");
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    peer_pair_run(pair, 120 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_ice_state(a), FLOE_ICE_FAILED);
    assert_int_equal(floe_peer_get_reason(a, &why), FLOE_PEER_FAULT_SCTP);
    assert_string_equal(why, "for a test");
    pair->end[0].is_deaf = pair->end[1].is_deaf = false;
    floe_peer_restart_ice(a);
    peer_pair_signal(pair);
    peer_pair_run(pair, FLOE_SECOND);
    assert_true(floe_peer_get_state(a) >= FLOE_PEER_FAILED);
    assert_int_equal(floe_peer_get_reason(a, &why), FLOE_PEER_FAULT_SCTP);
}

static void test_peer_failure_of_ice_is_undone_by_a_restart(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    floe_peer *a = &pair->end[0].peer;
    floe_dc_id channel = peer_pair_connect(pair);
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    assert_int_equal(floe_peer_send(a, channel, true, FLOE_LIT("anybody?")), FLOE_OK);
    peer_pair_run(pair, 120 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_FAILED);
    assert_int_equal(floe_peer_get_reason(a, &why), FLOE_PEER_FAULT_ICE);
    pair->end[0].is_deaf = pair->end[1].is_deaf = false;
    floe_peer_restart_ice(a);
    peer_pair_signal(pair);
    peer_pair_run(pair, 2 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_get_reason(a, &why), FLOE_PEER_FAULT_NONE);
    assert_string_equal(why, "");
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_MESSAGE], 1);
}

static void test_peer_silence_of_ten_seconds_is_survived(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("x")), FLOE_OK);
    peer_pair_run(pair, 10 * FLOE_SECOND);
    pair->end[0].is_deaf = pair->end[1].is_deaf = false;
    peer_pair_run(pair, 12 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    floe_dc_message message;
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
}

static void test_peer_names_are_those_of_the_w3c(void **state)
{
    (void)state;
    assert_string_equal(floe_peer_state_name(FLOE_PEER_DISCONNECTED), "disconnected");
    assert_string_equal(floe_peer_signaling_name(FLOE_PEER_HAVE_REMOTE_OFFER), "have-remote-offer");
    assert_string_equal(floe_peer_sdp_type_name(FLOE_PEER_ANSWER), "answer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_init_refuses_what_is_missing),
        TEST(test_peer_connects_and_tells_each_state),
        TEST(test_peer_connects_within_ten_round_trips),
        TEST(test_peer_close_is_seen_by_the_other_end),
        cmocka_unit_test(test_peer_close_can_come_at_any_moment_and_twice),
        TEST(test_peer_vanishing_other_end_is_disconnected_then_failed),
        TEST(test_peer_reason_of_the_end_outlives_a_failure_of_ice),
        TEST(test_peer_failure_of_ice_is_undone_by_a_restart),
        TEST(test_peer_silence_of_ten_seconds_is_survived),
        TEST(test_peer_names_are_those_of_the_w3c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
