/*
 * ice/ice_agent_internal.h - how the parts of the agent share its state. Private to ice/.
 *
 * Every public call that changes something ends in floe_ice_agent_settle(), which brings what
 * follows from facts and time up to date: timeouts, consent, the path for data, nomination, the
 * state. The parts below change facts and leave consequences to it.
 * Generation 1 of credentials, and the slots beyond the tables, hold the selected pair of before a
 * restart; generation 0 and the tables are of now.
 */
#ifndef FLOE_ICE_ICE_AGENT_INTERNAL_H
#define FLOE_ICE_ICE_AGENT_INTERNAL_H

#include "base/addr.h"
#include "base/assert.h"
#include "ice/ice_agent.h"
#include "ice/ice_lite_internal.h"
#include "ice/ice_trace_internal.h"
#include "stun/stun_msg.h"

/* A type besides those of floe_ice_type: a socket that by the policy only relays are asked from. It
 * is told to nobody, no check leaves from it, and none is answered there. */
#define FLOE_ICE_HIDDEN 4u

/* What the agent hears of relays that are being asked for. */
typedef enum floe_ice_relaying {
    FLOE_ICE_RELAYING_NONE, /* nothing was ever said: there are none */
    FLOE_ICE_RELAYING_DONE,
    FLOE_ICE_RELAYING_BUSY,
    FLOE_ICE_RELAYING_AGAIN /* a restart: likewise, until something is said */
} floe_ice_relaying;

#define FLOE_ICE_TRIGGER_GAP_US UINT32_C(5000) /* RFC 8445 section 14.2: between transactions */
#define FLOE_ICE_PLEA_MAX       8u /* repetitions; the last is sent after 4 s, by default */

static inline bool floe_ice_agent_has_remote(const floe_ice_agent *agent)
{
    return agent->theirs[0].ufrag_len > 0;
}

static inline bool floe_ice_agent_is_closed(const floe_ice_agent *agent)
{
    return agent->state == FLOE_ICE_CLOSED;
}

static inline bool floe_ice_agent_is_lite(const floe_ice_agent *agent)
{
    return FLOE_ICE_LITE && agent->is_lite;
}

/* ice_filter_pairs.c */

#if FLOE_ICE_FILTER
/* The type of this candidate is known now: its pairs that may not be used end. */
void floe_ice_filter_leave(floe_ice_agent *agent, uint8_t remote);
#else
static inline void floe_ice_filter_leave(floe_ice_agent *agent, uint8_t remote)
{
    (void)agent, (void)remote;
}
#endif

/* ice_table.c: candidates and pairs */

/* A socket or a relay? */
static inline bool floe_ice_table_is_base(const floe_ice_cand *cand)
{
    return cand->type != FLOE_ICE_SRFLX && cand->type != FLOE_ICE_PRFLX;
}

/* A socket for datagrams? */
static inline bool floe_ice_table_is_udp_host(const floe_ice_cand *cand)
{
    return cand->type == FLOE_ICE_HOST && cand->transport == FLOE_UDP;
}

/* The place of a local candidate is free again; it is no base, and nothing to tell. */
static inline void floe_ice_table_forget(floe_ice_cand *cand)
{
    cand->addr.family = 0;
    cand->type = FLOE_ICE_PRFLX;
}

/* The priority that a candidate of this type has behind this base. */
uint32_t floe_ice_table_priority(const floe_ice_agent *agent, floe_ice_type type, uint8_t base);

/* The socket or relay with this address, or FLOE_ICE_NONE. */
uint8_t floe_ice_table_find_base(const floe_ice_agent *agent, const floe_addr *addr,
                                 uint8_t transport);
uint8_t floe_ice_table_find_remote(const floe_ice_agent *agent, const floe_addr *addr,
                                   uint8_t transport);
/* A candidate with type, address, base and priority, which yields if it is taken; the one that it
 * is redundant with, if any; FLOE_ICE_NONE: the table is full. `server_class` tells the servers of
 * reflexive candidates apart, and the kinds of TCP, 0 for none of them. */
uint8_t floe_ice_table_add_local(floe_ice_agent *agent, const floe_ice_cand *cand,
                                 uint8_t server_class);
/* The same for what is seen of a base of ours from elsewhere. */
uint8_t floe_ice_table_add_reflexive(floe_ice_agent *agent, floe_ice_type type, uint8_t base,
                                     uint8_t server_class, const floe_addr *addr);
/* A place for a remote candidate of this type; FLOE_ICE_NONE: the table is full. */
uint8_t floe_ice_table_take_remote(floe_ice_agent *agent, uint8_t type);
/* The remote candidate that a check of this priority came from, to this base; made if its address
 * is unknown. FLOE_ICE_NONE: no room for it. */
uint8_t floe_ice_table_get_remote(floe_ice_agent *agent, uint8_t local, const floe_addr *addr,
                                  uint32_t priority);
/* The pair of these two, made if there is none: Frozen, or if checks have begun as RFC 8838 says.
 * FLOE_ICE_NONE: not to be paired, or not yet, or full. */
uint8_t floe_ice_table_get_pair(floe_ice_agent *agent, uint8_t local, uint8_t remote, bool is_late);
/* May this base be paired with a remote candidate of this type and address? */
bool floe_ice_table_may_use(const floe_ice_agent *agent, uint8_t local, uint8_t type,
                            const floe_addr *remote);
/* Priorities and foundations of pairs anew: a role or a candidate has changed. */
void floe_ice_table_refresh(floe_ice_agent *agent);
/* Pair a candidate with all of the other side. A relayed base waits for its permissions, one of TCP
 * for its connection. */
void floe_ice_table_pair_local(floe_ice_agent *agent, uint8_t local);
void floe_ice_table_pair_remote(floe_ice_agent *agent, uint8_t remote, bool is_late);
/* A sign of life came on this path. False: no check was answered on it, in either direction. */
bool floe_ice_table_hear(floe_ice_agent *agent, const floe_path *path, unsigned flag);
floe_path floe_ice_table_path(const floe_ice_agent *agent, uint8_t pair);
/* Is `path` the one from this socket to this address? */
bool floe_ice_table_is_path(const floe_ice_agent *agent, uint8_t local, const floe_addr *remote,
                            const floe_path *path);

/* ice_base.c: what goes */

void floe_ice_base_forget(floe_ice_agent *agent, uint8_t base);
void floe_ice_base_forget_pair(floe_ice_agent *agent, uint8_t pair);

/* ice_gather.c: server-reflexive candidates */

/* RFC 8445 §5.1.1.3: servers are told apart by the IP they are asked at. From 1. */
uint8_t floe_ice_gather_class(const floe_ice_agent *agent, const floe_addr *addr);

/* The request that this responds to, for _input; FLOE_ICE_NONE: none of ours. */
uint8_t floe_ice_gather_find(const floe_ice_agent *agent, const floe_stun_msg *msg);
/* There is something new to gather from. */
void floe_ice_gather_set_busy(floe_ice_agent *agent);
floe_err floe_ice_gather_input(floe_ice_agent *agent, uint8_t slot, const floe_path *path,
                               const floe_stun_msg *msg);
void floe_ice_gather_restart(floe_ice_agent *agent);
void floe_ice_gather_expire(floe_ice_agent *agent);
bool floe_ice_gather_has_job(const floe_ice_agent *agent);
bool floe_ice_gather_start(floe_ice_agent *agent, floe_transmit *out);  /* a new request */
bool floe_ice_gather_repeat(floe_ice_agent *agent, floe_transmit *out); /* a retransmission due */
floe_time floe_ice_gather_deadline(const floe_ice_agent *agent);

/* ice_check.c: checks out; ice_response.c: responses in */

/* A check of ours that a response belongs to. */
typedef struct floe_ice_check_ref {
    floe_ice_pair *pair; /* NULL: no check of ours */
    floe_ice_past *past; /* NULL: the latest of its pair */
    bool is_old;         /* of the generation before the restart */
    uint16_t flags;      /* of the pair when it was sent: FLOE_ICE_PAIR_SENT_... */
} floe_ice_check_ref;

floe_ice_check_ref floe_ice_check_find(floe_ice_agent *agent, const floe_stun_msg *msg);
floe_err floe_ice_check_input(floe_ice_agent *agent, const floe_ice_check_ref *ref,
                              const floe_path *path, const floe_stun_msg *msg);
/* Ask with a new transaction; the one before still counts if answered. */
void floe_ice_check_send(floe_ice_agent *agent, uint8_t index, floe_transmit *out);
/* Does a check of this pair ask the peer to nominate it? */
static inline uint8_t floe_ice_check_cost(const floe_ice_agent *agent)
{
    return (uint8_t)(FLOE_ICE_NETWORK_COST - agent->losses);
}
bool floe_ice_check_is_plea(const floe_ice_agent *agent, uint8_t index);
bool floe_ice_check_send_triggered(floe_ice_agent *agent, floe_transmit *out);
bool floe_ice_check_send_ordinary(floe_ice_agent *agent, floe_transmit *out);
bool floe_ice_check_repeat(floe_ice_agent *agent, floe_transmit *out);
bool floe_ice_check_has_ordinary(const floe_ice_agent *agent);
void floe_ice_check_expire(floe_ice_agent *agent);
floe_time floe_ice_check_deadline(const floe_ice_agent *agent);
void floe_ice_check_forget_past(floe_ice_agent *agent, uint8_t pair);
/* Take the other role: by set_role, by a conflict. */
void floe_ice_check_switch_role(floe_ice_agent *agent, floe_ice_why why);

/* ice_reply.c: checks in, responses out */

floe_err floe_ice_reply_input(floe_ice_agent *agent, const floe_path *path,
                              const floe_stun_msg *msg);
bool floe_ice_reply_send(floe_ice_agent *agent, floe_transmit *out);
/* The peer's credentials have come: follow up the checks that came before them. */
void floe_ice_reply_follow_up(floe_ice_agent *agent);
/* Was a check on this path answered that waits for the peer's credentials? */
bool floe_ice_reply_is_early(const floe_ice_agent *agent, const floe_path *path);
void floe_ice_reply_forget_early(floe_ice_agent *agent);

/* ice_backup.c */

#if FLOE_ICE_BACKUP_MAX > 0
/* [0] is the pair in use, or NONE; behind it the backups, and where there are none that again. */
void floe_ice_backup_choose(const floe_ice_agent *agent, uint8_t chosen[FLOE_ICE_BACKUP_MAX + 1]);
/* The peer has asked on this pair. A backup works then, and need not be asked by both sides: we ask
 * when the peer stops, or consent is half as old as it may become. */
void floe_ice_backup_asked(floe_ice_agent *agent, uint8_t index);
#else
static inline void floe_ice_backup_choose(const floe_ice_agent *agent, uint8_t chosen[1])
{
    chosen[0] = agent->path;
}
static inline void floe_ice_backup_asked(floe_ice_agent *agent, uint8_t index)
{
    (void)agent;
    (void)index;
}
#endif

/* ice_consent.c: RFC 7675 */

bool floe_ice_consent_is_alive(const floe_ice_agent *agent, const floe_ice_pair *pair);
/* A good response came: consent holds from now, and the next check is scheduled. */
void floe_ice_consent_renew(floe_ice_agent *agent, floe_ice_pair *pair);
/* Consent has ended: the pair is not valid any more. */
void floe_ice_consent_lose(floe_ice_agent *agent, floe_ice_pair *pair, floe_ice_cause cause);
bool floe_ice_consent_send(floe_ice_agent *agent, floe_transmit *out);
void floe_ice_consent_expire(floe_ice_agent *agent);
floe_time floe_ice_consent_deadline(const floe_ice_agent *agent);

/* ice_nominate.c: which pair */

/* A nominated pair of this generation is valid and alive: ordinary checks are over. */
bool floe_ice_nominate_is_concluded(const floe_ice_agent *agent);
void floe_ice_nominate_run(floe_ice_agent *agent);
/* The peer has nominated this pair, or has moved there and asks that we do; `move` of NOMINATION, 0
 * without. */
void floe_ice_nominate_follow(floe_ice_agent *agent, uint8_t index, uint32_t move);

/* ice_upgrade.c: FLOE_ICE_NOMINATE_FAST, afterwards */

#if FLOE_ICE_UPGRADE
/* Is this pair worth a nomination in the place of the one in use? */
bool floe_ice_upgrade_is(const floe_ice_agent *agent, uint8_t index);
/* A valid pair to move to from the one that was nominated, or else that. */
uint8_t floe_ice_upgrade_find(floe_ice_agent *agent, uint8_t nominated);
#else
static inline bool floe_ice_upgrade_is(const floe_ice_agent *agent, uint8_t index)
{
    (void)agent, (void)index;
    return false;
}

static inline uint8_t floe_ice_upgrade_find(floe_ice_agent *agent, uint8_t nominated)
{
    (void)agent;
    return nominated;
}
#endif

/* ice_rebind.c: a NAT that forgets; none of it without FLOE_ICE_REBIND */

#if FLOE_ICE_REBIND
/* Data has stopped: a check is due, ahead of its time. */
bool floe_ice_rebind_is_suspected(const floe_ice_agent *agent, const floe_ice_pair *pair);
/* Positive: the peer is heard on `a` now, and not on `b` any more; negative: the reverse. */
int floe_ice_rebind_compare(const floe_ice_agent *agent, uint8_t a, uint8_t b);
floe_time floe_ice_rebind_deadline(const floe_ice_agent *agent, const floe_ice_pair *pair);
#else
static inline bool floe_ice_rebind_is_suspected(const floe_ice_agent *agent,
                                                const floe_ice_pair *pair)
{
    (void)agent;
    (void)pair;
    return false;
}

static inline int floe_ice_rebind_compare(const floe_ice_agent *agent, uint8_t a, uint8_t b)
{
    (void)agent, (void)a, (void)b;
    return 0;
}

static inline floe_time floe_ice_rebind_deadline(const floe_ice_agent *agent,
                                                 const floe_ice_pair *pair)
{
    (void)agent;
    (void)pair;
    return FLOE_TIME_NEVER;
}
#endif

/* ice_state.c: state and cause */

bool floe_ice_state_is_legal(floe_ice_state from, floe_ice_state to);
void floe_ice_state_update(floe_ice_agent *agent);
/* A restart makes a new attempt of a failed one. */
void floe_ice_state_reopen(floe_ice_agent *agent);

/* ice_agent.c */

void floe_ice_agent_settle(floe_ice_agent *agent);
/* `delta` from now. */
floe_time floe_ice_agent_after(const floe_ice_agent *agent, uint64_t delta);
/* The message in `w`, which writes to out->buf, is complete: it goes from this socket to there. */
void floe_ice_agent_finish(const floe_ice_agent *agent, floe_stun_writer *w, floe_transmit *out,
                           uint8_t local, const floe_addr *remote);

#endif
