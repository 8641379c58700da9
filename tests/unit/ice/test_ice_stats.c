/* Tests of ice/ice_stats.c: the check list, told pair by pair. */
#include "ice/ice_agent.h"

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

static void test_ice_stats_of_an_agent_without_pairs_are_none(void **state)
{
    floe_ice_pair_info info;
    size_t cursor = 0;
    (void)state;
    assert_false(floe_ice_agent_next_pair(&solo.agent, &cursor, &info));
    assert_false(floe_ice_agent_next_pair(&solo.agent, &cursor, &info));
}

static void test_ice_stats_tell_a_pair_from_its_first_check_to_its_nomination(void **state)
{
    floe_ice_pair_info info;
    size_t cursor = 0;
    (void)state;
    ice_solo_signal(&solo);
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_ice_agent_next_pair(&solo.agent, &cursor, &info));
    assert_int_equal(info.state, FLOE_ICE_PAIR_IN_PROGRESS);
    assert_false(info.is_selected || info.is_nominated);
    assert_true(floe_addr_equal(&info.local.addr, &solo.local));
    assert_true(floe_addr_equal(&info.remote.addr, &solo.peer));
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    cursor = 0;
    assert_true(floe_ice_agent_next_pair(&solo.agent, &cursor, &info));
    assert_int_equal(info.state, FLOE_ICE_PAIR_SUCCEEDED);
    assert_true(info.is_selected && info.is_nominated);
    assert_true(info.priority == floe_ice_pair_priority(info.local.priority, info.remote.priority));
    assert_false(floe_ice_agent_next_pair(&solo.agent, &cursor, &info));
}

static void test_ice_stats_tell_every_pair_once(void **state)
{
    floe_ice_pair_info info;
    floe_ice_stats stats;
    size_t cursor = 0, count = 0;
    (void)state;
    ice_solo_signal(&solo);
    (void)ice_solo_add_local(&solo, 2);
    ice_solo_add_remote(&solo, &(floe_addr){{198, 51, 100, 9}, 900, 4, 0}, FLOE_ICE_SRFLX);
    while (floe_ice_agent_next_pair(&solo.agent, &cursor, &info)) {
        count++;
    }
    floe_ice_agent_get_stats(&solo.agent, &stats);
    assert_int_equal(count, stats.pairs);
    assert_true(count >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_stats_of_an_agent_without_pairs_are_none, setup),
        cmocka_unit_test_setup(test_ice_stats_tell_a_pair_from_its_first_check_to_its_nomination,
                               setup),
        cmocka_unit_test_setup(test_ice_stats_tell_every_pair_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
