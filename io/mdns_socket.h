/*
 * io/mdns_socket.h - a node of multicast DNS on real sockets: port 5353 of both families, the
 * groups joined on each interface, on the loop.
 *
 * Lives beside Avahi, browsers and whatever else of this machine speaks multicast DNS: the port is
 * shared, and what is sent is heard on this machine too. Linux. The node stays the caller's, who
 * calls its setters whenever it likes: what they cause is sent before the loop sleeps.
 *
 *     floe_mdns_node_init(&node, floe_rand_os(), floe_loop_now(loop));
 *     config.count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, false);
 *     floe_mdns_socket_open(&socket, &config);
 *     floe_mdns_node_register(&node, &addr, floe_mdns_socket_link_of(&addr), name);
 *     floe_mdns_node_resolve(&node, host, &request);    ... config.heard(ctx, &event)
 */
#ifndef FLOE_IO_MDNS_SOCKET_H
#define FLOE_IO_MDNS_SOCKET_H

#include "io/loop.h"
#include "mdns/mdns_node.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_MDNS_PACKET_MAX 9000u /* RFC 6762 section 17; longer ones are dropped */

typedef struct floe_mdns_socket_config {
    floe_loop *loop;
    floe_mdns_node *node;
    const floe_mdns_interface *interfaces; /* links are the system's indices; not kept */
    size_t count;
    /* A name is resolved, or can't be. Runs inside floe_loop_wait(); may call the node. */
    void (*heard)(void *ctx, const floe_mdns_event *event);
    void *ctx;
} floe_mdns_socket_config;

typedef struct floe_mdns_socket { /* in the caller's memory, not to be moved; fields are private */
    floe_loop *loop;              /* NULL: closed */
    floe_mdns_node *node;
    void (*heard)(void *ctx, const floe_mdns_event *event);
    void *ctx;
    floe_timer timer;
    floe_watch watches[2]; /* IPv4, IPv6; fd -1: closed */
    size_t count;
    floe_mdns_interface interfaces[FLOE_MDNS_INTERFACE_MAX]; /* those that were joined */
    uint64_t send_dropped;                                   /* packets that the kernel refused */
    uint64_t recv_dropped;                                   /* packets that the node refused */
    uint8_t packet[FLOE_MDNS_PACKET_MAX];
} floe_mdns_socket;

/* The interfaces of this machine to speak on, one entry for each family. Loopback only if asked
 * for, and then nothing else. Returns how many. */
size_t floe_mdns_socket_find(floe_mdns_interface *list, size_t cap, bool use_loopback);

/* Join, and give the node the interfaces where that worked. ARG: it did nowhere. FULL: no
 * descriptors. Nothing is open after an error. */
FLOE_MUST_USE floe_err floe_mdns_socket_open(floe_mdns_socket *socket,
                                             const floe_mdns_socket_config *config);
/* The addresses of this machine have changed, and these are the interfaces now: those that are new
 * are joined, and names of theirs announced there; those that are gone are forgotten. */
void floe_mdns_socket_update(floe_mdns_socket *socket, const floe_mdns_interface *list,
                             size_t count);
/* The node is closed, its goodbyes are sent. A closed one is fine, and one that is all zero. */
void floe_mdns_socket_close(floe_mdns_socket *socket);

/* The interface that has this address, for floe_mdns_node_register(); 0: none. Asks the system. */
uint32_t floe_mdns_socket_link_of(const floe_addr *addr);

#ifdef __cplusplus
}
#endif
#endif
