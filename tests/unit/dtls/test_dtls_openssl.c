/* tests/unit/dtls/test_dtls_openssl.c - with other implementations: plain OpenSSL, real browsers.
 */
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/dtls_duel.h"
#include "support/unit.h"
#include "support/vector_file.h"

static dtls_duel duel;

static int free_duel(void **state)
{
    (void)state;
    dtls_duel_free(&duel);
    return 0;
}

static void test_dtls_openssl_connects_in_both_roles(void **state)
{
    (void)state;
    for (int role = FLOE_DTLS_CLIENT; role <= FLOE_DTLS_SERVER; role++) {
        dtls_duel_init(&duel, (floe_dtls_role)role, OPENSSL_PEER_ECDSA_P256);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        assert_true(dtls_duel_is_connected(&duel));
        dtls_duel_check_data(&duel);
        dtls_duel_free(&duel);
    }
}

/* The shortest data there is, and an alert: as long as what encryption adds, and a little more. */
static void check_short_records(void)
{
    floe_bytes datagram;

    openssl_peer_send(&duel.theirs, FLOE_LIT("x"));
    assert_true(openssl_peer_next(&duel.theirs, &datagram));
    assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
    assert_int_equal(duel.len, 1);
    assert_int_equal(SSL_shutdown(duel.theirs.ssl), 0);
    assert_true(openssl_peer_next(&duel.theirs, &datagram));
    assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
    assert_int_equal(duel.state, FLOE_DTLS_CLOSED);
}

static void test_dtls_openssl_seals_with_each_suite(void **state)
{
    static const struct {
        const char *name;
        size_t overhead;
    } suites[] = {{"ECDHE-ECDSA-AES128-GCM-SHA256", 37},
                  {"ECDHE-ECDSA-AES256-GCM-SHA384", 37},
                  {"ECDHE-ECDSA-CHACHA20-POLY1305", 29}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t buf[500 + FLOE_DTLS_OVERHEAD] = {0};
        size_t len;
        dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
        SSL_CTX_set_cipher_list(duel.theirs.ctx, suites[i].name);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        assert_string_equal(duel.ours.stats.cipher, suites[i].name);
        assert_int_equal(floe_dtls_conn_seal(&duel.ours, buf, 500, sizeof buf, &len), FLOE_OK);
        assert_int_equal(len, 500 + suites[i].overhead);
        openssl_peer_input(&duel.theirs, (floe_bytes){buf, len});
        assert_int_equal(duel.theirs.len, 500);
        dtls_duel_check_data(&duel);
        check_short_records();
        dtls_duel_free(&duel);
    }
}

/* Some peers still make RSA certificates: GStreamer's webrtcbin, Janus. */
static void test_dtls_openssl_takes_an_rsa_certificate_in_both_roles(void **state)
{
    (void)state;
    for (int role = FLOE_DTLS_CLIENT; role <= FLOE_DTLS_SERVER; role++) {
        dtls_duel_init(&duel, (floe_dtls_role)role, OPENSSL_PEER_RSA_2048);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        assert_true(dtls_duel_is_connected(&duel));
        dtls_duel_check_data(&duel);
        dtls_duel_free(&duel);
    }
}

static void test_dtls_openssl_accepts_a_fingerprint_of_sha512(void **state)
{
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    duel.config.fingerprints[0] = openssl_peer_fingerprint(&duel.theirs, EVP_sha512());
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
}

/* RFC 8122 §6.2: the server ends it if the client provides no certificate. */
static void test_dtls_openssl_refuses_a_client_without_a_certificate(void **state)
{
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_NO_CERT);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    assert_int_equal(duel.state, FLOE_DTLS_FAILED);
    assert_int_equal(duel.cause, FLOE_DTLS_CAUSE_PROTOCOL);
    assert_false(SSL_is_init_finished(duel.theirs.ssl));
}

static void test_dtls_openssl_refuses_dtls_1_0(void **state)
{
    (void)state;
    for (int role = FLOE_DTLS_CLIENT; role <= FLOE_DTLS_SERVER; role++) {
        dtls_duel_init(&duel, (floe_dtls_role)role, OPENSSL_PEER_ECDSA_P256);
        SSL_CTX_set_security_level(duel.theirs.ctx, 0);
        SSL_CTX_set_min_proto_version(duel.theirs.ctx, DTLS1_VERSION);
        SSL_CTX_set_max_proto_version(duel.theirs.ctx, DTLS1_VERSION);
        SSL_CTX_set_cipher_list(duel.theirs.ctx, "ALL:@SECLEVEL=0");
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        dtls_duel_wait(&duel, 2 * FLOE_SECOND); /* a client of ours doubts the plain alert */
        assert_int_equal(duel.state, FLOE_DTLS_FAILED);
        assert_false(SSL_is_init_finished(duel.theirs.ssl));
        dtls_duel_free(&duel);
    }
}

static void test_dtls_openssl_refuses_suites_without_forward_secrecy_or_authentication(void **state)
{
    static const char *const suites[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
                                         "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0",
                                         "AECDH-AES128-SHA:@SECLEVEL=0"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
        assert_int_equal(SSL_CTX_set_cipher_list(duel.theirs.ctx, suites[i]), 1);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        assert_int_equal(duel.state, FLOE_DTLS_FAILED);
        assert_int_equal(duel.cause, FLOE_DTLS_CAUSE_PROTOCOL);
        dtls_duel_free(&duel);
    }
}

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    (void)ssl;
    memcpy(cookie, "cookie", 6);
    *len = 6;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    (void)ssl;
    return len == 6 && memcmp(cookie, "cookie", 6) == 0;
}

static void test_dtls_openssl_answers_a_hello_verify_request(void **state)
{
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
    SSL_CTX_set_options(duel.theirs.ctx, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(duel.theirs.ctx, make_cookie);
    SSL_CTX_set_cookie_verify_cb(duel.theirs.ctx, check_cookie);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    assert_int_equal(duel.transmits, 3); /* two hellos and the second flight */
}

/* Browsers always offer it; a data channel does not need it. */
static void test_dtls_openssl_ignores_alpn(void **state)
{
    static const unsigned char protocols[] = "\x06webrtc\x08"
                                             "c-webrtc";
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    assert_int_equal(SSL_CTX_set_alpn_protos(duel.theirs.ctx, protocols, sizeof protocols - 1), 0);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    dtls_duel_check_data(&duel);
}

/* pion/webrtc 3.1: without it the handshake is over, media or not. */
static void test_dtls_openssl_agrees_on_use_srtp_in_both_roles(void **state)
{
    static const char *const profiles[] = {"SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        dtls_duel_init(&duel, i < 2 ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
        assert_int_equal(SSL_CTX_set_tlsext_use_srtp(duel.theirs.ctx, profiles[i % 2]), 0);
        dtls_duel_open(&duel);
        dtls_duel_run(&duel);
        assert_true(dtls_duel_is_connected(&duel));
        assert_non_null(SSL_get_selected_srtp_profile(duel.theirs.ssl));
        assert_string_equal(SSL_get_selected_srtp_profile(duel.theirs.ssl)->name, profiles[i % 2]);
        dtls_duel_check_data(&duel);
        dtls_duel_free(&duel);
    }
}

static void test_dtls_openssl_needs_no_use_srtp(void **state)
{
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    assert_int_equal(SSL_CTX_set_tlsext_use_srtp(duel.theirs.ctx, "SRTP_AES128_CM_SHA1_32"), 0);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    assert_null(SSL_get_selected_srtp_profile(duel.theirs.ssl));
}

static void test_dtls_openssl_gives_no_ticket_and_resumes_no_session(void **state)
{
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    SSL_SESSION *session = SSL_get1_session(duel.theirs.ssl);
    assert_false(SSL_SESSION_has_ticket(session));
    floe_dtls_conn_free(&duel.ours);
    SSL_free(duel.theirs.ssl);
    dtls_duel_open(&duel);
    (void)SSL_set_session(duel.theirs.ssl, session);
    SSL_SESSION_free(session);
    dtls_duel_run(&duel);
    assert_true(dtls_duel_is_connected(&duel));
    assert_false(SSL_session_reused(duel.theirs.ssl));
    assert_true(duel.ours.verified);
}

static void test_dtls_openssl_reads_a_record_of_the_largest_size(void **state)
{
    static uint8_t plain[16384];
    floe_bytes datagram;
    (void)state;
    dtls_duel_init(&duel, FLOE_DTLS_CLIENT, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    dtls_duel_run(&duel);
    memset(plain, 'z', sizeof plain);
    openssl_peer_send(&duel.theirs, (floe_bytes){plain, sizeof plain});
    assert_true(openssl_peer_next(&duel.theirs, &datagram));
    assert_int_equal(dtls_duel_inject(&duel, datagram), FLOE_OK);
    assert_int_equal(duel.len, sizeof plain);
    assert_memory_equal(duel.data, plain, sizeof plain);
}

/* What a server of ours says to the hello of a browser: its own flight, from ServerHello on. */
static void check_answer_to_hello(void)
{
    uint8_t buf[4096];
    floe_dtls_record record;
    size_t len;

    assert_true(floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len));
    floe_bytes rest = {buf, len};
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_HANDSHAKE);
    assert_int_equal(record.body.ptr[0], 2);                  /* ServerHello */
    assert_memory_equal(record.body.ptr + 12, "\xfe\xfd", 2); /* DTLS 1.2 */
    /* No session id, so the suite stands behind 32 random bytes and a zero. */
    assert_int_equal(record.body.ptr[46], 0);
    assert_memory_equal(record.body.ptr + 47, "\xc0\x2b", 2); /* ECDHE_ECDSA_AES_128_GCM_SHA256 */
    assert_int_equal(floe_dtls_conn_get_state(&duel.ours), FLOE_DTLS_CONNECTING);
    assert_int_equal(duel.ours.stats.dropped, 0);
}

/* In which order the two datagrams of a hello come, as digits. */
static void check_hello(const char *browser, const char *order)
{
    static vector part[2];
    char name[64];

    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "%s hello, datagram %d of 2", browser, i + 1);
        vector_file_find("dtls_browser_hellos.txt", name, &part[i]);
    }
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    for (const char *next = order; *next != '\0'; next++) {
        assert_int_equal(dtls_duel_inject(&duel, part[*next - '1'].bytes), FLOE_OK);
    }
    check_answer_to_hello();
    dtls_duel_free(&duel);
}

/* freeswitch#2966, wolfssl#9266, mbedtls#7549, openssl#27640: a post-quantum hello in two parts. */
static void test_dtls_openssl_answers_the_split_hello_of_browsers_in_any_order(void **state)
{
    static const char *const orders[] = {"12", "21", "1122", "2211", "112", "2221", "1212"};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        check_hello("chromium-156", orders[i]);
        check_hello("firefox-153", orders[i]);
    }
}

static void test_dtls_openssl_waits_for_the_rest_of_a_split_hello(void **state)
{
    static vector part;
    uint8_t buf[4096];
    size_t len;
    (void)state;
    vector_file_find("dtls_browser_hellos.txt", "firefox-153 hello, datagram 2 of 2", &part);
    dtls_duel_init(&duel, FLOE_DTLS_SERVER, OPENSSL_PEER_ECDSA_P256);
    dtls_duel_open(&duel);
    assert_int_equal(dtls_duel_inject(&duel, part.bytes), FLOE_OK);
    assert_int_equal(duel.state, FLOE_DTLS_CONNECTING);
    assert_false(floe_dtls_conn_poll_transmit(&duel.ours, buf, sizeof buf, &len));
}

#define TEST(name) cmocka_unit_test_teardown(name, free_duel)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dtls_openssl_connects_in_both_roles),
        TEST(test_dtls_openssl_seals_with_each_suite),
        TEST(test_dtls_openssl_takes_an_rsa_certificate_in_both_roles),
        TEST(test_dtls_openssl_accepts_a_fingerprint_of_sha512),
        TEST(test_dtls_openssl_refuses_a_client_without_a_certificate),
        TEST(test_dtls_openssl_refuses_dtls_1_0),
        TEST(test_dtls_openssl_refuses_suites_without_forward_secrecy_or_authentication),
        TEST(test_dtls_openssl_answers_a_hello_verify_request),
        TEST(test_dtls_openssl_ignores_alpn),
        TEST(test_dtls_openssl_agrees_on_use_srtp_in_both_roles),
        TEST(test_dtls_openssl_needs_no_use_srtp),
        TEST(test_dtls_openssl_gives_no_ticket_and_resumes_no_session),
        TEST(test_dtls_openssl_reads_a_record_of_the_largest_size),
        TEST(test_dtls_openssl_answers_the_split_hello_of_browsers_in_any_order),
        TEST(test_dtls_openssl_waits_for_the_rest_of_a_split_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
