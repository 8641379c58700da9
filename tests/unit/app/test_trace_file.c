/* tests of app/trace_file.c */
#include "app/trace_file.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define BEGIN "{\"k\":\"begin\",\"by\":\"floe chat\",\"with\":\"ann\",\"more\":[1]}\n"
#define NEW   "{\"t\":0,\"m\":\"ice\",\"k\":\"state\",\"from\":\"new\",\"to\":\"checking\"}\n"

static void expect_fault(const char *text, size_t line, const char *why)
{
    trace_file_fault fault;
    assert_null(trace_file_read(floe_bytes_of(text), &fault));
    assert_int_equal(fault.line, line);
    if (strstr(fault.why, why) == NULL) {
        fail_msg("%s: %s", text, fault.why);
    }
}

static json_t *expect_read(const char *text, size_t attempts)
{
    trace_file_fault fault;
    json_t *read = trace_file_read(floe_bytes_of(text), &fault);
    if (read == NULL) {
        fail_msg("line %zu: %s", fault.line, fault.why);
    }
    assert_int_equal(json_array_size(read), attempts);
    return read;
}

static const char *get_text(const json_t *attempt, const char *group, const char *name)
{
    return json_string_value(json_object_get(json_object_get(attempt, group), name));
}

static void test_trace_file_gives_each_attempt_its_own_verdict(void **state)
{
    (void)state;
    json_t *read = expect_read(
        BEGIN NEW "\n" BEGIN "{\"t\":1,\"m\":\"ice\",\"k\":\"state\",\"to\":\"failed\"}\n"
                  "{\"k\":\"verdict\",\"code\":\"direct\",\"text\":\"no\"}",
        2);
    assert_string_equal(get_text(json_array_get(read, 0), "verdict", "code"), "no-description");
    assert_string_equal(get_text(json_array_get(read, 1), "verdict", "mood"), "bad");
    assert_string_equal(get_text(json_array_get(read, 1), "begin", "with"), "ann");
    json_decref(read);
}

static void test_trace_file_passes_nothing_on_that_it_does_not_know(void **state)
{
    (void)state;
    json_t *read =
        expect_read(BEGIN "{\"k\":\"url\",\"id\":0,\"url\":\"stun:x\",\"evil\":1}\n"
                          "{\"t\":0,\"m\":\"ice\",\"k\":\"path\",\"pair\":0,\"evil\":1}\n"
                          "{\"k\":\"missed\",\"records\":7}\n",
                    1);
    char *text = json_dumps(read, 0);
    assert_null(strstr(text, "evil"));
    assert_null(strstr(text, "more"));
    assert_non_null(strstr(text, "\"missed\": 7"));
    free(text);
    json_decref(read);
}

static void test_trace_file_names_the_line_that_is_wrong(void **state)
{
    (void)state;
    expect_fault("", 1, "empty");
    expect_fault("\n\n", 1, "empty");
    expect_fault(NEW, 1, "does not begin");
    expect_fault("<html>", 1, "no JSON");
    expect_fault(BEGIN NEW "{\"t\":1,\n", 3, "no JSON");
    expect_fault(BEGIN "[1]\n", 2, "no JSON object");
    expect_fault(BEGIN NEW "{\"t\":1}\n", 3, "\"k\" is missing");
    expect_fault(BEGIN NEW NEW "{\"t\":1,\"m\":\"ice\",\"k\":\"who\"}\n", 4, "no kind");
    expect_fault(BEGIN "{\"k\":\"url\",\"id\":\"x\"}\n", 2, "\"url\" needs");
    expect_fault(BEGIN "{\"k\":\"missed\"}\n", 2, "\"missed\" needs");
}

static void test_trace_file_takes_zeros_for_no_text(void **state)
{
    (void)state;
    trace_file_fault fault;
    static const uint8_t zeros[16] = {0};
    assert_null(trace_file_read((floe_bytes){zeros, sizeof zeros}, &fault));
    assert_int_equal(fault.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_file_gives_each_attempt_its_own_verdict),
        cmocka_unit_test(test_trace_file_passes_nothing_on_that_it_does_not_know),
        cmocka_unit_test(test_trace_file_names_the_line_that_is_wrong),
        cmocka_unit_test(test_trace_file_takes_zeros_for_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
