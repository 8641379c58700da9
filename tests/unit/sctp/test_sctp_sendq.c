/* Tests of sctp/sctp_sendq.c: the ring of messages. */
#include "sctp/sctp_sendq.h"

#include "support/sctp_pair.h"
#include "support/unit.h"

#include <string.h>

typedef struct fixture {
    uint8_t memory[1000]; /* not a multiple of anything */
    floe_sctp_sendq q;
    floe_sctp_streams streams;
} fixture;

static fixture f;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_sendq_init(&f.q, (floe_span){f.memory, sizeof f.memory}, FLOE_SCTP_SCHEDULER_WFQ);
    floe_sctp_streams_init(&f.streams);
    (void)floe_sctp_streams_get(&f.streams, 0);
    return 0;
}

static uint32_t put(uint32_t number, size_t len)
{
    uint8_t bytes[1000];
    floe_sctp_record record = {
        .len = (uint32_t)len, .ppid = number, .behind = FLOE_SCTP_POSITION_NONE};
    sctp_pair_fill(bytes, len, number);
    uint32_t at = f.q.tail;
    floe_sctp_sendq_put(&f.q, &f.streams, floe_sctp_streams_get(&f.streams, 0), &record,
                        (floe_bytes){bytes, len}, 0);
    return at;
}

static void check(uint32_t at, uint32_t number, size_t len)
{
    uint8_t bytes[1000];
    floe_sctp_record record = floe_sctp_sendq_load(&f.q, at);
    assert_int_equal(record.ppid, number);
    assert_int_equal(record.len, len);
    floe_sctp_sendq_read(&f.q, at, 0, bytes, len);
    sctp_pair_check((floe_bytes){bytes, len}, number);
}

/* Send the next message, at `now`. */
static void pass_at(floe_time now)
{
    floe_sctp_record record = floe_sctp_sendq_load(&f.q, f.q.next);
    (void)floe_sctp_sendq_begin(&f.q, &f.streams, &record, now);
    record.flags |= FLOE_SCTP_RECORD_STARTED;
    floe_sctp_sendq_store(&f.q, f.q.next, &record);
    floe_sctp_sendq_pass(&f.q, &f.streams, &record);
}

static void pass(void)
{
    pass_at(0);
}

static void finish(uint32_t at)
{
    floe_sctp_sendq_finish(&f.q, at, FLOE_SCTP_OUTCOME_ACKED);
    (void)floe_sctp_sendq_check_invariants(&f.q, &f.streams);
}

static void test_sctp_sendq_keeps_records_and_payload_over_the_end_of_the_ring(void **state)
{
    (void)state;
    /* Every position of the ring is a beginning once. */
    for (uint32_t i = 0; i < 3000; i++) {
        size_t len = 1 + i % 411;
        uint32_t a = put(2 * i, len);
        uint32_t b = put(2 * i + 1, 7);
        check(a, 2 * i, len);
        check(b, 2 * i + 1, 7);
        pass();
        pass();
        finish(a);
        finish(b);
        assert_int_equal(f.q.used, 0);
    }
}

static void test_sctp_sendq_frees_from_the_front_only(void **state)
{
    (void)state;
    uint32_t a = put(1, 100);
    uint32_t b = put(2, 100);
    uint32_t c = put(3, 100);
    pass();
    pass();
    finish(b);
    assert_int_equal(f.q.count, 3);
    finish(a); /* and with it the second */
    assert_int_equal(f.q.count, 1);
    assert_int_equal(f.q.unsent, 1);
    assert_int_equal(f.q.next, c);
    assert_int_equal(f.q.used, floe_sctp_sendq_cost(100, false));
}

static void test_sctp_sendq_room_counts_records(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_sendq_cost(1, false), 33);
    assert_int_equal(floe_sctp_sendq_room(&f.q), 1000);
    (void)put(1, 1000 - 32);
    assert_int_equal(floe_sctp_sendq_room(&f.q), 0);
}

static void test_sctp_sendq_holds_one_message_of_its_whole_size_wherever_it_begins(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t a = put(1, 1 + i % 7);
        pass();
        finish(a);
        assert_int_equal(f.q.used, 0);
        uint32_t b = put(2, 1000 - 32);
        assert_int_equal(floe_sctp_sendq_room(&f.q), 0);
        check(b, 2, 1000 - 32);
        pass();
        finish(b);
    }
}

static void test_sctp_sendq_reads_a_part_from_an_offset(void **state)
{
    (void)state;
    uint8_t all[500];
    uint8_t part[100];
    uint32_t a = put(1, 700);
    pass();
    finish(a);
    uint32_t at = put(5, 500); /* wraps */
    sctp_pair_fill(all, sizeof all, 5);
    for (uint32_t offset = 0; offset <= 400; offset += 40) {
        floe_sctp_sendq_read(&f.q, at, offset, part, sizeof part);
        assert_memory_equal(part, all + offset, sizeof part);
    }
}

static void test_sctp_sendq_next_is_the_first_that_is_put_after_all_were_sent(void **state)
{
    (void)state;
    uint32_t a = put(1, 10);
    assert_int_equal(f.q.next, a);
    pass();
    assert_int_equal(f.q.unsent, 0);
    uint32_t b = put(2, 10);
    assert_int_equal(f.q.next, b);
    assert_int_equal(f.q.sent, 0);
    assert_int_equal(f.q.unsent, 1);
}

/* A message with a rider. */
static uint32_t ask(uint32_t number, size_t len)
{
    uint8_t bytes[1000];
    floe_sctp_record record = {.len = (uint32_t)len,
                               .ppid = number,
                               .flags = FLOE_SCTP_RECORD_RIDER,
                               .behind = FLOE_SCTP_POSITION_NONE};
    sctp_pair_fill(bytes, len, number);
    uint32_t at = f.q.tail;
    floe_sctp_sendq_put(&f.q, &f.streams, floe_sctp_streams_get(&f.streams, 0), &record,
                        (floe_bytes){bytes, len}, number);
    return at;
}

static void check_fate(uint32_t number, floe_time sent_at, floe_sctp_outcome outcome)
{
    floe_sctp_rider rider;
    assert_true(floe_sctp_sendq_take_fate(&f.q, &rider));
    assert_int_equal(rider.cookie, number);
    assert_int_equal(rider.sent_at, sent_at);
    assert_int_equal(rider.outcome, outcome);
    (void)floe_sctp_sendq_check_invariants(&f.q, &f.streams);
}

static void test_sctp_sendq_keeps_a_message_until_its_fate_is_read(void **state)
{
    (void)state;
    floe_sctp_rider rider;
    /* Every position of the ring is a beginning once. */
    for (uint32_t i = 0; i < 3000; i++) {
        size_t len = 1 + i % 411;
        uint32_t at = ask(i, len);
        assert_int_equal(f.q.used >= floe_sctp_sendq_cost(len, true), 1);
        check(at, i, len);
        pass_at(77 + i);
        check(at, i, len);
        assert_false(floe_sctp_sendq_take_fate(&f.q, &rider));
        finish(at);
        assert_int_equal(f.q.count, 1);
        check_fate(i, 77 + i, FLOE_SCTP_OUTCOME_ACKED);
        assert_int_equal(f.q.used, 0);
        assert_false(floe_sctp_sendq_take_fate(&f.q, &rider));
    }
}

static void test_sctp_sendq_tells_fates_in_the_order_in_which_they_became_known(void **state)
{
    (void)state;
    uint32_t a = ask(1, 10);
    uint32_t b = put(2, 10);
    uint32_t c = ask(3, 10);
    pass();
    pass();
    pass();
    floe_sctp_sendq_finish(&f.q, c, FLOE_SCTP_OUTCOME_ABANDONED);
    finish(b);
    finish(a);
    check_fate(3, 0, FLOE_SCTP_OUTCOME_ABANDONED);
    assert_int_equal(f.q.count, 3); /* the first keeps its place, and so do those behind it */
    check_fate(1, 0, FLOE_SCTP_OUTCOME_ACKED);
    assert_int_equal(f.q.count, 0);
}

static void test_sctp_sendq_drop_keeps_only_what_has_a_fate_to_be_read(void **state)
{
    (void)state;
    uint32_t a = ask(1, 10);
    (void)put(2, 10);
    (void)ask(3, 10);
    (void)put(4, 10);
    pass();
    finish(a);
    floe_sctp_streams_init(&f.streams);
    floe_sctp_sendq_drop(&f.q, FLOE_SCTP_OUTCOME_UNKNOWN);
    (void)floe_sctp_streams_get(&f.streams, 0);
    assert_int_equal(floe_sctp_sendq_check_invariants(&f.q, &f.streams), 0);
    uint32_t next = put(5, 10);
    assert_int_equal(f.q.next, next);
    check_fate(1, 0, FLOE_SCTP_OUTCOME_ACKED);
    check_fate(3, FLOE_TIME_NEVER, FLOE_SCTP_OUTCOME_UNKNOWN);
    assert_int_equal(f.q.count, 1);
}

static void test_sctp_sendq_settle_tells_each_fate_once_and_keeps_the_messages(void **state)
{
    (void)state;
    floe_sctp_rider rider;
    uint32_t a = ask(1, 10);
    (void)ask(2, 10);
    pass();
    finish(a);
    floe_sctp_sendq_settle(&f.q, FLOE_SCTP_OUTCOME_UNKNOWN);
    assert_true(floe_sctp_sendq_take_fate(&f.q, &rider));
    assert_int_equal(rider.outcome, FLOE_SCTP_OUTCOME_ACKED);
    assert_true(floe_sctp_sendq_take_fate(&f.q, &rider));
    assert_int_equal(rider.outcome, FLOE_SCTP_OUTCOME_UNKNOWN);
    assert_false(floe_sctp_sendq_take_fate(&f.q, &rider));
    assert_int_equal(floe_sctp_sendq_check_invariants(&f.q, &f.streams), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_sendq_keeps_records_and_payload_over_the_end_of_the_ring,
                               set_up),
        cmocka_unit_test_setup(test_sctp_sendq_frees_from_the_front_only, set_up),
        cmocka_unit_test_setup(test_sctp_sendq_room_counts_records, set_up),
        cmocka_unit_test_setup(
            test_sctp_sendq_holds_one_message_of_its_whole_size_wherever_it_begins, set_up),
        cmocka_unit_test_setup(test_sctp_sendq_reads_a_part_from_an_offset, set_up),
        cmocka_unit_test_setup(test_sctp_sendq_keeps_a_message_until_its_fate_is_read, set_up),
        cmocka_unit_test_setup(test_sctp_sendq_tells_fates_in_the_order_in_which_they_became_known,
                               set_up),
        cmocka_unit_test_setup(test_sctp_sendq_drop_keeps_only_what_has_a_fate_to_be_read, set_up),
        cmocka_unit_test_setup(test_sctp_sendq_settle_tells_each_fate_once_and_keeps_the_messages,
                               set_up),
        cmocka_unit_test_setup(test_sctp_sendq_next_is_the_first_that_is_put_after_all_were_sent,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
