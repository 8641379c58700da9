/*
 * dtls/dtls_verify.c - is the peer's certificate the one that its description named?
 *
 * RFC 8122 §5 and §6.2, RFC 8827 §6.5. Who signed the certificate, its names and its dates mean
 * nothing here: the fingerprint came over the signalling channel, and it is the whole identity.
 */
#include "dtls/dtls_internal.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

/* The size of a digest says which hash made it. NULL: none that is accepted. */
static const EVP_MD *get_hash(const floe_dtls_digest *digest)
{
    switch (digest->size) {
    case 28:
        return EVP_sha224();
    case 32:
        return EVP_sha256();
    case 48:
        return EVP_sha384();
    case 64:
        return EVP_sha512();
    default:
        return NULL;
    }
}

bool floe_dtls_verify_is_usable(const floe_dtls_digest *digest)
{
    return get_hash(digest) != NULL;
}

bool floe_dtls_verify_is_match(const X509 *cert, const floe_dtls_digest *digests, uint32_t count)
{
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned int size;

    for (uint32_t i = 0; i < count; i++) {
        const EVP_MD *hash = get_hash(&digests[i]);
        if (hash != NULL && X509_digest(cert, hash, value, &size) == 1 && size == digests[i].size &&
            CRYPTO_memcmp(value, digests[i].value, size) == 0) {
            return true;
        }
    }
    return false;
}

int floe_dtls_verify_certificate(X509_STORE_CTX *store, void *unused)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    floe_dtls_conn *conn = SSL_get_app_data(ssl);
    const X509 *cert = X509_STORE_CTX_get0_cert(store);

    (void)unused;
    conn->verified = floe_dtls_verify_is_match(cert, conn->fingerprints, conn->fingerprint_count);
    /* RFC 8122 §6.2: a certificate that does not match ends it with bad_certificate, which is the
     * alert that OpenSSL sends for "rejected". */
    X509_STORE_CTX_set_error(store, conn->verified ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return conn->verified ? 1 : 0;
}
