/*
 * sctp/sctp_interleave.h - from I-DATA chunks to messages (RFC 8260 sections 2.2.3, 2.3.1): what
 * sctp_reassembly does for DATA, in its memory, where fragments of many messages come mixed. The
 * file sctp_interleave.c opens with a picture. It looks at no TSN to join fragments.
 */
#ifndef FLOE_SCTP_SCTP_INTERLEAVE_H
#define FLOE_SCTP_SCTP_INTERLEAVE_H

#include "sctp/sctp_idata.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_piece.h"
#include "sctp/sctp_reassembly.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A chunk whose TSN is new and in the window; `is_next`: the next in sequence, which may use what
 * room is left. Walks the segments of its stream, unless it goes to their end. */
floe_sctp_store floe_sctp_interleave_add(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                         floe_sctp_stream *stream, const floe_sctp_data *data,
                                         bool is_next);
/* The peer has skipped these messages of the stream. */
void floe_sctp_interleave_skip(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                               floe_sctp_stream *stream, const floe_sctp_i_skip *skip);
/* Throw away the segments that have arrived wholly beyond the cumulative TSN, and take them out of
 * the tracker. Returns whether there were any. */
bool floe_sctp_interleave_renege(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                 floe_sctp_tracker *tracker);
/* The peer starts its side of the stream over. */
void floe_sctp_interleave_reset(floe_sctp_reassembly *r, const floe_sctp_streams *streams,
                                floe_sctp_stream *stream);

/* sctp_interleave_parts.c: messages that are read as they arrive, one of each stream at a time */
#if FLOE_SCTP_PARTS
/* The one of the stream goes on with the first of its segments, if that is there. */
void floe_sctp_interleave_go_on(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                floe_sctp_stream *stream);
/* A message of the stream that is long, or any if nothing else can be read, is to be read as it is.
 */
void floe_sctp_interleave_open(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                               floe_sctp_stream *stream);
/* When nothing can be read and the window is closed: some stream has one. */
void floe_sctp_interleave_open_any(floe_sctp_reassembly *r, floe_sctp_streams *streams);
/* The one of the stream will not go on: the reader is told. */
void floe_sctp_interleave_cut(floe_sctp_reassembly *r, floe_sctp_lane *lane,
                              floe_sctp_stream *stream);
/* Of the first message, whose head this is, `len` bytes were read; and how many before it. */
void floe_sctp_interleave_take(const floe_sctp_streams *streams, const floe_sctp_stream *stream,
                               const floe_sctp_piece *head, size_t len);
#endif

/* For sctp_interleave_parts.c: take the segment behind `before`, NONE: the first, out of the list;
 * deliver the ordered messages whose turn it is. */
uint16_t floe_sctp_interleave_unlink(floe_sctp_reassembly *r, floe_sctp_stream *stream,
                                     uint16_t before);
void floe_sctp_interleave_deliver(floe_sctp_reassembly *r, floe_sctp_streams *streams,
                                  floe_sctp_stream *stream);
/* The number of a fragment. Not of one that is being read. */
static inline uint32_t floe_sctp_piece_fsn(const floe_sctp_piece *piece)
{
    return (piece->flags & FLOE_SCTP_FLAG_BEGIN) != 0 ? 0 : piece->ppid;
}

#ifdef __cplusplus
}
#endif
#endif
