/* tests of app/trace_log.c */
#include "app/trace_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/trace_file.h"
#include "ice/ice_trace.h"
#include "support/unit.h"

static trace_log the_log;
static char path[] = "/tmp/floe-trace-XXXXXX";

static int setup(void **state)
{
    (void)state;
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(uint8_t module, uint8_t kind, int32_t b, uint64_t at)
{
    floe_trace sink = trace_log_sink(&the_log);
    sink.fn(sink.ctx,
            &(floe_trace_record){.at = at, .module = module, .kind = kind, .b = b, .cause = 0});
}

static json_t *read_back(void)
{
    static uint8_t text[1 << 20];
    trace_file_fault fault;
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    json_t *attempts = trace_file_read((floe_bytes){text, len}, &fault);
    assert_non_null(attempts);
    return attempts;
}

static size_t count(const json_t *attempts, size_t i)
{
    return json_array_size(json_object_get(json_array_get(attempts, i), "records"));
}

static void test_trace_log_writes_decisions_and_no_data(void **state)
{
    (void)state;
    json_t *ice = json_pack("[{s:[s,s,s]}]", "urls", "stun:a", "turn:b", "stun:c");
    assert_true(trace_log_open(&the_log, path, "test"));
    trace_log_begin(&the_log, "ann", ice);
    put(FLOE_MODULE_ICE, FLOE_TRACE_STATE, 1, 5000);
    put(FLOE_MODULE_DTLS, FLOE_TRACE_SENT, 22, 6000);
    put(FLOE_MODULE_DTLS, FLOE_TRACE_SENT, 23, 7000);
    put(FLOE_MODULE_SCTP, FLOE_TRACE_GOT, 0, 8000);
    trace_log_begin(&the_log, "bob", NULL);
    trace_log_close(&the_log);
    json_decref(ice);
    json_t *attempts = read_back();
    assert_int_equal(json_array_size(attempts), 2);
    assert_int_equal(count(attempts, 0), 2);
    assert_int_equal(count(attempts, 1), 0);
    const json_t *urls = json_object_get(json_array_get(attempts, 0), "urls");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(urls, 1), "id")),
                     FLOE_ICE_TRACE_TURN);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(urls, 2), "id")), 1);
    json_decref(attempts);
}

static void test_trace_log_counts_what_it_could_not_write_in_time(void **state)
{
    (void)state;
    assert_true(trace_log_open(&the_log, path, "test"));
    trace_log_begin(&the_log, "", NULL);
    put(FLOE_MODULE_ICE, FLOE_ICE_TRACE_PATH, 0, 0);
    for (unsigned i = 0; i < TRACE_LOG_RING + 9; i++) {
        put(FLOE_MODULE_ICE, FLOE_TRACE_SENT, 1, i);
    }
    trace_log_close(&the_log);
    json_t *attempts = read_back();
    assert_int_equal(count(attempts, 0), TRACE_LOG_RING + 1); /* what lasts is not lost */
    assert_int_equal(json_integer_value(json_object_get(json_array_get(attempts, 0), "missed")),
                     10);
    json_decref(attempts);
}

static void test_trace_log_needs_no_file_for_a_verdict(void **state)
{
    (void)state;
    assert_true(trace_log_open(&the_log, NULL, "test"));
    trace_log_begin(&the_log, "", NULL);
    put(FLOE_MODULE_ICE, FLOE_TRACE_STATE, 1, 5000);
    trace_log_drain(&the_log);
    assert_int_equal(trace_log_verdict(&the_log).code, FLOE_VERDICT_NO_DESCRIPTION);
    trace_log_close(&the_log);
}

static void test_trace_log_says_that_a_file_cannot_be_written(void **state)
{
    (void)state;
    assert_false(trace_log_open(&the_log, "/no/such/folder/file", "test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trace_log_writes_decisions_and_no_data, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_trace_log_counts_what_it_could_not_write_in_time,
                                        setup, teardown),
        cmocka_unit_test(test_trace_log_needs_no_file_for_a_verdict),
        cmocka_unit_test(test_trace_log_says_that_a_file_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
