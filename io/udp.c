/*
 * io/udp.c - UDP sockets that send and receive runs.
 *
 * Measured (Linux 6.18, datagrams of 1237 bytes, CPU seconds per GB for both ends, loopback; a veth
 * differs by a few percent):
 *
 *     datagrams in a run       1     2     4     8    16    32    50
 *     sendmmsg, recvmmsg     3.3   2.8   2.8   2.6   2.6   2.5   2.7
 *     UDP_SEGMENT, UDP_GRO   3.1   1.9   1.0   0.6   0.3   0.2   0.2
 *
 * Where the device does not cut but the kernel does just before it, a run of 2 costs the same
 * either way, and one of 4 a third less. So whatever is more than one datagram is left to the
 * kernel to cut. A socket that reads GRO needs 64 KB of room for each message, most of which stays
 * empty when datagrams come alone or in short runs; those are moved together, and make runs too:
 * copying 1200 bytes costs a few percent of receiving them. Four slots are as fast as sixteen.
 */
#include "io/udp.h"

#include "base/addr.h"
#include "base/assert.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_BUFFER (4 * 1024 * 1024)

#define SENT_AT_ONCE   64u    /* segments that every kernel takes, and messages of a sendmmsg() */
#define MOVED_MAX      8192u  /* bytes that come in one message and are moved to the others */
#define SENT_BYTES_MAX 65507u /* what one IPv4 packet could carry: UDP_SEGMENT takes no more */

/* Buffers of the kernel's default lose packets in a burst. It may grant less; that is no error. */
static void enlarge_buffers(int fd)
{
    int size = SOCKET_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* A kernel before 4.18 would not refuse UDP_SEGMENT with a message but ignore it, and send the run
 * as one huge datagram: it must be asked first. */
static void find_offloads(floe_udp *udp)
{
    int on = 1, by_message = 0;
    udp->can_batch = true;
    udp->can_segment =
        setsockopt(udp->fd, SOL_UDP, UDP_SEGMENT, &by_message, sizeof by_message) == 0;
    /* Without it, datagrams come one by one. */
    (void)setsockopt(udp->fd, SOL_UDP, UDP_GRO, &on, sizeof on);
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
    find_offloads(udp);
    return FLOE_OK;
}

void floe_udp_close(floe_udp *udp)
{
    if (udp->fd >= 0) {
        close(udp->fd);
        udp->fd = -1;
    }
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes of the datagrams at the head of `left` bytes that one UDP_SEGMENT takes. */
static size_t get_piece(size_t left, size_t segment)
{
    size_t count = min_size(SENT_AT_ONCE, SENT_BYTES_MAX / segment);
    return min_size(left, count * segment);
}

/* A piece in one call, the kernel cuts it. Returns its bytes, or 0 with errno: none went out. */
static size_t send_piece(const floe_udp *udp, const floe_transmit *run, size_t done)
{
    struct sockaddr_storage to;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    size_t len = get_piece(run->len - done, run->segment);
    struct iovec piece = {.iov_base = run->buf + done, .iov_len = len};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = floe_sockaddr_put(&to, &run->path.remote),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
    uint16_t segment = (uint16_t)run->segment;
    cmsg->cmsg_level = SOL_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(cmsg), &segment, sizeof segment);
    return sendmsg(udp->fd, &message, 0) > 0 ? len : 0;
}

/* How many of the messages went out; 0 or less with errno. */
static int send_messages(floe_udp *udp, struct mmsghdr *messages, unsigned count)
{
    if (udp->can_batch) {
        int sent = sendmmsg(udp->fd, messages, count, 0);
        if (sent >= 0 || errno != ENOSYS) {
            return sent;
        }
        udp->can_batch = false;
    }
    return sendmsg(udp->fd, &messages[0].msg_hdr, 0) >= 0 ? 1 : -1;
}

/* As datagrams, from byte `done` on. Returns the bytes that went out; 0 with errno. */
static size_t send_datagrams(floe_udp *udp, const floe_transmit *run, size_t done)
{
    struct sockaddr_storage to;
    socklen_t to_len = floe_sockaddr_put(&to, &run->path.remote);
    struct mmsghdr messages[SENT_AT_ONCE];
    struct iovec pieces[SENT_AT_ONCE];
    unsigned count = 0;
    for (size_t at = done; at < run->len && count < SENT_AT_ONCE; count++) {
        size_t len = min_size(run->len - at, run->segment);
        pieces[count] = (struct iovec){.iov_base = run->buf + at, .iov_len = len};
        messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &to,
                                                       .msg_namelen = to_len,
                                                       .msg_iov = &pieces[count],
                                                       .msg_iovlen = 1}};
        at += len;
    }
    int sent = send_messages(udp, messages, count);
    return sent > 0 ? min_size((size_t)sent * run->segment, run->len - done) : 0;
}

/* The kernel, or the device, may not be able to cut: no support, no checksums, IPsec. Or the
 * datagrams themselves are refused: a size beyond the path's, a bad address. */
static bool is_about_cutting(int error)
{
    return error == EINVAL || error == EIO || error == EMSGSIZE || error == ENOPROTOOPT ||
           error == EOPNOTSUPP;
}

/* No route, not permitted, too long, no buffers, an ICMP error of an earlier datagram: what a
 * network does to datagrams anyway. What the call held first is lost; go on behind it. */
static size_t drop(floe_udp *udp, const floe_transmit *run, size_t done, bool is_cut)
{
    size_t left = run->len - done;
    size_t lost = is_cut ? get_piece(left, run->segment) : min_size(left, run->segment);
    udp->send_dropped += (lost + run->segment - 1) / run->segment;
    return lost;
}

/* Linux has this for the socket, not for a datagram. */
static void set_uncut(floe_udp *udp, bool is_uncut)
{
    bool is_ipv4 = udp->local.family == 4;
    int mode = is_uncut ? IP_PMTUDISC_PROBE : IP_PMTUDISC_WANT;
    _Static_assert(IP_PMTUDISC_PROBE == IPV6_PMTUDISC_PROBE, "one number for both");
    _Static_assert(IP_PMTUDISC_WANT == IPV6_PMTUDISC_WANT, "one number for both");
    if (udp->is_uncut != is_uncut) {
        (void)setsockopt(udp->fd, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                         is_ipv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &mode, sizeof mode);
        udp->is_uncut = is_uncut;
    }
}

floe_err floe_udp_send_run(floe_udp *udp, const floe_transmit *run, size_t *done)
{
    FLOE_ASSERT(run->segment > 0 && *done <= run->len);
    set_uncut(udp, run->segment > FLOE_UDP_CUT_MAX);
    int refused = 0; /* why the kernel would not cut this run */
    while (*done < run->len) {
        bool is_cut = udp->can_segment && refused == 0 &&
                      get_piece(run->len - *done, run->segment) > run->segment;
        size_t sent = is_cut ? send_piece(udp, run, *done) : send_datagrams(udp, run, *done);
        *done += sent;
        if (sent > 0) {
            /* They pass uncut, so cutting is what this socket can't do. Not so if the path's size
             * was the reason: the peer will soon make smaller ones. */
            udp->can_segment = udp->can_segment && (refused == 0 || refused == EMSGSIZE);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return FLOE_E_AGAIN;
        } else if (is_cut && is_about_cutting(errno)) {
            refused = errno;
        } else if (errno != EINTR) {
            *done += drop(udp, run, *done, is_cut);
        }
    }
    return FLOE_OK;
}

typedef struct arrival { /* one message of a receive */
    struct sockaddr_storage from;
    struct iovec slot;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
} arrival;

/* The size of the datagrams that the kernel put together; that of the message if it is one. */
static size_t get_segment(struct mmsghdr *message)
{
    struct msghdr *header = &message->msg_hdr;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg != NULL;
         cmsg = CMSG_NXTHDR(header, cmsg)) {
        int size = 0;
        if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_GRO) {
            memcpy(&size, CMSG_DATA(cmsg), sizeof size);
            return size > 0 ? min_size((size_t)size, message->msg_len) : message->msg_len;
        }
    }
    return message->msg_len;
}

/* Whether what came continues the newest run: that ends with its first shorter datagram. */
static bool is_next_of_run(const floe_udp_batch *batch, const floe_addr *from, size_t len,
                           size_t segment)
{
    if (batch->count == 0) {
        return false;
    }
    size_t last = batch->count - 1;
    bool is_fitting =
        segment == batch->runs[last].segment || (segment == len && len < batch->runs[last].segment);
    return is_fitting && batch->runs[last].len % batch->runs[last].segment == 0 &&
           floe_addr_equal(&batch->runs[last].from, from);
}

/* What is short moves to what came before, so that they make one run and its slot is free again. A
 * long run stays where the kernel put it. */
static void take(floe_udp *udp, floe_udp_batch *batch, struct mmsghdr *message, const arrival *a)
{
    floe_addr from = floe_sockaddr_get((const struct sockaddr *)&a->from);
    size_t len = message->msg_len;
    if (len == 0 || from.port == 0) {
        udp->recv_dropped++;
        return;
    }
    size_t segment = get_segment(message);
    size_t at = (size_t)((uint8_t *)a->slot.iov_base - batch->bytes);
    bool is_joined = false;
    if (len <= MOVED_MAX) {
        memmove(batch->bytes + batch->used, a->slot.iov_base, len);
        at = batch->used;
        is_joined = is_next_of_run(batch, &from, len, segment);
    }
    batch->used = at + len;
    if (is_joined) {
        batch->runs[batch->count - 1].len += len;
        return;
    }
    batch->runs[batch->count].from = from;
    batch->runs[batch->count].at = at;
    batch->runs[batch->count].len = len;
    batch->runs[batch->count].segment = segment;
    batch->count++;
}

/* An error is one that an ICMP message left behind, and is gone once read: whoever waits for the
 * socket is called again if there is more. */
static size_t receive(floe_udp *udp, struct mmsghdr *messages, size_t count)
{
    if (udp->can_batch) {
        int got = recvmmsg(udp->fd, messages, (unsigned)count, 0, NULL);
        if (got >= 0 || errno != ENOSYS) {
            return got > 0 ? (size_t)got : 0;
        }
        udp->can_batch = false;
    }
    ssize_t len = recvmsg(udp->fd, &messages[0].msg_hdr, 0);
    messages[0].msg_len = len > 0 ? (unsigned)len : 0;
    return len >= 0 ? 1 : 0;
}

/* One system call, into the free part of the batch. False: nothing more waits. */
static bool receive_more(floe_udp *udp, floe_udp_batch *batch, size_t slots)
{
    arrival arrivals[FLOE_UDP_SLOTS];
    struct mmsghdr messages[FLOE_UDP_SLOTS];
    for (size_t i = 0; i < slots; i++) {
        arrivals[i].slot = (struct iovec){
            .iov_base = batch->bytes + batch->used + i * FLOE_UDP_SLOT, .iov_len = FLOE_UDP_SLOT};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &arrivals[i].from,
                                                   .msg_namelen = sizeof arrivals[i].from,
                                                   .msg_iov = &arrivals[i].slot,
                                                   .msg_iovlen = 1,
                                                   .msg_control = arrivals[i].control,
                                                   .msg_controllen = sizeof arrivals[i].control}};
    }
    size_t got = receive(udp, messages, slots);
    for (size_t i = 0; i < got; i++) {
        take(udp, batch, &messages[i], &arrivals[i]);
    }
    return got == slots;
}

void floe_udp_recv_runs(floe_udp *udp, floe_udp_batch *batch)
{
    batch->local = udp->local;
    batch->count = batch->next = batch->used = 0;
    size_t slots, calls = 0; /* a flood of empty datagrams fills nothing */
    do {
        slots = min_size((sizeof batch->bytes - batch->used) / FLOE_UDP_SLOT,
                         FLOE_UDP_RUNS - batch->count);
        slots = udp->can_batch ? slots : min_size(slots, 1);
        calls++;
    } while (slots > 0 && calls <= FLOE_UDP_RUNS && receive_more(udp, batch, slots));
}

bool floe_udp_next_run(floe_udp_batch *batch, floe_udp_run *run)
{
    if (batch->next == batch->count) {
        return false;
    }
    size_t i = batch->next++;
    *run = (floe_udp_run){
        .path = {.local = batch->local, .remote = batch->runs[i].from, .transport = FLOE_UDP},
        .ptr = batch->bytes + batch->runs[i].at,
        .len = batch->runs[i].len,
        .segment = batch->runs[i].segment};
    return true;
}
