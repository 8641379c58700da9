/*
 * tests/sim/sim_tcp.c - two peers where no UDP gets through, and what must not go wrong with
 * connections: ICE-TCP (RFC 6544).
 */
#include <string.h>

#include "support/sim_scene.h"
#include "support/unit.h"

static const sim_link no_udp = {.delay = 10 * FLOE_MS, .loss = 1000};
static sim_tcp *tcp;

/* Peer `listener` listens and the other one only connects; 2: both do both. */
static void begin(sim_scene *scene, uint64_t seed, bool is_udp_lost, int listener)
{
    sim_place places[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i].config.has_tcp = true;
        places[i].config.is_listening = listener == i || listener == 2;
        if (is_udp_lost) {
            places[i].link = no_udp;
        }
    }
    sim_scene_init(scene, seed, places);
    tcp = sim_tcp_new(seed);
    sim_peer_use_tcp(tcp, scene->peers[0], scene->peers[1]);
}

static void end(sim_scene *scene)
{
    sim_scene_free(scene);
    sim_tcp_free(tcp);
}

static floe_path path_of(const sim_scene *scene, int side)
{
    floe_path path = {.transport = FLOE_DTLS};
    assert_true(floe_ice_agent_get_path(&scene->peers[side]->peer->ice, &path));
    return path;
}

static void expect_traffic(sim_scene *scene, floe_time limit)
{
    sim_scene_add_messages(scene);
    assert_true(sim_world_run_until(scene->world, limit, sim_traffic_is_done, &scene->traffic));
}

static void play_without_udp(uint64_t seed)
{
    sim_scene scene;
    begin(&scene, seed, true, (int)(seed % 3));
    floe_time start = scene.world->now;
    sim_scene_add_chat(&scene);
    assert_true(sim_scene_play(&scene, 3 * FLOE_SECOND));
    assert_true(sim_scene_connected_at(&scene) - start < FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(path_of(&scene, i).transport, FLOE_TCP);
    }
    /* It stays: consent is kept, and nothing is opened that is not needed. */
    sim_world_run(scene.world, 90 * FLOE_SECOND);
    unsigned connects = tcp->connects;
    assert_true(connects <= (seed % 3 == 2 ? 2 : 1));
    expect_traffic(&scene, FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    end(&scene);
}

static void test_sim_tcp_connects_where_no_udp_gets_through(void **state)
{
    (void)state;
    sim_world_for_seeds(1, 30, play_without_udp);
}

static void test_sim_tcp_opens_nothing_where_udp_works(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        begin(&scene, seed, false, 2);
        sim_scene_chat(&scene);
        sim_world_run(scene.world, 60 * FLOE_SECOND);
        assert_int_equal(path_of(&scene, 0).transport, FLOE_UDP);
        assert_int_equal(tcp->connects, 0);
        end(&scene);
    }
}

static void test_sim_tcp_is_opened_again_when_it_was_cut(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        sim_scene scene;
        begin(&scene, seed, true, (int)(seed % 3));
        sim_scene_chat(&scene);
        for (int i = 0; i < 20; i++) { /* more often than there are places for candidates */
            sim_world_run(scene.world, 3 * FLOE_SECOND);
            if (i % 4 == 0) {
                sim_scene_add_messages(&scene);
            }
            assert_int_equal(path_of(&scene, 1).transport, FLOE_TCP);
            sim_tcp_cut(tcp, scene.world->now);
            assert_true(sim_world_run_until(scene.world, 3 * FLOE_SECOND, sim_traffic_is_done,
                                            &scene.traffic));
        }
        assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
        assert_true(sim_peer_is_state(scene.peers[1], FLOE_PEER_CONNECTED));
        end(&scene);
    }
}

static void test_sim_tcp_that_stays_away_fails_in_bounded_time(void **state)
{
    (void)state;
    sim_scene scene;
    begin(&scene, 5, true, 1);
    sim_scene_chat(&scene);
    tcp->is_refusing = true;
    sim_tcp_cut(tcp, scene.world->now);
    unsigned before = tcp->connects;
    assert_true(sim_scene_wait(&scene, FLOE_PEER_FAILED, 41 * FLOE_SECOND));
    assert_true(tcp->connects - before >= 5 && tcp->connects - before < 12);
    sim_scene_assert_fault(&scene, 0, FLOE_PEER_FAULT_ICE);
    end(&scene);
}

static void test_sim_tcp_takes_over_when_udp_falls_silent(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        begin(&scene, seed, false, (int)(seed % 3));
        sim_scene_chat(&scene);
        sim_world_run(scene.world, 20 * FLOE_SECOND);
        sim_net_set_down(&scene.world->net, scene.hosts[0], true);
        expect_traffic(&scene, 20 * FLOE_SECOND);
        assert_int_equal(path_of(&scene, 0).transport, FLOE_TCP);
        assert_int_equal(path_of(&scene, 1).transport, FLOE_TCP);
        end(&scene);
    }
}

static void test_sim_tcp_survives_an_ice_restart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 9; seed++) {
        sim_scene scene;
        begin(&scene, seed, true, (int)(seed % 3));
        sim_scene_chat(&scene);
        sim_world_run(scene.world, 5 * FLOE_SECOND);
        sim_peer_restart_ice(scene.peers[seed % 2]);
        expect_traffic(&scene, 2 * FLOE_SECOND);
        sim_world_run(scene.world, 60 * FLOE_SECOND);
        assert_int_equal(path_of(&scene, 1).transport, FLOE_TCP);
        assert_true(sim_tcp_count_open(tcp) <= 2);
        expect_traffic(&scene, FLOE_SECOND);
        end(&scene);
    }
}

/* A connection from nobody that anybody knows; its number, or UINT32_MAX if it was turned away. */
static uint32_t intrude(sim_scene *scene, uint16_t port, const char *bytes)
{
    floe_path path = {.transport = FLOE_TCP};
    uint32_t request;
    path.local = scene->world->net.nodes[scene->hosts[1]].addrs[0];
    path.local.port = SIM_TCP_PORT;
    path.remote = path.local;
    path.remote.ip[3] = 99;
    path.remote.port = port;
    if (floe_peer_accepted(scene->peers[1]->peer, &path, &request) != FLOE_OK) {
        return UINT32_MAX;
    }
    if (bytes != NULL) {
        uint8_t copy[16];
        size_t len = strlen(bytes);
        memcpy(copy, bytes, len);
        floe_peer_input(scene->peers[1]->peer, scene->world->now, &path, copy, len, len);
    }
    return request;
}

static void test_sim_tcp_strangers_do_not_keep_the_peer_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sim_scene scene;
        begin(&scene, seed, true, 1);
        for (uint16_t i = 0; i < 200; i++) {
            (void)intrude(&scene, (uint16_t)(1000 + i), NULL);
            sim_peer_drain(scene.peers[1]);
        }
        sim_scene_add_chat(&scene);
        assert_true(sim_scene_play(&scene, 3 * FLOE_SECOND));
        end(&scene);
    }
}

static void test_sim_tcp_what_is_no_check_ends_a_strangers_connection_at_once(void **state)
{
    (void)state;
    sim_scene scene;
    begin(&scene, 3, true, 1);
    for (uint16_t i = 0; i < 100; i++) {
        assert_true(intrude(&scene, (uint16_t)(1000 + i), "GET / HTTP/1.1") != UINT32_MAX);
        sim_peer_drain(scene.peers[1]);
        assert_int_equal(tcp->disconnects, i + 1);
    }
    end(&scene);
}

static void test_sim_tcp_silent_strangers_are_gone_after_ten_seconds(void **state)
{
    (void)state;
    sim_scene scene;
    begin(&scene, 4, true, 1);
    (void)intrude(&scene, 1000, NULL);
    (void)intrude(&scene, 1001, NULL);
    sim_peer_drain(scene.peers[1]);
    sim_world_run(scene.world, 9900 * FLOE_MS);
    assert_int_equal(tcp->disconnects, 0);
    sim_world_run(scene.world, 200 * FLOE_MS);
    assert_int_equal(tcp->disconnects, 2);
    end(&scene);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
#if !FLOE_ICE_TCP
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        SIM(test_sim_tcp_connects_where_no_udp_gets_through),
        SIM(test_sim_tcp_opens_nothing_where_udp_works),
        SIM(test_sim_tcp_is_opened_again_when_it_was_cut),
        SIM(test_sim_tcp_that_stays_away_fails_in_bounded_time),
        SIM(test_sim_tcp_takes_over_when_udp_falls_silent),
        SIM(test_sim_tcp_survives_an_ice_restart),
        SIM(test_sim_tcp_strangers_do_not_keep_the_peer_out),
        SIM(test_sim_tcp_what_is_no_check_ends_a_strangers_connection_at_once),
        SIM(test_sim_tcp_silent_strangers_are_gone_after_ten_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
