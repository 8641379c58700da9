/* Tests of stun/stun_integrity.c: MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 of messages. */
#include <string.h>

#include "base/addr.h"
#include "base/crypto.h"
#include "stun/stun_key.h"
#include "stun/stun_msg.h"
#include "support/stun_packet.h"
#include "support/unit.h"
#include "support/vector_file.h"

#define PASSWORD FLOE_LIT("VOkJxbRl1RmTxUk/WvJxBt") /* of RFC 5769 section 2.1 to 2.3 */
#define KATAKANA                                                                                   \
    FLOE_LIT("\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9")

static vector vec;
static stun_packet packet;
static uint8_t buf[1024];

static void parse_vector(floe_stun_msg *msg, const char *file, const char *name)
{
    vector_file_find(file, name, &vec);
    assert_int_equal(floe_stun_msg_parse(msg, vec.bytes), FLOE_OK);
}

static void assert_text(const floe_stun_msg *msg, uint16_t type, const char *text)
{
    floe_stun_attr attr;
    assert_true(floe_stun_msg_find(msg, type, &attr));
    assert_true(floe_bytes_equal(attr.value, floe_bytes_of(text)));
}

static void assert_mapped(const floe_stun_msg *msg, const char *text)
{
    floe_addr addr;
    char out[FLOE_ADDR_TEXT_MAX];
    assert_true(floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &addr));
    assert_string_equal(floe_addr_text(&addr, out), text);
}

static floe_stun_key long_term_key(floe_stun_key_algorithm algorithm)
{
    floe_stun_key key;
    floe_stun_key_derive(&key, algorithm, KATAKANA, FLOE_LIT("example.org"), FLOE_LIT("TheMatrIX"));
    return key;
}

/* ---- the vectors of the standards ---- */

static void test_stun_integrity_rfc_5769_section_2_1_request(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint32_t priority;
    uint64_t tie_breaker;
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.1 sample request");
    assert_int_equal(msg.method, FLOE_STUN_BINDING);
    assert_int_equal(msg.cls, FLOE_STUN_REQUEST);
    assert_true(msg.has_fingerprint);
    assert_text(&msg, FLOE_STUN_SOFTWARE, "STUN test client");
    assert_text(&msg, FLOE_STUN_USERNAME, "evtj:h6vY");
    assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_PRIORITY, &priority));
    assert_int_equal(priority, 0x6e0001ff);
    assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLED, &tie_breaker));
    assert_true(tie_breaker == UINT64_C(0x932ff9b151263b36));
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
}

static void test_stun_integrity_rfc_5769_section_2_2_ipv4_response(void **state)
{
    (void)state;
    floe_stun_msg msg;
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.2 sample IPv4 response");
    assert_int_equal(msg.cls, FLOE_STUN_SUCCESS);
    assert_true(msg.has_fingerprint);
    assert_text(&msg, FLOE_STUN_SOFTWARE, "test vector");
    assert_mapped(&msg, "192.0.2.1:32853");
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
}

static void test_stun_integrity_rfc_5769_section_2_3_ipv6_response(void **state)
{
    (void)state;
    floe_stun_msg msg;
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.3 sample IPv6 response");
    assert_int_equal(msg.cls, FLOE_STUN_SUCCESS);
    assert_true(msg.has_fingerprint);
    assert_text(&msg, FLOE_STUN_SOFTWARE, "test vector");
    assert_mapped(&msg, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
}

static void test_stun_integrity_rfc_5769_section_2_4_long_term_request(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    parse_vector(&msg, "rfc5769.txt",
                 "RFC 5769 section 2.4 sample request with long-term authentication");
    assert_false(msg.has_fingerprint);
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_USERNAME, &attr));
    assert_true(floe_bytes_equal(attr.value, KATAKANA));
    assert_text(&msg, FLOE_STUN_REALM, "example.org");
    assert_text(&msg, FLOE_STUN_NONCE, "f//499k954d6OL34oL9FSTvy64sA");
    floe_stun_key key = long_term_key(FLOE_STUN_KEY_MD5);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, floe_stun_key_view(&key)), FLOE_OK);
}

/* As printed, its Message Length counts the header too: no receiver can accept it. But its HMAC is
 * right for the bytes as printed, which says that key and hash are what the authors meant. */
static void test_stun_integrity_rfc_8489_appendix_b1_as_printed_is_malformed(void **state)
{
    (void)state;
    floe_stun_msg msg;
    vector_file_find("rfc8489_b1.txt", "RFC 8489 appendix B.1 as printed", &vec);
    assert_int_equal(floe_stun_msg_parse(&msg, vec.bytes), FLOE_E_MALFORMED);
    uint8_t hmac[FLOE_SHA256_SIZE];
    const floe_bytes before = {vec.memory, vec.bytes.len - 36};
    floe_stun_key key = long_term_key(FLOE_STUN_KEY_SHA256);
    floe_hmac_sha256(floe_stun_key_view(&key), &before, 1, hmac);
    assert_memory_equal(hmac, vec.memory + vec.bytes.len - 32, 32);
}

static void test_stun_integrity_rfc_8489_appendix_b1_with_its_length_mended(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    uint8_t hash[FLOE_SHA256_SIZE];
    parse_vector(&msg, "rfc8489_b1.txt", "RFC 8489 appendix B.1 with its length mended");
    floe_stun_key_hash_user(hash, KATAKANA, FLOE_LIT("example.org"));
    assert_true(floe_stun_msg_find(&msg, FLOE_STUN_USERHASH, &attr));
    assert_memory_equal(attr.value.ptr, hash, sizeof hash);
    floe_stun_key key = long_term_key(FLOE_STUN_KEY_SHA256);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, floe_stun_key_view(&key)), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, floe_stun_key_view(&key)), FLOE_E_AUTH);
}

static void test_stun_integrity_browsers_and_coturn_verify(void **state)
{
    (void)state;
    floe_stun_key key;
    floe_stun_key_derive(&key, FLOE_STUN_KEY_MD5, FLOE_LIT("lab"), FLOE_LIT("lab.test"),
                         FLOE_LIT("labpass"));
    FILE *file = vector_file_open("stun_browser_turn.txt");
    int count = 0;
    int verified = 0;
    while (vector_file_next(file, &vec)) {
        floe_stun_msg msg;
        assert_int_equal(floe_stun_msg_parse(&msg, vec.bytes), FLOE_OK);
        bool has_integrity = floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY);
        assert_int_equal(floe_stun_msg_check_integrity(&msg, floe_stun_key_view(&key)),
                         has_integrity ? FLOE_OK : FLOE_E_AUTH);
        verified += has_integrity;
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 22);
    assert_int_equal(verified, 12);
}

/* ---- what must not verify ---- */

static void test_stun_integrity_wrong_key_is_auth(void **state)
{
    (void)state;
    floe_stun_msg msg;
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.1 sample request");
    assert_int_equal(floe_stun_msg_check_integrity(&msg, FLOE_LIT("VOkJxbRl1RmTxUk/WvJxBT")),
                     FLOE_E_AUTH);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, (floe_bytes){NULL, 0}), FLOE_E_AUTH);
}

/* One flipped bit anywhere up to the end of MESSAGE-INTEGRITY never goes through. A flip behind it
 * can only damage FINGERPRINT, which makes the message malformed or the fingerprint unknown. */
static void test_stun_integrity_no_flipped_bit_goes_unnoticed(void **state)
{
    (void)state;
    vector_file_find("rfc5769.txt", "RFC 5769 section 2.1 sample request", &vec);
    for (size_t bit = 0; bit < vec.bytes.len * 8; bit++) {
        floe_stun_msg msg;
        vec.memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool accepted = floe_stun_msg_parse(&msg, vec.bytes) == FLOE_OK && msg.has_fingerprint &&
                        floe_stun_msg_check_integrity(&msg, PASSWORD) == FLOE_OK;
        assert_false(accepted);
        vec.memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_stun_integrity_by_a_key_made_ready_is_that_by_its_password(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_hmac_sha1_key right, wrong;
    floe_hmac_sha1_key_prepare(&right, PASSWORD);
    floe_hmac_sha1_key_prepare(&wrong, FLOE_LIT("VOkJxbRl1RmTxUk/WvJxBT"));
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.1 sample request");
    assert_int_equal(floe_stun_msg_check_integrity_by(&msg, &right), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity_by(&msg, &wrong), FLOE_E_AUTH);
    assert_int_equal(floe_stun_msg_check_integrity_by(&msg, &right), FLOE_OK);
}

static void begin_request(floe_stun_writer *w)
{
    static const uint8_t tid[FLOE_STUN_TID_SIZE] = {1, 2, 3};
    floe_stun_writer_begin(w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, tid);
    floe_stun_writer_put_bytes(w, FLOE_STUN_USERNAME, FLOE_LIT("right:left"));
    floe_stun_writer_put_flag(w, FLOE_STUN_USE_CANDIDATE);
}

static void end_and_parse(floe_stun_writer *w, floe_stun_msg *msg)
{
    floe_bytes out;
    assert_int_equal(floe_stun_writer_end(w, &out), FLOE_OK);
    assert_int_equal(floe_stun_msg_parse(msg, out), FLOE_OK);
}

/* aioice: the HMAC was checked only where the attribute was there. */
static void test_stun_integrity_aioice_absent_is_auth(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    begin_request(&w);
    floe_stun_writer_put_fingerprint(&w);
    end_and_parse(&w, &msg);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_E_AUTH);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_E_AUTH);
}

static void test_stun_integrity_by_a_key_made_ready_absent_is_auth(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, PASSWORD);
    begin_request(&w);
    end_and_parse(&w, &msg);
    assert_int_equal(floe_stun_msg_check_integrity_by(&msg, &ready), FLOE_E_AUTH);
}

static void test_stun_integrity_aioice_empty_is_malformed(void **state)
{
    (void)state;
    floe_stun_msg msg;
    static const uint16_t types[] = {FLOE_STUN_MESSAGE_INTEGRITY,
                                     FLOE_STUN_MESSAGE_INTEGRITY_SHA256};
    for (size_t i = 0; i < 2; i++) {
        stun_packet_begin(&packet, 0x0001);
        stun_packet_put(&packet, types[i], 0, (floe_bytes){NULL, 0});
        assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&packet)), FLOE_E_MALFORMED);
    }
}

static void test_stun_integrity_aioice_sha256_only_is_auth_for_sha1(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    begin_request(&w);
    floe_stun_writer_put_integrity_sha256(&w, PASSWORD);
    end_and_parse(&w, &msg);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_E_AUTH);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_OK);
}

/* Two MESSAGE-INTEGRITY: the first is the one that counts, right or wrong. */
static void test_stun_integrity_aioice_two_the_first_counts(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    floe_bytes out;
    uint8_t wrong[20] = {0};
    begin_request(&w);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    assert_int_equal(floe_stun_writer_end(&w, &out), FLOE_OK);
    packet.w = floe_writer_begin(packet.memory, sizeof packet.memory);
    floe_writer_put_bytes(&packet.w, out);
    stun_packet_put(&packet, FLOE_STUN_MESSAGE_INTEGRITY, 20, (floe_bytes){wrong, 20});
    assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&packet)), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
    packet.memory[out.len - 1] ^= 1;
    memcpy(packet.memory + out.len + 4, out.ptr + out.len - 20, 20);
    assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&packet)), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_E_AUTH);
}

static void test_stun_integrity_both_hashes_verify_in_one_message(void **state)
{
    (void)state;
    floe_stun_writer w;
    floe_stun_msg msg;
    begin_request(&w);
    floe_stun_writer_put_integrity(&w, PASSWORD);
    floe_stun_writer_put_integrity_sha256(&w, FLOE_LIT("another key"));
    floe_stun_writer_put_fingerprint(&w);
    end_and_parse(&w, &msg);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, FLOE_LIT("another key")), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_E_AUTH);
    assert_true(msg.has_fingerprint);
}

/* The HMAC of a truncated MESSAGE-INTEGRITY-SHA256 covers a Message Length with the short value. */
static void test_stun_integrity_sha256_may_be_truncated(void **state)
{
    (void)state;
    for (size_t len = 16; len <= 32; len += 4) {
        floe_stun_msg msg;
        uint8_t hmac[FLOE_SHA256_SIZE] = {0};
        stun_packet_begin(&packet, 0x0001);
        stun_packet_put_filler(&packet, FLOE_STUN_PRIORITY, 4);
        const floe_bytes before = stun_packet_view(&packet);
        stun_packet_put(&packet, FLOE_STUN_MESSAGE_INTEGRITY_SHA256, len, (floe_bytes){hmac, len});
        floe_hmac_sha256(PASSWORD, &before, 1, hmac);
        memcpy(packet.memory + before.len + 4, hmac, len);
        assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&packet)), FLOE_OK);
        assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_OK);
        packet.memory[before.len + 4 + len - 1] ^= 0x80;
        assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_E_AUTH);
    }
}

static void test_stun_integrity_padding_counts_though_it_is_ignored(void **state)
{
    (void)state;
    floe_stun_msg msg;
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.2 sample IPv4 response");
    assert_int_equal(vec.memory[35], 0x20); /* the padding of SOFTWARE */
    vec.memory[35] = 0;
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_E_AUTH);
}

static void test_stun_integrity_check_does_not_touch_the_packet(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint8_t copy[sizeof vec.memory];
    parse_vector(&msg, "rfc5769.txt", "RFC 5769 section 2.1 sample request");
    memcpy(copy, vec.memory, vec.bytes.len);
    assert_int_equal(floe_stun_msg_check_integrity(&msg, PASSWORD), FLOE_OK);
    assert_int_equal(floe_stun_msg_check_integrity_sha256(&msg, PASSWORD), FLOE_E_AUTH);
    assert_memory_equal(copy, vec.memory, vec.bytes.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_integrity_rfc_5769_section_2_1_request),
        cmocka_unit_test(test_stun_integrity_rfc_5769_section_2_2_ipv4_response),
        cmocka_unit_test(test_stun_integrity_rfc_5769_section_2_3_ipv6_response),
        cmocka_unit_test(test_stun_integrity_rfc_5769_section_2_4_long_term_request),
        cmocka_unit_test(test_stun_integrity_rfc_8489_appendix_b1_as_printed_is_malformed),
        cmocka_unit_test(test_stun_integrity_rfc_8489_appendix_b1_with_its_length_mended),
        cmocka_unit_test(test_stun_integrity_browsers_and_coturn_verify),
        cmocka_unit_test(test_stun_integrity_wrong_key_is_auth),
        cmocka_unit_test(test_stun_integrity_no_flipped_bit_goes_unnoticed),
        cmocka_unit_test(test_stun_integrity_by_a_key_made_ready_is_that_by_its_password),
        cmocka_unit_test(test_stun_integrity_aioice_absent_is_auth),
        cmocka_unit_test(test_stun_integrity_by_a_key_made_ready_absent_is_auth),
        cmocka_unit_test(test_stun_integrity_aioice_empty_is_malformed),
        cmocka_unit_test(test_stun_integrity_aioice_sha256_only_is_auth_for_sha1),
        cmocka_unit_test(test_stun_integrity_aioice_two_the_first_counts),
        cmocka_unit_test(test_stun_integrity_both_hashes_verify_in_one_message),
        cmocka_unit_test(test_stun_integrity_sha256_may_be_truncated),
        cmocka_unit_test(test_stun_integrity_padding_counts_though_it_is_ignored),
        cmocka_unit_test(test_stun_integrity_check_does_not_touch_the_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
