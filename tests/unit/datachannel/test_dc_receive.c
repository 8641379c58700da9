/* tests/unit/datachannel/test_dc_receive.c - what a peer of bad manners can send. */
#include "datachannel/dc_internal.h"

#include <string.h>

#include "support/sim_dc.h"
#include "support/unit.h"

/* End 0 has channels and is the DTLS client; end 1 is an association that the test drives. */
static sim_dc *new_pair(uint64_t seed)
{
    sim_dc *pair = sim_dc_new_with_raw_peer(seed);
    pair->ends[1].is_sink = true;
    return pair;
}

static int setup(void **state)
{
    *state = new_pair(1);
    return 0;
}

static int teardown(void **state)
{
    sim_dc_free(*state);
    return 0;
}

static void send_open(sim_dc *pair, uint16_t stream)
{
    const uint8_t open[13] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'l'};
    sim_dc_send_raw(pair, 1, stream, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
}

static floe_dc_id open_from_peer(sim_dc *pair, uint16_t stream)
{
    sim_dc_clear(pair);
    send_open(pair, stream);
    sim_dc_run(pair, FLOE_SECOND);
    return sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
}

static floe_dc_stats stats_of(const sim_dc *pair)
{
    floe_dc_stats stats;
    floe_dc_get_stats(&pair->ends[0].dc, &stats);
    return stats;
}

/* What the peer just sent was answered with a reset of that stream, and with nothing else. */
static void assert_refused(sim_dc *pair, uint16_t stream)
{
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, stream), 1);
    assert_int_equal(pair->ends[1].sunk, 0);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(stats_of(pair).refused, 1);
    /* The association lives on, and the stream too, once the peer has reset it. */
    sim_dc_reset_raw(pair, 1, stream);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(floe_sctp_assoc_get_state(&pair->ends[0].assoc), FLOE_SCTP_ESTABLISHED);
    (void)open_from_peer(pair, 1);
}

/* ---- OPEN ---- */

static void test_dc_receive_refuses_an_open_of_our_own_parity(void **state)
{
    sim_dc *pair = *state;
    send_open(pair, 4);
    assert_refused(pair, 4);
}

static void test_dc_receive_refuses_malformed_opens(void **state)
{
    static const struct {
        uint8_t bytes[14];
        size_t len;
    } cases[] = {
        {{3}, 1},                                           /* nothing after the type */
        {{3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 12},         /* a label that is not there */
        {{3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x'}, 13},    /* a label of which nobody spoke */
        {{3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff}, 13},   /* not UTF-8 */
        {{3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x80}, 13},   /* likewise, protocol */
        {{3, 0x03, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},      /* an unknown channel type */
        {{3, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},      /* likewise */
        {{3, 0, 1, 0, 0, 0, 0, 0, 255, 255, 255, 255}, 12}, /* lengths out of this world */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_dc *pair = new_pair(i);
        floe_bytes message = {cases[i].bytes, cases[i].len};
        sim_dc_send_raw(pair, 1, 3, FLOE_PPID_DCEP, message);
        assert_refused(pair, 3);
        sim_dc_free(pair);
    }
}

static void test_dc_receive_refuses_dcep_messages_of_other_types(void **state)
{
    static const uint8_t types[] = {0, 1, 4, 255};
    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        sim_dc *pair = new_pair(i);
        sim_dc_send_raw(pair, 1, 3, FLOE_PPID_DCEP, (floe_bytes){&types[i], 1});
        assert_refused(pair, 3);
        sim_dc_free(pair);
    }
}

static void test_dc_receive_refuses_a_label_that_has_no_room(void **state)
{
    static uint8_t open[FLOE_DC_POOL_SIZE + 1];
    sim_dc *pair = *state;
    size_t label = sizeof open - FLOE_DCEP_OPEN_SIZE;
    memset(open, 'n', sizeof open);
    memset(open, 0, FLOE_DCEP_OPEN_SIZE);
    open[0] = FLOE_DCEP_OPEN;
    open[8] = (uint8_t)(label >> 8);
    open[9] = (uint8_t)label;
    sim_dc_send_raw(pair, 1, 3, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    assert_refused(pair, 3);
}

static void test_dc_receive_closes_a_channel_that_is_opened_twice(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_from_peer(pair, 1);
    send_open(pair, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSING, channel), 1);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 1);
    sim_dc_reset_raw(pair, 1, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 1);
}

static void test_dc_receive_closes_a_negotiated_channel_that_is_opened(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.is_negotiated = true, .stream = 1};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    send_open(pair, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CLOSING);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 1), 1);
}

static void test_dc_receive_refuses_an_open_when_the_table_is_full(void **state)
{
    sim_dc *pair = *state;
    for (uint16_t i = 0; i < FLOE_DC_CHANNEL_MAX; i++) {
        floe_dc_options options = {.is_negotiated = true, .stream = (uint16_t)(1000 + i)};
        floe_dc_id channel;
        assert_int_equal(floe_dc_open(&pair->ends[0].dc, &pair->ends[0].assoc, &options, &channel),
                         FLOE_OK);
    }
    send_open(pair, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 1), 1);
    assert_int_equal(stats_of(pair).refused, 1);
}

static void test_dc_receive_refuses_an_open_that_it_could_not_answer(void **state)
{
    sim_dc *pair = *state;
    pair->ends[0].assoc.streams_out = 1; /* the peer takes one stream, and opens the second */
    send_open(pair, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(stats_of(pair).refused, 1);
    assert_int_equal(floe_dc_table_find_stream(&pair->ends[0].dc, 1), FLOE_DC_NO_SLOT);
}

static void test_dc_receive_shows_limits_of_32_bits_as_16_bits(void **state)
{
    const uint8_t open[12] = {3, 2, 1, 0, 0, 1, 0, 0};
    sim_dc *pair = *state;
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    sim_dc_run(pair, FLOE_SECOND);
    floe_dc_info info = sim_dc_info(pair, 0, sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING));
    assert_true(info.options.has_lifetime);
    assert_int_equal(info.options.lifetime_ms, 65535);
}

static void test_dc_receive_closes_channels_beyond_the_streams_of_the_peer(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(1);
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options options = {.is_negotiated = true, .stream = 50};
    floe_sctp_event established = {.type = FLOE_SCTP_EV_ESTABLISHED};
    floe_dc_id channel;
    floe_dc_event event;
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    /* An association that has no streams, as before it is set up. */
    assert_true(floe_dc_receive_event(&e->dc, &e->assoc, &established));
    assert_true(floe_dc_poll_event(&e->dc, &event));
    assert_int_equal(event.type, FLOE_DC_EV_CLOSING);
    assert_true(floe_dc_poll_event(&e->dc, &event));
    assert_int_equal(event.type, FLOE_DC_EV_CLOSED);
    sim_dc_free(pair);
}

/* ---- ACK ---- */

static void test_dc_receive_ignores_an_ack_that_nobody_waits_for(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, FLOE_LIT("\x02"));
    sim_dc_send_raw(pair, 1, 5, FLOE_PPID_DCEP, FLOE_LIT("\x02"));
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_OPEN);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, FLOE_STREAM_NONE), 0);
}

/* ---- messages ---- */

static void test_dc_receive_refuses_data_on_an_unused_stream(void **state)
{
    sim_dc *pair = *state;
    sim_dc_send_raw(pair, 1, 3, FLOE_PPID_STRING, FLOE_LIT("who am I?"));
    sim_dc_send_raw(pair, 1, 3, FLOE_PPID_STRING, FLOE_LIT("more of it"));
    assert_refused(pair, 3);
}

static void test_dc_receive_drops_messages_of_unknown_ppids(void **state)
{
    static const uint32_t ppids[] = {0, 49, 55, 58, 0x33000000, UINT32_MAX};
    sim_dc *pair = *state;
    floe_dc_id channel = open_from_peer(pair, 1);
    for (size_t i = 0; i < 6; i++) {
        sim_dc_send_raw(pair, 1, 1, ppids[i], FLOE_LIT("what is this?"));
    }
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("a text"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 0, channel, "a text");
    assert_int_equal(stats_of(pair).dropped, 6);
    assert_int_equal(sim_dc_info(pair, 0, channel).messages_received, 1);
}

static void test_dc_receive_closes_a_channel_of_partial_messages(void **state)
{
    static const uint32_t ppids[] = {FLOE_PPID_BINARY_PARTIAL, FLOE_PPID_STRING_PARTIAL};
    sim_dc *pair = *state;
    for (size_t i = 0; i < 2; i++) {
        uint16_t stream = (uint16_t)(2 * i + 1);
        floe_dc_id channel = open_from_peer(pair, stream);
        sim_dc_send_raw(pair, 1, stream, ppids[i], FLOE_LIT("the first half, "));
        sim_dc_send_raw(pair, 1, stream, ppids[i] - 1, FLOE_LIT("the second half"));
        sim_dc_run(pair, FLOE_SECOND);
        assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CLOSING);
        assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_MESSAGE, FLOE_DC_NONE), 0);
    }
}

static void test_dc_receive_makes_empty_messages_empty(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_id channel = open_from_peer(pair, 1);
    floe_dc_message message;
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING_EMPTY, FLOE_LIT("not empty"));
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_BINARY_EMPTY, FLOE_LIT("\0"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 0, channel, "");
    assert_true(floe_dc_peek(&e->dc, &e->assoc, &message));
    assert_false(message.is_text);
    assert_int_equal(message.len, 0);
}

static void test_dc_receive_passes_text_on_as_it_is(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("\xff is no UTF-8"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 0, channel, "\xff is no UTF-8");
}

static void test_dc_receive_shows_nothing_before_it_is_established(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(1);
    floe_dc_message message;
    assert_false(floe_dc_peek(&pair->ends[0].dc, &pair->ends[0].assoc, &message));
    sim_dc_free(pair);
}

static void test_dc_receive_drops_what_is_unread_when_all_was_closed_here(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_message message;
    (void)open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("too late"));
    sim_dc_run(pair, FLOE_SECOND);
    floe_dc_close_all(&e->dc);
    assert_false(floe_dc_peek(&e->dc, &e->assoc, &message));
    assert_int_equal(stats_of(pair).dropped, 1);
    assert_int_equal(stats_of(pair).refused, 0);
}

static void test_dc_receive_forgets_the_message_being_read_on_a_restart(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_sctp_event restarted = {.type = FLOE_SCTP_EV_RESTARTED};
    floe_dc_message message;
    floe_sctp_recv next;
    (void)open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("of the life before"));
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("of this one"));
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(floe_dc_peek(&e->dc, &e->assoc, &message));
    floe_sctp_assoc_release(&e->assoc); /* as the association does when it starts over */
    assert_true(floe_dc_receive_event(&e->dc, &e->assoc, &restarted));
    assert_int_equal(floe_dc_view(&e->dc, &e->assoc, 0).len, 0);
    floe_dc_release(&e->dc, &e->assoc);
    assert_true(floe_sctp_assoc_peek(&e->assoc, &next));
}

/* ---- resets and messages overtaking each other ---- */

static void test_dc_receive_opens_and_closes_what_came_all_at_once(void **state)
{
    sim_dc *pair = *state;
    send_open(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("short life"));
    sim_dc_reset_raw(pair, 1, 1);
    sim_dc_run(pair, FLOE_SECOND);
    floe_dc_id channel = sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
    sim_dc_read(pair, 0, channel, "short life");
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_OPEN, channel), 1);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 1);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 1), 1);
}

static void test_dc_receive_opens_and_closes_what_waited_behind_a_slow_reader(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id slow = open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("nobody reads me"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_clear(pair);
    send_open(pair, 3);
    sim_dc_send_raw(pair, 1, 3, FLOE_PPID_STRING, FLOE_LIT("behind it"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_reset_raw(pair, 1, 3);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    sim_dc_read(pair, 0, slow, "nobody reads me");
    sim_dc_drain(pair, 0);
    floe_dc_id channel = sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 0);
    sim_dc_read(pair, 0, channel, "behind it");
    sim_dc_run(pair, 3 * FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 1);
    assert_int_equal(sim_dc_count_sctp(pair, 1, FLOE_SCTP_EV_STREAM_RESET, 3), 1);
    (void)open_from_peer(pair, 3);
}

static void test_dc_receive_forgets_a_reset_that_no_open_belongs_to(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_from_peer(pair, 1);
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_STRING, FLOE_LIT("nobody reads me"));
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_reset_raw(pair, 1, 77);
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 0, channel, "nobody reads me");
    (void)open_from_peer(pair, 77);
}

static void test_dc_receive_keeps_the_next_open_until_its_own_reset_is_confirmed(void **state)
{
    /* sctp-proto took such an OPEN for a collision: the peer's answer to our reset was lost, and
     * what it sent next was not. */
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_id first = open_from_peer(pair, 1);
    floe_sctp_event reset = {.type = FLOE_SCTP_EV_STREAM_RESET, .stream = 1};
    floe_sctp_event done = {.type = FLOE_SCTP_EV_RESET_DONE, .stream = 1};
    sim_dc_clear(pair);
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &reset));
    floe_dc_state_set_debts(&e->dc, floe_dc_table_find(&e->dc, first), 0); /* as if sent */
    send_open(pair, 1);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &done));
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, first), 1);
    floe_dc_id second = sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
    assert_int_not_equal(first, second);
    assert_int_equal(sim_dc_info(pair, 0, second).state, FLOE_DC_OPEN);
}

static void test_dc_receive_ignores_events_that_a_channel_does_not_wait_for(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(1);
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options options = {0};
    floe_sctp_event reset = {.type = FLOE_SCTP_EV_STREAM_RESET};
    floe_sctp_event done = {.type = FLOE_SCTP_EV_RESET_DONE};
    floe_dc_id channel;
    floe_dc_set_role(&e->dc, true);
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &reset));
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CONNECTING);
    sim_dc_close(pair, 0, channel); /* the reset has to wait for the association */
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &reset));
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &done));
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CLOSING);
    sim_dc_free(pair);
}

static void test_dc_receive_tells_writable_to_who_has_asked(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_sctp_event writable = {.type = FLOE_SCTP_EV_WRITABLE};
    floe_dc_event event;
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &writable));
    assert_false(floe_dc_poll_event(&e->dc, &event));
    e->dc.wants_writable = true; /* a send got AGAIN */
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &writable));
    assert_true(floe_dc_poll_event(&e->dc, &event));
    assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &writable));
    assert_false(floe_dc_poll_event(&e->dc, &event));
}

static void test_dc_receive_ignores_resets_of_streams_without_channels(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    static const floe_sctp_event_type types[] = {FLOE_SCTP_EV_STREAM_RESET, FLOE_SCTP_EV_RESET_DONE,
                                                 FLOE_SCTP_EV_RESET_FAILED,
                                                 FLOE_SCTP_EV_BUFFERED_LOW};
    for (size_t i = 0; i < 4; i++) {
        for (unsigned stream = 0; stream <= UINT16_MAX; stream += 4369) {
            floe_sctp_event event = {.type = types[i], .stream = (uint16_t)stream};
            assert_false(floe_dc_receive_event(&e->dc, &e->assoc, &event));
            floe_dc_check_invariants(&e->dc);
        }
    }
    sim_dc_drain(pair, 0);
    assert_int_equal(e->event_count, 0);
    (void)open_from_peer(pair, 1);
}

#define WITH_RAW_PEER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RAW_PEER(test_dc_receive_refuses_an_open_of_our_own_parity),
        cmocka_unit_test(test_dc_receive_refuses_malformed_opens),
        cmocka_unit_test(test_dc_receive_refuses_dcep_messages_of_other_types),
        WITH_RAW_PEER(test_dc_receive_refuses_a_label_that_has_no_room),
        WITH_RAW_PEER(test_dc_receive_closes_a_channel_that_is_opened_twice),
        WITH_RAW_PEER(test_dc_receive_closes_a_negotiated_channel_that_is_opened),
        WITH_RAW_PEER(test_dc_receive_refuses_an_open_when_the_table_is_full),
        WITH_RAW_PEER(test_dc_receive_refuses_an_open_that_it_could_not_answer),
        WITH_RAW_PEER(test_dc_receive_shows_limits_of_32_bits_as_16_bits),
        cmocka_unit_test(test_dc_receive_closes_channels_beyond_the_streams_of_the_peer),
        WITH_RAW_PEER(test_dc_receive_ignores_an_ack_that_nobody_waits_for),
        WITH_RAW_PEER(test_dc_receive_refuses_data_on_an_unused_stream),
        WITH_RAW_PEER(test_dc_receive_drops_messages_of_unknown_ppids),
        WITH_RAW_PEER(test_dc_receive_closes_a_channel_of_partial_messages),
        WITH_RAW_PEER(test_dc_receive_makes_empty_messages_empty),
        WITH_RAW_PEER(test_dc_receive_passes_text_on_as_it_is),
        cmocka_unit_test(test_dc_receive_shows_nothing_before_it_is_established),
        WITH_RAW_PEER(test_dc_receive_drops_what_is_unread_when_all_was_closed_here),
        WITH_RAW_PEER(test_dc_receive_forgets_the_message_being_read_on_a_restart),
        WITH_RAW_PEER(test_dc_receive_opens_and_closes_what_came_all_at_once),
        WITH_RAW_PEER(test_dc_receive_opens_and_closes_what_waited_behind_a_slow_reader),
        WITH_RAW_PEER(test_dc_receive_forgets_a_reset_that_no_open_belongs_to),
        WITH_RAW_PEER(test_dc_receive_keeps_the_next_open_until_its_own_reset_is_confirmed),
        cmocka_unit_test(test_dc_receive_ignores_events_that_a_channel_does_not_wait_for),
        WITH_RAW_PEER(test_dc_receive_tells_writable_to_who_has_asked),
        WITH_RAW_PEER(test_dc_receive_ignores_resets_of_streams_without_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
