/* tests of peer/peer_blob_text.c: base64url, ICE characters in six bits, numbers of any size */
#include "peer/peer_blob_internal.h"

#include <string.h>

#include "support/unit.h"

static void check_text(const char *bytes, size_t len, const char *expected)
{
    char text[64];
    uint8_t back[64];
    size_t back_len;
    assert_true(
        floe_peer_blob_encode((floe_bytes){(const uint8_t *)bytes, len}, text, sizeof text));
    assert_string_equal(text, expected);
    assert_null(floe_peer_blob_decode(floe_bytes_of(text), back, &back_len));
    assert_int_equal(back_len, len);
    assert_memory_equal(back, bytes, len);
}

/* RFC 4648 section 10, without padding; and what only its section 5 has. */
static void test_peer_blob_text_is_base64url(void **state)
{
    (void)state;
    check_text("", 0, "");
    check_text("f", 1, "Zg");
    check_text("fo", 2, "Zm8");
    check_text("foo", 3, "Zm9v");
    check_text("foob", 4, "Zm9vYg");
    check_text("fooba", 5, "Zm9vYmE");
    check_text("\xfb\xff\xbf", 3, "-_-_");
}

static void test_peer_blob_text_has_room_for_the_end_or_is_refused(void **state)
{
    char text[8];
    (void)state;
    assert_false(floe_peer_blob_encode(FLOE_LIT("foob"), text, 6));
    assert_true(floe_peer_blob_encode(FLOE_LIT("foob"), text, 7));
    assert_false(floe_peer_blob_encode(FLOE_LIT(""), text, 0));
}

static void test_peer_blob_text_encodes_in_place(void **state)
{
    char text[17];
    (void)state;
    memcpy(text + 5, "foobarfoobar", 12);
    assert_true(floe_peer_blob_encode((floe_bytes){(uint8_t *)text + 5, 12}, text, sizeof text));
    assert_string_equal(text, "Zm9vYmFyZm9vYmFy");
}

static void test_peer_blob_text_refuses_other_characters_and_spare_bits(void **state)
{
    static const char *const texts[] = {"Zg==", "Zm8=", "Zm+v", "Zm/v", "Z", "Zm9vY", "Zh", "Zm9"};
    uint8_t out[16];
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_non_null(floe_peer_blob_decode(floe_bytes_of(texts[i]), out, &len));
    }
}

static void test_peer_blob_text_packs_four_characters_in_three_bytes(void **state)
{
    uint8_t bytes[8], text[8];
    (void)state;
    for (size_t count = 0; count <= 6; count++) {
        floe_writer w = floe_writer_begin(bytes, sizeof bytes);
        floe_peer_blob_pack(&w, (floe_bytes){(const uint8_t *)"aZ09+/", count});
        assert_int_equal(w.len, (count * 6 + 7) / 8);
        assert_true(floe_peer_blob_unpack(floe_writer_view(&w), count, text));
        assert_memory_equal(text, "aZ09+/", count);
    }
    bytes[0] = 1; /* a spare bit: one text has one form */
    assert_false(floe_peer_blob_unpack((floe_bytes){bytes, 1}, 1, text));
    assert_int_equal(floe_peer_blob_ice_value('-'), -1);
}

static void test_peer_blob_text_numbers_of_any_size(void **state)
{
    static const uint64_t values[] = {0, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    uint8_t bytes[16];
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        floe_writer w = floe_writer_begin(bytes, sizeof bytes);
        floe_peer_blob_put_number(&w, values[i]);
        floe_reader r = floe_reader_begin(floe_writer_view(&w));
        assert_true(floe_peer_blob_get_number(&r) == values[i]);
        assert_true(floe_reader_is_ok(&r) && r.left == 0);
    }
}

static void test_peer_blob_text_number_over_64_bits_or_without_end_fails(void **state)
{
    static const uint8_t over[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 2};
    static const uint8_t endless[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0};
    static const uint8_t cut[] = {255};
    const floe_bytes all[] = {{over, sizeof over}, {endless, sizeof endless}, {cut, sizeof cut}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        floe_reader r = floe_reader_begin(all[i]);
        (void)floe_peer_blob_get_number(&r);
        assert_false(floe_reader_is_ok(&r));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_blob_text_is_base64url),
        cmocka_unit_test(test_peer_blob_text_has_room_for_the_end_or_is_refused),
        cmocka_unit_test(test_peer_blob_text_encodes_in_place),
        cmocka_unit_test(test_peer_blob_text_refuses_other_characters_and_spare_bits),
        cmocka_unit_test(test_peer_blob_text_packs_four_characters_in_three_bytes),
        cmocka_unit_test(test_peer_blob_text_numbers_of_any_size),
        cmocka_unit_test(test_peer_blob_text_number_over_64_bits_or_without_end_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
