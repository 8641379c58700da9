/*
 * dtls/dtls_identity.c - the certificate of this end and the OpenSSL context that goes with it.
 *
 * RFC 8827 §6.5: ECDSA on P-256, DTLS 1.2, suites with forward secrecy and authenticated
 * encryption. Nothing here depends on a connection; what does is set in dtls_conn.c. Read next:
 * dtls_conn.c.
 */
#include "dtls/dtls_internal.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>
#include <string.h>

#define DAY_SECONDS (24L * 60 * 60)

/* Ours is an ECDSA certificate, so as server we choose among the first three only. The others are
 * for the servers whose certificate is RSA, as RFC 8827 §6.5 permits. */
#define CIPHERS                                                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"   \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"
#define GROUPS "X25519:P-256:P-384"
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:"                \
    "RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

/* No media is sent, but peers that could send some insist on an answer: pion/webrtc ends a
 * handshake without one (RFC 5764 §4.1.1 lets it), data channels only or not. Browsers agree as
 * well. */
#define SRTP_PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

_Static_assert(FLOE_DTLS_RECORD_MAX >= 512 && FLOE_DTLS_RECORD_MAX <= FLOE_DTLS_PLAIN_MAX,
               "what OpenSSL takes for a fragment");

static bool set_serial(X509 *cert)
{
    BIGNUM *number = BN_new();
    bool done = number != NULL && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;

    BN_free(number);
    return done;
}

/* RFC 8827 §6.5 leaves the name open. A random one tells nothing about the program. */
static bool set_names(X509 *cert)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[8], text[2 * sizeof random];
    X509_NAME *name = X509_get_subject_name(cert);

    if (RAND_bytes(random, sizeof random) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        text[2 * i] = (unsigned char)digits[random[i] >> 4];
        text[2 * i + 1] = (unsigned char)digits[random[i] & 15];
    }
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, sizeof text, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1;
}

static bool fill_certificate(X509 *cert, EVP_PKEY *key)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_names(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_SECONDS) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), 30 * DAY_SECONDS) != NULL &&
           X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0;
}

/* The alerts of the peer, for the statistics. */
static void count_alert(const SSL *ssl, int where, int value)
{
    floe_dtls_conn *conn = SSL_get_app_data(ssl);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
        conn->stats.alert = (uint8_t)value;
    }
}

/* Our Finished in plain text, to be sent again when OpenSSL is gone. */
static void keep_finished(int is_written, int version, int type, const void *data, size_t len,
                          SSL *ssl, void *unused)
{
    floe_dtls_conn *conn = SSL_get_app_data(ssl);

    (void)version;
    (void)unused;
    if (is_written == 1 && type == SSL3_RT_HANDSHAKE && len == sizeof conn->finished &&
        *(const uint8_t *)data == SSL3_MT_FINISHED) {
        memcpy(conn->finished, data, len);
    }
}

static bool set_rules(SSL_CTX *ctx)
{
    /* No tickets and no cache: a session that is resumed shows no certificate to check. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ctx, (long)FLOE_DTLS_MESSAGE_MAX);
    /* RFC 8827 §6.5, RFC 8122 §6.2: both ends show a certificate. */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, floe_dtls_verify_certificate, NULL);
    SSL_CTX_set_info_callback(ctx, count_alert);
    SSL_CTX_set_msg_callback(ctx, keep_finished);
    return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ctx, SRTP_PROFILES) == 0 && /* which is success */
           SSL_CTX_set_max_send_fragment(ctx, FLOE_DTLS_RECORD_MAX) == 1;
}

static bool set_certificate(floe_dtls_identity *identity, X509 *cert, EVP_PKEY *key)
{
    floe_dtls_digest *digest = &identity->fingerprint;
    unsigned int size = 0;

    if (cert == NULL || key == NULL || !fill_certificate(cert, key) ||
        SSL_CTX_use_certificate(identity->ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey(identity->ctx, key) != 1 ||
        X509_digest(cert, EVP_sha256(), digest->value, &size) != 1) {
        return false;
    }
    digest->size = (uint8_t)size;
    return true;
}

floe_err floe_dtls_identity_init(floe_dtls_identity *identity)
{
    X509 *cert = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");

    memset(identity, 0, sizeof *identity);
    identity->method = floe_dtls_bio_method_new();
    identity->ctx = SSL_CTX_new(DTLS_method());
    bool done = identity->method != NULL && identity->ctx != NULL && set_rules(identity->ctx) &&
                set_certificate(identity, cert, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    if (!done) {
        floe_dtls_identity_free(identity);
    }
    ERR_clear_error();
    return done ? FLOE_OK : FLOE_E_CRYPTO;
}

void floe_dtls_identity_free(floe_dtls_identity *identity)
{
    SSL_CTX_free(identity->ctx);
    BIO_meth_free(identity->method);
    memset(identity, 0, sizeof *identity);
}
