/* datachannel/utf8.c - see datachannel/utf8.h. */
#include "datachannel/utf8.h"

#include <string.h>

#define ASCII_MASK UINT64_C(0x8080808080808080)

/* How many bytes from `at` on are ASCII, eight at a time: a 256 KB text costs microseconds. */
static size_t skip_ascii(floe_bytes text, size_t at)
{
    while (text.len - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof word);
        if ((word & ASCII_MASK) != 0) {
            break;
        }
        at += sizeof word;
    }
    while (at < text.len && text.ptr[at] < 0x80) {
        at++;
    }
    return at;
}

/* Bytes of the sequence that `lead` begins, and the range of its second byte, which is where
 * overlong forms, surrogates and too large code points show (RFC 3629 section 4). 0: no lead. */
static size_t sequence_of(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

bool floe_utf8_is_valid(floe_bytes text)
{
    size_t at = skip_ascii(text, 0);
    while (at < text.len) {
        uint8_t low, high;
        const uint8_t *p = text.ptr + at;
        size_t len = sequence_of(p[0], &low, &high);
        if (len == 0 || len > text.len - at || p[1] < low || p[1] > high) {
            return false;
        }
        for (size_t i = 2; i < len; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return false;
            }
        }
        at = skip_ascii(text, at + len);
    }
    return true;
}
