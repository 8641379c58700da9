/*
 * dtls/dtls_keys.c - the protection of records: keys from the handshake, nonces, the replay window.
 *
 * RFC 5246 §6.3 (key calculation), RFC 5288 (AES-GCM), RFC 7905 (ChaCha20-Poly1305), RFC 6347
 * §4.1.2 (what is authenticated, replay). No byte of a record is allocated or kept: it is sealed
 * and opened where it stands. Does not know what a record says. Read next: dtls_established.c.
 */
#include "dtls/dtls_internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

#define VERSION_1_2 0xfefdu
#define EPOCH_1     (UINT64_C(1) << 48) /* in front of a record number */

#define SECRET_SIZE  48u
#define RANDOM_SIZE  32u
#define TAG_SIZE     16u
#define AAD_SIZE     13u
#define KEY_MAX      32u
#define GCM_SALT     4u
#define GCM_EXPLICIT 8u
#define WINDOW       64u
#define VERSION_AT   1u
#define EPOCH_AT     3u /* of epoch and record number, eight bytes */
#define LENGTH_AT    11u

static uint64_t load_u64(const uint8_t *p)
{
    return (uint64_t)floe_load_u32(p) << 32 | floe_load_u32(p + 4);
}

static OSSL_PARAM make_seed(const void *bytes, size_t len)
{
    return OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)bytes, len);
}

/* RFC 5246 §6.3: the key block is the PRF of the master secret. With an extended master secret (RFC
 * 7627) nothing differs here. */
static bool derive(SSL *ssl, uint8_t *secret, uint8_t *out, size_t len)
{
    static const char label[] = "key expansion";
    uint8_t client[RANDOM_SIZE], server[RANDOM_SIZE];
    const EVP_MD *hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    bool done = false;

    if (ctx != NULL && hash != NULL &&
        SSL_get_client_random(ssl, client, sizeof client) == sizeof client &&
        SSL_get_server_random(ssl, server, sizeof server) == sizeof server &&
        SSL_SESSION_get_master_key(SSL_get_session(ssl), secret, SECRET_SIZE) == SECRET_SIZE) {
        char *name = (char *)(uintptr_t)EVP_MD_get0_name(hash);
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret, SECRET_SIZE),
            make_seed(label, sizeof label - 1),
            make_seed(server, sizeof server),
            make_seed(client, sizeof client),
            OSSL_PARAM_construct_end(),
        };
        done = EVP_KDF_derive(ctx, out, len, params) == 1;
    }
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return done;
}

static void *make_cipher(const EVP_CIPHER *type, const uint8_t *key, int is_sealing)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx != NULL && EVP_CipherInit_ex(ctx, type, NULL, key, NULL, is_sealing) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static const EVP_CIPHER *get_type(const SSL *ssl)
{
    switch (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl))) {
    case NID_aes_128_gcm:
        return EVP_aes_128_gcm();
    case NID_aes_256_gcm:
        return EVP_aes_256_gcm();
    case NID_chacha20_poly1305:
        return EVP_chacha20_poly1305();
    default:
        return NULL;
    }
}

/* RFC 5246 §6.3: client key, server key, client IV, server IV. */
static bool set_keys(floe_dtls_keys *keys, const EVP_CIPHER *type, const uint8_t *block,
                     bool is_server)
{
    size_t key = (size_t)EVP_CIPHER_get_key_length(type);
    size_t iv = keys->is_gcm ? GCM_SALT : FLOE_DTLS_NONCE;
    const uint8_t *ivs = block + 2 * key;
    size_t ours = is_server ? 1 : 0;

    keys->seal = make_cipher(type, block + ours * key, 1);
    keys->open = make_cipher(type, block + (1 - ours) * key, 0);
    memcpy(keys->seal_iv, ivs + ours * iv, iv);
    memcpy(keys->open_iv, ivs + (1 - ours) * iv, iv);
    return keys->seal != NULL && keys->open != NULL;
}

bool floe_dtls_keys_take(floe_dtls_keys *keys, SSL *ssl)
{
    const EVP_CIPHER *type = get_type(ssl);
    uint8_t secret[SECRET_SIZE];
    uint8_t block[2 * (KEY_MAX + FLOE_DTLS_NONCE)];

    if (type == NULL) {
        return false;
    }
    keys->is_gcm = EVP_CIPHER_get_mode(type) == EVP_CIPH_GCM_MODE;
    bool done = derive(ssl, secret, block, sizeof block) &&
                set_keys(keys, type, block, SSL_is_server(ssl) == 1);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(block, sizeof block);
    if (!done) {
        floe_dtls_keys_free(keys);
    }
    return done;
}

void floe_dtls_keys_free(floe_dtls_keys *keys)
{
    EVP_CIPHER_CTX_free(keys->seal);
    EVP_CIPHER_CTX_free(keys->open);
    OPENSSL_cleanse(keys, sizeof *keys);
}

size_t floe_dtls_keys_get_overhead(const floe_dtls_keys *keys)
{
    return (keys->is_gcm ? GCM_EXPLICIT : 0) + TAG_SIZE;
}

void floe_dtls_keys_note_sent(floe_dtls_keys *keys, const floe_dtls_record *record)
{
    uint64_t number = load_u64(record->whole.ptr + EPOCH_AT);

    if (record->epoch == 0) {
        keys->next_plain = number + 1;
    } else if (record->body.len >= GCM_EXPLICIT) {
        keys->next = number - EPOCH_1 + 1;
        keys->nonce_offset = load_u64(record->body.ptr) - number;
    }
}

void floe_dtls_keys_note_given(floe_dtls_keys *keys, const floe_dtls_record *record)
{
    if (record->epoch == 1) {
        keys->highest = load_u64(record->whole.ptr + EPOCH_AT) - EPOCH_1;
        keys->window = 1;
    }
}

/* RFC 5246 §6.2.3.3: epoch, record number, type, version, length of the plain text. */
static void put_aad(uint8_t aad[AAD_SIZE], uint64_t number, uint8_t type, size_t plain_len)
{
    floe_store_u64(aad, EPOCH_1 | number);
    aad[8] = type;
    floe_store_u16(aad + 9, VERSION_1_2);
    floe_store_u16(aad + 11, (uint16_t)plain_len);
}

/* RFC 5288 §3: salt and explicit nonce. */
static void put_gcm_nonce(uint8_t nonce[FLOE_DTLS_NONCE], const uint8_t *salt,
                          const uint8_t *explicit_nonce)
{
    memcpy(nonce, salt, GCM_SALT);
    memcpy(nonce + GCM_SALT, explicit_nonce, GCM_EXPLICIT);
}

/* RFC 7905 §2: the IV, XORed with epoch and record number. */
static void put_chacha_nonce(uint8_t nonce[FLOE_DTLS_NONCE], const uint8_t *iv, uint64_t number)
{
    floe_store_u64(nonce + 4, load_u64(iv + 4) ^ (EPOCH_1 | number));
    memcpy(nonce, iv, 4);
}

/* In place, without the tag. */
static bool transform(EVP_CIPHER_CTX *ctx, const uint8_t *nonce, const uint8_t *aad, uint8_t *bytes,
                      size_t len)
{
    int done;

    return EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, -1) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &done, aad, (int)AAD_SIZE) == 1 &&
           EVP_CipherUpdate(ctx, bytes, &done, bytes, (int)len) == 1 && done == (int)len;
}

bool floe_dtls_keys_seal(floe_dtls_keys *keys, uint8_t type, uint8_t *buf, size_t plain_len,
                         size_t *len)
{
    uint8_t nonce[FLOE_DTLS_NONCE], aad[AAD_SIZE];
    uint8_t *body = buf + FLOE_DTLS_RECORD_HEADER;
    uint8_t *text = keys->is_gcm ? body + GCM_EXPLICIT : body;
    int done;

    /* RFC 6347 §4.1: a record number is not used twice. There is no other handshake to start with a
     * new epoch, so this is the end; at a million records a second it takes nine years. */
    if (keys->next > FLOE_DTLS_NUMBER_MAX) {
        return false;
    }
    if (keys->is_gcm) {
        /* A counter, and one with that of OpenSSL, whose first value was drawn by lot: a nonce of
         * its own records is never met again. */
        floe_store_u64(body, (EPOCH_1 | keys->next) + keys->nonce_offset);
        put_gcm_nonce(nonce, keys->seal_iv, body);
    } else {
        put_chacha_nonce(nonce, keys->seal_iv, keys->next);
        memmove(text, buf + FLOE_DTLS_HEAD, plain_len);
    }
    put_aad(aad, keys->next, type, plain_len);
    if (!transform(keys->seal, nonce, aad, text, plain_len) ||
        EVP_CipherFinal_ex(keys->seal, text + plain_len, &done) != 1 ||
        EVP_CIPHER_CTX_ctrl(keys->seal, EVP_CTRL_AEAD_GET_TAG, (int)TAG_SIZE, text + plain_len) !=
            1) {
        return false;
    }
    buf[0] = type;
    floe_store_u16(buf + VERSION_AT, VERSION_1_2);
    floe_store_u64(buf + EPOCH_AT, EPOCH_1 | keys->next);
    floe_store_u16(buf + LENGTH_AT, (uint16_t)(plain_len + floe_dtls_keys_get_overhead(keys)));
    keys->next++;
    *len = (size_t)(text - buf) + plain_len + TAG_SIZE;
    return true;
}

/* RFC 6347 §4.1.2.6: what is behind the window, or was there, is a replay. */
static bool is_new(const floe_dtls_keys *keys, uint64_t number)
{
    if (number > keys->highest) {
        return true;
    }
    uint64_t behind = keys->highest - number;
    return behind < WINDOW && (keys->window >> behind & 1) == 0;
}

static void mark(floe_dtls_keys *keys, uint64_t number)
{
    if (number > keys->highest) {
        uint64_t ahead = number - keys->highest;
        keys->window = ahead < WINDOW ? keys->window << ahead : 0;
        keys->highest = number;
    }
    keys->window |= UINT64_C(1) << (keys->highest - number);
}

static bool decrypt(floe_dtls_keys *keys, const floe_dtls_record *record, uint64_t number,
                    uint8_t *buf, size_t plain_len)
{
    const uint8_t *text = record->body.ptr + (keys->is_gcm ? GCM_EXPLICIT : 0);
    uint8_t nonce[FLOE_DTLS_NONCE], aad[AAD_SIZE], tag[TAG_SIZE];
    int done;

    if (keys->is_gcm) {
        put_gcm_nonce(nonce, keys->open_iv, record->body.ptr);
    } else {
        put_chacha_nonce(nonce, keys->open_iv, number);
    }
    put_aad(aad, number, record->type, plain_len);
    memcpy(tag, text + plain_len, TAG_SIZE);
    if (buf != text) {
        memmove(buf, text, plain_len); /* over the record, it may be; the tag is safe */
    }
    return transform(keys->open, nonce, aad, buf, plain_len) &&
           EVP_CIPHER_CTX_ctrl(keys->open, EVP_CTRL_AEAD_SET_TAG, (int)TAG_SIZE, tag) == 1 &&
           EVP_CipherFinal_ex(keys->open, tag, &done) == 1;
}

bool floe_dtls_keys_open(floe_dtls_keys *keys, const floe_dtls_record *record, uint8_t *buf,
                         size_t cap, size_t *len)
{
    size_t overhead = floe_dtls_keys_get_overhead(keys);
    uint64_t number = load_u64(record->whole.ptr + EPOCH_AT) - EPOCH_1;

    if (record->epoch != 1 || floe_load_u16(record->whole.ptr + VERSION_AT) != VERSION_1_2 ||
        record->body.len < overhead || !is_new(keys, number)) {
        return false;
    }
    size_t plain_len = record->body.len - overhead;
    if (plain_len > cap || plain_len > FLOE_DTLS_PLAIN_MAX) {
        return false;
    }
    if (!decrypt(keys, record, number, buf, plain_len)) {
        /* RFC 5116 §2.2: of what does not authenticate, the caller gets nothing to see. */
        OPENSSL_cleanse(buf, plain_len);
        keys->failures++;
        ERR_clear_error();
        return false;
    }
    /* Only now: a forged record must not move the window. */
    mark(keys, number);
    *len = plain_len;
    return true;
}
