/*
 * support/sctp_link.h - SCTP associations that share one slow link, in virtual time.
 *
 * One or two flows, each with a sender and a receiver, run over one bottleneck: a rate, a queue
 * that drops what does not fit, a delay, random loss and reordering, in each direction. Senders
 * always have something to send, receivers read at once. What counts is the payload that came out.
 */
#ifndef FLOE_SUPPORT_SCTP_LINK_H
#define FLOE_SUPPORT_SCTP_LINK_H

#include "sctp/sctp_assoc.h"
#include "support/sim_link.h"
#include "support/sim_random.h"

#define SCTP_LINK_FLOWS   2u
#define SCTP_LINK_ENDS    (2 * SCTP_LINK_FLOWS) /* flow n: sender 2n, receiver 2n + 1 */
#define SCTP_LINK_PACKETS 16384u                /* on the way at one time; more are lost */
#define SCTP_LINK_RING    8192u
#define SCTP_LINK_MESSAGE 16384u
#define SCTP_LINK_PACKET  1500u

typedef struct sctp_link sctp_link;

typedef struct sctp_link_options {
    uint64_t seed;
    uint32_t flows;  /* 1 or 2; 0: 1 */
    uint64_t rate;   /* of the bottleneck, bytes of SCTP packets a second; 0: no bottleneck */
    uint32_t queue;  /* bytes that wait for the bottleneck, at most */
    floe_time delay; /* one way */
    uint32_t loss, reorder;  /* of ten thousand packets with data */
    floe_time jitter;        /* a reordered one takes so much longer */
    size_t buffer;           /* of each end, for sending and for receiving */
    floe_time second_starts; /* the second flow begins so much later */
    floe_sctp_cc_algorithm congestion[SCTP_LINK_FLOWS]; /* of each flow's sender */
    void (*configure)(floe_sctp_config *config, uint32_t end);
    /* Whether a packet is lost whatever the odds say. */
    bool (*filter)(sctp_link *link, uint32_t from, floe_bytes packet);
} sctp_link_options;

typedef struct sctp_link_end {
    floe_sctp_assoc assoc;
    floe_sctp_tx *ring;
    floe_sctp_bbr rate;
    uint8_t *send_buffer, *recv_buffer;
    uint64_t bytes;   /* payload that was read */
    uint32_t wakes;   /* times that a deadline alone woke it */
    uint64_t sent;    /* packets */
    uint32_t run_max; /* most packets in one drain */
    bool is_touched;  /* has to be drained */
    bool is_bounded;  /* sends nothing but what the test sends */
} sctp_link_end;

typedef struct sctp_link_packet {
    uint32_t to;
    uint16_t len;
    uint8_t bytes[SCTP_LINK_PACKET];
} sctp_link_packet;

typedef struct sctp_link_arrival {
    floe_time at;
    uint64_t order; /* of sending: the first of two that arrive at one time */
    uint32_t packet;
} sctp_link_arrival;

struct sctp_link {
    sctp_link_options options;
    sctp_link_end ends[SCTP_LINK_ENDS];
    uint32_t end_count;
    sim_random random;
    sim_random source[SCTP_LINK_ENDS];
    floe_time now, begun;
    sim_queue queues[2]; /* of the bottleneck, in each direction */
    uint64_t order;
    uint64_t dropped; /* by the queue */
    uint32_t free_count, heap_len;
    uint32_t free[SCTP_LINK_PACKETS];
    sctp_link_arrival heap[SCTP_LINK_PACKETS]; /* the earliest first */
    sctp_link_packet packets[SCTP_LINK_PACKETS];
};

/* On the heap: it is large. All flows are connected, over a link that loses nothing. */
sctp_link *sctp_link_new(const sctp_link_options *options);
void sctp_link_free(sctp_link *link);

/* Run for so long; all senders are kept busy. */
void sctp_link_run_for(sctp_link *link, floe_time duration);
/* Run until that flow has delivered so many bytes in all; false: not within the limit. */
bool sctp_link_run_to(sctp_link *link, uint32_t flow, uint64_t bytes, floe_time limit);
/* The sender of a flow sends these bytes, and from then on nothing of itself. */
void sctp_link_send(sctp_link *link, uint32_t flow, size_t len);

#endif
