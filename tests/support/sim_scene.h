/*
 * support/sim_scene.h - the usual stage: two peers, each on a host of its own, on the core or
 * behind a NAT, and a STUN and a TURN server that both may use.
 */
#ifndef FLOE_SUPPORT_SIM_SCENE_H
#define FLOE_SUPPORT_SIM_SCENE_H

#include "support/sim_peer.h"
#include "support/sim_stun.h"
#include "support/sim_traffic.h"
#include "support/sim_turn.h"

#define SIM_STUN_IP  "192.0.2.53"
#define SIM_STUN_URL "stun:192.0.2.53:3478"

#define SIM_BOXES 2

typedef struct sim_box {
    const sim_nat_config *nat; /* NULL: none */
    const char *ip;            /* outside; that of the other place's box: it is the same one */
} sim_box;

typedef struct sim_place {          /* zero: on the core, IPv4, 10 ms to it */
    sim_link link;                  /* of the host; delay 0: 10 ms */
    const sim_nat_config *nat;      /* NULL: none */
    sim_box boxes[SIM_BOXES];       /* instead, from the host outwards; then ips[0] is needed */
    const char *ips[SIM_ADDRS + 1]; /* NULL: one address of its own, private behind a NAT */
    sim_peer_config config;
} sim_place;

typedef struct sim_scene {
    sim_world *world;
    sim_stun stun;
    sim_turn turn;
    tls_authority authority; /* of the TURN server, if anybody asks it over TLS */
    floe_tls_trust trust;    /* in that authority */
    int hosts[2], nats[2];   /* nodes; nat, the innermost; -1: none */
    sim_peer *peers[2];
    sim_traffic traffic;
} sim_scene;

/* Peer 0 is the one that will offer. Both are joined, nothing is opened. */
void sim_scene_init(sim_scene *scene, uint64_t seed, const sim_place places[2]);
void sim_scene_free(sim_scene *scene);
/* A channel "chat" that peer 0 opens, with ten short messages each way. */
void sim_scene_add_chat(sim_scene *scene);
/* Open the channels, make the offer, and run until all messages have arrived; false if they have
 * not within `patience`. */
bool sim_scene_play(sim_scene *scene, floe_time patience);
/* A chat on a scene that was just made, over which both get connected; fails the test if that takes
 * longer than 20 s. */
void sim_scene_chat(sim_scene *scene);
/* Run until both peers are in a state; false if they are not within `patience`. */
bool sim_scene_wait(sim_scene *scene, floe_peer_state state, floe_time patience);
/* When the later of the two was connected first; FLOE_TIME_NEVER: one never was. */
floe_time sim_scene_connected_at(const sim_scene *scene);
/* Why the peer failed or was closed by the other: this fault, and a sentence. */
void sim_scene_assert_fault(const sim_scene *scene, int peer, floe_peer_fault fault);
/* Send another ten messages each way on every channel. */
void sim_scene_add_messages(sim_scene *scene);

#endif
