/*
 * ice/ice_relays_internal.h - how the parts of the relays share their state. Private to ice/.
 *
 *     ice_relays.c        the calls: servers, packets, connections, statistics
 *     ice_relays_path.c   the ways to the servers: which socket, when to connect
 *     ice_relays_sync.c   news from the clients to the agent, and back
 *     ice_relays_agent.c  the agent's side of it
 */
#ifndef FLOE_ICE_ICE_RELAYS_INTERNAL_H
#define FLOE_ICE_ICE_RELAYS_INTERNAL_H

#include "ice/ice_agent_internal.h"
#include "ice/ice_relays.h"

/* The connection to a server, where it is one. */
typedef enum floe_ice_relay_link {
    FLOE_ICE_RELAY_LINK_NONE,
    FLOE_ICE_RELAY_LINK_WANTED, /* to be told */
    FLOE_ICE_RELAY_LINK_OPENING,
    FLOE_ICE_RELAY_LINK_OPEN
} floe_ice_relay_link;

/* As long as a server is waited for by who can't trickle; as a STUN server is. */
#define FLOE_ICE_RELAY_WINDOW_US (5 * FLOE_SECOND)

#define FLOE_ICE_RELAY_PAUSE_US     (1 * FLOE_SECOND)
#define FLOE_ICE_RELAY_PAUSE_MAX_US (60 * FLOE_SECOND)

static inline bool floe_ice_relay_is_udp(const floe_ice_relay *relay)
{
    return relay->server.transport == FLOE_UDP;
}

/* Has this relay given the agent this address? */
static inline bool floe_ice_relay_is_told(const floe_ice_relay *relay, const floe_addr *addr)
{
    return addr->family != 0 && floe_addr_equal(&relay->told[addr->family == 6], addr);
}

/* Before a call to the client: it knows the time, and will be heard. */
static inline void floe_ice_relays_wake(const floe_ice_relays *relays, floe_ice_relay *relay)
{
    floe_turn_client_advance(&relay->client, relays->now);
    relay->is_awake = true;
}

/* The agent's gathering waits for it, up to this long. */
static inline void floe_ice_relays_wait_for(const floe_ice_relays *relays, floe_ice_relay *relay,
                                            floe_time delta)
{
    relay->is_decided = false;
    relay->busy_until = floe_time_after(relays->now, delta);
}

/* ice_relays.c: records of module ICE about this server. */
#if FLOE_TRACE
void floe_ice_relays_tell_server(const floe_ice_relays *relays, const floe_ice_relay *relay);
void floe_ice_relays_tell(const floe_ice_relays *relays, const floe_ice_relay *relay,
                          floe_ice_why why, uint16_t code, const floe_addr *addr);
void floe_ice_relays_tell_permit(const floe_ice_relays *relays, const floe_ice_relay *relay,
                                 uint8_t place, const floe_turn_event *event);
#else
#define floe_ice_relays_tell_server(relays, relay) ((void)(relays), (void)(relay))
#define floe_ice_relays_tell(relays, relay, why, code, addr)                                       \
    ((void)(relays), (void)(relay), (void)(why), (void)(code), (void)(addr))
#define floe_ice_relays_tell_permit(relays, relay, place, event)                                   \
    ((void)(relays), (void)(relay), (void)(place), (void)(event))
#endif

/* ice_relays_path.c */

/* Begin at the server's address; again after a failure. */
void floe_ice_relays_start(floe_ice_relays *relays, const floe_ice_agent *agent,
                           floe_ice_relay *relay);
/* See to a way to the server if one is due. */
void floe_ice_relays_find_path(floe_ice_relays *relays, const floe_ice_agent *agent,
                               floe_ice_relay *relay);
/* The socket that the server was asked from may be closed: then another one is looked for. */
void floe_ice_relays_check_path(floe_ice_relays *relays, const floe_ice_agent *agent,
                                floe_ice_relay *relay);
/* The client wants another one. */
void floe_ice_relays_want_path(floe_ice_relays *relays, floe_ice_relay *relay,
                               const floe_turn_event *event);
/* The connection is not needed any more. */
void floe_ice_relays_drop_link(floe_ice_relay *relay);

#endif
