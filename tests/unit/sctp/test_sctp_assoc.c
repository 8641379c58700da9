/* Tests of sctp/sctp_assoc.c: the public functions. */
#include "sctp/sctp_assoc.h"

#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define WHOLE (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static floe_sctp_config good_config(void)
{
    static uint8_t send_buffer[FLOE_SCTP_SEND_MIN];
    static uint8_t recv_buffer[FLOE_SCTP_RECV_MIN];
    static floe_sctp_tx ring[16];
    static sim_random random;
    return (floe_sctp_config){.rand = sim_random_source(&random),
                              .send_buffer = {send_buffer, sizeof send_buffer},
                              .recv_buffer = {recv_buffer, sizeof recv_buffer},
                              .tx_ring = ring,
                              .tx_ring_len = 16};
}

static floe_err init_with(const floe_sctp_config *config)
{
    static floe_sctp_assoc assoc;
    return floe_sctp_assoc_init(&assoc, config, 0);
}

static void test_sctp_assoc_init_takes_the_smallest_memory_and_nothing_less(void **state)
{
    (void)state;
    floe_sctp_config config = good_config();
    assert_int_equal(init_with(&config), FLOE_OK);
    config.send_buffer.len--;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config = good_config();
    config.recv_buffer.len--;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config = good_config();
    config.tx_ring_len = 8;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config.tx_ring_len = 24;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config.tx_ring_len = 65536;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config = good_config();
    config.rand.fill = NULL;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
    config = good_config();
    config.packet_max = 599;
    assert_int_equal(init_with(&config), FLOE_E_ARG);
}

static void test_sctp_assoc_message_limit_is_what_fits_or_what_was_asked_for(void **state)
{
    (void)state;
    uint32_t fits = floe_sctp_assoc_get_message_max(&s->assoc);
    assert_true(fits > sizeof s->recv_buffer / 4 * 3 && fits < sizeof s->recv_buffer);
    static floe_sctp_assoc assoc;
    floe_sctp_config config = good_config();
    config.message_max = 5000;
    assert_int_equal(floe_sctp_assoc_init(&assoc, &config, 0), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_get_message_max(&assoc), 5000);
}

static void test_sctp_assoc_chooses_tag_tsn_and_secret_at_random(void **state)
{
    (void)state;
    static floe_sctp_assoc a;
    static floe_sctp_assoc b;
    floe_sctp_config config = good_config();
    assert_int_equal(floe_sctp_assoc_init(&a, &config, 0), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_init(&b, &config, 0), FLOE_OK);
    assert_int_not_equal(a.local_tag, b.local_tag);
    assert_int_not_equal(a.local_tsn, b.local_tsn);
    assert_int_not_equal(a.local_tie, b.local_tie);
    assert_int_not_equal(a.peer_tie, b.peer_tie);
    assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
}

static void test_sctp_assoc_connect_is_for_closed_ones_only(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_E_STATE);
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_E_STATE);
}

static void test_sctp_assoc_send_refuses_what_is_no_message(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 0), FLOE_E_ARG);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 65535}, 1), FLOE_E_ARG);
    assert_int_equal(s->assoc.streams.count, 0);
}

static void test_sctp_assoc_send_obeys_the_peers_limit(void **state)
{
    (void)state;
    floe_sctp_assoc_set_remote_message_max(&s->assoc, 1000);
    assert_int_equal(solo_send(s, 1001), FLOE_E_TOO_BIG);
    assert_int_equal(solo_send(s, 1000), FLOE_OK);
    floe_sctp_assoc_set_remote_message_max(&s->assoc, UINT32_MAX);
    assert_int_equal(solo_send(s, 65536 - 31), FLOE_E_TOO_BIG); /* our buffer, empty */
    assert_int_equal(solo_send(s, 65536 - 32), FLOE_E_AGAIN);
}

static void test_sctp_assoc_send_refuses_more_streams_than_there_is_state_for(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < FLOE_SCTP_STREAM_MAX; i++) {
        assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = i}, 1), FLOE_OK);
    }
    floe_sctp_send one_more = {.stream = FLOE_SCTP_STREAM_MAX};
    assert_int_equal(solo_send_with(s, one_more, 1), FLOE_E_FULL);
    assert_int_equal(floe_sctp_assoc_set_low_threshold(&s->assoc, 1000, 1), FLOE_E_FULL);
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, 1000), FLOE_E_FULL);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 0}, 1), FLOE_OK);
}

static void test_sctp_assoc_buffered_counts_until_it_is_acknowledged(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 3};
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
    assert_int_equal(solo_send(s, 3000), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 3000);
    solo_drain(s);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 3000);
    (void)solo_give_sack(s, 0, 10000, gaps, 1); /* may be taken back: RFC 9260 section 7.1 */
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 3000);
    (void)solo_give_sack(s, 1, 10000, NULL, 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 3000 - 1132);
    (void)solo_give_sack(s, 3, 10000, NULL, 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_BUFFERED_LOW).stream, 1);
}

static void test_sctp_assoc_streams_are_known_when_it_is_established(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_get_streams(&s->assoc), 1024);
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_get_streams(&s->assoc), 0);
}

static void test_sctp_assoc_stats_tell_what_happened(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 2000), FLOE_OK);
    solo_drain(s);
    floe_sctp_stats stats = solo_stats(s);
    assert_int_equal(stats.packets_sent, 4); /* INIT, COOKIE ECHO, two of DATA */
    assert_int_equal(stats.packets_received, 2);
    assert_int_equal(stats.data_sent, 2);
    assert_int_equal(stats.messages_sent, 1);
    assert_int_equal(stats.buffered, 2000);
    assert_int_equal(stats.flight, 2000 + 32);
    assert_int_equal(stats.rwnd_remote, (1 << 20) - 2032);
    assert_true(stats.rwnd_local > 50000 && stats.rwnd_local <= 65536);
    assert_int_equal(stats.retransmits, 0);
}

static uint32_t records[4];

static void count_record(void *ctx, const floe_trace_record *record)
{
    sctp_solo *at = ctx;
    assert_int_equal(record->module, FLOE_MODULE_SCTP);
    assert_true(record->at == at->now);
    records[record->kind]++;
}

static void with_trace(floe_sctp_config *config)
{
    config->trace = (floe_trace){count_record, s};
}

static void test_sctp_assoc_trace_tells_states_packets_and_drops(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    (void)state;
    memset(records, 0, sizeof records);
    solo_init(s, with_trace);
    solo_connect(s, 1 << 20);
    assert_int_equal(records[FLOE_TRACE_STATE], 3);
    assert_int_equal(records[FLOE_TRACE_SENT], 2);
    assert_int_equal(records[FLOE_TRACE_GOT], 2);
    (void)solo_give_hex(s, 0xFF, 0, "");
    s->tag++;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_ABORT, 0, "");
    assert_int_equal(records[FLOE_TRACE_DROP], 1);
}

static void test_sctp_assoc_names_every_state_and_cause(void **state)
{
    (void)state;
    for (int i = FLOE_SCTP_CLOSED; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        assert_true(strlen(floe_sctp_state_name((floe_sctp_state)i)) > 3);
    }
    for (int i = FLOE_SCTP_CAUSE_NONE; i <= FLOE_SCTP_CAUSE_PROTOCOL; i++) {
        const char *text = floe_sctp_cause_text((floe_sctp_cause)i);
        assert_int_equal(text[strlen(text) - 1], '.');
    }
}

static void test_sctp_assoc_wakes_up_no_more_often_than_it_has_work(void **state)
{
    (void)state;
    /* Idle but for heartbeats that are answered: two wake-ups in a minute. */
    sctp_pair_options options = {.seed = 1};
    sctp_pair *pair = sctp_pair_new(&options);
    sctp_pair_connect(pair);
    sctp_pair_run_for(pair, FLOE_SECOND);
    uint32_t before = pair->sent[0] + pair->sent[1];
    sctp_pair_run_for(pair, 600 * FLOE_SECOND);
    uint32_t after = pair->sent[0] + pair->sent[1];
    assert_true(after - before >= 2 * 2 * 18 && after - before <= 2 * 2 * 20);
    sctp_pair_free(pair);
}

static uint64_t bytes_read;

static void count_bytes(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)end;
    (void)message;
    sctp_pair_check(bytes, (uint32_t)(bytes_read / (size_t)pair->options.ctx));
    bytes_read += bytes.len;
}

static bool is_unread(sctp_pair *pair)
{
    return bytes_read < (size_t)pair->options.ctx;
}

static void test_sctp_assoc_carries_a_message_of_256_kilobytes_over_a_bad_link(void **state)
{
    (void)state;
    static uint8_t bytes[262144];
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sctp_pair_options options = {.seed = seed,
                                     .loss = 100,
                                     .reorder = 100,
                                     .send_size = 300000,
                                     .recv_size = 400000,
                                     .on_message = count_bytes,
                                     .ctx = (void *)sizeof bytes};
        sctp_pair *pair = sctp_pair_new(&options);
        bytes_read = 0;
        sctp_pair_fill(bytes, sizeof bytes, 0);
        sctp_pair_connect(pair);
        floe_sctp_send message = {.stream = 1, .data = {bytes, sizeof bytes}};
        assert_int_equal(sctp_pair_send(pair, 0, &message), FLOE_OK);
        sctp_pair_run_while(pair, is_unread, 600 * FLOE_SECOND);
        sctp_pair_free(pair);
    }
}

static void one_megabyte(floe_sctp_config *config, int end)
{
    (void)end;
    config->message_max = 1000000;
}

static void test_sctp_assoc_carries_a_message_of_a_megabyte_where_it_fits(void **state)
{
    (void)state;
    static uint8_t bytes[1000000];
    sctp_pair_options options = {
        .seed = 1, .send_size = 1100000, .recv_size = 1400000, .configure = one_megabyte};
    sctp_pair *pair = sctp_pair_new(&options);
    pair->end[1].is_deaf = true; /* the buffer of the test is smaller */
    sctp_pair_connect(pair);
    floe_sctp_send message = {.stream = 1, .data = {bytes, sizeof bytes}};
    sctp_pair_fill(bytes, sizeof bytes, 5);
    assert_int_equal(sctp_pair_send(pair, 0, &message), FLOE_OK);
    sctp_pair_run_for(pair, 60 * FLOE_SECOND);
    floe_sctp_recv head;
    assert_true(floe_sctp_assoc_peek(sctp_pair_assoc(pair, 1), &head));
    assert_int_equal(head.len, sizeof bytes);
    size_t done = 0;
    while (done < head.len) { /* piece by piece, without copying */
        floe_bytes part = floe_sctp_assoc_view(sctp_pair_assoc(pair, 1), done);
        assert_true(part.len > 0);
        assert_memory_equal(part.ptr, bytes + done, part.len);
        done += part.len;
    }
    floe_sctp_assoc_release(sctp_pair_assoc(pair, 1));
    sctp_pair_free(pair);
}

static void test_sctp_assoc_slow_reader_slows_the_sender_and_loses_nothing(void **state)
{
    (void)state;
    static uint8_t bytes[10000];
    sctp_pair_options options = {
        .seed = 1, .recv_size = 32768, .on_message = count_bytes, .ctx = (void *)1000000};
    sctp_pair *pair = sctp_pair_new(&options);
    sctp_pair_connect(pair);
    bytes_read = 0;
    pair->end[1].is_deaf = true;
    sctp_pair_fill(bytes, sizeof bytes, 0);
    floe_sctp_send message = {.stream = 1, .data = {bytes, sizeof bytes}};
    while (bytes_read < 300000) {
        (void)!sctp_pair_send(pair, 0, &message); /* AGAIN while its buffer is full */
        sctp_pair_run_for(pair, 200 * FLOE_MS);
        pair->end[1].is_deaf = !pair->end[1].is_deaf;
        assert_true(pair->now < 600 * FLOE_SECOND);
    }
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(sctp_pair_assoc(pair, 0), &stats);
    assert_true(stats.retransmits < stats.data_sent / 20);
    sctp_pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_assoc_init_takes_the_smallest_memory_and_nothing_less,
                               set_up),
        cmocka_unit_test_setup(test_sctp_assoc_message_limit_is_what_fits_or_what_was_asked_for,
                               set_up),
        cmocka_unit_test_setup(test_sctp_assoc_chooses_tag_tsn_and_secret_at_random, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_connect_is_for_closed_ones_only, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_send_refuses_what_is_no_message, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_send_obeys_the_peers_limit, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_send_refuses_more_streams_than_there_is_state_for,
                               set_up),
        cmocka_unit_test_setup(test_sctp_assoc_buffered_counts_until_it_is_acknowledged, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_streams_are_known_when_it_is_established, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_stats_tell_what_happened, set_up),
        cmocka_unit_test_setup(test_sctp_assoc_trace_tells_states_packets_and_drops, set_up),
        cmocka_unit_test(test_sctp_assoc_names_every_state_and_cause),
        cmocka_unit_test(test_sctp_assoc_wakes_up_no_more_often_than_it_has_work),
        cmocka_unit_test(test_sctp_assoc_carries_a_message_of_256_kilobytes_over_a_bad_link),
        cmocka_unit_test(test_sctp_assoc_carries_a_message_of_a_megabyte_where_it_fits),
        cmocka_unit_test(test_sctp_assoc_slow_reader_slows_the_sender_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
