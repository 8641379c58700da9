/* base/base64.c - see base/base64.h. */
#include "base/base64.h"

void floe_base64_put(floe_writer *w, floe_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t n = 0; n < 3; n++) {
            bits = bits << 8 | (n < count ? bytes.ptr[i + n] : 0u);
        }
        for (unsigned n = 0; n < 4; n++) {
            floe_writer_put_u8(w, n <= count ? (uint8_t)digits[bits >> (18 - 6 * n) & 63] : '=');
        }
    }
}

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

static size_t count_padding(floe_bytes text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    return padding;
}

floe_err floe_base64_decode(floe_bytes text, uint8_t *out, size_t *len)
{
    *len = 0;
    if (text.len % 4 != 0) {
        return FLOE_E_MALFORMED;
    }
    uint32_t bits = 0; /* the last ones read, of which `held` are not written yet */
    unsigned held = 0;
    size_t count = text.len - count_padding(text);
    for (size_t i = 0; i < count; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0) {
            return FLOE_E_MALFORMED;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[(*len)++] = (uint8_t)(bits >> held);
        }
    }
    /* RFC 4648 §3.5: bits that are not part of a byte must be zero. */
    return (bits & ((1u << held) - 1u)) == 0 ? FLOE_OK : FLOE_E_MALFORMED;
}
