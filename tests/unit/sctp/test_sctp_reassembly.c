/* Tests of sctp/sctp_reassembly.c: from chunks to messages. */
#include "sctp/sctp_reassembly.h"

#include "support/sim_random.h"
#include "support/unit.h"

#include <string.h>

#define FIRST     0xFFFFFFF8u
#define B         FLOE_SCTP_FLAG_BEGIN
#define E         FLOE_SCTP_FLAG_END
#define U         FLOE_SCTP_FLAG_UNORDERED
#define CHUNK_MAX 1132u

typedef struct fixture {
    uint8_t memory[16384];
    floe_sctp_streams streams;
    floe_sctp_tracker tracker;
    floe_sctp_reassembly r;
} fixture;

static fixture f;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_streams_init(&f.streams);
    floe_sctp_reassembly_init(&f.r, (floe_span){f.memory, sizeof f.memory}, 262144, CHUNK_MAX);
    floe_sctp_tracker_init(&f.tracker, FIRST, f.r.window);
    return 0;
}

static void check(void)
{
    floe_sctp_reassembly_check_invariants(&f.r, &f.streams, &f.tracker);
}

static floe_sctp_store add(uint32_t tsn, uint8_t flags, uint16_t stream, uint16_t ssn, size_t len)
{
    uint8_t payload[2000];
    memset(payload, (int)(tsn + 1), len);
    floe_sctp_data data = {.tsn = FIRST + tsn,
                           .ppid = 50 + ssn,
                           .stream = stream,
                           .ssn = ssn,
                           .flags = flags,
                           .payload = {payload, len}};
    assert_int_equal(floe_sctp_tracker_classify(&f.tracker, data.tsn), FLOE_SCTP_TSN_NEW);
    floe_sctp_stream *s = floe_sctp_streams_get(&f.streams, stream);
    s->flags |= FLOE_SCTP_STREAM_IN;
    uint32_t cum = f.tracker.cum;
    floe_sctp_store result = floe_sctp_reassembly_add(&f.r, s, &data, cum);
    if (result == FLOE_SCTP_STORE_OK) {
        floe_sctp_tracker_add(&f.tracker, data.tsn);
        floe_sctp_reassembly_advance(&f.r, cum, f.tracker.cum);
    }
    check();
    return result;
}

static void forward(uint32_t tsn)
{
    uint32_t cum = f.tracker.cum;
    floe_sctp_tracker_forward(&f.tracker, FIRST + tsn);
    floe_sctp_reassembly_advance(&f.r, cum, f.tracker.cum);
    check();
}

/* The first message is of this stream, and each byte of it is the number of its chunk + 1:
 * `lens` bytes each, from chunk `first` on. */
static void expect(uint16_t stream, uint32_t first, const size_t *lens, size_t count)
{
    floe_sctp_head head;
    assert_true(floe_sctp_reassembly_peek(&f.r, &head));
    assert_int_equal(head.stream, stream);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < lens[i]; k++, offset++) {
            floe_bytes part = floe_sctp_reassembly_view(&f.r, offset);
            assert_true(part.len > 0);
            assert_int_equal(part.ptr[0], (uint8_t)(first + i + 1));
        }
    }
    assert_int_equal(head.len, offset);
    assert_int_equal(floe_sctp_reassembly_view(&f.r, offset).len, 0);
    floe_sctp_reassembly_release(&f.r, &f.streams);
    check();
}

static void expect_one(uint16_t stream, uint32_t chunk, size_t len)
{
    expect(stream, chunk, &len, 1);
}

static void expect_nothing(void)
{
    floe_sctp_head head;
    assert_false(floe_sctp_reassembly_peek(&f.r, &head));
    assert_int_equal(floe_sctp_reassembly_view(&f.r, 0).len, 0);
}

static void expect_empty(void)
{
    expect_nothing();
    assert_int_equal(f.r.arena.free, f.r.arena.count);
}

static void test_sctp_reassembly_delivers_a_whole_message_at_once(void **state)
{
    (void)state;
    assert_int_equal(add(0, B | E, 1, 0, 100), FLOE_SCTP_STORE_OK);
    expect_one(1, 0, 100);
    expect_empty();
}

static void test_sctp_reassembly_joins_fragments_in_order(void **state)
{
    (void)state;
    static const size_t lens[] = {1132, 1132, 5};
    (void)add(0, B, 1, 0, 1132);
    (void)add(1, 0, 1, 0, 1132);
    expect_nothing();
    (void)add(2, E, 1, 0, 5);
    expect(1, 0, lens, 3);
    expect_empty();
}

/* All orders of six fragments of which some make one message. */
static void test_sctp_reassembly_joins_fragments_in_any_order(void **state)
{
    (void)state;
    static const uint8_t flags[] = {B, 0, E, B | E, B, E};
    static const uint16_t ssns[] = {0, 0, 0, 1, 2, 2};
    static const size_t lens[] = {10, 200, 30, 40, 50, 60};
    for (uint32_t order = 0; order < 720; order++) {
        uint8_t left[6] = {0, 1, 2, 3, 4, 5};
        uint32_t code = order;
        (void)set_up(state);
        for (uint32_t n = 6; n > 0; n--) {
            uint32_t pick = code % n;
            code /= n;
            uint8_t i = left[pick];
            memmove(left + pick, left + pick + 1, 6 - pick - 1);
            assert_int_equal(add(i, flags[i], 3, ssns[i], lens[i]), FLOE_SCTP_STORE_OK);
        }
        expect(3, 0, lens, 3);
        expect(3, 3, lens + 3, 1);
        expect(3, 4, lens + 4, 2);
        expect_empty();
    }
}

static void test_sctp_reassembly_one_stream_does_not_wait_for_another(void **state)
{
    (void)state;
    (void)add(1, B | E, 2, 0, 20);
    expect_one(2, 1, 20);
    (void)add(2, B | E, 1, 1, 20);
    expect_nothing(); /* stream 1 lacks its first */
    (void)add(0, B | E, 1, 0, 10);
    expect_one(1, 0, 10);
    expect_one(1, 2, 20);
}

static void test_sctp_reassembly_unordered_messages_do_not_wait(void **state)
{
    (void)state;
    static const size_t lens[] = {300, 400};
    (void)add(4, E | U, 1, 9, 400);
    (void)add(3, B | U, 1, 7, 300); /* the SSN says nothing */
    floe_sctp_head head;
    assert_true(floe_sctp_reassembly_peek(&f.r, &head));
    assert_true(head.is_unordered);
    expect(1, 3, lens, 2);
}

static void test_sctp_reassembly_ssn_goes_around(void **state)
{
    (void)state;
    floe_sctp_stream *s = floe_sctp_streams_get(&f.streams, 1);
    s->in_ssn = 65534;
    (void)add(2, B | E, 1, 0, 10);
    (void)add(1, B | E, 1, 65535, 10);
    expect_nothing();
    (void)add(0, B | E, 1, 65534, 10);
    expect_one(1, 0, 10);
    expect_one(1, 1, 10);
    expect_one(1, 2, 10);
    assert_int_equal(s->in_ssn, 1);
}

static void test_sctp_reassembly_ssn_that_is_half_the_numbers_away_does_no_harm(void **state)
{
    (void)state;
    /* dcSCTP cf4682f: message numbers 2^31 apart; here it is 2^15. */
    (void)add(0, B | E, 1, 0x8000, 10);
    (void)add(1, B | E, 1, 0x7FFF, 10);
    (void)add(2, B | E, 1, 0x8001, 10);
    expect_nothing();
    (void)add(3, B | E, 1, 0, 10);
    expect_one(1, 3, 10);
    expect_nothing();
}

static void test_sctp_reassembly_second_message_of_the_same_number_is_dropped(void **state)
{
    (void)state;
    (void)add(1, B | E, 1, 5, 10);
    uint32_t used = f.r.arena.free;
    (void)add(2, B | E, 1, 5, 10);
    assert_int_equal(f.r.arena.free, used);
    (void)add(3, B | E, 1, 4, 10);
    (void)add(4, B | E, 1, 5, 10);
    check();
}

static void test_sctp_reassembly_fragments_without_beginning_are_dropped(void **state)
{
    (void)state;
    (void)add(0, 0, 1, 0, 10);
    (void)add(1, E, 1, 0, 10);
    expect_empty();
    (void)add(3, E, 1, 0, 10); /* kept: its beginning may come */
    assert_true(f.r.arena.free < f.r.arena.count);
    (void)add(2, B | E, 1, 0, 10); /* it does not */
    expect_one(1, 2, 10);
    expect_empty();
}

static void test_sctp_reassembly_beginning_without_end_is_dropped_when_another_begins(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 10);
    (void)add(1, B | E, 1, 0, 20);
    expect_one(1, 1, 20);
    expect_empty();
    (void)add(3, B, 1, 1, 10);
    (void)add(4, B | E, 1, 1, 20);
    (void)add(2, B | E, 1, 2, 20);
    expect_one(1, 4, 20);
    expect_one(1, 2, 20);
    expect_empty();
}

static void test_sctp_reassembly_fragments_of_different_streams_are_not_joined(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 10);
    (void)add(1, E, 2, 0, 10);
    expect_empty();
    (void)add(2, B, 1, 0, 10);
    (void)add(3, E, 1, 1, 10);
    expect_empty();
    (void)add(4, B | U, 1, 0, 10);
    (void)add(5, E, 1, 0, 10);
    expect_empty();
}

static void test_sctp_reassembly_message_over_the_limit_is_refused(void **state)
{
    (void)state;
    f.r.message_max = 3000;
    (void)add(0, B, 1, 0, 1000);
    (void)add(1, 0, 1, 0, 1000);
    (void)add(3, E, 1, 0, 500);
    assert_int_equal(add(2, 0, 1, 0, 501), FLOE_SCTP_STORE_TOO_BIG);
    assert_int_equal(add(2, 0, 1, 0, 500), FLOE_SCTP_STORE_OK);
}

static void test_sctp_reassembly_keeps_room_for_the_next_in_sequence(void **state)
{
    (void)state;
    uint32_t tsn = 1;
    while (add(tsn, B | E, 1, (uint16_t)tsn, CHUNK_MAX) == FLOE_SCTP_STORE_OK) {
        tsn++;
    }
    assert_int_equal(floe_sctp_reassembly_window(&f.r), 0);
    assert_int_equal(add(0, B | E, 1, 0, CHUNK_MAX), FLOE_SCTP_STORE_OK);
    for (uint32_t i = 0; i < tsn; i++) {
        expect_one(1, i, CHUNK_MAX);
    }
    expect_empty();
}

static void test_sctp_reassembly_no_room_changes_nothing(void **state)
{
    (void)state;
    uint32_t tsn = 0;
    while (add(tsn, B | E, 1, (uint16_t)tsn, CHUNK_MAX) == FLOE_SCTP_STORE_OK) {
        tsn++;
    }
    uint32_t before = f.r.arena.free;
    assert_int_equal(add(tsn, B | E, 1, (uint16_t)tsn, CHUNK_MAX), FLOE_SCTP_STORE_NO_ROOM);
    assert_int_equal(f.r.arena.free, before);
    assert_int_equal(f.r.ready_count, tsn);
}

static void test_sctp_reassembly_window_counts_blocks_and_not_bytes(void **state)
{
    (void)state;
    /* pion#471: chunks that count for little and take much fill the memory beyond any limit. */
    uint32_t tsn = 0;
    uint32_t window = floe_sctp_reassembly_window(&f.r);
    while (add(tsn, B | E | U, 1, 0, 1) == FLOE_SCTP_STORE_OK && tsn < 10000) {
        tsn++;
        if (tsn == 100) {
            assert_true(floe_sctp_reassembly_window(&f.r) < window - 100 * 50);
        }
    }
    assert_true(tsn < 16384 / 64);
    assert_int_equal(floe_sctp_reassembly_window(&f.r), 0);
}

static void skip_to(uint32_t tsn)
{
    uint32_t cum = f.tracker.cum;
    floe_sctp_tracker_forward(&f.tracker, FIRST + tsn);
    floe_sctp_reassembly_advance(&f.r, cum, f.tracker.cum);
}

static void test_sctp_reassembly_renege_keeps_what_has_waited_for_half_of_all_numbers(void **state)
{
    (void)state;
    (void)add(0, B | E, 1, 3, 100); /* whole, and what it waits for never comes */
    uint32_t free = f.r.arena.free;
    for (uint32_t i = 1; i < 5; i++) { /* to wherever a number may seem to lie ahead */
        skip_to(i << 30);
        (void)add((i << 30) + 2, B | E, 2, 3, 100);
        assert_true(floe_sctp_reassembly_renege(&f.r, &f.streams, &f.tracker));
        check();
        assert_int_equal(f.r.arena.free, free);
    }
}

static void test_sctp_reassembly_renege_gives_back_what_was_not_delivered(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 100);       /* in sequence: stays */
    (void)add(2, 0, 1, 0, 100);       /* a fragment */
    (void)add(4, B | E, 1, 3, 100);   /* complete, waits for its turn */
    (void)add(5, B | E, 1, 2, 100);   /* so does this, before it */
    (void)add(6, B | E | U, 1, 0, 9); /* delivered: stays */
    assert_true(floe_sctp_reassembly_renege(&f.r, &f.streams, &f.tracker));
    check();
    assert_false(floe_sctp_tracker_has(&f.tracker, FIRST + 2));
    assert_false(floe_sctp_tracker_has(&f.tracker, FIRST + 4));
    assert_false(floe_sctp_tracker_has(&f.tracker, FIRST + 5));
    assert_true(floe_sctp_tracker_has(&f.tracker, FIRST + 6));
    assert_false(floe_sctp_reassembly_renege(&f.r, &f.streams, &f.tracker));
    expect_one(1, 6, 9);
    static const size_t lens[] = {100, 10, 100};
    (void)add(1, 0, 1, 0, 10);
    (void)add(2, E, 1, 0, 100);
    expect(1, 0, lens, 3);
    expect_empty();
}

static void test_sctp_reassembly_forward_drops_the_message_it_cuts(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 100);
    (void)add(2, E, 1, 0, 100); /* 1 is lost for good */
    (void)add(3, B, 1, 1, 100);
    forward(2);
    assert_int_equal(f.tracker.cum, FIRST + 3);
    floe_sctp_reassembly_skip(&f.r, floe_sctp_streams_find(&f.streams, 1), 0);
    check();
    expect_nothing();
    static const size_t lens[] = {100, 100};
    (void)add(4, E, 1, 1, 100);
    expect(1, 3, lens, 2);
    expect_empty();
}

static void test_sctp_reassembly_forward_frees_every_kind_of_remnant(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 100);
    (void)add(3, 0, 1, 0, 100);
    (void)add(4, 0, 1, 0, 100);
    (void)add(7, E, 1, 0, 100);
    (void)add(9, B, 2, 0, 100);
    forward(40);
    expect_empty();
    (void)add(41, E, 1, 0, 100);
    expect_empty();
}

static void test_sctp_reassembly_forward_beyond_the_window_leaves_nothing(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 100);
    (void)add(5, 0, 1, 0, 100);
    (void)add(f.r.window, 0, 1, 0, 100);
    forward(60000);
    expect_empty();
}

static void test_sctp_reassembly_skip_delivers_what_waited_for_the_skipped(void **state)
{
    (void)state;
    (void)add(1, B | E, 1, 1, 10);
    (void)add(2, B | E, 1, 2, 10);
    (void)add(4, B | E, 1, 4, 10);
    floe_sctp_stream *s = floe_sctp_streams_find(&f.streams, 1);
    floe_sctp_reassembly_skip(&f.r, s, 0);
    expect_one(1, 1, 10);
    expect_one(1, 2, 10);
    expect_nothing();
    floe_sctp_reassembly_skip(&f.r, s, 1); /* old */
    expect_nothing();
    floe_sctp_reassembly_skip(&f.r, s, 6);
    expect_one(1, 4, 10); /* it is here, so it is delivered */
    assert_int_equal(s->in_ssn, 7);
}

static void test_sctp_reassembly_reset_begins_at_zero_and_frees_what_waits(void **state)
{
    (void)state;
    (void)add(0, B | E, 1, 0, 10);
    (void)add(2, B | E, 1, 7, 10);
    floe_sctp_reassembly_reset(&f.r, floe_sctp_streams_find(&f.streams, 1));
    check();
    expect_one(1, 0, 10);
    (void)add(1, B | E, 1, 0, 20);
    expect_one(1, 1, 20);
    expect_empty();
}

static void test_sctp_reassembly_view_may_go_back(void **state)
{
    (void)state;
    (void)add(0, B, 1, 0, 1000);
    (void)add(1, E, 1, 0, 1000);
    assert_int_equal(floe_sctp_reassembly_view(&f.r, 1999).ptr[0], 2);
    assert_int_equal(floe_sctp_reassembly_view(&f.r, 5).ptr[0], 1);
    assert_int_equal(floe_sctp_reassembly_view(&f.r, 1000).ptr[0], 2);
    assert_int_equal(floe_sctp_reassembly_view(&f.r, 999).len, 1);
}

/* Fragmented memory: chunks in several pieces, compared byte by byte. */
static void test_sctp_reassembly_works_in_a_fragmented_buffer(void **state)
{
    (void)state;
    sim_random random = sim_random_begin(3, 3);
    uint32_t tsn = 0;
    uint32_t oldest = 0;
    size_t lens[20000];
    while (tsn < 15000) {
        size_t len = 1 + sim_random_below(&random, 1100);
        if (add(tsn, B | E | U, 1, 0, len) == FLOE_SCTP_STORE_OK) {
            lens[tsn++] = len;
        }
        /* Hold a partial message now and then, so that what comes back leaves holes. */
        while (oldest < tsn && sim_random_below(&random, 3) != 0) {
            expect_one(1, oldest, lens[oldest]);
            oldest++;
        }
    }
    while (oldest < tsn) {
        expect_one(1, oldest, lens[oldest]);
        oldest++;
    }
    expect_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_reassembly_delivers_a_whole_message_at_once, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_joins_fragments_in_order, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_joins_fragments_in_any_order, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_one_stream_does_not_wait_for_another, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_unordered_messages_do_not_wait, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_ssn_goes_around, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_ssn_that_is_half_the_numbers_away_does_no_harm,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_second_message_of_the_same_number_is_dropped,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_fragments_without_beginning_are_dropped,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_reassembly_beginning_without_end_is_dropped_when_another_begins, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_fragments_of_different_streams_are_not_joined,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_message_over_the_limit_is_refused, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_keeps_room_for_the_next_in_sequence, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_no_room_changes_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_window_counts_blocks_and_not_bytes, set_up),
        cmocka_unit_test_setup(
            test_sctp_reassembly_renege_keeps_what_has_waited_for_half_of_all_numbers, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_renege_gives_back_what_was_not_delivered,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_forward_drops_the_message_it_cuts, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_forward_frees_every_kind_of_remnant, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_forward_beyond_the_window_leaves_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_skip_delivers_what_waited_for_the_skipped,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_reset_begins_at_zero_and_frees_what_waits,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_view_may_go_back, set_up),
        cmocka_unit_test_setup(test_sctp_reassembly_works_in_a_fragmented_buffer, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
