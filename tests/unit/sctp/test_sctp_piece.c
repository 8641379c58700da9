/* Tests of sctp/sctp_piece.c: payload in pieces. */
#include "sctp/sctp_piece.h"

#include "support/unit.h"

#include <string.h>

static uint8_t memory[8192];
static floe_sctp_arena arena;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_arena_init(&arena, (floe_span){memory, sizeof memory});
    return 0;
}

static uint16_t put(uint32_t tsn, size_t len)
{
    uint8_t bytes[2000];
    memset(bytes, (int)tsn, sizeof bytes);
    floe_sctp_data data = {.tsn = tsn, .ppid = 53, .payload = {bytes, len}};
    return floe_sctp_piece_put(&arena, &data);
}

/* Use every second block, so that nothing is contiguous. */
static void fragment(void)
{
    uint32_t got;
    (void)floe_sctp_arena_take(&arena, arena.count, &got);
    for (uint16_t i = 0; i < arena.count; i += 2) {
        floe_sctp_arena_give(&arena, i, 1);
    }
}

static size_t pieces_of(uint16_t head)
{
    size_t count = 0;
    size_t done = 0;
    for (floe_bytes part = floe_sctp_piece_view(&arena, head, 0); part.len > 0;
         part = floe_sctp_piece_view(&arena, head, done)) {
        done += part.len;
        count++;
    }
    assert_int_equal(done, floe_sctp_piece_load(&arena, head).total);
    return count;
}

static void test_sctp_piece_chunk_is_contiguous_where_it_can_be(void **state)
{
    (void)state;
    uint16_t head = put(1, 1132);
    assert_int_equal(pieces_of(head), 1);
    assert_int_equal(floe_sctp_piece_count(&arena, head), (1132 + 32 + 63) / 64);
    floe_sctp_piece_free(&arena, head);
    assert_int_equal(arena.free, arena.count);
}

static void test_sctp_piece_chunk_is_cut_where_it_must_be(void **state)
{
    (void)state;
    fragment();
    uint32_t free = arena.free;
    uint16_t head = put(1, 300);
    assert_int_equal(pieces_of(head), (300 + 31) / 32);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(floe_sctp_piece_view(&arena, head, i).ptr[0], 1);
    }
    assert_true(floe_sctp_piece_is_last(&arena, head));
    floe_sctp_piece_free(&arena, head);
    assert_int_equal(arena.free, free);
}

static void test_sctp_piece_that_does_not_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    fragment();
    uint32_t free = arena.free;
    for (size_t len = 1950; len < 2000; len++) {
        uint16_t head = put(1, len);
        assert_int_equal(head == FLOE_SCTP_NONE, len > (size_t)free * 32);
        floe_sctp_piece_free(&arena, head);
        assert_int_equal(arena.free, free);
    }
}

static void test_sctp_piece_segments_join_from_both_sides(void **state)
{
    (void)state;
    fragment();
    uint16_t chunks[4];
    for (uint32_t i = 0; i < 4; i++) {
        chunks[i] = put(10 + i, 100);
    }
    floe_sctp_piece_join(&arena, chunks[2], chunks[3]);
    floe_sctp_piece_join(&arena, chunks[0], chunks[1]);
    floe_sctp_piece_join(&arena, chunks[1], chunks[2]);
    assert_int_equal(floe_sctp_piece_load(&arena, chunks[0]).far, chunks[3]);
    assert_int_equal(floe_sctp_piece_load(&arena, chunks[3]).far, chunks[0]);
    assert_int_equal(floe_sctp_piece_load(&arena, chunks[0]).total, 400);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(floe_sctp_piece_is_last(&arena, chunks[i]), i == 3);
        assert_int_equal(floe_sctp_piece_view(&arena, chunks[0], 100 * i).ptr[0], 10 + i);
    }
    assert_int_equal(floe_sctp_piece_count(&arena, chunks[0]), 16);
}

static void test_sctp_piece_copies_whole_pieces_and_no_more_than_fit(void **state)
{
    (void)state;
    uint8_t bytes[200];
    uint16_t head = put(1, 100);
    floe_sctp_piece_join(&arena, head, put(2, 50));
    assert_int_equal(floe_sctp_piece_copy(&arena, head, bytes, sizeof bytes), 150);
    assert_int_equal(bytes[0], 1);
    assert_int_equal(bytes[99], 1);
    assert_int_equal(bytes[100], 2);
    assert_int_equal(bytes[149], 2);
    assert_int_equal(floe_sctp_piece_copy(&arena, head, bytes, 150), 150);
    assert_int_equal(floe_sctp_piece_copy(&arena, head, bytes, 149), 100);
    assert_int_equal(floe_sctp_piece_copy(&arena, head, bytes, 99), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_piece_chunk_is_contiguous_where_it_can_be, set_up),
        cmocka_unit_test_setup(test_sctp_piece_chunk_is_cut_where_it_must_be, set_up),
        cmocka_unit_test_setup(test_sctp_piece_that_does_not_fit_leaves_nothing_behind, set_up),
        cmocka_unit_test_setup(test_sctp_piece_segments_join_from_both_sides, set_up),
        cmocka_unit_test_setup(test_sctp_piece_copies_whole_pieces_and_no_more_than_fit, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
