/* Unit tests of ice/ice_hidden.c. */
#include "ice/ice_hidden.h"

#include "base/addr.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static unsigned count_of(const ice_solo *solo, floe_ice_type type)
{
    size_t cursor = 0;
    unsigned count = 0;
    floe_ice_cand cand;
    while (floe_ice_agent_next_local(&solo->agent, &cursor, &cand)) {
        count += cand.type == type;
    }
    return count;
}

static void test_ice_hidden_address_that_a_server_sees_is_told_once(void **state)
{
    ice_solo solo;
    (void)state;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &solo.local, 1);
    assert_int_equal(count_of(&solo, FLOE_ICE_SRFLX), 0); /* RFC 8445 section 5.1.3 */
    floe_ice_agent_hide_local(&solo.agent, &solo.local);
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &solo.local, 1);
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &solo.local, 1);
    assert_int_equal(count_of(&solo, FLOE_ICE_SRFLX), 1);
    assert_int_equal(count_of(&solo, FLOE_ICE_HOST), 1);
}

static void test_ice_hidden_socket_connects_as_any_other(void **state)
{
    ice_solo solo;
    floe_ice_stats stats;
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    floe_ice_agent_hide_local(&solo.agent, &solo.local);
    ice_solo_connect(&solo);
    floe_ice_agent_get_stats(&solo.agent, &stats);
    assert_int_equal(stats.local.type, FLOE_ICE_HOST);
    assert_int_equal(stats.local_candidates, 1);
}

static void test_ice_hidden_unknown_address_is_nothing(void **state)
{
    ice_solo solo;
    floe_addr other = floe_addr_from_ipv4(192, 0, 2, 77, 1);
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    floe_ice_agent_hide_local(&solo.agent, &other);
    floe_ice_agent_check_invariants(&solo.agent);
    assert_int_equal(count_of(&solo, FLOE_ICE_HOST), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_hidden_address_that_a_server_sees_is_told_once),
        cmocka_unit_test(test_ice_hidden_socket_connects_as_any_other),
        cmocka_unit_test(test_ice_hidden_unknown_address_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
