/* Tests of sctp/sctp_output.c: what goes into a packet, and when. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define PACKET FLOE_SCTP_PACKET_MAX
#define CHUNK  (PACKET - 28u) /* payload of the only chunk of a full packet */

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static uint32_t chunks(void)
{
    return solo_count(s, FLOE_SCTP_CHUNK_DATA);
}

static void queue(size_t len)
{
    assert_int_equal(solo_send(s, len), FLOE_OK);
}

static void test_sctp_small_messages_share_a_packet(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        queue(10);
    }
    solo_drain(s);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(chunks(), 5);
    for (uint32_t i = 0; i < 5; i++) {
        floe_sctp_data data = solo_data(s, i);
        assert_int_equal(data.tsn, s->tsn + i);
        assert_int_equal(data.ssn, i);
        uint8_t immediate = i == 4 ? FLOE_SCTP_FLAG_IMMEDIATE : 0; /* nothing follows */
        assert_int_equal(data.flags, FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END | immediate);
        assert_int_equal(data.ppid, 53);
        assert_int_equal(data.payload.len, 10);
    }
}

static void test_sctp_large_message_makes_full_packets_in_a_row(void **state)
{
    (void)state;
    queue(10000);
    solo_drain(s);
    assert_int_equal(s->out_count, 9);
    size_t offset = 0;
    for (uint32_t i = 0; i < 9; i++) {
        assert_true(i == 8 || s->out[i].len == PACKET);
        floe_sctp_data data = solo_data(s, i);
        assert_int_equal(data.ssn, 0);
        assert_int_equal(data.flags & FLOE_SCTP_FLAG_BEGIN, i == 0 ? FLOE_SCTP_FLAG_BEGIN : 0);
        assert_int_equal(data.flags & FLOE_SCTP_FLAG_END, i == 8 ? FLOE_SCTP_FLAG_END : 0);
        for (size_t k = 0; k < data.payload.len; k++) {
            assert_int_equal(data.payload.ptr[k], (uint8_t)(offset + k));
        }
        offset += data.payload.len;
    }
    assert_int_equal(offset, 10000);
}

static void test_sctp_message_that_fits_a_packet_is_not_cut_to_fill_another(void **state)
{
    (void)state;
    queue(500);
    queue(CHUNK);
    solo_drain(s);
    assert_int_equal(s->out_count, 2);
    assert_int_equal(chunks(), 2);
    assert_int_equal(s->out[1].len, PACKET);
}

static void test_sctp_message_that_needs_fragments_begins_in_the_packet_that_is_open(void **state)
{
    (void)state;
    queue(500);
    queue(3000);
    solo_drain(s);
    assert_int_equal(s->out_count, 4);
    assert_int_equal(s->out[0].len, PACKET);
    queue(PACKET - 12 - 16 - 16 - 100); /* leaves room for a crumb only */
    queue(3000);
    (void)solo_give_sack(s, 5, 1 << 20, NULL, 0);
    assert_int_equal(s->out[0].len, PACKET - 116);
}

static void test_sctp_new_data_waits_for_the_congestion_window(void **state)
{
    (void)state;
    queue(40000);
    solo_drain(s);
    floe_sctp_stats stats = solo_stats(s);
    assert_true(stats.flight >= stats.cwnd && stats.flight < stats.cwnd + PACKET);
    assert_int_equal(s->out_count, 10);
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_int_equal(s->out_count, 4); /* slow start: two for each */
}

static void test_sctp_new_data_waits_for_the_peers_window(void **state)
{
    (void)state;
    queue(3 * CHUNK);
    (void)solo_give_sack(s, 0, 2500, NULL, 0);
    assert_int_equal(s->out_count, 2);
    (void)solo_give_sack(s, 1, 2500, NULL, 0);
    assert_int_equal(s->out_count, 1);
}

static void test_sctp_unordered_messages_do_not_count(void **state)
{
    (void)state;
    queue(10);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 1, .is_unordered = true}, 10),
                     FLOE_OK);
    queue(10);
    solo_drain(s);
    assert_int_equal(solo_data(s, 0).ssn, 0);
    assert_true((solo_data(s, 1).flags & FLOE_SCTP_FLAG_UNORDERED) != 0);
    assert_int_equal(solo_data(s, 2).ssn, 1);
}

static void test_sctp_timeout_sends_one_packet_and_backs_off(void **state)
{
    (void)state;
    queue(10000);
    solo_drain(s);
    assert_int_equal(s->out_count, 9);
    floe_time before = s->now;
    solo_timeout(s);
    assert_int_equal(s->now - before, 200 * FLOE_MS); /* 50 ms and four times little: the minimum */
    assert_int_equal(s->out_count, 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
    assert_true((solo_data(s, 0).flags & FLOE_SCTP_FLAG_IMMEDIATE) != 0);
    before = s->now;
    solo_timeout(s);
    assert_int_equal(s->now - before, 400 * FLOE_MS);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(solo_stats(s).timeouts, 2);
    assert_int_equal(solo_stats(s).cwnd, PACKET - 12);
}

static void test_sctp_after_a_timeout_the_rest_follows_as_it_is_acknowledged(void **state)
{
    (void)state;
    queue(10000);
    solo_drain(s);
    solo_timeout(s);
    s->now += SOLO_RTT; /* sooner, and it would be an answer to what was sent first */
    (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
    assert_int_equal(s->out_count, 2); /* slow start again */
    assert_int_equal(solo_data(s, 0).tsn, s->tsn + 1);
    (void)solo_give_sack(s, 9, 1 << 20, NULL, 0);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
}

static void test_sctp_timeouts_go_on_for_ever_by_default(void **state)
{
    (void)state;
    queue(10);
    solo_drain(s);
    for (int i = 0; i < 100; i++) {
        floe_time before = s->now;
        solo_timeout(s);
        assert_true(s->now - before <= 10 * FLOE_SECOND);
    }
    assert_int_equal(floe_sctp_assoc_get_state(&s->assoc), FLOE_SCTP_ESTABLISHED);
}

static void five_retries(floe_sctp_config *config)
{
    config->data_retries = 5;
    config->heartbeat_ms = UINT32_MAX;
}

static void test_sctp_timeouts_end_the_association_where_they_are_limited(void **state)
{
    (void)state;
    solo_init(s, five_retries);
    solo_connect(s, 1 << 20);
    queue(10);
    solo_drain(s);
    for (int i = 0; i < 5; i++) {
        solo_timeout(s);
        assert_int_equal(chunks(), 1);
    }
    solo_timeout(s);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_first_probe_of_a_closed_window_comes_after_a_timeout(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 0, NULL, 0);
    queue(1000);
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
    floe_time before = s->now;
    solo_timeout(s);
    assert_int_equal(s->now - before, 200 * FLOE_MS);
    assert_int_equal(chunks(), 1);
    uint32_t cwnd = solo_stats(s).cwnd;
    for (uint32_t wait = 200; wait <= 6400; wait *= 2) {
        before = s->now;
        solo_timeout(s);
        assert_int_equal(s->now - before, wait * FLOE_MS);
        assert_int_equal(chunks(), 1);
        (void)solo_give_sack(s, 0, 0, NULL, 0); /* it is still there, and still full */
    }
    assert_int_equal(solo_stats(s).cwnd, cwnd); /* RFC 9260 section 6.1 A */
}

static void test_sctp_probe_goes_out_again_at_once_when_the_window_opens(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 0, NULL, 0);
    queue(1000);
    queue(1000);
    solo_drain(s);
    for (int i = 0; i < 6; i++) {
        solo_timeout(s);
    }
    (void)solo_give_sack(s, 0, 100000, NULL, 0);
    assert_int_equal(chunks(), 2);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) - s->now <= 500 * FLOE_MS);
}

static void test_sctp_window_too_small_for_the_next_chunk_does_not_stop_everything(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 10, NULL, 0);
    queue(1000);
    queue(1000);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
}

static void retries(floe_sctp_send *message, uint32_t count)
{
    message->stream = 1;
    message->has_max_retransmits = true;
    message->max_retransmits = count;
}

static void test_sctp_message_without_retransmissions_is_given_up_at_the_first_loss(void **state)
{
    (void)state;
    /* usrsctp#584: zero was taken for no limit. */
    floe_sctp_send message = {0};
    retries(&message, 0);
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
    solo_timeout(s);
    assert_int_equal(chunks(), 0);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), s->tsn);
    assert_memory_equal(chunk.value.ptr + 4, "\0\1\0\0", 4);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
}

static void test_sctp_message_is_retransmitted_as_often_as_it_may_be(void **state)
{
    (void)state;
    floe_sctp_send message = {0};
    retries(&message, 2);
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    for (int i = 0; i < 2; i++) {
        solo_timeout(s);
        assert_int_equal(chunks(), 1);
    }
    solo_timeout(s);
    assert_int_equal(chunks(), 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
}

static void test_sctp_forward_tsn_is_repeated_until_it_is_acknowledged(void **state)
{
    (void)state;
    floe_sctp_send message = {0};
    retries(&message, 0);
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    for (int i = 0; i < 5; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    }
    (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
    assert_int_equal(s->out_count, 0);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) > s->now + 20 * FLOE_SECOND);
}

static void test_sctp_expired_message_that_was_never_sent_takes_no_number(void **state)
{
    (void)state;
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .lifetime_ms = 100};
    queue(40000); /* keeps it waiting */
    solo_drain(s);
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 40100);
    s->now += 100 * FLOE_MS;
    floe_sctp_assoc_advance(&s->assoc, s->now);
    (void)solo_give_sack(s, 10, 1 << 20, NULL, 0);
    queue(200);
    while (solo_stats(s).buffered > 0) {
        (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, 1 << 20, NULL, 0);
        for (uint32_t i = 0; i < chunks(); i++) {
            assert_int_not_equal(solo_data(s, i).payload.len, 100);
            assert_true(solo_data(s, i).payload.len != 200 || solo_data(s, i).ssn == 1);
        }
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 0);
    }
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
}

static void test_sctp_message_expires_in_the_queue_by_itself(void **state)
{
    (void)state;
    (void)solo_give_sack(s, 0, 0, NULL, 0); /* closed window: nothing can go */
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .lifetime_ms = 50};
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 50 * FLOE_MS);
    solo_advance(s, 50 * FLOE_MS);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
    (void)solo_expect(s, FLOE_SCTP_EV_BUFFERED_LOW);
}

static void test_sctp_message_without_a_lifetime_is_sent_if_it_can_go_at_once(void **state)
{
    (void)state;
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .lifetime_ms = 0};
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
    solo_timeout(s);
    assert_int_equal(chunks(), 0); /* and not again */
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
}

static void test_sctp_message_that_expires_in_flight_is_not_sent_again(void **state)
{
    (void)state;
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .lifetime_ms = 100};
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
    solo_timeout(s);
    assert_int_equal(chunks(), 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
}

static void test_sctp_half_sent_message_that_expires_is_ended_by_a_forward_tsn(void **state)
{
    (void)state;
    /* pion#104: the peer aborts when FORWARD TSN stops in the middle of a message. */
    floe_sctp_send message = {.stream = 1, .has_lifetime = true, .lifetime_ms = 100};
    assert_int_equal(solo_send_with(s, message, 30000), FLOE_OK);
    solo_drain(s);
    uint32_t sent = chunks();
    assert_int_equal(sent, 10);
    s->now += 100 * FLOE_MS;
    (void)solo_give_sack(s, sent, 1 << 20, NULL, 0); /* all that was sent has arrived */
    assert_int_equal(chunks(), 0);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    assert_int_equal(floe_load_u32(chunk.value.ptr), s->tsn + sent); /* one more */
    assert_memory_equal(chunk.value.ptr + 4, "\0\1\0\0", 4);
    queue(10);
    solo_drain(s);
    assert_int_equal(solo_data(s, 0).ssn, 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn + sent + 1);
}

static void without_forward_tsn(void)
{
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    s->tag = s->assoc.local_tag;
    s->tsn = s->assoc.local_tsn;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_INIT_ACK, 0,
                        "11223344 00010000 0400 0400 fffffff0 0007000861626364");
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, "");
}

static void test_sctp_peer_without_forward_tsn_gets_what_has_a_number_reliably(void **state)
{
    (void)state;
    without_forward_tsn();
    floe_sctp_send message = {0};
    retries(&message, 0);
    message.has_lifetime = true;
    message.lifetime_ms = 10;
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
    for (int i = 0; i < 3; i++) {
        solo_timeout(s);
        assert_int_equal(chunks(), 1);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 0);
    }
}

static void test_sctp_message_for_a_stream_that_the_peer_does_not_have_is_given_up(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5000}, 10), FLOE_OK);
    assert_int_equal(solo_send(s, 20), FLOE_OK);
    solo_connect(s, 1 << 20);
    solo_drain(s);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 5000), 0);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 1024}, 10), FLOE_E_ARG);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 1023}, 10), FLOE_OK);
}

static void test_sctp_idle_sender_begins_with_a_smaller_window(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) { /* grow it */
        queue(20000);
        solo_drain(s);
        while (solo_stats(s).buffered > 0) {
            (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, 1 << 20, NULL, 0);
        }
    }
    uint32_t cwnd = solo_stats(s).cwnd;
    assert_true(cwnd > 20 * PACKET);
    s->now += 10 * FLOE_SECOND;
    floe_sctp_assoc_advance(&s->assoc, s->now);
    queue(10);
    solo_drain(s);
    assert_int_equal(solo_stats(s).cwnd, 4 * (PACKET - 12));
    assert_true(solo_stats(s).ssthresh >= cwnd);
}

static void test_sctp_ring_of_chunks_in_flight_limits_what_is_sent(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++) {
        queue(1);
    }
    solo_drain(s);
    assert_int_equal(chunks(), 255); /* of 256 entries, one is kept */
    (void)solo_give_sack(s, 255, 1 << 20, NULL, 0);
    assert_int_equal(chunks(), 145);
}

static void test_sctp_path_change_repeats_the_packet_that_is_waited_for(void **state)
{
    (void)state;
    solo_init(s, NULL);
    solo_to_cookie_wait(s);
    for (int i = 0; i < 3; i++) {
        solo_timeout(s);
    }
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_INIT), 1);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 500 * FLOE_MS);
    solo_init(s, NULL);
    solo_to_cookie_echoed(s);
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ECHO), 1);
    solo_establish(s);
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_OK);
    solo_drain(s);
    for (int i = 0; i < 3; i++) {
        solo_timeout(s);
    }
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN), 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT), 0);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 500 * FLOE_MS);
}

static void test_sctp_path_change_repeats_reset_forward_tsn_and_probe(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, 7), FLOE_OK);
    floe_sctp_send message = {0};
    retries(&message, 0);
    assert_int_equal(solo_send_with(s, message, 100), FLOE_OK);
    solo_drain(s);
    for (int i = 0; i < 6; i++) {
        solo_timeout(s);
    }
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_RE_CONFIG), 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    (void)solo_give_sack(s, 1, 0, NULL, 0); /* and the window is closed */
    queue(10);
    solo_drain(s);
    assert_int_equal(chunks(), 0);
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(chunks(), 1);
}

static void test_sctp_path_change_starts_over_and_tries_at_once(void **state)
{
    (void)state;
    queue(10000);
    solo_drain(s);
    for (int i = 0; i < 6; i++) {
        solo_timeout(s);
    }
    assert_true(solo_stats(s).rto_us >= 6400000);
    s->now += FLOE_MS;
    floe_sctp_assoc_path_changed(&s->assoc, s->now);
    solo_drain(s);
    assert_int_equal(chunks(), 9);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT), 1);
    floe_sctp_stats stats = solo_stats(s);
    assert_int_equal(stats.cwnd, 10 * (PACKET - 12));
    assert_int_equal(stats.rto_us, 500000);
    assert_int_equal(stats.srtt_us, 0);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 500 * FLOE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_small_messages_share_a_packet, set_up),
        cmocka_unit_test_setup(test_sctp_large_message_makes_full_packets_in_a_row, set_up),
        cmocka_unit_test_setup(test_sctp_message_that_fits_a_packet_is_not_cut_to_fill_another,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_message_that_needs_fragments_begins_in_the_packet_that_is_open, set_up),
        cmocka_unit_test_setup(test_sctp_new_data_waits_for_the_congestion_window, set_up),
        cmocka_unit_test_setup(test_sctp_new_data_waits_for_the_peers_window, set_up),
        cmocka_unit_test_setup(test_sctp_unordered_messages_do_not_count, set_up),
        cmocka_unit_test_setup(test_sctp_timeout_sends_one_packet_and_backs_off, set_up),
        cmocka_unit_test_setup(test_sctp_after_a_timeout_the_rest_follows_as_it_is_acknowledged,
                               set_up),
        cmocka_unit_test_setup(test_sctp_timeouts_go_on_for_ever_by_default, set_up),
        cmocka_unit_test_setup(test_sctp_timeouts_end_the_association_where_they_are_limited,
                               set_up),
        cmocka_unit_test_setup(test_sctp_first_probe_of_a_closed_window_comes_after_a_timeout,
                               set_up),
        cmocka_unit_test_setup(test_sctp_probe_goes_out_again_at_once_when_the_window_opens,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_window_too_small_for_the_next_chunk_does_not_stop_everything, set_up),
        cmocka_unit_test_setup(
            test_sctp_message_without_retransmissions_is_given_up_at_the_first_loss, set_up),
        cmocka_unit_test_setup(test_sctp_message_is_retransmitted_as_often_as_it_may_be, set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_is_repeated_until_it_is_acknowledged, set_up),
        cmocka_unit_test_setup(test_sctp_expired_message_that_was_never_sent_takes_no_number,
                               set_up),
        cmocka_unit_test_setup(test_sctp_message_expires_in_the_queue_by_itself, set_up),
        cmocka_unit_test_setup(test_sctp_message_that_expires_in_flight_is_not_sent_again, set_up),
        cmocka_unit_test_setup(test_sctp_message_without_a_lifetime_is_sent_if_it_can_go_at_once,
                               set_up),
        cmocka_unit_test_setup(test_sctp_half_sent_message_that_expires_is_ended_by_a_forward_tsn,
                               set_up),
        cmocka_unit_test_setup(test_sctp_peer_without_forward_tsn_gets_what_has_a_number_reliably,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_message_for_a_stream_that_the_peer_does_not_have_is_given_up, set_up),
        cmocka_unit_test_setup(test_sctp_idle_sender_begins_with_a_smaller_window, set_up),
        cmocka_unit_test_setup(test_sctp_ring_of_chunks_in_flight_limits_what_is_sent, set_up),
        cmocka_unit_test_setup(test_sctp_path_change_repeats_the_packet_that_is_waited_for, set_up),
        cmocka_unit_test_setup(test_sctp_path_change_repeats_reset_forward_tsn_and_probe, set_up),
        cmocka_unit_test_setup(test_sctp_path_change_starts_over_and_tries_at_once, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
