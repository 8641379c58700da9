/*
 * examples/blocking.c - a peer in a program without any loop: recvfrom() with a timeout is all that
 * it needs of the system, as on a small device with an IP stack and a clock.
 *
 * Usage: blocking [ADDRESS]; give the offer that it prints to the other side; paste the answer,
 * then an empty line. It sends "hello" when the channel opens, prints what comes, and ends after
 * "goodbye".
 */
#include "base/addr.h"
#include "base/rand_os.h"
#include "peer/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static floe_peer peer;
static floe_dtls_identity identity;
static floe_sctp_tx ring[64];
static uint8_t send_memory[16384], recv_memory[32768], description[8192], text[16384];
static bool is_over;

static floe_time now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (floe_time)ts.tv_sec * FLOE_SECOND + (floe_time)ts.tv_nsec / 1000;
}

static int open_socket(const char *address, floe_addr *local)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof sa;
    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0) {
        return -1;
    }
    *local = floe_addr_from_bytes((floe_bytes){(uint8_t *)&sa.sin_addr, 4}, ntohs(sa.sin_port));
    return fd;
}

static bool start_peer(const floe_addr *local)
{
    floe_dc_id channel;
    floe_dc_options options = {.label = FLOE_LIT("device")};
    floe_peer_config config = {.rand = floe_rand_os(),
                               .identity = &identity,
                               .send_buffer = {send_memory, sizeof send_memory},
                               .recv_buffer = {recv_memory, sizeof recv_memory},
                               .tx_ring = ring,
                               .tx_ring_len = 64,
                               .description = {description, sizeof description},
                               .message_max = sizeof text};
    if (floe_dtls_identity_init(&identity) != FLOE_OK ||
        floe_peer_init(&peer, &config, now()) != FLOE_OK ||
        floe_peer_add_local(&peer, local, 65535) != FLOE_OK) {
        return false;
    }
    floe_peer_end_local(&peer);
    return floe_peer_open_channel(&peer, &options, &channel) == FLOE_OK &&
           floe_peer_set_local(&peer, FLOE_PEER_OFFER) == FLOE_OK;
}

static bool signal_by_hand(void)
{
    size_t len;
    floe_peer_sdp_type type;
    char *line = (char *)text;
    if (floe_peer_get_local(&peer, &type, text, sizeof text, &len) != FLOE_OK) {
        return false;
    }
    printf("%.*s\n", (int)len, line);
    fflush(stdout);
    for (len = 0; fgets(line + len, (int)(sizeof text - len), stdin) != NULL;) {
        if (line[len] == '\n' || line[len] == '\r') {
            break;
        }
        len += strlen(line + len);
    }
    floe_peer_advance(&peer, now()); /* time has passed meanwhile */
    return floe_peer_set_remote(&peer, FLOE_PEER_ANSWER, (floe_bytes){text, len}, NULL) == FLOE_OK;
}

static void handle_events(void)
{
    floe_peer_event event;
    floe_dc_message message;
    while (floe_peer_poll_event(&peer, &event)) {
        if (event.type == FLOE_PEER_EV_CHANNEL_OPEN &&
            floe_peer_send(&peer, event.channel, true, FLOE_LIT("hello")) != FLOE_OK) {
            is_over = true;
        }
    }
    while (floe_peer_peek(&peer, &message)) {
        floe_bytes data = {text, message.len};
        (void)floe_peer_copy(&peer, text, sizeof text);
        floe_peer_release(&peer);
        printf("%.*s\n", (int)data.len, (const char *)text);
        fflush(stdout);
        is_over |= floe_bytes_equal(data, FLOE_LIT("goodbye"));
    }
    is_over |= floe_peer_get_state(&peer) >= FLOE_PEER_FAILED;
}

static void transmit(int fd)
{
    static uint8_t datagram[FLOE_PEER_RUN_MIN];
    floe_transmit out = {.buf = datagram, .cap = sizeof datagram};
    while (floe_peer_poll_transmit(&peer, &out)) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(out.path.remote.port)};
        memcpy(&to.sin_addr, out.path.remote.ip, 4);
        (void)sendto(fd, out.buf, out.len, 0, (struct sockaddr *)&to, sizeof to);
    }
}

/* Sleep until a datagram comes or the peer wants to be called. */
static void receive(int fd, const floe_addr *local)
{
    static uint8_t datagram[2048];
    floe_time deadline = floe_peer_deadline(&peer), at = now();
    floe_time wait = deadline > at ? deadline - at : 1; /* a timeout of 0 would be none */
    wait = wait < FLOE_SECOND ? wait : FLOE_SECOND;
    struct timeval timeout = {(time_t)(wait / FLOE_SECOND), (suseconds_t)(wait % FLOE_SECOND)};
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ssize_t len = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &from_len);
    if (len >= 0) {
        floe_path path = {.local = *local,
                          .remote = floe_addr_from_bytes((floe_bytes){(uint8_t *)&from.sin_addr, 4},
                                                         ntohs(from.sin_port))};
        floe_peer_input(&peer, now(), &path, datagram, (size_t)len, (size_t)len);
    }
    floe_peer_advance(&peer, now());
}

int main(int argc, char **argv)
{
    floe_addr local;
    int fd = open_socket(argc > 1 ? argv[1] : "127.0.0.1", &local);
    if (fd < 0 || !start_peer(&local) || !signal_by_hand()) {
        return 1;
    }
    while (!is_over) {
        transmit(fd);
        receive(fd, &local);
        handle_events();
    }
    floe_peer_close(&peer, now());
    transmit(fd);
    floe_peer_free(&peer);
    floe_dtls_identity_free(&identity);
    close(fd);
    return 0;
}
