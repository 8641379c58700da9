/* Tests of ice/ice_nominate.c: which pair is nominated when, and which one carries data. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;
static floe_addr good, better; /* two more addresses of the peer, `better` of higher priority */

static void init(floe_ice_role role)
{
    ice_solo_init(&solo, role);
    good = floe_addr_from_ipv4(198, 51, 100, 1, 6000);
    better = floe_addr_from_ipv4(198, 51, 100, 2, 6000);
}

static int setup(void **state)
{
    (void)state;
    init(FLOE_ICE_CONTROLLING);
    return 0;
}

static int setup_controlled(void **state)
{
    (void)state;
    init(FLOE_ICE_CONTROLLED);
    return 0;
}

static void signal_two(floe_ice_type type_of_good)
{
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    floe_ice_cand cand = {.addr = good, .priority = 1000, .foundation = 1};
    cand.type = (uint8_t)type_of_good;
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    cand = (floe_ice_cand){.addr = better, .priority = 2000, .foundation = 2};
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
}

/* Send what is due; whether any of it was a nomination, and of which address. Answers `answered`,
 * if that is not NULL. */
static bool nominates(const floe_addr *addr, const floe_addr *answered)
{
    bool found = false;
    while (ice_solo_poll(&solo)) {
        floe_stun_msg msg;
        floe_bytes packet = {solo.buf, solo.out.len};
        floe_path path = solo.out.path;
        assert_int_equal(floe_stun_msg_parse(&msg, packet), FLOE_OK);
        found = found ||
                (msg.cls == FLOE_STUN_REQUEST && floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE) &&
                 floe_addr_equal(&path.remote, addr));
        if (answered != NULL && msg.cls == FLOE_STUN_REQUEST &&
            floe_addr_equal(&path.remote, answered)) {
            ice_message answer = ice_message_success(packet, &solo.local);
            assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
        }
    }
    return found;
}

/* RFC 8445 section 14.2: so much lies between any two transactions. */
static void wait_a_gap(void)
{
    ice_solo_advance(&solo, 5 * FLOE_MS);
}

/* The same over a stretch of time. */
static bool nominates_within(const floe_addr *addr, const floe_addr *answered, floe_time delta)
{
    floe_time until = solo.now + delta;
    while (!nominates(addr, answered)) {
        floe_time at = floe_ice_agent_deadline(&solo.agent);
        if (at > until) {
            ice_solo_advance(&solo, until - solo.now);
            return nominates(addr, answered);
        }
        ice_solo_advance(&solo, at - solo.now);
    }
    return true;
}

static floe_addr path_remote(void)
{
    floe_path path = {.transport = FLOE_UDP};
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    return path.remote;
}

static void assert_path(const floe_addr *addr)
{
    floe_addr at = path_remote();
    assert_true(floe_addr_equal(&at, addr));
}

/* The peer nominates; with a value that is not 0 it says that this replaces all before. */
static void peer_nominates(const floe_addr *from, uint32_t value)
{
    floe_path path = ice_solo_path(&solo);
    path.remote = *from;
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    check.nomination = value;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
}

static void peer_checks(const floe_addr *from, bool use_candidate)
{
    floe_path path = ice_solo_path(&solo);
    path.remote = *from;
    ice_message check =
        ice_message_check(floe_ice_agent_get_role(&solo.agent) == FLOE_ICE_CONTROLLED);
    check.use_candidate = use_candidate;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
}

static void test_ice_nominate_the_best_pair_at_once(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    assert_false(nominates(&better, &better)); /* its check, answered */
    wait_a_gap();
    assert_true(nominates(&better, NULL));
    assert_false(nominates(&good, NULL));
}

static void test_ice_nominate_waits_a_tenth_of_a_second_for_a_better_pair(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    assert_false(nominates_within(&good, &good, 60 * FLOE_MS)); /* 50 ms: its turn to be checked */
    assert_path(&good);                                         /* data goes already */
    assert_false(nominates_within(&good, &good, 85 * FLOE_MS));
    assert_true(nominates_within(&good, &good, 10 * FLOE_MS));
}

static void test_ice_nominate_asks_to_be_woken_when_the_grace_ends(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    (void)nominates_within(&good, &good, 50 * FLOE_MS);
    assert_path(&good);
    assert_true(floe_ice_agent_deadline(&solo.agent) == solo.now + 100 * FLOE_MS);
}

static void test_ice_nominate_waits_longer_where_there_is_only_a_relay(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_RELAY);
    assert_false(nominates_within(&good, &good, 1000 * FLOE_MS));
    assert_true(nominates_within(&good, &good, 60 * FLOE_MS));
}

static void test_ice_nominate_takes_the_better_pair_that_came_in_time(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    floe_bytes first = ice_solo_expect_check(&solo);
    ice_message answer = ice_message_success(first, &solo.local);
    floe_path path = solo.out.path;
    ice_solo_advance(&solo, 50 * FLOE_MS);
    assert_false(nominates_within(&good, &good, 20 * FLOE_MS));
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    assert_true(nominates(&better, NULL));
}

static void test_ice_nominate_repeats_until_it_is_answered(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    (void)nominates(&better, &better);
    wait_a_gap();
    assert_true(nominates(&better, NULL));
    for (int i = 0; i < 3; i++) {
        ice_solo_advance(&solo, 500 * FLOE_MS);
        assert_true(nominates(&better, NULL));
    }
    ice_solo_advance(&solo, 500 * FLOE_MS);
    assert_true(nominates(&better, &better));
    assert_false(nominates_within(&better, NULL, 1500 * FLOE_MS));
}

static void test_ice_nominate_ends_the_checks_of_other_pairs(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    (void)nominates(&better, &better);
    wait_a_gap();
    assert_true(nominates(&better, &better));
    ice_solo_advance(&solo, 3 * FLOE_SECOND);
    assert_int_equal(ice_solo_drain(&solo), 0); /* `good` was never checked, and is not now */
}

static void test_ice_nominate_cancels_checks_under_way(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    floe_bytes check = ice_solo_expect_check(&solo);
    ice_message answer = ice_message_success(check, &solo.local);
    floe_path path = solo.out.path;
    ice_solo_advance(&solo, 50 * FLOE_MS);
    floe_bytes other = ice_solo_expect_check(&solo); /* of `good`: never answered */
    ice_message late = ice_message_success(other, &solo.local);
    floe_path good_path = solo.out.path;
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    wait_a_gap();
    assert_true(nominates(&better, &better));
    ice_solo_advance(&solo, 3 * FLOE_SECOND);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(ice_solo_input_on(&solo, &good_path, &late),
                     FLOE_OK); /* counts all the same */
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    assert_int_equal(s.valid_pairs, 2);
}

static void test_ice_nominate_one_pair_only(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    assert_true(nominates_within(&good, &good, FLOE_SECOND));
    peer_checks(&better, false); /* triggers a check, which makes the better pair valid */
    assert_false(nominates_within(&better, &better, 4 * FLOE_SECOND));
    assert_path(&good);
}

static void test_ice_nominate_refused_takes_the_next_valid_pair(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    floe_bytes check = ice_solo_expect_check(&solo); /* of better */
    ice_message answer = ice_message_success(check, &solo.local);
    floe_path path = solo.out.path;
    ice_solo_advance(&solo, 50 * FLOE_MS);
    (void)nominates(&good, &good);
    assert_int_equal(ice_solo_input_on(&solo, &path, &answer), FLOE_OK);
    wait_a_gap();
    ice_message no = ice_message_error(ice_solo_expect_check(&solo), 400);
    assert_int_equal(ice_solo_input_on(&solo, &path, &no), FLOE_OK);
    assert_path(&good);
    assert_true(nominates_within(&good, &good, 10 * FLOE_MS));
}

static void test_ice_nominate_leaves_a_silent_pair_for_a_living_one(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    (void)nominates(&better, &better);
    wait_a_gap();
    assert_true(nominates(&better, &better));
    peer_checks(&good, false);
    (void)nominates_within(&better, &good, 5 * FLOE_MS);
    assert_path(&better);
    assert_true(nominates_within(&good, &good, 14 * FLOE_SECOND));
    assert_path(&good);
}

static void test_ice_nominate_repeats_itself_to_a_lite_peer(void **state)
{
    (void)state;
    init(FLOE_ICE_CONTROLLED); /* towards a lite peer we are controlling whatever was agreed */
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), true),
                     FLOE_OK);
    ice_solo_add_remote(&solo, &good, FLOE_ICE_HOST);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
    assert_true(nominates_within(&good, &good, FLOE_SECOND));
    for (int i = 0; i < 3; i++) {
        ice_solo_advance(&solo, 6 * FLOE_SECOND);
        assert_true(nominates(&good, &good));
    }
}

static void test_ice_nominate_controlled_follows_the_peer(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    assert_false(nominates_within(&better, &better, 60 * FLOE_MS));
    assert_path(&better);
    peer_checks(&good, true);
    assert_false(nominates_within(&good, &good, 60 * FLOE_MS));
    assert_path(&good); /* nominated, so better than the valid one of higher priority */
}

/* Firefox and Chromium nominate every pair they like: the best of them counts, at any time. */
static void test_ice_nominate_controlled_moves_to_the_best_of_several(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_checks(&good, true);
    (void)nominates_within(&good, &good, 60 * FLOE_MS);
    assert_path(&good);
    ice_solo_advance(&solo, 2 * FLOE_SECOND);
    peer_checks(&better, true);
    (void)nominates(&better, &better);
    assert_path(&better);
    peer_checks(&good, true);
    assert_path(&better);
}

/* Firefox as the controlling side: a better pair is nominated when another is in use already. */
static void test_ice_nominate_controlled_checks_on_what_the_peer_nominates_later(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_checks(&good, true);
    (void)nominates_within(&good, &good, 60 * FLOE_MS);
    assert_path(&good);
    peer_checks(&better, true);
    (void)nominates(&better, NULL); /* our check is lost, */
    ice_solo_advance(&solo, 500 * FLOE_MS);
    (void)nominates(&better, &better); /* and repeated */
    assert_path(&better);
}

/* The peer nominates one pair after another: an aggressive one, and the best counts. It goes on
 * with the lesser one only: it has moved. libwebrtc does both. */
static void test_ice_nominate_controlled_follows_a_peer_that_has_moved(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_checks(&better, true);
    (void)nominates(&better, &better);
    peer_checks(&good, true);
    (void)nominates_within(&good, &good, 60 * FLOE_MS);
    assert_path(&better);
    for (int i = 0; i < 4; i++) {
        ice_solo_advance(&solo, 3 * FLOE_SECOND);
        peer_checks(&better, false); /* it is kept as a backup */
        (void)nominates(&better, &better);
        peer_checks(&good, true);
        (void)nominates(&good, &good);
    }
    assert_path(&good);
    peer_checks(&better, true); /* and back, at once: it is better and nominated */
    assert_path(&better);
}

/* draft-thatcher-ice-renomination: the largest value counts, whatever was said before. */
static void test_ice_nominate_controlled_follows_a_larger_value_at_once(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_nominates(&better, 1);
    (void)nominates(&better, &better);
    assert_path(&better);
    peer_nominates(&good, 2);
    (void)nominates_within(&good, &good, 60 * FLOE_MS);
    assert_path(&good);
    peer_nominates(&better, 1); /* late, or said again */
    assert_path(&better);
    peer_nominates(&good, UINT32_MAX);
    assert_path(&good);
}

static void test_ice_nominate_controlled_forgets_what_the_peer_wanted_before_it_moved(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_checks(&good, false);
    (void)nominates_within(&good, &good, 60 * FLOE_MS);
    peer_nominates(&better, 0);
    (void)nominates(&better, NULL); /* our check is lost, */
    peer_nominates(&good, 1);
    assert_path(&good);
    ice_solo_advance(&solo, 500 * FLOE_MS);
    (void)nominates(&better, &better); /* and answered too late */
    assert_path(&good);
}

static void test_ice_nominate_controlled_waits_for_its_own_check(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    peer_checks(&better, true);
    floe_path path;
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
    (void)nominates(&better, &better);
    assert_path(&better);
    floe_ice_agent_end_remote(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

static void test_ice_nominate_ignores_the_peers_nomination_when_controlling(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    floe_path path = ice_solo_path(&solo);
    path.remote = good;
    ice_message check = ice_message_check(false);
    check.use_candidate = true;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    (void)nominates(&good, &good);
    floe_ice_agent_end_remote(&solo.agent);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

/* The peer's `good` is a relay, its `better` a host; `nomination` is ours. */
static void begin_with(floe_ice_nomination nomination)
{
    ice_solo_init_with(&solo,
                       &(floe_ice_config){.role = FLOE_ICE_CONTROLLING, .nomination = nomination});
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    ice_solo_add_remote(&solo, &good, FLOE_ICE_RELAY);
    ice_solo_add_remote(&solo, &better, FLOE_ICE_HOST);
}

static void test_ice_nominate_fast_takes_the_first_valid_pair_at_once(void **state)
{
    (void)state;
    begin_with(FLOE_ICE_NOMINATE_FAST);
    assert_false(nominates_within(&good, &good, 49 * FLOE_MS));
    assert_true(nominates_within(&good, &good, 10 * FLOE_MS)); /* checked at 50, valid at once */
    assert_path(&good);
}

static void test_ice_nominate_fast_moves_to_a_better_kind_later(void **state)
{
    (void)state;
    begin_with(FLOE_ICE_NOMINATE_FAST);
    assert_true(nominates_within(&good, &good, 60 * FLOE_MS));
    assert_false(nominates_within(&better, &good, FLOE_SECOND));
    assert_true(nominates_within(&better, &better, 2 * FLOE_SECOND)); /* still being checked */
    (void)nominates_within(&good, &better, 10 * FLOE_MS);
    assert_path(&better);
    assert_int_equal(solo.agent.moves, 1); /* and says so by NOMINATION */
    assert_false(nominates_within(&good, &better, 5 * FLOE_SECOND));
}

static void test_ice_nominate_fast_stays_among_equals(void **state)
{
    (void)state;
    begin_with(FLOE_ICE_NOMINATE_FAST);
    floe_addr equal = floe_addr_from_ipv4(198, 51, 100, 3, 6000);
    ice_solo_add_remote(&solo, &equal, FLOE_ICE_RELAY);
    assert_true(nominates_within(&good, &good, FLOE_SECOND));
    (void)nominates_within(&good, &good, 10 * FLOE_MS);
    assert_false(nominates_within(&equal, &equal, 2 * FLOE_SECOND));
    assert_path(&good);
}

/* RFC 8445 section 8.1.1 leaves the criterion to us; this is the one of "no better one can come".
 */
static void test_ice_nominate_conservative_waits_for_every_better_check_to_end(void **state)
{
    (void)state;
    begin_with(FLOE_ICE_NOMINATE_CONSERVATIVE);
    assert_false(nominates_within(&good, &good, 39400 * FLOE_MS));
    assert_path(&good); /* data goes there all the time */
    assert_true(nominates_within(&good, &good, 200 * FLOE_MS));
}

/* A controlled agent that has lost the base of its path asks to be nominated elsewhere. */
static void test_ice_nominate_controlling_goes_where_the_peer_has_moved(void **state)
{
    (void)state;
    signal_two(FLOE_ICE_HOST);
    assert_true(nominates_within(&better, &better, FLOE_SECOND));
    (void)nominates_within(&good, &better, FLOE_SECOND);
    ice_message check = ice_message_check(false);
    floe_path path = ice_solo_path(&solo);
    path.remote = good;
    check.nomination = 2;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    assert_path(&better); /* not before our check has been answered */
    (void)nominates_within(&good, &good, 20 * FLOE_MS);
    assert_path(&good);
    ice_solo_advance(&solo, 5 * FLOE_SECOND);
    check.nomination = 2; /* repeated: it says nothing new */
    path.remote = better;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    (void)nominates(&good, &good);
    assert_path(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_nominate_the_best_pair_at_once, setup),
        cmocka_unit_test_setup(test_ice_nominate_waits_a_tenth_of_a_second_for_a_better_pair,
                               setup),
        cmocka_unit_test_setup(test_ice_nominate_waits_longer_where_there_is_only_a_relay, setup),
        cmocka_unit_test_setup(test_ice_nominate_takes_the_better_pair_that_came_in_time, setup),
        cmocka_unit_test_setup(test_ice_nominate_repeats_until_it_is_answered, setup),
        cmocka_unit_test_setup(test_ice_nominate_ends_the_checks_of_other_pairs, setup),
        cmocka_unit_test_setup(test_ice_nominate_one_pair_only, setup),
        cmocka_unit_test_setup(test_ice_nominate_refused_takes_the_next_valid_pair, setup),
        cmocka_unit_test_setup(test_ice_nominate_leaves_a_silent_pair_for_a_living_one, setup),
        cmocka_unit_test_setup(test_ice_nominate_repeats_itself_to_a_lite_peer, setup),
        cmocka_unit_test_setup(test_ice_nominate_controlled_follows_the_peer, setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_controlled_moves_to_the_best_of_several,
                               setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_controlled_follows_a_larger_value_at_once,
                               setup_controlled),
        cmocka_unit_test_setup(
            test_ice_nominate_controlled_forgets_what_the_peer_wanted_before_it_moved,
            setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_controlled_waits_for_its_own_check,
                               setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_ignores_the_peers_nomination_when_controlling,
                               setup),
        cmocka_unit_test_setup(test_ice_nominate_asks_to_be_woken_when_the_grace_ends, setup),
        cmocka_unit_test_setup(test_ice_nominate_controlled_checks_on_what_the_peer_nominates_later,
                               setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_controlled_follows_a_peer_that_has_moved,
                               setup_controlled),
        cmocka_unit_test_setup(test_ice_nominate_cancels_checks_under_way, setup),
        cmocka_unit_test_setup(test_ice_nominate_fast_takes_the_first_valid_pair_at_once, setup),
        cmocka_unit_test_setup(test_ice_nominate_fast_moves_to_a_better_kind_later, setup),
        cmocka_unit_test_setup(test_ice_nominate_fast_stays_among_equals, setup),
        cmocka_unit_test_setup(test_ice_nominate_conservative_waits_for_every_better_check_to_end,
                               setup),
        cmocka_unit_test_setup(test_ice_nominate_controlling_goes_where_the_peer_has_moved, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
