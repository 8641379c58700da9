/*
 * ice/ice_lite.c - being a lite agent (RFC 8445 sections 2.5, 6.2, 7.3.2, 8.2; RFC 7675 section 4).
 *
 * For a server with a public address: it is checked, and never checks. The pair that the peer
 * nominates is valid by that; who is silent for as long as consent lasts is gone. Two lite agents
 * take the best pair of what they told each other, unasked, and that holds until they say
 * otherwise.
 */
#include "ice/ice_agent_internal.h"

#if FLOE_ICE_LITE

static void select_pair(floe_ice_agent *agent, uint8_t index)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    pair->state = FLOE_ICE_PAIR_SUCCEEDED;
    floe_ice_pair_because(pair, FLOE_ICE_WHY_TRIGGERED);
    pair->heard_at = pair->consent_at = agent->now;
    pair->keep_at = FLOE_TIME_NEVER; /* RFC 7675 §4: a lite agent asks for no consent */
}

void floe_ice_lite_follow(floe_ice_agent *agent, uint8_t index, bool use_candidate, uint32_t move)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    if (use_candidate && agent->role == FLOE_ICE_CONTROLLED) {
        /* RFC 8445 §7.3.2: a nomination makes the pair valid, whatever there was before. */
        select_pair(agent, index);
        floe_ice_nominate_follow(agent, index, move);
    } else if (!floe_ice_pair_is_valid(pair)) {
        pair->state = FLOE_ICE_PAIR_FAILED; /* not to be checked, until it is nominated */
        floe_ice_pair_because(pair, FLOE_ICE_WHY_LITE);
    }
}

void floe_ice_lite_pair(floe_ice_agent *agent, uint8_t local, uint8_t remote)
{
    /* RFC 8445 §8.2: with a lite peer there are no checks, so all pairs are taken for good. Their
     * priorities say the same to both. */
    uint8_t index = agent->is_remote_lite ? floe_ice_table_get_pair(agent, local, remote, false)
                                          : FLOE_ICE_NONE;
    if (index != FLOE_ICE_NONE) {
        select_pair(agent, index);
        floe_ice_pair_set(&agent->list.pair[index], FLOE_ICE_PAIR_NOMINATED);
    }
}

unsigned floe_ice_lite_merit(const floe_ice_agent *agent, uint8_t index)
{
    /* RFC 8445 §19.5: a peer may name the address of a victim, and nobody asks that. So data goes
     * where something has come from, before it goes where the peer only says that it is; also
     * after a restart, for as long as it comes. */
    const floe_ice_pair *pair = &agent->list.pair[index];
    bool is_now = agent->now - pair->heard_at < agent->disconnected_us;
    return 8u * (floe_ice_agent_is_lite(agent) && agent->is_remote_lite &&
                 floe_ice_pair_is(pair, FLOE_ICE_PAIR_ANSWERED) &&
                 (index != FLOE_ICE_OLD || is_now));
}

bool floe_ice_lite_is_blind(const floe_ice_agent *agent)
{
    return floe_ice_agent_is_lite(agent) && agent->is_remote_lite && agent->path != FLOE_ICE_NONE &&
           !floe_ice_pair_is(&agent->list.pair[agent->path], FLOE_ICE_PAIR_ANSWERED);
}

#endif
