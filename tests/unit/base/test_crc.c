/* tests/unit/base/test_crc.c - known answers: RFC 3720 appendix B.4, RFC 8489 §14.7 (by way of the
 * check value that ITU V.42 gives CRC-32 for "123456789"), RFC 9260 appendix A. */
#include "base/crc.h"

#include <string.h>

#include "support/hex.h"
#include "support/unit.h"

/* Both forms of CRC-32, of which the first may be the CPU's instructions. */
static void assert_crc32(floe_bytes bytes, uint32_t expected)
{
    assert_int_equal(floe_crc32(0, bytes), expected);
    assert_int_equal(floe_crc32_portable(0, bytes), expected);
}

/* Both forms of CRC32c, of which the first may be the CPU's instruction. */
static void assert_crc32c(floe_bytes bytes, uint32_t expected)
{
    assert_int_equal(floe_crc32c(0, bytes), expected);
    assert_int_equal(floe_crc32c_portable(0, bytes), expected);
}

static void test_crc32_has_the_check_value_of_v42(void **state)
{
    (void)state;
    assert_crc32(FLOE_LIT("123456789"), 0xcbf43926);
    assert_crc32(FLOE_LIT(""), 0);
}

static void test_crc32_of_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    uint32_t crc = floe_crc32(0, FLOE_LIT("1234"));
    crc = floe_crc32(crc, (floe_bytes){NULL, 0});
    assert_int_equal(floe_crc32(crc, FLOE_LIT("56789")), 0xcbf43926);
}

static void test_crc32c_has_the_answers_of_rfc_3720(void **state)
{
    (void)state;
    uint8_t bytes[48];
    memset(bytes, 0, 32);
    assert_crc32c((floe_bytes){bytes, 32}, 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_crc32c((floe_bytes){bytes, 32}, 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = i;
    }
    assert_crc32c((floe_bytes){bytes, 32}, 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)(31 - i);
    }
    assert_crc32c((floe_bytes){bytes, 32}, 0x113fdb5c);
    /* An iSCSI SCSI Read (10) command PDU. */
    floe_bytes pdu = hex_decode("01c00000 00000000 00000000 00000000 14000000 00000400"
                                "00000014 00000018 28000000 00000000 02000000 00000000",
                                bytes, sizeof bytes);
    assert_crc32c(pdu, 0xd9963a56);
}

static void test_crc32c_has_the_check_value_of_castagnoli(void **state)
{
    (void)state;
    assert_crc32c(FLOE_LIT("123456789"), 0xe3069283);
    assert_crc32c(FLOE_LIT(""), 0);
}

/* One bit at a time, as the definition has it: no table and no instruction. */
static uint32_t crc_by_definition(uint32_t polynomial, floe_bytes bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ polynomial : crc >> 1;
        }
    }
    return ~crc;
}

/* Past two rounds of three lanes of 128 bytes, with every remainder, from every alignment. */
static void test_crc_agrees_with_the_definition_for_every_length(void **state)
{
    (void)state;
    uint8_t bytes[800 + 8];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t len = 0; len <= 800; len++) {
        floe_bytes part = {bytes + len % 8, len};
        assert_crc32(part, crc_by_definition(0xedb88320u, part));
        assert_crc32c(part, crc_by_definition(0x82f63b78u, part));
    }
}

static void test_crc32_starts_from_any_value(void **state)
{
    (void)state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    uint32_t whole = floe_crc32(0, (floe_bytes){bytes, sizeof bytes});
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        floe_bytes head = {bytes, cut}, tail = {bytes + cut, sizeof bytes - cut};
        assert_int_equal(floe_crc32(floe_crc32(0, head), tail), whole);
        assert_int_equal(floe_crc32_portable(floe_crc32_portable(0, head), tail), whole);
    }
}

static void test_crc32c_of_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    uint32_t whole = floe_crc32c(0, (floe_bytes){bytes, sizeof bytes});
    for (size_t cut = 0; cut <= sizeof bytes; cut += 37) {
        floe_bytes head = {bytes, cut}, tail = {bytes + cut, sizeof bytes - cut};
        assert_int_equal(floe_crc32c(floe_crc32c(0, head), tail), whole);
        assert_int_equal(floe_crc32c_portable(floe_crc32c_portable(0, head), tail), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32_has_the_check_value_of_v42),
        cmocka_unit_test(test_crc32_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(test_crc32c_has_the_answers_of_rfc_3720),
        cmocka_unit_test(test_crc32c_has_the_check_value_of_castagnoli),
        cmocka_unit_test(test_crc_agrees_with_the_definition_for_every_length),
        cmocka_unit_test(test_crc32_starts_from_any_value),
        cmocka_unit_test(test_crc32c_of_pieces_is_that_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
