/* support/tls_echo.c - see support/tls_echo.h. */
#include "support/tls_echo.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "support/unit.h"

static bool is_stream(const tls_echo *echo)
{
    return echo->transport == FLOE_TCP || echo->transport == FLOE_TLS;
}

static bool is_sealed(const tls_echo *echo)
{
    return echo->transport == FLOE_TLS || echo->transport == FLOE_DTLS;
}

void tls_echo_open(tls_echo *echo, floe_transport transport, const tls_authority *authority,
                   const tls_leaf *leaf)
{
    memset(echo, 0, sizeof *echo);
    echo->transport = transport;
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, (is_stream(echo) ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    assert_true(!is_stream(echo) || listen(fd, 4) == 0);
    echo->addr = floe_addr_from_ipv4(127, 0, 0, 1, ntohs(sa.sin_port));
    echo->listener = is_stream(echo) ? fd : -1;
    echo->fd = is_stream(echo) ? -1 : fd;
    if (is_sealed(echo)) {
        tls_server_init(&echo->tls, authority, leaf, !is_stream(echo));
        tls_server_open(&echo->tls);
    }
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

void tls_echo_close(tls_echo *echo)
{
    close_fd(&echo->listener);
    close_fd(&echo->fd);
    if (is_sealed(echo)) {
        tls_server_free(&echo->tls);
    }
}

/* A stream is sent as the socket, and send_max, will have it; the rest later. */
static void send_some(tls_echo *echo)
{
    size_t len = echo->waiting;
    if (echo->send_max != 0 && len > echo->send_max) {
        len = echo->send_max;
    }
    ssize_t sent = len > 0 ? send(echo->fd, echo->out, len, MSG_NOSIGNAL) : 0;
    if (sent > 0) {
        echo->waiting -= (size_t)sent;
        memmove(echo->out, echo->out + sent, echo->waiting);
    }
}

static void send_raw(tls_echo *echo, floe_bytes bytes)
{
    if (bytes.len == 0) {
        return;
    }
    if (!is_stream(echo)) {
        (void)send(echo->fd, bytes.ptr, bytes.len, 0);
        return;
    }
    assert_true(bytes.len <= sizeof echo->out - echo->waiting);
    memcpy(echo->out + echo->waiting, bytes.ptr, bytes.len);
    echo->waiting += bytes.len;
    send_some(echo);
}

static void send_tls_output(tls_echo *echo)
{
    static uint8_t buf[1 << 18];
    send_raw(echo, (floe_bytes){buf, tls_server_output(&echo->tls, buf, sizeof buf)});
}

void tls_echo_send(tls_echo *echo, floe_bytes plain)
{
    if (is_sealed(echo)) {
        tls_server_send(&echo->tls, plain);
        send_tls_output(echo);
    } else {
        send_raw(echo, plain);
    }
}

void tls_echo_hang_up(tls_echo *echo)
{
    if (is_sealed(echo)) {
        tls_server_close(&echo->tls);
        send_tls_output(echo);
    }
    close_fd(&echo->fd);
}

static void take(tls_echo *echo, floe_bytes in)
{
    floe_bytes plain = in;
    if (is_sealed(echo)) {
        tls_server_input(&echo->tls, in);
        send_tls_output(echo);
        plain = (floe_bytes){echo->tls.data, echo->tls.len};
        echo->tls.len = 0;
    }
    echo->got += plain.len;
    if (plain.len > 0 && !echo->is_silent) {
        tls_echo_send(echo, plain);
    }
}

/* Whoever has sent last is the client. */
static ssize_t read_socket(tls_echo *echo, uint8_t *buf, size_t cap)
{
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    if (is_stream(echo)) {
        return recv(echo->fd, buf, cap, 0);
    }
    ssize_t got = recvfrom(echo->fd, buf, cap, 0, (struct sockaddr *)&from, &len);
    if (got >= 0) {
        assert_int_equal(connect(echo->fd, (struct sockaddr *)&from, len), 0);
    }
    return got;
}

void tls_echo_serve(tls_echo *echo)
{
    static uint8_t buf[16384];
    if (echo->listener >= 0 && echo->fd < 0) {
        echo->fd = accept4(echo->listener, NULL, NULL, SOCK_NONBLOCK);
    }
    if (echo->fd < 0 || echo->is_mute) {
        return;
    }
    send_some(echo);
    for (int i = 0; i < 64; i++) {
        ssize_t got = read_socket(echo, buf, sizeof buf);
        echo->is_ended = echo->is_ended || (got == 0 && is_stream(echo));
        if (got <= 0) {
            return;
        }
        take(echo, (floe_bytes){buf, (size_t)got});
    }
}
