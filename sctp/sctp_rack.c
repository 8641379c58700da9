/* sctp/sctp_rack.c - see sctp/sctp_rack.h. */
#include "sctp/sctp_rack.h"

#include "base/serial.h"

#define MIN_PERIOD (10 * FLOE_SECOND) /* the least round trip is that of one or two of these */
#define PERSIST    16u                /* RFC 8985 §6.2 step 4 */
#define RTT_MAX    UINT32_C(60000000)

void floe_sctp_rack_reset(floe_sctp_rack *rack)
{
    rack->min_us = UINT32_MAX;
    rack->last_min_us = UINT32_MAX;
    rack->rtt_us = 0;
    rack->multiplier = 1;
    rack->persist = 0;
    rack->has_reordering = false;
}

void floe_sctp_rack_init(floe_sctp_rack *rack, uint32_t initial_tsn)
{
    *rack = (floe_sctp_rack){.highest = initial_tsn - 1, .round_end = initial_tsn - 1};
    floe_sctp_rack_reset(rack);
}

uint32_t floe_sctp_rack_min_us(const floe_sctp_rack *rack)
{
    uint32_t min = rack->min_us < rack->last_min_us ? rack->min_us : rack->last_min_us;
    return min == UINT32_MAX ? 0 : min;
}

/* A path that has become longer is found out after two periods. */
void floe_sctp_rack_measure(floe_sctp_rack *rack, floe_time now, uint32_t rtt_us)
{
    rtt_us = rtt_us < RTT_MAX ? rtt_us : RTT_MAX;
    if (rack->min_us == UINT32_MAX || now - rack->min_since > MIN_PERIOD) {
        rack->last_min_us = rack->min_us;
        rack->min_us = rtt_us;
        rack->min_since = now;
    }
    rack->min_us = rtt_us < rack->min_us ? rtt_us : rack->min_us;
}

/* Nothing is in flight for as long as it takes the lower bits of the clock to come round; but the
 * newest arrival may be hours old, where nothing was sent since. */
static floe_time full_time(floe_time now, uint32_t sent_us)
{
    return now - ((uint32_t)now - sent_us);
}

static bool is_before(floe_time sent_at, uint32_t tsn, const floe_sctp_rack *rack)
{
    return sent_at == rack->sent_at ? floe_serial32_lt(tsn, rack->tsn) : sent_at < rack->sent_at;
}

bool floe_sctp_rack_on_other_arrival(floe_sctp_rack *rack, floe_time now, uint32_t sent_us,
                                     uint32_t tsn, uint32_t sends)
{
    floe_time sent_at = full_time(now, sent_us);
    uint32_t rtt = (uint32_t)now - sent_us;
    rtt = rtt > 0 ? rtt : 1;
    uint32_t min = floe_sctp_rack_min_us(rack);
    if (sends > 1 && rtt < min - min / 4) {
        return false; /* RFC 8985 §6.2 step 2; a little less is a shorter packet */
    }
    if (sends == 1) {
        floe_sctp_rack_measure(rack, now, rtt);
        /* RFC 8985 §6.2 step 3 */
        rack->has_reordering |= floe_serial32_lt(tsn, rack->highest);
    }
    if (floe_serial32_lt(rack->highest, tsn)) {
        rack->highest = tsn;
    }
    if (rack->rtt_us == 0 || !is_before(sent_at, tsn, rack)) {
        rack->rtt_us = rtt;
        rack->sent_at = sent_at;
        rack->tsn = tsn;
    }
    return true;
}

void floe_sctp_rack_on_duplicate(floe_sctp_rack *rack, uint32_t cum, uint32_t highest)
{
    if (floe_serial32_lt(cum, rack->round_end)) {
        return;
    }
    rack->round_end = highest;
    rack->has_reordering = true;
    rack->multiplier = rack->multiplier < UINT8_MAX ? (uint8_t)(rack->multiplier + 1) : UINT8_MAX;
    rack->persist = PERSIST;
}

void floe_sctp_rack_on_recovered(floe_sctp_rack *rack)
{
    rack->persist = rack->persist > 0 ? (uint8_t)(rack->persist - 1) : 0;
    rack->multiplier = rack->persist > 0 ? rack->multiplier : 1;
}

uint32_t floe_sctp_rack_window(const floe_sctp_rack *rack, uint32_t srtt_us, bool is_sure)
{
    if (is_sure && !rack->has_reordering) {
        return 0;
    }
    uint64_t window = (uint64_t)floe_sctp_rack_min_us(rack) * rack->multiplier / 4;
    return window < srtt_us ? (uint32_t)window : srtt_us;
}

uint32_t floe_sctp_rack_remaining(const floe_sctp_rack *rack, floe_time now, uint32_t sent_us,
                                  uint32_t tsn, uint32_t window_us)
{
    if (rack->rtt_us == 0 || !is_before(full_time(now, sent_us), tsn, rack)) {
        return UINT32_MAX;
    }
    uint64_t age = (uint32_t)now - sent_us;
    uint64_t limit = (uint64_t)rack->rtt_us + window_us;
    return age >= limit ? 0 : (uint32_t)(limit - age < UINT32_MAX ? limit - age : UINT32_MAX - 1);
}
