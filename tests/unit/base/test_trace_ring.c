/* tests of base/trace_ring.c */
#include "base/trace_ring.h"

#include "support/unit.h"

#define RING 4u
#define KEPT 3u

static floe_trace_record memory[RING], kept[KEPT];
static floe_trace_ring ring;

static int setup(void **state)
{
    (void)state;
    floe_trace_ring_init(&ring, memory, RING, kept, KEPT);
    return 0;
}

static void put(uint8_t kind, uint16_t id, int32_t a)
{
    floe_trace_ring_put(
        &ring, &(floe_trace_record){.module = FLOE_MODULE_ICE, .kind = kind, .id = id, .a = a});
}

static void expect(floe_trace_cursor *cursor, uint8_t kind, uint16_t id, int32_t a)
{
    floe_trace_record record;
    assert_true(floe_trace_ring_next(&ring, cursor, &record));
    assert_int_equal(record.kind, kind);
    assert_int_equal(record.id, id);
    assert_int_equal(record.a, a);
}

static void expect_end(floe_trace_cursor *cursor)
{
    floe_trace_record record;
    assert_false(floe_trace_ring_next(&ring, cursor, &record));
}

static void test_trace_ring_gives_records_in_the_order_they_came(void **state)
{
    (void)state;
    floe_trace_cursor cursor = {0};
    expect_end(&cursor);
    put(FLOE_TRACE_SENT, 1, 10);
    put(FLOE_TRACE_OWN, 2, 20);
    expect(&cursor, FLOE_TRACE_SENT, 1, 10);
    expect(&cursor, FLOE_TRACE_OWN, 2, 20);
    expect_end(&cursor);
    put(FLOE_TRACE_STATE, 3, 30);
    expect(&cursor, FLOE_TRACE_STATE, 3, 30);
    expect_end(&cursor);
    assert_int_equal(cursor.missed, 0);
}

static void test_trace_ring_keeps_what_introduces_an_object_when_packets_push_it_out(void **state)
{
    (void)state;
    floe_trace_cursor cursor = {0};
    put(FLOE_TRACE_OWN, 7, 70);
    for (int32_t i = 0; i < 10; i++) {
        put(FLOE_TRACE_SENT, 7, i);
    }
    expect(&cursor, FLOE_TRACE_OWN, 7, 70);
    for (int32_t i = 6; i < 10; i++) {
        expect(&cursor, FLOE_TRACE_SENT, 7, i);
    }
    expect_end(&cursor);
    assert_int_equal(cursor.missed, 7); /* in all that were overwritten; what lasts was given */
    assert_int_equal(floe_trace_ring_lost(&ring), 0);
}

static void test_trace_ring_keeps_of_each_thing_only_what_holds(void **state)
{
    (void)state;
    floe_trace_cursor cursor = {0};
    put(FLOE_TRACE_OWN, 1, 10);
    put(FLOE_TRACE_OWN, 2, 20);
    put(FLOE_TRACE_OWN, 1, 11);
    for (int32_t i = 0; i < (int32_t)RING; i++) {
        put(FLOE_TRACE_GOT, 0, i);
    }
    expect(&cursor, FLOE_TRACE_OWN, 2, 20); /* in order of time */
    expect(&cursor, FLOE_TRACE_OWN, 1, 11);
    expect(&cursor, FLOE_TRACE_GOT, 0, 0);
}

static void test_trace_ring_gives_a_reader_that_was_overtaken_what_holds_first(void **state)
{
    (void)state;
    floe_trace_cursor cursor = {0};
    put(FLOE_TRACE_OWN, 1, 10);
    expect(&cursor, FLOE_TRACE_OWN, 1, 10);
    for (int32_t i = 0; i < 6; i++) {
        put(FLOE_TRACE_OWN, 2, i);
    }
    expect(&cursor, FLOE_TRACE_OWN, 1, 10);
    expect(&cursor, FLOE_TRACE_OWN, 2, 1);
    for (int32_t i = 2; i < 6; i++) {
        expect(&cursor, FLOE_TRACE_OWN, 2, i);
    }
    expect_end(&cursor);
    assert_int_equal(cursor.missed, 2);
}

/* What is said anew of a thing goes to the end of the table, and what follows moves up. */
static void test_trace_ring_hides_nothing_from_a_reader_while_the_table_changes(void **state)
{
    (void)state;
    floe_trace_cursor cursor = {0};
    for (uint16_t id = 1; id <= 3; id++) {
        put(FLOE_TRACE_OWN, id, 10);
    }
    put(FLOE_TRACE_OWN, 1, 11);
    for (int32_t i = 0; i < 3; i++) {
        put(FLOE_TRACE_SENT, 0, i);
    }
    expect(&cursor, FLOE_TRACE_OWN, 1, 10);
    put(FLOE_TRACE_SENT, 0, 3);
    expect(&cursor, FLOE_TRACE_OWN, 2, 10);
    expect(&cursor, FLOE_TRACE_OWN, 3, 10);
    expect(&cursor, FLOE_TRACE_OWN, 1, 11);
    for (int32_t i = 0; i < 4; i++) {
        expect(&cursor, FLOE_TRACE_SENT, 0, i);
    }
    expect_end(&cursor);
}

static void test_trace_ring_counts_the_facts_that_it_has_no_room_for(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < KEPT + 2 + RING; i++) {
        put(FLOE_TRACE_OWN, i, 0);
    }
    assert_int_equal(floe_trace_ring_lost(&ring), 2);
}

static void test_trace_ring_is_a_sink(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    (void)state;
    floe_trace_cursor cursor = {0};
    floe_trace sink = floe_trace_ring_sink(&ring);
    floe_trace_put(&sink, (floe_trace_record){.kind = FLOE_TRACE_DROP, .id = 5, .a = 50});
    expect(&cursor, FLOE_TRACE_DROP, 5, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_trace_ring_gives_records_in_the_order_they_came, setup),
        cmocka_unit_test_setup(
            test_trace_ring_keeps_what_introduces_an_object_when_packets_push_it_out, setup),
        cmocka_unit_test_setup(test_trace_ring_keeps_of_each_thing_only_what_holds, setup),
        cmocka_unit_test_setup(test_trace_ring_gives_a_reader_that_was_overtaken_what_holds_first,
                               setup),
        cmocka_unit_test_setup(test_trace_ring_hides_nothing_from_a_reader_while_the_table_changes,
                               setup),
        cmocka_unit_test_setup(test_trace_ring_counts_the_facts_that_it_has_no_room_for, setup),
        cmocka_unit_test_setup(test_trace_ring_is_a_sink, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
