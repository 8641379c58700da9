/*
 * sdp/sdp_fingerprint.c - the hash of a certificate as a=fingerprint has it (RFC 8122 section 5),
 * and the names of a few words. Does not know: which fingerprint to believe (dtls/).
 */
#include <string.h>

#include "base/assert.h"
#include "sdp/sdp_internal.h"

static const struct {
    char name[8];
    uint8_t size;
} hashes[] = {
    [FLOE_SDP_HASH_NONE] = {"none", 0},       [FLOE_SDP_HASH_SHA1] = {"sha-1", 20},
    [FLOE_SDP_HASH_SHA224] = {"sha-224", 28}, [FLOE_SDP_HASH_SHA256] = {"sha-256", 32},
    [FLOE_SDP_HASH_SHA384] = {"sha-384", 48}, [FLOE_SDP_HASH_SHA512] = {"sha-512", 64},
};

static bool get_hex_digit(floe_text *t, unsigned *value)
{
    int c = floe_text_peek(t);
    int lower = c | 0x20;
    if (c >= '0' && c <= '9') {
        *value = *value << 4 | (unsigned)(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
        *value = *value << 4 | (unsigned)(lower - 'a' + 10);
    } else {
        return false;
    }
    return floe_text_get_char(t, (char)c);
}

/* RFC 8122 §5 has upper-case digits; lower-case ones are taken too, as they mean the same. */
static bool get_bytes(floe_text *t, floe_sdp_fingerprint *print)
{
    for (size_t i = 0; i < print->size; i++) {
        unsigned value = 0;
        if ((i > 0 && !floe_text_get_char(t, ':')) || !get_hex_digit(t, &value) ||
            !get_hex_digit(t, &value)) {
            return false;
        }
        print->value[i] = (uint8_t)value;
    }
    return floe_text_is_end(t);
}

/* RFC 8122 §5: MD2 and MD5 are known and not to be used, so they are as good as unknown here. */
floe_err floe_sdp_fingerprint_parse(floe_sdp_fingerprint *print, floe_bytes value)
{
    floe_text t = floe_text_begin(value);
    floe_bytes name;
    floe_text_get_until(&t, ' ', &name);
    *print = (floe_sdp_fingerprint){.hash = FLOE_SDP_HASH_SHA512};
    while (!floe_text_is_word(name, hashes[print->hash].name)) {
        if (--print->hash == FLOE_SDP_HASH_NONE) {
            return FLOE_E_UNSUPPORTED;
        }
    }
    print->size = hashes[print->hash].size;
    return get_bytes(&t, print) ? FLOE_OK : FLOE_E_MALFORMED;
}

void floe_sdp_fingerprint_put(floe_writer *w, const floe_sdp_fingerprint *print)
{
    static const uint8_t digits[] = "0123456789ABCDEF";
    FLOE_ASSERT(print->hash != FLOE_SDP_HASH_NONE && print->hash <= FLOE_SDP_HASH_SHA512);
    FLOE_ASSERT(print->size == hashes[print->hash].size);
    floe_writer_put_text(w, "a=fingerprint:");
    floe_writer_put_text(w, hashes[print->hash].name);
    for (size_t i = 0; i < print->size; i++) {
        floe_writer_put_u8(w, i == 0 ? ' ' : ':');
        floe_writer_put_u8(w, digits[print->value[i] >> 4]);
        floe_writer_put_u8(w, digits[print->value[i] & 15]);
    }
    floe_writer_put_text(w, "\r\n");
}

const char *floe_sdp_hash_name(floe_sdp_hash hash)
{
    FLOE_ASSERT(hash <= FLOE_SDP_HASH_SHA512);
    return hashes[hash].name;
}

const char *floe_sdp_setup_name(floe_sdp_setup setup)
{
    static const char names[][9] = {"none", "actpass", "active", "passive", "holdconn"};
    FLOE_ASSERT(setup <= FLOE_SDP_SETUP_HOLDCONN);
    return names[setup];
}
