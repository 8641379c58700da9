/* sctp/sctp_cc.c - see sctp/sctp_cc.h. */
#include "sctp/sctp_cc.h"

#include "base/serial.h"

/* RFC 9260 §7.2.1 has 4 packets; 10 is what RFC 6928 found safe for TCP and what browsers use. */
#define INITIAL_PACKETS 10u
/* L of RFC 9260 §7.2.1. A receiver that acknowledges a whole batch at once would hold slow start
 * back with 1; more than the initial window at a time is never released. */
#define SLOW_START_PACKETS 8u
#define CWND_MAX           0x3FFFFFFFu /* no sum of two of these overflows */

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void grow(floe_sctp_cc *cc, uint32_t bytes)
{
    cc->cwnd = bytes < CWND_MAX - cc->cwnd ? cc->cwnd + bytes : CWND_MAX;
}

void floe_sctp_cc_init(floe_sctp_cc *cc, uint32_t mtu)
{
    *cc = (floe_sctp_cc){.mtu = mtu, .cwnd = INITIAL_PACKETS * mtu, .ssthresh = CWND_MAX};
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

static void increase(floe_sctp_cc *cc, uint32_t acked, uint32_t flight_before)
{
    /* RFC 9260 §7.2.1: only a window that is used may grow. With less than a packet of room the
     * sender was held back by it. */
    bool is_used = flight_before + cc->mtu > cc->cwnd;
    if (cc->cwnd <= cc->ssthresh) {
        if (is_used) {
            uint32_t limit = SLOW_START_PACKETS * cc->mtu;
            grow(cc, acked < limit ? acked : limit);
        }
        return;
    }
    cc->partial += acked; /* RFC 9260 §7.2.2 */
    if (cc->partial < cc->cwnd) {
        return;
    }
    if (is_used) {
        cc->partial -= cc->cwnd;
        grow(cc, cc->mtu);
    }
    cc->partial = cc->partial < cc->cwnd ? cc->partial : cc->cwnd;
}

void floe_sctp_cc_on_ack(floe_sctp_cc *cc, uint32_t acked, uint32_t flight_before, bool is_cum,
                         uint32_t cum)
{
    if (acked > 0) {
        cc->is_collapsed = false;
    }
    if (is_cum && !cc->in_recovery) {
        increase(cc, acked, flight_before);
    }
    /* RFC 9260 §7.2.4: recovery ends when all that was in flight at its start has arrived. */
    if (cc->in_recovery && floe_serial32_le(cc->recovery_exit, cum)) {
        cc->in_recovery = false;
    }
}

void floe_sctp_cc_on_idle(floe_sctp_cc *cc)
{
    cc->partial = 0;
}

bool floe_sctp_cc_on_loss(floe_sctp_cc *cc, uint32_t highest)
{
    if (cc->in_recovery) {
        return false; /* RFC 9260 §7.2.4: one reduction for a window's losses */
    }
    cc->ssthresh = max_u32(cc->cwnd / 2, 4 * cc->mtu); /* RFC 9260 §7.2.3 */
    cc->cwnd = cc->ssthresh;
    cc->partial = 0;
    cc->in_recovery = true;
    cc->recovery_exit = highest;
    return true;
}

void floe_sctp_cc_on_timeout(floe_sctp_cc *cc)
{
    cc->ssthresh = max_u32(cc->cwnd / 2, 4 * cc->mtu);
    cc->cwnd = cc->mtu;
    cc->partial = 0;
    cc->in_recovery = false;
    cc->is_collapsed = true;
}

void floe_sctp_cc_decay(floe_sctp_cc *cc, uint64_t periods)
{
    uint32_t floor = 4 * cc->mtu;
    if (periods == 0 || cc->cwnd <= floor) {
        return;
    }
    /* RFC 9260 §7.2.1: what an idle sender knew of the network grows old. */
    cc->ssthresh = max_u32(cc->cwnd, cc->ssthresh == CWND_MAX ? 0 : cc->ssthresh);
    cc->cwnd = periods < 31 ? max_u32(cc->cwnd >> periods, floor) : floor;
}
