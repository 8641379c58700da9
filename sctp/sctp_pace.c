/*
 * sctp/sctp_pace.c - a window is spread over a round trip, in bursts: when data may go out, and how
 * much of it at a time (RFC 9002 section 7.7 has the reasons).
 *
 * A burst may begin when the time of the last one is over; each packet adds its share of the round
 * trip to that time. Where a round trip is short, or the user says so, everything goes out at once.
 */
#include "sctp/sctp_internal.h"

#define PACED_RTT_MIN_US 4000u  /* below, a window is out before a timer has fired */
#define BURST_MIN        8u     /* packets: less than the first window, which goes out at once */
#define BURST_MAX        65536u /* bytes: a run of UDP_SEGMENT */
#define CREDIT           (2 * FLOE_MS) /* a timer that is late by less costs no rate */

/* What a millisecond carries, within limits: nobody has a finer timer. */
static uint32_t burst_size(const floe_sctp_assoc *a)
{
    if (floe_sctp_cc_is_rate(&a->cc)) {
        return floe_sctp_bbr_burst(a->cc.bbr);
    }
    uint64_t bytes = (uint64_t)a->cc.cwnd * 1000 / a->rto.srtt_us;
    bytes = bytes > BURST_MIN * a->cc.mtu ? bytes : BURST_MIN * a->cc.mtu;
    return bytes < BURST_MAX ? (uint32_t)bytes : BURST_MAX;
}

void floe_sctp_spend_pace(floe_sctp_assoc *a, uint32_t bytes)
{
    bool is_rate = floe_sctp_cc_is_rate(&a->cc);
    a->cc.is_paced = (is_rate || !a->config.is_unpaced) && a->rto.srtt_us >= PACED_RTT_MIN_US;
    if (!a->cc.is_paced) {
        return;
    }
    if (a->pace_at <= a->now) {
        /* A window decides in the end; but a rate that is not kept is lost. */
        bool has_credit = is_rate && a->now - a->pace_at < CREDIT;
        a->pace_at = has_credit ? a->pace_at : a->now;
        a->burst = burst_size(a);
    }
    a->burst = a->burst > bytes ? a->burst - bytes : 0;
    a->pace_at += floe_sctp_cc_pace_us(&a->cc, bytes, a->rto.srtt_us);
}

bool floe_sctp_is_paced_out(const floe_sctp_assoc *a)
{
    return a->cc.is_paced && a->burst == 0 && a->pace_at > a->now;
}

bool floe_sctp_may_send_data(floe_sctp_assoc *a)
{
    if (!floe_sctp_cc_may_send(&a->cc, a->outstanding.flight)) {
        if (floe_sctp_cc_is_rate(&a->cc)) {
            a->cc.bbr->is_held_back = true;
        }
        return false;
    }
    if (floe_sctp_has_data_to_send(a) && floe_sctp_is_paced_out(a)) {
        floe_sctp_timers_set(&a->timers, FLOE_SCTP_TIMER_PACE, a->pace_at);
        return false;
    }
    return true;
}

void floe_sctp_end_pause(floe_sctp_assoc *a, floe_time pause)
{
    if (floe_sctp_cc_is_rate(&a->cc)) {
        floe_sctp_bbr_on_restart(a->cc.bbr, a->now);
    } else if (!a->config.keeps_window) {
        floe_sctp_cc_decay(&a->cc, pause / a->rto.rto_us);
    }
}
