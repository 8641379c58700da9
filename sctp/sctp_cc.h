/*
 * sctp/sctp_cc.h - congestion control: one interface, three algorithms. CUBIC (RFC 9438) with
 * HyStart++ (RFC 9406), NewReno as RFC 9260 section 7 has it, or the rate that a model of the path
 * says (sctp/sctp_bbr.h).
 *
 * Told what was sent, acknowledged and lost, it says how many bytes may be in flight, and how they
 * are spread over a round trip. Bytes are those of DATA chunks with header and padding. It knows no
 * timer, no TSN but those that bound a recovery and a round, and no chunk.
 * Read next: sctp/sctp_cubic.h, sctp/sctp_hystart.h, sctp/sctp_bbr.h.
 */
#ifndef FLOE_SCTP_SCTP_CC_H
#define FLOE_SCTP_SCTP_CC_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "sctp/sctp_bbr.h"
#include "sctp/sctp_cubic.h"
#include "sctp/sctp_hystart.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sctp_cc_algorithm {
    FLOE_SCTP_CC_CUBIC, /* the default */
    FLOE_SCTP_CC_NEWRENO,
    FLOE_SCTP_CC_RATE /* in the manner of BBR: single losses do not slow it down */
} floe_sctp_cc_algorithm;

typedef struct floe_sctp_cc {
    uint32_t mtu;           /* largest DATA payload of a packet, chunk headers included */
    uint32_t cwnd;          /* bytes that may be in flight */
    uint32_t ssthresh;      /* slow start below, congestion avoidance from here on */
    uint32_t partial;       /* NewReno: bytes acknowledged towards the next increase */
    uint32_t credit;        /* bytes acknowledged since the cumulative TSN moved last */
    uint32_t recovery_exit; /* recovery ends when this TSN is acknowledged */
    uint32_t prior_cwnd;    /* before the last reduction; 0: there is none that can be undone */
    uint32_t prior_ssthresh;
    floe_sctp_cubic prior_cubic;
    floe_sctp_bbr *bbr; /* of RATE: the caller's memory */
    uint8_t algorithm;  /* floe_sctp_cc_algorithm */
    bool is_paced;      /* packets are spread: no burst has to be feared */
    bool in_recovery;
    bool is_collapsed; /* after a timeout: one packet in flight until something is acknowledged */
    floe_sctp_hystart hystart;
    floe_sctp_cubic cubic;
} floe_sctp_cc;

/* What a SACK brought. */
typedef struct floe_sctp_cc_ack {
    floe_time now;
    uint32_t acked;         /* bytes newly acknowledged ... */
    uint32_t flight_before; /* ... of so many that were in flight */
    uint32_t cum, highest;  /* TSNs: acknowledged; sent */
    uint32_t rtt_us;        /* of the newest chunk that it acknowledges; 0: not known */
    uint32_t srtt_us;
    uint32_t slow_start_packets; /* L of RFC 9260 section 7.2.1; 0: as RFC 9406 has it */
    bool is_cum_moved;
} floe_sctp_cc_ack;

/* Start, or start over on another path. For RATE, `bbr` is set before, and stays. */
void floe_sctp_cc_init(floe_sctp_cc *cc, floe_sctp_cc_algorithm algorithm, uint32_t mtu);
/* Whether a packet of new or lost data may go out now. */
bool floe_sctp_cc_may_send(const floe_sctp_cc *cc, uint32_t flight);
void floe_sctp_cc_on_ack(floe_sctp_cc *cc, const floe_sctp_cc_ack *ack);
/* Everything is acknowledged. */
void floe_sctp_cc_on_idle(floe_sctp_cc *cc);
/* Chunks were found lost; `highest` is the highest TSN sent; `is_calm`: the round trip is as short
 * as it ever was. True: recovery begins with this. */
bool floe_sctp_cc_on_loss(floe_sctp_cc *cc, uint32_t highest, bool is_calm);
/* The retransmission timer fired. */
void floe_sctp_cc_on_timeout(floe_sctp_cc *cc);
/* Nothing was lost after all: as before the last reduction. */
void floe_sctp_cc_undo(floe_sctp_cc *cc);
/* Of RATE, after on_ack and what was found lost: what the SACK says of the path. */
void floe_sctp_cc_on_sample(floe_sctp_cc *cc, const floe_sctp_bbr_ack *ack);
/* Nothing was sent for `periods` timeouts. */
void floe_sctp_cc_decay(floe_sctp_cc *cc, uint64_t periods);
/* How long so many bytes take, where a window is spread over a round trip. */
uint32_t floe_sctp_cc_pace_us(const floe_sctp_cc *cc, uint32_t bytes, uint32_t srtt_us);

static inline bool floe_sctp_cc_is_rate(const floe_sctp_cc *cc)
{
    return FLOE_SCTP_RATE && cc->algorithm == FLOE_SCTP_CC_RATE;
}

#ifdef __cplusplus
}
#endif
#endif
