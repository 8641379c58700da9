/*
 * ice/ice_agent.h - an ICE agent for one component, sans-I/O (RFC 8445, 8838 trickle, 7675
 * consent).
 *
 * It gathers (host candidates from the sockets it is told of, server-reflexive ones from STUN
 * servers), pairs, checks, nominates and keeps consent; it hands the layer above one thing: a
 * validated path to send to. It never reads a clock, opens a socket, allocates or calls back. It is
 * driven:
 *     1. change it once:  _input(), _advance() or a setter
 *     2. drain packets:   while (floe_ice_agent_poll_transmit(...)) send
 *     3. drain events:    while (floe_ice_agent_poll_event(...)) act
 *     4. sleep until a packet, a call, or floe_ice_agent_deadline()
 * Steps 2 and 3 run to `false` before step 4; after them the deadline is in the future. Time enters
 * only by init, input and advance, and must not go backwards (asserted); setters use the last one.
 * One thread at a time per agent; agents share nothing. An agent may be copied by assignment
 * (indices inside, no pointers to itself). Read next: ice/README.md for the states, ice/ice_cand.h.
 * Reading guide: step 5.
 */
#ifndef FLOE_ICE_ICE_AGENT_H
#define FLOE_ICE_ICE_AGENT_H

#include "base/floe.h"
#include "base/trace.h"
#include "ice/ice_cand.h"
#include "ice/ice_filter.h"
#include "ice/ice_pair.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_ice_agent floe_ice_agent; /* complete in ice/ice_agent_struct.h, below */

typedef enum floe_ice_role { FLOE_ICE_CONTROLLED, FLOE_ICE_CONTROLLING } floe_ice_role;

/* As the W3C's RTCIceTransportState; transitions: ice/README.md; tested as a table. */
typedef enum floe_ice_state {
    FLOE_ICE_NEW,       /* no remote parameters, or nothing to check yet */
    FLOE_ICE_CHECKING,  /* pairs are being checked; none is valid */
    FLOE_ICE_CONNECTED, /* a valid pair exists: data can flow; checks may go on */
    FLOE_ICE_COMPLETED, /* nominated, gathering and signalling of candidates over on both sides */
    FLOE_ICE_DISCONNECTED, /* the pair in use has been silent for a while, and no other is alive */
    FLOE_ICE_FAILED, /* no pair works, or consent ended; a restart helps, or a pair that turns up */
    FLOE_ICE_CLOSED
} floe_ice_state;

typedef enum floe_ice_gathering {
    FLOE_ICE_GATHERING_NEW,
    FLOE_ICE_GATHERING_BUSY,
    FLOE_ICE_GATHERING_COMPLETE
} floe_ice_gathering;

/* Why the agent is in the state it is in; the answer to "why did it fail". */
typedef enum floe_ice_cause {
    FLOE_ICE_CAUSE_NONE,
    FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES, /* the peer never sent a usable candidate, nor a check */
    FLOE_ICE_CAUSE_NO_PAIR,              /* candidates on both sides, but no two of one family */
    FLOE_ICE_CAUSE_CHECKS_TIMED_OUT,     /* every check went unanswered */
    FLOE_ICE_CAUSE_CHECKS_REFUSED,       /* answers came, but none was authentic or successful */
    FLOE_ICE_CAUSE_CONSENT_EXPIRED, /* it worked, then the peer fell silent for 30 s (RFC 7675) */
    FLOE_ICE_CAUSE_CONSENT_REVOKED  /* the peer answered 403 */
} floe_ice_cause;

/* RTCIceTransportPolicy. RELAY: only relayed candidates are told to the peer, and only they are
 * paired: nobody learns our addresses. STUN servers are not asked. */
typedef enum floe_ice_policy { FLOE_ICE_POLICY_ALL, FLOE_ICE_POLICY_RELAY } floe_ice_policy;

/* When the controlling side nominates. Data flows from the first valid pair on in any case; but
 * many peers send nothing before they see a nomination. */
typedef enum floe_ice_nomination {
    FLOE_ICE_NOMINATE_SOON, /* the best valid pair once no better one can come, or after 100 ms; a
                             * second if a relay is all there is */
    FLOE_ICE_NOMINATE_FAST, /* the first valid pair, at once; and one of a better kind when it turns
                             * valid after that (direct after relayed, local after reflexive) */
    FLOE_ICE_NOMINATE_CONSERVATIVE /* the best valid pair once no better one can come, which takes
                                    * until every check of a better one has timed out: 39.5 s */
} floe_ice_nomination;

typedef struct floe_ice_config { /* copied by init; zero means the default */
    floe_ice_role role;
    floe_ice_policy policy;
    floe_ice_nomination nomination;
    bool is_lite; /* RFC 8445 section 2.5: for a server whose address everybody reaches. Host
                   * candidates only, one of a family (section 5.2); STUN servers are not asked */
    const floe_ice_filters *filters; /* lent; NULL: everything is gathered, told and used */
    floe_bytes ufrag, pwd;           /* ours; both empty: made by init (8 and 24 ice-chars) */
    floe_rand rand;                  /* required; cryptographically strong */
    floe_trace trace;
    uint32_t pacing_us;          /* Ta: default 50000, floor 5000 (RFC 8445 section 14.2) */
    uint32_t rto_us;             /* of requests: default 500000, the least of section 14.3 */
    uint32_t consent_us;         /* between consent checks: default 5000000, jittered 0.8 to 1.2 */
    uint32_t consent_timeout_us; /* without an answer: default 30000000 (RFC 7675 section 5.1) */
    uint32_t disconnected_us;    /* silence that is shown as DISCONNECTED: default 7000000 */
    uint32_t patience_us; /* the PAC timer: no FAILED before it: default 39500000 (RFC 8863) */
} floe_ice_config;

typedef enum floe_ice_event_type {
    FLOE_ICE_EV_STATE,     /* .state, .cause */
    FLOE_ICE_EV_GATHERING, /* .gathering */
    FLOE_ICE_EV_CANDIDATE, /* .cand: a new local candidate to tell the peer */
    FLOE_ICE_EV_SELECTED,  /* .path: where data goes from now on (floe_ice_agent_get_path);
                            * .local_type, .remote_type */
    FLOE_ICE_EV_ROLE       /* .role: changed by a conflict (RFC 8445 section 7.3.1.1, 7.2.5.1) */
} floe_ice_event_type;

typedef struct floe_ice_event {
    floe_ice_event_type type;
    floe_ice_state state;
    floe_ice_cause cause;
    floe_ice_gathering gathering;
    floe_ice_role role;
    floe_ice_cand cand;
    floe_path path;
    uint8_t local_type, remote_type; /* floe_ice_type of the two ends of `path` */
} floe_ice_event;

/* Counters since init; none of them wraps in practice. Checks include repetitions and consent. */
typedef struct floe_ice_stats {
    uint64_t checks_sent, checks_received, replies_sent, replies_received;
    uint64_t consent_sent, consent_received;
    uint64_t dropped_malformed, dropped_auth, dropped_unknown, dropped_full;
    uint32_t rtt_us;             /* of the selected pair, smoothed; 0 before the first sample */
    floe_ice_cand local, remote; /* of the selected pair; priority 0 if there is none */
    uint32_t pairs, valid_pairs, local_candidates, remote_candidates;
} floe_ice_stats;

/* A pair of the check list, and the pair in use before a restart. */
typedef struct floe_ice_pair_info {
    floe_ice_cand local, remote; /* `local` as the peer sees it, once that is known */
    floe_ice_pair_state state;
    bool is_nominated;
    bool is_selected; /* data goes there */
    uint64_t priority;
    uint32_t rtt_us; /* smoothed; 0 before the first sample */
} floe_ice_pair_info;

/* Start an agent in the caller's memory. Nothing to free: stop using it, or init it again.
 * ARG: credentials out of range (4 and 22 ice-chars or more, together at most
 * FLOE_ICE_CREDENTIAL_MAX), no rand.fill, or what this build leaves out (FLOE_ICE_LITE, _FILTER).
 */
FLOE_MUST_USE floe_err floe_ice_agent_init(floe_ice_agent *agent, const floe_ice_config *config,
                                           floe_time now);

/* Our credentials, for the session description: views into the agent, valid until init or restart.
 */
void floe_ice_agent_get_local(const floe_ice_agent *agent, floe_bytes *ufrag, floe_bytes *pwd);
floe_ice_role floe_ice_agent_get_role(const floe_ice_agent *agent);
floe_ice_state floe_ice_agent_get_state(const floe_ice_agent *agent);
floe_ice_cause floe_ice_agent_get_cause(const floe_ice_agent *agent);
floe_ice_gathering floe_ice_agent_get_gathering(const floe_ice_agent *agent);
/* By offer and answer; before checks start it only sets, later it is a role switch. */
void floe_ice_agent_set_role(floe_ice_agent *agent, floe_ice_role role);

/* Gathering. A STUN server over UDP. One with family 0 waits for floe_ice_agent_set_server_addr();
 * one that never resolves is told by family 0 there and costs nothing further. A server added after
 * gathering was complete is asked from the next restart on. FULL: FLOE_ICE_SERVER_MAX. *index names
 * the server later. */
FLOE_MUST_USE floe_err floe_ice_agent_add_server(floe_ice_agent *agent, const floe_addr *addr,
                                                 uint32_t *index);
/* A name was resolved: call once for each address to be used (one of each family is enough), and
 * once with family 0 when there are no more. ARG: no such server. */
FLOE_MUST_USE floe_err floe_ice_agent_set_server_addr(floe_ice_agent *agent, uint32_t index,
                                                      const floe_addr *addr);
/* A UDP socket is bound to this address (never 0.0.0.0 or ::). It becomes a host candidate, and
 * servers are asked from it. `preference` orders interfaces: 65535 is best, and each should have
 * its own. A duplicate is OK and ignored. FULL: FLOE_ICE_LOCAL_MAX. ARG: family 0, port 0, the
 * any-address, or a multicast address. */
FLOE_MUST_USE floe_err floe_ice_agent_add_local(floe_ice_agent *agent, const floe_addr *addr,
                                                uint16_t preference);
/* A socket is closed, or its address is gone: its candidates and pairs go with it, and the path
 * moves to another valid pair at once; without one the agent checks on, with fresh patience, since
 * another socket may come. The peer is not told (RFC 8838 knows no word for it). Unknown: nothing.
 */
void floe_ice_agent_remove_local(floe_ice_agent *agent, const floe_addr *addr);
/* What our candidates cost now, for their lines: FLOE_ICE_NETWORK_COST, and one less each time that
 * the pair in use goes with its base. Checks say the same, so that a peer that is libwebrtc takes
 * what is left, and what comes, for better than what is gone; 0 is reached and kept. */
uint8_t floe_ice_agent_network_cost(const floe_ice_agent *agent);
/* No more sockets for now: gathering is COMPLETE as soon as every server has answered or timed out.
 */
void floe_ice_agent_end_local(floe_ice_agent *agent);
/* Relays; ice/ice_relays.h makes these six calls for TURN servers, and they are linked with it. A
 * relayed address is a candidate and a base of its own: packets of the agent from there have it as
 * path.local. `mapped` is our address as the server saw it: the related address, family 0 if
 * unknown. `server` tells servers and transports to them apart in foundations. One that comes after
 * gathering was complete is used, but not told (RFC 8838 section 13). A duplicate is OK. FULL:
 * FLOE_ICE_LOCAL_MAX. ARG: an address that nobody can be asked at, or one of a socket of ours.
 * CLOSED. */
FLOE_MUST_USE floe_err floe_ice_agent_add_relay(floe_ice_agent *agent, const floe_addr *relay,
                                                const floe_addr *mapped, uint16_t preference,
                                                uint8_t server);
/* The relay is gone, its candidate and pairs with it. Without another path the agent is CHECKING
 * again, with all its patience: a new relay may come. */
void floe_ice_agent_remove_relay(floe_ice_agent *agent, const floe_addr *relay);
/* The server lets packets to this IP through: only now the relayed base checks the remote
 * candidates there. To be said again after these have changed. */
void floe_ice_agent_permit(floe_ice_agent *agent, const floe_addr *relay, const floe_addr *peer);
/* Step through the remote candidates, from *cursor = 0. */
bool floe_ice_agent_next_remote(const floe_ice_agent *agent, size_t *cursor, floe_ice_cand *cand);
/* A relay is being asked for: gathering is not COMPLETE before this is taken back. A restart makes
 * it busy again. */
void floe_ice_agent_set_relaying(floe_ice_agent *agent, bool is_busy);
/* Our address behind `base`, a socket of ours, as a TURN server over UDP saw it: a server-reflexive
 * candidate that cost no request. */
void floe_ice_agent_add_mapped(floe_ice_agent *agent, const floe_addr *base,
                               const floe_addr *mapped, uint8_t server);
/* Step through the local candidates found so far, from *cursor = 0; not the peer-reflexive ones,
 * which the peer knows already. */
bool floe_ice_agent_next_local(const floe_ice_agent *agent, size_t *cursor, floe_ice_cand *cand);

/* The peer's side. Candidates may come at any time, in any order, before set_remote too; a
 * duplicate is OK and ignored. FULL: FLOE_ICE_REMOTE_MAX. ARG: an address that nobody can be asked
 * at. UNKNOWN: came after the end of candidates, and is ignored. CLOSED. */
FLOE_MUST_USE floe_err floe_ice_agent_add_remote(floe_ice_agent *agent, const floe_ice_cand *cand);
/* ARG: credentials out of range. CLOSED. The same ones again change nothing. With new ones after a
 * restart of the peer, the old pairs and remote candidates go, save the pair in use, which serves
 * until a new one is selected; if our own restart follows, what was signalled since stays. */
FLOE_MUST_USE floe_err floe_ice_agent_set_remote(floe_ice_agent *agent, floe_bytes ufrag,
                                                 floe_bytes pwd, bool is_lite);
void floe_ice_agent_end_remote(
    floe_ice_agent *agent); /* end-of-candidates: lets COMPLETED happen */

/* Start over with new credentials of ours (both empty: made here); gather again. The pair in use
 * serves on, and checks with the old credentials are answered, until the new generation has
 * selected a pair. Replies that were not polled are forgotten. ARG: credentials out of range.
 * STATE: closed. */
FLOE_MUST_USE floe_err floe_ice_agent_restart(floe_ice_agent *agent, floe_bytes ufrag,
                                              floe_bytes pwd);

/* One datagram already recognised as STUN (floe_stun_msg_is). MALFORMED, AUTH, UNKNOWN: dropped and
 * counted, the agent is otherwise unchanged. FULL: too many replies wait to be polled; dropped
 * likewise. CLOSED. `packet` is not kept. path->local is the base, i.e. the socket's address. */
FLOE_MUST_USE floe_err floe_ice_agent_input(floe_ice_agent *agent, floe_time now,
                                            const floe_path *path, floe_bytes packet);
void floe_ice_agent_advance(floe_ice_agent *agent,
                            floe_time now); /* fire timers due at or before now */
floe_time
floe_ice_agent_deadline(const floe_ice_agent *agent); /* next advance, or FLOE_TIME_NEVER */

/* Build the next packet from state into out->buf. False: nothing to send. Always a run of one. */
bool floe_ice_agent_poll_transmit(floe_ice_agent *agent, floe_transmit *out);
bool floe_ice_agent_poll_event(floe_ice_agent *agent, floe_ice_event *event);

/* RFC 8445 section 14: one budget for all requests, with 5 ms between any two. Who sends others
 * from here, to TURN servers, sends none before _get_turn(), and says when it has. */
floe_time floe_ice_agent_get_turn(const floe_ice_agent *agent);
void floe_ice_agent_take_turn(floe_ice_agent *agent, floe_time now);
/* Where data goes: the selected pair, or before nomination the best valid one; another valid one
 * while that is silent. False: none, or no consent. */
bool floe_ice_agent_get_path(const floe_ice_agent *agent, floe_path *path);
/* May bytes that came on this path be believed to come from the peer? True for every pair with a
 * successful check in either direction of this generation, and for the pair in use before a restart
 * (RFC 8445 section 12: receive on all). Counts as a sign of life of the pair if so; `now` as in
 * _input. */
bool floe_ice_agent_accept(floe_ice_agent *agent, floe_time now, const floe_path *path);

void floe_ice_agent_close(floe_ice_agent *agent); /* nothing is sent any more */
void floe_ice_agent_get_stats(const floe_ice_agent *agent, floe_ice_stats *stats);
/* Step through the pairs, in no order, from *cursor = 0. */
bool floe_ice_agent_next_pair(const floe_ice_agent *agent, size_t *cursor,
                              floe_ice_pair_info *info);
/* Called after every public call in tests and fuzzing: stops the program where an invariant is
 * broken. */
void floe_ice_agent_check_invariants(const floe_ice_agent *agent);

const char *floe_ice_state_name(floe_ice_state state);             /* the W3C's: "checking" */
const char *floe_ice_gathering_name(floe_ice_gathering gathering); /* "gathering" */
const char *floe_ice_cause_text(floe_ice_cause cause);             /* a sentence for a person */

#ifdef __cplusplus
}
#endif

#include "ice/ice_agent_struct.h" /* for its size only: every field is private */
#endif
