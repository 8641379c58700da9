/* Tests of stun/stun_rtt.c: the retransmission timeout that measured round trips suggest. */
#include "stun/stun_rtt.h"
#include "support/unit.h"

static void test_stun_rtt_knows_nothing_at_first(void **state)
{
    (void)state;
    floe_stun_rtt rtt = {0};
    assert_int_equal(floe_stun_rtt_get_rto(&rtt), 0);
    floe_stun_rtt_add(&rtt, 0); /* ambiguous */
    assert_int_equal(floe_stun_rtt_get_rto(&rtt), 0);
}

static void test_stun_rtt_follows_rfc_6298(void **state)
{
    (void)state;
    floe_stun_rtt rtt = {0};
    floe_stun_rtt_add(&rtt, 200000);
    assert_int_equal(floe_stun_rtt_get_rto(&rtt), 600000);
    floe_stun_rtt_add(&rtt, 280000); /* deviation (3 * 100 + 80) / 4, mean (7 * 200 + 280) / 8 */
    assert_int_equal(floe_stun_rtt_get_rto(&rtt), 210000 + 4 * 95000);
}

static void test_stun_rtt_has_a_floor_and_a_ceiling(void **state)
{
    (void)state;
    floe_stun_rtt rtt = {0};
    floe_stun_rtt_add(&rtt, 50);
    assert_int_equal(floe_stun_rtt_get_rto(&rtt), FLOE_STUN_RTO_MIN_US);
    rtt = (floe_stun_rtt){0};
    for (int i = 0; i < 100; i++) {
        floe_stun_rtt_add(&rtt, i % 2 == 0 ? UINT32_MAX : 1);
        assert_int_equal(floe_stun_rtt_get_rto(&rtt), FLOE_STUN_RTO_MAX_US);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_rtt_knows_nothing_at_first),
        cmocka_unit_test(test_stun_rtt_follows_rfc_6298),
        cmocka_unit_test(test_stun_rtt_has_a_floor_and_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
