/*
 * ice/ice_base.c - bases that are no more: a relay whose allocation ended, a socket whose interface
 * is gone, a connection that broke. Linked only where one of the two can happen.
 *
 * Slots of the tables become free, indices stay what they are. The pair in use moves to another
 * valid one, if there is one; else the agent checks on, with fresh patience, since what took the
 * base away may bring another.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

uint8_t floe_ice_agent_network_cost(const floe_ice_agent *agent)
{
    return floe_ice_check_cost(agent);
}

/* The peer is told to leave the pair too: with the next nomination, or by a request for one. A lite
 * agent asks for nothing; its peer will miss it. And libwebrtc drops new pairs that are of no
 * greater priority than the one it believes in, unheard: unless they cost less. */
static void tell_to_leave(floe_ice_agent *agent)
{
    if (!floe_ice_agent_is_lite(agent)) {
        agent->losses = (uint8_t)(agent->losses + (agent->losses < FLOE_ICE_NETWORK_COST));
        agent->moves++;
        agent->pleas = agent->role == FLOE_ICE_CONTROLLED ? FLOE_ICE_PLEA_MAX : 0;
    }
}

void floe_ice_base_forget_pair(floe_ice_agent *agent, uint8_t pair)
{
    if (pair == agent->path && pair != FLOE_ICE_OLD) {
        agent->patient_until = floe_ice_agent_after(agent, agent->patience_us);
        agent->lost_cause = FLOE_ICE_CAUSE_NONE; /* of a pair before it */
        tell_to_leave(agent);
    }
    agent->wanted = agent->wanted == pair ? FLOE_ICE_NONE : agent->wanted;
    memset(&agent->list.pair[pair], 0, sizeof agent->list.pair[pair]);
    floe_ice_check_forget_past(agent, pair);
}

static void forget_pairs(floe_ice_agent *agent, uint8_t local)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && pair->local == local) {
            floe_ice_base_forget_pair(agent, i);
        }
    }
}

/* Servers were asked from there, and may be asked from what takes the place. */
static void forget_jobs(floe_ice_agent *agent, uint8_t local)
{
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        if (agent->gather[i].local == local) {
            agent->gather[i].server = FLOE_ICE_NONE;
        }
    }
    for (uint8_t i = 0; i < agent->server_count; i++) {
        agent->server[i].asked &= ~(UINT64_C(1) << local);
        agent->server[i].answered &= ~(UINT64_C(1) << local);
    }
}

void floe_ice_base_forget(floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_cand base = agent->local[index];
    forget_pairs(agent, index);
    forget_jobs(agent, index);
    for (uint8_t i = 0; i < agent->local_count; i++) {
        floe_ice_cand *cand = &agent->local[i];
        /* What was seen of it from elsewhere goes with it; `base` of a relay is something else. */
        bool is_behind = cand->type != FLOE_ICE_RELAY && cand->transport == base.transport &&
                         floe_addr_equal(&cand->base, &base.addr);
        if (i == index || is_behind) {
            floe_ice_table_forget(cand);
            floe_ice_trace_local(agent, i);
            agent->told &= ~(UINT64_C(1) << i);
        }
    }
    /* Answers owed from there, and checks that came there early: the peer asks again. */
    agent->reply_count = 0;
    floe_ice_reply_forget_early(agent);
    floe_ice_agent_settle(agent);
}

void floe_ice_agent_remove_relay(floe_ice_agent *agent, const floe_addr *relay)
{
    uint8_t index = floe_ice_table_find_base(agent, relay, FLOE_UDP);
    if (index != FLOE_ICE_NONE && agent->local[index].type == FLOE_ICE_RELAY) {
        floe_ice_base_forget(agent, index);
    }
}

void floe_ice_agent_remove_local(floe_ice_agent *agent, const floe_addr *addr)
{
    uint8_t index = floe_ice_table_find_base(agent, addr, FLOE_UDP);
    if (index != FLOE_ICE_NONE && agent->local[index].type != FLOE_ICE_RELAY) {
        floe_ice_base_forget(agent, index);
    }
}
