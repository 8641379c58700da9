/* tests of sdp/sdp_fingerprint.c */
#include <stdio.h>
#include <string.h>

#include "sdp/sdp_internal.h"
#include "support/unit.h"

#define SHA1 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"

static floe_err parse(floe_sdp_fingerprint *print, const char *value)
{
    memset(print, 0xff, sizeof *print);
    return floe_sdp_fingerprint_parse(print, floe_bytes_of(value));
}

static void test_sdp_fingerprint_reads_the_example_of_rfc_8122(void **state)
{
    static const uint8_t expected[] = {0x4a, 0xad, 0xb9, 0xb1, 0x3f, 0x82, 0x18, 0x3b, 0x54, 0x02,
                                       0x12, 0xdf, 0x3e, 0x5d, 0x49, 0x6b, 0x19, 0xe5, 0x7c, 0xab};
    floe_sdp_fingerprint print;
    (void)state;
    assert_int_equal(parse(&print, "SHA-1 " SHA1), FLOE_OK);
    assert_int_equal(print.hash, FLOE_SDP_HASH_SHA1);
    assert_int_equal(print.size, sizeof expected);
    assert_memory_equal(print.value, expected, sizeof expected);
}

static void test_sdp_fingerprint_takes_digits_in_any_case(void **state)
{
    floe_sdp_fingerprint upper, lower;
    (void)state;
    assert_int_equal(parse(&upper, "sha-1 " SHA1), FLOE_OK);
    assert_int_equal(
        parse(&lower, "sha-1 4a:ad:b9:b1:3f:82:18:3b:54:02:12:df:3e:5d:49:6b:19:e5:7c:ab"),
        FLOE_OK);
    assert_memory_equal(&upper, &lower, sizeof upper);
}

static void test_sdp_fingerprint_of_another_hash_is_unsupported(void **state)
{
    static const char *const values[] = {"md5 00:11",  "md2 00", "sha-1024 00", "",
                                         "sha-1" SHA1, "sha-",   " sha-1 " SHA1};
    floe_sdp_fingerprint print;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(parse(&print, values[i]), FLOE_E_UNSUPPORTED);
    }
}

static void test_sdp_fingerprint_refuses_what_is_not_bytes_of_its_length(void **state)
{
    static const char *const values[] = {
        "sha-1",
        "sha-1 ",
        "sha-1 4A",
        "sha-256 " SHA1,
        "sha-1 " SHA1 ":00",
        "sha-1 " SHA1 ":",
        "sha-1 " SHA1 " ",
        ("sha-1  " SHA1),
        "sha-1 4AADB9B13F82183B540212DF3E5D496B19E57CAB",
        "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C",
        "sha-1 4G:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
        "sha-1 4A-AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
        "sha-1 4:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
    };
    floe_sdp_fingerprint print;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(parse(&print, values[i]), FLOE_E_MALFORMED);
    }
}

static void test_sdp_fingerprint_every_hash_is_written_and_read_back(void **state)
{
    static const uint8_t sizes[] = {0, 20, 28, 32, 48, 64};
    (void)state;
    for (uint8_t hash = FLOE_SDP_HASH_SHA1; hash <= FLOE_SDP_HASH_SHA512; hash++) {
        char buf[256];
        floe_sdp_fingerprint print = {.hash = hash, .size = sizes[hash]};
        floe_sdp_fingerprint again;
        for (uint8_t i = 0; i < print.size; i++) {
            print.value[i] = (uint8_t)(i * 37 + hash);
        }
        floe_writer w = floe_writer_begin((uint8_t *)buf, sizeof buf);
        floe_sdp_fingerprint_put(&w, &print);
        assert_true(floe_writer_is_ok(&w));
        assert_memory_equal(buf, "a=fingerprint:", 14);
        assert_memory_equal(buf + w.len - 2, "\r\n", 2);
        buf[w.len - 2] = '\0';
        assert_int_equal(parse(&again, buf + 14), FLOE_OK);
        assert_memory_equal(&print, &again, sizeof print);
    }
}

static void test_sdp_fingerprint_put_writes_upper_case(void **state)
{
    char buf[128];
    floe_sdp_fingerprint print;
    floe_writer w = floe_writer_begin((uint8_t *)buf, sizeof buf);
    (void)state;
    assert_int_equal(parse(&print, "sha-1 " SHA1), FLOE_OK);
    floe_sdp_fingerprint_put(&w, &print);
    assert_true(
        floe_bytes_equal(floe_writer_view(&w), FLOE_LIT("a=fingerprint:sha-1 " SHA1 "\r\n")));
}

static void test_sdp_names_are_those_of_the_standards(void **state)
{
    (void)state;
    assert_string_equal(floe_sdp_hash_name(FLOE_SDP_HASH_SHA256), "sha-256");
    assert_string_equal(floe_sdp_hash_name(FLOE_SDP_HASH_SHA512), "sha-512");
    assert_string_equal(floe_sdp_setup_name(FLOE_SDP_SETUP_ACTPASS), "actpass");
    assert_string_equal(floe_sdp_setup_name(FLOE_SDP_SETUP_ACTIVE), "active");
    assert_string_equal(floe_sdp_setup_name(FLOE_SDP_SETUP_PASSIVE), "passive");
    assert_string_equal(floe_sdp_setup_name(FLOE_SDP_SETUP_HOLDCONN), "holdconn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdp_fingerprint_reads_the_example_of_rfc_8122),
        cmocka_unit_test(test_sdp_fingerprint_takes_digits_in_any_case),
        cmocka_unit_test(test_sdp_fingerprint_of_another_hash_is_unsupported),
        cmocka_unit_test(test_sdp_fingerprint_refuses_what_is_not_bytes_of_its_length),
        cmocka_unit_test(test_sdp_fingerprint_every_hash_is_written_and_read_back),
        cmocka_unit_test(test_sdp_fingerprint_put_writes_upper_case),
        cmocka_unit_test(test_sdp_names_are_those_of_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
