/* tests of sdp/sdp_grammar.c: what each kind of line may say (RFC 8866 section 9) */
#include <string.h>

#include "sdp/sdp_internal.h"
#include "support/unit.h"

static bool check(char type, const char *value, size_t *column)
{
    const floe_sdp_rule *rule = floe_sdp_find_rule(type);
    floe_text t = floe_text_begin(floe_bytes_of(value));
    assert_non_null(rule);
    bool is_good = floe_sdp_check(rule, &t);
    *column = strlen(value) - t.left;
    return is_good;
}

static void check_good(char type, const char *const *values, size_t count)
{
    size_t column;
    for (size_t i = 0; i < count; i++) {
        if (!check(type, values[i], &column)) {
            fail_msg("%c=%s should be taken, but stops at %zu", type, values[i], column);
        }
    }
}

typedef struct bad {
    const char *value;
    size_t column; /* characters before the fault */
} bad;

static void check_bad(char type, const bad *values, size_t count)
{
    size_t column;
    for (size_t i = 0; i < count; i++) {
        if (check(type, values[i].value, &column) || column != values[i].column) {
            fail_msg("%c=%s should be refused at %zu, not %zu", type, values[i].value,
                     values[i].column, column);
        }
    }
}

#define GOOD(type, ...)                                                                            \
    check_good(type, (const char *const[]){__VA_ARGS__},                                           \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define BAD(type, ...)                                                                             \
    check_bad(type, (const bad[]){__VA_ARGS__}, sizeof((const bad[]){__VA_ARGS__}) / sizeof(bad))

static void test_sdp_grammar_knows_the_letters_of_rfc_8866(void **state)
{
    static const char letters[] = "vosiuepcbtrzkam";
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_known = c != 0 && strchr(letters, c) != NULL;
        assert_int_equal(floe_sdp_find_rule((char)c) != NULL, is_known);
    }
}

static void test_sdp_grammar_every_rule_has_words(void **state)
{
    static const char letters[] = "vosiuepcbtrzkam";
    (void)state;
    for (size_t i = 0; letters[i] != '\0'; i++) {
        const char *text = floe_sdp_find_rule(letters[i])->text;
        assert_int_equal(text[0], letters[i]);
        assert_int_equal(text[1], '=');
    }
}

static void test_sdp_grammar_of_version(void **state)
{
    (void)state;
    GOOD('v', "0", "0 ");
    BAD('v', {"", 0}, {"1", 0}, {"00", 1}, {" 0", 0}, {"0 0", 2});
}

static void test_sdp_grammar_of_origin(void **state)
{
    (void)state;
    GOOD('o', "- 123456 123458 IN IP4 10.0.1.2", "jdoe 3724395000 3724395001 IN IP6 2001:db8::1",
         "mozilla...THIS_IS_SDPARTA-99.0 3385179512867029355 0 IN IP4 0.0.0.0",
         "- 340282366920938463463374607431768211455 2 IN IP4 127.0.0.1",
         "- 0 0 IN IP4 host.example", "- 0 0 IN IP4 my_host ", "\xc3\xa4,/: 0 0 NET ADDR anything");
    BAD('o', {"", 0}, {"- 1 1 IN IP4", 12}, {"- 1 1 IN IP4 ", 13}, {"-  1 1 IN IP4 x", 2},
        {"- a 1 IN IP4 x", 2}, {"- 1 -1 IN IP4 x", 4}, {"- 1 1 I/N IP4 x", 7},
        {"- 1 1 IN IP4 x y", 15}, {" - 1 1 IN IP4 x", 0});
}

static void test_sdp_grammar_of_texts(void **state)
{
    (void)state;
    GOOD('s', "-", " ", "", "My sample flow"); /* empty: RFC 3264 section 10 */
    GOOD('i', "4 channels: c1, c2, c3, c4", "\xc3\xa4");
    GOOD('e', "Jane Doe <jane@jdoe.example.com>", "j.doe@example.com (Jane Doe)");
    GOOD('p', "+1 617 555-6011", "+44-123-456-789 (Joe Bloggs)");
    BAD('i', {"", 0});
    BAD('e', {"", 0});
    BAD('p', {"", 0});
}

static void test_sdp_grammar_of_uri(void **state)
{
    (void)state;
    GOOD('u', "http://www.jdoe.example.com/home.html", "sip:a@b?c=d#e");
    BAD('u', {"", 0}, {"http://a b", 9}, {" http://a", 0});
}

static void test_sdp_grammar_of_connection_takes_what_senders_write(void **state)
{
    (void)state;
    GOOD('c', "IN IP4 239.69.11.44/32", "IN IP4 224.2.1.1/127/3", "IN IP4 0.0.0.0",
         "IN IP6 ::", "IN IP6 ff02::1/3", "IN IP6 2001:DB8::A8FD", "IN IP6 ::ffff:10.0.0.1",
         "IN IP4 10.0.0.1 ", "IN IP4 host.example.org", "IN IP6 host.local", "IN IP4 h/127",
         "TN RFC2543 +1-201-406-4090", "PSTN - -");
}

static void test_sdp_grammar_of_connection_wants_an_address_of_its_type(void **state)
{
    (void)state;
    BAD('c', {"", 0}, {"IN", 2}, {"IN IP4", 6}, {"IN IP4 ", 7}, {"IN  IP4 1.2.3.4", 3},
        {"IN IP4 ::1", 7}, {"IN IP6 10.0.0.1", 7}, {"IN IP4 256.1.1.1", 7}, {"IN IP4 1.2.3", 7},
        {"IN IP6 1::2::3", 7}, {"IN IP4 fe80::1%eth0", 7}, {"IN IP4 a!b", 7},
        {"IN IP4 10.0.0.1 x", 16}, {"IN IP4 /32", 7});
    BAD('c', {"IN IP4 224.2.1.1/", 17}, {"IN IP4 224.2.1.1/a", 17},
        {"IN IP4 224.2.1.1/127/3/4", 22}, {"IN IP6 ff02::1/3/4", 16}, {"TN RFC2543 ", 11});
}

static void test_sdp_grammar_of_bandwidth(void **state)
{
    (void)state;
    GOOD('b', "AS:128", "X-YZ:128", "TIAS:4294967296000 ");
    BAD('b', {"", 0}, {"AS", 2}, {"AS:", 3}, {"AS:-1", 3}, {"AS:1.5", 4}, {":1", 0}, {"A S:1", 1});
}

static void test_sdp_grammar_of_times(void **state)
{
    (void)state;
    GOOD('t', "0 0", "3724394400 3724398000", "2873397496 0", "0 0 ");
    BAD('t', {"", 0}, {"0", 1}, {"0 ", 2}, {"0  0", 2}, {"0 -1", 2}, {"a 0", 0}, {"0 0 0", 4});
    GOOD('r', "604800 3600 0 90000", "7d 1h 0 25h", "1 2 3");
    BAD('r', {"", 0}, {"7d", 2}, {"7d 1h", 5}, {"7d 1h ", 6}, {"7x 1h 0", 1}, {"7d 1h 0 x", 8},
        {"-7d 1h 0", 0});
    GOOD('z', "3724394400 -1h 3757054800 0", "1 1");
    BAD('z', {"", 0}, {"1", 1}, {"1 ", 2}, {"1 -", 3}, {"1 1h 2", 6}, {"1 1h x", 5}, {"-1 1", 0});
}

static void test_sdp_grammar_of_key(void **state)
{
    (void)state;
    GOOD('k', "prompt", "clear:open sesame", "base64:AAAA", "uri:http://a/b");
    BAD('k', {"", 0}, {"prompted", 6}, {"clear:", 6}, {"rot13:x", 0}, {"clear", 0}, {"Prompt", 0});
}

static void test_sdp_grammar_of_attribute(void **state)
{
    (void)state;
    GOOD('a', "recvonly", "rtpmap:98 L24/48000/4", "msid-semantic:", "x-.!: \x01\xff",
         "group:BUNDLE 0 1", "ts-refclk:ptp=IEEE1588-2008:00-11-22-FF-FE-33-44-55:0");
    BAD('a', {"", 0}, {":x", 0}, {"a b", 1}, {"a/b:c", 1}, {" a", 0}, {"a ", 1}, {"\xc3:1", 0});
}

static void test_sdp_grammar_of_media(void **state)
{
    (void)state;
    GOOD('m', "audio 5004 RTP/AVP 98", "video 49170/2 RTP/AVP 31 32", "audio 0 RTP/AVP 0 ",
         "application 9 UDP/DTLS/SCTP webrtc-datachannel", "application 9 DTLS/SCTP 5000",
         "application 0 TCP/BFCP *", "image 65535 udptl t38", "message 2855 TCP/MSRP *");
    BAD('m', {"", 0}, {"audio", 5}, {"audio ", 6}, {"audio x RTP/AVP 0", 6},
        {"audio 65536 RTP/AVP 0", 6}, {"audio 99999999999999999999 RTP/AVP 0", 6},
        {"audio -1 RTP/AVP 0", 6}, {"audio 9/ RTP/AVP 0", 8}, {"audio 9/0 RTP/AVP 0", 9},
        {"audio 9/x RTP/AVP 0", 8}, {"au/dio 9 RTP/AVP 0", 2});
    BAD('m', {"audio 9", 7}, {"audio 9 RTP/AVP", 15}, {"audio 9 RTP/AVP ", 16},
        {"audio 9 RTP/ 0", 11}, {"audio 9 /AVP 0", 8}, {"audio 9 RTP//AVP 0", 11},
        {"audio 9 RTP/AVP  0", 16}, {"audio 9 RTP/AVP 0 (1)", 18}, {"audio  9 RTP/AVP 0", 6});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_grammar_knows_the_letters_of_rfc_8866),
        cmocka_unit_test(test_sdp_grammar_every_rule_has_words),
        cmocka_unit_test(test_sdp_grammar_of_version),
        cmocka_unit_test(test_sdp_grammar_of_origin),
        cmocka_unit_test(test_sdp_grammar_of_texts),
        cmocka_unit_test(test_sdp_grammar_of_uri),
        cmocka_unit_test(test_sdp_grammar_of_connection_takes_what_senders_write),
        cmocka_unit_test(test_sdp_grammar_of_connection_wants_an_address_of_its_type),
        cmocka_unit_test(test_sdp_grammar_of_bandwidth),
        cmocka_unit_test(test_sdp_grammar_of_times),
        cmocka_unit_test(test_sdp_grammar_of_key),
        cmocka_unit_test(test_sdp_grammar_of_attribute),
        cmocka_unit_test(test_sdp_grammar_of_media),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
