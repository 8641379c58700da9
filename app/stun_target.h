/* app/stun_target.h - the STUN server that a command is told to ask, and addresses to listen on. */
#ifndef FLOE_APP_STUN_TARGET_H
#define FLOE_APP_STUN_TARGET_H

#include "io/loop.h"
#include "stun/stun_uri.h"

#define STUN_TARGET_ADDRS 2

typedef struct stun_target {
    char host[FLOE_STUN_HOST_MAX + 1];
    uint16_t port;
    floe_addr addrs[STUN_TARGET_ADDRS]; /* the first of each family that was found */
    size_t count;
} stun_target;

/* HOST, HOST:PORT, [IPV6]:PORT, an IPv6 address, or a stun: URI. False: *why says what is wrong. */
bool stun_target_parse(stun_target *target, const char *text, const char **why);
/* Look the name up, which takes a few seconds at most; the loop runs meanwhile. False: there is no
 * address. */
bool stun_target_resolve(stun_target *target, floe_loop *loop);

/* "ADDRESS", "ADDRESS:PORT", ":PORT" or "", where port 0 is fine. Without an address its family is
 * 0. False: *why says what is wrong. */
bool stun_target_parse_local(floe_addr *addr, const char *text, uint16_t default_port,
                             const char **why);

#endif
