/*
 * ice/ice_trace_internal.h - how the parts of the agent say what they decide. Private to ice/.
 *
 * Pairs say why by a byte of their own; ice_trace.c compares them with what was told last. So no
 * change of a pair goes untold, whoever makes it. With FLOE_TRACE=0 nothing of this is left.
 */
#ifndef FLOE_ICE_ICE_TRACE_INTERNAL_H
#define FLOE_ICE_ICE_TRACE_INTERNAL_H

#include "ice/ice_agent.h"
#include "ice/ice_trace.h"

/* The reason of the state that a pair is in now. */
static inline void floe_ice_pair_because(floe_ice_pair *pair, floe_ice_why why)
{
#if FLOE_TRACE
    pair->why = (uint8_t)why;
#else
    (void)pair;
    (void)why;
#endif
}

#if FLOE_TRACE
void floe_ice_trace_put(const floe_ice_agent *agent, unsigned kind, unsigned id, int32_t a,
                        int32_t b, int32_t cause);
/* One with an address, and `b` 0. */
void floe_ice_trace_addr(const floe_ice_agent *agent, unsigned kind, unsigned id, int32_t a,
                         int32_t cause, const floe_addr *addr);
/* The candidate in this place is new, or changed, or gone. */
void floe_ice_trace_local(const floe_ice_agent *agent, uint8_t local);
void floe_ice_trace_remote(const floe_ice_agent *agent, uint8_t remote);
/* No pair of these, because. */
void floe_ice_trace_no_pair(const floe_ice_agent *agent, uint8_t local, uint8_t remote,
                            floe_ice_why why);
/* From candidate `local` the server was asked, and this came of it. */
void floe_ice_trace_answer(const floe_ice_agent *agent, const floe_ice_gather_txn *job,
                           floe_ice_why why, int code, const floe_addr *mapped);
void floe_ice_trace_packet(const floe_ice_agent *agent, floe_trace_kind kind, const floe_path *path,
                           floe_bytes packet, floe_err err);
/* What has changed of the pairs, and of the path. */
void floe_ice_trace_pairs(floe_ice_agent *agent);
#else
#define floe_ice_trace_put(agent, kind, id, a, b, cause)                                           \
    ((void)(agent), (void)(id), (void)(a), (void)(b), (void)(cause))
#define floe_ice_trace_addr(agent, kind, id, a, cause, addr)                                       \
    ((void)(agent), (void)(id), (void)(a), (void)(cause), (void)(addr))
#define floe_ice_trace_local(agent, local)   ((void)(agent), (void)(local))
#define floe_ice_trace_remote(agent, remote) ((void)(agent), (void)(remote))
#define floe_ice_trace_no_pair(agent, local, remote, why)                                          \
    ((void)(agent), (void)(local), (void)(remote), (void)(why))
#define floe_ice_trace_answer(agent, job, why, code, mapped)                                       \
    ((void)(agent), (void)(job), (void)(why), (void)(code), (void)(mapped))
#define floe_ice_trace_packet(agent, kind, path, packet, err)                                      \
    ((void)(agent), (void)(path), (void)(packet), (void)(err))
#define floe_ice_trace_pairs(agent) ((void)(agent))
#endif

#endif
