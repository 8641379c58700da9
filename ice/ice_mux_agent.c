/* ice/ice_mux_agent.c - what a demultiplexer asks an agent; see ice/ice_mux.h. */
#include "ice/ice_agent_internal.h"
#include "ice/ice_mux.h"

/* As floe_ice_agent_accept(), but that a pair which is over, or silent, holds nothing: a peer that
 * starts again from the same address would have to wait until consent is lost. */
static bool is_holding(const floe_ice_agent *agent, const floe_ice_pair *pair, floe_time now)
{
    bool is_alive =
        floe_ice_pair_is_valid(pair) || (floe_ice_pair_is(pair, FLOE_ICE_PAIR_ANSWERED) &&
                                         !floe_ice_pair_is(pair, FLOE_ICE_PAIR_DEAD));
    return is_alive && now < floe_time_after(pair->heard_at, agent->disconnected_us);
}

static bool has_pair(const floe_ice_agent *agent, floe_time now, const floe_path *path,
                     bool is_proven)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && is_holding(agent, pair, now) &&
            (!is_proven || floe_ice_pair_is_valid(pair)) &&
            floe_ice_table_is_path(agent, pair->local, &agent->remote[pair->remote].addr, path)) {
            return true;
        }
    }
    return false;
}

bool floe_ice_mux_is_held(const floe_ice_agent *agent, floe_time now, const floe_path *path)
{
    return !floe_ice_agent_is_closed(agent) &&
           (has_pair(agent, now, path, false) || floe_ice_reply_is_early(agent, path));
}

bool floe_ice_mux_is_proven(const floe_ice_agent *agent, floe_time now, const floe_path *path)
{
    return !floe_ice_agent_is_closed(agent) && has_pair(agent, now, path, true);
}
