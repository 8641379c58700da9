/*
 * turn/turn_rest.h - ephemeral credentials, made by whoever shares a secret with the TURN server
 * (draft-uberti-behave-turn-rest-00): the name is "expiry:user" (UNIX seconds; the user may be
 * left out), the password is base64 of HMAC-SHA1 over the name. coturn's use-auth-secret.
 *
 * Does not know the time of day: that is the caller's. Used by servers and by programs that are
 * their own web service; a client just uses the two texts.
 */
#ifndef FLOE_TURN_TURN_REST_H
#define FLOE_TURN_TURN_REST_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_TURN_REST_PASSWORD 28u /* characters, without a NUL */

/* Make a pair that is good until `expiry`. *username views what was written to `memory`.
 * TOO_BIG: memory, which needs 21 bytes and the user. */
FLOE_MUST_USE floe_err floe_turn_rest_make(floe_bytes secret, uint64_t expiry, floe_bytes user,
                                           floe_span memory, floe_bytes *username,
                                           uint8_t password[FLOE_TURN_REST_PASSWORD]);
/* The password that belongs to a name: what a server's key is derived from. */
void floe_turn_rest_password(floe_bytes secret, floe_bytes username,
                             uint8_t password[FLOE_TURN_REST_PASSWORD]);
/* MALFORMED: no "expiry" or "expiry:user". AUTH: another password, or expiry <= now. The password
 * is compared in constant time, and before the expiry is believed. */
FLOE_MUST_USE floe_err floe_turn_rest_check(floe_bytes secret, floe_bytes username,
                                            floe_bytes password, uint64_t now);

#ifdef __cplusplus
}
#endif
#endif
