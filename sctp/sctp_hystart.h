/*
 * sctp/sctp_hystart.h - HyStart++: leave slow start when the round trip grows, before the queue
 * overflows (RFC 9406). It knows no window: it says how slow start has to go on.
 */
#ifndef FLOE_SCTP_SCTP_HYSTART_H
#define FLOE_SCTP_SCTP_HYSTART_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_hystart {
    uint32_t last_min_us;    /* least round trip of the last round; UINT32_MAX: none */
    uint32_t current_min_us; /* of the current one */
    uint32_t baseline_us;    /* of the round in which conservative slow start began */
    uint32_t round_end;      /* the round ends when this TSN is acknowledged */
    uint8_t samples;         /* in the current round, saturating */
    uint8_t rounds;          /* of conservative slow start */
    bool is_begun;           /* there is a round */
    bool is_conservative;
} floe_sctp_hystart;

typedef enum floe_sctp_slow_start {
    FLOE_SCTP_SLOW_START_FULL,         /* double in a round trip */
    FLOE_SCTP_SLOW_START_CONSERVATIVE, /* a quarter of that */
    FLOE_SCTP_SLOW_START_OVER
} floe_sctp_slow_start;

void floe_sctp_hystart_init(floe_sctp_hystart *h);
/* TSNs up to `cum` are acknowledged, up to `highest` were sent; rtt_us: a sample, 0 for none. */
floe_sctp_slow_start floe_sctp_hystart_on_ack(floe_sctp_hystart *h, uint32_t rtt_us, uint32_t cum,
                                              uint32_t highest);

#ifdef __cplusplus
}
#endif
#endif
