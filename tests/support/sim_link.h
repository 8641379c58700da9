/*
 * support/sim_link.h - what happens to a packet on one link, in one direction.
 *
 * Loss is of single packets (Bernoulli), or of bursts (Gilbert and Elliott's two states, which
 * packets drive; a pause of a second ends a burst as well), or both.
 * A link with a rate has a queue in front of it that drops what does not fit (drop-tail). Packets
 * over the MTU vanish without a word, as in a hole of path MTU discovery. TCP is carried as its
 * users see it: in order and whole, later where a segment was lost.
 */
#ifndef FLOE_SUPPORT_SIM_LINK_H
#define FLOE_SUPPORT_SIM_LINK_H

#include "base/floe.h"
#include "support/sim_random.h"

typedef struct sim_link { /* the chances are per mille */
    floe_time delay, jitter;
    uint32_t loss, duplicate, corrupt;
    uint32_t reorder;      /* chance to be held back for three delays and jitters */
    uint32_t burst_begins; /* chance of each packet that a burst begins with it; 0: never */
    uint32_t burst_ends;   /* chance of each packet in a burst that it is the last */
    uint32_t burst_spares; /* chance of a packet in a burst to get through */
    uint64_t rate;         /* bytes of IP packets a second; 0: any */
    uint32_t queue;        /* bytes that may wait for the rate */
    uint32_t mtu;          /* bytes of an IP packet; 0: any */
    bool is_down;
} sim_link;

/* A transmitter that is busy until it has sent all that waits. */
typedef struct sim_queue {
    uint64_t free_at_ns;
} sim_queue;

/* When a packet of `len` bytes, which comes at `now`, has been sent; NEVER: it does not fit. */
floe_time sim_queue_pass(sim_queue *queue, uint64_t rate, uint32_t limit, floe_time now,
                         size_t len);

typedef struct sim_lane { /* a link in one direction, with what it remembers */
    sim_link link;
    sim_queue queue;
    bool is_burst;
    floe_time last_at; /* when a packet came */
    floe_time last_tcp_at;
} sim_lane;

typedef struct sim_fate {
    floe_time at;      /* when it arrives; NEVER: it is lost */
    floe_time twin_at; /* of a duplicate; NEVER: there is none */
    bool is_corrupt;
} sim_fate;

/* The fate of an IP packet of `size` bytes that enters the lane at `now`. */
sim_fate sim_lane_cross(sim_lane *lane, sim_random *random, floe_time now, size_t size,
                        bool is_tcp);

#endif
