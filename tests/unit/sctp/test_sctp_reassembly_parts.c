/* Tests of sctp/sctp_reassembly_parts.c: messages that are read as they arrive. */
#include "sctp/sctp_reassembly.h"

#include "support/sctp_solo.h"
#include "support/unit.h"

#include <stdio.h>

#if FLOE_SCTP_PARTS

#define B   FLOE_SCTP_FLAG_BEGIN
#define E   FLOE_SCTP_FLAG_END
#define U   FLOE_SCTP_FLAG_UNORDERED
#define LEN 1000u /* of a chunk */

static sctp_solo solo;

static void configure(floe_sctp_config *config)
{
    config->recv_buffer.len = 16384;
    config->parts_from = 2500;
    config->message_max = UINT32_MAX;
}

static int set_up(void **state)
{
    solo_init(&solo, configure);
    solo_connect(&solo, 1 << 20);
    *state = &solo;
    return 0;
}

static void give(sctp_solo *s, uint32_t tsn, uint8_t flags)
{
    assert_int_equal(solo_give_data(s, tsn, flags, 1, 0, LEN), FLOE_OK);
}

static floe_sctp_recv peek(const sctp_solo *s)
{
    floe_sctp_recv message;
    assert_true(floe_sctp_assoc_peek(&s->assoc, &message));
    return message;
}

/* Look at the first message, and release it. */
static floe_sctp_recv take(sctp_solo *s)
{
    floe_sctp_recv message = peek(s);
    floe_sctp_assoc_release(&s->assoc);
    floe_sctp_assoc_check_invariants(&s->assoc);
    return message;
}

static bool is_any(const sctp_solo *s)
{
    floe_sctp_recv message;
    return floe_sctp_assoc_peek(&s->assoc, &message);
}

static void give_forward(sctp_solo *s, uint32_t cum, uint16_t stream, uint16_t ssn)
{
    char hex[32];
    (void)snprintf(hex, sizeof hex, "%08x%04x%04x", (unsigned)(SOLO_TSN + cum), stream, ssn);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0, hex), FLOE_OK);
}

static void test_sctp_reassembly_parts_short_message_is_shown_whole(void **state)
{
    sctp_solo *s = *state;
    give(s, 0, B);
    give(s, 1, 0);
    assert_false(is_any(s));
    assert_int_equal(solo_give_data(s, 2, E, 1, 0, 100), FLOE_OK);
    floe_sctp_recv message = take(s);
    assert_int_equal(message.len, 2 * LEN + 100);
    assert_true(message.offset == 0 && !message.has_more && !message.is_cut);
}

static void test_sctp_reassembly_parts_long_message_is_shown_as_it_arrives(void **state)
{
    sctp_solo *s = *state;
    give(s, 0, B);
    give(s, 1, 0);
    give(s, 2, 0);
    floe_sctp_recv first = take(s);
    assert_true(first.has_more && first.offset == 0 && first.len == 3 * LEN);
    assert_false(is_any(s));
    give(s, 3, 0);
    floe_sctp_recv second = take(s);
    assert_true(second.has_more && second.offset == 3 * LEN && second.len == LEN);
    give(s, 4, E);
    floe_sctp_recv last = take(s);
    assert_true(!last.has_more && last.offset == 4 * LEN && last.len == LEN);
    assert_false(is_any(s));
    assert_int_equal(solo_stats(s).messages_received, 1);
    assert_int_equal(s->assoc.reassembly.arena.free, s->assoc.reassembly.arena.count);
}

static void test_sctp_reassembly_parts_what_comes_while_one_looks_is_shown_next(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    floe_sctp_recv shown = peek(s);
    give(s, 3, 0);
    give(s, 4, E);
    floe_sctp_assoc_release_part(&s->assoc, shown.len);
    floe_sctp_assoc_check_invariants(&s->assoc);
    floe_sctp_recv rest = take(s);
    assert_true(!rest.has_more && rest.offset == 3 * LEN && rest.len == 2 * LEN);
}

static void test_sctp_reassembly_parts_chunks_beyond_a_gap_join_when_it_is_filled(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    (void)take(s);
    give(s, 5, E);
    give(s, 4, 0);
    assert_false(is_any(s));
    give(s, 3, 0);
    floe_sctp_recv rest = take(s);
    assert_true(!rest.has_more && rest.offset == 3 * LEN && rest.len == 3 * LEN);
}

static void test_sctp_reassembly_parts_others_are_read_while_it_waits(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    (void)take(s);
    assert_int_equal(solo_give_data(s, 5, B | E, 2, 0, 10), FLOE_OK);
    floe_sctp_recv other = take(s);
    assert_true(other.stream == 2 && other.offset == 0 && !other.has_more);
    give(s, 3, 0);
    give(s, 4, E);
    assert_int_equal(take(s).offset, 3 * LEN);
}

static void test_sctp_reassembly_parts_next_of_the_stream_comes_after_it(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    assert_int_equal(solo_give_data(s, 4, B | E, 1, 1, 10), FLOE_OK);
    give(s, 3, E);
    assert_int_equal(take(s).len, 4 * LEN);
    assert_int_equal(take(s).len, 10);
}

static void test_sctp_reassembly_parts_given_up_message_is_told_as_cut(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    (void)take(s);
    give_forward(s, 3, 1, 0);
    floe_sctp_recv cut = take(s);
    assert_true(cut.is_cut && !cut.has_more && cut.len == 0 && cut.offset == 3 * LEN);
    assert_int_equal(solo_give_data(s, 4, B | E, 1, 1, 10), FLOE_OK);
    assert_int_equal(take(s).len, 10);
    assert_int_equal(s->assoc.reassembly.arena.free, s->assoc.reassembly.arena.count);
}

static void test_sctp_reassembly_parts_cut_while_one_looks_is_told_after_it(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    floe_sctp_recv shown = peek(s);
    give_forward(s, 3, 1, 0);
    floe_sctp_assoc_release_part(&s->assoc, shown.len);
    floe_sctp_assoc_check_invariants(&s->assoc);
    floe_sctp_recv cut = take(s);
    assert_true(cut.is_cut && cut.len == 0 && cut.offset == 3 * LEN);
    assert_false(is_any(s));
}

static void test_sctp_reassembly_parts_cut_is_told_before_the_next_message_begins(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    floe_sctp_recv shown = peek(s);
    give_forward(s, 3, 1, 0);
    for (uint32_t tsn = 4; tsn < 7; tsn++) {
        assert_int_equal(solo_give_data(s, tsn, tsn == 4 ? B : 0, 1, 1, LEN), FLOE_OK);
    }
    floe_sctp_assoc_release_part(&s->assoc, shown.len);
    floe_sctp_assoc_check_invariants(&s->assoc);
    floe_sctp_recv cut = take(s);
    assert_true(cut.is_cut && cut.len == 0 && cut.offset == 3 * LEN);
    floe_sctp_recv next = take(s);
    assert_true(next.has_more && next.offset == 0 && next.len == 3 * LEN);
    assert_int_equal(solo_stats(s).messages_received, 0);
    assert_int_equal(solo_give_data(s, 7, E, 1, 1, 1), FLOE_OK);
    assert_true(take(s).offset == 3 * LEN);
    assert_int_equal(solo_stats(s).messages_received, 1);
    assert_int_equal(s->assoc.reassembly.arena.free, s->assoc.reassembly.arena.count);
}

static void test_sctp_reassembly_parts_peer_that_does_not_go_on_has_cut_it(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 3; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
    }
    (void)take(s);
    assert_int_equal(solo_give_data(s, 3, B | E | U, 1, 0, 10), FLOE_OK);
    bool is_cut = false;
    for (int i = 0; i < 2; i++) {
        is_cut |= take(s).is_cut;
    }
    assert_true(is_cut);
}

static void test_sctp_reassembly_parts_slow_reader_closes_the_window_and_opens_it(void **state)
{
    sctp_solo *s = *state;
    uint32_t tsn = 0;
    do {
        give(s, tsn, tsn == 0 ? B : 0);
        tsn++;
    } while (solo_stats(s).rwnd_local > 0);
    assert_true(tsn > 8);
    uint64_t got = 0;
    for (int i = 0; i < 100; i++) {
        got += take(s).len;
        solo_drain(s);
        assert_true(solo_sack(s).rwnd > s->assoc.reassembly.capacity / 2);
        give(s, tsn++, 0);
        while (solo_stats(s).rwnd_local > 0) {
            give(s, tsn++, 0);
        }
    }
    assert_true(got > 100 * LEN * 8);
}

static void test_sctp_reassembly_parts_probes_of_a_closed_window_find_room_for_ever(void **state)
{
    sctp_solo *s = *state;
    for (uint32_t tsn = 0; tsn < 200; tsn++) { /* small ones: headers fill the memory */
        assert_int_equal(solo_give_data(s, tsn, tsn == 0 ? B : 0, 1, 0, 1), FLOE_OK);
        if (is_any(s)) {
            (void)take(s);
        }
    }
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    for (uint32_t tsn = 200; tsn < 1000; tsn++) {
        assert_int_equal(solo_give_data(s, tsn, 0, 1, 0, 1), FLOE_OK);
        if (tsn % 50 == 0 && is_any(s)) {
            (void)take(s);
        }
    }
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(s->assoc.tracker.cum, SOLO_TSN + 999);
}

static void test_sctp_reassembly_parts_limit_is_of_the_whole_message(void **state)
{
    (void)state;
    static sctp_solo limited;
    sctp_solo *s = &limited;
    solo_init(s, configure);
    s->assoc.config.message_max = 5000;
    solo_connect(s, 1 << 20);
    for (uint32_t tsn = 0; tsn < 5; tsn++) {
        give(s, tsn, tsn == 0 ? B : 0);
        if (is_any(s)) {
            (void)take(s);
        }
    }
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    give(s, 5, 0);
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sctp_reassembly_parts_short_message_is_shown_whole),
        TEST(test_sctp_reassembly_parts_long_message_is_shown_as_it_arrives),
        TEST(test_sctp_reassembly_parts_what_comes_while_one_looks_is_shown_next),
        TEST(test_sctp_reassembly_parts_chunks_beyond_a_gap_join_when_it_is_filled),
        TEST(test_sctp_reassembly_parts_others_are_read_while_it_waits),
        TEST(test_sctp_reassembly_parts_next_of_the_stream_comes_after_it),
        TEST(test_sctp_reassembly_parts_given_up_message_is_told_as_cut),
        TEST(test_sctp_reassembly_parts_cut_while_one_looks_is_told_after_it),
        TEST(test_sctp_reassembly_parts_cut_is_told_before_the_next_message_begins),
        TEST(test_sctp_reassembly_parts_peer_that_does_not_go_on_has_cut_it),
        TEST(test_sctp_reassembly_parts_slow_reader_closes_the_window_and_opens_it),
        TEST(test_sctp_reassembly_parts_probes_of_a_closed_window_find_room_for_ever),
        TEST(test_sctp_reassembly_parts_limit_is_of_the_whole_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
