/*
 * peer/peer_transport.c - packets in and out, in runs: demultiplexing, DTLS records, SCTP packets.
 *
 * Out: SCTP writes each packet at its place in the record, DTLS seals it there: one copy of the
 * payload in all. In: records are decrypted into the datagram's own memory. RFC 7983
 * (demultiplexing), RFC 8261 (SCTP over DTLS).
 */
#include <string.h>

#include "base/assert.h"
#include "base/writer.h"
#include "peer/demux.h"
#include "peer/peer_internal.h"

#define ETHERNET_MTU 1500u

static void fill_fingerprints(floe_dtls_config *config, const floe_sdp_webrtc *remote)
{
    for (uint32_t i = 0; i < remote->fingerprint_count; i++) {
        const floe_sdp_fingerprint *from = &remote->fingerprints[i];
        if (from->hash > FLOE_SDP_HASH_SHA1) {
            floe_dtls_digest *to = &config->fingerprints[config->fingerprint_count++];
            to->size = from->size;
            memcpy(to->value, from->value, from->size);
        }
    }
}

static bool init_dtls(floe_peer *peer, const floe_dtls_config *config)
{
    bool is_well = floe_dtls_conn_init(&peer->dtls, config, peer->now) == FLOE_OK;
    if (!is_well) {
        floe_peer_fail(peer, FLOE_PEER_FAULT_DTLS, floe_dtls_cause_text(FLOE_DTLS_CAUSE_CRYPTO));
    }
    return is_well;
}

void floe_peer_start_dtls(floe_peer *peer, const floe_sdp_webrtc *remote)
{
    floe_dtls_config config = {.identity = peer->identity, .trace = peer->trace};
    /* RFC 8842 §5.3: to actpass we answer active: a client can begin at once. */
    bool is_client = remote->setup != FLOE_SDP_SETUP_ACTIVE;
    peer->setup = is_client ? FLOE_SDP_SETUP_ACTIVE : FLOE_SDP_SETUP_PASSIVE;
    config.role = is_client ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER;
    fill_fingerprints(&config, remote);
    if (!init_dtls(peer, &config)) {
        return;
    }
    peer->has_dtls = true;
    peer->is_remote_lite = remote->is_ice_lite;
    peer->remote_fingerprint = config.fingerprints[0];
    floe_dc_set_role(&peer->dc, is_client);
}

void floe_peer_restart_dtls(floe_peer *peer)
{
    floe_dtls_config config = {.identity = peer->identity,
                               .trace = peer->trace,
                               .role = (floe_dtls_role)peer->dtls.role,
                               .fingerprint_count = peer->dtls.fingerprint_count};
    memcpy(config.fingerprints, peer->dtls.fingerprints, sizeof config.fingerprints);
    floe_dtls_conn_free(&peer->dtls);
    (void)init_dtls(peer, &config);
}

/* `bytes` is overwritten: each record is decrypted in place of its datagram. */
static void input_dtls(floe_peer *peer, uint8_t *bytes, size_t len)
{
    size_t plain;
    size_t head = len < FLOE_DTLS_HEAD ? len : FLOE_DTLS_HEAD;
    if (floe_dtls_conn_input(&peer->dtls, peer->now, (floe_bytes){bytes, len}) != FLOE_OK) {
        return;
    }
    while (floe_dtls_conn_poll_data(&peer->dtls, bytes + head, len - head, &plain)) {
        /* Errors are counted by the association. */
        (void)!floe_sctp_assoc_input(&peer->sctp, peer->now, (floe_bytes){bytes + head, plain});
    }
}

/* The newest ones are kept: what a stranger sent in advance does not hold their place. */
static void keep_early(floe_peer *peer, const floe_path *path, floe_bytes datagram)
{
    floe_peer_early *early = &peer->early[peer->early_next];
    bool is_useful = peer->dtls_state < FLOE_DTLS_CONNECTED && datagram.len <= sizeof early->bytes;
    peer->stats.dropped_unvalidated += !is_useful || peer->early_len[peer->early_next] > 0;
    if (!is_useful) {
        return;
    }
    early->path = *path;
    peer->early_len[peer->early_next] = (uint16_t)datagram.len;
    memcpy(early->bytes, datagram.ptr, datagram.len);
    peer->early_next = (uint8_t)((peer->early_next + 1) % FLOE_PEER_EARLY_COUNT);
}

void floe_peer_replay_early(floe_peer *peer)
{
    for (size_t i = 0; i < FLOE_PEER_EARLY_COUNT; i++) {
        size_t at = (peer->early_next + i) % FLOE_PEER_EARLY_COUNT;
        floe_peer_early *early = &peer->early[at];
        size_t len = peer->early_len[at];
        if (len > 0 && floe_ice_agent_accept(&peer->ice, peer->now, &early->path)) {
            peer->early_len[at] = 0;
            input_dtls(peer, early->bytes, len);
        }
    }
}

static void input_datagram(floe_peer *peer, const floe_path *path, uint8_t *bytes, size_t len)
{
    floe_bytes datagram = {bytes, len};
    if (path->transport == FLOE_TCP && !floe_ice_tcp_is_open(&peer->tcp, path)) {
        return; /* a pair that a check makes now would have no connection, and no end */
    }
    switch (floe_demux(datagram)) {
    case FLOE_PROTOCOL_STUN:
        /* Errors are counted by the agent. */
        (void)!floe_ice_agent_input(&peer->ice, peer->now, path, datagram);
        return;
    case FLOE_PROTOCOL_DTLS:
        /* RFC 8827 §6.5 and CVE-2023-49786: only an address that ICE has validated speaks for the
         * peer. */
        if (peer->has_dtls && floe_ice_agent_accept(&peer->ice, peer->now, path)) {
            input_dtls(peer, bytes, len);
        } else if (path->transport == FLOE_UDP) {
            keep_early(peer, path, datagram);
        } else {
            /* Nothing overtakes a check in a stream: this is nobody. */
            peer->stats.dropped_unvalidated++;
            floe_ice_tcp_reject(&peer->tcp, path);
        }
        return;
    case FLOE_PROTOCOL_CHANNEL:
    case FLOE_PROTOCOL_UNKNOWN:
        peer->stats.dropped_unknown++;
        floe_ice_tcp_reject(&peer->tcp, path);
        return;
    }
}

/* What comes from a TURN server may have a peer's datagram inside, which came to the relay. */
static void input_from_anyone(floe_peer *peer, const floe_path *path, uint8_t *bytes, size_t len)
{
    floe_path from;
    floe_bytes data = {NULL, 0};
    if (!floe_ice_relays_is_server(&peer->relays, path)) {
        input_datagram(peer, path, bytes, len);
        return;
    }
    floe_err err = floe_ice_relays_input(&peer->relays, peer->now, path, (floe_bytes){bytes, len},
                                         &from, &data);
    if (err == FLOE_OK && data.len > 0) {
        input_datagram(peer, &from, bytes + (data.ptr - bytes), data.len);
    } else if (err == FLOE_E_UNKNOWN) {
        input_datagram(peer, path, bytes, len); /* of a STUN server at the same address */
    }
}

void floe_peer_input(floe_peer *peer, floe_time now, const floe_path *path, uint8_t *run,
                     size_t len, size_t segment)
{
    FLOE_ASSERT(now >= peer->now && (segment > 0 || len == 0));
    peer->now = now;
    if (peer->is_closed) {
        return;
    }
    peer->stats.bytes_received += len;
    for (size_t at = 0; at < len; at += segment) {
        size_t size = len - at < segment ? len - at : segment;
        peer->stats.datagrams_received++;
        input_from_anyone(peer, path, run + at, size);
    }
    floe_peer_pump(peer);
    floe_sctp_assoc_input_end(&peer->sctp);
}

/* The way that packets for a path go, and what a relay's server, or a stream, wants in front of
 * each. */
typedef struct {
    floe_path via;
    size_t head;
    bool is_stream; /* of TCP to the peer */
} route;

static bool find_route(const floe_peer *peer, const floe_path *path, route *r)
{
    bool is_open = floe_ice_relays_route(&peer->relays, path, &r->via, &r->head);
    r->is_stream = path->transport == FLOE_TCP;
    r->head = r->is_stream ? FLOE_ICE_TCP_HEAD : r->head;
    return is_open;
}

/* What SCTP has of an IP packet on the way that the current path goes. */
static uint16_t packet_of(const floe_peer *peer, const route *r, size_t mtu)
{
    size_t ip_and_udp = (r->via.remote.family == 6 ? 40u : 20u) + 8u;
    size_t relay = r->head > 0 ? FLOE_ICE_RELAY_HEAD + FLOE_ICE_RELAY_TAIL : 0;
    size_t around = ip_and_udp + relay + FLOE_DTLS_OVERHEAD;
    size_t size = mtu < peer->mtu ? mtu : peer->mtu;
    size = size > around ? size - around : 0;
    return (uint16_t)(size < FLOE_DTLS_RECORD_MAX ? size : FLOE_DTLS_RECORD_MAX);
}

void floe_peer_set_packet_limit(floe_peer *peer)
{
    route r;
    /* What goes by TCP has no packets of its own. */
    bool is_datagram = find_route(peer, &peer->path, &r) && r.via.transport == FLOE_UDP;
    floe_sctp_assoc_set_packet_limit(&peer->sctp,
                                     is_datagram ? packet_of(peer, &r, ETHERNET_MTU) : 0,
                                     is_datagram ? packet_of(peer, &r, peer->mtu) : 0);
}

/* Frame the packet of `len` bytes at `at` + head; *len becomes its size on the wire. */
static bool frame(floe_peer *peer, const route *r, const floe_path *path, uint8_t *at, size_t cap,
                  size_t *len)
{
    if (r->is_stream) { /* RFC 4571 §2 */
        floe_store_u16(at, (uint16_t)*len);
        *len += FLOE_ICE_TCP_HEAD;
        return true;
    }
    return r->head == 0 || floe_ice_relays_wrap(&peer->relays, path, at, cap, *len, len) == FLOE_OK;
}

/* Fill the buffer with records of SCTP packets. UDP_SEGMENT wants them equal, the last one shorter:
 * so none may be longer than the first, and a first one that is short is alone, lest it cut up the
 * messages that follow. */
static bool transmit_sctp(floe_peer *peer, const route *r, floe_transmit *out)
{
    size_t packet, packet_max = floe_sctp_assoc_get_packet_max(&peer->sctp);
    const size_t record_max = packet_max + FLOE_DTLS_OVERHEAD;
    const size_t room = r->head > 0 ? r->head + record_max + FLOE_ICE_RELAY_TAIL : record_max;
    bool is_open = true;
    out->len = out->segment = 0;
    while (is_open && out->cap - out->len >= room) {
        uint8_t *at = out->buf + out->len;
        uint8_t *record = at + r->head;
        size_t len;
        if (!floe_sctp_assoc_poll_transmit(&peer->sctp, record + FLOE_DTLS_HEAD, packet_max,
                                           &packet)) {
            break; /* nothing, or nothing that is short enough for this run */
        }
        if (floe_dtls_conn_seal(&peer->dtls, record, packet, record_max, &len) != FLOE_OK ||
            !frame(peer, r, &peer->path, at, out->cap - out->len, &len)) {
            break; /* the connection, or the relay, has just ended: its state says so */
        }
        is_open = out->len == 0 ? packet >= FLOE_SCTP_PACKET_MIN : packet == packet_max;
        packet_max = packet;
        out->segment = out->segment == 0 ? len : out->segment;
        out->len += len;
        peer->stats.datagrams_sent++;
    }
    return out->len > 0;
}

static bool transmit_dtls(floe_peer *peer, const route *r, floe_transmit *out)
{
    if (!floe_dtls_conn_poll_transmit(&peer->dtls, out->buf + r->head,
                                      out->cap - r->head - FLOE_ICE_RELAY_TAIL, &out->len) ||
        !frame(peer, r, &peer->path, out->buf, out->cap, &out->len)) {
        return false;
    }
    out->segment = out->len;
    peer->stats.datagrams_sent++;
    return true;
}

/* The last packets of a connection: the association's ABORT, then DTLS's close_notify. */
static bool transmit_end(floe_peer *peer, const route *r, floe_transmit *out)
{
    if (!peer->is_end_sent && peer->dtls_state == FLOE_DTLS_CONNECTED) {
        if (transmit_sctp(peer, r, out)) {
            return true;
        }
        floe_dtls_conn_close(&peer->dtls, peer->now);
    }
    peer->is_end_sent = true;
    return transmit_dtls(peer, r, out);
}

/* What the connection sends on its path. */
static bool transmit_data(floe_peer *peer, floe_transmit *out)
{
    route r;
    if (!peer->has_path || !peer->has_dtls || !find_route(peer, &peer->path, &r)) {
        return false;
    }
    out->path = r.via;
    if (peer->is_closed) {
        return transmit_end(peer, &r, out);
    }
    return transmit_dtls(peer, &r, out) ||
           (peer->dtls_state == FLOE_DTLS_CONNECTED && transmit_sctp(peer, &r, out));
}

/* A check, or an answer to one: made at the front of the buffer, moved where it is relayed. */
static bool transmit_ice(floe_peer *peer, floe_transmit *out)
{
    const size_t cap = out->cap;
    bool is_sent = false;
    out->cap = FLOE_DATAGRAM_MAX;
    while (!is_sent && floe_ice_agent_poll_transmit(&peer->ice, out)) {
        route r;
        const floe_path path = out->path;
        if (find_route(peer, &path, &r)) {
            memmove(out->buf + r.head, out->buf, out->len);
            is_sent = frame(peer, &r, &path, out->buf, cap, &out->len);
            out->path = r.via;
            out->segment = out->len;
        }
        peer->stats.dropped_unrelayed += !is_sent;
    }
    out->cap = cap;
    peer->stats.datagrams_sent += is_sent;
    return is_sent;
}

static bool transmit_relays(floe_peer *peer, floe_transmit *out)
{
    bool is_sent = floe_ice_relays_poll_transmit(&peer->relays, out);
    peer->stats.datagrams_sent += is_sent;
    return is_sent;
}

static bool transmit_relays_in_turn(floe_peer *peer, floe_transmit *out)
{
    bool is_sent = peer->now >= floe_ice_agent_get_turn(&peer->ice) && transmit_relays(peer, out);
    if (is_sent) {
        floe_ice_agent_take_turn(&peer->ice, peer->now);
    }
    return is_sent;
}

bool floe_peer_poll_transmit(floe_peer *peer, floe_transmit *out)
{
    bool is_sent;
    FLOE_ASSERT(out->cap >= FLOE_PEER_RUN_MIN && out->cap >= peer->mtu);
    if (!peer->is_closed) {
        is_sent = transmit_relays_in_turn(peer, out) || transmit_ice(peer, out) ||
                  transmit_data(peer, out);
    } else {
        is_sent = transmit_data(peer, out);
        if (!is_sent) { /* not before: the relay may be what the last packets go by */
            floe_ice_relays_close(&peer->relays);
            is_sent = transmit_relays(peer, out);
        }
    }
    peer->stats.runs_sent += is_sent;
    peer->stats.bytes_sent += is_sent ? out->len : 0;
    return is_sent;
}
