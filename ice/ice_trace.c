/*
 * ice/ice_trace.c - the agent tells what it decides: see ice/ice_trace.h. Nothing here changes
 * anything but what was told.
 */
#include "base/reader.h"
#include "ice/ice_agent_internal.h"

#if FLOE_TRACE

#define HEADER 20u /* of a STUN message */

static void tell(const floe_ice_agent *agent, unsigned kind, unsigned id,
                 const floe_trace_record *rest)
{
    floe_trace_record record = *rest;
    record.at = agent->now;
    record.module = FLOE_MODULE_ICE;
    record.kind = (uint8_t)kind;
    record.id = (uint16_t)id;
    floe_trace_put(&agent->trace, record);
}

void floe_ice_trace_put(const floe_ice_agent *agent, unsigned kind, unsigned id, int32_t a,
                        int32_t b, int32_t cause)
{
    tell(agent, kind, id, &(floe_trace_record){.a = a, .b = b, .cause = cause});
}

void floe_ice_trace_addr(const floe_ice_agent *agent, unsigned kind, unsigned id, int32_t a,
                         int32_t cause, const floe_addr *addr)
{
    tell(agent, kind, id, &(floe_trace_record){.a = a, .cause = cause, .addr = *addr});
}

void floe_ice_trace_local(const floe_ice_agent *agent, uint8_t local)
{
    const floe_ice_cand *cand = &agent->local[local];
    bool is_base = floe_ice_table_is_base(cand);
    uint8_t base = is_base ? local : floe_ice_table_find_base(agent, &cand->base, cand->transport);
    tell(agent, FLOE_ICE_TRACE_LOCAL, local,
         &(floe_trace_record){
             .a = cand->addr.family == 0 ? -1 : cand->type, .b = base, .addr = cand->addr});
}

void floe_ice_trace_remote(const floe_ice_agent *agent, uint8_t remote)
{
    const floe_ice_cand *cand = &agent->remote[remote];
    tell(agent, FLOE_ICE_TRACE_REMOTE, remote,
         &(floe_trace_record){.a = cand->type, .b = cand->is_hidden, .addr = cand->addr});
}

void floe_ice_trace_no_pair(const floe_ice_agent *agent, uint8_t local, uint8_t remote,
                            floe_ice_why why)
{
    tell(agent, FLOE_ICE_TRACE_IGNORED, why,
         &(floe_trace_record){
             .a = local, .b = remote, .cause = (int32_t)why, .addr = agent->remote[remote].addr});
}

void floe_ice_trace_answer(const floe_ice_agent *agent, const floe_ice_gather_txn *job,
                           floe_ice_why why, int code, const floe_addr *mapped)
{
    tell(agent, FLOE_ICE_TRACE_ANSWER, job->server,
         &(floe_trace_record){.a = code,
                              .b = job->local,
                              .cause = (int32_t)why,
                              .ref = floe_load_u32(job->txn.tid),
                              .addr = *mapped});
}

void floe_ice_trace_packet(const floe_ice_agent *agent, floe_trace_kind kind, const floe_path *path,
                           floe_bytes packet, floe_err err)
{
    if (agent->trace.fn == NULL) {
        return;
    }
    bool is_stun = packet.len >= HEADER;
    tell(agent, kind, floe_ice_table_find_base(agent, &path->local, path->transport),
         &(floe_trace_record){.a = (int32_t)packet.len,
                              .b = is_stun ? floe_load_u16(packet.ptr) : 0,
                              .cause = (int32_t)err,
                              .ref = is_stun ? floe_load_u32(packet.ptr + 8) : 0,
                              .addr = path->remote});
}

#define STATE 7u /* of floe_ice_pair.told; above it the marks */

static uint8_t get_marks(const floe_ice_pair *pair)
{
    static const uint16_t flags[] = {FLOE_ICE_PAIR_NOMINATED, FLOE_ICE_PAIR_NOMINATING,
                                     FLOE_ICE_PAIR_PEER_WANTS, FLOE_ICE_PAIR_ANSWERED,
                                     FLOE_ICE_PAIR_DEAD};
    unsigned marks = 0;
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        marks |= (unsigned)floe_ice_pair_is(pair, flags[i]) << i;
    }
    return (uint8_t)marks;
}

static void tell_pair(const floe_ice_agent *agent, uint8_t index)
{
    const floe_ice_pair *pair = &agent->list.pair[index];
    uint8_t before = pair->told & STATE;
    if (before == FLOE_ICE_PAIR_FREE) {
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_PAIR, index, pair->local, pair->remote, 0);
    }
    if (before != pair->state) {
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_CHECK, index, before, pair->state, pair->why);
    }
    if (pair->told >> 3 != get_marks(pair)) {
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_MARKS, index, pair->told >> 3, get_marks(pair), 0);
    }
}

void floe_ice_trace_pairs(floe_ice_agent *agent)
{
    if (agent->trace.fn == NULL) {
        return;
    }
    for (uint8_t i = 0; i <= FLOE_ICE_OLD; i++) {
        floe_ice_pair *pair = &agent->list.pair[i];
        uint8_t now = (uint8_t)(pair->state | get_marks(pair) << 3);
        if (now != pair->told && pair->state != FLOE_ICE_PAIR_FREE) {
            tell_pair(agent, i);
            pair->told = now;
        }
    }
}

#else
typedef int floe_ice_trace_none; /* a file of C has something in it */
#endif
