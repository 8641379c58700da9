/*
 * app/json_in.h - lines from a file descriptor that is watched on a loop.
 *
 * Reading stops while a complete line, or one that is too long, waits to be taken: who takes no
 * lines reads no further, and whoever writes them feels it. The descriptor's flags are left alone,
 * since a terminal or pipe may be shared: it is read only when it is ready.
 */
#ifndef FLOE_APP_JSON_IN_H
#define FLOE_APP_JSON_IN_H

#include "io/loop.h"

#define JSON_IN_LINE_MAX ((size_t)16 * 1024 * 1024)

typedef struct json_in { /* in the caller's memory, not to be moved; fields are private */
    floe_loop *loop;
    floe_watch watch;
    int fd;
    bool is_file;   /* can not be watched, and is always ready */
    bool is_end;    /* nothing more can be read */
    bool is_excess; /* what is read belongs to a line over the limit */
    char *buf;
    size_t start, scanned, end, cap; /* the line begins at start; no line end before scanned */
} json_in;

typedef enum json_in_result {
    JSON_IN_LINE,     /* here is one */
    JSON_IN_NONE,     /* none now */
    JSON_IN_TOO_LONG, /* one was dropped */
    JSON_IN_END       /* no more */
} json_in_result;

/* FULL: no memory or descriptors. ARG: not a descriptor that can be read. */
FLOE_MUST_USE floe_err json_in_open(json_in *in, floe_loop *loop, int fd);
void json_in_close(json_in *in); /* the descriptor stays open */

/* Take the next line, without its line end; it is valid until the next call. A last line without a
 * line end counts. */
json_in_result json_in_next(json_in *in, floe_bytes *line);

#endif
