/* tests of app/serve_turn.c */
#include "app/serve_turn.h"

#include <inttypes.h>
#include <string.h>

#include "support/unit.h"

#define NOW UINT64_C(1700000000)

typedef struct fixture {
    serve_turn turn;
    json_t *ice, *entries;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.turn = {.secret = {.bytes = "north", .len = 5}, .ttl_s = 600}};
    f.ice = json_pack("[{s:s}]", "urls", "stun:stun.example.org");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    json_decref(f->ice);
    json_decref(f->entries);
    return 0;
}

static void add(fixture *f, const char *url)
{
    const char *why = "";
    assert_true(serve_turn_add(&f->turn, url, &why));
}

static const char *member(const json_t *entry, const char *name)
{
    return json_string_value(json_object_get(entry, name));
}

static void test_serve_turn_entries_are_those_of_ice_and_one_with_a_login(void **state)
{
    fixture *f = *state;
    uint8_t password[FLOE_TURN_REST_PASSWORD];
    add(f, "turn:turn.example.org");
    add(f, "turns:turn.example.org");
    f->entries = serve_turn_entries(&f->turn, f->ice, NOW);
    assert_int_equal(json_array_size(f->entries), 2);
    assert_true(json_equal(json_array_get(f->entries, 0), json_array_get(f->ice, 0)));
    const json_t *entry = json_array_get(f->entries, 1);
    assert_int_equal(json_array_size(json_object_get(entry, "urls")), 2);
    const char *name = member(entry, "username");
    assert_int_equal(strncmp(name, "1700000600:", 11), 0);
    floe_turn_rest_password(FLOE_LIT("north"), floe_bytes_of(name), password);
    assert_int_equal(strlen(member(entry, "credential")), sizeof password);
    assert_memory_equal(member(entry, "credential"), password, sizeof password);
}

static void test_serve_turn_gives_each_client_another_login(void **state)
{
    fixture *f = *state;
    add(f, "turn:turn.example.org");
    f->entries = serve_turn_entries(&f->turn, f->ice, NOW);
    json_t *other = serve_turn_entries(&f->turn, f->ice, NOW);
    assert_string_not_equal(member(json_array_get(f->entries, 1), "username"),
                            member(json_array_get(other, 1), "username"));
    json_decref(other);
}

static void test_serve_turn_without_servers_adds_nothing(void **state)
{
    fixture *f = *state;
    f->entries = serve_turn_entries(&f->turn, f->ice, NOW);
    assert_true(json_equal(f->entries, f->ice));
}

static void test_serve_turn_leaves_the_list_of_all_as_it_is(void **state)
{
    fixture *f = *state;
    add(f, "turn:turn.example.org");
    f->entries = serve_turn_entries(&f->turn, f->ice, NOW);
    assert_int_equal(json_array_size(f->ice), 1);
}

static void test_serve_turn_takes_turn_addresses_only_and_four(void **state)
{
    fixture *f = *state;
    const char *why = NULL;
    assert_false(serve_turn_add(&f->turn, "stun:stun.example.org", &why));
    assert_false(serve_turn_add(&f->turn, "turn:host:0", &why));
    assert_false(serve_turn_add(&f->turn, "turn.example.org", &why));
    for (int i = 0; i < ICE_OPTION_URLS; i++) {
        add(f, "turn:turn.example.org");
    }
    assert_false(serve_turn_add(&f->turn, "turn:turn.example.org", &why));
    assert_string_equal(why, "at most 4 TURN addresses");
}

static void test_serve_turn_wants_servers_and_secret_together(void **state)
{
    fixture *f = *state;
    const char *why = NULL;
    assert_false(serve_turn_check(&f->turn, &why));
    assert_non_null(strstr(why, "--turn URI"));
    add(f, "turn:turn.example.org");
    assert_true(serve_turn_check(&f->turn, &why));
    f->turn.secret.len = 0;
    assert_false(serve_turn_check(&f->turn, &why));
    assert_non_null(strstr(why, "--turn-secret-file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_serve_turn_entries_are_those_of_ice_and_one_with_a_login, setup, teardown),
        cmocka_unit_test_setup_teardown(test_serve_turn_gives_each_client_another_login, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_serve_turn_without_servers_adds_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_serve_turn_leaves_the_list_of_all_as_it_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_serve_turn_takes_turn_addresses_only_and_four, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_serve_turn_wants_servers_and_secret_together, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
