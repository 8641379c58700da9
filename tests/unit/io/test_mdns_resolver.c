/* Unit tests of io/mdns_resolver.c, over the loopback interface. */
#include "io/mdns_resolver.h"

#include <string.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    floe_mdns_resolver resolver;
    floe_mdns_node other; /* who has the name */
    floe_mdns_socket socket;
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    bool has_other;
    floe_addr addr;
    uint32_t request;
    unsigned ends;
} fixture;

static void on_answer(void *ctx, uint32_t request, const floe_addr *addr)
{
    fixture *f = ctx;
    f->request = request;
    if (addr->family != 0) {
        f->addr = *addr;
    } else {
        f->ends++;
    }
}

static void open_other(fixture *f)
{
    floe_mdns_interface list[FLOE_MDNS_INTERFACE_MAX];
    floe_mdns_socket_config config = {.loop = f->loop, .node = &f->other, .interfaces = list};
    config.count = floe_mdns_socket_find(list, FLOE_MDNS_INTERFACE_MAX, true);
    floe_mdns_node_init(&f->other, floe_rand_os(), floe_loop_now(f->loop));
    f->has_other = floe_mdns_socket_open(&f->socket, &config) == FLOE_OK;
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(floe_loop_open(&f.loop), FLOE_OK);
    floe_mdns_resolver_init(&f.resolver, f.loop, true, on_answer, &f);
    open_other(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_mdns_resolver_free(&f->resolver);
    floe_mdns_socket_close(&f->socket);
    floe_loop_close(f->loop);
    return 0;
}

static void test_mdns_resolver_finds_the_address_behind_a_name(void **state)
{
    fixture *f = *state;
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 7, 0); /* any: only loopback is refused */
    if (!f->has_other) {
        print_message("skipped: no multicast on the loopback interface\n");
        skip();
    }
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    uint32_t link = floe_mdns_socket_link_of(&loopback);
    assert_int_equal(floe_mdns_node_register(&f->other, &addr, link, f->name), FLOE_OK);
    floe_mdns_resolver_ask(&f->resolver, 5, floe_bytes_of(f->name));
    for (int i = 0; i < 100 && f->ends == 0; i++) {
        floe_loop_wait(f->loop, 100);
    }
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->request, 5);
    assert_true(floe_addr_ip_equal(&f->addr, &addr));
    floe_loop_wait(f->loop, 0);
    assert_false(f->resolver.is_open); /* nobody waits for anything */
}

typedef struct late_asker {
    floe_timer timer;
    fixture *f;
    bool has_asked;
} late_asker;

static void ask_late(floe_timer *timer)
{
    late_asker *asker = timer->ctx;
    if (!asker->has_asked) {
        asker->has_asked = true;
        floe_mdns_resolver_ask(&asker->f->resolver, 8,
                               FLOE_LIT("1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"));
    }
}

/* Its own timer has prepared before: nothing else would wake the loop. */
static void test_mdns_resolver_does_not_sleep_over_what_is_asked_before_a_sleep(void **state)
{
    fixture *f = *state;
    floe_mdns_stats stats;
    late_asker asker = {.f = f};
    asker.timer = (floe_timer){.at = FLOE_TIME_NEVER, .prepare = ask_late, .ctx = &asker};
    floe_loop_add_timer(f->loop, &asker.timer);
    floe_time start = floe_loop_now(f->loop);
    floe_loop_wait(f->loop, 5000);
    floe_loop_wait(f->loop, 0);
    floe_loop_remove_timer(f->loop, &asker.timer);
    assert_true(floe_loop_now(f->loop) - start < 4 * FLOE_SECOND);
    floe_mdns_node_get_stats(&f->resolver.node, &stats);
    assert_true(!f->resolver.is_open || stats.queries_sent > 0);
}

static void test_mdns_resolver_answers_at_once_what_it_can_not_ask_for(void **state)
{
    fixture *f = *state;
    floe_mdns_resolver_ask(&f->resolver, 6, FLOE_LIT("printer.local"));
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->request, 6);
    assert_int_equal(f->addr.family, 0);
}

static void test_mdns_resolver_is_for_names_in_local_only(void **state)
{
    (void)state;
    assert_true(floe_mdns_resolver_is_for(FLOE_LIT("a.local")));
    assert_true(floe_mdns_resolver_is_for(FLOE_LIT("A.LOCAL")));
    assert_false(floe_mdns_resolver_is_for(FLOE_LIT(".local")));
    assert_false(floe_mdns_resolver_is_for(FLOE_LIT("local")));
    assert_false(floe_mdns_resolver_is_for(FLOE_LIT("a.localhost")));
}

static void test_mdns_resolver_may_be_freed_while_it_asks(void **state)
{
    fixture *f = *state;
    floe_mdns_resolver_ask(&f->resolver, 7, FLOE_LIT("1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"));
    floe_mdns_resolver_free(&f->resolver);
    floe_loop_wait(f->loop, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mdns_resolver_finds_the_address_behind_a_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_mdns_resolver_does_not_sleep_over_what_is_asked_before_a_sleep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_resolver_answers_at_once_what_it_can_not_ask_for,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_mdns_resolver_is_for_names_in_local_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_mdns_resolver_may_be_freed_while_it_asks, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
