/*
 * io/io_callbacks.h - events as calls: for programs that would rather be called than ask.
 *
 * A shim over floe_io_peer_poll_event() and floe_peer_peek(): it reads a peer's events and messages
 * and calls the program's handlers, from inside floe_loop_wait(), before it sleeps. Nothing else
 * differs: what a handler does to the peer is any call of peer/peer.h. Several peers may share one
 * loop, each with its own shim. A program that uses it does not poll the same peer's events itself.
 *
 *     static const floe_io_handlers handlers = {.on_open = greet, .on_message = print};
 *     floe_io_callbacks_start(&callbacks, loop, io, &handlers, ctx);
 *     while (is_wanted) {
 *         floe_loop_wait(loop, -1);
 *     }
 *     floe_io_callbacks_stop(&callbacks);
 */
#ifndef FLOE_IO_IO_CALLBACKS_H
#define FLOE_IO_IO_CALLBACKS_H

#include "io/io_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each may be NULL: that is passed over. A message that nobody wants is thrown away. A handler must
 * not call floe_loop_wait(); it may stop its own shim, and close the peer after that. */
typedef struct floe_io_handlers {
    /* Make an offer: floe_peer_set_local(). */
    void (*on_negotiation)(void *ctx, floe_peer *peer);
    void (*on_signaling)(void *ctx, floe_peer *peer, floe_peer_signaling signaling);
    /* For the other side's floe_peer_add_candidate(). "" after the last: now the local description
     * has them all. */
    void (*on_candidate)(void *ctx, floe_peer *peer, const char *candidate, floe_bytes mid);
    void (*on_state)(void *ctx, floe_peer *peer, floe_peer_state state);
    void (*on_pair)(void *ctx, floe_peer *peer); /* the selected pair changed */
    void (*on_channel)(void *ctx, floe_peer *peer, floe_dc_id channel); /* the peer opened it */
    void (*on_open)(void *ctx, floe_peer *peer, floe_dc_id channel);
    /* `data` is valid until it returns, or stops the shim. False: not now; it is offered again
     * after the next wake, and until then the other side is slowed down. */
    bool (*on_message)(void *ctx, floe_peer *peer, const floe_dc_message *message, floe_bytes data);
    void (*on_buffered_low)(void *ctx, floe_peer *peer, floe_dc_id channel);
    void (*on_writable)(void *ctx, floe_peer *peer); /* a send that got AGAIN may be tried again */
    void (*on_fate)(void *ctx, floe_peer *peer, const floe_dc_fate *fate);
    void (*on_close)(void *ctx, floe_peer *peer, floe_dc_id channel);
} floe_io_handlers;

/* In the caller's memory, where it must stay until it is stopped. Every field is private. */
typedef struct floe_io_callbacks {
    floe_io_peer *io;
    floe_loop *loop;
    const floe_io_handlers *handlers;
    void *ctx;
    floe_timer timer;
    uint8_t *copy; /* a message that does not lie in one piece */
    size_t copy_size;
    bool is_started;
} floe_io_callbacks;

/* `handlers` is lent until it is stopped. */
void floe_io_callbacks_start(floe_io_callbacks *callbacks, floe_loop *loop, floe_io_peer *io,
                             const floe_io_handlers *handlers, void *ctx);
/* Nothing is called any more. Before floe_io_peer_close(). Idempotent; a zeroed one is fine. */
void floe_io_callbacks_stop(floe_io_callbacks *callbacks);

#ifdef __cplusplus
}
#endif
#endif
