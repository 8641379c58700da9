/*
 * tests/unit/io/test_server_link.c - connections to a server on loopback sockets, over all four
 * transports: how they open, what they read, how they end.
 */
#include "io/server_link.h"

#include <openssl/bio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/writer.h"
#include "support/tls_link.h"
#include "support/unit.h"

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

static void check_echo(floe_transport transport)
{
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    for (unsigned i = 1; i <= 3; i++) {
        tls_link_send(&f, 4 * i, (uint8_t)i);
        tls_link_run_until(&f, &f.received, i);
        assert_int_equal(f.len, TLS_LINK_HEADER + 4 * i);
        assert_int_equal(f.last[TLS_LINK_HEADER], i);
    }
    assert_int_equal(f.opened, 1);
    assert_int_equal(f.failed, 0);
    const floe_path *path = floe_server_link_get_path(f.link);
    assert_true(floe_addr_equal(&path->remote, &f.echo.addr));
    assert_true(floe_addr_is_loopback(&path->local) && path->local.port != 0);
    assert_int_equal(path->transport, transport);
}

static void test_server_link_carries_messages_over_each_transport(void **state)
{
    (void)state;
    for_each_transport(check_echo);
}

/* A run of many; what comes back is cut into the same messages, however it was read. */

static void cut_stream(floe_transport transport)
{
    uint8_t messages[3 * 64];
    size_t len = tls_link_put(messages, 8, 1);
    static const uint8_t channel_data[] = {0x40, 0x00, 0x00, 0x05, 1, 2, 3, 4, 5, 0, 0, 0};
    memcpy(messages + len, channel_data, sizeof channel_data);
    len += sizeof channel_data;
    len += tls_link_put(messages + len, 12, 3);
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_run_turns(&f, 2);
    for (size_t cut = 1; cut < len; cut++) {
        f.received = 0;
        f.bytes = 0;
        tls_echo_send(&f.echo, (floe_bytes){messages, cut});
        tls_link_run_turns(&f, 2);
        tls_echo_send(&f.echo, (floe_bytes){messages + cut, len - cut});
        tls_link_run_until(&f, &f.received, 3);
        assert_int_equal(f.bytes, len - 3); /* without the padding */
        assert_int_equal(f.last[TLS_LINK_HEADER], 3);
    }
}

static void test_server_link_takes_a_stream_cut_at_each_byte(void **state)
{
    (void)state;
    cut_stream(FLOE_TCP);
    tear_down(NULL);
    set_up(NULL);
    cut_stream(FLOE_TLS);
}

static void test_server_link_takes_tls_in_drops(void **state)
{
    (void)state;
    tls_echo_open(&f.echo, FLOE_TLS, &f.authority, &f.leaf);
    f.config.server = f.echo.addr;
    f.echo.send_max = 7;
    tls_link_open(&f, FLOE_TLS);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_send(&f, 100, 9);
    tls_link_run_until(&f, &f.received, 1);
    assert_int_equal(f.len, TLS_LINK_HEADER + 100);
}

static void test_server_link_says_that_a_port_is_refused(void **state)
{
    (void)state;
    tls_echo_open(&f.echo, FLOE_TCP, NULL, NULL);
    f.config.server = f.echo.addr;
    tls_echo_close(&f.echo);
    tls_link_expect_failure(&f, FLOE_TCP, "connection refused");
    assert_int_equal(f.opened, 0);
}

static void test_server_link_says_that_a_port_is_refused_to_datagrams(void **state)
{
    (void)state;
    tls_echo_open(&f.echo, FLOE_UDP, NULL, NULL);
    f.config.server = f.echo.addr;
    tls_echo_close(&f.echo);
    tls_link_open(&f, FLOE_UDP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_send(&f, 0, 0);
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "connection refused");
}

/* It answered before: it may start again. */

static void test_server_link_lives_on_when_a_known_server_refuses_datagrams(void **state)
{
    (void)state;
    tls_link_open(&f, FLOE_UDP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_send(&f, 0, 0);
    tls_link_run_until(&f, &f.received, 1);
    tls_echo_close(&f.echo);
    f.echo.fd = -1;
    tls_link_send(&f, 0, 0);
    tls_link_run_turns(&f, 5);
    assert_int_equal(f.failed, 0);
    assert_true(floe_server_link_is_open(f.link));
}

static void check_patience(floe_transport transport)
{
    tls_echo_open(&f.echo, transport, &f.authority, &f.leaf);
    f.config.server = f.echo.addr;
    f.echo.is_mute = true;
    tls_link_open(&f, transport);
    tls_link_run_turns(&f, 5);
    tls_link_wait(9);
    tls_link_run_turns(&f, 5);
    assert_int_equal(f.failed, 0);
    assert_int_equal(f.opened, 0);
    tls_link_wait(11);
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "no answer in 10 s");
}

static void test_server_link_has_patience_with_a_silent_server_and_then_none(void **state)
{
    (void)state;
    check_patience(FLOE_TLS);
    tear_down(NULL);
    set_up(NULL);
    check_patience(FLOE_DTLS);
}

static void test_server_link_that_is_open_needs_no_patience(void **state)
{
    (void)state;
    tls_link_open(&f, FLOE_TLS);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_wait(1000);
    tls_link_run_turns(&f, 5);
    assert_int_equal(f.failed, 0);
}

static void test_server_link_refuses_a_wrong_certificate(void **state)
{
    (void)state;
    for (int is_datagram = 0; is_datagram < 2; is_datagram++) {
        tear_down(NULL);
        set_up(NULL);
        f.config.host = FLOE_LIT("stun.example");
        tls_link_expect_failure(&f, is_datagram != 0 ? FLOE_DTLS : FLOE_TLS,
                                "the certificate is for another name");
        assert_true(floe_server_link_is_untrusted(f.link));
        assert_int_equal(f.opened, 0);
        assert_int_equal(f.echo.got, 0);
    }
}

static void test_server_link_refuses_an_unknown_authority_unless_told(void **state)
{
    (void)state;
    f.leaf.is_self_signed = true;
    tls_link_expect_failure(&f, FLOE_TLS, "the certificate is not signed by a trusted authority");
    tear_down(NULL);
    set_up(NULL);
    f.leaf.is_self_signed = true;
    f.config.is_unverified = true;
    check_echo(FLOE_TLS);
}

static void test_server_link_takes_authorities_that_were_read_before(void **state)
{
    (void)state;
    floe_tls_trust trust;
    assert_int_equal(floe_tls_trust_init(&trust, f.authority.path), FLOE_OK);
    f.config.ca_file = "/nonexistent.pem";
    f.config.trust = &trust;
    check_echo(FLOE_TLS);
    floe_server_link_close(f.link);
    f.link = NULL;
    floe_tls_trust_free(&trust);
}

static void test_server_link_takes_a_certificate_for_an_address(void **state)
{
    (void)state;
    f.config.host = FLOE_LIT("127.0.0.1");
    check_echo(FLOE_TLS);
    tear_down(NULL);
    set_up(NULL);
    f.config.host = FLOE_LIT("127.0.0.2");
    tls_link_expect_failure(&f, FLOE_TLS, "the certificate is for another name");
}

/* Datagrams wait as well, and each stays one. */

/* The handler runs inside floe_loop_wait() only. */

static void check_close_in_opened(floe_transport transport)
{
    f.close_in = TLS_LINK_IN_OPENED;
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    assert_null(f.link);
    tls_link_run_turns(&f, 3);
    assert_int_equal(f.received + f.failed, 0);
}

static void check_close_in_received(floe_transport transport)
{
    static uint8_t run[10 * 120];
    f.close_in = TLS_LINK_IN_RECEIVED;
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    for (size_t i = 0; i < 10; i++) {
        (void)tls_link_put(run + i * 120, 100, (uint8_t)i);
    }
    assert_int_equal(floe_server_link_send(f.link, run, sizeof run, 120), FLOE_OK);
    tls_link_run_until(&f, &f.received, 1);
    tls_link_run_turns(&f, 3);
    assert_int_equal(f.received, 1);
    assert_int_equal(f.failed, 0);
}

static void test_server_link_can_be_closed_in_opened_and_in_received(void **state)
{
    (void)state;
    for_each_transport(check_close_in_opened);
    for_each_transport(check_close_in_received);
}

static void test_server_link_can_be_closed_in_writable(void **state)
{
    (void)state;
    f.close_in = TLS_LINK_IN_WRITABLE;
    tls_link_open(&f, FLOE_TLS);
    tls_link_run_until(&f, &f.opened, 1);
    f.echo.is_silent = true;
    tls_link_fill(&f);
    tls_link_run_until(&f, &f.writable, 1);
    assert_null(f.link);
    tls_link_run_turns(&f, 3);
    assert_int_equal(f.failed, 0);
}

static void test_server_link_can_be_closed_in_failed(void **state)
{
    (void)state;
    f.close_in = TLS_LINK_IN_FAILED;
    f.config.host = FLOE_LIT("stun.example");
    tls_link_open(&f, FLOE_TLS);
    tls_link_run_until(&f, &f.failed, 1);
    assert_null(f.link);
    tls_link_run_turns(&f, 3);
}

static bool is_released;

static int note_release(BIO *bio)
{
    (void)bio;
    is_released = true;
    return 1;
}

static void close_and_take_back(void *ctx, floe_server_link *link, floe_span message)
{
    (void)message;
    floe_server_link_close(link);
    f.link = NULL;
    f.received++;
    assert_true(is_released);
    floe_tls_trust_free(ctx);
}

/* The link's own memory stays until the handler returns; what was lent to it may go at once. */
static void test_server_link_gives_authorities_back_when_closed_in_a_handler(void **state)
{
    (void)state;
    floe_tls_trust trust;
    assert_int_equal(floe_tls_trust_init(&trust, f.authority.path), FLOE_OK);
    assert_int_equal(BIO_meth_set_destroy(trust.method, note_release), 1);
    f.config.trust = &trust;
    f.config.received = close_and_take_back;
    f.config.ctx = &trust;
    f.config.opened = NULL;
    is_released = false;
    tls_link_open(&f, FLOE_TLS);
    for (int i = 0; i < TLS_LINK_TURNS && !floe_server_link_is_open(f.link); i++) {
        tls_link_turn(&f);
    }
    tls_link_send(&f, 4, 1);
    tls_link_run_until(&f, &f.received, 1);
    tls_link_run_turns(&f, 3);
}

static void check_end(floe_transport transport)
{
    tls_link_open(&f, transport);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_send(&f, 4, 1);
    tls_link_run_until(&f, &f.received, 1);
    tls_echo_hang_up(&f.echo);
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "the server closed the connection");
}

static void test_server_link_says_that_the_server_has_closed(void **state)
{
    (void)state;
    check_end(FLOE_TCP);
    tear_down(NULL);
    set_up(NULL);
    check_end(FLOE_TLS);
}

/* The stream is cut off: what was said before the end still counts. */

static void test_server_link_delivers_what_came_before_the_end(void **state)
{
    (void)state;
    uint8_t message[TLS_LINK_HEADER];
    size_t size = tls_link_put(message, 0, 0);
    tls_link_open(&f, FLOE_TCP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_run_turns(&f, 2);
    tls_echo_send(&f.echo, (floe_bytes){message, size});
    tls_echo_hang_up(&f.echo);
    tls_link_run_until(&f, &f.failed, 1);
    assert_int_equal(f.received, 1);
}

static void test_server_link_says_that_the_server_has_reset(void **state)
{
    (void)state;
    tls_link_open(&f, FLOE_TCP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_run_turns(&f, 2);
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(f.echo.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    tls_echo_hang_up(&f.echo);
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "the server reset the connection");
}

static void test_server_link_close_ends_the_stream_in_order(void **state)
{
    (void)state;
    tls_link_open(&f, FLOE_TLS);
    tls_link_run_until(&f, &f.opened, 1);
    floe_server_link_close(f.link);
    f.link = NULL;
    for (int i = 0; i < TLS_LINK_TURNS && !f.echo.is_ended; i++) {
        tls_link_turn(&f);
    }
    assert_true(f.echo.is_ended);
    assert_true(f.echo.tls.is_closed);
}

static void test_server_link_ends_a_stream_that_is_no_stun(void **state)
{
    (void)state;
    tls_link_open(&f, FLOE_TCP);
    tls_link_run_until(&f, &f.opened, 1);
    tls_link_run_turns(&f, 2);
    tls_echo_send(&f.echo, FLOE_LIT("SSH-2.0-OpenSSH_9.2\r\n"));
    tls_link_run_until(&f, &f.failed, 1);
    assert_string_equal(f.why, "the server sent what is neither STUN nor TURN");
}

static void test_server_link_says_that_a_server_has_no_tls(void **state)
{
    (void)state;
    tls_echo_open(&f.echo, FLOE_TCP, NULL, NULL); /* sends the hello back */
    f.config.server = f.echo.addr;
    tls_link_expect_failure(&f, FLOE_TLS, "the server does not speak TLS, or not acceptably");
}

static void test_server_link_open_says_what_is_wrong(void **state)
{
    (void)state;
    floe_server_link_config config = {.transport = FLOE_TCP};
    floe_server_link *link;
    assert_int_equal(floe_server_link_open(&link, f.loop, &config), FLOE_E_ARG);
    assert_null(link);
    config.server = floe_addr_from_ipv4(127, 0, 0, 1, 3478);
    config.local = floe_addr_from_ipv4(203, 0, 113, 77, 0);
    for (int transport = FLOE_UDP; transport <= FLOE_TCP; transport++) {
        config.transport = (uint8_t)transport;
        assert_int_equal(floe_server_link_open(&link, f.loop, &config), FLOE_E_ARG);
    }
    config.local = (floe_addr){.family = 0};
    config.transport = FLOE_TLS;
    assert_int_equal(floe_server_link_open(&link, f.loop, &config), FLOE_E_ARG);
    config.host = FLOE_LIT("turn.example");
    config.ca_file = "/nonexistent.pem";
    assert_int_equal(floe_server_link_open(&link, f.loop, &config), FLOE_E_CRYPTO);
    floe_server_link_close(NULL);
}

static void test_server_link_can_be_bound_to_an_address(void **state)
{
    (void)state;
    f.config.local = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    for (int transport = FLOE_UDP; transport <= FLOE_TCP; transport++) {
        check_echo((floe_transport)transport);
        tear_down(NULL);
        set_up(NULL);
        f.config.local = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* As a peer does, which looks for what to open before the loop sleeps. */
static void open_before_sleep(floe_timer *timer)
{
    (void)timer;
    if (f.link == NULL) {
        f.config.server = floe_addr_from_ipv4(255, 255, 255, 255, 80); /* refused at once */
        tls_link_open(&f, FLOE_TCP);
    }
}

static void test_server_link_that_fails_at_once_is_told_before_the_loop_sleeps(void **state)
{
    (void)state;
    floe_timer timer = {.at = FLOE_TIME_NEVER, .prepare = open_before_sleep};
    floe_loop_add_timer(f.loop, &timer);
    floe_loop_wait(f.loop, 200);
    floe_loop_remove_timer(f.loop, &timer);
    assert_int_equal(f.failed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_server_link_carries_messages_over_each_transport),
        TEST(test_server_link_takes_a_stream_cut_at_each_byte),
        TEST(test_server_link_takes_tls_in_drops),
        TEST(test_server_link_says_that_a_port_is_refused),
        TEST(test_server_link_says_that_a_port_is_refused_to_datagrams),
        TEST(test_server_link_lives_on_when_a_known_server_refuses_datagrams),
        TEST(test_server_link_has_patience_with_a_silent_server_and_then_none),
        TEST(test_server_link_that_is_open_needs_no_patience),
        TEST(test_server_link_refuses_a_wrong_certificate),
        TEST(test_server_link_refuses_an_unknown_authority_unless_told),
        TEST(test_server_link_takes_authorities_that_were_read_before),
        TEST(test_server_link_takes_a_certificate_for_an_address),
        TEST(test_server_link_can_be_closed_in_opened_and_in_received),
        TEST(test_server_link_can_be_closed_in_writable),
        TEST(test_server_link_can_be_closed_in_failed),
        TEST(test_server_link_gives_authorities_back_when_closed_in_a_handler),
        TEST(test_server_link_says_that_the_server_has_closed),
        TEST(test_server_link_delivers_what_came_before_the_end),
        TEST(test_server_link_says_that_the_server_has_reset),
        TEST(test_server_link_close_ends_the_stream_in_order),
        TEST(test_server_link_ends_a_stream_that_is_no_stun),
        TEST(test_server_link_says_that_a_server_has_no_tls),
        TEST(test_server_link_open_says_what_is_wrong),
        TEST(test_server_link_can_be_bound_to_an_address),
        TEST(test_server_link_that_fails_at_once_is_told_before_the_loop_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
