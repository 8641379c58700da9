/* tests/unit/app/test_json_args.c - members that are there, absent, or of the wrong type. */
#include "app/json_args.h"

#include <string.h>

#include "support/unit.h"

static int setup(void **state)
{
    *state = json_loads("{\"text\":\"a\\u0000b\",\"yes\":true,\"number\":17,\"real\":1.5,"
                        "\"minus\":-1,\"none\":null,\"object\":{},\"array\":[]}",
                        JSON_ALLOW_NUL, NULL);
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    json_decref(*state);
    return 0;
}

static void test_json_args_gives_what_is_there(void **state)
{
    json_args args = json_args_begin(*state);
    assert_true(floe_bytes_equal(json_args_text(&args, "text"), FLOE_LIT("a\0b")));
    assert_true(json_args_flag(&args, "yes", false));
    assert_int_equal(json_args_number(&args, "number", 17, 0), 17);
    assert_non_null(json_args_object(&args, "object"));
    assert_non_null(json_args_array(&args, "array"));
    assert_true(json_args_has(&args, "text"));
    assert_true(json_args_is_ok(&args));
}

static void test_json_args_takes_null_for_absent(void **state)
{
    json_args args = json_args_begin(*state);
    static const char *const keys[] = {"none", "absent"};
    for (size_t i = 0; i < 2; i++) {
        assert_null(json_args_text(&args, keys[i]).ptr);
        assert_true(json_args_flag(&args, keys[i], true));
        assert_int_equal(json_args_number(&args, keys[i], 9, 5), 5);
        assert_null(json_args_object(&args, keys[i]));
        assert_null(json_args_array(&args, keys[i]));
        assert_false(json_args_has(&args, keys[i]));
    }
    assert_true(json_args_is_ok(&args));
}

static void assert_fails(json_args *args, const char *fault)
{
    assert_string_equal(args->fault, fault);
    args->fault[0] = '\0';
}

static void test_json_args_says_which_member_is_wrong(void **state)
{
    json_args args = json_args_begin(*state);
    (void)json_args_text(&args, "number");
    assert_fails(&args, "\"number\" must be a string");
    (void)json_args_flag(&args, "number", false);
    assert_fails(&args, "\"number\" must be true or false");
    assert_int_equal(json_args_number(&args, "number", 16, 3), 3);
    assert_fails(&args, "\"number\" must be a whole number from 0 to 16");
    (void)json_args_number(&args, "real", 16, 0);
    assert_fails(&args, "\"real\" must be a whole number from 0 to 16");
    (void)json_args_number(&args, "minus", UINT64_MAX, 0);
    assert_false(json_args_is_ok(&args));
    args.fault[0] = '\0';
    (void)json_args_object(&args, "array");
    assert_fails(&args, "\"array\" must be an object");
    (void)json_args_array(&args, "object");
    assert_fails(&args, "\"object\" must be an array");
}

static void test_json_args_keeps_the_first_fault(void **state)
{
    json_args args = json_args_begin(*state);
    json_args_fail(&args, "first");
    (void)json_args_text(&args, "number");
    assert_fails(&args, "first");
}

static void test_json_args_of_nothing_are_all_absent(void **state)
{
    (void)state;
    json_args args = json_args_begin(NULL);
    assert_null(json_args_text(&args, "text").ptr);
    assert_true(json_args_is_ok(&args));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_json_args_gives_what_is_there),        TEST(test_json_args_takes_null_for_absent),
        TEST(test_json_args_says_which_member_is_wrong), TEST(test_json_args_keeps_the_first_fault),
        TEST(test_json_args_of_nothing_are_all_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
