/*
 * tests/unit/io/test_io_peer.c - peers on real sockets over loopback, two on one loop. A kernel
 * that has no room is played by a sendmmsg() of the test's own.
 */
#include "io/io_peer.h"

#include "base/addr.h"
#include "io/io_peer_internal.h"
#include "io/netwatch.h"
#include "io/udp.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/unit.h"

#define PATIENCE (20 * FLOE_SECOND)

static floe_dtls_identity identity; /* making one takes longer than a test */

static struct {
    bool is_narrow; /* take one datagram, then none, and so on */
    bool is_full;
    bool cuts_nothing; /* has no UDP_SEGMENT */
    unsigned refusals;
} kernel;

/* These stand in for the C library's. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (kernel.cuts_nothing && level == SOL_UDP && option == UDP_SEGMENT) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (kernel.is_narrow) {
        kernel.is_full = !kernel.is_full;
        if (kernel.is_full) {
            kernel.refusals++;
            errno = EAGAIN;
            return -1;
        }
        count = 1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

typedef struct fixture {
    floe_loop *loop;
    floe_io_peer *io[2];
    floe_peer *peer[2];
    floe_dc_id channel[2]; /* FLOE_DC_NONE until it is open */
    bool is_gathered[2];
    uint64_t waits;
    uint8_t bytes[300000];
} fixture;

static void open_peer(fixture *f, int which, const floe_io_config *more)
{
    floe_io_config config = more != NULL ? *more : (floe_io_config){.use_loopback = true};
    config.identity = &identity;
    assert_int_equal(floe_io_peer_open(&f->io[which], f->loop, &config, NULL), FLOE_OK);
    f->peer[which] = floe_io_peer_get(f->io[which]);
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    memset(&kernel, 0, sizeof kernel);
    f.channel[0] = f.channel[1] = FLOE_DC_NONE;
    *state = &f;
    return floe_loop_open(&f.loop) == FLOE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_io_peer_close(f->io[0]);
    floe_io_peer_close(f->io[1]);
    floe_loop_close(f->loop);
    return 0;
}

/* One turn of a program: sleep, then read the events of both. */
static void turn(fixture *f)
{
    floe_peer_event event;
    floe_loop_wait(f->loop, 1000);
    f->waits++;
    for (int i = 0; i < 2; i++) {
        while (f->io[i] != NULL && floe_io_peer_poll_event(f->io[i], &event)) {
            if (event.type == FLOE_PEER_EV_CHANNEL_OPEN) {
                f->channel[i] = event.channel;
            }
            f->is_gathered[i] |= event.type == FLOE_PEER_EV_GATHERING &&
                                 event.gathering == FLOE_ICE_GATHERING_COMPLETE;
        }
    }
}

static void check_patience(const fixture *f, floe_time start)
{
    if (floe_loop_now(f->loop) - start > PATIENCE) {
        fail_msg("it takes too long");
    }
}

/* Describe one side to the other. */
static void carry(fixture *f, int from, floe_peer_sdp_type type)
{
    size_t len;
    floe_peer_sdp_type told;
    floe_time start = floe_loop_now(f->loop);
    assert_int_equal(floe_peer_set_local(f->peer[from], type), FLOE_OK);
    while (!f->is_gathered[from]) {
        turn(f);
        check_patience(f, start);
    }
    assert_int_equal(floe_peer_get_local(f->peer[from], &told, f->bytes, sizeof f->bytes, &len),
                     FLOE_OK);
    assert_int_equal(told, type);
    assert_int_equal(floe_peer_set_remote(f->peer[!from], type, (floe_bytes){f->bytes, len}, NULL),
                     FLOE_OK);
}

static void connect_peers(fixture *f)
{
    floe_dc_id id;
    floe_dc_options options = {.label = FLOE_LIT("test")};
    floe_time start = floe_loop_now(f->loop);
    assert_int_equal(floe_peer_open_channel(f->peer[0], &options, &id), FLOE_OK);
    carry(f, 0, FLOE_PEER_OFFER);
    carry(f, 1, FLOE_PEER_ANSWER);
    while (f->channel[0] == FLOE_DC_NONE || f->channel[1] == FLOE_DC_NONE) {
        turn(f);
        check_patience(f, start);
    }
}

static void open_both(fixture *f)
{
    open_peer(f, 0, NULL);
    open_peer(f, 1, NULL);
    connect_peers(f);
}

static void expect_message(fixture *f, int which, floe_bytes expected)
{
    floe_dc_message message;
    floe_time start = floe_loop_now(f->loop);
    while (!floe_peer_peek(f->peer[which], &message)) {
        turn(f);
        check_patience(f, start);
    }
    assert_int_equal(message.len, expected.len);
    assert_int_equal(floe_peer_copy(f->peer[which], f->bytes, sizeof f->bytes), expected.len);
    assert_memory_equal(f->bytes, expected.ptr, expected.len);
    floe_peer_release(f->peer[which]);
}

static void test_io_peers_connect_over_loopback_and_talk(void **state)
{
    fixture *f = *state;
    open_both(f);
    assert_int_equal(floe_peer_send(f->peer[0], f->channel[0], true, FLOE_LIT("to")), FLOE_OK);
    expect_message(f, 1, FLOE_LIT("to"));
    assert_int_equal(floe_peer_send(f->peer[1], f->channel[1], true, FLOE_LIT("fro")), FLOE_OK);
    expect_message(f, 0, FLOE_LIT("fro"));
}

static void test_io_peer_carries_more_than_its_buffers(void **state)
{
    fixture *f = *state;
    static uint8_t big[250000];
    enum { COUNT = 40 };
    int sent = 0;
    open_both(f);
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 7);
    }
    for (int got = 0; got < COUNT; got++) {
        while (sent < COUNT && floe_peer_send(f->peer[0], f->channel[0], false,
                                              (floe_bytes){big, sizeof big}) == FLOE_OK) {
            sent++;
        }
        assert_true(got > 0 || sent < COUNT); /* ten megabytes do not fit */
        expect_message(f, 1, (floe_bytes){big, sizeof big});
    }
}

/* Wait until all that the first peer has sent has come to the second. */
static void expect_no_loss(fixture *f)
{
    floe_peer_stats from, to;
    floe_io_stats refused; /* checks on paths that lead nowhere */
    floe_time start = floe_loop_now(f->loop);
    do {
        turn(f);
        check_patience(f, start);
        floe_peer_get_stats(f->peer[0], &from);
        floe_peer_get_stats(f->peer[1], &to);
        floe_io_peer_get_stats(f->io[0], &refused);
    } while (to.datagrams_received + refused.send_dropped != from.datagrams_sent);
}

/* Pages of the peer's ring and buffers that are there. */
static size_t count_pages(const floe_io_peer *io)
{
    static unsigned char is_there[2048];
    size_t count = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_true(io->rest.pages.len / page <= sizeof is_there);
    assert_int_equal(mincore(io->rest.pages.ptr, io->rest.pages.len, is_there), 0);
    for (size_t i = 0; i < io->rest.pages.len / page; i++) {
        count += is_there[i] & 1u;
    }
    return count;
}

static void test_io_peer_gives_back_the_pages_of_its_buffers_when_it_is_quiet(void **state)
{
    fixture *f = *state;
    static uint8_t big[250000];
    memset(big, 'b', sizeof big);
    const floe_bytes message = {big, sizeof big};
    open_both(f);
    assert_int_equal(floe_peer_send(f->peer[0], f->channel[0], false, message), FLOE_OK);
    expect_message(f, 1, message);
    assert_true(count_pages(f->io[0]) > 50 && count_pages(f->io[1]) > 50);
    floe_time start = floe_loop_now(f->loop);
    while (count_pages(f->io[0]) + count_pages(f->io[1]) > 0) {
        turn(f);
        check_patience(f, start);
    }
    assert_true(floe_loop_now(f->loop) - start < 5 * FLOE_SECOND);
    assert_int_equal(floe_peer_send(f->peer[0], f->channel[0], false, message), FLOE_OK);
    expect_message(f, 1, message);
    assert_int_equal(floe_peer_send(f->peer[1], f->channel[1], false, message), FLOE_OK);
    expect_message(f, 0, message);
}

static void test_io_peer_waits_for_room_and_loses_nothing(void **state)
{
    fixture *f = *state;
    static uint8_t big[250000];
    kernel.cuts_nothing = true;
    open_both(f);
    expect_no_loss(f);
    kernel.is_narrow = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            floe_peer_send(f->peer[0], f->channel[0], false, (floe_bytes){big, sizeof big}),
            FLOE_OK);
        expect_message(f, 1, (floe_bytes){big, sizeof big});
    }
    expect_no_loss(f);
    assert_true(kernel.refusals > 100);
}

static void test_io_peer_close_tells_the_other_side(void **state)
{
    fixture *f = *state;
    open_both(f);
    floe_io_peer_close(f->io[0]);
    f->io[0] = NULL;
    floe_time start = floe_loop_now(f->loop);
    while (floe_peer_get_state(f->peer[1]) != FLOE_PEER_CLOSED) {
        turn(f);
        check_patience(f, start);
    }
    const char *sentence;
    assert_int_equal(floe_peer_get_reason(f->peer[1], &sentence), FLOE_PEER_FAULT_CLOSED_BY_PEER);
}

static void test_io_peer_sleeps_when_there_is_nothing_to_do(void **state)
{
    fixture *f = *state;
    open_both(f);
    floe_time start = floe_loop_now(f->loop);
    f->waits = 0;
    while (floe_loop_now(f->loop) - start < FLOE_SECOND) {
        turn(f);
    }
    assert_in_range(f->waits, 1, 100);
}

static void test_io_peer_events_of_a_call_are_not_slept_over(void **state)
{
    fixture *f = *state;
    floe_peer_event event;
    open_peer(f, 0, NULL);
    while (floe_io_peer_poll_event(f->io[0], &event)) {
    }
    floe_dc_id id;
    floe_dc_options options = {.label = FLOE_LIT("test")};
    assert_int_equal(floe_peer_open_channel(f->peer[0], &options, &id), FLOE_OK);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 10000);
    assert_true(floe_loop_now(f->loop) - start < 5 * FLOE_SECOND);
    assert_true(floe_io_peer_poll_event(f->io[0], &event));
    assert_int_equal(event.type, FLOE_PEER_EV_NEGOTIATION);
}

static void test_io_peer_does_not_spin_over_events_that_are_left_unread(void **state)
{
    fixture *f = *state;
    floe_dc_id id;
    floe_dc_options options = {.label = FLOE_LIT("test")};
    open_peer(f, 0, NULL);
    assert_int_equal(floe_peer_open_channel(f->peer[0], &options, &id), FLOE_OK);
    floe_loop_wait(f->loop, 0);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 20);
    assert_in_range(floe_loop_now(f->loop) - start, 19 * FLOE_MS, 5 * FLOE_SECOND);
}

/* Send to every address that a description names. */
static void flood(fixture *f, floe_udp *from, floe_bytes datagram)
{
    size_t cursor = 0;
    floe_ice_cand cand;
    while (floe_ice_agent_next_local(&f->peer[1]->ice, &cursor, &cand)) {
        floe_transmit run = {.buf = f->bytes, .len = datagram.len, .segment = datagram.len};
        size_t done = 0;
        memcpy(f->bytes, datagram.ptr, datagram.len);
        run.path.remote = cand.addr;
        if (cand.addr.family == 4) {
            assert_int_equal(floe_udp_send_run(from, &run, &done), FLOE_OK);
        }
    }
}

static void test_io_peer_survives_garbage_on_its_sockets(void **state)
{
    fixture *f = *state;
    static uint8_t huge[9000];
    floe_udp udp;
    floe_io_stats stats;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    open_peer(f, 0, NULL);
    open_peer(f, 1, NULL);
    assert_int_equal(floe_udp_open(&udp, &loopback), FLOE_OK);
    for (int i = 0; i < 100; i++) {
        flood(f, &udp, (floe_bytes){huge, sizeof huge});
        flood(f, &udp, FLOE_LIT("\0\1\0\0\x21\x12\xa4\x42............"));
        flood(f, &udp, FLOE_LIT("\x16\xfe\xfd............"));
        flood(f, &udp, FLOE_LIT("\xff"));
    }
    connect_peers(f);
    floe_io_peer_get_stats(f->io[1], &stats);
    assert_int_equal(stats.recv_dropped, 0); /* the peer judges what is garbage */
    assert_int_equal(floe_peer_send(f->peer[0], f->channel[0], true, FLOE_LIT("hi")), FLOE_OK);
    expect_message(f, 1, FLOE_LIT("hi"));
    floe_udp_close(&udp);
}

static void test_io_peer_open_names_the_url_that_is_wrong(void **state)
{
    fixture *f = *state;
    static const char *const urls[] = {"stun:192.0.2.1", "http://example.org"};
    floe_io_server server = {.urls = urls, .url_count = 2};
    floe_io_config config = {.servers = &server, .server_count = 1, .identity = &identity};
    const char *why = NULL;
    assert_int_equal(floe_io_peer_open(&f->io[0], f->loop, &config, &why), FLOE_E_ARG);
    assert_null(f->io[0]);
    assert_non_null(strstr(why, "http://example.org"));
}

static void test_io_peer_open_refuses_more_servers_than_there_is_room_for(void **state)
{
    fixture *f = *state;
    const char *urls[FLOE_ICE_SERVER_MAX + 1];
    for (size_t i = 0; i <= FLOE_ICE_SERVER_MAX; i++) {
        urls[i] = "stun:192.0.2.1";
    }
    floe_io_server server = {.urls = urls, .url_count = FLOE_ICE_SERVER_MAX + 1};
    floe_io_config config = {.servers = &server, .server_count = 1, .identity = &identity};
    assert_int_equal(floe_io_peer_open(&f->io[0], f->loop, &config, NULL), FLOE_E_FULL);
}

static void test_io_peer_answers_names_itself(void **state)
{
    fixture *f = *state;
    static const char *const urls[] = {"stun:nobody.local"};
    floe_io_server server = {.urls = urls, .url_count = 1};
    floe_io_config config = {.servers = &server, .server_count = 1, .use_loopback = true};
    open_peer(f, 0, &config);
    open_peer(f, 1, NULL);
    connect_peers(f);
}

static void test_io_peer_makes_an_identity_where_none_is_given(void **state)
{
    fixture *f = *state;
    floe_io_config config = {.use_loopback = true};
    assert_int_equal(floe_io_peer_open(&f->io[0], f->loop, &config, NULL), FLOE_OK);
    f->peer[0] = floe_io_peer_get(f->io[0]);
    open_peer(f, 1, NULL);
    connect_peers(f);
}

/* Into a network of this test's own, with a loopback interface; returns a socket to change it. */
static int enter_network(void)
{
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no right to make a network namespace\n");
        skip();
    }
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &up), 0);
    return fd;
}

static uint32_t count_sockets(const fixture *f)
{
    floe_io_stats stats;
    floe_io_peer_get_stats(f->io[0], &stats);
    return stats.sockets;
}

static void test_io_peer_keeps_its_sockets_where_it_can_not_ask_for_addresses(void **state)
{
    fixture *f = *state;
    struct rlimit before, none;
    struct ifreq mtu = {.ifr_name = "lo", .ifr_mtu = 9000};
    int fd = enter_network();
    open_peer(f, 0, NULL);
    uint32_t sockets = count_sockets(f);
    assert_true(sockets > 0);
    int next = dup(fd); /* the least that is free: those below are all in use */
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(ioctl(fd, SIOCSIFMTU, &mtu), 0);
    floe_time start = floe_loop_now(f->loop);
    while (floe_loop_now(f->loop) - start < 4 * FLOE_NETWATCH_QUIET) {
        floe_loop_wait(f->loop, 50);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(count_sockets(f), sockets);
    close(fd);
}

/* While the old address is there, ICE has no room for the new one. */
static void test_io_peer_moves_to_a_new_address_though_its_tables_are_full(void **state)
{
    fixture *f = *state;
    struct ifreq move = {.ifr_name = "lo"};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000005)};
    floe_addr moved = floe_addr_from_ipv4(127, 0, 0, 5, 0), other;
    int fd = enter_network();
    open_peer(f, 0, NULL);
    uint8_t last = 1;
    do {
        other = floe_addr_from_ipv4(192, 0, 2, last++, 9);
    } while (floe_peer_add_local(f->peer[0], &other, 0) == FLOE_OK);
    memcpy(&move.ifr_addr, &to, sizeof to);
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &move), 0);
    floe_time start = floe_loop_now(f->loop);
    while (floe_loop_now(f->loop) - start < 4 * FLOE_NETWATCH_QUIET) {
        floe_loop_wait(f->loop, 50);
    }
    bool is_known = false;
    for (uint8_t i = 0; i < f->peer[0]->ice.local_count; i++) {
        is_known |= floe_addr_ip_equal(&f->peer[0]->ice.local[i].addr, &moved);
    }
    assert_true(is_known);
    close(fd);
}

static int setup_group(void **state)
{
    (void)state;
    return floe_dtls_identity_init(&identity) == FLOE_OK ? 0 : -1;
}

static int teardown_group(void **state)
{
    (void)state;
    floe_dtls_identity_free(&identity);
    return 0;
}

static void test_io_peer_send_buffer_may_be_large(void **state)
{
    fixture *f = *state;
    floe_io_config config = {.use_loopback = true, .send_buffer = (size_t)16 << 20};
    open_peer(f, 0, &config);
}

static unsigned count_listeners(fixture *f, const floe_io_config *config)
{
    unsigned count = 0;
    open_peer(f, 0, config);
    for (size_t i = 0; i < FLOE_ICE_TCP_ADDR_MAX; i++) {
        const floe_ice_tcp_listener *listener = &f->io[0]->tcp.listener[i];
        count += listener->ip.family != 0 && listener->tcp.fd >= 0;
    }
    floe_io_peer_close(f->io[0]);
    f->io[0] = NULL;
    return count;
}

static void test_io_peer_listens_only_where_the_other_side_may_be_told(void **state)
{
    fixture *f = *state;
    const floe_io_config usual = {.use_loopback = true, .tcp = FLOE_IO_TCP_BOTH};
    floe_io_config config = usual;
    assert_true(count_listeners(f, &config) > 0 || FLOE_ICE_TCP == 0);
    config.tcp = FLOE_IO_TCP_DEFAULT;
    assert_int_equal(count_listeners(f, &config), 0);
    config = usual;
    config.is_hiding = true;
    assert_int_equal(count_listeners(f, &config), 0);
    config = usual;
    config.ip_handling = FLOE_IP_RELAY;
    assert_int_equal(count_listeners(f, &config), 0);
    config = usual;
    config.ice.is_lite = true;
    assert_int_equal(count_listeners(f, &config), 0);
#if FLOE_ICE_FILTER
    const floe_ice_filters no_tcp = {.gather = {.transports = FLOE_ICE_WITHOUT(FLOE_TCP)}};
    config = usual;
    config.ice.filters = &no_tcp;
    assert_int_equal(count_listeners(f, &config), 0);
#endif
}

static void test_io_peer_gives_way_to_an_offer_that_meets_its_own_if_it_is_polite(void **state)
{
    fixture *f = *state;
    size_t len;
    floe_peer_sdp_type told;
    open_peer(f, 0, &(floe_io_config){.use_loopback = true, .glare = FLOE_PEER_GLARE_POLITE});
    open_peer(f, 1, &(floe_io_config){.use_loopback = true, .glare = FLOE_PEER_GLARE_IMPOLITE});
    assert_int_equal(floe_peer_set_local(f->peer[0], FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_local(f->peer[1], FLOE_PEER_OFFER), FLOE_OK);
    for (int from = 0; from < 2; from++) {
        assert_int_equal(floe_peer_get_local(f->peer[from], &told, f->bytes, sizeof f->bytes, &len),
                         FLOE_OK);
        floe_err err = floe_peer_set_remote(f->peer[!from], FLOE_PEER_OFFER,
                                            (floe_bytes){f->bytes, len}, NULL);
        assert_int_equal(err, from == 0 ? FLOE_E_UNKNOWN : FLOE_OK);
    }
    assert_int_equal(floe_peer_set_local(f->peer[0], FLOE_PEER_ANSWER), FLOE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_io_peers_connect_over_loopback_and_talk),
        TEST(test_io_peer_carries_more_than_its_buffers),
        TEST(test_io_peer_gives_back_the_pages_of_its_buffers_when_it_is_quiet),
        TEST(test_io_peer_waits_for_room_and_loses_nothing),
        TEST(test_io_peer_close_tells_the_other_side),
        TEST(test_io_peer_sleeps_when_there_is_nothing_to_do),
        TEST(test_io_peer_events_of_a_call_are_not_slept_over),
        TEST(test_io_peer_does_not_spin_over_events_that_are_left_unread),
        TEST(test_io_peer_survives_garbage_on_its_sockets),
        TEST(test_io_peer_open_names_the_url_that_is_wrong),
        TEST(test_io_peer_open_refuses_more_servers_than_there_is_room_for),
        TEST(test_io_peer_answers_names_itself),
        TEST(test_io_peer_makes_an_identity_where_none_is_given),
        TEST(test_io_peer_send_buffer_may_be_large),
        TEST(test_io_peer_listens_only_where_the_other_side_may_be_told),
        TEST(test_io_peer_gives_way_to_an_offer_that_meets_its_own_if_it_is_polite),
        /* These leave the network: they are the last. */
        TEST(test_io_peer_keeps_its_sockets_where_it_can_not_ask_for_addresses),
        TEST(test_io_peer_moves_to_a_new_address_though_its_tables_are_full),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
