/* app/stun_listen.c - see app/stun_listen.h. */
#include "app/stun_listen.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/stun_target.h"
#include "app/udp_port.h"
#include "base/addr.h"
#include "base/floe_config.h"
#include "io/interfaces.h"
#include "stun/stun_server.h"

#define PORTS_MAX  32u
#define PORT_TRIES 16

typedef struct listener {
    floe_loop *loop;
    floe_udp_batch batch;
    floe_stun_server server;
    udp_port ports[PORTS_MAX];
    size_t count;
    floe_addr refused; /* where a socket could not be had, and why */
    floe_err refusal;
} listener;

/* What a signal asks for. */
static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
    (void)signal_number;
    stop_wanted = 1;
}

static void receive(void *ctx, const floe_path *path, floe_bytes packet)
{
    listener *l = ctx;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    if (floe_stun_server_answer(&l->server, path, packet, &out) != FLOE_OK) {
        return;
    }
    for (size_t i = 0; i < l->count; i++) {
        if (floe_addr_equal(&l->ports[i].udp.local, &out.path.local)) {
            udp_port_send(&l->ports[i], &out);
            return;
        }
    }
}

/* False: why is in l->refused. */
static bool add_port(listener *l, const floe_addr *local)
{
    floe_err err = l->count < PORTS_MAX
                       ? udp_port_open(&l->ports[l->count], l->loop, &l->batch, local, receive, l)
                       : FLOE_E_FULL;
    l->count += err == FLOE_OK;
    l->refused = *local;
    l->refusal = err;
    return err == FLOE_OK;
}

/* Every address of this machine, on one port. One socket each, so that an answer goes out from the
 * address that was asked. */
static bool open_all(listener *l, uint16_t port)
{
    floe_interface list[FLOE_INTERFACES_MAX];
    floe_addr addrs[PORTS_MAX];
    size_t known = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    size_t count = floe_interfaces_choose(list, known, true, addrs, PORTS_MAX);
    for (size_t i = 0; i < count; i++) {
        addrs[i].port = port;
        if (!add_port(l, &addrs[i])) {
            return false;
        }
        port = l->ports[0].udp.local.port; /* where any was wanted: the same everywhere */
    }
    return count > 0;
}

/* The four combinations of two addresses and two ports. */
static bool open_four(listener *l, const floe_addr *local, const floe_addr *alternate)
{
    if (!add_port(l, local) || !add_port(l, alternate)) {
        return false;
    }
    floe_addr crossed = l->ports[0].udp.local, crossed2 = l->ports[1].udp.local;
    l->server = (floe_stun_server){.primary = crossed, .other = crossed2};
    crossed.port = l->server.other.port;
    crossed2.port = l->server.primary.port;
    return add_port(l, &crossed) && add_port(l, &crossed2);
}

static void announce(const listener *l, bool use_json)
{
    char text[FLOE_ADDR_TEXT_MAX];
    json_t *addresses = json_array();
    for (size_t i = 0; i < l->count; i++) {
        (void)floe_addr_text(&l->ports[i].udp.local, text);
        json_array_append_new(addresses, json_string(text));
        if (!use_json) {
            printf("floe stun: answering on %s\n", text);
        }
    }
    if (use_json) {
        json_t *o = json_pack("{s:s, s:O}", "ev", "listening", "addresses", addresses);
        stun_target_print_json(o);
    }
    json_decref(addresses);
    fflush(stdout);
}

static bool open_sockets(listener *l, const stun_listen_options *options)
{
    if (options->alternate.family != 0) {
        return open_four(l, &options->local, &options->alternate);
    }
    return options->local.family != 0 ? add_port(l, &options->local)
                                      : open_all(l, options->local.port);
}

static void close_sockets(listener *l)
{
    while (l->count > 0) {
        udp_port_close(&l->ports[--l->count]);
    }
}

/* A port that the system chose on one address may be in use on the next: then have it choose again.
 */
static bool open_somewhere(listener *l, const stun_listen_options *options)
{
    char text[FLOE_ADDR_TEXT_MAX];
    bool is_any = options->local.port == 0;
    for (int left = is_any ? PORT_TRIES : 1; left > 0; left--) {
        if (open_sockets(l, options)) {
            return true;
        }
        close_sockets(l);
        if (l->refusal != FLOE_E_ARG) {
            break;
        }
    }
    fprintf(stderr, "floe stun: cannot listen on %s: %s\n", floe_addr_text(&l->refused, text),
            l->refusal == FLOE_E_ARG    ? "this machine has no such address, or the port is in use"
            : l->refusal == FLOE_E_FULL ? "no file descriptors are left"
                                        : "this machine has no address");
    return false;
}

int stun_listen_run(floe_loop *loop, const stun_listen_options *options)
{
    listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        fputs("floe stun: no memory\n", stderr);
        return 1;
    }
    l->loop = loop;
    bool is_open = open_somewhere(l, options);
    if (is_open) {
        signal(SIGINT, want_stop);
        signal(SIGTERM, want_stop);
        announce(l, options->use_json);
    }
    /* A signal that comes between the test and the sleep is noticed a second later. */
    while (is_open && !stop_wanted) {
        floe_loop_wait(loop, 1000);
    }
    close_sockets(l);
    free(l);
    return is_open ? 0 : 1;
}
