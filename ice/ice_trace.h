/*
 * ice/ice_trace.h - what an ICE agent and its relays say in a trace: kinds of records, and causes.
 *
 * Candidates, servers and pairs are numbered; a number is introduced by a record before others use
 * it, and introduced again when it stands for something else. A check is not a record of its own:
 * it is the packets of its transaction (FLOE_TRACE_SENT and _GOT: `id` is the local candidate,
 * `addr` the other end, `b` the type of the STUN message, `ref` the transaction), and what came of
 * it is the next FLOE_ICE_TRACE_CHECK of the pair. Read next: peer/peer_verdict.h, which makes a
 * sentence of them.
 */
#ifndef FLOE_ICE_ICE_TRACE_H
#define FLOE_ICE_ICE_TRACE_H

#include "base/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* LOCAL     local candidate `id`: `a` its floe_ice_type (4: used for relays only, by policy; -1:
 *           gone), `b` its base, `addr`
 * REMOTE    the peer's candidate `id`: `a` its floe_ice_type, `b` 1: its address was behind a name,
 *           `addr`. From PEER: it is a name that waits to be looked up; `a` -1: it was, and `cause`
 *           is NAME if nobody knows it
 * SERVER    server `id`: `a` the floe_transport to it, `b` 1: TURN, `addr` (none yet: a name). TURN
 *           servers count from FLOE_ICE_TRACE_TURN
 * PAIR      pair `id`: `a` its local candidate, a base; `b` its remote one. If the number was in
 * use: that pair had failed, or had less priority, in a full list SEEN      the peer sees pair `id`
 * come from local candidate `a`; 255: one that is not in the table CHECK     pair `id` went from
 * floe_ice_pair_state `a` to `b`, by `cause` MARKS     pair `id`: floe_ice_mark, `a` before, `b`
 * now IGNORED   `id` is a floe_ice_why: `addr` was no candidate (`a` -1), or local candidate `a`
 * and remote `b` no pair. From PEER as well ANSWER    of server `id`: `cause`, `a` a STUN error
 * code or 0; `addr` is what it calls us, the relay, or nothing; `b` the candidate that it was asked
 * from, -1: unknown. From PEER: what became of the connection to it PERMIT    permission `id` is
 * for peer `addr` at server `b`: `cause`, `a` a STUN error code or 0 ROLE      from floe_ice_role
 * `a` to `b`, by `cause` PATH      data goes over pair `a` from now on; 255: nowhere FACT      `id`
 * is a floe_ice_fact, `a` and `b` say more */
typedef enum floe_ice_trace_kind {
    FLOE_ICE_TRACE_LOCAL = FLOE_TRACE_OWN,
    FLOE_ICE_TRACE_REMOTE,
    FLOE_ICE_TRACE_SERVER,
    FLOE_ICE_TRACE_PAIR,
    FLOE_ICE_TRACE_SEEN,
    FLOE_ICE_TRACE_CHECK,
    FLOE_ICE_TRACE_MARKS,
    FLOE_ICE_TRACE_IGNORED,
    FLOE_ICE_TRACE_ANSWER,
    FLOE_ICE_TRACE_PERMIT,
    FLOE_ICE_TRACE_ROLE,
    FLOE_ICE_TRACE_PATH,
    FLOE_ICE_TRACE_FACT
} floe_ice_trace_kind;

#define FLOE_ICE_TRACE_TURN 64u

typedef enum floe_ice_mark {                                    /* FLOE_ICE_TRACE_MARKS */
                             FLOE_ICE_MARK_NOMINATED = 1 << 0,  /* by whoever is controlling */
                             FLOE_ICE_MARK_NOMINATING = 1 << 1, /* we are about to */
                             FLOE_ICE_MARK_WANTED =
                                 1 << 2, /* the peer has, and our own check is not answered yet */
                             FLOE_ICE_MARK_HEARD = 1 << 3, /* the peer's check came on it */
                             FLOE_ICE_MARK_DEAD =
                                 1 << 4 /* lost consent: not used again before a restart */
} floe_ice_mark;

typedef enum floe_ice_fact {
    FLOE_ICE_FACT_REMOTE,     /* the peer's credentials are known; `a` 1: it is lite */
    FLOE_ICE_FACT_END_REMOTE, /* the peer has no more candidates */
    FLOE_ICE_FACT_GATHERED,   /* nor have we */
    FLOE_ICE_FACT_RESTART,    /* all pairs are gone, and the remote candidates unless `b` is 1; `a`
                               * 1: the peer began it */
    FLOE_ICE_FACT_POLICY,     /* `a` is the floe_ice_policy */
    FLOE_ICE_FACT_GRACE       /* pair `a` is not nominated yet: a better one may succeed */
} floe_ice_fact;

typedef enum floe_ice_why {
    FLOE_ICE_WHY_NONE,
    /* a pair's state */
    FLOE_ICE_WHY_FOUNDATION, /* frozen: another of its foundation goes first */
    FLOE_ICE_WHY_FIRST,      /* waiting: the best of its foundation, or that has succeeded */
    FLOE_ICE_WHY_THAWED,     /* waiting: the one that it was frozen for is done */
    FLOE_ICE_WHY_RELEASED,   /* waiting: a pair of its foundation has succeeded */
    FLOE_ICE_WHY_PACED,      /* in progress: it was its turn */
    FLOE_ICE_WHY_TRIGGERED,  /* waiting, or in progress: the peer's check came on it */
    FLOE_ICE_WHY_SUCCESS,    /* succeeded: the peer has answered */
    FLOE_ICE_WHY_TIMEOUT,    /* failed: no answer */
    FLOE_ICE_WHY_REFUSED,    /* failed: the peer answered with an error */
    FLOE_ICE_WHY_ASYMMETRIC, /* failed: the answer came from, or to, another address */
    FLOE_ICE_WHY_NONSENSE,   /* failed: an answer that cannot be used */
    FLOE_ICE_WHY_CONFLICT,   /* waiting: 487, to be asked in the other role; a change of role */
    FLOE_ICE_WHY_CONSENT,    /* failed: no sign of life for 30 s */
    FLOE_ICE_WHY_REVOKED,    /* failed: the peer answered 403 */
    FLOE_ICE_WHY_CONCLUDED,  /* waiting: another pair is nominated */
    FLOE_ICE_WHY_OVER,       /* failed: of before a restart, which is complete */
    FLOE_ICE_WHY_LITE,       /* failed: a lite agent checks nothing; the peer may nominate it */
    /* no candidate, or no pair */
    FLOE_ICE_WHY_FAMILY,   /* IPv4 and IPv6 */
    FLOE_ICE_WHY_SCOPE,    /* loopback or link-local, and the other is not */
    FLOE_ICE_WHY_PRUNED,   /* reflexive: the pair of its base is the same */
    FLOE_ICE_WHY_POLICY,   /* by policy or a filter of the program */
    FLOE_ICE_WHY_FULL,     /* a table is */
    FLOE_ICE_WHY_LATE,     /* came after the end of candidates */
    FLOE_ICE_WHY_UNUSABLE, /* no address of a host; TCP; another component */
    FLOE_ICE_WHY_NAME,     /* nobody knows the name */
    /* a server */
    FLOE_ICE_WHY_MAPPED,      /* it has answered, with our address */
    FLOE_ICE_WHY_RELAYED,     /* it has given a relay */
    FLOE_ICE_WHY_PERMITTED,   /* it lets packets of this peer through */
    FLOE_ICE_WHY_FORBIDDEN,   /* it does not */
    FLOE_ICE_WHY_LOGIN,       /* its answers are not signed with our password */
    FLOE_ICE_WHY_LOST,        /* the allocation is gone, and asked for anew */
    FLOE_ICE_WHY_CONNECTION,  /* it could not be connected to, or the connection broke */
    FLOE_ICE_WHY_CERTIFICATE, /* its certificate is not one to be trusted */
    FLOE_ICE_WHY_BUSY,        /* it holds our address for another allocation; it is asked again */
    /* a role */
    FLOE_ICE_WHY_SET /* by the program, or from the start */
} floe_ice_why;

#ifdef __cplusplus
}
#endif
#endif
