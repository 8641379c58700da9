/*
 * stun/stun_auth.h - the client's side of STUN authentication: short-term and long-term credentials
 * (RFC 8489 section 9), with MESSAGE-INTEGRITY-SHA256, PASSWORD-ALGORITHMS, USERHASH and the nonce
 * cookie's protection against bid-down.
 *
 * A value that its owner keeps beside its transactions: put() writes into a request what the server
 * has asked for so far, check() judges a response before anything else in it is believed.
 *
 *     request   put() ... writer_end()            nothing is added before the first challenge
 *     response  check(): OK       authentic; act on it
 *                        RETRY    a challenge (401, 438): taken in; a new transaction, at once
 *                        REFUSED  401 to a request that had credentials for this realm
 *                        DROP     not authentic: as if it had never come
 *
 * REFUSED rests on an answer that nobody vouches for, as every 401 does; is_proven says whether the
 * server has taken these credentials before, so that an owner can doubt it.
 * Limit: user names and passwords are used as they are given, as stun/stun_key.h says: the
 * OpaqueString profile changes no ASCII text. Does not know: transactions, addresses, ICE (which
 * has a key for each direction and does this by itself). Read next: stun/stun_stream.h.
 */
#ifndef FLOE_STUN_STUN_AUTH_H
#define FLOE_STUN_STUN_AUTH_H

#include "base/floe_config.h"
#include "stun/stun_key.h"
#include "stun/stun_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_stun_auth_verdict {
    FLOE_STUN_AUTH_OK,
    FLOE_STUN_AUTH_RETRY,
    FLOE_STUN_AUTH_REFUSED,
    FLOE_STUN_AUTH_DROP
} floe_stun_auth_verdict;

/* Every field is private but is_proven. Holds a password: wipe it when done. */
typedef struct floe_stun_auth {
    uint8_t mode;      /* none, short-term, long-term */
    uint8_t hmacs;     /* which integrity attributes go into a request */
    bool is_proven;    /* a response was authentic */
    bool is_anonymous; /* USERHASH instead of USERNAME */
    uint8_t algorithm; /* floe_stun_key_algorithm of the key */
    floe_stun_key key; /* of the long-term credentials, once there is a realm */
    /* name, password, realm, nonce and PASSWORD-ALGORITHMS, one after the other */
    uint16_t lens[5];
    uint8_t text[FLOE_STUN_AUTH_TEXT_MAX];
} floe_stun_auth;

/* No credentials: put() adds nothing, and every response is OK. */
void floe_stun_auth_init_none(floe_stun_auth *auth);
/* ARG: an empty name, or one of more than 508 bytes. TOO_BIG: FLOE_STUN_AUTH_TEXT_MAX. */
FLOE_MUST_USE floe_err floe_stun_auth_init_short(floe_stun_auth *auth, floe_bytes username,
                                                 floe_bytes password);
FLOE_MUST_USE floe_err floe_stun_auth_init_long(floe_stun_auth *auth, floe_bytes username,
                                                floe_bytes password);

/* Add what identifies us, then the integrity: the last attributes, save for a fingerprint. */
void floe_stun_auth_put(const floe_stun_auth *auth, floe_stun_writer *w);
/* Judge a response to a request that put() has signed. A challenge whose texts do not fit is
 * dropped. */
floe_stun_auth_verdict floe_stun_auth_check(floe_stun_auth *auth, const floe_stun_msg *response);
/* Another server: what this one has asked for does not hold there (RFC 8489 section 9.2.3). */
void floe_stun_auth_reset(floe_stun_auth *auth);
/* Was there a challenge, so that requests are signed? */
bool floe_stun_auth_has_realm(const floe_stun_auth *auth);

#ifdef __cplusplus
}
#endif
#endif
