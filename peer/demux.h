/*
 * peer/demux.h - which protocol a datagram belongs to, by its first byte (RFC 7983, RFC 9443).
 *
 * Pure. A classification, not a validation: each protocol checks its own bytes.
 */
#ifndef FLOE_PEER_DEMUX_H
#define FLOE_PEER_DEMUX_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_protocol {
    FLOE_PROTOCOL_UNKNOWN, /* empty, or of no use here (ZRTP, QUIC, RTP, anything else) */
    FLOE_PROTOCOL_STUN,    /* 0 to 3, with the magic cookie in its place */
    FLOE_PROTOCOL_DTLS,    /* 20 to 63 */
    FLOE_PROTOCOL_CHANNEL  /* 64 to 79: TURN channel data, only from a TURN server */
} floe_protocol;

floe_protocol floe_demux(floe_bytes datagram);

#ifdef __cplusplus
}
#endif
#endif
