/*
 * peer/peer_verdict_decide.c - what the facts of a trace amount to. See peer/peer_verdict.h for the
 * order in which causes are looked for.
 */
#include "base/addr.h"
#include "ice/ice_trace.h"
#include "peer/peer.h"
#include "peer/peer_verdict.h"

static bool is_up(uint8_t ice)
{
    return ice == FLOE_ICE_CONNECTED || ice == FLOE_ICE_COMPLETED;
}

static bool is_reliable(const floe_verdict_server *server)
{
    return server->transport == FLOE_TCP || server->transport == FLOE_TLS;
}

/* Who gets no answer asks for 31.5 s (RFC 8489 §6.2.1); we give up after some 50. */
#define GONE_US (30 * FLOE_SECOND)

/* What was counted, for the decision. */
typedef struct tally {
    unsigned bases;     /* local candidates that checks may leave from */
    unsigned signalled; /* remote candidates that the peer told */
    unsigned pairs, heard, refused;
    unsigned stun, stun_answered, stun_unnamed;
    unsigned turn, relays, turn_streams;
    bool is_hard; /* our NAT gives each destination another port */
} tally;

static void count_cands(tally *t, const floe_verdict_facts *facts)
{
    for (size_t i = 0; i < FLOE_ICE_LOCAL_MAX; i++) {
        const floe_verdict_cand *cand = &facts->local[i];
        t->bases +=
            cand->addr.family != 0 && (cand->type == FLOE_ICE_HOST || cand->type == FLOE_ICE_RELAY);
    }
    for (size_t i = 0; i < FLOE_ICE_REMOTE_MAX; i++) {
        const floe_verdict_cand *cand = &facts->remote[i];
        t->signalled += cand->addr.family != 0 && cand->type != FLOE_ICE_PRFLX;
    }
}

static void count_pairs(tally *t, const floe_verdict_facts *facts)
{
    for (size_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_verdict_pair *pair = &facts->pair[i];
        t->pairs += pair->state != FLOE_ICE_PAIR_FREE;
        t->heard += (pair->marks & FLOE_ICE_MARK_HEARD) != 0;
        t->refused += pair->state == FLOE_ICE_PAIR_FAILED &&
                      (pair->why == FLOE_ICE_WHY_REFUSED || pair->why == FLOE_ICE_WHY_NONSENSE ||
                       pair->why == FLOE_ICE_WHY_ASYMMETRIC);
    }
}

static void count_servers(tally *t, const floe_verdict_facts *facts)
{
    for (size_t i = 0; i < FLOE_VERDICT_SERVERS; i++) {
        const floe_verdict_server *server = &facts->server[i];
        if (!server->is_used) {
            continue;
        }
        if (server->is_turn) {
            t->turn++;
            t->turn_streams += is_reliable(server);
            t->relays += server->why == FLOE_ICE_WHY_RELAYED || server->why == FLOE_ICE_WHY_LOST;
        } else {
            t->stun++;
            t->stun_answered += server->has_answered;
            t->stun_unnamed += server->why == FLOE_ICE_WHY_NAME;
            t->is_hard = t->is_hard || server->is_mapped_twice;
        }
    }
}

static tally count(const floe_verdict_facts *facts)
{
    tally t = {0};
    count_cands(&t, facts);
    count_pairs(&t, facts);
    count_servers(&t, facts);
    return t;
}

/* Whether the server forbids all that could be reached from outside: many forbid private addresses,
 * and nobody is the worse for it. Where the peer has no other, these count. */
static bool is_forbidden(const floe_verdict_facts *facts)
{
    unsigned forbidden[2] = {0}, permitted[2] = {0}; /* of hosts; of the rest */
    for (size_t i = 0; i < FLOE_ICE_REMOTE_MAX; i++) {
        const floe_verdict_cand *cand = &facts->remote[i];
        bool is_outside = cand->type != FLOE_ICE_HOST;
        if (cand->addr.family != 0) {
            forbidden[is_outside] += cand->permit == FLOE_ICE_WHY_FORBIDDEN;
            permitted[is_outside] += cand->permit == FLOE_ICE_WHY_PERMITTED;
        }
    }
    bool has_outside = forbidden[1] + permitted[1] > 0;
    return forbidden[has_outside] > 0 && permitted[has_outside] == 0;
}

static bool is_translated(uint8_t type)
{
    return type == FLOE_ICE_SRFLX || type == FLOE_ICE_PRFLX;
}

/* The TURN server whose relay this is. */
static void name_relay(floe_verdict *v, const floe_verdict_facts *facts, const floe_addr *relay)
{
    for (size_t i = FLOE_ICE_SERVER_MAX; i < FLOE_VERDICT_SERVERS; i++) {
        if (floe_addr_ip_equal(&facts->server[i].mapped, relay)) {
            v->server = facts->server[i].addr;
        }
    }
}

static floe_verdict_code describe_path(floe_verdict *v, const floe_verdict_facts *facts)
{
    if (facts->path > FLOE_ICE_PAIR_MAX) {
        return FLOE_VERDICT_DIRECT;
    }
    const floe_verdict_pair *pair = &facts->pair[facts->path];
    if (pair->seen > FLOE_ICE_LOCAL_MAX || pair->remote > FLOE_ICE_REMOTE_MAX) {
        return FLOE_VERDICT_DIRECT;
    }
    const floe_verdict_cand *local = &facts->local[pair->seen];
    const floe_verdict_cand *remote = &facts->remote[pair->remote];
    v->local = local->addr;
    v->remote = remote->addr;
    if (local->type == FLOE_ICE_RELAY || remote->type == FLOE_ICE_RELAY) {
        if (local->type == FLOE_ICE_RELAY) {
            name_relay(v, facts, &local->addr);
        }
        return FLOE_VERDICT_RELAYED;
    }
    return is_translated(local->type) || is_translated(remote->type) ? FLOE_VERDICT_NAT
                                                                     : FLOE_VERDICT_DIRECT;
}

/* How much the fault of a TURN server explains: who sees it can mend it. */
static unsigned weight(const floe_verdict_server *server)
{
    static const uint8_t ranks[] = {
        [FLOE_ICE_WHY_TIMEOUT] = 1,    [FLOE_ICE_WHY_BUSY] = 2,        [FLOE_ICE_WHY_NAME] = 3,
        [FLOE_ICE_WHY_CONNECTION] = 4, [FLOE_ICE_WHY_CERTIFICATE] = 5, [FLOE_ICE_WHY_NONSENSE] = 6,
        [FLOE_ICE_WHY_REFUSED] = 7,    [FLOE_ICE_WHY_LOGIN] = 8,
    };
    unsigned rank = server->why < sizeof ranks ? ranks[server->why] : 0;
    return rank == 7 && server->code == 401 ? 8 : rank;
}

static const floe_verdict_server *find_turn_fault(const floe_verdict_facts *facts)
{
    const floe_verdict_server *worst = NULL;
    for (size_t i = 0; i < FLOE_VERDICT_SERVERS; i++) {
        const floe_verdict_server *server = &facts->server[i];
        if (server->is_used && server->is_turn &&
            (worst == NULL || weight(server) > weight(worst))) {
            worst = server;
        }
    }
    return worst;
}

/* Nothing answers over UDP, STUN servers included, and nothing else was tried. */
static bool is_udp_blocked(const tally *t)
{
    return t->stun_answered == 0 && t->turn_streams == 0 && t->stun > t->stun_unnamed;
}

/* The peer's checks came; is it there still? */
static floe_verdict_code judge_heard(const floe_verdict_facts *facts)
{
    return facts->over_at != FLOE_TIME_NEVER && facts->over_at > facts->heard_at &&
                   facts->over_at - facts->heard_at > GONE_US
               ? FLOE_VERDICT_PEER_GONE
               : FLOE_VERDICT_ONE_WAY;
}

static floe_verdict_code judge_turn(floe_verdict *v, const floe_verdict_facts *facts,
                                    const tally *t)
{
    if (t->relays > 0 && is_forbidden(facts)) {
        v->stun_code = facts->forbidden_code;
        return FLOE_VERDICT_TURN_FORBIDDEN;
    }
    if (t->relays > 0) {
        return t->heard > 0 ? judge_heard(facts) : FLOE_VERDICT_PEER_SILENT;
    }
    const floe_verdict_server *server = find_turn_fault(facts);
    v->server = server->addr;
    v->stun_code = server->code;
    switch (server->why) {
    case FLOE_ICE_WHY_LOGIN:
        return FLOE_VERDICT_TURN_LOGIN;
    case FLOE_ICE_WHY_REFUSED:
        return server->code == 401 ? FLOE_VERDICT_TURN_LOGIN : FLOE_VERDICT_TURN_REFUSED;
    case FLOE_ICE_WHY_NONSENSE:
    case FLOE_ICE_WHY_BUSY:
        return FLOE_VERDICT_TURN_REFUSED;
    case FLOE_ICE_WHY_CERTIFICATE:
        return FLOE_VERDICT_TURN_CERTIFICATE;
    case FLOE_ICE_WHY_CONNECTION:
        return FLOE_VERDICT_TURN_CONNECTION;
    case FLOE_ICE_WHY_NAME:
        return FLOE_VERDICT_TURN_NAME;
    default:
        return is_udp_blocked(t) ? FLOE_VERDICT_UDP_BLOCKED : FLOE_VERDICT_TURN_SILENT;
    }
}

static floe_verdict_code judge_way(const floe_verdict_facts *facts, const tally *t)
{
    if (t->heard > 0) {
        return judge_heard(facts);
    }
    if (facts->is_relay_only) {
        return FLOE_VERDICT_RELAY_NEEDED;
    }
    if (t->stun == 0) {
        return FLOE_VERDICT_NO_SERVERS;
    }
    if (t->stun_unnamed == t->stun) {
        return FLOE_VERDICT_NAME;
    }
    if (t->stun_answered == 0) {
        return FLOE_VERDICT_UDP_BLOCKED;
    }
    return t->is_hard ? FLOE_VERDICT_NAT_HARD : FLOE_VERDICT_NO_TURN;
}

/* The peer has told no address that could be asked. */
static floe_verdict_code judge_silence(const floe_verdict_facts *facts)
{
    if (facts->names_waiting != 0 || facts->names_unknown != 0 || facts->has_names) {
        return FLOE_VERDICT_NAMES_UNRESOLVED;
    }
    return facts->is_unusable ? FLOE_VERDICT_UNUSABLE : FLOE_VERDICT_NO_CANDIDATES;
}

/* Our own checks may be answered all the same; but the peer, whose checks are not, sends nothing.
 */
static bool is_mixed_up(const floe_verdict_facts *facts)
{
    return facts->dropped_auth > 0 && count(facts).heard == 0;
}

/* It never worked. */
static floe_verdict_code diagnose(floe_verdict *v, const floe_verdict_facts *facts)
{
    tally t = count(facts);
    if (!facts->has_remote) {
        return FLOE_VERDICT_NO_DESCRIPTION;
    }
    if (t.bases == 0 && !facts->is_relay_only) {
        return FLOE_VERDICT_NO_NETWORK;
    }
    if (is_mixed_up(facts)) {
        return FLOE_VERDICT_CREDENTIALS;
    }
    if (t.signalled == 0 && t.heard == 0) {
        return judge_silence(facts);
    }
    if (t.refused > 0 || facts->ice_cause == FLOE_ICE_CAUSE_CHECKS_REFUSED) {
        return FLOE_VERDICT_REFUSED;
    }
    if (t.pairs == 0 && t.bases > 0 && facts->is_family) {
        return FLOE_VERDICT_NO_FAMILY;
    }
    return t.turn > 0 ? judge_turn(v, facts, &t) : judge_way(facts, &t);
}

static floe_verdict_code judge_dtls(const floe_verdict_facts *facts)
{
    switch (facts->dtls_cause) {
    case FLOE_DTLS_CAUSE_FINGERPRINT:
        return FLOE_VERDICT_DTLS_FINGERPRINT;
    case FLOE_DTLS_CAUSE_TIMEOUT:
        return is_mixed_up(facts) ? FLOE_VERDICT_CREDENTIALS : FLOE_VERDICT_DTLS_TIMEOUT;
    default:
        return FLOE_VERDICT_DTLS_FAILED;
    }
}

static floe_verdict_code judge_ice(floe_verdict *v, const floe_verdict_facts *facts)
{
    bool is_closed = facts->peer == FLOE_PEER_CLOSED || facts->is_over;
    if (facts->ice == FLOE_ICE_DISCONNECTED) {
        return FLOE_VERDICT_SILENT;
    }
    if (is_up(facts->ice)) {
        floe_verdict_code path = describe_path(v, facts);
        if (facts->has_peer && facts->connected_at == FLOE_TIME_NEVER) {
            if (is_mixed_up(facts)) {
                return FLOE_VERDICT_CREDENTIALS;
            }
            return is_closed ? FLOE_VERDICT_DTLS_TIMEOUT : FLOE_VERDICT_HANDSHAKE;
        }
        return is_closed ? FLOE_VERDICT_CLOSED : path;
    }
    if (facts->ice == FLOE_ICE_FAILED && facts->ice_cause == FLOE_ICE_CAUSE_CONSENT_EXPIRED) {
        return FLOE_VERDICT_CONSENT_EXPIRED;
    }
    if (facts->ice == FLOE_ICE_FAILED && facts->ice_cause == FLOE_ICE_CAUSE_CONSENT_REVOKED) {
        return FLOE_VERDICT_CONSENT_REVOKED;
    }
    if (facts->ice == FLOE_ICE_FAILED || is_closed) {
        return diagnose(v, facts);
    }
    return facts->has_remote ? FLOE_VERDICT_CHECKING : FLOE_VERDICT_NO_DESCRIPTION;
}

static floe_verdict_code judge(floe_verdict *v, const floe_verdict_facts *facts)
{
    switch (facts->fault) {
    case FLOE_PEER_FAULT_CLOSED_BY_PEER:
        return FLOE_VERDICT_CLOSED_BY_PEER;
    case FLOE_PEER_FAULT_DTLS:
        return judge_dtls(facts);
    case FLOE_PEER_FAULT_SCTP:
        return facts->sctp_cause == FLOE_SCTP_CAUSE_TIMEOUT ? FLOE_VERDICT_SCTP_TIMEOUT
                                                            : FLOE_VERDICT_SCTP_FAILED;
    default:
        return judge_ice(v, facts);
    }
}

floe_verdict floe_verdict_get(const floe_verdict_facts *facts)
{
    floe_verdict v = {0};
    if (facts->began_at == FLOE_TIME_NEVER) {
        return v;
    }
    v.was_connected = facts->connected_at != FLOE_TIME_NEVER;
    v.after_ms =
        v.was_connected ? (uint32_t)((facts->connected_at - facts->began_at) / FLOE_MS) : 0;
    v.is_final = facts->peer == FLOE_PEER_FAILED || facts->peer == FLOE_PEER_CLOSED ||
                 facts->ice == FLOE_ICE_FAILED || facts->is_over;
    for (size_t i = 0; i < FLOE_ICE_SERVER_MAX && v.mapped.family == 0; i++) {
        v.mapped = facts->server[i].mapped;
    }
    v.way = v.was_connected ? describe_path(&v, facts) : FLOE_VERDICT_UNKNOWN;
    v.code = judge(&v, facts);
    return v;
}
