/*
 * ice/ice_reply.c - checks of the peer and our responses (RFC 8445 section 7.3).
 *
 * What is not signed with our password is dropped without a word, where RFC 8489 section 9.1.3 has
 * 400 and 401: an answer would serve nobody but a scanner, and amplify. What is signed is answered
 * at once, for which the peer's credentials are not needed; if they are not known yet, the rest is
 * done when they come.
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

/* Which of the sessions between the two a check belongs to. */
typedef enum floe_ice_session {
    FLOE_ICE_SESSION_NONE,
    FLOE_ICE_SESSION_EARLY, /* the peer has our description, and we not its */
    FLOE_ICE_SESSION_NOW,
    FLOE_ICE_SESSION_BEFORE /* before the last restart, of either */
} floe_ice_session;

/* A check as far as we care, once it is authentic. */
typedef struct floe_ice_request {
    const floe_stun_msg *msg;
    const floe_path *path;
    floe_bytes from_ufrag;
    uint32_t priority;
    uint8_t local;
    bool is_old; /* with our credentials of before the restart */
    floe_ice_session session;
    bool use_candidate;
    uint32_t move; /* NOMINATION, or 0 */
} floe_ice_request;

static floe_ice_reply *owe(floe_ice_agent *agent, const floe_ice_request *request, uint16_t code)
{
    size_t at = ((size_t)agent->reply_head + agent->reply_count) % FLOE_ICE_REPLY_MAX;
    floe_ice_reply *reply = &agent->reply[at];
    memset(reply, 0, sizeof *reply);
    memcpy(reply->tid, request->msg->tid, sizeof reply->tid);
    reply->to = request->path->remote;
    reply->local = request->local;
    reply->is_old = request->is_old;
    reply->code = code;
    agent->reply_count++;
    return reply;
}

/* RFC 8445 §7.3: our username fragment before the colon, and our password for the HMAC. Without
 * FINGERPRINT it is no check. */
static floe_err authenticate(const floe_ice_agent *agent, floe_ice_request *request)
{
    floe_stun_attr name;
    if (!request->msg->has_fingerprint) {
        return FLOE_E_MALFORMED;
    }
    if (!floe_stun_msg_find(request->msg, FLOE_STUN_USERNAME, &name)) {
        return FLOE_E_AUTH;
    }
    request->is_old =
        !floe_ice_credentials_is_for(&agent->ours[0], name.value, &request->from_ufrag);
    if (request->is_old &&
        !floe_ice_credentials_is_for(&agent->ours[1], name.value, &request->from_ufrag)) {
        return FLOE_E_AUTH;
    }
    return floe_stun_msg_check_integrity_by(request->msg, &agent->ours[request->is_old].key);
}

/* RFC 8445 §9: a restart begins another session, whose checks have the user fragments of both. One
 * with ours of before and the peer's of after belongs to none: a browser that restarts sends it
 * until it has our answer, and Chromium, once answered, holds on to that pair and refuses all
 * checks of the new session on it. */
static floe_ice_session find_session(const floe_ice_agent *agent, const floe_ice_request *request)
{
    bool is_before = request->is_old || agent->is_theirs_newer;
    floe_bytes theirs = floe_ice_credentials_ufrag(&agent->theirs[is_before]);
    if (!floe_bytes_equal(theirs, request->from_ufrag)) {
        return theirs.len == 0 && !is_before ? FLOE_ICE_SESSION_EARLY : FLOE_ICE_SESSION_NONE;
    }
    return is_before ? FLOE_ICE_SESSION_BEFORE : FLOE_ICE_SESSION_NOW;
}

/* RFC 8489 §6.3.1: 420 names the attributes that we had to understand and do not. */
static bool refuse_unknown(floe_ice_agent *agent, const floe_ice_request *request)
{
    static const uint16_t known[] = {FLOE_STUN_USERNAME, FLOE_STUN_MESSAGE_INTEGRITY,
                                     FLOE_STUN_MESSAGE_INTEGRITY_SHA256, FLOE_STUN_PRIORITY,
                                     FLOE_STUN_USE_CANDIDATE};
    uint16_t odd[FLOE_ICE_ODD_MAX] = {0};
    size_t count = floe_stun_msg_get_unknown(request->msg, known, sizeof known / sizeof known[0],
                                             odd, FLOE_ICE_ODD_MAX);
    if (count == 0) {
        return false;
    }
    floe_ice_reply *reply = owe(agent, request, 420);
    reply->odd_count = (uint8_t)(count < FLOE_ICE_ODD_MAX ? count : FLOE_ICE_ODD_MAX);
    memcpy(reply->odd, odd, sizeof odd);
    return true;
}

/* RFC 8445 §7.3.1.1: of two that claim one role, the larger tie-breaker is controlling; at equal
 * ones the receiver counts as the larger. False: the sender has to yield. */
static bool settle_role(floe_ice_agent *agent, const floe_ice_request *request)
{
    bool is_controlling = agent->role == FLOE_ICE_CONTROLLING;
    uint64_t theirs;
    if (!floe_stun_msg_get_u64(
            request->msg, is_controlling ? FLOE_STUN_ICE_CONTROLLING : FLOE_STUN_ICE_CONTROLLED,
            &theirs)) {
        return true;
    }
    /* RFC 8445 §6.1.1: towards a full peer a lite agent is controlled, whatever the numbers say. */
    bool is_larger = agent->tie_breaker >= theirs && !floe_ice_agent_is_lite(agent);
    if (is_larger == is_controlling) {
        return false;
    }
    floe_ice_check_switch_role(agent, FLOE_ICE_WHY_TRIGGERED);
    return true;
}

/* RFC 8445 §7.3.1.3 and §7.3.1.4: the pair that the check came on; NONE: there is no room. */
static uint8_t get_pair(floe_ice_agent *agent, uint8_t local, const floe_addr *from,
                        uint32_t priority)
{
    uint8_t remote = floe_ice_table_get_remote(agent, local, from, priority);
    return remote == FLOE_ICE_NONE ? FLOE_ICE_NONE
                                   : floe_ice_table_get_pair(agent, local, remote, true);
}

/* RFC 8445 §7.3.1.4 and §7.3.1.5: its triggered check, and nomination. False: a nomination that we
 * do not follow, and so have to refuse. */
static bool follow_up(floe_ice_agent *agent, uint8_t index, bool use_candidate, uint32_t move)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    bool is_first = !floe_ice_pair_is(pair, FLOE_ICE_PAIR_ANSWERED);
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_ANSWERED);
    pair->heard_at = agent->now;
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_DEAD)) {
        return !use_candidate; /* this side cannot use it again, so the peer should not */
    }
    if (floe_ice_agent_is_lite(agent)) {
        floe_ice_lite_follow(agent, index, use_candidate, move);
        return true;
    }
    /* A controlled peer has no say but this: it asks where it has moved, once a move. */
    if (agent->role == FLOE_ICE_CONTROLLED ? use_candidate : move > agent->moves) {
        floe_ice_nominate_follow(agent, index, move);
    }
    if (floe_ice_pair_is_valid(pair)) {
        /* What we nominated before the peer had our description, Firefox forgets: tell it again. */
        if (is_first && floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATED)) {
            pair->keep_at = agent->now;
        }
        floe_ice_backup_asked(agent, index);
        return true;
    }
    if (pair->state != FLOE_ICE_PAIR_IN_PROGRESS) {
        pair->state = FLOE_ICE_PAIR_WAITING;
        floe_ice_pair_because(pair, FLOE_ICE_WHY_TRIGGERED);
    }
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_TRIGGERED);
    return true;
}

static floe_ice_early *find_early(floe_ice_agent *agent, const floe_path *path)
{
    for (uint8_t i = 0; i < FLOE_ICE_EARLY_MAX; i++) {
        floe_ice_early *early = &agent->early[i];
        if (early->local != FLOE_ICE_NONE &&
            floe_ice_table_is_path(agent, early->local, &early->from, path)) {
            return early;
        }
    }
    return NULL;
}

/* One entry for a path, which keeps a nomination; the oldest goes where there is no more room. */
static void keep_early(floe_ice_agent *agent, const floe_ice_request *request)
{
    uint32_t hash = floe_ice_hash(request->from_ufrag);
    floe_ice_early *early = find_early(agent, request->path);
    bool was_nominated = early != NULL && early->ufrag_hash == hash && early->use_candidate;
    if (early == NULL) {
        early = &agent->early[agent->early_next];
        agent->early_next = (uint8_t)((agent->early_next + 1) % FLOE_ICE_EARLY_MAX);
    }
    early->from = request->path->remote;
    early->priority = request->priority;
    early->ufrag_hash = hash;
    early->local = request->local;
    early->use_candidate = was_nominated || request->use_candidate;
}

bool floe_ice_reply_is_early(const floe_ice_agent *agent, const floe_path *path)
{
    return find_early((floe_ice_agent *)agent, path) != NULL;
}

void floe_ice_reply_forget_early(floe_ice_agent *agent)
{
    memset(agent->early, FLOE_ICE_NONE, sizeof agent->early);
}

void floe_ice_reply_follow_up(floe_ice_agent *agent)
{
    uint32_t theirs = floe_ice_hash(floe_ice_credentials_ufrag(&agent->theirs[0]));
    for (uint8_t i = 0; i < FLOE_ICE_EARLY_MAX; i++) {
        floe_ice_early *early = &agent->early[i];
        if (early->local != FLOE_ICE_NONE && early->ufrag_hash == theirs) {
            uint8_t index = get_pair(agent, early->local, &early->from, early->priority);
            if (index != FLOE_ICE_NONE) {
                (void)follow_up(agent, index, early->use_candidate, 0);
            }
            early->local = FLOE_ICE_NONE;
        }
    }
}

/* The check is authentic and understood: answer it and do what follows from it. */
static void accept(floe_ice_agent *agent, const floe_ice_request *request)
{
    const floe_addr *from = &request->path->remote;
    floe_ice_reply *reply = owe(agent, request, 0);
    (void)floe_ice_table_hear(agent, request->path, 0);
    /* RFC 8445 §7.3: before the peer's credentials are known there is nothing more to do, but to
     * remember. */
    if (request->session == FLOE_ICE_SESSION_EARLY) {
        keep_early(agent, request);
    }
    if (request->session != FLOE_ICE_SESSION_NOW) {
        return;
    }
    uint8_t index = get_pair(agent, request->local, from, request->priority);
    if (index == FLOE_ICE_NONE) {
        /* Not answered: the peer would take for valid, and nominate, what is not here. */
        agent->reply_count--;
    } else if (!follow_up(agent, index, request->use_candidate, request->move)) {
        reply->code = 400;
    }
}

/* An answer would reveal what the policy hides, and promise what a filter forbids. */
static bool is_answerable(const floe_ice_agent *agent, uint8_t local, const floe_addr *from)
{
    uint8_t known = floe_ice_table_find_remote(agent, from, agent->local[local].transport);
    uint8_t type = known == FLOE_ICE_NONE ? FLOE_ICE_PRFLX : agent->remote[known].type;
    return agent->local[local].type != FLOE_ICE_HIDDEN && floe_ice_addr_is_usable(from) &&
           floe_ice_table_may_use(agent, local, type, from);
}

floe_err floe_ice_reply_input(floe_ice_agent *agent, const floe_path *path,
                              const floe_stun_msg *msg)
{
    floe_ice_request request = {.msg = msg, .path = path};
    request.local = floe_ice_table_find_base(agent, &path->local, path->transport);
    if (request.local == FLOE_ICE_NONE || !is_answerable(agent, request.local, &path->remote)) {
        return FLOE_E_UNKNOWN;
    }
    floe_err err = authenticate(agent, &request);
    if (err != FLOE_OK) {
        return err;
    }
    request.session = find_session(agent, &request);
    if (request.session == FLOE_ICE_SESSION_NONE) {
        return FLOE_E_UNKNOWN;
    }
    agent->count.checks_received++;
    if (agent->reply_count >= FLOE_ICE_REPLY_MAX) {
        return FLOE_E_FULL;
    }
    if (refuse_unknown(agent, &request)) {
        return FLOE_OK;
    }
    /* RFC 8445 §7.1.1 has PRIORITY in every check; a candidate learned without it counts least. */
    (void)floe_stun_msg_get_u32(msg, FLOE_STUN_PRIORITY, &request.priority);
    request.use_candidate = floe_stun_msg_has(msg, FLOE_STUN_USE_CANDIDATE);
    (void)floe_stun_msg_get_u32(msg, FLOE_STUN_NOMINATION, &request.move);
    if (!request.is_old && !settle_role(agent, &request)) {
        (void)owe(agent, &request, 487);
    } else {
        accept(agent, &request);
    }
    return FLOE_OK;
}

static void write_reply(floe_ice_agent *agent, const floe_ice_reply *reply, floe_transmit *out)
{
    floe_stun_writer w;
    floe_stun_writer_begin(&w, out->buf, out->cap,
                           reply->code == 0 ? FLOE_STUN_SUCCESS : FLOE_STUN_ERROR,
                           FLOE_STUN_BINDING, reply->tid);
    if (reply->code == 0) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &reply->to);
    } else {
        floe_stun_writer_put_error(&w, reply->code);
    }
    if (reply->odd_count > 0) {
        floe_stun_writer_put_unknown(&w, reply->odd, reply->odd_count);
    }
    /* RFC 8445 §7.3: signed with the password that signed the request, errors too: ours. */
    floe_stun_writer_put_integrity_by(&w, &agent->ours[reply->is_old].key);
    floe_stun_writer_put_fingerprint(&w);
    floe_ice_agent_finish(agent, &w, out, reply->local, &reply->to);
    agent->count.replies_sent++;
}

bool floe_ice_reply_send(floe_ice_agent *agent, floe_transmit *out)
{
    while (agent->reply_count > 0) {
        const floe_ice_reply *reply = &agent->reply[agent->reply_head];
        agent->reply_head = (uint8_t)((agent->reply_head + 1) % FLOE_ICE_REPLY_MAX);
        agent->reply_count--;
        /* The password of before the restart may have gone in between. */
        if (agent->ours[reply->is_old].ufrag_len > 0) {
            write_reply(agent, reply, out);
            return true;
        }
    }
    return false;
}
