/* tests of stun/stun_discovery.c: RFC 5780, against a NAT and a server in memory. */
#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "stun/stun_msg.h"
#include "support/nat_net.h"
#include "support/unit.h"

typedef struct fixture {
    nat_net net;
    floe_stun_discovery_config config;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out;
} fixture;

static fixture *begin(void **state, const sim_nat_config *nat, uint64_t seed)
{
    fixture *f = *state;
    memset(f, 0, sizeof *f);
    nat_net_init(&f->net, nat, seed);
    f->config = nat_net_config(&f->net);
    f->out = (floe_transmit){.buf = f->buf, .cap = sizeof f->buf};
    return f;
}

static int setup(void **state)
{
    static fixture f;
    *state = &f;
    return 0;
}

static floe_stun_rule rule_of(sim_nat_rule rule)
{
    switch (rule) {
    case SIM_NAT_ENDPOINT_INDEPENDENT:
        return FLOE_STUN_RULE_ENDPOINT_INDEPENDENT;
    case SIM_NAT_ADDRESS_DEPENDENT:
        return FLOE_STUN_RULE_ADDRESS_DEPENDENT;
    case SIM_NAT_ADDRESS_AND_PORT_DEPENDENT:
        return FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT;
    }
    return FLOE_STUN_RULE_UNKNOWN;
}

/* Each mapping with each filtering, and with the two ways to give ports. */
static void check_every_nat(void **state, uint32_t loss, uint64_t seeds)
{
    for (unsigned i = 0; i < 18 * seeds; i++) {
        sim_nat_config nat = {.mapping = (sim_nat_rule)(i % 3),
                              .filtering = (sim_nat_rule)(i / 3 % 3),
                              .ports = i / 9 % 2 != 0 ? SIM_NAT_SEQUENTIAL : SIM_NAT_RANDOM};
        fixture *f = begin(state, &nat, i);
        f->net.loss = loss;
        const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
        assert_int_equal(r->mapping, rule_of(nat.mapping));
        assert_int_equal(r->filtering, rule_of(nat.filtering));
        assert_int_equal(r->mapping_doubt, FLOE_STUN_DOUBT_NONE);
        assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_NONE);
        assert_true(r->is_translated);
    }
}

static void test_stun_discovery_tells_every_mapping_and_filtering(void **state)
{
    check_every_nat(state, 0, 3);
}

static void test_stun_discovery_tells_them_with_a_third_of_packets_lost(void **state)
{
    check_every_nat(state, 300, 30);
}

static void test_stun_discovery_is_quick_where_nothing_is_filtered(void **state)
{
    sim_nat_config nat = {.hairpin = true};
    fixture *f = begin(state, &nat, 1);
    (void)nat_net_run(&f->net, &f->config);
    assert_true(f->net.now < FLOE_SECOND);
}

static void test_stun_discovery_is_through_within_twenty_seconds(void **state)
{
    sim_nat_config nat = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                          .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                          .ports = SIM_NAT_RANDOM};
    fixture *f = begin(state, &nat, 1);
    (void)nat_net_run(&f->net, &f->config);
    assert_true(f->net.now < 20 * FLOE_SECOND);
    assert_true(f->net.sent < 80);
}

static void test_stun_discovery_tells_our_address_outside(void **state)
{
    sim_nat_config nat = {.ports = SIM_NAT_PRESERVE};
    fixture *f = begin(state, &nat, 1);
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    floe_addr want = floe_addr_from_ipv4(203, 0, 113, 1, f->config.local.port);
    assert_int_equal(r->binding_doubt, FLOE_STUN_DOUBT_NONE);
    assert_true(floe_addr_equal(&r->mapped, &want));
    assert_true(floe_addr_equal(&r->other, &f->net.server.other));
    assert_false(r->is_rewritten);
}

static void test_stun_discovery_tells_each_part_once_and_then_done(void **state)
{
    sim_nat_config nat = {.hairpin = true, .timeout = 20 * FLOE_SECOND};
    fixture *f = begin(state, &nat, 1);
    f->config.lifetime_max = 60 * FLOE_SECOND;
    (void)nat_net_run(&f->net, &f->config);
    for (int i = 0; i <= FLOE_STUN_DISCOVERY_DONE; i++) {
        assert_int_equal(f->net.event_count[i], 1);
    }
}

static void test_stun_discovery_without_nat_says_so(void **state)
{
    fixture *f = begin(state, NULL, 1);
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_false(r->is_translated);
    assert_int_equal(r->mapping, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT);
    assert_int_equal(r->filtering, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT);
    assert_int_equal(r->hairpin_doubt, FLOE_STUN_DOUBT_NO_NAT);
    assert_int_equal(r->lifetime_doubt, FLOE_STUN_DOUBT_NO_NAT);
}

static void test_stun_discovery_of_a_silent_server_ends(void **state)
{
    fixture *f = begin(state, NULL, 1);
    f->net.is_dead = true;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->binding_doubt, FLOE_STUN_DOUBT_SILENT);
    assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_SILENT);
    assert_int_equal(r->mapped.family, 0);
    assert_int_equal(f->net.sent, 16);
    assert_true(f->net.now < 6 * FLOE_SECOND);
}

static void test_stun_discovery_of_a_server_with_one_address_says_what_is_missing(void **state)
{
    sim_nat_config nat = {.hairpin = true};
    fixture *f = begin(state, &nat, 1);
    f->net.server.other.family = 0;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->binding_doubt, FLOE_STUN_DOUBT_NONE);
    assert_int_equal(r->mapping_doubt, FLOE_STUN_DOUBT_NO_OTHER);
    assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_NO_OTHER);
    assert_true(r->has_hairpin);
    assert_int_equal(f->net.sent, 3);
}

static void test_stun_discovery_without_nat_knows_the_mapping_from_one_address(void **state)
{
    fixture *f = begin(state, NULL, 1);
    f->net.server.other.family = 0;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->mapping, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT);
    assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_NO_OTHER);
}

/* A second address with one part alike, on this machine, or of the any-address, tells nothing. */
static void test_stun_discovery_does_not_use_an_other_address_that_is_not_other(void **state)
{
    const floe_addr bad[] = {
        floe_addr_from_ipv4(192, 0, 2, 10, 3479), floe_addr_from_ipv4(198, 51, 100, 20, 3478),
        floe_addr_from_ipv4(0, 0, 0, 0, 3479),    floe_addr_from_ipv4(127, 0, 0, 1, 3479),
        floe_addr_from_ipv4(224, 0, 0, 1, 3479),  floe_addr_from_ipv4(198, 51, 100, 20, 0),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fixture *f = begin(state, &(sim_nat_config){.hairpin = false}, i);
        f->config.local2.family = 0;
        f->net.server.other = bad[i];
        const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
        assert_int_equal(r->mapping_doubt, FLOE_STUN_DOUBT_BAD_OTHER);
        assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_BAD_OTHER);
        assert_int_equal(f->net.sent, 1);
    }
}

/* coturn with four listening addresses: its second address names itself as the other one. */
static void test_stun_discovery_trusts_the_first_other_address_only(void **state)
{
    sim_nat_config nat = {.mapping = SIM_NAT_ADDRESS_DEPENDENT,
                          .filtering = SIM_NAT_ADDRESS_DEPENDENT,
                          .ports = SIM_NAT_RANDOM};
    fixture *f = begin(state, &nat, 1);
    f->net.has_alike_others = true;
    f->config.local2.family = 0; /* so that the last answers are those to be passed over */
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_true(floe_addr_equal(&r->other, &f->net.server.other));
    assert_int_equal(r->mapping, FLOE_STUN_RULE_ADDRESS_DEPENDENT);
    assert_int_equal(r->filtering, FLOE_STUN_RULE_ADDRESS_DEPENDENT);
}

static void test_stun_discovery_does_not_take_a_dead_second_address_for_a_filter(void **state)
{
    sim_nat_config nat = {.ports = SIM_NAT_RANDOM};
    fixture *f = begin(state, &nat, 1);
    f->net.has_dead_other = true;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->mapping_doubt, FLOE_STUN_DOUBT_OTHER_SILENT);
    assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_OTHER_SILENT);
    assert_int_equal(r->mapping, FLOE_STUN_RULE_UNKNOWN);
    assert_int_equal(r->filtering, FLOE_STUN_RULE_UNKNOWN);
}

static void test_stun_discovery_notices_that_change_request_is_ignored(void **state)
{
    fixture *f = begin(state, &(sim_nat_config){.hairpin = false}, 1);
    f->net.ignores_change = true;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->filtering_doubt, FLOE_STUN_DOUBT_NOT_HONOURED);
    assert_int_equal(r->mapping, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT);
}

static void test_stun_discovery_notices_rewritten_addresses(void **state)
{
    fixture *f = begin(state, &(sim_nat_config){.hairpin = false}, 1);
    f->net.rewrites = true;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_true(r->is_rewritten);
    assert_int_equal(r->mapped.ip[0], 203);
}

static void test_stun_discovery_tells_hairpinning(void **state)
{
    for (unsigned i = 0; i < 6; i++) {
        sim_nat_config nat = {.filtering = (sim_nat_rule)(i / 2), .hairpin = i % 2 != 0};
        fixture *f = begin(state, &nat, i);
        const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
        assert_int_equal(r->hairpin_doubt, FLOE_STUN_DOUBT_NONE);
        assert_int_equal(r->has_hairpin, nat.hairpin);
    }
}

static void test_stun_discovery_without_second_socket_leaves_out_what_needs_it(void **state)
{
    fixture *f = begin(state, &(sim_nat_config){.hairpin = true}, 1);
    f->config.local2.family = 0;
    f->config.lifetime_max = 60 * FLOE_SECOND;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->hairpin_doubt, FLOE_STUN_DOUBT_NOT_ASKED);
    assert_int_equal(r->lifetime_doubt, FLOE_STUN_DOUBT_NOT_ASKED);
}

static void test_stun_discovery_finds_the_life_of_a_mapping(void **state)
{
    static const unsigned seconds[] = {11, 30, 61, 100};
    for (size_t i = 0; i < 8; i++) {
        floe_time life = seconds[i / 2] * FLOE_SECOND;
        sim_nat_config nat = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                              .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                              .ports = i % 2 != 0 ? SIM_NAT_RANDOM : SIM_NAT_PRESERVE,
                              .timeout = life};
        fixture *f = begin(state, &nat, i);
        f->config.lifetime_max = 180 * FLOE_SECOND;
        const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
        assert_int_equal(r->lifetime_doubt, FLOE_STUN_DOUBT_NONE);
        assert_in_range(r->lifetime_min, 1, life);
        assert_in_range(r->lifetime_max, life - FLOE_SECOND, 180 * FLOE_SECOND);
        assert_true(r->lifetime_max - r->lifetime_min <= life / 15 + FLOE_SECOND);
    }
}

static void test_stun_discovery_does_not_look_beyond_the_lifetime_asked_for(void **state)
{
    fixture *f = begin(state, &(sim_nat_config){.hairpin = false}, 1);
    f->config.lifetime_max = 50 * FLOE_SECOND;
    const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
    assert_int_equal(r->lifetime_doubt, FLOE_STUN_DOUBT_NONE);
    assert_int_equal(r->lifetime_min, 50 * FLOE_SECOND);
    assert_int_equal(r->lifetime_max, FLOE_TIME_NEVER);
}

static void test_stun_discovery_notices_that_response_port_does_not_work(void **state)
{
    for (int i = 0; i < 3; i++) {
        fixture *f = begin(state, &(sim_nat_config){.hairpin = false}, 1);
        f->config.lifetime_max = 60 * FLOE_SECOND;
        f->net.ignores_port = i == 0;
        f->net.loses_port = i == 1;
        f->net.server.other.family = i < 2 ? 4 : 0; /* a plain server answers 420 */
        const floe_stun_discovery_report *r = nat_net_run(&f->net, &f->config);
        assert_int_equal(r->lifetime_doubt, FLOE_STUN_DOUBT_NOT_HONOURED);
        assert_int_equal(r->lifetime_min, 0);
    }
}

static void test_stun_discovery_init_refuses_what_it_cannot_use(void **state)
{
    fixture *f = begin(state, NULL, 1);
    floe_stun_discovery *d = &f->net.discovery;
    floe_stun_discovery_config good = f->config, c = good;
    c.local = floe_addr_from_ipv4(0, 0, 0, 0, 5);
    assert_int_equal(floe_stun_discovery_init(d, &c, 0), FLOE_E_ARG);
    c = good;
    c.local.port = 0;
    assert_int_equal(floe_stun_discovery_init(d, &c, 0), FLOE_E_ARG);
    c = good;
    c.server.family = 6;
    assert_int_equal(floe_stun_discovery_init(d, &c, 0), FLOE_E_ARG);
    c = good;
    c.server = (floe_addr){.family = 0};
    assert_int_equal(floe_stun_discovery_init(d, &c, 0), FLOE_E_ARG);
    c = good;
    c.rand.fill = NULL;
    assert_int_equal(floe_stun_discovery_init(d, &c, 0), FLOE_E_ARG);
    assert_int_equal(floe_stun_discovery_init(d, &good, 0), FLOE_OK);
}

/* Begin by hand: the first request is out. Returns a response to it. */
static floe_bytes begin_by_hand(fixture *f, uint16_t extra, uint8_t answer[256])
{
    floe_stun_msg request;
    floe_stun_writer w;
    floe_bytes packet;
    assert_int_equal(floe_stun_discovery_init(&f->net.discovery, &f->config, 0), FLOE_OK);
    assert_true(floe_stun_discovery_poll_transmit(&f->net.discovery, &f->out));
    packet = (floe_bytes){f->out.buf, f->out.len};
    assert_int_equal(floe_stun_msg_parse(&request, packet), FLOE_OK);
    floe_stun_writer_begin(&w, answer, 256, FLOE_STUN_SUCCESS, FLOE_STUN_BINDING, request.tid);
    if (extra != FLOE_STUN_XOR_MAPPED_ADDRESS) {
        floe_stun_writer_put_bytes(&w, extra, FLOE_LIT("what?"));
    } else {
        floe_stun_writer_put_addr(&w, extra, &f->config.local);
    }
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    return packet;
}

static void assert_untouched(const fixture *f)
{
    const floe_stun_discovery_report *r = floe_stun_discovery_get(&f->net.discovery);
    assert_int_equal(r->binding_doubt, FLOE_STUN_DOUBT_PENDING);
    assert_int_equal(r->mapped.family, 0);
}

static void test_stun_discovery_believes_no_answer_from_elsewhere(void **state)
{
    fixture *f = begin(state, NULL, 1);
    uint8_t answer[256];
    floe_bytes packet = begin_by_hand(f, FLOE_STUN_XOR_MAPPED_ADDRESS, answer);
    floe_path path = {.local = f->config.local2, .remote = f->config.server};
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet),
                     FLOE_E_UNKNOWN);
    path = (floe_path){.local = f->config.local, .remote = f->net.server.other};
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet),
                     FLOE_E_UNKNOWN);
    assert_untouched(f);
    path.remote = f->config.server;
    answer[10] ^= 1; /* the transaction id */
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet),
                     FLOE_E_UNKNOWN);
    assert_untouched(f);
    answer[10] ^= 1;
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet), FLOE_OK);
    assert_int_equal(floe_stun_discovery_get(&f->net.discovery)->binding_doubt,
                     FLOE_STUN_DOUBT_NONE);
}

static void test_stun_discovery_drops_an_answer_that_it_cannot_use(void **state)
{
    fixture *f = begin(state, NULL, 1);
    uint8_t answer[256];
    floe_path path = {.local = f->config.local, .remote = f->config.server};
    floe_bytes packet = begin_by_hand(f, 0x7f00, answer);
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet),
                     FLOE_E_UNSUPPORTED);
    packet = begin_by_hand(f, FLOE_STUN_SOFTWARE, answer); /* and no address */
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, packet),
                     FLOE_E_MALFORMED);
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, FLOE_LIT("hello")),
                     FLOE_E_MALFORMED);
    assert_untouched(f);
}

static void test_stun_discovery_does_not_take_its_own_request_for_an_answer(void **state)
{
    fixture *f = begin(state, NULL, 1);
    uint8_t answer[256];
    (void)begin_by_hand(f, FLOE_STUN_XOR_MAPPED_ADDRESS, answer);
    floe_path path = {.local = f->config.local2, .remote = f->config.server};
    floe_bytes request = {f->out.buf, f->out.len};
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 0, &path, request),
                     FLOE_E_UNKNOWN);
    assert_untouched(f);
}

static void test_stun_discovery_reports_an_error_response(void **state)
{
    fixture *f = begin(state, NULL, 1);
    uint8_t answer[256];
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_discovery_event event;
    (void)begin_by_hand(f, FLOE_STUN_XOR_MAPPED_ADDRESS, answer);
    floe_stun_writer_begin(&w, answer, sizeof answer, FLOE_STUN_ERROR, FLOE_STUN_BINDING,
                           f->out.buf + 8);
    floe_stun_writer_put_error(&w, 401);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    floe_path path = {.local = f->config.local, .remote = f->config.server};
    assert_int_equal(floe_stun_discovery_input(&f->net.discovery, 5, &path, packet), FLOE_OK);
    const floe_stun_discovery_report *r = floe_stun_discovery_get(&f->net.discovery);
    assert_int_equal(r->binding_doubt, FLOE_STUN_DOUBT_REFUSED);
    assert_int_equal(r->error, 401);
    assert_true(floe_stun_discovery_poll_event(&f->net.discovery, &event));
    assert_int_equal(event, FLOE_STUN_DISCOVERY_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_discovery_tells_every_mapping_and_filtering),
        cmocka_unit_test(test_stun_discovery_tells_them_with_a_third_of_packets_lost),
        cmocka_unit_test(test_stun_discovery_is_quick_where_nothing_is_filtered),
        cmocka_unit_test(test_stun_discovery_is_through_within_twenty_seconds),
        cmocka_unit_test(test_stun_discovery_tells_our_address_outside),
        cmocka_unit_test(test_stun_discovery_tells_each_part_once_and_then_done),
        cmocka_unit_test(test_stun_discovery_without_nat_says_so),
        cmocka_unit_test(test_stun_discovery_of_a_silent_server_ends),
        cmocka_unit_test(test_stun_discovery_of_a_server_with_one_address_says_what_is_missing),
        cmocka_unit_test(test_stun_discovery_without_nat_knows_the_mapping_from_one_address),
        cmocka_unit_test(test_stun_discovery_does_not_use_an_other_address_that_is_not_other),
        cmocka_unit_test(test_stun_discovery_trusts_the_first_other_address_only),
        cmocka_unit_test(test_stun_discovery_does_not_take_a_dead_second_address_for_a_filter),
        cmocka_unit_test(test_stun_discovery_notices_that_change_request_is_ignored),
        cmocka_unit_test(test_stun_discovery_notices_rewritten_addresses),
        cmocka_unit_test(test_stun_discovery_tells_hairpinning),
        cmocka_unit_test(test_stun_discovery_without_second_socket_leaves_out_what_needs_it),
        cmocka_unit_test(test_stun_discovery_finds_the_life_of_a_mapping),
        cmocka_unit_test(test_stun_discovery_does_not_look_beyond_the_lifetime_asked_for),
        cmocka_unit_test(test_stun_discovery_notices_that_response_port_does_not_work),
        cmocka_unit_test(test_stun_discovery_init_refuses_what_it_cannot_use),
        cmocka_unit_test(test_stun_discovery_believes_no_answer_from_elsewhere),
        cmocka_unit_test(test_stun_discovery_drops_an_answer_that_it_cannot_use),
        cmocka_unit_test(test_stun_discovery_does_not_take_its_own_request_for_an_answer),
        cmocka_unit_test(test_stun_discovery_reports_an_error_response),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
