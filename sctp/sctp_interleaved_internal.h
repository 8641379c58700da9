/*
 * sctp/sctp_interleaved_internal.h - which form of chunks goes and comes (RFC 8260), and what
 * depends on it: what sctp_interleaved.c gives to the other parts of the association. A build
 * without I-DATA has the one form. Included by sctp/sctp_internal.h.
 */
#ifndef FLOE_SCTP_SCTP_INTERLEAVED_INTERNAL_H
#define FLOE_SCTP_SCTP_INTERLEAVED_INTERNAL_H

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_chunk.h"

#if FLOE_SCTP_IDATA
bool floe_sctp_asks_for_interleaving(const floe_sctp_assoc *a);
/* What the peer announced; first whether that may hold from now on: what has a TSN keeps its form.
 */
bool floe_sctp_can_set_interleaving(const floe_sctp_assoc *a, uint8_t announced);
void floe_sctp_set_interleaving(floe_sctp_assoc *a, uint8_t announced);
/* An I-DATA or I-FORWARD-TSN chunk, for who has asked for interleaving. */
bool floe_sctp_take_interleaved(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
/* Read them, or DATA and FORWARD TSN. False: it is of the wrong form, and the association ends. */
bool floe_sctp_read_data(floe_sctp_assoc *a, floe_sctp_data *data, const floe_sctp_chunk *chunk);
bool floe_sctp_read_forward(floe_sctp_assoc *a, floe_sctp_forward *forward,
                            const floe_sctp_chunk *chunk);
floe_sctp_store floe_sctp_store_data(floe_sctp_assoc *a, floe_sctp_stream *stream,
                                     const floe_sctp_data *data);
bool floe_sctp_renege(floe_sctp_assoc *a);
bool floe_sctp_peek_head(const floe_sctp_assoc *a, floe_sctp_head *head);
void floe_sctp_begin_stream_in(floe_sctp_assoc *a, floe_sctp_stream *stream);
void floe_sctp_begin_stream_out(floe_sctp_assoc *a, floe_sctp_stream *stream);
/* Write the chunk of this TSN, all but its payload. */
uint8_t *floe_sctp_put_data_chunk(floe_sctp_assoc *a, floe_writer *w, floe_sctp_data *data);
/* Whether the message at `at` can be given up, if it was sent: the peer can be told. */
bool floe_sctp_can_abandon(const floe_sctp_assoc *a, uint32_t at, const floe_sctp_record *record);
/* Whether a message of the stream has begun and is not all sent. */
bool floe_sctp_is_half_sent(const floe_sctp_assoc *a, const floe_sctp_stream *stream);
static inline uint32_t floe_sctp_data_header(const floe_sctp_assoc *a)
{
    return FLOE_SCTP_DATA_SIZE + a->header_more;
}
/* The list of an I-FORWARD-TSN. */
void floe_sctp_skip_interleaved(floe_sctp_assoc *a, floe_bytes list);
#else
static inline bool floe_sctp_asks_for_interleaving(const floe_sctp_assoc *a)
{
    (void)a;
    return false;
}
static inline bool floe_sctp_can_set_interleaving(const floe_sctp_assoc *a, uint8_t announced)
{
    (void)a;
    (void)announced;
    return true;
}
static inline void floe_sctp_set_interleaving(floe_sctp_assoc *a, uint8_t announced)
{
    (void)a;
    (void)announced;
}
static inline bool floe_sctp_take_interleaved(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    (void)a;
    (void)chunk;
    return false;
}
static inline bool floe_sctp_read_data(floe_sctp_assoc *a, floe_sctp_data *data,
                                       const floe_sctp_chunk *chunk)
{
    (void)a;
    floe_sctp_data_parse(data, chunk);
    return true;
}
static inline bool floe_sctp_read_forward(floe_sctp_assoc *a, floe_sctp_forward *forward,
                                          const floe_sctp_chunk *chunk)
{
    (void)a;
    floe_sctp_forward_parse(forward, chunk);
    return true;
}
static inline floe_sctp_store floe_sctp_store_data(floe_sctp_assoc *a, floe_sctp_stream *stream,
                                                   const floe_sctp_data *data)
{
    return floe_sctp_reassembly_add(&a->reassembly, stream, data, a->tracker.cum);
}
static inline bool floe_sctp_renege(floe_sctp_assoc *a)
{
    return floe_sctp_reassembly_renege(&a->reassembly, &a->streams, &a->tracker);
}
static inline bool floe_sctp_peek_head(const floe_sctp_assoc *a, floe_sctp_head *head)
{
    return floe_sctp_reassembly_peek(&a->reassembly, head);
}
static inline void floe_sctp_begin_stream_in(floe_sctp_assoc *a, floe_sctp_stream *stream)
{
    floe_sctp_reassembly_reset(&a->reassembly, stream);
}
static inline void floe_sctp_begin_stream_out(floe_sctp_assoc *a, floe_sctp_stream *stream)
{
    (void)a;
    stream->out_ssn = 0;
}
static inline uint8_t *floe_sctp_put_data_chunk(floe_sctp_assoc *a, floe_writer *w,
                                                floe_sctp_data *data)
{
    (void)a;
    return floe_sctp_data_put(w, data);
}
static inline bool floe_sctp_can_abandon(const floe_sctp_assoc *a, uint32_t at,
                                         const floe_sctp_record *record)
{
    (void)at;
    (void)record;
    return a->has_forward_tsn;
}
static inline bool floe_sctp_is_half_sent(const floe_sctp_assoc *a, const floe_sctp_stream *stream)
{
    const floe_sctp_sendq *q = &a->sendq;
    return q->sent > 0 && floe_sctp_sendq_load(q, q->next).stream == stream->id;
}
static inline uint32_t floe_sctp_data_header(const floe_sctp_assoc *a)
{
    (void)a;
    return FLOE_SCTP_DATA_SIZE;
}
static inline void floe_sctp_skip_interleaved(floe_sctp_assoc *a, floe_bytes list)
{
    (void)a;
    (void)list;
}
#endif

#endif
