/* Tests of ice/ice_checklist.c: order, freezing, bounds. */
#include <string.h>

#include "ice/ice_checklist.h"
#include "support/unit.h"

static floe_ice_checklist list;

static int setup(void **state)
{
    (void)state;
    memset(&list, 0, sizeof list);
    return 0;
}

/* A pair of its own remote candidate, Frozen. */
static uint8_t add(uint64_t priority, uint32_t foundation)
{
    static uint8_t next;
    floe_ice_pair pair = {.priority = priority, .foundation = foundation, .remote = next++};
    return floe_ice_checklist_add(&list, &pair);
}

static uint8_t add_in(uint64_t priority, uint32_t foundation, floe_ice_pair_state pair_state)
{
    uint8_t index = add(priority, foundation);
    list.pair[index].state = (uint8_t)pair_state;
    return index;
}

static void fill_with(floe_ice_pair_state pair_state, uint64_t priority)
{
    for (int i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        assert_int_not_equal(add_in(priority, 1, pair_state), FLOE_ICE_NONE);
    }
}

static void test_ice_checklist_finds_a_pair_by_both_ends(void **state)
{
    (void)state;
    floe_ice_pair pair = {.priority = 1, .local = 3, .remote = 9};
    uint8_t index = floe_ice_checklist_add(&list, &pair);
    assert_int_equal(floe_ice_checklist_find(&list, 3, 9), index);
    assert_int_equal(floe_ice_checklist_find(&list, 9, 3), FLOE_ICE_NONE);
    assert_int_equal(floe_ice_checklist_find(&list, 0, 0), FLOE_ICE_NONE);
    assert_int_equal(floe_ice_checklist_count(&list), 1);
}

static void test_ice_checklist_thaws_one_pair_of_each_foundation_the_best(void **state)
{
    (void)state;
    uint8_t low = add(10, 1);
    uint8_t high = add(20, 1);
    uint8_t other = add(5, 2);
    floe_ice_checklist_thaw(&list);
    assert_int_equal(list.pair[low].state, FLOE_ICE_PAIR_FROZEN);
    assert_int_equal(list.pair[high].state, FLOE_ICE_PAIR_WAITING);
    assert_int_equal(list.pair[other].state, FLOE_ICE_PAIR_WAITING);
}

static void test_ice_checklist_thaws_one_of_two_pairs_of_equal_priority(void **state)
{
    (void)state;
    (void)add(10, 1);
    (void)add(10, 1);
    floe_ice_checklist_thaw(&list);
    assert_int_equal((list.pair[0].state == FLOE_ICE_PAIR_WAITING) +
                         (list.pair[1].state == FLOE_ICE_PAIR_WAITING),
                     1);
}

static void test_ice_checklist_thaws_nothing_while_a_pair_waits(void **state)
{
    (void)state;
    (void)add_in(1, 1, FLOE_ICE_PAIR_WAITING);
    uint8_t frozen = add(20, 2);
    floe_ice_checklist_thaw(&list);
    assert_int_equal(list.pair[frozen].state, FLOE_ICE_PAIR_FROZEN);
}

static void test_ice_checklist_keeps_a_foundation_frozen_while_it_is_checked(void **state)
{
    (void)state;
    uint8_t checked = add_in(20, 1, FLOE_ICE_PAIR_IN_PROGRESS);
    uint8_t frozen = add(10, 1);
    floe_ice_checklist_thaw(&list);
    assert_int_equal(list.pair[frozen].state, FLOE_ICE_PAIR_FROZEN);
    list.pair[checked].state = FLOE_ICE_PAIR_FAILED;
    floe_ice_checklist_thaw(&list);
    assert_int_equal(list.pair[frozen].state, FLOE_ICE_PAIR_WAITING);
}

static void test_ice_checklist_releases_the_whole_foundation_on_success(void **state)
{
    (void)state;
    uint8_t same = add(10, 1);
    uint8_t also = add(9, 1);
    uint8_t other = add(8, 2);
    uint8_t failed = add_in(7, 1, FLOE_ICE_PAIR_FAILED);
    floe_ice_checklist_release(&list, 1);
    assert_int_equal(list.pair[same].state, FLOE_ICE_PAIR_WAITING);
    assert_int_equal(list.pair[also].state, FLOE_ICE_PAIR_WAITING);
    assert_int_equal(list.pair[other].state, FLOE_ICE_PAIR_FROZEN);
    assert_int_equal(list.pair[failed].state, FLOE_ICE_PAIR_FAILED);
}

static void test_ice_checklist_trickle_rule_1_the_best_of_its_foundation_waits(void **state)
{
    (void)state;
    (void)add_in(10, 1, FLOE_ICE_PAIR_IN_PROGRESS);
    uint8_t top = add(20, 1);
    floe_ice_checklist_trickle(&list, top);
    assert_int_equal(list.pair[top].state, FLOE_ICE_PAIR_WAITING);
}

static void test_ice_checklist_trickle_rule_2_a_foundation_that_succeeded_waits(void **state)
{
    (void)state;
    (void)add_in(20, 1, FLOE_ICE_PAIR_SUCCEEDED);
    uint8_t late = add(10, 1);
    floe_ice_checklist_trickle(&list, late);
    assert_int_equal(list.pair[late].state, FLOE_ICE_PAIR_WAITING);
}

static void test_ice_checklist_trickle_rule_3_any_other_is_frozen(void **state)
{
    (void)state;
    (void)add_in(20, 1, FLOE_ICE_PAIR_IN_PROGRESS);
    (void)add_in(30, 2, FLOE_ICE_PAIR_SUCCEEDED);
    uint8_t late = add(10, 1);
    floe_ice_checklist_trickle(&list, late);
    assert_int_equal(list.pair[late].state, FLOE_ICE_PAIR_FROZEN);
}

static void test_ice_checklist_next_is_the_waiting_pair_of_highest_priority(void **state)
{
    (void)state;
    assert_int_equal(floe_ice_checklist_next(&list), FLOE_ICE_NONE);
    (void)add_in(99, 1, FLOE_ICE_PAIR_FROZEN);
    (void)add_in(10, 2, FLOE_ICE_PAIR_WAITING);
    uint8_t best = add_in(20, 3, FLOE_ICE_PAIR_WAITING);
    (void)add_in(15, 4, FLOE_ICE_PAIR_WAITING);
    assert_int_equal(floe_ice_checklist_next(&list), best);
}

static void test_ice_checklist_next_triggered_is_the_best_of_them_in_any_state(void **state)
{
    (void)state;
    assert_int_equal(floe_ice_checklist_next_triggered(&list), FLOE_ICE_NONE);
    uint8_t low = add_in(10, 1, FLOE_ICE_PAIR_WAITING);
    uint8_t high = add_in(20, 2, FLOE_ICE_PAIR_IN_PROGRESS);
    (void)add_in(30, 3, FLOE_ICE_PAIR_WAITING);
    floe_ice_pair_set(&list.pair[low], FLOE_ICE_PAIR_TRIGGERED);
    floe_ice_pair_set(&list.pair[high], FLOE_ICE_PAIR_TRIGGERED);
    assert_int_equal(floe_ice_checklist_next_triggered(&list), high);
}

static void test_ice_checklist_full_replaces_a_failed_pair_first(void **state)
{
    (void)state;
    fill_with(FLOE_ICE_PAIR_WAITING, 50);
    list.pair[1].state = FLOE_ICE_PAIR_FAILED;
    list.pair[1].priority = 90;
    list.pair[0].priority = 1;
    assert_int_equal(add(60, 1), 1);
    assert_int_equal(floe_ice_checklist_count(&list), FLOE_ICE_PAIR_MAX);
}

static void test_ice_checklist_full_replaces_the_failed_pair_of_lowest_priority(void **state)
{
    (void)state;
    fill_with(FLOE_ICE_PAIR_FAILED, 50);
    list.pair[1].priority = 40;
    assert_int_equal(add(60, 1), 1);
}

static void test_ice_checklist_full_replaces_the_waiting_pair_of_lowest_priority(void **state)
{
    (void)state;
    fill_with(FLOE_ICE_PAIR_WAITING, 50);
    list.pair[FLOE_ICE_PAIR_MAX - 1].priority = 40;
    assert_int_equal(add(60, 1), FLOE_ICE_PAIR_MAX - 1);
}

static void test_ice_checklist_full_leaves_out_a_pair_that_is_no_better(void **state)
{
    (void)state;
    fill_with(FLOE_ICE_PAIR_WAITING, 50);
    assert_int_equal(add(50, 1), FLOE_ICE_NONE);
    assert_int_equal(add(49, 1), FLOE_ICE_NONE);
}

static void test_ice_checklist_full_never_replaces_a_pair_in_use(void **state)
{
    (void)state;
    static const unsigned flags[] = {FLOE_ICE_PAIR_ANSWERED, FLOE_ICE_PAIR_TRIGGERED,
                                     FLOE_ICE_PAIR_DEAD};
    static const floe_ice_pair_state states[] = {FLOE_ICE_PAIR_IN_PROGRESS,
                                                 FLOE_ICE_PAIR_SUCCEEDED};
    for (size_t i = 0; i < 3; i++) {
        (void)setup(NULL);
        fill_with(FLOE_ICE_PAIR_FAILED, 50);
        for (size_t k = 0; k < FLOE_ICE_PAIR_MAX; k++) {
            floe_ice_pair_set(&list.pair[k], flags[i]);
        }
        assert_int_equal(add(60, 1), FLOE_ICE_NONE);
    }
    for (size_t i = 0; i < 2; i++) {
        (void)setup(NULL);
        fill_with(states[i], 50);
        assert_int_equal(add(60, 1), FLOE_ICE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_checklist_finds_a_pair_by_both_ends, setup),
        cmocka_unit_test_setup(test_ice_checklist_thaws_one_pair_of_each_foundation_the_best,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_thaws_one_of_two_pairs_of_equal_priority, setup),
        cmocka_unit_test_setup(test_ice_checklist_thaws_nothing_while_a_pair_waits, setup),
        cmocka_unit_test_setup(test_ice_checklist_keeps_a_foundation_frozen_while_it_is_checked,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_releases_the_whole_foundation_on_success, setup),
        cmocka_unit_test_setup(test_ice_checklist_trickle_rule_1_the_best_of_its_foundation_waits,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_trickle_rule_2_a_foundation_that_succeeded_waits,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_trickle_rule_3_any_other_is_frozen, setup),
        cmocka_unit_test_setup(test_ice_checklist_next_is_the_waiting_pair_of_highest_priority,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_next_triggered_is_the_best_of_them_in_any_state,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_full_replaces_a_failed_pair_first, setup),
        cmocka_unit_test_setup(test_ice_checklist_full_replaces_the_waiting_pair_of_lowest_priority,
                               setup),
        cmocka_unit_test_setup(test_ice_checklist_full_leaves_out_a_pair_that_is_no_better, setup),
        cmocka_unit_test_setup(test_ice_checklist_full_never_replaces_a_pair_in_use, setup),
        cmocka_unit_test_setup(test_ice_checklist_full_replaces_the_failed_pair_of_lowest_priority,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
