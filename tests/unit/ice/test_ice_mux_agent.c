/* Unit tests of ice/ice_mux_agent.c. */
#include "ice/ice_mux.h"

#include "base/addr.h"
#include "support/ice_message.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static bool is_held(const ice_solo *solo, const floe_path *path)
{
    return floe_ice_mux_is_held(&solo->agent, solo->now, path);
}

static void test_ice_mux_agent_holds_a_path_once_a_check_came_there(void **state)
{
    ice_solo solo;
    ice_message check = ice_message_check(true);
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    floe_path path = ice_solo_path(&solo);
    assert_false(is_held(&solo, &path));
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(is_held(&solo, &path));
    path.remote.port++;
    assert_false(is_held(&solo, &path));
}

static void test_ice_mux_agent_holds_a_path_before_the_peer_is_described(void **state)
{
    ice_solo solo;
    ice_message check = ice_message_check(true);
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    floe_path path = ice_solo_path(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(is_held(&solo, &path));
}

/* A user fragment is no secret: it travels in every check. */
static void test_ice_mux_agent_who_knows_its_ufrag_alone_gets_no_path(void **state)
{
    ice_solo solo;
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    floe_path path = ice_solo_path(&solo);
    for (int i = ICE_INTEGRITY_NONE; i <= ICE_INTEGRITY_WRONG; i++) {
        ice_message check = ice_message_check(true);
        check.integrity = (ice_integrity)i;
        assert_int_not_equal(ice_solo_input(&solo, &check), FLOE_OK);
        assert_false(is_held(&solo, &path));
    }
}

static void test_ice_mux_agent_holds_what_it_has_connected_on(void **state)
{
    ice_solo solo;
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    floe_path path = ice_solo_path(&solo);
    (void)ice_solo_live(&solo, 60 * FLOE_SECOND);
    assert_true(is_held(&solo, &path));
}

/* It sends no checks, and so has no more to go by than those that came. */
static void test_ice_mux_agent_that_is_lite_holds_where_checks_come(void **state)
{
    ice_solo solo;
    ice_message check = ice_message_check(true);
    (void)state;
    UNIT_NEEDS(FLOE_ICE_LITE);
    ice_solo_begin(&solo, &(floe_ice_config){.is_lite = true});
    ice_solo_signal(&solo);
    floe_path path = ice_solo_path(&solo);
    assert_false(is_held(&solo, &path));
    for (int i = 0; i < 10; i++) {
        check.tid[0] = (uint8_t)i;
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        assert_true(is_held(&solo, &path));
        (void)ice_solo_drain(&solo);
        ice_solo_advance(&solo, 5 * FLOE_SECOND);
        assert_true(is_held(&solo, &path));
    }
}

static void test_ice_mux_agent_does_not_hold_a_path_that_is_silent(void **state)
{
    ice_solo solo;
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    floe_path path = ice_solo_path(&solo);
    ice_solo_advance(&solo, 6 * FLOE_SECOND);
    assert_true(is_held(&solo, &path));
    ice_solo_advance(&solo, 2 * FLOE_SECOND);
    assert_false(is_held(&solo, &path));
}

/* Who sends a check need not be where it says; who answers one is. */
static void test_ice_mux_agent_has_proof_of_a_path_once_its_own_check_was_answered(void **state)
{
    ice_solo solo;
    ice_message check = ice_message_check(true);
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    floe_path path = ice_solo_path(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(is_held(&solo, &path));
    assert_false(floe_ice_mux_is_proven(&solo.agent, solo.now, &path));
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    assert_true(floe_ice_mux_is_proven(&solo.agent, solo.now, &path));
    ice_solo_advance(&solo, 8 * FLOE_SECOND);
    assert_false(floe_ice_mux_is_proven(&solo.agent, solo.now, &path));
    floe_ice_agent_close(&solo.agent);
    assert_false(floe_ice_mux_is_proven(&solo.agent, solo.now, &path));
}

static void test_ice_mux_agent_that_is_closed_holds_nothing(void **state)
{
    ice_solo solo;
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    floe_path path = ice_solo_path(&solo);
    floe_ice_agent_close(&solo.agent);
    assert_false(is_held(&solo, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_mux_agent_holds_a_path_once_a_check_came_there),
        cmocka_unit_test(test_ice_mux_agent_holds_a_path_before_the_peer_is_described),
        cmocka_unit_test(test_ice_mux_agent_who_knows_its_ufrag_alone_gets_no_path),
        cmocka_unit_test(test_ice_mux_agent_holds_what_it_has_connected_on),
        cmocka_unit_test(test_ice_mux_agent_that_is_lite_holds_where_checks_come),
        cmocka_unit_test(test_ice_mux_agent_does_not_hold_a_path_that_is_silent),
        cmocka_unit_test(test_ice_mux_agent_has_proof_of_a_path_once_its_own_check_was_answered),
        cmocka_unit_test(test_ice_mux_agent_that_is_closed_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
