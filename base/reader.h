/*
 * base/reader.h - the bounds-checked cursor that every binary parser uses.
 *
 * Reads big-endian integers byte by byte, so alignment never matters. The error is sticky: after a
 * read beyond the end every further read gives zeros, and floe_reader_ok() is false. A parser reads
 * a whole group of fields and asks once.
 */
#ifndef FLOE_BASE_READER_H
#define FLOE_BASE_READER_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_reader {
    const uint8_t *ptr; /* next byte */
    size_t left;        /* bytes from ptr to the end */
    bool failed;        /* something was read that is not there */
} floe_reader;

floe_reader floe_reader_begin(floe_bytes bytes);
uint8_t floe_reader_get_u8(floe_reader *r);
uint16_t floe_reader_get_u16(floe_reader *r);
uint32_t floe_reader_get_u32(floe_reader *r);
uint64_t floe_reader_get_u64(floe_reader *r);
/* A view of the next `len` bytes; empty, and failed, where there are fewer. */
floe_bytes floe_reader_get_bytes(floe_reader *r, size_t len);

static inline bool floe_reader_is_ok(const floe_reader *r)
{
    return !r->failed;
}

/* Load a big-endian integer from memory whose bounds are already known. */
static inline uint16_t floe_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t floe_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#ifdef __cplusplus
}
#endif
#endif
