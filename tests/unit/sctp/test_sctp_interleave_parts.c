/* Tests of sctp/sctp_interleave_parts.c: interleaved messages that are read as they arrive. */
#include "sctp/sctp_interleave.h"

#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_IDATA && FLOE_SCTP_PARTS

#define B FLOE_SCTP_FLAG_BEGIN
#define E FLOE_SCTP_FLAG_END
#define U FLOE_SCTP_FLAG_UNORDERED

static sctp_solo solo;
static sctp_solo *const s = &solo;

static void use_it(floe_sctp_config *config)
{
    config->interleaving = &solo.interleaving;
    config->parts_from = 2000;
    config->message_max = UINT32_MAX;
}

static int set_up(void **state)
{
    (void)state;
    solo_init(s, use_it);
    s->has_i_data = true;
    solo_connect(s, 1 << 20);
    return 0;
}

/* A fragment of 1000 bytes, each of which is its number. */
static void give(uint32_t tsn, uint8_t flags, uint16_t stream, uint32_t mid, uint32_t fsn)
{
    floe_sctp_data data = {.tsn = SOLO_TSN + tsn,
                           .ppid = 53,
                           .mid = mid,
                           .fsn = fsn,
                           .stream = stream,
                           .flags = flags,
                           .payload = {NULL, 1000}};
    solo_begin(s, s->tag);
    memset(floe_sctp_i_data_put(&s->w, &data), (int)fsn, 1000);
    assert_int_equal(solo_give(s), FLOE_OK);
}

/* What can be read: fragments from this one on. */
static floe_sctp_recv expect(uint16_t stream, uint32_t first, uint32_t count)
{
    floe_sctp_recv message;
    uint8_t bytes[8000];
    assert_true(floe_sctp_assoc_peek(&s->assoc, &message));
    assert_int_equal(message.stream, stream);
    assert_int_equal(message.ppid, 53);
    assert_int_equal(message.offset, 1000 * (uint64_t)first);
    assert_int_equal(message.len, 1000 * count);
    (void)floe_sctp_assoc_copy(&s->assoc, bytes, sizeof bytes);
    for (size_t i = 0; i < message.len; i++) {
        assert_int_equal(bytes[i], first + i / 1000);
    }
    floe_sctp_assoc_release(&s->assoc);
    floe_sctp_assoc_check_invariants(&s->assoc);
    return message;
}

static void expect_nothing_held(void)
{
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(s->assoc.reassembly.arena.free, s->assoc.reassembly.arena.count);
}

static void test_sctp_interleave_parts_of_two_streams_are_read_by_turns(void **state)
{
    (void)state;
    for (uint32_t fsn = 0; fsn < 2; fsn++) {
        give(2 * fsn, fsn == 0 ? B : 0, 1, 0, fsn);
        give(2 * fsn + 1, fsn == 0 ? B | U : U, 2, 0, fsn);
    }
    assert_true(expect(1, 0, 2).has_more);
    assert_true(expect(2, 0, 2).has_more);
    give(4, U, 2, 0, 2);
    give(5, 0, 1, 0, 2);
    assert_true(expect(2, 2, 1).has_more);
    assert_true(expect(1, 2, 1).has_more);
    give(6, E, 1, 0, 3);
    give(7, E | U, 2, 0, 3);
    assert_false(expect(1, 3, 1).has_more);
    give(8, B | E, 1, 1, 0); /* the next one's turn has come */
    (void)expect(2, 3, 1);
    (void)expect(1, 0, 1);
    expect_nothing_held();
}

static void test_sctp_interleave_parts_out_of_order_go_on_when_the_hole_is_filled(void **state)
{
    (void)state;
    give(0, B, 1, 0, 0);
    give(1, 0, 1, 0, 1);
    (void)expect(1, 0, 2);
    give(4, E, 1, 0, 4);
    give(3, 0, 1, 0, 3);
    assert_int_equal(solo_read(s), 0);
    give(2, 0, 1, 0, 2);
    assert_false(expect(1, 2, 3).has_more);
    expect_nothing_held();
}

static void test_sctp_interleave_parts_more_joins_what_is_looked_at(void **state)
{
    (void)state;
    give(0, B, 1, 0, 0);
    give(1, 0, 1, 0, 1);
    floe_sctp_recv message;
    assert_true(floe_sctp_assoc_peek(&s->assoc, &message));
    give(2, 0, 1, 0, 2);
    give(3, E, 1, 0, 3);
    give(4, B, 1, 1, 0);
    give(5, 0, 1, 1, 1); /* the next one opens before the rest of this is read */
    floe_sctp_assoc_release_part(&s->assoc, message.len);
    floe_sctp_assoc_check_invariants(&s->assoc);
    assert_false(expect(1, 2, 2).has_more);
    assert_true(expect(1, 0, 2).has_more);
    give(6, E, 1, 1, 2);
    (void)expect(1, 2, 1);
    expect_nothing_held();
}

static void test_sctp_interleave_parts_given_up_are_cut_and_the_next_is_whole(void **state)
{
    (void)state;
    give(0, B, 1, 0, 0);
    give(1, 0, 1, 0, 1);
    give(3, 0, 1, 0, 3); /* never to be joined */
    give(4, B | E, 1, 1, 0);
    assert_true(expect(1, 0, 2).has_more);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0, "fffffff3 0001 0000 00000000");
    assert_true(expect(1, 2, 0).is_cut);
    (void)expect(1, 0, 1);
    expect_nothing_held();
}

static void test_sctp_interleave_parts_of_a_later_message_wait_for_their_turn(void **state)
{
    (void)state;
    give(1, B, 1, 1, 0);
    give(2, 0, 1, 1, 1);
    give(3, 0, 1, 1, 2);
    assert_int_equal(solo_read(s), 0);
    give(0, B | E, 1, 0, 0);
    (void)expect(1, 0, 1);
    assert_true(expect(1, 0, 3).has_more);
}

static void test_sctp_interleave_parts_are_shown_when_memory_is_full_of_beginnings(void **state)
{
    (void)state;
    uint32_t read = 0;
    for (uint32_t n = 0; n < 200; n++) { /* no message becomes as long as parts_from */
        give(n, B, (uint16_t)(n % 100), n / 100, 0);
        if (n >= 100) {
            continue;
        }
        floe_sctp_recv message;
        while (floe_sctp_assoc_peek(&s->assoc, &message)) {
            floe_sctp_assoc_release(&s->assoc);
            read++;
        }
    }
    assert_true(read > 0);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_interleave_parts_of_two_streams_are_read_by_turns, set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_parts_out_of_order_go_on_when_the_hole_is_filled, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_parts_more_joins_what_is_looked_at, set_up),
        cmocka_unit_test_setup(test_sctp_interleave_parts_given_up_are_cut_and_the_next_is_whole,
                               set_up),
        cmocka_unit_test_setup(test_sctp_interleave_parts_of_a_later_message_wait_for_their_turn,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_interleave_parts_are_shown_when_memory_is_full_of_beginnings, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
