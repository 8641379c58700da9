/* Tests of sctp/sctp_tracker.c: which TSNs have arrived. */
#include "sctp/sctp_tracker.h"

#include "sctp/sctp_chunk.h"
#include "support/unit.h"

#define FIRST 0xFFFFFFFCu /* numbers wrap soon */

static floe_sctp_tracker make(uint32_t window)
{
    floe_sctp_tracker tracker;
    floe_sctp_tracker_init(&tracker, FIRST, window);
    return tracker;
}

static floe_sctp_sack sack_of(floe_sctp_tracker *tracker, size_t room)
{
    static uint8_t out[1200];
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_sctp_tracker_put_sack(tracker, 1234, room, &w);
    assert_true(floe_writer_is_ok(&w) && w.len <= room);
    floe_bytes rest = floe_writer_view(&w);
    floe_sctp_chunk chunk;
    floe_sctp_sack sack;
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.type, FLOE_SCTP_CHUNK_SACK);
    assert_int_equal(floe_sctp_sack_parse(&sack, &chunk), FLOE_OK);
    assert_int_equal(sack.rwnd, 1234);
    return sack;
}

static void test_sctp_tracker_in_order_arrivals_move_the_cumulative_tsn(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    assert_int_equal(tracker.cum, FIRST - 1);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST + i), FLOE_SCTP_TSN_NEW);
        floe_sctp_tracker_add(&tracker, FIRST + i);
        assert_int_equal(tracker.cum, FIRST + i);
        assert_false(floe_sctp_tracker_has_gap(&tracker));
    }
}

static void test_sctp_tracker_gap_is_filled_from_any_side(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add(&tracker, FIRST + 5);
    floe_sctp_tracker_add(&tracker, FIRST + 3);
    assert_int_equal(tracker.cum, FIRST - 1);
    assert_true(floe_sctp_tracker_has_gap(&tracker));
    floe_sctp_tracker_add(&tracker, FIRST);
    assert_int_equal(tracker.cum, FIRST);
    floe_sctp_tracker_add(&tracker, FIRST + 2);
    floe_sctp_tracker_add(&tracker, FIRST + 1);
    assert_int_equal(tracker.cum, FIRST + 3);
    floe_sctp_tracker_add(&tracker, FIRST + 4);
    assert_int_equal(tracker.cum, FIRST + 5);
    assert_false(floe_sctp_tracker_has_gap(&tracker));
}

static void test_sctp_tracker_knows_duplicates_before_and_after_the_cumulative_tsn(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add(&tracker, FIRST);
    floe_sctp_tracker_add(&tracker, FIRST + 7);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST), FLOE_SCTP_TSN_DUPLICATE);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST - 9), FLOE_SCTP_TSN_DUPLICATE);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST + 7), FLOE_SCTP_TSN_DUPLICATE);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST + 6), FLOE_SCTP_TSN_NEW);
}

static void test_sctp_tracker_refuses_what_lies_beyond_its_window(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    uint32_t cum = tracker.cum;
    assert_int_equal(floe_sctp_tracker_classify(&tracker, cum + 64), FLOE_SCTP_TSN_NEW);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, cum + 65), FLOE_SCTP_TSN_BEYOND);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, cum + 0x7FFFFFFF), FLOE_SCTP_TSN_BEYOND);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, cum + 0x80000000), FLOE_SCTP_TSN_BEYOND);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, cum + 0x80000001),
                     FLOE_SCTP_TSN_DUPLICATE);
}

static void test_sctp_tracker_last_tsn_of_the_window_is_not_taken_for_the_first(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add(&tracker, tracker.cum + 64);
    assert_int_equal(tracker.cum, FIRST - 1);
    for (uint32_t i = 1; i < 64; i++) {
        floe_sctp_tracker_add(&tracker, FIRST + i - 1);
    }
    assert_int_equal(tracker.cum, FIRST + 63);
    assert_int_equal(floe_sctp_tracker_classify(&tracker, tracker.cum + 64), FLOE_SCTP_TSN_NEW);
}

static void
test_sctp_tracker_sack_lists_isolated_blocks_relative_to_the_cumulative_tsn(void **state)
{
    (void)state;
    /* The example of RFC 9260 section 3.3.4: 10 to 12, 14, 15 and 17 have arrived. */
    floe_sctp_tracker tracker;
    floe_sctp_tracker_init(&tracker, 10, 64);
    static const uint32_t tsns[] = {10, 11, 12, 14, 15, 17};
    for (size_t i = 0; i < sizeof tsns / sizeof tsns[0]; i++) {
        floe_sctp_tracker_add(&tracker, tsns[i]);
    }
    floe_sctp_sack sack = sack_of(&tracker, 200);
    assert_int_equal(sack.cum, 12);
    assert_int_equal(sack.block_count, 2);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).start, 2);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).end, 3);
    assert_int_equal(floe_sctp_sack_gap(&sack, 1).start, 5);
    assert_int_equal(floe_sctp_sack_gap(&sack, 1).end, 5);
}

static void test_sctp_tracker_sack_reports_duplicates_once(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add_duplicate(&tracker, 19);
    floe_sctp_tracker_add_duplicate(&tracker, 19);
    floe_sctp_sack sack = sack_of(&tracker, 200);
    assert_int_equal(sack.dup_count, 2);
    assert_int_equal(floe_load_u32(sack.dups.ptr + 4), 19);
    sack = sack_of(&tracker, 200);
    assert_int_equal(sack.dup_count, 0);
}

static void test_sctp_tracker_lists_no_more_duplicates_than_it_has_room_for(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    for (uint32_t i = 0; i < 100; i++) {
        floe_sctp_tracker_add_duplicate(&tracker, i);
    }
    floe_sctp_sack sack = sack_of(&tracker, 1000);
    assert_int_equal(sack.dup_count, FLOE_SCTP_DUP_MAX);
}

static void test_sctp_tracker_sack_leaves_out_the_highest_blocks_where_room_ends(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 256);
    (void)state;
    floe_sctp_tracker tracker = make(1024);
    for (uint32_t i = 1; i < 1000; i += 2) {
        floe_sctp_tracker_add(&tracker, FIRST + i);
    }
    floe_sctp_tracker_add_duplicate(&tracker, FIRST + 1);
    floe_sctp_sack sack = sack_of(&tracker, 16 + 4 * 10 + 3);
    assert_int_equal(sack.block_count, 10);
    assert_int_equal(sack.dup_count, 0);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(floe_sctp_sack_gap(&sack, i).start, 2 + 2 * i);
    }
}

static void test_sctp_tracker_block_may_reach_to_the_end_of_the_window(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    for (uint32_t i = 2; i <= 64; i++) {
        floe_sctp_tracker_add(&tracker, tracker.cum + i);
    }
    floe_sctp_sack sack = sack_of(&tracker, 200);
    assert_int_equal(sack.block_count, 1);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).start, 2);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).end, 64);
}

static void test_sctp_tracker_forward_passes_gaps_and_goes_on_over_what_arrived(void **state)
{
    (void)state;
    /* The example of RFC 3758 section 3.6: 102, 104, 105 and 107 have arrived, then FORWARD TSN
     * to 103. */
    floe_sctp_tracker tracker;
    floe_sctp_tracker_init(&tracker, 102, 64);
    static const uint32_t tsns[] = {102, 104, 105, 107};
    for (size_t i = 0; i < sizeof tsns / sizeof tsns[0]; i++) {
        floe_sctp_tracker_add(&tracker, tsns[i]);
    }
    floe_sctp_tracker_forward(&tracker, 103);
    assert_int_equal(tracker.cum, 105);
    assert_true(floe_sctp_tracker_has_gap(&tracker));
    assert_int_equal(floe_sctp_tracker_classify(&tracker, 107), FLOE_SCTP_TSN_DUPLICATE);
    floe_sctp_tracker_forward(&tracker, 107);
    assert_int_equal(tracker.cum, 107);
    assert_false(floe_sctp_tracker_has_gap(&tracker));
}

static void test_sctp_tracker_forward_beyond_the_window_leaves_no_bit_behind(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add(&tracker, FIRST + 3);
    floe_sctp_tracker_forward(&tracker, FIRST + 5000);
    assert_int_equal(tracker.cum, FIRST + 5000);
    for (uint32_t i = 1; i <= 64; i++) {
        assert_int_equal(floe_sctp_tracker_classify(&tracker, tracker.cum + i), FLOE_SCTP_TSN_NEW);
    }
}

static void test_sctp_tracker_remove_takes_back_what_had_arrived(void **state)
{
    (void)state;
    floe_sctp_tracker tracker = make(64);
    floe_sctp_tracker_add(&tracker, FIRST + 3);
    floe_sctp_tracker_add(&tracker, FIRST + 5);
    floe_sctp_tracker_remove(&tracker, FIRST + 5);
    assert_int_equal(tracker.highest, FIRST + 3);
    floe_sctp_tracker_remove(&tracker, FIRST + 3);
    assert_false(floe_sctp_tracker_has_gap(&tracker));
    assert_int_equal(floe_sctp_tracker_classify(&tracker, FIRST + 3), FLOE_SCTP_TSN_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_tracker_in_order_arrivals_move_the_cumulative_tsn),
        cmocka_unit_test(test_sctp_tracker_gap_is_filled_from_any_side),
        cmocka_unit_test(test_sctp_tracker_knows_duplicates_before_and_after_the_cumulative_tsn),
        cmocka_unit_test(test_sctp_tracker_refuses_what_lies_beyond_its_window),
        cmocka_unit_test(test_sctp_tracker_last_tsn_of_the_window_is_not_taken_for_the_first),
        cmocka_unit_test(
            test_sctp_tracker_sack_lists_isolated_blocks_relative_to_the_cumulative_tsn),
        cmocka_unit_test(test_sctp_tracker_sack_reports_duplicates_once),
        cmocka_unit_test(test_sctp_tracker_lists_no_more_duplicates_than_it_has_room_for),
        cmocka_unit_test(test_sctp_tracker_sack_leaves_out_the_highest_blocks_where_room_ends),
        cmocka_unit_test(test_sctp_tracker_block_may_reach_to_the_end_of_the_window),
        cmocka_unit_test(test_sctp_tracker_forward_passes_gaps_and_goes_on_over_what_arrived),
        cmocka_unit_test(test_sctp_tracker_forward_beyond_the_window_leaves_no_bit_behind),
        cmocka_unit_test(test_sctp_tracker_remove_takes_back_what_had_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
