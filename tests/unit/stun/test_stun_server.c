/* tests of stun/stun_server.c: RFC 8489 section 12, RFC 5780 section 6. */
#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "stun/stun_msg.h"
#include "stun/stun_server.h"
#include "support/stun_packet.h"
#include "support/unit.h"

#define BINDING_REQUEST  0x0001
#define BINDING_RESPONSE 0x0101

typedef struct fixture {
    floe_stun_server plain, two;
    floe_path path; /* of the request, as the server sees it */
    stun_packet request;
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out;
    floe_stun_msg answer;
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    f.two.primary = floe_addr_from_ipv4(192, 0, 2, 10, 3478);
    f.two.other = floe_addr_from_ipv4(198, 51, 100, 20, 3479);
    f.path.local = f.two.primary;
    f.path.remote = floe_addr_from_ipv4(203, 0, 113, 7, 40000);
    f.out = (floe_transmit){.buf = f.buf, .cap = sizeof f.buf};
    stun_packet_begin(&f.request, BINDING_REQUEST);
    *state = &f;
    return 0;
}

static floe_err ask(fixture *f, const floe_stun_server *server)
{
    floe_err err =
        floe_stun_server_answer(server, &f->path, stun_packet_view(&f->request), &f->out);
    if (err == FLOE_OK) {
        floe_bytes packet = {f->out.buf, f->out.len};
        assert_int_equal(floe_stun_msg_parse(&f->answer, packet), FLOE_OK);
        assert_memory_equal(f->answer.tid, stun_packet_view(&f->request).ptr + 8,
                            FLOE_STUN_TID_SIZE);
        assert_int_equal(f->out.segment, f->out.len);
    }
    return err;
}

static void put_change(fixture *f, uint8_t flags)
{
    uint8_t value[] = {0, 0, 0, flags};
    stun_packet_put(&f->request, FLOE_STUN_CHANGE_REQUEST, 4, (floe_bytes){value, 4});
}

static void assert_attr(const fixture *f, uint16_t type, const floe_addr *want)
{
    floe_addr addr;
    assert_true(floe_stun_msg_get_addr(&f->answer, type, &addr));
    assert_true(floe_addr_equal(&addr, want));
}

static void assert_refused(const fixture *f, int want)
{
    int code;
    floe_bytes reason;
    assert_int_equal(f->answer.cls, FLOE_STUN_ERROR);
    assert_true(floe_stun_msg_get_error(&f->answer, &code, &reason));
    assert_int_equal(code, want);
}

static void test_stun_server_tells_the_source_address_and_nothing_else(void **state)
{
    fixture *f = *state;
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_int_equal(f->answer.cls, FLOE_STUN_SUCCESS);
    assert_attr(f, FLOE_STUN_XOR_MAPPED_ADDRESS, &f->path.remote);
    assert_true(floe_path_equal(&f->out.path, &f->path));
    assert_int_equal(f->out.len, 32);
}

static void test_stun_server_answers_ipv6(void **state)
{
    fixture *f = *state;
    assert_int_equal(floe_addr_parse(&f->path.local, FLOE_LIT("2001:db8::10"), 3478), FLOE_OK);
    assert_int_equal(floe_addr_parse(&f->path.remote, FLOE_LIT("2001:db8:1::5"), 4), FLOE_OK);
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_attr(f, FLOE_STUN_XOR_MAPPED_ADDRESS, &f->path.remote);
}

static void test_stun_server_adds_a_fingerprint_where_the_request_has_one(void **state)
{
    fixture *f = *state;
    stun_packet_put_fingerprint(&f->request);
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_true(f->answer.has_fingerprint);
}

static void test_stun_server_refuses_unknown_required_attributes_and_names_them(void **state)
{
    fixture *f = *state;
    floe_stun_attr attr;
    stun_packet_put_filler(&f->request, 0x7f01, 3);
    stun_packet_put_filler(&f->request, 0xff02, 3);
    stun_packet_put_filler(&f->request, 0x7f03, 0);
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_refused(f, 420);
    assert_true(floe_stun_msg_find(&f->answer, FLOE_STUN_UNKNOWN_ATTRIBUTES, &attr));
    assert_int_equal(attr.value.len, 4);
    assert_memory_equal(attr.value.ptr, "\x7f\x01\x7f\x03", 4);
    assert_true(floe_path_equal(&f->out.path, &f->path));
}

static void test_stun_server_passes_over_credentials(void **state)
{
    fixture *f = *state;
    stun_packet_put_filler(&f->request, FLOE_STUN_USERNAME, 5);
    stun_packet_put_filler(&f->request, FLOE_STUN_MESSAGE_INTEGRITY, 20);
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_int_equal(f->answer.cls, FLOE_STUN_SUCCESS);
}

static void test_stun_server_without_other_address_refuses_to_change(void **state)
{
    fixture *f = *state;
    put_change(f, 6);
    assert_int_equal(ask(f, &f->plain), FLOE_OK);
    assert_refused(f, 420);
}

static void test_stun_server_answers_from_where_the_client_wishes(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < 16; i++) {
        bool is_ip2 = (i & 1) != 0, is_port2 = (i & 2) != 0;
        uint8_t flags = (uint8_t)((i >> 2) * 2);
        bool to_ip2 = is_ip2 != ((flags & 4) != 0), to_port2 = is_port2 != ((flags & 2) != 0);
        floe_addr from = to_ip2 ? f->two.other : f->two.primary;
        floe_addr counterpart = is_ip2 ? f->two.primary : f->two.other;
        from.port = to_port2 ? f->two.other.port : f->two.primary.port;
        counterpart.port = is_port2 ? f->two.primary.port : f->two.other.port;
        f->path.local = is_ip2 ? f->two.other : f->two.primary;
        f->path.local.port = is_port2 ? f->two.other.port : f->two.primary.port;
        stun_packet_begin(&f->request, BINDING_REQUEST);
        put_change(f, flags);
        assert_int_equal(ask(f, &f->two), FLOE_OK);
        assert_true(floe_addr_equal(&f->out.path.local, &from));
        assert_true(floe_addr_equal(&f->out.path.remote, &f->path.remote));
        assert_attr(f, FLOE_STUN_RESPONSE_ORIGIN, &from);
        assert_attr(f, FLOE_STUN_OTHER_ADDRESS, &counterpart);
        assert_attr(f, FLOE_STUN_MAPPED_ADDRESS, &f->path.remote);
        assert_attr(f, FLOE_STUN_XOR_MAPPED_ADDRESS, &f->path.remote);
    }
}

static void test_stun_server_answers_to_the_port_that_the_client_wishes(void **state)
{
    fixture *f = *state;
    stun_packet_put(&f->request, FLOE_STUN_RESPONSE_PORT, 2, FLOE_LIT("\x12\x34"));
    assert_int_equal(ask(f, &f->two), FLOE_OK);
    assert_true(floe_addr_ip_equal(&f->out.path.remote, &f->path.remote));
    assert_int_equal(f->out.path.remote.port, 0x1234);
    assert_attr(f, FLOE_STUN_XOR_MAPPED_ADDRESS, &f->path.remote);
}

static void test_stun_server_never_sends_to_port_zero(void **state)
{
    fixture *f = *state;
    stun_packet_put(&f->request, FLOE_STUN_RESPONSE_PORT, 2, FLOE_LIT("\0\0"));
    assert_int_equal(ask(f, &f->two), FLOE_E_ARG);
    f->path.remote.port = 0;
    assert_int_equal(ask(f, &f->plain), FLOE_E_ARG);
}

static void test_stun_server_refuses_padding(void **state)
{
    fixture *f = *state;
    stun_packet_put_filler(&f->request, FLOE_STUN_PADDING, 1000);
    assert_int_equal(ask(f, &f->two), FLOE_OK);
    assert_refused(f, 420);
}

static void test_stun_server_drops_what_is_no_binding_request(void **state)
{
    static const uint16_t types[] = {0x0011, BINDING_RESPONSE, 0x0111, 0x0003, 0x0ffe};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        stun_packet_begin(&f->request, types[i]);
        assert_int_equal(ask(f, &f->two), FLOE_E_UNSUPPORTED);
    }
    assert_int_equal(floe_stun_server_answer(&f->two, &f->path, FLOE_LIT("hello"), &f->out),
                     FLOE_E_MALFORMED);
}

static void test_stun_server_grows_no_request_by_more_than_it_says(void **state)
{
    fixture *f = *state;
    floe_addr v4 = f->path.remote, v6 = {.family = 0};
    assert_int_equal(floe_addr_parse(&v6, FLOE_LIT("2001:db8:1::5"), 4), FLOE_OK);
    size_t worst = 0, worst_two = 0;
    for (size_t count = 0; count < 20; count++) {
        stun_packet_begin(&f->request, BINDING_REQUEST);
        for (size_t i = 0; i < count; i++) {
            stun_packet_put_filler(&f->request, (uint16_t)(0x7f00 + i), 0);
        }
        for (int is_v6 = 0; is_v6 < 2; is_v6++) {
            floe_stun_server two = {is_v6 != 0 ? v6 : f->two.primary,
                                    is_v6 != 0 ? v6 : f->two.other};
            size_t len = stun_packet_view(&f->request).len;
            f->path.remote = is_v6 != 0 ? v6 : v4;
            f->path.local = two.primary;
            assert_int_equal(ask(f, &f->plain), FLOE_OK);
            worst = f->out.len > len + worst ? f->out.len - len : worst;
            assert_int_equal(ask(f, &two), FLOE_OK);
            worst_two = f->out.len > len + worst_two ? f->out.len - len : worst_two;
        }
    }
    assert_int_equal(worst, FLOE_STUN_SERVER_GROWTH);
    assert_int_equal(worst_two, FLOE_STUN_SERVER_GROWTH_BEHAVIOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_stun_server_tells_the_source_address_and_nothing_else, setup),
        cmocka_unit_test_setup(test_stun_server_answers_ipv6, setup),
        cmocka_unit_test_setup(test_stun_server_adds_a_fingerprint_where_the_request_has_one,
                               setup),
        cmocka_unit_test_setup(test_stun_server_refuses_unknown_required_attributes_and_names_them,
                               setup),
        cmocka_unit_test_setup(test_stun_server_passes_over_credentials, setup),
        cmocka_unit_test_setup(test_stun_server_without_other_address_refuses_to_change, setup),
        cmocka_unit_test_setup(test_stun_server_answers_from_where_the_client_wishes, setup),
        cmocka_unit_test_setup(test_stun_server_answers_to_the_port_that_the_client_wishes, setup),
        cmocka_unit_test_setup(test_stun_server_never_sends_to_port_zero, setup),
        cmocka_unit_test_setup(test_stun_server_refuses_padding, setup),
        cmocka_unit_test_setup(test_stun_server_drops_what_is_no_binding_request, setup),
        cmocka_unit_test_setup(test_stun_server_grows_no_request_by_more_than_it_says, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
