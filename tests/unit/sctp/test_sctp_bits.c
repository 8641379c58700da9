/* Tests of sctp/sctp_bits.c: searching a bitmap. */
#include "sctp/sctp_bits.h"

#include "support/unit.h"

#define RING (128u - 1)

static void test_sctp_bits_lowest_finds_each_bit_whatever_lies_above_it(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(floe_sctp_bits_lowest_portable(UINT64_C(1) << i), i);
        assert_int_equal(floe_sctp_bits_lowest_portable(~UINT64_C(0) << i), i);
    }
}

static void test_sctp_bits_put_sets_and_clears_ranges_over_word_borders(void **state)
{
    (void)state;
    uint8_t map[24] = {0};
    floe_sctp_bits_put(map, 60, 130, true);
    for (uint32_t i = 0; i < 192; i++) {
        assert_int_equal(floe_sctp_bits_has(map, i), i >= 60 && i < 130);
    }
    floe_sctp_bits_put(map, 64, 128, false);
    for (uint32_t i = 0; i < 192; i++) {
        assert_int_equal(floe_sctp_bits_has(map, i), (i >= 60 && i < 64) || (i >= 128 && i < 130));
    }
}

static void test_sctp_bits_find_agrees_with_looking_at_each_bit(void **state)
{
    (void)state;
    uint8_t map[16] = {0};
    static const uint32_t set[] = {0, 1, 63, 64, 70, 127};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        floe_sctp_bits_put(map, set[i], set[i] + 1, true);
    }
    for (uint32_t from = 0; from <= 128; from++) {
        for (uint32_t end = from; end <= 128; end++) {
            for (int is_set = 0; is_set < 2; is_set++) {
                uint32_t want = from;
                while (want != end && floe_sctp_bits_has(map, want) != (is_set != 0)) {
                    want++;
                }
                uint32_t got = floe_sctp_bits_find(map, RING, from, end, is_set != 0);
                assert_int_equal(got, want);
            }
        }
    }
}

static void test_sctp_bits_find_goes_around_the_ring_and_over_the_end_of_the_numbers(void **state)
{
    (void)state;
    uint8_t map[16] = {0};
    floe_sctp_bits_put(map, 5, 6, true); /* the bit of 5, of 133, and of 2^32 - 123 */
    assert_int_equal(floe_sctp_bits_find(map, RING, 100, 200, true), 133);
    assert_int_equal(floe_sctp_bits_find(map, RING, UINT32_MAX - 20, 100, true), 5);
    assert_int_equal(floe_sctp_bits_find(map, RING, UINT32_MAX - 20, 4, true), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_bits_lowest_finds_each_bit_whatever_lies_above_it),
        cmocka_unit_test(test_sctp_bits_put_sets_and_clears_ranges_over_word_borders),
        cmocka_unit_test(test_sctp_bits_find_agrees_with_looking_at_each_bit),
        cmocka_unit_test(test_sctp_bits_find_goes_around_the_ring_and_over_the_end_of_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
