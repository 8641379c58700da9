/* ice/ice_pair.c - see ice/ice_pair.h. */
#include "ice/ice_pair.h"

/* RFC 8445 §6.1.2.3: 2^32 times the smaller, plus twice the larger, plus one where the controlling
 * side's is the larger: both sides compute the same number. */
uint64_t floe_ice_pair_priority(uint32_t controlling, uint32_t controlled)
{
    uint64_t low = controlling < controlled ? controlling : controlled;
    uint64_t high = controlling < controlled ? controlled : controlling;
    return (low << 32) + 2 * high + (controlling > controlled ? 1 : 0);
}

uint32_t floe_ice_pair_foundation(uint32_t local, uint32_t remote)
{
    return local * 2654435761u ^ remote;
}

bool floe_ice_pair_is_checking(const floe_ice_pair *pair)
{
    if (!floe_ice_pair_is(pair, FLOE_ICE_PAIR_PENDING)) {
        return false;
    }
    return pair->state == FLOE_ICE_PAIR_IN_PROGRESS ||
           (pair->state == FLOE_ICE_PAIR_SUCCEEDED &&
            floe_ice_pair_is(pair, FLOE_ICE_PAIR_NOMINATING) &&
            floe_ice_pair_is(pair, FLOE_ICE_PAIR_SENT_NOMINATION));
}

void floe_ice_pair_fail(floe_ice_pair *pair)
{
    pair->state = FLOE_ICE_PAIR_FAILED;
    floe_ice_pair_set(pair, FLOE_ICE_PAIR_TRIED);
    floe_ice_pair_clear(pair, FLOE_ICE_PAIR_NOMINATED | FLOE_ICE_PAIR_PEER_WANTS |
                                  FLOE_ICE_PAIR_NOMINATING | FLOE_ICE_PAIR_TRIGGERED |
                                  FLOE_ICE_PAIR_PENDING);
}

void floe_ice_pair_add_rtt(floe_ice_pair *pair, uint32_t sample_us)
{
    if (sample_us == 0) {
        return;
    }
    pair->rtt_us =
        pair->rtt_us == 0 ? sample_us : (uint32_t)(((uint64_t)pair->rtt_us * 7 + sample_us) / 8);
}
