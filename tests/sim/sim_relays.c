/*
 * tests/sim/sim_relays.c - whole peers that a TURN server connects, in virtual time.
 */
#include <string.h>

#include "support/sim_scene.h"
#include "support/unit.h"

static const sim_nat_config symmetric = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                         .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                         .ports = SIM_NAT_RANDOM};

/* Both behind symmetric NATs; those of `relayed` (bit 0, bit 1) have the TURN server. */
static void begin(sim_scene *scene, uint64_t seed, unsigned relayed, sim_place places[2])
{
    for (int i = 0; i < 2; i++) {
        places[i].nat = &symmetric;
        bool is_relayed = (relayed >> i & 1) != 0; /* a TURN server tells what STUN would */
        places[i].config.stun_url = is_relayed ? NULL : SIM_STUN_URL;
        places[i].config.turn_url = is_relayed ? SIM_TURN_URL : NULL;
    }
    sim_scene_init(scene, seed, places);
}

static floe_ice_type local_type(const sim_scene *scene, int peer)
{
    floe_peer_stats stats;
    floe_peer_get_stats(scene->peers[peer]->peer, &stats);
    return (floe_ice_type)stats.ice.local.type;
}

static void test_sim_relays_connect_symmetric_nats(void **state)
{
    (void)state;
    for (unsigned relayed = 1; relayed <= 3; relayed++) {
        sim_scene scene;
        sim_place places[2] = {0};
        begin(&scene, relayed, relayed, places);
        sim_scene_chat(&scene);
        assert_true(local_type(&scene, 0) == FLOE_ICE_RELAY ||
                    local_type(&scene, 1) == FLOE_ICE_RELAY);
        assert_true(scene.turn.relayed > 20);
        sim_scene_free(&scene);
    }
}

static void test_sim_relays_are_not_used_where_a_direct_way_is(void **state)
{
    (void)state;
    sim_scene scene;
    sim_place places[2] = {0};
    places[0].config.turn_url = places[1].config.turn_url = SIM_TURN_URL;
    sim_scene_init(&scene, 7, places);
    sim_scene_chat(&scene);
    assert_int_equal(local_type(&scene, 0), FLOE_ICE_HOST);
    sim_scene_free(&scene);
}

/* Who hides has no other end of a pair than its relay. */
static void test_sim_relays_hide_a_peer_with_the_policy_relay(void **state)
{
    (void)state;
    for (unsigned hidden = 1; hidden <= 3; hidden++) {
        sim_scene scene;
        sim_place places[2] = {0};
        for (int i = 0; i < 2; i++) {
            bool is_hidden = (hidden >> i & 1) != 0;
            places[i].config.turn_url = is_hidden ? SIM_TURN_URL : NULL;
            places[i].config.ice.policy = is_hidden ? FLOE_ICE_POLICY_RELAY : FLOE_ICE_POLICY_ALL;
        }
        sim_scene_init(&scene, hidden, places);
        sim_scene_chat(&scene);
        for (int i = 0; i < 2; i++) {
            if ((hidden >> i & 1) != 0) {
                assert_int_equal(local_type(&scene, i), FLOE_ICE_RELAY);
            }
        }
        sim_scene_free(&scene);
    }
}

static void test_sim_relays_refused_credentials_do_not_hold_up_a_direct_way(void **state)
{
    (void)state;
    sim_scene scene;
    sim_place places[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i].config.turn_url = SIM_TURN_URL;
        places[i].config.turn_password = "wrong";
    }
    sim_scene_init(&scene, 11, places);
    floe_time start = scene.world->now;
    sim_scene_chat(&scene);
    assert_true(sim_scene_connected_at(&scene) - start < FLOE_SECOND);
    assert_int_equal(sim_turn_count(&scene.turn, scene.world->now), 0);
    sim_scene_free(&scene);
}

/* The new relayed addresses are nothing that the peers have told each other: a restart does that.
 */
static void test_sim_relays_a_server_started_again_is_overcome_by_a_restart(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_ICE_REMOTE_MAX >= 16); /* peer-reflexive candidates of two generations */
    for (unsigned relayed = 1; relayed <= 3; relayed++) {
        sim_scene scene;
        sim_place places[2] = {0};
        begin(&scene, 20 + relayed, relayed, places);
        sim_scene_chat(&scene);
        sim_turn_restart(&scene.turn);
        assert_true(sim_scene_wait(&scene, FLOE_PEER_DISCONNECTED, 20 * FLOE_SECOND));
        sim_scene_add_messages(&scene);
        sim_peer_restart_ice(scene.peers[relayed & 1]);
        assert_true(sim_world_run_until(scene.world, 60 * FLOE_SECOND, sim_traffic_is_done,
                                        &scene.traffic));
        sim_scene_free(&scene);
    }
}

static void test_sim_relays_last_for_an_hour_without_a_word(void **state)
{
    (void)state;
    sim_scene scene;
    sim_place places[2] = {0};
    begin(&scene, 30, 3, places);
    sim_scene_chat(&scene);
    sim_world_run(scene.world, 3600 * FLOE_SECOND);
    sim_scene_add_messages(&scene);
    assert_true(
        sim_world_run_until(scene.world, 5 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

static void test_sim_relays_are_given_back_on_close(void **state)
{
    (void)state;
    sim_scene scene;
    sim_place places[2] = {0};
    begin(&scene, 40, 3, places);
    sim_scene_chat(&scene);
    assert_int_equal(sim_turn_count(&scene.turn, scene.world->now), 2);
    for (int i = 0; i < 2; i++) {
        floe_peer_close(scene.peers[i]->peer, scene.world->now);
        sim_peer_drain(scene.peers[i]);
    }
    sim_world_run(scene.world, FLOE_SECOND);
    assert_int_equal(sim_turn_count(&scene.turn, scene.world->now), 0);
    sim_scene_free(&scene);
}

static void play_with_loss(uint64_t seed)
{
    sim_scene scene;
    sim_place places[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i].link = (sim_link){.delay = 10 * FLOE_MS,
                                    .jitter = 5 * FLOE_MS,
                                    .loss = (uint32_t)(seed % 4) * 50,
                                    .duplicate = 50,
                                    .reorder = 100};
    }
    begin(&scene, seed, 1 + (unsigned)(seed % 3), places);
    sim_scene_add_chat(&scene);
    assert_true(sim_scene_play(&scene, 120 * FLOE_SECOND));
    sim_scene_free(&scene);
}

static void test_sim_relays_connect_through_loss_and_disorder(void **state)
{
    (void)state;
    sim_world_for_seeds(1, 40, play_with_loss);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_relays_connect_symmetric_nats),
        SIM(test_sim_relays_are_not_used_where_a_direct_way_is),
        SIM(test_sim_relays_hide_a_peer_with_the_policy_relay),
        SIM(test_sim_relays_refused_credentials_do_not_hold_up_a_direct_way),
        SIM(test_sim_relays_a_server_started_again_is_overcome_by_a_restart),
        SIM(test_sim_relays_last_for_an_hour_without_a_word),
        SIM(test_sim_relays_are_given_back_on_close),
        SIM(test_sim_relays_connect_through_loss_and_disorder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
