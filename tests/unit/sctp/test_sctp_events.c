/* Tests of sctp/sctp_events.c: events, and messages for the reader. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#define WHOLE (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void test_sctp_events_send_that_finds_no_room_is_told_when_there_is(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 0, NULL, 0);
    while (solo_send(s, 1000) == FLOE_OK) {
    }
    assert_int_equal(solo_send(s, 1000), FLOE_E_AGAIN);
    size_t before = floe_sctp_assoc_get_buffered(&s->assoc, 1);
    assert_int_equal(before % 1000, 0);
    solo_expect_no_event(s);
    solo_drain(s);
    solo_timeout(s); /* a probe */
    (void)solo_give_sack(s, 1, 0, NULL, 0);
    (void)solo_expect(s, FLOE_SCTP_EV_WRITABLE);
    solo_expect_no_event(s);
    assert_int_equal(solo_send(s, 1000), FLOE_OK);
    assert_int_equal(solo_send(s, 1000), FLOE_E_AGAIN);
}

static void test_sctp_events_writable_waits_for_room_for_the_refused_message(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 0, NULL, 0);
    while (solo_send(s, 1000) == FLOE_OK) {
    }
    assert_int_equal(solo_send(s, 5000), FLOE_E_AGAIN);
    for (uint32_t i = 1; i <= 4; i++) {
        (void)solo_give_sack(s, i - 1, 1100, NULL, 0); /* one at a time */
        solo_expect_no_event(s);
        (void)solo_give_sack(s, i, 0, NULL, 0);
    }
    (void)solo_give_sack(s, 4, 1100, NULL, 0);
    (void)solo_give_sack(s, 5, 0, NULL, 0);
    (void)solo_expect(s, FLOE_SCTP_EV_WRITABLE);
    assert_int_equal(solo_send(s, 5000), FLOE_OK);
}

static void test_sctp_events_low_event_comes_at_the_threshold(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_set_low_threshold(&s->assoc, 1, 1000), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_set_low_threshold(&s->assoc, 65535, 1), FLOE_E_ARG);
    assert_int_equal(solo_send(s, 3000), FLOE_OK);
    solo_drain(s);
    (void)solo_give_sack(s, 1, 10000, NULL, 0);
    solo_expect_no_event(s);
    (void)solo_give_sack(s, 2, 10000, NULL, 0);
    (void)solo_expect(s, FLOE_SCTP_EV_BUFFERED_LOW);
    (void)solo_give_sack(s, 3, 10000, NULL, 0);
    solo_expect_no_event(s);
}

static void test_sctp_events_peek_and_view_look_without_taking(void **state)
{
    (void)state;
    floe_sctp_recv message;
    assert_false(floe_sctp_assoc_peek(&s->assoc, &message));
    assert_int_equal(floe_sctp_assoc_view(&s->assoc, 0).len, 0);
    floe_sctp_assoc_release(&s->assoc); /* of nothing */
    (void)solo_give_data(s, 0, WHOLE | FLOE_SCTP_FLAG_UNORDERED, 9, 7, 100);
    for (int i = 0; i < 2; i++) {
        assert_true(floe_sctp_assoc_peek(&s->assoc, &message));
        assert_int_equal(message.stream, 9);
        assert_int_equal(message.ppid, 53);
        assert_int_equal(message.len, 100);
        assert_true(message.is_unordered);
        assert_int_equal(floe_sctp_assoc_view(&s->assoc, 0).len, 100);
        assert_int_equal(floe_sctp_assoc_view(&s->assoc, 60).len, 40);
        assert_int_equal(floe_sctp_assoc_view(&s->assoc, 100).len, 0);
        assert_int_equal(floe_sctp_assoc_view(&s->assoc, SIZE_MAX).len, 0);
    }
    floe_sctp_assoc_release(&s->assoc);
    assert_false(floe_sctp_assoc_peek(&s->assoc, &message));
}

static void test_sctp_events_of_many_streams_come_once_each_and_before_the_end(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_STREAM_MAX >= 64);
    (void)state;
    for (uint16_t i = 0; i < 50; i++) {
        assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = i}, 10), FLOE_OK);
    }
    solo_drain(s);
    (void)solo_give_sack(s, 50, 1 << 20, NULL, 0);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ABORT, 0, "");
    for (uint16_t i = 0; i < 50; i++) {
        assert_int_equal(solo_expect(s, FLOE_SCTP_EV_BUFFERED_LOW).stream, i);
    }
    (void)solo_expect(s, FLOE_SCTP_EV_CLOSED);
    solo_expect_no_event(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_events_send_that_finds_no_room_is_told_when_there_is,
                               set_up),
        cmocka_unit_test_setup(test_sctp_events_writable_waits_for_room_for_the_refused_message,
                               set_up),
        cmocka_unit_test_setup(test_sctp_events_low_event_comes_at_the_threshold, set_up),
        cmocka_unit_test_setup(test_sctp_events_peek_and_view_look_without_taking, set_up),
        cmocka_unit_test_setup(test_sctp_events_of_many_streams_come_once_each_and_before_the_end,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
