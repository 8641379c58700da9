/* Tests of turn/turn_response.c: what is believed, and what is not. */
#include <string.h>

#include "base/addr.h"
#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w;

static void expect_alive(void)
{
    turn_world_run(&w, 60 * FLOE_SECOND);
    assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_ALLOCATED);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_FAILED), 0);
}

/* libjuice believes any error response that has the right transaction id. */
static void test_turn_response_unauthenticated_errors_change_nothing(void **state)
{
    (void)state;
    static const uint16_t codes[] = {300, 400, 401, 403, 437, 438, 441, 486, 487, 500, 508};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        turn_world_allocate(&w);
        w.server.is_unsigned = true;
        w.server.alternate = floe_addr_from_ipv4(203, 0, 113, 66, 3478);
        w.server.fail_method = FLOE_STUN_REFRESH;
        w.server.fail_code = codes[i];
        w.server.fail_count = 1;
        floe_turn_client_refresh(&w.client);
        turn_world_drain(&w);
        expect_alive();
        assert_int_equal(w.server.fail_count, 0);
    }
}

static void test_turn_response_only_unauthentic_answers_end_as_integrity(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.server.is_unsigned = true;
    w.server.fail_method = FLOE_STUN_ALLOCATE;
    w.server.fail_code = 403;
    w.server.fail_count = 99;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_INTEGRITY);
    assert_int_equal(event->code, 403);
    turn_world_init(&w);
    w.config.path.transport = FLOE_TCP; /* nothing better can come: at once */
    w.server.is_unsigned = true;
    w.server.fail_method = FLOE_STUN_ALLOCATE;
    w.server.fail_code = 403;
    w.server.fail_count = 99;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_FAILED, FLOE_SECOND));
}

static void test_turn_response_from_elsewhere_is_dropped(void **state)
{
    (void)state;
    turn_world_init(&w);
    floe_path elsewhere = w.config.path;
    elsewhere.remote.port++;
    turn_world_start(&w);
    floe_turn_data data;
    static const uint8_t anything[20] = {1, 3};
    assert_int_equal(
        floe_turn_client_input(&w.client, w.now, &elsewhere, (floe_bytes){anything, 20}, &data),
        FLOE_E_UNKNOWN);
    elsewhere = w.config.path;
    elsewhere.transport = FLOE_TCP;
    assert_int_equal(
        floe_turn_client_input(&w.client, w.now, &elsewhere, (floe_bytes){anything, 20}, &data),
        FLOE_E_UNKNOWN);
    assert_int_equal(turn_world_inject(&w, (floe_bytes){anything, 20}), FLOE_E_MALFORMED);
    assert_int_equal(turn_world_inject(&w, (floe_bytes){anything, 0}), FLOE_E_MALFORMED);
    floe_turn_stats stats;
    floe_turn_client_get_stats(&w.client, &stats);
    assert_int_equal(stats.dropped_unknown, 2);
    assert_int_equal(stats.dropped_malformed, 2);
}

static void test_turn_response_with_an_unknown_required_attribute_fails(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.server.unknown_type = 0x7777;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_PROTOCOL);
    turn_world_init(&w);
    w.server.unknown_type = 0xF777; /* comprehension-optional */
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

static void test_turn_response_session_with_sha256_and_userhash(void **state)
{
    (void)state;
    for (int anonymous = 0; anonymous < 2; anonymous++) {
        turn_world_init(&w);
        w.server.has_algorithms = true;
        w.server.is_anonymous = anonymous == 1;
        w.server.nonce_life = 100 * FLOE_SECOND;
        turn_world_start(&w);
        assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
        assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
        turn_world_drain(&w);
        turn_world_run(&w, 1200 * FLOE_SECOND);
        expect_alive();
        assert_true(turn_server_model_has(&w.server, &turn_world_peer, true));
    }
}

static void test_turn_response_credentials_withdrawn_end_the_allocation_in_time(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    w.server.password = "changed";
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_LOST, 700 * FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_EXPIRED);
    event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_INTEGRITY);
    assert_int_equal(event->code, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_response_unauthenticated_errors_change_nothing),
        cmocka_unit_test(test_turn_response_only_unauthentic_answers_end_as_integrity),
        cmocka_unit_test(test_turn_response_from_elsewhere_is_dropped),
        cmocka_unit_test(test_turn_response_with_an_unknown_required_attribute_fails),
        cmocka_unit_test(test_turn_response_session_with_sha256_and_userhash),
        cmocka_unit_test(test_turn_response_credentials_withdrawn_end_the_allocation_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
