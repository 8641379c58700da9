/*
 * ice/ice_response.c - what the response to a check does (RFC 8445 section 7.2.5, RFC 7675).
 *
 * Nothing is believed, error codes included, before the peer's password has signed it.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

floe_ice_check_ref floe_ice_check_find(floe_ice_agent *agent, const floe_stun_msg *msg)
{
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_PENDING) &&
            floe_stun_txn_is_match(&pair->txn, msg)) {
            return (floe_ice_check_ref){pair, NULL, i == FLOE_ICE_OLD, pair->flags};
        }
    }
    for (uint8_t i = 0; i < FLOE_ICE_PAST_MAX; i++) {
        floe_ice_past *past = &agent->past[i];
        if (past->pair != FLOE_ICE_NONE && memcmp(past->tid, msg->tid, sizeof past->tid) == 0) {
            return (floe_ice_check_ref){&agent->list.pair[past->pair], past,
                                        past->pair == FLOE_ICE_OLD, past->flags};
        }
    }
    return (floe_ice_check_ref){.pair = NULL};
}

/* The check is answered: no other response to it is. */
static void close_check(const floe_ice_check_ref *ref)
{
    if (ref->past != NULL) {
        ref->past->pair = FLOE_ICE_NONE;
    } else {
        floe_ice_pair_clear(ref->pair, FLOE_ICE_PAIR_PENDING);
    }
}

/* RFC 8445 §7.2.5.2: the pair has failed, §7.2.5.3.4: also a valid one if it refused nomination.
 * Else a valid pair keeps its consent until that runs out: what came is no consent, but no loss of
 * it either. Where it was the consent check of the pair in use, nomination is up for decision
 * again.
 */
static void fail(floe_ice_agent *agent, const floe_ice_check_ref *ref, floe_ice_why why)
{
    bool was_nomination = (ref->flags & FLOE_ICE_PAIR_SENT_NOMINATION) != 0;
    if (!floe_ice_pair_is_valid(ref->pair) ||
        (was_nomination && floe_ice_pair_is(ref->pair, FLOE_ICE_PAIR_NOMINATING))) {
        agent->is_refused = true;
        floe_ice_pair_fail(ref->pair);
        floe_ice_pair_because(ref->pair, why);
    } else if (was_nomination) {
        floe_ice_pair_clear(ref->pair, FLOE_ICE_PAIR_NOMINATED);
    }
}

/* RFC 8445 §7.2.5.1. The role is that of the request: when it is not ours any more, the conflict is
 * over and the 487 is stale. */
static void resolve_conflict(floe_ice_agent *agent, const floe_ice_check_ref *ref)
{
    bool was_controlling = (ref->flags & FLOE_ICE_PAIR_SENT_CONTROLLING) != 0;
    if (floe_ice_pair_is_valid(ref->pair)) {
        ref->pair->keep_at = agent->now; /* what the peer nominated may wait for our success */
    }
    if (was_controlling == (agent->role == FLOE_ICE_CONTROLLING)) {
        /* The tie-breaker must change, or two agents with equal ones would never agree. */
        agent->tie_breaker = floe_rand_u64(&agent->rand);
        floe_ice_check_switch_role(agent, FLOE_ICE_WHY_CONFLICT);
    }
    if (!floe_ice_pair_is_valid(ref->pair)) {
        ref->pair->state = FLOE_ICE_PAIR_WAITING;
        floe_ice_pair_because(ref->pair, FLOE_ICE_WHY_CONFLICT);
        floe_ice_pair_set(ref->pair, FLOE_ICE_PAIR_TRIGGERED);
    }
}

static void take_error(floe_ice_agent *agent, const floe_ice_check_ref *ref, int code)
{
    if (code == 403 && floe_ice_pair_is_valid(ref->pair)) {
        /* RFC 7675 §5.2: Forbidden takes consent back at once. */
        floe_ice_consent_lose(agent, ref->pair, FLOE_ICE_CAUSE_CONSENT_REVOKED);
    } else if (code == 487 && !ref->is_old && !agent->is_remote_lite) {
        /* RFC 8445 §6.1.1: a lite peer is controlled; one that says otherwise would for ever. */
        resolve_conflict(agent, ref);
    } else {
        fail(agent, ref, FLOE_ICE_WHY_REFUSED);
    }
}

/* RFC 8445 §7.2.5.3.1: the candidate that the peer sees; one that we did not know is
 * peer-reflexive. §7.2.5.3.2: with it the pair has the priority of the valid pair. Data leaves from
 * the base in any case, so the pair of the check and the valid pair are one record. */
static void learn_mapped(floe_ice_agent *agent, floe_ice_pair *pair, const floe_addr *mapped)
{
    const floe_ice_cand *seen = &agent->local[pair->mapped];
    /* RFC 6544 §4.1: one that connects is known by its IP; each connection has a port of its own.
     * Behind a NAT64 the peer sees a relayed address as another one. It is relayed all the same,
     * and must not come before direct ones. */
    if ((seen->tcptype == FLOE_SDP_TCP_ACTIVE ? floe_addr_ip_equal(&seen->addr, mapped)
                                              : floe_addr_equal(&seen->addr, mapped)) ||
        agent->local[pair->local].type == FLOE_ICE_RELAY) {
        return;
    }
    uint8_t known = floe_ice_table_add_reflexive(agent, FLOE_ICE_PRFLX, pair->local, 0, mapped);
    if (known != FLOE_ICE_NONE) {
        pair->mapped = known;
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_SEEN, (unsigned)(pair - agent->list.pair), known,
                           0, 0);
    } else {
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_MASKED);
    }
    floe_ice_table_refresh(agent);
}

/* RFC 8445 §7.2.5.3.3 and §7.2.5.3.4. */
static void take_success(floe_ice_agent *agent, const floe_ice_check_ref *ref)
{
    floe_ice_pair *pair = ref->pair;
    if (ref->past == NULL && !floe_ice_pair_is(pair, FLOE_ICE_PAIR_RESENT)) {
        floe_ice_pair_add_rtt(pair, floe_stun_txn_rtt_us(&pair->txn, agent->now));
    }
    if (floe_ice_pair_is_valid(pair)) {
        agent->count.consent_received++;
    } else {
        pair->state = FLOE_ICE_PAIR_SUCCEEDED;
        floe_ice_pair_because(pair, FLOE_ICE_WHY_SUCCESS);
        floe_ice_pair_clear(pair, FLOE_ICE_PAIR_TRIGGERED);
        floe_ice_checklist_release(&agent->list, pair->foundation);
        agent->first_valid_at = floe_time_min(agent->first_valid_at, agent->now);
    }
    pair->heard_at = agent->now;
    floe_ice_consent_renew(agent, pair);
    /* Nominated by our own USE-CANDIDATE when controlling; by that of the peer before when
     * controlled, or at its request. */
    if (agent->role == FLOE_ICE_CONTROLLING && (ref->flags & FLOE_ICE_PAIR_SENT_NOMINATION) != 0) {
        floe_ice_pair_clear(pair, FLOE_ICE_PAIR_NOMINATING);
        floe_ice_pair_set(pair, FLOE_ICE_PAIR_NOMINATED);
    }
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_PEER_WANTS)) {
        floe_ice_pair_clear(pair, FLOE_ICE_PAIR_PEER_WANTS);
        floe_ice_nominate_follow(agent, (uint8_t)(pair - agent->list.pair), 0);
    }
}

static bool has_unknown(const floe_stun_msg *msg)
{
    static const uint16_t known[] = {FLOE_STUN_MAPPED_ADDRESS,
                                     FLOE_STUN_USERNAME,
                                     FLOE_STUN_MESSAGE_INTEGRITY,
                                     FLOE_STUN_MESSAGE_INTEGRITY_SHA256,
                                     FLOE_STUN_ERROR_CODE,
                                     FLOE_STUN_UNKNOWN_ATTRIBUTES,
                                     FLOE_STUN_REALM,
                                     FLOE_STUN_NONCE,
                                     FLOE_STUN_XOR_MAPPED_ADDRESS};
    uint16_t unknown[1];
    return floe_stun_msg_get_unknown(msg, known, sizeof known / sizeof known[0], unknown, 1) > 0;
}

/* It is authentic, and answers this check. */
static void take_response(floe_ice_agent *agent, const floe_ice_check_ref *ref,
                          const floe_path *path, const floe_stun_msg *msg)
{
    const floe_ice_pair *pair = ref->pair;
    floe_addr mapped;
    int code = 0;
    close_check(ref);
    if (!floe_ice_table_is_path(agent, pair->local, &agent->remote[pair->remote].addr, path)) {
        /* RFC 8445 §7.2.5.2.1: addresses have to be symmetric. */
        fail(agent, ref, FLOE_ICE_WHY_ASYMMETRIC);
    } else if (msg->cls == FLOE_STUN_ERROR &&
               floe_stun_msg_get_error(msg, &code, &(floe_bytes){0})) {
        take_error(agent, ref, code);
    } else if (msg->cls == FLOE_STUN_SUCCESS && !has_unknown(msg) &&
               floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped) &&
               floe_ice_addr_is_usable(&mapped)) { /* of the other family behind a NAT64 */
        take_success(agent, ref);
        if (!ref->is_old) {
            learn_mapped(agent, ref->pair, &mapped);
        }
    } else {
        /* RFC 8489 §6.3.4: what cannot be understood is a failed transaction. */
        fail(agent, ref, FLOE_ICE_WHY_NONSENSE);
    }
}

floe_err floe_ice_check_input(floe_ice_agent *agent, const floe_ice_check_ref *ref,
                              const floe_path *path, const floe_stun_msg *msg)
{
    if (!msg->has_fingerprint) {
        return FLOE_E_MALFORMED;
    }
    if (floe_stun_msg_check_integrity_by(msg, &agent->theirs[ref->is_old].key) != FLOE_OK) {
        agent->is_refused = true; /* a word for the diagnosis; nothing depends on it */
        return FLOE_E_AUTH;
    }
    agent->count.replies_received++;
    take_response(agent, ref, path, msg);
    return FLOE_OK;
}
