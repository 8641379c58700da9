/* tests of peer/demux.c */
#include "peer/demux.h"
#include "support/unit.h"

static floe_protocol demux_first(uint8_t first)
{
    const uint8_t bytes[20] = {first};
    return floe_demux((floe_bytes){bytes, sizeof bytes});
}

static void test_demux_follows_the_table_of_rfc_7983(void **state)
{
    (void)state;
    for (int first = 0; first < 256; first++) {
        floe_protocol want = FLOE_PROTOCOL_UNKNOWN; /* 0 to 3 without a cookie are not STUN */
        if (first >= 20 && first <= 63) {
            want = FLOE_PROTOCOL_DTLS;
        } else if (first >= 64 && first <= 79) {
            want = FLOE_PROTOCOL_CHANNEL;
        }
        assert_int_equal(demux_first((uint8_t)first), want);
    }
}

static void test_demux_takes_stun_by_its_cookie(void **state)
{
    const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    (void)state;
    assert_int_equal(floe_demux((floe_bytes){binding, sizeof binding}), FLOE_PROTOCOL_STUN);
    assert_int_equal(floe_demux((floe_bytes){binding, 19}), FLOE_PROTOCOL_UNKNOWN);
}

static void test_demux_of_nothing_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(floe_demux((floe_bytes){NULL, 0}), FLOE_PROTOCOL_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demux_follows_the_table_of_rfc_7983),
        cmocka_unit_test(test_demux_takes_stun_by_its_cookie),
        cmocka_unit_test(test_demux_of_nothing_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
