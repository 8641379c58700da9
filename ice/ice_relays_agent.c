/*
 * ice/ice_relays_agent.c - the agent's calls for relayed candidates, which are linked only where
 * there are relays (RFC 8445 sections 5.1.1.2, 5.1.1.3; RFC 8838 section 13).
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

floe_err floe_ice_agent_add_relay(floe_ice_agent *agent, const floe_addr *relay,
                                  const floe_addr *mapped, uint16_t preference, uint8_t server)
{
    if (!floe_ice_addr_is_usable(relay)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_E_CLOSED;
    }
    uint8_t base = floe_ice_table_find_base(agent, relay, FLOE_UDP);
    if (base != FLOE_ICE_NONE) {
        /* A server that names a socket of ours would have all of its packets. */
        return agent->local[base].type == FLOE_ICE_RELAY ? FLOE_OK : FLOE_E_ARG;
    }
    if (floe_ice_agent_is_lite(agent) ||
        !floe_ice_filters_gather(agent->filters, FLOE_ICE_RELAY, FLOE_UDP, relay)) {
        return FLOE_OK;
    }
    floe_ice_cand cand = {
        .addr = *relay,
        .priority = floe_ice_priority(FLOE_ICE_RELAY, preference),
        .type = FLOE_ICE_RELAY,
        .transport = FLOE_UDP,
    };
    if (agent->host_type == FLOE_ICE_HOST) { /* else it would tell what the policy hides */
        cand.base = *mapped;
    }
    uint8_t index = floe_ice_table_add_local(agent, &cand, server);
    if (index == FLOE_ICE_NONE) {
        return FLOE_E_FULL;
    }
    if (agent->gathering_told == FLOE_ICE_GATHERING_COMPLETE) {
        /* RFC 8838 §13: after the end of candidates no more are told; the peer learns this one as a
         * peer-reflexive one, from checks. */
        agent->told |= UINT64_C(1) << index;
    }
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

void floe_ice_agent_permit(floe_ice_agent *agent, const floe_addr *relay, const floe_addr *peer)
{
    uint8_t local = floe_ice_table_find_base(agent, relay, FLOE_UDP);
    if (local == FLOE_ICE_NONE || agent->local[local].type != FLOE_ICE_RELAY) {
        return;
    }
    for (uint8_t i = 0; i < agent->remote_count; i++) {
        const floe_ice_cand *cand = &agent->remote[i];
        /* RFC 8445 §7.3.1.3: a peer-reflexive one is paired only with the base it came to. */
        if (cand->type != FLOE_ICE_PRFLX && !cand->is_hidden &&
            floe_addr_ip_equal(&cand->addr, peer)) {
            (void)floe_ice_table_get_pair(agent, local, i, true);
        }
    }
    floe_ice_agent_settle(agent);
}

bool floe_ice_agent_next_remote(const floe_ice_agent *agent, size_t *cursor, floe_ice_cand *cand)
{
    while (*cursor < agent->remote_count) {
        *cand = agent->remote[(*cursor)++];
        if (cand->addr.family != 0) {
            return true;
        }
    }
    return false;
}

void floe_ice_agent_set_relaying(floe_ice_agent *agent, bool is_busy)
{
    agent->relaying = is_busy ? FLOE_ICE_RELAYING_BUSY : FLOE_ICE_RELAYING_DONE;
    floe_ice_agent_settle(agent);
}

void floe_ice_agent_add_mapped(floe_ice_agent *agent, const floe_addr *base,
                               const floe_addr *mapped, uint8_t server)
{
    uint8_t local = floe_ice_table_find_base(agent, base, FLOE_UDP);
    /* RFC 8838 §13: after the end of candidates there are no new ones. */
    if (local == FLOE_ICE_NONE || !floe_ice_table_is_udp_host(&agent->local[local]) ||
        !floe_ice_addr_is_usable(mapped) || agent->gathering == FLOE_ICE_GATHERING_COMPLETE ||
        floe_ice_agent_is_closed(agent) || floe_ice_agent_is_lite(agent) ||
        !floe_ice_filters_gather(agent->filters, FLOE_ICE_SRFLX, FLOE_UDP, base)) {
        return;
    }
    (void)floe_ice_table_add_reflexive(agent, FLOE_ICE_SRFLX, local, server, mapped);
    floe_ice_agent_settle(agent);
}

void floe_ice_agent_take_turn(floe_ice_agent *agent, floe_time now)
{
    agent->floor_at = floe_time_after(now, FLOE_ICE_TRIGGER_GAP_US);
}

floe_time floe_ice_agent_get_turn(const floe_ice_agent *agent)
{
    return agent->floor_at;
}
