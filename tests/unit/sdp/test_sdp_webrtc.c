/* tests of sdp/sdp_webrtc.c */
#include "sdp/sdp_webrtc.h"

#include <stdio.h>
#include <string.h>

#include "support/sdp_reading.h"
#include "support/unit.h"

#define FIREFOX "firefox-153-data-offer.txt"
#define SHA1    "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n"
#define SHA256_OF(first)                                                                           \
    "sha-256 " first ":B0:1E:31:43:1D:F8:2A:D9:EF:63:9A:BC:61:6F:AC:F9:A8:14:F1:FC:38:04:C4:53:"   \
    "76:BA:D3:F8:4D:C9:AE\r\n"

static void check_malformed(sdp_reading *f, const char *start, const char *with, uint32_t line,
                            const char *words)
{
    static const floe_sdp_webrtc zero;
    assert_int_equal(sdp_reading_changed(f, start, with), FLOE_E_MALFORMED);
    if (f->fault.line != line || strstr(f->fault.rule, words) == NULL) {
        fail_msg("%s for %s: %u:%u %s", with, start, f->fault.line, f->fault.column, f->fault.rule);
    }
    assert_memory_equal(&f->desc, &zero, sizeof zero);
}

static void check_captured(const sdp_file *file)
{
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_sdp_fault fault;
    bool is_answer = strstr(file->name, "answer") != NULL;
    if (strncmp(file->name, "rfc", 3) == 0 || strncmp(file->name, "aes67", 5) == 0) {
        return;
    }
    assert_int_equal(floe_sdp_parse(&sdp, file->text, NULL), FLOE_OK);
    if (floe_sdp_webrtc_read(&desc, &sdp, &fault) != FLOE_OK) {
        fail_msg("%s %u:%u %s", file->name, fault.line, fault.column, fault.rule);
    }
    assert_false(desc.is_rejected);
    assert_in_range(desc.ufrag.len, 4, 32);
    assert_in_range(desc.pwd.len, 22, 32);
    assert_int_equal(desc.setup, is_answer ? FLOE_SDP_SETUP_ACTIVE : FLOE_SDP_SETUP_ACTPASS);
    assert_int_equal(desc.fingerprint_count, 1);
    assert_int_equal(desc.fingerprints[0].hash, FLOE_SDP_HASH_SHA256);
    assert_int_equal(desc.sctp_port, 5000);
    assert_in_range(desc.max_message_size, 65536, 1073741823);
    assert_int_equal(desc.mid.len > 0, 1);
}

static void test_sdp_webrtc_reads_every_captured_description(void **state)
{
    (void)state;
    assert_in_range(sdp_file_for_each(SDP_FILE_DESCRIPTION, check_captured), 90, 1000);
}

static void test_sdp_webrtc_reads_what_chromium_offers(void **state)
{
    sdp_reading *f = *state;
    static const uint8_t first[] = {0x13, 0xb0, 0x1e, 0x31};
    assert_int_equal(sdp_reading_file(f, SDP_READING_CHROMIUM), FLOE_OK);
    assert_int_equal(f->fault.line, 0);
    assert_int_equal(f->desc.section, 0);
    sdp_reading_check_text(f->desc.mid, "0");
    sdp_reading_check_text(f->desc.ufrag, "mFel");
    sdp_reading_check_text(f->desc.pwd, "zmlWqlZ5wYV05jERxnZypM86");
    assert_true(f->desc.is_trickle);
    assert_false(f->desc.is_ice_lite);
    assert_false(f->desc.is_end_of_candidates);
    assert_int_equal(f->desc.setup, FLOE_SDP_SETUP_ACTPASS);
    assert_int_equal(f->desc.fingerprints[0].size, 32);
    assert_memory_equal(f->desc.fingerprints[0].value, first, sizeof first);
    assert_int_equal(f->desc.max_message_size, 262144);
    assert_false(f->desc.is_legacy_sctpmap);
    assert_int_equal(sdp_reading_count_candidates(f), 2);
}

static void test_sdp_webrtc_takes_from_the_session_what_firefox_writes_there(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, FIREFOX), FLOE_OK);
    assert_int_equal(f->desc.fingerprint_count, 1);
    assert_true(f->desc.is_trickle);
    assert_true(f->desc.is_end_of_candidates);
    assert_int_equal(f->desc.max_message_size, 1073741823);
    assert_int_equal(sdp_reading_count_candidates(f), 4);
}

static void test_sdp_webrtc_takes_transport_attributes_from_the_session(void **state)
{
    static const char *const lines[] = {
        "a=ice-ufrag:", "a=ice-pwd:", "a=setup:", "a=fingerprint:", "a=ice-options:"};
    sdp_reading *f = *state;
    sdp_reading_load(f, SDP_READING_CHROMIUM);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        sdp_file_replace(&f->file, lines[i], NULL);
    }
    sdp_file_replace(&f->file, "t=0 0",
                     "t=0 0\r\na=ice-ufrag:from\r\na=ice-pwd:theSessionInsteadOfHere\r\n"
                     "a=setup:passive\r\na=ice-lite\r\na=end-of-candidates\r\na=ice-options:ice2 "
                     "trickle\r\na=tls-id:12345678901234567890\r\na=fingerprint:" SHA256_OF("AA"));
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    sdp_reading_check_text(f->desc.ufrag, "from");
    sdp_reading_check_text(f->desc.pwd, "theSessionInsteadOfHere");
    sdp_reading_check_text(f->desc.tls_id, "12345678901234567890");
    assert_int_equal(f->desc.setup, FLOE_SDP_SETUP_PASSIVE);
    assert_true(f->desc.is_ice_lite && f->desc.is_end_of_candidates && f->desc.is_trickle);
    assert_int_equal(f->desc.fingerprints[0].value[0], 0xaa);
}

static void test_sdp_webrtc_takes_nothing_else_from_the_session(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, SDP_READING_CHROMIUM);
    sdp_file_replace(&f->file, "a=max-message-size", NULL);
    sdp_file_replace(&f->file, "a=mid", NULL);
    sdp_file_replace(&f->file, "t=0 0", "t=0 0\r\na=max-message-size:1\r\na=mid:x\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_int_equal(f->desc.max_message_size, 65536);
    assert_int_equal(f->desc.mid.len, 0);
}

static void test_sdp_webrtc_prefers_the_section_over_the_session(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(
        sdp_reading_changed(f, "t=0 0",
                            "t=0 0\r\na=ice-ufrag:from\r\na=ice-pwd:theSessionInsteadOfHere"
                            "\r\na=setup:passive\r\na=fingerprint:" SHA256_OF("AA")),
        FLOE_OK);
    sdp_reading_check_text(f->desc.ufrag, "mFel");
    sdp_reading_check_text(f->desc.pwd, "zmlWqlZ5wYV05jERxnZypM86");
    assert_int_equal(f->desc.setup, FLOE_SDP_SETUP_ACTPASS);
    assert_int_equal(f->desc.fingerprint_count, 1);
    assert_int_equal(f->desc.fingerprints[0].value[0], 0x13);
}

static void test_sdp_webrtc_knows_an_ice_lite_peer(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, "janus-1.1-lite-data-answer.txt"), FLOE_OK);
    assert_true(f->desc.is_ice_lite);
}

static void test_sdp_webrtc_reads_the_legacy_form(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, "aiortc-1.4-data-offer.txt"), FLOE_OK);
    assert_true(f->desc.is_legacy_sctpmap);
    assert_int_equal(f->desc.sctp_port, 5000);
    assert_int_equal(sdp_reading_file(f, "libwebrtc-roamhq-0.10-data-answer.txt"), FLOE_OK);
    assert_true(f->desc.is_legacy_sctpmap);
    assert_int_equal(f->desc.max_message_size, 65536); /* the 1024 of sctpmap counts streams */
    assert_int_equal(sdp_reading_file(f, "libdatachannel-node-0.33-data-answer.txt"), FLOE_OK);
    assert_int_equal(f->desc.max_message_size, 262144);
}

static void test_sdp_webrtc_wants_no_attribute_of_a_rejected_section(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "rfc8866-example-1.txt");
    sdp_file_replace(&f->file, "m=video",
                     "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:x\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_true(f->desc.is_rejected);
    assert_int_equal(f->desc.section, 2);
    sdp_reading_check_text(f->desc.mid, "x");
    assert_int_equal(f->desc.max_message_size, 65536);
}

/* RFC 8841 §10.3 */
static void test_sdp_webrtc_takes_sctp_port_zero_as_a_refusal(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_changed(f, "a=sctp-port", "a=sctp-port:0\r\n"), FLOE_OK);
    assert_true(f->desc.is_rejected);
}

static void test_sdp_webrtc_names_the_attribute_that_is_missing(void **state)
{
    static const char *const lines[] = {"a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=sctp-port"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        check_malformed(*state, lines[i], NULL, 8, lines[i]); /* at the m= line */
    }
}

static void test_sdp_webrtc_names_the_attribute_that_is_wrong(void **state)
{
    check_malformed(*state, "a=ice-ufrag", "a=ice-ufrag:abc\r\n", 12, "ice-ufrag");
    check_malformed(*state, "a=ice-ufrag", "a=ice-ufrag:ab:d\r\n", 12, "ice-ufrag");
    check_malformed(*state, "a=ice-ufrag", "a=ice-ufrag\r\n", 8, "ice-ufrag");
    check_malformed(*state, "a=ice-pwd", "a=ice-pwd:123456789012345678901\r\n", 13, "ice-pwd");
    check_malformed(*state, "a=ice-pwd", "a=ice-pwd:1234567890 234567890123\r\n", 13, "ice-pwd");
    check_malformed(*state, "a=setup", "a=setup:activ\r\n", 16, "a=setup");
    check_malformed(*state, "a=setup", "a=setup:\r\n", 16, "a=setup");
    check_malformed(*state, "a=mid", "a=mid:a b\r\n", 17, "a=mid");
    check_malformed(*state, "a=mid", "a=mid:\r\n", 17, "a=mid");
    check_malformed(*state, "a=sctp-port", "a=sctp-port:65536\r\n", 18, "a=sctp-port");
    check_malformed(*state, "a=sctp-port", "a=sctp-port:-1\r\n", 18, "a=sctp-port");
    check_malformed(*state, "a=max-m", "a=max-message-size:1k\r\n", 19, "max-message-size");
    check_malformed(*state, "a=max-m", "a=max-message-size:99999999999999999999\r\n", 19, "max");
}

static void test_sdp_webrtc_points_at_the_value(void **state)
{
    sdp_reading *f = *state;
    check_malformed(f, "a=sctp-port", "a=sctp-port:x\r\n", 18, "a=sctp-port");
    assert_int_equal(f->fault.column, 13);
}

static void test_sdp_webrtc_takes_credentials_up_to_the_limit(void **state)
{
    char line[FLOE_ICE_CREDENTIAL_MAX + 64];
    for (int len = FLOE_ICE_CREDENTIAL_MAX; len <= FLOE_ICE_CREDENTIAL_MAX + 1; len++) {
        floe_err expected = len > FLOE_ICE_CREDENTIAL_MAX ? FLOE_E_MALFORMED : FLOE_OK;
        (void)snprintf(line, sizeof line, "a=ice-ufrag:%0*d\r\n", len, 1);
        assert_int_equal(sdp_reading_changed(*state, "a=ice-ufrag", line), expected);
        (void)snprintf(line, sizeof line, "a=ice-pwd:%0*d\r\n", len, 1);
        assert_int_equal(sdp_reading_changed(*state, "a=ice-pwd", line), expected);
    }
}

static void test_sdp_webrtc_reads_the_limits_of_messages(void **state)
{
    static const struct {
        const char *line;
        uint64_t size;
    } cases[] = {{"a=max-message-size:0\r\n", UINT64_MAX},
                 {"a=max-message-size:1\r\n", 1},
                 {"a=max-message-size:18446744073709551615\r\n", UINT64_MAX},
                 {NULL, 65536}};
    sdp_reading *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sdp_reading_changed(f, "a=max-message-size", cases[i].line), FLOE_OK);
        assert_true(f->desc.max_message_size == cases[i].size);
    }
}

static void test_sdp_webrtc_reads_every_setup(void **state)
{
    sdp_reading *f = *state;
    for (int i = FLOE_SDP_SETUP_ACTPASS; i <= FLOE_SDP_SETUP_HOLDCONN; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "a=setup:%s\r\n", floe_sdp_setup_name((floe_sdp_setup)i));
        assert_int_equal(sdp_reading_changed(f, "a=setup", line), FLOE_OK);
        assert_int_equal(f->desc.setup, i);
    }
    assert_int_equal(sdp_reading_changed(f, "a=setup", NULL), FLOE_OK);
    assert_int_equal(f->desc.setup, FLOE_SDP_SETUP_NONE);
}

static void test_sdp_webrtc_puts_fingerprints_in_order_of_strength(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(
        sdp_reading_changed(f, "a=fingerprint",
                            "a=fingerprint:" SHA1 "a=fingerprint:md5 00:11\r\n"
                            "a=fingerprint:" SHA256_OF("01") "a=fingerprint:sha3-256 00\r\n"
                                                             "a=fingerprint:" SHA256_OF("02")),
        FLOE_OK);
    assert_int_equal(f->desc.fingerprint_count, 3);
    assert_int_equal(f->desc.fingerprints[0].hash, FLOE_SDP_HASH_SHA256);
    assert_int_equal(f->desc.fingerprints[0].value[0], 1);
    assert_int_equal(f->desc.fingerprints[1].value[0], 2);
    assert_int_equal(f->desc.fingerprints[2].hash, FLOE_SDP_HASH_SHA1);
}

static void test_sdp_webrtc_keeps_the_strongest_where_there_are_too_many(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_changed(f, "a=fingerprint",
                                         "a=fingerprint:" SHA1 "a=fingerprint:" SHA1
                                         "a=fingerprint:" SHA1 "a=fingerprint:" SHA1
                                         "a=fingerprint:" SHA256_OF("01") "a=fingerprint:" SHA1),
                     FLOE_OK);
    assert_int_equal(f->desc.fingerprint_count, FLOE_SDP_FINGERPRINT_MAX);
    assert_int_equal(f->desc.fingerprints[0].hash, FLOE_SDP_HASH_SHA256);
    assert_int_equal(f->desc.fingerprints[3].hash, FLOE_SDP_HASH_SHA1);
}

static void test_sdp_webrtc_refuses_fingerprints_of_a_wrong_length(void **state)
{
    check_malformed(*state, "a=fingerprint", "a=fingerprint:sha-256 00:11\r\n", 15, "fingerprint");
    check_malformed(*state, "a=fingerprint",
                    "a=fingerprint:" SHA256_OF("01") "a=fingerprint:sha-1 00\r\n", 16,
                    "fingerprint");
}

static void test_sdp_webrtc_refuses_a_description_without_a_known_fingerprint(void **state)
{
    check_malformed(*state, "a=fingerprint", "a=fingerprint:md5 00:11\r\n", 15, "fingerprint");
    /* RFC 8122 §5: the session's do not stand in for those that the section has. */
    sdp_reading *f = *state;
    sdp_reading_load(f, SDP_READING_CHROMIUM);
    sdp_file_replace(&f->file, "a=fingerprint", "a=fingerprint:sha3-256 00:11\r\n");
    sdp_file_replace(&f->file, "t=0 0", "t=0 0\r\na=fingerprint:" SHA256_OF("01"));
    assert_int_equal(sdp_reading_again(f), FLOE_E_MALFORMED);
}

static void test_sdp_webrtc_reads_ice_options_of_both_levels(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_changed(f, "a=ice-options", "a=ice-options:ice2,trickle\r\n"),
                     FLOE_OK);
    assert_true(f->desc.is_trickle);
    assert_int_equal(sdp_reading_changed(f, "a=ice-options", "a=ice-options:ice2\r\n"), FLOE_OK);
    assert_false(f->desc.is_trickle);
    sdp_file_replace(&f->file, "t=0 0", "t=0 0\r\na=ice-options:trickle\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_true(f->desc.is_trickle);
    assert_int_equal(sdp_reading_changed(f, "a=ice-options", NULL), FLOE_OK);
    assert_false(f->desc.is_trickle);
}

static void test_sdp_webrtc_takes_a_tls_id_of_at_most_255_characters(void **state)
{
    sdp_reading *f = *state;
    for (int len = 255; len <= 256; len++) {
        char line[512];
        (void)snprintf(line, sizeof line, "a=setup:active\r\na=tls-id:%0*d\r\n", len, 1);
        assert_int_equal(sdp_reading_changed(f, "a=setup", line),
                         len > 255 ? FLOE_E_MALFORMED : FLOE_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_every_captured_description,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_what_chromium_offers,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_takes_from_the_session_what_firefox_writes_there, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_transport_attributes_from_the_session,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_nothing_else_from_the_session,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_prefers_the_section_over_the_session,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_knows_an_ice_lite_peer, sdp_reading_setup,
                                        sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_the_legacy_form, sdp_reading_setup,
                                        sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_wants_no_attribute_of_a_rejected_section,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_sctp_port_zero_as_a_refusal,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_names_the_attribute_that_is_missing,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_names_the_attribute_that_is_wrong,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_points_at_the_value, sdp_reading_setup,
                                        sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_credentials_up_to_the_limit,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_the_limits_of_messages,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_every_setup, sdp_reading_setup,
                                        sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_puts_fingerprints_in_order_of_strength,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_keeps_the_strongest_where_there_are_too_many, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_refuses_fingerprints_of_a_wrong_length,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_refuses_a_description_without_a_known_fingerprint, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_ice_options_of_both_levels,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_a_tls_id_of_at_most_255_characters,
                                        sdp_reading_setup, sdp_reading_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
