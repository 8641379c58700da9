/* Tests of sctp/sctp_schedule.c: whose turn it is; and what that does to messages over a link. */
#include "sctp/sctp_schedule.h"

#include "support/sctp_pair.h"
#include "support/unit.h"

static struct {
    floe_sctp_streams streams;
    floe_sctp_schedule schedule;
} f;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_streams_init(&f.streams);
    floe_sctp_schedule_init(&f.schedule, FLOE_SCTP_SCHEDULER_WFQ);
    return 0;
}

static void add(uint16_t id, uint16_t weight, uint32_t len)
{
    floe_sctp_stream *stream = floe_sctp_streams_get(&f.streams, id);
    stream->weight = weight;
    floe_sctp_schedule_add(&f.schedule, &f.streams, stream, len, 0);
    (void)floe_sctp_schedule_check_invariants(&f.schedule, &f.streams);
}

static uint16_t take(void)
{
    uint16_t id = floe_sctp_schedule_first(&f.schedule, &f.streams)->id;
    floe_sctp_schedule_take(&f.schedule, &f.streams);
    (void)floe_sctp_schedule_check_invariants(&f.schedule, &f.streams);
    return id;
}

static void test_sctp_schedule_is_empty_when_all_had_their_turn(void **state)
{
    (void)state;
    assert_null(floe_sctp_schedule_first(&f.schedule, &f.streams));
    add(3, 0, 10);
    assert_int_equal(take(), 3);
    assert_null(floe_sctp_schedule_first(&f.schedule, &f.streams));
}

static void test_sctp_schedule_lets_a_short_message_go_before_a_long_one(void **state)
{
    (void)state;
    add(1, 256, 100000);
    add(2, 256, 100);
    assert_int_equal(take(), 2);
    assert_int_equal(take(), 1);
}

static void test_sctp_schedule_lets_the_heavier_of_equals_go_first(void **state)
{
    (void)state;
    add(1, 128, 1000);
    add(2, 1024, 1000);
    add(3, 512, 1000);
    add(4, 0, 1000); /* as 256 */
    add(5, 256, 1000);
    const uint16_t order[] = {2, 3, 4, 5, 1};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(take(), order[i]);
    }
}

static void test_sctp_schedule_keeps_the_order_of_arrival_of_equals(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_STREAM_MAX >= 50);
    (void)state;
    for (uint16_t id = 0; id < 50; id++) {
        add((uint16_t)(id * 7 % 50), 256, 1000);
    }
    for (uint16_t id = 0; id < 50; id++) {
        assert_int_equal(take(), id * 7 % 50);
    }
}

static void test_sctp_schedule_shares_bytes_by_weight(void **state)
{
    (void)state;
    uint32_t bytes[5] = {0};
    const uint32_t lens[] = {0, 500, 3000, 1200, 77};
    for (uint16_t id = 1; id <= 4; id++) {
        add(id, (uint16_t)(64 << id), lens[id]);
    }
    for (unsigned turn = 0; turn < 100000; turn++) {
        uint16_t id = take();
        bytes[id] += lens[id] + 16; /* a chunk's head */
        add(id, (uint16_t)(64 << id), lens[id]);
    }
    for (unsigned id = 2; id <= 4; id++) { /* each has twice what the one before has */
        assert_in_range(bytes[id] * 100ull / bytes[id - 1], 199, 201);
    }
}

static void test_sctp_schedule_starves_nobody(void **state)
{
    (void)state;
    unsigned turns = 0;
    add(1, 1, 1000); /* the least weight against the largest, which never pauses */
    add(2, UINT16_MAX, 1000);
    while (take() == 2) {
        add(2, UINT16_MAX, 1000);
        assert_true(++turns <= UINT16_MAX + 1);
    }
}

static void test_sctp_schedule_gives_an_idle_stream_no_credit(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 1000; turn++) {
        add(1, 256, 1000);
        assert_int_equal(take(), 1);
    }
    add(1, 256, 1000);
    add(2, 256, 1000);
    unsigned seconds = 0;
    for (unsigned turn = 0; turn < 100; turn++) {
        uint16_t id = take();
        seconds += id == 2;
        add(id, 256, 1000);
    }
    assert_in_range(seconds, 49, 51);
}

/* --- over a link --- */

typedef struct order {
    uint16_t streams[64];
    unsigned count;
    uint32_t ppid[3]; /* of the next message of each stream */
} order;

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    order *o = pair->options.ctx;
    (void)end;
    assert_int_equal(message->ppid, o->ppid[message->stream]++);
    sctp_pair_check(bytes, message->ppid);
    o->streams[o->count++] = message->stream;
}

static void queue(sctp_pair *pair, uint16_t stream, uint16_t priority, uint32_t ppid, size_t len)
{
    static uint8_t bytes[20000];
    sctp_pair_fill(bytes, len, ppid);
    floe_sctp_send message = {
        .stream = stream, .ppid = ppid, .priority = priority, .data = {bytes, len}};
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_OK);
    floe_sctp_assoc_check_invariants(sctp_pair_assoc(pair, 0));
}

static sctp_pair *connect(order *o)
{
    sctp_pair *pair =
        sctp_pair_new(&(sctp_pair_options){.seed = 1, .on_message = on_message, .ctx = o});
    sctp_pair_connect(pair);
    return pair;
}

static void test_a_short_message_waits_for_no_more_than_the_one_that_has_begun(void **state)
{
    (void)state;
    order o = {0};
    sctp_pair *pair = connect(&o);
    for (uint32_t i = 0; i < 10; i++) {
        queue(pair, 1, 128, i, 20000);
    }
    sctp_pair_drain(pair);
    queue(pair, 2, 1024, 0, 100); /* the first long one is under way */
    sctp_pair_run_for(pair, 10 * FLOE_SECOND);
    assert_int_equal(o.count, 11);
    assert_int_equal(o.streams[0], 1);
    assert_int_equal(o.streams[1], 2);
    assert_int_equal(pair->end[0].assoc.sendq.used, 0);
    sctp_pair_free(pair);
}

static void test_streams_with_full_queues_share_by_priority(void **state)
{
    (void)state;
    order o = {0};
    sctp_pair *pair = connect(&o);
    for (uint32_t i = 0; i < 20; i++) {
        queue(pair, 1, 256, i, 4000);
    }
    for (uint32_t i = 0; i < 20; i++) {
        queue(pair, 2, 1024, i, 4000);
    }
    sctp_pair_run_for(pair, 10 * FLOE_SECOND);
    unsigned heavier = 0;
    for (unsigned i = 0; i < 20; i++) {
        heavier += o.streams[i] == 2;
    }
    assert_int_equal(o.count, 40);
    assert_int_equal(heavier, 16);
    sctp_pair_free(pair);
}

static void test_a_message_that_expires_in_the_queue_lets_its_stream_go_on(void **state)
{
    (void)state;
    order o = {0};
    uint8_t late[10] = {0};
    sctp_pair *pair = connect(&o);
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .data = {late, sizeof late}};
    queue(pair, 1, 0, 0, 20000); /* more than may be in flight: the next one waits */
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_OK);
    queue(pair, 1, 0, 1, 100);
    queue(pair, 2, 0, 0, 100);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_equal(o.count, 3);
    assert_int_equal(pair->end[0].assoc.sendq.used, 0);
    sctp_pair_free(pair);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sctp_schedule_is_empty_when_all_had_their_turn),
        TEST(test_sctp_schedule_lets_a_short_message_go_before_a_long_one),
        TEST(test_sctp_schedule_lets_the_heavier_of_equals_go_first),
        TEST(test_sctp_schedule_keeps_the_order_of_arrival_of_equals),
        TEST(test_sctp_schedule_shares_bytes_by_weight),
        TEST(test_sctp_schedule_starves_nobody),
        TEST(test_sctp_schedule_gives_an_idle_stream_no_credit),
        cmocka_unit_test(test_a_short_message_waits_for_no_more_than_the_one_that_has_begun),
        cmocka_unit_test(test_streams_with_full_queues_share_by_priority),
        cmocka_unit_test(test_a_message_that_expires_in_the_queue_lets_its_stream_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
