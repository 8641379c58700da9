/*
 * io/udp.h - UDP sockets that send and receive runs: many datagrams a system call.
 *
 * The seam where the kernel's batching is used: sendmmsg() and recvmmsg() now; segmentation offload
 * would change nothing outside. Does not know what is in a datagram. Linux.
 */
#ifndef FLOE_IO_UDP_H
#define FLOE_IO_UDP_H

#include "base/floe.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_UDP_BATCH 64u   /* datagrams of one system call */
#define FLOE_UDP_SLOT  2048u /* the largest datagram received; larger ones are dropped, counted */

typedef struct floe_udp {
    int fd;          /* -1: closed */
    floe_addr local; /* what it is bound to, port included */
    uint64_t
        send_dropped; /* datagrams that the kernel refused: no route, not permitted, too long */
    uint64_t recv_dropped; /* datagrams that were empty or longer than a slot */
} floe_udp;

/* A run as received: equal datagrams back to back, the last one possibly shorter. */
typedef struct floe_udp_run {
    floe_path path;
    uint8_t *ptr;
    size_t len, segment;
} floe_udp_run;

/* What one recvmmsg() brought; some 140 KB, so not for the stack. Fields are private. */
typedef struct floe_udp_batch {
    floe_addr local;
    size_t count, next; /* datagrams received; the first one not handed out */
    struct {
        floe_addr from;
        size_t len; /* 0: dropped */
    } datagrams[FLOE_UDP_BATCH];
    uint8_t bytes[FLOE_UDP_BATCH * FLOE_UDP_SLOT];
} floe_udp_batch;

/* Open a socket bound to `local`, where port 0 means any. ARG: this machine has no such address, or
 * the port is taken. FULL: no descriptors or memory. *udp is closed after an error. */
FLOE_MUST_USE floe_err floe_udp_open(floe_udp *udp, const floe_addr *local);
void floe_udp_close(floe_udp *udp); /* a closed one is fine */

/* Send what of the run is not sent yet: *done counts its bytes that are dealt with, from 0. What
 * the kernel refuses is counted and skipped. AGAIN: no room now; call again when it is writable. */
FLOE_MUST_USE floe_err floe_udp_send_run(floe_udp *udp, const floe_transmit *run, size_t *done);

/* Receive what waits, one system call. Then take the runs out; they are valid until the next
 * receive. A full batch (count == FLOE_UDP_BATCH) says that more may wait. */
void floe_udp_recv_runs(floe_udp *udp, floe_udp_batch *batch);
bool floe_udp_next_run(floe_udp_batch *batch, floe_udp_run *run);

#ifdef __cplusplus
}
#endif
#endif
