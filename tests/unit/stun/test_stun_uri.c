/* Tests of stun/stun_uri.c: the URIs of STUN and TURN servers. */
#include <string.h>

#include "stun/stun_uri.h"
#include "support/unit.h"

static void assert_uri(const char *text, bool is_turn, floe_transport transport, const char *host,
                       uint16_t port)
{
    floe_stun_uri uri;
    const char *why = "";
    floe_err err = floe_stun_uri_parse(&uri, floe_bytes_of(text), &why);
    if (err != FLOE_OK) {
        fail_msg("%s: %s", text, why);
    }
    assert_null(why);
    assert_int_equal(uri.is_turn, is_turn);
    assert_int_equal(uri.transport, transport);
    assert_true(floe_bytes_equal(uri.host, floe_bytes_of(host)));
    assert_int_equal(uri.port, port);
}

static void assert_fault(const char *text, const char *fault)
{
    static const floe_stun_uri zero;
    floe_stun_uri uri;
    const char *why = NULL;
    memset(&uri, 0xff, sizeof uri);
    if (floe_stun_uri_parse(&uri, floe_bytes_of(text), &why) != FLOE_E_MALFORMED) {
        fail_msg("%s is accepted", text);
    }
    assert_non_null(why);
    assert_string_equal(why, fault);
    assert_memory_equal(&uri, &zero, sizeof uri);
}

static void test_stun_uri_defaults_depend_on_the_scheme(void **state)
{
    (void)state;
    assert_uri("stun:example.org", false, FLOE_UDP, "example.org", 3478);
    assert_uri("stuns:example.org", false, FLOE_TLS, "example.org", 5349);
    assert_uri("turn:example.org", true, FLOE_UDP, "example.org", 3478);
    assert_uri("turns:example.org", true, FLOE_TLS, "example.org", 5349);
}

static void test_stun_uri_turn_transports(void **state)
{
    (void)state;
    assert_uri("turn:example.org?transport=udp", true, FLOE_UDP, "example.org", 3478);
    assert_uri("turn:example.org?transport=tcp", true, FLOE_TCP, "example.org", 3478);
    assert_uri("turns:example.org?transport=tcp", true, FLOE_TLS, "example.org", 5349);
    assert_uri("turns:example.org?transport=udp", true, FLOE_DTLS, "example.org", 5349);
}

static void test_stun_uri_port_may_be_given(void **state)
{
    (void)state;
    assert_uri("stun:a_b-c.example.:1", false, FLOE_UDP, "a_b-c.example.", 1);
    assert_uri("stun:example.org:1", false, FLOE_UDP, "example.org", 1);
    assert_uri("turns:example.org:65535?transport=udp", true, FLOE_DTLS, "example.org", 65535);
    assert_uri("turn:192.0.2.1:443?transport=tcp", true, FLOE_TCP, "192.0.2.1", 443);
}

static void test_stun_uri_host_may_be_an_ipv6_address_in_brackets(void **state)
{
    (void)state;
    assert_uri("stun:[2001:db8::1]", false, FLOE_UDP, "2001:db8::1", 3478);
    assert_uri("turn:[::]:80?transport=tcp", true, FLOE_TCP, "::", 80);
    assert_uri("stun:[::ffff:192.0.2.1]", false, FLOE_UDP, "::ffff:192.0.2.1", 3478);
}

static void test_stun_uri_scheme_and_query_ignore_case(void **state)
{
    (void)state;
    assert_uri("STUN:Example.ORG", false, FLOE_UDP, "Example.ORG", 3478);
    assert_uri("Turns:example.org?Transport=UDP", true, FLOE_DTLS, "example.org", 5349);
}

static void test_stun_uri_rejects_other_schemes(void **state)
{
    (void)state;
    static const char fault[] = "scheme is not stun, stuns, turn or turns";
    assert_fault("", fault);
    assert_fault(":", fault);
    assert_fault("http:example.org", fault);
    assert_fault("stunx:example.org", fault);
    assert_fault("tur:example.org", fault);
    assert_fault(" stun:example.org", fault);
    assert_fault("example.org:3478", fault);
}

static void test_stun_uri_rejects_a_missing_host(void **state)
{
    (void)state;
    static const char fault[] = "host is missing";
    assert_fault("stun", fault);
    assert_fault("stun:", fault);
    assert_fault("stun::3478", fault);
    assert_fault("turn:?transport=udp", fault);
}

static void test_stun_uri_rejects_what_is_no_name(void **state)
{
    (void)state;
    static const char fault[] = "host has a character that a DNS name does not have";
    assert_fault("stun://example.org", fault);
    assert_fault("turn:user@example.org", fault);
    assert_fault("stun:exam ple.org", fault);
    assert_fault("stun:example.org\r\n", fault);
    assert_fault("stun:ex%41mple.org", fault);
    assert_fault("stun:\xc3\xa4.example", fault);
}

static void test_stun_uri_rejects_a_bad_ipv6_address(void **state)
{
    (void)state;
    static const char fault[] = "host in brackets is not an IPv6 address";
    assert_fault("stun:[]", fault);
    assert_fault("stun:[", fault);
    assert_fault("stun:[2001:db8::1", fault);
    assert_fault("stun:[2001:db8:::1]", fault);
    assert_fault("stun:[192.0.2.1]", fault);
    assert_fault("stun:[example.org]", fault);
    assert_fault("stun:[fe80::1%25eth0]", fault);
}

static void test_stun_uri_rejects_a_bad_port(void **state)
{
    (void)state;
    static const char fault[] = "port is not 1 to 65535";
    assert_fault("stun:example.org:", fault);
    assert_fault("stun:example.org:0", fault);
    assert_fault("stun:example.org:65536", fault);
    assert_fault("stun:example.org:-1", fault);
    assert_fault("stun:example.org:80x", fault);
    assert_fault("stun:example.org:18446744073709551617", fault);
    assert_fault("stun:2001:db8::1", fault);
    assert_fault("stun:[::1]3478", fault);
}

static void test_stun_uri_rejects_a_transport_for_stun(void **state)
{
    (void)state;
    assert_fault("stun:example.org?transport=udp", "a stun or stuns URI takes no ?transport=");
    assert_fault("stuns:example.org?", "a stun or stuns URI takes no ?transport=");
}

static void test_stun_uri_rejects_other_queries(void **state)
{
    (void)state;
    static const char fault[] = "after ? stands something else than transport=udp or transport=tcp";
    assert_fault("turn:example.org?", fault);
    assert_fault("turn:example.org?transport=", fault);
    assert_fault("turn:example.org?transport=sctp", fault);
    assert_fault("turn:example.org?transport=udp&x=1", fault);
    assert_fault("turn:example.org?transport=tcp ", fault);
}

static void test_stun_uri_host_has_at_most_253_characters(void **state)
{
    (void)state;
    char text[300] = "stun:";
    memset(text + 5, 'a', 254);
    assert_fault(text, "host is longer than a DNS name can be");
    text[5 + 253] = '\0';
    assert_uri(text, false, FLOE_UDP, text + 5, 3478);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_uri_defaults_depend_on_the_scheme),
        cmocka_unit_test(test_stun_uri_turn_transports),
        cmocka_unit_test(test_stun_uri_port_may_be_given),
        cmocka_unit_test(test_stun_uri_host_may_be_an_ipv6_address_in_brackets),
        cmocka_unit_test(test_stun_uri_scheme_and_query_ignore_case),
        cmocka_unit_test(test_stun_uri_rejects_other_schemes),
        cmocka_unit_test(test_stun_uri_rejects_a_missing_host),
        cmocka_unit_test(test_stun_uri_rejects_what_is_no_name),
        cmocka_unit_test(test_stun_uri_rejects_a_bad_ipv6_address),
        cmocka_unit_test(test_stun_uri_rejects_a_bad_port),
        cmocka_unit_test(test_stun_uri_rejects_a_transport_for_stun),
        cmocka_unit_test(test_stun_uri_rejects_other_queries),
        cmocka_unit_test(test_stun_uri_host_has_at_most_253_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
