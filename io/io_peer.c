/*
 * io/io_peer.c - a peer on real sockets: one block of memory, a socket for each address, a timer.
 *
 * The drain contract of peer/peer.h turned into a program: what sockets and clock bring goes in as
 * it comes, inside floe_loop_wait(); what the peer wants sent goes out before each sleep, in one
 * pass, so that acknowledgements and answers of the program travel together.
 */
#include "io/io_peer.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/crypto.h"
#include "base/floe_config.h"
#include "base/rand_os.h"
#include "io/interfaces.h"
#include "io/loop_internal.h"
#include "io/mdns_resolver.h"
#include "io/netwatch.h"
#include "io/relay_links.h"
#include "io/resolver.h"
#include "io/udp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEND_BUFFER      ((size_t)1024 * 1024)
#define RECV_BUFFER      ((size_t)1024 * 1024)
#define DESCRIPTION_SIZE ((size_t)2 * FLOE_SDP_SIZE_MAX) /* the current one and a pending one */
#define RUN_MAX          65507u /* a UDP datagram's largest payload is UDP_SEGMENT's limit too */
#define SOCKET_MAX                                                                                 \
    (FLOE_IO_SOCKET_MAX < FLOE_ICE_LOCAL_MAX ? FLOE_IO_SOCKET_MAX : FLOE_ICE_LOCAL_MAX)
#define BLOCKED_NAP (10 * FLOE_MS)

typedef struct floe_io_socket {
    floe_udp udp;
    floe_watch watch;
} floe_io_socket;

struct floe_io_peer {
    floe_loop *loop;
    floe_span secrets[2]; /* parts of the block with credentials */
    floe_timer timer;
    floe_peer peer;
    floe_dtls_identity identity; /* ours, if the program brought none; else zero */
    bool has_resolver;           /* only a peer that has names to look up needs one */
    floe_resolver resolver;
    floe_mdns_resolver mdns; /* likewise: loop NULL before */
    bool use_loopback;
    floe_ip_handling ip_handling;
    floe_relay_links links;
    floe_peer_event event; /* read ahead of the program, if has_event */
    bool has_event;
    floe_netwatch network;
    floe_io_socket sockets[SOCKET_MAX]; /* udp.fd -1: free */
    floe_transmit run;                  /* what is being sent; run.buf is `out` */
    size_t run_done;                    /* bytes of it that are sent */
    floe_io_socket *blocked; /* its socket has no room: nothing else is sent; NULL: none */
    bool is_link_blocked;    /* likewise the connection to a TURN server */
    uint8_t out[RUN_MAX];
};

/* The parts of the one block behind the struct. Sizes are rounded up so that each part is aligned.
 */
typedef struct block {
    size_t ring, send, recv, description, relays, texts; /* bytes of each */
    uint32_t ring_len, relay_max;
} block;

static size_t round_up(size_t size)
{
    return (size + 15u) & ~(size_t)15u;
}

/* A chunk in flight needs an entry of the ring. Messages may be small: room for a quarter of the
 * largest chunk is enough to keep the ring from being the limit. */
static uint32_t ring_len_for(size_t send_buffer)
{
    uint32_t len = 64;
    while (len < send_buffer / 256u && len < 32768u) { /* no ring is longer */
        len *= 2u;
    }
    return len;
}

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

/* Allocations that a URL may lead to: a name may have an IPv4 and an IPv6 address. */
static uint32_t relays_of(const char *url)
{
    return strncasecmp(url, "turn", 4) == 0 ? 2 : 0;
}

static block measure(const floe_io_config *config)
{
    block b = {.send = round_up(config->send_buffer != 0 ? config->send_buffer : SEND_BUFFER),
               .recv = round_up(config->recv_buffer != 0 ? config->recv_buffer : RECV_BUFFER),
               .description = round_up(DESCRIPTION_SIZE)};
    b.ring_len = ring_len_for(b.send);
    b.ring = round_up(b.ring_len * sizeof(floe_sctp_tx));
    for (size_t i = 0; i < config->server_count; i++) {
        const floe_io_server *server = &config->servers[i];
        b.texts += text_size(server->username) + text_size(server->credential);
        for (size_t j = 0; j < server->url_count; j++) {
            b.texts += text_size(server->urls[j]);
            b.relay_max += relays_of(server->urls[j]);
        }
    }
    b.texts += text_size(config->ca_file) + 1;
    b.relays = round_up(b.relay_max * sizeof(floe_ice_relay));
    return b;
}

/* The next part of the block. */
static uint8_t *cut(uint8_t **at, size_t size)
{
    uint8_t *part = *at;
    *at += size;
    return part;
}

static floe_bytes copy_text(uint8_t **at, const char *text)
{
    floe_bytes bytes = {*at, text_size(text)};
    if (bytes.len > 0) {
        memcpy(cut(at, bytes.len), text, bytes.len);
    }
    return bytes;
}

static floe_err init_peer(floe_io_peer *io, const floe_io_config *config, const block *b,
                          uint8_t **at)
{
    floe_peer_config peer = {.rand = floe_rand_os(),
                             .identity = config->identity,
                             .trace = config->trace,
                             .message_max = config->message_max,
                             .ice = config->ice};
    if (floe_ip_handling_apply(config->ip_handling, &peer.ice) != FLOE_OK) {
        return FLOE_E_ARG;
    }
    if (peer.identity == NULL) {
        floe_err err = floe_dtls_identity_init(&io->identity);
        if (err != FLOE_OK) {
            return err;
        }
        peer.identity = &io->identity;
    }
    peer.tx_ring = (floe_sctp_tx *)(void *)cut(at, b->ring);
    peer.tx_ring_len = b->ring_len;
    io->secrets[0] = (floe_span){*at, b->relays};
    peer.relays = (floe_ice_relay *)(void *)cut(at, b->relays);
    peer.relay_max = b->relay_max;
    peer.send_buffer = (floe_span){cut(at, b->send), b->send};
    peer.recv_buffer = (floe_span){cut(at, b->recv), b->recv};
    peer.description = (floe_span){cut(at, b->description), b->description};
    io->secrets[1] = (floe_span){*at, b->texts};
    return floe_peer_init(&io->peer, &peer, floe_loop_now(io->loop));
}

static floe_err refuse_server(floe_io_peer *io, const char *url, const char *fault,
                              const char **why, floe_err err)
{
    char *note = floe_loop_note(io->loop);
    (void)snprintf(note, FLOE_LOOP_NOTE_MAX, "%.120s: %s", url, fault);
    if (why != NULL) {
        *why = note;
    }
    return floe_err_class(err) == FLOE_KIND_BOUND ? FLOE_E_FULL : FLOE_E_ARG;
}

static floe_err add_server(floe_io_peer *io, const floe_io_server *server, uint8_t **at,
                           const char **why)
{
    floe_bytes username = copy_text(at, server->username);
    floe_bytes credential = copy_text(at, server->credential);
    for (size_t i = 0; i < server->url_count; i++) {
        const char *fault = "";
        floe_err err = floe_peer_add_server(&io->peer, copy_text(at, server->urls[i]), username,
                                            credential, &fault);
        if (err != FLOE_OK) {
            return refuse_server(io, server->urls[i], fault, why, err);
        }
    }
    return FLOE_OK;
}

static void on_ready(floe_watch *watch, int events)
{
    floe_io_peer *io = watch->ctx;
    floe_io_socket *socket =
        (floe_io_socket *)(void *)((char *)watch - offsetof(floe_io_socket, watch));
    if ((events & (FLOE_LOOP_READ | FLOE_LOOP_HANGUP)) != 0) {
        /* One batch: what is left makes the socket ready again, after timers and other peers. */
        floe_udp_run run;
        floe_udp_batch *batch = floe_loop_scratch(io->loop, sizeof *batch);
        FLOE_ASSERT(batch != NULL); /* it was there when the peer was opened, and stays */
        floe_udp_recv_runs(&socket->udp, batch);
        while (floe_udp_next_run(batch, &run)) {
            floe_peer_input(&io->peer, floe_loop_now(io->loop), &run.path, run.ptr, run.len,
                            run.segment);
        }
    }
    if ((events & FLOE_LOOP_WRITE) != 0) {
        floe_io_peer_flush(io);
    }
}

static void on_link_writable(void *ctx)
{
    floe_io_peer_flush(ctx);
}

static void close_socket(floe_io_peer *io, floe_io_socket *socket)
{
    if (socket->udp.fd >= 0) {
        io->blocked = io->blocked == socket ? NULL : io->blocked;
        floe_loop_remove(io->loop, &socket->watch);
        floe_udp_close(&socket->udp);
    }
}

/* ARG: not this address, but others may do. */
static floe_err open_socket(floe_io_peer *io, const floe_addr *addr)
{
    size_t index = 0;
    while (index < SOCKET_MAX && io->sockets[index].udp.fd >= 0) {
        index++;
    }
    if (index == SOCKET_MAX) {
        return FLOE_E_ARG; /* as many as there may be: those before are better */
    }
    floe_io_socket *socket = &io->sockets[index];
    floe_err err = floe_udp_open(&socket->udp, addr);
    if (err != FLOE_OK) {
        return err;
    }
    socket->watch = (floe_watch){.fd = socket->udp.fd, .ready = on_ready, .ctx = io};
    err = floe_loop_add(io->loop, &socket->watch, FLOE_LOOP_READ);
    if (err != FLOE_OK) {
        floe_udp_close(&socket->udp);
        return err;
    }
    err = floe_peer_add_local(&io->peer, &socket->udp.local, (uint16_t)(UINT16_MAX - index));
    if (err != FLOE_OK) {
        close_socket(io, socket); /* nobody would ever use it */
    }
    return err;
}

static bool has_socket(const floe_io_peer *io, const floe_addr *addr)
{
    for (size_t i = 0; i < SOCKET_MAX; i++) {
        if (io->sockets[i].udp.fd >= 0 && floe_addr_ip_equal(&io->sockets[i].udp.local, addr)) {
            return true;
        }
    }
    return false;
}

/* A socket for each address that is worth one and has none. */
static floe_err open_sockets(floe_io_peer *io, const floe_interface *list, size_t count)
{
    floe_addr addrs[SOCKET_MAX];
    size_t chosen = floe_interfaces_choose(list, count, io->use_loopback, addrs, SOCKET_MAX);
    for (size_t i = 0; i < chosen; i++) {
        if (has_socket(io, &addrs[i])) {
            continue;
        }
        /* An address may have gone since it was listed, or not be ready yet: that is no error. */
        floe_err err = open_socket(io, &addrs[i]);
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
    floe_io_peer *io = ctx;
    floe_interface list[FLOE_INTERFACES_MAX];
    size_t count = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    /* Else no descriptor was left to ask with, or there are more: nobody knows what is gone. */
    bool is_whole = count > 0 && count < FLOE_INTERFACES_MAX;
    count = floe_ip_handling_choose(io->ip_handling, list, count, io->use_loopback);
    (void)!open_sockets(io, list, count); /* FULL: with what there is */
    for (size_t i = 0; i < SOCKET_MAX && is_whole; i++) {
        floe_io_socket *socket = &io->sockets[i];
        if (socket->udp.fd >= 0 && !is_listed(list, count, &socket->udp.local)) {
            floe_addr gone = socket->udp.local;
            close_socket(io, socket);
            floe_peer_remove_local(&io->peer, &gone);
        }
    }
    (void)!open_sockets(io, list, count);
}

static floe_err open_network(floe_io_peer *io)
{
    floe_interface list[FLOE_INTERFACES_MAX];
    size_t count = floe_interfaces_get(list, FLOE_INTERFACES_MAX);
    count = floe_ip_handling_choose(io->ip_handling, list, count, io->use_loopback);
    floe_err err = open_sockets(io, list, count);
    if (err == FLOE_OK) {
        floe_peer_end_local(&io->peer);
        /* FULL: the network is as it is now. */
        (void)!floe_netwatch_open(&io->network, io->loop, on_network, io);
    }
    return err;
}

/* A call of the program may have caused events: it is not to sleep over them. One that it has left
 * unread once before holds up nothing. */
static bool has_fresh_event(floe_io_peer *io)
{
    if (io->has_event) {
        return false;
    }
    io->has_event = floe_io_peer_poll_event(io, &io->event);
    return io->has_event;
}

static void prepare(floe_timer *timer)
{
    floe_io_peer *io = timer->ctx;
    bool is_fresh = has_fresh_event(io);
    floe_io_peer_flush(io);
    timer->at = floe_peer_deadline(&io->peer);
    if (io->blocked != NULL || io->is_link_blocked) {
        /* Only a peer that is drained promises a deadline in the future. */
        floe_time nap = floe_time_after(floe_loop_now(io->loop), BLOCKED_NAP);
        timer->at = timer->at > nap ? timer->at : nap;
    }
    if (is_fresh) {
        timer->at = 0;
    }
}

static void woke(floe_timer *timer, floe_time now)
{
    floe_io_peer *io = timer->ctx;
    floe_peer_advance(&io->peer, now);
}

static void init_links(floe_io_peer *io, const floe_io_config *config, uint8_t **at)
{
    io->links = (floe_relay_links){
        .loop = io->loop,
        .peer = &io->peer,
        .trust = config->trust,
        .is_unverified = config->is_unverified,
        .writable = on_link_writable,
        .ctx = io,
    };
    if (config->ca_file != NULL) {
        size_t size = strlen(config->ca_file) + 1;
        io->links.ca_file = (const char *)memcpy(cut(at, size), config->ca_file, size);
    }
}

/* Everything but the memory; also of a peer that is half made. */
static void release(floe_io_peer *io)
{
    floe_netwatch_close(&io->network);
    for (size_t i = 0; i < SOCKET_MAX; i++) {
        close_socket(io, &io->sockets[i]);
    }
    floe_relay_links_close_all(&io->links);
    floe_mdns_resolver_free(&io->mdns);
    if (io->has_resolver) {
        floe_resolver_free(&io->resolver);
    }
    floe_peer_free(&io->peer);
    floe_dtls_identity_free(&io->identity);
    floe_secret_wipe(&io->peer, sizeof io->peer);
    for (size_t i = 0; i < sizeof io->secrets / sizeof io->secrets[0]; i++) {
        floe_secret_wipe(io->secrets[i].ptr, io->secrets[i].len);
    }
    free(io);
}

floe_err floe_io_peer_open(floe_io_peer **io, floe_loop *loop, const floe_io_config *config,
                           const char **why)
{
    *io = NULL;
    if (why != NULL) {
        *why = "";
    }
    block b = measure(config);
    size_t size = round_up(sizeof(floe_io_peer));
    floe_io_peer *made =
        calloc(1, size + b.ring + b.relays + b.send + b.recv + b.description + b.texts);
    if (made == NULL || floe_loop_scratch(loop, sizeof(floe_udp_batch)) == NULL) {
        free(made);
        return FLOE_E_FULL;
    }
    made->loop = loop;
    for (size_t i = 0; i < SOCKET_MAX; i++) {
        made->sockets[i].udp.fd = -1;
    }
    made->use_loopback = config->use_loopback;
    made->ip_handling = config->ip_handling;
    made->run = (floe_transmit){.buf = made->out, .cap = sizeof made->out};
    uint8_t *at = (uint8_t *)made + size;
    floe_err err = init_peer(made, config, &b, &at);
    init_links(made, config, &at);
    for (size_t i = 0; i < config->server_count && err == FLOE_OK; i++) {
        err = add_server(made, &config->servers[i], &at, why);
    }
    if (err == FLOE_OK) {
        err = open_network(made);
    }
    if (err != FLOE_OK) {
        release(made);
        return err;
    }
    made->timer =
        (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .woke = woke, .ctx = made};
    floe_loop_add_timer(loop, &made->timer);
    *io = made;
    return FLOE_OK;
}

void floe_io_peer_close(floe_io_peer *io)
{
    if (io == NULL) {
        return;
    }
    floe_peer_close(&io->peer, floe_loop_now(io->loop));
    floe_io_peer_flush(io);
    floe_loop_remove_timer(io->loop, &io->timer);
    release(io);
}

floe_peer *floe_io_peer_get(floe_io_peer *io)
{
    return &io->peer;
}

void floe_io_peer_get_stats(const floe_io_peer *io, floe_io_stats *stats)
{
    *stats = (floe_io_stats){0};
    for (size_t i = 0; i < SOCKET_MAX; i++) {
        stats->sockets += io->sockets[i].udp.fd >= 0;
        stats->send_dropped += io->sockets[i].udp.send_dropped;
        stats->recv_dropped += io->sockets[i].udp.recv_dropped;
    }
}

const char *floe_io_peer_get_relay_fault(const floe_io_peer *io, uint32_t relay)
{
    return floe_relay_links_get_fault(&io->links, relay);
}

static void on_resolved(void *ctx, uint32_t request, const floe_addr *addr)
{
    floe_io_peer *io = ctx;
    floe_peer_resolved(&io->peer, request, addr);
}

static void resolve(floe_io_peer *io, uint32_t request, floe_bytes host)
{
    if (floe_mdns_resolver_is_for(host)) {
        if (io->mdns.loop == NULL) {
            floe_mdns_resolver_init(&io->mdns, io->loop, io->use_loopback, on_resolved, io);
        }
        floe_mdns_resolver_ask(&io->mdns, request, host);
        return;
    }
    if (!io->has_resolver) {
        floe_resolver_init(&io->resolver, io->loop, NULL, on_resolved, io);
        io->has_resolver = true;
    }
    floe_resolver_ask(&io->resolver, request, host);
}

bool floe_io_peer_poll_event(floe_io_peer *io, floe_peer_event *event)
{
    if (io->has_event) {
        io->has_event = false;
        *event = io->event;
        return true;
    }
    while (floe_peer_poll_event(&io->peer, event)) {
        switch (event->type) {
        case FLOE_PEER_EV_RESOLVE:
            resolve(io, event->request, event->host);
            break;
        case FLOE_PEER_EV_CONNECT:
            floe_relay_links_open(&io->links, event->request, &event->path, event->host);
            break;
        case FLOE_PEER_EV_DISCONNECT:
            floe_relay_links_close(&io->links, event->request);
            break;
        default:
            return true;
        }
    }
    return false;
}

static floe_io_socket *find_socket(floe_io_peer *io, const floe_addr *local)
{
    for (size_t i = 0; i < SOCKET_MAX; i++) {
        if (io->sockets[i].udp.fd >= 0 && floe_addr_equal(&io->sockets[i].udp.local, local)) {
            return &io->sockets[i];
        }
    }
    return NULL;
}

/* By a connection to a TURN server. What can't be sent any more is lost, as in a network. */
static bool send_by_link(floe_io_peer *io)
{
    io->is_link_blocked = floe_relay_links_send(&io->links, &io->run) == FLOE_E_AGAIN;
    return !io->is_link_blocked;
}

/* Send what is left of the run. False: no room; the socket says when there is. */
static bool send_by_socket(floe_io_peer *io, floe_io_socket *socket)
{
    bool is_sent = floe_udp_send_run(&socket->udp, &io->run, &io->run_done) == FLOE_OK;
    floe_loop_change(io->loop, &socket->watch,
                     is_sent ? FLOE_LOOP_READ : FLOE_LOOP_READ | FLOE_LOOP_WRITE);
    io->blocked = is_sent ? NULL : socket;
    return is_sent;
}

void floe_io_peer_flush(floe_io_peer *io)
{
    if ((io->blocked != NULL && !send_by_socket(io, io->blocked)) ||
        (io->is_link_blocked && !send_by_link(io))) {
        return;
    }
    while (floe_peer_poll_transmit(&io->peer, &io->run)) {
        io->run_done = 0;
        if (io->run.path.transport != FLOE_UDP) {
            if (!send_by_link(io)) {
                return;
            }
            continue;
        }
        floe_io_socket *socket = find_socket(io, &io->run.path.local);
        if (socket == NULL) {
            continue; /* closed a moment ago: lost, as in a network */
        }
        if (!send_by_socket(io, socket)) {
            return;
        }
    }
}
