/* app/json_in.c - lines from a file descriptor that is watched on a loop. */
#include "app/json_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)65536) /* read at a time */

/* Make room for a chunk behind what is there. False: no memory. */
static bool make_room(json_in *in)
{
    if (in->start > 0) {
        memmove(in->buf, in->buf + in->start, in->end - in->start);
        in->end -= in->start;
        in->scanned -= in->start;
        in->start = 0;
    }
    if (in->cap - in->end >= CHUNK) {
        return true;
    }
    size_t cap = in->cap * 2;
    char *buf = realloc(in->buf, cap);
    if (buf == NULL) {
        return false;
    }
    in->buf = buf;
    in->cap = cap;
    return true;
}

static void set_end(json_in *in)
{
    in->is_end = true;
    if (!in->is_file) {
        floe_loop_change(in->loop, &in->watch, 0);
    }
}

static void read_chunk(json_in *in)
{
    if (!make_room(in)) {
        set_end(in);
        return;
    }
    ssize_t got = read(in->fd, in->buf + in->end, CHUNK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        set_end(in);
        return;
    }
    in->end += (size_t)got;
}

/* Look for the end of the first line, where it has not been looked for yet. */
static bool find_line(json_in *in, size_t *line_end)
{
    const char *at = memchr(in->buf + in->scanned, '\n', in->end - in->scanned);
    in->scanned = in->end;
    if (at == NULL) {
        return false;
    }
    *line_end = (size_t)(at - in->buf);
    in->scanned = *line_end;
    return true;
}

static void on_ready(floe_watch *watch, int events)
{
    json_in *in = watch->ctx;
    size_t line_end;
    (void)events; /* a hang-up is read as the end, after what came before it */
    read_chunk(in);
    if (find_line(in, &line_end) || in->end - in->start > JSON_IN_LINE_MAX) {
        floe_loop_change(in->loop, &in->watch, 0);
    }
}

floe_err json_in_open(json_in *in, floe_loop *loop, int fd)
{
    *in = (json_in){.loop = loop, .fd = fd, .cap = CHUNK};
    in->buf = malloc(in->cap);
    if (in->buf == NULL) {
        return FLOE_E_FULL;
    }
    in->watch = (floe_watch){.fd = fd, .ready = on_ready, .ctx = in};
    floe_err err = floe_loop_add(loop, &in->watch, FLOE_LOOP_READ);
    in->is_file = err == FLOE_E_ARG && lseek(fd, 0, SEEK_CUR) >= 0;
    if (err != FLOE_OK && !in->is_file) {
        free(in->buf);
        return err;
    }
    return FLOE_OK;
}

void json_in_close(json_in *in)
{
    if (!in->is_file) {
        floe_loop_remove(in->loop, &in->watch);
    }
    free(in->buf);
}

/* Hand out the line that ends at `line_end`; what follows it begins `skip` bytes later. */
static json_in_result take_line(json_in *in, size_t line_end, size_t skip, floe_bytes *line)
{
    *line = (floe_bytes){(const uint8_t *)in->buf + in->start, line_end - in->start};
    in->start = line_end + skip;
    in->scanned = in->start;
    bool is_too_long = in->is_excess || line->len > JSON_IN_LINE_MAX;
    in->is_excess = false;
    return is_too_long ? JSON_IN_TOO_LONG : JSON_IN_LINE;
}

json_in_result json_in_next(json_in *in, floe_bytes *line)
{
    size_t line_end;
    while (!find_line(in, &line_end)) {
        if (in->is_end) {
            return in->end > in->start ? take_line(in, in->end, 0, line) : JSON_IN_END;
        }
        if (in->end - in->start > JSON_IN_LINE_MAX) {
            in->is_excess = true;
            in->start = in->scanned = in->end;
        }
        if (!in->is_file) {
            floe_loop_change(in->loop, &in->watch, FLOE_LOOP_READ);
            return JSON_IN_NONE;
        }
        read_chunk(in);
    }
    return take_line(in, line_end, 1, line);
}
