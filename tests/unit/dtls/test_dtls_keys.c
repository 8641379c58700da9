/*
 * tests/unit/dtls/test_dtls_keys.c - sealing, opening, nonces and the replay window, with keys of a
 * real handshake; OpenSSL's own record layer is what they are compared with.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "dtls/dtls_internal.h"
#include "support/dtls_pair.h"
#include "support/unit.h"

#define NUMBER_AT 5u
#define NONCE_AT  13u

static const char *const suites[] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
                                     "ECDHE-ECDSA-AES256-GCM-SHA384",
                                     "ECDHE-ECDSA-CHACHA20-POLY1305"};
#define SUITES (sizeof suites / sizeof *suites)

static dtls_pair pair;
static floe_dtls_keys *const ours = &pair.end[0].conn.keys, *const theirs = &pair.end[1].conn.keys;

/* Each end with records of its own, or with those of OpenSSL. */
static void connect_with(const char *suite, bool is_own, bool is_theirs_own)
{
    dtls_pair_init(&pair, 1);
    assert_int_equal(SSL_CTX_set_cipher_list(pair.end[0].identity.ctx, suite), 1);
    dtls_pair_open(&pair);
    pair.end[0].conn.keeps_openssl = !is_own;
    pair.end[1].conn.keeps_openssl = !is_theirs_own;
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
    assert_string_equal(pair.end[0].conn.stats.cipher, suite);
}

static int free_pair(void **state)
{
    (void)state;
    dtls_pair_free(&pair);
    return 0;
}

/* A record of ours with "text" in it. */
static floe_bytes seal(uint8_t *buf)
{
    size_t len;

    memcpy(buf + FLOE_DTLS_HEAD, "text", 4);
    assert_true(floe_dtls_keys_seal(ours, FLOE_DTLS_DATA, buf, 4, &len));
    return (floe_bytes){buf, len};
}

static bool open_with(floe_dtls_keys *keys, floe_bytes datagram, size_t cap)
{
    floe_dtls_record record;
    uint8_t plain[2048];
    size_t len = 0;

    return floe_dtls_record_next(&datagram, &record) &&
           floe_dtls_keys_open(keys, &record, plain, cap, &len) && len == 4 &&
           memcmp(plain, "text", 4) == 0;
}

static bool opens(floe_bytes datagram)
{
    return open_with(theirs, datagram, 2048);
}

static bool opens_number(uint64_t number)
{
    uint8_t buf[64];

    ours->next = number;
    return opens(seal(buf));
}

static void test_dtls_keys_of_each_suite_agree_with_openssl_in_both_roles(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SUITES; i++) {
        uint8_t plain[FLOE_DTLS_RECORD_MAX];
        connect_with(suites[i / 2], i % 2 == 0, i % 2 != 0);
        assert_true((pair.end[0].conn.ssl == NULL) == (i % 2 == 0));
        memset(plain, (int)i, sizeof plain);
        for (size_t size = 1; size <= sizeof plain; size += 1 + size / 9) {
            for (int from = 0; from < 2; from++) {
                unsigned before = pair.end[1 - from].messages;
                plain[size - 1] = (uint8_t)size;
                assert_int_equal(dtls_pair_send(&pair, from, (floe_bytes){plain, size}), FLOE_OK);
                dtls_pair_run(&pair, 20 * FLOE_MS);
                assert_int_equal(pair.end[1 - from].messages, before + 1);
                assert_int_equal(pair.end[1 - from].len, size);
                assert_memory_equal(pair.end[1 - from].data, plain, size);
            }
        }
        assert_int_equal(pair.end[0].conn.stats.dropped + pair.end[1].conn.stats.dropped, 0);
        dtls_pair_free(&pair);
    }
}

static void open_in_place(size_t size, size_t at)
{
    uint8_t buf[1300];
    floe_dtls_record record;
    size_t len, plain_len;

    memset(buf + FLOE_DTLS_HEAD, (int)size, size);
    assert_true(floe_dtls_keys_seal(ours, FLOE_DTLS_DATA, buf, size, &len));
    assert_int_equal(len, size + FLOE_DTLS_RECORD_HEADER + floe_dtls_keys_get_overhead(ours));
    memset(buf + len, 0x5a, sizeof buf - len); /* of the next record, perhaps */
    floe_bytes rest = {buf, len};
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_true(floe_dtls_keys_open(theirs, &record, buf + at, len - at, &plain_len));
    assert_int_equal(plain_len, size);
    assert_true(size == 0 || (buf[at] == (uint8_t)size && buf[at + size - 1] == (uint8_t)size));
    assert_true(len == sizeof buf || buf[len] == 0x5a);
}

static void test_dtls_keys_open_where_the_record_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        connect_with(suites[i], true, true);
        for (size_t size = 0; size <= 1200; size++) {
            open_in_place(size, 0);
            open_in_place(size, FLOE_DTLS_RECORD_HEADER);
            open_in_place(size, FLOE_DTLS_HEAD);
        }
        dtls_pair_free(&pair);
    }
}

static void test_dtls_keys_open_each_number_once_in_any_order_within_the_window(void **state)
{
    (void)state;
    connect_with(suites[0], true, true);
    for (uint64_t i = 0; i < 64; i++) {
        uint64_t number = 1000 + i * 37 % 64; /* all of 64, shuffled */
        assert_true(opens_number(number));
        assert_false(opens_number(number));
    }
    for (uint64_t i = 0; i < 64; i++) {
        assert_false(opens_number(1000 + i));
    }
    assert_false(opens_number(999)); /* never seen, but behind the window */
    assert_true(opens_number(1064));
    assert_false(opens_number(1000));
}

static void test_dtls_keys_window_reaches_back_63_numbers_and_no_further(void **state)
{
    (void)state;
    connect_with(suites[0], true, true);
    assert_true(opens_number(1000));
    assert_false(opens_number(1000 - 64)); /* neither of the two was seen before */
    assert_true(opens_number(1000 - 63));
    assert_false(opens_number(1000 - 63));
}

static void test_dtls_keys_window_moves_by_any_distance(void **state)
{
    static const uint64_t steps[] = {1, 2, 63, 64, 65, 1000, UINT64_C(1) << 33};
    (void)state;
    connect_with(suites[0], true, true);
    uint64_t number = 100;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(opens_number(number + steps[i]));
        assert_int_equal(opens_number(number), i == 0); /* the first was never seen */
        assert_true(steps[i] == 1 || opens_number(number + steps[i] - 1));
        number += steps[i];
    }
}

static void test_dtls_keys_window_is_not_moved_by_a_forgery(void **state)
{
    uint8_t buf[64], forged[64];
    (void)state;
    connect_with(suites[0], true, true);
    floe_bytes record = seal(buf);
    memcpy(forged, buf, record.len);
    forged[NUMBER_AT + 1] = 0x77;
    assert_false(opens((floe_bytes){forged, record.len}));
    assert_int_equal(theirs->failures, 1);
    assert_true(opens(record));
    assert_false(opens(record));
    assert_int_equal(theirs->failures, 1); /* a replay is none */
}

/* The Finished was opened by OpenSSL, before the window was ours. */
static void test_dtls_keys_window_begins_with_what_openssl_has_read(void **state)
{
    (void)state;
    connect_with(suites[0], true, true);
    assert_int_equal(theirs->highest, 0);
    assert_false(opens_number(0));
    assert_true(opens_number(1));
}

static void test_dtls_keys_refuse_any_changed_bit(void **state)
{
    uint8_t buf[64];
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        connect_with(suites[i], true, true);
        floe_bytes record = seal(buf);
        for (size_t bit = 0; bit < 8 * record.len; bit++) {
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(opens(record));
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(ERR_peek_error(), 0); /* the queue is the whole thread's */
        assert_true(opens(record));
        dtls_pair_free(&pair);
    }
}

/* It is decrypted before its tag is known to be wrong. */
static void test_dtls_keys_leave_nothing_of_a_forged_text(void **state)
{
    static const uint8_t none[4];
    uint8_t buf[64], plain[4];
    floe_dtls_record record;
    size_t len;
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        connect_with(suites[i], true, true);
        floe_bytes rest = seal(buf);
        buf[rest.len - 1] ^= 1;
        assert_true(floe_dtls_record_next(&rest, &record));
        memset(plain, 0x5a, sizeof plain);
        assert_false(floe_dtls_keys_open(theirs, &record, plain, sizeof plain, &len));
        assert_memory_equal(plain, none, sizeof none);
        assert_int_equal(theirs->failures, 1);
        dtls_pair_free(&pair);
    }
}

static void test_dtls_keys_refuse_what_is_short_or_does_not_fit(void **state)
{
    uint8_t buf[64];
    (void)state;
    connect_with(suites[0], true, true);
    floe_bytes record = seal(buf);
    assert_false(open_with(theirs, record, 3));
    for (size_t len = 0; len < record.len - FLOE_DTLS_RECORD_HEADER; len++) {
        floe_store_u16(buf + 11, (uint16_t)len);
        assert_false(opens(record));
    }
    floe_store_u16(buf + 11, (uint16_t)(record.len - FLOE_DTLS_RECORD_HEADER));
    assert_true(open_with(theirs, record, 4));
}

static void test_dtls_keys_are_of_one_direction(void **state)
{
    uint8_t buf[64];
    (void)state;
    connect_with(suites[0], true, true);
    assert_false(open_with(ours, seal(buf), 64)); /* a record that is sent back */
}

static void test_dtls_keys_number_records_from_where_openssl_stopped(void **state)
{
    uint8_t buf[64];
    (void)state;
    connect_with(suites[0], true, true);
    for (uint32_t i = 1; i < 100; i++) { /* 0 was the Finished */
        (void)seal(buf);
        assert_int_equal(floe_load_u16(buf + 3), 1);
        assert_int_equal(floe_load_u16(buf + NUMBER_AT), 0);
        assert_int_equal(floe_load_u32(buf + NUMBER_AT + 2), i);
    }
}

static bool keep_nonce(void *ctx, int from, floe_bytes datagram)
{
    floe_dtls_record record;

    while (floe_dtls_record_next(&datagram, &record)) {
        if (from == 0 && record.epoch == 1) {
            memcpy(ctx, record.body.ptr, 8);
        }
    }
    return false;
}

/* CVE-2026-26014. OpenSSL draws its first nonce by lot; if ours began elsewhere, the two might meet
 * under the same key. */
static void test_dtls_keys_nonces_count_on_from_those_of_openssl(void **state)
{
    uint8_t buf[64], last[8];
    (void)state;
    dtls_pair_init(&pair, 2);
    pair.lose = keep_nonce;
    pair.lose_ctx = last;
    dtls_pair_open(&pair);
    pair.end[0].conn.keeps_openssl = false;
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND);
    for (int i = 0; i < 300; i++) {
        int at = 7;
        while (++last[at] == 0 && at > 0) { /* one more, with its carry */
            at--;
        }
        (void)seal(buf);
        assert_memory_equal(buf + NONCE_AT, last, sizeof last);
    }
}

typedef struct nonce_log {
    unsigned count[2], finished[2]; /* of each end */
    uint8_t number[2][400][6], nonce[2][400][8];
} nonce_log;

/* RFC 6347 §4.1, RFC 5288 §3: neither may come twice in epoch 1, whoever sealed the record. */
static bool check_nonces(void *ctx, int from, floe_bytes datagram)
{
    nonce_log *log = ctx;
    floe_dtls_record record;

    while (floe_dtls_record_next(&datagram, &record)) {
        unsigned n = log->count[from];
        if (record.epoch != 1) {
            continue;
        }
        assert_true(n < 400);
        for (unsigned i = 0; i < n; i++) {
            assert_memory_not_equal(log->number[from][i], record.whole.ptr + NUMBER_AT, 6);
            assert_memory_not_equal(log->nonce[from][i], record.body.ptr, 8);
        }
        memcpy(log->number[from][n], record.whole.ptr + NUMBER_AT, 6);
        memcpy(log->nonce[from][n], record.body.ptr, 8);
        log->count[from]++;
        log->finished[from] += record.type == FLOE_DTLS_HANDSHAKE;
    }
    return false;
}

/* OpenSSL seals Finished after Finished, or it and then we do: which depends on what is lost. */
static void test_dtls_keys_repeat_no_nonce_where_the_last_flights_are_lost(void **state)
{
    static nonce_log log;
    unsigned finished[2] = {0, 0};
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        memset(&log, 0, sizeof log);
        dtls_pair_init(&pair, seed);
        pair.loss_percent = pair.duplicate_percent = 40;
        pair.jitter_us = 20 * FLOE_MS;
        pair.lose = check_nonces;
        pair.lose_ctx = &log;
        dtls_pair_open(&pair);
        pair.end[0].conn.keeps_openssl = pair.end[1].conn.keeps_openssl = false;
        dtls_pair_start(&pair);
        for (unsigned i = 0; i < 60; i++) {
            dtls_pair_run(&pair, 100 * FLOE_MS);
            (void)!dtls_pair_send(&pair, (int)(i % 2), FLOE_LIT("data"));
        }
        for (int i = 0; i < 2; i++) {
            floe_dtls_conn_close(&pair.end[i].conn, pair.now);
            dtls_pair_drain(&pair, i);
            finished[i] += log.finished[i] > 1;
        }
        dtls_pair_free(&pair);
    }
    assert_true(finished[0] > 5 && finished[1] > 5); /* it was put to the test */
}

/* RFC 6347 §4.1: no number twice. */
static void test_dtls_keys_end_with_the_last_number(void **state)
{
    uint8_t buf[64];
    size_t len;
    (void)state;
    connect_with(suites[0], true, true);
    assert_true(opens_number(FLOE_DTLS_NUMBER_MAX));
    assert_false(floe_dtls_keys_seal(ours, FLOE_DTLS_DATA, buf, 4, &len));
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 4, sizeof buf, &len),
                     FLOE_E_CRYPTO);
    assert_int_equal(floe_dtls_conn_get_state(&pair.end[0].conn), FLOE_DTLS_FAILED);
}

static void test_dtls_keys_free_leaves_nothing_of_them(void **state)
{
    static const floe_dtls_keys none;
    (void)state;
    connect_with(suites[0], true, true);
    floe_dtls_keys_free(ours);
    assert_memory_equal(ours, &none, sizeof none);
    floe_dtls_keys_free(ours);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, free_pair)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls_keys_of_each_suite_agree_with_openssl_in_both_roles),
        cmocka_unit_test(test_dtls_keys_open_where_the_record_stands),
        TEST(test_dtls_keys_open_each_number_once_in_any_order_within_the_window),
        TEST(test_dtls_keys_window_reaches_back_63_numbers_and_no_further),
        TEST(test_dtls_keys_window_moves_by_any_distance),
        TEST(test_dtls_keys_window_is_not_moved_by_a_forgery),
        TEST(test_dtls_keys_window_begins_with_what_openssl_has_read),
        cmocka_unit_test(test_dtls_keys_refuse_any_changed_bit),
        cmocka_unit_test(test_dtls_keys_leave_nothing_of_a_forged_text),
        TEST(test_dtls_keys_refuse_what_is_short_or_does_not_fit),
        TEST(test_dtls_keys_are_of_one_direction),
        TEST(test_dtls_keys_number_records_from_where_openssl_stopped),
        TEST(test_dtls_keys_nonces_count_on_from_those_of_openssl),
        cmocka_unit_test(test_dtls_keys_repeat_no_nonce_where_the_last_flights_are_lost),
        TEST(test_dtls_keys_end_with_the_last_number),
        TEST(test_dtls_keys_free_leaves_nothing_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
