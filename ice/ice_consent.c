/*
 * ice/ice_consent.c - consent freshness and liveness of valid pairs (RFC 7675).
 *
 * The pair in use and the best two others are kept warm, so that the loss of one is a move to the
 * next. Other valid pairs lapse: they lose validity, and may be checked again.
 */
#include "ice/ice_agent_internal.h"

#define BACKUPS 2

bool floe_ice_consent_is_alive(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    return agent->now - pair->heard_at < agent->disconnected_us;
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

static bool is_warm(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    int better = 0;
    if (!floe_ice_pair_is_valid(pair)) {
        return false;
    }
    if (index == agent->path || index == FLOE_ICE_OLD) {
        return true;
    }
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *other = &agent->list.pair[i];
        bool goes_first =
            other->priority > pair->priority || (other->priority == pair->priority && i < index);
        better += i != agent->path && goes_first && floe_ice_pair_is_valid(other);
    }
    return better < BACKUPS;
}

/* A nomination under way asks for consent as well. */
static bool is_kept(const floe_ice_agent *agent, uint8_t index)
{
    return is_warm(agent, index) && !floe_ice_pair_is_checking(&agent->list.pair[index]);
}

bool floe_ice_consent_send(floe_ice_agent *agent, floe_transmit *out)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (!is_kept(agent, i) || agent->now < pair->keep_at) {
            continue;
        }
        /* RFC 7675 §5.1: a new transaction each time, and sent once. */
        floe_ice_check_send(agent, i, out);
        pair->keep_at = floe_ice_agent_after(agent, draw_interval(agent));
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
    floe_ice_check_forget_past(agent, index);
    if (was_used && index != FLOE_ICE_OLD) {
        /* RFC 7675 §5.1: after its loss the 5-tuple is not used with these credentials again. One
         * that never carried data had merely not been asked. */
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_DEAD);
        agent->lost_cause = (uint8_t)cause;
    }
}

void floe_ice_consent_expire(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_valid(pair) &&
            agent->now - pair->consent_at >= agent->consent_timeout_us) {
            floe_ice_consent_lose(agent, pair, FLOE_ICE_CAUSE_CONSENT_EXPIRED);
        }
    }
}

floe_time floe_ice_consent_deadline(const floe_ice_agent *agent)
{
    floe_time at = FLOE_TIME_NEVER;
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (!floe_ice_pair_is_valid(pair)) {
            continue;
        }
        at = floe_time_min(at, floe_time_after(pair->consent_at, agent->consent_timeout_us));
        if (is_kept(agent, i)) {
            at = floe_time_min(at, pair->keep_at);
        }
        /* Silence is told, and may move data to another pair, when it has lasted. */
        floe_time silent_at = floe_time_after(pair->heard_at, agent->disconnected_us);
        if (i == agent->path && silent_at > agent->now) {
            at = floe_time_min(at, silent_at);
        }
    }
    return at;
}
