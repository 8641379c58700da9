/*
 * tests/unit/dtls/test_dtls_memory.c - what OpenSSL allocates behind a connection: how much, and
 * that all of it comes back. The figures in dtls/README.md are what this program prints.
 */
#include <limits.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/dtls_pair.h"
#include "support/unit.h"

#define KB 1024

/* In front of each allocation stands its size. */
typedef union header {
    size_t size;
    max_align_t align;
} header;

static size_t heap_now, heap_peak;
static unsigned fail_after = UINT_MAX; /* so many allocations succeed, then none does */

static void *take(size_t size, const char *file, int line)
{
    header *memory = malloc(sizeof *memory + size);

    (void)file;
    (void)line;
    if (memory == NULL || fail_after == 0) {
        free(memory);
        return NULL;
    }
    fail_after -= fail_after != UINT_MAX ? 1u : 0u;
    memory->size = size;
    heap_now += size;
    heap_peak = heap_now > heap_peak ? heap_now : heap_peak;
    return memory + 1;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    if (memory != NULL) {
        heap_now -= ((header *)memory - 1)->size;
        free((header *)memory - 1);
    }
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
    void *next = take(size, file, line);

    if (memory != NULL && next != NULL) {
        size_t old = ((header *)memory - 1)->size;
        memcpy(next, memory, old < size ? old : size);
        give_back(memory, file, line);
    }
    return next;
}

static dtls_pair pair;
static size_t heap_start; /* with identities and without connections */

/* OpenSSL makes tables of its own at first use; they are not the connection's. */
static int warm_up(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        dtls_pair_connect(&pair, 1);
        assert_int_equal(dtls_pair_send(&pair, 0, FLOE_LIT("x")), FLOE_OK);
        dtls_pair_run(&pair, FLOE_SECOND);
        dtls_pair_free(&pair);
    }
    return 0;
}

static size_t get_heap_per_end(void)
{
    return (heap_now - heap_start) / 2;
}

static void open_pair(bool keeps_openssl)
{
    dtls_pair_open(&pair);
    pair.end[0].conn.keeps_openssl = pair.end[1].conn.keeps_openssl = keeps_openssl;
}

static void check_memory(bool keeps_openssl, size_t busy_max, size_t idle_max)
{
    size_t before = heap_now;

    dtls_pair_init(&pair, 1);
    print_message("\nidentity with its context: %zu bytes\n", (heap_now - before) / 2);
    heap_start = heap_peak = heap_now;
    open_pair(keeps_openssl);
    print_message("connection after init:     %zu bytes\n", get_heap_per_end());
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, FLOE_SECOND / 2);
    assert_true(dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED));
    print_message("handshake, both at most:   %zu bytes\n", (heap_peak - heap_start) / 2);
    print_message("connection when connected: %zu bytes\n", get_heap_per_end());
    assert_in_range(get_heap_per_end(), 1, busy_max);
    dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
    print_message("connection when idle:      %zu bytes\n", get_heap_per_end());
    assert_in_range(get_heap_per_end(), 1, idle_max);
    print_message("floe_dtls_conn itself:     %zu bytes\n", sizeof(floe_dtls_conn));
    dtls_pair_free(&pair);
}

static void test_dtls_memory_of_a_connection_stays_within_its_limit(void **state)
{
    (void)state;
    check_memory(false, 4 * KB, 4 * KB);
}

static void test_dtls_memory_of_a_connection_that_keeps_openssl_stays_within_its_limit(void **state)
{
    (void)state;
    check_memory(true, 62 * KB, 42 * KB);
}

static void test_dtls_memory_does_not_grow_with_traffic(void **state)
{
    uint8_t plain[500] = {0};
    (void)state;
    dtls_pair_connect(&pair, 1);
    dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
    size_t before = heap_now;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(dtls_pair_send(&pair, i % 2, (floe_bytes){plain, sizeof plain}), FLOE_OK);
        dtls_pair_run(&pair, 20 * FLOE_MS);
    }
    dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
    assert_int_equal(heap_now, before);
    dtls_pair_free(&pair);
}

/* CVE-2022-29189, openssl's 180 MB: fragments of messages whose turn has not come. */
static void test_dtls_memory_is_bounded_under_a_flood_of_fragments(void **state)
{
    uint8_t fragment[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
                          11, 0,    0x20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xaa};
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    size_t before = heap_now;
    heap_peak = heap_now;
    for (unsigned i = 0; i < 20000; i++) {
        fragment[18] = (uint8_t)(1 + i % 250);
        fragment[20] = (uint8_t)(i / 7 % 32);
        fragment[21] = (uint8_t)(i % 251);
        (void)dtls_pair_inject(&pair, 0, (floe_bytes){fragment, sizeof fragment});
    }
    print_message("flood of fragments:        %zu bytes more\n", heap_peak - before);
    assert_in_range(heap_peak - before, 1, 128 * KB);
    dtls_pair_free(&pair);
}

/* OpenSSL keeps up to 100 records of the next epoch, 17 KB each. */
static void test_dtls_memory_does_not_grow_with_records_of_the_next_epoch(void **state)
{
    uint8_t record[] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0,
                        1,  2,    3,    4, 5, 6, 7, 8, 9, 0, 1, 2, 3,  4, 5, 6, 7, 8, 9, 0, 1, 2};
    (void)state;
    dtls_pair_init(&pair, 1);
    dtls_pair_open(&pair);
    dtls_pair_start(&pair);
    size_t before = heap_now;
    heap_peak = heap_now;
    for (unsigned i = 0; i < 1000; i++) {
        record[0] = (uint8_t)(20 + i % 4);
        record[10] = (uint8_t)i;
        (void)dtls_pair_inject(&pair, (int)(i % 2), (floe_bytes){record, sizeof record});
    }
    assert_int_equal(heap_peak, before);
    dtls_pair_free(&pair);
}

/* Free after each step of a handshake on a bad network, and all is as it was. */
static void test_dtls_memory_comes_back_whenever_it_is_freed(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 40; steps++) {
        size_t before = heap_now;
        dtls_pair_init(&pair, steps);
        pair.loss_percent = 20;
        pair.jitter_us = 30 * FLOE_MS;
        pair.end[0].config.mtu = pair.end[1].config.mtu = 300;
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        for (unsigned i = 0; i < steps; i++) {
            (void)dtls_pair_step(&pair, pair.now + FLOE_SECOND);
        }
        dtls_pair_free(&pair);
        assert_int_equal(heap_now, before);
    }
}

static void test_dtls_memory_comes_back_after_failures_and_closing(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        size_t before = heap_now;
        dtls_pair_init(&pair, 1);
        pair.end[1].config.fingerprints[0].value[0] ^= kind == 0 ? 1 : 0;
        pair.loss_percent = kind == 1 ? 100 : 0;
        dtls_pair_open(&pair);
        dtls_pair_start(&pair);
        dtls_pair_run(&pair, 40 * FLOE_SECOND);
        if (kind == 2) {
            floe_dtls_conn_close(&pair.end[0].conn, pair.now);
            dtls_pair_drain(&pair, 0);
            dtls_pair_run(&pair, FLOE_SECOND);
        }
        dtls_pair_free(&pair);
        dtls_pair_free(&pair); /* a freed one is fine */
        assert_int_equal(heap_now, before);
    }
}

/* OpenSSL makes some things at first use and keeps them, so what counts is the sum. */
static void check_leaks(size_t before)
{
    assert_true(heap_now < before + 4 * KB);
}

static void test_dtls_memory_that_is_not_there_fails_an_identity_and_leaks_nothing(void **state)
{
    size_t before = heap_now;
    unsigned failures = 0;
    floe_err err;
    (void)state;
    do {
        floe_dtls_identity identity;
        fail_after = failures;
        failures += 7;
        err = floe_dtls_identity_init(&identity);
        fail_after = UINT_MAX;
        assert_true(err == FLOE_OK || (err == FLOE_E_CRYPTO && identity.ctx == NULL));
        floe_dtls_identity_free(&identity);
    } while (err != FLOE_OK && failures < 20000);
    assert_int_equal(err, FLOE_OK);
    assert_true(failures > 10);
    check_leaks(before);
}

static void test_dtls_memory_that_is_not_there_fails_a_connection_and_leaks_nothing(void **state)
{
    unsigned failures = 0;
    floe_err err;
    (void)state;
    dtls_pair_init(&pair, 1);
    size_t before = heap_now;
    do {
        floe_dtls_conn conn;
        fail_after = failures++;
        err = floe_dtls_conn_init(&conn, &pair.end[0].config, pair.now);
        fail_after = UINT_MAX;
        assert_true(err == FLOE_OK || err == FLOE_E_CRYPTO);
        floe_dtls_conn_free(&conn);
    } while (err != FLOE_OK && failures < 2000);
    assert_int_equal(err, FLOE_OK);
    assert_true(failures > 5);
    check_leaks(before);
    dtls_pair_free(&pair);
}

static void test_dtls_memory_that_is_not_there_fails_a_handshake_and_leaks_nothing(void **state)
{
    size_t before = heap_now;
    unsigned failures = 0;
    bool connected;
    (void)state;
    do {
        dtls_pair_init(&pair, 1);
        dtls_pair_open(&pair);
        fail_after = failures;
        dtls_pair_start(&pair);
        dtls_pair_run(&pair, 40 * FLOE_MS);
        connected = dtls_pair_is_state(&pair, FLOE_DTLS_CONNECTED, FLOE_DTLS_CONNECTED);
        fail_after = UINT_MAX;
        dtls_pair_run(&pair, 40 * FLOE_SECOND);
        dtls_pair_free(&pair);
        failures += 7;
    } while (!connected && failures < 20000);
    assert_true(connected && failures > 100);
    check_leaks(before);
}

static void test_dtls_memory_that_is_not_there_fails_an_idle_connection_in_order(void **state)
{
    uint8_t buf[64];
    size_t len;
    (void)state;
    dtls_pair_init(&pair, 1);
    open_pair(true);
    dtls_pair_start(&pair);
    dtls_pair_run(&pair, 3 * FLOE_DTLS_IDLE_US);
    memcpy(buf + FLOE_DTLS_HEAD, "x", 1);
    assert_int_equal(floe_dtls_conn_seal(&pair.end[0].conn, buf, 1, sizeof buf, &len), FLOE_OK);
    fail_after = 0;
    assert_int_equal(dtls_pair_inject(&pair, 1, (floe_bytes){buf, len}), FLOE_OK);
    assert_int_equal(floe_dtls_conn_get_state(&pair.end[1].conn), FLOE_DTLS_FAILED);
    assert_int_equal(pair.end[1].cause, FLOE_DTLS_CAUSE_CRYPTO);
    fail_after = UINT_MAX;
    dtls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls_memory_of_a_connection_stays_within_its_limit),
        cmocka_unit_test(
            test_dtls_memory_of_a_connection_that_keeps_openssl_stays_within_its_limit),
        cmocka_unit_test(test_dtls_memory_does_not_grow_with_traffic),
        cmocka_unit_test(test_dtls_memory_is_bounded_under_a_flood_of_fragments),
        cmocka_unit_test(test_dtls_memory_does_not_grow_with_records_of_the_next_epoch),
        cmocka_unit_test(test_dtls_memory_comes_back_whenever_it_is_freed),
        cmocka_unit_test(test_dtls_memory_comes_back_after_failures_and_closing),
        cmocka_unit_test(test_dtls_memory_that_is_not_there_fails_an_identity_and_leaks_nothing),
        cmocka_unit_test(test_dtls_memory_that_is_not_there_fails_a_connection_and_leaks_nothing),
        cmocka_unit_test(test_dtls_memory_that_is_not_there_fails_a_handshake_and_leaks_nothing),
        cmocka_unit_test(test_dtls_memory_that_is_not_there_fails_an_idle_connection_in_order),
    };
    if (CRYPTO_set_mem_functions(take, resize, give_back) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, warm_up, NULL);
}
