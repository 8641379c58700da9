/*
 * ice/ice_tcp_agent.c - the agent's side of ICE-TCP, linked only where there is TCP: candidates
 * (RFC 6544 sections 4.1, 4.2, 6.2) and pairs that come and go with their connections.
 */
#include "base/addr.h"
#include "ice/ice_tcp_internal.h"

#if FLOE_ICE_TCP

/* RFC 6544 §4.2: of host candidates the one that connects is best; 13 bits tell the rest apart. */
#define DIRECTION_ACTIVE  6u
#define DIRECTION_PASSIVE 4u

/* RFC 8445 §5.1.1.3: foundations of their own. No server's number is as high. */
#define CLASS 255u

static uint32_t priority_of(uint16_t preference, bool is_passive)
{
    uint32_t direction = is_passive ? DIRECTION_PASSIVE : DIRECTION_ACTIVE;
    uint16_t local = (uint16_t)((direction << 13) | preference >> 3);
    return floe_ice_priority(FLOE_ICE_HOST, local) - FLOE_ICE_TCP_MALUS;
}

floe_err floe_ice_tcp_add_local(floe_ice_agent *agent, const floe_addr *addr, uint16_t preference,
                                bool is_passive)
{
    floe_addr base = *addr;
    if (!is_passive) {
        base.port = FLOE_ICE_TCP_NO_PORT;
    }
    if (!floe_ice_addr_is_usable(&base)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent) || agent->host_type != FLOE_ICE_HOST ||
        floe_ice_agent_is_lite(agent) ||
        !floe_ice_filters_gather(agent->filters, FLOE_ICE_HOST, FLOE_TCP, &base) ||
        floe_ice_table_find_base(agent, &base, FLOE_TCP) != FLOE_ICE_NONE) {
        return FLOE_OK;
    }
    const floe_ice_cand cand = {
        .addr = base,
        .base = base,
        .priority = priority_of(preference, is_passive),
        .type = FLOE_ICE_HOST,
        .transport = FLOE_TCP,
        .tcptype = is_passive ? FLOE_SDP_TCP_PASSIVE : FLOE_SDP_TCP_ACTIVE,
    };
    uint8_t index = floe_ice_table_add_local(agent, &cand, (uint8_t)(CLASS - is_passive));
    if (index == FLOE_ICE_NONE) {
        return FLOE_E_FULL;
    }
    floe_ice_gather_set_busy(agent);
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

void floe_ice_tcp_forget_local(floe_ice_agent *agent, const floe_addr *ip)
{
    for (uint8_t i = 0; i < agent->local_count; i++) {
        const floe_ice_cand *cand = &agent->local[i];
        if (cand->type == FLOE_ICE_HOST && cand->transport == FLOE_TCP &&
            floe_addr_ip_equal(&cand->addr, ip)) {
            floe_ice_base_forget(agent, i);
        }
    }
}

/* The pair on this path from `from` on, up to that of before a restart; FLOE_ICE_NONE: none. */
static uint8_t find_pair(const floe_ice_agent *agent, const floe_path *path, uint8_t from)
{
    for (uint8_t i = from; i <= FLOE_ICE_OLD; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE &&
            floe_ice_table_is_path(agent, pair->local, &agent->remote[pair->remote].addr, path)) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

floe_ice_tcp_use floe_ice_tcp_get_use(const floe_ice_agent *agent, const floe_path *path)
{
    floe_ice_tcp_use use =
        floe_ice_reply_is_early(agent, path) ? FLOE_ICE_TCP_USED : FLOE_ICE_TCP_USELESS;
    for (uint8_t i = find_pair(agent, path, 0); i != FLOE_ICE_NONE;
         i = find_pair(agent, path, (uint8_t)(i + 1))) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_valid(pair)) {
            return FLOE_ICE_TCP_VALID;
        }
        use = pair->state != FLOE_ICE_PAIR_FAILED ? FLOE_ICE_TCP_USED : use;
    }
    return use;
}

void floe_ice_tcp_add_pair(floe_ice_agent *agent, const floe_path *path)
{
    uint8_t local = floe_ice_table_find_base(agent, &path->local, FLOE_TCP);
    uint8_t remote = floe_ice_table_find_remote(agent, &path->remote, FLOE_TCP);
    if (local != FLOE_ICE_NONE && remote != FLOE_ICE_NONE &&
        floe_ice_checklist_find(&agent->list, local, remote) == FLOE_ICE_NONE) {
        (void)floe_ice_table_get_pair(agent, local, remote, true);
        floe_ice_agent_settle(agent);
    }
}

static bool has_pair(const floe_ice_agent *agent, uint8_t remote)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && pair->remote == remote) {
            return true;
        }
    }
    return false;
}

/* What the peer saw of a connection that is no more: behind a NAT the next has another address. */
static void forget_seen(floe_ice_agent *agent, uint8_t mapped)
{
    if (mapped >= FLOE_ICE_LOCAL_MAX || agent->local[mapped].type != FLOE_ICE_PRFLX) {
        return;
    }
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && pair->mapped == mapped) {
            return;
        }
    }
    floe_ice_table_forget(&agent->local[mapped]);
    floe_ice_trace_local(agent, mapped);
}

void floe_ice_tcp_forget(floe_ice_agent *agent, const floe_path *path)
{
    uint8_t remote = floe_ice_table_find_remote(agent, &path->remote, FLOE_TCP);
    for (uint8_t i = find_pair(agent, path, 0); i != FLOE_ICE_NONE; i = find_pair(agent, path, i)) {
        uint8_t mapped = agent->list.pair[i].mapped;
        floe_ice_base_forget_pair(agent, i);
        forget_seen(agent, mapped);
    }
    /* The port of a connection that is no more is nobody's, and the place somebody else's; unless
     * from the same port there is one to another address of ours. */
    if (remote != FLOE_ICE_NONE && agent->remote[remote].type == FLOE_ICE_PRFLX &&
        !has_pair(agent, remote)) {
        agent->remote[remote].addr.family = 0;
    }
    for (uint8_t i = 0; i < FLOE_ICE_EARLY_MAX; i++) {
        floe_ice_early *early = &agent->early[i];
        if (early->local != FLOE_ICE_NONE &&
            floe_ice_table_is_path(agent, early->local, &early->from, path)) {
            early->local = FLOE_ICE_NONE;
        }
    }
    floe_ice_agent_settle(agent);
}

/* What the peer names may be anybody's service, and a stream says more to it than a datagram. As
 * libwebrtc: of the ports that belong to services only those of the web, which firewalls let
 * through, and these not within a private network. */
static bool may_connect(const floe_addr *addr)
{
    bool is_web = addr->port == 80 || addr->port == 443;
    return addr->port >= 1024 ||
           (is_web && !floe_addr_is_private(addr) && !floe_addr_is_link_local(addr));
}

bool floe_ice_tcp_next_target(const floe_ice_agent *agent, size_t *cursor, floe_path *path,
                              uint32_t *priority)
{
    while (*cursor < (size_t)agent->local_count * agent->remote_count) {
        uint8_t index = (uint8_t)(*cursor / agent->remote_count);
        const floe_ice_cand *local = &agent->local[index];
        const floe_ice_cand *remote = &agent->remote[*cursor % agent->remote_count];
        (*cursor)++;
        /* RFC 6544 §6.2: who connects pairs with who listens; the latter sends no check of its own
         * accord, so that its pairs are made by those that come. */
        if (local->type == FLOE_ICE_HOST && local->tcptype == FLOE_SDP_TCP_ACTIVE &&
            remote->tcptype == FLOE_SDP_TCP_PASSIVE && may_connect(&remote->addr) &&
            floe_ice_table_may_use(agent, index, remote->type, &remote->addr)) {
            *path = (floe_path){local->addr, remote->addr, FLOE_TCP};
            *priority = remote->priority;
            return true;
        }
    }
    return false;
}

bool floe_ice_tcp_is_proven(const floe_ice_agent *agent)
{
    if (agent->path >= FLOE_ICE_OLD) { /* none, or of before a restart */
        return false;
    }
    const floe_ice_pair *pair = &agent->list.pair[agent->path];
    return floe_ice_consent_is_alive(agent, pair) &&
           agent->local[pair->local].type != FLOE_ICE_RELAY &&
           agent->remote[pair->remote].type != FLOE_ICE_RELAY;
}

#else
typedef int floe_ice_tcp_agent_is_left_out; /* ISO C has no empty files */
#endif
