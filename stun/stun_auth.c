/* stun/stun_auth.c - see stun/stun_auth.h. */
#include "stun/stun_auth.h"

#include <string.h>

#include "base/assert.h"
#include "base/reader.h"

enum { MODE_NONE, MODE_SHORT, MODE_LONG };
enum { HMAC_SHA1 = 1, HMAC_SHA256 = 2 };
enum { NAME, PASSWORD, REALM, NONCE, ALGORITHMS, TEXTS };

/* RFC 8489 §18.1: bits 0 and 1 of 24, so the two highest of the first base64 character. */
enum { FEATURE_ALGORITHMS = 0x20, FEATURE_ANONYMITY = 0x10 };

#define NAME_MAX   508 /* RFC 8489 section 14.3: less than 509 bytes */
#define COOKIE     FLOE_LIT("obMatJos2")
#define COOKIE_LEN 13 /* with the features, four characters of base64 */

typedef struct challenge {
    floe_bytes part[TEXTS]; /* REALM, NONCE, ALGORITHMS */
    uint8_t features;
    uint8_t algorithm; /* 0: none of the list is ours */
} challenge;

static floe_bytes text_of(const floe_stun_auth *auth, int which)
{
    size_t at = 0;
    for (int i = 0; i < which; i++) {
        at += auth->lens[i];
    }
    return (floe_bytes){auth->text + at, auth->lens[which]};
}

/* Replace the texts from `first` to `last`; what stands behind them is forgotten. */
static bool set_texts(floe_stun_auth *auth, const floe_bytes *texts, int first, int last)
{
    size_t at = (size_t)(text_of(auth, first).ptr - auth->text);
    size_t size = at;
    for (int i = first; i <= last; i++) {
        size += texts[i].len;
    }
    if (size > sizeof auth->text) {
        return false;
    }
    memset(auth->lens + first, 0, (size_t)(TEXTS - first) * sizeof auth->lens[0]);
    for (int i = first; i <= last; i++) {
        if (texts[i].len > 0) {
            memcpy(auth->text + at, texts[i].ptr, texts[i].len);
        }
        auth->lens[i] = (uint16_t)texts[i].len;
        at += texts[i].len;
    }
    return true;
}

void floe_stun_auth_init_none(floe_stun_auth *auth)
{
    memset(auth, 0, sizeof *auth);
}

static floe_err init(floe_stun_auth *auth, uint8_t mode, floe_bytes username, floe_bytes password)
{
    floe_stun_auth_init_none(auth);
    if (username.len == 0 || username.len > NAME_MAX) {
        return FLOE_E_ARG;
    }
    const floe_bytes texts[] = {username, password};
    if (!set_texts(auth, texts, NAME, PASSWORD)) {
        return FLOE_E_TOO_BIG;
    }
    auth->mode = mode;
    auth->hmacs = HMAC_SHA1 | HMAC_SHA256;
    return FLOE_OK;
}

floe_err floe_stun_auth_init_short(floe_stun_auth *auth, floe_bytes username, floe_bytes password)
{
    return init(auth, MODE_SHORT, username, password);
}

floe_err floe_stun_auth_init_long(floe_stun_auth *auth, floe_bytes username, floe_bytes password)
{
    return init(auth, MODE_LONG, username, password);
}

void floe_stun_auth_reset(floe_stun_auth *auth)
{
    memset(auth->lens + REALM, 0, (TEXTS - REALM) * sizeof auth->lens[0]);
    auth->hmacs = HMAC_SHA1 | HMAC_SHA256;
    auth->is_proven = auth->is_anonymous = false;
}

bool floe_stun_auth_has_realm(const floe_stun_auth *auth)
{
    return auth->lens[NONCE] > 0;
}

/* RFC 8489 §9.1.1, §9.2.2. */
static floe_bytes key_of(const floe_stun_auth *auth)
{
    return auth->mode == MODE_SHORT ? text_of(auth, PASSWORD) : floe_stun_key_view(&auth->key);
}

static void put_long(const floe_stun_auth *auth, floe_stun_writer *w)
{
    /* RFC 8489 §9.2.5: USERHASH exactly where the nonce cookie asks for it. */
    if (auth->is_anonymous) {
        uint8_t hash[FLOE_SHA256_SIZE];
        floe_stun_key_hash_user(hash, text_of(auth, NAME), text_of(auth, REALM));
        floe_stun_writer_put_bytes(w, FLOE_STUN_USERHASH, (floe_bytes){hash, sizeof hash});
    } else {
        floe_stun_writer_put_bytes(w, FLOE_STUN_USERNAME, text_of(auth, NAME));
    }
    floe_stun_writer_put_bytes(w, FLOE_STUN_REALM, text_of(auth, REALM));
    floe_stun_writer_put_bytes(w, FLOE_STUN_NONCE, text_of(auth, NONCE));
    /* RFC 8489 §9.2.5: the list goes back as it came, with our choice. */
    if (auth->lens[ALGORITHMS] > 0) {
        floe_stun_writer_put_bytes(w, FLOE_STUN_PASSWORD_ALGORITHMS, text_of(auth, ALGORITHMS));
        floe_stun_writer_put_u32(w, FLOE_STUN_PASSWORD_ALGORITHM, (uint32_t)auth->algorithm << 16);
    }
}

void floe_stun_auth_put(const floe_stun_auth *auth, floe_stun_writer *w)
{
    /* RFC 8489 §9.2.3.1: the first request of long-term credentials carries nothing of them. */
    if (auth->mode == MODE_NONE || (auth->mode == MODE_LONG && !floe_stun_auth_has_realm(auth))) {
        return;
    }
    if (auth->mode == MODE_LONG) {
        put_long(auth, w);
    } else {
        floe_stun_writer_put_bytes(w, FLOE_STUN_USERNAME, text_of(auth, NAME));
    }
    /* RFC 8489 §9.1.2, §9.1.5: both at first, then the one that the server has chosen. */
    if ((auth->hmacs & HMAC_SHA1) != 0) {
        floe_stun_writer_put_integrity(w, key_of(auth));
    }
    if ((auth->hmacs & HMAC_SHA256) != 0) {
        floe_stun_writer_put_integrity_sha256(w, key_of(auth));
    }
}

static uint8_t base64_value(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = memchr(digits, c, sizeof digits - 1);
    return found != NULL ? (uint8_t)(found - digits) : 0;
}

/* RFC 8489 §9.2: what the cookie in front of the nonce says that the server can do. */
static uint8_t features_of(floe_bytes nonce)
{
    if (nonce.len < COOKIE_LEN || memcmp(nonce.ptr, COOKIE.ptr, COOKIE.len) != 0) {
        return 0;
    }
    return base64_value(nonce.ptr[COOKIE.len]);
}

/* RFC 8489 §14.11: number, length of the parameters, parameters padded to four bytes. RFC 8656 §6:
 * who can do both takes SHA-256, in whatever order they come. */
static uint8_t choose_algorithm(floe_bytes list)
{
    uint8_t choice = 0;
    floe_reader r = floe_reader_begin(list);
    while (r.left > 0) {
        uint16_t number = floe_reader_get_u16(&r);
        size_t len = floe_reader_get_u16(&r);
        (void)floe_reader_get_bytes(&r, (len + 3) & ~(size_t)3);
        if (!floe_reader_is_ok(&r)) {
            return 0;
        }
        if (len == 0 && number > choice && number <= FLOE_STUN_KEY_SHA256) {
            choice = (uint8_t)number;
        }
    }
    return choice;
}

static floe_bytes find(const floe_stun_msg *msg, uint16_t type)
{
    floe_stun_attr attr;
    return floe_stun_msg_find(msg, type, &attr) ? attr.value : (floe_bytes){NULL, 0};
}

static challenge load_challenge(const floe_stun_msg *msg)
{
    challenge c = {.algorithm = FLOE_STUN_KEY_MD5};
    c.part[REALM] = find(msg, FLOE_STUN_REALM);
    c.part[NONCE] = find(msg, FLOE_STUN_NONCE);
    c.part[ALGORITHMS] = find(msg, FLOE_STUN_PASSWORD_ALGORITHMS);
    c.features = features_of(c.part[NONCE]);
    if (c.part[ALGORITHMS].len > 0) {
        c.algorithm = choose_algorithm(c.part[ALGORITHMS]);
    }
    return c;
}

/* RFC 8489 §9.2.5: a nonce that announces algorithms, without any: somebody has removed them. The
 * same holds for a server that had them and has them no more. */
static bool is_bid_down(const floe_stun_auth *auth, const challenge *c)
{
    bool is_promised = (c->features & FEATURE_ALGORITHMS) != 0 || auth->lens[ALGORITHMS] > 0;
    return is_promised && c->part[ALGORITHMS].len == 0;
}

static floe_stun_auth_verdict take_challenge(floe_stun_auth *auth, challenge *c, bool is_stale)
{
    if (c->part[NONCE].len == 0 || is_bid_down(auth, c) || c->algorithm == 0) {
        return FLOE_STUN_AUTH_DROP;
    }
    uint8_t realm[FLOE_STUN_AUTH_TEXT_MAX]; /* the texts move, and the old realm may stay */
    floe_bytes old = text_of(auth, REALM);
    bool was_asked = floe_stun_auth_has_realm(auth);
    if (is_stale && was_asked && c->part[REALM].len == 0) {
        memcpy(realm, old.ptr, old.len);
        c->part[REALM] = (floe_bytes){realm, old.len};
    }
    bool is_same_realm = was_asked && floe_bytes_equal(c->part[REALM], old);
    /* RFC 8489 §9.2.5: a 401 is not answered by the same name and password for the same realm. */
    if (!is_stale && is_same_realm) {
        return FLOE_STUN_AUTH_REFUSED;
    }
    /* Nor does a stale nonce take the credentials of one realm to another. */
    if (is_stale && !is_same_realm) {
        return FLOE_STUN_AUTH_DROP;
    }
    if (!set_texts(auth, c->part, REALM, ALGORITHMS)) {
        return FLOE_STUN_AUTH_DROP;
    }
    auth->is_anonymous = (c->features & FEATURE_ANONYMITY) != 0;
    auth->algorithm = c->algorithm;
    /* RFC 8489 §9.2.5: with PASSWORD-ALGORITHMS, MESSAGE-INTEGRITY-SHA256 only. */
    auth->hmacs = c->part[ALGORITHMS].len > 0 ? HMAC_SHA256 : HMAC_SHA1;
    floe_stun_key_derive(&auth->key, (floe_stun_key_algorithm)auth->algorithm, text_of(auth, NAME),
                         text_of(auth, REALM), text_of(auth, PASSWORD));
    return FLOE_STUN_AUTH_RETRY;
}

static bool is_authentic(floe_stun_auth *auth, const floe_stun_msg *msg)
{
    /* RFC 8489 §9.1.4: where we sent one of the two only, the answer has that one. */
    if ((auth->hmacs & HMAC_SHA256) != 0 &&
        floe_stun_msg_check_integrity_sha256(msg, key_of(auth)) == FLOE_OK) {
        auth->hmacs = HMAC_SHA256;
        return true;
    }
    if ((auth->hmacs & HMAC_SHA1) != 0 &&
        floe_stun_msg_check_integrity(msg, key_of(auth)) == FLOE_OK) {
        auth->hmacs = HMAC_SHA1;
        return true;
    }
    return false;
}

floe_stun_auth_verdict floe_stun_auth_check(floe_stun_auth *auth, const floe_stun_msg *response)
{
    if (auth->mode == MODE_NONE) {
        return FLOE_STUN_AUTH_OK;
    }
    int code = 0;
    floe_bytes reason;
    bool is_error = response->cls == FLOE_STUN_ERROR;
    if (is_error && !floe_stun_msg_get_error(response, &code, &reason)) {
        return FLOE_STUN_AUTH_DROP;
    }
    challenge c = load_challenge(response);
    if (auth->mode == MODE_LONG && (code == 401 || code == 438)) {
        return take_challenge(auth, &c, code == 438);
    }
    if (auth->mode == MODE_SHORT && code == 401 && !auth->is_proven) {
        return FLOE_STUN_AUTH_REFUSED;
    }
    bool is_signed = auth->mode == MODE_SHORT || floe_stun_auth_has_realm(auth);
    /* RFC 8489 §9.2.5: the promise of algorithms without the algorithms spoils any response. */
    if (!is_signed || ((c.features & FEATURE_ALGORITHMS) != 0 && c.part[ALGORITHMS].len == 0) ||
        !is_authentic(auth, response)) {
        return FLOE_STUN_AUTH_DROP;
    }
    auth->is_proven = true;
    return FLOE_STUN_AUTH_OK;
}
