/*
 * io/loop.c - the epoll loop: watches, timers, one sleep per call.
 *
 * Removal inside a handler is made safe in two ways: the events that one epoll_wait() brought are
 * kept in the loop, where removing a watch blanks what is left of its events; and walks over the
 * list of timers keep their position in the loop, where removing a timer moves it on.
 */
#include "io/loop.h"

#include "base/assert.h"
#include "io/loop_internal.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define FLOE_LOOP_BATCH 64 /* events taken by one epoll_wait(); more are taken by the next */

#define SPIN_US 50u /* about what a processor of a virtual machine takes to wake */
#define SOON    4u  /* times that: who is woken and answers at once has answered */

struct floe_loop {
    int fd;
    bool is_running; /* inside floe_loop_wait() */
    bool is_brisk;   /* the last wait was short */
    uint32_t spin_us;
    floe_time now;
    size_t watches;                            /* added and not removed */
    floe_timer *timers;                        /* a list, in no order */
    floe_timer *cursor;                        /* the timer that the walk going on visits next */
    int batch_count;                           /* entries of `batch` */
    struct epoll_event batch[FLOE_LOOP_BATCH]; /* data.ptr NULL: its watch was removed */
    char note[FLOE_LOOP_NOTE_MAX];
    void *network;
    void *mdns[2];
    void *scratch;
    size_t scratch_size;
};

static floe_time read_clock(void)
{
    struct timespec ts = {0, 0};
    int result = clock_gettime(CLOCK_MONOTONIC, &ts);
    FLOE_ASSERT(result == 0);
    return (floe_time)ts.tv_sec * FLOE_SECOND + (floe_time)ts.tv_nsec / 1000u;
}

/* More than one, or whoever is to send what is looked for has to wait for the looking to end. */
static bool has_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

floe_err floe_loop_open(floe_loop **loop)
{
    *loop = NULL;
    floe_loop *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return FLOE_E_FULL;
    }
    made->fd = epoll_create1(EPOLL_CLOEXEC);
    if (made->fd < 0) {
        free(made);
        return FLOE_E_FULL;
    }
    made->now = read_clock();
    made->spin_us = has_processors() ? SPIN_US : 0;
    *loop = made;
    return FLOE_OK;
}

void floe_loop_close(floe_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    FLOE_ASSERT(loop->watches == 0 && loop->timers == NULL && !loop->is_running);
    close(loop->fd);
    free(loop->scratch);
    free(loop);
}

void floe_loop_set_spin(floe_loop *loop, uint32_t us)
{
    loop->spin_us = us;
}

floe_time floe_loop_now(const floe_loop *loop)
{
    return loop->now;
}

char *floe_loop_note(floe_loop *loop)
{
    return loop->note;
}

void *floe_loop_scratch(floe_loop *loop, size_t size)
{
    if (size > loop->scratch_size) {
        free(loop->scratch);
        loop->scratch = malloc(size);
        loop->scratch_size = loop->scratch != NULL ? size : 0;
    }
    return loop->scratch;
}

void **floe_loop_network(floe_loop *loop)
{
    return &loop->network;
}

void **floe_loop_mdns(floe_loop *loop, bool is_loopback)
{
    return &loop->mdns[is_loopback];
}

/* A paused watch stays in the epoll set edge-triggered and without interest: epoll reports errors
 * and hang-ups even of those that asked for nothing, and level-triggered that would never end. */
static struct epoll_event epoll_event_of(floe_watch *watch, int events)
{
    struct epoll_event event = {.events = 0, .data.ptr = watch};
    if (events == 0) {
        event.events = EPOLLET;
    }
    if ((events & FLOE_LOOP_READ) != 0) {
        event.events |= EPOLLIN;
    }
    if ((events & FLOE_LOOP_WRITE) != 0) {
        event.events |= EPOLLOUT;
    }
    return event;
}

floe_err floe_loop_add(floe_loop *loop, floe_watch *watch, int events)
{
    FLOE_ASSERT(watch->ready != NULL);
    struct epoll_event event = epoll_event_of(watch, events);
    if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, watch->fd, &event) != 0) {
        return errno == ENOMEM || errno == ENOSPC ? FLOE_E_FULL : FLOE_E_ARG;
    }
    watch->events = events;
    loop->watches++;
    return FLOE_OK;
}

void floe_loop_change(floe_loop *loop, floe_watch *watch, int events)
{
    if (events == watch->events) {
        return;
    }
    struct epoll_event event = epoll_event_of(watch, events);
    int result = epoll_ctl(loop->fd, EPOLL_CTL_MOD, watch->fd, &event);
    FLOE_ASSERT(result == 0);
    watch->events = events;
}

void floe_loop_remove(floe_loop *loop, floe_watch *watch)
{
    FLOE_ASSERT(loop->watches > 0);
    int result = epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
    FLOE_ASSERT(result == 0);
    loop->watches--;
    for (int i = 0; i < loop->batch_count; i++) {
        if (loop->batch[i].data.ptr == watch) {
            loop->batch[i].data.ptr = NULL;
        }
    }
}

void floe_loop_add_timer(floe_loop *loop, floe_timer *timer)
{
    timer->next = loop->timers;
    loop->timers = timer;
}

void floe_loop_remove_timer(floe_loop *loop, floe_timer *timer)
{
    floe_timer **link = &loop->timers;
    while (*link != timer) {
        FLOE_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = timer->next;
    if (loop->cursor == timer) {
        loop->cursor = timer->next;
    }
}

/* The next timer of a walk, which begins with loop->cursor = loop->timers; NULL at its end. */
static floe_timer *next_timer(floe_loop *loop)
{
    floe_timer *timer = loop->cursor;
    if (timer != NULL) {
        loop->cursor = timer->next;
    }
    return timer;
}

/* Let every timer prepare, then find the first deadline: one that prepares late may move another's.
 */
static floe_time prepare_timers(floe_loop *loop)
{
    floe_timer *timer;
    loop->cursor = loop->timers;
    while ((timer = next_timer(loop)) != NULL) {
        if (timer->prepare != NULL) {
            timer->prepare(timer);
        }
    }
    floe_time first = FLOE_TIME_NEVER;
    for (timer = loop->timers; timer != NULL; timer = timer->next) {
        first = floe_time_min(first, timer->at);
    }
    return first;
}

static void wake_timers(floe_loop *loop)
{
    floe_timer *timer;
    loop->cursor = loop->timers;
    while ((timer = next_timer(loop)) != NULL) {
        if (timer->woke != NULL) {
            timer->woke(timer, loop->now);
        }
    }
}

static void run_due_timers(floe_loop *loop)
{
    floe_timer *timer;
    loop->cursor = loop->timers;
    while ((timer = next_timer(loop)) != NULL) {
        if (timer->at > loop->now) {
            continue;
        }
        timer->at = FLOE_TIME_NEVER;
        if (timer->due != NULL) {
            timer->due(timer, loop->now);
        }
    }
}

/* Milliseconds to sleep: rounded up, so that nobody wakes a moment early and spins. */
static int sleep_ms(floe_time now, floe_time deadline, int timeout_ms)
{
    if (deadline == FLOE_TIME_NEVER) {
        return timeout_ms;
    }
    uint64_t ms = deadline <= now ? 0 : (deadline - now - 1) / FLOE_MS + 1;
    if (timeout_ms >= 0 && ms > (uint64_t)timeout_ms) {
        return timeout_ms;
    }
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void run_watch(floe_watch *watch, uint32_t events)
{
    int ready = 0;
    if ((events & EPOLLIN) != 0) {
        ready |= FLOE_LOOP_READ;
    }
    if ((events & EPOLLOUT) != 0) {
        ready |= FLOE_LOOP_WRITE;
    }
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        ready |= FLOE_LOOP_HANGUP;
    }
    /* A handler that ran before may have asked for less than epoll had found. */
    ready &= watch->events | FLOE_LOOP_HANGUP;
    if (ready != 0 && watch->events != 0) {
        watch->ready(watch, ready);
    }
}

/* What is ready, as epoll_wait() has it. */
static int sleep_until_ready(floe_loop *loop, int ms)
{
    int count = 0;
    if (loop->is_brisk && loop->spin_us > 0 && ms != 0) {
        floe_time spin = loop->spin_us, sleep = ms < 0 ? FLOE_TIME_NEVER : (floe_time)ms * FLOE_MS;
        floe_time end = floe_time_after(loop->now, sleep);
        floe_time now;
        do {
            count = epoll_wait(loop->fd, loop->batch, FLOE_LOOP_BATCH, 0);
            now = read_clock();
        } while (count == 0 && now - loop->now < floe_time_min(spin, sleep));
        ms = sleep_ms(now, end, ms); /* what is left */
    }
    if (count == 0) {
        count = epoll_wait(loop->fd, loop->batch, FLOE_LOOP_BATCH, ms);
    }
    FLOE_ASSERT(count >= 0 || errno == EINTR);
    return count > 0 ? count : 0;
}

void floe_loop_wait(floe_loop *loop, int timeout_ms)
{
    FLOE_ASSERT(!loop->is_running);
    loop->is_running = true;
    loop->now = read_clock();
    int ms = sleep_ms(loop->now, prepare_timers(loop), timeout_ms);
    loop->batch_count = sleep_until_ready(loop, ms);
    floe_time now = read_clock();
    loop->is_brisk = loop->batch_count > 0 && now - loop->now <= (floe_time)SOON * loop->spin_us;
    loop->now = now;
    /* Timers come first: a flood of packets can not hold them up. */
    wake_timers(loop);
    run_due_timers(loop);
    for (int i = 0; i < loop->batch_count; i++) {
        if (loop->batch[i].data.ptr != NULL) {
            run_watch(loop->batch[i].data.ptr, loop->batch[i].events);
        }
    }
    loop->batch_count = 0;
    loop->is_running = false;
}
