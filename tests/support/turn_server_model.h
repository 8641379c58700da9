/*
 * support/turn_server_model.h - a TURN server of one allocation, in virtual time: what RFC 8656
 * asks of a server, checked as strictly as it can be, with knobs for what servers do wrong.
 *
 * It believes nothing without credentials, forgets permissions after 300 s, channels after 600 s,
 * and the allocation when its lifetime ends. User "user", password "pass", realm "floe.test".
 */
#ifndef FLOE_SUPPORT_TURN_SERVER_MODEL_H
#define FLOE_SUPPORT_TURN_SERVER_MODEL_H

#include "base/floe.h"
#include "stun/stun_msg.h"

#define TURN_MODEL_PEERS 64 /* more than a client can have, with those that it has given up */

typedef struct turn_model_peer {
    floe_addr peer;
    floe_time until;
    uint16_t number; /* 0: a permission */
} turn_model_peer;

typedef struct turn_server_model {
    /* knobs */
    const char *password, *realm;
    bool has_algorithms, is_anonymous; /* RFC 8489: SHA-256 keys, USERHASH */
    bool is_unsigned;                  /* errors come without integrity */
    bool has_mobility, no_dont_fragment, ignores_family;
    uint32_t lifetime_s;     /* given; 600 */
    floe_time nonce_life;    /* 0: for ever */
    uint16_t fail_method;    /* answer this method ... */
    uint16_t fail_code;      /* ... with this code ... */
    unsigned fail_count;     /* ... so many times */
    floe_addr denied;        /* 403 for this IP */
    floe_addr alternate;     /* sent with a 300 */
    uint16_t unknown_type;   /* an attribute put into success responses */
    uint16_t missing_family; /* BOTH: code for the IPv6 relay */
    bool has_empty_relay;    /* BOTH: 0.0.0.0:0 for the IPv6 relay, as coturn 4.6 without one */
    uint8_t host;            /* last byte of its relayed addresses; 9 */
    /* state */
    floe_time now, nonce_at, until;
    unsigned nonce;
    bool is_allocated;
    floe_addr client, relay[2];
    uint8_t allocate_tid[12];
    uint32_t ticket, port;
    turn_model_peer peers[TURN_MODEL_PEERS];
    /* what came: requests by method, and the last data to a peer */
    unsigned requests[16], data_count, dropped;
    floe_addr data_peer;
    uint8_t data[2048];
    size_t data_len;
    bool data_by_channel, data_dont_fragment;
    uint16_t last_transport, last_lifetime;
    bool last_even, last_reserve, last_token;
} turn_server_model;

void turn_server_model_init(turn_server_model *m);
/* As if the program had been started anew: it knows nobody, and its nonces are others. */
void turn_server_model_restart(turn_server_model *m);
/* A packet from a client; the length of the answer in out[0..2048), 0 if there is none. */
size_t turn_server_model_input(turn_server_model *m, floe_time now, const floe_addr *from,
                               floe_bytes packet, uint8_t *out);
/* A packet from a peer: what goes to the client; 0: no permission. */
size_t turn_server_model_relay(turn_server_model *m, floe_time now, const floe_addr *peer,
                               floe_bytes payload, uint8_t *out);
/* Is there a permission (number 0) or a channel for this peer now? */
bool turn_server_model_has(const turn_server_model *m, const floe_addr *peer, bool channel);

#endif
