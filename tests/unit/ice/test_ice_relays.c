/* Tests of ice/ice_relays.c, ice_relays_path.c and ice_relays_sync.c: two agents that reach each
 * other through TURN servers, in virtual time. */
#include <string.h>

#include "base/addr.h"
#include "support/ice_relay_net.h"
#include "support/unit.h"

static ice_relay_net r;

#define ALL   FLOE_ICE_POLICY_ALL
#define RELAY FLOE_ICE_POLICY_RELAY

/* What nothing but a relay gets through: a server each, and only relays are told. */
static void start_relayed(uint64_t seed)
{
    ice_relay_net_init(&r, seed, RELAY, RELAY);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 1, FLOE_UDP);
    ice_relay_net_gather(&r);
}

static bool is_server(const floe_addr *addr)
{
    for (size_t i = 0; i < ICE_RELAY_SERVERS; i++) {
        if (floe_addr_equal(addr, &r.server[i].addr)) {
            return true;
        }
    }
    return false;
}

/* Nothing but what goes to a TURN server. */
static bool only_servers(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    (void)net;
    (void)side;
    (void)packet;
    return is_server(&path->remote);
}

/* No UDP at all. */
static bool only_streams(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    return only_servers(net, side, path, packet) && path->transport != FLOE_UDP;
}

static floe_ice_relay_stats stats_of(int side, uint32_t relay)
{
    floe_ice_relay_stats stats;
    assert_true(floe_ice_relays_get_stats(&r.relays[side], relay, &stats));
    return stats;
}

static void test_ice_relays_relay_only_on_both_sides_connects(void **state)
{
    (void)state;
    start_relayed(1);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    assert_true(ice_relay_net_talk(&r));
    assert_int_equal(ice_relay_net_local_type(&r, 0), FLOE_ICE_RELAY);
    assert_int_equal(ice_relay_net_local_type(&r, 1), FLOE_ICE_RELAY);
    assert_true(ice_net_has_agreed(&r.net));
    assert_true(floe_addr_equal(&r.net.side[0].data_path.local, &r.net.side[0].path.local));
}

static bool reveals_nothing(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    (void)net;
    (void)packet;
    assert_true(side != 0 || is_server(&path->remote));
    return true;
}

static void test_ice_relays_relay_only_side_shows_its_address_to_nobody_but_servers(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 2, RELAY, ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    r.net.filter = reveals_nothing;
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    assert_true(ice_relay_net_talk(&r));
    assert_int_equal(ice_relay_net_local_type(&r, 0), FLOE_ICE_RELAY);
    assert_int_equal(ice_relay_net_local_type(&r, 1), FLOE_ICE_HOST);
    assert_int_equal(r.net.side[0].unsent, 0);
}

static void test_ice_relays_relay_is_left_alone_where_hosts_reach_each_other(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 3, ALL, ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 1, FLOE_UDP);
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, 2 * FLOE_SECOND);
    assert_int_equal(ice_relay_net_local_type(&r, 0), FLOE_ICE_HOST);
    assert_true(ice_relay_net_talk(&r));
}

static void test_ice_relays_symmetric_nats_on_both_sides_connect(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 4, ALL, ALL);
    ice_net_set_nat(&r.net, 0, ICE_NET_SYMMETRIC);
    ice_net_set_nat(&r.net, 1, ICE_NET_SYMMETRIC);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 0, FLOE_UDP);
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 3 * FLOE_SECOND));
    ice_relay_net_run(&r, 2 * FLOE_SECOND);
    assert_true(ice_relay_net_talk(&r));
    floe_ice_stats stats = ice_net_get_stats(&r.net, 0);
    assert_true(stats.local.type == FLOE_ICE_RELAY || stats.remote.type == FLOE_ICE_RELAY);
}

static void test_ice_relays_one_relay_between_symmetric_nats_is_enough(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 5, ALL, ALL);
    ice_net_set_nat(&r.net, 0, ICE_NET_SYMMETRIC);
    ice_net_set_nat(&r.net, 1, ICE_NET_SYMMETRIC);
    ice_relay_net_use(&r, 1, 0, FLOE_UDP);
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 3 * FLOE_SECOND));
    assert_true(ice_relay_net_talk(&r));
}

static void test_ice_relays_streams_carry_what_udp_can_not(void **state)
{
    (void)state;
    static const floe_transport transports[] = {FLOE_TCP, FLOE_TLS, FLOE_DTLS};
    for (size_t i = 0; i < 3; i++) {
        ice_relay_net_init(&r, 6 + i, ALL, ALL);
        r.net.filter = only_streams;
        ice_relay_net_use(&r, 0, 0, transports[i]);
        ice_relay_net_use(&r, 1, 1, transports[i]);
        ice_relay_net_gather(&r);
        assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
        assert_true(ice_relay_net_talk(&r));
        assert_int_equal(r.connects, 2);
        assert_true(stats_of(0, 0).is_connected);
        assert_int_equal(stats_of(0, 0).path.transport, transports[i]);
    }
}

static floe_time time_to_connect(bool is_troubled)
{
    ice_relay_net_init(&r, 9, RELAY, RELAY);
    if (is_troubled) {
        ice_relay_net_use(&r, 0, 1, FLOE_UDP);
        ice_relay_net_use(&r, 0, 2, FLOE_UDP);
        r.server[1].is_dead = true;
        r.server[2].model[0].password = "another";
    }
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 0, FLOE_UDP);
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    return r.net.now;
}

static void test_ice_relays_dead_and_refusing_servers_cost_nothing(void **state)
{
    (void)state;
    floe_time alone = time_to_connect(false);
    assert_int_equal(time_to_connect(true), alone);
    ice_relay_net_run(&r, 50 * FLOE_SECOND);
    assert_int_equal(stats_of(0, 0).state, FLOE_TURN_FAILED);
    assert_int_equal(stats_of(0, 0).cause, FLOE_TURN_CAUSE_TIMEOUT);
    assert_int_equal(stats_of(0, 1).state, FLOE_TURN_FAILED);
    assert_int_equal(stats_of(0, 1).code, 401);
    assert_int_equal(stats_of(0, 2).state, FLOE_TURN_ALLOCATED);
}

static floe_ice_gathering gathering_of(int side)
{
    return floe_ice_agent_get_gathering(&r.net.side[side].agent);
}

static void test_ice_relays_gathering_waits_for_relays_but_not_for_ever(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 10, ALL, ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 1, FLOE_UDP);
    r.server[1].is_dead = true;
    ice_relay_net_gather(&r);
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_BUSY);
    ice_relay_net_run(&r, 100 * FLOE_MS);
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(r.net.side[0].told, 2);
    ice_relay_net_run(&r, 4850 * FLOE_MS);
    assert_int_equal(gathering_of(1), FLOE_ICE_GATHERING_BUSY);
    ice_relay_net_run(&r, 100 * FLOE_MS);
    assert_int_equal(gathering_of(1), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(r.net.side[1].told, 1);
}

static void test_ice_relays_refused_server_is_not_waited_for(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 11, ALL, ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 1, 1, FLOE_TCP);
    r.server[0].model[0].password = "another";
    r.server[1].is_dead = true;
    ice_relay_net_gather(&r);
    ice_relay_net_run(&r, 100 * FLOE_MS);
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(gathering_of(1), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_relays_restarted_server_gives_another_relay_and_the_path_recovers(void **state)
{
    (void)state;
    start_relayed(12);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    floe_addr before = r.net.side[0].path.local;
    ice_relay_net_restart_server(&r, 0);
    ice_relay_net_run(&r, 20 * FLOE_SECOND);
    assert_true(ice_net_is_connected(&r.net, 0) && ice_net_is_connected(&r.net, 1));
    assert_false(floe_addr_equal(&before, &r.net.side[0].path.local));
    assert_true(ice_relay_net_talk(&r));
    assert_int_equal(r.net.side[0].states_seen & 1u << FLOE_ICE_FAILED, 0);
    assert_int_equal(stats_of(0, 0).turn.allocations, 2);
}

static void test_ice_relays_relay_that_comes_late_is_not_told(void **state)
{
    (void)state;
    start_relayed(13);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_restart_server(&r, 0);
    ice_relay_net_run(&r, 20 * FLOE_SECOND);
    assert_int_equal(r.net.side[0].told, 1);
    floe_ice_stats stats = ice_net_get_stats(&r.net, 1);
    assert_int_equal(stats.remote.type, FLOE_ICE_PRFLX);
}

static void test_ice_relays_peer_that_the_server_refuses_concerns_nobody_else(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 14, RELAY, ALL);
    r.net.side[1].nat = ICE_NET_CONE;
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    r.server[0].model[0].denied = floe_addr_from_ipv4(10, 1, 0, 1, 0); /* its private address */
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    assert_true(ice_relay_net_talk(&r));
    /* Only what is permitted was ever checked. */
    assert_int_equal(ice_net_get_stats(&r.net, 0).pairs, 1);
    assert_int_equal(r.net.side[0].unsent, 0);
}

static void test_ice_relays_live_on_through_a_restart(void **state)
{
    (void)state;
    start_relayed(15);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    floe_addr before = r.net.side[0].path.local;
    const floe_bytes made = {NULL, 0};
    r.net.is_signalled = false;
    for (int i = 0; i < 2; i++) {
        r.net.side[i].told = r.net.side[i].selected = 0;
        assert_int_equal(floe_ice_agent_restart(&r.net.side[i].agent, made, made), FLOE_OK);
        ice_net_drain(&r.net, i);
    }
    assert_true(ice_relay_net_talk(&r)); /* the pair of before serves on */
    ice_net_signal(&r.net);
    ice_relay_net_run(&r, 3 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(r.net.side[i].told, 1);
        assert_true(r.net.side[i].selected > 0);
        assert_int_equal(stats_of(i, 0).turn.allocations, 1);
    }
    assert_true(floe_addr_equal(&before, &r.net.side[0].path.local));
    assert_true(ice_relay_net_talk(&r));
}

static void test_ice_relays_restart_finds_out_what_has_been_lost_and_tells_the_new(void **state)
{
    (void)state;
    const floe_bytes made = {NULL, 0};
    start_relayed(22);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, 3 * FLOE_SECOND); /* nothing is left to ask the server */
    ice_relay_net_restart_server(&r, 0);
    r.net.is_signalled = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(floe_ice_agent_restart(&r.net.side[i].agent, made, made), FLOE_OK);
        ice_net_drain(&r.net, i);
    }
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_BUSY);
    ice_relay_net_run(&r, 2 * FLOE_SECOND);
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(gathering_of(1), FLOE_ICE_GATHERING_COMPLETE);
    ice_net_signal(&r.net);
    ice_relay_net_run(&r, 3 * FLOE_SECOND);
    assert_int_equal(stats_of(0, 0).turn.allocations, 2);
    assert_int_equal(ice_net_get_stats(&r.net, 1).remote.type, FLOE_ICE_RELAY);
    assert_true(ice_relay_net_talk(&r));
}

static void test_ice_relays_restart_tries_again_what_has_failed(void **state)
{
    (void)state;
    static const floe_transport transports[] = {FLOE_UDP, FLOE_TCP};
    for (size_t i = 0; i < 2; i++) {
        ice_relay_net_init(&r, 16, RELAY, RELAY);
        ice_relay_net_use(&r, 0, 0, transports[i]);
        r.server[0].model[0].password = "another";
        ice_relay_net_gather(&r);
        ice_relay_net_run(&r, FLOE_SECOND);
        assert_int_equal(stats_of(0, 0).state, FLOE_TURN_FAILED);
        assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
        r.server[0].model[0].password = "pass";
        const floe_bytes made = {NULL, 0};
        assert_int_equal(floe_ice_agent_restart(&r.net.side[0].agent, made, made), FLOE_OK);
        assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_BUSY);
        ice_relay_net_run(&r, FLOE_SECOND);
        assert_int_equal(stats_of(0, 0).state, FLOE_TURN_ALLOCATED);
        assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
        assert_int_equal(r.net.side[0].told, 1);
    }
}

static void test_ice_relays_any_one_packet_to_or_from_servers_may_be_lost(void **state)
{
    (void)state;
    start_relayed(17);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, 2 * FLOE_SECOND);
    unsigned packets = r.packets;
    assert_true(packets > 20);
    for (unsigned lost = 1; lost <= packets; lost++) {
        ice_relay_net_init(&r, 17, RELAY, RELAY);
        r.lost = lost;
        ice_relay_net_use(&r, 0, 0, FLOE_UDP);
        ice_relay_net_use(&r, 1, 1, FLOE_UDP);
        ice_relay_net_gather(&r);
        assert_true(ice_relay_net_connect(&r, 4 * FLOE_SECOND));
        ice_relay_net_run(&r, 3 * FLOE_SECOND);
        assert_true(ice_relay_net_talk(&r));
    }
}

static void test_ice_relays_connect_over_a_lossy_network(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        ice_relay_net_init(&r, seed, RELAY, RELAY);
        r.net.loss_permille = 100;
        r.net.jitter_us = 30 * FLOE_MS;
        ice_relay_net_use(&r, 0, 0, FLOE_UDP);
        ice_relay_net_use(&r, 1, 1, FLOE_UDP);
        ice_relay_net_gather(&r);
        assert_true(ice_relay_net_connect(&r, 30 * FLOE_SECOND));
    }
}

static void test_ice_relays_pair_in_use_gets_a_channel(void **state)
{
    (void)state;
    start_relayed(18);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_true(ice_relay_net_talk(&r));
    assert_true(r.server[0].model[0].data_by_channel);
    assert_int_equal(r.server[0].model[0].data_len, 5);
    floe_path via;
    size_t head;
    assert_true(floe_ice_relays_route(&r.relays[0], &r.net.side[0].path, &via, &head));
    assert_int_equal(head, FLOE_TURN_HEAD);
    assert_true(floe_addr_equal(&via.remote, &r.server[0].addr));
}

static void test_ice_relays_close_gives_allocations_back(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 19, RELAY, RELAY);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 0, 1, FLOE_TCP);
    ice_relay_net_gather(&r);
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_true(r.server[0].model[0].is_allocated && r.server[1].model[0].is_allocated);
    floe_ice_relays_close(&r.relays[0]);
    ice_net_drain(&r.net, 0);
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_false(r.server[0].model[0].is_allocated || r.server[1].model[0].is_allocated);
    assert_int_equal(r.disconnects, 1);
    assert_int_equal(floe_ice_relays_deadline(&r.relays[0]), FLOE_TIME_NEVER);
}

static void test_ice_relays_mapped_address_of_an_allocation_is_a_reflexive_candidate(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 20, ALL, ALL);
    r.net.side[0].nat = ICE_NET_CONE;
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    (void)ice_net_add_host(&r.net, 0, 0);
    floe_ice_agent_end_local(&r.net.side[0].agent);
    ice_relay_net_run(&r, FLOE_SECOND);
    bool has[4] = {false};
    floe_ice_cand cand;
    for (size_t at = 0; floe_ice_agent_next_local(&r.net.side[0].agent, &at, &cand);) {
        has[cand.type] = true;
        assert_true(cand.type != FLOE_ICE_RELAY ||
                    floe_addr_ip_equal(&cand.base, &r.net.side[0].public_ip));
    }
    assert_true(has[FLOE_ICE_HOST] && has[FLOE_ICE_SRFLX] && has[FLOE_ICE_RELAY]);
    assert_int_equal(gathering_of(0), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_relays_wait_for_a_peer_keeps_the_way_to_the_server_open(void **state)
{
    (void)state;
    start_relayed(21);
    ice_relay_net_run(&r, 120 * FLOE_SECOND);
    unsigned refreshes = r.server[0].model[0].requests[FLOE_STUN_REFRESH];
    assert_in_range(refreshes, 7, 9);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    refreshes = r.server[0].model[0].requests[FLOE_STUN_REFRESH];
    ice_relay_net_run(&r, 120 * FLOE_SECOND); /* consent checks do it now */
    assert_int_equal(r.server[0].model[0].requests[FLOE_STUN_REFRESH], refreshes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_relays_relay_only_on_both_sides_connects),
        cmocka_unit_test(test_ice_relays_relay_only_side_shows_its_address_to_nobody_but_servers),
        cmocka_unit_test(test_ice_relays_relay_is_left_alone_where_hosts_reach_each_other),
        cmocka_unit_test(test_ice_relays_symmetric_nats_on_both_sides_connect),
        cmocka_unit_test(test_ice_relays_one_relay_between_symmetric_nats_is_enough),
        cmocka_unit_test(test_ice_relays_streams_carry_what_udp_can_not),
        cmocka_unit_test(test_ice_relays_dead_and_refusing_servers_cost_nothing),
        cmocka_unit_test(test_ice_relays_gathering_waits_for_relays_but_not_for_ever),
        cmocka_unit_test(test_ice_relays_refused_server_is_not_waited_for),
        cmocka_unit_test(
            test_ice_relays_restarted_server_gives_another_relay_and_the_path_recovers),
        cmocka_unit_test(test_ice_relays_relay_that_comes_late_is_not_told),
        cmocka_unit_test(test_ice_relays_peer_that_the_server_refuses_concerns_nobody_else),
        cmocka_unit_test(test_ice_relays_live_on_through_a_restart),
        cmocka_unit_test(test_ice_relays_restart_finds_out_what_has_been_lost_and_tells_the_new),
        cmocka_unit_test(test_ice_relays_restart_tries_again_what_has_failed),
        cmocka_unit_test(test_ice_relays_any_one_packet_to_or_from_servers_may_be_lost),
        cmocka_unit_test(test_ice_relays_connect_over_a_lossy_network),
        cmocka_unit_test(test_ice_relays_pair_in_use_gets_a_channel),
        cmocka_unit_test(test_ice_relays_close_gives_allocations_back),
        cmocka_unit_test(test_ice_relays_mapped_address_of_an_allocation_is_a_reflexive_candidate),
        cmocka_unit_test(test_ice_relays_wait_for_a_peer_keeps_the_way_to_the_server_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
