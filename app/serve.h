/*
 * app/serve.h - what the parts of `floe serve` share: the options, a client, the signalling door.
 *
 * The words of the WebSocket (JSON texts) are in app/README.md. The server relays offers, answers
 * and candidates between the two members of a room, and keeps nothing of them.
 */
#ifndef FLOE_APP_SERVE_H
#define FLOE_APP_SERVE_H

#include <jansson.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/rooms.h"
#include "app/serve_turn.h"

#define SERVE_MESSAGE_MAX 65536u /* bytes of one WebSocket message */
#define SERVE_QUEUE_MAX                                                                            \
    (4 * SERVE_MESSAGE_MAX)   /* bytes that wait for a slow client; then it is closed */
#define SERVE_RATE_BURST 200  /* messages at once */
#define SERVE_RATE       50   /* messages a second, sustained */
#define SERVE_NAME_MAX   96   /* bytes of a member's name: 32 characters of a browser */
#define SERVE_CLIENT_MAX 2048 /* connections */
#define SERVE_ROOM_MAX   1024
#define SERVE_IDLE_S     3600 /* without any message: closed */
#define SERVE_CLOSE_S    10   /* what waits for a client that is being closed */
#define SERVE_ORIGIN_MAX 8

typedef struct serve {
    rooms rooms;
    json_t *ice;                           /* RTCIceServer entries for the clients */
    serve_turn turn;                       /* and those that each gets a login for */
    const char *origins[SERVE_ORIGIN_MAX]; /* allowed beside the server's own */
    size_t origin_count;
    size_t clients;
} serve;

/* A message on its way out; the bytes follow LWS_PRE. */
typedef struct serve_out {
    struct serve_out *next;
    size_t len;
    unsigned char bytes[];
} serve_out;

/* One WebSocket client: libwebsockets zeroes and keeps it. */
typedef struct serve_client {
    struct lws *wsi;
    serve *server;
    room *in; /* NULL: in none */
    char name[SERVE_NAME_MAX + 1];
    char *message; /* grows with the message that comes in */
    size_t message_len;
    serve_out *first, *last; /* queue */
    size_t queued;
    double tokens; /* of the rate limit */
    uint64_t refilled_us;
    const char *close_reason; /* set: close when the queue is empty */
} serve_client;

/* libwebsockets callbacks: pages, and the WebSocket. */
int serve_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
int serve_ws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* A whole message came from a client: act on it (app/serve_signal.c). */
void serve_signal(serve_client *client, const char *text, size_t len);
/* The client is gone: tell the other one. */
void serve_signal_gone(serve_client *client);

/* Queue a message for a client; takes the reference. A client that does not read is closed. */
void serve_send(serve_client *client, json_t *message);
/* Close a client once it has been sent what waits, or has not taken it for SERVE_CLOSE_S.
 * `reason`: static text, for a person. */
void serve_close(serve_client *client, const char *reason);

#endif
