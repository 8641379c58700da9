/*
 * io/interfaces.c - the addresses of this machine that are worth a socket, best first.
 *
 * getifaddrs() does not say which IPv6 addresses are temporary, so /proc/net/if_inet6 is asked too;
 * where it is missing all count as permanent. The address that the system would use towards the
 * internet is found by connecting a UDP socket, which sends nothing.
 */
#include "io/interfaces.h"

#include "base/addr.h"
#include "base/text.h"
#include "io/sockaddr.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_site_local(const floe_addr *addr)
{
    return addr->family == 6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0xc0;
}

/* Is this an address that may become a candidate, loopback or not? */
static bool is_usable(const floe_interface *entry)
{
    const floe_addr *addr = &entry->addr;
    if (!entry->is_up || addr->family == 0 || entry->is_deprecated) {
        return false;
    }
    /* RFC 8445 §5.1.1.1: no site-local addresses; link-local ones would tell the hardware address
     * that a temporary address hides, and need a zone that no candidate can carry. */
    return !floe_addr_is_link_local(addr) && !is_site_local(addr) && !floe_addr_is_any(addr) &&
           !floe_addr_is_multicast(addr);
}

/* RFC 8445 §5.1.1.1: where an interface has a temporary address, the permanent ones of the same
 * prefix must not be gathered, for they say where a person goes. */
static bool is_hidden_by_temporary(const floe_interface *list, size_t count,
                                   const floe_interface *entry)
{
    if (entry->addr.family != 6 || entry->is_temporary) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].addr.family == 6 && list[i].is_temporary && is_usable(&list[i]) &&
            list[i].index == entry->index && memcmp(list[i].addr.ip, entry->addr.ip, 8) == 0) {
            return true;
        }
    }
    return false;
}

/* The addresses of one family, the one with the default route first. */
static size_t choose_family(const floe_interface *list, size_t count, uint8_t family,
                            bool is_loopback, floe_addr *out)
{
    size_t chosen = 0;
    for (size_t i = 0; i < count && i < FLOE_INTERFACES_MAX; i++) {
        const floe_interface *entry = &list[i];
        if (entry->addr.family != family || floe_addr_is_loopback(&entry->addr) != is_loopback ||
            !is_usable(entry) || is_hidden_by_temporary(list, count, entry)) {
            continue;
        }
        out[chosen++] = entry->addr;
        if (entry->is_default_route) {
            floe_addr best = entry->addr;
            out[chosen - 1] = out[0];
            out[0] = best;
        }
    }
    return chosen;
}

/* RFC 8421 §4: the families take turns, IPv6 first, so that a broken one does not hold up the
 * other. */
static size_t choose_mixed(const floe_interface *list, size_t count, bool is_loopback,
                           floe_addr *out, size_t cap)
{
    floe_addr v6[FLOE_INTERFACES_MAX], v4[FLOE_INTERFACES_MAX];
    size_t v6_count = choose_family(list, count, 6, is_loopback, v6);
    size_t v4_count = choose_family(list, count, 4, is_loopback, v4);
    size_t chosen = 0;
    for (size_t i = 0; i < v6_count || i < v4_count; i++) {
        if (i < v6_count && chosen < cap) {
            out[chosen++] = v6[i];
        }
        if (i < v4_count && chosen < cap) {
            out[chosen++] = v4[i];
        }
    }
    return chosen;
}

size_t floe_interfaces_choose(const floe_interface *list, size_t count, bool use_loopback,
                              floe_addr *out, size_t cap)
{
    size_t chosen = choose_mixed(list, count, false, out, cap);
    /* RFC 8445 §5.1.1.1: loopback addresses are no candidates. A machine that has nothing else, or
     * a program that asks for them, means two peers on this machine. */
    if (use_loopback || chosen == 0) {
        chosen += choose_mixed(list, count, true, out + chosen, cap - chosen);
    }
    return chosen;
}

static floe_addr find_default_source(const floe_addr *somewhere)
{
    floe_addr source = {.family = 0};
    int fd = socket(somewhere->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return source;
    }
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, somewhere);
    if (connect(fd, (struct sockaddr *)&sa, len) == 0) {
        len = sizeof sa;
        if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0) {
            source = floe_sockaddr_get((struct sockaddr *)&sa);
        }
    }
    close(fd);
    return source;
}

static void mark_default_routes(floe_interface *list, size_t count)
{
    /* Addresses of documentation (RFC 5737, RFC 3849): any that is routed like the internet. */
    static const uint8_t v6_ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    floe_addr v4 = floe_addr_from_ipv4(198, 51, 100, 1, 9);
    floe_addr v6 = floe_addr_from_bytes((floe_bytes){v6_ip, sizeof v6_ip}, 9);
    floe_addr from_v4 = find_default_source(&v4);
    floe_addr from_v6 = find_default_source(&v6);
    for (size_t i = 0; i < count; i++) {
        list[i].is_default_route = floe_addr_ip_equal(&list[i].addr, &from_v4) ||
                                   floe_addr_ip_equal(&list[i].addr, &from_v6);
    }
}

static int digit_of(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to `digits` hexadecimal digits, and the spaces behind them. False: there are none. */
static bool get_hex(floe_text *text, int digits, uint32_t *value)
{
    int count = 0;
    *value = 0;
    for (; count < digits && digit_of(floe_text_peek(text)) >= 0; count++) {
        *value = *value << 4 | (uint32_t)digit_of(floe_text_peek(text));
        text->ptr++;
        text->left--;
    }
    while (floe_text_get_char(text, ' ')) {
    }
    return count > 0;
}

/* "fe800000000000000000000000000001 02 40 20 80 eth0": address, index, prefix length, scope, flags.
 */
void floe_interfaces_mark(floe_interface *list, size_t count, const char *line)
{
    enum { TEMPORARY = 0x01, DAD_FAILED = 0x08, DEPRECATED = 0x20, TENTATIVE = 0x40 };
    floe_text text = floe_text_begin(floe_bytes_of(line));
    uint32_t byte = 0, index = 0, flags = 0, skipped = 0;
    uint8_t ip[16];
    bool is_line = true;
    for (size_t i = 0; i < sizeof ip; i++) {
        is_line = is_line && get_hex(&text, 2, &byte);
        ip[i] = (uint8_t)byte;
    }
    is_line = is_line && get_hex(&text, 8, &index) && get_hex(&text, 8, &skipped) &&
              get_hex(&text, 8, &skipped) && get_hex(&text, 8, &flags);
    floe_addr addr = floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, 0);
    for (size_t i = 0; is_line && i < count; i++) {
        if (list[i].index == index && floe_addr_ip_equal(&list[i].addr, &addr)) {
            list[i].is_temporary = (flags & TEMPORARY) != 0;
            list[i].is_deprecated = (flags & (DEPRECATED | DAD_FAILED | TENTATIVE)) != 0;
        }
    }
}

static void mark_ipv6(floe_interface *list, size_t count)
{
    FILE *file = fopen("/proc/net/if_inet6", "re");
    if (file == NULL) {
        return;
    }
    char line[128];
    while (fgets(line, sizeof line, file) != NULL) {
        floe_interfaces_mark(list, count, line);
    }
    (void)fclose(file);
}

size_t floe_interfaces_get(floe_interface *list, size_t cap)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0) {
        return 0;
    }
    size_t count = 0;
    for (const struct ifaddrs *at = all; at != NULL && count < cap; at = at->ifa_next) {
        floe_addr addr = floe_sockaddr_get(at->ifa_addr);
        if (addr.family != 0) {
            addr.port = 0;
            list[count++] = (floe_interface){.addr = addr,
                                             .index = if_nametoindex(at->ifa_name),
                                             .is_up = (at->ifa_flags & IFF_UP) != 0};
        }
    }
    freeifaddrs(all);
    mark_ipv6(list, count);
    mark_default_routes(list, count);
    return count;
}
