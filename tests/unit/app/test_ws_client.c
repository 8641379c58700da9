/* tests of app/ws_client.c: addresses, refusals, and ends at any moment; talk with a server is in
 * tests/browser/suite_serve.mjs */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/ws_client.h"
#include "support/unit.h"

typedef struct fixture {
    floe_loop *loop;
    int listener; /* takes connections, and says nothing */
    char url[64];
    unsigned opened, closed;
    char why[200];
} fixture;

static void on_open(void *ctx)
{
    ((fixture *)ctx)->opened++;
}

static void on_message(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
}

static void on_closed(void *ctx, const char *why)
{
    fixture *f = ctx;
    f->closed++;
    snprintf(f->why, sizeof f->why, "%s", why);
}

static int setup(void **state)
{
    static fixture f;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    memset(&f, 0, sizeof f);
    assert_int_equal(floe_loop_open(&f.loop), FLOE_OK);
    f.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f.listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(f.listener, 16), 0);
    assert_int_equal(getsockname(f.listener, (struct sockaddr *)&addr, &len), 0);
    snprintf(f.url, sizeof f.url, "http://127.0.0.1:%u", ntohs(addr.sin_port));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_loop_close(f->loop);
    close(f->listener);
    return 0;
}

static ws_client *start(fixture *f, const char *url)
{
    const ws_client_handler handler = {on_open, on_message, on_closed, f};
    const char *why = NULL;
    ws_client *client = ws_client_open(f->loop, url, &handler, &why);
    assert_true(client != NULL || why[0] != '\0');
    return client;
}

static void test_ws_client_refuses_what_is_no_address_of_a_server(void **state)
{
    char endless[2000];
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "http://", 7);
    endless[sizeof endless - 1] = '\0';
    assert_null(start(*state, ""));
    assert_null(start(*state, "localhost"));
    assert_null(start(*state, "ftp://localhost"));
    assert_null(start(*state, "http://"));
    assert_null(start(*state, endless));
}

static void test_ws_client_says_when_nobody_is_there(void **state)
{
    fixture *f = *state;
    close(f->listener);
    f->listener = -1;
    ws_client *client = start(f, f->url);
    while (f->closed == 0) {
        floe_loop_wait(f->loop, 1000);
    }
    assert_int_equal(f->opened, 0);
    assert_string_not_equal(f->why, "");
    assert_false(ws_client_send(client, "late", 4));
    ws_client_close(client);
    assert_int_equal(f->closed, 1);
}

/* With the connection half made, and messages on both sides of the socket pair. */
static void test_ws_client_can_be_closed_at_any_moment(void **state)
{
    static const int moments_ms[] = {0, 1, 20};
    fixture *f = *state;
    for (size_t i = 0; i < 6; i++) {
        ws_client *client = start(f, f->url);
        assert_true(ws_client_send(client, "one", i < 3 ? 3 : 0) == (i < 3));
        (void)ws_client_send(client, "two", 3);
        floe_loop_wait(f->loop, moments_ms[i % 3]);
        ws_client_close(client);
    }
    assert_int_equal(f->opened + f->closed, 0);
}

static void test_ws_client_refuses_messages_over_the_limit(void **state)
{
    fixture *f = *state;
    static char text[WS_CLIENT_MESSAGE_MAX + 1];
    ws_client *client = start(f, f->url);
    assert_false(ws_client_send(client, text, sizeof text));
    assert_true(ws_client_send(client, text, WS_CLIENT_MESSAGE_MAX));
    ws_client_close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ws_client_refuses_what_is_no_address_of_a_server),
        TEST(test_ws_client_says_when_nobody_is_there),
        TEST(test_ws_client_can_be_closed_at_any_moment),
        TEST(test_ws_client_refuses_messages_over_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
