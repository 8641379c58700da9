/*
 * sctp/sctp_packet.h - the common header with its checksum, and the walk over the chunks of a
 * packet (RFC 9260 sections 3, 3.2, 6.8; RFC 9653).
 *
 * There is one walker for all lists of chunks, and one (sctp_param.h) for all lists inside chunks:
 * whoever reads a list reads it with the same bounds. It knows nothing of what a chunk means.
 * Read next: sctp/sctp_chunk.h.
 */
#ifndef FLOE_SCTP_SCTP_PACKET_H
#define FLOE_SCTP_SCTP_PACKET_H

#include "base/floe.h"
#include "base/reader.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_HEADER_SIZE 12u /* ports, verification tag, checksum */
#define FLOE_SCTP_CHUNK_SIZE  4u  /* type, flags, length */

/* Chunks and parameters are padded to a multiple of four bytes. */
static inline size_t floe_sctp_padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

typedef struct floe_sctp_packet {
    uint16_t source_port, dest_port;
    uint32_t tag;
    floe_bytes chunks;
} floe_sctp_packet;

typedef struct floe_sctp_chunk {
    uint8_t type, flags;
    floe_bytes value; /* what follows the chunk header, without padding */
    floe_bytes whole; /* with the chunk header */
} floe_sctp_chunk;

/* MALFORMED: shorter than a header and one chunk header. AUTH: wrong checksum. */
FLOE_MUST_USE floe_err floe_sctp_packet_parse(floe_sctp_packet *packet, floe_bytes bytes);
/* The same of a packet that may come without checksum: 0 is right then, unless it begins with an
 * INIT or a COOKIE ECHO. */
FLOE_MUST_USE floe_err floe_sctp_packet_parse_zero(floe_sctp_packet *packet, floe_bytes bytes);

/* Take the next chunk off `rest`. False at the end, and at a chunk that is not completely there,
 * after which nothing can be trusted: *rest is then empty. */
static inline bool floe_sctp_packet_next(floe_bytes *rest, floe_sctp_chunk *chunk)
{
    if (rest->len < FLOE_SCTP_CHUNK_SIZE) {
        rest->len = 0;
        return false;
    }
    size_t len = floe_load_u16(rest->ptr + 2);
    /* RFC 9260 §6.10: a chunk that is not completely in the packet is dropped. */
    if (len < FLOE_SCTP_CHUNK_SIZE || len > rest->len) {
        rest->len = 0;
        return false;
    }
    chunk->type = rest->ptr[0];
    chunk->flags = rest->ptr[1];
    chunk->whole.ptr = rest->ptr;
    chunk->whole.len = len;
    chunk->value.ptr = rest->ptr + FLOE_SCTP_CHUNK_SIZE;
    chunk->value.len = len - FLOE_SCTP_CHUNK_SIZE;
    size_t step = floe_sctp_padded(len);
    step = step < rest->len ? step : rest->len; /* the last chunk may come without its padding */
    rest->ptr += step;
    rest->len -= step;
    return true;
}

/* Write a packet: begin, chunks, end. The end fills in the checksum, which is 0 until then. */
void floe_sctp_packet_begin(floe_writer *w, uint16_t source_port, uint16_t dest_port, uint32_t tag);
void floe_sctp_packet_end(floe_writer *w);

#ifdef __cplusplus
}
#endif
#endif
