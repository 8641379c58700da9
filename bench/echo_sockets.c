/*
 * bench/echo_sockets.c - what a round trip costs before any stack has done a thing: two processes,
 * a UDP socket each, and datagrams as long as those of `floe bench --case echo` to and fro.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM 145u /* a message of 64 bytes and a SACK, in SCTP, in DTLS */
#define PATIENCE 10   /* seconds: nothing is lost here, but the other process may die */

static void require(bool is_well, const char *what)
{
    if (!is_well) {
        perror(what);
        exit(1);
    }
}

static int open_socket(struct sockaddr_in *local)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval patience = {.tv_sec = PATIENCE};
    socklen_t len = sizeof *local;
    *local = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    require(fd >= 0, "socket");
    require(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0, "timeout");
    require(bind(fd, (struct sockaddr *)local, len) == 0, "bind");
    require(getsockname(fd, (struct sockaddr *)local, &len) == 0, "getsockname");
    return fd;
}

static void pass(int fd, bool is_first)
{
    char bytes[DATAGRAM] = {0};
    if (is_first) {
        require(send(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes, "send");
    }
    require(recv(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes, "recv");
    if (!is_first) {
        require(send(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes, "send");
    }
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (count <= 0) {
        (void)fprintf(stderr, "usage: echo_sockets ROUNDS\n");
        return 2;
    }
    struct sockaddr_in local[2];
    int fds[2] = {open_socket(&local[0]), open_socket(&local[1])};
    for (int i = 0; i < 2; i++) {
        require(connect(fds[i], (struct sockaddr *)&local[1 - i], sizeof local[0]) == 0, "connect");
    }
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        for (long i = 0; i < count; i++) {
            pass(fds[1], false);
        }
        return 0;
    }
    (void)printf("{\"us\": [");
    for (long i = 0; i < count; i++) {
        double start = now_us();
        pass(fds[0], true);
        (void)printf("%s%.1f", i > 0 ? ", " : "", now_us() - start);
    }
    (void)printf("]}\n");
    return 0;
}
