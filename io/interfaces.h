/*
 * io/interfaces.h - the addresses of this machine that are worth a socket, best first.
 *
 * RFC 8445 section 5.1.1.1 (which addresses may be candidates), RFC 8421 section 4 (in which
 * order). Choosing is a pure function over a list; only floe_interfaces_get() asks the system.
 */
#ifndef FLOE_IO_INTERFACES_H
#define FLOE_IO_INTERFACES_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Addresses read from the system. Beyond: ignored. */
#define FLOE_INTERFACES_MAX 128u

typedef struct floe_interface {
    floe_addr addr; /* port 0 */
    uint32_t index; /* of the interface; 0: not known */
    bool is_up;
    bool is_temporary;     /* IPv6: changes from time to time, so that nobody can follow it */
    bool is_deprecated;    /* IPv6: not to be used for anything new */
    bool is_default_route; /* what the system would send from to the internet */
} floe_interface;

/* Write the addresses to bind, best first, at most `cap`. IPv6 and IPv4 take turns. Loopback
 * addresses are chosen last, and only if asked for or if there are no others. */
size_t floe_interfaces_choose(const floe_interface *list, size_t count, bool use_loopback,
                              floe_addr *out, size_t cap);

/* What this machine has. Returns how many. */
size_t floe_interfaces_get(floe_interface *list, size_t cap);

/* One line of /proc/net/if_inet6: mark the address in the list that it is about. */
void floe_interfaces_mark(floe_interface *list, size_t count, const char *line);

#ifdef __cplusplus
}
#endif
#endif
