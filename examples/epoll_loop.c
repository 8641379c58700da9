/*
 * examples/epoll_loop.c - a peer in a program that has an epoll loop of its own: no io/, no heap.
 *
 * The four calls of peer/peer.h are in pump() and on_socket(). Usage: epoll_loop [ADDRESS]; paste
 * an offer, then an empty line; give the answer that it prints to the other side. It echoes.
 */
#include "base/addr.h"
#include "base/rand_os.h"
#include "peer/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static floe_peer peer;
static floe_dtls_identity identity;
static floe_sctp_tx ring[1024];
static uint8_t send_memory[262144], recv_memory[262144], description[16384], bytes[262144];
static floe_addr local;

static floe_time now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (floe_time)ts.tv_sec * FLOE_SECOND + (floe_time)ts.tv_nsec / 1000;
}

static int open_socket(const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof sa;
    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0) {
        return -1;
    }
    local = floe_addr_from_bytes((floe_bytes){(uint8_t *)&sa.sin_addr, 4}, ntohs(sa.sin_port));
    return fd;
}

static bool start_peer(void)
{
    floe_peer_config config = {.rand = floe_rand_os(),
                               .identity = &identity,
                               .send_buffer = {send_memory, sizeof send_memory},
                               .recv_buffer = {recv_memory, sizeof recv_memory},
                               .tx_ring = ring,
                               .tx_ring_len = 1024,
                               .description = {description, sizeof description}};
    if (floe_dtls_identity_init(&identity) != FLOE_OK ||
        floe_peer_init(&peer, &config, now()) != FLOE_OK ||
        floe_peer_add_local(&peer, &local, 65535) != FLOE_OK) {
        return false;
    }
    floe_peer_end_local(&peer);
    return true;
}

/* Read an offer up to an empty line, and print the answer. Blocks, so it comes before the loop. */
static bool signal_by_hand(void)
{
    size_t len = 0;
    floe_peer_sdp_type type;
    char *line = (char *)bytes;
    while (fgets(line + len, (int)(sizeof bytes - len), stdin) != NULL && line[len] != '\n' &&
           line[len] != '\r') {
        len += strlen(line + len);
    }
    floe_peer_advance(&peer, now()); /* time has passed meanwhile */
    if (floe_peer_set_remote(&peer, FLOE_PEER_OFFER, (floe_bytes){bytes, len}, NULL) != FLOE_OK ||
        floe_peer_set_local(&peer, FLOE_PEER_ANSWER) != FLOE_OK ||
        floe_peer_get_local(&peer, &type, bytes, sizeof bytes, &len) != FLOE_OK) {
        return false;
    }
    printf("%.*s\n", (int)len, (const char *)bytes);
    fflush(stdout);
    return true;
}

static void on_socket(int fd)
{
    static uint8_t datagram[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t len;
    while ((len = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from,
                           &from_len)) >= 0) {
        floe_path path = {.local = local,
                          .remote = floe_addr_from_bytes((floe_bytes){(uint8_t *)&from.sin_addr, 4},
                                                         ntohs(from.sin_port))};
        floe_peer_input(&peer, now(), &path, datagram, (size_t)len, (size_t)len);
    }
}

static void echo(void)
{
    floe_dc_message message;
    while (floe_peer_peek(&peer, &message)) {
        floe_bytes data = {bytes, message.len};
        (void)floe_peer_copy(&peer, bytes, sizeof bytes);
        if (floe_peer_send(&peer, message.channel, message.is_text, data) == FLOE_E_AGAIN) {
            return; /* it stays where it is, until there is room */
        }
        floe_peer_release(&peer);
    }
}

/* What the peer has to send and to tell. */
static void pump(int fd)
{
    static uint8_t run[FLOE_PEER_RUN_MIN];
    floe_transmit out = {.buf = run, .cap = sizeof run};
    floe_peer_event event;
    while (floe_peer_poll_event(&peer, &event)) {
        if (event.type == FLOE_PEER_EV_STATE) {
            fprintf(stderr, "%s\n", floe_peer_state_name(event.state));
        }
    }
    echo();
    while (floe_peer_poll_transmit(&peer, &out)) { /* one datagram: no more fit into the buffer */
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(out.path.remote.port)};
        memcpy(&to.sin_addr, out.path.remote.ip, 4);
        (void)sendto(fd, out.buf, out.len, 0, (struct sockaddr *)&to, sizeof to);
    }
}

static int sleep_ms(void)
{
    floe_time deadline = floe_peer_deadline(&peer), at = now();
    if (deadline == FLOE_TIME_NEVER) {
        return -1;
    }
    return deadline <= at ? 0 : (int)((deadline - at) / FLOE_MS) + 1;
}

int main(int argc, char **argv)
{
    int fd = open_socket(argc > 1 ? argv[1] : "127.0.0.1");
    int loop = epoll_create1(0);
    struct epoll_event ready = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &ready) != 0 || !start_peer() ||
        !signal_by_hand()) {
        return 1;
    }
    while (floe_peer_get_state(&peer) < FLOE_PEER_FAILED) {
        pump(fd);
        if (epoll_wait(loop, &ready, 1, sleep_ms()) > 0) {
            on_socket(ready.data.fd);
        }
        floe_peer_advance(&peer, now());
    }
    floe_peer_close(&peer, now());
    pump(fd);
    floe_peer_free(&peer);
    floe_dtls_identity_free(&identity);
    close(loop);
    close(fd);
    return 0;
}
