/* io/netwatch.c - see io/netwatch.h. */
#include "io/netwatch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_MAX 64 /* in one go; what is left makes the socket ready again */

static void on_ready(floe_watch *watch, int events)
{
    floe_netwatch *w = watch->ctx;
    char message[8192];
    (void)events;
    /* ENOBUFS, messages that were lost, is a change as well: recv() says it once. */
    for (int i = 0; i < READS_MAX && recv(watch->fd, message, sizeof message, MSG_DONTWAIT) > 0;
         i++) {
    }
    floe_time now = floe_loop_now(w->loop);
    if (w->limit == FLOE_TIME_NEVER) {
        w->limit = floe_time_after(now, FLOE_NETWATCH_LIMIT);
    }
    w->timer.at = floe_time_min(floe_time_after(now, FLOE_NETWATCH_QUIET), w->limit);
}

static void on_quiet(floe_timer *timer, floe_time now)
{
    floe_netwatch *w = timer->ctx;
    (void)now;
    w->limit = FLOE_TIME_NEVER;
    w->changed(w->ctx);
}

static int open_socket(void)
{
    struct sockaddr_nl all = {.nl_family = AF_NETLINK,
                              .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&all, sizeof all) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

floe_err floe_netwatch_open(floe_netwatch *watch, floe_loop *loop, void (*changed)(void *ctx),
                            void *ctx)
{
    memset(watch, 0, sizeof *watch);
    int fd = open_socket();
    if (fd < 0) {
        return FLOE_E_FULL;
    }
    watch->watch = (floe_watch){.fd = fd, .ready = on_ready, .ctx = watch};
    if (floe_loop_add(loop, &watch->watch, FLOE_LOOP_READ) != FLOE_OK) {
        close(fd);
        return FLOE_E_FULL;
    }
    watch->loop = loop;
    watch->limit = FLOE_TIME_NEVER;
    watch->changed = changed;
    watch->ctx = ctx;
    watch->timer = (floe_timer){.at = FLOE_TIME_NEVER, .due = on_quiet, .ctx = watch};
    floe_loop_add_timer(loop, &watch->timer);
    return FLOE_OK;
}

void floe_netwatch_close(floe_netwatch *watch)
{
    if (watch->loop == NULL) {
        return;
    }
    floe_loop_remove_timer(watch->loop, &watch->timer);
    floe_loop_remove(watch->loop, &watch->watch);
    close(watch->watch.fd);
    watch->loop = NULL;
}
