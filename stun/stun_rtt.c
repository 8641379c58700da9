/* stun/stun_rtt.c - see stun/stun_rtt.h. */
#include "stun/stun_rtt.h"

#define SAMPLE_MAX_US UINT32_C(60000000) /* keeps the sums below within 32 bits */

void floe_stun_rtt_add(floe_stun_rtt *rtt, uint32_t sample_us)
{
    uint32_t sample = sample_us < SAMPLE_MAX_US ? sample_us : SAMPLE_MAX_US;
    if (sample == 0) {
        return;
    }
    if (rtt->mean_us == 0) {
        *rtt = (floe_stun_rtt){sample, sample / 2};
        return;
    }
    /* RFC 6298 §2.3: a quarter of the error into the deviation, then an eighth into the mean. */
    uint32_t error = sample > rtt->mean_us ? sample - rtt->mean_us : rtt->mean_us - sample;
    rtt->deviation_us = (3 * rtt->deviation_us + error) / 4;
    rtt->mean_us = (7 * rtt->mean_us + sample) / 8;
}

uint32_t floe_stun_rtt_get_rto(const floe_stun_rtt *rtt)
{
    if (rtt->mean_us == 0) {
        return 0;
    }
    /* RFC 8489 §6.2.1: to the millisecond, without the floor of a second that TCP has. */
    uint32_t rto = rtt->mean_us + 4 * rtt->deviation_us;
    if (rto < FLOE_STUN_RTO_MIN_US) {
        return FLOE_STUN_RTO_MIN_US;
    }
    return rto < FLOE_STUN_RTO_MAX_US ? rto : FLOE_STUN_RTO_MAX_US;
}
