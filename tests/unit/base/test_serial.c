/* tests/unit/base/test_serial.c - RFC 1982 §3.2, RFC 9260 §1.6. */
#include "base/serial.h"

#include <stddef.h>

#include "support/unit.h"

static const uint32_t starts[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

static void test_serial32_orders_up_to_half_of_the_space(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        uint32_t a = starts[i];
        assert_true(floe_serial32_lt(a, a + 1));
        assert_true(floe_serial32_lt(a, a + 0x7fffffff));
        assert_false(floe_serial32_lt(a + 1, a));
        assert_false(floe_serial32_lt(a, a));
        assert_true(floe_serial32_le(a, a));
        assert_true(floe_serial32_le(a, a + 1));
        assert_false(floe_serial32_le(a + 1, a));
    }
}

static void test_serial32_at_exactly_half_orders_neither(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        uint32_t a = starts[i], b = a + 0x80000000;
        assert_false(floe_serial32_lt(a, b) || floe_serial32_lt(b, a));
        assert_false(floe_serial32_le(a, b) || floe_serial32_le(b, a));
    }
}

static void test_serial16_agrees_with_the_definition_for_every_distance(void **state)
{
    (void)state;
    static const uint16_t from[] = {0, 1, 0x7fff, 0x8000, 0xffff};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        for (uint32_t distance = 0; distance < 0x10000; distance++) {
            uint16_t to = (uint16_t)(from[i] + distance);
            assert_true(floe_serial16_lt(from[i], to) == (distance > 0 && distance < 0x8000));
            assert_true(floe_serial16_le(from[i], to) == (distance < 0x8000));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial32_orders_up_to_half_of_the_space),
        cmocka_unit_test(test_serial32_at_exactly_half_orders_neither),
        cmocka_unit_test(test_serial16_agrees_with_the_definition_for_every_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
