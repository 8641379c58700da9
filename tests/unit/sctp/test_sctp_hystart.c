/* Tests of sctp/sctp_hystart.c: RFC 9406. */
#include "sctp/sctp_hystart.h"

#include "support/unit.h"

static floe_sctp_hystart h;
static uint32_t cum; /* numbers wrap soon */

static int set_up(void **state)
{
    (void)state;
    floe_sctp_hystart_init(&h);
    cum = 0xFFFFFFF0u;
    return 0;
}

/* A round of ten acknowledgements with this round trip: what the last of them said. */
static floe_sctp_slow_start give_round(uint32_t rtt_us)
{
    floe_sctp_slow_start phase = FLOE_SCTP_SLOW_START_FULL;
    for (uint32_t i = 0; i < 10; i++) {
        phase = floe_sctp_hystart_on_ack(&h, rtt_us, cum + i, cum + 10);
        if (phase == FLOE_SCTP_SLOW_START_OVER) {
            break;
        }
    }
    cum += 10;
    return phase;
}

static void test_sctp_hystart_goes_on_while_the_round_trip_stays(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(give_round(50000), FLOE_SCTP_SLOW_START_FULL);
    }
}

static void test_sctp_hystart_slows_down_when_a_round_takes_an_eighth_longer(void **state)
{
    (void)state;
    (void)give_round(50000);
    assert_int_equal(give_round(56200), FLOE_SCTP_SLOW_START_FULL);
    assert_int_equal(give_round(63300), FLOE_SCTP_SLOW_START_CONSERVATIVE);
}

static void test_sctp_hystart_threshold_is_4_to_16_milliseconds(void **state)
{
    (void)state;
    (void)give_round(8000);
    assert_int_equal(give_round(11900), FLOE_SCTP_SLOW_START_FULL);
    (void)set_up(NULL);
    (void)give_round(8000);
    assert_int_equal(give_round(12000), FLOE_SCTP_SLOW_START_CONSERVATIVE);
    (void)set_up(NULL);
    (void)give_round(300000);
    assert_int_equal(give_round(316000), FLOE_SCTP_SLOW_START_CONSERVATIVE);
}

static void test_sctp_hystart_is_over_after_five_slow_rounds(void **state)
{
    (void)state;
    (void)give_round(50000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(give_round(60000), FLOE_SCTP_SLOW_START_CONSERVATIVE);
    }
    assert_int_equal(give_round(60000), FLOE_SCTP_SLOW_START_OVER);
}

static void test_sctp_hystart_takes_jitter_back(void **state)
{
    (void)state;
    (void)give_round(50000);
    assert_int_equal(give_round(60000), FLOE_SCTP_SLOW_START_CONSERVATIVE);
    assert_int_equal(give_round(51000), FLOE_SCTP_SLOW_START_FULL);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(give_round(51000), FLOE_SCTP_SLOW_START_FULL);
    }
}

static void test_sctp_hystart_needs_eight_samples(void **state)
{
    (void)state;
    (void)give_round(50000);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(floe_sctp_hystart_on_ack(&h, 90000, cum + i, cum + 10),
                         FLOE_SCTP_SLOW_START_FULL);
    }
    assert_int_equal(floe_sctp_hystart_on_ack(&h, 0, cum + 7, cum + 10), FLOE_SCTP_SLOW_START_FULL);
    assert_int_equal(floe_sctp_hystart_on_ack(&h, 90000, cum + 8, cum + 10),
                     FLOE_SCTP_SLOW_START_CONSERVATIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_hystart_goes_on_while_the_round_trip_stays, set_up),
        cmocka_unit_test_setup(test_sctp_hystart_slows_down_when_a_round_takes_an_eighth_longer,
                               set_up),
        cmocka_unit_test_setup(test_sctp_hystart_threshold_is_4_to_16_milliseconds, set_up),
        cmocka_unit_test_setup(test_sctp_hystart_is_over_after_five_slow_rounds, set_up),
        cmocka_unit_test_setup(test_sctp_hystart_takes_jitter_back, set_up),
        cmocka_unit_test_setup(test_sctp_hystart_needs_eight_samples, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
