/* Tests of sctp/sctp_output.c: packets that are asked for to be alike. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#define PACKET FLOE_SCTP_PACKET_MAX

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void queue(size_t len)
{
    assert_int_equal(solo_send(s, len), FLOE_OK);
}

/* Ask for a packet of at most `cap` bytes; 0 for none. */
static size_t ask_for(size_t cap)
{
    uint8_t buf[PACKET];
    size_t len = 0;
    bool is_sent = floe_sctp_assoc_poll_transmit(&s->assoc, buf, cap, &len);
    return is_sent ? len : 0;
}

static void test_sctp_packets_of_a_run_are_as_long_as_its_first(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        queue(800);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask_for(i == 0 ? PACKET : 828), 828);
    }
    assert_int_equal(ask_for(828), 0);
}

static void test_sctp_run_ends_before_a_message_that_is_too_long_for_it(void **state)
{
    (void)state;
    queue(800);
    queue(900);
    assert_int_equal(ask_for(PACKET), 828);
    assert_int_equal(ask_for(828), 0);
    assert_int_equal(ask_for(PACKET), 928);
}

static void test_sctp_run_ends_before_what_may_need_a_whole_packet(void **state)
{
    (void)state;
    queue(800);
    queue(800);
    assert_int_equal(ask_for(PACKET), 828);
    floe_sctp_assoc_abort(&s->assoc);
    assert_int_equal(ask_for(828), 0);
    assert_true(ask_for(PACKET) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_packets_of_a_run_are_as_long_as_its_first, set_up),
        cmocka_unit_test_setup(test_sctp_run_ends_before_a_message_that_is_too_long_for_it, set_up),
        cmocka_unit_test_setup(test_sctp_run_ends_before_what_may_need_a_whole_packet, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
