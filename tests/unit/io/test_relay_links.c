/* tests of io/relay_links.c: a peer's connections to TURN servers, on loopback sockets */
#include "io/relay_links.h"

#include <string.h>

#include "base/addr.h"
#include "base/rand_os.h"
#include "support/tls_link.h"
#include "support/unit.h"

#define RUN 1000u

static floe_dtls_identity identity;
static floe_peer peer;
static floe_sctp_tx ring[64];
static uint8_t buffers[3][1 << 16];
static floe_relay_links links;
static tls_echo echo;
static unsigned writable;

static void on_writable(void *ctx)
{
    (void)ctx;
    writable++;
}

static int set_up(void **state)
{
    const floe_peer_config config = {.rand = floe_rand_os(),
                                     .identity = &identity,
                                     .tx_ring = ring,
                                     .tx_ring_len = 64,
                                     .send_buffer = {buffers[0], sizeof buffers[0]},
                                     .recv_buffer = {buffers[1], sizeof buffers[1]},
                                     .description = {buffers[2], sizeof buffers[2]}};
    (void)state;
    writable = 0;
    tls_link_wait(0);
    links = (floe_relay_links){.peer = &peer, .writable = on_writable};
    assert_int_equal(floe_dtls_identity_init(&identity), FLOE_OK);
    assert_int_equal(floe_peer_init(&peer, &config, 0), FLOE_OK);
    assert_int_equal(floe_loop_open(&links.loop), FLOE_OK);
    tls_echo_open(&echo, FLOE_TCP, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    floe_relay_links_close_all(&links);
    floe_loop_close(links.loop);
    tls_echo_close(&echo);
    floe_peer_free(&peer);
    floe_dtls_identity_free(&identity);
    return 0;
}

static void turn(void)
{
    tls_echo_serve(&echo);
    floe_loop_wait(links.loop, 1);
}

/* Open the connection, and give what goes there. */
static floe_transmit open_link(uint8_t message[RUN])
{
    const floe_path path = {.remote = echo.addr, .transport = FLOE_TCP};
    floe_transmit run = {.buf = message, .cap = RUN, .len = RUN, .segment = RUN};
    (void)tls_link_put(message, RUN - TLS_LINK_HEADER, 1);
    floe_relay_links_open(&links, 1, &path, FLOE_LIT("127.0.0.1"));
    for (int i = 0; i < TLS_LINK_TURNS && !floe_server_link_is_open(links.link[1].link); i++) {
        turn();
    }
    run.path = *floe_server_link_get_path(links.link[1].link);
    return run;
}

static floe_err fill(const floe_transmit *run)
{
    floe_err err = FLOE_OK;
    for (int i = 0; i < 100000 && err == FLOE_OK; i++) {
        err = floe_relay_links_send(&links, run);
    }
    return err;
}

static void test_relay_links_lose_what_a_server_does_not_read_for_long(void **state)
{
    (void)state;
    uint8_t message[RUN];
    echo.is_mute = true;
    floe_transmit run = open_link(message);
    assert_int_equal(fill(&run), FLOE_E_AGAIN);
    tls_link_wait(1);
    turn();
    assert_int_equal(floe_relay_links_send(&links, &run), FLOE_E_AGAIN);
    tls_link_wait(3);
    turn();
    assert_int_equal(floe_relay_links_send(&links, &run), FLOE_E_FULL);
    assert_int_equal(writable, 0);
    echo.is_mute = false;
    echo.is_silent = true;
    for (int i = 0; i < TLS_LINK_TURNS && writable == 0; i++) {
        turn();
    }
    assert_int_equal(writable, 1);
    assert_int_equal(fill(&run), FLOE_E_AGAIN); /* patient anew */
}

static void test_relay_links_know_only_those_that_are_open(void **state)
{
    (void)state;
    uint8_t message[RUN];
    floe_transmit run = open_link(message);
    assert_int_equal(floe_relay_links_send(&links, &run), FLOE_OK);
    run.path.local.port ^= 1;
    assert_int_equal(floe_relay_links_send(&links, &run), FLOE_E_UNKNOWN);
    run.path.local.port ^= 1;
    floe_relay_links_close(&links, 1);
    assert_int_equal(floe_relay_links_send(&links, &run), FLOE_E_UNKNOWN);
    floe_relay_links_close(&links, FLOE_RELAY_LINK_MAX);
    assert_string_equal(floe_relay_links_get_fault(&links, FLOE_RELAY_LINK_MAX), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_relay_links_lose_what_a_server_does_not_read_for_long),
        TEST(test_relay_links_know_only_those_that_are_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
