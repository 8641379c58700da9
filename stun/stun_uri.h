/*
 * stun/stun_uri.h - stun:, stuns:, turn: and turns: URIs (RFC 7064, RFC 7065), as in a browser's
 * RTCIceServer.urls.
 */
#ifndef FLOE_STUN_STUN_URI_H
#define FLOE_STUN_STUN_URI_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_HOST_MAX 253u /* the longest DNS name */

typedef struct floe_stun_uri {
    floe_bytes host; /* name, IPv4, or IPv6 without its brackets; a view into the parsed text */
    uint16_t port;   /* given, or the scheme's: 3478, and 5349 for stuns and turns */
    bool is_turn;
    uint8_t transport; /* floe_transport: stun UDP; stuns TLS; turn UDP or TCP; turns TLS, or DTLS
                        * for ?transport=udp */
} floe_stun_uri;

/* MALFORMED: *why says in a few words what is wrong ("port is not 1 to 65535"), for a person; *uri
 * is zeroed. A stun: or stuns: URI with ?transport= is malformed, as RFC 7064 has it. */
FLOE_MUST_USE floe_err floe_stun_uri_parse(floe_stun_uri *uri, floe_bytes text, const char **why);

#ifdef __cplusplus
}
#endif
#endif
