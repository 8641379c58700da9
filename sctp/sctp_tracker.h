/*
 * sctp/sctp_tracker.h - which TSNs have arrived: the cumulative TSN, a bitmap of what lies beyond
 * it, duplicates, and the gap blocks of a SACK (RFC 9260 sections 3.3.4, 6.2, 6.7; RFC 3758 3.6).
 *
 * The bitmap is a ring: the bit of a TSN is TSN modulo the window. Only TSNs in (cum, cum +
 * window] have a meaning; all other bits are clear. It knows nothing of the data.
 */
#ifndef FLOE_SCTP_SCTP_TRACKER_H
#define FLOE_SCTP_SCTP_TRACKER_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "base/serial.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_DUP_MAX 20u /* duplicates reported in one SACK; more are counted, not listed */

typedef struct floe_sctp_tracker {
    uint32_t cum;     /* all TSNs up to this one have arrived, or were skipped by the peer */
    uint32_t highest; /* largest TSN that has arrived; cum where there is no gap */
    uint32_t window;  /* TSNs beyond cum + window are not accepted; a power of two */
    uint32_t dup_count;
    uint32_t dups[FLOE_SCTP_DUP_MAX];
    uint8_t bits[FLOE_SCTP_WINDOW_MAX / 8];
} floe_sctp_tracker;

typedef enum floe_sctp_tsn_class {
    FLOE_SCTP_TSN_NEW,
    FLOE_SCTP_TSN_DUPLICATE,
    FLOE_SCTP_TSN_BEYOND /* outside of the window */
} floe_sctp_tsn_class;

/* The peer's first TSN will be `initial`. window: a power of two from 64 to FLOE_SCTP_WINDOW_MAX.
 */
void floe_sctp_tracker_init(floe_sctp_tracker *tracker, uint32_t initial, uint32_t window);
floe_sctp_tsn_class floe_sctp_tracker_classify(const floe_sctp_tracker *tracker, uint32_t tsn);
/* Of a TSN in the window beyond cum. */
bool floe_sctp_tracker_has(const floe_sctp_tracker *tracker, uint32_t tsn);
/* A TSN that is NEW has arrived; cum moves as far as it can. The first is for those out of order,
 * and does for any. */
void floe_sctp_tracker_add_beyond(floe_sctp_tracker *tracker, uint32_t tsn);
static inline void floe_sctp_tracker_add(floe_sctp_tracker *tracker, uint32_t tsn)
{
    if (tsn == tracker->cum + 1 && tracker->highest == tracker->cum) {
        tracker->cum = tsn; /* in order, the usual case: no bit is ever set */
        tracker->highest = tsn;
        return;
    }
    floe_sctp_tracker_add_beyond(tracker, tsn);
}
/* What had arrived beyond cum was thrown away again. */
void floe_sctp_tracker_remove(floe_sctp_tracker *tracker, uint32_t tsn);
void floe_sctp_tracker_add_duplicate(floe_sctp_tracker *tracker, uint32_t tsn);
/* The peer will not send TSNs up to `cum` (again), which is after tracker->cum. */
void floe_sctp_tracker_forward(floe_sctp_tracker *tracker, uint32_t cum);

static inline bool floe_sctp_tracker_has_gap(const floe_sctp_tracker *tracker)
{
    return tracker->highest != tracker->cum;
}

/* Append a whole SACK chunk that takes at most `room` bytes (from 16): gap blocks from the lowest,
 * then duplicates, as many as fit. The duplicates are then forgotten. */
void floe_sctp_tracker_put_sack(floe_sctp_tracker *tracker, uint32_t rwnd, size_t room,
                                floe_writer *w);

#ifdef __cplusplus
}
#endif
#endif
