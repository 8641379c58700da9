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
#include "io/io_block.h"
#include "io/io_peer_internal.h"
#include "io/loop_internal.h"
#include "sctp/sctp_lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define BLOCKED_NAP (10 * FLOE_MS)

static floe_err init_peer(floe_io_peer *io, const floe_io_config *config, const floe_io_block *b,
                          uint8_t **at)
{
    floe_peer_config peer = {.rand = floe_rand_os(),
                             .identity = config->identity,
                             .trace = config->trace,
                             .message_max = config->message_max,
                             .parts_from = config->parts_from,
                             .snap = config->snap,
                             .congestion = config->congestion,
                             .scheduler = config->scheduler,
                             .glare = config->glare,
                             .mtu = config->mtu,
                             .ice = config->ice,
                             .tcp_links = io->tcp_memory};
    io->sockets =
        b->sockets > 0 ? (floe_socket_set *)(void *)floe_io_block_cut(at, b->sockets) : NULL;
    peer.description = (floe_span){floe_io_block_cut(at, b->description), b->description};
    if (floe_ip_handling_apply(config->ip_handling, &peer.ice) != FLOE_OK) {
        return FLOE_E_ARG;
    }
    /* Names stand for addresses of UDP only, a port is shared for UDP, and a lite agent has no
     * candidates of TCP. */
    io->has_tcp = FLOE_ICE_TCP != 0 && config->tcp != FLOE_IO_TCP_NONE && !config->is_hiding &&
                  io->sockets != NULL && peer.ice.policy != FLOE_ICE_POLICY_RELAY &&
                  !peer.ice.is_lite;
    io->filters = peer.ice.filters;
    peer.tcp_link_max = io->has_tcp ? FLOE_ICE_TCP_LINK_MAX : 0;
    if (peer.identity == NULL) {
        floe_err err = floe_dtls_identity_init(&io->identity);
        if (err != FLOE_OK) {
            return err;
        }
        peer.identity = &io->identity;
    }
    peer.rate = (floe_sctp_bbr *)(void *)floe_io_block_cut(at, b->rate);
    if (b->interleaving > 0) {
        peer.interleaving =
            (floe_sctp_interleaving *)(void *)floe_io_block_cut(at, b->interleaving);
        peer.interleaving->ring = (floe_sctp_number *)(void *)floe_io_block_cut(at, b->numbers);
    }
    io->secrets[0] = (floe_span){*at, b->relays};
    peer.relays = (floe_ice_relay *)(void *)floe_io_block_cut(at, b->relays);
    peer.relay_max = b->relay_max;
    io->secrets[1] = (floe_span){*at, b->texts};
    uint8_t *buffers = (uint8_t *)io + io->size - b->buffers;
    floe_span pages = {buffers, b->buffers};
    peer.recv_buffer = (floe_span){floe_io_block_cut(&buffers, b->recv), b->recv};
    peer.send_buffer = (floe_span){floe_io_block_cut(&buffers, b->send), b->send};
    peer.tx_ring = (floe_sctp_tx *)(void *)floe_io_block_cut(&buffers, b->ring);
    peer.tx_ring_len = b->ring_len;
    floe_err err = floe_peer_init(&io->peer, &peer, floe_loop_now(io->loop));
    floe_io_rest_init(&io->rest, pages, &io->peer.sctp);
    return err;
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
    floe_bytes username = floe_io_block_copy(at, server->username);
    floe_bytes credential = floe_io_block_copy(at, server->credential);
    for (size_t i = 0; i < server->url_count; i++) {
        const char *fault = "";
        floe_err err = floe_peer_add_server(&io->peer, floe_io_block_copy(at, server->urls[i]),
                                            username, credential, &fault);
        if (err != FLOE_OK) {
            return refuse_server(io, server->urls[i], fault, why, err);
        }
    }
    return FLOE_OK;
}

static void on_resolved(void *ctx, uint32_t request, const floe_addr *addr)
{
    floe_io_peer *io = ctx;
    floe_io_port_touch(io);
    floe_peer_resolved(&io->peer, request, addr);
}

/* False: there is no memory for it. */
static bool has_mdns(floe_io_peer *io)
{
    return io->mdns.shared != NULL || floe_mdns_resolver_init(&io->mdns, io->loop, io->use_loopback,
                                                              on_resolved, io) == FLOE_OK;
}

/* The address of a loopback interface says nothing of anybody, and is of use on this machine only,
 * where a name for it would not be believed. */
static bool is_to_hide(const floe_io_peer *io, const floe_addr *local)
{
    return io->is_hiding && !floe_addr_is_loopback(local);
}

static floe_err hide(floe_io_peer *io, const floe_addr *local)
{
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    if (!has_mdns(io) || floe_mdns_resolver_hide(&io->mdns, local, name) != FLOE_OK) {
        return FLOE_E_ARG;
    }
    floe_err err = floe_peer_hide_local(&io->peer, local, floe_bytes_of(name));
    if (err != FLOE_OK) {
        floe_mdns_resolver_show(&io->mdns, local);
    }
    return err == FLOE_OK ? FLOE_OK : FLOE_E_ARG;
}

floe_err floe_io_peer_add_local(floe_io_peer *io, const floe_addr *local, uint16_t preference)
{
    /* Draft §3.1.1: all of them; one that is public after all shows as a server-reflexive candidate
     * of the same address. One that can't be hidden is not used. */
    floe_err err = is_to_hide(io, local) ? hide(io, local) : FLOE_OK;
    if (err == FLOE_OK) {
        err = floe_peer_add_local(&io->peer, local, preference);
    }
    /* Where a filter leaves it out nobody is told, and nobody is to listen. */
    if (err == FLOE_OK && io->has_tcp &&
        floe_ice_filters_gather(io->filters, FLOE_ICE_HOST, FLOE_TCP, local)) {
        floe_ice_tcp_links_add(&io->tcp, local, preference);
    }
    return err;
}

void floe_io_peer_remove_local(floe_io_peer *io, const floe_addr *local)
{
    floe_peer_remove_local(&io->peer, local);
    floe_ice_tcp_links_remove(&io->tcp, local);
    if (floe_peer_show_local(&io->peer, local)) {
        floe_mdns_resolver_show(&io->mdns, local);
    }
}

/* All names are taken back. */
static void show_all(floe_io_peer *io)
{
    size_t cursor = 0;
    floe_addr local;
    while (floe_peer_next_hidden(&io->peer, &cursor, &local)) {
        floe_mdns_resolver_show(&io->mdns, &local);
    }
}

static floe_err on_added(void *ctx, const floe_addr *local, uint16_t preference)
{
    return floe_io_peer_add_local(ctx, local, preference);
}

static void on_removed(void *ctx, const floe_addr *local)
{
    floe_io_peer_remove_local(ctx, local);
}

static void on_received(void *ctx, const floe_udp_run *run)
{
    floe_io_peer *io = ctx;
    floe_peer_input(&io->peer, floe_loop_now(io->loop), &run->path, run->ptr, run->len,
                    run->segment);
}

static void on_writable(void *ctx)
{
    floe_io_peer_flush(ctx);
}

static void on_stirred(void *ctx)
{
    floe_io_port_touch(ctx);
}

static floe_err open_network(floe_io_peer *io, floe_io_port *port)
{
    floe_socket_set_config config = {.loop = io->loop,
                                     .use_loopback = io->use_loopback,
                                     .ip_handling = io->ip_handling,
                                     .added = on_added,
                                     .removed = on_removed,
                                     .received = on_received,
                                     .writable = on_writable,
                                     .ctx = io};
    floe_err err =
        port != NULL ? floe_io_port_add(port, io) : floe_socket_set_open(io->sockets, &config);
    if (err == FLOE_OK) {
        floe_peer_end_local(&io->peer);
    }
    return err;
}

static void resolve(floe_io_peer *io, uint32_t request, floe_bytes host)
{
    if (floe_mdns_resolver_is_for(host)) {
        const floe_addr nowhere = {.family = 0};
        if (!has_mdns(io)) {
            floe_peer_resolved(&io->peer, request, &nowhere);
            return;
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

static bool read_event(floe_io_peer *io, floe_peer_event *event)
{
    while (floe_peer_poll_event(&io->peer, event)) {
        switch (event->type) {
        case FLOE_PEER_EV_RESOLVE:
            resolve(io, event->request, event->host);
            break;
        case FLOE_PEER_EV_CONNECT:
            if (event->request >= FLOE_PEER_TCP_REQUEST) {
                floe_ice_tcp_links_open(&io->tcp, event->request, &event->path);
            } else {
                floe_relay_links_open(&io->links, event->request, &event->path, event->host);
            }
            break;
        case FLOE_PEER_EV_DISCONNECT:
            if (event->request >= FLOE_PEER_TCP_REQUEST) {
                floe_ice_tcp_links_close(&io->tcp, event->request);
            } else {
                floe_relay_links_close(&io->links, event->request);
            }
            break;
        default:
            return true;
        }
    }
    return false;
}

bool floe_io_peer_read_ahead(floe_io_peer *io)
{
    if (io->has_event) {
        return false;
    }
    io->has_event = read_event(io, &io->event);
    return io->has_event;
}

floe_time floe_io_peer_deadline(floe_io_peer *io, bool is_sent)
{
    floe_time now = floe_loop_now(io->loop);
    floe_io_rest_look(&io->rest, &io->peer.sctp, now);
    floe_time at =
        floe_time_min(floe_peer_deadline(&io->peer), floe_io_rest_deadline(&io->rest, now));
    /* Only a peer that is drained promises a deadline in the future. */
    floe_time nap = is_sent ? 0 : floe_time_after(now, BLOCKED_NAP);
    return at > nap ? at : nap;
}

static void prepare(floe_timer *timer)
{
    floe_io_peer *io = timer->ctx;
    bool is_fresh = floe_io_peer_read_ahead(io);
    bool is_sent = floe_io_peer_send(io);
    timer->at = floe_io_peer_deadline(io, is_sent);
    if (is_fresh) {
        timer->at = 0;
    }
}

static void woke(floe_timer *timer, floe_time now)
{
    floe_io_peer *io = timer->ctx;
    floe_peer_advance(&io->peer, now);
}

/* The memory is zero, and most of it stays untouched: all that there is no use for. */
static void init_links(floe_io_peer *io, const floe_io_config *config, uint8_t **at)
{
    floe_relay_links *links = &io->links;
    floe_ice_tcp_links *tcp = &io->tcp;
    if (io->has_tcp) {
        tcp->loop = io->loop;
        tcp->peer = &io->peer;
        tcp->is_listening = config->tcp == FLOE_IO_TCP_BOTH;
        tcp->writable = on_writable;
        tcp->ctx = io;
    }
    if (io->secrets[0].len == 0) { /* no relays */
        return;
    }
    links->loop = io->loop;
    links->peer = &io->peer;
    links->trust = config->trust;
    links->is_unverified = config->is_unverified;
    links->trace = config->trace;
    links->writable = on_writable;
    links->stirred = on_stirred;
    links->ctx = io;
    if (config->ca_file != NULL) {
        size_t size = strlen(config->ca_file) + 1;
        links->ca_file = (const char *)memcpy(floe_io_block_cut(at, size), config->ca_file, size);
    }
}

/* Everything but the memory; also of a peer that is half made. */
static void release(floe_io_peer *io)
{
    if (io->guest.port != NULL) {
        floe_io_port_remove(io);
    } else if (io->sockets != NULL) {
        floe_socket_set_close(io->sockets);
    }
    floe_relay_links_close_all(&io->links);
    floe_ice_tcp_links_close_all(&io->tcp);
    show_all(io);
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
    free(io->held.buf);
    (void)munmap(io, io->size);
}

/* Pages that nothing is ever written to cost nothing: those of most of the buffers of a quiet peer.
 * From the heap they might be those of a peer that is gone, and would have to be cleared. */
static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

floe_err floe_io_peer_open(floe_io_peer **io, floe_loop *loop, const floe_io_config *config,
                           const char **why)
{
    *io = NULL;
    if (why != NULL) {
        *why = "";
    }
    floe_io_block b;
    floe_io_block_measure(&b, config, sizeof(floe_io_peer));
    floe_io_peer *made = map(b.whole);
    if (made == NULL) {
        return FLOE_E_FULL;
    }
    made->size = b.whole;
    made->loop = loop;
    made->use_loopback = config->use_loopback;
    made->ip_handling = config->ip_handling;
    made->is_hiding = config->is_hiding;
    uint8_t *at = (uint8_t *)made + b.owner;
    floe_err err = init_peer(made, config, &b, &at);
    init_links(made, config, &at);
    for (size_t i = 0; i < config->server_count && err == FLOE_OK; i++) {
        err = add_server(made, &config->servers[i], &at, why);
    }
    if (err == FLOE_OK) {
        err = open_network(made, b.sockets == 0 ? config->port : NULL);
    }
    if (err != FLOE_OK) {
        release(made);
        return err;
    }
    if (made->guest.port == NULL) {
        made->timer =
            (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .woke = woke, .ctx = made};
        floe_loop_add_timer(loop, &made->timer);
    }
    *io = made;
    return FLOE_OK;
}

void floe_io_peer_close(floe_io_peer *io)
{
    if (io == NULL) {
        return;
    }
    floe_peer_close(&io->peer, floe_loop_now(io->loop));
    (void)floe_io_peer_send(io);
    if (io->guest.port == NULL) {
        floe_loop_remove_timer(io->loop, &io->timer);
    }
    release(io);
}

floe_peer *floe_io_peer_get(floe_io_peer *io)
{
    floe_io_port_touch(io);
    return &io->peer;
}

void floe_io_peer_get_stats(const floe_io_peer *io, floe_io_stats *stats)
{
    floe_socket_set_stats sockets;
    floe_socket_set_get_stats(io->sockets, &sockets);
    *stats = (floe_io_stats){.sockets = sockets.sockets,
                             .send_dropped = sockets.send_dropped,
                             .recv_dropped = sockets.recv_dropped};
}

const char *floe_io_peer_get_relay_fault(const floe_io_peer *io, uint32_t relay)
{
    return floe_relay_links_get_fault(&io->links, relay);
}

bool floe_io_peer_poll_event(floe_io_peer *io, floe_peer_event *event)
{
    floe_io_port_touch(io);
    if (io->has_event) {
        io->has_event = false;
        *event = io->event;
        return true;
    }
    return read_event(io, event);
}

/* By a connection to a TURN server, or to the other side. What can't be sent any more is lost, as
 * in a network. */
static floe_err offer_to_links(floe_io_peer *io, const floe_transmit *run)
{
    floe_err err = floe_relay_links_send(&io->links, run);
    return err == FLOE_E_UNKNOWN ? floe_ice_tcp_links_send(&io->tcp, run) : err;
}

static bool resume_held(floe_io_peer *io)
{
    if (io->held.buf != NULL && offer_to_links(io, &io->held) == FLOE_E_AGAIN) {
        return false;
    }
    free(io->held.buf);
    io->held.buf = NULL;
    return true;
}

/* The buffer of the sockets is for all who send by them: what waits for a connection waits in a
 * copy. Without memory for one it is lost. */
static bool send_by_link(floe_io_peer *io, const floe_transmit *run)
{
    if (offer_to_links(io, run) != FLOE_E_AGAIN) {
        return true;
    }
    io->held = *run;
    io->held.buf = malloc(run->len);
    if (io->held.buf == NULL) {
        return true;
    }
    memcpy(io->held.buf, run->buf, run->len);
    return false;
}

bool floe_io_peer_send(floe_io_peer *io)
{
    floe_socket_set *sockets = io->sockets;
    if (!floe_socket_set_resume(sockets) || !resume_held(io)) {
        return false;
    }
    while (floe_peer_poll_transmit(&io->peer, &sockets->run)) {
        if (sockets->run.path.transport != FLOE_UDP) {
            if (!send_by_link(io, &sockets->run)) {
                return false;
            }
            continue;
        }
        floe_io_port_sent(io, &sockets->run);
        if (!floe_socket_set_send(sockets)) {
            return false;
        }
    }
    return true;
}

void floe_io_peer_flush(floe_io_peer *io)
{
    floe_io_port_touch(io);
    (void)floe_io_peer_send(io);
}
