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

static const char usage[] =
    "usage: floe serve [--port N] [--bind ADDRESS] [--ice URL[,USER,CREDENTIAL]]... [--origin "
    "URL]...\n"
    "\n"
    "Serves the chat page, and the rooms in which two members exchange offers, answers and\n"
    "candidates. It relays and keeps nothing else; what they say goes from one to the other.\n"
    "\n"
    "  --port N        listen here (8080; 0: any free port, which is printed)\n"
    "  --bind ADDRESS  listen on this address (127.0.0.1). 0.0.0.0 is every IPv4 address: then\n"
    "                  anybody who reaches this machine can use the rooms\n"
    "  --ice URL       a STUN or TURN server for the members; more than one is fine\n"
    "  --origin URL    pages of this origin may connect too (https://example.org)\n";

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
    default:
        return false;
    }
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, serve_options *out, serve *server)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'}, {"bind", required_argument, NULL, 'b'},
        {"ice", required_argument, NULL, 'i'},  {"origin", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
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
    serve server = {0};
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
