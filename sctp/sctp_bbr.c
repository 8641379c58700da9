/* sctp/sctp_bbr.c - see sctp/sctp_bbr.h. Sections are those of draft-ietf-ccwg-bbr-02. */
#include "sctp/sctp_bbr.h"

#include "base/serial.h"

#define MICRO           UINT64_C(1000000)
#define NO_BOUND        UINT32_MAX
#define CWND_MAX        0x3FFFFFFFu
#define INITIAL_PACKETS 10u /* as sctp_cc.c has it */
#define MIN_PACKETS     4u
#define FULL_ROUNDS     3u
#define LOSS_EVENTS     6u                /* of a round end STARTUP, where more than 2 % is lost */
#define PROBE_RTT_EVERY (5 * FLOE_SECOND) /* §2.13 */
#define MIN_RTT_AGE     (10 * FLOE_SECOND)
#define PROBE_RTT_TIME  (200 * FLOE_MS)
#define RENO_ROUNDS     63u /* §5.3.3.5.1: no longer between probes than Reno takes to double */
#define EXTRA_ROUNDS    5u
#define BURST_MAX       65536u /* a run of UDP_SEGMENT */

/* §2.5: per cent. */
static const uint16_t pacing_gains[] = {
    [FLOE_SCTP_BBR_STARTUP] = 277,  [FLOE_SCTP_BBR_DRAIN] = 50,   [FLOE_SCTP_BBR_DOWN] = 90,
    [FLOE_SCTP_BBR_CRUISE] = 100,   [FLOE_SCTP_BBR_REFILL] = 100, [FLOE_SCTP_BBR_UP] = 125,
    [FLOE_SCTP_BBR_PROBE_RTT] = 100};

typedef struct step { /* of one SACK */
    const floe_sctp_bbr_ack *ack;
    floe_sctp_rate_sample s;
} step;

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t part(uint32_t value, uint32_t per_cent)
{
    uint64_t result = (uint64_t)value * per_cent / 100;
    return result < UINT32_MAX ? (uint32_t)result : UINT32_MAX;
}

/* --- the model --- */

static uint32_t max_bw(const floe_sctp_bbr *b)
{
    return max_u32(b->max_bw[0], b->max_bw[1]);
}

/* What fits into the path at this rate; and what is in flight because packets leave in bursts and
 * their answers come in batches (§5.6.4.2). */
static uint32_t inflight_at(const floe_sctp_bbr *b, uint32_t bw, uint32_t per_cent)
{
    if (b->min_rtt_us == NO_BOUND || bw == 0) {
        return INITIAL_PACKETS * b->mtu;
    }
    uint64_t bytes = (uint64_t)bw * b->min_rtt_us / MICRO * per_cent / 100;
    bytes = bytes < CWND_MAX ? bytes : CWND_MAX;
    uint32_t least = max_u32(3 * floe_sctp_bbr_burst(b), MIN_PACKETS * b->mtu);
    return max_u32((uint32_t)bytes, least) + (b->state == FLOE_SCTP_BBR_UP ? 2 * b->mtu : 0);
}

static uint32_t target_inflight(const floe_sctp_bbr *b)
{
    return min_u32(inflight_at(b, min_u32(max_bw(b), b->bounds.bw_lo), 100), b->cwnd);
}

/* §5.3.3.4: room for others to come in. */
static uint32_t inflight_with_headroom(const floe_sctp_bbr *b)
{
    if (b->bounds.inflight_hi == NO_BOUND) {
        return NO_BOUND;
    }
    uint32_t headroom = max_u32(b->mtu, part(b->bounds.inflight_hi, 15));
    uint32_t least = MIN_PACKETS * b->mtu;
    return b->bounds.inflight_hi > headroom + least ? b->bounds.inflight_hi - headroom : least;
}

static bool is_in_probe_bw(const floe_sctp_bbr *b)
{
    return b->state >= FLOE_SCTP_BBR_DOWN && b->state <= FLOE_SCTP_BBR_UP;
}

static void start_round(floe_sctp_bbr *b)
{
    b->round_end = b->rate.delivered;
}

static void forget_full(floe_sctp_bbr *b, uint32_t bw)
{
    b->full_bw = bw;
    b->full_count = 0;
    b->is_full_now = false;
}

static void forget_lower_bounds(floe_sctp_bbr *b)
{
    b->bounds.bw_lo = NO_BOUND;
    b->bounds.inflight_lo = NO_BOUND;
}

/* --- the phases --- */

static void enter_startup(floe_sctp_bbr *b)
{
    b->state = FLOE_SCTP_BBR_STARTUP;
    b->is_full = false;
    forget_full(b, 0);
}

/* §5.3.3.6: two to three seconds, or 63 round trips. Flows that share a queue see the same round
 * trips: they would probe in step, and none would ever gain on another. So it is half of that to
 * all of it. Nobody has to be unable to guess it. */
static void pick_wait(floe_sctp_bbr *b, floe_time now)
{
    uint32_t mixed = ((uint32_t)now ^ b->rate.delivered) * UINT32_C(2654435761);
    b->wait_us = 2000000 + (mixed >> 12) % 1000000;
    b->rounds = (mixed >> 8) % (RENO_ROUNDS / 2);
}

static void start_down(floe_sctp_bbr *b, floe_time now)
{
    b->state = FLOE_SCTP_BBR_DOWN;
    b->has_loss = false;
    b->bw_latest = 0;
    b->inflight_latest = 0;
    b->cycle_at = now;
    pick_wait(b, now);
    b->is_probe_ending = true;
    start_round(b);
}

static void start_refill(floe_sctp_bbr *b)
{
    b->state = FLOE_SCTP_BBR_REFILL;
    forget_lower_bounds(b);
    b->up_rounds = 0;
    b->up_acked = 0;
    b->is_probe_ending = false;
    start_round(b);
}

/* §5.3.3.3: inflight_hi grows by a packet in the first round, two in the second, four ... */
static void raise_slope(floe_sctp_bbr *b)
{
    uint32_t packets = UINT32_C(1) << b->up_rounds;
    b->up_rounds = b->up_rounds < 15 ? (uint8_t)(b->up_rounds + 1) : b->up_rounds;
    b->up_step = max_u32(b->cwnd / packets, b->mtu / 2);
}

static void start_up(floe_sctp_bbr *b, uint32_t bw)
{
    b->state = FLOE_SCTP_BBR_UP;
    b->is_probing_bw = true;
    b->is_first_up = true;
    start_round(b);
    forget_full(b, bw);
    raise_slope(b);
}

static void enter_probe_rtt(floe_sctp_bbr *b)
{
    b->prior_cwnd = b->cwnd;
    b->state = FLOE_SCTP_BBR_PROBE_RTT;
    b->probe_rtt_until = FLOE_TIME_NEVER;
    b->is_probe_ending = true;
    start_round(b);
}

static void exit_probe_rtt(floe_sctp_bbr *b, floe_time now)
{
    b->probe_rtt_at = now;
    b->cwnd = max_u32(b->cwnd, b->prior_cwnd);
    forget_lower_bounds(b);
    if (b->is_full) {
        /* All flows of a queue are here at one time: the clock of probing runs on, so that this
         * does not set them in step. */
        b->state = FLOE_SCTP_BBR_CRUISE;
    } else {
        enter_startup(b);
    }
}

/* --- signals --- */

static void note_rate(floe_sctp_bbr *b, const step *t)
{
    const floe_sctp_rate_sample *s = &t->s;
    b->is_round = s->delivered > 0 && floe_serial32_le(b->round_end, s->prior_total);
    if (b->is_round) {
        b->round_end = s->total;
        b->rounds++;
    }
    b->is_loss_round = s->delivered > 0 && floe_serial32_le(b->loss_round_end, s->prior_total);
    if (b->is_loss_round) {
        b->loss_round_end = s->total;
    }
    b->bw_latest = max_u32(b->bw_latest, s->rate);
    b->inflight_latest = max_u32(b->inflight_latest, s->delivered);
    /* §5.5.5: who has little to say learns nothing of the path, unless it is even faster. */
    if (!s->is_app_limited || s->rate >= max_bw(b)) {
        b->max_bw[0] = max_u32(b->max_bw[0], s->rate);
    }
}

/* More than 2 % of what was in flight is lost (§2.6). */
static bool is_too_much_lost(const floe_sctp_rate_sample *s)
{
    return (uint64_t)s->lost * 50 > s->flight;
}

/* §5.5.10.3: a round with losses: what it has brought is what the path has now. */
static void note_losses(floe_sctp_bbr *b, const step *t)
{
    b->has_loss |= t->s.newly_lost > 0;
    if (!b->is_loss_round) {
        return;
    }
    bool is_probing = b->state == FLOE_SCTP_BBR_STARTUP || b->state == FLOE_SCTP_BBR_REFILL ||
                      b->state == FLOE_SCTP_BBR_UP;
    if (b->has_loss && !is_probing) {
        floe_sctp_bbr_bounds *bounds = &b->bounds;
        bounds->bw_lo = bounds->bw_lo == NO_BOUND ? max_bw(b) : bounds->bw_lo;
        bounds->inflight_lo = bounds->inflight_lo == NO_BOUND ? b->cwnd : bounds->inflight_lo;
        bounds->bw_lo = max_u32(b->bw_latest, part(bounds->bw_lo, 70));
        bounds->inflight_lo = max_u32(b->inflight_latest, part(bounds->inflight_lo, 70));
    }
    b->has_loss = false;
}

/* §5.5.9: how much more arrives at once than the rate lets expect. */
static void note_batches(floe_sctp_bbr *b, const step *t)
{
    if (b->is_round && (++b->extra_rounds >= EXTRA_ROUNDS || !b->is_full)) {
        b->extra_rounds = 0;
        b->extra_acked[1] = b->extra_acked[0];
        b->extra_acked[0] = 0;
    }
    uint64_t elapsed = t->ack->now - b->extra_at;
    uint64_t expected = min_u32(max_bw(b), b->bounds.bw_lo) * elapsed / MICRO;
    if (b->extra_delivered <= expected) {
        b->extra_delivered = 0;
        b->extra_at = t->ack->now;
        expected = 0;
    }
    b->extra_delivered = min_u32(b->extra_delivered + t->s.acked, CWND_MAX);
    uint32_t extra = min_u32(b->extra_delivered - (uint32_t)expected, b->cwnd);
    b->extra_acked[0] = max_u32(b->extra_acked[0], extra);
}

/* §5.3.1.2 */
static void check_full(floe_sctp_bbr *b, const step *t)
{
    if (b->is_full_now || t->s.is_app_limited || t->s.delivered == 0) {
        return;
    }
    if (b->full_bw < UINT32_MAX && t->s.rate >= part(b->full_bw, 125)) {
        forget_full(b, t->s.rate);
        return;
    }
    if (b->is_round) {
        b->full_count++;
        b->is_full_now = b->full_count >= FULL_ROUNDS;
        b->is_full |= b->is_full_now;
    }
}

/* §5.3.1.3: the queue is full before the rate stops growing. */
static void check_startup_loss(floe_sctp_bbr *b, const step *t)
{
    if (t->s.newly_lost > 0 && b->loss_events < UINT8_MAX) {
        b->loss_events++;
    }
    if (!b->is_loss_round) {
        return;
    }
    if (b->loss_events >= LOSS_EVENTS && is_too_much_lost(&t->s)) {
        b->is_full = true;
        b->bounds.inflight_hi = max_u32(inflight_at(b, max_bw(b), 100), b->inflight_latest);
    }
    b->loss_events = 0;
}

static void check_startup_and_drain(floe_sctp_bbr *b, const step *t)
{
    if (b->state == FLOE_SCTP_BBR_STARTUP) {
        check_startup_loss(b, t);
        b->state = b->is_full ? FLOE_SCTP_BBR_DRAIN : FLOE_SCTP_BBR_STARTUP;
    }
    if (b->state == FLOE_SCTP_BBR_DRAIN && t->ack->flight <= inflight_at(b, max_bw(b), 100)) {
        start_down(b, t->ack->now);
    }
}

/* --- PROBE_BW --- */

/* §5.5.10.2 */
static void handle_too_high(floe_sctp_bbr *b, const step *t)
{
    b->is_probing_bw = false;
    if (!t->s.is_app_limited) {
        b->bounds.inflight_hi = max_u32(t->s.flight, part(target_inflight(b), 70));
    }
    if (b->state == FLOE_SCTP_BBR_UP) {
        start_down(b, t->ack->now);
    }
}

static void raise_inflight_hi(floe_sctp_bbr *b, const step *t)
{
    if (!b->is_held_back || b->cwnd < b->bounds.inflight_hi) {
        return;
    }
    b->up_acked += t->s.acked;
    b->bounds.inflight_hi =
        min_u32(b->bounds.inflight_hi + b->up_acked / b->up_step * b->mtu, CWND_MAX);
    b->up_acked %= b->up_step;
    if (b->is_round) {
        raise_slope(b);
    }
}

static void adapt_upper_bounds(floe_sctp_bbr *b, const step *t)
{
    if (b->is_round && b->is_first_up) {
        b->is_first_up = false;
    } else if (b->is_round && b->is_probe_ending) {
        b->is_probe_ending = false;
        b->is_probing_bw = false;
        if (is_in_probe_bw(b) && !t->s.is_app_limited && b->max_bw[0] > 0) {
            b->max_bw[1] = b->max_bw[0];
            b->max_bw[0] = 0;
        }
    }
    if (is_too_much_lost(&t->s)) {
        if (b->is_probing_bw) {
            handle_too_high(b, t);
        }
        return;
    }
    if (b->bounds.inflight_hi == NO_BOUND) {
        return;
    }
    b->bounds.inflight_hi = max_u32(b->bounds.inflight_hi, t->s.flight);
    if (b->state == FLOE_SCTP_BBR_UP) {
        raise_inflight_hi(b, t);
    }
}

/* §5.3.3.5 */
static bool is_time_to_probe(const floe_sctp_bbr *b, floe_time now)
{
    uint32_t reno = min_u32(target_inflight(b) / b->mtu, RENO_ROUNDS);
    return now - b->cycle_at > b->wait_us || b->rounds >= reno;
}

/* §5.3.3.6: the rate grows no more, and that is not because of our own bound. */
static bool is_time_to_go_down(floe_sctp_bbr *b, const step *t)
{
    if (b->is_held_back && b->cwnd >= b->bounds.inflight_hi) {
        forget_full(b, t->s.rate);
        return false;
    }
    return b->is_full_now;
}

static void update_cycle(floe_sctp_bbr *b, const step *t)
{
    if (!b->is_full) {
        return;
    }
    adapt_upper_bounds(b, t);
    bool is_waiting = b->state == FLOE_SCTP_BBR_DOWN || b->state == FLOE_SCTP_BBR_CRUISE;
    if (is_waiting && is_time_to_probe(b, t->ack->now)) {
        start_refill(b);
    } else if (b->state == FLOE_SCTP_BBR_DOWN) {
        bool is_drained = t->ack->flight <= inflight_with_headroom(b) &&
                          t->ack->flight <= inflight_at(b, max_bw(b), 100);
        b->state = is_drained ? FLOE_SCTP_BBR_CRUISE : FLOE_SCTP_BBR_DOWN;
    } else if (b->state == FLOE_SCTP_BBR_REFILL && b->is_round) {
        start_up(b, t->s.rate);
    } else if (b->state == FLOE_SCTP_BBR_UP && is_time_to_go_down(b, t)) {
        start_down(b, t->ack->now);
    }
}

/* --- the least round trip --- */

/* §5.3.4.3. Returns whether it is time for PROBE_RTT. */
static bool note_rtt(floe_sctp_bbr *b, const step *t)
{
    floe_time now = t->ack->now;
    bool is_old = b->probe_rtt_us != NO_BOUND && now - b->probe_rtt_at > PROBE_RTT_EVERY;
    if (t->ack->rtt_us > 0 && (t->ack->rtt_us <= b->probe_rtt_us || is_old)) {
        b->probe_rtt_us = t->ack->rtt_us;
        b->probe_rtt_at = now;
    }
    if (b->probe_rtt_us <= b->min_rtt_us || now - b->min_rtt_at > MIN_RTT_AGE) {
        b->min_rtt_us = b->probe_rtt_us;
        b->min_rtt_at = b->probe_rtt_at;
    }
    return is_old;
}

static uint32_t probe_rtt_cwnd(const floe_sctp_bbr *b)
{
    return max_u32(part(inflight_at(b, min_u32(max_bw(b), b->bounds.bw_lo), 100), 50),
                   MIN_PACKETS * b->mtu);
}

static void check_probe_rtt(floe_sctp_bbr *b, const step *t, bool is_due)
{
    if (b->state != FLOE_SCTP_BBR_PROBE_RTT) {
        if (is_due && !b->is_idle_restart) {
            enter_probe_rtt(b);
        }
        return;
    }
    floe_sctp_rate_on_want(&b->rate, t->ack->flight); /* these samples are not of the path's rate */
    if (b->probe_rtt_until == FLOE_TIME_NEVER && t->ack->flight <= probe_rtt_cwnd(b)) {
        b->probe_rtt_until = t->ack->now + PROBE_RTT_TIME;
        b->has_probe_rtt_round = false;
        start_round(b);
        return;
    }
    b->has_probe_rtt_round |= b->is_round;
    if (t->ack->now > b->probe_rtt_until && b->has_probe_rtt_round) {
        exit_probe_rtt(b, t->ack->now);
    }
}

/* --- what follows from it --- */

/* §5.6.2: nothing is known but the first window and a round trip. */
static uint32_t first_rate(const floe_sctp_bbr *b, uint32_t rtt_us)
{
    uint64_t rate = part(INITIAL_PACKETS * b->mtu, pacing_gains[FLOE_SCTP_BBR_STARTUP]) * MICRO /
                    ((uint64_t)rtt_us + 1);
    return rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
}

static void set_pacing(floe_sctp_bbr *b)
{
    /* §5.6.2: 1 % less, so that no queue lasts. */
    uint32_t rate = part(part(min_u32(max_bw(b), b->bounds.bw_lo), pacing_gains[b->state]), 99);
    if (b->pacing_rate == 0 && b->min_rtt_us != NO_BOUND) { /* a small message first says nothing */
        b->pacing_rate = first_rate(b, b->min_rtt_us);
    }
    if (b->is_full || rate > b->pacing_rate) {
        b->pacing_rate = rate;
    }
}

/* §5.6.4.7 */
static uint32_t bound_by_model(const floe_sctp_bbr *b, uint32_t cwnd)
{
    uint32_t cap = NO_BOUND;
    if (b->state == FLOE_SCTP_BBR_PROBE_RTT || b->state == FLOE_SCTP_BBR_CRUISE) {
        cap = inflight_with_headroom(b);
    } else if (is_in_probe_bw(b)) {
        cap = b->bounds.inflight_hi;
    }
    cap = max_u32(min_u32(cap, b->bounds.inflight_lo), MIN_PACKETS * b->mtu);
    return min_u32(cwnd, cap);
}

static void set_cwnd(floe_sctp_bbr *b, const step *t)
{
    uint32_t gain = b->state == FLOE_SCTP_BBR_UP ? 225 : 200;
    uint32_t extra = max_u32(b->extra_acked[0], b->extra_acked[1]);
    uint32_t target = inflight_at(b, min_u32(max_bw(b), b->bounds.bw_lo), gain) + extra;
    if (b->is_full) {
        b->cwnd = min_u32(b->cwnd + t->s.acked, target);
    } else if (b->cwnd < target || t->s.total < INITIAL_PACKETS * b->mtu) {
        b->cwnd += t->s.acked;
    }
    b->cwnd = min_u32(max_u32(b->cwnd, MIN_PACKETS * b->mtu), CWND_MAX);
    if (b->state == FLOE_SCTP_BBR_PROBE_RTT) {
        b->cwnd = min_u32(b->cwnd, probe_rtt_cwnd(b));
    }
    b->cwnd = bound_by_model(b, b->cwnd);
}

/* --- interface --- */

void floe_sctp_bbr_init(floe_sctp_bbr *b, uint32_t mtu)
{
    *b = (floe_sctp_bbr){.mtu = mtu,
                         .cwnd = INITIAL_PACKETS * mtu,
                         .min_rtt_us = NO_BOUND,
                         .probe_rtt_us = NO_BOUND,
                         .bounds = {NO_BOUND, NO_BOUND, NO_BOUND},
                         .prior = {NO_BOUND, NO_BOUND, NO_BOUND}};
}

void floe_sctp_bbr_on_ack(floe_sctp_bbr *b, const floe_sctp_bbr_ack *ack)
{
    uint32_t min_rtt = b->min_rtt_us == NO_BOUND ? 0 : b->min_rtt_us;
    const step t = {.ack = ack, .s = floe_sctp_rate_take(&b->rate, min_rtt)};
    note_rate(b, &t);
    note_losses(b, &t);
    note_batches(b, &t);
    check_full(b, &t);
    check_startup_and_drain(b, &t);
    update_cycle(b, &t);
    check_probe_rtt(b, &t, note_rtt(b, &t));
    if (b->is_loss_round) {
        b->bw_latest = t.s.rate;
        b->inflight_latest = t.s.delivered;
    }
    b->is_idle_restart &= t.s.acked == 0;
    set_pacing(b);
    set_cwnd(b, &t);
    b->is_held_back = false;
}

void floe_sctp_bbr_on_loss(floe_sctp_bbr *b)
{
    b->prior = b->bounds;
    b->prior_state = b->state;
}

/* §5.5.11 */
void floe_sctp_bbr_undo(floe_sctp_bbr *b)
{
    b->has_loss = false;
    b->bounds.bw_lo = max_u32(b->bounds.bw_lo, b->prior.bw_lo);
    b->bounds.inflight_lo = max_u32(b->bounds.inflight_lo, b->prior.inflight_lo);
    b->bounds.inflight_hi = max_u32(b->bounds.inflight_hi, b->prior.inflight_hi);
    if (b->prior_state == FLOE_SCTP_BBR_STARTUP && b->state != FLOE_SCTP_BBR_PROBE_RTT) {
        enter_startup(b);
    }
}

void floe_sctp_bbr_on_restart(floe_sctp_bbr *b, floe_time now)
{
    /* §5.4.1: the rate that is known, and no faster, whatever phase it is. */
    b->is_idle_restart = true;
    b->extra_at = now;
    b->extra_delivered = 0;
    if (is_in_probe_bw(b)) {
        b->pacing_rate = part(min_u32(max_bw(b), b->bounds.bw_lo), 99);
    }
}

uint32_t floe_sctp_bbr_pace_us(const floe_sctp_bbr *b, uint32_t bytes, uint32_t srtt_us)
{
    uint64_t rate = b->pacing_rate > 0 ? b->pacing_rate : first_rate(b, srtt_us);
    /* A packet a round trip at least: one that was measured too low must not stop all. */
    uint64_t time = bytes * MICRO / (rate > 0 ? rate : 1);
    uint64_t limit = ((uint64_t)bytes + b->mtu - 1) / b->mtu * srtt_us;
    return (uint32_t)(time < limit ? time : limit);
}

uint32_t floe_sctp_bbr_burst(const floe_sctp_bbr *b)
{
    /* §5.6.3: what a millisecond carries. */
    return min_u32(max_u32(b->pacing_rate / 1000, 2 * b->mtu), BURST_MAX);
}
