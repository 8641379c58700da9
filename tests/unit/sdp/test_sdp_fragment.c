/* tests of sdp/sdp_fragment.c: candidates after the description, both ways */
#include "sdp/sdp_fragment.h"

#include <string.h>

#include "sdp/sdp_candidate.h"
#include "support/unit.h"

#define UFRAG "a=ice-ufrag:abcd\r\n"
#define PWD   "a=ice-pwd:0123456789abcdefghijkl\r\n"
#define CAND  "a=candidate:1 1 UDP 2130706431 2001:db8::1 5000 typ host\r\n"

static floe_sdp sdp;
static floe_sdp_fragment section;
static floe_sdp_fault fault;

static floe_err parse(const char *text)
{
    return floe_sdp_fragment_parse(&sdp, floe_bytes_of(text), &fault);
}

static void check_text(floe_bytes bytes, const char *text)
{
    assert_true(floe_bytes_equal(bytes, floe_bytes_of(text)));
}

/* In the shape of RFC 8840's examples: credentials for all, sections with mid and candidates. */
static void test_sdp_fragment_of_two_sections_is_read(void **state)
{
    floe_bytes text;
    floe_sdp_candidate cand;
    size_t cursor = 0;
    (void)state;
    assert_int_equal(parse(UFRAG PWD "m=audio 9 RTP/AVP 0\r\na=mid:1\r\n" CAND
                                     "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                     "a=end-of-candidates\r\na=mid:2\r\n"),
                     FLOE_OK);
    assert_int_equal(sdp.media_count, 2);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 0, &fault), FLOE_OK);
    check_text(section.mid, "1");
    check_text(section.ufrag, "abcd");
    check_text(section.pwd, "0123456789abcdefghijkl");
    assert_false(section.is_end_of_candidates);
    assert_true(floe_sdp_next_attr(&sdp, 0, "candidate", &cursor, &text));
    assert_int_equal(floe_sdp_candidate_parse(&cand, text), FLOE_OK);
    assert_int_equal(cand.port, 5000);
    assert_false(floe_sdp_next_attr(&sdp, 0, "candidate", &cursor, &text));
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 1, &fault), FLOE_OK);
    check_text(section.mid, "2");
    assert_true(section.is_end_of_candidates);
    assert_int_equal(fault.line, 0);
}

static void test_sdp_fragment_end_for_all_stands_before_the_sections(void **state)
{
    (void)state;
    assert_int_equal(parse("a=end-of-candidates\r\n" UFRAG PWD "m=audio 9 RTP/AVP 0\r\na=mid:1"),
                     FLOE_OK);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 0, NULL), FLOE_OK);
    assert_true(section.is_end_of_candidates);
    check_text(section.mid, "1");
}

static void test_sdp_fragment_credentials_of_a_section_come_first(void **state)
{
    (void)state;
    assert_int_equal(parse("a=ice-ufrag:gone\n" PWD "m=audio 9 RTP/AVP 0\n" UFRAG), FLOE_OK);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 0, NULL), FLOE_OK);
    check_text(section.ufrag, "abcd");
    check_text(section.pwd, "0123456789abcdefghijkl");
    assert_int_equal(section.mid.len, 0);
}

static void test_sdp_fragment_without_sections_is_one(void **state)
{
    floe_bytes text;
    size_t cursor = 0;
    (void)state;
    assert_int_equal(parse(CAND), FLOE_OK);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, FLOE_SDP_SESSION, NULL), FLOE_OK);
    assert_int_equal(section.ufrag.len, 0);
    assert_true(floe_sdp_next_attr(&sdp, FLOE_SDP_SESSION, "candidate", &cursor, &text));
    assert_int_equal(parse(""), FLOE_OK);
    assert_int_equal(sdp.media_count, 0);
}

static void test_sdp_fragment_passes_over_lines_that_it_does_not_know(void **state)
{
    (void)state;
    assert_int_equal(parse("a=x-new:1\r\ns=\r\nq=what\r\nm=audio 9 RTP/AVP 0\r\nv=7\r\n"), FLOE_OK);
    assert_int_equal(sdp.media_count, 1);
}

static void check_malformed(const char *text, uint32_t line, uint32_t column)
{
    floe_err err = parse(text);
    if (err == FLOE_OK) {
        err = floe_sdp_fragment_read(&section, &sdp, 0, &fault);
    }
    assert_int_equal(err, FLOE_E_MALFORMED);
    assert_int_equal(fault.line, line);
    assert_int_equal(fault.column, column);
    assert_true(fault.rule[0] != '\0');
}

static void test_sdp_fragment_names_the_place_of_what_is_wrong(void **state)
{
    (void)state;
    check_malformed("hello", 1, 1);
    check_malformed(UFRAG "m=audio\r\n", 2, 8);
    check_malformed("m=audio 9 RTP/AVP 0\r\na=mid:a b\r\n", 2, 7);
    check_malformed("m=audio 9 RTP/AVP 0\r\na=ice-ufrag:abc\r\n", 2, 13);
    check_malformed(UFRAG "a=ice-pwd:short\r\nm=audio 9 RTP/AVP 0\r\n", 2, 11);
    check_malformed("m=audio 9 RTP/AVP 0\r\na=mid\r\n", 1, 1);
}

static void test_sdp_fragment_has_no_section_beyond_the_last(void **state)
{
    (void)state;
    assert_int_equal(parse(UFRAG "m=audio 9 RTP/AVP 0\r\n"), FLOE_OK);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 1, NULL), FLOE_E_ARG);
}

static void test_sdp_fragment_is_no_description(void **state)
{
    (void)state;
    assert_int_equal(floe_sdp_parse(&sdp, FLOE_LIT(UFRAG PWD CAND), NULL), FLOE_E_MALFORMED);
}

static void test_sdp_fragment_that_is_written_is_read_back(void **state)
{
    uint8_t buf[512];
    floe_bytes text;
    size_t cursor = 0;
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_fragment local = {.mid = FLOE_LIT("data"),
                               .ufrag = FLOE_LIT("abcd"),
                               .pwd = FLOE_LIT("0123456789abcdefghijkl")};
    (void)state;
    floe_sdp_fragment_put_head(&w, &local);
    floe_writer_put_text(&w, CAND);
    floe_sdp_put_attr(&w, "end-of-candidates", (floe_bytes){NULL, 0});
    assert_true(floe_writer_is_ok(&w));
    assert_int_equal(floe_sdp_fragment_parse(&sdp, floe_writer_view(&w), NULL), FLOE_OK);
    assert_int_equal(floe_sdp_fragment_read(&section, &sdp, 0, NULL), FLOE_OK);
    assert_true(floe_bytes_equal(section.mid, local.mid));
    assert_true(floe_bytes_equal(section.ufrag, local.ufrag));
    assert_true(floe_bytes_equal(section.pwd, local.pwd));
    assert_true(section.is_end_of_candidates);
    assert_true(floe_sdp_next_attr(&sdp, 0, "candidate", &cursor, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_fragment_of_two_sections_is_read),
        cmocka_unit_test(test_sdp_fragment_end_for_all_stands_before_the_sections),
        cmocka_unit_test(test_sdp_fragment_credentials_of_a_section_come_first),
        cmocka_unit_test(test_sdp_fragment_without_sections_is_one),
        cmocka_unit_test(test_sdp_fragment_passes_over_lines_that_it_does_not_know),
        cmocka_unit_test(test_sdp_fragment_names_the_place_of_what_is_wrong),
        cmocka_unit_test(test_sdp_fragment_has_no_section_beyond_the_last),
        cmocka_unit_test(test_sdp_fragment_is_no_description),
        cmocka_unit_test(test_sdp_fragment_that_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
