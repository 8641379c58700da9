/* Tests of ice/ice_remote.c: the peer's candidates and credentials, roles, restarts. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

#define NEW_UFRAG "newufrag"
#define NEW_PWD   "newpasswordnewpassword00"

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

static bool has_path(void)
{
    floe_path path;
    return floe_ice_agent_get_path(&solo.agent, &path);
}

static floe_err set_remote(const char *ufrag, const char *pwd)
{
    floe_err err =
        floe_ice_agent_set_remote(&solo.agent, floe_bytes_of(ufrag), floe_bytes_of(pwd), false);
    floe_ice_agent_check_invariants(&solo.agent);
    return err;
}

static void restart(const char *ufrag, const char *pwd)
{
    assert_int_equal(floe_ice_agent_restart(&solo.agent, floe_bytes_of(ufrag), floe_bytes_of(pwd)),
                     FLOE_OK);
    floe_ice_agent_check_invariants(&solo.agent);
}

/* The user name of the next check. */
static void assert_next_check_is_named(const char *name)
{
    floe_stun_msg msg;
    floe_stun_attr attr;
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &attr));
    assert_true(floe_bytes_equal(attr.value, floe_bytes_of(name)));
}

static void answer_last(const char *pwd)
{
    ice_message answer =
        ice_message_success((floe_bytes){solo.buf, solo.out.len}, &solo.out.path.local);
    floe_path path = solo.out.path;
    answer.pwd = pwd;
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
}

static void test_ice_remote_candidates_may_come_before_credentials(void **state)
{
    (void)state;
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    assert_int_equal(ice_solo_drain(&solo), 1);
}

static void test_ice_remote_duplicate_candidate_is_ignored(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_int_equal(stats().remote_candidates, 1);
    assert_int_equal(stats().pairs, 1);
}

static void test_ice_remote_candidate_without_address_is_refused(void **state)
{
    (void)state;
    floe_ice_cand cand = {.addr = {.family = 0, .port = 9}};
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_E_ARG);
    cand.addr = floe_addr_from_ipv4(192, 0, 2, 1, 0);
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_E_ARG);
}

static void test_ice_remote_full_refuses_a_further_candidate(void **state)
{
    (void)state;
    floe_ice_cand cand = {.addr = solo.peer};
    for (int i = 0; i < FLOE_ICE_REMOTE_MAX; i++) {
        cand.addr.port++;
        assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    }
    cand.addr.port++;
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_E_FULL);
}

static void test_ice_remote_candidate_after_the_end_is_ignored(void **state)
{
    (void)state;
    floe_ice_cand cand = {.addr = solo.peer};
    ice_solo_signal(&solo);
    floe_ice_agent_end_remote(&solo.agent);
    cand.addr.port++;
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_E_UNKNOWN);
    assert_int_equal(stats().remote_candidates, 1);
}

static void test_ice_remote_bad_credentials_are_refused(void **state)
{
    (void)state;
    assert_int_equal(set_remote("abc", ICE_PEER_PWD), FLOE_E_ARG);
    assert_int_equal(set_remote("abcd", "tooshort"), FLOE_E_ARG);
    assert_int_equal(set_remote("ab:d", ICE_PEER_PWD), FLOE_E_ARG);
}

/* RFC 8445 section 7.3.1.3: the signal tells what the candidate really is. */
static void test_ice_remote_signalled_candidate_replaces_a_peer_reflexive_one(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    (void)ice_solo_live(&solo, FLOE_MS);
    assert_int_equal(stats().remote.type, FLOE_ICE_PRFLX);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_SRFLX);
    assert_int_equal(stats().remote_candidates, 1);
    assert_int_equal(stats().remote.type, FLOE_ICE_SRFLX);
    assert_int_equal(stats().remote.priority, floe_ice_priority(FLOE_ICE_SRFLX, 65535));
    assert_true(solo.agent.list.pair[0].priority ==
                floe_ice_pair_priority(floe_ice_priority(FLOE_ICE_HOST, 65535),
                                       floe_ice_priority(FLOE_ICE_SRFLX, 65535)));
}

static void test_ice_remote_link_local_addresses_pair_among_themselves(void **state)
{
    (void)state;
    floe_addr global = {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .family = 6, .port = 1};
    floe_addr local = {.ip = {0xfe, 0x80, [15] = 1}, .family = 6, .port = 1};
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &global, 5), FLOE_OK);
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &local, 6), FLOE_OK);
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    local.ip[15] = global.ip[15] = 2;
    ice_solo_add_remote(&solo, &global, FLOE_ICE_HOST);
    ice_solo_add_remote(&solo, &local, FLOE_ICE_HOST);
    assert_int_equal(stats().pairs, 2);
}

static void test_ice_remote_loopback_addresses_pair_among_themselves(void **state)
{
    (void)state;
    floe_addr here = floe_addr_from_ipv4(127, 0, 0, 1, 80);
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    ice_solo_add_remote(&solo, &here, FLOE_ICE_HOST);
    assert_int_equal(stats().pairs, 0); /* the peer must not have us knock at our own doors */
    here.port = 81;
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &here, 5), FLOE_OK);
    assert_int_equal(stats().pairs, 1);
}

static void test_ice_remote_role_set_before_checks_is_told_to_nobody(void **state)
{
    (void)state;
    floe_ice_event event;
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
    while (floe_ice_agent_poll_event(&solo.agent, &event)) {
        assert_int_not_equal(event.type, FLOE_ICE_EV_ROLE);
    }
}

static void test_ice_remote_role_is_switched_while_checking(void **state)
{
    (void)state;
    floe_addr other = floe_addr_from_ipv4(198, 51, 100, 1, 1);
    ice_solo_signal(&solo);
    ice_solo_add_remote(&solo, &other, FLOE_ICE_SRFLX);
    uint64_t before = solo.agent.list.pair[1].priority;
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLED);
    assert_true(solo.agent.list.pair[1].priority == before - 1); /* G > D no more */
    floe_ice_agent_close(&solo.agent);
    floe_ice_agent_set_role(&solo.agent, FLOE_ICE_CONTROLLING);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLED);
}

static void test_ice_remote_repeated_credentials_change_nothing(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    floe_ice_agent before = solo.agent;
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    assert_memory_equal(&before, &solo.agent, sizeof before);
}

static void test_ice_remote_restart_gathers_again_with_new_credentials(void **state)
{
    (void)state;
    floe_bytes ufrag, pwd;
    floe_ice_event event;
    unsigned told = 0;
    ice_solo_connect(&solo);
    restart("", "");
    floe_ice_agent_get_local(&solo.agent, &ufrag, &pwd);
    assert_false(floe_bytes_equal(ufrag, FLOE_LIT(ICE_OUR_UFRAG)));
    assert_int_equal(ufrag.len, 8);
    assert_int_equal(pwd.len, 24);
    const floe_ice_event_type expected[] = {FLOE_ICE_EV_GATHERING, FLOE_ICE_EV_CANDIDATE,
                                            FLOE_ICE_EV_GATHERING};
    for (; floe_ice_agent_poll_event(&solo.agent, &event); told++) {
        assert_true(told < 3);
        assert_int_equal(event.type, expected[told]);
    }
    assert_int_equal(told, 3);
}

static void test_ice_remote_restart_leaves_the_selected_pair_in_service(void **state)
{
    (void)state;
    floe_path before, after;
    ice_solo_connect(&solo);
    assert_true(floe_ice_agent_get_path(&solo.agent, &before));
    restart(NEW_UFRAG, NEW_PWD);
    assert_true(floe_ice_agent_get_path(&solo.agent, &after));
    assert_true(floe_path_equal(&before, &after));
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &before));
    (void)ice_solo_live(&solo, 60 * FLOE_SECOND); /* and its consent is kept */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_remote_restart_keeps_consent_with_the_old_credentials(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    assert_next_check_is_named(ICE_TO_PEER);
    answer_last(ICE_PEER_PWD);
    assert_int_equal(stats().dropped_auth, 0);
}

static void test_ice_remote_restart_answers_checks_of_both_generations(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0); /* signed with the old password: expect_reply looks */
    check.username = NEW_UFRAG ":peernew0";
    check.pwd = NEW_PWD;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_int_equal(ice_solo_drain(&solo), 1);
}

static void test_ice_remote_restart_moves_when_the_new_generation_has_selected(void **state)
{
    (void)state;
    floe_path path;
    ice_message old_check = ice_message_check(false);
    floe_addr elsewhere = floe_addr_from_ipv4(198, 51, 100, 9, 9);
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(set_remote("peernew0", "peernewpasswordpeernew00"), FLOE_OK);
    ice_solo_add_remote(&solo, &elsewhere, FLOE_ICE_HOST);
    assert_next_check_is_named("peernew0:" NEW_UFRAG);
    answer_last("peernewpasswordpeernew00");
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, &solo.peer)); /* valid, but not nominated */
    ice_solo_advance(&solo, 5 * FLOE_MS);
    (void)ice_solo_expect_check(&solo); /* the nomination */
    answer_last("peernewpasswordpeernew00");
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, &elsewhere));
    assert_int_equal(ice_solo_input(&solo, &old_check), FLOE_E_AUTH);
}

/* The peer may learn of our selection a round trip later than we do. */
static void test_ice_remote_restart_takes_the_last_data_of_the_old_pair(void **state)
{
    (void)state;
    floe_path old = ice_solo_path(&solo);
    floe_addr elsewhere = floe_addr_from_ipv4(198, 51, 100, 9, 9);
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(set_remote("peernew0", "peernewpasswordpeernew00"), FLOE_OK);
    ice_solo_add_remote(&solo, &elsewhere, FLOE_ICE_HOST);
    for (int i = 0; i < 2; i++) { /* check and nomination */
        (void)ice_solo_expect_check(&solo);
        answer_last("peernewpasswordpeernew00");
        ice_solo_advance(&solo, 5 * FLOE_MS);
    }
    assert_int_equal(solo.agent.ours[1].ufrag_len, 0);
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &old));
    ice_solo_advance(&solo, 20 * FLOE_SECOND);
    while (ice_solo_poll(&solo)) {
        assert_false(floe_addr_equal(&solo.out.path.remote, &solo.peer)); /* nothing goes there */
    }
}

static void test_ice_remote_restart_of_the_peer_alone_starts_over(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    assert_int_equal(set_remote("peernew0", "peernewpasswordpeernew00"), FLOE_OK);
    assert_true(has_path());
    assert_int_equal(stats().remote_candidates, 0);
    assert_int_equal(stats().pairs, 0);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_next_check_is_named("peernew0:" ICE_OUR_UFRAG);
}

/* The answerer hears of the new credentials before it makes its own. */
static void test_ice_remote_restart_after_the_peers_keeps_what_was_signalled(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    assert_int_equal(set_remote("peernew0", "peernewpasswordpeernew00"), FLOE_OK);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    restart(NEW_UFRAG, NEW_PWD);
    assert_true(has_path());
    assert_next_check_is_named("peernew0:" NEW_UFRAG);
    answer_last("peernewpasswordpeernew00");
    ice_solo_advance(&solo, 5 * FLOE_MS);
    assert_next_check_is_named("peernew0:" NEW_UFRAG);
    answer_last("peernewpasswordpeernew00");
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    assert_next_check_is_named("peernew0:" NEW_UFRAG);
}

static void test_ice_remote_restart_forgets_early_checks(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK); /* meant for the old generation */
    (void)ice_solo_drain(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(set_remote(ICE_PEER_UFRAG, ICE_PEER_PWD), FLOE_OK);
    assert_int_equal(stats().remote_candidates, 0);
}

static void test_ice_remote_restart_forgets_replies_that_nobody_polled(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(ice_solo_drain(&solo), 0); /* it would be signed with the new password */
}

static void test_ice_remote_restart_twice_keeps_the_pair_that_works(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    restart("second00", "secondpasswordsecond0000");
    assert_true(has_path());
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    assert_next_check_is_named(ICE_TO_PEER);
}

static void test_ice_remote_restart_forgets_that_it_had_failed(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    while (ice_solo_state(&solo) != FLOE_ICE_FAILED) {
        ice_solo_advance(&solo, FLOE_SECOND);
        (void)ice_solo_drain(&solo);
    }
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_NONE);
    ice_solo_advance(&solo, 100 * FLOE_SECOND); /* it waits for the answer however long */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    assert_int_equal(set_remote("peernew0", "peernewpasswordpeernew00"), FLOE_OK);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST); /* the 5-tuple that was dead */
    (void)ice_solo_expect_check(&solo);
    answer_last("peernewpasswordpeernew00");
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_remote_restart_forgets_silence(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    ice_solo_advance(&solo, 8 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    assert_true(has_path());
}

static void test_ice_remote_restart_whose_old_pair_dies_goes_on_checking(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    restart(NEW_UFRAG, NEW_PWD);
    ice_solo_advance(&solo, 31 * FLOE_SECOND);
    assert_false(has_path());
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
}

/* A check of the peer with this user name and our password of before, or after, the restart. */
static floe_err hear(const char *username, const char *pwd)
{
    ice_message check = ice_message_check(false);
    check.username = username;
    check.pwd = pwd;
    return ice_solo_input(&solo, &check);
}

#define PEER_NEW "peernew0"

/* Chromium checks with its new user fragment and our old one until it has our answer; it stays with
 * what is answered, and refuses our checks with both new ones there. */
static void test_ice_remote_restart_of_the_peer_answers_no_check_of_two_sessions(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    assert_int_equal(hear(ICE_OUR_UFRAG ":" PEER_NEW, ICE_OUR_PWD), FLOE_E_UNKNOWN);
    assert_int_equal(set_remote(PEER_NEW, "peernewpasswordpeernew00"), FLOE_OK);
    assert_int_equal(hear(ICE_OUR_UFRAG ":" PEER_NEW, ICE_OUR_PWD), FLOE_E_UNKNOWN);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(hear(ICE_OUR_UFRAG ":" PEER_NEW, ICE_OUR_PWD), FLOE_E_UNKNOWN);
    assert_int_equal(hear(NEW_UFRAG ":" ICE_PEER_UFRAG, NEW_PWD), FLOE_E_UNKNOWN);
    assert_int_equal(stats().replies_sent, 0);
    assert_int_equal(hear(NEW_UFRAG ":" PEER_NEW, NEW_PWD), FLOE_OK);
    (void)ice_solo_drain(&solo);
    assert_int_equal(stats().replies_sent, 1);
}

static void test_ice_remote_restart_of_the_peer_answers_consent_checks_of_before(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    assert_int_equal(set_remote(PEER_NEW, "peernewpasswordpeernew00"), FLOE_OK);
    assert_int_equal(hear(ICE_TO_US, ICE_OUR_PWD), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(hear(ICE_TO_US, ICE_OUR_PWD), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
}

static void test_ice_remote_restart_of_both_without_a_path_ends_the_session_before(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    assert_int_equal(set_remote(PEER_NEW, "peernewpasswordpeernew00"), FLOE_OK);
    restart(NEW_UFRAG, NEW_PWD);
    assert_int_equal(hear(ICE_OUR_UFRAG ":" PEER_NEW, ICE_OUR_PWD), FLOE_E_AUTH);
    assert_int_equal(hear(ICE_TO_US, ICE_OUR_PWD), FLOE_E_AUTH);
}

static void test_ice_remote_restart_with_bad_credentials_is_refused(void **state)
{
    (void)state;
    floe_ice_agent before = solo.agent;
    assert_int_equal(floe_ice_agent_restart(&solo.agent, FLOE_LIT("abc"), FLOE_LIT(NEW_PWD)),
                     FLOE_E_ARG);
    assert_int_equal(floe_ice_agent_restart(&solo.agent, FLOE_LIT(""), FLOE_LIT(NEW_PWD)),
                     FLOE_E_ARG);
    assert_memory_equal(&before, &solo.agent, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_remote_candidates_may_come_before_credentials, setup),
        cmocka_unit_test_setup(test_ice_remote_duplicate_candidate_is_ignored, setup),
        cmocka_unit_test_setup(test_ice_remote_candidate_without_address_is_refused, setup),
        cmocka_unit_test_setup(test_ice_remote_full_refuses_a_further_candidate, setup),
        cmocka_unit_test_setup(test_ice_remote_candidate_after_the_end_is_ignored, setup),
        cmocka_unit_test_setup(test_ice_remote_bad_credentials_are_refused, setup),
        cmocka_unit_test_setup(test_ice_remote_signalled_candidate_replaces_a_peer_reflexive_one,
                               setup),
        cmocka_unit_test_setup(test_ice_remote_link_local_addresses_pair_among_themselves, setup),
        cmocka_unit_test_setup(test_ice_remote_loopback_addresses_pair_among_themselves, setup),
        cmocka_unit_test_setup(test_ice_remote_role_set_before_checks_is_told_to_nobody, setup),
        cmocka_unit_test_setup(test_ice_remote_role_is_switched_while_checking, setup),
        cmocka_unit_test_setup(test_ice_remote_repeated_credentials_change_nothing, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_gathers_again_with_new_credentials, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_leaves_the_selected_pair_in_service, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_keeps_consent_with_the_old_credentials,
                               setup),
        cmocka_unit_test_setup(test_ice_remote_restart_answers_checks_of_both_generations, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_moves_when_the_new_generation_has_selected,
                               setup),
        cmocka_unit_test_setup(test_ice_remote_restart_takes_the_last_data_of_the_old_pair, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_of_the_peer_alone_starts_over, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_of_the_peer_answers_no_check_of_two_sessions,
                               setup),
        cmocka_unit_test_setup(test_ice_remote_restart_of_the_peer_answers_consent_checks_of_before,
                               setup),
        cmocka_unit_test_setup(
            test_ice_remote_restart_of_both_without_a_path_ends_the_session_before, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_after_the_peers_keeps_what_was_signalled,
                               setup),
        cmocka_unit_test_setup(test_ice_remote_restart_twice_keeps_the_pair_that_works, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_forgets_that_it_had_failed, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_forgets_silence, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_whose_old_pair_dies_goes_on_checking, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_with_bad_credentials_is_refused, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_forgets_early_checks, setup),
        cmocka_unit_test_setup(test_ice_remote_restart_forgets_replies_that_nobody_polled, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
