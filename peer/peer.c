/*
 * peer/peer.c - the life of a peer: init, time, close, events, statistics.
 *
 * Offer and answer are in peer_signaling.c, packets in peer_transport.c, the chain of consequences
 * in peer_pump.c, servers and their connections in peer_server.c, those to the peer in
 * peer_tcp.c, channels in peer_channel.c.
 */
#include "peer/peer.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "ice/ice_hidden.h"
#include "peer/peer_internal.h"

static bool is_config_complete(const floe_peer_config *config)
{
    return config->rand.fill != NULL && config->identity != NULL && config->identity->ctx != NULL &&
           config->description.ptr != NULL && config->description.len >= 2048;
}

static floe_err init_ice(floe_peer *peer, const floe_peer_config *config)
{
    floe_ice_config ice = config->ice;
    ice.role = FLOE_ICE_CONTROLLED;
    ice.ufrag = ice.pwd = (floe_bytes){NULL, 0};
    ice.rand = config->rand;
    ice.trace = config->trace;
    return floe_ice_agent_init(&peer->ice, &ice, peer->now);
}

static floe_err init_sctp(floe_peer *peer, const floe_peer_config *config)
{
    floe_sctp_config sctp = {0};
    sctp.rand = config->rand;
    sctp.trace = config->trace;
    sctp.send_buffer = config->send_buffer;
    sctp.recv_buffer = config->recv_buffer;
    sctp.tx_ring = config->tx_ring;
    sctp.tx_ring_len = config->tx_ring_len;
    sctp.message_max = config->message_max;
    sctp.parts_from = config->parts_from;
    sctp.congestion = config->congestion;
    sctp.rate = config->rate;
    sctp.interleaving = config->interleaving;
    sctp.scheduler = config->scheduler;
    sctp.slow_start_packets = config->slow_start_packets;
    sctp.keeps_window = config->keeps_window;
    sctp.is_over_dtls = true; /* RFC 9653: which checks more than a CRC does */
    return floe_sctp_assoc_init(&peer->sctp, &sctp, peer->now);
}

floe_err floe_peer_init(floe_peer *peer, const floe_peer_config *config, floe_time now)
{
    memset(peer, 0, offsetof(floe_peer, sctp));
    if (!is_config_complete(config)) {
        return FLOE_E_ARG;
    }
    peer->rand = config->rand;
    peer->trace = config->trace;
    peer->identity = config->identity;
    peer->now = now;
    floe_err err = init_ice(peer, config);
    if (err == FLOE_OK) {
        err = floe_ice_relays_init(&peer->relays, config->relays, config->relay_max, config->rand,
                                   config->trace, now);
    }
    /* By the policy nobody is to learn our addresses, as a connection would tell them. */
    floe_ice_tcp_init(&peer->tcp, config->tcp_links,
                      config->ice.policy == FLOE_ICE_POLICY_RELAY ? 0 : config->tcp_link_max, now);
    if (err == FLOE_OK) {
        err = init_sctp(peer, config);
    }
    if (err != FLOE_OK) {
        return err;
    }
    floe_dc_init(&peer->dc);
    /* RFC 8829 §5.2.1: the session id is 62 random bits and a zero, so that it fits everywhere. */
    peer->session_id = floe_rand_u64(&peer->rand) >> 2;
    peer->glare = (uint8_t)config->glare;
    peer->snap = (uint8_t)config->snap;
    peer->is_lite = config->ice.is_lite;
    unsigned without = config->ice.filters != NULL ? config->ice.filters->gather.types : 0;
    peer->is_unrelayed = (without & FLOE_ICE_WITHOUT(FLOE_ICE_RELAY)) != 0;
    peer->is_relayed_only = config->ice.policy == FLOE_ICE_POLICY_RELAY ||
                            (without & FLOE_ICE_WITHOUT(FLOE_ICE_HOST)) != 0;
    /* RFC 8841 §6: 0 says that there is no limit. */
    size_t max = floe_sctp_assoc_get_message_max(&peer->sctp);
    peer->message_max = max == UINT32_MAX ? 0 : max;
    peer->remote_message_max = 65536;
    peer->mtu = config->mtu;
    peer->reason = "";
    size_t half = config->description.len / 2;
    peer->remotes[0].memory = (floe_span){config->description.ptr, half};
    peer->remotes[1].memory = (floe_span){config->description.ptr + half, half};
    return FLOE_OK;
}

void floe_peer_free(floe_peer *peer)
{
    floe_dtls_conn_free(&peer->dtls);
}

floe_err floe_peer_add_local(floe_peer *peer, const floe_addr *addr, uint16_t preference)
{
    floe_peer_forget_hidden(peer, addr);
    floe_err err = floe_ice_agent_add_local(&peer->ice, addr, preference);
    floe_ice_cand cand = {.addr = *addr};
    if (floe_peer_hide_cand(peer, &cand) != NULL) {
        floe_ice_agent_hide_local(&peer->ice, addr);
    }
    floe_peer_pump(peer);
    return err;
}

void floe_peer_remove_local(floe_peer *peer, const floe_addr *addr)
{
    floe_ice_agent_remove_local(&peer->ice, addr);
    floe_ice_tcp_remove_local(&peer->tcp, &peer->ice, addr);
    floe_peer_pump(peer);
}

void floe_peer_end_local(floe_peer *peer)
{
    floe_ice_agent_end_local(&peer->ice);
    floe_peer_pump(peer);
}

void floe_peer_advance(floe_peer *peer, floe_time now)
{
    FLOE_ASSERT(now >= peer->now);
    peer->now = now;
    floe_ice_agent_advance(&peer->ice, now);
    floe_ice_relays_advance(&peer->relays, now);
    if (peer->has_dtls) {
        floe_dtls_conn_advance(&peer->dtls, now);
    }
    floe_sctp_assoc_advance(&peer->sctp, now);
    floe_peer_pump(peer);
}

floe_time floe_peer_deadline(const floe_peer *peer)
{
    if (peer->is_closed) {
        return FLOE_TIME_NEVER;
    }
    /* What TURN servers are to be sent now waits for its turn. */
    floe_time turn = floe_ice_agent_get_turn(&peer->ice);
    floe_time at = floe_ice_relays_deadline(&peer->relays);
    at = floe_time_min(floe_ice_agent_deadline(&peer->ice), at > turn ? at : turn);
    at = floe_time_min(at, floe_ice_tcp_deadline(&peer->tcp));
    if (peer->has_dtls) {
        at = floe_time_min(at, floe_dtls_conn_deadline(&peer->dtls));
    }
    return floe_time_min(at, floe_sctp_assoc_deadline(&peer->sctp));
}

void floe_peer_close(floe_peer *peer, floe_time now)
{
    if (peer->signaling == FLOE_PEER_SIGNALING_CLOSED) {
        return;
    }
    FLOE_ASSERT(now >= peer->now);
    peer->now = now;
    peer->signaling = FLOE_PEER_SIGNALING_CLOSED;
    peer->is_closed = true;
    floe_sctp_assoc_abort(&peer->sctp);
    floe_dc_close_all(&peer->dc);
    floe_peer_pump(peer);
    floe_peer_update_state(peer);
}

/* What is gathered for an answer is told after it: before, the peer does not know our credentials.
 */
static bool is_gathering_told(const floe_peer *peer)
{
    return peer->has_local && peer->signaling != FLOE_PEER_HAVE_REMOTE_OFFER;
}

/* States are told as they are now: one that was passed through between two reads is not told. */
static bool poll_state(floe_peer *peer, floe_peer_event *event)
{
    if (peer->told_signaling != peer->signaling) {
        peer->told_signaling = peer->signaling;
        event->type = FLOE_PEER_EV_SIGNALING;
    } else if (peer->told_gathering != event->gathering && is_gathering_told(peer)) {
        peer->told_gathering = (uint8_t)event->gathering;
        event->type = FLOE_PEER_EV_GATHERING;
    } else if (peer->told_ice != event->ice) {
        peer->told_ice = (uint8_t)event->ice;
        event->type = FLOE_PEER_EV_ICE;
    } else if (peer->told_state != peer->state) {
        peer->told_state = peer->state;
        event->type = FLOE_PEER_EV_STATE;
    } else if (peer->is_pair_news) {
        peer->is_pair_news = false;
        event->type = FLOE_PEER_EV_PAIR;
    } else if (peer->is_negotiation_news && peer->signaling == FLOE_PEER_STABLE) {
        peer->is_negotiation_news = false;
        event->type = FLOE_PEER_EV_NEGOTIATION;
    } else {
        return false;
    }
    return true;
}

static bool poll_channel(floe_peer *peer, floe_peer_event *event)
{
    static const uint8_t types[] = {
        [FLOE_DC_EV_INCOMING] = FLOE_PEER_EV_CHANNEL,
        [FLOE_DC_EV_OPEN] = FLOE_PEER_EV_CHANNEL_OPEN,
        [FLOE_DC_EV_MESSAGE] = FLOE_PEER_EV_MESSAGE,
        [FLOE_DC_EV_BUFFERED_LOW] = FLOE_PEER_EV_BUFFERED_LOW,
        [FLOE_DC_EV_CLOSING] = FLOE_PEER_EV_CHANNEL_CLOSING,
        [FLOE_DC_EV_CLOSED] = FLOE_PEER_EV_CHANNEL_CLOSED,
        [FLOE_DC_EV_WRITABLE] = FLOE_PEER_EV_WRITABLE,
    };
    floe_dc_event channel;
    if (floe_dc_poll_fate(&peer->sctp, &event->fate)) { /* before the end of its channel */
        event->type = FLOE_PEER_EV_FATE;
        event->channel = event->fate.channel;
        return true;
    }
    if (!floe_dc_poll_event(&peer->dc, &channel)) {
        return false;
    }
    event->type = (floe_peer_event_type)types[channel.type];
    event->channel = channel.channel;
    return true;
}

bool floe_peer_poll_event(floe_peer *peer, floe_peer_event *event)
{
    floe_peer_pump(peer);
    memset(event, 0, sizeof *event);
    event->signaling = (floe_peer_signaling)peer->signaling;
    event->gathering = floe_peer_get_gathering(peer);
    event->ice = floe_peer_get_ice_state(peer);
    event->state = (floe_peer_state)peer->state;
    event->channel = FLOE_DC_NONE;
    /* Candidates go before the end of gathering, and channels are heard of before their end. */
    if (is_gathering_told(peer) && !peer->is_closed &&
        floe_ice_agent_next_local(&peer->ice, &peer->told_candidates, &event->cand)) {
        event->type = FLOE_PEER_EV_CANDIDATE;
        return true;
    }
    return floe_peer_poll_server(peer, event) || poll_state(peer, event) ||
           poll_channel(peer, event);
}

floe_peer_signaling floe_peer_get_signaling(const floe_peer *peer)
{
    return (floe_peer_signaling)peer->signaling;
}

floe_peer_state floe_peer_get_state(const floe_peer *peer)
{
    return (floe_peer_state)peer->state;
}

floe_ice_state floe_peer_get_ice_state(const floe_peer *peer)
{
    return peer->is_closed ? FLOE_ICE_CLOSED : (floe_ice_state)peer->ice_state;
}

floe_dtls_state floe_peer_get_dtls_state(const floe_peer *peer)
{
    return (floe_dtls_state)peer->dtls_state;
}

floe_ice_gathering floe_peer_get_gathering(const floe_peer *peer)
{
    /* The agent may gather ahead; to the program it begins with its description (RFC 8829 §3.5.1).
     */
    return peer->has_local ? floe_ice_agent_get_gathering(&peer->ice) : FLOE_ICE_GATHERING_NEW;
}

floe_peer_fault floe_peer_get_reason(const floe_peer *peer, const char **sentence)
{
    if (sentence != NULL) {
        *sentence = peer->reason;
    }
    return (floe_peer_fault)peer->fault;
}

size_t floe_peer_get_message_max(const floe_peer *peer)
{
    return peer->remote_message_max < SIZE_MAX ? (size_t)peer->remote_message_max : SIZE_MAX;
}

void floe_peer_get_stats(const floe_peer *peer, floe_peer_stats *stats)
{
    *stats = peer->stats;
    floe_ice_agent_get_stats(&peer->ice, &stats->ice);
    (void)floe_peer_hide_cand(peer, &stats->ice.local);
    stats->dtls = peer->dtls.stats;
    floe_sctp_assoc_get_stats(&peer->sctp, &stats->sctp);
}

void floe_peer_check_invariants(const floe_peer *peer)
{
    FLOE_ASSERT(peer->signaling <= FLOE_PEER_SIGNALING_CLOSED);
    FLOE_ASSERT(peer->state <= FLOE_PEER_CLOSED);
    FLOE_ASSERT(peer->current < 2);
    FLOE_ASSERT(peer->has_dtls || peer->dtls_state == FLOE_DTLS_NEW || peer->is_closed);
    FLOE_ASSERT(!peer->is_negotiated || peer->remotes[peer->current].sdp.text.len > 0);
    FLOE_ASSERT((peer->signaling == FLOE_PEER_HAVE_REMOTE_OFFER) == peer->has_pending_remote ||
                peer->is_closed);
    floe_ice_agent_check_invariants(&peer->ice);
    floe_ice_relays_check_invariants(&peer->relays);
    floe_ice_tcp_check_invariants(&peer->tcp);
    floe_sctp_assoc_check_invariants(&peer->sctp);
    floe_dc_check_invariants(&peer->dc);
}

const char *floe_peer_state_name(floe_peer_state state)
{
    static const char *const names[] = {"new",          "connecting", "connected",
                                        "disconnected", "failed",     "closed"};
    return state <= FLOE_PEER_CLOSED ? names[state] : "?";
}

const char *floe_peer_signaling_name(floe_peer_signaling signaling)
{
    static const char *const names[] = {"stable", "have-local-offer", "have-remote-offer",
                                        "closed"};
    return signaling <= FLOE_PEER_SIGNALING_CLOSED ? names[signaling] : "?";
}

const char *floe_peer_sdp_type_name(floe_peer_sdp_type type)
{
    static const char *const names[] = {"offer", "answer", "rollback"};
    return type <= FLOE_PEER_ROLLBACK ? names[type] : "?";
}
