/* tests/unit/app/test_sdp_words.c - descriptions in words, faults with their places. */
#include "app/sdp_words.h"

#include <stdlib.h>
#include <string.h>

#include "support/sdp_file.h"
#include "support/unit.h"

static char *words;

static int teardown(void **state)
{
    (void)state;
    free(words);
    words = NULL;
    return 0;
}

static unsigned print(floe_bytes text)
{
    size_t size;
    free(words);
    FILE *out = open_memstream(&words, &size);
    assert_non_null(out);
    unsigned faults = sdp_words_print(out, text);
    assert_int_equal(fclose(out), 0);
    return faults;
}

static void check_has(const char *text)
{
    if (strstr(words, text) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", text, words);
    }
}

#define HEAD "v=0\r\no=- 11 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define DATA                                                                                       \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"          \
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"                \
    "a=sctp-port:5000\r\n"
#define PRINT                                                                                      \
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"                       \
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n"

static void test_sdp_words_of_a_browsers_offer(void **state)
{
    sdp_file file;
    (void)state;
    sdp_file_read(&file, "chromium-156-data-turn-all-offer.txt");
    assert_int_equal(print(file.text), 0);
    sdp_file_free(&file);
    check_has("session 872010355928149602, version 2\n");
    check_has("  group        BUNDLE 0\n");
    check_has("section 1: application, mid 0, data channels\n");
    check_has("  messages     up to 262144 bytes\n");
    check_has("  ICE          ufrag G2bN, password of 24 characters, options trickle\n");
    check_has("  setup        actpass (either side may begin)\n");
    check_has("  fingerprint  sha-256 0B:91:87");
    check_has("  candidates   so far\n");
    check_has("    relay  udp          203.0.113.10   ");
    check_has("49177    50340351\n");
    assert_null(strstr(words, "jBZsMWl7l1pmPHJxMBVOd7UB")); /* the password */
}

static void test_sdp_words_of_media_name_direction_and_codecs(void **state)
{
    (void)state;
    assert_int_equal(print(FLOE_LIT(HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:x\r\n"
                                         "a=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"
                                         "a=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 96\r\n")),
                     0);
    check_has("section 1: audio, mid x, recvonly\n");
    check_has("  codecs       opus/48000/2, PCMU/8000\n");
    check_has("section 2: video, rejected\n");
    check_has("no data channel in it");
}

static void test_sdp_words_say_what_is_not_said(void **state)
{
    (void)state;
    assert_int_equal(print(FLOE_LIT(HEAD DATA PRINT)), 0);
    check_has("up to 65536 bytes (it is not said)");
    check_has("candidates   none yet");
    assert_int_equal(
        print(FLOE_LIT(HEAD DATA PRINT "a=max-message-size:0\r\na=end-of-candidates\r\n")), 0);
    check_has("of any size");
    check_has("candidates   none\n");
}

static void test_sdp_words_of_broken_grammar_mark_the_place(void **state)
{
    (void)state;
    assert_int_equal(print(FLOE_LIT("v=0\r\nhello\r\n")), 1);
    assert_memory_equal(words, "line 2, column ", 15);
    check_has("\n    hello\n    ");
    check_has("^\n");
    assert_int_equal(print((floe_bytes){NULL, 0}), 1);
    check_has("it is empty");
}

static void test_sdp_words_of_a_missing_attribute_name_the_rule(void **state)
{
    (void)state;
    assert_int_equal(print(FLOE_LIT(HEAD DATA)), 1);
    check_has("line 5, column 3: a=fingerprint must be");
    check_has("\n    m=application 9 ");
    check_has("\n      ^\n");
}

static void test_sdp_words_of_broken_candidates_and_groups_count_each(void **state)
{
    (void)state;
    assert_int_equal(print(FLOE_LIT(HEAD "a=group:BUNDLE 0 1\r\n" DATA PRINT
                                         "a=candidate:1 1 udp x 192.0.2.1 4 typ host\r\n"
                                         "a=candidate:1 1 udp 7 192.0.2.1 4 typ odd\r\n")),
                     2);
    check_has("line 5, column 18: a group must name");
    check_has("line 14, column 13: a candidate must be");
    check_has("and 2 of no known kind");
}

static void test_sdp_words_show_no_control_characters(void **state)
{
    (void)state;
    (void)print(FLOE_LIT(HEAD DATA PRINT "a=group:\x1b[2J \xff\r\na=max-message-size:\x1b\r\n"));
    assert_null(strchr(words, '\x1b'));
    (void)print(FLOE_LIT("v=0\r\n\x1b[2J=\xc2\x9b"));
    assert_null(strchr(words, '\x1b'));
    assert_null(strchr(words, '\x9b'));
}

static void check_file(const sdp_file *file)
{
    assert_int_equal(print(file->text), 0);
    check_has("\nsection 1: ");
}

static void test_sdp_words_find_no_fault_with_captured_descriptions(void **state)
{
    (void)state;
    assert_true(sdp_file_for_each(SDP_FILE_DESCRIPTION, check_file) > 40);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sdp_words_of_a_browsers_offer),
        TEST(test_sdp_words_of_media_name_direction_and_codecs),
        TEST(test_sdp_words_say_what_is_not_said),
        TEST(test_sdp_words_of_broken_grammar_mark_the_place),
        TEST(test_sdp_words_of_a_missing_attribute_name_the_rule),
        TEST(test_sdp_words_of_broken_candidates_and_groups_count_each),
        TEST(test_sdp_words_show_no_control_characters),
        TEST(test_sdp_words_find_no_fault_with_captured_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
