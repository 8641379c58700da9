/* tests/unit/base/test_text.c */
#include "base/text.h"

#include "support/unit.h"

static floe_text begin(const char *text)
{
    return floe_text_begin(floe_bytes_of(text));
}

static void assert_left(floe_text *t, const char *expected)
{
    assert_true(floe_bytes_equal((floe_bytes){t->ptr, t->left}, floe_bytes_of(expected)));
}

static void test_text_get_char_takes_that_character_alone(void **state)
{
    (void)state;
    floe_text t = begin("ab");
    assert_false(floe_text_get_char(&t, 'b'));
    assert_left(&t, "ab");
    assert_true(floe_text_get_char(&t, 'a'));
    assert_true(floe_text_get_char(&t, 'b'));
    assert_false(floe_text_get_char(&t, '\0'));
    assert_true(floe_text_is_end(&t));
}

static void test_text_get_char_compares_bytes_above_127(void **state)
{
    (void)state;
    floe_text t = begin("\xc3\xa4");
    assert_true(floe_text_get_char(&t, (char)0xc3));
    assert_int_equal(floe_text_peek(&t), 0xa4);
}

static void test_text_get_literal_is_all_or_nothing(void **state)
{
    (void)state;
    floe_text t = begin("candidate:1");
    assert_false(floe_text_get_literal(&t, "candidate:12"));
    assert_false(floe_text_get_literal(&t, "Candidate"));
    assert_left(&t, "candidate:1");
    assert_true(floe_text_get_literal(&t, "candidate:"));
    assert_left(&t, "1");
}

static void test_text_get_token_ends_at_a_space_or_the_end(void **state)
{
    (void)state;
    floe_text t = begin("udp 1");
    floe_bytes token;
    assert_true(floe_text_get_token(&t, 3, &token));
    assert_true(floe_bytes_equal(token, FLOE_LIT("udp")));
    assert_false(floe_text_get_token(&t, 3, &token)); /* nothing before the space */
    assert_left(&t, " 1");
    assert_true(floe_text_get_char(&t, ' '));
    assert_true(floe_text_get_token(&t, 3, &token));
    assert_true(floe_bytes_equal(token, FLOE_LIT("1")));
    assert_false(floe_text_get_token(&t, 3, &token));
}

static void test_text_get_token_refuses_one_character_too_many(void **state)
{
    (void)state;
    floe_text t = begin("abcd e");
    floe_bytes token;
    assert_false(floe_text_get_token(&t, 3, &token));
    assert_left(&t, "abcd e");
    assert_true(floe_text_get_token(&t, 4, &token));
}

static void test_text_get_until_consumes_the_stop_and_takes_all_without_one(void **state)
{
    (void)state;
    floe_text t = begin("a::b");
    floe_bytes part;
    floe_text_get_until(&t, ':', &part);
    assert_true(floe_bytes_equal(part, FLOE_LIT("a")));
    floe_text_get_until(&t, ':', &part);
    assert_int_equal(part.len, 0);
    floe_text_get_until(&t, ':', &part);
    assert_true(floe_bytes_equal(part, FLOE_LIT("b")));
    floe_text_get_until(&t, ':', &part);
    assert_int_equal(part.len, 0);
    assert_true(floe_text_is_end(&t));
}

static void test_text_get_decimal_takes_digits_up_to_the_maximum(void **state)
{
    (void)state;
    uint64_t value = 0;
    floe_text t = begin("0070x");
    assert_true(floe_text_get_decimal(&t, 70, &value));
    assert_int_equal(value, 70);
    assert_left(&t, "x");
    t = begin("71");
    assert_false(floe_text_get_decimal(&t, 70, &value));
    assert_left(&t, "71");
    t = begin("18446744073709551615");
    assert_true(floe_text_get_decimal(&t, UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
}

static void test_text_get_decimal_refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        " 1",
        "-1",
        "+1",
        "x",
        "18446744073709551616",
        "99999999999999999999",
        "000000000000000000001", /* 21 digits */
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t value = 42;
        floe_text t = begin(table[i]);
        assert_false(floe_text_get_decimal(&t, UINT64_MAX, &value));
        assert_int_equal(value, 42);
        assert_left(&t, table[i]);
    }
}

static void test_text_is_decimal_wants_the_whole(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_true(floe_text_is_decimal(FLOE_LIT("65535"), 65535, &value));
    assert_int_equal(value, 65535);
    assert_false(floe_text_is_decimal(FLOE_LIT("1 "), 65535, &value));
    assert_false(floe_text_is_decimal(FLOE_LIT(""), 65535, &value));
}

static void test_text_is_word_ignores_case_of_ascii_only(void **state)
{
    (void)state;
    assert_true(floe_text_is_word(FLOE_LIT("TyP"), "typ"));
    assert_true(floe_text_is_word(FLOE_LIT(""), ""));
    assert_false(floe_text_is_word(FLOE_LIT("typ"), "type"));
    assert_false(floe_text_is_word(FLOE_LIT("type"), "typ"));
    assert_false(floe_text_is_word(FLOE_LIT("@"), "`"));            /* 0x40, 0x60 */
    assert_false(floe_text_is_word(FLOE_LIT("["), "{"));            /* 0x5b, 0x7b */
    assert_false(floe_text_is_word(FLOE_LIT("\xc4"), "\xe4"));      /* letters in Latin-1 */
    assert_false(floe_text_is_word((floe_bytes){NULL, 0}, "word")); /* nothing there */
}

static void test_text_get_rest_leaves_nothing(void **state)
{
    (void)state;
    floe_text t = begin("a b");
    assert_true(floe_text_get_char(&t, 'a'));
    assert_true(floe_bytes_equal(floe_text_get_rest(&t), FLOE_LIT(" b")));
    assert_true(floe_text_is_end(&t));
    assert_int_equal(floe_text_get_rest(&t).len, 0);
}

static void test_text_of_nothing_gives_nothing(void **state)
{
    (void)state;
    floe_text t = floe_text_begin((floe_bytes){NULL, 0});
    floe_bytes part;
    uint64_t value;
    assert_int_equal(floe_text_peek(&t), -1);
    assert_true(floe_text_get_literal(&t, ""));
    assert_false(floe_text_get_literal(&t, "a"));
    assert_false(floe_text_get_token(&t, 9, &part));
    assert_false(floe_text_get_decimal(&t, 9, &value));
    floe_text_get_until(&t, ' ', &part);
    assert_int_equal(part.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_get_char_takes_that_character_alone),
        cmocka_unit_test(test_text_get_char_compares_bytes_above_127),
        cmocka_unit_test(test_text_get_literal_is_all_or_nothing),
        cmocka_unit_test(test_text_get_token_ends_at_a_space_or_the_end),
        cmocka_unit_test(test_text_get_token_refuses_one_character_too_many),
        cmocka_unit_test(test_text_get_until_consumes_the_stop_and_takes_all_without_one),
        cmocka_unit_test(test_text_get_decimal_takes_digits_up_to_the_maximum),
        cmocka_unit_test(test_text_get_decimal_refuses_what_is_no_number),
        cmocka_unit_test(test_text_is_decimal_wants_the_whole),
        cmocka_unit_test(test_text_is_word_ignores_case_of_ascii_only),
        cmocka_unit_test(test_text_get_rest_leaves_nothing),
        cmocka_unit_test(test_text_of_nothing_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
