/* Unit tests of app/terminal.c. */
#include "app/terminal.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static void check(floe_bytes bytes, const char *want)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    terminal_put(out, bytes, "|");
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static void test_terminal_shows_text_as_it_is(void **state)
{
    (void)state;
    check(FLOE_LIT("a\tb \xc3\xa4"), "a\tb \xc3\xa4");
}

static void test_terminal_takes_control_characters_for_a_question_mark(void **state)
{
    (void)state;
    check(FLOE_LIT("a\x1b[2Jb\r\x7f"), "a?[2Jb??");
    check(FLOE_LIT("a\xc2\x9b"
                   "2J"),
          "a?2J"); /* the same escape in one character */
}

static void test_terminal_shows_no_byte_of_what_is_not_utf8(void **state)
{
    (void)state;
    check(FLOE_LIT("a\xff\xc3\xa4"), "a???");
}

static void test_terminal_ends_lines_as_it_is_told(void **state)
{
    (void)state;
    check(FLOE_LIT("a\nb"), "a|b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal_shows_text_as_it_is),
        cmocka_unit_test(test_terminal_takes_control_characters_for_a_question_mark),
        cmocka_unit_test(test_terminal_shows_no_byte_of_what_is_not_utf8),
        cmocka_unit_test(test_terminal_ends_lines_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
