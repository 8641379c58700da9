/*
 * io/resolver.c - names to addresses without ever blocking: c-ares on the loop.
 *
 * c-ares tells which of its sockets to watch, and is asked before each sleep when it wants to be
 * called. It gives up late when a name server is silent, so each question has a deadline of ours as
 * well; its slot stays taken until c-ares has called back.
 */
#include "io/resolver.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/text.h"
#include "io/sockaddr.h"

#include <ares.h>
#include <string.h>

#define HOST_MAX 253u /* the longest DNS name */

static void give(floe_resolver_name *name, const floe_addr *addr)
{
    name->resolver->answer(name->resolver->ctx, name->request, addr);
}

static void answer_end(floe_resolver_name *name)
{
    floe_addr none = {.family = 0};
    name->is_answered = true;
    give(name, &none);
}

static void give_all(floe_resolver_name *name, const struct ares_addrinfo_node *nodes)
{
    for (const struct ares_addrinfo_node *node = nodes; node != NULL; node = node->ai_next) {
        floe_addr addr = floe_sockaddr_get(node->ai_addr);
        addr.port = 0;
        if (addr.family != 0) {
            give(name, &addr);
        }
    }
}

/* c-ares is through with a question. */
static void on_result(void *ctx, int status, int timeouts, struct ares_addrinfo *result)
{
    (void)timeouts;
    floe_resolver_name *name = ctx;
    name->is_busy = false;
    if (!name->is_answered && !name->resolver->is_closing) {
        if (status == ARES_SUCCESS) {
            give_all(name, result->nodes);
        }
        answer_end(name);
    }
    ares_freeaddrinfo(result);
}

static void on_ready(floe_watch *watch, int events)
{
    floe_resolver *resolver = watch->ctx;
    ares_socket_t fd = watch->fd;
    bool is_readable = (events & (FLOE_LOOP_READ | FLOE_LOOP_HANGUP)) != 0;
    bool is_writable = (events & (FLOE_LOOP_WRITE | FLOE_LOOP_HANGUP)) != 0;
    ares_process_fd(resolver->channel, is_readable ? fd : ARES_SOCKET_BAD,
                    is_writable ? fd : ARES_SOCKET_BAD);
}

static floe_watch *find_watch(floe_resolver *resolver, int fd)
{
    for (size_t i = 0; i < FLOE_RESOLVER_FDS; i++) {
        if (resolver->watches[i].fd == fd) {
            return &resolver->watches[i];
        }
    }
    return NULL;
}

/* c-ares has opened, closed or lost interest in a socket. */
static void on_socket(void *ctx, ares_socket_t fd, int is_readable, int is_writable)
{
    floe_resolver *resolver = ctx;
    int events = (is_readable != 0 ? FLOE_LOOP_READ : 0) | (is_writable != 0 ? FLOE_LOOP_WRITE : 0);
    floe_watch *watch = find_watch(resolver, fd);
    if (watch != NULL && events != 0) {
        floe_loop_change(resolver->loop, watch, events);
        return;
    }
    if (watch != NULL) {
        floe_loop_remove(resolver->loop, watch);
        watch->fd = -1;
        return;
    }
    watch = events != 0 ? find_watch(resolver, -1) : NULL;
    if (watch != NULL) {
        watch->fd = fd;
        if (floe_loop_add(resolver->loop, watch, events) != FLOE_OK) {
            watch->fd = -1;
        }
    }
}

/* When to wake next, for c-ares and for our own patience. */
static void prepare(floe_timer *timer)
{
    floe_resolver *resolver = timer->ctx;
    floe_time now = floe_loop_now(resolver->loop);
    timer->at = FLOE_TIME_NEVER;
    struct timeval tv;
    if (ares_timeout(resolver->channel, NULL, &tv) != NULL) {
        timer->at = now + (floe_time)tv.tv_sec * FLOE_SECOND + (floe_time)tv.tv_usec;
    }
    for (size_t i = 0; i < FLOE_RESOLVER_NAMES; i++) {
        if (resolver->names[i].is_busy && !resolver->names[i].is_answered) {
            timer->at = floe_time_min(timer->at, resolver->names[i].deadline);
        }
    }
}

static void due(floe_timer *timer, floe_time now)
{
    floe_resolver *resolver = timer->ctx;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (size_t i = 0; i < FLOE_RESOLVER_NAMES; i++) {
        floe_resolver_name *name = &resolver->names[i];
        if (name->is_busy && !name->is_answered && name->deadline <= now) {
            answer_end(name);
        }
    }
}

void floe_resolver_init(floe_resolver *resolver, floe_loop *loop, const char *servers,
                        floe_resolver_answer *answer, void *ctx)
{
    *resolver = (floe_resolver){.loop = loop, .answer = answer, .ctx = ctx};
    for (size_t i = 0; i < FLOE_RESOLVER_FDS; i++) {
        resolver->watches[i] = (floe_watch){.fd = -1, .ready = on_ready, .ctx = resolver};
    }
    for (size_t i = 0; i < FLOE_RESOLVER_NAMES; i++) {
        resolver->names[i].resolver = resolver;
    }
    /* Two tries of 1 s and 2 s for each name server; the system's configuration says the rest. */
    struct ares_options options = {
        .timeout = 1000, .tries = 2, .sock_state_cb = on_socket, .sock_state_cb_data = resolver};
    ares_channel channel = NULL;
    if (ares_init_options(&channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
        ARES_SUCCESS) {
        return;
    }
    if (servers != NULL && ares_set_servers_ports_csv(channel, servers) != ARES_SUCCESS) {
        ares_destroy(channel);
        return;
    }
    resolver->channel = channel;
    resolver->timer =
        (floe_timer){.at = FLOE_TIME_NEVER, .due = due, .prepare = prepare, .ctx = resolver};
    floe_loop_add_timer(loop, &resolver->timer);
}

void floe_resolver_free(floe_resolver *resolver)
{
    if (resolver->channel == NULL) {
        return;
    }
    resolver->is_closing = true;
    ares_destroy(resolver->channel); /* closes its sockets, which takes the watches away */
    resolver->channel = NULL;
    floe_loop_remove_timer(resolver->loop, &resolver->timer);
}

/* RFC 6762 §22.1: a resolver must not ask the DNS for names that end in .local. */
static bool is_multicast_name(const char *host)
{
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.') {
        len--;
    }
    return len >= 6 &&
           floe_text_is_word((floe_bytes){(const uint8_t *)host + len - 6, 6}, ".local");
}

static floe_resolver_name *find_free_name(floe_resolver *resolver)
{
    for (size_t i = 0; i < FLOE_RESOLVER_NAMES; i++) {
        if (!resolver->names[i].is_busy) {
            return &resolver->names[i];
        }
    }
    return NULL;
}

void floe_resolver_ask(floe_resolver *resolver, uint32_t request, floe_bytes host)
{
    floe_addr addr = {.family = 0};
    if (floe_addr_parse(&addr, host, 0) == FLOE_OK) {
        resolver->answer(resolver->ctx, request, &addr);
        addr = (floe_addr){.family = 0};
        resolver->answer(resolver->ctx, request, &addr);
        return;
    }
    char text[HOST_MAX + 1];
    floe_resolver_name *name = find_free_name(resolver);
    bool is_name = host.len > 0 && host.len <= HOST_MAX && memchr(host.ptr, 0, host.len) == NULL;
    if (is_name) {
        memcpy(text, host.ptr, host.len);
        text[host.len] = '\0';
    }
    if (!is_name || name == NULL || resolver->channel == NULL || is_multicast_name(text)) {
        resolver->answer(resolver->ctx, request, &addr);
        return;
    }
    name->request = request;
    name->deadline = floe_loop_now(resolver->loop) + FLOE_RESOLVER_PATIENCE;
    name->is_busy = true;
    name->is_answered = false;
    /* It may be asked while the loop prepares to sleep, when this timer has had its turn: wake once
     * more, and prepare for what has just been asked. */
    resolver->timer.at = 0;
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT};
    ares_getaddrinfo(resolver->channel, text, NULL, &hints, on_result, name);
}
