/*
 * sctp/sctp_events.c - what comes out of the association: events, and messages.
 *
 * Events are flags, of the association and of its streams; they are turned into records when they
 * are asked for. There is no queue of them that could overflow.
 */
#include "sctp/sctp_internal.h"

static bool take_event(floe_sctp_assoc *a, uint8_t flag)
{
    bool is_set = (a->events & flag) != 0;
    a->events &= (uint8_t)~flag;
    return is_set;
}

static bool poll_stream_event(floe_sctp_assoc *a, floe_sctp_event *event)
{
    switch (floe_sctp_streams_next_event(&a->streams, &event->stream)) {
    case FLOE_SCTP_STREAM_EV_RESET:
        event->type = FLOE_SCTP_EV_STREAM_RESET;
        return true;
    case FLOE_SCTP_STREAM_EV_DONE:
        event->type = FLOE_SCTP_EV_RESET_DONE;
        return true;
    case FLOE_SCTP_STREAM_EV_FAILED:
        event->type = FLOE_SCTP_EV_RESET_FAILED;
        return true;
    case FLOE_SCTP_STREAM_EV_LOW:
        event->type = FLOE_SCTP_EV_BUFFERED_LOW;
        return true;
    default:
        return false;
    }
}

bool floe_sctp_assoc_poll_event(floe_sctp_assoc *a, floe_sctp_event *event)
{
    *event = (floe_sctp_event){0};
    if (take_event(a, EV_RESTARTED)) {
        event->type = FLOE_SCTP_EV_RESTARTED;
    } else if (take_event(a, EV_ESTABLISHED)) {
        event->type = FLOE_SCTP_EV_ESTABLISHED;
    } else if (take_event(a, EV_WRITABLE)) {
        event->type = FLOE_SCTP_EV_WRITABLE;
    } else if (poll_stream_event(a, event)) {
        return true;
    } else if (take_event(a, EV_CLOSED)) {
        event->type = FLOE_SCTP_EV_CLOSED;
        event->cause = (floe_sctp_cause)a->cause;
        event->value = a->cause_value;
    } else {
        return false;
    }
    return true;
}

bool floe_sctp_assoc_poll_fate(floe_sctp_assoc *a, floe_sctp_fate *fate)
{
    floe_sctp_rider rider;
    if (!floe_sctp_sendq_take_fate(&a->sendq, &rider)) {
        return false;
    }
    *fate = (floe_sctp_fate){.outcome = (floe_sctp_outcome)rider.outcome,
                             .cookie = rider.cookie,
                             .sent_at = rider.sent_at};
    floe_sctp_note_room(a);
    return true;
}

bool floe_sctp_assoc_peek(const floe_sctp_assoc *a, floe_sctp_recv *message)
{
    floe_sctp_head head;
    /* What the peer sent after a restart or a reset is not shown before that was reported. */
    if ((a->events & EV_RESTARTED) != 0 || !floe_sctp_peek_head(a, &head)) {
        return false;
    }
    if (a->streams.reset_count > 0) {
        const floe_sctp_stream *stream = floe_sctp_streams_peek(&a->streams, head.stream);
        if (stream != NULL && (stream->events & FLOE_SCTP_STREAM_EV_RESET) != 0) {
            return false;
        }
    }
    *message = (floe_sctp_recv){.stream = head.stream,
                                .ppid = head.ppid,
                                .is_unordered = head.is_unordered,
                                .len = head.len,
                                .offset = head.offset,
                                .has_more = head.has_more,
                                .is_cut = head.is_cut};
    return true;
}

floe_bytes floe_sctp_assoc_view(const floe_sctp_assoc *a, size_t offset)
{
    return floe_sctp_reassembly_view(&a->reassembly, offset);
}

size_t floe_sctp_assoc_copy(const floe_sctp_assoc *a, uint8_t *buf, size_t cap)
{
    return floe_sctp_reassembly_copy(&a->reassembly, buf, cap);
}

/* RFC 9260 §6.2: the window is announced anew when it has grown by a quarter; and when it was
 * closed and there is nothing left to read. */
static bool is_update_due(const floe_sctp_assoc *a)
{
    const floe_sctp_reassembly *r = &a->reassembly;
    uint32_t quarter = r->capacity / 4;
    if (a->local_rwnd > r->capacity - quarter) {
        return false; /* it cannot have grown by so much */
    }
    uint32_t window = floe_sctp_reassembly_window(r);
    return window >= a->local_rwnd + quarter ||
           (a->local_rwnd == 0 && window > 0 && r->ready_count == 0);
}

void floe_sctp_note_released(floe_sctp_assoc *a)
{
#if FLOE_SCTP_PARTS
    if (floe_sctp_reassembly_may_open(&a->reassembly)) {
        floe_sctp_reassembly_open(&a->reassembly, &a->streams);
    }
#endif
    if (!floe_sctp_is_open(a)) {
        return;
    }
    floe_sctp_reset_progress(a);
    if (is_update_due(a)) {
        a->pending |= SEND_SACK;
    }
}

void floe_sctp_assoc_release(floe_sctp_assoc *a)
{
    floe_sctp_reassembly_release(&a->reassembly, &a->streams);
    floe_sctp_note_released(a);
}
