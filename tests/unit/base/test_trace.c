/* tests/unit/base/test_trace.c */
#include "base/trace.h"

#include "support/unit.h"

static void count(void *ctx, const floe_trace_record *record)
{
    int *sum = ctx;
    *sum += record->a;
}

static void test_trace_put_reaches_the_sink_where_traces_are_compiled_in(void **state)
{
    (void)state;
    int sum = 0;
    floe_trace trace = {count, &sum};
    floe_trace_put(&trace, (floe_trace_record){.module = FLOE_MODULE_ICE, .a = 7});
    assert_int_equal(sum, FLOE_TRACE ? 7 : 0);
}

static void test_trace_put_without_a_sink_does_nothing(void **state)
{
    (void)state;
    floe_trace trace = {NULL, NULL};
    floe_trace_put(&trace, (floe_trace_record){.a = 7}); /* would crash if it called */
    assert_null(trace.fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_put_reaches_the_sink_where_traces_are_compiled_in),
        cmocka_unit_test(test_trace_put_without_a_sink_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
