/*
 * sctp/sctp_rto.h - the retransmission timeout: smoothed round-trip time, its variation, backoff
 * (RFC 9260 section 6.3.1). Pure arithmetic in microseconds; it knows no timer and no chunk.
 */
#ifndef FLOE_SCTP_SCTP_RTO_H
#define FLOE_SCTP_SCTP_RTO_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_rto {
    uint32_t srtt_us;   /* 0: nothing measured yet */
    uint32_t rttvar_us; /* of the samples */
    uint32_t rto_us;    /* the timeout in force, backoff included */
    uint32_t initial_us, min_us, max_us;
} floe_sctp_rto;

void floe_sctp_rto_init(floe_sctp_rto *rto, uint32_t initial_ms, uint32_t min_ms, uint32_t max_ms);
/* Forget what was measured: the path is another one. */
void floe_sctp_rto_reset(floe_sctp_rto *rto);
/* A round trip was measured; ends the backoff. */
void floe_sctp_rto_add(floe_sctp_rto *rto, uint64_t rtt_us);
/* A timeout: double it. */
void floe_sctp_rto_back_off(floe_sctp_rto *rto);
/* The timeout without backoff. */
void floe_sctp_rto_end_backoff(floe_sctp_rto *rto);

#ifdef __cplusplus
}
#endif
#endif
