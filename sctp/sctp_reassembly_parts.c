/*
 * sctp/sctp_reassembly_parts.c - messages that are read as they arrive.
 *
 * Fragments of a message have TSNs in a row, so the only one that can be read before its end is the
 * one that the cumulative TSN has reached into: r->partial. When it is long, its segment becomes
 * OPEN and goes to the ready list, where what arrives joins it. What is read of it is freed:
 *
 *      [101][102][103] <- partial        shown: 101 to 103
 *      [101][102][103][104] <- partial   one more joins, and then what was shown is released:
 *      [104] <- partial                  the head says BEGIN, OPEN and REST
 *      [   ] <- partial                  all was read: an empty block keeps its place, not in the
 *                                        list, so that others can be read; what joins puts it back
 */
#include "base/assert.h"
#include "sctp/sctp_interleave.h"
#include "sctp/sctp_reassembly_internal.h"

#if FLOE_SCTP_PARTS

#define GET(r, at, field)        floe_sctp_piece_get_##field(block(r, at))
#define SET(r, at, field, value) floe_sctp_piece_set_##field(block(r, at), value)

#define NONE   FLOE_SCTP_NONE
#define OPEN   FLOE_SCTP_PIECE_OPEN
#define QUEUED FLOE_SCTP_PIECE_QUEUED
#define CUT    FLOE_SCTP_PIECE_CUT
#define REST   FLOE_SCTP_PIECE_REST

static uint8_t *block(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_arena_block(&r->arena, at);
}

static floe_sctp_piece load(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_piece_load(&r->arena, at);
}

static void store(floe_sctp_reassembly *r, uint16_t at, const floe_sctp_piece *piece)
{
    floe_sctp_piece_store(&r->arena, at, piece);
}

void floe_sctp_reassembly_set_parts(floe_sctp_reassembly *r, uint32_t from, uint32_t message_max)
{
    if (from == 0) {
        return;
    }
    r->reserve++; /* for the block of an open message of which all was read */
    r->capacity = floe_sctp_reassembly_window(r);
    r->message_max = message_max;
    r->parts_from = from < r->capacity / 2 ? from : r->capacity / 2;
}

uint64_t floe_sctp_reassembly_length(const floe_sctp_reassembly *r, uint16_t last)
{
    floe_sctp_piece head = load(r, GET(r, last, far));
    return head.total + floe_sctp_reassembly_taken(r, &head);
}

void floe_sctp_reassembly_drop(floe_sctp_reassembly *r, uint16_t at)
{
    if ((GET(r, at, flags) & OPEN) != 0) {
        r->cut = at;
    } else {
        floe_sctp_piece_free(&r->arena, at);
    }
}

void floe_sctp_reassembly_forget(floe_sctp_reassembly *r, uint16_t stream)
{
    if (r->partial == NONE) {
        return;
    }
    uint16_t at = GET(r, r->partial, far);
    floe_sctp_piece head = load(r, at);
    if (head.stream == stream && (head.flags & (OPEN | QUEUED)) == OPEN) {
        floe_sctp_piece_free(&r->arena, at);
        r->partial = NONE;
    }
}

/* An open message will not go on: the reader is told. */
static void push_cut(floe_sctp_reassembly *r, floe_sctp_streams *streams)
{
    uint16_t at = r->cut;
    floe_sctp_piece head = load(r, at);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, head.stream);
    FLOE_ASSERT(stream != NULL && (head.flags & OPEN) != 0);
    r->cut = NONE;
    if ((head.flags & QUEUED) == 0) {
        floe_sctp_reassembly_push(r, stream, at);
    }
    SET(r, at, flags, (uint8_t)((GET(r, at, flags) & ~OPEN) | CUT));
}

void floe_sctp_reassembly_open(floe_sctp_reassembly *r, floe_sctp_streams *streams)
{
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_interleave_open_any(r, streams);
        return;
    }
    if (r->cut != NONE) {
        push_cut(r, streams);
    }
    if (r->parts_from == 0 || r->partial == NONE) {
        return;
    }
    uint16_t at = GET(r, r->partial, far);
    floe_sctp_piece head = load(r, at);
    if ((head.flags & OPEN) != 0) {
        return;
    }
    /* Many small chunks fill the memory before their payload is long. */
    bool is_stuck = r->ready_count == 0 && floe_sctp_reassembly_window(r) == 0;
    floe_sctp_stream *stream = NULL;
    if (head.total >= r->parts_from || is_stuck) {
        stream = floe_sctp_streams_find(streams, head.stream);
    }
    bool is_unordered = (head.flags & FLOE_SCTP_FLAG_UNORDERED) != 0;
    if (stream != NULL && (is_unordered || head.ssn == stream->in_ssn)) {
        SET(r, at, flags, head.flags | OPEN);
        floe_sctp_reassembly_push(r, stream, at);
    }
}

void floe_sctp_reassembly_finish(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t at)
{
    if ((GET(r, at, flags) & QUEUED) == 0) {
        floe_sctp_reassembly_push(r, stream, at);
    }
    uint8_t flags = GET(r, at, flags);
    SET(r, at, flags, flags & (uint8_t)~OPEN);
    r->delivered++;
    if ((flags & FLOE_SCTP_FLAG_UNORDERED) == 0 && GET(r, at, ssn) == stream->in_ssn) {
        stream->in_ssn++;
        floe_sctp_reassembly_push_waiting(r, stream);
    }
}

/* Free a piece. Returns the one behind it. */
static uint16_t free_one(floe_sctp_reassembly *r, uint16_t at, size_t *bytes)
{
    uint16_t next = GET(r, at, next);
    uint16_t len = GET(r, at, len);
    FLOE_ASSERT(len <= *bytes);
    *bytes -= len;
    uint32_t blocks = floe_sctp_arena_blocks(&r->arena, sizeof(floe_sctp_piece) + len);
    floe_sctp_arena_give(&r->arena, at, blocks);
    return next;
}

/* What is left of the first message has its head here. */
static void replace_first(floe_sctp_reassembly *r, uint16_t at)
{
    r->ready_tail = r->ready_tail == r->ready_head ? at : r->ready_tail;
    r->ready_head = at;
}

/* More has come since it was looked at: that is the message now. */
static void keep_rest(floe_sctp_reassembly *r, const floe_sctp_piece *old, size_t len)
{
    uint16_t at = r->ready_head;
    for (size_t left = len; left > 0;) {
        at = free_one(r, at, &left);
    }
    FLOE_ASSERT(at != NONE);
    floe_sctp_piece head = load(r, at);
    head.total = (uint32_t)(old->total - len);
    head.cursor = at;
    head.cursor_at = 0;
    head.next_message = old->next_message;
    head.flags |= (uint8_t)((old->flags & (OPEN | QUEUED | CUT)) | REST | FLOE_SCTP_FLAG_BEGIN);
    head.far = old->far;
    store(r, at, &head);
    if (old->far != at) {
        SET(r, old->far, far, at);
    }
    replace_first(r, at);
}

/* All that is there was read: of the last chunk one block stays, to be joined by the next. */
static void keep_place(floe_sctp_reassembly *r, const floe_sctp_piece *old)
{
    uint16_t at = old->far;
    floe_sctp_piece head = load(r, at);
    uint32_t blocks = floe_sctp_arena_blocks(&r->arena, sizeof head + head.len);
    size_t left = old->total;
    for (uint16_t before = r->ready_head; before != at;) {
        before = free_one(r, before, &left);
    }
    floe_sctp_piece_free(&r->arena, head.next);
    if (blocks > 1) {
        floe_sctp_arena_give(&r->arena, (uint16_t)(at + 1), blocks - 1);
    }
    head.flags |= (uint8_t)((old->flags & (OPEN | QUEUED | CUT)) | REST | FLOE_SCTP_FLAG_BEGIN);
    head.len = 0;
    head.total = 0;
    head.next = NONE;
    head.next_message = old->next_message;
    head.far = head.cursor = at;
    head.cursor_at = 0;
    store(r, at, &head);
    replace_first(r, at);
}

/* Others can be read until more of it arrives. */
static void leave_list(floe_sctp_reassembly *r, floe_sctp_stream *stream)
{
    uint16_t at = r->ready_head;
    floe_sctp_piece head = load(r, at);
    head.flags &= (uint8_t)~QUEUED;
    store(r, at, &head);
    r->ready_head = head.next_message;
    r->ready_tail = r->ready_head == NONE ? (uint16_t)NONE : r->ready_tail;
    r->ready_count--;
    stream->unread--;
}

void floe_sctp_reassembly_release_part(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                       size_t len)
{
    if (r->ready_head == NONE) {
        return;
    }
    floe_sctp_piece head = load(r, r->ready_head);
    floe_sctp_stream *stream = floe_sctp_streams_find(streams, head.stream);
    FLOE_ASSERT(stream != NULL && len <= head.total);
    if (FLOE_SCTP_IS_INTERLEAVED(streams)) {
        floe_sctp_interleave_take(streams, stream, &head, len);
    } else {
        r->read_offset = floe_sctp_reassembly_taken(r, &head) + len;
    }
    if (len < head.total) {
        keep_rest(r, &head, len);
        return;
    }
    FLOE_ASSERT((head.flags & (OPEN | CUT)) != 0); /* or its last part would not have been shown */
    keep_place(r, &head);
    if ((head.flags & CUT) == 0) { /* else since it was shown: that is told before all else */
        leave_list(r, stream);
    }
}

#endif
