/* Tests of sctp/sctp_cc.c: RFC 9260 section 7.2, and what CUBIC has in common with it. */
#include "sctp/sctp_cc.h"

#include "support/unit.h"

#define MTU 1000u

static floe_sctp_cc make(void)
{
    floe_sctp_cc cc;
    floe_sctp_cc_init(&cc, FLOE_SCTP_CC_NEWRENO, MTU);
    return cc;
}

static void give_ack(floe_sctp_cc *cc, uint32_t acked, uint32_t flight_before, bool is_cum_moved,
                     uint32_t cum)
{
    floe_sctp_cc_on_ack(cc, &(floe_sctp_cc_ack){.now = FLOE_SECOND,
                                                .acked = acked,
                                                .flight_before = flight_before,
                                                .cum = cum,
                                                .highest = cum + 100,
                                                .srtt_us = 50000,
                                                .is_cum_moved = is_cum_moved});
}

static void test_sctp_cc_begins_with_ten_packets_in_slow_start(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    assert_int_equal(cc.cwnd, 10 * MTU);
    assert_true(cc.ssthresh > cc.cwnd);
    assert_true(floe_sctp_cc_may_send(&cc, 10 * MTU - 1)); /* one packet may exceed it */
    assert_false(floe_sctp_cc_may_send(&cc, 10 * MTU));
}

static void test_sctp_cc_slow_start_grows_by_what_was_acknowledged(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    give_ack(&cc, 2 * MTU, 10 * MTU, true, 2);
    assert_int_equal(cc.cwnd, 12 * MTU);
}

static void test_sctp_cc_slow_start_growth_from_one_sack_is_bounded(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    give_ack(&cc, 500 * MTU, 500 * MTU, true, 2);
    assert_int_equal(cc.cwnd, 18 * MTU);
}

static void test_sctp_cc_does_not_grow_a_window_that_is_not_used(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    give_ack(&cc, 2 * MTU, 3 * MTU, true, 2);
    assert_int_equal(cc.cwnd, 10 * MTU);
}

static void test_sctp_cc_does_not_grow_without_cumulative_progress(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    give_ack(&cc, 2 * MTU, 10 * MTU, false, 0);
    assert_int_equal(cc.cwnd, 10 * MTU);
}

static void test_sctp_cc_loss_halves_once_until_recovery_ends(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    assert_true(floe_sctp_cc_on_loss(&cc, 100, false));
    assert_int_equal(cc.cwnd, 5 * MTU);
    assert_int_equal(cc.ssthresh, 5 * MTU);
    assert_false(floe_sctp_cc_on_loss(&cc, 120, false));
    assert_int_equal(cc.cwnd, 5 * MTU);
    give_ack(&cc, MTU, 5 * MTU, true, 99);
    assert_true(cc.in_recovery);
    assert_int_equal(cc.cwnd, 5 * MTU); /* nor does it grow meanwhile */
    give_ack(&cc, MTU, 5 * MTU, true, 100);
    assert_false(cc.in_recovery);
    assert_true(floe_sctp_cc_on_loss(&cc, 150, false));
}

static void test_sctp_cc_loss_leaves_four_packets(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.cwnd = 5 * MTU;
    (void)floe_sctp_cc_on_loss(&cc, 1, false);
    assert_int_equal(cc.cwnd, 4 * MTU);
}

static void test_sctp_cc_recovery_exit_is_compared_over_the_end_of_the_numbers(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    (void)floe_sctp_cc_on_loss(&cc, 5, false);
    give_ack(&cc, MTU, 5 * MTU, true, UINT32_MAX);
    assert_true(cc.in_recovery);
    give_ack(&cc, MTU, 5 * MTU, true, 6);
    assert_false(cc.in_recovery);
}

static void test_sctp_cc_avoidance_grows_a_packet_for_each_window(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.ssthresh = 5 * MTU;
    for (int i = 0; i < 4; i++) {
        give_ack(&cc, 2 * MTU, 10 * MTU, true, 1);
        assert_int_equal(cc.cwnd, 10 * MTU);
    }
    give_ack(&cc, 2 * MTU, 10 * MTU, true, 1);
    assert_int_equal(cc.cwnd, 11 * MTU);
    assert_int_equal(cc.partial, 0);
}

static void test_sctp_cc_avoidance_does_not_save_up_while_the_window_is_not_used(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.ssthresh = 5 * MTU;
    for (int i = 0; i < 40; i++) {
        give_ack(&cc, 2 * MTU, 2 * MTU, true, 1);
    }
    assert_int_equal(cc.cwnd, 10 * MTU);
    assert_int_equal(cc.partial, 10 * MTU);
    floe_sctp_cc_on_idle(&cc);
    assert_int_equal(cc.partial, 0);
}

static void test_sctp_cc_timeout_allows_one_packet_until_something_is_acknowledged(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    floe_sctp_cc_on_timeout(&cc);
    assert_int_equal(cc.cwnd, MTU);
    assert_int_equal(cc.ssthresh, 5 * MTU);
    assert_true(floe_sctp_cc_may_send(&cc, 0));
    assert_false(floe_sctp_cc_may_send(&cc, 100)); /* not even a second small one */
    give_ack(&cc, 100, 100, true, 1);
    assert_true(floe_sctp_cc_may_send(&cc, 100));
}

static void test_sctp_cc_idle_window_decays_by_half_to_four_packets(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.cwnd = 64 * MTU;
    cc.ssthresh = 32 * MTU;
    floe_sctp_cc_decay(&cc, 0);
    assert_int_equal(cc.cwnd, 64 * MTU);
    floe_sctp_cc_decay(&cc, 2);
    assert_int_equal(cc.cwnd, 16 * MTU);
    assert_int_equal(cc.ssthresh, 64 * MTU);
    floe_sctp_cc_decay(&cc, UINT64_MAX);
    assert_int_equal(cc.cwnd, 4 * MTU);
    floe_sctp_cc_decay(&cc, 1);
    assert_int_equal(cc.cwnd, 4 * MTU);
}

static void test_sctp_cc_window_never_overflows(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    for (int i = 0; i < 200000; i++) {
        give_ack(&cc, 8 * MTU, cc.cwnd, true, 1);
    }
    assert_true(cc.cwnd <= UINT32_MAX / 4);
    assert_true(floe_sctp_cc_may_send(&cc, 1000 * MTU));
}

static void test_sctp_cc_paced_slow_start_doubles_whatever_one_sack_says(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.is_paced = true;
    give_ack(&cc, 10 * MTU, 10 * MTU, true, 2); /* RFC 9406 section 4.2: no limit then */
    assert_int_equal(cc.cwnd, 20 * MTU);
    give_ack(&cc, 500 * MTU, 10 * MTU, true, 2); /* but not more than was in flight */
    assert_int_equal(cc.cwnd, 30 * MTU);
}

static void test_sctp_cc_slow_start_ends_at_the_threshold(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.ssthresh = 11 * MTU;
    give_ack(&cc, 4 * MTU, 10 * MTU, true, 2);
    assert_int_equal(cc.cwnd, 11 * MTU);
}

static void test_sctp_cc_what_a_hole_held_up_counts_when_it_is_filled(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    give_ack(&cc, 2 * MTU, 10 * MTU, false, 0);
    give_ack(&cc, 2 * MTU, 10 * MTU, true, 4);
    assert_int_equal(cc.cwnd, 14 * MTU);
}

static void test_sctp_cc_undo_gives_the_window_back(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    (void)floe_sctp_cc_on_loss(&cc, 100, false);
    floe_sctp_cc_undo(&cc);
    assert_int_equal(cc.cwnd, 10 * MTU);
    assert_true(cc.ssthresh > cc.cwnd);
    assert_false(cc.in_recovery);
    floe_sctp_cc_on_timeout(&cc);
    floe_sctp_cc_on_timeout(&cc); /* RFC 5681 section 3.1: the second changes nothing more */
    assert_int_equal(cc.ssthresh, 5 * MTU);
    floe_sctp_cc_undo(&cc);
    assert_int_equal(cc.cwnd, 10 * MTU);
    assert_false(cc.is_collapsed);
}

static void test_sctp_cc_cubic_gives_less_way_where_there_is_no_queue(void **state)
{
    (void)state;
    floe_sctp_cc cc;
    floe_sctp_cc_init(&cc, FLOE_SCTP_CC_CUBIC, MTU);
    (void)floe_sctp_cc_on_loss(&cc, 100, false);
    assert_int_equal(cc.cwnd, 7 * MTU);
    floe_sctp_cc_init(&cc, FLOE_SCTP_CC_CUBIC, MTU);
    (void)floe_sctp_cc_on_loss(&cc, 100, true);
    assert_int_equal(cc.cwnd, 8500);
}

static void test_sctp_cc_slow_start_limit_can_be_that_of_rfc_3465(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    cc.is_paced = true;
    floe_sctp_cc_on_ack(&cc, &(floe_sctp_cc_ack){.acked = 10 * MTU,
                                                 .flight_before = 10 * MTU,
                                                 .slow_start_packets = 2,
                                                 .is_cum_moved = true});
    assert_int_equal(cc.cwnd, 12 * MTU);
}

static floe_sctp_bbr bbr;

static floe_sctp_cc make_rate(void)
{
    floe_sctp_cc cc = {.bbr = &bbr};
    floe_sctp_cc_init(&cc, FLOE_SCTP_CC_RATE, MTU);
    return cc;
}

static void test_sctp_cc_rate_loss_leaves_the_window_to_the_model(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_RATE);
    floe_sctp_cc cc = make_rate();
    assert_true(floe_sctp_cc_on_loss(&cc, 100, false));
    assert_false(floe_sctp_cc_on_loss(&cc, 110, false));
    assert_int_equal(cc.cwnd, 10 * MTU);
    give_ack(&cc, MTU, 5 * MTU, true, 100);
    assert_false(cc.in_recovery);
    assert_int_equal(cc.cwnd, 10 * MTU);
    floe_sctp_cc_decay(&cc, 5);
    assert_int_equal(cc.cwnd, 10 * MTU);
    cc.cwnd = bbr.cwnd = 77 * MTU;
    floe_sctp_cc_init(&cc, FLOE_SCTP_CC_RATE, MTU); /* another path: the memory stays, only */
    assert_int_equal(cc.cwnd, 10 * MTU);
    assert_int_equal(bbr.cwnd, 10 * MTU);
}

static void test_sctp_cc_rate_timeout_leaves_one_packet_and_can_be_taken_back(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_RATE);
    floe_sctp_cc cc = make_rate();
    cc.cwnd = bbr.cwnd = 50 * MTU;
    floe_sctp_cc_on_timeout(&cc);
    floe_sctp_cc_on_timeout(&cc);
    assert_int_equal(cc.cwnd, MTU);
    assert_int_equal(bbr.cwnd, MTU);
    assert_false(floe_sctp_cc_may_send(&cc, 100));
    floe_sctp_cc_undo(&cc);
    assert_int_equal(cc.cwnd, 50 * MTU);
    assert_int_equal(bbr.cwnd, 50 * MTU);
    assert_true(floe_sctp_cc_may_send(&cc, 100));
}

static void test_sctp_cc_pace_spreads_a_window_over_less_than_a_round_trip(void **state)
{
    (void)state;
    floe_sctp_cc cc = make();
    assert_int_equal(floe_sctp_cc_pace_us(&cc, 10 * MTU, 50000), 25000);
    cc.ssthresh = 10 * MTU;
    assert_int_equal(floe_sctp_cc_pace_us(&cc, 10 * MTU, 50000), 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_cc_begins_with_ten_packets_in_slow_start),
        cmocka_unit_test(test_sctp_cc_slow_start_grows_by_what_was_acknowledged),
        cmocka_unit_test(test_sctp_cc_slow_start_growth_from_one_sack_is_bounded),
        cmocka_unit_test(test_sctp_cc_does_not_grow_a_window_that_is_not_used),
        cmocka_unit_test(test_sctp_cc_does_not_grow_without_cumulative_progress),
        cmocka_unit_test(test_sctp_cc_loss_halves_once_until_recovery_ends),
        cmocka_unit_test(test_sctp_cc_loss_leaves_four_packets),
        cmocka_unit_test(test_sctp_cc_recovery_exit_is_compared_over_the_end_of_the_numbers),
        cmocka_unit_test(test_sctp_cc_avoidance_grows_a_packet_for_each_window),
        cmocka_unit_test(test_sctp_cc_avoidance_does_not_save_up_while_the_window_is_not_used),
        cmocka_unit_test(test_sctp_cc_timeout_allows_one_packet_until_something_is_acknowledged),
        cmocka_unit_test(test_sctp_cc_idle_window_decays_by_half_to_four_packets),
        cmocka_unit_test(test_sctp_cc_window_never_overflows),
        cmocka_unit_test(test_sctp_cc_paced_slow_start_doubles_whatever_one_sack_says),
        cmocka_unit_test(test_sctp_cc_slow_start_ends_at_the_threshold),
        cmocka_unit_test(test_sctp_cc_what_a_hole_held_up_counts_when_it_is_filled),
        cmocka_unit_test(test_sctp_cc_undo_gives_the_window_back),
        cmocka_unit_test(test_sctp_cc_cubic_gives_less_way_where_there_is_no_queue),
        cmocka_unit_test(test_sctp_cc_slow_start_limit_can_be_that_of_rfc_3465),
        cmocka_unit_test(test_sctp_cc_rate_loss_leaves_the_window_to_the_model),
        cmocka_unit_test(test_sctp_cc_rate_timeout_leaves_one_packet_and_can_be_taken_back),
        cmocka_unit_test(test_sctp_cc_pace_spreads_a_window_over_less_than_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
