/*
 * io/socket_set.h - a UDP socket for each address of this machine that is worth one, and the way
 * out by them. They follow the machine's addresses as these change.
 *
 * Knows nothing of peers. In the caller's memory, most of which only long runs ever touch.
 */
#ifndef FLOE_IO_SOCKET_SET_H
#define FLOE_IO_SOCKET_SET_H

#include "base/floe_config.h"
#include "io/ip_handling.h"
#include "io/loop.h"
#include "io/netwatch.h"
#include "io/udp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SOCKET_SET_MAX                                                                        \
    (FLOE_IO_SOCKET_MAX < FLOE_ICE_LOCAL_MAX ? FLOE_IO_SOCKET_MAX : FLOE_ICE_LOCAL_MAX)
#define FLOE_SOCKET_SET_RUN                                                                        \
    65507u /* a UDP datagram's largest payload is UDP_SEGMENT's limit too                          \
            */

typedef struct floe_socket_set_stats {
    uint32_t sockets;
    uint64_t send_dropped, recv_dropped; /* as in floe_udp; of closed sockets too */
} floe_socket_set_stats;

typedef struct floe_socket_set_config {
    floe_loop *loop;
    uint16_t port;                /* of all; 0: any, a different one each */
    bool use_loopback;            /* as floe_interfaces_choose() has it */
    floe_ip_handling ip_handling; /* which addresses of this machine have a socket */
    /* A socket is open. Anything but OK: it is closed again. Socket 65535 is best, and so on. */
    floe_err (*added)(void *ctx, const floe_addr *local, uint16_t preference);
    void (*removed)(void *ctx, const floe_addr *local); /* its address is gone, and it is closed */
    void (*received)(void *ctx, const floe_udp_run *run);
    void (*writable)(void *ctx); /* after a send that found no room: there is some */
    void *ctx;
} floe_socket_set_config;

typedef struct floe_socket_set_socket { /* private */
    floe_udp udp;                       /* fd -1: free */
    floe_watch watch;
} floe_socket_set_socket;

typedef struct floe_socket_set { /* not to be moved; all but `run` is private */
    floe_socket_set_config config;
    floe_netwatch network;
    floe_socket_set_socket sockets[FLOE_SOCKET_SET_MAX];
    uint64_t send_dropped, recv_dropped; /* of sockets that are closed */
    floe_socket_set_socket *blocked;     /* it has no room for the rest of the run; or NULL */
    size_t run_done;                     /* bytes of it that are sent */
    floe_transmit run;                   /* what is to be sent: to be filled, in its buffer */
    uint8_t out[FLOE_SOCKET_SET_RUN];
} floe_socket_set;

/* ARG: none of the addresses can be bound to config->port. FULL: no memory or no file descriptors.
 * `added` is called for each socket. After an error it is closed. */
FLOE_MUST_USE floe_err floe_socket_set_open(floe_socket_set *set,
                                            const floe_socket_set_config *config);
void floe_socket_set_close(floe_socket_set *set); /* a zeroed one is fine */

/* Step through the addresses, from *cursor = 0, as `added` was told of them. */
bool floe_socket_set_next(const floe_socket_set *set, size_t *cursor, floe_addr *local,
                          uint16_t *preference);
/* Send set->run from the socket of its path; without one it is lost, as in a network. False: there
 * is no room for all of it now, and the rest stays where it is: floe_socket_set_resume() before
 * anything else. */
bool floe_socket_set_send(floe_socket_set *set);
bool floe_socket_set_resume(floe_socket_set *set); /* true also if nothing is left */
void floe_socket_set_get_stats(const floe_socket_set *set, floe_socket_set_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
