/* sctp/sctp_sendq.c - see sctp/sctp_sendq.h. */
#include "sctp/sctp_sendq.h"

#include "base/assert.h"

#include <string.h>

static const uint32_t record_size = (uint32_t)sizeof(floe_sctp_record);

void floe_sctp_sendq_init(floe_sctp_sendq *q, floe_span memory)
{
    const size_t limit = UINT32_MAX / 2; /* positions add up without overflow */
    uint32_t size = (uint32_t)(memory.len < limit ? memory.len : limit);
    *q = (floe_sctp_sendq){.buf = memory.ptr, .size = size};
}

/* A position for payload. */
static uint32_t wrap(const floe_sctp_sendq *q, uint32_t at)
{
    return at < q->size ? at : at - q->size;
}

/* Where the message after one of `len` bytes at `at` lies. */
static uint32_t next_of(const floe_sctp_sendq *q, uint32_t at, uint32_t len)
{
    uint32_t next = wrap(q, at + record_size + len);
    return q->size - next < record_size ? 0 : next;
}

/* From one message to the one behind it, around the ring. */
static uint32_t distance(const floe_sctp_sendq *q, uint32_t from, uint32_t to)
{
    return to > from ? to - from : to + q->size - from;
}

size_t floe_sctp_sendq_room(const floe_sctp_sendq *q)
{
    return q->size - q->used;
}

static void write_payload(floe_sctp_sendq *q, uint32_t at, floe_bytes data)
{
    size_t first = q->size - at < data.len ? q->size - at : data.len;
    memcpy(q->buf + at, data.ptr, first);
    if (first < data.len) {
        memcpy(q->buf, data.ptr + first, data.len - first);
    }
}

void floe_sctp_sendq_put(floe_sctp_sendq *q, const floe_sctp_record *record, floe_bytes data)
{
    FLOE_ASSERT(data.len == record->len);
    FLOE_ASSERT(floe_sctp_sendq_cost(data.len) <= floe_sctp_sendq_room(q));
    uint32_t at = q->tail;
    floe_sctp_sendq_store(q, at, record);
    write_payload(q, wrap(q, at + record_size), data);
    if (q->unsent == 0) {
        q->next = at;
        q->sent = 0;
    }
    q->tail = next_of(q, at, record->len);
    q->used += distance(q, at, q->tail);
    q->unsent++;
    q->count++;
}

void floe_sctp_sendq_read(const floe_sctp_sendq *q, uint32_t at, uint32_t offset, uint8_t *out,
                          size_t len)
{
    uint32_t from = wrap(q, wrap(q, at + record_size) + offset);
    size_t first = q->size - from < len ? q->size - from : len;
    memcpy(out, q->buf + from, first);
    if (first < len) {
        memcpy(out + first, q->buf, len - first);
    }
}

void floe_sctp_sendq_pass(floe_sctp_sendq *q, uint32_t len)
{
    FLOE_ASSERT(q->unsent > 0);
    q->next = next_of(q, q->next, len);
    q->sent = 0;
    q->unsent--;
}

void floe_sctp_sendq_finish(floe_sctp_sendq *q, uint32_t at)
{
    floe_sctp_record record = floe_sctp_sendq_load(q, at);
    if (at != q->head) {
        record.flags |= FLOE_SCTP_RECORD_DONE;
        floe_sctp_sendq_store(q, at, &record);
        return;
    }
    do {
        uint32_t next = next_of(q, q->head, record.len);
        q->used -= distance(q, q->head, next);
        q->head = next;
        q->count--;
        FLOE_ASSERT(q->unsent <= q->count);
        record = floe_sctp_sendq_load(q, q->head);
    } while (q->count > 0 && (record.flags & FLOE_SCTP_RECORD_DONE) != 0);
}

uint64_t floe_sctp_sendq_check_invariants(const floe_sctp_sendq *q)
{
    uint64_t bytes = 0;
    uint32_t used = 0;
    uint32_t at = q->head;
    for (uint32_t i = 0; i < q->count; i++) {
        floe_sctp_record record = floe_sctp_sendq_load(q, at);
        bool is_done = (record.flags & FLOE_SCTP_RECORD_DONE) != 0;
        bool is_sent = i < q->count - q->unsent;
        FLOE_ASSERT(i > 0 || !is_done);
        FLOE_ASSERT(i != q->count - q->unsent || at == q->next);
        FLOE_ASSERT(!is_sent || is_done || (record.flags & FLOE_SCTP_RECORD_STARTED) != 0);
        FLOE_ASSERT(is_sent || !is_done);
        bytes += is_done ? 0 : record.len;
        uint32_t next = next_of(q, at, record.len);
        used += distance(q, at, next);
        at = next;
    }
    FLOE_ASSERT(at == q->tail && used == q->used && used <= q->size);
    return bytes;
}
