/* tests/unit/dtls/test_dtls_identity.c - the certificate that an end makes for itself. */
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "dtls/dtls_conn.h"
#include "support/unit.h"

static floe_dtls_identity identity;
static X509 *cert; /* belongs to the identity */

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(floe_dtls_identity_init(&identity), FLOE_OK);
    cert = SSL_CTX_get0_certificate(identity.ctx);
    assert_non_null(cert);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    floe_dtls_identity_free(&identity);
    return 0;
}

static void test_dtls_identity_has_a_key_on_p256(void **state)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    char group[32];
    size_t len;
    (void)state;
    assert_int_equal(EVP_PKEY_get_base_id(key), EVP_PKEY_EC);
    assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof group, &len), 1);
    assert_string_equal(group, "prime256v1");
    assert_int_equal(SSL_CTX_check_private_key(identity.ctx), 1);
}

static void test_dtls_identity_signs_itself_with_sha256(void **state)
{
    (void)state;
    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_int_equal(X509_get_signature_nid(cert), NID_ecdsa_with_SHA256);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)), 0);
}

static void test_dtls_identity_is_valid_from_yesterday_for_thirty_days(void **state)
{
    time_t yesterday = time(NULL) - 86400, later = time(NULL) + 30 * 86400;
    time_t before_yesterday = yesterday - 60, much_later = later + 60;
    (void)state;
    assert_true(X509_cmp_time(X509_get0_notBefore(cert), &yesterday) < 0);
    assert_true(X509_cmp_time(X509_get0_notBefore(cert), &before_yesterday) > 0);
    assert_true(X509_cmp_time(X509_get0_notAfter(cert), &much_later) < 0);
    later -= 60;
    assert_true(X509_cmp_time(X509_get0_notAfter(cert), &later) > 0);
}

static void test_dtls_identity_has_a_fingerprint_that_is_its_sha256(void **state)
{
    uint8_t digest[32];
    unsigned int size;
    (void)state;
    assert_int_equal(X509_digest(cert, EVP_sha256(), digest, &size), 1);
    assert_int_equal(identity.fingerprint.size, 32);
    assert_memory_equal(identity.fingerprint.value, digest, 32);
}

static void test_dtls_identity_differs_from_the_next_in_everything(void **state)
{
    floe_dtls_identity other;
    (void)state;
    assert_int_equal(floe_dtls_identity_init(&other), FLOE_OK);
    X509 *next = SSL_CTX_get0_certificate(other.ctx);
    assert_memory_not_equal(identity.fingerprint.value, other.fingerprint.value, 32);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), X509_get0_serialNumber(next)), 0);
    assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(cert), X509_get_subject_name(next)),
                         0);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), X509_get0_pubkey(next)), 0);
    floe_dtls_identity_free(&other);
}

/* RFC 5280 §4.1.2.2: positive, at most 20 bytes. */
static void test_dtls_identity_has_a_random_serial_number_of_more_than_64_bits(void **state)
{
    (void)state;
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    assert_non_null(number);
    assert_false(BN_is_negative(number));
    assert_in_range(BN_num_bits(number), 65, 159);
    BN_free(number);
}

static void test_dtls_identity_free_takes_a_zeroed_and_a_freed_one(void **state)
{
    floe_dtls_identity zeroed;
    (void)state;
    memset(&zeroed, 0, sizeof zeroed);
    floe_dtls_identity_free(&zeroed);
    assert_int_equal(floe_dtls_identity_init(&zeroed), FLOE_OK);
    floe_dtls_identity_free(&zeroed);
    assert_null(zeroed.ctx);
    floe_dtls_identity_free(&zeroed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls_identity_has_a_key_on_p256),
        cmocka_unit_test(test_dtls_identity_signs_itself_with_sha256),
        cmocka_unit_test(test_dtls_identity_is_valid_from_yesterday_for_thirty_days),
        cmocka_unit_test(test_dtls_identity_has_a_fingerprint_that_is_its_sha256),
        cmocka_unit_test(test_dtls_identity_differs_from_the_next_in_everything),
        cmocka_unit_test(test_dtls_identity_has_a_random_serial_number_of_more_than_64_bits),
        cmocka_unit_test(test_dtls_identity_free_takes_a_zeroed_and_a_freed_one),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
