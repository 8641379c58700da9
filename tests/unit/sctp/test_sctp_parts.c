/* A message that is sent part by part: sctp/sctp_parts.c. */
#include "sctp/sctp_parts.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_PARTS

#define STREAM 3
static const floe_sctp_send begin = {.stream = STREAM, .ppid = 53};

static sctp_solo *new_solo(void)
{
    static sctp_solo solo;
    solo_establish(&solo);
    return &solo;
}

static floe_err write_part(sctp_solo *s, size_t len, bool is_last)
{
    static uint8_t bytes[70000];
    floe_err err = floe_sctp_assoc_write(&s->assoc, STREAM, (floe_bytes){bytes, len}, is_last);
    solo_drain(s);
    return err;
}

static void test_sctp_parts_are_one_message_on_the_wire(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    floe_sctp_data first = solo_data(s, 0);
    assert_int_equal(first.payload.len, 99); /* one byte waits */
    assert_int_equal(first.flags & 3, FLOE_SCTP_FLAG_BEGIN);
    assert_int_equal(write_part(s, 50, false), FLOE_OK);
    floe_sctp_data middle = solo_data(s, 0);
    assert_int_equal(middle.payload.len, 50);
    assert_int_equal(middle.flags & 3, 0);
    assert_int_equal(write_part(s, 0, true), FLOE_OK);
    floe_sctp_data last = solo_data(s, 0);
    assert_int_equal(last.payload.len, 1);
    assert_int_equal(last.flags & 3, FLOE_SCTP_FLAG_END);
    assert_int_equal(first.ssn, last.ssn);
    assert_int_equal(first.ppid, last.ppid);
    assert_int_equal(last.tsn, first.tsn + 2);
    assert_int_equal(solo_stats(s).messages_sent, 1);
}

static void test_sctp_parts_single_part_is_a_message_as_any_other(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 1, false), FLOE_OK);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0);
    assert_int_equal(write_part(s, 9, true), FLOE_OK);
    assert_int_equal(solo_data(s, 0).flags & 3, FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END);
    assert_int_equal(solo_data(s, 0).payload.len, 10);
    assert_false(floe_sctp_assoc_is_writing(&s->assoc, STREAM));
}

static void test_sctp_parts_others_wait_until_the_last_byte_is_sent(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_E_AGAIN);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(solo_send(s, 10), FLOE_E_AGAIN);
    assert_int_equal(write_part(s, 100, true), FLOE_OK);
    (void)solo_expect(s, FLOE_SCTP_EV_WRITABLE);
    assert_int_equal(solo_send(s, 10), FLOE_OK);
}

static void test_sctp_parts_begin_behind_what_was_queued_before(void **state)
{
    (void)state;
    static sctp_solo solo;
    sctp_solo *s = &solo;
    static uint8_t bytes[1000];
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(solo_send(s, 10), FLOE_E_AGAIN);
    floe_bytes part = {bytes, sizeof bytes};
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, STREAM, part, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, STREAM, part, true), FLOE_OK);
    assert_int_equal(solo_send(s, 10), FLOE_E_AGAIN); /* it is not sent yet */
    solo_connect(s, 1 << 20);
    assert_int_equal(solo_send(s, 10), FLOE_OK);
}

static void test_sctp_parts_abort_tells_the_peer_where_it_ends(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 3000, false), FLOE_OK);
    uint32_t sent = solo_count(s, FLOE_SCTP_CHUNK_DATA);
    assert_int_equal(solo_give_sack(s, sent, 1 << 20, NULL, 0), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, STREAM), 0);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, STREAM), FLOE_OK);
    solo_drain(s);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), s->tsn + sent); /* a TSN for its end */
    assert_int_equal(floe_load_u16(chunk.value.ptr + 4), STREAM);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    assert_int_equal(write_part(s, 10, true), FLOE_E_STATE);
    assert_int_equal(solo_send(s, 10), FLOE_OK);
}

static void test_sctp_parts_abort_before_anything_was_sent_says_nothing(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 1, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, STREAM), FLOE_OK);
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, STREAM), FLOE_E_STATE);
}

static void test_sctp_parts_abort_for_want_of_room_is_told_when_there_is_room(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(solo_give_sack(s, 0, 0, NULL, 0), FLOE_OK); /* the peer takes nothing */
    assert_int_equal(solo_send(s, 60000), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 10000, false), FLOE_E_AGAIN);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, STREAM), FLOE_OK);
    solo_expect_no_event(s); /* or who begins again, is refused again, without end */
    assert_int_equal(solo_give_sack(s, 0, 1 << 20, NULL, 0), FLOE_OK);
    for (uint32_t n = 0; floe_sctp_assoc_get_buffered(&s->assoc, 1) > 0; n++) {
        assert_true(n < 100);
        uint32_t sent = s->assoc.outstanding.next_tsn - s->tsn;
        assert_int_equal(solo_give_sack(s, sent, 1 << 20, NULL, 0), FLOE_OK);
    }
    (void)solo_expect(s, FLOE_SCTP_EV_WRITABLE);
}

static void test_sctp_parts_abort_behind_others_waits_for_its_turn(void **state)
{
    (void)state;
    static sctp_solo solo;
    sctp_solo *s = &solo;
    solo_init(s, NULL);
    assert_int_equal(solo_send(s, 10), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 500, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, STREAM), FLOE_OK);
    floe_sctp_assoc_check_invariants(&s->assoc);
    solo_connect(s, 1 << 20);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    assert_int_equal(solo_stats(s).messages_sent, 1);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, STREAM), 0);
}

static void test_sctp_parts_too_big_in_the_middle_leaves_it_as_it_is(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    floe_sctp_assoc_set_remote_message_max(&s->assoc, 1000);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 900, false), FLOE_OK);
    assert_int_equal(write_part(s, 101, false), FLOE_E_TOO_BIG);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(write_part(s, 1, true), FLOE_E_TOO_BIG);
    assert_int_equal(write_part(s, 0, true), FLOE_OK);
    assert_int_equal(solo_stats(s).messages_sent, 1);
}

static void test_sctp_parts_part_beyond_the_send_buffer_is_too_big(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    floe_sctp_assoc_set_remote_message_max(&s->assoc, UINT32_MAX);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 66000, false), FLOE_E_TOO_BIG);
    assert_int_equal(write_part(s, 0, false), FLOE_E_ARG);
    assert_int_equal(write_part(s, 0, true), FLOE_E_ARG);
    assert_int_equal(write_part(s, 10, true), FLOE_OK);
}

static void test_sctp_parts_lifetime_ends_the_whole_of_it(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    floe_sctp_send limited = begin;
    limited.has_lifetime = true;
    limited.lifetime_ms = 100;
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &limited), FLOE_OK);
    assert_int_equal(write_part(s, 3000, false), FLOE_OK);
    assert_int_equal(solo_send(s, 10), FLOE_E_AGAIN);
    solo_advance(s, 101 * FLOE_MS); /* nobody writes */
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    (void)solo_expect(s, FLOE_SCTP_EV_WRITABLE);
    assert_int_equal(write_part(s, 10, true), FLOE_E_STATE);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
}

static void test_sctp_parts_last_chance_that_is_lost_ends_all_parts(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    floe_sctp_send limited = begin;
    limited.has_max_retransmits = true;
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &limited), FLOE_OK);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(write_part(s, 100, true), FLOE_OK);
    solo_timeout(s);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), s->tsn + 2); /* it was ended: no TSN more */
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, STREAM), 0);
}

static void test_sctp_parts_need_a_peer_that_can_be_told(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    s->assoc.has_forward_tsn = false;
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_E_UNSUPPORTED);
}

static void test_sctp_parts_refuse_a_question_for_their_fate(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    floe_sctp_send asking = begin;
    asking.wants_fate = true;
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &asking), FLOE_E_ARG);
}

static void test_sctp_parts_reset_of_the_stream_aborts_the_message(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, STREAM), FLOE_OK);
    solo_drain(s);
    assert_int_equal(write_part(s, 10, true), FLOE_E_STATE);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
}

static void test_sctp_parts_shutdown_aborts_the_message(void **state)
{
    (void)state;
    sctp_solo *s = new_solo();
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &begin), FLOE_OK);
    assert_int_equal(write_part(s, 100, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_OK);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    assert_int_equal(write_part(s, 10, true), FLOE_E_STATE);
    assert_int_equal(solo_give_sack(s, 2, 1 << 20, NULL, 0), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_SHUTDOWN_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_parts_are_one_message_on_the_wire),
        cmocka_unit_test(test_sctp_parts_single_part_is_a_message_as_any_other),
        cmocka_unit_test(test_sctp_parts_others_wait_until_the_last_byte_is_sent),
        cmocka_unit_test(test_sctp_parts_begin_behind_what_was_queued_before),
        cmocka_unit_test(test_sctp_parts_abort_tells_the_peer_where_it_ends),
        cmocka_unit_test(test_sctp_parts_abort_before_anything_was_sent_says_nothing),
        cmocka_unit_test(test_sctp_parts_abort_for_want_of_room_is_told_when_there_is_room),
        cmocka_unit_test(test_sctp_parts_abort_behind_others_waits_for_its_turn),
        cmocka_unit_test(test_sctp_parts_too_big_in_the_middle_leaves_it_as_it_is),
        cmocka_unit_test(test_sctp_parts_part_beyond_the_send_buffer_is_too_big),
        cmocka_unit_test(test_sctp_parts_lifetime_ends_the_whole_of_it),
        cmocka_unit_test(test_sctp_parts_last_chance_that_is_lost_ends_all_parts),
        cmocka_unit_test(test_sctp_parts_need_a_peer_that_can_be_told),
        cmocka_unit_test(test_sctp_parts_refuse_a_question_for_their_fate),
        cmocka_unit_test(test_sctp_parts_reset_of_the_stream_aborts_the_message),
        cmocka_unit_test(test_sctp_parts_shutdown_aborts_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
