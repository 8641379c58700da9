/*
 * sctp/sctp_reset.c - RE-CONFIG: resetting streams, which is how a data channel is closed (RFC 6525
 * sections 4, 5; RFC 8831 section 6.7).
 *
 * Ours: a stream that is to be reset waits until it has drained, then goes into a request with all
 * others that have. One request is under way at a time; it is repeated unchanged until it is
 * answered. The peer's: performed once all that was sent before it has arrived and has been read;
 * until then it is answered 'in progress', and the final answer follows by itself.
 */
#include "sctp/sctp_internal.h"

#include "base/assert.h"

/* RFC 6525 §4.4: results */
#define RESULT_NOTHING     0u
#define RESULT_PERFORMED   1u
#define RESULT_DENIED      2u
#define RESULT_WRONG_SSN   3u
#define RESULT_BUSY        4u
#define RESULT_BAD_SEQ     5u
#define RESULT_IN_PROGRESS 6u

#define IN_DEFERRED  FLOE_SCTP_STREAM_IN_DEFERRED
#define RESET_WANTED FLOE_SCTP_STREAM_RESET_WANTED
#define RESET_SENT   FLOE_SCTP_STREAM_RESET_SENT

void floe_sctp_reset_init(floe_sctp_assoc *a)
{
    /* RFC 6525 §3.1: the sequence numbers begin with the initial TSNs. */
    a->reset = (floe_sctp_reset){.next_seq = a->local_tsn, .peer_seq = a->peer_tsn};
}

static floe_sctp_stream *used_stream(floe_sctp_assoc *a, uint32_t n)
{
    floe_sctp_stream *stream = &a->streams.table[n];
    return floe_sctp_stream_is_used(stream) ? stream : NULL;
}

/* --- our requests --- */

floe_err floe_sctp_assoc_reset_stream(floe_sctp_assoc *a, uint16_t id)
{
    if (a->state != FLOE_SCTP_ESTABLISHED) {
        return FLOE_E_STATE;
    }
    if (id >= a->streams_out) {
        return FLOE_E_ARG;
    }
    floe_sctp_stream *stream = floe_sctp_streams_get(&a->streams, id);
    if (stream == NULL) {
        return FLOE_E_FULL;
    }
    floe_sctp_cut_parts(a, id);
    if (!a->has_reconfig) {
        floe_sctp_streams_raise(&a->streams, stream, FLOE_SCTP_STREAM_EV_FAILED);
        return FLOE_OK;
    }
    if ((stream->flags & (RESET_WANTED | RESET_SENT)) == 0) {
        stream->flags |= RESET_WANTED;
        a->reset.wanted++;
    }
    return FLOE_OK;
}

/* Stream ids for which there is room in a packet, with the responses that may come first. */
static uint32_t request_max(const floe_sctp_assoc *a)
{
    const uint32_t fixed = FLOE_SCTP_HEADER_SIZE + FLOE_SCTP_CHUNK_SIZE + 16;
    const uint32_t responses = FLOE_SCTP_CHUNK_SIZE + 2 * 12;
    return (a->config.packet_max - fixed - responses) / 2;
}

/* RFC 6525 §5.1.2; and so that no FORWARD TSN speaks of numbers from before the reset when the peer
 * has performed it already: everything has been acknowledged, what was abandoned too. */
static bool is_drained(const floe_sctp_assoc *a, const floe_sctp_stream *stream)
{
    const floe_sctp_outstanding *o = &a->outstanding;
    /* Not by serial numbers: the last one may lie half of them back. */
    bool is_outstanding = (stream->flags & FLOE_SCTP_STREAM_HAS_TSN) != 0 &&
                          stream->last_tsn - o->cum - 1 < floe_sctp_outstanding_count(o);
    return stream->send_head == FLOE_SCTP_POSITION_NONE && !floe_sctp_is_half_sent(a, stream) &&
           !is_outstanding;
}

void floe_sctp_reset_prepare(floe_sctp_assoc *a)
{
    floe_sctp_reset *reset = &a->reset;
    if (reset->wanted == 0 || reset->is_under_way || a->state != FLOE_SCTP_ESTABLISHED) {
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->streams.end && count < request_max(a); i++) {
        floe_sctp_stream *stream = used_stream(a, i);
        if (stream != NULL && (stream->flags & RESET_WANTED) != 0 && is_drained(a, stream)) {
            stream->flags = (uint8_t)((stream->flags & ~RESET_WANTED) | RESET_SENT);
            count++;
        }
    }
    if (count == 0) {
        return;
    }
    reset->wanted = (uint16_t)(reset->wanted - count);
    reset->request_seq = reset->next_seq++;
    reset->request_count = (uint16_t)count;
    reset->request_tsn = a->outstanding.next_tsn - 1;
    reset->tries = 0;
    reset->is_under_way = true;
    reset->is_due = true;
}

void floe_sctp_reset_timeout(floe_sctp_assoc *a)
{
    a->reset.is_due = a->reset.is_under_way;
    a->reset.tries = a->reset.tries < 16 ? (uint8_t)(a->reset.tries + 1) : 16;
}

static void put_request(floe_sctp_assoc *a, floe_writer *w)
{
    size_t begin = w->len;
    floe_writer_put_u16(w, FLOE_SCTP_PARAM_RESET_OUTGOING);
    uint8_t *len = floe_writer_add_space(w, 2);
    floe_writer_put_u32(w, a->reset.request_seq);
    floe_writer_put_u32(w, a->reset.peer_seq - 1);
    floe_writer_put_u32(w, a->reset.request_tsn);
    for (uint32_t i = 0; i < a->streams.end; i++) {
        const floe_sctp_stream *stream = used_stream(a, i);
        if (stream != NULL && (stream->flags & RESET_SENT) != 0) {
            floe_writer_put_u16(w, stream->id);
        }
    }
    if (len != NULL) {
        floe_store_u16(len, (uint16_t)(w->len - begin));
    }
    a->reset.is_due = false;
    uint64_t delay = (uint64_t)a->rto.rto_us << a->reset.tries;
    delay = delay < a->rto.max_us ? delay : a->rto.max_us;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_RESET, delay);
}

/* The request under way is answered for good. */
static void finish_request(floe_sctp_assoc *a, bool is_done)
{
    a->reset.is_under_way = false;
    a->reset.is_due = false;
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_RESET);
    for (uint32_t i = 0; i < a->streams.end; i++) {
        floe_sctp_stream *stream = used_stream(a, i);
        if (stream == NULL || (stream->flags & RESET_SENT) == 0) {
            continue;
        }
        stream->flags &= (uint8_t)~RESET_SENT;
        if (is_done) {
            /* RFC 6525 §5.2.7: the stream begins again at 0. */
            stream->flags &= (uint8_t) ~(FLOE_SCTP_STREAM_OUT | FLOE_SCTP_STREAM_SKIPPED |
                                         FLOE_SCTP_STREAM_HAS_TSN);
            floe_sctp_begin_stream_out(a, stream);
            stream->low_threshold = 0;
        }
        floe_sctp_streams_raise(&a->streams, stream,
                                is_done ? FLOE_SCTP_STREAM_EV_DONE : FLOE_SCTP_STREAM_EV_FAILED);
    }
}

static void handle_response(floe_sctp_assoc *a, floe_bytes value)
{
    if (value.len < 8 || !a->reset.is_under_way ||
        floe_load_u32(value.ptr) != a->reset.request_seq) {
        return;
    }
    switch (floe_load_u32(value.ptr + 4)) {
    case RESULT_NOTHING:
    case RESULT_PERFORMED:
        finish_request(a, true);
        break;
    case RESULT_IN_PROGRESS:
    case RESULT_BUSY:
        /* RFC 6525 §5.2.7: ask again later, with the same number; no backoff, the peer is there. */
        a->reset.tries = 0;
        a->reset.is_due = false;
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_RESET, a->rto.rto_us);
        break;
    default:
        finish_request(a, false);
        break;
    }
}

/* --- the peer's requests --- */

static void owe_response(floe_sctp_assoc *a, uint32_t seq, uint32_t result)
{
    floe_sctp_reset *reset = &a->reset;
    for (uint8_t i = 0; i < reset->response_count; i++) {
        if (reset->responses[i].seq == seq) {
            reset->responses[i].result = result;
            return;
        }
    }
    if (reset->response_count < 2) {
        reset->responses[reset->response_count++] = (floe_sctp_response){seq, result};
    }
}

static bool is_concerned(const floe_sctp_assoc *a, const floe_sctp_stream *stream)
{
    return a->reset.is_deferred_all || (stream->flags & IN_DEFERRED) != 0;
}

/* RFC 6525 §5.2.2 E2: everything that was sent before the reset has arrived; and, so that nobody
 * confuses what comes before it with what comes after it, has been read. */
static bool can_perform(floe_sctp_assoc *a)
{
    if (floe_serial32_lt(a->tracker.cum, a->reset.defer_tsn)) {
        return false;
    }
    for (uint32_t i = 0; i < a->streams.end; i++) {
        const floe_sctp_stream *stream = used_stream(a, i);
        if (stream != NULL && is_concerned(a, stream) && stream->unread > 0) {
            return false;
        }
    }
    return true;
}

static void perform(floe_sctp_assoc *a)
{
    for (uint32_t i = 0; i < a->streams.end; i++) {
        floe_sctp_stream *stream = used_stream(a, i);
        if (stream != NULL && is_concerned(a, stream)) {
            floe_sctp_begin_stream_in(a, stream);
            stream->flags &= (uint8_t) ~(FLOE_SCTP_STREAM_IN | IN_DEFERRED);
            floe_sctp_streams_raise(&a->streams, stream, FLOE_SCTP_STREAM_EV_RESET);
        }
    }
    a->reset.is_deferred = false;
    a->reset.is_deferred_all = false;
    a->reset.peer_result = RESULT_PERFORMED;
}

void floe_sctp_reset_progress(floe_sctp_assoc *a)
{
    if (a->reset.is_deferred && can_perform(a)) {
        perform(a);
        owe_response(a, a->reset.peer_seq - 1, RESULT_PERFORMED);
    }
}

/* Forget the request that waits: a new one has come in its place. */
static void drop_deferred(floe_sctp_assoc *a)
{
    for (uint32_t i = 0; i < a->streams.end && a->reset.is_deferred; i++) {
        floe_sctp_stream *stream = used_stream(a, i);
        if (stream != NULL && (stream->flags & IN_DEFERRED) != 0) {
            stream->flags &= (uint8_t)~IN_DEFERRED;
            floe_sctp_streams_drop_idle(&a->streams, stream);
        }
    }
    a->reset.is_deferred = false;
    a->reset.is_deferred_all = false;
}

/* A request to reset the peer's outgoing streams, whose number is new. Returns the result. */
static uint32_t begin_reset(floe_sctp_assoc *a, floe_bytes value)
{
    floe_bytes ids = {value.ptr + 12, value.len - 12};
    for (size_t i = 0; i + 2 <= ids.len; i += 2) {
        if (floe_load_u16(ids.ptr + i) >= a->streams_in) {
            return RESULT_WRONG_SSN;
        }
    }
    for (size_t i = 0; i + 2 <= ids.len; i += 2) {
        floe_sctp_stream *stream = floe_sctp_streams_get(&a->streams, floe_load_u16(ids.ptr + i));
        if (stream != NULL) { /* without state there is nothing to reset, and nobody to tell */
            stream->flags |= IN_DEFERRED;
        }
    }
    a->reset.defer_tsn = floe_load_u32(value.ptr + 8);
    a->reset.is_deferred = true;
    a->reset.is_deferred_all = ids.len < 2;
    if (!can_perform(a)) {
        return RESULT_IN_PROGRESS;
    }
    perform(a);
    return RESULT_PERFORMED;
}

/* RFC 6525 §5.2.6: the peer wants more outgoing streams. State is made on use: why not. */
static uint32_t add_streams(floe_sctp_assoc *a, floe_bytes value)
{
    uint32_t sum = (uint32_t)a->streams_in + floe_load_u16(value.ptr + 4);
    if (sum > STREAMS_ANNOUNCED) {
        return RESULT_DENIED;
    }
    a->streams_in = (uint16_t)sum;
    return RESULT_PERFORMED;
}

static void handle_request(floe_sctp_assoc *a, const floe_sctp_param *param)
{
    static const uint8_t value_min[] = {12, 4, 4, 0, 8, 8}; /* from RESET_OUTGOING on */
    floe_sctp_reset *reset = &a->reset;
    if (param->value.len < value_min[param->type - FLOE_SCTP_PARAM_RESET_OUTGOING]) {
        a->stats.dropped_malformed++;
        return;
    }
    uint32_t seq = floe_load_u32(param->value.ptr);
    if (seq == reset->peer_seq - 1) {
        /* RFC 6525 §5.2.1: a repetition gets the answer it had, or what has become of it since. */
        owe_response(a, seq, reset->peer_result);
        return;
    }
    if (seq != reset->peer_seq) {
        owe_response(a, seq, RESULT_BAD_SEQ);
        return;
    }
    drop_deferred(a);
    reset->peer_seq++;
    switch (param->type) {
    case FLOE_SCTP_PARAM_RESET_OUTGOING:
        reset->peer_result = begin_reset(a, param->value);
        break;
    case FLOE_SCTP_PARAM_ADD_OUTGOING:
        reset->peer_result = add_streams(a, param->value);
        break;
    default: /* that we reset or add streams is for our own user to decide */
        reset->peer_result = RESULT_DENIED;
        break;
    }
    owe_response(a, seq, reset->peer_result);
}

void floe_sctp_handle_reconfig(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    if (a->state != FLOE_SCTP_ESTABLISHED && a->state != FLOE_SCTP_SHUTDOWN_PENDING &&
        a->state != FLOE_SCTP_SHUTDOWN_RECEIVED) {
        return;
    }
    floe_bytes list = chunk->value;
    floe_sctp_param param;
    while (floe_sctp_param_next(&list, &param)) {
        if (param.type == FLOE_SCTP_PARAM_RESET_RESPONSE) {
            handle_response(a, param.value);
        } else if (param.type >= FLOE_SCTP_PARAM_RESET_OUTGOING &&
                   param.type <= FLOE_SCTP_PARAM_ADD_INCOMING) {
            handle_request(a, &param);
        } else { /* RFC 9260 §3.2.1 */
            if (floe_sctp_param_is_reported(param.type)) {
                floe_sctp_owe_error(a, FLOE_SCTP_ERROR_UNKNOWN_PARAM, param.whole);
            }
            if (!floe_sctp_param_is_skipped(param.type)) {
                return;
            }
        }
    }
}

size_t floe_sctp_reconfig_size(const floe_sctp_assoc *a)
{
    const floe_sctp_reset *reset = &a->reset;
    size_t responses = reset->response_count;
    size_t size = responses > 0 ? FLOE_SCTP_CHUNK_SIZE + 12 * responses : 0;
    if (reset->is_due) {
        size += floe_sctp_padded(FLOE_SCTP_CHUNK_SIZE + 16 + 2 * (size_t)reset->request_count);
    }
    return size;
}

void floe_sctp_put_reconfig(floe_sctp_assoc *a, floe_writer *w)
{
    /* RFC 6525 §3.1: a chunk has a request, or one or two responses. */
    if (a->reset.response_count > 0) {
        size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
        for (uint8_t i = 0; i < a->reset.response_count; i++) {
            uint8_t value[8];
            floe_store_u32(value, a->reset.responses[i].seq);
            floe_store_u32(value + 4, a->reset.responses[i].result);
            floe_sctp_param_put(w, FLOE_SCTP_PARAM_RESET_RESPONSE,
                                (floe_bytes){value, sizeof value});
        }
        floe_sctp_chunk_end(w, begin);
        a->reset.response_count = 0;
    }
    if (a->reset.is_due) {
        size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
        put_request(a, w);
        floe_sctp_chunk_end(w, begin);
    }
}
