/* Unit tests of io/deadlines.c. */
#include "io/deadlines.h"

#include "support/sim_random.h"
#include "support/unit.h"

#define COUNT 50u

static void test_deadlines_first_is_always_the_first(void **state)
{
    floe_deadlines deadlines;
    floe_deadlines_entry memory[COUNT];
    floe_deadline all[COUNT];
    sim_random random = sim_random_begin(7, 0);
    (void)state;
    floe_deadlines_init(&deadlines, memory, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        all[i].at = FLOE_TIME_NEVER;
    }
    for (int round = 0; round < 20000; round++) {
        floe_time least = FLOE_TIME_NEVER;
        floe_time at = sim_random_below(&random, 1000);
        at = sim_random_chance(&random, 300) ? FLOE_TIME_NEVER : at;
        floe_deadlines_set(&deadlines, &all[sim_random_below(&random, COUNT)], at);
        for (size_t i = 0; i < COUNT; i++) {
            least = floe_time_min(least, all[i].at);
        }
        const floe_deadline *first = floe_deadlines_first(&deadlines);
        assert_int_equal(first != NULL ? first->at : FLOE_TIME_NEVER, least);
    }
}

static void test_deadlines_are_empty_at_first_and_at_last(void **state)
{
    floe_deadlines deadlines;
    floe_deadlines_entry memory[1];
    floe_deadline one = {.at = FLOE_TIME_NEVER};
    (void)state;
    floe_deadlines_init(&deadlines, memory, 1);
    assert_null(floe_deadlines_first(&deadlines));
    floe_deadlines_set(&deadlines, &one, 5);
    assert_ptr_equal(floe_deadlines_first(&deadlines), &one);
    floe_deadlines_set(&deadlines, &one, FLOE_TIME_NEVER);
    assert_null(floe_deadlines_first(&deadlines));
}

static void test_deadlines_that_are_far_join_others_and_none_comes_early(void **state)
{
    const floe_time now = 7 * FLOE_SECOND + 3;
    (void)state;
    for (floe_time in = 20 * FLOE_MS; in < FLOE_SECOND; in += 777) {
        floe_time at = floe_deadlines_join(now + in, now + 20 * FLOE_MS);
        assert_int_equal(at % FLOE_DEADLINES_GRAIN, 0);
        assert_in_range(at, now + in + 1, now + in + FLOE_DEADLINES_GRAIN);
    }
}

static void test_deadlines_that_are_near_or_never_stay_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(floe_deadlines_join(FLOE_SECOND - 1, FLOE_SECOND), FLOE_SECOND - 1);
    assert_int_equal(floe_deadlines_join(0, FLOE_SECOND), 0);
    assert_true(floe_deadlines_join(FLOE_TIME_NEVER, FLOE_SECOND) == FLOE_TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines_first_is_always_the_first),
        cmocka_unit_test(test_deadlines_are_empty_at_first_and_at_last),
        cmocka_unit_test(test_deadlines_that_are_far_join_others_and_none_comes_early),
        cmocka_unit_test(test_deadlines_that_are_near_or_never_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
