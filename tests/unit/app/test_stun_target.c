/* tests of app/stun_target.c */
#include <string.h>

#include "app/stun_target.h"
#include "base/addr.h"
#include "support/unit.h"

static void test_stun_target_takes_names_addresses_and_uris(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } good[] = {
        {"stun.example.org", "stun.example.org", 3478},
        {"stun.example.org:19302", "stun.example.org", 19302},
        {"192.0.2.1", "192.0.2.1", 3478},
        {"192.0.2.1:5", "192.0.2.1", 5},
        {"2001:db8::1", "2001:db8::1", 3478},
        {"[2001:db8::1]", "2001:db8::1", 3478},
        {"[2001:db8::1]:65535", "2001:db8::1", 65535},
        {"stun:example.org", "example.org", 3478},
        {"STUN:example.org:7", "example.org", 7},
        {"stun:[::1]:9", "::1", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        stun_target target;
        const char *why = NULL;
        assert_true(stun_target_parse(&target, good[i].text, &why));
        assert_string_equal(target.host, good[i].host);
        assert_int_equal(target.port, good[i].port);
    }
}

static void test_stun_target_refuses_the_rest_and_says_why(void **state)
{
    static const char *const bad[] = {
        "",
        "stun:",
        "host:0",
        "host:65536",
        "host:x",
        "a b",
        "turn:host",
        "stuns:host",
        "host:1:2",
        "[::1",
        "stun:h?transport=udp",
        "[1.2.3.4]",
        "turns:host:1",
        ":3478",
        "host/path",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        stun_target target;
        const char *why = NULL;
        assert_false(stun_target_parse(&target, bad[i], &why));
        assert_non_null(why);
        assert_true(strlen(why) > 0);
    }
}

static void test_stun_target_refuses_a_host_that_is_too_long(void **state)
{
    char text[400];
    stun_target target;
    const char *why = NULL;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    for (size_t len = 253; len < sizeof text; len++) {
        text[len] = '\0';
        assert_int_equal(stun_target_parse(&target, text, &why), len == 253);
        text[len] = 'a';
    }
}

static void test_stun_target_takes_the_transport_with_its_port(void **state)
{
    static const struct {
        const char *text, *transport;
        uint16_t port;
        floe_transport want;
    } good[] = {{"host", NULL, 3478, FLOE_UDP},          {"host", "tcp", 3478, FLOE_TCP},
                {"host", "tls", 5349, FLOE_TLS},         {"2001:db8::1", "dtls", 5349, FLOE_DTLS},
                {"host:443", "tls", 443, FLOE_TLS},      {"stuns:host", NULL, 5349, FLOE_TLS},
                {"stuns:host", "dtls", 5349, FLOE_DTLS}, {"stun:host", "tcp", 3478, FLOE_TCP}};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        stun_target target;
        const char *why = NULL;
        assert_true(stun_target_parse_over(&target, good[i].text, good[i].transport, &why));
        assert_int_equal(target.port, good[i].port);
        assert_int_equal(target.transport, good[i].want);
    }
}

static void test_stun_target_refuses_a_transport_that_the_uri_excludes(void **state)
{
    static const char *const bad[][2] = {{"stun:host", "tls"},  {"stun:host", "dtls"},
                                         {"stuns:host", "tcp"}, {"stuns:host", "udp"},
                                         {"host", "quic"},      {"host", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        stun_target target;
        const char *why = NULL;
        assert_false(stun_target_parse_over(&target, bad[i][0], bad[i][1], &why));
        assert_non_null(why);
    }
}

static void test_stun_target_resolves_a_literal_at_once(void **state)
{
    floe_loop *loop;
    stun_target target;
    const char *why = NULL;
    char text[FLOE_ADDR_TEXT_MAX];
    (void)state;
    assert_int_equal(floe_loop_open(&loop), FLOE_OK);
    assert_true(stun_target_parse(&target, "[2001:db8::1]:5", &why));
    assert_true(stun_target_resolve(&target, loop, &why));
    assert_int_equal(target.count, 1);
    assert_string_equal(floe_addr_text(&target.addrs[0], text), "[2001:db8::1]:5");
    floe_loop_close(loop);
}

static void test_stun_target_says_what_to_do_about_a_name_without_address(void **state)
{
    floe_loop *loop;
    stun_target target;
    const char *why = NULL;
    (void)state;
    assert_int_equal(floe_loop_open(&loop), FLOE_OK);
    assert_true(stun_target_parse(&target, "host.local", &why)); /* never asked for by DNS */
    assert_false(stun_target_resolve(&target, loop, &why));
    assert_non_null(strstr(why, "spelling"));
    floe_loop_close(loop);
}

static void test_stun_target_parses_where_to_listen(void **state)
{
    static const struct {
        const char *text, *want;
    } good[] = {
        {"192.0.2.1", "192.0.2.1:3478"}, {"192.0.2.1:0", "192.0.2.1:0"}, {"[::1]:70", "[::1]:70"},
        {"[::1]", "[::1]:3478"},         {"::1", "[::1]:3478"},          {"0.0.0.0:1", "0.0.0.0:1"},
    };
    (void)state;
    floe_addr addr;
    const char *why = NULL;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[FLOE_ADDR_TEXT_MAX];
        assert_true(stun_target_parse_local(&addr, good[i].text, 3478, &why));
        assert_string_equal(floe_addr_text(&addr, text), good[i].want);
    }
    assert_true(stun_target_parse_local(&addr, "", 3478, &why));
    assert_true(addr.family == 0 && addr.port == 3478);
    assert_true(stun_target_parse_local(&addr, ":81", 3478, &why));
    assert_true(addr.family == 0 && addr.port == 81);
}

static void test_stun_target_refuses_to_listen_on_names_and_bad_ports(void **state)
{
    static const char *const bad[] = {"localhost", "1.2.3.4:x", "1.2.3.4:65536", "[::1]:", "1.2.3"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        floe_addr addr;
        const char *why = NULL;
        assert_false(stun_target_parse_local(&addr, bad[i], 3478, &why));
        assert_non_null(why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_target_takes_names_addresses_and_uris),
        cmocka_unit_test(test_stun_target_refuses_the_rest_and_says_why),
        cmocka_unit_test(test_stun_target_refuses_a_host_that_is_too_long),
        cmocka_unit_test(test_stun_target_takes_the_transport_with_its_port),
        cmocka_unit_test(test_stun_target_refuses_a_transport_that_the_uri_excludes),
        cmocka_unit_test(test_stun_target_resolves_a_literal_at_once),
        cmocka_unit_test(test_stun_target_says_what_to_do_about_a_name_without_address),
        cmocka_unit_test(test_stun_target_parses_where_to_listen),
        cmocka_unit_test(test_stun_target_refuses_to_listen_on_names_and_bad_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
