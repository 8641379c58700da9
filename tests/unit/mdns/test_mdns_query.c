/* tests/unit/mdns/test_mdns_query.c - names of others: how often they are asked for, and which
 * answers count. */
#include "mdns/mdns_node.h"

#include <stdio.h>
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

static floe_mdns_question question_of(const mdns_net_packet *packet)
{
    floe_mdns_msg msg;
    floe_mdns_question question;
    assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){packet->bytes, packet->len}), FLOE_OK);
    assert_false(msg.is_response);
    assert_int_equal(msg.id, 0);
    floe_mdns_cursor cursor = floe_mdns_msg_begin(&msg);
    assert_true(floe_mdns_msg_next_question(&msg, &cursor, &question));
    return question;
}

/* An answer of node 2 about NAME with these IPv4 addresses, 203.0.113.x each. */
static void answer(const char *last_bytes, uint32_t ttl_s)
{
    uint8_t buf[512], ip[] = {203, 0, 113, 0};
    floe_mdns_writer w;
    floe_bytes packet;
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 12, FLOE_MDNS_PORT);
    floe_mdns_writer_begin(&w, buf, sizeof buf, 0, true);
    for (; *last_bytes != '\0'; last_bytes++) {
        ip[3] = (uint8_t)*last_bytes;
        floe_mdns_record record = {.name = question_of(&net.sent[0]).name,
                                   .type = FLOE_MDNS_TYPE_A,
                                   .class_ = FLOE_MDNS_CLASS_IN,
                                   .ttl_s = ttl_s,
                                   .data = {ip, sizeof ip},
                                   .section = FLOE_MDNS_ANSWER};
        floe_mdns_writer_put_record(&w, &record);
    }
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(mdns_net_input(&net, 1, &from, packet), FLOE_OK);
    mdns_net_drain(&net);
}

/* RFC 6762 section 5.2: at 0, 1, 3 and 7 s; then patience is over. */
static void test_mdns_query_is_repeated_at_growing_intervals_and_given_up(void **state)
{
    (void)state;
    static const floe_time at_s[] = {0, 1, 3, 7};
    floe_time start = net.now;
    uint32_t request = mdns_net_resolve(&net, 1, NAME);
    mdns_net_run(&net, FLOE_MDNS_PATIENCE - 1);
    assert_int_equal(net.sent_count, 8);
    for (size_t i = 0; i < net.sent_count; i++) {
        assert_int_equal(net.sent[i].at, start + at_s[i / 2] * FLOE_SECOND);
    }
    assert_int_equal(net.event_count[1], 0);
    mdns_net_run(&net, 1);
    assert_int_equal(net.event_count[1], 1);
    assert_int_equal(net.events[1].request, request);
    assert_int_equal(net.events[1].addr.family, 0);
    assert_int_equal(floe_mdns_node_deadline(&net.nodes[1]), FLOE_TIME_NEVER);
}

static void test_mdns_query_asks_for_both_families(void **state)
{
    (void)state;
    floe_mdns_name name, asked;
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    assert_int_equal(floe_mdns_name_parse(&name, FLOE_LIT(NAME)), FLOE_OK);
    for (size_t i = 0; i < 2; i++) {
        floe_mdns_question q = question_of(&net.sent[i]);
        assert_int_equal(q.type, i == 0 ? FLOE_MDNS_TYPE_A : FLOE_MDNS_TYPE_AAAA);
        assert_int_equal(q.class_, FLOE_MDNS_CLASS_IN);
        assert_int_equal(
            floe_mdns_name_parse_labels(&asked, (floe_bytes){q.name.bytes, q.name.len}), FLOE_OK);
        assert_true(floe_mdns_name_equal(&name, &asked));
    }
}

/* Chromium hears neither a query with several questions nor one with the bit for a unicast answer.
 */
static void test_mdns_query_is_a_packet_with_one_plain_question(void **state)
{
    (void)state;
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_run(&net, FLOE_MDNS_PATIENCE);
    assert_int_equal(net.sent_count, 8);
    for (size_t i = 0; i < net.sent_count; i++) {
        assert_int_equal(floe_load_u16(net.sent[i].bytes + 4), 1);
        assert_int_equal(net.sent[i].len, 60);
        assert_false(question_of(&net.sent[i]).wants_unicast);
    }
}

static void test_mdns_query_says_full_and_asks_for_several_names(void **state)
{
    (void)state;
    char name[] = NAME;
    for (unsigned i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        (void)snprintf(name, 3, "%02x", i);
        name[2] = 'e';
        (void)mdns_net_resolve(&net, 1, name);
    }
    uint32_t request;
    assert_int_equal(floe_mdns_node_resolve(&net.nodes[1], FLOE_LIT(NAME), &request), FLOE_E_FULL);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, 2 * FLOE_MDNS_QUERY_MAX);
    net.sent_count = 0;
    mdns_net_run(&net, 2 * FLOE_SECOND);
    net.sent_count = 0;
    mdns_net_run(&net, FLOE_MDNS_PATIENCE);
    assert_int_equal(net.event_count[1], FLOE_MDNS_QUERY_MAX);
    assert_int_equal(floe_mdns_node_resolve(&net.nodes[1], FLOE_LIT(NAME), &request), FLOE_OK);
}

/* Draft section 3.2.2. */
static void test_mdns_query_refuses_names_that_are_no_uuid(void **state)
{
    (void)state;
    uint32_t request;
    floe_mdns_node *node = &net.nodes[1];
    assert_int_equal(floe_mdns_node_resolve(node, FLOE_LIT("printer.local"), &request),
                     FLOE_E_UNSUPPORTED);
    assert_int_equal(floe_mdns_node_resolve(node, FLOE_LIT("example.com"), &request),
                     FLOE_E_UNSUPPORTED);
}

static void expect_addr(const char *packet, const char *name, const char *addr)
{
    char text[FLOE_ADDR_TEXT_MAX];
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 21, FLOE_MDNS_PORT);
    size_t before = net.event_count[1];
    (void)mdns_net_resolve(&net, 1, name);
    mdns_net_drain(&net);
    vector_file_find("mdns/browser_packets.txt", packet, &vec);
    assert_int_equal(mdns_net_input(&net, 1, &from, vec.bytes), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], before + 1);
    assert_string_equal(floe_addr_ip_text(&net.events[1].addr, text), addr);
}

static void test_mdns_query_understands_answers_of_browsers(void **state)
{
    (void)state;
    expect_addr("chromium-156 announcement A", NAME, "203.0.113.21");
    expect_addr("chromium-156 announcement AAAA", "1fbd0272-99a7-4a2f-ab41-8aab626ba595.local",
                "2001:db8:0:1::21");
    expect_addr("chromium-156 answer to A", "8731a106-9603-409f-9925-b36644042d6a.local",
                "2001:db8:0:1::21");
    expect_addr("firefox-153 answer A", "61F2B230-C776-4371-B356-F975999BFBE5.local",
                "203.0.113.21");
    expect_addr("firefox-153 answer AAAA", "79f37251-c044-48bf-a932-eff91c1abe13.local",
                "2001:db8:0:1::21");
}

/* Chromium announces names of candidates that have no address yet as 0.0.0.0. */
static void test_mdns_query_waits_on_where_the_address_is_none(void **state)
{
    (void)state;
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 21, FLOE_MDNS_PORT);
    (void)mdns_net_resolve(&net, 1, "655d7e1e-58b6-40c8-8853-a722628e7ae8.local");
    vector_file_find("mdns/browser_packets.txt", "chromium-156 announcement of nothing", &vec);
    assert_int_equal(mdns_net_input(&net, 1, &from, vec.bytes), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 0);
    assert_int_equal(net.sent_count, 2);
}

static void test_mdns_query_refuses_addresses_that_no_candidate_has(void **state)
{
    (void)state;
    static const uint8_t bad[][4] = {
        {127, 0, 0, 1}, {169, 254, 1, 1}, {224, 0, 0, 1}, {255, 255, 255, 255}, {0, 0, 0, 0}};
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 21, FLOE_MDNS_PORT);
    (void)mdns_net_resolve(&net, 1, NAME);
    vector_file_find("mdns/browser_packets.txt", "chromium-156 announcement A", &vec);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(vec.memory + 66, bad[i], 4); /* the record's data */
        assert_int_equal(mdns_net_input(&net, 1, &from, vec.bytes), FLOE_OK);
        mdns_net_drain(&net);
        assert_int_equal(net.event_count[1], 0);
    }
    vec.memory[66] = 10;
    assert_int_equal(mdns_net_input(&net, 1, &from, vec.bytes), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.events[1].addr.ip[0], 10);
}

/* Draft section 3.2.2: more than one address is none. The same one twice is one. */
static void test_mdns_query_ignores_a_name_with_several_addresses(void **state)
{
    (void)state;
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    answer("\x07\x08\x07", 120);
    assert_int_equal(net.event_count[1], 1);
    assert_int_equal(net.events[1].addr.family, 0);
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    answer("\x07\x07", 120);
    assert_int_equal(net.event_count[1], 2);
    assert_int_equal(net.events[1].addr.ip[3], 7);
}

static void test_mdns_query_does_not_take_a_goodbye_for_an_answer(void **state)
{
    (void)state;
    (void)mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    answer("\x07", 0);
    assert_int_equal(net.event_count[1], 0);
}

static void test_mdns_query_for_the_same_name_twice_is_answered_twice(void **state)
{
    (void)state;
    uint32_t a = mdns_net_resolve(&net, 1, NAME);
    uint32_t b = mdns_net_resolve(&net, 1, NAME);
    assert_int_not_equal(a, b);
    mdns_net_drain(&net);
    answer("\x07", 120);
    assert_int_equal(net.event_count[1], 2);
}

static void test_mdns_query_cancelled_gives_no_event(void **state)
{
    (void)state;
    uint32_t request = mdns_net_resolve(&net, 1, NAME);
    mdns_net_drain(&net);
    floe_mdns_node_cancel(&net.nodes[1], request);
    answer("\x07", 120);
    mdns_net_run(&net, 20 * FLOE_SECOND);
    assert_int_equal(net.event_count[1], 0);
    assert_int_equal(net.sent_count, 2);
}

static void test_mdns_query_for_a_name_of_ours_is_answered_at_once(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = floe_addr_from_ipv4(203, 0, 113, 11, 40000);
    mdns_net_register(&net, 1, &addr, name);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    size_t before = net.sent_count;
    (void)mdns_net_resolve(&net, 1, name);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 1);
    assert_true(floe_addr_ip_equal(&net.events[1].addr, &addr));
    assert_int_equal(net.sent_count, before);
}

static void test_mdns_query_asked_too_early_hears_the_announcement(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = floe_addr_from_ipv4(203, 0, 113, 10, 0);
    net.is_deaf[0] = true;
    mdns_net_register(&net, 0, &addr, name);
    (void)mdns_net_resolve(&net, 1, name);
    mdns_net_drain(&net);
    assert_int_equal(net.event_count[1], 1);
    assert_true(floe_addr_ip_equal(&net.events[1].addr, &addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mdns_query_is_repeated_at_growing_intervals_and_given_up,
                               setup),
        cmocka_unit_test_setup(test_mdns_query_asks_for_both_families, setup),
        cmocka_unit_test_setup(test_mdns_query_is_a_packet_with_one_plain_question, setup),
        cmocka_unit_test_setup(test_mdns_query_says_full_and_asks_for_several_names, setup),
        cmocka_unit_test_setup(test_mdns_query_refuses_names_that_are_no_uuid, setup),
        cmocka_unit_test_setup(test_mdns_query_understands_answers_of_browsers, setup),
        cmocka_unit_test_setup(test_mdns_query_waits_on_where_the_address_is_none, setup),
        cmocka_unit_test_setup(test_mdns_query_refuses_addresses_that_no_candidate_has, setup),
        cmocka_unit_test_setup(test_mdns_query_ignores_a_name_with_several_addresses, setup),
        cmocka_unit_test_setup(test_mdns_query_does_not_take_a_goodbye_for_an_answer, setup),
        cmocka_unit_test_setup(test_mdns_query_for_the_same_name_twice_is_answered_twice, setup),
        cmocka_unit_test_setup(test_mdns_query_cancelled_gives_no_event, setup),
        cmocka_unit_test_setup(test_mdns_query_for_a_name_of_ours_is_answered_at_once, setup),
        cmocka_unit_test_setup(test_mdns_query_asked_too_early_hears_the_announcement, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
