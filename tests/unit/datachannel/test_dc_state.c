/* tests/unit/datachannel/test_dc_state.c - how channels close. */
#include "datachannel/dc_internal.h"

#include <string.h>

#include "support/sim_dc.h"
#include "support/unit.h"

static int setup(void **state)
{
    *state = sim_dc_new_connected(1);
    return 0;
}

static int setup_with_raw_peer(void **state)
{
    sim_dc *pair = sim_dc_new_with_raw_peer(1);
    pair->ends[1].is_sink = true;
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    sim_dc_free(*state);
    return 0;
}

static void assert_closed(const sim_dc *pair, int end, floe_dc_id channel)
{
    floe_dc_info info;
    const sim_dc_end *e = &pair->ends[end];
    assert_int_equal(sim_dc_count(pair, end, FLOE_DC_EV_CLOSING, channel), 1);
    assert_int_equal(sim_dc_count(pair, end, FLOE_DC_EV_CLOSED, channel), 1);
    assert_int_equal(floe_dc_get_info(&e->dc, &e->assoc, channel, &info), FLOE_E_ARG);
}

static void test_dc_state_close_from_either_side_closes_both(void **state)
{
    sim_dc *pair = *state;
    for (int opener = 0; opener < 2; opener++) {
        for (int closer = 0; closer < 2; closer++) {
            floe_dc_id ids[2];
            sim_dc_open_both(pair, opener, "x", ids);
            sim_dc_close(pair, closer, ids[closer]);
            sim_dc_run(pair, FLOE_SECOND);
            assert_closed(pair, 0, ids[0]);
            assert_closed(pair, 1, ids[1]);
        }
    }
}

static void test_dc_state_close_by_both_at_once_closes_once(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_close(pair, 1, ids[1]);
    sim_dc_close(pair, 1, ids[1]);
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, ids[0]);
    assert_closed(pair, 1, ids[1]);
    sim_dc_open_both(pair, 0, "x", ids);
    assert_int_equal(sim_dc_info(pair, 1, ids[1]).stream, 0);
}

static void test_dc_state_close_survives_loss(void **state)
{
    sim_dc *pair = *state;
    pair->loss = 300;
    for (int i = 0; i < 20; i++) {
        floe_dc_options options = {0};
        sim_dc_clear(pair);
        floe_dc_id ours = sim_dc_open(pair, 0, &options);
        sim_dc_run(pair, 60 * FLOE_SECOND);
        floe_dc_id theirs = sim_dc_find(pair, 1, FLOE_DC_EV_INCOMING);
        sim_dc_close(pair, i % 2, i % 2 == 0 ? ours : theirs);
        sim_dc_run(pair, 120 * FLOE_SECOND);
        assert_closed(pair, 0, ours);
        assert_closed(pair, 1, theirs);
    }
}

static void test_dc_state_close_delivers_what_was_sent_before(void **state)
{
    static const uint8_t block[20000];
    sim_dc *pair = *state;
    sim_dc_end *to = &pair->ends[1];
    floe_dc_id ids[2];
    floe_dc_message message;
    sim_dc_open_both(pair, 0, "x", ids);
    floe_bytes data = {block, sizeof block};
    assert_int_equal(floe_dc_send(&pair->ends[0].dc, &pair->ends[0].assoc, ids[0], false, data),
                     FLOE_OK);
    sim_dc_send(pair, 0, ids[0], "goodbye");
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_run(pair, 5 * FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_CLOSED, ids[1]), 0);
    assert_true(floe_dc_peek(&to->dc, &to->assoc, &message));
    assert_int_equal(message.len, sizeof block);
    floe_dc_release(&to->dc, &to->assoc);
    sim_dc_read(pair, 1, ids[1], "goodbye");
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, ids[0]);
    assert_closed(pair, 1, ids[1]);
}

static void test_dc_state_reader_of_one_channel_does_not_hold_up_the_close_of_another(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id slow[2], ids[2];
    sim_dc_open_both(pair, 0, "slow", slow);
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 1, ids[1]);
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_send(pair, 0, ids[0], "read me first");
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_send(pair, 0, slow[0], "nobody reads this");
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 1, ids[1], "read me first");
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, ids[0]), 1);
}

static void test_dc_state_close_drops_what_comes_afterwards(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    floe_dc_stats stats;
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_send(pair, 1, ids[1], "too late");
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, ids[0]);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_MESSAGE, FLOE_DC_NONE), 0);
    floe_dc_get_stats(&pair->ends[0].dc, &stats);
    assert_int_equal(stats.dropped, 1);
}

static void test_dc_state_close_leaves_the_message_that_is_being_read(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *to = &pair->ends[1];
    floe_dc_id ids[2], other[2];
    floe_dc_message message;
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_open_both(pair, 0, "other", other);
    sim_dc_send(pair, 0, ids[0], "close, please");
    sim_dc_send(pair, 0, ids[0], "dropped");
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_send(pair, 0, other[0], "kept");
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(floe_dc_peek(&to->dc, &to->assoc, &message));
    sim_dc_close(pair, 1, ids[1]);
    sim_dc_drain(pair, 1);
    assert_true(floe_dc_peek(&to->dc, &to->assoc, &message));
    assert_int_equal(message.channel, ids[1]);
    assert_int_equal(floe_dc_view(&to->dc, &to->assoc, 0).len, message.len);
    floe_dc_release(&to->dc, &to->assoc);
    sim_dc_read(pair, 1, other[1], "kept");
}

static void test_dc_state_close_takes_the_message_event_along(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *to = &pair->ends[1];
    floe_dc_id ids[2];
    floe_dc_event event;
    floe_sctp_event sctp_event;
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_send(pair, 0, ids[0], "of no interest");
    uint8_t packet[FLOE_SCTP_PACKET_MAX];
    size_t len;
    while (floe_sctp_assoc_poll_transmit(&pair->ends[0].assoc, packet, sizeof packet, &len)) {
        floe_bytes bytes = {packet, len};
        assert_int_equal(floe_sctp_assoc_input(&to->assoc, pair->now, bytes), FLOE_OK);
    }
    floe_sctp_assoc_input_end(&to->assoc);
    assert_false(floe_dc_advance(&to->dc, &to->assoc, &sctp_event));
    sim_dc_close(pair, 1, ids[1]);
    assert_true(floe_dc_poll_event(&to->dc, &event));
    assert_int_equal(event.type, FLOE_DC_EV_CLOSING);
    assert_false(floe_dc_poll_event(&to->dc, &event));
}

static void test_dc_state_close_before_the_announcement_tells_nobody(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(2);
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options options = {0};
    floe_dc_options agreed = {.is_negotiated = true, .stream = 8};
    floe_dc_id channel, negotiated;
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &agreed, &negotiated), FLOE_OK);
    sim_dc_close(pair, 0, channel);
    sim_dc_close(pair, 0, negotiated);
    sim_dc_drain(pair, 0);
    assert_closed(pair, 0, channel);
    assert_closed(pair, 0, negotiated);
    sim_dc_connect(pair);
    assert_int_equal(pair->ends[1].event_count, 0);
    floe_dc_stats stats;
    floe_dc_get_stats(&e->dc, &stats);
    assert_int_equal(stats.opened + stats.closed, 0);
    sim_dc_free(pair);
}

static void test_dc_state_close_of_a_negotiated_channel_closes_the_other_end(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.is_negotiated = true, .stream = 20};
    floe_dc_id ours = sim_dc_open(pair, 0, &options);
    floe_dc_id theirs = sim_dc_open(pair, 1, &options);
    sim_dc_close(pair, 1, theirs);
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, ours);
    assert_closed(pair, 1, theirs);
    ours = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, ours).state, FLOE_DC_OPEN);
}

static void test_dc_state_closed_id_is_void_after_the_next_event(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_id ids[2];
    floe_dc_info info;
    floe_dc_event event;
    sim_dc_open_both(pair, 0, "last words", ids);
    floe_dc_close_all(&e->dc);
    assert_true(floe_dc_poll_event(&e->dc, &event));
    assert_int_equal(event.type, FLOE_DC_EV_CLOSING);
    assert_true(floe_dc_poll_event(&e->dc, &event));
    assert_int_equal(event.type, FLOE_DC_EV_CLOSED);
    assert_int_equal(floe_dc_get_info(&e->dc, &e->assoc, ids[0], &info), FLOE_OK);
    assert_int_equal(info.state, FLOE_DC_CLOSED);
    assert_true(floe_bytes_equal(info.options.label, FLOE_LIT("last words")));
    assert_false(floe_dc_poll_event(&e->dc, &event));
    assert_int_equal(floe_dc_get_info(&e->dc, &e->assoc, ids[0], &info), FLOE_E_ARG);
}

static void test_dc_state_peer_that_vanishes_leaves_channels_closing(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    pair->is_cut = true;
    sim_dc_close(pair, 0, ids[0]);
    sim_dc_run(pair, 60 * FLOE_SECOND);
    assert_int_equal(sim_dc_info(pair, 0, ids[0]).state, FLOE_DC_CLOSING);
    floe_dc_close_all(&pair->ends[0].dc);
    sim_dc_drain(pair, 0);
    assert_closed(pair, 0, ids[0]);
}

static void test_dc_state_end_of_the_association_closes_all(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id a[2], b[2];
    sim_dc_open_both(pair, 0, "a", a);
    sim_dc_open_both(pair, 1, "b", b);
    floe_sctp_assoc_abort(&pair->ends[1].assoc);
    sim_dc_run(pair, FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        assert_closed(pair, end, a[end]);
        assert_closed(pair, end, b[end]);
        assert_int_equal(sim_dc_count_sctp(pair, end, FLOE_SCTP_EV_CLOSED, FLOE_STREAM_NONE), 1);
    }
}

static void test_dc_state_end_of_the_association_leaves_messages_to_be_read(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_send(pair, 0, ids[0], "the last one");
    assert_int_equal(floe_sctp_assoc_shutdown(&pair->ends[0].assoc), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_CLOSED, ids[1]), 0);
    sim_dc_read(pair, 1, ids[1], "the last one");
    sim_dc_drain(pair, 1);
    assert_closed(pair, 1, ids[1]);
}

/* The peer starts over on the same transport, as after a crash. */
static void restart_end(sim_dc *pair, int end)
{
    sim_dc_end *e = &pair->ends[end];
    floe_sctp_config config = {.rand = sim_random_source(&e->random)};
    config.send_buffer = (floe_span){e->send_buffer, sizeof e->send_buffer};
    config.recv_buffer = (floe_span){e->recv_buffer, sizeof e->recv_buffer};
    config.tx_ring = e->ring;
    config.tx_ring_len = SIM_DC_RING;
    assert_int_equal(floe_sctp_assoc_init(&e->assoc, &config, pair->now), FLOE_OK);
    floe_dc_init(&e->dc);
    floe_dc_set_role(&e->dc, end == 0);
    assert_int_equal(floe_sctp_assoc_connect(&e->assoc), FLOE_OK);
}

static void test_dc_state_restart_of_the_association_closes_all_and_goes_on(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id old[2], ids[2];
    sim_dc_open_both(pair, 0, "x", old);
    sim_dc_send(pair, 1, old[1], "of the life before");
    sim_dc_run(pair, FLOE_SECOND);
    restart_end(pair, 1);
    sim_dc_run(pair, 3 * FLOE_SECOND);
    assert_int_equal(sim_dc_count_sctp(pair, 0, FLOE_SCTP_EV_RESTARTED, FLOE_STREAM_NONE), 1);
    assert_closed(pair, 0, old[0]);
    sim_dc_open_both(pair, 0, "y", ids);
    assert_int_equal(sim_dc_info(pair, 0, ids[0]).stream, 0);
    sim_dc_send(pair, 1, ids[1], "of this one");
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 0, ids[0], "of this one");
}

/* ---- resets, as the peer's association sees them ---- */

static void test_dc_state_close_answers_a_reset_with_one_reset(void **state)
{
    /* libdatachannel and str0m have played ping-pong here. */
    sim_dc *pair = *state;
    const uint8_t open[12] = {3};
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    sim_dc_run(pair, FLOE_SECOND);
    floe_dc_id channel = sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
    sim_dc_reset_raw(pair, 1, 1);
    sim_dc_run(pair, 30 * FLOE_SECOND);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 1), 1);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_RESET_DONE, 1), 1);
    assert_closed(pair, 0, channel);
}

static void acknowledge(sim_dc *pair, uint16_t stream)
{
    const uint8_t ack[] = {FLOE_DCEP_ACK};
    sim_dc_send_raw(pair, 1, stream, FLOE_PPID_DCEP, (floe_bytes){ack, sizeof ack});
    sim_dc_run(pair, FLOE_SECOND / 4);
}

static void test_dc_state_close_waits_until_the_peer_has_the_channel(void **state)
{
    /* Firefox loses a reset that comes before. */
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    sim_dc_close(pair, 0, channel);
    sim_dc_run(pair, FLOE_SECOND / 2);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 0), 0);
    acknowledge(pair, 0);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 0), 1);
    sim_dc_reset_raw(pair, 1, 0);
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, channel);
}

static void test_dc_state_close_does_not_wait_for_an_ack_that_never_comes(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    sim_dc_close(pair, 0, channel);
    sim_dc_run(pair, 2 * FLOE_SECOND);
    floe_sctp_assoc_advance(&pair->ends[0].assoc, pair->now); /* as a consent check would */
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 0), 1);
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CLOSING);
}

static void test_dc_state_close_by_a_peer_that_sends_no_ack_is_answered_at_once(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    sim_dc_close(pair, 0, channel);
    sim_dc_reset_raw(pair, 1, 0);
    sim_dc_run(pair, FLOE_SECOND / 2);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 0), 1);
    assert_closed(pair, 0, channel);
}

static void test_dc_state_stream_is_not_used_again_before_both_sides_reset_it(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id first = sim_dc_open(pair, 0, &options);
    acknowledge(pair, 0);
    sim_dc_close(pair, 0, first);
    sim_dc_run(pair, 5 * FLOE_SECOND);
    /* Our side is reset and the peer knows it, but its own side is not. */
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 0), 1);
    assert_int_equal(sim_dc_info(pair, 0, first).state, FLOE_DC_CLOSING);
    floe_dc_id second = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, second).stream, 2);
    sim_dc_reset_raw(pair, 1, 0);
    sim_dc_run(pair, FLOE_SECOND);
    assert_closed(pair, 0, first);
    floe_dc_id third = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, third).stream, 0);
}

static void test_dc_state_refused_reset_closes_but_wears_the_stream_out(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_sctp_event failed = {.type = FLOE_SCTP_EV_RESET_FAILED, .stream = 0};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    sim_dc_close(pair, 0, channel);
    assert_false(floe_dc_receive_event(&pair->ends[0].dc, &pair->ends[0].assoc, &failed));
    sim_dc_drain(pair, 0);
    assert_closed(pair, 0, channel);
    floe_dc_id next = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, next).stream, 2);
    /* A new association begins with new streams. */
    floe_sctp_event restarted = {.type = FLOE_SCTP_EV_RESTARTED};
    assert_true(floe_dc_receive_event(&pair->ends[0].dc, &pair->ends[0].assoc, &restarted));
    next = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, next).stream, 0);
}

static void test_dc_state_refused_reset_of_a_negotiated_stream_costs_no_others(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options agreed = {.is_negotiated = true, .stream = 65534};
    floe_dc_options options = {0};
    floe_sctp_event failed = {.type = FLOE_SCTP_EV_RESET_FAILED, .stream = 65534};
    floe_dc_id channel = sim_dc_open(pair, 0, &agreed);
    sim_dc_close(pair, 0, channel);
    assert_false(floe_dc_receive_event(&pair->ends[0].dc, &pair->ends[0].assoc, &failed));
    floe_dc_id next = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_info(pair, 0, next).stream, 0);
}

#define WITH_PAIR(test)     cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_RAW_PEER(test) cmocka_unit_test_setup_teardown(test, setup_with_raw_peer, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(test_dc_state_close_from_either_side_closes_both),
        WITH_PAIR(test_dc_state_close_by_both_at_once_closes_once),
        WITH_PAIR(test_dc_state_close_survives_loss),
        WITH_PAIR(test_dc_state_close_delivers_what_was_sent_before),
        WITH_PAIR(test_dc_state_reader_of_one_channel_does_not_hold_up_the_close_of_another),
        WITH_PAIR(test_dc_state_close_drops_what_comes_afterwards),
        WITH_PAIR(test_dc_state_close_leaves_the_message_that_is_being_read),
        WITH_PAIR(test_dc_state_close_takes_the_message_event_along),
        cmocka_unit_test(test_dc_state_close_before_the_announcement_tells_nobody),
        WITH_PAIR(test_dc_state_close_of_a_negotiated_channel_closes_the_other_end),
        WITH_PAIR(test_dc_state_closed_id_is_void_after_the_next_event),
        WITH_PAIR(test_dc_state_peer_that_vanishes_leaves_channels_closing),
        WITH_PAIR(test_dc_state_end_of_the_association_closes_all),
        WITH_PAIR(test_dc_state_end_of_the_association_leaves_messages_to_be_read),
        WITH_PAIR(test_dc_state_restart_of_the_association_closes_all_and_goes_on),
        WITH_RAW_PEER(test_dc_state_close_answers_a_reset_with_one_reset),
        WITH_RAW_PEER(test_dc_state_close_waits_until_the_peer_has_the_channel),
        WITH_RAW_PEER(test_dc_state_close_does_not_wait_for_an_ack_that_never_comes),
        WITH_RAW_PEER(test_dc_state_close_by_a_peer_that_sends_no_ack_is_answered_at_once),
        WITH_RAW_PEER(test_dc_state_stream_is_not_used_again_before_both_sides_reset_it),
        WITH_RAW_PEER(test_dc_state_refused_reset_closes_but_wears_the_stream_out),
        WITH_RAW_PEER(test_dc_state_refused_reset_of_a_negotiated_stream_costs_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
