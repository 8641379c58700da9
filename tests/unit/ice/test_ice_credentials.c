/* Tests of ice/ice_credentials.c: bounds, randomness, usernames. */
#include <string.h>

#include "ice/ice_credentials.h"
#include "support/unit.h"

static floe_ice_credentials c;

static int setup(void **state)
{
    (void)state;
    memset(&c, 0, sizeof c);
    return 0;
}

/* `len` times the letter a. */
static floe_bytes letters(size_t len)
{
    static uint8_t text[FLOE_ICE_CREDENTIAL_MAX + 1];
    memset(text, 'a', sizeof text);
    return (floe_bytes){text, len};
}

static void test_ice_credentials_take_the_shortest_and_the_longest(void **state)
{
    (void)state;
    assert_true(floe_ice_credentials_set(&c, letters(4), letters(22)));
    assert_true(floe_ice_credentials_set(&c, letters(FLOE_ICE_CREDENTIAL_MAX - 22), letters(22)));
    assert_true(floe_ice_credentials_set(&c, letters(4), letters(FLOE_ICE_CREDENTIAL_MAX - 4)));
    assert_int_equal(floe_ice_credentials_ufrag(&c).len, 4);
    assert_int_equal(floe_ice_credentials_pwd(&c).len, FLOE_ICE_CREDENTIAL_MAX - 4);
}

static void test_ice_credentials_that_are_equal_are_equal_bytes(void **state)
{
    (void)state;
    floe_ice_credentials dirty;
    memset(&dirty, 0xff, sizeof dirty);
    assert_true(floe_ice_credentials_set(&c, letters(4), letters(22)));
    assert_true(floe_ice_credentials_set(&dirty, letters(4), letters(22)));
    assert_memory_equal(&c, &dirty, sizeof c);
}

static void test_ice_credentials_refuse_what_is_too_short_or_too_long(void **state)
{
    (void)state;
    assert_true(floe_ice_credentials_set(&c, letters(5), letters(30)));
    assert_false(floe_ice_credentials_set(&c, letters(3), letters(22)));
    assert_false(floe_ice_credentials_set(&c, letters(4), letters(21)));
    assert_false(floe_ice_credentials_set(&c, letters(0), letters(22)));
    assert_false(floe_ice_credentials_set(&c, letters(FLOE_ICE_CREDENTIAL_MAX - 21), letters(22)));
    assert_false(floe_ice_credentials_set(&c, letters(FLOE_ICE_CREDENTIAL_MAX + 1), letters(22)));
    assert_false(floe_ice_credentials_set(&c, letters(4), letters(FLOE_ICE_CREDENTIAL_MAX + 1)));
    assert_int_equal(floe_ice_credentials_ufrag(&c).len, 5); /* unchanged by refusals */
}

static void test_ice_credentials_refuse_what_is_no_ice_char(void **state)
{
    (void)state;
    static const char *const bad[] = {"abc:", "ab c", "abc\n", "abc@", "abc,", "ab\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(floe_ice_credentials_set(&c, floe_bytes_of(bad[i]), letters(22)));
    }
    assert_false(
        floe_ice_credentials_set(&c, (floe_bytes){(const uint8_t *)"abc\0", 4}, letters(22)));
    assert_true(floe_ice_credentials_set(&c, FLOE_LIT("aZ09+/-=_#"), letters(22)));
}

static void fill_all(void *ctx, uint8_t *out, size_t len)
{
    memset(out, *(const int *)ctx, len);
}

static void make(const floe_rand *rand)
{
    const floe_bytes none = {NULL, 0};
    assert_true(floe_ice_credentials_choose(&c, none, none, rand));
}

static void test_ice_credentials_are_made_of_the_random_numbers_given(void **state)
{
    (void)state;
    int value = 0x7f; /* the bits above the sixth do not matter */
    make(&(floe_rand){fill_all, &value});
    assert_memory_equal(floe_ice_credentials_ufrag(&c).ptr, "////////", 8);
    assert_int_equal(floe_ice_credentials_ufrag(&c).len, 8);
    assert_int_equal(floe_ice_credentials_pwd(&c).len, 24);
    value = 0;
    make(&(floe_rand){fill_all, &value});
    assert_memory_equal(floe_ice_credentials_pwd(&c).ptr, "AAAAAAAAAAAAAAAAAAAAAAAA", 24);
}

static void test_ice_credentials_username_is_receiver_colon_sender(void **state)
{
    (void)state;
    floe_ice_credentials other = {0};
    uint8_t out[FLOE_ICE_USERNAME_MAX];
    assert_true(floe_ice_credentials_set(&c, FLOE_LIT("RFRAG"), letters(22)));
    assert_true(floe_ice_credentials_set(&other, FLOE_LIT("LFRAG"), letters(22)));
    floe_bytes name = floe_ice_credentials_username(&c, &other, out);
    assert_true(floe_bytes_equal(name, FLOE_LIT("RFRAG:LFRAG")));
}

static void test_ice_credentials_know_a_username_for_them(void **state)
{
    (void)state;
    floe_bytes from;
    assert_true(floe_ice_credentials_set(&c, FLOE_LIT("frag"), letters(22)));
    assert_true(floe_ice_credentials_is_for(&c, FLOE_LIT("frag:peer"), &from));
    assert_true(floe_bytes_equal(from, FLOE_LIT("peer")));
    assert_true(floe_ice_credentials_is_for(&c, FLOE_LIT("frag:"), &from));
    assert_int_equal(from.len, 0);
}

static void test_ice_credentials_know_a_username_for_another(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "frag", "fra:g", "fragg:peer", "peer:frag", "Frag:peer"};
    floe_bytes from;
    assert_false(floe_ice_credentials_is_for(&c, FLOE_LIT(":peer"), &from)); /* none are set */
    assert_true(floe_ice_credentials_set(&c, FLOE_LIT("frag"), letters(22)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(floe_ice_credentials_is_for(&c, floe_bytes_of(bad[i]), &from));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_credentials_take_the_shortest_and_the_longest, setup),
        cmocka_unit_test_setup(test_ice_credentials_refuse_what_is_too_short_or_too_long, setup),
        cmocka_unit_test_setup(test_ice_credentials_refuse_what_is_no_ice_char, setup),
        cmocka_unit_test_setup(test_ice_credentials_are_made_of_the_random_numbers_given, setup),
        cmocka_unit_test_setup(test_ice_credentials_username_is_receiver_colon_sender, setup),
        cmocka_unit_test_setup(test_ice_credentials_know_a_username_for_them, setup),
        cmocka_unit_test_setup(test_ice_credentials_know_a_username_for_another, setup),
        cmocka_unit_test_setup(test_ice_credentials_that_are_equal_are_equal_bytes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
