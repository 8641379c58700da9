/* tests/unit/dtls/test_dtls_verify.c - fingerprints of certificates. */
#include <openssl/x509.h>

#include "dtls/dtls_internal.h"
#include "support/openssl_peer.h"
#include "support/unit.h"

static openssl_peer peer;

static int set_up(void **state)
{
    (void)state;
    openssl_peer_init(&peer, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    openssl_peer_free(&peer);
    return 0;
}

static bool is_match(floe_dtls_digest digest)
{
    return floe_dtls_verify_is_match(peer.cert, &digest, 1);
}

static void test_dtls_verify_accepts_the_hashes_of_the_sha2_family(void **state)
{
    const EVP_MD *hashes[] = {EVP_sha224(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        floe_dtls_digest digest = openssl_peer_fingerprint(&peer, hashes[i]);
        assert_true(floe_dtls_verify_is_usable(&digest));
        assert_true(is_match(digest));
    }
}

static void test_dtls_verify_refuses_sha1_and_md5_though_they_agree(void **state)
{
    const EVP_MD *hashes[] = {EVP_sha1(), EVP_md5()};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        floe_dtls_digest digest = openssl_peer_fingerprint(&peer, hashes[i]);
        assert_false(floe_dtls_verify_is_usable(&digest));
        assert_false(is_match(digest));
    }
}

static void test_dtls_verify_refuses_a_digest_with_any_bit_changed(void **state)
{
    floe_dtls_digest right = openssl_peer_fingerprint(&peer, EVP_sha256());
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        floe_dtls_digest wrong = right;
        wrong.value[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(is_match(wrong));
    }
}

static void test_dtls_verify_refuses_a_digest_that_is_cut_short(void **state)
{
    floe_dtls_digest digest = openssl_peer_fingerprint(&peer, EVP_sha256());
    (void)state;
    for (unsigned size = 0; size < 256; size++) {
        digest.size = (uint8_t)size;
        assert_int_equal(is_match(digest), size == 32);
    }
}

/* RFC 8122 §5: any one of several will do. */
static void test_dtls_verify_accepts_any_one_of_several(void **state)
{
    floe_dtls_digest several[3] = {{.size = 32}, {.size = 20}, {.size = 48}};
    (void)state;
    assert_false(floe_dtls_verify_is_match(peer.cert, several, 3));
    assert_false(floe_dtls_verify_is_match(peer.cert, several, 0));
    for (size_t i = 0; i < 3; i++) {
        floe_dtls_digest kept = several[i];
        several[i] = openssl_peer_fingerprint(&peer, EVP_sha512());
        assert_true(floe_dtls_verify_is_match(peer.cert, several, 3));
        several[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls_verify_accepts_the_hashes_of_the_sha2_family),
        cmocka_unit_test(test_dtls_verify_refuses_sha1_and_md5_though_they_agree),
        cmocka_unit_test(test_dtls_verify_refuses_a_digest_with_any_bit_changed),
        cmocka_unit_test(test_dtls_verify_refuses_a_digest_that_is_cut_short),
        cmocka_unit_test(test_dtls_verify_accepts_any_one_of_several),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
