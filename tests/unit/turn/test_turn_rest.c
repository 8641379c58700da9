/* Tests of turn/turn_rest.c: ephemeral credentials. */
#include "support/unit.h"
#include "turn/turn_rest.h"

#define SECRET FLOE_LIT("north")

static void make(uint64_t expiry, floe_bytes user, floe_span memory, floe_bytes *username,
                 uint8_t password[FLOE_TURN_REST_PASSWORD])
{
    assert_int_equal(floe_turn_rest_make(SECRET, expiry, user, memory, username, password),
                     FLOE_OK);
}

/* printf 1700000000:alice | openssl dgst -sha1 -hmac north -binary | base64 */
static void test_turn_rest_password_is_that_of_openssl(void **state)
{
    (void)state;
    uint8_t memory[64];
    uint8_t password[FLOE_TURN_REST_PASSWORD];
    floe_bytes username;
    make(1700000000, FLOE_LIT("alice"), (floe_span){memory, sizeof memory}, &username, password);
    assert_true(floe_bytes_equal(username, FLOE_LIT("1700000000:alice")));
    assert_memory_equal(password, "Cd/49soE35ICqcJF/bCTn8Z4OyE=", 28);
}

static void test_turn_rest_what_was_made_is_good_until_it_expires(void **state)
{
    (void)state;
    static const char *const users[] = {"", "alice", "a:b"};
    for (size_t i = 0; i < 3; i++) {
        uint8_t memory[64];
        uint8_t password[FLOE_TURN_REST_PASSWORD];
        floe_bytes username;
        floe_bytes given = {password, sizeof password};
        make(1000, floe_bytes_of(users[i]), (floe_span){memory, sizeof memory}, &username,
             password);
        assert_int_equal(floe_turn_rest_check(SECRET, username, given, 999), FLOE_OK);
        assert_int_equal(floe_turn_rest_check(SECRET, username, given, 1000), FLOE_E_AUTH);
        given.len--;
        assert_int_equal(floe_turn_rest_check(SECRET, username, given, 999), FLOE_E_AUTH);
        given.len++;
        password[5] ^= 1;
        assert_int_equal(floe_turn_rest_check(SECRET, username, given, 999), FLOE_E_AUTH);
    }
}

static void test_turn_rest_refuses_names_without_an_expiry(void **state)
{
    (void)state;
    static const char *const names[] = {"", "alice", ":alice", "12x", "99999999999999999999999:a"};
    for (size_t i = 0; i < 5; i++) {
        uint8_t password[FLOE_TURN_REST_PASSWORD];
        floe_bytes name = floe_bytes_of(names[i]);
        floe_turn_rest_password(SECRET, name, password);
        assert_int_equal(
            floe_turn_rest_check(SECRET, name, (floe_bytes){password, sizeof password}, 1),
            FLOE_E_MALFORMED);
    }
}

static void test_turn_rest_says_when_the_memory_is_too_small(void **state)
{
    (void)state;
    uint8_t memory[10];
    uint8_t password[FLOE_TURN_REST_PASSWORD];
    floe_bytes username;
    assert_int_equal(floe_turn_rest_make(SECRET, 123456, FLOE_LIT("user"),
                                         (floe_span){memory, sizeof memory}, &username, password),
                     FLOE_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_rest_password_is_that_of_openssl),
        cmocka_unit_test(test_turn_rest_what_was_made_is_good_until_it_expires),
        cmocka_unit_test(test_turn_rest_refuses_names_without_an_expiry),
        cmocka_unit_test(test_turn_rest_says_when_the_memory_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
