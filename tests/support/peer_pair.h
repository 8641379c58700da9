/*
 * support/peer_pair.h - two peers on a perfect wire of 5 ms each way, in virtual time, for tests of
 * the facade.
 *
 * End 0 is a, end 1 is b, each with one address. Signalling is the test's: it moves descriptions as
 * texts. Loss, NATs and everything else that a network does are in tests/sim.
 */
#ifndef FLOE_SUPPORT_PEER_PAIR_H
#define FLOE_SUPPORT_PEER_PAIR_H

#include "peer/peer.h"

#define PEER_PAIR_BUFFER  (600u * 1024u)
#define PEER_PAIR_RING    1024u
#define PEER_PAIR_FLIGHTS 2048u
#define PEER_PAIR_RELAYS  4u
#define PEER_PAIR_LOG     256u

typedef struct peer_pair_end {
    floe_dtls_identity identity;
    floe_peer peer;
    floe_peer_config config;
    floe_addr addr;
    floe_sctp_tx ring[PEER_PAIR_RING];
    floe_ice_relay relays[PEER_PAIR_RELAYS];
    uint8_t send[PEER_PAIR_BUFFER], recv[PEER_PAIR_BUFFER], description[16384];
    uint32_t events[FLOE_PEER_EV_WRITABLE + 1]; /* how often each came */
    floe_peer_event log[PEER_PAIR_LOG];         /* the first of them, in order */
    size_t log_len;
    floe_dc_fate fate;   /* the last one */
    floe_dc_id incoming; /* the last channel that the other end opened */
    bool is_deaf;        /* nothing reaches it any more */
} peer_pair_end;

typedef struct peer_pair_packet {
    floe_time at; /* 0: free */
    int to;
    floe_path path; /* as the receiver sees it */
    size_t len, segment;
    uint8_t bytes[FLOE_DATAGRAM_MAX * 8];
} peer_pair_packet;

typedef struct peer_pair {
    floe_time now;
    peer_pair_end end[2];
    uint64_t random;
    peer_pair_packet wire[PEER_PAIR_FLIGHTS];
} peer_pair;

/* Both ends are made, with sockets; nothing is signalled. Must be freed. */
peer_pair *peer_pair_new(void);
void peer_pair_free(peer_pair *pair);

/* The local description of an end as it is now; NUL-terminated, in static memory until the next
 * call for this end. */
const char *peer_pair_describe(peer_pair *pair, int end);
/* a offers, b answers, both complete. Fails the test on any error. */
void peer_pair_signal(peer_pair *pair);
/* Let `duration` pass. Checks invariants, and that a drained peer wants to be called in the future.
 */
void peer_pair_run(peer_pair *pair, uint64_t duration_us);
/* signal, and run until a channel that a opened is open on both ends; returns a's id of it. */
floe_dc_id peer_pair_connect(peer_pair *pair);

#endif
