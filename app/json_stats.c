/*
 * app/json_stats.c - a peer's statistics as a browser's getStats() tells them (W3C webrtc-stats).
 *
 * What floe does not count is left out, as a browser does. Times are seconds, as the W3C has them.
 */
#include "app/json_stats.h"

#include "app/json_report.h"
#include "base/addr.h"
#include "peer/peer_stats.h"

#include <stdio.h>
#include <string.h>

#define ID_MAX         96u
#define PAIR_ID_MAX    (2u * ID_MAX + 8u)
#define TRANSPORT_ID   "transport"
#define LOCAL_CERT_ID  "certificate-local"
#define REMOTE_CERT_ID "certificate-remote"

static json_t *add(json_t *report, const char *type, const char *id)
{
    json_t *object = json_pack("{s:s, s:s}", "type", type, "id", id);
    json_array_append(report, object);
    json_decref(object); /* the report has it */
    return object;
}

static void put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

static void put_seconds(json_t *object, const char *key, uint32_t us)
{
    json_object_set_new(object, key, json_real((double)us / 1e6));
}

static const char *transport_name(uint8_t transport)
{
    static const char *const names[] = {"udp", "tcp", "tls", "dtls"};
    return transport < sizeof names / sizeof names[0] ? names[transport] : "?";
}

/* A candidate's id is what makes it one: its side, type and address. */
static const char *candidate_id(const floe_peer_candidate_stats *cand, char out[ID_MAX])
{
    char addr[FLOE_ADDR_TEXT_MAX];
    (void)snprintf(out, ID_MAX, "candidate-%s-%s-%s", cand->is_remote ? "remote" : "local",
                   floe_ice_type_name((floe_ice_type)cand->type),
                   floe_addr_text(&cand->addr, addr));
    return out;
}

static void pair_id(const floe_peer_pair_stats *pair, char out[PAIR_ID_MAX])
{
    char local[ID_MAX], remote[ID_MAX];
    (void)snprintf(out, PAIR_ID_MAX, "pair %s %s", candidate_id(&pair->local, local),
                   candidate_id(&pair->remote, remote));
}

static void put_relay(json_t *object, const floe_peer_candidate_stats *cand)
{
    char url[320];
    bool is_secure = cand->relay_protocol == FLOE_TLS || cand->relay_protocol == FLOE_DTLS;
    bool is_stream = cand->relay_protocol == FLOE_TCP || cand->relay_protocol == FLOE_TLS;
    (void)snprintf(url, sizeof url, "%s:%.*s:%u?transport=%s", is_secure ? "turns" : "turn",
                   (int)cand->server_host.len, (const char *)cand->server_host.ptr,
                   cand->server_port, is_stream ? "tcp" : "udp");
    put_text(object, "url", url);
    /* The W3C's words are udp, tcp and tls. */
    put_text(object, "relayProtocol",
             cand->relay_protocol == FLOE_DTLS ? "udp" : transport_name(cand->relay_protocol));
}

static void put_candidate(json_t *report, const floe_peer_candidate_stats *cand)
{
    char id[ID_MAX], ip[FLOE_ADDR_TEXT_MAX], foundation[11];
    json_t *object = add(report, cand->is_remote ? "remote-candidate" : "local-candidate",
                         candidate_id(cand, id));
    (void)snprintf(foundation, sizeof foundation, "%u", (unsigned)cand->foundation);
    put_text(object, "transportId", TRANSPORT_ID);
    put_text(object, "address",
             cand->name[0] != '\0' ? cand->name : floe_addr_ip_text(&cand->addr, ip));
    put_number(object, "port", cand->addr.port);
    put_text(object, "protocol", transport_name(cand->protocol));
    put_text(object, "candidateType", floe_ice_type_name((floe_ice_type)cand->type));
    put_number(object, "priority", cand->priority);
    put_text(object, "foundation", foundation);
    if (cand->related.family != 0) {
        put_text(object, "relatedAddress", floe_addr_ip_text(&cand->related, ip));
        put_number(object, "relatedPort", cand->related.port);
    }
    if (cand->server_host.len > 0) {
        put_relay(object, cand);
    }
}

static bool has_id(const json_t *report, const char *id)
{
    size_t i;
    json_t *object;
    json_array_foreach(report, i, object)
    {
        const char *other = json_string_value(json_object_get(object, "id"));
        if (other != NULL && strcmp(other, id) == 0) {
            return true;
        }
    }
    return false;
}

/* The end of a pair may be a candidate that nobody was told of: peer-reflexive. */
static void put_end_of_pair(json_t *report, const floe_peer_candidate_stats *cand)
{
    char id[ID_MAX];
    if (!has_id(report, candidate_id(cand, id))) {
        put_candidate(report, cand);
    }
}

static void put_candidates(json_t *report, const floe_peer *peer)
{
    floe_peer_candidate_stats cand;
    size_t cursor = 0;
    while (floe_peer_next_local_candidate(peer, &cursor, &cand)) {
        put_candidate(report, &cand);
    }
    cursor = 0;
    while (floe_peer_next_remote_candidate(peer, &cursor, &cand)) {
        put_candidate(report, &cand);
    }
}

/* RTCStatsIceCandidatePairState. */
static const char *pair_state_name(floe_ice_pair_state state)
{
    static const char *const names[] = {"frozen",      "frozen",    "waiting",
                                        "in-progress", "succeeded", "failed"};
    return names[state];
}

static void put_pairs(json_t *report, const floe_peer *peer)
{
    floe_peer_pair_stats pair;
    size_t cursor = 0;
    while (floe_peer_next_pair(peer, &cursor, &pair)) {
        char id[PAIR_ID_MAX], end[ID_MAX];
        put_end_of_pair(report, &pair.local);
        put_end_of_pair(report, &pair.remote);
        pair_id(&pair, id);
        json_t *object = add(report, "candidate-pair", id);
        put_text(object, "transportId", TRANSPORT_ID);
        put_text(object, "localCandidateId", candidate_id(&pair.local, end));
        put_text(object, "remoteCandidateId", candidate_id(&pair.remote, end));
        put_text(object, "state", pair_state_name(pair.state));
        json_object_set_new(object, "nominated", json_boolean(pair.is_nominated));
        put_number(object, "priority", pair.priority);
        if (pair.rtt_us > 0) {
            put_seconds(object, "currentRoundTripTime", pair.rtt_us);
        }
    }
}

static void put_certificates(json_t *report, const floe_peer *peer)
{
    floe_peer_certificate_stats cert;
    size_t cursor = 0;
    while (floe_peer_next_certificate(peer, &cursor, &cert)) {
        char text[3 * sizeof cert.fingerprint.value + 1];
        for (size_t i = 0; i < cert.fingerprint.size; i++) {
            (void)snprintf(text + 3 * i, 4, "%02X:", cert.fingerprint.value[i]);
        }
        text[3u * cert.fingerprint.size - 1] = '\0';
        json_t *object =
            add(report, "certificate", cert.is_remote ? REMOTE_CERT_ID : LOCAL_CERT_ID);
        put_text(object, "fingerprint", text);
        put_text(object, "fingerprintAlgorithm", cert.algorithm);
    }
}

static void put_channels(json_t *report, const floe_peer *peer)
{
    floe_peer_channel_stats channel;
    size_t cursor = 0;
    while (floe_peer_next_channel_stats(peer, &cursor, &channel)) {
        char id[32];
        (void)snprintf(id, sizeof id, "channel-%u", (unsigned)channel.channel);
        json_t *object = add(report, "data-channel", id);
        json_object_set_new(object, "label", json_report_text(channel.label));
        json_object_set_new(object, "protocol", json_report_text(channel.protocol));
        if (channel.id != FLOE_STREAM_NONE) {
            put_number(object, "dataChannelIdentifier", channel.id);
        }
        put_text(object, "state", floe_dc_state_name(channel.state));
        put_number(object, "messagesSent", channel.messages_sent);
        put_number(object, "messagesReceived", channel.messages_received);
        put_number(object, "bytesSent", channel.bytes_sent);
        put_number(object, "bytesReceived", channel.bytes_received);
    }
}

/* RTCIceRole, RTCDtlsRole. */
static const char *role_name(floe_peer_stats_role role, bool is_dtls)
{
    static const char *const names[2][3] = {{"unknown", "controlling", "controlled"},
                                            {"unknown", "client", "server"}};
    return names[is_dtls][role];
}

static void put_transport_counters(json_t *object, const floe_peer_transport_stats *stats)
{
    put_number(object, "packetsSent", stats->packets_sent);
    put_number(object, "packetsReceived", stats->packets_received);
    put_number(object, "bytesSent", stats->bytes_sent);
    put_number(object, "bytesReceived", stats->bytes_received);
    /* In a browser these are of each pair; here of all together. */
    put_number(object, "requestsSent", stats->requests_sent);
    put_number(object, "requestsReceived", stats->requests_received);
    put_number(object, "responsesSent", stats->responses_sent);
    put_number(object, "responsesReceived", stats->responses_received);
    put_number(object, "consentRequestsSent", stats->consent_requests_sent);
    put_number(object, "selectedCandidatePairChanges", stats->selected_pair_changes);
}

static void put_transport(json_t *report, const floe_peer *peer)
{
    floe_peer_transport_stats stats;
    floe_peer_pair_stats pair;
    size_t cursor = 0;
    char version[5], id[PAIR_ID_MAX];
    floe_peer_get_transport(peer, &stats);
    json_t *object = add(report, "transport", TRANSPORT_ID);
    put_transport_counters(object, &stats);
    put_text(object, "iceState", floe_ice_state_name(stats.ice_state));
    put_text(object, "iceRole", role_name(stats.ice_role, false));
    json_object_set_new(object, "iceLocalUsernameFragment",
                        json_report_text(stats.ice_local_ufrag));
    put_text(object, "dtlsState", floe_dtls_state_name(stats.dtls_state));
    put_text(object, "dtlsRole", role_name(stats.dtls_role, true));
    put_text(object, "localCertificateId", LOCAL_CERT_ID);
    if (stats.remote_certificate.size > 0) {
        put_text(object, "remoteCertificateId", REMOTE_CERT_ID);
    }
    if (stats.dtls_cipher != NULL) {
        (void)snprintf(version, sizeof version, "%04X", (unsigned)stats.tls_version);
        put_text(object, "tlsVersion", version);
        put_text(object, "dtlsCipher", stats.dtls_cipher);
    }
    while (floe_peer_next_pair(peer, &cursor, &pair)) {
        if (pair.is_selected) {
            pair_id(&pair, id);
            put_text(object, "selectedCandidatePairId", id);
        }
    }
}

static void put_sctp(json_t *report, const floe_peer *peer)
{
    floe_peer_sctp_stats stats;
    floe_peer_get_sctp(peer, &stats);
    json_t *object = add(report, "sctp-transport", "sctp");
    put_text(object, "transportId", TRANSPORT_ID);
    put_seconds(object, "smoothedRoundTripTime", stats.srtt_us);
    put_number(object, "congestionWindow", stats.congestion_window);
    put_number(object, "receiverWindow", stats.receiver_window);
    put_number(object, "mtu", stats.mtu);
    put_number(object, "unackedBytes", stats.unacked_bytes);
    json_object_set_new(object, "interleaved", json_boolean(stats.is_interleaved));
}

json_t *json_stats_report(const floe_peer *peer)
{
    floe_peer_connection_stats stats;
    json_t *report = json_array();
    floe_peer_get_connection(peer, &stats);
    json_t *object = add(report, "peer-connection", "peer-connection");
    put_number(object, "dataChannelsOpened", stats.channels_opened);
    put_number(object, "dataChannelsClosed", stats.channels_closed);
    put_transport(report, peer);
    put_candidates(report, peer);
    put_pairs(report, peer);
    put_certificates(report, peer);
    put_channels(report, peer);
    put_sctp(report, peer);
    return report;
}
