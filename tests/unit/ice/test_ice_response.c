/* Tests of ice/ice_response.c: what responses to our checks do, and what they must not do. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

/* Controlling, signalled; the first check is out and not answered. */
static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_signal(&solo);
    return 0;
}

static floe_ice_stats stats(void)
{
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    return s;
}

static bool has_path(void)
{
    floe_path path;
    return floe_ice_agent_get_path(&solo.agent, &path);
}

static uint64_t tie_breaker_of(floe_bytes check, uint16_t role)
{
    floe_stun_msg msg;
    uint64_t value = 0;
    assert_int_equal(floe_stun_msg_parse(&msg, check), FLOE_OK);
    assert_true(floe_stun_msg_get_u64(&msg, role, &value));
    return value;
}

static void test_ice_response_success_makes_the_pair_valid(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    assert_false(has_path());
    solo.now += 30 * FLOE_MS;
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    assert_true(has_path());
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(stats().rtt_us, 30000);
    assert_int_equal(stats().valid_pairs, 1);
    assert_int_equal(stats().local.type, FLOE_ICE_HOST);
}

static void test_ice_response_with_a_new_address_reveals_a_peer_reflexive_candidate(void **state)
{
    (void)state;
    floe_addr outside = floe_addr_from_ipv4(198, 51, 100, 7, 7777);
    floe_stun_msg msg;
    uint32_t priority;
    floe_bytes check = ice_solo_expect_check(&solo);
    assert_int_equal(floe_stun_msg_parse(&msg, check), FLOE_OK);
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    ice_message answer = ice_message_success(check, &outside);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    floe_ice_cand local = stats().local;
    assert_int_equal(local.type, FLOE_ICE_PRFLX);
    assert_true(floe_addr_equal(&local.addr, &outside));
    assert_true(floe_addr_equal(&local.base, &solo.local));
    assert_int_equal(local.priority, priority);
    size_t cursor = 1; /* the peer knows it: it is not told */
    floe_ice_cand cand;
    assert_false(floe_ice_agent_next_local(&solo.agent, &cursor, &cand));
}

/* Through a NAT64 the peer sees an IPv4 address of our IPv6 socket. */
/* Karn: nobody knows which of them was answered. */
static void test_ice_response_to_a_repeated_check_is_no_round_trip_time(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    (void)ice_solo_expect_check(&solo);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_answer(&solo); /* repeated out of turn, for the peer's check */
    assert_true(has_path());
    assert_int_equal(stats().rtt_us, 0);
}

static void test_ice_response_to_a_repeated_nomination_is_no_round_trip_time(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    ice_solo_advance(&solo, 30 * FLOE_MS);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    (void)ice_solo_expect_check(&solo); /* the nomination is lost */
    ice_solo_advance(&solo, 500 * FLOE_MS);
    ice_solo_answer(&solo);
    assert_int_equal(stats().rtt_us, 30000);
}

static void test_ice_response_to_a_superseded_check_is_no_round_trip_time(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    (void)ice_solo_expect_check(&solo);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    assert_int_equal(stats().rtt_us, 0);
}

static void test_ice_response_may_tell_an_address_of_the_other_family(void **state)
{
    (void)state;
    floe_addr six = {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .family = 6, .port = 1};
    floe_addr outside = {.ip = {0, 0x64, 0xff, 0x9b, [15] = 9}, .family = 6, .port = 2};
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 7, 7777);
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &six, 9), FLOE_OK);
    ice_solo_add_remote(&solo, &outside, FLOE_ICE_HOST);
    ice_solo_advance(&solo, 50 * FLOE_MS);
    (void)ice_solo_expect_check(&solo);
    ice_solo_advance(&solo, 50 * FLOE_MS);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &mapped);
    floe_path path = solo.out.path;
    assert_int_equal(path.remote.family, 6);
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    assert_true(has_path());
    assert_int_equal(stats().local.addr.family, 4);
}

/* aioice ice.py:282: responses were matched by their transaction alone. */
static void test_ice_response_that_is_not_signed_changes_nothing(void **state)
{
    (void)state;
    static const ice_integrity bad[] = {ICE_INTEGRITY_NONE, ICE_INTEGRITY_EMPTY,
                                        ICE_INTEGRITY_WRONG, ICE_INTEGRITY_SHA256_ONLY,
                                        ICE_INTEGRITY_TWO};
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        answer.integrity = bad[i];
        assert_int_equal(floe_err_class(ice_solo_input(&solo, &answer)), FLOE_KIND_WIRE);
        assert_false(has_path());
    }
    answer.integrity = ICE_INTEGRITY_GOOD;
    answer.pwd = ICE_OUR_PWD; /* an echo of our own secret is none of the peer's */
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_E_AUTH);
    answer.pwd = ICE_PEER_PWD;
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    assert_true(has_path());
}

/* libjuice agent.c:1388: an error needed no integrity; a spoofed 487 flipped the role. */
static void test_ice_response_unauthenticated_error_changes_nothing(void **state)
{
    (void)state;
    static const int codes[] = {300, 400, 401, 403, 420, 487, 500};
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 400);
    error.pwd = NULL;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        error.error = codes[i];
        assert_int_equal(ice_solo_input(&solo, &error), FLOE_E_AUTH);
        assert_int_equal(ice_solo_drain(&solo), 0);
        assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
    }
    ice_solo_advance(&solo, 500 * FLOE_MS);
    (void)ice_solo_expect_check(&solo); /* the check goes on as if nothing had come */
}

static void test_ice_response_unauthenticated_403_does_not_revoke_consent(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 403);
    error.pwd = NULL;
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_E_AUTH);
    assert_true(has_path());
}

static void test_ice_response_487_switches_the_role_and_asks_again(void **state)
{
    (void)state;
    floe_bytes check = ice_solo_expect_check(&solo);
    uint64_t before = tie_breaker_of(check, FLOE_STUN_ICE_CONTROLLING);
    ice_message error = ice_message_error(check, 487);
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    uint64_t after = tie_breaker_of(ice_solo_expect_check(&solo), FLOE_STUN_ICE_CONTROLLED);
    assert_true(before != after); /* RFC 8445 section 7.2.5.1: or equal ones would never part */
}

static void test_ice_response_487_to_a_controlled_agent_makes_it_controlling(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 487);
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
}

/* Both would be controlling for ever, and ask each other as fast as the network lets them. */
static void test_ice_response_487_of_a_lite_peer_is_a_refusal(void **state)
{
    (void)state;
    solo.agent.is_remote_lite = true;
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 487);
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
    ice_solo_advance(&solo, 100 * FLOE_MS);
    assert_false(ice_solo_poll(&solo));
}

/* str0m and libjuice learned it: a 487 to a check of the old role must not turn the role back. */
static void test_ice_response_stale_487_does_not_switch_again(void **state)
{
    (void)state;
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 487);
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    (void)ice_solo_expect_check(&solo); /* in the new role, by a new transaction */
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
}

static void test_ice_response_to_a_superseded_check_still_counts(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    (void)ice_solo_expect_check(&solo);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    assert_true(has_path());
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_E_UNKNOWN);
    assert_int_equal(stats().dropped_unknown, 1);
}

static void test_ice_response_from_another_address_fails_the_pair(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    floe_path path = ice_solo_path(&solo);
    path.remote.port++;
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    assert_false(has_path());
    ice_solo_advance(&solo, FLOE_SECOND);
    assert_int_equal(ice_solo_drain(&solo), 0); /* failed: not repeated */
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_E_UNKNOWN);
}

static void test_ice_response_to_another_socket_fails_the_pair(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    path.local = ice_solo_add_local(&solo, 2);
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    assert_false(has_path());
}

static void test_ice_response_from_another_address_does_not_fail_a_valid_pair(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    floe_path path = ice_solo_path(&solo);
    path.remote.port++;
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    assert_true(has_path());
    assert_int_equal(stats().consent_received, 1); /* that of the nomination */
}

static void test_ice_response_of_no_use_fails_the_pair(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        (void)setup(NULL);
        ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
        switch (i) {
        case 0: /* RFC 8489 section 6.3.3 */
            answer.odd = 0x0033;
            break;
        case 1:
            answer.mapped.family = 0;
            break;
        case 2:
            answer.mapped = floe_addr_from_ipv4(0, 0, 0, 0, 1);
            break;
        case 3:
            answer.cls = FLOE_STUN_ERROR; /* and no ERROR-CODE */
            break;
        }
        assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
        assert_false(has_path());
        ice_solo_advance(&solo, FLOE_SECOND);
        assert_int_equal(ice_solo_drain(&solo), 0);
    }
}

/* librice conncheck.rs:3232: such an error fell through to success. */
static void test_ice_response_error_with_a_mapped_address_is_no_success(void **state)
{
    (void)state;
    ice_message error = ice_message_error(ice_solo_expect_check(&solo), 500);
    error.mapped = solo.local;
    assert_int_equal(ice_solo_input(&solo, &error), FLOE_OK);
    assert_false(has_path());
}

static void test_ice_response_without_fingerprint_is_dropped(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    answer.no_fingerprint = true;
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_E_MALFORMED);
    assert_false(has_path());
}

static void test_ice_response_comes_once(void **state)
{
    (void)state;
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_E_UNKNOWN);
}

static void test_ice_response_success_thaws_its_foundation(void **state)
{
    (void)state;
    floe_ice_cand cand = {.addr = floe_addr_from_ipv4(192, 0, 2, 201, 6001),
                          .priority = 1000,
                          .foundation = solo.peer.port};
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    floe_bytes check = ice_solo_expect_check(&solo);
    ice_message answer = ice_message_success(check, &solo.local);
    ice_solo_advance(&solo, 60 * FLOE_MS);
    assert_int_equal(ice_solo_drain(&solo), 0); /* the second one is frozen */
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    (void)ice_solo_expect_check(&solo); /* the nomination of the first; 5 ms between any two */
    ice_solo_advance(&solo, 5 * FLOE_MS);
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.remote, &cand.addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_response_success_makes_the_pair_valid, setup),
        cmocka_unit_test_setup(
            test_ice_response_with_a_new_address_reveals_a_peer_reflexive_candidate, setup),
        cmocka_unit_test_setup(test_ice_response_may_tell_an_address_of_the_other_family, setup),
        cmocka_unit_test_setup(test_ice_response_that_is_not_signed_changes_nothing, setup),
        cmocka_unit_test_setup(test_ice_response_unauthenticated_error_changes_nothing, setup),
        cmocka_unit_test_setup(test_ice_response_unauthenticated_403_does_not_revoke_consent,
                               setup),
        cmocka_unit_test_setup(test_ice_response_487_switches_the_role_and_asks_again, setup),
        cmocka_unit_test_setup(test_ice_response_487_to_a_controlled_agent_makes_it_controlling,
                               setup),
        cmocka_unit_test_setup(test_ice_response_487_of_a_lite_peer_is_a_refusal, setup),
        cmocka_unit_test_setup(test_ice_response_stale_487_does_not_switch_again, setup),
        cmocka_unit_test_setup(test_ice_response_to_a_superseded_check_still_counts, setup),
        cmocka_unit_test_setup(test_ice_response_from_another_address_fails_the_pair, setup),
        cmocka_unit_test_setup(test_ice_response_to_another_socket_fails_the_pair, setup),
        cmocka_unit_test_setup(test_ice_response_from_another_address_does_not_fail_a_valid_pair,
                               setup),
        cmocka_unit_test_setup(test_ice_response_of_no_use_fails_the_pair, setup),
        cmocka_unit_test_setup(test_ice_response_error_with_a_mapped_address_is_no_success, setup),
        cmocka_unit_test_setup(test_ice_response_without_fingerprint_is_dropped, setup),
        cmocka_unit_test_setup(test_ice_response_comes_once, setup),
        cmocka_unit_test_setup(test_ice_response_success_thaws_its_foundation, setup),
        cmocka_unit_test_setup(test_ice_response_to_a_superseded_check_is_no_round_trip_time,
                               setup),
        cmocka_unit_test_setup(test_ice_response_to_a_repeated_check_is_no_round_trip_time, setup),
        cmocka_unit_test_setup(test_ice_response_to_a_repeated_nomination_is_no_round_trip_time,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
