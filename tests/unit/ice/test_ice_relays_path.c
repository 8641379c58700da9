/* Tests of ice/ice_relays_path.c: from which socket a server is asked, and when connections are
 * opened; and of names that are resolved, in ice/ice_relays.c. */
#include <string.h>

#include "base/addr.h"
#include "support/ice_relay_net.h"
#include "support/unit.h"

static ice_relay_net r;

static void begin(uint64_t seed)
{
    ice_relay_net_init(&r, seed, FLOE_ICE_POLICY_RELAY, FLOE_ICE_POLICY_RELAY);
}

static floe_ice_relay_stats stats_of(uint32_t relay)
{
    floe_ice_relay_stats stats;
    assert_true(floe_ice_relays_get_stats(&r.relays[0], relay, &stats));
    return stats;
}

static bool is_asked(uint32_t relay, const floe_addr *server)
{
    floe_ice_relay_stats stats = stats_of(relay);
    return floe_addr_equal(&stats.path.remote, server);
}

/* `sockets` of side 0, which gathers for this long. */
static void gather(unsigned sockets, floe_time delta)
{
    for (unsigned i = 0; i < sockets; i++) {
        (void)ice_net_add_host(&r.net, 0, i);
    }
    floe_ice_agent_end_local(&r.net.side[0].agent);
    ice_relay_net_run(&r, delta);
}

static bool first_is_silent(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet)
{
    (void)net;
    (void)side;
    (void)packet;
    return path->local.port != 5000;
}

static void test_ice_relays_path_silent_socket_is_left_for_the_next(void **state)
{
    (void)state;
    begin(1);
    r.net.filter = first_is_silent;
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(2, 2990 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATING);
    assert_int_equal(stats_of(0).path.local.port, 5000); /* the best one first */
    ice_relay_net_run(&r, 100 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(stats_of(0).path.local.port, 5001);
}

static void test_ice_relays_path_only_socket_is_asked_to_the_end(void **state)
{
    (void)state;
    begin(2);
    r.server[0].is_dead = true;
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(1, 39 * FLOE_SECOND);
    assert_int_equal(stats_of(0).turn.requests_sent, 7);
    ice_relay_net_run(&r, FLOE_SECOND);
    assert_int_equal(stats_of(0).state, FLOE_TURN_FAILED);
    assert_int_equal(floe_ice_relays_deadline(&r.relays[0]), FLOE_TIME_NEVER);
}

static void fail_allocate(unsigned server, uint16_t code, unsigned count)
{
    r.server[server].model[0].fail_method = FLOE_STUN_ALLOCATE;
    r.server[server].model[0].fail_code = code;
    r.server[server].model[0].fail_count = count;
}

static void test_ice_relays_path_437_wants_another_socket(void **state)
{
    (void)state;
    begin(3);
    fail_allocate(0, 437, 1);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(2, 200 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(stats_of(0).path.local.port, 5001);
}

static void test_ice_relays_path_437_on_the_only_socket_is_asked_again_after_a_pause(void **state)
{
    (void)state;
    begin(4);
    fail_allocate(0, 437, 1);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(1, 900 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_WAITING);
    ice_relay_net_run(&r, 300 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
}

static void test_ice_relays_path_437_over_a_connection_opens_another(void **state)
{
    (void)state;
    begin(5);
    fail_allocate(0, 437, 1);
    ice_relay_net_use(&r, 0, 0, FLOE_TCP);
    gather(1, 200 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(r.connects, 2);
    assert_int_equal(r.disconnects, 1);
}

static void test_ice_relays_path_redirect_is_followed_once(void **state)
{
    (void)state;
    static const floe_transport transports[] = {FLOE_UDP, FLOE_TCP};
    for (size_t i = 0; i < 2; i++) {
        begin(6 + i);
        fail_allocate(0, 300, 1);
        r.server[0].model[0].alternate = r.server[1].addr;
        r.server[1].transport = (uint8_t)transports[i];
        ice_relay_net_use(&r, 0, 0, transports[i]);
        gather(1, 300 * FLOE_MS);
        assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
        assert_true(is_asked(0, &r.server[1].addr));
        assert_true(r.server[1].model[0].is_allocated);
        assert_int_equal(r.connects, transports[i] == FLOE_TCP ? 2 : 0);
        assert_int_equal(r.disconnects, transports[i] == FLOE_TCP ? 1 : 0);
    }
}

static void
test_ice_relays_path_broken_connection_goes_back_to_where_it_was_redirected(void **state)
{
    (void)state;
    begin(17);
    fail_allocate(0, 300, 1);
    r.server[0].model[0].alternate = r.server[1].addr;
    r.server[1].transport = FLOE_TCP;
    ice_relay_net_use(&r, 0, 0, FLOE_TCP);
    gather(1, 300 * FLOE_MS);
    assert_true(is_asked(0, &r.server[1].addr));
    floe_ice_relays_disconnected(&r.relays[0], 0);
    ice_net_drain(&r.net, 0);
    ice_relay_net_run(&r, 2 * FLOE_SECOND);
    assert_true(is_asked(0, &r.server[0].addr));
    assert_true(r.server[0].model[0].is_allocated);
}

static void test_ice_relays_path_second_redirect_is_refused(void **state)
{
    (void)state;
    begin(8);
    for (unsigned i = 0; i < 2; i++) {
        fail_allocate(i, 300, 9);
        r.server[i].model[0].alternate = r.server[i + 1].addr;
    }
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(1, FLOE_SECOND);
    assert_int_equal(stats_of(0).state, FLOE_TURN_FAILED);
    assert_int_equal(stats_of(0).cause, FLOE_TURN_CAUSE_REDIRECT);
}

static void test_ice_relays_path_refused_connections_are_tried_ever_less_often(void **state)
{
    (void)state;
    begin(9);
    r.server[0].is_dead = true;
    ice_relay_net_use(&r, 0, 0, FLOE_TLS);
    gather(1, 100 * FLOE_MS);
    assert_int_equal(r.connects, 1);
    ice_relay_net_run(&r, 65 * FLOE_SECOND); /* after 1, 2, 4, 8, 16, 32 s */
    assert_int_equal(r.connects, 7);
    ice_relay_net_run(&r, 600 * FLOE_SECOND); /* each minute */
    assert_in_range(r.connects, 16, 17);
    r.server[0].is_dead = false;
    ice_relay_net_run(&r, 61 * FLOE_SECOND);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
}

static void test_ice_relays_path_broken_connection_is_opened_again(void **state)
{
    (void)state;
    begin(10);
    ice_relay_net_use(&r, 0, 0, FLOE_TCP);
    ice_relay_net_use(&r, 1, 0, FLOE_TCP);
    ice_relay_net_gather(&r);
    assert_true(ice_relay_net_connect(&r, 2 * FLOE_SECOND));
    ice_relay_net_run(&r, FLOE_SECOND);
    floe_ice_relays_disconnected(&r.relays[0], 0);
    r.server[0].model[0].is_allocated = false; /* what a server does */
    ice_net_drain(&r.net, 0);
    assert_int_equal(stats_of(0).state, FLOE_TURN_WAITING);
    assert_false(ice_net_send_data(&r.net, 0, "lost"));
    ice_relay_net_run(&r, 15 * FLOE_SECOND);
    assert_true(ice_net_is_connected(&r.net, 0) && ice_net_is_connected(&r.net, 1));
    assert_true(ice_relay_net_talk(&r));
    assert_int_equal(stats_of(0).turn.allocations, 2);
    assert_int_equal(r.connects, 3);
}

static void test_ice_relays_path_answers_that_nobody_waits_for_do_nothing(void **state)
{
    (void)state;
    begin(11);
    ice_relay_net_use(&r, 0, 0, FLOE_TCP);
    ice_relay_net_use(&r, 0, 1, FLOE_UDP);
    gather(1, FLOE_SECOND);
    floe_addr local = floe_addr_from_ipv4(10, 0, 9, 9, 9);
    floe_path before = stats_of(0).path;
    for (uint32_t i = 0; i < 4; i++) {
        floe_ice_relays_connected(&r.relays[0], i, &local);
    }
    floe_ice_relays_disconnected(&r.relays[0], 1);
    floe_ice_relays_disconnected(&r.relays[0], 2);
    floe_path after = stats_of(0).path;
    assert_true(floe_path_equal(&before, &after));
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(stats_of(1).state, FLOE_TURN_ALLOCATED);
}

static void
test_ice_relays_path_one_server_named_twice_gets_two_sockets_or_one_request(void **state)
{
    (void)state;
    begin(12);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(1, FLOE_SECOND);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(stats_of(1).state, FLOE_TURN_WAITING);
    assert_int_equal(floe_ice_agent_get_gathering(&r.net.side[0].agent),
                     FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(r.server[0].model[0].requests[FLOE_STUN_ALLOCATE], 2);
}

static void test_ice_relays_path_loopback_servers_are_asked_from_loopback_only(void **state)
{
    (void)state;
    begin(13);
    r.server[0].addr = floe_addr_from_ipv4(127, 0, 0, 1, 3478);
    ice_relay_net_use(&r, 0, 0, FLOE_UDP);
    gather(1, FLOE_SECOND);
    assert_int_equal(r.net.side[0].sent, 0);
    assert_int_equal(floe_ice_agent_get_gathering(&r.net.side[0].agent),
                     FLOE_ICE_GATHERING_COMPLETE);
    floe_addr local = floe_addr_from_ipv4(127, 0, 0, 1, 5001);
    assert_int_equal(floe_ice_agent_add_local(&r.net.side[0].agent, &local, 7), FLOE_OK);
    ice_relay_net_run(&r, 10 * FLOE_MS);
    assert_int_equal(r.net.side[0].sent, 1); /* a socket that comes later serves as well */
}

static uint32_t add_name(void)
{
    uint32_t index;
    const floe_ice_relay_server server = {.host = FLOE_LIT("turn.example.org"),
                                          .username = FLOE_LIT("user"),
                                          .password = FLOE_LIT("pass")};
    assert_int_equal(floe_ice_relays_add_server(&r.relays[0], &server, &index), FLOE_OK);
    ice_net_drain(&r.net, 0);
    return index;
}

static floe_err resolve(uint32_t index, floe_addr addr)
{
    floe_err err = floe_ice_relays_set_server_addr(&r.relays[0], index, &addr);
    ice_net_drain(&r.net, 0);
    return err;
}

static void test_ice_relays_path_name_is_waited_for(void **state)
{
    (void)state;
    begin(14);
    uint32_t index = add_name();
    uint32_t never = add_name();
    gather(1, 20 * FLOE_SECOND);
    assert_int_equal(r.net.side[0].sent, 0);
    assert_int_equal(floe_ice_agent_get_gathering(&r.net.side[0].agent), FLOE_ICE_GATHERING_BUSY);
    assert_int_equal(resolve(never, (floe_addr){0}), FLOE_OK);
    assert_int_equal(resolve(index, r.server[0].addr), FLOE_OK);
    assert_int_equal(resolve(index, r.server[1].addr), FLOE_OK); /* one is enough */
    ice_relay_net_run(&r, 200 * FLOE_MS);
    assert_int_equal(stats_of(0).state, FLOE_TURN_ALLOCATED);
    assert_int_equal(floe_ice_agent_get_gathering(&r.net.side[0].agent),
                     FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(r.relays[0].count, 2);
    assert_int_equal(resolve(2, r.server[0].addr), FLOE_E_ARG);
}

static void test_ice_relays_path_name_of_two_families_is_asked_at_both(void **state)
{
    (void)state;
    static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 77};
    begin(15);
    uint32_t index = add_name();
    r.server[1].addr = floe_addr_from_bytes((floe_bytes){ip6, 16}, 3478);
    gather(1, 0);
    assert_int_equal(resolve(index, r.server[0].addr), FLOE_OK);
    assert_int_equal(resolve(index, r.server[1].addr), FLOE_OK);
    assert_int_equal(resolve(index, (floe_addr){0}), FLOE_OK);
    assert_int_equal(r.relays[0].count, 2);
    assert_true(is_asked(1, &r.server[1].addr));
    while (r.relays[0].count < ICE_RELAY_RELAYS) {
        index = add_name();
    }
    assert_int_equal(resolve(index, r.server[1].addr), FLOE_OK);
    assert_int_equal(resolve(index, r.server[0].addr), FLOE_OK); /* no memory: not asked */
    assert_int_equal(r.relays[0].count, ICE_RELAY_RELAYS);
}

static void test_ice_relays_path_server_that_can_not_be_is_refused(void **state)
{
    (void)state;
    begin(16);
    static const uint8_t longest[600];
    uint32_t index;
    floe_ice_relay_server server = {.addr = r.server[0].addr, .transport = FLOE_DTLS + 1};
    assert_int_equal(floe_ice_relays_add_server(&r.relays[0], &server, &index), FLOE_E_ARG);
    server.transport = FLOE_DTLS;
    server.addr.port = 0;
    assert_int_equal(floe_ice_relays_add_server(&r.relays[0], &server, &index), FLOE_E_ARG);
    server.addr.port = 1;
    server.username = (floe_bytes){longest, sizeof longest};
    assert_int_not_equal(floe_ice_relays_add_server(&r.relays[0], &server, &index), FLOE_OK);
    assert_int_equal(r.relays[0].count, 0);
    while (r.relays[0].count < ICE_RELAY_RELAYS) {
        (void)add_name();
    }
    server.username.len = 0;
    assert_int_equal(floe_ice_relays_add_server(&r.relays[0], &server, &index), FLOE_E_FULL);
    floe_rand none = {NULL, NULL};
    assert_int_equal(floe_ice_relays_init(&r.relays[0], r.memory[0], 1, none, (floe_trace){0}, 0),
                     FLOE_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_relays_path_silent_socket_is_left_for_the_next),
        cmocka_unit_test(test_ice_relays_path_only_socket_is_asked_to_the_end),
        cmocka_unit_test(test_ice_relays_path_437_wants_another_socket),
        cmocka_unit_test(test_ice_relays_path_437_on_the_only_socket_is_asked_again_after_a_pause),
        cmocka_unit_test(test_ice_relays_path_437_over_a_connection_opens_another),
        cmocka_unit_test(test_ice_relays_path_redirect_is_followed_once),
        cmocka_unit_test(
            test_ice_relays_path_broken_connection_goes_back_to_where_it_was_redirected),
        cmocka_unit_test(test_ice_relays_path_second_redirect_is_refused),
        cmocka_unit_test(test_ice_relays_path_refused_connections_are_tried_ever_less_often),
        cmocka_unit_test(test_ice_relays_path_broken_connection_is_opened_again),
        cmocka_unit_test(test_ice_relays_path_answers_that_nobody_waits_for_do_nothing),
        cmocka_unit_test(
            test_ice_relays_path_one_server_named_twice_gets_two_sockets_or_one_request),
        cmocka_unit_test(test_ice_relays_path_loopback_servers_are_asked_from_loopback_only),
        cmocka_unit_test(test_ice_relays_path_name_is_waited_for),
        cmocka_unit_test(test_ice_relays_path_name_of_two_families_is_asked_at_both),
        cmocka_unit_test(test_ice_relays_path_server_that_can_not_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
