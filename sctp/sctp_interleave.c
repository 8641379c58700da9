/*
 * sctp/sctp_interleave.c - see sctp/sctp_interleave.h.
 *
 * What a stream has received and not delivered is one list of segments (sctp_piece.h), each a row
 * of fragments of one message that follow each other: ordered messages first, by MID; unordered
 * ones behind them; those of one message by FSN.
 *
 *      wait_head                                                     wait_tail
 *      [MID 7: 0 1 2] -> [MID 7: 4] -> [MID 8: 0 1 E] -> [U MID 3: 1 2]
 *
 * A new fragment joins the segments before and behind it. A segment with both ends is a message: it
 * goes to the ready list, if it is unordered or its turn has come. MIDs of ordered messages are
 * compared by their distance from the next one to be delivered, so that the order is one order
 * whatever the peer sends. The beginning of a message that is read as it arrives is not in the list
 * any more: sctp_interleave_parts.c.
 */
#include "sctp/sctp_interleave.h"

#include "base/assert.h"
#include "base/floe_config.h"
#include "sctp/sctp_reassembly_internal.h"

#if FLOE_SCTP_IDATA

#define NONE FLOE_SCTP_NONE
#define HALF UINT32_C(0x80000000) /* from here on a distance is one to the past */
#define FAR  UINT32_C(0x40000000) /* so far back no unordered message is under way any more */

#define BEGIN FLOE_SCTP_FLAG_BEGIN
#define END   FLOE_SCTP_FLAG_END

/* The segments between which a fragment lies; NONE: there is none. */
typedef struct place {
    uint16_t before, behind;
} place;

static floe_sctp_piece load(const floe_sctp_reassembly *r, uint16_t at)
{
    return floe_sctp_piece_load(&r->arena, at);
}

static bool is_unordered(uint8_t flags)
{
    return (flags & FLOE_SCTP_FLAG_UNORDERED) != 0;
}

static uint32_t fsn_of(const floe_sctp_piece *piece)
{
    return floe_sctp_piece_fsn(piece);
}

/* Messages of this order with numbers before it are over. */
static uint32_t *past_of(floe_sctp_lane *lane, bool unordered)
{
    return unordered ? &lane->past_mid : &lane->in_mid;
}

static bool is_whole(const floe_sctp_reassembly *r, const floe_sctp_piece *head)
{
    return (head->flags & BEGIN) != 0 && (load(r, head->far).flags & END) != 0;
}

static bool is_same(const floe_sctp_piece *head, const floe_sctp_data *data)
{
    return head->mid == data->mid && is_unordered(head->flags) == is_unordered(data->flags);
}

/* Whether the segment begins before the fragment, in the order of the list. */
static bool is_before(const floe_sctp_lane *lane, const floe_sctp_piece *head,
                      const floe_sctp_data *data)
{
    if (is_unordered(head->flags) != is_unordered(data->flags)) {
        return is_unordered(data->flags);
    }
    if (head->mid == data->mid) {
        return fsn_of(head) <= data->fsn;
    }
    uint32_t base = is_unordered(data->flags) ? 0 : lane->in_mid;
    return head->mid - base < data->mid - base;
}

static place find_place(const floe_sctp_reassembly *r, const floe_sctp_stream *stream,
                        const floe_sctp_lane *lane, const floe_sctp_data *data)
{
    place at = {NONE, stream->wait_head};
    if (at.behind == NONE) {
        return at;
    }
    floe_sctp_piece head = load(r, stream->wait_tail);
    if (is_before(lane, &head, data)) {
        return (place){stream->wait_tail, NONE};
    }
    for (head = load(r, at.behind); is_before(lane, &head, data); head = load(r, at.behind)) {
        at.before = at.behind; /* ends at the tail: that is not before it */
        at.behind = head.next_message;
    }
    return at;
}

/* Make the segment at `at` the one behind `before`, or the first. */
static void set_next(floe_sctp_reassembly *r, floe_sctp_stream *stream, uint16_t before,
                     uint16_t at)
{
    if (before == NONE) {
        stream->wait_head = at;
    } else {
        floe_sctp_piece head = load(r, before);
        head.next_message = at;
        floe_sctp_piece_store(&r->arena, before, &head);
    }
    if (at == NONE) {
        stream->wait_tail = before;
    }
}

uint16_t floe_sctp_interleave_unlink(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                                     uint16_t before)
{
    uint16_t at = before == NONE ? stream->wait_head : load(r, before).next_message;
    set_next(r, stream, before, load(r, at).next_message);
    return at;
}

void floe_sctp_interleave_deliver(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                  floe_sctp_stream *stream)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    while (stream->wait_head != NONE) {
        floe_sctp_piece head = load(r, stream->wait_head);
        if (is_unordered(head.flags) || head.mid != lane->in_mid || !is_whole(r, &head)) {
            return;
        }
        lane->in_mid++;
        floe_sctp_reassembly_push(r, stream, floe_sctp_interleave_unlink(r, stream, NONE));
    }
}

/* Whether the segments around it say that the fragment is one that cannot be: it is there, beyond
 * the end, or an end before others. So a message that is whole leaves nothing behind. */
static bool is_impossible(const floe_sctp_reassembly *r, const place *at,
                          const floe_sctp_data *data)
{
    if ((data->flags & BEGIN) == 0 && data->fsn == 0) {
        return true;
    }
    if (at->before != NONE) {
        floe_sctp_piece head = load(r, at->before);
        floe_sctp_piece last = load(r, head.far);
        if (is_same(&head, data) && (data->fsn <= fsn_of(&last) || (last.flags & END) != 0)) {
            return true;
        }
    }
    if (at->behind == NONE || (data->flags & END) == 0) {
        return false;
    }
    floe_sctp_piece head = load(r, at->behind);
    return is_same(&head, data);
}

/* Keep of the place what the fragment joins. */
static place neighbours(const floe_sctp_reassembly *r, const place *at, const floe_sctp_data *data)
{
    place joins = {NONE, NONE};
    if (at->before != NONE) {
        floe_sctp_piece head = load(r, at->before);
        floe_sctp_piece last = load(r, head.far);
        joins.before = is_same(&head, data) && fsn_of(&last) + 1 == data->fsn ? at->before : NONE;
    }
    if (at->behind != NONE) {
        floe_sctp_piece head = load(r, at->behind);
        joins.behind = is_same(&head, data) && fsn_of(&head) == data->fsn + 1 ? at->behind : NONE;
    }
    return joins;
}

/* Put the stored fragment at `chunk` into the list; returns the head of its segment. */
static uint16_t link_chunk(floe_sctp_reassembly *r, floe_sctp_stream *stream, place at, place joins,
                           uint16_t chunk)
{
    if (joins.behind != NONE) {
        (void)floe_sctp_interleave_unlink(r, stream, at.before);
        at.behind = load(r, joins.behind).next_message;
        floe_sctp_piece_join(&r->arena, chunk, joins.behind);
    }
    if (joins.before != NONE) {
        floe_sctp_piece_join(&r->arena, load(r, joins.before).far, chunk);
        return joins.before;
    }
    floe_sctp_piece head = load(r, chunk);
    head.next_message = at.behind;
    floe_sctp_piece_store(&r->arena, chunk, &head);
    set_next(r, stream, at.before, chunk);
    if (at.behind == NONE) {
        stream->wait_tail = chunk;
    }
    return chunk;
}

/* The segment before the one at `at`. */
static uint16_t find_before(const floe_sctp_reassembly *r, const floe_sctp_stream *stream,
                            uint16_t at)
{
    uint16_t before = NONE;
    for (uint16_t i = stream->wait_head; i != at; i = load(r, i).next_message) {
        before = i;
    }
    return before;
}

/* Whether the fragment is of the message that is being read, */
static bool is_of_open(const floe_sctp_reassembly *r, const floe_sctp_lane *lane,
                       const floe_sctp_data *data)
{
    return lane->open != NONE && data->mid == lane->open_mid &&
           is_unordered(load(r, lane->open).flags) == is_unordered(data->flags);
}

/* and bytes that are known of its message. */
static uint64_t length_of(const floe_sctp_reassembly *r, const floe_sctp_lane *lane,
                          const floe_sctp_data *data, const place *joins)
{
    uint64_t total = data->payload.len;
    total += joins->before != NONE ? load(r, joins->before).total : 0;
    total += joins->behind != NONE ? load(r, joins->behind).total : 0;
    if (is_of_open(r, lane, data)) {
        floe_sctp_piece head = load(r, load(r, lane->open).far);
        total += head.total + ((head.flags & FLOE_SCTP_PIECE_REST) != 0 ? lane->taken : 0);
    }
    return total;
}

/* A copy of the chunk in the arena; NONE: there is no room. */
static uint16_t put_chunk(floe_sctp_reassembly *r, const floe_sctp_data *data, bool is_next)
{
    uint32_t need = floe_sctp_arena_blocks(&r->arena, sizeof(floe_sctp_piece) + data->payload.len);
    if (!is_next && r->arena.free < need + r->reserve) {
        return NONE;
    }
    uint16_t at = floe_sctp_piece_put(&r->arena, data);
    if (at != NONE) {
        floe_sctp_piece piece = load(r, at);
        piece.mid = data->mid;
        floe_sctp_piece_store(&r->arena, at, &piece);
    }
    return at;
}

/* Deliver what has become whole with the chunk at `chunk`, whose segment has this head. */
static void deliver(floe_sctp_reassembly *r, floe_sctp_streams *streams, floe_sctp_stream *stream,
                    uint16_t head_at)
{
    floe_sctp_piece head = load(r, head_at);
    if (!is_whole(r, &head)) {
        return;
    }
    if (is_unordered(head.flags)) {
        uint16_t before = find_before(r, stream, head_at);
        floe_sctp_reassembly_push(r, stream, floe_sctp_interleave_unlink(r, stream, before));
    } else {
        floe_sctp_interleave_deliver(r, streams, stream);
    }
}

floe_sctp_store floe_sctp_interleave_add(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                         floe_sctp_stream *stream, const floe_sctp_data *data,
                                         bool is_next)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    /* RFC 8260 §2.1: the past and the future are half of all numbers, each. */
    uint32_t ahead = data->mid - *past_of(lane, is_unordered(data->flags));
    if (ahead >= HALF) {
        return FLOE_SCTP_STORE_OK; /* its turn is over: it was skipped */
    }
    if (is_unordered(data->flags) && ahead > FAR) {
        lane->past_mid = data->mid - FAR; /* nothing else moves it, where nothing is skipped */
    }
    place at = find_place(r, stream, lane, data);
    bool is_read = is_of_open(r, lane, data) && data->fsn <= lane->open_fsn;
    if (is_read || is_impossible(r, &at, data)) {
        return FLOE_SCTP_STORE_OK;
    }
    place joins = neighbours(r, &at, data);
    bool is_limited = r->message_max != UINT32_MAX; /* so that no FSN goes around */
    if (is_limited &&
        (length_of(r, lane, data, &joins) > r->message_max || data->fsn >= r->message_max)) {
        return FLOE_SCTP_STORE_TOO_BIG;
    }
    uint16_t chunk = put_chunk(r, data, is_next);
    if (chunk == NONE) {
        return FLOE_SCTP_STORE_NO_ROOM;
    }
    deliver(r, streams, stream, link_chunk(r, stream, at, joins, chunk));
#if FLOE_SCTP_PARTS
    floe_sctp_interleave_go_on(r, streams, stream);
    floe_sctp_interleave_open(r, streams, stream);
#endif
    return FLOE_SCTP_STORE_OK;
}

/* RFC 3758 §3.6, RFC 8260 §2.3.1: ordered messages up to the skipped one that are here are
 * delivered; what is not whole is removed. */
void floe_sctp_interleave_skip(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                               floe_sctp_stream *stream, const floe_sctp_i_skip *skip)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    uint32_t *past = past_of(lane, skip->is_unordered);
    uint32_t ahead = skip->mid - *past;
    if (ahead >= HALF) {
        return; /* old news */
    }
#if FLOE_SCTP_PARTS
    if (lane->open != NONE && is_unordered(load(r, lane->open).flags) == skip->is_unordered &&
        skip->mid - lane->open_mid < HALF) {
        floe_sctp_interleave_cut(r, lane, stream);
    }
#endif
    uint16_t before = NONE;
    uint16_t at = stream->wait_head;
    while (at != NONE) {
        floe_sctp_piece head = load(r, at);
        bool is_old =
            skip->is_unordered ? skip->mid - head.mid < HALF : head.mid - lane->in_mid <= ahead;
        if (is_unordered(head.flags) != skip->is_unordered || !is_old) {
            before = at;
        } else if (floe_sctp_interleave_unlink(r, stream, before) == at && is_whole(r, &head)) {
            floe_sctp_reassembly_push(r, stream, at);
        } else {
            floe_sctp_piece_free(&r->arena, at);
        }
        at = head.next_message;
    }
    *past = skip->mid + 1; /* what comes late of these is thrown away, in both orders */
    floe_sctp_interleave_deliver(r, streams, stream);
#if FLOE_SCTP_PARTS
    floe_sctp_interleave_open(r, streams, stream);
#endif
}

void floe_sctp_interleave_reset(floe_sctp_reassembly *r, const floe_sctp_streams *streams,
                                floe_sctp_stream *stream)
{
    floe_sctp_lane *lane = floe_sctp_lane_of(streams, stream);
    if (lane->open != NONE) { /* all of it was read, else the reset would wait */
        floe_sctp_piece_free(&r->arena, load(r, lane->open).far);
        lane->open = NONE;
    }
    lane->in_mid = lane->past_mid = 0;
    floe_sctp_reassembly_reset(r, stream);
}

/* Whether each fragment of the segment lies beyond the cumulative TSN; in the window, that is: what
 * has waited for so long that its TSN seems to be ahead is not. */
static bool is_beyond(const floe_sctp_reassembly *r, uint16_t head,
                      const floe_sctp_tracker *tracker)
{
    for (uint16_t at = head; at != NONE; at = load(r, at).next) {
        if (load(r, at).tsn - tracker->cum - 1 >= tracker->window) {
            return false;
        }
    }
    return true;
}

static bool renege_stream(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                          floe_sctp_tracker *tracker)
{
    bool is_any = false;
    uint16_t before = NONE;
    uint16_t at = stream->wait_head;
    while (at != NONE) {
        uint16_t next = load(r, at).next_message;
        if (!is_beyond(r, at, tracker)) {
            before = at;
            at = next;
            continue;
        }
        (void)floe_sctp_interleave_unlink(r, stream, before);
        for (uint16_t i = at; i != NONE; i = load(r, i).next) {
            floe_sctp_tracker_remove(tracker, load(r, i).tsn);
        }
        floe_sctp_piece_free(&r->arena, at);
        is_any = true;
        at = next;
    }
    return is_any;
}

bool floe_sctp_interleave_renege(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                 floe_sctp_tracker *tracker)
{
    bool is_any = false;
    for (uint32_t i = 0; i < streams->end; i++) {
        if (floe_sctp_stream_is_used(&streams->table[i])) {
            is_any |= renege_stream(r, &streams->table[i], tracker);
        }
    }
    return is_any;
}

#else
typedef int floe_sctp_interleave_is_left_out; /* ISO C has no empty files */
#endif
