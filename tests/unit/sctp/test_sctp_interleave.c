/* Tests of sctp/sctp_interleave.c: from I-DATA chunks to messages. */
#include "sctp/sctp_interleave.h"

#include "sctp/sctp_turns.h"

#include "support/sim_random.h"
#include "support/unit.h"

#include <string.h>

#if FLOE_SCTP_IDATA

#define FIRST     0xFFFFFFF8u
#define B         FLOE_SCTP_FLAG_BEGIN
#define E         FLOE_SCTP_FLAG_END
#define U         FLOE_SCTP_FLAG_UNORDERED
#define CHUNK_MAX 1128u

typedef struct fixture {
    uint8_t memory[16384];
    uint8_t send_buffer[4096];
    floe_sctp_sendq sendq;
    floe_sctp_interleaving interleaving;
    floe_sctp_streams streams;
    floe_sctp_tracker tracker;
    floe_sctp_reassembly r;
} fixture;

static fixture f;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_streams_init(&f.streams);
    floe_sctp_sendq_init(&f.sendq, (floe_span){f.send_buffer, sizeof f.send_buffer},
                         FLOE_SCTP_SCHEDULER_WFQ);
    f.streams.interleaving = &f.interleaving;
    floe_sctp_turns_start(&f.sendq, &f.streams);
    floe_sctp_reassembly_init(&f.r, (floe_span){f.memory, sizeof f.memory}, 262144, CHUNK_MAX);
    floe_sctp_tracker_init(&f.tracker, FIRST, f.r.window);
    return 0;
}

/* A fragment of a message of stream 1, whose bytes are its number. */
static floe_sctp_store add_to(uint16_t stream, uint32_t tsn, uint8_t flags, uint32_t mid,
                              uint32_t fsn, size_t len)
{
    uint8_t payload[2000];
    memset(payload, (int)(mid * 16 + fsn), len);
    floe_sctp_data data = {.tsn = FIRST + tsn,
                           .ppid = (flags & B) != 0 ? 50 : fsn,
                           .mid = mid,
                           .fsn = fsn,
                           .stream = stream,
                           .flags = flags,
                           .payload = {payload, len}};
    floe_sctp_stream *s = floe_sctp_streams_get(&f.streams, stream);
    s->flags |= FLOE_SCTP_STREAM_IN;
    floe_sctp_store result =
        floe_sctp_interleave_add(&f.r, &f.streams, s, &data, data.tsn == f.tracker.cum + 1);
    if (result == FLOE_SCTP_STORE_OK) {
        floe_sctp_tracker_add(&f.tracker, data.tsn);
    }
    floe_sctp_reassembly_check_invariants(&f.r, &f.streams, &f.tracker);
    return result;
}

static floe_sctp_store add(uint32_t tsn, uint8_t flags, uint32_t mid, uint32_t fsn)
{
    return add_to(1, tsn, flags, mid, fsn, 100);
}

/* Read the next message: fragments of 100 bytes, of this MID. */
static void expect(uint32_t mid, uint32_t fragments)
{
    floe_sctp_head head;
    assert_true(floe_sctp_reassembly_peek(&f.r, &head));
    assert_int_equal(head.ppid, 50);
    assert_int_equal(head.len, fragments * 100);
    for (size_t at = 0; at < head.len;) {
        floe_bytes part = floe_sctp_reassembly_view(&f.r, at);
        for (size_t i = 0; i < part.len; i++) {
            assert_int_equal(part.ptr[i], (uint8_t)(mid * 16 + (at + i) / 100));
        }
        at += part.len;
    }
    floe_sctp_reassembly_release(&f.r, &f.streams);
}

static void expect_none(void)
{
    floe_sctp_head head;
    assert_false(floe_sctp_reassembly_peek(&f.r, &head));
}

static void expect_empty(void)
{
    expect_none();
    assert_int_equal(f.r.arena.free, f.r.arena.count);
}

static void skip_to(bool is_unordered, uint32_t mid)
{
    floe_sctp_stream *stream = floe_sctp_streams_get(&f.streams, 1);
    floe_sctp_interleave_skip(&f.r, &f.streams, stream, &(floe_sctp_i_skip){mid, 1, is_unordered});
    floe_sctp_reassembly_check_invariants(&f.r, &f.streams, &f.tracker);
}

static void test_sctp_interleave_joins_fragments_in_each_order(void **state)
{
    (void)state;
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint32_t i = 0; i < 12; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t fsn = orders[i / 2][k];
            uint8_t flags = (uint8_t)((fsn == 0 ? B : 0) | (fsn == 2 ? E : 0) | (i % 2 ? U : 0));
            assert_int_equal(add(3 * i + k, flags, i / 2, fsn), FLOE_SCTP_STORE_OK);
        }
        expect(i / 2, 3);
    }
    expect_empty();
}

static void test_sctp_interleave_keeps_messages_of_many_streams_apart(void **state)
{
    (void)state;
    for (uint32_t fsn = 0; fsn < 4; fsn++) { /* all have MID 0; TSNs run across them */
        for (uint16_t stream = 0; stream < 6; stream++) {
            uint8_t flags = (uint8_t)((fsn == 0 ? B : 0) | (fsn == 3 ? E : 0));
            (void)add_to(stream, fsn * 6 + stream, flags, 0, fsn, 100);
        }
    }
    for (int i = 0; i < 6; i++) {
        expect(0, 4);
    }
    expect_empty();
}

static void test_sctp_interleave_ordered_and_unordered_messages_have_their_own_numbers(void **state)
{
    (void)state;
    (void)add(0, B, 0, 0);
    (void)add(1, B | U, 0, 0);
    (void)add(2, E | U, 0, 1);
    expect(0, 2);
    (void)add(3, 0, 0, 1);
    (void)add(4, E, 0, 2);
    expect(0, 3);
    expect_empty();
}

static void test_sctp_interleave_delivers_ordered_messages_at_their_turn(void **state)
{
    (void)state;
    (void)add(2, B | E, 2, 0);
    (void)add(1, B | E, 1, 0);
    (void)add(3, B | E | U, 9, 0);
    expect(9, 1);
    expect_none();
    (void)add(0, B | E, 0, 0);
    expect(0, 1);
    expect(1, 1);
    expect(2, 1);
    expect_empty();
}

static void test_sctp_interleave_mid_goes_around(void **state)
{
    (void)state;
    skip_to(false, 0x7FFFFFFE);
    skip_to(false, 0xFFFFFFFD);
    (void)add(0, B | E, 0, 0);
    (void)add(1, B | E, 0xFFFFFFFF, 0);
    expect_none();
    (void)add(2, B | E, 0xFFFFFFFE, 0);
    expect(0xFFFFFFFE, 1);
    expect(0xFFFFFFFF, 1);
    expect(0, 1);
    expect_empty();
}

static void test_sctp_interleave_mids_half_of_all_numbers_apart_are_of_the_past(void **state)
{
    (void)state;
    (void)add(0, B, 0x7FFFFFFF, 0);
    assert_int_equal(add(1, B | E, 0x80000000, 0), FLOE_SCTP_STORE_OK); /* dcSCTP cf4682f */
    assert_int_equal(add(2, B | E, 0xFFFFFFFF, 0), FLOE_SCTP_STORE_OK);
    expect_none();
    (void)add(3, B | E, 0, 0);
    expect(0, 1);
    skip_to(false, 0x7FFFFFFE);
    (void)add(4, E, 0x7FFFFFFF, 1);
    expect(0x7FFFFFFF, 2);
    expect_empty();
}

static void test_sctp_interleave_drops_what_cannot_be(void **state)
{
    (void)state;
    (void)add(0, B, 0, 0);
    (void)add(1, 0, 0, 0);     /* the number of the first fragment */
    (void)add(2, 0, 0, 1);     /* and then each that is here, */
    (void)add(3, 0, 0, 1);     /* again */
    (void)add(4, B | E, 0, 0); /* another first one */
    (void)add(5, E, 0, 3);
    (void)add(6, 0, 0, 5); /* beyond the end */
    (void)add(7, 0, 0, 2);
    expect(0, 4);
    expect_empty();
}

static void test_sctp_interleave_does_not_end_a_message_before_what_is_here_of_it(void **state)
{
    (void)state;
    for (uint8_t order = 0; order <= U; order += U) {
        uint32_t tsn = order;
        (void)add(tsn, order, 0, 7);
        (void)add(tsn + 1, B | order, 0, 0);
        (void)add(tsn + 2, E | order, 0, 1);
        expect_none();
        skip_to(order == U, 0);
        expect_empty();
    }
}

static void test_sctp_interleave_skip_delivers_what_is_whole_and_drops_the_rest(void **state)
{
    (void)state;
    (void)add(0, B, 0, 0);
    (void)add(1, B | E, 1, 0);
    (void)add(2, B, 2, 0);
    (void)add(3, B | E, 3, 0);
    (void)add(4, B | U, 1, 0);
    skip_to(false, 2);
    expect(1, 1);
    expect(3, 1);
    expect_none();
    skip_to(false, 2); /* old news */
    assert_int_equal(add(5, B | E, 2, 0), FLOE_SCTP_STORE_OK);
    expect_none();
    skip_to(true, 1);
    expect_empty();
}

static void test_sctp_interleave_skip_of_unordered_messages_spares_later_ones(void **state)
{
    (void)state;
    (void)add(0, B | U, 5, 0);
    (void)add(1, B | U, 6, 0);
    (void)add(2, B, 0, 0);
    skip_to(true, 5);
    (void)add(3, E | U, 6, 1);
    expect(6, 2);
    (void)add(4, E, 0, 1);
    expect(0, 2);
    expect_empty();
}

static void test_sctp_interleave_keeps_nothing_of_unordered_messages_that_were_skipped(void **state)
{
    (void)state;
    (void)add(0, B | U, 6, 0);
    skip_to(true, 7);
    expect_empty();
    assert_int_equal(add(1, E | U, 7, 1), FLOE_SCTP_STORE_OK); /* it was late */
    assert_int_equal(add(2, E | U, 6, 1), FLOE_SCTP_STORE_OK);
    expect_empty();
    (void)add(3, B | E | U, 8, 0);
    expect(8, 1);
    skip_to(true, 6); /* old news */
    (void)add(4, E | U, 7, 1);
    expect_empty();
}

static void test_sctp_interleave_unordered_mids_go_around(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 24; i++) { /* twice around */
        uint32_t mid = i * 0x20000000u;
        (void)add(3 * i, B | U, mid, 0);
        (void)add(3 * i + 1, B | E | U, mid + 1, 0);
        expect(mid + 1, 1);
        (void)add(3 * i + 2, E | U, mid, 1);
        expect(mid, 2);
    }
    expect_empty();
}

static void test_sctp_interleave_refuses_messages_over_the_limit(void **state)
{
    (void)state;
    f.r.message_max = 250;
    (void)add(0, B, 0, 0);
    (void)add(1, 0, 0, 1);
    assert_int_equal(add(2, E, 0, 2), FLOE_SCTP_STORE_TOO_BIG);
    assert_int_equal(add(2, E | U, 0, 250), FLOE_SCTP_STORE_TOO_BIG); /* no FSN goes around */
}

static void test_sctp_interleave_memory_is_bounded_whatever_begins(void **state)
{
    (void)state;
    uint32_t begun = 0;
    while (begun < 65535 &&
           add_to((uint16_t)(begun % 8), begun, B | U, begun, 0, 1) == FLOE_SCTP_STORE_OK) {
        begun++;
    }
    assert_in_range(begun, 100, sizeof f.memory / 64); /* a block each, and then no more */
    assert_int_equal(floe_sctp_reassembly_window(&f.r), 0);
    assert_false(floe_sctp_interleave_renege(&f.r, &f.streams, &f.tracker)); /* all has arrived */
}

static void test_sctp_interleave_renege_drops_what_lies_beyond_the_cumulative_tsn(void **state)
{
    (void)state;
    (void)add(0, B, 0, 0);
    (void)add(2, 0, 0, 2);
    (void)add(3, E, 0, 3);
    (void)add(5, B | U, 0, 0);
    assert_true(floe_sctp_interleave_renege(&f.r, &f.streams, &f.tracker));
    floe_sctp_reassembly_check_invariants(&f.r, &f.streams, &f.tracker);
    assert_false(floe_sctp_tracker_has_gap(&f.tracker));
    for (uint32_t fsn = 1; fsn < 4; fsn++) {
        (void)add(fsn, fsn == 3 ? E : 0, 0, fsn);
    }
    expect(0, 4);
    expect_empty();
}

static void test_sctp_interleave_renege_knows_what_has_waited_for_half_of_all_tsns(void **state)
{
    (void)state;
    (void)add(0, B | U, 0, 0);
    for (uint32_t i = 0; i <= 32768; i++) { /* an I-FORWARD-TSN each, which names no message */
        floe_sctp_tracker_forward(&f.tracker, f.tracker.cum + 65536);
    }
    assert_false(floe_sctp_interleave_renege(&f.r, &f.streams, &f.tracker));
    floe_sctp_reassembly_check_invariants(&f.r, &f.streams, &f.tracker);
    skip_to(true, 0);
    expect_empty();
}

static void test_sctp_interleave_reset_begins_with_zero_again(void **state)
{
    (void)state;
    (void)add(0, B | E, 0, 0);
    expect(0, 1);
    (void)add(1, B, 1, 0);
    (void)add(2, B | U, 1, 0);
    floe_sctp_interleave_reset(&f.r, &f.streams, floe_sctp_streams_get(&f.streams, 1));
    (void)add(3, B | E, 0, 0);
    expect(0, 1);
    expect_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_interleave_joins_fragments_in_each_order, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_keeps_messages_of_many_streams_apart, set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_ordered_and_unordered_messages_have_their_own_numbers, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_delivers_ordered_messages_at_their_turn,
                               set_up),
        cmocka_unit_test_setup(test_sctp_interleave_mid_goes_around, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_mids_half_of_all_numbers_apart_are_of_the_past,
                               set_up),
        cmocka_unit_test_setup(test_sctp_interleave_drops_what_cannot_be, set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_does_not_end_a_message_before_what_is_here_of_it, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_skip_delivers_what_is_whole_and_drops_the_rest,
                               set_up),
        cmocka_unit_test_setup(test_sctp_interleave_skip_of_unordered_messages_spares_later_ones,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_keeps_nothing_of_unordered_messages_that_were_skipped, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_unordered_mids_go_around, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_refuses_messages_over_the_limit, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_memory_is_bounded_whatever_begins, set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_renege_drops_what_lies_beyond_the_cumulative_tsn, set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_renege_knows_what_has_waited_for_half_of_all_tsns, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_reset_begins_with_zero_again, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
