/* Tests of ice/ice_check.c: which check leaves when, and what is in it. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    return 0;
}

static floe_addr peer(uint8_t n)
{
    return floe_addr_from_ipv4(198, 51, 100, n, 7000);
}

/* Credentials, and `count` remote candidates of different foundations, best first. */
static void signal_many(uint8_t count)
{
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    for (uint8_t i = 0; i < count; i++) {
        floe_ice_cand cand = {.addr = peer(i),
                              .priority = floe_ice_priority(FLOE_ICE_HOST, (uint16_t)(1000 - i)),
                              .foundation = 100u + i};
        assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    }
}

static void test_ice_check_carries_what_rfc_8445_wants(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr name;
    uint32_t priority;
    uint64_t tie_breaker;
    ice_solo_signal(&solo);
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &name));
    assert_true(floe_bytes_equal(name.value, FLOE_LIT(ICE_TO_PEER)));
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    assert_int_equal(priority, floe_ice_priority(FLOE_ICE_PRFLX, 65535));
    assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLING, &tie_breaker));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_ICE_CONTROLLED));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
    assert_int_equal(floe_stun_msg_check_integrity(&msg, FLOE_LIT(ICE_PEER_PWD)), FLOE_OK);
    assert_true(msg.has_fingerprint);
    assert_int_equal(solo.out.segment, solo.out.len);
}

static void test_ice_check_of_the_longest_credentials_fits(void **state)
{
    (void)state;
    char ufrag[FLOE_ICE_CREDENTIAL_MAX];
    memset(ufrag, 'u', sizeof ufrag);
    ice_solo_signal(&solo);
    assert_int_equal(floe_ice_agent_set_remote(
                         &solo.agent,
                         (floe_bytes){(const uint8_t *)ufrag, FLOE_ICE_CREDENTIAL_MAX - 24},
                         FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_true(ice_solo_expect_check(&solo).len <= 600);
}

static void test_ice_check_leaves_at_once_when_there_is_a_pair(void **state)
{
    (void)state;
    assert_int_equal(ice_solo_drain(&solo), 0);
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_drain(&solo), 1);
}

static void test_ice_check_keeps_the_pace_and_the_order_of_priority(void **state)
{
    (void)state;
    signal_many(5);
    for (uint8_t i = 0; i < 5; i++) {
        floe_addr expected = peer(i);
        (void)ice_solo_expect_check(&solo);
        assert_true(floe_addr_equal(&solo.out.path.remote, &expected));
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, 49 * FLOE_MS);
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, FLOE_MS);
    }
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_check_is_repeated_by_the_schedule_of_rfc_8489_then_fails(void **state)
{
    (void)state;
    static const unsigned at_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
    floe_time start = solo.now;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    ice_solo_signal(&solo);
    for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++) {
        ice_solo_advance(&solo, start + at_ms[i] * FLOE_MS - 1 - solo.now + (i == 0));
        assert_int_equal(i == 0 ? 0 : ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, i != 0);
        floe_bytes check = ice_solo_expect_check(&solo);
        if (i == 0) {
            memcpy(tid, check.ptr + 8, sizeof tid);
        }
        assert_memory_equal(check.ptr + 8, tid, sizeof tid);
    }
    ice_solo_advance(&solo, start + 39500 * FLOE_MS - 1 - solo.now);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    ice_solo_advance(&solo, 1);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CHECKS_TIMED_OUT);
}

/* Of two triggered checks the second waits the 5 ms of RFC 8445 section 14.2, and no longer. */
static void test_ice_check_triggered_does_not_wait_for_the_pace(void **state)
{
    (void)state;
    signal_many(1);
    assert_int_equal(ice_solo_drain(&solo), 1);
    for (uint8_t i = 1; i <= 3; i++) {
        floe_path path = ice_solo_path(&solo);
        path.remote = peer((uint8_t)(100 + i));
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 0);
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, 5 * FLOE_MS);
        (void)ice_solo_expect_check(&solo);
        assert_true(floe_addr_equal(&solo.out.path.remote, &path.remote));
    }
}

/* Over a lossy path a pair that the peer was heard on asks each RTO, not at growing intervals. */
static void test_ice_check_is_repeated_sooner_where_the_peer_was_heard(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_drain(&solo), 1);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_drain(&solo), 2);
    for (int i = 0; i < 8; i++) {
        ice_solo_advance(&solo, 500 * FLOE_MS);
        assert_int_equal(ice_solo_drain(&solo), 1);
    }
    ice_solo_advance(&solo, 3 * FLOE_SECOND); /* then it has been silent too long */
    (void)ice_solo_drain(&solo);
    ice_solo_advance(&solo, 500 * FLOE_MS);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_check_that_the_peer_keeps_asking_for_still_fails_in_time(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    for (int i = 0; i < 60; i++) { /* the peer's checks arrive, its answers never do */
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        (void)ice_solo_drain(&solo);
        for (int k = 0; k < 4; k++) {
            ice_solo_advance(&solo, 250 * FLOE_MS);
            (void)ice_solo_drain(&solo);
        }
    }
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
}

static void test_ice_check_of_a_frozen_pair_has_its_turn_when_nothing_waits(void **state)
{
    (void)state;
    floe_ice_cand cand = {.priority = 100, .foundation = 1};
    signal_many(2); /* foundations 100 and 101, both wait */
    cand.addr = floe_addr_from_ipv4(203, 0, 113, 1, 1);
    cand.foundation = 100;
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK); /* frozen */
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400);
    floe_path path = solo.out.path;
    assert_int_equal(ice_solo_input_on(&solo, &path, &no), FLOE_OK); /* the first of 100 failed */
    ice_solo_advance(&solo, 50 * FLOE_MS);
    (void)ice_solo_expect_check(&solo); /* 101: nothing waits any more */
    assert_true(floe_ice_agent_deadline(&solo.agent) == solo.now + 50 * FLOE_MS);
    ice_solo_advance(&solo, 50 * FLOE_MS);
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.remote, &cand.addr));
}

static void test_ice_check_uses_the_random_numbers_that_were_injected(void **state)
{
    (void)state;
    unsigned before = solo.random_calls;
    uint8_t next = solo.random_next;
    ice_solo_signal(&solo);
    floe_bytes check = ice_solo_expect_check(&solo);
    assert_true(solo.random_calls > before);
    for (size_t i = 0; i < FLOE_STUN_TID_SIZE; i++) {
        assert_int_equal(check.ptr[8 + i], (uint8_t)(next + i));
    }
}

static void test_ice_check_switch_of_role_asks_anew_in_the_new_role(void **state)
{
    (void)state;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    ice_solo_signal(&solo);
    memcpy(tid, ice_solo_expect_check(&solo).ptr + 8, sizeof tid);
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    floe_bytes check = ice_solo_expect_check(&solo);
    floe_stun_msg msg;
    assert_int_equal(floe_stun_msg_parse(&msg, check), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_ICE_CONTROLLED));
    assert_memory_not_equal(msg.tid, tid, sizeof tid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_check_carries_what_rfc_8445_wants, setup),
        cmocka_unit_test_setup(test_ice_check_of_the_longest_credentials_fits, setup),
        cmocka_unit_test_setup(test_ice_check_leaves_at_once_when_there_is_a_pair, setup),
        cmocka_unit_test_setup(test_ice_check_keeps_the_pace_and_the_order_of_priority, setup),
        cmocka_unit_test_setup(test_ice_check_is_repeated_by_the_schedule_of_rfc_8489_then_fails,
                               setup),
        cmocka_unit_test_setup(test_ice_check_triggered_does_not_wait_for_the_pace, setup),
        cmocka_unit_test_setup(test_ice_check_is_repeated_sooner_where_the_peer_was_heard, setup),
        cmocka_unit_test_setup(test_ice_check_that_the_peer_keeps_asking_for_still_fails_in_time,
                               setup),
        cmocka_unit_test_setup(test_ice_check_uses_the_random_numbers_that_were_injected, setup),
        cmocka_unit_test_setup(test_ice_check_switch_of_role_asks_anew_in_the_new_role, setup),
        cmocka_unit_test_setup(test_ice_check_of_a_frozen_pair_has_its_turn_when_nothing_waits,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
