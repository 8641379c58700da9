/*
 * dtls/tls_trust.h - which servers are believed to be who they say: the certificate authorities,
 * and the rules of TLS that go with them. Read once, shared by all clients of a program.
 *
 * RFC 8489 section 6.2.3 (TLS towards a STUN server), RFC 9325 (which versions and suites). Does
 * not know which server is meant: that is the client's host name. Read next: dtls/tls_client.h.
 */
#ifndef FLOE_DTLS_TLS_TRUST_H
#define FLOE_DTLS_TLS_TRUST_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Thread-safe for reading once made. */
typedef struct floe_tls_trust {
    void *stream;   /* private: SSL_CTX for TLS */
    void *datagram; /* private: SSL_CTX for DTLS, with the same authorities */
    void *method;   /* private: BIO_METHOD */
} floe_tls_trust;

/* The authorities in a PEM file, or those of the system where ca_file is NULL (OpenSSL's defaults;
 * the variables SSL_CERT_FILE and SSL_CERT_DIR of the environment stand in for them). CRYPTO: the
 * file can not be read or has no certificate, or OpenSSL failed. Free it after the last client. */
FLOE_MUST_USE floe_err floe_tls_trust_init(floe_tls_trust *trust, const char *ca_file);
void floe_tls_trust_free(floe_tls_trust *trust); /* a zeroed one is fine */

#ifdef __cplusplus
}
#endif
#endif
