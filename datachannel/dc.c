/* datachannel/dc.c - the calls of the application; see datachannel/dc.h and dc_internal.h. */
#include "datachannel/dc_internal.h"
#include "datachannel/utf8.h"

#include <string.h>

void floe_dc_init(floe_dc *dc)
{
    const size_t begin = offsetof(floe_dc, stats); /* behind the pool, which holds anything */
    memset((uint8_t *)dc + begin, 0, offsetof(floe_dc, channels) - begin);
    for (size_t i = 0; i < FLOE_DC_CHANNEL_MAX; i++) {
        dc->streams[i] = FLOE_STREAM_NONE;
    }
    dc->event_head = FLOE_DC_NO_SLOT;
    dc->event_tail = FLOE_DC_NO_SLOT;
    dc->retiring = FLOE_DC_NO_SLOT;
    dc->told = FLOE_DC_NONE;
}

void floe_dc_set_role(floe_dc *dc, bool is_dtls_client)
{
    FLOE_ASSERT(!dc->has_role || dc->is_dtls_client == is_dtls_client);
    dc->has_role = true;
    dc->is_dtls_client = is_dtls_client;
    /* The slot behind the one that was given out last is the oldest. */
    for (size_t i = 0; i < dc->slot_end; i++) {
        uint16_t slot = (uint16_t)((dc->add_cursor + i) % dc->slot_end);
        const floe_dc_channel *c = &dc->channels[slot];
        if (!c->is_used || c->state != FLOE_DC_CONNECTING || c->stream != FLOE_STREAM_NONE) {
            continue;
        }
        uint16_t stream = floe_dc_table_pick_stream(dc, FLOE_STREAM_NONE);
        FLOE_ASSERT(stream != FLOE_STREAM_NONE); /* fewer channels than streams of one parity */
        floe_dc_table_set_stream(dc, slot, stream);
    }
}

/* ---- opening ---- */

static floe_err check_options(const floe_dc_options *options)
{
    bool has_both_limits = options->has_max_retransmits && options->has_lifetime;
    bool has_bad_stream = options->is_negotiated && options->stream == FLOE_STREAM_NONE;
    if (has_both_limits || has_bad_stream || !floe_utf8_is_valid(options->label) ||
        !floe_utf8_is_valid(options->protocol)) {
        return FLOE_E_ARG;
    }
    return FLOE_OK;
}

/* Which stream the new channel uses; FLOE_STREAM_NONE as long as the role is not known. */
static floe_err choose_stream(const floe_dc *dc, const floe_sctp_assoc *assoc,
                              const floe_dc_options *options, uint16_t *stream)
{
    uint16_t limit = FLOE_STREAM_NONE;
    if (dc->phase == FLOE_DC_UP) {
        uint16_t agreed = floe_sctp_assoc_get_streams(assoc);
        limit = agreed < limit ? agreed : limit;
    }
    if (!options->is_negotiated) {
        *stream = dc->has_role ? floe_dc_table_pick_stream(dc, limit) : FLOE_STREAM_NONE;
        return dc->has_role && *stream == FLOE_STREAM_NONE ? FLOE_E_FULL : FLOE_OK;
    }
    *stream = options->stream;
    if (options->stream >= limit) {
        return FLOE_E_FULL;
    }
    /* RFC 8831 §6.5: a stream that is in use can't be given to another channel. */
    bool is_free = floe_dc_table_find_stream(dc, options->stream) == FLOE_DC_NO_SLOT;
    return is_free ? FLOE_OK : FLOE_E_STATE;
}

static floe_err put_names(floe_dc *dc, uint16_t slot, const floe_dc_options *options)
{
    floe_dcep open = {.type = FLOE_DCEP_OPEN, .label = options->label};
    open.protocol = options->protocol;
    open.priority = options->priority == 0 ? 256 : options->priority;
    open.is_unordered = options->is_unordered;
    open.has_max_retransmits = options->has_max_retransmits;
    open.has_lifetime = options->has_lifetime;
    open.reliability = options->has_lifetime ? options->lifetime_ms : options->max_retransmits;

    if (open.label.len > FLOE_DC_NAMES_MAX || open.protocol.len > FLOE_DC_NAMES_MAX) {
        return FLOE_E_FULL;
    }
    size_t len = FLOE_DCEP_OPEN_SIZE + open.label.len + open.protocol.len;
    uint8_t *room = floe_dc_table_add_names(dc, slot, len);
    if (room == NULL) {
        return FLOE_E_FULL;
    }
    floe_writer w = floe_writer_begin(room, len);
    floe_dcep_put(&w, &open);
    FLOE_ASSERT(floe_writer_is_ok(&w));
    return floe_dc_table_take_names(dc, slot);
}

/* A slot with these options, CONNECTING. */
static floe_err add_channel(floe_dc *dc, const floe_dc_options *options, uint16_t stream,
                            uint16_t *slot)
{
    *slot = floe_dc_table_add(dc);
    if (*slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_FULL;
    }
    floe_err err = put_names(dc, *slot, options);
    if (err != FLOE_OK) {
        floe_dc_table_remove(dc, *slot);
        return err;
    }
    floe_dc_channel *c = &dc->channels[*slot];
    c->is_hidden = false;
    c->is_negotiated = options->is_negotiated;
    c->is_acked = options->is_negotiated;
    if (stream != FLOE_STREAM_NONE) {
        floe_dc_table_set_stream(dc, *slot, stream);
    }
    return FLOE_OK;
}

floe_err floe_dc_open(floe_dc *dc, floe_sctp_assoc *assoc, const floe_dc_options *options,
                      floe_dc_id *channel)
{
    uint16_t stream, slot;
    floe_err err = check_options(options);
    if (err == FLOE_OK && dc->phase == FLOE_DC_OVER) {
        err = FLOE_E_CLOSED;
    }
    if (err == FLOE_OK) {
        err = choose_stream(dc, assoc, options, &stream);
    }
    if (err == FLOE_OK) {
        err = add_channel(dc, options, stream, &slot);
    }
    if (err != FLOE_OK) {
        return err;
    }
    *channel = floe_dc_table_get_id(dc, slot);
    if (options->is_negotiated) {
        floe_dc_state_try_open(dc, slot);
    } else {
        floe_dc_state_set_debts(dc, slot, FLOE_DC_OWES_OPEN);
        (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
    }
    return FLOE_OK;
}

/* ---- open channels ---- */

floe_err floe_dc_send(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel, bool is_text,
                      floe_bytes data)
{
    return floe_dc_send_with(dc, assoc, channel, &(floe_dc_send_options){.is_text = is_text}, data);
}

floe_err floe_dc_send_with(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel,
                           const floe_dc_send_options *options, floe_bytes data)
{
    uint16_t slot = floe_dc_table_find(dc, channel);
    if (slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    if (dc->channels[slot].state != FLOE_DC_OPEN) {
        return FLOE_E_STATE;
    }
    /* RFC 8831 §6.6: a string goes as UTF-8. */
    if (options->is_text && !floe_utf8_is_valid(data)) {
        return FLOE_E_ARG;
    }
    return floe_dc_send_message(dc, assoc, slot, options, data);
}

bool floe_dc_poll_fate(floe_sctp_assoc *assoc, floe_dc_fate *fate)
{
    floe_sctp_fate told;
    if (!floe_sctp_assoc_poll_fate(assoc, &told)) {
        return false;
    }
    *fate = (floe_dc_fate){.outcome = told.outcome,
                           .channel = (floe_dc_id)(told.cookie >> 32),
                           .cookie = (uint32_t)told.cookie,
                           .sent_at = told.sent_at};
    return true;
}

floe_err floe_dc_set_low_threshold(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel,
                                   size_t bytes)
{
    uint16_t slot = floe_dc_table_find(dc, channel);
    if (slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    floe_dc_channel *c = &dc->channels[slot];
    if (c->state >= FLOE_DC_CLOSING) {
        return FLOE_OK;
    }
    c->low_threshold = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
    floe_dc_state_set_debts(dc, slot, c->debts | FLOE_DC_OWES_THRESHOLD);
    floe_err err = floe_dc_send_debts(dc, assoc, slot);
    return err == FLOE_E_FULL ? err : FLOE_OK; /* anything else is tried again */
}

floe_err floe_dc_close(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel)
{
    uint16_t slot = floe_dc_table_find(dc, channel);
    if (slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    floe_dc_channel *c = &dc->channels[slot];
    c->is_deaf = true;
    if (c->state < FLOE_DC_CLOSING) {
        c->closed_at = floe_dc_send_clock(assoc);
    }
    floe_dc_state_begin_close(dc, slot);
    (void)!floe_dc_send_debts(dc, assoc, slot); /* else floe_dc_advance() tries again */
    floe_dc_receive_tell(dc, assoc);
    return FLOE_OK;
}

void floe_dc_close_all(floe_dc *dc)
{
    dc->phase = FLOE_DC_OVER;
    dc->is_draining = false;
    dc->has_message = false;
    floe_dc_state_end(dc);
}

/* ---- driving ---- */

bool floe_dc_advance(floe_dc *dc, floe_sctp_assoc *assoc, floe_sctp_event *out)
{
    while (floe_sctp_assoc_poll_event(assoc, out)) {
        if (floe_dc_receive_event(dc, assoc, out)) {
            return true;
        }
    }
    floe_dc_send_all_debts(dc, assoc);
    floe_dc_receive_tell(dc, assoc);
    return false;
}

/* The next event of the first channel that has any. */
static bool poll_channel_event(floe_dc *dc, floe_dc_event *event)
{
    uint16_t slot = dc->event_head;
    if (slot == FLOE_DC_NO_SLOT) {
        return false;
    }
    floe_dc_channel *c = &dc->channels[slot];
    unsigned type = FLOE_DC_EV_INCOMING;
    while ((c->events & 1u << type) == 0) {
        type++;
    }
    c->events &= (uint8_t) ~(1u << type);
    if (c->events == 0) {
        dc->event_head = c->next;
    }
    if (type == FLOE_DC_EV_CLOSED) {
        dc->retiring = slot;
    }
    *event = (floe_dc_event){(floe_dc_event_type)type, floe_dc_table_get_id(dc, slot)};
    return true;
}

bool floe_dc_poll_event(floe_dc *dc, floe_dc_event *event)
{
    if (dc->retiring != FLOE_DC_NO_SLOT) {
        floe_dc_table_remove(dc, dc->retiring);
        dc->retiring = FLOE_DC_NO_SLOT;
    }
    if (poll_channel_event(dc, event)) {
        return true;
    }
    if (dc->has_message) {
        dc->has_message = false;
        *event = (floe_dc_event){FLOE_DC_EV_MESSAGE, dc->told};
        return true;
    }
    if (dc->has_writable) {
        dc->has_writable = false;
        *event = (floe_dc_event){FLOE_DC_EV_WRITABLE, FLOE_DC_NONE};
        return true;
    }
    return false;
}

bool floe_dc_peek(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_message *message)
{
    dc->has_message = false;
    if (!floe_dc_receive_head(dc, assoc, message)) {
        return false;
    }
    dc->is_shown = true;
    dc->is_head_told = true;
    dc->shown = *message;
    return true;
}

floe_bytes floe_dc_view(const floe_dc *dc, const floe_sctp_assoc *assoc, size_t offset)
{
    bool is_empty = !dc->is_shown || offset >= dc->shown.len;
    return is_empty ? (floe_bytes){NULL, 0} : floe_sctp_assoc_view(assoc, offset);
}

size_t floe_dc_copy(const floe_dc *dc, const floe_sctp_assoc *assoc, uint8_t *buf, size_t cap)
{
    bool is_empty = !dc->is_shown || dc->shown.len == 0;
    FLOE_ASSERT(is_empty || dc->shown.len <= cap); /* buf holds the message */
    /* And not what came since. */
    return is_empty ? 0 : floe_sctp_assoc_copy(assoc, buf, dc->shown.len);
}

void floe_dc_release(floe_dc *dc, floe_sctp_assoc *assoc)
{
    floe_dc_receive_release(dc, assoc);
}

/* ---- looking ---- */

static size_t get_buffered(const floe_dc_channel *c, const floe_sctp_assoc *assoc)
{
    if (c->stream == FLOE_STREAM_NONE || c->state == FLOE_DC_CLOSED) {
        return 0;
    }
    return floe_sctp_assoc_get_buffered(assoc, c->stream);
}

floe_err floe_dc_get_info(const floe_dc *dc, const floe_sctp_assoc *assoc, floe_dc_id channel,
                          floe_dc_info *info)
{
    uint16_t slot = floe_dc_table_find(dc, channel);
    if (slot == FLOE_DC_NO_SLOT) {
        return FLOE_E_ARG;
    }
    const floe_dc_channel *c = &dc->channels[slot];
    uint16_t limit = c->reliability > UINT16_MAX ? UINT16_MAX : (uint16_t)c->reliability;
    floe_dcep open;
    floe_dc_table_get_names(dc, slot, &open);
    *info = (floe_dc_info){.state = (floe_dc_state)c->state, .stream = c->stream};
    info->options = (floe_dc_options){.label = open.label, .protocol = open.protocol};
    info->options.is_unordered = c->is_unordered;
    info->options.has_max_retransmits = c->has_max_retransmits;
    info->options.has_lifetime = c->has_lifetime;
    info->options.max_retransmits = c->has_max_retransmits ? limit : 0;
    info->options.lifetime_ms = c->has_lifetime ? limit : 0;
    info->options.priority = open.priority;
    info->options.is_negotiated = c->is_negotiated;
    info->options.stream = c->is_negotiated ? c->stream : 0;
    info->is_incoming = c->is_incoming;
    info->buffered = get_buffered(c, assoc);
    info->messages_sent = c->messages_sent;
    info->messages_received = c->messages_received;
    info->bytes_sent = c->bytes_sent;
    info->bytes_received = c->bytes_received;
    return FLOE_OK;
}

bool floe_dc_next(const floe_dc *dc, size_t *cursor, floe_dc_id *channel)
{
    while (*cursor < dc->slot_end) {
        uint16_t slot = (uint16_t)(*cursor)++;
        const floe_dc_channel *c = &dc->channels[slot];
        if (c->is_used && !c->is_hidden && c->state != FLOE_DC_CLOSED) {
            *channel = floe_dc_table_get_id(dc, slot);
            return true;
        }
    }
    return false;
}

void floe_dc_get_stats(const floe_dc *dc, floe_dc_stats *stats)
{
    *stats = dc->stats;
}

const char *floe_dc_state_name(floe_dc_state state)
{
    static const char *const names[] = {"connecting", "open", "closing", "closed"};
    FLOE_ASSERT(state <= FLOE_DC_CLOSED);
    return names[state];
}
