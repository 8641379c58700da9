/*
 * ice/ice_gather.c - host and server-reflexive candidates (RFC 8445 section 5.1.1).
 *
 * Every socket asks every server of its family, each (socket, server) being a job; jobs start one a
 * Ta, share nothing, and fail alone: a dead server delays only the event that gathering is over.
 * Bindings at the servers are renewed until a pair is nominated (section 5.1.1.4).
 */
#include <string.h>

#include "ice/ice_agent_internal.h"

/* RFC 8489 §6.2.1 lets Rc be configured. Five sends end after 15.5 s rather than 39.5: who cannot
 * trickle waits for the last server. */
#define SENDS_MAX 5

/* For so long a server that has not answered yet is asked from further sockets. */
#define WINDOW_US (5 * FLOE_SECOND)

#define REFRESH_US (15 * FLOE_SECOND) /* RFC 8445 section 11: the least Tr */

void floe_ice_gather_set_busy(floe_ice_agent *agent)
{
    agent->gathering = FLOE_ICE_GATHERING_BUSY;
    agent->refresh_at = FLOE_TIME_NEVER;
    agent->gather_until = floe_ice_agent_after(agent, WINDOW_US);
    if (agent->gathering_told == FLOE_ICE_GATHERING_COMPLETE) {
        agent->gathering_told = FLOE_ICE_GATHERING_NEW;
    }
}

floe_err floe_ice_agent_add_server(floe_ice_agent *agent, const floe_addr *addr, uint32_t *index)
{
    if (agent->server_count >= FLOE_ICE_SERVER_MAX) {
        return FLOE_E_FULL;
    }
    *index = agent->server_count++;
    floe_ice_gather_server *mine = &agent->server[*index];
    mine->is_unresolved = addr->family == 0 && agent->host_type == FLOE_ICE_HOST;
    if (agent->gathering == FLOE_ICE_GATHERING_COMPLETE) {
        mine->asked = UINT64_MAX; /* too late for this generation: asked after a restart */
    }
    if (addr->family == 0) {
        floe_ice_trace_addr(agent, FLOE_ICE_TRACE_SERVER, *index, FLOE_UDP, 0, addr);
        return FLOE_OK;
    }
    return floe_ice_agent_set_server_addr(agent, *index, addr);
}

floe_err floe_ice_agent_set_server_addr(floe_ice_agent *agent, uint32_t index,
                                        const floe_addr *addr)
{
    if (index >= agent->server_count) {
        return FLOE_E_ARG;
    }
    floe_ice_gather_server *server = &agent->server[index];
    if (addr->family == 0) {
        server->is_unresolved = false;
        if (server->addr[0].family == 0 && server->addr[1].family == 0) {
            floe_ice_trace_addr(agent, FLOE_ICE_TRACE_ANSWER, index, 0, FLOE_ICE_WHY_NAME, addr);
        }
    } else if (floe_ice_addr_is_usable(addr)) {
        floe_addr *slot = &server->addr[addr->family == 6];
        if (slot->family == 0) {
            *slot = *addr;
            floe_ice_trace_addr(agent, FLOE_ICE_TRACE_SERVER, index, FLOE_UDP, 0, addr);
        }
        agent->gather_until = floe_ice_agent_after(agent, WINDOW_US);
    }
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

floe_err floe_ice_agent_add_local(floe_ice_agent *agent, const floe_addr *addr, uint16_t preference)
{
    if (!floe_ice_addr_is_usable(addr)) {
        return FLOE_E_ARG;
    }
    if (floe_ice_agent_is_closed(agent) ||
        floe_ice_table_find_base(agent, addr, FLOE_UDP) != FLOE_ICE_NONE) {
        return FLOE_OK;
    }
    floe_ice_cand cand = {
        .addr = *addr,
        .base = *addr,
        .priority = floe_ice_priority(FLOE_ICE_HOST, preference),
        .type = agent->host_type,
        .transport = FLOE_UDP,
    };
    if (!floe_ice_filters_gather(agent->filters, cand.type, FLOE_UDP, addr)) {
        return FLOE_OK;
    }
    uint8_t index = floe_ice_table_add_local(agent, &cand, 0);
    if (index == FLOE_ICE_NONE) {
        return FLOE_E_FULL;
    }
    floe_ice_gather_set_busy(agent);
    floe_ice_table_pair_local(agent, index);
    floe_ice_agent_settle(agent);
    return FLOE_OK;
}

void floe_ice_agent_end_local(floe_ice_agent *agent)
{
    agent->is_local_ended = true;
    if (agent->gathering == FLOE_ICE_GATHERING_NEW) {
        floe_ice_gather_set_busy(agent);
    }
    floe_ice_agent_settle(agent);
}

void floe_ice_gather_restart(floe_ice_agent *agent)
{
    for (uint8_t i = 0; i < agent->server_count; i++) {
        agent->server[i].asked = agent->server[i].answered = 0;
    }
    memset(agent->gather, FLOE_ICE_NONE, sizeof agent->gather);
    agent->told = 0;
    if (agent->relaying != FLOE_ICE_RELAYING_NONE) {
        agent->relaying = FLOE_ICE_RELAYING_AGAIN;
    }
    agent->gathering_told = FLOE_ICE_GATHERING_NEW;
    if (agent->gathering != FLOE_ICE_GATHERING_NEW) {
        floe_ice_gather_set_busy(agent);
    }
}

static bool is_job(const floe_ice_agent *agent, uint8_t server_index, uint8_t local)
{
    const floe_ice_gather_server *server = &agent->server[server_index];
    const floe_ice_cand *base = &agent->local[local];
    const floe_addr *addr = &server->addr[base->addr.family == 6];
    if (addr->family == 0 || !floe_ice_table_is_udp_host(base) ||
        (server->asked >> local & 1) != 0 || floe_ice_agent_is_lite(agent) ||
        !floe_ice_filters_gather(agent->filters, FLOE_ICE_SRFLX, FLOE_UDP, &base->addr)) {
        return false;
    }
    /* Nobody waits for a server that has let the others wait. */
    if (agent->now >= agent->gather_until && server->answered == 0) {
        return false;
    }
    /* An address that cannot reach the server is not asked: it would cost a timeout. */
    return floe_addr_is_loopback(addr) == floe_addr_is_loopback(&base->addr) &&
           floe_addr_is_link_local(addr) == floe_addr_is_link_local(&base->addr);
}

/* Socket by socket, each asking all servers: the first answers come from different servers. */
static bool find_job(const floe_ice_agent *agent, uint8_t *server, uint8_t *local)
{
    for (*local = 0; *local < agent->local_count; (*local)++) {
        for (*server = 0; *server < agent->server_count; (*server)++) {
            if (is_job(agent, *server, *local)) {
                return true;
            }
        }
    }
    return false;
}

static uint8_t find_slot(const floe_ice_agent *agent, uint8_t server)
{
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        if (agent->gather[i].server == server) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

bool floe_ice_gather_has_job(const floe_ice_agent *agent)
{
    uint8_t server;
    uint8_t local;
    return find_slot(agent, FLOE_ICE_NONE) != FLOE_ICE_NONE && find_job(agent, &server, &local);
}

static const floe_addr *job_server(const floe_ice_agent *agent, const floe_ice_gather_txn *job)
{
    return &agent->server[job->server].addr[agent->local[job->local].addr.family == 6];
}

/* RFC 8445 §5.1.1.2: not authenticated; nothing but the header, which every server understands. */
static void write_request(floe_ice_agent *agent, floe_ice_gather_txn *job, floe_transmit *out)
{
    floe_stun_writer w;
    floe_stun_writer_begin(&w, out->buf, out->cap, FLOE_STUN_REQUEST, FLOE_STUN_BINDING,
                           job->txn.tid);
    floe_ice_agent_finish(agent, &w, out, job->local, job_server(agent, job));
    floe_stun_txn_sent(&job->txn, agent->now);
}

bool floe_ice_gather_start(floe_ice_agent *agent, floe_transmit *out)
{
    uint8_t slot = find_slot(agent, FLOE_ICE_NONE);
    uint8_t server;
    uint8_t local;
    if (slot == FLOE_ICE_NONE || !find_job(agent, &server, &local)) {
        return false;
    }
    floe_ice_gather_txn *job = &agent->gather[slot];
    job->server = server;
    job->local = local;
    floe_stun_txn_begin(&job->txn, &agent->rand, agent->rto_us, agent->now);
    job->txn.sends_max = SENDS_MAX;
    agent->server[server].asked |= UINT64_C(1) << local;
    write_request(agent, job, out);
    return true;
}

bool floe_ice_gather_repeat(floe_ice_agent *agent, floe_transmit *out)
{
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        floe_ice_gather_txn *job = &agent->gather[i];
        if (job->server != FLOE_ICE_NONE &&
            floe_stun_txn_check(&job->txn, agent->now) == FLOE_STUN_TXN_SEND) {
            write_request(agent, job, out);
            return true;
        }
    }
    return false;
}

uint8_t floe_ice_gather_find(const floe_ice_agent *agent, const floe_stun_msg *msg)
{
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        const floe_ice_gather_txn *job = &agent->gather[i];
        if (job->server != FLOE_ICE_NONE && floe_stun_txn_is_match(&job->txn, msg)) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

uint8_t floe_ice_gather_class(const floe_ice_agent *agent, const floe_addr *addr)
{
    uint8_t i = 0;
    while (i < agent->server_count &&
           !floe_addr_ip_equal(&agent->server[i].addr[addr->family == 6], addr)) {
        i++;
    }
    return (uint8_t)(i + 1);
}

static bool get_mapped(const floe_stun_msg *msg, floe_addr *mapped)
{
    /* RFC 8445 §5.1.1.2: servers of before RFC 5389 answer with MAPPED-ADDRESS; behind a NAT64 the
     * address is of the other family than the socket's. */
    return (floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, mapped) ||
            floe_stun_msg_get_addr(msg, FLOE_STUN_MAPPED_ADDRESS, mapped)) &&
           floe_ice_addr_is_usable(mapped);
}

floe_err floe_ice_gather_input(floe_ice_agent *agent, uint8_t slot, const floe_path *path,
                               const floe_stun_msg *msg)
{
    floe_ice_gather_txn *job = &agent->gather[slot];
    floe_addr mapped = {0};
    int code = 0;
    floe_ice_why why = FLOE_ICE_WHY_REFUSED;
    if (!floe_ice_table_is_path(agent, job->local, job_server(agent, job), path)) {
        return FLOE_E_UNKNOWN; /* only the server that was asked may answer */
    }
    agent->server[job->server].answered |= UINT64_C(1) << job->local;
    if (msg->cls == FLOE_STUN_SUCCESS && get_mapped(msg, &mapped)) {
        /* RFC 8838 §13: after the end of candidates there are no new ones; this was a refresh. */
        if (agent->gathering != FLOE_ICE_GATHERING_COMPLETE) {
            (void)floe_ice_table_add_reflexive(agent, FLOE_ICE_SRFLX, job->local,
                                               floe_ice_gather_class(agent, &path->remote),
                                               &mapped);
        }
        why = FLOE_ICE_WHY_MAPPED;
    } else if (FLOE_TRACE) {
        (void)floe_stun_msg_get_error(msg, &code, &(floe_bytes){0});
    }
    floe_ice_trace_answer(agent, job, why, code, &mapped);
    job->server = FLOE_ICE_NONE;
    return FLOE_OK;
}

/* RFC 8445 §5.1.1.4: bindings are kept alive until ICE has concluded. */
static void refresh(floe_ice_agent *agent)
{
    if (agent->now < agent->refresh_at) {
        return;
    }
    bool is_over = floe_ice_nominate_is_concluded(agent);
    agent->refresh_at = is_over ? FLOE_TIME_NEVER : floe_ice_agent_after(agent, REFRESH_US);
    for (uint8_t i = 0; !is_over && i < agent->server_count; i++) {
        agent->server[i].asked &= ~agent->server[i].answered;
    }
}

/* Drop what has timed out; whether anything is left to wait for. */
static bool expire_requests(floe_ice_agent *agent)
{
    bool is_waiting = agent->relaying >= FLOE_ICE_RELAYING_BUSY || floe_ice_gather_has_job(agent);
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        floe_ice_gather_txn *job = &agent->gather[i];
        if (job->server == FLOE_ICE_NONE) {
            continue;
        }
        if (floe_stun_txn_check(&job->txn, agent->now) == FLOE_STUN_TXN_TIMEOUT) {
            floe_ice_trace_answer(agent, job, FLOE_ICE_WHY_TIMEOUT, 0, &(floe_addr){0});
            job->server = FLOE_ICE_NONE;
        } else {
            is_waiting = true;
        }
    }
    for (uint8_t i = 0; i < agent->server_count; i++) {
        is_waiting = is_waiting || agent->server[i].is_unresolved;
    }
    return is_waiting;
}

void floe_ice_gather_expire(floe_ice_agent *agent)
{
    bool is_waiting = expire_requests(agent);
    if (agent->gathering == FLOE_ICE_GATHERING_COMPLETE) {
        refresh(agent);
    } else if (agent->gathering == FLOE_ICE_GATHERING_BUSY && agent->is_local_ended &&
               !is_waiting) {
        agent->gathering = FLOE_ICE_GATHERING_COMPLETE;
        floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_GATHERED, 0, 0, 0);
        agent->refresh_at =
            agent->server_count > 0 ? floe_ice_agent_after(agent, REFRESH_US) : FLOE_TIME_NEVER;
    }
}

floe_time floe_ice_gather_deadline(const floe_ice_agent *agent)
{
    floe_time at = agent->refresh_at;
    for (uint8_t i = 0; i < FLOE_ICE_TXN_MAX; i++) {
        if (agent->gather[i].server != FLOE_ICE_NONE) {
            at = floe_time_min(at, floe_stun_txn_deadline(&agent->gather[i].txn));
        }
    }
    return at;
}
