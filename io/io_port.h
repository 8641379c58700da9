/*
 * io/io_port.h - many peers behind one UDP port: one socket for each address of this machine, bound
 * once, for all of them.
 *
 * For servers: a thousand peers need one descriptor instead of thousands, one hole in a firewall,
 * and cost nothing while they are idle. floe_io_config.port puts a peer on it. What comes goes to
 * its peer by the user fragment of a check, the transaction of a response, or the path that the
 * peer holds (ice/ice_mux.h). Where two peers of one port are reached from the same remote address,
 * once a check of the first was answered there, the second one gets nothing from that address.
 * A peer with a TURN server over UDP has sockets of its own, since such a server tells its clients
 * apart by their addresses. STUN servers are asked from the shared port.
 *
 * Peers on a port are looked at only when something came for them, something is due, or the program
 * called: so each round of calls on a peer begins with floe_io_peer_get(), and floe_io_port_next()
 * tells which ones have events.
 *
 *     floe_io_port_open(&port, loop, &(floe_io_port_config){.number = 5000});
 *     floe_io_peer_open(&io, loop, &(floe_io_config){.port = port}, &why);    ... and more
 *     for (;;) {
 *         floe_loop_wait(loop, -1);
 *         while ((io = floe_io_port_next(port)) != NULL)
 *             while (floe_io_peer_poll_event(io, &event)) ...
 *     }
 */
#ifndef FLOE_IO_IO_PORT_H
#define FLOE_IO_IO_PORT_H

#include "ice/ice_mux.h"
#include "io/io_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_io_port_config { /* zero means the default */
    uint16_t number;                 /* of the port; 0: any, a different one for each address */
    uint32_t peer_max;               /* at one time; default 1024, some 750 bytes each */
    bool use_loopback;               /* as floe_io_config has it, for all peers */
    floe_ip_handling ip_handling;    /* likewise; a peer that wants more of it is refused: ARG */
} floe_io_port_config;

typedef struct floe_io_port_stats {
    uint32_t peers, sockets;
    uint64_t send_dropped, recv_dropped; /* as floe_io_stats has them */
    uint64_t dropped_rival;              /* for a peer, on a path that is proven to be another's */
    floe_ice_mux_stats mux;
} floe_io_port_stats;

/* ARG: no address can be bound to that port; who has it, nobody says. FULL: no memory or no file
 * descriptors. */
FLOE_MUST_USE floe_err floe_io_port_open(floe_io_port **port, floe_loop *loop,
                                         const floe_io_port_config *config);
void floe_io_port_close(floe_io_port *port); /* after its peers; NULL is fine */

/* A peer with an event that the program has not seen; NULL: none (any more). Each is told once for
 * what it has, so its events are read until there are none. */
floe_io_peer *floe_io_port_next(floe_io_port *port);
void floe_io_port_get_stats(const floe_io_port *port, floe_io_port_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
