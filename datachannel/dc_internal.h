/*
 * datachannel/dc_internal.h - what the files of the channel table share.
 *
 *     dc.c          the calls of the application
 *     dc_table.c    slots, ids, streams, names: who has what
 *     dc_state.c    transitions and the events that they make
 *     dc_send.c     what channels owe the association: OPEN, ACK, reset
 *     dc_receive.c  what the association tells: its events, DCEP, messages
 *     dc_parts.c    messages by parts
 *     dc_check.c    the invariants
 */
#ifndef FLOE_DATACHANNEL_DC_INTERNAL_H
#define FLOE_DATACHANNEL_DC_INTERNAL_H

#include "base/assert.h"
#include "datachannel/dc.h"

#define FLOE_DC_NO_SLOT FLOE_DC_CHANNEL_MAX

enum { /* floe_dc.phase */
       FLOE_DC_BEFORE,
       FLOE_DC_UP,
       FLOE_DC_OVER
};

enum { /* floe_dc_channel.debts, each paid once */
       FLOE_DC_OWES_THRESHOLD = 1,
       FLOE_DC_OWES_OPEN = 2,
       FLOE_DC_OWES_ACK = 4,
       FLOE_DC_OWES_RESET = 8
};

#if FLOE_SCTP_PARTS
enum { /* floe_dc_channel.writing: a message by parts */
       FLOE_DC_WRITES_NOTHING,
       FLOE_DC_BEGINS_TEXT, /* the association does not know of it */
       FLOE_DC_BEGINS_BINARY,
       FLOE_DC_WRITES_TEXT,
       FLOE_DC_WRITES_BINARY
};
#endif

/* dc_table.c. A slot is an index into dc->channels; FLOE_DC_NO_SLOT where there is none. */
uint16_t floe_dc_table_add(floe_dc *dc);
void floe_dc_table_remove(floe_dc *dc, uint16_t slot);
uint16_t floe_dc_table_find(const floe_dc *dc, floe_dc_id id);          /* not hidden ones */
uint16_t floe_dc_table_find_stream(const floe_dc *dc, uint16_t stream); /* hidden ones too */
floe_dc_id floe_dc_table_get_id(const floe_dc *dc, uint16_t slot);
void floe_dc_table_set_stream(floe_dc *dc, uint16_t slot, uint16_t stream);
/* The lowest stream of our parity that is free and below `limit`; FLOE_STREAM_NONE if none is. */
uint16_t floe_dc_table_pick_stream(const floe_dc *dc, uint16_t limit);
/* Room for an OPEN of `len` bytes, the slot's until it is removed. NULL: none. */
uint8_t *floe_dc_table_add_names(floe_dc *dc, uint16_t slot, size_t len);
/* The OPEN that holds the slot's names, parsed. */
void floe_dc_table_get_names(const floe_dc *dc, uint16_t slot, floe_dcep *dcep);
/* Take the parameters over from the slot's OPEN. MALFORMED, UNSUPPORTED: it is not one. */
FLOE_MUST_USE floe_err floe_dc_table_take_names(floe_dc *dc, uint16_t slot);

/* dc_state.c */
void floe_dc_state_set_debts(floe_dc *dc, uint16_t slot, unsigned debts);
void floe_dc_state_put_event(floe_dc *dc, uint16_t slot, floe_dc_event_type type);
/* CONNECTING -> OPEN, if all that it needs is there. */
void floe_dc_state_try_open(floe_dc *dc, uint16_t slot);
/* -> CLOSING. The stream is reset; if nothing was ever sent on it: -> CLOSED. */
void floe_dc_state_begin_close(floe_dc *dc, uint16_t slot);
/* CLOSING -> CLOSED, once both sides are reset. */
void floe_dc_state_try_close(floe_dc *dc, uint16_t slot);
/* -> CLOSED without a word to the peer: nothing was sent, or there is no association any more. */
void floe_dc_state_abandon(floe_dc *dc, uint16_t slot);
void floe_dc_state_end(floe_dc *dc); /* abandon all */

/* dc_send.c */
/* What the association takes for now, in milliseconds. */
uint32_t floe_dc_send_clock(const floe_sctp_assoc *assoc);
/* Tell the association what the channel owes it. OK: nothing is owed any more. */
FLOE_MUST_USE floe_err floe_dc_send_debts(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot);
void floe_dc_send_all_debts(floe_dc *dc, floe_sctp_assoc *assoc);
/* What of a message depends on its channel: order, limits, priority. */
void floe_dc_send_fill(const floe_dc_channel *c, floe_sctp_send *message);
FLOE_MUST_USE floe_err floe_dc_send_message(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t slot,
                                            const floe_dc_send_options *options, floe_bytes data);

/* dc_receive.c */
/* Act on an event of the association; true for those that its owner wants to see too. */
bool floe_dc_receive_event(floe_dc *dc, const floe_sctp_assoc *assoc, const floe_sctp_event *event);
/* Deal with everything in front of the first message of a channel, and describe that one. */
bool floe_dc_receive_head(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_message *message);
/* Note MESSAGE, if there is a first message that nobody was told of. */
void floe_dc_receive_tell(floe_dc *dc, floe_sctp_assoc *assoc);
/* Done with the message that floe_dc_peek() showed. */
void floe_dc_receive_release(floe_dc *dc, floe_sctp_assoc *assoc);

#endif
