/* Unit tests of io/mdns_resolver.c, over the loopback interface. */
#include "io/mdns_resolver.h"

#include "io/mdns_socket.h"

#include <fcntl.h>
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
    assert_int_equal(floe_mdns_resolver_init(&f.resolver, f.loop, true, on_answer, &f), FLOE_OK);
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

/* By time: what others of this machine say wakes this loop, too. */
static void wait_for_ends(fixture *f, unsigned count)
{
    floe_time start = floe_loop_now(f->loop);
    while (f->ends < count && floe_loop_now(f->loop) - start < 30 * FLOE_SECOND) {
        floe_loop_wait(f->loop, 100);
    }
    assert_int_equal(f->ends, count);
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
    wait_for_ends(f, 1);
    assert_int_equal(f->request, 5);
    assert_true(floe_addr_ip_equal(&f->addr, &addr));
    floe_loop_wait(f->loop, 0);
    floe_mdns_stats stats;
    assert_false(floe_mdns_resolver_get_stats(&f->resolver, &stats)); /* nobody waits */
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
    bool is_open = floe_mdns_resolver_get_stats(&f->resolver, &stats);
    assert_true(!is_open || stats.queries_sent > 0);
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

/* However many peers a loop has, it has one socket of each family on port 5353. */
static unsigned count_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 200; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void test_mdns_resolvers_of_a_loop_share_their_sockets(void **state)
{
    fixture *f = *state;
    enum { COUNT = 20 };
    static floe_mdns_resolver others[COUNT];
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    floe_mdns_name name = {{0}};
    floe_mdns_resolver_ask(&f->resolver, 0, floe_bytes_of(floe_mdns_name_text(&name, text)));
    unsigned before = count_descriptors();
    for (uint8_t i = 0; i < COUNT; i++) {
        name.uuid[0] = (uint8_t)(i + 1);
        assert_int_equal(floe_mdns_resolver_init(&others[i], f->loop, true, on_answer, f), FLOE_OK);
        floe_mdns_resolver_ask(&others[i], i, floe_bytes_of(floe_mdns_name_text(&name, text)));
        floe_loop_wait(f->loop, 0);
    }
    assert_int_equal(count_descriptors(), before);
    for (size_t i = 0; i < COUNT; i++) {
        floe_mdns_resolver_free(&others[i]);
    }
}

/* More names than the node asks for at one time. */
static void test_mdns_resolver_names_of_many_wait_for_their_turn(void **state)
{
    fixture *f = *state;
    enum { COUNT = 3 * FLOE_MDNS_QUERY_MAX };
    static floe_mdns_resolver others[COUNT];
    static char names[FLOE_MDNS_NAME_MAX][FLOE_MDNS_NAME_TEXT_MAX];
    if (!f->has_other) {
        skip();
    }
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    uint32_t link = floe_mdns_socket_link_of(&loopback);
    for (uint8_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        floe_addr addr = floe_addr_from_ipv4(192, 0, 2, i, 0);
        assert_int_equal(floe_mdns_node_register(&f->other, &addr, link, names[i]), FLOE_OK);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const char *name = names[i % FLOE_MDNS_NAME_MAX];
        assert_int_equal(floe_mdns_resolver_init(&others[i], f->loop, true, on_answer, f), FLOE_OK);
        floe_mdns_resolver_ask(&others[i], i, floe_bytes_of(name));
    }
    wait_for_ends(f, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        floe_mdns_resolver_free(&others[i]);
    }
}

static void test_mdns_resolver_hides_an_address_until_the_last_has_shown_it(void **state)
{
    fixture *f = *state;
    char first[FLOE_MDNS_NAME_TEXT_MAX], second[FLOE_MDNS_NAME_TEXT_MAX];
    floe_mdns_stats stats;
    floe_mdns_resolver other;
    floe_addr addr = floe_addr_from_ipv4(127, 0, 0, 1, 4000);
    assert_int_equal(floe_mdns_resolver_init(&other, f->loop, true, on_answer, f), FLOE_OK);
    assert_int_equal(floe_mdns_resolver_hide(&f->resolver, &addr, first), FLOE_OK);
    assert_int_equal(floe_mdns_resolver_hide(&other, &addr, second), FLOE_OK);
    assert_string_equal(first, second);
    floe_mdns_resolver_show(&other, &addr);
    floe_mdns_resolver_free(&other);
    floe_loop_wait(f->loop, 50);
    bool is_open = floe_mdns_resolver_get_stats(&f->resolver, &stats);
    assert_int_equal(is_open, f->has_other);
    assert_true(stats.answers_sent > 0 || !f->has_other); /* it is announced */
    floe_mdns_resolver_show(&f->resolver, &addr);
    floe_loop_wait(f->loop, 0);
    assert_false(floe_mdns_resolver_get_stats(&f->resolver, &stats));
    assert_int_equal(floe_mdns_resolver_hide(&f->resolver, &addr, second), FLOE_OK);
    assert_string_not_equal(first, second); /* of another session */
    floe_mdns_resolver_show(&f->resolver, &addr);
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
        cmocka_unit_test_setup_teardown(test_mdns_resolvers_of_a_loop_share_their_sockets, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_mdns_resolver_names_of_many_wait_for_their_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_mdns_resolver_hides_an_address_until_the_last_has_shown_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
