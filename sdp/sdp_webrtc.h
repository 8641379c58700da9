/*
 * sdp/sdp_webrtc.h - what a WebRTC data channel needs from a session description, and back.
 *
 * Reading fills one flat struct of views, taking each attribute from the data channel's media
 * section or, where it is allowed to stand there, from the session level (Firefox). Writing makes a
 * whole description. RFC 8839 (ICE), 8122 and 8842 (DTLS), 8841 (SCTP), 9143 (BUNDLE), 8829/9429
 * (JSEP).
 */
#ifndef FLOE_SDP_SDP_WEBRTC_H
#define FLOE_SDP_SDP_WEBRTC_H

#include "sdp/sdp.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sdp_setup {
    FLOE_SDP_SETUP_NONE, /* absent */
    FLOE_SDP_SETUP_ACTPASS,
    FLOE_SDP_SETUP_ACTIVE,
    FLOE_SDP_SETUP_PASSIVE,
    FLOE_SDP_SETUP_HOLDCONN
} floe_sdp_setup;

typedef enum floe_sdp_hash {
    FLOE_SDP_HASH_NONE,
    FLOE_SDP_HASH_SHA1, /* read, never trusted */
    FLOE_SDP_HASH_SHA224,
    FLOE_SDP_HASH_SHA256,
    FLOE_SDP_HASH_SHA384,
    FLOE_SDP_HASH_SHA512
} floe_sdp_hash;

typedef struct floe_sdp_fingerprint {
    uint8_t hash; /* floe_sdp_hash */
    uint8_t size; /* bytes of value: 20 to 64 */
    uint8_t value[64];
} floe_sdp_fingerprint;

#define FLOE_SDP_FINGERPRINT_MAX 4u /* strongest hashes kept; more are ignored */

/* The data channel's transport, as one side describes it. */
typedef struct floe_sdp_webrtc {
    uint32_t section; /* which m= section; its mid may be empty */
    bool is_rejected; /* port 0 without bundle-only; or sctp-port 0, RFC 8841 section 10.3 */
    floe_bytes mid;
    /* Whose transport the data channel uses: `section` itself, or the section that leads its BUNDLE
     * group. Candidates stand in either, and are trickled with either mid. */
    uint32_t transport_section;
    floe_bytes transport_mid;
    floe_bytes ufrag, pwd; /* RFC 8839 section 5.4 */
    bool is_ice_lite;
    bool is_trickle; /* a=ice-options has "trickle" */
    bool is_end_of_candidates;
    uint8_t setup; /* floe_sdp_setup */
    floe_bytes tls_id;
    floe_sdp_fingerprint fingerprints[FLOE_SDP_FINGERPRINT_MAX]; /* strongest first */
    uint32_t fingerprint_count;
    uint16_t sctp_port;        /* 0: absent */
    uint64_t max_message_size; /* 65536 where absent; UINT64_MAX for "0", no limit (RFC 8841 section
                                  6) */
    bool is_legacy_sctpmap;    /* "DTLS/SCTP 5000" with a=sctpmap, as aiortc 1.4 offers */
} floe_sdp_webrtc;

/* Read the first application section that is a data channel and not rejected, or else the first
 * that is one.
 * UNSUPPORTED: there is none. MALFORMED: there is one but an attribute of it is wrong or a
 * necessary one is missing (ufrag, pwd, fingerprint, sctp-port); *fault (may be NULL) says which. A
 * rejected section need carry no attribute. */
FLOE_MUST_USE floe_err floe_sdp_webrtc_read(floe_sdp_webrtc *out, const floe_sdp *sdp,
                                            floe_sdp_fault *fault);

/* Step through the candidate lines of the data channel's section and of the one that carries its
 * transport: *cursor starts at 0. */
bool floe_sdp_webrtc_next_candidate(const floe_sdp *sdp, const floe_sdp_webrtc *desc,
                                    size_t *cursor, floe_bytes *candidate);

/* What to write. */
typedef struct floe_sdp_local {
    uint64_t session_id, session_version;
    floe_bytes ufrag, pwd;
    floe_sdp_fingerprint fingerprint;
    uint8_t setup; /* floe_sdp_setup: actpass in an offer, active or passive in an answer */
    uint16_t sctp_port;
    uint64_t max_message_size; /* UINT64_MAX is written as 0 */
    floe_bytes mid;            /* used where `mirror` has none */
    floe_bytes sctp_init;      /* a=sctp-init; empty: none */
    bool is_ice_lite;
    floe_addr default_addr; /* for c= and the port; family 0: 0.0.0.0 and 9 */
    /* An answer: the offer. A later offer: the description before it. A first offer: NULL. Its m=
     * sections are written in its order with their mids. The data channel's is ours, in the
     * protocol form that the mirror has it, legacy sctpmap included. Another that leads its BUNDLE
     * group is kept, inactive, because it carries the transport. All others are refused with port
     * 0. */
    const floe_sdp *mirror;
} floe_sdp_local;

/* Write a description in two halves, so that the candidates need no memory of their own: the head
 * ends inside the section that carries the transport (the data channel's, or the leader of its
 * BUNDLE group), where the caller appends candidate attributes and, if gathering is over,
 * a=end-of-candidates; the tail has the sections that follow (usually none). */
void floe_sdp_webrtc_put_head(floe_writer *w, const floe_sdp_local *local);
void floe_sdp_webrtc_put_tail(floe_writer *w, const floe_sdp_local *local);

const char *floe_sdp_setup_name(floe_sdp_setup setup);
const char *floe_sdp_hash_name(floe_sdp_hash hash); /* "sha-256" */

#ifdef __cplusplus
}
#endif
#endif
