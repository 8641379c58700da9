/* tests/unit/port/test_rand_os.c */
#include "base/rand_os.h"

#include <string.h>

#include "support/unit.h"

/* 64 equal or 64 zero bytes come once in 2^512 runs. */
static void test_rand_os_fills_every_byte_anew(void **state)
{
    (void)state;
    floe_rand rand = floe_rand_os();
    uint8_t a[64] = {0}, b[64] = {0};
    static const uint8_t zeros[64];
    rand.fill(rand.ctx, a, sizeof a);
    rand.fill(rand.ctx, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, zeros, sizeof a);
    /* Each byte of the buffer becomes something else than zero within 64 tries. */
    uint8_t seen[300] = {0}, part[300];
    for (int i = 0; i < 64; i++) {
        rand.fill(rand.ctx, part, sizeof part);
        for (size_t j = 0; j < sizeof part; j++) {
            seen[j] |= part[j];
        }
    }
    assert_null(memchr(seen, 0, sizeof seen));
}

static void test_rand_os_touches_nothing_beyond_the_length(void **state)
{
    (void)state;
    floe_rand rand = floe_rand_os();
    uint8_t buf[10] = {0};
    for (int i = 0; i < 64; i++) {
        rand.fill(rand.ctx, buf, 8);
        rand.fill(rand.ctx, buf + 10, 0);
    }
    assert_int_equal(buf[8] | buf[9], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rand_os_fills_every_byte_anew),
        cmocka_unit_test(test_rand_os_touches_nothing_beyond_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
