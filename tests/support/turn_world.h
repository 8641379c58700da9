/*
 * support/turn_world.h - a TURN client and a server model, and a network between them in virtual
 * time, where the fate of any one packet can be chosen by its number.
 *
 * After every step the client's invariants are checked, and that its deadline is in the future.
 */
#ifndef FLOE_SUPPORT_TURN_WORLD_H
#define FLOE_SUPPORT_TURN_WORLD_H

#include "support/turn_server_model.h"
#include "turn/turn_client.h"

#define TURN_WORLD_QUEUE  64
#define TURN_WORLD_EVENTS 64

typedef enum turn_world_fate {
    TURN_WORLD_PASS,
    TURN_WORLD_DROP,
    TURN_WORLD_TWICE,
    TURN_WORLD_LATE /* by two seconds */
} turn_world_fate;

typedef struct turn_world_packet {
    floe_time at;
    bool to_server;
    floe_path path; /* the client's view */
    size_t len;
    uint8_t bytes[2048];
} turn_world_packet;

typedef struct turn_world {
    floe_turn_client client;
    turn_server_model server;
    floe_turn_config config;
    floe_time now;
    floe_time delay;  /* one way; 20 ms */
    unsigned packets; /* so far, both ways, counted from 1 */
    unsigned marked;  /* the one with a fate; 0: none */
    turn_world_fate fate;
    bool is_cut; /* nothing arrives */
    unsigned sent, wakeups;
    turn_world_packet queue[TURN_WORLD_QUEUE];
    floe_turn_event events[TURN_WORLD_EVENTS];
    unsigned event_count;
    floe_turn_data data; /* last, in `data_bytes` */
    uint8_t data_bytes[2048];
    unsigned data_count;
    uint64_t random;
} turn_world;

extern const floe_addr turn_world_peer, turn_world_peer6; /* 192.0.2.7:5000, [2001:db8::7]:5000 */

/* A server as of turn_server_model_init(), and a configuration to be changed; no client yet. */
void turn_world_init(turn_world *w);
/* The client, with w->config. */
void turn_world_start(turn_world *w);
/* init, start, and until ALLOCATED. */
void turn_world_allocate(turn_world *w);
/* Send what the client has to send, read its events: after a call to it. */
void turn_world_drain(turn_world *w);
/* Time passes; packets arrive, deadlines are kept. */
void turn_world_run(turn_world *w, floe_time delta);
/* Until the first event of this type that is not taken yet, which is taken; NULL: not within
 * `limit`. */
const floe_turn_event *turn_world_wait(turn_world *w, floe_turn_event_type type, floe_time limit);
unsigned turn_world_count(const turn_world *w, floe_turn_event_type type);
/* Wrap and send a text to the peer; the error of wrap. */
floe_err turn_world_send(turn_world *w, const floe_addr *peer, const char *text);
/* A peer sends a text to the relay; false: the server lets nothing through. */
bool turn_world_receive(turn_world *w, const floe_addr *peer, const char *text);
bool turn_world_got(const turn_world *w, const floe_addr *peer, const char *text);
/* Hand a packet to the client as if it came from the server. */
floe_err turn_world_inject(turn_world *w, floe_bytes packet);

#endif
