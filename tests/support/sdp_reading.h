/* support/sdp_reading.h - a description from tests/vectors/sdp, read for its data channel. */
#ifndef FLOE_SUPPORT_SDP_READING_H
#define FLOE_SUPPORT_SDP_READING_H

#include "sdp/sdp_webrtc.h"
#include "support/sdp_file.h"

#define SDP_READING_CHROMIUM "chromium-156-data-offer.txt"

typedef struct sdp_reading {
    sdp_file file;
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_sdp_fault fault;
} sdp_reading;

/* As setup and teardown of a test. */
int sdp_reading_setup(void **state);
int sdp_reading_teardown(void **state);

/* Load a file; parse and read what is loaded, which is parsed or the test fails; both. */
void sdp_reading_load(sdp_reading *f, const char *name);
floe_err sdp_reading_again(sdp_reading *f);
floe_err sdp_reading_file(sdp_reading *f, const char *name);
/* Read Chromium's offer with one line replaced, as sdp_file_replace() has it. */
floe_err sdp_reading_changed(sdp_reading *f, const char *start, const char *with);

unsigned sdp_reading_count_candidates(const sdp_reading *f);
void sdp_reading_check_text(floe_bytes bytes, const char *text);

#endif
