/* support/hex.h - bytes written as hexadecimal digits, for vectors. */
#ifndef FLOE_SUPPORT_HEX_H
#define FLOE_SUPPORT_HEX_H

#include "base/floe.h"

/* Decode `text`, whose white space is skipped, into out[0..cap). Fails the test where it is no hex
 * or does not fit. */
floe_bytes hex_decode(const char *text, uint8_t *out, size_t cap);

#endif
