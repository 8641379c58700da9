/*
 * io/mdns_socket.c - a node of multicast DNS on real sockets.
 *
 * One socket for each family, bound to the port and to no address, since a socket that is bound to
 * one hears no group. IP_PKTINFO says which interface a packet came in on, and picks the one that a
 * packet leaves by.
 */
#include "io/mdns_socket.h"

#include "base/addr.h"
#include "io/sockaddr.h"
#include "mdns/mdns_msg.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define V4 0
#define V6 1
#define READS_MAX                                                                                  \
    16 /* packets of one turn of the loop; what is left makes the socket ready again */
#define CONTROL_SIZE 128u

static int socket_of(uint8_t family)
{
    return family == 4 ? V4 : V6;
}

/* The bits that a netmask has set. */
static uint8_t prefix_len_of(const struct sockaddr *netmask)
{
    uint8_t len = 0;
    const uint8_t *bytes = NULL;
    size_t count = 0;
    if (netmask != NULL && netmask->sa_family == AF_INET) {
        bytes = (const uint8_t *)&((const struct sockaddr_in *)(const void *)netmask)->sin_addr;
        count = 4;
    } else if (netmask != NULL && netmask->sa_family == AF_INET6) {
        bytes = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)netmask)->sin6_addr;
        count = 16;
    }
    for (size_t i = 0; i < 8 * count && (bytes[i / 8] & (0x80u >> i % 8)) != 0; i++) {
        len++;
    }
    return len;
}

static bool is_spoken_on(const struct ifaddrs *entry, bool use_loopback)
{
    bool is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
    bool can_multicast = (entry->ifa_flags & IFF_MULTICAST) != 0 || is_loopback;
    return (entry->ifa_flags & IFF_UP) != 0 && is_loopback == use_loopback && can_multicast &&
           (entry->ifa_flags & IFF_POINTOPOINT) == 0;
}

/* Add it, unless its interface is there with this family: the first address serves; but several
 * interfaces may have the same link-local one, so any other is better. */
static size_t add_to(floe_mdns_interface *list, size_t count, size_t cap,
                     const floe_mdns_interface *found)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].link == found->link && list[i].local.family == found->local.family) {
            bool is_better =
                floe_addr_is_link_local(&list[i].local) && !floe_addr_is_link_local(&found->local);
            list[i] = is_better ? *found : list[i];
            return count;
        }
    }
    if (count < cap) {
        list[count++] = *found;
    }
    return count;
}

size_t floe_mdns_socket_find(floe_mdns_interface *list, size_t cap, bool use_loopback)
{
    struct ifaddrs *all;
    size_t count = 0;
    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        floe_mdns_interface found = {.local = floe_sockaddr_get(at->ifa_addr),
                                     .prefix_len = prefix_len_of(at->ifa_netmask),
                                     .link = if_nametoindex(at->ifa_name)};
        if (found.local.family != 0 && found.link != 0 && is_spoken_on(at, use_loopback)) {
            count = add_to(list, count, cap, &found);
        }
    }
    freeifaddrs(all);
    return count;
}

uint32_t floe_mdns_socket_link_of(const floe_addr *addr)
{
    struct ifaddrs *all;
    uint32_t link = 0;
    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (const struct ifaddrs *at = all; at != NULL && link == 0; at = at->ifa_next) {
        floe_addr local = floe_sockaddr_get(at->ifa_addr);
        if (local.family != 0 && floe_addr_ip_equal(&local, addr)) {
            link = if_nametoindex(at->ifa_name);
        }
    }
    freeifaddrs(all);
    return link;
}

static void set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int open_plain(uint8_t family)
{
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && family == 6) {
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    return fd;
}

static bool bind_to_port(int fd, uint8_t family)
{
    floe_addr any = {.family = family, .port = FLOE_MDNS_PORT};
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, &any);
    return bind(fd, (struct sockaddr *)&sa, len) == 0;
}

/* RFC 6762 §15.2: the port is to be shared; §11: hop limit 255. Groups that other programs have
 * joined are none of ours; our own packets are to be heard by other programs of this machine. */
static void set_options(int fd, uint8_t family)
{
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (family == 4) {
        set(fd, IPPROTO_IP, IP_PKTINFO, 1);
        set(fd, IPPROTO_IP, IP_TTL, 255);
        set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 255);
        set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
        set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    } else {
        set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255);
        set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
        set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
        set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    }
}

/* A group that is joined already, for an address that is gone, is fine. */
static bool join(int fd, const floe_mdns_interface *interface)
{
    if (interface->local.family == 4) {
        struct ip_mreqn request = {.imr_ifindex = (int)interface->link};
        request.imr_multiaddr.s_addr = htonl(0xe00000fbu); /* 224.0.0.251 */
        return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0 ||
               errno == EADDRINUSE;
    }
    struct ipv6_mreq request = {.ipv6mr_interface = interface->link};
    request.ipv6mr_multiaddr.s6_addr[0] = 0xff; /* ff02::fb */
    request.ipv6mr_multiaddr.s6_addr[1] = 0x02;
    request.ipv6mr_multiaddr.s6_addr[15] = 0xfb;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0 ||
           errno == EADDRINUSE;
}

/* The interface in the control message; 0: it does not say. */
static uint32_t link_in(struct msghdr *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(at), sizeof info);
            return (uint32_t)info.ipi_ifindex;
        }
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(at), sizeof info);
            return info.ipi6_ifindex;
        }
    }
    return 0;
}

static const floe_mdns_interface *find_link(const floe_mdns_socket *socket, uint8_t family,
                                            uint32_t link)
{
    for (size_t i = 0; i < socket->count; i++) {
        const floe_mdns_interface *interface = &socket->interfaces[i];
        if (interface->link == link && interface->local.family == family) {
            return interface;
        }
    }
    return NULL;
}

/* One packet. False: none waits. */
static bool receive(floe_mdns_socket *socket, int fd)
{
    struct sockaddr_storage from;
    struct iovec piece = {.iov_base = socket->packet, .iov_len = sizeof socket->packet};
    union {
        struct cmsghdr align;
        uint8_t bytes[CONTROL_SIZE];
    } control;
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t len = recvmsg(fd, &message, 0);
    if (len < 0) {
        return false;
    }
    floe_path path = {.remote = floe_sockaddr_get((struct sockaddr *)&from)};
    const floe_mdns_interface *interface = find_link(socket, path.remote.family, link_in(&message));
    if (interface != NULL && (message.msg_flags & MSG_TRUNC) == 0) {
        path.local = interface->local;
        floe_bytes packet = {socket->packet, (size_t)len};
        floe_err err =
            floe_mdns_node_input(socket->node, floe_loop_now(socket->loop), &path, packet);
        socket->recv_dropped += err != FLOE_OK ? 1u : 0u;
    }
    return true;
}

/* The control message that names the source address and the interface. */
static void put_link(struct msghdr *message, const floe_mdns_interface *interface)
{
    struct cmsghdr *head = message->msg_control;
    if (interface->local.family == 4) {
        struct in_pktinfo info = {.ipi_ifindex = (int)interface->link};
        memcpy(&info.ipi_spec_dst, interface->local.ip, 4);
        *head = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(head), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = interface->link};
        memcpy(&info.ipi6_addr, interface->local.ip, 16);
        *head = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6,
                                 .cmsg_type = IPV6_PKTINFO,
                                 .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(head), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

/* What the kernel refuses is lost, as on any network: questions are repeated. */
static void send_packet(floe_mdns_socket *socket, const floe_transmit *out)
{
    struct sockaddr_storage to;
    struct iovec piece = {.iov_base = out->buf, .iov_len = out->len};
    union {
        struct cmsghdr align;
        uint8_t bytes[CONTROL_SIZE];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = floe_sockaddr_put(&to, &out->path.remote),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes};
    for (size_t i = 0; i < socket->count; i++) {
        if (floe_addr_ip_equal(&socket->interfaces[i].local, &out->path.local)) {
            put_link(&message, &socket->interfaces[i]);
            int fd = socket->watches[socket_of(out->path.local.family)].fd;
            socket->send_dropped += sendmsg(fd, &message, 0) < 0 ? 1u : 0u;
            return;
        }
    }
}

static void flush(floe_mdns_socket *socket)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    while (floe_mdns_node_poll_transmit(socket->node, &out)) {
        send_packet(socket, &out);
    }
}

/* What the program and the packets of this turn have caused goes out in one pass. An event keeps
 * the loop from sleeping: whoever waits for it may have nothing else to wake up for. */
static void prepare(floe_timer *timer)
{
    floe_mdns_socket *socket = timer->ctx;
    flush(socket);
    timer->at = floe_mdns_node_has_event(socket->node) ? floe_loop_now(socket->loop)
                                                       : floe_mdns_node_deadline(socket->node);
}

static void due(floe_timer *timer, floe_time now)
{
    floe_mdns_socket *socket = timer->ctx;
    floe_mdns_event event;
    (void)now;
    while (floe_mdns_node_poll_event(socket->node, &event)) {
        socket->heard(socket->ctx, &event);
    }
}

static void woke(floe_timer *timer, floe_time now)
{
    floe_mdns_socket *socket = timer->ctx;
    floe_mdns_node_advance(socket->node, now);
}

static void ready(floe_watch *watch, int events)
{
    floe_mdns_socket *socket = watch->ctx;
    (void)events;
    for (int i = 0; i < READS_MAX && receive(socket, watch->fd); i++) {
        flush(socket);
    }
}

static floe_err open_family(floe_mdns_socket *socket, uint8_t family)
{
    floe_watch *watch = &socket->watches[socket_of(family)];
    int fd = open_plain(family);
    *watch = (floe_watch){.fd = fd, .ready = ready, .ctx = socket};
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? FLOE_E_ARG : FLOE_E_FULL;
    }
    set_options(fd, family);
    floe_err err = FLOE_E_ARG;
    if (bind_to_port(fd, family)) {
        err = floe_loop_add(socket->loop, watch, FLOE_LOOP_READ);
    }
    if (err != FLOE_OK) {
        close(fd);
        watch->fd = -1;
    }
    return err;
}

static void close_family(floe_mdns_socket *socket, int which)
{
    floe_watch *watch = &socket->watches[which];
    if (watch->fd >= 0) {
        floe_loop_remove(socket->loop, watch);
        close(watch->fd);
        watch->fd = -1;
    }
}

static bool has_interface(const floe_mdns_interface *list, size_t count,
                          const floe_mdns_interface *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].link == wanted->link && floe_addr_ip_equal(&list[i].local, &wanted->local)) {
            return true;
        }
    }
    return false;
}

void floe_mdns_socket_update(floe_mdns_socket *socket, const floe_mdns_interface *list,
                             size_t count)
{
    for (size_t i = socket->count; i-- > 0;) {
        if (!has_interface(list, count, &socket->interfaces[i])) {
            floe_mdns_node_remove_interface(socket->node, &socket->interfaces[i].local);
            socket->interfaces[i] = socket->interfaces[--socket->count];
        }
    }
    for (size_t i = 0; i < count && socket->count < FLOE_MDNS_INTERFACE_MAX; i++) {
        int fd = socket->watches[socket_of(list[i].local.family)].fd;
        if (fd >= 0 && !has_interface(socket->interfaces, socket->count, &list[i]) &&
            join(fd, &list[i]) && floe_mdns_node_add_interface(socket->node, &list[i]) == FLOE_OK) {
            socket->interfaces[socket->count++] = list[i];
        }
    }
}

floe_err floe_mdns_socket_open(floe_mdns_socket *socket, const floe_mdns_socket_config *config)
{
    memset(socket, 0, sizeof *socket);
    socket->loop = config->loop;
    socket->node = config->node;
    socket->heard = config->heard;
    socket->ctx = config->ctx;
    socket->timer = (floe_timer){
        .at = FLOE_TIME_NEVER, .due = due, .prepare = prepare, .woke = woke, .ctx = socket};
    floe_err v4 = open_family(socket, 4);
    floe_err v6 = open_family(socket, 6);
    floe_mdns_socket_update(socket, config->interfaces, config->count);
    if (socket->count == 0) {
        close_family(socket, V4);
        close_family(socket, V6);
        socket->loop = NULL;
        return v4 == FLOE_E_FULL || v6 == FLOE_E_FULL ? FLOE_E_FULL : FLOE_E_ARG;
    }
    floe_loop_add_timer(socket->loop, &socket->timer);
    return FLOE_OK;
}

void floe_mdns_socket_close(floe_mdns_socket *socket)
{
    if (socket->loop == NULL) {
        return;
    }
    floe_mdns_node_close(socket->node);
    flush(socket);
    floe_loop_remove_timer(socket->loop, &socket->timer);
    close_family(socket, V4);
    close_family(socket, V6);
    socket->loop = NULL;
}
