/*
 * tests/sim/sim_moves.c - a peer whose network changes under a connection: no message is lost, and
 * nobody has to restart anything.
 */
#include <string.h>

#include "base/addr.h"
#include "support/sim_scene.h"
#include "support/unit.h"

/* Each peer has one address to begin with. Peer 0 is controlling. */
static const char *const wifi[2] = {"192.0.2.10", "198.51.100.20"};
static const char *const cellular[2] = {"192.0.2.110", "192.0.2.111"};

static floe_addr bound(const char *ip, uint16_t port)
{
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(ip), port), FLOE_OK);
    return addr;
}

static void begin(sim_scene *scene, uint64_t seed, sim_place places[2])
{
    sim_scene_init(scene, seed, places);
    sim_scene_chat(scene);
}

static void leave(sim_scene *scene, int mover)
{
    floe_peer *peer = scene->peers[mover]->peer;
    floe_addr old = bound(wifi[mover], 0);
    floe_peer_stats stats;
    floe_peer_get_stats(peer, &stats);
    old.port = stats.ice.local.addr.port;
    floe_peer_remove_local(peer, &old);
    sim_peer_drain(scene->peers[mover]);
}

static void arrive(sim_scene *scene, int mover)
{
    floe_addr fresh = bound(cellular[mover], 40001);
    assert_int_equal(floe_peer_add_local(scene->peers[mover]->peer, &fresh, 60000), FLOE_OK);
    sim_peer_drain(scene->peers[mover]);
}

/* Everything that is sent from now on arrives within `limit`. */
static void expect_traffic(sim_scene *scene, floe_time limit)
{
    sim_scene_add_messages(scene);
    assert_true(sim_world_run_until(scene->world, limit, sim_traffic_is_done, &scene->traffic));
}

static void expect_calm(sim_scene *scene)
{
    sim_world_run(scene->world, 60 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene->peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene->peers[1], FLOE_PEER_CONNECTED));
}

/* From Wi-Fi to a cellular network that was up already: nobody is without traffic for a second. */
static void move_to_a_warm_network(int mover)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        sim_place places[2] = {0};
        begin(&scene, seed, places);
        sim_net_add_addr(&scene.world->net, scene.hosts[mover], cellular[mover]);
        arrive(&scene, mover);
        sim_world_run(scene.world, 2 * FLOE_SECOND);
        leave(&scene, mover);
        sim_net_change_addr(&scene.world->net, scene.hosts[mover], 0, "192.0.2.99");
        expect_traffic(&scene, 900 * FLOE_MS);
        assert_true(sim_peer_is_state(scene.peers[mover], FLOE_PEER_CONNECTED));
        expect_calm(&scene);
        sim_scene_free(&scene);
    }
}

static void test_sim_moves_of_the_controlling_side_to_a_network_that_was_there(void **state)
{
    (void)state;
    move_to_a_warm_network(0);
}

static void test_sim_moves_of_the_controlled_side_to_a_network_that_was_there(void **state)
{
    (void)state;
    move_to_a_warm_network(1);
}

static void move_through_a_gap(int mover)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        sim_place places[2] = {0};
        begin(&scene, seed, places);
        sim_world_run(scene.world, 3 * FLOE_SECOND);
        leave(&scene, mover);
        sim_net_change_addr(&scene.world->net, scene.hosts[mover], 0, cellular[mover]);
        sim_world_run(scene.world, 300 * FLOE_MS);
        arrive(&scene, mover);
        expect_traffic(&scene, 900 * FLOE_MS);
        expect_calm(&scene);
        sim_scene_free(&scene);
    }
}

static void test_sim_moves_of_the_controlling_side_through_a_gap(void **state)
{
    (void)state;
    move_through_a_gap(0);
}

static void test_sim_moves_of_the_controlled_side_through_a_gap(void **state)
{
    (void)state;
    move_through_a_gap(1);
}

/* What is sent without a network does not wait for timeouts that doubled meanwhile. */
static void resume_after_a_long_gap(int mover)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        sim_place places[2] = {0};
        begin(&scene, seed, places);
        sim_scene_add_messages(&scene);
        leave(&scene, mover);
        sim_net_change_addr(&scene.world->net, scene.hosts[mover], 0, cellular[mover]);
        sim_world_run(scene.world, 5 * FLOE_SECOND);
        arrive(&scene, mover);
        assert_true(
            sim_world_run_until(scene.world, 500 * FLOE_MS, sim_traffic_is_done, &scene.traffic));
        expect_calm(&scene);
        sim_scene_free(&scene);
    }
}

static void test_sim_moves_of_either_side_through_a_long_gap_resume_at_once(void **state)
{
    (void)state;
    resume_after_a_long_gap(0);
    resume_after_a_long_gap(1);
}

static void test_sim_moves_take_the_relay_along(void **state)
{
    (void)state;
    sim_scene scene;
    sim_place places[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i].config.turn_url = SIM_TURN_URL;
    }
    places[0].config.ice.policy = FLOE_ICE_POLICY_RELAY;
    begin(&scene, 3, places);
    floe_addr old = bound(wifi[0], 0);
    floe_ice_relay_stats relay;
    assert_true(floe_peer_get_relay(scene.peers[0]->peer, 0, &relay));
    old.port = relay.path.local.port;
    floe_peer_remove_local(scene.peers[0]->peer, &old);
    sim_peer_drain(scene.peers[0]);
    sim_net_change_addr(&scene.world->net, scene.hosts[0], 0, cellular[0]);
    arrive(&scene, 0);
    sim_world_run(scene.world, 2 * FLOE_SECOND);
    assert_true(floe_peer_get_relay(scene.peers[0]->peer, 0, &relay));
    assert_int_equal(relay.state, FLOE_TURN_ALLOCATED);
    expect_traffic(&scene, 2 * FLOE_SECOND);
    sim_scene_free(&scene);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_moves_of_the_controlling_side_to_a_network_that_was_there),
        SIM(test_sim_moves_of_the_controlled_side_to_a_network_that_was_there),
        SIM(test_sim_moves_of_the_controlling_side_through_a_gap),
        SIM(test_sim_moves_of_the_controlled_side_through_a_gap),
        SIM(test_sim_moves_of_either_side_through_a_long_gap_resume_at_once),
        SIM(test_sim_moves_take_the_relay_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
