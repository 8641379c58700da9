/* base/base64.h - base64 (RFC 4648 section 4), read strictly. */
#ifndef FLOE_BASE_BASE64_H
#define FLOE_BASE_BASE64_H

#include "base/floe.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Characters that `len` bytes become; bytes that `len` characters become at most. */
#define FLOE_BASE64_SIZE(len)        (((len) + 2u) / 3u * 4u)
#define FLOE_BASE64_DECODED_MAX(len) ((len) / 4u * 3u)

void floe_base64_put(floe_writer *w, floe_bytes bytes);

/* Decode into out[0..FLOE_BASE64_DECODED_MAX(text.len)). MALFORMED: anything but groups of four
 * from the alphabet, padded at the end, with spare bits of zero. */
FLOE_MUST_USE floe_err floe_base64_decode(floe_bytes text, uint8_t *out, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
