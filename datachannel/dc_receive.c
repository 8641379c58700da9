/*
 * datachannel/dc_receive.c - what comes from the association: its events, DCEP, and messages.
 *
 * Events and messages are two queues. A message may wait long for its reader, an event is taken at
 * once; so the peer's reset of a stream can be seen before messages, even before the OPEN, that it
 * sent earlier. Messages are counted for that reason: a reset is noted with the number of messages
 * that came before it (in_mark), and takes effect for the reader when so many are released.
 */
#include "datachannel/dc_internal.h"

static uint64_t count_received(const floe_sctp_assoc *assoc)
{
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(assoc, &stats);
    return stats.messages_received;
}

/* ---- events ---- */

static void on_established(floe_dc *dc, const floe_sctp_assoc *assoc)
{
    uint16_t limit = floe_sctp_assoc_get_streams(assoc);
    dc->phase = FLOE_DC_UP;
    for (uint16_t slot = 0; slot < FLOE_DC_CHANNEL_MAX; slot++) {
        const floe_dc_channel *c = &dc->channels[slot];
        if (!c->is_used || c->state != FLOE_DC_CONNECTING) {
            continue;
        }
        if (c->stream != FLOE_STREAM_NONE && c->stream >= limit) {
            /* The peer has fewer streams than that; nothing was sent on it. */
            floe_dc_state_begin_close(dc, slot);
            floe_dc_state_try_close(dc, slot);
        } else {
            floe_dc_state_try_open(dc, slot);
        }
    }
}

/* A hidden slot that keeps the peer's stream in mind; none for a number that is no stream. */
static uint16_t add_for_stream(floe_dc *dc, uint16_t stream)
{
    uint16_t slot = stream == FLOE_STREAM_NONE ? FLOE_DC_NO_SLOT : floe_dc_table_add(dc);
    if (slot != FLOE_DC_NO_SLOT) {
        floe_dc_table_set_stream(dc, slot, stream);
    }
    return slot;
}

/* The peer has reset a stream that has no channel here. If messages wait to be read, its OPEN may
 * be among them: a hidden slot remembers the reset until they are read. */
static void note_early_reset(floe_dc *dc, uint16_t stream, uint64_t mark)
{
    if (dc->released >= mark) {
        return;
    }
    uint16_t slot = add_for_stream(dc, stream);
    if (slot == FLOE_DC_NO_SLOT) {
        dc->refuse_mark = mark;
        return;
    }
    floe_dc_channel *c = &dc->channels[slot];
    c->is_in_reset = true;
    c->is_out_reset = true;
    c->in_mark = mark;
    floe_dc_state_begin_close(dc, slot);
}

static void on_stream_reset(floe_dc *dc, const floe_sctp_assoc *assoc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    if (slot == FLOE_DC_NO_SLOT) {
        note_early_reset(dc, stream, count_received(assoc));
        return;
    }
    floe_dc_channel *c = &dc->channels[slot];
    if (c->is_in_reset || c->state == FLOE_DC_CONNECTING) {
        return; /* said before, or of a stream that is not in use yet */
    }
    /* RFC 8831 §6.7: who sees the incoming stream reset also resets the outgoing one. Where that
     * is under way already, this changes nothing: no reset ever answers a reset that answers. */
    c->is_in_reset = true;
    c->in_mark = count_received(assoc);
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
static void on_reset_failed(floe_dc *dc, const floe_sctp_assoc *assoc, uint16_t stream)
{
    uint16_t slot = floe_dc_table_find_stream(dc, stream);
    if (slot == FLOE_DC_NO_SLOT || dc->channels[slot].state != FLOE_DC_CLOSING) {
        return;
    }
    floe_dc_channel *c = &dc->channels[slot];
    bool is_ours = (stream % 2 == 0) == dc->is_dtls_client;
    if (is_ours && stream >= dc->stream_floor) {
        dc->stream_floor = (uint16_t)(stream + 2);
    }
    if (!c->is_in_reset) {
        c->is_in_reset = true;
        c->in_mark = count_received(assoc);
    }
    c->is_out_reset = true;
    floe_dc_state_try_close(dc, slot);
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

static void on_restarted(floe_dc *dc, const floe_sctp_assoc *assoc)
{
    /* The peer has lost its channels: ours end, and what is left of them is only read. */
    dc->stale_mark = count_received(assoc);
    dc->stream_floor = 0;
    floe_dc_state_end(dc, dc->stale_mark);
    dc->phase = FLOE_DC_UP;
}

bool floe_dc_receive_event(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_event *event)
{
    switch (event->type) {
    case FLOE_SCTP_EV_ESTABLISHED:
        on_established(dc, assoc);
        return true;
    case FLOE_SCTP_EV_RESTARTED:
        on_restarted(dc, assoc);
        return true;
    case FLOE_SCTP_EV_CLOSED:
        dc->phase = FLOE_DC_OVER;
        floe_dc_state_end(dc, count_received(assoc));
        return true;
    case FLOE_SCTP_EV_STREAM_RESET:
        on_stream_reset(dc, assoc, event->stream);
        return false;
    case FLOE_SCTP_EV_RESET_DONE:
        on_reset_done(dc, event->stream);
        return false;
    case FLOE_SCTP_EV_RESET_FAILED:
        on_reset_failed(dc, assoc, event->stream);
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

/* A slot of note_early_reset(). */
static bool is_early_reset(const floe_dc *dc, uint16_t slot)
{
    const floe_dc_channel *c = &dc->channels[slot % FLOE_DC_CHANNEL_MAX];
    return slot != FLOE_DC_NO_SLOT && c->is_hidden && c->is_in_reset && !c->is_deaf &&
           c->state == FLOE_DC_CLOSING;
}

/* Make it the slot of a channel that is being opened, the peer's side of which is reset already. */
static void wake_early_reset(floe_dc *dc, uint16_t slot)
{
    dc->channels[slot].state = FLOE_DC_CONNECTING;
    dc->channels[slot].is_out_reset = false;
    dc->closing--;
}

/* RFC 8832 §6: what can't be accepted is answered by closing the channel, i.e. by resetting the
 * stream, and never with an ACK. The association lives on. */
static void refuse(floe_dc *dc, floe_sctp_assoc *assoc, uint16_t stream, uint16_t slot)
{
    dc->stats.refused++;
    if (slot == FLOE_DC_NO_SLOT) {
        slot = add_for_stream(dc, stream);
        if (slot == FLOE_DC_NO_SLOT) {
            /* No room to remember it: the stream is the peer's, and the peer will not use it again
             * before it has seen this. */
            (void)!floe_sctp_assoc_reset_stream(assoc, stream);
            return;
        }
    } else if (is_early_reset(dc, slot)) {
        wake_early_reset(dc, slot);
    }
    dc->channels[slot].is_deaf = true;
    floe_dc_state_begin_close(dc, slot);
    (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
}

/* May the peer open a channel on this stream now? */
static bool is_open_allowed(const floe_dc *dc, uint16_t stream, uint16_t slot)
{
    bool is_unused = slot == FLOE_DC_NO_SLOT || is_early_reset(dc, slot);
    bool is_peers = (stream % 2 == 0) != dc->is_dtls_client && stream != FLOE_STREAM_NONE;
    return is_unused && is_peers && dc->released >= dc->refuse_mark;
}

static void on_open(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot)
{
    if (!is_open_allowed(dc, head->stream, slot)) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    if (slot == FLOE_DC_NO_SLOT) {
        slot = add_for_stream(dc, head->stream);
    } else {
        wake_early_reset(dc, slot);
    }
    uint8_t *open = NULL;
    if (slot != FLOE_DC_NO_SLOT) {
        open = floe_dc_table_add_names(dc, slot, head->len);
    }
    if (open == NULL || floe_sctp_assoc_copy(assoc, open, head->len) != head->len ||
        floe_dc_table_take_names(dc, slot) != FLOE_OK) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    floe_dc_channel *c = &dc->channels[slot];
    c->is_hidden = false;
    c->is_incoming = true;
    c->is_acked = true;
    floe_dc_state_put_event(dc, slot, FLOE_DC_EV_INCOMING);
    floe_dc_state_try_open(dc, slot);
    if (c->is_in_reset) {
        floe_dc_state_begin_close(dc, slot);
    } else {
        floe_dc_state_set_debts(dc, slot, FLOE_DC_OWES_ACK);
    }
    (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
}

static void on_dcep(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot)
{
    floe_bytes start = floe_sctp_assoc_view(assoc, 0);
    FLOE_ASSERT(start.len > 0);
    if (start.ptr[0] == FLOE_DCEP_OPEN) {
        on_open(dc, assoc, head, slot);
        return;
    }
    floe_dcep dcep;
    if (start.len != head->len || floe_dcep_parse(&dcep, start) != FLOE_OK) {
        refuse(dc, assoc, head->stream, slot);
        return;
    }
    /* An ACK that nobody waits for is ignored, as by libwebrtc. */
    if (slot != FLOE_DC_NO_SLOT) {
        dc->channels[slot].is_acked = true;
    }
}

/* What a PPID means to the reader; false for one that is not of a channel's messages. */
static bool get_payload(const floe_sctp_recv *head, floe_dc_message *message)
{
    /* RFC 8831 §6.6: the content of an "empty" message is ignored. */
    bool is_empty = head->ppid == FLOE_PPID_STRING_EMPTY || head->ppid == FLOE_PPID_BINARY_EMPTY;
    message->is_text = head->ppid == FLOE_PPID_STRING || head->ppid == FLOE_PPID_STRING_EMPTY;
    message->len = is_empty ? 0 : head->len;
    return is_empty || head->ppid == FLOE_PPID_STRING || head->ppid == FLOE_PPID_BINARY;
}

/* A message of the application: true if it is for the reader. */
static bool on_data(floe_dc *dc, floe_sctp_assoc *assoc, const floe_sctp_recv *head, uint16_t slot,
                    floe_dc_message *message)
{
    if (slot == FLOE_DC_NO_SLOT || dc->channels[slot].state == FLOE_DC_CONNECTING ||
        is_early_reset(dc, slot)) {
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
    if (!is_known || c->is_deaf || c->is_hidden) {
        dc->stats.dropped++;
        return false;
    }
    message->channel = floe_dc_table_get_id(dc, slot);
    return true;
}

static void release_head(floe_dc *dc, floe_sctp_assoc *assoc)
{
    floe_sctp_assoc_release(assoc);
    dc->released++;
    dc->is_head_told = false;
    floe_dc_state_try_close_all(dc);
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
        bool is_stale = dc->phase == FLOE_DC_OVER || dc->released < dc->stale_mark;
        if (slot == FLOE_DC_NO_SLOT && is_stale) {
            dc->stats.dropped++;
        } else if (slot != FLOE_DC_NO_SLOT && dc->channels[slot].is_in_reset &&
                   dc->released >= dc->channels[slot].in_mark) {
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
    FLOE_ASSERT(dc->is_shown);
    uint16_t slot = floe_dc_table_find(dc, dc->shown.channel);
    if (slot != FLOE_DC_NO_SLOT) {
        dc->channels[slot].messages_received++;
        dc->channels[slot].bytes_received += dc->shown.len;
    }
    dc->is_shown = false;
    release_head(dc, assoc);
    floe_dc_receive_tell(dc, assoc);
}
