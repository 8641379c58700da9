/* app/base64.h - base64 to bytes (RFC 4648 section 4), strictly. */
#ifndef FLOE_APP_BASE64_H
#define FLOE_APP_BASE64_H

#include "base/floe.h"

/* Bytes that `len` characters decode to at most. */
#define BASE64_DECODED_MAX(len) ((len) / 4u * 3u)

/* Decode into out[0..BASE64_DECODED_MAX(text.len)). MALFORMED: anything but groups of four from the
 * alphabet, padded at the end, with spare bits of zero. */
FLOE_MUST_USE floe_err base64_decode(floe_bytes text, uint8_t *out, size_t *len);

#endif
