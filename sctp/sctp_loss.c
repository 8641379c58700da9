/*
 * sctp/sctp_loss.c - what is lost, and when to find out: RACK, the probe for the loss of a tail,
 * the retransmission timer, and taking back what was done about losses that were none (RFC 8985;
 * RFC 9260 sections 6.3.2, 6.3.3, 7.2.4).
 */
#include "sctp/sctp_internal.h"

#define PROBE_MIN_US 10000u /* no probe is sent sooner: the peer has timers of its own */
#define SILENCE_US   FLOE_SECOND
#define CALM_MIN_US  1000u /* a round trip that is longer by less shows no queue */

/* Whether the newest chunk that has arrived met no queue: what was lost at that time was most
 * likely lost by the link. */
static bool is_calm(const floe_sctp_assoc *a)
{
    const floe_sctp_rack *rack = &a->outstanding.rack;
    uint32_t min = floe_sctp_rack_min_us(rack);
    uint32_t slack = min / 8 > CALM_MIN_US ? min / 8 : CALM_MIN_US;
    return min > 0 && rack->rtt_us <= min + slack;
}

static void begin_recovery(floe_sctp_assoc *a)
{
    floe_sctp_outstanding *o = &a->outstanding;
    if (floe_sctp_cc_on_loss(&a->cc, o->next_tsn - 1, is_calm(a))) {
        a->is_fast_due = true;
        a->is_after_timeout = false;
        a->stats.fast_retransmits++;
        floe_sctp_outstanding_watch(o);
    }
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PROBE);
}

void floe_sctp_stop_waiting(floe_sctp_assoc *a)
{
    if (a->outstanding.flight == 0) {
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_REORDER);
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PROBE);
    }
}

void floe_sctp_find_losses(floe_sctp_assoc *a)
{
    floe_time due;
    /* RFC 8985 §6.2 step 4: in recovery, or with three packets beyond a hole, there is no waiting
     * as long as nothing was ever reordered. */
    uint32_t sure = a->cc.in_recovery ? 0 : 2 * a->cc.mtu + 1;
    bool is_loss =
        floe_sctp_outstanding_detect(&a->outstanding, a->now, a->rto.srtt_us, sure, &due);
    floe_sctp_timers_set(&a->timers, FLOE_SCTP_TIMER_REORDER, due);
    if (is_loss) {
        begin_recovery(a);
        floe_sctp_pmtu_look_for_hole(a);
        floe_sctp_expire(a); /* what is given up goes into a FORWARD TSN */
    }
}

void floe_sctp_on_repair(floe_sctp_assoc *a)
{
    /* RFC 8985 §7.4.2: the probe has mended a loss that nobody else has seen. */
    begin_recovery(a);
    a->cc.prior_cwnd = 0; /* and it was one: nothing that comes later takes it back */
    a->is_fast_due = false;
}

void floe_sctp_consider_undo(floe_sctp_assoc *a)
{
    floe_sctp_outstanding *o = &a->outstanding;
    if (a->cc.prior_cwnd == 0 || !floe_sctp_outstanding_is_needless(o)) {
        return;
    }
    if (!a->is_after_timeout && o->lost.head != FLOE_SCTP_NONE) {
        return; /* not all of them are known to have been needless */
    }
    if (a->is_after_timeout) {
        floe_sctp_rto_end_backoff(&a->rto);
        floe_sctp_outstanding_unlose(o);
        a->is_after_timeout = false;
    } else {
        floe_sctp_rack_on_duplicate(&o->rack, o->cum, o->next_tsn - 1);
    }
    floe_sctp_cc_undo(&a->cc);
    floe_sctp_outstanding_watch(o);
    a->stats.needless_recoveries++;
}

/* --- the probe --- */

void floe_sctp_start_probe(floe_sctp_assoc *a)
{
    const floe_sctp_outstanding *o = &a->outstanding;
    const floe_sctp_tx *tail = floe_sctp_outstanding_tail(o);
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PROBE);
    /* RFC 8985 §7.2: not where something is known to be lost, and not twice for the same tail. */
    if (!floe_sctp_is_open(a) || a->cc.in_recovery || a->cc.is_collapsed || a->is_probing ||
        a->rto.srtt_us == 0 || o->lost.head != FLOE_SCTP_NONE || tail == NULL) {
        return;
    }
    /* RFC 8985 §7.2: two round trips; from when the tail was sent, as RFC 9002 §6.2.1 has it: its
     * answer is late then, whatever has arrived meanwhile. The immediate bit at the end of a burst
     * is why no delay of acknowledgements is added. */
    uint32_t delay = 2 * a->rto.srtt_us;
    delay = delay > PROBE_MIN_US ? delay : PROBE_MIN_US;
    delay = delay < a->rto.rto_us ? delay : a->rto.rto_us;
    uint32_t age = (uint32_t)a->now - tail->sent_us;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_PROBE, age < delay ? delay - age : 1);
}

void floe_sctp_probe_timeout(floe_sctp_assoc *a)
{
    floe_sctp_outstanding *o = &a->outstanding;
    const floe_sctp_tx *tx = floe_sctp_outstanding_tail(o);
    if (tx == NULL || o->lost.head != FLOE_SCTP_NONE) {
        return;
    }
    floe_sctp_record record = floe_sctp_sendq_load(&a->sendq, tx->message);
    if (tx->sends > record.max_retransmits || record.expires <= a->now) {
        return; /* it may not be sent again, and nobody knows yet that it has to be given up */
    }
    floe_sctp_outstanding_probe(o);
    floe_sctp_stop_waiting(a);
    a->is_fast_due = true;
    a->stats.probes++;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us); /* RFC 8985 §7.3 */
}

/* --- the timer --- */

/* RFC 9260 §6.3.3, §6.1 A. */
void floe_sctp_data_timeout(floe_sctp_assoc *a)
{
    floe_sctp_outstanding *o = &a->outstanding;
    if (floe_sctp_outstanding_count(o) == 0) {
        a->is_probe_due = a->sendq.unsent > 0; /* the peer's window is closed, if it still is */
        return;
    }
    a->stats.timeouts++;
    a->error_count++;
    if (a->config.data_retries > 0 && a->error_count > a->config.data_retries) {
        floe_sctp_close(a, FLOE_SCTP_CAUSE_TIMEOUT, 0);
        return;
    }
    if (o->flight > 0 && !a->is_probing) {
        floe_sctp_cc_on_timeout(&a->cc); /* E1 */
        floe_sctp_outstanding_watch(o);
        a->is_after_timeout = true;
    }
    floe_sctp_rto_back_off(&a->rto); /* E2 */
    floe_sctp_lose_all(a);           /* E3 */
    a->is_fast_due = false;
    floe_sctp_pmtu_look_for_hole(a);
    floe_sctp_expire(a); /* RFC 3758 §3.5 A5 */
    if (floe_sctp_outstanding_is_ahead(o)) {
        a->pending |= SEND_FORWARD;
    }
}

bool floe_sctp_is_silent(const floe_sctp_assoc *a)
{
    return a->error_count > 0 && !a->is_probing && a->now - a->heard_at >= SILENCE_US;
}

void floe_sctp_try_again(floe_sctp_assoc *a)
{
    if (!floe_sctp_is_open(a) || floe_sctp_outstanding_count(&a->outstanding) == 0) {
        return; /* without chunks under way the timer is that of a closed window's probe */
    }
    floe_sctp_rto_end_backoff(&a->rto);
    floe_sctp_lose_all(a);
    floe_sctp_restart_data_timer(a, true);
}

void floe_sctp_lose_all(floe_sctp_assoc *a)
{
    floe_sctp_outstanding_lose_all(&a->outstanding);
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_REORDER);
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PROBE);
}

void floe_sctp_restart_data_timer(floe_sctp_assoc *a, bool is_cum_moved)
{
    if (floe_sctp_outstanding_count(&a->outstanding) == 0) {
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_DATA); /* R2 */
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_REORDER);
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PROBE);
        floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PACE);
        floe_sctp_cc_on_idle(&a->cc);
        return;
    }
    if (is_cum_moved || !floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_DATA)) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_DATA, a->rto.rto_us); /* R3, R4 */
    }
    floe_sctp_start_probe(a);
}
