/* tests of sdp/sdp_webrtc_section.c */
#include <string.h>

#include "sdp/sdp_webrtc.h"
#include "support/sdp_reading.h"
#include "support/unit.h"

/* RFC 9143 §7.1.3, and RFC 8829 §7.2 as its examples have it. */
static void test_sdp_webrtc_takes_transport_attributes_from_the_head_of_the_bundle(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, "rfc8829-answer-b1.txt"), FLOE_OK);
    assert_int_equal(f->desc.section, 1);
    assert_int_equal(f->desc.transport_section, 0);
    sdp_reading_check_text(f->desc.mid, "d1");
    sdp_reading_check_text(f->desc.transport_mid, "a1");
    sdp_reading_check_text(f->desc.ufrag, "7sFv");
    sdp_reading_check_text(f->desc.tls_id, "7a25ab85b195acaf3121f5a8ab4f0f71");
    assert_int_equal(f->desc.setup, FLOE_SDP_SETUP_ACTIVE);
    assert_int_equal(f->desc.fingerprints[0].value[0], 0x7b);
    assert_int_equal(sdp_reading_file(f, "rfc8829-offer-b2.txt"), FLOE_OK);
    assert_true(f->desc.is_end_of_candidates);
    assert_int_equal(sdp_reading_count_candidates(f), 3);
}

static void test_sdp_webrtc_takes_nothing_from_a_section_that_is_not_in_its_bundle(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "rfc8829-answer-b1.txt");
    sdp_file_replace(&f->file, "a=group:BUNDLE a1 d1", "a=group:BUNDLE a1\r\na=group:LS a1 d1\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_E_MALFORMED);
    assert_non_null(strstr(f->fault.rule, "ice-ufrag"));
}

static void test_sdp_webrtc_finds_the_candidates_of_a_bundle_at_its_head(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, "chromium-156-media-data-maxbundle-offer.txt"), FLOE_OK);
    assert_int_equal(f->desc.section, 1);
    assert_int_equal(f->desc.transport_section, 0);
    sdp_reading_check_text(f->desc.transport_mid, "0");
    assert_int_equal(sdp_reading_count_candidates(f), 2);
}

static void test_sdp_webrtc_has_its_own_transport_where_its_credentials_differ(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "chromium-156-media-data-maxbundle-offer.txt");
    sdp_file_replace(&f->file, "a=ice-ufrag:34db", "a=ice-ufrag:othr\r\n"); /* the first: audio */
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_int_equal(f->desc.transport_section, 1);
    sdp_reading_check_text(f->desc.transport_mid, "1");
    sdp_reading_check_text(f->desc.ufrag, "34db");
    assert_int_equal(sdp_reading_count_candidates(f), 0);
}

static void test_sdp_webrtc_leads_itself_where_two_sections_have_its_mid(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_changed(f, "m=application",
                                         "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
                                         "a=ice-ufrag:mFel\r\n"
                                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
                     FLOE_OK);
    assert_int_equal(f->desc.section, 1);
    assert_int_equal(f->desc.transport_section, 1);
}

static void test_sdp_webrtc_is_not_led_by_a_rejected_section(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "chromium-156-media-data-maxbundle-offer.txt");
    sdp_file_replace(&f->file, "m=audio", "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_int_equal(f->desc.transport_section, 1);
}

static void test_sdp_webrtc_reads_a_bundle_only_section(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_file(f, "firefox-153-media-data-maxbundle-offer.txt"), FLOE_OK);
    assert_false(f->desc.is_rejected);
    assert_true(f->desc.is_end_of_candidates);
    assert_int_equal(sdp_reading_count_candidates(f), 8);
}

static void test_sdp_webrtc_steps_through_candidates_of_both_sections(void **state)
{
    sdp_reading *f = *state;
    floe_bytes text;
    size_t cursor = 0;
    sdp_reading_load(f, "chromium-156-media-data-maxbundle-offer.txt");
    sdp_file_replace(&f->file, "a=sctp-port:5000", "a=sctp-port:5000\r\na=candidate:own\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_true(floe_sdp_webrtc_next_candidate(&f->sdp, &f->desc, &cursor, &text));
    sdp_reading_check_text(text, "own");
    assert_int_equal(sdp_reading_count_candidates(f), 3);
}

static void test_sdp_webrtc_wants_sctpmap_of_the_legacy_form_unless_rejected(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "aiortc-1.4-data-offer.txt");
    sdp_file_replace(&f->file, "a=sctpmap", NULL);
    assert_int_equal(sdp_reading_again(f), FLOE_E_UNSUPPORTED);
    sdp_file_replace(&f->file, "m=application", "m=application 0 DTLS/SCTP 5000\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_OK);
    assert_true(f->desc.is_rejected);
}

static void test_sdp_webrtc_passes_over_another_use_of_sctp(void **state)
{
    sdp_reading *f = *state;
    sdp_reading_load(f, "aiortc-1.4-data-offer.txt");
    sdp_file_replace(&f->file, "a=sctpmap", "a=sctpmap:5000 telephony 16\r\n");
    assert_int_equal(sdp_reading_again(f), FLOE_E_UNSUPPORTED);
}

static void test_sdp_webrtc_takes_all_protocols_of_a_data_channel(void **state)
{
    static const char *const lines[] = {"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
                                        "m=application 9 TCP/DTLS/SCTP webrtc-datachannel\r\n",
                                        "m=application 9 DTLS/SCTP webrtc-datachannel\r\n",
                                        "m=application 9 UDP/DTLS/SCTP other webrtc-datachannel\n",
                                        ("m=application 9 UDP/DTLS/SCTP 5000\r\n"
                                         "a=sctpmap:5000 webrtc-datachannel 65535\r\n")};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(sdp_reading_changed(*state, "m=application", lines[i]), FLOE_OK);
    }
}

static void test_sdp_webrtc_calls_a_description_without_a_data_channel_unsupported(void **state)
{
    static const char *const lines[] = {"m=audio 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
                                        "m=application 9 TCP/BFCP *\r\n",
                                        "m=application 9 UDP/TLS/RTP/SAVPF 100\r\n",
                                        "m=application 9 UDP/DTLS/SCTP other\r\n",
                                        "m=application 9 UDP/DTLS/SCTP webrtc-datachannels\r\n",
                                        "m=application 9 SCTP/DTLS/SCTP webrtc-datachannel\r\n"};
    static const floe_sdp_webrtc zero;
    sdp_reading *f = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(sdp_reading_changed(f, "m=application", lines[i]), FLOE_E_UNSUPPORTED);
        assert_memory_equal(&f->desc, &zero, sizeof zero);
        assert_non_null(strstr(f->fault.rule, "data channel"));
    }
    assert_int_equal(sdp_reading_file(f, "aes67-multicast.txt"), FLOE_E_UNSUPPORTED);
    assert_int_equal(floe_sdp_webrtc_read(&f->desc, &f->sdp, NULL), FLOE_E_UNSUPPORTED);
}

static void test_sdp_webrtc_prefers_an_accepted_section_to_a_rejected_one(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(
        sdp_reading_changed(f, "m=application",
                            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:old\r\n"
                            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
        FLOE_OK);
    assert_int_equal(f->desc.section, 1);
    assert_false(f->desc.is_rejected);
}

static void test_sdp_webrtc_reads_a_description_without_mids(void **state)
{
    sdp_reading *f = *state;
    assert_int_equal(sdp_reading_changed(f, "a=mid", NULL), FLOE_OK);
    assert_int_equal(f->desc.mid.len, 0);
    assert_int_equal(f->desc.transport_section, f->desc.section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_takes_transport_attributes_from_the_head_of_the_bundle,
            sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_takes_nothing_from_a_section_that_is_not_in_its_bundle,
            sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_finds_the_candidates_of_a_bundle_at_its_head, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_has_its_own_transport_where_its_credentials_differ, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_leads_itself_where_two_sections_have_its_mid, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_is_not_led_by_a_rejected_section,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_a_bundle_only_section,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_steps_through_candidates_of_both_sections,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_wants_sctpmap_of_the_legacy_form_unless_rejected, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_passes_over_another_use_of_sctp,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_takes_all_protocols_of_a_data_channel,
                                        sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_calls_a_description_without_a_data_channel_unsupported,
            sdp_reading_setup, sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(
            test_sdp_webrtc_prefers_an_accepted_section_to_a_rejected_one, sdp_reading_setup,
            sdp_reading_teardown),
        cmocka_unit_test_setup_teardown(test_sdp_webrtc_reads_a_description_without_mids,
                                        sdp_reading_setup, sdp_reading_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
