/*
 * ice/ice_upgrade.c - after a fast nomination: what is better goes on being checked, and is
 * nominated in its turn.
 */
#include "ice/ice_agent_internal.h"

#if FLOE_ICE_UPGRADE

/* The upper byte of a pair's priority is the type preference of its lesser candidate. */
bool floe_ice_upgrade_is(const floe_ice_agent *agent, uint8_t index)
{
    return agent->nomination == FLOE_ICE_NOMINATE_FAST && agent->role == FLOE_ICE_CONTROLLING &&
           agent->path < FLOE_ICE_PAIR_MAX &&
           agent->list.pair[index].priority >> 56 > agent->list.pair[agent->path].priority >> 56;
}

/* RFC 8445 §8.1.1: of
 * several nominated pairs a controlled agent takes the one of highest priority, so that each peer
 * follows, and not only those that know NOMINATION. */
uint8_t floe_ice_upgrade_find(floe_ice_agent *agent, uint8_t nominated)
{
    uint8_t best = nominated;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_valid(pair) && floe_ice_consent_is_alive(agent, pair) &&
            floe_ice_upgrade_is(agent, i) && pair->priority > agent->list.pair[best].priority) {
            best = i;
        }
    }
    floe_ice_pair *pair = &agent->list.pair[best];
    if (best != nominated && !floe_ice_pair_is(pair, FLOE_ICE_PAIR_MOVED_TO)) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_MOVED_TO); /* once, though it may have to wait */
        agent->moves++;
    }
    return best;
}

#endif
