/* peer/peer_blob_text.c - the alphabets of a blob: base64url, ICE characters, numbers of any size.
 */
#include "peer/peer_blob_internal.h"

static int value_of_letter(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    return c >= '0' && c <= '9' ? c - '0' + 52 : -1;
}

int floe_peer_blob_ice_value(uint8_t c)
{
    if (c == '+' || c == '/') {
        return c == '+' ? 62 : 63;
    }
    return value_of_letter(c);
}

uint8_t floe_peer_blob_ice_char(unsigned value)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (uint8_t)letters[value & 63u];
}

static char url_char(unsigned value)
{
    uint8_t c = floe_peer_blob_ice_char(value);
    return c == '+' ? '-' : c == '/' ? '_' : (char)c;
}

bool floe_peer_blob_encode(floe_bytes bytes, char *out, size_t cap)
{
    size_t len = 0;
    if (bytes.len / 3 * 4 + bytes.len % 3 + (bytes.len % 3 > 0) >= cap) {
        return false;
    }
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)bytes.ptr[i] << 16;
        group |= count > 1 ? (uint32_t)bytes.ptr[i + 1] << 8 : 0;
        group |= count > 2 ? bytes.ptr[i + 2] : 0;
        for (size_t k = 0; k <= count; k++) {
            out[len++] = url_char(group >> (18 - 6 * k));
        }
    }
    out[len] = '\0';
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *floe_peer_blob_decode(floe_bytes text, uint8_t *out, size_t *len)
{
    uint32_t bits = 0; /* read and not yet written */
    unsigned held = 0;
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (is_space(c)) {
            continue;
        }
        int value = c == '-' ? 62 : c == '_' ? 63 : value_of_letter(c);
        if (value < 0) {
            return "there is a character in it that does not belong there";
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[(*len)++] = (uint8_t)(bits >> held);
        }
    }
    /* RFC 4648 §3.5: bits that are not part of a byte must be zero. */
    bool is_whole = held < 6 && (bits & ((1u << held) - 1u)) == 0;
    return is_whole ? NULL : "it is not complete";
}

void floe_peer_blob_pack(floe_writer *w, floe_bytes text)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.len; i++) {
        bits = (bits << 6 | (uint32_t)floe_peer_blob_ice_value(text.ptr[i])) & 0xffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            floe_writer_put_u8(w, (uint8_t)(bits >> held));
        }
    }
    if (held > 0) {
        floe_writer_put_u8(w, (uint8_t)(bits << (8 - held)));
    }
}

bool floe_peer_blob_unpack(floe_bytes packed, size_t count, uint8_t *text)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (held < 6) {
            bits = (bits << 8 | packed.ptr[at++]) & 0xffffu;
            held += 8;
        }
        held -= 6;
        text[i] = floe_peer_blob_ice_char(bits >> held);
    }
    return (bits & ((1u << held) - 1u)) == 0;
}

void floe_peer_blob_put_number(floe_writer *w, uint64_t value)
{
    while (value > 127) {
        floe_writer_put_u8(w, (uint8_t)(value | 128u));
        value >>= 7;
    }
    floe_writer_put_u8(w, (uint8_t)value);
}

uint64_t floe_peer_blob_get_number(floe_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = floe_reader_get_u8(r);
        value |= (byte & 127u) << shift;
        if (byte < 128) {
            r->failed |= shift == 63 && byte > 1;
            return value;
        }
    }
    r->failed = true;
    return 0;
}
