/* app/cmd_peer_queue.h - messages that wait until the peer takes them. */
#ifndef FLOE_APP_CMD_PEER_QUEUE_H
#define FLOE_APP_CMD_PEER_QUEUE_H

#include "peer/peer.h"

typedef struct send_item {
    struct send_item *next;
    floe_dc_id channel;
    floe_dc_send_options options; /* of the next message: a cookie counts up */
    bool is_pattern; /* byte k of message n is (k + n) mod 251, so that no two are alike */
    uint64_t left;   /* messages still to be sent */
    uint64_t number; /* of the next one */
    size_t size;     /* bytes of each message */
    size_t part;     /* bytes that are handed over at a time; 0: all at once */
    size_t done;     /* bytes of the next one that were; */
    bool is_begun;   /* and whether any could be */
    uint8_t bytes[]; /* the message; of a pattern SEND_PATTERN bytes more */
} send_item;

#define SEND_PATTERN 251u

typedef struct send_queue { /* a zeroed one is empty */
    send_item *first, *last;
    size_t bytes; /* of memory */
} send_queue;

/* Append `count` messages of these bytes (copied), or of a pattern where bytes.ptr is NULL. FULL:
 * no memory. */
FLOE_MUST_USE floe_err send_queue_add(send_queue *queue, floe_dc_id channel,
                                      const floe_dc_send_options *options, floe_bytes bytes,
                                      uint64_t count);
/* The messages that were added last go by parts of so many bytes. */
void send_queue_by_parts(send_queue *queue, size_t part);
/* Hand messages to the peer. OK: all are gone. AGAIN: it takes no more now. Any other error is of
 * the first item, which is dropped: call again. */
FLOE_MUST_USE floe_err send_queue_pump(send_queue *queue, floe_peer *peer);
void send_queue_clear(send_queue *queue);

#endif
