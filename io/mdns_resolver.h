/*
 * io/mdns_resolver.h - names in .local to addresses, and addresses of ours behind names, by
 * multicast DNS on the loop.
 *
 * All resolvers of a loop share one node and its sockets, which are open only while somebody asks
 * or has a name. Answers are those of io/resolver.h: once for each address, then once with family
 * 0.
 */
#ifndef FLOE_IO_MDNS_RESOLVER_H
#define FLOE_IO_MDNS_RESOLVER_H

#include "io/loop.h"
#include "io/resolver.h"
#include "mdns/mdns_node.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_mdns_asked { /* private */
    floe_mdns_name name;
    uint32_t ours, theirs; /* the node's number, 0 while it waits for its turn; the caller's */
    bool is_used;
} floe_mdns_asked;

typedef struct floe_mdns_resolver {  /* in the caller's memory, not to be moved; private */
    struct floe_mdns_shared *shared; /* NULL: freed, or never used */
    struct floe_mdns_resolver *next;
    floe_resolver_answer *answer;
    void *ctx;
    floe_mdns_asked asked[FLOE_PEER_NAME_MAX];
} floe_mdns_resolver;

/* Is this a name for multicast DNS? */
bool floe_mdns_resolver_is_for(floe_bytes host);
/* `use_loopback`: on the loopback interface only. FULL: no memory. */
FLOE_MUST_USE floe_err floe_mdns_resolver_init(floe_mdns_resolver *resolver, floe_loop *loop,
                                               bool use_loopback, floe_resolver_answer *answer,
                                               void *ctx);
/* What is not answered yet never will be. A zeroed one is fine. */
void floe_mdns_resolver_free(floe_mdns_resolver *resolver);
/* What can't be asked for is answered at once, with no address. */
void floe_mdns_resolver_ask(floe_mdns_resolver *resolver, uint32_t request, floe_bytes host);

/* Hide this address behind a name, which is answered for as long as it is not shown again; also
 * where nobody can hear that (draft-ietf-mmusic-mdns-ice-candidates section 3.1.1). An address has
 * one name, however many hide it. FULL: too many addresses. ARG: none that can be hidden. */
FLOE_MUST_USE floe_err floe_mdns_resolver_hide(floe_mdns_resolver *resolver, const floe_addr *addr,
                                               char name[FLOE_MDNS_NAME_TEXT_MAX]);
/* Once for each time that it was hidden. */
void floe_mdns_resolver_show(floe_mdns_resolver *resolver, const floe_addr *addr);
/* What the node of the loop has counted. False: its sockets are closed at the moment. */
bool floe_mdns_resolver_get_stats(const floe_mdns_resolver *resolver, floe_mdns_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
