/* support/sim_stun.h - a STUN server for simulations (RFC 8489): answers Binding requests. */
#ifndef FLOE_SUPPORT_SIM_STUN_H
#define FLOE_SUPPORT_SIM_STUN_H

#include "support/sim_world.h"

#define SIM_STUN_REPLIES 16u

typedef struct sim_stun_reply {
    floe_path path;
    size_t len;
    uint8_t bytes[256];
} sim_stun_reply;

typedef struct sim_stun {
    sim_stun_reply replies[SIM_STUN_REPLIES];
    size_t reply_count;
    uint64_t requests;
} sim_stun;

/* Add a server to the world, on a host of its own with this address, directly at the core. */
void sim_stun_add(sim_world *world, sim_stun *server, const char *ip, const sim_link *link);

#endif
