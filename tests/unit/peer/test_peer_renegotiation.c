/* tests of peer/peer_signaling.c: glare, rollback and ICE restarts, before and after a connection
 */
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

static const floe_bytes none = {NULL, 0};

static floe_bytes describe(peer_pair *pair, int end)
{
    return floe_bytes_of(peer_pair_describe(pair, end));
}

/* `from` offers, the other end answers. */
static void negotiate(peer_pair *pair, int from)
{
    floe_peer *x = &pair->end[from].peer, *y = &pair->end[1 - from].peer;
    assert_int_equal(floe_peer_set_local(x, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(y, FLOE_PEER_OFFER, describe(pair, from), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(y, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(x, FLOE_PEER_ANSWER, describe(pair, 1 - from), NULL),
                     FLOE_OK);
}

/* A message goes from a to b within two seconds. */
static void check_talk(peer_pair *pair, floe_dc_id channel)
{
    floe_dc_message message;
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("word")), FLOE_OK);
    peer_pair_run(pair, 2 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_get_state(&pair->end[1].peer), FLOE_PEER_CONNECTED);
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    assert_int_equal(message.len, 4);
    floe_peer_release(&pair->end[1].peer);
}

static void get_ufrag(peer_pair *pair, int end, char out[9])
{
    memcpy(out, strstr(peer_pair_describe(pair, end), "a=ice-ufrag:") + 12, 8);
    out[8] = '\0';
}

static void test_peer_renegotiation_glare_ends_when_one_side_rolls_back(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_open_channel(a, &options, &channel), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, describe(pair, 1), NULL),
                     FLOE_E_STATE);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ROLLBACK), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, describe(pair, 1), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_ANSWER, describe(pair, 0), NULL), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    check_talk(pair, channel);
    /* a's channel is negotiated by b's offer: no further one is asked for. */
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 0);
}

static void test_peer_renegotiation_rollback_forgets_a_first_remote_offer(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, describe(pair, 1), NULL), FLOE_OK);
    peer_pair_run(pair, 20 * FLOE_MS);
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_CONNECTING);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ROLLBACK, none, NULL), FLOE_OK);
    assert_int_equal(floe_peer_add_candidate(a, none, none), FLOE_E_STATE);
    peer_pair_run(pair, 120 * FLOE_SECOND); /* nothing is left that could fail */
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_CONNECTING);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ROLLBACK), FLOE_OK);
    assert_int_equal(floe_peer_open_channel(a, &options, &channel), FLOE_OK);
    negotiate(pair, 0);
    peer_pair_run(pair, FLOE_SECOND);
    check_talk(pair, channel);
}

static void test_peer_renegotiation_rolled_back_restarts_are_asked_for_again(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_peer_restart_ice(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, describe(pair, 0), NULL), FLOE_OK);
    peer_pair_run(pair, 100 * FLOE_MS);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ROLLBACK), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_ROLLBACK, none, NULL), FLOE_OK);
    check_talk(pair, channel); /* over the pair of before */
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_NEGOTIATION], 1);
    negotiate(pair, 1);
    check_talk(pair, channel);
    peer_pair_run(pair, 60 * FLOE_SECOND);
    check_talk(pair, channel);
}

static void test_peer_renegotiation_either_side_may_restart_while_data_flows(void **state)
{
    peer_pair *pair = *state;
    char before[9], after[9];
    floe_dc_id channel = peer_pair_connect(pair);
    for (int from = 1; from >= 0; from--) {
        get_ufrag(pair, 0, before);
        floe_peer_restart_ice(&pair->end[from].peer);
        negotiate(pair, from);
        get_ufrag(pair, 0, after);
        assert_string_not_equal(before, after);
        check_talk(pair, channel);
    }
    negotiate(pair, 1); /* nothing new: nothing changes */
    get_ufrag(pair, 0, before);
    assert_string_equal(before, after);
    check_talk(pair, channel);
}

/* Candidates of the generation before, and their end, come while the restart is on its way. */
static void test_peer_renegotiation_late_end_of_candidates_does_not_end_the_new_ones(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_ice_stats ice;
    (void)peer_pair_connect(pair);
    floe_peer_restart_ice(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_add_candidate(a, none, FLOE_LIT("0")), FLOE_E_UNKNOWN);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, describe(pair, 0), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, describe(pair, 1), NULL), FLOE_OK);
    floe_ice_agent_get_stats(&a->ice, &ice);
    assert_int_equal(ice.remote_candidates, 1);
}

static void test_peer_renegotiation_candidates_are_told_after_the_answer(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    (void)peer_pair_connect(pair);
    floe_peer_restart_ice(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, describe(pair, 0), NULL), FLOE_OK);
    peer_pair_run(pair, 10 * FLOE_MS);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CANDIDATE], 1);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    peer_pair_run(pair, 10 * FLOE_MS);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CANDIDATE], 2);
}

/* The other end's answer, if it were the server. */
static void describe_as_passive(peer_pair *pair, char answer[4096])
{
    char *at = strstr(strcpy(answer, peer_pair_describe(pair, 1)), "a=setup:active\r\n");
    assert_non_null(at);
    memmove(at + 17, at + 16, strlen(at + 16) + 1);
    memcpy(at, "a=setup:passive\r\n", 17);
}

static void test_peer_renegotiation_refuses_to_exchange_the_dtls_roles(void **state)
{
    peer_pair *pair = *state;
    char answer[4096];
    floe_sdp_fault fault = {0, 0, NULL};
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_id channel = peer_pair_connect(pair);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, describe(pair, 0), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    describe_as_passive(pair, answer);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, floe_bytes_of(answer), &fault),
                     FLOE_E_MALFORMED);
    assert_int_equal(floe_peer_get_signaling(a), FLOE_PEER_HAVE_LOCAL_OFFER);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, describe(pair, 1), &fault), FLOE_OK);
    check_talk(pair, channel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Firefox, once it was passive, answers a restart of ICE with active, and goes on as before. */
static void test_peer_renegotiation_restart_may_be_answered_with_the_other_role(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    char answer[4096];
    floe_dc_id channel = peer_pair_connect(pair);
    floe_peer_restart_ice(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, describe(pair, 0), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    describe_as_passive(pair, answer);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, floe_bytes_of(answer), NULL),
                     FLOE_OK);
    check_talk(pair, channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_renegotiation_glare_ends_when_one_side_rolls_back),
        TEST(test_peer_renegotiation_rollback_forgets_a_first_remote_offer),
        TEST(test_peer_renegotiation_rolled_back_restarts_are_asked_for_again),
        TEST(test_peer_renegotiation_either_side_may_restart_while_data_flows),
        TEST(test_peer_renegotiation_restart_may_be_answered_with_the_other_role),
        TEST(test_peer_renegotiation_late_end_of_candidates_does_not_end_the_new_ones),
        TEST(test_peer_renegotiation_candidates_are_told_after_the_answer),
        TEST(test_peer_renegotiation_refuses_to_exchange_the_dtls_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
