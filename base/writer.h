/*
 * base/writer.h - appends bytes, big-endian integers and text to memory of fixed size.
 *
 * The error is sticky: what does not fit is not written, nor is anything after it, and
 * floe_writer_is_ok() is false. Check once, at the end. `len` never exceeds `cap`.
 */
#ifndef FLOE_BASE_WRITER_H
#define FLOE_BASE_WRITER_H

#include "base/floe.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_writer {
    uint8_t *buf;
    size_t cap;
    size_t len;  /* bytes written */
    bool failed; /* something did not fit */
} floe_writer;

floe_writer floe_writer_begin(uint8_t *buf, size_t cap);
void floe_writer_put_u8(floe_writer *w, uint8_t value);
void floe_writer_put_u16(floe_writer *w, uint16_t value);
void floe_writer_put_u32(floe_writer *w, uint32_t value);
void floe_writer_put_u64(floe_writer *w, uint64_t value);
void floe_writer_put_bytes(floe_writer *w, floe_bytes bytes);
void floe_writer_put_zeros(floe_writer *w, size_t count);
void floe_writer_put_text(floe_writer *w, const char *text);  /* without its NUL */
void floe_writer_put_decimal(floe_writer *w, uint64_t value); /* "0", "17", ... */
/* The lowest 1 to 16 hexadecimal digits: lower case, with leading zeros. */
void floe_writer_put_hex(floe_writer *w, uint64_t value, int digits);
/* Append `len` bytes for the caller to fill in; NULL, and failed, where they do not fit. */
uint8_t *floe_writer_add_space(floe_writer *w, size_t len);

static inline bool floe_writer_is_ok(const floe_writer *w)
{
    return !w->failed;
}

static inline floe_bytes floe_writer_view(const floe_writer *w)
{
    floe_bytes written = {w->buf, w->len};
    return written;
}

/* Store a big-endian integer into memory whose bounds are already known. It goes there as one: of
 * bytes stored side by side, of several integers in a row, gcc 12 makes thirty instructions. */
static inline void floe_store_u16(uint8_t *p, uint16_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
    uint16_t whole;
    memcpy(&whole, bytes, sizeof whole);
    memcpy(p, &whole, sizeof whole);
}

static inline void floe_store_u32(uint8_t *p, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};
    uint32_t whole;
    memcpy(&whole, bytes, sizeof whole);
    memcpy(p, &whole, sizeof whole);
}

static inline void floe_store_u64(uint8_t *p, uint64_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 56), (uint8_t)(value >> 48), (uint8_t)(value >> 40),
                             (uint8_t)(value >> 32), (uint8_t)(value >> 24), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 8),  (uint8_t)value};
    uint64_t whole;
    memcpy(&whole, bytes, sizeof whole);
    memcpy(p, &whole, sizeof whole);
}

#ifdef __cplusplus
}
#endif
#endif
