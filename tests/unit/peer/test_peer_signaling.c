/* tests of peer/peer_signaling.c: offer and answer, as a table and by example */
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

typedef enum step {
    LOCAL_OFFER,
    LOCAL_ANSWER,
    LOCAL_ROLLBACK,
    REMOTE_OFFER,
    REMOTE_ANSWER,
    REMOTE_ROLLBACK,
    STEPS
} step;

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

/* A description of the given type from end b, whatever end a is doing. */
static floe_bytes foreign(peer_pair *pair, floe_peer_sdp_type type)
{
    static char answer[4096];
    if (type == FLOE_PEER_OFFER) {
        return floe_bytes_of(peer_pair_describe(pair, 1));
    }
    /* b's offer turned into an answer: only the setup differs. */
    strcpy(answer, peer_pair_describe(pair, 1));
    char *setup_at = strstr(answer, "a=setup:actpass");
    memcpy(setup_at, "a=setup:active\r", 15);
    memmove(setup_at + 15, setup_at + 16, strlen(setup_at + 16) + 1);
    return floe_bytes_of(answer);
}

static floe_err take(peer_pair *pair, step what)
{
    floe_peer *a = &pair->end[0].peer;
    switch (what) {
    case LOCAL_OFFER:
        return floe_peer_set_local(a, FLOE_PEER_OFFER);
    case LOCAL_ANSWER:
        return floe_peer_set_local(a, FLOE_PEER_ANSWER);
    case LOCAL_ROLLBACK:
        return floe_peer_set_local(a, FLOE_PEER_ROLLBACK);
    case REMOTE_OFFER:
        return floe_peer_set_remote(a, FLOE_PEER_OFFER, foreign(pair, FLOE_PEER_OFFER), NULL);
    case REMOTE_ANSWER:
        return floe_peer_set_remote(a, FLOE_PEER_ANSWER, foreign(pair, FLOE_PEER_ANSWER), NULL);
    default:
        return floe_peer_set_remote(a, FLOE_PEER_ROLLBACK, (floe_bytes){NULL, 0}, NULL);
    }
}

#define NO (-1) /* STATE, and nothing changes */

/* W3C webrtc-pc section 4.3.1: the signaling states and the steps between them. */
static const int transitions[3][STEPS] = {
    [FLOE_PEER_STABLE] = {FLOE_PEER_HAVE_LOCAL_OFFER, NO, NO, FLOE_PEER_HAVE_REMOTE_OFFER, NO, NO},
    [FLOE_PEER_HAVE_LOCAL_OFFER] = {FLOE_PEER_HAVE_LOCAL_OFFER, NO, FLOE_PEER_STABLE, NO,
                                    FLOE_PEER_STABLE, NO},
    [FLOE_PEER_HAVE_REMOTE_OFFER] = {NO, FLOE_PEER_STABLE, NO, FLOE_PEER_HAVE_REMOTE_OFFER, NO,
                                     FLOE_PEER_STABLE},
};

static void check_transition(int from, step what)
{
    peer_pair *pair = peer_pair_new();
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    if (from != FLOE_PEER_STABLE) {
        step first = from == FLOE_PEER_HAVE_LOCAL_OFFER ? LOCAL_OFFER : REMOTE_OFFER;
        assert_int_equal(take(pair, first), FLOE_OK);
    }
    int want = transitions[from][what];
    assert_int_equal(take(pair, what), want == NO ? FLOE_E_STATE : FLOE_OK);
    assert_int_equal(floe_peer_get_signaling(a), want == NO ? from : want);
    floe_peer_check_invariants(a);
    peer_pair_free(pair);
}

static void test_peer_signaling_follows_the_table_in_every_state(void **state)
{
    (void)state;
    for (int from = 0; from < 3; from++) {
        for (int what = 0; what < STEPS; what++) {
            check_transition(from, (step)what);
        }
    }
}

static void test_peer_signaling_refuses_everything_after_close(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    floe_peer_close(a, pair->now);
    assert_int_equal(floe_peer_get_signaling(a), FLOE_PEER_SIGNALING_CLOSED);
    assert_int_equal(take(pair, LOCAL_OFFER), FLOE_E_CLOSED);
    assert_int_equal(take(pair, REMOTE_OFFER), FLOE_E_CLOSED);
    assert_int_equal(take(pair, REMOTE_ROLLBACK), FLOE_E_CLOSED);
    assert_int_equal(floe_peer_add_candidate(a, FLOE_LIT("x"), FLOE_LIT("0")), FLOE_E_CLOSED);
}

static void check_refused(const char *text, floe_err want)
{
    peer_pair *pair = peer_pair_new();
    floe_sdp_fault fault = {0, 0, NULL};
    floe_err err =
        floe_peer_set_remote(&pair->end[0].peer, FLOE_PEER_OFFER, floe_bytes_of(text), &fault);
    assert_int_equal(err, want);
    assert_non_null(fault.rule);
    assert_int_equal(floe_peer_get_signaling(&pair->end[0].peer), FLOE_PEER_STABLE);
    peer_pair_free(pair);
}

static void test_peer_signaling_says_what_is_wrong_with_a_description(void **state)
{
    (void)state;
    check_refused("", FLOE_E_MALFORMED);
    check_refused("hello", FLOE_E_MALFORMED);
    check_refused("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", FLOE_E_UNSUPPORTED);
}

/* Replace one line of b's offer; NULL removes it. */
static const char *with_line(peer_pair *pair, const char *start, const char *instead)
{
    static char text[4096];
    const char *offer = peer_pair_describe(pair, 1);
    const char *at = strstr(offer, start);
    assert_non_null(at);
    const char *end = strstr(at, "\r\n") + 2;
    size_t head = (size_t)(at - offer);
    memcpy(text, offer, head);
    text[head] = '\0';
    if (instead != NULL) {
        strcat(strcat(text, instead), "\r\n");
    }
    return strcat(text, end);
}

static void check_line(const char *start, const char *instead, floe_err want)
{
    peer_pair *pair = peer_pair_new();
    floe_sdp_fault fault = {0, 0, NULL};
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    const char *text = with_line(pair, start, instead);
    assert_int_equal(
        floe_peer_set_remote(&pair->end[0].peer, FLOE_PEER_OFFER, floe_bytes_of(text), &fault),
        want);
    assert_non_null(fault.rule);
    peer_pair_free(pair);
}

static void test_peer_signaling_wants_the_attributes_of_a_data_channel(void **state)
{
    (void)state;
    check_line("a=ice-ufrag:", NULL, FLOE_E_MALFORMED);
    check_line("a=ice-pwd:", NULL, FLOE_E_MALFORMED);
    check_line("a=fingerprint:", NULL, FLOE_E_MALFORMED);
    check_line("a=sctp-port:", NULL, FLOE_E_MALFORMED);
    check_line("a=setup:", NULL, FLOE_E_MALFORMED);
    check_line("a=setup:", "a=setup:holdconn", FLOE_E_MALFORMED);
    check_line("a=ice-pwd:", "a=ice-pwd:short", FLOE_E_MALFORMED);
}

static void test_peer_signaling_never_trusts_sha1_alone(void **state)
{
    (void)state;
    check_line("a=fingerprint:",
               "a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
               FLOE_E_UNSUPPORTED);
}

static void test_peer_signaling_failed_description_leaves_a_pending_offer_intact(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(take(pair, REMOTE_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, FLOE_LIT("v=1"), NULL),
                     FLOE_E_MALFORMED);
    assert_int_equal(floe_peer_get_signaling(a), FLOE_PEER_HAVE_REMOTE_OFFER);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ANSWER), FLOE_OK);
    assert_non_null(strstr(peer_pair_describe(pair, 0), "a=setup:active"));
}

/* Each is within the limit, but ICE keeps them in one place: refused before anything is replaced.
 */
static void test_peer_signaling_refuses_credentials_too_long_together(void **state)
{
    UNIT_NEEDS(FLOE_ICE_CREDENTIAL_MAX >= 256);
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    char line[16 + 240], offer[4096];
    floe_sdp_fault fault = {0, 0, NULL};
    memset(line, 'x', sizeof line);
    memcpy(line, "a=ice-ufrag:", 12);
    line[12 + 240] = '\0';
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(take(pair, REMOTE_OFFER), FLOE_OK);
    strcpy(offer, with_line(pair, "a=ice-ufrag:", line));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, floe_bytes_of(offer), &fault),
                     FLOE_E_UNSUPPORTED);
    assert_string_equal(fault.rule, "a=ice-ufrag and a=ice-pwd are too long");
    floe_peer_check_invariants(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ANSWER), FLOE_OK);
}

/* What sdp/ lets pass the agent has to take: it must not be an assertion that says no. */
static void test_peer_signaling_takes_credentials_of_characters_seen_in_the_field(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    char offer[4096];
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    strcpy(offer, with_line(pair, "a=ice-ufrag:", "a=ice-ufrag:aZ09+/-=_#"));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, floe_bytes_of(offer), NULL), FLOE_OK);
    strcpy(offer, with_line(pair, "a=ice-pwd:", "a=ice-pwd:aZ09+/-=_#aZ09+/-=_#aZ"));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, floe_bytes_of(offer), NULL), FLOE_OK);
    floe_peer_check_invariants(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ANSWER), FLOE_OK);
}

static void test_peer_signaling_sends_to_the_sctp_port_of_the_description(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_stats stats;
    assert_int_equal(floe_peer_set_local(&pair->end[1].peer, FLOE_PEER_OFFER), FLOE_OK);
    const char *offer = with_line(pair, "a=sctp-port:", "a=sctp-port:5001");
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_OFFER, floe_bytes_of(offer), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_ANSWER), FLOE_OK);
    floe_bytes answer = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(&pair->end[1].peer, FLOE_PEER_ANSWER, answer, NULL),
                     FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    /* b has lied: it is at 5000, and hears nothing of what goes to 5001. */
    floe_peer_get_stats(&pair->end[1].peer, &stats);
    assert_true(stats.sctp.dropped_unknown > 0);
    assert_int_equal(stats.sctp.packets_received, 0);
}

static void test_peer_signaling_candidate_needs_a_remote_description(void **state)
{
    peer_pair *pair = *state;
    floe_bytes line = FLOE_LIT("candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host");
    assert_int_equal(floe_peer_add_candidate(&pair->end[0].peer, line, FLOE_LIT("0")),
                     FLOE_E_STATE);
}

static void test_peer_signaling_takes_counts_and_ignores_candidates(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_stats stats;
    floe_bytes mid = FLOE_LIT("0");
    peer_pair_signal(pair);
    assert_int_equal(floe_peer_add_candidate(
                         a, FLOE_LIT("candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host"), mid),
                     FLOE_OK);
    assert_int_equal(
        floe_peer_add_candidate(
            a, FLOE_LIT("candidate:2 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active"), mid),
        FLOE_OK);
    assert_int_equal(
        floe_peer_add_candidate(
            a, FLOE_LIT("candidate:3 1 udp 2113937151 0b7a4d8e-1f2a.local 5000 typ host"), mid),
        FLOE_OK);
    floe_peer_get_stats(a, &stats);
    /* The first came after the answer's end-of-candidates (RFC 8838 §14); the others are TCP and
     * mDNS. */
    assert_int_equal(stats.candidates_ignored, 3);
    assert_int_equal(floe_peer_add_candidate(a, FLOE_LIT("candidate:x"), mid), FLOE_E_MALFORMED);
    assert_int_equal(
        floe_peer_add_candidate(
            a, FLOE_LIT("candidate:1 1 udp 1 192.0.2.9 5000 typ host ufrag none"), mid),
        FLOE_E_UNKNOWN);
    assert_int_equal(floe_peer_add_candidate(a, FLOE_LIT(""), FLOE_LIT("video")), FLOE_E_UNKNOWN);
    assert_int_equal(floe_peer_add_candidate(a, FLOE_LIT(""), mid), FLOE_OK);
}

static void test_peer_signaling_first_channel_asks_for_negotiation_once(void **state)
{
    peer_pair *pair = *state;
    floe_dc_options options = {.label = FLOE_LIT("one")};
    floe_dc_id channel;
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_open_channel(a, &options, &channel), FLOE_OK);
    assert_int_equal(floe_peer_open_channel(a, &options, &channel), FLOE_OK);
    peer_pair_run(pair, 1);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 1);
    peer_pair_signal(pair);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_NEGOTIATION], 1);
}

static void test_peer_signaling_restart_gives_new_credentials_and_keeps_the_channel(void **state)
{
    peer_pair *pair = *state;
    char before[4096];
    floe_dc_id channel = peer_pair_connect(pair);
    strcpy(before, peer_pair_describe(pair, 0));
    floe_peer_restart_ice(&pair->end[0].peer);
    peer_pair_signal(pair);
    assert_string_not_equal(strstr(before, "a=ice-ufrag"),
                            strstr(peer_pair_describe(pair, 0), "a=ice-ufrag"));
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_send(&pair->end[0].peer, channel, true, FLOE_LIT("still")), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_dc_message message;
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    assert_int_equal(message.len, 5);
}

static void test_peer_signaling_answer_with_port_zero_fails_with_the_reason(void **state)
{
    peer_pair *pair = *state;
    const char *why;
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes answer = FLOE_LIT("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                                 "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                 "c=IN IP4 0.0.0.0\r\na=mid:0\r\n");
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, answer, NULL), FLOE_OK);
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_FAILED);
    assert_int_equal(floe_peer_get_reason(a, &why), FLOE_PEER_FAULT_CLOSED_BY_PEER);
    assert_string_equal(why, "the peer rejected the data channel");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_signaling_follows_the_table_in_every_state),
        TEST(test_peer_signaling_refuses_everything_after_close),
        cmocka_unit_test(test_peer_signaling_says_what_is_wrong_with_a_description),
        cmocka_unit_test(test_peer_signaling_wants_the_attributes_of_a_data_channel),
        cmocka_unit_test(test_peer_signaling_never_trusts_sha1_alone),
        TEST(test_peer_signaling_failed_description_leaves_a_pending_offer_intact),
        TEST(test_peer_signaling_refuses_credentials_too_long_together),
        TEST(test_peer_signaling_takes_credentials_of_characters_seen_in_the_field),
        TEST(test_peer_signaling_sends_to_the_sctp_port_of_the_description),
        TEST(test_peer_signaling_candidate_needs_a_remote_description),
        TEST(test_peer_signaling_takes_counts_and_ignores_candidates),
        TEST(test_peer_signaling_first_channel_asks_for_negotiation_once),
        TEST(test_peer_signaling_restart_gives_new_credentials_and_keeps_the_channel),
        TEST(test_peer_signaling_answer_with_port_zero_fails_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
