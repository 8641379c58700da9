/* tests/unit/dtls/test_dtls_conn.c - the life of a connection between two ends of ours. */
#include "dtls/dtls_conn.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "support/dtls_pair.h"
#include "support/unit.h"

static dtls_pair pair;

static int free_pair(void **state)
{
    (void)state;
    dtls_pair_free(&pair);
    return 0;
}

static void open_and_start(uint64_t seed)
{
    dtls_pair_init(&pair, seed);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
}

static bool are_connected(void)
{
    return dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED);
}

static void test_dtls_conn_connects_in_two_round_trips_of_one_datagram_each_way(void **state)
{
    (void)state;
    open_and_start(1);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTING, FLOE_DTLS_CONNECTING));
    dtls_pair_run(&pair, 40 * FLOE_MS);
    assert_true(are_connected());
    for (int i = 0; i < 2; i++) {
        const floe_dtls_stats *stats = &pair.end[i].conn.stats;
        assert_int_equal(pair.end[i].transmits, 2);
        assert_int_equal(stats->flights_repeated, 0);
        assert_int_equal(stats->dropped, 0);
        assert_int_equal(stats->version, 0xfefd);
        assert_int_equal(stats->alert, FLOE_DTLS_ALERT_NONE);
        assert_string_equal(stats->cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    }
    assert_int_equal(pair.end[0].conn.stats.records_sent, pair.end[1].conn.stats.records_received);
}

static void test_dtls_conn_connects_in_either_role(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 1);
    pair.end[0].config.role = FLOE_DTLS_SERVER;
    pair.end[1].config.role = FLOE_DTLS_CLIENT;
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
}

/* RFC 8842: two active or two passive ends are a fault of the signalling; both say so in the end.
 */
static void test_dtls_conn_fails_where_both_ends_have_the_same_role(void **state)
{
    (void)state;
    for (int role = FLOE_DTLS_CLIENT; role <= FLOE_DTLS_SERVER; role++) {
        dtls_pair_init(&pair, 1);
        pair.end[0].config.role = pair.end[1].config.role = (floe_dtls_role)role;
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        dtls_pair_run(&pair, FLOE_DTLS_HANDSHAKE_US);
        assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_FAILED, FLOE_DTLS_FAILED));
        dtls_pair_free(&pair);
    }
}

static void test_dtls_conn_carries_data_both_ways(void **state)
{
    (void)state;
    dtls_pair_connect(&pair, 2);
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("from the client")), FLOE_OK);
    assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("from the server")), FLOE_OK);
    dtls_pair_run(&pair, 10 * FLOE_MS);
    assert_int_equal(pair.end[0].messages, 1);
    assert_int_equal(pair.end[1].messages, 1);
    assert_memory_equal(pair.end[0].data, "from the server", 15);
    assert_memory_equal(pair.end[1].data, "from the client", 15);
}

static void test_dtls_conn_seals_every_size_up_to_the_limit(void **state)
{
    static uint8_t plain[FLOE_DTLS_RECORD_MAX];
    (void)state;
    dtls_pair_connect(&pair, 3);
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 7 + 1);
    }
    for (size_t len = 1; len <= sizeof plain; len++) {
        uint8_t buf[FLOE_DTLS_RECORD_MAX + FLOE_DTLS_OVERHEAD];
        size_t sealed = 0;
        memcpy(buf + FLOE_DTLS_HEAD, plain, len);
        assert_int_equal(
            floe_dtls_conn_seal(&pair.end[0].conn, buf, len, len + FLOE_DTLS_OVERHEAD, &sealed),
            FLOE_OK);
        assert_int_equal(sealed, len + FLOE_DTLS_OVERHEAD);
        assert_int_equal(dtls_pair_inject(&pair, 1, (floe_bytes){buf, sealed}), FLOE_OK);
        assert_int_equal(pair.end[1].len, len);
        assert_memory_equal(pair.end[1].data, plain, len);
    }
    assert_int_equal(pair.end[1].messages, sizeof plain);
}

static void test_dtls_conn_seal_says_what_is_wrong_and_goes_on(void **state)
{
    uint8_t buf[FLOE_DTLS_RECORD_MAX + FLOE_DTLS_OVERHEAD + 1] = {0};
    floe_dtls_conn *client = &pair.end[0].conn;
    size_t len = 7;
    (void)state;
    open_and_start(4);
    assert_int_equal(floe_dtls_conn_seal(client, buf, 10, sizeof buf, &len), FLOE_E_STATE);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_int_equal(floe_dtls_conn_seal(client, buf, 0, sizeof buf, &len), FLOE_E_ARG);
    assert_int_equal(floe_dtls_conn_seal(client, buf, 10, 10 + FLOE_DTLS_OVERHEAD - 1, &len),
                     FLOE_E_TOO_BIG);
    assert_int_equal(floe_dtls_conn_seal(client, buf, FLOE_DTLS_RECORD_MAX + 1, sizeof buf, &len),
                     FLOE_E_TOO_BIG);
    assert_int_equal(len, 7);
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("still here")), FLOE_OK);
    floe_dtls_conn_close(client, pair.now);
    assert_int_equal(floe_dtls_conn_seal(client, buf, 10, sizeof buf, &len), FLOE_E_CLOSED);
}

/* Records by OpenSSL, which is the reference, at both ends. */
static void connect_openssl(uint64_t seed)
{
    dtls_pair_init(&pair, seed);
    dtls_pair_open(&pair);
    pair.end[0].conn.keeps_openssl = pair.end[1].conn.keeps_openssl = true;
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND / 2);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
}

static void test_dtls_conn_gives_buffers_back_in_a_pause_and_goes_on_after_it(void **state)
{
    (void)state;
    connect_openssl(5);
    for (unsigned i = 1; i <= 3; i++) {
        dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
        assert_true(pair.end[0].conn.trimmed && pair.end[1].conn.trimmed);
        assert_int_equal(floe_dtls_conn_deadline(&pair.end[0].conn), FLOE_TIME_NEVER);
        assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("awake")), FLOE_OK);
        assert_int_equal(dtls_pair_send(&pair, 1, FLOE_LIT("awake")), FLOE_OK);
        dtls_pair_run(&pair, FLOE_SECOND / 2);
        assert_int_equal(pair.end[0].messages + pair.end[1].messages, 2 * i);
    }
    dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
    assert_true(pair.end[0].conn.trimmed);
    floe_dtls_conn_close(&pair.end[0].conn, pair.now);
    dtls_pair_drain(&pair, 0);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CLOSED, FLOE_DTLS_CLOSED));
}

static void test_dtls_conn_keeps_its_buffers_while_there_is_traffic(void **state)
{
    (void)state;
    connect_openssl(6);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("busy")), FLOE_OK);
        dtls_pair_run(&pair, FLOE_DTLS_IDLE_US / 3);
        assert_false(pair.end[0].conn.trimmed || pair.end[1].conn.trimmed);
    }
}

static void test_dtls_conn_keeps_its_buffers_while_a_record_is_half_read(void **state)
{
    floe_dtls_conn *server = &pair.end[1].conn;
    uint8_t buf[64 + FLOE_DTLS_OVERHEAD], piece[40];
    size_t len;
    (void)state;
    connect_openssl(6);
    memset(buf + FLOE_DTLS_HEAD, 'x', 64);
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 64, sizeof buf, &len), FLOE_OK);
    assert_int_equal(floe_dtls_conn_input(server, pair.now, (floe_bytes){buf, len}), FLOE_OK);
    assert_true(floe_dtls_conn_poll_data(server, piece, sizeof piece, &len));
    for (int i = 0; i < 3; i++) {
        pair.now += FLOE_DTLS_IDLE_US;
        floe_dtls_conn_advance(server, pair.now);
        assert_false(server->trimmed);
        assert_true(floe_dtls_conn_deadline(server) > pair.now);
    }
    assert_true(floe_dtls_conn_poll_data(server, piece, sizeof piece, &len));
    assert_int_equal(len, 24);
    assert_int_equal(piece[23], 'x');
}

static void test_dtls_conn_gives_several_records_of_one_datagram(void **state)
{
    uint8_t run[3 * 64];
    size_t at = 0, len;
    (void)state;
    dtls_pair_connect(&pair, 5);
    for (int i = 0; i < 3; i++) {
        memset(run + at + FLOE_DTLS_HEAD, 'a' + i, 10);
        assert_int_equal(
            floe_dtls_conn_seal(&pair.end[0].conn, run + at, 10, sizeof run - at, &len), FLOE_OK);
        at += len;
    }
    assert_int_equal(dtls_pair_inject(&pair, 1, (floe_bytes){run, at}), FLOE_OK);
    assert_int_equal(pair.end[1].messages, 3);
    assert_int_equal(pair.end[1].data[0], 'c');
}

static void test_dtls_conn_decrypts_in_place(void **state)
{
    floe_dtls_conn *server = &pair.end[1].conn;
    uint8_t run[400];
    size_t at = 0, len;
    (void)state;
    dtls_pair_connect(&pair, 5);
    for (size_t i = 0; i < 5; i++) { /* each longer than the one before */
        memset(run + at + FLOE_DTLS_HEAD, 'a' + (int)i, 4 + 10 * i);
        assert_int_equal(
            floe_dtls_conn_seal(&pair.end[0].conn, run + at, 4 + 10 * i, sizeof run - at, &len),
            FLOE_OK);
        at += len;
    }
    assert_int_equal(floe_dtls_conn_input(server, pair.now, (floe_bytes){run, at}), FLOE_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_true(floe_dtls_conn_poll_data(server, run, sizeof run, &len));
        assert_int_equal(len, 4 + 10 * i);
        assert_int_equal(run[0], 'a' + i);
        assert_int_equal(run[len - 1], 'a' + i);
    }
    assert_false(floe_dtls_conn_poll_data(server, run, sizeof run, &len));
    assert_int_equal(server->stats.dropped, 0);
}

static void test_dtls_conn_of_openssl_gives_a_record_in_pieces_to_a_small_buffer(void **state)
{
    floe_dtls_conn *server = &pair.end[1].conn;
    uint8_t buf[64 + FLOE_DTLS_OVERHEAD], piece[40];
    size_t len;
    (void)state;
    connect_openssl(6);
    memset(buf + FLOE_DTLS_HEAD, 'x', 64);
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 64, sizeof buf, &len), FLOE_OK);
    assert_int_equal(floe_dtls_conn_input(server, pair.now, (floe_bytes){buf, len}), FLOE_OK);
    assert_true(floe_dtls_conn_poll_data(server, piece, sizeof piece, &len));
    assert_int_equal(len, 40);
    assert_true(floe_dtls_conn_poll_data(server, piece, sizeof piece, &len));
    assert_int_equal(len, 24);
    assert_false(floe_dtls_conn_poll_data(server, piece, sizeof piece, &len));
    assert_int_equal(server->stats.dropped, 0);
}

/* RFC 8122 §6.2: bad_certificate to the other end, and nothing of its data. */
static void test_dtls_conn_fails_at_a_wrong_fingerprint_on_the_side_that_checks(void **state)
{
    (void)state;
    for (int checks = 0; checks < 2; checks++) {
        dtls_pair_init(&pair, 7);
        pair.end[checks].config.fingerprints[0].value[31] ^= 1;
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        dtls_pair_run(&pair, 2 * FLOE_SECOND);
        dtls_pair_end *liar = &pair.end[1 - checks];
        assert_int_equal(pair.end[checks].state, FLOE_DTLS_FAILED);
        assert_int_equal(pair.end[checks].cause, FLOE_DTLS_CAUSE_FINGERPRINT);
        assert_int_equal(liar->state, FLOE_DTLS_FAILED);
        assert_int_equal(liar->cause, FLOE_DTLS_CAUSE_ALERT);
        assert_int_equal(liar->conn.stats.alert, SSL_AD_BAD_CERTIFICATE);
        assert_int_equal(pair.end[0].messages + pair.end[1].messages, 0);
        assert_int_equal(floe_dtls_conn_input(&pair.end[checks].conn, pair.now, FLOE_LIT("x")),
                         FLOE_E_CLOSED);
        dtls_pair_free(&pair);
    }
}

/* The second line of defence: no certificate was checked, however that came to be. */
static void test_dtls_conn_does_not_connect_to_a_peer_that_nobody_checked(void **state)
{
    (void)state;
    open_and_start(7);
    while (!pair.end[0].conn.verified) {
        assert_true(dtls_pair_step(&pair, pair.now + FLOE_SECOND));
    }
    pair.end[0].conn.verified = false;
    dtls_pair_run(&pair, FLOE_SECOND / 2);
    assert_int_equal(pair.end[0].state, FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[0].cause, FLOE_DTLS_CAUSE_FINGERPRINT);
}

static void test_dtls_conn_connects_if_any_one_fingerprint_matches(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 8);
    floe_dtls_config *config = &pair.end[0].config;
    config->fingerprints[3] = config->fingerprints[0];
    config->fingerprints[0] = (floe_dtls_digest){.size = 20};
    config->fingerprints[1] = (floe_dtls_digest){.size = 32};
    config->fingerprints[2] = (floe_dtls_digest){.size = 64};
    config->fingerprint_count = 4;
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
}

static void test_dtls_conn_init_refuses_a_configuration_that_cannot_work(void **state)
{
    floe_dtls_config config;
    floe_dtls_conn conn;
    (void)state;
    dtls_pair_init(&pair, 9);
    const floe_dtls_config good = pair.end[0].config;
    config = good, config.fingerprint_count = 0;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.fingerprints[0].size = 20; /* a SHA-1 alone */
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.fingerprint_count = FLOE_DTLS_FINGERPRINTS_MAX + 1;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.mtu = 255;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.mtu = 4097;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.first_timer_us = 19999;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.first_timer_us = 3000001;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    config = good, config.identity = NULL;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_E_ARG);
    floe_dtls_conn_free(&conn); /* harmless */
}

static void test_dtls_conn_sends_nothing_before_the_start(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 10);
    dtls_pair_open(&pair);
    dtls_pair_drain(&pair, 0);
    dtls_pair_drain(&pair, 1);
    assert_int_equal(pair.end[0].transmits + pair.end[1].transmits, 0);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_NEW, FLOE_DTLS_NEW));
    assert_false(dtls_pair_step(&pair, FLOE_TIME_NEVER - 1));
}

static void test_dtls_conn_starts_a_server_at_an_early_hello(void **state)
{
    (void)state;
    dtls_pair_init(&pair, 11);
    dtls_pair_open(&pair);
    floe_dtls_conn_start(&pair.end[0].conn, pair.now);
    dtls_pair_drain(&pair, 0);
    dtls_pair_run(&pair, 40 * FLOE_MS);
    assert_true(are_connected());
    floe_dtls_conn_start(&pair.end[1].conn, pair.now); /* late, and harmless */
    assert_true(are_connected());
}

static void test_dtls_conn_reports_each_change_of_state_once(void **state)
{
    floe_dtls_conn *client = &pair.end[0].conn;
    floe_dtls_state now;
    floe_dtls_cause cause;
    (void)state;
    dtls_pair_init(&pair, 12);
    dtls_pair_open(&pair);
    assert_false(floe_dtls_conn_poll_event(client, &now, &cause));
    floe_dtls_conn_start(client, pair.now);
    floe_dtls_conn_start(client, pair.now);
    assert_true(floe_dtls_conn_poll_event(client, &now, &cause));
    assert_int_equal(now, FLOE_DTLS_CONNECTING);
    assert_int_equal(cause, FLOE_DTLS_CAUSE_NONE);
    assert_false(floe_dtls_conn_poll_event(client, &now, &cause));
    floe_dtls_conn_close(client, pair.now);
    assert_true(floe_dtls_conn_poll_event(client, &now, &cause));
    assert_int_equal(now, FLOE_DTLS_CLOSED);
    assert_false(floe_dtls_conn_poll_event(client, &now, &cause));
}

static void test_dtls_conn_close_is_answered_and_then_there_is_silence(void **state)
{
    (void)state;
    for (int closes = 0; closes < 2; closes++) {
        dtls_pair_connect(&pair, 13);
        unsigned before[2] = {pair.end[0].transmits, pair.end[1].transmits};
        floe_dtls_conn_close(&pair.end[closes].conn, pair.now);
        floe_dtls_conn_close(&pair.end[closes].conn, pair.now);
        dtls_pair_drain(&pair, closes);
        dtls_pair_run(&pair, FLOE_SECOND);
        assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CLOSED, FLOE_DTLS_CLOSED));
        assert_int_equal(pair.end[1 - closes].cause, FLOE_DTLS_CAUSE_NONE);
        assert_int_equal(pair.end[1 - closes].conn.stats.alert, SSL_AD_CLOSE_NOTIFY);
        assert_int_equal(pair.end[0].transmits, before[0] + 1);
        assert_int_equal(pair.end[1].transmits, before[1] + 1);
        dtls_pair_free(&pair);
    }
}

static void test_dtls_conn_close_before_the_end_of_the_handshake_sends_nothing(void **state)
{
    (void)state;
    open_and_start(14);
    floe_dtls_conn_close(&pair.end[0].conn, pair.now);
    dtls_pair_drain(&pair, 0);
    assert_int_equal(pair.end[0].transmits, 1); /* the hello */
    assert_int_equal(pair.end[0].state, FLOE_DTLS_CLOSED);
    assert_int_equal(floe_dtls_conn_deadline(&pair.end[0].conn), FLOE_TIME_NEVER);
}

static void test_dtls_conn_is_not_disturbed_by_errors_of_others_in_the_queue(void **state)
{
    (void)state;
    open_and_start(15);
    pair.end[0].conn.keeps_openssl = pair.end[1].conn.keeps_openssl = true;
    for (int i = 0; i < 40; i++) {
        ERR_raise(ERR_LIB_SSL, SSL_R_READ_TIMEOUT_EXPIRED);
        (void)dtls_pair_step(&pair, pair.now + 10 * FLOE_MS);
    }
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("hello")), FLOE_OK);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(are_connected());
    assert_int_equal(pair.end[1].messages, 1);
    assert_int_equal(ERR_peek_error(), 0);
}

typedef struct trace_counts {
    unsigned states[5], sent, got, dropped;
} trace_counts;

static void count_record(void *ctx, const floe_trace_record *record)
{
    trace_counts *counts = ctx;

    assert_int_equal(record->module, FLOE_MODULE_DTLS);
    counts->states[record->kind == FLOE_TRACE_STATE ? record->b : FLOE_DTLS_NEW]++;
    counts->sent += record->kind == FLOE_TRACE_SENT;
    counts->got += record->kind == FLOE_TRACE_GOT;
    counts->dropped += record->kind == FLOE_TRACE_DROP;
}

static void test_dtls_conn_traces_states_and_packets(void **state)
{
    trace_counts counts = {0};
    (void)state;
    dtls_pair_init(&pair, 16);
    pair.end[0].config.trace = (floe_trace){count_record, &counts};
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    (void)dtls_pair_inject(&pair, 0, FLOE_LIT("?"));
    floe_dtls_conn_close(&pair.end[0].conn, pair.now);
    assert_int_equal(counts.states[FLOE_DTLS_CONNECTING], FLOE_TRACE);
    assert_int_equal(counts.states[FLOE_DTLS_CONNECTED], FLOE_TRACE);
    assert_int_equal(counts.states[FLOE_DTLS_CLOSED], FLOE_TRACE);
    assert_int_equal(counts.states[FLOE_DTLS_FAILED], 0);
    assert_int_equal(counts.sent, 3 * FLOE_TRACE); /* two flights and close_notify */
    assert_int_equal(counts.got, pair.end[0].conn.stats.records_received * FLOE_TRACE);
    assert_int_equal(counts.dropped, FLOE_TRACE);
}

static void test_dtls_conn_names_states_as_the_w3c_and_causes_in_sentences(void **state)
{
    (void)state;
    assert_string_equal(floe_dtls_state_name(FLOE_DTLS_NEW), "new");
    assert_string_equal(floe_dtls_state_name(FLOE_DTLS_CONNECTING), "connecting");
    assert_string_equal(floe_dtls_state_name(FLOE_DTLS_CONNECTED), "connected");
    assert_string_equal(floe_dtls_state_name(FLOE_DTLS_CLOSED), "closed");
    assert_string_equal(floe_dtls_state_name(FLOE_DTLS_FAILED), "failed");
    for (int cause = FLOE_DTLS_CAUSE_NONE; cause <= FLOE_DTLS_CAUSE_CRYPTO; cause++) {
        const char *text = floe_dtls_cause_text((floe_dtls_cause)cause);
        assert_int_equal(text[strlen(text) - 1], '.');
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, free_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dtls_conn_connects_in_two_round_trips_of_one_datagram_each_way),
        TEST(test_dtls_conn_connects_in_either_role),
        TEST(test_dtls_conn_fails_where_both_ends_have_the_same_role),
        TEST(test_dtls_conn_carries_data_both_ways),
        TEST(test_dtls_conn_seals_every_size_up_to_the_limit),
        TEST(test_dtls_conn_seal_says_what_is_wrong_and_goes_on),
        TEST(test_dtls_conn_gives_buffers_back_in_a_pause_and_goes_on_after_it),
        TEST(test_dtls_conn_keeps_its_buffers_while_there_is_traffic),
        TEST(test_dtls_conn_keeps_its_buffers_while_a_record_is_half_read),
        TEST(test_dtls_conn_gives_several_records_of_one_datagram),
        TEST(test_dtls_conn_decrypts_in_place),
        TEST(test_dtls_conn_of_openssl_gives_a_record_in_pieces_to_a_small_buffer),
        TEST(test_dtls_conn_fails_at_a_wrong_fingerprint_on_the_side_that_checks),
        TEST(test_dtls_conn_does_not_connect_to_a_peer_that_nobody_checked),
        TEST(test_dtls_conn_connects_if_any_one_fingerprint_matches),
        TEST(test_dtls_conn_init_refuses_a_configuration_that_cannot_work),
        TEST(test_dtls_conn_sends_nothing_before_the_start),
        TEST(test_dtls_conn_starts_a_server_at_an_early_hello),
        TEST(test_dtls_conn_reports_each_change_of_state_once),
        TEST(test_dtls_conn_close_is_answered_and_then_there_is_silence),
        TEST(test_dtls_conn_close_before_the_end_of_the_handshake_sends_nothing),
        TEST(test_dtls_conn_is_not_disturbed_by_errors_of_others_in_the_queue),
        TEST(test_dtls_conn_traces_states_and_packets),
        cmocka_unit_test(test_dtls_conn_names_states_as_the_w3c_and_causes_in_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
