/*
 * support/tls_authority.h - a certificate authority of the test's own, and what it signs, all made
 * at run time; its own certificate is in a temporary PEM file, for whoever wants a path.
 */
#ifndef FLOE_SUPPORT_TLS_AUTHORITY_H
#define FLOE_SUPPORT_TLS_AUTHORITY_H

#include <openssl/ssl.h>
#include <stdbool.h>

typedef struct tls_authority {
    EVP_PKEY *key;
    X509 *cert;
    char path[64];
} tls_authority;

typedef struct tls_leaf {
    const char *names; /* subjectAltName, as OpenSSL reads it: "DNS:turn.example, IP:127.0.0.1" */
    const char *common_name;
    long from, to; /* seconds from now in which it is valid; both 0: now */
    bool is_self_signed;
} tls_leaf;

void tls_authority_init(tls_authority *authority);
void tls_authority_free(tls_authority *authority);
/* Give the context a key, and a certificate for it. */
void tls_authority_certify(const tls_authority *authority, const tls_leaf *leaf, SSL_CTX *ctx);

#endif
