/* Unit tests of io/io_port.c: peers that share a port, over loopback. */
#include "io/io_port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_peer_internal.h"
#include "io/udp.h"
#include "support/ice_message.h"
#include "support/unit.h"

#define PATIENCE (20 * FLOE_SECOND)
#define PAIRS    3u

static floe_dtls_identity identity; /* making one takes longer than a test */

/* Peers 2 i and 2 i + 1 are to be connected. */
typedef struct fixture {
    floe_loop *loop;
    floe_io_port *port[2];
    floe_io_peer *io[2 * PAIRS];
    floe_dc_id channel[2 * PAIRS];
    bool is_gathered[2 * PAIRS];
    uint8_t bytes[65536];
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        f.channel[i] = FLOE_DC_NONE;
    }
    *state = &f;
    return floe_loop_open(&f.loop) == FLOE_OK ? 0 : -1;
}

static void close_peer(fixture *f, size_t which)
{
    floe_io_peer_close(f->io[which]);
    f->io[which] = NULL;
    f->channel[which] = FLOE_DC_NONE;
    f->is_gathered[which] = false;
}

static int teardown(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        close_peer(f, i);
    }
    floe_io_port_close(f->port[0]);
    floe_io_port_close(f->port[1]);
    floe_loop_close(f->loop);
    return 0;
}

static void open_port(fixture *f, size_t which, uint32_t peer_max)
{
    floe_io_port_config config = {.peer_max = peer_max, .use_loopback = true};
    assert_int_equal(floe_io_port_open(&f->port[which], f->loop, &config), FLOE_OK);
}

static void open_peer(fixture *f, size_t which, floe_io_port *port)
{
    floe_io_config config = {.identity = &identity, .port = port, .use_loopback = true};
    assert_int_equal(floe_io_peer_open(&f->io[which], f->loop, &config, NULL), FLOE_OK);
}

static void take_event(fixture *f, size_t i, const floe_peer_event *event)
{
    if (event->type == FLOE_PEER_EV_CHANNEL_OPEN) {
        f->channel[i] = event->channel;
    }
    f->is_gathered[i] |=
        event->type == FLOE_PEER_EV_GATHERING && event->gathering == FLOE_ICE_GATHERING_COMPLETE;
}

static void take_events(fixture *f, floe_io_peer *io)
{
    floe_peer_event event;
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        while (f->io[i] == io && floe_io_peer_poll_event(io, &event)) {
            take_event(f, i, &event);
        }
    }
}

/* Events of peers on ports are asked for by port. */
static void turn(fixture *f)
{
    floe_io_peer *io;
    floe_loop_wait(f->loop, 1000);
    for (size_t i = 0; i < 2; i++) {
        while (f->port[i] != NULL && (io = floe_io_port_next(f->port[i])) != NULL) {
            take_events(f, io);
        }
    }
    for (size_t i = 0; i < 2 * PAIRS && f->port[1] == NULL; i++) {
        if (f->io[i] != NULL) {
            take_events(f, f->io[i]);
        }
    }
}

static void carry(fixture *f, size_t from, size_t to, floe_peer_sdp_type type)
{
    size_t len;
    assert_int_equal(floe_peer_set_local(floe_io_peer_get(f->io[from]), type), FLOE_OK);
    while (floe_peer_get_gathering(floe_io_peer_get(f->io[from])) != FLOE_ICE_GATHERING_COMPLETE) {
        turn(f);
    }
    assert_int_equal(
        floe_peer_get_local(floe_io_peer_get(f->io[from]), &type, f->bytes, sizeof f->bytes, &len),
        FLOE_OK);
    floe_bytes sdp = {f->bytes, len};
    assert_int_equal(floe_peer_set_remote(floe_io_peer_get(f->io[to]), type, sdp, NULL), FLOE_OK);
}

static void describe(fixture *f, size_t pair)
{
    floe_dc_id id;
    floe_dc_options options = {.label = FLOE_LIT("test")};
    assert_int_equal(floe_peer_open_channel(floe_io_peer_get(f->io[2 * pair]), &options, &id),
                     FLOE_OK);
    carry(f, 2 * pair, 2 * pair + 1, FLOE_PEER_OFFER);
    carry(f, 2 * pair + 1, 2 * pair, FLOE_PEER_ANSWER);
}

static void expect_open(fixture *f, size_t pair)
{
    floe_time start = floe_loop_now(f->loop);
    while (f->channel[2 * pair] == FLOE_DC_NONE || f->channel[2 * pair + 1] == FLOE_DC_NONE) {
        turn(f);
        assert_true(floe_loop_now(f->loop) - start < PATIENCE);
    }
}

static void expect_talk(fixture *f, size_t from, size_t to)
{
    floe_dc_message message;
    uint8_t text[] = {'h', 'i', (uint8_t)from};
    floe_time start = floe_loop_now(f->loop);
    assert_int_equal(floe_peer_send(floe_io_peer_get(f->io[from]), f->channel[from], false,
                                    (floe_bytes){text, sizeof text}),
                     FLOE_OK);
    while (!floe_peer_peek(floe_io_peer_get(f->io[to]), &message)) {
        turn(f);
        assert_true(floe_loop_now(f->loop) - start < PATIENCE);
    }
    floe_peer *peer = floe_io_peer_get(f->io[to]);
    assert_int_equal(floe_peer_copy(peer, f->bytes, sizeof f->bytes), sizeof text);
    assert_memory_equal(f->bytes, text, sizeof text);
    floe_peer_release(peer);
}

/* All peers of even number on one port, those of odd number on sockets of their own. */
static void connect_all(fixture *f)
{
    open_port(f, 0, PAIRS);
    for (size_t i = 0; i < PAIRS; i++) {
        open_peer(f, 2 * i, f->port[0]);
        open_peer(f, 2 * i + 1, NULL);
        describe(f, i);
    }
    for (size_t i = 0; i < PAIRS; i++) {
        expect_open(f, i);
    }
}

static floe_io_port_stats stats_of(const fixture *f)
{
    floe_io_port_stats stats;
    floe_io_port_get_stats(f->port[0], &stats);
    return stats;
}

static void test_io_port_serves_several_peers(void **state)
{
    fixture *f = *state;
    connect_all(f);
    for (size_t i = 0; i < PAIRS; i++) {
        expect_talk(f, 2 * i, 2 * i + 1);
        expect_talk(f, 2 * i + 1, 2 * i);
    }
    assert_int_equal(stats_of(f).peers, PAIRS);
    assert_int_equal(stats_of(f).mux.names, PAIRS);
    assert_int_equal(stats_of(f).dropped_rival, 0);
}

static void test_io_port_peer_that_goes_leaves_nothing_behind(void **state)
{
    fixture *f = *state;
    connect_all(f);
    for (size_t i = 0; i < PAIRS; i++) {
        close_peer(f, 2 * i);
    }
    assert_int_equal(stats_of(f).peers, 0);
    assert_int_equal(stats_of(f).mux.names, 0);
    assert_int_equal(stats_of(f).mux.paths, 0);
}

static void test_io_port_sleeps_when_there_is_nothing_to_do(void **state)
{
    fixture *f = *state;
    unsigned waits = 0;
    open_port(f, 0, PAIRS);
    open_port(f, 1, PAIRS);
    open_peer(f, 0, f->port[0]);
    open_peer(f, 1, f->port[1]);
    describe(f, 0);
    expect_open(f, 0);
    floe_time start = floe_loop_now(f->loop);
    for (; floe_loop_now(f->loop) - start < FLOE_SECOND; waits++) {
        turn(f);
    }
    assert_in_range(waits, 1, 100);
}

static void test_io_port_peer_at_rest_wakes_when_others_do(void **state)
{
    fixture *f = *state;
    floe_io_config config = {.identity = &identity, .use_loopback = true};
    config.ice.consent_us = 400 * FLOE_MS; /* nearer than what waits for others in any case */
    open_port(f, 0, PAIRS);
    open_peer(f, 1, NULL);
    config.port = f->port[0];
    assert_int_equal(floe_io_peer_open(&f->io[0], f->loop, &config, NULL), FLOE_OK);
    describe(f, 0);
    expect_open(f, 0);
    floe_time rest = floe_loop_now(f->loop) + 2 * FLOE_IO_REST_AFTER;
    unsigned joined = 0;
    while (floe_loop_now(f->loop) < rest + FLOE_SECOND || joined == 0) {
        turn(f);
        floe_time now = floe_loop_now(f->loop);
        assert_true(now < rest + PATIENCE);
        floe_time at = f->io[0]->guest.deadline.at;
        if (now >= rest && at != FLOE_TIME_NEVER && at >= now + 20 * FLOE_MS) {
            assert_int_equal(at % FLOE_DEADLINES_GRAIN, 0);
            joined++;
        }
    }
    assert_in_range(joined, 1, 1000);
}

static void test_io_port_peer_survives_a_restart_of_ice(void **state)
{
    fixture *f = *state;
    open_port(f, 0, PAIRS);
    open_port(f, 1, PAIRS);
    open_peer(f, 0, f->port[0]);
    open_peer(f, 1, f->port[1]);
    describe(f, 0);
    expect_open(f, 0);
    for (int i = 0; i < 3; i++) {
        floe_peer_restart_ice(floe_io_peer_get(f->io[0]));
        carry(f, 0, 1, FLOE_PEER_OFFER);
        carry(f, 1, 0, FLOE_PEER_ANSWER);
        expect_talk(f, 0, 1);
        expect_talk(f, 1, 0);
        assert_in_range(stats_of(f).mux.names, 1, 2);
    }
}

/* Where the port is reached. */
static floe_addr address_of(const fixture *f)
{
    size_t cursor = 0;
    floe_ice_cand cand;
    const floe_peer *peer = floe_io_peer_get(f->io[0]);
    do {
        assert_true(floe_ice_agent_next_local(&peer->ice, &cursor, &cand));
    } while (!floe_addr_is_loopback(&cand.addr) || cand.addr.family != 4);
    return cand.addr;
}

static void send_from(floe_udp *udp, const floe_addr *to, floe_bytes datagram)
{
    uint8_t copy[FLOE_DATAGRAM_MAX];
    size_t done = 0;
    floe_transmit run = {.buf = copy, .len = datagram.len, .segment = datagram.len};
    memcpy(copy, datagram.ptr, datagram.len);
    run.path.remote = *to;
    assert_int_equal(floe_udp_send_run(udp, &run, &done), FLOE_OK);
}

/* A check as the peer of this one would write it. */
static floe_bytes write_check(fixture *f, size_t which, uint8_t buf[FLOE_DATAGRAM_MAX])
{
    char username[64], password[64];
    floe_bytes ufrag, pwd;
    floe_ice_agent_get_local(&floe_io_peer_get(f->io[which])->ice, &ufrag, &pwd);
    (void)snprintf(username, sizeof username, "%.*s:abcd", (int)ufrag.len, (const char *)ufrag.ptr);
    (void)snprintf(password, sizeof password, "%.*s", (int)pwd.len, (const char *)pwd.ptr);
    ice_message check = ice_message_check(true);
    check.username = username;
    check.pwd = password;
    return ice_message_write(&check, buf);
}

/* Whose peers are behind one NAT, or who forges addresses: even one who is invited himself does not
 * get what comes from the address of another's peer. */
static void test_io_port_path_of_one_peer_can_not_be_taken_for_another(void **state)
{
    fixture *f = *state;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_udp udp;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    open_port(f, 0, PAIRS);
    open_peer(f, 0, f->port[0]);
    open_peer(f, 1, f->port[0]);
    floe_addr port = address_of(f);
    assert_int_equal(floe_udp_open(&udp, &loopback), FLOE_OK);
    send_from(&udp, &port, write_check(f, 0, buf));
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(stats_of(f).mux.paths, 1);
    send_from(&udp, &port, write_check(f, 1, buf));
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(stats_of(f).mux.paths, 1);
    close_peer(f, 1);
    assert_int_equal(stats_of(f).mux.paths, 1);
    open_peer(f, 1, f->port[0]);
    close_peer(f, 0);
    assert_int_equal(stats_of(f).mux.paths, 0);
    send_from(&udp, &port, write_check(f, 1, buf));
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(stats_of(f).mux.paths, 1);
    floe_udp_close(&udp);
}

/* A check for one peer from all addresses of another, to all of the port. */
static void forge_checks(fixture *f, size_t whom, size_t from)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_socket_set *set = f->io[from]->sockets;
    floe_bytes check = write_check(f, whom, buf);
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX; i++) {
        size_t cursor = 0;
        floe_addr to;
        uint16_t preference;
        floe_udp *udp = &set->sockets[i].udp;
        while (udp->fd >= 0 &&
               floe_socket_set_next(f->io[whom]->sockets, &cursor, &to, &preference)) {
            if (to.family == udp->local.family) {
                send_from(udp, &to, check);
            }
        }
    }
}

/* Who is invited himself may write checks, and some networks let him write any address on them; but
 * what is sent there does not come to him. */
static void test_io_port_checks_from_forged_addresses_keep_nobody_from_his_path(void **state)
{
    fixture *f = *state;
    open_port(f, 0, PAIRS);
    open_peer(f, 0, f->port[0]);
    open_peer(f, 1, NULL);
    open_peer(f, 2, f->port[0]);
    forge_checks(f, 2, 1);
    floe_loop_wait(f->loop, 1000);
    assert_true(stats_of(f).mux.paths > 0);
    describe(f, 0);
    expect_open(f, 0);
    assert_int_equal(stats_of(f).dropped_rival, 0);
    forge_checks(f, 2, 1);
    expect_talk(f, 0, 1);
    expect_talk(f, 1, 0);
    assert_true(stats_of(f).dropped_rival > 0);
}

/* A user fragment is no secret; who has no more than that gets no path and disturbs nobody. */
static void test_io_port_attacker_who_knows_a_ufrag_takes_nothing(void **state)
{
    fixture *f = *state;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    char username[64];
    floe_bytes ufrag, pwd;
    floe_udp udp;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    connect_all(f);
    floe_ice_agent_get_local(&floe_io_peer_get(f->io[0])->ice, &ufrag, &pwd);
    (void)snprintf(username, sizeof username, "%.*s:abcd", (int)ufrag.len, (const char *)ufrag.ptr);
    ice_message check = ice_message_check(true);
    check.username = username;
    floe_addr port = address_of(f);
    floe_io_port_stats before = stats_of(f);
    assert_int_equal(floe_udp_open(&udp, &loopback), FLOE_OK);
    for (int i = 0; i < 50; i++) {
        send_from(&udp, &port, ice_message_write(&check, buf));
        send_from(&udp, &port, FLOE_LIT("\x17\xfe\xfd............"));
    }
    for (size_t i = 0; i < PAIRS; i++) {
        expect_talk(f, 2 * i, 2 * i + 1);
        expect_talk(f, 2 * i + 1, 2 * i);
    }
    floe_udp_close(&udp);
    assert_in_range(stats_of(f).mux.dropped_unknown, before.mux.dropped_unknown + 50,
                    before.mux.dropped_unknown + 60);
    assert_int_equal(stats_of(f).mux.paths, before.mux.paths);
}

static void test_io_port_garbage_is_counted_and_changes_nothing(void **state)
{
    fixture *f = *state;
    floe_udp udp;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    connect_all(f);
    floe_addr port = address_of(f);
    assert_int_equal(floe_udp_open(&udp, &loopback), FLOE_OK);
    for (int i = 0; i < 50; i++) {
        send_from(&udp, &port, FLOE_LIT("\0\1\0\0\x21\x12\xa4\x42............"));
        send_from(&udp, &port, FLOE_LIT("\1\1\0\0\x21\x12\xa4\x42............"));
        send_from(&udp, &port, FLOE_LIT("\xff"));
    }
    expect_talk(f, 0, 1);
    expect_talk(f, 1, 0);
    floe_udp_close(&udp);
    assert_true(stats_of(f).mux.dropped_unknown >= 150);
}

/* A server that answers what has come. */
static void serve_stun(int fd)
{
    uint8_t request[FLOE_DATAGRAM_MAX], response[FLOE_DATAGRAM_MAX];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t len;
    while ((len = recvfrom(fd, request, sizeof request, MSG_DONTWAIT, (struct sockaddr *)&from,
                           &size)) > 0) {
        floe_addr mapped = floe_addr_from_ipv4(203, 0, 113, 7, 4000);
        ice_message message = {.cls = FLOE_STUN_SUCCESS, .mapped = mapped};
        memcpy(message.tid, request + 8, sizeof message.tid);
        floe_bytes text = ice_message_write(&message, response);
        assert_true(sendto(fd, text.ptr, text.len, 0, (struct sockaddr *)&from, size) > 0);
    }
}

static void test_io_port_peers_ask_one_stun_server_from_one_address(void **state)
{
    fixture *f = *state;
    char url[64];
    const char *const urls[] = {url};
    floe_io_server server = {.urls = urls, .url_count = 1};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    (void)snprintf(url, sizeof url, "stun:127.0.0.1:%u", ntohs(at.sin_port));
    open_port(f, 0, PAIRS);
    for (size_t i = 0; i < PAIRS; i++) {
        floe_io_config config = {
            .identity = &identity, .port = f->port[0], .servers = &server, .server_count = 1};
        assert_int_equal(floe_io_peer_open(&f->io[i], f->loop, &config, NULL), FLOE_OK);
        assert_int_equal(floe_peer_set_local(floe_io_peer_get(f->io[i]), FLOE_PEER_OFFER), FLOE_OK);
    }
    floe_time start = floe_loop_now(f->loop);
    while (!f->is_gathered[0] || !f->is_gathered[1] || !f->is_gathered[2]) {
        turn(f);
        serve_stun(fd);
        assert_true(floe_loop_now(f->loop) - start < PATIENCE);
    }
    assert_int_equal(stats_of(f).mux.by_request, PAIRS);
    close(fd);
}

/* One socket has the number on all addresses. */
static void test_io_port_says_when_it_can_not_be_bound(void **state)
{
    fixture *f = *state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t size = sizeof any;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    floe_io_port_config config = {.number = ntohs(any.sin6_port), .use_loopback = true};
    assert_int_equal(floe_io_port_open(&f->port[0], f->loop, &config), FLOE_E_ARG);
    assert_null(f->port[0]);
    close(fd);
    assert_int_equal(floe_io_port_open(&f->port[0], f->loop, &config), FLOE_OK);
    open_peer(f, 0, f->port[0]);
    assert_int_equal(address_of(f).port, config.number);
}

static void test_io_port_says_when_it_is_full(void **state)
{
    fixture *f = *state;
    floe_io_config config = {.identity = &identity};
    open_port(f, 0, 1);
    open_peer(f, 0, f->port[0]);
    config.port = f->port[0];
    assert_int_equal(floe_io_peer_open(&f->io[1], f->loop, &config, NULL), FLOE_E_FULL);
    assert_null(f->io[1]);
    close_peer(f, 0);
    open_peer(f, 1, f->port[0]);
}

static void test_io_port_peer_with_a_turn_server_over_udp_has_its_own_sockets(void **state)
{
    fixture *f = *state;
    const char *const urls[] = {"turn:127.0.0.1:9"};
    const char *const tcp[] = {"turn:127.0.0.1:9?transport=tcp"};
    floe_io_server server = {.urls = urls, .url_count = 1, .username = "u", .credential = "c"};
    floe_io_config config = {.identity = &identity, .servers = &server, .server_count = 1};
    open_port(f, 0, PAIRS);
    config.port = f->port[0];
    assert_int_equal(floe_io_peer_open(&f->io[0], f->loop, &config, NULL), FLOE_OK);
    assert_int_equal(stats_of(f).peers, 0);
    server.urls = tcp;
    assert_int_equal(floe_io_peer_open(&f->io[1], f->loop, &config, NULL), FLOE_OK);
    assert_int_equal(stats_of(f).peers, 1);
}

static int make_identity(void **state)
{
    (void)state;
    return floe_dtls_identity_init(&identity) == FLOE_OK ? 0 : -1;
}

static int free_identity(void **state)
{
    (void)state;
    floe_dtls_identity_free(&identity);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_io_port_serves_several_peers),
        TEST(test_io_port_peer_that_goes_leaves_nothing_behind),
        TEST(test_io_port_sleeps_when_there_is_nothing_to_do),
        TEST(test_io_port_peer_at_rest_wakes_when_others_do),
        TEST(test_io_port_peer_survives_a_restart_of_ice),
        TEST(test_io_port_path_of_one_peer_can_not_be_taken_for_another),
        TEST(test_io_port_checks_from_forged_addresses_keep_nobody_from_his_path),
        TEST(test_io_port_attacker_who_knows_a_ufrag_takes_nothing),
        TEST(test_io_port_garbage_is_counted_and_changes_nothing),
        TEST(test_io_port_peers_ask_one_stun_server_from_one_address),
        TEST(test_io_port_says_when_it_can_not_be_bound),
        TEST(test_io_port_says_when_it_is_full),
        TEST(test_io_port_peer_with_a_turn_server_over_udp_has_its_own_sockets),
    };
#undef TEST
    return cmocka_run_group_tests(tests, make_identity, free_identity);
}
