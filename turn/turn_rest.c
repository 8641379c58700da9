/* turn/turn_rest.c - see turn/turn_rest.h. */
#include "turn/turn_rest.h"

#include "base/crypto.h"
#include "base/text.h"
#include "base/writer.h"

/* RFC 4648 §4, for the 20 bytes of an HMAC-SHA1: 27 characters and one to fill up. */
static void encode_base64(const uint8_t in[FLOE_SHA1_SIZE], uint8_t out[FLOE_TURN_REST_PASSWORD])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (size_t i = 0; i < FLOE_SHA1_SIZE; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 6; held -= 6) {
            out[n++] = (uint8_t)digits[bits >> (held - 6) & 63];
        }
    }
    out[n++] = (uint8_t)digits[bits << (6 - held) & 63];
    out[n] = '=';
}

void floe_turn_rest_password(floe_bytes secret, floe_bytes username,
                             uint8_t password[FLOE_TURN_REST_PASSWORD])
{
    uint8_t hmac[FLOE_SHA1_SIZE];
    floe_hmac_sha1(secret, &username, 1, hmac);
    encode_base64(hmac, password);
}

floe_err floe_turn_rest_make(floe_bytes secret, uint64_t expiry, floe_bytes user, floe_span memory,
                             floe_bytes *username, uint8_t password[FLOE_TURN_REST_PASSWORD])
{
    floe_writer w = floe_writer_begin(memory.ptr, memory.len);
    floe_writer_put_decimal(&w, expiry);
    if (user.len > 0) {
        floe_writer_put_u8(&w, ':');
        floe_writer_put_bytes(&w, user);
    }
    if (!floe_writer_is_ok(&w)) {
        return FLOE_E_TOO_BIG;
    }
    *username = floe_writer_view(&w);
    floe_turn_rest_password(secret, *username, password);
    return FLOE_OK;
}

floe_err floe_turn_rest_check(floe_bytes secret, floe_bytes username, floe_bytes password,
                              uint64_t now)
{
    floe_text text = floe_text_begin(username);
    uint64_t expiry;
    if (!floe_text_get_decimal(&text, UINT64_MAX, &expiry) ||
        (!floe_text_is_end(&text) && !floe_text_get_char(&text, ':'))) {
        return FLOE_E_MALFORMED;
    }
    uint8_t right[FLOE_TURN_REST_PASSWORD];
    floe_turn_rest_password(secret, username, right);
    bool is_right =
        password.len == sizeof right && floe_secret_equal(right, password.ptr, sizeof right);
    return is_right && expiry > now ? FLOE_OK : FLOE_E_AUTH;
}
