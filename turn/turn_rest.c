/* turn/turn_rest.c - see turn/turn_rest.h. */
#include "turn/turn_rest.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "base/text.h"
#include "base/writer.h"

void floe_turn_rest_password(floe_bytes secret, floe_bytes username,
                             uint8_t password[FLOE_TURN_REST_PASSWORD])
{
    uint8_t hmac[FLOE_SHA1_SIZE];
    floe_hmac_sha1(secret, &username, 1, hmac);
    floe_writer w = floe_writer_begin(password, FLOE_TURN_REST_PASSWORD);
    floe_base64_put(&w, (floe_bytes){hmac, sizeof hmac});
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
