/* Tests of sctp/sctp_reset.c: the streams that the peer resets (RFC 6525). */
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define WHOLE       (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)
#define PERFORMED   1u
#define DENIED      2u
#define WRONG_SSN   3u
#define BUSY        4u
#define BAD_SEQ     5u
#define IN_PROGRESS 6u

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void put_outgoing(uint32_t seq, uint32_t tsn, const uint16_t *ids, size_t count)
{
    uint8_t value[512];
    floe_store_u32(value, SOLO_TSN + seq);
    floe_store_u32(value + 4, s->tsn - 1);
    floe_store_u32(value + 8, SOLO_TSN - 1 + tsn);
    for (size_t i = 0; i < count; i++) {
        floe_store_u16(value + 12 + 2 * i, ids[i]);
    }
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
    floe_sctp_param_put(&s->w, FLOE_SCTP_PARAM_RESET_OUTGOING, (floe_bytes){value, 12 + 2 * count});
    floe_sctp_chunk_end(&s->w, begin);
}

/* A request of the peer; `seq` counts its requests, `tsn` its chunks so far. */
static void ask(uint32_t seq, uint32_t tsn, const uint16_t *ids, size_t count)
{
    solo_begin(s, s->tag);
    put_outgoing(seq, tsn, ids, count);
    assert_int_equal(solo_give(s), FLOE_OK);
}

/* The result in the last step, for the request of that number. */
static uint32_t result_of(uint32_t seq)
{
    floe_bytes list = solo_chunk(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0).value;
    floe_sctp_param param;
    while (floe_sctp_param_next(&list, &param)) {
        assert_int_equal(param.type, FLOE_SCTP_PARAM_RESET_RESPONSE);
        if (floe_load_u32(param.value.ptr) == SOLO_TSN + seq) {
            return floe_load_u32(param.value.ptr + 4);
        }
    }
    fail_msg("no response to request %u", seq);
    return 0;
}

static const uint16_t five[] = {5};

static void test_sctp_reset_by_the_peer_is_performed_and_reported(void **state)
{
    (void)state;
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    assert_int_equal(solo_read(s), 10);
    ask(0, 1, five, 1);
    assert_int_equal(result_of(0), PERFORMED);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_STREAM_RESET).stream, 5);
    (void)solo_give_data(s, 1, WHOLE, 5, 0, 20);
    assert_int_equal(solo_read(s), 20);
}

static void test_sctp_reset_by_the_peer_of_a_stream_without_data_is_reported(void **state)
{
    (void)state;
    ask(0, 0, five, 1);
    assert_int_equal(result_of(0), PERFORMED);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_STREAM_RESET).stream, 5);
    assert_int_equal(s->assoc.streams.count, 0);
}

static void test_sctp_reset_by_the_peer_waits_for_what_was_sent_before(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, WHOLE, 5, 1, 20);
    ask(0, 2, five, 1); /* the first has not come */
    assert_int_equal(result_of(0), IN_PROGRESS);
    solo_expect_no_event(s);
    ask(0, 2, five, 1);
    assert_int_equal(result_of(0), IN_PROGRESS);
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    assert_int_equal(solo_read(s), 10);
    assert_int_equal(solo_read(s), 20);
    solo_drain(s);
    assert_int_equal(result_of(0), PERFORMED); /* by itself */
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
    ask(0, 2, five, 1);
    assert_int_equal(result_of(0), PERFORMED); /* and when asked again */
    solo_expect_no_event(s);
}

static void test_sctp_reset_by_the_peer_waits_until_the_messages_were_read(void **state)
{
    (void)state;
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    ask(0, 1, five, 1);
    assert_int_equal(result_of(0), IN_PROGRESS);
    solo_expect_no_event(s);
    assert_int_equal(solo_read(s), 10);
    solo_drain(s);
    assert_int_equal(result_of(0), PERFORMED);
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
}

static void test_sctp_messages_after_a_reset_are_hidden_until_it_was_reported(void **state)
{
    (void)state;
    /* sctp-proto#37: the peer uses the stream again before we know that it was reset. */
    ask(0, 0, five, 1);
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    assert_int_equal(solo_read(s), 0);
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_reset_by_the_peer_that_is_repeated_gets_the_same_answer(void **state)
{
    (void)state;
    ask(0, 0, five, 1);
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    ask(0, 0, five, 1);
    assert_int_equal(result_of(0), PERFORMED);
    solo_expect_no_event(s); /* and is not performed again */
    assert_int_equal(solo_read(s), 10);
    (void)solo_give_data(s, 1, WHOLE, 5, 1, 10);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_reset_by_the_peer_with_a_wrong_number_is_refused(void **state)
{
    (void)state;
    ask(1, 0, five, 1);
    assert_int_equal(result_of(1), BAD_SEQ);
    ask(0xFFFFFFFEu, 0, five, 1);
    assert_int_equal(result_of(0xFFFFFFFEu), BAD_SEQ);
    solo_expect_no_event(s);
    ask(0, 0, five, 1);
    assert_int_equal(result_of(0), PERFORMED);
}

static void test_sctp_reset_by_the_peer_of_a_stream_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    static const uint16_t ids[] = {5, 1024};
    ask(0, 0, ids, 2);
    assert_int_equal(result_of(0), WRONG_SSN);
    solo_expect_no_event(s);
    ask(1, 0, five, 1);
    assert_int_equal(result_of(1), PERFORMED);
}

static void test_sctp_reset_by_the_peer_without_a_list_is_for_all_streams(void **state)
{
    (void)state;
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10);
    (void)solo_give_data(s, 1, WHOLE, 6, 0, 10);
    ask(0, 2, NULL, 0);
    assert_int_equal(result_of(0), IN_PROGRESS);
    (void)solo_read(s);
    (void)solo_read(s);
    solo_drain(s);
    assert_int_equal(result_of(0), PERFORMED);
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
    (void)solo_expect(s, FLOE_SCTP_EV_STREAM_RESET);
    solo_expect_no_event(s);
}

static void test_sctp_new_reset_takes_the_place_of_one_that_waits(void **state)
{
    (void)state;
    static const uint16_t six[] = {6};
    ask(0, 3, five, 1);
    assert_int_equal(result_of(0), IN_PROGRESS);
    ask(1, 0, six, 1);
    assert_int_equal(result_of(1), PERFORMED);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_STREAM_RESET).stream, 6);
    for (uint32_t i = 0; i < 3; i++) {
        (void)solo_give_data(s, i, WHOLE, 5, (uint16_t)i, 10);
        (void)solo_read(s);
    }
    solo_expect_no_event(s);
}

static void test_sctp_flood_of_resets_is_bounded(void **state)
{
    (void)state;
    /* pion: requests were kept in a list without a limit. */
    uint16_t ids[200];
    for (uint32_t round = 0; round < 500; round++) {
        for (uint16_t i = 0; i < 200; i++) {
            ids[i] = (uint16_t)((round * 200 + i) % 1024);
        }
        solo_begin(s, s->tag);
        put_outgoing(round, 1000, ids, 200); /* each has to wait */
        assert_int_equal(solo_give_part(s), FLOE_OK);
    }
    floe_sctp_assoc_input_end(&s->assoc);
    solo_drain(s);
    assert_true(s->out_count <= 2);
    assert_true(s->assoc.streams.count <= FLOE_SCTP_STREAM_MAX);
    solo_expect_no_event(s);
}

static void
test_sctp_resets_of_more_streams_than_there_is_state_for_report_what_they_can(void **state)
{
    (void)state;
    uint16_t ids[200];
    for (uint16_t i = 0; i < 200; i++) {
        ids[i] = i;
    }
    ask(0, 0, ids, 200);
    assert_int_equal(result_of(0), PERFORMED);
    floe_sctp_event event;
    uint32_t count = 0;
    while (floe_sctp_assoc_poll_event(&s->assoc, &event)) {
        assert_int_equal(event.type, FLOE_SCTP_EV_STREAM_RESET);
        count++;
    }
    assert_int_equal(count, FLOE_SCTP_STREAM_MAX < 200 ? FLOE_SCTP_STREAM_MAX : 200);
}

static void test_sctp_other_requests_are_denied(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, "000e000a fffffff0 0005 0000");
    assert_int_equal(result_of(0), DENIED); /* reset our streams */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, "000f0008 fffffff1");
    assert_int_equal(result_of(1), DENIED); /* reset all TSNs */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, "0012000c fffffff2 0010 0000");
    assert_int_equal(result_of(2), DENIED); /* add streams of ours */
}

static void test_sctp_more_streams_of_the_peer_are_granted(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, "0011000c fffffff0 0010 0000");
    assert_int_equal(result_of(0), PERFORMED);
    (void)solo_give_data(s, 0, WHOLE, 1024 + 15, 0, 10);
    assert_int_equal(solo_read(s), 10);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, "0011000c fffffff1 ffff 0000");
    assert_int_equal(result_of(1), DENIED);
}

static void test_sctp_two_requests_in_a_chunk_get_two_responses(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0,
                        "000d0012 fffffff0 00000000 ffffffef 0005 0000 000e000a fffffff1 0005");
    assert_int_equal(result_of(0), PERFORMED);
    assert_int_equal(result_of(1), DENIED);
}

static void test_sctp_reconfig_that_is_too_short_is_dropped(void **state)
{
    (void)state;
    static const char *const values[] = {"000d000cfffffff000000000", "000e0007ffffff00",
                                         "0011000afffffff00001", "00100008fffffff0", "000d0004"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0, values[i]);
        assert_int_equal(s->out_count, 0);
    }
    ask(0, 0, five, 1);
    assert_int_equal(result_of(0), PERFORMED); /* the number was not used up */
}

static void test_sctp_unknown_reconfig_parameters_go_by_their_upper_bits(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0,
                        "80ff0004 000d0012 fffffff0 00000000 ffffffef 0005");
    assert_int_equal(result_of(0), PERFORMED); /* skipped */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0,
                        "40ff0004 000d0012 fffffff1 00000000 ffffffef 0005");
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_RE_CONFIG), 0); /* stopped, and reported */
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_memory_equal(chunk.value.ptr, "\0\x08\0\x08\x40\xff\0\x04", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_is_performed_and_reported, set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_of_a_stream_without_data_is_reported,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_waits_for_what_was_sent_before, set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_waits_until_the_messages_were_read,
                               set_up),
        cmocka_unit_test_setup(test_sctp_messages_after_a_reset_are_hidden_until_it_was_reported,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_that_is_repeated_gets_the_same_answer,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_with_a_wrong_number_is_refused, set_up),
        cmocka_unit_test_setup(
            test_sctp_reset_by_the_peer_of_a_stream_that_does_not_exist_is_refused, set_up),
        cmocka_unit_test_setup(test_sctp_reset_by_the_peer_without_a_list_is_for_all_streams,
                               set_up),
        cmocka_unit_test_setup(test_sctp_new_reset_takes_the_place_of_one_that_waits, set_up),
        cmocka_unit_test_setup(test_sctp_flood_of_resets_is_bounded, set_up),
        cmocka_unit_test_setup(
            test_sctp_resets_of_more_streams_than_there_is_state_for_report_what_they_can, set_up),
        cmocka_unit_test_setup(test_sctp_other_requests_are_denied, set_up),
        cmocka_unit_test_setup(test_sctp_more_streams_of_the_peer_are_granted, set_up),
        cmocka_unit_test_setup(test_sctp_two_requests_in_a_chunk_get_two_responses, set_up),
        cmocka_unit_test_setup(test_sctp_reconfig_that_is_too_short_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_unknown_reconfig_parameters_go_by_their_upper_bits,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
