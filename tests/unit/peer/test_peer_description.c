/* tests of peer/peer_description.c: the local description and candidates as text */
#include <string.h>

#include "base/addr.h"
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

static void test_peer_description_needs_an_offer_or_answer_first(void **state)
{
    peer_pair *pair = *state;
    floe_peer_sdp_type type;
    uint8_t buf[4096];
    size_t len;
    assert_int_equal(floe_peer_get_local(&pair->end[0].peer, &type, buf, sizeof buf, &len),
                     FLOE_E_STATE);
}

static void test_peer_description_of_an_offer_has_what_browsers_want(void **state)
{
    static const char *const lines[] = {
        "v=0\r\n",
        "a=group:BUNDLE 0\r\n",
        "UDP/DTLS/SCTP webrtc-datachannel\r\n",
        "a=mid:0\r\n",
        "a=setup:actpass\r\n",
        "a=sctp-port:5000\r\n",
        "a=max-message-size:262144\r\n",
        "a=fingerprint:sha-256 ",
        "a=ice-ufrag:",
        "a=ice-pwd:",
        "typ host",
        "a=end-of-candidates",
    };
    peer_pair *pair = *state;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    const char *offer = peer_pair_describe(pair, 0);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(strstr(offer, lines[i]));
    }
}

static void test_peer_description_says_too_big_rather_than_cutting(void **state)
{
    peer_pair *pair = *state;
    floe_peer_sdp_type type;
    uint8_t buf[100];
    size_t len;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_get_local(&pair->end[0].peer, &type, buf, sizeof buf, &len),
                     FLOE_E_TOO_BIG);
}

static void test_peer_description_answers_with_the_mid_of_the_offer(void **state)
{
    peer_pair *pair = *state;
    char offer[4096];
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    strcpy(offer, peer_pair_describe(pair, 0));
    strstr(offer, "BUNDLE 0")[7] = 'x';
    strstr(offer, "a=mid:0")[6] = 'x';
    floe_peer *b = &pair->end[1].peer;
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, floe_bytes_of(offer), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    assert_non_null(strstr(peer_pair_describe(pair, 1), "a=mid:x\r\n"));
    assert_non_null(strstr(peer_pair_describe(pair, 1), "a=setup:active\r\n"));
    assert_true(floe_bytes_equal(floe_peer_get_mid(b), FLOE_LIT("x")));
}

static void test_peer_description_version_goes_up_with_each_offer(void **state)
{
    peer_pair *pair = *state;
    char first[4096];
    peer_pair_signal(pair);
    strcpy(first, peer_pair_describe(pair, 0));
    peer_pair_signal(pair);
    const char *second = peer_pair_describe(pair, 0);
    assert_string_not_equal(strstr(first, "o="), strstr(second, "o="));
    assert_int_equal(strncmp(strstr(first, "a=ice-ufrag"), strstr(second, "a=ice-ufrag"), 20), 0);
}

static void test_peer_description_candidate_line_reads_back(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    floe_sdp_candidate parsed;
    char line[FLOE_PEER_CANDIDATE_MAX];
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_true(floe_peer_poll_event(a, &event));
    assert_int_equal(event.type, FLOE_PEER_EV_CANDIDATE);
    floe_peer_put_candidate(a, &event.cand, line);
    assert_int_equal(floe_sdp_candidate_parse(&parsed, floe_bytes_of(line)), FLOE_OK);
    assert_memory_equal(&parsed.addr, &pair->end[0].addr, sizeof parsed.addr);
    assert_int_equal(parsed.ufrag.len, 8);
}

static void test_peer_description_longest_candidate_line_fits(void **state)
{
    peer_pair *pair = *state;
    char line[FLOE_PEER_CANDIDATE_MAX];
    uint8_t ip[16];
    memset(ip, 0xfe, sizeof ip);
    floe_ice_cand cand = {.foundation = UINT32_MAX, .priority = UINT32_MAX};
    cand.type = FLOE_ICE_SRFLX;
    cand.transport = FLOE_UDP;
    cand.addr = cand.base = floe_addr_from_bytes((floe_bytes){ip, 16}, 65535);
    memset(line, 'x', sizeof line);
    floe_peer_put_candidate(&pair->end[0].peer, &cand, line);
    assert_non_null(memchr(line, '\0', sizeof line));
    assert_non_null(strstr(line, " ufrag "));
}

static void test_peer_description_of_a_lite_peer_says_so(void **state)
{
    peer_pair *pair = *state;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    assert_null(strstr(peer_pair_describe(pair, 0), "a=ice-lite"));
    pair->end[0].peer.is_lite = true;
    const char *offer = peer_pair_describe(pair, 0);
    assert_non_null(strstr(offer, "\r\na=ice-lite\r\n"));
    assert_true(strstr(offer, "a=ice-lite") < strstr(offer, "m=application")); /* of the session */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_description_needs_an_offer_or_answer_first),
        TEST(test_peer_description_of_an_offer_has_what_browsers_want),
        TEST(test_peer_description_says_too_big_rather_than_cutting),
        TEST(test_peer_description_answers_with_the_mid_of_the_offer),
        TEST(test_peer_description_version_goes_up_with_each_offer),
        TEST(test_peer_description_candidate_line_reads_back),
        TEST(test_peer_description_longest_candidate_line_fits),
        TEST(test_peer_description_of_a_lite_peer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
