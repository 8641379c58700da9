/*
 * support/sctp_place.h - links as the tables and goals of goodput name them: a round trip, a rate,
 * a loss, a queue; and what one association, or two, get out of one.
 */
#ifndef FLOE_SUPPORT_SCTP_PLACE_H
#define FLOE_SUPPORT_SCTP_PLACE_H

#include "support/sctp_link.h"

#define SCTP_PLACE_MBIT UINT64_C(125000) /* bytes a second */

typedef struct sctp_place {
    uint32_t rtt_ms, rate_mbit;
    uint32_t loss;  /* of ten thousand */
    uint32_t queue; /* per cent of what the link holds in a round trip, but 20 packets at least */
} sctp_place;

/* Buffers for four times what link and queue hold, as far as the receiver's window of TSNs goes:
 * what was lost, and lost again, holds up all that was sent since. */
sctp_link_options sctp_place_options(const sctp_place *p, uint64_t seed);
/* Payload bytes a second of one flow. */
uint64_t sctp_place_goodput(const sctp_place *p, floe_sctp_cc_algorithm algorithm, uint32_t seconds,
                            uint64_t seed);
/* The same for seeds 1 to `count`, sorted. */
void sctp_place_samples(const sctp_place *p, floe_sctp_cc_algorithm algorithm, uint32_t seconds,
                        uint64_t *samples, uint32_t count);
/* Of two flows, the second of which begins so much later: the first's share of the 120 s that
 * follow after they have settled, in per mille. */
uint32_t sctp_place_share(const sctp_place *p, const floe_sctp_cc_algorithm algorithms[2],
                          uint32_t second_starts_ms, uint32_t settled_s);

#endif
