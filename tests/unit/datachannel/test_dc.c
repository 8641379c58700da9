/* tests/unit/datachannel/test_dc.c */
#include "datachannel/dc.h"

#include <string.h>

#include "support/sim_dc.h"
#include "support/unit.h"

static int setup(void **state)
{
    *state = sim_dc_new_connected(1);
    return 0;
}

static int teardown(void **state)
{
    sim_dc_free(*state);
    return 0;
}

static floe_err open_channel(sim_dc *pair, int end, const floe_dc_options *options,
                             floe_dc_id *channel)
{
    return floe_dc_open(&pair->ends[end].dc, &pair->ends[end].assoc, options, channel);
}

static floe_err send_bytes(sim_dc *pair, int end, floe_dc_id channel, bool is_text, floe_bytes data)
{
    return floe_dc_send(&pair->ends[end].dc, &pair->ends[end].assoc, channel, is_text, data);
}

/* ---- opening ---- */

static void test_dc_open_is_announced_to_the_peer_alone(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("chat")};
    floe_dc_id channel = sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_OPEN, channel), 1);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 1);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_OPEN, FLOE_DC_NONE), 1);
    assert_int_equal(pair->ends[1].events[0].type, FLOE_DC_EV_INCOMING);
    assert_false(sim_dc_info(pair, 0, channel).is_incoming);
    assert_true(sim_dc_info(pair, 1, pair->ends[1].events[0].channel).is_incoming);
}

static void test_dc_open_is_open_as_soon_as_it_is_announced(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel;
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    assert_int_equal(sim_dc_info(pair, 0, channel).state, FLOE_DC_OPEN);
    sim_dc_send(pair, 0, channel, "no round trip was lost");
    sim_dc_run(pair, pair->delay + FLOE_MS);
    sim_dc_read(pair, 1, sim_dc_find(pair, 1, FLOE_DC_EV_INCOMING), "no round trip was lost");
}

static void test_dc_open_tells_the_peer_all_six_types(void **state)
{
    sim_dc *pair = *state;
    for (unsigned type = 0; type < 6; type++) {
        floe_dc_options options = {.is_unordered = type % 2 != 0,
                                   .has_max_retransmits = type / 2 == 1,
                                   .has_lifetime = type / 2 == 2,
                                   .max_retransmits = type / 2 == 1 ? 3 : 0,
                                   .lifetime_ms = type / 2 == 2 ? 65535 : 0,
                                   .priority = (uint16_t)(128 << type)};
        sim_dc_clear(pair);
        floe_dc_id ours = sim_dc_open(pair, 0, &options);
        floe_dc_id theirs = sim_dc_find(pair, 1, FLOE_DC_EV_INCOMING);
        for (int end = 0; end < 2; end++) {
            floe_dc_options seen = sim_dc_info(pair, end, end == 0 ? ours : theirs).options;
            assert_int_equal(seen.is_unordered, options.is_unordered);
            assert_int_equal(seen.has_max_retransmits, options.has_max_retransmits);
            assert_int_equal(seen.has_lifetime, options.has_lifetime);
            assert_int_equal(seen.max_retransmits, options.max_retransmits);
            assert_int_equal(seen.lifetime_ms, options.lifetime_ms);
            assert_int_equal(seen.priority, options.priority);
        }
        sim_dc_close(pair, 0, ours);
        sim_dc_run(pair, FLOE_SECOND);
    }
}

static void test_dc_open_has_priority_256_unless_told_otherwise(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    assert_int_equal(sim_dc_info(pair, 0, ids[0]).options.priority, 256);
    assert_int_equal(sim_dc_info(pair, 1, ids[1]).options.priority, 256);
}

static void test_dc_open_tells_the_peer_label_and_protocol(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("gr\xc3\xbc\xc3\x9f\0e"),
                               .protocol = FLOE_LIT("v1.sip")};
    (void)sim_dc_open(pair, 1, &options);
    floe_dc_info info = sim_dc_info(pair, 0, sim_dc_find(pair, 0, FLOE_DC_EV_INCOMING));
    assert_true(floe_bytes_equal(info.options.label, options.label));
    assert_true(floe_bytes_equal(info.options.protocol, options.protocol));
}

static void test_dc_open_copies_the_names(void **state)
{
    sim_dc *pair = *state;
    uint8_t label[4] = "abc";
    floe_dc_options options = {.label = {label, 3}};
    floe_dc_id channel;
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    memset(label, 'z', sizeof label);
    floe_dc_info info = sim_dc_info(pair, 0, channel);
    assert_true(floe_bytes_equal(info.options.label, FLOE_LIT("abc")));
}

static void test_dc_open_uses_even_streams_as_client_and_odd_ones_as_server(void **state)
{
    sim_dc *pair = *state;
    for (uint16_t i = 0; i < 2; i++) {
        floe_dc_id ids[2];
        sim_dc_open_both(pair, 0, "of the client", ids);
        assert_int_equal(sim_dc_info(pair, 0, ids[0]).stream, 2 * i);
        assert_int_equal(sim_dc_info(pair, 1, ids[1]).stream, 2 * i);
        sim_dc_open_both(pair, 1, "of the server", ids);
        assert_int_equal(sim_dc_info(pair, 0, ids[0]).stream, 2 * i + 1);
    }
}

static void test_dc_open_refuses_impossible_options(void **state)
{
    sim_dc *pair = *state;
    const floe_dc_options bad[] = {
        {.has_max_retransmits = true, .has_lifetime = true},
        {.is_negotiated = true, .stream = 65535},
        {.label = FLOE_LIT("\xff")},
        {.protocol = FLOE_LIT("\xc3")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        floe_dc_id channel;
        assert_int_equal(open_channel(pair, 0, &bad[i], &channel), FLOE_E_ARG);
    }
    size_t cursor = 0;
    floe_dc_id channel;
    assert_false(floe_dc_next(&pair->ends[0].dc, &cursor, &channel));
}

static void test_dc_open_is_refused_after_the_association_has_ended(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel;
    floe_dc_close_all(&pair->ends[0].dc);
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_E_CLOSED);
}

static void test_dc_open_waits_for_the_role_and_the_association(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(2);
    floe_dc_options options = {.label = FLOE_LIT("early")};
    floe_dc_options agreed = {.is_negotiated = true, .stream = 3};
    floe_dc_id early[2], negotiated;
    assert_int_equal(open_channel(pair, 1, &options, &early[0]), FLOE_OK);
    assert_int_equal(open_channel(pair, 1, &agreed, &negotiated), FLOE_OK);
    assert_int_equal(open_channel(pair, 1, &options, &early[1]), FLOE_OK);
    assert_int_equal(sim_dc_info(pair, 1, early[0]).stream, FLOE_STREAM_NONE);
    assert_int_equal(sim_dc_info(pair, 1, early[0]).state, FLOE_DC_CONNECTING);
    assert_int_equal(sim_dc_info(pair, 1, negotiated).state, FLOE_DC_CONNECTING);
    sim_dc_connect(pair);
    /* The lowest free ones, in the order of opening; 3 is taken. */
    assert_int_equal(sim_dc_info(pair, 1, early[0]).stream, 1);
    assert_int_equal(sim_dc_info(pair, 1, early[1]).stream, 5);
    assert_int_equal(sim_dc_info(pair, 1, early[1]).state, FLOE_DC_OPEN);
    assert_int_equal(sim_dc_info(pair, 1, negotiated).state, FLOE_DC_OPEN);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_OPEN, FLOE_DC_NONE), 3);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 2);
    sim_dc_free(pair);
}

static void test_dc_open_negotiated_needs_no_announcement(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.is_negotiated = true, .stream = 7, .is_unordered = true};
    floe_dc_id ours, theirs;
    assert_int_equal(open_channel(pair, 0, &options, &ours), FLOE_OK);
    assert_int_equal(open_channel(pair, 1, &options, &theirs), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), 0);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_OPEN, theirs), 1);
    sim_dc_send(pair, 0, ours, "hello");
    sim_dc_send(pair, 1, theirs, "and back");
    sim_dc_run(pair, FLOE_SECOND);
    sim_dc_read(pair, 1, theirs, "hello");
    sim_dc_read(pair, 0, ours, "and back");
    assert_true(sim_dc_info(pair, 0, ours).options.is_negotiated);
    assert_int_equal(sim_dc_info(pair, 0, ours).options.stream, 7);
}

static void test_dc_open_negotiated_refuses_a_stream_in_use(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2], channel;
    sim_dc_open_both(pair, 0, "on stream 0", ids);
    floe_dc_options options = {.is_negotiated = true, .stream = 0};
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_E_STATE);
    assert_int_equal(open_channel(pair, 1, &options, &channel), FLOE_E_STATE);
}

/* ---- limits ---- */

static void test_dc_open_says_full_at_the_channel_limit_and_recovers(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("one of many")};
    floe_dc_id first = FLOE_DC_NONE, channel;
    for (size_t i = 0; i < FLOE_DC_CHANNEL_MAX; i++) {
        assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
        first = i == 0 ? channel : first;
    }
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_E_FULL);
    sim_dc_run(pair, 3 * FLOE_SECOND);
    sim_dc_close(pair, 0, first);
    sim_dc_run(pair, 3 * FLOE_SECOND);
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
}

static void test_dc_open_says_full_when_the_names_do_not_fit(void **state)
{
    static uint8_t name[FLOE_DC_NAMES_MAX + FLOE_DC_CHANNEL_MAX * 12 + 1];
    sim_dc *pair = *state;
    floe_dc_options options = {.is_negotiated = true, .label = {name, FLOE_DC_NAMES_MAX}};
    floe_dc_options another = {.is_negotiated = true, .stream = 1};
    floe_dc_id channel;
    memset(name, 'n', sizeof name);
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    another.label = options.label;
    assert_int_equal(open_channel(pair, 0, &another, &channel), FLOE_E_FULL);
    another.label.len = sizeof name;
    assert_int_equal(open_channel(pair, 1, &another, &channel), FLOE_E_FULL);
    floe_dc_check_invariants(&pair->ends[0].dc); /* and nothing is left of the attempt */
    another.label.len = 1;
    assert_int_equal(open_channel(pair, 0, &another, &channel), FLOE_OK);
}

static void test_dc_open_says_full_when_the_peer_has_no_more_streams(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_options agreed = {.is_negotiated = true, .stream = 3};
    floe_dc_id channel;
    pair->ends[0].assoc.streams_out = 3; /* esp-webrtc has as few */
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_E_FULL);
    assert_int_equal(open_channel(pair, 0, &agreed, &channel), FLOE_E_FULL);
}

static void test_dc_takes_the_longest_label_to_the_peer(void **state)
{
    static uint8_t name[FLOE_DC_NAMES_MAX];
    sim_dc *pair = *state;
    floe_dc_options options = {.label = {name, sizeof name}};
    memset(name, 'n', sizeof name);
    (void)sim_dc_open(pair, 0, &options);
    floe_dc_info info = sim_dc_info(pair, 1, sim_dc_find(pair, 1, FLOE_DC_EV_INCOMING));
    assert_true(floe_bytes_equal(info.options.label, options.label));
}

/* A hundred, or as many as a small configuration has. */
#define MANY (FLOE_DC_CHANNEL_MAX < 100 ? FLOE_DC_CHANNEL_MAX / 2 * 2 : 100)

static void test_dc_carries_a_hundred_channels(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[100];
    floe_dc_options options = {.label = FLOE_LIT("many")};
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(open_channel(pair, (int)(i % 2), &options, &ids[i]), FLOE_OK);
        sim_dc_send(pair, (int)(i % 2), ids[i], "x");
    }
    sim_dc_run(pair, 5 * FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        floe_dc_message message;
        size_t count = 0;
        while (floe_dc_peek(&pair->ends[end].dc, &pair->ends[end].assoc, &message)) {
            assert_true(sim_dc_info(pair, end, message.channel).is_incoming);
            floe_dc_release(&pair->ends[end].dc, &pair->ends[end].assoc);
            count++;
        }
        sim_dc_drain(pair, end);
        assert_int_equal(count, MANY / 2);
        assert_int_equal(sim_dc_count(pair, end, FLOE_DC_EV_INCOMING, FLOE_DC_NONE), MANY / 2);
    }
}

static void test_dc_opens_and_closes_a_thousand_times(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    pair->delay = FLOE_MS;
    for (int i = 0; i < 1000; i++) {
        sim_dc_open_both(pair, i % 2, "the same again, with a name of some length", ids);
        assert_true(sim_dc_info(pair, 0, ids[0]).stream < 2);
        sim_dc_close(pair, i / 2 % 2, ids[i / 2 % 2]);
        sim_dc_run(pair, FLOE_SECOND);
        assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_CLOSED, ids[0]), 1);
        assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_CLOSED, ids[1]), 1);
    }
    floe_dc_stats stats;
    floe_dc_get_stats(&pair->ends[0].dc, &stats);
    assert_int_equal(stats.opened, 1000);
    assert_int_equal(stats.closed, 1000);
}

static void test_dc_ids_come_back_late(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id first[2], ids[2];
    sim_dc_open_both(pair, 0, "first", first);
    sim_dc_close(pair, 0, first[0]);
    sim_dc_run(pair, FLOE_SECOND);
    for (int i = 0; i < 200; i++) {
        sim_dc_open_both(pair, 0, "later", ids);
        assert_int_not_equal(ids[0], first[0]);
        sim_dc_close(pair, 0, ids[0]);
        sim_dc_run(pair, FLOE_SECOND);
    }
    floe_dc_info info;
    sim_dc_end *e = &pair->ends[0];
    assert_int_equal(floe_dc_get_info(&e->dc, &e->assoc, first[0], &info), FLOE_E_ARG);
    assert_int_equal(floe_dc_close(&e->dc, &e->assoc, first[0]), FLOE_E_ARG);
    assert_int_equal(send_bytes(pair, 0, first[0], true, FLOE_LIT("x")), FLOE_E_ARG);
    assert_int_equal(floe_dc_set_low_threshold(&e->dc, &e->assoc, first[0], 1), FLOE_E_ARG);
}

/* ---- sending and receiving ---- */

static void test_dc_send_keeps_text_and_binary_and_empty_apart(void **state)
{
    static const struct {
        bool is_text;
        floe_bytes data;
    } messages[] = {{true, {(const uint8_t *)"text", 4}},
                    {false, {(const uint8_t *)"\xff\0", 2}},
                    {true, {NULL, 0}},
                    {false, {NULL, 0}}};
    sim_dc *pair = *state;
    sim_dc_end *to = &pair->ends[1];
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "mixed", ids);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(send_bytes(pair, 0, ids[0], messages[i].is_text, messages[i].data),
                         FLOE_OK);
    }
    sim_dc_run(pair, FLOE_SECOND);
    for (size_t i = 0; i < 4; i++) {
        floe_dc_message message;
        assert_true(floe_dc_peek(&to->dc, &to->assoc, &message));
        assert_int_equal(message.is_text, messages[i].is_text);
        assert_int_equal(message.len, messages[i].data.len);
        floe_bytes view = floe_dc_view(&to->dc, &to->assoc, 0);
        assert_true(floe_bytes_equal(view, messages[i].data));
        floe_dc_release(&to->dc, &to->assoc);
    }
    assert_int_equal(sim_dc_info(pair, 1, ids[1]).bytes_received, 6);
    assert_int_equal(sim_dc_info(pair, 1, ids[1]).messages_received, 4);
    assert_int_equal(sim_dc_info(pair, 0, ids[0]).bytes_sent, 6);
    assert_int_equal(sim_dc_info(pair, 0, ids[0]).messages_sent, 4);
}

static void test_dc_send_refuses_text_that_is_not_utf8(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "strict", ids);
    assert_int_equal(send_bytes(pair, 0, ids[0], true, FLOE_LIT("\xed\xa0\x80")), FLOE_E_ARG);
    assert_int_equal(send_bytes(pair, 0, ids[0], false, FLOE_LIT("\xed\xa0\x80")), FLOE_OK);
}

static void test_dc_send_wants_an_open_channel(void **state)
{
    (void)state;
    sim_dc *pair = sim_dc_new(3);
    floe_dc_options options = {0};
    floe_dc_id channel;
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    assert_int_equal(send_bytes(pair, 0, channel, true, FLOE_LIT("x")), FLOE_E_STATE);
    sim_dc_connect(pair);
    assert_int_equal(send_bytes(pair, 0, channel, true, FLOE_LIT("x")), FLOE_OK);
    sim_dc_close(pair, 0, channel);
    assert_int_equal(send_bytes(pair, 0, channel, true, FLOE_LIT("x")), FLOE_E_STATE);
    sim_dc_free(pair);
}

static void test_dc_send_says_again_when_full_and_writable_later(void **state)
{
    static const uint8_t block[8192];
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "busy", ids);
    floe_err err = FLOE_OK;
    for (int i = 0; i < 100 && err == FLOE_OK; i++) {
        err = send_bytes(pair, 0, ids[0], false, (floe_bytes){block, sizeof block});
    }
    assert_int_equal(err, FLOE_E_AGAIN);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_WRITABLE, FLOE_DC_NONE), 0);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_WRITABLE, FLOE_DC_NONE), 1);
    assert_int_equal(send_bytes(pair, 0, ids[0], false, (floe_bytes){block, sizeof block}),
                     FLOE_OK);
}

static void test_dc_send_says_too_big(void **state)
{
    static const uint8_t block[2 * SIM_DC_BUFFER];
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "small", ids);
    assert_int_equal(send_bytes(pair, 0, ids[0], false, (floe_bytes){block, sizeof block}),
                     FLOE_E_TOO_BIG);
}

static void test_dc_buffered_counts_what_the_application_sent(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    floe_dc_id channel;
    assert_int_equal(open_channel(pair, 0, &options, &channel), FLOE_OK);
    assert_int_equal(sim_dc_info(pair, 0, channel).buffered, 0); /* OPEN is not his */
    pair->is_cut = true;
    sim_dc_send(pair, 0, channel, "");
    sim_dc_send(pair, 0, channel, "12345");
    sim_dc_drain(pair, 0);
    assert_int_equal(sim_dc_info(pair, 0, channel).buffered, 5);
    pair->is_cut = false;
    sim_dc_run(pair, 5 * FLOE_SECOND);
    assert_int_equal(sim_dc_info(pair, 0, channel).buffered, 0);
}

static void test_dc_buffered_low_is_of_the_channel_that_drained(void **state)
{
    static const uint8_t block[5000];
    sim_dc *pair = *state;
    floe_dc_id a[2], b[2];
    sim_dc_open_both(pair, 0, "a", a);
    sim_dc_open_both(pair, 0, "b", b);
    sim_dc_end *e = &pair->ends[0];
    assert_int_equal(floe_dc_set_low_threshold(&e->dc, &e->assoc, a[0], 1000), FLOE_OK);
    assert_int_equal(send_bytes(pair, 0, a[0], false, (floe_bytes){block, sizeof block}), FLOE_OK);
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_BUFFERED_LOW, a[0]), 1);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_BUFFERED_LOW, b[0]), 0);
}

static void test_dc_buffered_low_is_silent_about_the_announcement(void **state)
{
    sim_dc *pair = *state;
    floe_dc_options options = {0};
    (void)sim_dc_open(pair, 0, &options);
    assert_int_equal(sim_dc_count(pair, 0, FLOE_DC_EV_BUFFERED_LOW, FLOE_DC_NONE), 0);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_BUFFERED_LOW, FLOE_DC_NONE), 0);
}

static void test_dc_buffered_low_threshold_of_a_closing_channel_does_not_matter(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *e = &pair->ends[0];
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_close(pair, 0, ids[0]);
    assert_int_equal(floe_dc_set_low_threshold(&e->dc, &e->assoc, ids[0], 1000), FLOE_OK);
    floe_dc_check_invariants(&e->dc);
}

static void test_dc_message_is_told_once_until_it_is_read(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id ids[2];
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_send(pair, 0, ids[0], "one");
    sim_dc_send(pair, 0, ids[0], "two");
    sim_dc_run(pair, FLOE_SECOND);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_MESSAGE, ids[1]), 1);
    sim_dc_read(pair, 1, ids[1], "one");
    sim_dc_drain(pair, 1);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_MESSAGE, ids[1]), 2);
    sim_dc_read(pair, 1, ids[1], "two");
    sim_dc_drain(pair, 1);
    assert_int_equal(sim_dc_count(pair, 1, FLOE_DC_EV_MESSAGE, ids[1]), 2);
}

static void test_dc_message_is_not_told_to_who_has_seen_it(void **state)
{
    sim_dc *pair = *state;
    sim_dc_end *to = &pair->ends[1];
    floe_dc_id ids[2];
    floe_dc_event event;
    floe_sctp_event sctp_event;
    sim_dc_open_both(pair, 0, "x", ids);
    sim_dc_send(pair, 0, ids[0], "one");
    sim_dc_send(pair, 0, ids[0], "two");
    pair->is_cut = true; /* keep the packets; deliver by hand */
    uint8_t packet[FLOE_SCTP_PACKET_MAX];
    size_t len;
    while (floe_sctp_assoc_poll_transmit(&pair->ends[0].assoc, packet, sizeof packet, &len)) {
        assert_int_equal(floe_sctp_assoc_input(&to->assoc, pair->now, (floe_bytes){packet, len}),
                         FLOE_OK);
    }
    floe_sctp_assoc_input_end(&to->assoc);
    assert_false(floe_dc_advance(&to->dc, &to->assoc, &sctp_event));
    floe_dc_message message;
    assert_true(floe_dc_peek(&to->dc, &to->assoc, &message));
    assert_false(floe_dc_poll_event(&to->dc, &event));
    sim_dc_read(pair, 1, ids[1], "one");
    sim_dc_read(pair, 1, ids[1], "two");
    assert_false(floe_dc_poll_event(&to->dc, &event));
}

static void test_dc_next_steps_through_the_channels(void **state)
{
    sim_dc *pair = *state;
    floe_dc_id a[2], b[2], seen;
    size_t cursor = 0;
    sim_dc_open_both(pair, 0, "a", a);
    sim_dc_open_both(pair, 1, "b", b);
    assert_true(floe_dc_next(&pair->ends[0].dc, &cursor, &seen));
    assert_int_equal(seen, a[0]);
    assert_true(floe_dc_next(&pair->ends[0].dc, &cursor, &seen));
    assert_int_equal(seen, b[0]);
    assert_false(floe_dc_next(&pair->ends[0].dc, &cursor, &seen));
}

static void test_dc_states_have_the_names_of_the_w3c(void **state)
{
    (void)state;
    assert_string_equal(floe_dc_state_name(FLOE_DC_CONNECTING), "connecting");
    assert_string_equal(floe_dc_state_name(FLOE_DC_OPEN), "open");
    assert_string_equal(floe_dc_state_name(FLOE_DC_CLOSING), "closing");
    assert_string_equal(floe_dc_state_name(FLOE_DC_CLOSED), "closed");
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(test_dc_open_is_announced_to_the_peer_alone),
        WITH_PAIR(test_dc_open_is_open_as_soon_as_it_is_announced),
        WITH_PAIR(test_dc_open_tells_the_peer_all_six_types),
        WITH_PAIR(test_dc_open_has_priority_256_unless_told_otherwise),
        WITH_PAIR(test_dc_open_tells_the_peer_label_and_protocol),
        WITH_PAIR(test_dc_open_copies_the_names),
        WITH_PAIR(test_dc_open_uses_even_streams_as_client_and_odd_ones_as_server),
        WITH_PAIR(test_dc_open_refuses_impossible_options),
        WITH_PAIR(test_dc_open_is_refused_after_the_association_has_ended),
        cmocka_unit_test(test_dc_open_waits_for_the_role_and_the_association),
        WITH_PAIR(test_dc_open_negotiated_needs_no_announcement),
        WITH_PAIR(test_dc_open_negotiated_refuses_a_stream_in_use),
        WITH_PAIR(test_dc_open_says_full_at_the_channel_limit_and_recovers),
        WITH_PAIR(test_dc_open_says_full_when_the_names_do_not_fit),
        WITH_PAIR(test_dc_open_says_full_when_the_peer_has_no_more_streams),
        WITH_PAIR(test_dc_takes_the_longest_label_to_the_peer),
        WITH_PAIR(test_dc_carries_a_hundred_channels),
        WITH_PAIR(test_dc_opens_and_closes_a_thousand_times),
        WITH_PAIR(test_dc_ids_come_back_late),
        WITH_PAIR(test_dc_send_keeps_text_and_binary_and_empty_apart),
        WITH_PAIR(test_dc_send_refuses_text_that_is_not_utf8),
        cmocka_unit_test(test_dc_send_wants_an_open_channel),
        WITH_PAIR(test_dc_send_says_again_when_full_and_writable_later),
        WITH_PAIR(test_dc_send_says_too_big),
        WITH_PAIR(test_dc_buffered_counts_what_the_application_sent),
        WITH_PAIR(test_dc_buffered_low_is_of_the_channel_that_drained),
        WITH_PAIR(test_dc_buffered_low_is_silent_about_the_announcement),
        WITH_PAIR(test_dc_buffered_low_threshold_of_a_closing_channel_does_not_matter),
        WITH_PAIR(test_dc_message_is_told_once_until_it_is_read),
        WITH_PAIR(test_dc_message_is_not_told_to_who_has_seen_it),
        WITH_PAIR(test_dc_next_steps_through_the_channels),
        cmocka_unit_test(test_dc_states_have_the_names_of_the_w3c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
