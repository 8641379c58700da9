/* tests of peer/peer_stats.c: the groups of webrtc-stats, before, while and after a connection */
#include "peer/peer_stats.h"

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

static floe_peer *peer_of(void **state, int end)
{
    return &((peer_pair *)*state)->end[end].peer;
}

static void test_peer_stats_of_a_new_peer_know_nothing_of_the_other(void **state)
{
    floe_peer_transport_stats transport;
    floe_peer_candidate_stats cand;
    floe_peer_pair_stats pair;
    floe_peer_channel_stats channel;
    size_t cursor[3] = {0};
    floe_peer *peer = peer_of(state, 0);
    floe_peer_get_transport(peer, &transport);
    assert_int_equal(transport.ice_state, FLOE_ICE_NEW);
    assert_int_equal(transport.ice_role, FLOE_PEER_ROLE_UNKNOWN);
    assert_int_equal(transport.dtls_role, FLOE_PEER_ROLE_UNKNOWN);
    assert_int_equal(transport.ice_local_ufrag.len, 0);
    assert_int_equal(transport.remote_certificate.size, 0);
    assert_int_equal(transport.tls_version, 0);
    assert_null(transport.dtls_cipher);
    assert_false(transport.has_selected_pair);
    assert_false(floe_peer_next_pair(peer, &cursor[0], &pair));
    assert_false(floe_peer_next_remote_candidate(peer, &cursor[1], &cand));
    assert_false(floe_peer_next_channel_stats(peer, &cursor[2], &channel));
}

static void test_peer_stats_transport_of_two_ends_agree(void **state)
{
    floe_peer_transport_stats a, b;
    (void)peer_pair_connect(*state);
    peer_pair_run(*state, FLOE_SECOND);
    floe_peer_get_transport(peer_of(state, 0), &a);
    floe_peer_get_transport(peer_of(state, 1), &b);
    assert_int_equal(a.packets_sent, b.packets_received);
    assert_int_equal(a.bytes_sent, b.bytes_received);
    assert_int_equal(b.bytes_sent, a.bytes_received);
    assert_true(a.bytes_sent > 1000 && a.packets_sent > 5);
    assert_int_equal(a.requests_sent, b.requests_received);
    assert_in_range(a.responses_received, 1, b.responses_sent);
    assert_int_equal(a.ice_role, FLOE_PEER_ROLE_CONTROLLING);
    assert_int_equal(b.ice_role, FLOE_PEER_ROLE_CONTROLLED);
    assert_int_equal(a.dtls_role, FLOE_PEER_ROLE_CONTROLLED);
    assert_int_equal(b.dtls_role, FLOE_PEER_ROLE_CONTROLLING);
    assert_int_equal(a.dtls_state, FLOE_DTLS_CONNECTED);
    assert_int_equal(a.tls_version, 0xfefd);
    assert_string_equal(a.dtls_cipher, b.dtls_cipher);
    assert_memory_equal(&a.local_certificate, &b.remote_certificate, sizeof a.local_certificate);
    assert_int_equal(a.ice_local_ufrag.len, 8);
    assert_true(a.has_selected_pair && a.selected_pair_changes >= 1);
}

static void test_peer_stats_pair_has_both_ends_and_a_round_trip(void **state)
{
    peer_pair *pair = *state;
    floe_peer_pair_stats a, b;
    size_t cursor[2] = {0};
    (void)peer_pair_connect(pair);
    assert_true(floe_peer_next_pair(peer_of(state, 0), &cursor[0], &a));
    assert_true(floe_peer_next_pair(peer_of(state, 1), &cursor[1], &b));
    assert_true(floe_addr_equal(&a.local.addr, &pair->end[0].addr));
    assert_true(floe_addr_equal(&a.remote.addr, &pair->end[1].addr));
    assert_true(a.remote.is_remote && !a.local.is_remote);
    assert_int_equal(a.local.protocol, FLOE_UDP);
    assert_int_equal(a.local.type, FLOE_ICE_HOST);
    assert_int_equal(a.local.server_host.len, 0);
    assert_int_equal(a.state, FLOE_ICE_PAIR_SUCCEEDED);
    assert_true(a.is_selected);
    assert_true(a.is_nominated);
    assert_true(a.priority != 0 && a.priority == b.priority);
    assert_int_equal(a.rtt_us, 10 * FLOE_MS);
    assert_false(floe_peer_next_pair(peer_of(state, 0), &cursor[0], &a));
}

static void test_peer_stats_pair_without_consent_has_failed(void **state)
{
    peer_pair *pair = *state;
    floe_peer_pair_stats stats;
    size_t cursor = 0;
    (void)peer_pair_connect(pair);
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    peer_pair_run(pair, 60 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_ice_state(peer_of(state, 0)), FLOE_ICE_FAILED);
    assert_true(floe_peer_next_pair(peer_of(state, 0), &cursor, &stats));
    assert_int_equal(stats.state, FLOE_ICE_PAIR_FAILED);
    assert_false(stats.is_selected || stats.is_nominated);
}

static void test_peer_stats_candidates_of_both_sides_are_stepped_through(void **state)
{
    peer_pair *pair = *state;
    floe_peer_candidate_stats stats;
    size_t local = 0, remote = 0;
    (void)peer_pair_connect(pair);
    assert_true(floe_peer_next_local_candidate(peer_of(state, 0), &local, &stats));
    assert_true(floe_addr_equal(&stats.addr, &pair->end[0].addr));
    assert_int_equal(stats.related.family, 0);
    assert_true(stats.priority != 0 && !stats.is_remote);
    assert_false(floe_peer_next_local_candidate(peer_of(state, 0), &local, &stats));
    assert_true(floe_peer_next_remote_candidate(peer_of(state, 0), &remote, &stats));
    assert_true(floe_addr_equal(&stats.addr, &pair->end[1].addr) && stats.is_remote);
    assert_false(floe_peer_next_remote_candidate(peer_of(state, 0), &remote, &stats));
}

static void test_peer_stats_certificates_are_ours_then_theirs(void **state)
{
    peer_pair *pair = *state;
    floe_peer_certificate_stats stats;
    size_t cursor = 0;
    assert_true(floe_peer_next_certificate(peer_of(state, 0), &cursor, &stats));
    assert_false(floe_peer_next_certificate(peer_of(state, 0), &cursor, &stats));
    (void)peer_pair_connect(pair);
    assert_true(floe_peer_next_certificate(peer_of(state, 0), &cursor, &stats));
    assert_true(stats.is_remote);
    assert_string_equal(stats.algorithm, "sha-256");
    assert_memory_equal(&stats.fingerprint, &pair->end[1].identity.fingerprint,
                        sizeof stats.fingerprint);
    assert_false(floe_peer_next_certificate(peer_of(state, 0), &cursor, &stats));
}

static void test_peer_stats_channels_count_messages_and_bytes(void **state)
{
    peer_pair *pair = *state;
    floe_peer_channel_stats sent, received;
    floe_dc_message message;
    size_t cursor[2] = {0};
    floe_dc_id id = peer_pair_connect(pair);
    assert_int_equal(floe_peer_send(peer_of(state, 0), id, true, FLOE_LIT("12345")), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    assert_true(floe_peer_peek(peer_of(state, 1), &message));
    floe_peer_release(peer_of(state, 1));
    assert_true(floe_peer_next_channel_stats(peer_of(state, 0), &cursor[0], &sent));
    assert_true(floe_peer_next_channel_stats(peer_of(state, 1), &cursor[1], &received));
    assert_int_equal(sent.channel, id);
    assert_int_equal(sent.id, received.id);
    assert_true(floe_bytes_equal(sent.label, received.label));
    assert_int_equal(sent.state, FLOE_DC_OPEN);
    assert_int_equal(sent.messages_sent, 1);
    assert_int_equal(sent.bytes_sent, 5);
    assert_int_equal(received.messages_received, 1);
    assert_int_equal(received.bytes_received, 5);
    assert_false(floe_peer_next_channel_stats(peer_of(state, 0), &cursor[0], &sent));
}

static void test_peer_stats_connection_counts_channels(void **state)
{
    peer_pair *pair = *state;
    floe_peer_connection_stats stats;
    floe_dc_id id = peer_pair_connect(pair);
    floe_peer_get_connection(peer_of(state, 0), &stats);
    assert_int_equal(stats.channels_opened, 1);
    assert_int_equal(stats.channels_closed, 0);
    assert_int_equal(floe_peer_close_channel(peer_of(state, 0), id), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_peer_get_connection(peer_of(state, 0), &stats);
    assert_int_equal(stats.channels_closed, 1);
}

static void test_peer_stats_sctp_has_windows_and_a_round_trip(void **state)
{
    floe_peer_sctp_stats stats;
    floe_dc_id id = peer_pair_connect(*state);
    assert_int_equal(floe_peer_send(peer_of(state, 0), id, true, FLOE_LIT("x")), FLOE_OK);
    peer_pair_run(*state, FLOE_SECOND);
    floe_peer_get_sctp(peer_of(state, 0), &stats);
    assert_in_range(stats.srtt_us, 10 * FLOE_MS, 300 * FLOE_MS);
    assert_true(stats.congestion_window >= 4 * stats.mtu / 2);
    assert_in_range(stats.receiver_window, 1024, PEER_PAIR_BUFFER);
    assert_in_range(stats.mtu, 512, 1500);
    assert_int_equal(stats.unacked_bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_stats_of_a_new_peer_know_nothing_of_the_other),
        TEST(test_peer_stats_transport_of_two_ends_agree),
        TEST(test_peer_stats_pair_has_both_ends_and_a_round_trip),
        TEST(test_peer_stats_pair_without_consent_has_failed),
        TEST(test_peer_stats_candidates_of_both_sides_are_stepped_through),
        TEST(test_peer_stats_certificates_are_ours_then_theirs),
        TEST(test_peer_stats_channels_count_messages_and_bytes),
        TEST(test_peer_stats_connection_counts_channels),
        TEST(test_peer_stats_sctp_has_windows_and_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
