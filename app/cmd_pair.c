/*
 * app/cmd_pair.c - `floe pair`: two terminals that talk, brought together by two texts that people
 * carry: an invitation and the answer to it (peer/peer_blob.h). No server has a part in it.
 */
#include <errno.h>
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
#include "peer/peer_blob.h"

static const char usage[] =
    "usage: floe pair [INVITATION] [--ice URL[,USER,CREDENTIAL]]... [--loopback]\n"
    "       [--trace FILE]\n"
    "\n"
    "Talks to another terminal without any server between, by copy and paste of two short texts:\n"
    "\n"
    "  1. floe pair             prints an invitation: give it to the other side\n"
    "  2. floe pair INVITATION  there, prints an answer: give it back\n"
    "  3. paste the answer into the first one\n"
    "\n"
    "Then each line that is typed goes to the other side, and Ctrl-D leaves. Whoever else reads "
    "the\n"
    "two texts could take a side's place: send them as you would send a password. They hold for "
    "as\n"
    "long as both programs run; there are ten minutes for the way back.\n"
    "\n"
    "  --ice URL   a STUN or TURN server. Between two networks at least one side needs a STUN\n"
    "              server, and both behind strict NATs a TURN server\n"
    "  --loopback  use loopback addresses too: for two programs on a machine without a network\n"
    "  --trace F   write what is decided, and why, for floe trace\n";

/* The answer takes as long as people do. Meanwhile the one who gave it goes on knocking, so that
 * its NAT lets the other in: seven times, after 0, 2, 6, 14, ... seconds. */
#define PATIENCE_US (600 * FLOE_SECOND)
#define KNOCK_US    (2 * FLOE_SECOND)

typedef struct pairing {
    talk chat;
    char *invitation; /* NULL: we invite */
    bool is_told;     /* our text was printed */
    floe_watch paste; /* stdin, while the answer is awaited */
    bool is_pasting;
} pairing;

static void give_up(pairing *p)
{
    p->chat.is_over = true;
    p->chat.status = 1;
}

static bool take_blob(pairing *p, const char *text, size_t text_len, floe_peer_sdp_type expected)
{
    static uint8_t sdp[FLOE_PEER_BLOB_SDP_MAX];
    const char *why = "";
    size_t len;
    floe_peer_sdp_type type;
    floe_sdp_fault fault = {0, 0, ""};
    floe_bytes blob = {(const uint8_t *)text, text_len};
    const char *what = expected == FLOE_PEER_OFFER ? "invitation" : "answer";
    if (floe_peer_blob_to_sdp(blob, &type, sdp, sizeof sdp, &len, &why) != FLOE_OK) {
        chat_say(&p->chat, "this %s is not usable: %s", what, why);
        return false;
    }
    if (type != expected) {
        chat_say(&p->chat, "this is an %s, not an %s",
                 type == FLOE_PEER_OFFER ? "invitation" : "answer", what);
        return false;
    }
    floe_err err =
        floe_peer_set_remote(floe_io_peer_get(p->chat.io), type, (floe_bytes){sdp, len}, &fault);
    if (err != FLOE_OK) {
        chat_say(&p->chat, "this %s is not usable: %s", what, fault.rule);
    }
    return err == FLOE_OK;
}

static void end_paste(pairing *p)
{
    if (p->is_pasting) {
        floe_loop_remove(p->chat.loop, &p->paste);
        p->is_pasting = false;
    }
}

/* The first line that is not empty is the answer; what follows is to be said. True: it was taken.
 */
static bool take_lines(pairing *p)
{
    talk *chat = &p->chat;
    char *end;
    while ((end = memchr(chat->line, '\n', chat->line_len)) != NULL) {
        size_t len = (size_t)(end - chat->line);
        bool is_blank = strspn(chat->line, " \t\r\n") >= len;
        bool is_taken = !is_blank && take_blob(p, chat->line, len, FLOE_PEER_ANSWER);
        chat->line_len -= len + 1;
        memmove(chat->line, end + 1, chat->line_len);
        if (is_taken) {
            return true;
        }
        if (!is_blank) {
            chat_say(chat, "paste the answer once more:");
        }
    }
    return false;
}

/* False: nothing more is to be read for the answer. */
static bool read_paste(pairing *p)
{
    talk *chat = &p->chat;
    bool is_over = false;
    size_t room = sizeof chat->line - 2 - chat->line_len;
    ssize_t len = read(STDIN_FILENO, chat->line + chat->line_len, room);
    if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    if (len <= 0) {
        chat->line[chat->line_len] = '\n'; /* a last line without its end */
        len = 1;
        is_over = true;
    }
    chat->line_len += (size_t)len;
    chat->line[chat->line_len] = '\0';
    if (take_lines(p)) {
        chat_say(chat, "connecting");
        return false;
    }
    if (is_over) {
        chat_say(chat, "no answer was pasted");
        give_up(p);
        return false;
    }
    if (chat->line_len == sizeof chat->line - 2) {
        chat->line_len = 0; /* a line without end is no answer */
    }
    return true;
}

static void on_paste(floe_watch *watch, int events)
{
    pairing *p = watch->ctx;
    (void)events;
    if (!read_paste(p)) {
        end_paste(p);
    }
}

static void await_answer(pairing *p)
{
    p->paste = (floe_watch){.fd = STDIN_FILENO, .ready = on_paste, .ctx = p};
    p->is_pasting = floe_loop_add(p->chat.loop, &p->paste, FLOE_LOOP_READ) == FLOE_OK;
    /* epoll does not watch plain files, which never block. */
    while (!p->is_pasting && read_paste(p)) {
    }
}

/* All our candidates are known: print the text for the other side. */
static void tell_blob(pairing *p)
{
    static uint8_t memory[FLOE_PEER_BLOB_SDP_MAX];
    static char blob[4 * FLOE_PEER_BLOB_MAX];
    const char *why = "";
    talk *chat = &p->chat;
    p->is_told = true;
    if (floe_peer_blob_get_local(floe_io_peer_get(chat->io), memory, blob, sizeof blob, &why) !=
        FLOE_OK) {
        chat_say(chat, "cannot describe this side: %s", why);
        give_up(p);
        return;
    }
    chat_say(chat, p->invitation == NULL ? "give this to the other side, for floe pair:"
                                         : "give this back to the other side:");
    printf("\n%s\n\n", blob);
    chat_say(chat, p->invitation == NULL ? "and paste its answer here:" : "waiting for it");
    if (p->invitation == NULL) {
        await_answer(p);
    }
}

static bool open_peer(pairing *p)
{
    ice_option_list ice;
    const char *why = "";
    talk *chat = &p->chat;
    if (!ice_option_read(&ice, chat->ice, &why)) {
        fprintf(stderr, "floe pair: --ice: %s\n", why);
        return false;
    }
    floe_io_config config = {.servers = ice.servers, .server_count = ice.count};
    config.use_loopback = chat->use_loopback;
    config.trace = trace_log_sink(&chat->trace);
    trace_log_begin(&chat->trace, "", chat->ice);
    config.ice.patience_us = PATIENCE_US;
    config.ice.rto_us = p->invitation != NULL ? KNOCK_US : 0;
    floe_err err = floe_io_peer_open(&chat->io, chat->loop, &config, &why);
    if (err != FLOE_OK) {
        fprintf(stderr, "floe pair: cannot start: %s %s\n", floe_err_name(err), why);
    }
    return err == FLOE_OK;
}

/* Invite, or take the invitation. */
static bool begin(pairing *p)
{
    floe_dc_options options = {.label = FLOE_LIT("chat")};
    talk *chat = &p->chat;
    floe_peer *peer = floe_io_peer_get(chat->io);
    chat->is_offerer = p->invitation == NULL;
    if (chat->is_offerer) {
        return floe_peer_open_channel(peer, &options, &chat->channel) == FLOE_OK &&
               floe_peer_set_local(peer, FLOE_PEER_OFFER) == FLOE_OK;
    }
    size_t len = strlen(p->invitation);
    bool is_taken = take_blob(p, p->invitation, len, FLOE_PEER_OFFER);
    memset(p->invitation, '*', len); /* a list of processes shows the password in it no longer */
    return is_taken && floe_peer_set_local(peer, FLOE_PEER_ANSWER) == FLOE_OK;
}

/* All that was typed has been received by the other side. */
static bool is_everything_sent(const talk *chat)
{
    floe_dc_info info;
    return chat->is_input_over && chat->line_len == 0 && chat->io != NULL &&
           floe_peer_get_channel(floe_io_peer_get(chat->io), chat->channel, &info) == FLOE_OK &&
           info.buffered == 0;
}

static void run(pairing *p)
{
    talk *chat = &p->chat;
    while (!chat->is_over) {
        floe_loop_wait(chat->loop, -1);
        chat_drive(chat);
        if (!p->is_told && chat->io != NULL &&
            floe_peer_get_gathering(floe_io_peer_get(chat->io)) == FLOE_ICE_GATHERING_COMPLETE) {
            tell_blob(p);
        }
        chat->is_over |= is_everything_sent(chat);
    }
    end_paste(p);
    bool was_trying = chat->io != NULL && !chat->is_open && !p->is_pasting;
    chat_end_peer(chat);
    if (was_trying) {
        chat_say_verdict(chat);
    }
}

static void on_signal(floe_watch *watch, int events)
{
    talk *chat = watch->ctx;
    (void)events;
    chat->is_over = true;
}

static int run_all(pairing *p)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    talk *chat = &p->chat;
    floe_watch signals = {.fd = signalfd(-1, &set, SFD_CLOEXEC), .ready = on_signal, .ctx = chat};
    if (!trace_log_open(&chat->trace, chat->trace_path, "floe pair")) {
        return 1;
    }
    if (floe_loop_open(&chat->loop) != FLOE_OK) {
        fputs("floe pair: no memory or no file descriptors\n", stderr);
        return 1;
    }
    bool is_begun =
        floe_loop_add(chat->loop, &signals, FLOE_LOOP_READ) == FLOE_OK && open_peer(p) && begin(p);
    if (is_begun) {
        run(p);
    }
    chat_end_peer(chat);
    trace_log_close(&chat->trace);
    floe_loop_remove(chat->loop, &signals);
    floe_loop_close(chat->loop);
    close(signals.fd);
    return is_begun ? chat->status : 1;
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, pairing *p)
{
    static const struct option names[] = {
        {"ice", required_argument, NULL, 'i'},
        {"loopback", no_argument, NULL, 'l'},
        {"trace", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *why;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "i:lt:h", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (option == 'i' && !ice_option_add(p->chat.ice, optarg, &why)) {
            fprintf(stderr, "floe pair: --ice %s: %s\n", optarg, why);
            return 3;
        }
        if (option == '?') {
            fputs(usage, stderr);
            return 3;
        }
        p->chat.use_loopback |= option == 'l';
        p->chat.trace_path = option == 't' ? optarg : p->chat.trace_path;
    }
    if (argc - optind > 1) {
        fprintf(stderr, "floe pair: one invitation at most\n%s", usage);
        return 3;
    }
    p->invitation = argv[optind]; /* NULL where there is none */
    return 0;
}

int cmd_pair(int argc, char **argv)
{
    pairing *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return 1;
    }
    p->chat.ice = json_array();
    p->chat.is_server_gone = true; /* nobody else is going to come */
    snprintf(p->chat.other, sizeof p->chat.other, "them");
    int status = parse_options(argc, argv, p);
    status = status == 0 ? run_all(p) : status - 1;
    json_decref(p->chat.ice);
    free(p);
    return status;
}
