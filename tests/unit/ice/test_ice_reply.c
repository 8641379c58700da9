/* Tests of ice/ice_reply.c: checks of the peer, and what we answer. */
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

static floe_ice_stats stats(void)
{
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    return s;
}

static floe_path from(uint8_t n)
{
    floe_path path = ice_solo_path(&solo);
    path.remote = floe_addr_from_ipv4(198, 51, 100, n, 7000);
    return path;
}

static void test_ice_reply_tells_the_address_that_it_saw(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    floe_stun_msg msg;
    floe_addr mapped;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){solo.buf, solo.out.len}), FLOE_OK);
    assert_memory_equal(msg.tid, check.tid, sizeof check.tid);
    assert_true(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped));
    assert_true(floe_addr_equal(&mapped, &solo.peer));
    assert_true(floe_addr_equal(&solo.out.path.remote, &solo.peer));
    assert_true(floe_addr_equal(&solo.out.path.local, &solo.local));
}

/* pion and str0m: a check that comes before the answer must not cost the peer a retransmission. */
static void test_ice_reply_answers_an_early_check_in_the_same_step(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(stats().pairs, 0);
}

static void test_ice_reply_follows_an_early_check_up_when_the_answer_comes(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    (void)ice_solo_drain(&solo);
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    assert_int_equal(stats().remote_candidates, 1); /* peer-reflexive */
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(stats().remote.type, FLOE_ICE_PRFLX);
    assert_int_equal(stats().remote.priority, check.priority);
}

static void test_ice_reply_remembers_an_early_nomination(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    check.use_candidate = false; /* a later one takes nothing back */
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    (void)ice_solo_drain(&solo);
    ice_solo_signal(&solo);
    floe_ice_agent_end_remote(&solo.agent);
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

static void test_ice_reply_keeps_early_checks_within_bounds(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        floe_path path = from((uint8_t)(i % 100));
        path.remote.port = (uint16_t)(1 + i);
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 0);
    }
    ice_solo_signal(&solo);
    assert_int_equal(stats().remote_candidates, FLOE_ICE_EARLY_MAX + 1);
}

static void test_ice_reply_keeps_one_early_check_a_path(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    for (uint8_t i = 1; i < FLOE_ICE_EARLY_MAX; i++) {
        floe_path path = from(i);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        (void)ice_solo_drain(&solo);
    }
    for (int i = 0; i < 100; i++) { /* a peer that asks again and again pushes nobody out */
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        (void)ice_solo_drain(&solo);
    }
    ice_solo_signal(&solo);
    assert_int_equal(stats().remote_candidates, FLOE_ICE_EARLY_MAX);
}

static void test_ice_reply_does_not_follow_up_for_another_peer(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    check.username = ICE_OUR_UFRAG ":somebody";
    floe_path path = from(1);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_signal(&solo);
    assert_int_equal(stats().remote_candidates, 1);
}

/* aioice ice.py:1107: a check without MESSAGE-INTEGRITY was accepted, USE-CANDIDATE included. */
static void test_ice_reply_drops_what_is_not_signed_without_a_word(void **state)
{
    (void)state;
    static const ice_integrity bad[] = {ICE_INTEGRITY_NONE, ICE_INTEGRITY_EMPTY,
                                        ICE_INTEGRITY_WRONG, ICE_INTEGRITY_SHA256_ONLY,
                                        ICE_INTEGRITY_TWO};
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ice_message check = ice_message_check(true);
        check.integrity = bad[i];
        check.use_candidate = true;
        floe_path path = from((uint8_t)i);
        assert_int_equal(floe_err_class(ice_solo_input_on(&solo, &path, &check)), FLOE_KIND_WIRE);
        assert_int_equal(ice_solo_drain(&solo), 0);
    }
    assert_int_equal(stats().remote_candidates, 1);
    assert_int_equal(stats().dropped_auth + stats().dropped_malformed, 5);
}

static void test_ice_reply_drops_a_check_with_the_wrong_name(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL, "", "ourufra:peer", "peerufrag:ourufrag", "ourufrag"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ice_message check = ice_message_check(false);
        check.username = bad[i];
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_AUTH);
    }
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_reply_drops_a_check_without_fingerprint(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    check.no_fingerprint = true;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_MALFORMED);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_reply_drops_a_check_to_an_unknown_socket(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    floe_path path = ice_solo_path(&solo);
    path.local.port++;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_E_UNKNOWN);
    path = ice_solo_path(&solo);
    path.transport = FLOE_TCP;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_E_UNKNOWN);
    path = ice_solo_path(&solo);
    path.remote = floe_addr_from_ipv4(224, 0, 0, 1, 5000); /* nobody sends from there */
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_E_UNKNOWN);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

/* libjuice stun.c:1020: only warned about. */
static void test_ice_reply_names_the_attribute_that_it_had_to_understand(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    floe_stun_msg msg;
    floe_stun_attr attr;
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo);
    check.odd = 0x0033;
    check.use_candidate = true;
    floe_path path = from(1);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 420);
    assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){solo.buf, solo.out.len}), FLOE_OK);
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_UNKNOWN_ATTRIBUTES, &attr));
    assert_memory_equal(attr.value.ptr, "\x00\x33", 2);
    assert_int_equal(stats().remote_candidates, 1);
}

static void test_ice_reply_after_a_refusal_is_an_ordinary_one(void **state)
{
    (void)state;
    floe_stun_msg msg;
    ice_message odd = ice_message_check(false);
    ice_message check = ice_message_check(false);
    odd.odd = 0x0033;
    for (int i = 0; i < FLOE_ICE_REPLY_MAX; i++) { /* every slot has held a refusal */
        assert_int_equal(ice_solo_input(&solo, &odd), FLOE_OK);
        ice_solo_expect_reply(&solo, 420);
    }
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){solo.buf, solo.out.len}), FLOE_OK);
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_UNKNOWN_ATTRIBUTES));
}

static void test_ice_reply_ignores_an_attribute_that_need_not_be_understood(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    check.odd = 0xc057; /* GOOG-NETWORK-INFO */
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
}

static void test_ice_reply_without_priority_is_given_and_counts_least(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    check.priority = 0;
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo);
    floe_path path = from(1);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    ice_solo_answer(&solo);
    assert_int_equal(stats().remote.priority, 0);
}

/* RFC 8445 section 7.3.1.1. libjuice answered no request that made it switch, pion likewise. */
static void test_ice_reply_settles_a_conflict_of_roles(void **state)
{
    (void)state;
    static const struct {
        floe_ice_role ours;
        uint64_t theirs; /* against 100 of ours; the peer claims the same role */
        int code;
        floe_ice_role after;
    } rows[] = {
        {FLOE_ICE_CONTROLLING, 99, 487, FLOE_ICE_CONTROLLING},
        {FLOE_ICE_CONTROLLING, 100, 487, FLOE_ICE_CONTROLLING},
        {FLOE_ICE_CONTROLLING, 101, 0, FLOE_ICE_CONTROLLED},
        {FLOE_ICE_CONTROLLED, 99, 0, FLOE_ICE_CONTROLLING},
        {FLOE_ICE_CONTROLLED, 100, 0, FLOE_ICE_CONTROLLING},
        {FLOE_ICE_CONTROLLED, 101, 487, FLOE_ICE_CONTROLLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ice_solo_init(&solo, rows[i].ours);
        solo.agent.tie_breaker = 100;
        ice_message check = ice_message_check(rows[i].ours == FLOE_ICE_CONTROLLING);
        check.tie_breaker = rows[i].theirs;
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, rows[i].code);
        assert_int_equal(floe_ice_agent_get_role(&solo.agent), rows[i].after);
    }
}

static void test_ice_reply_that_switches_the_role_goes_on_as_usual(void **state)
{
    (void)state;
    floe_path path = from(1);
    ice_message check = ice_message_check(true);
    check.tie_breaker = UINT64_MAX;
    check.use_candidate = true;
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    for (int i = 0; i < 2; i++) { /* the check under way anew, and the triggered one */
        ice_solo_answer(&solo);
        ice_solo_advance(&solo, 5 * FLOE_MS);
    }
    floe_ice_agent_end_remote(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED); /* nominated by that check */
}

/* libwebrtc yields at a tie, where RFC 8445 keeps: so it is for us to keep. */
static void test_ice_reply_agrees_with_libwebrtc_at_equal_tie_breakers(void **state)
{
    (void)state;
    ice_message check = ice_message_check(true);
    check.tie_breaker = solo.agent.tie_breaker;
    ice_solo_signal(&solo);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK); /* sent before ours arrived */
    ice_solo_expect_reply(&solo, 487);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK); /* ours made it yield */
    check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
}

static void test_ice_reply_refusal_for_the_role_changes_nothing(void **state)
{
    (void)state;
    floe_path path = from(1);
    ice_message check = ice_message_check(true);
    check.tie_breaker = 0;
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 487);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(stats().remote_candidates, 1);
}

static void test_ice_reply_triggers_a_check_at_once(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    ice_solo_signal(&solo);
    (void)ice_solo_drain(&solo); /* the first ordinary check: Ta begins */
    floe_path path = from(1);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.remote, &path.remote));
}

static void test_ice_reply_repeats_the_check_under_way_with_the_same_transaction(void **state)
{
    (void)state;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    ice_message check = ice_message_check(false);
    ice_solo_signal(&solo);
    memcpy(tid, ice_solo_expect_check(&solo).ptr + 8, sizeof tid);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_memory_equal(ice_solo_expect_check(&solo).ptr + 8, tid, sizeof tid);
}

/* Firefox answers checks before it has our description, and forgets all but the first of them. */
static void test_ice_reply_to_the_first_check_on_a_nominated_pair_nominates_again(void **state)
{
    (void)state;
    floe_stun_msg msg;
    ice_message check = ice_message_check(false);
    ice_solo_connect(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
}

static void test_ice_reply_to_a_valid_pair_triggers_nothing(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    ice_solo_connect(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    (void)ice_solo_drain(&solo); /* what the first one brings about */
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_reply_makes_pairs_of_unknown_sources_within_bounds(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    for (int i = 0; i < 1000; i++) {
        floe_path path = from((uint8_t)(i % 250));
        path.remote.port = (uint16_t)(1 + i);
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        (void)ice_solo_drain(&solo);
    }
    assert_true(stats().remote_candidates <= FLOE_ICE_REMOTE_MAX / 2 + 1);
    assert_true(stats().dropped_full > 900);
    /* and there is room left for those that are signalled */
    floe_addr late = floe_addr_from_ipv4(203, 0, 113, 9, 9);
    ice_solo_add_remote(&solo, &late, FLOE_ICE_SRFLX);
}

/* The peer would take the pair for valid, nominate it, and send where nobody listens: so it was
 * between two symmetric NATs, each of whose checks comes from an address of its own. */
static void test_ice_reply_does_not_answer_what_it_has_no_room_for(void **state)
{
    (void)state;
    uint64_t answered = 0;
    ice_solo_signal(&solo);
    for (int i = 0; i < 100; i++) {
        floe_path path = from((uint8_t)i);
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        (void)ice_solo_drain(&solo);
        assert_int_equal(stats().replies_sent - answered, stats().dropped_full == 0 ? 1 : 0);
        answered = stats().replies_sent;
    }
    assert_int_equal(answered + 1, stats().pairs); /* and that with its candidate */
}

static void test_ice_reply_full_drops_the_check_and_the_next_one_is_answered(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    for (int round = 0; round < 3; round++) {
        for (uint8_t i = 0; i < FLOE_ICE_REPLY_MAX; i++) {
            check.tid[0] = i;
            assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        }
        check.tid[0] = 0xff;
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_FULL);
        assert_int_equal(stats().dropped_full, round + 1);
        for (uint8_t i = 0; i < FLOE_ICE_REPLY_MAX; i++) {
            ice_solo_expect_reply(&solo, 0);
            assert_int_equal(solo.buf[8], i); /* each its own, in order */
        }
        assert_int_equal(ice_solo_drain(&solo), 0);
    }
}

static void test_ice_reply_is_never_longer_than_the_check_by_much(void **state)
{
    (void)state;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    ice_message check = ice_message_check(false);
    size_t asked = ice_message_write(&check, buf).len;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_true(solo.out.len <= asked);
}

static void test_ice_reply_leaves_an_indication_alone(void **state)
{
    (void)state;
    ice_message keepalive = {.cls = FLOE_STUN_INDICATION};
    assert_int_equal(ice_solo_input(&solo, &keepalive), FLOE_OK);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_reply_tells_the_address_that_it_saw, setup),
        cmocka_unit_test_setup(test_ice_reply_answers_an_early_check_in_the_same_step, setup),
        cmocka_unit_test_setup(test_ice_reply_follows_an_early_check_up_when_the_answer_comes,
                               setup),
        cmocka_unit_test_setup(test_ice_reply_remembers_an_early_nomination, setup),
        cmocka_unit_test_setup(test_ice_reply_keeps_early_checks_within_bounds, setup),
        cmocka_unit_test_setup(test_ice_reply_does_not_follow_up_for_another_peer, setup),
        cmocka_unit_test_setup(test_ice_reply_drops_what_is_not_signed_without_a_word, setup),
        cmocka_unit_test_setup(test_ice_reply_drops_a_check_with_the_wrong_name, setup),
        cmocka_unit_test_setup(test_ice_reply_drops_a_check_without_fingerprint, setup),
        cmocka_unit_test_setup(test_ice_reply_drops_a_check_to_an_unknown_socket, setup),
        cmocka_unit_test_setup(test_ice_reply_names_the_attribute_that_it_had_to_understand, setup),
        cmocka_unit_test_setup(test_ice_reply_ignores_an_attribute_that_need_not_be_understood,
                               setup),
        cmocka_unit_test_setup(test_ice_reply_without_priority_is_given_and_counts_least, setup),
        cmocka_unit_test_setup(test_ice_reply_triggers_a_check_at_once, setup),
        cmocka_unit_test_setup(test_ice_reply_repeats_the_check_under_way_with_the_same_transaction,
                               setup),
        cmocka_unit_test_setup(
            test_ice_reply_to_the_first_check_on_a_nominated_pair_nominates_again, setup),
        cmocka_unit_test_setup(test_ice_reply_to_a_valid_pair_triggers_nothing, setup),
        cmocka_unit_test_setup(test_ice_reply_makes_pairs_of_unknown_sources_within_bounds, setup),
        cmocka_unit_test_setup(test_ice_reply_does_not_answer_what_it_has_no_room_for, setup),
        cmocka_unit_test_setup(test_ice_reply_full_drops_the_check_and_the_next_one_is_answered,
                               setup),
        cmocka_unit_test_setup(test_ice_reply_is_never_longer_than_the_check_by_much, setup),
        cmocka_unit_test_setup(test_ice_reply_leaves_an_indication_alone, setup),
        cmocka_unit_test_setup(test_ice_reply_after_a_refusal_is_an_ordinary_one, setup),
        cmocka_unit_test_setup(test_ice_reply_settles_a_conflict_of_roles, setup),
        cmocka_unit_test_setup(test_ice_reply_that_switches_the_role_goes_on_as_usual, setup),
        cmocka_unit_test_setup(test_ice_reply_agrees_with_libwebrtc_at_equal_tie_breakers, setup),
        cmocka_unit_test_setup(test_ice_reply_refusal_for_the_role_changes_nothing, setup),
        cmocka_unit_test_setup(test_ice_reply_keeps_one_early_check_a_path, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
