/*
 * stun/stun_rtt.h - the retransmission timeout that measured round trips suggest (RFC 8489 section
 * 6.2.1, RFC 6298 section 2). A small value, one for each server; zeroed, it knows nothing.
 */
#ifndef FLOE_STUN_STUN_RTT_H
#define FLOE_STUN_STUN_RTT_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_RTO_MIN_US UINT32_C(100000)  /* a server close by may still be busy */
#define FLOE_STUN_RTO_MAX_US UINT32_C(3000000) /* then seven sends take four minutes */

typedef struct floe_stun_rtt {
    uint32_t mean_us; /* 0: no sample yet */
    uint32_t deviation_us;
} floe_stun_rtt;

/* A round trip, as floe_stun_txn_rtt_us() gives it; 0 (ambiguous) changes nothing. */
void floe_stun_rtt_add(floe_stun_rtt *rtt, uint32_t sample_us);
/* For floe_stun_txn_begin(); 0 before the first sample: the default. */
uint32_t floe_stun_rtt_get_rto(const floe_stun_rtt *rtt);

#ifdef __cplusplus
}
#endif
#endif
