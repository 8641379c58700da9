/* Tests of ice/ice_relays_sync.c: candidates, permissions, and news between the clients and the
 * agent. Whole connections are in test_ice_relays.c. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent_internal.h"
#include "support/ice_relay_net.h"
#include "support/unit.h"

static ice_relay_net r;

/* Side 0 has a relay, and knows the credentials of side 1. */
static void begin(uint64_t seed)
{
    ice_relay_net_init(&r, seed, FLOE_ICE_POLICY_RELAY, FLOE_ICE_POLICY_ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_gather(&r);
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_true(r.server[0].model[0].is_allocated);
}

static void set_remote(const char *ufrag)
{
    assert_int_equal(floe_ice_agent_set_remote(&r.net.side[0].agent, floe_bytes_of(ufrag),
                                               FLOE_LIT("thePasswordOfThePeer0000"), false),
                     FLOE_OK);
}

static void add_remote(const floe_addr *addr)
{
    const floe_ice_cand cand = {
        .addr = *addr, .priority = 1000, .foundation = addr->port, .type = FLOE_ICE_HOST};
    assert_int_equal(floe_ice_agent_add_remote(&r.net.side[0].agent, &cand), FLOE_OK);
    ice_net_drain(&r.net, 0);
}

static unsigned permissions(void)
{
    return r.server[0].model[0].requests[FLOE_STUN_CREATE_PERMISSION];
}

static uint32_t pairs(void)
{
    return ice_net_get_stats(&r.net, 0).pairs;
}

static void test_ice_relays_sync_asks_once_for_an_ip(void **state)
{
    (void)state;
    begin(1);
    set_remote("peer");
    for (uint16_t port = 1; port <= 3; port++) {
        floe_addr addr = floe_addr_from_ipv4(198, 51, 100, 99, port);
        add_remote(&addr);
    }
    assert_int_equal(pairs(), 0);
    ice_relay_net_run(&r, 100 * FLOE_MS);
    assert_int_equal(permissions(), 1);
    assert_int_equal(pairs(), 3);
    floe_addr late = floe_addr_from_ipv4(198, 51, 100, 99, 4);
    add_remote(&late); /* permitted already */
    assert_int_equal(pairs(), 4);
    assert_int_equal(r.net.side[0].unsent, 0);
}

static void test_ice_relays_sync_never_asks_for_what_only_the_server_can_reach(void **state)
{
    (void)state;
    begin(2);
    set_remote("peer");
    static const uint8_t near[16] = {0xfe, 0x80, [15] = 1};
    const floe_addr peers[] = {floe_addr_from_ipv4(127, 0, 0, 1, 9),
                               floe_addr_from_ipv4(169, 254, 169, 254, 80),
                               floe_addr_from_bytes((floe_bytes){near, 16}, 9)};
    for (size_t i = 0; i < 3; i++) {
        add_remote(&peers[i]);
    }
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_int_equal(permissions(), 0);
    assert_int_equal(pairs(), 0);
}

static void test_ice_relays_sync_more_ips_than_places_are_left_out(void **state)
{
    UNIT_NEEDS(FLOE_ICE_REMOTE_MAX > FLOE_TURN_PERMISSION_MAX + 3);
    (void)state;
    begin(3);
    set_remote("peer");
    for (unsigned i = 0; i < FLOE_TURN_PERMISSION_MAX + 3; i++) {
        floe_addr addr = floe_addr_from_ipv4(198, 51, 100, (uint8_t)(100 + i), 9);
        add_remote(&addr);
    }
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_int_equal(permissions(), FLOE_TURN_PERMISSION_MAX);
    assert_int_equal(pairs(), FLOE_TURN_PERMISSION_MAX);
}

static void test_ice_relays_sync_new_peers_take_the_places_of_old_ones(void **state)
{
    (void)state;
    static const char *const ufrags[] = {"one1", "two2", "three3", "four4"};
    begin(4);
    for (unsigned round = 0; round < 4; round++) {
        set_remote(ufrags[round]);
        for (unsigned i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
            floe_addr addr = floe_addr_from_ipv4(198, 51, (uint8_t)(101 + round), (uint8_t)i, 9);
            add_remote(&addr);
        }
        ice_relay_net_run(&r, FLOE_SECOND);
        assert_int_equal(permissions(), (round + 1) * FLOE_TURN_PERMISSION_MAX);
        assert_int_equal(pairs(), FLOE_TURN_PERMISSION_MAX);
    }
}

static void add_v6_hosts(void)
{
    for (uint8_t side = 0; side < 2; side++) {
        const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [7] = side, [15] = 1};
        floe_addr addr = floe_addr_from_bytes((floe_bytes){ip, 16}, 5000);
        floe_addr v4 = floe_addr_from_ipv4(192, 0, 2, 1, 5000);
        floe_ice_agent *agent = &r.net.side[side].agent;
        assert_int_equal(floe_ice_agent_add_local(agent, &addr, 65535), FLOE_OK);
        if (side == 0) { /* the way to the server */
            assert_int_equal(floe_ice_agent_add_local(agent, &v4, 65534), FLOE_OK);
        }
        floe_ice_agent_end_local(agent);
    }
}

static void test_ice_relays_sync_ipv6_peer_is_reached_by_an_ipv6_relay(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 5, FLOE_ICE_POLICY_RELAY, FLOE_ICE_POLICY_ALL);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    add_v6_hosts();
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_int_equal(r.net.side[0].told, 2);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    assert_true(ice_relay_net_talk(&r));
    assert_int_equal(r.net.side[0].path.local.family, 6);
    assert_int_equal(ice_relay_net_local_type(&r, 0), FLOE_ICE_RELAY);
}

static void test_ice_relays_sync_server_without_ipv6_gives_what_it_has(void **state)
{
    (void)state;
    ice_relay_net_init(&r, 6, FLOE_ICE_POLICY_RELAY, FLOE_ICE_POLICY_ALL);
    r.server[0].model[0].missing_family = 440;
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    add_v6_hosts();
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_int_equal(r.net.side[0].told, 1);
    assert_int_equal(floe_ice_agent_get_gathering(&r.net.side[0].agent),
                     FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_relays_sync_udp_goes_before_streams(void **state)
{
    (void)state;
    static const floe_transport transports[] = {FLOE_TLS, FLOE_TCP, FLOE_UDP};
    uint32_t priority[3] = {0};
    ice_relay_net_init(&r, 7, FLOE_ICE_POLICY_RELAY, FLOE_ICE_POLICY_ALL);
    for (unsigned i = 0; i < 3; i++) {
        ice_relay_net_use(&r, 0, i, transports[i]);
    }
    ice_relay_net_gather(&r);
    ice_relay_net_run(&r, FLOE_SECOND);
    floe_ice_cand cand;
    for (size_t at = 0; floe_ice_agent_next_local(&r.net.side[0].agent, &at, &cand);) {
        priority[cand.addr.ip[3] - 10] = cand.priority;
    }
    assert_true(priority[0] != 0 && priority[0] < priority[1] && priority[1] < priority[2]);
}

static void test_ice_relays_sync_silence_asks_the_server_at_once(void **state)
{
    (void)state;
    begin(8);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, 20 * FLOE_SECOND);
    unsigned before = r.server[0].model[0].requests[FLOE_STUN_REFRESH];
    r.net.side[1].is_cut_off = true;
    ice_relay_net_run(&r, 13 * FLOE_SECOND);
    assert_int_equal(floe_ice_agent_get_state(&r.net.side[0].agent), FLOE_ICE_DISCONNECTED);
    assert_int_equal(r.server[0].model[0].requests[FLOE_STUN_REFRESH], before + 1);
}

static void test_ice_relays_sync_server_that_dies_takes_its_candidate_with_it(void **state)
{
    (void)state;
    begin(9);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    r.server[0].is_dead = true;
    ice_relay_net_run(&r, 700 * FLOE_SECOND);
    floe_ice_relay_stats stats;
    assert_true(floe_ice_relays_get_stats(&r.relays[0], 0, &stats));
    assert_int_equal(stats.cause, FLOE_TURN_CAUSE_TIMEOUT);
    assert_int_equal(stats.relay[0].family, 0);
    assert_int_equal(ice_net_get_stats(&r.net, 0).local_candidates, 1);
    assert_false(floe_ice_relays_get_stats(&r.relays[0], 1, &stats));
    r.server[0].is_dead = false; /* it is asked each minute */
    ice_relay_net_run(&r, 120 * FLOE_SECOND);
    assert_true(floe_ice_relays_get_stats(&r.relays[0], 0, &stats));
    assert_int_equal(stats.state, FLOE_TURN_ALLOCATED);
    assert_int_equal(ice_net_get_stats(&r.net, 0).local_candidates, 2);
}

static void test_ice_relays_sync_server_class_is_that_of_a_stun_server_of_its_ip(void **state)
{
    (void)state;
    uint32_t index;
    ice_relay_net_init(&r, 10, FLOE_ICE_POLICY_ALL, FLOE_ICE_POLICY_ALL);
    floe_addr stun = r.server[0].addr;
    stun.port = 3479;
    floe_ice_agent *agent = &r.net.side[0].agent;
    r.net.side[0].nat = ICE_NET_SYMMETRIC;
    r.net.stun_server = stun;
    assert_int_equal(floe_ice_agent_add_server(agent, &stun, &index), FLOE_OK);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    (void)ice_net_add_host(&r.net, 0, 0);
    floe_ice_agent_end_local(agent);
    ice_relay_net_run(&r, FLOE_SECOND);
    uint32_t found[3];
    size_t count = 0;
    floe_ice_cand cand;
    for (size_t at = 0; floe_ice_agent_next_local(agent, &at, &cand);) {
        if (cand.type == FLOE_ICE_SRFLX) {
            found[count++] = cand.foundation;
        }
    }
    assert_int_equal(count, 2); /* a port for each, behind this NAT */
    assert_int_equal(found[0], found[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_relays_sync_asks_once_for_an_ip),
        cmocka_unit_test(test_ice_relays_sync_never_asks_for_what_only_the_server_can_reach),
        cmocka_unit_test(test_ice_relays_sync_more_ips_than_places_are_left_out),
        cmocka_unit_test(test_ice_relays_sync_new_peers_take_the_places_of_old_ones),
        cmocka_unit_test(test_ice_relays_sync_ipv6_peer_is_reached_by_an_ipv6_relay),
        cmocka_unit_test(test_ice_relays_sync_server_without_ipv6_gives_what_it_has),
        cmocka_unit_test(test_ice_relays_sync_udp_goes_before_streams),
        cmocka_unit_test(test_ice_relays_sync_silence_asks_the_server_at_once),
        cmocka_unit_test(test_ice_relays_sync_server_that_dies_takes_its_candidate_with_it),
        cmocka_unit_test(test_ice_relays_sync_server_class_is_that_of_a_stun_server_of_its_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
