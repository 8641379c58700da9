/* tests/unit/mdns/test_mdns_own.c - names of ours: announced, answered for, taken back. */
#include "mdns/mdns_node.h"

#include <string.h>

#include "base/addr.h"
#include "support/mdns_net.h"
#include "support/unit.h"

typedef struct fixture {
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr;
    size_t before; /* packets sent when the test began */
} fixture;

static mdns_net net;
static fixture fix;

/* Node 0 has a name, and has announced it some time ago. */
static int setup(void **state)
{
    (void)state;
    mdns_net_init(&net);
    fix.addr = floe_addr_from_ipv4(203, 0, 113, 10, 40000);
    mdns_net_register(&net, 0, &fix.addr, fix.name);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    fix.before = net.sent_count;
    return 0;
}

typedef struct query {
    uint16_t id, type, class_, port;
    bool wants_unicast;
    uint32_t known_ttl_s; /* 0: no known answer */
} query;

static floe_mdns_labels labels_of(const char *text)
{
    floe_mdns_name name;
    floe_mdns_labels labels = {.len = FLOE_MDNS_NAME_LABELS};
    assert_int_equal(floe_mdns_name_parse(&name, floe_bytes_of(text)), FLOE_OK);
    floe_writer w = floe_writer_begin(labels.bytes, sizeof labels.bytes);
    floe_mdns_name_put_labels(&name, &w);
    return labels;
}

/* Node 2 asks node 0, and what it causes is sent. */
static void ask(const query *q)
{
    uint8_t buf[256];
    floe_mdns_writer w;
    floe_bytes packet;
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 12, q->port);
    floe_mdns_question question = {.name = labels_of(fix.name),
                                   .type = q->type,
                                   .class_ = q->class_,
                                   .wants_unicast = q->wants_unicast};
    floe_mdns_record known = {.name = question.name,
                              .type = FLOE_MDNS_TYPE_A,
                              .class_ = FLOE_MDNS_CLASS_IN,
                              .ttl_s = q->known_ttl_s,
                              .data = floe_addr_ip(&fix.addr),
                              .section = FLOE_MDNS_ANSWER};
    floe_mdns_writer_begin(&w, buf, sizeof buf, q->id, false);
    floe_mdns_writer_put_question(&w, &question);
    if (q->known_ttl_s > 0) {
        floe_mdns_writer_put_record(&w, &known);
    }
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(mdns_net_input(&net, 0, &from, packet), FLOE_OK);
    mdns_net_drain(&net);
}

static query plain_query(void)
{
    return (query){.type = FLOE_MDNS_TYPE_A, .class_ = FLOE_MDNS_CLASS_IN, .port = FLOE_MDNS_PORT};
}

static const mdns_net_packet *only_answer(void)
{
    assert_int_equal(net.sent_count, fix.before + 1);
    return &net.sent[fix.before];
}

/* RFC 6762 section 8.3; draft section 3.1.1: without probing. */
static void test_mdns_own_is_announced_twice_a_second_apart(void **state)
{
    (void)state;
    assert_int_equal(fix.before, 2);
    assert_int_equal(net.sent[1].at - net.sent[0].at, FLOE_SECOND);
    for (size_t i = 0; i < 2; i++) {
        floe_mdns_record record = mdns_net_find_record(&net.sent[i], FLOE_MDNS_TYPE_A);
        assert_true(floe_addr_is_multicast(&net.sent[i].path.remote));
        assert_true(record.is_flush);
        assert_int_equal(record.ttl_s, 120);
        assert_int_equal(record.section, FLOE_MDNS_ANSWER);
        floe_addr addr = floe_mdns_record_get_addr(&record);
        assert_true(floe_addr_ip_equal(&addr, &fix.addr));
    }
}

/* The bitmap as Chromium writes it. */
static void test_mdns_own_says_that_there_is_nothing_else_of_the_name(void **state)
{
    (void)state;
    floe_mdns_record nsec = mdns_net_find_record(&net.sent[0], FLOE_MDNS_TYPE_NSEC);
    assert_int_equal(nsec.section, FLOE_MDNS_ADDITIONAL);
    assert_int_equal(nsec.data.len, 47);
    assert_memory_equal(nsec.data.ptr + 44, "\x00\x01\x40", 3);
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr v6 = mdns_net_interface(0, 6).local;
    mdns_net_register(&net, 0, &v6, name);
    mdns_net_drain(&net);
    nsec = mdns_net_find_record(only_answer(), FLOE_MDNS_TYPE_NSEC);
    assert_int_equal(nsec.data.len, 50);
    assert_memory_equal(nsec.data.ptr + 44, "\x00\x04\x00\x00\x00\x08", 6);
}

static void test_mdns_own_is_answered_for_by_multicast(void **state)
{
    (void)state;
    query q = plain_query();
    q.id = 77;
    ask(&q);
    const mdns_net_packet *packet = only_answer();
    assert_true(floe_addr_is_multicast(&packet->path.remote));
    assert_int_equal(floe_load_u16(packet->bytes), 0);
    assert_int_equal(mdns_net_find_record(packet, FLOE_MDNS_TYPE_A).ttl_s, 120);
}

static void test_mdns_own_is_answered_for_whatever_address_is_asked_for(void **state)
{
    (void)state;
    query q = plain_query();
    q.type = FLOE_MDNS_TYPE_AAAA;
    ask(&q);
    (void)mdns_net_find_record(only_answer(), FLOE_MDNS_TYPE_NSEC);
    mdns_net_run(&net, 2 * FLOE_SECOND);
    fix.before = net.sent_count;
    q.type = FLOE_MDNS_ANY;
    q.class_ = FLOE_MDNS_ANY;
    ask(&q);
    (void)mdns_net_find_record(only_answer(), FLOE_MDNS_TYPE_A);
}

static void test_mdns_own_is_silent_about_other_types_and_classes(void **state)
{
    (void)state;
    query q = plain_query();
    q.type = 12;
    ask(&q);
    q = plain_query();
    q.class_ = 3;
    ask(&q);
    assert_int_equal(net.sent_count, fix.before);
}

/* RFC 6762 section 5.4. */
static void test_mdns_own_is_answered_for_by_unicast_where_wanted(void **state)
{
    (void)state;
    query q = plain_query();
    q.id = 77;
    q.wants_unicast = true;
    ask(&q);
    const mdns_net_packet *packet = only_answer();
    floe_addr asker = floe_addr_from_ipv4(203, 0, 113, 12, FLOE_MDNS_PORT);
    assert_true(floe_addr_equal(&packet->path.remote, &asker));
    assert_int_equal(floe_load_u16(packet->bytes), 77);
    assert_int_equal(floe_load_u16(packet->bytes + 4), 0); /* no question */
    assert_true(mdns_net_find_record(packet, FLOE_MDNS_TYPE_A).is_flush);
}

/* RFC 6762 section 6.7. */
static void test_mdns_own_answers_a_plain_resolver_as_unicast_dns_would(void **state)
{
    (void)state;
    floe_mdns_msg msg;
    query q = plain_query();
    q.id = 77;
    q.port = 40001;
    ask(&q);
    const mdns_net_packet *packet = only_answer();
    assert_int_equal(packet->path.remote.port, 40001);
    assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){packet->bytes, packet->len}), FLOE_OK);
    assert_int_equal(msg.id, 77);
    assert_int_equal(msg.counts[FLOE_MDNS_QUESTION], 1);
    assert_int_equal(msg.counts[FLOE_MDNS_ADDITIONAL], 0);
    floe_mdns_record record = mdns_net_find_record(packet, FLOE_MDNS_TYPE_A);
    assert_int_equal(record.ttl_s, 10);
    assert_false(record.is_flush);
    q.type = FLOE_MDNS_TYPE_AAAA;
    ask(&q);
    (void)only_answer();
}

/* RFC 6762 section 6: not twice within a second; what is asked in between is answered then. */
static void test_mdns_own_is_multicast_once_a_second_however_often_asked(void **state)
{
    (void)state;
    query q = plain_query();
    floe_time start = net.now;
    for (int i = 0; i < 10; i++) {
        ask(&q);
        mdns_net_run(&net, 90 * FLOE_MS);
    }
    assert_int_equal(net.sent_count, fix.before + 1);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    assert_int_equal(net.sent_count, fix.before + 2);
    assert_int_equal(net.sent[fix.before].at, start);
    assert_int_equal(net.sent[fix.before + 1].at, start + FLOE_SECOND);
}

/* Who gets the name by signalling asks as soon as it is announced. */
static void test_mdns_own_is_answered_for_right_after_its_announcement(void **state)
{
    (void)state;
    floe_addr addr = floe_addr_from_ipv4(203, 0, 113, 77, 0);
    mdns_net_register(&net, 0, &addr, fix.name);
    mdns_net_drain(&net);
    fix.before = net.sent_count;
    query q = plain_query();
    ask(&q);
    (void)only_answer();
}

/* RFC 6762 section 7.1. */
static void test_mdns_own_is_not_said_to_who_knows(void **state)
{
    (void)state;
    query q = plain_query();
    q.known_ttl_s = 60;
    ask(&q);
    assert_int_equal(net.sent_count, fix.before);
    q.known_ttl_s = 59;
    ask(&q);
    (void)only_answer();
}

static void test_mdns_own_drops_unicast_answers_beyond_its_limit(void **state)
{
    (void)state;
    query q = plain_query();
    floe_mdns_node *node = &net.nodes[0];
    uint8_t buf[128];
    floe_mdns_writer w;
    floe_bytes packet;
    floe_mdns_question question = {
        .name = labels_of(fix.name), .type = q.type, .class_ = q.class_, .wants_unicast = true};
    floe_mdns_writer_begin(&w, buf, sizeof buf, 0, false);
    floe_mdns_writer_put_question(&w, &question);
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    for (unsigned i = 0; i < FLOE_MDNS_REPLY_MAX + 3; i++) {
        floe_addr from = floe_addr_from_ipv4(203, 0, 113, (uint8_t)(100 + i), FLOE_MDNS_PORT);
        assert_int_equal(mdns_net_input(&net, 0, &from, packet), FLOE_OK);
    }
    assert_true(floe_mdns_node_deadline(node) <= net.now);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, fix.before + FLOE_MDNS_REPLY_MAX);
}

/* Addresses of askers can be forged. */
static void test_mdns_own_is_answered_for_by_unicast_so_often_a_second(void **state)
{
    (void)state;
    floe_mdns_stats stats;
    query q = plain_query();
    q.wants_unicast = true;
    for (unsigned i = 0; i < 3 * FLOE_MDNS_REPLY_RATE; i++) {
        ask(&q);
    }
    floe_mdns_node_get_stats(&net.nodes[0], &stats);
    assert_int_equal(net.sent_count - fix.before, FLOE_MDNS_REPLY_RATE);
    assert_int_equal(stats.dropped_questions, 2 * FLOE_MDNS_REPLY_RATE);
    mdns_net_run(&net, FLOE_SECOND);
    ask(&q);
    assert_int_equal(net.sent_count - fix.before, FLOE_MDNS_REPLY_RATE + 1);
}

/* Node 2 says something of node 0's name. */
static void claim(const floe_addr *addr)
{
    uint8_t buf[256];
    floe_mdns_writer w;
    floe_bytes packet;
    floe_addr from = floe_addr_from_ipv4(203, 0, 113, 12, FLOE_MDNS_PORT);
    floe_mdns_record record = {.name = labels_of(fix.name),
                               .type = FLOE_MDNS_TYPE_A,
                               .class_ = FLOE_MDNS_CLASS_IN,
                               .is_flush = true,
                               .ttl_s = 120,
                               .data = floe_addr_ip(addr),
                               .section = FLOE_MDNS_ANSWER};
    floe_mdns_writer_begin(&w, buf, sizeof buf, 0, true);
    floe_mdns_writer_put_record(&w, &record);
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(mdns_net_input(&net, 0, &from, packet), FLOE_OK);
    mdns_net_drain(&net);
}

static void test_mdns_own_is_defended_once_a_second_and_keeps_its_address(void **state)
{
    (void)state;
    floe_mdns_stats stats;
    floe_addr liar = floe_addr_from_ipv4(203, 0, 113, 66, 0);
    for (int i = 0; i < 10; i++) {
        claim(&liar);
    }
    floe_mdns_record record = mdns_net_find_record(only_answer(), FLOE_MDNS_TYPE_A);
    floe_addr addr = floe_mdns_record_get_addr(&record);
    assert_true(floe_addr_ip_equal(&addr, &fix.addr));
    floe_mdns_node_get_stats(&net.nodes[0], &stats);
    assert_int_equal(stats.conflicts, 10);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    assert_int_equal(net.sent_count, fix.before + 2); /* what the second one has caused */
}

static void test_mdns_own_is_not_defended_against_the_truth(void **state)
{
    (void)state;
    claim(&fix.addr);
    mdns_net_run(&net, 5 * FLOE_SECOND);
    assert_int_equal(net.sent_count, fix.before);
}

static void test_mdns_own_is_not_answered_for_on_another_link(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr other = floe_addr_from_ipv4(10, 0, 0, 1, 0);
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &other, 2, name), FLOE_OK);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, fix.before); /* no such interface: not announced */
    memcpy(fix.name, name, sizeof name);
    query q = plain_query();
    ask(&q);
    assert_int_equal(net.sent_count, fix.before);
    floe_mdns_node_unregister(&net.nodes[0], &other);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, fix.before);
}

/* RFC 6762 section 10.1. */
static void test_mdns_own_taken_back_says_goodbye_once_and_is_gone(void **state)
{
    (void)state;
    floe_mdns_node_unregister(&net.nodes[0], &fix.addr);
    mdns_net_run(&net, 10 * FLOE_SECOND);
    floe_mdns_record record = mdns_net_find_record(only_answer(), FLOE_MDNS_TYPE_A);
    assert_int_equal(record.ttl_s, 0);
    fix.before = net.sent_count;
    query q = plain_query();
    ask(&q);
    assert_int_equal(net.sent_count, fix.before);
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    mdns_net_register(&net, 0, &fix.addr, name);
    assert_string_not_equal(name, fix.name);
}

/* Draft section 3.1.1: stored for future reuse. */
static void test_mdns_own_address_keeps_its_name_as_long_as_somebody_uses_it(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr same_ip = fix.addr;
    same_ip.port = 50000;
    mdns_net_register(&net, 0, &same_ip, name);
    assert_string_equal(name, fix.name);
    floe_mdns_node_unregister(&net.nodes[0], &fix.addr);
    mdns_net_drain(&net);
    assert_int_equal(net.sent_count, fix.before);
    floe_mdns_node_unregister(&net.nodes[0], &fix.addr);
    mdns_net_drain(&net);
    (void)only_answer();
}

static void test_mdns_own_register_says_full_and_fits_all_into_packets(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8};
    floe_addr addr;
    for (unsigned i = 1; i < FLOE_MDNS_NAME_MAX; i++) {
        ip[15] = (uint8_t)i;
        addr = floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, 0);
        mdns_net_register(&net, 0, &addr, name);
    }
    ip[15] = 99;
    addr = floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, 0);
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &addr, 1, name), FLOE_E_FULL);
    mdns_net_run(&net, 10 * FLOE_SECOND);
    size_t packets = (FLOE_MDNS_NAME_MAX - 1 + 5) / 6;
    assert_int_equal(net.sent_count, fix.before + 2 * packets);
}

static void test_mdns_own_register_refuses_what_is_no_unicast_address(void **state)
{
    (void)state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr any = floe_addr_from_ipv4(0, 0, 0, 0, 0);
    floe_addr group = floe_addr_from_ipv4(224, 0, 0, 251, 0);
    floe_addr none = {.family = 0};
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &any, 1, name), FLOE_E_ARG);
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &group, 1, name), FLOE_E_ARG);
    assert_int_equal(floe_mdns_node_register(&net.nodes[0], &none, 1, name), FLOE_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mdns_own_is_announced_twice_a_second_apart, setup),
        cmocka_unit_test_setup(test_mdns_own_says_that_there_is_nothing_else_of_the_name, setup),
        cmocka_unit_test_setup(test_mdns_own_is_answered_for_by_multicast, setup),
        cmocka_unit_test_setup(test_mdns_own_is_answered_for_whatever_address_is_asked_for, setup),
        cmocka_unit_test_setup(test_mdns_own_is_silent_about_other_types_and_classes, setup),
        cmocka_unit_test_setup(test_mdns_own_is_answered_for_by_unicast_where_wanted, setup),
        cmocka_unit_test_setup(test_mdns_own_answers_a_plain_resolver_as_unicast_dns_would, setup),
        cmocka_unit_test_setup(test_mdns_own_is_multicast_once_a_second_however_often_asked, setup),
        cmocka_unit_test_setup(test_mdns_own_is_answered_for_right_after_its_announcement, setup),
        cmocka_unit_test_setup(test_mdns_own_is_not_said_to_who_knows, setup),
        cmocka_unit_test_setup(test_mdns_own_drops_unicast_answers_beyond_its_limit, setup),
        cmocka_unit_test_setup(test_mdns_own_is_answered_for_by_unicast_so_often_a_second, setup),
        cmocka_unit_test_setup(test_mdns_own_is_defended_once_a_second_and_keeps_its_address,
                               setup),
        cmocka_unit_test_setup(test_mdns_own_is_not_defended_against_the_truth, setup),
        cmocka_unit_test_setup(test_mdns_own_is_not_answered_for_on_another_link, setup),
        cmocka_unit_test_setup(test_mdns_own_taken_back_says_goodbye_once_and_is_gone, setup),
        cmocka_unit_test_setup(test_mdns_own_address_keeps_its_name_as_long_as_somebody_uses_it,
                               setup),
        cmocka_unit_test_setup(test_mdns_own_register_says_full_and_fits_all_into_packets, setup),
        cmocka_unit_test_setup(test_mdns_own_register_refuses_what_is_no_unicast_address, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
