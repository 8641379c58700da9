/*
 * port/crypto_openssl.c - base/crypto.h on OpenSSL's libcrypto.
 *
 * Uses the low-level digests, whose context lives on the stack and shows the words of the hash, so
 * that a key made ready is ten words in the caller's memory. EVP keeps both to itself and allocates
 * them: port/README.md has what that costs. HMAC is built on them as RFC 2104 says. OpenSSL 3
 * deprecates these functions and keeps them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 64u  /* of MD5, SHA-1 and SHA-256 alike */
#define INNER_MASK 0x36 /* RFC 2104 §2: ipad and opad */
#define OUTER_MASK 0x5c

_Static_assert(sizeof(SHA_LONG) == sizeof(uint32_t), "a word of floe_hmac_sha1_key");

typedef union hash_state {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
} hash_state;

typedef struct hash {
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

static const hash md5 = {md5_begin, md5_add, md5_end};
static const hash sha1 = {sha1_begin, sha1_add, sha1_end};
static const hash sha256 = {sha256_begin, sha256_add, sha256_end};

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

/* RFC 2104 §2: the key fills a block; one that is longer is replaced by its hash. */
static void fill_block(const hash *h, floe_bytes key, uint8_t block[BLOCK_SIZE])
{
    memset(block, 0, BLOCK_SIZE);
    if (key.len > BLOCK_SIZE) {
        digest(h, &key, 1, block);
    } else if (key.len > 0) {
        memcpy(block, key.ptr, key.len);
    }
}

static void mask(uint8_t block[BLOCK_SIZE], uint8_t with)
{
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        block[i] ^= with;
    }
}

static void sha1_after(uint32_t words[5], const uint8_t block[BLOCK_SIZE])
{
    hash_state state;
    SHA_CTX *sha = &state.sha1;
    sha1_begin(&state);
    sha1_add(&state, (floe_bytes){block, BLOCK_SIZE});
    const uint32_t now[5] = {sha->h0, sha->h1, sha->h2, sha->h3, sha->h4};
    memcpy(words, now, sizeof now);
    OPENSSL_cleanse(&state, sizeof state);
}

/* On from where sha1_after() stopped: one block, counted in bits, has gone in. */
static void sha1_resume(hash_state *state, const uint32_t words[5])
{
    state->sha1 = (SHA_CTX){.h0 = words[0],
                            .h1 = words[1],
                            .h2 = words[2],
                            .h3 = words[3],
                            .h4 = words[4],
                            .Nl = 8 * BLOCK_SIZE};
}

void floe_hmac_sha1_key_prepare(floe_hmac_sha1_key *ready, floe_bytes key)
{
    uint8_t block[BLOCK_SIZE];
    fill_block(&sha1, key, block);
    mask(block, INNER_MASK);
    sha1_after(ready->inner, block);
    mask(block, INNER_MASK ^ OUTER_MASK);
    sha1_after(ready->outer, block);
    OPENSSL_cleanse(block, sizeof block);
}

void floe_hmac_sha1_key_compute(const floe_hmac_sha1_key *ready, const floe_bytes *parts,
                                size_t count, uint8_t out[FLOE_SHA1_SIZE])
{
    uint8_t inner[FLOE_SHA1_SIZE];
    hash_state state;
    sha1_resume(&state, ready->inner);
    for (size_t i = 0; i < count; i++) {
        sha1_add(&state, parts[i]);
    }
    sha1_end(&state, inner);
    sha1_resume(&state, ready->outer);
    sha1_add(&state, (floe_bytes){inner, sizeof inner});
    sha1_end(&state, out);
    OPENSSL_cleanse(&state, sizeof state);
}

void floe_hmac_sha1(floe_bytes key, const floe_bytes *parts, size_t count,
                    uint8_t out[FLOE_SHA1_SIZE])
{
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, key);
    floe_hmac_sha1_key_compute(&ready, parts, count, out);
    OPENSSL_cleanse(&ready, sizeof ready);
}

void floe_hmac_sha256(floe_bytes key, const floe_bytes *parts, size_t count,
                      uint8_t out[FLOE_SHA256_SIZE])
{
    uint8_t block[BLOCK_SIZE], inner[FLOE_SHA256_SIZE];
    hash_state state;
    fill_block(&sha256, key, block);
    mask(block, INNER_MASK);
    sha256_begin(&state);
    sha256_add(&state, (floe_bytes){block, sizeof block});
    for (size_t i = 0; i < count; i++) {
        sha256_add(&state, parts[i]);
    }
    sha256_end(&state, inner);
    mask(block, INNER_MASK ^ OUTER_MASK);
    const floe_bytes outer[2] = {{block, sizeof block}, {inner, sizeof inner}};
    digest(&sha256, outer, 2, out);
    OPENSSL_cleanse(&state, sizeof state);
    OPENSSL_cleanse(block, sizeof block);
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
