/*
 * tests/sim/sim_network.c - the network that the simulations believe in, held against what RFC 4787
 * and RFC 6146 say of NATs, and against what links are configured to do.
 */
#include <string.h>

#include "base/addr.h"
#include "support/sim_net.h"
#include "support/unit.h"

#define SEED 7

static floe_addr at(const char *ip, uint16_t port)
{
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(ip), port), FLOE_OK);
    return addr;
}

/* ---- NATs ---- */

static sim_nat *begin_nat(const sim_nat_config *config)
{
    static sim_nat nat;
    floe_addr public_addr = at("192.0.2.1", 0);
    sim_nat_init(&nat, config, &public_addr, SEED);
    return &nat;
}

static floe_addr go_out(sim_nat *nat, const char *inside, const char *remote, uint16_t remote_port)
{
    floe_addr from = at(inside, 5000);
    floe_addr to = at(remote, remote_port);
    floe_addr outside;
    assert_true(sim_nat_out(nat, 0, &from, &to, &outside));
    return outside;
}

static bool is_in(sim_nat *nat, const floe_addr *outside, const char *remote, uint16_t remote_port)
{
    floe_addr from = at(remote, remote_port);
    floe_addr inside;
    return sim_nat_in(nat, 0, outside, &from, &inside);
}

static void test_sim_network_mapping_depends_on_what_it_says(void **state)
{
    (void)state;
    for (sim_nat_rule rule = 0; rule <= SIM_NAT_ADDRESS_AND_PORT_DEPENDENT; rule++) {
        sim_nat *nat = begin_nat(&(sim_nat_config){.mapping = rule});
        floe_addr first = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
        floe_addr same_ip = go_out(nat, "10.0.0.1", "203.0.113.1", 2);
        floe_addr other_ip = go_out(nat, "10.0.0.1", "203.0.113.2", 1);
        assert_int_equal(floe_addr_equal(&first, &same_ip),
                         rule != SIM_NAT_ADDRESS_AND_PORT_DEPENDENT);
        assert_int_equal(floe_addr_equal(&first, &other_ip), rule == SIM_NAT_ENDPOINT_INDEPENDENT);
    }
}

static void test_sim_network_filtering_depends_on_what_it_says(void **state)
{
    (void)state;
    for (sim_nat_rule rule = 0; rule <= SIM_NAT_ADDRESS_AND_PORT_DEPENDENT; rule++) {
        sim_nat *nat = begin_nat(&(sim_nat_config){.filtering = rule});
        floe_addr outside = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
        floe_addr unmapped = at("192.0.2.1", 9);
        assert_true(is_in(nat, &outside, "203.0.113.1", 1));
        assert_int_equal(is_in(nat, &outside, "203.0.113.1", 2),
                         rule != SIM_NAT_ADDRESS_AND_PORT_DEPENDENT);
        assert_int_equal(is_in(nat, &outside, "203.0.113.2", 1),
                         rule == SIM_NAT_ENDPOINT_INDEPENDENT);
        assert_false(is_in(nat, &unmapped, "203.0.113.1", 1));
    }
}

static void test_sim_network_ports_are_preserved_if_they_are_free(void **state)
{
    (void)state;
    sim_nat *nat = begin_nat(&(sim_nat_config){.ports = SIM_NAT_PRESERVE});
    assert_int_equal(go_out(nat, "10.0.0.1", "203.0.113.1", 1).port, 5000);
    assert_int_not_equal(go_out(nat, "10.0.0.2", "203.0.113.1", 1).port, 5000);
}

static void test_sim_network_ports_are_contiguous_or_random(void **state)
{
    (void)state;
    for (sim_nat_ports ports = SIM_NAT_RANDOM; ports <= SIM_NAT_SEQUENTIAL; ports++) {
        sim_nat *nat = begin_nat(&(sim_nat_config){.ports = ports});
        uint16_t first = go_out(nat, "10.0.0.1", "203.0.113.1", 1).port;
        uint16_t second = go_out(nat, "10.0.0.2", "203.0.113.1", 1).port;
        uint16_t third = go_out(nat, "10.0.0.3", "203.0.113.1", 1).port;
        bool is_contiguous = second == first + 1 && third == second + 1;
        assert_int_equal(is_contiguous, ports == SIM_NAT_SEQUENTIAL);
        assert_true(first != second && second != third && first != third && first != 5000);
    }
}

static void test_sim_network_contiguous_ports_begin_again_at_the_end(void **state)
{
    (void)state;
    sim_nat *nat = begin_nat(&(sim_nat_config){.ports = SIM_NAT_SEQUENTIAL});
    nat->next_port = 65535;
    assert_int_equal(go_out(nat, "10.0.0.1", "203.0.113.1", 1).port, 65535);
    assert_true(go_out(nat, "10.0.0.2", "203.0.113.1", 1).port > 1023);
}

static void test_sim_network_overloaded_port_is_told_apart_by_the_remote_end(void **state)
{
    (void)state;
    sim_nat *nat = begin_nat(&(sim_nat_config){.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                               .filtering = SIM_NAT_ENDPOINT_INDEPENDENT,
                                               .ports = SIM_NAT_OVERLOAD});
    floe_addr outside = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
    floe_addr shared = go_out(nat, "10.0.0.2", "203.0.113.2", 1);
    floe_addr inside, wanted = at("10.0.0.2", 5000), remote = at("203.0.113.2", 1);
    assert_true(floe_addr_equal(&outside, &shared));
    assert_true(sim_nat_in(nat, 0, &shared, &remote, &inside));
    assert_true(floe_addr_equal(&inside, &wanted));
}

static void test_sim_network_mapping_lives_as_long_as_it_is_used_from_inside(void **state)
{
    (void)state;
    sim_nat *nat = begin_nat(&(sim_nat_config){.timeout = 10});
    floe_addr from = at("10.0.0.1", 5000), to = at("203.0.113.1", 1), outside, inside;
    assert_true(sim_nat_out(nat, 0, &from, &to, &outside));
    assert_true(sim_nat_out(nat, 8, &from, &to, &outside));
    assert_true(sim_nat_in(nat, 17, &outside, &to, &inside));
    assert_false(sim_nat_in(nat, 18, &outside, &to, &inside)); /* coming in keeps nothing alive */
}

static void test_sim_network_pool_is_paired_or_arbitrary(void **state)
{
    (void)state;
    for (int is_arbitrary = 0; is_arbitrary <= 1; is_arbitrary++) {
        sim_nat *nat = begin_nat(&(sim_nat_config){.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                                   .pool = 3,
                                                   .is_pool_arbitrary = is_arbitrary != 0});
        floe_addr first = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
        floe_addr neighbour = go_out(nat, "10.0.0.2", "203.0.113.1", 1);
        bool is_kept = true;
        for (uint16_t port = 2; port < 20; port++) {
            floe_addr next = go_out(nat, "10.0.0.1", "203.0.113.1", port);
            assert_true(sim_nat_owns(nat, &next));
            is_kept = is_kept && floe_addr_ip_equal(&first, &next);
        }
        assert_int_equal(is_kept, !is_arbitrary);
        assert_true(is_arbitrary || !floe_addr_ip_equal(&first, &neighbour));
    }
}

static void test_sim_network_nat_that_rebinds_gives_another_port_or_address(void **state)
{
    (void)state;
    sim_nat *nat = begin_nat(&(sim_nat_config){0});
    floe_addr first = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
    floe_addr elsewhere = at("192.0.2.77", 0);
    sim_nat_forget(nat);
    assert_false(is_in(nat, &first, "203.0.113.1", 1));
    floe_addr again = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
    assert_true(floe_addr_equal(&first, &again));
    sim_nat_move(nat, &elsewhere);
    floe_addr moved = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
    assert_true(floe_addr_ip_equal(&moved, &elsewhere));
    sim_nat_rebind(nat);
    floe_addr rebound = go_out(nat, "10.0.0.1", "203.0.113.1", 1);
    assert_false(floe_addr_equal(&moved, &rebound));
}

/* ---- topologies ---- */

static const sim_link link_1ms = {.delay = FLOE_MS};

/* Send one byte, and say who got it and from whom; false: nobody did. */
static bool carry(sim_net *net, int host, const floe_path *path, sim_datagram *out)
{
    sim_net_send(net, 0, host, path, FLOE_LIT("x"));
    return sim_net_poll(net, FLOE_SECOND, out);
}

/* Send, and have it sent back to where it came from. */
static void expect_echo(sim_net *net, int host, const floe_path *path, int server)
{
    sim_datagram there, back;
    assert_true(carry(net, host, path, &there));
    assert_int_equal(there.host, server);
    assert_true(carry(net, server, &there.path, &back));
    assert_int_equal(back.host, host);
    assert_true(floe_path_equal(&back.path, path));
}

static void test_sim_network_home_nat_behind_a_carriers(void **state)
{
    (void)state;
    sim_net net;
    sim_datagram there;
    sim_net_init(&net, SEED);
    int server = sim_net_add_host(&net, SIM_CORE, &link_1ms);
    sim_net_add_addr(&net, server, "203.0.113.1");
    sim_nat_config strict = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
    int carrier = sim_net_add_nat(&net, SIM_CORE, &link_1ms, "192.0.2.1", &strict);
    int home = sim_net_add_nat(&net, carrier, &link_1ms, "100.64.0.1", &strict);
    int host = sim_net_add_host(&net, home, &link_1ms);
    sim_net_add_addr(&net, host, "10.0.0.1");
    floe_path path = {at("10.0.0.1", 5000), at("203.0.113.1", 1), FLOE_UDP};
    expect_echo(&net, host, &path, server);
    assert_int_equal(net.nodes[home].nat->mapping_count, 1);
    assert_int_equal(net.nodes[carrier].nat->mapping_count, 1);
    assert_true(floe_addr_ip_equal(&net.nodes[carrier].nat->mappings[0].inside,
                                   &net.nodes[home].nat->public_addr));
    floe_path stranger = {at("203.0.113.1", 2), at("192.0.2.1", 5000), FLOE_UDP};
    assert_false(carry(&net, server, &stranger, &there));
    sim_net_free(&net);
}

static void test_sim_network_nat64_reaches_ipv4_at_synthesized_addresses(void **state)
{
    (void)state;
    sim_net net;
    sim_datagram there;
    sim_net_init(&net, SEED);
    int server = sim_net_add_host(&net, SIM_CORE, &link_1ms);
    sim_net_add_addr(&net, server, "203.0.113.1");
    sim_net_add_addr(&net, server, "2001:db8:5::1");
    sim_nat_config nat64 = {.is_nat64 = true, .filtering = SIM_NAT_ADDRESS_DEPENDENT};
    int box = sim_net_add_nat(&net, SIM_CORE, &link_1ms, "192.0.2.1", &nat64);
    int host = sim_net_add_host(&net, box, &link_1ms);
    sim_net_add_addr(&net, host, "2001:db8:a::1");
    floe_path path = {at("2001:db8:a::1", 5000), at("64:ff9b::cb00:7101", 1), FLOE_UDP};
    assert_true(carry(&net, host, &path, &there));
    assert_true(floe_addr_ip_equal(&there.path.remote, &net.nodes[box].nat->public_addr));
    expect_echo(&net, host, &path, server);
    path.remote = at("2001:db8:5::1", 1); /* what is IPv6 anyway stays as it is */
    expect_echo(&net, host, &path, server);
    sim_net_free(&net);
}

static void test_sim_network_firewall_lets_out_what_it_says(void **state)
{
    (void)state;
    for (sim_nat_open open = SIM_NAT_OPEN; open <= SIM_NAT_OPEN_TCP_443; open++) {
        sim_net net;
        sim_datagram there;
        sim_net_init(&net, SEED);
        int server = sim_net_add_host(&net, SIM_CORE, &link_1ms);
        sim_net_add_addr(&net, server, "203.0.113.1");
        sim_nat_config config = {.open = open};
        int box = sim_net_add_nat(&net, SIM_CORE, &link_1ms, "192.0.2.1", &config);
        int host = sim_net_add_host(&net, box, &link_1ms);
        sim_net_add_addr(&net, host, "10.0.0.1");
        floe_path path = {at("10.0.0.1", 5000), at("203.0.113.1", 443), FLOE_UDP};
        assert_int_equal(carry(&net, host, &path, &there), open == SIM_NAT_OPEN);
        path.transport = FLOE_TCP;
        assert_true(carry(&net, host, &path, &there));
        assert_int_equal(there.path.transport, FLOE_TCP);
        path.remote.port = 3478;
        assert_int_equal(carry(&net, host, &path, &there), open != SIM_NAT_OPEN_TCP_443);
        sim_net_free(&net);
    }
}

/* ---- links ---- */

#define PACKETS 100000u

typedef struct tally {
    uint32_t lost, longest_run;
} tally;

static tally send_many(const sim_link *link)
{
    sim_lane lane = {.link = *link};
    sim_random random = sim_random_begin(SEED, 1);
    tally t = {0, 0};
    uint32_t run = 0;
    for (uint32_t i = 0; i < PACKETS; i++) {
        bool is_lost = sim_lane_cross(&lane, &random, i, 100, false).at == FLOE_TIME_NEVER;
        run = is_lost ? run + 1 : 0;
        t.lost += is_lost;
        t.longest_run = run > t.longest_run ? run : t.longest_run;
    }
    return t;
}

static void test_sim_network_bursts_lose_as_much_as_they_should(void **state)
{
    (void)state;
    /* One packet in 100 begins a burst of 10 on average: 10 of 109 or so. */
    tally bursts = send_many(&(sim_link){.burst_begins = 10, .burst_ends = 100});
    tally singles = send_many(&(sim_link){.loss = 92});
    assert_in_range(bursts.lost, PACKETS * 82 / 1000, PACKETS * 102 / 1000);
    assert_in_range(singles.lost, PACKETS * 82 / 1000, PACKETS * 102 / 1000);
    assert_true(bursts.longest_run > 30);
    assert_true(singles.longest_run < 10);
    tally spared =
        send_many(&(sim_link){.burst_begins = 10, .burst_ends = 100, .burst_spares = 500});
    assert_in_range(spared.lost, bursts.lost * 4 / 10, bursts.lost * 6 / 10);
}

static void test_sim_network_queue_delays_and_then_drops(void **state)
{
    (void)state;
    sim_lane lane = {.link = {.delay = 5 * FLOE_MS, .rate = 1000000, .queue = 10000}};
    sim_random random = sim_random_begin(SEED, 1);
    for (uint64_t i = 0; i < 10; i++) { /* a kilobyte takes a millisecond */
        floe_time arrives = sim_lane_cross(&lane, &random, 0, 1000, false).at;
        assert_int_equal(arrives, (6 + i) * FLOE_MS);
    }
    assert_true(sim_lane_cross(&lane, &random, 0, 1000, false).at == FLOE_TIME_NEVER);
    assert_int_equal(sim_lane_cross(&lane, &random, 2 * FLOE_MS, 1000, false).at, 16 * FLOE_MS);
}

static void test_sim_network_mtu_swallows_larger_packets(void **state)
{
    (void)state;
    sim_lane lane = {.link = {.mtu = 1280}};
    sim_random random = sim_random_begin(SEED, 1);
    assert_true(sim_lane_cross(&lane, &random, 0, 1280, false).at == 0);
    assert_true(sim_lane_cross(&lane, &random, 0, 1281, false).at == FLOE_TIME_NEVER);
}

static void test_sim_network_tcp_loses_nothing_and_keeps_its_order(void **state)
{
    (void)state;
    sim_lane lane = {.link = {.delay = 10,
                              .jitter = 50,
                              .loss = 300,
                              .duplicate = 300,
                              .corrupt = 300,
                              .reorder = 300}};
    sim_random random = sim_random_begin(SEED, 1);
    floe_time last = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        sim_fate fate = sim_lane_cross(&lane, &random, i, 100, true);
        assert_true(fate.at != FLOE_TIME_NEVER && fate.at >= last);
        assert_true(fate.twin_at == FLOE_TIME_NEVER && !fate.is_corrupt);
        last = fate.at;
    }
    assert_true(last > 200 * FLOE_MS); /* what was lost was waited for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_network_mapping_depends_on_what_it_says),
        cmocka_unit_test(test_sim_network_filtering_depends_on_what_it_says),
        cmocka_unit_test(test_sim_network_ports_are_preserved_if_they_are_free),
        cmocka_unit_test(test_sim_network_ports_are_contiguous_or_random),
        cmocka_unit_test(test_sim_network_contiguous_ports_begin_again_at_the_end),
        cmocka_unit_test(test_sim_network_overloaded_port_is_told_apart_by_the_remote_end),
        cmocka_unit_test(test_sim_network_mapping_lives_as_long_as_it_is_used_from_inside),
        cmocka_unit_test(test_sim_network_pool_is_paired_or_arbitrary),
        cmocka_unit_test(test_sim_network_nat_that_rebinds_gives_another_port_or_address),
        cmocka_unit_test(test_sim_network_home_nat_behind_a_carriers),
        cmocka_unit_test(test_sim_network_nat64_reaches_ipv4_at_synthesized_addresses),
        cmocka_unit_test(test_sim_network_firewall_lets_out_what_it_says),
        cmocka_unit_test(test_sim_network_bursts_lose_as_much_as_they_should),
        cmocka_unit_test(test_sim_network_queue_delays_and_then_drops),
        cmocka_unit_test(test_sim_network_mtu_swallows_larger_packets),
        cmocka_unit_test(test_sim_network_tcp_loses_nothing_and_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
