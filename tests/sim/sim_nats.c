/*
 * tests/sim/sim_nats.c - two peers behind NATs, with a STUN server; with and without a relay.
 *
 * Which pairs of NATs let a direct connection through is not a matter of taste: the matrix here was
 * measured with other implementations between real NAT boxes, and follows from RFC 4787.
 */
#include <string.h>

#include "support/nat_rule.h"
#include "support/sim_scene.h"
#include "support/unit.h"

#define KINDS 7

static const struct {
    const char *name;
    sim_nat_config config;
} kinds[KINDS] = {
    {"none", {0}},
    {"full cone",
     {.mapping = SIM_NAT_ENDPOINT_INDEPENDENT, .filtering = SIM_NAT_ENDPOINT_INDEPENDENT}},
    {"address restricted",
     {.mapping = SIM_NAT_ENDPOINT_INDEPENDENT, .filtering = SIM_NAT_ADDRESS_DEPENDENT}},
    {"port restricted",
     {.mapping = SIM_NAT_ENDPOINT_INDEPENDENT, .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT}},
    {"symmetric, open",
     {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
      .filtering = SIM_NAT_ENDPOINT_INDEPENDENT,
      .ports = SIM_NAT_RANDOM}},
    {"by address",
     {.mapping = SIM_NAT_ADDRESS_DEPENDENT,
      .filtering = SIM_NAT_ADDRESS_DEPENDENT,
      .ports = SIM_NAT_RANDOM}},
    {"symmetric",
     {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
      .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
      .ports = SIM_NAT_RANDOM}},
};

/* D: a direct connection, -: only a relay would help. */
static const char *const matrix[KINDS] = {
    "DDDDDDD", /* none */
    "DDDDDDD", /* full cone */
    "DDDDDDD", /* address restricted */
    "DDDD---", /* port restricted */
    "DDD--D-", /* symmetric, open */
    "DDD-D--", /* by address */
    "DDD----", /* symmetric */
};

static void place_behind(sim_place *place, const sim_nat_config *nat)
{
    memset(place, 0, sizeof *place);
    place->nat = nat;
    place->config.stun_url = SIM_STUN_URL;
}

static bool can_connect(int offerer, int answerer, const char *turn_url)
{
    uint64_t seed = (uint64_t)(offerer * KINDS + answerer);
    sim_place places[2];
    sim_scene scene;
    place_behind(&places[0], offerer == 0 ? NULL : &kinds[offerer].config);
    place_behind(&places[1], answerer == 0 ? NULL : &kinds[answerer].config);
    for (int i = 0; turn_url != NULL && i < 2; i++) {
        places[i].config.stun_url = NULL; /* a TURN server tells what STUN would */
        places[i].config.turn_url = turn_url;
    }
    sim_scene_init(&scene, seed, places);
    sim_scene_add_chat(&scene);
    bool is_connected = sim_scene_play(&scene, 30 * FLOE_SECOND);
    /* 39.5 s of patience (RFC 8863), and as much again where a last check from the peer came late
     * and was answered with a check of one's own. */
    assert_true(is_connected || sim_scene_wait(&scene, FLOE_PEER_FAILED, 50 * FLOE_SECOND));
    sim_scene_free(&scene);
    return is_connected;
}

static void test_sim_nats_let_through_what_the_matrix_says(void **state)
{
    (void)state;
    for (int offerer = 0; offerer < KINDS; offerer++) {
        for (int answerer = 0; answerer < KINDS; answerer++) {
            if (can_connect(offerer, answerer, NULL) != (matrix[offerer][answerer] == 'D')) {
                fail_msg("offerer: %s, answerer: %s", kinds[offerer].name, kinds[answerer].name);
            }
        }
    }
}

/* docs/NAT-MATRIX.md believes the rule where nobody has measured. */
static void test_sim_nats_rule_agrees_with_what_was_measured(void **state)
{
    (void)state;
    for (int offerer = 0; offerer < KINDS; offerer++) {
        for (int answerer = 0; answerer < KINDS; answerer++) {
            nat_rule_host hosts[2] = {
                {.boxes = {offerer == 0 ? NULL : &kinds[offerer].config}},
                {.boxes = {answerer == 0 ? NULL : &kinds[answerer].config}},
            };
            nat_rule_verdict verdict = nat_rule_judge(hosts, NAT_RULE_NOTHING);
            assert_int_equal(verdict.is_connected, matrix[offerer][answerer] == 'D');
            hosts[0].has_relay = hosts[1].has_relay = true;
            assert_true(nat_rule_judge(hosts, NAT_RULE_NOTHING).is_connected);
        }
    }
}

/* ---- one NAT, two hosts; a NAT behind a NAT ---- */

/* Two peers whose hosts are behind the same NAT; `host_link` is that of the second host. */
static void init_same_nat(sim_scene *scene, const sim_nat_config *nat, bool is_isolated)
{
    static const sim_link link = {.delay = FLOE_MS};
    static const sim_nat_config pass = {0};
    sim_peer_config config = {.stun_url = SIM_STUN_URL};
    memset(scene, 0, sizeof *scene);
    scene->world = sim_world_new(1);
    sim_net *net = &scene->world->net;
    sim_stun_add(scene->world, &scene->stun, SIM_STUN_IP, &link);
    int home = sim_net_add_nat(net, SIM_CORE, &link, "198.51.100.1", nat);
    for (int i = 0; i < 2; i++) {
        /* Isolated: another router in between, so that the private addresses are of no use. */
        const char *ip = i == 0 ? "192.168.1.1" : "192.168.1.2";
        int parent = is_isolated ? sim_net_add_nat(net, home, &link, ip, &pass) : home;
        scene->hosts[i] = sim_net_add_host(net, parent, &link);
        sim_net_add_addr(net, scene->hosts[i], i == 0 ? "10.0.0.1" : "10.0.0.2");
        scene->peers[i] = sim_peer_new(scene->world, scene->hosts[i], &config);
    }
    sim_peer_join(scene->peers[0], scene->peers[1]);
    sim_traffic_init(&scene->traffic, 1, scene->peers[0], scene->peers[1]);
}

static void test_sim_nats_all_let_a_relay_through(void **state)
{
    (void)state;
    /* Of two symmetric NATs each check makes a peer-reflexive candidate. */
    UNIT_NEEDS(FLOE_ICE_REMOTE_MAX >= 16);
    for (int offerer = 0; offerer < KINDS; offerer++) {
        for (int answerer = 0; answerer < KINDS; answerer++) {
            if (!can_connect(offerer, answerer, SIM_TURN_URL)) {
                fail_msg("offerer: %s, answerer: %s", kinds[offerer].name, kinds[answerer].name);
            }
        }
    }
}

static void test_sim_nats_same_nat_connects_by_private_addresses(void **state)
{
    sim_scene scene;
    floe_peer_stats stats;
    (void)state;
    init_same_nat(&scene, &kinds[6].config, false);
    sim_scene_chat(&scene);
    floe_peer_get_stats(scene.peers[0]->peer, &stats);
    assert_int_equal(stats.ice.remote.type, FLOE_ICE_HOST);
    sim_scene_free(&scene);
}

static void test_sim_nats_isolated_hosts_connect_through_a_hairpin(void **state)
{
    sim_nat_config nat = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT, .hairpin = true};
    sim_scene scene;
    (void)state;
    init_same_nat(&scene, &nat, true);
    sim_scene_chat(&scene);
    sim_scene_free(&scene);
}

static void test_sim_nats_isolated_hosts_do_not_connect_without_a_hairpin(void **state)
{
    sim_nat_config nat = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
    sim_scene scene;
    (void)state;
    init_same_nat(&scene, &nat, true);
    sim_scene_add_chat(&scene);
    assert_false(sim_scene_play(&scene, 50 * FLOE_SECOND));
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_FAILED));
    sim_scene_free(&scene);
}

/* ---- other things that routers do ---- */

static void test_sim_nats_ipv6_connects_through_two_firewalls(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    for (int i = 0; i < 2; i++) {
        place_behind(&places[i], &kinds[3].config);
        places[i].config.stun_url = NULL;
        places[i].ips[0] = i == 0 ? "2001:db8:a::1" : "2001:db8:b::1";
    }
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    sim_scene_free(&scene);
}

static void test_sim_nats_server_with_a_name_is_looked_up(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    for (int i = 0; i < 2; i++) {
        place_behind(&places[i], &kinds[3].config);
        places[i].config.stun_url = "stun:stun.example.net";
        places[i].config.stun_ip = SIM_STUN_IP;
    }
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    assert_true(scene.stun.requests >= 2);
    sim_scene_free(&scene);
}

static void test_sim_nats_server_that_is_silent_delays_nothing(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    for (int i = 0; i < 2; i++) {
        place_behind(&places[i], NULL);
        places[i].config.stun_url = "stun:203.0.113.99";
    }
    sim_scene_init(&scene, 1, places);
    sim_scene_add_chat(&scene);
    assert_true(sim_scene_play(&scene, FLOE_SECOND));
    sim_scene_free(&scene);
}

static void test_sim_nats_short_mappings_are_kept_alive(void **state)
{
    sim_nat_config nat = kinds[3].config;
    sim_place places[2];
    sim_scene scene;
    (void)state;
    nat.timeout = 20 * FLOE_SECOND;
    place_behind(&places[0], &nat);
    place_behind(&places[1], &nat);
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    sim_world_run(scene.world, 300 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
    sim_scene_add_messages(&scene);
    assert_true(sim_world_run_until(scene.world, FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

/* The NAT of one side, which offers or answers, forgets. */
static void rebind(int kind, int side, floe_time limit)
{
    sim_place places[2];
    sim_scene scene;
    place_behind(&places[side], &kinds[kind].config);
    place_behind(&places[!side], NULL);
    sim_scene_init(&scene, 1, places);
    sim_scene_chat(&scene);
    sim_nat_rebind(scene.world->net.nodes[scene.nats[side]].nat);
    sim_scene_add_messages(&scene);
    assert_true(sim_world_run_until(scene.world, limit, sim_traffic_is_done, &scene.traffic));
    sim_world_run(scene.world, 60 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

static void test_sim_nats_rebinding_is_followed_without_a_restart(void **state)
{
    (void)state;
    for (int kind = 1; kind < KINDS; kind++) {
        for (int side = 0; side < 2; side++) {
            rebind(kind, side, FLOE_ICE_REBIND ? 4 * FLOE_SECOND : 20 * FLOE_SECOND);
        }
    }
}

static void test_sim_nats_loss_does_not_change_what_is_possible(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        sim_place places[2];
        sim_scene scene;
        place_behind(&places[0], &kinds[4].config);
        place_behind(&places[1], &kinds[5].config);
        places[0].link = (sim_link){.delay = 30 * FLOE_MS, .jitter = 20 * FLOE_MS, .loss = 100};
        sim_scene_init(&scene, seed, places);
        sim_scene_add_chat(&scene);
        assert_true(sim_scene_play(&scene, 30 * FLOE_SECOND));
        sim_scene_free(&scene);
    }
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_nats_let_through_what_the_matrix_says),
        SIM(test_sim_nats_all_let_a_relay_through),
        SIM(test_sim_nats_rule_agrees_with_what_was_measured),
        SIM(test_sim_nats_same_nat_connects_by_private_addresses),
        SIM(test_sim_nats_isolated_hosts_connect_through_a_hairpin),
        SIM(test_sim_nats_isolated_hosts_do_not_connect_without_a_hairpin),
        SIM(test_sim_nats_ipv6_connects_through_two_firewalls),
        SIM(test_sim_nats_server_with_a_name_is_looked_up),
        SIM(test_sim_nats_server_that_is_silent_delays_nothing),
        SIM(test_sim_nats_short_mappings_are_kept_alive),
        SIM(test_sim_nats_rebinding_is_followed_without_a_restart),
        SIM(test_sim_nats_loss_does_not_change_what_is_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
