/*
 * tests/unit/dtls/test_tls_trust.c - which certificates are believed, and for which host.
 */
#include "dtls/tls_trust.h"

#include <openssl/ssl.h>
#include <string.h>

#include "dtls/tls_client.h"
#include "support/tls_pair.h"
#include "support/unit.h"

#define HOST "turn.example"

static const tls_leaf good = {.names = "DNS:turn.example, IP:127.0.0.1, IP:2001:db8::1"};
static tls_pair pair;

static int set_up(void **state)
{
    (void)state;
    tls_pair_init(&pair);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_pair_free(&pair);
    return 0;
}

static void test_tls_client_takes_a_certificate_for_an_address(void **state)
{
    (void)state;
    tls_pair_connect(&pair, "127.0.0.1", &good, false);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_null(SSL_get_servername(pair.server.ssl, TLSEXT_NAMETYPE_host_name));
    tear_down(NULL);
    set_up(NULL);
    tls_pair_connect(&pair, "2001:db8::1", &good, true);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    tear_down(NULL);
    set_up(NULL);
    tls_pair_connect(&pair, "127.0.0.2", &good, false);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_NAME);
}

static void test_tls_client_sends_the_name_without_its_last_dot(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST ".", &good, false);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_string_equal(SSL_get_servername(pair.server.ssl, TLSEXT_NAMETYPE_host_name), HOST);
}

static void expect_certificate(const char *host, const tls_leaf *leaf, floe_tls_cause cause)
{
    for (int is_datagram = 0; is_datagram < 2; is_datagram++) {
        tear_down(NULL);
        set_up(NULL);
        tls_pair_connect(&pair, host, leaf, is_datagram != 0);
        if (cause == FLOE_TLS_CAUSE_NONE) {
            assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
        } else {
            tls_pair_expect_failure(&pair, cause);
        }
    }
}

static void test_tls_client_refuses_a_certificate_for_another_name(void **state)
{
    (void)state;
    expect_certificate("turn.example", &(tls_leaf){.names = "DNS:stun.example"},
                       FLOE_TLS_CAUSE_NAME);
    expect_certificate("a.turn.example", &good, FLOE_TLS_CAUSE_NAME);
    /* A name in SAN makes the common name mean nothing. */
    expect_certificate("turn.example",
                       &(tls_leaf){.names = "DNS:a.example", .common_name = "turn.example"},
                       FLOE_TLS_CAUSE_NAME);
}

static void test_tls_client_takes_whole_wildcards_only(void **state)
{
    (void)state;
    expect_certificate("turn.example", &(tls_leaf){.names = "DNS:*.example"}, FLOE_TLS_CAUSE_NAME);
    expect_certificate("a.turn.example", &(tls_leaf){.names = "DNS:*.turn.example"},
                       FLOE_TLS_CAUSE_NONE);
    expect_certificate("b.a.turn.example", &(tls_leaf){.names = "DNS:*.turn.example"},
                       FLOE_TLS_CAUSE_NAME);
    expect_certificate("ab.turn.example", &(tls_leaf){.names = "DNS:a*.turn.example"},
                       FLOE_TLS_CAUSE_NAME);
}

static void test_tls_client_takes_a_common_name_where_there_is_no_other(void **state)
{
    (void)state;
    expect_certificate("turn.example", &(tls_leaf){.common_name = "turn.example"},
                       FLOE_TLS_CAUSE_NONE);
}

static void test_tls_client_refuses_a_certificate_out_of_time(void **state)
{
    (void)state;
    tls_leaf past = {.names = "DNS:turn.example", .from = -7200, .to = -3600};
    tls_leaf future = {.names = "DNS:turn.example", .from = 1800, .to = 3600};
    expect_certificate(HOST, &past, FLOE_TLS_CAUSE_EXPIRED);
    expect_certificate(HOST, &future, FLOE_TLS_CAUSE_EXPIRED);
}

static void test_tls_client_refuses_an_authority_that_it_does_not_know(void **state)
{
    (void)state;
    tls_leaf self_signed = {.names = "DNS:turn.example", .is_self_signed = true};
    expect_certificate(HOST, &self_signed, FLOE_TLS_CAUSE_UNTRUSTED);
}

static void test_tls_client_does_not_trust_a_test_by_default(void **state)
{
    (void)state;
    floe_tls_trust_free(&pair.trust);
    assert_int_equal(floe_tls_trust_init(&pair.trust, NULL), FLOE_OK);
    tls_pair_connect(&pair, HOST, &good, false);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_UNTRUSTED);
}

static void test_tls_client_takes_any_certificate_if_told_so(void **state)
{
    (void)state;
    tls_leaf wrong = {.names = "DNS:a.example", .is_self_signed = true};
    floe_tls_client_config config = {
        .trust = &pair.trust, .host = FLOE_LIT(HOST), .is_unverified = true};
    tls_server_init(&pair.server, &pair.authority, &wrong, false);
    assert_int_equal(floe_tls_client_init(&pair.client, &config, pair.now), FLOE_OK);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
}

static void test_tls_client_init_refuses_hosts_that_are_none(void **state)
{
    (void)state;
    static const uint8_t with_nul[] = "turn.example\0.evil";
    uint8_t long_name[FLOE_TLS_HOST_MAX + 1];
    memset(long_name, 'a', sizeof long_name);
    floe_bytes hosts[] = {
        {NULL, 0}, FLOE_LIT("."), {with_nul, sizeof with_nul}, {long_name, sizeof long_name}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        floe_tls_client_config config = {.trust = &pair.trust, .host = hosts[i]};
        assert_int_equal(floe_tls_client_init(&pair.client, &config, pair.now), FLOE_E_ARG);
    }
}

static void test_tls_trust_init_refuses_a_file_that_has_no_certificate(void **state)
{
    (void)state;
    floe_tls_trust trust;
    assert_int_equal(floe_tls_trust_init(&trust, "/nonexistent.pem"), FLOE_E_CRYPTO);
    assert_int_equal(floe_tls_trust_init(&trust, "/dev/null"), FLOE_E_CRYPTO);
    floe_tls_trust_free(&trust);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tls_client_takes_a_certificate_for_an_address),
        TEST(test_tls_client_sends_the_name_without_its_last_dot),
        TEST(test_tls_client_refuses_a_certificate_for_another_name),
        TEST(test_tls_client_takes_whole_wildcards_only),
        TEST(test_tls_client_takes_a_common_name_where_there_is_no_other),
        TEST(test_tls_client_refuses_a_certificate_out_of_time),
        TEST(test_tls_client_refuses_an_authority_that_it_does_not_know),
        TEST(test_tls_client_does_not_trust_a_test_by_default),
        TEST(test_tls_client_takes_any_certificate_if_told_so),
        TEST(test_tls_client_init_refuses_hosts_that_are_none),
        TEST(test_tls_trust_init_refuses_a_file_that_has_no_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
