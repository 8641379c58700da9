/*
 * ice/ice_filter.h - what a program does not want: candidates that are not gathered, not told to
 * the peer, or not used (RFC 8828 section 5.2; RFC 8445 section 5.1.1.1). Pure.
 *
 * Three filters, since these are three questions. To gather costs sockets and requests; to tell
 * gives addresses away; to use is where data flows. Each names what is left out, so that one of
 * zeros lets everything through. Does not know: interfaces, which are the caller's, and which of
 * them may be gathered at all (io/interfaces.h for those of this machine). Read next:
 * ice/ice_agent.h.
 */
#ifndef FLOE_ICE_ICE_FILTER_H
#define FLOE_ICE_ICE_FILTER_H

#include "base/floe_config.h"
#include "ice/ice_cand.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_WITHOUT(x) (1u << (x)) /* of a floe_ice_type, a floe_transport, or 4 and 6 */

typedef struct floe_ice_range { /* all addresses that begin with the first `bits` of this one */
    floe_addr addr;
    uint8_t bits;
} floe_ice_range;

/* What is left out; a candidate is if any of these has it. */
typedef struct floe_ice_filter {
    uint8_t types;      /* FLOE_ICE_WITHOUT(FLOE_ICE_HOST), ... */
    uint8_t transports; /* FLOE_ICE_WITHOUT(FLOE_UDP), ... */
    uint8_t families;   /* FLOE_ICE_WITHOUT(4), FLOE_ICE_WITHOUT(6) */
    uint8_t range_count;
    const floe_ice_range *ranges; /* lent */
} floe_ice_filter;

typedef struct floe_ice_filters { /* lent to an agent for its life */
    /* Not looked for: the socket is no candidate, servers are not asked. What only the peer's
     * checks reveal is not gathered, and so not asked about. */
    floe_ice_filter gather;
    /* Not told, and not the related address of what is told; used all the same: the peer may learn
     * it from a check. */
    floe_ice_filter tell;
    /* No pair with such a candidate at either end: neither checked, nor answered, nor selected. */
    floe_ice_filter use;
} floe_ice_filters;

/* The addresses that mean something within a network only: RFC 1918, 6598, 4193, 3927, loopback,
 * IPv6 link-local. With `tell.ranges` of these nobody learns how a network is built inside. */
#define FLOE_ICE_PRIVATE_RANGES 9u
extern const floe_ice_range floe_ice_private_ranges[FLOE_ICE_PRIVATE_RANGES];

/* Without filters (NULL) everything passes. */
#if FLOE_ICE_FILTER
bool floe_ice_filters_gather(const floe_ice_filters *filters, uint8_t type, uint8_t transport,
                             const floe_addr *addr);
/* Takes the related address out of a candidate that is told, where that is not. */
bool floe_ice_filters_tell(const floe_ice_filters *filters, floe_ice_cand *cand);
/* A pair of this base and a remote candidate, of which type and address matter. */
bool floe_ice_filters_use(const floe_ice_filters *filters, const floe_ice_cand *base, uint8_t type,
                          const floe_addr *remote);
#else
static inline bool floe_ice_filters_gather(const floe_ice_filters *filters, uint8_t type,
                                           uint8_t transport, const floe_addr *addr)
{
    (void)filters, (void)type, (void)transport, (void)addr;
    return true;
}

static inline bool floe_ice_filters_tell(const floe_ice_filters *filters, floe_ice_cand *cand)
{
    (void)filters, (void)cand;
    return true;
}

static inline bool floe_ice_filters_use(const floe_ice_filters *filters, const floe_ice_cand *base,
                                        uint8_t type, const floe_addr *remote)
{
    (void)filters, (void)base, (void)type, (void)remote;
    return true;
}
#endif

#ifdef __cplusplus
}
#endif
#endif
