/*
 * tests/unit/io/test_udp.c - runs over loopback sockets. A kernel that has no room is played by a
 * sendmmsg() of the test's own.
 */
#include "io/udp.h"

#include "base/addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/unit.h"

static struct {
    bool is_on;
    int results[4]; /* datagrams to take, or -errno */
    size_t next, taken;
} script;

/* Stands in for the C library's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (!script.is_on) {
        return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
    }
    assert_true(script.next < sizeof script.results / sizeof script.results[0]);
    int result = script.results[script.next++];
    if (result < 0) {
        errno = -result;
        return -1;
    }
    assert_true((unsigned)result <= count);
    script.taken += (size_t)result;
    return result;
}

typedef struct fixture {
    floe_udp a, b;
    floe_udp_batch batch;
    uint8_t bytes[65507];
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&script, 0, sizeof script);
    for (size_t i = 0; i < sizeof f.bytes; i++) {
        f.bytes[i] = (uint8_t)(i * 31 + i / 256);
    }
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    *state = &f;
    return floe_udp_open(&f.a, &loopback) == FLOE_OK && floe_udp_open(&f.b, &loopback) == FLOE_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_udp_close(&f->a);
    floe_udp_close(&f->b);
    return 0;
}

static floe_transmit run_of(fixture *f, const floe_udp *from, const floe_udp *to, size_t len,
                            size_t segment)
{
    return (floe_transmit){.buf = f->bytes,
                           .cap = sizeof f->bytes,
                           .len = len,
                           .segment = segment,
                           .path = {.local = from->local, .remote = to->local}};
}

static void send_run(fixture *f, floe_udp *from, const floe_udp *to, size_t len, size_t segment)
{
    floe_transmit run = run_of(f, from, to, len, segment);
    size_t done = 0;
    assert_int_equal(floe_udp_send_run(from, &run, &done), FLOE_OK);
    assert_int_equal(done, len);
}

static void expect_run(fixture *f, const floe_udp *from, size_t len, size_t segment)
{
    floe_udp_run run;
    assert_true(floe_udp_next_run(&f->batch, &run));
    assert_int_equal(run.len, len);
    assert_int_equal(run.segment, segment);
    assert_memory_equal(run.ptr, f->bytes, len);
    assert_true(floe_addr_equal(&run.path.remote, &from->local));
    assert_true(floe_addr_equal(&run.path.local, &f->b.local));
}

static void expect_no_more(fixture *f)
{
    floe_udp_run run;
    assert_false(floe_udp_next_run(&f->batch, &run));
}

static void test_udp_open_binds_to_a_free_port(void **state)
{
    fixture *f = *state;
    assert_true(f->a.local.port != 0);
    assert_true(f->a.local.port != f->b.local.port);
    assert_true(floe_addr_is_loopback(&f->a.local));
}

static void test_udp_open_refuses_a_foreign_address_and_a_taken_port(void **state)
{
    fixture *f = *state;
    floe_udp udp;
    floe_addr foreign = floe_addr_from_ipv4(203, 0, 113, 77, 0);
    assert_int_equal(floe_udp_open(&udp, &foreign), FLOE_E_ARG);
    assert_int_equal(udp.fd, -1);
    assert_int_equal(floe_udp_open(&udp, &f->a.local), FLOE_E_ARG);
    floe_udp_close(&udp);
}

static void test_udp_run_arrives_as_one_run(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 1200 * 3 + 17, 1200);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(f->batch.count, 4);
    expect_run(f, &f->a, 1200 * 3 + 17, 1200);
    expect_no_more(f);
}

static void test_udp_run_ends_with_its_first_shorter_datagram(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 250, 100);
    send_run(f, &f->a, &f->b, 50, 50);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 250, 100);
    expect_run(f, &f->a, 50, 50);
    expect_no_more(f);
}

static void test_udp_run_does_not_take_a_longer_datagram(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100, 100);
    send_run(f, &f->a, &f->b, 101, 101);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 100, 100);
    expect_run(f, &f->a, 101, 101);
    expect_no_more(f);
}

static void test_udp_run_is_of_one_sender(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100, 100);
    send_run(f, &f->b, &f->b, 100, 100);
    send_run(f, &f->a, &f->b, 100, 100);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 100, 100);
    expect_run(f, &f->b, 100, 100);
    expect_run(f, &f->a, 100, 100);
    expect_no_more(f);
}

static void test_udp_long_run_comes_in_two_batches(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100 * 10, 10);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(f->batch.count, FLOE_UDP_BATCH);
    expect_run(f, &f->a, 640, 10);
    expect_no_more(f);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(f->batch.count, 100 - FLOE_UDP_BATCH);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(f->batch.count, 0);
    expect_no_more(f);
}

static void test_udp_drops_and_counts_what_is_too_long_or_empty(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100, 100);
    send_run(f, &f->a, &f->b, FLOE_UDP_SLOT + 1, FLOE_UDP_SLOT + 1);
    send_run(f, &f->a, &f->b, FLOE_UDP_SLOT, FLOE_UDP_SLOT);
    /* floe sends no empty datagrams, but others may. */
    struct sockaddr_storage to;
    socklen_t len = sizeof to;
    assert_int_equal(getsockname(f->b.fd, (struct sockaddr *)&to, &len), 0);
    assert_int_equal(sendto(f->a.fd, "", 0, 0, (struct sockaddr *)&to, len), 0);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(f->batch.count, 4);
    expect_run(f, &f->a, 100, 100);
    expect_run(f, &f->a, FLOE_UDP_SLOT, FLOE_UDP_SLOT);
    expect_no_more(f);
    assert_int_equal(f->b.recv_dropped, 2);
}

static void test_udp_send_skips_and_counts_what_the_kernel_refuses(void **state)
{
    fixture *f = *state;
    floe_transmit run = run_of(f, &f->a, &f->b, 250, 100);
    run.path.remote.port = 0;
    size_t done = 0;
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(f->a.send_dropped, 3);
}

static void test_udp_send_goes_on_behind_a_refused_datagram(void **state)
{
    fixture *f = *state;
    script.is_on = true;
    memcpy(script.results, (int[]){1, -ENETUNREACH, -EINTR, 1}, sizeof script.results);
    floe_transmit run = run_of(f, &f->a, &f->b, 250, 100);
    size_t done = 0;
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(script.taken, 2);
    assert_int_equal(f->a.send_dropped, 1);
}

static void test_udp_send_without_room_goes_on_where_it_stopped(void **state)
{
    fixture *f = *state;
    script.is_on = true;
    memcpy(script.results, (int[]){2, -EAGAIN, -EAGAIN, 1}, sizeof script.results);
    floe_transmit run = run_of(f, &f->a, &f->b, 250, 100);
    size_t done = 0;
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_E_AGAIN);
    assert_int_equal(done, 200);
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_E_AGAIN);
    assert_int_equal(done, 200);
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(f->a.send_dropped, 0);
}

static void test_udp_ipv6_socket_is_of_ipv6_alone(void **state)
{
    fixture *f = *state;
    floe_addr loopback = {.family = 0};
    floe_udp six;
    assert_int_equal(floe_addr_parse(&loopback, floe_bytes_of("::1"), 0), FLOE_OK);
    if (floe_udp_open(&six, &loopback) != FLOE_OK) {
        skip(); /* no IPv6 here */
    }
    int is_alone = 0;
    socklen_t len = sizeof is_alone;
    assert_int_equal(getsockopt(six.fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_alone, &len), 0);
    assert_int_equal(is_alone, 1);
    send_run(f, &six, &six, 5, 5);
    floe_udp_recv_runs(&six, &f->batch);
    assert_int_equal(f->batch.count, 1);
    floe_udp_close(&six);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_udp_open_binds_to_a_free_port),
        TEST(test_udp_open_refuses_a_foreign_address_and_a_taken_port),
        TEST(test_udp_run_arrives_as_one_run),
        TEST(test_udp_run_ends_with_its_first_shorter_datagram),
        TEST(test_udp_run_does_not_take_a_longer_datagram),
        TEST(test_udp_run_is_of_one_sender),
        TEST(test_udp_long_run_comes_in_two_batches),
        TEST(test_udp_drops_and_counts_what_is_too_long_or_empty),
        TEST(test_udp_send_skips_and_counts_what_the_kernel_refuses),
        TEST(test_udp_send_goes_on_behind_a_refused_datagram),
        TEST(test_udp_send_without_room_goes_on_where_it_stopped),
        TEST(test_udp_ipv6_socket_is_of_ipv6_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
