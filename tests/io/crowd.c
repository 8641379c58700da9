/*
 * tests/io/crowd.c - many peers on one port of this process against as many in another process,
 * each on a port of its own: all connect, all are answered, and what they cost then.
 *
 *     io_crowd [peers] [seconds of silence] [lite]
 *
 * Over loopback. The other process sends back what it gets.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io_port.h"

#define PATIENCE (100 * FLOE_SECOND)
#define TEXT_MAX 16384u
#define BUFFER   ((size_t)64 * 1024) /* of a peer, each way: for small messages to many */

typedef struct crowd {
    floe_loop *loop;
    size_t count;
    floe_io_port **ports;
    size_t port_count;
    floe_io_peer **peers;
    floe_dc_id *channels;
    size_t gathered, connected, answered;
    bool is_echo;
    bool is_lite; /* this process, not the other */
    int pipe;
    floe_dtls_identity identity;
} crowd;

static void require(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "io_crowd: %s\n", what);
        exit(1);
    }
}

static void open_peers(crowd *c)
{
    floe_io_port_config port = {.peer_max = (uint32_t)(c->count / c->port_count),
                                .use_loopback = true};
    c->ports = calloc(c->port_count, sizeof(floe_io_port *));
    c->peers = calloc(c->count, sizeof(floe_io_peer *));
    c->channels = calloc(c->count, sizeof(floe_dc_id));
    require(c->ports != NULL && c->peers != NULL && c->channels != NULL, "no memory");
    for (size_t i = 0; i < c->port_count; i++) {
        require(floe_io_port_open(&c->ports[i], c->loop, &port) == FLOE_OK, "no port");
    }
    for (size_t i = 0; i < c->count; i++) {
        floe_io_config config = {.identity = &c->identity,
                                 .port = c->ports[i % c->port_count],
                                 .send_buffer = BUFFER,
                                 .recv_buffer = BUFFER,
                                 .message_max = BUFFER};
        config.ice.is_lite = c->is_lite && !c->is_echo;
        require(floe_io_peer_open(&c->peers[i], c->loop, &config, NULL) == FLOE_OK, "no peer");
    }
}

static size_t index_of(const crowd *c, const floe_io_peer *io)
{
    size_t i = 0;
    while (c->peers[i] != io) {
        i++;
    }
    return i;
}

static void take_messages(crowd *c, floe_peer *peer)
{
    floe_dc_message message;
    uint8_t text[64];
    while (floe_peer_peek(peer, &message)) {
        floe_bytes data = {text, floe_peer_copy(peer, text, sizeof text)};
        c->answered += !c->is_echo;
        if (c->is_echo) {
            require(floe_peer_send(peer, message.channel, true, data) == FLOE_OK, "no echo");
        }
        floe_peer_release(peer);
    }
}

static void take_events(crowd *c, floe_io_peer *io)
{
    floe_peer_event event;
    floe_peer *peer = floe_io_peer_get(io);
    while (floe_io_peer_poll_event(io, &event)) {
        if (event.type == FLOE_PEER_EV_GATHERING &&
            event.gathering == FLOE_ICE_GATHERING_COMPLETE) {
            c->gathered++;
        } else if (event.type == FLOE_PEER_EV_CHANNEL_OPEN) {
            c->connected++;
            c->channels[index_of(c, io)] = event.channel;
        } else if (event.type == FLOE_PEER_EV_STATE && event.state == FLOE_PEER_FAILED) {
            const char *why;
            (void)floe_peer_get_reason(peer, &why);
            require(false, why);
        }
    }
    take_messages(c, peer);
}

static void turn(crowd *c, int timeout_ms)
{
    floe_io_peer *io;
    floe_loop_wait(c->loop, timeout_ms);
    for (size_t i = 0; i < c->port_count; i++) {
        while ((io = floe_io_port_next(c->ports[i])) != NULL) {
            take_events(c, io);
        }
    }
}

static void turn_until(crowd *c, const size_t *counter, const char *what)
{
    floe_time end = floe_loop_now(c->loop) + PATIENCE;
    while (*counter < c->count) {
        turn(c, 1000);
        if (floe_loop_now(c->loop) >= end) {
            (void)fprintf(stderr, "%zu of %zu\n", *counter, c->count);
            require(false, what);
        }
    }
}

static void move(int fd, void *bytes, size_t len, bool is_out)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = is_out ? write(fd, (char *)bytes + done, len - done)
                           : read(fd, (char *)bytes + done, len - done);
        require(n > 0, "the other process is gone");
        done += (size_t)n;
    }
}

/* All descriptions of this side go to the other process. */
static void tell_all(crowd *c, floe_peer_sdp_type type)
{
    static uint8_t text[TEXT_MAX];
    for (size_t i = 0; i < c->count; i++) {
        floe_peer *peer = floe_io_peer_get(c->peers[i]);
        require(floe_peer_set_local(peer, type) == FLOE_OK, "no description");
    }
    turn_until(c, &c->gathered, "gathering does not end");
    for (size_t i = 0; i < c->count; i++) {
        size_t len;
        floe_peer *peer = floe_io_peer_get(c->peers[i]);
        require(floe_peer_get_local(peer, &type, text, sizeof text, &len) == FLOE_OK, "too long");
        move(c->pipe, &len, sizeof len, true);
        move(c->pipe, text, len, true);
    }
}

static void hear_all(crowd *c, floe_peer_sdp_type type)
{
    static uint8_t text[TEXT_MAX];
    for (size_t i = 0; i < c->count; i++) {
        size_t len;
        move(c->pipe, &len, sizeof len, false);
        move(c->pipe, text, len, false);
        floe_loop_wait(c->loop, 0);
        floe_peer *peer = floe_io_peer_get(c->peers[i]);
        floe_bytes sdp = {text, len};
        require(floe_peer_set_remote(peer, type, sdp, NULL) == FLOE_OK, "description refused");
    }
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/* What this process has done so far. */
typedef struct effort {
    double cpu;
    long sleeps;
    unsigned long long in; /* datagrams */
} effort;

static effort measure(const crowd *c)
{
    struct rusage usage;
    floe_io_port_stats stats;
    (void)getrusage(RUSAGE_SELF, &usage);
    floe_io_port_get_stats(c->ports[0], &stats);
    return (effort){cpu_seconds(), usage.ru_nvcsw,
                    stats.mux.by_name + stats.mux.by_path + stats.mux.by_request};
}

/* Bytes of memory that are ours alone. */
static double resident(void)
{
    unsigned long size = 0;
    unsigned long pages = 0;
    unsigned long shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    require(file != NULL && fscanf(file, "%lu %lu %lu", &size, &pages, &shared) == 3, "no /proc");
    (void)fclose(file);
    return (double)(pages - shared) * (double)sysconf(_SC_PAGESIZE);
}

static void stay(crowd *c, floe_time until)
{
    while (floe_loop_now(c->loop) < until) {
        turn(c, (int)((until - floe_loop_now(c->loop)) / FLOE_MS) + 1);
    }
}

static void report(crowd *c, int seconds, double memory_before)
{
    floe_io_port_stats stats;
    stay(c, floe_loop_now(c->loop) + 3 * FLOE_SECOND);
    (void)malloc_trim(0); /* all handshakes at one time have left holes behind */
    double memory = resident() - memory_before;
    effort before = measure(c);
    stay(c, floe_loop_now(c->loop) + (floe_time)seconds * FLOE_SECOND);
    effort after = measure(c);
    double in = (double)(after.in - before.in);
    floe_io_port_get_stats(c->ports[0], &stats);
    printf("memory:  %.1f KB a peer\nidle:    %.2f %% of a core for all\n",
           memory / 1024 / (double)c->count, 100 * (after.cpu - before.cpu) / seconds);
    printf("         %.0f datagrams in and %.0f wakes a second, %.1f us for each datagram in\n",
           in / seconds, (double)(after.sleeps - before.sleeps) / seconds,
           1e6 * (after.cpu - before.cpu) / (in > 0 ? in : 1));
    printf("port:    %u peers, %u sockets, %u paths, %u names\n", stats.peers, stats.sockets,
           stats.mux.paths, stats.mux.names);
    printf("in:      %llu by name, %llu by path, %llu by request, %llu of nobody, %llu of rivals\n",
           (unsigned long long)stats.mux.by_name, (unsigned long long)stats.mux.by_path,
           (unsigned long long)stats.mux.by_request, (unsigned long long)stats.mux.dropped_unknown,
           (unsigned long long)stats.dropped_rival);
}

static void close_all(crowd *c)
{
    for (size_t i = 0; i < c->count; i++) {
        floe_io_peer_close(c->peers[i]);
    }
    for (size_t i = 0; i < c->port_count; i++) {
        floe_io_port_close(c->ports[i]);
    }
    free(c->ports);
    free(c->peers);
    free(c->channels);
    floe_dtls_identity_free(&c->identity);
    floe_loop_close(c->loop);
}

static void open_crowd(crowd *c)
{
    require(floe_loop_open(&c->loop) == FLOE_OK, "no loop");
    require(floe_dtls_identity_init(&c->identity) == FLOE_OK, "no identity");
    open_peers(c);
}

/* The other process: answers, and sends back, until we are gone. */
static int run_echo(crowd *c)
{
    char byte;
    c->is_echo = true;
    c->port_count = c->count;
    open_crowd(c);
    hear_all(c, FLOE_PEER_OFFER);
    tell_all(c, FLOE_PEER_ANSWER);
    while (recv(c->pipe, &byte, 1, MSG_DONTWAIT) != 0) {
        turn(c, 200);
    }
    close_all(c);
    return 0;
}

static void run_crowd(crowd *c, int seconds)
{
    double memory = resident();
    c->port_count = 1;
    open_crowd(c);
    floe_time start = floe_loop_now(c->loop);
    for (size_t i = 0; i < c->count; i++) {
        floe_dc_id id;
        floe_dc_options options = {.label = FLOE_LIT("crowd")};
        floe_peer *peer = floe_io_peer_get(c->peers[i]);
        require(floe_peer_open_channel(peer, &options, &id) == FLOE_OK, "no channel");
    }
    tell_all(c, FLOE_PEER_OFFER);
    hear_all(c, FLOE_PEER_ANSWER);
    turn_until(c, &c->connected, "not all are connected");
    printf("connect: %zu peers in %.1f s\n", c->count,
           (double)(floe_loop_now(c->loop) - start) / FLOE_SECOND);
    for (size_t i = 0; i < c->count; i++) {
        floe_peer *peer = floe_io_peer_get(c->peers[i]);
        require(floe_peer_send(peer, c->channels[i], true, FLOE_LIT("hello")) == FLOE_OK, "send");
    }
    turn_until(c, &c->answered, "not all are answered");
    printf("answer:  all, %.1f s of CPU\n", cpu_seconds());
    report(c, seconds, memory);
    close_all(c);
}

int main(int argc, char **argv)
{
    crowd c = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000};
    int seconds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5;
    c.is_lite = argc > 3;
    int ends[2];
    int status = 1;
    struct rlimit files;
    require(c.count > 0 && seconds > 0, "usage: io_crowd [peers] [seconds of silence] [lite]");
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no socket pair");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        c.pipe = ends[1];
        return run_echo(&c);
    }
    close(ends[1]);
    c.pipe = ends[0];
    run_crowd(&c, seconds);
    close(ends[0]);
    (void)waitpid(child, &status, 0);
    return status == 0 ? 0 : 1;
}
