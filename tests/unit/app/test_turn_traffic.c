/* tests of app/turn_traffic.c: what counts as a packet of ours. The measurement itself is tested
 * against a real server in tests/interop/suite_floe_turn.py */
#include "app/turn_traffic.h"

#include "base/addr.h"
#include "support/unit.h"

#define SIZE 100

typedef struct fixture {
    floe_loop *loop;
    turn_line line;
    turn_traffic traffic;
    uint8_t packet[SIZE];
} fixture;

static int setup(void **state)
{
    static fixture f;
    floe_addr peer = floe_addr_from_ipv4(192, 0, 2, 1, 49152);
    f = (fixture){.loop = NULL};
    assert_int_equal(floe_loop_open(&f.loop), FLOE_OK);
    f.line.loop = f.loop;
    turn_traffic_init(&f.traffic, &f.line, &peer, UINT64_C(0x0123456789ABCDEF));
    assert_int_equal(turn_traffic_write(&f.traffic, f.packet, sizeof f.packet), SIZE);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_loop_close(f->loop);
    return 0;
}

static bool input(fixture *f, size_t len)
{
    return turn_traffic_input(&f->traffic, (floe_bytes){f->packet, len});
}

static void test_turn_traffic_takes_its_own_packet(void **state)
{
    fixture *f = *state;
    assert_false(f->traffic.has_come);
    assert_true(input(f, SIZE));
    assert_true(f->traffic.has_come);
    assert_int_equal(f->traffic.quiet_received, 1);
}

static void test_turn_traffic_refuses_a_packet_of_somebody_else(void **state)
{
    fixture *f = *state;
    f->packet[0] ^= 1; /* the token */
    assert_false(input(f, SIZE));
    assert_false(f->traffic.has_come);
}

static void test_turn_traffic_refuses_a_number_that_was_not_sent(void **state)
{
    fixture *f = *state;
    f->packet[11]++;
    assert_false(input(f, SIZE));
}

static void test_turn_traffic_refuses_a_packet_from_the_future(void **state)
{
    fixture *f = *state;
    f->packet[12] = 0xFF;
    assert_false(input(f, SIZE));
}

static void test_turn_traffic_refuses_what_is_cut_short(void **state)
{
    fixture *f = *state;
    for (size_t len = 0; len < 20; len++) {
        assert_false(input(f, len));
    }
    assert_true(input(f, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_turn_traffic_takes_its_own_packet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_turn_traffic_refuses_a_packet_of_somebody_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_turn_traffic_refuses_a_number_that_was_not_sent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_turn_traffic_refuses_a_packet_from_the_future, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_turn_traffic_refuses_what_is_cut_short, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
