/*
 * sctp/sctp_shutdown.c - the end: SHUTDOWN and its crossings, ABORT (RFC 9260 sections 9, 8.5.1).
 */
#include "sctp/sctp_internal.h"

/* Everything that was queued has arrived. */
static bool is_drained(const floe_sctp_assoc *a)
{
    return a->sendq.count == 0 && floe_sctp_outstanding_count(&a->outstanding) == 0;
}

static void enter(floe_sctp_assoc *a, floe_sctp_state state, uint16_t send)
{
    floe_sctp_set_state(a, state);
    a->pending |= send;
    a->tries = 0;
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_HEARTBEAT); /* RFC 9260 §8.3 */
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_RESET);
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_SHUTDOWN, a->rto.rto_us);
}

void floe_sctp_shutdown_progress(floe_sctp_assoc *a)
{
    if (!is_drained(a)) {
        return;
    }
    if (a->state == FLOE_SCTP_SHUTDOWN_PENDING) {
        enter(a, FLOE_SCTP_SHUTDOWN_SENT, SEND_SHUTDOWN);
    } else if (a->state == FLOE_SCTP_SHUTDOWN_RECEIVED) {
        enter(a, FLOE_SCTP_SHUTDOWN_ACK_SENT, SEND_SHUTDOWN_ACK);
    }
}

void floe_sctp_handle_shutdown(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    switch ((floe_sctp_state)a->state) {
    case FLOE_SCTP_ESTABLISHED:
    case FLOE_SCTP_SHUTDOWN_PENDING:
        floe_sctp_cut_parts(a, FLOE_SCTP_NONE); /* RFC 9260 §9.2: no more of the user's data */
        floe_sctp_set_state(a, FLOE_SCTP_SHUTDOWN_RECEIVED);
        break;
    case FLOE_SCTP_SHUTDOWN_RECEIVED:
        break;
    case FLOE_SCTP_SHUTDOWN_SENT: /* RFC 9260 §9.2: both at once */
        a->pending &= (uint16_t)~SEND_SHUTDOWN;
        enter(a, FLOE_SCTP_SHUTDOWN_ACK_SENT, SEND_SHUTDOWN_ACK);
        return;
    case FLOE_SCTP_SHUTDOWN_ACK_SENT:
        a->pending |= SEND_SHUTDOWN_ACK;
        return;
    default: /* RFC 9260 §9.2: not while setting up */
        return;
    }
    /* RFC 9260 §3.3.8: it has no gap blocks, which says nothing about gaps: an acknowledgement
     * without blocks takes nothing back here. */
    floe_sctp_sack sack = {.cum = floe_load_u32(chunk->value.ptr)};
    floe_sctp_apply_sack(a, &sack, false);
    floe_sctp_shutdown_progress(a); /* also where the number was an old one */
}

void floe_sctp_handle_shutdown_ack(floe_sctp_assoc *a)
{
    if (a->state != FLOE_SCTP_SHUTDOWN_SENT && a->state != FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        return;
    }
    floe_sctp_close(a, FLOE_SCTP_CAUSE_SHUTDOWN, 0);
    a->pending |= SEND_SHUTDOWN_COMPLETE;
}

void floe_sctp_handle_shutdown_complete(floe_sctp_assoc *a)
{
    if (a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT) { /* RFC 9260 §8.5.1 C: in no other state */
        floe_sctp_close(a, FLOE_SCTP_CAUSE_SHUTDOWN, 0);
    }
}

void floe_sctp_handle_abort(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_bytes causes = chunk->value;
    floe_sctp_param first;
    uint16_t code = floe_sctp_param_next(&causes, &first) ? first.type : 0;
    floe_sctp_close(a, FLOE_SCTP_CAUSE_ABORTED, code);
}

void floe_sctp_retry_shutdown(floe_sctp_assoc *a)
{
    if (++a->tries > a->config.init_retries) {
        floe_sctp_close(a, FLOE_SCTP_CAUSE_TIMEOUT, 0);
        return;
    }
    bool is_ack = a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT;
    a->pending |= is_ack ? SEND_SHUTDOWN_ACK : SEND_SHUTDOWN;
    floe_sctp_rto_back_off(&a->rto);
    floe_sctp_set_timer(a, FLOE_SCTP_TIMER_SHUTDOWN, a->rto.rto_us);
}
