/* io/backlog.c - see io/backlog.h. */
#include "io/backlog.h"

#include "base/assert.h"

#include <string.h>

void floe_backlog_init(floe_backlog *backlog, floe_span memory)
{
    *backlog = (floe_backlog){.memory = memory};
}

size_t floe_backlog_room(const floe_backlog *backlog)
{
    return backlog->memory.len - (backlog->tail - backlog->head);
}

uint8_t *floe_backlog_reserve(floe_backlog *backlog, size_t size)
{
    if (size > floe_backlog_room(backlog)) {
        return NULL;
    }
    if (size > backlog->memory.len - backlog->tail) {
        size_t used = backlog->tail - backlog->head;
        memmove(backlog->memory.ptr, backlog->memory.ptr + backlog->head, used);
        backlog->head = 0;
        backlog->tail = used;
    }
    return backlog->memory.ptr + backlog->tail;
}

void floe_backlog_put(floe_backlog *backlog, size_t size)
{
    FLOE_ASSERT(size <= backlog->memory.len - backlog->tail);
    backlog->tail += size;
}

floe_bytes floe_backlog_get(const floe_backlog *backlog)
{
    return (floe_bytes){backlog->memory.ptr + backlog->head, backlog->tail - backlog->head};
}

void floe_backlog_remove(floe_backlog *backlog, size_t size)
{
    FLOE_ASSERT(size <= backlog->tail - backlog->head);
    backlog->head += size;
    if (backlog->head == backlog->tail) {
        backlog->head = backlog->tail = 0;
    }
}
