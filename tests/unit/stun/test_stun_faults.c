/* Faults of other STUN implementations, replayed against ours: tests/FAULTS.md lists them. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_auth.h"
#include "stun/stun_stream.h"
#include "support/stun_packet.h"
#include "support/unit.h"

#define FORMAT "%n%s%d%100000x"

static const uint8_t tid[FLOE_STUN_TID_SIZE] = {1, 2, 3};

static size_t write_message(uint8_t *buf, size_t cap)
{
    floe_stun_writer w;
    floe_bytes packet;
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 1, 1234);
    floe_stun_writer_begin(&w, buf, cap, FLOE_STUN_SUCCESS, FLOE_STUN_ALLOCATE, tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_RELAYED_ADDRESS, &addr);
    floe_stun_writer_put_u32(&w, FLOE_STUN_LIFETIME, 600);
    floe_stun_writer_put_u64(&w, FLOE_STUN_RESERVATION_TOKEN, 7);
    floe_stun_writer_put_error(&w, 487);
    floe_stun_writer_put_integrity(&w, FLOE_LIT("key"));
    floe_stun_writer_put_fingerprint(&w);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    return packet.len;
}

/* libjuice 679f5ef too. What reads unaligned ends the program under the sanitizers. */
static void test_stun_faults_coturn_eaa9e792_messages_may_stand_at_any_address(void **state)
{
    (void)state;
    uint8_t memory[256 + 8];
    for (size_t at = 0; at < 8; at++) {
        floe_stun_msg msg;
        floe_addr addr;
        uint32_t lifetime;
        uint64_t token;
        int code;
        floe_bytes reason;
        size_t len = write_message(memory + at, 256);
        assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){memory + at, len}), FLOE_OK);
        assert_true(floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_RELAYED_ADDRESS, &addr) &&
                    addr.port == 1234);
        assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_LIFETIME, &lifetime) && lifetime == 600);
        assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_RESERVATION_TOKEN, &token) && token == 7);
        assert_true(floe_stun_msg_get_error(&msg, &code, &reason) && code == 487);
        assert_int_equal(floe_stun_msg_check_integrity(&msg, FLOE_LIT("key")), FLOE_OK);
        assert_true(msg.has_fingerprint);
    }
}

/* The token is not for us, and its inner lengths are nothing that we read. */
static void test_stun_faults_cve_2026_43994_access_token_of_any_length_is_passed_over(void **state)
{
    (void)state;
    static stun_packet p;
    for (size_t len = 0; len < 1024; len++) {
        floe_stun_msg msg;
        uint16_t types[2];
        uint32_t lifetime;
        stun_packet_begin(&p, 0x0003);
        stun_packet_put_filler(&p, 0x001B, len);
        stun_packet_put(&p, FLOE_STUN_LIFETIME, 4, (floe_bytes){(const uint8_t *)"\0\0\2\x58", 4});
        assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&p)), FLOE_OK);
        assert_true(floe_stun_msg_get_u32(&msg, FLOE_STUN_LIFETIME, &lifetime) && lifetime == 600);
        const uint16_t known[] = {FLOE_STUN_LIFETIME};
        assert_int_equal(floe_stun_msg_get_unknown(&msg, known, 1, types, 2), 1);
        assert_int_equal(types[0], 0x001B);
    }
}

static void expect_text(const floe_stun_msg *msg, uint16_t type, floe_bytes text)
{
    floe_stun_attr attr;
    assert_true(floe_stun_msg_find(msg, type, &attr));
    assert_true(floe_bytes_equal(attr.value, text));
}

static void test_stun_faults_coturn_8fa38032_texts_are_never_formats(void **state)
{
    (void)state;
    uint8_t buf[512];
    floe_stun_auth auth;
    floe_stun_writer w;
    floe_stun_msg msg;
    floe_bytes packet;
    assert_int_equal(floe_stun_auth_init_long(&auth, FLOE_LIT(FORMAT), FLOE_LIT("secret")),
                     FLOE_OK);
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_ERROR, FLOE_STUN_ALLOCATE, tid);
    floe_stun_writer_put_error(&w, 401);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_REALM, FLOE_LIT(FORMAT));
    floe_stun_writer_put_bytes(&w, FLOE_STUN_NONCE, FLOE_LIT(FORMAT));
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(floe_stun_msg_parse(&msg, packet), FLOE_OK);
    assert_int_equal(floe_stun_auth_check(&auth, &msg), FLOE_STUN_AUTH_RETRY);
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_ALLOCATE, tid);
    floe_stun_auth_put(&auth, &w);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(floe_stun_msg_parse(&msg, packet), FLOE_OK);
    expect_text(&msg, FLOE_STUN_USERNAME, FLOE_LIT(FORMAT));
    expect_text(&msg, FLOE_STUN_REALM, FLOE_LIT(FORMAT));
    expect_text(&msg, FLOE_STUN_NONCE, FLOE_LIT(FORMAT));
}

/* A piece that ends inside of a header made KVS's reader turn round for ever. */
static void test_stun_faults_kvs_piece_that_ends_in_a_header_is_waited_for(void **state)
{
    (void)state;
    static const uint8_t data[] = {0x40, 0x00, 0x00, 0x04, 1, 2, 3, 4};
    for (size_t cut = 1; cut < 4; cut++) {
        uint8_t memory[64];
        floe_stun_stream stream;
        floe_bytes message;
        floe_bytes in = {data, cut};
        floe_stun_stream_init(&stream, FLOE_STUN_FRAMING_TURN, (floe_span){memory, sizeof memory});
        assert_int_equal(floe_stun_stream_next(&stream, &in, &message), FLOE_E_AGAIN);
        assert_int_equal(in.len, 0);
        assert_int_equal(floe_stun_stream_next(&stream, &in, &message), FLOE_E_AGAIN);
        in = (floe_bytes){data + cut, sizeof data - cut};
        assert_int_equal(floe_stun_stream_next(&stream, &in, &message), FLOE_OK);
        assert_true(floe_bytes_equal(message, (floe_bytes){data, sizeof data}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_faults_coturn_eaa9e792_messages_may_stand_at_any_address),
        cmocka_unit_test(test_stun_faults_cve_2026_43994_access_token_of_any_length_is_passed_over),
        cmocka_unit_test(test_stun_faults_coturn_8fa38032_texts_are_never_formats),
        cmocka_unit_test(test_stun_faults_kvs_piece_that_ends_in_a_header_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
