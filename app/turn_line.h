/*
 * app/turn_line.h - a TURN client on a connection to its server, watched: it remembers what a
 * person wants to know of the talk (realm, server's name, last error, which requests succeeded).
 */
#ifndef FLOE_APP_TURN_LINE_H
#define FLOE_APP_TURN_LINE_H

#include "base/floe_config.h"
#include "io/server_link.h"
#include "stun/stun_msg.h"
#include "turn/turn_client.h"

#define TURN_LINE_TEXT_MAX 128u

typedef struct turn_line_config {
    floe_server_link_config link; /* server, transport, host, ca_file, is_unverified */
    floe_bytes username, password;
    /* Data from a peer; may be NULL. */
    void (*received)(void *ctx, const floe_addr *peer, floe_bytes payload);
    void *ctx;
} turn_line_config;

typedef struct turn_line { /* in the caller's memory, not to be moved */
    const turn_line_config *config;
    floe_loop *loop;
    floe_server_link *link;
    floe_timer timer;
    floe_turn_client client;            /* once is_open */
    uint8_t waiting[FLOE_DATAGRAM_MAX]; /* a request that the connection has no room for now */
    size_t waiting_len;
    bool is_open;
    const char *broken; /* why the connection failed or broke; NULL: it did not */
    floe_time challenged_at;
    floe_addr alternate; /* where a 300 sends its clients */
    int code; /* of the last error response but the challenge; 0: none. Not authenticated */
    char realm[TURN_LINE_TEXT_MAX], software[TURN_LINE_TEXT_MAX]; /* printable ASCII */
    unsigned seen[FLOE_TURN_EV_CLOSED + 1];
    floe_turn_event event[FLOE_TURN_EV_CLOSED + 1]; /* the last of each */
    unsigned refreshed;                             /* successes of Refresh */
} turn_line;

/* The errors of floe_server_link_open(). Then close it, also after an error. */
FLOE_MUST_USE floe_err turn_line_open(turn_line *line, floe_loop *loop,
                                      const turn_line_config *config);
void turn_line_close(turn_line *line); /* the connection; the allocation is not asked about */

/* Run the loop until the connection stands, or an event of this type comes. False: it broke, the
 * allocation failed, or time is up. */
bool turn_line_wait_open(turn_line *line, floe_time patience);
bool turn_line_wait(turn_line *line, floe_turn_event_type type, floe_time patience);
/* Ask for a refresh, and whether that succeeds. */
bool turn_line_refresh(turn_line *line, floe_time patience);
/* Run the loop until `end`, or until *flag is true. Returns *flag. */
bool turn_line_run(turn_line *line, floe_time end, const bool *flag);
/* After a call on the client: send what it has to say. */
void turn_line_drain(turn_line *line);
/* Send one packet to a peer. False: there is no room for it, or no permission. */
bool turn_line_send(turn_line *line, const floe_addr *peer, floe_bytes payload);

#endif
