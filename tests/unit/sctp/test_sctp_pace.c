/* Tests of sctp/sctp_pace.c. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#define PACKET (FLOE_SCTP_PACKET_MAX - 28u) /* payload of a full one */

static sctp_solo solo;
static sctp_solo *const s = &solo;

static floe_sctp_bbr bbr;

static void use_pace(floe_sctp_config *config)
{
    config->is_unpaced = false;
}

static int set_up(void **state)
{
    (void)state;
    solo_init(s, use_pace);
    solo_connect(s, 1 << 20);
    return 0;
}

static void queue(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(solo_send(s, PACKET), FLOE_OK);
    }
    solo_drain(s);
}

static void test_sctp_pace_lets_a_burst_out_and_says_when_the_next_is_due(void **state)
{
    (void)state;
    queue(10);
    assert_int_equal(s->out_count, 8);
    floe_time due = floe_sctp_assoc_deadline(&s->assoc);
    assert_true(due == s->assoc.timers.at[FLOE_SCTP_TIMER_PACE]);
    /* Eight of the ten packets of a window, at twice its pace: slow start. */
    assert_in_range(due - s->now, SOLO_RTT * 8 / 20 - FLOE_MS, SOLO_RTT * 8 / 20 + FLOE_MS);
    solo_advance(s, due - s->now);
    assert_int_equal(s->out_count, 2);
    assert_false(floe_sctp_timers_is_set(&s->assoc.timers, FLOE_SCTP_TIMER_PACE));
}

static void test_sctp_pace_does_not_hold_a_burst_back_after_a_pause(void **state)
{
    (void)state;
    queue(3);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 3, 1 << 20, NULL, 0);
    queue(8);
    assert_int_equal(s->out_count, 8);
}

static void test_sctp_pace_is_off_where_the_round_trip_is_short(void **state)
{
    (void)state;
    s->assoc.rto.srtt_us = 3999;
    queue(10);
    assert_int_equal(s->out_count, 10);
    assert_false(floe_sctp_timers_is_set(&s->assoc.timers, FLOE_SCTP_TIMER_PACE));
}

static void test_sctp_pace_is_off_where_the_user_says_so(void **state)
{
    (void)state;
    solo_establish(s);
    queue(10);
    assert_int_equal(s->out_count, 10);
}

static void test_sctp_pace_needs_no_timer_where_the_window_is_full(void **state)
{
    (void)state;
    queue(20);
    solo_advance(s, SOLO_RTT / 2);
    assert_true(solo_stats(s).flight >= solo_stats(s).cwnd);
    assert_false(floe_sctp_timers_is_set(&s->assoc.timers, FLOE_SCTP_TIMER_PACE));
}

static void use_rate(floe_sctp_config *config)
{
    config->congestion = FLOE_SCTP_CC_RATE;
    config->rate = &bbr;
}

static void test_sctp_pace_is_the_rate_where_there_is_one(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_RATE);
    solo_init(s, use_rate); /* that is unpaced says nothing then */
    solo_connect(s, 1 << 20);
    bbr.pacing_rate = 1000000;
    queue(10);
    assert_int_equal(s->out_count, 2); /* two packets are the least burst */
    floe_time due = s->assoc.timers.at[FLOE_SCTP_TIMER_PACE];
    floe_time share = due - s->now;
    assert_in_range(share, 2250, 2350); /* two of 1148 bytes */
    solo_advance(s, share + FLOE_MS);   /* a timer that is late costs nothing */
    assert_int_equal(s->out_count, 2);
    assert_int_equal(s->assoc.timers.at[FLOE_SCTP_TIMER_PACE], due + share);
}

static void test_sctp_pace_tells_the_rate_that_there_was_nothing_to_send(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_RATE);
    solo_init(s, use_rate);
    solo_connect(s, 1 << 20);
    queue(1);
    assert_true(bbr.rate.is_app_limited);
    assert_int_equal(bbr.rate.limit_end, s->assoc.outstanding.flight);
}

static void test_sctp_pace_a_pause_takes_of_the_window_unless_told_not_to(void **state)
{
    (void)state;
    for (int keeps = 0; keeps < 2; keeps++) {
        solo_establish(s);
        s->assoc.config.keeps_window = keeps == 1;
        queue(1);
        (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
        solo_advance(s, 2 * s->assoc.rto.rto_us + FLOE_MS);
        uint32_t before = solo_stats(s).cwnd;
        queue(1);
        assert_int_equal(solo_stats(s).cwnd < before, keeps == 0);
    }
}

static void test_sctp_pace_rate_needs_memory(void **state)
{
    (void)state;
    floe_sctp_config config = s->assoc.config;
    config.congestion = FLOE_SCTP_CC_RATE;
    config.rate = NULL;
    floe_sctp_assoc assoc;
    assert_int_equal(floe_sctp_assoc_init(&assoc, &config, 0), FLOE_E_ARG);
    config.rate = &bbr;
    assert_int_equal(floe_sctp_assoc_init(&assoc, &config, 0),
                     FLOE_SCTP_RATE ? FLOE_OK : FLOE_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_pace_lets_a_burst_out_and_says_when_the_next_is_due,
                               set_up),
        cmocka_unit_test_setup(test_sctp_pace_does_not_hold_a_burst_back_after_a_pause, set_up),
        cmocka_unit_test_setup(test_sctp_pace_is_off_where_the_round_trip_is_short, set_up),
        cmocka_unit_test_setup(test_sctp_pace_is_off_where_the_user_says_so, set_up),
        cmocka_unit_test_setup(test_sctp_pace_needs_no_timer_where_the_window_is_full, set_up),
        cmocka_unit_test(test_sctp_pace_is_the_rate_where_there_is_one),
        cmocka_unit_test(test_sctp_pace_tells_the_rate_that_there_was_nothing_to_send),
        cmocka_unit_test(test_sctp_pace_a_pause_takes_of_the_window_unless_told_not_to),
        cmocka_unit_test_setup(test_sctp_pace_rate_needs_memory, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
