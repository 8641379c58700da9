/*
 * stun/stun_stream.h - cut a byte stream (TCP, TLS) into messages: STUN and ChannelData as a TURN
 * server sends them (RFC 8656 section 12.5, RFC 8489 section 6.2.2), or frames with a length in
 * front (RFC 4571), which ICE-TCP uses.
 *
 *     floe_bytes in = what was read;
 *     while ((err = floe_stun_stream_next(&stream, &in, &message)) == FLOE_OK) { use message }
 *     err is AGAIN: read more; else the stream is broken: close the connection
 *
 * A message that lies in `in` as a whole is not copied; one that came in pieces is put together in
 * the caller's memory. Any cut is fine, inside a header too. Does not know what a message means.
 */
#ifndef FLOE_STUN_STUN_STREAM_H
#define FLOE_STUN_STUN_STREAM_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_stun_framing {
    FLOE_STUN_FRAMING_TURN,   /* STUN messages and padded ChannelData, headers included */
    FLOE_STUN_FRAMING_RFC4571 /* the frame's content, without its length */
} floe_stun_framing;

typedef struct floe_stun_stream { /* every field is private */
    floe_span memory;
    size_t len;       /* bytes of an unfinished message in memory */
    uint8_t framing;  /* floe_stun_framing */
    bool is_consumed; /* the message in memory was handed out */
    floe_err broken;  /* what the stream ended with, or OK */
} floe_stun_stream;

/* `memory` is lent until the stream is no more used. Its size is the largest message that is taken,
 * with the header of its framing: at least 4 bytes; 65540 holds any ChannelData
 * with its padding. */
void floe_stun_stream_init(floe_stun_stream *stream, floe_stun_framing framing, floe_span memory);

/* The next message; *in is moved past what was taken of it. OK: *message is valid until the next
 * call, and as long as the bytes of *in are. ChannelData comes without its padding.
 * AGAIN: *in is used up. MALFORMED: bytes that no message begins with; TOO_BIG: a message larger
 * than memory. After these two nothing more can be told from this stream: they stay. */
FLOE_MUST_USE floe_err floe_stun_stream_next(floe_stun_stream *stream, floe_bytes *in,
                                             floe_bytes *message);

#ifdef __cplusplus
}
#endif
#endif
