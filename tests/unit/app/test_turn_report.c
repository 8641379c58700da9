/* tests of app/turn_report.c */
#include "app/turn_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

typedef struct page { /* what is written, as text */
    char *text;
    size_t len;
    turn_report report;
} page;

static void begin(page *p)
{
    *p = (page){.text = NULL};
    p->report.out = open_memstream(&p->text, &p->len);
    assert_non_null(p->report.out);
}

static void end(page *p, const char *want)
{
    fclose(p->report.out);
    assert_string_equal(p->text, want);
    free(p->text);
}

static void test_turn_report_writes_a_line_a_step(void **state)
{
    page p;
    (void)state;
    begin(&p);
    turn_report_title(&p.report, "192.0.2.1:3478 over UDP");
    turn_report_step(&p.report, TURN_OK, "allocated", 12345, NULL, "for %u s", 600u);
    turn_report_step(&p.report, TURN_WARN, "outside", TURN_NO_TIME, NULL, "does not arrive");
    turn_report_step(&p.report, TURN_FAIL, "given back", 70, NULL, "no");
    end(&p, "192.0.2.1:3478 over UDP\n"
            "  ok    allocated     12.3 ms  for 600 s\n"
            "  ?     outside                does not arrive\n"
            "  FAIL  given back    0.07 ms  no\n");
}

static void test_turn_report_breaks_long_texts_between_words(void **state)
{
    page p;
    (void)state;
    begin(&p);
    turn_report_step(&p.report, TURN_OK, "name", TURN_NO_TIME, NULL, "%s",
                     "aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb ccc");
    end(&p, "  ok    name                   aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb\n"
            "                               ccc\n");
}

static void test_turn_report_collects_steps_as_json(void **state)
{
    turn_report report = {.out = NULL, .steps = json_array()};
    (void)state;
    turn_report_title(&report, "not in JSON");
    turn_report_step(&report, TURN_OK, "allocated", 1500, json_pack("{s:i}", "lifetime_s", 600),
                     "for %u s", 600u);
    turn_report_step(&report, TURN_WARN, "outside", TURN_NO_TIME, NULL, "no");
    json_t *want = json_pack("[{s:s, s:s, s:s, s:f, s:i}, {s:s, s:s, s:s}]", "step", "allocated",
                             "result", "ok", "text", "for 600 s", "ms", 1.5, "lifetime_s", 600,
                             "step", "outside", "result", "warning", "text", "no");
    assert_true(json_equal(report.steps, want));
    json_decref(want);
    json_decref(report.steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_report_writes_a_line_a_step),
        cmocka_unit_test(test_turn_report_breaks_long_texts_between_words),
        cmocka_unit_test(test_turn_report_collects_steps_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
