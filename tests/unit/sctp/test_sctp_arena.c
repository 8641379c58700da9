/* Tests of sctp/sctp_arena.c: the receive buffer in blocks. */
#include "sctp/sctp_arena.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

static void test_sctp_arena_gives_out_every_block_once(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    static uint8_t seen[128];
    floe_sctp_arena arena;
    floe_sctp_arena_init(&arena, (floe_span){memory, sizeof memory});
    assert_true(arena.count >= 120 && arena.count * arena.block_size <= sizeof memory);
    uint32_t got;
    for (uint16_t first = floe_sctp_arena_take(&arena, 7, &got); first != FLOE_SCTP_NONE;
         first = floe_sctp_arena_take(&arena, 7, &got)) {
        assert_true(got >= 1 && got <= 7 && first + got <= arena.count);
        for (uint32_t i = 0; i < got; i++) {
            assert_int_equal(seen[first + i]++, 0);
        }
        /* The memory is there: a sanitizer would object. */
        memset(floe_sctp_arena_block(&arena, first), 1, got * arena.block_size);
    }
    assert_int_equal(arena.free, 0);
    for (uint32_t i = 0; i < arena.count; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void test_sctp_arena_run_is_contiguous_while_the_reader_keeps_up(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    floe_sctp_arena arena;
    floe_sctp_arena_init(&arena, (floe_span){memory, sizeof memory});
    uint32_t got;
    uint32_t cut = 0;
    for (int i = 0; i < 1000; i++) {
        uint16_t first = floe_sctp_arena_take(&arena, 19, &got);
        cut += got != 19; /* at the end of the memory only */
        floe_sctp_arena_give(&arena, first, got);
    }
    assert_int_equal(arena.free, arena.count);
    assert_true(cut <= 1000 * 19 / arena.count + 1);
}

static void test_sctp_arena_finds_single_blocks_between_used_ones(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    floe_sctp_arena arena;
    floe_sctp_arena_init(&arena, (floe_span){memory, sizeof memory});
    uint32_t got;
    (void)floe_sctp_arena_take(&arena, arena.count, &got);
    assert_int_equal(got, arena.count);
    for (uint16_t i = 0; i < arena.count; i += 2) {
        floe_sctp_arena_give(&arena, i, 1);
    }
    for (uint32_t i = 0; i < (arena.count + 1) / 2; i++) {
        uint16_t first = floe_sctp_arena_take(&arena, 5, &got);
        assert_int_equal(first % 2, 0);
        assert_int_equal(got, 1);
    }
    assert_int_equal(floe_sctp_arena_take(&arena, 5, &got), FLOE_SCTP_NONE);
    assert_int_equal(got, 0);
}

static void test_sctp_arena_goes_around_to_what_was_freed_behind_the_rover(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    floe_sctp_arena arena;
    floe_sctp_arena_init(&arena, (floe_span){memory, sizeof memory});
    uint32_t got;
    for (uint16_t i = 0; i < 10; i++) {
        assert_int_equal(floe_sctp_arena_take(&arena, 10, &got), 10 * i);
    }
    (void)floe_sctp_arena_take(&arena, arena.count - 100, &got); /* to the end */
    (void)floe_sctp_arena_take(&arena, arena.count, &got);
    assert_int_equal(got, 0);
    arena.rover = arena.clear_end = 100;
    floe_sctp_arena_give(&arena, 33, 4);
    assert_int_equal(floe_sctp_arena_take(&arena, 10, &got), 33);
    assert_int_equal(got, 4);
}

static void test_sctp_arena_takes_larger_blocks_where_there_would_be_too_many(void **state)
{
    (void)state;
    size_t size = (size_t)9 << 20;
    uint8_t *memory = malloc(size);
    assert_non_null(memory);
    floe_sctp_arena arena;
    floe_sctp_arena_init(&arena, (floe_span){memory, size});
    assert_int_equal(arena.block_size, 256);
    assert_true(arena.count <= FLOE_SCTP_NONE);
    assert_true((size_t)arena.count * arena.block_size > size - size / 64);
    uint32_t got;
    (void)floe_sctp_arena_take(&arena, arena.count, &got);
    memset(arena.blocks, 1, (size_t)arena.count * arena.block_size);
    free(memory);
}

static void test_sctp_arena_fits_memory_of_any_size(void **state)
{
    (void)state;
    for (size_t size = 200; size < 5000; size++) {
        uint8_t *memory = malloc(size);
        assert_non_null(memory);
        floe_sctp_arena arena;
        floe_sctp_arena_init(&arena, (floe_span){memory, size});
        uint32_t got;
        (void)floe_sctp_arena_take(&arena, arena.count, &got);
        memset(arena.blocks, 1, (size_t)arena.count * arena.block_size);
        free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_arena_gives_out_every_block_once),
        cmocka_unit_test(test_sctp_arena_run_is_contiguous_while_the_reader_keeps_up),
        cmocka_unit_test(test_sctp_arena_finds_single_blocks_between_used_ones),
        cmocka_unit_test(test_sctp_arena_goes_around_to_what_was_freed_behind_the_rover),
        cmocka_unit_test(test_sctp_arena_takes_larger_blocks_where_there_would_be_too_many),
        cmocka_unit_test(test_sctp_arena_fits_memory_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
