/*
 * app/cmd_peer_internal.h - the state of `floe peer`, shared by its files.
 *
 * cmd_peer.c runs the loop and tells what happens; cmd_peer_commands.c does what it is told;
 * cmd_peer_queue.c holds what the peer does not take yet.
 */
#ifndef FLOE_APP_CMD_PEER_INTERNAL_H
#define FLOE_APP_CMD_PEER_INTERNAL_H

#include "app/cmd_peer_queue.h"
#include "app/json_in.h"
#include "app/json_out.h"
#include "app/trace_log.h"
#include "io/io_port.h"

typedef struct session {
    floe_loop *loop;
    json_in in;
    json_out out;
    trace_log trace;
    bool is_hiding;     /* addresses, behind names: --mdns */
    uint16_t number;    /* --port, or 0 */
    floe_io_port *port; /* with that number, once there is a peer; or NULL */
    floe_io_peer *io;   /* NULL before init */
    floe_peer *peer;    /* io's */
    bool is_trickle;    /* tell descriptions at once and candidates apart */
    bool is_echo;
    bool tells_low;     /* that a channel's buffer is low: a threshold was set */
    bool is_local_owed; /* a description of ours is to be told, once gathering is complete */
    bool is_quitting;
    floe_time quit_by;       /* when is_quitting: no later than this */
    floe_dc_id first;        /* the channel of a send that names none; FLOE_DC_NONE: none yet */
    floe_ice_state told_ice; /* the states that were told last */
    floe_peer_state told_pc;
    send_queue queue;
    uint64_t reads;   /* messages that may be taken; UINT64_MAX: any number */
    uint8_t *message; /* the message being looked at */
    size_t message_cap;
} session;

/* One line of input. What is wrong with it is told in an error line. */
void session_command(session *s, floe_bytes line);
/* Begin to end: what is queued is sent first, within bounds. Idempotent. */
void session_quit(session *s);
/* {"ev":"error","text":what + why} */
void session_error(session *s, const char *what, const char *why);

#endif
