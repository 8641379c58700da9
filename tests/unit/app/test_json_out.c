/* tests/unit/app/test_json_out.c - lines into pipes that are slow, full, or gone. */
#include "app/json_out.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    int pipe[2];
    json_out out;
} fixture;

static int setup(void **state)
{
    static fixture f;
    *state = &f;
    signal(SIGPIPE, SIG_IGN);
    return floe_loop_open(&f.loop) == FLOE_OK && pipe(f.pipe) == 0 &&
                   fcntl(f.pipe[0], F_SETFL, O_NONBLOCK) == 0 &&
                   json_out_open(&f.out, f.loop, f.pipe[1]) == FLOE_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    json_out_close(&f->out);
    close(f->pipe[0]);
    close(f->pipe[1]);
    floe_loop_close(f->loop);
    return 0;
}

static void put_number(fixture *f, int number)
{
    json_out_put(&f->out, json_pack("{s:i}", "n", number));
}

static void test_json_out_writes_one_line_a_value(void **state)
{
    fixture *f = *state;
    char text[64] = "";
    put_number(f, 1);
    json_out_put(&f->out, json_pack("{s:s%}", "text", "a\0b\n", (size_t)4));
    json_out_flush(&f->out);
    assert_true(read(f->pipe[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "{\"n\":1}\n{\"text\":\"a\\u0000b\\n\"}\n");
    assert_int_equal(json_out_get_waiting(&f->out), 0);
}

static void test_json_out_keeps_what_a_full_pipe_does_not_take(void **state)
{
    fixture *f = *state;
    enum { COUNT = 50000 };
    char block[4096];
    int lines = 0;
    for (int i = 0; i < COUNT; i++) {
        put_number(f, i);
        json_out_flush(&f->out); /* the descriptor blocks: to wait would be for ever */
    }
    assert_true(json_out_get_waiting(&f->out) > 0);
    for (int round = 0; round < 10 * COUNT && lines < COUNT; round++) {
        ssize_t n = read(f->pipe[0], block, sizeof block);
        for (ssize_t i = 0; i < n; i++) {
            lines += block[i] == '\n';
        }
        floe_loop_wait(f->loop, 0);
    }
    assert_int_equal(lines, COUNT);
    assert_int_equal(json_out_get_waiting(&f->out), 0);
}

static void test_json_out_sleeps_while_the_pipe_is_full(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 50000; i++) {
        put_number(f, i);
    }
    json_out_flush(&f->out);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 20);
    assert_in_range(floe_loop_now(f->loop) - start, 19 * FLOE_MS, 5 * FLOE_SECOND);
}

static void test_json_out_is_dead_once_the_reader_is_gone(void **state)
{
    fixture *f = *state;
    close(f->pipe[0]);
    assert_false(json_out_is_dead(&f->out));
    put_number(f, 1);
    json_out_flush(&f->out);
    assert_true(json_out_is_dead(&f->out));
    put_number(f, 2);
    assert_int_equal(json_out_get_waiting(&f->out), 0);
    f->pipe[0] = dup(f->pipe[1]);
}

static void test_json_out_writes_to_a_file(void **state)
{
    fixture *f = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    json_out out;
    assert_int_equal(json_out_open(&out, f->loop, fileno(file)), FLOE_OK);
    json_out_put(&out, json_pack("{s:i}", "n", 7));
    json_out_flush(&out);
    json_out_close(&out);
    char text[64] = "";
    rewind(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_string_equal(text, "{\"n\":7}\n");
    fclose(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_json_out_writes_one_line_a_value),
        TEST(test_json_out_keeps_what_a_full_pipe_does_not_take),
        TEST(test_json_out_sleeps_while_the_pipe_is_full),
        TEST(test_json_out_is_dead_once_the_reader_is_gone),
        TEST(test_json_out_writes_to_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
