/*
 * ice/ice_agent_struct.h - what an ICE agent consists of. Public for its size only: every field is
 * private. Meanings, and the functions that keep them, are in ice/ice_agent_internal.h.
 */
#ifndef FLOE_ICE_ICE_AGENT_STRUCT_H
#define FLOE_ICE_ICE_AGENT_STRUCT_H

#include "base/floe_config.h"
#include "ice/ice_agent.h"
#include "ice/ice_checklist.h"
#include "ice/ice_credentials.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_PAST_MAX 8 /* earlier checks of a pair that may still be answered */
#define FLOE_ICE_ODD_MAX  4 /* unknown attributes that a 420 response names */

/* A STUN server: at most one address a family is asked. */
typedef struct floe_ice_gather_server {
    floe_addr addr[2];  /* IPv4, IPv6; family 0: none */
    uint64_t asked;     /* bit i: a request was sent from local candidate i */
    uint64_t answered;  /* bit i: and answered */
    bool is_unresolved; /* more addresses may come */
} floe_ice_gather_server;

/* A request to a server. */
typedef struct floe_ice_gather_txn {
    floe_stun_txn txn;
    uint8_t server; /* FLOE_ICE_NONE: a free slot */
    uint8_t local;
} floe_ice_gather_txn;

/* A check superseded by a newer one of its pair (RFC 8445 section 7.3.1.4; RFC 7675 section 5.1):
 * not repeated, but its answer still counts. */
typedef struct floe_ice_past {
    uint8_t tid[FLOE_STUN_TID_SIZE];
    uint8_t pair;   /* FLOE_ICE_NONE: a free slot */
    uint16_t flags; /* the pair's, when it was sent */
} floe_ice_past;

/* A response that we owe. */
typedef struct floe_ice_reply {
    floe_addr to;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    uint16_t code; /* 0: success */
    uint16_t odd[FLOE_ICE_ODD_MAX];
    uint8_t odd_count;
    uint8_t local;
    bool is_old; /* sign it with the password before the restart */
} floe_ice_reply;

/* A check that was answered before we could follow it up. */
typedef struct floe_ice_early {
    floe_addr from;
    uint32_t priority;
    uint32_t ufrag_hash; /* of the peer */
    uint8_t local;       /* FLOE_ICE_NONE: a free slot */
    bool use_candidate;
} floe_ice_early;

/* As in floe_ice_stats. */
typedef struct floe_ice_counters {
    uint64_t checks_sent, checks_received, replies_sent, replies_received;
    uint64_t consent_sent, consent_received;
    uint64_t dropped_malformed, dropped_auth, dropped_unknown, dropped_full;
} floe_ice_counters;

/* In this order because what lies within the first 128 bytes, and so the fields of pairs as well,
 * is reached by shorter instructions: a tenth of the code. */
struct floe_ice_agent {
    floe_time now;
    uint8_t role, role_told;
    uint8_t state, state_told;
    uint8_t gathering, gathering_told;
    uint8_t cause, lost_cause; /* of the state; of the loss of the last path */
    uint32_t moves;            /* nominations that replace all before: sent, or received */
    uint8_t path;              /* the pair that carries data, or FLOE_ICE_NONE */
    uint8_t wanted;            /* controlled: the pair that the peer nominated last */
    uint8_t local_count, remote_count, server_count;
    uint8_t host_type; /* of candidates that are sockets: FLOE_ICE_HOST, or _HIDDEN by the policy */
    uint8_t reply_head, reply_count, early_next, past_next;
    uint8_t pleas;      /* controlled: checks that still ask the peer to nominate where we went */
    uint8_t losses;     /* of the pair in use with its base, up to FLOE_ICE_NETWORK_COST */
    uint8_t nomination; /* floe_ice_nomination */
    bool is_lite;
    bool path_told;
    bool is_local_ended, is_remote_ended, is_remote_lite;
    bool is_theirs_newer; /* the peer has restarted and we have not, yet */
    bool is_refused;      /* a check got an answer that was of no use */
    bool is_gather_turn;  /* whose turn the pace is: servers or checks */
    floe_ice_checklist list;

    uint64_t told;        /* bit i: local candidate i, which is for the peer */
    uint16_t remote_news; /* counts changes of what relays may be paired with */
    uint8_t relaying;     /* floe_ice_relaying */

    uint32_t rto_us, pacing_us, consent_us, consent_timeout_us, disconnected_us, patience_us;
    floe_time pace_at;        /* the next ordinary check or server request, not before */
    floe_time floor_at;       /* any new transaction, not before */
    floe_time gather_until;   /* servers that have not answered are asked up to here */
    floe_time refresh_at;     /* bindings at the servers are renewed */
    floe_time patient_until;  /* the PAC timer: no FAILED before; NEVER: not started */
    floe_time first_valid_at; /* of this generation; NEVER: none yet */
    floe_time nominate_at;    /* when to look again at what to nominate */
    floe_time wanted_at;      /* since when it is the last one without a break */
    uint64_t tie_breaker;
    floe_rand rand;
    floe_trace trace;
    const floe_ice_filters *filters; /* lent, or NULL */
    floe_ice_counters count;

    floe_ice_cand local[FLOE_ICE_LOCAL_MAX + 1];   /* the last one belongs to the old pair */
    floe_ice_cand remote[FLOE_ICE_REMOTE_MAX + 1]; /* likewise */
    floe_ice_credentials ours[2], theirs[2];       /* [0] now, [1] of the generation before */
    floe_ice_gather_server server[FLOE_ICE_SERVER_MAX];
    floe_ice_gather_txn gather[FLOE_ICE_TXN_MAX];
    floe_ice_reply reply[FLOE_ICE_REPLY_MAX]; /* ring */
    floe_ice_early early[FLOE_ICE_EARLY_MAX]; /* ring */
    floe_ice_past past[FLOE_ICE_PAST_MAX];    /* ring */
};

#ifdef __cplusplus
}
#endif
#endif
