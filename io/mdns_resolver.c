/* io/mdns_resolver.c - see io/mdns_resolver.h. */
#include "io/mdns_resolver.h"

#include "base/rand_os.h"

#include <string.h>
#include <strings.h>

static const floe_addr nowhere; /* family 0 */

bool floe_mdns_resolver_is_for(floe_bytes host)
{
    static const char suffix[] = ".local";
    const size_t len = sizeof suffix - 1;
    return host.len > len && strncasecmp((const char *)host.ptr + host.len - len, suffix, len) == 0;
}

static void hear(void *ctx, const floe_mdns_event *event)
{
    floe_mdns_resolver *r = ctx;
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (!r->names[i].is_used || r->names[i].ours != event->request) {
            continue;
        }
        uint32_t request = r->names[i].theirs;
        r->names[i].is_used = false;
        r->waiting--;
        if (event->addr.family != 0) {
            r->answer(r->ctx, request, &event->addr);
        }
        r->answer(r->ctx, request, &nowhere);
        return;
    }
}

static bool open_socket(floe_mdns_resolver *r)
{
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    floe_mdns_socket_config config = {
        .loop = r->loop, .node = &r->node, .interfaces = list, .heard = hear, .ctx = r};
    if (r->is_open) {
        return true;
    }
    config.count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, r->use_loopback);
    floe_mdns_node_init(&r->node, floe_rand_os(), floe_loop_now(r->loop));
    r->is_open = floe_mdns_socket_open(&r->socket, &config) == FLOE_OK;
    return r->is_open;
}

static void prepare(floe_timer *timer)
{
    floe_mdns_resolver *r = timer->ctx;
    if (r->is_open && r->waiting == 0) {
        floe_mdns_socket_close(&r->socket);
        r->is_open = false;
    }
}

void floe_mdns_resolver_init(floe_mdns_resolver *resolver, floe_loop *loop, bool use_loopback,
                             floe_resolver_answer *answer, void *ctx)
{
    memset(resolver, 0, sizeof *resolver);
    resolver->loop = loop;
    resolver->use_loopback = use_loopback;
    resolver->answer = answer;
    resolver->ctx = ctx;
    resolver->timer = (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .ctx = resolver};
    floe_loop_add_timer(loop, &resolver->timer);
}

void floe_mdns_resolver_free(floe_mdns_resolver *resolver)
{
    if (resolver->loop == NULL) {
        return;
    }
    if (resolver->is_open) {
        floe_mdns_socket_close(&resolver->socket);
    }
    floe_loop_remove_timer(resolver->loop, &resolver->timer);
    resolver->loop = NULL;
}

static bool ask(floe_mdns_resolver *r, uint32_t request, floe_bytes host)
{
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        uint32_t ours;
        if (r->names[i].is_used) {
            continue;
        }
        if (!open_socket(r) || floe_mdns_node_resolve(&r->node, host, &ours) != FLOE_OK) {
            return false;
        }
        r->names[i].ours = ours;
        r->names[i].theirs = request;
        r->names[i].is_used = true;
        r->waiting++;
        /* It may be asked while the loop prepares to sleep, when the socket's timer has had its
         * turn, or has come too late for one: wake once more, so that the question goes out. */
        r->timer.at = 0;
        return true;
    }
    return false;
}

void floe_mdns_resolver_ask(floe_mdns_resolver *resolver, uint32_t request, floe_bytes host)
{
    if (!ask(resolver, request, host)) {
        resolver->answer(resolver->ctx, request, &nowhere);
    }
}
