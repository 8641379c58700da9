/* Tests of ice/ice_relays_agent.c: an agent that is told of relays. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent_internal.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;
static floe_addr relay, mapped;
static const floe_addr none;

static void add_relay(uint8_t n)
{
    relay = floe_addr_from_ipv4(198, 51, 100, n, 40000);
    mapped = floe_addr_from_ipv4(203, 0, 113, 5, 5000);
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &relay, &mapped, 1000, n), FLOE_OK);
    floe_ice_agent_check_invariants(&solo.agent);
}

/* With the peer's candidate; relays only, and one of them. */
static void begin(floe_ice_role role)
{
    ice_solo_begin(&solo, &(floe_ice_config){.role = role, .policy = FLOE_ICE_POLICY_RELAY});
    add_relay(1);
    floe_ice_agent_end_local(&solo.agent);
    ice_solo_signal(&solo);
}

static void permit(void)
{
    floe_ice_agent_permit(&solo.agent, &relay, &solo.peer);
    floe_ice_agent_check_invariants(&solo.agent);
}

static floe_ice_stats stats(void)
{
    floe_ice_stats out;
    floe_ice_agent_get_stats(&solo.agent, &out);
    return out;
}

/* Permitted, and answered: connected through the relay. */
static void connect(void)
{
    begin(FLOE_ICE_CONTROLLING);
    permit();
    (void)ice_solo_live(&solo, 3 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(stats().local.type, FLOE_ICE_RELAY);
}

static unsigned count_told(void)
{
    unsigned told = 0;
    floe_ice_event event;
    while (floe_ice_agent_poll_event(&solo.agent, &event)) {
        told += event.type == FLOE_ICE_EV_CANDIDATE;
    }
    return told;
}

static void test_ice_relays_agent_relay_is_a_candidate_and_its_own_base(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    add_relay(1);
    floe_ice_event event;
    floe_ice_cand cand = {.type = FLOE_ICE_HOST};
    while (floe_ice_agent_poll_event(&solo.agent, &event)) {
        cand = event.type == FLOE_ICE_EV_CANDIDATE ? event.cand : cand;
    }
    assert_int_equal(cand.type, FLOE_ICE_RELAY);
    assert_true(floe_addr_equal(&cand.addr, &relay));
    assert_true(floe_addr_equal(&cand.base, &mapped)); /* the related address */
    assert_int_equal(cand.priority, floe_ice_priority(FLOE_ICE_RELAY, 1000));
}

static void test_ice_relays_agent_foundations_tell_relayed_ips_and_servers_apart(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LOCAL_MAX >= 5);
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    const floe_addr relays[] = {
        floe_addr_from_ipv4(198, 51, 100, 1, 40000), floe_addr_from_ipv4(198, 51, 100, 1, 40001),
        floe_addr_from_ipv4(198, 51, 100, 2, 40000), floe_addr_from_ipv4(198, 51, 100, 1, 40002)};
    const uint8_t servers[] = {3, 3, 3, 4};
    uint32_t found[5];
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &relays[i], &none, 9, servers[i]),
                         FLOE_OK);
    }
    floe_ice_cand cand;
    for (size_t at = 0; floe_ice_agent_next_local(&solo.agent, &at, &cand);) {
        found[count++] = cand.foundation;
    }
    assert_int_equal(count, 5);
    assert_int_equal(found[1], found[2]);
    assert_int_not_equal(found[1], found[3]);
    assert_int_not_equal(found[1], found[4]);
    assert_int_not_equal(found[0], found[1]);
}

static void test_ice_relays_agent_checks_only_what_is_permitted(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(stats().pairs, 0);
    floe_addr elsewhere = floe_addr_from_ipv4(192, 0, 2, 77, 1);
    floe_ice_agent_permit(&solo.agent, &relay, &elsewhere);
    assert_int_equal(ice_solo_drain(&solo), 0);
    permit();
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.local, &relay));
    assert_true(floe_addr_equal(&solo.out.path.remote, &solo.peer));
}

/* A peer behind a NAT64 sees the relay at an address that is made up of the prefix. As a
 * peer-reflexive candidate it would come before all direct ways. */
static void test_ice_relays_agent_relay_stays_one_whatever_the_peer_sees(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    permit();
    floe_addr seen;
    assert_int_equal(floe_addr_parse(&seen, FLOE_LIT("64:ff9b::c633:6401"), 40000), FLOE_OK);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &seen);
    floe_path path = {.local = relay, .remote = solo.peer};
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    floe_ice_cand local = stats().local;
    assert_int_equal(local.type, FLOE_ICE_RELAY);
    assert_true(floe_addr_equal(&local.addr, &relay));
}

static void
test_ice_relays_agent_permission_counts_before_the_credentials_when_repeated(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.policy = FLOE_ICE_POLICY_RELAY});
    add_relay(1);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    uint16_t before = solo.agent.remote_news;
    permit();
    assert_int_equal(stats().pairs, 0);
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    assert_int_not_equal(solo.agent.remote_news, before); /* that is how one knows */
    permit();
    assert_int_equal(stats().pairs, 1);
}

static void test_ice_relays_agent_check_that_comes_on_a_relay_makes_its_pair(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLED);
    floe_path path = {.local = relay, .remote = solo.peer};
    ice_message check = ice_message_check(true);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_true(floe_addr_equal(&solo.out.path.local, &relay));
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.local, &relay));
}

static void test_ice_relays_agent_policy_hides_sockets(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 2);
    (void)state;
    uint32_t index;
    floe_addr server = floe_addr_from_ipv4(203, 0, 113, 1, 3478);
    ice_solo_begin(&solo, &(floe_ice_config){.policy = FLOE_ICE_POLICY_RELAY});
    assert_int_equal(floe_ice_agent_add_server(&solo.agent, &server, &index), FLOE_OK);
    assert_int_equal(floe_ice_agent_add_server(&solo.agent, &none, &index), FLOE_OK);
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &mapped, 1);
    floe_ice_agent_end_local(&solo.agent);
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_drain(&solo), 0); /* no request, no check */
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(count_told(), 0);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_UNKNOWN);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(stats().dropped_unknown, 1);
    add_relay(1);
    floe_ice_cand cand;
    size_t at = 0;
    assert_true(floe_ice_agent_next_local(&solo.agent, &at, &cand));
    assert_int_equal(cand.type, FLOE_ICE_RELAY);
    assert_int_equal(cand.base.family, 0); /* written as 0.0.0.0 */
    assert_false(floe_ice_agent_next_local(&solo.agent, &at, &cand));
}

static void test_ice_relays_agent_removed_relay_takes_its_pairs_and_path_with_it(void **state)
{
    (void)state;
    connect();
    floe_path path;
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    floe_ice_agent_check_invariants(&solo.agent);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
    assert_int_equal(stats().pairs, 0);
    assert_int_equal(stats().local_candidates, 1); /* the socket */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    ice_solo_advance(&solo, 39 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    ice_solo_advance(&solo, FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
}

/* Whoever loses its path moves: with a nomination, or with a request for one. */
static void test_ice_relays_agent_loss_of_its_path_is_a_move_of_either_role(void **state)
{
    (void)state;
    connect();
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    assert_int_equal(solo.agent.moves, 1);
    assert_int_equal(solo.agent.pleas, 0);
    begin(FLOE_ICE_CONTROLLED);
    permit();
    (void)ice_solo_live(&solo, 3 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    assert_int_equal(solo.agent.moves, 1);
    assert_true(solo.agent.pleas > 0);
}

/* That an earlier pair was lost is no reason to give up when the one after it goes. */
static void test_ice_relays_agent_loss_of_a_path_after_another_is_checked_on(void **state)
{
    (void)state;
    connect();
    const floe_addr first = relay;
    add_relay(2);
    floe_path path = {.local = relay, .remote = solo.peer};
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    (void)ice_solo_live(&solo, FLOE_SECOND);
    assert_int_equal(stats().valid_pairs, 2);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK); /* still there */
    do {
        assert_true(ice_solo_poll(&solo));
    } while (!floe_addr_equal(&solo.out.path.local, &first));
    path = solo.out.path;
    ice_message no = ice_message_error((floe_bytes){solo.buf, solo.out.len}, 403);
    assert_int_equal(ice_solo_input_on(&solo, &path, &no), FLOE_OK);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
}

static void test_ice_relays_agent_other_relay_takes_over(void **state)
{
    (void)state;
    connect();
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    for (uint8_t n = 2; n < 60; n++) { /* far more than there are places */
        add_relay(n);
        permit();
        (void)ice_solo_live(&solo, 3 * FLOE_SECOND);
        assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
        floe_ice_stats now = stats();
        assert_true(floe_addr_equal(&now.local.addr, &relay));
        floe_ice_agent_remove_relay(&solo.agent, &relay);
        floe_ice_agent_check_invariants(&solo.agent);
    }
    assert_int_equal(stats().dropped_full, 0);
}

static void test_ice_relays_agent_old_pair_goes_with_its_relay(void **state)
{
    (void)state;
    connect();
    floe_path path;
    const floe_bytes made = {NULL, 0};
    assert_int_equal(floe_ice_agent_restart(&solo.agent, made, made), FLOE_OK);
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.local, &relay));
    floe_ice_agent_remove_relay(&solo.agent, &relay);
    floe_ice_agent_check_invariants(&solo.agent);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
}

static void test_ice_relays_agent_restart_tells_relays_again(void **state)
{
    (void)state;
    connect();
    const floe_bytes made = {NULL, 0};
    (void)count_told();
    assert_int_equal(floe_ice_agent_restart(&solo.agent, made, made), FLOE_OK);
    assert_int_equal(count_told(), 1);
}

static void test_ice_relays_agent_late_relay_is_used_but_not_told(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    assert_int_equal(count_told(), 1);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
    add_relay(2);
    assert_int_equal(count_told(), 0);
    permit();
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.local, &relay));
}

static void test_ice_relays_agent_relay_in_the_place_of_another_is_told(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.policy = FLOE_ICE_POLICY_RELAY});
    for (uint8_t n = 1; n < FLOE_ICE_LOCAL_MAX + 4; n++) {
        add_relay(n);
        assert_int_equal(count_told(), 1);
        floe_ice_agent_remove_relay(&solo.agent, &relay);
    }
}

static void test_ice_relays_agent_permission_is_not_for_peer_reflexive_candidates(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLED});
    add_relay(1);
    ice_solo_signal(&solo);
    floe_path path = ice_solo_path(&solo);
    path.remote.port++;
    ice_message check = ice_message_check(true);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    assert_int_equal(stats().remote_candidates, 2);
    assert_int_equal(stats().pairs, 2);
    permit();
    assert_int_equal(stats().pairs, 3); /* the relay with the one that was signalled */
}

static void test_ice_relays_agent_gathering_waits_until_told_otherwise(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    const floe_bytes made = {NULL, 0};
    floe_ice_agent_set_relaying(&solo.agent, true);
    floe_ice_agent_end_local(&solo.agent);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_BUSY);
    floe_ice_agent_set_relaying(&solo.agent, false);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(floe_ice_agent_restart(&solo.agent, made, made), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_BUSY);
    floe_ice_agent_set_relaying(&solo.agent, false);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_relays_agent_mapped_address_is_a_reflexive_candidate_of_its_base(void **state)
{
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    mapped = floe_addr_from_ipv4(203, 0, 113, 5, 5000);
    floe_ice_cand cand;
    size_t at = 1;
    floe_ice_agent_add_mapped(&solo.agent, &mapped, &mapped, 1); /* no socket of ours */
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &solo.local, 1);
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &none, 1);
    assert_false(floe_ice_agent_next_local(&solo.agent, &at, &cand));
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &mapped, 1);
    assert_true(floe_ice_agent_next_local(&solo.agent, &at, &cand));
    assert_int_equal(cand.type, FLOE_ICE_SRFLX);
    assert_true(floe_addr_equal(&cand.base, &solo.local));
    floe_ice_agent_end_local(&solo.agent);
    floe_addr late = floe_addr_from_ipv4(203, 0, 113, 6, 5000);
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &late, 1);
    assert_false(floe_ice_agent_next_local(&solo.agent, &at, &cand));
}

static void test_ice_relays_agent_refuses_what_can_not_be(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    floe_ice_cand cand;
    size_t at = 0;
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &none, &none, 1, 1), FLOE_E_ARG);
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &relay, &none, 1, 1), FLOE_OK);
    /* A server that names a socket of ours would have all of its packets. */
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &solo.local, &none, 1, 1), FLOE_E_ARG);
    assert_int_equal(stats().local_candidates, 2);
    floe_ice_agent_remove_relay(&solo.agent, &solo.local); /* a socket is no relay */
    floe_ice_agent_remove_relay(&solo.agent, &solo.peer);
    floe_ice_agent_permit(&solo.agent, &solo.local, &solo.peer);
    assert_int_equal(stats().local_candidates, 2);
    assert_int_equal(stats().pairs, 0);
    assert_true(floe_ice_agent_next_remote(&solo.agent, &at, &cand));
    assert_true(floe_addr_equal(&cand.addr, &solo.peer));
    assert_false(floe_ice_agent_next_remote(&solo.agent, &at, &cand));
    floe_ice_agent_close(&solo.agent);
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &mapped, &none, 1, 1), FLOE_E_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_relays_agent_relay_is_a_candidate_and_its_own_base),
        cmocka_unit_test(test_ice_relays_agent_foundations_tell_relayed_ips_and_servers_apart),
        cmocka_unit_test(test_ice_relays_agent_checks_only_what_is_permitted),
        cmocka_unit_test(test_ice_relays_agent_relay_stays_one_whatever_the_peer_sees),
        cmocka_unit_test(
            test_ice_relays_agent_permission_counts_before_the_credentials_when_repeated),
        cmocka_unit_test(test_ice_relays_agent_check_that_comes_on_a_relay_makes_its_pair),
        cmocka_unit_test(test_ice_relays_agent_policy_hides_sockets),
        cmocka_unit_test(test_ice_relays_agent_removed_relay_takes_its_pairs_and_path_with_it),
        cmocka_unit_test(test_ice_relays_agent_loss_of_its_path_is_a_move_of_either_role),
        cmocka_unit_test(test_ice_relays_agent_loss_of_a_path_after_another_is_checked_on),
        cmocka_unit_test(test_ice_relays_agent_other_relay_takes_over),
        cmocka_unit_test(test_ice_relays_agent_old_pair_goes_with_its_relay),
        cmocka_unit_test(test_ice_relays_agent_restart_tells_relays_again),
        cmocka_unit_test(test_ice_relays_agent_late_relay_is_used_but_not_told),
        cmocka_unit_test(test_ice_relays_agent_relay_in_the_place_of_another_is_told),
        cmocka_unit_test(test_ice_relays_agent_permission_is_not_for_peer_reflexive_candidates),
        cmocka_unit_test(test_ice_relays_agent_gathering_waits_until_told_otherwise),
        cmocka_unit_test(test_ice_relays_agent_mapped_address_is_a_reflexive_candidate_of_its_base),
        cmocka_unit_test(test_ice_relays_agent_refuses_what_can_not_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
