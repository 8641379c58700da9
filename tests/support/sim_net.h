/*
 * support/sim_net.h - an internet in memory: hosts, NATs, links with bad manners, virtual time.
 *
 * A tree: the core (node 0) is the public internet; a NAT or a host hangs on the core or on a NAT.
 * Each has one link to its parent, with a fate of its own in each direction. A packet climbs from
 * its host until somebody in that realm has the destination address, then descends. NATs translate
 * on the way up and filter on the way down; two in a row are a carrier's NAT in front of a home's.
 * Sans-I/O like everything here: send puts a packet in, poll gives what has arrived. The same seed
 * and the same calls give the same fates.
 */
#ifndef FLOE_SUPPORT_SIM_NET_H
#define FLOE_SUPPORT_SIM_NET_H

#include "base/floe.h"
#include "support/sim_link.h"
#include "support/sim_nat.h"
#include "support/sim_random.h"

#define SIM_CORE      0
#define SIM_NODES     16
#define SIM_ADDRS     4
#define SIM_PACKET    2048u
#define SIM_IN_FLIGHT 32768u

typedef enum sim_kind { SIM_IS_CORE, SIM_IS_NAT, SIM_IS_HOST } sim_kind;

typedef struct sim_node {
    sim_kind kind;
    int parent;
    sim_lane up, down;
    floe_addr addrs[SIM_ADDRS]; /* of a host: IP alone */
    size_t addr_count;
    sim_nat *nat;
} sim_node;

typedef struct sim_packet {
    floe_time at;
    uint64_t order; /* of sending: the first of two that arrive at the same time */
    int node;
    bool is_climbing; /* has come to `node` from below */
    bool is_tcp;
    floe_addr src, dst;
    size_t len;
    uint8_t bytes[];
} sim_packet;

/* What befalls certain packets, numbered from 1 in the order of sending: for tests that choose,
 * where links throw dice. The links do their part as well. */
typedef enum sim_doom_kind {
    SIM_DOOM_NONE,
    SIM_DOOM_DROP,
    SIM_DOOM_TWICE,
    SIM_DOOM_HOLD, /* held back at the sender for `hold` */
    SIM_DOOM_FLIP  /* bit number `bit`, modulo the packet's, is flipped */
} sim_doom_kind;

typedef struct sim_doom {
    sim_doom_kind kind;
    uint64_t first, count; /* numbers first ... first + count - 1 */
    uint64_t second;       /* and this one; 0: none */
    floe_time hold;
    uint64_t bit;
    size_t len; /* of the last one that it befell, and its bytes before; 0: none yet */
    uint8_t bytes[SIM_PACKET];
} sim_doom;

typedef struct sim_net_stats {
    uint64_t sent, delivered, lost, unroutable, filtered;
} sim_net_stats;

typedef struct sim_net {
    uint64_t seed;
    sim_random random;
    sim_node nodes[SIM_NODES];
    int node_count;
    uint64_t order;
    sim_packet **heap; /* the earliest arrival first */
    size_t heap_len, heap_cap;
    sim_net_stats stats;
    sim_doom doom;
} sim_net;

/* A datagram that has come to a host. */
typedef struct sim_datagram {
    int host;
    floe_path path; /* local: as the host's socket is bound */
    size_t len;
    uint8_t bytes[SIM_PACKET];
} sim_datagram;

void sim_net_init(sim_net *net, uint64_t seed);
void sim_net_free(sim_net *net);

/* Each returns the node's number. */
int sim_net_add_host(sim_net *net, int parent, const sim_link *link);
int sim_net_add_nat(sim_net *net, int parent, const sim_link *link, const char *public_ip,
                    const sim_nat_config *config);
void sim_net_add_addr(sim_net *net, int host, const char *ip);
/* The host is somewhere else now: nobody has its old address. */
void sim_net_change_addr(sim_net *net, int host, size_t index, const char *ip);
void sim_net_set_link(sim_net *net, int node, const sim_link *link); /* both directions */
void sim_net_set_down(sim_net *net, int node, bool is_down);         /* a partition */

/* One datagram from a host, at `now`; the source may be anybody's. */
void sim_net_send(sim_net *net, floe_time now, int host, const floe_path *path, floe_bytes bytes);
/* When something happens next; FLOE_TIME_NEVER if nothing is in flight. */
floe_time sim_net_next(const sim_net *net);
/* Move packets until one has come to a host by `now`. False: none has. */
bool sim_net_poll(sim_net *net, floe_time now, sim_datagram *out);

#endif
