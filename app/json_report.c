/* app/json_report.c - what a peer is and has, as JSON. */
#include "app/json_report.h"

#include "app/json_stats.h"
#include "base/addr.h"
#include "base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *json_report_event(const char *name)
{
    json_t *event = json_object();
    json_object_set_new(event, "ev", json_string(name));
    return event;
}

json_t *json_report_text(floe_bytes bytes)
{
    json_t *text = json_stringn(bytes.len > 0 ? (const char *)bytes.ptr : "", bytes.len);
    if (text != NULL) {
        return text;
    }
    char *ascii = malloc(bytes.len + 1);
    for (size_t i = 0; ascii != NULL && i < bytes.len; i++) {
        ascii[i] = (char)(bytes.ptr[i] < 0x80 ? bytes.ptr[i] : '?');
    }
    text = ascii != NULL ? json_stringn(ascii, bytes.len) : NULL;
    free(ascii);
    return text;
}

json_t *json_report_sha256(floe_bytes bytes)
{
    uint8_t digest[FLOE_SHA256_SIZE];
    char hex[2 * FLOE_SHA256_SIZE + 1];
    floe_sha256(&bytes, 1, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return json_string(hex);
}

static void put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

void json_report_channel(json_t *object, const floe_dc_info *info, bool with_counters)
{
    const floe_dc_options *options = &info->options;
    json_object_set_new(object, "label", json_report_text(options->label));
    if (info->stream != FLOE_STREAM_NONE) {
        put_number(object, "id", info->stream);
    }
    json_object_set_new(object, "protocol", json_report_text(options->protocol));
    json_object_set_new(object, "ordered", json_boolean(!options->is_unordered));
    if (options->has_max_retransmits) {
        put_number(object, "maxRetransmits", options->max_retransmits);
    }
    if (options->has_lifetime) {
        put_number(object, "maxPacketLifeTime", options->lifetime_ms);
    }
    json_object_set_new(object, "negotiated", json_boolean(options->is_negotiated));
    json_object_set_new(object, "incoming", json_boolean(info->is_incoming));
    if (with_counters) {
        put_text(object, "state", floe_dc_state_name(info->state));
        put_number(object, "bufferedAmount", info->buffered);
        put_number(object, "messagesSent", info->messages_sent);
        put_number(object, "messagesReceived", info->messages_received);
        put_number(object, "bytesSent", info->bytes_sent);
        put_number(object, "bytesReceived", info->bytes_received);
    }
}

static const char *transport_name(uint8_t transport)
{
    static const char *const names[] = {"udp", "tcp", "tls", "dtls"};
    return transport < sizeof names / sizeof names[0] ? names[transport] : "?";
}

/* One end of the pair, as a line for people ("host udp 192.0.2.1 4711") and as an object. */
static void put_candidate(json_t *event, const char *key, const char *object_key,
                          const floe_ice_cand *cand)
{
    char ip[FLOE_ADDR_TEXT_MAX], line[128];
    const char *type = floe_ice_type_name((floe_ice_type)cand->type);
    floe_addr_ip_text(&cand->addr, ip);
    (void)snprintf(line, sizeof line, "%s %s %s %u", type, transport_name(cand->transport), ip,
                   cand->addr.port);
    put_text(event, key, line);
    json_t *object = json_object();
    put_text(object, "type", type);
    put_text(object, "transport", transport_name(cand->transport));
    put_text(object, "address", ip);
    put_number(object, "port", cand->addr.port);
    put_number(object, "priority", cand->priority);
    json_object_set_new(event, object_key, object);
}

json_t *json_report_pair(const floe_peer *peer)
{
    floe_peer_stats stats;
    json_t *event = json_report_event("pair");
    floe_peer_get_stats(peer, &stats);
    if (stats.ice.local.addr.family == 0) {
        put_text(event, "local", "?");
        put_text(event, "remote", "?");
        return event;
    }
    put_candidate(event, "local", "local_candidate", &stats.ice.local);
    put_candidate(event, "remote", "remote_candidate", &stats.ice.remote);
    char ip[FLOE_ADDR_TEXT_MAX], line[80];
    (void)snprintf(line, sizeof line, "%s %u", floe_addr_ip_text(&stats.ice.remote.addr, ip),
                   stats.ice.remote.addr.port);
    put_text(event, "remote_addr", line);
    return event;
}

/* A counter of floe_peer_stats: its name and where it stands. */
typedef struct counter {
    const char *name;
    size_t offset;
    size_t size; /* 8 or 4 */
} counter;

#define COUNTER(name, member)                                                                      \
    {                                                                                              \
        name, offsetof(floe_peer_stats, member), sizeof(((floe_peer_stats *)NULL)->member)         \
    }

static const counter peer_counters[] = {
    COUNTER("datagrams_received", datagrams_received),
    COUNTER("datagrams_sent", datagrams_sent),
    COUNTER("runs_sent", runs_sent),
    COUNTER("bytes_received", bytes_received),
    COUNTER("bytes_sent", bytes_sent),
    COUNTER("pair_changes", pair_changes),
    COUNTER("dropped_unknown", dropped_unknown),
    COUNTER("dropped_unvalidated", dropped_unvalidated),
    COUNTER("candidates_ignored", candidates_ignored),
    {NULL, 0, 0},
};

static const counter ice_counters[] = {
    COUNTER("checks_sent", ice.checks_sent),
    COUNTER("checks_received", ice.checks_received),
    COUNTER("replies_sent", ice.replies_sent),
    COUNTER("replies_received", ice.replies_received),
    COUNTER("consent_sent", ice.consent_sent),
    COUNTER("consent_received", ice.consent_received),
    COUNTER("dropped_malformed", ice.dropped_malformed),
    COUNTER("dropped_auth", ice.dropped_auth),
    COUNTER("dropped_unknown", ice.dropped_unknown),
    COUNTER("dropped_full", ice.dropped_full),
    COUNTER("rtt_us", ice.rtt_us),
    COUNTER("pairs", ice.pairs),
    COUNTER("valid_pairs", ice.valid_pairs),
    COUNTER("local_candidates", ice.local_candidates),
    COUNTER("remote_candidates", ice.remote_candidates),
    {NULL, 0, 0},
};

static const counter dtls_counters[] = {
    COUNTER("records_sent", dtls.records_sent),
    COUNTER("records_received", dtls.records_received),
    COUNTER("dropped", dtls.dropped),
    COUNTER("flights_repeated", dtls.flights_repeated),
    {NULL, 0, 0},
};

static const counter sctp_counters[] = {
    COUNTER("packets_sent", sctp.packets_sent),
    COUNTER("packets_received", sctp.packets_received),
    COUNTER("bytes_sent", sctp.bytes_sent),
    COUNTER("bytes_received", sctp.bytes_received),
    COUNTER("data_sent", sctp.data_sent),
    COUNTER("data_received", sctp.data_received),
    COUNTER("messages_sent", sctp.messages_sent),
    COUNTER("messages_received", sctp.messages_received),
    COUNTER("messages_abandoned", sctp.messages_abandoned),
    COUNTER("retransmits", sctp.retransmits),
    COUNTER("fast_retransmits", sctp.fast_retransmits),
    COUNTER("timeouts", sctp.timeouts),
    COUNTER("duplicates", sctp.duplicates),
    COUNTER("dropped_malformed", sctp.dropped_malformed),
    COUNTER("dropped_tag", sctp.dropped_tag),
    COUNTER("dropped_checksum", sctp.dropped_checksum),
    COUNTER("dropped_unknown", sctp.dropped_unknown),
    COUNTER("dropped_full", sctp.dropped_full),
    COUNTER("packet_size", sctp.packet_size),
    COUNTER("cwnd", sctp.cwnd),
    COUNTER("ssthresh", sctp.ssthresh),
    COUNTER("flight", sctp.flight),
    COUNTER("rwnd_remote", sctp.rwnd_remote),
    COUNTER("rwnd_local", sctp.rwnd_local),
    COUNTER("srtt_us", sctp.srtt_us),
    COUNTER("rto_us", sctp.rto_us),
    COUNTER("buffered", sctp.buffered),
    {NULL, 0, 0},
};

static void put_counters(json_t *object, const floe_peer_stats *stats, const counter *counters)
{
    for (const counter *c = counters; c->name != NULL; c++) {
        uint64_t value = 0;
        uint32_t small = 0;
        const char *at = (const char *)stats + c->offset;
        memcpy(c->size == sizeof value ? (void *)&value : (void *)&small, at, c->size);
        put_number(object, c->name, value + small);
    }
}

static json_t *list_channels(const floe_peer *peer)
{
    json_t *list = json_array();
    size_t cursor = 0;
    floe_dc_id id;
    floe_dc_info info;
    while (floe_peer_next_channel(peer, &cursor, &id)) {
        if (floe_peer_get_channel(peer, id, &info) == FLOE_OK) {
            json_t *channel = json_object();
            json_report_channel(channel, &info, true);
            json_array_append_new(list, channel);
        }
    }
    return list;
}

static const char *relay_state_name(floe_turn_state state)
{
    static const char *const names[] = {"waiting", "allocating", "allocated",
                                        "failed",  "closing",    "closed"};
    return state <= FLOE_TURN_CLOSED ? names[state] : "?";
}

/* The TURN servers, an object each. */
static json_t *list_relays(const floe_peer *peer)
{
    json_t *list = json_array();
    floe_ice_relay_stats stats;
    for (uint32_t i = 0; floe_peer_get_relay(peer, i, &stats); i++) {
        char ip[FLOE_ADDR_TEXT_MAX];
        json_t *relay = json_object();
        put_text(relay, "transport", transport_name(stats.path.transport));
        put_text(relay, "server", floe_addr_ip_text(&stats.path.remote, ip));
        put_number(relay, "port", stats.path.remote.port);
        put_text(relay, "state", relay_state_name(stats.state));
        put_text(relay, "cause", floe_turn_cause_text(stats.cause));
        put_number(relay, "code", stats.code);
        put_number(relay, "rtt_us", stats.turn.rtt_us);
        json_array_append_new(list, relay);
    }
    return list;
}

json_t *json_report_stats(const floe_peer *peer)
{
    floe_peer_stats stats;
    floe_peer_get_stats(peer, &stats);
    json_t *event = json_report_event("stats");
    json_t *ice = json_object(), *dtls = json_object(), *sctp = json_object();
    put_counters(event, &stats, peer_counters);
    put_counters(ice, &stats, ice_counters);
    put_counters(dtls, &stats, dtls_counters);
    put_counters(sctp, &stats, sctp_counters);
    put_text(ice, "state", floe_ice_state_name(floe_peer_get_ice_state(peer)));
    put_text(dtls, "state", floe_dtls_state_name(floe_peer_get_dtls_state(peer)));
    if (stats.dtls.cipher != NULL) {
        put_text(dtls, "cipher", stats.dtls.cipher);
        put_number(dtls, "version", stats.dtls.version);
    }
    json_object_set_new(event, "ice", ice);
    json_object_set_new(event, "dtls", dtls);
    json_object_set_new(event, "sctp", sctp);
    json_object_set_new(event, "relays", list_relays(peer));
    json_object_set_new(event, "channels", list_channels(peer));
    json_object_set_new(event, "report", json_stats_report(peer));
    return event;
}
