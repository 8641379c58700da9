/* Tests of sctp/sctp_pmtu_assoc.c: two associations on a link that carries so much and no more,
 * without a word about it. */
#include <string.h>

#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_PMTUD

#define BASE     1160u
#define USUAL    1432u /* of 1500, over IPv4, UDP and DTLS */
#define JUMBO    8932u /* of 9000 */
#define MTU(mtu) (((mtu)-20u - 8u - 37u) / 4u * 4u)

static size_t carries; /* bytes of an SCTP packet, both ways */
static uint64_t received;
static sctp_solo solo;
static uint32_t large, larger_than_base; /* packets that got through */
static bool is_unanswering, is_dataless;

static bool filter(sctp_pair *pair, int from, floe_bytes packet)
{
    (void)pair;
    (void)from;
    bool is_lost = packet.len > carries ||
                   (is_unanswering && packet.ptr[12] == FLOE_SCTP_CHUNK_HEARTBEAT_ACK) ||
                   (is_dataless && packet.ptr[12] == FLOE_SCTP_CHUNK_DATA);
    large += packet.len > carries;
    larger_than_base += !is_lost && packet.len > BASE;
    return is_lost;
}

static void configure(floe_sctp_config *config, int end)
{
    (void)end;
    config->packet_usual = USUAL;
    config->packet_limit = USUAL;
}

static void configure_jumbo(floe_sctp_config *config, int end)
{
    (void)end;
    config->packet_usual = USUAL;
    config->packet_limit = JUMBO;
}

static void configure_solo(floe_sctp_config *config)
{
    configure(config, 0);
}

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)pair;
    (void)message;
    assert_int_equal(end, 1);
    sctp_pair_check(bytes, (uint32_t)received); /* each once, in order */
    received++;
}

static sctp_pair *begin(size_t bytes, sctp_pair_options options)
{
    carries = bytes;
    received = 0;
    large = larger_than_base = 0;
    is_unanswering = is_dataless = false;
    options.filter = filter;
    options.on_message = on_message;
    options.configure = options.configure == NULL ? configure : options.configure;
    sctp_pair *pair = sctp_pair_new(&options);
    sctp_pair_connect(pair);
    return pair;
}

static floe_sctp_stats stats_of(sctp_pair *pair, int n)
{
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(sctp_pair_assoc(pair, n), &stats);
    return stats;
}

static void send_messages(sctp_pair *pair, uint32_t from, uint32_t to)
{
    static uint8_t bytes[5000];
    floe_sctp_send message = {.stream = 1, .ppid = 53, .data = {bytes, sizeof bytes}};
    for (uint32_t i = from; i < to; i++) {
        sctp_pair_fill(bytes, sizeof bytes, i);
        assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_OK);
    }
}

static bool is_unread(sctp_pair *pair)
{
    return received < (uint64_t)(uintptr_t)pair->options.ctx;
}

static void wait_for(sctp_pair *pair, uintptr_t count, floe_time limit)
{
    pair->options.ctx = (void *)count;
    sctp_pair_run_while(pair, is_unread, limit);
}

static void check_hole(size_t bytes, void (*options)(floe_sctp_config *, int), size_t at_least)
{
    sctp_pair *pair = begin(bytes, (sctp_pair_options){.seed = 1, .configure = options});
    send_messages(pair, 0, 40);
    sctp_pair_run_for(pair, 30 * FLOE_SECOND);
    send_messages(pair, 40, 80);
    wait_for(pair, 80, 30 * FLOE_SECOND);
    for (int n = 0; n < 2; n++) {
        floe_sctp_stats stats = stats_of(pair, n);
        assert_true(stats.packet_size <= bytes && stats.packet_size >= at_least);
        /* RFC 8899 section 4.1 point 7: a probe that is lost says nothing about congestion. */
        assert_int_equal(stats.retransmits + stats.timeouts, 0);
        assert_true(stats.pmtu_probes <= 20);
    }
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_of_the_usual_links_is_found(void **state)
{
    (void)state;
    check_hole(MTU(1500), NULL, USUAL);
    check_hole(MTU(1492), NULL, MTU(1492) - 16);
    check_hole(MTU(1400), NULL, MTU(1400) - 16);
    check_hole(MTU(1280), NULL, MTU(1280) - 16);
    check_hole(BASE, NULL, BASE);
}

static void test_sctp_pmtu_of_jumbo_frames_is_found(void **state)
{
    (void)state;
    check_hole(MTU(9000), configure_jumbo, JUMBO);
    check_hole(MTU(1500), configure_jumbo, USUAL);
}

static void test_sctp_pmtu_takes_part_of_a_minute_at_most_and_packets_grow(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_equal(stats_of(pair, 0).packet_size, USUAL);
    larger_than_base = 0;
    uint64_t before = stats_of(pair, 0).packets_sent;
    send_messages(pair, 0, 20);
    wait_for(pair, 20, 5 * FLOE_SECOND);
    uint64_t packets = stats_of(pair, 0).packets_sent - before;
    assert_true(larger_than_base >= 60);
    assert_true(packets <= 20 * 4 + 2); /* with 1160 bytes: five each */
    sctp_pair_free(pair);
}

/* A tunnel comes up, or the route changes, in the middle of a transfer. */
static void check_shrink(uint64_t seed, size_t to)
{
    sctp_pair *pair =
        begin(MTU(1500), (sctp_pair_options){.seed = seed, .loss = (uint32_t)(seed % 3) * 10});
    sctp_pair_run_for(pair, 3 * FLOE_SECOND);
    send_messages(pair, 0, 40);
    sctp_pair_run_for(pair, (20 + seed % 40) * FLOE_MS);
    carries = to;
    large = 0;
    wait_for(pair, 40, 10 * FLOE_SECOND);
    sctp_pair_run_for(pair, 20 * FLOE_SECOND);
    floe_sctp_stats stats = stats_of(pair, 0);
    assert_true(stats.packet_size <= to);
    assert_int_equal(received, 40);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_that_shrinks_under_a_transfer_loses_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        check_shrink(seed, MTU(1400));
        check_shrink(seed, MTU(1280));
        check_shrink(seed, BASE);
    }
}

static void test_sctp_pmtu_that_shrinks_is_noticed_within_two_timeouts(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    sctp_pair_run_for(pair, FLOE_SECOND);
    carries = MTU(1280);
    send_messages(pair, 0, 4);
    wait_for(pair, 4, FLOE_SECOND);
    assert_true(large > 0);
    sctp_pair_free(pair);
}

static void count_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)pair;
    (void)end;
    (void)message;
    received += bytes.len > BASE;
}

/* Messages of several packets that are sent once, and small ones that do get through. */
static void send_once(sctp_pair *pair, uint32_t count)
{
    static uint8_t bytes[5000];
    floe_sctp_send large_one = {
        .stream = 1, .ppid = 53, .data = {bytes, sizeof bytes}, .has_max_retransmits = true};
    floe_sctp_send small_one = {.stream = 2, .ppid = 53, .data = {bytes, 100}};
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &large_one), FLOE_OK);
        sctp_pair_run_for(pair, 50 * FLOE_MS);
        assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &small_one), FLOE_OK);
        sctp_pair_run_for(pair, 50 * FLOE_MS);
    }
}

/* None of their chunks is ever lost twice. */
static void test_sctp_pmtu_that_shrinks_under_messages_that_are_sent_once_is_noticed(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    pair->options.on_message = count_message;
    sctp_pair_run_for(pair, FLOE_SECOND);
    send_once(pair, 20);
    assert_int_equal(received, 20);
    carries = MTU(1280);
    send_once(pair, 300);
    assert_true(stats_of(pair, 0).packet_size <= MTU(1280));
    received = 0;
    send_once(pair, 20);
    assert_int_equal(received, 20);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_is_not_asked_for_all_day_where_messages_are_lost(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1, .loss = 50});
    pair->options.on_message = count_message;
    sctp_pair_run_for(pair, 10 * FLOE_SECOND);
    send_once(pair, 1000);
    assert_in_range(received, 700, 950);
    assert_int_equal(stats_of(pair, 0).packet_size, USUAL);
    assert_true(stats_of(pair, 0).pmtu_probes <= 60);
    sctp_pair_free(pair);
}

/* While what was lost twice waits for its turn, each probe that is answered must not be followed by
 * the same conclusion. */
static void test_sctp_pmtu_takes_a_loss_for_a_black_hole_once(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    sctp_pair_run_for(pair, FLOE_SECOND);
    uint64_t before = stats_of(pair, 0).pmtu_probes;
    is_dataless = true;
    send_messages(pair, 0, 20);
    sctp_pair_run_for(pair, 10 * FLOE_SECOND);
    assert_in_range(stats_of(pair, 0).pmtu_probes - before, 2, 40);
    is_dataless = false;
    wait_for(pair, 20, 20 * FLOE_SECOND);
    assert_int_equal(stats_of(pair, 0).packet_size, USUAL);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_that_grows_is_found_within_ten_minutes(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1280), (sctp_pair_options){.seed = 1});
    sctp_pair_run_for(pair, 30 * FLOE_SECOND);
    carries = MTU(1500);
    sctp_pair_run_for(pair, 601 * FLOE_SECOND);
    assert_int_equal(stats_of(pair, 0).packet_size, USUAL);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_of_another_path_is_looked_for_anew(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    sctp_pair_run_for(pair, FLOE_SECOND);
    send_messages(pair, 0, 40);
    sctp_pair_drain(pair);
    carries = MTU(1280);
    for (int n = 0; n < 2; n++) {
        floe_sctp_assoc_path_changed(sctp_pair_assoc(pair, n), pair->now);
        assert_int_equal(stats_of(pair, n).packet_size, BASE);
    }
    wait_for(pair, 40, FLOE_SECOND);
    sctp_pair_run_for(pair, 20 * FLOE_SECOND);
    assert_true(stats_of(pair, 0).packet_size <= MTU(1280));
    assert_true(stats_of(pair, 0).packet_size > BASE);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_survives_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        sctp_pair *pair =
            begin(MTU(1400),
                  (sctp_pair_options){.seed = seed, .loss = 100, .duplicate = 20, .reorder = 100});
        for (uint32_t i = 0; i < 10; i++) {
            send_messages(pair, 20 * i, 20 * i + 20);
            wait_for(pair, 20 * i + 20, 60 * FLOE_SECOND);
        }
        sctp_pair_run_for(pair, 60 * FLOE_SECOND);
        assert_true(stats_of(pair, 0).packet_size <= MTU(1400));
        sctp_pair_free(pair);
    }
}

/* Who knows no PAD may drop the packet, though RFC 9260 §3.2 has it pass over the chunk. */
static void test_sctp_pmtu_with_a_peer_that_answers_no_probe_stays_at_the_base_size(void **state)
{
    (void)state;
    sctp_pair *pair = begin(MTU(1500), (sctp_pair_options){.seed = 1});
    is_unanswering = true;
    send_messages(pair, 0, 40);
    wait_for(pair, 40, 10 * FLOE_SECOND);
    sctp_pair_run_for(pair, 60 * FLOE_SECOND);
    assert_int_equal(stats_of(pair, 0).packet_size, BASE);
    assert_int_equal(stats_of(pair, 0).pmtu_probes, 3);
    assert_int_equal(stats_of(pair, 0).timeouts, 0);
    sctp_pair_free(pair);
}

static void test_sctp_pmtu_probe_is_a_heartbeat_and_a_pad_alone(void **state)
{
    (void)state;
    solo_init(&solo, configure_solo);
    solo_connect(&solo, 100000);
    assert_int_equal(solo_send(&solo, 300), FLOE_OK);
    solo_advance(&solo, floe_sctp_assoc_deadline(&solo.assoc) - solo.now);
    while (solo_count(&solo, FLOE_SCTP_CHUNK_PAD) == 0) {
        solo_advance(&solo, floe_sctp_assoc_deadline(&solo.assoc) - solo.now);
    }
    sctp_solo_packet *packet = &solo.out[0];
    for (uint32_t i = 0; packet->bytes[12] != FLOE_SCTP_CHUNK_HEARTBEAT; i++) {
        packet = &solo.out[i];
    }
    floe_bytes rest = {packet->bytes + FLOE_SCTP_HEADER_SIZE, packet->len - FLOE_SCTP_HEADER_SIZE};
    floe_sctp_chunk chunk;
    assert_int_equal(packet->len, BASE);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.type, FLOE_SCTP_CHUNK_HEARTBEAT);
    assert_int_equal(chunk.value.len, 16);
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    assert_int_equal(chunk.type, FLOE_SCTP_CHUNK_PAD);
    assert_int_equal(rest.len, 0);
}

static void test_sctp_pmtu_probe_waits_for_a_buffer_that_holds_it(void **state)
{
    (void)state;
    uint8_t buf[USUAL];
    size_t len;
    solo_init(&solo, configure_solo);
    solo_connect(&solo, 100000);
    floe_sctp_assoc *assoc = &solo.assoc;
    floe_sctp_assoc_advance(assoc, floe_sctp_assoc_deadline(assoc));
    assert_int_equal(floe_sctp_assoc_get_packet_max(assoc), BASE);
    assert_false(floe_sctp_assoc_poll_transmit(assoc, buf, BASE - 4, &len));
    assert_true(floe_sctp_assoc_poll_transmit(assoc, buf, BASE, &len));
    assert_int_equal(len, BASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_pmtu_of_the_usual_links_is_found),
        cmocka_unit_test(test_sctp_pmtu_of_jumbo_frames_is_found),
        cmocka_unit_test(test_sctp_pmtu_takes_part_of_a_minute_at_most_and_packets_grow),
        cmocka_unit_test(test_sctp_pmtu_that_shrinks_under_a_transfer_loses_nothing),
        cmocka_unit_test(test_sctp_pmtu_that_shrinks_is_noticed_within_two_timeouts),
        cmocka_unit_test(test_sctp_pmtu_that_shrinks_under_messages_that_are_sent_once_is_noticed),
        cmocka_unit_test(test_sctp_pmtu_is_not_asked_for_all_day_where_messages_are_lost),
        cmocka_unit_test(test_sctp_pmtu_takes_a_loss_for_a_black_hole_once),
        cmocka_unit_test(test_sctp_pmtu_that_grows_is_found_within_ten_minutes),
        cmocka_unit_test(test_sctp_pmtu_of_another_path_is_looked_for_anew),
        cmocka_unit_test(test_sctp_pmtu_survives_loss),
        cmocka_unit_test(test_sctp_pmtu_with_a_peer_that_answers_no_probe_stays_at_the_base_size),
        cmocka_unit_test(test_sctp_pmtu_probe_is_a_heartbeat_and_a_pad_alone),
        cmocka_unit_test(test_sctp_pmtu_probe_waits_for_a_buffer_that_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) /* left out, and nothing to test */
{
    return 0;
}

#endif
