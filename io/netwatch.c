/* io/netwatch.c - see io/netwatch.h. */
#include "io/netwatch.h"

#include "io/loop_internal.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_MAX 64 /* in one go; what is left makes the socket ready again */

/* What the watches of a loop have in common. */
typedef struct network {
    floe_loop *loop;
    floe_watch watch;
    floe_timer timer;
    floe_time limit;       /* a change is told then at the latest */
    floe_netwatch *first;  /* a list, in no order */
    floe_netwatch *cursor; /* whom the walk going on visits next */
} network;

static void on_ready(floe_watch *watch, int events)
{
    network *net = watch->ctx;
    char message[8192];
    (void)events;
    /* ENOBUFS, messages that were lost, is a change as well: recv() says it once. */
    for (int i = 0; i < READS_MAX && recv(watch->fd, message, sizeof message, MSG_DONTWAIT) > 0;
         i++) {
    }
    floe_time now = floe_loop_now(net->loop);
    if (net->limit == FLOE_TIME_NEVER) {
        net->limit = floe_time_after(now, FLOE_NETWATCH_LIMIT);
    }
    net->timer.at = floe_time_min(floe_time_after(now, FLOE_NETWATCH_QUIET), net->limit);
}

/* With the last watch everything goes, so that nothing of `net` may be touched after a handler,
 * save where the cursor says that there is another. */
static void on_quiet(floe_timer *timer, floe_time now)
{
    network *net = timer->ctx;
    floe_netwatch *next = net->first;
    (void)now;
    net->limit = FLOE_TIME_NEVER;
    while (next != NULL) {
        void **slot = floe_loop_network(next->loop);
        net->cursor = next->next;
        next->changed(next->ctx);
        next = *slot == net ? net->cursor : NULL;
    }
}

static int open_socket(void)
{
    struct sockaddr_nl all = {.nl_family = AF_NETLINK,
                              .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                           RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&all, sizeof all) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static network *make_network(floe_loop *loop)
{
    network *net = calloc(1, sizeof *net);
    int fd = net != NULL ? open_socket() : -1;
    if (fd < 0) {
        free(net);
        return NULL;
    }
    net->loop = loop;
    net->limit = FLOE_TIME_NEVER;
    net->watch = (floe_watch){.fd = fd, .ready = on_ready, .ctx = net};
    net->timer = (floe_timer){.at = FLOE_TIME_NEVER, .due = on_quiet, .ctx = net};
    if (floe_loop_add(loop, &net->watch, FLOE_LOOP_READ) != FLOE_OK) {
        close(fd);
        free(net);
        return NULL;
    }
    floe_loop_add_timer(loop, &net->timer);
    return net;
}

floe_err floe_netwatch_open(floe_netwatch *watch, floe_loop *loop, void (*changed)(void *ctx),
                            void *ctx)
{
    void **slot = floe_loop_network(loop);
    *watch = (floe_netwatch){.changed = changed, .ctx = ctx};
    if (*slot == NULL) {
        *slot = make_network(loop);
    }
    network *net = *slot;
    if (net == NULL) {
        return FLOE_E_FULL;
    }
    watch->loop = loop;
    watch->next = net->first;
    net->first = watch;
    return FLOE_OK;
}

void floe_netwatch_close(floe_netwatch *watch)
{
    if (watch->loop == NULL) {
        return;
    }
    void **slot = floe_loop_network(watch->loop);
    network *net = *slot;
    floe_netwatch **link = &net->first;
    while (*link != watch) {
        link = &(*link)->next;
    }
    *link = watch->next;
    net->cursor = net->cursor == watch ? watch->next : net->cursor;
    watch->loop = NULL;
    if (net->first == NULL) {
        floe_loop_remove_timer(net->loop, &net->timer);
        floe_loop_remove(net->loop, &net->watch);
        close(net->watch.fd);
        free(net);
        *slot = NULL;
    }
}
