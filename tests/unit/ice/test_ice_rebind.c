/* Tests of ice/ice_rebind.c: a NAT forgets, and both sides find the new way soon. */
#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static void begin(floe_ice_role role)
{
    UNIT_NEEDS(FLOE_ICE_REBIND);
    ice_solo_init(&solo, role);
    ice_solo_connect(&solo);
    (void)ice_solo_live(&solo, 10 * FLOE_SECOND);
}

static void hear_data(void)
{
    floe_path path = ice_solo_path(&solo);
    assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &path));
}

/* Time goes by from deadline to deadline and nobody answers: how many datagrams there were. */
static unsigned starve(floe_time delta)
{
    floe_time until = solo.now + delta;
    unsigned count = ice_solo_drain(&solo);
    while (floe_ice_agent_deadline(&solo.agent) <= until) {
        ice_solo_advance(&solo, floe_ice_agent_deadline(&solo.agent) - solo.now);
        count += ice_solo_drain(&solo);
    }
    ice_solo_advance(&solo, until - solo.now);
    return count;
}

/* The peer's check comes from here, and ours back is answered. */
static void be_heard_from(const floe_addr *addr)
{
    bool is_controlling = floe_ice_agent_get_role(&solo.agent) == FLOE_ICE_CONTROLLED;
    ice_message check = ice_message_check(is_controlling);
    floe_path path = ice_solo_path(&solo);
    path.remote = *addr;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_answer(&solo);
}

static floe_addr used(void)
{
    floe_path path;
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    return path.remote;
}

static floe_addr rebound(void)
{
    floe_addr addr = solo.peer;
    addr.port++;
    return addr;
}

static void test_ice_rebind_asks_once_and_one_second_after_data_stops(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    for (int i = 0; i < 5; i++) {
        hear_data();
        (void)starve(1100 * FLOE_MS); /* that of consent may be due before */
        hear_data();
        assert_int_equal(starve(900 * FLOE_MS), 0);
        ice_solo_advance(&solo, 100 * FLOE_MS);
        ice_solo_answer(&solo);
        assert_int_equal(starve(3900 * FLOE_MS), 0);
    }
}

static void test_ice_rebind_does_not_ask_after_checks_alone(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLED);
    unsigned sent = 0;
    for (int i = 0; i < 60; i++) {
        ice_message check = ice_message_check(true);
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        sent += ice_solo_live(&solo, FLOE_SECOND);
    }
    assert_in_range(sent, 60 + 10, 60 + 15); /* answers, and consent checks */
}

static void test_ice_rebind_follows_the_peer_to_its_new_port(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin(i == 0 ? FLOE_ICE_CONTROLLING : FLOE_ICE_CONTROLLED);
        floe_addr addr = rebound(), before = used();
        hear_data();
        (void)starve(1100 * FLOE_MS);
        be_heard_from(&addr);
        (void)starve(500 * FLOE_MS);
        floe_addr after = used();
        assert_true(floe_addr_equal(&before, &solo.peer));
        assert_true(floe_addr_equal(&after, &addr));
    }
}

static void test_ice_rebind_stays_where_checks_are_answered(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    floe_addr addr = rebound();
    hear_data();
    (void)ice_solo_live(&solo, 1100 * FLOE_MS);
    be_heard_from(&addr);
    (void)ice_solo_live(&solo, 10 * FLOE_SECOND);
    addr = used();
    assert_true(floe_addr_equal(&addr, &solo.peer));
}

static void test_ice_rebind_is_not_seen_where_all_is_silent(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    floe_addr addr = rebound();
    be_heard_from(&addr);
    (void)ice_solo_live(&solo, FLOE_SECOND);
    hear_data();
    (void)starve(4 * FLOE_SECOND);
    addr = used();
    assert_true(floe_addr_equal(&addr, &solo.peer));
}

static void test_ice_rebind_is_not_seen_in_another_host(void **state)
{
    (void)state;
    begin(FLOE_ICE_CONTROLLING);
    floe_addr addr = rebound();
    addr.ip[3] ^= 1;
    hear_data();
    (void)starve(1100 * FLOE_MS);
    be_heard_from(&addr);
    (void)starve(2 * FLOE_SECOND);
    addr = used();
    assert_true(floe_addr_equal(&addr, &solo.peer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_rebind_asks_once_and_one_second_after_data_stops),
        cmocka_unit_test(test_ice_rebind_does_not_ask_after_checks_alone),
        cmocka_unit_test(test_ice_rebind_follows_the_peer_to_its_new_port),
        cmocka_unit_test(test_ice_rebind_stays_where_checks_are_answered),
        cmocka_unit_test(test_ice_rebind_is_not_seen_where_all_is_silent),
        cmocka_unit_test(test_ice_rebind_is_not_seen_in_another_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
