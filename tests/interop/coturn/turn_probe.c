/*
 * interop/coturn/turn_probe.c - one scenario of a TURN client against a real server.
 *
 *   turn_probe SCENARIO udp|tcp|tls|dtls IP PORT USER PASSWORD [ARGUMENT]
 * Prints "ok" and ends with 0, or "FAIL why" and 1. "restart" says "ready" and waits for a line.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/text.h"
#include "turn_link.h"

static turn_link a, b;
static floe_turn_config config;
static const char *argument;

static void require(bool condition, const char *what)
{
    if (!condition) {
        turn_link_die(what);
    }
}

static void open_link(turn_link *link)
{
    turn_link_open(link, &config);
    config.path.local = (floe_addr){0};
    if (!turn_link_wait(link, FLOE_TURN_EV_ALLOCATED, 5 * FLOE_SECOND)) {
        printf("%s (%u): ", floe_turn_cause_text(link->event[FLOE_TURN_EV_FAILED].cause),
               link->event[FLOE_TURN_EV_FAILED].code);
        turn_link_die("no allocation");
    }
}

/* From the relay to itself and back, by Send and Data indications, then by a channel. */
static void echo(turn_link *link, uint8_t family)
{
    floe_addr relay = floe_turn_client_get_relay(&link->client, family);
    require(relay.family == family, "no relay of this family");
    memset(link->seen, 0, sizeof link->seen);
    require(floe_turn_client_add_peer(&link->client, &relay) == FLOE_OK, "add_peer");
    require(turn_link_wait(link, FLOE_TURN_EV_PEER, 5 * FLOE_SECOND), "no permission");
    require(link->event[FLOE_TURN_EV_PEER].is_ready, "permission refused");
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        const char *text = by_channel ? "by channel" : "by indication!";
        size_t head = floe_turn_client_get_head(&link->client, &relay);
        require((head == FLOE_TURN_HEAD) == (by_channel == 1), "wrong way");
        link->got_count = 0;
        turn_link_send(link, &relay, text);
        turn_link_run(link, FLOE_SECOND / 2);
        require(link->got_count == 1 && link->got_len == strlen(text) &&
                    memcmp(link->got, text, link->got_len) == 0 &&
                    floe_addr_equal(&link->from, &relay),
                "data did not come back");
        if (!by_channel) {
            require(floe_turn_client_bind(&link->client, &relay) == FLOE_OK, "bind");
            require(turn_link_wait(link, FLOE_TURN_EV_CHANNEL, 5 * FLOE_SECOND), "no channel");
            require(link->event[FLOE_TURN_EV_CHANNEL].is_ready, "channel refused");
        }
    }
}

static void run_relay(void)
{
    open_link(&a);
    echo(&a, 4);
    turn_link_close(&a);
}

static void run_relay6(void)
{
    config.relay = FLOE_TURN_RELAY_IPV6;
    open_link(&a);
    echo(&a, 6);
    turn_link_close(&a);
}

static void run_both(void)
{
    config.relay = FLOE_TURN_RELAY_BOTH;
    open_link(&a);
    echo(&a, 4);
    echo(&a, 6);
    /* Without a family in it, a Refresh is for both. */
    floe_turn_client_refresh(&a.client);
    turn_link_run(&a, FLOE_SECOND);
    floe_addr relay = floe_turn_client_get_relay(&a.client, 6);
    a.got_count = 0;
    turn_link_send(&a, &relay, "still there");
    turn_link_run(&a, FLOE_SECOND / 2);
    require(a.got_count == 1 && a.seen[FLOE_TURN_EV_LOST] == 0, "lost by the refresh");
    turn_link_close(&a);
}

static void run_refused(void)
{
    turn_link_open(&a, &config);
    require(turn_link_wait(&a, FLOE_TURN_EV_FAILED, 45 * FLOE_SECOND), "not refused");
    require(a.event[FLOE_TURN_EV_FAILED].code == atoi(argument), "another code");
}

static void run_integrity(void)
{
    turn_link_open(&a, &config);
    require(turn_link_wait(&a, FLOE_TURN_EV_FAILED, 5 * FLOE_SECOND), "believed");
    require(a.event[FLOE_TURN_EV_FAILED].cause == FLOE_TURN_CAUSE_INTEGRITY, "another cause");
}

static void run_family(void)
{
    config.relay = FLOE_TURN_RELAY_IPV6;
    turn_link_open(&a, &config);
    require(turn_link_wait(&a, FLOE_TURN_EV_FAILED, 5 * FLOE_SECOND), "not noticed");
    require(a.event[FLOE_TURN_EV_FAILED].cause == FLOE_TURN_CAUSE_FAMILY, "another cause");
    require(turn_link_wait(&a, FLOE_TURN_EV_CLOSED, 5 * FLOE_SECOND), "not deleted");
}

/* Change the nonce that the client has, behind its back: one that the server does not know. */
static void spoil_nonce(turn_link *link)
{
    floe_stun_auth *auth = &link->client.auth;
    auth->text[auth->lens[0] + auth->lens[1] + auth->lens[2] + auth->lens[3] - 1] ^= 1;
}

static unsigned count_nonces(const turn_link *link)
{
    floe_turn_stats stats;
    floe_turn_client_get_stats(&link->client, &stats);
    return stats.nonces;
}

/* 438 to Refresh, CreatePermission and ChannelBind. */
static void run_nonce(void)
{
    floe_addr peer = floe_addr_from_ipv4(203, 0, 113, 100, 9);
    open_link(&a);
    unsigned before = count_nonces(&a);
    spoil_nonce(&a);
    floe_turn_client_refresh(&a.client);
    turn_link_run(&a, FLOE_SECOND / 2);
    require(count_nonces(&a) == before + 1, "Refresh: no 438");
    spoil_nonce(&a);
    require(floe_turn_client_add_peer(&a.client, &peer) == FLOE_OK, "add_peer");
    require(turn_link_wait(&a, FLOE_TURN_EV_PEER, 5 * FLOE_SECOND) &&
                a.event[FLOE_TURN_EV_PEER].is_ready && count_nonces(&a) == before + 2,
            "CreatePermission: no 438");
    spoil_nonce(&a);
    require(floe_turn_client_bind(&a.client, &peer) == FLOE_OK, "bind");
    require(turn_link_wait(&a, FLOE_TURN_EV_CHANNEL, 5 * FLOE_SECOND) &&
                a.event[FLOE_TURN_EV_CHANNEL].is_ready && count_nonces(&a) == before + 3,
            "ChannelBind: no 438");
    require(a.seen[FLOE_TURN_EV_LOST] == 0, "lost");
    echo(&a, 4);
    turn_link_close(&a);
}

static void run_stale(void)
{
    floe_turn_stats stats;
    open_link(&a);
    for (int i = 0; i < 8; i++) {
        turn_link_run(&a, FLOE_SECOND);
        floe_turn_client_refresh(&a.client);
        floe_addr peer = floe_addr_from_ipv4(203, 0, 113, (uint8_t)(100 + i), 9);
        if (i < 4) {
            require(floe_turn_client_bind(&a.client, &peer) == FLOE_OK, "bind");
        }
    }
    turn_link_run(&a, FLOE_SECOND);
    floe_turn_client_get_stats(&a.client, &stats);
    require(stats.nonces > 2, "no nonce went stale");
    require(a.seen[FLOE_TURN_EV_LOST] == 0, "lost");
    require(a.seen[FLOE_TURN_EV_CHANNEL] == 4 && a.event[FLOE_TURN_EV_CHANNEL].is_ready,
            "channels");
    turn_link_close(&a);
}

static void run_denied(void)
{
    floe_addr peer = floe_addr_from_ipv4(203, 0, 113, 66, 9);
    open_link(&a);
    require(floe_turn_client_bind(&a.client, &peer) == FLOE_OK, "bind");
    require(turn_link_wait(&a, FLOE_TURN_EV_PEER, 5 * FLOE_SECOND), "no answer");
    require(!a.event[FLOE_TURN_EV_PEER].is_ready && a.event[FLOE_TURN_EV_PEER].code == 403,
            "not refused by 403");
    echo(&a, 4);
    turn_link_close(&a);
}

static void run_quota(void)
{
    open_link(&a);
    turn_link_open(&b, &config);
    require(turn_link_wait(&b, FLOE_TURN_EV_FAILED, 5 * FLOE_SECOND), "no quota");
    require(b.event[FLOE_TURN_EV_FAILED].code == 486 &&
                b.event[FLOE_TURN_EV_FAILED].retry_us == 60000000,
            "not 486");
    turn_link_close(&a);
}

static void run_restart(void)
{
    char line[16];
    open_link(&a);
    echo(&a, 4);
    puts("ready");
    fflush(stdout);
    require(fgets(line, sizeof line, stdin) != NULL, "stdin");
    floe_turn_client_refresh(&a.client);
    require(turn_link_wait(&a, FLOE_TURN_EV_LOST, 10 * FLOE_SECOND), "loss not noticed");
    require(turn_link_wait(&a, FLOE_TURN_EV_ALLOCATED, 10 * FLOE_SECOND), "not made again");
    turn_link_run(&a, FLOE_SECOND);
    floe_addr relay = floe_turn_client_get_relay(&a.client, 4);
    floe_turn_client_remove_peer(&a.client, &relay);
    echo(&a, 4);
    turn_link_close(&a);
}

static void run_even(void)
{
    config.port = FLOE_TURN_PORT_EVEN_RESERVE;
    open_link(&a);
    floe_addr first = floe_turn_client_get_relay(&a.client, 4);
    uint64_t token = a.event[FLOE_TURN_EV_ALLOCATED].reservation_token;
    require(first.port % 2 == 0 && token != 0, "no even port, or no token");
    config.port = FLOE_TURN_PORT_ANY;
    config.reservation_token = token;
    open_link(&b);
    floe_addr second = floe_turn_client_get_relay(&b.client, 4);
    require(second.port == first.port + 1, "not the port that was reserved");
    turn_link_close(&a);
    turn_link_close(&b);
}

static void run_mobility(void)
{
    config.wants_mobility = true;
    open_link(&a);
    floe_addr before = floe_turn_client_get_relay(&a.client, 4);
    turn_link_reconnect(&a);
    require(turn_link_wait(&a, FLOE_TURN_EV_MOVED, 5 * FLOE_SECOND), "not moved");
    floe_addr after = floe_turn_client_get_relay(&a.client, 4);
    require(floe_addr_equal(&before, &after), "another relay");
    echo(&a, 4);
    turn_link_close(&a);
}

static int listen_here(floe_addr *addr)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    memcpy(&in.sin_addr, config.path.remote.ip, 4);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    require(fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && listen(fd, 1) == 0 &&
                getsockname(fd, (struct sockaddr *)&in, &len) == 0,
            "listen");
    *addr = config.path.remote;
    addr->port = ntohs(in.sin_port);
    return fd;
}

static void run_tcp_relay(void)
{
    uint8_t buf[1500];
    size_t len;
    floe_addr peer;
    config.is_tcp = true;
    int listener = listen_here(&peer);
    open_link(&a);
    require(floe_turn_client_add_peer(&a.client, &peer) == FLOE_OK, "add_peer");
    require(turn_link_wait(&a, FLOE_TURN_EV_PEER, 5 * FLOE_SECOND), "no permission");
    require(floe_turn_client_connect(&a.client, &peer) == FLOE_OK, "connect");
    require(turn_link_wait(&a, FLOE_TURN_EV_CONNECTION, 5 * FLOE_SECOND), "no connection");
    uint32_t id = a.event[FLOE_TURN_EV_CONNECTION].connection;
    require(id != 0, "connection refused");
    int data = turn_link_dial(&a.path);
    int accepted = accept(listener, NULL, NULL);
    require(floe_turn_client_open(&a.client, id, (floe_span){buf, sizeof buf}, &len) == FLOE_OK &&
                send(data, buf, len, 0) == (ssize_t)len,
            "open");
    ssize_t got = -1;
    for (int i = 0; i < 100 && got < 0; i++) {
        got = recv(data, buf, sizeof buf, 0);
    }
    require(got > 0 && floe_turn_client_input_open(&a.client, turn_link_now(), id,
                                                   (floe_bytes){buf, (size_t)got}) == FLOE_OK,
            "ConnectionBind refused");
    require(send(data, "over TCP", 8, 0) == 8 && recv(accepted, buf, 8, MSG_WAITALL) == 8 &&
                memcmp(buf, "over TCP", 8) == 0,
            "no data");
    turn_link_close(&a);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"relay", run_relay},       {"relay6", run_relay6},       {"both", run_both},
    {"refused", run_refused},   {"stale", run_stale},         {"denied", run_denied},
    {"quota", run_quota},       {"restart", run_restart},     {"even", run_even},
    {"mobility", run_mobility}, {"tcp_relay", run_tcp_relay}, {"integrity", run_integrity},
    {"family", run_family},     {"nonce", run_nonce},
};

int main(int argc, char **argv)
{
    static const char *const transports[] = {"udp", "tcp", "tls", "dtls"};
    require(argc >= 7, "usage");
    argument = argc > 7 ? argv[7] : "0";
    for (uint8_t i = 0; i < 4; i++) {
        config.path.transport = strcmp(argv[2], transports[i]) == 0 ? i : config.path.transport;
    }
    require(floe_addr_parse(&config.path.remote, floe_bytes_of(argv[3]), (uint16_t)atoi(argv[4])) ==
                FLOE_OK,
            "address");
    config.username = floe_bytes_of(argv[5]);
    config.password = floe_bytes_of(argv[6]);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (strcmp(argv[1], scenarios[i].name) == 0) {
            scenarios[i].run();
            puts("ok");
            return 0;
        }
    }
    turn_link_die("no such scenario");
}
