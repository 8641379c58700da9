/*
 * sctp/sctp_cookie.h - the State Cookie: everything that is needed to set up an association,
 * signed, so that nothing is kept until the peer has echoed it (RFC 9260 sections 5.1.3 to 5.1.5).
 *
 * It holds numbers only, no addresses of memory, and nothing that the peer does not know anyway.
 */
#ifndef FLOE_SCTP_SCTP_COOKIE_H
#define FLOE_SCTP_SCTP_COOKIE_H

#include "base/crypto.h"
#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_COOKIE_SIZE   (56u + FLOE_SHA256_SIZE)
#define FLOE_SCTP_COOKIE_SECRET 32u
#define FLOE_SCTP_COOKIE_LIFE   (60 * FLOE_SECOND)

typedef struct floe_sctp_cookie {
    floe_time created;
    uint32_t local_tag, peer_tag;
    uint32_t local_tsn, peer_tsn; /* initial */
    uint32_t local_tie, peer_tie; /* of the association that existed when it was made, or 0 */
    uint32_t peer_rwnd;
    uint16_t peer_out_streams, peer_in_streams;
    uint16_t local_port, remote_port;
    uint8_t has_forward_tsn, has_reconfig, has_zero_checksum; /* the peer announced them */
    uint8_t interleaving;                                     /* floe_sctp_init_params */
} floe_sctp_cookie;

void floe_sctp_cookie_put(const floe_sctp_cookie *cookie,
                          const uint8_t secret[FLOE_SCTP_COOKIE_SECRET],
                          uint8_t out[FLOE_SCTP_COOKIE_SIZE]);
/* AUTH: not one that was made with this secret. Its age is for the caller to judge. */
FLOE_MUST_USE floe_err floe_sctp_cookie_parse(floe_sctp_cookie *cookie,
                                              const uint8_t secret[FLOE_SCTP_COOKIE_SECRET],
                                              floe_bytes bytes);

#ifdef __cplusplus
}
#endif
#endif
