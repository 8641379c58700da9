/*
 * port/crypto_openssl.c - base/crypto.h on OpenSSL's libcrypto.
 *
 * Uses the low-level digests, whose context lives on the stack: EVP would fetch an algorithm and
 * allocate a context for each check of a packet, which costs several times the hash itself. HMAC is
 * built on them as RFC 2104 says. OpenSSL 3 deprecates these functions and keeps them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 64u /* of MD5, SHA-1 and SHA-256 alike */

typedef union hash_state {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
} hash_state;

typedef struct hash {
    size_t size;
    void (*begin)(hash_state *state);
    void (*add)(hash_state *state, floe_bytes bytes);
    void (*end)(hash_state *state, uint8_t *out);
} hash;

/* OpenSSL answers 1 for success. A wrong hash must never be used, so a failure ends the program. */
static void must(int success)
{
    if (success != 1) {
        abort();
    }
}

static void md5_begin(hash_state *state)
{
    must(MD5_Init(&state->md5));
}

static void md5_add(hash_state *state, floe_bytes bytes)
{
    must(MD5_Update(&state->md5, bytes.ptr, bytes.len));
}

static void md5_end(hash_state *state, uint8_t *out)
{
    must(MD5_Final(out, &state->md5));
}

static void sha1_begin(hash_state *state)
{
    must(SHA1_Init(&state->sha1));
}

static void sha1_add(hash_state *state, floe_bytes bytes)
{
    must(SHA1_Update(&state->sha1, bytes.ptr, bytes.len));
}

static void sha1_end(hash_state *state, uint8_t *out)
{
    must(SHA1_Final(out, &state->sha1));
}

static void sha256_begin(hash_state *state)
{
    must(SHA256_Init(&state->sha256));
}

static void sha256_add(hash_state *state, floe_bytes bytes)
{
    must(SHA256_Update(&state->sha256, bytes.ptr, bytes.len));
}

static void sha256_end(hash_state *state, uint8_t *out)
{
    must(SHA256_Final(out, &state->sha256));
}

static const hash md5 = {FLOE_MD5_SIZE, md5_begin, md5_add, md5_end};
static const hash sha1 = {FLOE_SHA1_SIZE, sha1_begin, sha1_add, sha1_end};
static const hash sha256 = {FLOE_SHA256_SIZE, sha256_begin, sha256_add, sha256_end};

static void digest(const hash *h, const floe_bytes *parts, size_t count, uint8_t *out)
{
    hash_state state;
    h->begin(&state);
    for (size_t i = 0; i < count; i++) {
        h->add(&state, parts[i]);
    }
    h->end(&state, out);
    OPENSSL_cleanse(&state, sizeof state);
}

static void fill_pad(uint8_t pad[BLOCK_SIZE], const uint8_t key[BLOCK_SIZE], uint8_t mask)
{
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        pad[i] = key[i] ^ mask;
    }
}

static void hmac(const hash *h, floe_bytes key, const floe_bytes *parts, size_t count, uint8_t *out)
{
    uint8_t block[BLOCK_SIZE] = {0}, pad[BLOCK_SIZE], inner[FLOE_SHA256_SIZE];
    hash_state state;

    /* RFC 2104 §2: a key longer than a block is replaced by its hash. */
    if (key.len > BLOCK_SIZE) {
        digest(h, &key, 1, block);
    } else if (key.len > 0) {
        memcpy(block, key.ptr, key.len);
    }
    fill_pad(pad, block, 0x36);
    h->begin(&state);
    h->add(&state, (floe_bytes){pad, sizeof pad});
    for (size_t i = 0; i < count; i++) {
        h->add(&state, parts[i]);
    }
    h->end(&state, inner);

    fill_pad(pad, block, 0x5c);
    const floe_bytes outer[2] = {{pad, sizeof pad}, {inner, h->size}};
    digest(h, outer, 2, out);
    OPENSSL_cleanse(&state, sizeof state);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(pad, sizeof pad);
}

void floe_hmac_sha1(floe_bytes key, const floe_bytes *parts, size_t count,
                    uint8_t out[FLOE_SHA1_SIZE])
{
    hmac(&sha1, key, parts, count, out);
}

void floe_hmac_sha256(floe_bytes key, const floe_bytes *parts, size_t count,
                      uint8_t out[FLOE_SHA256_SIZE])
{
    hmac(&sha256, key, parts, count, out);
}

void floe_sha256(const floe_bytes *parts, size_t count, uint8_t out[FLOE_SHA256_SIZE])
{
    digest(&sha256, parts, count, out);
}

void floe_md5(const floe_bytes *parts, size_t count, uint8_t out[FLOE_MD5_SIZE])
{
    digest(&md5, parts, count, out);
}

bool floe_secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void floe_secret_wipe(void *memory, size_t len)
{
    OPENSSL_cleanse(memory, len);
}
