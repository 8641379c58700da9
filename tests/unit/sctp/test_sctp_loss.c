/* Tests of sctp/sctp_loss.c: when a loss is found, and what is taken back when there was none. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define PACKET (FLOE_SCTP_PACKET_MAX - 28u) /* payload of a full one */

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void send_packets(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(solo_send(s, PACKET), FLOE_OK);
    }
    solo_drain(s);
}

static bool is_set(floe_sctp_timer_id id)
{
    return floe_sctp_timers_is_set(&s->assoc.timers, id);
}

static void test_sctp_probe_goes_out_two_round_trips_after_the_tail(void **state)
{
    (void)state;
    send_packets(3);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == s->now + 2 * SOLO_RTT);
    solo_advance(s, 2 * SOLO_RTT);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn + 2);
    assert_true((solo_data(s, 0).flags & FLOE_SCTP_FLAG_IMMEDIATE) != 0);
    assert_int_equal(solo_stats(s).probes, 1);
    assert_int_equal(solo_stats(s).timeouts, 0);
    assert_false(is_set(FLOE_SCTP_TIMER_PROBE)); /* one for a tail */
    assert_true(is_set(FLOE_SCTP_TIMER_DATA));
}

static void test_sctp_progress_does_not_put_the_probe_off(void **state)
{
    (void)state;
    send_packets(4);
    floe_time sent = s->now;
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_true(s->assoc.timers.at[FLOE_SCTP_TIMER_PROBE] == sent + 2 * SOLO_RTT);
    (void)solo_give_sack(s, 4, 1 << 20, NULL, 0);
    assert_false(is_set(FLOE_SCTP_TIMER_PROBE));
}

static void test_sctp_probe_that_was_needed_reduces_the_window_once(void **state)
{
    (void)state;
    send_packets(3);
    uint32_t cwnd = solo_stats(s).cwnd;
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    solo_advance(s, SOLO_RTT);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 3, 1 << 20, NULL, 0);
    assert_true(solo_stats(s).cwnd < cwnd);
    assert_int_equal(s->assoc.cc.prior_cwnd, 0); /* it was needed: that is never taken back */
    assert_int_equal(solo_stats(s).timeouts, 0);
}

static void test_sctp_message_after_a_probe_has_a_probe_of_its_own(void **state)
{
    (void)state;
    send_packets(1);
    solo_advance(s, 2 * SOLO_RTT);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
    assert_false(s->assoc.cc.in_recovery);
    send_packets(1);
    assert_true(is_set(FLOE_SCTP_TIMER_PROBE));
}

static void test_sctp_probe_that_came_second_costs_nothing(void **state)
{
    (void)state;
    send_packets(3);
    uint32_t cwnd = solo_stats(s).cwnd;
    solo_advance(s, 2 * SOLO_RTT);
    s->now += SOLO_RTT;
    solo_begin(s, s->tag); /* the acknowledgement was only late: it names the duplicate */
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_SACK, 0);
    floe_writer_put_u32(&s->w, s->tsn + 2);
    floe_writer_put_u32(&s->w, 1 << 20);
    floe_writer_put_u32(&s->w, 1);
    floe_writer_put_u32(&s->w, s->tsn + 2);
    floe_sctp_chunk_end(&s->w, begin);
    (void)solo_give(s);
    assert_int_equal(solo_stats(s).cwnd, cwnd);
}

static void test_sctp_message_that_may_not_be_sent_again_is_no_probe(void **state)
{
    (void)state;
    floe_sctp_send once = {.stream = 1, .has_max_retransmits = true};
    assert_int_equal(solo_send_with(s, once, 100), FLOE_OK);
    solo_drain(s);
    solo_advance(s, 2 * SOLO_RTT);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_stats(s).messages_abandoned,
                     0); /* its acknowledgement may only be late */
}

static void test_sctp_hole_is_lost_when_a_quarter_of_a_round_trip_has_passed(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 2};
    send_packets(2);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 0, 1 << 20, gaps, 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0);
    assert_true(is_set(FLOE_SCTP_TIMER_REORDER));
    solo_advance(s, SOLO_RTT / 4);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
    assert_int_equal(solo_stats(s).fast_retransmits, 1);
    assert_int_equal(solo_stats(s).timeouts, 0);
}

static void test_sctp_recovery_without_any_loss_is_taken_back(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 5};
    send_packets(8);
    uint32_t cwnd = solo_stats(s).cwnd;
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 0, 1 << 20, gaps, 1);
    assert_true(solo_stats(s).cwnd < cwnd);
    s->now += SOLO_RTT / 10; /* the chunk was only late */
    (void)solo_give_sack(s, 5, 1 << 20, NULL, 0);
    assert_int_equal(solo_stats(s).cwnd, cwnd);
    assert_int_equal(solo_stats(s).needless_recoveries, 1);
    assert_true(s->assoc.outstanding.rack.has_reordering);
}

static void test_sctp_timeout_that_was_too_early_is_taken_back(void **state)
{
    (void)state;
    send_packets(2);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    uint32_t cwnd = solo_stats(s).cwnd;
    send_packets(8);
    solo_timeout(s);
    assert_int_equal(solo_stats(s).cwnd, FLOE_SCTP_PACKET_MAX - 12);
    s->now += SOLO_RTT / 10;
    (void)solo_give_sack(s, 4, 1 << 20, NULL, 0);
    assert_true(solo_stats(s).cwnd >= cwnd);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0); /* the others are on their way */
    assert_true(is_set(FLOE_SCTP_TIMER_DATA));
}

static void test_sctp_path_change_forgets_round_trips(void **state)
{
    (void)state;
    send_packets(2);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_true(floe_sctp_rack_min_us(&s->assoc.outstanding.rack) > 0);
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(floe_sctp_rack_min_us(&s->assoc.outstanding.rack), 0);
    send_packets(1);
    assert_false(is_set(FLOE_SCTP_TIMER_PROBE)); /* nobody knows how long to wait */
}

static void test_sctp_path_change_acknowledges_again(void **state)
{
    (void)state;
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SACK), 1);
}

static void hear_heartbeat(void)
{
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0, "00010008 11223344"), FLOE_OK);
}

/* A NAT forgot us, and the peer has found our new port: only its packets show us that. */
static void test_sctp_end_of_a_silence_is_not_a_time_to_wait(void **state)
{
    (void)state;
    send_packets(3);
    for (int i = 0; i < 6; i++) {
        solo_timeout(s);
    }
    assert_true(solo_stats(s).rto_us >= 6400000);
    s->now += FLOE_SECOND;
    hear_heartbeat();
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
    assert_true(solo_stats(s).rto_us <= 500000);
    s->now += 100 * FLOE_MS; /* once for a silence */
    hear_heartbeat();
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0);
}

static void test_sctp_peer_that_is_heard_all_the_time_ends_no_backoff(void **state)
{
    (void)state;
    send_packets(3);
    for (int i = 0; i < 40; i++) {
        solo_advance(s, 100 * FLOE_MS);
        hear_heartbeat();
    }
    assert_true(solo_stats(s).timeouts > 1);
    assert_true(solo_stats(s).timeouts < 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_probe_goes_out_two_round_trips_after_the_tail, set_up),
        cmocka_unit_test_setup(test_sctp_progress_does_not_put_the_probe_off, set_up),
        cmocka_unit_test_setup(test_sctp_probe_that_was_needed_reduces_the_window_once, set_up),
        cmocka_unit_test_setup(test_sctp_message_after_a_probe_has_a_probe_of_its_own, set_up),
        cmocka_unit_test_setup(test_sctp_probe_that_came_second_costs_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_message_that_may_not_be_sent_again_is_no_probe, set_up),
        cmocka_unit_test_setup(test_sctp_hole_is_lost_when_a_quarter_of_a_round_trip_has_passed,
                               set_up),
        cmocka_unit_test_setup(test_sctp_recovery_without_any_loss_is_taken_back, set_up),
        cmocka_unit_test_setup(test_sctp_timeout_that_was_too_early_is_taken_back, set_up),
        cmocka_unit_test_setup(test_sctp_path_change_forgets_round_trips, set_up),
        cmocka_unit_test_setup(test_sctp_path_change_acknowledges_again, set_up),
        cmocka_unit_test_setup(test_sctp_end_of_a_silence_is_not_a_time_to_wait, set_up),
        cmocka_unit_test_setup(test_sctp_peer_that_is_heard_all_the_time_ends_no_backoff, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
