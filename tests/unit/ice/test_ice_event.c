/* Tests of ice/ice_event.c: what is told, in which order, and statistics. */
#include <string.h>

#include "base/addr.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    return 0;
}

/* Events of the given types, one by one and no other. */
static void assert_events(const floe_ice_event_type *types, size_t count, floe_ice_event *last)
{
    floe_ice_event event;
    for (size_t i = 0; i < count; i++) {
        assert_true(floe_ice_agent_poll_event(&solo.agent, &event));
        assert_int_equal(event.type, types[i]);
        *last = event;
    }
    assert_false(floe_ice_agent_poll_event(&solo.agent, &event));
}

static void test_ice_event_gathering_frames_the_candidates(void **state)
{
    (void)state;
    const floe_ice_event_type expected[] = {FLOE_ICE_EV_GATHERING, FLOE_ICE_EV_CANDIDATE,
                                            FLOE_ICE_EV_GATHERING};
    floe_ice_event last;
    assert_events(expected, 3, &last);
    assert_int_equal(last.gathering, FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_event_gathering_is_told_again_for_a_late_socket(void **state)
{
    (void)state;
    const floe_ice_event_type expected[] = {FLOE_ICE_EV_GATHERING, FLOE_ICE_EV_CANDIDATE,
                                            FLOE_ICE_EV_GATHERING};
    floe_ice_event last;
    assert_events(expected, 3, &last);
    (void)ice_solo_add_local(&solo, 2);
    assert_events(expected, 3, &last);
    (void)ice_solo_add_local(&solo, 2); /* known: nothing happens */
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_events(expected, 0, &last);
}

static void test_ice_event_candidate_is_the_socket(void **state)
{
    (void)state;
    floe_ice_event event;
    assert_true(floe_ice_agent_poll_event(&solo.agent, &event));
    assert_int_equal(event.gathering, FLOE_ICE_GATHERING_BUSY);
    assert_true(floe_ice_agent_poll_event(&solo.agent, &event));
    assert_true(floe_addr_equal(&event.cand.addr, &solo.local));
}

static void test_ice_event_selected_comes_before_the_state_that_it_allows(void **state)
{
    (void)state;
    const floe_ice_event_type checking[] = {FLOE_ICE_EV_STATE};
    const floe_ice_event_type connected[] = {FLOE_ICE_EV_SELECTED, FLOE_ICE_EV_STATE};
    floe_ice_event event;
    (void)ice_solo_state(&solo);
    ice_solo_signal(&solo);
    assert_events(checking, 1, &event);
    assert_int_equal(event.state, FLOE_ICE_CHECKING);
    ice_solo_answer(&solo);
    assert_events(connected, 2, &event);
    assert_int_equal(event.state, FLOE_ICE_CONNECTED);
    assert_int_equal(event.cause, FLOE_ICE_CAUSE_NONE);
}

static void test_ice_event_selected_tells_the_path_and_the_types_of_its_ends(void **state)
{
    (void)state;
    floe_ice_event event;
    floe_path expected = ice_solo_path(&solo);
    floe_addr mapped = floe_addr_from_ipv4(203, 0, 113, 1, 1);
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_RELAY);
    ice_message answer = ice_message_success(ice_solo_expect_check(&solo), &mapped);
    assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
    do {
        assert_true(floe_ice_agent_poll_event(&solo.agent, &event));
    } while (event.type != FLOE_ICE_EV_SELECTED);
    assert_true(floe_path_equal(&event.path, &expected));
    assert_int_equal(event.local_type, FLOE_ICE_PRFLX);
    assert_int_equal(event.remote_type, FLOE_ICE_RELAY);
}

static void test_ice_event_selected_is_told_once_for_a_path(void **state)
{
    (void)state;
    floe_ice_event event;
    unsigned selected = 0;
    ice_solo_signal(&solo);
    for (int i = 0; i < 20; i++) {
        (void)ice_solo_live(&solo, FLOE_SECOND);
        while (floe_ice_agent_poll_event(&solo.agent, &event)) {
            selected += event.type == FLOE_ICE_EV_SELECTED;
        }
    }
    assert_int_equal(selected, 1); /* nomination of the pair in use moves nothing */
}

static void test_ice_event_role_is_told_when_a_conflict_changed_it(void **state)
{
    (void)state;
    const floe_ice_event_type expected[] = {FLOE_ICE_EV_ROLE};
    floe_ice_event last;
    ice_message check = ice_message_check(true);
    check.tie_breaker = UINT64_MAX;
    (void)ice_solo_state(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_events(expected, 1, &last);
    assert_int_equal(last.role, FLOE_ICE_CONTROLLED);
}

static void test_ice_event_states_that_nobody_asked_for_are_skipped(void **state)
{
    (void)state;
    const floe_ice_event_type expected[] = {FLOE_ICE_EV_SELECTED, FLOE_ICE_EV_STATE};
    floe_ice_event last;
    (void)ice_solo_state(&solo);
    ice_solo_signal(&solo);
    ice_solo_answer(&solo);
    assert_events(expected, 2, &last);
    assert_int_equal(last.state, FLOE_ICE_CONNECTED);
}

static void test_ice_event_statistics_count_what_happened(void **state)
{
    (void)state;
    floe_ice_stats s;
    ice_message check = ice_message_check(false);
    ice_solo_connect(&solo); /* two checks: the first, and the nomination */
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    check.integrity = ICE_INTEGRITY_WRONG;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_AUTH);
    (void)ice_solo_live(&solo, 6 * FLOE_SECOND);
    floe_ice_agent_get_stats(&solo.agent, &s);
    assert_int_equal(s.checks_sent, 4);
    assert_int_equal(s.replies_received, 4);
    assert_int_equal(s.checks_received, 1);
    assert_int_equal(s.replies_sent, 1);
    assert_int_equal(s.consent_sent, 2); /* one of them at once, for the first check of the peer */
    assert_int_equal(s.dropped_auth, 1);
    assert_int_equal(s.dropped_malformed + s.dropped_unknown + s.dropped_full, 0);
    assert_int_equal(s.pairs, 1);
    assert_int_equal(s.valid_pairs, 1);
    assert_true(floe_addr_equal(&s.remote.addr, &solo.peer));
}

static void test_ice_event_statistics_of_no_path_are_empty(void **state)
{
    (void)state;
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    assert_int_equal(s.local.priority, 0);
    assert_int_equal(s.remote.priority, 0);
    assert_int_equal(s.rtt_us, 0);
    assert_int_equal(s.local_candidates, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_event_gathering_frames_the_candidates, setup),
        cmocka_unit_test_setup(test_ice_event_candidate_is_the_socket, setup),
        cmocka_unit_test_setup(test_ice_event_selected_comes_before_the_state_that_it_allows,
                               setup),
        cmocka_unit_test_setup(test_ice_event_selected_tells_the_path_and_the_types_of_its_ends,
                               setup),
        cmocka_unit_test_setup(test_ice_event_selected_is_told_once_for_a_path, setup),
        cmocka_unit_test_setup(test_ice_event_role_is_told_when_a_conflict_changed_it, setup),
        cmocka_unit_test_setup(test_ice_event_states_that_nobody_asked_for_are_skipped, setup),
        cmocka_unit_test_setup(test_ice_event_statistics_count_what_happened, setup),
        cmocka_unit_test_setup(test_ice_event_statistics_of_no_path_are_empty, setup),
        cmocka_unit_test_setup(test_ice_event_gathering_is_told_again_for_a_late_socket, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
