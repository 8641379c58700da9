/* Tests of sctp/sctp_shutdown.c: the end in all its crossings (RFC 9260 section 9). */
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define WHOLE (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static floe_sctp_state state_of(void)
{
    return floe_sctp_assoc_get_state(&s->assoc);
}

/* SHUTDOWN of the peer, which has all chunks up to the `cum`-th. */
static void give_shutdown(uint32_t cum)
{
    solo_begin(s, s->tag);
    floe_sctp_shutdown_put(&s->w, s->tsn - 1 + cum);
    assert_int_equal(solo_give(s), FLOE_OK);
}

static void shut_down(void)
{
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_OK);
    solo_drain(s);
}

static void expect_closed(floe_sctp_cause cause)
{
    assert_int_equal(state_of(), FLOE_SCTP_CLOSED);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, cause);
    solo_expect_no_event(s);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == FLOE_TIME_NEVER);
    assert_int_equal(solo_send(s, 1), FLOE_E_CLOSED);
}

static void test_sctp_shutdown_of_an_idle_association_takes_three_packets(void **state)
{
    (void)state;
    shut_down();
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_SENT);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SHUTDOWN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), SOLO_TSN - 1);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, "");
    chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0);
    assert_int_equal(chunk.flags, 0);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    expect_closed(FLOE_SCTP_CAUSE_SHUTDOWN);
}

static void test_sctp_shutdown_waits_for_all_data(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 20000), FLOE_OK);
    shut_down();
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_PENDING);
    assert_int_equal(solo_send(s, 1), FLOE_E_STATE);
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_E_STATE);
    assert_true((solo_data(s, 0).flags & FLOE_SCTP_FLAG_IMMEDIATE) != 0);
    (void)solo_give_sack(s, 10, 1 << 20, NULL, 0);
    assert_true(solo_count(s, FLOE_SCTP_CHUNK_DATA) > 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 0);
    (void)solo_give_sack(s, 18, 1 << 20, NULL, 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 1);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_SENT);
}

static void test_sctp_shutdown_from_the_peer_is_acknowledged_at_once_when_idle(void **state)
{
    (void)state;
    give_shutdown(0);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_ACK_SENT);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0, "");
    assert_int_equal(s->out_count, 0);
    expect_closed(FLOE_SCTP_CAUSE_SHUTDOWN);
}

static void test_sctp_shutdown_from_the_peer_waits_for_our_data(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 3000), FLOE_OK);
    solo_drain(s);
    give_shutdown(1); /* acknowledges one of three */
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_RECEIVED);
    assert_true(floe_sctp_assoc_get_buffered(&s->assoc, 1) < 2000);
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_E_STATE);
    solo_timeout(s);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn + 1);
    give_shutdown(2);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 0);
    (void)solo_give_sack(s, 3, 1000, NULL, 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
}

static void test_sctp_shutdown_without_gap_blocks_takes_nothing_back(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 3};
    assert_int_equal(solo_send(s, 3000), FLOE_OK);
    solo_drain(s);
    (void)solo_give_sack(s, 0, 10000, gaps, 1);
    give_shutdown(0);
    solo_timeout(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1); /* only the first */
    assert_int_equal(s->assoc.peer_rwnd, 10000);
}

static void
test_sctp_shutdown_with_an_old_or_crafted_number_is_a_shutdown_all_the_same(void **state)
{
    (void)state;
    static const uint32_t cums[] = {0xFFFFFFFFu, 77};
    for (size_t i = 0; i < 2; i++) {
        solo_establish(s);
        give_shutdown(cums[i]);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    }
}

static void test_sctp_both_ends_may_shut_down_at_once(void **state)
{
    (void)state;
    shut_down();
    give_shutdown(0);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_ACK_SENT);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, "");
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE), 1);
    expect_closed(FLOE_SCTP_CAUSE_SHUTDOWN);
}

static void test_sctp_shutdown_is_repeated_with_the_newest_number_and_given_up(void **state)
{
    (void)state;
    shut_down();
    for (int i = 0; i < 10; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 1);
    }
    solo_timeout(s);
    expect_closed(FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_shutdown_ack_is_repeated_and_given_up(void **state)
{
    (void)state;
    give_shutdown(0);
    for (int i = 0; i < 10; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    }
    solo_timeout(s);
    expect_closed(FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_shutdown_that_comes_again_is_acknowledged_again(void **state)
{
    (void)state;
    give_shutdown(0);
    give_shutdown(0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
}

static void test_sctp_data_after_shutdown_is_answered_with_shutdown_and_sack(void **state)
{
    (void)state;
    shut_down();
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_read(s), 10);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SHUTDOWN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), SOLO_TSN);
    (void)solo_give_data(s, 2, WHOLE, 1, 2, 10); /* a gap, which a SHUTDOWN cannot tell */
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 1);
    assert_int_equal(solo_sack(s).block_count, 1);
}

static void test_sctp_peer_that_still_sends_keeps_the_shutdown_alive(void **state)
{
    (void)state;
    shut_down();
    for (uint32_t i = 0; i < 30; i++) {
        solo_advance(s, 15 * FLOE_SECOND);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 1); /* its timer fired */
        (void)solo_give_data(s, i, WHOLE, 1, (uint16_t)i, 10);
    }
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_SENT);
}

static void test_sctp_shutdown_complete_in_other_states_is_dropped(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0, "");
    assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
    shut_down();
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0, "");
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_SENT);
}

static void test_sctp_shutdown_ack_in_established_is_dropped(void **state)
{
    (void)state;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, "");
    assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_shutdown_ack_that_comes_again_is_answered_after_the_end(void **state)
{
    (void)state;
    shut_down();
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, "");
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, ""), FLOE_E_UNKNOWN);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0);
    assert_int_equal(chunk.flags, FLOE_SCTP_FLAG_REFLECTED); /* there is no association any more */
    assert_int_equal(solo_tag_of(s, 0), s->tag);
}

static void test_sctp_shutdown_while_setting_up_is_dropped(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_E_STATE);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    s->tag = s->assoc.local_tag;
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_E_STATE);
    give_shutdown(0);
    assert_int_equal(state_of(), FLOE_SCTP_COOKIE_WAIT);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_shutdown_waits_for_abandoned_messages_to_be_skipped(void **state)
{
    (void)state;
    floe_sctp_send message = {.stream = 1, .has_max_retransmits = true};
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    shut_down();
    solo_timeout(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_PENDING);
    (void)solo_give_sack(s, 1, 1000, NULL, 0);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_SENT);
}

static void test_sctp_heartbeats_stop_with_the_shutdown(void **state)
{
    (void)state;
    shut_down();
    for (int i = 0; i < 10; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT), 0);
    }
    solo_establish(s);
    shut_down();
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0, "0001000812345678");
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK), 0);
}

static void test_sctp_abort_is_the_last_packet(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 5000), FLOE_OK);
    floe_sctp_assoc_abort(&s->assoc);
    solo_drain(s);
    assert_int_equal(s->out_count, 1);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    assert_memory_equal(chunk.value.ptr, "\x00\x0c\x00\x04", 4);
    assert_int_equal(chunk.flags, 0);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    expect_closed(FLOE_SCTP_CAUSE_LOCAL);
    floe_sctp_assoc_abort(&s->assoc); /* once is enough */
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_abort_before_the_peer_is_known_sends_nothing(void **state)
{
    (void)state;
    solo_init(s, NULL);
    floe_sctp_assoc_abort(&s->assoc);
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
    expect_closed(FLOE_SCTP_CAUSE_LOCAL);
}

static void test_sctp_abort_of_the_peer_ends_at_once_and_is_not_answered(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ABORT, 0, "000c000474657374");
    assert_int_equal(s->out_count, 0);
    floe_sctp_event event = solo_expect(s, FLOE_SCTP_EV_CLOSED);
    assert_int_equal(event.cause, FLOE_SCTP_CAUSE_ABORTED);
    assert_int_equal(event.value, FLOE_SCTP_ERROR_USER_ABORT);
}

static void test_sctp_abort_with_an_unknown_cause_or_none_is_an_abort(void **state)
{
    (void)state;
    /* pion#470: an ABORT whose cause was not known was ignored. */
    static const struct {
        const char *value;
        uint16_t code;
    } rows[] = {{"00ff000812345678", 255}, {"", 0}, {"0001", 0}, {"00010002", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        solo_establish(s);
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ABORT, 0, rows[i].value);
        assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).value, rows[i].code);
    }
}

static void test_sctp_messages_that_came_before_the_end_can_be_read_after_it(void **state)
{
    (void)state;
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 20);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ABORT, 0, "");
    assert_int_equal(solo_read(s), 10);
    assert_int_equal(solo_read(s), 20);
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(s->out_count, 0);
}

static bool is_open(sctp_pair *pair)
{
    return pair->end[0].events[FLOE_SCTP_EV_CLOSED] == 0 ||
           pair->end[1].events[FLOE_SCTP_EV_CLOSED] == 0;
}

static uint32_t received;

static void count_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)pair;
    (void)end;
    (void)message;
    received += (uint32_t)bytes.len;
}

/* Who begins, and how far apart, on a link that loses: everything arrives, both ends close. */
static void test_sctp_shutdown_delivers_everything_on_every_link(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        static const uint8_t bytes[30000];
        sctp_pair_options options = {.seed = seed,
                                     .loss = 200,
                                     .duplicate = 100,
                                     .reorder = 300,
                                     .on_message = count_message};
        sctp_pair *pair = sctp_pair_new(&options);
        floe_sctp_send message = {.stream = 1, .data = {bytes, sizeof bytes}};
        received = 0;
        sctp_pair_connect(pair);
        assert_int_equal(sctp_pair_send(pair, 0, &message), FLOE_OK);
        assert_int_equal(sctp_pair_send(pair, 1, &message), FLOE_OK);
        assert_int_equal(floe_sctp_assoc_shutdown(sctp_pair_assoc(pair, 0)), FLOE_OK);
        sctp_pair_run_for(pair, (seed % 4) * 15 * FLOE_MS);
        floe_err err = floe_sctp_assoc_shutdown(sctp_pair_assoc(pair, 1));
        assert_true(err == FLOE_OK || err == FLOE_E_STATE);
        sctp_pair_run_while(pair, is_open, 600 * FLOE_SECOND);
        assert_int_equal(received, 2 * sizeof bytes);
        /* The last word may be lost: then one side has given up on it. */
        floe_sctp_cause a = pair->end[0].last[FLOE_SCTP_EV_CLOSED].cause;
        floe_sctp_cause b = pair->end[1].last[FLOE_SCTP_EV_CLOSED].cause;
        assert_true(a == FLOE_SCTP_CAUSE_SHUTDOWN || b == FLOE_SCTP_CAUSE_SHUTDOWN);
        sctp_pair_free(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_shutdown_of_an_idle_association_takes_three_packets,
                               set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_waits_for_all_data, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_from_the_peer_is_acknowledged_at_once_when_idle,
                               set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_from_the_peer_waits_for_our_data, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_without_gap_blocks_takes_nothing_back, set_up),
        cmocka_unit_test_setup(
            test_sctp_shutdown_with_an_old_or_crafted_number_is_a_shutdown_all_the_same, set_up),
        cmocka_unit_test_setup(test_sctp_both_ends_may_shut_down_at_once, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_is_repeated_with_the_newest_number_and_given_up,
                               set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_ack_is_repeated_and_given_up, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_that_comes_again_is_acknowledged_again, set_up),
        cmocka_unit_test_setup(test_sctp_data_after_shutdown_is_answered_with_shutdown_and_sack,
                               set_up),
        cmocka_unit_test_setup(test_sctp_peer_that_still_sends_keeps_the_shutdown_alive, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_complete_in_other_states_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_ack_in_established_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_ack_that_comes_again_is_answered_after_the_end,
                               set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_while_setting_up_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_waits_for_abandoned_messages_to_be_skipped,
                               set_up),
        cmocka_unit_test_setup(test_sctp_heartbeats_stop_with_the_shutdown, set_up),
        cmocka_unit_test_setup(test_sctp_abort_is_the_last_packet, set_up),
        cmocka_unit_test_setup(test_sctp_abort_before_the_peer_is_known_sends_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_abort_of_the_peer_ends_at_once_and_is_not_answered,
                               set_up),
        cmocka_unit_test_setup(test_sctp_abort_with_an_unknown_cause_or_none_is_an_abort, set_up),
        cmocka_unit_test_setup(test_sctp_messages_that_came_before_the_end_can_be_read_after_it,
                               set_up),
        cmocka_unit_test(test_sctp_shutdown_delivers_everything_on_every_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
