/*
 * peer/peer_pump.c - the chain of consequences: a path starts DTLS, DTLS starts SCTP, SCTP opens
 * channels; and the end of one layer ends those above it.
 *
 * Each step empties one object's events and acts on them; the pump repeats until nothing moves.
 * Bounded: every object has a bounded number of events, and none of the steps makes an event of a
 * lower layer.
 */
#include "base/addr.h"
#include "peer/peer_internal.h"

void floe_peer_fail(floe_peer *peer, floe_peer_fault fault, const char *reason)
{
    if (peer->fault == FLOE_PEER_FAULT_NONE || peer->fault == FLOE_PEER_FAULT_ICE) {
        peer->fault = (uint8_t)fault;
        peer->reason = reason;
    }
    /* Its end is that of the channels: closed as soon as what they have received is read. */
    floe_sctp_assoc_abort(&peer->sctp);
}

void floe_peer_trace(const floe_peer *peer, unsigned kind, unsigned id, int32_t a, int32_t cause)
{
    floe_trace_put(&peer->trace, (floe_trace_record){.at = peer->now,
                                                     .module = FLOE_MODULE_PEER,
                                                     .kind = (uint8_t)kind,
                                                     .id = (uint16_t)id,
                                                     .a = a,
                                                     .cause = cause});
}

static uint8_t aggregate(const floe_peer *peer)
{
    if (peer->is_closed) {
        return FLOE_PEER_CLOSED;
    }
    if (peer->fault != FLOE_PEER_FAULT_NONE) {
        return FLOE_PEER_FAILED;
    }
    if (peer->ice_state == FLOE_ICE_DISCONNECTED) {
        return FLOE_PEER_DISCONNECTED;
    }
    if (peer->ice_state == FLOE_ICE_NEW) {
        return FLOE_PEER_NEW;
    }
    return peer->dtls_state == FLOE_DTLS_CONNECTED && peer->ice_state != FLOE_ICE_CHECKING
               ? FLOE_PEER_CONNECTED
               : FLOE_PEER_CONNECTING;
}

void floe_peer_update_state(floe_peer *peer)
{
    uint8_t next = aggregate(peer);
    if (next != peer->state) {
        floe_trace_put(&peer->trace, (floe_trace_record){.at = peer->now,
                                                         .module = FLOE_MODULE_PEER,
                                                         .kind = FLOE_TRACE_STATE,
                                                         .a = peer->state,
                                                         .b = next,
                                                         .cause = peer->fault});
        peer->state = next;
    }
}

static void hear_ice(floe_peer *peer, const floe_ice_event *event)
{
    if (event->type != FLOE_ICE_EV_STATE) {
        return; /* candidates, gathering, the path: read from the agent where they are needed */
    }
    bool is_back = peer->ice_state == FLOE_ICE_DISCONNECTED &&
                   (event->state == FLOE_ICE_CONNECTED || event->state == FLOE_ICE_COMPLETED);
    peer->ice_state = (uint8_t)event->state;
    if (is_back) {
        floe_sctp_assoc_path_changed(&peer->sctp, peer->now);
    }
    if (event->state == FLOE_ICE_FAILED && peer->fault == FLOE_PEER_FAULT_NONE) {
        peer->fault = FLOE_PEER_FAULT_ICE;
        peer->reason = floe_ice_cause_text(event->cause);
    } else if (event->state != FLOE_ICE_FAILED && peer->fault == FLOE_PEER_FAULT_ICE) {
        peer->fault = FLOE_PEER_FAULT_NONE; /* a restart brought it back */
        peer->reason = "";
    }
}

static bool pump_ice(floe_peer *peer)
{
    floe_ice_event event;
    bool moved = false;
    floe_ice_relays_sync(&peer->relays, &peer->ice);
    floe_ice_tcp_sync(&peer->tcp, &peer->ice);
    while (floe_ice_agent_poll_event(&peer->ice, &event)) {
        hear_ice(peer, &event);
        moved = true;
    }
    return moved;
}

/* Follow the agent's choice of path. */
static void pump_path(floe_peer *peer)
{
    floe_path path;
    if (!floe_ice_agent_get_path(&peer->ice, &path)) {
        peer->has_path = false;
        return;
    }
    if (peer->has_path && floe_path_equal(&path, &peer->path)) {
        return;
    }
    /* Also the first path after a time without any, be it the old one. */
    bool is_change = peer->path.local.family != 0 &&
                     floe_sctp_assoc_get_state(&peer->sctp) == FLOE_SCTP_ESTABLISHED;
    peer->path = path;
    peer->has_path = true;
    peer->is_pair_news = true;
    peer->stats.pair_changes++;
    floe_peer_set_packet_limit(peer);
    if (is_change) {
        /* RFC 9260 §7.2: what was learned about one path says nothing about another. */
        floe_sctp_assoc_path_changed(&peer->sctp, peer->now);
    }
}

/* The peer has ended the connection in an orderly way. */
static void hear_close(floe_peer *peer)
{
    floe_peer_fail(peer, FLOE_PEER_FAULT_CLOSED_BY_PEER, "the peer closed the connection");
    peer->is_closed = true;
}

/* Has the peer shown that it has our description? Its checks need our password. */
static bool is_heard(const floe_peer *peer)
{
    floe_ice_stats ice;
    floe_ice_agent_get_stats(&peer->ice, &ice);
    return ice.checks_received > 0;
}

/* An offerer answers checks before it has our answer, which people may carry for minutes: a
 * handshake that found nobody then has not failed, it was early. One with a lite agent, which sends
 * no checks, has. */
static bool begin_again(floe_peer *peer)
{
    if (!peer->is_dtls_early || peer->is_remote_lite) {
        return false;
    }
    peer->dtls_state = FLOE_DTLS_NEW;
    floe_peer_restart_dtls(peer);
    return true;
}

static void hear_dtls(floe_peer *peer, floe_dtls_state state, floe_dtls_cause cause)
{
    peer->dtls_state = (uint8_t)state;
    switch (state) {
    case FLOE_DTLS_CONNECTED:
        (void)!floe_sctp_assoc_connect(&peer->sctp); /* STATE: the peer's INIT was faster */
        return;
    case FLOE_DTLS_CLOSED:
        if (!peer->is_closed) {
            hear_close(peer);
        }
        return;
    case FLOE_DTLS_FAILED:
        if (cause == FLOE_DTLS_CAUSE_TIMEOUT && begin_again(peer)) {
            return;
        }
        floe_peer_fail(peer, FLOE_PEER_FAULT_DTLS, floe_dtls_cause_text(cause));
        return;
    case FLOE_DTLS_NEW:
    case FLOE_DTLS_CONNECTING:
        return;
    }
}

static bool pump_dtls(floe_peer *peer)
{
    floe_dtls_state state;
    floe_dtls_cause cause;
    bool moved = false;
    if (!peer->has_dtls) {
        return false;
    }
    if (peer->has_path && peer->dtls_state == FLOE_DTLS_NEW) {
        peer->is_dtls_early = !is_heard(peer);
        floe_dtls_conn_start(&peer->dtls, peer->now);
    }
    floe_peer_replay_early(peer);
    while (floe_dtls_conn_poll_event(&peer->dtls, &state, &cause)) {
        hear_dtls(peer, state, cause);
        moved = true;
    }
    return moved;
}

static void hear_sctp(floe_peer *peer, const floe_sctp_event *event)
{
    if (event->type != FLOE_SCTP_EV_CLOSED || event->cause == FLOE_SCTP_CAUSE_LOCAL ||
        peer->is_closed) {
        return;
    }
    if (event->cause == FLOE_SCTP_CAUSE_ABORTED || event->cause == FLOE_SCTP_CAUSE_SHUTDOWN) {
        hear_close(peer);
    } else {
        floe_peer_fail(peer, FLOE_PEER_FAULT_SCTP, floe_sctp_cause_text(event->cause));
    }
}

static bool pump_sctp(floe_peer *peer)
{
    floe_sctp_event event;
    bool moved = false;
    while (floe_dc_advance(&peer->dc, &peer->sctp, &event)) {
        hear_sctp(peer, &event);
        moved = true;
    }
    return moved;
}

void floe_peer_pump(floe_peer *peer)
{
    bool moved = true;
    while (moved) {
        moved = pump_ice(peer);
        pump_path(peer);
        moved |= pump_dtls(peer);
        moved |= pump_sctp(peer);
    }
    floe_peer_update_state(peer);
}
