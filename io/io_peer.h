/*
 * io/io_peer.h - runs peers on real sockets: the epoll loop, UDP on every interface, connections to
 * TURN servers, DNS that never blocks.
 *
 * The only module that does I/O and reads clocks. A program without a loop of its own opens a loop
 * and one or more peers on it, and then alternates floe_loop_wait() with draining the peers'
 * events. One block of memory per peer. One thread per loop. Linux. Reading guide: step 13.
 *
 *     floe_loop *loop;             floe_loop_open(&loop)
 *     floe_io_peer *io;            floe_io_peer_open(&io, loop, &config, &why)
 *     floe_peer *peer = floe_io_peer_get(io);      every call of peer/peer.h may be made on it
 *     for (;;) {
 *         floe_loop_wait(loop, -1);
 *         while (floe_io_peer_poll_event(io, &event)) ...
 *     }
 */
#ifndef FLOE_IO_IO_PEER_H
#define FLOE_IO_IO_PEER_H

#include "dtls/tls_trust.h"
#include "io/ip_handling.h"
#include "io/loop.h"
#include "peer/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_io_peer floe_io_peer;
typedef struct floe_io_port floe_io_port; /* io/io_port.h */

typedef struct floe_io_server { /* one RTCIceServer entry; texts are copied */
    const char *const *urls;
    size_t url_count;
    const char *username, *credential; /* NULL: none */
} floe_io_server;

/* Over TLS and DTLS a TURN server must show a certificate for the host name of its URL. */

typedef enum floe_io_tcp {                      /* candidates of TCP to the other side (RFC 6544) */
                           FLOE_IO_TCP_DEFAULT, /* ACTIVE: as browsers; it costs nothing until UDP
                                                   has failed */
                           FLOE_IO_TCP_NONE,
                           FLOE_IO_TCP_ACTIVE, /* connects to a side that listens */
                           FLOE_IO_TCP_BOTH    /* and listens itself: what a browser, or another
                                                  ACTIVE, can reach */
} floe_io_tcp;

typedef struct floe_io_config { /* zero means the default */
    const floe_io_server *servers;
    size_t server_count;
    const floe_dtls_identity *identity; /* NULL: one is made for this peer */
    size_t send_buffer;                 /* default 1 MiB */
    size_t recv_buffer;                 /* default 1 MiB */
    uint32_t message_max;               /* default 262144 */
    uint32_t parts_from;                /* floe_peer_config */
    floe_sctp_cc_algorithm congestion;  /* default FLOE_SCTP_CC_CUBIC; sctp/README.md says when
                                         * FLOE_SCTP_CC_RATE is better */
    floe_sctp_scheduler scheduler;      /* which channel's message is sent next: default WFQ */
    bool is_interleaved;          /* messages of several channels share packets (RFC 8260), where
                                   * the peer can, too; 9 KB, and 8 bytes a chunk in flight. The
                                   * beginnings of one of each channel must fit into recv_buffer:
                                   * four of message_max at once end the connection, unless
                                   * parts_from is set or the buffer is larger (sctp/README.md) */
    floe_peer_glare glare;        /* what an offer does that meets ours */
    floe_ip_handling ip_handling; /* which of our addresses the peer may learn: default all */
    floe_io_port *port;  /* share its sockets (io/io_port.h), unless a server is turn: over UDP;
                          * outlives the peer. NULL: sockets of its own */
    bool is_hiding;      /* addresses, behind names in .local that this machine answers for: nobody
                          * but hosts of the same network learns them (mdns/) */
    bool use_loopback;   /* 127.0.0.1 and ::1 too: for peers on one machine without a network */
    const char *ca_file; /* who may have signed it, PEM; copied; NULL: the system's authorities */
    const floe_tls_trust *trust; /* the same, read before and lent: for programs with many peers,
                                  * since reading takes tens of milliseconds. NULL: by ca_file, when
                                  * the first connection needs it */
    bool is_unverified;          /* any certificate will do: for a server of one's own, in a test */
    floe_io_tcp tcp;
    floe_peer_snap snap;
    uint16_t mtu; /* packets grow up to it (1500, say) where the path carries them. 0: they do not,
                   * for werift ends at the first probe, and who knows no PAD gains nothing */
    floe_trace trace;
    floe_ice_config ice; /* timing and policy; no filters with FLOE_IP_PUBLIC, which is one */
} floe_io_config;

typedef struct floe_io_stats { /* of its sockets: on a shared port those of all its peers */
    uint32_t sockets;
    uint64_t
        send_dropped; /* datagrams that the kernel refused: no route, not permitted, too long */
    uint64_t recv_dropped; /* datagrams that were empty or longer than 2048 bytes */
} floe_io_stats;

/* Make a peer: sockets are bound on every interface that is up (IPv4 and IPv6, no link-local
 * addresses; loopback only on request, or where there is nothing else), gathering begins with the
 * first description. ARG: a server URL is wrong: *why (may be NULL) names it, in a string that
 * lives until the next call on this loop; or a buffer is too small (*why is ""). FULL: no memory or
 * no file descriptors. CRYPTO. */
FLOE_MUST_USE floe_err floe_io_peer_open(floe_io_peer **io, floe_loop *loop,
                                         const floe_io_config *config, const char **why);
/* Close in an orderly way: what closes the connection is sent, then everything is released. NULL is
 * fine. */
void floe_io_peer_close(floe_io_peer *io);

/* The peer itself. Its clock is set by each floe_loop_wait(): a program that was busy elsewhere for
 * long calls floe_loop_wait(loop, 0) before it goes on with the peer. On a shared port it is set by
 * this call, which also has the peer looked at before the next sleep: there each round of calls on
 * the peer begins with it. */
floe_peer *floe_io_peer_get(floe_io_peer *io);
/* In place of floe_peer_poll_event(): names are looked up in here, and floe_loop_wait() does not
 * sleep over an event that came up since the program has read the others. */
bool floe_io_peer_poll_event(floe_io_peer *io, floe_peer_event *event);
void floe_io_peer_get_stats(const floe_io_peer *io, floe_io_stats *stats);
/* Why the last connection to this TURN server (floe_peer_get_relay) failed, in a sentence; "" if
 * none did. */
const char *floe_io_peer_get_relay_fault(const floe_io_peer *io, uint32_t relay);
/* Send what a call on the peer has produced; floe_loop_wait() does it too, before it sleeps. */
void floe_io_peer_flush(floe_io_peer *io);

#ifdef __cplusplus
}
#endif
#endif
