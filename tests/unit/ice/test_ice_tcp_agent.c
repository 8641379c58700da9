/* Tests of ice/ice_tcp_agent.c, and of what the agent does over TCP: candidates, pairs, checks. */
#include <string.h>

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

/* The candidate of this kind that is told. */
static floe_ice_cand told(uint8_t tcptype)
{
    floe_ice_cand cand;
    for (size_t cursor = 0; floe_ice_agent_next_local(&t.solo.agent, &cursor, &cand);) {
        if (cand.tcptype == tcptype) {
            return cand;
        }
    }
    fail();
    return cand;
}

static void test_ice_tcp_candidates_rank_as_rfc_6544_says(void **state)
{
    (void)state;
    floe_ice_cand udp = told(FLOE_SDP_TCP_NONE);
    floe_ice_cand active = told(FLOE_SDP_TCP_ACTIVE);
    floe_ice_cand passive = told(FLOE_SDP_TCP_PASSIVE);
    assert_int_equal(active.priority >> 24, 90);
    assert_int_equal(active.priority >> 21 & 7, 6);
    assert_int_equal(passive.priority >> 21 & 7, 4);
    assert_int_equal(active.priority & 255, 255);
    assert_true(udp.priority > active.priority && active.priority > passive.priority);
    assert_true(udp.foundation != active.foundation && udp.foundation != passive.foundation &&
                active.foundation != passive.foundation);
}

static void test_ice_tcp_candidates_are_written_as_rfc_6544_says(void **state)
{
    (void)state;
    uint8_t text[192];
    floe_writer w = floe_writer_begin(text, sizeof text);
    floe_ice_cand active = told(FLOE_SDP_TCP_ACTIVE);
    floe_ice_cand_put(&w, &active, 0, (floe_bytes){NULL, 0}, (floe_bytes){NULL, 0});
    floe_writer_put_u8(&w, 0);
    assert_non_null(strstr((const char *)text, " tcp "));
    assert_non_null(strstr((const char *)text, " 192.0.2.1 9 typ host tcptype active"));
}

static void test_ice_tcp_policy_relay_shows_no_candidate(void **state)
{
    (void)state;
    const floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 1, 7000);
    floe_ice_cand cand;
    ice_solo_begin(&t.solo, &(floe_ice_config){.policy = FLOE_ICE_POLICY_RELAY});
    assert_int_equal(floe_ice_tcp_add_local(&t.solo.agent, &addr, 1, true), FLOE_OK);
    size_t cursor = 0;
    assert_false(floe_ice_agent_next_local(&t.solo.agent, &cursor, &cand));
}

static void test_ice_tcp_pair_waits_for_its_connection(void **state)
{
    (void)state;
    (void)ice_tcp_solo_add_remote(&t, 8000);
    ice_tcp_solo_advance(&t, FLOE_SECOND);
    floe_ice_pair_info info;
    size_t cursor = 0;
    assert_false(floe_ice_agent_next_pair(&t.solo.agent, &cursor, &info));
    assert_int_equal(ice_solo_drain(&t.solo), 0);
}

static void test_ice_tcp_check_is_sent_once_and_waits_for_ti(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint32_t priority = 0;
    floe_path path = ice_tcp_solo_connect(&t, 8000);
    floe_bytes check = ice_solo_expect_check(&t.solo);
    assert_true(floe_path_equal(&t.solo.out.path, &path));
    assert_int_equal(floe_stun_msg_parse(&msg, check), FLOE_OK);
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    assert_int_equal(priority >> 24, 74);
    for (int i = 0; i < 394; i++) {
        ice_solo_advance(&t.solo, 100 * FLOE_MS);
        assert_int_equal(ice_solo_drain(&t.solo), 0);
    }
    assert_int_equal(ice_solo_state(&t.solo), FLOE_ICE_CHECKING);
    ice_tcp_solo_advance(&t, 200 * FLOE_MS);
    assert_int_equal(ice_solo_state(&t.solo), FLOE_ICE_FAILED);
}

static void test_ice_tcp_pair_becomes_the_path_and_our_port_is_no_news(void **state)
{
    (void)state;
    floe_path path = ice_tcp_solo_connect(&t, 8000);
    floe_path got;
    floe_ice_stats before, after;
    floe_ice_agent_get_stats(&t.solo.agent, &before);
    ice_tcp_solo_answer(&t, &path);
    assert_true(floe_ice_agent_get_path(&t.solo.agent, &got) && floe_path_equal(&got, &path));
    floe_ice_agent_get_stats(&t.solo.agent, &after);
    assert_int_equal(after.local_candidates, before.local_candidates);
    assert_int_equal(after.local.type, FLOE_ICE_HOST);
}

static void test_ice_tcp_connection_that_breaks_takes_the_path_along(void **state)
{
    (void)state;
    floe_path path = ice_tcp_solo_connect(&t, 8000);
    ice_tcp_solo_answer(&t, &path);
    floe_ice_tcp_disconnected(&t.tcp, t.event.link);
    ice_tcp_solo_sync(&t);
    assert_false(floe_ice_agent_get_path(&t.solo.agent, &path));
    assert_int_equal(ice_solo_state(&t.solo), FLOE_ICE_CHECKING);
    ice_tcp_solo_advance(&t, 250 * FLOE_MS);
    assert_true(ice_tcp_solo_poll(&t) && t.event.is_connect);
}

static void test_ice_tcp_check_of_the_peer_is_answered_and_followed_up_where_it_came(void **state)
{
    (void)state;
    uint32_t link;
    floe_path path = ice_tcp_solo_accept(&t, 40000, &link);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input_on(&t.solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&t.solo, 0);
    assert_true(floe_path_equal(&t.solo.out.path, &path));
    ice_tcp_solo_answer(&t, &path);
    floe_ice_stats stats;
    floe_ice_agent_get_stats(&t.solo.agent, &stats);
    assert_int_equal(stats.remote.type, FLOE_ICE_PRFLX);
    assert_int_equal(stats.remote.transport, FLOE_TCP);
}

static void test_ice_tcp_check_on_the_path_of_udp_is_another_one(void **state)
{
    (void)state;
    uint32_t link;
    floe_path path = ice_tcp_solo_accept(&t, 40000, &link);
    ice_message check = ice_message_check(false);
    path.transport = FLOE_UDP;
    assert_int_equal(ice_solo_input_on(&t.solo, &path, &check), FLOE_E_UNKNOWN);
}

/* Connections of the peer, each from another port, that break. */
static void come_and_go(uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        uint32_t link;
        floe_path path = ice_tcp_solo_accept(&t, (uint16_t)(40000 + i), &link);
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&t.solo, &path, &check), FLOE_OK);
        ice_solo_expect_reply(&t.solo, 0);
        ice_tcp_solo_advance(&t, 10 * FLOE_MS);
        ice_tcp_solo_answer(&t, &path);
        floe_ice_tcp_disconnected(&t.tcp, link);
        ice_tcp_solo_sync(&t);
    }
}

static void test_ice_tcp_ports_of_connections_that_broke_take_no_places(void **state)
{
    (void)state;
    floe_ice_stats stats;
    come_and_go(3 * FLOE_ICE_REMOTE_MAX);
    floe_ice_agent_get_stats(&t.solo.agent, &stats);
    assert_int_equal(stats.dropped_full, 0);
    assert_int_equal(stats.pairs, 0);
}

static void test_ice_tcp_ports_of_connections_that_broke_leave_room_for_candidates(void **state)
{
    (void)state;
    come_and_go(FLOE_ICE_REMOTE_MAX);
    floe_ice_cand late = {.addr = floe_addr_from_ipv4(192, 0, 2, 99, 6000),
                          .priority = 1,
                          .foundation = 1,
                          .type = FLOE_ICE_HOST,
                          .transport = FLOE_UDP};
    assert_int_equal(floe_ice_agent_add_remote(&t.solo.agent, &late), FLOE_OK);
    floe_ice_stats stats;
    floe_ice_agent_get_stats(&t.solo.agent, &stats);
    assert_int_equal(stats.pairs, 1);
}

static void test_ice_tcp_and_udp_of_one_address_are_two_remote_candidates(void **state)
{
    (void)state;
    ice_solo_add_remote(&t.solo, &t.solo.peer, FLOE_ICE_HOST);
    floe_path path = ice_tcp_solo_add_remote(&t, t.solo.peer.port);
    assert_true(floe_addr_equal(&path.remote, &t.solo.peer));
    floe_ice_stats stats;
    floe_ice_agent_get_stats(&t.solo.agent, &stats);
    assert_int_equal(stats.remote_candidates, 2);
    assert_int_equal(stats.pairs, 1);
}

/* Behind a NAT each connection has an address of its own. */
static void test_ice_tcp_addresses_of_ours_that_broke_take_no_places(void **state)
{
    (void)state;
    floe_ice_stats before, after;
    floe_path path = ice_tcp_solo_connect(&t, 8000);
    for (uint16_t i = 0; i < 2 * FLOE_ICE_LOCAL_MAX; i++) {
        const floe_addr seen = floe_addr_from_ipv4(198, 51, 100, 1, (uint16_t)(40000 + i));
        floe_ice_agent_get_stats(&t.solo.agent, &before);
        ice_message answer = ice_message_success(ice_solo_expect_check(&t.solo), &seen);
        assert_int_equal(ice_solo_input_on(&t.solo, &path, &answer), FLOE_OK);
        ice_tcp_solo_sync(&t);
        floe_ice_agent_get_stats(&t.solo.agent, &after);
        assert_int_equal(after.local_candidates, before.local_candidates + 1);
        floe_ice_tcp_disconnected(&t.tcp, t.event.link);
        ice_tcp_solo_sync(&t);
        ice_tcp_solo_advance(&t, 250 * FLOE_MS);
        assert_true(ice_tcp_solo_poll(&t) && t.event.is_connect);
        floe_ice_tcp_connected(&t.tcp, t.event.link);
        ice_tcp_solo_sync(&t);
    }
    assert_int_equal(after.dropped_full, 0);
}

/* From one port the peer may connect to two addresses of ours. */
static void test_ice_tcp_connection_that_breaks_leaves_another_of_the_same_port(void **state)
{
    (void)state;
    const floe_addr second = floe_addr_from_ipv4(192, 0, 2, 2, 7000);
    ice_tcp_solo_init(&t, FLOE_ICE_CONTROLLED);
    assert_int_equal(floe_ice_tcp_add_local(&t.solo.agent, &second, 1, true), FLOE_OK);
    uint32_t links[2];
    floe_path path[2] = {ice_tcp_solo_accept(&t, 40000, &links[0])};
    path[1] = path[0];
    path[1].local = second;
    assert_int_equal(floe_ice_tcp_accepted(&t.tcp, &path[1], &links[1]), FLOE_OK);
    ice_message check = ice_message_check(true);
    for (int i = 0; i < 2; i++) {
        check.use_candidate = i == 1;
        assert_int_equal(ice_solo_input_on(&t.solo, &path[i], &check), FLOE_OK);
        ice_solo_expect_reply(&t.solo, 0);
        ice_tcp_solo_advance(&t, 10 * FLOE_MS);
        ice_tcp_solo_answer(&t, &path[i]);
    }
    floe_ice_tcp_disconnected(&t.tcp, links[0]);
    ice_tcp_solo_sync(&t);
    floe_path got;
    assert_true(floe_ice_agent_get_path(&t.solo.agent, &got));
    assert_true(floe_path_equal(&got, &path[1]));
}

/* Does this agent connect to what the peer says it listens at? */
static bool is_connected_to(floe_addr addr)
{
    const floe_ice_cand cand = {
        .addr = addr, .priority = 1, .transport = FLOE_TCP, .tcptype = FLOE_SDP_TCP_PASSIVE};
    ice_tcp_solo_init(&t, FLOE_ICE_CONTROLLING);
    assert_int_equal(floe_ice_agent_add_remote(&t.solo.agent, &cand), FLOE_OK);
    ice_tcp_solo_sync(&t);
    ice_tcp_solo_advance(&t, FLOE_SECOND);
    return ice_tcp_solo_poll(&t) && t.event.is_connect;
}

static void test_ice_tcp_peer_can_not_have_us_connect_to_services_of_others(void **state)
{
    (void)state;
    assert_false(is_connected_to(floe_addr_from_ipv4(198, 51, 100, 7, 22)));
    assert_false(is_connected_to(floe_addr_from_ipv4(198, 51, 100, 7, 1023)));
    assert_false(is_connected_to(floe_addr_from_ipv4(192, 168, 0, 1, 80)));
    assert_false(is_connected_to(floe_addr_from_ipv4(10, 0, 0, 1, 443)));
    assert_false(is_connected_to(floe_addr_from_ipv4(169, 254, 169, 254, 80)));
    assert_false(is_connected_to(floe_addr_from_ipv4(127, 0, 0, 1, 8000)));
    assert_true(is_connected_to(floe_addr_from_ipv4(198, 51, 100, 7, 80)));
    assert_true(is_connected_to(floe_addr_from_ipv4(198, 51, 100, 7, 443)));
    assert_true(is_connected_to(floe_addr_from_ipv4(10, 0, 0, 1, 1024)));
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
#if !FLOE_ICE_TCP
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        T(test_ice_tcp_candidates_rank_as_rfc_6544_says),
        T(test_ice_tcp_candidates_are_written_as_rfc_6544_says),
        T(test_ice_tcp_policy_relay_shows_no_candidate),
        T(test_ice_tcp_pair_waits_for_its_connection),
        T(test_ice_tcp_check_is_sent_once_and_waits_for_ti),
        T(test_ice_tcp_pair_becomes_the_path_and_our_port_is_no_news),
        T(test_ice_tcp_connection_that_breaks_takes_the_path_along),
        T(test_ice_tcp_check_of_the_peer_is_answered_and_followed_up_where_it_came),
        T(test_ice_tcp_check_on_the_path_of_udp_is_another_one),
        T(test_ice_tcp_ports_of_connections_that_broke_take_no_places),
        T(test_ice_tcp_ports_of_connections_that_broke_leave_room_for_candidates),
        T(test_ice_tcp_and_udp_of_one_address_are_two_remote_candidates),
        T(test_ice_tcp_addresses_of_ours_that_broke_take_no_places),
        T(test_ice_tcp_connection_that_breaks_leaves_another_of_the_same_port),
        T(test_ice_tcp_peer_can_not_have_us_connect_to_services_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
