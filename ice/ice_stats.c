/* ice/ice_stats.c - statistics, and the check list told pair by pair. */
#include <string.h>

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

/* The counters lead floe_ice_stats, in the same order. */
_Static_assert(offsetof(floe_ice_stats, rtt_us) == sizeof(floe_ice_counters),
               "as the header has it");

void floe_ice_agent_get_stats(const floe_ice_agent *agent, floe_ice_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    memcpy(stats, &agent->count, sizeof agent->count);
    stats->pairs = (uint32_t)floe_ice_checklist_count(&agent->list);
    stats->remote_candidates = agent->remote_count;
    for (uint8_t i = 0; i < agent->local_count; i++) {
        stats->local_candidates += agent->local[i].addr.family != 0;
    }
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        stats->valid_pairs += floe_ice_pair_is_valid(&agent->list.pair[i]);
    }
    if (agent->path != FLOE_ICE_NONE) {
        const floe_ice_pair *pair = &agent->list.pair[agent->path];
        stats->rtt_us = pair->rtt_us;
        stats->local = agent->local[pair->mapped];
        stats->remote = agent->remote[pair->remote];
    }
}
