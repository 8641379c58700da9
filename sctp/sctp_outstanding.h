/*
 * sctp/sctp_outstanding.h - DATA chunks that have a TSN and are not cumulatively acknowledged: a
 * ring indexed by TSN, what a SACK does to it, what is lost, and what is abandoned (RFC 9260
 * sections 6.2.1, 6.3.3, 7.2.4; RFC 3758 section 3.5). It knows no timer and no congestion window.
 */
#ifndef FLOE_SCTP_SCTP_OUTSTANDING_H
#define FLOE_SCTP_SCTP_OUTSTANDING_H

#include "base/floe.h"
#include "sctp/sctp_chain.h"
#include "sctp/sctp_chunk.h"
#include "sctp/sctp_rack.h"
#include "sctp/sctp_rate.h"
#include "sctp/sctp_sendq.h"
#include "sctp/sctp_stream.h"
#include "sctp/sctp_tx.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_RING_MAX 32768u /* gap blocks count in 16 bits */

/* floe_sctp_tx.state */
#define FLOE_SCTP_TX_ACKED     0x01u /* by a gap block */
#define FLOE_SCTP_TX_LOST      0x02u /* in the lost list, not in flight */
#define FLOE_SCTP_TX_ABANDONED 0x04u /* never sent (again) */
#define FLOE_SCTP_TX_PROBE     0x08u /* last sent to probe for the loss of a tail */
#define FLOE_SCTP_TX_UNORDERED 0x10u /* of an abandoned one */

typedef struct floe_sctp_outstanding {
    floe_sctp_tx *ring;
    uint32_t mask;          /* ring size - 1 */
    uint32_t cum;           /* all TSNs up to this one are acknowledged */
    uint32_t next_tsn;      /* the next one to be given out */
    uint32_t advanced;      /* RFC 3758: Advanced.Peer.Ack.Point */
    uint32_t flight;        /* bytes in flight, headers and padding included */
    uint32_t gap_acked;     /* bytes that gap blocks acknowledge */
    uint16_t head, tail;    /* not acknowledged, not abandoned: by TSN */
    floe_sctp_chain lost;   /* of these, the lost ones: by TSN */
    floe_sctp_chain flying; /* and the others: by the time when they were last sent */
    uint32_t skipped;       /* streams that may have a SKIPPED flag, from above; or, where messages
                               are interleaved, twice the entries that may be told */
    floe_time timed_at;     /* when timed_tsn was sent */
    uint32_t timed_tsn;     /* whose round trip is being measured */
    uint16_t resent;        /* retransmissions since the last reduction, saturating */
    uint16_t needless;      /* of these, known to have been needless */
    uint16_t foreseen;      /* duplicates that the peer will report of those */
    bool is_timed;
    floe_sctp_rack rack;
    floe_sctp_rate *rate; /* who wants to know how fast data arrives; NULL: nobody */
} floe_sctp_outstanding;

/* What a SACK did. */
typedef struct floe_sctp_ack {
    uint32_t acked;         /* bytes newly acknowledged, headers and padding included */
    uint32_t flight_before; /* bytes in flight when it arrived */
    floe_time sent_at;      /* of the chunk whose round trip was measured; NEVER: of none */
    uint32_t rtt_us;        /* of the newest chunk acknowledged that was sent once; 0: none */
    bool is_cum_moved;
    bool is_repaired; /* a probe has arrived that was a retransmission: its chunk had been lost */
} floe_sctp_ack;

void floe_sctp_outstanding_init(floe_sctp_outstanding *o, floe_sctp_tx *ring, uint32_t ring_len,
                                uint32_t initial_tsn);

/* Chunks in the ring. */
static inline uint32_t floe_sctp_outstanding_count(const floe_sctp_outstanding *o)
{
    return o->next_tsn - o->cum - 1;
}
/* Whether a chunk can be added. One entry is kept for the end of a message that is abandoned. */
static inline bool floe_sctp_outstanding_has_room(const floe_sctp_outstanding *o)
{
    return floe_sctp_outstanding_count(o) < o->mask;
}
/* Bytes that a chunk counts for, in flight. */
static inline uint32_t floe_sctp_tx_size(const floe_sctp_tx *tx)
{
    return (uint32_t)floe_sctp_padded(FLOE_SCTP_DATA_SIZE + tx->len);
}

/* A fragment of the message at `message` is sent for the first time; there is room. Returns its
 * TSN. */
uint32_t floe_sctp_outstanding_add(floe_sctp_outstanding *o, uint32_t message, uint32_t offset,
                                   uint16_t len, floe_time now);
/* The first chunk that waits to be sent again; NULL: none. */
const floe_sctp_tx *floe_sctp_outstanding_lost(const floe_sctp_outstanding *o, uint32_t *tsn);
/* It is sent again now. */
void floe_sctp_outstanding_resend(floe_sctp_outstanding *o, floe_time now);

/* A SACK, or the cumulative TSN of a SHUTDOWN (then without blocks). UNKNOWN: it is an old one.
 * MALFORMED: it acknowledges what was never sent. In both cases nothing has changed. */
FLOE_MUST_USE floe_err floe_sctp_outstanding_sack(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                                                  floe_sctp_streams *streams,
                                                  const floe_sctp_sack *sack, floe_time now,
                                                  floe_sctp_ack *ack);
/* Find what is overdue, and lost with that. `sure`: bytes beyond a hole that make waiting needless;
 * 0: none are needed. *due: when to look again; NEVER. Returns whether anything was found. */
bool floe_sctp_outstanding_detect(floe_sctp_outstanding *o, floe_time now, uint32_t srtt_us,
                                  uint32_t sure, floe_time *due);
/* The retransmission timer fired: all that is in flight is lost. */
void floe_sctp_outstanding_lose_all(floe_sctp_outstanding *o);
/* It fired too early: what still waits to be sent again is in flight. */
void floe_sctp_outstanding_unlose(floe_sctp_outstanding *o);
/* The newest chunk in flight, to be sent again as a probe; NULL: none is in flight, or it was a
 * probe before. Then: it is to be sent again. */
const floe_sctp_tx *floe_sctp_outstanding_tail(const floe_sctp_outstanding *o);
void floe_sctp_outstanding_probe(floe_sctp_outstanding *o);
/* The window was reduced: retransmissions count from here on, and whether they were needless. */
void floe_sctp_outstanding_watch(floe_sctp_outstanding *o);
/* Whether all retransmissions since then were. */
static inline bool floe_sctp_outstanding_is_needless(const floe_sctp_outstanding *o)
{
    return o->resent > 0 && o->needless == o->resent;
}

/* Give up on the message at `message`, whether it was sent, sent in part, or not at all. */
void floe_sctp_outstanding_abandon(floe_sctp_outstanding *o, floe_sctp_sendq *q,
                                   floe_sctp_streams *streams, uint32_t message);
/* The same of one chunk of the message with this record. */
void floe_sctp_outstanding_give_up(floe_sctp_outstanding *o, floe_sctp_tx *tx,
                                   const floe_sctp_record *record);
/* A message was sent in part, and will not be ended: a TSN for the rest. */
void floe_sctp_outstanding_add_end(floe_sctp_outstanding *o, floe_sctp_stream *stream,
                                   const floe_sctp_record *record);
/* Move the advanced ack point over what was abandoned. Returns whether it moved. */
bool floe_sctp_outstanding_advance(floe_sctp_outstanding *o, floe_sctp_streams *streams);
/* Whether the peer has to be told of it. */
static inline bool floe_sctp_outstanding_is_ahead(const floe_sctp_outstanding *o)
{
    return o->advanced != o->cum;
}
/* Append a FORWARD TSN or I-FORWARD-TSN chunk, of at most the size that the first says. */
static inline size_t floe_sctp_outstanding_forward_size(const floe_sctp_outstanding *o)
{
    return FLOE_SCTP_CHUNK_SIZE + 4 + 4 * (size_t)o->skipped;
}
void floe_sctp_outstanding_put_forward(const floe_sctp_outstanding *o,
                                       const floe_sctp_streams *streams, floe_writer *w);

void floe_sctp_outstanding_check_invariants(const floe_sctp_outstanding *o,
                                            const floe_sctp_sendq *q,
                                            const floe_sctp_streams *streams);

#ifdef __cplusplus
}
#endif
#endif
