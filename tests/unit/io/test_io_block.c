/* tests of io/io_block.c: what the one block of a peer has room for */
#include "io/io_block.h"

#include <string.h>

#include "sctp/sctp_lane.h"
#include "support/unit.h"

#define OWNER 1001u

static floe_io_block block;

static size_t measure(const floe_io_config *config)
{
    floe_io_block_measure(&block, config, OWNER);
    return block.whole;
}

static void test_io_block_parts_are_aligned_and_the_last_ones_have_pages_of_their_own(void **state)
{
    (void)state;
    size_t whole = measure(&(floe_io_config){.send_buffer = 70001, .recv_buffer = 80001});
    size_t front = block.owner + block.description + block.sockets;
    assert_true(block.owner >= OWNER && block.send >= 70001 && block.recv >= 80001);
    assert_int_equal((front | block.send | block.recv | block.ring) % 16, 0);
    assert_int_equal(block.buffers % 4096, 0);
    assert_true(block.buffers >= block.send + block.recv + block.ring);
    assert_int_equal(whole % 4096, 0);
    assert_in_range(whole, front + block.texts + block.buffers,
                    front + block.texts + block.buffers + 4095);
}

static void test_io_block_ring_is_a_power_of_two_that_grows_with_the_send_buffer(void **state)
{
    (void)state;
    measure(&(floe_io_config){.send_buffer = 4096});
    assert_int_equal(block.ring_len, 64);
    measure(&(floe_io_config){.send_buffer = 1 << 20});
    assert_int_equal(block.ring_len, 4096);
    measure(&(floe_io_config){.send_buffer = (size_t)1 << 30});
    assert_int_equal(block.ring_len, 32768);
}

static void test_io_block_has_what_was_asked_for_alone(void **state)
{
    (void)state;
    size_t without = measure(&(floe_io_config){.send_buffer = 65536});
    assert_int_equal(block.rate + block.interleaving + block.numbers + block.relays, 0);
    size_t with = measure(&(floe_io_config){
        .send_buffer = 65536, .congestion = FLOE_SCTP_CC_RATE, .is_interleaved = true});
    assert_true(block.rate >= sizeof(floe_sctp_bbr));
    assert_true(block.interleaving >= sizeof(floe_sctp_interleaving));
    assert_true(block.numbers >= block.ring_len * sizeof(floe_sctp_number));
    assert_true(with >= without + sizeof(floe_sctp_interleaving));
}

static void test_io_block_has_two_relays_for_each_turn_server_and_room_for_all_texts(void **state)
{
    (void)state;
    const char *urls[] = {"turn:t.example", "stun:s.example"};
    floe_io_server server = {
        .urls = urls, .url_count = 2, .username = "user", .credential = "secret"};
    measure(&(floe_io_config){.servers = &server, .server_count = 1});
    assert_int_equal(block.relay_max, 2);
    assert_true(block.has_udp_relay);
    assert_true(block.relays >= 2 * sizeof(floe_ice_relay));
    assert_true(block.texts >= 14 + 14 + 4 + 6);
    urls[0] = "turns:t.example";
    measure(&(floe_io_config){.servers = &server, .server_count = 1});
    assert_false(block.has_udp_relay);
}

static void test_io_block_copy_is_the_text_without_its_end_and_nothing_of_none(void **state)
{
    (void)state;
    uint8_t memory[8] = {0};
    uint8_t *at = memory;
    floe_bytes text = floe_io_block_copy(&at, "floe");
    assert_true(text.ptr == memory && text.len == 4 && at == memory + 4);
    assert_memory_equal(memory, "floe", 5);
    assert_int_equal(floe_io_block_copy(&at, NULL).len, 0);
    assert_true(at == memory + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_block_parts_are_aligned_and_the_last_ones_have_pages_of_their_own),
        cmocka_unit_test(test_io_block_ring_is_a_power_of_two_that_grows_with_the_send_buffer),
        cmocka_unit_test(test_io_block_has_what_was_asked_for_alone),
        cmocka_unit_test(test_io_block_has_two_relays_for_each_turn_server_and_room_for_all_texts),
        cmocka_unit_test(test_io_block_copy_is_the_text_without_its_end_and_nothing_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
