/* Tests of sctp/sctp_packet.c: header, checksum, and the walk over chunks. */
#include "sctp/sctp_packet.h"

#include "sctp/sctp_chunk.h"

#include "support/hex.h"
#include "support/unit.h"
#include "support/vector_file.h"

#include <string.h>

static floe_bytes walk(const char *hex, uint8_t *memory, size_t cap)
{
    return hex_decode(hex, memory, cap);
}

static void test_sctp_packet_reads_every_browser_packet_and_its_checksum(void **state)
{
    (void)state;
    FILE *file = vector_file_open("sctp_browser_packets.txt");
    vector v;
    uint32_t count = 0;
    while (vector_file_next(file, &v)) {
        floe_sctp_packet packet;
        assert_int_equal(floe_sctp_packet_parse(&packet, v.bytes), FLOE_OK);
        assert_int_equal(packet.source_port, 5000);
        assert_int_equal(packet.dest_port, 5000);
        floe_sctp_chunk chunk;
        assert_true(floe_sctp_packet_next(&packet.chunks, &chunk));
        count++;
    }
    fclose(file);
    assert_int_equal(count, 67);
}

static void test_sctp_packet_writes_what_it_reads(void **state)
{
    (void)state;
    vector v;
    vector_file_find("sctp_browser_packets.txt", "chromium-156 offer 3", &v);
    floe_sctp_packet packet;
    assert_int_equal(floe_sctp_packet_parse(&packet, v.bytes), FLOE_OK);
    uint8_t out[2048];
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_sctp_packet_begin(&w, packet.source_port, packet.dest_port, packet.tag);
    floe_writer_put_bytes(&w, packet.chunks);
    floe_sctp_packet_end(&w);
    assert_int_equal(w.len, v.bytes.len);
    assert_memory_equal(out, v.bytes.ptr, w.len);
}

static void test_sctp_packet_rejects_each_flipped_bit(void **state)
{
    (void)state;
    vector v;
    vector_file_find("sctp_browser_packets.txt", "chromium-156 offer 3", &v);
    floe_sctp_packet packet;
    for (size_t bit = 0; bit < 8 * v.bytes.len; bit++) {
        v.memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(floe_sctp_packet_parse(&packet, v.bytes), FLOE_E_AUTH);
        v.memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_sctp_packet_rejects_less_than_a_header_and_a_chunk(void **state)
{
    (void)state;
    vector v;
    vector_file_find("sctp_browser_packets.txt", "chromium-156 offer 3", &v);
    floe_sctp_packet packet;
    for (size_t len = 0; len < 16; len++) {
        floe_bytes bytes = {v.bytes.ptr, len};
        assert_int_equal(floe_sctp_packet_parse(&packet, bytes), FLOE_E_MALFORMED);
    }
}

static void test_sctp_packet_walk_stops_at_a_chunk_length_below_four(void **state)
{
    (void)state;
    /* pion/dtls CVE-2022-29190 and its like: a length that makes no progress. */
    static const char *const lists[] = {"00000000", "0b000000", "0b000003", "0b0000010b000004"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        uint8_t memory[16];
        floe_bytes rest = walk(lists[i], memory, sizeof memory);
        floe_sctp_chunk chunk;
        assert_false(floe_sctp_packet_next(&rest, &chunk));
        assert_int_equal(rest.len, 0);
    }
}

static void test_sctp_packet_walk_drops_a_chunk_that_is_not_all_there(void **state)
{
    (void)state;
    uint8_t memory[32];
    floe_bytes rest = walk("0b000004 03000010 00000000 0000", memory, sizeof memory);
    floe_sctp_chunk chunk;
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.type, 0x0b);
    assert_false(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(rest.len, 0);
}

static void test_sctp_packet_walk_skips_padding_that_is_there_or_missing(void **state)
{
    (void)state;
    uint8_t memory[32];
    floe_sctp_chunk chunk;
    floe_bytes rest = walk("8400000541ffffff 0b000004", memory, sizeof memory);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.value.len, 1);
    assert_int_equal(chunk.whole.len, 5);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.type, 0x0b);
    assert_int_equal(rest.len, 0);
    rest = walk("8400000541", memory, sizeof memory);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(rest.len, 0);
}

static void test_sctp_packet_walk_ends_at_fewer_than_four_bytes(void **state)
{
    (void)state;
    uint8_t memory[32];
    floe_sctp_chunk chunk;
    floe_bytes rest = walk("0b000004 0b0000", memory, sizeof memory);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_false(floe_sctp_packet_next(&rest, &chunk));
}

static void test_sctp_packet_without_checksum_is_right_only_where_it_is_allowed(void **state)
{
    (void)state;
    static const uint8_t types[] = {FLOE_SCTP_CHUNK_DATA, FLOE_SCTP_CHUNK_INIT,
                                    FLOE_SCTP_CHUNK_COOKIE_ECHO};
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[16] = {0x13, 0x88, 0x13, 0x88, 1, 2, 3, 4, 0, 0, 0, 0, types[i], 0, 0, 4};
        floe_sctp_packet packet;
        floe_bytes view = {bytes, sizeof bytes};
        assert_int_equal(floe_sctp_packet_parse(&packet, view), FLOE_E_AUTH);
        assert_int_equal(floe_sctp_packet_parse_zero(&packet, view),
                         types[i] == FLOE_SCTP_CHUNK_DATA ? FLOE_OK : FLOE_E_AUTH);
        bytes[8] = 1; /* RFC 9653 section 5.3: not 0, so it has to be right */
        assert_int_equal(floe_sctp_packet_parse_zero(&packet, view), FLOE_E_AUTH);
        view.len = 15;
        assert_int_equal(floe_sctp_packet_parse_zero(&packet, view), FLOE_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_packet_without_checksum_is_right_only_where_it_is_allowed),
        cmocka_unit_test(test_sctp_packet_reads_every_browser_packet_and_its_checksum),
        cmocka_unit_test(test_sctp_packet_writes_what_it_reads),
        cmocka_unit_test(test_sctp_packet_rejects_each_flipped_bit),
        cmocka_unit_test(test_sctp_packet_rejects_less_than_a_header_and_a_chunk),
        cmocka_unit_test(test_sctp_packet_walk_stops_at_a_chunk_length_below_four),
        cmocka_unit_test(test_sctp_packet_walk_drops_a_chunk_that_is_not_all_there),
        cmocka_unit_test(test_sctp_packet_walk_skips_padding_that_is_there_or_missing),
        cmocka_unit_test(test_sctp_packet_walk_ends_at_fewer_than_four_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
