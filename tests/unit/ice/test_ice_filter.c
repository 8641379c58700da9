/* Tests of ice/ice_filter.c: what is left out, and of the three places where an agent asks. */
#include "ice/ice_filter.h"

#include "base/addr.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;
static floe_ice_filters filters;

static floe_addr at(const char *ip)
{
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(ip), 5000), FLOE_OK);
    return addr;
}

static bool lets(const char *ip)
{
    floe_ice_cand cand = {.addr = at(ip), .base = at(ip)};
    return floe_ice_filters_tell(&filters, &cand);
}

static int setup(void **state)
{
    (void)state;
    filters = (floe_ice_filters){0};
    return 0;
}

static void begin(void)
{
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING, .filters = &filters});
}

static unsigned count_told(void)
{
    floe_ice_cand cand;
    unsigned count = 0;
    for (size_t cursor = 0; floe_ice_agent_next_local(&solo.agent, &cursor, &cand);) {
        count++;
    }
    return count;
}

static void test_ice_filter_of_zeros_lets_everything_through(void **state)
{
    (void)state;
    assert_true(lets("192.0.2.1") && lets("10.0.0.1") && lets("2001:db8::1"));
    floe_addr addr = at("192.0.2.1");
    floe_ice_cand cand = {.addr = addr, .type = FLOE_ICE_RELAY, .transport = FLOE_TCP};
    assert_true(floe_ice_filters_gather(NULL, FLOE_ICE_RELAY, FLOE_TCP, &addr));
    assert_true(floe_ice_filters_tell(NULL, &cand));
    assert_true(floe_ice_filters_use(NULL, &cand, FLOE_ICE_RELAY, &addr));
}

static void test_ice_filter_leaves_out_types_transports_and_families(void **state)
{
    (void)state;
    floe_addr v4 = at("192.0.2.1");
    filters.gather.types = FLOE_ICE_WITHOUT(FLOE_ICE_SRFLX) | FLOE_ICE_WITHOUT(FLOE_ICE_RELAY);
    filters.use.transports = FLOE_ICE_WITHOUT(FLOE_TCP);
    filters.tell.families = FLOE_ICE_WITHOUT(4);
    assert_true(floe_ice_filters_gather(&filters, FLOE_ICE_HOST, FLOE_UDP, &v4));
    assert_false(floe_ice_filters_gather(&filters, FLOE_ICE_SRFLX, FLOE_UDP, &v4));
    assert_false(floe_ice_filters_gather(&filters, FLOE_ICE_RELAY, FLOE_UDP, &v4));
    floe_ice_cand base = {.addr = v4};
    assert_true(floe_ice_filters_use(&filters, &base, FLOE_ICE_HOST, &v4));
    base.transport = FLOE_TCP;
    assert_false(floe_ice_filters_use(&filters, &base, FLOE_ICE_HOST, &v4));
    assert_false(lets("192.0.2.1"));
    assert_true(lets("2001:db8::1"));
}

static void test_ice_filter_ranges_end_at_any_bit(void **state)
{
    (void)state;
    floe_ice_range range = {.addr = at("203.0.113.96"), .bits = 27};
    filters.tell.ranges = &range;
    filters.tell.range_count = 1;
    assert_true(lets("203.0.113.95") && lets("203.0.113.128"));
    assert_false(lets("203.0.113.96") || lets("203.0.113.127"));
    range.bits = 32;
    assert_false(lets("203.0.113.96"));
    assert_true(lets("203.0.113.97"));
    range.bits = 0;
    assert_false(lets("8.8.8.8"));
    assert_true(lets("2001:db8::1")); /* of its own family only */
}

static void test_ice_filter_knows_what_is_private(void **state)
{
    (void)state;
    static const char *const inside[] = {"10.255.0.1",  "172.31.9.9",  "192.168.0.1",
                                         "100.127.0.1", "169.254.1.1", "127.0.0.1",
                                         "fd00::1",     "fe80::1",     "::1"};
    static const char *const outside[] = {"11.0.0.1", "172.32.0.1",  "192.169.0.1", "100.128.0.1",
                                          "8.8.8.8",  "2001:db8::1", "::2"};
    filters.tell.ranges = floe_ice_private_ranges;
    filters.tell.range_count = FLOE_ICE_PRIVATE_RANGES;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        assert_false(lets(inside[i]));
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_true(lets(outside[i]));
    }
}

static void test_ice_filter_gathers_no_socket_of_a_range(void **state)
{
    (void)state;
    const floe_ice_range range = {.addr = at("192.0.2.0"), .bits = 24};
    filters.gather.ranges = &range;
    filters.gather.range_count = 1;
    begin();
    assert_int_equal(solo.agent.local_count, 0);
    floe_addr other = at("198.51.100.1");
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &other, 1), FLOE_OK);
    assert_int_equal(count_told(), 1);
}

static void test_ice_filter_asks_no_server_for_what_is_not_gathered(void **state)
{
    (void)state;
    uint32_t index;
    floe_addr server = floe_addr_from_ipv4(203, 0, 113, 1, 3478);
    filters.gather.types = FLOE_ICE_WITHOUT(FLOE_ICE_SRFLX);
    begin();
    assert_int_equal(floe_ice_agent_add_server(&solo.agent, &server, &index), FLOE_OK);
    floe_ice_agent_end_local(&solo.agent);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(floe_ice_agent_get_gathering(&solo.agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_filter_without_hosts_keeps_the_socket_for_relays(void **state)
{
    (void)state;
    filters.gather.types = FLOE_ICE_WITHOUT(FLOE_ICE_HOST);
    begin();
    ice_solo_signal(&solo);
    assert_int_equal(count_told(), 0);
    assert_int_equal(ice_solo_drain(&solo), 0);
    floe_addr relay = at("203.0.113.9");
    assert_int_equal(floe_ice_agent_add_relay(&solo.agent, &relay, &relay, 1, 1), FLOE_OK);
    assert_int_equal(count_told(), 1);
}

/* What is not told is used: the peer sees where a check comes from, and no more. */
static void test_ice_filter_of_telling_hides_candidates_and_related_addresses(void **state)
{
    (void)state;
    floe_ice_cand cand;
    filters.tell.types = FLOE_ICE_WITHOUT(FLOE_ICE_HOST);
    begin();
    ice_solo_signal(&solo);
    floe_addr mapped = at("203.0.113.77");
    floe_ice_agent_add_mapped(&solo.agent, &solo.local, &mapped, 1);
    assert_int_equal(count_told(), 1);
    size_t cursor = 0;
    assert_true(floe_ice_agent_next_local(&solo.agent, &cursor, &cand));
    assert_int_equal(cand.type, FLOE_ICE_SRFLX);
    assert_int_equal(cand.base.family, 0);
    (void)ice_solo_expect_check(&solo);
    assert_true(floe_addr_equal(&solo.out.path.local, &solo.local));
}

static void test_ice_filter_of_using_makes_no_pair_and_answers_no_check(void **state)
{
    (void)state;
    const floe_ice_range range = {.addr = at("192.0.2.200"), .bits = 32};
    filters.use.ranges = &range;
    filters.use.range_count = 1;
    begin();
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_drain(&solo), 0);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_UNKNOWN);
    assert_int_equal(ice_solo_drain(&solo), 0);
    floe_path other = ice_solo_path(&solo);
    other.remote = at("192.0.2.201");
    assert_int_equal(ice_solo_input_on(&solo, &other, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
}

static void test_ice_filter_of_using_knows_relays_of_the_peer(void **state)
{
    (void)state;
    filters.use.types = FLOE_ICE_WITHOUT(FLOE_ICE_RELAY);
    begin();
    ice_solo_signal(&solo);
    floe_addr relay = at("203.0.113.9");
    ice_solo_add_remote(&solo, &relay, FLOE_ICE_RELAY);
    floe_path path = ice_solo_path(&solo);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    path.remote = relay;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_E_UNKNOWN);
}

/* Its check may come before its candidate, and then it is of no type that a filter could know. */
static void test_ice_filter_of_using_lets_go_of_a_relay_that_came_as_something_else(void **state)
{
    (void)state;
    filters.use.types = FLOE_ICE_WITHOUT(FLOE_ICE_RELAY);
    begin();
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    ice_solo_answer(&solo);
    floe_path path;
    assert_true(floe_ice_agent_get_path(&solo.agent, &path));
    ice_solo_add_remote(&solo, &solo.peer, FLOE_ICE_RELAY);
    assert_false(floe_ice_agent_get_path(&solo.agent, &path));
    path = ice_solo_path(&solo);
    assert_false(floe_ice_agent_accept(&solo.agent, solo.now, &path));
    for (int i = 0; i < 60; i++) {
        ice_solo_advance(&solo, FLOE_SECOND);
        assert_int_equal(ice_solo_drain(&solo), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_filter_of_zeros_lets_everything_through, setup),
        cmocka_unit_test_setup(test_ice_filter_leaves_out_types_transports_and_families, setup),
        cmocka_unit_test_setup(test_ice_filter_ranges_end_at_any_bit, setup),
        cmocka_unit_test_setup(test_ice_filter_knows_what_is_private, setup),
        cmocka_unit_test_setup(test_ice_filter_gathers_no_socket_of_a_range, setup),
        cmocka_unit_test_setup(test_ice_filter_asks_no_server_for_what_is_not_gathered, setup),
        cmocka_unit_test_setup(test_ice_filter_without_hosts_keeps_the_socket_for_relays, setup),
        cmocka_unit_test_setup(test_ice_filter_of_telling_hides_candidates_and_related_addresses,
                               setup),
        cmocka_unit_test_setup(test_ice_filter_of_using_makes_no_pair_and_answers_no_check, setup),
        cmocka_unit_test_setup(test_ice_filter_of_using_knows_relays_of_the_peer, setup),
        cmocka_unit_test_setup(
            test_ice_filter_of_using_lets_go_of_a_relay_that_came_as_something_else, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
