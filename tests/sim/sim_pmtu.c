/*
 * tests/sim/sim_pmtu.c - whole peers whose packets grow to what their path carries (RFC 8899):
 * links of 1,228 to 2,000 bytes that swallow what is larger without a word, also in the middle of a
 * transfer; NATs and a relay; another path. Nothing is lost, ever.
 */
#include <string.h>

#include "support/sim_scene.h"
#include "support/unit.h"

#define MANY 16u

static uint32_t mtu_of(const sim_scene *scene, int n)
{
    floe_peer_stats stats;
    uint32_t ip_udp_and_dtls = 20 + 8 + FLOE_DTLS_OVERHEAD;
    floe_peer_get_stats(scene->peers[n]->peer, &stats);
    return stats.sctp.packet_size + ip_udp_and_dtls;
}

static void fill(sim_place places[2], uint16_t own, uint32_t first, uint32_t second)
{
    memset(places, 0, 2 * sizeof *places);
    for (int n = 0; n < 2; n++) {
        places[n].link = (sim_link){.delay = 10 * FLOE_MS, .mtu = n == 0 ? first : second};
        places[n].config.mtu = own;
        places[n].config.stun_url = SIM_STUN_URL;
    }
}

static void add_bulk(sim_plan *plan)
{
    size_t sizes[MANY];
    for (size_t i = 0; i < MANY; i++) {
        sizes[i] = i % 3 == 0 ? 60 : 20000 + i;
    }
    sim_plan_add_sizes(plan, sizes, MANY);
}

/* Connected, a transfer done, and a minute to search in. */
static void play(sim_scene *scene, sim_place places[2])
{
    sim_scene_init(scene, 7, places);
    add_bulk(sim_traffic_add(&scene->traffic, "bulk", 0));
    assert_true(sim_scene_play(scene, 60 * FLOE_SECOND));
    sim_world_run(scene->world, 60 * FLOE_SECOND);
}

static void check_link(uint16_t own, uint32_t first, uint32_t second, uint32_t least, uint32_t most)
{
    sim_scene scene;
    sim_place places[2];
    fill(places, own, first, second);
    play(&scene, places);
    for (int n = 0; n < 2; n++) {
        if (mtu_of(&scene, n) < least || mtu_of(&scene, n) > most) {
            fail_msg("own %u, links %u and %u: %u", own, (unsigned)first, (unsigned)second,
                     (unsigned)mtu_of(&scene, n));
        }
    }
    sim_scene_add_messages(&scene);
    assert_true(
        sim_world_run_until(scene.world, 20 * FLOE_SECOND, sim_traffic_is_done, &scene.traffic));
    sim_scene_free(&scene);
}

static void test_sim_pmtu_is_found_on_links_of_each_size(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_PMTUD);
    check_link(1500, 0, 0, 1497, 1500);
    check_link(1500, 1500, 1500, 1497, 1500);
    check_link(1500, 1500, 1492, 1470, 1492);
    check_link(1500, 1400, 1500, 1380, 1400);
    check_link(1500, 1500, 1280, 1260, 1280);
    check_link(1500, 1228, 1280, 1225, 1228);
}

static void test_sim_pmtu_goes_beyond_ethernet_where_both_links_do(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_PMTUD && FLOE_DTLS_RECORD_MAX >= 2048);
    check_link(2000, 2000, 2000, 1993, 2000);
    check_link(2000, 2000, 1500, 1497, 1500);
}

static void test_sim_pmtu_stays_within_the_own_link_and_may_be_off(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_PMTUD);
    check_link(1400, 0, 0, 1397, 1400);
    check_link(0, 0, 0, 1222, 1228);
}

/* The route changes: what was sent in larger packets is repeated in smaller ones. */
static void test_sim_pmtu_that_shrinks_under_a_transfer_loses_nothing(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_PMTUD);
    static const uint32_t holes[] = {1280, 1400, 1450};
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        sim_scene scene;
        sim_place places[2];
        fill(places, 1500, 1500, 1500);
        play(&scene, places);
        add_bulk(&scene.traffic.plans[0]);
        sim_scene_add_messages(&scene);
        sim_world_run(scene.world, 15 * FLOE_MS);
        sim_link link = places[1].link;
        link.mtu = holes[i];
        sim_net_set_link(&scene.world->net, scene.hosts[1], &link);
        assert_true(sim_world_run_until(scene.world, 10 * FLOE_SECOND, sim_traffic_is_done,
                                        &scene.traffic));
        sim_world_run(scene.world, 60 * FLOE_SECOND);
        assert_true(mtu_of(&scene, 0) <= 1500);
        sim_scene_add_messages(&scene);
        assert_true(sim_world_run_until(scene.world, 10 * FLOE_SECOND, sim_traffic_is_done,
                                        &scene.traffic));
        sim_scene_free(&scene);
    }
}

/* The relay's framing counts, on the leg that has it. */
static void test_sim_pmtu_leaves_room_for_a_relay(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_PMTUD);
    static const sim_nat_config symmetric = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                             .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
    sim_scene scene;
    sim_place places[2];
    fill(places, 1500, 1500, 1500);
    for (int n = 0; n < 2; n++) {
        places[n].nat = &symmetric;
        places[n].config.turn_url = SIM_TURN_URL;
    }
    play(&scene, places);
    for (int n = 0; n < 2; n++) {
        assert_true(mtu_of(&scene, n) > 1400 && mtu_of(&scene, n) <= 1500);
    }
    sim_scene_free(&scene);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_pmtu_is_found_on_links_of_each_size),
        SIM(test_sim_pmtu_goes_beyond_ethernet_where_both_links_do),
        SIM(test_sim_pmtu_stays_within_the_own_link_and_may_be_off),
        SIM(test_sim_pmtu_that_shrinks_under_a_transfer_loses_nothing),
        SIM(test_sim_pmtu_leaves_room_for_a_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
