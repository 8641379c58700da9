/* Unit tests of io/netwatch.c: in a network namespace of the test's own, where it may make one. */
#include "io/netwatch.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    floe_netwatch watch;
    unsigned changes;
    bool closes; /* the watch, from within its handler */
} fixture;

static void on_changed(void *ctx)
{
    fixture *f = ctx;
    f->changes++;
    if (f->closes) {
        floe_netwatch_close(&f->watch);
    }
}

static void set_loopback(bool is_up)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = is_up ? IFF_UP : 0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){0};
    *state = &f;
    if (unshare(CLONE_NEWNET) != 0) {
        return 0; /* each test says so */
    }
    assert_int_equal(floe_loop_open(&f.loop), FLOE_OK);
    assert_int_equal(floe_netwatch_open(&f.watch, f.loop, on_changed, &f), FLOE_OK);
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_netwatch_close(&f->watch);
    floe_loop_close(f->loop);
    return 0;
}

static fixture *begin(void **state)
{
    fixture *f = *state;
    if (f->loop == NULL) {
        print_message("skipped: no right to make a network namespace\n");
        skip();
    }
    return f;
}

static void wait_for(fixture *f, unsigned changes)
{
    for (int i = 0; i < 200 && f->changes < changes; i++) {
        floe_loop_wait(f->loop, 50);
    }
    assert_int_equal(f->changes, changes);
}

static void test_netwatch_tells_an_interface_that_comes_up_once(void **state)
{
    fixture *f = begin(state);
    set_loopback(true); /* the link, and two addresses */
    wait_for(f, 1);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->changes, 1);
}

static void test_netwatch_tells_an_interface_that_goes_down(void **state)
{
    fixture *f = begin(state);
    set_loopback(true);
    wait_for(f, 1);
    set_loopback(false);
    wait_for(f, 2);
}

static void test_netwatch_may_be_closed_from_its_handler(void **state)
{
    fixture *f = begin(state);
    f->closes = true;
    set_loopback(true);
    wait_for(f, 1);
    set_loopback(false);
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->changes, 1);
}

static void test_netwatch_that_was_never_opened_may_be_closed(void **state)
{
    (void)state;
    floe_netwatch never = {0};
    floe_netwatch_close(&never);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_netwatch_tells_an_interface_that_comes_up_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_netwatch_tells_an_interface_that_goes_down, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_netwatch_may_be_closed_from_its_handler, setup,
                                        teardown),
        cmocka_unit_test(test_netwatch_that_was_never_opened_may_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
