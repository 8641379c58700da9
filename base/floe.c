/* base/floe.c - names and small helpers of the shared vocabulary. */
#include "base/floe.h"

#include <string.h>

floe_bytes floe_bytes_of(const char *text)
{
    return (floe_bytes){(const uint8_t *)text, text != NULL ? strlen(text) : 0};
}

bool floe_bytes_equal(floe_bytes a, floe_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

floe_err_kind floe_err_class(floe_err err)
{
    switch (err) {
    case FLOE_OK:
        return FLOE_KIND_OK;
    case FLOE_E_ARG:
    case FLOE_E_STATE:
        return FLOE_KIND_USAGE;
    case FLOE_E_FULL:
    case FLOE_E_AGAIN:
    case FLOE_E_TOO_BIG:
        return FLOE_KIND_BOUND;
    case FLOE_E_MALFORMED:
    case FLOE_E_AUTH:
    case FLOE_E_UNSUPPORTED:
    case FLOE_E_UNKNOWN:
        return FLOE_KIND_WIRE;
    case FLOE_E_CLOSED:
    case FLOE_E_CRYPTO:
        return FLOE_KIND_DEAD;
    }
    return FLOE_KIND_DEAD;
}

const char *floe_err_name(floe_err err)
{
    static const char *const names[] = {
        "OK",        "ARG",  "STATE",       "FULL",    "AGAIN",  "TOO_BIG",
        "MALFORMED", "AUTH", "UNSUPPORTED", "UNKNOWN", "CLOSED", "CRYPTO",
    };
    int index = -(int)err;
    return index >= 0 && index < (int)(sizeof names / sizeof names[0]) ? names[index] : "?";
}

uint32_t floe_rand_u32(const floe_rand *rand)
{
    return (uint32_t)floe_rand_u64(rand);
}

uint64_t floe_rand_u64(const floe_rand *rand)
{
    uint8_t bytes[8];
    uint64_t value = 0;
    rand->fill(rand->ctx, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}
