/* app/cmd_nat.c - `floe nat`: what the NAT does, and what that means for a direct connection. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/nat_words.h"
#include "app/stun_target.h"
#include "app/udp_port.h"
#include "base/addr.h"
#include "base/floe_config.h"
#include "base/rand_os.h"
#include "base/text.h"

static const char usage[] =
    "usage: floe nat [--lifetime SECONDS] [--json] SERVER\n"
    "\n"
    "Asks a STUN server what the NAT between here and there does, and says what that means for a\n"
    "direct connection. SERVER is a name or an address, with :PORT if it is not 3478, or a stun:\n"
    "URI. It should have two addresses (RFC 5780); of others less can be told. Takes up to half a\n"
    "minute.\n"
    "\n"
    "  --lifetime SECONDS  look also how long a silent mapping lives, up to this; takes about "
    "five\n"
    "                      times as long\n"
    "  --json              the result as one JSON object\n"
    "\n"
    "Exit status 0: a server was reached; 1: none was; 2: the command line is wrong.\n";

#define LIFETIME_MAX 3600

typedef struct nat_run { /* of one family of addresses */
    floe_stun_discovery discovery;
    floe_stun_discovery_config config;
    udp_port ports[2];
    bool is_open, is_done;
} nat_run;

typedef struct nat_command {
    floe_loop *loop;
    floe_udp_batch batch;
    stun_target target;
    nat_run runs[STUN_TARGET_ADDRS];
    unsigned lifetime;
    bool use_json;
} nat_command;

static int fail(const nat_command *c, const char *text)
{
    return stun_target_fail(&c->target, "nat", c->use_json, text);
}

static void receive(void *ctx, const floe_path *path, floe_bytes packet)
{
    nat_run *run = ctx;
    floe_time now = floe_loop_now(run->ports[0].loop);
    (void)!floe_stun_discovery_input(&run->discovery, now, path, packet);
}

/* False: there is no way to a server address of this family. */
static bool open_run(nat_command *c, nat_run *run, const floe_addr *server)
{
    floe_addr source;
    if (!udp_port_find_source(server, &source) ||
        udp_port_open(&run->ports[0], c->loop, &c->batch, &source, receive, run) != FLOE_OK) {
        return false;
    }
    if (udp_port_open(&run->ports[1], c->loop, &c->batch, &source, receive, run) != FLOE_OK) {
        udp_port_close(&run->ports[0]);
        return false;
    }
    run->config =
        (floe_stun_discovery_config){.server = *server,
                                     .local = run->ports[0].udp.local,
                                     .local2 = run->ports[1].udp.local,
                                     .rand = floe_rand_os(),
                                     .lifetime_max = (floe_time)c->lifetime * FLOE_SECOND};
    run->is_open =
        floe_stun_discovery_init(&run->discovery, &run->config, floe_loop_now(c->loop)) == FLOE_OK;
    return run->is_open;
}

static void drain(nat_run *run)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_stun_discovery_event event;
    while (floe_stun_discovery_poll_transmit(&run->discovery, &out)) {
        bool is_first = floe_addr_equal(&out.path.local, &run->ports[0].udp.local);
        udp_port_send(&run->ports[is_first ? 0 : 1], &out);
    }
    while (floe_stun_discovery_poll_event(&run->discovery, &event)) {
        run->is_done = run->is_done || event == FLOE_STUN_DISCOVERY_DONE;
    }
}

static int timeout_ms(floe_time now, floe_time deadline)
{
    /* Rounded up, so that the deadline has come when the sleep is over. */
    floe_time wait = deadline > now ? (deadline - now + FLOE_MS - 1) / FLOE_MS : 0;
    return wait < 60000 ? (int)wait : 60000;
}

static void run_all(nat_command *c)
{
    for (;;) {
        floe_time next = FLOE_TIME_NEVER;
        bool is_busy = false;
        for (size_t i = 0; i < c->target.count; i++) {
            nat_run *run = &c->runs[i];
            if (run->is_open) {
                floe_stun_discovery_advance(&run->discovery, floe_loop_now(c->loop));
                drain(run);
                next = floe_time_min(next, floe_stun_discovery_deadline(&run->discovery));
                is_busy = is_busy || !run->is_done;
            }
        }
        if (!is_busy) {
            return;
        }
        floe_loop_wait(c->loop, timeout_ms(floe_loop_now(c->loop), next));
    }
}

/* Returns how many families reached the server. */
static size_t report(const nat_command *c)
{
    json_t *results = json_array();
    size_t reached = 0;
    for (size_t i = 0; i < c->target.count; i++) {
        const nat_run *run = &c->runs[i];
        if (run->is_open) {
            const floe_stun_discovery_report *r = floe_stun_discovery_get(&run->discovery);
            reached += r->binding_doubt == FLOE_STUN_DOUBT_NONE ? 1 : 0;
            if (c->use_json) {
                json_array_append_new(results, nat_words_json(&run->config, r));
            } else {
                nat_words_print(stdout, &run->config, r);
            }
        }
    }
    if (c->use_json) {
        json_t *o = json_pack("{s:s, s:O}", "host", c->target.host, "results", results);
        stun_target_print_json(o);
    }
    json_decref(results);
    return reached;
}

static int run(nat_command *c)
{
    const char *why;
    bool is_any = false;
    if (!stun_target_resolve(&c->target, c->loop, &why)) {
        return fail(c, why);
    }
    for (size_t i = 0; i < c->target.count; i++) {
        is_any = open_run(c, &c->runs[i], &c->target.addrs[i]) || is_any;
    }
    if (!is_any) {
        return fail(c, "there is no route from this machine to that address; is it connected?");
    }
    if (!c->use_json && isatty(STDERR_FILENO)) {
        fprintf(stderr, "floe nat: asking %s; this takes up to half a minute%s\n", c->target.host,
                c->lifetime > 0 ? ", and then the lifetime" : "");
    }
    run_all(c);
    size_t reached = report(c);
    for (size_t i = 0; i < STUN_TARGET_ADDRS; i++) {
        udp_port_close(&c->runs[i].ports[0]);
        udp_port_close(&c->runs[i].ports[1]);
    }
    if (reached == 0) {
        fprintf(stderr,
                "floe nat: %s port %u gives no answer that is of use; check name and port, and "
                "whether this network lets UDP out\n",
                c->target.host, c->target.port);
    }
    return reached > 0 ? 0 : 1;
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, nat_command *c)
{
    static const struct option names[] = {{"lifetime", required_argument, NULL, 'l'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    uint64_t seconds;
    const char *why;
    optind = 1;
    while ((option = getopt_long(argc, argv, "l:jh", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (option == '?') {
            fputs(usage, stderr);
            return 3;
        }
        if (option == 'j') {
            c->use_json = true;
        } else if (floe_text_is_decimal(floe_bytes_of(optarg), LIFETIME_MAX, &seconds)) {
            c->lifetime = (unsigned)seconds;
        } else {
            fprintf(stderr, "floe nat: --lifetime %s: 0 to %d seconds\n", optarg, LIFETIME_MAX);
            return 3;
        }
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "floe nat: name one SERVER\n%s", usage);
        return 3;
    }
    if (!stun_target_parse(&c->target, argv[optind], &why)) {
        fprintf(stderr, "floe nat: %s: %s\n", argv[optind], why);
        return 3;
    }
    return 0;
}

int cmd_nat(int argc, char **argv)
{
    nat_command *c = calloc(1, sizeof *c);
    if (c == NULL || floe_loop_open(&c->loop) != FLOE_OK) {
        fputs("floe nat: no memory or no file descriptors\n", stderr);
        free(c);
        return 1;
    }
    int status = parse_options(argc, argv, c);
    status = status == 0 ? run(c) : status - 1;
    floe_loop_close(c->loop);
    free(c);
    return status;
}
