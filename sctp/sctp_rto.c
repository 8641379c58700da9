/* sctp/sctp_rto.c - see sctp/sctp_rto.h. */
#include "sctp/sctp_rto.h"

#define GRANULARITY_US 1000u     /* G of RFC 9260 §6.3.1: timers are driven about this finely */
#define RTT_MAX_US     60000000u /* a longer sample is a suspended machine, not a network */

static uint32_t clamp(uint64_t value, uint32_t min, uint32_t max)
{
    if (value < min) {
        return min;
    }
    return value < max ? (uint32_t)value : max;
}

void floe_sctp_rto_init(floe_sctp_rto *rto, uint32_t initial_ms, uint32_t min_ms, uint32_t max_ms)
{
    const uint32_t limit_ms = UINT32_MAX / 4000; /* so that doubling cannot overflow */
    rto->max_us = clamp(max_ms, 1, limit_ms) * 1000;
    rto->min_us = clamp((uint64_t)min_ms * 1000, 1000, rto->max_us);
    rto->initial_us = clamp((uint64_t)initial_ms * 1000, rto->min_us, rto->max_us);
    floe_sctp_rto_reset(rto);
}

void floe_sctp_rto_reset(floe_sctp_rto *rto)
{
    rto->srtt_us = 0;
    rto->rttvar_us = 0;
    rto->rto_us = rto->initial_us;
}

void floe_sctp_rto_end_backoff(floe_sctp_rto *rto)
{
    if (rto->srtt_us == 0) {
        rto->rto_us = rto->initial_us;
        return;
    }
    uint64_t sum = rto->srtt_us + (uint64_t)4 * rto->rttvar_us;
    rto->rto_us = clamp(sum, rto->min_us, rto->max_us); /* RFC 9260 §6.3.1: C6, C7 */
}

void floe_sctp_rto_add(floe_sctp_rto *rto, uint64_t rtt_us)
{
    uint32_t rtt = clamp(rtt_us, 1, RTT_MAX_US);
    if (rto->srtt_us == 0) { /* C2 */
        rto->srtt_us = rtt;
        rto->rttvar_us = rtt / 2;
    } else { /* C3: alpha 1/8, beta 1/4 */
        uint32_t distance = rtt > rto->srtt_us ? rtt - rto->srtt_us : rto->srtt_us - rtt;
        rto->rttvar_us = (uint32_t)(((uint64_t)3 * rto->rttvar_us + distance) / 4);
        rto->srtt_us = (uint32_t)(((uint64_t)7 * rto->srtt_us + rtt) / 8);
    }
    if (rto->srtt_us == 0) {
        rto->srtt_us = 1; /* 0 means that nothing was measured */
    }
    if (rto->rttvar_us < GRANULARITY_US) { /* G1 */
        rto->rttvar_us = GRANULARITY_US;
    }
    floe_sctp_rto_end_backoff(rto);
}

void floe_sctp_rto_back_off(floe_sctp_rto *rto)
{
    rto->rto_us = clamp((uint64_t)rto->rto_us * 2, rto->min_us, rto->max_us);
}
