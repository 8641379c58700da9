/*
 * tests/unit/io/test_udp.c - runs over loopback sockets, each way that a kernel may offer. One that
 * refuses is played by system calls of the test's own.
 */
#include "io/udp.h"

#include "base/addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/unit.h"

#define SEGMENT 1237u

static struct {
    bool is_on;     /* sends are answered from `results` */
    int results[8]; /* datagrams to take, or -errno */
    size_t next, taken;
    size_t cut, uncut; /* sends by UDP_SEGMENT, and others */
    size_t receives;
    int missing_option; /* of SOL_UDP */
    bool is_old;        /* no sendmmsg() and recvmmsg() */
} kernel;

static int answer(size_t count)
{
    assert_true(kernel.next < sizeof kernel.results / sizeof kernel.results[0]);
    int result = kernel.results[kernel.next++];
    if (result < 0) {
        errno = -result;
        return -1;
    }
    assert_true((size_t)result <= count);
    kernel.taken += (size_t)result;
    return result;
}

/* These stand in for the C library's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (kernel.is_old) {
        errno = ENOSYS;
        return -1;
    }
    kernel.uncut++;
    return kernel.is_on ? answer(count) : (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

static size_t count_segments(const struct msghdr *message)
{
    uint16_t segment;
    const struct cmsghdr *cmsg = CMSG_FIRSTHDR(message);
    if (cmsg == NULL) {
        return 1;
    }
    assert_int_equal(cmsg->cmsg_level, SOL_UDP);
    assert_int_equal(cmsg->cmsg_type, UDP_SEGMENT);
    memcpy(&segment, CMSG_DATA(cmsg), sizeof segment);
    size_t len = message->msg_iov[0].iov_len;
    assert_true(len > segment && len <= 65507);
    return (len + segment - 1) / segment;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    size_t count = count_segments(message);
    assert_in_range(count, 1, 64);
    kernel.cut += count > 1 ? 1u : 0u;
    kernel.uncut += count > 1 ? 0u : 1u;
    if (!kernel.is_on) {
        return (ssize_t)syscall(SYS_sendmsg, fd, message, flags);
    }
    return answer(count) >= 0 ? (ssize_t)message->msg_iov[0].iov_len : -1;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    if (kernel.is_old) {
        errno = ENOSYS;
        return -1;
    }
    kernel.receives++;
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (level == SOL_UDP && option == kernel.missing_option) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

typedef struct fixture {
    floe_udp a, b;
    floe_udp_batch batch;
    uint8_t bytes[131072];
} fixture;

static bool open_both(fixture *f, const char *text)
{
    floe_addr loopback;
    assert_int_equal(floe_addr_parse(&loopback, floe_bytes_of(text), 0), FLOE_OK);
    floe_udp_close(&f->a);
    floe_udp_close(&f->b);
    return floe_udp_open(&f->a, &loopback) == FLOE_OK && floe_udp_open(&f->b, &loopback) == FLOE_OK;
}

static int setup(void **state)
{
    static fixture f = {.a = {.fd = -1}, .b = {.fd = -1}};
    memset(&kernel, 0, sizeof kernel);
    for (size_t i = 0; i < sizeof f.bytes; i++) {
        f.bytes[i] = (uint8_t)(i * 31 + i / 256);
    }
    *state = &f;
    return open_both(&f, "127.0.0.1") ? 0 : -1;
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

/* All that waits at b is, in order, the first `len` bytes, in datagrams of `segment`. */
static void expect_datagrams(fixture *f, size_t len, size_t segment)
{
    floe_udp_run run;
    size_t at = 0;
    do {
        floe_udp_recv_runs(&f->b, &f->batch);
        while (floe_udp_next_run(&f->batch, &run)) {
            for (size_t i = 0; i < run.len; i += run.segment) {
                size_t size = run.len - i < run.segment ? run.len - i : run.segment;
                assert_int_equal(size, len - at < segment ? len - at : segment);
                assert_memory_equal(run.ptr + i, f->bytes + at, size);
                at += size;
            }
        }
    } while (f->batch.count > 0);
    assert_int_equal(at, len);
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

static void test_udp_run_arrives_as_one_run_by_one_call(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 1200 * 3 + 17, 1200);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(kernel.receives, 1);
    expect_run(f, &f->a, 1200 * 3 + 17, 1200);
    expect_no_more(f);
    floe_udp_recv_runs(&f->b, &f->batch);
    assert_int_equal(kernel.receives, 2);
    expect_no_more(f);
}

static void test_udp_lone_datagrams_arrive_as_one_run(void **state)
{
    fixture *f = *state;
    f->a.can_segment = false;
    send_run(f, &f->a, &f->b, 1200 * 30 + 17, 1200);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 1200 * 30 + 17, 1200);
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

static void test_udp_short_runs_that_the_kernel_made_are_joined(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < 20; i++) {
        size_t done = 0;
        floe_transmit run = run_of(f, &f->a, &f->b, 4800 - i / 19, 1200);
        run.buf += i * 4800;
        assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_OK);
    }
    send_run(f, &f->a, &f->b, 100, 100);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 20 * 4800 - 1, 1200);
    expect_run(f, &f->a, 100, 100);
    expect_no_more(f);
}

static void test_udp_run_does_not_take_a_longer_datagram(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100, 100);
    send_run(f, &f->a, &f->b, 101, 101);
    send_run(f, &f->a, &f->b, 306, 102);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 100, 100);
    expect_run(f, &f->a, 101, 101);
    expect_run(f, &f->a, 306, 102);
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

static void test_udp_batch_ends_when_its_memory_does(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < 5; i++) {
        send_run(f, &f->a, &f->b, 60000, 1200);
    }
    floe_udp_recv_runs(&f->b, &f->batch);
    for (size_t i = 0; i < FLOE_UDP_SLOTS; i++) {
        expect_run(f, &f->a, 60000, 1200);
    }
    expect_no_more(f);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 60000, 1200);
    expect_no_more(f);
}

static void test_udp_batch_ends_when_its_runs_do(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i <= FLOE_UDP_RUNS; i++) {
        send_run(f, &f->a, &f->b, 10 + i, 10 + i);
    }
    floe_udp_recv_runs(&f->b, &f->batch);
    for (size_t i = 0; i < FLOE_UDP_RUNS; i++) {
        expect_run(f, &f->a, 10 + i, 10 + i);
    }
    expect_no_more(f);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 10 + FLOE_UDP_RUNS, 10 + FLOE_UDP_RUNS);
}

static void send_empty(fixture *f)
{
    struct sockaddr_storage to;
    socklen_t len = sizeof to;
    assert_int_equal(getsockname(f->b.fd, (struct sockaddr *)&to, &len), 0);
    assert_int_equal(sendto(f->a.fd, "", 0, 0, (struct sockaddr *)&to, len), 0);
}

/* floe sends no empty datagrams, but others may. */
static void test_udp_drops_and_counts_what_is_empty(void **state)
{
    fixture *f = *state;
    send_run(f, &f->a, &f->b, 100, 100);
    send_empty(f);
    send_run(f, &f->a, &f->b, 9000, 9000);
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_run(f, &f->a, 100, 100);
    expect_run(f, &f->a, 9000, 9000);
    expect_no_more(f);
    assert_int_equal(f->b.recv_dropped, 1);
}

static void test_udp_flood_of_empty_datagrams_does_not_hold_the_reader(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < (FLOE_UDP_RUNS + 4) * FLOE_UDP_SLOTS; i++) {
        send_empty(f);
    }
    floe_udp_recv_runs(&f->b, &f->batch);
    expect_no_more(f);
    assert_int_equal(kernel.receives, FLOE_UDP_RUNS);
    assert_int_equal(f->b.recv_dropped, FLOE_UDP_RUNS * FLOE_UDP_SLOTS);
}

static void test_udp_send_cuts_a_run_and_sends_one_datagram_plainly(void **state)
{
    fixture *f = *state;
    assert_true(f->a.can_segment); /* or this machine can't run the test */
    send_run(f, &f->a, &f->b, SEGMENT, SEGMENT);
    assert_int_equal(kernel.cut, 0);
    assert_int_equal(kernel.uncut, 1);
    send_run(f, &f->a, &f->b, SEGMENT + 1, SEGMENT);
    assert_int_equal(kernel.cut, 1);
    assert_int_equal(kernel.uncut, 1);
    /* 52 of them fill what one packet could carry; the 53rd is alone. */
    send_run(f, &f->a, &f->b, SEGMENT * 53, SEGMENT);
    assert_int_equal(kernel.cut, 2);
    assert_int_equal(kernel.uncut, 2);
    /* 64, 64 and 2. */
    send_run(f, &f->a, &f->b, 130 * 10, 10);
    assert_int_equal(kernel.cut, 5);
    assert_int_equal(kernel.uncut, 2);
}

/* Runs of every shape, with and without a shorter end. */
static void send_and_expect_all_shapes(fixture *f)
{
    const size_t most = f->a.local.family == 4 ? 65507 : 65487; /* that loopback carries uncut */
    const size_t segments[] = {1, 10, 100, SEGMENT, 1452, 9000, 40000, most};
    static const size_t counts[] = {1, 2, 4, 16, 50, 64, 65};
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        for (size_t j = 0; j < 2 * sizeof counts / sizeof *counts; j++) {
            size_t len = segments[i] * counts[j / 2] - j % 2;
            if (len > 0 && len <= sizeof f->bytes) {
                send_run(f, &f->a, &f->b, len, segments[i]);
                expect_datagrams(f, len, segments[i]);
            }
        }
    }
    assert_int_equal(f->a.send_dropped, 0);
    assert_int_equal(f->b.recv_dropped, 0);
}

static void test_udp_shapes_cut_and_put_together_by_the_kernel(void **state)
{
    fixture *f = *state;
    send_and_expect_all_shapes(f);
    assert_true(kernel.cut > 0);
    assert_true(f->a.can_segment);
}

static void test_udp_shapes_cut_by_the_kernel_alone(void **state)
{
    fixture *f = *state;
    kernel.missing_option = UDP_GRO;
    assert_true(open_both(f, "127.0.0.1"));
    send_and_expect_all_shapes(f);
    assert_true(kernel.cut > 0);
}

/* A kernel before 4.18 ignores UDP_SEGMENT with a message: it must not be tried there. */
static void test_udp_shapes_without_offloads(void **state)
{
    fixture *f = *state;
    kernel.missing_option = UDP_SEGMENT;
    assert_true(open_both(f, "127.0.0.1"));
    assert_false(f->a.can_segment);
    send_and_expect_all_shapes(f);
    assert_int_equal(kernel.cut, 0);
}

static void test_udp_shapes_by_plain_calls(void **state)
{
    fixture *f = *state;
    kernel.missing_option = UDP_SEGMENT;
    kernel.is_old = true;
    assert_true(open_both(f, "127.0.0.1"));
    send_and_expect_all_shapes(f);
    assert_int_equal(kernel.cut, 0);
    assert_int_equal(kernel.receives, 0);
    assert_false(f->a.can_batch);
    assert_false(f->b.can_batch);
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
    assert_true(f->a.can_segment); /* it is the address that was wrong */
}

/* A send of 250 bytes in three datagrams, cut or not, that meets these answers. */
static floe_err send_to_answers(fixture *f, bool is_cut, const int answers[4], size_t *done)
{
    floe_transmit run = run_of(f, &f->a, &f->b, 250, 100);
    kernel.is_on = true;
    kernel.next = kernel.taken = kernel.cut = kernel.uncut = 0;
    memcpy(kernel.results, answers, 4 * sizeof *answers);
    f->a.can_segment = is_cut;
    return floe_udp_send_run(&f->a, &run, done);
}

static void test_udp_send_goes_on_behind_a_refused_datagram(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    floe_err err = send_to_answers(f, false, (int[4]){1, -ENETUNREACH, -EINTR, 1}, &done);
    assert_int_equal(err, FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(kernel.taken, 2);
    assert_int_equal(f->a.send_dropped, 1);
}

static void test_udp_send_counts_each_datagram_of_a_refused_run(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    assert_int_equal(send_to_answers(f, true, (int[4]){-ENOBUFS}, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(kernel.next, 1);
    assert_int_equal(f->a.send_dropped, 3);
    assert_true(f->a.can_segment);
}

static void test_udp_send_without_room_goes_on_where_it_stopped(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    assert_int_equal(send_to_answers(f, false, (int[4]){2, -EAGAIN}, &done), FLOE_E_AGAIN);
    assert_int_equal(done, 200);
    assert_int_equal(send_to_answers(f, true, (int[4]){-EAGAIN}, &done), FLOE_E_AGAIN);
    assert_int_equal(done, 200);
    assert_int_equal(send_to_answers(f, true, (int[4]){1}, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(f->a.send_dropped, 0);
}

static void test_udp_cut_run_without_room_waits_whole(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    assert_int_equal(send_to_answers(f, true, (int[4]){-EAGAIN}, &done), FLOE_E_AGAIN);
    assert_int_equal(done, 0);
    assert_int_equal(send_to_answers(f, true, (int[4]){-EINTR, 3}, &done), FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(kernel.cut, 2);
}

/* No support; a device that computes no checksums, or IPsec. */
static void test_udp_socket_that_can_not_cut_is_not_asked_again(void **state)
{
    static const int reasons[] = {EINVAL, EIO, ENOPROTOOPT, EOPNOTSUPP};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        size_t done = 0;
        assert_int_equal(send_to_answers(f, true, (int[4]){-reasons[i], 3}, &done), FLOE_OK);
        assert_int_equal(done, 250);
        assert_int_equal(kernel.taken, 3);
        assert_int_equal(kernel.cut, 1);
        assert_int_equal(kernel.uncut, 1);
        assert_false(f->a.can_segment);
    }
    assert_int_equal(f->a.send_dropped, 0);
    assert_true(f->b.can_segment); /* of another socket nothing is known */
}

static void test_udp_socket_refused_in_the_middle_of_a_run_sends_the_rest_uncut(void **state)
{
    fixture *f = *state;
    floe_transmit run = run_of(f, &f->a, &f->b, 130 * 10, 10);
    size_t done = 0;
    kernel.is_on = true;
    memcpy(kernel.results, (int[]){64, -EIO, 64, 2}, 4 * sizeof(int));
    assert_int_equal(floe_udp_send_run(&f->a, &run, &done), FLOE_OK);
    assert_int_equal(done, 1300);
    assert_int_equal(kernel.taken, 130);
    assert_int_equal(kernel.cut, 2);
    assert_int_equal(kernel.uncut, 2);
    assert_false(f->a.can_segment);
}

/* The path has become narrower: IP fragments this run, the next one will be of smaller ones. */
static void test_udp_run_too_wide_for_the_path_goes_uncut_once(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    assert_int_equal(send_to_answers(f, true, (int[4]){-EMSGSIZE, 3}, &done), FLOE_OK);
    assert_int_equal(kernel.taken, 3);
    assert_true(f->a.can_segment);
}

static void test_udp_refused_either_way_is_lost_and_proves_nothing(void **state)
{
    fixture *f = *state;
    size_t done = 0;
    floe_err err = send_to_answers(f, true, (int[4]){-EINVAL, -EINVAL, -EINVAL, -EINVAL}, &done);
    assert_int_equal(err, FLOE_OK);
    assert_int_equal(done, 250);
    assert_int_equal(f->a.send_dropped, 3);
    assert_true(f->a.can_segment);
}

static void test_udp_ipv6_socket_is_of_ipv6_alone(void **state)
{
    fixture *f = *state;
    if (!open_both(f, "::1")) {
        skip(); /* no IPv6 here */
    }
    int is_alone = 0;
    socklen_t len = sizeof is_alone;
    assert_int_equal(getsockopt(f->a.fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_alone, &len), 0);
    assert_int_equal(is_alone, 1);
    send_and_expect_all_shapes(f);
    assert_true(kernel.cut > 0);
    f->a.can_segment = false;
    send_and_expect_all_shapes(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_udp_open_binds_to_a_free_port),
        TEST(test_udp_open_refuses_a_foreign_address_and_a_taken_port),
        TEST(test_udp_run_arrives_as_one_run_by_one_call),
        TEST(test_udp_lone_datagrams_arrive_as_one_run),
        TEST(test_udp_run_ends_with_its_first_shorter_datagram),
        TEST(test_udp_short_runs_that_the_kernel_made_are_joined),
        TEST(test_udp_run_does_not_take_a_longer_datagram),
        TEST(test_udp_run_is_of_one_sender),
        TEST(test_udp_batch_ends_when_its_memory_does),
        TEST(test_udp_batch_ends_when_its_runs_do),
        TEST(test_udp_drops_and_counts_what_is_empty),
        TEST(test_udp_flood_of_empty_datagrams_does_not_hold_the_reader),
        TEST(test_udp_send_cuts_a_run_and_sends_one_datagram_plainly),
        TEST(test_udp_shapes_cut_and_put_together_by_the_kernel),
        TEST(test_udp_shapes_cut_by_the_kernel_alone),
        TEST(test_udp_shapes_without_offloads),
        TEST(test_udp_shapes_by_plain_calls),
        TEST(test_udp_send_skips_and_counts_what_the_kernel_refuses),
        TEST(test_udp_send_goes_on_behind_a_refused_datagram),
        TEST(test_udp_send_counts_each_datagram_of_a_refused_run),
        TEST(test_udp_send_without_room_goes_on_where_it_stopped),
        TEST(test_udp_cut_run_without_room_waits_whole),
        TEST(test_udp_socket_that_can_not_cut_is_not_asked_again),
        TEST(test_udp_socket_refused_in_the_middle_of_a_run_sends_the_rest_uncut),
        TEST(test_udp_run_too_wide_for_the_path_goes_uncut_once),
        TEST(test_udp_refused_either_way_is_lost_and_proves_nothing),
        TEST(test_udp_ipv6_socket_is_of_ipv6_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
