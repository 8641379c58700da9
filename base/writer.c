/* base/writer.c - see base/writer.h. */
#include "base/writer.h"

#include <string.h>

#include "base/assert.h"

floe_writer floe_writer_begin(uint8_t *buf, size_t cap)
{
    FLOE_ASSERT(buf != NULL || cap == 0);
    return (floe_writer){buf, cap, 0, false};
}

uint8_t *floe_writer_add_space(floe_writer *w, size_t len)
{
    if (w->failed || len > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *space = w->cap > 0 ? w->buf + w->len : w->buf;
    w->len += len;
    return space;
}

void floe_writer_put_bytes(floe_writer *w, floe_bytes bytes)
{
    uint8_t *space = floe_writer_add_space(w, bytes.len);
    if (space != NULL && bytes.len > 0) {
        memcpy(space, bytes.ptr, bytes.len);
    }
}

static void put_uint(floe_writer *w, uint64_t value, size_t size)
{
    uint8_t *space = floe_writer_add_space(w, size);
    for (size_t i = size; space != NULL && i > 0; i--) {
        space[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void floe_writer_put_u8(floe_writer *w, uint8_t value)
{
    put_uint(w, value, 1);
}

void floe_writer_put_u16(floe_writer *w, uint16_t value)
{
    put_uint(w, value, 2);
}

void floe_writer_put_u32(floe_writer *w, uint32_t value)
{
    put_uint(w, value, 4);
}

void floe_writer_put_u64(floe_writer *w, uint64_t value)
{
    put_uint(w, value, 8);
}

void floe_writer_put_zeros(floe_writer *w, size_t count)
{
    uint8_t *space = floe_writer_add_space(w, count);
    if (space != NULL) {
        memset(space, 0, count);
    }
}

void floe_writer_put_text(floe_writer *w, const char *text)
{
    floe_writer_put_bytes(w, floe_bytes_of(text));
}

void floe_writer_put_decimal(floe_writer *w, uint64_t value)
{
    uint8_t digits[20]; /* 2^64 - 1 has 20 */
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    floe_writer_put_bytes(w, (floe_bytes){digits + at, sizeof digits - at});
}

void floe_writer_put_hex(floe_writer *w, uint64_t value, int digits)
{
    FLOE_ASSERT(digits >= 1 && digits <= 16);
    uint8_t *space = floe_writer_add_space(w, (size_t)digits);
    for (int i = digits; space != NULL && i > 0; i--) {
        space[i - 1] = (uint8_t) "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}
