/*
 * io/udp.c - UDP sockets that send and receive runs.
 *
 * Received datagrams lie in slots of their own. Those of one sender and one size that came one
 * after the other are moved together to make a run: copying 1200 bytes costs a few percent of
 * receiving them, and a run costs the layers above one acknowledgement instead of many.
 */
#include "io/udp.h"

#include "base/addr.h"
#include "base/assert.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_BUFFER (4 * 1024 * 1024)

/* Buffers of the kernel's default lose packets in a burst. It may grant less; that is no error. */
static void enlarge_buffers(int fd)
{
    int size = SOCKET_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static bool bind_to(floe_udp *udp, const floe_addr *local)
{
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, local);
    if (bind(udp->fd, (struct sockaddr *)&sa, len) != 0) {
        return false;
    }
    len = sizeof sa;
    if (getsockname(udp->fd, (struct sockaddr *)&sa, &len) != 0) {
        return false;
    }
    udp->local = floe_sockaddr_get((struct sockaddr *)&sa);
    return true;
}

floe_err floe_udp_open(floe_udp *udp, const floe_addr *local)
{
    *udp = (floe_udp){.fd = -1};
    int family = local->family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? FLOE_E_ARG : FLOE_E_FULL;
    }
    udp->fd = fd;
    if (family == AF_INET6) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (!bind_to(udp, local)) {
        floe_udp_close(udp);
        return FLOE_E_ARG;
    }
    enlarge_buffers(fd);
    return FLOE_OK;
}

void floe_udp_close(floe_udp *udp)
{
    if (udp->fd >= 0) {
        close(udp->fd);
        udp->fd = -1;
    }
}

/* One sendmmsg() from byte `done` on. Returns the bytes that went out; 0 with errno. */
static size_t send_some(const floe_udp *udp, const floe_transmit *run, size_t done)
{
    struct sockaddr_storage to;
    socklen_t to_len = floe_sockaddr_put(&to, &run->path.remote);
    struct mmsghdr messages[FLOE_UDP_BATCH];
    struct iovec pieces[FLOE_UDP_BATCH];
    unsigned count = 0;
    for (size_t at = done; at < run->len && count < FLOE_UDP_BATCH; count++) {
        size_t left = run->len - at;
        size_t len = left < run->segment ? left : run->segment;
        pieces[count] = (struct iovec){.iov_base = run->buf + at, .iov_len = len};
        messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &to,
                                                       .msg_namelen = to_len,
                                                       .msg_iov = &pieces[count],
                                                       .msg_iovlen = 1}};
        at += len;
    }
    int sent = sendmmsg(udp->fd, messages, count, 0);
    if (sent <= 0) {
        return 0;
    }
    size_t bytes = (size_t)sent * run->segment;
    return bytes < run->len - done ? bytes : run->len - done;
}

floe_err floe_udp_send_run(floe_udp *udp, const floe_transmit *run, size_t *done)
{
    FLOE_ASSERT(run->segment > 0 && *done <= run->len);
    while (*done < run->len) {
        size_t sent = send_some(udp, run, *done);
        *done += sent;
        if (sent > 0 || errno == EINTR) {
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return FLOE_E_AGAIN;
        }
        /* No route, not permitted, too long, no buffers, an ICMP error of an earlier datagram: what
         * a network does to datagrams anyway. The first of those left is lost; go on behind it. */
        size_t left = run->len - *done;
        *done += left < run->segment ? left : run->segment;
        udp->send_dropped++;
    }
    return FLOE_OK;
}

void floe_udp_recv_runs(floe_udp *udp, floe_udp_batch *batch)
{
    struct sockaddr_storage from[FLOE_UDP_BATCH];
    struct mmsghdr messages[FLOE_UDP_BATCH];
    struct iovec slots[FLOE_UDP_BATCH];
    for (size_t i = 0; i < FLOE_UDP_BATCH; i++) {
        slots[i] =
            (struct iovec){.iov_base = batch->bytes + i * FLOE_UDP_SLOT, .iov_len = FLOE_UDP_SLOT};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                   .msg_namelen = sizeof from[i],
                                                   .msg_iov = &slots[i],
                                                   .msg_iovlen = 1}};
    }
    batch->local = udp->local;
    batch->next = 0;
    batch->count = 0;
    /* An error is one that an ICMP message left behind, and is gone once read: whoever waits for
     * the socket is called again if there is more. */
    int count = recvmmsg(udp->fd, messages, FLOE_UDP_BATCH, 0, NULL);
    for (int i = 0; i < count; i++) {
        floe_addr addr = floe_sockaddr_get((struct sockaddr *)&from[i]);
        bool is_whole = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
        size_t len = is_whole && addr.port != 0 ? messages[i].msg_len : 0;
        batch->datagrams[i].from = addr;
        batch->datagrams[i].len = len;
        udp->recv_dropped += len == 0 ? 1u : 0u;
        batch->count++;
    }
}

bool floe_udp_next_run(floe_udp_batch *batch, floe_udp_run *run)
{
    while (batch->next < batch->count && batch->datagrams[batch->next].len == 0) {
        batch->next++;
    }
    if (batch->next == batch->count) {
        return false;
    }
    size_t first = batch->next++;
    size_t segment = batch->datagrams[first].len;
    floe_addr from = batch->datagrams[first].from;
    *run = (floe_udp_run){.path = {.local = batch->local, .remote = from, .transport = FLOE_UDP},
                          .ptr = batch->bytes + first * FLOE_UDP_SLOT,
                          .len = segment,
                          .segment = segment};
    bool is_open = true;
    while (is_open && batch->next < batch->count) {
        size_t i = batch->next;
        size_t len = batch->datagrams[i].len;
        if (len == 0 || len > segment || !floe_addr_equal(&batch->datagrams[i].from, &from)) {
            break;
        }
        memmove(run->ptr + run->len, batch->bytes + i * FLOE_UDP_SLOT, len);
        run->len += len;
        is_open = len == segment;
        batch->next++;
    }
    return true;
}
