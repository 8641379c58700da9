/* Tests of ice/ice_backup.c: backups are what has least in common with the pair in use. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent_internal.h"
#include "support/unit.h"

static floe_ice_agent agent;
static uint8_t chosen[FLOE_ICE_BACKUP_MAX + 1];

static int setup(void **state)
{
    (void)state;
    memset(&agent, 0, sizeof agent);
    agent.path = FLOE_ICE_NONE;
    agent.local_count = 4;
    agent.remote_count = 3;
    for (uint8_t i = 0; i < 3; i++) {
        agent.local[i].addr = floe_addr_from_ipv4(192, 0, 2, (uint8_t)(i + 1), 5000);
        agent.remote[i].addr = floe_addr_from_ipv4(198, 51, 100, (uint8_t)(i + 1), 6000);
    }
    agent.local[3] = agent.local[2];
    agent.local[3].type = FLOE_ICE_RELAY;
    return 0;
}

static void add(uint8_t index, uint8_t local, uint8_t remote, uint64_t priority)
{
    agent.list.pair[index] = (floe_ice_pair){
        .local = local, .remote = remote, .priority = priority, .state = FLOE_ICE_PAIR_SUCCEEDED};
}

static void test_ice_backup_without_a_path_there_are_none(void **state)
{
    (void)state;
    add(0, 0, 0, 1);
    floe_ice_backup_choose(&agent, chosen);
    for (size_t i = 0; i <= FLOE_ICE_BACKUP_MAX; i++) {
        assert_int_equal(chosen[i], FLOE_ICE_NONE);
    }
}

static void test_ice_backup_takes_another_interface_before_a_better_priority(void **state)
{
    (void)state;
    add(0, 0, 0, 100);
    add(1, 0, 1, 90);
    add(2, 0, 2, 80);
    add(3, 1, 0, 10);
    agent.path = 0;
    floe_ice_backup_choose(&agent, chosen);
    assert_int_equal(chosen[1], 3);
    assert_int_equal(chosen[2], 1); /* then another address of the peer, the better one */
}

static void test_ice_backup_differs_from_the_other_backup_too(void **state)
{
    (void)state;
    add(0, 0, 0, 100);
    add(1, 1, 1, 90);
    add(2, 1, 2, 80);
    add(3, 2, 2, 10);
    agent.path = 0;
    floe_ice_backup_choose(&agent, chosen);
    assert_int_equal(chosen[1], 1);
    assert_int_equal(chosen[2], 3);
}

static void test_ice_backup_a_relay_counts_as_unlike(void **state)
{
    (void)state;
    add(0, 0, 0, 100);
    add(1, 1, 0, 90);
    add(2, 3, 0, 10);
    agent.path = 0;
    floe_ice_backup_choose(&agent, chosen);
    assert_int_equal(chosen[1], 2);
}

static void test_ice_backup_is_valid_and_never_the_path_itself(void **state)
{
    (void)state;
    add(0, 0, 0, 100);
    add(1, 1, 1, 90);
    agent.list.pair[1].state = FLOE_ICE_PAIR_WAITING;
    agent.path = 0;
    floe_ice_backup_choose(&agent, chosen);
    assert_int_equal(chosen[1], 0);
    assert_int_equal(chosen[2], 0);
}

static void test_ice_backup_of_the_path_before_a_restart(void **state)
{
    (void)state;
    agent.local[FLOE_ICE_LOCAL_MAX] = agent.local[0];
    agent.remote[FLOE_ICE_REMOTE_MAX] = agent.remote[0];
    add(FLOE_ICE_OLD, 0, FLOE_ICE_REMOTE_MAX, 100);
    add(0, 0, 0, 90);
    add(1, 1, 0, 10);
    agent.path = FLOE_ICE_OLD;
    floe_ice_backup_choose(&agent, chosen);
    assert_int_equal(chosen[1], 1);
    assert_int_equal(chosen[2], 0);
}

/* A path, a backup, both asked a second ago and due in three. */
static void keep_two(void)
{
    add(0, 0, 0, 100);
    add(1, 1, 1, 90);
    agent.path = 0;
    agent.now = 100 * FLOE_SECOND;
    agent.consent_us = 5 * FLOE_SECOND;
    agent.consent_timeout_us = 30 * FLOE_SECOND;
    for (uint8_t i = 0; i < 2; i++) {
        agent.list.pair[i].consent_at = agent.now - FLOE_SECOND;
        agent.list.pair[i].keep_at = agent.now + 3 * FLOE_SECOND;
    }
}

static void test_ice_backup_that_the_peer_asks_on_is_asked_later(void **state)
{
    (void)state;
    keep_two();
    floe_ice_backup_asked(&agent, 1);
    assert_true(agent.list.pair[1].keep_at == agent.now + 6 * FLOE_SECOND);
}

static void test_ice_backup_consent_of_the_path_is_never_put_off(void **state)
{
    (void)state;
    keep_two();
    floe_ice_backup_asked(&agent, 0);
    assert_true(agent.list.pair[0].keep_at == agent.now + 3 * FLOE_SECOND);
}

static void test_ice_backup_is_asked_when_consent_grows_old(void **state)
{
    (void)state;
    keep_two();
    agent.list.pair[1].consent_at = agent.now - 15 * FLOE_SECOND;
    floe_ice_backup_asked(&agent, 1);
    assert_true(agent.list.pair[1].keep_at == agent.now + 3 * FLOE_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_backup_without_a_path_there_are_none, setup),
        cmocka_unit_test_setup(test_ice_backup_takes_another_interface_before_a_better_priority,
                               setup),
        cmocka_unit_test_setup(test_ice_backup_differs_from_the_other_backup_too, setup),
        cmocka_unit_test_setup(test_ice_backup_a_relay_counts_as_unlike, setup),
        cmocka_unit_test_setup(test_ice_backup_is_valid_and_never_the_path_itself, setup),
        cmocka_unit_test_setup(test_ice_backup_of_the_path_before_a_restart, setup),
        cmocka_unit_test_setup(test_ice_backup_that_the_peer_asks_on_is_asked_later, setup),
        cmocka_unit_test_setup(test_ice_backup_consent_of_the_path_is_never_put_off, setup),
        cmocka_unit_test_setup(test_ice_backup_is_asked_when_consent_grows_old, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
