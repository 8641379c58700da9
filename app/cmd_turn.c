/* app/cmd_turn.c - `floe turn`: is this TURN server set up right? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/commands.h"
#include "app/rest_login.h"
#include "app/stun_target.h"
#include "app/turn_probe.h"
#include "base/addr.h"
#include "base/text.h"

static const char usage[] =
    "usage: floe turn [--user U --password P | --secret S [--user NAME]] [--ca FILE] [--insecure]\n"
    "                 [--seconds N] [--json] URI\n"
    "\n"
    "Uses a TURN server as its clients do, and says of each step whether it works, how long it\n"
    "takes, and what to do where it does not: finds the name, connects, allocates a relay "
    "address,\n"
    "sends through it to itself and from outside, measures, refreshes, gives it back. Each "
    "address\n"
    "of the name is tried. URI is what a browser gets: turn:HOST, turn:HOST:PORT?transport=tcp,\n"
    "turns:HOST (TLS), turns:HOST?transport=udp (DTLS).\n"
    "\n"
    "  --user U --password P  the login\n"
    "  --secret S             make an ephemeral login with the secret of the server (coturn:\n"
    "                         static-auth-secret), good for five minutes; --user is in its name\n"
    "  --secret-file FILE     likewise; the secret is the first line of the file\n"
    "  --ca FILE              trust these authorities (PEM), not those of the system\n"
    "  --insecure             take any certificate\n"
    "  --seconds N            measure so long (3; 1 to 60)\n"
    "  --json                 the result as one JSON object\n"
    "\n"
    "Until floe has read them, everybody on this machine can see password and secret in the list "
    "of\n"
    "processes, and the shell may keep them; a file is better.\n"
    "\n"
    "Exit status 0: it relays; 1: it does not; 2: the command line is wrong.\n";

#define LOGIN_LIFETIME 300u
#define SECONDS_MAX    60u
#define TEXT_MAX       512u

typedef struct turn_command {
    floe_loop *loop;
    const char *uri_text;
    floe_stun_uri uri;
    stun_target target;
    rest_secret secret;
    char user[TEXT_MAX], password[TEXT_MAX];
    rest_login made;
    unsigned seconds;
    bool use_json;
    const char *ca_file;
    bool is_insecure;
    json_t *results;
    turn_report report;
    turn_probe probe;
} turn_command;

static void set_login(turn_command *c)
{
    turn_probe *p = &c->probe;
    p->login.now = (uint64_t)time(NULL);
    if (c->secret.len > 0) {
        (void)rest_login_make(&c->made, &c->secret, c->user, p->login.now + LOGIN_LIFETIME);
        p->config.username = floe_bytes_of(c->made.username);
        p->config.password = floe_bytes_of(c->made.password);
        p->login.is_made = true;
    } else {
        p->config.username = floe_bytes_of(c->user);
        p->config.password = floe_bytes_of(c->password);
    }
    p->login.has_user = p->config.username.len > 0;
    p->login.expiry = turn_words_expiry(c->user);
}

static bool try_address(turn_command *c, const floe_addr *addr)
{
    char text[FLOE_ADDR_TEXT_MAX], title[TEXT_MAX];
    turn_probe *p = &c->probe;
    memset(p, 0, sizeof *p);
    p->config.link = (floe_server_link_config){.server = *addr,
                                               .transport = c->uri.transport,
                                               .host = floe_bytes_of(c->target.host),
                                               .ca_file = c->ca_file,
                                               .is_unverified = c->is_insecure};
    p->loop = c->loop;
    p->report = &c->report;
    p->duration = c->seconds * FLOE_SECOND;
    set_login(c);
    floe_addr_text(addr, text);
    const char *transport = turn_words_transport((floe_transport)c->uri.transport);
    snprintf(title, sizeof title, "%s over %s", text, transport);
    turn_report_title(&c->report, title);
    if (c->use_json) {
        c->report.steps = json_array();
    }
    bool is_relaying = turn_probe_run(p);
    if (c->use_json) {
        json_array_append_new(c->results,
                              json_pack("{s:s, s:s, s:b, s:s?, s:o}", "server", text, "transport",
                                        transport, "relays", is_relaying, "reason",
                                        is_relaying ? NULL : p->reason, "steps", c->report.steps));
    } else {
        puts(is_relaying ? "  It relays." : "  It does not relay.");
    }
    return is_relaying;
}

static bool resolve(turn_command *c)
{
    const char *why;
    char text[STUN_TARGET_ADDRS * FLOE_ADDR_TEXT_MAX] = "", addr[FLOE_ADDR_TEXT_MAX];
    floe_loop_wait(c->loop, 0);
    floe_time start = floe_loop_now(c->loop);
    if (!stun_target_resolve(&c->target, c->loop, &why)) {
        (void)stun_target_fail(&c->target, "turn", c->use_json, why);
        return false;
    }
    floe_addr literal;
    if (c->use_json || floe_addr_parse(&literal, floe_bytes_of(c->target.host), 0) == FLOE_OK) {
        return true;
    }
    for (size_t i = 0; i < c->target.count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " and " : "",
                 floe_addr_ip_text(&c->target.addrs[i], addr));
    }
    turn_report_title(&c->report, c->target.host);
    turn_report_step(&c->report, TURN_OK, "name", floe_loop_now(c->loop) - start, NULL, "is %s",
                     text);
    return true;
}

static int run(turn_command *c)
{
    bool is_relaying = false;
    c->report.out = c->use_json ? NULL : stdout;
    c->results = json_array();
    if (!resolve(c)) {
        json_decref(c->results);
        return 1;
    }
    for (size_t i = 0; i < c->target.count; i++) {
        is_relaying = try_address(c, &c->target.addrs[i]) || is_relaying;
    }
    if (c->use_json) {
        stun_target_print_json(json_pack("{s:s, s:s, s:b, s:O}", "uri", c->uri_text, "host",
                                         c->target.host, "relays", is_relaying, "results",
                                         c->results));
    }
    json_decref(c->results);
    return is_relaying ? 0 : 1;
}

static bool take_text(char out[TEXT_MAX], char *argument, const char *name)
{
    size_t len = strlen(argument);
    if (len >= TEXT_MAX) {
        fprintf(stderr, "floe turn: --%s: longer than a server takes\n", name);
        return false;
    }
    memcpy(out, argument, len + 1);
    return true;
}

static bool parse_option(int option, turn_command *c)
{
    const char *why = "1 to 60 seconds";
    uint64_t seconds = 0;
    switch (option) {
    case 'u':
        return take_text(c->user, optarg, "user");
    case 'p':
        if (!take_text(c->password, optarg, "password")) {
            return false;
        }
        memset(optarg, '*', strlen(optarg)); /* no longer in a list of processes */
        return true;
    case 's':
    case 'f':
        if (option == 's' ? !rest_secret_take(&c->secret, optarg, &why)
                          : !rest_secret_read(&c->secret, optarg, &why)) {
            fprintf(stderr, "floe turn: --secret%s: %s\n", option == 's' ? "" : "-file", why);
            return false;
        }
        return true;
    case 'c':
        c->ca_file = optarg;
        return true;
    case 'i':
        c->is_insecure = true;
        return true;
    case 'j':
        c->use_json = true;
        return true;
    case 'n':
        if (!floe_text_is_decimal(floe_bytes_of(optarg), SECONDS_MAX, &seconds) || seconds == 0) {
            fprintf(stderr, "floe turn: --seconds %s: %s\n", optarg, why);
            return false;
        }
        c->seconds = (unsigned)seconds;
        return true;
    default:
        fputs(usage, stderr);
        return false;
    }
}

static bool fail_usage(const char *why)
{
    fprintf(stderr, "floe turn: %s\n", why);
    return false;
}

static bool check_options(const turn_command *c)
{
    bool has_user = c->user[0] != '\0', has_password = c->password[0] != '\0';
    if (c->secret.len > 0 && has_password) {
        return fail_usage("--secret makes the password; give one of the two");
    }
    if (c->secret.len > 0 && strlen(c->user) > REST_USER_MAX) {
        return fail_usage("with --secret, --user has at most 64 bytes");
    }
    if (c->secret.len == 0 && has_user != has_password) {
        return fail_usage("--user and --password go together");
    }
    return true;
}

static bool parse_uri(turn_command *c, const char *text)
{
    const char *why;
    c->uri_text = text;
    if (floe_stun_uri_parse(&c->uri, floe_bytes_of(text), &why) == FLOE_OK && c->uri.is_turn) {
        memcpy(c->target.host, c->uri.host.ptr, c->uri.host.len);
        c->target.port = c->uri.port;
        return true;
    }
    if (c->uri.host.len > 0) {
        why = "that is a STUN server; \"floe stun\" asks it";
    }
    fprintf(stderr,
            "floe turn: %s: %s\n  write turn:HOST, turn:HOST:PORT?transport=tcp, turns:HOST or "
            "turns:HOST?transport=udp\n",
            text, why);
    return false;
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, turn_command *c)
{
    static const struct option names[] = {
        {"user", required_argument, NULL, 'u'},    {"password", required_argument, NULL, 'p'},
        {"secret", required_argument, NULL, 's'},  {"secret-file", required_argument, NULL, 'f'},
        {"ca", required_argument, NULL, 'c'},      {"insecure", no_argument, NULL, 'i'},
        {"seconds", required_argument, NULL, 'n'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "u:p:jh", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (!parse_option(option, c)) {
            return 3;
        }
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "floe turn: name one URI\n%s", usage);
        return 3;
    }
    return check_options(c) && parse_uri(c, argv[optind]) ? 0 : 3;
}

int cmd_turn(int argc, char **argv)
{
    turn_command *c = calloc(1, sizeof *c);
    if (c == NULL || floe_loop_open(&c->loop) != FLOE_OK) {
        fputs("floe turn: no memory or no file descriptors\n", stderr);
        free(c);
        return 1;
    }
    c->seconds = 3;
    int status = parse_options(argc, argv, c);
    status = status == 0 ? run(c) : status - 1;
    floe_loop_close(c->loop);
    free(c);
    return status;
}
