/*
 * ice/ice_remote.c - the peer's side as it is signalled, roles, and restarts (RFC 8445 sections
 * 5.3, 6.1.1, 9; RFC 8838 sections 11 and 14; RFC 8863).
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

void floe_ice_agent_set_role(floe_ice_agent *agent, floe_ice_role role)
{
    agent->role_told = (uint8_t)role;
    if ((floe_ice_role)agent->role == role || floe_ice_agent_is_closed(agent)) {
        return;
    }
    floe_ice_check_switch_role(agent, FLOE_ICE_WHY_SET);
    floe_ice_agent_settle(agent);
}

/* A signalled candidate that a check had revealed before: now its true type, priority and
 * foundation are known (RFC 8445 §7.3.1.3). */
static void confirm(floe_ice_agent *agent, uint8_t known, const floe_ice_cand *cand)
{
    if (agent->remote[known].type == FLOE_ICE_PRFLX) {
        agent->remote[known] = *cand;
        floe_ice_trace_remote(agent, known);
        floe_ice_filter_leave(agent, known);
        floe_ice_table_refresh(agent);
        floe_ice_table_pair_remote(agent, known, true);
    }
}

floe_err floe_ice_agent_add_remote(floe_ice_agent *agent, const floe_ice_cand *cand)
{
    if (!floe_ice_addr_is_usable(&cand->addr)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_E_CLOSED;
    }
    /* RFC 8838 §14: whatever comes after the end of candidates is ignored. */
    if (agent->is_remote_ended) {
        floe_ice_trace_addr(agent, FLOE_ICE_TRACE_IGNORED, FLOE_ICE_WHY_LATE, -1, FLOE_ICE_WHY_LATE,
                            &cand->addr);
        return FLOE_E_UNKNOWN;
    }
    uint8_t known = floe_ice_table_find_remote(agent, &cand->addr, cand->transport);
    if (known != FLOE_ICE_NONE) {
        confirm(agent, known, cand);
    } else {
        known = floe_ice_table_take_remote(agent, cand->type);
        if (known == FLOE_ICE_NONE) {
            floe_ice_trace_addr(agent, FLOE_ICE_TRACE_IGNORED, FLOE_ICE_WHY_FULL, -1,
                                FLOE_ICE_WHY_FULL, &cand->addr);
            return FLOE_E_FULL;
        }
        agent->remote[known] = *cand;
        floe_ice_trace_remote(agent, known);
        floe_ice_table_pair_remote(agent, known, true);
    }
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

void floe_ice_agent_end_remote(floe_ice_agent *agent)
{
    agent->is_remote_ended = true;
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_END_REMOTE, 0, 0, 0);
    floe_ice_agent_settle(agent);
}

static void forget_pairs(floe_ice_agent *agent)
{
    memset(agent->list.pair, 0, FLOE_ICE_PAIR_MAX * sizeof agent->list.pair[0]);
    for (uint8_t i = 0; i < FLOE_ICE_PAST_MAX; i++) {
        if (agent->past[i].pair < FLOE_ICE_PAIR_MAX) {
            agent->past[i].pair = FLOE_ICE_NONE;
        }
    }
    agent->wanted = FLOE_ICE_NONE;
    agent->first_valid_at = FLOE_TIME_NEVER;
    agent->lost_cause = FLOE_ICE_CAUSE_NONE;
    agent->is_refused = false;
}

/* RFC 8445 §9: a restart drops everything but the pair that carries data, which goes to the slots
 * of the old generation together with the credentials that its consent depends on. */
static void set_aside(floe_ice_agent *agent)
{
    if (agent->path == FLOE_ICE_OLD) {
        forget_pairs(agent); /* a restart during a restart: the one before it still serves */
        return;
    }
    if (agent->path != FLOE_ICE_NONE) {
        floe_ice_pair *old = &agent->list.pair[FLOE_ICE_OLD];
        floe_ice_check_forget_past(agent, FLOE_ICE_OLD);
        *old = agent->list.pair[agent->path];
        agent->local[FLOE_ICE_LOCAL_MAX] = agent->local[old->mapped];
        agent->remote[FLOE_ICE_REMOTE_MAX] = agent->remote[old->remote];
        old->mapped = FLOE_ICE_LOCAL_MAX;
        old->remote = FLOE_ICE_REMOTE_MAX;
        old->told = 0; /* a pair of another number */
        floe_ice_trace_local(agent, FLOE_ICE_LOCAL_MAX);
        floe_ice_trace_remote(agent, FLOE_ICE_REMOTE_MAX);
        old->flags &= FLOE_ICE_PAIR_ANSWERED | FLOE_ICE_PAIR_PENDING |
                      FLOE_ICE_PAIR_SENT_CONTROLLING | FLOE_ICE_PAIR_SENT_NOMINATION;
        floe_ice_pair_set(old, FLOE_ICE_PAIR_NOMINATED);
        agent->path = FLOE_ICE_OLD;
        agent->ours[1] = agent->ours[0];
        agent->theirs[1] = agent->theirs[0];
    }
    forget_pairs(agent);
}

static void pair_all(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < agent->remote_count; i++) {
        floe_ice_table_pair_remote(agent, i, false);
    }
    floe_ice_reply_follow_up(agent);
    /* RFC 8863 §4: from here on the peer has the time of one full check to show itself. */
    agent->patient_until = floe_ice_agent_after(agent, agent->patience_us);
    floe_ice_state_reopen(agent);
}

floe_err floe_ice_agent_set_remote(floe_ice_agent *agent, floe_bytes ufrag, floe_bytes pwd,
                                   bool is_lite)
{
    floe_ice_credentials fresh;
    if (!floe_ice_credentials_set(&fresh, ufrag, pwd)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_E_CLOSED;
    }
    if (memcmp(&fresh, &agent->theirs[0], sizeof fresh) == 0) {
        return FLOE_OK; /* a description repeated without a restart changes nothing */
    }
    if (floe_ice_agent_has_remote(agent)) {
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_RESTART, 1, 0, 0);
        set_aside(agent);
        agent->remote_count = 0;
        agent->is_remote_ended = false;
        agent->is_theirs_newer = true;
    }
    agent->theirs[0] = fresh;
    agent->is_remote_lite = is_lite;
    /* RFC 8445 §6.1.1: of a full and a lite agent the full one is controlling; of two lite ones, as
     * of two full ones, the one that began. */
    if (is_lite != floe_ice_agent_is_lite(agent) &&
        is_lite != (agent->role == FLOE_ICE_CONTROLLING)) {
        floe_ice_check_switch_role(agent, FLOE_ICE_WHY_SET);
    }
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_REMOTE, is_lite, 0, 0);
    pair_all(agent);
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

/* Reflexive candidates are gathered anew; sockets and relays stay. */
static void keep_bases(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < agent->local_count; i++) {
        if (!floe_ice_table_is_base(&agent->local[i])) {
            floe_ice_table_forget(&agent->local[i]);
            floe_ice_trace_local(agent, i);
        }
    }
}

floe_err floe_ice_agent_restart(floe_ice_agent *agent, floe_bytes ufrag, floe_bytes pwd)
{
    floe_ice_credentials fresh;
    if (!floe_ice_credentials_choose(&fresh, ufrag, pwd, &agent->rand)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_E_STATE;
    }
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_RESTART, 0, agent->is_theirs_newer,
                       0);
    set_aside(agent);
    agent->reply_count = 0;
    floe_ice_reply_forget_early(agent);
    agent->moves = agent->pleas = 0;
    keep_bases(agent);
    floe_ice_gather_restart(agent);
    agent->ours[0] = fresh;
    floe_ice_state_reopen(agent);
    if (agent->is_theirs_newer) {
        agent->is_theirs_newer = false; /* the peer restarted first: its part is there already */
        pair_all(agent);
    } else {
        agent->remote_count = 0;
        agent->is_remote_ended = false;
        agent->patient_until = FLOE_TIME_NEVER;
        memset(&agent->theirs[0], 0, sizeof agent->theirs[0]);
    }
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}
