/* io/ip_handling.c - see io/ip_handling.h. */
#include "io/ip_handling.h"

#include "base/addr.h"

size_t floe_ip_handling_choose(floe_ip_handling mode, floe_interface *list, size_t count,
                               bool use_loopback)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        /* RFC 8828 §5.2: all modes but the first know the default route only. */
        if (mode == FLOE_IP_ALL || list[i].is_default_route ||
            (use_loopback && floe_addr_is_loopback(&list[i].addr))) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

floe_err floe_ip_handling_apply(floe_ip_handling mode, floe_ice_config *config)
{
    if (mode == FLOE_IP_RELAY) {
        config->policy = FLOE_ICE_POLICY_RELAY;
    }
    if (mode != FLOE_IP_PUBLIC) {
        return FLOE_OK;
    }
#if FLOE_ICE_FILTER
    static const floe_ice_filters public_only = {
        .tell = {.ranges = floe_ice_private_ranges, .range_count = FLOE_ICE_PRIVATE_RANGES}};
    if (config->filters == NULL) {
        config->filters = &public_only;
        return FLOE_OK;
    }
#endif
    return FLOE_E_ARG;
}
