/*
 * peer/peer_transport.c - packets in and out, in runs: demultiplexing, DTLS records, SCTP packets.
 *
 * Out: SCTP writes each packet at its place in the record, DTLS seals it there: one copy of the
 * payload in all. In: records are decrypted into the datagram's own memory. RFC 7983
 * (demultiplexing), RFC 8261 (SCTP over DTLS).
 */
#include <string.h>

#include "base/assert.h"
#include "peer/demux.h"
#include "peer/peer_internal.h"

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

void floe_peer_start_dtls(floe_peer *peer, const floe_sdp_webrtc *remote)
{
    floe_dtls_config config = {.identity = peer->identity, .trace = peer->trace};
    /* RFC 8842 §5.3: to actpass we answer active: a client can begin at once. */
    bool is_client = remote->setup != FLOE_SDP_SETUP_ACTIVE;
    peer->setup = is_client ? FLOE_SDP_SETUP_ACTIVE : FLOE_SDP_SETUP_PASSIVE;
    config.role = is_client ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER;
    fill_fingerprints(&config, remote);
    if (floe_dtls_conn_init(&peer->dtls, &config, peer->now) != FLOE_OK) {
        floe_peer_fail(peer, FLOE_PEER_FAULT_DTLS, floe_dtls_cause_text(FLOE_DTLS_CAUSE_CRYPTO));
        return;
    }
    peer->has_dtls = true;
    peer->remote_fingerprint = config.fingerprints[0];
    floe_dc_set_role(&peer->dc, is_client);
}

/* `bytes` is overwritten: each record is decrypted in place of its datagram. */
static void input_dtls(floe_peer *peer, uint8_t *bytes, size_t len)
{
    size_t plain;
    if (floe_dtls_conn_input(&peer->dtls, peer->now, (floe_bytes){bytes, len}) != FLOE_OK) {
        return;
    }
    while (floe_dtls_conn_poll_data(&peer->dtls, bytes, len, &plain)) {
        /* Errors are counted by the association. */
        (void)!floe_sctp_assoc_input(&peer->sctp, peer->now, (floe_bytes){bytes, plain});
    }
}

/* The newest ones are kept: what a stranger sent in advance does not hold their place. */
static void keep_early(floe_peer *peer, const floe_path *path, floe_bytes datagram)
{
    floe_peer_early *early = &peer->early[peer->early_next];
    bool is_useful = peer->dtls_state < FLOE_DTLS_CONNECTED && datagram.len <= sizeof early->bytes;
    peer->stats.dropped_unvalidated += !is_useful || early->len > 0;
    if (!is_useful) {
        return;
    }
    early->path = *path;
    early->len = (uint16_t)datagram.len;
    memcpy(early->bytes, datagram.ptr, datagram.len);
    peer->early_next = (uint8_t)((peer->early_next + 1) % FLOE_PEER_EARLY_COUNT);
}

void floe_peer_replay_early(floe_peer *peer)
{
    for (size_t i = 0; i < FLOE_PEER_EARLY_COUNT; i++) {
        floe_peer_early *early = &peer->early[(peer->early_next + i) % FLOE_PEER_EARLY_COUNT];
        if (early->len > 0 && floe_ice_agent_accept(&peer->ice, peer->now, &early->path)) {
            size_t len = early->len;
            early->len = 0;
            input_dtls(peer, early->bytes, len);
        }
    }
}

static void input_datagram(floe_peer *peer, const floe_path *path, uint8_t *bytes, size_t len)
{
    floe_bytes datagram = {bytes, len};
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
        } else {
            keep_early(peer, path, datagram);
        }
        return;
    case FLOE_PROTOCOL_CHANNEL:
    case FLOE_PROTOCOL_UNKNOWN:
        peer->stats.dropped_unknown++;
        return;
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
    for (size_t at = 0; at < len; at += segment) {
        size_t size = len - at < segment ? len - at : segment;
        peer->stats.datagrams_received++;
        input_datagram(peer, path, run + at, size);
    }
    floe_peer_pump(peer);
    floe_sctp_assoc_input_end(&peer->sctp);
}

/* Fill the buffer with records of SCTP packets. All but the last are as long as a record can be,
 * since only then is it sure that none that follows is longer (UDP_SEGMENT wants equal sizes). */
static bool transmit_sctp(floe_peer *peer, floe_transmit *out)
{
    const size_t record_max = peer->packet_max + FLOE_DTLS_OVERHEAD;
    size_t packet = peer->packet_max;
    out->len = out->segment = 0;
    while (packet == peer->packet_max && out->cap - out->len >= record_max) {
        uint8_t *at = out->buf + out->len;
        size_t record;
        if (!floe_sctp_assoc_poll_transmit(&peer->sctp, at + FLOE_DTLS_HEAD, peer->packet_max,
                                           &packet)) {
            break;
        }
        if (floe_dtls_conn_seal(&peer->dtls, at, packet, out->cap - out->len, &record) != FLOE_OK) {
            break; /* the connection has just ended: its state says so */
        }
        out->segment = out->segment == 0 ? record : out->segment;
        out->len += record;
        peer->stats.datagrams_sent++;
    }
    return out->len > 0;
}

static bool transmit_dtls(floe_peer *peer, floe_transmit *out)
{
    if (!floe_dtls_conn_poll_transmit(&peer->dtls, out->buf, out->cap, &out->len)) {
        return false;
    }
    out->segment = out->len;
    peer->stats.datagrams_sent++;
    return true;
}

/* The last packets of a connection: the association's ABORT, then DTLS's close_notify. */
static bool transmit_end(floe_peer *peer, floe_transmit *out)
{
    if (!peer->is_end_sent && peer->dtls_state == FLOE_DTLS_CONNECTED) {
        if (transmit_sctp(peer, out)) {
            return true;
        }
        floe_dtls_conn_close(&peer->dtls, peer->now);
    }
    peer->is_end_sent = true;
    return transmit_dtls(peer, out);
}

bool floe_peer_poll_transmit(floe_peer *peer, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    if (!peer->is_closed && floe_ice_agent_poll_transmit(&peer->ice, out)) {
        peer->stats.datagrams_sent++;
        peer->stats.runs_sent++;
        return true;
    }
    if (!peer->has_path || !peer->has_dtls) {
        return false;
    }
    out->path = peer->path;
    bool is_sent;
    if (peer->is_closed) {
        is_sent = transmit_end(peer, out);
    } else {
        is_sent = transmit_dtls(peer, out) ||
                  (peer->dtls_state == FLOE_DTLS_CONNECTED && transmit_sctp(peer, out));
    }
    peer->stats.runs_sent += is_sent;
    return is_sent;
}
