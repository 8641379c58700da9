/* sctp/sctp_cc.c - see sctp/sctp_cc.h: what the algorithms share, and NewReno. */
#include "sctp/sctp_cc.h"

#include "base/serial.h"

/* RFC 9260 §7.2.1 has 4 packets; 10 is what RFC 6928 found safe for TCP and what browsers use. */
#define INITIAL_PACKETS 10u
/* L of RFC 9260 §7.2.1, as RFC 9406 §4.2 has it: 8 where nothing bounds the burst that follows; no
 * limit where packets are paced. A receiver that acknowledges a batch at once would hold slow start
 * back with less. */
#define SLOW_START_PACKETS 8u
#define WINDOW_MIN         4u          /* packets: RFC 9260 §7.2.3 */
#define CWND_MAX           0x3FFFFFFFu /* no sum of two of these overflows */

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void grow(floe_sctp_cc *cc, uint32_t bytes)
{
    cc->cwnd = bytes < CWND_MAX - cc->cwnd ? cc->cwnd + bytes : CWND_MAX;
}

void floe_sctp_cc_init(floe_sctp_cc *cc, floe_sctp_cc_algorithm algorithm, uint32_t mtu)
{
    floe_sctp_bbr *bbr = algorithm == FLOE_SCTP_CC_RATE ? cc->bbr : NULL;
    *cc = (floe_sctp_cc){.algorithm = (uint8_t)algorithm,
                         .bbr = bbr,
                         .mtu = mtu,
                         .cwnd = INITIAL_PACKETS * mtu,
                         .ssthresh = CWND_MAX};
    floe_sctp_hystart_init(&cc->hystart);
    floe_sctp_cubic_init(&cc->cubic);
    if (floe_sctp_cc_is_rate(cc)) {
        floe_sctp_bbr_init(cc->bbr, mtu);
    }
}

bool floe_sctp_cc_may_send(const floe_sctp_cc *cc, uint32_t flight)
{
    /* RFC 9260 §7.2.3: after a timeout no more than one packet is in flight. */
    if (cc->is_collapsed) {
        return flight == 0;
    }
    /* RFC 9260 §6.1 B: one packet may exceed the window as long as it is not reached. */
    return flight < cc->cwnd;
}

/* RFC 9260 §7.2.1: only a window that is used may grow. With less than a packet of room the sender
 * was held back by it. Where it was the pace that held it back, RFC 7661 §4.3: half of it. */
static bool is_used(const floe_sctp_cc *cc, uint32_t flight_before)
{
    return cc->is_paced ? flight_before >= cc->cwnd / 2 : flight_before + cc->mtu > cc->cwnd;
}

static void slow_start(floe_sctp_cc *cc, const floe_sctp_cc_ack *ack, uint32_t acked)
{
    floe_sctp_slow_start phase = FLOE_SCTP_SLOW_START_FULL;
    if (cc->algorithm == FLOE_SCTP_CC_CUBIC && cc->ssthresh == CWND_MAX) {
        phase = floe_sctp_hystart_on_ack(&cc->hystart, ack->rtt_us, ack->cum, ack->highest);
    }
    if (phase == FLOE_SCTP_SLOW_START_OVER) {
        cc->ssthresh = cc->cwnd;
        return;
    }
    /* What was lost before a timeout, and turns out to have arrived, is not a reason to grow. */
    uint32_t bytes = min_u32(acked, ack->flight_before);
    uint32_t limit = cc->is_paced ? 0 : SLOW_START_PACKETS;
    limit = ack->slow_start_packets > 0 ? ack->slow_start_packets : limit;
    bytes = limit > 0 ? min_u32(bytes, limit * cc->mtu) : bytes;
    bytes = phase == FLOE_SCTP_SLOW_START_CONSERVATIVE ? bytes / 4 : bytes;
    grow(cc, min_u32(bytes, cc->ssthresh - cc->cwnd));
}

/* RFC 9260 §7.2.2: a packet for each window. */
static void avoid(floe_sctp_cc *cc, uint32_t acked, bool is_held_back)
{
    cc->partial += acked;
    if (cc->partial < cc->cwnd) {
        return;
    }
    if (is_held_back) {
        cc->partial -= cc->cwnd;
        grow(cc, cc->mtu);
    }
    cc->partial = min_u32(cc->partial, cc->cwnd);
}

static void increase(floe_sctp_cc *cc, const floe_sctp_cc_ack *ack, uint32_t acked)
{
    bool is_held_back = is_used(cc, ack->flight_before);
    if (cc->cwnd < cc->ssthresh) {
        if (is_held_back) {
            slow_start(cc, ack, acked);
        }
    } else if (cc->algorithm == FLOE_SCTP_CC_NEWRENO) {
        avoid(cc, acked, is_held_back);
    } else if (is_held_back) {
        cc->cwnd =
            floe_sctp_cubic_grow(&cc->cubic, cc->cwnd, cc->mtu, acked, ack->now, ack->srtt_us);
    } else {
        floe_sctp_cubic_pause(&cc->cubic, ack->now);
    }
}

void floe_sctp_cc_on_ack(floe_sctp_cc *cc, const floe_sctp_cc_ack *ack)
{
    if (ack->acked > 0) {
        cc->is_collapsed = false;
    }
    /* RFC 9260 §7.2.1: it grows when the cumulative TSN moves; what a hole has held up until then
     * is not forgotten, else reordering would be punished like loss. */
    cc->credit = min_u32(cc->credit + min_u32(ack->acked, CWND_MAX), CWND_MAX);
    if (ack->is_cum_moved && !cc->in_recovery && !floe_sctp_cc_is_rate(cc)) {
        increase(cc, ack, cc->credit);
    }
    if (ack->is_cum_moved) {
        cc->credit = 0;
    }
    /* RFC 9260 §7.2.4: recovery ends when all that was in flight at its start has arrived. */
    if (cc->in_recovery && floe_serial32_le(cc->recovery_exit, ack->cum)) {
        cc->in_recovery = false;
    }
}

void floe_sctp_cc_on_sample(floe_sctp_cc *cc, const floe_sctp_bbr_ack *ack)
{
    floe_sctp_bbr_on_ack(cc->bbr, ack);
    cc->cwnd = cc->bbr->cwnd;
    cc->ssthresh = cc->bbr->is_full ? cc->cwnd : CWND_MAX;
}

void floe_sctp_cc_on_idle(floe_sctp_cc *cc)
{
    cc->partial = 0;
    cc->in_recovery = false; /* it may have begun with the very last chunk */
}

/* RFC 9260 §7.2.3, RFC 9438 §4.6 */
static void reduce(floe_sctp_cc *cc, bool is_calm)
{
    cc->prior_cwnd = cc->cwnd;
    cc->prior_ssthresh = cc->ssthresh;
    cc->prior_cubic = cc->cubic;
    uint32_t window = cc->algorithm == FLOE_SCTP_CC_NEWRENO
                          ? cc->cwnd / 2
                          : floe_sctp_cubic_reduce(&cc->cubic, cc->cwnd, is_calm);
    cc->ssthresh = max_u32(window, WINDOW_MIN * cc->mtu);
    cc->partial = 0;
    cc->credit = 0;
}

bool floe_sctp_cc_on_loss(floe_sctp_cc *cc, uint32_t highest, bool is_calm)
{
    if (cc->in_recovery) {
        return false; /* RFC 9260 §7.2.4: one reduction for a window's losses */
    }
    cc->in_recovery = true;
    cc->recovery_exit = highest;
    if (floe_sctp_cc_is_rate(cc)) {
        cc->prior_cwnd = cc->cwnd;
        floe_sctp_bbr_on_loss(cc->bbr);
        return true;
    }
    reduce(cc, is_calm);
    cc->cwnd = cc->ssthresh;
    return true;
}

void floe_sctp_cc_on_timeout(floe_sctp_cc *cc)
{
    if (floe_sctp_cc_is_rate(cc)) {
        cc->prior_cwnd = cc->is_collapsed ? cc->prior_cwnd : cc->cwnd;
        floe_sctp_bbr_on_loss(cc->bbr);
        cc->bbr->cwnd = cc->mtu;
    } else if (!cc->is_collapsed) { /* a timeout after a timeout says nothing new of the window */
        reduce(cc, false);
    }
    cc->cwnd = cc->mtu;
    cc->in_recovery = false;
    cc->is_collapsed = true;
}

void floe_sctp_cc_undo(floe_sctp_cc *cc)
{
    cc->cwnd = max_u32(cc->cwnd, cc->prior_cwnd);
    cc->ssthresh = max_u32(cc->ssthresh, cc->prior_ssthresh);
    cc->prior_cwnd = 0;
    cc->in_recovery = false;
    cc->is_collapsed = false;
    if (floe_sctp_cc_is_rate(cc)) {
        cc->bbr->cwnd = cc->cwnd;
        floe_sctp_bbr_undo(cc->bbr);
        return;
    }
    cc->cubic = cc->prior_cubic; /* RFC 9438 §4.9.2 */
}

void floe_sctp_cc_decay(floe_sctp_cc *cc, uint64_t periods)
{
    uint32_t floor = WINDOW_MIN * cc->mtu;
    if (periods == 0 || cc->cwnd <= floor || floe_sctp_cc_is_rate(cc)) {
        return;
    }
    /* RFC 9260 §7.2.1: what an idle sender knew of the network grows old. */
    cc->ssthresh = max_u32(cc->cwnd, cc->ssthresh == CWND_MAX ? 0 : cc->ssthresh);
    cc->cwnd = periods < 31 ? max_u32(cc->cwnd >> periods, floor) : floor;
    floe_sctp_cubic_restart(&cc->cubic);
}

uint32_t floe_sctp_cc_pace_us(const floe_sctp_cc *cc, uint32_t bytes, uint32_t srtt_us)
{
    if (floe_sctp_cc_is_rate(cc)) {
        return floe_sctp_bbr_pace_us(cc->bbr, bytes, srtt_us);
    }
    /* Faster than the window, so that it is the window that decides: twice in slow start, which
     * doubles it, and a quarter more else. */
    uint64_t window =
        cc->cwnd < cc->ssthresh ? (uint64_t)cc->cwnd * 2 : (uint64_t)cc->cwnd + cc->cwnd / 4;
    uint64_t time = (uint64_t)bytes * srtt_us / window;
    return time < UINT32_MAX ? (uint32_t)time : UINT32_MAX;
}
