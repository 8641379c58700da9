/* base/reader.c - see base/reader.h. */
#include "base/reader.h"

floe_reader floe_reader_begin(floe_bytes bytes)
{
    return (floe_reader){bytes.ptr, bytes.len, false};
}

floe_bytes floe_reader_get_bytes(floe_reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        r->left = 0;
        return (floe_bytes){NULL, 0};
    }
    floe_bytes view = {r->ptr, len};
    if (len > 0) {
        r->ptr += len;
        r->left -= len;
    }
    return view;
}

static uint64_t get_uint(floe_reader *r, size_t size)
{
    floe_bytes view = floe_reader_get_bytes(r, size);
    uint64_t value = 0;
    for (size_t i = 0; i < view.len; i++) {
        value = value << 8 | view.ptr[i];
    }
    return value;
}

uint8_t floe_reader_get_u8(floe_reader *r)
{
    return (uint8_t)get_uint(r, 1);
}

uint16_t floe_reader_get_u16(floe_reader *r)
{
    return (uint16_t)get_uint(r, 2);
}

uint32_t floe_reader_get_u32(floe_reader *r)
{
    return (uint32_t)get_uint(r, 4);
}

uint64_t floe_reader_get_u64(floe_reader *r)
{
    return get_uint(r, 8);
}
