/*
 * ice/ice_consent.c - consent freshness and liveness of valid pairs (RFC 7675).
 *
 * The pair in use and its backups are kept warm, so that the loss of one is a move to the next.
 * Other valid pairs lapse: they lose validity, and may be checked again.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

/* Nothing is ever heard between two lite agents but data. */
static bool is_unasked(const floe_ice_agent *agent)
{
    return floe_ice_agent_is_lite(agent) && agent->is_remote_lite;
}

bool floe_ice_consent_is_alive(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    return is_unasked(agent) || agent->now - pair->heard_at < agent->disconnected_us;
}

/* RFC 7675 §5.1: each interval is drawn anew from 0.8 to 1.2 times the basic one. */
static floe_time draw_interval(const floe_ice_agent *agent)
{
    uint64_t spread = (uint64_t)agent->consent_us * 2 / 5;
    return (uint64_t)agent->consent_us * 4 / 5 + floe_rand_u64(&agent->rand) % (spread + 1);
}

void floe_ice_consent_renew(floe_ice_agent *agent, floe_ice_pair *pair)
{
    if (agent->now >= pair->keep_at) {
        pair->keep_at = floe_ice_agent_after(agent, draw_interval(agent));
    }
    pair->consent_at = agent->now;
}

/* Of a valid pair. A nomination under way asks for consent as well. */
static bool is_kept(const floe_ice_agent *agent, uint8_t index, const uint8_t *warm)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    bool is_warm = index == FLOE_ICE_OLD || memchr(warm, index, FLOE_ICE_BACKUP_MAX + 1) != NULL;
    return is_warm && !floe_ice_pair_is_checking(pair);
}

bool floe_ice_consent_send(floe_ice_agent *agent, floe_transmit *out)
{
    uint8_t warm[FLOE_ICE_BACKUP_MAX + 1];
    floe_ice_backup_choose(agent, warm);
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        bool is_due = agent->now >= pair->keep_at || floe_ice_rebind_is_suspected(agent, pair);
        if (!floe_ice_pair_is_valid(pair) || !is_due || !is_kept(agent, i, warm)) {
            continue;
        }
        /* RFC 7675 §5.1: a new transaction each time, and sent once. */
        bool is_plea = floe_ice_check_is_plea(agent, i);
        floe_ice_check_send(agent, i, out);
        floe_ice_pair_clear(pair, FLOE_ICE_PAIR_BUSY);
        agent->pleas = (uint8_t)(agent->pleas - is_plea);
        pair->keep_at = floe_ice_agent_after(agent, is_plea ? agent->rto_us : draw_interval(agent));
        agent->count.consent_sent++;
        return true;
    }
    return false;
}

void floe_ice_consent_lose(floe_ice_agent *agent, floe_ice_pair *pair, floe_ice_cause cause)
{
    uint8_t index = (uint8_t)(pair - agent->list.pair);
    bool was_used = index == agent->path || floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED);
    floe_ice_pair_fail(pair);
    floe_ice_pair_because(pair, cause == FLOE_ICE_CAUSE_CONSENT_REVOKED ? FLOE_ICE_WHY_REVOKED
                                                                        : FLOE_ICE_WHY_CONSENT);
    floe_ice_check_forget_past(agent, index);
    if (was_used && index != FLOE_ICE_OLD) {
        /* RFC 7675 §5.1: after its loss the 5-tuple is not used with these credentials again. One
         * that never carried data had merely not been asked. */
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_DEAD);
        agent->lost_cause = (uint8_t)cause;
    }
}

/* RFC 7675 §5.1; §4: a lite agent asks for none, so what comes from the peer has to do. */
static floe_time consent_end(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    floe_time since = floe_ice_agent_is_lite(agent) ? pair->heard_at : pair->consent_at;
    return is_unasked(agent) ? FLOE_TIME_NEVER : floe_time_after(since, agent->consent_timeout_us);
}

void floe_ice_consent_expire(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_valid(pair) && agent->now >= consent_end(agent, pair)) {
            floe_ice_consent_lose(agent, pair, FLOE_ICE_CAUSE_CONSENT_EXPIRED);
        }
    }
}

floe_time floe_ice_consent_deadline(const floe_ice_agent *agent)
{
    floe_time at = FLOE_TIME_NEVER;
    uint8_t warm[FLOE_ICE_BACKUP_MAX + 1];
    floe_ice_backup_choose(agent, warm);
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (!floe_ice_pair_is_valid(pair)) {
            continue;
        }
        at = floe_time_min(at, consent_end(agent, pair));
        if (is_kept(agent, i, warm)) {
            floe_time due = floe_time_min(pair->keep_at, floe_ice_rebind_deadline(agent, pair));
            at = floe_time_min(at, due > agent->floor_at ? due : agent->floor_at);
        }
        /* Silence is told, and may move data to another pair, when it has lasted. */
        floe_time silent_at = floe_time_after(pair->heard_at, agent->disconnected_us);
        if (i == agent->path && silent_at > agent->now) {
            at = floe_time_min(at, silent_at);
        }
    }
    return at;
}
