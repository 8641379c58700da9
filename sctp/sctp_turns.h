/*
 * sctp/sctp_turns.h - sending interleaved messages (RFC 8260 sections 2.2.2, 2.3.1): what
 * sctp_sendq and sctp_outstanding do otherwise where a message of each stream may have begun.
 *
 * The schedule is asked before each fragment. A stream stands in it once, for the message that has
 * begun or else for its first one; while a fragment of it is being sent it may be out of it.
 */
#ifndef FLOE_SCTP_SCTP_TURNS_H
#define FLOE_SCTP_SCTP_TURNS_H

#include "sctp/sctp_lane.h"
#include "sctp/sctp_outstanding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From here on messages are interleaved. Nothing was sent yet; some may wait. */
void floe_sctp_turns_start(floe_sctp_sendq *q, floe_sctp_streams *streams);

/* For sctp_sendq: whose turn it is; */
void floe_sctp_turns_choose(floe_sctp_sendq *q, floe_sctp_streams *streams);
/* the first message of the stream, so long, waits, unless there is one that has begun; */
void floe_sctp_turns_await(floe_sctp_sendq *q, floe_sctp_streams *streams, floe_sctp_stream *stream,
                           uint32_t len);
/* the message at `next`, whose record this is, begins, and gets its number; */
void floe_sctp_turns_begin(floe_sctp_sendq *q, floe_sctp_streams *streams,
                           const floe_sctp_record *record);
/* one that has begun ends, or the first of its stream is not going to be sent. */
void floe_sctp_turns_end(floe_sctp_sendq *q, floe_sctp_streams *streams,
                         const floe_sctp_record *record);

/* A fragment of the message at `next` was sent, and not all of it: whose turn is it now? */
void floe_sctp_turns_yield(floe_sctp_sendq *q, floe_sctp_streams *streams,
                           const floe_sctp_record *record);

/* Where the message of the stream lies that is sent next, or on; NONE. */
uint32_t floe_sctp_turns_next_of(const floe_sctp_streams *streams, const floe_sctp_stream *stream);

/* For sctp_outstanding: as its functions of these names. */
void floe_sctp_turns_abandon(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                             floe_sctp_streams *streams, uint32_t message);
void floe_sctp_turns_add_end(floe_sctp_outstanding *o, floe_sctp_streams *streams,
                             floe_sctp_stream *stream, const floe_sctp_record *record);
bool floe_sctp_turns_advance(floe_sctp_outstanding *o, floe_sctp_streams *streams);
void floe_sctp_turns_put_forward(const floe_sctp_outstanding *o, const floe_sctp_streams *streams,
                                 floe_writer *w);

#ifdef __cplusplus
}
#endif
#endif
