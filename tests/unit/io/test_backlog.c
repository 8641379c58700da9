/* tests/unit/io/test_backlog.c - the queue of bytes in front of a socket. */
#include "io/backlog.h"

#include <string.h>

#include "support/unit.h"

#define SIZE 64u

static uint8_t memory[SIZE];
static floe_backlog backlog;

static int set_up(void **state)
{
    (void)state;
    floe_backlog_init(&backlog, (floe_span){memory, sizeof memory});
    return 0;
}

static bool put(uint8_t fill, size_t len)
{
    uint8_t *to = floe_backlog_reserve(&backlog, len);
    if (to == NULL) {
        return false;
    }
    memset(to, fill, len);
    floe_backlog_put(&backlog, len);
    return true;
}

static void test_backlog_gives_bytes_in_order(void **state)
{
    (void)state;
    assert_int_equal(floe_backlog_get(&backlog).len, 0);
    assert_true(put('a', 10));
    assert_true(put('b', 5));
    floe_bytes left = floe_backlog_get(&backlog);
    assert_int_equal(left.len, 15);
    assert_memory_equal(left.ptr, "aaaaaaaaaabbbbb", 15);
    floe_backlog_remove(&backlog, 11);
    left = floe_backlog_get(&backlog);
    assert_int_equal(left.len, 4);
    assert_memory_equal(left.ptr, "bbbb", 4);
    assert_int_equal(floe_backlog_room(&backlog), SIZE - 4);
}

static void test_backlog_is_filled_to_the_last_byte_and_no_further(void **state)
{
    (void)state;
    assert_true(put('a', SIZE));
    assert_int_equal(floe_backlog_room(&backlog), 0);
    assert_false(put('b', 1));
    floe_backlog_remove(&backlog, 1);
    assert_false(put('b', 2));
    assert_true(put('b', 1));
    assert_int_equal(floe_backlog_get(&backlog).ptr[SIZE - 1], 'b');
}

static void test_backlog_takes_less_than_was_reserved(void **state)
{
    (void)state;
    uint8_t *to = floe_backlog_reserve(&backlog, 30);
    memset(to, 'a', 30);
    floe_backlog_put(&backlog, 20);
    assert_int_equal(floe_backlog_get(&backlog).len, 20);
    assert_ptr_equal(floe_backlog_reserve(&backlog, 1), to + 20);
}

/* Round and round: what waits lies in one piece all the time. */
static void test_backlog_never_mixes_up_what_passes_through(void **state)
{
    (void)state;
    uint8_t in = 0, out = 0;
    for (size_t i = 0; i < 5000; i++) {
        for (size_t n = 0; n < i % 13 && put(in, 1); n++) {
            in++;
        }
        floe_bytes left = floe_backlog_get(&backlog);
        size_t taken = left.len < i % 11 ? left.len : i % 11;
        for (size_t n = 0; n < taken; n++) {
            assert_int_equal(left.ptr[n], out++);
        }
        floe_backlog_remove(&backlog, taken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_backlog_gives_bytes_in_order, set_up),
        cmocka_unit_test_setup(test_backlog_is_filled_to_the_last_byte_and_no_further, set_up),
        cmocka_unit_test_setup(test_backlog_takes_less_than_was_reserved, set_up),
        cmocka_unit_test_setup(test_backlog_never_mixes_up_what_passes_through, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
