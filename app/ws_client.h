/*
 * app/ws_client.h - a WebSocket client on a floe loop, for the command line.
 *
 * libwebsockets wants a loop of its own, and its name look-up blocks; so it runs in a thread,
 * behind a socket pair on which each packet is one message. The thread touches nothing else.
 */
#ifndef FLOE_APP_WS_CLIENT_H
#define FLOE_APP_WS_CLIENT_H

#include "io/loop.h"

#define WS_CLIENT_MESSAGE_MAX 65536u

typedef struct ws_client ws_client;

typedef struct ws_client_handler {
    void (*open)(void *ctx);
    void (*message)(void *ctx, const char *text, size_t len); /* NUL-terminated */
    /* The connection could not be made, or has ended; nothing follows. `why` is for a person. */
    void (*closed)(void *ctx, const char *why);
    void *ctx;
} ws_client_handler;

/* Connect to http://, https://, ws:// or wss:// host[:port][/path] and ask for the floe-signal
 * protocol. NULL: *why says what is wrong with the URL, or that there is no memory. Handlers run
 * inside floe_loop_wait(). */
ws_client *ws_client_open(floe_loop *loop, const char *url, const ws_client_handler *handler,
                          const char **why);
/* False: the message is too long, or too much waits already. */
bool ws_client_send(ws_client *client, const char *text, size_t len);
/* Not from inside a handler. NULL is fine. */
void ws_client_close(ws_client *client);

#endif
