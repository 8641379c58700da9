/*
 * sctp/sctp_cubic.h - the congestion window as CUBIC has it (RFC 9438), in bytes, milliseconds and
 * integers. It says what the window shall be; sctp_cc.h, which asks it, knows when.
 */
#ifndef FLOE_SCTP_SCTP_CUBIC_H
#define FLOE_SCTP_SCTP_CUBIC_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_cubic {
    floe_time epoch;   /* since when the window grows along the curve; NEVER: it does not yet */
    floe_time seen;    /* the last time that it was asked */
    uint32_t w_max;    /* the plateau: where the last loss was; 0: there was none */
    uint32_t k_ms;     /* from the epoch to the plateau */
    uint32_t w_est;    /* what NewReno would have */
    uint32_t prior;    /* the window before the last loss */
    uint32_t fraction; /* of the next byte of the window, and of w_est: over the window */
    uint32_t est_fraction;
} floe_sctp_cubic;

void floe_sctp_cubic_init(floe_sctp_cubic *c);
/* A loss: the window after it. `is_calm`: no queue has built up, so that the loss says little about
 * congestion. */
uint32_t floe_sctp_cubic_reduce(floe_sctp_cubic *c, uint32_t cwnd, bool is_calm);
/* The curve begins anew, from whatever the window is then. */
void floe_sctp_cubic_restart(floe_sctp_cubic *c);
/* `acked` bytes were acknowledged while the window was used (or it was not): the window after it,
 * never less than before. */
uint32_t floe_sctp_cubic_grow(floe_sctp_cubic *c, uint32_t cwnd, uint32_t mtu, uint32_t acked,
                              floe_time now, uint32_t srtt_us);
/* The window was not used: that time does not count (RFC 9438 section 5.8). */
void floe_sctp_cubic_pause(floe_sctp_cubic *c, floe_time now);

#ifdef __cplusplus
}
#endif
#endif
