/*
 * io/tcp.h - a TCP connection that never blocks, to a server, or from whoever connects. Linux.
 *
 * Does not know what is in the stream. Read next: io/server_link.h.
 */
#ifndef FLOE_IO_TCP_H
#define FLOE_IO_TCP_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_tcp {
    int fd;     /* -1: closed */
    int reason; /* errno of what broke it, 0 while nothing has; floe_tcp_reason_text() */
} floe_tcp;

/* Begin to connect, from `local` (family 0: any address; port 0: any port). What the network says
 * against it, now or later, is told by floe_tcp_finish(). ARG: this machine has no such local
 * address, or the port is taken. FULL: no descriptors or memory. *tcp is closed after an error. */
FLOE_MUST_USE floe_err floe_tcp_open(floe_tcp *tcp, const floe_addr *local,
                                     const floe_addr *server);
/* Listen at `local` (port 0: any; *bound says which). Errors as above. */
FLOE_MUST_USE floe_err floe_tcp_listen(floe_tcp *tcp, const floe_addr *local, floe_addr *bound);
/* The next connection that waits, which stands already. AGAIN: none. FULL: no descriptors; it
 * waits on. */
FLOE_MUST_USE floe_err floe_tcp_accept(const floe_tcp *listener, floe_tcp *tcp, floe_addr *from);
void floe_tcp_close(floe_tcp *tcp); /* a closed one is fine */

/* When the socket is writable for the first time, or has an error. AGAIN: still connecting. CLOSED:
 * it did not come to be, see `reason`. */
FLOE_MUST_USE floe_err floe_tcp_finish(floe_tcp *tcp);

/* *done: how many bytes the kernel took, or gave. OK: at least one. AGAIN: none now. CLOSED: see
 * `reason`, which is 0 where the server has ended the stream in good order. */
FLOE_MUST_USE floe_err floe_tcp_send(floe_tcp *tcp, floe_bytes bytes, size_t *done);
FLOE_MUST_USE floe_err floe_tcp_recv(floe_tcp *tcp, uint8_t *buf, size_t cap, size_t *done);

/* For a person: "connection refused"; static. */
const char *floe_tcp_reason_text(int reason);

#ifdef __cplusplus
}
#endif
#endif
