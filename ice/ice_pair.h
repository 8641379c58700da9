/*
 * ice/ice_pair.h - a candidate pair: its priority (RFC 8445 section 6.1.2.3), its state (6.1.2.6)
 * and the check that is under way on it. Pure.
 *
 * A pair is one 5-tuple: a local *base* (a socket or a relay of ours) and a remote candidate. The
 * candidate that the peer sees behind that base (host, server- or peer-reflexive) becomes known
 * with the first successful check and is remembered in `mapped`; so one record serves as RFC 8445's
 * pair of the check list and as the valid pair that it generates. Does not know: candidates
 * (indices only), credentials, roles. Read next: ice/ice_checklist.h.
 */
#ifndef FLOE_ICE_ICE_PAIR_H
#define FLOE_ICE_ICE_PAIR_H

#include "base/floe.h"
#include "stun/stun_txn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_NONE 255u /* no such pair, candidate, ...: indices are uint8_t */

typedef enum floe_ice_pair_state {
    FLOE_ICE_PAIR_FREE, /* an unused slot */
    FLOE_ICE_PAIR_FROZEN,
    FLOE_ICE_PAIR_WAITING,
    FLOE_ICE_PAIR_IN_PROGRESS,
    FLOE_ICE_PAIR_SUCCEEDED, /* exactly the pairs that are valid, i.e. have consent */
    FLOE_ICE_PAIR_FAILED
} floe_ice_pair_state;

enum {                                    /* floe_ice_pair.flags */
       FLOE_ICE_PAIR_NOMINATED = 1 << 0,  /* valid, and chosen by the controlling side */
       FLOE_ICE_PAIR_PEER_WANTS = 1 << 1, /* controlled: nominated as soon as our check succeeds */
       FLOE_ICE_PAIR_NOMINATING = 1
                                  << 2, /* controlling: checks carry USE-CANDIDATE until answered */
       FLOE_ICE_PAIR_TRIGGERED = 1 << 3, /* in the triggered-check queue */
       FLOE_ICE_PAIR_ANSWERED = 1 << 4,  /* we answered a check on it: data may arrive */
       FLOE_ICE_PAIR_PENDING = 1 << 5,   /* txn waits for its response */
       FLOE_ICE_PAIR_DEAD = 1 << 6,      /* lost consent while in use: never again (RFC 7675) */
       FLOE_ICE_PAIR_TRIED = 1 << 7,     /* has failed before; gives no more hope */
       FLOE_ICE_PAIR_SENT_CONTROLLING = 1 << 8, /* our role in txn */
       FLOE_ICE_PAIR_SENT_NOMINATION = 1 << 9,  /* txn carries USE-CANDIDATE */
       FLOE_ICE_PAIR_MASKED = 1 << 11,          /* `mapped` is unknown: no room for the candidate */
       FLOE_ICE_PAIR_MOVED_TO = 1 << 12, /* the peer wants it alone, from now; or we, as better */
       FLOE_ICE_PAIR_BUSY = 1 << 13,     /* since the last consent check data was heard */
       FLOE_ICE_PAIR_RESENT = 1 << 10    /* txn was repeated out of turn: no RTT sample */
};

typedef struct floe_ice_pair {
    uint64_t priority;
    floe_time consent_at; /* valid: when the last good response came; consent counts from it */
    floe_time heard_at;   /* last authentic sign of life */
    floe_time keep_at;    /* valid: when the next consent check is due */
    floe_stun_txn txn;    /* the check under way */
    uint32_t foundation;  /* of both candidates together */
    uint32_t rtt_us;      /* smoothed; 0 before the first sample */
    uint8_t local;        /* the base: index of a host or relayed candidate */
    uint8_t remote;
    uint8_t mapped; /* local candidate that the peer sees; equals `local` until known */
    uint8_t state;  /* floe_ice_pair_state */
    uint16_t flags;
    uint8_t told, why; /* of the trace: ice/ice_trace_internal.h */
} floe_ice_pair;

/* RFC 8445 section 6.1.2.3; the arguments are the priorities of the two candidates. */
uint64_t floe_ice_pair_priority(uint32_t controlling, uint32_t controlled);
/* The pair's foundation from its candidates'. A collision costs only order. */
uint32_t floe_ice_pair_foundation(uint32_t local, uint32_t remote);

static inline bool floe_ice_pair_is(const floe_ice_pair *pair, unsigned flag)
{
    return (pair->flags & flag) != 0;
}

static inline void floe_ice_pair_set(floe_ice_pair *pair, unsigned flag)
{
    pair->flags = (uint16_t)(pair->flags | flag);
}

static inline void floe_ice_pair_clear(floe_ice_pair *pair, unsigned flag)
{
    pair->flags = (uint16_t)(pair->flags & ~flag);
}

static inline bool floe_ice_pair_is_valid(const floe_ice_pair *pair)
{
    return pair->state == FLOE_ICE_PAIR_SUCCEEDED;
}

/* May a check of this pair still succeed for the first time? */
static inline bool floe_ice_pair_has_hope(const floe_ice_pair *pair)
{
    bool is_open = pair->state == FLOE_ICE_PAIR_FROZEN || pair->state == FLOE_ICE_PAIR_WAITING ||
                   pair->state == FLOE_ICE_PAIR_IN_PROGRESS;
    return is_open && !floe_ice_pair_is(pair, FLOE_ICE_PAIR_DEAD | FLOE_ICE_PAIR_TRIED);
}

/* A request with retransmissions is under way: a first check, or a nomination. */
bool floe_ice_pair_is_checking(const floe_ice_pair *pair);
/* The check failed, or consent lapsed: the pair is not valid (any more). */
void floe_ice_pair_fail(floe_ice_pair *pair);
/* Smooth a round-trip sample into rtt_us, as RFC 6298 does; 0 is no sample. */
void floe_ice_pair_add_rtt(floe_ice_pair *pair, uint32_t sample_us);

#ifdef __cplusplus
}
#endif
#endif
