/*
 * tests/browser/echo_port.c - any number of peers on one UDP port, which send back what they get.
 *
 *     echo_port PORT
 *
 * On stdin offers, on stdout their answers, each ended by a line with a dot; until stdin ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/io_port.h"

#define PEER_MAX 64u

typedef struct server {
    floe_loop *loop;
    floe_io_port *port;
    floe_watch input;
    floe_dtls_identity identity;
    floe_io_peer *peers[PEER_MAX];
    size_t count;
    bool is_over;
    char text[65536];
    size_t len;
} server;

static uint8_t bytes[262144];

static void require(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "echo_port: %s\n", what);
        exit(1);
    }
}

static void answer(server *s, floe_bytes offer)
{
    size_t len;
    floe_peer_sdp_type type;
    floe_io_config config = {.identity = &s->identity, .port = s->port};
    require(s->count < PEER_MAX, "too many peers");
    floe_io_peer **io = &s->peers[s->count++];
    require(floe_io_peer_open(io, s->loop, &config, NULL) == FLOE_OK, "no peer");
    floe_peer *peer = floe_io_peer_get(*io);
    require(floe_peer_set_remote(peer, FLOE_PEER_OFFER, offer, NULL) == FLOE_OK, "no offer");
    require(floe_peer_set_local(peer, FLOE_PEER_ANSWER) == FLOE_OK, "no answer");
    require(floe_peer_get_local(peer, &type, bytes, sizeof bytes, &len) == FLOE_OK, "too long");
    (void)printf("%.*s.\n", (int)len, (const char *)bytes);
    (void)fflush(stdout);
}

static void take_offers(server *s)
{
    char *end;
    s->text[s->len] = '\0';
    while ((end = strstr(s->text, "\n.\n")) != NULL) {
        size_t len = (size_t)(end + 1 - s->text);
        answer(s, (floe_bytes){(const uint8_t *)s->text, len});
        s->len -= len + 2;
        memmove(s->text, end + 3, s->len + 1);
    }
}

static void on_input(floe_watch *watch, int events)
{
    server *s = watch->ctx;
    (void)events;
    ssize_t len = read(STDIN_FILENO, s->text + s->len, sizeof s->text - 1 - s->len);
    s->is_over = len <= 0;
    s->len += len > 0 ? (size_t)len : 0;
    take_offers(s);
}

static void send_back(floe_peer *peer)
{
    floe_dc_message message;
    while (floe_peer_peek(peer, &message)) {
        floe_bytes data = {bytes, floe_peer_copy(peer, bytes, sizeof bytes)};
        if (floe_peer_send(peer, message.channel, message.is_text, data) == FLOE_E_AGAIN) {
            return;
        }
        floe_peer_release(peer);
    }
}

static void turn(server *s)
{
    floe_io_peer *io;
    floe_peer_event event;
    floe_loop_wait(s->loop, -1);
    while ((io = floe_io_port_next(s->port)) != NULL) {
        while (floe_io_peer_poll_event(io, &event)) {
        }
        send_back(floe_io_peer_get(io));
    }
}

int main(int argc, char **argv)
{
    static server s;
    floe_io_port_stats stats;
    floe_io_port_config config = {.peer_max = PEER_MAX};
    require(argc == 2, "usage: echo_port PORT");
    config.number = (uint16_t)strtoul(argv[1], NULL, 10);
    require(floe_loop_open(&s.loop) == FLOE_OK, "no loop");
    require(floe_dtls_identity_init(&s.identity) == FLOE_OK, "no identity");
    require(floe_io_port_open(&s.port, s.loop, &config) == FLOE_OK, "the port is taken");
    s.input = (floe_watch){.fd = STDIN_FILENO, .ready = on_input, .ctx = &s};
    require(floe_loop_add(s.loop, &s.input, FLOE_LOOP_READ) == FLOE_OK, "stdin is a file");
    while (!s.is_over) {
        turn(&s);
    }
    floe_io_port_get_stats(s.port, &stats);
    (void)printf("%u sockets, %u peers\n", stats.sockets, stats.peers);
    floe_loop_remove(s.loop, &s.input);
    for (size_t i = 0; i < s.count; i++) {
        floe_io_peer_close(s.peers[i]);
    }
    floe_io_port_close(s.port);
    floe_dtls_identity_free(&s.identity);
    floe_loop_close(s.loop);
    return 0;
}
