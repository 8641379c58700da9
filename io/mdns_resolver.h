/*
 * io/mdns_resolver.h - names in .local to addresses, by multicast DNS on the loop.
 *
 * The sockets are open only while something is being asked for: who has many peers has no socket a
 * peer for it. Answers are those of io/resolver.h: once for each address, then once with family 0.
 */
#ifndef FLOE_IO_MDNS_RESOLVER_H
#define FLOE_IO_MDNS_RESOLVER_H

#include "io/mdns_socket.h"
#include "io/resolver.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_mdns_resolver { /* in the caller's memory, not to be moved; private */
    floe_loop *loop;                /* NULL: freed, or never used */
    floe_resolver_answer *answer;
    void *ctx;
    bool use_loopback;
    bool is_open;
    uint32_t waiting; /* questions */
    floe_timer timer; /* closes what nobody waits for */
    struct {
        uint32_t ours, theirs; /* the node's number, the caller's */
        bool is_used;
    } names[FLOE_MDNS_QUERY_MAX];
    floe_mdns_node node;
    floe_mdns_socket socket;
} floe_mdns_resolver;

/* Is this a name for multicast DNS? */
bool floe_mdns_resolver_is_for(floe_bytes host);
/* `use_loopback`: ask on the loopback interface only. */
void floe_mdns_resolver_init(floe_mdns_resolver *resolver, floe_loop *loop, bool use_loopback,
                             floe_resolver_answer *answer, void *ctx);
/* What is not answered yet never will be. A zeroed one is fine. */
void floe_mdns_resolver_free(floe_mdns_resolver *resolver);
/* What can't be asked for is answered at once, with no address. */
void floe_mdns_resolver_ask(floe_mdns_resolver *resolver, uint32_t request, floe_bytes host);

#ifdef __cplusplus
}
#endif
#endif
