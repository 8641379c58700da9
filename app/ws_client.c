/* app/ws_client.c - see app/ws_client.h. */
#include "app/ws_client.h"

#include <errno.h>
#include <libwebsockets.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* On the socket pair every packet begins with a letter: O open, M message, X closed with a reason.
 */
struct ws_client {
    floe_loop *loop;
    ws_client_handler handler;
    floe_watch watch; /* our end of the socket pair */
    pthread_t thread;
    char packet[WS_CLIENT_MESSAGE_MAX + 2];
    bool is_over;

    /* What only the thread uses, after it has started. */
    int thread_fd;
    char url[512]; /* in pieces: scheme, host and path are in it */
    const char *scheme, *host, *path;
    char path_buf[513];
    int port;
    struct lws *ws, *pipe;
    bool is_adopted; /* libwebsockets closes thread_fd */
    bool is_thread_over;
    char out[LWS_PRE + WS_CLIENT_MESSAGE_MAX];
    size_t out_len; /* 0: nothing waits to go to the server */
    char in[WS_CLIENT_MESSAGE_MAX + 1];
    size_t in_len;
};

static void tell(ws_client *client, char kind, const char *text, size_t len)
{
    if (client->is_thread_over) {
        return;
    }
    char head = kind;
    struct iovec parts[2] = {{&head, 1}, {(void *)(uintptr_t)text, len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    /* Waits while our loop is slow: that slows the server down, as it should. The descriptor does
     * not block: libwebsockets sees to that when it adopts it. */
    struct pollfd room = {.fd = client->thread_fd, .events = POLLOUT};
    while (sendmsg(client->thread_fd, &message, MSG_NOSIGNAL) < 0 &&
           (errno == EINTR || errno == EAGAIN)) {
        (void)poll(&room, 1, -1);
    }
}

static void finish(ws_client *client, const char *why)
{
    tell(client, 'X', why, strlen(why));
    client->is_thread_over = true;
}

static int receive(ws_client *client, const char *part, size_t len)
{
    if (client->in_len + len >= sizeof client->in) {
        finish(client, "the server sent a message that is too long");
        return -1;
    }
    memcpy(client->in + client->in_len, part, len);
    client->in_len += len;
    if (lws_is_final_fragment(client->ws) && lws_remaining_packet_payload(client->ws) == 0) {
        tell(client, 'M', client->in, client->in_len);
        client->in_len = 0;
    }
    return 0;
}

static int write_out(ws_client *client)
{
    if (client->out_len == 0) {
        return 0;
    }
    int len = (int)client->out_len;
    client->out_len = 0;
    if (client->pipe != NULL) {
        lws_rx_flow_control(client->pipe, 1);
    }
    return lws_write(client->ws, (unsigned char *)client->out + LWS_PRE, (size_t)len,
                     LWS_WRITE_TEXT) < len
               ? -1
               : 0;
}

/* The server said why it closes: two bytes of code, then text. */
static void hear_close(ws_client *client, const unsigned char *in, size_t len)
{
    char why[160];
    snprintf(why, sizeof why, "the server closed the connection%s%.*s", len > 2 ? ": " : "",
             len > 2 ? (int)(len - 2) : 0, len > 2 ? (const char *)in + 2 : "");
    finish(client, why);
}

static int on_ws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t len)
{
    ws_client *client = lws_context_user(lws_get_context(wsi));
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        client->ws = wsi;
        tell(client, 'O', "", 0);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(client, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_out(client);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        hear_close(client, in, len);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        client->ws = NULL;
        finish(client, in != NULL ? in : "cannot connect");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        client->ws = NULL;
        finish(client, "the connection to the server ended");
        return 0;
    default:
        return 0;
    }
}

/* A packet from our loop: the next message for the server, or the end. */
static int read_pipe(ws_client *client)
{
    ssize_t len = recv(client->thread_fd, client->out + LWS_PRE, WS_CLIENT_MESSAGE_MAX, 0);
    if (len <= 0) {
        client->is_thread_over = true;
        return -1;
    }
    client->out_len = (size_t)len;
    lws_rx_flow_control(client->pipe, 0); /* one at a time */
    if (client->ws != NULL) {
        lws_callback_on_writable(client->ws);
    } else {
        client->out_len = 0;
    }
    return 0;
}

static int on_pipe(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
    ws_client *client = lws_context_user(lws_get_context(wsi));
    (void)user;
    (void)in;
    (void)len;
    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        return read_pipe(client);
    case LWS_CALLBACK_RAW_CLOSE_FILE:
        /* Our loop hung up, maybe while nothing was read because a message waits. */
        client->pipe = NULL;
        client->is_thread_over = true;
        return 0;
    default:
        return 0;
    }
}

static bool connect_all(ws_client *client, struct lws_context *context)
{
    lws_sock_file_fd_type fd = {.filefd = client->thread_fd};
    client->pipe = lws_adopt_descriptor_vhost(lws_get_vhost_by_name(context, "default"),
                                              LWS_ADOPT_RAW_FILE_DESC, fd, "pipe", NULL);
    client->is_adopted = client->pipe != NULL;
    bool is_tls = strcmp(client->scheme, "https") == 0 || strcmp(client->scheme, "wss") == 0;
    bool is_ipv6 = strchr(client->host, ':') != NULL;
    char host[sizeof client->url + 16];
    snprintf(host, sizeof host, is_ipv6 ? "[%s]:%d" : "%s:%d", client->host, client->port);
    struct lws_client_connect_info info = {0};
    info.context = context;
    info.address = client->host;
    info.port = client->port;
    info.path = client->path_buf;
    info.host = host;
    info.protocol = "floe-signal";
    info.local_protocol_name = "floe-signal";
    info.ssl_connection = is_tls ? LCCSCF_USE_SSL : 0;
    info.pwsi = &client->ws;
    return client->pipe != NULL && lws_client_connect_via_info(&info) != NULL;
}

static void *run(void *arg)
{
    static const struct lws_protocols protocols[] = {
        {"floe-signal", on_ws, 0, 4096, 0, NULL, 0},
        {"pipe", on_pipe, 0, 0, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    static const lws_retry_bo_t liveness = {.secs_since_valid_ping = 20,
                                            .secs_since_valid_hangup = 40};
    ws_client *client = arg;
    struct lws_context_creation_info info = {0};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.retry_and_idle_policy = &liveness;
    info.user = client;
    info.gid = -1;
    info.uid = -1;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL || !connect_all(client, context)) {
        finish(client, "cannot connect");
    }
    while (context != NULL && !client->is_thread_over && lws_service(context, 0) >= 0) {
    }
    finish(client, "the connection to the server ended");
    if (context != NULL) {
        lws_context_destroy(context); /* closes thread_fd, if it was adopted */
    }
    return NULL;
}

static void hear(ws_client *client, size_t len)
{
    client->packet[len] = '\0';
    switch (client->packet[0]) {
    case 'O':
        client->handler.open(client->handler.ctx);
        return;
    case 'M':
        client->handler.message(client->handler.ctx, client->packet + 1, len - 1);
        return;
    default:
        client->is_over = true;
        floe_loop_change(client->loop, &client->watch, 0);
        client->handler.closed(client->handler.ctx, client->packet + 1);
        return;
    }
}

static void on_ready(floe_watch *watch, int events)
{
    ws_client *client = watch->ctx;
    (void)events;
    ssize_t len = recv(watch->fd, client->packet, sizeof client->packet - 1, MSG_DONTWAIT);
    if (len > 0) {
        hear(client, (size_t)len);
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        floe_loop_change(client->loop, &client->watch, 0);
    }
}

bool ws_client_send(ws_client *client, const char *text, size_t len)
{
    return !client->is_over && len > 0 && len <= WS_CLIENT_MESSAGE_MAX &&
           send(client->watch.fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static bool parse_url(ws_client *client, const char *url, const char **why)
{
    *why = "not http://HOST[:PORT] or https://HOST[:PORT]";
    if (strlen(url) >= sizeof client->url) {
        return false;
    }
    memcpy(client->url, url, strlen(url) + 1);
    if (lws_parse_uri(client->url, &client->scheme, &client->host, &client->port, &client->path)) {
        return false;
    }
    bool is_plain = strcmp(client->scheme, "http") == 0 || strcmp(client->scheme, "ws") == 0;
    bool is_tls = strcmp(client->scheme, "https") == 0 || strcmp(client->scheme, "wss") == 0;
    if (client->port == 0) {
        client->port = is_tls ? 443 : 80;
    }
    snprintf(client->path_buf, sizeof client->path_buf, "/%s", client->path);
    return (is_plain || is_tls) && client->host[0] != '\0';
}

static bool start(ws_client *client, const char **why)
{
    int fds[2];
    *why = "no memory or no file descriptors";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        return false;
    }
    client->watch = (floe_watch){.fd = fds[0], .ready = on_ready, .ctx = client};
    client->thread_fd = fds[1];
    if (floe_loop_add(client->loop, &client->watch, FLOE_LOOP_READ) != FLOE_OK) {
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    if (pthread_create(&client->thread, NULL, run, client) != 0) {
        floe_loop_remove(client->loop, &client->watch);
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    return true;
}

ws_client *ws_client_open(floe_loop *loop, const char *url, const ws_client_handler *handler,
                          const char **why)
{
    ws_client *client = calloc(1, sizeof *client);
    *why = "no memory";
    if (client == NULL) {
        return NULL;
    }
    client->loop = loop;
    client->handler = *handler;
    if (!parse_url(client, url, why) || !start(client, why)) {
        free(client);
        return NULL;
    }
    return client;
}

void ws_client_close(ws_client *client)
{
    if (client == NULL) {
        return;
    }
    floe_loop_remove(client->loop, &client->watch);
    shutdown(client->watch.fd, SHUT_RDWR); /* the thread reads the end, and stops */
    pthread_join(client->thread, NULL);
    close(client->watch.fd);
    if (!client->is_adopted) {
        close(client->thread_fd);
    }
    free(client);
}
