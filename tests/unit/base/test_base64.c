/* tests/unit/base/test_base64.c - RFC 4648 section 10's vectors, and what is refused. */
#include "base/base64.h"

#include <string.h>

#include "support/unit.h"

/* Both ways. */
static void assert_decodes(const char *text, const char *expected)
{
    uint8_t out[64];
    size_t len;
    assert_true(FLOE_BASE64_DECODED_MAX(strlen(text)) <= sizeof out);
    assert_int_equal(floe_base64_decode(floe_bytes_of(text), out, &len), FLOE_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_base64_put(&w, floe_bytes_of(expected));
    assert_int_equal(w.len, FLOE_BASE64_SIZE(len));
    assert_true(floe_bytes_equal(floe_writer_view(&w), floe_bytes_of(text)));
}

static void test_base64_has_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    assert_decodes("", "");
    assert_decodes("Zg==", "f");
    assert_decodes("Zm8=", "fo");
    assert_decodes("Zm9v", "foo");
    assert_decodes("Zm9vYg==", "foob");
    assert_decodes("Zm9vYmE=", "fooba");
    assert_decodes("Zm9vYmFy", "foobar");
    assert_decodes("++//+w==", "\xfb\xef\xff\xfb");
}

static void test_base64_refuses_what_is_not_base64(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Z",    "Zg",   "Zg=",      "Zm9v=", "=",    "====",   "Z===",
        "Zh==", "Zm9=", "Zg==Zg==", "Zm 9",  "Zm-_", "Zm9v\n", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t out[64];
        size_t len;
        if (floe_base64_decode(floe_bytes_of(wrong[i]), out, &len) != FLOE_E_MALFORMED) {
            fail_msg("\"%s\" is taken", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_has_the_vectors_of_rfc_4648),
        cmocka_unit_test(test_base64_refuses_what_is_not_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
