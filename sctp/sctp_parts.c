/*
 * sctp/sctp_parts.c - see sctp/sctp_parts.h.
 *
 * Each part is a record of the send queue, with MORE or REST or both. Those of the message under
 * way are in its stream's list and not in the schedule; while sendq.open names the stream, no other
 * message is queued, so what is in front of it in the ring is sent before it and cannot keep the
 * parts behind it from being freed.
 */
#include "sctp/sctp_parts.h"

#include "base/assert.h"
#include "sctp/sctp_internal.h"
#include "sctp/sctp_turns.h"

#if FLOE_SCTP_PARTS

#define PART FLOE_SCTP_RECORD_PART

floe_err floe_sctp_assoc_begin_message(floe_sctp_assoc *a, const floe_sctp_send *message)
{
    static const uint8_t some[1];
    floe_sctp_send first = *message;
    first.data = (floe_bytes){some, sizeof some};
    floe_err err = message->wants_fate ? FLOE_E_ARG : floe_sctp_check_send(a, &first);
    if (err != FLOE_OK) {
        return err;
    }
    if (a->state >= FLOE_SCTP_ESTABLISHED && !a->has_forward_tsn) {
        return FLOE_E_UNSUPPORTED;
    }
    if (a->sendq.open != FLOE_SCTP_NONE) {
        a->wanted = floe_sctp_await_parts(a) || a->wanted > 0 ? a->wanted : 1;
        return FLOE_E_AGAIN;
    }
    floe_sctp_stream *stream = floe_sctp_streams_get(&a->streams, message->stream);
    FLOE_ASSERT(stream != NULL);
    stream->flags |= FLOE_SCTP_STREAM_OUT;
    stream->weight = message->priority;
    a->sendq.open = (uint16_t)(stream - a->streams.table);
    a->parts = (floe_sctp_parts){
        .expires = FLOE_TIME_NEVER,
        .ppid = message->ppid,
        .max_retransmits = message->has_max_retransmits ? message->max_retransmits : UINT32_MAX,
        .stream = message->stream,
        .serial = (uint16_t)(a->parts.serial + 1),
        .is_unordered = message->is_unordered,
        .is_open = true,
        .is_awaited = a->parts.is_awaited};
    if (message->has_lifetime) {
        a->parts.expires = floe_time_after(a->now, message->lifetime_ms * FLOE_MS);
    }
    floe_sctp_expire(a); /* the timer for it */
    return FLOE_OK;
}

bool floe_sctp_is_taken(const floe_sctp_assoc *a, uint16_t stream)
{
    return a->sendq.open != FLOE_SCTP_NONE &&
           (!FLOE_SCTP_IS_INTERLEAVED(&a->streams) || stream == a->parts.stream);
}

bool floe_sctp_await_parts(floe_sctp_assoc *a)
{
    bool is_interleaved = FLOE_SCTP_IS_INTERLEAVED(&a->streams);
    a->parts.is_awaited |= is_interleaved;
    return is_interleaved;
}

bool floe_sctp_assoc_is_writing(const floe_sctp_assoc *a, uint16_t stream)
{
    return !a->is_over && a->parts.is_open && a->parts.stream == stream;
}

/* The last part, if it is the only one, is a message as any other. */
static void append(floe_sctp_assoc *a, const floe_sctp_record *record, floe_bytes lead,
                   floe_bytes data)
{
    floe_sctp_stream *stream = &a->streams.table[a->sendq.open];
    if ((record->flags & PART) == 0) {
        a->sendq.open = FLOE_SCTP_NONE;
    }
    stream->buffered += record->len;
    uint32_t at = floe_sctp_sendq_add(&a->sendq, &a->streams, stream, record);
    if (lead.len > 0) {
        floe_sctp_sendq_fill(&a->sendq, at, 0, lead);
    }
    if (data.len > 0) {
        floe_sctp_sendq_fill(&a->sendq, at, (uint32_t)lead.len, data);
    }
}

/* Queue the byte that waited and all but the last of these, which waits now; or all. */
static void put(floe_sctp_assoc *a, floe_bytes part, bool is_last)
{
    floe_sctp_parts *p = &a->parts;
    floe_bytes lead = {&p->held, p->has_held};
    floe_bytes data = {part.ptr, is_last ? part.len : part.len - 1};
    unsigned flags = (p->is_queued ? FLOE_SCTP_RECORD_REST : 0u) |
                     (is_last ? 0u : FLOE_SCTP_RECORD_MORE) |
                     (p->is_unordered ? FLOE_SCTP_RECORD_UNORDERED : 0u);
    floe_sctp_record record = {.expires = p->expires,
                               .len = (uint32_t)(lead.len + data.len),
                               .ppid = p->ppid,
                               .behind = FLOE_SCTP_POSITION_NONE,
                               .max_retransmits = p->max_retransmits,
                               .stream = p->stream,
                               .flags = (uint8_t)flags,
                               .serial = p->serial};
    if (record.len > 0) { /* else it is one byte, the first, and waits */
        append(a, &record, lead, data);
        p->is_queued = true;
    }
    p->has_held = !is_last;
    p->held = is_last ? 0 : part.ptr[part.len - 1];
}

floe_err floe_sctp_assoc_write(floe_sctp_assoc *a, uint16_t stream, floe_bytes part, bool is_last)
{
    floe_sctp_parts *p = &a->parts;
    if (a->is_over) {
        return FLOE_E_CLOSED;
    }
    floe_sctp_expire_parts(a);
    if (!floe_sctp_assoc_is_writing(a, stream)) {
        return FLOE_E_STATE;
    }
    if (part.len == 0 && (!is_last || p->len == 0)) {
        return FLOE_E_ARG;
    }
    bool is_unlimited = a->config.remote_message_max == UINT32_MAX;
    size_t cost = floe_sctp_sendq_cost(p->has_held + part.len, false);
    if ((!is_unlimited && p->len + part.len > a->config.remote_message_max) ||
        cost > a->sendq.size) {
        return FLOE_E_TOO_BIG;
    }
    if (cost > floe_sctp_sendq_room(&a->sendq)) {
        p->wanted = (uint32_t)cost;
        return FLOE_E_AGAIN;
    }
    put(a, part, is_last);
    p->len += part.len;
    p->wanted = 0;
    p->is_open = !is_last;
    floe_sctp_note_room(a);
    return FLOE_OK;
}

/* --- giving up --- */

static bool is_of(const floe_sctp_assoc *a, uint32_t at, uint16_t serial)
{
    floe_sctp_record record = floe_sctp_sendq_load(&a->sendq, at);
    return (record.flags & PART) != 0 && record.serial == serial;
}

/* Where the first part lies that is not all sent, if there is one and no other message of the
 * stream is in front of it; else NONE. */
static uint32_t find_next(const floe_sctp_assoc *a, uint16_t serial)
{
    uint32_t at = a->sendq.unsent > 0 ? a->sendq.next : FLOE_SCTP_POSITION_NONE;
    if (FLOE_SCTP_IS_INTERLEAVED(&a->streams) && a->sendq.open != FLOE_SCTP_NONE) {
        at = floe_sctp_turns_next_of(&a->streams, &a->streams.table[a->sendq.open]);
    }
    return at != FLOE_SCTP_POSITION_NONE && is_of(a, at, serial) ? at : FLOE_SCTP_POSITION_NONE;
}

/* RFC 3758 §3.5 A3: with one fragment, all are abandoned. Returns whether the peer has yet to be
 * told where the message ends, because its last chunk was sent, but is not its end. */
static bool abandon_sent(floe_sctp_assoc *a, uint16_t serial)
{
    floe_sctp_outstanding *o = &a->outstanding;
    bool has_end = false;
    for (uint32_t tsn = o->cum + 1; tsn != o->next_tsn; tsn++) {
        const floe_sctp_tx *tx = &o->ring[tsn & o->mask];
        if ((tx->state & FLOE_SCTP_TX_ABANDONED) != 0 || !is_of(a, tx->message, serial)) {
            continue;
        }
        has_end |= tx->message == find_next(a, serial); /* which adds an end */
        floe_sctp_outstanding_abandon(o, &a->sendq, &a->streams, tx->message);
    }
    return !has_end;
}

void floe_sctp_abandon_parts(floe_sctp_assoc *a, uint16_t serial)
{
    floe_sctp_sendq *q = &a->sendq;
    bool is_current = q->open != FLOE_SCTP_NONE && a->parts.serial == serial;
    bool needs_end = abandon_sent(a, serial) && is_current && a->parts.has_begun;
    for (uint32_t at = find_next(a, serial); at != FLOE_SCTP_POSITION_NONE;
         at = find_next(a, serial)) {
        floe_sctp_record record = floe_sctp_sendq_load(q, at);
        needs_end &= (record.flags & FLOE_SCTP_RECORD_STARTED) == 0;
        floe_sctp_outstanding_abandon(&a->outstanding, q, &a->streams, at);
    }
    if (needs_end) {
        floe_sctp_stream *stream = floe_sctp_streams_find(&a->streams, a->parts.stream);
        uint8_t order = a->parts.is_unordered ? FLOE_SCTP_RECORD_UNORDERED : 0;
        floe_sctp_record record = {.stream = a->parts.stream, .flags = order};
        FLOE_ASSERT(stream != NULL);
        record.ssn = a->parts.is_unordered ? 0 : (uint16_t)(stream->out_ssn - 1);
        if (FLOE_SCTP_IS_INTERLEAVED(&a->streams)) {
            floe_sctp_turns_add_end(&a->outstanding, &a->streams, stream, &record);
        } else {
            floe_sctp_outstanding_add_end(&a->outstanding, stream, &record);
        }
    }
    if (is_current) {
        a->parts.is_open = false;
        q->open = FLOE_SCTP_NONE;
    }
    a->stats.messages_abandoned++;
}

/* Its parts are behind messages that go first: it is over when its turn comes. */
static void expire_first_part(floe_sctp_assoc *a)
{
    uint32_t at = a->streams.table[a->sendq.open].send_head;
    while (!is_of(a, at, a->parts.serial)) {
        at = floe_sctp_sendq_load(&a->sendq, at).behind;
    }
    floe_sctp_record record = floe_sctp_sendq_load(&a->sendq, at);
    record.expires = 0;
    floe_sctp_sendq_store(&a->sendq, at, &record);
}

void floe_sctp_cut_parts(floe_sctp_assoc *a, uint16_t stream)
{
    if (!a->parts.is_open || (stream != FLOE_SCTP_NONE && stream != a->parts.stream)) {
        return;
    }
    a->parts.is_open = false;
    a->parts.has_held = false;
    if (a->parts.is_queued && !a->parts.has_begun &&
        find_next(a, a->parts.serial) == FLOE_SCTP_POSITION_NONE) {
        expire_first_part(a);
    } else {
        floe_sctp_abandon_parts(a, a->parts.serial);
    }
}

void floe_sctp_note_room_for_parts(floe_sctp_assoc *a, size_t room)
{
    if (a->parts.wanted > 0 && (a->parts.wanted <= room || !a->parts.is_open)) {
        a->parts.wanted = 0;
        a->events |= EV_WRITABLE;
    }
    if (a->parts.is_awaited && a->sendq.open == FLOE_SCTP_NONE) {
        a->parts.is_awaited = false;
        a->events |= EV_WRITABLE;
    }
}

void floe_sctp_assoc_release_part(floe_sctp_assoc *a, size_t len)
{
    floe_sctp_reassembly_release_part(&a->reassembly, &a->streams, len);
    floe_sctp_note_released(a);
}

void floe_sctp_expire_parts(floe_sctp_assoc *a)
{
    if (a->parts.is_open && a->parts.expires <= a->now) {
        floe_sctp_cut_parts(a, FLOE_SCTP_NONE);
    }
}

floe_err floe_sctp_assoc_abort_message(floe_sctp_assoc *a, uint16_t stream)
{
    if (a->is_over) {
        return FLOE_E_CLOSED;
    }
    if (!floe_sctp_assoc_is_writing(a, stream)) {
        return FLOE_E_STATE;
    }
    if (!a->parts.is_queued && a->parts.wanted > 0) {
        a->wanted = a->parts.wanted; /* given up for want of room: told when there is some */
        a->parts.wanted = 0;
    }
    floe_sctp_cut_parts(a, FLOE_SCTP_NONE);
    floe_sctp_expire(a); /* the peer is to be told, and who waits */
    return FLOE_OK;
}

#endif
