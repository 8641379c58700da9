/* tests of peer/peer_blob_read.c: blobs into descriptions, and what is not one */
#include "peer/peer_blob_internal.h"

#include <string.h>

#include "base/crc.h"
#include "support/unit.h"

/* A blob in bytes, which tests change. */
typedef struct draft {
    uint8_t bytes[512];
    size_t len;
} draft;

enum { AT_FIRST = 0, AT_FLAGS = 1, AT_PRINT = 2, AT_UFRAG = 34, AT_PWD = 38, AT_CAND = 57 };

static draft make_draft(void)
{
    draft d = {.len = 0};
    floe_writer w = floe_writer_begin(d.bytes, sizeof d.bytes);
    floe_writer_put_u8(&w, BLOB_VERSION << 4);
    floe_writer_put_u8(&w, FLOE_SDP_HASH_SHA256 << 5);
    floe_writer_put_zeros(&w, 32);
    floe_writer_put_u8(&w, 4 << 1);
    floe_writer_put_zeros(&w, 3); /* "AAAA" */
    floe_writer_put_u8(&w, 24 << 1);
    floe_writer_put_zeros(&w, 18);
    floe_writer_put_u32(&w, UINT32_C(0x000a0000)); /* host, 10.0.0.1:1, preference 2 */
    floe_writer_put_u8(&w, 1);
    floe_writer_put_u16(&w, 1);
    floe_writer_put_u16(&w, 2);
    d.len = w.len;
    return d;
}

static const char *why;
static char sdp[4096];

/* With the check value that it should have. */
static floe_err read_draft(draft *d)
{
    char text[768];
    floe_peer_sdp_type type;
    size_t len;
    floe_store_u16(d->bytes + d->len, (uint16_t)floe_crc32c(0, (floe_bytes){d->bytes, d->len}));
    assert_true(floe_peer_blob_encode((floe_bytes){d->bytes, d->len + 2}, text, sizeof text));
    floe_err err = floe_peer_blob_to_sdp(floe_bytes_of(text), &type, (uint8_t *)sdp, sizeof sdp - 1,
                                         &len, &why);
    if (err == FLOE_OK) {
        sdp[len] = '\0';
    }
    return err;
}

static void test_peer_blob_read_writes_a_whole_description(void **state)
{
    draft d = make_draft();
    (void)state;
    assert_int_equal(read_draft(&d), FLOE_OK);
    assert_string_equal(why, "");
    assert_memory_equal(sdp, "v=0\r\n", 5);
    assert_non_null(strstr(sdp, "a=ice-ufrag:AAAA\r\n"));
    assert_non_null(strstr(sdp, "a=setup:actpass\r\n"));
    assert_non_null(strstr(sdp, "a=max-message-size:262144\r\n"));
    assert_non_null(strstr(sdp, "a=candidate:1 1 udp 2113929983 10.0.0.1 1 typ host\r\n"));
    assert_null(strstr(sdp, "end-of-candidates"));
}

static void check_byte(size_t at, uint8_t value, floe_err err)
{
    draft d = make_draft();
    d.bytes[at] = value;
    assert_int_equal(read_draft(&d), err);
    assert_int_equal(why[0] == '\0', err == FLOE_OK);
}

static void test_peer_blob_read_refuses_what_no_description_can_say(void **state)
{
    (void)state;
    check_byte(AT_FIRST, 0x20, FLOE_E_UNSUPPORTED); /* version 2 */
    check_byte(AT_FIRST, 0x16, FLOE_E_MALFORMED);   /* setup holdconn */
    check_byte(AT_FIRST, 0x13, FLOE_OK);            /* active, end of candidates */
    check_byte(AT_FLAGS, 0x61, FLOE_E_MALFORMED);   /* a spare bit */
    check_byte(AT_FLAGS, 0x20, FLOE_E_MALFORMED);   /* SHA-1 */
    check_byte(AT_FLAGS, 0xe0, FLOE_E_MALFORMED);   /* no such hash */
    check_byte(AT_UFRAG, 3 << 1, FLOE_E_MALFORMED);
    check_byte(AT_PWD, 21 << 1, FLOE_E_MALFORMED);
    check_byte(AT_UFRAG, 4 << 1 | 1, FLOE_E_MALFORMED); /* plain zeros */
    check_byte(AT_CAND, 1, FLOE_E_MALFORMED);           /* a spare bit */
    check_byte(AT_CAND, 0x30, FLOE_E_MALFORMED);        /* no such kind of address */
    check_byte(AT_CAND + 6, 0, FLOE_E_MALFORMED);       /* port 0 */
    check_byte(AT_CAND, BLOB_KNOWN, FLOE_E_MALFORMED);  /* of no foundation before it */
}

/* Who makes blobs compares so many, so a reference to one beyond is not of a blob. */
static void test_peer_blob_read_knows_as_many_foundations_as_are_compared(void **state)
{
    (void)state;
    for (uint8_t number = BLOB_FOUNDATION_MAX - 1; number <= BLOB_FOUNDATION_MAX; number++) {
        draft d = make_draft();
        floe_writer w = floe_writer_begin(d.bytes + d.len, sizeof d.bytes - d.len);
        for (unsigned i = 0; i <= BLOB_FOUNDATION_MAX; i++) { /* one each, and one too many */
            floe_writer_put_bytes(&w, (floe_bytes){d.bytes + AT_CAND, d.len - AT_CAND});
        }
        floe_writer_put_bytes(&w, (floe_bytes){d.bytes + AT_CAND, d.len - AT_CAND});
        d.bytes[d.len + w.len - (d.len - AT_CAND)] |= BLOB_KNOWN;
        floe_writer_put_u8(&w, number);
        d.len += w.len;
        assert_int_equal(read_draft(&d), number < BLOB_FOUNDATION_MAX ? FLOE_OK : FLOE_E_MALFORMED);
    }
}

static void test_peer_blob_read_refuses_every_cut(void **state)
{
    draft whole = make_draft();
    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        draft d = whole;
        d.len = len;
        if (len == AT_CAND) {
            assert_int_equal(read_draft(&d), FLOE_OK); /* without candidates it is one, too */
        } else {
            assert_int_equal(read_draft(&d), FLOE_E_MALFORMED);
            assert_true(why[0] != '\0');
        }
    }
}

static void test_peer_blob_read_notices_any_character_that_changed(void **state)
{
    draft d = make_draft();
    char text[512];
    uint8_t buf[2048];
    floe_peer_sdp_type type;
    size_t len;
    (void)state;
    assert_int_equal(read_draft(&d), FLOE_OK);
    assert_true(floe_peer_blob_encode((floe_bytes){d.bytes, d.len + 2}, text, sizeof text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        char before = text[i];
        text[i] = before == 'x' ? 'y' : 'x';
        assert_int_equal(
            floe_peer_blob_to_sdp(floe_bytes_of(text), &type, buf, sizeof buf, &len, &why),
            FLOE_E_MALFORMED);
        text[i] = before;
    }
}

static void test_peer_blob_read_passes_over_white_space(void **state)
{
    draft d = make_draft();
    char text[512], spaced[1024];
    uint8_t one[2048], other[2048];
    floe_peer_sdp_type type;
    size_t one_len, other_len, at = 0;
    (void)state;
    assert_int_equal(read_draft(&d), FLOE_OK);
    assert_true(floe_peer_blob_encode((floe_bytes){d.bytes, d.len + 2}, text, sizeof text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        spaced[at++] = i % 40 == 0 ? '\n' : ' ';
        spaced[at++] = text[i];
    }
    assert_int_equal(
        floe_peer_blob_to_sdp(floe_bytes_of(text), &type, one, sizeof one, &one_len, NULL),
        FLOE_OK);
    assert_int_equal(floe_peer_blob_to_sdp((floe_bytes){(uint8_t *)spaced, at}, &type, other,
                                           sizeof other, &other_len, NULL),
                     FLOE_OK);
    assert_int_equal(one_len, other_len);
    assert_memory_equal(one, other, one_len);
}

static void test_peer_blob_read_of_what_is_no_blob_says_so(void **state)
{
    static const char *const texts[] = {"", " \n", "A", "hello there", "v=0", "AAAAAAAAAAAA"};
    uint8_t buf[512];
    floe_peer_sdp_type type;
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        why = "";
        assert_int_equal(
            floe_peer_blob_to_sdp(floe_bytes_of(texts[i]), &type, buf, sizeof buf, &len, &why),
            FLOE_E_MALFORMED);
        assert_true(why[0] != '\0');
    }
}

static void test_peer_blob_read_says_too_big_for_every_memory_too_small(void **state)
{
    draft d = make_draft();
    char text[512];
    uint8_t buf[2048];
    floe_peer_sdp_type type;
    size_t len, cap = 0;
    (void)state;
    assert_int_equal(read_draft(&d), FLOE_OK);
    assert_true(floe_peer_blob_encode((floe_bytes){d.bytes, d.len + 2}, text, sizeof text));
    while (cap < sizeof buf && floe_peer_blob_to_sdp(floe_bytes_of(text), &type, buf, cap, &len,
                                                     NULL) == FLOE_E_TOO_BIG) {
        cap++;
    }
    assert_int_equal(floe_peer_blob_to_sdp(floe_bytes_of(text), &type, buf, cap, &len, NULL),
                     FLOE_OK);
    assert_in_range(cap, len, len + strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_blob_read_writes_a_whole_description),
        cmocka_unit_test(test_peer_blob_read_refuses_what_no_description_can_say),
        cmocka_unit_test(test_peer_blob_read_knows_as_many_foundations_as_are_compared),
        cmocka_unit_test(test_peer_blob_read_refuses_every_cut),
        cmocka_unit_test(test_peer_blob_read_notices_any_character_that_changed),
        cmocka_unit_test(test_peer_blob_read_passes_over_white_space),
        cmocka_unit_test(test_peer_blob_read_of_what_is_no_blob_says_so),
        cmocka_unit_test(test_peer_blob_read_says_too_big_for_every_memory_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
