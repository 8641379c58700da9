/*
 * io/backlog.h - bytes that wait for a socket to have room, in the caller's memory: a queue.
 *
 *     uint8_t *to = floe_backlog_reserve(&backlog, 100);  NULL: no room
 *     write up to 100 bytes at `to`
 *     floe_backlog_put(&backlog, 60);
 *
 * What waits always lies in one piece. Moving it to the front of the memory costs little as long as
 * whoever fills it waits until it is half empty once it was full. Knows nothing of sockets.
 */
#ifndef FLOE_IO_BACKLOG_H
#define FLOE_IO_BACKLOG_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_backlog { /* fields are private */
    floe_span memory;
    size_t head, tail; /* what waits is between them */
} floe_backlog;

void floe_backlog_init(floe_backlog *backlog, floe_span memory);
size_t floe_backlog_room(const floe_backlog *backlog);
/* Where to write the next `size` bytes; NULL: no room. What floe_backlog_get() gave has moved. */
uint8_t *floe_backlog_reserve(floe_backlog *backlog, size_t size);
void floe_backlog_put(floe_backlog *backlog, size_t size);    /* that many were written there */
floe_bytes floe_backlog_get(const floe_backlog *backlog);     /* all that waits, the oldest first */
void floe_backlog_remove(floe_backlog *backlog, size_t size); /* that many of the oldest */

#ifdef __cplusplus
}
#endif
#endif
