/*
 * sctp/sctp_interleaved.c - when an association has I-DATA, and what is different then (RFC 8260
 * sections 2.2.1, 2.2.3, 2.3.1). See
 * sctp_interleaved_internal.h.
 */
#include "sctp/sctp_interleave.h"
#include "sctp/sctp_internal.h"
#include "sctp/sctp_turns.h"

#include "base/assert.h"

#if FLOE_SCTP_IDATA

static bool is_interleaved(const floe_sctp_assoc *a)
{
    return FLOE_SCTP_IS_INTERLEAVED(&a->streams);
}

/* --- who has it --- */

bool floe_sctp_asks_for_interleaving(const floe_sctp_assoc *a)
{
    return a->config.interleaving != NULL;
}

bool floe_sctp_assoc_is_interleaved(const floe_sctp_assoc *a)
{
    return is_interleaved(a);
}

/* RFC 8260 §2.2.1: where both have announced it. */
static bool is_agreed(const floe_sctp_assoc *a, uint8_t announced)
{
    return floe_sctp_asks_for_interleaving(a) && (announced & FLOE_SCTP_HAS_I_DATA) != 0;
}

bool floe_sctp_can_set_interleaving(const floe_sctp_assoc *a, uint8_t announced)
{
    /* What has a TSN keeps its form: it may have arrived. And no peer takes back what it said. */
    return floe_sctp_is_open(a) || is_agreed(a, announced) == is_interleaved(a) ||
           (!is_interleaved(a) && floe_sctp_outstanding_count(&a->outstanding) == 0);
}

void floe_sctp_set_interleaving(floe_sctp_assoc *a, uint8_t announced)
{
    bool is_now = is_agreed(a, announced);
    if (is_now) { /* RFC 8260 §2.3.1: partial reliability then needs a chunk of its own */
        a->has_forward_tsn = (announced & FLOE_SCTP_HAS_I_FORWARD) != 0;
    }
    a->header_more = is_now ? FLOE_SCTP_I_DATA_SIZE - FLOE_SCTP_DATA_SIZE : 0;
    if (is_now &&
        !is_interleaved(a)) { /* else what was sent behind a COOKIE ECHO has its numbers */
        a->streams.interleaving = a->config.interleaving;
        floe_sctp_turns_start(&a->sendq, &a->streams);
    }
}

/* --- receiving --- */

/* RFC 8260 §2.2.3, §2.3.1: a chunk of the form that was not agreed on ends the association. */
static bool has_right_form(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    bool is_right = is_interleaved(a) == (chunk->type == FLOE_SCTP_CHUNK_I_DATA ||
                                          chunk->type == FLOE_SCTP_CHUNK_I_FORWARD_TSN);
    if (!is_right) {
        floe_sctp_fail(a, FLOE_SCTP_ERROR_PROTOCOL);
    }
    return is_right;
}

bool floe_sctp_read_data(floe_sctp_assoc *a, floe_sctp_data *data, const floe_sctp_chunk *chunk)
{
    if (!has_right_form(a, chunk)) {
        return false;
    }
    if (is_interleaved(a)) {
        floe_sctp_i_data_parse(data, chunk);
    } else {
        floe_sctp_data_parse(data, chunk);
    }
    return true;
}

bool floe_sctp_read_forward(floe_sctp_assoc *a, floe_sctp_forward *forward,
                            const floe_sctp_chunk *chunk)
{
    floe_sctp_forward_parse(forward, chunk);
    return has_right_form(a, chunk);
}

bool floe_sctp_take_interleaved(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    bool is_data = chunk->type == FLOE_SCTP_CHUNK_I_DATA;
    bool is_forward = chunk->type == FLOE_SCTP_CHUNK_I_FORWARD_TSN;
    if ((!is_data && !is_forward) || !floe_sctp_asks_for_interleaving(a)) {
        return false;
    }
    size_t size = is_data ? FLOE_SCTP_I_DATA_SIZE : FLOE_SCTP_CHUNK_SIZE + 4;
    if (FLOE_SCTP_CHUNK_SIZE + chunk->value.len < size) {
        a->stats.dropped_malformed++;
    } else if (is_data) {
        floe_sctp_handle_data(a, chunk);
    } else {
        floe_sctp_handle_forward(a, chunk);
    }
    return true;
}

floe_sctp_store floe_sctp_store_data(floe_sctp_assoc *a, floe_sctp_stream *stream,
                                     const floe_sctp_data *data)
{
    uint32_t cum = a->tracker.cum;
    return is_interleaved(a) ? floe_sctp_interleave_add(&a->reassembly, &a->streams, stream, data,
                                                        data->tsn == cum + 1)
                             : floe_sctp_reassembly_add(&a->reassembly, stream, data, cum);
}

bool floe_sctp_renege(floe_sctp_assoc *a)
{
    return is_interleaved(a)
               ? floe_sctp_interleave_renege(&a->reassembly, &a->streams, &a->tracker)
               : floe_sctp_reassembly_renege(&a->reassembly, &a->streams, &a->tracker);
}

void floe_sctp_skip_interleaved(floe_sctp_assoc *a, floe_bytes list)
{
    for (size_t i = 0; i + FLOE_SCTP_I_FORWARD_ENTRY <= list.len; i += FLOE_SCTP_I_FORWARD_ENTRY) {
        floe_sctp_i_skip skip = floe_sctp_i_skip_load(list.ptr + i);
        floe_sctp_stream *stream = NULL;
        if (skip.stream < a->streams_in) {
            stream = floe_sctp_streams_get(&a->streams, skip.stream);
        }
        if (stream != NULL) {
            stream->flags |= FLOE_SCTP_STREAM_IN;
            floe_sctp_interleave_skip(&a->reassembly, &a->streams, stream, &skip);
        }
    }
}

bool floe_sctp_peek_head(const floe_sctp_assoc *a, floe_sctp_head *head)
{
    const floe_sctp_reassembly *r = &a->reassembly;
    if (!floe_sctp_reassembly_peek(r, head)) {
        return false;
    }
    if (is_interleaved(a) &&
        (floe_sctp_piece_load(&r->arena, r->ready_head).flags & FLOE_SCTP_PIECE_REST) != 0) {
        const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, head->stream);
        FLOE_ASSERT(stream != NULL);
        head->offset = floe_sctp_lane_of(&a->streams, stream)->taken;
        head->ppid = floe_sctp_lane_of(&a->streams, stream)->taken_ppid;
    }
    return true;
}

/* RFC 8260 §2.3.2: a reset begins the numbers anew. */
void floe_sctp_begin_stream_in(floe_sctp_assoc *a, floe_sctp_stream *stream)
{
    if (is_interleaved(a)) {
        floe_sctp_interleave_reset(&a->reassembly, &a->streams, stream);
    } else {
        floe_sctp_reassembly_reset(&a->reassembly, stream);
    }
}

/* --- sending --- */

void floe_sctp_begin_stream_out(floe_sctp_assoc *a, floe_sctp_stream *stream)
{
    stream->out_ssn = 0;
    if (is_interleaved(a)) {
        floe_sctp_lane *lane = floe_sctp_lane_of(&a->streams, stream);
        lane->out_mid[0] = lane->out_mid[1] = 0;
        lane->skipped = 0;
    }
}

uint8_t *floe_sctp_put_data_chunk(floe_sctp_assoc *a, floe_writer *w, floe_sctp_data *data)
{
    if (!is_interleaved(a)) {
        return floe_sctp_data_put(w, data);
    }
    uint32_t at = data->tsn & a->outstanding.mask;
    floe_sctp_number *number = &a->config.interleaving->ring[at];
    if (a->outstanding.ring[at].sends == 1) { /* RFC 8260 §2.1: fragments count in their message */
        const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, data->stream);
        FLOE_ASSERT(stream != NULL);
        floe_sctp_lane *lane = floe_sctp_lane_of(&a->streams, stream);
        *number = (floe_sctp_number){lane->mid, lane->fsn++};
    }
    data->mid = number->mid;
    data->fsn = number->fsn;
    return floe_sctp_i_data_put(w, data);
}

bool floe_sctp_can_abandon(const floe_sctp_assoc *a, uint32_t at, const floe_sctp_record *record)
{
    if (!a->has_forward_tsn || !is_interleaved(a)) {
        return a->has_forward_tsn;
    }
    /* Of each message that has begun and not ended the end takes an entry of the ring. The last
     * one is for the message by parts, which may be given up at any time. */
    const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, record->stream);
    bool is_part = (record->flags & FLOE_SCTP_RECORD_PART) != 0;
    return is_part || stream == NULL || floe_sctp_lane_of(&a->streams, stream)->begun != at ||
           floe_sctp_outstanding_count(&a->outstanding) < a->outstanding.mask;
}

bool floe_sctp_is_half_sent(const floe_sctp_assoc *a, const floe_sctp_stream *stream)
{
    const floe_sctp_sendq *q = &a->sendq;
    if (is_interleaved(a)) {
        return floe_sctp_lane_of(&a->streams, stream)->begun != FLOE_SCTP_POSITION_NONE;
    }
    return q->sent > 0 && floe_sctp_sendq_load(q, q->next).stream == stream->id;
}

#else
typedef int floe_sctp_interleaved_is_left_out; /* ISO C has no empty files */
#endif
