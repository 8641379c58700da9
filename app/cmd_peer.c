/*
 * app/cmd_peer.c - `floe peer`: a peer driven by JSON lines, for scripts and tests in any language.
 *
 * The lines are described in app/README.md. One loop: what the peer has to tell is told, what it
 * received is read as long as the reader of our output keeps up, then commands are taken.
 */
#include "app/cmd_peer_internal.h"
#include "app/commands.h"
#include "app/json_report.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TEXT_SHOWN       1000u                /* longer messages are told by length and hash */
#define OUT_SOFT         ((size_t)256 * 1024) /* bytes that wait for the reader: take nothing in */
#define OUT_HARD         ((size_t)4 * 1024 * 1024) /* and here tell nothing more */
#define QUEUE_SOFT       ((size_t)4 * 1024 * 1024) /* bytes that wait for the peer: likewise */
#define COMMANDS_A_ROUND 64

/* May something be taken in that makes more to tell or to send? */
static bool is_room(const session *s)
{
    return json_out_get_waiting(&s->out) < OUT_SOFT && s->queue.bytes < QUEUE_SOFT;
}

/* Tell our description, if one is owed and as complete as it is to be. */
static void tell_local(session *s)
{
    static uint8_t sdp[FLOE_SDP_SIZE_MAX];
    floe_peer_sdp_type type;
    size_t len;
    bool is_complete = floe_peer_get_gathering(s->peer) == FLOE_ICE_GATHERING_COMPLETE;
    if (!s->is_local_owed || (!s->is_trickle && !is_complete)) {
        return;
    }
    s->is_local_owed = false;
    floe_err err = floe_peer_get_local(s->peer, &type, sdp, sizeof sdp, &len);
    if (err != FLOE_OK) {
        session_error(s, "local", floe_err_name(err));
        return;
    }
    json_t *event = json_report_event("local");
    json_object_set_new(event, "type", json_string(floe_peer_sdp_type_name(type)));
    json_object_set_new(event, "sdp", json_report_text((floe_bytes){sdp, len}));
    json_out_put(&s->out, event);
}

static void tell_candidate(session *s, floe_bytes candidate)
{
    json_t *event = json_report_event("candidate");
    json_object_set_new(event, "candidate", json_report_text(candidate));
    json_object_set_new(event, "mid", json_report_text(floe_peer_get_mid(s->peer)));
    json_out_put(&s->out, event);
}

/* Why it failed, or who closed it, and what helps. */
static void tell_verdict(const session *s, json_t *event)
{
    char text[FLOE_VERDICT_TEXT_MAX];
    floe_verdict verdict = trace_log_verdict(&s->trace);
    if (verdict.code != FLOE_VERDICT_UNKNOWN) {
        json_object_set_new(event, "verdict", json_string(floe_verdict_text(&verdict, text)));
        json_object_set_new(event, "verdict_code",
                            json_string(floe_verdict_code_name(verdict.code)));
    }
}

static void tell_state(session *s, floe_ice_state ice, floe_peer_state pc)
{
    const char *reason;
    if (s->told_ice == ice && s->told_pc == pc) {
        return;
    }
    s->told_ice = ice;
    s->told_pc = pc;
    json_t *event = json_report_event("state");
    json_object_set_new(event, "ice", json_string(floe_ice_state_name(ice)));
    json_object_set_new(event, "pc", json_string(floe_peer_state_name(pc)));
    if (floe_peer_get_reason(s->peer, &reason) != FLOE_PEER_FAULT_NONE) {
        json_object_set_new(event, "reason", json_string(reason));
        tell_verdict(s, event);
    }
    json_out_put(&s->out, event);
}

static void tell_channel(session *s, const char *what, floe_dc_id id)
{
    floe_dc_info info;
    if (floe_peer_get_channel(s->peer, id, &info) == FLOE_OK) {
        json_t *event = json_report_event(what);
        json_report_channel(event, &info, false);
        json_out_put(&s->out, event);
    }
}

static void tell_fate(session *s, const floe_dc_fate *fate)
{
    static const char *const outcomes[] = {[FLOE_SCTP_OUTCOME_ACKED] = "acked",
                                           [FLOE_SCTP_OUTCOME_ABANDONED] = "abandoned",
                                           [FLOE_SCTP_OUTCOME_UNKNOWN] = "unknown"};
    json_t *event = json_report_event("fate");
    json_object_set_new(event, "fate", json_integer(fate->cookie));
    json_object_set_new(event, "outcome", json_string(outcomes[fate->outcome]));
    json_object_set_new(event, "sent", json_boolean(fate->sent_at != FLOE_TIME_NEVER));
    if (fate->sent_at != FLOE_TIME_NEVER) {
        floe_time age = floe_loop_now(s->loop) - fate->sent_at;
        json_object_set_new(event, "ms", json_integer((json_int_t)(age / FLOE_MS)));
    }
    json_out_put(&s->out, event);
}

static void on_event(session *s, const floe_peer_event *event)
{
    char candidate[FLOE_PEER_CANDIDATE_MAX];
    switch (event->type) {
    case FLOE_PEER_EV_ICE:
    case FLOE_PEER_EV_STATE:
        tell_state(s, event->ice, event->state);
        return;
    case FLOE_PEER_EV_CANDIDATE:
        if (s->is_trickle) {
            floe_peer_put_candidate(s->peer, &event->cand, candidate);
            tell_candidate(s, floe_bytes_of(candidate));
        }
        return;
    case FLOE_PEER_EV_GATHERING:
        if (s->is_trickle && event->gathering == FLOE_ICE_GATHERING_COMPLETE) {
            tell_candidate(s, (floe_bytes){NULL, 0});
        }
        return;
    case FLOE_PEER_EV_PAIR:
        json_out_put(&s->out, json_report_pair(s->peer));
        return;
    case FLOE_PEER_EV_CHANNEL:
        s->first = s->first == FLOE_DC_NONE ? event->channel : s->first;
        return;
    case FLOE_PEER_EV_CHANNEL_OPEN:
        tell_channel(s, "open", event->channel);
        return;
    case FLOE_PEER_EV_CHANNEL_CLOSED:
        tell_channel(s, "closed", event->channel);
        s->first = s->first == event->channel ? FLOE_DC_NONE : s->first;
        return;
    case FLOE_PEER_EV_BUFFERED_LOW:
        if (s->tells_low) {
            tell_channel(s, "low", event->channel);
        }
        return;
    case FLOE_PEER_EV_FATE:
        tell_fate(s, &event->fate);
        return;
    case FLOE_PEER_EV_SIGNALING:
    case FLOE_PEER_EV_NEGOTIATION:
    case FLOE_PEER_EV_RESOLVE:
    case FLOE_PEER_EV_CONNECT:
    case FLOE_PEER_EV_DISCONNECT:
    case FLOE_PEER_EV_CHANNEL_CLOSING:
    case FLOE_PEER_EV_MESSAGE:  /* each round looks for messages */
    case FLOE_PEER_EV_WRITABLE: /* each round tries to send */
        return;
    }
}

static void tell_message(session *s, const floe_dc_message *message, floe_bytes bytes)
{
    floe_dc_info info;
    json_t *event = json_report_event("msg");
    if (floe_peer_get_channel(s->peer, message->channel, &info) == FLOE_OK) {
        json_object_set_new(event, "label", json_report_text(info.options.label));
        json_object_set_new(event, "id", json_integer(info.stream));
    }
    if (message->is_text && bytes.len <= TEXT_SHOWN) {
        json_object_set_new(event, "text", json_report_text(bytes));
    } else {
        json_object_set_new(event, message->is_text ? "length" : "binary",
                            json_integer((json_int_t)bytes.len));
        json_object_set_new(event, "sha256", json_report_sha256(bytes));
    }
    if (message->offset > 0 || message->has_more || message->is_cut) {
        json_object_set_new(event, "offset", json_integer((json_int_t)message->offset));
        json_object_set_new(event, "more", json_boolean(message->has_more));
        json_object_set_new(event, "cut", json_boolean(message->is_cut));
    }
    json_out_put(&s->out, event);
}

/* A text that begins with "ping" gets "pong" and its rest; with echo, all else comes back as it is.
 * `bytes` may be changed. */
static void answer(session *s, const floe_dc_message *message, floe_span bytes)
{
    bool is_ping = message->is_text && bytes.len >= 4 && memcmp(bytes.ptr, "ping", 4) == 0;
    if (!is_ping && !s->is_echo) {
        return;
    }
    if (is_ping) {
        bytes.ptr[1] = 'o';
    }
    floe_err err = send_queue_add(&s->queue, message->channel,
                                  &(floe_dc_send_options){.is_text = message->is_text},
                                  (floe_bytes){bytes.ptr, bytes.len}, 1);
    if (err != FLOE_OK) {
        session_error(s, "echo", floe_err_name(err));
    }
}

/* Room for a message, and a byte, so that the empty message has an address. */
static bool make_room(session *s, size_t len)
{
    if (len < s->message_cap) {
        return true;
    }
    uint8_t *memory = realloc(s->message, len + 1);
    if (memory != NULL) {
        s->message = memory;
        s->message_cap = len + 1;
    }
    return memory != NULL;
}

static void take_messages(session *s)
{
    floe_dc_message message;
    while (s->reads > 0 && is_room(s) && floe_peer_peek(s->peer, &message)) {
        if (make_room(s, message.len)) {
            (void)floe_peer_copy(s->peer, s->message, s->message_cap);
            tell_message(s, &message, (floe_bytes){s->message, message.len});
            answer(s, &message, (floe_span){s->message, message.len});
        } else {
            session_error(s, "message", "no memory");
        }
        floe_peer_release(s->peer);
        s->reads -= s->reads != UINT64_MAX;
    }
}

static void send_queued(session *s)
{
    floe_err err;
    do {
        err = send_queue_pump(&s->queue, s->peer);
        if (err != FLOE_OK && err != FLOE_E_AGAIN) {
            session_error(s, "send", floe_err_name(err));
        }
    } while (err != FLOE_OK && err != FLOE_E_AGAIN);
}

static void drain_peer(session *s)
{
    floe_peer_event event;
    tell_local(s); /* before the candidates that trickle */
    while (json_out_get_waiting(&s->out) < OUT_HARD && floe_io_peer_poll_event(s->io, &event)) {
        on_event(s, &event);
    }
    tell_local(s); /* a name that can not be found ends gathering in there */
    take_messages(s);
    send_queued(s);
}

/* Take some commands. True: there are more. */
static bool take_commands(session *s)
{
    floe_bytes line;
    for (int i = 0; i < COMMANDS_A_ROUND && is_room(s) && !s->is_quitting; i++) {
        switch (json_in_next(&s->in, &line)) {
        case JSON_IN_LINE:
            session_command(s, line);
            break;
        case JSON_IN_TOO_LONG:
            session_error(s, "line", "over 16 MiB");
            break;
        case JSON_IN_NONE:
            return false;
        case JSON_IN_END:
            session_quit(s);
            break;
        }
    }
    return is_room(s) && !s->is_quitting;
}

/* Has everything that was sent arrived? */
static bool is_sent(const session *s)
{
    size_t cursor = 0;
    floe_dc_id id;
    floe_dc_info info;
    if (s->queue.first != NULL) {
        return false;
    }
    while (floe_peer_next_channel(s->peer, &cursor, &id)) {
        if (floe_peer_get_channel(s->peer, id, &info) == FLOE_OK && info.buffered > 0) {
            return false;
        }
    }
    return true;
}

/* Quitting waits until what was sent has arrived and what was told is read, but not for long. */
static bool is_over(const session *s)
{
    if (!s->is_quitting) {
        return json_out_is_dead(&s->out);
    }
    bool is_idle =
        s->io == NULL || floe_peer_get_state(s->peer) != FLOE_PEER_CONNECTED || is_sent(s);
    return (is_idle && json_out_get_waiting(&s->out) == 0) || json_out_is_dead(&s->out) ||
           floe_loop_now(s->loop) >= s->quit_by;
}

static int sleep_ms(const session *s, bool has_more)
{
    if (has_more) {
        return 0;
    }
    return s->is_quitting ? (int)((s->quit_by - floe_loop_now(s->loop)) / FLOE_MS) + 1 : -1;
}

static void run(session *s)
{
    bool has_more = true; /* stdin may be a file, for which the loop does not wake */
    while (!is_over(s)) {
        floe_loop_wait(s->loop, sleep_ms(s, has_more));
        if (s->io != NULL) {
            s->peer = floe_io_peer_get(s->io); /* it may share a port */
            drain_peer(s);
        }
        has_more = take_commands(s);
        if (s->io != NULL) {
            drain_peer(s); /* what a command has caused */
        }
        json_out_flush(&s->out);
        trace_log_drain(&s->trace);
    }
}

static void on_signal(floe_watch *watch, int events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(watch->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        session_quit(watch->ctx);
    }
}

static void close_session(session *s)
{
    send_queue_clear(&s->queue);
    floe_io_peer_close(s->io);
    floe_io_port_close(s->port);
    trace_log_close(&s->trace);
    free(s->message);
}

typedef struct peer_options {
    bool is_hiding;
    uint16_t number; /* of the port; 0: any */
    const char *trace_path;
} peer_options;

static int run_session(floe_loop *loop, int signal_fd, const peer_options *options)
{
    static session s;
    floe_watch signals = {.fd = signal_fd, .ready = on_signal, .ctx = &s};
    s = (session){.loop = loop,
                  .first = FLOE_DC_NONE,
                  .reads = UINT64_MAX,
                  .is_hiding = options->is_hiding,
                  .number = options->number};
    if (!trace_log_open(&s.trace, options->trace_path, "floe peer")) {
        return 2;
    }
    if (json_in_open(&s.in, loop, STDIN_FILENO) != FLOE_OK) {
        return 1;
    }
    if (json_out_open(&s.out, loop, STDOUT_FILENO) != FLOE_OK) {
        json_in_close(&s.in);
        return 1;
    }
    bool is_ready = floe_loop_add(loop, &signals, FLOE_LOOP_READ) == FLOE_OK;
    if (is_ready) {
        run(&s);
        floe_loop_remove(loop, &signals);
    }
    close_session(&s);
    json_out_close(&s.out);
    json_in_close(&s.in);
    return is_ready ? 0 : 1;
}

/* The signals that end the program come as input; a reader that goes away is an error of write().
 */
static int open_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static const char usage[] =
    "usage: floe peer [--mdns] [--port NUMBER] [--trace FILE]\n"
    "\n"
    "Takes commands from stdin and tells events on stdout, one JSON object a line.\n"
    "app/README.md describes them.\n"
    "\n"
    "  --mdns         hide the addresses of this machine behind names that only its own network\n"
    "                 can resolve, as browsers do\n"
    "  --port NUMBER  the UDP port, for a firewall with one hole; not for relays over UDP\n"
    "  --trace FILE   write what is decided, and why, for floe trace\n";

static bool parse_options(int argc, char **argv, peer_options *options)
{
    static const struct option names[] = {
        {"mdns", no_argument, NULL, 'm'},
        {"port", required_argument, NULL, 'p'},
        {"trace", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    int option;
    char *end = "";
    optind = 1;
    while ((option = getopt_long(argc, argv, "mp:t:", names, NULL)) != -1) {
        unsigned long number = option == 'p' ? strtoul(optarg, &end, 10) : 1;
        if (option == '?' || *end != '\0' || number == 0 || number > UINT16_MAX) {
            return false;
        }
        options->is_hiding = options->is_hiding || option == 'm';
        options->number = option == 'p' ? (uint16_t)number : options->number;
        options->trace_path = option == 't' ? optarg : options->trace_path;
    }
    return optind == argc;
}

int cmd_peer(int argc, char **argv)
{
    peer_options options = {.number = 0};
    if (!parse_options(argc, argv, &options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    floe_loop *loop;
    int status = 1;
    int signal_fd = open_signals();
    if (signal_fd >= 0 && floe_loop_open(&loop) == FLOE_OK) {
        status = run_session(loop, signal_fd, &options);
        floe_loop_close(loop);
    }
    if (signal_fd >= 0) {
        close(signal_fd);
    }
    if (status == 1) {
        (void)fputs(
            "floe peer: stdin or stdout can not be used, or there are no file descriptors\n",
            stderr);
    }
    return status;
}
