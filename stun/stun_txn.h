/*
 * stun/stun_txn.h - when to send a STUN request again, and when to give up (RFC 8489 section 6.2).
 *
 * A small value that holds an id and a schedule, no packet: the owner writes the request anew, with
 * the same transaction id, each time floe_stun_txn_check() says SEND.
 * Over UDP: sends at 0, RTO, 3 RTO, 7 RTO, ... Rc sends in all; gives up Rm * RTO after the last.
 * Over a reliable transport: one send, gives up after Ti (39.5 s).
 */
#ifndef FLOE_STUN_STUN_TXN_H
#define FLOE_STUN_STUN_TXN_H

#include "stun/stun_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_RTO_US UINT32_C(500000) /* initial; RFC 8489 section 6.2.1 SHOULD be 500 ms */
#define FLOE_STUN_RC     7                /* sends in all */
#define FLOE_STUN_RM     16               /* RTOs to wait after the last send */

#define FLOE_STUN_TXN_RTO_MAX_US ((UINT32_C(1) << 26) - 1) /* 67 s; a longer one becomes this */

typedef struct floe_stun_txn { /* one of these is in every candidate pair: 32 bytes */
    floe_time sent_at;         /* of the first send; what a round-trip time counts from */
    floe_time next_at;         /* of the next send, or of giving up when sends == sends_max */
    uint32_t rto_us : 26;
    uint32_t sends : 3; /* made so far */
    uint32_t sends_max : 3;
    uint8_t tid[FLOE_STUN_TID_SIZE];
} floe_stun_txn;

typedef enum floe_stun_txn_verdict {
    FLOE_STUN_TXN_WAIT,   /* nothing to do before next_at */
    FLOE_STUN_TXN_SEND,   /* send (again) now, then call floe_stun_txn_sent() */
    FLOE_STUN_TXN_TIMEOUT /* no answer came */
} floe_stun_txn_verdict;

/* A new transaction with a random id, first send due at `now`. rto_us 0: FLOE_STUN_RTO_US. */
void floe_stun_txn_begin(floe_stun_txn *txn, const floe_rand *rand, uint32_t rto_us, floe_time now);
/* The same over TCP or TLS: sent once. */
void floe_stun_txn_begin_reliable(floe_stun_txn *txn, const floe_rand *rand, floe_time now);
floe_stun_txn_verdict floe_stun_txn_check(const floe_stun_txn *txn, floe_time now);
void floe_stun_txn_sent(floe_stun_txn *txn, floe_time now);
floe_time floe_stun_txn_deadline(const floe_stun_txn *txn);
/* Is this response ours? Compares the id only: the source address and integrity are the owner's. */
bool floe_stun_txn_is_match(const floe_stun_txn *txn, const floe_stun_msg *msg);
/* Round-trip time at `now`, only where it is unambiguous (a single send: Karn); else 0. */
uint32_t floe_stun_txn_rtt_us(const floe_stun_txn *txn, floe_time now);

#ifdef __cplusplus
}
#endif
#endif
