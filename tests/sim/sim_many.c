/*
 * tests/sim/sim_many.c - many connections, each on a network of its own that the seed has made up:
 * NATs of all kinds, one or two address families, delay, jitter, loss, reordering, TURN or none.
 *
 * What must come of it follows from the kinds of NAT, and is worked out here by RFC 4787's words
 * and no simulation: they connect and every message arrives once and in order; or no packet can
 * come through, and both say FAILED in bounded time. 500 seeds by default; FLOE_SIM_MANY=n plays n.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/sim_scene.h"
#include "support/unit.h"

#define SEEDS 500u
/* Five per cent of loss on either link at the most: a round trip fails in a fifth of all cases, and
 * five times in a row in one of 4,000; with that comes the sixth, after 15.5 s. DTLS, SCTP and the
 * messages have what is left. */
#define CONNECTED_IN (40 * FLOE_SECOND)
/* 39.5 s of patience (RFC 8863), and as much again where a last check from the peer came late and
 * was answered with a check of one's own. */
#define FAILED_IN (90 * FLOE_SECOND)

typedef struct many_side { /* what the seed has made up */
    bool has_nat;
    sim_nat_config nat;
    bool has_v4, has_v6;
    bool has_turn;
} many_side;

typedef struct many_tally {
    unsigned connected, relayed, by_v6, failed;
    floe_time worst_connected, worst_failed, sum_connected;
} many_tally;

static many_tally tally;

/* ---- what must come of it ---- */

static bool lets_in_anybody(const many_side *side)
{
    return !side->has_nat || side->nat.filtering == SIM_NAT_ENDPOINT_INDEPENDENT;
}

/* Both by which address its packets go out depends on whom they go to. `knocker` is let in at the
 * address that the STUN server saw; the answer must come back to where it knocked from, and from
 * then on one address of each must stay the same, which it does where a mapping is for all ports of
 * an address. */
static bool can_knock(const many_side *knocker, const many_side *host)
{
    bool is_one_steady = knocker->nat.mapping == SIM_NAT_ADDRESS_DEPENDENT ||
                         host->nat.mapping == SIM_NAT_ADDRESS_DEPENDENT;
    return lets_in_anybody(host) && knocker->nat.filtering != SIM_NAT_ADDRESS_AND_PORT_DEPENDENT &&
           is_one_steady;
}

static bool is_steady(const many_side *side)
{
    return !side->has_nat || side->nat.mapping == SIM_NAT_ENDPOINT_INDEPENDENT;
}

/* The steady one is found where the STUN server saw it. The other one's port is seen only when its
 * packet comes in: a filter by ports does not let it. */
static bool can_be_found(const many_side *steady)
{
    return lets_in_anybody(steady) || steady->nat.filtering != SIM_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static bool can_punch(const many_side *a, const many_side *b)
{
    if (is_steady(a) && is_steady(b)) {
        return true;
    }
    if (is_steady(a) || is_steady(b)) {
        return can_be_found(is_steady(a) ? a : b);
    }
    return can_knock(a, b) || can_knock(b, a);
}

static bool must_connect(const many_side sides[2])
{
    bool has_v4 = sides[0].has_v4 && sides[1].has_v4;
    bool has_v6 = sides[0].has_v6 && sides[1].has_v6;
    bool has_turn = sides[0].has_turn || sides[1].has_turn;
    /* IPv6 is filtered and not translated: all are steady. The TURN server has IPv4 alone. */
    return has_v6 || (has_v4 && (has_turn || can_punch(&sides[0], &sides[1])));
}

/* ---- what the seed makes up ---- */

static sim_nat_rule any_rule(sim_random *dice)
{
    return (sim_nat_rule)sim_random_below(dice, SIM_NAT_ADDRESS_AND_PORT_DEPENDENT + 1);
}

static void make_nat(sim_random *dice, sim_nat_config *nat)
{
    static const sim_nat_ports ports[] = {SIM_NAT_RANDOM, SIM_NAT_SEQUENTIAL, SIM_NAT_PRESERVE};
    *nat = (sim_nat_config){.mapping = any_rule(dice), .filtering = any_rule(dice)};
    /* Whose ports depend on the peer must not be guessed: no port is preserved. */
    bool is_steady_nat = nat->mapping == SIM_NAT_ENDPOINT_INDEPENDENT;
    nat->ports = ports[sim_random_below(dice, is_steady_nat ? 3 : 2)];
    nat->hairpin = sim_random_chance(dice, 500);
    nat->timeout = sim_random_chance(dice, 300) ? 60 * FLOE_SECOND : 0;
}

static sim_link make_link(sim_random *dice)
{
    uint32_t loss = sim_random_chance(dice, 500) ? (uint32_t)sim_random_below(dice, 51) : 0;
    return (sim_link){.delay = FLOE_MS + sim_random_below(dice, 100 * FLOE_MS),
                      .jitter = sim_random_below(dice, 30 * FLOE_MS),
                      .loss = loss,
                      .duplicate = (uint32_t)sim_random_below(dice, 50),
                      .reorder = (uint32_t)sim_random_below(dice, 50)};
}

static void make_side(sim_random *dice, many_side *side)
{
    uint64_t family = sim_random_below(dice, 10);
    *side = (many_side){.has_v4 = family > 0, .has_v6 = family < 3};
    side->has_nat = sim_random_chance(dice, 850);
    make_nat(dice, &side->nat);
    side->has_turn = sim_random_chance(dice, 150) && FLOE_ICE_SERVER_MAX > 1;
}

static void place_side(sim_random *dice, int number, const many_side *side, sim_place *place)
{
    static const char *const v4[2][2] = {{"192.0.2.10", "198.51.100.20"},
                                         {"10.0.0.10", "10.0.0.20"}};
    static const char *const v6[2] = {"2001:db8:a::10", "2001:db8:b::20"};
    size_t count = 0;
    memset(place, 0, sizeof *place);
    place->link = make_link(dice);
    place->nat = side->has_nat ? &side->nat : NULL;
    if (side->has_v6) {
        place->ips[count++] = v6[number];
    }
    if (side->has_v4) {
        place->ips[count++] = v4[side->has_nat][number];
    }
    place->config.stun_url = SIM_STUN_URL;
    place->config.turn_url = side->has_turn ? SIM_TURN_URL : NULL;
    place->config.letter_delay = FLOE_MS + sim_random_below(dice, 500 * FLOE_MS);
    place->config.candidate_delay = FLOE_MS + sim_random_below(dice, 500 * FLOE_MS);
}

static void add_traffic(sim_random *dice, sim_scene *scene)
{
    static const char *const labels[] = {"one", "two", "three"};
    uint64_t channels = 1 + sim_random_below(dice, 3);
    for (uint64_t i = 0; i < channels; i++) {
        sim_plan *plan =
            sim_traffic_add(&scene->traffic, labels[i], (int)sim_random_below(dice, 2));
        plan->options.is_unordered = i == 1;
        size_t count = 1 + (size_t)sim_random_below(dice, 12);
        for (size_t m = 0; m < count; m++) {
            size_t size =
                (size_t)sim_random_below(dice, sim_random_chance(dice, 50) ? 30000 : 1500);
            sim_plan_add_sizes(plan, &size, 1);
        }
    }
}

/* ---- what does ---- */

static void note_connected(const sim_scene *scene, floe_time start)
{
    floe_time time = sim_scene_connected_at(scene) - start;
    floe_peer_stats a, b;
    floe_peer_get_stats(scene->peers[0]->peer, &a);
    floe_peer_get_stats(scene->peers[1]->peer, &b);
    tally.connected++;
    tally.relayed += a.ice.local.type == FLOE_ICE_RELAY || b.ice.local.type == FLOE_ICE_RELAY;
    tally.by_v6 += a.ice.local.addr.family == 6;
    tally.sum_connected += time;
    tally.worst_connected = time > tally.worst_connected ? time : tally.worst_connected;
}

/* Either closes; nothing comes twice until the other one knows, be it by silence. */
static void part(sim_scene *scene, sim_random *dice)
{
    int closer = (int)sim_random_below(dice, 2);
    floe_peer_close(scene->peers[closer]->peer, scene->world->now);
    sim_peer_drain(scene->peers[closer]);
    sim_world_run(scene->world, 45 * FLOE_SECOND);
    floe_peer_state other = floe_peer_get_state(scene->peers[1 - closer]->peer);
    assert_true(other == FLOE_PEER_CLOSED || other == FLOE_PEER_FAILED);
    assert_true(sim_traffic_is_done(&scene->traffic));
}

static void fail_together(sim_scene *scene, floe_time start)
{
    assert_true(sim_scene_wait(scene, FLOE_PEER_FAILED, FAILED_IN));
    for (int i = 0; i < 2; i++) {
        sim_scene_assert_fault(scene, i, FLOE_PEER_FAULT_ICE);
    }
    floe_time time = scene->world->now - start;
    tally.failed++;
    tally.worst_failed = time > tally.worst_failed ? time : tally.worst_failed;
}

static void connect(uint64_t seed)
{
    sim_random dice = sim_random_begin(seed, 0x3a9);
    many_side sides[2];
    sim_place places[2];
    sim_scene scene;
    for (int i = 0; i < 2; i++) {
        make_side(&dice, &sides[i]);
        place_side(&dice, i, &sides[i], &places[i]);
    }
    sim_scene_init(&scene, seed, places);
    add_traffic(&dice, &scene);
    floe_time start = scene.world->now;
    bool is_done = sim_scene_play(&scene, CONNECTED_IN);
    assert_int_equal(is_done, must_connect(sides));
    if (is_done) {
        note_connected(&scene, start);
        part(&scene, &dice);
    } else {
        fail_together(&scene, start);
    }
    sim_scene_free(&scene);
}

static void test_sim_many_connections_come_out_as_their_nats_say(void **state)
{
    const char *text = getenv("FLOE_SIM_MANY");
    uint64_t seeds = text == NULL ? SEEDS : strtoull(text, NULL, 10);
    (void)state;
    sim_world_for_seeds(1, seeds, connect);
    print_message("%u connected (%u through a relay, %u over IPv6), after %.3f s on average and "
                  "%.3f s at the most; %u could not, and knew after %.3f s at the most\n",
                  tally.connected, tally.relayed, tally.by_v6,
                  (double)tally.sum_connected / (double)FLOE_SECOND /
                      (double)(tally.connected > 0 ? tally.connected : 1),
                  (double)tally.worst_connected / (double)FLOE_SECOND, tally.failed,
                  (double)tally.worst_failed / (double)FLOE_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sim_many_connections_come_out_as_their_nats_say,
                                  sim_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
