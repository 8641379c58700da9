/* sctp/sctp_stream.c - see sctp/sctp_stream.h. */
#include "sctp/sctp_stream.h"

#include "base/assert.h"

#define KEEPS_STATE                                                                                \
    (FLOE_SCTP_STREAM_OUT | FLOE_SCTP_STREAM_IN | FLOE_SCTP_STREAM_RESET_WANTED |                  \
     FLOE_SCTP_STREAM_RESET_SENT | FLOE_SCTP_STREAM_SKIPPED | FLOE_SCTP_STREAM_HAS_EVENT |         \
     FLOE_SCTP_STREAM_IN_DEFERRED)

void floe_sctp_streams_init(floe_sctp_streams *streams)
{
    streams->free_head = streams->event_head = streams->event_tail = FLOE_SCTP_NONE;
    streams->end = streams->count = streams->reset_count = 0;
#if FLOE_SCTP_IDATA
    streams->interleaving = NULL;
#endif
    for (uint16_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        streams->bucket[i] = FLOE_SCTP_NONE;
    }
}

static uint16_t find_index(const floe_sctp_streams *streams, uint16_t id)
{
    uint16_t at = streams->bucket[id % FLOE_SCTP_STREAM_MAX];
    while (at != FLOE_SCTP_NONE && streams->table[at].id != id) {
        at = streams->table[at].next;
    }
    return at;
}

floe_sctp_stream *floe_sctp_streams_find(floe_sctp_streams *streams, uint16_t id)
{
    uint16_t at = find_index(streams, id);
    return at == FLOE_SCTP_NONE ? NULL : &streams->table[at];
}

const floe_sctp_stream *floe_sctp_streams_peek(const floe_sctp_streams *streams, uint16_t id)
{
    uint16_t at = find_index(streams, id);
    return at == FLOE_SCTP_NONE ? NULL : &streams->table[at];
}

/* An entry that is free; NONE: the table is full. */
static uint16_t take_entry(floe_sctp_streams *streams)
{
    uint16_t at = streams->free_head;
    if (at != FLOE_SCTP_NONE) {
        streams->free_head = streams->table[at].next;
    } else if (streams->end < FLOE_SCTP_STREAM_MAX) {
        at = streams->end++;
    }
    return at;
}

floe_sctp_stream *floe_sctp_streams_get(floe_sctp_streams *streams, uint16_t id)
{
    FLOE_ASSERT(id != FLOE_SCTP_NONE);
    uint16_t at = find_index(streams, id);
    if (at != FLOE_SCTP_NONE) {
        return &streams->table[at];
    }
    at = take_entry(streams);
    if (at == FLOE_SCTP_NONE) {
        return NULL;
    }
    floe_sctp_stream *stream = &streams->table[at];
    streams->count++;
    uint16_t *bucket = &streams->bucket[id % FLOE_SCTP_STREAM_MAX];
    *stream = (floe_sctp_stream){.id = id,
                                 .send_head = FLOE_SCTP_POSITION_NONE,
                                 .send_tail = FLOE_SCTP_POSITION_NONE,
                                 .turn_next = FLOE_SCTP_NONE,
                                 .wait_head = FLOE_SCTP_NONE,
                                 .wait_tail = FLOE_SCTP_NONE,
                                 .next = *bucket,
                                 .event_next = FLOE_SCTP_NONE};
    *bucket = at;
    return stream;
}

void floe_sctp_streams_drop_idle(floe_sctp_streams *streams, floe_sctp_stream *stream)
{
    if ((stream->flags & KEEPS_STATE) != 0 || stream->buffered > 0 || stream->unread > 0 ||
        stream->wait_head != FLOE_SCTP_NONE) {
        return;
    }
    uint16_t at = (uint16_t)(stream - streams->table);
    uint16_t *link = &streams->bucket[stream->id % FLOE_SCTP_STREAM_MAX];
    while (*link != at) {
        link = &streams->table[*link].next;
    }
    *link = stream->next;
    stream->id = FLOE_SCTP_NONE;
    stream->next = streams->free_head;
    streams->free_head = at;
    streams->count--;
}

void floe_sctp_streams_raise(floe_sctp_streams *streams, floe_sctp_stream *stream, uint8_t events)
{
    uint16_t at = (uint16_t)(stream - streams->table);
    if ((events & ~stream->events & FLOE_SCTP_STREAM_EV_RESET) != 0) {
        streams->reset_count++;
    }
    stream->events |= events;
    if ((stream->flags & FLOE_SCTP_STREAM_HAS_EVENT) != 0) {
        return;
    }
    stream->flags |= FLOE_SCTP_STREAM_HAS_EVENT;
    stream->event_next = FLOE_SCTP_NONE;
    if (streams->event_head == FLOE_SCTP_NONE) {
        streams->event_head = at;
    } else {
        streams->table[streams->event_tail].event_next = at;
    }
    streams->event_tail = at;
}

uint8_t floe_sctp_streams_next_event(floe_sctp_streams *streams, uint16_t *id)
{
    uint16_t at = streams->event_head;
    if (at == FLOE_SCTP_NONE) {
        return 0;
    }
    floe_sctp_stream *stream = &streams->table[at];
    uint8_t event = (uint8_t)(stream->events & -stream->events); /* the lowest flag */
    stream->events &= (uint8_t)~event;
    *id = stream->id;
    if (event == FLOE_SCTP_STREAM_EV_RESET) {
        streams->reset_count--;
    }
    if (stream->events == 0) {
        streams->event_head = stream->event_next;
        stream->flags &= (uint8_t)~FLOE_SCTP_STREAM_HAS_EVENT;
        floe_sctp_streams_drop_idle(streams, stream);
    }
    return event;
}

void floe_sctp_streams_drain(floe_sctp_streams *streams, floe_sctp_stream *stream, uint32_t bytes)
{
    FLOE_ASSERT(bytes <= stream->buffered);
    bool was_above = stream->buffered > stream->low_threshold;
    stream->buffered -= bytes;
    if (was_above && stream->buffered <= stream->low_threshold) {
        floe_sctp_streams_raise(streams, stream, FLOE_SCTP_STREAM_EV_LOW);
    }
}
