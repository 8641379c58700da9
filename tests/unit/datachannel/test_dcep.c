/* tests/unit/datachannel/test_dcep.c */
#include "datachannel/dcep.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "support/vector_file.h"

/* An OPEN of type `channel_type` and parameter 7, label "ab", protocol "c". */
static floe_bytes open_of_type(uint8_t channel_type, uint8_t out[15])
{
    const uint8_t bytes[15] = {3, channel_type, 1, 2, 0, 0, 0, 7, 0, 2, 0, 1, 'a', 'b', 'c'};
    memcpy(out, bytes, sizeof bytes);
    return (floe_bytes){out, sizeof bytes};
}

static void assert_round_trip(const floe_dcep *dcep, floe_bytes expected)
{
    uint8_t buf[64];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_dcep_put(&w, dcep);
    assert_true(floe_writer_is_ok(&w));
    assert_true(floe_bytes_equal(floe_writer_view(&w), expected));
}

static void test_dcep_reads_and_writes_all_six_channel_types(void **state)
{
    static const struct {
        uint8_t type;
        bool is_unordered, has_max_retransmits, has_lifetime;
    } types[] = {{0x00, false, false, false}, {0x80, true, false, false},
                 {0x01, false, true, false},  {0x81, true, true, false},
                 {0x02, false, false, true},  {0x82, true, false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint8_t memory[15];
        floe_bytes message = open_of_type(types[i].type, memory);
        bool is_partial = types[i].has_max_retransmits || types[i].has_lifetime;
        memory[7] = is_partial ? 7 : 0;
        floe_dcep dcep;
        assert_int_equal(floe_dcep_parse(&dcep, message), FLOE_OK);
        assert_int_equal(dcep.type, FLOE_DCEP_OPEN);
        assert_int_equal(dcep.is_unordered, types[i].is_unordered);
        assert_int_equal(dcep.has_max_retransmits, types[i].has_max_retransmits);
        assert_int_equal(dcep.has_lifetime, types[i].has_lifetime);
        assert_int_equal(dcep.reliability, is_partial ? 7 : 0);
        assert_int_equal(dcep.priority, 0x0102);
        assert_true(floe_bytes_equal(dcep.label, FLOE_LIT("ab")));
        assert_true(floe_bytes_equal(dcep.protocol, FLOE_LIT("c")));
        assert_round_trip(&dcep, message);
    }
}

static void test_dcep_ignores_the_parameter_of_a_reliable_channel(void **state)
{
    uint8_t memory[15];
    floe_dcep dcep;
    (void)state;
    assert_int_equal(floe_dcep_parse(&dcep, open_of_type(0x80, memory)), FLOE_OK);
    assert_int_equal(dcep.reliability, 0);
}

static void test_dcep_writes_no_parameter_for_a_reliable_channel(void **state)
{
    uint8_t buf[16];
    floe_dcep dcep = {.type = FLOE_DCEP_OPEN, .reliability = 99};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_dcep_put(&w, &dcep);
    const uint8_t expected[FLOE_DCEP_OPEN_SIZE] = {3};
    assert_true(
        floe_bytes_equal(floe_writer_view(&w), (floe_bytes){expected, FLOE_DCEP_OPEN_SIZE}));
}

static void test_dcep_keeps_a_parameter_of_32_bits(void **state)
{
    uint8_t memory[15];
    floe_bytes message = open_of_type(0x82, memory);
    floe_dcep dcep;
    (void)state;
    memset(memory + 4, 0xff, 4);
    assert_int_equal(floe_dcep_parse(&dcep, message), FLOE_OK);
    assert_int_equal(dcep.reliability, UINT32_MAX);
}

static void test_dcep_refuses_unknown_channel_types(void **state)
{
    static const uint8_t types[] = {0x03, 0x04, 0x7f, 0x83, 0xff};
    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        uint8_t memory[15];
        floe_dcep dcep;
        assert_int_equal(floe_dcep_parse(&dcep, open_of_type(types[i], memory)),
                         FLOE_E_UNSUPPORTED);
    }
}

static void test_dcep_refuses_unknown_message_types(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        uint8_t byte = (uint8_t)type;
        floe_dcep dcep;
        floe_err expected = type == FLOE_DCEP_ACK ? FLOE_OK : FLOE_E_MALFORMED;
        assert_int_equal(floe_dcep_parse(&dcep, (floe_bytes){&byte, 1}), expected);
    }
}

static void test_dcep_refuses_an_open_cut_short_anywhere(void **state)
{
    (void)state;
    for (size_t len = 0; len < 15; len++) {
        uint8_t whole[15];
        floe_bytes message = open_of_type(0, whole);
        uint8_t *cut = malloc(len + 1); /* exact, for the address sanitizer */
        assert_non_null(cut);
        memcpy(cut, message.ptr, len);
        floe_dcep dcep;
        assert_int_equal(floe_dcep_parse(&dcep, (floe_bytes){cut, len}), FLOE_E_MALFORMED);
        free(cut);
    }
}

static void test_dcep_refuses_bytes_after_the_protocol(void **state)
{
    uint8_t memory[16] = {0};
    floe_dcep dcep;
    (void)state;
    (void)open_of_type(0, memory);
    assert_int_equal(floe_dcep_parse(&dcep, (floe_bytes){memory, 16}), FLOE_E_MALFORMED);
}

static void test_dcep_refuses_lengths_beyond_the_message(void **state)
{
    /* libpeer and the KVS SDK believed these. */
    uint8_t memory[15];
    floe_bytes message = open_of_type(0, memory);
    floe_dcep dcep;
    (void)state;
    memset(memory + 8, 0xff, 4);
    assert_int_equal(floe_dcep_parse(&dcep, message), FLOE_E_MALFORMED);
}

/* pion/datachannel 1.5: an ACK of four bytes. */
static void test_dcep_takes_an_ack_with_bytes_after_it(void **state)
{
    floe_dcep dcep;
    (void)state;
    assert_int_equal(floe_dcep_parse(&dcep, FLOE_LIT("\x02\x00\x00\x00")), FLOE_OK);
    assert_int_equal(dcep.type, FLOE_DCEP_ACK);
}

static void test_dcep_reads_and_writes_what_was_captured(void **state)
{
    static vector v;
    FILE *file = vector_file_open("dcep_captured.txt");
    unsigned count = 0;
    (void)state;
    for (; vector_file_next(file, &v); count++) {
        floe_dcep dcep;
        assert_int_equal(floe_dcep_parse(&dcep, v.bytes), FLOE_OK);
        assert_round_trip(&dcep, v.bytes);
        if (dcep.type == FLOE_DCEP_OPEN) {
            assert_true(floe_bytes_equal(dcep.label, FLOE_LIT("lab")));
        }
    }
    fclose(file);
    assert_int_equal(count, 3);
}

static void test_dcep_takes_names_of_any_length_that_fits_16_bits(void **state)
{
    static uint8_t name[65536];
    static uint8_t buf[FLOE_DCEP_OPEN_SIZE + 2 * 65536];
    floe_dcep dcep = {.type = FLOE_DCEP_OPEN, .label = {name, 65535}, .protocol = {name, 65535}};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_dcep_put(&w, &dcep);
    assert_true(floe_writer_is_ok(&w));
    assert_int_equal(floe_dcep_parse(&dcep, floe_writer_view(&w)), FLOE_OK);
    assert_int_equal(dcep.label.len + dcep.protocol.len, 2 * 65535);
}

static void test_dcep_does_not_write_a_name_that_is_too_long(void **state)
{
    static uint8_t name[65536];
    static uint8_t buf[2 * sizeof name];
    floe_dcep dcep = {.type = FLOE_DCEP_OPEN, .protocol = {name, sizeof name}};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_dcep_put(&w, &dcep);
    assert_false(floe_writer_is_ok(&w));
}

static void test_dcep_fails_the_writer_that_is_too_small(void **state)
{
    uint8_t buf[FLOE_DCEP_OPEN_SIZE + 1];
    floe_dcep dcep = {.type = FLOE_DCEP_OPEN, .label = FLOE_LIT("ab")};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    (void)state;
    floe_dcep_put(&w, &dcep);
    assert_false(floe_writer_is_ok(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dcep_reads_and_writes_all_six_channel_types),
        cmocka_unit_test(test_dcep_ignores_the_parameter_of_a_reliable_channel),
        cmocka_unit_test(test_dcep_writes_no_parameter_for_a_reliable_channel),
        cmocka_unit_test(test_dcep_keeps_a_parameter_of_32_bits),
        cmocka_unit_test(test_dcep_refuses_unknown_channel_types),
        cmocka_unit_test(test_dcep_refuses_unknown_message_types),
        cmocka_unit_test(test_dcep_refuses_an_open_cut_short_anywhere),
        cmocka_unit_test(test_dcep_refuses_bytes_after_the_protocol),
        cmocka_unit_test(test_dcep_refuses_lengths_beyond_the_message),
        cmocka_unit_test(test_dcep_takes_an_ack_with_bytes_after_it),
        cmocka_unit_test(test_dcep_reads_and_writes_what_was_captured),
        cmocka_unit_test(test_dcep_takes_names_of_any_length_that_fits_16_bits),
        cmocka_unit_test(test_dcep_does_not_write_a_name_that_is_too_long),
        cmocka_unit_test(test_dcep_fails_the_writer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
