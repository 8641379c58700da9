/*
 * support/ice_relay_net.h - the network of support/ice_pair_net.h with TURN servers on it.
 *
 * Each server has an address 203.0.113.<10 + number>:3478 and relays on 198.51.100.<10 + number>;
 * it keeps one allocation for each side, in a turn_server_model each. Connections stand after a
 * round trip, and lose nothing.
 */
#ifndef FLOE_SUPPORT_ICE_RELAY_NET_H
#define FLOE_SUPPORT_ICE_RELAY_NET_H

#include "support/ice_pair_net.h"
#include "support/turn_server_model.h"

#define ICE_RELAY_SERVERS 3
#define ICE_RELAY_RELAYS  4

typedef struct ice_relay_server {
    floe_addr addr;
    uint8_t transport;
    turn_server_model model[2]; /* of each side */
    bool is_dead;               /* nothing comes in or out; connections are refused */
} ice_relay_server;

typedef struct ice_relay_net {
    ice_pair_net net;
    floe_ice_relays relays[2];
    floe_ice_relay memory[2][ICE_RELAY_RELAYS];
    ice_relay_server server[ICE_RELAY_SERVERS];
    unsigned connects, disconnects; /* events */
    unsigned packets;               /* between clients and servers so far, from 1 */
    unsigned lost;                  /* the one that is lost; 0: none */
    uint16_t next_port;
} ice_relay_net;

/* Both sides with this policy; no sockets yet, and no relays used. */
void ice_relay_net_init(ice_relay_net *r, uint64_t seed, floe_ice_policy first,
                        floe_ice_policy second);
/* A side is told of this server, which speaks this transport from then on. */
void ice_relay_net_use(ice_relay_net *r, int side, unsigned server, floe_transport transport);
/* A socket each, gathering to its end, at once or within `limit`; signal; and connect. */
void ice_relay_net_gather(ice_relay_net *r);
bool ice_relay_net_connect(ice_relay_net *r, floe_time limit);
void ice_relay_net_run(ice_relay_net *r, floe_time delta);
/* A text each way on the path for data, which has to arrive. */
bool ice_relay_net_talk(ice_relay_net *r);
/* The types of the path of this side: floe_ice_type of the local candidate. */
uint8_t ice_relay_net_local_type(const ice_relay_net *r, int side);
/* The server is started anew: it knows nobody. */
void ice_relay_net_restart_server(ice_relay_net *r, unsigned server);

#endif
