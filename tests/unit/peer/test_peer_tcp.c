/* tests of peer/peer_tcp.c: candidates of TCP in descriptions, connections by number */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "support/peer_pair.h"
#include "support/unit.h"

#define ACTIVE  "candidate:1 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active"
#define PASSIVE "candidate:2 1 tcp 1518280447 192.0.2.9 8000 typ host tcptype passive"
#define SO      "candidate:3 1 tcp 1518280447 192.0.2.9 8001 typ host tcptype so"
#define HIDDEN                                                                                     \
    "candidate:4 1 tcp 1518280447 0b6d6f3e-8a3c-4dc5-a5c5-7a4ab4a3f2d1.local 9 typ host tcptype "  \
    "active"

static floe_ice_tcp_link memory[4];

static int setup(void **state)
{
    peer_pair *pair = peer_pair_new();
    *state = pair;
    peer_pair_signal(pair);
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

/* The test's peers have no TCP of their own. */
static floe_peer *get_peer(void **state)
{
    floe_peer *peer = &((peer_pair *)*state)->end[0].peer;
    floe_ice_tcp_init(&peer->tcp, memory, 4, peer->now);
    peer->ice.is_remote_ended = false; /* as if it trickled */
    return peer;
}

static uint64_t ignored_of(floe_peer *peer, const char *candidate)
{
    uint64_t before = peer->stats.candidates_ignored;
    assert_int_equal(floe_peer_add_candidate(peer, floe_bytes_of(candidate), FLOE_LIT("0")),
                     FLOE_OK);
    return peer->stats.candidates_ignored - before;
}

static void test_peer_tcp_ignores_and_counts_what_it_can_not_use(void **state)
{
    floe_peer *peer = &((peer_pair *)*state)->end[0].peer;
    assert_int_equal(ignored_of(peer, ACTIVE), 1);
    assert_int_equal(ignored_of(peer, PASSIVE), 1);
    peer = get_peer(state);
    assert_int_equal(ignored_of(peer, SO), 1);
}

static void test_peer_tcp_takes_both_kinds_where_it_has_tcp(void **state)
{
    floe_peer *peer = get_peer(state);
    assert_int_equal(ignored_of(peer, ACTIVE), 0);
    assert_int_equal(ignored_of(peer, HIDDEN), 0); /* needs no address, so no name is looked up */
    assert_int_equal(ignored_of(peer, PASSIVE), 0);
    floe_peer_event event;
    while (floe_peer_poll_event(peer, &event)) {
        assert_int_not_equal(event.type, FLOE_PEER_EV_RESOLVE);
    }
}

static void test_peer_tcp_answers_a_check_in_a_frame(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = get_peer(state);
    floe_peer *b = &pair->end[1].peer;
    floe_path path = {
        .local = pair->end[0].addr, .remote = pair->end[1].addr, .transport = FLOE_TCP};
    uint8_t buf[FLOE_PEER_RUN_MIN];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    uint32_t request;
    assert_int_equal(floe_peer_add_local_tcp(a, &path.local, 1, true), FLOE_OK);
    assert_int_equal(floe_peer_accepted(a, &path, &request), FLOE_OK);
    assert_true(request >= FLOE_PEER_TCP_REQUEST);
    while (floe_peer_poll_transmit(a, &out)) { /* what it has for UDP */
    }
    assert_true(floe_peer_poll_transmit(b, &out)); /* a check, which may as well come over TCP */
    floe_peer_input(a, a->now, &path, buf, out.len, out.len);
    assert_true(floe_peer_poll_transmit(a, &out));
    assert_true(floe_path_equal(&out.path, &path));
    assert_int_equal(floe_load_u16(buf), out.len - 2);
    assert_int_equal(out.segment, out.len);
}

static void test_peer_tcp_has_who_is_no_peer_disconnected(void **state)
{
    floe_peer *peer = get_peer(state);
    floe_path path = {.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                      .remote = floe_addr_from_ipv4(192, 0, 2, 7, 7),
                      .transport = FLOE_TCP};
    uint8_t bytes[] = {22, 254, 253, 0, 0};
    uint32_t request;
    floe_peer_event event = {0};
    assert_int_equal(floe_peer_accepted(peer, &path, &request), FLOE_OK);
    floe_peer_input(peer, peer->now, &path, bytes, sizeof bytes, sizeof bytes);
    while (event.type != FLOE_PEER_EV_DISCONNECT) {
        assert_true(floe_peer_poll_event(peer, &event));
    }
    assert_int_equal(event.request, request);
    assert_int_equal(peer->stats.dropped_unvalidated, 1);
}

static void test_peer_tcp_hears_nothing_more_of_a_connection_it_wants_closed(void **state)
{
    peer_pair *pair = *state;
    floe_peer *a = get_peer(state);
    floe_path path = {
        .local = pair->end[0].addr, .remote = pair->end[1].addr, .transport = FLOE_TCP};
    uint8_t buf[FLOE_PEER_RUN_MIN];
    uint8_t junk[] = {0xff};
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    uint32_t request;
    assert_int_equal(floe_peer_add_local_tcp(a, &path.local, 1, true), FLOE_OK);
    assert_int_equal(floe_peer_accepted(a, &path, &request), FLOE_OK);
    while (floe_peer_poll_transmit(a, &out)) { /* what it has for UDP */
    }
    floe_peer_input(a, a->now, &path, junk, sizeof junk, sizeof junk);
    uint64_t dropped = a->stats.dropped_unknown;
    floe_peer_input(a, a->now, &path, junk, sizeof junk, sizeof junk);
    assert_int_equal(a->stats.dropped_unknown, dropped);
    assert_true(floe_peer_poll_transmit(&pair->end[1].peer, &out)); /* a check */
    floe_peer_input(a, a->now, &path, buf, out.len, out.len);
    assert_false(floe_peer_poll_transmit(a, &out)); /* a pair of it would be one for ever */
}

static void test_peer_tcp_closed_accepts_nobody(void **state)
{
    floe_peer *peer = get_peer(state);
    floe_path path = {.transport = FLOE_TCP};
    uint32_t request;
    floe_peer_close(peer, peer->now);
    assert_int_equal(floe_peer_accepted(peer, &path, &request), FLOE_E_FULL);
}

#define PEER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
#if !FLOE_ICE_TCP
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        PEER(test_peer_tcp_ignores_and_counts_what_it_can_not_use),
        PEER(test_peer_tcp_takes_both_kinds_where_it_has_tcp),
        PEER(test_peer_tcp_answers_a_check_in_a_frame),
        PEER(test_peer_tcp_has_who_is_no_peer_disconnected),
        PEER(test_peer_tcp_hears_nothing_more_of_a_connection_it_wants_closed),
        PEER(test_peer_tcp_closed_accepts_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
