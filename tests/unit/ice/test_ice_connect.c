/*
 * Two agents, a network between them, virtual time (support/ice_pair_net.h): that they connect
 * where they can, agree where they may differ, and say why where they cannot.
 */
#include "support/ice_pair_net.h"
#include "support/unit.h"

static ice_pair_net net;

static void test_ice_connect_takes_one_round_trip_and_nomination_another(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    assert_true(ice_net_connect(&net, FLOE_SECOND));
    assert_int_equal(net.now, 2 * net.delay_us);
    ice_net_run(&net, 4 * net.delay_us);
    assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
    assert_true(ice_net_has_agreed(&net));
}

static void test_ice_connect_stays_for_an_hour(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 1);
    ice_net_run(&net, 3600 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net.side[i].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[i].states_seen & 1u << FLOE_ICE_DISCONNECTED, 0);
        assert_int_equal(net.side[i].selected, 1);
    }
}

static void test_ice_connect_over_every_pair_of_nats_as_expected(void **state)
{
    (void)state;
    static const bool expected[3][3] = {
        {true, true, true}, {true, true, false}, {true, false, false}};
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            ice_net_init(&net, 7);
            ice_net_set_nat(&net, 0, (ice_net_nat)a);
            ice_net_set_nat(&net, 1, (ice_net_nat)b);
            ice_net_gather(&net, 2);
            ice_net_signal(&net);
            assert_int_equal(ice_net_connect(&net, 60 * FLOE_SECOND), expected[a][b]);
            if (expected[a][b]) {
                assert_true(net.now < FLOE_SECOND);
            } else {
                assert_int_equal(net.side[0].cause, FLOE_ICE_CAUSE_CHECKS_TIMED_OUT);
            }
        }
    }
}

static void test_ice_connect_at_thirty_percent_loss_from_two_hundred_seeds(void **state)
{
    (void)state;
    floe_time worst = 0;
    floe_time sum = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        ice_net_start_simple(&net, seed);
        net.loss_permille = 300;
        net.jitter_us = 20 * FLOE_MS;
        assert_true(ice_net_connect(&net, 30 * FLOE_SECOND));
        worst = net.now > worst ? net.now : worst;
        sum += net.now;
    }
    assert_true(worst < 8 * FLOE_SECOND);
    assert_true(sum / 200 < FLOE_SECOND);
}

static void test_ice_connect_agrees_on_the_pair_at_loss_with_many_candidates(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        ice_net_init(&net, seed);
        net.loss_permille = 300;
        ice_net_gather(&net, 3);
        ice_net_signal(&net);
        ice_net_run(&net, 20 * FLOE_SECOND);
        net.loss_permille = 0;
        ice_net_run(&net, 40 * FLOE_SECOND);
        assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
        assert_true(ice_net_has_agreed(&net));
    }
}

/* pion gave up after 1.6 s. */
static void test_ice_connect_over_a_round_trip_of_two_seconds(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 3);
    net.delay_us = FLOE_SECOND;
    assert_true(ice_net_connect(&net, 5 * FLOE_SECOND));
    ice_net_run(&net, 300 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
}

static void test_ice_connect_survives_a_round_trip_longer_than_the_consent_interval(void **state)
{
    (void)state;
    ice_net_start_simple(&net, 3);
    net.delay_us = 3500 * FLOE_MS;
    assert_true(ice_net_connect(&net, 30 * FLOE_SECOND));
    ice_net_run(&net, 300 * FLOE_SECOND);
    assert_true(ice_net_is_connected(&net, 0) && ice_net_is_connected(&net, 1));
}

static void start_with_roles(floe_ice_role a, floe_ice_role b, uint64_t seed)
{
    const floe_ice_config config[2] = {{.role = a}, {.role = b}};
    ice_net_init_with(&net, seed, config);
    ice_net_gather(&net, 1);
}

static void assert_converges(void)
{
    ice_net_signal(&net);
    assert_true(ice_net_connect(&net, 5 * FLOE_SECOND));
    ice_net_run(&net, 10 * FLOE_SECOND);
    assert_int_not_equal(floe_ice_agent_get_role(&net.side[0].agent),
                         floe_ice_agent_get_role(&net.side[1].agent));
    assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
    assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
    assert_true(ice_net_has_agreed(&net));
}

/* libjuice agent.c:1476, pion: conflicts that went on, or were resolved by a second conflict. */
static void test_ice_connect_resolves_two_controlling_agents(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        start_with_roles(FLOE_ICE_CONTROLLING, FLOE_ICE_CONTROLLING, seed);
        assert_converges();
        assert_int_equal(net.side[0].roles + net.side[1].roles, 1);
    }
}

static void test_ice_connect_resolves_two_controlled_agents(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        start_with_roles(FLOE_ICE_CONTROLLED, FLOE_ICE_CONTROLLED, seed);
        assert_converges();
        assert_int_equal(net.side[0].roles + net.side[1].roles, 1);
    }
}

static void test_ice_connect_larger_tie_breaker_is_controlling_either_way(void **state)
{
    (void)state;
    for (int role = 0; role < 2; role++) {
        for (int larger = 0; larger < 2; larger++) {
            start_with_roles((floe_ice_role)role, (floe_ice_role)role, 5);
            net.side[larger].agent.tie_breaker = 2;
            net.side[!larger].agent.tie_breaker = 1;
            assert_converges();
            assert_int_equal(floe_ice_agent_get_role(&net.side[larger].agent),
                             FLOE_ICE_CONTROLLING);
        }
    }
}

static void test_ice_connect_resolves_equal_tie_breakers(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        start_with_roles((floe_ice_role)(seed % 2), (floe_ice_role)(seed % 2), seed);
        net.side[0].agent.tie_breaker = net.side[1].agent.tie_breaker = 42;
        net.jitter_us = seed * FLOE_MS;
        assert_converges();
    }
}

static void test_ice_connect_resolves_conflicts_at_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        start_with_roles((floe_ice_role)(seed % 2), (floe_ice_role)(seed % 2), seed);
        net.loss_permille = 250;
        ice_net_signal(&net);
        ice_net_run(&net, 10 * FLOE_SECOND);
        net.loss_permille = 0;
        ice_net_run(&net, 60 * FLOE_SECOND);
        assert_int_not_equal(floe_ice_agent_get_role(&net.side[0].agent),
                             floe_ice_agent_get_role(&net.side[1].agent));
        assert_int_equal(net.side[0].state, FLOE_ICE_COMPLETED);
        assert_int_equal(net.side[1].state, FLOE_ICE_COMPLETED);
    }
}

/* Only side 0 is open to checks; it has been told nothing. */
static void test_ice_connect_answers_checks_before_the_description_comes(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_gather(&net, 1);
    ice_net_signal_to(&net, 1);
    ice_net_run(&net, 100 * FLOE_MS);
    assert_int_equal(net.side[1].state, FLOE_ICE_CONNECTED);
    assert_int_equal(net.side[1].connected_at, 2 * net.delay_us);
    ice_net_signal_to(&net, 0);
    assert_true(ice_net_connect(&net, 150 * FLOE_MS));
}

static void test_ice_connect_takes_candidates_as_they_trickle_in(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_signal(&net); /* nothing gathered yet on either side */
    ice_net_run(&net, FLOE_SECOND);
    (void)ice_net_add_host(&net, 0, 0);
    ice_net_run(&net, 2 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_NEW);
    (void)ice_net_add_host(&net, 1, 0);
    assert_true(ice_net_connect(&net, 2 * FLOE_SECOND + 50 * FLOE_MS));
}

static void test_ice_connect_takes_candidates_after_the_others_have_failed(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_gather(&net, 1);
    net.side[0].is_cut_off = true;
    ice_net_signal(&net);
    ice_net_run(&net, 60 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_FAILED);
    assert_int_equal(net.side[1].state, FLOE_ICE_FAILED);
    net.side[0].is_cut_off = false;
    (void)ice_net_add_host(&net, 0,
                           1); /* side 1 has been told the end: it learns of it by checks */
    assert_true(ice_net_connect(&net, 62 * FLOE_SECOND));
}

static void test_ice_connect_says_that_there_were_no_candidates(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    net.is_trickling = false;
    ice_net_signal(&net);
    ice_net_gather(&net, 1);
    ice_net_run(&net, 39 * FLOE_SECOND);
    assert_int_equal(net.side[0].failed_at, FLOE_TIME_NEVER);
    ice_net_run(&net, 40 * FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net.side[i].failed_at, 39500 * FLOE_MS);
        assert_int_equal(net.side[i].cause, FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES);
    }
}

/* One side is enough: the other one's candidates are learned from its checks (RFC 8863 3.1). */
static void test_ice_connect_to_a_peer_without_candidates(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_gather(&net, 1);
    ice_net_signal_to(&net, 1);
    floe_bytes ufrag, pwd;
    floe_ice_agent_get_local(&net.side[1].agent, &ufrag, &pwd);
    assert_int_equal(floe_ice_agent_set_remote(&net.side[0].agent, ufrag, pwd, false), FLOE_OK);
    assert_true(ice_net_connect(&net, FLOE_SECOND));
    assert_int_equal(ice_net_get_stats(&net, 0).remote.type, FLOE_ICE_PRFLX);
}

static void test_ice_connect_with_the_wrong_password_fails_in_time(void **state)
{
    (void)state;
    ice_net_init(&net, 1);
    ice_net_gather(&net, 1);
    ice_net_signal_to(&net, 1);
    floe_bytes ufrag, pwd;
    floe_ice_cand cand;
    floe_ice_agent_get_local(&net.side[1].agent, &ufrag, &pwd);
    assert_int_equal(floe_ice_agent_set_remote(&net.side[0].agent, ufrag,
                                               FLOE_LIT("thewrongpassword00000000"), false),
                     FLOE_OK);
    for (size_t cursor = 0; floe_ice_agent_next_local(&net.side[1].agent, &cursor, &cand);) {
        assert_int_equal(floe_ice_agent_add_remote(&net.side[0].agent, &cand), FLOE_OK);
    }
    ice_net_run(&net, 80 * FLOE_SECOND);
    assert_int_equal(net.side[0].state, FLOE_ICE_FAILED);
    assert_in_range(net.side[0].failed_at, 39 * FLOE_SECOND, 60 * FLOE_SECOND);
    assert_int_equal(net.side[0].cause, FLOE_ICE_CAUSE_CHECKS_TIMED_OUT); /* no word is lost */
    assert_true(ice_net_get_stats(&net, 1).dropped_auth > 0);
}

static void test_ice_connect_is_the_same_for_the_same_seed(void **state)
{
    (void)state;
    floe_ice_stats first[2];
    for (int run = 0; run < 2; run++) {
        ice_net_start_simple(&net, 99);
        net.loss_permille = 300;
        ice_net_run(&net, 60 * FLOE_SECOND);
        for (int i = 0; i < 2; i++) {
            floe_ice_stats s = ice_net_get_stats(&net, i);
            if (run == 0) {
                first[i] = s;
            } else {
                assert_memory_equal(&first[i], &s, sizeof s);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_connect_takes_one_round_trip_and_nomination_another),
        cmocka_unit_test(test_ice_connect_stays_for_an_hour),
        cmocka_unit_test(test_ice_connect_over_every_pair_of_nats_as_expected),
        cmocka_unit_test(test_ice_connect_at_thirty_percent_loss_from_two_hundred_seeds),
        cmocka_unit_test(test_ice_connect_agrees_on_the_pair_at_loss_with_many_candidates),
        cmocka_unit_test(test_ice_connect_over_a_round_trip_of_two_seconds),
        cmocka_unit_test(test_ice_connect_survives_a_round_trip_longer_than_the_consent_interval),
        cmocka_unit_test(test_ice_connect_resolves_two_controlling_agents),
        cmocka_unit_test(test_ice_connect_resolves_two_controlled_agents),
        cmocka_unit_test(test_ice_connect_larger_tie_breaker_is_controlling_either_way),
        cmocka_unit_test(test_ice_connect_resolves_equal_tie_breakers),
        cmocka_unit_test(test_ice_connect_resolves_conflicts_at_loss),
        cmocka_unit_test(test_ice_connect_answers_checks_before_the_description_comes),
        cmocka_unit_test(test_ice_connect_takes_candidates_as_they_trickle_in),
        cmocka_unit_test(test_ice_connect_takes_candidates_after_the_others_have_failed),
        cmocka_unit_test(test_ice_connect_says_that_there_were_no_candidates),
        cmocka_unit_test(test_ice_connect_to_a_peer_without_candidates),
        cmocka_unit_test(test_ice_connect_with_the_wrong_password_fails_in_time),
        cmocka_unit_test(test_ice_connect_is_the_same_for_the_same_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
