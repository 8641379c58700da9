/*
 * ice/ice_filter_pairs.c - pairs that a filter of use forbids, as turns out when they are there.
 *
 * A check may come before its candidate is signalled, and is of no type then that a filter could
 * know. Read before: ice/ice_filter.h.
 */
#include "ice/ice_agent_internal.h"

#if FLOE_ICE_FILTER

void floe_ice_filter_leave(floe_ice_agent *agent, uint8_t remote)
{
    const floe_ice_cand *cand = &agent->remote[remote];
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && pair->remote == remote &&
            !floe_ice_table_may_use(agent, pair->local, cand->type, &cand->addr)) {
            pair->state = FLOE_ICE_PAIR_FAILED;
            pair->flags = FLOE_ICE_PAIR_TRIED | FLOE_ICE_PAIR_DEAD; /* nor is it heard */
            floe_ice_pair_because(pair, FLOE_ICE_WHY_POLICY);
            floe_ice_check_forget_past(agent, i);
        }
    }
}

#endif
