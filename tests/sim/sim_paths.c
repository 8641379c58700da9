/*
 * tests/sim/sim_paths.c - whole peers over links that are bad in the ways of real ones: losses in
 * bursts, a slow line with a queue, a hole for large packets, firewalls, routers that forget.
 */
#include <string.h>

#include "base/addr.h"
#include "support/sim_scene.h"
#include "support/unit.h"

static const sim_nat_config port_restricted = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
static const sim_nat_config no_udp = {.open = SIM_NAT_OPEN_TCP,
                                      .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
static const sim_nat_config only_443 = {.open = SIM_NAT_OPEN_TCP_443,
                                        .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};

static void expect_traffic(sim_scene *scene, floe_time limit)
{
    sim_scene_add_messages(scene);
    assert_true(sim_world_run_until(scene->world, limit, sim_traffic_is_done, &scene->traffic));
}

/* ---- bursts ---- */

static uint64_t lost_in_bursts, burst_runs;

static void play_bursts(uint64_t seed)
{
    /* One packet in 50 begins a burst of 5 on average, which takes all: 9 % of loss. */
    sim_link link = {
        .delay = 20 * FLOE_MS, .jitter = 5 * FLOE_MS, .burst_begins = 20, .burst_ends = 200};
    sim_scene scene;
    sim_place places[2] = {{.link = link}, {.link = link}};
    sim_scene_init(&scene, seed, places);
    sim_scene_add_chat(&scene);
    assert_true(sim_scene_play(&scene, 60 * FLOE_SECOND));
    expect_traffic(&scene, 60 * FLOE_SECOND);
    lost_in_bursts += scene.world->net.stats.lost;
    burst_runs++;
    sim_scene_free(&scene);
}

static void test_sim_paths_bursts_of_loss_lose_no_message(void **state)
{
    (void)state;
    sim_world_for_seeds(1, 50, play_bursts);
    assert_true(lost_in_bursts > 0 || burst_runs == 1); /* one seed alone may be lucky */
}

/* ---- a slow line ---- */

static void test_sim_paths_ten_megabits_are_filled(void **state)
{
    (void)state;
    /* 10 Mbit/s with 50 ms of queue, and 40 ms of round trip. */
    sim_link link = {.delay = 10 * FLOE_MS, .rate = 1250000, .queue = 62500};
    sim_scene scene;
    sim_place places[2] = {{.link = link}, {.link = link}};
    static const size_t sizes[] = {200000, 200000, 200000, 200000, 200000};
    for (int i = 0; i < 2; i++) {
        places[i].config.send_buffer = places[i].config.recv_buffer = 2 << 20;
        places[i].config.ring = 4096;
    }
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    sim_scene_init(&scene, 5, places);
    sim_plan_add_sizes(sim_traffic_add(&scene.traffic, "bulk", 0), sizes, 5);
    floe_time start = scene.world->now;
    assert_true(sim_scene_play(&scene, 20 * FLOE_SECOND));
    /* A megabyte each way takes 0.8 s; with headers, slow start and repetitions twice that. */
    assert_in_range((scene.world->now - start) / FLOE_MS, 800, 2000);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

/* ---- large packets vanish ---- */

static void play_hole(uint32_t mtu, const char *const ips[2], const char *turn_url)
{
    sim_scene scene;
    sim_place places[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i].link = (sim_link){.delay = 10 * FLOE_MS, .mtu = mtu};
        places[i].ips[0] = ips != NULL ? ips[i] : NULL;
        places[i].config.turn_url = turn_url;
        places[i].config.ice.policy =
            turn_url != NULL ? FLOE_ICE_POLICY_RELAY : FLOE_ICE_POLICY_ALL;
    }
    sim_scene_init(&scene, 3, places);
    sim_scene_chat(&scene);
    expect_traffic(&scene, 5 * FLOE_SECOND);
    assert_int_equal(scene.world->net.stats.lost, 0); /* nothing was ever too large */
    sim_scene_free(&scene);
}

/* RFC 8831 §5: nothing is larger than the least MTU of IPv6 lets through before more is known:
 * handshakes, checks and data alike. Without a relay it is 1200 bytes of UDP at most. */
static void test_sim_paths_hole_for_large_packets_swallows_nothing(void **state)
{
    (void)state;
    static const char *const ipv6[2] = {"2001:db8:a::1", "2001:db8:b::1"};
    play_hole(28 + 1200, NULL, NULL);
    play_hole(48 + 1200, ipv6, NULL);
    play_hole(1280, NULL, SIM_TURN_URL);
    play_hole(1280, NULL, SIM_TURN_TLS_URL);
}

/* ---- firewalls ---- */

static floe_ice_stats ice_of(const sim_scene *scene, int peer)
{
    floe_peer_stats stats;
    floe_peer_get_stats(scene->peers[peer]->peer, &stats);
    return stats.ice;
}

/* Peers behind `first` and `second` (NULL: on the core), each with that server. */
static void begin_walled(sim_scene *scene, uint64_t seed, const sim_nat_config *first,
                         const sim_nat_config *second, const char *turn_url)
{
    sim_place places[2] = {{.nat = first}, {.nat = second}};
    places[0].config.turn_url = places[1].config.turn_url = turn_url;
    sim_scene_init(scene, seed, places);
}

static void test_sim_paths_tls_to_443_gets_through_a_firewall(void **state)
{
    (void)state;
    const sim_nat_config *const others[] = {NULL, &port_restricted, &no_udp, &only_443};
    for (uint64_t i = 0; i < 8; i++) {
        sim_scene scene;
        bool is_first = i % 2 == 0;
        const sim_nat_config *other = others[i / 2];
        begin_walled(&scene, i, is_first ? &only_443 : other, is_first ? other : &only_443,
                     SIM_TURN_TLS_URL);
        sim_scene_chat(&scene);
        assert_int_equal(ice_of(&scene, is_first ? 0 : 1).local.type, FLOE_ICE_RELAY);
        sim_world_run(scene.world, 700 * FLOE_SECOND); /* longer than allocations live */
        expect_traffic(&scene, 5 * FLOE_SECOND);
        sim_scene_free(&scene);
    }
}

static void test_sim_paths_tcp_gets_through_where_only_udp_is_blocked(void **state)
{
    (void)state;
    sim_scene scene;
    begin_walled(&scene, 1, &no_udp, &no_udp, SIM_TURN_TCP_URL);
    sim_scene_chat(&scene);
    assert_int_equal(ice_of(&scene, 0).local.type, FLOE_ICE_RELAY);
    assert_int_equal(ice_of(&scene, 0).remote.type, FLOE_ICE_RELAY);
    sim_scene_free(&scene);
}

static void test_sim_paths_lossy_link_to_a_tls_server_connects(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_link link = {.delay = 20 * FLOE_MS, .jitter = 10 * FLOE_MS, .loss = 50, .corrupt = 10};
        sim_scene scene;
        sim_place places[2] = {{.link = link, .nat = &only_443}, {.link = link}};
        places[0].config.turn_url = SIM_TURN_TLS_URL;
        sim_scene_init(&scene, seed, places);
        sim_scene_add_chat(&scene);
        assert_true(sim_scene_play(&scene, 60 * FLOE_SECOND));
        sim_scene_free(&scene);
    }
}

static void test_sim_paths_walled_in_peer_fails_in_bounded_time(void **state)
{
    (void)state;
    const char *const urls[] = {NULL, SIM_TURN_URL, SIM_TURN_TCP_URL};
    for (size_t i = 0; i < 3; i++) {
        sim_scene scene;
        begin_walled(&scene, 1, &only_443, NULL, urls[i]);
        /* The other one's relay would be a way only if we could reach it. */
        sim_scene_add_chat(&scene);
        assert_false(sim_scene_play(&scene, 30 * FLOE_SECOND));
        assert_true(sim_scene_wait(&scene, FLOE_PEER_FAILED, 20 * FLOE_SECOND));
        sim_scene_assert_fault(&scene, 0, FLOE_PEER_FAULT_ICE);
        sim_scene_free(&scene);
    }
}

/* What was on its way is lost with the connection; the relay is asked for anew, over another. */
static void test_sim_paths_tls_connection_that_breaks_is_opened_again(void **state)
{
    (void)state;
    sim_scene scene;
    begin_walled(&scene, 2, &only_443, NULL, SIM_TURN_TLS_URL);
    sim_scene_chat(&scene);
    sim_net_set_down(&scene.world->net, scene.hosts[0], true);
    sim_world_run(scene.world, 8 * FLOE_SECOND);
    sim_net_set_down(&scene.world->net, scene.hosts[0], false);
    expect_traffic(&scene, 30 * FLOE_SECOND);
    assert_int_equal(scene.peers[0]->wires.opened, 2);
    sim_world_run(scene.world, 30 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

/* ---- routers that forget, in the middle of a connection ---- */

enum { FORGETS, REBINDS, MOVES, WAYS };

static void disturb(sim_scene *scene, int way)
{
    sim_nat *nat = scene->world->net.nodes[scene->nats[0]].nat;
    floe_addr elsewhere = floe_addr_from_ipv4(192, 0, 2, 77, 0);
    if (way == FORGETS) {
        sim_nat_forget(nat);
    } else if (way == REBINDS) {
        sim_nat_rebind(nat);
    } else {
        sim_nat_move(nat, &elsewhere);
    }
}

static void play_disturbed(const sim_place *place, int way, uint64_t seed)
{
    sim_scene scene;
    sim_place places[2] = {*place, {.nat = NULL}};
    sim_scene_init(&scene, seed, places);
    sim_scene_chat(&scene);
    sim_world_run(scene.world, 10 * FLOE_SECOND);
    disturb(&scene, way);
    /* RFC 7675 §5.1: a check comes 4 to 6 s after the one before; SCTP, whose timeout doubles, has
     * asked after 6.4 s, and may ask again after 12.8 only. */
    expect_traffic(&scene, 13 * FLOE_SECOND);
    sim_world_run(scene.world, 60 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

static void test_sim_paths_router_that_forgets_costs_a_check_and_a_timeout_at_most(void **state)
{
    (void)state;
    static const sim_nat_config symmetric = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                             .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
    static const sim_nat_config nat64 = {.is_nat64 = true};
    const sim_place places[] = {
        {.nat = &port_restricted, .config = {.stun_url = SIM_STUN_URL}},
        {.nat = &symmetric, .config = {.stun_url = SIM_STUN_URL}},
        {.nat = &nat64,
         .ips = {"2001:db8:a::1"},
         .config = {.stun_url = "stun:[64:ff9b::c000:235]:3478"}},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (int way = FORGETS; way < WAYS; way++) {
            for (uint64_t seed = 1; seed <= 5; seed++) {
                play_disturbed(&places[i], way, seed);
            }
        }
    }
}

/* Each time the other side learns a peer-reflexive candidate, and there is room for twelve. */
static void test_sim_paths_router_that_rebinds_for_an_hour_loses_nobody(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        sim_scene scene;
        sim_place places[2] = {0};
        places[who].nat = &port_restricted;
        places[who].config.stun_url = SIM_STUN_URL;
        sim_scene_init(&scene, (uint64_t)who, places);
        sim_scene_chat(&scene);
        for (int i = 0; i < 120; i++) {
            sim_nat_rebind(scene.world->net.nodes[scene.nats[who]].nat);
            sim_world_run(scene.world, 30 * FLOE_SECOND);
            assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
            assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
        }
        expect_traffic(&scene, FLOE_SECOND);
        sim_scene_free(&scene);
    }
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_paths_bursts_of_loss_lose_no_message),
        SIM(test_sim_paths_ten_megabits_are_filled),
        SIM(test_sim_paths_hole_for_large_packets_swallows_nothing),
        SIM(test_sim_paths_tls_to_443_gets_through_a_firewall),
        SIM(test_sim_paths_tcp_gets_through_where_only_udp_is_blocked),
        SIM(test_sim_paths_lossy_link_to_a_tls_server_connects),
        SIM(test_sim_paths_tls_connection_that_breaks_is_opened_again),
        SIM(test_sim_paths_walled_in_peer_fails_in_bounded_time),
        SIM(test_sim_paths_router_that_forgets_costs_a_check_and_a_timeout_at_most),
        SIM(test_sim_paths_router_that_rebinds_for_an_hour_loses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
