/* tests/unit/port/test_crypto_openssl.c - known answers: HMAC-SHA1 of RFC 2202 §3, HMAC-SHA256 of
 * RFC 4231 §4, SHA-256 of FIPS 180-4 (NIST's example values), MD5 of RFC 1321 appendix A.5. */
#include "base/crypto.h"

#include <openssl/sha.h>
#include <string.h>

#include "support/hex.h"
#include "support/unit.h"

#define AA_16 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AA_80 AA_16 AA_16 AA_16 AA_16 AA_16
#define DD_10 "dddddddddddddddddddd"
#define CD_10 "cdcdcdcdcdcdcdcdcdcd"
#define DD_50 DD_10 DD_10 DD_10 DD_10 DD_10
#define CD_50 CD_10 CD_10 CD_10 CD_10 CD_10
#define B_0B  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define K_01  "0102030405060708090a0b0c0d0e0f10111213141516171819"

typedef struct hmac_case {
    const char *key;  /* hexadecimal */
    const char *text; /* as it is, or hexadecimal where `hex` is set */
    bool hex;
    const char *mac;
} hmac_case;

static const hmac_case sha1_cases[] = {
    {B_0B, "Hi There", false, "b617318655057264e28bc0b6fb378c8ef146be00"},
    {"4a656665", "what do ya want for nothing?", false, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {AA_16 "aaaaaaaa", DD_50, true, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
    {K_01, CD_50, true, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
    {AA_80, "Test Using Larger Than Block-Size Key - Hash Key First", false,
     "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    {AA_80, "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", false,
     "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
};

static const hmac_case sha256_cases[] = {
    {B_0B, "Hi There", false, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "what do ya want for nothing?", false,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {AA_16 "aaaaaaaa", DD_50, true,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {K_01, CD_50, true, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {AA_80 AA_16 AA_16 AA_16 "aaaaaa", "Test Using Larger Than Block-Size Key - Hash Key First",
     false, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {AA_80 AA_16 AA_16 AA_16 "aaaaaa",
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     false, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

typedef void (*hmac_fn)(floe_bytes key, const floe_bytes *parts, size_t count, uint8_t *out);

static void check_hmac(hmac_fn hmac, const hmac_case *c)
{
    uint8_t key[200], text[200], mac[FLOE_SHA256_SIZE], got[FLOE_SHA256_SIZE];
    floe_bytes expected = hex_decode(c->mac, mac, sizeof mac);
    floe_bytes message = c->hex ? hex_decode(c->text, text, sizeof text) : floe_bytes_of(c->text);
    for (size_t cut = 0; cut <= message.len; cut++) {
        const floe_bytes parts[3] = {
            {message.ptr, cut}, {NULL, 0}, {message.ptr + cut, message.len - cut}};
        hmac(hex_decode(c->key, key, sizeof key), parts, 3, got);
        assert_memory_equal(got, expected.ptr, expected.len);
    }
}

static void test_hmac_sha1_has_the_answers_of_rfc_2202_however_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sha1_cases / sizeof sha1_cases[0]; i++) {
        check_hmac(floe_hmac_sha1, &sha1_cases[i]);
    }
}

static void hmac_sha1_in_two_steps(floe_bytes key, const floe_bytes *parts, size_t count,
                                   uint8_t *out)
{
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, key);
    floe_hmac_sha1_key_compute(&ready, parts, count, out);
}

static void test_hmac_sha1_key_has_the_answers_of_rfc_2202_however_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sha1_cases / sizeof sha1_cases[0]; i++) {
        check_hmac(hmac_sha1_in_two_steps, &sha1_cases[i]);
    }
}

static void test_hmac_sha1_key_serves_many_messages_unchanged(void **state)
{
    (void)state;
    floe_hmac_sha1_key ready, before;
    floe_hmac_sha1_key_prepare(&ready, FLOE_LIT("key"));
    before = ready;
    const floe_bytes texts[3] = {FLOE_LIT("one"), FLOE_LIT("two"), FLOE_LIT("one")};
    uint8_t macs[3][FLOE_SHA1_SIZE];
    for (size_t i = 0; i < 3; i++) {
        floe_hmac_sha1_key_compute(&ready, &texts[i], 1, macs[i]);
    }
    assert_memory_equal(macs[0], macs[2], FLOE_SHA1_SIZE);
    assert_memory_not_equal(macs[0], macs[1], FLOE_SHA1_SIZE);
    assert_memory_equal(&ready, &before, sizeof ready);
}

/* HMAC as RFC 2104 §2 defines it, over OpenSSL's one-shot SHA1(): nothing of the file under test.
 */
static void hmac_by_definition(floe_bytes key, floe_bytes text, uint8_t out[FLOE_SHA1_SIZE])
{
    uint8_t inner[64 + 300], outer[64 + FLOE_SHA1_SIZE], block[64] = {0};
    if (key.len > 64) {
        SHA1(key.ptr, key.len, block);
    } else {
        memcpy(block, key.ptr, key.len);
    }
    for (size_t i = 0; i < 64; i++) {
        inner[i] = block[i] ^ 0x36;
        outer[i] = block[i] ^ 0x5c;
    }
    memcpy(inner + 64, text.ptr, text.len);
    SHA1(inner, 64 + text.len, outer + 64);
    SHA1(outer, sizeof outer, out);
}

/* Keys up to and beyond one block, texts up to and beyond several, all drawn from one seed. */
static void test_hmac_sha1_key_agrees_with_the_definition(void **state)
{
    (void)state;
    uint8_t random[600], expected[FLOE_SHA1_SIZE], got[FLOE_SHA1_SIZE];
    uint32_t seed = 1;
    for (size_t round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof random; i++) {
            seed = seed * 1664525u + 1013904223u;
            random[i] = (uint8_t)(seed >> 24);
        }
        const floe_bytes key = {random, round % 150};
        const floe_bytes text = {random + 200, round % 301};
        hmac_by_definition(key, text, expected);
        hmac_sha1_in_two_steps(key, &text, 1, got);
        assert_memory_equal(got, expected, sizeof got);
        floe_hmac_sha1(key, &text, 1, got);
        assert_memory_equal(got, expected, sizeof got);
    }
}

static void test_hmac_sha256_has_the_answers_of_rfc_4231_however_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sha256_cases / sizeof sha256_cases[0]; i++) {
        check_hmac(floe_hmac_sha256, &sha256_cases[i]);
    }
}

/* The key fills a block exactly, and is one byte longer: where RFC 2104 §2 begins to hash it. The
 * values are those of Python's hmac module. */
static void test_hmac_hashes_a_key_only_beyond_one_block(void **state)
{
    (void)state;
    uint8_t key[65], mac[FLOE_SHA1_SIZE], got[FLOE_SHA1_SIZE];
    memset(key, 'k', sizeof key);
    const floe_bytes text = FLOE_LIT("text");
    floe_hmac_sha1((floe_bytes){key, 64}, &text, 1, got);
    hex_decode("79ff55fa698f97a703bb0ad426871006ee745343", mac, sizeof mac);
    assert_memory_equal(got, mac, sizeof mac);
    floe_hmac_sha1((floe_bytes){key, 65}, &text, 1, got);
    hex_decode("23cdc442dba98c8865255f4fce14aca27f4444ba", mac, sizeof mac);
    assert_memory_equal(got, mac, sizeof mac);
}

static void test_hmac_takes_an_empty_key_and_no_text(void **state)
{
    (void)state;
    uint8_t mac[FLOE_SHA1_SIZE], got[FLOE_SHA1_SIZE];
    floe_hmac_sha1((floe_bytes){NULL, 0}, NULL, 0, got);
    hex_decode("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d", mac, sizeof mac);
    assert_memory_equal(got, mac, sizeof mac);
}

static void test_sha256_has_the_answers_of_fips_180(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t expected[FLOE_SHA256_SIZE], got[FLOE_SHA256_SIZE];
        floe_bytes text = floe_bytes_of(table[i][0]);
        floe_sha256(&text, 1, got);
        hex_decode(table[i][1], expected, sizeof expected);
        assert_memory_equal(got, expected, sizeof expected);
    }
}

static void test_md5_has_the_answers_of_rfc_1321(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t expected[FLOE_MD5_SIZE], got[FLOE_MD5_SIZE];
        floe_bytes text = floe_bytes_of(table[i][0]);
        const floe_bytes parts[2] = {{text.ptr, text.len / 2},
                                     {text.ptr + text.len / 2, text.len - text.len / 2}};
        floe_md5(parts, 2, got);
        hex_decode(table[i][1], expected, sizeof expected);
        assert_memory_equal(got, expected, sizeof expected);
    }
}

static void test_secret_equal_sees_a_difference_in_any_byte(void **state)
{
    (void)state;
    uint8_t a[20] = {0}, b[20] = {0};
    assert_true(floe_secret_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 0x80;
        assert_false(floe_secret_equal(a, b, sizeof a));
        assert_true(floe_secret_equal(a, b, i));
        b[i] = 0;
    }
}

static void test_secret_wipe_leaves_zeros(void **state)
{
    (void)state;
    uint8_t secret[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    floe_secret_wipe(secret, 7);
    assert_memory_equal(secret, "\0\0\0\0\0\0\0\x08", sizeof secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hmac_sha1_has_the_answers_of_rfc_2202_however_cut),
        cmocka_unit_test(test_hmac_sha1_key_has_the_answers_of_rfc_2202_however_cut),
        cmocka_unit_test(test_hmac_sha1_key_serves_many_messages_unchanged),
        cmocka_unit_test(test_hmac_sha1_key_agrees_with_the_definition),
        cmocka_unit_test(test_hmac_sha256_has_the_answers_of_rfc_4231_however_cut),
        cmocka_unit_test(test_hmac_hashes_a_key_only_beyond_one_block),
        cmocka_unit_test(test_hmac_takes_an_empty_key_and_no_text),
        cmocka_unit_test(test_sha256_has_the_answers_of_fips_180),
        cmocka_unit_test(test_md5_has_the_answers_of_rfc_1321),
        cmocka_unit_test(test_secret_equal_sees_a_difference_in_any_byte),
        cmocka_unit_test(test_secret_wipe_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
