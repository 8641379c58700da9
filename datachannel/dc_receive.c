/*
 * datachannel/dc_receive.c - what comes from the association: its events, DCEP, and messages.
 *
 * The association reports the peer's reset of a stream after everything that the peer sent before
 * it was read, and shows nothing that was sent after it until the report was taken. So an OPEN is
 * always seen before the reset that ends its channel, and a message belongs to the channel that has
 * the stream when it is read.
 */
#include "datachannel/dc_internal.h"

/* ---- events ---- */

static void on_established(floe_dc *dc, const floe_sctp_assoc *assoc)
{
    uint16_t limit = floe_sctp_assoc_get_streams(assoc);
    dc->phase = FLOE_DC_UP;
    for (uint16_t slot = 0; slot < dc->slot_end; slot++) {
        floe_dc_channel *c = &dc->channels[slot];
        if (!c->is_used || c->state != FLOE_DC_CONNECTING) {
            continue;
        }
        if (c->stream != FLOE_STREAM_NONE && c->stream >= limit) {
            /* The peer has fewer streams than that; nothing was sent on it. */
            floe_dc_state_abandon(dc, slot);
        } else {
            floe_dc_state_try_open(dc, slot);
        }
    }
}

static void on_stream_reset(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    if (slot == FLOE_DC_NO_SLOT || dc->channels[slot].state == FLOE_DC_CONNECTING) {
        return; /* a stream that is not in use */
    }
    /* RFC 8831 §6.7: who sees the incoming stream reset also resets the outgoing one. Where that
     * is under way already, this changes nothing: no reset ever answers a reset that answers. */
    dc->channels[slot].is_in_reset = true;
    floe_dc_state_begin_close(dc, slot);
    floe_dc_state_try_close(dc, slot);
}

static void on_reset_done(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    if (slot != FLOE_DC_NO_SLOT && dc->channels[slot].state == FLOE_DC_CLOSING &&
        (dc->channels[slot].debts & FLOE_DC_OWES_RESET) == 0) {
        dc->channels[slot].is_out_reset = true;
        floe_dc_state_try_close(dc, slot);
    }
}

/* The peer can't or won't reset: the channel is over all the same, but its stream is worn out. */
static void on_reset_failed(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    if (slot == FLOE_DC_NO_SLOT || dc->channels[slot].state != FLOE_DC_CLOSING) {
        return;
    }
    floe_dc_channel *c = &dc->channels[slot];
    bool is_chosen = (stream % 2 == 0) == dc->is_dtls_client && !c->is_negotiated;
    if (is_chosen && stream >= dc->stream_floor) {
        dc->stream_floor = stream + 2u;
    }
    floe_dc_state_abandon(dc, slot);
}

static void on_buffered_low(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    /* DCEP drains too, but the application has not asked about that. */
    if (slot != FLOE_DC_NO_SLOT && dc->channels[slot].is_filling) {
        dc->channels[slot].is_filling = false;
        floe_dc_state_put_event(dc, slot, FLOE_DC_EV_BUFFERED_LOW);
    }
}

static void on_restarted(floe_dc *dc)
{
    /* The peer has lost its channels, and the association what was not read: all end here. */
    dc->is_shown = false;
    dc->is_head_told = false;
    dc->stream_floor = 0;
    floe_dc_state_end(dc);
}

static void on_closed(floe_dc *dc, const floe_sctp_assoc *assoc)
{
    floe_sctp_recv head;
    dc->phase = FLOE_DC_OVER;
    /* RFC 8831 §6.7: what arrived before the end is delivered; CLOSED waits until it is read. */
    dc->is_draining = floe_sctp_assoc_peek(assoc, &head);
    floe_dc_state_end(dc);
}

bool floe_dc_receive_event(floe_dc *dc, const floe_sctp_assoc *assoc, const floe_sctp_event *event)
{
    switch (event->type) {
    case FLOE_SCTP_EV_ESTABLISHED:
        on_established(dc, assoc);
        return true;
    case FLOE_SCTP_EV_RESTARTED:
        on_restarted(dc);
        return true;
    case FLOE_SCTP_EV_CLOSED:
        on_closed(dc, assoc);
        return true;
    case FLOE_SCTP_EV_STREAM_RESET:
        on_stream_reset(dc, event->stream);
        return false;
    case FLOE_SCTP_EV_RESET_DONE:
        on_reset_done(dc, event->stream);
        return false;
    case FLOE_SCTP_EV_RESET_FAILED:
        on_reset_failed(dc, event->stream);
        return false;
    case FLOE_SCTP_EV_BUFFERED_LOW:
        on_buffered_low(dc, event->stream);
        return false;
    case FLOE_SCTP_EV_WRITABLE:
        dc->has_writable = dc->has_writable || dc->wants_writable;
        dc->wants_writable = false;
        return false;
    }
    return false;
}

/* ---- messages ---- */

/* A slot for a stream of the peer, hidden as yet. None: the table is full, or the peer uses a
 * stream on which we could not answer. */
static uint16_t add_for_stream(floe_dc *dc, const floe_sctp_assoc *assoc, uint16_t stream)
{
    bool is_usable = stream < floe_sctp_assoc_get_streams(assoc);
    uint16_t slot = is_usable ? floe_dc_table_add(dc) : FLOE_DC_NO_SLOT;
    if (slot != FLOE_DC_NO_SLOT) {
        floe_dc_table_set_stream(dc, slot, stream);
    }
    return slot;
}

/* RFC 8832 §6: what can't be accepted is answered by closing the channel, i.e. by resetting the
 * stream, and never with an ACK. The association lives on. */
static void refuse(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t stream, uint16_t slot)
{
    dc->stats.refused++;
    if (slot == FLOE_DC_NO_SLOT) {
        slot = add_for_stream(dc, assoc, stream);
    }
    if (slot == FLOE_DC_NO_SLOT) {
        /* No room to remember it: the stream is the peer's, and the peer will not use it again
         * before it has seen this. */
        (void)!floe_sctp_assoc_reset_stream(assoc, stream);
        return;
    }
    dc->channels[slot].is_deaf = true;
    dc->channels[slot].is_acked = true; /* the peer uses the stream: no ACK to wait for */
    floe_dc_state_begin_close(dc, slot);
    (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
}

/* Put the OPEN that is to be read into the pool, and take its parameters over. */
static floe_err take_open(floe_dc *dc, const floe_sctp_assoc *assoc, size_t len, uint16_t slot)
{
    uint8_t *room = floe_dc_table_add_names(dc, slot, len);
    if (room == NULL) {
        return FLOE_E_FULL;
    }
    size_t copied = floe_sctp_assoc_copy(assoc, room, len);
    FLOE_ASSERT(copied == len);
    return floe_dc_table_take_names(dc, slot);
}

static void on_open(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot)
{
    bool is_peers = (head->stream % 2 == 0) != dc->is_dtls_client;
    if (slot != FLOE_DC_NO_SLOT || !is_peers) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    slot = add_for_stream(dc, assoc, head->stream);
    if (slot == FLOE_DC_NO_SLOT || take_open(dc, assoc, head->len, slot) != FLOE_OK) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    dc->channels[slot].is_hidden = false;
    dc->channels[slot].is_incoming = true;
    dc->channels[slot].is_acked = true;
    floe_dc_state_put_event(dc, slot, FLOE_DC_EV_INCOMING);
    floe_dc_state_try_open(dc, slot);
    floe_dc_state_set_debts(dc, slot, FLOE_DC_OWES_ACK);
    (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
}

static void on_dcep(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot)
{
    floe_bytes start = floe_sctp_assoc_view(assoc, 0);
    bool is_whole = head->offset == 0 && !head->has_more && !head->is_cut; /* else it is too long */
    if (is_whole && start.ptr[0] == FLOE_DCEP_OPEN) {
        on_open(dc, assoc, head, slot);
        return;
    }
    floe_dcep dcep;
    if (!is_whole || start.len != head->len || floe_dcep_parse(&dcep, start) != FLOE_OK) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    /* An ACK that nobody waits for is ignored, as by libwebrtc. */
    if (slot != FLOE_DC_NO_SLOT && dc->channels[slot].state >= FLOE_DC_OPEN) {
        dc->channels[slot].is_acked = true;
        (void)!floe_dc_send_debts(dc, assoc, slot); /* a reset may have waited for this */
    }
}

/* What a PPID means to the reader; false for one that is not of a channel's messages. */
static bool get_payload(const floe_sctp_recv *head, floe_dc_message *message)
{
    /* RFC 8831 §6.6: the content of an "empty" message is ignored. */
    bool is_empty = head->ppid == FLOE_PPID_STRING_EMPTY || head->ppid == FLOE_PPID_BINARY_EMPTY;
    message->is_text = head->ppid == FLOE_PPID_STRING || head->ppid == FLOE_PPID_STRING_EMPTY;
    message->len = is_empty ? 0 : head->len;
    message->offset = is_empty ? 0 : head->offset;
    message->has_more = head->has_more;
    message->is_cut = head->is_cut;
    return is_empty || head->ppid == FLOE_PPID_STRING || head->ppid == FLOE_PPID_BINARY;
}

/* A message of the application: true if it is for the reader. */
static bool on_data(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot,
                    floe_dc_message *message)
{
    if (slot == FLOE_DC_NO_SLOT || dc->channels[slot].state == FLOE_DC_CONNECTING) {
        /* RFC 8832 §6: data on an unused stream is an error. */
        refuse(dc, assoc, head->stream, slot);
        return false;
    }
    floe_dc_channel *c = &dc->channels[slot];
    c->is_acked = true; /* RFC 8832 §6: data says as much as an ACK */
    bool is_known = get_payload(head, message);
    if (head->ppid == FLOE_PPID_BINARY_PARTIAL || head->ppid == FLOE_PPID_STRING_PARTIAL) {
        /* RFC 8831 §6.6: deprecated. The rest of this message will look like a whole one, so the
         * channel can't go on. */
        refuse(dc, assoc, head->stream, slot);
        return false;
    }
    bool is_part_of_empty = message->len == 0 && message->has_more;
    bool is_unseen = head->is_cut && message->offset == 0; /* nothing was shown of it */
    if (!is_known || c->is_deaf || c->is_hidden || is_part_of_empty || is_unseen) {
        dc->stats.dropped++;
        return false;
    }
    message->channel = floe_dc_table_get_id(dc, slot);
    return true;
}

static void release_head(floe_dc *dc, floe_sctp_assoc *assoc)
{
    floe_sctp_recv head;
#if FLOE_SCTP_PARTS
    if (dc->is_shown && dc->shown.has_more) { /* more may have come since */
        floe_sctp_assoc_release_part(assoc, dc->shown.len);
    } else
#endif
    {
        floe_sctp_assoc_release(assoc);
    }
    dc->is_shown = false;
    dc->is_head_told = false;
    if (dc->is_draining && !floe_sctp_assoc_peek(assoc, &head)) {
        dc->is_draining = false;
        floe_dc_state_end(dc);
    }
}

bool floe_dc_receive_head(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_message *message)
{
    if (dc->is_shown) {
        *message = dc->shown; /* whatever has become of its channel since */
        return true;
    }
    floe_sctp_recv head;
    while (dc->phase != FLOE_DC_BEFORE && floe_sctp_assoc_peek(assoc, &head)) {
        uint16_t slot = floe_dc_table_find_stream(dc, head.stream);
        bool is_over = dc->phase == FLOE_DC_OVER;
        if (is_over && (slot == FLOE_DC_NO_SLOT || head.ppid == FLOE_PPID_DCEP)) {
            dc->stats.dropped++;
        } else if (!is_over && slot != FLOE_DC_NO_SLOT && dc->channels[slot].is_in_reset) {
            /* The peer uses the stream anew, but our own reset is still to be confirmed: this
             * belongs to the next channel and waits for it, a round trip at most. */
            return false;
        } else if (head.ppid == FLOE_PPID_DCEP) {
            on_dcep(dc, assoc, &head, slot);
        } else if (on_data(dc, assoc, &head, slot, message)) {
            return true;
        }
        release_head(dc, assoc);
    }
    return false;
}

void floe_dc_receive_tell(floe_dc *dc, floe_sctp_assoc *assoc)
{
    floe_dc_message message;
    if (!floe_dc_receive_head(dc, assoc, &message)) {
        dc->has_message = false;
    } else if (!dc->is_head_told) {
        dc->is_head_told = true;
        dc->has_message = true;
        dc->told = message.channel;
    }
}

void floe_dc_receive_release(floe_dc *dc, floe_sctp_assoc *assoc)
{
    if (!dc->is_shown) {
        return; /* a restart of the association took it away */
    }
    uint16_t slot = floe_dc_table_find(dc, dc->shown.channel);
    if (slot != FLOE_DC_NO_SLOT) {
        dc->channels[slot].messages_received += !dc->shown.has_more && !dc->shown.is_cut;
        dc->channels[slot].bytes_received += dc->shown.len;
    }
    release_head(dc, assoc);
    floe_dc_receive_tell(dc, assoc);
}
