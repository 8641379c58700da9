/* tests of app/ice_option.c */
#include "app/ice_option.h"
#include "support/unit.h"

static void test_ice_option_reads_a_stun_url(void **state)
{
    const char *why = "";
    json_t *entries = json_array();
    ice_option_list list;
    (void)state;
    assert_true(ice_option_add(entries, "stun:stun.example.org:3478", &why));
    assert_true(ice_option_read(&list, entries, &why));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.servers[0].urls[0], "stun:stun.example.org:3478");
    assert_null(list.servers[0].username);
    json_decref(entries);
}

static void test_ice_option_splits_url_username_and_credential(void **state)
{
    const char *why = "";
    json_t *entries = json_array();
    ice_option_list list;
    (void)state;
    assert_true(
        ice_option_add(entries, "turn:192.0.2.1?transport=tcp,ann,secret,with,commas", &why));
    assert_true(ice_option_read(&list, entries, &why));
    assert_string_equal(list.servers[0].urls[0], "turn:192.0.2.1?transport=tcp");
    assert_string_equal(list.servers[0].username, "ann");
    assert_string_equal(list.servers[0].credential, "secret,with,commas");
    json_decref(entries);
}

static void test_ice_option_says_what_is_wrong(void **state)
{
    static const char *const wrong[] = {"",          "http://x",      "stun:", "stun:host:99999",
                                        "turn:host", "turn:host,user"};
    json_t *entries = json_array();
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *why = NULL;
        assert_false(ice_option_add(entries, wrong[i], &why));
        assert_non_null(why);
    }
    assert_int_equal(json_array_size(entries), 0);
    json_decref(entries);
}

static void check_refused(const char *text)
{
    ice_option_list list;
    const char *why = NULL;
    json_t *entries = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(entries);
    assert_false(ice_option_read(&list, entries, &why));
    assert_non_null(why);
    json_decref(entries);
}

static void test_ice_option_refuses_json_of_the_wrong_shape(void **state)
{
    (void)state;
    check_refused("{}");
    check_refused("[1]");
    check_refused("[{}]");
    check_refused("[{\"urls\": 7}]");
    check_refused("[{\"urls\": []}]");
    check_refused("[{\"urls\": [null]}]");
    check_refused("[{\"urls\": [\"a\",\"b\",\"c\",\"d\",\"e\"]}]");
    check_refused(
        "[{\"urls\":\"a\"},{\"urls\":\"a\"},{\"urls\":\"a\"},{\"urls\":\"a\"},{\"urls\":\"a\"},"
        "{\"urls\":\"a\"},{\"urls\":\"a\"},{\"urls\":\"a\"},{\"urls\":\"a\"}]");
}

static void test_ice_option_takes_no_servers_at_all(void **state)
{
    ice_option_list list;
    const char *why;
    (void)state;
    assert_true(ice_option_read(&list, NULL, &why));
    assert_int_equal(list.count, 0);
}

static void test_ice_option_knows_the_modes_of_ip_handling(void **state)
{
    static const char *const names[] = {"all", "private", "public", "relay"};
    floe_ip_handling mode;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_true(ice_option_ip_handling(names[i], &mode));
        assert_int_equal(mode, i);
    }
    assert_false(ice_option_ip_handling("none", &mode));
    assert_false(ice_option_ip_handling("", &mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_option_reads_a_stun_url),
        cmocka_unit_test(test_ice_option_splits_url_username_and_credential),
        cmocka_unit_test(test_ice_option_says_what_is_wrong),
        cmocka_unit_test(test_ice_option_refuses_json_of_the_wrong_shape),
        cmocka_unit_test(test_ice_option_takes_no_servers_at_all),
        cmocka_unit_test(test_ice_option_knows_the_modes_of_ip_handling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
