/*
 * sdp/sdp_fragment.h - candidates on their way after the description: application/
 * trickle-ice-sdpfrag (RFC 8840 section 9), as SIP's INFO and the PATCH of WHIP and WHEP carry it.
 *
 * A fragment is lines of a description without its beginning: what tells which generation of ICE is
 * meant, a pseudo m= line and a=mid for each section, its new candidates, the mark of their end. It
 * is kept as a floe_sdp and walked with the functions of sdp/sdp.h; candidates with
 *     while (floe_sdp_next_attr(&fragment, section, "candidate", &cursor, &text)) ...
 * A section of FLOE_SDP_SESSION is what stands before the first m=. Not known here: whether the mid
 * and the generation are ours (peer/).
 */
#ifndef FLOE_SDP_SDP_FRAGMENT_H
#define FLOE_SDP_SDP_FRAGMENT_H

#include "sdp/sdp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a fragment says of one section, besides its candidates. */
typedef struct floe_sdp_fragment {
    floe_bytes mid;        /* empty: it does not say */
    floe_bytes ufrag, pwd; /* the generation; of the section or of all; empty: it does not say */
    bool is_end_of_candidates; /* there are no more, of this section or of any */
} floe_sdp_fragment;

/* As floe_sdp_parse(), for a fragment: a= and m= lines are checked, all others are passed over. */
FLOE_MUST_USE floe_err floe_sdp_fragment_parse(floe_sdp *fragment, floe_bytes text,
                                               floe_sdp_fault *fault);
/* Read one section. MALFORMED: mid, ufrag or pwd is wrong; *fault (may be NULL) says where. ARG: no
 * such section. *out is zeroed on error. */
FLOE_MUST_USE floe_err floe_sdp_fragment_read(floe_sdp_fragment *out, const floe_sdp *fragment,
                                              uint32_t section, floe_sdp_fault *fault);

/* Write one for the data channel's section: this, then each candidate as "a=candidate:..." with
 * its line end, and last, if there are no more, floe_sdp_put_attr() of "end-of-candidates". The
 * mark of the end is not written from here, since candidates stand before it. */
void floe_sdp_fragment_put_head(floe_writer *w, const floe_sdp_fragment *local);

#ifdef __cplusplus
}
#endif
#endif
