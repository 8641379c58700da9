/*
 * tests/unit/dtls/test_tls_client.c - TLS and DTLS towards a server of plain OpenSSL: the bytes,
 * the timers, the end.
 */
#include "dtls/tls_client.h"

#include <openssl/ssl.h>
#include <string.h>

#include "support/tls_pair.h"
#include "support/unit.h"
#include "support/virtual_clock.h"

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

static void test_tls_client_talks_to_a_server_over_a_stream(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, false);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_int_equal(SSL_version(pair.server.ssl), TLS1_3_VERSION);
    tls_pair_expect_talk(&pair);
}

static void test_tls_client_talks_to_a_server_over_datagrams(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, true);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_int_equal(SSL_version(pair.server.ssl), DTLS1_2_VERSION);
    tls_pair_expect_talk(&pair);
}

static void talk_in_pieces(int version, size_t step)
{
    tear_down(NULL);
    set_up(NULL);
    pair.step = step;
    tls_pair_open(&pair, HOST, &good, false);
    SSL_CTX_set_max_proto_version(pair.server.ctx, version);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    assert_int_equal(SSL_version(pair.server.ssl), version);
    tls_pair_expect_talk(&pair);
}

static void test_tls_client_takes_a_stream_that_is_cut_anywhere(void **state)
{
    (void)state;
    for (size_t step = 1; step < 40; step += step < 8 ? 1 : 7) {
        talk_in_pieces(TLS1_2_VERSION, step);
        talk_in_pieces(TLS1_3_VERSION, step);
    }
}

/* The handshake in one piece but for one cut, at each byte of the server's flight. */

static void test_tls_client_takes_a_flight_cut_at_each_byte(void **state)
{
    (void)state;
    size_t flight = SIZE_MAX;
    for (size_t cut = 1; cut < flight; cut += 17) {
        uint8_t buf[8192];
        tear_down(NULL);
        set_up(NULL);
        tls_pair_open(&pair, HOST, &good, false);
        tls_server_open(&pair.server);
        floe_tls_client_start(&pair.client, pair.now);
        (void)tls_pair_carry_to_server(&pair);
        flight = tls_server_output(&pair.server, buf, sizeof buf);
        tls_pair_give(&pair, (floe_bytes){buf, cut});
        assert_int_equal(pair.state, FLOE_DTLS_CONNECTING);
        tls_pair_give(&pair, (floe_bytes){buf + cut, flight - cut});
        assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    }
}

/* What the client makes of a certificate, over both. */

/* RFC 8489 §6.2.3: the common name will do where no other name is there. */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned int in_len, void *chosen)
{
    (void)ssl;
    assert_int_equal(in_len, 10);
    assert_memory_equal(in, "\x09stun.turn", 10);
    *out = in + 1;
    *out_len = in[0];
    *(bool *)chosen = true;
    return SSL_TLSEXT_ERR_OK;
}

static void test_tls_client_offers_stun_turn(void **state)
{
    (void)state;
    bool is_chosen = false;
    tls_pair_open(&pair, HOST, &good, false);
    SSL_CTX_set_alpn_select_cb(pair.server.ctx, choose_protocol, &is_chosen);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_true(is_chosen);
}

static void test_tls_client_refuses_old_versions(void **state)
{
    (void)state;
    tls_pair_open(&pair, HOST, &good, false);
    SSL_CTX_set_security_level(pair.server.ctx, 0);
    SSL_CTX_set_min_proto_version(pair.server.ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(pair.server.ctx, TLS1_1_VERSION);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_ALERT);
    assert_int_equal(pair.client.alert, SSL_AD_PROTOCOL_VERSION);
}

static void test_tls_client_refuses_what_is_not_tls(void **state)
{
    (void)state;
    tls_pair_open(&pair, HOST, &good, false);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_give(&pair, FLOE_LIT("HTTP/1.1 400 Bad Request\r\n"));
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_PROTOCOL);
}

static void test_tls_client_is_closed_by_close_notify_and_answers(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, false);
    tls_server_send(&pair.server, FLOE_LIT("last"));
    tls_server_close(&pair.server);
    tls_pair_run(&pair);
    assert_int_equal(pair.len, 4);
    assert_int_equal(pair.state, FLOE_DTLS_CLOSED);
    assert_true(pair.server.is_closed);
    assert_int_equal(floe_tls_client_input(&pair.client, pair.now, FLOE_LIT("x")), FLOE_E_CLOSED);
}

static void test_tls_client_close_sends_close_notify(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, true);
    floe_tls_client_close(&pair.client, pair.now);
    tls_pair_read(&pair);
    assert_int_equal(pair.state, FLOE_DTLS_CLOSED);
    tls_pair_run(&pair);
    assert_true(pair.server.is_closed);
    floe_tls_client_close(&pair.client, pair.now);
    assert_false(floe_tls_client_poll_event(&pair.client, &pair.state, &pair.cause));
}

static void test_tls_client_takes_the_end_of_the_stream_for_closed(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, false);
    floe_tls_client_input_end(&pair.client, pair.now);
    tls_pair_read(&pair);
    assert_int_equal(pair.state, FLOE_DTLS_CLOSED);
    floe_tls_client_input_end(&pair.client, pair.now);
    assert_false(floe_tls_client_poll_event(&pair.client, &pair.state, &pair.cause));
}

static void test_tls_client_fails_if_the_stream_ends_in_the_handshake(void **state)
{
    (void)state;
    tls_pair_open(&pair, HOST, &good, false);
    floe_tls_client_start(&pair.client, pair.now);
    floe_tls_client_input_end(&pair.client, pair.now);
    tls_pair_read(&pair);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_EOF);
}

static void test_tls_client_does_not_renegotiate(void **state)
{
    (void)state;
    tls_pair_open(&pair, HOST, &good, false);
    SSL_CTX_set_max_proto_version(pair.server.ctx, TLS1_2_VERSION);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    assert_int_equal(SSL_renegotiate(pair.server.ssl), 1);
    (void)SSL_do_handshake(pair.server.ssl); /* a HelloRequest */
    (void)tls_pair_carry_to_client(&pair);
    uint8_t answer[512];
    size_t len = 0;
    assert_true(floe_tls_client_poll_transmit(&pair.client, answer, sizeof answer, &len));
    assert_int_equal(answer[0], 21); /* an alert, no hello */
    assert_false(floe_tls_client_poll_transmit(&pair.client, answer, sizeof answer, &len));
}

/* RFC 8446 §4.6.3: the answer goes in front of the next record. */

static void test_tls_client_changes_its_keys_when_asked(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, false);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_key_update(pair.server.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        pair.len = pair.server.len = 0;
        tls_server_send(&pair.server, FLOE_LIT("x"));
        (void)tls_pair_carry_to_client(&pair);
        assert_int_equal(pair.len, 1);
        pair.len = 0;
        tls_pair_expect_talk(&pair);
    }
}

/* Connected, with the end of the handshake not sent yet: a stream has an order. */

static void test_tls_client_seals_nothing_before_the_handshake_is_sent(void **state)
{
    (void)state;
    uint8_t record[256];
    size_t len;
    tls_pair_open(&pair, HOST, &good, false);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    (void)tls_pair_carry_to_server(&pair);
    (void)tls_pair_carry_to_client(&pair);
    assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
    assert_int_equal(floe_tls_client_seal(&pair.client, FLOE_LIT("x"), record, sizeof record, &len),
                     FLOE_E_AGAIN);
    tls_pair_run(&pair);
    tls_pair_expect_talk(&pair);
}

/* Nothing comes. Returns how many datagrams, or pieces of a stream, are sent until then. */

static unsigned wait_in_vain(floe_time until)
{
    uint8_t buf[2048];
    size_t len;
    unsigned count = 0;
    while (floe_tls_client_deadline(&pair.client) <= until) {
        pair.now = floe_tls_client_deadline(&pair.client);
        virtual_clock_set(pair.now);
        floe_tls_client_advance(&pair.client, pair.now);
        while (floe_tls_client_poll_transmit(&pair.client, buf, sizeof buf, &len)) {
            count++;
        }
    }
    tls_pair_read(&pair);
    return count;
}

static void test_tls_client_repeats_its_hello_over_datagrams_and_gives_up(void **state)
{
    (void)state;
    floe_time start = pair.now;
    tls_pair_open(&pair, HOST, &good, true);
    floe_tls_client_start(&pair.client, pair.now);
    /* At 0, 0.25, 0.75, 1.75, 3.75, 6.75 and 9.75 s. */
    assert_int_equal(wait_in_vain(start + 60 * FLOE_SECOND), 7);
    assert_int_equal(pair.now, start + FLOE_TLS_HANDSHAKE_US);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_TIMEOUT);
}

static void test_tls_client_gives_up_on_a_silent_stream(void **state)
{
    (void)state;
    floe_time start = pair.now;
    tls_pair_open(&pair, HOST, &good, false);
    floe_tls_client_start(&pair.client, pair.now);
    assert_int_equal(wait_in_vain(start + 60 * FLOE_SECOND), 1); /* the hello */
    assert_int_equal(pair.now, start + FLOE_TLS_HANDSHAKE_US);
    tls_pair_expect_failure(&pair, FLOE_TLS_CAUSE_TIMEOUT);
}

/* The datagram number `lost` is lost, whoever sends it. Time passes when nothing else happens. */

static void connect_with_loss(unsigned lost)
{
    uint8_t buf[4096];
    size_t len;
    unsigned count = 0;
    while (pair.state != FLOE_DTLS_CONNECTED && pair.now < 20 * FLOE_SECOND) {
        while (floe_tls_client_poll_transmit(&pair.client, buf, sizeof buf, &len)) {
            if (count++ != lost) {
                tls_server_input(&pair.server, (floe_bytes){buf, len});
            }
        }
        len = tls_server_output(&pair.server, buf, sizeof buf);
        if (len > 0 && count++ != lost) {
            tls_pair_give(&pair, (floe_bytes){buf, len});
        }
        pair.now += 50 * FLOE_MS;
        virtual_clock_set(pair.now);
        floe_tls_client_advance(&pair.client, pair.now);
        tls_server_repeat(&pair.server);
        tls_pair_read(&pair);
    }
}

static void test_tls_client_survives_the_loss_of_each_datagram(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 4; lost++) {
        tear_down(NULL);
        set_up(NULL);
        tls_pair_open(&pair, HOST, &good, true);
        tls_server_open(&pair.server);
        floe_tls_client_start(&pair.client, pair.now);
        connect_with_loss(lost);
        assert_int_equal(pair.state, FLOE_DTLS_CONNECTED);
        tls_pair_run(&pair);
        tls_pair_expect_talk(&pair);
    }
}

static void test_tls_client_carries_records_of_the_largest_size(void **state)
{
    (void)state;
    static uint8_t big[FLOE_TLS_PLAIN_MAX + 1];
    uint8_t record[FLOE_TLS_PLAIN_MAX + FLOE_TLS_OVERHEAD + 1];
    size_t len;
    memset(big, 7, sizeof big);
    for (int is_datagram = 0; is_datagram < 2; is_datagram++) {
        tear_down(NULL);
        set_up(NULL);
        tls_pair_connect(&pair, HOST, &good, is_datagram != 0);
        tls_pair_say(&pair, (floe_bytes){big, FLOE_TLS_PLAIN_MAX});
        assert_int_equal(pair.server.len, FLOE_TLS_PLAIN_MAX);
        tls_server_send(&pair.server, (floe_bytes){big, FLOE_TLS_PLAIN_MAX});
        tls_pair_run(&pair);
        assert_int_equal(pair.len, FLOE_TLS_PLAIN_MAX);
        assert_int_equal(floe_tls_client_seal(&pair.client, (floe_bytes){big, sizeof big}, record,
                                              sizeof record, &len),
                         FLOE_E_TOO_BIG);
    }
}

static void test_tls_client_takes_several_records_of_one_datagram(void **state)
{
    (void)state;
    tls_pair_connect(&pair, HOST, &good, true);
    for (int i = 0; i < 3; i++) {
        tls_server_send(&pair.server, FLOE_LIT("abc"));
    }
    assert_true(tls_pair_carry_to_client(&pair));
    assert_int_equal(pair.len, 9);
    assert_false(tls_pair_carry_to_client(&pair));
}

/* RFC 6347 §4.1.2.7: it is dropped, and the connection goes on. */
static void test_tls_client_drops_datagrams_that_are_forged_or_repeated(void **state)
{
    (void)state;
    uint8_t buf[512], forged[512];
    tls_pair_connect(&pair, HOST, &good, true);
    tls_server_send(&pair.server, FLOE_LIT("abc"));
    size_t len = tls_server_output(&pair.server, buf, sizeof buf);
    memcpy(forged, buf, len);
    forged[len - 1] ^= 1;
    tls_pair_give(&pair, (floe_bytes){forged, len});
    tls_pair_give(&pair, FLOE_LIT("what is this?"));
    assert_int_equal(pair.len, 0);
    tls_pair_give(&pair, (floe_bytes){buf, len});
    tls_pair_give(&pair, (floe_bytes){buf, len});
    assert_int_equal(pair.len, 3);
    pair.len = 0;
    tls_pair_expect_talk(&pair);
}

static void test_tls_client_seal_says_what_is_wrong(void **state)
{
    (void)state;
    uint8_t record[200];
    size_t len;
    tls_pair_open(&pair, HOST, &good, false);
    assert_int_equal(floe_tls_client_input(&pair.client, pair.now, FLOE_LIT("x")), FLOE_E_STATE);
    assert_int_equal(floe_tls_client_seal(&pair.client, FLOE_LIT("x"), record, sizeof record, &len),
                     FLOE_E_STATE);
    tls_server_open(&pair.server);
    floe_tls_client_start(&pair.client, pair.now);
    tls_pair_run(&pair);
    assert_int_equal(floe_tls_client_seal(&pair.client, FLOE_LIT(""), record, sizeof record, &len),
                     FLOE_E_ARG);
    assert_int_equal(
        floe_tls_client_seal(&pair.client, FLOE_LIT("x"), record, FLOE_TLS_OVERHEAD, &len),
        FLOE_E_TOO_BIG);
    floe_tls_client_close(&pair.client, pair.now);
    assert_int_equal(floe_tls_client_seal(&pair.client, FLOE_LIT("x"), record, sizeof record, &len),
                     FLOE_E_CLOSED);
}

static void test_tls_cause_text_has_a_text_for_each(void **state)
{
    (void)state;
    for (int cause = FLOE_TLS_CAUSE_NONE; cause <= FLOE_TLS_CAUSE_CRYPTO; cause++) {
        assert_true(strlen(floe_tls_cause_text((floe_tls_cause)cause)) > 10);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tls_client_talks_to_a_server_over_a_stream),
        TEST(test_tls_client_talks_to_a_server_over_datagrams),
        TEST(test_tls_client_takes_a_stream_that_is_cut_anywhere),
        TEST(test_tls_client_takes_a_flight_cut_at_each_byte),
        TEST(test_tls_client_offers_stun_turn),
        TEST(test_tls_client_refuses_old_versions),
        TEST(test_tls_client_refuses_what_is_not_tls),
        TEST(test_tls_client_is_closed_by_close_notify_and_answers),
        TEST(test_tls_client_close_sends_close_notify),
        TEST(test_tls_client_takes_the_end_of_the_stream_for_closed),
        TEST(test_tls_client_fails_if_the_stream_ends_in_the_handshake),
        TEST(test_tls_client_does_not_renegotiate),
        TEST(test_tls_client_changes_its_keys_when_asked),
        TEST(test_tls_client_seals_nothing_before_the_handshake_is_sent),
        TEST(test_tls_client_repeats_its_hello_over_datagrams_and_gives_up),
        TEST(test_tls_client_gives_up_on_a_silent_stream),
        TEST(test_tls_client_survives_the_loss_of_each_datagram),
        TEST(test_tls_client_carries_records_of_the_largest_size),
        TEST(test_tls_client_takes_several_records_of_one_datagram),
        TEST(test_tls_client_drops_datagrams_that_are_forged_or_repeated),
        TEST(test_tls_client_seal_says_what_is_wrong),
        cmocka_unit_test(test_tls_cause_text_has_a_text_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
