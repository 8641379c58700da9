/*
 * app/json_out.h - JSON lines to a file descriptor that may be slow, without ever waiting for it.
 *
 * What can not be written yet is kept. json_out_get_waiting() says how much: whoever makes lines
 * stops at a limit of its own. The descriptor's flags are left alone, since a terminal or pipe may
 * be shared: it is written only when it is ready, and no more than a ready one takes at once.
 */
#ifndef FLOE_APP_JSON_OUT_H
#define FLOE_APP_JSON_OUT_H

#include "io/loop.h"

#include <jansson.h>

typedef struct json_out { /* in the caller's memory, not to be moved; fields are private */
    floe_loop *loop;
    floe_watch watch;
    int fd;
    bool is_file; /* can not be watched, and is always ready */
    bool is_dead; /* nobody reads any more, or no memory: lines are dropped */
    char *buf;
    size_t start, end, cap;
} json_out;

/* FULL: no memory or descriptors. ARG: not a descriptor that can be written. */
FLOE_MUST_USE floe_err json_out_open(json_out *out, floe_loop *loop, int fd);
void json_out_close(json_out *out); /* the descriptor stays open */

/* Append one line; the value is released. */
void json_out_put(json_out *out, json_t *value);
/* Write what can be written now; the rest goes when the loop finds the descriptor ready. */
void json_out_flush(json_out *out);
size_t json_out_get_waiting(const json_out *out);
bool json_out_is_dead(const json_out *out);

#endif
