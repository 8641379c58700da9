/* Tests of stun/stun_txn.c: the schedule of a transaction. */
#include <string.h>

#include "stun/stun_txn.h"
#include "support/stun_packet.h"
#include "support/unit.h"

#define START (5 * FLOE_SECOND)

/* Random numbers that count up: each transaction gets other ones. */
static void fill_counting(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (*next)++;
    }
}

static uint8_t counter;
static const floe_rand rand_counting = {fill_counting, &counter};

static int reset_counter(void **state)
{
    (void)state;
    counter = 0x40;
    return 0;
}

/* Run a transaction by its deadlines alone. Writes when it sends, in ms; returns when it ends. */
static floe_time run(floe_stun_txn *txn, unsigned *sent_ms, size_t cap, size_t *count)
{
    *count = 0;
    for (;;) {
        floe_time now = floe_stun_txn_deadline(txn);
        if (now > START) {
            assert_int_equal(floe_stun_txn_check(txn, now - 1), FLOE_STUN_TXN_WAIT);
        }
        if (floe_stun_txn_check(txn, now) == FLOE_STUN_TXN_TIMEOUT) {
            return now;
        }
        assert_int_equal(floe_stun_txn_check(txn, now), FLOE_STUN_TXN_SEND);
        assert_in_range(*count, 0, cap - 1);
        sent_ms[(*count)++] = (unsigned)((now - START) / FLOE_MS);
        floe_stun_txn_sent(txn, now);
        assert_true(floe_stun_txn_deadline(txn) > now);
    }
}

static void test_stun_txn_sends_and_times_out_when_rfc_8489_says(void **state)
{
    (void)state;
    static const unsigned expected[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
    unsigned sent_ms[8];
    size_t count;
    floe_stun_txn txn;
    floe_stun_txn_begin(&txn, &rand_counting, 0, START);
    floe_time end = run(&txn, sent_ms, 8, &count);
    assert_int_equal(count, 7);
    assert_memory_equal(sent_ms, expected, sizeof expected);
    assert_int_equal(end - START, 39500 * FLOE_MS);
}

static void test_stun_txn_schedule_scales_with_the_rto(void **state)
{
    (void)state;
    static const unsigned expected[] = {0, 100, 300, 700, 1500, 3100, 6300};
    unsigned sent_ms[8];
    size_t count;
    floe_stun_txn txn;
    floe_stun_txn_begin(&txn, &rand_counting, 100000, START);
    floe_time end = run(&txn, sent_ms, 8, &count);
    assert_int_equal(count, 7);
    assert_memory_equal(sent_ms, expected, sizeof expected);
    assert_int_equal(end - START, 7900 * FLOE_MS);
}

static void test_stun_txn_reliable_sends_once_and_times_out_after_39500_ms(void **state)
{
    (void)state;
    unsigned sent_ms[8];
    size_t count;
    floe_stun_txn txn;
    floe_stun_txn_begin_reliable(&txn, &rand_counting, START);
    floe_time end = run(&txn, sent_ms, 8, &count);
    assert_int_equal(count, 1);
    assert_int_equal(sent_ms[0], 0);
    assert_int_equal(end - START, 39500 * FLOE_MS);
}

static void test_stun_txn_counts_intervals_from_when_it_was_really_sent(void **state)
{
    (void)state;
    floe_stun_txn txn;
    floe_stun_txn_begin(&txn, &rand_counting, 0, START);
    floe_stun_txn_sent(&txn, START + 200 * FLOE_MS);
    assert_int_equal(floe_stun_txn_deadline(&txn), START + 700 * FLOE_MS);
    assert_int_equal(txn.sent_at, START + 200 * FLOE_MS);
    floe_stun_txn_sent(&txn, START + 900 * FLOE_MS);
    assert_int_equal(floe_stun_txn_deadline(&txn), START + 1900 * FLOE_MS);
    assert_int_equal(txn.sent_at, START + 200 * FLOE_MS);
}

static void test_stun_txn_with_the_longest_rto_does_not_wrap(void **state)
{
    (void)state;
    floe_stun_txn txn;
    floe_stun_txn_begin(&txn, &rand_counting, UINT32_MAX, START);
    for (int i = 0; i < 7; i++) {
        floe_time before = floe_stun_txn_deadline(&txn);
        floe_stun_txn_sent(&txn, before);
        assert_true(floe_stun_txn_deadline(&txn) >= before + FLOE_STUN_TXN_RTO_MAX_US);
    }
    assert_int_equal(floe_stun_txn_check(&txn, FLOE_TIME_NEVER), FLOE_STUN_TXN_TIMEOUT);
}

/* str0m, pjnath: ids from a weak generator. Here all 96 bits are those of the injected one. */
static void test_stun_txn_id_is_96_bits_of_the_injected_random_numbers(void **state)
{
    (void)state;
    floe_stun_txn first, second;
    floe_stun_txn_begin(&first, &rand_counting, 0, START);
    floe_stun_txn_begin_reliable(&second, &rand_counting, START);
    assert_memory_equal(first.tid, "\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b", 12);
    assert_memory_equal(second.tid, "\x4c\x4d\x4e\x4f\x50\x51\x52\x53\x54\x55\x56\x57", 12);
}

static void test_stun_txn_keeps_its_id_over_all_sends(void **state)
{
    (void)state;
    floe_stun_txn txn;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    floe_stun_txn_begin(&txn, &rand_counting, 0, START);
    memcpy(tid, txn.tid, sizeof tid);
    floe_stun_txn_sent(&txn, START);
    floe_stun_txn_sent(&txn, START + FLOE_SECOND);
    assert_memory_equal(txn.tid, tid, sizeof tid);
}

static void test_stun_txn_is_match_compares_all_of_the_id(void **state)
{
    (void)state;
    static stun_packet packet;
    floe_stun_txn txn;
    floe_stun_msg msg;
    floe_stun_txn_begin(&txn, &rand_counting, 0, START);
    stun_packet_begin(&packet, 0x0101);
    memcpy(packet.memory + 8, txn.tid, sizeof txn.tid);
    assert_int_equal(floe_stun_msg_parse(&msg, stun_packet_view(&packet)), FLOE_OK);
    assert_true(floe_stun_txn_is_match(&txn, &msg));
    for (size_t bit = 0; bit < 96; bit++) {
        packet.memory[8 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(floe_stun_txn_is_match(&txn, &msg));
        packet.memory[8 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_stun_txn_rtt_is_known_after_one_send_only(void **state)
{
    (void)state;
    floe_stun_txn txn;
    floe_stun_txn_begin(&txn, &rand_counting, 0, START);
    assert_int_equal(floe_stun_txn_rtt_us(&txn, START + 1), 0);
    floe_stun_txn_sent(&txn, START);
    assert_int_equal(floe_stun_txn_rtt_us(&txn, START + 80 * FLOE_MS), 80 * FLOE_MS);
    floe_stun_txn_sent(&txn, START + 500 * FLOE_MS);
    assert_int_equal(floe_stun_txn_rtt_us(&txn, START + 580 * FLOE_MS), 0);
}

static void test_stun_txn_rtt_stays_at_the_largest_value(void **state)
{
    (void)state;
    floe_stun_txn txn;
    floe_stun_txn_begin_reliable(&txn, &rand_counting, START);
    floe_stun_txn_sent(&txn, START);
    assert_int_equal(floe_stun_txn_rtt_us(&txn, START + 2 * (uint64_t)UINT32_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_stun_txn_sends_and_times_out_when_rfc_8489_says, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_schedule_scales_with_the_rto, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_reliable_sends_once_and_times_out_after_39500_ms,
                               reset_counter),
        cmocka_unit_test_setup(test_stun_txn_counts_intervals_from_when_it_was_really_sent,
                               reset_counter),
        cmocka_unit_test_setup(test_stun_txn_with_the_longest_rto_does_not_wrap, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_id_is_96_bits_of_the_injected_random_numbers,
                               reset_counter),
        cmocka_unit_test_setup(test_stun_txn_keeps_its_id_over_all_sends, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_is_match_compares_all_of_the_id, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_rtt_is_known_after_one_send_only, reset_counter),
        cmocka_unit_test_setup(test_stun_txn_rtt_stays_at_the_largest_value, reset_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
