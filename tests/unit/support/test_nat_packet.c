/* tests/unit/support/test_nat_packet.c - what the NAT of tests/netlab does to a packet. */
#include "support/nat_packet.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define SIZE 31u

/* 10.0.0.2:4000 to 203.0.113.10:3478, three bytes of data; checksums are filled in. */
static const uint8_t sent[SIZE] = {0x45, 0x00, 0x00, 0x1f, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11, 0x00,
                                   0x00, 0x0a, 0x00, 0x00, 0x02, 0xcb, 0x00, 0x71, 0x0a, 0x0f, 0xa0,
                                   0x0d, 0x96, 0x00, 0x0b, 0x00, 0x00, 'a',  'b',  'c'};

typedef struct fixture {
    uint8_t bytes[SIZE];
    nat_packet packet;
} fixture;

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* Zero if the checksum is right, by the definitions of RFC 791 and RFC 768. */
static uint16_t check_ip(const uint8_t *bytes)
{
    return (uint16_t)~fold(add(0, bytes, 20));
}

static uint16_t check_udp(const uint8_t *bytes)
{
    return (uint16_t)~fold(add(17 + 11, bytes + 12, 8) + add(0, bytes + 20, 11));
}

static void store(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static int setup(void **state)
{
    static fixture f;
    memcpy(f.bytes, sent, SIZE);
    store(f.bytes + 10, check_ip(f.bytes));
    store(f.bytes + 26, check_udp(f.bytes));
    *state = &f;
    return nat_packet_parse(&f.packet, f.bytes, SIZE) ? 0 : -1;
}

static void test_nat_packet_parse_finds_both_addresses(void **state)
{
    fixture *f = *state;
    floe_addr src = floe_addr_from_ipv4(10, 0, 0, 2, 4000);
    floe_addr dst = floe_addr_from_ipv4(203, 0, 113, 10, 3478);
    assert_true(floe_addr_equal(&f->packet.src, &src));
    assert_true(floe_addr_equal(&f->packet.dst, &dst));
}

static void test_nat_packet_parse_refuses_what_is_not_whole_udp(void **state)
{
    fixture *f = *state;
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{0, 0x65}, {0, 0x44}, {0, 0x4f}, {6, 0x20}, {7, 0x01}, {9, 6}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t old = f->bytes[changes[i].at];
        f->bytes[changes[i].at] = changes[i].value;
        assert_false(nat_packet_parse(&f->packet, f->bytes, SIZE));
        f->bytes[changes[i].at] = old;
    }
    for (size_t len = 0; len < 28; len++) {
        assert_false(nat_packet_parse(&f->packet, f->bytes, len));
    }
}

static void test_nat_packet_set_keeps_checksums_right(void **state)
{
    fixture *f = *state;
    for (uint32_t port = 0; port < 0x10000; port += 7) {
        floe_addr outside = floe_addr_from_ipv4(203, 0, (uint8_t)port, 255, (uint16_t)port);
        floe_addr inside = floe_addr_from_ipv4(10, (uint8_t)(port >> 8), 0, 0, (uint16_t)~port);
        nat_packet_set_src(&f->packet, &outside);
        nat_packet_set_dst(&f->packet, &inside);
        assert_int_equal(check_ip(f->bytes), 0);
        assert_int_equal(check_udp(f->bytes), 0);
        assert_true(nat_packet_parse(&f->packet, f->bytes, SIZE));
        assert_true(floe_addr_equal(&f->packet.src, &outside));
        assert_true(floe_addr_equal(&f->packet.dst, &inside));
    }
}

static void test_nat_packet_set_leaves_a_wrong_checksum_wrong(void **state)
{
    fixture *f = *state;
    floe_addr outside = floe_addr_from_ipv4(203, 0, 113, 2, 40000);
    f->bytes[SIZE - 1] ^= 1;
    nat_packet_set_src(&f->packet, &outside);
    assert_int_not_equal(check_udp(f->bytes), 0);
}

static void test_nat_packet_set_makes_no_checksum_where_there_is_none(void **state)
{
    fixture *f = *state;
    floe_addr outside = floe_addr_from_ipv4(203, 0, 113, 2, 40000);
    store(f->bytes + 26, 0);
    nat_packet_set_src(&f->packet, &outside);
    assert_int_equal(f->bytes[26] | f->bytes[27], 0);
    assert_int_equal(check_ip(f->bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nat_packet_parse_finds_both_addresses, setup),
        cmocka_unit_test_setup(test_nat_packet_parse_refuses_what_is_not_whole_udp, setup),
        cmocka_unit_test_setup(test_nat_packet_set_keeps_checksums_right, setup),
        cmocka_unit_test_setup(test_nat_packet_set_leaves_a_wrong_checksum_wrong, setup),
        cmocka_unit_test_setup(test_nat_packet_set_makes_no_checksum_where_there_is_none, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
