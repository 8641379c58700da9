/* stun/stun_key.c - see stun/stun_key.h. */
#include "stun/stun_key.h"

#include "base/assert.h"

static floe_bytes trim_nuls(floe_bytes text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == 0) {
        text.len--;
    }
    return text;
}

static floe_bytes trim_quotes(floe_bytes text)
{
    text = trim_nuls(text);
    while (text.len > 0 && text.ptr[text.len - 1] == '"') {
        text.len--;
    }
    while (text.len > 0 && text.ptr[0] == '"') {
        text = (floe_bytes){text.ptr + 1, text.len - 1};
    }
    return text;
}

void floe_stun_key_derive(floe_stun_key *key, floe_stun_key_algorithm algorithm,
                          floe_bytes username, floe_bytes realm, floe_bytes password)
{
    FLOE_ASSERT(algorithm == FLOE_STUN_KEY_MD5 || algorithm == FLOE_STUN_KEY_SHA256);
    /* RFC 8489 §9.2.2: five fields, without quotes and trailing NULs. */
    const floe_bytes parts[] = {trim_quotes(username), FLOE_LIT(":"), trim_quotes(realm),
                                FLOE_LIT(":"), trim_nuls(password)};
    *key = (floe_stun_key){.len = FLOE_SHA256_SIZE};
    if (algorithm == FLOE_STUN_KEY_SHA256) {
        floe_sha256(parts, 5, key->bytes);
        return;
    }
    key->len = FLOE_MD5_SIZE;
    floe_md5(parts, 5, key->bytes);
}

floe_bytes floe_stun_key_view(const floe_stun_key *key)
{
    return (floe_bytes){key->bytes, key->len};
}

void floe_stun_key_hash_user(uint8_t out[FLOE_SHA256_SIZE], floe_bytes username, floe_bytes realm)
{
    const floe_bytes parts[] = {trim_quotes(username), FLOE_LIT(":"), trim_quotes(realm)};
    floe_sha256(parts, 3, out);
}
