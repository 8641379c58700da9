/*
 * app/sdp_words.h - a session description as a person wants to read it, and what is wrong with it.
 *
 * Pure: bytes in, lines out. What the description says is shown with '?' for each byte that could
 * move a cursor. The ICE password is not shown, only how long it is.
 */
#ifndef FLOE_APP_SDP_WORDS_H
#define FLOE_APP_SDP_WORDS_H

#include "base/floe.h"

#include <stdio.h>

/* Describe `text`, then list its faults, each with line, column, the rule that is broken and the
 * line itself. Returns how many there are. */
unsigned sdp_words_print(FILE *out, floe_bytes text);

#endif
