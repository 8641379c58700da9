/* ice/ice_invariants.c - what holds of an agent after every call. Linked by tests and fuzzing only.
 */
#include "ice/ice_agent_internal.h"

static void check_pair(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    bool is_old = index == FLOE_ICE_OLD;
    if (pair->state == FLOE_ICE_PAIR_FREE) {
        FLOE_ASSERT(pair->flags == 0);
        return;
    }
    FLOE_ASSERT(pair->local < agent->local_count);
    FLOE_ASSERT(agent->local[pair->local].type == FLOE_ICE_HOST ||
                agent->local[pair->local].type == FLOE_ICE_RELAY);
    FLOE_ASSERT(is_old ? pair->remote == FLOE_ICE_REMOTE_MAX : pair->remote < agent->remote_count);
    FLOE_ASSERT(is_old ? pair->mapped == FLOE_ICE_LOCAL_MAX : pair->mapped < agent->local_count);
    FLOE_ASSERT(is_old || floe_ice_agent_has_remote(agent));
    FLOE_ASSERT(is_old ||
                floe_ice_checklist_find(&agent->list, pair->local, pair->remote) == index);
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED | FLOE_ICE_PAIR_NOMINATING)) {
        FLOE_ASSERT(floe_ice_pair_is_valid(pair));
    }
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATING)) {
        FLOE_ASSERT(agent->role == FLOE_ICE_CONTROLLING);
    }
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_DEAD)) {
        FLOE_ASSERT(!floe_ice_pair_is_valid(pair));
        FLOE_ASSERT(!floe_ice_pair_is(pair, FLOE_ICE_PAIR_TRIGGERED));
    }
    if (pair->state == FLOE_ICE_PAIR_IN_PROGRESS) {
        FLOE_ASSERT(floe_ice_pair_is(pair, FLOE_ICE_PAIR_PENDING));
    }
}

void floe_ice_agent_check_invariants(const floe_ice_agent *agent)
{
    FLOE_ASSERT(agent->local_count <= FLOE_ICE_LOCAL_MAX);
    FLOE_ASSERT(agent->remote_count <= FLOE_ICE_REMOTE_MAX);
    FLOE_ASSERT(agent->reply_count <= FLOE_ICE_REPLY_MAX);
    FLOE_ASSERT((agent->state == FLOE_ICE_FAILED) == (agent->cause != FLOE_ICE_CAUSE_NONE));
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        check_pair(agent, i);
    }
    if (floe_ice_agent_is_closed(agent)) {
        return;
    }
    FLOE_ASSERT((agent->path != FLOE_ICE_NONE) ==
                (agent->state == FLOE_ICE_CONNECTED || agent->state == FLOE_ICE_COMPLETED ||
                 agent->state == FLOE_ICE_DISCONNECTED || agent->path == FLOE_ICE_OLD));
    if (agent->path != FLOE_ICE_NONE) {
        FLOE_ASSERT(floe_ice_pair_is_valid(&agent->list.pair[agent->path]));
    }
    FLOE_ASSERT(floe_ice_checklist_is_thawed(&agent->list)); /* or checks would stop */
}
