/* Tests of sctp/sctp_rate.c: draft-ietf-ccwg-bbr section 4.1. */
#include "sctp/sctp_rate.h"

#include "support/unit.h"

#define PACKET 1000u
#define RTT    (100 * FLOE_MS)

static floe_sctp_rate rate;
static floe_time start; /* the lower bits of the clock come round soon */

static int set_up(void **state)
{
    (void)state;
    floe_sctp_rate_init(&rate);
    start = ((floe_time)7 << 32) - 120 * FLOE_MS;
    return 0;
}

static uint16_t send_at(floe_time at, uint32_t flight)
{
    return floe_sctp_rate_on_send(&rate, start + at, PACKET, flight);
}

static void arrive_at(floe_time at, uint16_t mark, floe_time sent_at)
{
    floe_sctp_rate_on_arrival(&rate, start + at, PACKET, mark, (uint32_t)(start + sent_at), true);
}

static void test_sctp_rate_is_what_arrives_in_a_round_trip(void **state)
{
    (void)state;
    uint16_t marks[50];
    for (uint32_t i = 0; i < 50; i++) { /* a packet each 10 ms, of which ten are on the way */
        marks[i] = send_at(i * 10 * FLOE_MS, (i < 10 ? i : 10) * PACKET);
        if (i >= 10) {
            arrive_at(i * 10 * FLOE_MS, marks[i - 10], (i - 10) * 10 * FLOE_MS);
        }
        floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, RTT);
        if (i >= 22) {
            assert_in_range(s.rate, 99000, 101000); /* bytes a second */
            assert_int_equal(s.acked, PACKET);
            assert_int_equal(s.total, (i - 9) * PACKET);
            assert_true(s.total - s.prior_total <= 12 * PACKET);
        }
    }
}

static void test_sctp_rate_is_bounded_by_how_fast_it_was_sent(void **state)
{
    (void)state;
    uint16_t first = send_at(0, 0);
    uint16_t second = send_at(200 * FLOE_MS, PACKET);
    assert_int_not_equal(first, second);
    arrive_at(299 * FLOE_MS, first, 0); /* both answers come in one batch, and at once */
    arrive_at(300 * FLOE_MS, second, 200 * FLOE_MS);
    floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, RTT);
    assert_int_equal(s.delivered, 2 * PACKET);
    assert_in_range(s.rate, 6600, 6700); /* 2 packets in 300 ms, not in the last one */
}

static void test_sctp_rate_of_less_than_a_round_trip_is_no_sample(void **state)
{
    (void)state;
    uint16_t mark = send_at(0, 0);
    arrive_at(40 * FLOE_MS, mark, 0);
    assert_int_equal(floe_sctp_rate_take(&rate, RTT).rate, 0);
}

static void test_sctp_rate_counts_but_does_not_time_what_may_be_another_answer(void **state)
{
    (void)state;
    uint16_t mark = send_at(0, 0);
    floe_sctp_rate_on_arrival(&rate, start + RTT, PACKET, mark, (uint32_t)start, false);
    floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, 0);
    assert_int_equal(s.acked, PACKET);
    assert_int_equal(s.rate, 0);
    assert_int_equal(s.delivered, 0);
}

static void test_sctp_rate_a_pause_does_not_count(void **state)
{
    (void)state;
    arrive_at(RTT, send_at(0, 0), 0);
    (void)floe_sctp_rate_take(&rate, RTT);
    uint16_t mark = send_at(10 * RTT, 0);
    arrive_at(11 * RTT, mark, 10 * RTT);
    assert_int_equal(floe_sctp_rate_take(&rate, RTT).rate, 10000); /* a packet in a round trip */
}

static void test_sctp_rate_knows_who_had_too_little_to_send(void **state)
{
    (void)state;
    uint16_t mark = send_at(0, 0);
    floe_sctp_rate_on_want(&rate, PACKET);
    uint16_t next = send_at(50 * FLOE_MS, PACKET);
    uint16_t last = send_at(150 * FLOE_MS, PACKET);
    arrive_at(RTT, mark, 0);
    assert_false(floe_sctp_rate_take(&rate, RTT).is_app_limited);
    arrive_at(150 * FLOE_MS, next, 50 * FLOE_MS); /* what was in flight then has arrived */
    assert_true(floe_sctp_rate_take(&rate, RTT).is_app_limited);
    uint16_t after = send_at(200 * FLOE_MS, PACKET);
    arrive_at(250 * FLOE_MS, last, 150 * FLOE_MS);
    assert_true(floe_sctp_rate_take(&rate, RTT).is_app_limited);
    arrive_at(300 * FLOE_MS, after, 200 * FLOE_MS);
    assert_false(floe_sctp_rate_take(&rate, RTT).is_app_limited);
}

static void test_sctp_rate_says_how_much_was_lost_of_what_was_in_flight(void **state)
{
    (void)state;
    uint16_t mark = 0;
    for (uint32_t i = 0; i < 10; i++) {
        uint16_t given = send_at(0, i * PACKET);
        mark = i == 0 ? given : mark;
    }
    uint16_t later = send_at(90 * FLOE_MS, 10 * PACKET);
    for (uint32_t i = 0; i < 3; i++) {
        floe_sctp_rate_on_loss(&rate, PACKET, mark);
    }
    arrive_at(190 * FLOE_MS, later, 90 * FLOE_MS);
    floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, RTT);
    assert_int_equal(s.newly_lost, 3 * PACKET);
    assert_int_equal(s.lost, 3 * PACKET);
    assert_int_equal(s.flight, 10 * PACKET);
    s = floe_sctp_rate_take(&rate, RTT);
    assert_int_equal(s.newly_lost, 0);
    assert_int_equal(s.lost, 0);
}

static void test_sctp_rate_forgets_the_marks_of_what_was_long_on_the_way(void **state)
{
    (void)state;
    uint16_t mark = send_at(0, 0);
    for (uint32_t i = 1; i <= FLOE_SCTP_RATE_MARKS; i++) {
        (void)send_at(i * FLOE_SECOND, i * PACKET);
    }
    arrive_at(100 * FLOE_SECOND, mark, 0);
    floe_sctp_rate_on_loss(&rate, PACKET, mark);
    floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, RTT);
    assert_int_equal(s.acked, PACKET);
    assert_int_equal(s.newly_lost, PACKET);
    assert_int_equal(s.rate, 0);
    assert_int_equal(s.flight, 0);
}

/* Else nothing would ever be known of the path again: no round, no rate, no loss. */
static void test_sctp_rate_is_known_again_after_the_round_trip_has_grown_tenfold(void **state)
{
    (void)state;
    uint16_t marks[400];
    uint32_t samples = 0;
    for (uint32_t i = 0; i < 400; i++) { /* a packet each 2 ms; on the way for 10 ms, then 100 */
        marks[i] = send_at(i * 2 * FLOE_MS, (i < 100 ? 5 : 50) * PACKET);
        uint32_t delay = i < 105 ? 5 : 50;
        if (i >= delay && (i < 105 || i >= 150)) {
            arrive_at(i * 2 * FLOE_MS, marks[i - delay], (i - delay) * 2 * FLOE_MS);
        }
        floe_sctp_rate_sample s = floe_sctp_rate_take(&rate, 0);
        samples += i >= 300 && s.rate >= 450000 && s.rate <= 550000;
    }
    assert_in_range(samples, 90, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_rate_is_what_arrives_in_a_round_trip, set_up),
        cmocka_unit_test_setup(test_sctp_rate_is_bounded_by_how_fast_it_was_sent, set_up),
        cmocka_unit_test_setup(test_sctp_rate_of_less_than_a_round_trip_is_no_sample, set_up),
        cmocka_unit_test_setup(test_sctp_rate_counts_but_does_not_time_what_may_be_another_answer,
                               set_up),
        cmocka_unit_test_setup(test_sctp_rate_a_pause_does_not_count, set_up),
        cmocka_unit_test_setup(test_sctp_rate_knows_who_had_too_little_to_send, set_up),
        cmocka_unit_test_setup(test_sctp_rate_says_how_much_was_lost_of_what_was_in_flight, set_up),
        cmocka_unit_test_setup(test_sctp_rate_forgets_the_marks_of_what_was_long_on_the_way,
                               set_up),
        cmocka_unit_test_setup(test_sctp_rate_is_known_again_after_the_round_trip_has_grown_tenfold,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
