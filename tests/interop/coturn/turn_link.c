/* interop/coturn/turn_link.c - see turn_link.h. */
#include "turn_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/floe_config.h"

#define SLICE_US 20000 /* of waiting for the socket */

_Noreturn void turn_link_die(const char *what)
{
    printf("FAIL %s\n", what);
    exit(1);
}

floe_time turn_link_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (floe_time)t.tv_sec * FLOE_SECOND + (floe_time)t.tv_nsec / 1000;
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (getrandom(out, len, 0) != (ssize_t)len) {
        turn_link_die("getrandom");
    }
}

static socklen_t to_sockaddr(const floe_addr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (addr->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(addr->port);
    memcpy(&in6->sin6_addr, addr->ip, 16);
    return sizeof *in6;
}

static bool is_stream(const floe_path *path)
{
    return path->transport == FLOE_TCP || path->transport == FLOE_TLS;
}

int turn_link_dial(const floe_path *path)
{
    struct sockaddr_storage to;
    socklen_t len = to_sockaddr(&path->remote, &to);
    int fd = socket(to.ss_family, is_stream(path) ? SOCK_STREAM : SOCK_DGRAM, 0);
    struct timeval slice = {0, SLICE_US};
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice) != 0) {
        turn_link_die("connect");
    }
    return fd;
}

static void shake_hands(turn_link *link)
{
    bool is_dtls = link->path.transport == FLOE_DTLS;
    SSL_CTX *ctx = SSL_CTX_new(is_dtls ? DTLS_client_method() : TLS_client_method());
    link->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (is_dtls) {
        struct sockaddr_storage to;
        (void)to_sockaddr(&link->path.remote, &to);
        BIO *bio = BIO_new_dgram(link->fd, BIO_NOCLOSE);
        BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &to);
        SSL_set_bio(link->ssl, bio, bio);
    } else {
        SSL_set_fd(link->ssl, link->fd);
    }
    floe_time end = turn_link_now() + 10 * FLOE_SECOND;
    int result;
    while ((result = SSL_connect(link->ssl)) != 1) {
        if (SSL_get_error(link->ssl, result) != SSL_ERROR_WANT_READ || turn_link_now() > end) {
            turn_link_die("TLS handshake");
        }
        if (is_dtls) {
            (void)DTLSv1_handle_timeout(link->ssl);
        }
    }
}

static void dial(turn_link *link)
{
    link->fd = turn_link_dial(&link->path);
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    getsockname(link->fd, (struct sockaddr *)&own, &len);
    if (own.ss_family == AF_INET) {
        const struct sockaddr_in *in = (struct sockaddr_in *)&own;
        link->path.local = floe_addr_from_bytes((floe_bytes){(const uint8_t *)&in->sin_addr, 4},
                                                ntohs(in->sin_port));
    } else {
        const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&own;
        link->path.local = floe_addr_from_bytes((floe_bytes){(const uint8_t *)&in6->sin6_addr, 16},
                                                ntohs(in6->sin6_port));
    }
    floe_stun_stream_init(&link->stream, FLOE_STUN_FRAMING_TURN,
                          (floe_span){link->memory, sizeof link->memory});
    if (link->path.transport == FLOE_TLS || link->path.transport == FLOE_DTLS) {
        shake_hands(link);
    }
}

static void hang_up(turn_link *link)
{
    SSL_free(link->ssl);
    link->ssl = NULL;
    close(link->fd);
}

void turn_link_open(turn_link *link, floe_turn_config *config)
{
    memset(link, 0, sizeof *link);
    link->path = config->path;
    dial(link);
    config->path = link->path;
    config->rand.fill = fill;
    if (floe_turn_client_init(&link->client, config, turn_link_now()) != FLOE_OK) {
        turn_link_die("init");
    }
}

void turn_link_reconnect(turn_link *link)
{
    int old = link->fd; /* open until there is another, so that this one gets another port */
    SSL *old_ssl = link->ssl;
    dial(link);
    SSL_free(old_ssl);
    close(old);
    if (floe_turn_client_set_path(&link->client, &link->path) != FLOE_OK) {
        turn_link_die("set_path");
    }
}

static void write_all(turn_link *link, const uint8_t *bytes, size_t len)
{
    ssize_t sent = link->ssl != NULL ? SSL_write(link->ssl, bytes, (int)len)
                                     : send(link->fd, bytes, len, MSG_NOSIGNAL);
    /* The answer to a datagram sent to a server that was away is reported here. */
    if (sent != (ssize_t)len && !(errno == ECONNREFUSED && !is_stream(&link->path))) {
        turn_link_die("write");
    }
}

static void drain(turn_link *link)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_turn_event event;
    while (floe_turn_client_poll_transmit(&link->client, &out)) {
        write_all(link, buf, out.len);
    }
    while (floe_turn_client_poll_event(&link->client, &event)) {
        link->event[event.type] = event;
        link->seen[event.type]++;
    }
    floe_turn_client_check_invariants(&link->client);
}

static void input(turn_link *link, floe_bytes message)
{
    floe_turn_data data;
    floe_err err =
        floe_turn_client_input(&link->client, turn_link_now(), &link->path, message, &data);
    if (err == FLOE_OK && data.peer.family != 0 && data.payload.len <= sizeof link->got) {
        link->from = data.peer;
        link->got_len = data.payload.len;
        link->got_count++;
        memcpy(link->got, data.payload.ptr, data.payload.len);
    }
    drain(link);
}

/* What comes within a slice of time. */
static void receive(turn_link *link)
{
    uint8_t buf[4096];
    ssize_t len = link->ssl != NULL ? SSL_read(link->ssl, buf, sizeof buf)
                                    : recv(link->fd, buf, sizeof buf, 0);
    if (len <= 0) {
        return;
    }
    floe_bytes in = {buf, (size_t)len};
    if (!is_stream(&link->path)) {
        input(link, in);
        return;
    }
    floe_bytes message;
    floe_err err;
    while ((err = floe_stun_stream_next(&link->stream, &in, &message)) == FLOE_OK) {
        input(link, message);
    }
    if (err != FLOE_E_AGAIN) {
        turn_link_die("stream");
    }
}

static void step(turn_link *link)
{
    drain(link);
    receive(link);
    floe_time now = turn_link_now();
    if (floe_turn_client_deadline(&link->client) <= now) {
        floe_turn_client_advance(&link->client, now);
    }
    drain(link);
}

bool turn_link_wait(turn_link *link, floe_turn_event_type type, floe_time limit)
{
    floe_time end = turn_link_now() + limit;
    drain(link);
    unsigned before = 0;
    while (link->seen[type] == before && turn_link_now() < end) {
        step(link);
    }
    bool seen = link->seen[type] > 0;
    link->seen[type] = 0;
    return seen;
}

void turn_link_run(turn_link *link, floe_time limit)
{
    floe_time end = turn_link_now() + limit;
    while (turn_link_now() < end) {
        step(link);
    }
}

void turn_link_send(turn_link *link, const floe_addr *peer, const char *text)
{
    uint8_t buf[2048];
    size_t head = floe_turn_client_get_head(&link->client, peer);
    size_t len;
    memcpy(buf + head, text, strlen(text));
    if (floe_turn_client_wrap(&link->client, peer, buf, sizeof buf, strlen(text), &len) !=
        FLOE_OK) {
        turn_link_die("wrap");
    }
    write_all(link, buf, len);
}

void turn_link_close(turn_link *link)
{
    floe_turn_client_close(&link->client);
    if (!turn_link_wait(link, FLOE_TURN_EV_CLOSED, 3 * FLOE_SECOND)) {
        turn_link_die("the allocation is not given back");
    }
    hang_up(link);
}
