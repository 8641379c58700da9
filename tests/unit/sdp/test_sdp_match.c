/* tests of sdp/sdp_match.c */
#include "sdp/sdp_internal.h"

#include <string.h>

#include "support/unit.h"

/* Matches, and leaves `rest`. */
static void check_match(const char *text, const char *pattern, const char *rest)
{
    floe_text t = floe_text_begin(floe_bytes_of(text));
    if (!floe_sdp_match(&t, pattern, NULL) ||
        !floe_bytes_equal(floe_text_get_rest(&t), floe_bytes_of(rest))) {
        fail_msg("\"%s\" should match \"%s\" and leave \"%s\"", text, pattern, rest);
    }
}

/* Does not match, and stops after `column` characters. */
static void check_no_match(const char *text, const char *pattern, size_t column)
{
    floe_text t = floe_text_begin(floe_bytes_of(text));
    if (floe_sdp_match(&t, pattern, NULL) || t.left != strlen(text) - column) {
        fail_msg("\"%s\" should not match \"%s\" from %zu on", text, pattern, column);
    }
}

static void test_sdp_match_classes_take_their_characters(void **state)
{
    (void)state;
    check_match("0129a", "D", "a");
    check_match("a-Z!~.(", "T", "(");
    check_match("x,y/\xc3\xa4 z", "V", " z");
    check_match("10.0.0.1/8", "H", "/8");
    check_match("aZ09+/-=_#:", "C", ":");
    check_match("any \x01\x7f", "X", "");
    check_match("7d1", "Y", "1");
    check_match("86400", "Y", "");
}

static void test_sdp_match_classes_want_one_character_or_more(void **state)
{
    static const char *const classes[] = {"D", "T", "V", "H", "C", "X", "Y"};
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        check_no_match("", classes[i], 0);
    }
    check_no_match("x", "D", 0);
    check_no_match("d", "Y", 0);
    check_no_match("\x7f", "V", 0);
    check_no_match("/", "H", 0);
    check_no_match("@", "T", 0);
}

static void test_sdp_match_token_has_none_of_the_separators(void **state)
{
    static const char separators[] = "\"(),/:;<=>?@[\\] \t\x7f\x80";
    (void)state;
    for (size_t i = 0; i + 1 < sizeof separators; i++) {
        const uint8_t c = (uint8_t)separators[i];
        assert_false(floe_sdp_is_word((floe_bytes){&c, 1}, 'T'));
    }
    assert_false(floe_sdp_is_word((floe_bytes){(const uint8_t *)"a\0b", 3}, 'T'));
    assert_true(floe_sdp_is_word(FLOE_LIT("!#$%&'*+-.^_`{|}~"), 'T'));
}

static void test_sdp_match_literals_are_themselves(void **state)
{
    (void)state;
    check_match("1 typ host", "D typ T", "");
    check_no_match("1 tip host", "D typ T", 3);
    check_no_match("1", "D ", 1);
    check_match("rest", "", "rest");
}

static void test_sdp_match_lists_end_where_no_word_follows_a_separator(void **state)
{
    (void)state;
    check_match("UDP/TLS/RTP/SAVPF 96", "T+/", " 96");
    check_match("UDP//TLS", "T+/", "//TLS");
    check_match("UDP/", "T+/", "/");
    check_match("96 97  ", "T+ ", "  ");
    check_match("96", "T+ ", "");
    check_no_match("/UDP", "T+/", 0);
}

static void test_sdp_match_fills_the_fields(void **state)
{
    floe_bytes field[3];
    floe_text t = floe_text_begin(FLOE_LIT("a 12 x/y rest"));
    (void)state;
    assert_true(floe_sdp_match(&t, "V D T+/ ", field));
    assert_true(floe_bytes_equal(field[0], FLOE_LIT("a")));
    assert_true(floe_bytes_equal(field[1], FLOE_LIT("12")));
    assert_true(floe_bytes_equal(field[2], FLOE_LIT("x/y")));
}

static void test_sdp_match_words_have_a_largest_size(void **state)
{
    static uint8_t memory[FLOE_SDP_WORD_MAX + 1];
    (void)state;
    memset(memory, '7', sizeof memory);
    assert_true(floe_sdp_is_word((floe_bytes){memory, FLOE_SDP_WORD_MAX}, 'D'));
    assert_false(floe_sdp_is_word((floe_bytes){memory, FLOE_SDP_WORD_MAX + 1}, 'D'));
    assert_true(floe_sdp_is_word((floe_bytes){memory, FLOE_SDP_WORD_MAX + 1}, 'X'));
}

static void test_sdp_is_name_tells_names_from_broken_addresses(void **state)
{
    static const char *const names[] = {"host",  "a.example.org", "46a7407f-9d57.local",
                                        "a_b.c", "1.2.3.4a",      "3com"};
    static const char *const others[] = {
        "",    "1.2.3", "256.1.1.1", "12",           "a.1", "a.",          ".",
        "a b", "a:b",   "[::1]",     "fe80::1%eth0", "a/b", "\xc3\xa4.org"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(floe_sdp_is_name(floe_bytes_of(names[i])));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(floe_sdp_is_name(floe_bytes_of(others[i])));
    }
    assert_false(floe_sdp_is_name((floe_bytes){(const uint8_t *)"a\0b", 3}));
}

static void test_sdp_has_word_looks_at_whole_words(void **state)
{
    (void)state;
    assert_true(floe_sdp_has_word(FLOE_LIT("trickle"), FLOE_LIT("trickle")));
    assert_true(floe_sdp_has_word(FLOE_LIT("ice2 trickle"), FLOE_LIT("trickle")));
    assert_true(floe_sdp_has_word(FLOE_LIT("trickle  ice2"), FLOE_LIT("ice2")));
    assert_true(floe_sdp_has_word(FLOE_LIT("ice2,trickle"), FLOE_LIT("trickle"))); /* libjuice */
    assert_false(floe_sdp_has_word(FLOE_LIT("trickles"), FLOE_LIT("trickle")));
    assert_false(floe_sdp_has_word(FLOE_LIT("atrickle"), FLOE_LIT("trickle")));
    assert_false(floe_sdp_has_word(FLOE_LIT(""), FLOE_LIT("trickle")));
    assert_false(floe_sdp_has_word((floe_bytes){NULL, 0}, FLOE_LIT("trickle")));
    assert_false(floe_sdp_has_word(FLOE_LIT("a  b"), (floe_bytes){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_match_classes_take_their_characters),
        cmocka_unit_test(test_sdp_match_classes_want_one_character_or_more),
        cmocka_unit_test(test_sdp_match_token_has_none_of_the_separators),
        cmocka_unit_test(test_sdp_match_literals_are_themselves),
        cmocka_unit_test(test_sdp_match_lists_end_where_no_word_follows_a_separator),
        cmocka_unit_test(test_sdp_match_fills_the_fields),
        cmocka_unit_test(test_sdp_match_words_have_a_largest_size),
        cmocka_unit_test(test_sdp_is_name_tells_names_from_broken_addresses),
        cmocka_unit_test(test_sdp_has_word_looks_at_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
