/* tests of peer/peer_channel.c: what a browser's data channels are held to, through the facade;
 * docs/WPT.md has the list */
#include <string.h>

#include "support/peer_pair.h"
#include "support/peer_story.h"
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

static floe_err open_with(peer_pair *pair, int end, const floe_dc_options *options, floe_dc_id *id)
{
    return floe_peer_open_channel(&pair->end[end].peer, options, id);
}

static floe_dc_id open_ok(peer_pair *pair, int end, const floe_dc_options *options)
{
    floe_dc_id id;
    assert_int_equal(open_with(pair, end, options, &id), FLOE_OK);
    return id;
}

static floe_dc_info look(peer_pair *pair, int end, floe_dc_id id)
{
    floe_dc_info info;
    assert_int_equal(floe_peer_get_channel(&pair->end[end].peer, id, &info), FLOE_OK);
    return info;
}

static floe_err send_text(peer_pair *pair, int end, floe_dc_id id, const char *text)
{
    return floe_peer_send(&pair->end[end].peer, id, true, floe_bytes_of(text));
}

static void connect_pair(peer_pair *pair)
{
    peer_pair_signal(pair);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

/* ---- what a channel is made with ---- */

static void test_wpt_new_channel_has_the_defaults(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("")};
    floe_dc_info info = look(pair, 0, open_ok(pair, 0, &options));
    assert_int_equal(info.state, FLOE_DC_CONNECTING);
    assert_int_equal(info.stream, FLOE_STREAM_NONE);
    assert_int_equal(info.buffered, 0);
    assert_false(info.is_incoming || info.options.is_unordered || info.options.is_negotiated);
    assert_false(info.options.has_max_retransmits || info.options.has_lifetime);
    assert_int_equal(info.options.label.len, 0);
    assert_int_equal(info.options.protocol.len, 0);
}

#define TEXT(s)                                                                                    \
    {                                                                                              \
        (const uint8_t *)(s), sizeof(s) - 1                                                        \
    }

/* The extremes of each number, with both orders, as the opener sees them and as the peer does. */
static const floe_dc_options parameters[] = {
    {.is_unordered = true},
    {.has_max_retransmits = true, .max_retransmits = 0},
    {.has_max_retransmits = true, .max_retransmits = 65535},
    {.has_lifetime = true, .lifetime_ms = 0},
    {.has_lifetime = true, .lifetime_ms = 65535},
    {.is_unordered = true, .has_max_retransmits = true, .max_retransmits = 1},
    {.is_unordered = true, .has_lifetime = true, .lifetime_ms = 1, .priority = 1024},
    {.label = TEXT("a\0b")},
    {.label = TEXT("\xf0\x9f\x8c\x8a"), .protocol = TEXT("caf\xc3\xa9")},
    {.protocol = TEXT("only a protocol")},
};

static void check_parameters(const floe_dc_info *info, const floe_dc_options *want)
{
    const floe_dc_options *have = &info->options;
    assert_int_equal(have->is_unordered, want->is_unordered);
    assert_int_equal(have->has_max_retransmits, want->has_max_retransmits);
    assert_int_equal(have->max_retransmits, want->max_retransmits);
    assert_int_equal(have->has_lifetime, want->has_lifetime);
    assert_int_equal(have->lifetime_ms, want->lifetime_ms);
    assert_int_equal(have->priority, want->priority == 0 ? 256 : want->priority);
    assert_true(floe_bytes_equal(have->label, want->label));
    assert_true(floe_bytes_equal(have->protocol, want->protocol));
    assert_false(have->is_negotiated);
}

static void test_wpt_parameters_are_the_same_on_both_ends(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        floe_dc_id id = open_ok(pair, 0, &parameters[i]);
        peer_pair_run(pair, FLOE_SECOND);
        floe_dc_id theirs = pair->end[1].incoming;
        floe_dc_info here = look(pair, 0, id), there = look(pair, 1, theirs);
        check_parameters(&here, &parameters[i]);
        check_parameters(&there, &parameters[i]);
        assert_int_equal(here.stream, there.stream);
        assert_false(here.is_incoming);
        assert_true(there.is_incoming);
        assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, id), FLOE_OK);
        peer_pair_run(pair, FLOE_SECOND);
    }
}

static void test_wpt_names_that_can_not_be_sent_are_refused(void **state)
{
    static uint8_t name[65536];
    peer_pair *pair = *state;
    floe_dc_id id;
    memset(name, 'n', sizeof name);
    const floe_dc_options too_long[] = {{.label = {name, 65536}},
                                        {.protocol = {name, 65536}},
                                        {.label = {name, 65535}, .protocol = {name, 65536}},
                                        {.is_negotiated = true, .label = {name, 65536}}};
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++) {
        assert_int_equal(open_with(pair, 0, &too_long[i], &id), FLOE_E_FULL);
    }
    const floe_dc_options surrogate = {.label = FLOE_LIT("\xed\xa0\x80")};
    assert_int_equal(open_with(pair, 0, &surrogate, &id), FLOE_E_ARG);
    peer_pair_run(pair, FLOE_MS);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 0);
}

/* ---- streams ---- */

static void test_wpt_negotiated_ids_go_to_65534_before_the_connection(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id;
    static const uint16_t streams[] = {0, 1, 65534};
    for (size_t i = 0; i < 3; i++) {
        floe_dc_options options = {.is_negotiated = true, .stream = streams[i]};
        floe_dc_info info = look(pair, 0, open_ok(pair, 0, &options));
        assert_int_equal(info.stream, streams[i]);
        assert_int_equal(info.state, FLOE_DC_CONNECTING);
        assert_true(info.options.is_negotiated);
        assert_int_equal(open_with(pair, 0, &options, &id), FLOE_E_STATE);
    }
    floe_dc_options beyond = {.is_negotiated = true, .stream = 65535};
    assert_int_equal(open_with(pair, 0, &beyond, &id), FLOE_E_ARG);
    floe_dc_options ignored = {.stream = 65535}; /* a number without negotiated says nothing */
    assert_int_equal(look(pair, 0, open_ok(pair, 0, &ignored)).stream, FLOE_STREAM_NONE);
}

static void test_wpt_negotiated_channels_open_without_being_announced(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options ours = {.is_negotiated = true, .stream = 7, .label = FLOE_LIT("ours")};
    floe_dc_options theirs = {.is_negotiated = true, .stream = 7, .label = FLOE_LIT("theirs")};
    floe_dc_id a = open_ok(pair, 0, &ours), b = open_ok(pair, 1, &theirs);
    connect_pair(pair);
    assert_string_equal(peer_story_of_channel(&pair->end[0], a), "open");
    assert_string_equal(peer_story_of_channel(&pair->end[1], b), "open");
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL], 0);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL], 0);
    assert_true(floe_bytes_equal(look(pair, 0, a).options.label, ours.label));
    assert_true(floe_bytes_equal(look(pair, 1, b).options.label, theirs.label));
    assert_int_equal(send_text(pair, 1, b, "x"), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_string_equal(peer_story_of_channel(&pair->end[0], a), "open message");
}

/* RFC 8832 section 6: the DTLS client, who answered here, takes even streams. Streams that were
 * agreed on are passed over. */
static void test_wpt_streams_follow_the_dtls_role_and_pass_over_agreed_ones(void **state)
{
    UNIT_NEEDS(FLOE_DC_CHANNEL_MAX >= 8);
    peer_pair *pair = *state;
    floe_dc_options plain = {.label = FLOE_LIT("plain")};
    floe_dc_options zero = {.is_negotiated = true, .stream = 0};
    floe_dc_options one = {.is_negotiated = true, .stream = 1};
    floe_dc_id first[2], second[2], id;
    for (int end = 0; end < 2; end++) {
        first[end] = open_ok(pair, end, &plain);
        (void)open_ok(pair, end, &zero);
        (void)open_ok(pair, end, &one);
        second[end] = open_ok(pair, end, &plain);
    }
    connect_pair(pair);
    assert_int_equal(look(pair, 0, first[0]).stream, 3);
    assert_int_equal(look(pair, 0, second[0]).stream, 5);
    assert_int_equal(look(pair, 1, first[1]).stream, 2);
    assert_int_equal(look(pair, 1, second[1]).stream, 4);
    floe_dc_options taken = {.is_negotiated = true, .stream = 2}; /* by the peer's announcement */
    assert_int_equal(open_with(pair, 0, &taken, &id), FLOE_E_STATE);
}

/* ---- states and events ---- */

static void test_wpt_channel_is_told_before_it_is_open_and_open_before_its_message(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    floe_dc_options options = {.label = FLOE_LIT("second")};
    floe_dc_id id = open_ok(pair, 0, &options);
    assert_int_equal(look(pair, 0, id).state, FLOE_DC_OPEN);
    assert_int_equal(send_text(pair, 0, id, "at once"), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_string_equal(peer_story_of_channel(&pair->end[0], id), "open low");
    floe_dc_id theirs = pair->end[1].incoming;
    assert_string_equal(peer_story_of_channel(&pair->end[1], theirs), "incoming open message");
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 0);
}

static void test_wpt_send_wants_the_open_state(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("x")};
    floe_dc_id id = open_ok(pair, 0, &options);
    assert_int_equal(send_text(pair, 0, id, "connecting"), FLOE_E_STATE);
    connect_pair(pair);
    assert_int_equal(send_text(pair, 0, id, "open"), FLOE_OK);
    assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, id), FLOE_OK);
    assert_int_equal(look(pair, 0, id).state, FLOE_DC_CLOSING);
    assert_int_equal(send_text(pair, 0, id, "closing"), FLOE_E_STATE);
    assert_int_equal(send_text(pair, 0, id, ""), FLOE_E_STATE);
    peer_pair_run(pair, FLOE_SECOND);
    floe_dc_message message;
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    floe_peer_release(&pair->end[1].peer); /* behind what is unread the end is not seen */
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(send_text(pair, 0, id, "closed"), FLOE_E_ARG); /* the id is void */
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_MESSAGE], 1);
}

static void check_close_by(int who)
{
    peer_pair *pair = peer_pair_new();
    floe_dc_id ids[2];
    ids[0] = peer_pair_connect(pair);
    ids[1] = pair->end[1].incoming;
    assert_int_equal(floe_peer_close_channel(&pair->end[who].peer, ids[who]), FLOE_OK);
    assert_int_equal(floe_peer_close_channel(&pair->end[who].peer, ids[who]), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_string_equal(peer_story_of_channel(&pair->end[0], ids[0]), "open closing closed");
    assert_string_equal(peer_story_of_channel(&pair->end[1], ids[1]),
                        "incoming open closing closed");
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_get_state(&pair->end[1].peer), FLOE_PEER_CONNECTED);
    peer_pair_free(pair);
}

static void test_wpt_close_by_either_side_is_told_to_both_and_ends_no_connection(void **state)
{
    (void)state;
    check_close_by(0);
    check_close_by(1);
}

static void test_wpt_close_before_the_connection_never_opens(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("x")};
    floe_dc_id gone = open_ok(pair, 0, &options), stays = open_ok(pair, 0, &options);
    assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, gone), FLOE_OK);
    connect_pair(pair);
    assert_string_equal(peer_story_of_channel(&pair->end[0], gone), "closing closed");
    assert_string_equal(peer_story_of_channel(&pair->end[0], stays), "open");
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL], 1);
}

static void test_wpt_closing_the_connection_closes_every_channel_of_both(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.is_negotiated = true, .stream = 9};
    floe_dc_id agreed[2] = {open_ok(pair, 0, &options), open_ok(pair, 1, &options)};
    floe_dc_id id = open_ok(pair, 1, &(floe_dc_options){.label = FLOE_LIT("x")});
    connect_pair(pair);
    floe_peer_close(&pair->end[0].peer, pair->now);
    size_t cursor = 0;
    assert_false(floe_peer_next_channel(&pair->end[0].peer, &cursor, &id));
    peer_pair_run(pair, FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        assert_string_equal(peer_story_of_channel(&pair->end[end], agreed[end]),
                            "open closing closed");
        assert_int_equal(pair->end[end].events[FLOE_PEER_EV_CHANNEL_CLOSED], 2);
        assert_int_equal(open_with(pair, end, &options, &id), FLOE_E_CLOSED);
    }
}

/* ---- what waits to be sent ---- */

static void test_wpt_buffered_amount_rises_with_each_send_and_falls_to_nothing(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    static const char *const texts[] = {"hello", "", "\xf0\x9f\x8c\x8a", "x"};
    static const size_t sums[] = {5, 5, 9, 10}; /* bytes of UTF-8, not characters; and no others */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(send_text(pair, 0, id, texts[i]), FLOE_OK);
        assert_int_equal(look(pair, 0, id).buffered, sums[i]);
    }
    assert_int_equal(look(pair, 1, pair->end[1].incoming).buffered, 0);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(look(pair, 0, id).buffered, 0);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_BUFFERED_LOW], 1);
}

static void test_wpt_buffered_amount_knows_no_empty_message(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    assert_int_equal(send_text(pair, 0, id, ""), FLOE_OK);
    assert_int_equal(look(pair, 0, id).buffered, 0);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_BUFFERED_LOW], 0);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_MESSAGE], 1);
    /* And yet it keeps its place: what is sent before a close arrives. */
    assert_int_equal(send_text(pair, 0, id, ""), FLOE_OK);
    assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, id), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_dc_message message;
    for (int i = 0; i < 2; i++) {
        assert_true(floe_peer_peek(&pair->end[1].peer, &message));
        assert_int_equal(message.len, 0);
        floe_peer_release(&pair->end[1].peer);
    }
}

static void test_wpt_buffered_low_is_told_on_the_way_down_alone(void **state)
{
    static uint8_t block[100000];
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_set_low_threshold(a, id, 50000), FLOE_OK);
    assert_int_equal(send_text(pair, 0, id, "below it all the time"), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_BUFFERED_LOW], 0);
    for (uint32_t round = 1; round <= 2; round++) {
        assert_int_equal(floe_peer_send(a, id, false, (floe_bytes){block, sizeof block}), FLOE_OK);
        assert_int_equal(look(pair, 0, id).buffered, sizeof block);
        peer_pair_run(pair, FLOE_SECOND);
        assert_int_equal(pair->end[0].events[FLOE_PEER_EV_BUFFERED_LOW], round);
    }
    /* Nor when the threshold is raised over what waits. */
    assert_int_equal(floe_peer_send(a, id, false, (floe_bytes){block, 40000}), FLOE_OK);
    assert_int_equal(floe_peer_set_low_threshold(a, id, 60000), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_BUFFERED_LOW], 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wpt_new_channel_has_the_defaults),
        TEST(test_wpt_parameters_are_the_same_on_both_ends),
        TEST(test_wpt_names_that_can_not_be_sent_are_refused),
        TEST(test_wpt_negotiated_ids_go_to_65534_before_the_connection),
        TEST(test_wpt_negotiated_channels_open_without_being_announced),
        TEST(test_wpt_streams_follow_the_dtls_role_and_pass_over_agreed_ones),
        TEST(test_wpt_channel_is_told_before_it_is_open_and_open_before_its_message),
        TEST(test_wpt_send_wants_the_open_state),
        cmocka_unit_test(test_wpt_close_by_either_side_is_told_to_both_and_ends_no_connection),
        TEST(test_wpt_close_before_the_connection_never_opens),
        TEST(test_wpt_closing_the_connection_closes_every_channel_of_both),
        TEST(test_wpt_buffered_amount_rises_with_each_send_and_falls_to_nothing),
        TEST(test_wpt_buffered_amount_knows_no_empty_message),
        TEST(test_wpt_buffered_low_is_told_on_the_way_down_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
