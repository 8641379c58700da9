/* Tests of sctp/sctp_control.c: HEARTBEAT, ERROR, and answers that are owed. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void ten_seconds(floe_sctp_config *config)
{
    config->heartbeat_ms = 10000;
}

static void never(floe_sctp_config *config)
{
    config->heartbeat_ms = UINT32_MAX;
}

static void three_retries(floe_sctp_config *config)
{
    config->data_retries = 3;
}

static uint32_t heartbeats(void)
{
    return solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT);
}

static void answer_heartbeat(void)
{
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0);
    uint8_t copy[64];
    size_t len = chunk.value.len;
    assert_true(len <= sizeof copy);
    memcpy(copy, chunk.value.ptr, len);
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, (floe_bytes){copy, len});
    assert_int_equal(solo_give(s), FLOE_OK);
}

static void test_sctp_heartbeat_is_answered_with_all_that_it_says(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0, "0001000a112233445566 0000 00ff0004");
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0);
    assert_int_equal(chunk.value.len, 16);
    assert_memory_equal(chunk.value.ptr, "\0\1\0\x0a\x11\x22\x33\x44\x55\x66\0\0\0\xff\0\4", 16);
}

static void test_sctp_heartbeat_too_large_to_be_kept_is_dropped(void **state)
{
    (void)state;
    /* dcSCTP f84eef9: the answer was larger than the MTU. */
    static const uint8_t zeros[FLOE_SCTP_REPLY_MAX];
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_HEARTBEAT, 0, (floe_bytes){zeros, sizeof zeros});
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_stats(s).dropped_full, 1);
}

static void test_sctp_answers_beyond_the_room_for_them_are_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        solo_begin(s, s->tag);
        floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_HEARTBEAT, 0,
                            FLOE_LIT("\0\1\0\x10"
                                     "twelve bytes"));
        assert_int_equal(solo_give_part(s), FLOE_OK);
    }
    floe_sctp_assoc_input_end(&s->assoc);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK), FLOE_SCTP_REPLY_MAX / 20);
}

static void test_sctp_idle_association_sends_a_heartbeat_and_measures_with_it(void **state)
{
    (void)state;
    solo_init(s, ten_seconds);
    solo_connect(s, 1 << 20);
    floe_time before = s->now;
    solo_timeout(s);
    floe_time wait = s->now - before;
    /* RFC 9260 section 8.3: the interval and one RTO, give or take half of that. */
    assert_true(wait >= 10 * FLOE_SECOND + 100 * FLOE_MS);
    assert_true(wait <= 10 * FLOE_SECOND + 300 * FLOE_MS);
    assert_int_equal(heartbeats(), 1);
    s->now += 130 * FLOE_MS;
    answer_heartbeat();
    assert_int_equal(solo_stats(s).srtt_us, 60000);
    solo_timeout(s);
    assert_int_equal(heartbeats(), 1);
    assert_true(s->now - before > 20 * FLOE_SECOND);
}

static void test_sctp_heartbeat_is_never_sent_where_it_is_turned_off(void **state)
{
    (void)state;
    solo_init(s, never);
    solo_connect(s, 1 << 20);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == FLOE_TIME_NEVER);
}

static void test_sctp_heartbeat_carries_another_number_each_time(void **state)
{
    (void)state;
    uint8_t first[12];
    solo_timeout(s);
    memcpy(first, solo_chunk(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0).value.ptr, sizeof first);
    answer_heartbeat();
    solo_timeout(s);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0);
    assert_memory_equal(chunk.value.ptr, first, 4);
    assert_memory_not_equal(chunk.value.ptr + 4, first + 4, 8);
}

static void test_sctp_heartbeat_ack_with_another_number_answers_nothing(void **state)
{
    (void)state;
    /* dcSCTP c6685b0: any HEARTBEAT ACK passed for a sign of life. */
    solo_init(s, three_retries);
    solo_connect(s, 1 << 20);
    for (int i = 0; i < 4; i++) {
        solo_timeout(s); /* a HEARTBEAT goes out */
        assert_int_equal(heartbeats(), 1);
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, "0001000c0000000000000000");
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, "00010004");
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, "ffffffff");
        solo_timeout(s); /* it is late */
    }
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_heartbeat_ack_ends_the_count_of_failures(void **state)
{
    (void)state;
    solo_init(s, three_retries);
    solo_connect(s, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            solo_timeout(s); /* sent */
            solo_timeout(s); /* late */
        }
        solo_timeout(s);
        answer_heartbeat();
    }
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_heartbeat_ack_that_nobody_asked_for_changes_nothing(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, "0001000c0000000000000000");
    assert_int_equal(solo_stats(s).srtt_us, 50000);
}

static void test_sctp_unanswered_heartbeats_do_not_end_the_association_by_default(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        solo_timeout(s);
    }
    assert_int_equal(floe_sctp_assoc_get_state(&s->assoc), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_new_data_takes_the_place_of_a_heartbeat(void **state)
{
    (void)state;
    solo_init(s, ten_seconds);
    solo_connect(s, 1 << 20);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(solo_send(s, 10), FLOE_OK);
        solo_drain(s);
        (void)solo_give_sack(s, i, 1 << 20, NULL, 0);
        solo_advance(s, 3 * FLOE_SECOND);
        assert_int_equal(heartbeats(), 0);
    }
    floe_time idle_since = s->now - 3 * FLOE_SECOND;
    while (heartbeats() == 0) {
        solo_timeout(s);
    }
    assert_int_equal(s->now - idle_since, 10 * FLOE_SECOND);
}

static void test_sctp_packets_of_the_peer_do_not_hold_heartbeats_back(void **state)
{
    (void)state;
    /* dcSCTP b206ab1f81: traffic one way kept the other from ever probing. */
    solo_init(s, ten_seconds);
    solo_connect(s, 1 << 20);
    uint32_t count = 0;
    for (uint32_t i = 0; i < 15; i++) {
        s->now += FLOE_SECOND;
        floe_sctp_assoc_advance(&s->assoc, s->now);
        (void)solo_give_data(s, i, 3, 1, (uint16_t)i, 10);
        (void)solo_read(s);
        count += heartbeats();
    }
    assert_int_equal(count, 1);
}

static void test_sctp_error_with_unknown_causes_is_read_and_forgotten(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ERROR, 0, "00ff000812345678 0006000401000004");
    assert_int_equal(s->out_count, 0);
    assert_int_equal(floe_sctp_assoc_get_state(&s->assoc), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_error_reads_no_further_than_its_chunk(void **state)
{
    (void)state;
    /* rtc#89: lists were bounded by the packet. */
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_ERROR, 0, FLOE_LIT("\0\xff\0\x40"));
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_ABORT, 0, (floe_bytes){NULL, 0});
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_heartbeat_is_answered_with_all_that_it_says, set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_too_large_to_be_kept_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_answers_beyond_the_room_for_them_are_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_idle_association_sends_a_heartbeat_and_measures_with_it,
                               set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_is_never_sent_where_it_is_turned_off, set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_carries_another_number_each_time, set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_ack_with_another_number_answers_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_ack_ends_the_count_of_failures, set_up),
        cmocka_unit_test_setup(test_sctp_heartbeat_ack_that_nobody_asked_for_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_unanswered_heartbeats_do_not_end_the_association_by_default, set_up),
        cmocka_unit_test_setup(test_sctp_new_data_takes_the_place_of_a_heartbeat, set_up),
        cmocka_unit_test_setup(test_sctp_packets_of_the_peer_do_not_hold_heartbeats_back, set_up),
        cmocka_unit_test_setup(test_sctp_error_with_unknown_causes_is_read_and_forgotten, set_up),
        cmocka_unit_test_setup(test_sctp_error_reads_no_further_than_its_chunk, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
