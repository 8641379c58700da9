/* tests of peer/peer_signaling.c: what a browser's negotiation is held to, through the facade;
 * docs/WPT.md has the list */
#include <stdio.h>
#include <string.h>

#include "support/peer_pair.h"
#include "support/peer_story.h"
#include "support/unit.h"

static const floe_bytes none = {NULL, 0};

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

static void offer(peer_pair *pair, int end)
{
    assert_int_equal(floe_peer_set_local(&pair->end[end].peer, FLOE_PEER_OFFER), FLOE_OK);
}

static floe_err hand_over(peer_pair *pair, int from, floe_peer_sdp_type type)
{
    floe_bytes text = floe_bytes_of(peer_pair_describe(pair, from));
    return floe_peer_set_remote(&pair->end[1 - from].peer, type, text, NULL);
}

static void answer(peer_pair *pair, int end)
{
    assert_int_equal(floe_peer_set_local(&pair->end[end].peer, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(hand_over(pair, end, FLOE_PEER_ANSWER), FLOE_OK);
}

static void negotiate(peer_pair *pair, int from)
{
    offer(pair, from);
    assert_int_equal(hand_over(pair, from, FLOE_PEER_OFFER), FLOE_OK);
    answer(pair, 1 - from);
}

static floe_dc_id open_channel(peer_pair *pair, int end)
{
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id id;
    assert_int_equal(floe_peer_open_channel(&pair->end[end].peer, &options, &id), FLOE_OK);
    return id;
}

/* Let what is to be told be told; how often was an offer asked for in all? */
static uint32_t asked(peer_pair *pair, int end)
{
    peer_pair_run(pair, FLOE_MS);
    return pair->end[end].events[FLOE_PEER_EV_NEGOTIATION];
}

static void get_credentials(peer_pair *pair, int end, char out[64])
{
    char ufrag[32], pwd[32];
    const char *text = peer_pair_describe(pair, end);
    assert_int_equal(sscanf(strstr(text, "a=ice-ufrag:"), "a=ice-ufrag:%31s", ufrag), 1);
    assert_int_equal(sscanf(strstr(text, "a=ice-pwd:"), "a=ice-pwd:%31s", pwd), 1);
    (void)snprintf(out, 64, "%s %s", ufrag, pwd);
}

/* ---- when an offer is asked for ---- */

static void test_wpt_nothing_to_negotiate_asks_for_nothing(void **state)
{
    peer_pair *pair = *state;
    floe_peer_restart_ice(&pair->end[0].peer); /* nothing to restart yet */
    assert_int_equal(asked(pair, 0), 0);
    negotiate(pair, 0); /* an offer is made unasked */
    assert_int_equal(asked(pair, 0), 0);
    assert_int_equal(asked(pair, 1), 0);
}

static void test_wpt_channel_opened_while_an_offer_is_out_is_part_of_it(void **state)
{
    peer_pair *pair = *state;
    offer(pair, 0);
    (void)open_channel(pair, 0);
    assert_int_equal(hand_over(pair, 0, FLOE_PEER_OFFER), FLOE_OK);
    (void)open_channel(pair, 1);
    answer(pair, 1);
    peer_pair_run(pair, FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        assert_int_equal(asked(pair, end), 0);
        assert_int_equal(pair->end[end].events[FLOE_PEER_EV_CHANNEL_OPEN], 2);
    }
}

static void test_wpt_offer_that_is_rolled_back_is_asked_for_again(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    (void)open_channel(pair, 0);
    for (uint32_t round = 1; round <= 3; round++) {
        assert_int_equal(asked(pair, 0), round);
        offer(pair, 0);
        assert_int_equal(asked(pair, 0), round);
        assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ROLLBACK), FLOE_OK);
    }
    /* A remote offer that is taken back leaves it as it was: wanted. */
    assert_int_equal(asked(pair, 0), 4);
    offer(pair, 1);
    assert_int_equal(hand_over(pair, 1, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ROLLBACK, none, NULL), FLOE_OK);
    assert_int_equal(asked(pair, 0), 5);
}

static void test_wpt_asking_waits_for_the_stable_state(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    uint32_t before = asked(pair, 0);
    offer(pair, 0);
    floe_peer_restart_ice(&pair->end[0].peer);
    floe_peer_restart_ice(&pair->end[0].peer);
    assert_int_equal(asked(pair, 0), before);
    assert_int_equal(hand_over(pair, 0, FLOE_PEER_OFFER), FLOE_OK);
    floe_peer_restart_ice(&pair->end[1].peer);
    assert_int_equal(asked(pair, 1), 0);
    answer(pair, 1);
    assert_int_equal(asked(pair, 0), before + 1);
    assert_int_equal(asked(pair, 1), 1);
}

static void test_wpt_asking_that_is_not_read_in_time_is_not_told(void **state)
{
    peer_pair *pair = *state;
    (void)open_channel(pair, 0);
    offer(pair, 0); /* before the events were read */
    assert_int_equal(hand_over(pair, 0, FLOE_PEER_OFFER), FLOE_OK);
    answer(pair, 1);
    assert_int_equal(asked(pair, 0), 0);
}

static void test_wpt_closed_connection_asks_for_nothing(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    uint32_t before = asked(pair, 0);
    floe_peer_restart_ice(&pair->end[0].peer);
    floe_peer_close(&pair->end[0].peer, pair->now);
    floe_peer_restart_ice(&pair->end[0].peer);
    assert_int_equal(asked(pair, 0), before);
}

/* ---- ICE restarts ---- */

static void test_wpt_offer_without_a_restart_keeps_credentials_and_pair(void **state)
{
    peer_pair *pair = *state;
    char before[2][64], after[64];
    (void)peer_pair_connect(pair);
    uint32_t pairs = pair->end[0].events[FLOE_PEER_EV_PAIR];
    for (int end = 0; end < 2; end++) {
        get_credentials(pair, end, before[end]);
    }
    negotiate(pair, 1); /* by the one that answered before */
    negotiate(pair, 0);
    peer_pair_run(pair, FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        get_credentials(pair, end, after);
        assert_string_equal(after, before[end]);
        assert_string_equal(peer_story_of_states(&pair->end[end], FLOE_PEER_EV_STATE),
                            "connecting connected");
    }
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_PAIR], pairs);
}

static void test_wpt_restart_changes_the_next_offer_and_its_answer_alone(void **state)
{
    peer_pair *pair = *state;
    char before[2][64], after[2][64], later[64];
    (void)peer_pair_connect(pair);
    get_credentials(pair, 0, before[0]);
    get_credentials(pair, 1, before[1]);
    floe_peer_restart_ice(&pair->end[0].peer);
    get_credentials(pair, 0, after[0]);
    assert_string_equal(after[0], before[0]); /* not before the offer */
    negotiate(pair, 0);
    for (int end = 0; end < 2; end++) {
        get_credentials(pair, end, after[end]);
        assert_string_not_equal(after[end], before[end]);
    }
    peer_pair_run(pair, FLOE_SECOND);
    negotiate(pair, 0);
    for (int end = 0; end < 2; end++) {
        get_credentials(pair, end, later);
        assert_string_equal(later, after[end]);
    }
}

/* An offer of the peer with new credentials does what our restart was wanted for. */
static void test_wpt_restart_of_the_peer_serves_ours_too(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    floe_peer_restart_ice(&pair->end[0].peer);
    floe_peer_restart_ice(&pair->end[1].peer);
    uint32_t before = asked(pair, 0);
    negotiate(pair, 1);
    assert_int_equal(asked(pair, 0), before);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

/* ---- states that are told ---- */

static void test_wpt_states_are_told_in_the_order_of_their_machines(void **state)
{
    peer_pair *pair = *state;
    peer_pair_end *a = &pair->end[0], *b = &pair->end[1];
    peer_pair_run(pair, FLOE_MS);
    assert_string_equal(peer_story_of_states(a, FLOE_PEER_EV_GATHERING), "");
    offer(pair, 0);
    peer_pair_run(pair, FLOE_MS);
    assert_int_equal(hand_over(pair, 0, FLOE_PEER_OFFER), FLOE_OK);
    peer_pair_run(pair, FLOE_MS);
    answer(pair, 1);
    peer_pair_run(pair, FLOE_SECOND);
    floe_peer_close(&a->peer, pair->now);
    peer_pair_run(pair, FLOE_SECOND);
    assert_string_equal(peer_story_of_states(a, FLOE_PEER_EV_SIGNALING),
                        "have-local-offer stable closed");
    assert_string_equal(peer_story_of_states(b, FLOE_PEER_EV_SIGNALING),
                        "have-remote-offer stable");
    assert_string_equal(peer_story_of_states(a, FLOE_PEER_EV_GATHERING), "complete");
    assert_string_equal(peer_story_of_states(b, FLOE_PEER_EV_GATHERING), "complete");
    for (int end = 0; end < 2; end++) {
        assert_string_equal(peer_story_of_states(&pair->end[end], FLOE_PEER_EV_STATE),
                            "connecting connected closed");
    }
    assert_string_equal(peer_story_of_states(a, FLOE_PEER_EV_ICE),
                        "checking connected completed closed");
}

/* ---- the largest message ---- */

static void check_message_max(const char *line, size_t want, floe_err at_65537)
{
    static uint8_t bytes[65537];
    static char text[4096];
    peer_pair *pair = peer_pair_new();
    floe_peer *a = &pair->end[0].peer;
    floe_dc_id id = open_channel(pair, 0);
    assert_int_equal(floe_peer_get_message_max(a), 65536);
    offer(pair, 0);
    assert_int_equal(hand_over(pair, 0, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_ANSWER), FLOE_OK);
    const char *whole = peer_pair_describe(pair, 1), *at = strstr(whole, "a=max-message-size:");
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, line,
                   strstr(at, "\r\n") + 2);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, floe_bytes_of(text), NULL), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_message_max(a), want);
    assert_int_equal(floe_peer_send(a, id, false, (floe_bytes){bytes, sizeof bytes}), at_65537);
    size_t most = want < sizeof bytes ? want : sizeof bytes;
    assert_int_equal(floe_peer_send(a, id, false, (floe_bytes){bytes, most}), FLOE_OK);
    if (most < sizeof bytes) {
        assert_int_equal(floe_peer_send(a, id, true, (floe_bytes){bytes, most + 1}),
                         FLOE_E_TOO_BIG);
    }
    peer_pair_free(pair);
}

static void test_wpt_largest_message_is_what_the_description_says(void **state)
{
    (void)state;
    check_message_max("", 65536, FLOE_E_TOO_BIG);
    check_message_max("a=max-message-size:0\r\n", SIZE_MAX, FLOE_OK); /* any size */
    check_message_max("a=max-message-size:100\r\n", 100, FLOE_E_TOO_BIG);
    check_message_max("a=max-message-size:65537\r\n", 65537, FLOE_OK);
}

/* ---- candidates ---- */

static void test_wpt_candidates_are_taken_from_the_remote_offer_on(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_bytes host = FLOE_LIT("candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host");
    floe_bytes mid = FLOE_LIT("0");
    assert_int_equal(floe_peer_add_candidate(a, none, mid), FLOE_E_STATE);
    offer(pair, 0);
    assert_int_equal(floe_peer_add_candidate(a, host, mid), FLOE_E_STATE);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ROLLBACK), FLOE_OK);
    offer(pair, 1);
    assert_int_equal(hand_over(pair, 1, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_add_candidate(a, host, mid), FLOE_OK); /* before our answer */
    assert_int_equal(floe_peer_add_candidate(a, host, FLOE_LIT("1")), FLOE_E_UNKNOWN);
    assert_int_equal(floe_peer_get_signaling(a), FLOE_PEER_HAVE_REMOTE_OFFER);
    assert_int_equal(floe_peer_add_candidate(a, none, mid), FLOE_OK);
    assert_int_equal(floe_peer_add_candidate(a, none, mid), FLOE_OK); /* again does no harm */
    answer(pair, 0);
    assert_int_equal(floe_peer_add_candidate(a, host, mid), FLOE_OK); /* in the stable state */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wpt_nothing_to_negotiate_asks_for_nothing),
        TEST(test_wpt_channel_opened_while_an_offer_is_out_is_part_of_it),
        TEST(test_wpt_offer_that_is_rolled_back_is_asked_for_again),
        TEST(test_wpt_asking_waits_for_the_stable_state),
        TEST(test_wpt_asking_that_is_not_read_in_time_is_not_told),
        TEST(test_wpt_closed_connection_asks_for_nothing),
        TEST(test_wpt_offer_without_a_restart_keeps_credentials_and_pair),
        TEST(test_wpt_restart_changes_the_next_offer_and_its_answer_alone),
        TEST(test_wpt_restart_of_the_peer_serves_ours_too),
        TEST(test_wpt_states_are_told_in_the_order_of_their_machines),
        cmocka_unit_test(test_wpt_largest_message_is_what_the_description_says),
        TEST(test_wpt_candidates_are_taken_from_the_remote_offer_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
