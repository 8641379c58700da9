/*
 * io/server_link.c - opens a connection to a server, reads from it, and tells its owner.
 *
 * Any handler may close the link: each function that runs one looks at is_closed before it goes on,
 * and the memory stays until the call of the loop returns. RFC 8489 §6.2, RFC 8656 §3.1.
 */
#include "io/server_link.h"

#include "base/addr.h"
#include "base/assert.h"
#include "io/server_link_internal.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(FLOE_SERVER_LINK_PATIENCE == 10 * FLOE_SECOND, "as the text says");
#define NO_ANSWER "no answer in 10 s"

static bool is_alive(const floe_server_link *link)
{
    return link->state != FLOE_LINK_FAILED && !link->is_closed;
}

static void close_socket(floe_server_link *link)
{
    if (link->watch.fd >= 0) {
        floe_loop_remove(link->loop, &link->watch);
        link->watch.fd = -1;
    }
    floe_tcp_close(&link->tcp);
    floe_udp_close(&link->udp);
}

static void free_link(floe_server_link *link)
{
    floe_tls_client_free(&link->tls);
    floe_tls_trust_free(&link->trust);
    free(link);
}

bool floe_server_link_is_untrusted(const floe_server_link *link)
{
    return link->is_untrusted;
}

void floe_server_link_fail(floe_server_link *link, const char *why)
{
    if (is_alive(link)) {
        link->state = FLOE_LINK_FAILED;
        link->is_told = false;
        link->why = why;
        close_socket(link);
    }
}

/* Run the handler that a new state has, once. */
static void tell(floe_server_link *link)
{
    const floe_server_link_config *config = &link->config;
    if (link->is_told || link->is_closed) {
        return;
    }
    link->is_told = true;
    if (link->state == FLOE_LINK_OPEN && config->opened != NULL) {
        config->opened(config->ctx, link);
    } else if (link->state == FLOE_LINK_FAILED && config->failed != NULL) {
        config->failed(config->ctx, link, link->why);
    }
}

static void set_open(floe_server_link *link)
{
    link->state = FLOE_LINK_OPEN;
    link->is_told = false;
}

/* What the socket is bound to, once it is connected. */
static bool load_local(floe_server_link *link)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    if (getsockname(link->watch.fd, (struct sockaddr *)&sa, &len) != 0) {
        return false;
    }
    link->path.local = floe_sockaddr_get((struct sockaddr *)&sa);
    return true;
}

/* Send what TLS has to say, and follow its state. */
static void follow_tls(floe_server_link *link)
{
    floe_dtls_state state;
    floe_tls_cause cause;
    floe_server_link_flush(link);
    while (is_alive(link) && floe_tls_client_poll_event(&link->tls, &state, &cause)) {
        if (state == FLOE_DTLS_CONNECTED) {
            set_open(link);
            tell(link);
        } else if (state == FLOE_DTLS_CLOSED) {
            floe_server_link_fail(link, floe_tcp_reason_text(0));
        } else if (state == FLOE_DTLS_FAILED) {
            link->is_untrusted = cause == FLOE_TLS_CAUSE_NAME || cause == FLOE_TLS_CAUSE_EXPIRED ||
                                 cause == FLOE_TLS_CAUSE_UNTRUSTED;
            floe_server_link_fail(link, floe_tls_cause_text(cause));
        }
    }
}

/* There is a way to the server: begin with TLS, or be open. */
static void set_connected(floe_server_link *link)
{
    if (!load_local(link)) {
        floe_server_link_fail(link, floe_tcp_reason_text(errno));
        return;
    }
    if (!floe_server_link_is_sealed(link)) {
        set_open(link);
        floe_server_link_flush(link);
        return;
    }
    link->state = FLOE_LINK_SECURING;
    floe_tls_client_start(&link->tls, floe_loop_now(link->loop));
    follow_tls(link);
}

/* Whatever is delivered lies in the link's own memory, so that it may be overwritten. */
static void deliver(floe_server_link *link, floe_bytes message)
{
    if (link->config.received != NULL) {
        floe_span span = {(uint8_t *)message.ptr, message.len};
        link->config.received(link->config.ctx, link, span);
    }
}

/* Plain bytes: a datagram, or a piece of the stream. */
static void take_plain(floe_server_link *link, floe_bytes in)
{
    floe_bytes message;
    floe_err err = FLOE_OK;
    if (!floe_server_link_is_stream(link)) {
        deliver(link, in);
        return;
    }
    while (is_alive(link) &&
           (err = floe_stun_stream_next(&link->stream, &in, &message)) == FLOE_OK) {
        deliver(link, message);
    }
    if (is_alive(link) && err != FLOE_E_AGAIN) {
        floe_server_link_fail(link, "the server sent what is neither STUN nor TURN");
    }
}

static void take_sealed(floe_server_link *link, floe_bytes in)
{
    size_t len;
    if (floe_tls_client_input(&link->tls, floe_loop_now(link->loop), in) != FLOE_OK) {
        return;
    }
    follow_tls(link);
    while (is_alive(link) &&
           floe_tls_client_poll_data(&link->tls, link->plain, sizeof link->plain, &len)) {
        take_plain(link, (floe_bytes){link->plain, len});
    }
    follow_tls(link);
}

static void take(floe_server_link *link, floe_bytes in)
{
    if (floe_server_link_is_sealed(link)) {
        take_sealed(link, in);
    } else {
        take_plain(link, in);
    }
}

/* The end of the stream, in good order or not. TLS knows whether it came in the handshake. */
static void end_stream(floe_server_link *link)
{
    if (link->tcp.reason == 0 && floe_server_link_is_sealed(link)) {
        floe_tls_client_input_end(&link->tls, floe_loop_now(link->loop));
        follow_tls(link);
    }
    floe_server_link_fail(link, floe_tcp_reason_text(link->tcp.reason));
}

static void read_stream(floe_server_link *link)
{
    size_t len;
    floe_err err = floe_tcp_recv(&link->tcp, link->in.bytes, sizeof link->in.bytes, &len);
    if (err == FLOE_OK) {
        take(link, (floe_bytes){link->in.bytes, len});
    } else if (err == FLOE_E_CLOSED) {
        end_stream(link);
    }
}

static void take_run(floe_server_link *link, const floe_udp_run *run)
{
    /* Anybody's datagrams came in between bind() and connect(). */
    if (!floe_addr_equal(&run->path.remote, &link->path.remote)) {
        return;
    }
    link->is_heard = true;
    for (size_t at = 0; at < run->len && is_alive(link); at += run->segment) {
        size_t left = run->len - at;
        take(link, (floe_bytes){run->ptr + at, left < run->segment ? left : run->segment});
    }
}

static void read_datagrams(floe_server_link *link)
{
    floe_udp_run run;
    floe_udp_recv_runs(&link->udp, &link->in.batch);
    while (is_alive(link) && floe_udp_next_run(&link->in.batch, &run)) {
        take_run(link, &run);
    }
}

/* RFC 8489 §6.2.1: a hard ICMP error ends the transaction. Nobody has been heard there, so there is
 * no more than transactions to end; later it may be a server that starts again. */
static void read_icmp(floe_server_link *link)
{
    int error = 0;
    socklen_t len = sizeof error;
    (void)getsockopt(link->udp.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error == ECONNREFUSED && !link->is_heard) {
        floe_server_link_fail(link, floe_tcp_reason_text(error));
    }
}

static void finish_connecting(floe_server_link *link)
{
    floe_err err = floe_tcp_finish(&link->tcp);
    if (err == FLOE_OK) {
        set_connected(link);
    } else if (err == FLOE_E_CLOSED) {
        floe_server_link_fail(link, floe_tcp_reason_text(link->tcp.reason));
    }
}

static void exchange(floe_server_link *link, int events)
{
    bool is_stream = floe_server_link_is_stream(link);
    if ((events & FLOE_LOOP_HANGUP) != 0 && !is_stream) {
        read_icmp(link);
    }
    if ((events & FLOE_LOOP_WRITE) != 0 && is_alive(link)) {
        floe_server_link_resume(link);
    }
    if ((events & (FLOE_LOOP_READ | FLOE_LOOP_HANGUP)) == 0 || !is_alive(link)) {
        return;
    }
    if (is_stream) {
        read_stream(link);
    } else {
        read_datagrams(link);
    }
}

static void leave(floe_server_link *link)
{
    tell(link);
    link->is_running = false;
    if (link->is_closed) {
        free_link(link);
    }
}

static void on_ready(floe_watch *watch, int events)
{
    floe_server_link *link = watch->ctx;
    link->is_running = true;
    if (link->state == FLOE_LINK_CONNECTING) {
        finish_connecting(link);
    } else {
        exchange(link, events);
    }
    leave(link);
}

static void prepare(floe_timer *timer)
{
    const floe_server_link *link = timer->ctx;
    timer->at = FLOE_TIME_NEVER;
    if (!link->is_told) {
        timer->at = 0;
    } else if (link->state == FLOE_LINK_CONNECTING) {
        timer->at = link->give_up;
    } else if (link->state == FLOE_LINK_SECURING) {
        timer->at = floe_time_min(link->give_up, floe_tls_client_deadline(&link->tls));
    }
}

static void due(floe_timer *timer, floe_time now)
{
    floe_server_link *link = timer->ctx;
    link->is_running = true;
    if (link->state < FLOE_LINK_OPEN && now >= link->give_up) {
        floe_server_link_fail(link, NO_ANSWER);
    } else if (link->state == FLOE_LINK_SECURING) {
        floe_tls_client_advance(&link->tls, now);
        follow_tls(link);
    }
    leave(link);
}

static floe_err open_udp(floe_server_link *link)
{
    floe_addr local = link->config.local;
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, &link->config.server);
    if (local.family == 0) {
        local.family = link->config.server.family;
    }
    floe_err err = floe_udp_open(&link->udp, &local);
    if (err != FLOE_OK) {
        return err;
    }
    link->watch.fd = link->udp.fd;
    if (connect(link->udp.fd, (struct sockaddr *)&sa, len) != 0) {
        link->why = floe_tcp_reason_text(errno);
    }
    return FLOE_OK;
}

static floe_err open_tcp(floe_server_link *link)
{
    floe_err err = floe_tcp_open(&link->tcp, &link->config.local, &link->config.server);
    link->watch.fd = link->tcp.fd;
    if (err == FLOE_OK && link->tcp.reason != 0) {
        link->why = floe_tcp_reason_text(link->tcp.reason);
    }
    return err;
}

static floe_err open_tls(floe_server_link *link, const floe_server_link_config *config)
{
    if (!floe_server_link_is_sealed(link)) {
        return FLOE_OK;
    }
    if (config->trust == NULL) {
        floe_err err = floe_tls_trust_init(&link->trust, config->ca_file);
        if (err != FLOE_OK) {
            return err;
        }
    }
    floe_tls_client_config tls = {.trust = config->trust != NULL ? config->trust : &link->trust,
                                  .host = config->host,
                                  .is_datagram = config->transport == FLOE_DTLS,
                                  .is_unverified = config->is_unverified};
    return floe_tls_client_init(&link->tls, &tls, floe_loop_now(link->loop));
}

static floe_err open_all(floe_server_link *link, const floe_server_link_config *config)
{
    bool is_stream = floe_server_link_is_stream(link);
    floe_err err = open_tls(link, config);
    if (err == FLOE_OK) {
        err = is_stream ? open_tcp(link) : open_udp(link);
    }
    if (err != FLOE_OK) {
        return err;
    }
    return floe_loop_add(link->loop, &link->watch, is_stream ? FLOE_LOOP_WRITE : FLOE_LOOP_READ);
}

static void init(floe_server_link *link, floe_loop *loop, const floe_server_link_config *config)
{
    link->loop = loop;
    link->config = *config;
    link->config.host = (floe_bytes){NULL, 0};
    link->config.ca_file = NULL;
    link->is_told = true;
    link->path = (floe_path){.remote = config->server, .transport = config->transport};
    link->watch = (floe_watch){.fd = -1, .ready = on_ready, .ctx = link};
    link->timer = (floe_timer){.at = FLOE_TIME_NEVER, .due = due, .prepare = prepare, .ctx = link};
    link->give_up = floe_time_after(floe_loop_now(loop), FLOE_SERVER_LINK_PATIENCE);
    link->tcp.fd = link->udp.fd = -1;
    floe_backlog_init(&link->backlog, (floe_span){link->waiting, sizeof link->waiting});
    floe_stun_stream_init(&link->stream, (floe_stun_framing)config->framing,
                          (floe_span){link->unfinished, sizeof link->unfinished});
}

static bool is_config_usable(const floe_server_link_config *config)
{
    return (config->server.family == 4 || config->server.family == 6) && config->server.port != 0 &&
           config->transport <= FLOE_DTLS &&
           (config->local.family == 0 || config->local.family == config->server.family);
}

floe_err floe_server_link_open(floe_server_link **link, floe_loop *loop,
                               const floe_server_link_config *config)
{
    *link = NULL;
    if (!is_config_usable(config)) {
        return FLOE_E_ARG;
    }
    floe_server_link *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return FLOE_E_FULL;
    }
    init(made, loop, config);
    floe_err err = open_all(made, config);
    if (err != FLOE_OK) {
        floe_tcp_close(&made->tcp);
        floe_udp_close(&made->udp);
        free_link(made);
        return err;
    }
    floe_loop_add_timer(loop, &made->timer);
    if (made->why != NULL) {
        floe_server_link_fail(made, made->why);
    } else if (!floe_server_link_is_stream(made)) {
        set_connected(made);
    }
    /* It may be made while timers prepare: then the loop sleeps before this one does. */
    made->timer.at = made->is_told ? made->give_up : 0;
    *link = made;
    return FLOE_OK;
}

floe_err floe_server_link_adopt(floe_server_link **link, floe_loop *loop,
                                const floe_server_link_config *config, floe_tcp *tcp)
{
    floe_server_link *made = calloc(1, sizeof *made);
    *link = NULL;
    if (made == NULL) {
        floe_tcp_close(tcp);
        return FLOE_E_FULL;
    }
    init(made, loop, config);
    made->tcp = *tcp;
    made->watch.fd = tcp->fd;
    if (floe_loop_add(loop, &made->watch, FLOE_LOOP_READ) != FLOE_OK) {
        floe_tcp_close(tcp);
        free_link(made);
        return FLOE_E_FULL;
    }
    floe_loop_add_timer(loop, &made->timer);
    set_connected(made);
    *link = made;
    return FLOE_OK;
}

void floe_server_link_close(floe_server_link *link)
{
    if (link == NULL) {
        return;
    }
    FLOE_ASSERT(!link->is_closed);
    if (link->state == FLOE_LINK_OPEN && floe_server_link_is_sealed(link)) {
        floe_tls_client_close(&link->tls, floe_loop_now(link->loop));
        floe_server_link_flush(link);
    }
    close_socket(link);
    floe_loop_remove_timer(link->loop, &link->timer);
    floe_tls_client_free(&link->tls); /* now: who lent the authorities may take them back */
    link->is_closed = true;
    if (!link->is_running) {
        free_link(link);
    }
}

bool floe_server_link_is_open(const floe_server_link *link)
{
    return link->state == FLOE_LINK_OPEN;
}

const floe_path *floe_server_link_get_path(const floe_server_link *link)
{
    return &link->path;
}
