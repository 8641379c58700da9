/*
 * tests/unit/io/test_server_link_send.c - what is sent to a server on loopback sockets: runs, large
 * messages, and a network that has no room.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/writer.h"
#include "io/server_link.h"
#include "support/tls_link.h"
#include "support/unit.h"

#define MANY 200u /* messages of a run */

static tls_link f;

static int set_up(void **state)
{
    (void)state;
    tls_link_init(&f);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_link_free(&f);
    return 0;
}

static void for_each_transport(void (*check)(floe_transport))
{
    for (int transport = FLOE_UDP; transport <= FLOE_DTLS; transport++) {
        tear_down(NULL);
        set_up(NULL);
        check((floe_transport)transport);
    }
}

static void check_run(floe_transport transport)
{
    static uint8_t run[MANY * 120];
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    for (size_t i = 0; i < MANY; i++) {
        (void)tls_link_put(run + i * 120, 100, (uint8_t)i);
    }
    assert_int_equal(floe_server_link_send(f.link, run, sizeof run, 120), FLOE_OK);
    tls_link_run_until(&f, &f.received, MANY);
    assert_int_equal(f.bytes, sizeof run);
    assert_int_equal(f.last[TLS_LINK_HEADER], MANY - 1);
}

static void test_server_link_carries_a_run_over_each_transport(void **state)
{
    (void)state;
    for_each_transport(check_run);
}

static void check_backlog(floe_transport transport)
{
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    f.echo.is_silent = true;
    tls_link_fill(&f);
    size_t before = f.echo.got;
    assert_int_equal(f.writable, 0);
    tls_link_run_until(&f, &f.writable, 1);
    assert_true(f.echo.got > before);
    f.echo.got = 0;
    tls_link_run_turns(&f, 50);
    assert_int_equal(f.writable, 1);
    tls_link_fill(&f); /* whatever was refused can be sent again */
    tls_link_run_until(&f, &f.writable, 2);
}

static void test_server_link_says_when_there_is_room_again(void **state)
{
    (void)state;
    check_backlog(FLOE_TCP);
    tear_down(NULL);
    set_up(NULL);
    check_backlog(FLOE_TLS);
}

static void check_datagrams_wait(floe_transport transport)
{
    static uint8_t run[MANY * 120];
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    for (size_t i = 0; i < MANY; i++) {
        (void)tls_link_put(run + i * 120, 100, (uint8_t)i);
    }
    tls_link_let_datagrams(&f, 2);
    unsigned taken = 0;
    while (taken < 50 && floe_server_link_send(f.link, run, sizeof run, 120) == FLOE_OK) {
        taken++;
    }
    assert_in_range(taken, 5, 20);
    assert_int_equal(f.writable, 0);
    for (int i = 0; i < TLS_LINK_TURNS && f.received < taken * MANY; i++) {
        tls_link_let_datagrams(&f, 50); /* no more than the receiver's buffer holds */
        tls_link_turn(&f);
    }
    assert_int_equal(f.writable, 1);
    assert_int_equal(f.bytes, taken * sizeof run);
    assert_int_equal(f.last[TLS_LINK_HEADER], MANY - 1);
}

static void test_server_link_keeps_datagrams_that_the_kernel_has_no_room_for(void **state)
{
    (void)state;
    check_datagrams_wait(FLOE_UDP);
    tear_down(NULL);
    set_up(NULL);
    check_datagrams_wait(FLOE_DTLS);
}

static void check_largest_message(floe_transport transport)
{
    static uint8_t message[65540]; /* with its padding */
    memset(message, 5, sizeof message);
    floe_store_u16(message, 0x4001);
    floe_store_u16(message + 2, 65535);
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    assert_int_equal(floe_server_link_send(f.link, message, sizeof message, sizeof message),
                     FLOE_OK);
    tls_link_run_until(&f, &f.received, 1);
    assert_int_equal(f.len, 65539);
    assert_memory_equal(f.last, message, 65539);
}

static void test_server_link_carries_the_largest_message(void **state)
{
    (void)state;
    check_largest_message(FLOE_TCP);
    tear_down(NULL);
    set_up(NULL);
    check_largest_message(FLOE_TLS);
}

static void test_server_link_that_breaks_in_send_tells_so_later(void **state)
{
    (void)state;
    uint8_t message[TLS_LINK_HEADER];
    size_t size = tls_link_put(message, 0, 0);
    tls_link_open(&f, FLOE_TCP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_run_turns(&f, 2);
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(f.echo.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    tls_echo_hang_up(&f.echo);
    assert_int_equal(floe_server_link_send(f.link, message, size, size), FLOE_E_CLOSED);
    assert_int_equal(f.failed, 0);
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "the server reset the connection");
}

static void test_server_link_refuses_what_never_fits(void **state)
{
    (void)state;
    static uint8_t run[FLOE_SERVER_LINK_BACKLOG];
    tls_link_open(&f, FLOE_TCP);
    assert_int_equal(floe_server_link_send(f.link, run, 20, 20), FLOE_E_STATE);
    tls_link_run_until(&f, &f.opened, 1);
    assert_int_equal(floe_server_link_send(f.link, run, sizeof run, 1024), FLOE_E_TOO_BIG);
    tear_down(NULL);
    set_up(NULL);
    tls_link_open(&f, FLOE_DTLS);
    tls_link_run_until(&f, &f.opened, 1);
    assert_int_equal(floe_server_link_send(f.link, run, 20000, 20000), FLOE_E_TOO_BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_server_link_carries_a_run_over_each_transport),
        TEST(test_server_link_says_when_there_is_room_again),
        TEST(test_server_link_keeps_datagrams_that_the_kernel_has_no_room_for),
        TEST(test_server_link_carries_the_largest_message),
        TEST(test_server_link_that_breaks_in_send_tells_so_later),
        TEST(test_server_link_refuses_what_never_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
