/* io/sockaddr.h - floe's addresses as the socket calls have them, and back. */
#ifndef FLOE_IO_SOCKADDR_H
#define FLOE_IO_SOCKADDR_H

#include "base/floe.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the length that the calls want; `addr` has a family. */
socklen_t floe_sockaddr_put(struct sockaddr_storage *out, const floe_addr *addr);
/* The empty address (family 0) for NULL and for what is neither IPv4 nor IPv6. */
floe_addr floe_sockaddr_get(const struct sockaddr *sa);

#ifdef __cplusplus
}
#endif
#endif
