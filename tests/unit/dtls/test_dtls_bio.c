/* tests/unit/dtls/test_dtls_bio.c - what OpenSSL reads from and writes to. */
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/hex.h"
#include "support/unit.h"

#define HELLO_DONE  "16 fefd 0000 000000000003 000c 0e000000 0003 000000 000000"
#define CHANGE      "14 fefd 0000 000000000004 0001 01"
#define PLAIN_DATA  "17 fefd 0000 000000000005 0001 61"
#define PLAIN_ALERT "15 fefd 0000 000000000006 0002 0228"
#define DATA        "17 fefd 0001 000000000007 0003 616263"

static floe_dtls_identity identity;
static floe_dtls_conn conn;
static BIO *bio;
static uint8_t memory[4096], out[4096];

static int set_up(void **state)
{
    floe_dtls_config config = {.role = FLOE_DTLS_CLIENT, .fingerprint_count = 1};
    (void)state;
    assert_int_equal(floe_dtls_identity_init(&identity), FLOE_OK);
    config.identity = &identity;
    config.fingerprints[0] = identity.fingerprint;
    assert_int_equal(floe_dtls_conn_init(&conn, &config, 0), FLOE_OK);
    floe_dtls_conn_start(&conn, 0);
    bio = floe_dtls_bio_new(&identity, &conn);
    assert_non_null(bio);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    BIO_free(bio);
    floe_dtls_conn_free(&conn);
    floe_dtls_identity_free(&identity);
    return 0;
}

static void give(const char *hex)
{
    conn.pending = hex_decode(hex, memory, sizeof memory);
}

static void test_dtls_bio_reads_one_record_at_a_time(void **state)
{
    (void)state;
    give(HELLO_DONE CHANGE);
    assert_int_equal(BIO_read(bio, out, sizeof out), 25);
    assert_int_equal(out[0], FLOE_DTLS_HANDSHAKE);
    assert_int_equal(BIO_read(bio, out, sizeof out), 14);
    assert_int_equal(out[0], FLOE_DTLS_CHANGE_CIPHER);
    assert_int_equal(conn.stats.records_received, 2);
    assert_int_equal(conn.stats.dropped, 0);
}

static void test_dtls_bio_asks_to_retry_when_nothing_is_pending(void **state)
{
    (void)state;
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_true(BIO_should_read(bio));
    give(HELLO_DONE);
    assert_int_equal(BIO_read(bio, out, sizeof out), 25);
    assert_false(BIO_should_retry(bio));
}

static void test_dtls_bio_passes_over_and_counts_what_has_no_meaning_now(void **state)
{
    (void)state;
    give(PLAIN_DATA DATA HELLO_DONE PLAIN_DATA);
    assert_int_equal(BIO_read(bio, out, sizeof out), 25);
    assert_int_equal(conn.stats.dropped, 2);
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_int_equal(conn.stats.dropped, 3);
}

static void test_dtls_bio_counts_what_is_no_record_once(void **state)
{
    (void)state;
    give(HELLO_DONE "16fefd00");
    assert_int_equal(BIO_read(bio, out, sizeof out), 25);
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_int_equal(conn.stats.dropped, 1);
    assert_int_equal(conn.pending.len, 0);
}

static void test_dtls_bio_never_cuts_a_record(void **state)
{
    (void)state;
    give(HELLO_DONE);
    assert_int_equal(BIO_read(bio, out, 24), -1);
    assert_int_equal(conn.stats.dropped, 1);
}

static void test_dtls_bio_keeps_a_plain_alert_from_openssl_and_remembers_it(void **state)
{
    (void)state;
    give(PLAIN_ALERT);
    conn.now = 5 * FLOE_SECOND;
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_int_equal(conn.stats.alert, 40);
    assert_int_equal(conn.doubt, 5 * FLOE_SECOND + FLOE_DTLS_ALERT_WAIT_US);
    conn.now = 6 * FLOE_SECOND; /* a second one does not put off the first */
    give(PLAIN_ALERT);
    assert_int_equal(BIO_read(bio, out, sizeof out), -1);
    assert_int_equal(conn.doubt, 5 * FLOE_SECOND + FLOE_DTLS_ALERT_WAIT_US);
}

static void test_dtls_bio_puts_what_is_not_being_sealed_into_the_flight(void **state)
{
    size_t len;
    (void)state;
    conn.flight_head = conn.flight_tail = 0; /* without the hello of the start */
    floe_bytes alert = hex_decode(PLAIN_ALERT, memory, sizeof memory);
    uint8_t sealed[64];
    conn.sealed = (floe_span){sealed, sizeof sealed};
    assert_int_equal(BIO_write(bio, alert.ptr, (int)alert.len), 15);
    assert_int_equal(conn.sealed_len, 0);
    assert_true(floe_dtls_flight_get(&conn, out, sizeof out, &len));
    assert_int_equal(len, 15);
    assert_memory_equal(out, alert.ptr, 15);
}

static void test_dtls_bio_puts_the_record_that_is_being_sealed_where_it_belongs(void **state)
{
    uint8_t sealed[64];
    (void)state;
    floe_bytes data = hex_decode(DATA, memory, sizeof memory);
    conn.sealed = (floe_span){sealed, sizeof sealed};
    uint64_t before = conn.stats.records_sent;
    assert_int_equal(BIO_write(bio, data.ptr, (int)data.len), 16);
    assert_int_equal(conn.sealed_len, 16);
    assert_memory_equal(sealed, data.ptr, 16);
    assert_int_equal(conn.stats.records_sent, before + 1);
}

static void test_dtls_bio_writes_no_record_that_exceeds_the_buffer(void **state)
{
    uint8_t sealed[16] = {0};
    (void)state;
    floe_bytes data = hex_decode(DATA, memory, sizeof memory);
    conn.sealed = (floe_span){sealed, 15};
    assert_int_equal(BIO_write(bio, data.ptr, (int)data.len), -1);
    assert_int_equal(conn.sealed_len, 0);
    assert_int_equal(sealed[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dtls_bio_reads_one_record_at_a_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_dtls_bio_asks_to_retry_when_nothing_is_pending, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_dtls_bio_passes_over_and_counts_what_has_no_meaning_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dtls_bio_counts_what_is_no_record_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_dtls_bio_never_cuts_a_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_dtls_bio_keeps_a_plain_alert_from_openssl_and_remembers_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dtls_bio_puts_what_is_not_being_sealed_into_the_flight,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_dtls_bio_puts_the_record_that_is_being_sealed_where_it_belongs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dtls_bio_writes_no_record_that_exceeds_the_buffer,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
