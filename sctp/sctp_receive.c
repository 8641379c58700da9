/*
 * sctp/sctp_receive.c - what DATA, FORWARD TSN and SACK do to the association (RFC 9260 sections
 * 6.2, 6.2.1, 6.5, 7.2.4; RFC 3758 sections 3.5, 3.6).
 */
#include "sctp/sctp_internal.h"

/* RFC 3758: how far a FORWARD TSN may jump. No TSN that a gap block cannot describe is ever
 * outstanding, so a longer jump is not one that a sender makes. */
#define FORWARD_MAX 65536u

static void note_arrival(floe_sctp_assoc *a, uint32_t cum_before)
{
    floe_sctp_reassembly_advance(&a->reassembly, cum_before, a->tracker.cum);
#if FLOE_SCTP_PARTS
    if (floe_sctp_reassembly_may_open(&a->reassembly)) {
        floe_sctp_reassembly_open(&a->reassembly, &a->streams);
    }
#endif
}

/* RFC 9260 §6.5: a stream that does not exist, or for which there is no memory: the chunk counts as
 * arrived, and the peer is told. */
static void refuse_stream(floe_sctp_assoc *a, const floe_sctp_data *data)
{
    uint8_t value[4] = {0};
    floe_store_u16(value, data->stream);
    floe_sctp_owe_error(a, FLOE_SCTP_ERROR_INVALID_STREAM, (floe_bytes){value, sizeof value});
    a->is_ack_due = true;
    a->stats.dropped_full++;
}

/* Store the chunk. False: it has to be sent again, or the association has ended. */
static bool store_data(floe_sctp_assoc *a, const floe_sctp_data *data)
{
    floe_sctp_stream *stream = NULL;
    if (data->stream < a->streams_in) {
        stream = floe_sctp_streams_get(&a->streams, data->stream);
    }
    if (stream == NULL) {
        refuse_stream(a, data);
        return true;
    }
    floe_sctp_reassembly *r = &a->reassembly;
    uint32_t delivered = r->delivered;
    floe_sctp_store result = floe_sctp_store_data(a, stream, data);
    bool is_next = data->tsn == a->tracker.cum + 1;
    if (result == FLOE_SCTP_STORE_NO_ROOM && is_next && r->ready_count == 0) {
        /* Nothing can be read, so nothing will be freed: without this chunk all would stand still.
         * RFC 9260 §6.2: what lies beyond it makes room, and is sent again. */
        if (floe_sctp_renege(a)) {
            result = floe_sctp_store_data(a, stream, data);
        }
        if (result == FLOE_SCTP_STORE_NO_ROOM) {
            floe_sctp_fail(a, FLOE_SCTP_ERROR_NO_RESOURCE);
        }
    }
    if (result == FLOE_SCTP_STORE_TOO_BIG) {
        floe_sctp_fail(a, FLOE_SCTP_ERROR_PROTOCOL);
    }
    if (result != FLOE_SCTP_STORE_OK) {
        a->stats.dropped_full++;
        a->is_ack_due = true; /* RFC 9260 §6.2: the peer learns the window at once */
        floe_sctp_streams_drop_idle(&a->streams, stream);
        return false;
    }
    stream->flags |= FLOE_SCTP_STREAM_IN;
    a->stats.messages_received += r->delivered - delivered;
    return true;
}

void floe_sctp_handle_data(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    /* RFC 9260 §6: the states in which the peer may still send. */
    if (a->state != FLOE_SCTP_ESTABLISHED && a->state != FLOE_SCTP_SHUTDOWN_PENDING &&
        a->state != FLOE_SCTP_SHUTDOWN_SENT) {
        return;
    }
    floe_sctp_data data;
    if (!floe_sctp_read_data(a, &data, chunk)) {
        return;
    }
    if (data.payload.len == 0) { /* RFC 9260 §6.2 */
        floe_sctp_fail(a, FLOE_SCTP_ERROR_NO_DATA);
        return;
    }
    a->has_data = true;
    a->stats.data_received++;
    floe_sctp_tsn_class class = floe_sctp_tracker_classify(&a->tracker, data.tsn);
    if (class != FLOE_SCTP_TSN_NEW) {
        a->is_ack_due = true; /* RFC 9260 §6.2: the SACK for it was lost */
        if (class == FLOE_SCTP_TSN_DUPLICATE) {
            floe_sctp_tracker_add_duplicate(&a->tracker, data.tsn);
            a->stats.duplicates++;
        } else {
            a->stats.dropped_full++;
        }
        return;
    }
    uint32_t cum = a->tracker.cum;
    bool had_gap = floe_sctp_tracker_has_gap(&a->tracker);
    if (!store_data(a, &data)) {
        return;
    }
    floe_sctp_tracker_add(&a->tracker, data.tsn);
    note_arrival(a, cum);
    floe_sctp_reset_progress(a);
    /* RFC 9260 §5.1: the first at once; §6.2: as the sender asks; §6.7: while there is a gap. */
    if (a->is_first_data || (data.flags & FLOE_SCTP_FLAG_IMMEDIATE) != 0 || had_gap ||
        floe_sctp_tracker_has_gap(&a->tracker)) {
        a->is_ack_due = true;
    }
    a->is_first_data = false;
}

static void skip_streams(floe_sctp_assoc *a, floe_bytes list)
{
    if (FLOE_SCTP_IS_INTERLEAVED(&a->streams)) {
        floe_sctp_skip_interleaved(a, list);
        return;
    }
    for (size_t i = 0; i + 4 <= list.len; i += 4) {
        uint16_t id = floe_load_u16(list.ptr + i);
        floe_sctp_stream *stream = NULL;
        if (id < a->streams_in) {
            stream = floe_sctp_streams_get(&a->streams, id);
        }
        if (stream != NULL) {
            stream->flags |= FLOE_SCTP_STREAM_IN;
            floe_sctp_reassembly_skip(&a->reassembly, stream, floe_load_u16(list.ptr + i + 2));
        }
    }
}

void floe_sctp_handle_forward(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    if (!a->has_forward_tsn) { /* RFC 3758 §3.3.1: not agreed on: as if it were unknown */
        floe_sctp_owe_error(a, FLOE_SCTP_ERROR_UNKNOWN_CHUNK, chunk->whole);
        return;
    }
    if (a->state != FLOE_SCTP_ESTABLISHED && a->state != FLOE_SCTP_SHUTDOWN_PENDING &&
        a->state != FLOE_SCTP_SHUTDOWN_SENT) {
        return;
    }
    floe_sctp_forward forward;
    if (!floe_sctp_read_forward(a, &forward, chunk)) {
        return;
    }
    a->has_data = true; /* RFC 3758 §3.6: acknowledged like DATA */
    uint32_t cum = a->tracker.cum;
    if (!floe_serial32_lt(cum, forward.cum) || forward.cum - cum > FORWARD_MAX) {
        a->is_ack_due = true; /* RFC 3758 §3.6: an old one: our SACK was lost */
        return;
    }
    uint32_t delivered = a->reassembly.delivered;
    floe_sctp_tracker_forward(&a->tracker, forward.cum);
    note_arrival(a, cum);
    skip_streams(a, forward.streams);
    floe_sctp_reset_progress(a);
    a->is_ack_due |= floe_sctp_tracker_has_gap(&a->tracker);
    a->stats.messages_received += a->reassembly.delivered - delivered;
}

/* The window opens while a probe is under way: the peer has dropped it, else it would have
 * acknowledged it. It goes out again at once, not at the end of a long backoff. */
static void end_probe(floe_sctp_assoc *a)
{
    if (a->outstanding.flight > 0 && a->peer_rwnd > 0) {
        floe_sctp_lose_all(a);
        floe_sctp_rto_end_backoff(&a->rto);
    }
    a->is_probing = a->peer_rwnd == 0 && a->outstanding.flight > 0;
}

/* RFC 3758 §3.5 C2, C3: tell the peer what it need not wait for; again when a round trip has
 * passed without effect. */
static void consider_forward(floe_sctp_assoc *a)
{
    if (floe_sctp_outstanding_advance(&a->outstanding, &a->streams) ||
        (floe_sctp_outstanding_is_ahead(&a->outstanding) &&
         a->now - a->forward_at >= a->rto.srtt_us)) {
        a->pending |= SEND_FORWARD;
    }
    if (!floe_sctp_outstanding_is_ahead(&a->outstanding)) {
        a->pending &= (uint16_t)~SEND_FORWARD;
    }
}

/* What the congestion window makes of it. RFC 9260 §7.2.4: first what was acknowledged counts, then
 * what was lost. */
static void control_congestion(floe_sctp_assoc *a, const floe_sctp_ack *ack)
{
    floe_sctp_outstanding *o = &a->outstanding;
    bool was_in_recovery = a->cc.in_recovery;
    floe_sctp_cc_on_ack(&a->cc,
                        &(floe_sctp_cc_ack){.now = a->now,
                                            .acked = ack->acked,
                                            .flight_before = ack->flight_before,
                                            .cum = o->cum,
                                            .highest = o->next_tsn - 1,
                                            .rtt_us = ack->rtt_us,
                                            .srtt_us = a->rto.srtt_us,
                                            .slow_start_packets = a->config.slow_start_packets,
                                            .is_cum_moved = ack->is_cum_moved});
    if (was_in_recovery && !a->cc.in_recovery) {
        floe_sctp_rack_on_recovered(&o->rack);
    }
    if (ack->is_repaired) {
        floe_sctp_on_repair(a);
    }
    floe_sctp_consider_undo(a);
    floe_sctp_find_losses(a);
    if (floe_sctp_cc_is_rate(&a->cc)) {
        floe_sctp_cc_on_sample(
            &a->cc,
            &(floe_sctp_bbr_ack){.now = a->now, .rtt_us = ack->rtt_us, .flight = o->flight});
    }
}

void floe_sctp_apply_sack(floe_sctp_assoc *a, const floe_sctp_sack *sack, bool has_window)
{
    floe_sctp_ack ack;
    floe_err err =
        floe_sctp_outstanding_sack(&a->outstanding, &a->sendq, &a->streams, sack, a->now, &ack);
    if (err != FLOE_OK) {
        a->stats.dropped_malformed += err == FLOE_E_MALFORMED;
        return;
    }
    if (has_window) {
        a->peer_rwnd = sack->rwnd; /* RFC 9260 §6.2.1 D ii: less what is in flight, when used */
    }
    if (ack.sent_at != FLOE_TIME_NEVER) {
        floe_sctp_rto_add(&a->rto, a->now - ack.sent_at);
    }
    if (ack.acked > 0 || a->is_probing) { /* RFC 9260 §8.1, §6.1 A */
        a->error_count = 0;
    }
    control_congestion(a, &ack);
    if (a->is_probing) {
        end_probe(a);
    }
    floe_sctp_restart_data_timer(a, ack.is_cum_moved);
    consider_forward(a);
    floe_sctp_note_room(a);
}

void floe_sctp_handle_sack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_sctp_sack sack;
    /* RFC 9260 §6: in other states nothing of ours is outstanding. */
    if (a->state != FLOE_SCTP_ESTABLISHED && a->state != FLOE_SCTP_SHUTDOWN_PENDING &&
        a->state != FLOE_SCTP_SHUTDOWN_RECEIVED) {
        return;
    }
    if (floe_sctp_sack_parse(&sack, chunk) != FLOE_OK) {
        a->stats.dropped_malformed++;
        return;
    }
    floe_sctp_apply_sack(a, &sack, true);
}
