/*
 * peer/peer_verdict.h - why a peer is connected or not, in one sentence with a code.
 *
 * It is made of the records of a trace (base/trace.h, ice/ice_trace.h), one at a time, as they are
 * told or from a ring or a file later: floe_verdict_facts keeps what is needed, in a fixed size,
 * and forgets nothing that counts. Knows no peer: so the same is said of a trace that somebody
 * else sent. With FLOE_TRACE=0 there are no records, and the verdict is UNKNOWN.
 */
#ifndef FLOE_PEER_PEER_VERDICT_H
#define FLOE_PEER_PEER_VERDICT_H

#include "base/floe_config.h"
#include "base/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is the matter. What could be several is the first that fits of: the connection's own end,
 * what came of it, the description, the candidates of the peer, TURN, ours, the checks. */
typedef enum floe_verdict_code {
    FLOE_VERDICT_UNKNOWN, /* nothing was told */
    /* well */
    FLOE_VERDICT_DIRECT,    /* connected, host to host */
    FLOE_VERDICT_NAT,       /* connected through NATs */
    FLOE_VERDICT_RELAYED,   /* connected through a TURN server */
    FLOE_VERDICT_HANDSHAKE, /* there is a path; DTLS is under way */
    /* over */
    FLOE_VERDICT_CLOSED,          /* by this side, after it was connected */
    FLOE_VERDICT_CLOSED_BY_PEER,  /* in an orderly way */
    FLOE_VERDICT_SILENT,          /* it worked; nothing is heard now, and may be again */
    FLOE_VERDICT_CONSENT_EXPIRED, /* it worked, then 30 s of silence on all paths */
    FLOE_VERDICT_CONSENT_REVOKED, /* the peer answered 403 */
    /* above ICE */
    FLOE_VERDICT_DTLS_FINGERPRINT, /* the certificate is not the one of the description */
    FLOE_VERDICT_DTLS_TIMEOUT,     /* checks get through, the handshake does not */
    FLOE_VERDICT_DTLS_FAILED,      /* an alert of the peer, or a handshake that is not acceptable */
    FLOE_VERDICT_SCTP_TIMEOUT,     /* encrypted, but the association gets no answer (any more) */
    FLOE_VERDICT_SCTP_FAILED,
    /* signalling */
    FLOE_VERDICT_NO_DESCRIPTION,   /* the peer's never came */
    FLOE_VERDICT_NO_CANDIDATES,    /* the peer's description came, with no candidate, nor a check */
    FLOE_VERDICT_NAMES_UNRESOLVED, /* all candidates of the peer are .local names that nobody knows
                                    */
    FLOE_VERDICT_UNUSABLE,         /* all are of a kind that this side does not use: TCP */
    FLOE_VERDICT_CREDENTIALS,      /* checks are signed with another password: descriptions of
                                    * different attempts met */
    /* this side */
    FLOE_VERDICT_NO_NETWORK, /* no address of ours */
    FLOE_VERDICT_NO_FAMILY,  /* one has only IPv4 and the other only IPv6 (or loopback) */
    /* TURN: no relay, and nothing else worked; .server, .stun_code */
    FLOE_VERDICT_TURN_LOGIN,       /* 401, or answers that are not signed with our password */
    FLOE_VERDICT_TURN_REFUSED,     /* another error: .stun_code */
    FLOE_VERDICT_TURN_SILENT,      /* no answer, where a STUN server over UDP has answered, or over
                                    * TCP */
    FLOE_VERDICT_TURN_CONNECTION,  /* TCP, TLS or DTLS: refused, or the connection broke */
    FLOE_VERDICT_TURN_CERTIFICATE, /* TLS or DTLS: not to be trusted */
    FLOE_VERDICT_TURN_NAME,        /* its name is not known */
    FLOE_VERDICT_TURN_FORBIDDEN,   /* there is a relay, and the server does not let it reach the
                                    * peer's addresses */
    FLOE_VERDICT_RELAY_NEEDED,     /* the policy wants relays, and no TURN server was given */
    /* the way */
    FLOE_VERDICT_UDP_BLOCKED, /* no server answers over UDP, and no TURN over TCP is configured */
    FLOE_VERDICT_NAME,        /* the STUN server's name is not known */
    FLOE_VERDICT_ONE_WAY,     /* the peer's checks come, ours are not answered */
    FLOE_VERDICT_PEER_GONE,   /* its checks came, then nothing more, before there was a path */
    FLOE_VERDICT_REFUSED,     /* the peer's answers are errors, or of no use */
    FLOE_VERDICT_NAT_HARD,    /* ours gives each destination another port: TURN is needed */
    FLOE_VERDICT_NO_TURN,    /* servers know both sides' addresses; nothing gets through, no TURN */
    FLOE_VERDICT_NO_SERVERS, /* only local addresses were exchanged; no server was given */
    FLOE_VERDICT_PEER_SILENT, /* not even through a relay: the peer is gone, or needs one itself */
    FLOE_VERDICT_CHECKING,    /* too early to say */
    FLOE_VERDICT_CODES
} floe_verdict_code;

typedef struct floe_verdict {
    floe_verdict_code code;
    floe_verdict_code way;   /* DIRECT, NAT or RELAYED: how it is or was connected; else UNKNOWN */
    bool is_final;           /* the connection has failed, or is closed; else it may still change */
    bool was_connected;      /* at some time */
    uint16_t stun_code;      /* of TURN_LOGIN, _REFUSED, _FORBIDDEN; 0: none */
    uint32_t after_ms;       /* well, or once was: from the first record to the first connection */
    floe_addr local, remote; /* of the path, if there is one; `local` as the peer sees it */
    floe_addr server;        /* that it is about, or that the relay is at; family 0: none */
    floe_addr mapped;        /* our address as a server sees it; family 0: unknown */
} floe_verdict;

typedef struct floe_verdict_facts floe_verdict_facts; /* complete below; every field is private */

void floe_verdict_init(floe_verdict_facts *facts);
/* Any record of any module; from a file too: numbers out of range are passed over. */
void floe_verdict_take(floe_verdict_facts *facts, const floe_trace_record *record);
/* The facts as the sink of a trace. */
floe_trace floe_verdict_sink(floe_verdict_facts *facts);
floe_verdict floe_verdict_get(const floe_verdict_facts *facts);

#define FLOE_VERDICT_TEXT_MAX 480u

/* What is the matter, and what helps: one or two sentences in English. Returns `out`. */
const char *floe_verdict_text(const floe_verdict *verdict, char out[FLOE_VERDICT_TEXT_MAX]);
const char *floe_verdict_code_name(floe_verdict_code code); /* "turn-login" */

#define FLOE_VERDICT_SERVERS (FLOE_ICE_SERVER_MAX + 16)

typedef struct floe_verdict_cand {
    floe_addr addr; /* family 0: none, or gone */
    uint8_t type;   /* floe_ice_type, 4: hidden by policy */
    uint8_t base;
    uint8_t permit; /* of the peer's: what the TURN server said last, PERMITTED or FORBIDDEN */
} floe_verdict_cand;

typedef struct floe_verdict_pair {
    uint8_t local, seen, remote; /* `seen`: the local candidate that the peer sees */
    uint8_t state, why, marks;   /* state 0: none */
} floe_verdict_pair;

typedef struct floe_verdict_server {
    floe_addr addr, mapped;
    uint16_t code;
    uint8_t transport, why;
    bool is_used, is_turn, has_answered;
    bool is_mapped_twice; /* another server was told another address of the same socket */
    uint8_t base;         /* that `mapped` is of */
} floe_verdict_server;

struct floe_verdict_facts {
    floe_time began_at, connected_at; /* NEVER: not yet */
    floe_time heard_at, over_at;      /* the last check of the peer; failed or closed, or NEVER */
    uint8_t ice, ice_cause;           /* the last but CLOSED, and why */
    uint8_t dtls, dtls_cause, sctp_cause, peer, fault;
    uint8_t path; /* pair, or 255 */
    uint16_t forbidden_code;
    uint32_t dropped_auth;                 /* signed with another password, from the peer's IP */
    uint32_t names_waiting, names_unknown; /* bits */
    bool has_peer; /* records of the facade came: a path alone is no connection */
    bool has_remote, is_over, is_relay_only, is_unusable, is_family, has_names;
    floe_verdict_cand local[FLOE_ICE_LOCAL_MAX + 1], remote[FLOE_ICE_REMOTE_MAX + 1];
    floe_verdict_pair pair[FLOE_ICE_PAIR_MAX + 1];
    floe_verdict_server server[FLOE_VERDICT_SERVERS]; /* STUN first, then TURN */
};

#ifdef __cplusplus
}
#endif
#endif
