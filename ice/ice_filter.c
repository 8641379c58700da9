/* ice/ice_filter.c - see ice/ice_filter.h. */
#include "ice/ice_filter.h"

#include <string.h>

#if FLOE_ICE_FILTER

const floe_ice_range floe_ice_private_ranges[FLOE_ICE_PRIVATE_RANGES] = {
    {.addr = {.family = 4, .ip = {10}}, .bits = 8},
    {.addr = {.family = 4, .ip = {172, 16}}, .bits = 12},
    {.addr = {.family = 4, .ip = {192, 168}}, .bits = 16},
    {.addr = {.family = 4, .ip = {100, 64}}, .bits = 10},
    {.addr = {.family = 4, .ip = {169, 254}}, .bits = 16},
    {.addr = {.family = 4, .ip = {127}}, .bits = 8},
    {.addr = {.family = 6, .ip = {0xfc}}, .bits = 7},
    {.addr = {.family = 6, .ip = {0xfe, 0x80}}, .bits = 10},
    {.addr = {.family = 6, .ip = {[15] = 1}}, .bits = 128},
};

static bool is_within(const floe_ice_range *range, const floe_addr *addr)
{
    size_t whole = range->bits / 8u;
    unsigned rest = range->bits % 8u;
    return range->addr.family == addr->family && memcmp(range->addr.ip, addr->ip, whole) == 0 &&
           (rest == 0 || (range->addr.ip[whole] ^ addr->ip[whole]) >> (8 - rest) == 0);
}

static bool lets(const floe_ice_filter *filter, uint8_t type, uint8_t transport,
                 const floe_addr *addr)
{
    if ((filter->types >> type & 1) != 0 || (filter->transports >> transport & 1) != 0 ||
        (filter->families >> addr->family & 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < filter->range_count; i++) {
        if (is_within(&filter->ranges[i], addr)) {
            return false;
        }
    }
    return true;
}

bool floe_ice_filters_gather(const floe_ice_filters *filters, uint8_t type, uint8_t transport,
                             const floe_addr *addr)
{
    return filters == NULL || lets(&filters->gather, type, transport, addr);
}

bool floe_ice_filters_tell(const floe_ice_filters *filters, floe_ice_cand *cand)
{
    if (filters == NULL) {
        return true;
    }
    uint8_t related = cand->type == FLOE_ICE_RELAY ? FLOE_ICE_SRFLX : FLOE_ICE_HOST;
    if (!lets(&filters->tell, related, cand->transport, &cand->base)) {
        memset(&cand->base, 0, sizeof cand->base);
    }
    return lets(&filters->tell, cand->type, cand->transport, &cand->addr);
}

bool floe_ice_filters_use(const floe_ice_filters *filters, const floe_ice_cand *base, uint8_t type,
                          const floe_addr *remote)
{
    return filters == NULL || (lets(&filters->use, base->type, base->transport, &base->addr) &&
                               lets(&filters->use, type, base->transport, remote));
}

#endif
