/*
 * base/crypto.h - the hashes that STUN, ICE and SCTP need. Declared here, implemented in port/.
 *
 * A link-time seam: port/crypto_openssl.c is the implementation on OpenSSL; a firmware with its own
 * crypto library replaces that one file. The functions do not fail: an implementation that cannot
 * compute a hash must stop the program rather than return a wrong value.
 */
#ifndef FLOE_BASE_CRYPTO_H
#define FLOE_BASE_CRYPTO_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SHA1_SIZE   20u
#define FLOE_SHA256_SIZE 32u
#define FLOE_MD5_SIZE    16u

/* HMAC over the concatenation of `parts[0..count)`, in pieces so that no caller needs to copy. */
void floe_hmac_sha1(floe_bytes key, const floe_bytes *parts, size_t count,
                    uint8_t out[FLOE_SHA1_SIZE]);
void floe_hmac_sha256(floe_bytes key, const floe_bytes *parts, size_t count,
                      uint8_t out[FLOE_SHA256_SIZE]);

/* A key of HMAC-SHA1 made ready: what SHA-1 has come to after the key's inner and its outer block
 * (RFC 2104 section 4). Whoever authenticates packets under one password prepares it once, and
 * saves two of the five blocks that the hash of a connectivity check takes. As secret as the key
 * itself, with which it is wiped. The words are port/'s own affair. */
typedef struct floe_hmac_sha1_key {
    uint32_t inner[5], outer[5];
} floe_hmac_sha1_key;

void floe_hmac_sha1_key_prepare(floe_hmac_sha1_key *ready, floe_bytes key);
/* What floe_hmac_sha1() gives for the key that was prepared. */
void floe_hmac_sha1_key_compute(const floe_hmac_sha1_key *ready, const floe_bytes *parts,
                                size_t count, uint8_t out[FLOE_SHA1_SIZE]);

void floe_sha256(const floe_bytes *parts, size_t count, uint8_t out[FLOE_SHA256_SIZE]);
void floe_md5(const floe_bytes *parts, size_t count, uint8_t out[FLOE_MD5_SIZE]);

/* Compare secrets in time that does not depend on their content. */
bool floe_secret_equal(const uint8_t *a, const uint8_t *b, size_t len);
/* Overwrite a secret in a way that the compiler does not remove. */
void floe_secret_wipe(void *memory, size_t len);

#ifdef __cplusplus
}
#endif
#endif
