/* Tests of ice/ice_lite.c: an agent that is checked and never checks. */
#include "base/addr.h"
#include "support/ice_pair_net.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;
static ice_pair_net net;

static int setup(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLED, .is_lite = true});
    ice_solo_signal(&solo);
    return 0;
}

static void nominate(void)
{
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
}

static void test_ice_lite_asks_nobody_for_anything(void **state)
{
    (void)state;
    uint32_t index;
    floe_addr server = floe_addr_from_ipv4(203, 0, 113, 1, 3478);
    assert_int_equal(floe_ice_agent_add_server(&solo.agent, &server, &index), FLOE_OK);
    (void)ice_solo_add_local(&solo, 2);
    assert_int_equal(ice_solo_drain(&solo), 0);
    nominate();
    floe_path path = ice_solo_path(&solo);
    for (int i = 0; i < 100; i++) {
        (void)floe_ice_agent_accept(&solo.agent, solo.now, &path);
        ice_solo_advance(&solo, FLOE_SECOND);
        assert_int_equal(ice_solo_drain(&solo), 0);
    }
}

static void test_ice_lite_takes_the_pair_that_is_nominated(void **state)
{
    (void)state;
    floe_path path;
    ice_message check = ice_message_check(true);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path)); /* RFC 8445 section 12.1.1 */
    nominate();
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, &solo.peer));
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_lite_lives_on_checks_without_a_nomination(void **state)
{
    (void)state;
    nominate();
    for (int i = 0; i < 20; i++) { /* Mozilla bug 2037009: consent checks of Firefox have none */
        ice_solo_advance(&solo, 5 * FLOE_SECOND);
        ice_message check = ice_message_check(true);
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 0);
        assert_true(floe_ice_agent_get_path(&solo.agent, &(floe_path){.transport = FLOE_UDP}));
    }
}

static void test_ice_lite_is_over_when_the_peer_was_silent_for_so_long(void **state)
{
    (void)state;
    nominate();
    ice_solo_advance(&solo, 7 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
    ice_solo_advance(&solo, 22900 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
    ice_solo_advance(&solo, 100 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CONSENT_EXPIRED);
}

static void test_ice_lite_fails_when_nobody_checks_it(void **state)
{
    (void)state;
    ice_solo_advance(&solo, 39 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    ice_solo_advance(&solo, FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    nominate(); /* better late than never; by now the peer has no more candidates to come */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

/* RFC 8445 section 6.1.1: with a full peer there is nothing to decide, tie-breakers or not. */
static void test_ice_lite_stays_controlled_towards_a_full_peer(void **state)
{
    (void)state;
    for (uint64_t tie_breaker = 0; tie_breaker <= 1; tie_breaker++) {
        ice_message check = ice_message_check(false);
        check.tie_breaker = tie_breaker * UINT64_MAX;
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 487);
        assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
    }
    ice_solo_init_with(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING, .is_lite = true});
    ice_solo_signal(&solo);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
}

static void test_ice_lite_remembers_a_nomination_from_before_the_answer(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLED, .is_lite = true});
    nominate();
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW);
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void begin(bool is_first_lite, bool is_second_lite)
{
    const floe_ice_config config[2] = {
        {.role = FLOE_ICE_CONTROLLING, .is_lite = is_first_lite},
        {.role = FLOE_ICE_CONTROLLED, .is_lite = is_second_lite},
    };
    ice_net_init_with(&net, 1, config);
    ice_net_gather(&net, 2);
    ice_net_signal(&net);
}

static void test_ice_lite_and_a_full_agent_connect_whoever_began(void **state)
{
    (void)state;
    for (int lite = 0; lite < 2; lite++) {
        begin(lite == 0, lite == 1);
        assert_true(ice_net_connect(&net, FLOE_SECOND));
        ice_net_run(&net, 600 * FLOE_SECOND);
        assert_int_equal(net.side[lite].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[!lite].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[lite].agent.role, FLOE_ICE_CONTROLLED);
        assert_int_equal(net.side[lite].states_seen & 1u << FLOE_ICE_DISCONNECTED, 0);
        assert_int_equal(ice_net_get_stats(&net, lite).checks_sent, 0);
        assert_true(ice_net_has_agreed(&net));
    }
}

static void test_ice_lite_serves_a_peer_behind_any_nat(void **state)
{
    (void)state;
    for (int nat = ICE_NET_OPEN; nat <= ICE_NET_SYMMETRIC; nat++) {
        const floe_ice_config config[2] = {{.role = FLOE_ICE_CONTROLLING},
                                           {.role = FLOE_ICE_CONTROLLED, .is_lite = true}};
        ice_net_init_with(&net, 2, config);
        ice_net_set_nat(&net, 0, (ice_net_nat)nat);
        ice_net_gather(&net, 1);
        ice_net_signal(&net);
        assert_true(ice_net_connect(&net, FLOE_SECOND));
        assert_true(ice_net_send_data(&net, 1, "hello"));
        ice_net_run(&net, net.now + FLOE_SECOND);
        assert_int_equal(net.side[0].received, 1);
    }
}

static void test_ice_lite_restarts_while_data_flows(void **state)
{
    (void)state;
    begin(false, true);
    ice_net_run(&net, 5 * FLOE_SECOND);
    net.is_signalled = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(floe_ice_agent_restart(&net.side[i].agent, (floe_bytes){NULL, 0},
                                                (floe_bytes){NULL, 0}),
                         FLOE_OK);
        ice_net_drain(&net, i);
        assert_true(ice_net_send_data(&net, i, "during"));
    }
    ice_net_signal(&net);
    ice_net_run(&net, 10 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(ice_net_is_connected(&net, i));
        assert_int_equal(net.side[i].received, 1);
    }
    assert_true(ice_net_has_agreed(&net));
}

/* RFC 8445 sections 6.1.1 and 8.2. */
static void test_ice_lite_and_lite_agree_without_a_packet(void **state)
{
    (void)state;
    begin(true, true);
    ice_net_drain(&net, 0);
    ice_net_drain(&net, 1);
    assert_true(ice_net_connect(&net, FLOE_SECOND));
    ice_net_run(&net, 600 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net.side[i].sent, 0);
        assert_int_equal(net.side[i].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[i].roles, 0);
        assert_true(ice_net_send_data(&net, i, "hello"));
    }
    assert_true(ice_net_has_agreed(&net));
    ice_net_run(&net, net.now + FLOE_SECOND);
    assert_int_equal(net.side[0].received + net.side[1].received, 2);
}

/* Full agents that lose the socket in use ask the peer, in a check, to nominate another pair. */
static void test_ice_lite_that_loses_a_socket_still_asks_nobody(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    path.local = ice_solo_add_local(&solo, 2);
    nominate();
    ice_message move = ice_message_check(true);
    move.use_candidate = true;
    move.nomination = 2;
    assert_int_equal(ice_solo_input_on(&solo, &path, &move), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    floe_ice_agent_remove_local(&solo.agent, &path.local);
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.local, &solo.local));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, FLOE_SECOND);
    }
}

static void expect_path_to(const floe_addr *remote)
{
    floe_path path;
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, remote));
}

static void meet_lite_peer(const char *ufrag)
{
    assert_int_equal(
        floe_ice_agent_set_remote(&solo.agent, floe_bytes_of(ufrag), FLOE_LIT(ICE_PEER_PWD), true),
        FLOE_OK);
}

/* Nobody has checked that the addresses are the peer's: they may be those of a victim. */
static void
test_ice_lite_sends_to_where_a_lite_peer_was_heard_before_where_it_says_it_is(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLED, .is_lite = true});
    meet_lite_peer("one0");
    floe_addr victim = floe_addr_from_ipv4(198, 51, 100, 66, 443);
    floe_addr other = floe_addr_from_ipv4(198, 51, 100, 67, 443);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_SRFLX);
    ice_solo_add_remote(&solo, &victim, FLOE_ICE_HOST);
    expect_path_to(&victim); /* nothing is known of either */
    floe_path heard = ice_solo_path(&solo);
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &heard));
    expect_path_to(&solo.peer);
    ice_solo_add_remote(&solo, &other, FLOE_ICE_HOST);
    expect_path_to(&solo.peer);
    meet_lite_peer("two0"); /* nor by a restart */
    ice_solo_add_remote(&solo, &victim, FLOE_ICE_HOST);
    expect_path_to(&solo.peer);
    ice_solo_advance(&solo, 7 * FLOE_SECOND);
    expect_path_to(&victim); /* it has left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_lite_asks_nobody_for_anything, setup),
        cmocka_unit_test_setup(test_ice_lite_takes_the_pair_that_is_nominated, setup),
        cmocka_unit_test_setup(test_ice_lite_lives_on_checks_without_a_nomination, setup),
        cmocka_unit_test_setup(test_ice_lite_is_over_when_the_peer_was_silent_for_so_long, setup),
        cmocka_unit_test_setup(test_ice_lite_fails_when_nobody_checks_it, setup),
        cmocka_unit_test_setup(test_ice_lite_stays_controlled_towards_a_full_peer, setup),
        cmocka_unit_test_setup(test_ice_lite_remembers_a_nomination_from_before_the_answer, setup),
        cmocka_unit_test_setup(test_ice_lite_that_loses_a_socket_still_asks_nobody, setup),
        cmocka_unit_test(
            test_ice_lite_sends_to_where_a_lite_peer_was_heard_before_where_it_says_it_is),
        cmocka_unit_test(test_ice_lite_and_a_full_agent_connect_whoever_began),
        cmocka_unit_test(test_ice_lite_serves_a_peer_behind_any_nat),
        cmocka_unit_test(test_ice_lite_restarts_while_data_flows),
        cmocka_unit_test(test_ice_lite_and_lite_agree_without_a_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
