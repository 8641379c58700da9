/*
 * sctp/sctp_interleave_parts.c - interleaved messages that are read as they arrive.
 *
 * Of each stream there is one at most: a sender has but one message of a stream under way (RFC 8260
 * section 2.2.2). Its beginning leaves the list of segments and is OPEN, as in
 * sctp_reassembly_parts.c, which frees what was read of it; lane.open says where its last fragment
 * is. What comes later stands in the list until it follows on.
 */
#include "base/assert.h"
#include "sctp/sctp_interleave.h"
#include "sctp/sctp_reassembly_internal.h"

#if FLOE_SCTP_IDATA && FLOE_SCTP_PARTS

#define NONE   FLOE_SCTP_NONE
#define OPEN   FLOE_SCTP_PIECE_OPEN
#define QUEUED FLOE_SCTP_PIECE_QUEUED

static floe_sctp_piece load(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_piece_load(&r->arena, at);
}

static bool is_unordered(uint8_t flags)
{
    return (flags & FLOE_SCTP_FLAG_UNORDERED) != 0;
}

/* The end of the message has arrived. */
static void finish(floe_sctp_reassembly *r, floe_sctp_streams *streams, floe_sctp_stream *stream)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    uint16_t at = load(r, lane->open).far;
    floe_sctp_piece head = load(r, at);
    head.flags &= (uint8_t)~OPEN;
    floe_sctp_piece_store(&r->arena, at, &head);
    r->delivered++;
    lane->open = NONE;
    if (!is_unordered(head.flags)) {
        lane->in_mid++;
        floe_sctp_interleave_deliver(r, streams, stream);
    }
}

/* The segment behind which the message goes on, in `before`. False: it has not arrived. */
static bool find_rest(const floe_sctp_reassembly *r, const floe_sctp_lane *lane,
                      const floe_sctp_stream *stream, uint16_t *before)
{
    bool order = is_unordered(load(r, lane->open).flags);
    *before = NONE;
    for (uint16_t at = stream->wait_head; at != NONE; *before = at, at = load(r, at).next_message) {
        floe_sctp_piece head = load(r, at);
        if (head.mid == lane->open_mid && is_unordered(head.flags) == order &&
            floe_sctp_piece_fsn(&head) == lane->open_fsn + 1) {
            return true;
        }
    }
    return false;
}

void floe_sctp_interleave_go_on(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                floe_sctp_stream *stream)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    uint16_t before;
    if (lane->open == NONE || !find_rest(r, lane, stream, &before)) {
        return;
    }
    uint16_t rest = floe_sctp_interleave_unlink(r, stream, before);
    uint16_t last_at = load(r, rest).far;
    floe_sctp_piece last = load(r, last_at);
    uint16_t head_at = floe_sctp_piece_join(&r->arena, lane->open, rest);
    lane->open = last_at;
    lane->open_fsn = floe_sctp_piece_fsn(&last);
    if ((load(r, head_at).flags & QUEUED) == 0) {
        floe_sctp_reassembly_push(r, stream, head_at);
    }
    if ((last.flags & FLOE_SCTP_FLAG_END) != 0) {
        finish(r, streams, stream);
    }
}

/* A segment with the beginning of a message whose turn it is. False: there is none, in `before` the
 * one in front of it. */
static bool find_beginning(const floe_sctp_reassembly *r, const floe_sctp_lane *lane,
                           const floe_sctp_stream *stream, uint32_t len, uint16_t *before)
{
    *before = NONE;
    for (uint16_t at = stream->wait_head; at != NONE; *before = at, at = load(r, at).next_message) {
        floe_sctp_piece head = load(r, at);
        bool is_its_turn = is_unordered(head.flags) || head.mid == lane->in_mid;
        if ((head.flags & FLOE_SCTP_FLAG_BEGIN) != 0 && is_its_turn && head.total >= len) {
            return true;
        }
    }
    return false;
}

static bool open_from(floe_sctp_reassembly *r, floe_sctp_streams *streams, floe_sctp_stream *stream,
                      uint32_t len)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    uint16_t before;
    if (r->parts_from == 0 || lane->open != NONE ||
        !find_beginning(r, lane, stream, len, &before)) {
        return false;
    }
    uint16_t at = floe_sctp_interleave_unlink(r, stream, before);
    floe_sctp_piece head = load(r, at);
    floe_sctp_piece last = load(r, head.far);
    lane->open = head.far;
    lane->open_mid = head.mid;
    lane->open_fsn = floe_sctp_piece_fsn(&last);
    head.flags |= OPEN;
    floe_sctp_piece_store(&r->arena, at, &head);
    floe_sctp_reassembly_push(r, stream, at);
    return true;
}

void floe_sctp_interleave_open(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                               floe_sctp_stream *stream)
{
    (void)open_from(r, streams, stream, r->parts_from);
}

void floe_sctp_interleave_open_any(floe_sctp_reassembly *r, floe_sctp_streams *streams)
{
    if (r->parts_from == 0 || r->ready_count > 0 || floe_sctp_reassembly_window(r) > 0) {
        return;
    }
    for (uint32_t i = 0; i < streams->end; i++) {
        floe_sctp_stream *stream = &streams->table[i];
        if (floe_sctp_stream_is_used(stream) && open_from(r, streams, stream, 0)) {
            return;
        }
    }
}

void floe_sctp_interleave_cut(floe_sctp_reassembly *r, floe_sctp_lane *lane,
                              floe_sctp_stream *stream)
{
    uint16_t at = load(r, lane->open).far;
    if ((load(r, at).flags & QUEUED) == 0) {
        floe_sctp_reassembly_push(r, stream, at);
    }
    floe_sctp_piece head = load(r, at);
    head.flags = (uint8_t)((head.flags & ~OPEN) | FLOE_SCTP_PIECE_CUT);
    floe_sctp_piece_store(&r->arena, at, &head);
    lane->open = NONE;
}

void floe_sctp_interleave_take(const floe_sctp_streams *streams, const floe_sctp_stream *stream,
                               const floe_sctp_piece *head, size_t len)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    if ((head->flags & FLOE_SCTP_PIECE_REST) == 0) {
        lane->taken = 0;
        lane->taken_ppid = head->ppid;
    }
    lane->taken += len;
}

#else
typedef int floe_sctp_interleave_parts_is_left_out; /* ISO C has no empty files */
#endif
