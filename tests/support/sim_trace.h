/*
 * support/sim_trace.h - the last trace records of all peers of a simulation, and their words.
 *
 * base/trace.h has numbers; a person who reads why a seed failed wants "A: dtls connecting ->
 * connected". Printed by sim_world_teardown() when a test has failed.
 */
#ifndef FLOE_SUPPORT_SIM_TRACE_H
#define FLOE_SUPPORT_SIM_TRACE_H

#include <stdio.h>

#include "base/trace.h"

#define SIM_TRACE_RECORDS 512u
#define SIM_TRACE_TAPS    8u

typedef struct sim_trace sim_trace;

typedef struct sim_trace_tap {
    sim_trace *trace;
    char who;
} sim_trace_tap;

struct sim_trace { /* zero: empty */
    floe_trace_record ring[SIM_TRACE_RECORDS];
    char who[SIM_TRACE_RECORDS];
    uint64_t put;
    sim_trace_tap taps[SIM_TRACE_TAPS];
    unsigned tap_count;
};

/* A sink for one more object: the first is called A, the second B. The trace must stay in place. */
floe_trace sim_trace_add(sim_trace *trace);
/* The last `count` records, oldest first, times counted from `start`. */
void sim_trace_print(const sim_trace *trace, FILE *file, uint64_t count, floe_time start);

#endif
