/* Tests of sctp/sctp_scheduler.c: the orders in which messages of several streams go out (RFC 8260
 * section 3), whole or interleaved. */
#include "sctp/sctp_scheduler.h"

#include "sctp/sctp_idata.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_SCHEDULERS

#define WINDOW (1u << 20)

static sctp_solo solo;
static sctp_solo *const s = &solo;
static floe_sctp_scheduler chosen;
static bool is_interleaved;

static void use_it(floe_sctp_config *config)
{
    config->scheduler = chosen;
    config->is_unpaced = true;
    config->interleaving = is_interleaved ? &solo.interleaving : NULL;
}

static void start(floe_sctp_scheduler scheduler, bool interleaved)
{
    chosen = scheduler;
    is_interleaved = interleaved;
    solo_init(s, use_it);
    s->has_i_data = interleaved;
    solo_connect(s, WINDOW);
    s->assoc.cc.cwnd = WINDOW;
}

static void queue(uint16_t stream, uint16_t priority, size_t len)
{
    floe_sctp_send message = {.stream = stream, .priority = priority};
    assert_int_equal(solo_send_with(s, message, len), FLOE_OK);
}

/* The n-th chunk of data that was sent in the last step. */
static floe_sctp_data sent(uint32_t n)
{
    if (!is_interleaved) {
        return solo_data(s, n);
    }
    floe_sctp_data data;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_I_DATA, n);
    floe_sctp_i_data_parse(&data, &chunk);
    return data;
}

static uint32_t count_sent(void)
{
    return solo_count(s, is_interleaved ? FLOE_SCTP_CHUNK_I_DATA : FLOE_SCTP_CHUNK_DATA);
}

/* What is sent now are chunks of these streams: a digit each. */
static void expect_order(const char *streams)
{
    char order[100] = "";
    solo_drain(s);
    uint32_t count = count_sent();
    assert_true(count < sizeof order);
    for (uint32_t n = 0; n < count; n++) {
        order[n] = (char)('0' + sent(n).stream);
    }
    assert_string_equal(order, streams);
}

static void test_sctp_scheduler_fcfs_sends_as_messages_were_queued(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        start(FLOE_SCTP_SCHEDULER_FCFS, FLOE_SCTP_IDATA && i == 1);
        queue(1, 128, 3000);
        queue(2, 1024, 10);
        queue(1, 128, 10);
        queue(3, 1024, 10);
        queue(2, 1024, 10);
        expect_order("1112132");
    }
}

static void test_sctp_scheduler_fcfs_knows_the_order_around_the_end_of_the_buffer(void **state)
{
    (void)state;
    start(FLOE_SCTP_SCHEDULER_FCFS, false);
    for (int i = 0; i < 30; i++) {
        queue(1, 0, 2000);
        queue(2, 0, 1100);
        queue(1, 0, 1100);
        queue(2, 0, 2000);
        expect_order("112122");
        (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, WINDOW, NULL, 0);
    }
}

static void test_sctp_scheduler_round_robin_takes_a_message_of_each(void **state)
{
    (void)state;
    start(FLOE_SCTP_SCHEDULER_ROUND_ROBIN, false);
    queue(1, 128, 2000);
    queue(1, 128, 1000);
    queue(1, 128, 1000);
    queue(2, 1024, 10);
    queue(2, 1024, 10);
    queue(3, 1024, 10);
    expect_order("1123121");
}

static void test_sctp_scheduler_round_robin_takes_a_chunk_of_each_where_interleaved(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_IDATA);
    (void)state;
    start(FLOE_SCTP_SCHEDULER_ROUND_ROBIN, true);
    queue(1, 128, 4400);
    queue(2, 1024, 4400);
    queue(3, 1024, 10);
    expect_order("123121212");
}

static void test_sctp_scheduler_priority_sends_the_highest_first(void **state)
{
    (void)state;
    start(FLOE_SCTP_SCHEDULER_PRIORITY, false);
    for (int i = 0; i < 2; i++) {
        queue(1, 128, 1000);
        queue(2, 1024, 1000);
        queue(3, 1024, 1000);
        queue(4, 0, 1000); /* as 256 */
        queue(5, 256, 1000);
    }
    expect_order("2323454511");
}

static void test_sctp_scheduler_priority_does_not_wait_for_the_rest_of_a_long_one(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_IDATA);
    (void)state;
    start(FLOE_SCTP_SCHEDULER_PRIORITY, true);
    s->assoc.cc.cwnd = 5000;
    queue(1, 128, 50000);
    solo_drain(s);
    assert_true(count_sent() >= 3);
    queue(2, 1024, 10);
    (void)solo_give_sack(s, 1, WINDOW, NULL, 0);
    assert_int_equal(sent(0).stream, 2);
    assert_int_equal(sent(1).stream, 1);
}

static void test_sctp_scheduler_fair_gives_each_as_many_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t bytes[3] = {0};
        start(FLOE_SCTP_SCHEDULER_FAIR, FLOE_SCTP_IDATA && i == 1);
        for (int j = 0; j < 14; j++) {
            queue(1, 1024, 2200);
            queue(2, 128, 500);
            queue(2, 128, 500);
        }
        solo_drain(s);
        for (uint32_t n = 0; bytes[2] < 10000; n++) {
            bytes[sent(n).stream] += sent(n).payload.len;
        }
        assert_in_range(bytes[1], 8000, 12500);
    }
}

/* The streams of the n-th packet's data, a digit each. */
static void packet_streams(uint32_t n, char *streams)
{
    floe_sctp_packet packet;
    floe_sctp_chunk chunk;
    floe_bytes bytes = {s->out[n].bytes, s->out[n].len};
    assert_int_equal(floe_sctp_packet_parse(&packet, bytes), FLOE_OK);
    while (floe_sctp_packet_next(&packet.chunks, &chunk)) {
        if (chunk.type == FLOE_SCTP_CHUNK_DATA || chunk.type == FLOE_SCTP_CHUNK_I_DATA) {
            *streams++ = (char)('0' + floe_load_u16(chunk.value.ptr + 4));
        }
    }
    *streams = '\0';
}

static void expect_packets(const char *const *packets, uint32_t count)
{
    solo_drain(s);
    assert_int_equal(s->out_count, count);
    for (uint32_t n = 0; n < count; n++) {
        char streams[100];
        packet_streams(n, streams);
        assert_string_equal(streams, packets[n]);
    }
}

static void test_sctp_scheduler_packet_has_messages_of_one_stream(void **state)
{
    (void)state;
    const char *const packets[] = {"1111", "22", "333", "1111", "3", "1"};
    start(FLOE_SCTP_SCHEDULER_PACKET, false);
    for (int i = 0; i < 9; i++) {
        queue(1, 128, 250);
    }
    queue(2, 1024, 10);
    queue(2, 1024, 10);
    for (int i = 0; i < 4; i++) {
        queue(3, 1024, 300);
    }
    expect_packets(packets, 6);
}

static void test_sctp_scheduler_packet_goes_on_where_there_is_one_stream(void **state)
{
    (void)state;
    const char *const packets[] = {"1", "11", "1"};
    start(FLOE_SCTP_SCHEDULER_PACKET, false);
    queue(1, 0, 1500);
    queue(1, 0, 300);
    queue(1, 0, 1000);
    expect_packets(packets, 3);
}

static void test_sctp_scheduler_packet_gives_each_its_turn_behind_a_long_message(void **state)
{
    (void)state;
    const char *const packets[] = {"1", "1", "2", "2", "1"};
    start(FLOE_SCTP_SCHEDULER_PACKET, false);
    queue(1, 0, 1500);
    queue(1, 0, 100);
    queue(2, 0, 1500);
    expect_packets(packets, 5);
}

static void test_sctp_scheduler_packet_changes_streams_where_interleaved(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_IDATA);
    (void)state;
    const char *const packets[] = {"1", "2", "1", "2", "11"};
    start(FLOE_SCTP_SCHEDULER_PACKET, true);
    queue(1, 0, 2600);
    queue(1, 0, 100);
    queue(2, 0, 1500);
    expect_packets(packets, 5);
}

static void test_sctp_scheduler_goes_on_where_a_message_expires(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        start((floe_sctp_scheduler)(i % 6), FLOE_SCTP_IDATA && i >= 6);
        s->assoc.cc.cwnd = 1000;
        queue(1, 128, 1000);
        solo_drain(s);
        floe_sctp_send brief = {
            .stream = 2, .priority = 1024, .has_lifetime = true, .lifetime_ms = 5};
        (void)solo_send_with(s, brief, 1000);
        queue(2, 0, 500);
        queue(3, 0, 500);
        solo_advance(s, 10 * FLOE_MS);
        s->assoc.cc.cwnd = WINDOW;
        (void)solo_give_sack(s, 1, WINDOW, NULL, 0);
        assert_int_equal(solo_stats(s).messages_abandoned, 1);
        assert_int_equal(s->assoc.sendq.unsent, 0);
        assert_int_equal(count_sent(), 2);
    }
}

static void test_sctp_scheduler_that_is_none_is_refused(void **state)
{
    (void)state;
    start(FLOE_SCTP_SCHEDULER_WFQ, false);
    floe_sctp_config config = s->assoc.config;
    config.scheduler = (floe_sctp_scheduler)(FLOE_SCTP_SCHEDULER_PRIORITY + 1);
    assert_int_equal(floe_sctp_assoc_init(&s->assoc, &config, s->now), FLOE_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_scheduler_fcfs_sends_as_messages_were_queued),
        cmocka_unit_test(test_sctp_scheduler_fcfs_knows_the_order_around_the_end_of_the_buffer),
        cmocka_unit_test(test_sctp_scheduler_round_robin_takes_a_message_of_each),
        cmocka_unit_test(test_sctp_scheduler_round_robin_takes_a_chunk_of_each_where_interleaved),
        cmocka_unit_test(test_sctp_scheduler_priority_sends_the_highest_first),
        cmocka_unit_test(test_sctp_scheduler_priority_does_not_wait_for_the_rest_of_a_long_one),
        cmocka_unit_test(test_sctp_scheduler_fair_gives_each_as_many_bytes),
        cmocka_unit_test(test_sctp_scheduler_packet_has_messages_of_one_stream),
        cmocka_unit_test(test_sctp_scheduler_packet_goes_on_where_there_is_one_stream),
        cmocka_unit_test(test_sctp_scheduler_packet_gives_each_its_turn_behind_a_long_message),
        cmocka_unit_test(test_sctp_scheduler_packet_changes_streams_where_interleaved),
        cmocka_unit_test(test_sctp_scheduler_goes_on_where_a_message_expires),
        cmocka_unit_test(test_sctp_scheduler_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
