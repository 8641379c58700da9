/*
 * support/mdns_net.h - a link with nodes of multicast DNS on it, in virtual time.
 *
 * Node i has the addresses 203.0.113.(10 + i)/24 and, where asked for, 2001:db8::(10 + i)/64, both
 * of link 1. What is sent to a group reaches every node, the sender too; every packet is kept.
 */
#ifndef FLOE_SUPPORT_MDNS_NET_H
#define FLOE_SUPPORT_MDNS_NET_H

#include "base/floe_config.h"
#include "mdns/mdns_msg.h"
#include "mdns/mdns_node.h"
#include "support/sim_random.h"

#define MDNS_NET_NODES   3u
#define MDNS_NET_PACKETS 64u

typedef struct mdns_net_packet {
    floe_time at;
    size_t node; /* the sender */
    floe_path path;
    size_t len;
    uint8_t bytes[FLOE_DATAGRAM_MAX];
} mdns_net_packet;

typedef struct mdns_net {
    floe_time now;
    sim_random random;
    floe_mdns_node nodes[MDNS_NET_NODES];
    bool is_deaf[MDNS_NET_NODES]; /* gets nothing */
    size_t sent_count;
    mdns_net_packet sent[MDNS_NET_PACKETS];
    size_t event_count[MDNS_NET_NODES];
    floe_mdns_event events[MDNS_NET_NODES]; /* the last one of each */
} mdns_net;

void mdns_net_init(mdns_net *net);
floe_mdns_interface mdns_net_interface(size_t node, uint8_t family);
void mdns_net_add_interface(mdns_net *net, size_t node, uint8_t family);

/* Let packets and events come out until nothing is left, and hold the nodes to their promises. */
void mdns_net_drain(mdns_net *net);
void mdns_net_run(mdns_net *net, floe_time duration);

/* Give a node a packet as if `remote` had sent it. */
floe_err mdns_net_input(mdns_net *net, size_t node, const floe_addr *remote, floe_bytes packet);

/* Node's call with the checks around it; the request or the name comes back. */
uint32_t mdns_net_resolve(mdns_net *net, size_t node, const char *name);
void mdns_net_register(mdns_net *net, size_t node, const floe_addr *addr,
                       char name[FLOE_MDNS_NAME_TEXT_MAX]);

/* Of the packets kept from `first` on: how many are queries, or are responses. */
size_t mdns_net_count(const mdns_net *net, size_t first, bool is_response);
/* The first record of this type in it; fails the test where there is none. */
floe_mdns_record mdns_net_find_record(const mdns_net_packet *packet, uint16_t type);

#endif
