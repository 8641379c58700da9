/* tests of app/trace_line.c */
#include "app/trace_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "ice/ice_trace.h"
#include "peer/peer.h"
#include "support/unit.h"

static void expect_text(const floe_trace_record *record, const char *expected)
{
    json_t *line = trace_line_write(record, 1000);
    char *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    assert_string_equal(text, expected);
    free(text);
    json_decref(line);
}

static void test_trace_line_names_what_a_record_says(void **state)
{
    (void)state;
    floe_trace_record record = {.at = 3500,
                                .module = FLOE_MODULE_ICE,
                                .kind = FLOE_ICE_TRACE_CHECK,
                                .id = 7,
                                .a = FLOE_ICE_PAIR_WAITING,
                                .b = FLOE_ICE_PAIR_IN_PROGRESS,
                                .cause = FLOE_ICE_WHY_PACED};
    expect_text(&record, "{\"t\":2.5,\"m\":\"ice\",\"k\":\"check\",\"id\":7,\"from\":\"waiting\","
                         "\"to\":\"in-progress\",\"why\":\"paced\"}");
    record.kind = FLOE_ICE_TRACE_LOCAL;
    record.a = -1;
    record.b = 7;
    record.ref = 0xabcd;
    record.addr = floe_addr_from_ipv4(192, 0, 2, 1, 80);
    expect_text(&record, "{\"t\":2.5,\"m\":\"ice\",\"k\":\"local\",\"id\":7,\"type\":\"gone\","
                         "\"base\":7,\"tid\":\"0000abcd\",\"addr\":\"192.0.2.1:80\"}");
    record = (floe_trace_record){.at = 1000,
                                 .kind = FLOE_TRACE_STATE,
                                 .module = FLOE_MODULE_PEER,
                                 .a = 2,
                                 .b = 5,
                                 .cause = 4};
    expect_text(&record,
                "{\"t\":0.0,\"m\":\"peer\",\"k\":\"state\",\"id\":0,\"from\":\"connected\","
                "\"to\":\"closed\",\"why\":\"closed-by-peer\"}");
}

static void expect_same(const floe_trace_record *record)
{
    floe_trace_record again;
    char why[TRACE_LINE_WHY_MAX] = "";
    json_t *line = trace_line_write(record, 0);
    assert_non_null(line);
    if (!trace_line_read(&again, line, why)) {
        fail_msg("%s", why);
    }
    json_decref(line);
    assert_int_equal(again.at, record->at);
    assert_int_equal(again.module, record->module);
    assert_int_equal(again.kind, record->kind);
    assert_int_equal(again.ref, record->ref);
    assert_true(floe_addr_equal(&again.addr, &record->addr));
    json_t *second = trace_line_write(&again, 0);
    line = trace_line_write(record, 0);
    assert_true(json_equal(line, second));
    json_decref(second);
    json_decref(line);
}

static void test_trace_line_reads_what_it_writes(void **state)
{
    (void)state;
    floe_addr v6, none = floe_addr_from_bytes((floe_bytes){NULL, 0}, 0);
    assert_int_equal(floe_addr_parse(&v6, FLOE_LIT("2001:db8::1"), 443), FLOE_OK);
    for (int32_t kind = 0; kind <= FLOE_ICE_TRACE_FACT; kind++) {
        for (int32_t value = -20; value < 60; value++) {
            floe_trace_record record = {.at = 123456789,
                                        .module = (uint8_t)(value & 7),
                                        .kind = (uint8_t)kind,
                                        .id = (uint16_t)(value + 20),
                                        .a = value,
                                        .b = value / 2,
                                        .cause =
                                            kind == FLOE_ICE_TRACE_IGNORED ? value + 20 : value,
                                        .ref = (uint32_t)value,
                                        .addr = value % 3 == 0 ? v6 : none};
            bool is_kind = kind <= FLOE_TRACE_DROP || kind >= FLOE_TRACE_OWN;
            if (is_kind && (kind != FLOE_ICE_TRACE_MARKS || value >= 0)) {
                expect_same(&record);
            }
        }
    }
}

static void test_trace_line_has_no_line_for_a_kind_without_a_name(void **state)
{
    (void)state;
    floe_trace_record record = {.module = FLOE_MODULE_ICE, .kind = 9};
    assert_null(trace_line_write(&record, 0));
    record = (floe_trace_record){.module = 99, .kind = FLOE_TRACE_SENT};
    assert_null(trace_line_write(&record, 0));
}

static void test_trace_line_says_what_is_wrong_with_a_line(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{}", "is missing"},
        {"{\"t\":\"1\",\"m\":\"ice\",\"k\":\"pair\"}", "is missing"},
        {"{\"t\":-1,\"m\":\"ice\",\"k\":\"pair\"}", "no time"},
        {"{\"t\":1e300,\"m\":\"ice\",\"k\":\"pair\"}", "no time"},
        {"{\"t\":1,\"m\":\"rice\",\"k\":\"pair\"}", "no module \"rice\""},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pear\"}", "no kind of record \"pear\""},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pair\",\"id\":70000}", "out of range"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pair\",\"id\":-1}", "out of range"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pair\",\"local\":\"x\"}", "\"local\" is not"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pair\",\"local\":1.5}", "\"local\" is not"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"pair\",\"local\":9999999999}", "\"local\" is not"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"marks\",\"to\":\"heard loud\"}", "\"to\" is not"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"sent\",\"addr\":\"1.2.3.4\"}", "no address"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"sent\",\"addr\":\"host:80\"}", "no address"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"sent\",\"addr\":\"1.2.3.4:99999\"}", "no address"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"sent\",\"addr\":7}", "no address"},
        {"{\"t\":1,\"m\":\"ice\",\"k\":\"sent\",\"tid\":\"xyz\"}", "hexadecimal"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        floe_trace_record record;
        char why[TRACE_LINE_WHY_MAX] = "";
        json_t *line = json_loads(wrong[i][0], 0, NULL);
        assert_non_null(line);
        assert_false(trace_line_read(&record, line, why));
        if (strstr(why, wrong[i][1]) == NULL) {
            fail_msg("%s: %s", wrong[i][0], why);
        }
        json_decref(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_line_names_what_a_record_says),
        cmocka_unit_test(test_trace_line_reads_what_it_writes),
        cmocka_unit_test(test_trace_line_has_no_line_for_a_kind_without_a_name),
        cmocka_unit_test(test_trace_line_says_what_is_wrong_with_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
