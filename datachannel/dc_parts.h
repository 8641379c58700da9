/*
 * datachannel/dc_parts.h - a message of any size, sent part by part on a channel.
 *
 * To the receiver it is one message, whole or by parts as he likes. From its first part to its last
 * the association sends nothing else (sctp/sctp_parts.h says why): other channels' messages, and a
 * second one by parts, get AGAIN, and WRITABLE afterwards. Browsers have nothing like it: there
 * `send()` takes a whole message.
 */
#ifndef FLOE_DATACHANNEL_DC_PARTS_H
#define FLOE_DATACHANNEL_DC_PARTS_H

#include "datachannel/dc.h"

#if FLOE_SCTP_PARTS

#ifdef __cplusplus
extern "C" {
#endif

/* Begin a message: nothing is sent before its first part. ARG: no such channel. STATE: not open, or
 * one is begun already. */
FLOE_MUST_USE floe_err floe_dc_begin(floe_dc *dc, floe_dc_id channel, bool is_text);
/* Its next part, of any size that fits into the send buffer; the last may be empty. AGAIN: WRITABLE
 * follows; that part again. TOO_BIG: the message would exceed the peer's limit, or the part the
 * send buffer. Nothing has changed: go on with a smaller part, end it, or abort it. STATE: none is
 * begun, or it is over: the channel's limit was reached, or the channel is no longer open. ARG: a
 * part that is empty and not the last; of a text, one that is not UTF-8 by itself. UNSUPPORTED: the
 * peer could not be told if it were aborted. FULL, CLOSED: as floe_dc_send(). */
FLOE_MUST_USE floe_err floe_dc_write(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel,
                                     floe_bytes part, bool is_last);
/* Give it up: the peer's SCTP throws away what it has of it, and a peer that reads by parts learns
 * that it is cut. The channel lives on. ARG: no such channel. STATE: none is begun. */
FLOE_MUST_USE floe_err floe_dc_abort(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel);

#ifdef __cplusplus
}
#endif
#endif
#endif
