/* tests/unit/io/test_resolver.c - names and addresses, against a name server of the test's own. */
#include "io/resolver.h"

#include "base/addr.h"
#include "io/udp.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

enum { TYPE_A = 1, TYPE_AAAA = 28 };

typedef enum mode { ANSWER, REFUSE, SILENT, GARBAGE } mode;

typedef struct fixture {
    floe_loop *loop;
    floe_udp server;
    floe_watch watch;
    floe_udp_batch batch;
    mode mode;
    int queries;
    char servers[FLOE_ADDR_TEXT_MAX];
    floe_resolver resolver;
    char heard[256]; /* "7=192.0.2.1 7=none " */
    int ends;
} fixture;

/* Turn a query into its answer, in place: the question is echoed, a record is put behind it. */
static size_t answer_query(uint8_t *packet, size_t len, bool is_refused)
{
    static const uint8_t v4[] = {192, 0, 2, 1};
    static const uint8_t v6[] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    size_t end = 12;
    while (end < len && packet[end] != 0) {
        end += packet[end] + 1u;
    }
    end += 5;
    assert_true(end <= len);
    unsigned type = packet[end - 3];
    size_t size = type == TYPE_A ? sizeof v4 : sizeof v6;
    packet[2] = 0x81; /* a response, recursion desired */
    packet[3] = is_refused ? 0x83 : 0x80;
    memset(packet + 6, 0, 6);
    if (is_refused) {
        return end;
    }
    packet[7] = 1;
    const uint8_t record[] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)size};
    memcpy(packet + end, record, sizeof record);
    memcpy(packet + end + sizeof record, type == TYPE_A ? v4 : v6, size);
    return end + sizeof record + size;
}

static void serve(floe_watch *watch, int events)
{
    fixture *f = watch->ctx;
    floe_udp_run run;
    (void)events;
    floe_udp_recv_runs(&f->server, &f->batch);
    while (floe_udp_next_run(&f->batch, &run)) {
        for (size_t at = 0; at < run.len; at += run.segment) {
            uint8_t packet[600] = {0};
            size_t len = run.len - at < run.segment ? run.len - at : run.segment;
            memcpy(packet, run.ptr + at, len);
            f->queries++;
            if (f->mode == SILENT) {
                continue;
            }
            len = f->mode == GARBAGE ? 3 : answer_query(packet, len, f->mode == REFUSE);
            floe_transmit out = {.buf = packet, .len = len, .segment = len, .path = run.path};
            size_t done = 0;
            assert_int_equal(floe_udp_send_run(&f->server, &out, &done), FLOE_OK);
        }
    }
}

static void hear(void *ctx, uint32_t request, const floe_addr *addr)
{
    fixture *f = ctx;
    char text[FLOE_ADDR_TEXT_MAX];
    size_t at = strlen(f->heard);
    snprintf(f->heard + at, sizeof f->heard - at, "%u=%s ", (unsigned)request,
             floe_addr_ip_text(addr, text));
    f->ends += addr->family == 0;
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    if (floe_loop_open(&f.loop) != FLOE_OK || floe_udp_open(&f.server, &loopback) != FLOE_OK) {
        return -1;
    }
    f.watch = (floe_watch){.fd = f.server.fd, .ready = serve, .ctx = &f};
    if (floe_loop_add(f.loop, &f.watch, FLOE_LOOP_READ) != FLOE_OK) {
        return -1;
    }
    floe_addr_text(&f.server.local, f.servers);
    floe_resolver_init(&f.resolver, f.loop, f.servers, hear, &f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_resolver_free(&f->resolver);
    floe_loop_remove(f->loop, &f->watch);
    floe_udp_close(&f->server);
    floe_loop_close(f->loop);
    return 0;
}

static void ask(fixture *f, uint32_t request, const char *host)
{
    floe_resolver_ask(&f->resolver, request, floe_bytes_of(host));
}

static void wait_for_ends(fixture *f, int count)
{
    floe_time deadline = floe_loop_now(f->loop) + 2 * FLOE_RESOLVER_PATIENCE;
    while (f->ends < count && floe_loop_now(f->loop) < deadline) {
        floe_loop_wait(f->loop, 1000);
    }
    assert_int_equal(f->ends, count);
}

static void test_resolver_finds_both_families(void **state)
{
    fixture *f = *state;
    ask(f, 7, "stun.example.test");
    assert_string_equal(f->heard, "");
    wait_for_ends(f, 1);
    assert_non_null(strstr(f->heard, "7=192.0.2.1 "));
    assert_non_null(strstr(f->heard, "7=2001:db8::1 "));
    assert_string_equal(f->heard + strlen(f->heard) - strlen("7=none "), "7=none ");
}

static void test_resolver_answers_literals_without_asking(void **state)
{
    fixture *f = *state;
    ask(f, 1, "192.0.2.9");
    ask(f, 2, "2001:db8::9");
    assert_string_equal(f->heard, "1=192.0.2.9 1=none 2=2001:db8::9 2=none ");
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->queries, 0);
}

static void test_resolver_does_not_ask_the_dns_for_local_names(void **state)
{
    fixture *f = *state;
    ask(f, 1, "printer.local");
    ask(f, 2, "0f3a9c1e-1111-4222-8333-123456789abc.LOCAL.");
    assert_string_equal(f->heard, "1=none 2=none ");
    floe_loop_wait(f->loop, 0);
    assert_int_equal(f->queries, 0);
}

static void test_resolver_refuses_what_can_not_be_a_name(void **state)
{
    fixture *f = *state;
    char long_name[255];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[254] = '\0';
    ask(f, 1, long_name);
    ask(f, 2, "");
    floe_resolver_ask(&f->resolver, 3, FLOE_LIT("a\0b"));
    assert_string_equal(f->heard, "1=none 2=none 3=none ");
}

static void test_resolver_tells_that_a_name_does_not_exist(void **state)
{
    fixture *f = *state;
    f->mode = REFUSE;
    ask(f, 3, "nobody.example.test");
    wait_for_ends(f, 1);
    assert_string_equal(f->heard, "3=none ");
    assert_true(f->queries > 0);
}

static void test_resolver_gives_up_on_a_silent_server_in_time(void **state)
{
    fixture *f = *state;
    f->mode = SILENT;
    floe_time start = floe_loop_now(f->loop);
    ask(f, 3, "stun.example.test");
    wait_for_ends(f, 1);
    assert_string_equal(f->heard, "3=none ");
    assert_true(floe_loop_now(f->loop) - start <= FLOE_RESOLVER_PATIENCE + FLOE_SECOND);
}

static void test_resolver_survives_garbage_from_the_server(void **state)
{
    fixture *f = *state;
    f->mode = GARBAGE;
    ask(f, 3, "stun.example.test");
    wait_for_ends(f, 1);
    assert_string_equal(f->heard, "3=none ");
}

static void test_resolver_answers_every_question_of_a_crowd(void **state)
{
    fixture *f = *state;
    for (uint32_t i = 0; i < FLOE_RESOLVER_NAMES + 2; i++) {
        char host[32];
        snprintf(host, sizeof host, "stun%u.example.test", (unsigned)i);
        ask(f, i, host);
    }
    assert_string_equal(f->heard, "8=none 9=none "); /* beyond its limit */
    wait_for_ends(f, FLOE_RESOLVER_NAMES + 2);
    ask(f, 5, "stun.example.test"); /* and all places are free again */
    wait_for_ends(f, FLOE_RESOLVER_NAMES + 3);
}

static void test_resolver_freed_with_a_question_open_answers_no_more(void **state)
{
    fixture *f = *state;
    f->mode = SILENT;
    ask(f, 1, "stun.example.test");
    floe_loop_wait(f->loop, 0);
    floe_resolver_free(&f->resolver);
    assert_string_equal(f->heard, "");
}

static void test_resolver_without_library_answers_that_there_is_none(void **state)
{
    fixture *f = *state;
    floe_resolver broken;
    floe_resolver_init(&broken, f->loop, "not a list of servers", hear, f);
    floe_resolver_ask(&broken, 4, FLOE_LIT("stun.example.test"));
    assert_string_equal(f->heard, "4=none ");
    floe_resolver_free(&broken);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_resolver_finds_both_families),
        TEST(test_resolver_answers_literals_without_asking),
        TEST(test_resolver_does_not_ask_the_dns_for_local_names),
        TEST(test_resolver_refuses_what_can_not_be_a_name),
        TEST(test_resolver_tells_that_a_name_does_not_exist),
        TEST(test_resolver_gives_up_on_a_silent_server_in_time),
        TEST(test_resolver_survives_garbage_from_the_server),
        TEST(test_resolver_answers_every_question_of_a_crowd),
        TEST(test_resolver_freed_with_a_question_open_answers_no_more),
        TEST(test_resolver_without_library_answers_that_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
