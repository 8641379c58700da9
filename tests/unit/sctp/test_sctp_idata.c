/* Tests of sctp/sctp_idata.c: I-DATA and I-FORWARD-TSN, read and written. */
#include "sctp/sctp_idata.h"

#include "base/floe_config.h"

#include "support/hex.h"
#include "support/unit.h"

#include <string.h>

#if FLOE_SCTP_IDATA

static uint8_t bytes[256];

static floe_sctp_chunk chunk_of(const char *hex)
{
    floe_bytes rest = hex_decode(hex, bytes, sizeof bytes);
    floe_sctp_chunk chunk;
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    return chunk;
}

static void test_sctp_i_data_first_fragment_has_a_ppid_and_the_number_zero(void **state)
{
    (void)state;
    floe_sctp_data data;
    floe_sctp_chunk chunk = chunk_of("40 06 0017 01020304 0005 ffff fffffffe 00000035 616263 00");
    floe_sctp_i_data_parse(&data, &chunk);
    assert_int_equal(data.tsn, 0x01020304);
    assert_int_equal(data.stream, 5);
    assert_int_equal(data.mid, 0xFFFFFFFE);
    assert_int_equal(data.ppid, 0x35);
    assert_int_equal(data.fsn, 0);
    assert_int_equal(data.flags, 6);
    assert_int_equal(data.payload.len, 3);
}

static void test_sctp_i_data_other_fragments_have_a_number_in_its_place(void **state)
{
    (void)state;
    floe_sctp_data data;
    floe_sctp_chunk chunk = chunk_of("40 01 0015 01020304 0005 0000 00000007 00000035 61 000000");
    floe_sctp_i_data_parse(&data, &chunk);
    assert_int_equal(data.fsn, 0x35);
}

static void test_sctp_i_data_put_writes_what_parse_reads(void **state)
{
    (void)state;
    for (uint8_t flags = 0; flags < 16; flags++) {
        uint8_t out[64];
        floe_writer w = floe_writer_begin(out, sizeof out);
        floe_sctp_data data = {.tsn = 9,
                               .ppid = 53,
                               .mid = 0x80000001,
                               .fsn = 77,
                               .stream = 3,
                               .flags = flags,
                               .payload = {NULL, 5}};
        memset(out, 0xEE, sizeof out);
        memcpy(floe_sctp_i_data_put(&w, &data), "hello", 5);
        assert_int_equal(w.len, 28);
        assert_memory_equal(out + 10, "\0\0", 2);   /* reserved */
        assert_memory_equal(out + 25, "\0\0\0", 3); /* padding */
        floe_bytes rest = floe_writer_view(&w);
        floe_sctp_chunk chunk;
        floe_sctp_data again;
        assert_true(floe_sctp_packet_next(&rest, &chunk));
        floe_sctp_i_data_parse(&again, &chunk);
        bool is_begin = (flags & FLOE_SCTP_FLAG_BEGIN) != 0;
        assert_int_equal(again.mid, data.mid);
        assert_int_equal(again.ppid, is_begin ? 53 : 77);
        assert_int_equal(again.fsn, is_begin ? 0 : 77);
        assert_memory_equal(again.payload.ptr, "hello", 5);
    }
}

static void test_sctp_i_data_is_not_written_where_it_does_not_fit(void **state)
{
    (void)state;
    uint8_t out[27];
    floe_writer w = floe_writer_begin(out, sizeof out);
    assert_null(floe_sctp_i_data_put(&w, &(floe_sctp_data){.payload = {NULL, 5}}));
}

static void test_sctp_i_forward_list_has_whole_entries_only(void **state)
{
    (void)state;
    floe_sctp_forward forward;
    floe_sctp_chunk chunk = chunk_of("c2 00 0014 00000009 0003 ffff 80000000 0004 0000");
    floe_sctp_i_forward_parse(&forward, &chunk);
    assert_int_equal(forward.cum, 9);
    assert_int_equal(forward.streams.len, FLOE_SCTP_I_FORWARD_ENTRY);
    floe_sctp_i_skip skip = floe_sctp_i_skip_load(forward.streams.ptr);
    assert_int_equal(skip.stream, 3);
    assert_int_equal(skip.mid, 0x80000000);
    assert_true(skip.is_unordered); /* the other bits say nothing */
}

static void test_sctp_i_skip_put_writes_what_load_reads(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        floe_writer w = floe_writer_begin(bytes, sizeof bytes);
        floe_sctp_i_skip_put(&w, &(floe_sctp_i_skip){0xFFFFFFFF, 65534, order == 1});
        floe_sctp_i_skip skip = floe_sctp_i_skip_load(bytes);
        assert_int_equal(w.len, FLOE_SCTP_I_FORWARD_ENTRY);
        assert_int_equal(skip.mid, 0xFFFFFFFF);
        assert_int_equal(skip.stream, 65534);
        assert_int_equal(skip.is_unordered, order == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_i_data_first_fragment_has_a_ppid_and_the_number_zero),
        cmocka_unit_test(test_sctp_i_data_other_fragments_have_a_number_in_its_place),
        cmocka_unit_test(test_sctp_i_data_put_writes_what_parse_reads),
        cmocka_unit_test(test_sctp_i_data_is_not_written_where_it_does_not_fit),
        cmocka_unit_test(test_sctp_i_forward_list_has_whole_entries_only),
        cmocka_unit_test(test_sctp_i_skip_put_writes_what_load_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
