/* Tests of ice/ice_state.c: the states, their transitions as a table, and causes of failure. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent_internal.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    return 0;
}

static void set_remote(void)
{
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
}

/* Nobody answers. */
static void starve(floe_time delta)
{
    floe_time until = solo.now + delta;
    (void)ice_solo_drain(&solo);
    while (floe_ice_agent_deadline(&solo.agent) <= until) {
        ice_solo_advance(&solo, floe_ice_agent_deadline(&solo.agent) - solo.now);
        (void)ice_solo_drain(&solo);
    }
    ice_solo_advance(&solo, until - solo.now);
}

static void assert_failed(floe_ice_cause cause)
{
    floe_ice_event event;
    bool told = false;
    while (floe_ice_agent_poll_event(&solo.agent, &event)) {
        told = told || (event.type == FLOE_ICE_EV_STATE && event.state == FLOE_ICE_FAILED &&
                        event.cause == cause);
    }
    assert_true(told);
    assert_int_equal(floe_ice_agent_get_state(&solo.agent), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), cause);
}

/* The diagram of ice/README.md; rows from, columns to. */
static void test_ice_state_transitions_are_those_of_the_table(void **state)
{
    (void)state;
    static const char *const expected[] = {
        /*                  new chk con cpl dis fai clo */
        [FLOE_ICE_NEW] = ". x . . . x x",          [FLOE_ICE_CHECKING] = ". . x x x x x",
        [FLOE_ICE_CONNECTED] = ". x . x x x x",    [FLOE_ICE_COMPLETED] = ". x x . x x x",
        [FLOE_ICE_DISCONNECTED] = ". x x x . x x", [FLOE_ICE_FAILED] = ". x x x . . x",
        [FLOE_ICE_CLOSED] = ". . . . . . .",
    };
    for (int from = FLOE_ICE_NEW; from <= FLOE_ICE_CLOSED; from++) {
        for (int to = FLOE_ICE_NEW; to <= FLOE_ICE_CLOSED; to++) {
            assert_int_equal(floe_ice_state_is_legal((floe_ice_state)from, (floe_ice_state)to),
                             expected[from][2 * to] == 'x');
        }
    }
}

static void test_ice_state_names_are_those_of_the_w3c(void **state)
{
    (void)state;
    static const char *const names[] = {"new",          "checking", "connected", "completed",
                                        "disconnected", "failed",   "closed"};
    for (int i = FLOE_ICE_NEW; i <= FLOE_ICE_CLOSED; i++) {
        assert_string_equal(floe_ice_state_name((floe_ice_state)i), names[i]);
    }
    assert_string_equal(floe_ice_gathering_name(FLOE_ICE_GATHERING_NEW), "new");
    assert_string_equal(floe_ice_gathering_name(FLOE_ICE_GATHERING_BUSY), "gathering");
    assert_string_equal(floe_ice_gathering_name(FLOE_ICE_GATHERING_COMPLETE), "complete");
}

static void test_ice_state_every_cause_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i <= FLOE_ICE_CAUSE_CONSENT_REVOKED; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(floe_ice_cause_text((floe_ice_cause)i),
                                    floe_ice_cause_text((floe_ice_cause)k));
        }
        assert_true(strlen(floe_ice_cause_text((floe_ice_cause)i)) >= 8);
    }
}

static void test_ice_state_goes_from_new_by_checking_to_completed(void **state)
{
    (void)state;
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW);
    set_remote();
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW); /* nothing to check */
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    (void)ice_solo_live(&solo, FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED); /* more candidates may come */
    floe_ice_agent_end_remote(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

/* Chromium never says that its candidates are at an end. */
static void test_ice_state_completes_without_end_of_candidates_after_patience(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    (void)ice_solo_live(&solo, 38 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    (void)ice_solo_live(&solo, FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

static void test_ice_state_is_not_complete_while_gathering(void **state)
{
    (void)state;
    floe_addr slow = {.family = 0};
    uint32_t index;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    assert_int_equal(floe_ice_agent_add_server(&solo.agent, &slow, &index), FLOE_OK);
    floe_ice_agent_end_local(&solo.agent);
    ice_solo_connect(&solo);
    floe_ice_agent_end_remote(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(floe_ice_agent_set_server_addr(&solo.agent, index, &(floe_addr){.family = 0}),
                     FLOE_OK);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

static void test_ice_state_fails_for_want_of_remote_candidates_after_patience(void **state)
{
    (void)state;
    set_remote();
    floe_ice_agent_end_remote(&solo.agent);
    starve(39499 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW);
    starve(FLOE_MS);
    assert_failed(FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES);
}

static void test_ice_state_fails_for_want_of_a_pair(void **state)
{
    (void)state;
    floe_addr six = {.ip = {0x20, 0x01, 0x0d, 0xb8}, .family = 6, .port = 9};
    set_remote();
    ice_solo_add_remote(&solo, &six, FLOE_ICE_HOST);
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_NO_PAIR);
}

static void test_ice_state_fails_when_checks_are_refused(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400);
    assert_int_equal(ice_solo_input(&solo, &no), FLOE_OK);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING); /* patience: the peer may check */
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_CHECKS_REFUSED);
}

static void test_ice_state_fails_when_answers_have_the_wrong_password(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    ice_message odd = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    odd.pwd = "not the password that we know";
    assert_int_equal(ice_solo_input(&solo, &odd), FLOE_E_AUTH);
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_CHECKS_REFUSED);
}

static void test_ice_state_restart_forgets_a_refusal(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400);
    assert_int_equal(ice_solo_input(&solo, &no), FLOE_OK);
    assert_int_equal(floe_ice_agent_restart(&solo.agent, FLOE_LIT(""), FLOE_LIT("")), FLOE_OK);
    ice_solo_signal(&solo);
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_CHECKS_TIMED_OUT);
}

static void test_ice_state_patience_is_configurable(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.patience_us = 2000000});
    set_remote();
    starve(1999 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW);
    starve(FLOE_MS);
    assert_failed(FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES);
}

static void test_ice_state_patience_does_not_cut_a_check_short(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.patience_us = 1000000});
    ice_solo_signal(&solo);
    starve(39 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CHECKING);
    starve(FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_CHECKS_TIMED_OUT);
}

static void test_ice_state_failure_is_undone_by_a_late_candidate_that_works(void **state)
{
    (void)state;
    set_remote();
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_HOST);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED); /* hope is no connection */
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_NONE);
}

static void test_ice_state_failure_is_undone_by_a_late_check_of_the_peer(void **state)
{
    (void)state;
    set_remote();
    starve(40 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_state_second_failure_has_its_own_cause(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_solo_connect(&solo);
    starve(45 * FLOE_SECOND);
    assert_failed(FLOE_ICE_CAUSE_CONSENT_EXPIRED);
    path.remote.port++; /* the peer comes back from elsewhere */
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    ice_solo_advance(&solo, 5 * FLOE_MS);
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400); /* to the nomination */
    assert_int_equal(ice_solo_input_on(&solo, &path, &no), FLOE_OK);
    assert_failed(FLOE_ICE_CAUSE_CHECKS_REFUSED);
}

static void test_ice_state_closed_is_the_end(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_message check = ice_message_check(false);
    ice_solo_connect(&solo);
    floe_ice_agent_close(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CLOSED);
    assert_true(floe_ice_agent_deadline(&solo.agent) == FLOE_TIME_NEVER);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_CLOSED);
    ice_solo_advance(&solo, 100 * FLOE_SECOND);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
    assert_false(floe_ice_agent_accept(&solo.agent, solo.now, &path));
    assert_int_equal(floe_ice_agent_restart(&solo.agent, FLOE_LIT(""), FLOE_LIT("")), FLOE_E_STATE);
    assert_int_equal(
        floe_ice_agent_set_remote(&solo.agent, FLOE_LIT("abcd"), FLOE_LIT(ICE_PEER_PWD), false),
        FLOE_E_CLOSED);
    floe_ice_agent_close(&solo.agent);
    floe_ice_event event;
    assert_false(floe_ice_agent_poll_event(&solo.agent, &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_state_transitions_are_those_of_the_table),
        cmocka_unit_test(test_ice_state_names_are_those_of_the_w3c),
        cmocka_unit_test(test_ice_state_every_cause_has_a_sentence_of_its_own),
        cmocka_unit_test_setup(test_ice_state_goes_from_new_by_checking_to_completed, setup),
        cmocka_unit_test_setup(test_ice_state_completes_without_end_of_candidates_after_patience,
                               setup),
        cmocka_unit_test_setup(test_ice_state_is_not_complete_while_gathering, setup),
        cmocka_unit_test_setup(test_ice_state_fails_for_want_of_remote_candidates_after_patience,
                               setup),
        cmocka_unit_test_setup(test_ice_state_fails_for_want_of_a_pair, setup),
        cmocka_unit_test_setup(test_ice_state_fails_when_checks_are_refused, setup),
        cmocka_unit_test_setup(test_ice_state_fails_when_answers_have_the_wrong_password, setup),
        cmocka_unit_test_setup(test_ice_state_patience_is_configurable, setup),
        cmocka_unit_test_setup(test_ice_state_patience_does_not_cut_a_check_short, setup),
        cmocka_unit_test_setup(test_ice_state_failure_is_undone_by_a_late_candidate_that_works,
                               setup),
        cmocka_unit_test_setup(test_ice_state_failure_is_undone_by_a_late_check_of_the_peer, setup),
        cmocka_unit_test_setup(test_ice_state_closed_is_the_end, setup),
        cmocka_unit_test_setup(test_ice_state_restart_forgets_a_refusal, setup),
        cmocka_unit_test_setup(test_ice_state_second_failure_has_its_own_cause, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
