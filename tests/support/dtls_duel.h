/*
 * support/dtls_duel.h - a connection of ours against a peer of plain OpenSSL, in virtual time, with
 * datagrams that arrive at once.
 */
#ifndef FLOE_SUPPORT_DTLS_DUEL_H
#define FLOE_SUPPORT_DTLS_DUEL_H

#include "dtls/dtls_conn.h"
#include "support/openssl_peer.h"

typedef struct dtls_duel {
    floe_dtls_identity identity;
    floe_dtls_config config;
    floe_dtls_conn ours;
    openssl_peer theirs;
    floe_time now;
    floe_dtls_state state; /* of ours, as the last event said */
    floe_dtls_cause cause;
    unsigned transmits, messages; /* of ours */
    size_t len;
    uint8_t data[16384];
} dtls_duel;

/* Ours in `role`, theirs in the other; then change duel->theirs.ctx or duel->config. */
void dtls_duel_init(dtls_duel *duel, floe_dtls_role role, openssl_peer_cert cert);
void dtls_duel_open(dtls_duel *duel); /* both are ready, nothing is sent */
void dtls_duel_free(dtls_duel *duel);

/* Give ours a datagram and read what comes of it, data and events; what it sends stays there. */
floe_err dtls_duel_inject(dtls_duel *duel, floe_bytes datagram);
/* Start both, and carry datagrams until there are none. */
void dtls_duel_run(dtls_duel *duel);
/* Let ours wait that long for an answer that does not come, without carrying anything. */
void dtls_duel_wait(dtls_duel *duel, uint64_t duration_us);
bool dtls_duel_is_connected(const dtls_duel *duel);
/* Fails the test unless a message gets through each way. */
void dtls_duel_check_data(dtls_duel *duel);

#endif
