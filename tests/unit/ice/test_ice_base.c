/* Tests of ice/ice_base.c: what a base takes along when it goes, and what the peer is told of it.
 */
#include "base/addr.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

/* What the next check says of our network. */
static uint32_t next_cost(void)
{
    floe_stun_msg msg;
    uint32_t info;
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_NETWORK_INFO, &info));
    return info;
}

/* The socket goes; another comes in its place. */
static void move_to(uint8_t n)
{
    floe_ice_agent_remove_local(&solo.agent, &solo.local);
    solo.local = ice_solo_add_local(&solo, n);
    (void)ice_solo_state(&solo);
}

static void test_ice_base_checks_say_what_candidates_cost(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_signal(&solo);
    assert_int_equal(next_cost(), FLOE_ICE_NETWORK_COST);
    assert_int_equal(floe_ice_agent_network_cost(&solo.agent), FLOE_ICE_NETWORK_COST);
}

/* libwebrtc, basic_ice_controller.cc: a new pair of no greater priority than the one in use is
 * pruned before it was ever checked, and a nomination of it is passed over for 2.5 s; cost comes
 * before priority. */
static void test_ice_base_what_comes_after_a_loss_costs_less(void **state)
{
    (void)state;
    static const floe_ice_role roles[] = {FLOE_ICE_CONTROLLING, FLOE_ICE_CONTROLLED};
    for (size_t i = 0; i < 2; i++) {
        ice_solo_init(&solo, roles[i]);
        ice_solo_connect(&solo);
        move_to(2);
        assert_int_equal(floe_ice_agent_network_cost(&solo.agent), FLOE_ICE_NETWORK_COST - 1);
        ice_solo_advance(&solo, 50 * FLOE_MS);
        assert_int_equal(next_cost(), FLOE_ICE_NETWORK_COST - 1);
    }
}

static void test_ice_base_that_was_not_in_use_goes_at_no_price(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    floe_addr other = ice_solo_add_local(&solo, 2);
    floe_ice_agent_remove_local(&solo.agent, &other);
    assert_int_equal(floe_ice_agent_network_cost(&solo.agent), FLOE_ICE_NETWORK_COST);
}

/* The peer compares with pairs of before the restart, too: what has become cheap stays so. */
static void test_ice_base_cost_survives_a_restart(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    move_to(2);
    assert_int_equal(
        floe_ice_agent_restart(&solo.agent, FLOE_LIT("anew"), FLOE_LIT("anewanewanewanewanewanew")),
        FLOE_OK);
    assert_int_equal(floe_ice_agent_network_cost(&solo.agent), FLOE_ICE_NETWORK_COST - 1);
}

static void test_ice_base_cost_ends_at_nothing(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_connect(&solo);
    for (unsigned i = 0; i < FLOE_ICE_NETWORK_COST + 2; i++) {
        move_to((uint8_t)(2 + i % 2));
        (void)ice_solo_live(&solo, FLOE_SECOND);
        assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    }
    assert_int_equal(floe_ice_agent_network_cost(&solo.agent), 0);
}

static void test_ice_base_of_a_lite_agent_goes_in_silence(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LITE);
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLED, .is_lite = true});
    ice_solo_signal(&solo);
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    (void)ice_solo_drain(&solo);
    floe_ice_agent_remove_local(&solo.agent, &solo.local);
    assert_int_equal(floe_ice_agent_network_cost(&solo.agent), FLOE_ICE_NETWORK_COST);
    assert_int_equal(solo.agent.pleas, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_base_checks_say_what_candidates_cost),
        cmocka_unit_test(test_ice_base_what_comes_after_a_loss_costs_less),
        cmocka_unit_test(test_ice_base_that_was_not_in_use_goes_at_no_price),
        cmocka_unit_test(test_ice_base_cost_survives_a_restart),
        cmocka_unit_test(test_ice_base_cost_ends_at_nothing),
        cmocka_unit_test(test_ice_base_of_a_lite_agent_goes_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
