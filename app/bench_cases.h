/*
 * app/bench_cases.h - what `floe bench` measures. Times are of the monotonic clock, and of the CPU:
 * on a machine that others use too only the latter holds still.
 */
#ifndef FLOE_APP_BENCH_CASES_H
#define FLOE_APP_BENCH_CASES_H

#include "app/bench_pair.h"

typedef struct bench_flow {  /* messages in one direction, as fast as they go */
    size_t size;             /* bytes of each */
    bool is_loose;           /* unordered and never repeated; else reliable and ordered */
    floe_time wall, cpu;     /* from here: results. Microseconds; of CPU, the ends that are ours */
    uint64_t sent, received; /* messages */
} bench_flow;

typedef struct bench_spread { /* of durations, in microseconds */
    floe_time median, p99, worst;
    uint32_t count;
} bench_spread;

/* Fill in the results: a flow that was sent for `wall` microseconds. False: pair->why. */
bool bench_case_flow(bench_pair *pair, floe_time duration, bench_flow *flow);
/* Messages of `size` bytes to the mirror and back, one at a time. */
bool bench_case_echo(bench_pair *pair, uint32_t count, size_t size, bench_spread *spread);
/* Connections between two ends in this process, one after the other: from the first call for the
 * offer's side to an open channel. */
bool bench_case_connect(const bench_options *options, uint32_t count, bench_spread *spread,
                        const char **why);
/* Connected peers in this process, at rest: what the process has grown by, for each. */
bool bench_case_idle(const bench_options *options, uint32_t count, size_t *bytes, const char **why);

#endif
