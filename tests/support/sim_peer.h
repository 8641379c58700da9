/*
 * support/sim_peer.h - a floe_peer as an actor of a simulation, with the application around it that
 * every program has: sockets, signalling, a look at the events.
 *
 * Signalling is letters: offer, answer, and each candidate on its own, so that a candidate may
 * overtake its description. It is then kept until the description is set, as applications do. Only
 * the end of candidates is always the last.
 */
#ifndef FLOE_SUPPORT_SIM_PEER_H
#define FLOE_SUPPORT_SIM_PEER_H

#include "peer/peer.h"
#include "support/sim_tcp.h"
#include "support/sim_wires.h"
#include "support/sim_world.h"

#define SIM_PEER_HELD     64
#define SIM_PEER_COUNTERS 9

typedef struct sim_peer sim_peer;

/* What the test's application does; each may be NULL. */
typedef struct sim_app {
    void *self;
    void (*event)(void *self, sim_peer *peer, const floe_peer_event *event);
    void (*idle)(void *self, sim_peer *peer);  /* events are drained: read and send */
    void (*timer)(void *self, sim_peer *peer); /* sim_peer.timer_at has come */
} sim_app;

typedef struct sim_peer_config {       /* zero means the default */
    floe_time letter_delay;            /* of offer and answer: 20 ms */
    floe_time candidate_delay;         /* of a candidate at most: 40 ms, at least 0 */
    const char *stun_url;              /* none */
    const char *stun_ip;               /* what a name resolves to, after 30 ms; NULL: nothing */
    const char *turn_url;              /* none; user "user" */
    const char *turn_password;         /* "pass" */
    const floe_tls_trust *trust;       /* for turns: */
    size_t send_buffer, recv_buffer;   /* 512 KB each */
    uint32_t ring;                     /* 256 */
    uint32_t message_max;              /* 262144 */
    size_t addr_limit;                 /* sockets on the first so many addresses: all */
    void (*tamper)(char *description); /* changes what is sent, in place */
    bool has_tcp, is_listening;        /* candidates of TCP, active and passive: sim_peer_use_tcp */
    floe_peer_snap snap;
    uint16_t mtu;        /* packets grow up to it; 0: they do not */
    floe_ice_config ice; /* timing and policy */
    floe_trace trace;    /* that of the world, for who fails */
} sim_peer_config;

struct sim_peer {
    sim_world *world;
    sim_peer_config config;
    int host, actor;
    sim_peer *other;
    floe_peer *peer;
    sim_wires wires;
    floe_dtls_identity identity;
    sim_random random;
    void *memory[6];
    sim_tcp *tcp; /* NULL: none */
    int tcp_side;
    sim_app app;
    floe_time timer_at;
    floe_time last_letter_at; /* when the last of the candidates sent so far arrives */
    bool has_remote;
    char *held[SIM_PEER_HELD]; /* candidates that came before the description */
    size_t held_count;
    floe_peer_state state;
    floe_time state_at[FLOE_PEER_CLOSED + 1]; /* first entered; FLOE_TIME_NEVER */
    floe_err description_err;                 /* of the last remote description */
    uint64_t counters[SIM_PEER_COUNTERS];     /* of the statistics, after the last step */
};

sim_peer *sim_peer_new(sim_world *world, int host, const sim_peer_config *config);
void sim_peer_free(sim_peer *peer);
/* Letters go between these two. */
void sim_peer_join(sim_peer *a, sim_peer *b);
/* These two are the sides of its connections, as far as their configurations have TCP. */
void sim_peer_use_tcp(sim_tcp *tcp, sim_peer *a, sim_peer *b);
/* Bind sockets, make an offer, send it. */
void sim_peer_offer(sim_peer *peer);
/* Ask for new ICE credentials, and offer again. */
void sim_peer_restart_ice(sim_peer *peer);
/* Bind a socket on address `index` of the host. */
void sim_peer_bind(sim_peer *peer, size_t index);
/* Any change made on peer->peer from outside of the loop must be followed by this. */
void sim_peer_drain(sim_peer *peer);
bool sim_peer_is_state(const sim_peer *peer, floe_peer_state state);

#endif
