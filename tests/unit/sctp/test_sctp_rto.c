/* Tests of sctp/sctp_rto.c: RFC 9260 section 6.3.1. */
#include "sctp/sctp_rto.h"

#include "support/unit.h"

static floe_sctp_rto make(void)
{
    floe_sctp_rto rto;
    floe_sctp_rto_init(&rto, 500, 200, 10000);
    return rto;
}

static void test_sctp_rto_is_initial_before_anything_is_measured(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    assert_int_equal(rto.rto_us, 500000);
    assert_int_equal(rto.srtt_us, 0);
}

static void test_sctp_rto_first_sample_sets_mean_and_half_of_it_as_variation(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_add(&rto, 400000);
    assert_int_equal(rto.srtt_us, 400000);
    assert_int_equal(rto.rttvar_us, 200000);
    assert_int_equal(rto.rto_us, 1200000);
}

static void test_sctp_rto_later_samples_use_the_mean_before_they_change_it(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_add(&rto, 400000);
    floe_sctp_rto_add(&rto, 800000);
    assert_int_equal(rto.rttvar_us, (3 * 200000 + 400000) / 4);
    assert_int_equal(rto.srtt_us, (7 * 400000 + 800000) / 8);
    assert_int_equal(rto.rto_us, 450000 + 4 * 250000);
}

static void test_sctp_rto_stays_between_minimum_and_maximum(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_add(&rto, 10);
    assert_int_equal(rto.rto_us, 200000);
    floe_sctp_rto_add(&rto, UINT64_MAX);
    floe_sctp_rto_add(&rto, UINT64_MAX);
    assert_int_equal(rto.rto_us, 10000000);
}

static void test_sctp_rto_backoff_doubles_to_the_maximum_and_a_sample_ends_it(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_add(&rto, 100000);
    assert_int_equal(rto.rto_us, 300000);
    floe_sctp_rto_back_off(&rto);
    assert_int_equal(rto.rto_us, 600000);
    for (int i = 0; i < 40; i++) {
        floe_sctp_rto_back_off(&rto);
    }
    assert_int_equal(rto.rto_us, 10000000);
    floe_sctp_rto_add(&rto, 100000);
    assert_true(rto.rto_us < 300000);
}

static void test_sctp_rto_end_of_backoff_restores_what_was_measured(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_back_off(&rto);
    floe_sctp_rto_end_backoff(&rto);
    assert_int_equal(rto.rto_us, 500000);
    floe_sctp_rto_add(&rto, 100000);
    floe_sctp_rto_back_off(&rto);
    floe_sctp_rto_end_backoff(&rto);
    assert_int_equal(rto.rto_us, 300000);
}

static void test_sctp_rto_variation_never_falls_below_the_granularity(void **state)
{
    (void)state;
    floe_sctp_rto rto;
    floe_sctp_rto_init(&rto, 500, 1, 10000);
    for (int i = 0; i < 100; i++) {
        floe_sctp_rto_add(&rto, 50000);
    }
    assert_int_equal(rto.rttvar_us, 1000);
    assert_int_equal(rto.rto_us, 54000);
}

static void test_sctp_rto_reset_forgets(void **state)
{
    (void)state;
    floe_sctp_rto rto = make();
    floe_sctp_rto_add(&rto, 400000);
    floe_sctp_rto_back_off(&rto);
    floe_sctp_rto_reset(&rto);
    assert_int_equal(rto.rto_us, 500000);
    assert_int_equal(rto.srtt_us, 0);
}

static void test_sctp_rto_brings_absurd_settings_into_order(void **state)
{
    (void)state;
    floe_sctp_rto rto;
    floe_sctp_rto_init(&rto, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_true(rto.min_us <= rto.initial_us && rto.initial_us <= rto.max_us);
    floe_sctp_rto_back_off(&rto);
    assert_int_equal(rto.rto_us, rto.max_us);
    floe_sctp_rto_init(&rto, 1, 5000, 100);
    assert_int_equal(rto.rto_us, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_rto_is_initial_before_anything_is_measured),
        cmocka_unit_test(test_sctp_rto_first_sample_sets_mean_and_half_of_it_as_variation),
        cmocka_unit_test(test_sctp_rto_later_samples_use_the_mean_before_they_change_it),
        cmocka_unit_test(test_sctp_rto_stays_between_minimum_and_maximum),
        cmocka_unit_test(test_sctp_rto_backoff_doubles_to_the_maximum_and_a_sample_ends_it),
        cmocka_unit_test(test_sctp_rto_end_of_backoff_restores_what_was_measured),
        cmocka_unit_test(test_sctp_rto_variation_never_falls_below_the_granularity),
        cmocka_unit_test(test_sctp_rto_reset_forgets),
        cmocka_unit_test(test_sctp_rto_brings_absurd_settings_into_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
