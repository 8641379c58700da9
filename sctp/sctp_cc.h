/*
 * sctp/sctp_cc.h - congestion control: NewReno as RFC 9260 section 7 has it.
 *
 * Told what was sent, acknowledged and lost, it says how many bytes may be in flight. Bytes are
 * those of DATA chunks with header and padding. It knows no timer, no TSN but the exit of fast
 * recovery, and no chunk.
 */
#ifndef FLOE_SCTP_SCTP_CC_H
#define FLOE_SCTP_SCTP_CC_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_cc {
    uint32_t mtu;           /* largest DATA payload of a packet, chunk headers included */
    uint32_t cwnd;          /* bytes that may be in flight */
    uint32_t ssthresh;      /* slow start below, congestion avoidance above */
    uint32_t partial;       /* bytes acknowledged towards the next increase in avoidance */
    uint32_t recovery_exit; /* fast recovery ends when this TSN is acknowledged */
    bool in_recovery;
    bool is_collapsed; /* after a timeout: one packet in flight until something is acknowledged */
} floe_sctp_cc;

/* Start, or start over on another path. */
void floe_sctp_cc_init(floe_sctp_cc *cc, uint32_t mtu);
/* Whether a packet of new or lost data may go out now. */
bool floe_sctp_cc_may_send(const floe_sctp_cc *cc, uint32_t flight);
/* `acked` bytes were newly acknowledged, of `flight_before` that were in flight. `is_cum`: the
 * cumulative TSN moved, to `cum`. */
void floe_sctp_cc_on_ack(floe_sctp_cc *cc, uint32_t acked, uint32_t flight_before, bool is_cum,
                         uint32_t cum);
/* Everything is acknowledged. */
void floe_sctp_cc_on_idle(floe_sctp_cc *cc);
/* Chunks were found lost by gap reports; `highest` is the highest TSN sent. True: fast recovery
 * begins with this. */
bool floe_sctp_cc_on_loss(floe_sctp_cc *cc, uint32_t highest);
/* The retransmission timer fired. */
void floe_sctp_cc_on_timeout(floe_sctp_cc *cc);
/* Nothing was sent for `periods` timeouts. */
void floe_sctp_cc_decay(floe_sctp_cc *cc, uint64_t periods);

#ifdef __cplusplus
}
#endif
#endif
