/* Tests of stun/stun_attr.c: which sizes each attribute type may have. */
#include <string.h>

#include "stun/stun_msg.h"
#include "support/stun_packet.h"
#include "support/unit.h"

/* The lengths that libpeer#264 and its kin stumble over. A message cannot hold a value of 65535
 * bytes: with its header and padding it would be one of 65540. So the last one is always a lie. */
static const size_t lengths[] = {0, 1, 3, 4, 5, 63, 64, 65, 127, 128, 129, 255, 65535};
#define LENGTH_COUNT   (sizeof lengths / sizeof lengths[0])
#define POSSIBLE_COUNT (LENGTH_COUNT - 1)

/* Which of those lengths a type may have: a letter a length. The address types have family 1 for
 * their filler, see below, so that none of these lengths is theirs. */
typedef struct type_row {
    uint16_t type;
    const char *may; /* one of "-y" for 0, 1, 3, 4, 5, 63, 64, 65, 127, 128, 129, 255 */
} type_row;

#define NONE "------------"
#define FLAG "y-----------"
#define U8   "-y----------"
#define U32  "---y--------"
#define TEXT "yyyyyyyyyyyy"
#define CODE "---yyyyyyyyy"
#define EVEN "y--y--y--y--"
#define QUAD "---y--y--y--"
#define ANY  "yyyyyyyyyyyy"

static const type_row rows[] = {
    {FLOE_STUN_MAPPED_ADDRESS, NONE},
    {FLOE_STUN_CHANGE_REQUEST, U32},
    {FLOE_STUN_SOURCE_ADDRESS, NONE},
    {FLOE_STUN_CHANGED_ADDRESS, NONE},
    {FLOE_STUN_USERNAME, TEXT},
    {FLOE_STUN_MESSAGE_INTEGRITY, NONE},
    {FLOE_STUN_ERROR_CODE, CODE},
    {FLOE_STUN_UNKNOWN_ATTRIBUTES, EVEN},
    {FLOE_STUN_CHANNEL_NUMBER, U32},
    {FLOE_STUN_LIFETIME, U32},
    {FLOE_STUN_XOR_PEER_ADDRESS, NONE},
    {FLOE_STUN_DATA_ATTR, ANY},
    {FLOE_STUN_REALM, TEXT},
    {FLOE_STUN_NONCE, TEXT},
    {FLOE_STUN_XOR_RELAYED_ADDRESS, NONE},
    {FLOE_STUN_REQUESTED_ADDRESS_FAMILY, U32},
    {FLOE_STUN_EVEN_PORT, U8},
    {FLOE_STUN_REQUESTED_TRANSPORT, U32},
    {FLOE_STUN_DONT_FRAGMENT, FLAG},
    {FLOE_STUN_ACCESS_TOKEN, ANY},
    {FLOE_STUN_MESSAGE_INTEGRITY_SHA256, NONE},
    {FLOE_STUN_PASSWORD_ALGORITHM, QUAD},
    {FLOE_STUN_USERHASH, NONE},
    {FLOE_STUN_XOR_MAPPED_ADDRESS, NONE},
    {FLOE_STUN_RESERVATION_TOKEN, NONE},
    {FLOE_STUN_PRIORITY, U32},
    {FLOE_STUN_USE_CANDIDATE, FLAG},
    {FLOE_STUN_PADDING, ANY},
    {FLOE_STUN_RESPONSE_PORT, U32},
    {FLOE_STUN_CONNECTION_ID, U32},
    {FLOE_STUN_ADDITIONAL_ADDRESS_FAMILY, U32},
    {FLOE_STUN_ADDRESS_ERROR_CODE, CODE},
    {FLOE_STUN_PASSWORD_ALGORITHMS, QUAD},
    {FLOE_STUN_ALTERNATE_DOMAIN, TEXT},
    {FLOE_STUN_ICMP, NONE},
    {FLOE_STUN_SOFTWARE, TEXT},
    {FLOE_STUN_ALTERNATE_SERVER, NONE},
    {FLOE_STUN_FINGERPRINT, NONE}, /* four bytes, but not with this value */
    {FLOE_STUN_ICE_CONTROLLED, NONE},
    {FLOE_STUN_ICE_CONTROLLING, NONE},
    {FLOE_STUN_RESPONSE_ORIGIN, NONE},
    {FLOE_STUN_OTHER_ADDRESS, NONE},
    {FLOE_STUN_MOBILITY_TICKET, ANY},
    {0x0010, ANY}, /* unknown, comprehension required */
    {0x002D, ANY}, /* unknown, next to the known ones */
    {0x4001, ANY}, /* unknown, with the low bits of MAPPED-ADDRESS */
    {0xC057, ANY}, /* unknown, optional: sent by Chromium */
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static stun_packet packet;

static floe_err parse(const stun_packet *p)
{
    floe_stun_msg msg;
    return floe_stun_msg_parse(&msg, stun_packet_view(p));
}

/* An attribute of this size in a message of its own; the filler is 0, 1, 2, ..., which as an
 * address is one of family 1. */
static floe_err parse_size(uint16_t type, size_t len)
{
    stun_packet_begin(&packet, 0x0001);
    stun_packet_put_filler(&packet, type, len);
    return parse(&packet);
}

/* A message cannot hold 65535 bytes of value with the padding: header and value would take 65540.
 */
static void test_stun_attr_libpeer_264_every_type_with_every_length(void **state)
{
    (void)state;
    for (size_t r = 0; r < ROW_COUNT; r++) {
        for (size_t l = 0; l < POSSIBLE_COUNT; l++) {
            floe_err expected = rows[r].may[l] == 'y' ? FLOE_OK : FLOE_E_MALFORMED;
            floe_err err = parse_size(rows[r].type, lengths[l]);
            if (err != expected) {
                fail_msg("type 0x%04x with %zu bytes: %s", rows[r].type, lengths[l],
                         floe_err_name(err));
            }
        }
    }
}

/* The length field is a lie: there are four bytes. */
static void test_stun_attr_every_type_with_a_length_beyond_the_message_is_malformed(void **state)
{
    (void)state;
    static const uint8_t four[4] = {0, 1, 2, 3};
    for (size_t r = 0; r < ROW_COUNT; r++) {
        for (size_t l = 0; l < LENGTH_COUNT; l++) {
            if (lengths[l] <= 4) {
                continue;
            }
            stun_packet_begin(&packet, 0x0001);
            stun_packet_put(&packet, rows[r].type, lengths[l], (floe_bytes){four, 4});
            assert_int_equal(parse(&packet), FLOE_E_MALFORMED);
        }
    }
}

static void assert_only_sizes(uint16_t type, const size_t *sizes, size_t count)
{
    size_t seen = 0;
    for (size_t len = 0; len <= 64; len++) {
        bool ok = parse_size(type, len) == FLOE_OK;
        bool listed = seen < count && sizes[seen] == len;
        seen += listed;
        if (ok != listed) {
            fail_msg("type 0x%04x with %zu bytes", type, len);
        }
    }
    assert_int_equal(seen, count);
}

static void test_stun_attr_hashes_and_64_bit_values_have_one_size(void **state)
{
    (void)state;
    static const size_t eight = 8, twenty = 20, thirty_two = 32;
    assert_only_sizes(FLOE_STUN_ICE_CONTROLLED, &eight, 1);
    assert_only_sizes(FLOE_STUN_ICE_CONTROLLING, &eight, 1);
    assert_only_sizes(FLOE_STUN_RESERVATION_TOKEN, &eight, 1);
    assert_only_sizes(FLOE_STUN_ICMP, &eight, 1);
    assert_only_sizes(FLOE_STUN_MESSAGE_INTEGRITY, &twenty, 1);
    assert_only_sizes(FLOE_STUN_USERHASH, &thirty_two, 1);
}

static void test_stun_attr_integrity_sha256_may_be_cut_to_16_bytes_in_steps_of_four(void **state)
{
    (void)state;
    static const size_t sizes[] = {16, 20, 24, 28, 32};
    assert_only_sizes(FLOE_STUN_MESSAGE_INTEGRITY_SHA256, sizes, 5);
}

static void test_stun_attr_text_may_have_763_bytes_and_no_more(void **state)
{
    (void)state;
    static const uint16_t texts[] = {FLOE_STUN_USERNAME, FLOE_STUN_REALM, FLOE_STUN_NONCE,
                                     FLOE_STUN_SOFTWARE};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(parse_size(texts[i], 763), FLOE_OK);
        assert_int_equal(parse_size(texts[i], 764), FLOE_E_MALFORMED);
    }
    assert_int_equal(parse_size(FLOE_STUN_ERROR_CODE, 767), FLOE_OK);
    assert_int_equal(parse_size(FLOE_STUN_ERROR_CODE, 768), FLOE_E_MALFORMED);
    assert_int_equal(parse_size(FLOE_STUN_ALTERNATE_DOMAIN, 256), FLOE_E_MALFORMED);
}

static floe_err parse_addr(uint8_t family, size_t len)
{
    uint8_t value[32] = {0, family, 0x12, 0x34};
    stun_packet_begin(&packet, 0x0101);
    stun_packet_put(&packet, FLOE_STUN_XOR_MAPPED_ADDRESS, len, (floe_bytes){value, len});
    return parse(&packet);
}

/* aioice 6ea9d7a: XOR-MAPPED-ADDRESS shorter than its family. */
static void test_stun_attr_aioice_6ea9d7a_address_has_the_length_of_its_family(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 32; len++) {
        assert_int_equal(parse_addr(1, len), len == 8 ? FLOE_OK : FLOE_E_MALFORMED);
        assert_int_equal(parse_addr(2, len), len == 20 ? FLOE_OK : FLOE_E_MALFORMED);
    }
}

static void test_stun_attr_address_of_an_unknown_family_may_have_any_length_from_four(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 32; len++) {
        assert_int_equal(parse_addr(3, len), len >= 4 ? FLOE_OK : FLOE_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_attr_libpeer_264_every_type_with_every_length),
        cmocka_unit_test(test_stun_attr_every_type_with_a_length_beyond_the_message_is_malformed),
        cmocka_unit_test(test_stun_attr_hashes_and_64_bit_values_have_one_size),
        cmocka_unit_test(test_stun_attr_integrity_sha256_may_be_cut_to_16_bytes_in_steps_of_four),
        cmocka_unit_test(test_stun_attr_text_may_have_763_bytes_and_no_more),
        cmocka_unit_test(test_stun_attr_aioice_6ea9d7a_address_has_the_length_of_its_family),
        cmocka_unit_test(test_stun_attr_address_of_an_unknown_family_may_have_any_length_from_four),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
