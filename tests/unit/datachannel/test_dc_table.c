/* tests/unit/datachannel/test_dc_table.c */
#include "datachannel/dc_internal.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static int setup(void **state)
{
    floe_dc *dc = malloc(sizeof *dc);
    assert_non_null(dc);
    floe_dc_init(dc);
    floe_dc_set_role(dc, true);
    *state = dc;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static uint16_t add_on(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_add(dc);
    assert_int_not_equal(slot, FLOE_DC_NO_SLOT);
    floe_dc_table_set_stream(dc, slot, stream);
    return slot;
}

static void test_dc_table_gives_out_slots_in_turn(void **state)
{
    floe_dc *dc = *state;
    for (uint16_t i = 0; i < 3 * FLOE_DC_CHANNEL_MAX; i++) {
        uint16_t slot = floe_dc_table_add(dc);
        assert_int_equal(slot, i % FLOE_DC_CHANNEL_MAX);
        floe_dc_table_remove(dc, slot);
    }
}

static void test_dc_table_never_makes_the_id_that_means_none(void **state)
{
    floe_dc *dc = *state;
    for (uint32_t i = 0; i < 70000; i++) {
        uint16_t slot = floe_dc_table_add(dc);
        dc->channels[slot].is_hidden = false;
        floe_dc_id id = floe_dc_table_get_id(dc, slot);
        assert_int_not_equal(id, FLOE_DC_NONE);
        assert_int_equal(floe_dc_table_find(dc, id), slot);
        floe_dc_table_remove(dc, slot);
        assert_int_equal(floe_dc_table_find(dc, id), FLOE_DC_NO_SLOT);
    }
    assert_int_equal(floe_dc_table_find(dc, FLOE_DC_NONE), FLOE_DC_NO_SLOT);
}

static void test_dc_table_is_full_at_its_limit(void **state)
{
    floe_dc *dc = *state;
    for (size_t i = 0; i < FLOE_DC_CHANNEL_MAX; i++) {
        assert_int_not_equal(floe_dc_table_add(dc), FLOE_DC_NO_SLOT);
    }
    assert_int_equal(floe_dc_table_add(dc), FLOE_DC_NO_SLOT);
    floe_dc_table_remove(dc, FLOE_DC_CHANNEL_MAX - 1);
    assert_int_equal(floe_dc_table_add(dc), FLOE_DC_CHANNEL_MAX - 1);
}

static void test_dc_table_does_not_show_hidden_slots_by_id(void **state)
{
    floe_dc *dc = *state;
    uint16_t slot = add_on(dc, 9);
    assert_int_equal(floe_dc_table_find(dc, floe_dc_table_get_id(dc, slot)), FLOE_DC_NO_SLOT);
    assert_int_equal(floe_dc_table_find_stream(dc, 9), slot);
}

static void test_dc_table_finds_no_channel_on_no_stream(void **state)
{
    floe_dc *dc = *state;
    (void)floe_dc_table_add(dc);
    assert_int_equal(floe_dc_table_find_stream(dc, FLOE_STREAM_NONE), FLOE_DC_NO_SLOT);
}

static void test_dc_table_picks_the_lowest_free_stream_of_the_parity(void **state)
{
    floe_dc *dc = *state;
    assert_int_equal(floe_dc_table_pick_stream(dc, 100), 0);
    uint16_t first = add_on(dc, 0);
    (void)add_on(dc, 1);
    (void)add_on(dc, 4);
    assert_int_equal(floe_dc_table_pick_stream(dc, 100), 2);
    floe_dc_table_remove(dc, first);
    assert_int_equal(floe_dc_table_pick_stream(dc, 100), 0);
    dc->is_dtls_client = false;
    assert_int_equal(floe_dc_table_pick_stream(dc, 100), 3);
}

static void test_dc_table_picks_no_stream_beyond_the_limit(void **state)
{
    floe_dc *dc = *state;
    (void)add_on(dc, 0);
    assert_int_equal(floe_dc_table_pick_stream(dc, 2), FLOE_STREAM_NONE);
    assert_int_equal(floe_dc_table_pick_stream(dc, 3), 2);
}

static void test_dc_table_picks_no_stream_below_the_floor(void **state)
{
    floe_dc *dc = *state;
    dc->stream_floor = 6;
    assert_int_equal(floe_dc_table_pick_stream(dc, 100), 6);
}

static void test_dc_table_fills_the_gaps_of_the_names_pool(void **state)
{
    floe_dc *dc = *state;
    uint16_t slots[3];
    const uint8_t *rooms[3];
    for (int i = 0; i < 3; i++) {
        slots[i] = floe_dc_table_add(dc);
        rooms[i] = floe_dc_table_add_names(dc, slots[i], FLOE_DC_POOL_SIZE / 3);
        assert_non_null(rooms[i]);
    }
    uint16_t more = floe_dc_table_add(dc);
    assert_null(floe_dc_table_add_names(dc, more, FLOE_DC_POOL_SIZE / 3));
    floe_dc_table_remove(dc, slots[1]);
    assert_null(floe_dc_table_add_names(dc, more, FLOE_DC_POOL_SIZE / 3 + 1));
    assert_ptr_equal(floe_dc_table_add_names(dc, more, FLOE_DC_POOL_SIZE / 3), rooms[1]);
}

static void test_dc_table_keeps_the_names_of_others_in_place(void **state)
{
    floe_dc *dc = *state;
    uint16_t first = floe_dc_table_add(dc), second = floe_dc_table_add(dc);
    (void)floe_dc_table_add_names(dc, first, 100);
    uint8_t *room = floe_dc_table_add_names(dc, second, 13);
    const uint8_t open[13] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
    memcpy(room, open, sizeof open);
    floe_dc_table_remove(dc, first);
    (void)floe_dc_table_add_names(dc, floe_dc_table_add(dc), 50);
    floe_dcep dcep;
    floe_dc_table_get_names(dc, second, &dcep);
    assert_ptr_equal(dcep.label.ptr, room + FLOE_DCEP_OPEN_SIZE);
    assert_true(floe_bytes_equal(dcep.label, FLOE_LIT("x")));
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(test_dc_table_gives_out_slots_in_turn),
        WITH_TABLE(test_dc_table_never_makes_the_id_that_means_none),
        WITH_TABLE(test_dc_table_is_full_at_its_limit),
        WITH_TABLE(test_dc_table_does_not_show_hidden_slots_by_id),
        WITH_TABLE(test_dc_table_finds_no_channel_on_no_stream),
        WITH_TABLE(test_dc_table_picks_the_lowest_free_stream_of_the_parity),
        WITH_TABLE(test_dc_table_picks_no_stream_beyond_the_limit),
        WITH_TABLE(test_dc_table_picks_no_stream_below_the_floor),
        WITH_TABLE(test_dc_table_fills_the_gaps_of_the_names_pool),
        WITH_TABLE(test_dc_table_keeps_the_names_of_others_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
