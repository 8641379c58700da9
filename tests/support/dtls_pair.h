/*
 * support/dtls_pair.h - two DTLS connections, a network of bad manners between them, virtual time.
 *
 * End 0 is the client and end 1 the server, unless a test changes the configuration before
 * dtls_pair_open(). What every step checks: a drained connection wants to be called in the future,
 * no datagram is larger than the MTU, data comes in state CONNECTED alone.
 */
#ifndef FLOE_SUPPORT_DTLS_PAIR_H
#define FLOE_SUPPORT_DTLS_PAIR_H

#include "dtls/dtls_conn.h"

#define DTLS_PAIR_PACKETS  256u
#define DTLS_PAIR_SIZE_MAX 17000u

typedef struct dtls_pair_packet {
    bool used;
    uint8_t to;
    floe_time at;
    size_t len;
    uint8_t bytes[DTLS_PAIR_SIZE_MAX];
} dtls_pair_packet;

typedef struct dtls_pair_end {
    floe_dtls_identity identity;
    floe_dtls_config config;
    floe_dtls_conn conn;
    floe_dtls_state state; /* as the last event said */
    floe_dtls_cause cause;
    unsigned transmits, messages;
    size_t len; /* of the last message */
    uint8_t data[16384];
} dtls_pair_end;

typedef struct dtls_pair {
    dtls_pair_end end[2];
    floe_time now;
    floe_time delay_us, jitter_us; /* one way; jitter is what reorders */
    uint32_t loss_percent, duplicate_percent;
    uint64_t random;
    /* True: this datagram is lost. It may also look, or write elsewhere. NULL: none is. */
    bool (*lose)(void *ctx, int from, floe_bytes datagram);
    void *lose_ctx;
    dtls_pair_packet network[DTLS_PAIR_PACKETS];
} dtls_pair;

/* Identities, configurations that name each other's fingerprint, and a perfect network of 10 ms. */
void dtls_pair_init(dtls_pair *pair, uint64_t seed);
void dtls_pair_open(dtls_pair *pair);  /* floe_dtls_conn_init() of both */
void dtls_pair_start(dtls_pair *pair); /* floe_dtls_conn_start() of both */
void dtls_pair_free(dtls_pair *pair);

/* Put a datagram on its way from an end. */
void dtls_pair_post(dtls_pair *pair, int from, floe_bytes datagram);
/* Give a datagram to an end at once, and take what comes of it. */
floe_err dtls_pair_inject(dtls_pair *pair, int to, floe_bytes datagram);
/* Take everything out of an end. */
void dtls_pair_drain(dtls_pair *pair, int end);
/* Seal and post. */
floe_err dtls_pair_send(dtls_pair *pair, int from, floe_bytes plain);

/* The next arrival or deadline. False: nothing is going to happen, or not before `until`. */
bool dtls_pair_step(dtls_pair *pair, floe_time until);
void dtls_pair_run(dtls_pair *pair, uint64_t duration_us);
/* init, open, start, and run until both are connected; fails the test if they do not. */
void dtls_pair_connect(dtls_pair *pair, uint64_t seed);
bool dtls_pair_is_state(const dtls_pair *pair, floe_dtls_state client, floe_dtls_state server);

#endif
