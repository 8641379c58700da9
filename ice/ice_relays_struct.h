/*
 * ice/ice_relays_struct.h - what the relays of an agent consist of. Public for its size only: every
 * field is private. Meanings, and the functions that keep them, are in ice/ice_relays_internal.h.
 */
#ifndef FLOE_ICE_ICE_RELAYS_STRUCT_H
#define FLOE_ICE_ICE_RELAYS_STRUCT_H

#include "ice/ice_relays.h"

#ifdef __cplusplus
extern "C" {
#endif

struct floe_ice_relay {
    floe_turn_client client;
    floe_ice_relay_server server;
    floe_path path;    /* to the server: local is ours to choose over UDP, else the connection's */
    floe_addr told[2]; /* IPv4, IPv6: the agent's candidates of it; family 0: none */
    floe_addr bound;   /* the peer with a channel, or none */
    floe_addr peer[FLOE_TURN_PERMISSION_MAX]; /* permissions that were asked for */
    uint32_t permitted;                       /* bit i: and peer[i] has got it */
    uint32_t pause_us;                        /* before the next attempt to connect */
    uint64_t tried;       /* bit i: asked from the agent's local candidate i, without success */
    floe_time path_at;    /* another way to the server is wanted then; NEVER: none is */
    floe_time busy_until; /* who can't trickle waits for it up to here */
    floe_time keep_at;    /* something is to go to the server then, where nothing else does */
    uint16_t code;        /* of the last failure or loss */
    uint16_t remote_news; /* of the agent, as far as seen to */
    uint8_t cause;
    uint8_t link;       /* floe_ice_relay_link */
    uint8_t of;         /* its server: number of the first relay of that */
    bool is_unresolved; /* more addresses may come */
    bool is_started;    /* the client may be asking */
    bool is_decided;    /* the first attempt has succeeded or failed */
    bool had_allocation;
    bool is_news;  /* permissions have changed */
    bool is_awake; /* the client may have something to tell */
    bool is_break_untold;
};

struct floe_ice_relays {
    floe_ice_relay *relay;
    uint32_t count, max;
    floe_rand rand;
    floe_trace trace;
    floe_time now;
    floe_path path; /* of the agent, as last seen */
    bool has_path;
    bool is_unproven; /* the agent has no path that is alive */
    bool is_closed;
};

#ifdef __cplusplus
}
#endif
#endif
