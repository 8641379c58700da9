/* tests/unit/dtls/test_dtls_flight.c - the datagrams that wait to be sent. */
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/unit.h"

#define MTU (FLOE_DTLS_FLIGHT_MAX / 3u - 2u) /* three of the largest datagrams, and no more */

static floe_dtls_conn conn;
static uint8_t out[FLOE_DTLS_FLIGHT_MAX];

static int set_up(void **state)
{
    (void)state;
    memset(&conn, 0, sizeof conn);
    conn.mtu = MTU;
    return 0;
}

static bool put(uint8_t fill, size_t len)
{
    uint8_t records[FLOE_DTLS_FLIGHT_MAX];

    memset(records, fill, sizeof records);
    return floe_dtls_flight_put(&conn, (floe_bytes){records, len});
}

static size_t get(void)
{
    size_t len = 0;

    return floe_dtls_flight_get(&conn, out, sizeof out, &len) ? len : 0;
}

static void test_dtls_flight_gives_datagrams_in_order(void **state)
{
    (void)state;
    assert_int_equal(get(), 0);
    assert_true(put('a', MTU - 1));
    assert_true(put('b', MTU - 7));
    assert_int_equal(get(), MTU - 1);
    assert_int_equal(out[0], 'a');
    assert_int_equal(out[MTU - 2], 'a');
    assert_int_equal(get(), MTU - 7);
    assert_int_equal(out[0], 'b');
    assert_int_equal(get(), 0);
}

static void test_dtls_flight_joins_small_records_up_to_the_mtu(void **state)
{
    (void)state;
    assert_true(put('a', MTU - 60));
    assert_true(put('b', 50));
    assert_true(put('c', 10)); /* just fits */
    assert_true(put('d', 1));
    assert_int_equal(get(), MTU);
    assert_int_equal(out[MTU - 61], 'a');
    assert_int_equal(out[MTU - 60], 'b');
    assert_int_equal(out[MTU - 1], 'c');
    assert_int_equal(get(), 1);
    assert_int_equal(out[0], 'd');
}

static void test_dtls_flight_joins_to_the_newest_datagram_after_older_ones_are_gone(void **state)
{
    (void)state;
    assert_true(put('a', MTU));
    assert_true(put('b', 100));
    assert_int_equal(get(), MTU);
    assert_true(put('c', 100));
    assert_int_equal(get(), 200);
    assert_int_equal(out[0], 'b');
    assert_int_equal(out[100], 'c');
}

static void test_dtls_flight_joins_nothing_to_a_datagram_that_is_gone(void **state)
{
    (void)state;
    assert_true(put('a', 100));
    assert_int_equal(get(), 100);
    assert_true(put('b', 100));
    assert_int_equal(get(), 100);
    assert_int_equal(out[0], 'b');
}

static void test_dtls_flight_loses_what_does_not_fit(void **state)
{
    unsigned count = 0;
    (void)state;
    while (put((uint8_t)count, MTU)) {
        count++;
    }
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(get(), MTU);
        assert_int_equal(out[0], i);
    }
    assert_int_equal(get(), 0);
}

static void test_dtls_flight_refuses_more_than_the_mtu(void **state)
{
    (void)state;
    assert_false(put('a', MTU + 1));
    assert_int_equal(get(), 0);
}

static void test_dtls_flight_keeps_a_datagram_for_which_the_buffer_is_too_small(void **state)
{
    size_t len = 0;
    (void)state;
    assert_true(put('a', 100));
    assert_false(floe_dtls_flight_get(&conn, out, 99, &len));
    assert_int_equal(get(), 100);
}

static size_t get_size(uint8_t number)
{
    return MTU / 2 + 1 + number % (MTU / 2);
}

static void test_dtls_flight_keeps_its_content_when_it_moves(void **state)
{
    uint8_t next_put = 0, next_get = 0;
    (void)state;
    for (int round = 0; round < 200; round++) {
        while (put(next_put, get_size(next_put))) {
            next_put++;
        }
        for (int i = 0; i < 2; i++) {
            size_t size = get_size(next_get);
            assert_int_equal(get(), size);
            assert_int_equal(out[0], next_get);
            assert_int_equal(out[size - 1], next_get);
            next_get++;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_dtls_flight_gives_datagrams_in_order, set_up),
        cmocka_unit_test_setup(test_dtls_flight_joins_small_records_up_to_the_mtu, set_up),
        cmocka_unit_test_setup(
            test_dtls_flight_joins_to_the_newest_datagram_after_older_ones_are_gone, set_up),
        cmocka_unit_test_setup(test_dtls_flight_joins_nothing_to_a_datagram_that_is_gone, set_up),
        cmocka_unit_test_setup(test_dtls_flight_loses_what_does_not_fit, set_up),
        cmocka_unit_test_setup(test_dtls_flight_refuses_more_than_the_mtu, set_up),
        cmocka_unit_test_setup(test_dtls_flight_keeps_a_datagram_for_which_the_buffer_is_too_small,
                               set_up),
        cmocka_unit_test_setup(test_dtls_flight_keeps_its_content_when_it_moves, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
