/*
 * ice/ice_relays_path.c - the ways to the servers: from which socket one is asked over UDP, and
 * when a connection is opened for the others.
 */
#include <string.h>

#include "ice/ice_relays_internal.h"

/* An address that nothing comes back to is left for the next one. */
#define SILENCE_US (3 * FLOE_SECOND)

void floe_ice_relays_drop_link(floe_ice_relay *relay)
{
    /* One that was not told yet needs no end either. */
    relay->is_break_untold =
        relay->is_break_untold || relay->link > (uint8_t)FLOE_ICE_RELAY_LINK_WANTED;
    relay->link = FLOE_ICE_RELAY_LINK_NONE;
}

/* Both families where IPv6 is of use to anybody; else nothing is said, and servers give IPv4. */
static floe_turn_relay wanted_family(const floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < agent->local_count; i++) {
        const floe_ice_cand *cand = &agent->local[i];
        if (cand->type == agent->host_type && cand->addr.family == 6) {
            return FLOE_TURN_RELAY_BOTH;
        }
    }
    for (uint8_t i = 0; i < agent->remote_count; i++) {
        if (agent->remote[i].addr.family == 6) {
            return FLOE_TURN_RELAY_BOTH;
        }
    }
    return FLOE_TURN_RELAY_ANY;
}

void floe_ice_relays_start(floe_ice_relays *relays, const floe_ice_agent *agent,
                           floe_ice_relay *relay)
{
    const floe_turn_config config = {
        .username = relay->server.username,
        .password = relay->server.password,
        .rand = relays->rand,
        .trace = relays->trace,
        .relay = wanted_family(agent),
        .redirects_max = 1,
        .id = (uint16_t)(relay - relays->relay),
    };
    floe_ice_relays_drop_link(relay);
    floe_err err = floe_turn_client_init(&relay->client, &config, relays->now);
    FLOE_ASSERT(err == FLOE_OK && "add_server has tried it");
    memset(relay->peer, 0, sizeof relay->peer);
    relay->bound = (floe_addr){0};
    relay->path = (floe_path){.remote = relay->server.addr, .transport = relay->server.transport};
    relay->permitted = 0;
    relay->tried = 0;
    relay->pause_us = FLOE_ICE_RELAY_PAUSE_US;
    relay->path_at = relays->now;
    relay->is_started = true;
    relay->had_allocation = false;
    floe_ice_relays_wait_for(relays, relay, FLOE_ICE_RELAY_WINDOW_US);
}

/* Two allocations of one server need two 5-tuples. */
static bool is_taken(const floe_ice_relays *relays, const floe_ice_relay *relay,
                     const floe_addr *local)
{
    for (uint32_t i = 0; i < relays->count; i++) {
        const floe_ice_relay *other = &relays->relay[i];
        floe_turn_state state = floe_turn_client_get_state(&other->client);
        if (other != relay && state != FLOE_TURN_FAILED && state != FLOE_TURN_CLOSED &&
            floe_ice_relay_is_udp(other) && floe_addr_equal(&other->path.local, local) &&
            floe_addr_equal(&other->path.remote, &relay->path.remote)) {
            return true;
        }
    }
    return false;
}

/* May the server be asked from this socket? Not where there is no way between them. */
static bool is_socket(const floe_ice_relays *relays, const floe_ice_agent *agent,
                      const floe_ice_relay *relay, uint8_t local)
{
    const floe_ice_cand *cand = &agent->local[local];
    const floe_addr *server = &relay->path.remote;
    return cand->type == agent->host_type && cand->transport == FLOE_UDP &&
           (relay->tried >> local & 1) == 0 && cand->addr.family == server->family &&
           floe_addr_is_loopback(&cand->addr) == floe_addr_is_loopback(server) &&
           floe_addr_is_link_local(&cand->addr) == floe_addr_is_link_local(server) &&
           !is_taken(relays, relay, &cand->addr);
}

static uint8_t find_socket(const floe_ice_relays *relays, const floe_ice_agent *agent,
                           const floe_ice_relay *relay)
{
    uint8_t best = FLOE_ICE_NONE;
    for (uint8_t i = 0; i < agent->local_count; i++) {
        if (is_socket(relays, agent, relay, i) &&
            (best == FLOE_ICE_NONE || agent->local[i].priority > agent->local[best].priority)) {
            best = i;
        }
    }
    return best;
}

static void set_path(floe_ice_relays *relays, floe_ice_relay *relay)
{
    floe_ice_relays_wake(relays, relay);
    floe_err err = floe_turn_client_set_path(&relay->client, &relay->path);
    FLOE_ASSERT(err == FLOE_OK);
}

static void find_udp_path(floe_ice_relays *relays, const floe_ice_agent *agent,
                          floe_ice_relay *relay)
{
    floe_turn_stats stats;
    floe_turn_state state = floe_turn_client_get_state(&relay->client);
    floe_turn_client_get_stats(&relay->client, &stats);
    bool is_heard = state == FLOE_TURN_ALLOCATING && stats.nonces > 0;
    uint8_t socket = find_socket(relays, agent, relay);
    if (socket != FLOE_ICE_NONE && !is_heard && state != FLOE_TURN_ALLOCATED) {
        relay->tried |= UINT64_C(1) << socket;
        relay->path.local = agent->local[socket].addr;
        relay->path_at = floe_time_after(relays->now, SILENCE_US);
        set_path(relays, relay);
    } else if (relay->tried != 0 && state == FLOE_TURN_WAITING) {
        /* RFC 8656 §7.4: the server holds this 5-tuple for another allocation. With no other socket
         * to ask from, it is asked again after a while, in which that may end. */
        relay->tried = 0;
        relay->path_at = floe_time_after(relays->now, relay->pause_us);
    } else if (relay->tried != 0) {
        relay->path_at = FLOE_TIME_NEVER;
    } else if (agent->is_local_ended) {
        relay->is_decided = true; /* no socket can reach it; but one may come */
    }
}

void floe_ice_relays_find_path(floe_ice_relays *relays, const floe_ice_agent *agent,
                               floe_ice_relay *relay)
{
    if (!relay->is_started || relays->now < relay->path_at) {
        return;
    }
    if (floe_ice_relay_is_udp(relay)) {
        find_udp_path(relays, agent, relay);
    } else {
        relay->link = FLOE_ICE_RELAY_LINK_WANTED;
        relay->path_at = FLOE_TIME_NEVER;
    }
}

void floe_ice_relays_check_path(floe_ice_relays *relays, const floe_ice_agent *agent,
                                floe_ice_relay *relay)
{
    if (!floe_ice_relay_is_udp(relay) || relay->path.local.family == 0 ||
        floe_ice_table_find_base(agent, &relay->path.local, FLOE_UDP) != FLOE_ICE_NONE) {
        return;
    }
    relay->path.local = (floe_addr){0};
    relay->tried = 0;
    relay->path_at = relays->now;
    floe_ice_relays_wake(relays, relay);
    floe_turn_client_lose_path(&relay->client);
}

void floe_ice_relays_want_path(floe_ice_relays *relays, floe_ice_relay *relay,
                               const floe_turn_event *event)
{
    if (event->code == 0) {
        return; /* the connection has broken: it was us who said so */
    }
    floe_ice_relays_tell(relays, relay, FLOE_ICE_WHY_BUSY, event->code, &event->server);
    relay->path.remote = event->server;
    relay->path_at = relays->now;
    if (!floe_ice_relay_is_udp(relay)) {
        floe_ice_relays_drop_link(relay);
    } else if (event->code == 300) {
        set_path(relays, relay);
        relay->path_at = FLOE_TIME_NEVER;
    }
}

void floe_ice_relays_connected(floe_ice_relays *relays, uint32_t relay, const floe_addr *local)
{
    if (relay >= relays->count || relays->relay[relay].link != FLOE_ICE_RELAY_LINK_OPENING) {
        return;
    }
    floe_ice_relay *mine = &relays->relay[relay];
    mine->link = FLOE_ICE_RELAY_LINK_OPEN;
    mine->path.local = *local;
    set_path(relays, mine);
}

void floe_ice_relays_disconnected(floe_ice_relays *relays, uint32_t relay)
{
    if (relay >= relays->count || relays->relay[relay].link < FLOE_ICE_RELAY_LINK_OPENING) {
        return;
    }
    floe_ice_relay *mine = &relays->relay[relay];
    mine->link = FLOE_ICE_RELAY_LINK_NONE;
    mine->is_decided = true;
    floe_ice_relays_tell(relays, mine, FLOE_ICE_WHY_CONNECTION, 0, &mine->path.remote);
    mine->path.remote = mine->server.addr;
    mine->path_at =
        relays->is_closed ? FLOE_TIME_NEVER : floe_time_after(relays->now, mine->pause_us);
    uint32_t longer = 2 * mine->pause_us;
    mine->pause_us =
        longer < FLOE_ICE_RELAY_PAUSE_MAX_US ? longer : (uint32_t)FLOE_ICE_RELAY_PAUSE_MAX_US;
    floe_ice_relays_wake(relays, mine);
    floe_turn_client_lose_path(&mine->client);
}
