/*
 * fuzz/fuzz_stun_auth.c - bytes as a sequence of responses to a client with long-term or short-term
 * credentials: challenges, successes and errors, signed rightly, wrongly or not at all.
 *
 * Oracle: what is dropped or refused has changed nothing; what is not signed by the key is never
 * OK; after a challenge that was taken, the next request has its realm and nonce, names the user in
 * one way, and verifies by a key that is derived here; a realm that has refused is not tried again.
 */
#include <string.h>

#include "base/reader.h"
#include "fuzz/harness.h"
#include "stun/stun_auth.h"

#define NAME FLOE_LIT("alice")
#define PASS FLOE_LIT("secret")

typedef struct fuzz {
    floe_reader in;
    floe_stun_auth auth;
    bool is_long;
    bool is_signed; /* the response at hand, by the right key */
    uint8_t buf[4096];
    floe_stun_msg msg;
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static floe_bytes find(const floe_stun_msg *msg, uint16_t type)
{
    floe_stun_attr attr;
    return floe_stun_msg_find(msg, type, &attr) ? attr.value : (floe_bytes){NULL, 0};
}

/* What the server has for a key, from what the request says. */
static floe_bytes derive(const fuzz *f, const floe_stun_msg *request, floe_stun_key *key)
{
    if (!f->is_long) {
        return PASS;
    }
    uint32_t algorithm = FLOE_STUN_KEY_MD5 << 16;
    (void)floe_stun_msg_get_u32(request, FLOE_STUN_PASSWORD_ALGORITHM, &algorithm);
    require(algorithm == FLOE_STUN_KEY_MD5 << 16 || algorithm == FLOE_STUN_KEY_SHA256 << 16);
    floe_stun_key_derive(key, (floe_stun_key_algorithm)(algorithm >> 16), NAME,
                         find(request, FLOE_STUN_REALM), PASS);
    return floe_stun_key_view(key);
}

static void put_text(fuzz *f, floe_stun_writer *w, uint16_t type, size_t max)
{
    size_t len = take(f);
    floe_bytes text = floe_reader_get_bytes(&f->in, len < max ? len : max);
    floe_stun_writer_put_bytes(w, type, text);
}

static void put_nonce(fuzz *f, floe_stun_writer *w)
{
    uint8_t nonce[48] = "obMatJos2";
    floe_bytes rest = floe_reader_get_bytes(&f->in, 1 + (take(f) & 31));
    if (rest.len > 0) {
        memcpy(nonce + 9, rest.ptr, rest.len);
    }
    floe_stun_writer_put_bytes(w, FLOE_STUN_NONCE, (floe_bytes){nonce, 9 + rest.len});
}

static void put_attributes(fuzz *f, floe_stun_writer *w)
{
    for (uint8_t n = take(f) & 7; n > 0; n--) {
        switch (take(f) % 6) {
        case 0:
            floe_stun_writer_put_bytes(w, FLOE_STUN_REALM, FLOE_LIT("realm"));
            break;
        case 1:
            put_text(f, w, FLOE_STUN_REALM, 255);
            break;
        case 2:
            put_text(f, w, FLOE_STUN_NONCE, 255);
            break;
        case 3:
            put_nonce(f, w);
            break;
        case 4:
            put_text(f, w, FLOE_STUN_PASSWORD_ALGORITHMS, 64);
            break;
        default:
            floe_stun_writer_put_bytes(w, FLOE_STUN_PASSWORD_ALGORITHMS,
                                       (floe_bytes){(const uint8_t *)"\0\1\0\0\0\2\0\0", 8});
            break;
        }
    }
}

/* A response, signed by the key that the request asks for, or by another one. */
static bool make_response(fuzz *f, floe_bytes key)
{
    static const uint16_t codes[] = {300, 400, 401, 403, 437, 438, 500};
    static const uint8_t tid[FLOE_STUN_TID_SIZE];
    floe_stun_writer w;
    floe_bytes packet;
    uint8_t how = take(f);
    bool is_error = (how & 1) != 0;
    floe_stun_writer_begin(&w, f->buf, sizeof f->buf,
                           is_error ? FLOE_STUN_ERROR : FLOE_STUN_SUCCESS, FLOE_STUN_ALLOCATE, tid);
    if (is_error) {
        floe_stun_writer_put_error(&w, codes[(how >> 1 & 7) % 7]);
    }
    put_attributes(f, &w);
    bool is_wrong = (how & 0x40) != 0;
    key = is_wrong ? FLOE_LIT("another key") : key;
    if ((how & 0x10) != 0) {
        floe_stun_writer_put_integrity(&w, key);
    }
    if ((how & 0x20) != 0) {
        floe_stun_writer_put_integrity_sha256(&w, key);
    }
    f->is_signed = (how & 0x30) != 0 && !is_wrong;
    return floe_stun_writer_end(&w, &packet) == FLOE_OK &&
           floe_stun_msg_parse(&f->msg, packet) == FLOE_OK;
}

/* The request that would go out now. */
static floe_bytes make_request(const fuzz *f, floe_stun_msg *request, uint8_t *buf, size_t cap)
{
    static const uint8_t tid[FLOE_STUN_TID_SIZE] = {1};
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, buf, cap, FLOE_STUN_REQUEST, FLOE_STUN_ALLOCATE, tid);
    floe_stun_auth_put(&f->auth, &w);
    require(floe_stun_writer_end(&w, &packet) == FLOE_OK);
    require(floe_stun_msg_parse(request, packet) == FLOE_OK);
    return packet;
}

static void check_request(const fuzz *f, const floe_stun_msg *request)
{
    floe_stun_key key;
    bool has_sha1 = floe_stun_msg_has(request, FLOE_STUN_MESSAGE_INTEGRITY);
    bool has_sha256 = floe_stun_msg_has(request, FLOE_STUN_MESSAGE_INTEGRITY_SHA256);
    if (!has_sha1 && !has_sha256) {
        require(f->is_long && !floe_stun_auth_has_realm(&f->auth));
        return;
    }
    floe_bytes view = derive(f, request, &key);
    require(!has_sha1 || floe_stun_msg_check_integrity(request, view) == FLOE_OK);
    require(!has_sha256 || floe_stun_msg_check_integrity_sha256(request, view) == FLOE_OK);
    bool has_hash = floe_stun_msg_has(request, FLOE_STUN_USERHASH);
    require(has_hash != floe_stun_msg_has(request, FLOE_STUN_USERNAME));
    if (f->is_long) {
        bool has_list = floe_stun_msg_has(request, FLOE_STUN_PASSWORD_ALGORITHMS);
        require(has_sha1 != has_sha256 && has_sha256 == has_list);
    }
}

static void check_taken(const fuzz *f, const floe_stun_msg *request, floe_bytes old_realm, bool had)
{
    int code;
    floe_bytes reason;
    floe_bytes realm = find(&f->msg, FLOE_STUN_REALM);
    require(floe_stun_msg_get_error(&f->msg, &code, &reason) && (code == 401 || code == 438));
    require(f->is_long &&
            floe_bytes_equal(find(request, FLOE_STUN_NONCE), find(&f->msg, FLOE_STUN_NONCE)));
    bool is_kept = code == 438 && realm.len == 0;
    require(floe_bytes_equal(find(request, FLOE_STUN_REALM), is_kept ? old_realm : realm));
    require(code == 438 || !had || !floe_bytes_equal(realm, old_realm));
    require(floe_bytes_equal(find(request, FLOE_STUN_PASSWORD_ALGORITHMS),
                             find(&f->msg, FLOE_STUN_PASSWORD_ALGORITHMS)));
}

static void step(fuzz *f)
{
    uint8_t first[2048];
    uint8_t second[2048];
    floe_stun_msg before;
    floe_stun_msg after;
    floe_stun_key key;
    floe_stun_auth was;
    (void)make_request(f, &before, first, sizeof first);
    check_request(f, &before);
    if (!make_response(f, derive(f, &before, &key))) {
        return;
    }
    memcpy(&was, &f->auth, sizeof was);
    bool had = floe_stun_auth_has_realm(&f->auth);
    floe_stun_auth_verdict verdict = floe_stun_auth_check(&f->auth, &f->msg);
    (void)make_request(f, &after, second, sizeof second);
    check_request(f, &after);
    if (verdict == FLOE_STUN_AUTH_OK) {
        require(f->is_signed && f->auth.is_proven);
    } else if (verdict == FLOE_STUN_AUTH_RETRY) {
        check_taken(f, &after, find(&before, FLOE_STUN_REALM), had);
    } else {
        require(memcmp(&was, &f->auth, sizeof was) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    if (size == 0 || size > 4096) {
        return 0;
    }
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.is_long = (take(&f) & 1) == 0;
    require((f.is_long ? floe_stun_auth_init_long(&f.auth, NAME, PASS)
                       : floe_stun_auth_init_short(&f.auth, NAME, PASS)) == FLOE_OK);
    while (f.in.left > 0) {
        step(&f);
        if (take(&f) == 0xFF) {
            floe_stun_auth_reset(&f.auth);
        }
    }
    return 0;
}
