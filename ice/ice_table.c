/*
 * ice/ice_table.c - the agent's candidates, and the pairs that they make (RFC 8445
 * sections 5.1.1.3, 5.1.3, 6.1.2.2; RFC 8838 sections 10 to 12).
 */
#include <limits.h>
#include <string.h>

#include "ice/ice_agent_internal.h"

_Static_assert(FLOE_ICE_LOCAL_MAX >= 1 && FLOE_ICE_LOCAL_MAX <= 64, "a bit each in a uint64_t");
_Static_assert(FLOE_ICE_REMOTE_MAX >= 1 && FLOE_ICE_REMOTE_MAX < FLOE_ICE_NONE, "uint8_t indices");

/* The inverse of floe_ice_priority(). */
static uint16_t local_preference(uint32_t priority)
{
    return (uint16_t)(priority >> 8);
}

uint32_t floe_ice_table_priority(const floe_ice_agent *agent, floe_ice_type type, uint8_t base)
{
    uint32_t priority = floe_ice_priority(type, local_preference(agent->local[base].priority));
    return agent->local[base].transport == FLOE_TCP ? priority - FLOE_ICE_TCP_MALUS : priority;
}

#define BASES  (1u << FLOE_ICE_HOST | 1u << FLOE_ICE_RELAY | 1u << FLOE_ICE_HIDDEN)
#define OF_ANY UINT_MAX

static uint8_t find(const floe_ice_cand *table, uint8_t count, const floe_addr *addr,
                    uint8_t transport, unsigned types)
{
    for (uint8_t i = 0; i < count; i++) {
        if ((types >> table[i].type & 1) != 0 && table[i].transport == transport &&
            floe_addr_equal(&table[i].addr, addr)) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

uint8_t floe_ice_table_find_base(const floe_ice_agent *agent, const floe_addr *addr,
                                 uint8_t transport)
{
    return find(agent->local, agent->local_count, addr, transport, BASES);
}

uint8_t floe_ice_table_find_remote(const floe_ice_agent *agent, const floe_addr *addr,
                                   uint8_t transport)
{
    return find(agent->remote, agent->remote_count, addr, transport, OF_ANY);
}

/* A number for the IP of a base: that of the first one which has it. */
static uint32_t base_class(const floe_ice_agent *agent, const floe_addr *base)
{
    uint32_t i = 0;
    while (!(floe_ice_table_is_base(&agent->local[i]) &&
             floe_addr_ip_equal(&agent->local[i].addr, base))) {
        i++;
    }
    return i;
}

/* RFC 8445 §5.1.1.3: the same for the same type, IP of the base, server and transport, and only
 * then. A plain number, so that it tells nothing about addresses. */
static uint32_t foundation(const floe_ice_agent *agent, const floe_ice_cand *cand,
                           uint8_t server_class)
{
    /* A relayed candidate is its own base. */
    const floe_addr *base = cand->type == FLOE_ICE_RELAY ? &cand->addr : &cand->base;
    return 1 + cand->type +
           4 * (base_class(agent, base) + FLOE_ICE_LOCAL_MAX * (uint32_t)server_class);
}

/* RFC 8445 §5.1.2.1: no two candidates of a type share a local preference; a later one yields. */
static bool is_taken(const floe_ice_agent *agent, uint32_t priority)
{
    for (uint8_t i = 0; i < agent->local_count; i++) {
        if (agent->local[i].priority == priority) {
            return true;
        }
    }
    return false;
}

/* A free place, or FLOE_ICE_NONE: at the end as long as there is one, for those who step through
 * the table while it grows. Candidates that were only learned from checks may take half of a table:
 * those that were gathered or signalled find room in any case. */
static uint8_t find_room(floe_ice_agent *agent, const floe_ice_cand *table, uint8_t count,
                         uint8_t max, uint8_t type)
{
    uint8_t room = FLOE_ICE_NONE;
    unsigned prflx = 0;
    for (uint8_t i = count; i-- > 0;) {
        if (table[i].addr.family == 0) {
            room = i;
        } else {
            prflx += table[i].type == FLOE_ICE_PRFLX;
        }
    }
    if (count < max) {
        room = count;
    }
    if (type == FLOE_ICE_PRFLX && 2 * prflx >= max) {
        room = FLOE_ICE_NONE;
    }
    agent->count.dropped_full += room == FLOE_ICE_NONE;
    return room;
}

uint8_t floe_ice_table_take_remote(floe_ice_agent *agent, uint8_t type)
{
    uint8_t index = find_room(agent, agent->remote, agent->remote_count, FLOE_ICE_REMOTE_MAX, type);
    agent->remote_count = (uint8_t)(agent->remote_count + (index == agent->remote_count));
    return index;
}

uint8_t floe_ice_table_add_local(floe_ice_agent *agent, const floe_ice_cand *cand,
                                 uint8_t server_class)
{
    for (uint8_t i = 0; i < agent->local_count; i++) {
        /* RFC 8445 §5.1.3, RFC 8838 §10: the same address from the same base is redundant, but if
         * the peer knows it by another name. */
        if (agent->local[i].transport == cand->transport &&
            !(agent->local[i].is_hidden && cand->type == FLOE_ICE_SRFLX) &&
            floe_addr_equal(&agent->local[i].addr, &cand->addr) &&
            floe_addr_equal(&agent->local[i].base, &cand->base)) {
            return i;
        }
    }
    uint8_t index =
        find_room(agent, agent->local, agent->local_count, FLOE_ICE_LOCAL_MAX, cand->type);
    if (index == FLOE_ICE_NONE) {
        return FLOE_ICE_NONE;
    }
    floe_ice_cand *mine = &agent->local[index];
    uint32_t priority = cand->priority;
    /* RFC 8445 §7.2.5.3.1: peer-reflexive ones have the priority that the peer was told. */
    while (cand->type != FLOE_ICE_PRFLX && is_taken(agent, priority) &&
           local_preference(priority) > 0) {
        priority -= 1 << 8;
    }
    *mine = *cand;
    mine->priority = priority;
    if (index == agent->local_count) {
        agent->local_count++;
    }
    mine->foundation = foundation(agent, cand, server_class);
    floe_ice_trace_local(agent, index);
    return index;
}

uint8_t floe_ice_table_add_reflexive(floe_ice_agent *agent, floe_ice_type type, uint8_t base,
                                     uint8_t server_class, const floe_addr *addr)
{
    floe_ice_cand cand = {
        .addr = *addr,
        .base = agent->local[base].addr,
        .priority = floe_ice_table_priority(agent, type, base),
        .type = (uint8_t)type,
        .transport = agent->local[base].transport,
        .tcptype = agent->local[base].tcptype,
    };
    return floe_ice_table_add_local(agent, &cand, server_class);
}

static bool has_other_pair(const floe_ice_agent *agent, const floe_ice_pair *than)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair != than && pair->state != FLOE_ICE_PAIR_FREE && pair->remote == than->remote) {
            return true;
        }
    }
    return false;
}

/* A peer that moves all day: the place of an address that worked, and that it has left. What never
 * worked keeps its place, or two symmetric NATs would show each other new ends for ever. */
static uint8_t evict(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state == FLOE_ICE_PAIR_FAILED && pair->consent_at != 0 &&
            agent->remote[pair->remote].type == FLOE_ICE_PRFLX && !has_other_pair(agent, pair)) {
            uint8_t remote = pair->remote;
            memset(pair, 0, sizeof *pair);
            floe_ice_check_forget_past(agent, i);
            return remote;
        }
    }
    return FLOE_ICE_NONE;
}

/* RFC 8445 §7.3.1.3: its priority is that of the check, its foundation like no other's. */
uint8_t floe_ice_table_get_remote(floe_ice_agent *agent, uint8_t local, const floe_addr *addr,
                                  uint32_t priority)
{
    uint8_t transport = agent->local[local].transport;
    uint8_t index = floe_ice_table_find_remote(agent, addr, transport);
    if (index != FLOE_ICE_NONE) {
        return index;
    }
    index = floe_ice_table_take_remote(agent, FLOE_ICE_PRFLX);
    if (index == FLOE_ICE_NONE) {
        index = evict(agent);
    }
    if (index == FLOE_ICE_NONE) {
        return FLOE_ICE_NONE;
    }
    agent->remote[index] = (floe_ice_cand){
        .addr = *addr,
        .priority = priority,
        .foundation = UINT32_MAX - index,
        .type = FLOE_ICE_PRFLX,
        .transport = transport,
    };
    floe_ice_trace_remote(agent, index);
    return index;
}

/* Priority and foundation, from those of the candidates. */
static void rank(const floe_ice_agent *agent, floe_ice_pair *pair)
{
    const floe_ice_cand *remote = &agent->remote[pair->remote];
    uint32_t mine = floe_ice_pair_is(pair, FLOE_ICE_PAIR_MASKED)
                        ? floe_ice_table_priority(agent, FLOE_ICE_PRFLX, pair->local)
                        : agent->local[pair->mapped].priority;
    pair->priority = agent->role == FLOE_ICE_CONTROLLING
                         ? floe_ice_pair_priority(mine, remote->priority)
                         : floe_ice_pair_priority(remote->priority, mine);
    pair->foundation =
        floe_ice_pair_foundation(agent->local[pair->local].foundation, remote->foundation);
}

void floe_ice_table_refresh(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        if (agent->list.pair[i].state != FLOE_ICE_PAIR_FREE) {
            rank(agent, &agent->list.pair[i]);
        }
    }
}

/* RFC 8445 §6.1.2.2: of one address family, and IPv6 link-local addresses only among themselves.
 * Loopback addresses as well: a peer must not have us ask this host's own services. */
static floe_ice_why find_hindrance(const floe_ice_agent *agent, uint8_t local, uint8_t type,
                                   const floe_addr *remote)
{
    const floe_ice_cand *mine = &agent->local[local];
    if (mine->addr.family != remote->family) {
        return FLOE_ICE_WHY_FAMILY;
    }
    bool is_link_ok = mine->addr.family != 6 ||
                      floe_addr_is_link_local(&mine->addr) == floe_addr_is_link_local(remote);
    if (floe_addr_is_loopback(&mine->addr) != floe_addr_is_loopback(remote) || !is_link_ok) {
        return FLOE_ICE_WHY_SCOPE;
    }
    return floe_ice_filters_use(agent->filters, mine, type, remote) ? FLOE_ICE_WHY_NONE
                                                                    : FLOE_ICE_WHY_POLICY;
}

bool floe_ice_table_may_use(const floe_ice_agent *agent, uint8_t local, uint8_t type,
                            const floe_addr *remote)
{
    return find_hindrance(agent, local, type, remote) == FLOE_ICE_WHY_NONE;
}

uint8_t floe_ice_table_get_pair(floe_ice_agent *agent, uint8_t local, uint8_t remote, bool is_late)
{
    floe_ice_pair pair = {.local = local, .mapped = local, .remote = remote};
    uint8_t index = floe_ice_checklist_find(&agent->list, local, remote);
    if (index != FLOE_ICE_NONE || !floe_ice_agent_has_remote(agent) ||
        agent->local[local].transport != agent->remote[remote].transport) {
        return index;
    }
    const floe_ice_why why =
        find_hindrance(agent, local, agent->remote[remote].type, &agent->remote[remote].addr);
    if (why != FLOE_ICE_WHY_NONE) {
        floe_ice_trace_no_pair(agent, local, remote, why);
        return index;
    }
    rank(agent, &pair);
    index = floe_ice_checklist_add(&agent->list, &pair);
    if (index == FLOE_ICE_NONE) {
        agent->count.dropped_full++;
        floe_ice_trace_no_pair(agent, local, remote, FLOE_ICE_WHY_FULL);
        return index;
    }
    floe_ice_check_forget_past(agent, index);
    if (is_late) {
        floe_ice_checklist_trickle(&agent->list, index);
    }
    return index;
}

static void pair(floe_ice_agent *agent, uint8_t local, uint8_t remote, bool is_late)
{
    /* RFC 8445 §6.1.2.4: a reflexive candidate would be replaced by its base, whose pair is there
     * already. */
    if (!floe_ice_table_is_udp_host(&agent->local[local])) {
        if (!floe_ice_table_is_base(&agent->local[local]) && agent->local[local].addr.family != 0) {
            floe_ice_trace_no_pair(agent, local, remote, FLOE_ICE_WHY_PRUNED);
        }
        return;
    }
    if (floe_ice_agent_is_lite(agent)) {
        floe_ice_lite_pair(agent, local, remote);
    } else {
        (void)floe_ice_table_get_pair(agent, local, remote, is_late);
    }
}

void floe_ice_table_pair_local(floe_ice_agent *agent, uint8_t local)
{
    for (uint8_t i = 0; i < agent->remote_count; i++) {
        pair(agent, local, i, true);
    }
}

void floe_ice_table_pair_remote(floe_ice_agent *agent, uint8_t remote, bool is_late)
{
    agent->remote_news++;
    for (uint8_t i = 0; i < agent->local_count; i++) {
        pair(agent, i, remote, is_late);
    }
}

bool floe_ice_table_is_path(const floe_ice_agent *agent, uint8_t local, const floe_addr *remote,
                            const floe_path *path)
{
    return path->transport == agent->local[local].transport &&
           floe_addr_equal(&path->remote, remote) &&
           floe_addr_equal(&path->local, &agent->local[local].addr);
}

floe_path floe_ice_table_path(const floe_ice_agent *agent, uint8_t pair)
{
    const floe_ice_pair *p = &agent->list.pair[pair];
    return (floe_path){
        .local = agent->local[p->local].addr,
        .remote = agent->remote[p->remote].addr,
        .transport = agent->local[p->local].transport,
    };
}

static bool is_heard_on(const floe_ice_agent *agent, const floe_ice_pair *pair,
                        const floe_path *path)
{
    return (floe_ice_pair_is_valid(pair) || floe_ice_pair_is(pair, FLOE_ICE_PAIR_ANSWERED)) &&
           floe_ice_table_is_path(agent, pair->local, &agent->remote[pair->remote].addr, path);
}

bool floe_ice_table_hear(floe_ice_agent *agent, const floe_path *path, unsigned flag)
{
    bool is_known = false;
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) { /* the old pair and a new one may share a path */
        floe_ice_pair *pair = &agent->list.pair[i];
        if (is_heard_on(agent, pair, path)) {
            pair->heard_at = agent->now;
            floe_ice_pair_set(pair, flag);
            is_known = true;
        }
    }
    return is_known;
}
