/*
 * support/sim_world.h - the one event loop of a simulation: virtual time, actors, letters.
 *
 * An actor is anything on a host that is driven as every floe object is: input, advance, deadline,
 * transmit. The loop picks the earliest arrival, deadline or letter, sets the clock to it
 * (OpenSSL's too), tells the actor, and drains it. Letters are the signalling: texts between actors
 * that the network model does not touch.
 *
 * Checked after every step, whatever the test is about: invariants (an actor's settle does that),
 * no datagram over SIM_DATAGRAM_MAX, and a deadline in the future after a drain.
 */
#ifndef FLOE_SUPPORT_SIM_WORLD_H
#define FLOE_SUPPORT_SIM_WORLD_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "support/sim_net.h"
#include "support/sim_trace.h"

#define SIM_ACTORS 8
/* FLOE_DATAGRAM_MAX, and what a TURN client and its server put around it. */
#define SIM_DATAGRAM_MAX (FLOE_DATAGRAM_MAX + 56u)
#define SIM_MTU_MAX      2200u
#define SIM_LETTERS      256
#define SIM_WORLD_START  (1000 * FLOE_SECOND) /* when time begins */

typedef struct sim_actor {
    void *self;
    int host;
    void (*input)(void *self, floe_time now, const floe_path *path, uint8_t *run, size_t len,
                  size_t segment);
    void (*advance)(void *self, floe_time now);
    floe_time (*deadline)(const void *self); /* NULL, and advance too: never wakes by itself */
    bool (*transmit)(void *self, floe_transmit *out);
    void (*settle)(void *self); /* drain events, check invariants; NULL: nothing to do */
    void (*read)(void *self, int kind, const char *text); /* a letter; NULL: gets none */
} sim_actor;

typedef struct sim_letter {
    floe_time at;
    uint64_t order;
    int to, kind;
    char *text; /* NULL: free */
} sim_letter;

typedef struct sim_world {
    uint64_t seed;
    sim_random random; /* for the test's own choices */
    floe_time now;
    uint16_t mtu; /* the largest IP packet that a peer may make; 0: of FLOE_DATAGRAM_MAX */
    sim_net net;
    sim_actor actors[SIM_ACTORS];
    int actor_count;
    sim_letter letters[SIM_LETTERS];
    uint64_t letter_order;
    uint64_t steps, steps_here; /* since time last passed */
    sim_trace trace;            /* of all peers; its end is printed when a test has failed */
    char again[96];             /* what to put into the environment for this run alone */
} sim_world;

/* A simulation that ends by a failed assertion prints its seed: sim_world_free() must be reached.
 */
sim_world *sim_world_new(uint64_t seed);
void sim_world_free(sim_world *world);
/* As the teardown of each test: says which seed failed, and what went on before. */
int sim_world_teardown(void **state);

/* Returns the actor's number. */
int sim_world_add(sim_world *world, const sim_actor *actor);
/* Send what a call on the actor from outside of the loop has produced. */
void sim_world_drain(sim_world *world, int actor);
void sim_world_post(sim_world *world, int to, floe_time delay, int kind, const char *text);

/* The next thing that happens. False: nothing does, or not before `until`. */
bool sim_world_step(sim_world *world, floe_time until);
void sim_world_run(sim_world *world, floe_time duration);
/* Until `done` says true; false if it does not within `duration`. */
bool sim_world_run_until(sim_world *world, floe_time duration, bool (*done)(void *ctx), void *ctx);

/* Call `simulate` with `count` seeds from `first` on; with FLOE_SIM_SEED=n in the environment, with
 * n alone. */
void sim_world_for_seeds(uint64_t first, uint64_t count, void (*simulate)(uint64_t seed));

#endif
