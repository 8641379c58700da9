/*
 * sctp/sctp_chunk.h - the chunks: their table, and how each is read and written
 * (RFC 9260 section 3.3, RFC 3758 section 3.2, RFC 6525 section 3).
 *
 * Reading is parse and validate, never act: what comes out has been checked against its own chunk
 * and may be trusted to be there, not to be true. Read next: sctp/sctp_param.h.
 */
#ifndef FLOE_SCTP_SCTP_CHUNK_H
#define FLOE_SCTP_SCTP_CHUNK_H

#include "base/assert.h"
#include "base/floe.h"
#include "base/reader.h"
#include "base/writer.h"
#include "sctp/sctp_packet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sctp_chunk_type {
    FLOE_SCTP_CHUNK_DATA = 0,
    FLOE_SCTP_CHUNK_INIT = 1,
    FLOE_SCTP_CHUNK_INIT_ACK = 2,
    FLOE_SCTP_CHUNK_SACK = 3,
    FLOE_SCTP_CHUNK_HEARTBEAT = 4,
    FLOE_SCTP_CHUNK_HEARTBEAT_ACK = 5,
    FLOE_SCTP_CHUNK_ABORT = 6,
    FLOE_SCTP_CHUNK_SHUTDOWN = 7,
    FLOE_SCTP_CHUNK_SHUTDOWN_ACK = 8,
    FLOE_SCTP_CHUNK_ERROR = 9,
    FLOE_SCTP_CHUNK_COOKIE_ECHO = 10,
    FLOE_SCTP_CHUNK_COOKIE_ACK = 11,
    FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE = 14,
    FLOE_SCTP_CHUNK_I_DATA = 0x40, /* RFC 8260; sctp_idata.h */
    FLOE_SCTP_CHUNK_RE_CONFIG = 0x82,
    FLOE_SCTP_CHUNK_PAD = 0x84,
    FLOE_SCTP_CHUNK_FORWARD_TSN = 0xC0,
    FLOE_SCTP_CHUNK_I_FORWARD_TSN = 0xC2
} floe_sctp_chunk_type;

#define FLOE_SCTP_FLAG_END       0x01u /* DATA: last fragment of its message */
#define FLOE_SCTP_FLAG_BEGIN     0x02u /* DATA: first fragment */
#define FLOE_SCTP_FLAG_UNORDERED 0x04u
#define FLOE_SCTP_FLAG_IMMEDIATE 0x08u /* DATA: acknowledge without delay */
#define FLOE_SCTP_FLAG_REFLECTED 0x01u /* ABORT, SHUTDOWN COMPLETE: the T bit */

#define FLOE_SCTP_DATA_SIZE 16u /* a DATA chunk without its payload */
#define FLOE_SCTP_SACK_SIZE 16u /* a SACK without blocks and duplicates */

/* Whether the type is one that is handled here, and whether the value is long enough for it. */
bool floe_sctp_chunk_is_known(uint8_t type);
bool floe_sctp_chunk_is_long_enough(const floe_sctp_chunk *chunk);

/* What to do with an unknown chunk: the two upper bits of its type say. */
static inline bool floe_sctp_chunk_is_skipped(uint8_t type)
{
    return (type & 0x80) != 0; /* otherwise the rest of the packet is not looked at */
}
static inline bool floe_sctp_chunk_is_reported(uint8_t type)
{
    return (type & 0x40) != 0;
}

typedef struct floe_sctp_data {
    uint32_t tsn, ppid;
    uint32_t mid, fsn; /* of I-DATA alone */
    uint16_t stream, ssn;
    uint8_t flags;
    floe_bytes payload;
} floe_sctp_data;

typedef struct floe_sctp_init { /* also INIT ACK */
    uint32_t tag, rwnd, tsn;
    uint16_t out_streams, in_streams;
    floe_bytes params;
} floe_sctp_init;

typedef struct floe_sctp_sack {
    uint32_t cum, rwnd;
    uint16_t block_count, dup_count;
    floe_bytes blocks, dups; /* 4 bytes each */
} floe_sctp_sack;

typedef struct floe_sctp_gap { /* inclusive, relative to the cumulative TSN */
    uint16_t start, end;
} floe_sctp_gap;

typedef struct floe_sctp_forward {
    uint32_t cum;
    floe_bytes streams; /* 4 bytes each: stream, SSN */
} floe_sctp_forward;

/* The chunk is known and long enough (asserted); MALFORMED where its inner lengths disagree. */
static inline void floe_sctp_data_parse(floe_sctp_data *data, const floe_sctp_chunk *chunk)
{
    const uint8_t *p = chunk->value.ptr;
    FLOE_ASSERT(chunk->value.len >= 12);
    data->tsn = floe_load_u32(p);
    data->stream = floe_load_u16(p + 4);
    data->ssn = floe_load_u16(p + 6);
    data->ppid = floe_load_u32(p + 8);
    data->flags = chunk->flags;
    data->payload.ptr = p + 12;
    data->payload.len = chunk->value.len - 12;
}
void floe_sctp_init_parse(floe_sctp_init *init, const floe_sctp_chunk *chunk);
FLOE_MUST_USE floe_err floe_sctp_sack_parse(floe_sctp_sack *sack, const floe_sctp_chunk *chunk);
void floe_sctp_forward_parse(floe_sctp_forward *forward, const floe_sctp_chunk *chunk);
/* The n-th gap block; n < block_count. */
static inline floe_sctp_gap floe_sctp_sack_gap(const floe_sctp_sack *sack, size_t n)
{
    const uint8_t *p = sack->blocks.ptr + 4 * n;
    floe_sctp_gap gap = {floe_load_u16(p), floe_load_u16(p + 2)};
    return gap;
}

/* A chunk whose value is `value`, padded. */
void floe_sctp_chunk_put(floe_writer *w, uint8_t type, uint8_t flags, floe_bytes value);
/* A chunk whose value is written by the caller between the two; returns where it began. */
size_t floe_sctp_chunk_begin(floe_writer *w, uint8_t type, uint8_t flags);
void floe_sctp_chunk_end(floe_writer *w, size_t begin);

/* A DATA chunk without its payload; returns where the data.payload.len bytes go, already followed
 * by padding. data.payload.ptr is not used. NULL where it does not fit. */
static inline uint8_t *floe_sctp_data_put(floe_writer *w, const floe_sctp_data *data)
{
    size_t len = FLOE_SCTP_DATA_SIZE + data->payload.len;
    uint8_t *p = floe_writer_add_space(w, floe_sctp_padded(len));
    if (p == NULL) {
        return NULL;
    }
    p[0] = FLOE_SCTP_CHUNK_DATA;
    p[1] = data->flags;
    floe_store_u16(p + 2, (uint16_t)len);
    floe_store_u32(p + 4, data->tsn);
    floe_store_u16(p + 8, data->stream);
    floe_store_u16(p + 10, data->ssn);
    floe_store_u32(p + 12, data->ppid);
    for (size_t i = len; i < floe_sctp_padded(len); i++) {
        p[i] = 0;
    }
    return p + FLOE_SCTP_DATA_SIZE;
}
/* The fixed part of INIT or INIT ACK; parameters follow, then floe_sctp_chunk_end(). */
size_t floe_sctp_init_begin(floe_writer *w, uint8_t type, const floe_sctp_init *init);
void floe_sctp_shutdown_put(floe_writer *w, uint32_t cum);

#ifdef __cplusplus
}
#endif
#endif
