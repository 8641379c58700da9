/*
 * support/sdp_file.h - the session descriptions of tests/vectors/sdp, in memory of exactly their
 * size, and texts that are made from others by changing a line.
 */
#ifndef FLOE_SUPPORT_SDP_FILE_H
#define FLOE_SUPPORT_SDP_FILE_H

#include "base/floe.h"

typedef struct sdp_file {
    char name[128];
    floe_bytes text;
    uint8_t *memory;
} sdp_file;

typedef enum sdp_file_kind { SDP_FILE_DESCRIPTION, SDP_FILE_TRICKLE } sdp_file_kind;

/* Each fails the test where the file is not there. */
void sdp_file_read(sdp_file *file, const char *name);
void sdp_file_free(sdp_file *file);
/* Call `check` with every file of a kind; returns how many there were. */
unsigned sdp_file_for_each(sdp_file_kind kind, void (*check)(const sdp_file *file));

/* "a=mid:0" for a line that starts with "a=mid" (the first one): replace it, line end included, by
 * `with`; NULL for `with` takes the line out. Fails the test where there is no such line. */
void sdp_file_replace(sdp_file *file, const char *start, const char *with);
/* The same text with LF for CRLF. */
void sdp_file_use_lf(sdp_file *file);

#endif
