/*
 * Two agents, a network between them, virtual time: what they make of cuts, silence and restarts
 * once they are connected.
 */
#include <string.h>

#include "base/addr.h"
#include "support/ice_pair_net.h"
#include "support/unit.h"

static ice_pair_net net;

/* Cut what is sent from and to one socket of side 0. */
static bool cut_socket(ice_pair_net *n, int side, const floe_path *path, floe_bytes packet)
{
    const floe_addr *dead = n->filter_ctx;
    (void)side;
    (void)packet;
    return !floe_addr_equal(&path->local, dead) && !floe_addr_equal(&path->remote, dead);
}

static void test_ice_endure_moves_to_another_pair_when_the_selected_one_dies(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    net.loss_permille = 0;
    ice_net_gather(&net, 2);
    ice_net_signal(&net);
    ice_net_run(&net, 10 * FLOE_SECOND);
    floe_addr dead = net.side[0].path.local;
    net.filter = cut_socket;
    net.filter_ctx = &dead;
    ice_net_run(&net, 40 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(ice_net_is_connected(&net, i));
        assert_int_equal(net.side[i].states_seen & 1u << FLOE_ICE_FAILED, 0);
    }
    assert_true(ice_net_has_agreed(&net));
    assert_false(floe_addr_equal(&net.side[0].path.local, &dead));
}

static void test_ice_endure_shows_a_cut_and_recovers_from_it(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 10 * FLOE_SECOND);
    net.side[0].is_cut_off = true;
    ice_net_run(&net, 25 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_DISCONNECTED);
    assert_int_equal(net.side[1].state, FLOE_ICE_DISCONNECTED);
    net.side[0].is_cut_off = false;
    ice_net_run(&net, 35 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
}

static void test_ice_endure_ends_when_the_peer_has_gone_for_thirty_seconds(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 10 * FLOE_SECOND);
    net.side[1].is_cut_off = true;
    ice_net_run(&net, 45 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_FAILED);
    assert_int_equal(net.side[0].cause, FLOE_ICE_CAUSE_CONSENT_EXPIRED);
    assert_in_range(net.side[0].failed_at, 34 * FLOE_SECOND, 41 * FLOE_SECOND);
    unsigned sent = net.side[0].sent;
    ice_net_run(&net, 200 * FLOE_SECOND);
    assert_int_equal(net.side[0].sent, sent);
}

static void restart_both(void)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(floe_ice_agent_restart(&net.side[i].agent, FLOE_LIT(""), FLOE_LIT("")),
                         FLOE_OK);
    }
    ice_net_signal(&net);
}

static void test_ice_endure_restarts_without_losing_the_path(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 10 * FLOE_SECOND);
    restart_both();
    floe_time until = net.now + FLOE_SECOND;
    while (net.now < until) {
        floe_path path;
        ice_net_run(&net, net.now + FLOE_MS);
        assert_true(floe_ice_agent_get_path(&net.side[0].agent, &path));
        assert_true(floe_ice_agent_get_path(&net.side[1].agent, &path));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net.side[i].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[i].agent.ours[1].ufrag_len, 0); /* the old generation is over */
    }
    assert_true(ice_net_has_agreed(&net));
}

static void test_ice_endure_restarts_behind_nats(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_set_nat(&net, 0, ICE_NET_CONE);
    ice_net_set_nat(&net, 1, ICE_NET_CONE);
    ice_net_gather(&net, 2);
    ice_net_signal(&net);
    ice_net_run(&net, 10 * FLOE_SECOND);
    assert_int_equal(net.side[0].told, 4); /* two sockets, and what the server sees of them */
    net.mapping_count = 0;                 /* the NATs have forgotten everything */
    restart_both();
    ice_net_run(&net, 12 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net.side[i].told, 8);
        assert_int_equal(net.side[i].state, FLOE_ICE_COMPLETED);
        assert_int_equal(ice_net_get_stats(&net, i).local_candidates, 4);
        assert_int_equal(net.side[i].agent.ours[1].ufrag_len, 0);
    }
    assert_true(ice_net_has_agreed(&net));
}

/* Each time the other side learns a peer-reflexive candidate; the table has room for some. */
static void test_ice_endure_a_nat_that_forgets_all_day(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_set_nat(&net, 0, ICE_NET_CONE);
    ice_net_gather(&net, 1);
    ice_net_signal(&net);
    ice_net_run(&net, 10 * FLOE_SECOND);
    for (unsigned i = 1; i < 3 * FLOE_ICE_REMOTE_MAX; i++) {
        net.mapping_count = 0;
        ice_net_run(&net, net.now + 40 * FLOE_SECOND);
        assert_true(ice_net_is_connected(&net, 0));
        assert_true(ice_net_is_connected(&net, 1));
    }
    assert_true(ice_net_get_stats(&net, 1).remote_candidates <= FLOE_ICE_REMOTE_MAX / 2 + 2);
}

/* The table is closed up when reflexive candidates go: the pair in use must keep its socket. */
static void test_ice_endure_restarts_from_a_socket_that_came_late(void **state)
{
    (void)state;
    floe_path before, after;
    ice_net_init(&net, 1);
    ice_net_set_nat(&net, 0, ICE_NET_CONE);
    ice_net_use_stun(&net, 0);
    floe_addr first = ice_net_add_host(&net, 0, 0);
    ice_net_run(&net, FLOE_SECOND);
    (void)ice_net_add_host(&net, 0, 1);
    floe_ice_agent_end_local(&net.side[0].agent);
    ice_net_run(&net, 2 * FLOE_SECOND);
    (void)ice_net_add_host(&net, 1, 0);
    floe_ice_agent_end_local(&net.side[1].agent);
    net.filter = cut_socket;
    net.filter_ctx = &first;
    ice_net_signal(&net);
    ice_net_run(&net, 10 * FLOE_SECOND);
    assert_true(floe_ice_agent_get_path(&net.side[0].agent, &before));
    assert_int_equal(floe_ice_agent_restart(&net.side[0].agent, FLOE_LIT(""), FLOE_LIT("")),
                     FLOE_OK);
    assert_true(floe_ice_agent_get_path(&net.side[0].agent, &after));
    assert_true(floe_path_equal(&before, &after));
    ice_net_run(&net, 60 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_CONNECTED);
}

static void test_ice_endure_restarts_after_failure(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 10 * FLOE_SECOND);
    net.side[0].is_cut_off = true;
    ice_net_run(&net, 60 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_FAILED);
    net.side[0].is_cut_off = false;
    restart_both();
    ice_net_run(&net, 61 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
}

static void test_ice_endure_restart_that_loses_its_answer_leaves_things_as_they_were(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 10 * FLOE_SECOND);
    assert_int_equal(floe_ice_agent_restart(&net.side[0].agent, FLOE_LIT(""), FLOE_LIT("")),
                     FLOE_OK);
    ice_net_run(&net, 200 * FLOE_SECOND); /* side 1 never hears of it */
    assert_int_equal(net.side[0].state, FLOE_ICE_CONNECTED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
    assert_true(ice_net_has_agreed(&net));
}

typedef struct cuts {
    floe_addr dead[2]; /* family 0: none */
} cuts;

static bool cut_several(ice_pair_net *n, int side, const floe_path *path, floe_bytes packet)
{
    const cuts *c = n->filter_ctx;
    (void)side;
    (void)packet;
    for (int i = 0; i < 2; i++) {
        if (floe_addr_equal(&path->local, &c->dead[i]) ||
            floe_addr_equal(&path->remote, &c->dead[i])) {
            return false;
        }
    }
    return true;
}

/* Ten times some seconds of a network in which up to two of six sockets are dead, now and then a
 * restart; then peace. */
static void run_troubled(cuts *c, floe_addr hosts[6])
{
    for (int k = 0; k < 10; k++) {
        ice_net_run(&net, net.now + ice_net_random(&net, 20) * FLOE_SECOND + 1);
        unsigned count = ice_net_random(&net, 3);
        memset(c, 0, sizeof *c);
        for (unsigned i = 0; i < count; i++) {
            c->dead[i] = hosts[ice_net_random(&net, 6)];
        }
        if (ice_net_random(&net, 8) == 0) {
            restart_both();
        }
    }
    memset(c, 0, sizeof *c);
    net.loss_permille = 0;
    ice_net_run(&net, net.now + 120 * FLOE_SECOND);
}

static void test_ice_endure_agrees_after_any_cuts_and_restarts(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LOCAL_MAX >= 8);
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        static cuts c;
        floe_addr hosts[6];
        ice_net_init(&net, seed);
        ice_net_set_nat(&net, 0, (ice_net_nat)(seed % 3));
        ice_net_set_nat(&net, 1, (ice_net_nat)(seed % 3 == 2 ? 0 : seed / 3 % 2));
        for (unsigned i = 0; i < 6; i++) {
            hosts[i] = ice_net_add_host(&net, i % 2, i / 2);
        }
        ice_net_gather(&net, 0);
        net.loss_permille = seed % 4 * 50;
        net.filter = cut_several;
        net.filter_ctx = &c;
        ice_net_signal(&net);
        run_troubled(&c, hosts);
        assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
        assert_true(ice_net_has_agreed(&net));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_endure_moves_to_another_pair_when_the_selected_one_dies),
        cmocka_unit_test(test_ice_endure_shows_a_cut_and_recovers_from_it),
        cmocka_unit_test(test_ice_endure_ends_when_the_peer_has_gone_for_thirty_seconds),
        cmocka_unit_test(test_ice_endure_restarts_without_losing_the_path),
        cmocka_unit_test(test_ice_endure_restarts_behind_nats),
        cmocka_unit_test(test_ice_endure_a_nat_that_forgets_all_day),
        cmocka_unit_test(test_ice_endure_restarts_from_a_socket_that_came_late),
        cmocka_unit_test(test_ice_endure_restarts_after_failure),
        cmocka_unit_test(test_ice_endure_restart_that_loses_its_answer_leaves_things_as_they_were),
        cmocka_unit_test(test_ice_endure_agrees_after_any_cuts_and_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
