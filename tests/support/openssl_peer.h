/*
 * support/openssl_peer.h - a DTLS peer of plain OpenSSL, with none of floe in it, for what another
 * implementation does and ours never would: other certificates, versions, suites, renegotiation.
 */
#ifndef FLOE_SUPPORT_OPENSSL_PEER_H
#define FLOE_SUPPORT_OPENSSL_PEER_H

#include <openssl/ssl.h>

#include "dtls/dtls_conn.h"

#define OPENSSL_PEER_DATAGRAMS 32u
#define OPENSSL_PEER_SIZE_MAX  17000u

typedef enum openssl_peer_cert {
    OPENSSL_PEER_NO_CERT,
    OPENSSL_PEER_ECDSA_P256,
    OPENSSL_PEER_RSA_2048
} openssl_peer_cert;

typedef struct openssl_peer {
    SSL_CTX *ctx; /* change what you like between init and open */
    SSL *ssl;
    BIO_METHOD *method;
    X509 *cert;
    floe_dtls_role role;
    floe_bytes pending; /* the datagram that it reads next */
    unsigned messages;
    size_t len; /* of the last message */
    uint8_t data[16384];
    size_t out_head, out_tail; /* datagrams that it sent */
    size_t out_len[OPENSSL_PEER_DATAGRAMS];
    uint8_t out[OPENSSL_PEER_DATAGRAMS][OPENSSL_PEER_SIZE_MAX];
} openssl_peer;

void openssl_peer_init(openssl_peer *peer, floe_dtls_role role, openssl_peer_cert cert);
floe_dtls_digest openssl_peer_fingerprint(const openssl_peer *peer, const EVP_MD *hash);
void openssl_peer_open(openssl_peer *peer);
void openssl_peer_free(openssl_peer *peer);

/* Shake hands or read, whichever is due. */
void openssl_peer_drive(openssl_peer *peer);
void openssl_peer_input(openssl_peer *peer, floe_bytes datagram);
bool openssl_peer_next(openssl_peer *peer, floe_bytes *datagram);
void openssl_peer_send(openssl_peer *peer, floe_bytes plain);

#endif
