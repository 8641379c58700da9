/*
 * support/tls_server.h - a TLS or DTLS server of plain OpenSSL, with none of floe in it, that reads
 * and writes memory.
 */
#ifndef FLOE_SUPPORT_TLS_SERVER_H
#define FLOE_SUPPORT_TLS_SERVER_H

#include "base/floe.h"
#include "support/tls_authority.h"

typedef struct tls_server {
    SSL_CTX *ctx; /* change what you like between init and open */
    SSL *ssl;
    BIO *in, *out; /* OpenSSL's memory */
    bool is_datagram, is_closed;
    size_t len; /* plain bytes that came */
    uint8_t data[65536];
} tls_server;

void tls_server_init(tls_server *server, const tls_authority *authority, const tls_leaf *leaf,
                     bool is_datagram);
void tls_server_open(tls_server *server); /* for one client */
void tls_server_free(tls_server *server);

/* Bytes of the stream or one datagram; it shakes hands or reads, whichever is due. */
void tls_server_input(tls_server *server, floe_bytes in);
/* What it has to send, at most `cap` bytes; of datagrams the records of a flight, as one. */
size_t tls_server_output(tls_server *server, uint8_t *buf, size_t cap);
void tls_server_send(tls_server *server, floe_bytes plain);
void tls_server_close(tls_server *server);  /* close_notify */
void tls_server_repeat(tls_server *server); /* DTLS: the last flight, if its time has come */

#endif
