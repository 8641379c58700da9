/* tests of io/ice_tcp_links.c: a peer's sockets for ICE-TCP, against a plain socket on loopback */
#include "io/ice_tcp_links.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "base/reader.h"
#include "io/sockaddr.h"
#include "stun/stun_msg.h"
#include "support/unit.h"

static floe_dtls_identity identity;
static floe_peer peer;
static floe_sctp_tx ring[64];
static floe_ice_tcp_link memory[FLOE_ICE_TCP_LINK_MAX];
static uint8_t buffers[3][1 << 16];
static floe_ice_tcp_links links;
static floe_timer timer;
static unsigned writable;
static int other; /* the plain socket */

static void on_writable(void *ctx)
{
    (void)ctx;
    writable++;
}

static void on_woke(floe_timer *t, floe_time now)
{
    (void)t;
    floe_peer_advance(&peer, now);
}

static int set_up(void **state)
{
    floe_peer_config config = {.rand = floe_rand_os(),
                               .identity = &identity,
                               .tx_ring = ring,
                               .tx_ring_len = 64,
                               .send_buffer = {buffers[0], sizeof buffers[0]},
                               .recv_buffer = {buffers[1], sizeof buffers[1]},
                               .description = {buffers[2], sizeof buffers[2]},
                               .tcp_links = memory,
                               .tcp_link_max = FLOE_ICE_TCP_LINK_MAX};
    (void)state;
    writable = 0;
    other = -1;
    links = (floe_ice_tcp_links){.peer = &peer, .is_listening = true, .writable = on_writable};
    assert_int_equal(floe_dtls_identity_init(&identity), FLOE_OK);
    assert_int_equal(floe_loop_open(&links.loop), FLOE_OK);
    assert_int_equal(floe_peer_init(&peer, &config, floe_loop_now(links.loop)), FLOE_OK);
    timer = (floe_timer){.at = FLOE_TIME_NEVER, .woke = on_woke};
    floe_loop_add_timer(links.loop, &timer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    floe_ice_tcp_links_close_all(&links);
    floe_loop_remove_timer(links.loop, &timer);
    floe_loop_close(links.loop);
    floe_peer_free(&peer);
    floe_dtls_identity_free(&identity);
    if (other >= 0) {
        close(other);
    }
    return 0;
}

static void turns(int count)
{
    floe_peer_event event;
    for (int i = 0; i < count; i++) {
        floe_loop_wait(links.loop, 2);
        while (floe_peer_poll_event(&peer, &event)) {
            if (event.type == FLOE_PEER_EV_CONNECT) {
                floe_ice_tcp_links_open(&links, event.request, &event.path);
            } else if (event.type == FLOE_PEER_EV_DISCONNECT) {
                floe_ice_tcp_links_close(&links, event.request);
            }
        }
    }
}

static floe_addr listen_on_loopback(void)
{
    const floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    floe_ice_tcp_links_add(&links, &loopback, 65535);
    assert_true(links.listener[0].tcp.fd >= 0);
    return links.listener[0].local;
}

static void connect_to(const floe_addr *addr)
{
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, addr);
    other = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(other, (struct sockaddr *)&sa, len), 0);
}

/* Until someone waits to be accepted: who has called is connected before that. */
static void wait_for_caller(void)
{
    struct pollfd entry = {.fd = links.listener[0].tcp.fd, .events = POLLIN};
    assert_int_equal(poll(&entry, 1, 20000), 1);
}

/* Bytes that the other side has got, 0: it was closed; -1: nothing in a moment. */
static ssize_t receive(uint8_t *buf, size_t cap)
{
    struct pollfd entry = {.fd = other, .events = POLLIN};
    return poll(&entry, 1, 20) == 1 ? recv(other, buf, cap, 0) : -1;
}

static bool is_closed_within(int count)
{
    uint8_t byte;
    for (int i = 0; i < count; i++) {
        turns(1);
        if (receive(&byte, 1) == 0) {
            return true;
        }
    }
    return false;
}

/* A check that our agent answers, in a frame; its bytes in all. */
static size_t write_check(uint8_t *frame, size_t cap)
{
    floe_bytes ufrag, pwd, packet;
    char name[64];
    static const uint8_t tid[FLOE_STUN_TID_SIZE] = {7};
    floe_stun_writer w;
    floe_ice_agent_get_local(&peer.ice, &ufrag, &pwd);
    memcpy(name, ufrag.ptr, ufrag.len);
    memcpy(name + ufrag.len, ":peer", 5);
    floe_stun_writer_begin(&w, frame + 2, cap - 2, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, tid);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_USERNAME,
                               (floe_bytes){(const uint8_t *)name, ufrag.len + 5});
    floe_stun_writer_put_u32(&w, FLOE_STUN_PRIORITY, 1);
    floe_stun_writer_put_integrity(&w, pwd);
    floe_stun_writer_put_fingerprint(&w);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    floe_store_u16(frame, (uint16_t)packet.len);
    return 2 + packet.len;
}

static void flush(void)
{
    static uint8_t buf[65536];
    floe_transmit run = {.buf = buf, .cap = sizeof buf};
    while (floe_peer_poll_transmit(&peer, &run)) {
        assert_int_equal(floe_ice_tcp_links_send(&links, &run), FLOE_OK);
    }
}

static void test_ice_tcp_links_answer_a_check_that_comes_byte_by_byte(void **state)
{
    (void)state;
    uint8_t frame[512];
    uint8_t got[512];
    floe_stun_msg msg;
    floe_addr addr = listen_on_loopback();
    connect_to(&addr);
    size_t len = write_check(frame, sizeof frame);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(send(other, frame + i, 1, 0), 1);
        turns(1);
        flush();
    }
    ssize_t size = -1;
    for (int i = 0; i < 500 && size < 0; i++) {
        turns(1);
        flush();
        size = receive(got, sizeof got);
    }
    assert_true(size > 2 && floe_load_u16(got) == size - 2);
    assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){got + 2, (size_t)size - 2}), FLOE_OK);
    assert_int_equal(msg.cls, FLOE_STUN_SUCCESS);
}

static void test_ice_tcp_links_end_who_sends_something_else(void **state)
{
    (void)state;
    floe_addr addr = listen_on_loopback();
    connect_to(&addr);
    assert_int_equal(send(other, "\0\5hello", 7, 0), 7);
    assert_true(is_closed_within(500));
}

static void test_ice_tcp_links_bear_a_frame_without_end(void **state)
{
    (void)state;
    static uint8_t much[70000] = {0xff, 0xff, 22};
    floe_addr addr = listen_on_loopback();
    connect_to(&addr);
    for (size_t at = 0; at < sizeof much;) {
        ssize_t sent = send(other, much + at, sizeof much - at, MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : 0;
        turns(1);
        if (is_closed_within(1)) {
            return; /* it was whole, and no check */
        }
    }
    assert_true(is_closed_within(50));
}

static void test_ice_tcp_links_tell_the_peer_what_does_not_connect(void **state)
{
    (void)state;
    const floe_path nobody = {.local = floe_addr_from_ipv4(127, 0, 0, 1, 9),
                              .remote = floe_addr_from_ipv4(127, 0, 0, 1, 1),
                              .transport = FLOE_TCP};
    floe_ice_tcp_links_open(&links, FLOE_PEER_TCP_REQUEST + 3, &nobody);
    assert_non_null(links.conn[3].link);
    for (int i = 0; i < 1000 && links.conn[3].link != NULL; i++) {
        turns(1);
    }
    assert_null(links.conn[3].link);
}

static void test_ice_tcp_links_know_a_connection_by_the_path_of_the_peer(void **state)
{
    (void)state;
    uint8_t message[10] = {0, 8};
    floe_transmit run = {.buf = message, .cap = 10, .len = 10, .segment = 10};
    floe_addr addr = listen_on_loopback();
    const floe_path path = {
        .local = floe_addr_from_ipv4(127, 0, 0, 1, 9), .remote = addr, .transport = FLOE_TCP};
    floe_ice_tcp_links_open(&links, FLOE_PEER_TCP_REQUEST, &path);
    turns(5);
    run.path = path;
    assert_int_equal(floe_ice_tcp_links_send(&links, &run), FLOE_OK);
    run.path.local.port = 10;
    assert_int_equal(floe_ice_tcp_links_send(&links, &run), FLOE_E_UNKNOWN);
    floe_ice_tcp_links_close(&links, FLOE_PEER_TCP_REQUEST);
    run.path = path;
    assert_int_equal(floe_ice_tcp_links_send(&links, &run), FLOE_E_UNKNOWN);
}

static void test_ice_tcp_links_do_not_listen_where_the_address_is_gone(void **state)
{
    (void)state;
    floe_addr addr = listen_on_loopback();
    floe_ice_tcp_links_remove(&links, &addr);
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, &addr);
    other = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(other, (struct sockaddr *)&sa, len), -1);
}

/* How many connections were accepted and are there. */
static unsigned count_accepted(void)
{
    unsigned count = 0;
    for (size_t i = FLOE_ICE_TCP_LINK_MAX / 2; i < FLOE_ICE_TCP_LINK_MAX; i++) {
        count += links.conn[i].link != NULL;
    }
    return count;
}

static void test_ice_tcp_links_without_descriptors_do_not_spin_and_accept_later(void **state)
{
    (void)state;
    struct rlimit usual, none;
    floe_addr addr = listen_on_loopback();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    connect_to(&addr);
    wait_for_caller();
    none = usual;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    turns(1);
    int events =
        links.listener[0].watch.events; /* who waits in the kernel would wake us for ever */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(events, 0);
    assert_int_equal(count_accepted(), 0);
    for (int i = 0; i < 1000 && count_accepted() == 0; i++) {
        turns(1);
    }
    assert_int_equal(count_accepted(), 1);
    assert_int_equal(links.listener[0].watch.events, FLOE_LOOP_READ);
}

static void test_ice_tcp_links_without_descriptors_may_be_closed(void **state)
{
    (void)state;
    struct rlimit usual, none;
    floe_addr addr = listen_on_loopback();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    connect_to(&addr);
    wait_for_caller();
    none = usual;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    turns(1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    floe_ice_tcp_links_remove(&links, &addr);
    assert_true(is_closed_within(50));
    assert_int_equal(count_accepted(), 0);
}

#define LINKS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
#if !FLOE_ICE_TCP
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        LINKS(test_ice_tcp_links_answer_a_check_that_comes_byte_by_byte),
        LINKS(test_ice_tcp_links_end_who_sends_something_else),
        LINKS(test_ice_tcp_links_bear_a_frame_without_end),
        LINKS(test_ice_tcp_links_tell_the_peer_what_does_not_connect),
        LINKS(test_ice_tcp_links_know_a_connection_by_the_path_of_the_peer),
        LINKS(test_ice_tcp_links_do_not_listen_where_the_address_is_gone),
        LINKS(test_ice_tcp_links_without_descriptors_do_not_spin_and_accept_later),
        LINKS(test_ice_tcp_links_without_descriptors_may_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
