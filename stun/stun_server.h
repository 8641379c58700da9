/*
 * stun/stun_server.h - answer STUN Binding requests: a server without state (RFC 8489 section 12),
 * which may have two addresses for behaviour discovery (RFC 5780 section 6).
 *
 * One function: a request and where it came from in, the response and where it goes out. It asks
 * for no credentials, as RFC 8489 section 12 has it, so it answers whoever the source address
 * names. It answers requests only, each with one datagram: two servers never keep each other busy.
 * A response may be larger than its request, since a request need be no more than a header: by at
 * most FLOE_STUN_SERVER_GROWTH bytes, or by FLOE_STUN_SERVER_GROWTH_BEHAVIOUR with two addresses.
 * UDP only. PADDING is refused, for it would have the server send far more than it got. Does not
 * know: sockets. Read next: stun/stun_discovery.h, which asks. Reading guide: step 3.
 */
#ifndef FLOE_STUN_STUN_SERVER_H
#define FLOE_STUN_STUN_SERVER_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_SERVER_GROWTH           32u
#define FLOE_STUN_SERVER_GROWTH_BEHAVIOUR 96u

/* All zero: a server that tells addresses and nothing else. For behaviour discovery, two addresses
 * that differ in IP and in port, with a socket on each of the four combinations. */
typedef struct floe_stun_server {
    floe_addr primary, other;
} floe_stun_server;

/* Write the response into out->buf and say on which path it goes; path->local is the address that
 * the request came to, as a socket is bound to it. MALFORMED, UNSUPPORTED: to be dropped, it is not
 * a Binding request. ARG: the source of the request is no address that can be answered. */
FLOE_MUST_USE floe_err floe_stun_server_answer(const floe_stun_server *server,
                                               const floe_path *path, floe_bytes request,
                                               floe_transmit *out);

#ifdef __cplusplus
}
#endif
#endif
