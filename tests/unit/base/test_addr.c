/* tests/unit/base/test_addr.c - addresses as text (RFC 4291 §2.2, RFC 5952 §4) and their classes.
 */
#include "base/addr.h"

#include <string.h>

#include "support/unit.h"

static floe_addr parsed(const char *text)
{
    floe_addr addr = {{0}, 0, 0, 0};
    if (floe_addr_parse(&addr, floe_bytes_of(text), 0) != FLOE_OK) {
        fail_msg("\"%s\" is refused", text);
    }
    return addr;
}

static void assert_text(const char *in, const char *expected)
{
    char text[FLOE_ADDR_TEXT_MAX];
    floe_addr addr = parsed(in);
    assert_string_equal(floe_addr_ip_text(&addr, text), expected);
}

static const char *const canonical[][2] = {
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"192.0.2.10", "192.0.2.10"},
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"2001:0DB8:0000:0000:0008:0800:200C:417A", "2001:db8::8:800:200c:417a"},
    {"FEDC:ba98::", "fedc:ba98::"},
    /* "::" may stand for one group in text that is read, never in text that is written. */
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    /* The longest run of zeros is shortened; of two equal ones, the first. */
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"0:0:1:0:0:0:0:0", "0:0:1::"},
    {"0:0:0:0:1:0:0:0", "::1:0:0:0"},
    {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
    /* IPv4 tails. */
    {"::1.2.3.4", "::102:304"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
    {"1:2:3:4:5::7.8.9.10", "1:2:3:4:5:0:708:90a"},
    {"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static void test_addr_parse_takes_every_form_and_writes_the_canonical_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof canonical / sizeof canonical[0]; i++) {
        assert_text(canonical[i][0], canonical[i][1]);
    }
}

static const char *const no_addresses[] = {
    "",
    " ",
    ".",
    ":",
    "1",
    "1.2.3",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4.",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.02.3.4",
    "1.2.03.4",
    "1.2.3.04",
    "00.0.0.0",
    "0x1.2.3.4",
    "1.2.3.256",
    "1.2.3.4294967297",
    "1.2.3.18446744073709551617",
    "1.2.3.-4",
    "+1.2.3.4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4:80",
    "1.2.3.4/24",
    "host.example",
    ":::",
    "::::",
    ":1",
    "1:",
    "1:::2",
    "1::2::3",
    "::1::",
    "::1:",
    ":1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "::00001",
    "::g",
    "::1%eth0",
    "fe80::1%1",
    "[::1]",
    "::1]",
    "::1/64",
    "::-1",
    "::1 ",
    " ::1",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.4.5",
    "::01.2.3.4",
    "::1.2.3.256",
    "::1.2.3.4%0",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::ffff:1.2.3",
    "::.1.2.3",
    "::1..2.3",
};

static void test_addr_parse_refuses_what_is_no_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_addresses / sizeof no_addresses[0]; i++) {
        floe_addr addr = floe_addr_from_ipv4(9, 8, 7, 6, 5), before = addr;
        if (floe_addr_parse(&addr, floe_bytes_of(no_addresses[i]), 1) != FLOE_E_MALFORMED) {
            fail_msg("\"%s\" is taken", no_addresses[i]);
        }
        assert_memory_equal(&addr, &before, sizeof addr);
    }
}

static void test_addr_parse_refuses_a_nul_inside(void **state)
{
    (void)state;
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, FLOE_LIT("1.2.3.4\0"), 1), FLOE_E_MALFORMED);
    assert_int_equal(floe_addr_parse(&addr, FLOE_LIT("::1\0"), 1), FLOE_E_MALFORMED);
}

static void test_addr_parse_refuses_text_longer_than_any_address(void **state)
{
    (void)state;
    floe_addr addr;
    uint8_t text[1000];
    memset(text, '0', sizeof text);
    text[0] = ':';
    text[1] = ':';
    assert_int_equal(floe_addr_parse(&addr, (floe_bytes){text, sizeof text}, 1), FLOE_E_MALFORMED);
}

static void test_addr_from_bytes_turns_v4_mapped_into_ipv4(void **state)
{
    (void)state;
    floe_addr direct = floe_addr_from_ipv4(192, 0, 2, 1, 80);
    floe_addr mapped;
    assert_int_equal(floe_addr_parse(&mapped, FLOE_LIT("::ffff:192.0.2.1"), 80), FLOE_OK);
    assert_true(floe_addr_equal(&direct, &mapped));
    assert_memory_equal(&direct, &mapped, sizeof direct);
    assert_int_equal(floe_addr_parse(&mapped, FLOE_LIT("0:0:0:0:0:FFFF:C000:0201"), 80), FLOE_OK);
    assert_memory_equal(&direct, &mapped, sizeof direct);
}

static void test_addr_from_bytes_of_a_wrong_length_is_empty(void **state)
{
    (void)state;
    static const uint8_t bytes[17] = {1, 2, 3};
    static const size_t wrong[] = {0, 1, 3, 5, 8, 15, 17};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        floe_addr addr = floe_addr_from_bytes((floe_bytes){bytes, wrong[i]}, 7);
        assert_int_equal(addr.family, 0);
        assert_int_equal(addr.port, 0);
        assert_int_equal(floe_addr_ip(&addr).len, 0);
    }
}

static void test_addr_text_has_port_and_brackets(void **state)
{
    (void)state;
    char text[FLOE_ADDR_TEXT_MAX];
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 1, 0);
    assert_string_equal(floe_addr_text(&addr, text), "192.0.2.1:0");
    addr = parsed("1111:2222:3333:4444:5555:6666:7777:8888");
    addr.port = 65535;
    assert_string_equal(floe_addr_text(&addr, text),
                        "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static void test_addr_text_of_no_address_is_none(void **state)
{
    (void)state;
    char text[FLOE_ADDR_TEXT_MAX];
    floe_addr none = {{0}, 0, 0, 0};
    assert_string_equal(floe_addr_text(&none, text), "none");
    assert_string_equal(floe_addr_ip_text(&none, text), "none");
}

static void test_addr_equal_looks_at_family_ip_and_port(void **state)
{
    (void)state;
    floe_addr a = parsed("1.2.3.4"), b = a;
    assert_true(floe_addr_equal(&a, &b));
    b.port = 1;
    assert_false(floe_addr_equal(&a, &b));
    assert_true(floe_addr_ip_equal(&a, &b));
    b = parsed("1.2.3.5");
    assert_false(floe_addr_ip_equal(&a, &b));
    b = parsed("102:304::"); /* the same first bytes */
    assert_false(floe_addr_ip_equal(&a, &b));
}

static void test_path_equal_looks_at_both_ends_and_the_transport(void **state)
{
    (void)state;
    const floe_path path = {parsed("1.2.3.4"), parsed("5.6.7.8"), FLOE_UDP};
    floe_path other = path;
    assert_true(floe_path_equal(&path, &other));
    other.transport = FLOE_TCP;
    assert_false(floe_path_equal(&path, &other));
    other = path;
    other.local.port = 1;
    assert_false(floe_path_equal(&path, &other));
    other = path;
    other.remote.port = 1;
    assert_false(floe_path_equal(&path, &other));
}

/* One letter a class that holds: Loopback, link-local (K), Private, Any, Multicast. */
static const char *const classes[][2] = {
    {"0.0.0.0", "A"},
    {"0.0.0.1", ""},
    {"9.255.255.255", ""},
    {"10.0.0.0", "P"},
    {"10.255.255.255", "P"},
    {"11.0.0.0", ""},
    {"100.63.255.255", ""},
    {"100.64.0.0", "P"},
    {"100.127.255.255", "P"},
    {"100.128.0.0", ""},
    {"126.255.255.255", ""},
    {"127.0.0.0", "L"},
    {"127.255.255.255", "L"},
    {"128.0.0.0", ""},
    {"169.253.255.255", ""},
    {"169.254.0.0", "K"},
    {"169.254.255.255", "K"},
    {"169.255.0.0", ""},
    {"172.15.255.255", ""},
    {"172.16.0.0", "P"},
    {"172.31.255.255", "P"},
    {"172.32.0.0", ""},
    {"192.167.255.255", ""},
    {"192.168.0.0", "P"},
    {"192.168.255.255", "P"},
    {"192.169.0.0", ""},
    {"223.255.255.255", ""},
    {"224.0.0.0", "M"},
    {"239.255.255.255", "M"},
    {"240.0.0.0", ""},
    {"255.255.255.254", ""},
    {"255.255.255.255", "M"},
    {"::", "A"},
    {"::1", "L"},
    {"::2", ""},
    {"::1:1", ""},
    {"fbff::", ""},
    {"fc00::", "P"},
    {"fdff::1", "P"},
    {"fe00::", ""},
    {"fe7f::", ""},
    {"fe80::", "K"},
    {"febf::1", "K"},
    {"fec0::", ""},
    {"feff::", ""},
    {"ff00::", "M"},
    {"ffff::", "M"},
    {"::ffff:127.0.0.1", "L"},
};

static void test_addr_classes_begin_and_end_where_the_standards_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        floe_addr addr = parsed(classes[i][0]);
        char got[6] = "";
        strcat(got, floe_addr_is_loopback(&addr) ? "L" : "");
        strcat(got, floe_addr_is_link_local(&addr) ? "K" : "");
        strcat(got, floe_addr_is_private(&addr) ? "P" : "");
        strcat(got, floe_addr_is_any(&addr) ? "A" : "");
        strcat(got, floe_addr_is_multicast(&addr) ? "M" : "");
        if (strcmp(got, classes[i][1]) != 0) {
            fail_msg("%s: \"%s\", expected \"%s\"", classes[i][0], got, classes[i][1]);
        }
    }
}

static void test_addr_none_is_of_no_class(void **state)
{
    (void)state;
    floe_addr none = {{0}, 0, 0, 0};
    assert_false(floe_addr_is_loopback(&none) || floe_addr_is_link_local(&none) ||
                 floe_addr_is_private(&none) || floe_addr_is_any(&none) ||
                 floe_addr_is_multicast(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addr_parse_takes_every_form_and_writes_the_canonical_one),
        cmocka_unit_test(test_addr_parse_refuses_what_is_no_address),
        cmocka_unit_test(test_addr_parse_refuses_a_nul_inside),
        cmocka_unit_test(test_addr_parse_refuses_text_longer_than_any_address),
        cmocka_unit_test(test_addr_from_bytes_turns_v4_mapped_into_ipv4),
        cmocka_unit_test(test_addr_from_bytes_of_a_wrong_length_is_empty),
        cmocka_unit_test(test_addr_text_has_port_and_brackets),
        cmocka_unit_test(test_addr_text_of_no_address_is_none),
        cmocka_unit_test(test_addr_equal_looks_at_family_ip_and_port),
        cmocka_unit_test(test_path_equal_looks_at_both_ends_and_the_transport),
        cmocka_unit_test(test_addr_classes_begin_and_end_where_the_standards_say),
        cmocka_unit_test(test_addr_none_is_of_no_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
