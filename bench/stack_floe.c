/*
 * bench/stack_floe.c - what floe's layers cost, each alone and all together, in memory: without
 * sockets, and with a clock that is counted. Both ends are in here. See bench/README.md.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand_os.h"
#include "bench.h"
#include "peer/peer.h"

#define BUFFER  (1024u * 1024u)
#define RING    4096u
#define BATCH   16u /* messages that are queued before packets are asked for */
#define RUN_MAX 65507u

static floe_time now = FLOE_SECOND;
static uint8_t bytes[65536];

static void require(bool is_well, const char *what)
{
    if (!is_well) {
        fprintf(stderr, "stack_floe: %s\n", what);
        exit(1);
    }
}

/* --- sdp: the text of an offer checked; and all of it read, with its candidates --- */

static size_t run_sdp_parse(bench_input *in, size_t rounds)
{
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        static floe_sdp sdp;
        good += floe_sdp_parse(&sdp, (floe_bytes){in->packet, in->packet_len}, NULL) == FLOE_OK;
    }
    return good;
}

static size_t run_sdp_read(bench_input *in, size_t rounds)
{
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        static floe_sdp sdp;
        floe_sdp_webrtc desc;
        floe_bytes line;
        size_t cursor = 0, candidates = 0;
        if (floe_sdp_parse(&sdp, (floe_bytes){in->packet, in->packet_len}, NULL) != FLOE_OK ||
            floe_sdp_webrtc_read(&desc, &sdp, NULL) != FLOE_OK) {
            continue;
        }
        while (floe_sdp_webrtc_next_candidate(&sdp, &desc, &cursor, &line)) {
            floe_sdp_candidate cand;
            candidates += floe_sdp_candidate_parse(&cand, line) == FLOE_OK;
        }
        good += candidates == 6;
    }
    return good;
}

/* --- ice: a consent check of the peer, and our answer to it --- */

static size_t run_ice(bench_input *in, size_t rounds)
{
    static floe_ice_agent agent;
    static const floe_addr ours = {.ip = {192, 0, 2, 1}, .port = 4000, .family = 4};
    floe_path path = {.local = ours, .remote = {.ip = {192, 0, 2, 2}, .port = 5000, .family = 4}};
    floe_ice_config config = {.role = FLOE_ICE_CONTROLLED, .rand = floe_rand_os()};
    const char *colon = strchr(in->username, ':');
    size_t good = 0;
    require(colon != NULL, "the user name has no colon");
    config.ufrag = (floe_bytes){(const uint8_t *)in->username, (size_t)(colon - in->username)};
    config.pwd = floe_bytes_of(in->password);
    require(floe_ice_agent_init(&agent, &config, now) == FLOE_OK &&
                floe_ice_agent_add_local(&agent, &ours, 65535) == FLOE_OK &&
                floe_ice_agent_set_remote(&agent, floe_bytes_of(colon + 1),
                                          floe_bytes_of("the-other-sides-password"),
                                          false) == FLOE_OK,
            "no agent");
    for (size_t i = 0; i < rounds; i++) {
        uint8_t buf[FLOE_DATAGRAM_MAX];
        floe_transmit out = {.buf = buf, .cap = sizeof buf};
        bool is_answered = false;
        now += 20 * FLOE_MS;
        floe_err err =
            floe_ice_agent_input(&agent, now, &path, (floe_bytes){in->packet, in->packet_len});
        while (floe_ice_agent_poll_transmit(&agent, &out)) {
            is_answered |= buf[0] == 1 && buf[1] == 1;
        }
        good += err == FLOE_OK && is_answered;
    }
    return good;
}

/* --- sctp --- */

/* Of a path that is known to carry it: one with the whole of a message of 1,200 bytes. */
#define SCTP_PACKET_LARGE 1228u

typedef struct sctp_end {
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[RING];
    uint8_t send[BUFFER], recv[BUFFER];
} sctp_end;

static sctp_end sctp[2];

static void move_sctp(int from)
{
    uint8_t packet[SCTP_PACKET_LARGE];
    size_t len;
    bool is_any = false;
    while (floe_sctp_assoc_poll_transmit(&sctp[from].assoc, packet, sizeof packet, &len)) {
        (void)!floe_sctp_assoc_input(&sctp[1 - from].assoc, now, (floe_bytes){packet, len});
        is_any = true;
    }
    if (is_any) {
        floe_sctp_assoc_input_end(&sctp[1 - from].assoc);
    }
}

static void connect_sctp(bool is_checked, uint16_t packet_max)
{
    for (int n = 0; n < 2; n++) {
        sctp_end *end = &sctp[n];
        floe_sctp_config config = {.rand = floe_rand_os(),
                                   .send_buffer = {end->send, sizeof end->send},
                                   .recv_buffer = {end->recv, sizeof end->recv},
                                   .tx_ring = end->ring,
                                   .tx_ring_len = RING,
                                   .packet_max = packet_max,
                                   .remote_message_max = UINT32_MAX,
                                   .is_over_dtls = !is_checked};
        require(floe_sctp_assoc_init(&end->assoc, &config, now) == FLOE_OK, "no association");
        require(floe_sctp_assoc_connect(&end->assoc) == FLOE_OK, "no INIT");
    }
    for (int i = 0; i < 8; i++) {
        move_sctp(i & 1);
    }
    require(floe_sctp_assoc_get_state(&sctp[0].assoc) == FLOE_SCTP_ESTABLISHED, "not connected");
}

static size_t read_sctp(size_t size)
{
    floe_sctp_recv message;
    size_t good = 0;
    while (floe_sctp_assoc_peek(&sctp[1].assoc, &message)) {
        good += floe_sctp_assoc_copy(&sctp[1].assoc, bytes, sizeof bytes) == size;
        floe_sctp_assoc_release(&sctp[1].assoc);
    }
    return good;
}

/* `packet_max`: 0 for packets that pass everywhere. */
static size_t send_sctp(size_t size, size_t rounds, bool is_checked, uint16_t packet_max)
{
    floe_sctp_send message = {.ppid = 53, .data = {bytes, size}};
    size_t good = 0, sent = 0;
    connect_sctp(is_checked, packet_max);
    while (good < rounds) {
        for (unsigned i = 0; i < BATCH && sent < rounds; i++) {
            sent += floe_sctp_assoc_send(&sctp[0].assoc, &message) == FLOE_OK;
        }
        now += 200;
        floe_sctp_assoc_advance(&sctp[0].assoc, now);
        floe_sctp_assoc_advance(&sctp[1].assoc, now);
        move_sctp(0);
        good += read_sctp(size);
        move_sctp(1);
    }
    return good;
}

static size_t run_sctp_1200(bench_input *in, size_t rounds)
{
    (void)in;
    return send_sctp(1200, rounds, false, 0);
}

static size_t run_sctp_1200_whole(bench_input *in, size_t rounds)
{
    (void)in;
    return send_sctp(1200, rounds, false, SCTP_PACKET_LARGE);
}

static size_t run_sctp_16k(bench_input *in, size_t rounds)
{
    (void)in;
    return send_sctp(16384, rounds, false, 0);
}

static size_t run_sctp_16k_crc(bench_input *in, size_t rounds)
{
    (void)in;
    return send_sctp(16384, rounds, true, 0);
}

/* --- dtls: a record sealed, and opened --- */

static floe_dtls_identity identity[2];
static floe_dtls_conn dtls[2];

static void move_dtls(int from)
{
    uint8_t datagram[FLOE_DATAGRAM_MAX], data[FLOE_DATAGRAM_MAX];
    size_t len;
    while (floe_dtls_conn_poll_transmit(&dtls[from], datagram, sizeof datagram, &len)) {
        (void)!floe_dtls_conn_input(&dtls[1 - from], now, (floe_bytes){datagram, len});
        while (floe_dtls_conn_poll_data(&dtls[1 - from], data, sizeof data, &len)) {
        }
    }
}

static void connect_dtls(void)
{
    for (int n = 0; n < 2; n++) {
        require(floe_dtls_identity_init(&identity[n]) == FLOE_OK, "no certificate");
    }
    for (int n = 0; n < 2; n++) {
        floe_dtls_config config = {.identity = &identity[n],
                                   .role = n == 0 ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER,
                                   .fingerprints = {identity[1 - n].fingerprint},
                                   .fingerprint_count = 1};
        require(floe_dtls_conn_init(&dtls[n], &config, now) == FLOE_OK, "no connection");
        floe_dtls_conn_start(&dtls[n], now);
    }
    for (int i = 0; i < 8; i++) {
        move_dtls(i & 1);
    }
    require(floe_dtls_conn_get_state(&dtls[0]) == FLOE_DTLS_CONNECTED, "no handshake");
}

static size_t run_dtls(bench_input *in, size_t rounds)
{
    const size_t size = FLOE_SCTP_PACKET_MAX;
    size_t good = 0;
    (void)in;
    connect_dtls();
    for (size_t i = 0; i < rounds; i++) {
        uint8_t record[FLOE_DATAGRAM_MAX];
        size_t len, got;
        good += floe_dtls_conn_seal(&dtls[0], record, size, sizeof record, &len) == FLOE_OK &&
                floe_dtls_conn_input(&dtls[1], now, (floe_bytes){record, len}) == FLOE_OK &&
                floe_dtls_conn_poll_data(&dtls[1], record + FLOE_DTLS_HEAD, size, &got) &&
                got == size;
    }
    for (int n = 0; n < 2; n++) {
        floe_dtls_conn_free(&dtls[n]);
        floe_dtls_identity_free(&identity[n]);
    }
    return good;
}

/* --- the whole path, from a send to a message that is read --- */

typedef struct peer_end {
    floe_peer peer;
    floe_addr addr;
    floe_sctp_tx ring[RING];
    uint8_t send[BUFFER], recv[BUFFER], description[16384];
} peer_end;

static peer_end peers[2];
static floe_dc_id channel;

static void move_peer(int from)
{
    static uint8_t run[RUN_MAX];
    floe_transmit out = {.buf = run, .cap = sizeof run};
    floe_peer_event event;
    while (floe_peer_poll_transmit(&peers[from].peer, &out)) {
        floe_path path = {.local = out.path.remote, .remote = out.path.local};
        floe_peer_input(&peers[1 - from].peer, now, &path, run, out.len, out.segment);
    }
    while (floe_peer_poll_event(&peers[from].peer, &event)) {
    }
}

static void pass_time(floe_time duration)
{
    now += duration;
    for (int n = 0; n < 2; n++) {
        floe_peer_advance(&peers[n].peer, now);
        move_peer(n);
    }
}

static void hand_over(int from, floe_peer_sdp_type type)
{
    static uint8_t text[8192];
    floe_peer_sdp_type unused;
    size_t len;
    require(floe_peer_set_local(&peers[from].peer, type) == FLOE_OK &&
                floe_peer_get_local(&peers[from].peer, &unused, text, sizeof text, &len) ==
                    FLOE_OK &&
                floe_peer_set_remote(&peers[1 - from].peer, type, (floe_bytes){text, len}, NULL) ==
                    FLOE_OK,
            "no description");
}

static void connect_peers(void)
{
    floe_dc_options options = {.label = FLOE_LIT("bench")};
    for (int n = 0; n < 2; n++) {
        peer_end *end = &peers[n];
        require(floe_dtls_identity_init(&identity[n]) == FLOE_OK, "no certificate");
        floe_peer_config config = {.rand = floe_rand_os(),
                                   .identity = &identity[n],
                                   .send_buffer = {end->send, sizeof end->send},
                                   .recv_buffer = {end->recv, sizeof end->recv},
                                   .tx_ring = end->ring,
                                   .tx_ring_len = RING,
                                   .description = {end->description, sizeof end->description}};
        end->addr = (floe_addr){.ip = {192, 0, 2, (uint8_t)(n + 1)}, .port = 5000, .family = 4};
        require(floe_peer_init(&end->peer, &config, now) == FLOE_OK &&
                    floe_peer_add_local(&end->peer, &end->addr, 65535) == FLOE_OK,
                "no peer");
        floe_peer_end_local(&end->peer);
    }
    require(floe_peer_open_channel(&peers[0].peer, &options, &channel) == FLOE_OK, "no channel");
    hand_over(0, FLOE_PEER_OFFER);
    hand_over(1, FLOE_PEER_ANSWER);
    for (int i = 0; i < 400; i++) {
        pass_time(5 * FLOE_MS);
    }
    require(floe_peer_get_state(&peers[0].peer) == FLOE_PEER_CONNECTED, "no connection");
}

static size_t read_peer(size_t size)
{
    floe_dc_message message;
    size_t good = 0;
    while (floe_peer_peek(&peers[1].peer, &message)) {
        good += floe_peer_copy(&peers[1].peer, bytes, sizeof bytes) == size;
        floe_peer_release(&peers[1].peer);
    }
    return good;
}

static size_t send_path(size_t size, size_t rounds)
{
    size_t good = 0, sent = 0;
    connect_peers();
    while (good < rounds) {
        for (unsigned i = 0; i < BATCH && sent < rounds; i++) {
            sent += floe_peer_send(&peers[0].peer, channel, false, (floe_bytes){bytes, size}) ==
                    FLOE_OK;
        }
        pass_time(200);
        good += read_peer(size);
    }
    for (int n = 0; n < 2; n++) {
        floe_peer_free(&peers[n].peer);
        floe_dtls_identity_free(&identity[n]);
    }
    return good;
}

static size_t run_path_1k(bench_input *in, size_t rounds)
{
    (void)in;
    return send_path(1024, rounds);
}

static size_t run_path_16k(bench_input *in, size_t rounds)
{
    (void)in;
    return send_path(16384, rounds);
}

int main(int argc, char **argv)
{
    static const bench_mode modes[] = {
        {"sdp-parse", run_sdp_parse},
        {"sdp-read", run_sdp_read},
        {"ice", run_ice},
        {"sctp-1200", run_sctp_1200},
        {"sctp-1200-whole", run_sctp_1200_whole},
        {"sctp-16k", run_sctp_16k},
        {"sctp-16k-crc", run_sctp_16k_crc},
        {"dtls", run_dtls},
        {"path-1k", run_path_1k},
        {"path-16k", run_path_16k},
        {NULL, NULL},
    };
    return bench_main("floe", modes, argc, argv);
}
