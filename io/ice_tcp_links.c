/* io/ice_tcp_links.c - see io/ice_tcp_links.h. */
#include "io/ice_tcp_links.h"

#include "base/addr.h"
#include "stun/stun_stream.h"

#define ACCEPTS 4 /* of a wake: who floods a listener holds up nobody else */
#define PAUSE   (100 * FLOE_MS)

/* The peer's numbers begin there, and end with its memory. */
static floe_ice_tcp_conn *get_conn(floe_ice_tcp_links *links, uint32_t request)
{
    return &links->conn[(request - FLOE_PEER_TCP_REQUEST) % FLOE_ICE_TCP_LINK_MAX];
}

static void close_conn(floe_ice_tcp_conn *conn)
{
    floe_server_link_close(conn->link);
    conn->link = NULL;
}

static void on_opened(void *ctx, floe_server_link *link)
{
    const floe_ice_tcp_conn *conn = ctx;
    floe_peer_connected(conn->links->peer, conn->request, &floe_server_link_get_path(link)->local);
}

static void on_received(void *ctx, floe_server_link *link, floe_span message)
{
    const floe_ice_tcp_conn *conn = ctx;
    (void)link;
    if (message.len > 0) {
        floe_peer_input(conn->links->peer, floe_loop_now(conn->links->loop), &conn->path,
                        message.ptr, message.len, message.len);
    }
}

static void on_writable(void *ctx, floe_server_link *link)
{
    const floe_ice_tcp_conn *conn = ctx;
    (void)link;
    conn->links->writable(conn->links->ctx);
}

static void fail(floe_ice_tcp_conn *conn)
{
    close_conn(conn);
    floe_peer_disconnected(conn->links->peer, conn->request);
}

static void on_failed(void *ctx, floe_server_link *link, const char *why)
{
    (void)link;
    (void)why;
    fail(ctx);
}

/* What is common to those that connect and those that were accepted. */
static floe_server_link_config begin(floe_ice_tcp_links *links, uint32_t request,
                                     const floe_path *path)
{
    floe_ice_tcp_conn *conn = get_conn(links, request);
    close_conn(conn);
    *conn = (floe_ice_tcp_conn){.links = links, .path = *path, .request = request};
    return (floe_server_link_config){
        .server = path->remote,
        .transport = FLOE_TCP,
        .framing = FLOE_STUN_FRAMING_RFC4571,
        .received = on_received,
        .writable = on_writable,
        .failed = on_failed,
        .ctx = conn,
    };
}

void floe_ice_tcp_links_open(floe_ice_tcp_links *links, uint32_t request, const floe_path *path)
{
    floe_server_link_config config = begin(links, request, path);
    floe_ice_tcp_conn *conn = get_conn(links, request);
    config.local = path->local;
    config.local.port = 0;
    config.opened = on_opened;
    if (floe_server_link_open(&conn->link, links->loop, &config) != FLOE_OK) {
        fail(conn);
    }
}

void floe_ice_tcp_links_close(floe_ice_tcp_links *links, uint32_t request)
{
    close_conn(get_conn(links, request));
}

static void take(const floe_ice_tcp_listener *listener, floe_tcp *tcp, const floe_addr *from)
{
    floe_ice_tcp_links *links = listener->links;
    const floe_path path = {.local = listener->local, .remote = *from, .transport = FLOE_TCP};
    uint32_t request;
    if (floe_peer_accepted(links->peer, &path, &request) != FLOE_OK) {
        floe_tcp_close(tcp);
        return;
    }
    floe_server_link_config config = begin(links, request, &path);
    floe_ice_tcp_conn *conn = get_conn(links, request);
    if (floe_server_link_adopt(&conn->link, links->loop, &config, tcp) != FLOE_OK) {
        fail(conn);
    }
}

static void end_pause(floe_ice_tcp_listener *listener)
{
    if (listener->is_paused) {
        listener->is_paused = false;
        floe_loop_remove_timer(listener->links->loop, &listener->pause);
    }
}

static void on_pause_over(floe_timer *timer, floe_time now)
{
    floe_ice_tcp_listener *listener = timer->ctx;
    (void)now;
    end_pause(listener);
    floe_loop_change(listener->links->loop, &listener->watch, FLOE_LOOP_READ);
}

/* Who can't be accepted waits in the kernel, and would wake the loop at once, for ever. */
static void begin_pause(floe_ice_tcp_listener *listener)
{
    floe_loop *loop = listener->links->loop;
    listener->pause = (floe_timer){
        .at = floe_time_after(floe_loop_now(loop), PAUSE), .due = on_pause_over, .ctx = listener};
    listener->is_paused = true;
    floe_loop_change(loop, &listener->watch, 0);
    floe_loop_add_timer(loop, &listener->pause);
}

static void on_incoming(floe_watch *watch, int events)
{
    floe_ice_tcp_listener *listener = watch->ctx;
    floe_tcp tcp;
    floe_addr from;
    floe_err err = FLOE_OK;
    (void)events;
    for (int i = 0; i < ACCEPTS && err == FLOE_OK; i++) {
        err = floe_tcp_accept(&listener->tcp, &tcp, &from);
        if (err == FLOE_OK) {
            take(listener, &tcp, &from);
        }
    }
    if (err == FLOE_E_FULL) {
        begin_pause(listener);
    }
}

static floe_ice_tcp_listener *find_listener(floe_ice_tcp_links *links, const floe_addr *ip)
{
    for (uint32_t i = 0; i < FLOE_ICE_TCP_ADDR_MAX; i++) {
        if (floe_addr_ip_equal(&links->listener[i].ip, ip)) {
            return &links->listener[i];
        }
    }
    return NULL;
}

/* Without one there is still the candidate that connects. */
static void listen_at(floe_ice_tcp_listener *listener, uint16_t preference)
{
    floe_loop *loop = listener->links->loop;
    floe_addr any_port = listener->ip;
    any_port.port = 0;
    if (floe_tcp_listen(&listener->tcp, &any_port, &listener->local) != FLOE_OK) {
        return;
    }
    listener->watch = (floe_watch){.fd = listener->tcp.fd, .ready = on_incoming, .ctx = listener};
    if (floe_loop_add(loop, &listener->watch, FLOE_LOOP_READ) != FLOE_OK) {
        floe_tcp_close(&listener->tcp);
        return;
    }
    if (floe_peer_add_local_tcp(listener->links->peer, &listener->local, preference, true) !=
        FLOE_OK) {
        floe_loop_remove(loop, &listener->watch);
        floe_tcp_close(&listener->tcp);
    }
}

void floe_ice_tcp_links_add(floe_ice_tcp_links *links, const floe_addr *ip, uint16_t preference)
{
    floe_ice_tcp_listener *room = find_listener(links, &(floe_addr){0});
    if (room == NULL || find_listener(links, ip) != NULL ||
        floe_peer_add_local_tcp(links->peer, ip, preference, false) != FLOE_OK) {
        return;
    }
    *room = (floe_ice_tcp_listener){.links = links, .ip = *ip, .tcp = {.fd = -1}};
    if (links->is_listening) {
        listen_at(room, preference);
    }
}

static void close_listener(floe_ice_tcp_listener *listener)
{
    if (listener->ip.family != 0 && listener->tcp.fd >= 0) {
        end_pause(listener);
        floe_loop_remove(listener->links->loop, &listener->watch);
        floe_tcp_close(&listener->tcp);
    }
    listener->ip = (floe_addr){0};
}

void floe_ice_tcp_links_remove(floe_ice_tcp_links *links, const floe_addr *ip)
{
    floe_ice_tcp_listener *listener = find_listener(links, ip);
    if (listener != NULL) {
        close_listener(listener);
    }
}

void floe_ice_tcp_links_close_all(floe_ice_tcp_links *links)
{
    for (uint32_t i = 0; i < FLOE_ICE_TCP_ADDR_MAX; i++) {
        close_listener(&links->listener[i]);
    }
    for (uint32_t i = 0; i < FLOE_ICE_TCP_LINK_MAX; i++) {
        close_conn(&links->conn[i]);
    }
}

static floe_err send_run(floe_ice_tcp_conn *conn, const floe_transmit *run)
{
    floe_time now = floe_loop_now(conn->links->loop);
    floe_err err = floe_server_link_send(conn->link, run->buf, run->len, run->segment);
    if (err != FLOE_E_AGAIN) {
        conn->is_full = false;
        return err;
    }
    if (!conn->is_full) {
        conn->is_full = true;
        conn->full_until = floe_time_after(now, FLOE_ICE_TCP_LINK_PATIENCE);
    }
    return now < conn->full_until ? FLOE_E_AGAIN : FLOE_E_FULL;
}

floe_err floe_ice_tcp_links_send(floe_ice_tcp_links *links, const floe_transmit *run)
{
    for (uint32_t i = 0; i < FLOE_ICE_TCP_LINK_MAX; i++) {
        floe_ice_tcp_conn *conn = &links->conn[i];
        if (conn->link != NULL && floe_path_equal(&conn->path, &run->path)) {
            return send_run(conn, run);
        }
    }
    return FLOE_E_UNKNOWN;
}
