/* tests of peer/peer_signaling.c: two offers that meet, with a polite and an impolite peer */
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

#define POLITE   0
#define IMPOLITE 1

static int setup(void **state)
{
    peer_pair *pair = peer_pair_new();
    pair->end[POLITE].peer.glare = FLOE_PEER_GLARE_POLITE;
    pair->end[IMPOLITE].peer.glare = FLOE_PEER_GLARE_IMPOLITE;
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static floe_err give(peer_pair *pair, int to, floe_peer_sdp_type type, const char *text)
{
    return floe_peer_set_remote(&pair->end[to].peer, type, floe_bytes_of(text), NULL);
}

static void offer(peer_pair *pair, int end)
{
    assert_int_equal(floe_peer_set_local(&pair->end[end].peer, FLOE_PEER_OFFER), FLOE_OK);
}

/* Both offer, the offers cross, and the one that stands is answered. */
static void meet(peer_pair *pair)
{
    offer(pair, POLITE);
    offer(pair, IMPOLITE);
    const char *theirs = peer_pair_describe(pair, POLITE);
    assert_int_equal(give(pair, IMPOLITE, FLOE_PEER_OFFER, theirs), FLOE_E_UNKNOWN);
    const char *standing = peer_pair_describe(pair, IMPOLITE);
    assert_int_equal(give(pair, POLITE, FLOE_PEER_OFFER, standing), FLOE_OK);
    assert_int_equal(floe_peer_set_local(&pair->end[POLITE].peer, FLOE_PEER_ANSWER), FLOE_OK);
    const char *answer = peer_pair_describe(pair, POLITE);
    assert_int_equal(give(pair, IMPOLITE, FLOE_PEER_ANSWER, answer), FLOE_OK);
}

static void open_channel(peer_pair *pair, int end)
{
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_open_channel(&pair->end[end].peer, &options, &channel), FLOE_OK);
}

static void test_peer_glare_of_first_offers_connects_once(void **state)
{
    peer_pair *pair = *state;
    open_channel(pair, POLITE);
    open_channel(pair, IMPOLITE);
    meet(pair);
    peer_pair_run(pair, FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        assert_int_equal(floe_peer_get_state(&pair->end[end].peer), FLOE_PEER_CONNECTED);
        assert_int_equal(pair->end[end].events[FLOE_PEER_EV_CHANNEL_OPEN], 2);
    }
}

static void test_peer_glare_leaves_an_impolite_peer_as_it_was(void **state)
{
    peer_pair *pair = *state;
    floe_peer *impolite = &pair->end[IMPOLITE].peer;
    offer(pair, POLITE);
    offer(pair, IMPOLITE);
    const char *theirs = peer_pair_describe(pair, POLITE);
    assert_int_equal(give(pair, IMPOLITE, FLOE_PEER_OFFER, theirs), FLOE_E_UNKNOWN);
    assert_int_equal(floe_peer_get_signaling(impolite), FLOE_PEER_HAVE_LOCAL_OFFER);
    floe_bytes candidate = FLOE_LIT("candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host");
    floe_bytes mid = FLOE_LIT("0");
    assert_int_equal(floe_peer_add_candidate(impolite, candidate, mid), FLOE_E_UNKNOWN);
}

static void test_peer_glare_with_a_broken_offer_keeps_our_own(void **state)
{
    peer_pair *pair = *state;
    floe_peer *polite = &pair->end[POLITE].peer;
    offer(pair, POLITE);
    assert_int_equal(give(pair, POLITE, FLOE_PEER_OFFER, "v=0\r\n"), FLOE_E_MALFORMED);
    assert_int_equal(floe_peer_get_signaling(polite), FLOE_PEER_HAVE_LOCAL_OFFER);
}

static void test_peer_glare_of_restarts_ends_connected(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    for (int end = 0; end < 2; end++) {
        floe_peer_restart_ice(&pair->end[end].peer);
    }
    meet(pair);
    peer_pair_run(pair, 5 * FLOE_SECOND);
    /* The polite one's own wish is not forgotten. */
    offer(pair, POLITE);
    const char *text = peer_pair_describe(pair, POLITE);
    assert_int_equal(give(pair, IMPOLITE, FLOE_PEER_OFFER, text), FLOE_OK);
    assert_int_equal(floe_peer_set_local(&pair->end[IMPOLITE].peer, FLOE_PEER_ANSWER), FLOE_OK);
    text = peer_pair_describe(pair, IMPOLITE);
    assert_int_equal(give(pair, POLITE, FLOE_PEER_ANSWER, text), FLOE_OK);
    peer_pair_run(pair, 5 * FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        assert_int_equal(floe_peer_get_state(&pair->end[end].peer), FLOE_PEER_CONNECTED);
    }
}

static void test_peer_glare_is_refused_unless_asked_for(void **state)
{
    peer_pair *pair = *state;
    pair->end[POLITE].peer.glare = FLOE_PEER_GLARE_REFUSED;
    offer(pair, POLITE);
    offer(pair, IMPOLITE);
    const char *text = peer_pair_describe(pair, IMPOLITE);
    assert_int_equal(give(pair, POLITE, FLOE_PEER_OFFER, text), FLOE_E_STATE);
}

#define PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(test_peer_glare_of_first_offers_connects_once),
        PAIR(test_peer_glare_leaves_an_impolite_peer_as_it_was),
        PAIR(test_peer_glare_with_a_broken_offer_keeps_our_own),
        PAIR(test_peer_glare_of_restarts_ends_connected),
        PAIR(test_peer_glare_is_refused_unless_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
