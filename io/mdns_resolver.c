/*
 * io/mdns_resolver.c - see io/mdns_resolver.h.
 *
 * The node asks for a few names at one time: those of many peers wait for their turn.
 */
#include "io/mdns_resolver.h"

#include "base/rand_os.h"
#include "io/loop_internal.h"
#include "io/mdns_socket.h"
#include "io/netwatch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct floe_mdns_shared {
    floe_loop *loop;
    bool use_loopback;
    bool is_open; /* the sockets */
    floe_mdns_resolver *resolvers;
    uint32_t names; /* of ours, each as often as it was hidden */
    floe_timer timer;
    floe_netwatch network;
    floe_mdns_node node;
    floe_mdns_socket socket;
} floe_mdns_shared;

static const floe_addr nowhere; /* family 0 */

bool floe_mdns_resolver_is_for(floe_bytes host)
{
    static const char suffix[] = ".local";
    const size_t len = sizeof suffix - 1;
    return host.len > len && strncasecmp((const char *)host.ptr + host.len - len, suffix, len) == 0;
}

/* Ask for those that wait, as far as there is room. */
static void ask_waiting(floe_mdns_shared *shared)
{
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    for (floe_mdns_resolver *r = shared->resolvers; r != NULL; r = r->next) {
        for (size_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
            floe_mdns_asked *asked = &r->asked[i];
            floe_bytes host = floe_bytes_of(floe_mdns_name_text(&asked->name, text));
            if (asked->is_used && asked->ours == 0 &&
                floe_mdns_node_resolve(&shared->node, host, &asked->ours) != FLOE_OK) {
                return; /* FULL: at the next answer */
            }
        }
    }
}

static floe_mdns_asked *find_asked(floe_mdns_shared *shared, uint32_t ours,
                                   floe_mdns_resolver **resolver)
{
    for (floe_mdns_resolver *r = shared->resolvers; r != NULL; r = r->next) {
        for (size_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
            if (r->asked[i].is_used && r->asked[i].ours == ours) {
                *resolver = r;
                return &r->asked[i];
            }
        }
    }
    return NULL;
}

static void hear(void *ctx, const floe_mdns_event *event)
{
    floe_mdns_shared *shared = ctx;
    floe_mdns_resolver *r = NULL;
    floe_mdns_asked *asked = find_asked(shared, event->request, &r);
    ask_waiting(shared); /* the node has forgotten this one */
    if (asked == NULL) {
        return;
    }
    uint32_t request = asked->theirs;
    floe_resolver_answer *answer = r->answer;
    void *answer_ctx = r->ctx;
    asked->is_used = false;
    if (event->addr.family != 0) {
        answer(answer_ctx, request, &event->addr);
    }
    answer(answer_ctx, request, &nowhere);
}

static bool open_socket(floe_mdns_shared *shared)
{
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    floe_mdns_socket_config config = {.loop = shared->loop,
                                      .node = &shared->node,
                                      .interfaces = list,
                                      .heard = hear,
                                      .ctx = shared};
    if (!shared->is_open) {
        config.count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, shared->use_loopback);
        shared->is_open = floe_mdns_socket_open(&shared->socket, &config) == FLOE_OK;
    }
    return shared->is_open;
}

static void on_network(void *ctx)
{
    floe_mdns_shared *shared = ctx;
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    if (shared->is_open) {
        size_t count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, shared->use_loopback);
        floe_mdns_socket_update(&shared->socket, list, count);
    } else if (shared->names > 0) {
        (void)open_socket(shared);
    }
}

static bool is_waiting(const floe_mdns_shared *shared)
{
    for (const floe_mdns_resolver *r = shared->resolvers; r != NULL; r = r->next) {
        for (size_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
            if (r->asked[i].is_used) {
                return true;
            }
        }
    }
    return false;
}

static void prepare(floe_timer *timer)
{
    floe_mdns_shared *shared = timer->ctx;
    if (shared->is_open && shared->names == 0 && !is_waiting(shared)) {
        floe_mdns_socket_close(&shared->socket);
        floe_mdns_node_init(&shared->node, floe_rand_os(), floe_loop_now(shared->loop));
        shared->is_open = false;
    }
}

static floe_mdns_shared *get_shared(floe_loop *loop, bool use_loopback)
{
    void **place = floe_loop_mdns(loop, use_loopback);
    floe_mdns_shared *shared = *place;
    if (shared == NULL && (shared = calloc(1, sizeof *shared)) != NULL) {
        *place = shared;
        shared->loop = loop;
        shared->use_loopback = use_loopback;
        shared->timer = (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .ctx = shared};
        floe_loop_add_timer(loop, &shared->timer);
        floe_mdns_node_init(&shared->node, floe_rand_os(), floe_loop_now(loop));
        /* FULL: the interfaces are those of now. */
        (void)!floe_netwatch_open(&shared->network, loop, on_network, shared);
    }
    return shared;
}

static void free_shared(floe_mdns_shared *shared)
{
    floe_netwatch_close(&shared->network);
    if (shared->is_open) {
        floe_mdns_socket_close(&shared->socket);
    }
    floe_loop_remove_timer(shared->loop, &shared->timer);
    *floe_loop_mdns(shared->loop, shared->use_loopback) = NULL;
    free(shared);
}

floe_err floe_mdns_resolver_init(floe_mdns_resolver *resolver, floe_loop *loop, bool use_loopback,
                                 floe_resolver_answer *answer, void *ctx)
{
    floe_mdns_shared *shared = get_shared(loop, use_loopback);
    memset(resolver, 0, sizeof *resolver);
    if (shared == NULL) {
        return FLOE_E_FULL;
    }
    resolver->shared = shared;
    resolver->answer = answer;
    resolver->ctx = ctx;
    resolver->next = shared->resolvers;
    shared->resolvers = resolver;
    return FLOE_OK;
}

void floe_mdns_resolver_free(floe_mdns_resolver *resolver)
{
    floe_mdns_shared *shared = resolver->shared;
    if (shared == NULL) {
        return;
    }
    floe_mdns_resolver **link = &shared->resolvers;
    while (*link != resolver) {
        link = &(*link)->next;
    }
    *link = resolver->next;
    resolver->shared = NULL;
    for (size_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
        if (resolver->asked[i].is_used && resolver->asked[i].ours != 0) {
            floe_mdns_node_cancel(&shared->node, resolver->asked[i].ours);
        }
    }
    ask_waiting(shared);
    if (shared->resolvers == NULL) {
        free_shared(shared);
    }
}

static bool ask(floe_mdns_resolver *r, uint32_t request, floe_bytes host)
{
    floe_mdns_name name;
    size_t i = 0;
    while (i < FLOE_PEER_NAME_MAX && r->asked[i].is_used) {
        i++;
    }
    /* Draft §3.2.2: names of another kind are not asked for. */
    if (i == FLOE_PEER_NAME_MAX || floe_mdns_name_parse(&name, host) != FLOE_OK ||
        !open_socket(r->shared)) {
        return false;
    }
    r->asked[i] = (floe_mdns_asked){.name = name, .theirs = request, .is_used = true};
    ask_waiting(r->shared);
    /* It may be asked while the loop prepares to sleep, when the socket's timer has had its turn,
     * or has come too late for one: wake once more, so that the question goes out. */
    r->shared->timer.at = 0;
    return true;
}

void floe_mdns_resolver_ask(floe_mdns_resolver *resolver, uint32_t request, floe_bytes host)
{
    if (!ask(resolver, request, host)) {
        resolver->answer(resolver->ctx, request, &nowhere);
    }
}

floe_err floe_mdns_resolver_hide(floe_mdns_resolver *resolver, const floe_addr *addr,
                                 char name[FLOE_MDNS_NAME_TEXT_MAX])
{
    floe_mdns_shared *shared = resolver->shared;
    uint32_t link = floe_mdns_socket_link_of(addr);
    (void)open_socket(shared); /* else it is as if nobody heard */
    floe_err err = floe_mdns_node_register(&shared->node, addr, link, name);
    if (err == FLOE_OK) {
        shared->names++;
        shared->timer.at = 0; /* as above */
    }
    return err;
}

void floe_mdns_resolver_show(floe_mdns_resolver *resolver, const floe_addr *addr)
{
    floe_mdns_node_unregister(&resolver->shared->node, addr);
    resolver->shared->names--;
    resolver->shared->timer.at = 0;
}

bool floe_mdns_resolver_get_stats(const floe_mdns_resolver *resolver, floe_mdns_stats *stats)
{
    floe_mdns_node_get_stats(&resolver->shared->node, stats);
    return resolver->shared->is_open;
}
