/*
 * ice/ice_cand.h - candidates: types, priorities and foundations (RFC 8445 section 5.1), pure.
 */
#ifndef FLOE_ICE_ICE_CAND_H
#define FLOE_ICE_ICE_CAND_H

#include "base/floe.h"
#include "sdp/sdp_candidate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_ice_type {
    FLOE_ICE_HOST,
    FLOE_ICE_SRFLX,
    FLOE_ICE_PRFLX,
    FLOE_ICE_RELAY
} floe_ice_type;

typedef struct floe_ice_cand {
    floe_addr addr; /* where the peer sends to */
    floe_addr base; /* local: the socket's address. Relayed, and remote: the related one, or none */
    uint32_t priority;
    uint32_t foundation; /* equal iff type, base IP, server and transport are (local), or iff the
                          * peer wrote the same text (remote: a hash of it; a collision costs only
                          * order) */
    uint8_t type;        /* floe_ice_type */
    uint8_t transport;   /* floe_transport: UDP, or TCP */
    uint8_t tcptype;     /* floe_sdp_tcptype */
    bool is_hidden;      /* its address is behind a name: remote: no TURN server is told it */
} floe_ice_cand;

/* RFC 8445 section 5.1.2.1: 2^24 type preference + 2^8 local preference + (256 - component). */
uint32_t floe_ice_priority(floe_ice_type type, uint16_t local_preference);
/* RFC 6544 section 4.2 has TCP behind UDP: what its type preferences lack. */
#define FLOE_ICE_TCP_MALUS   (UINT32_C(36) << 24)
#define FLOE_ICE_TCP_NO_PORT 9u /* of a candidate that connects: it has no port before it does */

/* What libwebrtc calls the cost of a network, 0 to 999, and looks at before priorities: to it ours
 * are of the kind that it calls unknown. See floe_ice_agent_network_cost(). */
#define FLOE_ICE_NETWORK_COST 50u

/* From and to text. From: UNSUPPORTED for what this agent does not pair: names, component 2, of TCP
 * simultaneous open and whatever can not be connected to. */
FLOE_MUST_USE floe_err floe_ice_cand_from_sdp(floe_ice_cand *cand, const floe_sdp_candidate *sdp);
/* "candidate:..." without "a=" and line end; ufrag empty: no ufrag extension; cost 0: no
 * network-cost extension; `name`, unless it is empty, stands in for the IP. */
void floe_ice_cand_put(floe_writer *w, const floe_ice_cand *cand, uint16_t cost, floe_bytes ufrag,
                       floe_bytes name);

/* A number for a text, for comparison: of foundations, of username fragments. */
uint32_t floe_ice_hash(floe_bytes text);
/* Is this somewhere that one host can send to, and another answer from? */
bool floe_ice_addr_is_usable(const floe_addr *addr);

const char *floe_ice_type_name(floe_ice_type type); /* "host", "srflx", "prflx", "relay" */

#ifdef __cplusplus
}
#endif
#endif
