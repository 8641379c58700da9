/* Tests of sctp/sctp_sendq.c: the ring of messages. */
#include "sctp/sctp_sendq.h"

#include "support/sctp_pair.h"
#include "support/unit.h"

#include <string.h>

typedef struct fixture {
    uint8_t memory[1000]; /* not a multiple of anything */
    floe_sctp_sendq q;
} fixture;

static fixture f;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_sendq_init(&f.q, (floe_span){f.memory, sizeof f.memory});
    return 0;
}

static uint32_t put(uint32_t number, size_t len)
{
    uint8_t bytes[1000];
    floe_sctp_record record = {.len = (uint32_t)len, .ppid = number};
    sctp_pair_fill(bytes, len, number);
    uint32_t at = f.q.tail;
    floe_sctp_sendq_put(&f.q, &record, (floe_bytes){bytes, len});
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

static void finish(uint32_t at)
{
    floe_sctp_sendq_finish(&f.q, at);
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
        floe_sctp_sendq_pass(&f.q, (uint32_t)len);
        floe_sctp_sendq_pass(&f.q, 7);
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
    finish(b);
    assert_int_equal(f.q.count, 3);
    floe_sctp_sendq_pass(&f.q, 100);
    floe_sctp_sendq_pass(&f.q, 100);
    finish(a); /* and with it the second */
    assert_int_equal(f.q.count, 1);
    assert_int_equal(f.q.unsent, 1);
    assert_int_equal(f.q.next, c);
    assert_int_equal(f.q.used, floe_sctp_sendq_cost(100));
}

static void test_sctp_sendq_room_counts_records(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_sendq_cost(1), 33);
    assert_int_equal(floe_sctp_sendq_room(&f.q), 1000);
    (void)put(1, 1000 - 32);
    assert_int_equal(floe_sctp_sendq_room(&f.q), 0);
}

static void test_sctp_sendq_holds_one_message_of_its_whole_size_wherever_it_begins(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t a = put(1, 1 + i % 7);
        floe_sctp_sendq_pass(&f.q, 1 + i % 7);
        finish(a);
        assert_int_equal(f.q.used, 0);
        uint32_t b = put(2, 1000 - 32);
        assert_int_equal(floe_sctp_sendq_room(&f.q), 0);
        check(b, 2, 1000 - 32);
        floe_sctp_sendq_pass(&f.q, 1000 - 32);
        finish(b);
    }
}

static void test_sctp_sendq_reads_a_part_from_an_offset(void **state)
{
    (void)state;
    uint8_t all[500];
    uint8_t part[100];
    uint32_t a = put(1, 700);
    floe_sctp_sendq_pass(&f.q, 700);
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
    floe_sctp_sendq_pass(&f.q, 10);
    assert_int_equal(f.q.unsent, 0);
    uint32_t b = put(2, 10);
    assert_int_equal(f.q.next, b);
    assert_int_equal(f.q.sent, 0);
    assert_int_equal(f.q.unsent, 1);
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
        cmocka_unit_test_setup(test_sctp_sendq_next_is_the_first_that_is_put_after_all_were_sent,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
