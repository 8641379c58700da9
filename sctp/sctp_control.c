/*
 * sctp/sctp_control.c - HEARTBEAT and its answer, ERROR, and answers that are owed (RFC 9260
 * sections 8.3, 8.4, 3.3.10).
 */
#include "sctp/sctp_internal.h"

#include <string.h>

/* Append a chunk to what is owed. Beyond the room it is dropped: the peer asks again. */
static void owe_chunk(floe_sctp_assoc *a, uint8_t type, floe_bytes value)
{
    size_t len = floe_sctp_padded(FLOE_SCTP_CHUNK_SIZE + value.len);
    if (len > sizeof a->replies - a->reply_len) {
        a->stats.dropped_full++;
        return;
    }
    floe_writer w = floe_writer_begin(a->replies + a->reply_len, len);
    floe_sctp_chunk_put(&w, type, 0, value);
    a->reply_len = (uint16_t)(a->reply_len + w.len);
}

void floe_sctp_owe_error(floe_sctp_assoc *a, uint16_t cause, floe_bytes value)
{
    uint8_t bytes[FLOE_SCTP_REPLY_MAX];
    floe_writer w = floe_writer_begin(bytes, sizeof bytes);
    floe_sctp_param_put(&w, cause, value);
    if (floe_writer_is_ok(&w)) {
        owe_chunk(a, FLOE_SCTP_CHUNK_ERROR, floe_writer_view(&w));
    } else {
        a->stats.dropped_full++;
    }
}

void floe_sctp_owe_stray(floe_sctp_assoc *a, floe_sctp_stray stray)
{
    a->stray = stray;
    a->stray.is_owed = true;
}

void floe_sctp_handle_heartbeat(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    /* RFC 9260 §8.3: from COOKIE-ECHOED until the shutdown is under way; unchanged. */
    if (a->state >= FLOE_SCTP_COOKIE_ECHOED && a->state != FLOE_SCTP_SHUTDOWN_SENT &&
        a->state != FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        owe_chunk(a, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, chunk->value);
    }
}

void floe_sctp_handle_heartbeat_ack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_bytes list = chunk->value;
    floe_sctp_param info;
    /* RFC 9260 §5.4: what does not carry the number we sent answers nothing. */
    if (!floe_sctp_param_next(&list, &info) || info.type != FLOE_SCTP_PARAM_HEARTBEAT_INFO ||
        floe_sctp_pmtu_take_answer(a, info.value) || !a->is_heartbeat_out ||
        info.value.len != sizeof a->nonce ||
        memcmp(info.value.ptr, a->nonce, sizeof a->nonce) != 0) {
        return;
    }
    a->is_heartbeat_out = false;
    a->error_count = 0;
    floe_sctp_rto_add(&a->rto, a->now - a->heartbeat_at);
    floe_sctp_heartbeat_start(a);
}

void floe_sctp_put_heartbeat(floe_sctp_assoc *a, floe_writer *w)
{
    a->config.rand.fill(a->config.rand.ctx, a->nonce, sizeof a->nonce);
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_HEARTBEAT, 0);
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_HEARTBEAT_INFO, (floe_bytes){a->nonce, sizeof a->nonce});
    floe_sctp_chunk_end(w, begin);
    a->pending &= (uint16_t)~SEND_HEARTBEAT;
    a->is_heartbeat_out = true;
    a->heartbeat_at = a->now;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_HEARTBEAT, a->rto.rto_us);
}

void floe_sctp_heartbeat_start(floe_sctp_assoc *a)
{
    if (a->config.heartbeat_ms == UINT32_MAX) {
        return;
    }
    /* RFC 9260 §8.3: the interval and one RTO, give or take half of that. */
    uint64_t jitter = floe_rand_u32(&a->config.rand) % a->rto.rto_us;
    uint64_t delay = a->config.heartbeat_ms * FLOE_MS + a->rto.rto_us / 2 + jitter;
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_HEARTBEAT, delay);
}

void floe_sctp_heartbeat_timeout(floe_sctp_assoc *a)
{
    if (a->is_heartbeat_out) { /* RFC 9260 §8.3: unanswered within one RTO */
        a->is_heartbeat_out = false;
        a->error_count++;
        if (a->config.data_retries > 0 && a->error_count > a->config.data_retries) {
            floe_sctp_close(a, FLOE_SCTP_CAUSE_TIMEOUT, 0);
            return;
        }
        floe_sctp_rto_back_off(&a->rto);
        floe_sctp_heartbeat_start(a);
        return;
    }
    /* RFC 9260 §8.3: idle is who has sent nothing new in the interval: DATA is a probe as good. */
    uint64_t idle = a->now - a->data_at;
    uint64_t interval = a->config.heartbeat_ms * FLOE_MS;
    if (idle < interval) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_HEARTBEAT, interval - idle);
    } else {
        a->pending |= SEND_HEARTBEAT;
    }
}

void floe_sctp_handle_error(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_bytes causes = chunk->value;
    floe_sctp_param cause;
    while (floe_sctp_param_next(&causes, &cause)) {
        if (cause.type == FLOE_SCTP_ERROR_STALE_COOKIE) {
            floe_sctp_handle_stale_cookie(a);
        }
    }
}
