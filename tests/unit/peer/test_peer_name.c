/* tests of peer/peer_name.c: candidates that are names in .local */
#include <stdio.h>
#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

#define NAME "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"
#define LINE "candidate:1 1 udp 2113937151 " NAME " 4001 typ host"

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

/* The description of end 1, which hides its address as browsers do. */
static floe_bytes hide(peer_pair *pair)
{
    static char text[4096];
    const char *plain = peer_pair_describe(pair, 1);
    const char *address = strstr(plain, "192.0.2.2 4001 typ");
    assert_non_null(address);
    (void)snprintf(text, sizeof text, "%.*s" NAME "%s", (int)(address - plain), plain,
                   address + strlen("192.0.2.2"));
    return floe_bytes_of(text);
}

/* End 0 offers and has the answer, with the name in it; is it asked for? */
static bool answer(peer_pair *pair, floe_peer_event *event)
{
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_open_channel(a, &options, &channel), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes offer = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, offer, NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, hide(pair), NULL), FLOE_OK);
    while (floe_peer_poll_event(a, event)) {
        if (event->type == FLOE_PEER_EV_RESOLVE) {
            return true;
        }
    }
    return false;
}

static uint32_t count_remotes(const peer_pair *pair)
{
    floe_peer_stats stats;
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    return stats.ice.remote_candidates;
}

static void test_peer_name_is_asked_for_and_becomes_a_candidate(void **state)
{
    peer_pair *pair = *state;
    floe_peer_event event;
    assert_true(answer(pair, &event));
    assert_true(floe_bytes_equal(event.host, FLOE_LIT(NAME)));
    assert_int_equal(count_remotes(pair), 0);
    floe_peer_resolved(&pair->end[0].peer, event.request, &pair->end[1].addr);
    assert_int_equal(count_remotes(pair), 1);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

static void test_peer_name_that_nobody_knows_stops_nothing(void **state)
{
    peer_pair *pair = *state;
    floe_peer_event event;
    floe_addr none = {{0}, 0, 0, 0};
    assert_true(answer(pair, &event));
    floe_peer_resolved(&pair->end[0].peer, event.request, &none);
    peer_pair_run(pair, FLOE_SECOND); /* by the other end's checks */
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
}

static void test_peer_name_of_an_earlier_generation_is_ignored(void **state)
{
    peer_pair *pair = *state;
    floe_peer_event event;
    floe_peer_stats stats;
    assert_true(answer(pair, &event));
    floe_peer_restart_ice(&pair->end[0].peer);
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    floe_peer_resolved(&pair->end[0].peer, event.request, &pair->end[1].addr);
    floe_peer_get_stats(&pair->end[0].peer, &stats);
    assert_int_equal(stats.ice.remote_candidates, 0);
    assert_int_equal(stats.candidates_ignored, 1);
}

static void test_peer_name_is_asked_for_once(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    assert_true(answer(pair, &event));
    assert_int_equal(floe_peer_add_candidate(a, FLOE_LIT(LINE), FLOE_LIT("0")), FLOE_OK);
    while (floe_peer_poll_event(a, &event)) {
        assert_int_not_equal(event.type, FLOE_PEER_EV_RESOLVE);
    }
}

static void test_peer_name_that_is_no_uuid_is_not_asked_for(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    floe_peer_stats stats;
    assert_true(answer(pair, &event));
    floe_bytes line = FLOE_LIT("candidate:1 1 udp 2113937151 printer.local 4001 typ host");
    assert_int_equal(floe_peer_add_candidate(a, line, FLOE_LIT("0")), FLOE_OK);
    while (floe_peer_poll_event(a, &event)) {
        assert_int_not_equal(event.type, FLOE_PEER_EV_RESOLVE);
    }
    floe_peer_get_stats(a, &stats);
    assert_int_equal(stats.candidates_ignored, 1);
}

static void test_peer_name_beyond_the_limit_is_ignored(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    floe_peer_stats stats;
    assert_true(answer(pair, &event));
    for (int port = 5000; port < 5000 + (int)FLOE_PEER_NAME_MAX; port++) {
        char line[128];
        (void)snprintf(line, sizeof line, "candidate:1 1 udp 1 " NAME " %d typ host", port);
        assert_int_equal(floe_peer_add_candidate(a, floe_bytes_of(line), FLOE_LIT("0")), FLOE_OK);
    }
    floe_peer_get_stats(a, &stats);
    assert_int_equal(stats.candidates_ignored, 1);
}

/* The question would go to the local network, which learns an address that is not to be known. */
static void test_peer_name_is_not_asked_for_where_only_relays_are_used(void **state)
{
    UNIT_NEEDS(FLOE_ICE_FILTER);
    static const floe_ice_filters filters = {.gather = {.types = FLOE_ICE_WITHOUT(FLOE_ICE_HOST)}};
    peer_pair *pair = *state;
    floe_peer_event event;
    for (int how = 0; how < 2; how++) {
        pair->end[0].config.ice.policy = how == 0 ? FLOE_ICE_POLICY_RELAY : FLOE_ICE_POLICY_ALL;
        pair->end[0].config.ice.filters = how == 0 ? NULL : &filters;
        for (int end = 0; end < 2; end++) {
            floe_peer *peer = &pair->end[end].peer;
            floe_peer_free(peer);
            assert_int_equal(floe_peer_init(peer, &pair->end[end].config, pair->now), FLOE_OK);
            assert_int_equal(floe_peer_add_local(peer, &pair->end[end].addr, 65535), FLOE_OK);
        }
        assert_false(answer(pair, &event));
    }
}

#define PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(test_peer_name_is_asked_for_and_becomes_a_candidate),
        PAIR(test_peer_name_that_nobody_knows_stops_nothing),
        PAIR(test_peer_name_of_an_earlier_generation_is_ignored),
        PAIR(test_peer_name_is_asked_for_once),
        PAIR(test_peer_name_that_is_no_uuid_is_not_asked_for),
        PAIR(test_peer_name_beyond_the_limit_is_ignored),
        PAIR(test_peer_name_is_not_asked_for_where_only_relays_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
