/*
 * app/bench_pair.h - how the two ends of `floe bench` are brought together: one process and its
 * child, one process alone, or by two texts that people carry (peer/peer_blob.h).
 */
#ifndef FLOE_APP_BENCH_PAIR_H
#define FLOE_APP_BENCH_PAIR_H

#include "app/bench_end.h"

#include <sys/types.h>
#include <time.h>

typedef struct bench_pair {
    floe_loop *loop;
    bench_end end;
    pid_t child; /* 0: the other side is not ours */
    int line;    /* to the child; its end tells the child to go. Without one: -1 */
    clockid_t its_clock;
    const char *why; /* of a failure */
} bench_pair;

/* Begin a child with a mirror in it, and connect to that. False: pair->why. Call it before the
 * program has threads. */
bool bench_pair_fork(bench_pair *pair, const bench_options *options);
/* Print an invitation, read the answer to it from stdin, connect. */
bool bench_pair_invite(bench_pair *pair, const bench_options *options);
void bench_pair_close(bench_pair *pair);
/* CPU time of the ends that are ours, in microseconds. */
floe_time bench_pair_cpu(const bench_pair *pair);
/* Sleep until something happens, and act on it. False: the connection is over; pair->why. */
bool bench_pair_turn(bench_pair *pair);
/* Until the channel is open. */
bool bench_pair_await(bench_pair *pair, floe_dc_id channel);

/* Be the mirror of an invitation until the connection ends. Returns the program's exit status. */
int bench_pair_mirror(const char *invitation, const bench_options *options);

/* Two ends on one loop: from the offer to an open channel at both. False: why. Both are to be
 * closed by the caller in any case. */
bool bench_pair_join(floe_loop *loop, const bench_options *options, bench_end ends[2],
                     const char **why);

#endif
