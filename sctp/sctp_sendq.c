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

static uint32_t wrap(const floe_sctp_sendq *q, uint32_t at)
{
    return at < q->size ? at : at - q->size;
}

static void ring_write(floe_sctp_sendq *q, uint32_t at, const void *data, size_t len)
{
    size_t first = q->size - at < len ? q->size - at : len;
    memcpy(q->buf + at, data, first);
    if (first < len) {
        memcpy(q->buf, (const uint8_t *)data + first, len - first);
    }
}

static void ring_read(const floe_sctp_sendq *q, uint32_t at, void *out, size_t len)
{
    size_t first = q->size - at < len ? q->size - at : len;
    memcpy(out, q->buf + at, first);
    if (first < len) {
        memcpy((uint8_t *)out + first, q->buf, len - first);
    }
}

void floe_sctp_sendq_put(floe_sctp_sendq *q, const floe_sctp_record *record, floe_bytes data)
{
    uint32_t cost = (uint32_t)floe_sctp_sendq_cost(data.len);
    FLOE_ASSERT(data.len == record->len && cost <= floe_sctp_sendq_room(q));
    uint32_t at = wrap(q, q->head + q->used);
    ring_write(q, at, record, record_size);
    ring_write(q, wrap(q, at + record_size), data.ptr, data.len);
    if (q->unsent == 0) {
        q->next = at;
        q->sent = 0;
    }
    q->used += cost;
    q->unsent++;
    q->count++;
}

floe_sctp_record floe_sctp_sendq_load(const floe_sctp_sendq *q, uint32_t at)
{
    floe_sctp_record record;
    ring_read(q, at, &record, sizeof record);
    return record;
}

void floe_sctp_sendq_store(floe_sctp_sendq *q, uint32_t at, const floe_sctp_record *record)
{
    ring_write(q, at, record, sizeof *record);
}

void floe_sctp_sendq_read(const floe_sctp_sendq *q, uint32_t at, uint32_t offset, uint8_t *out,
                          size_t len)
{
    ring_read(q, wrap(q, wrap(q, at + record_size) + offset), out, len);
}

void floe_sctp_sendq_pass(floe_sctp_sendq *q, uint32_t len)
{
    FLOE_ASSERT(q->unsent > 0);
    q->next = wrap(q, q->next + record_size + len);
    q->sent = 0;
    q->unsent--;
}

void floe_sctp_sendq_trim(floe_sctp_sendq *q)
{
    while (q->count > 0) {
        floe_sctp_record record = floe_sctp_sendq_load(q, q->head);
        if ((record.flags & FLOE_SCTP_RECORD_DONE) == 0) {
            return;
        }
        uint32_t cost = record_size + record.len;
        q->head = wrap(q, q->head + cost);
        q->used -= cost;
        q->count--;
        FLOE_ASSERT(q->unsent <= q->count);
    }
}
