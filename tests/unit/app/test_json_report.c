/* tests/unit/app/test_json_report.c - values as JSON, also such as JSON has no words for. */
#include "app/json_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* Compare a value, which is released, with its text. */
static void assert_json(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void test_json_report_text_keeps_utf8_and_replaces_the_rest(void **state)
{
    (void)state;
    assert_json(json_report_text(FLOE_LIT("gr\xc3\xbc\xc3\x9f")), "\"gr\xc3\xbc\xc3\x9f\"");
    assert_json(json_report_text(FLOE_LIT("a\0b")), "\"a\\u0000b\"");
    assert_json(json_report_text((floe_bytes){NULL, 0}), "\"\"");
    assert_json(json_report_text(FLOE_LIT("a\xff\xc3")), "\"a??\"");
    assert_json(json_report_text(FLOE_LIT("\xed\xa0\x80")), "\"???\""); /* a lone surrogate */
}

static void test_json_report_sha256_is_hexadecimal(void **state)
{
    (void)state;
    assert_json(json_report_sha256(FLOE_LIT("abc")),
                "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
}

static void test_json_report_channel_tells_the_limits_that_it_has(void **state)
{
    (void)state;
    floe_dc_info info = {.stream = 3, .is_incoming = true};
    info.options = (floe_dc_options){.label = FLOE_LIT("l"),
                                     .is_unordered = true,
                                     .has_max_retransmits = true,
                                     .max_retransmits = 0};
    json_t *object = json_object();
    json_report_channel(object, &info, false);
    assert_json(object, "{\"label\":\"l\",\"id\":3,\"protocol\":\"\",\"ordered\":false,"
                        "\"maxRetransmits\":0,\"negotiated\":false,\"incoming\":true}");
}

static void test_json_report_channel_has_no_id_before_there_is_one(void **state)
{
    (void)state;
    floe_dc_info info = {.stream = FLOE_STREAM_NONE};
    info.options = (floe_dc_options){.has_lifetime = true, .lifetime_ms = 500};
    json_t *object = json_object();
    json_report_channel(object, &info, true);
    assert_null(json_object_get(object, "id"));
    assert_int_equal(json_integer_value(json_object_get(object, "maxPacketLifeTime")), 500);
    assert_string_equal(json_string_value(json_object_get(object, "state")), "connecting");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_report_text_keeps_utf8_and_replaces_the_rest),
        cmocka_unit_test(test_json_report_sha256_is_hexadecimal),
        cmocka_unit_test(test_json_report_channel_tells_the_limits_that_it_has),
        cmocka_unit_test(test_json_report_channel_has_no_id_before_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
