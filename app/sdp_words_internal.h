/* app/sdp_words_internal.h - what sdp_words.c and sdp_words_fault.c share. */
#ifndef FLOE_APP_SDP_WORDS_INTERNAL_H
#define FLOE_APP_SDP_WORDS_INTERNAL_H

#include "app/sdp_words.h"
#include "sdp/sdp_webrtc.h"

/* One fault, with its line and a mark below the place. */
void sdp_words_put_fault(FILE *out, floe_bytes text, const floe_sdp_fault *fault);
/* All of them in a description whose grammar is right. */
unsigned sdp_words_put_faults(FILE *out, const floe_sdp *sdp);

#endif
