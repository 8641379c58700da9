/* tests of peer/peer_pump.c: the chain of consequences, when one of them is slow */
#include "peer/peer.h"

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

static void offer(peer_pair *pair)
{
    floe_dc_options options = {.label = FLOE_LIT("x")};
    floe_dc_id id;
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_open_channel(a, &options, &id), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
}

static void answer(peer_pair *pair, const char *offer_text)
{
    floe_peer *b = &pair->end[1].peer;
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, floe_bytes_of(offer_text), NULL),
                     FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
}

/* a offers, b answers; the answer is on its way for `delay`. */
static void signal_slowly(peer_pair *pair, uint64_t delay)
{
    offer(pair);
    answer(pair, peer_pair_describe(pair, 0));
    peer_pair_run(pair, delay);
    assert_int_equal(floe_peer_set_remote(&pair->end[0].peer, FLOE_PEER_ANSWER,
                                          floe_bytes_of(peer_pair_describe(pair, 1)), NULL),
                     FLOE_OK);
    peer_pair_run(pair, 10 * FLOE_SECOND);
}

/* b has a valid pair at once, since a answers its checks, and nobody to shake hands with. Between
 * 20 and 30 s a handshake gives up. */
static void test_peer_pump_an_answer_may_take_minutes(void **state)
{
    static const uint64_t delays[] = {1, 20, 22, 24, 26, 28, 30, 31, 100, 600};
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        peer_pair_free(*state);
        peer_pair *pair = *state = peer_pair_new();
        signal_slowly(pair, delays[i] * FLOE_SECOND);
        for (int end = 0; end < 2; end++) {
            assert_int_equal(floe_peer_get_state(&pair->end[end].peer), FLOE_PEER_CONNECTED);
            assert_int_equal(pair->end[end].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
        }
    }
}

/* It sends no checks, so nothing would ever tell that it has the answer. */
static void test_peer_pump_a_handshake_with_a_lite_agent_times_out(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    char text[8192];
    offer(pair);
    floe_ice_agent_set_role(&pair->end[0].peer.ice, FLOE_ICE_CONTROLLED); /* as a lite one is */
    const char *full = peer_pair_describe(pair, 0);
    const char *at = strstr(full, "a=group");
    assert_non_null(at);
    memcpy(text, full, (size_t)(at - full));
    strcpy(text + (at - full), "a=ice-lite\r\n");
    strcat(text, at);
    answer(pair, text);
    peer_pair_run(pair, 20 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[1].peer), FLOE_PEER_CONNECTING);
    peer_pair_run(pair, 15 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_reason(&pair->end[1].peer, &why), FLOE_PEER_FAULT_DTLS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_pump_an_answer_may_take_minutes),
        TEST(test_peer_pump_a_handshake_with_a_lite_agent_times_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
