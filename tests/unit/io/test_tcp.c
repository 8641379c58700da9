/* tests/unit/io/test_tcp.c - a TCP connection on loopback. */
#include "io/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "support/unit.h"

static int listener, accepted;
static floe_addr server;
static floe_tcp tcp;
static const floe_addr any = {.family = 0};

static int set_up(void **state)
{
    (void)state;
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    accepted = -1;
    tcp.fd = -1;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    bool is_up = bind(listener, (struct sockaddr *)&sa, len) == 0 &&
                 getsockname(listener, (struct sockaddr *)&sa, &len) == 0 &&
                 listen(listener, 1) == 0;
    server = floe_addr_from_ipv4(127, 0, 0, 1, ntohs(sa.sin_port));
    return is_up ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    floe_tcp_close(&tcp);
    floe_tcp_close(&tcp);
    close(listener);
    close(accepted);
    return 0;
}

static void wait_for_fd(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};
    assert_int_equal(poll(&entry, 1, 20000), 1);
}

static void wait_for(short events)
{
    wait_for_fd(tcp.fd, events);
}

static void connect_both(const floe_addr *local)
{
    assert_int_equal(floe_tcp_open(&tcp, local, &server), FLOE_OK);
    accepted = accept(listener, NULL, NULL);
    assert_true(accepted >= 0);
    wait_for(POLLOUT);
    assert_int_equal(floe_tcp_finish(&tcp), FLOE_OK);
}

static void test_tcp_carries_bytes_without_delay(void **state)
{
    (void)state;
    uint8_t buf[8];
    size_t done;
    connect_both(&any);
    int value = 0;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(tcp.fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    assert_true(value != 0);
    assert_int_equal(floe_tcp_recv(&tcp, buf, sizeof buf, &done), FLOE_E_AGAIN);
    assert_int_equal(floe_tcp_send(&tcp, FLOE_LIT("abc"), &done), FLOE_OK);
    assert_int_equal(done, 3);
    assert_int_equal(recv(accepted, buf, sizeof buf, 0), 3);
    assert_int_equal(send(accepted, "wxyz", 4, 0), 4);
    wait_for(POLLIN);
    assert_int_equal(floe_tcp_recv(&tcp, buf, sizeof buf, &done), FLOE_OK);
    assert_int_equal(done, 4);
    assert_memory_equal(buf, "wxyz", 4);
}

static void test_tcp_connects_from_an_address_of_ours_only(void **state)
{
    (void)state;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    floe_addr foreign = floe_addr_from_ipv4(203, 0, 113, 77, 0);
    assert_int_equal(floe_tcp_open(&tcp, &foreign, &server), FLOE_E_ARG);
    assert_int_equal(tcp.fd, -1);
    connect_both(&loopback);
}

static void test_tcp_finish_says_that_it_was_refused(void **state)
{
    (void)state;
    close(listener);
    listener = -1;
    assert_int_equal(floe_tcp_open(&tcp, &any, &server), FLOE_OK);
    if (tcp.reason == 0) {
        wait_for(POLLOUT);
    }
    assert_int_equal(floe_tcp_finish(&tcp), FLOE_E_CLOSED);
    assert_int_equal(tcp.reason, ECONNREFUSED);
}

static void test_tcp_recv_tells_the_end_from_a_reset(void **state)
{
    (void)state;
    uint8_t buf[8];
    size_t done;
    connect_both(&any);
    close(accepted);
    accepted = -1;
    wait_for(POLLIN);
    assert_int_equal(floe_tcp_recv(&tcp, buf, sizeof buf, &done), FLOE_E_CLOSED);
    assert_int_equal(tcp.reason, 0);
    floe_tcp_close(&tcp);
    connect_both(&any);
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(accepted, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(accepted);
    accepted = -1;
    wait_for(POLLIN);
    assert_int_equal(floe_tcp_recv(&tcp, buf, sizeof buf, &done), FLOE_E_CLOSED);
    assert_int_equal(tcp.reason, ECONNRESET);
}

static void test_tcp_send_says_when_there_is_no_room(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 20];
    floe_err err = FLOE_OK;
    size_t done;
    connect_both(&any);
    for (int i = 0; i < 1000 && err == FLOE_OK; i++) {
        err = floe_tcp_send(&tcp, (floe_bytes){bytes, sizeof bytes}, &done);
    }
    assert_int_equal(err, FLOE_E_AGAIN);
    assert_int_equal(done, 0);
    assert_int_equal(tcp.reason, 0);
}

static void test_tcp_reason_text_names_what_people_meet(void **state)
{
    (void)state;
    assert_string_equal(floe_tcp_reason_text(0), "the server closed the connection");
    assert_string_equal(floe_tcp_reason_text(ECONNREFUSED), "connection refused");
    assert_string_equal(floe_tcp_reason_text(EHOSTUNREACH), "no route to host");
    assert_string_equal(floe_tcp_reason_text(EPIPE), floe_tcp_reason_text(ECONNRESET));
    assert_string_equal(floe_tcp_reason_text(EDOM), "the connection failed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void test_tcp_listens_and_accepts(void **state)
{
    (void)state;
    const floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    floe_tcp ears, got;
    floe_addr bound, from, local;
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    assert_int_equal(floe_tcp_listen(&ears, &loopback, &bound), FLOE_OK);
    assert_true(bound.port != 0);
    assert_int_equal(floe_tcp_accept(&ears, &got, &from), FLOE_E_AGAIN);
    assert_int_equal(floe_tcp_open(&tcp, &any, &bound), FLOE_OK);
    wait_for_fd(ears.fd, POLLIN); /* who has called is connected before who is called knows of it */
    assert_int_equal(floe_tcp_accept(&ears, &got, &from), FLOE_OK);
    assert_int_equal(getsockname(tcp.fd, (struct sockaddr *)&sa, &len), 0);
    local = floe_addr_from_ipv4(127, 0, 0, 1, ntohs(sa.sin_port));
    assert_true(floe_addr_equal(&from, &local));
    floe_tcp_close(&got);
    floe_tcp_close(&ears);
}

static void test_tcp_listens_only_where_there_is_such_an_address(void **state)
{
    (void)state;
    const floe_addr nowhere = floe_addr_from_ipv4(192, 0, 2, 77, 0);
    floe_tcp ears;
    floe_addr bound;
    assert_int_equal(floe_tcp_listen(&ears, &nowhere, &bound), FLOE_E_ARG);
    assert_int_equal(ears.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tcp_carries_bytes_without_delay),
        TEST(test_tcp_connects_from_an_address_of_ours_only),
        TEST(test_tcp_finish_says_that_it_was_refused),
        TEST(test_tcp_recv_tells_the_end_from_a_reset),
        TEST(test_tcp_send_says_when_there_is_no_room),
        TEST(test_tcp_reason_text_names_what_people_meet),
        TEST(test_tcp_listens_and_accepts),
        TEST(test_tcp_listens_only_where_there_is_such_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
