/* app/cmd_chat.c - `floe chat ROOM`: talk to whoever is in the room of a `floe serve`, from a
 * terminal. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/chat.h"
#include "app/commands.h"
#include "app/ice_option.h"

static const char usage[] =
    "usage: floe chat ROOM [--server URL] [--name NAME] [--echo] [--ice URL[,USER,CREDENTIAL]]...\n"
    "       [--tcp] [--loopback] [--trace FILE]\n"
    "\n"
    "Meets the other member of a room, a browser or another floe chat, and talks peer to peer:\n"
    "each line that is typed goes to the other side, what it says is shown. Ctrl-D leaves.\n"
    "\n"
    "  --server URL  the floe serve to meet at (http://localhost:8080)\n"
    "  --name NAME   what the other side sees ($USER)\n"
    "  --echo        send everything back that comes, and read nothing from the keyboard\n"
    "  --ice URL     a STUN or TURN server, beside those that the server names\n"
    "  --ip-handling MODE  which addresses the other side may learn: all; private, of the default\n"
    "                route only; public, likewise but none of the local network; relay, none\n"
    "  --mdns        hide the addresses of this machine behind names that only its own network "
    "can\n"
    "                resolve, as browsers do\n"
    "  --tcp         listen for TCP too: one side has to where no UDP gets through\n"
    "  --loopback    use loopback addresses too: for two programs on a machine without a network\n"
    "  --trace FILE  write what is decided, and why, for floe trace\n";

static bool parse_option(int option, talk *chat)
{
    const char *why;
    switch (option) {
    case 's':
        chat->url = optarg;
        return true;
    case 'n':
        chat->name = optarg;
        return true;
    case 'e':
        chat->is_echo = true;
        return true;
    case 'l':
        chat->use_loopback = true;
        return true;
    case 'a':
        if (!ice_option_ip_handling(optarg, &chat->ip_handling)) {
            fprintf(stderr, "floe chat: --ip-handling is all, private, public or relay\n");
            return false;
        }
        return true;
    case 't':
        chat->trace_path = optarg;
        return true;
    case 'm':
        chat->is_hiding = true;
        return true;
    case 'c':
        chat->is_listening = true;
        return true;
    case 'i':
        if (!ice_option_add(chat->ice, optarg, &why)) {
            fprintf(stderr, "floe chat: --ice %s: %s\n", optarg, why);
            return false;
        }
        return true;
    default:
        return false;
    }
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, talk *chat)
{
    static const struct option names[] = {
        {"server", required_argument, NULL, 's'},
        {"name", required_argument, NULL, 'n'},
        {"ice", required_argument, NULL, 'i'},
        {"ip-handling", required_argument, NULL, 'a'},
        {"echo", no_argument, NULL, 'e'},
        {"loopback", no_argument, NULL, 'l'},
        {"trace", required_argument, NULL, 't'},
        {"mdns", no_argument, NULL, 'm'},
        {"tcp", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "s:n:i:elmt:h", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (!parse_option(option, chat)) {
            fputs(option == '?' ? usage : "", stderr);
            return 3;
        }
    }
    if (optind != argc - 1) {
        fprintf(stderr, "floe chat: name one room\n%s", usage);
        return 3;
    }
    chat->room = argv[optind];
    return 0;
}

static void on_signal(floe_watch *watch, int events)
{
    talk *chat = watch->ctx;
    (void)events;
    chat->is_over = true;
}

/* All that was typed has been received by the other side. */
static bool is_everything_sent(const talk *chat)
{
    floe_dc_info info;
    return chat->is_input_over && chat->line_len == 0 && chat->io != NULL &&
           floe_peer_get_channel(floe_io_peer_get(chat->io), chat->channel, &info) == FLOE_OK &&
           info.buffered == 0;
}

static void run(talk *chat)
{
    while (!chat->is_over) {
        floe_loop_wait(chat->loop, -1);
        chat_drive(chat);
        chat->is_over |= is_everything_sent(chat);
    }
    bool was_trying = chat->io != NULL && !chat->is_open;
    chat_end_peer(chat);
    if (was_trying) {
        chat_say_verdict(chat);
    }
    ws_client_close(chat->ws);
}

static bool open_all(talk *chat, floe_watch *signals)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *signals = (floe_watch){.fd = signalfd(-1, &set, SFD_CLOEXEC), .ready = on_signal, .ctx = chat};
    if (floe_loop_open(&chat->loop) != FLOE_OK ||
        floe_loop_add(chat->loop, signals, FLOE_LOOP_READ) != FLOE_OK ||
        floe_dtls_identity_init(&chat->identity) != FLOE_OK) {
        fprintf(stderr, "floe chat: no memory or no file descriptors\n");
        return false;
    }
    return trace_log_open(&chat->trace, chat->trace_path, "floe chat") && chat_open_server(chat);
}

int cmd_chat(int argc, char **argv)
{
    talk *chat = calloc(1, sizeof *chat);
    floe_watch signals = {.fd = -1};
    if (chat == NULL) {
        return 1;
    }
    const char *user = getenv("USER");
    chat->name = user != NULL && user[0] != '\0' ? user : "somebody";
    chat->url = "http://localhost:8080";
    chat->ice = json_array();
    int status = parse_options(argc, argv, chat);
    if (status == 0) {
        if (open_all(chat, &signals)) {
            run(chat);
            status = chat->status;
        } else {
            status = 1;
        }
        trace_log_close(&chat->trace);
        floe_dtls_identity_free(&chat->identity);
        if (chat->loop != NULL) {
            floe_loop_remove(chat->loop, &signals);
            floe_loop_close(chat->loop);
        }
        close(signals.fd);
    } else {
        status--;
    }
    json_decref(chat->ice);
    free(chat);
    return status;
}
