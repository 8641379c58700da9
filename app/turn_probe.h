/*
 * app/turn_probe.h - try a TURN server at one address, step by step, as its clients will use it:
 * connect, allocate, relay to itself and to the outside, measure, refresh, give back.
 */
#ifndef FLOE_APP_TURN_PROBE_H
#define FLOE_APP_TURN_PROBE_H

#include "app/turn_line.h"
#include "app/turn_report.h"
#include "app/turn_traffic.h"
#include "app/turn_words.h"
#include "app/udp_port.h"

typedef struct turn_probe {  /* in the caller's memory, not to be moved */
    turn_line_config config; /* `link`, `username`, `password` are the caller's to set */
    turn_login login;
    turn_report *report;
    floe_loop *loop;
    floe_time duration; /* of the measurement */

    turn_line line; /* from here on private */
    turn_traffic traffic;
    udp_port outside;
    floe_udp_batch batch;
    floe_addr outside_addr; /* of `outside`, as the relay sees it; family 0: not heard of */
    bool is_outside_back;   /* the answer came to `outside` */
    const char *reason;     /* why it does not relay: for the last line */
    char words[TURN_WORDS_MAX];
} turn_probe;

/* Returns whether it relays. Else probe->reason says in a clause why not. */
bool turn_probe_run(turn_probe *probe);

#endif
