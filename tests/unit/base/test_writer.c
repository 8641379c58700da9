/* tests/unit/base/test_writer.c */
#include "base/writer.h"

#include <string.h>

#include "support/unit.h"

#define UNTOUCHED 0xa5

static void assert_written(const floe_writer *w, floe_bytes expected)
{
    assert_true(floe_writer_is_ok(w));
    assert_true(floe_bytes_equal(floe_writer_view(w), expected));
}

static void test_writer_puts_big_endian_integers_in_order(void **state)
{
    (void)state;
    uint8_t buf[15];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_u8(&w, 0x01);
    floe_writer_put_u16(&w, 0x2345);
    floe_writer_put_u32(&w, 0x6789abcd);
    floe_writer_put_u64(&w, UINT64_C(0xef0123456789abcd));
    assert_written(&w, FLOE_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd"));
}

static void test_writer_puts_bytes_text_and_zeros(void **state)
{
    (void)state;
    uint8_t buf[8];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_bytes(&w, FLOE_LIT("ab"));
    floe_writer_put_bytes(&w, (floe_bytes){NULL, 0});
    floe_writer_put_text(&w, "");
    floe_writer_put_zeros(&w, 3);
    floe_writer_put_text(&w, "cde");
    assert_written(&w, FLOE_LIT("ab\0\0\0cde"));
}

static void test_writer_puts_decimals_without_leading_zeros(void **state)
{
    (void)state;
    uint8_t buf[40];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_decimal(&w, 0);
    floe_writer_put_text(&w, ",");
    floe_writer_put_decimal(&w, 1000);
    floe_writer_put_text(&w, ",");
    floe_writer_put_decimal(&w, UINT64_MAX);
    assert_written(&w, FLOE_LIT("0,1000,18446744073709551615"));
}

static void test_writer_puts_the_lowest_hex_digits(void **state)
{
    (void)state;
    uint8_t buf[32];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_hex(&w, 0xfedcba9876543210, 16);
    floe_writer_put_hex(&w, 0xabc, 4);
    floe_writer_put_hex(&w, 0x1f, 1);
    assert_written(&w, FLOE_LIT("fedcba98765432100abcf"));
}

/* Each put of two bytes or more, into room for one byte less than it needs. */
static void test_writer_writes_nothing_of_what_does_not_fit(void **state)
{
    (void)state;
    for (int kind = 0; kind < 7; kind++) {
        uint8_t buf[16];
        memset(buf, UNTOUCHED, sizeof buf);
        floe_writer w = floe_writer_begin(buf, kind == 3 ? 7 : kind == 2 ? 3 : 1);
        switch (kind) {
        case 0:
            floe_writer_put_bytes(&w, FLOE_LIT("ab"));
            break;
        case 1:
            floe_writer_put_u16(&w, 1);
            break;
        case 2:
            floe_writer_put_u32(&w, 1);
            break;
        case 3:
            floe_writer_put_u64(&w, 1);
            break;
        case 4:
            floe_writer_put_decimal(&w, 10);
            break;
        case 5:
            floe_writer_put_hex(&w, 1, 2);
            break;
        default:
            floe_writer_put_zeros(&w, 2);
        }
        assert_false(floe_writer_is_ok(&w));
        assert_int_equal(w.len, 0);
        assert_int_equal(buf[0], UNTOUCHED);
    }
}

static void test_writer_stays_failed_where_a_smaller_put_would_fit(void **state)
{
    (void)state;
    uint8_t buf[4] = {UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_u8(&w, 1);
    floe_writer_put_u32(&w, 2);
    floe_writer_put_u8(&w, 3);
    assert_null(floe_writer_add_space(&w, 0));
    assert_false(floe_writer_is_ok(&w));
    assert_int_equal(w.len, 1);
    assert_int_equal(buf[1], UNTOUCHED);
}

static void test_writer_fills_its_memory_to_the_last_byte(void **state)
{
    (void)state;
    uint8_t buf[4];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    assert_ptr_equal(floe_writer_add_space(&w, 4), buf);
    assert_true(floe_writer_is_ok(&w));
    floe_writer_put_u8(&w, 1);
    assert_false(floe_writer_is_ok(&w));
}

static void test_writer_refuses_a_length_that_would_wrap(void **state)
{
    (void)state;
    uint8_t buf[4];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_u8(&w, 1);
    assert_null(floe_writer_add_space(&w, SIZE_MAX));
    assert_false(floe_writer_is_ok(&w));
}

static void test_writer_without_memory_takes_only_nothing(void **state)
{
    (void)state;
    floe_writer w = floe_writer_begin(NULL, 0);
    floe_writer_put_bytes(&w, (floe_bytes){NULL, 0});
    assert_true(floe_writer_is_ok(&w));
    floe_writer_put_u8(&w, 1);
    assert_false(floe_writer_is_ok(&w));
}

static void test_store_puts_unaligned_big_endian(void **state)
{
    (void)state;
    uint8_t buf[15] = {0};
    floe_store_u16(buf + 1, 0x0123);
    floe_store_u32(buf + 3, 0x456789ab);
    floe_store_u64(buf + 7, 0xcdef0123456789ab);
    assert_memory_equal(buf, "\x00\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab",
                        sizeof buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_puts_big_endian_integers_in_order),
        cmocka_unit_test(test_writer_puts_bytes_text_and_zeros),
        cmocka_unit_test(test_writer_puts_decimals_without_leading_zeros),
        cmocka_unit_test(test_writer_puts_the_lowest_hex_digits),
        cmocka_unit_test(test_writer_writes_nothing_of_what_does_not_fit),
        cmocka_unit_test(test_writer_stays_failed_where_a_smaller_put_would_fit),
        cmocka_unit_test(test_writer_fills_its_memory_to_the_last_byte),
        cmocka_unit_test(test_writer_refuses_a_length_that_would_wrap),
        cmocka_unit_test(test_writer_without_memory_takes_only_nothing),
        cmocka_unit_test(test_store_puts_unaligned_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
