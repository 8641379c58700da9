/*
 * tests/unit/dtls/test_dtls_established.c - an association without OpenSSL: alerts, the last flight
 * of the handshake, second handshakes. The other end may be OpenSSL's.
 */
#include <openssl/ssl.h>
#include <string.h>

#include "base/reader.h"
#include "dtls/dtls_internal.h"
#include "support/dtls_duel.h"
#include "support/dtls_pair.h"
#include "support/unit.h"
#include "support/virtual_clock.h"

#define NO_RENEGOTIATION  100
#define HANDSHAKE_FAILURE 40

static dtls_pair pair;
static dtls_duel duel;
static bool is_duel;

static int tear_down(void **state)
{
    (void)state;
    if (is_duel) {
        dtls_duel_free(&duel);
    } else {
        dtls_pair_free(&pair);
    }
    is_duel = false;
    return 0;
}

/* `own`: which ends have records of their own, as bits. */
static void connect_pair(int own)
{
    dtls_pair_init(&pair, 3);
    dtls_pair_open(&pair);
    pair.end[0].conn.keeps_openssl = (own & 1) == 0;
    pair.end[1].conn.keeps_openssl = (own & 2) == 0;
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
}

/* Against plain OpenSSL. */
static void connect_duel(floe_dtls_role role)
{
    is_duel = true;
    dtls_duel_init(&duel, role, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    duel.ours.keeps_openssl = false;
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    assert_null(duel.ours.ssl);
}

/* What only the owner of the keys can send, from one end to the other. */
static void send_sealed(int from, uint8_t type, const void *plain, size_t len)
{
    uint8_t buf[256];
    size_t sealed;

    memcpy(buf + FLOE_DTLS_HEAD, plain, len);
    assert_true(floe_dtls_keys_seal(&pair.end[from].conn.keys, type, buf, len, &sealed));
    assert_int_equal(dtls_pair_inject(&pair, 1 - from, (floe_bytes){buf, sealed}), FLOE_OK);
}

static void expect_data(int from)
{
    unsigned before = pair.end[1 - from].messages;

    assert_int_equal(dtls_pair_send(&pair, from, FLOE_LIT("goes on")), FLOE_OK);
    dtls_pair_run(&pair, 20 * FLOE_MS);
    assert_int_equal(pair.end[1 - from].messages, before + 1);
}

static void test_dtls_established_frees_openssl_and_needs_no_timer(void **state)
{
    (void)state;
    connect_pair(3);
    for (int i = 0; i < 2; i++) {
        assert_null(pair.end[i].conn.ssl);
        assert_int_equal(floe_dtls_conn_deadline(&pair.end[i].conn), FLOE_TIME_NEVER);
        expect_data(i);
        assert_int_equal(floe_dtls_conn_deadline(&pair.end[i].conn), FLOE_TIME_NEVER);
        assert_int_equal(pair.end[i].conn.stats.version, 0xfefd);
    }
}

static void test_dtls_established_close_is_understood_by_openssl_and_back(void **state)
{
    (void)state;
    for (int own = 1; own <= 3; own++) {
        for (int closer = 0; closer < 2; closer++) {
            connect_pair(own);
            floe_dtls_conn_close(&pair.end[closer].conn, pair.now);
            dtls_pair_drain(&pair, closer);
            dtls_pair_run(&pair, FLOE_SECOND);
            assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CLOSED, FLOE_DTLS_CLOSED));
            assert_int_equal(pair.end[1 - closer].conn.stats.alert, 0);
            dtls_pair_free(&pair);
        }
    }
}

static void test_dtls_established_answers_close_notify_with_one(void **state)
{
    (void)state;
    connect_duel(FLOE_DTLS_CLIENT);
    assert_int_equal(SSL_shutdown(duel.theirs.ssl), 0); /* ours has not come yet */
    dtls_duel_run(&duel);
    assert_int_equal(duel.state, FLOE_DTLS_CLOSED);
    assert_int_equal(SSL_get_shutdown(duel.theirs.ssl), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

static void test_dtls_established_fails_at_a_fatal_alert(void **state)
{
    (void)state;
    connect_pair(3);
    send_sealed(0, FLOE_DTLS_ALERT, "\x02\x28", 2);
    assert_int_equal(pair.end[1].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[1].cause, FLOE_DTLS_CAUSE_ALERT);
    assert_int_equal(pair.end[1].conn.stats.alert, HANDSHAKE_FAILURE);
    assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("too late")), FLOE_E_CLOSED);
}

static void test_dtls_established_goes_on_after_warnings_and_alerts_that_are_none(void **state)
{
    (void)state;
    connect_pair(3);
    for (int i = 0; i < 20; i++) {
        send_sealed(0, FLOE_DTLS_ALERT, "\x01\x5a", 2); /* user_canceled */
    }
    assert_int_equal(pair.end[1].conn.stats.alert, 0x5a);
    assert_int_equal(pair.end[1].conn.stats.dropped, 0);
    send_sealed(0, FLOE_DTLS_ALERT, "\x03\x28", 2);
    send_sealed(0, FLOE_DTLS_ALERT, "\x02", 1);
    send_sealed(0, FLOE_DTLS_ALERT, "", 0);
    send_sealed(0, FLOE_DTLS_ALERT, "\x02\x28\x00", 3);
    assert_int_equal(pair.end[1].conn.stats.dropped, 4);
    expect_data(0);
    expect_data(1);
}

/* Opens what an end has to send: a ChangeCipherSpec and the Finished, with these numbers. */
static void expect_last_flight(floe_dtls_conn *server, floe_dtls_keys *client, uint32_t plain,
                               uint32_t sealed)
{
    floe_dtls_record record;
    uint8_t buf[2048], message[64];
    size_t len;

    assert_true(floe_dtls_conn_poll_transmit(server, buf, sizeof buf, &len));
    floe_bytes rest = {buf, len};
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_CHANGE_CIPHER);
    assert_int_equal(record.epoch, 0);
    assert_int_equal(floe_load_u32(record.whole.ptr + 7), plain);
    assert_int_equal(record.body.len, 1);
    assert_int_equal(record.body.ptr[0], 1);
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_HANDSHAKE);
    assert_int_equal(floe_load_u32(record.whole.ptr + 7), sealed);
    assert_true(floe_dtls_keys_open(client, &record, message, sizeof message, &len));
    assert_int_equal(len, sizeof server->finished);
    assert_memory_equal(message, server->finished, len);
    assert_int_equal(rest.len, 0);
}

/* RFC 6347 §4.2.4: the same messages, with record numbers that were not used before. */
static void test_dtls_established_server_repeats_its_last_flight(void **state)
{
    uint8_t buf[2048];
    floe_dtls_conn *server = &pair.end[1].conn;
    size_t len;
    (void)state;
    connect_pair(3);
    assert_memory_equal(server->finished, "\x14\x00\x00\x0c\x00", 5);
    uint32_t plain = (uint32_t)server->keys.next_plain;
    assert_true(plain >= 6); /* five messages and a ChangeCipherSpec */
    for (uint32_t i = 0; i < 3; i++) {
        memset(buf + FLOE_DTLS_HEAD, 20, 24);
        assert_true(
            floe_dtls_keys_seal(&pair.end[0].conn.keys, FLOE_DTLS_HANDSHAKE, buf, 24, &len));
        assert_int_equal(floe_dtls_conn_input(server, pair.now, (floe_bytes){buf, len}), FLOE_OK);
        assert_false(floe_dtls_conn_poll_data(server, buf, sizeof buf, &len));
        expect_last_flight(server, &pair.end[0].conn.keys, plain + i, 1 + i);
        assert_false(floe_dtls_conn_poll_transmit(server, buf, sizeof buf, &len));
    }
    assert_int_equal(server->stats.flights_repeated, 3);
    expect_data(1);
}

static void test_dtls_established_client_repeats_nothing(void **state)
{
    (void)state;
    connect_pair(3);
    unsigned before = pair.end[0].transmits;
    send_sealed(1, FLOE_DTLS_HANDSHAKE, "\x14 again", 7);
    assert_int_equal(pair.end[0].transmits, before);
    expect_data(0);
}

/* What OpenSSL as a client makes of a flight that is repeated without OpenSSL. */
static void test_dtls_established_repairs_the_handshake_of_an_openssl_client(void **state)
{
    floe_bytes datagram;
    uint8_t buf[4096];
    size_t len;
    (void)state;
    is_duel = true;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    duel.ours.keeps_openssl = false;
    openssl_peer_drive(&duel.theirs);
    for (int flight = 0; flight < 2; flight++) {
        while (openssl_peer_next(&duel.theirs, &datagram)) {
            (void)dtls_duel_inject(&duel, datagram);
        }
        while (flight == 0 && floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len)) {
            openssl_peer_input(&duel.theirs, (floe_bytes){buf, len});
        }
    }
    assert_null(duel.ours.ssl);
    while (floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len)) { /* lost */
    }
    assert_false(SSL_is_init_finished(duel.theirs.ssl));
    duel.now += 2 * FLOE_SECOND;
    virtual_clock_set(duel.now);
    assert_int_equal(DTLSv1_handle_timeout(duel.theirs.ssl), 1);
    unsigned before = duel.ours.stats.flights_repeated;
    while (openssl_peer_next(&duel.theirs, &datagram)) {
        (void)dtls_duel_inject(&duel, datagram);
    }
    assert_int_equal(duel.ours.stats.flights_repeated, before + 1);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    dtls_duel_check_data(&duel);
}

static void test_dtls_established_refuses_renegotiation(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        connect_pair(3);
        dtls_pair_end *end = &pair.end[1 - from];
        send_sealed(from, FLOE_DTLS_HANDSHAKE, from == 0 ? "\x01 hello" : "\x00 hello", 7);
        dtls_pair_run(&pair, 20 * FLOE_MS);
        assert_int_equal(pair.end[from].conn.stats.alert, NO_RENEGOTIATION);
        assert_int_equal(end->conn.state, FLOE_DTLS_CONNECTED);
        unsigned before = end->transmits;
        send_sealed(from, FLOE_DTLS_HANDSHAKE, from == 0 ? "\x00" : "\x01", 1); /* not its part */
        send_sealed(from, FLOE_DTLS_HANDSHAKE, "\x0b", 1);
        send_sealed(from, FLOE_DTLS_HANDSHAKE, "", 0);
        assert_int_equal(end->transmits, before);
        expect_data(0);
        expect_data(1);
        dtls_pair_free(&pair);
    }
}

/* OpenSSL would be stuck in it: see test_dtls_attack.c. */
static void test_dtls_established_is_not_stopped_by_half_a_renegotiation(void **state)
{
    floe_bytes datagram;
    (void)state;
    is_duel = true;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    SSL_CTX_set_cipher_list(duel.theirs.ctx, "ALL:@SECLEVEL=0"); /* a long hello */
    dtls_duel_open(&duel);
    duel.ours.keeps_openssl = false;
    dtls_duel_run(&duel);
    SSL_set_mtu(duel.theirs.ssl, 256); /* which needs two datagrams */
    assert_int_equal(SSL_renegotiate(duel.theirs.ssl), 1);
    (void)SSL_do_handshake(duel.theirs.ssl);
    assert_true(openssl_peer_next(&duel.theirs, &datagram));
    assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
    uint8_t buf[64] = {0};
    size_t len;
    assert_int_equal(floe_dtls_conn_seal(&duel.ours, buf, 9, sizeof buf, &len), FLOE_OK);
    assert_int_equal(floe_dtls_conn_get_state(&duel.ours), FLOE_DTLS_CONNECTED);
}

static void test_dtls_established_drops_a_record_that_does_not_fit(void **state)
{
    uint8_t buf[64], piece[8];
    size_t len, got;
    (void)state;
    connect_pair(3);
    for (size_t size = 9; size >= 8; size--) {
        floe_dtls_conn *to = &pair.end[1].conn;
        assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, size, sizeof buf, &len),
                         FLOE_OK);
        assert_int_equal(floe_dtls_conn_input(to, pair.now, (floe_bytes){buf, len}), FLOE_OK);
        assert_int_equal(floe_dtls_conn_poll_data(to, piece, sizeof piece, &got), size == 8);
        assert_int_equal(to->stats.dropped, 1);
    }
}

/* RFC 9147 §4.5.3: by then somebody may have guessed right. */
static void test_dtls_established_ends_after_too_many_forgeries(void **state)
{
    uint8_t forged[] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 9, 9, 0, 25, 1, 2, 3, 4, 5, 6,
                        7,  8,    9,    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,  0, 1, 2, 3, 4, 5};
    (void)state;
    connect_pair(3);
    pair.end[1].conn.keys.failures = FLOE_DTLS_FORGERIES_MAX - 2;
    (void)dtls_pair_inject(&pair, 1, (floe_bytes){forged, sizeof forged});
    assert_int_equal(pair.end[1].conn.stats.dropped, 1);
    expect_data(0);
    (void)dtls_pair_inject(&pair, 1, (floe_bytes){forged, sizeof forged});
    assert_int_equal(pair.end[1].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[1].cause, FLOE_DTLS_CAUSE_CRYPTO);
}

static void test_dtls_established_counts_records_both_ways(void **state)
{
    (void)state;
    connect_pair(3);
    uint64_t sent = pair.end[0].conn.stats.records_sent;
    uint64_t got = pair.end[1].conn.stats.records_received;
    for (int i = 0; i < 5; i++) {
        expect_data(0);
    }
    assert_int_equal(pair.end[0].conn.stats.records_sent, sent + 5);
    assert_int_equal(pair.end[1].conn.stats.records_received, got + 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_dtls_established_frees_openssl_and_needs_no_timer),
        cmocka_unit_test(test_dtls_established_close_is_understood_by_openssl_and_back),
        TEST(test_dtls_established_answers_close_notify_with_one),
        TEST(test_dtls_established_fails_at_a_fatal_alert),
        TEST(test_dtls_established_goes_on_after_warnings_and_alerts_that_are_none),
        TEST(test_dtls_established_server_repeats_its_last_flight),
        TEST(test_dtls_established_client_repeats_nothing),
        TEST(test_dtls_established_repairs_the_handshake_of_an_openssl_client),
        cmocka_unit_test(test_dtls_established_refuses_renegotiation),
        TEST(test_dtls_established_is_not_stopped_by_half_a_renegotiation),
        TEST(test_dtls_established_drops_a_record_that_does_not_fit),
        TEST(test_dtls_established_ends_after_too_many_forgeries),
        TEST(test_dtls_established_counts_records_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
