/*
 * support/nat_net.h - a behaviour discovery, a NAT, and a STUN server with two addresses: packets
 * fly for 20 ms each way, some are lost, and time is virtual.
 */
#ifndef FLOE_SUPPORT_NAT_NET_H
#define FLOE_SUPPORT_NAT_NET_H

#include "stun/stun_discovery.h"
#include "stun/stun_server.h"
#include "support/sim_nat.h"

#define NAT_NET_FLIGHTS 32u

typedef struct nat_flight {
    floe_time at;
    floe_path path; /* as its receiver sees it */
    size_t len;
    bool to_server;
    uint8_t bytes[256];
} nat_flight;

typedef struct nat_net {
    floe_stun_discovery discovery;
    floe_stun_server server;
    sim_nat nat;
    sim_random random;
    floe_time now;
    bool has_nat;
    uint32_t loss; /* per mille, of each packet */
    /* Faults of a server, each as one was seen or is allowed. */
    bool is_dead;
    bool has_dead_other;   /* nothing comes to or from its second IP */
    bool has_alike_others; /* what it sends from its second IP names that as OTHER-ADDRESS */
    bool ignores_change, ignores_port;
    bool loses_port; /* an answer to another port never arrives */
    bool rewrites;   /* not the server: MAPPED-ADDRESS is changed on the way */
    nat_flight flights[NAT_NET_FLIGHTS];
    size_t flight_count;
    uint32_t sent; /* requests, lost ones too */
    uint32_t event_count[FLOE_STUN_DISCOVERY_DONE + 1];
} nat_net;

/* With no NAT for a NULL. Both sockets are there; the life of mappings is not asked for. */
void nat_net_init(nat_net *net, const sim_nat_config *config, uint64_t seed);
/* Begin, and go on until it is DONE. */
const floe_stun_discovery_report *nat_net_run(nat_net *net,
                                              const floe_stun_discovery_config *config);
/* What nat_net_run() takes, to be changed before. */
floe_stun_discovery_config nat_net_config(nat_net *net);

#endif
