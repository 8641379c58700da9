/*
 * tests/unit/io/test_mdns_socket.c - multicast DNS over real sockets, on the loopback interface:
 * nothing of it leaves this machine. Where that can't do multicast the tests are skipped.
 */
#include "io/mdns_socket.h"

#include "base/addr.h"
#include "base/rand_os.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/unit.h"

#define WAIT (20 * FLOE_SECOND)

typedef struct end {
    floe_mdns_node node;
    floe_mdns_socket socket;
    floe_err err; /* of opening */
    size_t events;
    floe_mdns_event event;
} end;

typedef struct fixture {
    floe_loop *loop;
    floe_mdns_interface interfaces[FLOE_MDNS_INTERFACE_MAX];
    size_t count;
    uint32_t link;
    end a, b;
} fixture;

static void hear(void *ctx, const floe_mdns_event *event)
{
    end *e = ctx;
    e->event = *event;
    e->events++;
}

static void open_end(fixture *f, end *e)
{
    floe_mdns_socket_config config = {.loop = f->loop,
                                      .node = &e->node,
                                      .interfaces = f->interfaces,
                                      .count = f->count,
                                      .heard = hear,
                                      .ctx = e};
    floe_mdns_node_init(&e->node, floe_rand_os(), floe_loop_now(f->loop));
    e->err = floe_mdns_socket_open(&e->socket, &config);
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    *state = &f;
    if (floe_loop_open(&f.loop) != FLOE_OK) {
        return -1;
    }
    f.count = floe_mdns_socket_find(f.interfaces, FLOE_MDNS_INTERFACE_MAX, true);
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    f.link = floe_mdns_socket_link_of(&loopback);
    open_end(&f, &f.a);
    open_end(&f, &f.b);
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_mdns_socket_close(&f->a.socket);
    floe_mdns_socket_close(&f->b.socket);
    floe_loop_close(f->loop);
    return 0;
}

static void need_multicast(const fixture *f)
{
    if (f->a.err != FLOE_OK || f->b.err != FLOE_OK) {
        (void)printf("skipped: no multicast on the loopback interface\n");
        skip();
    }
}

/* Until the end has heard of a request, or the time is over. */
static void wait_for(fixture *f, const end *e, floe_time patience)
{
    floe_time until = floe_loop_now(f->loop) + patience;
    while (e->events == 0 && floe_loop_now(f->loop) < until) {
        floe_loop_wait(f->loop, 50);
    }
}

static void test_mdns_socket_find_gives_each_family_of_loopback_once(void **state)
{
    fixture *f = *state;
    assert_in_range(f->count, 1, 2);
    for (size_t i = 0; i < f->count; i++) {
        assert_true(floe_addr_is_loopback(&f->interfaces[i].local));
        assert_int_equal(f->interfaces[i].prefix_len, f->interfaces[i].local.family == 4 ? 8 : 128);
        assert_int_equal(f->interfaces[i].link, f->link);
    }
    assert_int_not_equal(f->link, 0);
}

static void test_mdns_socket_find_gives_no_loopback_unasked(void **state)
{
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    (void)state;
    size_t count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, false);
    for (size_t i = 0; i < count; i++) {
        assert_false(floe_addr_is_loopback(&list[i].local));
    }
}

static void test_mdns_socket_resolves_a_name_of_another_socket_of_this_machine(void **state)
{
    fixture *f = *state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    uint32_t request;
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 7, 40000);
    need_multicast(f);
    assert_int_equal(floe_mdns_node_register(&f->a.node, &addr, f->link, name), FLOE_OK);
    assert_int_equal(floe_mdns_node_resolve(&f->b.node, floe_bytes_of(name), &request), FLOE_OK);
    wait_for(f, &f->b, WAIT);
    assert_int_equal(f->b.events, 1);
    assert_int_equal(f->b.event.request, request);
    assert_true(floe_addr_ip_equal(&f->b.event.addr, &addr));
}

static void test_mdns_socket_close_takes_names_back(void **state)
{
    fixture *f = *state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    uint32_t request;
    floe_mdns_stats stats;
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 7, 40000);
    need_multicast(f);
    assert_int_equal(floe_mdns_node_register(&f->a.node, &addr, f->link, name), FLOE_OK);
    floe_loop_wait(f->loop, 0);
    floe_mdns_node_get_stats(&f->a.node, &stats);
    uint32_t announced = stats.answers_sent;
    assert_int_not_equal(announced, 0);
    floe_mdns_socket_close(&f->a.socket);
    floe_mdns_node_get_stats(&f->a.node, &stats);
    assert_int_equal(stats.answers_sent, 2 * announced);
    assert_int_equal(floe_mdns_node_resolve(&f->a.node, floe_bytes_of(name), &request),
                     FLOE_E_CLOSED);
    floe_mdns_socket_close(&f->a.socket);
}

static void test_mdns_socket_open_refuses_where_nothing_can_be_joined(void **state)
{
    fixture *f = *state;
    static end e;
    size_t count = f->count;
    f->count = 0;
    open_end(f, &e);
    f->count = count;
    assert_int_equal(e.err, FLOE_E_ARG);
    floe_mdns_socket_close(&e.socket);
}

static void test_mdns_socket_update_leaves_and_joins_interfaces(void **state)
{
    fixture *f = *state;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    uint32_t request;
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 7, 40000);
    need_multicast(f);
    floe_mdns_socket_update(&f->a.socket, NULL, 0);
    assert_int_equal(f->a.socket.count, 0);
    assert_int_equal(floe_mdns_node_register(&f->a.node, &addr, f->link, name), FLOE_OK);
    assert_int_equal(floe_mdns_node_resolve(&f->b.node, floe_bytes_of(name), &request), FLOE_OK);
    wait_for(f, &f->b, 100 * FLOE_MS);
    assert_int_equal(f->b.events, 0);
    floe_mdns_socket_update(&f->a.socket, f->interfaces, f->count);
    wait_for(f, &f->b, WAIT);
    assert_true(floe_addr_ip_equal(&f->b.event.addr, &addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mdns_socket_find_gives_each_family_of_loopback_once,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_socket_find_gives_no_loopback_unasked, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_mdns_socket_resolves_a_name_of_another_socket_of_this_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_socket_close_takes_names_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_socket_open_refuses_where_nothing_can_be_joined,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_socket_update_leaves_and_joins_interfaces, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
