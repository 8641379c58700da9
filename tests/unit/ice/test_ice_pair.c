/* Tests of ice/ice_pair.c: priority, foundation, what a failure leaves. */
#include "ice/ice_pair.h"
#include "support/unit.h"

static void test_ice_pair_priority_is_the_formula_of_rfc_8445(void **state)
{
    (void)state;
    assert_true(floe_ice_pair_priority(1, 2) == (UINT64_C(1) << 32) + 4);
    assert_true(floe_ice_pair_priority(2, 1) == (UINT64_C(1) << 32) + 5);
    assert_true(floe_ice_pair_priority(7, 7) == (UINT64_C(7) << 32) + 14);
}

static void test_ice_pair_priority_orders_the_largest_candidates_that_are_legal(void **state)
{
    (void)state;
    const uint32_t max = INT32_MAX; /* RFC 8445 section 5.1.2 */
    assert_true(floe_ice_pair_priority(max, max) > floe_ice_pair_priority(max, max - 1));
    assert_true(floe_ice_pair_priority(max, max - 1) > floe_ice_pair_priority(max - 1, max));
    assert_true(floe_ice_pair_priority(max - 1, max) > floe_ice_pair_priority(max, 1));
}

static void test_ice_pair_foundation_depends_on_both_candidates(void **state)
{
    (void)state;
    uint32_t both = floe_ice_pair_foundation(1, 2);
    assert_int_equal(both, floe_ice_pair_foundation(1, 2));
    assert_int_not_equal(both, floe_ice_pair_foundation(2, 2));
    assert_int_not_equal(both, floe_ice_pair_foundation(1, 3));
    assert_int_not_equal(both, floe_ice_pair_foundation(2, 1));
}

static void test_ice_pair_failure_takes_back_all_that_depends_on_success(void **state)
{
    (void)state;
    floe_ice_pair pair = {.state = FLOE_ICE_PAIR_SUCCEEDED};
    floe_ice_pair_set(&pair, FLOE_ICE_PAIR_NOMINATED | FLOE_ICE_PAIR_NOMINATING |
                                 FLOE_ICE_PAIR_TRIGGERED | FLOE_ICE_PAIR_PENDING |
                                 FLOE_ICE_PAIR_ANSWERED);
    floe_ice_pair_fail(&pair);
    assert_int_equal(pair.state, FLOE_ICE_PAIR_FAILED);
    assert_int_equal(pair.flags, FLOE_ICE_PAIR_ANSWERED | FLOE_ICE_PAIR_TRIED);
}

static void test_ice_pair_has_hope_only_before_its_first_failure(void **state)
{
    (void)state;
    floe_ice_pair pair = {.state = FLOE_ICE_PAIR_FROZEN};
    assert_true(floe_ice_pair_has_hope(&pair));
    pair.state = FLOE_ICE_PAIR_WAITING;
    assert_true(floe_ice_pair_has_hope(&pair));
    pair.state = FLOE_ICE_PAIR_IN_PROGRESS;
    assert_true(floe_ice_pair_has_hope(&pair));
    floe_ice_pair_fail(&pair);
    assert_false(floe_ice_pair_has_hope(&pair));
    pair.state = FLOE_ICE_PAIR_WAITING; /* the peer triggered it once more */
    assert_false(floe_ice_pair_has_hope(&pair));
}

static void test_ice_pair_is_checking_a_first_check_or_a_nomination_not_consent(void **state)
{
    (void)state;
    floe_ice_pair pair = {.state = FLOE_ICE_PAIR_IN_PROGRESS, .flags = FLOE_ICE_PAIR_PENDING};
    assert_true(floe_ice_pair_is_checking(&pair));
    pair.state = FLOE_ICE_PAIR_SUCCEEDED;
    assert_false(floe_ice_pair_is_checking(&pair));
    floe_ice_pair_set(&pair, FLOE_ICE_PAIR_NOMINATING | FLOE_ICE_PAIR_SENT_NOMINATION);
    assert_true(floe_ice_pair_is_checking(&pair));
    floe_ice_pair_clear(&pair, FLOE_ICE_PAIR_PENDING);
    assert_false(floe_ice_pair_is_checking(&pair));
}

static void test_ice_pair_smooths_round_trip_times(void **state)
{
    (void)state;
    floe_ice_pair pair = {0};
    floe_ice_pair_add_rtt(&pair, 0);
    assert_int_equal(pair.rtt_us, 0);
    floe_ice_pair_add_rtt(&pair, 80000);
    assert_int_equal(pair.rtt_us, 80000);
    floe_ice_pair_add_rtt(&pair, 160000);
    assert_int_equal(pair.rtt_us, 90000);
    floe_ice_pair_add_rtt(&pair, 0);
    assert_int_equal(pair.rtt_us, 90000);
    pair.rtt_us = UINT32_MAX;
    floe_ice_pair_add_rtt(&pair, UINT32_MAX);
    assert_int_equal(pair.rtt_us, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_pair_priority_is_the_formula_of_rfc_8445),
        cmocka_unit_test(test_ice_pair_priority_orders_the_largest_candidates_that_are_legal),
        cmocka_unit_test(test_ice_pair_foundation_depends_on_both_candidates),
        cmocka_unit_test(test_ice_pair_failure_takes_back_all_that_depends_on_success),
        cmocka_unit_test(test_ice_pair_has_hope_only_before_its_first_failure),
        cmocka_unit_test(test_ice_pair_is_checking_a_first_check_or_a_nomination_not_consent),
        cmocka_unit_test(test_ice_pair_smooths_round_trip_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
