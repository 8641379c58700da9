/* tests/unit/app/test_json_in.c - lines out of pipes and files. */
#include "app/json_in.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    int pipe[2];
    json_in in;
} fixture;

static int setup(void **state)
{
    static fixture f;
    *state = &f;
    return floe_loop_open(&f.loop) == FLOE_OK && pipe(f.pipe) == 0 &&
                   fcntl(f.pipe[1], F_SETFL, O_NONBLOCK) == 0 &&
                   json_in_open(&f.in, f.loop, f.pipe[0]) == FLOE_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    json_in_close(&f->in);
    close(f->pipe[0]);
    close(f->pipe[1]);
    floe_loop_close(f->loop);
    return 0;
}

static void put(const fixture *f, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(write(f->pipe[1], text, len), (int)len);
}

static void expect_line(json_in *in, const char *expected)
{
    floe_bytes line;
    assert_int_equal(json_in_next(in, &line), JSON_IN_LINE);
    assert_int_equal(line.len, strlen(expected));
    assert_memory_equal(line.ptr, expected, line.len);
}

static void expect(json_in *in, json_in_result expected)
{
    floe_bytes line;
    assert_int_equal(json_in_next(in, &line), expected);
}

static void test_json_in_gives_the_lines_one_by_one(void **state)
{
    fixture *f = *state;
    put(f, "one\n\ntwo\nthr");
    floe_loop_wait(f->loop, 1000);
    expect_line(&f->in, "one");
    expect_line(&f->in, "");
    expect_line(&f->in, "two");
    expect(&f->in, JSON_IN_NONE);
    put(f, "ee\n");
    floe_loop_wait(f->loop, 1000);
    expect_line(&f->in, "three");
    expect(&f->in, JSON_IN_NONE);
}

static void test_json_in_counts_a_last_line_without_end(void **state)
{
    fixture *f = *state;
    put(f, "one\nlast");
    close(f->pipe[1]);
    floe_loop_wait(f->loop, 1000);
    expect_line(&f->in, "one");
    expect(&f->in, JSON_IN_NONE);
    floe_loop_wait(f->loop, 1000);
    expect_line(&f->in, "last");
    expect(&f->in, JSON_IN_END);
    expect(&f->in, JSON_IN_END);
    f->pipe[1] = dup(f->pipe[0]);
}

static void test_json_in_stops_reading_while_a_line_waits(void **state)
{
    fixture *f = *state;
    char block[4096];
    memset(block, '\n', sizeof block);
    size_t written = 0;
    for (int round = 0; round < 1000; round++) {
        ssize_t n = write(f->pipe[1], block, sizeof block);
        written += n > 0 ? (size_t)n : 0;
        floe_loop_wait(f->loop, 0);
    }
    assert_true(written < (size_t)256 * 1024); /* one chunk and a full pipe, not 4 MiB */
}

/* Feed a line of `size` bytes without its end, taking lines as a program would. */
static void feed(fixture *f, size_t size)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    while (size > 0) {
        ssize_t n = write(f->pipe[1], block, size < sizeof block ? size : sizeof block);
        size -= n > 0 ? (size_t)n : 0;
        floe_loop_wait(f->loop, 0);
        expect(&f->in, JSON_IN_NONE);
    }
}

static void test_json_in_drops_a_line_that_is_too_long_and_goes_on(void **state)
{
    fixture *f = *state;
    feed(f, JSON_IN_LINE_MAX + 1);
    put(f, "\nshort\n");
    floe_loop_wait(f->loop, 1000);
    expect(&f->in, JSON_IN_TOO_LONG);
    expect_line(&f->in, "short");
    assert_true(f->in.cap <= 4 * JSON_IN_LINE_MAX);
}

static void test_json_in_does_not_grow_without_bound_where_nobody_takes_lines(void **state)
{
    fixture *f = *state;
    static char block[65536];
    memset(block, 'x', sizeof block);
    for (size_t i = 0; i < 4 * JSON_IN_LINE_MAX / sizeof block; i++) {
        (void)!write(f->pipe[1], block, sizeof block);
        floe_loop_wait(f->loop, 0);
    }
    assert_true(f->in.cap <= 4 * JSON_IN_LINE_MAX);
}

static void test_json_in_reads_a_file_without_the_loop(void **state)
{
    fixture *f = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs("one\ntwo", file);
    rewind(file);
    json_in in;
    assert_int_equal(json_in_open(&in, f->loop, fileno(file)), FLOE_OK);
    expect_line(&in, "one");
    expect_line(&in, "two");
    expect(&in, JSON_IN_END);
    json_in_close(&in);
    fclose(file);
}

static void test_json_in_refuses_a_closed_descriptor(void **state)
{
    fixture *f = *state;
    json_in in;
    assert_int_equal(json_in_open(&in, f->loop, -1), FLOE_E_ARG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_json_in_gives_the_lines_one_by_one),
        TEST(test_json_in_counts_a_last_line_without_end),
        TEST(test_json_in_stops_reading_while_a_line_waits),
        TEST(test_json_in_drops_a_line_that_is_too_long_and_goes_on),
        TEST(test_json_in_does_not_grow_without_bound_where_nobody_takes_lines),
        TEST(test_json_in_reads_a_file_without_the_loop),
        TEST(test_json_in_refuses_a_closed_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
