/*
 * app/cmd_serve.c - `floe serve`: the page, and the room where two visitors find each other.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/commands.h"
#include "app/ice_option.h"
#include "app/serve.h"
#include "base/text.h"

static const char usage[] =
    "usage: floe serve [--port N] [--bind ADDRESS] [--ice URL[,USER,CREDENTIAL]]... [--origin "
    "URL]...\n"
    "                  [--turn URI]... [--turn-secret-file FILE] [--turn-ttl SECONDS]\n"
    "\n"
    "Serves the chat page, and the rooms in which two members exchange offers, answers and\n"
    "candidates. It relays and keeps nothing else; what they say goes from one to the other.\n"
    "\n"
    "  --port N        listen here (8080; 0: any free port, which is printed)\n"
    "  --bind ADDRESS  listen on this address (127.0.0.1). 0.0.0.0 is every IPv4 address: then\n"
    "                  anybody who reaches this machine can use the rooms\n"
    "  --ice URL       a STUN or TURN server for the members; more than one is fine\n"
    "  --origin URL    pages of this origin may connect too (https://example.org)\n"
    "\n"
    "  --turn URI      a TURN server (turn: or turns:) for which each member gets a user name and\n"
    "                  a password of its own when it comes in, made from a secret that the TURN\n"
    "                  server has too (coturn: use-auth-secret and static-auth-secret). More than\n"
    "                  one is fine\n"
    "  --turn-secret-file FILE\n"
    "                  the secret is the first line of this file\n"
    "  --turn-secret SECRET\n"
    "                  the secret; until floe has read it, everybody on this machine can see\n"
    "                  it in the list of processes, and the shell may keep it: better in a file\n"
    "  --turn-ttl SECONDS\n"
    "                  how long they are good for (86400, a day; at least 60)\n";

/* The globals of the program: what a signal asks for, and whom it wakes. */
static volatile sig_atomic_t stop_wanted;
static struct lws_context *to_stop;

static void want_stop(int signal_number)
{
    (void)signal_number;
    stop_wanted = 1;
    lws_cancel_service(to_stop);
}

typedef struct serve_options {
    int port;
    const char *bind;
} serve_options;

static int parse_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && port >= 0 && port <= 65535 ? (int)port : -1;
}

static bool parse_ttl(serve_turn *turn, const char *text)
{
    uint64_t seconds;
    bool is_ok = floe_text_is_decimal(floe_bytes_of(text), SERVE_TURN_TTL_MAX, &seconds) &&
                 seconds >= SERVE_TURN_TTL_MIN;
    turn->ttl_s = is_ok ? (uint32_t)seconds : 0;
    return is_ok;
}

static bool parse_turn_option(int option, serve_turn *turn)
{
    const char *why = "60 to 31622400 seconds";
    switch (option) {
    case 't':
        if (!serve_turn_add(turn, optarg, &why)) {
            fprintf(stderr, "floe serve: --turn %s: %s\n", optarg, why);
            return false;
        }
        return true;
    case 'S':
        if (!rest_secret_take(&turn->secret, optarg, &why)) {
            fprintf(stderr, "floe serve: --turn-secret: %s\n", why);
            return false;
        }
        return true;
    case 'F':
        if (!rest_secret_read(&turn->secret, optarg, &why)) {
            fprintf(stderr, "floe serve: --turn-secret-file %s: %s\n", optarg, why);
            return false;
        }
        return true;
    default:
        if (!parse_ttl(turn, optarg)) {
            fprintf(stderr, "floe serve: --turn-ttl %s: %s\n", optarg, why);
            return false;
        }
        return true;
    }
}

static bool parse_option(int option, serve_options *out, serve *server)
{
    const char *why;
    switch (option) {
    case 'p':
        out->port = parse_port(optarg);
        if (out->port < 0) {
            fprintf(stderr, "floe serve: --port %s: a port is 0 to 65535\n", optarg);
        }
        return out->port >= 0;
    case 'b':
        out->bind = optarg;
        return true;
    case 'i':
        if (!ice_option_add(server->ice, optarg, &why)) {
            fprintf(stderr, "floe serve: --ice %s: %s\n", optarg, why);
            return false;
        }
        return true;
    case 'o':
        if (server->origin_count == SERVE_ORIGIN_MAX) {
            fprintf(stderr, "floe serve: at most %d --origin\n", SERVE_ORIGIN_MAX);
            return false;
        }
        server->origins[server->origin_count++] = optarg;
        return true;
    case '?':
        return false;
    default:
        return parse_turn_option(option, &server->turn);
    }
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, serve_options *out, serve *server)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"bind", required_argument, NULL, 'b'},
        {"ice", required_argument, NULL, 'i'},
        {"origin", required_argument, NULL, 'o'},
        {"turn", required_argument, NULL, 't'},
        {"turn-secret", required_argument, NULL, 'S'},
        {"turn-secret-file", required_argument, NULL, 'F'},
        {"turn-ttl", required_argument, NULL, 'T'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *why;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "p:b:i:o:h", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (!parse_option(option, out, server)) {
            fputs(option == '?' ? usage : "", stderr);
            return 3;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "floe serve: %s: not an option\n%s", argv[optind], usage);
        return 3;
    }
    if (!serve_turn_check(&server->turn, &why)) {
        fprintf(stderr, "floe serve: %s\n", why);
        return 3;
    }
    return 0;
}

/* One descriptor a connection: the usual limit of 1024 is not ours. */
static void raise_limit(void)
{
    struct rlimit files;
    const rlim_t wanted = SERVE_CLIENT_MAX + 64;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static struct lws_context *open_server(const serve_options *chosen, serve *server)
{
    static const struct lws_protocols protocols[] = {
        {"http", serve_http, 64, 0, 0, NULL, 0},
        {"floe-signal", serve_ws, sizeof(serve_client), 4096, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    /* A client that vanished without a word is noticed by an unanswered ping. */
    static const lws_retry_bo_t liveness = {.secs_since_valid_ping = 20,
                                            .secs_since_valid_hangup = 40};
    struct lws_context_creation_info info = {0};
    info.port = chosen->port;
    info.iface = chosen->bind;
    info.protocols = protocols;
    info.retry_and_idle_policy = &liveness;
    info.user = server;
    info.gid = -1;
    info.uid = -1;
    info.fd_limit_per_thread = SERVE_CLIENT_MAX + 64;
    info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    if (strchr(chosen->bind, ':') == NULL) {
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    }
    raise_limit();
    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
    return lws_create_context(&info);
}

static void print_address(struct lws_context *context, const serve_options *chosen)
{
    int port = lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default"));
    bool is_ipv6 = strchr(chosen->bind, ':') != NULL;
    printf("floe serve: open http://%s%s%s:%d/ in a browser; Ctrl-C ends it\n", is_ipv6 ? "[" : "",
           strcmp(chosen->bind, "127.0.0.1") == 0 ? "localhost" : chosen->bind, is_ipv6 ? "]" : "",
           port);
    fflush(stdout);
}

static int run(const serve_options *chosen, serve *server)
{
    struct lws_context *context = open_server(chosen, server);
    if (context == NULL) {
        fprintf(stderr, "floe serve: cannot listen on %s port %d: is it in use?\n", chosen->bind,
                chosen->port);
        return 1;
    }
    to_stop = context;
    signal(SIGINT, want_stop);
    signal(SIGTERM, want_stop);
    print_address(context, chosen);
    while (!stop_wanted && lws_service(context, 0) >= 0) {
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    lws_context_destroy(context);
    return 0;
}

int cmd_serve(int argc, char **argv)
{
    serve_options chosen = {8080, "127.0.0.1"};
    serve server = {.turn = {.ttl_s = SERVE_TURN_TTL}};
    server.ice = json_array();
    server.rooms.max = SERVE_ROOM_MAX;
    server.rooms.table = calloc(SERVE_ROOM_MAX, sizeof(room));
    int status = server.ice == NULL || server.rooms.table == NULL
                     ? 2
                     : parse_options(argc, argv, &chosen, &server);
    status = status == 0 ? run(&chosen, &server) : status - 1;
    json_decref(server.ice);
    free(server.rooms.table);
    return status;
}
