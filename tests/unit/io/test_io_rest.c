/*
 * Tests of io/io_rest.c: when pages go back, by an association in virtual time whose buffers are
 * pages of the test's own. The system's answer to madvise() is seen in them: they are zero.
 */
#include "io/io_rest.h"

#include <string.h>
#include <sys/mman.h>

#include "support/sctp_pair.h"
#include "support/unit.h"

#define PAGES ((size_t)64 * 4096)

static uint8_t *memory;
static sctp_pair *pair;
static floe_io_rest idle;

static int set_up(void **state)
{
    (void)state;
    memory = mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return -1;
    }
    memset(memory, 0xA5, PAGES);
    pair = sctp_pair_new(&(sctp_pair_options){.seed = 1});
    sctp_pair_connect(pair);
    sctp_pair_run_for(pair, FLOE_SECOND);
    floe_io_rest_init(&idle, (floe_span){memory, PAGES}, sctp_pair_assoc(pair, 0));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sctp_pair_free(pair);
    return munmap(memory, PAGES);
}

static void look(void)
{
    floe_io_rest_look(&idle, sctp_pair_assoc(pair, 0), pair->now);
}

static floe_time deadline(void)
{
    return floe_io_rest_deadline(&idle, pair->now);
}

static void say(int from)
{
    floe_sctp_send message = {.stream = 1, .data = FLOE_LIT("text")};
    assert_int_equal(sctp_pair_send(pair, from, &message), FLOE_OK);
    sctp_pair_drain(pair);
}

static bool is_given_back(void)
{
    return memory[0] == 0 && memory[PAGES / 2] == 0 && memory[PAGES - 1] == 0;
}

static void test_io_rest_gives_pages_back_after_a_quiet_second(void **state)
{
    (void)state;
    say(0);
    look();
    assert_true(deadline() == pair->now + FLOE_IO_REST_AFTER);
    sctp_pair_run_for(pair, FLOE_IO_REST_AFTER - 1);
    look();
    assert_false(is_given_back());
    assert_false(floe_io_rest_is(&idle));
    sctp_pair_run_for(pair, 1);
    look();
    assert_true(is_given_back());
    assert_true(floe_io_rest_is(&idle));
    assert_true(deadline() == FLOE_TIME_NEVER);
}

static void test_io_rest_asks_for_no_wake_where_nothing_was_said(void **state)
{
    (void)state;
    look();
    assert_true(deadline() == FLOE_TIME_NEVER);
    sctp_pair_run_for(pair, 100 * FLOE_SECOND);
    look();
    assert_true(deadline() == FLOE_TIME_NEVER);
    assert_false(is_given_back());
}

static void test_io_rest_begins_to_count_anew_with_each_message(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        say(i % 2);
        sctp_pair_run_for(pair, FLOE_IO_REST_AFTER / 2);
        look();
        assert_false(is_given_back());
    }
    assert_true(deadline() == pair->now + FLOE_IO_REST_AFTER);
}

static void test_io_rest_does_not_ask_again_to_be_woken_for_what_is_not_read(void **state)
{
    (void)state;
    pair->end[0].is_deaf = true;
    say(1);
    sctp_pair_run_for(pair, 100 * FLOE_MS);
    look();
    sctp_pair_run_for(pair, FLOE_IO_REST_AFTER);
    look();
    assert_true(deadline() == FLOE_TIME_NEVER);
    assert_false(is_given_back());
    pair->end[0].is_deaf = false;
    sctp_pair_drain(pair);
    look();
    assert_true(is_given_back());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_io_rest_gives_pages_back_after_a_quiet_second, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_io_rest_asks_for_no_wake_where_nothing_was_said,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_io_rest_begins_to_count_anew_with_each_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_io_rest_does_not_ask_again_to_be_woken_for_what_is_not_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
