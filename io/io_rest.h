/*
 * io/io_rest.h - the buffers of a peer that has been quiet for a while: if they hold nothing, the
 * system gets back the pages that they have used.
 *
 * A buffer's pages are touched as it fills and stay, all of them in the end; most peers say little
 * most of the time. What was given back is zero when it is touched again.
 */
#ifndef FLOE_IO_IO_REST_H
#define FLOE_IO_IO_REST_H

#include "sctp/sctp_assoc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_IO_REST_AFTER FLOE_SECOND

typedef struct floe_io_rest {
    floe_span pages;  /* whole ones: the association's ring and buffers, and nothing else */
    uint32_t motion;  /* of the association, when it was last seen */
    floe_time due_at; /* quiet for long enough then; NEVER: nothing was used since */
} floe_io_rest;

void floe_io_rest_init(floe_io_rest *rest, floe_span pages, const floe_sctp_assoc *sctp);
/* Whenever the peer is looked at. */
void floe_io_rest_look(floe_io_rest *rest, floe_sctp_assoc *sctp, floe_time now);
/* Nothing was used since it was given back, or at all. */
static inline bool floe_io_rest_is(const floe_io_rest *rest)
{
    return rest->due_at == FLOE_TIME_NEVER;
}

/* When the peer is to be looked at for this. What was not empty then waits for another reason. */
static inline floe_time floe_io_rest_deadline(const floe_io_rest *rest, floe_time now)
{
    return rest->due_at > now ? rest->due_at : FLOE_TIME_NEVER;
}

#ifdef __cplusplus
}
#endif
#endif
