/* tests of peer/peer_channel.c: messages through the whole stack */
#include <stdlib.h>
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

static int setup(void **state)
{
    *state = peer_pair_new();
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static void check_round(peer_pair *pair, int from, floe_dc_id channel, bool is_text, size_t size)
{
    uint8_t *sent = malloc(size + 1), *got = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        sent[i] = is_text ? (uint8_t)('a' + i % 26) : (uint8_t)(i * 7 + i / 251);
    }
    assert_int_equal(
        floe_peer_send(&pair->end[from].peer, channel, is_text, (floe_bytes){sent, size}), FLOE_OK);
    peer_pair_run(pair, 3 * FLOE_SECOND);
    floe_dc_message message;
    floe_peer *to = &pair->end[1 - from].peer;
    assert_true(floe_peer_peek(to, &message));
    assert_int_equal(message.len, size);
    assert_int_equal(message.is_text, is_text);
    assert_int_equal(floe_peer_copy(to, got, size), size);
    assert_memory_equal(sent, got, size);
    floe_peer_release(to);
    assert_false(floe_peer_peek(to, &message));
    free(sent);
    free(got);
}

static void test_peer_channel_carries_every_size_both_ways(void **state)
{
    static const size_t sizes[] = {0, 1, 1199, 1200, 65535, 65536};
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_round(pair, 0, channel, true, sizes[i]);
        check_round(pair, 0, channel, false, sizes[i]);
        check_round(pair, 1, pair->end[1].incoming, true, sizes[i]);
        check_round(pair, 1, pair->end[1].incoming, false, sizes[i]);
    }
}

static void test_peer_channel_carries_the_largest_message(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    assert_int_equal(floe_peer_get_message_max(&pair->end[0].peer), 262144);
    check_round(pair, 0, channel, false, 262144);
    check_round(pair, 1, pair->end[1].incoming, false, 262144);
}

/* RFC 8841 §6.1: what is announced is taken. The headers of its chunks need memory, too. */
static void test_peer_channel_takes_as_much_as_it_announces(void **state)
{
    peer_pair *pair = *state;
    floe_peer *to = &pair->end[1].peer;
    floe_peer_config config = pair->end[1].config;
    config.recv_buffer.len = 32768;
    floe_peer_free(to);
    assert_int_equal(floe_peer_init(to, &config, pair->now), FLOE_OK);
    assert_int_equal(floe_peer_add_local(to, &pair->end[1].addr, 0), FLOE_OK);
    floe_peer_end_local(to);
    floe_dc_id channel = peer_pair_connect(pair);
    size_t max = floe_peer_get_message_max(&pair->end[0].peer);
    assert_true(max > 16384 && max < config.recv_buffer.len);
    check_round(pair, 0, channel, false, max);
}

static void test_peer_channel_refuses_what_is_too_big_and_lives(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    uint8_t *bytes = calloc(1, 262145);
    floe_bytes big = {bytes, 262145};
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, false, big), FLOE_E_TOO_BIG);
    free(bytes);
    check_round(pair, 0, channel, true, 10);
}

static void test_peer_channel_full_buffer_says_again_then_writable(void **state)
{
    peer_pair *pair = *state;
    static uint8_t bytes[65536];
    floe_dc_id channel = peer_pair_connect(pair);
    floe_peer *a = &pair->end[0].peer;
    floe_err err;
    unsigned sent = 0;
    while ((err = floe_peer_send(a, channel, false, (floe_bytes){bytes, sizeof bytes})) ==
           FLOE_OK) {
        sent++;
    }
    assert_int_equal(err, FLOE_E_AGAIN);
    assert_true(sent >= 8);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_WRITABLE], 0);
    for (unsigned i = 0; i < sent; i++) {
        floe_dc_message message;
        peer_pair_run(pair, 5 * FLOE_SECOND);
        assert_true(floe_peer_peek(&pair->end[1].peer, &message));
        floe_peer_release(&pair->end[1].peer);
    }
    assert_true(pair->end[0].events[FLOE_PEER_EV_WRITABLE] >= 1);
}

static void test_peer_channel_messages_before_a_close_are_delivered(void **state)
{
    peer_pair *pair = *state;
    floe_dc_message message;
    floe_dc_id channel = peer_pair_connect(pair);
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("last words")),
                     FLOE_OK);
    assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, channel), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    assert_int_equal(message.len, 10);
    floe_peer_release(&pair->end[1].peer);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

/* The other end says its last word and goes; the reader comes after the news of the end. */
static void test_peer_channel_last_message_is_read_after_the_end(void **state)
{
    peer_pair *pair = *state;
    floe_dc_message message;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    assert_int_equal(floe_peer_send(a, channel, true, FLOE_LIT("farewell")), FLOE_OK);
    peer_pair_run(pair, 100 * FLOE_MS);
    floe_peer_close(a, pair->now);
    peer_pair_run(pair, 100 * FLOE_MS);
    assert_int_equal(floe_peer_get_state(b), FLOE_PEER_CLOSED);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_MESSAGE], 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_CLOSED], 0);
    assert_true(floe_peer_peek(b, &message));
    assert_int_equal(message.len, 8);
    floe_peer_release(b);
    peer_pair_run(pair, 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
}

static void test_peer_channel_tells_the_fate_of_a_message_that_asks(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_dc_send_options options = {.is_text = true, .wants_fate = true, .cookie = UINT32_MAX};
    floe_peer *a = &pair->end[0].peer;
    floe_time sent_at = pair->now;
    assert_int_equal(floe_peer_send(a, channel, true, FLOE_LIT("x")), FLOE_OK);
    assert_int_equal(floe_peer_send_with(a, channel, &options, FLOE_LIT("word")), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_FATE], 1);
    const floe_dc_fate *fate = &pair->end[0].fate;
    assert_int_equal(fate->outcome, FLOE_SCTP_OUTCOME_ACKED);
    assert_int_equal(fate->cookie, UINT32_MAX);
    assert_int_equal(fate->channel, channel);
    assert_true(fate->sent_at >= sent_at && fate->sent_at < pair->now);
}

static void test_peer_channel_tells_fates_when_the_connection_ends(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_dc_send_options options = {.wants_fate = true, .cookie = 3};
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_send_with(a, channel, &options, FLOE_LIT("late")), FLOE_OK);
    floe_peer_close(a, pair->now);
    assert_int_equal(floe_peer_send_with(a, channel, &options, FLOE_LIT("x")), FLOE_E_CLOSED);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_FATE], 1);
    assert_int_equal(pair->end[0].fate.outcome, FLOE_SCTP_OUTCOME_UNKNOWN);
    assert_int_equal(pair->end[0].fate.cookie, 3);
}

static void test_peer_channel_after_close_says_closed(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair), other;
    floe_dc_options options = {.label = FLOE_LIT("late")};
    floe_peer *a = &pair->end[0].peer;
    floe_peer_close(a, pair->now);
    assert_int_equal(floe_peer_send(a, channel, true, FLOE_LIT("x")), FLOE_E_CLOSED);
    assert_int_equal(floe_peer_open_channel(a, &options, &other), FLOE_E_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_channel_carries_every_size_both_ways),
        TEST(test_peer_channel_carries_the_largest_message),
        TEST(test_peer_channel_takes_as_much_as_it_announces),
        TEST(test_peer_channel_refuses_what_is_too_big_and_lives),
        TEST(test_peer_channel_full_buffer_says_again_then_writable),
        TEST(test_peer_channel_messages_before_a_close_are_delivered),
        TEST(test_peer_channel_last_message_is_read_after_the_end),
        TEST(test_peer_channel_tells_the_fate_of_a_message_that_asks),
        TEST(test_peer_channel_tells_fates_when_the_connection_ends),
        TEST(test_peer_channel_after_close_says_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
