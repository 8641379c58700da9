/*
 * support/sim_wires.h - what io/relay_links.h is to a program: a simulated peer's connections to
 * TURN servers over TCP and TLS, by the number that the peer gave each.
 */
#ifndef FLOE_SUPPORT_SIM_WIRES_H
#define FLOE_SUPPORT_SIM_WIRES_H

#include "peer/peer.h"
#include "support/sim_stream.h"

#define SIM_WIRES 4u

typedef struct sim_wires {
    floe_peer *peer;
    const floe_tls_trust *trust;
    floe_time now;
    unsigned opened; /* connections so far */
    sim_stream *streams[SIM_WIRES];
    bool is_told[SIM_WIRES];
} sim_wires;

void sim_wires_init(sim_wires *wires, floe_peer *peer, const floe_tls_trust *trust);
void sim_wires_free(sim_wires *wires);

/* FLOE_PEER_EV_CONNECT and _DISCONNECT; `from` is an IP of the host. */
void sim_wires_open(sim_wires *wires, floe_time now, const floe_peer_event *event,
                    const floe_addr *from);
void sim_wires_close(sim_wires *wires, uint32_t request);

/* Segments that came; messages go to the peer. */
void sim_wires_input(sim_wires *wires, floe_time now, const floe_path *path, floe_bytes segment);
/* A run of messages that the peer wants to send; false: not over one of these. */
bool sim_wires_send(sim_wires *wires, const floe_transmit *run);
bool sim_wires_poll_transmit(sim_wires *wires, floe_transmit *out);
/* Tell the peer which connections stand, or are broken. */
void sim_wires_tell(sim_wires *wires);
void sim_wires_advance(sim_wires *wires, floe_time now);
floe_time sim_wires_deadline(const sim_wires *wires);

#endif
