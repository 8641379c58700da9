/* sctp/sctp_rate.c - see sctp/sctp_rate.h. */
#include "sctp/sctp_rate.h"

#include "base/serial.h"

#define MARKS_IN_ROUND 12u
#define MICRO          UINT64_C(1000000)

void floe_sctp_rate_init(floe_sctp_rate *rate)
{
    *rate = (floe_sctp_rate){0};
}

static floe_sctp_rate_mark *mark_of(floe_sctp_rate *rate, uint16_t mark)
{
    return &rate->marks[mark % FLOE_SCTP_RATE_MARKS];
}

/* A chunk that was under way for longer than the marks reach says nothing. */
static bool is_kept(const floe_sctp_rate *rate, uint16_t mark)
{
    return (uint16_t)(rate->mark - mark) < FLOE_SCTP_RATE_MARKS;
}

uint16_t floe_sctp_rate_on_send(floe_sctp_rate *rate, floe_time now, uint32_t bytes,
                                uint32_t flight)
{
    uint32_t now_us = (uint32_t)now;
    if (rate == NULL) {
        return 0;
    }
    if (flight == 0) { /* the time in which nothing was under way does not count */
        rate->first_us = now_us;
        rate->delivered_us = now_us;
    }
    if (flight == 0 || now_us - rate->marked_us > rate->rtt_us / MARKS_IN_ROUND) {
        rate->marked_us = now_us;
        *mark_of(rate, ++rate->mark) = (floe_sctp_rate_mark){.delivered = rate->delivered,
                                                             .delivered_us = rate->delivered_us,
                                                             .first_us = rate->first_us,
                                                             .lost = rate->lost};
    }
    mark_of(rate, rate->mark)->flight = flight + bytes;
    mark_of(rate, rate->mark)->is_app_limited |= rate->is_app_limited;
    return rate->mark;
}

void floe_sctp_rate_on_arrival(floe_sctp_rate *rate, floe_time now, uint32_t bytes, uint16_t mark,
                               uint32_t sent_us, bool is_answer)
{
    if (rate == NULL) {
        return;
    }
    rate->delivered += bytes;
    rate->delivered_us = (uint32_t)now;
    if (!is_answer || (rate->has_newest && floe_serial32_lt(sent_us, rate->newest_us))) {
        return;
    }
    if (!is_kept(rate, mark)) { /* marks farther apart, or no chunk would ever say anything again */
        rate->rtt_us = (uint32_t)now - sent_us;
        return;
    }
    rate->has_newest = true;
    rate->newest = mark;
    rate->newest_us = sent_us;
}

void floe_sctp_rate_on_loss(floe_sctp_rate *rate, uint32_t bytes, uint16_t mark)
{
    if (rate == NULL) {
        return;
    }
    rate->lost += bytes;
    if (!is_kept(rate, mark)) {
        return;
    }
    /* The oldest of them has seen the most of what was lost. */
    if (!rate->has_worst || (uint16_t)(rate->mark - mark) > (uint16_t)(rate->mark - rate->worst)) {
        rate->worst = mark;
    }
    rate->has_worst = true;
}

void floe_sctp_rate_on_want(floe_sctp_rate *rate, uint32_t flight)
{
    if (rate == NULL) {
        return;
    }
    rate->is_app_limited = true;
    rate->limit_end = rate->delivered + flight;
}

static void tell_losses(floe_sctp_rate *rate, floe_sctp_rate_sample *sample)
{
    bool has_worst = rate->has_worst && is_kept(rate, rate->worst);
    if (has_worst || rate->has_newest) {
        const floe_sctp_rate_mark *mark = mark_of(rate, has_worst ? rate->worst : rate->newest);
        sample->lost = rate->lost - mark->lost;
        sample->flight = mark->flight;
    }
    rate->has_worst = false;
}

/* draft-ietf-ccwg-bbr §4.1.2.3: data is not delivered faster than it was sent, nor faster than it
 * is acknowledged: the longer of both times. */
static void tell_rate(floe_sctp_rate *rate, uint32_t min_rtt_us, floe_sctp_rate_sample *sample)
{
    const floe_sctp_rate_mark *mark = mark_of(rate, rate->newest);
    uint32_t send_us = rate->newest_us - mark->first_us;
    uint32_t ack_us = rate->delivered_us - mark->delivered_us;
    uint32_t interval = send_us > ack_us ? send_us : ack_us;
    sample->delivered = rate->delivered - mark->delivered;
    sample->prior_total = mark->delivered;
    sample->is_app_limited = mark->is_app_limited;
    rate->first_us = rate->newest_us;
    rate->rtt_us = rate->delivered_us - rate->newest_us;
    if (interval >= min_rtt_us && interval > 0) {
        uint64_t speed = sample->delivered * MICRO / interval;
        sample->rate = speed < UINT32_MAX ? (uint32_t)speed : UINT32_MAX;
    }
}

floe_sctp_rate_sample floe_sctp_rate_take(floe_sctp_rate *rate, uint32_t min_rtt_us)
{
    floe_sctp_rate_sample sample = {.acked = rate->delivered - rate->taken,
                                    .newly_lost = rate->lost - rate->taken_lost,
                                    .total = rate->delivered};
    rate->taken = rate->delivered;
    rate->taken_lost = rate->lost;
    tell_losses(rate, &sample);
    if (rate->is_app_limited && floe_serial32_lt(rate->limit_end, rate->delivered)) {
        rate->is_app_limited = false;
    }
    if (rate->has_newest && is_kept(rate, rate->newest)) {
        tell_rate(rate, min_rtt_us, &sample);
    }
    rate->has_newest = false;
    return sample;
}
