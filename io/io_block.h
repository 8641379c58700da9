/*
 * io/io_block.h - the one block of memory of a peer of io/: how large it is, and what lies where.
 *
 * The owner's struct is in front, the parts behind it as they are cut, and in pages of their own at
 * the end what goes back to the system when the peer is at rest (io/io_rest.h).
 */
#ifndef FLOE_IO_IO_BLOCK_H
#define FLOE_IO_IO_BLOCK_H

#include "io/io_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of each part, rounded up so that each is aligned; 0: there is none. */
typedef struct floe_io_block {
    size_t owner, sockets, description, rate, interleaving, numbers, relays, texts;
    size_t send, recv, ring, buffers; /* the last is those before it, in whole pages */
    size_t whole;                     /* all of it */
    uint32_t ring_len, relay_max;
    bool has_udp_relay; /* or may have */
} floe_io_block;

void floe_io_block_measure(floe_io_block *block, const floe_io_config *config, size_t owner);
/* The next part. */
uint8_t *floe_io_block_cut(uint8_t **at, size_t size);
/* A text as the next part; NULL: an empty one. */
floe_bytes floe_io_block_copy(uint8_t **at, const char *text);

#ifdef __cplusplus
}
#endif
#endif
