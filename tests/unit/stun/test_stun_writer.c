/* Tests of stun/stun_writer.c: writing messages, and writing again what others wrote. */
#include <string.h>

#include "base/addr.h"
#include "base/crc.h"
#include "base/crypto.h"
#include "base/reader.h"
#include "stun/stun_key.h"
#include "stun/stun_msg.h"
#include "support/hex.h"
#include "support/stun_packet.h"
#include "support/unit.h"
#include "support/vector_file.h"

#define PASSWORD FLOE_LIT("VOkJxbRl1RmTxUk/WvJxBt") /* of RFC 5769 section 2.1 to 2.3 */
#define KATAKANA                                                                                   \
    FLOE_LIT("\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9")

static const uint8_t tid[FLOE_STUN_TID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t buf[20 + 65536];
static stun_packet packet;
static vector vec;

static void begin(floe_stun_writer *w)
{
    memset(buf, 0xee, sizeof buf);
    floe_stun_writer_begin(w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, tid);
}

static floe_bytes end(floe_stun_writer *w)
{
    floe_bytes out;
    assert_int_equal(floe_stun_writer_end(w, &out), FLOE_OK);
    return out;
}

/* The message must be a header with these attributes, in hexadecimal, behind it. */
static void assert_attrs(floe_stun_writer *w, const char *hex)
{
    uint8_t bytes[128];
    floe_bytes expected = hex_decode(hex, bytes, sizeof bytes);
    floe_bytes out = end(w);
    assert_int_equal(out.len, FLOE_STUN_HEADER_SIZE + expected.len);
    assert_int_equal(floe_load_u16(out.ptr + 2), expected.len);
    assert_memory_equal(out.ptr + FLOE_STUN_HEADER_SIZE, expected.ptr, expected.len);
}

static void assert_error(floe_stun_writer *w, floe_err err)
{
    floe_bytes out = FLOE_LIT("something");
    assert_int_equal(floe_stun_writer_end(w, &out), err);
    assert_int_equal(out.len, 0);
    assert_null(out.ptr);
}

/* ---- one by one ---- */

static void test_stun_writer_begin_writes_the_header(void **state)
{
    (void)state;
    floe_stun_writer w;
    uint8_t bytes[20];
    begin(&w);
    floe_bytes expected = hex_decode("00010000 2112a442 0102030405060708090a0b0c", bytes, 20);
    assert_true(floe_bytes_equal(end(&w), expected));
}

static void test_stun_writer_every_class_and_method_is_read_back(void **state)
{
    (void)state;
    for (int cls = FLOE_STUN_REQUEST; cls <= FLOE_STUN_ERROR; cls++) {
        for (uint16_t method = 0; method <= 0xFFF; method++) {
            floe_stun_writer w;
            floe_stun_msg msg;
            floe_stun_writer_begin(&w, buf, sizeof buf, (floe_stun_class)cls, method, tid);
            assert_int_equal(floe_stun_msg_parse(&msg, end(&w)), FLOE_OK);
            assert_int_equal(msg.cls, cls);
            assert_int_equal(msg.method, method);
        }
    }
}

/* coturn CVE-2020-4067, pjnath b710011: padding that was whatever the buffer held before. */
static void test_stun_writer_cve_2020_4067_padding_is_zero(void **state)
{
    (void)state;
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_SOFTWARE, FLOE_LIT("a"));
    floe_stun_writer_put_bytes(&w, FLOE_STUN_SOFTWARE, FLOE_LIT("ab"));
    floe_stun_writer_put_bytes(&w, FLOE_STUN_SOFTWARE, FLOE_LIT("abc"));
    floe_stun_writer_put_bytes(&w, FLOE_STUN_SOFTWARE, FLOE_LIT("abcd"));
    assert_attrs(&w, "8022000161000000 8022000261620000 8022000361626300 8022000461626364");
}

static void test_stun_writer_put_integers_and_flags(void **state)
{
    (void)state;
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_u32(&w, FLOE_STUN_PRIORITY, 0x6e0001ff);
    floe_stun_writer_put_u64(&w, FLOE_STUN_ICE_CONTROLLING, UINT64_C(0x932ff9b151263b36));
    floe_stun_writer_put_flag(&w, FLOE_STUN_USE_CANDIDATE);
    assert_attrs(&w, "002400046e0001ff 802a0008932ff9b151263b36 00250000");
}

static void test_stun_writer_put_addr_plain_and_xored(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_addr v4 = floe_addr_from_ipv4(192, 0, 2, 1, 32853);
    floe_addr v6;
    assert_int_equal(floe_addr_parse(&v6, FLOE_LIT("2001:db8::1"), 80), FLOE_OK);
    begin(&w);
    floe_stun_writer_put_addr(&w, FLOE_STUN_MAPPED_ADDRESS, &v4);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &v4);
    floe_stun_writer_put_addr(&w, FLOE_STUN_ALTERNATE_SERVER, &v6);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_PEER_ADDRESS, &v6);
    assert_attrs(&w, "00010008 00018055c0000201  00200008 0001a147e112a643"
                     "80230014 0002005020010db8000000000000000000000001"
                     "00120014 000221420113a9fa0102030405060708090a0b0d");
}

static void test_stun_writer_put_error_has_class_number_and_reason(void **state)
{
    (void)state;
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_error(&w, 487); /* "Role Conflict" */
    floe_stun_writer_put_error(&w, 699);
    assert_attrs(&w, "00090011 00000457 526f6c6520436f6e666c696374 000000  00090004 00000663");
}

static void test_stun_writer_put_unknown_lists_types(void **state)
{
    (void)state;
    static const uint16_t types[] = {0x7001, 0x0010, 0x0002};
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_unknown(&w, types, 3);
    floe_stun_writer_put_unknown(&w, NULL, 0);
    assert_attrs(&w, "000a0006 700100100002 0000  000a0000");
}

static void test_stun_writer_error_reason_names_the_codes(void **state)
{
    (void)state;
    assert_string_equal(floe_stun_error_reason(487), "Role Conflict");
    assert_string_equal(floe_stun_error_reason(300), "Try Alternate");
    assert_string_equal(floe_stun_error_reason(508), "Insufficient Capacity");
    assert_string_equal(floe_stun_error_reason(499), "");
    assert_string_equal(floe_stun_error_reason(-1), "");
}

/* ---- errors ---- */

/* coturn CVE-2020-4067 again, and any other overrun: not a byte behind cap is touched. */
static void test_stun_writer_too_small_a_buffer_is_too_big_and_stays_untouched_behind(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 20 + 16 + 24 + 8; cap++) {
        floe_stun_writer w;
        memset(buf, 0xee, sizeof buf);
        floe_stun_writer_begin(&w, buf, cap, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, tid);
        floe_stun_writer_put_bytes(&w, FLOE_STUN_USERNAME, FLOE_LIT("right:left"));
        floe_stun_writer_put_integrity(&w, PASSWORD);
        floe_stun_writer_put_fingerprint(&w);
        assert_error(&w, FLOE_E_TOO_BIG);
        for (size_t i = cap; i < 128; i++) {
            assert_int_equal(buf[i], 0xee);
        }
    }
}

static void test_stun_writer_message_of_65532_bytes_fits_and_a_longer_one_is_too_big(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    begin(&w);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR,
                               (floe_bytes){packet.memory, 65528 - 24 - 8});
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_fingerprint(&w);
    assert_int_equal(floe_stun_msg_parse(&msg, end(&w)), FLOE_OK);
    assert_int_equal(msg.packet.len, 20 + 65532);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
    begin(&w);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR, (floe_bytes){packet.memory, 65529});
    assert_error(&w, FLOE_E_TOO_BIG);
    begin(&w);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR, (floe_bytes){packet.memory, 65536});
    assert_error(&w, FLOE_E_TOO_BIG);
}

static void test_stun_writer_put_integrity_by_writes_what_put_integrity_does(void **state)
{
    (void)state;
    uint8_t other[200];
    floe_stun_writer w, by;
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, PASSWORD);
    begin(&w);
    floe_stun_writer_begin(&by, other, sizeof other, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, tid);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_integrity_by(&by, &ready);
    assert_true(floe_bytes_equal(end(&w), end(&by)));
    floe_stun_writer_put_integrity_by(&by, &ready); /* only one of them has a place */
    assert_error(&by, FLOE_E_STATE);
}

static void test_stun_writer_attributes_after_integrity_break_the_order(void **state)
{
    (void)state;
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_flag(&w, FLOE_STUN_USE_CANDIDATE);
    assert_error(&w, FLOE_E_STATE);
    begin(&w);
    floe_stun_writer_put_integrity_sha256(&w, PASSWORD);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    assert_error(&w, FLOE_E_STATE);
    begin(&w);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    assert_error(&w, FLOE_E_STATE);
}

static void test_stun_writer_anything_after_the_fingerprint_breaks_the_order(void **state)
{
    (void)state;
    for (int what = 0; what < 4; what++) {
        floe_stun_writer w;
        begin(&w);
        floe_stun_writer_put_fingerprint(&w);
        if (what == 0) {
            floe_stun_writer_put_u32(&w, FLOE_STUN_PRIORITY, 1);
        } else if (what == 1) {
            floe_stun_writer_put_integrity(&w, PASSWORD);
        } else if (what == 2) {
            floe_stun_writer_put_integrity_sha256(&w, PASSWORD);
        } else {
            floe_stun_writer_put_fingerprint(&w);
        }
        assert_error(&w, FLOE_E_STATE);
    }
}

static void test_stun_writer_first_error_sticks_and_nothing_is_written_any_more(void **state)
{
    (void)state;
    static const uint16_t types[] = {0x7001};
    floe_stun_writer w;
    floe_addr none = {{0}, 0, 0, 0};
    floe_addr some = floe_addr_from_ipv4(192, 0, 2, 1, 1);
    begin(&w);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &none);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &some);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR, (floe_bytes){packet.memory, 65536});
    floe_stun_writer_put_u32(&w, FLOE_STUN_PRIORITY, 1);
    floe_stun_writer_put_u64(&w, FLOE_STUN_ICE_CONTROLLED, 1);
    floe_stun_writer_put_flag(&w, FLOE_STUN_USE_CANDIDATE);
    floe_stun_writer_put_error(&w, 487);
    floe_stun_writer_put_unknown(&w, types, 1);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_integrity_sha256(&w, PASSWORD);
    floe_stun_writer_put_fingerprint(&w);
    assert_error(&w, FLOE_E_ARG);
    for (size_t i = FLOE_STUN_HEADER_SIZE; i < 200; i++) {
        assert_int_equal(buf[i], 0xee);
    }
}

static void test_stun_writer_value_of_a_wrong_size_is_arg(void **state)
{
    (void)state;
    floe_stun_writer w;
    begin(&w);
    floe_stun_writer_put_u64(&w, FLOE_STUN_PRIORITY, 1);
    assert_error(&w, FLOE_E_ARG);
    begin(&w);
    floe_stun_writer_put_flag(&w, FLOE_STUN_ICE_CONTROLLED);
    assert_error(&w, FLOE_E_ARG);
    begin(&w);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_USERNAME, (floe_bytes){packet.memory, 764});
    assert_error(&w, FLOE_E_ARG);
}

/* ---- what others wrote, written again ---- */

/* Each attribute by its own function; `key` makes the integrity anew, without it the value is
 * copied. The fingerprint is always made anew. */
static void put_again(floe_stun_writer *w, const floe_stun_msg *msg, floe_stun_attr attr,
                      floe_bytes key)
{
    floe_addr addr;
    int code;
    floe_bytes reason;
    switch (attr.type) {
    case FLOE_STUN_MAPPED_ADDRESS:
    case FLOE_STUN_XOR_MAPPED_ADDRESS:
    case FLOE_STUN_XOR_RELAYED_ADDRESS:
    case FLOE_STUN_XOR_PEER_ADDRESS:
    case FLOE_STUN_RESPONSE_ORIGIN:
    case FLOE_STUN_OTHER_ADDRESS:
        assert_true(floe_stun_msg_get_addr(msg, attr.type, &addr));
        floe_stun_writer_put_addr(w, attr.type, &addr);
        return;
    case FLOE_STUN_ERROR_CODE:
        assert_true(floe_stun_msg_get_error(msg, &code, &reason));
        floe_stun_writer_put_bytes(w, attr.type, attr.value);
        return;
    case FLOE_STUN_PRIORITY:
    case FLOE_STUN_LIFETIME:
    case FLOE_STUN_CHANNEL_NUMBER:
    case FLOE_STUN_REQUESTED_TRANSPORT:
        floe_stun_writer_put_u32(w, attr.type, floe_load_u32(attr.value.ptr));
        return;
    case FLOE_STUN_USE_CANDIDATE:
        floe_stun_writer_put_flag(w, attr.type);
        return;
    case FLOE_STUN_FINGERPRINT:
        floe_stun_writer_put_fingerprint(w);
        return;
    default:
        break;
    }
    if (key.len > 0 && attr.type == FLOE_STUN_MESSAGE_INTEGRITY) {
        floe_stun_writer_put_integrity(w, key);
    } else if (key.len > 0 && attr.type == FLOE_STUN_MESSAGE_INTEGRITY_SHA256) {
        floe_stun_writer_put_integrity_sha256(w, key);
    } else {
        floe_stun_writer_put_bytes(w, attr.type, attr.value);
    }
}

/* Every byte must come out as it went in. */
static void assert_same_again(floe_bytes original, floe_bytes key)
{
    floe_stun_writer w;
    floe_stun_msg msg;
    floe_stun_attr attr;
    size_t cursor = 0;
    assert_int_equal(floe_stun_msg_parse(&msg, original), FLOE_OK);
    floe_stun_writer_begin(&w, buf, sizeof buf, (floe_stun_class)msg.cls, msg.method, msg.tid);
    while (floe_stun_msg_next(&msg, &cursor, &attr)) {
        put_again(&w, &msg, attr, key);
    }
    floe_bytes out = end(&w);
    assert_int_equal(out.len, original.len);
    assert_memory_equal(out.ptr, original.ptr, original.len);
}

/* The vectors of RFC 5769 pad with 0x20 where the writer pads with zero, as RFC 8489 demands. So
 * their padding is set to zero, and MESSAGE-INTEGRITY and FINGERPRINT are computed anew, here in
 * the open and not by stun/. What this checks byte for byte is everything else: that those two are
 * right in the vector as printed is checked in test_stun_integrity.c. */
static void normalise(vector *v, floe_bytes key)
{
    size_t at = FLOE_STUN_HEADER_SIZE;
    while (at < v->bytes.len) {
        uint16_t type = floe_load_u16(v->memory + at);
        size_t len = floe_load_u16(v->memory + at + 2);
        floe_bytes before = {v->memory, at};
        at += 4;
        if (type == FLOE_STUN_MESSAGE_INTEGRITY) {
            floe_store_u16(v->memory + 2, (uint16_t)(at + len - FLOE_STUN_HEADER_SIZE));
            floe_hmac_sha1(key, &before, 1, v->memory + at);
            floe_store_u16(v->memory + 2, (uint16_t)(v->bytes.len - FLOE_STUN_HEADER_SIZE));
        }
        if (type == FLOE_STUN_FINGERPRINT) {
            floe_store_u32(v->memory + at, floe_crc32(0, before) ^ 0x5354554e);
        }
        for (at += len; at % 4 != 0; at++) {
            v->memory[at] = 0;
        }
    }
}

static void test_stun_writer_rfc_5769_with_zero_padding_comes_out_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {
        "RFC 5769 section 2.1 sample request",
        "RFC 5769 section 2.2 sample IPv4 response",
        "RFC 5769 section 2.3 sample IPv6 response",
    };
    for (size_t i = 0; i < 3; i++) {
        vector_file_find("rfc5769.txt", names[i], &vec);
        normalise(&vec, PASSWORD);
        assert_same_again(vec.bytes, PASSWORD);
    }
}

/* These pad with zero: the bytes are compared as printed. */
static void test_stun_writer_long_term_vectors_come_out_the_same_as_printed(void **state)
{
    (void)state;
    floe_stun_key key;
    floe_bytes realm = FLOE_LIT("example.org");
    floe_stun_key_derive(&key, FLOE_STUN_KEY_MD5, KATAKANA, realm, FLOE_LIT("TheMatrIX"));
    vector_file_find("rfc5769.txt",
                     "RFC 5769 section 2.4 sample request with long-term authentication", &vec);
    assert_same_again(vec.bytes, floe_stun_key_view(&key));
    floe_stun_key_derive(&key, FLOE_STUN_KEY_SHA256, KATAKANA, realm, FLOE_LIT("TheMatrIX"));
    vector_file_find("rfc8489_b1.txt", "RFC 8489 appendix B.1 with its length mended", &vec);
    assert_same_again(vec.bytes, floe_stun_key_view(&key));
}

static void assert_file_same_again(const char *file_name, floe_bytes key, int expected)
{
    FILE *file = vector_file_open(file_name);
    int count = 0;
    while (vector_file_next(file, &vec)) {
        assert_same_again(vec.bytes, key);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, expected);
}

static void test_stun_writer_browser_messages_come_out_the_same(void **state)
{
    (void)state;
    floe_stun_key key;
    floe_stun_key_derive(&key, FLOE_STUN_KEY_MD5, FLOE_LIT("lab"), FLOE_LIT("lab.test"),
                         FLOE_LIT("labpass"));
    assert_file_same_again("stun_browser_turn.txt", floe_stun_key_view(&key), 22);
    assert_file_same_again("stun_browser_checks.txt", (floe_bytes){NULL, 0}, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_writer_begin_writes_the_header),
        cmocka_unit_test(test_stun_writer_every_class_and_method_is_read_back),
        cmocka_unit_test(test_stun_writer_cve_2020_4067_padding_is_zero),
        cmocka_unit_test(test_stun_writer_put_integers_and_flags),
        cmocka_unit_test(test_stun_writer_put_addr_plain_and_xored),
        cmocka_unit_test(test_stun_writer_put_error_has_class_number_and_reason),
        cmocka_unit_test(test_stun_writer_put_unknown_lists_types),
        cmocka_unit_test(test_stun_writer_error_reason_names_the_codes),
        cmocka_unit_test(test_stun_writer_too_small_a_buffer_is_too_big_and_stays_untouched_behind),
        cmocka_unit_test(test_stun_writer_message_of_65532_bytes_fits_and_a_longer_one_is_too_big),
        cmocka_unit_test(test_stun_writer_put_integrity_by_writes_what_put_integrity_does),
        cmocka_unit_test(test_stun_writer_attributes_after_integrity_break_the_order),
        cmocka_unit_test(test_stun_writer_anything_after_the_fingerprint_breaks_the_order),
        cmocka_unit_test(test_stun_writer_first_error_sticks_and_nothing_is_written_any_more),
        cmocka_unit_test(test_stun_writer_value_of_a_wrong_size_is_arg),
        cmocka_unit_test(test_stun_writer_rfc_5769_with_zero_padding_comes_out_the_same),
        cmocka_unit_test(test_stun_writer_long_term_vectors_come_out_the_same_as_printed),
        cmocka_unit_test(test_stun_writer_browser_messages_come_out_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
