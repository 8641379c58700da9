/* Tests of turn/turn_allocation.c and turn/turn_request.c: what is asked for, and what each answer
 * to Allocate and Refresh does. */
#include <string.h>

#include "base/addr.h"
#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w;

/* One authentic error to this method, then whatever the server thinks. */
static void start_with_error(uint16_t method, uint16_t code, unsigned count)
{
    w.server.fail_method = method;
    w.server.fail_code = code;
    w.server.fail_count = count;
    turn_world_start(&w);
}

static void expect_failure(floe_turn_cause cause, uint16_t code, uint32_t retry_us)
{
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND);
    assert_non_null(event);
    assert_int_equal(event->cause, cause);
    assert_int_equal(event->code, code);
    assert_int_equal(event->retry_us, retry_us);
    assert_true(strlen(floe_turn_cause_text(event->cause)) > 0);
    assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_FAILED);
    unsigned sent = w.sent;
    turn_world_run(&w, 600 * FLOE_SECOND);
    assert_int_equal(w.sent, sent);
}

static void test_turn_allocation_errors_that_are_final(void **state)
{
    (void)state;
    static const uint16_t codes[] = {400, 403, 420, 440, 441, 442, 443, 446, 447, 487, 600};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        turn_world_init(&w);
        start_with_error(FLOE_STUN_ALLOCATE, codes[i], 99);
        expect_failure(FLOE_TURN_CAUSE_REFUSED, codes[i], 0);
    }
}

static void test_turn_allocation_486_and_508_say_a_minute(void **state)
{
    (void)state;
    static const uint16_t codes[] = {486, 508};
    for (size_t i = 0; i < 2; i++) {
        turn_world_init(&w);
        start_with_error(FLOE_STUN_ALLOCATE, codes[i], 99);
        expect_failure(FLOE_TURN_CAUSE_REFUSED, codes[i], 60000000);
    }
}

static void test_turn_allocation_wrong_password_is_asked_once(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.server.password = "other";
    turn_world_start(&w);
    expect_failure(FLOE_TURN_CAUSE_REFUSED, 401, 0);
    assert_int_equal(w.sent, 2);
}

static void test_turn_allocation_437_wants_two_other_addresses_then_fails(void **state)
{
    (void)state;
    turn_world_init(&w);
    start_with_error(FLOE_STUN_ALLOCATE, 437, 99);
    floe_path path = w.config.path;
    for (int i = 0; i < 2; i++) {
        const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PATH_WANTED, FLOE_SECOND);
        assert_non_null(event);
        assert_int_equal(event->code, 437);
        assert_true(floe_addr_equal(&event->server, &path.remote));
        path.local.port++;
        assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
        turn_world_drain(&w);
    }
    expect_failure(FLOE_TURN_CAUSE_REFUSED, 437, 120000000);
}

static void test_turn_allocation_500_is_tried_three_times_more(void **state)
{
    (void)state;
    turn_world_init(&w);
    start_with_error(FLOE_STUN_ALLOCATE, 500, 3);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, 10 * FLOE_SECOND));
    turn_world_init(&w);
    start_with_error(FLOE_STUN_ALLOCATE, 500, 4);
    expect_failure(FLOE_TURN_CAUSE_REFUSED, 500, 60000000);
}

static void test_turn_allocation_without_dont_fragment_where_the_server_cannot(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.dont_fragment = true;
    w.server.no_dont_fragment = true;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, FLOE_SECOND);
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), 36);
}

static void test_turn_allocation_508_drops_even_port(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.port = FLOE_TURN_PORT_EVEN_RESERVE;
    start_with_error(FLOE_STUN_ALLOCATE, 508, 1);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    assert_false(w.server.last_even);
}

static void test_turn_allocation_asks_for_what_is_configured(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.port = FLOE_TURN_PORT_EVEN_RESERVE;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND);
    assert_true(w.server.last_reserve);
    assert_int_equal(w.server.last_transport, 17);
    assert_true(event->reservation_token == UINT64_C(0x0102030405060708));
    assert_int_equal(event->lifetime_s, 600);
    assert_true(floe_addr_equal(&event->mapped, &w.config.path.local));
    w.config.reservation_token = event->reservation_token;
    w.config.port = FLOE_TURN_PORT_ANY;
    turn_server_model_restart(&w.server);
    turn_world_start(&w);
    turn_world_run(&w, FLOE_SECOND);
    assert_true(w.server.last_token);
}

/* coturn#1150: what family an allocation has is what was asked for, or nothing. */
static void test_turn_allocation_families_are_those_asked_for(void **state)
{
    (void)state;
    static const struct {
        floe_turn_relay relay;
        bool has4, has6;
    } cases[] = {{FLOE_TURN_RELAY_ANY, true, false},
                 {FLOE_TURN_RELAY_IPV4, true, false},
                 {FLOE_TURN_RELAY_IPV6, false, true},
                 {FLOE_TURN_RELAY_BOTH, true, true}};
    for (size_t i = 0; i < 4; i++) {
        turn_world_init(&w);
        w.config.relay = cases[i].relay;
        turn_world_start(&w);
        const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND);
        assert_non_null(event);
        assert_int_equal(event->relay[0].family, cases[i].has4 ? 4 : 0);
        assert_int_equal(event->relay[1].family, cases[i].has6 ? 6 : 0);
        assert_int_equal(floe_turn_client_get_relay(&w.client, 6).family, cases[i].has6 ? 6 : 0);
    }
}

static void test_turn_allocation_of_a_wrong_family_is_deleted_for_good(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.relay = FLOE_TURN_RELAY_IPV6;
    w.server.ignores_family = true;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_FAMILY);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_CLOSED, FLOE_SECOND));
    assert_false(w.server.is_allocated);
}

static void test_turn_allocation_of_both_tells_which_is_missing(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.relay = FLOE_TURN_RELAY_BOTH;
    w.server.missing_family = 508;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND);
    assert_int_equal(event->family_code, 508);
    assert_int_equal(event->relay[1].family, 0);
}

static void test_turn_allocation_empty_relay_of_the_second_family_is_none(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.relay = FLOE_TURN_RELAY_BOTH;
    w.server.has_empty_relay = true;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND);
    assert_int_equal(event->relay[0].family, 4);
    assert_int_not_equal(event->relay[0].port, 0);
    assert_int_equal(event->relay[1].family, 0);
}

/* pion/turn#144: after a restart of the server, CreatePermission fails for ever. */
static void test_turn_allocation_is_made_again_after_the_server_restarted(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, 100 * FLOE_SECOND);
    floe_addr old = floe_turn_client_get_relay(&w.client, 4);
    turn_server_model_restart(&w.server);
    floe_turn_client_refresh(&w.client);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_LOST, FLOE_SECOND);
    assert_int_equal(event->code, 437);
    event = turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND);
    assert_non_null(event);
    assert_false(floe_addr_equal(&event->relay[0], &old));
    turn_world_run(&w, FLOE_SECOND);
    assert_true(turn_server_model_has(&w.server, &turn_world_peer, true));
    assert_int_equal(turn_world_send(&w, &turn_world_peer, "again"), FLOE_OK);
}

static void test_turn_allocation_lost_unasked_is_noticed_by_the_next_permission(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, 100 * FLOE_SECOND);
    turn_server_model_restart(&w.server);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_LOST, 200 * FLOE_SECOND));
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

/* coturn without a route for one peer ends the allocation each time: 437 within a second. */
static void test_turn_allocation_that_never_lasts_is_made_less_and_less_often(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
    w.server.fail_method = FLOE_STUN_CREATE_PERMISSION;
    w.server.fail_code = 437;
    w.server.fail_count = 999;
    turn_world_drain(&w);
    for (int i = 0; i < 60; i++) {
        turn_world_run(&w, 10 * FLOE_SECOND);
        w.event_count = 0;
    }
    floe_turn_stats stats;
    floe_turn_client_get_stats(&w.client, &stats);
    assert_in_range(stats.allocations, 8, 30);
}

static void test_turn_allocation_that_cannot_be_refreshed_is_lost_when_it_ends(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    floe_time end = w.now + 600 * FLOE_SECOND;
    w.is_cut = true;
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_LOST, 700 * FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_EXPIRED);
    assert_true(w.now == end);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND));
    w.is_cut = false;
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, 70 * FLOE_SECOND));
}

static void test_turn_allocation_refresh_refused_is_tried_again(void **state)
{
    (void)state;
    static const uint16_t codes[] = {300, 403, 420, 443, 486, 500, 508};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        turn_world_allocate(&w);
        w.server.fail_method = FLOE_STUN_REFRESH;
        w.server.fail_code = codes[i];
        w.server.fail_count = 5;
        turn_world_run(&w, 900 * FLOE_SECOND);
        assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
        assert_int_equal(w.server.fail_count, 0);
    }
}

static void test_turn_allocation_refreshes_are_spread(void **state)
{
    (void)state;
    floe_time least = FLOE_TIME_NEVER;
    floe_time most = 0;
    for (unsigned seed = 0; seed < 50; seed++) {
        turn_world_init(&w);
        w.random = seed * 7919;
        turn_world_start(&w);
        assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
        floe_time wait = floe_turn_client_deadline(&w.client) - w.now;
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        assert_in_range(wait, 486 * FLOE_SECOND, 540 * FLOE_SECOND);
    }
    assert_true(most - least > 30 * FLOE_SECOND);
}

static void test_turn_allocation_moves_with_its_ticket(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.wants_mobility = true;
    w.server.has_mobility = true;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    floe_addr relay = floe_turn_client_get_relay(&w.client, 4);
    for (int i = 0; i < 2; i++) { /* each time with the new ticket */
        floe_path path = w.client.path;
        path.local.port++;
        assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
        turn_world_drain(&w);
        assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_MOVED, FLOE_SECOND));
        floe_addr now = floe_turn_client_get_relay(&w.client, 4);
        assert_true(floe_addr_equal(&now, &relay));
    }
    assert_int_equal(w.server.requests[FLOE_STUN_ALLOCATE], 2);
}

static void test_turn_allocation_without_a_ticket_is_made_anew_on_another_path(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    floe_path path = w.client.path;
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK); /* the same: nothing */
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
    path.local.port++;
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_LOST, FLOE_SECOND);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_MOVED);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

static void test_turn_allocation_goes_on_after_the_connection_broke(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    floe_turn_client_lose_path(&w.client);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PATH_WANTED, FLOE_SECOND);
    assert_int_equal(event->code, 0);
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), 0);
    floe_path path = w.config.path;
    path.local.port++;
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

static void start_redirected(uint8_t redirects_max, floe_addr to)
{
    turn_world_init(&w);
    w.config.redirects_max = redirects_max;
    w.server.alternate = to;
    start_with_error(FLOE_STUN_ALLOCATE, 300, 99);
}

static void test_turn_allocation_redirect_needs_the_policy(void **state)
{
    (void)state;
    start_redirected(0, floe_addr_from_ipv4(198, 51, 100, 2, 3478));
    expect_failure(FLOE_TURN_CAUSE_REDIRECT, 300, 0);
    static const uint8_t bad[3][4] = {{127, 0, 0, 1}, {0, 0, 0, 0}, {224, 0, 0, 1}};
    for (int i = 0; i < 3; i++) {
        start_redirected(3, floe_addr_from_ipv4(bad[i][0], bad[i][1], bad[i][2], bad[i][3], 3478));
        expect_failure(FLOE_TURN_CAUSE_REDIRECT, 300, 0);
    }
    start_redirected(3, floe_addr_from_ipv4(198, 51, 100, 1, 3478)); /* to itself */
    expect_failure(FLOE_TURN_CAUSE_REDIRECT, 300, 0);
}

static void test_turn_allocation_redirects_end(void **state)
{
    (void)state;
    start_redirected(2, floe_addr_from_ipv4(198, 51, 100, 2, 3478));
    for (uint8_t i = 2; i < 4; i++) {
        const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PATH_WANTED, FLOE_SECOND);
        assert_int_equal(event->code, 300);
        floe_path path = w.config.path;
        path.remote = event->server;
        assert_int_equal(path.remote.ip[3], i);
        w.server.alternate.ip[3] = (uint8_t)(i + 1);
        assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
        turn_world_drain(&w);
    }
    expect_failure(FLOE_TURN_CAUSE_REDIRECT, 300, 0);
}

static void test_turn_allocation_redirected_to_a_server_of_another_kind(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.redirects_max = 1;
    w.server.has_algorithms = true;
    w.server.alternate = floe_addr_from_ipv4(198, 51, 100, 2, 3478);
    start_with_error(FLOE_STUN_ALLOCATE, 300, 1);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PATH_WANTED, FLOE_SECOND);
    assert_non_null(event);
    w.server.has_algorithms = false; /* no bid-down: it is another server */
    w.server.realm = "elsewhere.test";
    floe_path path = w.config.path;
    path.remote = event->server;
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_allocation_errors_that_are_final),
        cmocka_unit_test(test_turn_allocation_486_and_508_say_a_minute),
        cmocka_unit_test(test_turn_allocation_wrong_password_is_asked_once),
        cmocka_unit_test(test_turn_allocation_437_wants_two_other_addresses_then_fails),
        cmocka_unit_test(test_turn_allocation_500_is_tried_three_times_more),
        cmocka_unit_test(test_turn_allocation_without_dont_fragment_where_the_server_cannot),
        cmocka_unit_test(test_turn_allocation_508_drops_even_port),
        cmocka_unit_test(test_turn_allocation_asks_for_what_is_configured),
        cmocka_unit_test(test_turn_allocation_families_are_those_asked_for),
        cmocka_unit_test(test_turn_allocation_of_a_wrong_family_is_deleted_for_good),
        cmocka_unit_test(test_turn_allocation_of_both_tells_which_is_missing),
        cmocka_unit_test(test_turn_allocation_empty_relay_of_the_second_family_is_none),
        cmocka_unit_test(test_turn_allocation_is_made_again_after_the_server_restarted),
        cmocka_unit_test(test_turn_allocation_lost_unasked_is_noticed_by_the_next_permission),
        cmocka_unit_test(test_turn_allocation_that_never_lasts_is_made_less_and_less_often),
        cmocka_unit_test(test_turn_allocation_that_cannot_be_refreshed_is_lost_when_it_ends),
        cmocka_unit_test(test_turn_allocation_refresh_refused_is_tried_again),
        cmocka_unit_test(test_turn_allocation_refreshes_are_spread),
        cmocka_unit_test(test_turn_allocation_moves_with_its_ticket),
        cmocka_unit_test(test_turn_allocation_without_a_ticket_is_made_anew_on_another_path),
        cmocka_unit_test(test_turn_allocation_goes_on_after_the_connection_broke),
        cmocka_unit_test(test_turn_allocation_redirect_needs_the_policy),
        cmocka_unit_test(test_turn_allocation_redirects_end),
        cmocka_unit_test(test_turn_allocation_redirected_to_a_server_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
