/* tests/unit/dtls/test_dtls_attack.c - what others fell for: each test names whom and when. */
#include <openssl/ssl.h>
#include <string.h>

#include "base/reader.h"
#include "dtls/dtls_internal.h"
#include "support/dtls_duel.h"
#include "support/dtls_pair.h"
#include "support/hex.h"
#include "support/unit.h"

#define FATAL_ALERT  "15 fefd 0000 000000001000 0002 0228" /* handshake_failure */
#define CLOSE_NOTIFY "15 fefd 0000 000000001001 0002 0100"

static dtls_pair pair;
static dtls_duel duel;

static int free_pair(void **state)
{
    (void)state;
    dtls_pair_free(&pair);
    return 0;
}

static int free_duel(void **state)
{
    (void)state;
    dtls_duel_free(&duel);
    return 0;
}

static bool are_connected(void)
{
    return dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED);
}

static floe_err inject_hex(int to, const char *hex)
{
    uint8_t buf[4096];

    return dtls_pair_inject(&pair, to, hex_decode(hex, buf, sizeof buf));
}

/* Connect, and give both ends the same foreign datagram before and after each step. */
static void connect_under(const char *hex, uint64_t seed)
{
    dtls_pair_init(&pair, seed);
    dtls_pair_open(&pair);
    (void)inject_hex(0, hex);
    (void)inject_hex(1, hex);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_NEW, FLOE_DTLS_NEW));
    dtls_pair_start(&pair);
    do {
        (void)inject_hex(0, hex);
        (void)inject_hex(1, hex);
    } while (dtls_pair_step(&pair, pair.now + FLOE_SECOND) && !are_connected());
    (void)inject_hex(0, hex);
    (void)inject_hex(1, hex);
    dtls_pair_run(&pair, 5 * FLOE_SECOND);
    assert_true(are_connected());
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("fine")), FLOE_OK);
    dtls_pair_run(&pair, 20 * FLOE_MS);
    assert_int_equal(pair.end[1].messages, 1);
    assert_int_equal(pair.end[0].messages, 0);
}

static void test_dtls_attack_by_garbage_changes_nothing_at_any_moment(void **state)
{
    static const char *const garbage[] = {
        "14",
        "3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f",
        "16 fefd 0000 000000000000 ffff 00",
        "16 fefd 0001 000000000000 0000",
        "18 fefd 0000 000000000000 0003 010004",
        "17 fefd ffff ffffffffffff 0010 00000000000000000000000000000000",
        "2c 0000 0011 00112233445566778899aabbccddeeff11",
    };
    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        connect_under(garbage[i], i);
        assert_true(pair.end[0].conn.stats.dropped >= 4);
        assert_true(pair.end[1].conn.stats.dropped >= 4);
        dtls_pair_free(&pair);
    }
}

static void test_dtls_attack_by_a_forged_alert_does_not_end_a_handshake(void **state)
{
    (void)state;
    connect_under(FATAL_ALERT, 1);
    dtls_pair_free(&pair);
    connect_under(CLOSE_NOTIFY, 2);
    dtls_pair_free(&pair);
    connect_under("15 fefd 0000 000000001001 0002 015a", 3); /* more than five warnings */
}

static void test_dtls_attack_by_a_forged_alert_does_not_end_a_server_that_waits(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    floe_dtls_conn_start(&pair.end[1].conn, pair.now);
    (void)inject_hex(1, FATAL_ALERT);
    dtls_pair_run(&pair, 10 * FLOE_SECOND);
    floe_dtls_conn_start(&pair.end[0].conn, pair.now);
    dtls_pair_drain(&pair, 0);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
}

static void test_dtls_attack_by_a_forged_alert_is_believed_if_nothing_else_comes(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    pair.loss_percent = 100;
    floe_dtls_conn_start(&pair.end[0].conn, pair.now);
    (void)inject_hex(0, FATAL_ALERT);
    dtls_pair_run(&pair, FLOE_DTLS_ALERT_WAIT_US - 1);
    assert_int_equal(pair.end[0].state, FLOE_DTLS_CONNECTING);
    dtls_pair_run(&pair, 1);
    assert_int_equal(pair.end[0].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[0].cause, FLOE_DTLS_CAUSE_ALERT);
    assert_int_equal(pair.end[0].conn.stats.alert, 40);
}

static void
test_dtls_attack_by_a_forged_alert_is_forgotten_when_the_handshake_comes_further(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.delay_us = 300 * FLOE_MS; /* 1.2 s in all, longer than an alert is doubted */
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    (void)inject_hex(0, FATAL_ALERT);
    dtls_pair_run(&pair, 2 * FLOE_SECOND);
    assert_true(are_connected());
}

static void test_dtls_attack_by_a_plain_alert_does_not_end_a_connection(void **state)
{
    (void)state;
    dtls_pair_connect(&pair, 1);
    (void)inject_hex(0, FATAL_ALERT);
    (void)inject_hex(1, CLOSE_NOTIFY);
    dtls_pair_run(&pair, 10 * FLOE_SECOND);
    assert_true(are_connected());
    assert_int_equal(pair.end[0].conn.stats.alert, FLOE_DTLS_ALERT_NONE);
    assert_int_equal(pair.end[0].conn.stats.dropped, 1);
}

/* A record of the new epoch that nobody could have sealed yet, or that only looks like one. */
static void test_dtls_attack_by_forged_records_of_the_next_epoch_is_dropped(void **state)
{
    (void)state;
    connect_under("16 fefd 0001 000000000000 0030"
                  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
                  "00112233445566778899aabbccddeeff",
                  1);
    dtls_pair_free(&pair);
    connect_under("15 fefd 0001 000000000000 001a"
                  "00112233445566778899aabbccddeeff00112233445566778899",
                  2);
    dtls_pair_free(&pair);
    connect_under("17 fefd 0001 000000000040 001a"
                  "00112233445566778899aabbccddeeff00112233445566778899",
                  3);
}

/* CVE-2014-0195, CVE-2014-3571, CVE-2022-29190, CVE-2014-3507: lengths that lie. */
static void test_dtls_attack_by_fragments_that_lie_is_dropped(void **state)
{
    static const char *const fragments[] = {
        "16 fefd 0000 000000001000 000f 01000008 0000 000006 000003 aabbcc",
        "16 fefd 0000 000000001000 000f 02000008 0000 000000 000004 aabbcc",
        "16 fefd 0000 000000001000 000c 01000008 0000 000000 000000",
        "16 fefd 0000 000000001000 000c 0b000008 0001 000000 000000",
        "16 fefd 0000 000000001000 000d 0bffffff 0001 000000 000001 aa",
        "16 fefd 0000 000000001000 0001 01",
        "14 fefd 0000 000000001000 0002 0101",
    };
    (void)state;
    for (size_t i = 0; i < sizeof fragments / sizeof *fragments; i++) {
        connect_under(fragments[i], i);
        dtls_pair_free(&pair);
    }
}

/* Of a record with another version than the agreed one, OpenSSL drops 13 bytes and reads on: a
 * fragment that looks sound has a fatal alert inside, a record of epoch 1 one without room for its
 * tag. */
static void test_dtls_attack_by_records_inside_a_record_of_another_version_is_dropped(void **state)
{
    static const char *const records[] = {
        "16 feff 0000 000000001000 001c 0b000100 0009 000000 000010 aa"
        "15 fefd 0000 000000001001 0002 0228",
        "16 feff 0001 000000001000 0020 16 fefd 0001 000000001001 0003 010203"
        "00112233445566778899aabbccddeeff",
    };
    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        connect_under(records[i / 2], i % 2);
        dtls_pair_free(&pair);
    }
}

/* The same, once connected. */
static void test_dtls_attack_by_records_inside_a_record_does_not_end_a_connection(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        dtls_pair_init(&pair, 1);
        dtls_pair_open(&pair);
        pair.end[0].conn.keeps_openssl = pair.end[1].conn.keeps_openssl = own == 0;
        dtls_pair_start(&pair);
        dtls_pair_run(&pair, FLOE_SECOND);
        (void)inject_hex(1, "17 feff 0001 000000001000 0020 16 fefd 0001 000000001001 0003 010203"
                            "00112233445566778899aabbccddeeff");
        assert_true(are_connected());
        dtls_pair_free(&pair);
    }
}

/* CVE-2014-0224 and kin: a ChangeCipherSpec at the wrong moment. */
static void test_dtls_attack_by_early_change_cipher_spec_is_dropped(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    (void)inject_hex(0, "14 fefd 0000 000000001000 0001 01");
    (void)inject_hex(1, "14 fefd 0000 000000001000 0001 01");
    dtls_pair_run(&pair, 15 * FLOE_MS);
    (void)inject_hex(1, "14 fefd 0000 000000001001 0001 01");
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
}

/* A record in plain text with a high number, and the peer's own are "too old" ever after. */
static void test_dtls_attack_on_the_replay_window_does_not_stop_a_handshake(void **state)
{
    (void)state;
    for (int to = 0; to < 2; to++) {
        dtls_pair_init(&pair, 1);
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        /* Sound, and of a message that comes much later. */
        (void)inject_hex(to, "16 fefd 0000 ffffffffffff 000d 0b000008 0009 000000 000001 aa");
        dtls_pair_run(&pair, FLOE_SECOND);
        assert_true(are_connected());
        assert_int_equal(pair.end[0].conn.stats.flights_repeated, 0);
        dtls_pair_free(&pair);
    }
}

/* openssl#25290: one record that is shorter than its tag, and OpenSSL ends the connection. */
static void test_dtls_attack_by_a_record_of_any_length_does_not_end_a_connection(void **state)
{
    static const char *const suites[] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
                                         "ECDHE-ECDSA-AES256-GCM-SHA384",
                                         "ECDHE-ECDSA-CHACHA20-POLY1305"};
    uint8_t record[FLOE_DTLS_RECORD_HEADER + 64] = {0, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
        SSL_CTX_set_cipher_list(duel.theirs.ctx, suites[i]);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        for (unsigned j = 0; j < 7 * 65; j++) {
            record[0] = (uint8_t)(20 + j / 65);
            record[12] = (uint8_t)(j % 65);
            (void)dtls_duel_inject(&duel,
                                   (floe_bytes){record, FLOE_DTLS_RECORD_HEADER + record[12]});
        }
        assert_true(dtls_duel_is_connected(&duel));
        dtls_duel_check_data(&duel);
        dtls_duel_free(&duel);
    }
}

/* CVE-2019-20786: application data that nothing protects. */
static void test_dtls_attack_by_plain_application_data_is_dropped(void **state)
{
    (void)state;
    connect_under("17 fefd 0000 000000001000 0004 6576696c", 1);
}

static void test_dtls_attack_by_replay_delivers_once(void **state)
{
    uint8_t buf[64];
    size_t len;
    (void)state;
    dtls_pair_connect(&pair, 1);
    memcpy(buf + FLOE_DTLS_HEAD, "once", 4);
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 4, sizeof buf, &len), FLOE_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(dtls_pair_inject(&pair, 1, (floe_bytes){buf, len}), FLOE_OK);
    }
    assert_int_equal(pair.end[1].messages, 1);
    assert_int_equal(pair.end[1].conn.stats.dropped, 4);
}

static void test_dtls_attack_by_any_changed_bit_of_a_record_is_dropped(void **state)
{
    uint8_t buf[64];
    size_t len;
    (void)state;
    dtls_pair_connect(&pair, 1);
    memcpy(buf + FLOE_DTLS_HEAD, "data", 4);
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 4, sizeof buf, &len), FLOE_OK);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)dtls_pair_inject(&pair, 1, (floe_bytes){buf, len});
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(pair.end[1].messages, 0);
    /* Two bits make a handshake record or an alert of it; nobody counts those. */
    assert_true(pair.end[1].conn.stats.dropped >= 8 * len - 2);
    assert_int_equal(dtls_pair_inject(&pair, 1, (floe_bytes){buf, len}), FLOE_OK);
    assert_int_equal(pair.end[1].messages, 1);
}

/* CVE-2026-26014: explicit nonces that are drawn at random meet too soon; a counter never does. */
static void test_dtls_attack_on_repeated_nonces_finds_a_counter(void **state)
{
    uint8_t buf[64] = {0};
    uint32_t last = 0;
    size_t len;
    (void)state;
    dtls_pair_connect(&pair, 1);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 4, sizeof buf, &len), FLOE_OK);
        uint32_t nonce = floe_load_u32(buf + FLOE_DTLS_RECORD_HEADER + 4);
        assert_true(i == 0 || nonce == last + 1);
        last = nonce;
    }
}

/* CVE-2022-29189: messages in pieces, far ahead of their turn, by the thousand. */
static void test_dtls_attack_by_out_of_order_fragments_does_not_stop_a_handshake(void **state)
{
    uint8_t fragment[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
                          11, 0,    0x20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xaa};
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    for (unsigned i = 0; i < 5000; i++) {
        fragment[9] = (uint8_t)((i + 4096) >> 8); /* a new record number each time */
        fragment[10] = (uint8_t)i;
        fragment[18] = (uint8_t)(20 + i % 200); /* message 20 and later, which none is */
        fragment[21] = (uint8_t)(i % 31);
        (void)dtls_pair_inject(&pair, (int)(i % 2), (floe_bytes){fragment, sizeof fragment});
    }
    dtls_pair_run(&pair, 5 * FLOE_SECOND);
    assert_true(are_connected());
}

/* RFC 8827 §6.5, CVE-2009-3555: no second handshake, whoever asks for it. */
static void test_dtls_attack_by_renegotiation_is_refused(void **state)
{
    (void)state;
    for (int role = FLOE_DTLS_CLIENT; role <= FLOE_DTLS_SERVER; role++) {
        floe_bytes datagram;
        dtls_duel_init(&duel, (floe_dtls_role)role, OPENSSL_PEER_ECDSA_P256);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        unsigned before = duel.transmits;
        assert_int_equal(SSL_renegotiate(duel.theirs.ssl), 1);
        (void)SSL_do_handshake(duel.theirs.ssl);
        assert_true(openssl_peer_next(&duel.theirs, &datagram));
        assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
        assert_int_equal(floe_dtls_conn_get_state(&duel.ours), FLOE_DTLS_CONNECTED);
        uint8_t buf[4096];
        size_t len;
        assert_true(floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len));
        assert_int_equal(buf[0], FLOE_DTLS_ALERT); /* no_renegotiation, and nothing else */
        assert_int_equal(floe_load_u16(buf + 11) + FLOE_DTLS_RECORD_HEADER, len);
        assert_false(floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len));
        assert_int_equal(duel.transmits, before);
        memset(buf, 0, sizeof buf);
        assert_int_equal(floe_dtls_conn_seal(&duel.ours, buf, 9, sizeof buf, &len), FLOE_OK);
        dtls_duel_free(&duel);
    }
}

/* With the records of OpenSSL the peer harms itself alone, and we say why; with our own, not even
 * that (test_dtls_established.c). */
static void test_dtls_attack_by_half_a_renegotiation_ends_in_a_clear_failure(void **state)
{
    uint8_t buf[64] = {0};
    floe_bytes datagram;
    size_t len;
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    SSL_CTX_set_cipher_list(duel.theirs.ctx, "ALL:@SECLEVEL=0"); /* a long hello */
    dtls_duel_open(&duel);
    duel.ours.keeps_openssl = true;
    dtls_duel_run(&duel);
    SSL_set_mtu(duel.theirs.ssl, 256); /* which needs two datagrams */
    assert_int_equal(SSL_renegotiate(duel.theirs.ssl), 1);
    (void)SSL_do_handshake(duel.theirs.ssl);
    assert_int_equal(duel.theirs.out_tail, 2);
    assert_true(openssl_peer_next(&duel.theirs, &datagram));
    assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
    assert_int_equal(floe_dtls_conn_get_state(&duel.ours), FLOE_DTLS_CONNECTED);
    assert_int_equal(floe_dtls_conn_seal(&duel.ours, buf, 9, sizeof buf, &len), FLOE_E_CRYPTO);
    floe_dtls_conn_advance(&duel.ours, duel.now);
    assert_int_equal(duel.ours.state, FLOE_DTLS_FAILED);
    assert_int_equal(duel.ours.cause, FLOE_DTLS_CAUSE_PROTOCOL);
}

static bool break_certificate_verify(void *ctx, int from, floe_bytes datagram)
{
    bool *done = ctx;
    floe_dtls_record record;
    uint8_t copy[2048];
    floe_bytes rest = {copy, datagram.len};

    if (from != 0 || *done) {
        return false;
    }
    memcpy(copy, datagram.ptr, datagram.len);
    while (floe_dtls_record_next(&rest, &record)) {
        if (record.type == FLOE_DTLS_HANDSHAKE && record.epoch == 0 && record.body.ptr[0] == 15) {
            copy[(size_t)(record.body.ptr - copy) + record.body.len - 1] ^= 1;
            *done = true;
        }
    }
    if (*done) {
        (void)dtls_pair_inject(&pair, 1, (floe_bytes){copy, datagram.len});
    }
    return *done;
}

/* CVE-2022-29222: the certificate is right, but who shows it does not have its key. */
static void test_dtls_attack_with_a_stolen_certificate_is_refused(void **state)
{
    bool done = false;
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.lose = break_certificate_verify;
    pair.lose_ctx = &done;
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, 2 * FLOE_SECOND);
    assert_true(done);
    assert_true(pair.end[1].conn.verified); /* that much was right */
    assert_int_equal(pair.end[1].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[1].cause, FLOE_DTLS_CAUSE_PROTOCOL);
    assert_int_equal(pair.end[0].conn.stats.alert, SSL_AD_DECRYPT_ERROR);
}

/* openssl#9289 once more, in the gap between ChangeCipherSpec and Finished. */
static void test_dtls_attack_by_data_between_change_cipher_and_finished_is_dropped(void **state)
{
    uint8_t buf[4096];
    floe_dtls_record record;
    floe_bytes datagram, rest;
    size_t len;
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
    SSL_CTX_set_options(duel.theirs.ctx, SSL_OP_NO_TICKET);
    dtls_duel_open(&duel);
    floe_dtls_conn_start(&duel.ours, duel.now);
    for (int flight = 0; flight < 2; flight++) {
        assert_true(floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len));
        openssl_peer_input(&duel.theirs, (floe_bytes){buf, len});
        assert_true(openssl_peer_next(&duel.theirs, &datagram));
        if (flight == 0) {
            (void)dtls_duel_inject(&duel, datagram);
        }
    }
    rest = datagram;
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_CHANGE_CIPHER);
    (void)dtls_duel_inject(&duel, record.whole);
    for (int i = 0; i < 100; i++) {
        floe_bytes early;
        duel.theirs.out_head = duel.theirs.out_tail =
            2; /* behind the flight, which is still needed */
        openssl_peer_send(&duel.theirs, FLOE_LIT("early"));
        assert_true(openssl_peer_next(&duel.theirs, &early));
        (void)dtls_duel_inject(&duel, early);
    }
    assert_int_equal(duel.ours.stats.dropped, 100);
    assert_int_equal(duel.messages, 0);
    assert_int_equal(floe_dtls_conn_get_state(&duel.ours), FLOE_DTLS_CONNECTING);
    (void)dtls_duel_inject(&duel, rest); /* the Finished, 100 records late: within no window */
    duel.theirs.out_head = duel.theirs.out_tail = 0;
    assert_true(dtls_duel_is_connected(&duel));
    dtls_duel_check_data(&duel);
}

/* A record without a byte of data is no message, and no reason to end anything. */
static void test_dtls_attack_by_empty_records_is_ignored(void **state)
{
    floe_bytes datagram;
    size_t written;
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    for (int i = 0; i < 100; i++) {
        (void)SSL_write_ex(duel.theirs.ssl, "", 0, &written);
        while (openssl_peer_next(&duel.theirs, &datagram)) {
            (void)dtls_duel_inject(&duel, datagram);
        }
    }
    assert_int_equal(duel.messages, 0);
    dtls_duel_check_data(&duel);
}

#define PAIR(name) cmocka_unit_test_teardown(name, free_pair)
#define DUEL(name) cmocka_unit_test_teardown(name, free_duel)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(test_dtls_attack_by_garbage_changes_nothing_at_any_moment),
        PAIR(test_dtls_attack_by_a_forged_alert_does_not_end_a_handshake),
        PAIR(test_dtls_attack_by_a_forged_alert_does_not_end_a_server_that_waits),
        PAIR(test_dtls_attack_by_a_forged_alert_is_believed_if_nothing_else_comes),
        PAIR(test_dtls_attack_by_a_forged_alert_is_forgotten_when_the_handshake_comes_further),
        PAIR(test_dtls_attack_by_a_plain_alert_does_not_end_a_connection),
        PAIR(test_dtls_attack_by_forged_records_of_the_next_epoch_is_dropped),
        PAIR(test_dtls_attack_by_fragments_that_lie_is_dropped),
        cmocka_unit_test(test_dtls_attack_by_records_inside_a_record_of_another_version_is_dropped),
        cmocka_unit_test(test_dtls_attack_by_records_inside_a_record_does_not_end_a_connection),
        PAIR(test_dtls_attack_by_early_change_cipher_spec_is_dropped),
        PAIR(test_dtls_attack_on_the_replay_window_does_not_stop_a_handshake),
        DUEL(test_dtls_attack_by_a_record_of_any_length_does_not_end_a_connection),
        PAIR(test_dtls_attack_by_plain_application_data_is_dropped),
        PAIR(test_dtls_attack_by_replay_delivers_once),
        PAIR(test_dtls_attack_by_any_changed_bit_of_a_record_is_dropped),
        PAIR(test_dtls_attack_on_repeated_nonces_finds_a_counter),
        PAIR(test_dtls_attack_by_out_of_order_fragments_does_not_stop_a_handshake),
        DUEL(test_dtls_attack_by_renegotiation_is_refused),
        DUEL(test_dtls_attack_by_half_a_renegotiation_ends_in_a_clear_failure),
        PAIR(test_dtls_attack_with_a_stolen_certificate_is_refused),
        DUEL(test_dtls_attack_by_data_between_change_cipher_and_finished_is_dropped),
        DUEL(test_dtls_attack_by_empty_records_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
