/* Tests of peer/peer_snap.c: a=sctp-init in offers and answers. */
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

#if FLOE_SCTP_SNAP

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static peer_pair *begin(floe_peer_snap a, floe_peer_snap b)
{
    const floe_peer_snap snap[2] = {a, b};
    peer_pair *pair = peer_pair_new();
    for (int n = 0; n < 2; n++) {
        peer_pair_end *end = &pair->end[n];
        end->config.snap = snap[n];
        floe_peer_free(&end->peer);
        assert_int_equal(floe_peer_init(&end->peer, &end->config, pair->now), FLOE_OK);
        assert_int_equal(floe_peer_add_local(&end->peer, &end->addr, 65535), FLOE_OK);
        floe_peer_end_local(&end->peer);
    }
    return pair;
}

static int setup_offered(void **state)
{
    *state = begin(FLOE_PEER_SNAP_OFFERED, FLOE_PEER_SNAP_ANSWERED);
    return 0;
}

static bool has_init(peer_pair *pair, int end)
{
    return strstr(peer_pair_describe(pair, end), "\r\na=sctp-init:AQAA") != NULL;
}

static uint64_t count_timeouts(peer_pair *pair)
{
    floe_peer_stats stats;
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    return stats.sctp.timeouts;
}

static void talk(peer_pair *pair, floe_dc_id channel)
{
    floe_dc_message message;
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("word")), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    floe_peer_release(&pair->end[1].peer);
    assert_int_equal(count_timeouts(pair), 0);
}

static void test_peer_snap_is_answered_to_who_offers_it(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    assert_true(has_init(pair, 0) && has_init(pair, 1));
    assert_true(pair->end[0].peer.is_snap_agreed && pair->end[1].peer.is_snap_agreed);
    talk(pair, channel);
}

static void check_pair(floe_peer_snap a, floe_peer_snap b, bool is_agreed)
{
    peer_pair *pair = begin(a, b);
    floe_dc_id channel = peer_pair_connect(pair);
    assert_int_equal(pair->end[0].peer.is_snap_agreed, is_agreed);
    assert_int_equal(pair->end[1].peer.is_snap_agreed, is_agreed);
    /* Once it is not agreed on, it is not told again. */
    assert_int_equal(has_init(pair, 0), is_agreed);
    assert_int_equal(has_init(pair, 1), is_agreed);
    talk(pair, channel);
    peer_pair_free(pair);
}

static void test_peer_snap_takes_an_offer_and_an_answer(void **state)
{
    (void)state;
    check_pair(FLOE_PEER_SNAP_OFFERED, FLOE_PEER_SNAP_OFFERED, true);
    check_pair(FLOE_PEER_SNAP_OFFERED, FLOE_PEER_SNAP_OFF, false);
    check_pair(FLOE_PEER_SNAP_ANSWERED, FLOE_PEER_SNAP_OFFERED, false);
    check_pair(FLOE_PEER_SNAP_ANSWERED, FLOE_PEER_SNAP_ANSWERED, false);
    check_pair(FLOE_PEER_SNAP_OFF, FLOE_PEER_SNAP_OFFERED, false);
}

/* The offer of a, with `value` in place of its a=sctp-init; NULL: its line taken out. */
static const char *altered(peer_pair *pair, int end, const char *value)
{
    static char text[8192];
    const char *whole = peer_pair_describe(pair, end);
    const char *line = strstr(whole, "a=sctp-init:");
    assert_non_null(line);
    size_t head = (size_t)(line - whole);
    memcpy(text, whole, head);
    char *at = text + head;
    if (value != NULL) {
        at = stpcpy(stpcpy(stpcpy(at, "a=sctp-init:"), value), "\r\n");
    }
    strcpy(at, strstr(line, "\r\n") + 2);
    return text;
}

static void test_peer_snap_that_is_malformed_is_a_fault_of_the_description(void **state)
{
    peer_pair *pair = *state;
    static const char *const wrong[] = {"%",
                                        "AQAAFIls3R0AUAAA/////+B5ZR0",
                                        "AQAAFAAAAAAAUAAA/////+B5ZR0=",
                                        "AgAAFIls3R0AUAAA/////+B5ZR0=",
                                        "AQAAFIls3R0AUAAAAAD//+B5ZR0=",
                                        "AQAAFIls3R0AAAXb/////+B5ZR0="};
    floe_sdp_fault fault;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        floe_bytes offer = floe_bytes_of(altered(pair, 0, wrong[i]));
        assert_int_equal(floe_peer_set_remote(&pair->end[1].peer, FLOE_PEER_OFFER, offer, &fault),
                         FLOE_E_MALFORMED);
        assert_non_null(strstr(fault.rule, "a=sctp-init"));
        assert_int_equal(floe_peer_get_signaling(&pair->end[1].peer), FLOE_PEER_STABLE);
    }
}

static void test_peer_snap_that_is_malformed_means_nothing_where_it_is_off(void **state)
{
    (void)state;
    peer_pair *pair = begin(FLOE_PEER_SNAP_OFFERED, FLOE_PEER_SNAP_OFF);
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes offer = floe_bytes_of(altered(pair, 0, "%"));
    assert_int_equal(floe_peer_set_remote(&pair->end[1].peer, FLOE_PEER_OFFER, offer, NULL),
                     FLOE_OK);
    peer_pair_free(pair);
}

static void offer_and_answer(peer_pair *pair, floe_dc_id *channel)
{
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    assert_int_equal(floe_peer_open_channel(a, &options, channel), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes offer = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, offer, NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
}

/* Answerers may copy attributes that they do not know. */
static void test_peer_snap_that_comes_back_as_it_went_is_no_agreement(void **state)
{
    (void)state;
    peer_pair *pair = begin(FLOE_PEER_SNAP_OFFERED, FLOE_PEER_SNAP_OFF);
    floe_dc_id channel;
    char answer[8192];
    offer_and_answer(pair, &channel);
    const char *line = strstr(peer_pair_describe(pair, 0), "a=sctp-init:");
    strcpy(answer, peer_pair_describe(pair, 1));
    strncat(answer, line, (size_t)(strstr(line, "\r\n") + 2 - line));
    assert_int_equal(
        floe_peer_set_remote(&pair->end[0].peer, FLOE_PEER_ANSWER, floe_bytes_of(answer), NULL),
        FLOE_OK);
    assert_false(pair->end[0].peer.is_snap_agreed);
    peer_pair_run(pair, FLOE_SECOND);
    talk(pair, channel);
    peer_pair_free(pair);
}

/* The answer's is lost on the way: who answered begins, who offered sends INIT. */
static void test_peer_snap_that_is_taken_out_of_the_answer_connects_all_the_same(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel;
    offer_and_answer(pair, &channel);
    floe_bytes answer = floe_bytes_of(altered(pair, 1, NULL));
    assert_int_equal(floe_peer_set_remote(&pair->end[0].peer, FLOE_PEER_ANSWER, answer, NULL),
                     FLOE_OK);
    assert_true(pair->end[1].peer.is_snap_agreed && !pair->end[0].peer.is_snap_agreed);
    peer_pair_run(pair, FLOE_SECOND);
    talk(pair, channel);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL_CLOSED], 0);
}

static void test_peer_snap_is_the_same_in_later_descriptions_and_held_to_it(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id channel = peer_pair_connect(pair);
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_sdp_fault fault;
    char first[8192];
    strcpy(first, strstr(peer_pair_describe(pair, 0), "a=sctp-init:"));
    *strstr(first, "\r\n") = '\0';
    floe_peer_restart_ice(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_non_null(strstr(peer_pair_describe(pair, 0), first));
    /* draft section 5.6: another value wants another association */
    floe_bytes other = floe_bytes_of(altered(pair, 0, "AQAAFIls3R0AUAAA/////+B5ZR0="));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, other, &fault), FLOE_E_UNSUPPORTED);
    assert_non_null(strstr(fault.rule, "a=sctp-init changed"));
    floe_bytes same = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, same, NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    floe_bytes answer = floe_bytes_of(peer_pair_describe(pair, 1));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, answer, NULL), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    talk(pair, channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_peer_snap_is_answered_to_who_offers_it, setup_offered,
                                        teardown),
        cmocka_unit_test(test_peer_snap_takes_an_offer_and_an_answer),
        cmocka_unit_test_setup_teardown(
            test_peer_snap_that_is_malformed_is_a_fault_of_the_description, setup_offered,
            teardown),
        cmocka_unit_test(test_peer_snap_that_is_malformed_means_nothing_where_it_is_off),
        cmocka_unit_test(test_peer_snap_that_comes_back_as_it_went_is_no_agreement),
        cmocka_unit_test_setup_teardown(
            test_peer_snap_that_is_taken_out_of_the_answer_connects_all_the_same, setup_offered,
            teardown),
        cmocka_unit_test_setup_teardown(
            test_peer_snap_is_the_same_in_later_descriptions_and_held_to_it, setup_offered,
            teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) /* left out, and nothing to test */
{
    return 0;
}

#endif
