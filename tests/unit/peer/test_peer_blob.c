/* tests of peer/peer_blob.c: descriptions into blobs */
#include "peer/peer_blob.h"

#include <string.h>

#include "support/peer_pair.h"
#include "support/sdp_file.h"
#include "support/unit.h"

static uint8_t memory[FLOE_PEER_BLOB_SDP_MAX], again[FLOE_PEER_BLOB_SDP_MAX];
static char blob[FLOE_PEER_BLOB_MAX];

#define HEAD                                                                                       \
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"                      \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
#define CREDENTIALS "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
#define PRINT                                                                                      \
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"                       \
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n"
#define TAIL "a=setup:actpass\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n"
#define THREE                                                                                      \
    "a=candidate:1 1 udp 2130706431 192.0.2.1 40001 typ host\r\n"                                  \
    "a=candidate:2 1 udp 2130706175 198.51.100.2 40002 typ host\r\n"                               \
    "a=candidate:3 1 udp 1694498815 203.0.113.3 40003 typ srflx raddr 192.0.2.1 rport 40001\r\n"

static floe_err make(const char *text)
{
    const char *why;
    return floe_peer_blob_from_sdp(FLOE_PEER_OFFER, floe_bytes_of(text), blob, sizeof blob, &why);
}

/* The blob as a description, which is read. */
static void read_back(floe_sdp *sdp, floe_sdp_webrtc *desc)
{
    floe_peer_sdp_type type;
    size_t len;
    assert_int_equal(
        floe_peer_blob_to_sdp(floe_bytes_of(blob), &type, again, sizeof again, &len, NULL),
        FLOE_OK);
    assert_int_equal(floe_sdp_parse(sdp, (floe_bytes){again, len}, NULL), FLOE_OK);
    assert_int_equal(floe_sdp_webrtc_read(desc, sdp, NULL), FLOE_OK);
}

static void test_peer_blob_of_three_candidates_has_115_characters(void **state)
{
    (void)state;
    assert_int_equal(make(HEAD CREDENTIALS PRINT TAIL THREE), FLOE_OK);
    assert_int_equal(strlen(blob), 115); /* 8 characters of ufrag, as floe has it, make 119 */
    assert_int_equal(strspn(blob, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_"),
                     strlen(blob));
}

static void test_peer_blob_keeps_what_was_said(void **state)
{
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_bytes line;
    floe_sdp_candidate cand;
    size_t cursor = 0;
    (void)state;
    assert_int_equal(make(HEAD CREDENTIALS PRINT TAIL THREE "a=end-of-candidates\r\n"), FLOE_OK);
    read_back(&sdp, &desc);
    assert_true(floe_bytes_equal(desc.ufrag, FLOE_LIT("abcd")));
    assert_true(floe_bytes_equal(desc.pwd, FLOE_LIT("abcdefghijklmnopqrstuvwx")));
    assert_int_equal(desc.fingerprints[0].value[31], 0x1f);
    assert_int_equal(desc.setup, FLOE_SDP_SETUP_ACTPASS);
    assert_true(desc.is_end_of_candidates);
    assert_int_equal(desc.max_message_size, 262144);
    for (int i = 0; i < 3; i++) {
        assert_true(floe_sdp_webrtc_next_candidate(&sdp, &desc, &cursor, &line));
    }
    assert_int_equal(floe_sdp_candidate_parse(&cand, line), FLOE_OK);
    assert_int_equal(cand.port, 40003);
    assert_int_equal(cand.priority, 1694498815);
    assert_int_equal(cand.type, FLOE_SDP_CAND_SRFLX);
    assert_int_equal(cand.addr.ip[0], 203);
    assert_false(floe_sdp_webrtc_next_candidate(&sdp, &desc, &cursor, &line));
}

static void test_peer_blob_keeps_what_is_unusual(void **state)
{
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    (void)state;
    assert_int_equal(
        make("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
             "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
             "a=mid:data\r\na=ice-ufrag:ab-d\r\na=ice-pwd:0123456789_=#abcdefghij\r\n" PRINT
             "a=setup:passive\r\na=sctp-port:6000\r\na=max-message-size:0\r\n"),
        FLOE_OK);
    read_back(&sdp, &desc);
    assert_true(floe_bytes_equal(desc.mid, FLOE_LIT("data")));
    assert_true(floe_bytes_equal(desc.ufrag, FLOE_LIT("ab-d")));
    assert_true(floe_bytes_equal(desc.pwd, FLOE_LIT("0123456789_=#abcdefghij")));
    assert_int_equal(desc.setup, FLOE_SDP_SETUP_PASSIVE);
    assert_int_equal(desc.sctp_port, 6000);
    assert_true(desc.max_message_size == UINT64_MAX);
    assert_false(desc.is_end_of_candidates);
}

static void test_peer_blob_keeps_names_foundations_and_odd_priorities(void **state)
{
    (void)state;
    assert_int_equal(
        make(HEAD CREDENTIALS PRINT TAIL
             "a=candidate:x 1 udp 7 f81d4fae-7dec-11d0-a765-00a0c91e6bf6.local 1 typ host\r\n"
             "a=candidate:x 1 udp 2130706431 2001:db8::1 2 typ host\r\n"
             "a=candidate:y 1 udp 16777215 192.0.2.9 3 typ relay raddr 0.0.0.0 rport 0\r\n"),
        FLOE_OK);
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    read_back(&sdp, &desc);
    const char *text = (const char *)again;
    assert_non_null(
        strstr(text, "a=candidate:1 1 udp 7 f81d4fae-7dec-11d0-a765-00a0c91e6bf6.local 1 typ"));
    assert_non_null(strstr(text, "a=candidate:1 1 udp 2130706431 2001:db8::1 2 typ host\r\n"));
    assert_non_null(strstr(text, "a=candidate:2 1 udp 16777215 192.0.2.9 3 typ relay raddr"));
}

static void test_peer_blob_leaves_out_what_it_has_no_place_for(void **state)
{
    (void)state;
    assert_int_equal(make(HEAD CREDENTIALS PRINT TAIL
                          "a=candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\r\n"
                          "a=candidate:1 2 udp 2130706430 192.0.2.1 5 typ host\r\n"
                          "a=candidate:1 1 udp 2130706431 a.example 5 typ host\r\n"
                          "a=candidate:1 1 udp 2130706431 192.0.2.1 5 typ host ufrag gone\r\n"),
                     FLOE_OK);
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_bytes line;
    size_t cursor = 0;
    read_back(&sdp, &desc);
    assert_false(floe_sdp_webrtc_next_candidate(&sdp, &desc, &cursor, &line));
}

static void check_refused(const char *text, floe_err err)
{
    const char *why = NULL;
    assert_int_equal(
        floe_peer_blob_from_sdp(FLOE_PEER_ANSWER, floe_bytes_of(text), blob, sizeof blob, &why),
        err);
    assert_true(why != NULL && why[0] != '\0');
}

static void test_peer_blob_refuses_what_a_blob_can_not_say(void **state)
{
    (void)state;
    check_refused("hello", FLOE_E_MALFORMED);
    check_refused(HEAD PRINT TAIL, FLOE_E_MALFORMED);
    check_refused(HEAD CREDENTIALS PRINT TAIL "m=audio 9 RTP/AVP 0\r\n", FLOE_E_UNSUPPORTED);
    check_refused(HEAD CREDENTIALS PRINT "a=sctp-port:5000\r\na=setup:holdconn\r\n",
                  FLOE_E_UNSUPPORTED);
    check_refused(HEAD CREDENTIALS PRINT "a=ice-lite\r\n" TAIL, FLOE_E_UNSUPPORTED);
    assert_int_equal(floe_peer_blob_from_sdp(FLOE_PEER_ROLLBACK, FLOE_LIT(""), blob, 9, NULL),
                     FLOE_E_ARG);
}

static void test_peer_blob_too_small_a_memory_is_too_big_for_every_size(void **state)
{
    char small[FLOE_PEER_BLOB_MAX];
    const char *why;
    floe_bytes text = FLOE_LIT(HEAD CREDENTIALS PRINT TAIL THREE);
    (void)state;
    assert_int_equal(make(HEAD CREDENTIALS PRINT TAIL THREE), FLOE_OK);
    for (size_t cap = 0; cap <= strlen(blob); cap++) {
        assert_int_equal(floe_peer_blob_from_sdp(FLOE_PEER_OFFER, text, small, cap, &why),
                         FLOE_E_TOO_BIG);
    }
    size_t enough = strlen(blob) + 5; /* the bytes begin at a quarter of it */
    assert_int_equal(floe_peer_blob_from_sdp(FLOE_PEER_OFFER, text, small, enough, &why), FLOE_OK);
    assert_string_equal(small, blob);
}

static unsigned captured;

static void check_file(const sdp_file *file)
{
    floe_sdp sdp;
    floe_sdp_webrtc before, after;
    if (floe_peer_blob_from_sdp(FLOE_PEER_OFFER, file->text, blob, sizeof blob, NULL) != FLOE_OK) {
        return;
    }
    assert_int_equal(floe_sdp_parse(&sdp, file->text, NULL), FLOE_OK);
    assert_int_equal(floe_sdp_webrtc_read(&before, &sdp, NULL), FLOE_OK);
    read_back(&sdp, &after);
    assert_true(floe_bytes_equal(before.ufrag, after.ufrag));
    assert_true(floe_bytes_equal(before.pwd, after.pwd));
    assert_true(floe_bytes_equal(before.mid, after.mid));
    assert_memory_equal(&before.fingerprints[0], &after.fingerprints[0],
                        sizeof before.fingerprints[0]);
    assert_int_equal(before.setup, after.setup);
    assert_true(before.max_message_size == after.max_message_size);
    assert_in_range(strlen(blob), 70, 250);
    captured++;
}

static void test_peer_blob_of_captured_descriptions_says_the_same(void **state)
{
    (void)state;
    captured = 0;
    (void)sdp_file_for_each(SDP_FILE_DESCRIPTION, check_file);
    assert_true(captured >= 20);
}

static void set_remote(floe_peer *peer, floe_peer_sdp_type expected)
{
    floe_peer_sdp_type type;
    size_t len;
    assert_int_equal(
        floe_peer_blob_to_sdp(floe_bytes_of(blob), &type, again, sizeof again, &len, NULL),
        FLOE_OK);
    assert_int_equal(type, expected);
    assert_int_equal(floe_peer_set_remote(peer, type, (floe_bytes){again, len}, NULL), FLOE_OK);
}

static void test_peer_blob_is_all_that_two_peers_need(void **state)
{
    peer_pair *pair = peer_pair_new();
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_options options = {.label = FLOE_LIT("x")};
    floe_dc_id id;
    floe_dc_info info;
    (void)state;
    assert_int_equal(floe_peer_blob_get_local(a, memory, blob, sizeof blob, NULL), FLOE_E_STATE);
    assert_int_equal(floe_peer_open_channel(a, &options, &id), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_blob_get_local(a, memory, blob, sizeof blob, NULL), FLOE_OK);
    assert_true(strlen(blob) < 120);
    set_remote(b, FLOE_PEER_OFFER);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(floe_peer_blob_get_local(b, memory, blob, sizeof blob, NULL), FLOE_OK);
    set_remote(a, FLOE_PEER_ANSWER);
    peer_pair_run(pair, 5 * FLOE_SECOND);
    assert_int_equal(floe_peer_get_channel(a, id, &info), FLOE_OK);
    assert_int_equal(info.state, FLOE_DC_OPEN);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
    peer_pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_blob_of_three_candidates_has_115_characters),
        cmocka_unit_test(test_peer_blob_keeps_what_was_said),
        cmocka_unit_test(test_peer_blob_keeps_what_is_unusual),
        cmocka_unit_test(test_peer_blob_keeps_names_foundations_and_odd_priorities),
        cmocka_unit_test(test_peer_blob_leaves_out_what_it_has_no_place_for),
        cmocka_unit_test(test_peer_blob_refuses_what_a_blob_can_not_say),
        cmocka_unit_test(test_peer_blob_too_small_a_memory_is_too_big_for_every_size),
        cmocka_unit_test(test_peer_blob_of_captured_descriptions_says_the_same),
        cmocka_unit_test(test_peer_blob_is_all_that_two_peers_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
