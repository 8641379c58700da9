/*
 * sdp/sdp_candidate.h - one ICE candidate as text (RFC 8839 section 5.1, RFC 6544 section 4.5).
 *
 * Takes what every known system writes: upper- and lower-case transports, unknown extensions in
 * pairs, names ending in .local, TCP candidates, a leading "a=" or "candidate:" or neither. Views
 * into the text.
 */
#ifndef FLOE_SDP_SDP_CANDIDATE_H
#define FLOE_SDP_SDP_CANDIDATE_H

#include "base/floe.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sdp_cand_type {
    FLOE_SDP_CAND_HOST,
    FLOE_SDP_CAND_SRFLX,
    FLOE_SDP_CAND_PRFLX,
    FLOE_SDP_CAND_RELAY
} floe_sdp_cand_type;

typedef enum floe_sdp_tcptype {
    FLOE_SDP_TCP_NONE, /* not TCP */
    FLOE_SDP_TCP_ACTIVE,
    FLOE_SDP_TCP_PASSIVE,
    FLOE_SDP_TCP_SO
} floe_sdp_tcptype;

typedef struct floe_sdp_candidate {
    floe_bytes foundation; /* 1 to 32 ice-chars; from old peers up to 64 visible characters */
    uint32_t component;    /* 1 to 256 */
    bool is_tcp;
    uint32_t priority;
    floe_addr addr;  /* family 0 where the address is a name: then see host */
    floe_bytes host; /* the address field as written; at most 253 characters */
    uint8_t type;    /* floe_sdp_cand_type */
    uint8_t tcptype; /* floe_sdp_tcptype */
    uint16_t port;
    floe_addr related; /* raddr, rport; family 0 if absent or a name */
    floe_bytes ufrag;  /* the "ufrag" extension; empty if absent */
    uint16_t
        network_cost; /* the "network-cost" extension of libwebrtc: written unless 0, not read */
} floe_sdp_candidate;

/* Parse "candidate:..." with or without "a=" before it, with or without a line end after it.
 * MALFORMED: not a candidate. UNSUPPORTED: a well-formed line of an unknown transport, type,
 * tcptype or kind of address (an IPv6 zone): skip it, carry on. *cand is zeroed on error. */
FLOE_MUST_USE floe_err floe_sdp_candidate_parse(floe_sdp_candidate *cand, floe_bytes text);

/* Write "candidate:..." without "a=" and line end, with raddr and rport where `related` is set (RFC
 * 8839 section 5.1: all types but host MUST carry them; 0.0.0.0 and 9 stand in where it is hidden).
 * `addr` (or `host` where its family is 0) and `port` are the connection address. */
void floe_sdp_candidate_put(floe_writer *w, const floe_sdp_candidate *cand);

/* Does this name end in ".local", in any case? */
bool floe_sdp_candidate_is_mdns(const floe_sdp_candidate *cand);

#ifdef __cplusplus
}
#endif
#endif
