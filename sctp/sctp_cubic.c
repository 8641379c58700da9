/*
 * sctp/sctp_cubic.c - see sctp/sctp_cubic.h.
 *
 * W(t) = C (t - K)^3 + W_max, C = 0.4 packets per second cubed: with t and K in milliseconds and
 * the window in bytes, 4 mtu (t - K)^3 / 10^10.
 */
#include "sctp/sctp_cubic.h"

#define SCALE    UINT64_C(10000000000) /* 10^9 from milliseconds cubed, 10 from 0.4 */
#define TIME_MAX 100000                /* ms on either side of K: no product overflows */
#define CWND_MAX 0x3FFFFFFFu

void floe_sctp_cubic_init(floe_sctp_cubic *c)
{
    *c = (floe_sctp_cubic){.epoch = FLOE_TIME_NEVER};
}

void floe_sctp_cubic_restart(floe_sctp_cubic *c)
{
    c->epoch = FLOE_TIME_NEVER;
}

uint32_t floe_sctp_cubic_reduce(floe_sctp_cubic *c, uint32_t cwnd, bool is_calm)
{
    /* RFC 9438 §4.7: a flow that loses before it was where it lost last time leaves room for
     * whoever has come since. */
    bool is_crowded = cwnd < c->w_max && !is_calm;
    c->w_max = is_crowded ? (uint32_t)((uint64_t)cwnd * 17 / 20) : cwnd;
    c->prior = cwnd;
    c->epoch = FLOE_TIME_NEVER;
    /* RFC 9438 §4.6: 0.7; 0.85 where the loss is most likely one of the link. */
    return (uint32_t)((uint64_t)cwnd * (is_calm ? 17 : 14) / 20);
}

static uint32_t cube_root(uint64_t value)
{
    uint32_t root = 0;
    for (uint32_t bit = UINT32_C(1) << 20; bit > 0; bit >>= 1) {
        uint64_t next = root | bit;
        root = next * next * next <= value ? (uint32_t)next : root;
    }
    return root;
}

/* RFC 9438 §4.2 */
static void begin_epoch(floe_sctp_cubic *c, uint32_t cwnd, uint32_t mtu, floe_time now)
{
    c->epoch = now;
    c->seen = now;
    c->w_est = cwnd;
    c->fraction = 0;
    c->est_fraction = 0;
    if (cwnd < c->w_max) {
        c->k_ms = cube_root((uint64_t)(c->w_max - cwnd) * SCALE / ((uint64_t)4 * mtu));
    } else {
        c->w_max = cwnd;
        c->k_ms = 0;
    }
}

static uint32_t window_at(const floe_sctp_cubic *c, uint32_t mtu, uint64_t t_ms)
{
    int64_t d = (t_ms < TIME_MAX * UINT64_C(20) ? (int64_t)t_ms : TIME_MAX * 20) - c->k_ms;
    d = d < -TIME_MAX ? -TIME_MAX : d;
    d = d > TIME_MAX ? TIME_MAX : d;
    int64_t window = c->w_max + d * d * d / (int64_t)SCALE * 4 * mtu +
                     d * d * d % (int64_t)SCALE * 4 * mtu / (int64_t)SCALE;
    window = window < 0 ? 0 : window;
    return window < (int64_t)CWND_MAX ? (uint32_t)window : CWND_MAX;
}

/* RFC 9438 §4.3: never slower than NewReno with this reduction would be; once it is where it was
 * before the loss, a packet for each window. */
static void grow_estimate(floe_sctp_cubic *c, uint32_t cwnd, uint32_t mtu, uint32_t acked)
{
    uint64_t gain = (uint64_t)acked * mtu;
    gain = c->w_est < c->prior ? gain * 9 / 17 : gain;
    gain += c->est_fraction;
    c->est_fraction = (uint32_t)(gain % cwnd);
    uint64_t window = c->w_est + gain / cwnd;
    c->w_est = window < CWND_MAX ? (uint32_t)window : CWND_MAX;
}

uint32_t floe_sctp_cubic_grow(floe_sctp_cubic *c, uint32_t cwnd, uint32_t mtu, uint32_t acked,
                              floe_time now, uint32_t srtt_us)
{
    if (c->epoch == FLOE_TIME_NEVER) {
        begin_epoch(c, cwnd, mtu, now);
    }
    c->seen = now;
    grow_estimate(c, cwnd, mtu, acked);
    uint64_t t_us = now - c->epoch;
    if (window_at(c, mtu, t_us / 1000) < c->w_est) {
        return c->w_est > cwnd ? c->w_est : cwnd;
    }
    /* RFC 9438 §4.4, §4.5: in a round trip to where the curve is by then, at most half as much
     * again. */
    uint32_t target = window_at(c, mtu, (t_us + srtt_us) / 1000);
    target = target > cwnd + cwnd / 2 ? cwnd + cwnd / 2 : target;
    if (target <= cwnd) {
        return cwnd;
    }
    uint64_t gain = (uint64_t)(target - cwnd) * acked + c->fraction;
    c->fraction = (uint32_t)(gain % cwnd);
    uint64_t window = cwnd + gain / cwnd;
    return window < target ? (uint32_t)window : target;
}

void floe_sctp_cubic_pause(floe_sctp_cubic *c, floe_time now)
{
    if (c->epoch != FLOE_TIME_NEVER && now > c->seen) {
        c->epoch += now - c->seen;
        c->seen = now;
    }
}
