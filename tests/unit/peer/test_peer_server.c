/* tests of peer/peer_server.c: STUN and TURN servers, names to look up, connections to open */
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

static floe_err add_server(floe_peer *peer, const char *url, const char *user, const char **why)
{
    return floe_peer_add_server(peer, floe_bytes_of(url), floe_bytes_of(user), floe_bytes_of(user),
                                why);
}

static void test_peer_server_takes_those_of_a_browser_configuration(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    floe_peer *a = &((peer_pair *)*state)->end[0].peer;
    const char *why = NULL;
    assert_int_equal(add_server(a, "stun:192.0.2.3", NULL, &why), FLOE_OK);
    assert_int_equal(add_server(a, "stun:[2001:db8::3]:3479", NULL, &why), FLOE_OK);
    assert_int_equal(add_server(a, "turn:turn.example.org?transport=tcp", "u", &why), FLOE_OK);
    assert_int_equal(add_server(a, "turns:turn.example.org", "u", &why), FLOE_OK);
}

static void test_peer_server_that_is_wrong_is_refused_with_the_reason(void **state)
{
    static const char *const wrong[] = {"", "stun", "http://a", "stun:a:0", "turn:a", "stun:a?x=y"};
    floe_peer *a = &((peer_pair *)*state)->end[0].peer;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *why = NULL;
        assert_int_equal(add_server(a, wrong[i], NULL, &why), FLOE_E_MALFORMED);
        assert_true(why != NULL && why[0] != '\0');
    }
    const char *why = NULL;
    assert_int_equal(add_server(a, "stuns:a", NULL, &why), FLOE_E_UNSUPPORTED);
    assert_true(why != NULL && why[0] != '\0');
}

static void test_peer_server_name_is_asked_for_once_and_done_without(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    floe_addr none = {{0}, 0, 0, 0};
    assert_int_equal(add_server(a, "stun:stun.example.org", NULL, NULL), FLOE_OK);
    assert_true(floe_peer_poll_event(a, &event));
    assert_int_equal(event.type, FLOE_PEER_EV_RESOLVE);
    assert_true(floe_bytes_equal(event.host, FLOE_LIT("stun.example.org")));
    floe_peer_resolved(a, event.request, &none);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_RESOLVE], 0);
    assert_int_equal(floe_peer_get_gathering(a), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_peer_server_for_turn_needs_memory(void **state)
{
    peer_pair *pair = *state;
    floe_peer_config config = pair->end[0].config;
    floe_peer peer;
    const char *why = NULL;
    config.relay_max = 0;
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_OK);
    assert_int_equal(add_server(&peer, "turn:192.0.2.3", "u", &why), FLOE_E_UNSUPPORTED);
    assert_true(why != NULL && why[0] != '\0');
    floe_peer_free(&peer);
}

static void test_peer_server_for_turn_is_one_for_each_memory(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX > PEER_PAIR_RELAYS);
    floe_peer *a = &((peer_pair *)*state)->end[0].peer;
    floe_err err = FLOE_OK;
    const char *why = NULL;
    for (unsigned i = 0; i < PEER_PAIR_RELAYS; i++) {
        assert_int_equal(add_server(a, "turn:192.0.2.3", "u", NULL), FLOE_OK);
    }
    err = add_server(a, "turn:192.0.2.3", "u", &why);
    assert_int_equal(err, FLOE_E_FULL);
    assert_true(why != NULL && why[0] != '\0');
}

/* A peer that has this TURN server from the beginning, and makes an offer. */
static void begin_with(peer_pair *pair, const char *url)
{
    peer_pair_end *end = &pair->end[0];
    floe_peer *a = &end->peer;
    floe_peer_free(a);
    assert_int_equal(floe_peer_init(a, &end->config, pair->now), FLOE_OK);
    assert_int_equal(add_server(a, url, "u", NULL), FLOE_OK);
    assert_int_equal(floe_peer_add_local(a, &end->addr, 65535), FLOE_OK);
    floe_peer_end_local(a);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
}

/* RFC 8445 §14: whatever they are for. */
static void test_peer_server_requests_are_five_milliseconds_apart(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    static uint8_t buf[FLOE_PEER_RUN_MIN];
    static const char *const others[] = {"turn:192.0.2.4", "turn:192.0.2.5", "stun:192.0.2.6"};
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_time last = 0;
    unsigned count = 0;
    begin_with(pair, "turn:192.0.2.3");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(add_server(a, others[i], "u", NULL), FLOE_OK);
    }
    for (floe_time end = pair->now + 100 * FLOE_MS; pair->now < end; pair->now += FLOE_MS) {
        floe_peer_advance(a, pair->now);
        while (floe_peer_poll_transmit(a, &out)) {
            assert_true(count == 0 || pair->now - last >= 5 * FLOE_MS);
            last = pair->now;
            count++;
        }
        assert_true(floe_peer_deadline(a) > pair->now);
    }
    assert_int_equal(count, 4);
}

/* The next event of this type within `limit`. */
static bool wait_for(peer_pair *pair, floe_peer_event_type type, floe_time limit,
                     floe_peer_event *event)
{
    static uint8_t buf[FLOE_PEER_RUN_MIN];
    floe_peer *a = &pair->end[0].peer;
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    for (floe_time end = pair->now + limit; pair->now <= end; pair->now += FLOE_MS) {
        floe_peer_advance(a, pair->now);
        while (floe_peer_poll_transmit(a, &out)) {
        }
        while (floe_peer_poll_event(a, event)) {
            if (event->type == type) {
                return true;
            }
        }
    }
    return false;
}

static void test_peer_server_over_tcp_asks_for_a_connection(void **state)
{
    peer_pair *pair = *state;
    floe_peer_event event;
    begin_with(pair, "turns:192.0.2.3");
    assert_true(wait_for(pair, FLOE_PEER_EV_CONNECT, FLOE_SECOND, &event));
    assert_int_equal(event.path.transport, FLOE_TLS);
    assert_int_equal(event.path.remote.port, 5349);
    assert_true(floe_bytes_equal(event.host, FLOE_LIT("192.0.2.3")));
}

static void test_peer_server_that_is_connected_is_sent_a_request_there(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    static uint8_t buf[FLOE_PEER_RUN_MIN];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_peer_event event;
    floe_addr local = floe_addr_from_ipv4(192, 0, 2, 1, 40000);
    begin_with(pair, "turn:192.0.2.3?transport=tcp");
    assert_true(wait_for(pair, FLOE_PEER_EV_CONNECT, FLOE_SECOND, &event));
    floe_peer_connected(a, event.request, &local);
    bool is_sent = false;
    while (floe_peer_poll_transmit(a, &out)) {
        is_sent = is_sent || (out.path.transport == FLOE_TCP && out.path.remote.port == 3478 &&
                              floe_addr_equal(&out.path.local, &local));
    }
    assert_true(is_sent);
}

static void test_peer_server_connection_that_broke_is_asked_for_again_later(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = &pair->end[0].peer;
    floe_peer_event event;
    begin_with(pair, "turn:192.0.2.3?transport=tcp");
    assert_true(wait_for(pair, FLOE_PEER_EV_CONNECT, FLOE_SECOND, &event));
    floe_time broke = pair->now;
    floe_peer_disconnected(a, event.request);
    assert_true(wait_for(pair, FLOE_PEER_EV_CONNECT, 3 * FLOE_SECOND, &event));
    assert_true(pair->now - broke >= 500 * FLOE_MS);
}

static void test_peer_server_answers_to_nobody_do_nothing(void **state)
{
    floe_peer *a = &((peer_pair *)*state)->end[0].peer;
    floe_addr local = floe_addr_from_ipv4(192, 0, 2, 1, 40000);
    floe_ice_relay_stats stats;
    floe_peer_connected(a, 7, &local);
    floe_peer_disconnected(a, UINT32_MAX);
    floe_peer_resolved(a, 99, &local);
    assert_false(floe_peer_get_relay(a, 0, &stats));
    floe_peer_check_invariants(a);
}

#define PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(test_peer_server_takes_those_of_a_browser_configuration),
        PAIR(test_peer_server_that_is_wrong_is_refused_with_the_reason),
        PAIR(test_peer_server_name_is_asked_for_once_and_done_without),
        PAIR(test_peer_server_for_turn_needs_memory),
        PAIR(test_peer_server_for_turn_is_one_for_each_memory),
        PAIR(test_peer_server_requests_are_five_milliseconds_apart),
        PAIR(test_peer_server_over_tcp_asks_for_a_connection),
        PAIR(test_peer_server_that_is_connected_is_sent_a_request_there),
        PAIR(test_peer_server_connection_that_broke_is_asked_for_again_later),
        PAIR(test_peer_server_answers_to_nobody_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
