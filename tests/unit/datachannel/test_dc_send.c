/* tests/unit/datachannel/test_dc_send.c - what goes to the association, seen by a raw peer. */
#include "datachannel/dc_internal.h"

#include <string.h>

#include "support/sim_dc.h"
#include "support/unit.h"

static int setup(void **state)
{
    *state = sim_dc_new_with_raw_peer(1);
    return 0;
}

static int teardown(void **state)
{
    sim_dc_free(*state);
    return 0;
}

static floe_err send_text(sim_dc *pair, floe_dc_id channel, floe_bytes text)
{
    return floe_dc_send(&pair->ends[0].dc, &pair->ends[0].assoc, channel, true, text);
}

/* The next message at the raw peer. */
static floe_sctp_recv take(sim_dc *pair, floe_bytes expected)
{
    floe_sctp_assoc *assoc = &pair->ends[1].assoc;
    floe_sctp_recv message;
    assert_true(floe_sctp_assoc_peek(assoc, &message));
    assert_true(floe_bytes_equal(floe_sctp_assoc_view(assoc, 0), expected));
    floe_sctp_assoc_release(assoc);
    return message;
}

static void test_dc_send_announces_with_an_open_message(void **state)
{
    static const uint8_t open[] = {3, 0x81, 2, 0, 0, 0, 0, 9, 0, 3, 0, 1, 'l', 'a', 'b', 'p'};
    sim_dc *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("lab"),
                               .protocol = FLOE_LIT("p"),
                               .is_unordered = true,
                               .has_max_retransmits = true,
                               .max_retransmits = 9,
                               .priority = 512};
    (void)sim_dc_open(pair, 0, &options);
    floe_sctp_recv message = take(pair, (floe_bytes){open, sizeof open});
    assert_int_equal(message.ppid, FLOE_PPID_DCEP);
    assert_int_equal(message.stream, 0);
    assert_false(message.is_unordered);
}

static uint16_t weight_of(sim_dc *pair, uint16_t stream)
{
    return floe_sctp_streams_peek(&pair->ends[0].assoc.streams, stream)->weight;
}

static void test_dc_send_sends_with_the_priority_of_the_channel(void **state)
{
    const uint8_t open[12] = {3, 0, 4, 0}; /* 1024 */
    sim_dc *pair = *state;
    floe_dc_options options = {.priority = 128};
    (void)sim_dc_open(pair, 0, &options);
    assert_int_equal(weight_of(pair, 0), 128);
    options.priority = 0;
    (void)sim_dc_open(pair, 0, &options);
    assert_int_equal(weight_of(pair, 2), 256);
    /* RFC 8831 §6.4: a channel that the peer has opened has the peer's priority both ways. */
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(weight_of(pair, 1), 1024);
}

static void test_dc_send_acknowledges_with_one_byte(void **state)
{
    const uint8_t open[12] = {3, 0x80};
    sim_dc *pair = *state;
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    sim_dc_run(pair, FLOE_SECOND);
    floe_sctp_recv message = take(pair, FLOE_LIT("\x02"));
    assert_int_equal(message.ppid, FLOE_PPID_DCEP);
    assert_int_equal(message.stream, 1);
    assert_false(message.is_unordered);
}

static void test_dc_send_gives_messages_their_ppid(void **state)
{
    static const struct {
        bool is_text;
        const char *data;
        floe_ppid ppid;
        const char *wire;
        size_t wire_len;
    } cases[] = {{true, "t", FLOE_PPID_STRING, "t", 1},
                 {false, "b", FLOE_PPID_BINARY, "b", 1},
                 {true, "", FLOE_PPID_STRING_EMPTY, "\0", 1},
                 {false, "", FLOE_PPID_BINARY_EMPTY, "\0", 1}};
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options options = {.is_negotiated = true};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    for (size_t i = 0; i < 4; i++) {
        floe_bytes data = floe_bytes_of(cases[i].data);
        assert_int_equal(floe_dc_send(&e->dc, &e->assoc, channel, cases[i].is_text, data), FLOE_OK);
        sim_dc_run(pair, FLOE_SECOND);
        floe_bytes wire = {(const uint8_t *)cases[i].wire, cases[i].wire_len};
        assert_int_equal(take(pair, wire).ppid, cases[i].ppid);
    }
}

static floe_dc_id open_unordered(sim_dc *pair)
{
    floe_dc_options options = {.is_unordered = true};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    floe_sctp_assoc_release(&pair->ends[1].assoc); /* OPEN */
    return channel;
}

static void test_dc_send_is_ordered_until_the_ack(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_unordered(pair);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("before")), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_false(take(pair, FLOE_LIT("before")).is_unordered);
    sim_dc_send_raw(pair, 1, 0, FLOE_PPID_DCEP, FLOE_LIT("\x02"));
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("after")), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(take(pair, FLOE_LIT("after")).is_unordered);
}

static void test_dc_send_is_ordered_until_any_message_comes(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id channel = open_unordered(pair);
    sim_dc_send_raw(pair, 1, 0, FLOE_PPID_STRING, FLOE_LIT("as good as an ACK"));
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("after")), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(take(pair, FLOE_LIT("after")).is_unordered);
}

static void test_dc_send_is_unordered_at_once_on_a_channel_of_the_peer(void **state)
{
    const uint8_t open[12] = {3, 0x80};
    sim_dc *pair = *state;
    sim_dc_send_raw(pair, 1, 1, FLOE_PPID_DCEP, (floe_bytes){open, sizeof open});
    sim_dc_run(pair, FLOE_SECOND);
    (void)take(pair, FLOE_LIT("\x02"));
    floe_dc_id channel = sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("x")), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(take(pair, FLOE_LIT("x")).is_unordered);
}

static void test_dc_send_is_unordered_at_once_where_nothing_is_announced(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.is_unordered = true, .is_negotiated = true};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("x")), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_true(take(pair, FLOE_LIT("x")).is_unordered);
}

static void test_dc_send_gives_up_messages_of_partial_reliability(void **state)
{
    const floe_dc_options kinds[] = {
        {.is_negotiated = true, .stream = 2, .has_max_retransmits = true},
        {.is_negotiated = true, .stream = 4, .has_lifetime = true, .lifetime_ms = 100},
    };
    sim_dc *pair = *state;
    for (size_t i = 0; i < 2; i++) {
        floe_sctp_stats stats;
        floe_dc_id channel = sim_dc_open(pair, 0, &kinds[i]);
        pair->is_cut = true;
        assert_int_equal(send_text(pair, channel, FLOE_LIT("lost")), FLOE_OK);
        sim_dc_run(pair, 10 * FLOE_SECOND);
        pair->is_cut = false;
        assert_int_equal(send_text(pair, channel, FLOE_LIT("arrives")), FLOE_OK);
        sim_dc_run(pair, 30 * FLOE_SECOND);
        (void)take(pair, FLOE_LIT("arrives"));
        floe_sctp_assoc_get_stats(&pair->ends[0].assoc, &stats);
        assert_int_equal(stats.messages_abandoned, i + 1);
    }
}

static void test_dc_send_never_gives_up_the_announcement(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.has_max_retransmits = true, .label = FLOE_LIT("x")};
    floe_sctp_recv message;
    pair->is_cut = true;
    (void)sim_dc_open(pair, 0, &options);
    sim_dc_run(pair, 10 * FLOE_SECOND);
    pair->is_cut = false;
    sim_dc_run(pair, 30 * FLOE_SECOND);
    assert_true(floe_sctp_assoc_peek(&pair->ends[1].assoc, &message));
    assert_int_equal(message.ppid, FLOE_PPID_DCEP);
}

/* Fill the send buffer of end 0 to the last byte. */
static void fill_send_buffer(sim_dc *pair, floe_dc_id channel)
{
    static const uint8_t zeros[4096];
    sim_dc_end *e = &pair->ends[0];
    pair->is_cut = true;
    for (size_t len = sizeof zeros; len > 0; len /= 2) {
        floe_bytes data = {zeros, len};
        while (floe_dc_send(&e->dc, &e->assoc, channel, false, data) == FLOE_OK) {
        }
    }
}

static void test_dc_send_announces_when_the_send_buffer_has_room_again(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options agreed = {.is_negotiated = true, .stream = 100};
    floe_dc_options options = {.label = FLOE_LIT("waits for room")};
    floe_dc_id busy = sim_dc_open(pair, 0, &agreed);
    floe_dc_id channel;
    fill_send_buffer(pair, busy);
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    sim_dc_drain(pair, 0);
    floe_sctp_event established = {.type = FLOE_SCTP_EV_ESTABLISHED};
    assert_true(floe_dc_receive_event(&e->dc, &e->assoc, &established));
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_CONNECTING);
    assert_int_equal(send_text(pair, channel, FLOE_LIT("x")), FLOE_E_STATE);
    pair->is_cut = false;
    for (int i = 0; i < 100; i++) {
        sim_dc_run(pair, FLOE_SECOND);
        floe_sctp_recv message;
        while (floe_sctp_assoc_peek(&pair->ends[1].assoc, &message)) {
            floe_sctp_assoc_release(&pair->ends[1].assoc);
        }
    }
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_OPEN);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_OPEN, channel), 1);
}

static void test_dc_send_announces_nothing_on_a_stream_that_the_peer_has_taken(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options agreed = {.is_negotiated = true, .stream = 100};
    floe_dc_options options = {0};
    floe_dc_id busy = sim_dc_open(pair, 0, &agreed);
    floe_dc_id channel;
    uint8_t packet[FLOE_SCTP_PACKET_MAX];
    size_t len;
    fill_send_buffer(pair, busy);
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    sim_dc_send_raw(pair, 1, 0, FLOE_PPID_STRING, FLOE_LIT("mine"));
    while (floe_sctp_assoc_poll_transmit(&pair->ends[1].assoc, packet, sizeof packet, &len)) {
        floe_bytes bytes = {packet, len};
        assert_int_equal(floe_sctp_assoc_input(&e->assoc, pair->now, bytes), FLOE_OK);
    }
    sim_dc_drain(pair, 0);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 1);
}

static void test_dc_send_closes_a_channel_whose_announcement_is_too_big_for_the_peer(void **state)
{
    uint8_t name[200];
    sim_dc *pair = *state;
    floe_dc_options options = {.label = {name, sizeof name}};
    memset(name, 'n', sizeof name);
    floe_sctp_assoc_set_remote_message_max(&pair->ends[0].assoc, 100);
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, channel), 1);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_OPEN, channel), 0);
}

static void test_dc_send_sets_a_threshold_once_the_stream_is_known(void **state)
{
    static const uint8_t block[5000];
    (void)state;
    sim_dc *pair = sim_dc_new(2);
    sim_dc_end *e = &pair->ends[0];
    floe_dc_options options = {0};
    floe_dc_id channel;
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, &options, &channel), FLOE_OK);
    assert_int_equal(floe_dc_set_low_threshold(&e->dc, &e->assoc, channel, 4000), FLOE_OK);
    sim_dc_connect(pair);
    floe_bytes data = {block, sizeof block};
    assert_int_equal(floe_dc_send(&e->dc, &e->assoc, channel, false, data), FLOE_OK);
    sim_dc_drain(pair, 0);
    while (sim_dc_count(pair, 0, FLOE_DC_EV_BUFFERED_LOW, channel) == 0) {
        sim_dc_run(pair, 5 * FLOE_MS);
    }
    size_t buffered = sim_dc_info(pair, 0, channel).buffered;
    assert_true(buffered <= 4000);
    sim_dc_free(pair);
}

#define WITH_RAW_PEER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RAW_PEER(test_dc_send_announces_with_an_open_message),
        WITH_RAW_PEER(test_dc_send_sends_with_the_priority_of_the_channel),
        WITH_RAW_PEER(test_dc_send_acknowledges_with_one_byte),
        WITH_RAW_PEER(test_dc_send_gives_messages_their_ppid),
        WITH_RAW_PEER(test_dc_send_is_ordered_until_the_ack),
        WITH_RAW_PEER(test_dc_send_is_ordered_until_any_message_comes),
        WITH_RAW_PEER(test_dc_send_is_unordered_at_once_on_a_channel_of_the_peer),
        WITH_RAW_PEER(test_dc_send_is_unordered_at_once_where_nothing_is_announced),
        WITH_RAW_PEER(test_dc_send_gives_up_messages_of_partial_reliability),
        WITH_RAW_PEER(test_dc_send_never_gives_up_the_announcement),
        WITH_RAW_PEER(test_dc_send_announces_when_the_send_buffer_has_room_again),
        WITH_RAW_PEER(test_dc_send_announces_nothing_on_a_stream_that_the_peer_has_taken),
        WITH_RAW_PEER(test_dc_send_closes_a_channel_whose_announcement_is_too_big_for_the_peer),
        cmocka_unit_test(test_dc_send_sets_a_threshold_once_the_stream_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
