/*
 * ice/ice_relays_sync.c - news from the clients to the agent, and back: candidates, permissions,
 * the channel of the pair in use.
 */
#include <string.h>

#include "ice/ice_relays_internal.h"

_Static_assert(FLOE_TURN_PERMISSION_MAX <= 32, "a bit each in floe_ice_relay.permitted");

/* RFC 8445 §5.1.1.4: until a pair has proven itself, the way to the server is kept open through
 * NATs, whose bindings last for half a minute at least (RFC 4787 has two). */
#define KEEP_US (15 * FLOE_SECOND)

/* By transport. UDP first: a stream makes data wait for what was lost before it. */
static uint16_t preference(const floe_ice_relays *relays, const floe_ice_relay *relay)
{
    static const unsigned ranks[] = {
        [FLOE_UDP] = 3, [FLOE_DTLS] = 2, [FLOE_TCP] = 1, [FLOE_TLS] = 0};
    unsigned index = (unsigned)(relay - relays->relay);
    return (uint16_t)((ranks[relay->server.transport] << 14) + 0x3fffu - index);
}

/* RFC 8445 §5.1.1.3: by the server's IP, and the transport to it; over UDP STUN servers count too.
 */
static uint8_t server_class(const floe_ice_relays *relays, const floe_ice_agent *agent,
                            const floe_ice_relay *relay)
{
    const floe_addr *server = &relay->path.remote;
    uint8_t class = floe_ice_gather_class(agent, server);
    if (floe_ice_relay_is_udp(relay) && class <= agent->server_count) {
        return class;
    }
    uint8_t i = 0;
    while (relays->relay[i].path.transport != relay->path.transport ||
           !floe_addr_ip_equal(&relays->relay[i].path.remote, server)) {
        i++;
    }
    return (uint8_t)(FLOE_ICE_SERVER_MAX + 2 + i);
}

/* Make the agent's candidate of this family what the client has got. */
static void tell(const floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay,
                 uint8_t family, const floe_addr *mapped)
{
    floe_addr *told = &relay->told[family == 6];
    floe_addr now = floe_turn_client_get_relay(&relay->client, family);
    if (floe_addr_equal(told, &now)) {
        return;
    }
    if (told->family != 0) {
        floe_ice_agent_remove_relay(agent, told);
    }
    if (now.family != 0 &&
        floe_ice_agent_add_relay(agent, &now, mapped, preference(relays, relay),
                                 server_class(relays, agent, relay)) != FLOE_OK) {
        now = (floe_addr){0};
    }
    *told = now;
}

static void take_allocated(floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay,
                           const floe_turn_event *event)
{
    relay->is_decided = relay->had_allocation = relay->is_news = true;
    floe_ice_relays_tell(relays, relay, FLOE_ICE_WHY_RELAYED, 0,
                         &event->relay[event->relay[0].family == 0]);
    relay->tried = 0;
    relay->pause_us = FLOE_ICE_RELAY_PAUSE_US;
    relay->path_at = FLOE_TIME_NEVER;
    relay->keep_at = floe_time_after(relays->now, KEEP_US);
    tell(relays, agent, relay, 6, &event->mapped);
    tell(relays, agent, relay, 4, &event->mapped);
    if (floe_ice_relay_is_udp(relay)) {
        floe_ice_agent_add_mapped(agent, &relay->path.local, &event->mapped,
                                  server_class(relays, agent, relay));
    }
}

static void take_failed(floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay,
                        const floe_turn_event *event)
{
    relay->is_decided = true;
    tell(relays, agent, relay, 6, NULL);
    tell(relays, agent, relay, 4, NULL);
    if (floe_ice_relay_is_udp(relay)) {
        /* Another socket may reach it. */
        bool is_silent = event->cause == FLOE_TURN_CAUSE_TIMEOUT;
        relay->path_at = is_silent ? relays->now : FLOE_TIME_NEVER;
    } else if (!relay->had_allocation || event->retry_us == 0) {
        floe_ice_relays_drop_link(relay); /* else the client asks again by itself */
    }
}

static void take_peer(const floe_ice_relays *relays, floe_ice_relay *relay,
                      const floe_turn_event *event)
{
    for (uint8_t i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
        if (floe_addr_ip_equal(&relay->peer[i], &event->peer)) {
            uint32_t bit = UINT32_C(1) << i;
            relay->permitted = event->is_ready ? relay->permitted | bit : relay->permitted & ~bit;
            relay->is_news = true;
            floe_ice_relays_tell_permit(relays, relay, i, event);
        }
    }
}

/* The cause of a failure, as the trace has it. */
static floe_ice_why explain(const floe_turn_event *event)
{
    switch (event->cause) {
    case FLOE_TURN_CAUSE_TIMEOUT:
        return FLOE_ICE_WHY_TIMEOUT;
    case FLOE_TURN_CAUSE_INTEGRITY:
        return FLOE_ICE_WHY_LOGIN;
    case FLOE_TURN_CAUSE_PROTOCOL:
        return FLOE_ICE_WHY_NONSENSE;
    default:
        return FLOE_ICE_WHY_REFUSED;
    }
}

static void take_event(floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay,
                       const floe_turn_event *event)
{
    switch (event->type) {
    case FLOE_TURN_EV_ALLOCATED:
        take_allocated(relays, agent, relay, event);
        break;
    case FLOE_TURN_EV_FAILED:
        relay->cause = (uint8_t)event->cause;
        relay->code = event->code;
        floe_ice_relays_tell(relays, relay, explain(event), event->code, &relay->path.remote);
        take_failed(relays, agent, relay, event);
        break;
    case FLOE_TURN_EV_LOST:
        /* The agent keeps the candidate until there is another one or none to be had: meanwhile
         * its pairs are silent, as after any loss. */
        relay->cause = (uint8_t)event->cause;
        relay->code = event->code;
        relay->permitted = 0;
        floe_ice_relays_tell(relays, relay, FLOE_ICE_WHY_LOST, event->code, &relay->path.remote);
        floe_ice_relays_wait_for(relays, relay, FLOE_ICE_RELAY_WINDOW_US);
        break;
    case FLOE_TURN_EV_PATH_WANTED:
        floe_ice_relays_want_path(relays, relay, event);
        break;
    case FLOE_TURN_EV_PEER:
        take_peer(relays, relay, event);
        break;
    default: /* channels are the client's own affair */
        break;
    }
}

/* Nobody may use a relay to reach what only its server can; save where all are on one host. */
static bool is_peer_ok(const floe_ice_relay *relay, const floe_addr *peer)
{
    bool is_near = floe_addr_is_loopback(peer) || floe_addr_is_link_local(peer);
    return relay->told[peer->family == 6].family != 0 &&
           (!is_near || floe_addr_is_loopback(&relay->path.remote));
}

static bool has_ip(const floe_addr *list, size_t count, const floe_addr *addr)
{
    for (size_t i = 0; i < count; i++) {
        if (floe_addr_ip_equal(&list[i], addr)) {
            return true;
        }
    }
    return false;
}

/* The IPs to have permissions for: that of the pair in use, and of the remote candidates. */
static size_t list_wanted(const floe_ice_relays *relays, const floe_ice_agent *agent,
                          const floe_ice_relay *relay, floe_addr wanted[FLOE_TURN_PERMISSION_MAX])
{
    size_t count = 0;
    if (relays->has_path && floe_ice_relay_is_told(relay, &relays->path.local)) {
        wanted[count++] = relays->path.remote;
    }
    for (uint8_t i = 0; i < agent->remote_count && count < FLOE_TURN_PERMISSION_MAX; i++) {
        const floe_ice_cand *cand = &agent->remote[i];
        /* A peer-reflexive one came through a permission that it has, or to another base. */
        if (cand->type != FLOE_ICE_PRFLX && cand->transport == FLOE_UDP && !cand->is_hidden &&
            is_peer_ok(relay, &cand->addr) && !has_ip(wanted, count, &cand->addr)) {
            wanted[count++] = cand->addr;
        }
    }
    return count;
}

/* A place for a peer: free, or of one that is not wanted any more. There is one, since no more are
 * wanted than there are places. */
static uint8_t find_place(const floe_ice_relay *relay, const floe_addr *wanted, size_t count)
{
    uint8_t i = 0;
    while (relay->peer[i].family != 0 && has_ip(wanted, count, &relay->peer[i])) {
        i++;
    }
    return i;
}

static void ask_for_peers(const floe_ice_relays *relays, const floe_ice_agent *agent,
                          floe_ice_relay *relay)
{
    floe_addr wanted[FLOE_TURN_PERMISSION_MAX];
    size_t count = list_wanted(relays, agent, relay, wanted);
    for (size_t i = 0; i < count; i++) {
        if (has_ip(relay->peer, FLOE_TURN_PERMISSION_MAX, &wanted[i])) {
            continue;
        }
        uint8_t place = find_place(relay, wanted, count);
        if (relay->peer[place].family != 0) {
            floe_turn_client_remove_peer(&relay->client, &relay->peer[place]);
        }
        relay->peer[place] = wanted[i];
        relay->permitted &= ~(UINT32_C(1) << place);
        floe_err err = floe_turn_client_add_peer(&relay->client, &wanted[i]);
        FLOE_ASSERT(err == FLOE_OK);
    }
}

static void sync_peers(const floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay)
{
    if (!relay->is_news && relay->remote_news == agent->remote_news) {
        return;
    }
    relay->is_news = false;
    relay->remote_news = agent->remote_news;
    floe_ice_relays_wake(relays, relay);
    ask_for_peers(relays, agent, relay);
    for (uint8_t i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
        if ((relay->permitted >> i & 1) != 0) {
            const floe_addr *peer = &relay->peer[i];
            floe_ice_agent_permit(agent, &relay->told[peer->family == 6], peer);
        }
    }
}

/* A channel for the pair in use: 4 bytes a packet, instead of 36 or more. */
static void sync_channel(const floe_ice_relays *relays, floe_ice_relay *relay)
{
    bool is_used = relays->has_path && floe_ice_relay_is_told(relay, &relays->path.local);
    floe_addr peer = is_used ? relays->path.remote : (floe_addr){0};
    if (floe_addr_equal(&peer, &relay->bound)) {
        return;
    }
    floe_ice_relays_wake(relays, relay);
    if (relay->bound.family != 0) {
        floe_turn_client_unbind(&relay->client, &relay->bound);
    }
    relay->bound = peer;
    relay->is_news = true; /* its permission goes first */
    if (is_used) {
        /* FULL: many have had channels of late; Send indications do as well. */
        (void)!floe_turn_client_bind(&relay->client, &peer);
    }
}

/* Is the server still there, and the way to it? */
static void probe(const floe_ice_relays *relays, floe_ice_relay *relay)
{
    relay->keep_at = floe_time_after(relays->now, KEEP_US);
    floe_ice_relays_wake(relays, relay);
    floe_turn_client_refresh(&relay->client);
}

static void keep(const floe_ice_relays *relays, floe_ice_relay *relay)
{
    if (relays->is_unproven && relays->now >= relay->keep_at) {
        probe(relays, relay);
    }
}

static void take_agent_news(floe_ice_relays *relays, const floe_ice_agent *agent)
{
    floe_ice_state state = floe_ice_agent_get_state(agent);
    relays->has_path = floe_ice_agent_get_path(agent, &relays->path);
    bool was_unproven = relays->is_unproven;
    relays->is_unproven =
        state == FLOE_ICE_NEW || state == FLOE_ICE_CHECKING || state == FLOE_ICE_DISCONNECTED;
    for (uint32_t i = 0; i < relays->count; i++) {
        floe_ice_relay *relay = &relays->relay[i];
        if (relays->is_unproven && !was_unproven && relay->keep_at != FLOE_TIME_NEVER) {
            relay->keep_at = relays->now; /* silence: ask the server at once */
        }
    }
}

/* A restart of the agent: what has failed is tried again. Networks change where there are restarts:
 * what is there is asked whether it still is, and has half a second to say no, so that another
 * relay can be told in its stead. */
static void revive(floe_ice_relays *relays, floe_ice_relay *relay)
{
    floe_turn_state state = floe_turn_client_get_state(&relay->client);
    floe_ice_relays_wait_for(
        relays, relay, state == FLOE_TURN_ALLOCATED ? FLOE_STUN_RTO_US : FLOE_ICE_RELAY_WINDOW_US);
    if (state == FLOE_TURN_FAILED || state == FLOE_TURN_CLOSED) {
        relay->is_started = false;
    } else if (state == FLOE_TURN_ALLOCATED) {
        probe(relays, relay);
    } else if (relay->path_at != FLOE_TIME_NEVER) {
        relay->path_at = relays->now;
    }
}

static bool is_busy(const floe_ice_relays *relays, const floe_ice_relay *relay)
{
    if (relay->is_started) {
        return !relay->is_decided && relays->now < relay->busy_until;
    }
    return relay->is_unresolved || relay->server.addr.family != 0;
}

static void sync_busy(const floe_ice_relays *relays, floe_ice_agent *agent)
{
    bool busy = false;
    for (uint32_t i = 0; i < relays->count; i++) {
        busy = busy || is_busy(relays, &relays->relay[i]);
    }
    busy = busy && agent->gathering != FLOE_ICE_GATHERING_COMPLETE;
    if (agent->relaying != (busy ? FLOE_ICE_RELAYING_BUSY : FLOE_ICE_RELAYING_DONE)) {
        floe_ice_agent_set_relaying(agent, busy);
    }
}

static void sync_relay(floe_ice_relays *relays, floe_ice_agent *agent, floe_ice_relay *relay)
{
    floe_turn_event event;
    if (!relay->is_started && relay->server.addr.family != 0 &&
        agent->gathering == FLOE_ICE_GATHERING_BUSY) {
        floe_ice_relays_start(relays, agent, relay);
    }
    floe_ice_relays_check_path(relays, agent, relay);
    while (relay->is_awake && floe_turn_client_poll_event(&relay->client, &event)) {
        take_event(relays, agent, relay, &event);
    }
    relay->is_awake = false;
    floe_ice_relays_find_path(relays, agent, relay);
    sync_channel(relays, relay);
    sync_peers(relays, agent, relay);
    keep(relays, relay);
}

void floe_ice_relays_sync(floe_ice_relays *relays, floe_ice_agent *agent)
{
    if (relays->count == 0 || relays->is_closed || floe_ice_agent_is_closed(agent)) {
        return;
    }
    relays->now = agent->now > relays->now ? agent->now : relays->now;
    bool is_restart = agent->relaying == FLOE_ICE_RELAYING_AGAIN;
    take_agent_news(relays, agent);
    for (uint32_t i = 0; i < relays->count; i++) {
        if (is_restart) {
            revive(relays, &relays->relay[i]);
        }
        sync_relay(relays, agent, &relays->relay[i]);
    }
    sync_busy(relays, agent);
}
