/* tests/unit/base/test_floe.c */
#include "base/floe.h"

#include "support/unit.h"

static void test_floe_time_min_is_the_earlier(void **state)
{
    (void)state;
    assert_true(floe_time_min(1, 2) == 1 && floe_time_min(2, 1) == 1);
    assert_true(floe_time_min(FLOE_TIME_NEVER, 5) == 5);
    assert_true(floe_time_min(FLOE_TIME_NEVER, FLOE_TIME_NEVER) == FLOE_TIME_NEVER);
}

static void test_floe_time_after_stops_at_never(void **state)
{
    (void)state;
    assert_true(floe_time_after(3, 4) == 7);
    assert_true(floe_time_after(3, FLOE_TIME_NEVER - 4) == FLOE_TIME_NEVER - 1);
    assert_true(floe_time_after(3, FLOE_TIME_NEVER - 3) == FLOE_TIME_NEVER);
    assert_true(floe_time_after(3, FLOE_TIME_NEVER - 2) == FLOE_TIME_NEVER);
    assert_true(floe_time_after(FLOE_TIME_NEVER, 1) == FLOE_TIME_NEVER);
}

static void test_floe_bytes_of_leaves_out_the_nul(void **state)
{
    (void)state;
    assert_int_equal(floe_bytes_of("abc").len, 3);
    assert_int_equal(floe_bytes_of("").len, 0);
    assert_int_equal(floe_bytes_of(NULL).len, 0);
    assert_int_equal(FLOE_LIT("a\0b").len, 3);
}

static void test_floe_bytes_equal_compares_length_and_content(void **state)
{
    (void)state;
    assert_true(floe_bytes_equal(FLOE_LIT("ab"), FLOE_LIT("ab")));
    assert_false(floe_bytes_equal(FLOE_LIT("ab"), FLOE_LIT("ac")));
    assert_false(floe_bytes_equal(FLOE_LIT("ab"), FLOE_LIT("abc")));
    assert_true(floe_bytes_equal((floe_bytes){NULL, 0}, FLOE_LIT("")));
}

static void test_floe_err_has_a_class_and_a_name_each(void **state)
{
    (void)state;
    static const struct {
        floe_err err;
        floe_err_kind kind;
        const char *name;
    } table[] = {
        {FLOE_OK, FLOE_KIND_OK, "OK"},
        {FLOE_E_ARG, FLOE_KIND_USAGE, "ARG"},
        {FLOE_E_STATE, FLOE_KIND_USAGE, "STATE"},
        {FLOE_E_FULL, FLOE_KIND_BOUND, "FULL"},
        {FLOE_E_AGAIN, FLOE_KIND_BOUND, "AGAIN"},
        {FLOE_E_TOO_BIG, FLOE_KIND_BOUND, "TOO_BIG"},
        {FLOE_E_MALFORMED, FLOE_KIND_WIRE, "MALFORMED"},
        {FLOE_E_AUTH, FLOE_KIND_WIRE, "AUTH"},
        {FLOE_E_UNSUPPORTED, FLOE_KIND_WIRE, "UNSUPPORTED"},
        {FLOE_E_UNKNOWN, FLOE_KIND_WIRE, "UNKNOWN"},
        {FLOE_E_CLOSED, FLOE_KIND_DEAD, "CLOSED"},
        {FLOE_E_CRYPTO, FLOE_KIND_DEAD, "CRYPTO"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(floe_err_class(table[i].err), table[i].kind);
        assert_string_equal(floe_err_name(table[i].err), table[i].name);
    }
    assert_string_equal(floe_err_name((floe_err)1), "?");
    assert_string_equal(floe_err_name((floe_err)-12), "?");
}

static void fill_counting(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (*next)++;
    }
}

static void test_floe_rand_takes_its_numbers_from_the_source(void **state)
{
    (void)state;
    uint8_t next = 1;
    floe_rand rand = {fill_counting, &next};
    assert_true(floe_rand_u64(&rand) == UINT64_C(0x0102030405060708));
    assert_true(floe_rand_u32(&rand) != floe_rand_u32(&rand));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floe_time_min_is_the_earlier),
        cmocka_unit_test(test_floe_time_after_stops_at_never),
        cmocka_unit_test(test_floe_bytes_of_leaves_out_the_nul),
        cmocka_unit_test(test_floe_bytes_equal_compares_length_and_content),
        cmocka_unit_test(test_floe_err_has_a_class_and_a_name_each),
        cmocka_unit_test(test_floe_rand_takes_its_numbers_from_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
