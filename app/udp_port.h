/* app/udp_port.h - a UDP socket on the loop that hands over one datagram at a time. */
#ifndef FLOE_APP_UDP_PORT_H
#define FLOE_APP_UDP_PORT_H

#include "io/loop.h"
#include "io/udp.h"

/* The packet is gone after the call. */
typedef void udp_port_receive(void *ctx, const floe_path *path, floe_bytes packet);

typedef struct udp_port { /* in the caller's memory, not to be moved */
    floe_udp udp;         /* what it is bound to: udp.local */
    floe_loop *loop;
    floe_watch watch;
    floe_udp_batch *batch; /* may be shared by all sockets of a loop */
    udp_port_receive *receive;
    void *ctx;
} udp_port;

/* As floe_udp_open(). */
FLOE_MUST_USE floe_err udp_port_open(udp_port *port, floe_loop *loop, floe_udp_batch *batch,
                                     const floe_addr *local, udp_port_receive *receive, void *ctx);
void udp_port_close(udp_port *port); /* one that is not open is fine */
/* What the kernel does not take is lost, as in a network. */
void udp_port_send(udp_port *port, const floe_transmit *packet);

/* The address (port 0) that this machine sends from to `remote`. False: there is no way there. */
bool udp_port_find_source(const floe_addr *remote, floe_addr *source);

#endif
