/* Tests of sctp/sctp_cubic.c: RFC 9438. */
#include "sctp/sctp_cubic.h"

#include "support/unit.h"

#define MTU 1000u
#define RTT 50000u

/* Acknowledge whole windows, one in a round trip, for so long; returns the window. */
static uint32_t run(floe_sctp_cubic *c, uint32_t cwnd, floe_time *now, floe_time duration)
{
    for (floe_time end = *now + duration; *now < end; *now += RTT) {
        cwnd = floe_sctp_cubic_grow(c, cwnd, MTU, cwnd, *now, RTT);
    }
    return cwnd;
}

static void test_sctp_cubic_reduces_to_seven_tenths(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_sctp_cubic_init(&c);
    assert_int_equal(floe_sctp_cubic_reduce(&c, 100 * MTU, false), 70 * MTU);
    assert_int_equal(c.w_max, 100 * MTU);
}

static void test_sctp_cubic_second_loss_below_the_first_leaves_room_for_others(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_sctp_cubic_init(&c);
    (void)floe_sctp_cubic_reduce(&c, 100 * MTU, false);
    (void)floe_sctp_cubic_reduce(&c, 80 * MTU, false);
    assert_int_equal(c.w_max, 68 * MTU);
    assert_int_equal(floe_sctp_cubic_reduce(&c, 60 * MTU, true), 51 * MTU);
    assert_int_equal(c.w_max, 60 * MTU); /* a loss of the link says nothing about others */
}

static void test_sctp_cubic_is_back_at_the_plateau_after_k(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_time now = FLOE_SECOND;
    floe_sctp_cubic_init(&c);
    uint32_t cwnd = floe_sctp_cubic_reduce(&c, 1000 * MTU, false);
    cwnd = run(&c, cwnd, &now, RTT);
    assert_in_range(c.k_ms, 9080, 9090); /* the cube root of 300 / 0.4, in milliseconds */
    cwnd = run(&c, cwnd, &now, 4 * FLOE_SECOND);
    assert_in_range(cwnd, 920 * MTU, 960 * MTU); /* 1000 - 0.4 * 5.08^3 */
    cwnd = run(&c, cwnd, &now, 5 * FLOE_SECOND);
    assert_in_range(cwnd, 995 * MTU, 1000 * MTU);
    cwnd = run(&c, cwnd, &now, 9 * FLOE_SECOND);
    assert_in_range(cwnd, 1270 * MTU, 1310 * MTU); /* and as far beyond it */
}

static void test_sctp_cubic_small_window_grows_as_newreno_would(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_time now = FLOE_SECOND;
    floe_sctp_cubic_init(&c);
    uint32_t cwnd = floe_sctp_cubic_reduce(&c, 10 * MTU, false);
    /* RFC 9438 section 4.3: 9/17 of a packet in a round trip, then a whole one. */
    cwnd = run(&c, cwnd, &now, 6 * RTT);
    assert_in_range(cwnd, 10 * MTU, 10 * MTU + 500);
    uint32_t before = cwnd;
    cwnd = run(&c, cwnd, &now, 4 * RTT);
    assert_in_range(cwnd - before, 3 * MTU, 5 * MTU);
}

static void test_sctp_cubic_time_without_use_does_not_count(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_time now = FLOE_SECOND;
    floe_sctp_cubic_init(&c);
    uint32_t cwnd = floe_sctp_cubic_reduce(&c, 1000 * MTU, false);
    cwnd = run(&c, cwnd, &now, FLOE_SECOND);
    floe_sctp_cubic other = c;
    uint32_t expected = floe_sctp_cubic_grow(&c, cwnd, MTU, MTU, now, RTT);
    now += 60 * FLOE_SECOND;
    floe_sctp_cubic_pause(&other, now - RTT);
    assert_in_range(floe_sctp_cubic_grow(&other, cwnd, MTU, MTU, now, RTT), expected,
                    expected + MTU / 10);
}

static void test_sctp_cubic_never_shrinks_and_never_overflows(void **state)
{
    (void)state;
    floe_sctp_cubic c;
    floe_time now = FLOE_SECOND;
    floe_sctp_cubic_init(&c);
    uint32_t cwnd = floe_sctp_cubic_reduce(&c, 0x3FFFFFFF, false);
    for (int i = 0; i < 10000; i++) {
        uint32_t next = floe_sctp_cubic_grow(&c, cwnd, MTU, cwnd, now, RTT);
        assert_in_range(next, cwnd, 0x3FFFFFFF);
        cwnd = next;
        now += FLOE_SECOND;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_cubic_reduces_to_seven_tenths),
        cmocka_unit_test(test_sctp_cubic_second_loss_below_the_first_leaves_room_for_others),
        cmocka_unit_test(test_sctp_cubic_is_back_at_the_plateau_after_k),
        cmocka_unit_test(test_sctp_cubic_small_window_grows_as_newreno_would),
        cmocka_unit_test(test_sctp_cubic_time_without_use_does_not_count),
        cmocka_unit_test(test_sctp_cubic_never_shrinks_and_never_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
