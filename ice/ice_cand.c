/* ice/ice_cand.c - see ice/ice_cand.h. Texts: ice/ice_cand_text.c. */
#include "ice/ice_cand.h"

#include "base/addr.h"
#include "base/assert.h"

/* RFC 8445 §5.1.2.2: the recommended type preferences. */
static const uint8_t type_preference[] = {
    [FLOE_ICE_HOST] = 126, [FLOE_ICE_SRFLX] = 100, [FLOE_ICE_PRFLX] = 110, [FLOE_ICE_RELAY] = 0};

uint32_t floe_ice_priority(floe_ice_type type, uint16_t local_preference)
{
    FLOE_ASSERT(type <= FLOE_ICE_RELAY);
    return (uint32_t)type_preference[type] << 24 | (uint32_t)local_preference << 8 | (256 - 1);
}

/* FNV-1a: these are only ever compared with each other, and decide about nothing but order. */
uint32_t floe_ice_hash(floe_bytes text)
{
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < text.len; i++) {
        value = (value ^ text.ptr[i]) * 16777619u;
    }
    return value;
}

bool floe_ice_addr_is_usable(const floe_addr *addr)
{
    return addr->family != 0 && addr->port != 0 && !floe_addr_is_any(addr) &&
           !floe_addr_is_multicast(addr);
}
