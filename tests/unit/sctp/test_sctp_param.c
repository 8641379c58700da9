/* Tests of sctp/sctp_param.c: the lists inside chunks. */
#include "sctp/sctp_param.h"

#include "support/hex.h"
#include "support/unit.h"

static floe_sctp_init_params parse(const char *hex, uint8_t *report, size_t cap, size_t *report_len)
{
    static uint8_t memory[512];
    floe_sctp_init_params params;
    floe_writer w = floe_writer_begin(report, cap);
    floe_sctp_init_params_parse(&params, hex_decode(hex, memory, sizeof memory), &w);
    assert_true(floe_writer_is_ok(&w));
    *report_len = w.len;
    return params;
}

static void test_sctp_param_walk_gives_type_value_and_whole(void **state)
{
    (void)state;
    uint8_t memory[32];
    floe_sctp_param param;
    floe_bytes rest = hex_decode("80080006c082 0000 c0000004", memory, sizeof memory);
    assert_true(floe_sctp_param_next(&rest, &param));
    assert_int_equal(param.type, FLOE_SCTP_PARAM_EXTENSIONS);
    assert_int_equal(param.value.len, 2);
    assert_int_equal(param.whole.len, 6);
    assert_true(floe_sctp_param_next(&rest, &param));
    assert_int_equal(param.type, FLOE_SCTP_PARAM_FORWARD_TSN);
    assert_int_equal(param.value.len, 0);
    assert_false(floe_sctp_param_next(&rest, &param));
}

static void test_sctp_param_walk_refuses_one_partly_outside_of_its_chunk(void **state)
{
    (void)state;
    /* CVE-2019-20503: the last parameter of an INIT reached beyond the chunk. */
    static const char *const lists[] = {"c0000005", "0007000800000000", "00070003",
                                        "00070000", "c00000",           "0007ffff00000000"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        uint8_t memory[32];
        floe_sctp_param param;
        floe_bytes rest = hex_decode(lists[i], memory, sizeof memory);
        rest.len -= i == 1 ? 1 : 0;
        assert_false(floe_sctp_param_next(&rest, &param));
        assert_int_equal(rest.len, 0);
    }
}

static void
test_sctp_init_params_learn_extensions_from_the_list_and_from_the_parameter(void **state)
{
    (void)state;
    uint8_t report[64];
    size_t len;
    floe_sctp_init_params params = parse("80080006c0820000", report, sizeof report, &len);
    assert_true(params.has_forward_tsn && params.has_reconfig);
    params = parse("c0000004", report, sizeof report, &len);
    assert_true(params.has_forward_tsn && !params.has_reconfig);
    params = parse("", report, sizeof report, &len);
    assert_false(params.has_forward_tsn || params.has_reconfig);
    assert_int_equal(params.cookie.len, 0);
}

static void test_sctp_init_params_report_unknown_ones_by_their_second_bit(void **state)
{
    (void)state;
    uint8_t report[64];
    size_t len;
    /* 0x8001 zero checksum: skipped in silence; 0xC0FF: skipped and reported. */
    floe_sctp_init_params params =
        parse("8001000800000001 c0ff0005aa000000 c0000004", report, sizeof report, &len);
    assert_true(params.has_forward_tsn);
    assert_int_equal(len, 8);
    assert_memory_equal(report, ((uint8_t[]){0xc0, 0xff, 0, 5, 0xaa, 0, 0, 0}), 8);
}

static void test_sctp_init_params_stop_at_unknown_ones_whose_first_bit_is_clear(void **state)
{
    (void)state;
    uint8_t report[64];
    size_t len;
    floe_sctp_init_params params = parse("00ff0004 c0000004", report, sizeof report, &len);
    assert_false(params.has_forward_tsn);
    assert_int_equal(len, 0);
    params = parse("40ff0004 c0000004", report, sizeof report, &len);
    assert_false(params.has_forward_tsn);
    assert_int_equal(len, 4);
}

static void test_sctp_init_params_report_no_more_than_fits(void **state)
{
    (void)state;
    /* dcSCTP e4aaae9: the echo of unknown parameters made a packet larger than the MTU. */
    uint8_t report[12];
    size_t len;
    (void)parse("c0f10008aaaaaaaa c0f20008bbbbbbbb c0f30004", report, sizeof report, &len);
    assert_int_equal(len, 12); /* the first and the third */
    assert_int_equal(report[1], 0xf1);
    assert_int_equal(report[9], 0xf3);
}

static void test_sctp_init_params_do_not_look_into_nested_lists(void **state)
{
    (void)state;
    /* CVE-2026-7164: a parameter in a parameter in a parameter was read by recursion. */
    uint8_t report[64];
    size_t len;
    floe_sctp_init_params params =
        parse("00080010 0008000c 00080008 c0000004", report, sizeof report, &len);
    assert_false(params.has_forward_tsn);
    assert_int_equal(len, 0);
}

static void test_sctp_init_params_find_cookie_and_host_name(void **state)
{
    (void)state;
    uint8_t report[64];
    size_t len;
    floe_sctp_init_params params =
        parse("00070007616263 00 000b0008612e6200", report, sizeof report, &len);
    assert_int_equal(params.cookie.len, 3);
    assert_memory_equal(params.cookie.ptr, "abc", 3);
    assert_true(params.has_host_name);
}

static void test_sctp_init_params_put_is_what_parse_understands(void **state)
{
    (void)state;
    uint8_t out[64];
    uint8_t report[8];
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_writer r = floe_writer_begin(report, sizeof report);
    floe_sctp_init_params_put(&w, false);
    floe_sctp_init_params params;
    floe_sctp_init_params_parse(&params, floe_writer_view(&w), &r);
    assert_true(params.has_forward_tsn && params.has_reconfig);
    assert_int_equal(w.len % 4, 0);
}

static void test_sctp_zero_checksum_is_accepted_for_dtls_alone(void **state)
{
    (void)state;
    uint8_t bytes[16];
    uint8_t unknown[16];
    floe_writer w = floe_writer_begin(bytes, sizeof bytes);
    floe_sctp_zero_checksum_put(&w);
    static const uint8_t wanted[] = {0x80, 0x01, 0, 8, 0, 0, 0, 1};
    assert_int_equal(w.len, sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(unknown, sizeof unknown);
    floe_sctp_init_params_parse(&params, floe_writer_view(&w), &report);
    assert_true(params.has_zero_checksum);
    bytes[7] = 2; /* another method */
    floe_sctp_init_params_parse(&params, floe_writer_view(&w), &report);
    assert_false(params.has_zero_checksum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_zero_checksum_is_accepted_for_dtls_alone),
        cmocka_unit_test(test_sctp_param_walk_gives_type_value_and_whole),
        cmocka_unit_test(test_sctp_param_walk_refuses_one_partly_outside_of_its_chunk),
        cmocka_unit_test(
            test_sctp_init_params_learn_extensions_from_the_list_and_from_the_parameter),
        cmocka_unit_test(test_sctp_init_params_report_unknown_ones_by_their_second_bit),
        cmocka_unit_test(test_sctp_init_params_stop_at_unknown_ones_whose_first_bit_is_clear),
        cmocka_unit_test(test_sctp_init_params_report_no_more_than_fits),
        cmocka_unit_test(test_sctp_init_params_do_not_look_into_nested_lists),
        cmocka_unit_test(test_sctp_init_params_find_cookie_and_host_name),
        cmocka_unit_test(test_sctp_init_params_put_is_what_parse_understands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
