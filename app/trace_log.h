/*
 * app/trace_log.h - the option --trace FILE of floe chat, peer and pair: what the stack decides
 * goes to a file, and in any case into a verdict.
 *
 * The stack's records go to a ring; trace_log_drain() writes them, outside of the stack.
 */
#ifndef FLOE_APP_TRACE_LOG_H
#define FLOE_APP_TRACE_LOG_H

#include <jansson.h>
#include <stdio.h>

#include "base/trace_ring.h"
#include "peer/peer_verdict.h"

#define TRACE_LOG_RING 1024u

typedef struct trace_log { /* in the caller's memory, not to be moved; fields are private */
    const char *path, *by;
    FILE *file; /* NULL: only the verdict is wanted */
    floe_trace_ring ring;
    floe_trace_cursor cursor;
    floe_time began;
    uint64_t told_missed;
    bool is_begun; /* an attempt is under way: no verdict was written */
    floe_verdict_facts facts;
    floe_trace_record records[TRACE_LOG_RING], kept[FLOE_TRACE_KEPT_DEFAULT];
} trace_log;

/* `path` may be NULL. False: it cannot be written, and that was said. `by` is the program, as in
 * "floe chat". Both texts are borrowed. */
bool trace_log_open(trace_log *log, const char *path, const char *by);
/* An attempt to connect begins: whom to, if known, and the RTCIceServer entries. */
void trace_log_begin(trace_log *log, const char *with, const json_t *ice);
floe_trace trace_log_sink(trace_log *log);
void trace_log_drain(trace_log *log); /* now and then, and before what begins or ends */
/* The attempt is over, if there was one: its verdict goes to the file. */
void trace_log_end(trace_log *log);
void trace_log_close(trace_log *log);
/* Of the attempt that was begun last. */
floe_verdict trace_log_verdict(const trace_log *log);

#endif
