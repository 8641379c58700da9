/* tests of sdp/sdp_webrtc_put.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "sdp/sdp_webrtc.h"
#include "support/sdp_file.h"
#include "support/unit.h"

#define PRINT                                                                                      \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:"   \
    "1E:"                                                                                          \
    "1F"

#define CANDIDATE "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"

typedef struct written {
    uint8_t buf[16384];
    floe_bytes text;
    floe_sdp sdp;
    floe_sdp_webrtc desc;
} written;

static floe_sdp_local make_local(void)
{
    floe_sdp_local local = {.session_id = 4567,
                            .session_version = 3,
                            .ufrag = FLOE_LIT("abcd"),
                            .pwd = FLOE_LIT("0123456789012345678901"),
                            .fingerprint = {.hash = FLOE_SDP_HASH_SHA256, .size = 32},
                            .setup = FLOE_SDP_SETUP_ACTPASS,
                            .sctp_port = 5000,
                            .max_message_size = 262144,
                            .mid = FLOE_LIT("0")};
    for (uint8_t i = 0; i < 32; i++) {
        local.fingerprint.value[i] = i;
    }
    return local;
}

/* Head, one candidate, tail; then read it back. */
static void write_all(written *out, const floe_sdp_local *local)
{
    floe_sdp_fault fault;
    floe_writer w = floe_writer_begin(out->buf, sizeof out->buf);
    floe_sdp_webrtc_put_head(&w, local);
    floe_writer_put_text(&w, CANDIDATE);
    floe_sdp_webrtc_put_tail(&w, local);
    assert_true(floe_writer_is_ok(&w));
    out->text = floe_writer_view(&w);
    if (floe_sdp_parse(&out->sdp, out->text, &fault) != FLOE_OK ||
        floe_sdp_webrtc_read(&out->desc, &out->sdp, &fault) != FLOE_OK) {
        fail_msg("%u:%u %s", fault.line, fault.column, fault.rule);
    }
}

static void check_text(floe_bytes bytes, const char *text)
{
    if (!floe_bytes_equal(bytes, floe_bytes_of(text))) {
        fail_msg("\"%.*s\" is not \"%s\"", (int)bytes.len, (const char *)bytes.ptr, text);
    }
}

/* What was written is what is read, the candidate included. */
static void check_agrees(const written *out, const floe_sdp_local *local)
{
    const floe_sdp_webrtc *desc = &out->desc;
    floe_bytes candidate;
    size_t cursor = 0;
    assert_true(floe_bytes_equal(desc->ufrag, local->ufrag));
    assert_true(floe_bytes_equal(desc->pwd, local->pwd));
    assert_int_equal(desc->setup, local->setup);
    assert_int_equal(desc->fingerprint_count, 1);
    assert_memory_equal(&desc->fingerprints[0], &local->fingerprint, sizeof local->fingerprint);
    assert_int_equal(desc->sctp_port, local->sctp_port);
    assert_true(desc->max_message_size == local->max_message_size);
    assert_true(desc->is_trickle);
    assert_false(desc->is_rejected);
    assert_true(floe_sdp_webrtc_next_candidate(&out->sdp, desc, &cursor, &candidate));
    assert_false(floe_sdp_webrtc_next_candidate(&out->sdp, desc, &cursor, &candidate));
}

static floe_sdp parse_file(sdp_file *file, const char *name)
{
    floe_sdp sdp;
    sdp_file_read(file, name);
    assert_int_equal(floe_sdp_parse(&sdp, file->text, NULL), FLOE_OK);
    return sdp;
}

static bool has_line(floe_bytes text, const char *line)
{
    size_t len = strlen(line);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, line, len) == 0 && (i == 0 || text.ptr[i - 1] == '\n')) {
            return true;
        }
    }
    return false;
}

static void test_sdp_webrtc_put_writes_a_first_offer(void **state)
{
    static written out;
    const floe_sdp_local local = make_local();
    (void)state;
    write_all(&out, &local);
    check_agrees(&out, &local);
    check_text(out.text, "v=0\r\n"
                         "o=- 4567 3 IN IP4 127.0.0.1\r\n"
                         "s=-\r\n"
                         "t=0 0\r\n"
                         "a=group:BUNDLE 0\r\n"
                         "a=ice-options:trickle ice2\r\n"
                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                         "c=IN IP4 0.0.0.0\r\n"
                         "a=mid:0\r\n"
                         "a=ice-ufrag:abcd\r\n"
                         "a=ice-pwd:0123456789012345678901\r\n"
                         "a=setup:actpass\r\n"
                         "a=fingerprint:sha-256 " PRINT "\r\n"
                         "a=sctp-port:5000\r\n"
                         "a=max-message-size:262144\r\n" CANDIDATE);
}

static void test_sdp_webrtc_put_writes_the_default_address(void **state)
{
    static written out;
    floe_sdp_local local = make_local();
    (void)state;
    local.default_addr = floe_addr_from_ipv4(192, 0, 2, 1, 5000);
    write_all(&out, &local);
    assert_true(has_line(out.text, "m=application 5000 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                   "c=IN IP4 192.0.2.1\r\n"));
    assert_int_equal(floe_addr_parse(&local.default_addr, FLOE_LIT("2001:db8::1"), 65535), FLOE_OK);
    write_all(&out, &local);
    assert_true(has_line(out.text, "m=application 65535 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                   "c=IN IP6 2001:db8::1\r\n"));
}

static void test_sdp_webrtc_put_writes_what_is_read_back(void **state)
{
    static written out;
    static const uint64_t sizes[] = {1, 65536, UINT64_MAX - 1, UINT64_MAX};
    static const uint8_t hash_sizes[] = {0, 20, 28, 32, 48, 64};
    floe_sdp_local local = make_local();
    (void)state;
    for (uint8_t i = 0; i <= FLOE_SDP_SETUP_HOLDCONN; i++) {
        local.setup = i;
        local.max_message_size = sizes[i % 4];
        local.sctp_port = (uint16_t)(65535 / (i + 1));
        local.fingerprint.hash = (uint8_t)(1 + i);
        local.fingerprint.size = hash_sizes[1 + i];
        memset(local.fingerprint.value, 0, sizeof local.fingerprint.value);
        local.fingerprint.value[0] = i;
        write_all(&out, &local);
        check_agrees(&out, &local);
        check_text(out.desc.mid, "0");
    }
}

static void test_sdp_webrtc_put_writes_no_limit_as_zero(void **state)
{
    static written out;
    floe_sdp_local local = make_local();
    (void)state;
    local.max_message_size = UINT64_MAX;
    write_all(&out, &local);
    assert_true(has_line(out.text, "a=max-message-size:0\r\n"));
}

static void test_sdp_webrtc_put_writes_neither_mid_nor_group_where_there_is_no_mid(void **state)
{
    static written out;
    floe_sdp_local local = make_local();
    (void)state;
    local.mid = (floe_bytes){NULL, 0};
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_false(has_line(out.text, "a=mid"));
    assert_false(has_line(out.text, "a=group"));
}

static void test_sdp_webrtc_put_answers_what_chromium_offers(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "chromium-156-data-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.setup = FLOE_SDP_SETUP_ACTIVE;
    local.mirror = &offer;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_true(has_line(out.text, "a=group:BUNDLE 0\r\n"));
    assert_true(has_line(out.text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert_true(has_line(out.text, "a=setup:active\r\n"));
    sdp_file_free(&file);
}

/* RFC 8829 §5.3.1, RFC 3264 §6: same number of sections, same order, same mids; all but the data
 * channel's and the one that carries its transport are refused. */
static void check_mirrors(const floe_sdp *offer, const written *out, const floe_sdp_webrtc *desc)
{
    assert_int_equal(out->sdp.media_count, offer->media_count);
    for (uint32_t i = 0; i < offer->media_count; i++) {
        floe_sdp_media theirs, ours;
        floe_bytes their_mid = {NULL, 0};
        floe_bytes our_mid = {NULL, 0};
        bool is_live = i == desc->section || i == desc->transport_section;
        assert_true(floe_sdp_media_of(offer, i, &theirs));
        assert_true(floe_sdp_media_of(&out->sdp, i, &ours));
        assert_true(floe_bytes_equal(theirs.media, ours.media));
        assert_true(floe_bytes_equal(theirs.proto, ours.proto));
        assert_memory_equal(theirs.formats.ptr, ours.formats.ptr, ours.formats.len);
        (void)floe_sdp_find_attr(offer, i, "mid", &their_mid);
        (void)floe_sdp_find_attr(&out->sdp, i, "mid", &our_mid);
        assert_true(floe_bytes_equal(their_mid, our_mid));
        assert_int_equal(ours.port != 0, is_live);
        assert_int_equal(floe_sdp_find_attr(&out->sdp, i, "ice-ufrag", &our_mid), is_live);
        assert_int_equal(floe_sdp_find_attr(&out->sdp, i, "inactive", &our_mid),
                         i != desc->section);
    }
}

static void check_answer_to(const sdp_file *file)
{
    static written out;
    floe_sdp offer;
    floe_sdp_webrtc desc;
    floe_sdp_local local = make_local();
    assert_int_equal(floe_sdp_parse(&offer, file->text, NULL), FLOE_OK);
    if (floe_sdp_webrtc_read(&desc, &offer, NULL) != FLOE_OK) {
        return;
    }
    local.setup = FLOE_SDP_SETUP_PASSIVE;
    local.mirror = &offer;
    write_all(&out, &local);
    check_agrees(&out, &local);
    check_mirrors(&offer, &out, &desc);
    assert_int_equal(out.desc.section, desc.section);
    assert_int_equal(out.desc.transport_section, desc.transport_section);
    assert_true(floe_bytes_equal(out.desc.transport_mid, desc.transport_mid));
    assert_int_equal(out.desc.is_legacy_sctpmap, desc.is_legacy_sctpmap);
}

static void test_sdp_webrtc_put_answers_every_captured_description(void **state)
{
    (void)state;
    assert_in_range(sdp_file_for_each(SDP_FILE_DESCRIPTION, check_answer_to), 90, 1000);
}

/* Without the leader the others have no transport: RFC 9143 §7.3.3. */
static void test_sdp_webrtc_put_keeps_the_leader_of_the_bundle_inactive(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "firefox-153-media-data-maxbundle-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &offer;
    write_all(&out, &local);
    assert_true(has_line(out.text, "a=group:BUNDLE 0 1\r\n"));
    assert_true(has_line(out.text, "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\n"
                                   "c=IN IP4 0.0.0.0\r\n"
                                   "a=mid:0\r\n"
                                   "a=inactive\r\n"
                                   "a=rtcp-mux\r\n"
                                   "a=rtpmap:109 opus/48000/2\r\n"
                                   "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\n"
                                   "a=ice-ufrag:abcd\r\n"));
    assert_true(
        has_line(out.text, CANDIDATE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert_false(has_line(out.text, "a=bundle-only"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_refuses_media_and_keeps_the_order(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "chromium-156-media-data-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &offer;
    write_all(&out, &local);
    assert_true(has_line(out.text, "a=group:BUNDLE 0 2\r\n"));
    assert_true(has_line(out.text, CANDIDATE "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
                                             "c=IN IP4 0.0.0.0\r\n"
                                             "a=mid:1\r\n"
                                             "a=inactive\r\n"
                                             "m=application 9 "));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_refuses_a_leader_with_a_transport_of_its_own(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer;
    floe_sdp_local local = make_local();
    (void)state;
    sdp_file_read(&file, "chromium-156-media-data-maxbundle-offer.txt");
    sdp_file_replace(&file, "a=ice-ufrag:34db", "a=ice-ufrag:othr\r\n"); /* the first: audio */
    assert_int_equal(floe_sdp_parse(&offer, file.text, NULL), FLOE_OK);
    local.mirror = &offer;
    write_all(&out, &local);
    assert_true(has_line(out.text, "a=group:BUNDLE 1\r\n"));
    assert_true(has_line(out.text, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_takes_a_leader_that_stands_behind(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer;
    floe_sdp_local local = make_local();
    (void)state;
    sdp_file_read(&file, "chromium-156-data-offer.txt");
    sdp_file_replace(&file, "a=group", "a=group:BUNDLE z 0\r\n");
    sdp_file_replace(&file, "a=max-message-size",
                     "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\na=mid:z\r\na=ice-ufrag:mFel\r\n");
    assert_int_equal(floe_sdp_parse(&offer, file.text, NULL), FLOE_OK);
    local.mirror = &offer;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_int_equal(out.desc.section, 0);
    assert_int_equal(out.desc.transport_section, 1);
    assert_true(has_line(out.text, "a=group:BUNDLE z 0\r\n"));
    assert_memory_equal(out.text.ptr + out.text.len - strlen(CANDIDATE), CANDIDATE,
                        strlen(CANDIDATE));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_tail_has_what_follows_the_data_channel(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer;
    floe_sdp_local local = make_local();
    (void)state;
    sdp_file_read(&file, "chromium-156-data-offer.txt");
    sdp_file_replace(&file, "a=max-message-size",
                     "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\n"
                     "a=mid:z\r\n");
    assert_int_equal(floe_sdp_parse(&offer, file.text, NULL), FLOE_OK);
    local.mirror = &offer;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_true(has_line(out.text, CANDIDATE "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
                                             "c=IN IP4 0.0.0.0\r\n"
                                             "a=inactive\r\n"
                                             "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"
                                             "c=IN IP4 0.0.0.0\r\n"
                                             "a=mid:z\r\n"
                                             "a=inactive\r\n"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_has_a_group_only_where_one_was_offered(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer;
    floe_sdp_local local = make_local();
    (void)state;
    sdp_file_read(&file, "chromium-156-data-offer.txt");
    sdp_file_replace(&file, "a=group", "a=group:BUNDLE 1\r\n");
    assert_int_equal(floe_sdp_parse(&offer, file.text, NULL), FLOE_OK);
    local.mirror = &offer;
    write_all(&out, &local);
    assert_false(has_line(out.text, "a=group"));
    assert_true(has_line(out.text, "a=mid:0\r\n"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_uses_the_mid_of_the_mirror(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "gstreamer-1.22-data-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &offer;
    write_all(&out, &local);
    check_text(out.desc.mid, "application0");
    assert_true(has_line(out.text, "a=group:BUNDLE application0\r\n"));
    sdp_file_replace(&file, "a=mid", NULL);
    assert_int_equal(floe_sdp_parse(&offer, file.text, NULL), FLOE_OK);
    write_all(&out, &local);
    check_text(out.desc.mid, "0");
    assert_false(has_line(out.text, "a=group"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_answers_the_legacy_form_in_kind(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "aiortc-1.4-data-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &offer;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_true(has_line(out.text, "m=application 9 DTLS/SCTP 5000\r\n"));
    assert_true(has_line(out.text, "a=sctpmap:5000 webrtc-datachannel 65535\r\n"));
    assert_false(has_line(out.text, "a=sctp-port"));
    local.sctp_port = 65535;
    write_all(&out, &local);
    assert_true(has_line(out.text, "m=application 9 DTLS/SCTP 65535\r\n"));
    assert_true(has_line(out.text, "a=sctpmap:65535 webrtc-datachannel 65535\r\n"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_repeats_its_own_description(void **state)
{
    static written first, second;
    sdp_file file;
    floe_sdp offer = parse_file(&file, "chromium-156-media-data-offer.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &offer;
    write_all(&first, &local);
    local.mirror = &first.sdp;
    write_all(&second, &local);
    assert_int_equal(first.text.len, second.text.len);
    assert_memory_equal(first.text.ptr, second.text.ptr, first.text.len);
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_takes_up_a_section_that_was_rejected(void **state)
{
    static written out;
    static const char text[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                               "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";
    floe_sdp mirror;
    floe_sdp_local local = make_local();
    (void)state;
    assert_int_equal(floe_sdp_parse(&mirror, floe_bytes_of(text), NULL), FLOE_OK);
    local.mirror = &mirror;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_int_equal(out.sdp.media_count, 1);
    check_text(out.desc.mid, "d");
}

static void test_sdp_webrtc_put_adds_a_section_where_the_mirror_has_none(void **state)
{
    static written out;
    sdp_file file;
    floe_sdp mirror = parse_file(&file, "aes67-multicast.txt");
    floe_sdp_local local = make_local();
    (void)state;
    local.mirror = &mirror;
    write_all(&out, &local);
    check_agrees(&out, &local);
    assert_int_equal(out.sdp.media_count, 2);
    assert_int_equal(out.desc.section, 1);
    assert_true(has_line(out.text, "m=audio 0 RTP/AVP 98\r\n"));
    sdp_file_free(&file);
}

static void test_sdp_webrtc_put_fails_where_there_is_no_room(void **state)
{
    static uint8_t buf[1024];
    const floe_sdp_local local = make_local();
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_sdp_webrtc_put_head(&w, &local);
    assert_true(floe_writer_is_ok(&w));
    for (size_t cap = 0; cap < w.len; cap++) {
        floe_writer less = floe_writer_begin(buf, cap);
        floe_sdp_webrtc_put_head(&less, &local);
        assert_false(floe_writer_is_ok(&less));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_webrtc_put_writes_a_first_offer),
        cmocka_unit_test(test_sdp_webrtc_put_writes_the_default_address),
        cmocka_unit_test(test_sdp_webrtc_put_writes_what_is_read_back),
        cmocka_unit_test(test_sdp_webrtc_put_writes_no_limit_as_zero),
        cmocka_unit_test(test_sdp_webrtc_put_writes_neither_mid_nor_group_where_there_is_no_mid),
        cmocka_unit_test(test_sdp_webrtc_put_answers_what_chromium_offers),
        cmocka_unit_test(test_sdp_webrtc_put_answers_every_captured_description),
        cmocka_unit_test(test_sdp_webrtc_put_keeps_the_leader_of_the_bundle_inactive),
        cmocka_unit_test(test_sdp_webrtc_put_refuses_media_and_keeps_the_order),
        cmocka_unit_test(test_sdp_webrtc_put_refuses_a_leader_with_a_transport_of_its_own),
        cmocka_unit_test(test_sdp_webrtc_put_takes_a_leader_that_stands_behind),
        cmocka_unit_test(test_sdp_webrtc_put_tail_has_what_follows_the_data_channel),
        cmocka_unit_test(test_sdp_webrtc_put_has_a_group_only_where_one_was_offered),
        cmocka_unit_test(test_sdp_webrtc_put_uses_the_mid_of_the_mirror),
        cmocka_unit_test(test_sdp_webrtc_put_answers_the_legacy_form_in_kind),
        cmocka_unit_test(test_sdp_webrtc_put_repeats_its_own_description),
        cmocka_unit_test(test_sdp_webrtc_put_takes_up_a_section_that_was_rejected),
        cmocka_unit_test(test_sdp_webrtc_put_adds_a_section_where_the_mirror_has_none),
        cmocka_unit_test(test_sdp_webrtc_put_fails_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
