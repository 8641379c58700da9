/*
 * sctp/sctp_parts.h - one user message of any size, handed over and sent part by part (RFC 9260
 * section 6.9).
 *
 * Its length need not be known when it begins, and may be far beyond the send buffer, which holds
 * the parts that are not yet acknowledged. On the wire it is one message: one SSN, B on its first
 * chunk, E on its last. Its fragments have TSNs in a row, so nothing else can be sent from its
 * first byte to its last; unless messages are interleaved (sctp_lane.h), when all that follows is
 * true of its own stream alone, but for the first. Therefore:
 *   - there is one such message at a time in an association;
 *   - it begins when all that was queued before it is sent, and until its last byte is sent every
 *     other send gets AGAIN, and WRITABLE after it;
 *   - a sender who begins and does not go on keeps all others waiting. Abort it.
 * The last byte handed over waits for what follows: no chunk is empty, and only then is it known
 * whether the message ends there. What is small when it is handed over is small on the wire: a peer
 * that keeps messages whole may run out of memory before its limit is reached (floe's then ends the
 * association). Hand over what fills packets.
 *
 * It is abandoned as a whole, by floe_sctp_assoc_abort_message() or where its limit is reached: the
 * peer is told by FORWARD TSN and throws away what it has of it (RFC 3758). Peers without that
 * can't be told, and get no messages by parts. It does not know what other channels want, nor
 * files. Reading by parts: sctp_parts_in.h.
 */
#ifndef FLOE_SCTP_SCTP_PARTS_H
#define FLOE_SCTP_SCTP_PARTS_H

#include "sctp/sctp_assoc.h"

#if FLOE_SCTP_PARTS

#ifdef __cplusplus
extern "C" {
#endif

/* Begin a message with this stream, PPID, order, limits and priority. The data is not looked at;
 * a lifetime begins here. Errors as floe_sctp_assoc_send() has them, and AGAIN while another one is
 * under way, ARG where a fate is asked for, UNSUPPORTED where the peer knows no FORWARD TSN. */
FLOE_MUST_USE floe_err floe_sctp_assoc_begin_message(floe_sctp_assoc *assoc,
                                                     const floe_sctp_send *message);
/* Its next part, copied: all of it or none; empty only if it is the last. STATE: there is no
 * message under way on the stream, or there is none any more: its limit has passed, or SHUTDOWN has
 * begun. AGAIN: no room now, WRITABLE follows. TOO_BIG: the message would exceed the peer's limit,
 * or the part the send buffer; nothing has changed: it can be ended as it is, or aborted. ARG: an
 * empty part, or a message of no bytes. CLOSED. */
FLOE_MUST_USE floe_err floe_sctp_assoc_write(floe_sctp_assoc *assoc, uint16_t stream,
                                             floe_bytes part, bool is_last);
/* Abandon it, whatever was sent of it. STATE: as above. */
FLOE_MUST_USE floe_err floe_sctp_assoc_abort_message(floe_sctp_assoc *assoc, uint16_t stream);
/* Whether one is begun on the stream and not ended. */
bool floe_sctp_assoc_is_writing(const floe_sctp_assoc *assoc, uint16_t stream);

#ifdef __cplusplus
}
#endif
#endif
#endif
