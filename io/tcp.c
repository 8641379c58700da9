/* io/tcp.c - see io/tcp.h. */
#include "io/tcp.h"

#include "base/assert.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define LISTEN_BACKLOG 16 /* connections that wait to be accepted */

/* Messages are small and each is waited for: Nagle's algorithm would hold them back. And a port is
 * chosen by connect(), where one can serve many destinations, not by bind(). */
static void set_options(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
}

static bool bind_to(int fd, const floe_addr *local)
{
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, local);
    return bind(fd, (struct sockaddr *)&sa, len) == 0;
}

/* Where connect() itself fails the reason is kept: it is the network's, like those that come
 * later. */
static bool begin(floe_tcp *tcp, const floe_addr *server)
{
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, server);
    if (connect(tcp->fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS ||
        errno == EINTR) {
        return true;
    }
    tcp->reason = errno;
    return errno != EADDRNOTAVAIL && errno != EADDRINUSE && errno != EINVAL;
}

floe_err floe_tcp_open(floe_tcp *tcp, const floe_addr *local, const floe_addr *server)
{
    *tcp = (floe_tcp){.fd = -1};
    int family = server->family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? FLOE_E_ARG : FLOE_E_FULL;
    }
    tcp->fd = fd;
    set_options(fd);
    if ((local->family != 0 && !bind_to(fd, local)) || !begin(tcp, server)) {
        floe_tcp_close(tcp);
        return FLOE_E_ARG;
    }
    return FLOE_OK;
}

floe_err floe_tcp_listen(floe_tcp *tcp, const floe_addr *local, floe_addr *bound)
{
    *tcp = (floe_tcp){.fd = -1};
    int on = 1;
    int family = local->family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? FLOE_E_ARG : FLOE_E_FULL;
    }
    tcp->fd = fd;
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    if (!bind_to(fd, local) || listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0) {
        floe_tcp_close(tcp);
        return FLOE_E_ARG;
    }
    *bound = floe_sockaddr_get((struct sockaddr *)&sa);
    return FLOE_OK;
}

floe_err floe_tcp_accept(const floe_tcp *listener, floe_tcp *tcp, floe_addr *from)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    *tcp = (floe_tcp){.fd = -1};
    int fd = accept4(listener->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        bool is_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return is_full ? FLOE_E_FULL : FLOE_E_AGAIN;
    }
    tcp->fd = fd;
    set_options(fd);
    *from = floe_sockaddr_get((struct sockaddr *)&sa);
    return FLOE_OK;
}

void floe_tcp_close(floe_tcp *tcp)
{
    if (tcp->fd >= 0) {
        close(tcp->fd);
        tcp->fd = -1;
    }
}

/* SO_ERROR is 0 while it still connects; whether it has a peer says which of the two it is. */
floe_err floe_tcp_finish(floe_tcp *tcp)
{
    int error = 0;
    socklen_t len = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    if (tcp->reason == 0) {
        (void)getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        tcp->reason = error;
    }
    if (tcp->reason != 0) {
        return FLOE_E_CLOSED;
    }
    bool is_connected = getpeername(tcp->fd, (struct sockaddr *)&peer, &peer_len) == 0;
    return is_connected ? FLOE_OK : FLOE_E_AGAIN;
}

static floe_err judge(floe_tcp *tcp)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return FLOE_E_AGAIN;
    }
    tcp->reason = errno;
    return FLOE_E_CLOSED;
}

floe_err floe_tcp_send(floe_tcp *tcp, floe_bytes bytes, size_t *done)
{
    FLOE_ASSERT(bytes.len > 0);
    *done = 0;
    ssize_t sent = send(tcp->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (sent < 0) {
        return judge(tcp);
    }
    *done = (size_t)sent;
    return FLOE_OK;
}

floe_err floe_tcp_recv(floe_tcp *tcp, uint8_t *buf, size_t cap, size_t *done)
{
    *done = 0;
    ssize_t got = recv(tcp->fd, buf, cap, 0);
    if (got < 0) {
        return judge(tcp);
    }
    *done = (size_t)got;
    return got > 0 ? FLOE_OK : FLOE_E_CLOSED;
}

const char *floe_tcp_reason_text(int reason)
{
    switch (reason) {
    case 0:
        return "the server closed the connection";
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
    case EPIPE:
        return "the server reset the connection";
    case EHOSTUNREACH:
        return "no route to host";
    case ENETUNREACH:
        return "no route to that network";
    case ETIMEDOUT:
        return "the server does not answer any more";
    case EACCES:
    case EPERM:
        return "this machine does not permit the connection";
    default:
        return "the connection failed";
    }
}
