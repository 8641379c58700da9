/*
 * tests/sim/sim_connect.c - how two peers get connected, how they say that they cannot, and how a
 * connection follows a host that moves. The model is that of tests/sim/README.md.
 */
#include <string.h>

#include "support/sim_scene.h"
#include "support/unit.h"

static const sim_place nowhere_special[2];

/* ---- connecting ---- */

static void test_sim_perfect_network_connects_within_a_few_round_trips(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    floe_time start = scene.world->now;
    sim_scene_chat(&scene);
    /* 40 ms of signalling, then at 40 ms each: a check, DTLS in two, SCTP in two, OPEN. */
    assert_true(sim_scene_connected_at(&scene) - start < 400 * FLOE_MS);
    sim_scene_free(&scene);
}

static void test_sim_same_seed_gives_the_same_run(void **state)
{
    sim_net_stats stats[2];
    floe_time ends[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        sim_place places[2];
        sim_scene scene;
        memset(places, 0, sizeof places);
        places[0].link = (sim_link){.delay = 20 * FLOE_MS,
                                    .jitter = 10 * FLOE_MS,
                                    .loss = 150,
                                    .duplicate = 50,
                                    .reorder = 50};
        sim_scene_init(&scene, 7, places);
        sim_scene_chat(&scene);
        stats[i] = scene.world->net.stats;
        ends[i] = scene.world->now;
        sim_scene_free(&scene);
    }
    assert_memory_equal(&stats[0], &stats[1], sizeof *stats);
    assert_int_equal(ends[0], ends[1]);
}

static void test_sim_hello_that_comes_before_the_answer_costs_no_time(void **state)
{
    /* The answerer is the DTLS client: it checks, finds a path, and says hello while its answer
     * is still on the way to the offerer. */
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[1].config.letter_delay = 700 * FLOE_MS;
    places[1].config.candidate_delay = 10 * FLOE_MS;
    sim_scene_init(&scene, 1, places);
    floe_time start = scene.world->now;
    sim_scene_chat(&scene);
    /* The offer takes 20 ms, the answer 700, and then there are four flights of 20 ms. */
    assert_true(sim_scene_connected_at(&scene) - start < 900 * FLOE_MS);
    sim_scene_free(&scene);
}

/* Who is lite is never asked to reach anybody: it is the other one that is behind a NAT. */
static void test_sim_lite_peers_are_reached_from_behind_a_nat(void **state)
{
    static const sim_nat_config nat = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                       .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
    (void)state;
    for (int lite = 0; lite < 2; lite++) {
        sim_place places[2];
        sim_scene scene;
        memset(places, 0, sizeof places);
        places[lite].config.ice.is_lite = true;
        places[!lite].nat = &nat;
        sim_scene_init(&scene, 1, places);
        sim_scene_chat(&scene);
        sim_world_run(scene.world, 120 * FLOE_SECOND);
        for (int i = 0; i < 2; i++) {
            assert_true(sim_peer_is_state(scene.peers[i], FLOE_PEER_CONNECTED));
        }
        floe_peer_stats stats;
        floe_peer_get_stats(scene.peers[lite]->peer, &stats);
        assert_int_equal(stats.ice.checks_sent, 0);
        sim_scene_free(&scene);
    }
}

/* RFC 8445 section 8.2. */
static void test_sim_two_lite_peers_need_no_checks(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[0].config.ice.is_lite = places[1].config.ice.is_lite = true;
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    sim_world_run(scene.world, 120 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        floe_peer_stats stats;
        floe_peer_get_stats(scene.peers[i]->peer, &stats);
        assert_int_equal(stats.ice.checks_sent + stats.ice.checks_received, 0);
        assert_true(sim_peer_is_state(scene.peers[i], FLOE_PEER_CONNECTED));
    }
    sim_scene_free(&scene);
}

static void test_sim_candidates_may_come_late(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[0].config.candidate_delay = 5 * FLOE_SECOND;
    places[1].config.candidate_delay = 5 * FLOE_SECOND;
    sim_scene_init(&scene, 3, places);
    sim_scene_chat(&scene);
    sim_scene_free(&scene);
}

static void test_sim_interfaces_may_come_late(void **state)
{
    static const char *const ips[] = {"192.0.2.10", "2001:db8::10", NULL};
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    memcpy(places[0].ips, ips, sizeof ips);
    places[0].config.addr_limit = 1; /* IPv4 first; the peer has IPv6 alone */
    places[1].ips[0] = "2001:db8::20";
    sim_scene_init(&scene, 1, places);
    sim_scene_add_chat(&scene);
    assert_false(sim_scene_play(&scene, 5 * FLOE_SECOND));
    sim_peer_bind(scene.peers[0], 1);
    sim_peer_drain(scene.peers[0]);
    assert_true(
        sim_world_run_until(scene.world, 10 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

static void test_sim_hosts_with_many_addresses_connect(void **state)
{
    static const char *const ips[2][SIM_ADDRS + 1] = {
        {"192.0.2.10", "2001:db8::10", "203.0.113.10", "2001:db8:1::10", NULL},
        {"198.51.100.20", "2001:db8::20", NULL}};
    sim_place places[2];
    sim_scene scene;
    floe_peer_stats stats;
    (void)state;
    memset(places, 0, sizeof places);
    memcpy(places[0].ips, ips[0], sizeof ips[0]);
    memcpy(places[1].ips, ips[1], sizeof ips[1]);
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    floe_peer_get_stats(scene.peers[0]->peer, &stats);
    assert_true(stats.ice.local.priority > 0 && stats.ice.remote.priority > 0);
    sim_scene_free(&scene);
}

static void test_sim_ipv6_alone_connects(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[0].ips[0] = "2001:db8::10";
    places[1].ips[0] = "2001:db8::20";
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    sim_scene_free(&scene);
}

static void connect_with_loss(uint64_t seed)
{
    sim_place places[2];
    sim_scene scene;
    memset(places, 0, sizeof places);
    places[0].link = (sim_link){.delay = 20 * FLOE_MS, .loss = 100};
    sim_scene_init(&scene, seed, places);
    floe_time start = scene.world->now;
    sim_scene_chat(&scene);
    assert_true(sim_scene_connected_at(&scene) - start < 10 * FLOE_SECOND);
    sim_scene_free(&scene);
}

static void test_sim_ten_percent_of_loss_delays_the_connection_by_seconds_at_most(void **state)
{
    (void)state;
    sim_world_for_seeds(1000, 50, connect_with_loss);
}

/* ---- failing, and saying why ---- */

static void assert_failed(const sim_scene *scene, int peer, floe_peer_fault fault)
{
    assert_true(sim_peer_is_state(scene->peers[peer], FLOE_PEER_FAILED));
    sim_scene_assert_fault(scene, peer, fault);
}

static void spoil_fingerprint(char *description)
{
    char *line = strstr(description, "a=fingerprint:sha-256 ");
    assert_non_null(line);
    char *digit = line + strlen("a=fingerprint:sha-256 ");
    *digit = *digit == '0' ? '1' : '0';
}

static void spoil_password(char *description)
{
    char *line = strstr(description, "a=ice-pwd:");
    assert_non_null(line);
    char *letter = line + strlen("a=ice-pwd:");
    *letter = *letter == 'x' ? 'y' : 'x';
}

static void test_sim_wrong_fingerprint_fails_and_says_so(void **state)
{
    (void)state;
    for (int liar = 0; liar < 2; liar++) {
        sim_place places[2];
        sim_scene scene;
        memset(places, 0, sizeof places);
        places[liar].config.tamper = spoil_fingerprint;
        sim_scene_init(&scene, 1, places);
        sim_scene_add_chat(&scene);
        assert_false(sim_scene_play(&scene, 20 * FLOE_SECOND));
        assert_failed(&scene, 1 - liar, FLOE_PEER_FAULT_DTLS);
        assert_int_equal(scene.traffic.sides[0].received[0], 0);
        assert_int_equal(scene.traffic.sides[1].received[0], 0);
        sim_scene_free(&scene);
    }
}

static void test_sim_wrong_password_fails_within_the_patience(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[0].config.tamper = spoil_password;
    places[1].config.tamper = spoil_password;
    sim_scene_init(&scene, 1, places);
    sim_scene_add_chat(&scene);
    assert_false(sim_scene_play(&scene, 45 * FLOE_SECOND));
    assert_failed(&scene, 0, FLOE_PEER_FAULT_ICE);
    assert_failed(&scene, 1, FLOE_PEER_FAULT_ICE);
    sim_scene_free(&scene);
}

static void test_sim_peer_that_was_never_there_fails_within_the_patience(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_add_chat(&scene);
    sim_net_set_down(&scene.world->net, scene.hosts[1], true);
    assert_false(sim_scene_play(&scene, 45 * FLOE_SECOND));
    assert_failed(&scene, 0, FLOE_PEER_FAULT_ICE);
    sim_scene_free(&scene);
}

/* ---- moving ---- */

static void test_sim_restart_follows_a_host_to_another_network(void **state)
{
    (void)state;
    for (int mover = 0; mover < 2; mover++) {
        sim_scene scene;
        sim_scene_init(&scene, 1, nowhere_special);
        sim_scene_chat(&scene);
        sim_net_change_addr(&scene.world->net, scene.hosts[mover], 0, "203.0.113.77");
        sim_scene_add_messages(&scene);
        sim_world_run(scene.world, 3 * FLOE_SECOND);
        assert_false(sim_traffic_is_done(&scene.traffic));
        sim_peer_bind(scene.peers[mover], 0);
        sim_peer_restart_ice(scene.peers[mover]);
        assert_true(
            sim_world_run_until(scene.world, 5 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
        sim_scene_free(&scene);
    }
}

static void test_sim_restart_revives_a_failed_connection(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    sim_net_set_down(&scene.world->net, scene.hosts[1], true);
    sim_scene_add_messages(&scene);
    assert_true(sim_scene_wait(&scene, FLOE_PEER_FAILED, 60 * FLOE_SECOND));
    sim_net_set_down(&scene.world->net, scene.hosts[1], false);
    sim_peer_restart_ice(scene.peers[0]);
    assert_true(
        sim_world_run_until(scene.world, 10 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    assert_true(sim_scene_wait(&scene, FLOE_PEER_CONNECTED, 10 * FLOE_SECOND));
    sim_scene_free(&scene);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_perfect_network_connects_within_a_few_round_trips),
        SIM(test_sim_same_seed_gives_the_same_run),
        SIM(test_sim_hello_that_comes_before_the_answer_costs_no_time),
        SIM(test_sim_lite_peers_are_reached_from_behind_a_nat),
        SIM(test_sim_two_lite_peers_need_no_checks),
        SIM(test_sim_candidates_may_come_late),
        SIM(test_sim_interfaces_may_come_late),
        SIM(test_sim_hosts_with_many_addresses_connect),
        SIM(test_sim_ipv6_alone_connects),
        SIM(test_sim_ten_percent_of_loss_delays_the_connection_by_seconds_at_most),
        SIM(test_sim_wrong_fingerprint_fails_and_says_so),
        SIM(test_sim_wrong_password_fails_within_the_patience),
        SIM(test_sim_peer_that_was_never_there_fails_within_the_patience),
        SIM(test_sim_restart_follows_a_host_to_another_network),
        SIM(test_sim_restart_revives_a_failed_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
