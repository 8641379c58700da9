/* ice/ice_stats.c - the check list, told pair by pair. */
#include "ice/ice_agent_internal.h"

bool floe_ice_agent_next_pair(const floe_ice_agent *agent, size_t *cursor, floe_ice_pair_info *info)
{
    while (*cursor <= FLOE_ICE_OLD) {
        uint8_t index = (uint8_t)(*cursor)++;
        const floe_ice_pair *pair = &agent->list.pair[index];
        if (pair->state == FLOE_ICE_PAIR_FREE) {
            continue;
        }
        *info = (floe_ice_pair_info){
            .local = agent->local[pair->mapped],
            .remote = agent->remote[pair->remote],
            .state = (floe_ice_pair_state)pair->state,
            .is_nominated = floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED),
            .is_selected = index == agent->path,
            .priority = pair->priority,
            .rtt_us = pair->rtt_us,
        };
        return true;
    }
    return false;
}
