/* Tests of stun/stun_msg.c: the values of attributes. Parsing: test_stun_msg.c. */
#include <stdio.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/hex.h"
#include "support/stun_packet.h"
#include "support/unit.h"

#define REQUEST 0x0001 /* type fields of Binding */
#define SUCCESS 0x0101
#define FAILURE 0x0111

static stun_packet packet;

static floe_err parse(floe_stun_msg *msg)
{
    return floe_stun_msg_parse(msg, stun_packet_view(&packet));
}

static void put(uint16_t type, const char *hex)
{
    uint8_t bytes[64];
    floe_bytes value = hex_decode(hex, bytes, sizeof bytes);
    stun_packet_put(&packet, type, value.len, value);
}

static void test_stun_msg_getters_say_false_where_the_attribute_is_absent(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    floe_addr addr;
    floe_bytes reason;
    uint32_t u32;
    uint64_t u64;
    int code;
    stun_packet_begin(&packet, REQUEST);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USERNAME));
    assert_false(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &attr));
    assert_false(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &u32));
    assert_false(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLED, &u64));
    assert_false(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &addr));
    assert_false(floe_stun_msg_get_error(&msg, &code, &reason));
}

static void test_stun_msg_get_u64_reads_a_tie_breaker(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint64_t value;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_ICE_CONTROLLED, "932ff9b151263b36");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLED, &value));
    assert_true(value == UINT64_C(0x932ff9b151263b36));
}

/* CVE-2022-23547: a value of 32 or 64 bits that is read before its length is checked. */
static void test_stun_msg_cve_2022_23547_getters_do_not_read_what_is_not_there(void **state)
{
    (void)state;
    for (size_t len = 0; len < 12; len++) {
        floe_stun_msg msg;
        uint32_t u32;
        uint64_t u64;
        stun_packet_begin(&packet, REQUEST);
        stun_packet_put_filler(&packet, 0xC057, len); /* a type whose size parse cannot know */
        assert_int_equal(parse(&msg), FLOE_OK);
        assert_int_equal(floe_stun_msg_get_u32(&msg, 0xC057, &u32), len == 4);
        assert_int_equal(floe_stun_msg_get_u64(&msg, 0xC057, &u64), len == 8);
    }
}

/* ---- addresses ---- */

static void assert_addr(uint16_t type, const char *hex, const char *text)
{
    floe_stun_msg msg;
    floe_addr addr;
    char out[FLOE_ADDR_TEXT_MAX];
    stun_packet_begin(&packet, SUCCESS);
    put(type, hex);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_get_addr(&msg, type, &addr));
    assert_string_equal(floe_addr_text(&addr, out), text);
}

static void test_stun_msg_get_addr_reads_plain_and_xored_addresses(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_MAPPED_ADDRESS, "00018055c0000201", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_OTHER_ADDRESS, "00018055c0000201", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_PEER_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_RELAYED_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_ALTERNATE_SERVER, "0002005020010db8000000000000000000000001",
                "[2001:db8::1]:80");
    /* 2001:db8::1 XOR 2112a442 0102030405060708090a0b0c */
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "000221420113a9fa0102030405060708090a0b0d",
                "[2001:db8::1]:80");
}

static void test_stun_msg_get_addr_ignores_the_first_byte(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "ff01a147e112a643", "192.0.2.1:32853");
}

/* CVE-2026-27624: ::ffff:127.0.0.1 is 127.0.0.1, whatever it is dressed as. */
static void test_stun_msg_cve_2026_27624_mapped_ipv6_is_ipv4(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_MAPPED_ADDRESS, "0002005000000000000000000000ffff7f000001",
                "127.0.0.1:80");
    /* ::ffff:127.0.0.1 XOR 2112a442 0102030405060708090a0b0c */
    assert_addr(FLOE_STUN_XOR_PEER_ADDRESS, "000221422112a442010203040506f8f7760a0b0d",
                "127.0.0.1:80");
}

static void test_stun_msg_get_addr_is_false_for_an_unknown_family(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_addr addr;
    stun_packet_begin(&packet, SUCCESS);
    put(FLOE_STUN_XOR_MAPPED_ADDRESS, "0003a147e112a643");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_false(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &addr));
}

/* ---- ERROR-CODE and unknown attributes ---- */

static bool get_error(const char *hex, int *code, floe_bytes *reason)
{
    static floe_stun_msg msg;
    stun_packet_begin(&packet, FAILURE);
    put(FLOE_STUN_ERROR_CODE, hex);
    assert_int_equal(parse(&msg), FLOE_OK);
    return floe_stun_msg_get_error(&msg, code, reason);
}

static void test_stun_msg_get_error_reads_code_and_reason(void **state)
{
    (void)state;
    int code;
    floe_bytes reason;
    assert_true(get_error("00000457 526f6c65", &code, &reason));
    assert_int_equal(code, 487);
    assert_true(floe_bytes_equal(reason, FLOE_LIT("Role")));
    assert_true(get_error("00000401", &code, &reason));
    assert_int_equal(code, 401);
    assert_int_equal(reason.len, 0);
}

static void test_stun_msg_get_error_ignores_the_reserved_bits(void **state)
{
    (void)state;
    int code;
    floe_bytes reason;
    assert_true(get_error("fffffc14", &code, &reason));
    assert_int_equal(code, 420);
}

static void test_stun_msg_get_error_is_false_for_a_class_or_number_out_of_range(void **state)
{
    (void)state;
    for (unsigned hundreds = 0; hundreds < 8; hundreds++) {
        for (unsigned number = 0; number < 256; number++) {
            char hex[9];
            int code = -1;
            floe_bytes reason;
            (void)snprintf(hex, sizeof hex, "0000%02x%02x", hundreds, number);
            bool valid = hundreds >= 3 && hundreds <= 6 && number <= 99;
            assert_int_equal(get_error(hex, &code, &reason), valid);
            assert_int_equal(code, valid ? (int)(hundreds * 100 + number) : -1);
        }
    }
}

static void test_stun_msg_get_unknown_lists_only_required_types_that_are_not_known(void **state)
{
    (void)state;
    floe_stun_msg msg;
    static const uint16_t known[] = {FLOE_STUN_USERNAME, FLOE_STUN_PRIORITY};
    uint16_t unknown[4] = {0};
    stun_packet_begin(&packet, REQUEST);
    put(0x7001, "");
    put(FLOE_STUN_USERNAME, "61");
    put(0xC057, "00000000");
    put(FLOE_STUN_PRIORITY, "00000001");
    put(0x0010, "");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, unknown, 4), 2);
    assert_int_equal(unknown[0], 0x7001);
    assert_int_equal(unknown[1], 0x0010);
    uint16_t one[2] = {0, 0xBEEF};
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, one, 1), 2);
    assert_int_equal(one[0], 0x7001);
    assert_int_equal(one[1], 0xBEEF);
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, NULL, 0), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_msg_getters_say_false_where_the_attribute_is_absent),
        cmocka_unit_test(test_stun_msg_get_u64_reads_a_tie_breaker),
        cmocka_unit_test(test_stun_msg_cve_2022_23547_getters_do_not_read_what_is_not_there),
        cmocka_unit_test(test_stun_msg_get_addr_reads_plain_and_xored_addresses),
        cmocka_unit_test(test_stun_msg_get_addr_ignores_the_first_byte),
        cmocka_unit_test(test_stun_msg_cve_2026_27624_mapped_ipv6_is_ipv4),
        cmocka_unit_test(test_stun_msg_get_addr_is_false_for_an_unknown_family),
        cmocka_unit_test(test_stun_msg_get_error_reads_code_and_reason),
        cmocka_unit_test(test_stun_msg_get_error_ignores_the_reserved_bits),
        cmocka_unit_test(test_stun_msg_get_error_is_false_for_a_class_or_number_out_of_range),
        cmocka_unit_test(test_stun_msg_get_unknown_lists_only_required_types_that_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
