/*
 * ice/ice_event.c - what the agent tells: events and getters.
 *
 * There is no queue of events. Each is the difference between what is and what was told last, so
 * none is ever lost, and intermediate states that nobody asked for in time are skipped.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

/* Peer-reflexive candidates are known to the peer already (RFC 8445 §7.2.5.3.1). */
static bool is_for_peer(const floe_ice_cand *cand)
{
    return cand->type != FLOE_ICE_PRFLX && cand->type != FLOE_ICE_HIDDEN;
}

static bool tell_candidate(floe_ice_agent *agent, floe_ice_event *event)
{
    for (size_t cursor = 0; floe_ice_agent_next_local(agent, &cursor, &event->cand);) {
        uint64_t bit = UINT64_C(1) << (cursor - 1);
        if ((agent->told & bit) == 0) {
            agent->told |= bit;
            event->type = FLOE_ICE_EV_CANDIDATE;
            return true;
        }
    }
    return false;
}

static void tell_gathering(floe_ice_agent *agent, floe_ice_event *event,
                           floe_ice_gathering gathering)
{
    agent->gathering_told = (uint8_t)gathering;
    event->type = FLOE_ICE_EV_GATHERING;
    event->gathering = gathering;
}

/* Busy, then candidates, then complete: that order holds however late one asks. */
static bool poll_gathering(floe_ice_agent *agent, floe_ice_event *event)
{
    if (agent->gathering != FLOE_ICE_GATHERING_NEW &&
        agent->gathering_told == FLOE_ICE_GATHERING_NEW) {
        tell_gathering(agent, event, FLOE_ICE_GATHERING_BUSY);
        return true;
    }
    if (tell_candidate(agent, event)) {
        return true;
    }
    if (agent->gathering != agent->gathering_told) {
        tell_gathering(agent, event, (floe_ice_gathering)agent->gathering);
        return true;
    }
    return false;
}

static bool poll_path(floe_ice_agent *agent, floe_ice_event *event)
{
    if (agent->path_told || agent->path == FLOE_ICE_NONE) {
        return false;
    }
    const floe_ice_pair *pair = &agent->list.pair[agent->path];
    agent->path_told = true;
    event->type = FLOE_ICE_EV_SELECTED;
    event->path = floe_ice_table_path(agent, agent->path);
    event->local_type = agent->local[pair->mapped].type;
    event->remote_type = agent->remote[pair->remote].type;
    return true;
}

bool floe_ice_agent_poll_event(floe_ice_agent *agent, floe_ice_event *event)
{
    memset(event, 0, sizeof *event);
    if (!floe_ice_agent_is_closed(agent)) {
        if (agent->role != agent->role_told) {
            agent->role_told = agent->role;
            event->type = FLOE_ICE_EV_ROLE;
            event->role = (floe_ice_role)agent->role;
            return true;
        }
        if (poll_gathering(agent, event) || poll_path(agent, event)) {
            return true;
        }
    }
    if (agent->state != agent->state_told) {
        agent->state_told = agent->state;
        event->type = FLOE_ICE_EV_STATE;
        event->state = (floe_ice_state)agent->state;
        event->cause = (floe_ice_cause)agent->cause;
        return true;
    }
    return false;
}

void floe_ice_agent_get_local(const floe_ice_agent *agent, floe_bytes *ufrag, floe_bytes *pwd)
{
    *ufrag = floe_ice_credentials_ufrag(&agent->ours[0]);
    *pwd = floe_ice_credentials_pwd(&agent->ours[0]);
}

floe_ice_role floe_ice_agent_get_role(const floe_ice_agent *agent)
{
    return (floe_ice_role)agent->role;
}

floe_ice_state floe_ice_agent_get_state(const floe_ice_agent *agent)
{
    return (floe_ice_state)agent->state;
}

floe_ice_cause floe_ice_agent_get_cause(const floe_ice_agent *agent)
{
    return (floe_ice_cause)agent->cause;
}

floe_ice_gathering floe_ice_agent_get_gathering(const floe_ice_agent *agent)
{
    return (floe_ice_gathering)agent->gathering;
}

bool floe_ice_agent_next_local(const floe_ice_agent *agent, size_t *cursor, floe_ice_cand *cand)
{
    while (*cursor < agent->local_count) {
        *cand = agent->local[(*cursor)++];
        if (is_for_peer(cand) && floe_ice_filters_tell(agent->filters, cand)) {
            return true;
        }
    }
    return false;
}
