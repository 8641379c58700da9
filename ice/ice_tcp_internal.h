/*
 * ice/ice_tcp_internal.h - how the parts of ICE-TCP share their state. Private to ice/.
 *
 *     ice_tcp.c         connections: the calls, the events, news for the agent and from it
 *     ice_tcp_agent.c   the agent's side: candidates, and pairs that come and go with connections
 */
#ifndef FLOE_ICE_ICE_TCP_INTERNAL_H
#define FLOE_ICE_ICE_TCP_INTERNAL_H

#include "ice/ice_agent_internal.h"
#include "ice/ice_tcp.h"

typedef enum floe_ice_tcp_state {
    FLOE_ICE_TCP_FREE,
    FLOE_ICE_TCP_WAIT,   /* for `at`, and for UDP to fail */
    FLOE_ICE_TCP_WANTED, /* to be told */
    FLOE_ICE_TCP_OPENING,
    FLOE_ICE_TCP_OPEN,
    FLOE_ICE_TCP_LOST,   /* the agent is to be told */
    FLOE_ICE_TCP_ENDING, /* its owner is to be told */
} floe_ice_tcp_state;

/* What the agent says of a connection. */
typedef enum floe_ice_tcp_use {
    FLOE_ICE_TCP_USELESS, /* no pair, or one that has failed */
    FLOE_ICE_TCP_USED,
    FLOE_ICE_TCP_VALID /* the pair is */
} floe_ice_tcp_use;

floe_ice_tcp_use floe_ice_tcp_get_use(const floe_ice_agent *agent, const floe_path *path);
/* No candidate of TCP has this IP any more. */
void floe_ice_tcp_forget_local(floe_ice_agent *agent, const floe_addr *ip);
/* The connection of an active candidate stands: now there is a pair to be checked. */
void floe_ice_tcp_add_pair(floe_ice_agent *agent, const floe_path *path);
/* The connection is no more, and what the agent knows of it. */
void floe_ice_tcp_forget(floe_ice_agent *agent, const floe_path *path);
/* Step through the pairs of candidates that may become a connection from here, from *cursor = 0. */
bool floe_ice_tcp_next_target(const floe_ice_agent *agent, size_t *cursor, floe_path *path,
                              uint32_t *priority);
/* Is there a direct path of this generation that is alive? */
bool floe_ice_tcp_is_proven(const floe_ice_agent *agent);

#endif
