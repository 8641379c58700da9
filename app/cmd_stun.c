/*
 * app/cmd_stun.c - `floe stun`: what a STUN server sees this machine as, from each of its
 * addresses, and how far away it is.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/stun_link.h"
#include "app/stun_listen.h"
#include "app/stun_tally.h"
#include "app/stun_target.h"
#include "app/udp_port.h"
#include "base/addr.h"
#include "base/floe_config.h"
#include "base/rand_os.h"
#include "base/text.h"
#include "io/interfaces.h"
#include "stun/stun_txn.h"

#include <jansson.h>

static const char usage[] =
    "usage: floe stun [--samples N] [--transport tcp|tls|dtls] [--ca FILE] [--insecure] [--json]\n"
    "                 SERVER\n"
    "       floe stun --listen [--alternate ADDRESS:PORT] [--json] [[ADDRESS]:PORT]\n"
    "\n"
    "Asks a STUN server, from each address of this machine, what it sees that address as, and how\n"
    "long an answer takes. SERVER is a name or an address, with :PORT if it is not 3478, or a\n"
    "stun: or stuns: URI. With --listen it is such a server itself: on every address of this\n"
    "machine, or on the one that is named, until Ctrl-C.\n"
    "\n"
    "  --samples N          ask so many times from each address (5; 1 to 100)\n"
    "  --transport T        tcp, tls or dtls: over one connection, not from each address\n"
    "  --ca FILE            trust these authorities (PEM), not those of the system\n"
    "  --insecure           take any certificate\n"
    "  --alternate ADDRESS:PORT\n"
    "                       a second address of this machine, and another port: then \"floe nat\"\n"
    "                       can ask this server what a NAT does. Whoever asks may have answers\n"
    "                       sent to any port of its own address\n"
    "  --json               the result as one JSON object; with --listen, where it listens\n"
    "\n"
    "Exit status 0: it was answered; 1: it was not; 2: the command line is wrong.\n";

#define STUN_PORT       3478
#define SOURCES_MAX     16
#define BETWEEN_SAMPLES (200 * FLOE_MS)
#define PATIENCE        (1500 * FLOE_MS) /* after the last one */

typedef struct stun_source { /* one address of ours, and the server's of that family */
    udp_port port;
    stun_tally tally;
    floe_stun_txn txns[STUN_SAMPLES_MAX];
    bool is_answered[STUN_SAMPLES_MAX];
} stun_source;

typedef struct stun_command {
    floe_loop *loop;
    floe_udp_batch batch;
    stun_target target;
    stun_source sources[SOURCES_MAX];
    size_t source_count;
    unsigned samples;
    const char *transport; /* as named on the command line; NULL: not */
    const char *ca_file;
    bool use_json, is_listening, is_unverified;
    stun_listen_options listen;
} stun_command;

static int fail(const stun_command *c, const char *text)
{
    return stun_target_fail(&c->target, "stun", c->use_json, text);
}

static int find_sample(const stun_source *s, const floe_stun_msg *msg)
{
    for (int i = 0; i < STUN_SAMPLES_MAX; i++) {
        if (s->txns[i].sends > 0 && !s->is_answered[i] &&
            floe_stun_txn_is_match(&s->txns[i], msg)) {
            return i;
        }
    }
    return -1;
}

static void receive(void *ctx, const floe_path *path, floe_bytes packet)
{
    stun_source *s = ctx;
    floe_stun_msg msg;
    if (!floe_addr_equal(&path->remote, &s->tally.server) ||
        floe_stun_msg_parse(&msg, packet) != FLOE_OK || msg.method != FLOE_STUN_BINDING) {
        return;
    }
    int i = find_sample(s, &msg);
    if (i >= 0) {
        uint32_t rtt = floe_stun_txn_rtt_us(&s->txns[i], floe_loop_now(s->port.loop));
        s->is_answered[i] = stun_tally_add(&s->tally, &msg, rtt);
    }
}

static void send_sample(stun_source *s, unsigned index, floe_time now)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_stun_writer w;
    floe_bytes packet;
    floe_rand rand = floe_rand_os();
    floe_stun_txn *txn = &s->txns[index];
    floe_stun_txn_begin(txn, &rand, 0, now);
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, txn->tid);
    if (floe_stun_writer_end(&w, &packet) != FLOE_OK) {
        return;
    }
    floe_transmit out = {.buf = buf,
                         .cap = sizeof buf,
                         .len = packet.len,
                         .segment = packet.len,
                         .path = {.local = s->port.udp.local, .remote = s->tally.server}};
    udp_port_send(&s->port, &out);
    /* Each sample is sent once: what is lost is told, and a time is never ambiguous. */
    floe_stun_txn_sent(txn, now);
}

/* A socket on each address that could reach the server. */
static void open_sources(stun_command *c)
{
    floe_interface list[FLOE_INTERFACES_MAX];
    floe_addr addrs[FLOE_INTERFACES_MAX];
    size_t known = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    size_t count = floe_interfaces_choose(list, known, true, addrs, FLOE_INTERFACES_MAX);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < c->target.count && c->source_count < SOURCES_MAX; k++) {
            const floe_addr *server = &c->target.addrs[k];
            stun_source *s = &c->sources[c->source_count];
            if (server->family == addrs[i].family &&
                floe_addr_is_loopback(server) == floe_addr_is_loopback(&addrs[i]) &&
                udp_port_open(&s->port, c->loop, &c->batch, &addrs[i], receive, s) == FLOE_OK) {
                s->tally.server = *server;
                s->tally.local = s->port.udp.local;
                c->source_count++;
            }
        }
    }
}

static bool is_all_answered(const stun_command *c)
{
    for (size_t i = 0; i < c->source_count; i++) {
        for (unsigned k = 0; k < c->samples; k++) {
            if (!c->sources[i].is_answered[k]) {
                return false;
            }
        }
    }
    return true;
}

static void wait_until(stun_command *c, floe_time end, bool stop_early)
{
    while (floe_loop_now(c->loop) < end && !(stop_early && is_all_answered(c))) {
        floe_time left = end - floe_loop_now(c->loop);
        floe_loop_wait(c->loop, (int)((left + FLOE_MS - 1) / FLOE_MS));
    }
}

static void ask_all(stun_command *c)
{
    for (unsigned k = 0; k < c->samples; k++) {
        floe_loop_wait(c->loop, 0); /* sets the clock */
        floe_time now = floe_loop_now(c->loop);
        for (size_t i = 0; i < c->source_count; i++) {
            send_sample(&c->sources[i], k, now);
        }
        bool is_last = k + 1 == c->samples;
        wait_until(c, now + (is_last ? PATIENCE : BETWEEN_SAMPLES), is_last);
    }
}

static void print_all(stun_command *c)
{
    char server[FLOE_ADDR_TEXT_MAX];
    for (size_t k = 0; k < c->target.count; k++) {
        bool is_first = true;
        for (size_t i = 0; i < c->source_count; i++) {
            if (!floe_addr_equal(&c->sources[i].tally.server, &c->target.addrs[k])) {
                continue;
            }
            if (is_first) {
                printf("%s sees\n", floe_addr_text(&c->target.addrs[k], server));
                stun_tally_print_head();
            }
            is_first = false;
            stun_tally_print(&c->sources[i].tally);
        }
        if (is_first) {
            printf("%s: this machine has no IPv%u address to ask it from\n",
                   floe_addr_text(&c->target.addrs[k], server), c->target.addrs[k].family);
        }
    }
}

static void print_json(stun_command *c)
{
    json_t *results = json_array();
    for (size_t i = 0; i < c->source_count; i++) {
        json_array_append_new(results, stun_tally_json(&c->sources[i].tally));
    }
    json_t *o = json_pack("{s:s, s:o}", "host", c->target.host, "results", results);
    stun_target_print_json(o);
}

/* Returns how many of our addresses were answered. */
static size_t report(stun_command *c)
{
    size_t answered = 0;
    for (size_t i = 0; i < c->source_count; i++) {
        stun_source *s = &c->sources[i];
        bool is_unsent = s->port.udp.send_dropped == c->samples;
        s->tally.sent = c->samples;
        s->tally.silence = is_unsent ? "there is no route from this address" : "no answer";
        answered += s->tally.answers > 0 ? 1 : 0;
    }
    if (c->use_json) {
        print_json(c);
    } else {
        print_all(c);
    }
    return answered;
}

/* From each address of this machine, which only UDP can tell apart. */
static size_t ask_by_udp(stun_command *c)
{
    open_sources(c);
    if (c->source_count == 0) {
        (void)fail(c, "this machine has no address to ask it from; is it connected?");
        return 0;
    }
    ask_all(c);
    size_t answered = report(c);
    for (size_t i = 0; i < c->source_count; i++) {
        udp_port_close(&c->sources[i].port);
    }
    if (answered == 0) {
        fprintf(stderr,
                "floe stun: %s port %u gives no answer that is of use; check name and port, and "
                "whether this network lets UDP out\n",
                c->target.host, c->target.port);
    }
    return answered;
}

static int run(stun_command *c)
{
    const char *why;
    if (c->is_listening) {
        c->listen.use_json = c->use_json;
        return stun_listen_run(c->loop, &c->listen);
    }
    if (!stun_target_resolve(&c->target, c->loop, &why)) {
        return fail(c, why);
    }
    if (c->target.transport == FLOE_UDP) {
        return ask_by_udp(c) > 0 ? 0 : 1;
    }
    stun_link_options link = {.target = &c->target,
                              .samples = c->samples,
                              .ca_file = c->ca_file,
                              .is_unverified = c->is_unverified,
                              .use_json = c->use_json};
    return stun_link_run(c->loop, &link) > 0 ? 0 : 1;
}

static bool parse_samples(stun_command *c, const char *text)
{
    uint64_t samples;
    if (!floe_text_is_decimal(floe_bytes_of(text), STUN_SAMPLES_MAX, &samples) || samples == 0) {
        fprintf(stderr, "floe stun: --samples %s: 1 to %d\n", text, STUN_SAMPLES_MAX);
        return false;
    }
    c->samples = (unsigned)samples;
    return true;
}

static bool parse_local(floe_addr *addr, const char *text, uint16_t default_port)
{
    const char *why;
    bool is_ok = stun_target_parse_local(addr, text, default_port, &why);
    if (!is_ok) {
        fprintf(stderr, "floe stun: %s: %s\n", text, why);
    }
    return is_ok;
}

static bool parse_listen(stun_command *c, const char *local, const char *alternate)
{
    floe_addr *one = &c->listen.local, *two = &c->listen.alternate;
    if (!parse_local(one, local != NULL ? local : "", STUN_PORT) ||
        (alternate != NULL && !parse_local(two, alternate, STUN_PORT + 1))) {
        return false;
    }
    if (one->family != 0 && floe_addr_is_any(one)) {
        one->family = 0;
    }
    if (alternate == NULL) {
        return true;
    }
    bool is_different = one->family != 0 && one->family == two->family &&
                        !floe_addr_ip_equal(one, two) && !floe_addr_is_any(two) &&
                        (one->port != two->port || one->port == 0);
    if (!is_different) {
        fputs("floe stun: --alternate takes two addresses of this machine, of one family, with "
              "two ports:\n  floe stun --listen --alternate ADDRESS2:PORT2 ADDRESS1:PORT1\n",
              stderr);
    }
    return is_different;
}

/* False: the command line is wrong, and it was said how. */
static bool parse_arguments(int count, char **arguments, stun_command *c, const char *alternate)
{
    const char *why;
    if (c->is_listening) {
        if (count > 1) {
            fprintf(stderr, "floe stun: listen on one address, or on all\n%s", usage);
            return false;
        }
        return parse_listen(c, count == 1 ? arguments[0] : NULL, alternate);
    }
    if (count != 1 || alternate != NULL) {
        fprintf(stderr, "floe stun: name one SERVER, or --listen\n%s", usage);
        return false;
    }
    if (!stun_target_parse_over(&c->target, arguments[0], c->transport, &why)) {
        fprintf(stderr, "floe stun: %s: %s\n", arguments[0], why);
        return false;
    }
    return true;
}

/* 0: go on; else the program's exit status + 1. */
static int parse_options(int argc, char **argv, stun_command *c)
{
    static const struct option names[] = {
        {"samples", required_argument, NULL, 'n'},
        {"listen", no_argument, NULL, 'l'},
        {"alternate", required_argument, NULL, 'a'},
        {"transport", required_argument, NULL, 't'},
        {"ca", required_argument, NULL, 'c'},
        {"insecure", no_argument, NULL, 'i'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *alternate = NULL;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "n:la:jh", names, NULL)) != -1) {
        switch (option) {
        case 'n':
            if (!parse_samples(c, optarg)) {
                return 3;
            }
            break;
        case 'l':
            c->is_listening = true;
            break;
        case 'a':
            alternate = optarg;
            break;
        case 't':
            c->transport = optarg;
            break;
        case 'c':
            c->ca_file = optarg;
            break;
        case 'i':
            c->is_unverified = true;
            break;
        case 'j':
            c->use_json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return 1;
        default:
            fputs(usage, stderr);
            return 3;
        }
    }
    return parse_arguments(argc - optind, argv + optind, c, alternate) ? 0 : 3;
}

int cmd_stun(int argc, char **argv)
{
    stun_command *c = calloc(1, sizeof *c);
    if (c == NULL || floe_loop_open(&c->loop) != FLOE_OK) {
        fputs("floe stun: no memory or no file descriptors\n", stderr);
        free(c);
        return 1;
    }
    c->samples = 5;
    int status = parse_options(argc, argv, c);
    status = status == 0 ? run(c) : status - 1;
    floe_loop_close(c->loop);
    free(c);
    return status;
}
