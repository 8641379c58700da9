/* ice/ice_credentials.c - see ice/ice_credentials.h. */
#include "ice/ice_credentials.h"

#include <string.h>

#include "base/assert.h"

#define MADE_UFRAG 8u
#define MADE_PWD   24u

_Static_assert(FLOE_ICE_CREDENTIAL_MAX >= MADE_UFRAG + MADE_PWD && FLOE_ICE_CREDENTIAL_MAX <= 512,
               "room for our own, and a 16 bit length");

/* RFC 8839 §5.4 has the first 64. The others are seen in the field, and sdp/ lets them pass; a
 * colon would do harm, in the USERNAME of a check. */
static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                "-=_#";

static bool is_ice_chars(floe_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(ice_chars, text.ptr[i], sizeof ice_chars - 1) == NULL) {
            return false;
        }
    }
    return true;
}

bool floe_ice_credentials_set(floe_ice_credentials *c, floe_bytes ufrag, floe_bytes pwd)
{
    if (ufrag.len < FLOE_ICE_UFRAG_MIN || pwd.len < FLOE_ICE_PWD_MIN ||
        ufrag.len > sizeof c->text || pwd.len > sizeof c->text - ufrag.len) {
        return false;
    }
    if (!is_ice_chars(ufrag) || !is_ice_chars(pwd)) {
        return false;
    }
    memset(c, 0, sizeof *c);
    memcpy(c->text, ufrag.ptr, ufrag.len);
    memcpy(c->text + ufrag.len, pwd.ptr, pwd.len);
    c->ufrag_len = (uint16_t)ufrag.len;
    c->pwd_len = (uint16_t)pwd.len;
    floe_hmac_sha1_key_prepare(&c->key, pwd);
    return true;
}

bool floe_ice_credentials_choose(floe_ice_credentials *c, floe_bytes ufrag, floe_bytes pwd,
                                 const floe_rand *rand)
{
    if (ufrag.len > 0 || pwd.len > 0) {
        return floe_ice_credentials_set(c, ufrag, pwd);
    }
    memset(c, 0, sizeof *c);
    rand->fill(rand->ctx, c->text, MADE_UFRAG + MADE_PWD);
    for (size_t i = 0; i < MADE_UFRAG + MADE_PWD; i++) {
        c->text[i] = (uint8_t)ice_chars[c->text[i] % 64];
    }
    c->ufrag_len = MADE_UFRAG;
    c->pwd_len = MADE_PWD;
    floe_hmac_sha1_key_prepare(&c->key, floe_ice_credentials_pwd(c));
    return true;
}

floe_bytes floe_ice_credentials_ufrag(const floe_ice_credentials *c)
{
    return (floe_bytes){c->text, c->ufrag_len};
}

floe_bytes floe_ice_credentials_pwd(const floe_ice_credentials *c)
{
    return (floe_bytes){c->text + c->ufrag_len, c->pwd_len};
}

floe_bytes floe_ice_credentials_username(const floe_ice_credentials *to,
                                         const floe_ice_credentials *from,
                                         uint8_t out[FLOE_ICE_USERNAME_MAX])
{
    FLOE_ASSERT(to->ufrag_len > 0 && from->ufrag_len > 0);
    memcpy(out, to->text, to->ufrag_len);
    out[to->ufrag_len] = ':';
    memcpy(out + to->ufrag_len + 1, from->text, from->ufrag_len);
    return (floe_bytes){out, (size_t)to->ufrag_len + 1 + from->ufrag_len};
}

bool floe_ice_credentials_is_for(const floe_ice_credentials *to, floe_bytes username,
                                 floe_bytes *from)
{
    size_t len = to->ufrag_len;
    if (len == 0 || username.len <= len || username.ptr[len] != ':' ||
        memcmp(username.ptr, to->text, len) != 0) {
        return false;
    }
    *from = (floe_bytes){username.ptr + len + 1, username.len - len - 1};
    return true;
}
