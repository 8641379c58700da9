/* io/loop_internal.h - what the loop lends to the other files of io/. */
#ifndef FLOE_IO_LOOP_INTERNAL_H
#define FLOE_IO_LOOP_INTERNAL_H

#include "io/loop.h"

#define FLOE_LOOP_NOTE_MAX 256u

/* A scratch text of FLOE_LOOP_NOTE_MAX bytes for error messages that outlive the call that made
 * them, without a global. */
char *floe_loop_note(floe_loop *loop);
/* Memory that all on a loop share, for use within one handler; the largest size that was asked for.
 * NULL: there is none. */
void *floe_loop_scratch(floe_loop *loop, size_t size);
/* Where io/netwatch.c keeps what all peers of a loop share: NULL at first, and at the end. */
void **floe_loop_network(floe_loop *loop);
/* Where io/mdns_resolver.c does, for the network and for the loopback interface. */
void **floe_loop_mdns(floe_loop *loop, bool is_loopback);

#endif
