/* Tests of sctp/sctp_bbr.c: draft-ietf-ccwg-bbr, on a path that is a rate and a round trip. */
#include "sctp/sctp_bbr.h"

#include <string.h>

#include "support/unit.h"

#define MTU  1000u
#define RTT  (50 * FLOE_MS)
#define PATH UINT32_C(1000000) /* bytes a second: 50 packets in a round trip */
#define BDP  50000u
#define SPAN 4096u

/* A sender that always has data, on a path with a queue that never ends. */
typedef struct path {
    floe_sctp_bbr bbr;
    floe_time now, pace_at, busy_until;
    uint32_t flight, sent, arrived; /* packets: sent and arrived so far */
    uint32_t lose_one_in;           /* 0: none is lost */
    struct {
        floe_time sent_at, back_at;
        uint16_t mark;
    } packets[SPAN];
} path;

static path p;

static int set_up(void **state)
{
    (void)state;
    memset(&p, 0, sizeof p);
    p.now = FLOE_SECOND;
    floe_sctp_bbr_init(&p.bbr, MTU);
    return 0;
}

static void send_one(void)
{
    floe_time begin = p.busy_until > p.now ? p.busy_until : p.now;
    p.busy_until = begin + MTU * FLOE_SECOND / PATH;
    uint16_t mark = floe_sctp_rate_on_send(&p.bbr.rate, p.now, MTU, p.flight);
    p.packets[p.sent % SPAN].sent_at = p.now;
    p.packets[p.sent % SPAN].back_at = p.busy_until + RTT;
    p.packets[p.sent % SPAN].mark = mark;
    p.sent++;
    p.flight += MTU;
    p.pace_at += floe_sctp_bbr_pace_us(&p.bbr, MTU, (uint32_t)RTT);
}

static void take_answer(void)
{
    uint32_t n = p.arrived++;
    floe_time sent_at = p.packets[n % SPAN].sent_at;
    uint16_t mark = p.packets[n % SPAN].mark;
    p.flight -= MTU;
    if (p.lose_one_in > 0 && n % p.lose_one_in == 0) {
        floe_sctp_rate_on_loss(&p.bbr.rate, MTU, mark);
        return;
    }
    floe_sctp_rate_on_arrival(&p.bbr.rate, p.now, MTU, mark, (uint32_t)sent_at, true);
    floe_sctp_bbr_on_ack(&p.bbr, &(floe_sctp_bbr_ack){.now = p.now,
                                                      .rtt_us = (uint32_t)(p.now - sent_at),
                                                      .flight = p.flight});
}

static void step(void)
{
    while (p.flight < p.bbr.cwnd && p.pace_at <= p.now) {
        send_one();
    }
    p.bbr.is_held_back = p.flight >= p.bbr.cwnd;
    floe_time at = p.packets[p.arrived % SPAN].back_at;
    if (!p.bbr.is_held_back && p.pace_at < at) {
        p.now = p.pace_at;
        return;
    }
    p.now = at;
    take_answer();
}

static void run_for(floe_time duration)
{
    for (floe_time end = p.now + duration; p.now < end;) {
        step();
    }
}

/* False: not within a minute. */
static bool run_to(floe_sctp_bbr_state state)
{
    for (floe_time end = p.now + 60 * FLOE_SECOND; p.now < end && p.bbr.state != state;) {
        step();
    }
    return p.bbr.state == state;
}

static void test_sctp_bbr_begins_with_ten_packets_and_grows_fast(void **state)
{
    (void)state;
    assert_int_equal(p.bbr.cwnd, 10 * MTU);
    /* 2.77 windows in a round trip. */
    assert_in_range(floe_sctp_bbr_pace_us(&p.bbr, 10 * MTU, (uint32_t)RTT), 18000, 18100);
    run_for(4 * RTT);
    assert_int_equal(p.bbr.state, FLOE_SCTP_BBR_STARTUP);
    assert_true(p.bbr.cwnd >= 4 * 10 * MTU);
}

static void test_sctp_bbr_leaves_startup_when_the_rate_stays_and_drains_the_queue(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_DRAIN));
    assert_true(p.now < FLOE_SECOND + 20 * RTT); /* the last of them with a queue */
    assert_true(p.bbr.is_full);
    assert_true(p.bbr.pacing_rate < PATH * 6 / 10);
    assert_true(p.flight > BDP);
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    assert_true(p.flight <= BDP + 6 * MTU);
}

static void test_sctp_bbr_finds_rate_and_round_trip_of_the_path(void **state)
{
    (void)state;
    run_for(20 * FLOE_SECOND);
    uint32_t bw = p.bbr.max_bw[0] > p.bbr.max_bw[1] ? p.bbr.max_bw[0] : p.bbr.max_bw[1];
    assert_in_range(bw, PATH * 97 / 100, PATH * 103 / 100);
    assert_in_range(p.bbr.min_rtt_us, RTT, RTT + 2 * FLOE_MS);
    assert_true((uint64_t)p.arrived * MTU >= (uint64_t)PATH * 19); /* 95 % of what there is */
}

static void test_sctp_bbr_cruises_without_a_queue_and_probes_every_few_seconds(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    assert_in_range(p.bbr.pacing_rate, PATH * 95 / 100, PATH);
    floe_time from = p.now;
    assert_true(run_to(FLOE_SCTP_BBR_REFILL));
    assert_in_range(p.now - from, 30 * RTT - FLOE_SECOND / 2, 3 * FLOE_SECOND);
    assert_true(run_to(FLOE_SCTP_BBR_UP));
    assert_in_range(p.bbr.pacing_rate, PATH * 120 / 100, PATH * 127 / 100);
    from = p.now;
    assert_true(run_to(FLOE_SCTP_BBR_DOWN)); /* nothing more is to be had */
    assert_true(p.now - from <= 8 * RTT);
    assert_true(p.bbr.pacing_rate <= PATH * 92 / 100);
}

static void test_sctp_bbr_single_losses_change_nothing(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    p.lose_one_in = 100;
    uint32_t before = p.arrived;
    run_for(10 * FLOE_SECOND);
    assert_true((uint64_t)(p.arrived - before) * MTU >= (uint64_t)PATH * 8);
}

static void test_sctp_bbr_too_many_losses_bound_what_is_in_flight(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    assert_int_equal(p.bbr.bounds.inflight_hi, UINT32_MAX);
    assert_true(run_to(FLOE_SCTP_BBR_UP));
    run_for(RTT);
    p.lose_one_in = 10;
    assert_true(run_to(FLOE_SCTP_BBR_DOWN));
    assert_true(p.bbr.bounds.inflight_hi < 2 * BDP);
    p.lose_one_in = 0;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    /* There it leaves 15 % of it to others. */
    assert_true(p.bbr.cwnd <= p.bbr.bounds.inflight_hi / 100 * 85 + MTU);
    uint32_t bound = p.bbr.bounds.inflight_hi;
    run_for(30 * FLOE_SECOND);
    assert_true(p.bbr.bounds.inflight_hi > bound); /* probing raises it again */
}

static void test_sctp_bbr_looks_for_the_least_round_trip_where_there_is_a_queue(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    p.busy_until += 30 * FLOE_MS; /* somebody else's, and it stays */
    p.bbr.probe_rtt_us -= 2000;
    assert_true(run_to(FLOE_SCTP_BBR_PROBE_RTT));
    floe_time from = p.now;
    run_for(4 * RTT);
    assert_true(p.flight <= BDP * 6 / 10);
    while (p.bbr.state == FLOE_SCTP_BBR_PROBE_RTT) {
        step();
    }
    assert_in_range(p.now - from, 200 * FLOE_MS, 500 * FLOE_MS);
    assert_int_equal(p.bbr.state, FLOE_SCTP_BBR_CRUISE);
}

static void test_sctp_bbr_what_was_no_loss_is_taken_back(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    floe_sctp_bbr_on_loss(&p.bbr);
    p.bbr.bounds = (floe_sctp_bbr_bounds){BDP / 2, BDP / 2, PATH / 2};
    floe_sctp_bbr_undo(&p.bbr);
    assert_int_equal(p.bbr.bounds.inflight_hi, UINT32_MAX);
    assert_int_equal(p.bbr.bounds.inflight_lo, UINT32_MAX);
    assert_int_equal(p.bbr.bounds.bw_lo, UINT32_MAX);
}

static void test_sctp_bbr_who_had_little_to_say_does_not_forget_the_rate(void **state)
{
    (void)state;
    assert_true(run_to(FLOE_SCTP_BBR_CRUISE));
    uint32_t bw = p.bbr.max_bw[0] > p.bbr.max_bw[1] ? p.bbr.max_bw[0] : p.bbr.max_bw[1];
    for (int i = 0; i < 300; i++) { /* a packet each round trip, for 15 s */
        while (p.flight > 0) {
            p.now = p.packets[p.arrived % SPAN].back_at;
            take_answer();
        }
        floe_sctp_bbr_on_restart(&p.bbr, p.now);
        floe_sctp_rate_on_want(&p.bbr.rate, MTU);
        send_one();
    }
    assert_true(p.bbr.max_bw[0] >= bw || p.bbr.max_bw[1] >= bw);
    assert_int_not_equal(p.bbr.state, FLOE_SCTP_BBR_PROBE_RTT);
}

/* Four gigabytes a second are near the largest number that there is; a peer may claim them, or
 * more.
 */
static void test_sctp_bbr_leaves_startup_at_any_rate(void **state)
{
    for (uint32_t bytes = 4000000; bytes <= 8000000; bytes += 4000000) {
        (void)set_up(state);
        for (int i = 0; i < 10; i++) {
            uint16_t mark = floe_sctp_rate_on_send(&p.bbr.rate, p.now, bytes, 0);
            uint32_t sent_us = (uint32_t)p.now;
            p.now += FLOE_MS;
            floe_sctp_rate_on_arrival(&p.bbr.rate, p.now, bytes, mark, sent_us, true);
            floe_sctp_bbr_on_ack(&p.bbr, &(floe_sctp_bbr_ack){.now = p.now, .rtt_us = FLOE_MS});
        }
        assert_true(p.bbr.is_full);
        assert_int_not_equal(p.bbr.state, FLOE_SCTP_BBR_STARTUP);
    }
}

/* Else a few bytes that were slow, or whose answer the peer held back, would stop all that follows.
 */
static void test_sctp_bbr_a_packet_takes_a_round_trip_at_most(void **state)
{
    (void)state;
    p.bbr.pacing_rate = 80;
    assert_int_equal(floe_sctp_bbr_pace_us(&p.bbr, MTU, (uint32_t)RTT), RTT);
    p.bbr.pacing_rate = PATH;
    assert_int_equal(floe_sctp_bbr_pace_us(&p.bbr, MTU, (uint32_t)RTT), 1000);
}

static void test_sctp_bbr_a_small_message_first_does_not_make_the_start_slow(void **state)
{
    (void)state;
    floe_sctp_rate_on_want(&p.bbr.rate, 0);
    send_one();
    floe_sctp_rate_on_want(&p.bbr.rate, MTU);
    p.now = p.packets[0].back_at;
    take_answer();
    assert_in_range(floe_sctp_bbr_pace_us(&p.bbr, 10 * MTU, (uint32_t)RTT), 17000, 19000);
    p.pace_at = p.now;
    run_for(4 * RTT);
    assert_true(p.bbr.cwnd >= 4 * 10 * MTU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_bbr_begins_with_ten_packets_and_grows_fast, set_up),
        cmocka_unit_test_setup(
            test_sctp_bbr_leaves_startup_when_the_rate_stays_and_drains_the_queue, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_leaves_startup_at_any_rate, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_a_packet_takes_a_round_trip_at_most, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_a_small_message_first_does_not_make_the_start_slow,
                               set_up),
        cmocka_unit_test_setup(test_sctp_bbr_finds_rate_and_round_trip_of_the_path, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_cruises_without_a_queue_and_probes_every_few_seconds,
                               set_up),
        cmocka_unit_test_setup(test_sctp_bbr_single_losses_change_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_too_many_losses_bound_what_is_in_flight, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_looks_for_the_least_round_trip_where_there_is_a_queue,
                               set_up),
        cmocka_unit_test_setup(test_sctp_bbr_what_was_no_loss_is_taken_back, set_up),
        cmocka_unit_test_setup(test_sctp_bbr_who_had_little_to_say_does_not_forget_the_rate,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
