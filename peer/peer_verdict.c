/*
 * peer/peer_verdict.c - facts from the records of a trace, and what they amount to; the sentences
 * are in peer/peer_verdict_text.c. See peer/peer_verdict.h.
 */
#include "peer/peer_verdict.h"

#include <string.h>

#include "base/addr.h"
#include "ice/ice_trace.h"
#include "peer/peer.h"

#define NONE 255u

#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define BINDING_ERROR   0x0111

#define HIDDEN 4u /* a local candidate that only servers are asked from */

#define TURN_MAX (FLOE_VERDICT_SERVERS - FLOE_ICE_SERVER_MAX)

void floe_verdict_init(floe_verdict_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->began_at = facts->connected_at = facts->over_at = FLOE_TIME_NEVER;
    facts->path = NONE;
}

/* Of numbers, and indices, that fit in a byte or are unknown. */
static uint8_t byte_of(int32_t number)
{
    return number >= 0 && number < (int32_t)NONE ? (uint8_t)number : NONE;
}

static floe_verdict_server *get_server(floe_verdict_facts *facts, uint16_t id)
{
    if (id < FLOE_ICE_SERVER_MAX) {
        return &facts->server[id];
    }
    unsigned turn = (unsigned)id - FLOE_ICE_TRACE_TURN;
    return id >= FLOE_ICE_TRACE_TURN && turn < TURN_MAX ? &facts->server[FLOE_ICE_SERVER_MAX + turn]
                                                        : NULL;
}

static void take_cand(floe_verdict_cand *table, size_t max, const floe_trace_record *record)
{
    if (record->id < max) {
        table[record->id] = (floe_verdict_cand){
            .addr = record->addr, .type = byte_of(record->a), .base = byte_of(record->b)};
        if (record->a < 0) {
            table[record->id].addr.family = 0;
        }
    }
}

/* A name of the peer waits, is known, or is not. */
static void take_name(floe_verdict_facts *facts, const floe_trace_record *record)
{
    uint32_t bit = UINT32_C(1) << (record->id & 31);
    facts->names_waiting &= ~bit;
    facts->names_unknown &= ~bit;
    if (record->a >= 0) {
        facts->names_waiting |= bit;
    } else if (record->cause == FLOE_ICE_WHY_NAME) {
        facts->names_unknown |= bit;
    }
}

static void take_server(floe_verdict_facts *facts, const floe_trace_record *record)
{
    floe_verdict_server *server = get_server(facts, record->id);
    if (server != NULL) {
        server->is_used = true;
        server->is_turn = record->b != 0;
        server->transport = byte_of(record->a);
        server->addr = record->addr;
    }
}

/* RFC 5780 §4.3: a NAT that gives one socket two addresses depends on the destination. */
static bool is_other_mapping(const floe_verdict_facts *facts, const floe_verdict_server *server)
{
    for (size_t i = 0; i < FLOE_ICE_SERVER_MAX; i++) {
        const floe_verdict_server *other = &facts->server[i];
        if (other != server && other->mapped.family == server->mapped.family &&
            other->base == server->base && !floe_addr_equal(&other->mapped, &server->mapped)) {
            return true;
        }
    }
    return false;
}

static void take_answer(floe_verdict_facts *facts, const floe_trace_record *record)
{
    floe_verdict_server *server = get_server(facts, record->id);
    if (server == NULL) {
        return;
    }
    /* The program knows more of a connection than that it broke. */
    bool is_known = record->cause == FLOE_ICE_WHY_CONNECTION &&
                    (server->why == FLOE_ICE_WHY_CERTIFICATE || server->why == FLOE_ICE_WHY_LOGIN ||
                     server->why == FLOE_ICE_WHY_REFUSED);
    bool is_late = record->cause == FLOE_ICE_WHY_TIMEOUT && server->why == FLOE_ICE_WHY_MAPPED;
    server->has_answered = server->has_answered || record->cause == FLOE_ICE_WHY_MAPPED ||
                           record->cause == FLOE_ICE_WHY_RELAYED || record->a != 0;
    if (is_known || is_late) {
        return;
    }
    server->why = byte_of(record->cause);
    server->code = (uint16_t)record->a;
    if (record->cause == FLOE_ICE_WHY_MAPPED || record->cause == FLOE_ICE_WHY_RELAYED) {
        server->mapped = record->addr;
        server->base = byte_of(record->b);
        server->is_mapped_twice =
            server->is_mapped_twice || (!server->is_turn && is_other_mapping(facts, server));
    }
}

static void take_fact(floe_verdict_facts *facts, const floe_trace_record *record)
{
    switch (record->id) {
    case FLOE_ICE_FACT_REMOTE:
        facts->has_remote = true;
        return;
    case FLOE_ICE_FACT_POLICY:
        facts->is_relay_only = record->a == FLOE_ICE_POLICY_RELAY;
        return;
    case FLOE_ICE_FACT_RESTART:
        memset(facts->pair, 0, FLOE_ICE_PAIR_MAX * sizeof facts->pair[0]);
        facts->is_family = false;
        facts->dropped_auth = 0;
        if (record->b == 0) {
            memset(facts->remote, 0, FLOE_ICE_REMOTE_MAX * sizeof facts->remote[0]);
            facts->has_remote = facts->is_unusable = false;
            facts->names_waiting = facts->names_unknown = 0;
        }
        return;
    default:
        return;
    }
}

static void take_pair(floe_verdict_facts *facts, const floe_trace_record *record)
{
    if (record->id > FLOE_ICE_PAIR_MAX) {
        return;
    }
    floe_verdict_pair *pair = &facts->pair[record->id];
    switch (record->kind) {
    case FLOE_ICE_TRACE_PAIR:
        *pair = (floe_verdict_pair){
            .local = byte_of(record->a), .seen = byte_of(record->a), .remote = byte_of(record->b)};
        return;
    case FLOE_ICE_TRACE_SEEN:
        pair->seen = byte_of(record->a);
        return;
    case FLOE_ICE_TRACE_CHECK:
        pair->state = byte_of(record->b);
        pair->why = byte_of(record->cause);
        return;
    default:
        pair->marks = record->b >= 0 ? (uint8_t)record->b : 0; /* bits */
        return;
    }
}

static void take_permit(floe_verdict_facts *facts, const floe_trace_record *record)
{
    if (record->cause == FLOE_ICE_WHY_FORBIDDEN) {
        facts->forbidden_code = (uint16_t)record->a;
    }
    for (size_t i = 0; i < FLOE_ICE_REMOTE_MAX; i++) {
        if (floe_addr_ip_equal(&facts->remote[i].addr, &record->addr)) {
            facts->remote[i].permit = (uint8_t)record->cause;
        }
    }
}

static void take_ice(floe_verdict_facts *facts, const floe_trace_record *record)
{
    switch (record->kind) {
    case FLOE_ICE_TRACE_LOCAL:
        take_cand(facts->local, FLOE_ICE_LOCAL_MAX + 1, record);
        return;
    case FLOE_ICE_TRACE_REMOTE:
        take_cand(facts->remote, FLOE_ICE_REMOTE_MAX + 1, record);
        return;
    case FLOE_ICE_TRACE_SERVER:
        take_server(facts, record);
        return;
    case FLOE_ICE_TRACE_ANSWER:
        take_answer(facts, record);
        return;
    case FLOE_ICE_TRACE_PAIR:
    case FLOE_ICE_TRACE_SEEN:
    case FLOE_ICE_TRACE_CHECK:
    case FLOE_ICE_TRACE_MARKS:
        take_pair(facts, record);
        return;
    case FLOE_ICE_TRACE_IGNORED:
        facts->is_family = facts->is_family || record->id == FLOE_ICE_WHY_FAMILY ||
                           record->id == FLOE_ICE_WHY_SCOPE;
        return;
    case FLOE_ICE_TRACE_PERMIT:
        take_permit(facts, record);
        return;
    case FLOE_ICE_TRACE_PATH:
        facts->path = record->a >= 0 && record->a <= FLOE_ICE_PAIR_MAX ? (uint8_t)record->a : NONE;
        return;
    case FLOE_ICE_TRACE_FACT:
        take_fact(facts, record);
        return;
    default:
        return;
    }
}

/* Something of the peer's own address that is signed with another password than it should be. */
static void take_drop(floe_verdict_facts *facts, const floe_trace_record *record)
{
    bool is_binding =
        record->b == BINDING_REQUEST || record->b == BINDING_SUCCESS || record->b == BINDING_ERROR;
    for (size_t i = 0; i < FLOE_ICE_REMOTE_MAX && is_binding; i++) {
        if (record->cause == FLOE_E_AUTH &&
            floe_addr_ip_equal(&facts->remote[i].addr, &record->addr)) {
            facts->dropped_auth++;
            return;
        }
    }
}

static void be_connected(floe_verdict_facts *facts, floe_time at)
{
    facts->connected_at = floe_time_min(facts->connected_at, at);
}

static void take_state(floe_verdict_facts *facts, const floe_trace_record *record)
{
    uint8_t state = byte_of(record->b);
    switch (record->module) {
    case FLOE_MODULE_ICE:
        /* What it came to before somebody closed it is the answer. */
        if (state != FLOE_ICE_CLOSED) {
            facts->ice = state;
            facts->ice_cause = byte_of(record->cause);
        }
        facts->is_over = state == FLOE_ICE_CLOSED;
        bool is_end = facts->is_over || state == FLOE_ICE_FAILED;
        facts->over_at = is_end ? floe_time_min(facts->over_at, record->at) : FLOE_TIME_NEVER;
        /* Without the facade a path is the connection. */
        if (!facts->has_peer && (state == FLOE_ICE_CONNECTED || state == FLOE_ICE_COMPLETED)) {
            be_connected(facts, record->at);
        }
        return;
    case FLOE_MODULE_DTLS:
        facts->dtls = state;
        facts->dtls_cause = byte_of(record->cause);
        return;
    case FLOE_MODULE_SCTP:
        facts->sctp_cause = byte_of(record->cause);
        return;
    case FLOE_MODULE_PEER:
        if (!facts->has_peer) {
            facts->has_peer = true;
            facts->connected_at = FLOE_TIME_NEVER;
        }
        facts->peer = state;
        facts->fault = byte_of(record->cause);
        if (state == FLOE_PEER_CONNECTED) {
            be_connected(facts, record->at);
        }
        return;
    default:
        return;
    }
}

void floe_verdict_take(floe_verdict_facts *facts, const floe_trace_record *record)
{
    facts->began_at = floe_time_min(facts->began_at, record->at);
    if (record->kind == FLOE_TRACE_STATE) {
        take_state(facts, record);
    } else if (record->module == FLOE_MODULE_ICE && record->kind == FLOE_TRACE_DROP) {
        take_drop(facts, record);
    } else if (record->module == FLOE_MODULE_ICE && record->kind == FLOE_TRACE_GOT) {
        facts->heard_at = record->b == BINDING_REQUEST ? record->at : facts->heard_at;
    } else if (record->module == FLOE_MODULE_ICE) {
        take_ice(facts, record);
    } else if (record->module != FLOE_MODULE_PEER) {
        return;
    } else if (record->kind == FLOE_ICE_TRACE_REMOTE) {
        take_name(facts, record);
    } else if (record->kind == FLOE_ICE_TRACE_ANSWER) {
        take_answer(facts, record);
    } else if (record->kind == FLOE_ICE_TRACE_IGNORED) {
        facts->is_unusable = facts->is_unusable || record->id == FLOE_ICE_WHY_UNUSABLE;
        facts->has_names = facts->has_names || record->id == FLOE_ICE_WHY_NAME;
    }
}

static void take(void *ctx, const floe_trace_record *record)
{
    floe_verdict_facts *facts = (floe_verdict_facts *)ctx;
    floe_verdict_take(facts, record);
}

floe_trace floe_verdict_sink(floe_verdict_facts *facts)
{
    return (floe_trace){take, facts};
}
