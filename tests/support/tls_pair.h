/*
 * support/tls_pair.h - a TLS or DTLS client of ours and a server of plain OpenSSL, in memory and in
 * virtual time.
 */
#ifndef FLOE_SUPPORT_TLS_PAIR_H
#define FLOE_SUPPORT_TLS_PAIR_H

#include "dtls/tls_client.h"
#include "support/tls_authority.h"
#include "support/tls_server.h"

typedef struct tls_pair {
    tls_authority authority;
    floe_tls_trust trust; /* in that authority */
    floe_tls_client client;
    tls_server server;
    floe_time now;
    floe_dtls_state state; /* of the client, as the last event said */
    floe_tls_cause cause;
    size_t step; /* bytes of the stream that are carried at one time */
    size_t len;  /* plain bytes that came to the client */
    uint8_t data[65536];
} tls_pair;

void tls_pair_init(tls_pair *pair);
void tls_pair_free(tls_pair *pair);
/* Both are made; then change the server's context, open the server, start the client. */
void tls_pair_open(tls_pair *pair, const char *host, const tls_leaf *leaf, bool is_datagram);
/* All of that, and run. */
void tls_pair_connect(tls_pair *pair, const char *host, const tls_leaf *leaf, bool is_datagram);

void tls_pair_read(tls_pair *pair);                  /* what the client has, events too */
void tls_pair_give(tls_pair *pair, floe_bytes in);   /* bytes of the server to the client */
void tls_pair_say(tls_pair *pair, floe_bytes plain); /* the client to the server */
/* False: there was nothing to carry. */
bool tls_pair_carry_to_server(tls_pair *pair);
bool tls_pair_carry_to_client(tls_pair *pair);
void tls_pair_run(tls_pair *pair); /* carry until there is nothing */

/* Fail the test unless a message gets through each way; unless the client has failed like that. */
void tls_pair_expect_talk(tls_pair *pair);
void tls_pair_expect_failure(tls_pair *pair, floe_tls_cause cause);

#endif
