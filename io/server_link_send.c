/*
 * io/server_link_send.c - the way out: sealed if need be, into the backlog, into the socket.
 *
 * Everything passes through the backlog, so that a run is taken whole or not at all; only plain
 * datagrams go straight to the kernel, many a call, as long as nothing waits.
 */
#include "io/server_link_internal.h"

#include "base/assert.h"
#include "base/reader.h"
#include "base/writer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define LENGTH_SIZE 2u /* in front of a datagram that waits */

static void set_events(floe_server_link *link)
{
    bool wants_room = link->is_short || floe_backlog_get(&link->backlog).len > 0;
    if (link->watch.fd >= 0 && link->state != FLOE_LINK_CONNECTING) {
        floe_loop_change(link->loop, &link->watch,
                         FLOE_LOOP_READ | (wants_room ? FLOE_LOOP_WRITE : 0));
    }
}

static void flush_stream(floe_server_link *link)
{
    floe_bytes left = floe_backlog_get(&link->backlog);
    floe_err err = FLOE_OK;
    while (left.len > 0 && err == FLOE_OK) {
        size_t done;
        err = floe_tcp_send(&link->tcp, left, &done);
        floe_backlog_remove(&link->backlog, done);
        left = floe_backlog_get(&link->backlog);
    }
    if (err == FLOE_E_CLOSED) {
        floe_server_link_fail(link, floe_tcp_reason_text(link->tcp.reason));
    }
}

/* What the kernel refuses for any other reason than room is lost, as datagrams may be. */
static void flush_datagrams(floe_server_link *link)
{
    floe_bytes left = floe_backlog_get(&link->backlog);
    while (left.len > 0) {
        size_t len = floe_load_u16(left.ptr);
        ssize_t sent = send(link->udp.fd, left.ptr + LENGTH_SIZE, len, 0);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (sent >= 0 || errno != EINTR) {
            floe_backlog_remove(&link->backlog, LENGTH_SIZE + len);
        }
        left = floe_backlog_get(&link->backlog);
    }
}

static void flush_backlog(floe_server_link *link)
{
    if (link->watch.fd < 0) {
        return;
    }
    if (floe_server_link_is_stream(link)) {
        flush_stream(link);
    } else {
        flush_datagrams(link);
    }
}

/* Where a message of up to `size` bytes is to be written. NULL: no room. */
static uint8_t *reserve(floe_server_link *link, size_t size)
{
    size_t head = floe_server_link_is_stream(link) ? 0 : LENGTH_SIZE;
    uint8_t *to = floe_backlog_reserve(&link->backlog, head + size);
    return to == NULL ? NULL : to + head;
}

static void put(floe_server_link *link, uint8_t *at, size_t size)
{
    if (floe_server_link_is_stream(link)) {
        floe_backlog_put(&link->backlog, size);
    } else {
        floe_store_u16(at - LENGTH_SIZE, (uint16_t)size);
        floe_backlog_put(&link->backlog, LENGTH_SIZE + size);
    }
}

/* The handshake, an alert, a close_notify. False: some of it found no room. */
static bool move_tls_output(floe_server_link *link)
{
    size_t len;
    uint8_t *to;
    while ((to = reserve(link, FLOE_DATAGRAM_MAX)) != NULL) {
        if (!floe_tls_client_poll_transmit(&link->tls, to, FLOE_DATAGRAM_MAX, &len)) {
            return true;
        }
        put(link, to, len);
    }
    return false;
}

void floe_server_link_flush(floe_server_link *link)
{
    if (floe_server_link_is_sealed(link)) {
        (void)move_tls_output(link); /* what stays goes with the next flush */
    }
    flush_backlog(link);
    set_events(link);
}

void floe_server_link_resume(floe_server_link *link)
{
    flush_backlog(link);
    floe_server_link_flush(link);
    /* Half of it, not a byte: the owner writes many messages then, and what waits moves seldom. */
    bool has_room = floe_backlog_room(&link->backlog) >= FLOE_SERVER_LINK_BACKLOG / 2;
    if (link->state == FLOE_LINK_OPEN && link->is_short && has_room) {
        link->is_short = false;
        set_events(link);
        if (link->config.writable != NULL) {
            link->config.writable(link->config.ctx, link);
        }
    }
}

/* Bytes of one piece: a datagram, or what goes into one record; a plain stream has no pieces. */
static size_t get_piece(const floe_server_link *link, size_t len, size_t segment)
{
    switch (link->config.transport) {
    case FLOE_TCP:
        return len;
    case FLOE_TLS:
        return FLOE_TLS_PLAIN_MAX;
    default:
        return segment;
    }
}

/* What a run takes of the backlog, at most. */
static size_t get_cost(const floe_server_link *link, size_t len, size_t piece)
{
    size_t count = (len + piece - 1) / piece;
    size_t each = (floe_server_link_is_stream(link) ? 0 : LENGTH_SIZE) +
                  (floe_server_link_is_sealed(link) ? FLOE_TLS_OVERHEAD : 0);
    return len + count * each;
}

static bool put_piece(floe_server_link *link, floe_bytes piece)
{
    size_t size = piece.len + (floe_server_link_is_sealed(link) ? FLOE_TLS_OVERHEAD : 0);
    uint8_t *to = reserve(link, size);
    FLOE_ASSERT(to != NULL);
    if (!floe_server_link_is_sealed(link)) {
        memcpy(to, piece.ptr, piece.len);
    } else if (floe_tls_client_seal(&link->tls, piece, to, size, &size) != FLOE_OK) {
        floe_server_link_fail(link, floe_tls_cause_text(FLOE_TLS_CAUSE_CRYPTO));
        return false;
    }
    put(link, to, size);
    return true;
}

static floe_err put_run(floe_server_link *link, floe_bytes run, size_t piece)
{
    while (run.len > 0) {
        size_t len = run.len < piece ? run.len : piece;
        if (!put_piece(link, (floe_bytes){run.ptr, len})) {
            return FLOE_E_CLOSED;
        }
        run = (floe_bytes){run.ptr + len, run.len - len};
    }
    return FLOE_OK;
}

/* Straight to the kernel; returns what it has no room for. */
static floe_bytes send_datagrams(floe_server_link *link, floe_bytes run, size_t segment)
{
    size_t done = 0;
    floe_transmit transmit = {.buf = (uint8_t *)run.ptr, /* is only read */
                              .cap = run.len,
                              .len = run.len,
                              .segment = segment,
                              .path = link->path};
    floe_err err = floe_udp_send_run(&link->udp, &transmit, &done);
    FLOE_ASSERT(err == FLOE_E_AGAIN || done == run.len);
    return (floe_bytes){run.ptr + done, run.len - done};
}

static bool has_room(floe_server_link *link, size_t cost)
{
    /* What TLS has to say goes first. */
    if (floe_server_link_is_sealed(link) && !move_tls_output(link)) {
        return false;
    }
    return cost <= floe_backlog_room(&link->backlog);
}

floe_err floe_server_link_send(floe_server_link *link, const uint8_t *run, size_t len,
                               size_t segment)
{
    FLOE_ASSERT(len > 0 && segment > 0);
    if (link->state != FLOE_LINK_OPEN) {
        return link->state == FLOE_LINK_FAILED ? FLOE_E_CLOSED : FLOE_E_STATE;
    }
    floe_bytes left = {run, len};
    size_t piece = get_piece(link, len, segment);
    size_t cost = get_cost(link, len, piece);
    size_t piece_max = link->config.transport == FLOE_DTLS ? FLOE_TLS_PLAIN_MAX : UINT16_MAX;
    bool is_datagram = !floe_server_link_is_stream(link);
    if (cost > FLOE_SERVER_LINK_BACKLOG / 2 || (is_datagram && piece > piece_max)) {
        return FLOE_E_TOO_BIG;
    }
    if (!has_room(link, cost)) {
        link->is_short = true;
        set_events(link);
        return FLOE_E_AGAIN;
    }
    if (link->config.transport == FLOE_UDP && floe_backlog_get(&link->backlog).len == 0) {
        left = send_datagrams(link, left, piece);
    }
    floe_err err = put_run(link, left, piece);
    floe_server_link_flush(link);
    return link->state == FLOE_LINK_FAILED ? FLOE_E_CLOSED : err;
}
