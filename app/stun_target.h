/* app/stun_target.h - what `floe stun`, `floe nat` and `floe turn` share: the server to ask, and
 * how to report.
 */
#ifndef FLOE_APP_STUN_TARGET_H
#define FLOE_APP_STUN_TARGET_H

#include <jansson.h>

#include "io/loop.h"
#include "stun/stun_uri.h"

#define STUN_TARGET_ADDRS 2

typedef struct stun_target {
    char host[FLOE_STUN_HOST_MAX + 1];
    uint16_t port;
    uint8_t transport;                  /* floe_transport */
    floe_addr addrs[STUN_TARGET_ADDRS]; /* the first of each family that was found */
    size_t count;
} stun_target;

/* HOST, HOST:PORT, [IPV6]:PORT, an IPv6 address, or a stun: URI. False: *why says what is wrong. */
bool stun_target_parse(stun_target *target, const char *text, const char **why);
/* Likewise, or a stuns: URI, with the transport that is named: "udp", "tcp", "tls", "dtls", or NULL
 * for what the URI says. */
bool stun_target_parse_over(stun_target *target, const char *text, const char *transport,
                            const char **why);
/* Look the name up, which takes a few seconds at most; the loop runs meanwhile. False: there is no
 * address; *why says what to do. */
bool stun_target_resolve(stun_target *target, floe_loop *loop, const char **why);

/* "ADDRESS", "ADDRESS:PORT", ":PORT" or "", where port 0 is fine. Without an address its family is
 * 0. False: *why says what is wrong. */
bool stun_target_parse_local(floe_addr *addr, const char *text, uint16_t default_port,
                             const char **why);

/* One line on stdout; the value is released. */
void stun_target_print_json(json_t *value);
/* Say on stderr, and as JSON if that is wanted, why there is no result at all. Returns the
 * program's exit status. */
int stun_target_fail(const stun_target *target, const char *command, bool use_json,
                     const char *text);

#endif
