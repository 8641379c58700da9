/*
 * io/io_port.c - peers that share sockets: who gets what comes, and who is to be looked at.
 *
 * There is one timer for all of them. Their deadlines stand in a heap; those that something
 * happened to are in a list, and are drained before the loop sleeps. So a wake costs what it is
 * about, however many peers there are.
 */
#include "io/io_port.h"

#include "base/assert.h"
#include "base/rand_os.h"
#include "io/io_peer_internal.h"
#include "peer/demux.h"

#include <stdlib.h>

#define PEER_MAX    1024u
#define SWEEP_PAUSE FLOE_SECOND /* between two looks at all paths */

/* What is due in more than FAR is done with what else is due at about that time: idle peers ask for
 * consent every few seconds, each at a time of its own, and waking costs more than the work. A peer
 * at rest has nothing else to do, and is looked at for each packet, often just before its next
 * check: only what follows a packet at once, as the next check of the peer does, is done in time.
 */
#define FAR         (500 * FLOE_MS)
#define FAR_AT_REST (20 * FLOE_MS)

struct floe_io_port {
    floe_loop *loop;
    floe_timer timer;
    floe_ice_mux mux;
    floe_deadlines deadlines;
    floe_io_peer **peers; /* by number less one; NULL: free */
    uint32_t peer_max, peer_count;
    floe_io_peer *touched, *touched_last, *news, *news_last;
    floe_time sweep_at; /* paths that nobody holds are not looked for before */
    uint64_t dropped_rival;
    floe_socket_set sockets;
    void *memory[3]; /* of the demultiplexer, the heap, the peers */
};

static void advance(floe_io_peer *io, floe_time now)
{
    if (io->guest.advanced_at != now) {
        io->guest.advanced_at = now;
        floe_peer_advance(&io->peer, now);
    }
}

static void touch(floe_io_peer *io)
{
    floe_io_port *port = io->guest.port;
    if (io->guest.is_touched) {
        return;
    }
    io->guest.is_touched = true;
    io->guest.touched = NULL;
    if (port->touched == NULL) {
        port->touched = io;
    } else {
        port->touched_last->guest.touched = io;
    }
    port->touched_last = io;
}

static void add_news(floe_io_port *port, floe_io_peer *io)
{
    if (io->guest.is_news) {
        return;
    }
    io->guest.is_news = true;
    io->guest.news = NULL;
    if (port->news == NULL) {
        port->news = io;
    } else {
        port->news_last->guest.news = io;
    }
    port->news_last = io;
}

void floe_io_port_touch(floe_io_peer *io)
{
    if (io->guest.port != NULL) {
        advance(io, floe_loop_now(io->loop));
        touch(io);
    }
}

static floe_io_peer *peer_of(const floe_io_port *port, uint32_t owner)
{
    return port->peers[owner - 1];
}

static bool is_held_by(const floe_io_port *port, uint32_t owner, const floe_path *path)
{
    return floe_ice_mux_is_held(&peer_of(port, owner)->peer.ice, floe_loop_now(port->loop), path);
}

static bool is_proven_by(const floe_io_port *port, uint32_t owner, const floe_path *path)
{
    return floe_ice_mux_is_proven(&peer_of(port, owner)->peer.ice, floe_loop_now(port->loop), path);
}

/* Give paths back that nobody holds; now and then, since it takes a look at all. */
static void sweep(floe_io_port *port)
{
    size_t cursor = 0;
    floe_path path;
    uint32_t owner;
    floe_time now = floe_loop_now(port->loop);
    if (now < port->sweep_at) {
        return;
    }
    port->sweep_at = floe_time_after(now, SWEEP_PAUSE);
    while (floe_ice_mux_next(&port->mux, &cursor, &path, &owner)) {
        if (!is_held_by(port, owner, &path)) {
            floe_ice_mux_release(&port->mux, &path);
        }
    }
}

/* A check or a response has come: if the peer's agent found it right, the path is the peer's. */
static void claim(floe_io_port *port, const floe_ice_mux_found *found, const floe_path *path)
{
    if (!is_held_by(port, found->owner, path)) {
        return;
    }
    if (found->rival != 0) {
        if (is_held_by(port, found->rival, path) && !is_proven_by(port, found->owner, path)) {
            return; /* the one has no more to show than the other, who was first */
        }
        floe_ice_mux_release(&port->mux, path);
    }
    if (floe_ice_mux_take(&port->mux, path, found->owner) == FLOE_E_FULL) {
        sweep(port);
        if (floe_ice_mux_take(&port->mux, path, found->owner) == FLOE_E_FULL &&
            floe_ice_mux_make_room(&port->mux, found->owner)) {
            (void)!floe_ice_mux_take(&port->mux, path, found->owner);
        }
    }
}

static bool is_stun(floe_bytes datagram)
{
    return floe_demux(datagram) == FLOE_PROTOCOL_STUN;
}

/* Datagrams that belong together: one of STUN, or several others. */
static void deliver(floe_io_port *port, const floe_udp_run *run)
{
    floe_bytes first = {run->ptr, run->len < run->segment ? run->len : run->segment};
    floe_ice_mux_found found = floe_ice_mux_find(&port->mux, &run->path, first);
    if (found.owner == 0) {
        return;
    }
    if (found.rival != 0 && is_proven_by(port, found.rival, &run->path)) {
        port->dropped_rival++;
        return;
    }
    floe_io_peer *io = peer_of(port, found.owner);
    bool is_check = is_stun(first);
    floe_time now = floe_loop_now(port->loop);
    if (io->guest.deadline.at <= now) { /* else there is nothing that time alone would do */
        advance(io, now);
    }
    floe_peer_input(&io->peer, now, &run->path, run->ptr, run->len, run->segment);
    touch(io);
    if (is_check) {
        claim(port, &found, &run->path);
    }
}

static void on_received(void *ctx, const floe_udp_run *run)
{
    floe_io_port *port = ctx;
    floe_udp_run part = {.path = run->path, .segment = run->segment};
    for (size_t at = 0; at < run->len; at += part.len) {
        bool has_stun = false;
        part.ptr = run->ptr + at;
        part.len = 0;
        while (at + part.len < run->len && !has_stun) {
            size_t left = run->len - at - part.len;
            size_t size = left < run->segment ? left : run->segment;
            has_stun = is_stun((floe_bytes){part.ptr + part.len, size});
            if (has_stun && part.len > 0) {
                break; /* what is in front of it goes first */
            }
            part.len += size;
        }
        deliver(port, &part);
    }
}

static floe_err on_added(void *ctx, const floe_addr *local, uint16_t preference)
{
    floe_io_port *port = ctx;
    for (uint32_t i = 0; i < port->peer_max; i++) {
        if (port->peers[i] != NULL) {
            floe_io_port_touch(port->peers[i]);
            /* FULL: it has as many candidates as it can have, without this one. */
            (void)!floe_io_peer_add_local(port->peers[i], local, preference);
        }
    }
    return FLOE_OK;
}

static void on_removed(void *ctx, const floe_addr *local)
{
    floe_io_port *port = ctx;
    for (uint32_t i = 0; i < port->peer_max; i++) {
        if (port->peers[i] != NULL) {
            floe_io_port_touch(port->peers[i]);
            floe_io_peer_remove_local(port->peers[i], local);
        }
    }
}

/* Those who wait for room are in the list: they have their turn before the next sleep. */
static void on_writable(void *ctx)
{
    floe_io_port *port = ctx;
    (void)floe_socket_set_resume(&port->sockets);
}

/* A restart has changed it: checks with the new one will come. ARG: somebody has the same by
 * chance; then its own checks have to do. */
static void update_name(floe_io_port *port, floe_io_peer *io)
{
    floe_bytes ufrag, pwd;
    floe_ice_agent_get_local(&io->peer.ice, &ufrag, &pwd);
    (void)!floe_ice_mux_add_name(&port->mux, ufrag, io->guest.owner);
}

/* Connected, with no checks to send but those of consent, and without traffic. */
static bool is_at_rest(const floe_io_peer *io)
{
    return floe_io_rest_is(&io->rest) && floe_peer_get_state(&io->peer) == FLOE_PEER_CONNECTED &&
           floe_peer_get_ice_state(&io->peer) == FLOE_ICE_COMPLETED;
}

/* Drain one peer. True: it has an event that the program does not know of. */
static bool drain(floe_io_port *port, floe_io_peer *io)
{
    bool is_fresh = floe_io_peer_read_ahead(io);
    if (is_fresh) {
        add_news(port, io);
    }
    update_name(port, io);
    bool is_sent = floe_io_peer_send(io);
    floe_time at = floe_io_peer_deadline(io, is_sent);
    if (!is_sent) {
        touch(io);
    }
    floe_time far = is_at_rest(io) ? FAR_AT_REST : FAR;
    floe_deadlines_set(&port->deadlines, &io->guest.deadline,
                       floe_deadlines_join(at, floe_time_after(floe_loop_now(port->loop), far)));
    return is_fresh;
}

/* The list grows meanwhile: by those that had no room, at whose turn it ends. */
static void prepare(floe_timer *timer)
{
    floe_io_port *port = timer->ctx;
    floe_io_peer *last = NULL;
    bool is_fresh = false;
    while (port->touched != NULL && port->touched != last &&
           floe_socket_set_resume(&port->sockets)) {
        floe_io_peer *io = port->touched;
        port->touched = io->guest.touched;
        io->guest.is_touched = false;
        is_fresh = drain(port, io) || is_fresh;
        last = last == NULL && io->guest.is_touched ? io : last;
    }
    const floe_deadline *first = floe_deadlines_first(&port->deadlines);
    timer->at = first != NULL ? first->at : FLOE_TIME_NEVER;
    timer->at = is_fresh ? 0 : timer->at;
}

static void due(floe_timer *timer, floe_time now)
{
    floe_io_port *port = timer->ctx;
    floe_deadline *first;
    while ((first = floe_deadlines_first(&port->deadlines)) != NULL && first->at <= now) {
        floe_io_guest *guest =
            (floe_io_guest *)(void *)((char *)first - offsetof(floe_io_guest, deadline));
        floe_io_peer *io = (floe_io_peer *)(void *)((char *)guest - offsetof(floe_io_peer, guest));
        floe_deadlines_set(&port->deadlines, first, FLOE_TIME_NEVER);
        advance(io, now);
        touch(io);
    }
}

floe_err floe_io_port_open(floe_io_port **port, floe_loop *loop, const floe_io_port_config *config)
{
    *port = NULL;
    floe_io_port *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return FLOE_E_FULL;
    }
    made->loop = loop;
    made->peer_max = config->peer_max != 0 ? config->peer_max : PEER_MAX;
    made->memory[0] = malloc(floe_ice_mux_size(made->peer_max));
    made->memory[1] = calloc(made->peer_max, sizeof(floe_deadlines_entry));
    made->memory[2] = calloc(made->peer_max, sizeof(floe_io_peer *));
    made->timer = (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .due = due, .ctx = made};
    floe_loop_add_timer(loop, &made->timer);
    floe_socket_set_config sockets = {.loop = loop,
                                      .port = config->number,
                                      .use_loopback = config->use_loopback,
                                      .ip_handling = config->ip_handling,
                                      .added = on_added,
                                      .removed = on_removed,
                                      .received = on_received,
                                      .writable = on_writable,
                                      .ctx = made};
    floe_err err = FLOE_E_FULL;
    if (made->memory[0] != NULL && made->memory[1] != NULL && made->memory[2] != NULL) {
        floe_ice_mux_init(&made->mux, made->memory[0], made->peer_max, floe_rand_os());
        floe_deadlines_init(&made->deadlines, made->memory[1], made->peer_max);
        made->peers = made->memory[2];
        err = floe_socket_set_open(&made->sockets, &sockets);
    }
    if (err != FLOE_OK) {
        floe_io_port_close(made);
        return err;
    }
    *port = made;
    return FLOE_OK;
}

void floe_io_port_close(floe_io_port *port)
{
    if (port == NULL) {
        return;
    }
    FLOE_ASSERT(port->peer_count == 0);
    floe_socket_set_close(&port->sockets);
    floe_loop_remove_timer(port->loop, &port->timer);
    for (size_t i = 0; i < sizeof port->memory / sizeof port->memory[0]; i++) {
        free(port->memory[i]);
    }
    free(port);
}

floe_err floe_io_port_add(floe_io_port *port, floe_io_peer *io)
{
    uint32_t index = 0;
    size_t cursor = 0;
    floe_addr local;
    uint16_t preference;
    if (io->ip_handling > port->sockets.config.ip_handling) {
        return FLOE_E_ARG; /* the sockets are there: the peer would learn of more than it may */
    }
    while (index < port->peer_max && port->peers[index] != NULL) {
        index++;
    }
    if (index == port->peer_max) {
        return FLOE_E_FULL;
    }
    port->peers[index] = io;
    port->peer_count++;
    io->sockets = &port->sockets;
    io->guest = (floe_io_guest){.port = port,
                                .owner = index + 1,
                                .deadline.at = FLOE_TIME_NEVER,
                                .advanced_at = floe_loop_now(port->loop)};
    while (floe_socket_set_next(&port->sockets, &cursor, &local, &preference)) {
        /* FULL: as many candidates as it can have. */
        (void)!floe_io_peer_add_local(io, &local, preference);
    }
    update_name(port, io);
    touch(io);
    return FLOE_OK;
}

/* Take it out of the two lists. */
static void unlist(floe_io_port *port, const floe_io_peer *io)
{
    floe_io_peer **link = &port->touched;
    port->touched_last = NULL;
    while (*link != NULL) {
        if (*link == io) {
            *link = io->guest.touched;
        } else {
            port->touched_last = *link;
            link = &(*link)->guest.touched;
        }
    }
    link = &port->news;
    port->news_last = NULL;
    while (*link != NULL) {
        if (*link == io) {
            *link = io->guest.news;
        } else {
            port->news_last = *link;
            link = &(*link)->guest.news;
        }
    }
}

void floe_io_port_remove(floe_io_peer *io)
{
    floe_io_port *port = io->guest.port;
    unlist(port, io);
    floe_deadlines_set(&port->deadlines, &io->guest.deadline, FLOE_TIME_NEVER);
    floe_ice_mux_remove(&port->mux, io->guest.owner);
    port->peers[io->guest.owner - 1] = NULL;
    port->peer_count--;
}

void floe_io_port_sent(floe_io_peer *io, const floe_transmit *run)
{
    if (io->guest.port != NULL) {
        floe_bytes first = {run->buf, run->len < run->segment ? run->len : run->segment};
        floe_ice_mux_sent(&io->guest.port->mux, first, io->guest.owner);
    }
}

floe_io_peer *floe_io_port_next(floe_io_port *port)
{
    while (port->news != NULL) {
        floe_io_peer *io = port->news;
        port->news = io->guest.news;
        io->guest.is_news = false;
        if (io->has_event) {
            return io;
        }
    }
    return NULL;
}

void floe_io_port_get_stats(const floe_io_port *port, floe_io_port_stats *stats)
{
    floe_socket_set_stats sockets;
    floe_socket_set_get_stats(&port->sockets, &sockets);
    *stats = (floe_io_port_stats){.peers = port->peer_count,
                                  .sockets = sockets.sockets,
                                  .send_dropped = sockets.send_dropped,
                                  .recv_dropped = sockets.recv_dropped,
                                  .dropped_rival = port->dropped_rival};
    floe_ice_mux_get_stats(&port->mux, &stats->mux);
}
