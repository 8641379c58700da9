/* tests/unit/io/test_ip_handling.c - the four modes of RFC 8828. */
#include "io/ip_handling.h"

#include "base/addr.h"

#include "support/unit.h"

static floe_interface list[4];

static int setup(void **state)
{
    static const char *const ips[] = {"192.168.1.2", "10.8.0.2", "2001:db8::1", "127.0.0.1"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        list[i] = (floe_interface){.is_up = true, .is_default_route = i == 0 || i == 2};
        assert_int_equal(floe_addr_parse(&list[i].addr, floe_bytes_of(ips[i]), 0), FLOE_OK);
    }
    return 0;
}

static void test_ip_handling_all_knows_every_interface(void **state)
{
    (void)state;
    assert_int_equal(floe_ip_handling_choose(FLOE_IP_ALL, list, 4, false), 4);
}

static void test_ip_handling_of_the_other_modes_knows_the_default_route_only(void **state)
{
    (void)state;
    for (int mode = FLOE_IP_PRIVATE; mode <= FLOE_IP_RELAY; mode++) {
        (void)setup(NULL);
        assert_int_equal(floe_ip_handling_choose((floe_ip_handling)mode, list, 4, false), 2);
        assert_int_equal(list[0].addr.family, 4);
        assert_int_equal(list[1].addr.family, 6);
        (void)setup(NULL);
        assert_int_equal(floe_ip_handling_choose((floe_ip_handling)mode, list, 4, true), 3);
        assert_true(floe_addr_is_loopback(&list[2].addr));
    }
}

static void test_ip_handling_public_tells_nothing_of_the_local_network(void **state)
{
    (void)state;
    floe_ice_config config = {.role = FLOE_ICE_CONTROLLING};
    floe_ice_cand cand = {.type = FLOE_ICE_SRFLX, .addr = list[2].addr, .base = list[0].addr};
    assert_int_equal(floe_ip_handling_apply(FLOE_IP_PUBLIC, &config), FLOE_OK);
    assert_int_equal(config.policy, FLOE_ICE_POLICY_ALL);
    assert_true(floe_ice_filters_tell(config.filters, &cand));
    assert_int_equal(cand.base.family, 0);
    cand = (floe_ice_cand){.type = FLOE_ICE_HOST, .addr = list[0].addr, .base = list[0].addr};
    assert_false(floe_ice_filters_tell(config.filters, &cand));
}

static void test_ip_handling_public_takes_no_place_of_other_filters(void **state)
{
    (void)state;
    static const floe_ice_filters mine;
    floe_ice_config config = {.filters = &mine};
    assert_int_equal(floe_ip_handling_apply(FLOE_IP_PUBLIC, &config), FLOE_E_ARG);
    assert_int_equal(floe_ip_handling_apply(FLOE_IP_PRIVATE, &config), FLOE_OK);
    assert_ptr_equal(config.filters, &mine);
}

static void test_ip_handling_relay_is_the_policy_of_that_name(void **state)
{
    (void)state;
    floe_ice_config config = {.role = FLOE_ICE_CONTROLLING};
    assert_int_equal(floe_ip_handling_apply(FLOE_IP_RELAY, &config), FLOE_OK);
    assert_int_equal(config.policy, FLOE_ICE_POLICY_RELAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ip_handling_all_knows_every_interface, setup),
        cmocka_unit_test_setup(test_ip_handling_of_the_other_modes_knows_the_default_route_only,
                               setup),
        cmocka_unit_test_setup(test_ip_handling_public_tells_nothing_of_the_local_network, setup),
        cmocka_unit_test_setup(test_ip_handling_public_takes_no_place_of_other_filters, setup),
        cmocka_unit_test_setup(test_ip_handling_relay_is_the_policy_of_that_name, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
