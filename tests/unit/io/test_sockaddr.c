/* tests/unit/io/test_sockaddr.c - addresses to the system's form and back. */
#include "io/sockaddr.h"

#include "base/addr.h"

#include <netinet/in.h>
#include <string.h>

#include "support/unit.h"

static floe_addr addr_of(const char *text, uint16_t port)
{
    floe_addr addr = {.family = 0};
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(text), port), FLOE_OK);
    return addr;
}

static void assert_round_trip(const char *text, socklen_t expected_len)
{
    floe_addr addr = addr_of(text, 0x1234);
    struct sockaddr_storage sa;
    memset(&sa, 0xff, sizeof sa);
    assert_int_equal(floe_sockaddr_put(&sa, &addr), expected_len);
    floe_addr back = floe_sockaddr_get((struct sockaddr *)&sa);
    assert_true(floe_addr_equal(&addr, &back));
}

static void test_sockaddr_round_trips_both_families(void **state)
{
    (void)state;
    assert_round_trip("192.0.2.1", sizeof(struct sockaddr_in));
    assert_round_trip("2001:db8::1", sizeof(struct sockaddr_in6));
}

static void test_sockaddr_get_turns_a_mapped_address_into_ipv4(void **state)
{
    (void)state;
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    static const uint8_t ip[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    memcpy(&mapped.sin6_addr, ip, sizeof ip);
    floe_addr expected = floe_addr_from_ipv4(192, 0, 2, 1, 9);
    floe_addr addr = floe_sockaddr_get((struct sockaddr *)&mapped);
    assert_true(floe_addr_equal(&addr, &expected));
}

static void test_sockaddr_get_gives_nothing_for_other_families(void **state)
{
    (void)state;
    struct sockaddr_storage sa = {.ss_family = AF_UNIX};
    assert_int_equal(floe_sockaddr_get((struct sockaddr *)&sa).family, 0);
    assert_int_equal(floe_sockaddr_get(NULL).family, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sockaddr_round_trips_both_families),
        cmocka_unit_test(test_sockaddr_get_turns_a_mapped_address_into_ipv4),
        cmocka_unit_test(test_sockaddr_get_gives_nothing_for_other_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
