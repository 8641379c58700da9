/* tests/unit/dtls/test_dtls_flight.c - the datagrams that wait to be sent. */
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/unit.h"

static floe_dtls_conn conn;
static uint8_t out[4096];

static int set_up(void **state)
{
    (void)state;
    memset(&conn, 0, sizeof conn);
    conn.mtu = 1200;
    return 0;
}

static bool put(uint8_t fill, size_t len)
{
    uint8_t records[4096];

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
    assert_true(put('a', 1000));
    assert_true(put('b', 900));
    assert_int_equal(get(), 1000);
    assert_int_equal(out[0], 'a');
    assert_int_equal(out[999], 'a');
    assert_int_equal(get(), 900);
    assert_int_equal(out[0], 'b');
    assert_int_equal(get(), 0);
}

static void test_dtls_flight_joins_small_records_up_to_the_mtu(void **state)
{
    (void)state;
    assert_true(put('a', 600));
    assert_true(put('b', 500));
    assert_true(put('c', 100)); /* 1200: just fits */
    assert_true(put('d', 1));
    assert_int_equal(get(), 1200);
    assert_int_equal(out[599], 'a');
    assert_int_equal(out[600], 'b');
    assert_int_equal(out[1199], 'c');
    assert_int_equal(get(), 1);
    assert_int_equal(out[0], 'd');
}

static void test_dtls_flight_joins_to_the_newest_datagram_after_older_ones_are_gone(void **state)
{
    (void)state;
    assert_true(put('a', 1200));
    assert_true(put('b', 100));
    assert_int_equal(get(), 1200);
    assert_true(put('c', 100));
    assert_int_equal(get(), 200);
    assert_int_equal(out[0], 'b');
    assert_int_equal(out[100], 'c');
}

static void test_dtls_flight_loses_what_does_not_fit(void **state)
{
    unsigned count = 0;
    (void)state;
    while (put((uint8_t)count, 1200)) {
        count++;
    }
    assert_int_equal(count, FLOE_DTLS_FLIGHT_MAX / 1202);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(get(), 1200);
        assert_int_equal(out[0], i);
    }
    assert_int_equal(get(), 0);
}

static void test_dtls_flight_refuses_more_than_the_mtu(void **state)
{
    (void)state;
    assert_false(put('a', 1201));
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

static void test_dtls_flight_keeps_its_content_when_it_moves(void **state)
{
    uint8_t next_put = 0, next_get = 0;
    (void)state;
    for (int round = 0; round < 100; round++) {
        while (put(next_put, 700u + next_put % 500u)) {
            next_put++;
        }
        for (int i = 0; i < 3; i++) {
            assert_int_equal(get(), 700u + next_get % 500u);
            assert_int_equal(out[0], next_get);
            assert_int_equal(out[600], next_get);
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
        cmocka_unit_test_setup(test_dtls_flight_loses_what_does_not_fit, set_up),
        cmocka_unit_test_setup(test_dtls_flight_refuses_more_than_the_mtu, set_up),
        cmocka_unit_test_setup(test_dtls_flight_keeps_a_datagram_for_which_the_buffer_is_too_small,
                               set_up),
        cmocka_unit_test_setup(test_dtls_flight_keeps_its_content_when_it_moves, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
