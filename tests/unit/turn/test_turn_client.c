/* Tests of turn/turn_client.c: a session as a whole, and what the network may do to it. */
#include <string.h>

#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w; /* large */

/* Allocate, ask for a peer and a channel, send and receive, be refreshed twice, close. */
static void live(void)
{
    turn_world_start(&w);
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_CHANNEL, 60 * FLOE_SECOND));
    for (int i = 0; i < 30; i++) {
        turn_world_run(&w, 40 * FLOE_SECOND);
        assert_int_equal(turn_world_send(&w, &turn_world_peer, "to the peer"), FLOE_OK);
        (void)turn_world_receive(&w, &turn_world_peer, "from the peer");
        turn_world_run(&w, 5 * FLOE_SECOND);
    }
    /* Only what was itself the packet may have been lost. */
    unsigned missing = w.fate == TURN_WORLD_DROP ? 1 : 0;
    assert_true(w.server.data_count >= 30 - missing && w.data_count >= 30 - missing);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_FAILED), 0);
    assert_true(turn_world_got(&w, &turn_world_peer, "from the peer"));
    floe_turn_client_close(&w.client);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_CLOSED, 60 * FLOE_SECOND));
    assert_int_equal(floe_turn_client_deadline(&w.client), FLOE_TIME_NEVER);
}

static void test_turn_client_session_of_20_minutes_stays_up_and_is_given_back(void **state)
{
    (void)state;
    turn_world_init(&w);
    live();
    assert_false(w.server.is_allocated);
    assert_int_equal(w.server.data_count, 30);
    assert_int_equal(w.data_count, 30);
    /* 20 minutes: about two refreshes, five of the channel and as many of nothing else */
    assert_in_range(w.server.requests[FLOE_STUN_REFRESH], 3, 5);
    assert_in_range(w.server.requests[FLOE_STUN_CHANNEL_BIND], 4, 8);
    assert_in_range(w.server.requests[FLOE_STUN_CREATE_PERMISSION], 1, 8);
}

/* libjuice sends each control packet once: a single loss costs the allocation or the relay path. */
static void test_turn_client_survives_any_one_packet_lost_doubled_or_late(void **state)
{
    (void)state;
    turn_world_init(&w);
    live();
    unsigned packets = w.packets;
    unsigned sent = w.sent;
    assert_in_range(packets, 60, 200);
    for (unsigned fate = TURN_WORLD_DROP; fate <= TURN_WORLD_LATE; fate++) {
        for (unsigned marked = 1; marked <= packets; marked++) {
            turn_world_init(&w);
            w.fate = (turn_world_fate)fate;
            w.marked = marked;
            live();
            assert_true(w.sent <= sent + 8);
        }
    }
}

static void test_turn_client_idle_wakes_only_for_refreshes(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, 10 * FLOE_SECOND);
    w.wakeups = 0;
    turn_world_run(&w, 3600 * FLOE_SECOND);
    assert_in_range(w.wakeups, 10, 50);
}

static void test_turn_client_dead_server_is_asked_seven_times_and_fails(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.is_cut = true;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND);
    assert_non_null(event);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_TIMEOUT);
    assert_int_equal(w.sent, 7);
    assert_true(w.now - 7 * FLOE_SECOND == 39500 * FLOE_MS);
    turn_world_run(&w, 600 * FLOE_SECOND);
    assert_int_equal(w.sent, 7);
}

static void test_turn_client_outage_of_half_a_minute_costs_nothing(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    for (int i = 0; i < 40; i++) {
        turn_world_run(&w, 37 * FLOE_SECOND);
        w.is_cut = true;
        turn_world_run(&w, 30 * FLOE_SECOND);
        w.is_cut = false;
    }
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
    assert_true(turn_server_model_has(&w.server, &turn_world_peer, true));
}

static void test_turn_client_round_trips_shorten_retransmission(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    floe_turn_stats stats;
    floe_turn_client_get_stats(&w.client, &stats);
    assert_int_equal(stats.rtt_us, 40000);
    w.is_cut = true;
    floe_turn_client_refresh(&w.client);
    turn_world_drain(&w);
    unsigned sent = w.sent;
    turn_world_run(&w, 119 * FLOE_MS); /* 40 ms and four times 20 */
    assert_int_equal(w.sent, sent);
    turn_world_run(&w, 1 * FLOE_MS);
    assert_int_equal(w.sent, sent + 1);
}

static void test_turn_client_slow_path_connects_without_a_storm(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.delay = 1500 * FLOE_MS;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, 20 * FLOE_SECOND));
    assert_in_range(w.sent, 4, 10);
}

static void test_turn_client_over_tcp_sends_once(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.is_cut = true;
    w.config.path.transport = FLOE_TCP;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_FAILED, 60 * FLOE_SECOND));
    assert_int_equal(w.sent, 1);
}

static void test_turn_client_refuses_options_that_exclude_each_other(void **state)
{
    (void)state;
    turn_world_init(&w);
    floe_turn_config bad[6];
    for (int i = 0; i < 6; i++) {
        bad[i] = w.config;
    }
    bad[0].rand.fill = NULL;
    bad[1].reservation_token = 1;
    bad[1].port = FLOE_TURN_PORT_EVEN;
    bad[2].reservation_token = 1;
    bad[2].relay = FLOE_TURN_RELAY_IPV6;
    bad[3].relay = FLOE_TURN_RELAY_BOTH;
    bad[3].port = FLOE_TURN_PORT_EVEN_RESERVE;
    bad[4].is_tcp = true; /* over UDP */
    bad[5].redirects_max = 4;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(floe_turn_client_init(&w.client, &bad[i], w.now), FLOE_E_ARG);
    }
}

static void test_turn_client_waits_for_a_path(void **state)
{
    (void)state;
    turn_world_init(&w);
    floe_path path = w.config.path;
    memset(&w.config.path, 0, sizeof w.config.path);
    turn_world_start(&w);
    assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_WAITING);
    assert_int_equal(w.sent, 0);
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
}

static void test_turn_client_closed_while_allocating_leaves_nothing_behind(void **state)
{
    (void)state;
    turn_world_init(&w);
    turn_world_start(&w);
    turn_world_run(&w, 50 * FLOE_MS); /* the second Allocate is under way */
    floe_turn_client_close(&w.client);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_CLOSED, 60 * FLOE_SECOND));
    assert_false(w.server.is_allocated);
}

static void test_turn_client_is_at_most_3_kb(void **state)
{
    (void)state;
    assert_true(FLOE_TURN_PERMISSION_MAX > 8 || sizeof(floe_turn_client) <= 3072);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_client_session_of_20_minutes_stays_up_and_is_given_back),
        cmocka_unit_test(test_turn_client_survives_any_one_packet_lost_doubled_or_late),
        cmocka_unit_test(test_turn_client_idle_wakes_only_for_refreshes),
        cmocka_unit_test(test_turn_client_dead_server_is_asked_seven_times_and_fails),
        cmocka_unit_test(test_turn_client_outage_of_half_a_minute_costs_nothing),
        cmocka_unit_test(test_turn_client_round_trips_shorten_retransmission),
        cmocka_unit_test(test_turn_client_slow_path_connects_without_a_storm),
        cmocka_unit_test(test_turn_client_over_tcp_sends_once),
        cmocka_unit_test(test_turn_client_refuses_options_that_exclude_each_other),
        cmocka_unit_test(test_turn_client_waits_for_a_path),
        cmocka_unit_test(test_turn_client_closed_while_allocating_leaves_nothing_behind),
        cmocka_unit_test(test_turn_client_is_at_most_3_kb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
