/*
 * sctp/sctp_input.c - from a packet to its chunks' handlers: header, verification tag, unknown
 * chunks, packets that belong to nothing (RFC 9260 sections 3.2, 6.10, 8.4, 8.5).
 */
#include "sctp/sctp_internal.h"

/* RFC 9260 §3.2: what to do with a chunk that is not known. Returns whether to read on. */
static bool handle_unknown(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    if (floe_sctp_take_interleaved(a, chunk)) {
        return true;
    }
    a->stats.dropped_unknown++;
    if (floe_sctp_chunk_is_reported(chunk->type) && a->state >= FLOE_SCTP_COOKIE_ECHOED) {
        floe_sctp_owe_error(a, FLOE_SCTP_ERROR_UNKNOWN_CHUNK, chunk->whole);
    }
    return floe_sctp_chunk_is_skipped(chunk->type);
}

static void dispatch(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    switch ((floe_sctp_chunk_type)chunk->type) {
    case FLOE_SCTP_CHUNK_DATA:
        floe_sctp_handle_data(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_SACK:
        floe_sctp_handle_sack(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_INIT_ACK:
        floe_sctp_handle_init_ack(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_HEARTBEAT:
        floe_sctp_handle_heartbeat(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_HEARTBEAT_ACK:
        floe_sctp_handle_heartbeat_ack(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_ABORT:
        floe_sctp_handle_abort(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_SHUTDOWN:
        floe_sctp_handle_shutdown(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_SHUTDOWN_ACK:
        floe_sctp_handle_shutdown_ack(a);
        break;
    case FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE:
        floe_sctp_handle_shutdown_complete(a);
        break;
    case FLOE_SCTP_CHUNK_ERROR:
        floe_sctp_handle_error(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_COOKIE_ACK:
        floe_sctp_handle_cookie_ack(a);
        break;
    case FLOE_SCTP_CHUNK_RE_CONFIG:
        floe_sctp_handle_reconfig(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_FORWARD_TSN:
        floe_sctp_handle_forward(a, chunk);
        break;
    case FLOE_SCTP_CHUNK_INIT:        /* RFC 9260 §6.10: never with others */
    case FLOE_SCTP_CHUNK_COOKIE_ECHO: /* only as the first */
    case FLOE_SCTP_CHUNK_PAD:         /* RFC 4820: says nothing */
    case FLOE_SCTP_CHUNK_I_DATA:      /* elsewhere: floe_sctp_take_interleaved() */
    case FLOE_SCTP_CHUNK_I_FORWARD_TSN:
        break;
    }
}

static bool is_end(const floe_sctp_chunk *chunk)
{
    return chunk->type == FLOE_SCTP_CHUNK_ABORT || chunk->type == FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE;
}

/* RFC 9260 §8.5.1 B, C: what ends the association has our tag, or the peer's own sent back. */
static bool has_right_tag(const floe_sctp_assoc *a, uint32_t tag, const floe_sctp_chunk *chunk)
{
    bool is_reflected = (chunk->flags & FLOE_SCTP_FLAG_REFLECTED) != 0;
    return is_reflected ? a->peer_tag != 0 && tag == a->peer_tag : tag == a->local_tag;
}

static void handle_chunks(floe_sctp_assoc *a, uint32_t tag, floe_bytes rest)
{
    floe_sctp_chunk chunk;
    while (!a->is_over && floe_sctp_packet_next(&rest, &chunk)) {
        if (floe_sctp_chunk_is_long_enough(&chunk)) { /* and known, as most are */
            if (is_end(&chunk) && !has_right_tag(a, tag, &chunk)) {
                a->stats.dropped_tag++;
                return;
            }
            dispatch(a, &chunk);
        } else if (floe_sctp_chunk_is_known(chunk.type)) {
            a->stats.dropped_malformed++;
        } else if (!handle_unknown(a, &chunk)) {
            return;
        }
    }
}

/* RFC 9260 §8.4: a packet that belongs to no association here; 1, 3 and 4 do not come this far. */
static void handle_stray(floe_sctp_assoc *a, const floe_sctp_packet *packet)
{
    floe_bytes rest = packet->chunks;
    floe_sctp_chunk chunk;
    bool is_shutdown_ack = false;
    while (floe_sctp_packet_next(&rest, &chunk)) {
        switch (chunk.type) {
        case FLOE_SCTP_CHUNK_ABORT:
        case FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE:
        case FLOE_SCTP_CHUNK_COOKIE_ACK:
        case FLOE_SCTP_CHUNK_ERROR: /* 7 has this for a stale cookie; answering any is no use */
            return;
        case FLOE_SCTP_CHUNK_SHUTDOWN_ACK:
            is_shutdown_ack = true;
            break;
        default:
            break;
        }
    }
    floe_sctp_owe_stray(a, (floe_sctp_stray){.tag = packet->tag,
                                             .type = is_shutdown_ack
                                                         ? FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE
                                                         : FLOE_SCTP_CHUNK_ABORT,
                                             .flags = FLOE_SCTP_FLAG_REFLECTED});
}

/* RFC 9260 §8.5.1 A: an INIT comes with tag 0, and alone. */
static floe_err route_init(floe_sctp_assoc *a, const floe_sctp_packet *packet)
{
    floe_bytes rest = packet->chunks;
    floe_sctp_chunk chunk;
    if (!floe_sctp_packet_next(&rest, &chunk) || rest.len > 0 ||
        !floe_sctp_chunk_is_long_enough(&chunk)) {
        return FLOE_E_MALFORMED;
    }
    floe_sctp_handle_init(a, &chunk);
    return FLOE_OK;
}

/* RFC 9260 §8.5.1 D: the cookie says which tag is right; what is behind it follows if it is good.
 */
static floe_err route_cookie_echo(floe_sctp_assoc *a, const floe_sctp_packet *packet)
{
    floe_bytes rest = packet->chunks;
    floe_sctp_chunk chunk;
    if (!floe_sctp_packet_next(&rest, &chunk)) {
        return FLOE_E_MALFORMED;
    }
    floe_err err = floe_sctp_handle_cookie_echo(a, packet, &chunk);
    if (err == FLOE_OK) {
        handle_chunks(a, a->local_tag, rest);
    }
    return err;
}

/* A packet whose tag is not ours: it may end the association, and nothing else. */
static floe_err route_reflected(floe_sctp_assoc *a, const floe_sctp_packet *packet)
{
    floe_bytes rest = packet->chunks;
    floe_sctp_chunk chunk;
    if (!floe_sctp_packet_next(&rest, &chunk)) {
        return FLOE_E_MALFORMED;
    }
    if (!is_end(&chunk) || !has_right_tag(a, packet->tag, &chunk)) {
        return FLOE_E_AUTH;
    }
    handle_chunks(a, packet->tag, chunk.whole);
    return FLOE_OK;
}

/* Tag, state and first chunk decide what the packet is. */
static floe_err route(floe_sctp_assoc *a, const floe_sctp_packet *packet)
{
    uint8_t first = packet->chunks.ptr[0];
    if (packet->tag == 0 || first == FLOE_SCTP_CHUNK_INIT) {
        bool is_init = packet->tag == 0 && first == FLOE_SCTP_CHUNK_INIT;
        return is_init ? route_init(a, packet) : FLOE_E_AUTH;
    }
    if (first == FLOE_SCTP_CHUNK_COOKIE_ECHO) {
        return route_cookie_echo(a, packet);
    }
    if (packet->tag == a->local_tag) {
        (void)floe_sctp_snap_start(a); /* the peer was faster */
    }
    /* RFC 9260 §8.5.1 E: while setting up, a SHUTDOWN ACK is of an earlier association. */
    bool is_earlier = first == FLOE_SCTP_CHUNK_SHUTDOWN_ACK && a->state <= FLOE_SCTP_COOKIE_ECHOED;
    if (a->state == FLOE_SCTP_CLOSED || is_earlier) {
        handle_stray(a, packet);
        return FLOE_E_UNKNOWN;
    }
    if (packet->tag != a->local_tag) {
        return route_reflected(a, packet);
    }
    handle_chunks(a, packet->tag, packet->chunks);
    return FLOE_OK;
}

static void trace(const floe_sctp_assoc *a, floe_trace_kind kind, floe_bytes bytes, int32_t cause)
{
    if (a->config.trace.fn == NULL) {
        return;
    }
    floe_trace_put(
        &a->config.trace,
        (floe_trace_record){.at = a->now,
                            .module = FLOE_MODULE_SCTP,
                            .kind = (uint8_t)kind,
                            .a = (int32_t)bytes.len,
                            .b = kind == FLOE_TRACE_GOT ? bytes.ptr[FLOE_SCTP_HEADER_SIZE] : 0,
                            .cause = cause});
}

/* Check the header; what passes is a packet of the peer's. */
static floe_err parse(floe_sctp_assoc *a, floe_sctp_packet *packet, floe_bytes bytes)
{
    /* RFC 9653 §5.3: where there is an association, for which we have announced it. */
    bool is_zero_right =
        a->config.is_over_dtls && (a->state != FLOE_SCTP_CLOSED || a->snap.is_agreed);
    floe_err err = is_zero_right ? floe_sctp_packet_parse_zero(packet, bytes)
                                 : floe_sctp_packet_parse(packet, bytes);
    if (err != FLOE_OK) {
        a->stats.dropped_malformed += err == FLOE_E_MALFORMED;
        a->stats.dropped_checksum += err == FLOE_E_AUTH;
        return err;
    }
    if (packet->dest_port != a->config.local_port || packet->source_port != a->config.remote_port) {
        a->stats.dropped_unknown++;
        return FLOE_E_UNKNOWN;
    }
    a->stats.packets_received++;
    a->stats.bytes_received += bytes.len;
    return FLOE_OK;
}

floe_err floe_sctp_assoc_input(floe_sctp_assoc *a, floe_time now, floe_bytes bytes)
{
    floe_sctp_packet packet;
    a->now = now > a->now ? now : a->now;
    floe_err err = parse(a, &packet, bytes);
    if (err == FLOE_OK) {
        trace(a, FLOE_TRACE_GOT, bytes, 0);
        a->has_data = false;
        bool is_silent = floe_sctp_is_silent(a);
        err = route(a, &packet);
        if (err == FLOE_OK) {
            a->heard_at = a->now;
            if (is_silent) {
                floe_sctp_try_again(a);
            }
        }
        a->stats.dropped_malformed += err == FLOE_E_MALFORMED;
        a->stats.dropped_tag += err == FLOE_E_AUTH;
        a->stats.dropped_unknown += err == FLOE_E_UNKNOWN;
        a->ack_packets = (uint16_t)(a->ack_packets + (a->has_data && a->ack_packets < UINT16_MAX));
    }
    if (err != FLOE_OK) {
        trace(a, FLOE_TRACE_DROP, bytes, err);
    }
    return err;
}

void floe_sctp_assoc_input_end(floe_sctp_assoc *a)
{
    if (!floe_sctp_is_open(a) || (a->ack_packets == 0 && !a->is_ack_due)) {
        return;
    }
    if (a->state == FLOE_SCTP_SHUTDOWN_SENT && a->ack_packets > 0) {
        /* RFC 9260 §9.2: DATA is answered with a SHUTDOWN, and a SACK where that says more. */
        a->pending |= SEND_SHUTDOWN;
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_SHUTDOWN, a->rto.rto_us);
        a->tries = 0;
    }
    /* RFC 9260 §6.2: at least every second packet, and within the delay. */
    if (a->is_ack_due || a->ack_packets >= 2) {
        a->pending |= SEND_SACK;
    } else if (!floe_sctp_timers_is_set(&a->timers, FLOE_SCTP_TIMER_SACK)) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_SACK, a->config.sack_delay_ms * FLOE_MS);
    }
}
