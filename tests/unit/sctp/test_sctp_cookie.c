/* Tests of sctp/sctp_cookie.c. */
#include "sctp/sctp_cookie.h"

#include "support/unit.h"

#include <string.h>

static const uint8_t secret[FLOE_SCTP_COOKIE_SECRET] = {1, 2, 3};

static floe_sctp_cookie make(void)
{
    return (floe_sctp_cookie){.created = 0x0102030405060708u,
                              .local_tag = 1,
                              .peer_tag = 2,
                              .local_tsn = 3,
                              .peer_tsn = 4,
                              .local_tie = 5,
                              .peer_tie = 6,
                              .peer_rwnd = 7,
                              .peer_out_streams = 8,
                              .peer_in_streams = 9,
                              .local_port = 5000,
                              .remote_port = 5001,
                              .has_forward_tsn = 1,
                              .has_reconfig = 0};
}

static void test_sctp_cookie_comes_back_as_it_was_made(void **state)
{
    (void)state;
    uint8_t bytes[FLOE_SCTP_COOKIE_SIZE];
    floe_sctp_cookie in = make();
    floe_sctp_cookie out;
    memset(&out, 0xFF, sizeof out);
    floe_sctp_cookie_put(&in, secret, bytes);
    floe_err err = floe_sctp_cookie_parse(&out, secret, (floe_bytes){bytes, sizeof bytes});
    assert_int_equal(err, FLOE_OK);
    assert_true(in.created == out.created);
    assert_int_equal(in.local_tag, out.local_tag);
    assert_int_equal(in.peer_tag, out.peer_tag);
    assert_int_equal(in.local_tsn, out.local_tsn);
    assert_int_equal(in.peer_tsn, out.peer_tsn);
    assert_int_equal(in.local_tie, out.local_tie);
    assert_int_equal(in.peer_tie, out.peer_tie);
    assert_int_equal(in.peer_rwnd, out.peer_rwnd);
    assert_int_equal(in.peer_out_streams, out.peer_out_streams);
    assert_int_equal(in.peer_in_streams, out.peer_in_streams);
    assert_int_equal(in.local_port, out.local_port);
    assert_int_equal(in.remote_port, out.remote_port);
    assert_int_equal(in.has_forward_tsn, out.has_forward_tsn);
    assert_int_equal(in.has_reconfig, out.has_reconfig);
}

static void test_sctp_cookie_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    /* dcSCTP 805cf73: a forged cookie changed the capabilities. */
    uint8_t bytes[FLOE_SCTP_COOKIE_SIZE];
    floe_sctp_cookie in = make();
    floe_sctp_cookie out;
    floe_sctp_cookie_put(&in, secret, bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        floe_err err = floe_sctp_cookie_parse(&out, secret, (floe_bytes){bytes, sizeof bytes});
        assert_int_equal(err, FLOE_E_AUTH);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_sctp_cookie_of_another_length_or_secret_is_refused(void **state)
{
    (void)state;
    static const uint8_t other[FLOE_SCTP_COOKIE_SECRET] = {1, 2, 4};
    uint8_t bytes[FLOE_SCTP_COOKIE_SIZE + 1] = {0};
    floe_sctp_cookie in = make();
    floe_sctp_cookie out;
    floe_sctp_cookie_put(&in, secret, bytes);
    floe_err err = floe_sctp_cookie_parse(&out, other, (floe_bytes){bytes, sizeof bytes - 1});
    assert_int_equal(err, FLOE_E_AUTH);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        err = floe_sctp_cookie_parse(&out, secret, (floe_bytes){bytes, len});
        assert_int_equal(err, len == FLOE_SCTP_COOKIE_SIZE ? FLOE_OK : FLOE_E_AUTH);
    }
}

static void test_sctp_cookie_holds_nothing_but_numbers_of_the_association(void **state)
{
    (void)state;
    /* CVE-2020-6514: a pointer in the cookie told the peer where memory lies. Two cookies of equal
     * content, made at different places, are equal. */
    uint8_t a[FLOE_SCTP_COOKIE_SIZE];
    static uint8_t b[FLOE_SCTP_COOKIE_SIZE];
    floe_sctp_cookie on_stack = make();
    static floe_sctp_cookie elsewhere;
    elsewhere = make();
    floe_sctp_cookie_put(&on_stack, secret, a);
    floe_sctp_cookie_put(&elsewhere, secret, b);
    assert_memory_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_cookie_comes_back_as_it_was_made),
        cmocka_unit_test(test_sctp_cookie_with_any_bit_changed_is_refused),
        cmocka_unit_test(test_sctp_cookie_of_another_length_or_secret_is_refused),
        cmocka_unit_test(test_sctp_cookie_holds_nothing_but_numbers_of_the_association),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
