/*
 * sctp/sctp_reassembly.c - see sctp/sctp_reassembly.h.
 *
 * A chunk is kept in one piece, or in several where the buffer is fragmented; a piece is a header
 * followed by payload, in a run of blocks. Pieces are chained by `next`, over all chunks that
 * belong to one message and lie next to each other: a segment. Its first and its last chunk point
 * at each other by `far`, so that two segments join in constant time:
 *
 *      table:   ...  [cum]  .  [101] [102] [103]  .  .  [106] ...         index: TSN modulo window
 *                               |           |              |
 *      segment:                head ------> last         head = last
 *                               ^----far-----^
 *
 * The table has the chunks beyond the cumulative TSN whose message is not complete. As the
 * cumulative TSN moves over them they leave it; the one segment that ends exactly there, and that
 * has its first fragment, goes on as `partial`. A segment that has both ends is a message: it goes
 * to the ready list, or waits in its stream for the messages before it. From then on its head
 * belongs to the reader, and remembers where the reader has got to.
 */
#include "sctp/sctp_reassembly.h"

#include "base/assert.h"

#include <string.h>

#define NONE FLOE_SCTP_NONE

typedef struct piece {
    uint32_t tsn;
    uint32_t ppid;
    uint32_t total;     /* head: bytes of the segment */
    uint32_t cursor_at; /* head of a message: offset of the piece that was last viewed */
    uint16_t cursor;    /* that piece */
    uint16_t stream, ssn;
    uint16_t len;          /* payload bytes of this piece */
    uint16_t next;         /* piece of the segment */
    uint16_t far;          /* head: first piece of the last chunk; there: the head */
    uint16_t next_message; /* head: in the ready list or in the stream's wait list */
    uint8_t flags;         /* of the DATA chunk */
    uint8_t zero;
} piece;

static piece load(const floe_sctp_reassembly *r, uint16_t at)
{
    piece p;
    memcpy(&p, floe_sctp_arena_block(&r->arena, at), sizeof p);
    return p;
}

static void store(const floe_sctp_reassembly *r, uint16_t at, const piece *p)
{
    memcpy(floe_sctp_arena_block(&r->arena, at), p, sizeof *p);
}

static uint16_t get_entry(const floe_sctp_reassembly *r, uint32_t tsn)
{
    uint16_t at;
    memcpy(&at, r->table + 2 * (size_t)(tsn & (r->window - 1)), sizeof at);
    return at;
}

static void set_entry(floe_sctp_reassembly *r, uint32_t tsn, uint16_t at)
{
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
    *r = (floe_sctp_reassembly){.table = memory.ptr, .window = window};
    r->ready_head = r->ready_tail = r->partial = NONE;
    for (uint32_t i = 0; i < window; i++) {
        set_entry(r, i, NONE);
    }
    size_t used = 2 * (size_t)window;
    floe_sctp_arena_init(&r->arena, (floe_span){memory.ptr + used, memory.len - used});
    r->reserve = floe_sctp_arena_blocks(&r->arena, sizeof(piece) + chunk_max);
    r->capacity = payload_of(r, r->arena.count);
    r->message_max = message_max < r->capacity ? message_max : r->capacity;
}

uint32_t floe_sctp_reassembly_window(const floe_sctp_reassembly *r)
{
    /* RFC 9260 §6.2: no silly window: less than a packet is announced as nothing. */
    uint32_t bytes = payload_of(r, r->arena.free);
    return bytes < r->reserve * r->arena.block_size ? 0 : bytes;
}

static void free_pieces(floe_sctp_reassembly *r, uint16_t head)
{
    for (uint16_t at = head; at != NONE;) {
        piece p = load(r, at);
        floe_sctp_arena_give(&r->arena, at, floe_sctp_arena_blocks(&r->arena, sizeof p + p.len));
        at = p.next;
    }
}

/* Copy a chunk into the buffer; returns its first piece, or NONE. */
static uint16_t copy_in(floe_sctp_reassembly *r, const floe_sctp_data *data)
{
    piece p = {.tsn = data->tsn,
               .ppid = data->ppid,
               .total = (uint32_t)data->payload.len,
               .stream = data->stream,
               .ssn = data->ssn,
               .next = NONE,
               .next_message = NONE,
               .flags = data->flags};
    uint16_t first = NONE;
    uint16_t last = NONE;
    for (size_t done = 0; done < data->payload.len;) {
        uint32_t got;
        size_t left = data->payload.len - done;
        uint32_t want = floe_sctp_arena_blocks(&r->arena, sizeof p + left);
        uint16_t at = floe_sctp_arena_take(&r->arena, want, &got);
        if (at == NONE) {
            free_pieces(r, first);
            return NONE;
        }
        size_t room = got * r->arena.block_size - sizeof p;
        p.len = (uint16_t)(left < room ? left : room);
        p.far = p.cursor = first == NONE ? at : first;
        store(r, at, &p);
        memcpy(floe_sctp_arena_block(&r->arena, at) + sizeof p, data->payload.ptr + done, p.len);
        if (first == NONE) {
            first = at;
        } else {
            piece before = load(r, last);
            before.next = at;
            store(r, last, &before);
        }
        last = at;
        done += p.len;
    }
    return first;
}

/* The last piece of the chunk that begins at `at`. */
static uint16_t tail_of(const floe_sctp_reassembly *r, uint16_t at)
{
    piece p = load(r, at);
    uint32_t tsn = p.tsn;
    while (p.next != NONE) {
        piece next = load(r, p.next);
        if (next.tsn != tsn) {
            break;
        }
        at = p.next;
        p = next;
    }
    return at;
}

/* Fragments of one message: next to each other, and of the same stream, number and order. */
static bool is_one_message(const piece *left, const piece *right)
{
    const uint8_t unordered = FLOE_SCTP_FLAG_UNORDERED;
    return (left->flags & FLOE_SCTP_FLAG_END) == 0 && (right->flags & FLOE_SCTP_FLAG_BEGIN) == 0 &&
           left->stream == right->stream &&
           (left->flags & unordered) == (right->flags & unordered) &&
           (left->ssn == right->ssn || (left->flags & unordered) != 0);
}

/* Join the segment that ends with chunk `left` and the one that begins with chunk `right`. */
static void join(floe_sctp_reassembly *r, uint16_t left, uint16_t right)
{
    uint16_t head_at = load(r, left).far;
    uint16_t last_at = load(r, right).far;
    uint16_t tail_at = tail_of(r, left);
    piece tail = load(r, tail_at);
    tail.next = right;
    store(r, tail_at, &tail);
    piece head = load(r, head_at);
    head.far = last_at;
    head.total += load(r, right).total;
    store(r, head_at, &head);
    piece last = load(r, last_at);
    last.far = head_at;
    store(r, last_at, &last);
}

static void push_ready(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head_at)
{
    piece head = load(r, head_at);
    head.next_message = NONE;
    head.cursor = head_at;
    head.cursor_at = 0;
    store(r, head_at, &head);
    if (r->ready_head == NONE) {
        r->ready_head = head_at;
    } else {
        piece tail = load(r, r->ready_tail);
        tail.next_message = head_at;
        store(r, r->ready_tail, &tail);
    }
    r->ready_tail = head_at;
    r->ready_count++;
    stream->unread++;
}

/* Deliver what waited for the messages before it. */
static void push_waiting(floe_sctp_reassembly *r, floe_sctp_stream *stream)
{
    while (stream->wait_head != NONE) {
        uint16_t at = stream->wait_head;
        piece head = load(r, at);
        if (floe_serial16_lt(stream->in_ssn, head.ssn)) {
            return;
        }
        stream->wait_head = head.next_message;
        if (head.ssn == stream->in_ssn) {
            stream->in_ssn++;
        }
        push_ready(r, stream, at);
    }
    stream->wait_tail = NONE;
}

/* Insert by SSN. What comes late fills a gap near the front; all else goes to the end. */
static void push_wait(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at)
{
    piece head = load(r, at);
    uint16_t before = NONE;
    uint16_t after = stream->wait_head;
    if (after != NONE && floe_serial16_lt(load(r, stream->wait_tail).ssn, head.ssn)) {
        before = stream->wait_tail;
        after = NONE;
    }
    while (after != NONE && floe_serial16_lt(load(r, after).ssn, head.ssn)) {
        before = after;
        after = load(r, after).next_message;
    }
    if (after != NONE && load(r, after).ssn == head.ssn) {
        free_pieces(r, at); /* the peer has used a number twice */
        return;
    }
    head.next_message = after;
    store(r, at, &head);
    if (before == NONE) {
        stream->wait_head = at;
    } else {
        piece previous = load(r, before);
        previous.next_message = at;
        store(r, before, &previous);
    }
    if (after == NONE) {
        stream->wait_tail = at;
    }
}

/* RFC 9260 §6.6: unordered messages at once, ordered ones at their turn. */
static void deliver(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at)
{
    piece head = load(r, at);
    if ((head.flags & FLOE_SCTP_FLAG_UNORDERED) != 0) {
        push_ready(r, stream, at);
    } else if (head.ssn == stream->in_ssn) {
        stream->in_ssn++;
        push_ready(r, stream, at);
        push_waiting(r, stream);
    } else if (floe_serial16_lt(stream->in_ssn, head.ssn)) {
        push_wait(r, stream, at);
    } else {
        free_pieces(r, at); /* its turn is over: it was skipped */
    }
}

/* The chunk before `data` in its message, if it is here. */
static uint16_t find_left(const floe_sctp_reassembly *r, const floe_sctp_data *data, uint32_t cum,
                          const piece *chunk)
{
    if ((data->flags & FLOE_SCTP_FLAG_BEGIN) != 0) {
        return NONE;
    }
    uint16_t at = data->tsn == cum + 1 ? r->partial : get_entry(r, data->tsn - 1);
    if (at == NONE) {
        return NONE;
    }
    piece left = load(r, at);
    return is_one_message(&left, chunk) ? at : NONE;
}

static uint16_t find_right(const floe_sctp_reassembly *r, const floe_sctp_data *data, uint32_t cum,
                           const piece *chunk)
{
    /* The entry one window ahead of cum is that of cum itself, which is not in the table. */
    if ((data->flags & FLOE_SCTP_FLAG_END) != 0 || data->tsn - cum == r->window) {
        return NONE;
    }
    uint16_t at = get_entry(r, data->tsn + 1);
    if (at == NONE) {
        return NONE;
    }
    piece right = load(r, at);
    return is_one_message(chunk, &right) ? at : NONE;
}

/* A segment has both ends: it leaves the table. */
static void complete(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t head_at,
                     uint32_t cum)
{
    piece head = load(r, head_at);
    uint32_t last = load(r, head.far).tsn;
    uint32_t first = floe_serial32_lt(cum, head.tsn) ? head.tsn : cum + 1;
    for (uint32_t tsn = first; floe_serial32_le(tsn, last); tsn++) {
        set_entry(r, tsn, NONE);
    }
    deliver(r, stream, head_at);
}

/* Put a stored chunk into the table, join it with its neighbours, and deliver what is whole. */
static void link_chunk(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at,
                       uint16_t left, uint16_t right, uint32_t cum)
{
    set_entry(r, load(r, at).tsn, at);
    if (left != NONE) {
        join(r, left, at);
        r->partial = left == r->partial ? (uint16_t)NONE : r->partial;
    }
    if (right != NONE) {
        join(r, at, right);
    }
    uint16_t head_at = left == NONE ? at : load(r, at).far;
    piece head = load(r, head_at);
    if ((head.flags & FLOE_SCTP_FLAG_BEGIN) != 0 &&
        (load(r, head.far).flags & FLOE_SCTP_FLAG_END) != 0) {
        complete(r, stream, head_at, cum);
    }
}

floe_sctp_store floe_sctp_reassembly_add(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                                         const floe_sctp_data *data, uint32_t cum)
{
    const uint8_t whole = FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END;
    bool is_next = data->tsn == cum + 1;
    piece chunk = {.stream = data->stream, .ssn = data->ssn, .flags = data->flags};
    uint16_t left = find_left(r, data, cum, &chunk);
    uint16_t right = find_right(r, data, cum, &chunk);
    if (is_next && left == NONE && (data->flags & FLOE_SCTP_FLAG_BEGIN) == 0) {
        return FLOE_SCTP_STORE_OK; /* the rest of a message whose beginning was skipped */
    }
    uint64_t total = data->payload.len;
    total += left != NONE ? load(r, load(r, left).far).total : 0;
    total += right != NONE ? load(r, right).total : 0;
    if (total > r->message_max) {
        return FLOE_SCTP_STORE_TOO_BIG;
    }
    uint32_t need = floe_sctp_arena_blocks(&r->arena, sizeof(piece) + data->payload.len);
    if (!is_next && r->arena.free < need + r->reserve) {
        return FLOE_SCTP_STORE_NO_ROOM;
    }
    uint16_t at = copy_in(r, data);
    if (at == NONE) {
        return FLOE_SCTP_STORE_NO_ROOM;
    }
    if ((data->flags & whole) == whole) {
        deliver(r, stream, at); /* the usual case: it never enters the table */
    } else {
        link_chunk(r, stream, at, left, right, cum);
    }
    return FLOE_SCTP_STORE_OK;
}

/* The cumulative TSN has passed `tsn`: what becomes of the chunk there. */
static void leave_table(floe_sctp_reassembly *r, uint32_t tsn, bool is_cum)
{
    uint16_t at = get_entry(r, tsn);
    if (at == NONE) {
        return;
    }
    set_entry(r, tsn, NONE);
    if (load(r, tail_of(r, at)).next != NONE) {
        return; /* the segment goes on; its last chunk decides */
    }
    uint16_t head_at = load(r, at).far;
    bool has_begin = (load(r, head_at).flags & FLOE_SCTP_FLAG_BEGIN) != 0;
    bool has_end = (load(r, at).flags & FLOE_SCTP_FLAG_END) != 0;
    if (is_cum && has_begin && !has_end) {
        r->partial = at;
    } else {
        /* RFC 3758 §3.6: a message that has lost a fragment for good is removed. */
        free_pieces(r, head_at);
    }
}

void floe_sctp_reassembly_advance(floe_sctp_reassembly *r, uint32_t from, uint32_t to)
{
    if (from == to) {
        return;
    }
    if (r->partial != NONE) { /* nothing has joined it, and now nothing can */
        free_pieces(r, load(r, r->partial).far);
        r->partial = NONE;
    }
    uint32_t count = to - from < r->window ? to - from : r->window;
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
    push_waiting(r, stream);
}

/* Take the chunks of a message out of the tracker, and free it. */
static void renege_message(floe_sctp_reassembly *r, uint16_t head_at, floe_sctp_tracker *tracker)
{
    piece head = load(r, head_at);
    uint32_t last = load(r, head.far).tsn;
    for (uint32_t tsn = head.tsn; floe_serial32_le(tsn, last); tsn++) {
        floe_sctp_tracker_remove(tracker, tsn);
    }
    free_pieces(r, head_at);
}

/* Throw away the messages of a stream that wait, from the first beyond the cumulative TSN on. */
static bool renege_waiting(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                           floe_sctp_tracker *tracker)
{
    bool is_any = false;
    uint16_t kept = NONE;
    for (uint16_t at = stream->wait_head; at != NONE;) {
        piece head = load(r, at);
        if (floe_serial32_lt(tracker->cum, head.tsn)) {
            renege_message(r, at, tracker);
            is_any = true;
        } else if (kept == NONE) {
            stream->wait_head = kept = at;
        } else {
            piece previous = load(r, kept);
            previous.next_message = at;
            store(r, kept, &previous);
            kept = at;
        }
        at = head.next_message;
    }
    if (kept == NONE) {
        stream->wait_head = NONE;
    } else {
        piece last = load(r, kept);
        last.next_message = NONE;
        store(r, kept, &last);
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
        uint16_t at = get_entry(r, tsn);
        if (at == NONE) {
            continue;
        }
        set_entry(r, tsn, NONE);
        floe_sctp_tracker_remove(tracker, tsn);
        is_any = true;
        if (load(r, tail_of(r, at)).next == NONE) { /* the last chunk of its segment */
            free_pieces(r, load(r, at).far);
        }
    }
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
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
        stream->wait_head = load(r, at).next_message;
        free_pieces(r, at);
    }
    stream->wait_tail = NONE;
    stream->in_ssn = 0;
}

bool floe_sctp_reassembly_peek(const floe_sctp_reassembly *r, floe_sctp_head *head)
{
    if (r->ready_head == NONE) {
        return false;
    }
    piece p = load(r, r->ready_head);
    *head = (floe_sctp_head){.ppid = p.ppid,
                             .len = p.total,
                             .stream = p.stream,
                             .is_unordered = (p.flags & FLOE_SCTP_FLAG_UNORDERED) != 0};
    return true;
}

floe_bytes floe_sctp_reassembly_view(const floe_sctp_reassembly *r, size_t offset)
{
    if (r->ready_head == NONE) {
        return (floe_bytes){NULL, 0};
    }
    piece head = load(r, r->ready_head);
    if (offset >= head.total) {
        return (floe_bytes){NULL, 0};
    }
    if (offset < head.cursor_at) {
        head.cursor = r->ready_head;
        head.cursor_at = 0;
    }
    piece p = load(r, head.cursor);
    while (offset >= head.cursor_at + p.len) { /* ends: total is the sum of all pieces */
        head.cursor_at += p.len;
        head.cursor = p.next;
        p = load(r, p.next);
    }
    store(r, r->ready_head, &head); /* the next piece is found at once */
    const uint8_t *payload = floe_sctp_arena_block(&r->arena, head.cursor) + sizeof p;
    size_t skip = offset - head.cursor_at;
    return (floe_bytes){payload + skip, p.len - skip};
}

void floe_sctp_reassembly_release(floe_sctp_reassembly *r, floe_sctp_streams *streams)
{
    if (r->ready_head == NONE) {
        return;
    }
    piece head = load(r, r->ready_head);
    uint16_t at = r->ready_head;
    r->ready_head = head.next_message;
    r->ready_tail = r->ready_head == NONE ? (uint16_t)NONE : r->ready_tail;
    r->ready_count--;
    free_pieces(r, at);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, head.stream);
    FLOE_ASSERT(stream != NULL && stream->unread > 0);
    stream->unread--;
    floe_sctp_streams_drop_idle(streams, stream);
}

/* Blocks of a chain of pieces; asserts that the sizes add up to the head's total. */
static uint32_t count_blocks(const floe_sctp_reassembly *r, uint16_t head_at)
{
    uint32_t blocks = 0;
    uint32_t bytes = 0;
    uint32_t total = load(r, head_at).total;
    for (uint16_t at = head_at; at != NONE;) {
        piece p = load(r, at);
        blocks += floe_sctp_arena_blocks(&r->arena, sizeof p + p.len);
        bytes += p.len;
        at = p.next;
    }
    FLOE_ASSERT(bytes == total);
    return blocks;
}

static uint32_t count_list(const floe_sctp_reassembly *r, uint16_t first, uint32_t *messages)
{
    uint32_t blocks = 0;
    for (uint16_t at = first; at != NONE; at = load(r, at).next_message) {
        blocks += count_blocks(r, at);
        ++*messages;
    }
    return blocks;
}

void floe_sctp_reassembly_check_invariants(const floe_sctp_reassembly *r,
                                           const floe_sctp_streams *streams,
                                           const floe_sctp_tracker *tracker)
{
    uint32_t ready = 0;
    uint32_t unread = 0;
    uint32_t waiting = 0;
    uint32_t blocks = count_list(r, r->ready_head, &ready);
    FLOE_ASSERT(ready == r->ready_count);
    for (uint32_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        const floe_sctp_stream *stream = &streams->table[i];
        if (floe_sctp_stream_is_used(stream)) {
            blocks += count_list(r, stream->wait_head, &waiting);
            unread += stream->unread;
        }
    }
    FLOE_ASSERT(unread == ready);
    if (r->partial != NONE) {
        uint16_t head_at = load(r, r->partial).far;
        FLOE_ASSERT(load(r, r->partial).tsn == tracker->cum);
        FLOE_ASSERT((load(r, head_at).flags & FLOE_SCTP_FLAG_BEGIN) != 0);
        blocks += count_blocks(r, head_at);
    }
    for (uint32_t i = 1; i <= r->window; i++) {
        uint16_t at = get_entry(r, tracker->cum + i);
        if (at == NONE) {
            continue;
        }
        FLOE_ASSERT(load(r, at).tsn == tracker->cum + i);
        FLOE_ASSERT(floe_sctp_tracker_has(tracker, tracker->cum + i));
        if (load(r, tail_of(r, at)).next == NONE) {
            blocks += count_blocks(r, load(r, at).far);
        }
    }
    FLOE_ASSERT(r->arena.free + blocks == r->arena.count);
}
