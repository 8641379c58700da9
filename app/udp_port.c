/* app/udp_port.c - see app/udp_port.h. */
#include "app/udp_port.h"

#include <sys/socket.h>
#include <unistd.h>

#include "io/sockaddr.h"

static void on_ready(floe_watch *watch, int events)
{
    udp_port *port = watch->ctx;
    floe_udp_run run;
    (void)events;
    floe_udp_recv_runs(&port->udp, port->batch);
    while (floe_udp_next_run(port->batch, &run)) {
        for (size_t at = 0; at < run.len; at += run.segment) {
            size_t left = run.len - at;
            floe_bytes packet = {run.ptr + at, left < run.segment ? left : run.segment};
            port->receive(port->ctx, &run.path, packet);
        }
    }
}

floe_err udp_port_open(udp_port *port, floe_loop *loop, floe_udp_batch *batch,
                       const floe_addr *local, udp_port_receive *receive, void *ctx)
{
    *port = (udp_port){.loop = loop, .batch = batch, .receive = receive, .ctx = ctx};
    floe_err err = floe_udp_open(&port->udp, local);
    if (err != FLOE_OK) {
        return err;
    }
    port->watch = (floe_watch){.fd = port->udp.fd, .ready = on_ready, .ctx = port};
    err = floe_loop_add(loop, &port->watch, FLOE_LOOP_READ);
    if (err != FLOE_OK) {
        floe_udp_close(&port->udp);
    }
    return err;
}

void udp_port_close(udp_port *port)
{
    if (port->loop != NULL && port->udp.fd >= 0) {
        floe_loop_remove(port->loop, &port->watch);
        floe_udp_close(&port->udp);
    }
}

void udp_port_send(udp_port *port, const floe_transmit *packet)
{
    size_t done = 0;
    if (floe_udp_send_run(&port->udp, packet, &done) != FLOE_OK) {
        port->udp.send_dropped++;
    }
}

bool udp_port_find_source(const floe_addr *remote, floe_addr *source)
{
    struct sockaddr_storage sa;
    socklen_t len = floe_sockaddr_put(&sa, remote);
    *source = (floe_addr){.family = 0};
    int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    /* Connecting a UDP socket sends nothing. */
    if (connect(fd, (struct sockaddr *)&sa, len) == 0) {
        len = sizeof sa;
        if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0) {
            *source = floe_sockaddr_get((struct sockaddr *)&sa);
            source->port = 0;
        }
    }
    close(fd);
    return source->family != 0;
}
