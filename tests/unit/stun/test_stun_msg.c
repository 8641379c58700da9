/* Tests of stun/stun_msg.c: parsing and reading messages. */
#include <string.h>

#include "base/addr.h"
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

/* CVE-2022-23547: a value of 32 or 64 bits that is read before its length is checked. */
static void test_stun_msg_cve_2022_23547_getters_do_not_read_what_is_not_there(void **state)
{
    (void)state;
    for (size_t len = 0; len < 12; len++) {
        floe_stun_msg msg;
        uint32_t u32;
        uint64_t u64;
        stun_packet_begin(&packet, REQUEST);
        stun_packet_put_filler(&packet, 0xC057, len); /* a type whose size parse cannot know */
        assert_int_equal(parse(&msg), FLOE_OK);
        assert_int_equal(floe_stun_msg_get_u32(&msg, 0xC057, &u32), len == 4);
        assert_int_equal(floe_stun_msg_get_u64(&msg, 0xC057, &u64), len == 8);
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

static void test_stun_msg_getters_say_false_where_the_attribute_is_absent(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    floe_addr addr;
    floe_bytes reason;
    uint32_t u32;
    uint64_t u64;
    int code;
    stun_packet_begin(&packet, REQUEST);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_false(floe_stun_msg_has(&msg, FLOE_STUN_USERNAME));
    assert_false(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &attr));
    assert_false(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &u32));
    assert_false(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLED, &u64));
    assert_false(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &addr));
    assert_false(floe_stun_msg_get_error(&msg, &code, &reason));
}

static void test_stun_msg_get_u64_reads_a_tie_breaker(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint64_t value;
    stun_packet_begin(&packet, REQUEST);
    put(FLOE_STUN_ICE_CONTROLLED, "932ff9b151263b36");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLED, &value));
    assert_true(value == UINT64_C(0x932ff9b151263b36));
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

static void
test_stun_msg_integrity_sha256_after_integrity_is_visible_but_nothing_between(void **state)
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
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
    stun_packet_begin(&packet, REQUEST);
    stun_packet_put_fingerprint(&packet);
    stun_packet_put_fingerprint(&packet);
    assert_int_equal(parse(&msg), FLOE_E_MALFORMED);
}

/* ---- addresses ---- */

static void assert_addr(uint16_t type, const char *hex, const char *text)
{
    floe_stun_msg msg;
    floe_addr addr;
    char out[FLOE_ADDR_TEXT_MAX];
    stun_packet_begin(&packet, SUCCESS);
    put(type, hex);
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_true(floe_stun_msg_get_addr(&msg, type, &addr));
    assert_string_equal(floe_addr_text(&addr, out), text);
}

static void test_stun_msg_get_addr_reads_plain_and_xored_addresses(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_MAPPED_ADDRESS, "00018055c0000201", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_OTHER_ADDRESS, "00018055c0000201", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_PEER_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_XOR_RELAYED_ADDRESS, "0001a147e112a643", "192.0.2.1:32853");
    assert_addr(FLOE_STUN_ALTERNATE_SERVER, "0002005020010db8000000000000000000000001",
                "[2001:db8::1]:80");
    /* 2001:db8::1 XOR 2112a442 0102030405060708090a0b0c */
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "000221420113a9fa0102030405060708090a0b0d",
                "[2001:db8::1]:80");
}

static void test_stun_msg_get_addr_ignores_the_first_byte(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_XOR_MAPPED_ADDRESS, "ff01a147e112a643", "192.0.2.1:32853");
}

/* CVE-2026-27624: ::ffff:127.0.0.1 is 127.0.0.1, whatever it is dressed as. */
static void test_stun_msg_cve_2026_27624_mapped_ipv6_is_ipv4(void **state)
{
    (void)state;
    assert_addr(FLOE_STUN_MAPPED_ADDRESS, "0002005000000000000000000000ffff7f000001",
                "127.0.0.1:80");
    /* ::ffff:127.0.0.1 XOR 2112a442 0102030405060708090a0b0c */
    assert_addr(FLOE_STUN_XOR_PEER_ADDRESS, "000221422112a442010203040506f8f7760a0b0d",
                "127.0.0.1:80");
}

static void test_stun_msg_get_addr_is_false_for_an_unknown_family(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_addr addr;
    stun_packet_begin(&packet, SUCCESS);
    put(FLOE_STUN_XOR_MAPPED_ADDRESS, "0003a147e112a643");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_false(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &addr));
}

/* ---- ERROR-CODE and unknown attributes ---- */

static bool get_error(const char *hex, int *code, floe_bytes *reason)
{
    static floe_stun_msg msg;
    stun_packet_begin(&packet, FAILURE);
    put(FLOE_STUN_ERROR_CODE, hex);
    assert_int_equal(parse(&msg), FLOE_OK);
    return floe_stun_msg_get_error(&msg, code, reason);
}

static void test_stun_msg_get_error_reads_code_and_reason(void **state)
{
    (void)state;
    int code;
    floe_bytes reason;
    assert_true(get_error("00000457 526f6c65", &code, &reason));
    assert_int_equal(code, 487);
    assert_true(floe_bytes_equal(reason, FLOE_LIT("Role")));
    assert_true(get_error("00000401", &code, &reason));
    assert_int_equal(code, 401);
    assert_int_equal(reason.len, 0);
}

static void test_stun_msg_get_error_ignores_the_reserved_bits(void **state)
{
    (void)state;
    int code;
    floe_bytes reason;
    assert_true(get_error("fffffc14", &code, &reason));
    assert_int_equal(code, 420);
}

static void test_stun_msg_get_error_is_false_for_a_class_or_number_out_of_range(void **state)
{
    (void)state;
    for (unsigned hundreds = 0; hundreds < 8; hundreds++) {
        for (unsigned number = 0; number < 256; number++) {
            char hex[9];
            int code = -1;
            floe_bytes reason;
            (void)snprintf(hex, sizeof hex, "0000%02x%02x", hundreds, number);
            bool valid = hundreds >= 3 && hundreds <= 6 && number <= 99;
            assert_int_equal(get_error(hex, &code, &reason), valid);
            assert_int_equal(code, valid ? (int)(hundreds * 100 + number) : -1);
        }
    }
}

static void test_stun_msg_get_unknown_lists_only_required_types_that_are_not_known(void **state)
{
    (void)state;
    floe_stun_msg msg;
    static const uint16_t known[] = {FLOE_STUN_USERNAME, FLOE_STUN_PRIORITY};
    uint16_t unknown[4] = {0};
    stun_packet_begin(&packet, REQUEST);
    put(0x7001, "");
    put(FLOE_STUN_USERNAME, "61");
    put(0xC057, "00000000");
    put(FLOE_STUN_PRIORITY, "00000001");
    put(0x0010, "");
    assert_int_equal(parse(&msg), FLOE_OK);
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, unknown, 4), 2);
    assert_int_equal(unknown[0], 0x7001);
    assert_int_equal(unknown[1], 0x0010);
    uint16_t one[2] = {0, 0xBEEF};
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, one, 1), 2);
    assert_int_equal(one[0], 0x7001);
    assert_int_equal(one[1], 0xBEEF);
    assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 2, NULL, 0), 2);
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
        cmocka_unit_test(test_stun_msg_cve_2022_23547_getters_do_not_read_what_is_not_there),
        cmocka_unit_test(test_stun_msg_cve_2022_31031_ten_thousand_attributes_are_stepped_through),
        cmocka_unit_test(test_stun_msg_coturn_c85248fb_the_longest_message_there_can_be),
        cmocka_unit_test(test_stun_msg_next_gives_the_attributes_in_wire_order_without_padding),
        cmocka_unit_test(test_stun_msg_find_gives_the_first_of_duplicates),
        cmocka_unit_test(test_stun_msg_getters_say_false_where_the_attribute_is_absent),
        cmocka_unit_test(test_stun_msg_get_u64_reads_a_tie_breaker),
        cmocka_unit_test(test_stun_msg_coturn_ab762f33_attributes_after_integrity_are_hidden),
        cmocka_unit_test(test_stun_msg_attributes_after_integrity_sha256_are_hidden),
        cmocka_unit_test(
            test_stun_msg_integrity_sha256_after_integrity_is_visible_but_nothing_between),
        cmocka_unit_test(test_stun_msg_hidden_attributes_may_have_any_size_but_must_fit),
        cmocka_unit_test(test_stun_msg_parse_knows_a_right_fingerprint),
        cmocka_unit_test(test_stun_msg_parse_rejects_a_wrong_fingerprint),
        cmocka_unit_test(test_stun_msg_parse_rejects_a_fingerprint_that_is_not_last),
        cmocka_unit_test(test_stun_msg_get_addr_reads_plain_and_xored_addresses),
        cmocka_unit_test(test_stun_msg_get_addr_ignores_the_first_byte),
        cmocka_unit_test(test_stun_msg_cve_2026_27624_mapped_ipv6_is_ipv4),
        cmocka_unit_test(test_stun_msg_get_addr_is_false_for_an_unknown_family),
        cmocka_unit_test(test_stun_msg_get_error_reads_code_and_reason),
        cmocka_unit_test(test_stun_msg_get_error_ignores_the_reserved_bits),
        cmocka_unit_test(test_stun_msg_get_error_is_false_for_a_class_or_number_out_of_range),
        cmocka_unit_test(test_stun_msg_get_unknown_lists_only_required_types_that_are_not_known),
        cmocka_unit_test(test_stun_msg_parse_accepts_every_check_of_chromium_and_firefox),
        cmocka_unit_test(test_stun_msg_parse_reads_the_fields_of_a_chromium_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
