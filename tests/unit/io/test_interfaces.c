/* tests/unit/io/test_interfaces.c - which addresses become candidates, and in which order. */
#include "io/interfaces.h"

#include "base/addr.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static floe_interface entry(const char *text, uint32_t index)
{
    floe_interface made = {.index = index, .is_up = true};
    assert_int_equal(floe_addr_parse(&made.addr, floe_bytes_of(text), 0), FLOE_OK);
    return made;
}

/* Compare what is chosen with a list of addresses, separated by spaces. */
static void assert_chosen(const floe_interface *list, size_t count, bool use_loopback, size_t cap,
                          const char *expected)
{
    floe_addr chosen[FLOE_INTERFACES_MAX];
    char line[512] = "";
    size_t n = floe_interfaces_choose(list, count, use_loopback, chosen, cap);
    for (size_t i = 0; i < n; i++) {
        char text[FLOE_ADDR_TEXT_MAX];
        size_t at = strlen(line);
        snprintf(line + at, sizeof line - at, "%s%s", i > 0 ? " " : "",
                 floe_addr_ip_text(&chosen[i], text));
    }
    assert_string_equal(line, expected);
}

static void test_interfaces_take_turns_by_family_ipv6_first(void **state)
{
    (void)state;
    const floe_interface list[] = {
        entry("192.0.2.1", 2), entry("192.0.2.2", 3),   entry("192.0.2.3", 4),
        entry("192.0.2.4", 5), entry("2001:db8::1", 2), entry("2001:db8:1::1", 3),
    };
    assert_chosen(list, 6, false, 8,
                  "2001:db8::1 192.0.2.1 2001:db8:1::1 192.0.2.2 192.0.2.3 192.0.2.4");
}

static void test_interfaces_begin_with_the_default_route(void **state)
{
    (void)state;
    floe_interface list[] = {entry("172.17.0.1", 2), entry("172.18.0.1", 3), entry("192.0.2.1", 4)};
    list[2].is_default_route = true;
    assert_chosen(list, 3, false, 8, "192.0.2.1 172.18.0.1 172.17.0.1");
    assert_chosen(list, 3, false, 1, "192.0.2.1");
}

static void test_interfaces_leave_out_what_is_down_or_without_use(void **state)
{
    (void)state;
    floe_interface list[] = {
        entry("192.0.2.1", 2), entry("169.254.1.1", 2), entry("fe80::1", 2),
        entry("fec0::1", 2),   entry("2001:db8::1", 2), entry("192.0.2.9", 3),
    };
    list[4].is_deprecated = true;
    list[5].is_up = false;
    assert_chosen(list, 6, false, 8, "192.0.2.1");
}

static void test_interfaces_use_loopback_only_on_request_or_if_there_is_nothing_else(void **state)
{
    (void)state;
    const floe_interface list[] = {entry("127.0.0.1", 1), entry("::1", 1), entry("192.0.2.1", 2)};
    assert_chosen(list, 3, false, 8, "192.0.2.1");
    assert_chosen(list, 3, true, 8, "192.0.2.1 ::1 127.0.0.1");
    assert_chosen(list, 2, false, 8, "::1 127.0.0.1");
    assert_chosen(list, 0, true, 8, "");
}

static void test_interfaces_hide_a_permanent_address_behind_a_temporary_one(void **state)
{
    (void)state;
    floe_interface list[] = {
        entry("2001:db8:0:1::aaaa", 2),
        entry("2001:db8:0:1::bbbb", 2),
        entry("2001:db8:0:2::aaaa", 2),
        entry("2001:db8:0:1::cccc", 3),
    };
    list[1].is_temporary = true;
    assert_chosen(list, 4, false, 8, "2001:db8:0:1::bbbb 2001:db8:0:2::aaaa 2001:db8:0:1::cccc");
    list[1].is_deprecated = true; /* of no use, so it hides nothing */
    assert_chosen(list, 2, false, 8, "2001:db8:0:1::aaaa");
}

static void test_interfaces_mark_reads_the_kernels_flags(void **state)
{
    (void)state;
    floe_interface list[] = {entry("2001:db8::1", 2), entry("2001:db8::2", 2),
                             entry("2001:db8::2", 3)};
    floe_interfaces_mark(list, 3, "20010db8000000000000000000000002 02 40 00 01     eth0\n");
    assert_false(list[0].is_temporary);
    assert_true(list[1].is_temporary);
    assert_false(list[2].is_temporary);
    floe_interfaces_mark(list, 3, "20010db8000000000000000000000001 02 40 00 20     eth0\n");
    assert_true(list[0].is_deprecated);
    floe_interfaces_mark(list, 3, "not a line of the kernel\n");
    assert_false(list[2].is_deprecated);
}

static void test_interfaces_get_finds_the_loopback_of_this_machine(void **state)
{
    (void)state;
    floe_interface list[FLOE_INTERFACES_MAX];
    size_t count = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    bool is_found = false;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].addr.port, 0);
        is_found |= floe_addr_is_loopback(&list[i].addr) && list[i].is_up;
    }
    assert_true(is_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces_take_turns_by_family_ipv6_first),
        cmocka_unit_test(test_interfaces_begin_with_the_default_route),
        cmocka_unit_test(test_interfaces_leave_out_what_is_down_or_without_use),
        cmocka_unit_test(test_interfaces_use_loopback_only_on_request_or_if_there_is_nothing_else),
        cmocka_unit_test(test_interfaces_hide_a_permanent_address_behind_a_temporary_one),
        cmocka_unit_test(test_interfaces_mark_reads_the_kernels_flags),
        cmocka_unit_test(test_interfaces_get_finds_the_loopback_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
