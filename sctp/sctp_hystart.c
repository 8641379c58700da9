/* sctp/sctp_hystart.c - see sctp/sctp_hystart.h. */
#include "sctp/sctp_hystart.h"

#include "base/serial.h"

/* RFC 9406 §4.3 */
#define SAMPLES_MIN    8u
#define THRESH_MIN_US  4000u
#define THRESH_MAX_US  16000u
#define THRESH_DIVISOR 8u
#define ROUNDS_MAX     5u

void floe_sctp_hystart_init(floe_sctp_hystart *h)
{
    *h = (floe_sctp_hystart){.last_min_us = UINT32_MAX, .current_min_us = UINT32_MAX};
}

static void begin_round(floe_sctp_hystart *h, uint32_t highest)
{
    h->last_min_us = h->current_min_us;
    h->current_min_us = UINT32_MAX;
    h->samples = 0;
    h->round_end = highest;
    h->is_begun = true;
}

static void add_sample(floe_sctp_hystart *h, uint32_t rtt_us)
{
    if (rtt_us == 0) {
        return;
    }
    h->current_min_us = rtt_us < h->current_min_us ? rtt_us : h->current_min_us;
    h->samples = h->samples < UINT8_MAX ? (uint8_t)(h->samples + 1) : UINT8_MAX;
}

/* Whether this round took clearly longer than the last one. */
static bool is_delayed(const floe_sctp_hystart *h)
{
    uint32_t thresh = h->last_min_us / THRESH_DIVISOR;
    thresh = thresh < THRESH_MIN_US ? THRESH_MIN_US : thresh;
    thresh = thresh > THRESH_MAX_US ? THRESH_MAX_US : thresh;
    return h->current_min_us >= thresh && h->current_min_us - thresh >= h->last_min_us;
}

floe_sctp_slow_start floe_sctp_hystart_on_ack(floe_sctp_hystart *h, uint32_t rtt_us, uint32_t cum,
                                              uint32_t highest)
{
    if (!h->is_begun || floe_serial32_le(h->round_end, cum)) {
        h->rounds = (uint8_t)(h->rounds + h->is_conservative);
        if (h->rounds >= ROUNDS_MAX) {
            return FLOE_SCTP_SLOW_START_OVER;
        }
        begin_round(h, highest);
    }
    add_sample(h, rtt_us);
    if (h->samples >= SAMPLES_MIN && !h->is_conservative && h->last_min_us != UINT32_MAX &&
        is_delayed(h)) {
        h->is_conservative = true;
        h->baseline_us = h->current_min_us;
    } else if (h->samples >= SAMPLES_MIN && h->is_conservative &&
               h->current_min_us < h->baseline_us) {
        h->is_conservative = false; /* it was jitter */
        h->rounds = 0;
    }
    return h->is_conservative ? FLOE_SCTP_SLOW_START_CONSERVATIVE : FLOE_SCTP_SLOW_START_FULL;
}
