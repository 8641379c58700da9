/* tests/unit/datachannel/test_utf8.c */
#include "datachannel/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* In memory of exactly its size, for the address sanitizer. */
static bool is_valid(const char *text, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    bool result = floe_utf8_is_valid((floe_bytes){copy, len});
    free(copy);
    return result;
}

/* The encoder of RFC 3629, without its ban on surrogates. */
static size_t encode(uint32_t point, char out[4])
{
    static const uint8_t leads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len; i > 1; i--) {
        out[i - 1] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)(leads[len] | point);
    return len;
}

static void test_utf8_takes_the_empty_text(void **state)
{
    (void)state;
    assert_true(floe_utf8_is_valid((floe_bytes){NULL, 0}));
}

static void test_utf8_takes_every_code_point_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char bytes[4];
        size_t len = encode(point, bytes);
        bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
        if (floe_utf8_is_valid((floe_bytes){(uint8_t *)bytes, len}) == is_surrogate) {
            fail_msg("U+%04X", point);
        }
    }
}

static void test_utf8_refuses_code_points_beyond_the_last(void **state)
{
    (void)state;
    assert_false(is_valid("\xf4\x90\x80\x80", 4));
    assert_false(is_valid("\xf5\x80\x80\x80", 4));
    assert_false(is_valid("\xff", 1));
}

static void test_utf8_refuses_overlong_forms(void **state)
{
    (void)state;
    assert_false(is_valid("\xc0\x80", 2));
    assert_false(is_valid("\xc1\xbf", 2));
    assert_false(is_valid("\xe0\x9f\xbf", 3));
    assert_false(is_valid("\xf0\x8f\xbf\xbf", 4));
}

static void test_utf8_refuses_a_sequence_cut_short_anywhere(void **state)
{
    (void)state;
    for (size_t len = 1; len < 4; len++) {
        assert_false(is_valid("\xf0\x9f\x8c\x8a", len));
        assert_false(is_valid(&"\xf0\x9f\x8c\x8a"[len], 4 - len));
    }
    assert_true(is_valid("\xf0\x9f\x8c\x8a", 4));
}

static void test_utf8_refuses_a_sequence_that_is_broken_off(void **state)
{
    (void)state;
    assert_false(is_valid("\xc3(", 2));
    assert_false(is_valid("\xe2\x82(", 3));
    assert_false(is_valid("\xf0\x9f\x8c(", 4));
}

static void test_utf8_refuses_a_bad_byte_at_any_place_of_a_long_text(void **state)
{
    char text[40];
    (void)state;
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        assert_true(is_valid(text, sizeof text));
        text[at] = (char)0x80;
        assert_false(is_valid(text, sizeof text));
    }
}

static void test_utf8_takes_nul_as_any_other_character(void **state)
{
    (void)state;
    assert_true(is_valid("a\0b", 3));
    assert_false(is_valid("a\0\x80", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_takes_the_empty_text),
        cmocka_unit_test(test_utf8_takes_every_code_point_but_surrogates),
        cmocka_unit_test(test_utf8_refuses_code_points_beyond_the_last),
        cmocka_unit_test(test_utf8_refuses_overlong_forms),
        cmocka_unit_test(test_utf8_refuses_a_sequence_cut_short_anywhere),
        cmocka_unit_test(test_utf8_refuses_a_sequence_that_is_broken_off),
        cmocka_unit_test(test_utf8_refuses_a_bad_byte_at_any_place_of_a_long_text),
        cmocka_unit_test(test_utf8_takes_nul_as_any_other_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
