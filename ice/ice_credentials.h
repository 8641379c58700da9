/*
 * ice/ice_credentials.h - one side's username fragment and password (RFC 8445 section 5.3, RFC 8839
 * section 5.4), and the STUN usernames made of two of them. Pure.
 */
#ifndef FLOE_ICE_ICE_CREDENTIALS_H
#define FLOE_ICE_ICE_CREDENTIALS_H

#include "base/crypto.h"
#include "base/floe.h"
#include "base/floe_config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_UFRAG_MIN    4u
#define FLOE_ICE_PWD_MIN      22u
#define FLOE_ICE_USERNAME_MAX (2u * FLOE_ICE_CREDENTIAL_MAX + 1u)

typedef struct floe_ice_credentials {
    uint16_t ufrag_len; /* 0: none known */
    uint16_t pwd_len;
    uint8_t text[FLOE_ICE_CREDENTIAL_MAX]; /* the fragment, then the password */
    floe_hmac_sha1_key key;                /* of the password: what signs and checks */
} floe_ice_credentials;

/* Copy. False, and unchanged: too short, too long together, or not ice-chars: letters,
 * digits, + and /; - = _ and # are let pass. */
bool floe_ice_credentials_set(floe_ice_credentials *c, floe_bytes ufrag, floe_bytes pwd);
/* The same; where both are empty, new ones: 8 and 24 ice-chars, i.e. 48 and 144 random bits (RFC
 * 8445 section 5.3 wants 24 and 128). */
bool floe_ice_credentials_choose(floe_ice_credentials *c, floe_bytes ufrag, floe_bytes pwd,
                                 const floe_rand *rand);
floe_bytes floe_ice_credentials_ufrag(const floe_ice_credentials *c);
floe_bytes floe_ice_credentials_pwd(const floe_ice_credentials *c);

/* The USERNAME of a check sent to `to` by `from` (RFC 8445 section 7.2.2): "to:from". */
floe_bytes floe_ice_credentials_username(const floe_ice_credentials *to,
                                         const floe_ice_credentials *from,
                                         uint8_t out[FLOE_ICE_USERNAME_MAX]);
/* Is this the USERNAME of a check sent to `to`? *from is then the part after the colon. */
bool floe_ice_credentials_is_for(const floe_ice_credentials *to, floe_bytes username,
                                 floe_bytes *from);

#ifdef __cplusplus
}
#endif
#endif
