/*
 * sctp/sctp_lane.h - what an association needs beside its own memory where messages are interleaved
 * (RFC 8260): numbers of messages and fragments. Lent by who asks for it in floe_sctp_config; every
 * field but `ring` is private. It is in use, as floe_sctp_streams.interleaving, while both sides
 * have agreed on it.
 */
#ifndef FLOE_SCTP_SCTP_LANE_H
#define FLOE_SCTP_SCTP_LANE_H

#include "sctp/sctp_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a chunk in the transmit ring. */
typedef struct floe_sctp_number {
    uint32_t mid; /* of its message */
    uint32_t fsn; /* of the fragment in it */
} floe_sctp_number;

/* Of a stream: the entry with the same index as that of the stream. [1]: of unordered messages. */
typedef struct floe_sctp_lane {
    uint64_t taken;       /* of the message that was read in part: bytes that were, */
    uint32_t taken_ppid;  /* and its PPID */
    uint32_t in_mid;      /* of the next ordered message to be delivered */
    uint32_t past_mid;    /* unordered messages with numbers before it are over */
    uint32_t open_mid;    /* of the message that is read as it arrives, */
    uint32_t open_fsn;    /* its last fragment that follows from the first, */
    uint16_t open;        /* and where that lies; NONE: there is no such message */
    uint8_t skipped;      /* of each order one bit: there is something to be told */
    uint32_t skip_tsn[2]; /* of the last message that was abandoned */
    uint32_t skip_mid[2];
    uint32_t out_mid[2]; /* of the next message that we send */
    uint32_t mid, fsn;   /* of the one under way, and of its next fragment */
    uint32_t begun;      /* position of what has begun and is not all sent; POSITION_NONE */
    uint32_t sent;       /* bytes of it that were sent */
} floe_sctp_lane;

typedef struct floe_sctp_interleaving {
    floe_sctp_number *ring; /* lent: as many as the transmit ring has entries */
    floe_sctp_lane lanes[FLOE_SCTP_STREAM_MAX];
} floe_sctp_interleaving;

#if FLOE_SCTP_IDATA
/* The lane of a stream, where messages are interleaved. */
static inline floe_sctp_lane *floe_sctp_lane_of(const floe_sctp_streams *streams,
                                                const floe_sctp_stream *stream)
{
    return &streams->interleaving->lanes[stream - streams->table];
}
#endif

#ifdef __cplusplus
}
#endif
#endif
