/* Tests of ice/ice_consent.c: consent freshness, liveness, what is kept warm. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

/* Controlling and connected; all is answered up to here. */
static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    (void)ice_solo_live(&solo, 10 * FLOE_SECOND);
    return 0;
}

static floe_ice_stats stats(void)
{
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    return s;
}

/* Time goes by from deadline to deadline and nobody answers. */
static unsigned starve(floe_time delta)
{
    floe_time until = solo.now + delta;
    unsigned count = ice_solo_drain(&solo);
    while (floe_ice_agent_deadline(&solo.agent) <= until) {
        ice_solo_advance(&solo, floe_ice_agent_deadline(&solo.agent) - solo.now);
        count += ice_solo_drain(&solo);
    }
    ice_solo_advance(&solo, until - solo.now);
    return count;
}

/* Time goes by until the agent sends again. */
static void wait_for_check(void)
{
    unsigned sent = 0;
    while (sent == 0) {
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, floe_ice_agent_deadline(&solo.agent) - solo.now);
        ice_solo copy = solo;
        sent = ice_solo_drain(&copy);
    }
}

static void test_ice_consent_is_asked_for_every_four_to_six_seconds(void **state)
{
    (void)state;
    floe_time last = 0;
    bool has_varied = false;
    floe_time first_gap = 0;
    for (int i = 0; i < 20; i++) {
        wait_for_check();
        ice_solo_answer(&solo);
        assert_int_equal(ice_solo_drain(&solo), 0);
        if (last != 0) {
            floe_time gap = solo.now - last;
            assert_in_range(gap, 4 * FLOE_SECOND, 6 * FLOE_SECOND);
            first_gap = first_gap == 0 ? gap : first_gap;
            has_varied = has_varied || gap != first_gap;
        }
        last = solo.now;
    }
    assert_true(has_varied);
}

static void test_ice_consent_check_is_sent_once_with_a_new_transaction(void **state)
{
    (void)state;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    memcpy(tid, ice_solo_expect_check(&solo).ptr + 8, sizeof tid);
    ice_solo_advance(&solo, 3900 * FLOE_MS);
    assert_int_equal(ice_solo_drain(&solo), 0);
    ice_solo_advance(&solo, 2100 * FLOE_MS);
    assert_memory_not_equal(ice_solo_expect_check(&solo).ptr + 8, tid, sizeof tid);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_consent_check_repeats_the_nomination_of_the_pair_in_use(void **state)
{
    (void)state;
    floe_stun_msg msg;
    wait_for_check();
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_connect(&solo);
    wait_for_check();
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
}

static void test_ice_consent_is_renewed_by_the_answer_to_an_earlier_check(void **state)
{
    (void)state;
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    ice_message late = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    for (int i = 0; i < 2; i++) {
        ice_solo_advance(&solo, 6 * FLOE_SECOND);
        (void)ice_solo_expect_check(&solo);
    }
    uint64_t before = stats().consent_received;
    assert_int_equal(ice_solo_input(&solo, &late), FLOE_OK);
    assert_int_equal(stats().consent_received, before + 1);
    (void)starve(29 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
}

static void test_ice_consent_silence_is_shown_and_forgotten(void **state)
{
    (void)state;
    (void)starve(8 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_consent_ends_thirty_seconds_after_the_last_answer(void **state)
{
    (void)state;
    floe_path path;
    wait_for_check();
    ice_solo_answer(&solo);
    unsigned asked = starve(30 * FLOE_SECOND - 1);
    assert_in_range(asked, 4, 8); /* one every 4 to 6 s, none repeated */
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    ice_solo_advance(&solo, 1);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CONSENT_EXPIRED);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
}

/* A check of the peer shows life, but gives no consent: that takes an answer to ours. */
static void test_ice_consent_of_a_pair_in_use_ends_also_before_nomination(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    ice_solo_answer(&solo);
    (void)starve(31 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CONSENT_EXPIRED);
    ice_message check = ice_message_check(true);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_consent_is_not_given_by_the_peers_checks(void **state)
{
    (void)state;
    for (int i = 0; i < 31; i++) {
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        (void)starve(FLOE_SECOND);
    }
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CONSENT_EXPIRED);
}

static void test_ice_consent_that_ended_does_not_come_back(void **state)
{
    (void)state;
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    ice_message late = ice_message_success(ice_solo_expect_check(&solo), &solo.local);
    (void)starve(31 * FLOE_SECOND);
    assert_int_equal(ice_solo_input(&solo, &late), FLOE_E_UNKNOWN);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);            /* answered still, */
    assert_int_equal(ice_solo_drain(&solo), 0); /* but not asked any more */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
}

/* RFC 8445 section 7.3.1.5: or the two sides would go on by different pairs. */
static void test_ice_consent_that_ended_refuses_nomination(void **state)
{
    (void)state;
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_connect(&solo);
    (void)starve(31 * FLOE_SECOND);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 400);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_consent_revoked_by_403_ends_at_once(void **state)
{
    (void)state;
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 403);
    assert_int_equal(ice_solo_input(&solo, &no), FLOE_OK);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    assert_int_equal(floe_ice_agent_get_cause(&solo.agent), FLOE_ICE_CAUSE_CONSENT_REVOKED);
}

static void test_ice_consent_survives_any_other_error(void **state)
{
    (void)state;
    static const int codes[] = {300, 400, 401, 500};
    floe_path path;
    for (size_t i = 0; i < 4; i++) {
        wait_for_check();
        ice_message no = ice_message_error(ice_solo_expect_check(&solo), codes[i]);
        assert_int_equal(ice_solo_input(&solo, &no), FLOE_OK);
        assert_true(floe_ice_agent_get_path(&solo.agent, &path));
        ice_solo_advance(&solo, 5 * FLOE_MS);
        ice_solo_answer(&solo); /* asked in its next turn whether the nomination holds: it does */
    }
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_consent_and_nomination_refused_twice_is_the_end(void **state)
{
    (void)state;
    floe_path path;
    wait_for_check();
    for (int i = 0; i < 2; i++) {
        assert_true(floe_ice_agent_get_path(&solo.agent, &path));
        ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400);
        assert_int_equal(ice_solo_input(&solo, &no), FLOE_OK);
        ice_solo_advance(&solo, 5 * FLOE_MS);
    }
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
}

static void test_ice_consent_data_is_a_sign_of_life(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    for (int i = 0; i < 5; i++) {
        (void)starve(5 * FLOE_SECOND);
        assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &path));
        assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    }
}

static void test_ice_consent_data_brings_its_own_time(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    (void)starve(5 * FLOE_SECOND);
    solo.now += FLOE_SECOND;
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &path));
    ice_solo_advance(&solo, 6900 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    ice_solo_advance(&solo, 100 * FLOE_MS);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
}

static void test_ice_consent_data_ends_a_silence(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    (void)starve(8 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &path));
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

/* libjuice agent.c:1005: one lost pair was the end, although others worked. */
static void test_ice_consent_lost_moves_to_the_next_pair_within_its_time_out(void **state)
{
    (void)state;
    floe_addr second = floe_addr_from_ipv4(198, 51, 100, 2, 6000);
    floe_path path;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_connect(&solo);
    ice_message check = ice_message_check(true);
    floe_path other = ice_solo_path(&solo);
    other.remote = second;
    check.priority = 1;
    assert_int_equal(ice_solo_input_on(&solo, &other, &check), FLOE_OK);
    (void)ice_solo_live(&solo, 20 * FLOE_SECOND); /* both are valid; the first one is selected */
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, &solo.peer));
    floe_time until = solo.now + 30 * FLOE_SECOND;
    while (solo.now < until) { /* the first falls silent, the second one goes on */
        while (ice_solo_poll(&solo)) {
            if (floe_addr_equal(&solo.out.path.remote, &second)) {
                floe_bytes packet = {solo.buf, solo.out.len};
                ice_message answer = ice_message_success(packet, &solo.local);
                assert_int_equal(ice_solo_input_on(&solo, &other, &answer), FLOE_OK);
            }
        }
        ice_solo_advance(&solo, 100 * FLOE_MS);
        assert_int_not_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
    }
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    assert_true(floe_addr_equal(&path.remote, &second));
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

static void test_ice_consent_keeps_three_pairs_warm_and_lets_the_rest_lapse(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LOCAL_MAX >= 8);
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_connect(&solo);
    for (uint8_t i = 0; i < 6; i++) {
        ice_message check = ice_message_check(true);
        floe_path path = ice_solo_path(&solo);
        path.remote = floe_addr_from_ipv4(198, 51, 100, i, 6000);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        (void)ice_solo_live(&solo, 20 * FLOE_MS);
    }
    assert_int_equal(stats().valid_pairs, 7);
    (void)ice_solo_live(&solo, 31 * FLOE_SECOND);
    assert_int_equal(stats().valid_pairs, 3);
    assert_int_not_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
}

/* str0m#846: Chrome stops answering a backup, yet goes on to send on it, and may come back to it.
 */
static void test_ice_consent_of_a_backup_that_lapsed_can_be_gained_again(void **state)
{
    (void)state;
    floe_path other = ice_solo_path(&solo);
    other.remote = floe_addr_from_ipv4(198, 51, 100, 2, 6000);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input_on(&solo, &other, &check), FLOE_OK);
    (void)ice_solo_live(&solo, 20 * FLOE_MS);
    assert_int_equal(stats().valid_pairs, 2);
    floe_time until = solo.now + 31 * FLOE_SECOND;
    while (solo.now < until) {
        while (ice_solo_poll(&solo)) {
            if (floe_addr_equal(&solo.out.path.remote, &solo.peer)) {
                floe_bytes packet = {solo.buf, solo.out.len};
                ice_message answer = ice_message_success(packet, &solo.local);
                assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
            }
        }
        ice_solo_advance(&solo, 100 * FLOE_MS);
    }
    assert_int_equal(stats().valid_pairs, 1);
    assert_int_equal(ice_solo_input_on(&solo, &other, &check), FLOE_OK);
    (void)ice_solo_live(&solo, 20 * FLOE_MS);
    assert_int_equal(stats().valid_pairs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_consent_is_asked_for_every_four_to_six_seconds, setup),
        cmocka_unit_test_setup(test_ice_consent_check_is_sent_once_with_a_new_transaction, setup),
        cmocka_unit_test_setup(test_ice_consent_check_repeats_the_nomination_of_the_pair_in_use,
                               setup),
        cmocka_unit_test_setup(test_ice_consent_is_renewed_by_the_answer_to_an_earlier_check,
                               setup),
        cmocka_unit_test_setup(test_ice_consent_silence_is_shown_and_forgotten, setup),
        cmocka_unit_test_setup(test_ice_consent_ends_thirty_seconds_after_the_last_answer, setup),
        cmocka_unit_test_setup(test_ice_consent_is_not_given_by_the_peers_checks, setup),
        cmocka_unit_test_setup(test_ice_consent_that_ended_does_not_come_back, setup),
        cmocka_unit_test_setup(test_ice_consent_revoked_by_403_ends_at_once, setup),
        cmocka_unit_test_setup(test_ice_consent_survives_any_other_error, setup),
        cmocka_unit_test_setup(test_ice_consent_and_nomination_refused_twice_is_the_end, setup),
        cmocka_unit_test_setup(test_ice_consent_data_is_a_sign_of_life, setup),
        cmocka_unit_test_setup(test_ice_consent_data_ends_a_silence, setup),
        cmocka_unit_test_setup(test_ice_consent_lost_moves_to_the_next_pair_within_its_time_out,
                               setup),
        cmocka_unit_test_setup(test_ice_consent_keeps_three_pairs_warm_and_lets_the_rest_lapse,
                               setup),
        cmocka_unit_test_setup(test_ice_consent_of_a_backup_that_lapsed_can_be_gained_again, setup),
        cmocka_unit_test_setup(test_ice_consent_data_brings_its_own_time, setup),
        cmocka_unit_test_setup(test_ice_consent_of_a_pair_in_use_ends_also_before_nomination,
                               setup),
        cmocka_unit_test_setup(test_ice_consent_that_ended_refuses_nomination, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
