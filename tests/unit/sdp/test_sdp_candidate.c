/* tests of sdp/sdp_candidate.c */
#include "sdp/sdp_candidate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "sdp/sdp.h"
#include "support/sdp_file.h"
#include "support/unit.h"

#define HOST "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"

static floe_err parse(floe_sdp_candidate *cand, const char *text)
{
    return floe_sdp_candidate_parse(cand, floe_bytes_of(text));
}

static floe_sdp_candidate parse_good(const char *text)
{
    floe_sdp_candidate cand;
    if (parse(&cand, text) != FLOE_OK) {
        fail_msg("\"%s\" should be taken", text);
    }
    return cand;
}

static void check_refused(const char *text, floe_err err)
{
    static const floe_sdp_candidate zero;
    floe_sdp_candidate cand;
    memset(&cand, 0xff, sizeof cand);
    if (parse(&cand, text) != err) {
        fail_msg("\"%.200s\" should be %s", text, floe_err_name(err));
    }
    assert_memory_equal(&cand, &zero, sizeof zero);
}

static void check_put(const floe_sdp_candidate *cand, const char *text)
{
    char buf[512];
    floe_writer w = floe_writer_begin((uint8_t *)buf, sizeof buf - 1);
    floe_sdp_candidate_put(&w, cand);
    assert_true(floe_writer_is_ok(&w));
    buf[w.len] = '\0';
    assert_string_equal(buf, text);
}

/* Parse and write: gives `again`. */
static void check_rewrite(const char *text, const char *again)
{
    floe_sdp_candidate cand = parse_good(text);
    check_put(&cand, again);
}

static void check_same(const floe_sdp_candidate *a, const floe_sdp_candidate *b)
{
    assert_true(floe_bytes_equal(a->foundation, b->foundation));
    assert_int_equal(a->component, b->component);
    assert_int_equal(a->is_tcp, b->is_tcp);
    assert_int_equal(a->priority, b->priority);
    assert_true(floe_addr_equal(&a->addr, &b->addr));
    assert_int_equal(a->port, b->port);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->tcptype, b->tcptype);
    assert_true(floe_bytes_equal(a->ufrag, b->ufrag));
    if (a->addr.family == 0) {
        assert_true(floe_bytes_equal(a->host, b->host));
    }
    if (a->related.family != 0) {
        assert_true(floe_addr_equal(&a->related, &b->related));
    }
}

static void check_write_and_parse(floe_bytes text)
{
    uint8_t buf[512];
    floe_sdp_candidate cand, again;
    assert_int_equal(floe_sdp_candidate_parse(&cand, text), FLOE_OK);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_candidate_put(&w, &cand);
    assert_true(floe_writer_is_ok(&w));
    assert_int_equal(floe_sdp_candidate_parse(&again, floe_writer_view(&w)), FLOE_OK);
    check_same(&cand, &again);
}

static unsigned candidate_count;

static void check_file(const sdp_file *file)
{
    floe_sdp sdp;
    floe_bytes text;
    assert_int_equal(floe_sdp_parse(&sdp, file->text, NULL), FLOE_OK);
    for (uint32_t i = 0; i < sdp.media_count; i++) {
        size_t cursor = 0;
        while (floe_sdp_next_attr(&sdp, i, "candidate", &cursor, &text)) {
            check_write_and_parse(text);
            candidate_count++;
        }
    }
}

static void test_sdp_candidate_reads_those_of_every_captured_description(void **state)
{
    (void)state;
    candidate_count = 0;
    assert_in_range(sdp_file_for_each(SDP_FILE_DESCRIPTION, check_file), 90, 1000);
    assert_in_range(candidate_count, 300, 10000);
}

/* {"candidate":"candidate:...", ...}: what is between the quotation marks, if there is anything. */
static void check_trickle_file(const sdp_file *file)
{
    static const char key[] = "{\"candidate\":\"candidate:";
    const uint8_t *end = file->text.ptr + file->text.len;
    for (const uint8_t *p = file->text.ptr; p + sizeof key < end; p++) {
        if (memcmp(p, key, sizeof key - 1) == 0) {
            const uint8_t *start = p + sizeof key - 1 - strlen("candidate:");
            const uint8_t *quote = memchr(start, '"', (size_t)(end - start));
            assert_non_null(quote);
            check_write_and_parse((floe_bytes){start, (size_t)(quote - start)});
            candidate_count++;
        }
    }
}

static void test_sdp_candidate_reads_every_trickled_one(void **state)
{
    (void)state;
    candidate_count = 0;
    assert_in_range(sdp_file_for_each(SDP_FILE_TRICKLE, check_trickle_file), 15, 1000);
    assert_in_range(candidate_count, 80, 10000);
}

static void test_sdp_candidate_reads_every_field(void **state)
{
    floe_sdp_candidate cand = parse_good(
        "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport "
        "50000 generation 0 ufrag sXP5 network-cost 999");
    const floe_addr addr = floe_addr_from_ipv4(203, 0, 113, 7, 46154);
    const floe_addr related = floe_addr_from_ipv4(10, 0, 0, 17, 50000);
    (void)state;
    assert_true(floe_bytes_equal(cand.foundation, FLOE_LIT("842163049")));
    assert_int_equal(cand.component, 1);
    assert_false(cand.is_tcp);
    assert_int_equal(cand.priority, 1677729535);
    assert_true(floe_addr_equal(&cand.addr, &addr));
    assert_true(floe_bytes_equal(cand.host, FLOE_LIT("203.0.113.7")));
    assert_int_equal(cand.port, 46154);
    assert_int_equal(cand.type, FLOE_SDP_CAND_SRFLX);
    assert_int_equal(cand.tcptype, FLOE_SDP_TCP_NONE);
    assert_true(floe_addr_equal(&cand.related, &related));
    assert_true(floe_bytes_equal(cand.ufrag, FLOE_LIT("sXP5")));
}

static void test_sdp_candidate_takes_it_with_and_without_its_name(void **state)
{
    static const char *const texts[] = {"a=" HOST "\r\n", HOST, HOST "\n", HOST "  ",
                                        "1 1 udp 2130706431 192.0.2.1 5000 typ host"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_rewrite(texts[i], HOST);
    }
}

static void test_sdp_candidate_takes_words_in_any_case(void **state)
{
    (void)state;
    check_rewrite("candidate:0 1 UDP 2122187007 192.0.2.1 9 typ HOST",
                  "candidate:0 1 udp 2122187007 192.0.2.1 9 typ host");
    check_rewrite("candidate:0 1 TCP 1 192.0.2.1 9 typ host TCPTYPE Active",
                  "candidate:0 1 tcp 1 192.0.2.1 9 typ host tcptype active");
}

static void test_sdp_candidate_takes_all_four_types(void **state)
{
    static const char *const names[] = {"host", "srflx", "prflx", "relay"};
    (void)state;
    for (uint8_t type = FLOE_SDP_CAND_HOST; type <= FLOE_SDP_CAND_RELAY; type++) {
        char text[128];
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 1 192.0.2.1 5000 typ %s", names[type]);
        assert_int_equal(parse_good(text).type, type);
    }
}

static void test_sdp_candidate_keeps_names(void **state)
{
    floe_sdp_candidate cand =
        parse_good("candidate:1 1 udp 1 46a7407f-9d57-450d-aed0-bae9d6080f67.local 58321 typ host");
    (void)state;
    assert_int_equal(cand.addr.family, 0);
    assert_int_equal(cand.port, 58321);
    assert_true(floe_sdp_candidate_is_mdns(&cand));
    check_put(&cand,
              "candidate:1 1 udp 1 46a7407f-9d57-450d-aed0-bae9d6080f67.local 58321 typ host");
    cand = parse_good("candidate:1 1 udp 1 host.example.org 58321 typ host");
    assert_false(floe_sdp_candidate_is_mdns(&cand));
}

static void test_sdp_candidate_is_mdns_looks_at_the_last_label(void **state)
{
    static const struct {
        const char *host;
        bool is_mdns;
    } cases[] = {{"a.local", true},    {"A.LOCAL", true},      {"a.b.Local", true},
                 {".local", false},    {"local", false},       {"alocal", false},
                 {"a.local.x", false}, {"a.localhost", false}, {"", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        floe_sdp_candidate cand = {.host = floe_bytes_of(cases[i].host)};
        assert_int_equal(floe_sdp_candidate_is_mdns(&cand), cases[i].is_mdns);
    }
}

static void test_sdp_candidate_takes_ipv6_and_turns_mapped_addresses_into_ipv4(void **state)
{
    (void)state;
    check_rewrite("candidate:1 1 udp 1 2001:DB8::0:1 5000 typ host",
                  "candidate:1 1 udp 1 2001:db8::1 5000 typ host");
    check_rewrite("candidate:1 1 udp 1 ::ffff:192.0.2.1 5000 typ host",
                  "candidate:1 1 udp 1 192.0.2.1 5000 typ host");
}

static void test_sdp_candidate_reads_the_tcp_types(void **state)
{
    (void)state;
    check_rewrite("candidate:2 1 TCP 2105458943 192.0.2.1 9 typ host tcptype active",
                  "candidate:2 1 tcp 2105458943 192.0.2.1 9 typ host tcptype active");
    check_rewrite("candidate:2 1 tcp 1 192.0.2.1 5 typ host tcptype so",
                  "candidate:2 1 tcp 1 192.0.2.1 5 typ host tcptype so");
    check_rewrite("candidate:2 1 tcp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active",
                  "candidate:2 1 tcp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype "
                  "active");
}

static void test_sdp_candidate_takes_tcp_without_tcptype_as_passive(void **state)
{
    (void)state;
    assert_int_equal(parse_good("candidate:2 1 tcp 1 192.0.2.1 5 typ host").tcptype,
                     FLOE_SDP_TCP_PASSIVE);
}

static void test_sdp_candidate_passes_over_a_tcptype_of_udp(void **state)
{
    (void)state;
    assert_int_equal(parse_good(HOST " tcptype active").tcptype, FLOE_SDP_TCP_NONE);
    assert_int_equal(parse_good(HOST " tcptype nonsense").tcptype, FLOE_SDP_TCP_NONE);
}

static void test_sdp_candidate_passes_over_unknown_extensions(void **state)
{
    static const char *const tails[] = {
        " generation 0 network-id 3 network-cost 10", " foo bar", " x-a b x-c d ufrag abcd",
        " raddr 0.0.0.0 rport 0 generation 0 network-cost 999", /* KVS, on every line */
        " foo  bar baz"};                                       /* foo with an empty value */
    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s%s", HOST, tails[i]);
        assert_int_equal(parse_good(text).port, 5000);
    }
    assert_true(floe_bytes_equal(parse_good(HOST " x-a b ufrag abcd").ufrag, FLOE_LIT("abcd")));
}

static void test_sdp_candidate_takes_a_last_extension_without_its_value(void **state)
{
    (void)state;
    check_rewrite(HOST " generation", HOST);
    check_rewrite(HOST " generation 0 foo ", HOST);
}

/* libjuice swallowed the tail as fields of TCP. */
static void test_sdp_candidate_reads_a_related_address_without_tcp_fields(void **state)
{
    const char *text = "candidate:1 1 udp 1 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 6000";
    (void)state;
    check_rewrite(text, text);
    check_rewrite("candidate:1 1 udp 1 192.0.2.1 5000 typ srflx rport 6000 raddr 10.0.0.1", text);
}

/* libjuice refused them. */
static void test_sdp_candidate_reads_peer_reflexive_ones(void **state)
{
    const char *text = "candidate:1 1 udp 1 192.0.2.1 5000 typ prflx raddr 2001:db8::1 rport 1";
    (void)state;
    check_rewrite(text, text);
}

static void test_sdp_candidate_hides_the_related_address_where_there_is_none(void **state)
{
    (void)state;
    check_rewrite("candidate:1 1 udp 1 192.0.2.1 5000 typ srflx",
                  "candidate:1 1 udp 1 192.0.2.1 5000 typ srflx raddr 0.0.0.0 rport 9");
    check_rewrite("candidate:1 1 udp 1 2001:db8::1 5000 typ relay raddr x.local rport 7",
                  "candidate:1 1 udp 1 2001:db8::1 5000 typ relay raddr :: rport 9");
    assert_int_equal(parse_good(HOST " rport 7").related.port, 0);
}

static void test_sdp_candidate_takes_the_limits_of_every_number(void **state)
{
    floe_sdp_candidate cand = parse_good("candidate:1 256 udp 4294967295 192.0.2.1 65535 typ host");
    (void)state;
    assert_int_equal(cand.component, 256);
    assert_int_equal(cand.priority, UINT32_MAX);
    assert_int_equal(cand.port, 65535);
    assert_int_equal(parse_good("candidate:1 1 udp 0 192.0.2.1 1 typ host").priority, 0);
}

static void test_sdp_candidate_refuses_numbers_beyond_their_limits(void **state)
{
    static const char *const texts[] = {
        "candidate:1 0 udp 1 192.0.2.1 5000 typ host",
        "candidate:1 257 udp 1 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 4294967296 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 99999999999999999999999 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0 typ host",
        "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:1 -1 udp 1 192.0.2.1 5000 typ host",
        "candidate:1 1 udp +1 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0x50 typ host",
        HOST " raddr 10.0.0.1 rport 65536",
        HOST " raddr 10.0.0.1 rport x",
        HOST " rport",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_refused(texts[i], FLOE_E_MALFORMED);
    }
}

static void test_sdp_candidate_refuses_missing_and_empty_fields(void **state)
{
    static const char *const texts[] = {"",
                                        "a=",
                                        "candidate:",
                                        "a=candidate:\r\n",
                                        " ",
                                        "candidate: 1 udp 1 192.0.2.1 5000 typ host",
                                        "candidate:1  udp 1 192.0.2.1 5000 typ host",
                                        "candidate:1 1  1 192.0.2.1 5000 typ host",
                                        "candidate:1 1 udp  192.0.2.1 5000 typ host",
                                        "candidate:1 1 udp 1  5000 typ host",
                                        "candidate:1 1 udp 1 192.0.2.1  typ host",
                                        "candidate:1 1 udp 1 192.0.2.1 5000  host",
                                        "candidate:1 1 udp 1 192.0.2.1 5000 typ  raddr 10.0.0.1",
                                        HOST "   x",
                                        "candidate:1 1 udp 1 192.0.2.1 5000 type host",
                                        "candidate:1\t1 udp 1 192.0.2.1 5000 typ host"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_refused(texts[i], FLOE_E_MALFORMED);
    }
}

static void test_sdp_candidate_refuses_every_proper_beginning_of_one(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(HOST) - strlen("host"); len++) {
        char *text = malloc(len + 1);
        assert_non_null(text);
        memcpy(text, HOST, len);
        text[len] = '\0';
        check_refused(text, FLOE_E_MALFORMED);
        free(text);
    }
}

/* CVE-2026-0826 (a telephone's stack) and libpeer (sscanf into arrays): one field of 10 kB. */
static void test_sdp_candidate_refuses_a_field_of_ten_thousand_characters(void **state)
{
    static const char *const fields[] = {"1",     "1",    "udp",   "1",     "192.0.2.1",
                                         "5000",  "typ",  "host",  "raddr", "10.0.0.1",
                                         "rport", "6000", "ufrag", "abcd"};
    const size_t count = sizeof fields / sizeof fields[0];
    const size_t len = 10000;
    char *text = malloc(len + 512);
    (void)state;
    assert_non_null(text);
    for (size_t wide = 0; wide < count; wide++) {
        size_t at = (size_t)snprintf(text, 16, "candidate:");
        for (size_t i = 0; i < count; i++) {
            size_t size = i == wide ? len : strlen(fields[i]);
            memset(text + at, fields[i][0], size);
            memcpy(text + at, fields[i], strlen(fields[i]));
            text[at + size] = ' ';
            at += size + 1;
        }
        text[at - 1] = '\0';
        check_refused(text, FLOE_E_MALFORMED);
    }
    free(text);
}

static void test_sdp_candidate_takes_long_foundations_up_to_a_bound(void **state)
{
    char text[256];
    (void)state;
    for (int len = 32; len <= 66; len++) {
        (void)snprintf(text, sizeof text, "candidate:%0*d 1 udp 1 192.0.2.1 5000 typ host", len, 7);
        if (len <= 64) {
            assert_int_equal(parse_good(text).foundation.len, len);
        } else {
            check_refused(text, FLOE_E_MALFORMED);
        }
    }
}

static void test_sdp_candidate_takes_names_of_at_most_253_characters(void **state)
{
    char text[512];
    (void)state;
    for (int len = 252; len <= 255; len++) {
        char name[256];
        memset(name, 'a', (size_t)len);
        name[len] = '\0';
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 1 %s 5000 typ host", name);
        if (len <= 253) {
            assert_int_equal(parse_good(text).host.len, len);
        } else {
            check_refused(text, FLOE_E_MALFORMED);
        }
    }
}

static void test_sdp_candidate_refuses_broken_addresses(void **state)
{
    static const char *const hosts[] = {"256.1.1.1", "1.2.3", "1.2.3.4.5", "a,b",
                                        "a/b",       "host.", "\xc3\xa4"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 1 %s 5000 typ host", hosts[i]);
        check_refused(text, FLOE_E_MALFORMED);
    }
}

static void test_sdp_candidate_calls_what_it_does_not_know_unsupported(void **state)
{
    static const char *const texts[] = {
        "candidate:1 1 ssltcp 1 192.0.2.1 443 typ host",
        "candidate:1 1 dccp 1 192.0.2.1 443 typ host raddr 10.0.0.1 rport 5",
        "candidate:1 1 udp 1 192.0.2.1 443 typ token",
        "candidate:1 1 tcp 1 192.0.2.1 443 typ host tcptype both",
        "candidate:1 1 tcp 1 192.0.2.1 443 typ host tcptype",
        "candidate:1 1 udp 1 fe80::1%eth0 443 typ host",
        "candidate:1 1 udp 1 [2001:db8::1] 443 typ host",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_refused(texts[i], FLOE_E_UNSUPPORTED);
    }
}

static void test_sdp_candidate_calls_a_broken_unknown_one_malformed(void **state)
{
    (void)state;
    check_refused("candidate:1 1 ssltcp 1 192.0.2.1 0 typ host", FLOE_E_MALFORMED);
    check_refused("candidate:1 1 ssltcp 1 192.0.2.1 443 typ host rport 65536", FLOE_E_MALFORMED);
    check_refused("candidate:1 1 udp 1 fe80::1%eth0 443 typ host rport x", FLOE_E_MALFORMED);
    check_refused("candidate:1 1 ssltcp 1 1.2.3 443 typ token", FLOE_E_MALFORMED);
}

static void test_sdp_candidate_refuses_control_characters(void **state)
{
    static const char nul[] = "candidate:1 1 udp 1 192.0.2.1 5000 typ host\0 x y";
    floe_sdp_candidate cand;
    (void)state;
    assert_int_equal(
        floe_sdp_candidate_parse(&cand, (floe_bytes){(const uint8_t *)nul, sizeof nul - 1}),
        FLOE_E_MALFORMED);
    check_refused(HOST "\r\na=candidate:2", FLOE_E_MALFORMED);
    check_refused(HOST " x y\x01z", FLOE_E_MALFORMED);
    check_refused("candidate:\x7f 1 udp 1 192.0.2.1 5000 typ host", FLOE_E_MALFORMED);
}

static void test_sdp_candidate_put_writes_the_ufrag_last(void **state)
{
    floe_sdp_candidate cand = parse_good("candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active");
    (void)state;
    cand.ufrag = FLOE_LIT("abcd");
    check_put(&cand, "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active ufrag abcd");
}

static void test_sdp_candidate_put_fails_where_there_is_no_room(void **state)
{
    uint8_t buf[sizeof HOST - 2];
    floe_sdp_candidate cand = parse_good(HOST);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_sdp_candidate_put(&w, &cand);
    assert_false(floe_writer_is_ok(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_candidate_reads_those_of_every_captured_description),
        cmocka_unit_test(test_sdp_candidate_reads_every_trickled_one),
        cmocka_unit_test(test_sdp_candidate_reads_every_field),
        cmocka_unit_test(test_sdp_candidate_takes_it_with_and_without_its_name),
        cmocka_unit_test(test_sdp_candidate_takes_words_in_any_case),
        cmocka_unit_test(test_sdp_candidate_takes_all_four_types),
        cmocka_unit_test(test_sdp_candidate_keeps_names),
        cmocka_unit_test(test_sdp_candidate_is_mdns_looks_at_the_last_label),
        cmocka_unit_test(test_sdp_candidate_takes_ipv6_and_turns_mapped_addresses_into_ipv4),
        cmocka_unit_test(test_sdp_candidate_reads_the_tcp_types),
        cmocka_unit_test(test_sdp_candidate_takes_tcp_without_tcptype_as_passive),
        cmocka_unit_test(test_sdp_candidate_passes_over_a_tcptype_of_udp),
        cmocka_unit_test(test_sdp_candidate_passes_over_unknown_extensions),
        cmocka_unit_test(test_sdp_candidate_takes_a_last_extension_without_its_value),
        cmocka_unit_test(test_sdp_candidate_reads_a_related_address_without_tcp_fields),
        cmocka_unit_test(test_sdp_candidate_reads_peer_reflexive_ones),
        cmocka_unit_test(test_sdp_candidate_hides_the_related_address_where_there_is_none),
        cmocka_unit_test(test_sdp_candidate_takes_the_limits_of_every_number),
        cmocka_unit_test(test_sdp_candidate_refuses_numbers_beyond_their_limits),
        cmocka_unit_test(test_sdp_candidate_refuses_missing_and_empty_fields),
        cmocka_unit_test(test_sdp_candidate_refuses_every_proper_beginning_of_one),
        cmocka_unit_test(test_sdp_candidate_refuses_a_field_of_ten_thousand_characters),
        cmocka_unit_test(test_sdp_candidate_takes_long_foundations_up_to_a_bound),
        cmocka_unit_test(test_sdp_candidate_takes_names_of_at_most_253_characters),
        cmocka_unit_test(test_sdp_candidate_refuses_broken_addresses),
        cmocka_unit_test(test_sdp_candidate_calls_what_it_does_not_know_unsupported),
        cmocka_unit_test(test_sdp_candidate_calls_a_broken_unknown_one_malformed),
        cmocka_unit_test(test_sdp_candidate_refuses_control_characters),
        cmocka_unit_test(test_sdp_candidate_put_writes_the_ufrag_last),
        cmocka_unit_test(test_sdp_candidate_put_fails_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
