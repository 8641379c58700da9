/*
 * tests/interop/mdns/mdns_probe.c - a node of multicast DNS for tests/interop/suite_mdns.py.
 *
 *   mdns_probe register ADDRESS    prints "name NAME", then answers until stdin ends; goodbye
 *   mdns_probe resolve NAME        prints "addr ADDRESS" or "addr none", and after how many ms
 * Both speak on all interfaces but loopback. Exit status 77: no multicast here.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "io/mdns_socket.h"

typedef struct probe {
    floe_loop *loop;
    floe_mdns_node node;
    floe_mdns_socket socket;
    floe_watch input;
    bool is_done;
    floe_time start;
} probe;

static void hear(void *ctx, const floe_mdns_event *event)
{
    probe *p = ctx;
    char text[FLOE_ADDR_TEXT_MAX];
    (void)printf("addr %s\nafter %u ms\n", floe_addr_ip_text(&event->addr, text),
                 (unsigned)((floe_loop_now(p->loop) - p->start) / FLOE_MS));
    p->is_done = true;
}

static void end_of_input(floe_watch *watch, int events)
{
    probe *p = watch->ctx;
    char byte;
    (void)events;
    p->is_done = read(watch->fd, &byte, 1) <= 0;
}

static bool open_socket(probe *p)
{
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    floe_mdns_socket_config config = {
        .loop = p->loop,
        .node = &p->node,
        .interfaces = list,
        .count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, false),
        .heard = hear,
        .ctx = p};
    p->start = floe_loop_now(p->loop);
    floe_mdns_node_init(&p->node, floe_rand_os(), p->start);
    return floe_mdns_socket_open(&p->socket, &config) == FLOE_OK;
}

static bool begin_register(probe *p, const char *text)
{
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr;
    if (floe_addr_parse(&addr, floe_bytes_of(text), 0) != FLOE_OK ||
        floe_mdns_node_register(&p->node, &addr, floe_mdns_socket_link_of(&addr), name) !=
            FLOE_OK) {
        return false;
    }
    (void)printf("name %s\n", name);
    p->input = (floe_watch){.fd = STDIN_FILENO, .ready = end_of_input, .ctx = p};
    return floe_loop_add(p->loop, &p->input, FLOE_LOOP_READ) == FLOE_OK;
}

int main(int argc, char **argv)
{
    static probe p;
    uint32_t request;
    if (argc != 3 || floe_loop_open(&p.loop) != FLOE_OK) {
        (void)fprintf(stderr, "mdns_probe register ADDRESS | resolve NAME\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!open_socket(&p)) {
        (void)fprintf(stderr, "mdns_probe: no multicast here\n");
        return 77;
    }
    bool is_begun =
        strcmp(argv[1], "register") == 0
            ? begin_register(&p, argv[2])
            : floe_mdns_node_resolve(&p.node, floe_bytes_of(argv[2]), &request) == FLOE_OK;
    while (is_begun && !p.is_done) {
        floe_loop_wait(p.loop, -1);
    }
    if (p.input.ready != NULL) {
        floe_loop_remove(p.loop, &p.input);
    }
    floe_mdns_socket_close(&p.socket);
    floe_loop_close(p.loop);
    return is_begun ? 0 : 1;
}
