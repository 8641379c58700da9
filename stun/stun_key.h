/*
 * stun/stun_key.h - the HMAC key and the user hash of long-term credentials (RFC 8489 sections
 * 9.2.2, 14.4, 18.5.1).
 *
 * Short-term credentials, as ICE's, need nothing of this: their key is the password itself.
 *
 * Limit: the OpaqueString profile (RFC 8265) that the standard applies to names and passwords is
 * the caller's to apply, because Unicode normalisation needs tables larger than this whole module.
 * It changes no ASCII text, and no text that is already normalised (NFC) and has no exotic spaces.
 * Does not know: realms and nonces as a dialogue. Read next: stun/stun_uri.h.
 */
#ifndef FLOE_STUN_STUN_KEY_H
#define FLOE_STUN_STUN_KEY_H

#include "base/crypto.h"
#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_stun_key_algorithm { /* RFC 8489 section 18.5: as on the wire */
                                       FLOE_STUN_KEY_MD5 = 1,
                                       FLOE_STUN_KEY_SHA256 = 2
} floe_stun_key_algorithm;

typedef struct floe_stun_key {
    uint8_t bytes[FLOE_SHA256_SIZE];
    uint8_t len; /* 16 for MD5, 32 for SHA-256 */
} floe_stun_key;

/* The hash of "username:realm:password". Quotes around username and realm do not count, nor do
 * NULs at the end of any of the three (section 9.2.2). */
void floe_stun_key_derive(floe_stun_key *key, floe_stun_key_algorithm algorithm,
                          floe_bytes username, floe_bytes realm, floe_bytes password);
floe_bytes floe_stun_key_view(const floe_stun_key *key);

/* The value of USERHASH: SHA-256 of "username:realm". */
void floe_stun_key_hash_user(uint8_t out[FLOE_SHA256_SIZE], floe_bytes username, floe_bytes realm);

#ifdef __cplusplus
}
#endif
#endif
