/* tests/unit/mdns/test_mdns_node.c - nodes as a whole: interfaces, and whom they listen to. */
#include "mdns/mdns_node.h"

#include <string.h>

#include "base/addr.h"
#include "support/mdns_net.h"
#include "support/unit.h"
#include "support/vector_file.h"

#define NAME "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"

static mdns_net net;
static vector vec;

static int setup(void **state)
{
    (void)state;
    mdns_net_init(&net);
    return 0;
}

static void test_mdns_node_resolves_what_another_has_registered(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = floe_addr_from_ipv4(203, 0, 113, 10, 40000);
    mdns_net_register(&net, 0, &addr, name);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    uint32_t request = mdns_net_resolve(&net, 1, name);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 1);
    assert_int_equal(net.events[1].request, request);
    assert_true(floe_addr_ip_equal(&net.events[1].addr, &addr));
    assert_int_equal(net.events[1].addr.port, 0);
    floe_mdns_stats stats;
    floe_mdns_node_get_stats(&net.nodes[1], &stats);
    assert_int_equal(stats.queries_sent, 1);
    assert_int_equal(stats.resolved, 1);
    assert_int_equal(net.event_count[0] + net.event_count[2], 0);
}

static void test_mdns_node_resolves_ipv6_over_ipv4_multicast(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = mdns_net_interface(0, 6).local;
    mdns_net_register(&net, 0, &addr, name);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    (void)mdns_net_resolve(&net, 1, name);
    mdns_net_drain(&net);
    assert_true(floe_addr_ip_equal(&net.events[1].addr, &addr));
}

static void test_mdns_node_speaks_on_each_interface_to_the_group_of_its_family(void **state)
{
    (void)state;
    char text[FLOE_ADDR_TEXT_MAX];
    mdns_net_add_interface(&net, 1, 6);
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, 4);
    assert_string_equal(floe_addr_text(&net.sent[0].path.remote, text), "224.0.0.251:5353");
    assert_string_equal(floe_addr_text(&net.sent[0].path.local, text), "203.0.113.11:5353");
    assert_string_equal(floe_addr_text(&net.sent[1].path.remote, text), "[ff02::fb]:5353");
    assert_int_equal(net.sent[1].path.local.family, 6);
}

static void test_mdns_node_add_interface_wants_a_unicast_address_with_a_prefix(void **state)
{
    (void)state;
    floe_mdns_interface interface = mdns_net_interface(0, 4);
    interface.prefix_len = 0;
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_E_ARG);
    interface.prefix_len = 33;
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_E_ARG);
    interface.prefix_len = 24;
    interface.local = floe_addr_from_ipv4(224, 0, 0, 251, 0);
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_E_ARG);
    interface.local = floe_addr_from_ipv4(0, 0, 0, 0, 0);
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_E_ARG);
}

static void test_mdns_node_add_interface_says_full_and_takes_one_twice(void **state)
{
    (void)state;
    floe_mdns_interface interface = mdns_net_interface(0, 4);
    for (uint8_t i = 1; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        interface.local = floe_addr_from_ipv4(203, 0, 113, (uint8_t)(100 + i), 0);
        assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_OK);
    }
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_OK);
    floe_addr last = interface.local;
    interface.local = floe_addr_from_ipv4(203, 0, 113, 200, 0);
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_E_FULL);
    floe_mdns_node_remove_interface(&net.nodes[0], &last);
    assert_int_equal(floe_mdns_node_add_interface(&net.nodes[0], &interface), FLOE_OK);
}

static void test_mdns_node_remove_interface_forgets_what_was_owed_there(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = mdns_net_interface(0, 4).local;
    mdns_net_register(&net, 0, &addr, name);
    (void)mdns_net_resolve(&net, 0, NAME);
    floe_mdns_node_remove_interface(&net.nodes[0], &addr);
    floe_mdns_node_check_invariants(&net.nodes[0]);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, 0);
    mdns_net_add_interface(&net, 0, 4);
    mdns_net_drain(&net);
    assert_int_equal(mdns_net_count(&net, 0, true), 1); /* announced there */
}

static floe_err input_from(uint8_t a, uint8_t b, uint8_t c, uint16_t port)
{
    floe_addr from = floe_addr_from_ipv4(a, b, c, 21, port);
    vector_file_find("mdns/browser_packets.txt", "chromium-156 announcement A", &vec);
    return mdns_net_input(&net, 1, &from, vec.bytes);
}

/* RFC 6762 section 11, section 6. */
static void test_mdns_node_input_believes_only_port_5353_of_the_link(void **state)
{
    (void)state;
    floe_mdns_stats stats;
    (void)mdns_net_resolve(&net, 1, NAME);
    assert_int_equal(input_from(198, 51, 100, 5353), FLOE_E_UNKNOWN);
    assert_int_equal(input_from(203, 0, 112, 5353), FLOE_E_UNKNOWN);
    assert_int_equal(input_from(224, 0, 0, 5353), FLOE_E_UNKNOWN);
    assert_int_equal(input_from(203, 0, 113, 5354), FLOE_E_UNKNOWN);
    assert_int_equal(input_from(203, 0, 113, 0), FLOE_E_UNKNOWN);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 0);
    floe_mdns_node_get_stats(&net.nodes[1], &stats);
    assert_int_equal(stats.dropped_foreign, 5);
    assert_int_equal(input_from(203, 0, 113, 5353), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 1);
}

static void test_mdns_node_input_takes_link_local_senders(void **state)
{
    (void)state;
    (void)mdns_net_resolve(&net, 1, NAME);
    assert_int_equal(input_from(169, 254, 7, 5353), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 1);
}

static void test_mdns_node_input_knows_no_other_interface(void **state)
{
    (void)state;
    floe_path path = {.local = floe_addr_from_ipv4(203, 0, 113, 99, FLOE_MDNS_PORT),
                      .remote = floe_addr_from_ipv4(203, 0, 113, 21, FLOE_MDNS_PORT)};
    vector_file_find("mdns/browser_packets.txt", "chromium-156 announcement A", &vec);
    assert_int_equal(floe_mdns_node_input(&net.nodes[1], net.now, &path, vec.bytes),
                     FLOE_E_UNKNOWN);
}

static void test_mdns_node_input_counts_what_is_malformed(void **state)
{
    (void)state;
    floe_mdns_stats stats;
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 21, FLOE_MDNS_PORT);
    assert_int_equal(mdns_net_input(&net, 1, &from, FLOE_LIT("nonsense")), FLOE_E_MALFORMED);
    floe_mdns_node_get_stats(&net.nodes[1], &stats);
    assert_int_equal(stats.dropped_malformed, 1);
}

static void test_mdns_node_close_takes_names_back_and_ends(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    uint32_t request;
    floe_addr addr = mdns_net_interface(0, 4).local;
    mdns_net_register(&net, 0, &addr, name);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    (void)mdns_net_resolve(&net, 0, NAME);
    size_t before = net.sent_count;
    floe_mdns_node_close(&net.nodes[0]);
    mdns_net_run(&net, 60 * FLOE_SECOND);
    assert_int_equal(net.sent_count, before + 1);
    assert_int_equal(mdns_net_find_record(&net.sent[before], FLOE_MDNS_TYPE_A).ttl_s, 0);
    assert_int_equal(net.event_count[0], 0);
    assert_int_equal(floe_mdns_node_deadline(&net.nodes[0]), FLOE_TIME_NEVER);
    assert_int_equal(floe_mdns_node_resolve(&net.nodes[0], FLOE_LIT(NAME), &request),
                     FLOE_E_CLOSED);
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &addr, 1, name), FLOE_E_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mdns_node_resolves_what_another_has_registered, setup),
        cmocka_unit_test_setup(test_mdns_node_resolves_ipv6_over_ipv4_multicast, setup),
        cmocka_unit_test_setup(test_mdns_node_speaks_on_each_interface_to_the_group_of_its_family,
                               setup),
        cmocka_unit_test_setup(test_mdns_node_add_interface_wants_a_unicast_address_with_a_prefix,
                               setup),
        cmocka_unit_test_setup(test_mdns_node_add_interface_says_full_and_takes_one_twice, setup),
        cmocka_unit_test_setup(test_mdns_node_remove_interface_forgets_what_was_owed_there, setup),
        cmocka_unit_test_setup(test_mdns_node_input_believes_only_port_5353_of_the_link, setup),
        cmocka_unit_test_setup(test_mdns_node_input_takes_link_local_senders, setup),
        cmocka_unit_test_setup(test_mdns_node_input_knows_no_other_interface, setup),
        cmocka_unit_test_setup(test_mdns_node_input_counts_what_is_malformed, setup),
        cmocka_unit_test_setup(test_mdns_node_close_takes_names_back_and_ends, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
