/*
 * io/udp.h - UDP sockets that send and receive runs: many datagrams a system call.
 *
 * A run goes to the kernel whole where it can cut it (UDP_SEGMENT), and comes from it whole where
 * it has put it together (UDP_GRO); elsewhere by sendmmsg() and recvmmsg(), or one datagram a call.
 * Which of them is a matter of each socket, found out as it goes. Does not know what is in a
 * datagram. Linux.
 */
#ifndef FLOE_IO_UDP_H
#define FLOE_IO_UDP_H

#include "base/floe.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_UDP_RUNS  64u    /* of a batch, at most */
#define FLOE_UDP_SLOT  65536u /* more than the largest run that the kernel puts together */
#define FLOE_UDP_SLOTS 4u     /* received by one system call */

typedef struct floe_udp {
    int fd;          /* -1: closed */
    floe_addr local; /* what it is bound to, port included */
    uint64_t
        send_dropped; /* datagrams that the kernel refused: no route, not permitted, too long */
    uint64_t recv_dropped; /* datagrams that were empty or came from port 0 */
    bool can_segment;      /* private: the kernel cuts runs */
    bool can_batch;        /* private: it has sendmmsg() and recvmmsg() */
    bool is_uncut;         /* private: routers may not cut up what it sends, nor may the kernel */
} floe_udp;

/* A run as received: equal datagrams back to back, the last one possibly shorter. */
typedef struct floe_udp_run {
    floe_path path;
    uint8_t *ptr;
    size_t len, segment;
} floe_udp_run;

/* What waited at a socket. 260 KB, so not for the stack; only pages that datagrams have come to are
 * ever touched. One batch will do for all the sockets of a thread. Fields are private. */
typedef struct floe_udp_batch {
    floe_addr local;
    size_t count, next; /* runs received; the first one not handed out */
    size_t used;        /* bytes in front of the free ones */
    struct {
        floe_addr from;
        size_t at, len, segment;
    } runs[FLOE_UDP_RUNS];
    uint8_t bytes[FLOE_UDP_SLOTS * FLOE_UDP_SLOT];
} floe_udp_batch;

/* Open a socket bound to `local`, where port 0 means any. ARG: this machine has no such address, or
 * the port is taken. FULL: no descriptors or memory. *udp is closed after an error. */
FLOE_MUST_USE floe_err floe_udp_open(floe_udp *udp, const floe_addr *local);
void floe_udp_close(floe_udp *udp); /* a closed one is fine */

/* The largest datagram that networks may cut up as it is their custom. Larger ones are sent to find
 * out whether they get through whole (RFC 8899 section 3: don't fragment). */
#define FLOE_UDP_CUT_MAX 1280u

/* Send what of the run is not sent yet: *done counts its bytes that are dealt with, from 0. What
 * the kernel refuses is counted and skipped. AGAIN: no room now; call again when it is writable. */
FLOE_MUST_USE floe_err floe_udp_send_run(floe_udp *udp, const floe_transmit *run, size_t *done);

/* Receive what waits, up to a batch of it; then take the runs out. They are valid until the next
 * receive. A batch may have been too small: the socket is then still readable. */
void floe_udp_recv_runs(floe_udp *udp, floe_udp_batch *batch);
bool floe_udp_next_run(floe_udp_batch *batch, floe_udp_run *run);

#ifdef __cplusplus
}
#endif
#endif
