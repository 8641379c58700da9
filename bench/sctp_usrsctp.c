/*
 * bench/sctp_usrsctp.c - usrsctp's side of the benchmark of SCTP alone; see stack_floe.c. Both ends
 * are in here, packets are handed over in memory. The packets' size and the buffers are floe's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usrsctp.h>

#include "bench.h"

#define PORT    5000u
#define BUFFER  (1024 * 1024)
#define BATCH   16u /* messages that are queued before packets are handed over */
#define PACKETS 8192u
#define PACKET  1500u
/* What usrsctp calls the path's MTU is a packet, and 12 bytes more that it keeps for itself. */
#define MTU 1188

typedef struct packet {
    void *to;
    size_t len;
    uint8_t bytes[PACKET];
} packet;

static packet packets[PACKETS]; /* on their way: a ring */
static size_t packet_first, packet_count;
static char ends[2]; /* their addresses are the names of the link at each end */
static struct socket *sockets[2];
static uint8_t bytes[65536];

static void require(bool is_well, const char *what)
{
    if (!is_well) {
        fprintf(stderr, "sctp_usrsctp: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static int take_packet(void *from, void *buf, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)tos;
    (void)set_df;
    require(packet_count < PACKETS && len <= PACKET, "too many packets");
    packet *p = &packets[(packet_first + packet_count++) % PACKETS];
    p->to = from == &ends[0] ? &ends[1] : &ends[0];
    p->len = len;
    memcpy(p->bytes, buf, len);
    return 0;
}

/* Only those that are there now: what they lead to is for the next time. */
static void move_packets(void)
{
    for (size_t left = packet_count; left > 0; left--) {
        packet *p = &packets[packet_first];
        usrsctp_conninput(p->to, p->bytes, p->len, 0);
        packet_first = (packet_first + 1) % PACKETS;
        packet_count--;
    }
}

static void set(struct socket *socket, int level, int name, const void *value, size_t size)
{
    require(usrsctp_setsockopt(socket, level, name, value, (socklen_t)size) == 0, "an option");
}

static struct sockaddr_conn address_of(void *end)
{
    return (struct sockaddr_conn){
        .sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = end};
}

static struct socket *open_socket(void *end)
{
    struct socket *socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    struct sockaddr_conn address = address_of(end);
    struct sctp_paddrparams path = {.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
                                    .spp_pathmtu = MTU};
    const int buffer = BUFFER, on = 1;
    require(socket != NULL, "no socket");
    path.spp_address.ss_family = AF_CONN;
    usrsctp_register_address(end);
    usrsctp_set_non_blocking(socket, 1);
    set(socket, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    set(socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    set(socket, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
    require(usrsctp_bind(socket, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    return socket;
}

static void pass_time(void)
{
    move_packets();
    usrsctp_handle_timers(1);
}

static void connect_ends(void)
{
    struct sockaddr_conn address = address_of(&ends[0]);
    struct socket *listener = open_socket(&ends[1]);
    sockets[0] = open_socket(&ends[0]);
    require(usrsctp_listen(listener, 1) == 0, "listen");
    /* An end knows itself and the other by the same name: that of its link. */
    require(usrsctp_connect(sockets[0], (struct sockaddr *)&address, sizeof address) == 0 ||
                errno == EINPROGRESS,
            "connect");
    for (int i = 0; i < 100 && sockets[1] == NULL; i++) {
        pass_time();
        sockets[1] = usrsctp_accept(listener, NULL, NULL);
    }
    require(sockets[1] != NULL, "not connected");
    usrsctp_set_non_blocking(sockets[1], 1);
    usrsctp_close(listener);
}

/* What there is; it may be a part of a message. */
static size_t read_bytes(void)
{
    size_t all = 0;
    for (;;) {
        struct sctp_rcvinfo info;
        socklen_t info_len = sizeof info;
        unsigned type = 0;
        int flags = 0;
        ssize_t len = usrsctp_recvv(sockets[1], bytes, sizeof bytes, NULL, NULL, &info, &info_len,
                                    &type, &flags);
        if (len <= 0) {
            return all;
        }
        all += (size_t)len;
    }
}

static size_t send_all(size_t size, size_t rounds)
{
    struct sctp_sendv_spa spa = {.sendv_flags = SCTP_SEND_SNDINFO_VALID};
    size_t sent = 0, got = 0;
    spa.sendv_sndinfo.snd_ppid = htonl(53);
    spa.sendv_sndinfo.snd_flags = SCTP_EOR;
    connect_ends();
    while (got < rounds * size) {
        for (unsigned i = 0; i < BATCH && sent < rounds; i++) {
            sent += usrsctp_sendv(sockets[0], bytes, size, NULL, 0, &spa, sizeof spa,
                                  SCTP_SENDV_SPA, 0) == (ssize_t)size;
        }
        pass_time();
        got += read_bytes();
        pass_time();
    }
    return got / size;
}

static void start(void)
{
    usrsctp_init_nothreads(0, take_packet, NULL);
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_pr_enable(1);
}

static size_t run_16k(bench_input *in, size_t rounds)
{
    (void)in;
    start();
    /* Whoever carries the packets is to see to checksums: here nobody does. */
    usrsctp_enable_crc32c_offload();
    return send_all(16384, rounds);
}

static size_t run_16k_crc(bench_input *in, size_t rounds)
{
    (void)in;
    start();
    return send_all(16384, rounds);
}

int main(int argc, char **argv)
{
    static const bench_mode modes[] = {
        {"sctp-16k", run_16k}, {"sctp-16k-crc", run_16k_crc}, {NULL, NULL}};
    return bench_main("usrsctp", modes, argc, argv);
}
