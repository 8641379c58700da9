/* Tests of sctp/sctp_timer.c. */
#include "sctp/sctp_timer.h"

#include "support/unit.h"

static void test_sctp_timers_begin_without_a_deadline(void **state)
{
    (void)state;
    floe_sctp_timers timers;
    floe_sctp_timers_init(&timers);
    assert_true(floe_sctp_timers_deadline(&timers) == FLOE_TIME_NEVER);
    assert_int_equal(floe_sctp_timers_next(&timers, UINT64_MAX), FLOE_SCTP_TIMER_COUNT);
}

static void test_sctp_timers_deadline_is_the_earliest(void **state)
{
    (void)state;
    floe_sctp_timers timers;
    floe_sctp_timers_init(&timers);
    floe_sctp_timers_set(&timers, FLOE_SCTP_TIMER_DATA, 30);
    floe_sctp_timers_set(&timers, FLOE_SCTP_TIMER_SACK, 20);
    floe_sctp_timers_set(&timers, FLOE_SCTP_TIMER_INIT, 40);
    assert_true(floe_sctp_timers_deadline(&timers) == 20);
    floe_sctp_timers_stop(&timers, FLOE_SCTP_TIMER_SACK);
    assert_true(floe_sctp_timers_deadline(&timers) == 30);
    assert_false(floe_sctp_timers_is_set(&timers, FLOE_SCTP_TIMER_SACK));
    assert_true(floe_sctp_timers_is_set(&timers, FLOE_SCTP_TIMER_DATA));
}

static void test_sctp_timers_are_due_at_their_time_not_before_and_once(void **state)
{
    (void)state;
    floe_sctp_timers timers;
    floe_sctp_timers_init(&timers);
    floe_sctp_timers_set(&timers, FLOE_SCTP_TIMER_DATA, 30);
    floe_sctp_timers_set(&timers, FLOE_SCTP_TIMER_RESET, 30);
    assert_int_equal(floe_sctp_timers_next(&timers, 29), FLOE_SCTP_TIMER_COUNT);
    assert_int_equal(floe_sctp_timers_next(&timers, 30), FLOE_SCTP_TIMER_DATA);
    assert_int_equal(floe_sctp_timers_next(&timers, 30), FLOE_SCTP_TIMER_RESET);
    assert_int_equal(floe_sctp_timers_next(&timers, 30), FLOE_SCTP_TIMER_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_timers_begin_without_a_deadline),
        cmocka_unit_test(test_sctp_timers_deadline_is_the_earliest),
        cmocka_unit_test(test_sctp_timers_are_due_at_their_time_not_before_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
