/*
 * support/sim_traffic.h - two applications that send each other messages over several channels, and
 * believe nothing: each message has a size and a content that only its place in the plan gives.
 *
 * Reliable and ordered: every message arrives once, in order. Reliable and unordered: every message
 * once. Partially reliable: at most once, and in order where the channel is ordered.
 */
#ifndef FLOE_SUPPORT_SIM_TRAFFIC_H
#define FLOE_SUPPORT_SIM_TRAFFIC_H

#include "support/sim_peer.h"

#define SIM_PLANS    8
#define SIM_MESSAGES 64

typedef struct sim_plan {    /* of a channel; both sides send the same sizes on it */
    const char *label;       /* different from the others' */
    floe_dc_options options; /* without the label */
    int opener;              /* side 0 or 1; with options.is_negotiated both open it */
    size_t count;
    size_t sizes[SIM_MESSAGES];
} sim_plan;

typedef struct sim_side {
    sim_peer *peer;
    floe_dc_id channels[SIM_PLANS]; /* FLOE_DC_NONE: not open */
    size_t sent[SIM_PLANS], received[SIM_PLANS], next[SIM_PLANS];
    bool seen[SIM_PLANS][SIM_MESSAGES];
    size_t closed;
} sim_side;

typedef struct sim_traffic {
    uint64_t key;
    sim_plan plans[SIM_PLANS];
    size_t plan_count;
    sim_side sides[2];
    floe_time read_pause; /* a slow reader: takes one message, then sleeps so long. 0: at once */
} sim_traffic;

/* An empty traffic between two peers, of which it becomes the application. */
void sim_traffic_init(sim_traffic *traffic, uint64_t key, sim_peer *a, sim_peer *b);
/* Add a channel; returns it, to be filled with sizes. Before sim_traffic_open(). */
sim_plan *sim_traffic_add(sim_traffic *traffic, const char *label, int opener);
void sim_plan_add_sizes(sim_plan *plan, const size_t *sizes, size_t count);
/* Open all channels. */
void sim_traffic_open(sim_traffic *traffic);
/* Everything was sent, and everything that must arrive has arrived, both ways. */
bool sim_traffic_is_done(void *traffic);

#endif
