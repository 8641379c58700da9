/* Tests of ice/ice_tcp.c: when a connection is opened, kept, and given up. */
#include "base/addr.h"
#include "support/ice_tcp_solo.h"
#include "support/unit.h"

static ice_tcp_solo t;

static int setup(void **state)
{
    (void)state;
    ice_tcp_solo_init(&t, FLOE_ICE_CONTROLLING);
    return 0;
}

static void expect_no_event(void)
{
    assert_false(ice_tcp_solo_poll(&t));
}

static void test_ice_tcp_connects_after_the_time_that_udp_has(void **state)
{
    (void)state;
    floe_path path = ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, 249 * FLOE_MS);
    expect_no_event();
    ice_tcp_solo_advance(&t, FLOE_MS);
    assert_true(ice_tcp_solo_poll(&t));
    assert_true(t.event.is_connect && floe_path_equal(&t.event.path, &path));
    expect_no_event();
}

static void test_ice_tcp_connects_to_nobody_while_a_direct_path_is_alive(void **state)
{
    (void)state;
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_solo_connect(&t.solo);
    for (int i = 0; i < 60; i++) {
        (void)ice_solo_live(&t.solo, FLOE_SECOND);
        expect_no_event();
    }
    ice_tcp_solo_advance(&t, 8 * FLOE_SECOND); /* silence */
    assert_true(ice_tcp_solo_poll(&t) && t.event.is_connect);
}

static void test_ice_tcp_connects_best_first_and_one_at_a_time(void **state)
{
    (void)state;
    floe_path worse = ice_tcp_solo_add_remote(&t, 8000);
    floe_path better = ice_tcp_solo_add_remote(&t, 9000);
    ice_tcp_solo_advance(&t, 250 * FLOE_MS);
    assert_true(ice_tcp_solo_poll(&t) && floe_path_equal(&t.event.path, &better));
    expect_no_event();
    ice_tcp_solo_advance(&t, 49 * FLOE_MS);
    expect_no_event();
    ice_tcp_solo_advance(&t, FLOE_MS);
    assert_true(ice_tcp_solo_poll(&t) && floe_path_equal(&t.event.path, &worse));
}

static void test_ice_tcp_waits_for_the_credentials_of_the_peer(void **state)
{
    (void)state;
    floe_bytes none = {NULL, 0};
    assert_int_equal(floe_ice_agent_restart(&t.solo.agent, none, none), FLOE_OK);
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, 10 * FLOE_SECOND);
    expect_no_event();
    assert_true(floe_ice_tcp_deadline(&t.tcp) == FLOE_TIME_NEVER);
}

static void test_ice_tcp_that_is_refused_is_tried_again_less_and_less_often(void **state)
{
    (void)state;
    floe_time waited = 250 * FLOE_MS;
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, waited);
    for (int i = 0; i < 10; i++) {
        assert_true(ice_tcp_solo_poll(&t) && t.event.is_connect);
        floe_ice_tcp_disconnected(&t.tcp, t.event.link);
        expect_no_event();
        ice_tcp_solo_advance(&t, waited - 1);
        expect_no_event();
        ice_tcp_solo_advance(&t, 1);
        waited = waited < 32 * FLOE_SECOND ? 2 * waited : waited;
    }
}

static void test_ice_tcp_gives_up_what_does_not_connect_in_ten_seconds(void **state)
{
    (void)state;
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, 250 * FLOE_MS);
    assert_true(ice_tcp_solo_poll(&t));
    uint32_t link = t.event.link;
    ice_tcp_solo_advance(&t, 10 * FLOE_SECOND);
    assert_true(ice_tcp_solo_poll(&t));
    assert_true(!t.event.is_connect && t.event.link == link);
    floe_ice_tcp_connected(&t.tcp, link); /* too late */
    expect_no_event();
}

static void test_ice_tcp_ends_what_is_needless_once_there_is_a_path(void **state)
{
    (void)state;
    (void)ice_tcp_solo_connect(&t, 8000);
    uint32_t link = t.event.link;
    (void)ice_solo_expect_check(&t.solo); /* not answered */
    ice_solo_connect(&t.solo);
    assert_true(ice_tcp_solo_poll(&t));
    assert_true(!t.event.is_connect && t.event.link == link);
    expect_no_event();
}

static void test_ice_tcp_stranger_may_stay_for_ten_seconds(void **state)
{
    (void)state;
    uint32_t link;
    (void)ice_tcp_solo_accept(&t, 40000, &link);
    ice_tcp_solo_advance(&t, 10 * FLOE_SECOND - 1);
    expect_no_event();
    ice_tcp_solo_advance(&t, 1);
    assert_true(ice_tcp_solo_poll(&t));
    assert_true(!t.event.is_connect && t.event.link == link);
}

static void test_ice_tcp_stranger_that_sends_something_else_goes_at_once(void **state)
{
    (void)state;
    uint32_t link;
    floe_path path = ice_tcp_solo_accept(&t, 40000, &link);
    floe_ice_tcp_reject(&t.tcp, &path);
    assert_true(ice_tcp_solo_poll(&t));
    assert_int_equal(t.event.link, link);
}

static void test_ice_tcp_peer_that_has_shown_itself_stays(void **state)
{
    (void)state;
    uint32_t link;
    floe_path path = ice_tcp_solo_accept(&t, 40000, &link);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input_on(&t.solo, &path, &check), FLOE_OK);
    ice_tcp_solo_sync(&t);
    floe_ice_tcp_reject(&t.tcp, &path);
    ice_tcp_solo_advance(&t, 20 * FLOE_SECOND);
    expect_no_event();
}

static void test_ice_tcp_always_has_a_place_for_one_more(void **state)
{
    (void)state;
    uint32_t link;
    for (uint16_t i = 0; i < 100; i++) {
        (void)ice_tcp_solo_accept(&t, (uint16_t)(40000 + i), &link);
        assert_true(link >= ICE_TCP_LINKS / 2);
        while (ice_tcp_solo_poll(&t)) {
            assert_false(t.event.is_connect);
            assert_true(t.event.link != link);
        }
    }
}

static void test_ice_tcp_connections_of_the_peer_leave_room_for_ours(void **state)
{
    (void)state;
    const floe_path path = {.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                            .remote = floe_addr_from_ipv4(192, 0, 2, 200, 1),
                            .transport = FLOE_TCP};
    floe_path other = path;
    uint32_t link;
    for (unsigned i = 0; i < ICE_TCP_LINKS / 2; i++) {
        other.remote.port++;
        assert_int_equal(floe_ice_tcp_accepted(&t.tcp, &other, &link), FLOE_OK);
    }
    other.remote.port++;
    assert_int_equal(floe_ice_tcp_accepted(&t.tcp, &other, &link), FLOE_E_FULL);
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, 250 * FLOE_MS);
    bool has_connect = false;
    while (ice_tcp_solo_poll(&t)) {
        has_connect |= t.event.is_connect;
    }
    assert_true(has_connect);
}

static void
test_ice_tcp_takes_no_second_connection_of_a_path_before_the_first_has_ended(void **state)
{
    (void)state;
    uint32_t link, again;
    floe_path path = ice_tcp_solo_accept(&t, 40000, &link);
    /* It was reset, which is not known here yet. */
    assert_int_equal(floe_ice_tcp_accepted(&t.tcp, &path, &again), FLOE_E_FULL);
    ice_tcp_solo_sync(&t);
    floe_ice_tcp_disconnected(&t.tcp, link);
    ice_tcp_solo_sync(&t);
    assert_int_equal(floe_ice_tcp_accepted(&t.tcp, &path, &again), FLOE_OK);
}

static void test_ice_tcp_address_that_goes_takes_its_connections_along(void **state)
{
    (void)state;
    floe_path path = ice_tcp_solo_connect(&t, 8000);
    ice_tcp_solo_answer(&t, &path);
    floe_ice_tcp_remove_local(&t.tcp, &t.solo.agent, &path.local);
    assert_false(floe_ice_agent_get_path(&t.solo.agent, &path));
    assert_true(ice_tcp_solo_poll(&t));
    assert_false(t.event.is_connect);
    ice_tcp_solo_advance(&t, 60 * FLOE_SECOND);
    expect_no_event();
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
#if !FLOE_ICE_TCP
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        T(test_ice_tcp_connects_after_the_time_that_udp_has),
        T(test_ice_tcp_connects_to_nobody_while_a_direct_path_is_alive),
        T(test_ice_tcp_connects_best_first_and_one_at_a_time),
        T(test_ice_tcp_waits_for_the_credentials_of_the_peer),
        T(test_ice_tcp_that_is_refused_is_tried_again_less_and_less_often),
        T(test_ice_tcp_gives_up_what_does_not_connect_in_ten_seconds),
        T(test_ice_tcp_ends_what_is_needless_once_there_is_a_path),
        T(test_ice_tcp_stranger_may_stay_for_ten_seconds),
        T(test_ice_tcp_stranger_that_sends_something_else_goes_at_once),
        T(test_ice_tcp_peer_that_has_shown_itself_stays),
        T(test_ice_tcp_always_has_a_place_for_one_more),
        T(test_ice_tcp_connections_of_the_peer_leave_room_for_ours),
        T(test_ice_tcp_takes_no_second_connection_of_a_path_before_the_first_has_ended),
        T(test_ice_tcp_address_that_goes_takes_its_connections_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
