/* tests/unit/mdns/test_mdns_msg.c - messages of multicast DNS: compression, and what browsers send.
 */
#include "mdns/mdns_msg.h"

#include <string.h>

#include "base/addr.h"
#include "base/writer.h"
#include "mdns/mdns_name.h"
#include "support/unit.h"
#include "support/vector_file.h"

#define HEADER 12u

static vector vec;

/* A query with `count` questions whose bytes are `body`. */
static floe_err parse_questions(floe_mdns_msg *msg, uint8_t *buf, uint16_t count, floe_bytes body)
{
    memset(buf, 0, HEADER);
    buf[5] = (uint8_t)count;
    memcpy(buf + HEADER, body.ptr, body.len);
    return floe_mdns_msg_parse(msg, (floe_bytes){buf, HEADER + body.len});
}

static void test_mdns_msg_parse_follows_a_pointer_back(void **state)
{
    (void)state;
    uint8_t buf[64];
    floe_mdns_msg msg;
    floe_mdns_question q;
    floe_bytes body = FLOE_LIT("\x01"
                               "a\x05local\0\0\x01\0\x01"
                               "\x01"
                               "b\xc0\x0e\0\x1c\x80\x01");
    assert_int_equal(parse_questions(&msg, buf, 2, body), FLOE_OK);
    floe_mdns_cursor cursor = floe_mdns_msg_begin(&msg);
    assert_true(floe_mdns_msg_next_question(&msg, &cursor, &q));
    assert_int_equal(q.name.len, 9);
    assert_int_equal(q.type, FLOE_MDNS_TYPE_A);
    assert_int_equal(q.class_, FLOE_MDNS_CLASS_IN);
    assert_false(q.wants_unicast);
    assert_true(floe_mdns_msg_next_question(&msg, &cursor, &q));
    assert_int_equal(q.name.len, 9);
    assert_memory_equal(q.name.bytes,
                        "\x01"
                        "b\x05local",
                        9);
    assert_int_equal(q.type, FLOE_MDNS_TYPE_AAAA);
    assert_int_equal(q.class_, FLOE_MDNS_CLASS_IN);
    assert_true(q.wants_unicast);
    assert_false(floe_mdns_msg_next_question(&msg, &cursor, &q));
}

static void expect_malformed(floe_bytes body)
{
    uint8_t buf[600];
    floe_mdns_msg msg;
    assert_int_equal(parse_questions(&msg, buf, 1, body), FLOE_E_MALFORMED);
}

static void test_mdns_msg_parse_refuses_pointers_that_do_not_lead_back(void **state)
{
    (void)state;
    expect_malformed(FLOE_LIT("\xc0\x0c\0\x01\0\x01"));        /* to itself */
    expect_malformed(FLOE_LIT("\xc0\x12\0\x01\0\x01\x01x\0")); /* forward */
    expect_malformed(FLOE_LIT("\x01"
                              "a\xc0\x0c\0\x01\0\x01")); /* to its own beginning */
    expect_malformed(FLOE_LIT("\xc0\xff\0\x01\0\x01"));  /* beyond the end */
    expect_malformed(FLOE_LIT("\xff\xff\0\x01\0\x01"));
}

/* A root label, then a pointer to it, a pointer to that, and so on: a name at the end of each. */
static floe_err parse_chain(size_t pointers)
{
    uint8_t buf[600] = {0};
    floe_mdns_msg msg;
    floe_writer w = floe_writer_begin(buf + HEADER, sizeof buf - HEADER);
    floe_writer_put_zeros(&w, 5); /* one question: the root, its type and class */
    size_t target = HEADER;
    for (size_t i = 0; i < pointers; i++) {
        size_t at = HEADER + w.len;
        floe_writer_put_u16(&w, (uint16_t)(0xc000u | target));
        floe_writer_put_u32(&w, 0x00010001);
        target = at;
    }
    buf[5] = (uint8_t)(pointers + 1);
    return floe_mdns_msg_parse(&msg, (floe_bytes){buf, HEADER + w.len});
}

static void test_mdns_msg_parse_gives_up_on_a_name_of_too_many_pointers(void **state)
{
    (void)state;
    assert_int_equal(parse_chain(32), FLOE_OK);
    assert_int_equal(parse_chain(33), FLOE_E_MALFORMED);
}

/* Two pointers that lead to each other. */
static void test_mdns_msg_parse_refuses_a_circle(void **state)
{
    (void)state;
    uint8_t buf[64];
    floe_mdns_msg msg;
    floe_bytes body = FLOE_LIT("\x01"
                               "a\xc0\x14\0\x01\0\x01"
                               "\xc0\x0c\0\x01\0\x01");
    assert_int_equal(parse_questions(&msg, buf, 2, body), FLOE_E_MALFORMED);
}

static void test_mdns_msg_parse_refuses_labels_of_reserved_kinds(void **state)
{
    (void)state;
    expect_malformed(FLOE_LIT("\x40"
                              "a\0\0\x01\0\x01"));
    expect_malformed(FLOE_LIT("\x80"
                              "a\0\0\x01\0\x01"));
}

/* RFC 1035 section 3.1: 255 bytes with the root. Four labels of 63 and no more have 256. */
static void test_mdns_msg_parse_limits_a_name_to_255_bytes(void **state)
{
    (void)state;
    uint8_t body[300], buf[400];
    floe_mdns_msg msg;
    memset(body, 'x', sizeof body);
    for (size_t i = 0; i < 4; i++) {
        body[64 * i] = 63;
    }
    body[256] = 0;
    memcpy(body + 257, "\0\x01\0\x01", 4);
    expect_malformed((floe_bytes){body, 261});
    body[192] = 61;
    body[254] = 0;
    memcpy(body + 255, "\0\x01\0\x01", 4);
    assert_int_equal(parse_questions(&msg, buf, 1, (floe_bytes){body, 259}), FLOE_OK);
}

static void test_mdns_msg_parse_refuses_counts_beyond_the_end(void **state)
{
    (void)state;
    uint8_t buf[64];
    floe_mdns_msg msg;
    floe_bytes body = FLOE_LIT("\x01"
                               "a\0\0\x01\0\x01");
    assert_int_equal(parse_questions(&msg, buf, 1, body), FLOE_OK);
    assert_int_equal(parse_questions(&msg, buf, 2, body), FLOE_E_MALFORMED);
    buf[5] = 1;
    buf[7] = 1;
    floe_bytes packet = {buf, HEADER + body.len};
    assert_int_equal(floe_mdns_msg_parse(&msg, packet), FLOE_E_MALFORMED);
}

static void test_mdns_msg_parse_refuses_other_operations_and_errors(void **state)
{
    (void)state;
    uint8_t buf[HEADER] = {0};
    floe_mdns_msg msg;
    buf[2] = 0x08;
    assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){buf, HEADER}), FLOE_E_UNSUPPORTED);
    buf[2] = 0x84;
    buf[3] = 0x03;
    assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){buf, HEADER}), FLOE_E_UNSUPPORTED);
    buf[3] = 0;
    assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){buf, HEADER}), FLOE_OK);
    assert_true(msg.is_response);
}

static void test_mdns_msg_parse_refuses_every_cut_of_a_browsers_packet(void **state)
{
    (void)state;
    floe_mdns_msg msg;
    vector_file_find("mdns/browser_packets.txt", "chromium-156 answer to A", &vec);
    for (size_t len = 0; len < vec.bytes.len; len++) {
        assert_int_equal(floe_mdns_msg_parse(&msg, (floe_bytes){vec.memory, len}),
                         FLOE_E_MALFORMED);
    }
    assert_int_equal(floe_mdns_msg_parse(&msg, vec.bytes), FLOE_OK);
}

static void test_mdns_msg_next_record_tells_sections_apart(void **state)
{
    (void)state;
    floe_mdns_msg msg;
    floe_mdns_record record;
    floe_mdns_name name, same;
    char text[FLOE_ADDR_TEXT_MAX];
    vector_file_find("mdns/browser_packets.txt", "chromium-156 answer to A", &vec);
    assert_int_equal(floe_mdns_msg_parse(&msg, vec.bytes), FLOE_OK);
    floe_mdns_cursor cursor = floe_mdns_msg_begin(&msg);
    assert_true(floe_mdns_msg_next_record(&msg, &cursor, &record));
    assert_int_equal(record.section, FLOE_MDNS_ANSWER);
    assert_int_equal(record.type, FLOE_MDNS_TYPE_NSEC);
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 0);
    assert_int_equal(
        floe_mdns_name_parse_labels(&name, (floe_bytes){record.name.bytes, record.name.len}),
        FLOE_OK);
    assert_true(floe_mdns_msg_next_record(&msg, &cursor, &record));
    assert_int_equal(record.section, FLOE_MDNS_ADDITIONAL);
    assert_true(record.is_flush);
    assert_int_equal(record.ttl_s, 120);
    floe_addr addr = floe_mdns_record_get_addr(&record);
    assert_string_equal(floe_addr_ip_text(&addr, text), "2001:db8:0:1::21");
    assert_int_equal(
        floe_mdns_name_parse_labels(&same, (floe_bytes){record.name.bytes, record.name.len}),
        FLOE_OK);
    assert_true(floe_mdns_name_equal(&name, &same));
    assert_false(floe_mdns_msg_next_record(&msg, &cursor, &record));
}

static void test_mdns_msg_parse_takes_all_that_browsers_send(void **state)
{
    (void)state;
    FILE *file = vector_file_open("mdns/browser_packets.txt");
    int count = 0;
    while (vector_file_next(file, &vec)) {
        floe_mdns_msg msg;
        assert_int_equal(floe_mdns_msg_parse(&msg, vec.bytes), FLOE_OK);
        assert_int_equal(msg.is_response, strstr(vec.name, "query") == NULL);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 9);
}

static void test_mdns_record_get_addr_wants_the_length_and_class_of_its_type(void **state)
{
    (void)state;
    static const uint8_t ip[17] = {192, 0, 2, 1};
    floe_mdns_record record = {.type = FLOE_MDNS_TYPE_A, .class_ = 1, .data = {ip, 4}};
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 4);
    record.data.len = 5;
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 0);
    record.data.len = 16;
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 0);
    record.type = FLOE_MDNS_TYPE_AAAA;
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 6);
    record.data.len = 4;
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 0);
    record.data.len = 16;
    record.class_ = 3;
    assert_int_equal(floe_mdns_record_get_addr(&record).family, 0);
}

/* A browser's packet, read and written again with its names in full. */
static void test_mdns_writer_writes_what_was_read(void **state)
{
    (void)state;
    uint8_t buf[256];
    floe_mdns_msg msg;
    floe_mdns_writer w;
    floe_mdns_question question;
    floe_bytes packet;
    vector_file_find("mdns/browser_packets.txt", "firefox-153 query A", &vec);
    assert_int_equal(floe_mdns_msg_parse(&msg, vec.bytes), FLOE_OK);
    floe_mdns_cursor cursor = floe_mdns_msg_begin(&msg);
    floe_mdns_writer_begin(&w, buf, sizeof buf, msg.id, false);
    assert_true(floe_mdns_msg_next_question(&msg, &cursor, &question));
    floe_mdns_writer_put_question(&w, &question);
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    assert_true(floe_bytes_equal(packet, vec.bytes));

    floe_mdns_record record;
    vector_file_find("mdns/browser_packets.txt", "firefox-153 answer AAAA", &vec);
    assert_int_equal(floe_mdns_msg_parse(&msg, vec.bytes), FLOE_OK);
    cursor = floe_mdns_msg_begin(&msg);
    floe_mdns_writer_begin(&w, buf, sizeof buf, msg.id, true);
    assert_true(floe_mdns_msg_next_record(&msg, &cursor, &record));
    floe_mdns_writer_put_record(&w, &record);
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_OK);
    assert_true(floe_bytes_equal(packet, vec.bytes));
}

static void test_mdns_writer_says_when_it_does_not_fit(void **state)
{
    (void)state;
    uint8_t buf[24];
    floe_mdns_writer w;
    floe_bytes packet;
    floe_mdns_question question = {.name = {.len = 9,
                                            .bytes = "\x01"
                                                     "a\x05local"},
                                   .type = 1};
    floe_mdns_writer_begin(&w, buf, sizeof buf, 7, false);
    floe_mdns_writer_put_question(&w, &question);
    assert_int_equal(floe_mdns_writer_end(&w, &packet), FLOE_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mdns_msg_parse_follows_a_pointer_back),
        cmocka_unit_test(test_mdns_msg_parse_refuses_pointers_that_do_not_lead_back),
        cmocka_unit_test(test_mdns_msg_parse_gives_up_on_a_name_of_too_many_pointers),
        cmocka_unit_test(test_mdns_msg_parse_refuses_a_circle),
        cmocka_unit_test(test_mdns_msg_parse_refuses_labels_of_reserved_kinds),
        cmocka_unit_test(test_mdns_msg_parse_limits_a_name_to_255_bytes),
        cmocka_unit_test(test_mdns_msg_parse_refuses_counts_beyond_the_end),
        cmocka_unit_test(test_mdns_msg_parse_refuses_other_operations_and_errors),
        cmocka_unit_test(test_mdns_msg_parse_refuses_every_cut_of_a_browsers_packet),
        cmocka_unit_test(test_mdns_msg_next_record_tells_sections_apart),
        cmocka_unit_test(test_mdns_msg_parse_takes_all_that_browsers_send),
        cmocka_unit_test(test_mdns_record_get_addr_wants_the_length_and_class_of_its_type),
        cmocka_unit_test(test_mdns_writer_writes_what_was_read),
        cmocka_unit_test(test_mdns_writer_says_when_it_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
