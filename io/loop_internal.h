/* io/loop_internal.h - what the loop lends to the other files of io/. */
#ifndef FLOE_IO_LOOP_INTERNAL_H
#define FLOE_IO_LOOP_INTERNAL_H

#include "io/loop.h"

#define FLOE_LOOP_NOTE_MAX 256u

/* A scratch text of FLOE_LOOP_NOTE_MAX bytes for error messages that outlive the call that made
 * them, without a global. */
char *floe_loop_note(floe_loop *loop);
/* Where io/netwatch.c keeps what all peers of a loop share: NULL at first, and at the end. */
void **floe_loop_network(floe_loop *loop);

#endif
