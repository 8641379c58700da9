/*
 * base/trace.h - small typed records of what a stack decides and why; not log lines.
 *
 * The one callback that floe has, besides random numbers: the sink may copy the record and must not
 * call back into floe. Without a sink a record costs one comparison. Compiled out by FLOE_TRACE=0.
 * Objects (candidates, pairs, servers) have a number, and a record introduces each before others
 * speak of it; base/trace_ring.h keeps them so that this holds for whoever comes late.
 */
#ifndef FLOE_BASE_TRACE_H
#define FLOE_BASE_TRACE_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_module {
    FLOE_MODULE_STUN,
    FLOE_MODULE_TURN,
    FLOE_MODULE_SDP,
    FLOE_MODULE_ICE,
    FLOE_MODULE_DTLS,
    FLOE_MODULE_SCTP,
    FLOE_MODULE_CHANNEL,
    FLOE_MODULE_PEER
} floe_module;

typedef enum floe_trace_kind {
    FLOE_TRACE_STATE, /* object `id` went from state `a` to state `b`, for reason `cause` */
    FLOE_TRACE_SENT,  /* a packet of `a` bytes to `addr`; `b` is its type in the module's numbering,
                       * `ref` its transaction */
    FLOE_TRACE_GOT,   /* likewise, from there */
    FLOE_TRACE_DROP,  /* likewise; it was dropped, and `cause` is a floe_err */
    FLOE_TRACE_OWN = 16 /* from here on the modules' own: ice/ice_trace.h */
} floe_trace_kind;

/* Packets pass; everything else says how things are from here on, until it is said anew. */
static inline bool floe_trace_is_lasting(uint8_t kind)
{
    return kind == FLOE_TRACE_STATE || kind >= FLOE_TRACE_OWN;
}

/* Who reads one takes no field on trust: it may come from a file. */
typedef struct floe_trace_record {
    floe_time at;
    uint8_t module; /* floe_module */
    uint8_t kind;   /* floe_trace_kind */
    uint16_t id;    /* which object of the module: pair, channel, stream */
    int32_t a, b;
    int32_t cause;
    uint32_t ref;   /* the first four bytes of a STUN transaction; 0: none */
    floe_addr addr; /* family 0: none */
} floe_trace_record;

typedef struct floe_trace {
    void (*fn)(void *ctx, const floe_trace_record *record); /* NULL: no trace */
    void *ctx;
} floe_trace;

#ifndef FLOE_TRACE
#define FLOE_TRACE 1
#endif

static inline void floe_trace_put(const floe_trace *trace, floe_trace_record record)
{
#if FLOE_TRACE
    if (trace->fn != NULL) {
        trace->fn(trace->ctx, &record);
    }
#else
    (void)trace;
    (void)record;
#endif
}

#ifdef __cplusplus
}
#endif
#endif
