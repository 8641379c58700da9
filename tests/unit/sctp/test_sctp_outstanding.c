/* Tests of sctp/sctp_outstanding.c: what is in flight, lost, abandoned. */
#include "outstanding_fixture.h"
#include "sctp/sctp_outstanding.h"

static void test_sctp_outstanding_sack_frees_what_it_acknowledges(void **state)
{
    (void)state;
    send_messages(5);
    assert_int_equal(f.o.flight, 5 * SIZE);
    assert_int_equal(sack(3, NULL, 0), FLOE_OK);
    assert_int_equal(f.ack.acked, 3 * SIZE);
    assert_int_equal(f.ack.flight_before, 5 * SIZE);
    assert_true(f.ack.is_cum_moved);
    assert_int_equal(f.o.flight, 2 * SIZE);
    assert_int_equal(f.q.count, 2);
    assert_int_equal(floe_sctp_streams_find(&f.streams, 1)->buffered, 2000);
}

static void test_sctp_outstanding_sack_that_was_overtaken_changes_nothing(void **state)
{
    (void)state;
    /* dcSCTP 4c3d538: an old cumulative TSN. */
    static const uint16_t gaps[] = {2, 3};
    send_messages(5);
    (void)sack(3, NULL, 0);
    assert_int_equal(sack(2, gaps, 1), FLOE_E_UNKNOWN);
    assert_int_equal(f.o.flight, 2 * SIZE);
    assert_int_equal(sack(0, NULL, 0), FLOE_E_UNKNOWN);
}

static void test_sctp_outstanding_sack_of_what_was_never_sent_changes_nothing(void **state)
{
    (void)state;
    /* dcSCTP 4c3d538: a crafted cumulative TSN; pion 9475863: half of such a SACK was applied. */
    static const uint16_t gaps[] = {1, 1};
    send_messages(5);
    assert_int_equal(sack(6, gaps, 1), FLOE_E_MALFORMED);
    assert_int_equal(sack(0x7FFFFFFF, gaps, 1), FLOE_E_MALFORMED);
    assert_int_equal(sack(0x80000000u, gaps, 1), FLOE_E_MALFORMED);
    assert_int_equal(f.o.flight, 5 * SIZE);
    assert_int_equal(f.ack.acked, 0);
}

static void test_sctp_outstanding_gap_beyond_what_was_sent_is_cut_off(void **state)
{
    (void)state;
    /* dcSCTP fd2e7ea620: a gap block beyond the outstanding chunks; 2cf241c: its loop went around
     * the numbers; pion#469: it did not end. */
    static const uint16_t beyond[] = {4, 65535};
    static const uint16_t outside[] = {6, 9, 65535, 65535};
    send_messages(5);
    assert_int_equal(sack(0, outside, 2), FLOE_OK);
    assert_int_equal(f.o.flight, 5 * SIZE);
    assert_int_equal(sack(0, beyond, 1), FLOE_OK);
    assert_int_equal(f.o.flight, 3 * SIZE);
}

static void test_sctp_outstanding_gap_blocks_out_of_order_or_empty_are_passed_over(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {0, 2, 5, 4, 6, 7, 3, 3, 7, 9, 9, 9};
    send_messages(12);
    assert_int_equal(sack(0, gaps, 6), FLOE_OK);
    assert_int_equal(f.o.flight, (12 - 3) * SIZE); /* 6 to 7, and 9 */
}

static void test_sctp_outstanding_bytes_are_counted_once_with_gaps(void **state)
{
    (void)state;
    /* dcSCTP e1373fb821: outstanding bytes with gap acks. */
    static const uint16_t gaps[] = {2, 3};
    send_messages(5);
    (void)sack(0, gaps, 1);
    assert_int_equal(f.ack.acked, 2 * SIZE);
    assert_int_equal(f.o.flight, 3 * SIZE);
    (void)sack(0, gaps, 1);
    assert_int_equal(f.ack.acked, 0);
    (void)sack(4, NULL, 0);
    assert_int_equal(f.ack.acked, 2 * SIZE); /* 1 and 4 */
    assert_int_equal(f.o.flight, SIZE);
    assert_int_equal(f.q.count, 1);
}

/* A round trip later there are three packets beyond the first. */
static void lose_first(void)
{
    static const uint16_t gaps[] = {2, 4};
    f.now += RTT;
    (void)sack(0, gaps, 1);
    (void)detect();
}

static void test_sctp_outstanding_chunk_is_lost_with_three_packets_beyond_it(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 3};
    send_messages(5);
    f.now += RTT;
    (void)sack(0, gaps, 1);
    assert_false(detect());
    assert_int_equal(first_lost(), UINT32_MAX);
    lose_first();
    assert_int_equal(first_lost(), 0);
    assert_int_equal(f.o.flight, SIZE); /* only the fifth */
}

static void test_sctp_outstanding_chunk_is_lost_when_it_is_overdue(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {3, 3};
    send_messages(5);
    f.now += RTT;
    (void)sack(0, gaps, 1);
    assert_false(detect());
    assert_true(f.due > f.now && f.due <= f.now + RTT / 4);
    f.now = f.due - 1;
    assert_false(detect());
    f.now++;
    assert_true(detect());
    assert_int_equal(first_lost(), 0);
    floe_sctp_outstanding_resend(&f.o, f.now);
    f.now++;
    assert_true(detect()); /* the second was sent a microsecond later */
    assert_int_equal(first_lost(), 1);
    floe_sctp_outstanding_resend(&f.o, f.now);
    assert_false(detect()); /* and nothing after the third has arrived */
    assert_true(f.due == FLOE_TIME_NEVER);
}

static void test_sctp_outstanding_report_without_news_does_not_count(void **state)
{
    (void)state;
    /* dcSCTP bd0d69985a: what was acknowledged before was counted as missing. */
    static const uint16_t gaps[] = {3, 3};
    send_messages(5);
    f.now += RTT;
    for (int i = 0; i < 10; i++) {
        (void)sack(0, gaps, 1);
        assert_false(detect());
    }
    assert_int_equal(first_lost(), UINT32_MAX);
}

static void test_sctp_outstanding_lost_retransmission_is_found_lost_again(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 10};
    send_messages(10);
    lose_first();
    floe_sctp_outstanding_resend(&f.o, f.now++);
    check();
    (void)sack(0, gaps, 1);
    assert_false(detect()); /* these were sent before it */
    send_messages(1);
    f.now += RTT;
    static const uint16_t more[] = {2, 11};
    (void)sack(0, more, 1);
    assert_true(detect());
    assert_int_equal(first_lost(), 0);
}

static void test_sctp_outstanding_sack_that_may_be_cut_short_loses_nothing_beyond_it(void **state)
{
    (void)state;
    /* dcSCTP reports 20 blocks, the lowest: what lies beyond may have arrived. */
    uint16_t gaps[40];
    for (uint16_t i = 0; i < 20; i++) {
        gaps[2 * i] = gaps[2 * i + 1] = (uint16_t)(2 * i + 2);
    }
    send_messages(50);
    f.now += RTT;
    (void)sack(0, gaps, 20);
    assert_true(detect());
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(first_lost(), 2 * i);
        floe_sctp_outstanding_resend(&f.o, f.now++);
    }
    f.now += RTT;
    static const uint16_t all[] = {2, 2};
    memcpy(gaps, all, sizeof all);
    (void)sack(2, gaps, 19); /* a retransmission has arrived, sent after all of them */
    (void)detect();
    assert_true(first_lost() == UINT32_MAX || first_lost() < 40);
}

static void
test_sctp_outstanding_retransmission_that_is_answered_too_early_was_needless(void **state)
{
    (void)state;
    send_messages(10);
    lose_first();
    floe_sctp_outstanding_watch(&f.o);
    floe_sctp_outstanding_resend(&f.o, f.now);
    assert_false(floe_sctp_outstanding_is_needless(&f.o));
    f.now += RTT / 2;
    (void)sack(4, NULL, 0);
    assert_true(floe_sctp_outstanding_is_needless(&f.o));
}

static void test_sctp_outstanding_duplicate_makes_a_retransmission_needless(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0};
    send_messages(10);
    lose_first();
    floe_sctp_outstanding_watch(&f.o);
    floe_sctp_outstanding_resend(&f.o, f.now);
    f.now += RTT;
    (void)sack(4, NULL, 0);
    assert_false(floe_sctp_outstanding_is_needless(&f.o));
    floe_sctp_sack report = {.cum = FIRST + 3, .dup_count = 1, .dups = {bytes, 4}};
    assert_int_equal(floe_sctp_outstanding_sack(&f.o, &f.q, &f.streams, &report, f.now, &f.ack),
                     FLOE_OK);
    check();
    assert_true(floe_sctp_outstanding_is_needless(&f.o));
    assert_true(f.o.rack.multiplier > 1);
}

static void test_sctp_outstanding_probe_is_the_newest_chunk_and_only_once(void **state)
{
    (void)state;
    assert_null(floe_sctp_outstanding_tail(&f.o));
    send_messages(3);
    assert_ptr_equal(floe_sctp_outstanding_tail(&f.o), &f.ring[(FIRST + 2) & (RING - 1)]);
    floe_sctp_outstanding_probe(&f.o);
    assert_int_equal(first_lost(), 2);
    floe_sctp_outstanding_resend(&f.o, f.now);
    check();
    assert_null(floe_sctp_outstanding_tail(&f.o));
    f.now += RTT;
    static const uint16_t gaps[] = {3, 3};
    (void)sack(0, gaps, 1);
    assert_true(f.ack.is_repaired);
    assert_non_null(floe_sctp_outstanding_tail(&f.o));
}

/* The recovery that found it lost has seen to the window. */
static void test_sctp_outstanding_probe_that_was_lost_itself_is_none_any_more(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 2};
    send_messages(1);
    floe_sctp_outstanding_probe(&f.o);
    floe_sctp_outstanding_resend(&f.o, f.now++);
    send_messages(1);
    f.now += 2 * RTT;
    (void)sack(0, gaps, 1);
    f.now += RTT;
    assert_true(detect());
    floe_sctp_outstanding_resend(&f.o, f.now);
    f.now += 2 * RTT;
    (void)sack(2, NULL, 0);
    assert_false(f.ack.is_repaired);
}

static void test_sctp_outstanding_timeout_that_was_too_early_is_taken_back(void **state)
{
    (void)state;
    send_messages(5);
    floe_sctp_outstanding_lose_all(&f.o);
    floe_sctp_outstanding_resend(&f.o, f.now++);
    assert_int_equal(f.o.flight, SIZE);
    floe_sctp_outstanding_unlose(&f.o);
    check();
    assert_int_equal(f.o.flight, 5 * SIZE);
    assert_int_equal(first_lost(), UINT32_MAX);
}

static void test_sctp_outstanding_lost_chunk_that_is_acknowledged_is_not_sent_again(void **state)
{
    (void)state;
    /* dcSCTP 1973bbe: the list of what is to be sent again kept a chunk that a late SACK freed. */
    send_messages(10);
    lose_first();
    assert_int_equal(first_lost(), 0);
    (void)sack(4, NULL, 0);
    assert_int_equal(first_lost(), UINT32_MAX);
    assert_int_equal(f.o.flight, 6 * SIZE);
    send_messages(40); /* the entry is used anew */
    assert_int_equal(first_lost(), UINT32_MAX);
}

static void test_sctp_outstanding_lost_chunks_go_out_by_tsn(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {3, 3, 6, 8};
    send_messages(10);
    f.now += RTT;
    (void)sack(0, gaps, 2);
    (void)detect();
    static const uint32_t lost[] = {0, 1, 3, 4};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(first_lost(), lost[i]);
        floe_sctp_outstanding_resend(&f.o, f.now);
        check();
    }
    assert_int_equal(first_lost(), UINT32_MAX);
}

/* What was sent again in the meantime is found lost after what follows it. */
static void test_sctp_outstanding_lost_chunks_of_several_rows_go_out_by_tsn(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {5, 5, 9, 9};
    static const uint32_t lost[] = {0, 1, 2, 3, 5, 6, 7};
    send_messages(8);
    f.now += 2 * RTT;
    (void)sack(0, gaps, 1);
    f.now += RTT;
    assert_true(detect());
    for (int i = 0; i < 3; i++) {
        floe_sctp_outstanding_resend(&f.o, f.now++);
    }
    send_messages(1);
    f.now += 4 * RTT;
    (void)sack(0, gaps, 2);
    f.now += RTT;
    assert_true(detect());
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        assert_int_equal(first_lost(), lost[i]);
        floe_sctp_outstanding_resend(&f.o, f.now);
        check();
    }
    assert_int_equal(first_lost(), UINT32_MAX);
}

static void test_sctp_outstanding_timeout_loses_all_but_what_has_arrived(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {3, 4};
    send_messages(5);
    (void)sack(0, gaps, 1);
    floe_sctp_outstanding_lose_all(&f.o);
    check();
    assert_int_equal(f.o.flight, 0);
    static const uint32_t lost[] = {0, 1, 4};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(first_lost(), lost[i]);
        floe_sctp_outstanding_resend(&f.o, f.now);
    }
    assert_int_equal(f.o.flight, 3 * SIZE);
    floe_sctp_outstanding_lose_all(&f.o);
    floe_sctp_outstanding_lose_all(&f.o);
    check();
}

static void test_sctp_outstanding_peer_that_reneged_gets_everything_again(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 5};
    send_messages(5);
    (void)sack(0, gaps, 1);
    (void)sack(1, NULL, 0); /* 2 had arrived, so it said; now it has not */
    assert_int_equal(f.o.flight, 0);
    floe_sctp_outstanding_lose_all(&f.o);
    check();
    for (uint32_t i = 1; i < 5; i++) {
        assert_int_equal(first_lost(), i);
        floe_sctp_outstanding_resend(&f.o, f.now);
    }
}

static void test_sctp_outstanding_measures_one_round_trip_at_a_time(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 2};
    send_messages(3);
    (void)sack(0, gaps, 1);
    assert_true(f.ack.sent_at == FLOE_TIME_NEVER);
    (void)sack(2, NULL, 0);
    assert_true(f.ack.sent_at == SENT);
    send_messages(1); /* the next measurement begins with the next chunk */
    (void)sack(3, NULL, 0);
    assert_true(f.ack.sent_at == FLOE_TIME_NEVER);
    (void)sack(4, NULL, 0);
    assert_true(f.ack.sent_at == SENT + 3);
}

static void test_sctp_outstanding_does_not_measure_what_was_sent_twice(void **state)
{
    (void)state;
    send_messages(2);
    floe_sctp_outstanding_lose_all(&f.o);
    floe_sctp_outstanding_resend(&f.o, f.now);
    (void)sack(1, NULL, 0);
    assert_true(f.ack.sent_at == FLOE_TIME_NEVER);
}

static void test_sctp_outstanding_does_not_measure_across_a_fast_retransmit(void **state)
{
    (void)state;
    send_messages(10);
    lose_first();
    floe_sctp_outstanding_resend(&f.o, f.now);
    (void)sack(10, NULL, 0); /* to the first or to the second transmission: who knows */
    assert_true(f.ack.sent_at == FLOE_TIME_NEVER);
}

static void test_sctp_outstanding_ring_keeps_one_entry_for_an_end(void **state)
{
    (void)state;
    send_messages(RING - 1);
    assert_false(floe_sctp_outstanding_has_room(&f.o));
    queue(2, 2, 0);
    (void)sack(1, NULL, 0);
    assert_true(floe_sctp_outstanding_has_room(&f.o));
    send_chunk(); /* the first of two fragments */
    assert_false(floe_sctp_outstanding_has_room(&f.o));
    floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, f.q.next);
    check();
    assert_int_equal(floe_sctp_outstanding_count(&f.o), RING);
}

static void test_sctp_outstanding_abandons_all_fragments_of_a_message(void **state)
{
    (void)state;
    send_messages(1);
    queue(2, 3, 0);
    send_chunk();
    send_chunk();
    send_chunk();
    send_messages(1);
    uint32_t at = f.ring[(FIRST + 2) & (RING - 1)].message;
    floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, at);
    check();
    assert_int_equal(f.o.flight, 2 * SIZE);
    assert_int_equal(floe_sctp_streams_find(&f.streams, 2)->buffered, 0);
    assert_false(floe_sctp_outstanding_advance(&f.o, &f.streams)); /* the first is still there */
    (void)sack(1, NULL, 0);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(f.o.advanced, FIRST + 3);
}

static void test_sctp_outstanding_abandons_while_chunks_wait_to_be_sent_again(void **state)
{
    (void)state;
    /* dcSCTP 63a59de808: expiry while walking over the list that it changes. */
    for (int i = 0; i < 4; i++) {
        queue((uint16_t)(i % 2), 3, 0);
        send_chunk();
        send_chunk();
        send_chunk();
    }
    floe_sctp_outstanding_lose_all(&f.o);
    uint32_t tsn;
    const floe_sctp_tx *lost = floe_sctp_outstanding_lost(&f.o, &tsn);
    for (int i = 0; lost != NULL; i++) {
        if (i % 2 == 0) {
            floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, lost->message);
        } else {
            floe_sctp_outstanding_resend(&f.o, f.now);
        }
        check();
        lost = floe_sctp_outstanding_lost(&f.o, &tsn);
    }
}

static void test_sctp_outstanding_abandoned_part_gets_an_end_that_is_never_sent(void **state)
{
    (void)state;
    queue(1, 4, 0);
    send_chunk();
    send_chunk();
    (void)sack(2, NULL, 0); /* what was sent has arrived */
    floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, f.q.next);
    check();
    assert_int_equal(f.q.count, 0);
    assert_int_equal(f.o.next_tsn, FIRST + 3);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(f.o.advanced, FIRST + 2);
    (void)sack(3, NULL, 0);
    assert_int_equal(floe_sctp_outstanding_count(&f.o), 0);
}

static void test_sctp_outstanding_abandons_unsent_messages_without_a_tsn(void **state)
{
    (void)state;
    queue(1, 2, 0);
    queue(1, 2, 0);
    floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, f.q.next);
    check();
    assert_int_equal(f.o.next_tsn, FIRST);
    assert_int_equal(f.q.count, 1);
    assert_int_equal(floe_sctp_streams_find(&f.streams, 1)->buffered, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_outstanding_chunk_is_lost_with_three_packets_beyond_it,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_chunk_is_lost_when_it_is_overdue, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_report_without_news_does_not_count, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_lost_retransmission_is_found_lost_again,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_outstanding_sack_that_may_be_cut_short_loses_nothing_beyond_it, set_up),
        cmocka_unit_test_setup(
            test_sctp_outstanding_retransmission_that_is_answered_too_early_was_needless, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_duplicate_makes_a_retransmission_needless,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_probe_is_the_newest_chunk_and_only_once,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_probe_that_was_lost_itself_is_none_any_more,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_timeout_that_was_too_early_is_taken_back,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_sack_frees_what_it_acknowledges, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_sack_that_was_overtaken_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_sack_of_what_was_never_sent_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_gap_beyond_what_was_sent_is_cut_off, set_up),
        cmocka_unit_test_setup(
            test_sctp_outstanding_gap_blocks_out_of_order_or_empty_are_passed_over, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_bytes_are_counted_once_with_gaps, set_up),
        cmocka_unit_test_setup(
            test_sctp_outstanding_lost_chunk_that_is_acknowledged_is_not_sent_again, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_lost_chunks_go_out_by_tsn, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_lost_chunks_of_several_rows_go_out_by_tsn,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_timeout_loses_all_but_what_has_arrived,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_peer_that_reneged_gets_everything_again,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_measures_one_round_trip_at_a_time, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_does_not_measure_what_was_sent_twice, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_does_not_measure_across_a_fast_retransmit,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_ring_keeps_one_entry_for_an_end, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_abandons_all_fragments_of_a_message, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_abandons_while_chunks_wait_to_be_sent_again,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_abandoned_part_gets_an_end_that_is_never_sent,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_abandons_unsent_messages_without_a_tsn,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
