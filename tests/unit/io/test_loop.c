/* tests/unit/io/test_loop.c - watches and timers: who runs, in which order, and who may go. */
#include "io/loop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    int pipes[2][2]; /* [which][0: read, 1: write] */
    floe_watch watches[2];
    floe_timer timers[2];
    int watch_runs[2], last_events;
    int due_runs[2], prepare_runs, woke_runs;
    bool was_woken_first;
} fixture;

static int index_of(const fixture *f, const floe_watch *watch)
{
    return watch == &f->watches[1];
}

static void count_watch(floe_watch *watch, int events)
{
    fixture *f = watch->ctx;
    f->watch_runs[index_of(f, watch)]++;
    f->last_events = events;
    f->was_woken_first = f->woke_runs > 0;
}

static void remove_both(floe_watch *watch, int events)
{
    fixture *f = watch->ctx;
    count_watch(watch, events);
    floe_loop_remove(f->loop, &f->watches[0]);
    floe_loop_remove(f->loop, &f->watches[1]);
    memset(f->watches, 0xff, sizeof f->watches); /* their memory may be used for something else */
}

static void pause_both(floe_watch *watch, int events)
{
    fixture *f = watch->ctx;
    count_watch(watch, events);
    floe_loop_change(f->loop, &f->watches[0], 0);
    floe_loop_change(f->loop, &f->watches[1], 0);
}

static void count_due(floe_timer *timer, floe_time now)
{
    fixture *f = timer->ctx;
    f->due_runs[timer == &f->timers[1]]++;
    assert_true(timer->at == FLOE_TIME_NEVER);
    assert_true(now == floe_loop_now(f->loop));
}

static void again_at_once(floe_timer *timer, floe_time now)
{
    count_due(timer, now);
    timer->at = 0;
}

static void remove_both_timers(floe_timer *timer, floe_time now)
{
    fixture *f = timer->ctx;
    count_due(timer, now);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
    floe_loop_remove_timer(f->loop, &f->timers[1]);
    memset(f->timers, 0xff, sizeof f->timers);
}

static void prepare_now(floe_timer *timer)
{
    fixture *f = timer->ctx;
    f->prepare_runs++;
    timer->at = 0;
}

/* Within the wait, whose time runs by then: however busy the machine is, the wait is a long one. */
static void arm_late(floe_timer *timer)
{
    fixture *f = timer->ctx;
    const struct itimerspec late = {.it_value.tv_nsec = 250000000};
    assert_int_equal(timerfd_settime(f->pipes[0][0], 0, &late, NULL), 0);
}

static void count_woke(floe_timer *timer, floe_time now)
{
    fixture *f = timer->ctx;
    f->woke_runs++;
    assert_true(now == floe_loop_now(f->loop));
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    if (floe_loop_open(&f.loop) != FLOE_OK || pipe(f.pipes[0]) != 0 || pipe(f.pipes[1]) != 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        f.watches[i] = (floe_watch){.fd = f.pipes[i][0], .ready = count_watch, .ctx = &f};
        f.timers[i] = (floe_timer){.at = FLOE_TIME_NEVER, .due = count_due, .ctx = &f};
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        close(f->pipes[i / 2][i % 2]);
    }
    floe_loop_close(f->loop);
    return 0;
}

static void make_readable(const fixture *f, int which)
{
    assert_int_equal(write(f->pipes[which][1], "x", 1), 1);
}

static void watch(fixture *f, int which)
{
    assert_int_equal(floe_loop_add(f->loop, &f->watches[which], FLOE_LOOP_READ), FLOE_OK);
}

static void unwatch(fixture *f, int which)
{
    floe_loop_remove(f->loop, &f->watches[which]);
}

static void test_loop_runs_the_handler_of_what_is_readable_and_no_other(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    watch(f, 1);
    make_readable(f, 1);
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(f->watch_runs[0], 0);
    assert_int_equal(f->watch_runs[1], 1);
    assert_int_equal(f->last_events, FLOE_LOOP_READ);
    unwatch(f, 0);
    unwatch(f, 1);
}

static void test_loop_reports_again_what_was_not_read(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    make_readable(f, 0);
    floe_loop_wait(f->loop, 0);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0], 2);
    unwatch(f, 0);
}

static void test_loop_waits_no_longer_than_it_is_told(void **state)
{
    fixture *f = *state;
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 20);
    floe_time took = floe_loop_now(f->loop) - start;
    assert_in_range(took, 19 * FLOE_MS, 5 * FLOE_SECOND);
}

/* The wait that comes next is one after a wait that brought something at once. */
static void make_busy(fixture *f, uint32_t spin_us)
{
    char byte;
    floe_loop_set_spin(f->loop, spin_us);
    watch(f, 0);
    make_readable(f, 0);
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(read(f->pipes[0][0], &byte, 1), 1);
}

static void test_loop_that_spins_waits_no_longer_than_it_is_told(void **state)
{
    fixture *f = *state;
    make_busy(f, 60u * FLOE_SECOND);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 5);
    assert_int_equal(f->watch_runs[0], 1);
    assert_true(floe_loop_now(f->loop) - start < 50 * FLOE_SECOND);
    unwatch(f, 0);
}

static void test_loop_that_spins_is_not_late(void **state)
{
    fixture *f = *state;
    floe_time took = FLOE_TIME_NEVER;
    /* A busy machine makes one wait late, a loop that waits twice makes all of them so. */
    for (int i = 0; i < 5 && took >= 900 * FLOE_MS; i++) {
        make_busy(f, 60u * FLOE_SECOND);
        floe_time start = floe_loop_now(f->loop);
        floe_loop_wait(f->loop, 500);
        took = floe_loop_now(f->loop) - start;
        unwatch(f, 0);
    }
    assert_true(took < 900 * FLOE_MS);
}

static void test_loop_that_spins_takes_what_comes(void **state)
{
    fixture *f = *state;
    make_busy(f, 1000);
    make_readable(f, 0);
    floe_loop_wait(f->loop, -1);
    assert_int_equal(f->watch_runs[0], 2);
    unwatch(f, 0);
}

static void test_loop_at_rest_does_not_spin(void **state)
{
    fixture *f = *state;
    make_busy(f, 10u * FLOE_SECOND);
    floe_loop_wait(f->loop, 1);
    clock_t before = clock();
    floe_loop_wait(f->loop, 200);
    assert_true(clock() - before < CLOCKS_PER_SEC / 10);
    unwatch(f, 0);
}

static void test_loop_that_waited_long_does_not_spin(void **state)
{
    fixture *f = *state;
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    assert_int_equal(dup2(fd, f->pipes[0][0]), f->pipes[0][0]);
    close(fd);
    floe_loop_set_spin(f->loop, 50000);
    watch(f, 0);
    f->timers[0].prepare = arm_late;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    floe_loop_wait(f->loop, 5000);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
    uint64_t expirations;
    assert_int_equal(read(f->pipes[0][0], &expirations, sizeof expirations), sizeof expirations);
    clock_t before = clock();
    floe_loop_wait(f->loop, 100);
    assert_true(clock() - before < CLOCKS_PER_SEC / 40);
    unwatch(f, 0);
}

static void test_loop_tells_of_a_hang_up(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    close(f->pipes[0][1]);
    floe_loop_wait(f->loop, 1000);
    assert_int_equal(f->last_events, FLOE_LOOP_HANGUP);
    unwatch(f, 0);
    f->pipes[0][1] = dup(f->pipes[1][1]);
}

static void test_loop_sleeps_although_a_paused_watch_has_hung_up(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    floe_loop_change(f->loop, &f->watches[0], 0);
    close(f->pipes[0][1]);
    floe_loop_wait(f->loop, 0); /* epoll may mention it once */
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 20);
    assert_in_range(floe_loop_now(f->loop) - start, 19 * FLOE_MS, 5 * FLOE_SECOND);
    assert_int_equal(f->watch_runs[0], 0);
    unwatch(f, 0);
    f->pipes[0][1] = dup(f->pipes[1][1]);
}

static void test_loop_reports_what_came_during_a_pause(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    floe_loop_change(f->loop, &f->watches[0], 0);
    make_readable(f, 0);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0], 0);
    floe_loop_change(f->loop, &f->watches[0], FLOE_LOOP_READ);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0], 1);
    unwatch(f, 0);
}

static void test_loop_does_not_run_a_watch_that_a_handler_removed(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        f->watches[i].ready = remove_both;
        watch(f, i);
        make_readable(f, i);
    }
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0] + f->watch_runs[1], 1);
}

static void test_loop_does_not_run_a_watch_that_a_handler_paused(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        f->watches[i].ready = pause_both;
        watch(f, i);
        make_readable(f, i);
    }
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0] + f->watch_runs[1], 1);
    unwatch(f, 0);
    unwatch(f, 1);
}

static void test_loop_refuses_what_can_not_be_watched(void **state)
{
    fixture *f = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    floe_watch plain = {.fd = fileno(file), .ready = count_watch, .ctx = f};
    assert_int_equal(floe_loop_add(f->loop, &plain, FLOE_LOOP_READ), FLOE_E_ARG);
    fclose(file);
    floe_watch closed = {.fd = -1, .ready = count_watch, .ctx = f};
    assert_int_equal(floe_loop_add(f->loop, &closed, FLOE_LOOP_READ), FLOE_E_ARG);
    watch(f, 0);
    floe_watch twice = f->watches[0];
    assert_int_equal(floe_loop_add(f->loop, &twice, FLOE_LOOP_READ), FLOE_E_ARG);
    unwatch(f, 0);
}

static void test_timer_runs_once_when_its_time_has_come(void **state)
{
    fixture *f = *state;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    floe_time at = floe_loop_now(f->loop) + 10 * FLOE_MS;
    f->timers[0].at = at;
    floe_loop_wait(f->loop, 10000);
    assert_int_equal(f->due_runs[0], 1);
    assert_in_range(floe_loop_now(f->loop), at, at + 5 * FLOE_SECOND);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->due_runs[0], 1);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void test_timer_in_the_future_does_not_run(void **state)
{
    fixture *f = *state;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    f->timers[0].at = floe_loop_now(f->loop) + 100 * FLOE_SECOND;
    floe_loop_wait(f->loop, 1);
    assert_int_equal(f->due_runs[0], 0);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void test_timer_prepares_before_the_sleep_that_it_shortens(void **state)
{
    fixture *f = *state;
    f->timers[0].prepare = prepare_now;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    floe_loop_wait(f->loop, -1);
    assert_int_equal(f->prepare_runs, 1);
    assert_int_equal(f->due_runs[0], 1);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void test_timer_is_woken_before_any_watch_runs(void **state)
{
    fixture *f = *state;
    f->timers[0].woke = count_woke;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    watch(f, 0);
    make_readable(f, 0);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->watch_runs[0], 1);
    assert_true(f->was_woken_first);
    unwatch(f, 0);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void test_timer_that_is_due_at_once_again_waits_for_the_next_round(void **state)
{
    fixture *f = *state;
    f->timers[0].due = again_at_once;
    f->timers[0].at = 0;
    floe_loop_add_timer(f->loop, &f->timers[0]);
    floe_loop_wait(f->loop, -1);
    assert_int_equal(f->due_runs[0], 1);
    floe_loop_wait(f->loop, -1);
    assert_int_equal(f->due_runs[0], 2);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void test_timer_that_another_removed_does_not_run(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        f->timers[i].due = remove_both_timers;
        f->timers[i].at = 0;
        floe_loop_add_timer(f->loop, &f->timers[i]);
    }
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->due_runs[0] + f->due_runs[1], 1);
}

static void test_timer_is_not_starved_by_a_watch_that_is_always_ready(void **state)
{
    fixture *f = *state;
    watch(f, 0);
    make_readable(f, 0);
    floe_loop_add_timer(f->loop, &f->timers[0]);
    f->timers[0].at = floe_loop_now(f->loop) + 5 * FLOE_MS;
    floe_time deadline = floe_loop_now(f->loop) + 5 * FLOE_SECOND;
    while (f->due_runs[0] == 0 && floe_loop_now(f->loop) < deadline) {
        floe_loop_wait(f->loop, -1);
    }
    assert_int_equal(f->due_runs[0], 1);
    assert_true(f->watch_runs[0] > 1);
    unwatch(f, 0);
    floe_loop_remove_timer(f->loop, &f->timers[0]);
}

static void ignore_signal(int number)
{
    (void)number;
}

static void test_loop_survives_a_signal(void **state)
{
    fixture *f = *state;
    struct sigaction action = {.sa_handler = ignore_signal}, before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    struct itimerval soon = {.it_value = {.tv_usec = 5000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 60000);
    assert_true(floe_loop_now(f->loop) - start < 50 * FLOE_SECOND);
    sigaction(SIGALRM, &before, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_loop_runs_the_handler_of_what_is_readable_and_no_other),
        TEST(test_loop_reports_again_what_was_not_read),
        TEST(test_loop_waits_no_longer_than_it_is_told),
        TEST(test_loop_that_spins_waits_no_longer_than_it_is_told),
        TEST(test_loop_that_spins_is_not_late),
        TEST(test_loop_that_spins_takes_what_comes),
        TEST(test_loop_at_rest_does_not_spin),
        TEST(test_loop_that_waited_long_does_not_spin),
        TEST(test_loop_tells_of_a_hang_up),
        TEST(test_loop_sleeps_although_a_paused_watch_has_hung_up),
        TEST(test_loop_reports_what_came_during_a_pause),
        TEST(test_loop_does_not_run_a_watch_that_a_handler_removed),
        TEST(test_loop_does_not_run_a_watch_that_a_handler_paused),
        TEST(test_loop_refuses_what_can_not_be_watched),
        TEST(test_timer_runs_once_when_its_time_has_come),
        TEST(test_timer_in_the_future_does_not_run),
        TEST(test_timer_prepares_before_the_sleep_that_it_shortens),
        TEST(test_timer_is_woken_before_any_watch_runs),
        TEST(test_timer_that_is_due_at_once_again_waits_for_the_next_round),
        TEST(test_timer_that_another_removed_does_not_run),
        TEST(test_timer_is_not_starved_by_a_watch_that_is_always_ready),
        TEST(test_loop_survives_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
