/*
 * bench/connect_floe.c - how long two agents of floe take to connect over loopback, and how large
 * they are; and what datagrams cost that go through them. `connect_floe ROUNDS` and `connect_floe
 * data DATAGRAMS` print JSON; bench/README.md says what is timed.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "ice/ice_agent.h"
#include "io/udp.h"
#include "stun/stun_msg.h"

#define DATAGRAM 1200u
#define RUN      50u /* datagrams of a run */

typedef struct side {
    floe_ice_agent agent;
    floe_udp socket;
    floe_udp_batch batch;
    size_t datagrams; /* of data that came by a path that may be believed */
} side;

static side sides[2];

static floe_time now_us(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        abort();
    }
    return (floe_time)t.tv_sec * 1000000u + (floe_time)t.tv_nsec / 1000u;
}

static void must(bool is_done)
{
    if (!is_done) {
        (void)fprintf(stderr, "connect_floe: no sockets, or no connection in time\n");
        exit(1);
    }
}

static void send_all(side *s)
{
    uint8_t bytes[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = bytes, .cap = sizeof bytes};
    floe_ice_event event;
    while (floe_ice_agent_poll_transmit(&s->agent, &out)) {
        size_t done = 0;
        (void)!floe_udp_send_run(&s->socket, &out, &done);
    }
    while (floe_ice_agent_poll_event(&s->agent, &event)) {
    }
}

static void receive(side *s)
{
    floe_udp_run run;
    floe_udp_recv_runs(&s->socket, &s->batch);
    while (floe_udp_next_run(&s->batch, &run)) {
        for (size_t at = 0; at < run.len; at += run.segment) {
            size_t len = run.len - at < run.segment ? run.len - at : run.segment;
            floe_bytes datagram = {run.ptr + at, len};
            if (floe_stun_msg_is(datagram)) {
                (void)!floe_ice_agent_input(&s->agent, now_us(), &run.path, datagram);
            } else {
                s->datagrams += floe_ice_agent_accept(&s->agent, now_us(), &run.path);
            }
        }
    }
}

/* As a program's loop does it: send what there is, sleep until a packet or a deadline, act. */
static void turn(void)
{
    struct pollfd fds[2];
    floe_time at = FLOE_TIME_NEVER;
    for (int i = 0; i < 2; i++) {
        send_all(&sides[i]);
        floe_time deadline = floe_ice_agent_deadline(&sides[i].agent);
        at = deadline < at ? deadline : at;
        fds[i] = (struct pollfd){.fd = sides[i].socket.fd, .events = POLLIN};
    }
    floe_time now = now_us();
    int wait_ms = at <= now ? 0 : (int)((at - now) / 1000u) + 1;
    if (poll(fds, 2, wait_ms) < 0) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        floe_ice_agent_advance(&sides[i].agent, now_us());
        if ((fds[i].revents & POLLIN) != 0) {
            receive(&sides[i]);
        }
    }
}

static void prepare(side *s, floe_ice_role role)
{
    floe_addr any = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    floe_ice_config config = {.role = role, .rand = floe_rand_os()};
    must(floe_udp_open(&s->socket, &any) == FLOE_OK &&
         floe_ice_agent_init(&s->agent, &config, now_us()) == FLOE_OK &&
         floe_ice_agent_add_local(&s->agent, &s->socket.local, 65535) == FLOE_OK);
    floe_ice_agent_end_local(&s->agent);
    send_all(s);
}

static void introduce(side *s, const side *peer)
{
    floe_bytes ufrag, pwd;
    floe_ice_cand cand;
    size_t cursor = 0;
    floe_ice_agent_get_local(&peer->agent, &ufrag, &pwd);
    must(floe_ice_agent_set_remote(&s->agent, ufrag, pwd, false) == FLOE_OK);
    while (floe_ice_agent_next_local(&peer->agent, &cursor, &cand)) {
        must(floe_ice_agent_add_remote(&s->agent, &cand) == FLOE_OK);
    }
    floe_ice_agent_end_remote(&s->agent);
}

static bool have_both(floe_ice_state state)
{
    return floe_ice_agent_get_state(&sides[0].agent) >= state &&
           floe_ice_agent_get_state(&sides[1].agent) >= state;
}

static void begin(void)
{
    prepare(&sides[0], FLOE_ICE_CONTROLLING);
    prepare(&sides[1], FLOE_ICE_CONTROLLED);
}

static void await_both(floe_ice_state state, floe_time start)
{
    while (!have_both(state)) {
        turn();
        must(now_us() - start < 5 * FLOE_SECOND);
    }
}

static void connect_once(bool is_first)
{
    floe_time times[2];
    begin();
    floe_time start = now_us();
    introduce(&sides[0], &sides[1]);
    introduce(&sides[1], &sides[0]);
    for (int i = 0; i < 2; i++) {
        await_both(i == 0 ? FLOE_ICE_CONNECTED : FLOE_ICE_COMPLETED, start);
        times[i] = now_us() - start;
    }
    (void)printf("%s[%u, %u]", is_first ? "" : ", ", (unsigned)times[0], (unsigned)times[1]);
    floe_udp_close(&sides[0].socket);
    floe_udp_close(&sides[1].socket);
}

/* A run of data to the other side, as peer/ does it: on the path that the agent has chosen. */
static size_t send_data(side *s, uint8_t *bytes)
{
    floe_transmit out = {
        .buf = bytes, .cap = RUN * DATAGRAM, .len = RUN * DATAGRAM, .segment = DATAGRAM};
    size_t done = 0;
    must(floe_ice_agent_get_path(&s->agent, &out.path));
    (void)!floe_udp_send_run(&s->socket, &out, &done);
    return done / DATAGRAM;
}

static double cpu_s(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        abort();
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pass_data(size_t count)
{
    static uint8_t bytes[RUN * DATAGRAM]; /* zeros: nothing of STUN's */
    size_t sent = 0;
    begin();
    floe_time start = now_us();
    introduce(&sides[0], &sides[1]);
    introduce(&sides[1], &sides[0]);
    await_both(FLOE_ICE_COMPLETED, start);
    double cpu = cpu_s();
    start = now_us();
    while (sent < count) {
        sent += send_data(&sides[0], bytes);
        turn();
    }
    (void)printf("{\"sent\": %zu, \"received\": %zu, \"cpu_s\": %.6f, \"wall_s\": %.6f}\n", sent,
                 sides[1].datagrams, cpu_s() - cpu, (double)(now_us() - start) / 1e6);
}

int main(int argc, char **argv)
{
    bool is_data = argc == 3 && strcmp(argv[1], "data") == 0;
    long rounds = argc == 2 || is_data ? strtol(argv[argc - 1], NULL, 10) : 0;
    if (rounds <= 0) {
        (void)fprintf(stderr, "usage: connect_floe ROUNDS, or connect_floe data DATAGRAMS\n");
        return 2;
    }
    if (is_data) {
        pass_data((size_t)rounds);
        return 0;
    }
    (void)printf("{\"bytes\": %zu, \"us\": [", sizeof(floe_ice_agent));
    for (long i = 0; i < rounds; i++) {
        connect_once(i == 0);
    }
    (void)printf("]}\n");
    return 0;
}
