/* Tests of stun/stun_key.c: keys of long-term credentials. */
#include "stun/stun_key.h"
#include "support/hex.h"
#include "support/unit.h"

static void assert_key(const floe_stun_key *key, const char *hex)
{
    uint8_t bytes[FLOE_SHA256_SIZE];
    assert_true(floe_bytes_equal(floe_stun_key_view(key), hex_decode(hex, bytes, sizeof bytes)));
}

static floe_stun_key derive(floe_stun_key_algorithm algorithm, floe_bytes username,
                            floe_bytes realm, floe_bytes password)
{
    floe_stun_key key;
    floe_stun_key_derive(&key, algorithm, username, realm, password);
    return key;
}

/* The example of RFC 8489 section 9.2.2. */
static void test_stun_key_md5_is_that_of_rfc_8489(void **state)
{
    (void)state;
    floe_stun_key key =
        derive(FLOE_STUN_KEY_MD5, FLOE_LIT("user"), FLOE_LIT("realm"), FLOE_LIT("pass"));
    assert_key(&key, "8493fbc53ba582fb4c044c456bdc40eb");
}

/* Computed with Python's hashlib.sha256(b"user:realm:pass"). */
static void test_stun_key_sha256_has_32_bytes(void **state)
{
    (void)state;
    floe_stun_key key =
        derive(FLOE_STUN_KEY_SHA256, FLOE_LIT("user"), FLOE_LIT("realm"), FLOE_LIT("pass"));
    assert_key(&key, "07e934117abd40836e7c6329b54731b2b2d2a5f9a71f544922d75e0730d8251b");
}

static void test_stun_key_ignores_quotes_and_trailing_nuls(void **state)
{
    (void)state;
    floe_stun_key key = derive(FLOE_STUN_KEY_MD5, FLOE_LIT("\"user\"\0\0"), FLOE_LIT("\"realm\"\0"),
                               FLOE_LIT("pass\0\0"));
    assert_key(&key, "8493fbc53ba582fb4c044c456bdc40eb");
}

static void test_stun_key_keeps_quotes_of_the_password_and_inside_of_names(void **state)
{
    (void)state;
    floe_stun_key plain =
        derive(FLOE_STUN_KEY_MD5, FLOE_LIT("us\"er"), FLOE_LIT("realm"), FLOE_LIT("\"pass\""));
    assert_key(&plain, "71d20a7a8b5c418993f6ddab666f42bb");
}

static void test_stun_key_of_nothing_but_quotes_is_that_of_empty_names(void **state)
{
    (void)state;
    floe_bytes none = {NULL, 0};
    floe_stun_key quotes = derive(FLOE_STUN_KEY_MD5, FLOE_LIT("\"\""), FLOE_LIT("\""), none);
    floe_stun_key empty = derive(FLOE_STUN_KEY_MD5, none, none, none);
    assert_key(&empty, "4501c091b0366d76ea3218b6cfdd8097");
    assert_key(&quotes, "4501c091b0366d76ea3218b6cfdd8097");
}

/* RFC 8489 appendix B.1: username and realm as there, USERHASH as printed there. */
static void test_stun_key_hash_user_is_that_of_rfc_8489_appendix_b1(void **state)
{
    (void)state;
    uint8_t hash[FLOE_SHA256_SIZE];
    uint8_t expected[FLOE_SHA256_SIZE];
    floe_stun_key_hash_user(
        hash, FLOE_LIT("\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"),
        FLOE_LIT("example.org"));
    hex_decode("4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704", expected,
               sizeof expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_key_md5_is_that_of_rfc_8489),
        cmocka_unit_test(test_stun_key_sha256_has_32_bytes),
        cmocka_unit_test(test_stun_key_ignores_quotes_and_trailing_nuls),
        cmocka_unit_test(test_stun_key_keeps_quotes_of_the_password_and_inside_of_names),
        cmocka_unit_test(test_stun_key_of_nothing_but_quotes_is_that_of_empty_names),
        cmocka_unit_test(test_stun_key_hash_user_is_that_of_rfc_8489_appendix_b1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
