/* io/socket_set.c - see io/socket_set.h. */
#include "io/socket_set.h"

#include "base/addr.h"
#include "base/assert.h"
#include "io/interfaces.h"
#include "io/loop_internal.h"

#include <string.h>

static void on_ready(floe_watch *watch, int events)
{
    floe_socket_set *set = watch->ctx;
    floe_socket_set_socket *socket =
        (floe_socket_set_socket *)(void *)((char *)watch - offsetof(floe_socket_set_socket, watch));
    if ((events & (FLOE_LOOP_READ | FLOE_LOOP_HANGUP)) != 0) {
        /* One batch: what is left makes the socket ready again, after timers and other peers. */
        floe_udp_run run;
        floe_udp_batch *batch = floe_loop_scratch(set->config.loop, sizeof *batch);
        FLOE_ASSERT(batch != NULL); /* it was there when the set was opened, and stays */
        floe_udp_recv_runs(&socket->udp, batch);
        while (floe_udp_next_run(batch, &run)) {
            set->config.received(set->config.ctx, &run);
        }
    }
    if ((events & FLOE_LOOP_WRITE) != 0) {
        set->config.writable(set->config.ctx);
    }
}

static void close_socket(floe_socket_set *set, floe_socket_set_socket *socket)
{
    if (socket->udp.fd >= 0) {
        set->blocked = set->blocked == socket ? NULL : set->blocked;
        set->send_dropped += socket->udp.send_dropped;
        set->recv_dropped += socket->udp.recv_dropped;
        floe_loop_remove(set->config.loop, &socket->watch);
        floe_udp_close(&socket->udp);
    }
}

static uint16_t preference_of(size_t index)
{
    return (uint16_t)(UINT16_MAX - index);
}

/* ARG: not this address, but others may do. */
static floe_err open_socket(floe_socket_set *set, const floe_addr *addr)
{
    size_t index = 0;
    floe_addr local = *addr;
    local.port = set->config.port;
    while (index < FLOE_SOCKET_SET_MAX && set->sockets[index].udp.fd >= 0) {
        index++;
    }
    if (index == FLOE_SOCKET_SET_MAX) {
        return FLOE_E_ARG; /* as many as there may be: those before are better */
    }
    floe_socket_set_socket *socket = &set->sockets[index];
    floe_err err = floe_udp_open(&socket->udp, &local);
    if (err != FLOE_OK) {
        return err;
    }
    socket->watch = (floe_watch){.fd = socket->udp.fd, .ready = on_ready, .ctx = set};
    err = floe_loop_add(set->config.loop, &socket->watch, FLOE_LOOP_READ);
    if (err != FLOE_OK) {
        floe_udp_close(&socket->udp);
        return err;
    }
    err = set->config.added(set->config.ctx, &socket->udp.local, preference_of(index));
    if (err != FLOE_OK) {
        close_socket(set, socket); /* nobody would ever use it */
    }
    return err;
}

static bool has_socket(const floe_socket_set *set, const floe_addr *addr)
{
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX; i++) {
        if (set->sockets[i].udp.fd >= 0 && floe_addr_ip_equal(&set->sockets[i].udp.local, addr)) {
            return true;
        }
    }
    return false;
}

/* A socket for each address that is worth one and has none. */
static floe_err open_sockets(floe_socket_set *set, const floe_interface *list, size_t count)
{
    floe_addr addrs[FLOE_SOCKET_SET_MAX];
    size_t chosen =
        floe_interfaces_choose(list, count, set->config.use_loopback, addrs, FLOE_SOCKET_SET_MAX);
    for (size_t i = 0; i < chosen; i++) {
        if (has_socket(set, &addrs[i])) {
            continue;
        }
        /* An address may have gone since it was listed, or not be ready yet: that is no error. */
        floe_err err = open_socket(set, &addrs[i]);
        if (err != FLOE_OK && err != FLOE_E_ARG) {
            return err;
        }
    }
    return FLOE_OK;
}

static bool is_listed(const floe_interface *list, size_t count, const floe_addr *addr)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].is_up && floe_addr_ip_equal(&list[i].addr, addr)) {
            return true;
        }
    }
    return false;
}

/* The machine has other addresses than before. New ones first: so there is always a way; and once
 * more last, for those that had no place while the old ones were there. */
static void on_network(void *ctx)
{
    floe_socket_set *set = ctx;
    floe_interface list[FLOE_INTERFACES_MAX];
    size_t count = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    /* Else no descriptor was left to ask with, or there are more: nobody knows what is gone. */
    bool is_whole = count > 0 && count < FLOE_INTERFACES_MAX;
    count = floe_ip_handling_choose(set->config.ip_handling, list, count, set->config.use_loopback);
    (void)!open_sockets(set, list, count); /* FULL: with what there is */
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX && is_whole; i++) {
        floe_socket_set_socket *socket = &set->sockets[i];
        if (socket->udp.fd >= 0 && !is_listed(list, count, &socket->udp.local)) {
            floe_addr gone = socket->udp.local;
            close_socket(set, socket);
            set->config.removed(set->config.ctx, &gone);
        }
    }
    (void)!open_sockets(set, list, count);
}

floe_err floe_socket_set_open(floe_socket_set *set, const floe_socket_set_config *config)
{
    size_t cursor = 0;
    floe_addr local;
    uint16_t preference;
    floe_interface list[FLOE_INTERFACES_MAX];
    set->config = *config;
    set->run = (floe_transmit){.buf = set->out, .cap = sizeof set->out};
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX; i++) {
        set->sockets[i].udp.fd = -1;
    }
    if (floe_loop_scratch(config->loop, sizeof(floe_udp_batch)) == NULL) {
        return FLOE_E_FULL;
    }
    size_t count = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    count = floe_ip_handling_choose(config->ip_handling, list, count, config->use_loopback);
    floe_err err = open_sockets(set, list, count);
    if (err == FLOE_OK && config->port != 0 &&
        !floe_socket_set_next(set, &cursor, &local, &preference)) {
        err = FLOE_E_ARG;
    }
    if (err != FLOE_OK) {
        floe_socket_set_close(set);
        return err;
    }
    /* FULL: the network is as it is now. */
    (void)!floe_netwatch_open(&set->network, config->loop, on_network, set);
    return FLOE_OK;
}

void floe_socket_set_close(floe_socket_set *set)
{
    floe_netwatch_close(&set->network);
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX && set->config.loop != NULL; i++) {
        close_socket(set, &set->sockets[i]);
    }
    set->config.loop = NULL;
}

bool floe_socket_set_next(const floe_socket_set *set, size_t *cursor, floe_addr *local,
                          uint16_t *preference)
{
    while (*cursor < FLOE_SOCKET_SET_MAX) {
        const floe_socket_set_socket *socket = &set->sockets[(*cursor)++];
        if (socket->udp.fd >= 0) {
            *local = socket->udp.local;
            *preference = preference_of(*cursor - 1);
            return true;
        }
    }
    return false;
}

static floe_socket_set_socket *find_socket(floe_socket_set *set, const floe_addr *local)
{
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX; i++) {
        if (set->sockets[i].udp.fd >= 0 && floe_addr_equal(&set->sockets[i].udp.local, local)) {
            return &set->sockets[i];
        }
    }
    return NULL;
}

/* Send what is left of the run. False: no room; the socket says when there is. */
static bool send_by(floe_socket_set *set, floe_socket_set_socket *socket)
{
    bool is_sent = floe_udp_send_run(&socket->udp, &set->run, &set->run_done) == FLOE_OK;
    floe_loop_change(set->config.loop, &socket->watch,
                     is_sent ? FLOE_LOOP_READ : FLOE_LOOP_READ | FLOE_LOOP_WRITE);
    set->blocked = is_sent ? NULL : socket;
    return is_sent;
}

bool floe_socket_set_send(floe_socket_set *set)
{
    FLOE_ASSERT(set->blocked == NULL);
    floe_socket_set_socket *socket = find_socket(set, &set->run.path.local);
    set->run_done = 0;
    return socket == NULL || send_by(set, socket);
}

bool floe_socket_set_resume(floe_socket_set *set)
{
    return set->blocked == NULL || send_by(set, set->blocked);
}

void floe_socket_set_get_stats(const floe_socket_set *set, floe_socket_set_stats *stats)
{
    *stats = (floe_socket_set_stats){.send_dropped = set->send_dropped,
                                     .recv_dropped = set->recv_dropped};
    for (size_t i = 0; i < FLOE_SOCKET_SET_MAX; i++) {
        stats->sockets += set->sockets[i].udp.fd >= 0;
        stats->send_dropped += set->sockets[i].udp.send_dropped;
        stats->recv_dropped += set->sockets[i].udp.recv_dropped;
    }
}
