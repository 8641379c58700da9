/* app/cmd_bench.c - `floe bench`: how fast two ends of floe are, here or across a network. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_cases.h"
#include "app/commands.h"
#include "app/ice_option.h"
#include "app/stun_target.h"
#include "base/text.h"

static const char usage[] =
    "usage: floe bench [--case NAME]... [--seconds N] [--buffer BYTES] [--spin US] [--json]\n"
    "       floe bench --invite [...] [--ice URL[,USER,CREDENTIAL]]...\n"
    "       floe bench INVITATION [--ice URL[,USER,CREDENTIAL]]...\n"
    "\n"
    "Measures floe: this process and a child of it, over loopback. With --invite the other end is "
    "a\n"
    "floe bench elsewhere: it gets the text that is printed, and its answer is pasted back.\n"
    "\n"
    "  flow     reliable, ordered messages of 64, 16 and 1 KiB, as fast as they go\n"
    "  loose    messages of 100 bytes, unordered and never repeated\n"
    "  echo     64 bytes there and back, one at a time\n"
    "  connect  from the offer to an open channel, both ends in this process\n"
    "  idle     memory of a connected peer at rest, both ends in this process\n"
    "\n"
    "  --case NAME     only this; may be repeated\n"
    "  --seconds N     how long each size of message is sent (default 2)\n"
    "  --buffer BYTES  for sending, and for receiving (default 1 MiB; flow, loose and echo)\n"
    "  --spin US       look for so long for packets before sleep (default: as the loop does, 50)\n"
    "  --json          one JSON object in the place of the table\n"
    "\n"
    "1 MB is 1,000,000 bytes. CPU time is that of both ends, unless one is elsewhere.\n";

enum { CASE_FLOW = 1, CASE_LOOSE = 2, CASE_ECHO = 4, CASE_CONNECT = 8, CASE_IDLE = 16 };

#define ECHO_ROUNDS   5000u
#define ECHO_SIZE     64u
#define CONNECT_COUNT 100u
#define IDLE_COUNT    100u /* even: they talk to each other */
#define SECONDS_MAX   60u
#define BUFFER_MIN    65536u
#define BUFFER_MAX    (64u * 1024u * 1024u)
#define SPIN_MAX      10000u

typedef struct bench_command {
    bench_options options;
    floe_dtls_identity identity;
    bench_pair pair;
    json_t *ice, *results;
    ice_option_list servers;
    const char *invitation;
    bool is_inviting, use_json, has_spin;
    unsigned cases;
    uint64_t seconds, buffer, spin;
} bench_command;

static void tell_flow(bench_command *c, const char *name, const bench_flow *flow)
{
    double seconds = (double)flow->wall / 1e6, bytes = (double)flow->received * (double)flow->size;
    double rate = bytes / seconds / 1e6, per_gb = (double)flow->cpu * 1e3 / bytes;
    double each = (double)flow->cpu / (double)flow->received;
    json_array_append_new(
        c->results,
        json_pack("{s:s, s:I, s:f, s:f, s:f, s:f, s:I, s:I}", "case", name, "size",
                  (json_int_t)flow->size, "mb_per_s", rate, "messages_per_s",
                  (double)flow->received / seconds, "cpu_s_per_gb", per_gb, "cpu_us_per_message",
                  each, "sent", (json_int_t)flow->sent, "received", (json_int_t)flow->received));
    if (!c->use_json) {
        printf("%-8s %7zu bytes  %8.1f MB/s  %9.0f messages/s  %6.2f CPU s/GB  %7.2f CPU us each",
               name, flow->size, rate, (double)flow->received / seconds, per_gb, each);
        printf(flow->is_loose ? "  %.1f %% arrived\n" : "\n",
               100.0 * (double)flow->received / (double)flow->sent);
        fflush(stdout);
    }
}

static void tell_spread(bench_command *c, const char *name, const bench_spread *spread)
{
    json_array_append_new(c->results,
                          json_pack("{s:s, s:I, s:I, s:I, s:I}", "case", name, "count",
                                    (json_int_t)spread->count, "median_us",
                                    (json_int_t)spread->median, "p99_us", (json_int_t)spread->p99,
                                    "worst_us", (json_int_t)spread->worst));
    if (!c->use_json) {
        printf("%-8s %7u times  median %8.3f ms  99 %% within %8.3f ms  all within %8.3f ms\n",
               name, spread->count, (double)spread->median / 1e3, (double)spread->p99 / 1e3,
               (double)spread->worst / 1e3);
        fflush(stdout);
    }
}

static void tell_idle(bench_command *c, size_t bytes)
{
    json_array_append_new(c->results,
                          json_pack("{s:s, s:i, s:I}", "case", "idle", "count", (int)IDLE_COUNT,
                                    "bytes_per_peer", (json_int_t)bytes));
    if (!c->use_json) {
        printf("%-8s %7u peers  %8.1f KB each\n", "idle", IDLE_COUNT, (double)bytes / 1e3);
    }
}

static bool measure_flows(bench_command *c)
{
    static const size_t sizes[] = {65536, 16384, 1024};
    floe_time duration = (floe_time)c->seconds * FLOE_SECOND;
    for (size_t i = 0; (c->cases & CASE_FLOW) != 0 && i < sizeof sizes / sizeof sizes[0]; i++) {
        bench_flow flow = {.size = sizes[i]};
        if (!bench_case_flow(&c->pair, duration, &flow)) {
            return false;
        }
        tell_flow(c, "flow", &flow);
    }
    bench_flow loose = {.size = 100, .is_loose = true};
    if ((c->cases & CASE_LOOSE) != 0) {
        if (!bench_case_flow(&c->pair, duration, &loose)) {
            return false;
        }
        tell_flow(c, "loose", &loose);
    }
    return true;
}

static bool measure_pair(bench_command *c)
{
    bench_spread spread;
    bool is_well = c->is_inviting ? bench_pair_invite(&c->pair, &c->options)
                                  : bench_pair_fork(&c->pair, &c->options);
    is_well = is_well && measure_flows(c);
    if (is_well && (c->cases & CASE_ECHO) != 0) {
        is_well = bench_case_echo(&c->pair, ECHO_ROUNDS, ECHO_SIZE, &spread);
        if (is_well) {
            tell_spread(c, "echo", &spread);
        }
    }
    if (!is_well) {
        fprintf(stderr, "floe bench: %s\n", c->pair.why);
    }
    bench_pair_close(&c->pair);
    return is_well;
}

static bool measure_alone(bench_command *c)
{
    const char *why = "";
    bench_spread spread;
    size_t bytes;
    bool is_well = true;
    c->options.buffer = 0; /* the default, as most programs have it */
    if ((c->cases & CASE_CONNECT) != 0) {
        is_well = bench_case_connect(&c->options, CONNECT_COUNT, &spread, &why);
        if (is_well) {
            tell_spread(c, "connect", &spread);
        }
    }
    if (is_well && (c->cases & CASE_IDLE) != 0) {
        is_well = bench_case_idle(&c->options, IDLE_COUNT, &bytes, &why);
        if (is_well) {
            tell_idle(c, bytes);
        }
    }
    if (!is_well) {
        fprintf(stderr, "floe bench: %s\n", why);
    }
    return is_well;
}

static int run(bench_command *c)
{
    const char *why = "";
    if (!ice_option_read(&c->servers, c->ice, &why) ||
        floe_dtls_identity_init(&c->identity) != FLOE_OK) {
        fprintf(stderr, "floe bench: cannot start: %s\n", why);
        return 1;
    }
    c->options = (bench_options){.identity = &c->identity,
                                 .servers = c->servers.servers,
                                 .server_count = c->servers.count,
                                 .buffer = (size_t)c->buffer,
                                 .has_spin = c->has_spin,
                                 .spin_us = (uint32_t)c->spin,
                                 .use_loopback = true,
                                 .is_patient = c->is_inviting || c->invitation != NULL};
    if (c->invitation != NULL) {
        return bench_pair_mirror(c->invitation, &c->options);
    }
    unsigned alone = CASE_CONNECT | CASE_IDLE;
    bool is_well = (c->cases & ~alone) == 0 || measure_pair(c);
    is_well = is_well && ((c->cases & alone) == 0 || c->is_inviting || measure_alone(c));
    if (is_well && c->use_json) {
        stun_target_print_json(json_pack("{s:s, s:s, s:O}", "version", FLOE_VERSION, "ends",
                                         c->is_inviting ? "one" : "both", "results", c->results));
    }
    return is_well ? 0 : 1;
}

static bool add_case(bench_command *c, const char *name)
{
    static const char *const names[] = {"flow", "loose", "echo", "connect", "idle"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            c->cases |= 1u << i;
            return true;
        }
    }
    fprintf(stderr, "floe bench: --case %s: flow, loose, echo, connect or idle\n", name);
    return false;
}

static bool take_number(const char *name, uint64_t least, uint64_t most, uint64_t *value)
{
    bool is_well = floe_text_is_decimal(floe_bytes_of(optarg), most, value) && *value >= least;
    if (!is_well) {
        fprintf(stderr, "floe bench: --%s %s: %llu to %llu\n", name, optarg,
                (unsigned long long)least, (unsigned long long)most);
    }
    return is_well;
}

static bool parse_option(int option, bench_command *c)
{
    const char *why;
    switch (option) {
    case 'c':
        return add_case(c, optarg);
    case 's':
        return take_number("seconds", 1, SECONDS_MAX, &c->seconds);
    case 'b':
        return take_number("buffer", BUFFER_MIN, BUFFER_MAX, &c->buffer);
    case 'S':
        c->has_spin = true;
        return take_number("spin", 0, SPIN_MAX, &c->spin);
    case 'I':
        c->is_inviting = true;
        return true;
    case 'j':
        c->use_json = true;
        return true;
    case 'i':
        if (!ice_option_add(c->ice, optarg, &why)) {
            fprintf(stderr, "floe bench: --ice %s: %s\n", optarg, why);
            return false;
        }
        return true;
    default:
        fputs(usage, stderr);
        return false;
    }
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, bench_command *c)
{
    static const struct option names[] = {{"case", required_argument, NULL, 'c'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"buffer", required_argument, NULL, 'b'},
                                          {"ice", required_argument, NULL, 'i'},
                                          {"spin", required_argument, NULL, 'S'},
                                          {"invite", no_argument, NULL, 'I'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "i:jh", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (!parse_option(option, c)) {
            return 3;
        }
    }
    if (argc - optind > 1 || (argc > optind && c->is_inviting)) {
        fprintf(stderr, "floe bench: one invitation, or --invite\n%s", usage);
        return 3;
    }
    c->invitation = argv[optind]; /* NULL where there is none */
    c->cases = c->cases == 0 ? ~0u : c->cases;
    return 0;
}

int cmd_bench(int argc, char **argv)
{
    bench_command *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return 1;
    }
    c->ice = json_array();
    c->results = json_array();
    c->seconds = 2;
    int status = parse_options(argc, argv, c);
    status = status == 0 ? run(c) : status - 1;
    floe_dtls_identity_free(&c->identity);
    json_decref(c->results);
    json_decref(c->ice);
    free(c);
    return status;
}
