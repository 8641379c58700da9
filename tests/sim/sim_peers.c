/*
 * tests/sim/sim_peers.c - two whole peers over a network of bad manners, in virtual time.
 *
 * Everything is real but the network, the clock and the dice: ICE, DTLS (OpenSSL), SCTP, channels.
 * tests/sim/README.md has the model. A failure prints its seed; FLOE_SIM_SEED=n runs that one
 * alone.
 */
#include <string.h>

#include "base/addr.h"
#include "support/sim_scene.h"
#include "support/unit.h"

static const sim_place nowhere_special[2];

/* ---- every message arrives ---- */

/* A link whose loss, jitter, reordering and duplication the seed chooses. */
static sim_link bad_link(sim_random *dice, uint32_t loss_max)
{
    return (sim_link){.delay = FLOE_MS + sim_random_below(dice, 80 * FLOE_MS),
                      .jitter = sim_random_below(dice, 30 * FLOE_MS),
                      .loss = (uint32_t)sim_random_below(dice, loss_max + 1),
                      .duplicate = (uint32_t)sim_random_below(dice, 100),
                      .reorder = (uint32_t)sim_random_below(dice, 100)};
}

static void add_plan(sim_scene *scene, const char *label, int opener, floe_dc_options options,
                     bool is_big)
{
    static const size_t small[] = {0, 1, 1199, 1200, 0, 3000, 17, 8000};
    static const size_t big[] = {65535, 65536, 1, 0};
    static const size_t biggest[] = {262144, 5};
    sim_plan *plan = sim_traffic_add(&scene->traffic, label, opener);
    plan->options = options;
    sim_plan_add_sizes(plan, small, 8);
    if (is_big) {
        sim_plan_add_sizes(plan, big, 4);
    }
    if (is_big && scene->world->seed % 50 == 0) {
        sim_plan_add_sizes(plan, biggest, 2);
    }
    sim_plan_add_sizes(plan, small, 8);
}

static void add_plans(sim_scene *scene, bool is_big)
{
    int opener = (int)(scene->world->seed / 2 % 2);
    add_plan(scene, "ordered", opener, (floe_dc_options){0}, is_big);
    add_plan(scene, "unordered", 1 - opener, (floe_dc_options){.is_unordered = true}, is_big);
    add_plan(scene, "agreed", 0, (floe_dc_options){.is_negotiated = true, .stream = 500}, false);
    add_plan(scene, "retransmits", opener,
             (floe_dc_options){.has_max_retransmits = true, .max_retransmits = 1}, false);
    if (FLOE_DC_CHANNEL_MAX < 5) {
        return; /* a small configuration */
    }
    add_plan(scene, "lifetime", 1 - opener,
             (floe_dc_options){.is_unordered = true, .has_lifetime = true, .lifetime_ms = 300},
             false);
}

/* Partial reliability must not be an excuse: on a good link most of it arrives; of what may age in
 * the queue behind everything else, something. */
static void check_partial(sim_scene *scene)
{
    const sim_side *sides = scene->traffic.sides;
    sim_world_run(scene->world, 5 * FLOE_SECOND);
    for (size_t plan = 0; plan < scene->traffic.plan_count; plan++) {
        const sim_plan *p = &scene->traffic.plans[plan];
        size_t both = sides[0].received[plan] + sides[1].received[plan];
        assert_true(both >= (p->options.has_lifetime ? 1 : p->count));
    }
}

static unsigned unlucky;

/* RFC 9260 §5.1: a handshake gives up after eleven packets without an answer. Where up to half of
 * the round trips fail, that comes about by chance, once in thousands of connections. */
static bool is_unlucky(const sim_scene *scene, const sim_link *link)
{
    for (int i = 0; i < 2; i++) {
        const char *why;
        if (floe_peer_get_reason(scene->peers[i]->peer, &why) == FLOE_PEER_FAULT_SCTP) {
            return link->loss > 200 && strcmp(why, "The peer did not answer any more.") == 0;
        }
    }
    return false;
}

static void exchange(uint64_t seed)
{
    sim_random dice = sim_random_begin(seed, 0xd1ce);
    sim_place places[2];
    sim_scene scene;
    memset(places, 0, sizeof places);
    places[seed % 2].link = bad_link(&dice, 300);
    places[1 - seed % 2].link = (sim_link){.delay = 5 * FLOE_MS};
    for (int i = 0; i < 2; i++) {
        /* RFC 7675: a consent check every five seconds, never repeated. Half of them are lost here,
         * so that thirty seconds without an answer would come about by chance. */
        places[i].config.ice.consent_timeout_us = 120 * FLOE_SECOND;
    }
    sim_scene_init(&scene, seed, places);
    add_plans(&scene, seed % 10 == 0);
    if (!sim_scene_play(&scene, 900 * FLOE_SECOND)) {
        assert_true(is_unlucky(&scene, &places[seed % 2].link));
        unlucky++;
    } else if (places[seed % 2].link.loss < 30) {
        check_partial(&scene);
    }
    sim_scene_free(&scene);
}

static void test_sim_every_message_arrives_once_and_in_order_on_200_seeds(void **state)
{
    (void)state;
    unlucky = 0;
    sim_world_for_seeds(1, 200, exchange);
    assert_true(unlucky <= 1);
}

static void test_sim_flipped_bits_are_noticed(void **state)
{
    /* UDP's checksum lets one in 65536 through; what does not come from the peer's keys is lost. */
    static const sim_link link = {.delay = 10 * FLOE_MS, .corrupt = 300};
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    sim_net_set_link(&scene.world->net, scene.hosts[0], &link);
    sim_scene_add_messages(&scene);
    assert_true(
        sim_world_run_until(scene.world, 120 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

static void exchange_with_small_buffers(uint64_t seed)
{
    sim_random dice = sim_random_begin(seed, 0xd1ce);
    sim_place places[2];
    sim_scene scene;
    memset(places, 0, sizeof places);
    for (int i = 0; i < 2; i++) {
        places[i].link = bad_link(&dice, 50);
        places[i].config = (sim_peer_config){
            .send_buffer = 16384, .recv_buffer = 16384, .ring = 16, .message_max = 9000};
    }
    sim_scene_init(&scene, seed, places);
    add_plans(&scene, false);
    assert_true(sim_scene_play(&scene, 900 * FLOE_SECOND));
    sim_scene_free(&scene);
}

static void test_sim_small_buffers_slow_things_down_and_lose_nothing(void **state)
{
    (void)state;
    sim_world_for_seeds(1, 20, exchange_with_small_buffers);
}

static void test_sim_slow_reader_slows_the_sender(void **state)
{
    sim_place places[2];
    sim_scene scene;
    (void)state;
    memset(places, 0, sizeof places);
    places[1].config.recv_buffer = 32768;
    places[1].config.message_max = 9000;
    sim_scene_init(&scene, 1, places);
    add_plans(&scene, false);
    for (int i = 0; i < 4; i++) {
        sim_scene_add_messages(&scene);
    }
    scene.traffic.read_pause = 100 * FLOE_MS;
    assert_true(sim_scene_play(&scene, 900 * FLOE_SECOND));
    sim_scene_free(&scene);
}

/* ---- partitions ---- */

static void test_sim_peer_that_vanishes_is_disconnected_then_failed(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    floe_time start = scene.world->now;
    sim_net_set_down(&scene.world->net, scene.hosts[1], true);
    assert_true(sim_scene_wait(&scene, FLOE_PEER_DISCONNECTED, 20 * FLOE_SECOND));
    assert_true(sim_scene_wait(&scene, FLOE_PEER_FAILED, 60 * FLOE_SECOND));
    /* RFC 7675: 30 s without consent. */
    assert_true(scene.world->now - start >= 25 * FLOE_SECOND);
    assert_true(scene.world->now - start <= 40 * FLOE_SECOND);
    sim_scene_assert_fault(&scene, 0, FLOE_PEER_FAULT_ICE);
    sim_scene_free(&scene);
}

static void test_sim_partition_of_ten_seconds_heals(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    sim_net_set_down(&scene.world->net, scene.hosts[1], true);
    sim_scene_add_messages(&scene);
    sim_world_run(scene.world, 10 * FLOE_SECOND);
    assert_false(sim_traffic_is_done(&scene.traffic));
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_DISCONNECTED));
    sim_net_set_down(&scene.world->net, scene.hosts[1], false);
    assert_true(sim_scene_wait(&scene, FLOE_PEER_CONNECTED, 10 * FLOE_SECOND));
    assert_true(
        sim_world_run_until(scene.world, 10 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

static void test_sim_idle_connection_stays(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    sim_world_run(scene.world, 600 * FLOE_SECOND);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    sim_scene_add_messages(&scene);
    assert_true(sim_world_run_until(scene.world, FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

/* ---- an attacker ---- */

/* Throws datagrams of all sorts at both peers, from its own address or in the name of the other. */
static void throw_garbage(sim_scene *scene, int attacker, int count)
{
    static const char *const ips[] = {"192.0.2.10", "198.51.100.20", "203.0.113.66"};
    static const uint8_t first_bytes[] = {0, 1, 20, 22, 23, 63, 64, 128, 255};
    sim_random *dice = &scene->world->random;
    for (int i = 0; i < count; i++) {
        uint8_t bytes[400];
        size_t len = (size_t)sim_random_below(dice, sizeof bytes + 1);
        floe_path path = {.transport = FLOE_UDP};
        size_t to = (size_t)sim_random_below(dice, 2);
        size_t from = sim_random_chance(dice, 500) ? 1 - to : 2;
        sim_random_fill(dice, bytes, sizeof bytes);
        bytes[0] = first_bytes[sim_random_below(dice, sizeof first_bytes)];
        assert_int_equal(floe_addr_parse(&path.local, floe_bytes_of(ips[from]), 40000), FLOE_OK);
        assert_int_equal(floe_addr_parse(&path.remote, floe_bytes_of(ips[to]), 40000), FLOE_OK);
        sim_net_send(&scene->world->net, scene->world->now, attacker, &path,
                     (floe_bytes){bytes, len});
    }
}

static void chat_under_attack(uint64_t seed)
{
    static const sim_link near = {.delay = FLOE_MS, .jitter = 5 * FLOE_MS};
    sim_scene scene;
    sim_scene_init(&scene, seed, nowhere_special);
    int attacker = sim_net_add_host(&scene.world->net, SIM_CORE, &near);
    sim_scene_add_chat(&scene);
    sim_traffic_open(&scene.traffic);
    sim_peer_offer(scene.peers[0]);
    bool is_done = false;
    for (int i = 0; i < 1000 && !is_done; i++) {
        throw_garbage(&scene, attacker, 5);
        is_done =
            sim_world_run_until(scene.world, 7 * FLOE_MS, sim_traffic_is_done, &scene.traffic);
    }
    assert_true(is_done);
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

static void test_sim_garbage_on_the_path_changes_nothing(void **state)
{
    (void)state;
    sim_world_for_seeds(2000, 10, chat_under_attack);
}

/* ---- closing ---- */

static void close_peer(sim_scene *scene, int i)
{
    floe_peer_close(scene->peers[i]->peer, scene->world->now);
    sim_peer_drain(scene->peers[i]);
}

static void test_sim_close_is_seen_by_the_other_side(void **state)
{
    (void)state;
    for (int closer = 0; closer < 2; closer++) {
        sim_scene scene;
        sim_scene_init(&scene, 1, nowhere_special);
        sim_scene_chat(&scene);
        close_peer(&scene, closer);
        assert_true(sim_scene_wait(&scene, FLOE_PEER_CLOSED, 5 * FLOE_SECOND));
        sim_scene_assert_fault(&scene, 1 - closer, FLOE_PEER_FAULT_CLOSED_BY_PEER);
        assert_int_equal(scene.traffic.sides[0].closed, 1);
        assert_int_equal(scene.traffic.sides[1].closed, 1);
        sim_scene_free(&scene);
    }
}

static void test_sim_close_from_both_sides_at_once(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_chat(&scene);
    close_peer(&scene, 0);
    close_peer(&scene, 1);
    assert_true(sim_scene_wait(&scene, FLOE_PEER_CLOSED, 5 * FLOE_SECOND));
    sim_world_run(scene.world, 60 * FLOE_SECOND);
    assert_int_equal(sim_net_next(&scene.world->net), FLOE_TIME_NEVER);
    sim_scene_free(&scene);
}

static void test_sim_close_at_any_moment_of_the_handshake(void **state)
{
    (void)state;
    for (floe_time moment = 0; moment < 400 * FLOE_MS; moment += 13 * FLOE_MS) {
        sim_scene scene;
        sim_scene_init(&scene, 1, nowhere_special);
        sim_scene_add_chat(&scene);
        (void)sim_scene_play(&scene, moment);
        int closer = (int)(moment / FLOE_MS % 2);
        close_peer(&scene, closer);
        sim_world_run(scene.world, 60 * FLOE_SECOND);
        assert_int_equal(floe_peer_get_state(scene.peers[closer]->peer), FLOE_PEER_CLOSED);
        floe_peer_state other = floe_peer_get_state(scene.peers[1 - closer]->peer);
        assert_true(other == FLOE_PEER_CLOSED || other == FLOE_PEER_FAILED ||
                    other == FLOE_PEER_NEW);
        sim_scene_free(&scene);
    }
}

static void test_sim_channels_close_from_either_side(void **state)
{
    sim_scene scene;
    (void)state;
    sim_scene_init(&scene, 1, nowhere_special);
    sim_scene_add_chat(&scene);
    (void)sim_traffic_add(&scene.traffic, "second", 1);
    assert_true(sim_scene_play(&scene, 120 * FLOE_SECOND));
    for (int i = 0; i < 2; i++) {
        sim_peer *peer = scene.peers[i];
        floe_dc_id channel = scene.traffic.sides[i].channels[i];
        assert_int_equal(floe_peer_close_channel(peer->peer, channel), FLOE_OK);
        sim_peer_drain(peer);
    }
    sim_world_run(scene.world, 2 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        size_t cursor = 0;
        floe_dc_id channel;
        assert_int_equal(scene.traffic.sides[i].closed, 2);
        assert_false(floe_peer_next_channel(scene.peers[i]->peer, &cursor, &channel));
    }
    assert_true(sim_peer_is_state(scene.peers[0], FLOE_PEER_CONNECTED));
    sim_scene_free(&scene);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_every_message_arrives_once_and_in_order_on_200_seeds),
        SIM(test_sim_flipped_bits_are_noticed),
        SIM(test_sim_small_buffers_slow_things_down_and_lose_nothing),
        SIM(test_sim_slow_reader_slows_the_sender),
        SIM(test_sim_peer_that_vanishes_is_disconnected_then_failed),
        SIM(test_sim_partition_of_ten_seconds_heals),
        SIM(test_sim_idle_connection_stays),
        SIM(test_sim_garbage_on_the_path_changes_nothing),
        SIM(test_sim_close_is_seen_by_the_other_side),
        SIM(test_sim_close_from_both_sides_at_once),
        SIM(test_sim_close_at_any_moment_of_the_handshake),
        SIM(test_sim_channels_close_from_either_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
