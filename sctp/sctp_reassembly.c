/*
 * sctp/sctp_reassembly.c - see sctp/sctp_reassembly.h.
 *
 * Chunks lie in the receive buffer as sctp_piece.h has it. Those beyond the cumulative TSN whose
 * message is not complete are in the table as well, by TSN:
 *
 *      ...  [cum]   -   [101] [102] [103]   -    -   [106]  ...       index: TSN modulo window
 *             |          |           |                 |
 *          partial      head ------> last         head = last         segments
 *
 * A new chunk joins the segments before and behind it. As the cumulative TSN moves over a segment
 * it leaves the table; the one that ends exactly there, and that has its first fragment, goes on as
 * `partial`. A segment that has both ends is a message: it goes to the ready list, or waits in its
 * stream for the messages before it.
 */
#include "sctp/sctp_reassembly.h"

#include "base/assert.h"
#include "sctp/sctp_reassembly_internal.h"

#include <string.h>

#define NONE                     FLOE_SCTP_NONE
#define GET(r, at, field)        floe_sctp_piece_get_##field(block(r, at))
#define SET(r, at, field, value) floe_sctp_piece_set_##field(block(r, at), value)

static uint8_t *block(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_arena_block(&r->arena, at);
}

static floe_sctp_piece load(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_piece_load(&r->arena, at);
}

static void set_entry(floe_sctp_reassembly *r, uint32_t tsn, uint16_t at)
{
    if (!r->has_table) {
        memset(r->table, 0xFF, 2 * (size_t)r->window); /* NONE */
        r->has_table = true;
    }
    memcpy(r->table + 2 * (size_t)(tsn & (r->window - 1)), &at, sizeof at);
}

/* What the headers take is not for the peer: full chunks need a sixteenth, small ones more. */
static uint32_t payload_of(const floe_sctp_reassembly *r, uint32_t blocks)
{
    uint32_t bytes = blocks > r->reserve ? (blocks - r->reserve) * r->arena.block_size : 0;
    return bytes - bytes / 8;
}

void floe_sctp_reassembly_init(floe_sctp_reassembly *r, floe_span memory, uint32_t message_max,
                               uint32_t chunk_max)
{
    uint32_t window = 64;
    while (window < FLOE_SCTP_WINDOW_MAX && window * 2 <= memory.len / 128) {
        window *= 2;
    }
    /* The table is behind all else, where it takes no memory until a chunk is missing. */
    size_t blocks = memory.len - 2 * (size_t)window;
    *r = (floe_sctp_reassembly){.table = memory.ptr + blocks, .window = window};
    r->ready_head = r->ready_tail = r->partial = NONE;
#if FLOE_SCTP_PARTS
    r->cut = NONE;
#endif
    floe_sctp_arena_init(&r->arena, (floe_span){memory.ptr, blocks});
    r->reserve = floe_sctp_arena_blocks(&r->arena, sizeof(floe_sctp_piece) + chunk_max);
    r->capacity = payload_of(r, r->arena.count);
    r->message_max = message_max < r->capacity ? message_max : r->capacity;
}

uint32_t floe_sctp_reassembly_window(const floe_sctp_reassembly *r)
{
    /* RFC 9260 §6.2: no silly window: less than a packet is announced as nothing. */
    uint32_t bytes = payload_of(r, r->arena.free);
    return bytes < r->reserve * r->arena.block_size ? 0 : bytes;
}

/* Whether the piece at `at`, next to this chunk, is of the same message by stream, order and
 * number.
 */
static bool is_one_message(const floe_sctp_reassembly *r, uint16_t at, const floe_sctp_data *data)
{
    const uint8_t unordered = FLOE_SCTP_FLAG_UNORDERED;
    uint8_t flags = GET(r, at, flags);
    return GET(r, at, stream) == data->stream && ((flags ^ data->flags) & unordered) == 0 &&
           (GET(r, at, ssn) == data->ssn || (flags & unordered) != 0);
}

void floe_sctp_reassembly_push(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head)
{
    uint8_t *piece = block(r, head);
    uint8_t flags = floe_sctp_piece_get_flags(piece);
    r->delivered += (flags & FLOE_SCTP_PIECE_OPEN) == 0;
    floe_sctp_piece_set_flags(piece, flags | FLOE_SCTP_PIECE_QUEUED);
    floe_sctp_piece_set_next_message(piece, NONE);
    floe_sctp_piece_set_cursor(piece, head);
    floe_sctp_piece_set_cursor_at(piece, 0);
    if (r->ready_head == NONE) {
        r->ready_head = head;
    } else {
        SET(r, r->ready_tail, next_message, head);
    }
    r->ready_tail = head;
    r->ready_count++;
    stream->unread++;
}

void floe_sctp_reassembly_push_waiting(floe_sctp_reassembly *r, floe_sctp_stream *stream)
{
    while (stream->wait_head != NONE) {
        uint16_t at = stream->wait_head;
        uint16_t ssn = GET(r, at, ssn);
        if (floe_serial16_lt(stream->in_ssn, ssn)) {
            return;
        }
        stream->wait_head = GET(r, at, next_message);
        if (ssn == stream->in_ssn) {
            stream->in_ssn++;
        }
        floe_sctp_reassembly_push(r, stream, at);
    }
    stream->wait_tail = NONE;
}

/* Insert by SSN. What comes late fills a gap near the front; all else goes to the end. */
static void push_wait(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at)
{
    uint16_t ssn = GET(r, at, ssn);
    uint16_t before = NONE;
    uint16_t after = stream->wait_head;
    if (after != NONE && floe_serial16_lt(GET(r, stream->wait_tail, ssn), ssn)) {
        before = stream->wait_tail;
        after = NONE;
    }
    while (after != NONE && floe_serial16_lt(GET(r, after, ssn), ssn)) {
        before = after;
        after = GET(r, after, next_message);
    }
    if (after != NONE && GET(r, after, ssn) == ssn) {
        floe_sctp_piece_free(&r->arena, at); /* the peer has used a number twice */
        return;
    }
    SET(r, at, next_message, after);
    if (before == NONE) {
        stream->wait_head = at;
    } else {
        SET(r, before, next_message, at);
    }
    if (after == NONE) {
        stream->wait_tail = at;
    }
}

/* RFC 9260 §6.6: unordered messages at once, ordered ones at their turn. */
static void deliver(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at)
{
    uint8_t flags = GET(r, at, flags);
    uint16_t ssn = GET(r, at, ssn);
#if FLOE_SCTP_PARTS
    if ((flags & FLOE_SCTP_PIECE_OPEN) != 0) {
        floe_sctp_reassembly_finish(r, stream, at);
        return;
    }
#endif
    if ((flags & FLOE_SCTP_FLAG_UNORDERED) != 0) {
        floe_sctp_reassembly_push(r, stream, at);
    } else if (ssn == stream->in_ssn) {
        stream->in_ssn++;
        floe_sctp_reassembly_push(r, stream, at);
        floe_sctp_reassembly_push_waiting(r, stream);
    } else if (floe_serial16_lt(stream->in_ssn, ssn)) {
        push_wait(r, stream, at);
    } else {
        floe_sctp_piece_free(&r->arena, at); /* its turn is over: it was skipped */
    }
}

/* The chunk before `data` in its message, if it is here. */
static uint16_t find_left(const floe_sctp_reassembly *r, const floe_sctp_data *data, uint32_t cum)
{
    if ((data->flags & FLOE_SCTP_FLAG_BEGIN) != 0) {
        return NONE;
    }
    uint16_t at = data->tsn == cum + 1 ? r->partial : floe_sctp_reassembly_entry(r, data->tsn - 1);
    bool is_left = at != NONE && (GET(r, at, flags) & FLOE_SCTP_FLAG_END) == 0;
    return is_left && is_one_message(r, at, data) ? at : NONE;
}

static uint16_t find_right(const floe_sctp_reassembly *r, const floe_sctp_data *data, uint32_t cum)
{
    /* The entry one window ahead of cum is that of cum itself, which is not in the table. */
    if ((data->flags & FLOE_SCTP_FLAG_END) != 0 || data->tsn - cum == r->window) {
        return NONE;
    }
    uint16_t at = floe_sctp_reassembly_entry(r, data->tsn + 1);
    bool is_right = at != NONE && (GET(r, at, flags) & FLOE_SCTP_FLAG_BEGIN) == 0;
    return is_right && is_one_message(r, at, data) ? at : NONE;
}

/* Nothing has joined the message that the cumulative TSN had reached into, and now nothing can. */
static void drop_partial(floe_sctp_reassembly *r)
{
    if (r->partial != NONE) {
        floe_sctp_reassembly_drop(r, GET(r, r->partial, far));
        r->partial = NONE;
    }
}

/* A segment has both ends: it leaves the table. */
static void complete(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head, uint32_t cum)
{
    uint32_t first = GET(r, head, tsn);
    uint32_t last = GET(r, GET(r, head, far), tsn);
    first = floe_serial32_lt(cum, first) ? first : cum + 1;
    for (uint32_t tsn = first; floe_serial32_le(tsn, last); tsn++) {
        set_entry(r, tsn, NONE);
    }
    deliver(r, stream, head);
}

/* All of an open message that came before was read: there is something to be read again. */
static void push_open(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head)
{
    const uint8_t flags = FLOE_SCTP_PIECE_OPEN | FLOE_SCTP_PIECE_QUEUED;
    if ((GET(r, head, flags) & flags) == FLOE_SCTP_PIECE_OPEN) {
        floe_sctp_reassembly_push(r, stream, head);
    }
}

/* Put a stored chunk into the table, join it with its neighbours, and deliver what is whole. */
static void link_chunk(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at,
                       uint16_t left, uint16_t right, uint32_t cum)
{
    set_entry(r, GET(r, at, tsn), at);
    if (left != NONE) {
        floe_sctp_piece_join(&r->arena, left, at);
        r->partial = left == r->partial ? (uint16_t)NONE : r->partial;
    }
    if (right != NONE) {
        floe_sctp_piece_join(&r->arena, at, right);
    }
    uint16_t head = left == NONE ? at : GET(r, at, far);
    if ((GET(r, head, flags) & FLOE_SCTP_FLAG_BEGIN) != 0 &&
        (GET(r, GET(r, head, far), flags) & FLOE_SCTP_FLAG_END) != 0) {
        complete(r, stream, head, cum);
    } else {
        push_open(r, stream, head);
    }
}

/* The next chunk in sequence, with nothing of its message behind it: the usual case. It never
 * enters the table: it ends its message, or the next chunk goes on from it. */
static void link_next(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at, uint16_t left,
                      bool is_end)
{
    uint16_t head = at;
    if (left != NONE) {
        head = floe_sctp_piece_join(&r->arena, left, at);
    } else {
        drop_partial(r);
    }
    r->partial = is_end ? (uint16_t)NONE : at;
    if (is_end) {
        deliver(r, stream, head);
    } else {
        push_open(r, stream, head);
    }
}

floe_sctp_store floe_sctp_reassembly_add(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                                         const floe_sctp_data *data, uint32_t cum)
{
    bool is_next = data->tsn == cum + 1;
    uint16_t left = find_left(r, data, cum);
    uint16_t right = find_right(r, data, cum);
    if (is_next && left == NONE && (data->flags & FLOE_SCTP_FLAG_BEGIN) == 0) {
        return FLOE_SCTP_STORE_OK; /* the rest of a message whose beginning was skipped */
    }
    uint64_t total = data->payload.len;
    total += left != NONE ? floe_sctp_reassembly_length(r, left) : 0;
    total += right != NONE ? GET(r, right, total) : 0;
    if (total > r->message_max && r->message_max != UINT32_MAX) {
        return FLOE_SCTP_STORE_TOO_BIG;
    }
    uint32_t need = floe_sctp_arena_blocks(&r->arena, sizeof(floe_sctp_piece) + data->payload.len);
    if (!is_next && r->arena.free < need + r->reserve) {
        return FLOE_SCTP_STORE_NO_ROOM;
    }
    uint16_t at = floe_sctp_piece_put(&r->arena, data);
    if (at == NONE) {
        return FLOE_SCTP_STORE_NO_ROOM;
    }
    if (is_next && right == NONE) {
        link_next(r, stream, at, left, (data->flags & FLOE_SCTP_FLAG_END) != 0);
    } else {
        link_chunk(r, stream, at, left, right, cum);
    }
    return FLOE_SCTP_STORE_OK;
}

/* The cumulative TSN has passed `tsn`: what becomes of the chunk there. */
static void leave_table(floe_sctp_reassembly *r, uint32_t tsn, bool is_cum)
{
    uint16_t at = floe_sctp_reassembly_entry(r, tsn);
    if (at == NONE) {
        return;
    }
    set_entry(r, tsn, NONE);
    if (!floe_sctp_piece_is_last(&r->arena, at)) {
        return; /* the segment goes on; its last chunk decides */
    }
    uint16_t head = GET(r, at, far);
    bool has_begin = (GET(r, head, flags) & FLOE_SCTP_FLAG_BEGIN) != 0;
    bool has_end = (GET(r, at, flags) & FLOE_SCTP_FLAG_END) != 0;
    if (is_cum && has_begin && !has_end) {
        r->partial = at;
    } else {
        floe_sctp_reassembly_drop(r, head);
    }
}

void floe_sctp_reassembly_leave_table(floe_sctp_reassembly *r, uint32_t from, uint32_t to)
{
    uint32_t count = to - from < r->window ? to - from : r->window;
    drop_partial(r);
    for (uint32_t i = 1; i <= count; i++) {
        leave_table(r, from + i, from + i == to);
    }
}

void floe_sctp_reassembly_skip(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t ssn)
{
    if (!floe_serial16_le(stream->in_ssn, ssn)) {
        return; /* old news */
    }
    /* RFC 3758 §3.6: messages up to the skipped one that are here are delivered. */
    stream->in_ssn = (uint16_t)(ssn + 1);
    floe_sctp_reassembly_push_waiting(r, stream);
}

/* Take the chunks of a message out of the tracker, and free it. */
static void renege_message(floe_sctp_reassembly *r, uint16_t head, floe_sctp_tracker *tracker)
{
    uint32_t last = GET(r, GET(r, head, far), tsn);
    for (uint32_t tsn = GET(r, head, tsn); floe_serial32_le(tsn, last); tsn++) {
        floe_sctp_tracker_remove(tracker, tsn);
    }
    floe_sctp_piece_free(&r->arena, head);
}

/* In the window, that is: what has waited for so long that its TSN seems to be ahead is not. */
static bool is_beyond(const floe_sctp_tracker *tracker, uint32_t tsn)
{
    return tsn - tracker->cum - 1 < tracker->window;
}

/* Throw away the messages of a stream that wait, from the first beyond the cumulative TSN on. */
static bool renege_waiting(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                           floe_sctp_tracker *tracker)
{
    bool is_any = false;
    uint16_t kept = NONE;
    for (uint16_t at = stream->wait_head; at != NONE;) {
        uint16_t next = GET(r, at, next_message);
        if (is_beyond(tracker, GET(r, at, tsn)) &&
            is_beyond(tracker, GET(r, GET(r, at, far), tsn))) {
            renege_message(r, at, tracker);
            is_any = true;
        } else if (kept == NONE) {
            stream->wait_head = kept = at;
        } else {
            SET(r, kept, next_message, at);
            kept = at;
        }
        at = next;
    }
    if (kept == NONE) {
        stream->wait_head = NONE;
    } else {
        SET(r, kept, next_message, NONE);
    }
    stream->wait_tail = kept;
    return is_any;
}

bool floe_sctp_reassembly_renege(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                 floe_sctp_tracker *tracker)
{
    bool is_any = false;
    for (uint32_t i = 1; i <= r->window; i++) {
        uint32_t tsn = tracker->cum + i;
        uint16_t at = floe_sctp_reassembly_entry(r, tsn);
        if (at == NONE) {
            continue;
        }
        set_entry(r, tsn, NONE);
        floe_sctp_tracker_remove(tracker, tsn);
        is_any = true;
        if (floe_sctp_piece_is_last(&r->arena, at)) {
            floe_sctp_piece_free(&r->arena, GET(r, at, far));
        }
    }
    for (uint32_t i = 0; i < streams->end; i++) {
        if (floe_sctp_stream_is_used(&streams->table[i])) {
            is_any |= renege_waiting(r, &streams->table[i], tracker);
        }
    }
    return is_any;
}

void floe_sctp_reassembly_reset(floe_sctp_reassembly *r, floe_sctp_stream *stream)
{
    while (stream->wait_head != NONE) {
        uint16_t at = stream->wait_head;
        stream->wait_head = GET(r, at, next_message);
        floe_sctp_piece_free(&r->arena, at);
    }
    stream->wait_tail = NONE;
    stream->in_ssn = 0;
    floe_sctp_reassembly_forget(r, stream->id);
}

bool floe_sctp_reassembly_peek(const floe_sctp_reassembly *r, floe_sctp_head *head)
{
    if (r->ready_head == NONE) {
        return false;
    }
    floe_sctp_piece p = load(r, r->ready_head);
    *head = (floe_sctp_head){.ppid = p.ppid,
                             .len = p.total,
                             .stream = p.stream,
                             .is_unordered = (p.flags & FLOE_SCTP_FLAG_UNORDERED) != 0,
                             .has_more = (p.flags & FLOE_SCTP_PIECE_OPEN) != 0,
                             .is_cut = (p.flags & FLOE_SCTP_PIECE_CUT) != 0};
#if FLOE_SCTP_PARTS
    head->offset = floe_sctp_reassembly_taken(r, &p);
#endif
    return true;
}

floe_bytes floe_sctp_reassembly_view(const floe_sctp_reassembly *r, size_t offset)
{
    if (r->ready_head == NONE) {
        return (floe_bytes){NULL, 0};
    }
    return floe_sctp_piece_view(&r->arena, r->ready_head, offset);
}

size_t floe_sctp_reassembly_copy(const floe_sctp_reassembly *r, uint8_t *buf, size_t cap)
{
    if (r->ready_head == NONE) {
        return 0;
    }
    size_t done = floe_sctp_piece_copy(&r->arena, r->ready_head, buf, cap);
    FLOE_ASSERT(done == GET(r, r->ready_head, total) || done == cap); /* buf holds the message */
    return done;
}

void floe_sctp_reassembly_release(floe_sctp_reassembly *r, floe_sctp_streams *streams)
{
    if (r->ready_head == NONE) {
        return;
    }
    uint16_t at = r->ready_head;
#if FLOE_SCTP_PARTS
    if ((GET(r, at, flags) & FLOE_SCTP_PIECE_OPEN) != 0) {
        floe_sctp_reassembly_release_part(r, streams, GET(r, at, total));
        return;
    }
#endif
    uint16_t id = GET(r, at, stream);
    r->ready_head = GET(r, at, next_message);
    r->ready_tail = r->ready_head == NONE ? (uint16_t)NONE : r->ready_tail;
    r->ready_count--;
    floe_sctp_piece_free(&r->arena, at);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, id);
    FLOE_ASSERT(stream != NULL && stream->unread > 0);
    stream->unread--;
    floe_sctp_streams_drop_idle(streams, stream);
}
