/*
 * app/serve_ws.c - the WebSocket of `floe serve`: who may connect, how much, how fast, and what
 * waits to go out.
 */
#include <stdlib.h>
#include <string.h>

#include "app/serve.h"

void serve_close(serve_client *client, const char *reason)
{
    if (client->close_reason != NULL) {
        return;
    }
    client->close_reason = reason;
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_REASON_BASE, SERVE_CLOSE_S);
    lws_callback_on_writable(client->wsi);
}

static serve_out *make_out(const json_t *message)
{
    char *text = message != NULL ? json_dumps(message, JSON_COMPACT) : NULL;
    size_t len = text != NULL ? strlen(text) : 0;
    serve_out *out = text != NULL ? malloc(sizeof *out + LWS_PRE + len) : NULL;
    if (out != NULL) {
        out->next = NULL;
        out->len = len;
        memcpy(out->bytes + LWS_PRE, text, len);
    }
    free(text);
    return out;
}

/* What it costs to keep a message: short ones are mostly overhead. */
static size_t get_cost(const serve_out *out)
{
    return sizeof *out + LWS_PRE + out->len;
}

void serve_send(serve_client *client, json_t *message)
{
    serve_out *out = client->close_reason == NULL ? make_out(message) : NULL;
    json_decref(message);
    if (out == NULL || client->queued + get_cost(out) > SERVE_QUEUE_MAX) {
        free(out);
        serve_close(client, "too slow");
        return;
    }
    if (client->first == NULL) {
        client->first = out;
    } else {
        client->last->next = out;
    }
    client->last = out;
    client->queued += get_cost(out);
    lws_callback_on_writable(client->wsi);
}

static serve_out *take_first(serve_client *client)
{
    serve_out *out = client->first;
    client->first = out->next;
    client->queued -= get_cost(out);
    return out;
}

static int write_one(serve_client *client)
{
    if (client->first == NULL) {
        if (client->close_reason == NULL) {
            return 0;
        }
        lws_close_reason(client->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION,
                         (unsigned char *)client->close_reason, strlen(client->close_reason));
        return -1;
    }
    serve_out *out = take_first(client);
    int written = lws_write(client->wsi, out->bytes + LWS_PRE, out->len, LWS_WRITE_TEXT);
    size_t len = out->len;
    free(out);
    if (client->first != NULL || client->close_reason != NULL) {
        lws_callback_on_writable(client->wsi);
    }
    return written < 0 || (size_t)written < len ? -1 : 0;
}

/* RFC 6455 §10.2: a browser says which page opened the socket. Only pages of this server, or those
 * that it was told of, may; programs that are no browser send no Origin. */
static bool is_origin_allowed(struct lws *wsi, const serve *server)
{
    char origin[256], host[256];
    int len = lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN);
    if (len == 0) {
        return true;
    }
    if (len < 0 || lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) <= 0) {
        return false;
    }
    const char *authority = strstr(origin, "://");
    if (authority != NULL && strcmp(authority + 3, host) == 0) {
        return true;
    }
    for (size_t i = 0; i < server->origin_count; i++) {
        if (strcmp(origin, server->origins[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int admit(struct lws *wsi, const serve *server)
{
    if (!is_origin_allowed(wsi, server)) {
        lwsl_warn("a page of another origin tried to connect: refused\n");
        return -1;
    }
    return server->clients < SERVE_CLIENT_MAX ? 0 : -1;
}

static uint64_t now_us(void)
{
    return (uint64_t)lws_now_usecs();
}

static void begin(serve_client *client, struct lws *wsi, serve *server)
{
    client->wsi = wsi;
    client->server = server;
    client->tokens = SERVE_RATE_BURST;
    client->refilled_us = now_us();
    server->clients++;
    lws_set_timer_usecs(wsi, (lws_usec_t)SERVE_IDLE_S * LWS_USEC_PER_SEC);
}

static void drop_message(serve_client *client)
{
    free(client->message);
    client->message = NULL;
    client->message_len = 0;
}

static void end(serve_client *client)
{
    if (client->server == NULL) {
        return;
    }
    serve_signal_gone(client);
    client->server->clients--;
    while (client->first != NULL) {
        free(take_first(client));
    }
    drop_message(client);
}

static bool take_token(serve_client *client)
{
    uint64_t now = now_us();
    client->tokens += (double)(now - client->refilled_us) * SERVE_RATE / 1e6;
    client->refilled_us = now;
    if (client->tokens > SERVE_RATE_BURST) {
        client->tokens = SERVE_RATE_BURST;
    }
    if (client->tokens < 1) {
        return false;
    }
    client->tokens -= 1;
    return true;
}

/* Collect a message from its fragments. False: it is not acceptable, and the client is being
 * closed. */
static bool collect(serve_client *client, const void *part, size_t len)
{
    if (client->message_len + len > SERVE_MESSAGE_MAX) {
        serve_close(client, "message too long");
        return false;
    }
    char *grown = realloc(client->message, client->message_len + len + 1);
    if (grown == NULL) {
        serve_close(client, "no memory");
        return false;
    }
    client->message = grown;
    memcpy(grown + client->message_len, part, len);
    client->message_len += len;
    return true;
}

static int receive(serve_client *client, const void *part, size_t len)
{
    struct lws *wsi = client->wsi;
    if (client->close_reason != NULL || !collect(client, part, len)) {
        return 0;
    }
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0) {
        return 0;
    }
    lws_set_timer_usecs(wsi, (lws_usec_t)SERVE_IDLE_S * LWS_USEC_PER_SEC);
    if (!take_token(client)) {
        serve_close(client, "too many messages");
    } else if (lws_frame_is_binary(wsi)) {
        serve_close(client, "text only");
    } else {
        serve_signal(client, client->message, client->message_len);
    }
    drop_message(client);
    return 0;
}

int serve_ws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    serve_client *client = user;
    serve *server = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return admit(wsi, server);
    case LWS_CALLBACK_ESTABLISHED:
        begin(client, wsi, server);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(client, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_one(client);
    case LWS_CALLBACK_TIMER:
        serve_close(client, "idle for too long");
        return 0;
    case LWS_CALLBACK_CLOSED:
        end(client);
        return 0;
    default:
        return 0;
    }
}
