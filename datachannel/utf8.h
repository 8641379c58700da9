/* datachannel/utf8.h - is this text UTF-8 (RFC 3629)? Pure. */
#ifndef FLOE_DATACHANNEL_UTF8_H
#define FLOE_DATACHANNEL_UTF8_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True for well-formed UTF-8, the empty text and embedded NULs included; false for overlong forms,
 * surrogates, code points over U+10FFFF and sequences cut short. */
bool floe_utf8_is_valid(floe_bytes text);

#ifdef __cplusplus
}
#endif
#endif
