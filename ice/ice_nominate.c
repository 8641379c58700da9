/*
 * ice/ice_nominate.c - which pair carries data, and which one is nominated (RFC 8445 section 8.1).
 *
 * Data goes on the best valid pair from the moment that there is one, so nomination is in no hurry
 * for its sake; but many peers send nothing before it. The controlling side therefore nominates the
 * best valid pair as soon as no better one can succeed any more, or after a short grace. The
 * controlled side goes where the peer's nominations point, to the one of highest priority if they
 * point to several (aggressive nomination), at any time. Both leave a pair that has fallen silent
 * for one that is alive.
 */
#include "base/crypto.h"
#include "ice/ice_agent_internal.h"

#define GRACE_US      (100 * FLOE_MS)
#define GRACE_POOR_US (1000 * FLOE_MS)      /* of a relay or TCP, which cost the whole session */
#define POOR          (UINT32_C(100) << 24) /* less than any candidate of UDP but relayed ones */
#define MOVED_US      (10 * FLOE_SECOND)

bool floe_ice_nominate_is_concluded(const floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_valid(pair) && floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED) &&
            floe_ice_consent_is_alive(agent, pair)) {
            return true;
        }
    }
    return false;
}

/* Heard, where nobody checks; alive, then nominated, then of this generation, then by priority. Two
 * agents that see the same pairs so arrive at the same one. */
static unsigned merit(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    return 4u * floe_ice_consent_is_alive(agent, pair) +
           2u * floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED) + (index != FLOE_ICE_OLD) +
           floe_ice_lite_merit(agent, index);
}

static bool is_better(const floe_ice_agent *agent, uint8_t a, uint8_t b)
{
    int moved = floe_ice_rebind_compare(agent, a, b);
    if (moved != 0) {
        return moved > 0;
    }
    unsigned of_a = merit(agent, a);
    unsigned of_b = merit(agent, b);
    return of_a != of_b ? of_a > of_b : agent->list.pair[a].priority > agent->list.pair[b].priority;
}

/* The best valid pair of slots 0 to `last`. */
static uint8_t find_best(const floe_ice_agent *agent, uint8_t last)
{
    uint8_t best = FLOE_ICE_NONE;
    for (uint8_t i = 0; i <= last; i++) {
        if (floe_ice_pair_is_valid(&agent->list.pair[i]) &&
            (best == FLOE_ICE_NONE || is_better(agent, i, best))) {
            best = i;
        }
    }
    return best;
}

/* The pair of before the restart is not needed any more, nor are the secrets. */
static void drop_old(floe_ice_agent *agent)
{
    floe_ice_pair *old = &agent->list.pair[FLOE_ICE_OLD];
    if (old->state != FLOE_ICE_PAIR_FREE) {
        old->state = FLOE_ICE_PAIR_FAILED; /* but the peer's last data may come on it */
        old->flags = FLOE_ICE_PAIR_ANSWERED;
        floe_ice_pair_because(old, FLOE_ICE_WHY_OVER);
    }
    floe_ice_check_forget_past(agent, FLOE_ICE_OLD);
    floe_secret_wipe(&agent->ours[1], sizeof agent->ours[1]);
    floe_secret_wipe(&agent->theirs[1], sizeof agent->theirs[1]);
}

static void choose_path(floe_ice_agent *agent)
{
    /* RFC 8445 §12.1: the selected pair; before there is one, that of before the restart; without
     * that any valid pair. */
    uint8_t path = find_best(agent, FLOE_ICE_OLD);
    if (path != agent->path) {
        agent->path = path;
        agent->path_told = path == FLOE_ICE_NONE;
        floe_ice_trace_pairs(agent); /* who it is, before where data goes */
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_PATH, 0, path, 0, 0);
        if (path != FLOE_ICE_NONE && floe_ice_check_is_plea(agent, path)) {
            agent->list.pair[path].keep_at = agent->now; /* the peer waits for it */
        }
    }
    bool is_selected = path < FLOE_ICE_PAIR_MAX &&
                       floe_ice_pair_is(&agent->list.pair[path], FLOE_ICE_PAIR_NOMINATED);
    if (is_selected && agent->ours[1].ufrag_len > 0) {
        drop_old(agent);
    }
}

/* RFC 8445 §8.1.2: once a pair is nominated, the checks of the others are cancelled: not repeated,
 * but an answer still counts. Not those that the peer nominated as well. */
static void cancel_checks(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (pair->state == FLOE_ICE_PAIR_IN_PROGRESS &&
            !floe_ice_pair_is(pair, FLOE_ICE_PAIR_PEER_WANTS) && !floe_ice_upgrade_is(agent, i)) {
            pair->state = FLOE_ICE_PAIR_WAITING;
            floe_ice_pair_because(pair, FLOE_ICE_WHY_CONCLUDED);
        }
    }
}

/* RFC 8445 §8.1.1: one pair at a time is nominated. */
static bool is_nominating(const floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATING) &&
            floe_ice_consent_is_alive(agent, pair)) {
            return true;
        }
    }
    return false;
}

static void clear_all(floe_ice_agent *agent, unsigned flag)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair_clear(&agent->list.pair[i], flag);
    }
}

static floe_time grace_end(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    if (agent->nomination != FLOE_ICE_NOMINATE_SOON) {
        return agent->nomination == FLOE_ICE_NOMINATE_FAST ? agent->now : agent->patient_until;
    }
    bool is_poor = agent->local[pair->mapped].priority < POOR ||
                   agent->remote[pair->remote].type == FLOE_ICE_RELAY;
    return floe_time_after(agent->first_valid_at, is_poor ? GRACE_POOR_US : GRACE_US);
}

static void nominate(floe_ice_agent *agent)
{
    uint8_t best = find_best(agent, FLOE_ICE_PAIR_MAX - 1);
    floe_time before = agent->nominate_at;
    agent->nominate_at = FLOE_TIME_NEVER;
    if (agent->role != FLOE_ICE_CONTROLLING || best == FLOE_ICE_NONE || is_nominating(agent)) {
        return;
    }
    if (floe_ice_pair_is(&agent->list.pair[best], FLOE_ICE_PAIR_NOMINATED)) {
        best = floe_ice_upgrade_find(agent, best);
    }
    floe_ice_pair *pair = &agent->list.pair[best];
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED | FLOE_ICE_PAIR_NOMINATING)) {
        return;
    }
    floe_time end = grace_end(agent, pair);
    if (agent->now < end && floe_ice_checklist_has_hope(&agent->list, pair->priority)) {
        if (end != before) {
            floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_GRACE, best, 0, 0);
        }
        agent->nominate_at = end;
        return;
    }
    clear_all(agent, FLOE_ICE_PAIR_NOMINATING);
    /* RFC 8445 §8.1.1: repeat the check that made the pair valid, with USE-CANDIDATE. */
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_NOMINATING | FLOE_ICE_PAIR_TRIGGERED);
}

void floe_ice_nominate_follow(floe_ice_agent *agent, uint8_t index, uint32_t move)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    if (agent->wanted != index) {
        agent->wanted = index;
        agent->wanted_at = agent->now;
    }
    if (move > agent->moves) {
        agent->moves = move;
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_MOVED_TO);
    }
    if (!floe_ice_pair_is_valid(pair)) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_PEER_WANTS);
        return;
    }
    /* One that nominates aggressively means all that it nominates, the best most of all (RFC 8445
     * §8.1.1). One that has come back to the same pair for so long has given up the others; one
     * that says so has, too. */
    if (agent->now - agent->wanted_at >= MOVED_US ||
        floe_ice_pair_is(pair, FLOE_ICE_PAIR_MOVED_TO)) {
        clear_all(agent, FLOE_ICE_PAIR_NOMINATED | FLOE_ICE_PAIR_NOMINATING |
                             FLOE_ICE_PAIR_MOVED_TO | FLOE_ICE_PAIR_PEER_WANTS);
    }
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_NOMINATED);
    if (agent->role == FLOE_ICE_CONTROLLING) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_NOMINATING | FLOE_ICE_PAIR_TRIGGERED);
    }
}

void floe_ice_nominate_run(floe_ice_agent *agent)
{
    choose_path(agent);
    nominate(agent);
    if (floe_ice_nominate_is_concluded(agent)) {
        cancel_checks(agent);
    }
}
