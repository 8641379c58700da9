/* tests of sdp/sdp_template.c */
#include "sdp/sdp_internal.h"
#include "support/unit.h"

static void check_put(const char *template_text, const floe_bytes *words, const uint64_t *numbers,
                      const char *expected)
{
    uint8_t buf[128];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_writer_put_text(&w, "before ");
    floe_sdp_put_template(&w, template_text, words, numbers);
    assert_true(floe_writer_is_ok(&w));
    floe_bytes written = {buf + 7, w.len - 7};
    if (!floe_bytes_equal(written, floe_bytes_of(expected))) {
        fail_msg("\"%.*s\"", (int)written.len, (const char *)written.ptr);
    }
    assert_memory_equal(buf, "before ", 7);
}

static void test_sdp_template_fills_in_words_and_numbers(void **state)
{
    const floe_bytes words[] = {FLOE_LIT("one"), FLOE_LIT("two")};
    const uint64_t numbers[] = {0, UINT64_MAX};
    (void)state;
    check_put("$-#/$ #\r\n", words, numbers, "one-0/two 18446744073709551615\r\n");
    check_put("plain", NULL, NULL, "plain");
    check_put("", NULL, NULL, "");
}

static void test_sdp_template_leaves_out_lines_with_an_empty_word(void **state)
{
    const floe_bytes words[] = {{NULL, 0}, FLOE_LIT("b"), {NULL, 0}, FLOE_LIT("d")};
    (void)state;
    check_put("a=$\nb=$\nc=$\nd=$\n", words, NULL, "b=b\nd=d\n");
    check_put("x\na=$ $\ny\n", words, NULL, "x\ny\n");
}

static void test_sdp_template_keeps_what_is_not_a_whole_line(void **state)
{
    const floe_bytes words[] = {{NULL, 0}};
    (void)state;
    check_put("a $ b", words, NULL, "a  b");
}

static void test_sdp_template_fails_where_there_is_no_room(void **state)
{
    uint8_t buf[4];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    const floe_bytes words[] = {FLOE_LIT("abc")};
    (void)state;
    floe_sdp_put_template(&w, "x=$\n", words, NULL);
    assert_false(floe_writer_is_ok(&w));
    assert_true(w.len <= w.cap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_template_fills_in_words_and_numbers),
        cmocka_unit_test(test_sdp_template_leaves_out_lines_with_an_empty_word),
        cmocka_unit_test(test_sdp_template_keeps_what_is_not_a_whole_line),
        cmocka_unit_test(test_sdp_template_fails_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
