/*
 * ice/ice_check.c - connectivity checks: which one leaves when, and its request (RFC 8445 sections
 * 6.1.4, 7.1, 7.2.1 to 7.2.4). What a response does is in ice/ice_response.c.
 *
 * Ordinary checks leave one a Ta. A triggered check leaves at once: it is sent because the peer is
 * there, and waiting for the next tick of Ta costs every connection up to 50 ms. It keeps only to
 * the 5 ms that RFC 8445 section 14.2 wants between any two transactions.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

#define EAGER_RTOS UINT64_C(32) /* 16 s by default */

static void remember(floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    floe_ice_past *past = &agent->past[agent->past_next];
    agent->past_next = (uint8_t)((agent->past_next + 1) % FLOE_ICE_PAST_MAX);
    memcpy(past->tid, pair->txn.tid, sizeof past->tid);
    past->pair = index;
    past->flags = pair->flags;
}

void floe_ice_check_forget_past(floe_ice_agent *agent, uint8_t pair)
{
    for (size_t i = 0; i < FLOE_ICE_PAST_MAX; i++) {
        if (agent->past[i].pair == pair) {
            agent->past[i].pair = FLOE_ICE_NONE;
        }
    }
}

/* RFC 8445 §7.1.2, §8.1.1: with USE-CANDIDATE when nominating. The consent checks of the pair in
 * use repeat it, as those of libwebrtc do: some lite peers drop a pair whose checks lack it, and a
 * full one that lost it in a change of roles hears it again. */
static bool is_nomination(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    return agent->role == FLOE_ICE_CONTROLLING &&
           (floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATING) ||
            (index == agent->path && index != FLOE_ICE_OLD &&
             floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED)));
}

/* Controlled, and the pair in use is gone with its base: the peer would notice by the silence only.
 * Our checks of where data goes now, or could go, carry NOMINATION without USE-CANDIDATE: a request
 * to nominate that. Who does not know it passes over it. */
bool floe_ice_check_is_plea(const floe_ice_agent *agent, uint8_t index)
{
    return agent->pleas > 0 && agent->role == FLOE_ICE_CONTROLLED &&
           (agent->path == FLOE_ICE_NONE || index == agent->path) &&
           !floe_ice_pair_is(&agent->list.pair[index], FLOE_ICE_PAIR_NOMINATED);
}

static void begin(floe_ice_agent *agent, uint8_t index)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_PENDING)) {
        remember(agent, index);
    }
    if (agent->local[pair->local].transport == FLOE_TCP) {
        floe_stun_txn_begin_reliable(&pair->txn, &agent->rand, agent->now);
    } else {
        floe_stun_txn_begin(&pair->txn, &agent->rand, agent->rto_us, agent->now);
    }
    floe_ice_pair_clear(pair, FLOE_ICE_PAIR_SENT_CONTROLLING | FLOE_ICE_PAIR_SENT_NOMINATION |
                                  FLOE_ICE_PAIR_RESENT);
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_PENDING);
    if (agent->role == FLOE_ICE_CONTROLLING) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_SENT_CONTROLLING);
    }
    if (is_nomination(agent, index)) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_SENT_NOMINATION);
    }
}

static void write_request(floe_ice_agent *agent, uint8_t index, floe_transmit *out)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    const unsigned generation = index == FLOE_ICE_OLD;
    const floe_ice_credentials *theirs = &agent->theirs[generation];
    uint8_t name[FLOE_ICE_USERNAME_MAX];
    /* RFC 8445 §7.1.1: the priority that a peer-reflexive candidate of this base would have. */
    uint32_t priority = floe_ice_table_priority(agent, FLOE_ICE_PRFLX, pair->local);
    floe_stun_writer w;
    floe_stun_writer_begin(&w, out->buf, out->cap, FLOE_STUN_REQUEST, FLOE_STUN_BINDING,
                           pair->txn.tid);
    floe_stun_writer_put_bytes(
        &w, FLOE_STUN_USERNAME,
        floe_ice_credentials_username(theirs, &agent->ours[generation], name));
    floe_stun_writer_put_u32(&w, FLOE_STUN_PRIORITY, priority);
    floe_stun_writer_put_u32(&w, FLOE_STUN_NETWORK_INFO, floe_ice_check_cost(agent));
    floe_stun_writer_put_u64(&w,
                             floe_ice_pair_is(pair, FLOE_ICE_PAIR_SENT_CONTROLLING)
                                 ? FLOE_STUN_ICE_CONTROLLING
                                 : FLOE_STUN_ICE_CONTROLLED,
                             agent->tie_breaker);
    bool is_nominated = floe_ice_pair_is(pair, FLOE_ICE_PAIR_SENT_NOMINATION);
    if (is_nominated) {
        floe_stun_writer_put_flag(&w, FLOE_STUN_USE_CANDIDATE);
    }
    /* draft-thatcher-ice-renomination: who knows it goes where the largest value is, whatever it
     * was told before. A plain nomination counts as 1. */
    if (is_nominated ? agent->moves > 0 : floe_ice_check_is_plea(agent, index)) {
        floe_stun_writer_put_u32(&w, FLOE_STUN_NOMINATION, agent->moves + 1);
    }
    floe_stun_writer_put_integrity_by(&w, &theirs->key);
    floe_stun_writer_put_fingerprint(&w);
    floe_ice_agent_finish(agent, &w, out, pair->local, &agent->remote[pair->remote].addr);
    agent->count.checks_sent++;
}

void floe_ice_check_send(floe_ice_agent *agent, uint8_t index, floe_transmit *out)
{
    begin(agent, index);
    write_request(agent, index, out);
    floe_stun_txn_sent(&agent->list.pair[index].txn, agent->now);
}

/* A check, or a nomination, which is repeated until it is answered. */
static void send_first(floe_ice_agent *agent, uint8_t index, floe_ice_why why, floe_transmit *out)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    if (pair->state != FLOE_ICE_PAIR_SUCCEEDED) {
        pair->state = FLOE_ICE_PAIR_IN_PROGRESS;
        floe_ice_pair_because(pair, why);
    }
    floe_ice_check_send(agent, index, out);
    floe_ice_checklist_thaw(&agent->list);
}

/* RFC 8445 §7.3.1.4 wants a new transaction for a pair that is being checked. To send the one under
 * way once more does the same and leaves one transaction, however often the peer asks; only if what
 * it says has changed is there a new one. Over TCP nothing is sent twice: there a new one is due.
 */
static bool is_current(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    bool is_controlling = agent->role == FLOE_ICE_CONTROLLING;
    return floe_ice_pair_is_checking(pair) && pair->txn.sends_max > 1 &&
           floe_ice_pair_is(pair, FLOE_ICE_PAIR_SENT_CONTROLLING) == is_controlling &&
           floe_ice_pair_is(pair, FLOE_ICE_PAIR_SENT_NOMINATION) == is_nomination(agent, index);
}

/* Where the peer has been heard there is a way, and what is lost is lost by chance: doubling the
 * interval would make a connection over a lossy path wait for seconds. Such a pair asks once an RTO
 * for a while, before it goes on with the schedule of RFC 8489 section 6.2.1. */
static bool is_eager(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    bool is_heard = floe_ice_pair_is_valid(pair) || floe_ice_pair_is(pair, FLOE_ICE_PAIR_ANSWERED);
    return is_heard && floe_ice_consent_is_alive(agent, pair) && pair->txn.sends > 0 &&
           pair->txn.sends < pair->txn.sends_max &&
           agent->now < floe_time_after(pair->txn.sent_at, EAGER_RTOS * agent->rto_us);
}

static void send_again(floe_ice_agent *agent, uint8_t index, floe_transmit *out)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    write_request(agent, index, out);
    if (is_eager(agent, pair)) {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_RESENT);
        pair->txn.next_at = floe_ice_agent_after(agent, agent->rto_us);
    } else if (floe_stun_txn_check(&pair->txn, agent->now) == FLOE_STUN_TXN_SEND) {
        floe_stun_txn_sent(&pair->txn, agent->now);
    }
}

bool floe_ice_check_send_triggered(floe_ice_agent *agent, floe_transmit *out)
{
    uint8_t index = floe_ice_checklist_next_triggered(&agent->list);
    if (index == FLOE_ICE_NONE) {
        return false;
    }
    floe_ice_pair *pair = &agent->list.pair[index];
    floe_ice_pair_clear(pair, FLOE_ICE_PAIR_TRIGGERED);
    if (is_current(agent, index)) {
        send_again(agent, index, out);
        return true;
    }
    send_first(agent, index, FLOE_ICE_WHY_TRIGGERED, out);
    return true;
}

bool floe_ice_check_has_ordinary(const floe_ice_agent *agent)
{
    uint8_t next = floe_ice_checklist_next(&agent->list);
    return next != FLOE_ICE_NONE &&
           (!floe_ice_nominate_is_concluded(agent) || floe_ice_upgrade_is(agent, next));
}

bool floe_ice_check_send_ordinary(floe_ice_agent *agent, floe_transmit *out)
{
    if (!floe_ice_check_has_ordinary(agent)) {
        return false;
    }
    send_first(agent, floe_ice_checklist_next(&agent->list), FLOE_ICE_WHY_PACED, out);
    return true;
}

bool floe_ice_check_repeat(floe_ice_agent *agent, floe_transmit *out)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is_checking(pair) &&
            floe_stun_txn_check(&pair->txn, agent->now) == FLOE_STUN_TXN_SEND) {
            send_again(agent, i, out);
            return true;
        }
    }
    return false;
}

void floe_ice_check_expire(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        /* RFC 8445 §7.2.5.2.3: a check that timed out has failed; §7.2.5.3.4: a nomination that did
         * takes its pair off the valid list. */
        if (floe_ice_pair_is_checking(pair) &&
            floe_stun_txn_check(&pair->txn, agent->now) == FLOE_STUN_TXN_TIMEOUT) {
            floe_ice_pair_fail(pair);
            floe_ice_pair_because(pair, FLOE_ICE_WHY_TIMEOUT);
        }
    }
}

floe_time floe_ice_check_deadline(const floe_ice_agent *agent)
{
    floe_time at = FLOE_TIME_NEVER;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_TRIGGERED)) {
            at = floe_time_min(at, agent->floor_at);
        }
        if (floe_ice_pair_is_checking(pair)) {
            at = floe_time_min(at, floe_stun_txn_deadline(&pair->txn));
        }
    }
    return at;
}

void floe_ice_check_switch_role(floe_ice_agent *agent, floe_ice_why why)
{
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_ROLE, 0, agent->role, !agent->role, (int32_t)why);
    agent->role = agent->role == FLOE_ICE_CONTROLLING ? FLOE_ICE_CONTROLLED : FLOE_ICE_CONTROLLING;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        floe_ice_pair_clear(pair, FLOE_ICE_PAIR_NOMINATING | FLOE_ICE_PAIR_PEER_WANTS);
        /* Checks under way carry the wrong role now; asked again, they carry the right one. */
        if (pair->state == FLOE_ICE_PAIR_IN_PROGRESS) {
            floe_ice_pair_set(pair, FLOE_ICE_PAIR_TRIGGERED);
        }
    }
    /* RFC 8445 §7.2.5.1, §7.3.1.1: priorities depend on the role. */
    floe_ice_table_refresh(agent);
}
