/* io/sockaddr.c - floe's addresses as the socket calls have them, and back. */
#include "io/sockaddr.h"

#include "base/addr.h"
#include "base/assert.h"

#include <netinet/in.h>
#include <string.h>

socklen_t floe_sockaddr_put(struct sockaddr_storage *out, const floe_addr *addr)
{
    FLOE_ASSERT(addr->family == 4 || addr->family == 6);
    memset(out, 0, sizeof *out);
    if (addr->family == 4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&v4.sin_addr, addr->ip, 4);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(addr->port)};
    memcpy(&v6.sin6_addr, addr->ip, 16);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

floe_addr floe_sockaddr_get(const struct sockaddr *sa)
{
    if (sa != NULL && sa->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, sa, sizeof v4);
        return floe_addr_from_bytes((floe_bytes){(const uint8_t *)&v4.sin_addr, 4},
                                    ntohs(v4.sin_port));
    }
    if (sa != NULL && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, sa, sizeof v6);
        return floe_addr_from_bytes((floe_bytes){(const uint8_t *)&v6.sin6_addr, 16},
                                    ntohs(v6.sin6_port));
    }
    return (floe_addr){.family = 0};
}
