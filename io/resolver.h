/*
 * io/resolver.h - names to addresses without ever blocking: c-ares on the loop.
 *
 * Each question is answered, within FLOE_RESOLVER_PATIENCE at the latest. Literal addresses are
 * answered without DNS; names in .local are not asked for, since they belong to multicast DNS.
 */
#ifndef FLOE_IO_RESOLVER_H
#define FLOE_IO_RESOLVER_H

#include "io/loop.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_RESOLVER_PATIENCE (5 * FLOE_SECOND)
#define FLOE_RESOLVER_NAMES    8u /* questions at one time; beyond: answered with no address */
#define FLOE_RESOLVER_FDS      16u /* sockets of c-ares at one time; beyond: the question times out */

typedef struct floe_resolver floe_resolver;

/* Once for each address (port 0), then once with family 0. May run inside floe_resolver_ask(). */
typedef void floe_resolver_answer(void *ctx, uint32_t request, const floe_addr *addr);

typedef struct floe_resolver_name { /* private: one question */
    floe_resolver *resolver;
    uint32_t request;
    floe_time deadline;
    bool is_busy;     /* c-ares has it and will call back */
    bool is_answered; /* patience is over: what comes now is not wanted */
} floe_resolver_name;

struct floe_resolver { /* in the caller's memory, not to be moved; fields are private */
    floe_loop *loop;
    void *channel; /* ares_channel; NULL: the library could not be started */
    floe_resolver_answer *answer;
    void *ctx;
    bool is_closing;
    floe_timer timer;
    floe_watch watches[FLOE_RESOLVER_FDS]; /* fd -1: free */
    floe_resolver_name names[FLOE_RESOLVER_NAMES];
};

/* `servers` (may be NULL) stands in for the system's name servers: "192.0.2.53:53,...". Where the
 * library can not be started every name is answered with no address. */
void floe_resolver_init(floe_resolver *resolver, floe_loop *loop, const char *servers,
                        floe_resolver_answer *answer, void *ctx);
/* What is not answered yet never will be. */
void floe_resolver_free(floe_resolver *resolver);
void floe_resolver_ask(floe_resolver *resolver, uint32_t request, floe_bytes host);

#ifdef __cplusplus
}
#endif
#endif
