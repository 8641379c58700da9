/* io/io_callbacks.c - see io/io_callbacks.h. */
#include "io/io_callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

typedef void (*peer_handler)(void *ctx, floe_peer *peer);
typedef void (*channel_handler)(void *ctx, floe_peer *peer, floe_dc_id channel);

static void tell_candidate(floe_io_callbacks *callbacks, floe_peer *peer,
                           const floe_peer_event *event)
{
    char text[FLOE_PEER_CANDIDATE_MAX] = "";
    if (callbacks->handlers->on_candidate == NULL) {
        return;
    }
    if (event->type == FLOE_PEER_EV_CANDIDATE) {
        floe_peer_put_candidate(peer, &event->cand, text);
    }
    callbacks->handlers->on_candidate(callbacks->ctx, peer, text, floe_peer_get_mid(peer));
}

/* The handler of an event of a channel; NULL: nobody wants it, or it is no such event. */
static channel_handler find_channel_handler(const floe_io_handlers *handlers,
                                            floe_peer_event_type type)
{
    switch (type) {
    case FLOE_PEER_EV_CHANNEL:
        return handlers->on_channel;
    case FLOE_PEER_EV_CHANNEL_OPEN:
        return handlers->on_open;
    case FLOE_PEER_EV_CHANNEL_CLOSED:
        return handlers->on_close;
    case FLOE_PEER_EV_BUFFERED_LOW:
        return handlers->on_buffered_low;
    default:
        return NULL;
    }
}

static void tell_channel(floe_io_callbacks *callbacks, floe_peer *peer,
                         const floe_peer_event *event)
{
    channel_handler handler = find_channel_handler(callbacks->handlers, event->type);
    if (handler != NULL) {
        handler(callbacks->ctx, peer, event->channel);
    }
}

/* The handler of an event that is of the peer as a whole; NULL as above. */
static peer_handler find_peer_handler(const floe_io_handlers *handlers, floe_peer_event_type type)
{
    switch (type) {
    case FLOE_PEER_EV_NEGOTIATION:
        return handlers->on_negotiation;
    case FLOE_PEER_EV_PAIR:
        return handlers->on_pair;
    case FLOE_PEER_EV_WRITABLE:
        return handlers->on_writable;
    default:
        return NULL;
    }
}

static void tell(floe_io_callbacks *callbacks, floe_peer *peer, const floe_peer_event *event)
{
    const floe_io_handlers *handlers = callbacks->handlers;
    peer_handler handler = find_peer_handler(handlers, event->type);
    bool is_gathered =
        event->type == FLOE_PEER_EV_GATHERING && event->gathering == FLOE_ICE_GATHERING_COMPLETE;
    if (handler != NULL) {
        handler(callbacks->ctx, peer);
    } else if (event->type == FLOE_PEER_EV_CANDIDATE || is_gathered) {
        tell_candidate(callbacks, peer, event);
    } else if (event->type == FLOE_PEER_EV_STATE && handlers->on_state != NULL) {
        handlers->on_state(callbacks->ctx, peer, event->state);
    } else if (event->type == FLOE_PEER_EV_SIGNALING && handlers->on_signaling != NULL) {
        handlers->on_signaling(callbacks->ctx, peer, event->signaling);
    } else if (event->type == FLOE_PEER_EV_FATE && handlers->on_fate != NULL) {
        handlers->on_fate(callbacks->ctx, peer, &event->fate);
    } else {
        tell_channel(callbacks, peer, event);
    }
}

/* The message in one piece: where it lies, or copied. False: no memory for it now. */
static bool get_data(floe_io_callbacks *callbacks, floe_peer *peer, size_t len, floe_bytes *data)
{
    *data = floe_peer_view(peer, 0);
    if (data->len == len) {
        return true;
    }
    if (callbacks->copy_size < len) {
        uint8_t *larger = realloc(callbacks->copy, len);
        if (larger == NULL) {
            return false;
        }
        callbacks->copy = larger;
        callbacks->copy_size = len;
    }
    *data = (floe_bytes){callbacks->copy, floe_peer_copy(peer, callbacks->copy, len)};
    return true;
}

/* Hand out the first message. False: there is none, or it stays. */
static bool take_message(floe_io_callbacks *callbacks, floe_peer *peer)
{
    const floe_io_handlers *handlers = callbacks->handlers;
    floe_dc_message message;
    floe_bytes data;
    if (!floe_peer_peek(peer, &message) || !get_data(callbacks, peer, message.len, &data)) {
        return false;
    }
    if (handlers->on_message == NULL ||
        handlers->on_message(callbacks->ctx, peer, &message, data)) {
        if (callbacks->is_started) {
            floe_peer_release(peer);
        }
        return true;
    }
    return false;
}

/* Events and messages, until nothing is left that is wanted; whether there was anything. */
static bool drain(floe_io_callbacks *callbacks)
{
    floe_peer *peer = floe_io_peer_get(callbacks->io);
    floe_peer_event event;
    bool was_any = false;
    while (callbacks->is_started) {
        if (floe_io_peer_poll_event(callbacks->io, &event)) {
            tell(callbacks, peer, &event);
        } else if (!take_message(callbacks, peer)) {
            break;
        }
        was_any = true;
    }
    return was_any;
}

static void prepare(floe_timer *timer)
{
    floe_io_callbacks *callbacks = timer->ctx;
    /* What handlers did to the peer may have moved its deadline after it was asked for: do not
     * sleep, and ask again. */
    bool was_any = drain(callbacks);
    if (callbacks->is_started) {
        timer->at = was_any ? 0 : FLOE_TIME_NEVER;
    }
}

void floe_io_callbacks_start(floe_io_callbacks *callbacks, floe_loop *loop, floe_io_peer *io,
                             const floe_io_handlers *handlers, void *ctx)
{
    FLOE_ASSERT(io != NULL && handlers != NULL);
    *callbacks = (floe_io_callbacks){.io = io,
                                     .loop = loop,
                                     .handlers = handlers,
                                     .ctx = ctx,
                                     .timer = {.at = FLOE_TIME_NEVER, .prepare = prepare},
                                     .is_started = true};
    callbacks->timer.ctx = callbacks;
    floe_loop_add_timer(loop, &callbacks->timer);
}

void floe_io_callbacks_stop(floe_io_callbacks *callbacks)
{
    if (!callbacks->is_started) {
        return;
    }
    callbacks->is_started = false;
    floe_loop_remove_timer(callbacks->loop, &callbacks->timer);
    free(callbacks->copy);
    callbacks->copy = NULL;
    callbacks->copy_size = 0;
}
