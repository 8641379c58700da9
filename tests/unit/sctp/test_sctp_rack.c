/* Tests of sctp/sctp_rack.c: RFC 8985 section 6, and over the end of the clock's lower bits. */
#include "sctp/sctp_rack.h"

#include "support/unit.h"

#define RTT 40000u
#define NOW ((floe_time)0x500000000 - 20000) /* sent before the lower bits wrap, answered after */

static floe_sctp_rack rack;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_rack_init(&rack, 100);
    return 0;
}

/* A chunk arrives that was sent `age` ago, for the n-th time. */
static bool arrive(floe_time now, uint32_t age, uint32_t tsn, uint32_t sends)
{
    return floe_sctp_rack_on_arrival(&rack, now, (uint32_t)now - age, tsn, sends);
}

static void test_sctp_rack_finds_nothing_before_something_has_arrived(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, (uint32_t)NOW - 10 * RTT, 100, 0),
                     UINT32_MAX);
    assert_int_equal(floe_sctp_rack_min_us(&rack), 0);
}

static void test_sctp_rack_chunk_sent_before_one_that_has_arrived_is_overdue(void **state)
{
    (void)state;
    assert_true(arrive(NOW, RTT, 105, 1));
    uint32_t sent = (uint32_t)NOW - RTT;
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, sent - 1, 103, 0), 0);
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, sent, 104, 0), 0);
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, sent, 106, 0), UINT32_MAX);
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, sent + 1, 104, 0), UINT32_MAX);
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW, sent, 104, 500), 500);
    assert_int_equal(floe_sctp_rack_remaining(&rack, NOW + 500, sent, 104, 500), 0);
}

static void test_sctp_rack_waits_a_quarter_of_the_least_round_trip(void **state)
{
    (void)state;
    assert_true(arrive(NOW, 2 * RTT, 100, 1));
    assert_true(arrive(NOW, RTT, 101, 1));
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, false), RTT / 4);
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), 0);
    assert_int_equal(floe_sctp_rack_window(&rack, 100, false), 100); /* never longer than this */
}

static void test_sctp_rack_that_has_seen_reordering_always_waits(void **state)
{
    (void)state;
    assert_true(arrive(NOW, RTT, 105, 1));
    assert_true(arrive(NOW, RTT, 104, 2)); /* a retransmission is not out of order */
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), 0);
    assert_true(arrive(NOW, RTT, 103, 1));
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), RTT / 4);
}

static void test_sctp_rack_answer_that_comes_too_early_is_to_an_earlier_transmission(void **state)
{
    (void)state;
    assert_true(arrive(NOW, RTT, 105, 1));
    assert_false(arrive(NOW, RTT / 2, 101, 2));
    assert_int_equal(rack.tsn, 105);
    assert_true(arrive(NOW, RTT - 100, 102, 2)); /* shorter by a shorter packet */
    assert_int_equal(rack.tsn, 102);
}

static void test_sctp_rack_duplicates_widen_the_window_once_in_a_round(void **state)
{
    (void)state;
    assert_true(arrive(NOW, RTT, 105, 1));
    floe_sctp_rack_on_duplicate(&rack, 105, 110);
    floe_sctp_rack_on_duplicate(&rack, 109, 115);
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), RTT / 2);
    floe_sctp_rack_on_duplicate(&rack, 110, 120);
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), RTT / 4 * 3);
    for (int i = 0; i < 15; i++) {
        floe_sctp_rack_on_recovered(&rack);
    }
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), RTT / 4 * 3);
    floe_sctp_rack_on_recovered(&rack); /* sixteen recoveries without any */
    assert_int_equal(floe_sctp_rack_window(&rack, RTT, true), RTT / 4);
}

static void test_sctp_rack_least_round_trip_grows_old(void **state)
{
    (void)state;
    assert_true(arrive(NOW, RTT, 105, 1));
    assert_true(arrive(NOW + 11 * FLOE_SECOND, 2 * RTT, 106, 1));
    assert_int_equal(floe_sctp_rack_min_us(&rack), RTT);
    assert_true(arrive(NOW + 22 * FLOE_SECOND, 2 * RTT, 107, 1));
    assert_int_equal(floe_sctp_rack_min_us(&rack), 2 * RTT);
    floe_sctp_rack_reset(&rack); /* another path */
    assert_int_equal(floe_sctp_rack_min_us(&rack), 0);
}

static void test_sctp_rack_first_answer_that_was_late_does_not_hide_losses(void **state)
{
    (void)state;
    floe_sctp_rack_measure(&rack, NOW, RTT);
    assert_true(arrive(NOW, RTT / 8 * 11, 105, 1));
    assert_int_equal(floe_sctp_rack_min_us(&rack), RTT);
    assert_true(arrive(NOW, RTT, 107, 2)); /* an answer to the second transmission */
}

static void test_sctp_rack_arrival_of_long_ago_is_older_than_all_that_is_sent_since(void **state)
{
    (void)state;
    const floe_time later = NOW + UINT64_C(40) * 60 * FLOE_SECOND; /* over half of 32 bits */
    uint32_t sent = (uint32_t)later - 2 * RTT;
    assert_true(arrive(NOW, RTT, 105, 1));
    assert_int_equal(floe_sctp_rack_remaining(&rack, later, sent, 106, 0), UINT32_MAX);
    assert_true(arrive(later, 2 * RTT, 106, 1));
    assert_int_equal(rack.rtt_us, 2 * RTT);
    assert_int_equal(floe_sctp_rack_remaining(&rack, later, sent, 107, 0), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_rack_finds_nothing_before_something_has_arrived, set_up),
        cmocka_unit_test_setup(test_sctp_rack_chunk_sent_before_one_that_has_arrived_is_overdue,
                               set_up),
        cmocka_unit_test_setup(test_sctp_rack_waits_a_quarter_of_the_least_round_trip, set_up),
        cmocka_unit_test_setup(test_sctp_rack_that_has_seen_reordering_always_waits, set_up),
        cmocka_unit_test_setup(
            test_sctp_rack_answer_that_comes_too_early_is_to_an_earlier_transmission, set_up),
        cmocka_unit_test_setup(test_sctp_rack_duplicates_widen_the_window_once_in_a_round, set_up),
        cmocka_unit_test_setup(test_sctp_rack_least_round_trip_grows_old, set_up),
        cmocka_unit_test_setup(test_sctp_rack_first_answer_that_was_late_does_not_hide_losses,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_rack_arrival_of_long_ago_is_older_than_all_that_is_sent_since, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
