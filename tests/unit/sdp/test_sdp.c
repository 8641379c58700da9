/* tests of sdp/sdp.c */
#include "sdp/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/sdp_file.h"
#include "support/unit.h"

#define SESSION "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO   "m=audio 9 RTP/AVP 0\r\n"

static floe_err parse(floe_sdp *sdp, const char *text, floe_sdp_fault *fault)
{
    return floe_sdp_parse(sdp, floe_bytes_of(text), fault);
}

static floe_sdp parse_good(const char *text)
{
    floe_sdp sdp;
    floe_sdp_fault fault;
    if (parse(&sdp, text, &fault) != FLOE_OK) {
        fail_msg("%u:%u %s", fault.line, fault.column, fault.rule);
    }
    return sdp;
}

/* The text is refused so, there, with words of the rule. */
static void check_fault(floe_bytes text, floe_err err, uint32_t line, uint32_t column,
                        const char *words)
{
    static const floe_sdp zero;
    floe_sdp sdp;
    floe_sdp_fault fault;
    memset(&sdp, 0xff, sizeof sdp);
    assert_int_equal(floe_sdp_parse(&sdp, text, &fault), err);
    if (strstr(fault.rule, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault.rule, words);
    }
    assert_int_equal(fault.line, line);
    assert_int_equal(fault.column, column);
    assert_memory_equal(&sdp, &zero, sizeof zero);
}

static void check_malformed(const char *text, uint32_t line, uint32_t column, const char *words)
{
    check_fault(floe_bytes_of(text), FLOE_E_MALFORMED, line, column, words);
}

static void check_put_gives_back(floe_bytes text)
{
    static uint8_t buf[65536];
    floe_sdp sdp;
    assert_int_equal(floe_sdp_parse(&sdp, text, NULL), FLOE_OK);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_put(&w, &sdp);
    assert_true(floe_writer_is_ok(&w));
    assert_int_equal(w.len, text.len);
    assert_memory_equal(w.buf, text.ptr, text.len);
}

/* Session and sections together have every byte of the text once, in its order. */
static void check_lines_cover(floe_bytes text)
{
    floe_sdp sdp;
    floe_sdp_line line;
    const uint8_t *next = text.ptr;
    assert_int_equal(floe_sdp_parse(&sdp, text, NULL), FLOE_OK);
    for (uint32_t i = 0; i <= sdp.media_count; i++) {
        uint32_t section = i == 0 ? FLOE_SDP_SESSION : i - 1;
        size_t cursor = 0;
        while (floe_sdp_next(&sdp, section, &cursor, &line)) {
            assert_ptr_equal(line.raw.ptr, next);
            assert_int_equal(line.raw.ptr[0], line.type);
            assert_ptr_equal(line.value.ptr, line.raw.ptr + 2);
            assert_true(line.value.len + 2 <= line.raw.len);
            next += line.raw.len;
        }
    }
    assert_ptr_equal(next, text.ptr + text.len);
}

static void check_round_trip(const sdp_file *file)
{
    sdp_file lf;
    check_put_gives_back(file->text);
    check_lines_cover(file->text);
    sdp_file_read(&lf, file->name);
    sdp_file_use_lf(&lf);
    check_put_gives_back(lf.text);
    check_lines_cover(lf.text);
    lf.text.len--; /* and without the last line's end */
    check_put_gives_back(lf.text);
    check_lines_cover(lf.text);
    sdp_file_free(&lf);
}

static void test_sdp_gives_back_every_captured_description(void **state)
{
    (void)state;
    assert_in_range(sdp_file_for_each(SDP_FILE_DESCRIPTION, check_round_trip), 90, 1000);
}

static void test_sdp_gives_back_a_description_that_is_not_webrtc(void **state)
{
    static const char text[] = "v=0\r\no=- 123456 123458 IN IP4 10.0.1.2\r\ns=My sample flow\r\n"
                               "i=4 channels: c1, c2, c3, c4\r\nt=0 0\r\na=recvonly\r\n"
                               "m=audio 5004 RTP/AVP 98\r\nc=IN IP4 239.69.11.44/32\r\n"
                               "a=rtpmap:98 L24/48000/4\r\na=ptime:1\r\n"
                               "a=ts-refclk:ptp=IEEE1588-2008:00-11-22-FF-FE-33-44-55:0\r\n"
                               "a=mediaclk:direct=0\r\n";
    floe_bytes value;
    floe_sdp sdp = parse_good(text);
    (void)state;
    check_put_gives_back(floe_bytes_of(text));
    assert_int_equal(sdp.media_count, 1);
    assert_true(floe_sdp_find_attr(&sdp, 0, "ts-refclk", &value));
    assert_true(floe_bytes_equal(value, FLOE_LIT("ptp=IEEE1588-2008:00-11-22-FF-FE-33-44-55:0")));
}

static void test_sdp_keeps_lines_of_unknown_letters(void **state)
{
    static const char text[] = SESSION "x=what is this\r\nY=\r\n" AUDIO "q=0\r\n";
    floe_sdp sdp = parse_good(text);
    floe_sdp_line line;
    (void)state;
    check_put_gives_back(floe_bytes_of(text));
    assert_true(floe_sdp_find_line(&sdp, FLOE_SDP_SESSION, 'x', &line));
    assert_true(floe_bytes_equal(line.value, FLOE_LIT("what is this")));
    assert_true(floe_sdp_find_line(&sdp, FLOE_SDP_SESSION, 'Y', &line));
    assert_int_equal(line.value.len, 0);
    assert_true(floe_sdp_find_line(&sdp, 0, 'q', &line));
}

static void test_sdp_takes_crlf_and_lf_in_one_text(void **state)
{
    static const char text[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\r\na=one\na=two:2";
    floe_sdp sdp = parse_good(text);
    floe_bytes value;
    (void)state;
    check_put_gives_back(floe_bytes_of(text));
    assert_true(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "two", &value));
    assert_true(floe_bytes_equal(value, FLOE_LIT("2")));
}

static void test_sdp_takes_blank_lines_as_part_of_the_line_end(void **state)
{
    static const char text[] = SESSION "\r\n\n\r\n" AUDIO "\na=mid:0\r\n\r\n";
    floe_sdp sdp = parse_good(text);
    floe_sdp_line line;
    size_t cursor = 0;
    (void)state;
    check_put_gives_back(floe_bytes_of(text));
    check_lines_cover(floe_bytes_of(text));
    assert_int_equal(sdp.media_count, 1);
    assert_true(floe_sdp_next(&sdp, 0, &cursor, &line));
    assert_true(floe_bytes_equal(line.raw, FLOE_LIT(AUDIO "\n")));
    assert_true(floe_sdp_next(&sdp, 0, &cursor, &line));
    assert_true(floe_bytes_equal(line.value, FLOE_LIT("mid:0")));
    assert_false(floe_sdp_next(&sdp, 0, &cursor, &line));
}

static void test_sdp_takes_text_that_is_not_ascii(void **state)
{
    static const char text[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=\xc3\xa4\xff\t\x01\r\nt=0 0\r\n";
    (void)state;
    check_put_gives_back(floe_bytes_of(text));
}

static void test_sdp_takes_session_lines_in_any_order_after_the_third(void **state)
{
    (void)state;
    (void)parse_good("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\na=x\nb=AS:1\nt=0 0\nc=IN IP4 0.0.0.0\n"
                     "e=a@b\nt=1 2\ni=late\n" AUDIO "a=mid:0\nc=IN IP4 0.0.0.0\ni=later\n");
}

static void test_sdp_next_stays_in_its_section(void **state)
{
    floe_sdp sdp = parse_good(SESSION AUDIO "a=mid:0\r\n" AUDIO "a=mid:1\r\n");
    static const char *const types[] = {"vost", "ma", "ma"};
    floe_sdp_line line;
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        size_t cursor = 0;
        const char *type = types[i];
        while (floe_sdp_next(&sdp, i == 0 ? FLOE_SDP_SESSION : i - 1, &cursor, &line)) {
            assert_int_equal(line.type, *type);
            type++;
        }
        assert_int_equal(*type, '\0');
    }
}

static void test_sdp_next_has_nothing_in_a_section_that_is_not_there(void **state)
{
    floe_sdp sdp = parse_good(SESSION AUDIO);
    floe_sdp zero = {{NULL, 0}, 0, {0}};
    floe_sdp_line line;
    floe_sdp_media media;
    size_t cursor = 0;
    (void)state;
    assert_false(floe_sdp_next(&sdp, 1, &cursor, &line));
    assert_false(floe_sdp_next(&sdp, FLOE_SDP_SESSION - 1, &cursor, &line));
    assert_false(floe_sdp_media_of(&sdp, 1, &media));
    assert_false(floe_sdp_media_of(&sdp, FLOE_SDP_SESSION, &media));
    assert_false(floe_sdp_next(&zero, FLOE_SDP_SESSION, &cursor, &line));
    assert_false(floe_sdp_next(&zero, 0, &cursor, &line));
}

static void test_sdp_tells_no_value_from_an_empty_one(void **state)
{
    floe_sdp sdp = parse_good(SESSION "a=flag\r\na=empty:\r\na=full:x:y\r\n");
    floe_bytes value;
    (void)state;
    assert_true(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "flag", &value));
    assert_null(value.ptr);
    assert_true(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "empty", &value));
    assert_non_null(value.ptr);
    assert_int_equal(value.len, 0);
    assert_true(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "full", &value));
    assert_true(floe_bytes_equal(value, FLOE_LIT("x:y")));
    assert_false(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "ful", &value));
    assert_false(floe_sdp_find_attr(&sdp, FLOE_SDP_SESSION, "FULL", &value));
}

static void test_sdp_next_attr_steps_through_those_of_one_name(void **state)
{
    floe_sdp sdp = parse_good(SESSION "a=n:1\r\nb=AS:1\r\na=m:2\r\na=n:3\r\n" AUDIO "a=n:4\r\n");
    size_t cursor = 0;
    floe_bytes value;
    (void)state;
    assert_true(floe_sdp_next_attr(&sdp, FLOE_SDP_SESSION, "n", &cursor, &value));
    assert_true(floe_bytes_equal(value, FLOE_LIT("1")));
    assert_true(floe_sdp_next_attr(&sdp, FLOE_SDP_SESSION, "n", &cursor, &value));
    assert_true(floe_bytes_equal(value, FLOE_LIT("3")));
    assert_false(floe_sdp_next_attr(&sdp, FLOE_SDP_SESSION, "n", &cursor, &value));
}

static void test_sdp_line_attr_refuses_other_lines(void **state)
{
    floe_sdp sdp = parse_good(SESSION);
    floe_sdp_line line;
    floe_sdp_attr attr;
    (void)state;
    assert_true(floe_sdp_find_line(&sdp, FLOE_SDP_SESSION, 'o', &line));
    assert_false(floe_sdp_line_attr(&line, &attr));
    assert_false(floe_sdp_find_line(&sdp, FLOE_SDP_SESSION, 'm', &line));
}

static void test_sdp_media_of_takes_an_m_line_apart(void **state)
{
    floe_sdp sdp = parse_good(SESSION "m=video 49170/2 UDP/TLS/RTP/SAVPF 31 32  \r\n"
                                      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    floe_sdp_media media;
    (void)state;
    assert_true(floe_sdp_media_of(&sdp, 0, &media));
    assert_true(floe_bytes_equal(media.media, FLOE_LIT("video")));
    assert_int_equal(media.port, 49170);
    assert_int_equal(media.port_count, 2);
    assert_true(floe_bytes_equal(media.proto, FLOE_LIT("UDP/TLS/RTP/SAVPF")));
    assert_true(floe_bytes_equal(media.formats, FLOE_LIT("31 32")));
    assert_true(floe_sdp_media_of(&sdp, 1, &media));
    assert_int_equal(media.port_count, 1);
    assert_true(floe_bytes_equal(media.formats, FLOE_LIT("webrtc-datachannel")));
}

static void test_sdp_parse_names_the_place_of_a_nul(void **state)
{
    static const char text[] = SESSION "a=one\r\na=t\0wo\r\n";
    (void)state;
    check_fault((floe_bytes){(const uint8_t *)text, sizeof text - 1}, FLOE_E_MALFORMED, 6, 4,
                "NUL");
}

static void test_sdp_parse_names_the_place_of_a_lone_carriage_return(void **state)
{
    (void)state;
    check_malformed(SESSION "a=one\ra=two\r\n", 5, 6, "carriage return");
    check_malformed(SESSION "a=one\r\r\n", 5, 6, "carriage return");
    check_malformed(SESSION "a=one\r", 5, 6, "carriage return");
    check_malformed(SESSION "\r\r\na=one\r\n", 5, 1, "carriage return");
    check_malformed("v=0\ro=- 1 1 IN IP4 0.0.0.0\rs=-\rt=0 0\r", 1, 4, "carriage return");
}

static void test_sdp_parse_refuses_what_is_not_a_line(void **state)
{
    static const char *const lines[] = {"a", "=", "a:b", " a=b", "1=2", "aa=b", "\xc3=x", "a =b"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)snprintf(text, sizeof text, SESSION "%s\r\n", lines[i]);
        check_malformed(text, 5, 1, "a letter and =");
        (void)snprintf(text, sizeof text, SESSION "%s", lines[i]);
        check_malformed(text, 5, 1, "a letter and =");
    }
}

static void test_sdp_parse_wants_the_first_three_lines_in_order(void **state)
{
    (void)state;
    check_malformed("", 1, 1, "first three");
    check_malformed("v=0\r\n", 2, 1, "first three");
    check_malformed("v=0\r\nx=0\r\n", 2, 1, "first three");
    check_malformed("o=- 1 1 IN IP4 0.0.0.0\r\nv=0\r\n", 1, 1, "first three");
    check_malformed("v=0\r\ns=-\r\no=- 1 1 IN IP4 0.0.0.0\r\n", 2, 1, "first three");
    check_malformed("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nt=0 0\r\ns=-\r\n", 3, 1, "first three");
    check_malformed("\xef\xbb\xbfv=0\r\n", 1, 1, "a letter and =");
    check_malformed("\r\nv=0\r\n", 1, 1, "a letter and =");
}

static void test_sdp_parse_wants_a_time_line_in_the_session(void **state)
{
    (void)state;
    check_malformed("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n", 4, 1, "t= must");
    check_malformed("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n" AUDIO, 4, 1, "t= must");
}

static void test_sdp_parse_refuses_session_lines_in_a_media_section(void **state)
{
    static const char *const lines[] = {
        "v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "u=x", "e=x", "p=+1", "t=0 0", "r=1 2 3", "z=0 0"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)snprintf(text, sizeof text, SESSION AUDIO "%s\r\n", lines[i]);
        check_malformed(text, 6, 1, "before the first m=");
    }
}

static void test_sdp_parse_refuses_a_line_twice_where_it_stands_once(void **state)
{
    (void)state;
    check_malformed(SESSION "v=0\r\n", 5, 1, "twice");
    check_malformed(SESSION "o=- 1 1 IN IP4 0.0.0.0\r\n", 5, 1, "twice");
    check_malformed(SESSION "s=-\r\n", 5, 1, "twice");
    check_malformed(SESSION "i=1\r\ni=2\r\n", 6, 1, "twice");
    check_malformed(SESSION "u=1\r\nu=2\r\n", 6, 1, "twice");
    check_malformed(SESSION "c=IN IP4 0.0.0.0\r\nc=IN IP4 0.0.0.0\r\n", 6, 1, "twice");
    check_malformed(SESSION AUDIO "i=1\r\ni=2\r\n", 7, 1, "twice");
}

static void test_sdp_parse_takes_a_line_again_in_the_next_section(void **state)
{
    (void)state;
    (void)parse_good(SESSION "i=1\r\n" AUDIO "i=1\r\n" AUDIO "i=1\r\n");
    (void)parse_good(SESSION AUDIO "c=IN IP4 224.2.1.1/127\r\nc=IN IP4 224.2.1.2/127\r\n");
}

/* A session and then `count` times `line`; must be freed. */
static char *repeat(const char *line, size_t count)
{
    size_t len = strlen(line);
    char *text = malloc(sizeof SESSION + len * count);
    assert_non_null(text);
    memcpy(text, SESSION, sizeof SESSION);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + sizeof SESSION - 1 + i * len, line, len + 1);
    }
    return text;
}

static void test_sdp_parse_takes_as_many_sections_as_there_is_room_for(void **state)
{
    char *text = repeat(AUDIO, FLOE_SDP_MEDIA_MAX);
    floe_sdp sdp = parse_good(text);
    (void)state;
    assert_int_equal(sdp.media_count, FLOE_SDP_MEDIA_MAX);
    check_lines_cover(floe_bytes_of(text));
    free(text);
}

static void test_sdp_parse_refuses_thousands_of_sections(void **state)
{
    char *text = repeat("m=a 0 b c\n", 1600);
    (void)state;
    check_fault(floe_bytes_of(text), FLOE_E_TOO_BIG, 5 + FLOE_SDP_MEDIA_MAX, 1, "sections");
    free(text);
}

static void test_sdp_parse_takes_a_text_of_the_largest_size_and_no_more(void **state)
{
    char *text = repeat("a=x\n", FLOE_SDP_SIZE_MAX / 4);
    floe_sdp sdp;
    (void)state;
    text[FLOE_SDP_SIZE_MAX - 1] = '\n';
    floe_bytes all = {(const uint8_t *)text, FLOE_SDP_SIZE_MAX};
    assert_int_equal(floe_sdp_parse(&sdp, all, NULL), FLOE_OK);
    all.len++;
    floe_sdp_fault fault;
    assert_int_equal(floe_sdp_parse(&sdp, all, &fault), FLOE_E_TOO_BIG);
    assert_non_null(strstr(fault.rule, "FLOE_SDP_SIZE_MAX"));
    assert_in_range(fault.line, 2, FLOE_SDP_SIZE_MAX);
    free(text);
}

static void test_sdp_parse_refuses_a_line_over_the_limit(void **state)
{
    (void)state;
    if (FLOE_SDP_LINE_MAX + sizeof SESSION + 2 > FLOE_SDP_SIZE_MAX) {
        print_message("no text is large enough for a line of FLOE_SDP_LINE_MAX\n");
        skip();
    }
    char *text = repeat("a", FLOE_SDP_LINE_MAX + 3);
    text[sizeof SESSION] = '=';
    check_fault(floe_bytes_of(text), FLOE_E_TOO_BIG, 5, 1, "FLOE_SDP_LINE_MAX");
    text[sizeof SESSION - 1] = 'x'; /* a name of that length would be too long for itself */
    text[strlen(text) - 1] = '\0';
    (void)parse_good(text);
    free(text);
}

static void test_sdp_parse_works_without_a_fault(void **state)
{
    floe_sdp sdp;
    (void)state;
    assert_int_equal(parse(&sdp, "v=1", NULL), FLOE_E_MALFORMED);
    assert_int_equal(parse(&sdp, SESSION, NULL), FLOE_OK);
}

static void test_sdp_parse_clears_the_fault_of_a_good_text(void **state)
{
    floe_sdp sdp;
    floe_sdp_fault fault = {7, 7, "of before"};
    (void)state;
    assert_int_equal(parse(&sdp, SESSION, &fault), FLOE_OK);
    assert_int_equal(fault.line, 0);
    assert_string_equal(fault.rule, "");
}

static void test_sdp_put_line_and_attr_write_lines(void **state)
{
    uint8_t buf[64];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_sdp_put_line(&w, 's', "-");
    floe_sdp_put_attr(&w, "mid", FLOE_LIT("0"));
    floe_sdp_put_attr(&w, "empty", (floe_bytes){buf, 0});
    floe_sdp_put_attr(&w, "ice-lite", (floe_bytes){NULL, 0});
    assert_true(floe_writer_is_ok(&w));
    assert_true(floe_bytes_equal(floe_writer_view(&w),
                                 FLOE_LIT("s=-\r\na=mid:0\r\na=empty:\r\na=ice-lite\r\n")));
}

static void test_sdp_put_fails_where_there_is_no_room(void **state)
{
    uint8_t buf[sizeof SESSION - 2];
    floe_sdp sdp = parse_good(SESSION);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_sdp_put(&w, &sdp);
    assert_false(floe_writer_is_ok(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_gives_back_every_captured_description),
        cmocka_unit_test(test_sdp_gives_back_a_description_that_is_not_webrtc),
        cmocka_unit_test(test_sdp_keeps_lines_of_unknown_letters),
        cmocka_unit_test(test_sdp_takes_crlf_and_lf_in_one_text),
        cmocka_unit_test(test_sdp_takes_blank_lines_as_part_of_the_line_end),
        cmocka_unit_test(test_sdp_takes_text_that_is_not_ascii),
        cmocka_unit_test(test_sdp_takes_session_lines_in_any_order_after_the_third),
        cmocka_unit_test(test_sdp_next_stays_in_its_section),
        cmocka_unit_test(test_sdp_next_has_nothing_in_a_section_that_is_not_there),
        cmocka_unit_test(test_sdp_tells_no_value_from_an_empty_one),
        cmocka_unit_test(test_sdp_next_attr_steps_through_those_of_one_name),
        cmocka_unit_test(test_sdp_line_attr_refuses_other_lines),
        cmocka_unit_test(test_sdp_media_of_takes_an_m_line_apart),
        cmocka_unit_test(test_sdp_parse_names_the_place_of_a_nul),
        cmocka_unit_test(test_sdp_parse_names_the_place_of_a_lone_carriage_return),
        cmocka_unit_test(test_sdp_parse_refuses_what_is_not_a_line),
        cmocka_unit_test(test_sdp_parse_wants_the_first_three_lines_in_order),
        cmocka_unit_test(test_sdp_parse_wants_a_time_line_in_the_session),
        cmocka_unit_test(test_sdp_parse_refuses_session_lines_in_a_media_section),
        cmocka_unit_test(test_sdp_parse_refuses_a_line_twice_where_it_stands_once),
        cmocka_unit_test(test_sdp_parse_takes_a_line_again_in_the_next_section),
        cmocka_unit_test(test_sdp_parse_takes_as_many_sections_as_there_is_room_for),
        cmocka_unit_test(test_sdp_parse_refuses_thousands_of_sections),
        cmocka_unit_test(test_sdp_parse_takes_a_text_of_the_largest_size_and_no_more),
        cmocka_unit_test(test_sdp_parse_refuses_a_line_over_the_limit),
        cmocka_unit_test(test_sdp_parse_works_without_a_fault),
        cmocka_unit_test(test_sdp_parse_clears_the_fault_of_a_good_text),
        cmocka_unit_test(test_sdp_put_line_and_attr_write_lines),
        cmocka_unit_test(test_sdp_put_fails_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
