/* peer/peer_stats.c - see peer/peer_stats.h. */
#include "peer/peer_stats.h"

#include <string.h>

#include "base/addr.h"
#include "peer/peer_internal.h"

void floe_peer_get_connection(const floe_peer *peer, floe_peer_connection_stats *stats)
{
    floe_dc_stats channels;
    floe_dc_get_stats(&peer->dc, &channels);
    stats->channels_opened = channels.opened;
    stats->channels_closed = channels.closed;
}

static floe_peer_stats_role get_ice_role(const floe_peer *peer)
{
    if (!peer->has_local && !peer->has_remote_ice) {
        return FLOE_PEER_ROLE_UNKNOWN;
    }
    return floe_ice_agent_get_role(&peer->ice) == FLOE_ICE_CONTROLLING ? FLOE_PEER_ROLE_CONTROLLING
                                                                       : FLOE_PEER_ROLE_CONTROLLED;
}

static floe_peer_stats_role get_dtls_role(const floe_peer *peer)
{
    if (!peer->has_dtls) {
        return FLOE_PEER_ROLE_UNKNOWN;
    }
    return peer->setup == FLOE_SDP_SETUP_ACTIVE ? FLOE_PEER_ROLE_CONTROLLING
                                                : FLOE_PEER_ROLE_CONTROLLED;
}

void floe_peer_get_transport(const floe_peer *peer, floe_peer_transport_stats *stats)
{
    floe_peer_stats all;
    floe_bytes pwd;
    floe_peer_get_stats(peer, &all);
    *stats = (floe_peer_transport_stats){
        .packets_sent = all.datagrams_sent,
        .packets_received = all.datagrams_received,
        .bytes_sent = all.bytes_sent,
        .bytes_received = all.bytes_received,
        .requests_sent = all.ice.checks_sent,
        .requests_received = all.ice.checks_received,
        .responses_sent = all.ice.replies_sent,
        .responses_received = all.ice.replies_received,
        .consent_requests_sent = all.ice.consent_sent,
        .ice_state = floe_peer_get_ice_state(peer),
        .ice_role = get_ice_role(peer),
        .has_selected_pair = all.ice.local.addr.family != 0,
        .selected_pair_changes = all.pair_changes,
        .dtls_state = floe_peer_get_dtls_state(peer),
        .dtls_role = get_dtls_role(peer),
        .tls_version = all.dtls.cipher != NULL ? all.dtls.version : 0,
        .dtls_cipher = all.dtls.cipher,
        .local_certificate = peer->identity->fingerprint,
        .remote_certificate = peer->remote_fingerprint,
    };
    if (peer->has_local) {
        floe_ice_agent_get_local(&peer->ice, &stats->ice_local_ufrag, &pwd);
    }
}

void floe_peer_get_sctp(const floe_peer *peer, floe_peer_sctp_stats *stats)
{
    floe_sctp_stats sctp;
    floe_sctp_assoc_get_stats(&peer->sctp, &sctp);
    *stats = (floe_peer_sctp_stats)
    {
        .srtt_us = sctp.srtt_us, .congestion_window = sctp.cwnd,
        .receiver_window = sctp.rwnd_remote, .mtu = sctp.packet_size, .unacked_bytes = sctp.flight,
#if FLOE_SCTP_IDATA
        .is_interleaved = floe_sctp_assoc_is_interleaved(&peer->sctp),
#endif
    };
}

/* Which server gave us this relayed address. */
static void fill_server(const floe_peer *peer, floe_peer_candidate_stats *stats)
{
    floe_ice_relay_stats relay;
    for (uint32_t i = 0; floe_peer_get_relay(peer, i, &relay); i++) {
        if (floe_addr_equal(&relay.relay[0], &stats->addr) ||
            floe_addr_equal(&relay.relay[1], &stats->addr)) {
            stats->server_host = relay.host;
            stats->server_port = relay.path.remote.port;
            stats->relay_protocol = relay.path.transport;
            return;
        }
    }
}

static void fill_candidate(const floe_peer *peer, floe_peer_candidate_stats *stats,
                           const floe_ice_cand *cand, bool is_remote)
{
    floe_ice_cand told = *cand;
    const floe_mdns_name *name = is_remote ? NULL : floe_peer_hide_cand(peer, &told);
    *stats = (floe_peer_candidate_stats){
        .is_remote = is_remote,
        .type = told.type,
        .protocol = told.transport,
        .addr = told.addr,
        .priority = told.priority,
        .foundation = told.foundation,
    };
    if (name != NULL) {
        (void)floe_mdns_name_text(name, stats->name);
    }
    if (told.type != FLOE_ICE_HOST) {
        stats->related = told.base;
    }
    if (!is_remote && cand->type == FLOE_ICE_RELAY) {
        fill_server(peer, stats);
    }
}

bool floe_peer_next_local_candidate(const floe_peer *peer, size_t *cursor,
                                    floe_peer_candidate_stats *stats)
{
    floe_ice_cand cand;
    if (!floe_ice_agent_next_local(&peer->ice, cursor, &cand)) {
        return false;
    }
    fill_candidate(peer, stats, &cand, false);
    return true;
}

bool floe_peer_next_remote_candidate(const floe_peer *peer, size_t *cursor,
                                     floe_peer_candidate_stats *stats)
{
    floe_ice_cand cand;
    if (!floe_ice_agent_next_remote(&peer->ice, cursor, &cand)) {
        return false;
    }
    fill_candidate(peer, stats, &cand, true);
    return true;
}

bool floe_peer_next_pair(const floe_peer *peer, size_t *cursor, floe_peer_pair_stats *stats)
{
    floe_ice_pair_info info;
    if (!floe_ice_agent_next_pair(&peer->ice, cursor, &info)) {
        return false;
    }
    memset(stats, 0, sizeof *stats);
    fill_candidate(peer, &stats->local, &info.local, false);
    fill_candidate(peer, &stats->remote, &info.remote, true);
    stats->state = info.state;
    stats->is_nominated = info.is_nominated;
    stats->is_selected = info.is_selected;
    stats->priority = info.priority;
    stats->rtt_us = info.rtt_us;
    return true;
}

static const char *get_algorithm(size_t digest_size)
{
    static const struct {
        uint8_t size, hash;
    } hashes[] = {
        {20, FLOE_SDP_HASH_SHA1},   {28, FLOE_SDP_HASH_SHA224}, {32, FLOE_SDP_HASH_SHA256},
        {48, FLOE_SDP_HASH_SHA384}, {64, FLOE_SDP_HASH_SHA512},
    };
    size_t i = 0;
    while (i < sizeof hashes / sizeof hashes[0] - 1 && hashes[i].size != digest_size) {
        i++;
    }
    return floe_sdp_hash_name((floe_sdp_hash)hashes[i].hash);
}

bool floe_peer_next_certificate(const floe_peer *peer, size_t *cursor,
                                floe_peer_certificate_stats *stats)
{
    const floe_dtls_digest *digests[] = {&peer->identity->fingerprint, &peer->remote_fingerprint};
    if (*cursor >= 2 || digests[*cursor]->size == 0) {
        return false;
    }
    stats->is_remote = *cursor == 1;
    stats->fingerprint = *digests[(*cursor)++];
    stats->algorithm = get_algorithm(stats->fingerprint.size);
    return true;
}

bool floe_peer_next_channel_stats(const floe_peer *peer, size_t *cursor,
                                  floe_peer_channel_stats *stats)
{
    floe_dc_id id;
    floe_dc_info info;
    while (floe_peer_next_channel(peer, cursor, &id)) {
        if (floe_peer_get_channel(peer, id, &info) == FLOE_OK) {
            *stats = (floe_peer_channel_stats){
                .channel = id,
                .label = info.options.label,
                .protocol = info.options.protocol,
                .id = info.stream,
                .state = info.state,
                .messages_sent = info.messages_sent,
                .messages_received = info.messages_received,
                .bytes_sent = info.bytes_sent,
                .bytes_received = info.bytes_received,
            };
            return true;
        }
    }
    return false;
}
