/*
 * tests/interop/ice/ice_probe.c - a floe_ice_agent on UDP sockets, driven by lines, for
 * tests/interop/suite_ice.py. The words are those of all probes: README.md beside this file.
 *
 *   ice_probe controlling|controlled ADDRESS[,ADDRESS]... [lite] [fast] [OPTION=MILLISECONDS]...
 * Options: pacing, consent, consent_timeout, disconnected, patience.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "base/writer.h"
#include "ice/ice_agent.h"
#include "io/loop.h"
#include "io/udp.h"
#include "sdp/sdp_candidate.h"
#include "stun/stun_msg.h"

enum { SOCKETS = 4, LINE_MAX_LEN = 2048 };

typedef struct probe {
    floe_loop *loop;
    floe_ice_agent agent;
    floe_udp sockets[SOCKETS];
    floe_watch watches[SOCKETS], input;
    size_t socket_count;
    floe_timer timer;
    floe_udp_batch batch;
    char line[LINE_MAX_LEN];
    size_t line_len;
    bool is_done;
} probe;

static void send_packet(probe *p, uint8_t *bytes, size_t len, const floe_path *path)
{
    floe_transmit run = {.buf = bytes, .cap = len, .len = len, .segment = len, .path = *path};
    size_t done = 0;
    for (size_t i = 0; i < p->socket_count; i++) {
        if (floe_addr_equal(&p->sockets[i].local, &path->local)) {
            (void)!floe_udp_send_run(&p->sockets[i], &run, &done); /* UDP may lose it */
        }
    }
}

static void tell_candidate(const floe_ice_cand *cand)
{
    uint8_t text[256];
    floe_writer w = floe_writer_begin(text, sizeof text);
    floe_ice_cand_put(&w, cand, 0, (floe_bytes){NULL, 0}, (floe_bytes){NULL, 0});
    (void)printf("candidate %.*s\n", (int)w.len, (const char *)text);
}

static void tell(const floe_ice_event *event)
{
    char local[FLOE_ADDR_TEXT_MAX], remote[FLOE_ADDR_TEXT_MAX];
    switch (event->type) {
    case FLOE_ICE_EV_STATE:
        (void)printf("state %s\n", floe_ice_state_name(event->state));
        if (event->state == FLOE_ICE_FAILED) {
            (void)printf("cause %s\n", floe_ice_cause_text(event->cause));
        }
        break;
    case FLOE_ICE_EV_GATHERING:
        if (event->gathering == FLOE_ICE_GATHERING_COMPLETE) {
            (void)printf("end\n");
        }
        break;
    case FLOE_ICE_EV_CANDIDATE:
        tell_candidate(&event->cand);
        break;
    case FLOE_ICE_EV_SELECTED:
        (void)printf("selected %s %s\n", floe_addr_text(&event->path.local, local),
                     floe_addr_text(&event->path.remote, remote));
        break;
    case FLOE_ICE_EV_ROLE:
        (void)printf("role %s\n",
                     event->role == FLOE_ICE_CONTROLLING ? "controlling" : "controlled");
        break;
    }
}

static void tell_credentials(const probe *p)
{
    floe_bytes ufrag, pwd;
    floe_ice_agent_get_local(&p->agent, &ufrag, &pwd);
    (void)printf("local %.*s %.*s\n", (int)ufrag.len, (const char *)ufrag.ptr, (int)pwd.len,
                 (const char *)pwd.ptr);
}

static void drain(probe *p)
{
    uint8_t bytes[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = bytes, .cap = sizeof bytes};
    while (floe_ice_agent_poll_transmit(&p->agent, &out)) {
        send_packet(p, bytes, out.len, &out.path);
    }
    floe_ice_event event;
    while (floe_ice_agent_poll_event(&p->agent, &event)) {
        tell(&event);
    }
}

static void prepare(floe_timer *timer)
{
    probe *p = timer->ctx;
    drain(p);
    timer->at = floe_ice_agent_deadline(&p->agent);
}

static void woke(floe_timer *timer, floe_time now)
{
    probe *p = timer->ctx;
    floe_ice_agent_advance(&p->agent, now);
}

static void receive(floe_watch *watch, int events)
{
    probe *p = watch->ctx;
    floe_udp_run run;
    (void)events;
    floe_udp_recv_runs(&p->sockets[watch - p->watches], &p->batch);
    while (floe_udp_next_run(&p->batch, &run)) {
        for (size_t at = 0; at < run.len; at += run.segment) {
            size_t len = run.len - at < run.segment ? run.len - at : run.segment;
            floe_bytes packet = {run.ptr + at, len};
            if (floe_stun_msg_is(packet)) {
                (void)!floe_ice_agent_input(&p->agent, floe_loop_now(p->loop), &run.path, packet);
            } else if (floe_ice_agent_accept(&p->agent, floe_loop_now(p->loop), &run.path)) {
                (void)printf("received %.*s\n", (int)len, (const char *)packet.ptr);
            }
        }
    }
}

static void add_remote(probe *p, const char *text)
{
    floe_sdp_candidate sdp;
    floe_ice_cand cand;
    floe_err err = floe_sdp_candidate_parse(&sdp, floe_bytes_of(text));
    if (err == FLOE_OK) {
        err = floe_ice_cand_from_sdp(&cand, &sdp);
    }
    if (err == FLOE_OK) {
        err = floe_ice_agent_add_remote(&p->agent, &cand);
    }
    if (err != FLOE_OK) {
        (void)printf("error candidate: %s\n", floe_err_name(err));
    }
}

static void set_remote(probe *p, char *text)
{
    char *ufrag = strtok(text, " ");
    char *pwd = strtok(NULL, " ");
    char *lite = strtok(NULL, " ");
    if (pwd == NULL || floe_ice_agent_set_remote(&p->agent, floe_bytes_of(ufrag),
                                                 floe_bytes_of(pwd), lite != NULL) != FLOE_OK) {
        (void)printf("error remote\n");
    }
}

static void send_text(probe *p, char *text)
{
    floe_path path;
    if (floe_ice_agent_get_path(&p->agent, &path)) {
        send_packet(p, (uint8_t *)text, strlen(text), &path);
    } else {
        (void)printf("error no path\n");
    }
}

static void restart(probe *p)
{
    if (floe_ice_agent_restart(&p->agent, floe_bytes_of(""), floe_bytes_of("")) != FLOE_OK) {
        (void)printf("error restart\n");
    }
    tell_credentials(p);
}

static void obey(probe *p, char *line)
{
    char *rest = strchr(line, ' ');
    rest = rest != NULL ? rest + 1 : line + strlen(line);
    if (strncmp(line, "remote ", 7) == 0) {
        set_remote(p, rest);
    } else if (strncmp(line, "candidate ", 10) == 0) {
        add_remote(p, rest);
    } else if (strcmp(line, "end") == 0) {
        floe_ice_agent_end_remote(&p->agent);
    } else if (strncmp(line, "send ", 5) == 0) {
        send_text(p, rest);
    } else if (strcmp(line, "restart") == 0) {
        restart(p);
    } else {
        (void)printf("error unknown: %s\n", line);
    }
}

static void hear(floe_watch *watch, int events)
{
    probe *p = watch->ctx;
    (void)events;
    ssize_t n = read(watch->fd, p->line + p->line_len, sizeof p->line - 1 - p->line_len);
    if (n <= 0) {
        p->is_done = true;
        return;
    }
    p->line_len += (size_t)n;
    p->line[p->line_len] = '\0';
    char *start = p->line;
    for (char *end = strchr(start, '\n'); end != NULL; end = strchr(start, '\n')) {
        *end = '\0';
        obey(p, start);
        start = end + 1;
    }
    p->line_len = strlen(start);
    memmove(p->line, start, p->line_len);
}

static bool add_socket(probe *p, const char *text)
{
    floe_addr addr;
    size_t i = p->socket_count;
    if (i == SOCKETS || floe_addr_parse(&addr, floe_bytes_of(text), 0) != FLOE_OK ||
        floe_udp_open(&p->sockets[i], &addr) != FLOE_OK) {
        return false;
    }
    p->socket_count++;
    p->watches[i] = (floe_watch){.fd = p->sockets[i].fd, .ready = receive, .ctx = p};
    return floe_loop_add(p->loop, &p->watches[i], FLOE_LOOP_READ) == FLOE_OK &&
           floe_ice_agent_add_local(&p->agent, &p->sockets[i].local, (uint16_t)(65535 - i)) ==
               FLOE_OK;
}

static bool set_option(floe_ice_config *config, const char *text)
{
    const struct {
        const char *name;
        uint32_t *value;
    } options[] = {{"pacing", &config->pacing_us},
                   {"consent", &config->consent_us},
                   {"consent_timeout", &config->consent_timeout_us},
                   {"disconnected", &config->disconnected_us},
                   {"patience", &config->patience_us}};
    size_t name_len = strcspn(text, "=");
    if (strcmp(text, "lite") == 0) {
        config->is_lite = true;
        return true;
    }
    if (strcmp(text, "fast") == 0) {
        config->nomination = FLOE_ICE_NOMINATE_FAST;
        return true;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (text[name_len] == '=' && strlen(options[i].name) == name_len &&
            strncmp(text, options[i].name, name_len) == 0) {
            *options[i].value = (uint32_t)strtoul(text + name_len + 1, NULL, 10) * 1000u;
            return true;
        }
    }
    return false;
}

static bool start(probe *p, int argc, char **argv)
{
    bool is_controlling = argc > 2 && strcmp(argv[1], "controlling") == 0;
    floe_ice_config config = {.role = is_controlling ? FLOE_ICE_CONTROLLING : FLOE_ICE_CONTROLLED,
                              .rand = floe_rand_os()};
    for (int i = 3; i < argc; i++) {
        if (!set_option(&config, argv[i])) {
            return false;
        }
    }
    if (argc < 3 || floe_loop_open(&p->loop) != FLOE_OK ||
        floe_ice_agent_init(&p->agent, &config, floe_loop_now(p->loop)) != FLOE_OK) {
        return false;
    }
    tell_credentials(p);
    for (char *text = strtok(argv[2], ","); text != NULL; text = strtok(NULL, ",")) {
        if (!add_socket(p, text)) {
            return false;
        }
    }
    floe_ice_agent_end_local(&p->agent);
    p->input = (floe_watch){.fd = STDIN_FILENO, .ready = hear, .ctx = p};
    p->timer = (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .woke = woke, .ctx = p};
    floe_loop_add_timer(p->loop, &p->timer);
    return floe_loop_add(p->loop, &p->input, FLOE_LOOP_READ) == FLOE_OK;
}

int main(int argc, char **argv)
{
    static probe p;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!start(&p, argc, argv)) {
        (void)fprintf(stderr, "ice_probe: see its first lines for what it takes\n");
        return 2;
    }
    while (!p.is_done) {
        floe_loop_wait(p.loop, -1);
    }
    for (size_t i = 0; i < p.socket_count; i++) {
        floe_loop_remove(p.loop, &p.watches[i]);
        floe_udp_close(&p.sockets[i]);
    }
    floe_loop_remove(p.loop, &p.input);
    floe_loop_remove_timer(p.loop, &p.timer);
    floe_loop_close(p.loop);
    return 0;
}
