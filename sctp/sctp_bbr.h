/*
 * sctp/sctp_bbr.h - congestion control by a model of the path, in the manner of BBR version 3
 * (draft-ietf-ccwg-bbr): the greatest rate at which data arrives and the least round trip say how
 * fast to send and how much may be in flight; single losses say nothing, more than 2 % of what was
 * in flight do. It knows no TSN, no timer and no chunk.
 *
 *                  rate grows no more              queue drained
 *      STARTUP ------------------------> DRAIN ------------------+
 *                                                                v
 *        +---------- PROBE_BW: DOWN --> CRUISE --> REFILL --> UP --+
 *        |                      ^                              |   |
 *        | 5 s without a least  +------------------------------+   |
 *        v round trip            full, or more than 2 % lost       |
 *      PROBE_RTT <-------------------------------------------------+
 *
 * ECN is not used: DTLS hides nothing of it, but sockets do. Deviations are in sctp/README.md.
 */
#ifndef FLOE_SCTP_SCTP_BBR_H
#define FLOE_SCTP_SCTP_BBR_H

#include "base/floe.h"
#include "sctp/sctp_rate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sctp_bbr_state {
    FLOE_SCTP_BBR_STARTUP,
    FLOE_SCTP_BBR_DRAIN,
    FLOE_SCTP_BBR_DOWN, /* from here to UP: PROBE_BW */
    FLOE_SCTP_BBR_CRUISE,
    FLOE_SCTP_BBR_REFILL,
    FLOE_SCTP_BBR_UP,
    FLOE_SCTP_BBR_PROBE_RTT
} floe_sctp_bbr_state;

/* Bounds on bytes in flight and on the rate; UINT32_MAX: none. */
typedef struct floe_sctp_bbr_bounds {
    uint32_t inflight_hi; /* more than this has lost too much */
    uint32_t inflight_lo; /* for this cycle: there were losses in it */
    uint32_t bw_lo;
} floe_sctp_bbr_bounds;

typedef struct floe_sctp_bbr {
    floe_sctp_rate rate; /* the samples: told by who knows chunks */
    uint32_t mtu;
    uint32_t cwnd;        /* bytes that may be in flight */
    uint32_t pacing_rate; /* bytes a second; 0: not known yet */
    uint8_t state;        /* floe_sctp_bbr_state */

    uint32_t max_bw[2]; /* greatest rate in this cycle of probing and in the one before */
    floe_sctp_bbr_bounds bounds;
    floe_sctp_bbr_bounds prior; /* before the last recovery, with this state */
    uint8_t prior_state;
    uint32_t prior_cwnd; /* before PROBE_RTT */
    uint32_t min_rtt_us; /* of the last ten seconds; UINT32_MAX: none */
    uint32_t probe_rtt_us;
    floe_time min_rtt_at, probe_rtt_at; /* when these were measured */
    floe_time probe_rtt_until;          /* NEVER: what is in flight is still too much */
    bool has_probe_rtt_round;           /* a round trip has passed since it is not */

    uint32_t round_end;      /* a round trip ends when what is sent after so much has arrived */
    uint32_t loss_round_end; /* likewise, for the signals of a round: */
    uint32_t bw_latest, inflight_latest;
    bool is_round, is_loss_round; /* one ends with this SACK */
    bool has_loss;                /* in this round */
    uint8_t loss_events;          /* in this round */

    uint32_t full_bw;          /* the rate that is to be exceeded by a quarter ... */
    uint8_t full_count;        /* ... and was not, for so many rounds */
    bool is_full_now, is_full; /* in this probing; ever */

    floe_time cycle_at;   /* when DOWN began */
    uint32_t wait_us;     /* until the next probing */
    uint32_t rounds;      /* since the last one */
    uint8_t up_rounds;    /* of UP */
    uint32_t up_acked;    /* bytes towards ... */
    uint32_t up_step;     /* ... the next packet of inflight_hi */
    bool is_probing_bw;   /* samples are of data that was sent to probe */
    bool is_probe_ending; /* the last of them are arriving */
    bool is_first_up;     /* in the first round of UP, what arrives was sent before */

    floe_time extra_at;       /* acknowledgements in batches: since when ... */
    uint32_t extra_delivered; /* ... so much has arrived ... */
    uint32_t extra_acked[2];  /* ... and at most so much more than expected, in ten rounds */
    uint8_t extra_rounds;
    bool is_idle_restart;
    bool is_held_back; /* by the window, since the last SACK: set by who asks */
} floe_sctp_bbr;

/* What a SACK brought, beside the sample. */
typedef struct floe_sctp_bbr_ack {
    floe_time now;
    uint32_t rtt_us; /* 0: none */
    uint32_t flight; /* bytes in flight, now */
} floe_sctp_bbr_ack;

/* Start; or start over, on another path. */
void floe_sctp_bbr_init(floe_sctp_bbr *b, uint32_t mtu);
void floe_sctp_bbr_on_ack(floe_sctp_bbr *b, const floe_sctp_bbr_ack *ack);
/* Losses begin a recovery: how it was before can be taken back ... */
void floe_sctp_bbr_on_loss(floe_sctp_bbr *b);
/* ... since nothing was lost. */
void floe_sctp_bbr_undo(floe_sctp_bbr *b);
/* Data is sent after a pause: at the rate that is known. */
void floe_sctp_bbr_on_restart(floe_sctp_bbr *b, floe_time now);
/* How long so many bytes take. */
uint32_t floe_sctp_bbr_pace_us(const floe_sctp_bbr *b, uint32_t bytes, uint32_t srtt_us);
/* Bytes that go out at once. */
uint32_t floe_sctp_bbr_burst(const floe_sctp_bbr *b);

#ifdef __cplusplus
}
#endif
#endif
