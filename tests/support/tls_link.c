/* support/tls_link.c - see support/tls_link.h. */
#include "support/tls_link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/writer.h"
#include "support/unit.h"

static int64_t ahead_s;
static int free_fd;   /* the echo's, whose datagrams always pass */
static bool is_full;  /* the kernel has no room for the others */
static unsigned room; /* but for so many, or for a run */

/* Stands in for the C library's, as the three below. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec += ahead_s;
    return result;
}

static bool has_room(void)
{
    if (is_full && room == 0) {
        errno = EAGAIN;
        return false;
    }
    room -= is_full ? 1 : 0;
    return true;
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    return has_room() ? (int)syscall(SYS_sendmmsg, fd, messages, is_full ? 1 : count, flags) : -1;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return has_room() ? (ssize_t)syscall(SYS_sendmsg, fd, message, flags) : -1;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    bool is_datagram = fd != free_fd && (flags & MSG_NOSIGNAL) == 0;
    return is_datagram && !has_room()
               ? -1
               : (ssize_t)syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

void tls_link_wait(int64_t seconds)
{
    ahead_s = seconds;
}

void tls_link_let_datagrams(const tls_link *f, unsigned count)
{
    free_fd = f->echo.fd;
    is_full = true;
    room = count;
}

static void close_if(tls_link *f, tls_link_moment now)
{
    if (f->close_in == now) {
        floe_server_link_close(f->link);
        f->link = NULL;
    }
}

static void on_opened(void *ctx, floe_server_link *link)
{
    tls_link *f = ctx;
    assert_ptr_equal(link, f->link);
    assert_true(floe_server_link_is_open(link));
    f->opened++;
    close_if(f, TLS_LINK_IN_OPENED);
}

static void on_received(void *ctx, floe_server_link *link, floe_span message)
{
    tls_link *f = ctx;
    assert_ptr_equal(link, f->link);
    f->received++;
    f->bytes += message.len;
    f->len = message.len;
    memcpy(f->last, message.ptr, message.len);
    memset(message.ptr, 0xEE, message.len); /* as is allowed */
    close_if(f, TLS_LINK_IN_RECEIVED);
}

static void on_writable(void *ctx, floe_server_link *link)
{
    tls_link *f = ctx;
    assert_ptr_equal(link, f->link);
    f->writable++;
    close_if(f, TLS_LINK_IN_WRITABLE);
}

static void on_failed(void *ctx, floe_server_link *link, const char *why)
{
    tls_link *f = ctx;
    assert_ptr_equal(link, f->link);
    f->failed++;
    f->why = why;
    close_if(f, TLS_LINK_IN_FAILED);
}

void tls_link_init(tls_link *f)
{
    memset(f, 0, sizeof *f);
    ahead_s = 0;
    is_full = false;
    f->echo.listener = f->echo.fd = -1;
    f->leaf = (tls_leaf){.names = "DNS:turn.example, IP:127.0.0.1"};
    tls_authority_init(&f->authority);
    f->config = (floe_server_link_config){.host = FLOE_LIT("turn.example"),
                                          .ca_file = f->authority.path,
                                          .opened = on_opened,
                                          .received = on_received,
                                          .writable = on_writable,
                                          .failed = on_failed,
                                          .ctx = f};
    assert_int_equal(floe_loop_open(&f->loop), FLOE_OK);
}

void tls_link_free(tls_link *f)
{
    floe_server_link_close(f->link);
    f->link = NULL;
    tls_echo_close(&f->echo);
    floe_loop_close(f->loop);
    tls_authority_free(&f->authority);
}

size_t tls_link_put(uint8_t *out, size_t len, uint8_t fill)
{
    memset(out, fill, TLS_LINK_HEADER + len);
    floe_store_u16(out, 0x0001);
    floe_store_u16(out + 2, (uint16_t)len);
    floe_store_u32(out + 4, 0x2112A442);
    return TLS_LINK_HEADER + len;
}

void tls_link_open(tls_link *f, floe_transport transport)
{
    f->config.transport = (uint8_t)transport;
    if (f->config.server.family == 0) {
        tls_echo_open(&f->echo, transport, &f->authority, &f->leaf);
        f->config.server = f->echo.addr;
    }
    assert_int_equal(floe_server_link_open(&f->link, f->loop, &f->config), FLOE_OK);
    assert_int_equal(f->opened + f->failed, 0);
}

void tls_link_turn(tls_link *f)
{
    tls_echo_serve(&f->echo);
    floe_loop_wait(f->loop, 1);
}

void tls_link_run_until(tls_link *f, const unsigned *counter, unsigned wanted)
{
    for (int i = 0; i < TLS_LINK_TURNS && *counter < wanted; i++) {
        tls_link_turn(f);
    }
    assert_int_equal(*counter, wanted);
}

void tls_link_run_turns(tls_link *f, int turns)
{
    for (int i = 0; i < turns; i++) {
        tls_link_turn(f);
    }
}

void tls_link_send(tls_link *f, size_t len, uint8_t fill)
{
    uint8_t message[2048];
    size_t size = tls_link_put(message, len, fill);
    assert_int_equal(floe_server_link_send(f->link, message, size, size), FLOE_OK);
}

/* Fill the link until it refuses. */
void tls_link_fill(tls_link *f)
{
    static uint8_t run[48 * 1024];
    floe_err err = FLOE_OK;
    for (size_t i = 0; i < sizeof run / 1024; i++) {
        (void)tls_link_put(run + i * 1024, 1024 - TLS_LINK_HEADER, (uint8_t)i);
    }
    for (int i = 0; i < 1000 && err == FLOE_OK; i++) {
        err = floe_server_link_send(f->link, run, sizeof run, 1024);
    }
    assert_int_equal(err, FLOE_E_AGAIN);
}

void tls_link_expect_failure(tls_link *f, floe_transport transport, const char *why)
{
    tls_link_open(f, transport);
    tls_link_run_until(f, &f->failed, 1);
    assert_string_equal(f->why, why);
    assert_false(floe_server_link_is_open(f->link));
    uint8_t message[TLS_LINK_HEADER];
    size_t size = tls_link_put(message, 0, 0);
    assert_int_equal(floe_server_link_send(f->link, message, size, size), FLOE_E_CLOSED);
    tls_link_run_turns(f, 3);
    assert_int_equal(f->failed, 1);
}
