/*
 * app/turn_traffic.h - packets through a relay and back, counted and timed: first a few, for the
 * round trip and loss of an idle way; then more and more, until some are lost or enough was tried.
 */
#ifndef FLOE_APP_TURN_TRAFFIC_H
#define FLOE_APP_TURN_TRAFFIC_H

#include "app/turn_line.h"

#define TURN_TRAFFIC_QUIET_MAX 1024u                        /* packets of the first part */
#define TURN_TRAFFIC_BYTES     ((uint64_t)32 * 1024 * 1024) /* of payload, at most */
#define TURN_TRAFFIC_RATE_MAX  50000000u                    /* bits a second, at most */

typedef struct turn_traffic_result {
    unsigned sent, received; /* of the first part */
    uint32_t rtt_min_us, rtt_median_us, rtt_max_us;
    double mbit; /* megabits of payload a second: the best of all slots */
    unsigned load_sent, load_received;
    bool is_lossless; /* nothing was lost under load: it may be more */
} turn_traffic_result;

typedef struct turn_traffic { /* in the caller's memory */
    turn_line *line;
    floe_addr peer;
    uint64_t token; /* in each packet of ours */
    uint32_t next;  /* sequence number */
    uint32_t quiet; /* numbers below are of the first part */
    uint32_t rtts_us[TURN_TRAFFIC_QUIET_MAX];
    unsigned quiet_received;
    unsigned load_sent, load_received, slot_received;
    uint32_t highest, slot_highest; /* numbers heard of: ever, and before this slot */
    bool has_come;                  /* any packet of ours */
    uint32_t unheard_max;           /* packets that may be under way */
    uint64_t bytes;                 /* sent */
} turn_traffic;

void turn_traffic_init(turn_traffic *traffic, turn_line *line, const floe_addr *peer,
                       uint64_t token);
/* One packet to the peer. */
void turn_traffic_ping(turn_traffic *traffic);
/* Write a packet as above, for another way of sending it; returns its length. */
size_t turn_traffic_write(turn_traffic *traffic, uint8_t *buf, size_t len);
/* What came from the relay, or to the peer. False: none of ours. */
bool turn_traffic_input(turn_traffic *traffic, floe_bytes payload);
/* Measure for so long; false: the connection broke meanwhile. */
bool turn_traffic_run(turn_traffic *traffic, floe_time duration, turn_traffic_result *result);

#endif
