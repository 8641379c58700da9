/* tests/unit/base/test_reader.c */
#include "base/reader.h"

#include "support/unit.h"

static const uint8_t bytes[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                  0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void test_reader_gets_big_endian_integers_in_order(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){bytes, 15});
    assert_int_equal(floe_reader_get_u8(&r), 0x00);
    assert_int_equal(floe_reader_get_u16(&r), 0x1122);
    assert_int_equal(floe_reader_get_u32(&r), 0x33445566);
    assert_true(floe_reader_get_u64(&r) == UINT64_C(0x778899aabbccddee));
    assert_true(floe_reader_is_ok(&r));
    assert_int_equal(r.left, 0);
}

static void test_reader_get_bytes_is_a_view(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){bytes, 8});
    floe_bytes view = floe_reader_get_bytes(&r, 5);
    assert_ptr_equal(view.ptr, bytes);
    assert_int_equal(view.len, 5);
    assert_int_equal(r.left, 3);
    view = floe_reader_get_bytes(&r, 3);
    assert_ptr_equal(view.ptr, bytes + 5);
    assert_true(floe_reader_is_ok(&r));
}

static void test_reader_fails_one_byte_beyond_the_end(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){bytes, 7});
    assert_true(floe_reader_get_u64(&r) == 0);
    assert_false(floe_reader_is_ok(&r));
    r = floe_reader_begin((floe_bytes){bytes, 3});
    assert_int_equal(floe_reader_get_u32(&r), 0);
    assert_false(floe_reader_is_ok(&r));
    r = floe_reader_begin((floe_bytes){bytes, 1});
    assert_int_equal(floe_reader_get_u16(&r), 0);
    assert_false(floe_reader_is_ok(&r));
    r = floe_reader_begin((floe_bytes){bytes, 1});
    assert_int_equal(floe_reader_get_bytes(&r, 2).len, 0);
    assert_false(floe_reader_is_ok(&r));
}

static void test_reader_stays_failed_where_a_smaller_read_would_fit(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){bytes + 1, 3});
    (void)floe_reader_get_u32(&r);
    assert_int_equal(floe_reader_get_u8(&r), 0);
    assert_int_equal(floe_reader_get_bytes(&r, 0).len, 0);
    assert_int_equal(r.left, 0);
    assert_false(floe_reader_is_ok(&r));
}

static void test_reader_of_nothing_gives_nothing(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){NULL, 0});
    assert_int_equal(floe_reader_get_bytes(&r, 0).len, 0);
    assert_true(floe_reader_is_ok(&r));
    assert_int_equal(floe_reader_get_u8(&r), 0);
    assert_false(floe_reader_is_ok(&r));
}

static void test_reader_refuses_a_length_that_would_wrap(void **state)
{
    (void)state;
    floe_reader r = floe_reader_begin((floe_bytes){bytes, sizeof bytes});
    (void)floe_reader_get_u8(&r);
    assert_int_equal(floe_reader_get_bytes(&r, SIZE_MAX).len, 0);
    assert_false(floe_reader_is_ok(&r));
}

static void test_load_takes_unaligned_big_endian(void **state)
{
    (void)state;
    assert_int_equal(floe_load_u16(bytes + 15 - 1), 0xeeff);
    assert_true(floe_load_u32(bytes + 9) == UINT32_C(0x99aabbcc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_gets_big_endian_integers_in_order),
        cmocka_unit_test(test_reader_get_bytes_is_a_view),
        cmocka_unit_test(test_reader_fails_one_byte_beyond_the_end),
        cmocka_unit_test(test_reader_stays_failed_where_a_smaller_read_would_fit),
        cmocka_unit_test(test_reader_of_nothing_gives_nothing),
        cmocka_unit_test(test_reader_refuses_a_length_that_would_wrap),
        cmocka_unit_test(test_load_takes_unaligned_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
