/*
 * support/sim_turn.h - a TURN server for simulations, with an allocation for each client that asks:
 * support/turn_server_model.h, many times, on one host. User "user", password "pass". Over UDP and
 * TCP at any port, over TLS at 443 and 5349.
 */
#ifndef FLOE_SUPPORT_SIM_TURN_H
#define FLOE_SUPPORT_SIM_TURN_H

#include "support/sim_stream.h"
#include "support/sim_world.h"
#include "support/turn_server_model.h"

#define SIM_TURN_IP      "198.51.100.9" /* where the model's relayed addresses are */
#define SIM_TURN_URL     "turn:198.51.100.9:3478"
#define SIM_TURN_TCP_URL "turn:198.51.100.9:3478?transport=tcp"
#define SIM_TURN_TLS_URL "turns:198.51.100.9:443?transport=tcp"
#define SIM_TURN_CLIENTS 8u
#define SIM_TURN_PACKETS 64u

typedef struct sim_turn_packet {
    floe_path path;
    size_t len;
    uint8_t bytes[2048];
} sim_turn_packet;

typedef struct sim_turn {
    turn_server_model models[SIM_TURN_CLIENTS];
    floe_addr clients[SIM_TURN_CLIENTS];       /* of each model; family 0: free */
    sim_stream *streams[SIM_TURN_CLIENTS];     /* of those that came over TCP or TLS */
    const tls_authority *authority;            /* signs the certificate; NULL: no TLS */
    sim_turn_packet packets[SIM_TURN_PACKETS]; /* ring, to be sent */
    size_t first, count;
    uint64_t relayed; /* packets, both ways */
} sim_turn;

/* Add a server to the world, on a host of its own, directly at the core. */
void sim_turn_add(sim_world *world, sim_turn *server, const sim_link *link);
void sim_turn_free(sim_turn *server);
/* As if it had been started anew: all allocations are gone. */
void sim_turn_restart(sim_turn *server);
/* Allocations that stand at `now`. */
unsigned sim_turn_count(const sim_turn *server, floe_time now);

#endif
