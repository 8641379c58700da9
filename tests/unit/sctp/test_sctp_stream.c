/* Tests of sctp/sctp_stream.c: the table of streams and their events. */
#include "sctp/sctp_stream.h"

#include "support/unit.h"

static floe_sctp_streams streams;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_streams_init(&streams);
    return 0;
}

static void test_sctp_streams_have_no_state_before_they_are_used(void **state)
{
    (void)state;
    assert_null(floe_sctp_streams_find(&streams, 0));
    assert_null(floe_sctp_streams_peek(&streams, 65534));
    assert_int_equal(streams.count, 0);
}

static void test_sctp_streams_get_makes_one_and_finds_it_again(void **state)
{
    (void)state;
    floe_sctp_stream *stream = floe_sctp_streams_get(&streams, 7);
    assert_non_null(stream);
    assert_ptr_equal(floe_sctp_streams_get(&streams, 7), stream);
    assert_ptr_equal(floe_sctp_streams_find(&streams, 7), stream);
    assert_int_equal(stream->id, 7);
    assert_int_equal(stream->out_ssn, 0);
    assert_int_equal(streams.count, 1);
}

static void test_sctp_streams_full_table_says_so_and_keeps_what_it_has(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        /* All in one hash chain: the worst case. */
        uint16_t id = (uint16_t)(i * FLOE_SCTP_STREAM_MAX % 65535);
        assert_non_null(floe_sctp_streams_get(&streams, id));
    }
    assert_null(floe_sctp_streams_get(&streams, 65534));
    assert_non_null(floe_sctp_streams_find(&streams, FLOE_SCTP_STREAM_MAX));
}

static void test_sctp_streams_drop_an_idle_one_and_reuse_its_entry(void **state)
{
    (void)state;
    for (uint16_t round = 0; round < 1000; round++) {
        floe_sctp_stream *stream = floe_sctp_streams_get(&streams, round);
        assert_non_null(stream);
        floe_sctp_streams_drop_idle(&streams, stream);
        assert_null(floe_sctp_streams_find(&streams, round));
    }
    assert_int_equal(streams.count, 0);
}

static void test_sctp_streams_keep_one_that_anything_still_needs(void **state)
{
    (void)state;
    floe_sctp_stream *stream = floe_sctp_streams_get(&streams, 1);
    stream->flags = FLOE_SCTP_STREAM_OUT;
    floe_sctp_streams_drop_idle(&streams, stream);
    stream->flags = FLOE_SCTP_STREAM_IN_DEFERRED;
    floe_sctp_streams_drop_idle(&streams, stream);
    stream->flags = 0;
    stream->unread = 1;
    floe_sctp_streams_drop_idle(&streams, stream);
    stream->unread = 0;
    stream->wait_head = 3;
    floe_sctp_streams_drop_idle(&streams, stream);
    stream->wait_head = FLOE_SCTP_NONE;
    stream->buffered = 1;
    floe_sctp_streams_drop_idle(&streams, stream);
    assert_ptr_equal(floe_sctp_streams_find(&streams, 1), stream);
    stream->buffered = 0;
    floe_sctp_streams_drop_idle(&streams, stream);
    assert_null(floe_sctp_streams_find(&streams, 1));
}

static void test_sctp_streams_drop_from_the_middle_of_a_chain(void **state)
{
    (void)state;
    const uint16_t step = FLOE_SCTP_STREAM_MAX;
    for (uint16_t i = 0; i < 4; i++) {
        assert_non_null(floe_sctp_streams_get(&streams, (uint16_t)(i * step)));
    }
    floe_sctp_streams_drop_idle(&streams, floe_sctp_streams_find(&streams, (uint16_t)(2 * step)));
    assert_null(floe_sctp_streams_find(&streams, (uint16_t)(2 * step)));
    assert_non_null(floe_sctp_streams_find(&streams, 0));
    assert_non_null(floe_sctp_streams_find(&streams, step));
    assert_non_null(floe_sctp_streams_find(&streams, (uint16_t)(3 * step)));
}

static void test_sctp_streams_events_come_in_order_and_each_once(void **state)
{
    (void)state;
    uint16_t id = 0;
    floe_sctp_stream *a = floe_sctp_streams_get(&streams, 1);
    floe_sctp_stream *b = floe_sctp_streams_get(&streams, 2);
    floe_sctp_streams_raise(&streams, b, FLOE_SCTP_STREAM_EV_LOW);
    floe_sctp_streams_raise(&streams, a, FLOE_SCTP_STREAM_EV_DONE);
    floe_sctp_streams_raise(&streams, b, FLOE_SCTP_STREAM_EV_RESET);
    floe_sctp_streams_raise(&streams, b, FLOE_SCTP_STREAM_EV_RESET);
    assert_int_equal(streams.reset_count, 1);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), FLOE_SCTP_STREAM_EV_RESET);
    assert_int_equal(id, 2);
    assert_int_equal(streams.reset_count, 0);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), FLOE_SCTP_STREAM_EV_LOW);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), FLOE_SCTP_STREAM_EV_DONE);
    assert_int_equal(id, 1);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), 0);
    assert_int_equal(streams.count, 0); /* nothing else needed them */
}

static void test_sctp_streams_low_event_is_for_crossing_the_threshold(void **state)
{
    (void)state;
    uint16_t id;
    floe_sctp_stream *stream = floe_sctp_streams_get(&streams, 1);
    stream->flags = FLOE_SCTP_STREAM_OUT;
    stream->buffered = 100;
    stream->low_threshold = 40;
    floe_sctp_streams_drain(&streams, stream, 59);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), 0);
    floe_sctp_streams_drain(&streams, stream, 1);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), FLOE_SCTP_STREAM_EV_LOW);
    floe_sctp_streams_drain(&streams, stream, 40);
    assert_int_equal(floe_sctp_streams_next_event(&streams, &id), 0);
    assert_int_equal(stream->buffered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_streams_have_no_state_before_they_are_used, set_up),
        cmocka_unit_test_setup(test_sctp_streams_get_makes_one_and_finds_it_again, set_up),
        cmocka_unit_test_setup(test_sctp_streams_full_table_says_so_and_keeps_what_it_has, set_up),
        cmocka_unit_test_setup(test_sctp_streams_drop_an_idle_one_and_reuse_its_entry, set_up),
        cmocka_unit_test_setup(test_sctp_streams_keep_one_that_anything_still_needs, set_up),
        cmocka_unit_test_setup(test_sctp_streams_drop_from_the_middle_of_a_chain, set_up),
        cmocka_unit_test_setup(test_sctp_streams_events_come_in_order_and_each_once, set_up),
        cmocka_unit_test_setup(test_sctp_streams_low_event_is_for_crossing_the_threshold, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
