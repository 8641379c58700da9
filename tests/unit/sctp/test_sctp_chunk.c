/* Tests of sctp/sctp_chunk.c: each chunk read and written. */
#include "sctp/sctp_chunk.h"

#include "sctp/sctp_param.h"
#include "support/hex.h"
#include "support/unit.h"
#include "support/vector_file.h"

#include <string.h>

static floe_sctp_chunk chunk_of(const char *hex)
{
    static uint8_t memory[512];
    floe_sctp_chunk chunk;
    floe_bytes rest = hex_decode(hex, memory, sizeof memory);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    return chunk;
}

static void copy_data(floe_writer *w, const floe_sctp_chunk *chunk)
{
    floe_sctp_data data;
    floe_sctp_data_parse(&data, chunk);
    uint8_t *payload = floe_sctp_data_put(w, &data);
    assert_non_null(payload);
    memcpy(payload, data.payload.ptr, data.payload.len);
}

static void copy_init(floe_writer *w, const floe_sctp_chunk *chunk)
{
    floe_sctp_init init;
    floe_sctp_param param;
    floe_sctp_init_parse(&init, chunk);
    size_t begin = floe_sctp_init_begin(w, chunk->type, &init);
    while (floe_sctp_param_next(&init.params, &param)) {
        /* RFC 9260 section 3.2: the chunk's length leaves out the last parameter's padding. */
        bool is_last = init.params.len == 0;
        floe_writer_put_bytes(w, param.whole);
        size_t padding = floe_sctp_padded(param.whole.len) - param.whole.len;
        floe_writer_put_zeros(w, is_last && chunk->whole.len % 4 != 0 ? 0 : padding);
    }
    floe_sctp_chunk_end(w, begin);
}

static void copy_sack(floe_writer *w, const floe_sctp_chunk *chunk)
{
    floe_sctp_sack sack;
    assert_int_equal(floe_sctp_sack_parse(&sack, chunk), FLOE_OK);
    size_t begin = floe_sctp_chunk_begin(w, chunk->type, chunk->flags);
    floe_writer_put_u32(w, sack.cum);
    floe_writer_put_u32(w, sack.rwnd);
    floe_writer_put_u16(w, sack.block_count);
    floe_writer_put_u16(w, sack.dup_count);
    for (size_t i = 0; i < sack.block_count; i++) {
        floe_sctp_gap gap = floe_sctp_sack_gap(&sack, i);
        floe_writer_put_u16(w, gap.start);
        floe_writer_put_u16(w, gap.end);
    }
    floe_writer_put_bytes(w, sack.dups);
    floe_sctp_chunk_end(w, begin);
}

static void copy_chunk(floe_writer *w, const floe_sctp_chunk *chunk)
{
    switch (chunk->type) {
    case FLOE_SCTP_CHUNK_DATA:
        copy_data(w, chunk);
        break;
    case FLOE_SCTP_CHUNK_INIT:
    case FLOE_SCTP_CHUNK_INIT_ACK:
        copy_init(w, chunk);
        break;
    case FLOE_SCTP_CHUNK_SACK:
        copy_sack(w, chunk);
        break;
    default:
        floe_sctp_chunk_put(w, chunk->type, chunk->flags, chunk->value);
        break;
    }
}

static void test_sctp_chunks_of_browsers_are_written_as_they_were_read(void **state)
{
    (void)state;
    FILE *file = vector_file_open("sctp_browser_packets.txt");
    vector v;
    while (vector_file_next(file, &v)) {
        floe_sctp_packet packet;
        uint8_t out[2048];
        floe_writer w = floe_writer_begin(out, sizeof out);
        assert_int_equal(floe_sctp_packet_parse(&packet, v.bytes), FLOE_OK);
        floe_sctp_packet_begin(&w, packet.source_port, packet.dest_port, packet.tag);
        floe_sctp_chunk chunk;
        while (floe_sctp_packet_next(&packet.chunks, &chunk)) {
            assert_true(floe_sctp_chunk_is_known(chunk.type));
            assert_true(floe_sctp_chunk_is_long_enough(&chunk));
            copy_chunk(&w, &chunk);
        }
        floe_sctp_packet_end(&w);
        assert_int_equal(w.len, v.bytes.len);
        assert_memory_equal(out, v.bytes.ptr, w.len);
    }
    fclose(file);
}

static void test_sctp_chunk_is_too_short_one_byte_below_its_fixed_part(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, value_min;
    } rows[] = {{0, 12}, {1, 16}, {2, 16}, {3, 12}, {4, 4},    {5, 4},    {7, 4},
                {9, 4},  {10, 1}, {6, 0},  {8, 0},  {0x82, 4}, {0xC0, 4}, {14, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const uint8_t zeros[32];
        floe_sctp_chunk chunk = {.type = rows[i].type, .value = {zeros, rows[i].value_min}};
        assert_true(floe_sctp_chunk_is_known(chunk.type));
        assert_true(floe_sctp_chunk_is_long_enough(&chunk));
        if (rows[i].value_min > 0) {
            chunk.value.len--;
            assert_false(floe_sctp_chunk_is_long_enough(&chunk));
        }
    }
}

static void test_sctp_chunk_types_that_are_not_ours_are_unknown(void **state)
{
    (void)state;
    static const uint8_t types[] = {12, 13, 15, 0x0F, 0x40, 0xC1, 0xC2, 0x80, 0xFF};
    for (size_t i = 0; i < sizeof types; i++) {
        floe_sctp_chunk chunk = {.type = types[i]};
        assert_false(floe_sctp_chunk_is_known(types[i]));
        assert_false(floe_sctp_chunk_is_long_enough(&chunk));
    }
}

static void test_sctp_chunk_upper_bits_say_skip_and_report(void **state)
{
    (void)state;
    assert_false(floe_sctp_chunk_is_skipped(0x3F) || floe_sctp_chunk_is_reported(0x3F));
    assert_true(!floe_sctp_chunk_is_skipped(0x7F) && floe_sctp_chunk_is_reported(0x7F));
    assert_true(floe_sctp_chunk_is_skipped(0xBF) && !floe_sctp_chunk_is_reported(0xBF));
    assert_true(floe_sctp_chunk_is_skipped(0xFF) && floe_sctp_chunk_is_reported(0xFF));
}

static void test_sctp_sack_counts_must_fit_into_the_chunk(void **state)
{
    (void)state;
    floe_sctp_sack sack;
    floe_sctp_chunk chunk = chunk_of("03000018 00000001 00000002 0001 0001 00020003 00000009");
    assert_int_equal(floe_sctp_sack_parse(&sack, &chunk), FLOE_OK);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).start, 2);
    assert_int_equal(floe_sctp_sack_gap(&sack, 0).end, 3);
    chunk = chunk_of("03000018 00000001 00000002 0002 0001 00020003 00000009");
    assert_int_equal(floe_sctp_sack_parse(&sack, &chunk), FLOE_E_MALFORMED);
    chunk = chunk_of("03000018 00000001 00000002 ffff ffff 00020003 00000009");
    assert_int_equal(floe_sctp_sack_parse(&sack, &chunk), FLOE_E_MALFORMED);
}

static void test_sctp_forward_tsn_list_has_whole_entries_only(void **state)
{
    (void)state;
    floe_sctp_forward forward;
    floe_sctp_chunk chunk = chunk_of("c000000f 00000007 00010002 000300 00");
    floe_sctp_forward_parse(&forward, &chunk);
    assert_int_equal(forward.cum, 7);
    assert_int_equal(forward.streams.len, 4);
}

static void test_sctp_chunk_is_bounded_by_itself_and_not_by_the_packet(void **state)
{
    (void)state;
    /* rtc#89: FORWARD TSN, ABORT, ERROR and SHUTDOWN read on into the chunk behind them. */
    uint8_t memory[64];
    floe_bytes rest = hex_decode("c000000800000007 0600000400000000", memory, sizeof memory);
    floe_sctp_chunk chunk;
    floe_sctp_forward forward;
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    floe_sctp_forward_parse(&forward, &chunk);
    assert_int_equal(forward.streams.len, 0);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.value.len, 0);
}

static void test_sctp_data_put_writes_padding_as_zeros(void **state)
{
    (void)state;
    uint8_t out[24];
    memset(out, 0xAA, sizeof out);
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_sctp_data data = {.tsn = 1, .stream = 2, .ssn = 3, .ppid = 51, .payload = {NULL, 5}};
    assert_non_null(floe_sctp_data_put(&w, &data));
    assert_int_equal(w.len, 24);
    assert_memory_equal(out + 21, "\0\0\0", 3);
    assert_null(floe_sctp_data_put(&w, &data)); /* no room for a second */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_chunks_of_browsers_are_written_as_they_were_read),
        cmocka_unit_test(test_sctp_chunk_is_too_short_one_byte_below_its_fixed_part),
        cmocka_unit_test(test_sctp_chunk_types_that_are_not_ours_are_unknown),
        cmocka_unit_test(test_sctp_chunk_upper_bits_say_skip_and_report),
        cmocka_unit_test(test_sctp_sack_counts_must_fit_into_the_chunk),
        cmocka_unit_test(test_sctp_forward_tsn_list_has_whole_entries_only),
        cmocka_unit_test(test_sctp_chunk_is_bounded_by_itself_and_not_by_the_packet),
        cmocka_unit_test(test_sctp_data_put_writes_padding_as_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
