/* Unit tests of peer/peer_hide.c. */
#include "peer/peer.h"

#include <string.h>

#include "base/addr.h"
#include "peer/peer_stats.h"
#include "support/peer_pair.h"
#include "support/unit.h"

#define NAME "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"

static char ip[FLOE_ADDR_TEXT_MAX]; /* of the end that hides */

/* End 0 hides its address. */
static int setup(void **state)
{
    peer_pair *pair = peer_pair_new();
    floe_peer *a = &pair->end[0].peer;
    floe_addr_ip_text(&pair->end[0].addr, ip);
    floe_peer_remove_local(a, &pair->end[0].addr);
    assert_int_equal(floe_peer_hide_local(a, &pair->end[0].addr, FLOE_LIT(NAME)), FLOE_OK);
    assert_int_equal(floe_peer_add_local(a, &pair->end[0].addr, 65535), FLOE_OK);
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static void test_peer_hide_description_has_the_name_and_no_address(void **state)
{
    peer_pair *pair = *state;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    const char *sdp = peer_pair_describe(pair, 0);
    assert_non_null(strstr(sdp, " " NAME " "));
    assert_null(strstr(sdp, ip));
    /* Draft section 3.1.2.4: a name is no default candidate. */
    assert_non_null(strstr(sdp, "m=application 9 "));
    assert_non_null(strstr(sdp, "c=IN IP4 0.0.0.0\r\n"));
}

static void test_peer_hide_candidate_line_has_the_name_and_the_port(void **state)
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
    assert_null(strstr(line, ip));
    assert_int_equal(floe_sdp_candidate_parse(&parsed, floe_bytes_of(line)), FLOE_OK);
    assert_true(floe_bytes_equal(parsed.host, FLOE_LIT(NAME)));
    assert_int_equal(parsed.port, pair->end[0].addr.port);
    assert_int_equal(parsed.type, FLOE_SDP_CAND_HOST);
}

/* The program learns of a candidate a little later than there is one; meanwhile it may be gone. */
static void test_peer_hide_candidate_whose_address_has_gone_meanwhile_is_told_by_name(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    char line[FLOE_PEER_CANDIDATE_MAX];
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_true(floe_peer_poll_event(a, &event));
    assert_int_equal(event.type, FLOE_PEER_EV_CANDIDATE);
    floe_peer_remove_local(a, &pair->end[0].addr);
    assert_true(floe_peer_show_local(a, &pair->end[0].addr));
    floe_peer_put_candidate(a, &event.cand, line);
    assert_null(strstr(line, ip));
    assert_non_null(strstr(line, NAME));
    /* Back, and not hidden any more. */
    assert_int_equal(floe_peer_add_local(a, &pair->end[0].addr, 65535), FLOE_OK);
    floe_peer_put_candidate(a, &event.cand, line);
    assert_non_null(strstr(line, ip));
}

/* Draft section 3.1.2.2. */
static void test_peer_hide_reflexive_and_relayed_candidates_name_no_base(void **state)
{
    peer_pair *pair = *state;
    static const uint8_t types[] = {FLOE_ICE_SRFLX, FLOE_ICE_RELAY};
    for (size_t i = 0; i < 2; i++) {
        char line[FLOE_PEER_CANDIDATE_MAX];
        floe_ice_cand cand = {.type = types[i],
                              .addr = floe_addr_from_ipv4(198, 51, 100, 1, 4000),
                              .base = pair->end[0].addr};
        floe_peer_put_candidate(&pair->end[0].peer, &cand, line);
        assert_null(strstr(line, ip));
        assert_non_null(strstr(line, " 198.51.100.1 4000 "));
        assert_non_null(strstr(line, " raddr 0.0.0.0 rport 9"));
    }
}

/* What a server sees is public (draft section 3.1.2.2). */
static void test_peer_hide_public_address_is_told_as_server_reflexive(void **state)
{
    peer_pair *pair = *state;
    char line[FLOE_PEER_CANDIDATE_MAX];
    floe_addr addr = pair->end[0].addr;
    floe_ice_cand cand = {.type = FLOE_ICE_SRFLX, .addr = addr, .base = addr};
    floe_peer_put_candidate(&pair->end[0].peer, &cand, line);
    assert_non_null(strstr(line, ip));
    assert_non_null(strstr(line, " typ srflx raddr 0.0.0.0 rport 9"));
}

static void test_peer_hide_statistics_have_no_address(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_candidate_stats cand;
    floe_peer_pair_stats both;
    floe_peer_stats all;
    size_t cursor = 0;
    peer_pair_connect(pair); /* by the checks of the end that hides */
    assert_true(floe_peer_next_local_candidate(a, &cursor, &cand));
    assert_string_equal(cand.name, NAME);
    assert_true(floe_addr_is_any(&cand.addr));
    assert_int_equal(cand.addr.port, pair->end[0].addr.port);
    cursor = 0;
    assert_true(floe_peer_next_pair(a, &cursor, &both));
    assert_true(floe_addr_is_any(&both.local.addr));
    assert_true(floe_addr_equal(&both.remote.addr, &pair->end[1].addr));
    floe_peer_get_stats(a, &all);
    assert_int_equal(all.ice.local.addr.family, 4);
    assert_true(floe_addr_is_any(&all.ice.local.addr));
    assert_int_equal(all.ice.local.base.family, 0);
}

static void test_peer_hide_refuses_what_is_no_name_and_says_when_it_is_full(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_addr addr = floe_addr_from_ipv4(10, 0, 0, 0, 0);
    assert_int_equal(floe_peer_hide_local(a, &addr, FLOE_LIT("printer.local")), FLOE_E_MALFORMED);
    for (uint8_t i = 1; i < FLOE_MDNS_NAME_MAX; i++) {
        addr.ip[3] = i;
        assert_int_equal(floe_peer_hide_local(a, &addr, FLOE_LIT(NAME)), FLOE_OK);
        assert_int_equal(floe_peer_hide_local(a, &addr, FLOE_LIT(NAME)), FLOE_OK);
    }
    addr.ip[3] = 0;
    assert_int_equal(floe_peer_hide_local(a, &addr, FLOE_LIT(NAME)), FLOE_E_FULL);
    addr.ip[3] = 1;
    assert_true(floe_peer_show_local(a, &addr));
    assert_false(floe_peer_show_local(a, &addr));
    addr.ip[3] = 0;
    assert_int_equal(floe_peer_hide_local(a, &addr, FLOE_LIT(NAME)), FLOE_OK);
}

static void test_peer_hide_steps_through_what_is_hidden(void **state)
{
    peer_pair *pair = *state;
    size_t cursor = 0;
    floe_addr addr;
    assert_true(floe_peer_next_hidden(&pair->end[0].peer, &cursor, &addr));
    assert_true(floe_addr_ip_equal(&addr, &pair->end[0].addr));
    assert_false(floe_peer_next_hidden(&pair->end[0].peer, &cursor, &addr));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_peer_hide_description_has_the_name_and_no_address),
        TEST(test_peer_hide_candidate_line_has_the_name_and_the_port),
        TEST(test_peer_hide_candidate_whose_address_has_gone_meanwhile_is_told_by_name),
        TEST(test_peer_hide_reflexive_and_relayed_candidates_name_no_base),
        TEST(test_peer_hide_public_address_is_told_as_server_reflexive),
        TEST(test_peer_hide_statistics_have_no_address),
        TEST(test_peer_hide_refuses_what_is_no_name_and_says_when_it_is_full),
        TEST(test_peer_hide_steps_through_what_is_hidden),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
