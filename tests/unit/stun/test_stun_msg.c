/* Tests of stun/stun_msg.c: parsing and reading messages. */
#include <string.h>

#include "base/crc.h"
#include "stun/stun_msg.h"
#include "support/hex.h"
#include "support/stun_packet.h"
#include "support/unit.h"
#include "support/vector_file.h"

#define REQUEST 0x0001 /* type fields of Binding */
#define SUCCESS 0x0101
#define FAILURE 0x0111

static stun_packet packet;
static vector vec;

static floe_err parse(floe_stun_msg *msg)
{
    return floe_stun_msg_parse(msg, stun_packet_view(&packet));
}

static void put(uint16_t type, const char *hex)
{
    uint8_t bytes[64];
    floe_bytes value = hex_decode(hex, bytes, sizeof bytes);
    stun_packet_put(&packet, type, value.len, value);
}

static void assert_zeroed(const floe_stun_msg *msg)
{
    static const floe_stun_msg zero;
    assert_memory_equal(msg, &zero, sizeof zero);
}

/* ---- recognising ---- */

static void test_stun_msg_is_accepts_a_bare_binding_request(void **state)
{
    (void)state;
    stun_packet_begin(&packet, REQUEST);
    assert_true(floe_stun_msg_is(stun_packet_view(&packet)));
}

static void test_stun_msg_is_accepts_a_message_with_more_behind_it(void **state)
{
    (void)state;
    stun_packet_begin(&packet, REQUEST);
    floe_bytes bytes = stun_packet_view(&packet);
    bytes.len += 7;
    assert_true(floe_stun_msg_is(bytes));
}

static void test_stun_msg_is_rejects_whatever_is_shorter_than_a_header(void **state)
{
    (void)state;
    stun_packet_begin(&packet, REQUEST);
    for (size_t len = 0; len < FLOE_STUN_HEADER_SIZE; len++) {
        assert_false(floe_stun_msg_is((floe_bytes){packet.memory, len}));
    }
    assert_false(floe_stun_msg_is((floe_bytes){NULL, 0}));
}

static void test_stun_msg_is_rejects_other_first_bits(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        stun_packet_begin(&packet, REQUEST);
        packet.memory[0] = (uint8_t)first;
        assert_int_equal(floe_stun_msg_is(stun_packet_view(&packet)), first < 64);
    }
}

static void test_stun_msg_is_rejects_another_cookie(void **state)
{
    (void)state;
    for (size_t bit = 32; bit < 64; bit++) {
        stun_packet_begin(&packet, REQUEST);
        packet.memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(floe_stun_msg_is(stun_packet_view(&packet)));
    }
}

static void test_stun_msg_is_rejects_a_length_beyond_the_datagram(void **state)
{
    (void)state;
    stun_packet_begin(&packet, REQUEST);
    stun_packet_put_filler(&packet, FLOE_STUN_PRIORITY, 4);
    floe_bytes bytes = stun_packet_view(&packet);
    for (size_t len = FLOE_STUN_HEADER_SIZE; len < bytes.len; len++) {
        assert_false(floe_stun_msg_is((floe_bytes){bytes.ptr, len}));
    }
}

/* ---- the header ---- */

static void test_stun_msg_parse_rejects_length_not_multiple_of_four(void **state)
{
    (void)state;
    for (uint8_t extra = 1; extra < 4; extra++) {
        floe_stun_msg msg;
        stun_packet_begin(&packet, REQUEST);
        stun_packet_put_filler(&packet, FLOE_STUN_PRIORITY, 4);
        packet.memory[3] = (uint8_t)(packet.memory[3] + extra);
        floe_bytes bytes = {packet.memory, packet.w.len + extra};
        assert_false(floe_stun_msg_is(bytes));
        assert_int_equal(floe_stun_msg_parse(&msg, bytes), FLOE_E_MALFORMED);
    }
}

static void test_stun_msg_parse_rejects_bytes_after_the_message(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    floe_bytes bytes = stun_packet_view(&packet);
    for (size_t extra = 1; extra <= 8; extra++) {
        floe_bytes longer = {bytes.ptr, bytes.len + extra};
        assert_int_equal(floe_stun_msg_parse(&msg, longer), FLOE_E_MALFORMED);
    }
}

static void test_stun_msg_parse_reads_the_types_of_the_standards(void **state)
{
    (void)state;
    static const struct {
        uint16_t type, method;
        uint8_t cls;
    } rows[] = {
        {0x0001, FLOE_STUN_BINDING, FLOE_STUN_REQUEST},
        {0x0011, FLOE_STUN_BINDING, FLOE_STUN_INDICATION},
        {0x0101, FLOE_STUN_BINDING, FLOE_STUN_SUCCESS},
        {0x0111, FLOE_STUN_BINDING, FLOE_STUN_ERROR},
        {0x0003, FLOE_STUN_ALLOCATE, FLOE_STUN_REQUEST},
        {0x0113, FLOE_STUN_ALLOCATE, FLOE_STUN_ERROR},
        {0x0016, FLOE_STUN_SEND, FLOE_STUN_INDICATION},
        {0x0017, FLOE_STUN_DATA, FLOE_STUN_INDICATION},
        {0x0108, FLOE_STUN_CREATE_PERMISSION, FLOE_STUN_SUCCESS},
        {0x0009, FLOE_STUN_CHANNEL_BIND, FLOE_STUN_REQUEST},
        {0x3EEF, 0xFFF, FLOE_STUN_REQUEST}, /* all bits of the method, none of the class */
        {0x0110, 0x000, FLOE_STUN_ERROR},   /* all bits of the class, none of the method */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        floe_stun_msg msg;
        stun_packet_begin(&packet, rows[i].type);
        assert_int_equal(parse(&msg), FLOE_OK);
        assert_int_equal(msg.method, rows[i].method);
        assert_int_equal(msg.cls, rows[i].cls);
    }
}

static void test_stun_msg_parse_gives_the_transaction_id(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, SUCCESS);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_memory_equal(msg.tid, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c",
                        FLOE_STUN_TID_SIZE);
}

static void test_stun_msg_parse_zeroes_the_message_on_failure(void **state)
{
    (void)state;
    floe_stun_msg msg;
    memset(&msg, 0xff, sizeof msg);
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_PRIORITY, "010203");
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
    assert_zeroed(&msg);
    size_t cursor = 0;
    floe_stun_attr attr;
    assert_false(floe_stun_msg_next(&msg, &cursor, &attr));
}

/* ---- attributes ---- */

/* CVE-2022-23537: an attribute header, or a value, that goes on past the end of the message. */
static void test_stun_msg_cve_2022_23537_attribute_past_the_end_is_malformed(void **state)
{
    (void)state;
    floe_stun_msg msg;
    for (size_t announced = 5; announced <= 65535; announced = announced * 2 - 3) {
        stun_packet_begin(&packet, REQUEST);
        put(0xF001, "00000000");
        stun_packet_put(&packet, FLOE_STUN_DATA_ATTR, announced, FLOE_LIT("four"));
        assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
    }
}

/* CVE-2022-23537, its second half: Message Length and datagram disagree. */
static void test_stun_msg_cve_2022_23537_every_cut_of_a_message_is_malformed(void **state)
{
    (void)state;
    vector_file_find("rfc5769.txt", "RFC 5769 section 2.1 sample request", &vec);
    for (size_t len = 0; len < vec.bytes.len; len++) {
        floe_stun_msg msg;
        assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){vec.memory, len}),
                         FLOE_E_MALFORMED);
    }
}

/* CVE-2021-37706 and CVE-2022-23547: ERROR-CODE with fewer than four bytes. */
static void test_stun_msg_cve_2021_37706_error_code_below_four_bytes_is_malformed(void **state)
{
    (void)state;
    for (size_t len = 0; len < 4; len++) {
        floe_stun_msg msg;
        stun_packet_begin(&packet, FAILURE);
        stun_packet_put_filler(&packet, FLOE_STUN_ERROR_CODE, len);
        assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
    }
}

/* CVE-2022-31031: more and longer attributes than anyone has room for. */
static void test_stun_msg_cve_2022_31031_ten_thousand_attributes_are_stepped_through(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    for (int i = 0; i < 10000; i++) {
        put(0x7FFF, "");
    }
    assert_int_equal(parse(&msg), FLOE_OK);
    size_t cursor = 0;
    size_t count = 0;
    floe_stun_attr attr;
    while (floe_stun_msg_next(&msg, &cursor, &attr)) {
        count++;
    }
    uint16_t unknown[2];
    assert_int_equal(count, 10000);
    assert_int_equal(floe_stun_msg_get_unknown(&msg, NULL, 0, unknown, 2), 10000);
}

/* coturn c85248fb: a length computed in 32 bits and kept in 16. */
static void test_stun_msg_coturn_c85248fb_the_longest_message_there_can_be(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint8_t zeros[20] = {0};
    stun_packet_begin(&packet, REQUEST);
    stun_packet_put_filler(&packet, FLOE_STUN_DATA_ATTR, 65532 - 4 - 24);
    stun_packet_put(&packet, FLOE_STUN_MESSAGE_INTEGRITY, 20, (floe_bytes){zeros, 20});
    assert_int_equal(packet.w.len, 20 + 65532);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_DATA_ATTR));
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY));
    stun_packet_begin(&packet, REQUEST);
    stun_packet_put_filler(&packet, FLOE_STUN_DATA_ATTR, 65528);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_DATA_ATTR));
}

static void test_stun_msg_next_gives_the_attributes_in_wire_order_without_padding(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_SOFTWARE, "6162636465");
    put(FLOE_STUN_PRIORITY, "6e0001ff");
    put(FLOE_STUN_USE_CANDIDATE, "");
    assert_int_equal(parse(&msg), FLOE_OK);
    static const uint16_t types[] = {FLOE_STUN_SOFTWARE, FLOE_STUN_PRIORITY,
                                     FLOE_STUN_USE_CANDIDATE};
    static const size_t lengths[] = {5, 4, 0};
    size_t cursor = 0;
    floe_stun_attr attr;
    for (size_t i = 0; i < 3; i++) {
        assert_true(floe_stun_msg_next(&msg, &cursor, &attr));
        assert_int_equal(attr.type, types[i]);
        assert_int_equal(attr.value.len, lengths[i]);
    }
    assert_false(floe_stun_msg_next(&msg, &cursor, &attr));
    assert_false(floe_stun_msg_next(&msg, &cursor, &attr));
}

static void test_stun_msg_find_gives_the_first_of_duplicates(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint32_t priority;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_PRIORITY, "00000001");
    put(FLOE_STUN_PRIORITY, "00000002");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    assert_int_equal(priority, 1);
}

/* ---- what stands behind the integrity ---- */

static const char sha1[] = "0102030405060708090a0b0c0d0e0f1011121314";
static const char sha256[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/* coturn ab762f33: attributes after MESSAGE-INTEGRITY were acted on. */
static void test_stun_msg_coturn_ab762f33_attributes_after_integrity_are_hidden(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint16_t unknown[4];
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_MESSAGE_INTEGRITY, sha1);
    put(FLOE_STUN_USE_CANDIDATE, "");
    put(FLOE_STUN_PRIORITY, "00000001");
    put(0x7000, "");
    stun_packet_put_fingerprint(&packet);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_PRIORITY));
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_FINGERPRINT));
    static const uint16_t known[] = {FLOE_STUN_MESSAGE_INTEGRITY};
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 1, unknown, 4), 0);
}

static void test_stun_msg_attributes_after_integrity_sha256_are_hidden(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, sha256);
    put(FLOE_STUN_USE_CANDIDATE, "");
    put(FLOE_STUN_MESSAGE_INTEGRITY, sha1);
    stun_packet_put_fingerprint(&packet);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY));
    assert_true(msg.has_fingerprint);
}

static void test_stun_msg_only_integrity_sha256_is_visible_behind_integrity(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_MESSAGE_INTEGRITY, sha1);
    put(FLOE_STUN_USE_CANDIDATE, "");
    put(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, sha256);
    put(FLOE_STUN_PRIORITY, "00000001");
    assert_int_equal(parse(&msg), FLOE_OK);
    size_t cursor = 0;
    floe_stun_attr attr;
    assert_true(floe_stun_msg_next(&msg, &cursor, &attr));
    assert_int_equal(attr.type, FLOE_STUN_MESSAGE_INTEGRITY);
    assert_true(floe_stun_msg_next(&msg, &cursor, &attr));
    assert_int_equal(attr.type, FLOE_STUN_MESSAGE_INTEGRITY_SHA256);
    assert_false(floe_stun_msg_next(&msg, &cursor, &attr));
}

static void test_stun_msg_second_integrity_sha256_is_hidden(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, sha256);
    put(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, sha256);
    put(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, "01");
    assert_int_equal(parse(&msg), FLOE_OK);
    size_t cursor = 0;
    floe_stun_attr attr;
    assert_true(floe_stun_msg_next(&msg, &cursor, &attr));
    assert_ptr_equal(attr.value.ptr, packet.memory + 24);
    assert_false(floe_stun_msg_next(&msg, &cursor, &attr));
}

static void test_stun_msg_hidden_attributes_may_have_any_size_but_must_fit(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_MESSAGE_INTEGRITY, sha1);
    put(FLOE_STUN_PRIORITY, "01");
    assert_int_equal(parse(&msg), FLOE_OK);
    stun_packet_put(&packet, FLOE_STUN_PRIORITY, 9, FLOE_LIT("four"));
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
}

/* ---- FINGERPRINT ---- */

static void test_stun_msg_parse_knows_a_right_fingerprint(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_false(msg.has_fingerprint);
    stun_packet_put_fingerprint(&packet);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(msg.has_fingerprint);
}

static void test_stun_msg_parse_rejects_a_wrong_fingerprint(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 32; bit++) {
        floe_stun_msg msg;
        stun_packet_begin(&packet, REQUEST);
        stun_packet_put_fingerprint(&packet);
        packet.memory[24 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
        assert_zeroed(&msg);
    }
}

static void test_stun_msg_parse_rejects_a_fingerprint_that_is_not_last(void **state)
{
    (void)state;
    floe_stun_msg msg;
    stun_packet_begin(&packet, REQUEST);
    stun_packet_put_fingerprint(&packet);
    put(FLOE_STUN_USE_CANDIDATE, "");
    /* Its value is right for the bytes before it, the Message Length included. */
    uint32_t crc = floe_crc32(0, (floe_bytes){packet.memory, FLOE_STUN_HEADER_SIZE});
    floe_store_u32(packet.memory + 24, crc ^ 0x5354554e);
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
    packet.w.len -= 4; /* without the attribute behind it, it would be accepted */
    packet.memory[3] = 8;
    crc = floe_crc32(0, (floe_bytes){packet.memory, FLOE_STUN_HEADER_SIZE});
    floe_store_u32(packet.memory + 24, crc ^ 0x5354554e);
    assert_int_equal(parse(&msg), FLOE_OK);
    stun_packet_put_fingerprint(&packet);
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
}

/* ---- what real peers send ---- */

static void test_stun_msg_parse_accepts_every_check_of_chromium_and_firefox(void **state)
{
    (void)state;
    FILE *file = vector_file_open("stun_browser_checks.txt");
    int count = 0;
    int fingerprints = 0;
    while (vector_file_next(file, &vec)) {
        floe_stun_msg msg;
        assert_true(floe_stun_msg_is(vec.bytes));
        assert_int_equal(floe_stun_msg_parse(&msg, vec.bytes), FLOE_OK);
        assert_int_equal(msg.method, FLOE_STUN_BINDING);
        /* Without a fingerprint there are only the bare requests to a STUN server. */
        assert_int_equal(msg.has_fingerprint, vec.bytes.len > FLOE_STUN_HEADER_SIZE);
        fingerprints += msg.has_fingerprint;
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 15);
    assert_int_equal(fingerprints, 11);
}

static void test_stun_msg_parse_reads_the_fields_of_a_chromium_check(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    uint32_t priority, network;
    vector_file_find("stun_browser_checks.txt", "chromium-156 offer 3", &vec);
    assert_int_equal(floe_stun_msg_parse(&msg, vec.bytes), FLOE_OK);
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &attr));
    assert_true(floe_bytes_equal(attr.value, FLOE_LIT("JKuS:JfhW")));
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_USE_CANDIDATE));
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    assert_int_equal(priority >> 24, 110); /* the type preference of a peer-reflexive candidate */
    assert_true(floe_stun_msg_get_u32(&msg, 0xC057, &network)); /* GOOG-NETWORK-INFO */
    assert_true(floe_stun_msg_has(&msg, FLOE_STUN_ICE_CONTROLLING));
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_ICE_CONTROLLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_msg_is_accepts_a_bare_binding_request),
        cmocka_unit_test(test_stun_msg_is_accepts_a_message_with_more_behind_it),
        cmocka_unit_test(test_stun_msg_is_rejects_whatever_is_shorter_than_a_header),
        cmocka_unit_test(test_stun_msg_is_rejects_other_first_bits),
        cmocka_unit_test(test_stun_msg_is_rejects_another_cookie),
        cmocka_unit_test(test_stun_msg_is_rejects_a_length_beyond_the_datagram),
        cmocka_unit_test(test_stun_msg_parse_rejects_length_not_multiple_of_four),
        cmocka_unit_test(test_stun_msg_parse_rejects_bytes_after_the_message),
        cmocka_unit_test(test_stun_msg_parse_reads_the_types_of_the_standards),
        cmocka_unit_test(test_stun_msg_parse_gives_the_transaction_id),
        cmocka_unit_test(test_stun_msg_parse_zeroes_the_message_on_failure),
        cmocka_unit_test(test_stun_msg_cve_2022_23537_attribute_past_the_end_is_malformed),
        cmocka_unit_test(test_stun_msg_cve_2022_23537_every_cut_of_a_message_is_malformed),
        cmocka_unit_test(test_stun_msg_cve_2021_37706_error_code_below_four_bytes_is_malformed),
        cmocka_unit_test(test_stun_msg_cve_2022_31031_ten_thousand_attributes_are_stepped_through),
        cmocka_unit_test(test_stun_msg_coturn_c85248fb_the_longest_message_there_can_be),
        cmocka_unit_test(test_stun_msg_next_gives_the_attributes_in_wire_order_without_padding),
        cmocka_unit_test(test_stun_msg_find_gives_the_first_of_duplicates),
        cmocka_unit_test(test_stun_msg_coturn_ab762f33_attributes_after_integrity_are_hidden),
        cmocka_unit_test(test_stun_msg_attributes_after_integrity_sha256_are_hidden),
        cmocka_unit_test(test_stun_msg_only_integrity_sha256_is_visible_behind_integrity),
        cmocka_unit_test(test_stun_msg_second_integrity_sha256_is_hidden),
        cmocka_unit_test(test_stun_msg_hidden_attributes_may_have_any_size_but_must_fit),
        cmocka_unit_test(test_stun_msg_parse_knows_a_right_fingerprint),
        cmocka_unit_test(test_stun_msg_parse_rejects_a_wrong_fingerprint),
        cmocka_unit_test(test_stun_msg_parse_rejects_a_fingerprint_that_is_not_last),
        cmocka_unit_test(test_stun_msg_parse_accepts_every_check_of_chromium_and_firefox),
        cmocka_unit_test(test_stun_msg_parse_reads_the_fields_of_a_chromium_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
