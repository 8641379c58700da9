/* app/json_out.c - JSON lines to a file descriptor that may be slow. */
#include "app/json_out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAP ((size_t)16384)

static void on_ready(floe_watch *watch, int events)
{
    json_out *out = watch->ctx;
    if ((events & FLOE_LOOP_HANGUP) != 0) {
        out->is_dead = true;
    }
    json_out_flush(out);
}

floe_err json_out_open(json_out *out, floe_loop *loop, int fd)
{
    *out = (json_out){.loop = loop, .fd = fd, .cap = FIRST_CAP};
    out->buf = malloc(out->cap);
    if (out->buf == NULL) {
        return FLOE_E_FULL;
    }
    out->watch = (floe_watch){.fd = fd, .ready = on_ready, .ctx = out};
    floe_err err = floe_loop_add(loop, &out->watch, 0);
    /* A plain file or /dev/null: never busy, so never waited for. */
    out->is_file = err == FLOE_E_ARG && lseek(fd, 0, SEEK_CUR) >= 0;
    if (err != FLOE_OK && !out->is_file) {
        free(out->buf);
        return err;
    }
    return FLOE_OK;
}

void json_out_close(json_out *out)
{
    if (!out->is_file) {
        floe_loop_remove(out->loop, &out->watch);
    }
    free(out->buf);
}

static bool make_room(json_out *out, size_t size)
{
    if (out->start > 0) {
        memmove(out->buf, out->buf + out->start, out->end - out->start);
        out->end -= out->start;
        out->start = 0;
    }
    size_t cap = out->cap;
    while (cap - out->end < size) {
        cap *= 2;
    }
    char *buf = cap == out->cap ? out->buf : realloc(out->buf, cap);
    if (buf == NULL) {
        return false;
    }
    out->buf = buf;
    out->cap = cap;
    return true;
}

static int append(const char *text, size_t size, void *ctx)
{
    json_out *out = ctx;
    if (out->cap - out->end < size && !make_room(out, size)) {
        return -1;
    }
    memcpy(out->buf + out->end, text, size);
    out->end += size;
    return 0;
}

void json_out_put(json_out *out, json_t *value)
{
    if (!out->is_dead &&
        (json_dump_callback(value, append, out, JSON_COMPACT) != 0 || append("\n", 1, out) != 0)) {
        out->is_dead = true; /* half a line would be worse than none */
    }
    json_decref(value);
}

/* Write once. False: it can not be written now. */
static bool write_some(json_out *out)
{
    struct pollfd ready = {.fd = out->fd, .events = POLLOUT};
    if (!out->is_file && poll(&ready, 1, 0) <= 0) {
        return false;
    }
    /* A pipe that is ready takes this much without blocking. */
    size_t size = out->end - out->start < PIPE_BUF ? out->end - out->start : PIPE_BUF;
    ssize_t wrote = write(out->fd, out->buf + out->start, size);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (wrote < 0) {
        out->is_dead = true;
        return false;
    }
    out->start += (size_t)wrote;
    return true;
}

void json_out_flush(json_out *out)
{
    while (!out->is_dead && out->start < out->end && write_some(out)) {
    }
    if (out->is_dead) {
        out->start = out->end = 0;
    }
    if (!out->is_file) {
        floe_loop_change(out->loop, &out->watch, out->start < out->end ? FLOE_LOOP_WRITE : 0);
    }
}

size_t json_out_get_waiting(const json_out *out)
{
    return out->end - out->start;
}

bool json_out_is_dead(const json_out *out)
{
    return out->is_dead;
}
