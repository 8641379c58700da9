/*
 * ice/ice_agent.c - the calls that drive an agent; the rest is in the files that they name.
 */
#include "ice/ice_agent.h"

#include <string.h>

#include "base/reader.h"
#include "ice/ice_agent_internal.h"

#define PACING_US       UINT32_C(50000) /* RFC 8445 section 14.2 */
#define PACING_FLOOR_US UINT32_C(5000)
#define CONSENT_US      UINT32_C(5000000)  /* RFC 7675 section 5.1 */
#define CONSENT_LOST_US UINT32_C(30000000) /* likewise */
#define DISCONNECTED_US UINT32_C(7000000)
#define PATIENCE_US     UINT32_C(39500000) /* RFC 8863 section 4, for the RTO of RFC 8445 */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

floe_err floe_ice_agent_init(floe_ice_agent *agent, const floe_ice_config *config, floe_time now)
{
    memset(agent, 0, sizeof *agent);
    if (config->rand.fill == NULL || (config->is_lite && !FLOE_ICE_LITE) ||
        (config->filters != NULL && !FLOE_ICE_FILTER)) {
        return FLOE_E_ARG;
    }
    if (!floe_ice_credentials_choose(&agent->ours[0], config->ufrag, config->pwd, &config->rand)) {
        return FLOE_E_ARG;
    }
    agent->now = now;
    agent->rand = config->rand;
    agent->trace = config->trace;
    agent->role = agent->role_told = (uint8_t)config->role;
    agent->is_lite = config->is_lite;
    agent->nomination = (uint8_t)config->nomination;
    agent->filters = config->filters;
    if (config->policy == FLOE_ICE_POLICY_RELAY ||
        (config->filters != NULL &&
         (config->filters->gather.types & FLOE_ICE_WITHOUT(FLOE_ICE_HOST)) != 0)) {
        agent->host_type = FLOE_ICE_HIDDEN;
    }
    agent->tie_breaker = floe_rand_u64(&config->rand);
    agent->pacing_us = or_default(config->pacing_us, PACING_US);
    if (agent->pacing_us < PACING_FLOOR_US) {
        agent->pacing_us = PACING_FLOOR_US;
    }
    agent->rto_us = or_default(config->rto_us, FLOE_STUN_RTO_US);
    agent->consent_us = or_default(config->consent_us, CONSENT_US);
    agent->consent_timeout_us = or_default(config->consent_timeout_us, CONSENT_LOST_US);
    agent->disconnected_us = or_default(config->disconnected_us, DISCONNECTED_US);
    agent->patience_us = or_default(config->patience_us, PATIENCE_US);
    agent->refresh_at = agent->patient_until = FLOE_TIME_NEVER;
    agent->first_valid_at = agent->nominate_at = FLOE_TIME_NEVER;
    agent->path = agent->wanted = FLOE_ICE_NONE;
    agent->path_told = true;
    memset(agent->past, FLOE_ICE_NONE, sizeof agent->past);
    floe_ice_reply_forget_early(agent);
    floe_ice_gather_restart(agent);
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_FACT, FLOE_ICE_FACT_POLICY, (int32_t)config->policy, 0,
                       0);
    floe_ice_trace_put(agent, FLOE_ICE_TRACE_ROLE, 0, agent->role, agent->role, FLOE_ICE_WHY_SET);
    return FLOE_OK;
}

floe_time floe_ice_agent_after(const floe_ice_agent *agent, uint64_t delta)
{
    return floe_time_after(agent->now, delta);
}

void floe_ice_agent_settle(floe_ice_agent *agent)
{
    if (floe_ice_agent_is_closed(agent)) {
        return;
    }
    floe_ice_gather_expire(agent);
    floe_ice_check_expire(agent);
    floe_ice_consent_expire(agent);
    floe_ice_nominate_run(agent);
    floe_ice_checklist_thaw(&agent->list);
    floe_ice_state_update(agent);
    floe_ice_trace_pairs(agent);
}

static void set_now(floe_ice_agent *agent, floe_time now)
{
    FLOE_ASSERT(now >= agent->now);
    agent->now = now;
}

static floe_err dispatch(floe_ice_agent *agent, const floe_path *path, floe_bytes packet)
{
    floe_stun_msg msg;
    if (floe_stun_msg_parse(&msg, packet) != FLOE_OK) {
        return FLOE_E_MALFORMED;
    }
    floe_ice_trace_packet(agent, FLOE_TRACE_GOT, path, packet, FLOE_OK);
    if (msg.method != FLOE_STUN_BINDING) {
        return FLOE_E_UNKNOWN;
    }
    if (msg.cls == FLOE_STUN_REQUEST) {
        return floe_ice_reply_input(agent, path, &msg);
    }
    if (msg.cls == FLOE_STUN_INDICATION) {
        return FLOE_OK; /* RFC 8445 §11: a keepalive; it has done its work on the way */
    }
    floe_ice_check_ref ref = floe_ice_check_find(agent, &msg);
    if (ref.pair != NULL) {
        return floe_ice_check_input(agent, &ref, path, &msg);
    }
    uint8_t slot = floe_ice_gather_find(agent, &msg);
    return slot == FLOE_ICE_NONE ? FLOE_E_UNKNOWN : floe_ice_gather_input(agent, slot, path, &msg);
}

static void count_drop(floe_ice_agent *agent, floe_err err)
{
    switch (err) {
    case FLOE_OK:
        return;
    case FLOE_E_AUTH:
        agent->count.dropped_auth++;
        break;
    case FLOE_E_UNKNOWN:
        agent->count.dropped_unknown++;
        break;
    case FLOE_E_FULL:
        agent->count.dropped_full++;
        break;
    default:
        agent->count.dropped_malformed++;
    }
}

floe_err floe_ice_agent_input(floe_ice_agent *agent, floe_time now, const floe_path *path,
                              floe_bytes packet)
{
    set_now(agent, now);
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_E_CLOSED;
    }
    floe_err err = dispatch(agent, path, packet);
    count_drop(agent, err);
    if (err != FLOE_OK) {
        floe_ice_trace_packet(agent, FLOE_TRACE_DROP, path, packet, err);
    }
    floe_ice_agent_settle(agent);
    return err;
}

void floe_ice_agent_advance(floe_ice_agent *agent, floe_time now)
{
    set_now(agent, now);
    floe_ice_agent_settle(agent);
}

static floe_time pace_deadline(const floe_ice_agent *agent)
{
    if (!floe_ice_check_has_ordinary(agent) && !floe_ice_gather_has_job(agent)) {
        return FLOE_TIME_NEVER;
    }
    return agent->pace_at > agent->floor_at ? agent->pace_at : agent->floor_at;
}

floe_time floe_ice_agent_deadline(const floe_ice_agent *agent)
{
    if (floe_ice_agent_is_closed(agent)) {
        return FLOE_TIME_NEVER;
    }
    if (agent->reply_count > 0) {
        return agent->now;
    }
    floe_time at = pace_deadline(agent);
    at = floe_time_min(at, floe_ice_gather_deadline(agent));
    at = floe_time_min(at, floe_ice_check_deadline(agent));
    at = floe_time_min(at, floe_ice_consent_deadline(agent));
    at = floe_time_min(at, agent->nominate_at);
    /* The PAC timer matters once, and not to a connection that is complete. */
    bool is_patient = agent->now < agent->patient_until && agent->state != FLOE_ICE_COMPLETED;
    return is_patient ? floe_time_min(at, agent->patient_until) : at;
}

void floe_ice_agent_finish(const floe_ice_agent *agent, floe_stun_writer *w, floe_transmit *out,
                           uint8_t local, const floe_addr *remote)
{
    floe_bytes packet;
    floe_err err = floe_stun_writer_end(w, &packet);
    FLOE_ASSERT(err == FLOE_OK && "out->cap is at least FLOE_DATAGRAM_MAX");
    out->len = packet.len;
    out->segment = packet.len;
    out->path.local = agent->local[local].addr;
    out->path.remote = *remote;
    out->path.transport = agent->local[local].transport;
    floe_ice_trace_packet(agent, FLOE_TRACE_SENT, &out->path, packet, FLOE_OK);
}

/* RFC 8445 §6.1.4.2, §14: one new request a Ta, servers and checks in turn. */
static bool send_paced(floe_ice_agent *agent, floe_transmit *out)
{
    if (agent->now < agent->pace_at) {
        return false;
    }
    bool is_sent = (agent->is_gather_turn && floe_ice_gather_start(agent, out)) ||
                   floe_ice_check_send_ordinary(agent, out) || floe_ice_gather_start(agent, out);
    if (is_sent) {
        agent->is_gather_turn = !agent->is_gather_turn;
        agent->pace_at = floe_ice_agent_after(agent, agent->pacing_us);
    }
    return is_sent;
}

bool floe_ice_agent_poll_transmit(floe_ice_agent *agent, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    if (floe_ice_agent_is_closed(agent)) {
        return false;
    }
    bool is_sent = floe_ice_reply_send(agent, out) || floe_ice_check_repeat(agent, out) ||
                   floe_ice_gather_repeat(agent, out);
    if (!is_sent && agent->now >= agent->floor_at) {
        is_sent = floe_ice_consent_send(agent, out) || floe_ice_check_send_triggered(agent, out) ||
                  send_paced(agent, out);
        if (is_sent) {
            agent->floor_at = floe_ice_agent_after(agent, FLOE_ICE_TRIGGER_GAP_US);
        }
    }
    floe_ice_trace_pairs(agent);
    return is_sent;
}

bool floe_ice_agent_get_path(const floe_ice_agent *agent, floe_path *path)
{
    if (agent->path == FLOE_ICE_NONE || floe_ice_agent_is_closed(agent)) {
        return false;
    }
    *path = floe_ice_table_path(agent, agent->path);
    return true;
}

bool floe_ice_agent_accept(floe_ice_agent *agent, floe_time now, const floe_path *path)
{
    set_now(agent, now);
    if (floe_ice_agent_is_closed(agent)) {
        return false;
    }
    /* A lite agent asks for nothing, whatever happens to its data; it may have to know no more of a
     * lite peer than that it was heard. */
    unsigned flag = floe_ice_agent_is_lite(agent) ? FLOE_ICE_PAIR_ANSWERED : FLOE_ICE_PAIR_BUSY;
    if (!floe_ice_table_hear(agent, path, flag)) {
        return floe_ice_reply_is_early(agent, path);
    }
    if (agent->state == FLOE_ICE_DISCONNECTED || floe_ice_lite_is_blind(agent)) {
        floe_ice_agent_settle(agent);
    }
    return true;
}
