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
