/*
 * ice/ice_state.c - the state of the transport, derived from facts (W3C webrtc-pc section 5.6.4;
 * RFC 8445 section 8.1.2; RFC 8863).
 *
 * The state is never set by an event: it is computed from what is known, after every call. The
 * table below says which changes that may amount to.
 */
#include "ice/ice_agent_internal.h"

#define TO(state) (1u << (FLOE_ICE_##state))

static const uint8_t legal[] = {
    [FLOE_ICE_NEW] = TO(CHECKING) | TO(FAILED) | TO(CLOSED),
    [FLOE_ICE_CHECKING] =
        TO(CONNECTED) | TO(COMPLETED) | TO(DISCONNECTED) | TO(FAILED) | TO(CLOSED),
    [FLOE_ICE_CONNECTED] =
        TO(CHECKING) | TO(COMPLETED) | TO(DISCONNECTED) | TO(FAILED) | TO(CLOSED),
    [FLOE_ICE_COMPLETED] =
        TO(CHECKING) | TO(CONNECTED) | TO(DISCONNECTED) | TO(FAILED) | TO(CLOSED),
    [FLOE_ICE_DISCONNECTED] =
        TO(CHECKING) | TO(CONNECTED) | TO(COMPLETED) | TO(FAILED) | TO(CLOSED),
    [FLOE_ICE_FAILED] = TO(CHECKING) | TO(CONNECTED) | TO(COMPLETED) | TO(CLOSED),
    [FLOE_ICE_CLOSED] = 0,
};

bool floe_ice_state_is_legal(floe_ice_state from, floe_ice_state to)
{
    return (legal[from] >> to & 1u) != 0;
}

static floe_ice_cause explain(const floe_ice_agent *agent)
{
    if (agent->lost_cause != FLOE_ICE_CAUSE_NONE) {
        return (floe_ice_cause)agent->lost_cause;
    }
    if (agent->remote_count == 0) {
        return FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES;
    }
    if (floe_ice_checklist_count(&agent->list) == 0) {
        return FLOE_ICE_CAUSE_NO_PAIR;
    }
    return agent->is_refused ? FLOE_ICE_CAUSE_CHECKS_REFUSED : FLOE_ICE_CAUSE_CHECKS_TIMED_OUT;
}

/* With a path: how good is it? */
static floe_ice_state derive_connected(const floe_ice_agent *agent)
{
    const floe_ice_pair *pair = &agent->list.pair[agent->path];
    if (!floe_ice_consent_is_alive(agent, pair)) {
        /* webrtc-pc §5.6.4: a restart forgets that connectivity was lost before it. */
        return agent->path == FLOE_ICE_OLD ? FLOE_ICE_CHECKING : FLOE_ICE_DISCONNECTED;
    }
    /* RFC 8863 §5: many peers never signal the end of their candidates; the PAC timer stands in. */
    bool is_remote_over = agent->is_remote_ended || agent->now >= agent->patient_until;
    bool is_selected =
        agent->path != FLOE_ICE_OLD && floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED);
    return is_selected && is_remote_over && agent->gathering == FLOE_ICE_GATHERING_COMPLETE
               ? FLOE_ICE_COMPLETED
               : FLOE_ICE_CONNECTED;
}

static floe_ice_state derive(const floe_ice_agent *agent)
{
    if (agent->path != FLOE_ICE_NONE) {
        return derive_connected(agent);
    }
    /* RFC 8863 §4: not before the PAC timer has run out, and not while a check may succeed. A
     * candidate that comes later is still checked, but only success undoes the failure. */
    bool is_over =
        agent->now >= agent->patient_until && !floe_ice_checklist_has_hope(&agent->list, 0);
    if (agent->state == FLOE_ICE_FAILED || agent->lost_cause != FLOE_ICE_CAUSE_NONE || is_over) {
        return FLOE_ICE_FAILED;
    }
    bool is_new = agent->state == FLOE_ICE_NEW && floe_ice_checklist_count(&agent->list) == 0;
    return is_new ? FLOE_ICE_NEW : FLOE_ICE_CHECKING;
}

static void set_state(floe_ice_agent *agent, floe_ice_state next, floe_ice_cause cause)
{
    FLOE_ASSERT(floe_ice_state_is_legal((floe_ice_state)agent->state, next));
    floe_ice_trace_put(agent, FLOE_TRACE_STATE, 0, agent->state, (int32_t)next, (int32_t)cause);
    agent->state = (uint8_t)next;
    agent->cause = (uint8_t)cause;
}

void floe_ice_state_update(floe_ice_agent *agent)
{
    floe_ice_state next = derive(agent);
    if (next == (floe_ice_state)agent->state) {
        return;
    }
    set_state(agent, next, next == FLOE_ICE_FAILED ? explain(agent) : FLOE_ICE_CAUSE_NONE);
    if (next != FLOE_ICE_FAILED) {
        agent->lost_cause = FLOE_ICE_CAUSE_NONE;
    }
}

void floe_ice_state_reopen(floe_ice_agent *agent)
{
    /* A lite agent has nothing to check, and waits to be checked: from here on it may come. */
    if (agent->state == FLOE_ICE_FAILED ||
        (floe_ice_agent_is_lite(agent) && agent->state == FLOE_ICE_NEW &&
         floe_ice_agent_has_remote(agent))) {
        set_state(agent, FLOE_ICE_CHECKING, FLOE_ICE_CAUSE_NONE);
    }
}

void floe_ice_agent_close(floe_ice_agent *agent)
{
    if (!floe_ice_agent_is_closed(agent)) {
        set_state(agent, FLOE_ICE_CLOSED, FLOE_ICE_CAUSE_NONE);
    }
}
