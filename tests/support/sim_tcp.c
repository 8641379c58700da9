/* support/sim_tcp.c - see support/sim_tcp.h. */
#include "support/sim_tcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define MEMORY 65540u

sim_tcp *sim_tcp_new(uint64_t seed)
{
    sim_tcp *tcp = calloc(1, sizeof *tcp);
    assert_non_null(tcp);
    tcp->random = sim_random_begin(seed, 0x7c9);
    tcp->next_port = 20000;
    return tcp;
}

void sim_tcp_free(sim_tcp *tcp)
{
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        free(tcp->conn[i].end[0].memory);
        free(tcp->conn[i].end[1].memory);
    }
    for (size_t i = 0; i < SIM_TCP_PIECES; i++) {
        free(tcp->piece[i].bytes);
    }
    free(tcp);
}

static void open_end(sim_tcp_end *end)
{
    free(end->memory);
    end->memory = malloc(MEMORY);
    assert_non_null(end->memory);
    floe_stun_stream_init(&end->stream, FLOE_STUN_FRAMING_RFC4571,
                          (floe_span){end->memory, MEMORY});
    end->is_open = true;
}

static void connect_from(sim_tcp *tcp, int side, floe_time now, const floe_peer_event *event)
{
    size_t i = 0;
    while (i < SIM_TCP_CONNS && tcp->conn[i].is_used) {
        i++;
    }
    assert_true(i < SIM_TCP_CONNS);
    sim_tcp_conn *conn = &tcp->conn[i];
    *conn = (sim_tcp_conn){.is_used = true, .from = side};
    conn->end[side] = (sim_tcp_end){.path = event->path, .request = event->request};
    open_end(&conn->end[side]);
    floe_addr from = event->path.local;
    from.port = tcp->next_port++;
    conn->end[!side].path =
        (floe_path){.local = event->path.remote, .remote = from, .transport = FLOE_TCP};
    conn->accepted_at = now + SIM_TCP_DELAY;
    conn->connected_at = now + 2 * SIM_TCP_DELAY;
    conn->is_cut = tcp->is_refusing || event->path.remote.port != SIM_TCP_PORT;
}

static void drop_pieces(sim_tcp *tcp, int conn)
{
    for (size_t i = 0; i < SIM_TCP_PIECES; i++) {
        if (tcp->piece[i].bytes != NULL && tcp->piece[i].conn == conn) {
            free(tcp->piece[i].bytes);
            tcp->piece[i].bytes = NULL;
        }
    }
}

static void end_conn(sim_tcp *tcp, sim_tcp_conn *conn)
{
    drop_pieces(tcp, (int)(conn - tcp->conn));
    free(conn->end[0].memory);
    free(conn->end[1].memory);
    memset(conn, 0, sizeof *conn);
}

static sim_tcp_conn *find(sim_tcp *tcp, int side, const floe_path *path, uint32_t request)
{
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        sim_tcp_conn *conn = &tcp->conn[i];
        const sim_tcp_end *end = &conn->end[side];
        if (conn->is_used && end->is_open &&
            (path != NULL ? floe_path_equal(&end->path, path) : end->request == request)) {
            return conn;
        }
    }
    return NULL;
}

void sim_tcp_take_event(sim_tcp *tcp, int side, floe_time now, const floe_peer_event *event)
{
    if (event->type == FLOE_PEER_EV_CONNECT) {
        tcp->connects++;
        connect_from(tcp, side, now, event);
        return;
    }
    tcp->disconnects++;
    sim_tcp_conn *conn = find(tcp, side, NULL, event->request);
    if (conn != NULL) {
        conn->end[side].is_open = false;
        conn->is_cut = true;
        conn->connected_at = now + SIM_TCP_DELAY;
        if (!conn->end[!side].is_open) {
            end_conn(tcp, conn);
        }
    }
}

static void put_piece(sim_tcp *tcp, int conn, int to, floe_time at, floe_bytes bytes)
{
    size_t i = 0;
    while (i < SIM_TCP_PIECES && tcp->piece[i].bytes != NULL) {
        i++;
    }
    assert_true(i < SIM_TCP_PIECES);
    sim_tcp_piece *piece = &tcp->piece[i];
    *piece = (sim_tcp_piece){.at = at, .len = bytes.len, .conn = conn, .to = to};
    piece->order = tcp->order++;
    piece->bytes = malloc(bytes.len);
    assert_non_null(piece->bytes);
    memcpy(piece->bytes, bytes.ptr, bytes.len);
}

bool sim_tcp_send(sim_tcp *tcp, int side, floe_time now, const floe_transmit *run)
{
    sim_tcp_conn *conn = find(tcp, side, &run->path, 0);
    for (size_t at = 0; conn != NULL && !conn->is_cut && at < run->len;) { /* else it is lost */
        size_t left = run->len - at;
        size_t len = 1 + (size_t)sim_random_below(&tcp->random, left);
        put_piece(tcp, (int)(conn - tcp->conn), !side, now + SIM_TCP_DELAY,
                  (floe_bytes){run->buf + at, len});
        at += len;
    }
    return conn != NULL;
}

/* The first to come to this side; NULL: none. */
static sim_tcp_piece *first_piece(const sim_tcp *tcp, int side)
{
    const sim_tcp_piece *first = NULL;
    for (size_t i = 0; i < SIM_TCP_PIECES; i++) {
        const sim_tcp_piece *piece = &tcp->piece[i];
        if (piece->bytes != NULL && piece->to == side &&
            (first == NULL || piece->order < first->order)) {
            first = piece;
        }
    }
    return (sim_tcp_piece *)first;
}

/* When the state of a connection changes for this side. */
static floe_time next_of(const sim_tcp_conn *conn, int side)
{
    const sim_tcp_end *end = &conn->end[side];
    if (!conn->is_used) {
        return FLOE_TIME_NEVER;
    }
    if (conn->is_cut) {
        return end->is_open ? conn->connected_at : FLOE_TIME_NEVER;
    }
    if (conn->from != side) {
        return conn->is_accepted ? FLOE_TIME_NEVER : conn->accepted_at;
    }
    return conn->connected_at;
}

floe_time sim_tcp_next(const sim_tcp *tcp, int side)
{
    const sim_tcp_piece *piece = first_piece(tcp, side);
    floe_time at = piece != NULL ? piece->at : FLOE_TIME_NEVER;
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        at = floe_time_min(at, next_of(&tcp->conn[i], side));
    }
    return at;
}

static void change(sim_tcp *tcp, int side, sim_tcp_conn *conn)
{
    sim_tcp_end *end = &conn->end[side];
    if (conn->is_cut) {
        end->is_open = false;
        floe_peer_disconnected(tcp->peer[side], end->request);
        if (!conn->end[!side].is_open) {
            end_conn(tcp, conn);
        }
    } else if (conn->from == side) {
        conn->connected_at = FLOE_TIME_NEVER;
        floe_peer_connected(tcp->peer[side], end->request, &end->path.local);
    } else {
        conn->is_accepted = true;
        if (floe_peer_accepted(tcp->peer[side], &end->path, &end->request) == FLOE_OK) {
            open_end(end);
        } else {
            conn->is_cut = true;
        }
    }
}

static void deliver_piece(sim_tcp *tcp, int side, floe_time now, sim_tcp_piece *piece)
{
    sim_tcp_conn *conn = &tcp->conn[piece->conn];
    floe_bytes in = {piece->bytes, piece->len};
    floe_bytes message;
    while (conn->is_used && conn->end[side].is_open &&
           floe_stun_stream_next(&conn->end[side].stream, &in, &message) == FLOE_OK) {
        uint8_t *copy = malloc(message.len + 1);
        assert_non_null(copy);
        memcpy(copy, message.ptr, message.len);
        const floe_path path = conn->end[side].path;
        floe_peer_input(tcp->peer[side], now, &path, copy, message.len, message.len);
        free(copy);
    }
    free(piece->bytes);
    piece->bytes = NULL;
}

void sim_tcp_deliver(sim_tcp *tcp, int side, floe_time now)
{
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        if (next_of(&tcp->conn[i], side) <= now) {
            change(tcp, side, &tcp->conn[i]);
        }
    }
    sim_tcp_piece *piece = first_piece(tcp, side);
    while (piece != NULL && piece->at <= now) {
        deliver_piece(tcp, side, now, piece);
        piece = first_piece(tcp, side);
    }
}

void sim_tcp_cut(sim_tcp *tcp, floe_time now)
{
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        tcp->conn[i].is_cut = tcp->conn[i].is_used;
        tcp->conn[i].connected_at = now + 1;
    }
}

unsigned sim_tcp_count_open(const sim_tcp *tcp)
{
    unsigned count = 0;
    for (size_t i = 0; i < SIM_TCP_CONNS; i++) {
        count += tcp->conn[i].is_used;
    }
    return count;
}
