/*
 * io/loop.h - a small epoll loop: file descriptors, deadlines, one thread, no globals.
 *
 * Level-triggered. Handlers run inside floe_loop_wait() only, and may add and remove any watcher
 * and timer, their own too; one that was removed is not run again, so its memory may go. A handler
 * does a bounded piece of work and returns; what is left makes the descriptor ready again.
 * Knows nothing of peers or packets. Read next: io/udp.h, io/io_peer.h.
 */
#ifndef FLOE_IO_LOOP_H
#define FLOE_IO_LOOP_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_loop floe_loop;

enum { FLOE_LOOP_READ = 1, FLOE_LOOP_WRITE = 2, FLOE_LOOP_HANGUP = 4 };

/* A watched file descriptor, in the caller's memory, which must stay until floe_loop_remove(). */
typedef struct floe_watch {
    int fd;
    void (*ready)(struct floe_watch *watch, int events); /* FLOE_LOOP_READ, ... */
    void *ctx;                                           /* the caller's */
    int events;                                          /* private */
} floe_watch;

/* Something with a deadline, in the caller's memory, which must stay until
 * floe_loop_remove_timer(). Any of the three may be NULL. `prepare` runs before each sleep and may
 * change `at`. `woke` runs after each sleep, before any other handler: here a sans-I/O object gets
 * the time, so that whatever is called on it next counts from now. `due` runs when `at` has come,
 * with at reset to FLOE_TIME_NEVER before. */
typedef struct floe_timer {
    floe_time at;
    void (*due)(struct floe_timer *timer, floe_time now);
    void (*prepare)(struct floe_timer *timer);
    void (*woke)(struct floe_timer *timer, floe_time now);
    void *ctx;
    struct floe_timer *next; /* private */
} floe_timer;

/* FULL: no memory or file descriptors. */
FLOE_MUST_USE floe_err floe_loop_open(floe_loop **loop);
void floe_loop_close(floe_loop *loop); /* after everything on it was removed; NULL is fine */

/* After a wait that brought something within 4 * us microseconds, look again and again for `us`
 * of them before sleep: what comes meanwhile is handled without the time that a sleeping
 * processor takes to wake. Where things happen less often, and of course at rest, the loop sleeps
 * at once. By default 50, and 0 (never look) where the thread that opens the loop has but one
 * processor. */
void floe_loop_set_spin(floe_loop *loop, uint32_t us);

/* Monotonic time in microseconds, read once per wake: it stands still while handlers run. */
floe_time floe_loop_now(const floe_loop *loop);
/* `events` of 0 pauses a watch: nothing is reported, a hang-up neither; after a hang-up was
 * reported the owner removes the watch or pauses it. FULL: the kernel has no room. ARG: not a
 * descriptor that can be watched (a plain file), or one that is watched already. */
FLOE_MUST_USE floe_err floe_loop_add(floe_loop *loop, floe_watch *watch, int events);
void floe_loop_change(floe_loop *loop, floe_watch *watch, int events);
void floe_loop_remove(floe_loop *loop, floe_watch *watch);
void floe_loop_add_timer(floe_loop *loop, floe_timer *timer);
void floe_loop_remove_timer(floe_loop *loop, floe_timer *timer);

/* Sleep until something is ready or due, at most timeout_ms (-1: for ever, 0: not at all), and run
 * its handlers. */
void floe_loop_wait(floe_loop *loop, int timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
