/* Tests of sctp/sctp_receive.c: DATA, FORWARD TSN and SACK, as the association acts on them. */
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
    /* The first DATA is acknowledged at once: over with it. */
    assert_int_equal(solo_give_data(s, 0, WHOLE, 1, 0, 10), FLOE_OK);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SACK), 1);
    assert_int_equal(solo_read(s), 10);
    return 0;
}

static uint32_t sacks(void)
{
    return solo_count(s, FLOE_SCTP_CHUNK_SACK);
}

static void test_sctp_second_packet_is_acknowledged_at_once(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 10);
    assert_int_equal(sacks(), 0);
    (void)solo_give_data(s, 2, WHOLE, 1, 2, 10);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 2);
}

static void test_sctp_single_packet_is_acknowledged_after_the_delay(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 10);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 20 * FLOE_MS);
    solo_advance(s, 19 * FLOE_MS);
    assert_int_equal(sacks(), 0);
    solo_advance(s, FLOE_MS);
    assert_int_equal(sacks(), 1);
    solo_advance(s, FLOE_MS);
    assert_int_equal(s->out_count, 0); /* dcSCTP 82e5143: time alone brought a SACK */
}

static void test_sctp_batch_is_acknowledged_once_at_its_end(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 20; i++) {
        solo_begin(s, s->tag);
        solo_put_data(s, i, WHOLE, 1, (uint16_t)i, 100);
        assert_int_equal(solo_give_part(s), FLOE_OK);
    }
    floe_sctp_assoc_input_end(&s->assoc);
    solo_drain(s);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 20);
}

static void test_sctp_two_chunks_in_a_packet_count_as_one_packet(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    solo_put_data(s, 1, WHOLE, 1, 1, 10);
    solo_put_data(s, 2, WHOLE, 1, 2, 10);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(sacks(), 0);
}

static void test_sctp_immediate_flag_is_obeyed(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, WHOLE | FLOE_SCTP_FLAG_IMMEDIATE, 1, 1, 10);
    assert_int_equal(sacks(), 1);
}

static void test_sctp_gap_is_reported_at_once_until_it_is_filled(void **state)
{
    (void)state;
    (void)solo_give_data(s, 2, WHOLE, 1, 2, 10);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).block_count, 1);
    (void)solo_give_data(s, 3, WHOLE, 1, 3, 10);
    assert_int_equal(sacks(), 1);
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 10); /* fills it */
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).block_count, 0);
    (void)solo_give_data(s, 4, WHOLE, 1, 4, 10);
    assert_int_equal(sacks(), 0);
}

static void test_sctp_duplicate_is_reported_at_once(void **state)
{
    (void)state;
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    floe_sctp_sack sack = solo_sack(s);
    assert_int_equal(sack.dup_count, 1);
    assert_int_equal(floe_load_u32(sack.dups.ptr), SOLO_TSN);
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(solo_stats(s).duplicates, 1);
}

static void test_sctp_acknowledgement_rides_with_data(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 10);
    assert_int_equal(solo_send(s, 10), FLOE_OK);
    solo_drain(s);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(sacks(), 1);
    assert_int_equal(s->out[0].bytes[12], FLOE_SCTP_CHUNK_SACK); /* before the DATA */
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1);
}

static void test_sctp_data_without_payload_ends_the_association(void **state)
{
    (void)state;
    /* pion#471: chunks of nothing but a header cost no window and fill a list. */
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 0);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    assert_int_equal(floe_load_u16(chunk.value.ptr), FLOE_SCTP_ERROR_NO_DATA);
    floe_sctp_event event = solo_expect(s, FLOE_SCTP_EV_CLOSED);
    assert_int_equal(event.cause, FLOE_SCTP_CAUSE_PROTOCOL);
    assert_int_equal(event.value, FLOE_SCTP_ERROR_NO_DATA);
}

static void test_sctp_stream_that_does_not_exist_is_refused_and_acknowledged(void **state)
{
    (void)state;
    /* FreeBSD: a stream number at or above the negotiated count was used as an index. */
    (void)solo_give_data(s, 1, WHOLE, 1024, 0, 10);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_memory_equal(chunk.value.ptr, "\x00\x01\x00\x08\x04\x00\x00\x00", 8);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 1);
    assert_int_equal(solo_read(s), 0);
    (void)solo_give_data(s, 2, WHOLE, 65535, 0, 10);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ERROR), 1);
    (void)solo_give_data(s, 3, WHOLE, 1023, 0, 10);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_streams_beyond_the_table_are_refused(void **state)
{
    (void)state;
    for (uint16_t i = 1; i < FLOE_SCTP_STREAM_MAX; i++) {
        (void)solo_give_data(s, i, WHOLE, (uint16_t)(1 + i), 0, 10);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ERROR), 0);
    }
    (void)solo_give_data(s, FLOE_SCTP_STREAM_MAX, WHOLE, 1000, 0, 10);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ERROR), 1);
    assert_int_equal(solo_stats(s).dropped_full, 1);
}

static void test_sctp_data_outside_of_the_window_is_dropped_and_answered(void **state)
{
    (void)state;
    (void)solo_give_data(s, 100000, WHOLE, 1, 1, 10);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).block_count, 0);
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(solo_stats(s).dropped_full, 1);
}

static void test_sctp_fragments_make_a_message(void **state)
{
    (void)state;
    (void)solo_give_data(s, 1, FLOE_SCTP_FLAG_BEGIN, 1, 1, 1000);
    (void)solo_give_data(s, 2, 0, 1, 1, 1000);
    assert_int_equal(solo_read(s), 0);
    (void)solo_give_data(s, 3, FLOE_SCTP_FLAG_END, 1, 1, 500);
    assert_int_equal(solo_read(s), 2500);
    assert_int_equal(solo_stats(s).messages_received, 2);
    assert_int_equal(solo_stats(s).data_received, 4);
}

static void small_messages(floe_sctp_config *config)
{
    config->message_max = 3000;
}

static void test_sctp_message_over_our_limit_ends_the_association(void **state)
{
    (void)state;
    solo_init(s, small_messages);
    solo_connect(s, 1 << 20);
    for (uint32_t i = 0; i < 3; i++) {
        (void)solo_give_data(s, i, i == 0 ? FLOE_SCTP_FLAG_BEGIN : 0, 1, 0, 1000);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ABORT), 0);
    }
    (void)solo_give_data(s, 3, FLOE_SCTP_FLAG_END, 1, 0, 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ABORT), 1);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_PROTOCOL);
}

static void test_sctp_reader_that_does_not_read_closes_the_window(void **state)
{
    (void)state;
    uint32_t tsn = 1;
    uint32_t last = UINT32_MAX;
    do {
        (void)solo_give_data(s, tsn, WHOLE | FLOE_SCTP_FLAG_IMMEDIATE, 1, (uint16_t)tsn, 1132);
        assert_true(solo_sack(s).rwnd < last || solo_sack(s).rwnd == 0);
        last = solo_sack(s).rwnd;
    } while (solo_sack(s).cum == SOLO_TSN + tsn++);
    assert_int_equal(last, 0);
    assert_true((tsn - 2) * 1132 > sizeof s->recv_buffer / 4 * 3); /* most of the buffer is used */
    /* RFC 9260 section 6.2: what does not fit is dropped, and not acknowledged. */
    assert_int_equal(solo_read(s), 1132);
}

static void test_sctp_window_is_announced_again_when_a_quarter_is_free(void **state)
{
    (void)state;
    uint32_t tsn = 1;
    do {
        (void)solo_give_data(s, tsn, WHOLE | FLOE_SCTP_FLAG_IMMEDIATE, 1, (uint16_t)tsn, 1132);
    } while (solo_sack(s).cum == SOLO_TSN + tsn++);
    uint32_t updates = 0;
    uint32_t reads = 0;
    while (solo_read(s) > 0) {
        reads++;
        solo_drain(s);
        updates += sacks();
    }
    assert_true(reads > 40);
    assert_true(updates >= 3 && updates <= 6); /* neither silence nor silliness */
}

static void test_sctp_closed_window_opens_when_the_last_message_is_read(void **state)
{
    (void)state;
    /* Three messages, and one that is not complete and holds all the rest. */
    uint32_t tsn = 1;
    while (tsn <= 3) {
        (void)solo_give_data(s, tsn, WHOLE, 1, (uint16_t)tsn, 1132);
        tsn++;
    }
    uint8_t flags = FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_IMMEDIATE;
    do {
        (void)solo_give_data(s, tsn++, flags, 1, 4, 300);
        flags = FLOE_SCTP_FLAG_IMMEDIATE;
    } while (solo_sack(s).rwnd > 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(solo_read(s), 1132);
        solo_drain(s);
        assert_int_equal(sacks(), i == 2); /* far less than a quarter, but there is no more */
    }
    assert_true(solo_sack(s).rwnd > 0);
}

static void test_sctp_next_in_sequence_is_taken_when_nothing_can_be_read(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 256);
    (void)state;
    /* rtc#217, webrtc-rs#822: the last fragment did not fit, so the message was never complete, so
     * nothing was ever freed. Fill the buffer with what comes after a hole. */
    uint32_t tsn = 12;
    while (s->assoc.reassembly.arena.free > s->assoc.reassembly.reserve + 1) {
        (void)solo_give_data(s, tsn, WHOLE, 1, (uint16_t)(tsn - 10), 1100);
        if (solo_stats(s).dropped_full > 0) {
            break;
        }
        tsn++;
    }
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(solo_sack(s).rwnd,
                     0); /* what comes out of sequence is kept, as long as it can be */
    assert_true(tsn > 40);
    for (uint32_t i = 1; i <= 11; i++) { /* a message of eleven fragments before it */
        uint8_t flags = i == 1 ? FLOE_SCTP_FLAG_BEGIN : i == 11 ? FLOE_SCTP_FLAG_END : 0;
        (void)solo_give_data(s, i, flags | FLOE_SCTP_FLAG_IMMEDIATE, 1, 1, 1132);
        assert_true((int32_t)(solo_sack(s).cum - (SOLO_TSN + i)) >= 0);
    }
    assert_int_equal(solo_read(s), 11 * 1132);
    /* What made room was not acknowledged any more, so the peer sends it again. */
    assert_true((int32_t)(solo_sack(s).cum - (SOLO_TSN + tsn)) < 0);
}

static void test_sctp_fragments_that_can_never_become_a_message_end_the_association(void **state)
{
    (void)state;
    /* One byte each: the message is not too long, but its pieces do not fit. */
    uint32_t tsn = 1;
    while (floe_sctp_assoc_get_state(&s->assoc) == FLOE_SCTP_ESTABLISHED && tsn < 5000) {
        (void)solo_give_data(s, tsn, tsn == 1 ? FLOE_SCTP_FLAG_BEGIN : 0, 1, 1, 1);
        tsn++;
    }
    assert_true(tsn < 1100);
    floe_sctp_event event = solo_expect(s, FLOE_SCTP_EV_CLOSED);
    assert_int_equal(event.value, FLOE_SCTP_ERROR_NO_RESOURCE);
}

/* FORWARD TSN to SOLO_TSN + tsn, with one pair. */
static void give_forward(uint32_t tsn, int stream, uint16_t ssn)
{
    solo_begin(s, s->tag);
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    floe_writer_put_u32(&s->w, SOLO_TSN + tsn);
    if (stream >= 0) {
        floe_writer_put_u16(&s->w, (uint16_t)stream);
        floe_writer_put_u16(&s->w, ssn);
    }
    floe_sctp_chunk_end(&s->w, begin);
    assert_int_equal(solo_give(s), FLOE_OK);
}

static void test_sctp_forward_tsn_delivers_what_waited(void **state)
{
    (void)state;
    (void)solo_give_data(s, 2, WHOLE, 1, 2, 20);
    assert_int_equal(solo_read(s), 0);
    give_forward(1, 1, 1);
    assert_int_equal(solo_read(s), 20);
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 10); /* too late: a duplicate */
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(solo_sack(s).dup_count, 1);
}

static void test_sctp_forward_tsn_to_the_past_is_answered_and_changes_nothing(void **state)
{
    (void)state;
    give_forward(0, 1, 9);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN);
    (void)solo_give_data(s, 1, WHOLE, 1, 1, 20); /* SSN 1 is still the next */
    assert_int_equal(solo_read(s), 20);
}

static void test_sctp_forward_tsn_that_jumps_half_the_numbers_changes_nothing(void **state)
{
    (void)state;
    /* dcSCTP 3a90a61 */
    give_forward(0x80000000u, -1, 0);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN);
    give_forward(0x7FFFFFFFu, -1, 0);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN);
    give_forward(65537, -1, 0);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN);
    give_forward(65536, -1, 0);
    (void)solo_give_data(s, 65537, WHOLE, 2, 0, 10);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 65537);
}

static void test_sctp_forward_tsn_is_acknowledged_like_data(void **state)
{
    (void)state;
    give_forward(1, 1, 1);
    assert_int_equal(sacks(), 0);
    give_forward(2, 1, 2);
    assert_int_equal(sacks(), 1);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 2);
}

static void test_sctp_forward_tsn_that_was_not_agreed_on_is_an_unknown_chunk(void **state)
{
    (void)state;
    /* dcSCTP 1d395c0 */
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    floe_sctp_init init;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_INIT, 0);
    floe_sctp_init_parse(&init, &chunk);
    s->tag = init.tag;
    s->tsn = init.tsn;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_INIT_ACK, 0,
                        "11223344 00010000 0400 0400 fffffff0 0007000861626364");
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, "");
    give_forward(3, 1, 1);
    chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_int_equal(floe_load_u16(chunk.value.ptr), FLOE_SCTP_ERROR_UNKNOWN_CHUNK);
    assert_int_equal(chunk.value.ptr[4], FLOE_SCTP_CHUNK_FORWARD_TSN);
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_forward_tsn_of_streams_that_do_not_exist_does_no_harm(void **state)
{
    (void)state;
    give_forward(1, 1024, 5);
    give_forward(2, 65535, 5);
    assert_int_equal(solo_sack(s).cum, SOLO_TSN + 2);
    assert_int_equal(s->assoc.streams.count, 1);
}

/* --- SACK --- */

static void send_packets(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(solo_send(s, 1100), FLOE_OK);
    }
    solo_drain(s);
}

static void test_sctp_sack_measures_the_round_trip(void **state)
{
    (void)state;
    send_packets(1);
    assert_int_equal(solo_stats(s).srtt_us, 50000); /* of the handshake */
    s->now += 90 * FLOE_MS;
    (void)solo_give_sack(s, 1, 100000, NULL, 0);
    assert_int_equal(solo_stats(s).srtt_us, 55000);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) > s->now + FLOE_SECOND); /* heartbeat only */
}

static void test_sctp_growth_is_not_saved_up_over_a_pause(void **state)
{
    (void)state;
    s->assoc.cc.algorithm = FLOE_SCTP_CC_NEWRENO;
    s->assoc.cc.ssthresh = 1; /* congestion avoidance */
    send_packets(4);
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_true(s->assoc.cc.partial > 0);
    (void)solo_give_sack(s, 4, 1 << 20, NULL, 0);
    assert_int_equal(s->assoc.cc.partial, 0); /* RFC 9260 section 7.2.2: all is acknowledged */
}

static void test_sctp_three_packets_beyond_a_hole_bring_a_fast_retransmit(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {2, 2, 2, 3, 2, 4};
    send_packets(10);
    s->now += SOLO_RTT;
    (void)solo_give_sack(s, 0, 1 << 20, gaps, 1);
    (void)solo_give_sack(s, 0, 1 << 20, gaps + 2, 1);
    assert_int_equal(solo_stats(s).fast_retransmits, 0);
    uint32_t cwnd = solo_stats(s).cwnd;
    (void)solo_give_sack(s, 0, 1 << 20, gaps + 4, 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
    assert_int_equal(solo_stats(s).fast_retransmits, 1);
    assert_int_equal(solo_stats(s).retransmits, 1);
    assert_int_equal(solo_stats(s).cwnd, cwnd / 20 * 17); /* no queue was seen */
}

static void test_sctp_fast_retransmit_does_not_wait_for_the_window(void **state)
{
    (void)state;
    static const uint16_t gaps[] = {3, 3, 3, 4, 3, 5};
    s->assoc.cc.algorithm = FLOE_SCTP_CC_NEWRENO;
    send_packets(20); /* more than the window takes */
    s->now += SOLO_RTT;
    for (size_t i = 0; i < 6; i += 2) {
        (void)solo_give_sack(s, 0, 1 << 20, gaps + i, 1);
    }
    /* Flight is above the halved window, and yet one packet of the two lost ones goes out. */
    assert_true(solo_stats(s).flight > solo_stats(s).cwnd);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
}

static void test_sctp_old_or_crafted_sack_is_dropped(void **state)
{
    (void)state;
    send_packets(3);
    (void)solo_give_sack(s, 2, 5000, NULL, 0);
    (void)solo_give_sack(s, 1, 9999, NULL, 0); /* overtaken */
    (void)solo_give_sack(s, 4, 9999, NULL, 0); /* of what was never sent */
    assert_int_equal(solo_stats(s).dropped_malformed, 1);
    assert_int_equal(s->assoc.peer_rwnd, 5000);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 1100);
}

static void test_sctp_sack_with_counts_beyond_itself_is_malformed(void **state)
{
    (void)state;
    send_packets(1);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_SACK, 0, "00000000 00010000 ffff 0000 00010001");
    assert_int_equal(solo_stats(s).dropped_malformed, 1);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 1100);
}

static void test_sctp_window_smaller_than_what_is_in_flight_does_not_wrap(void **state)
{
    (void)state;
    /* dcSCTP 45f4861: the difference went below zero, and the window became huge. */
    send_packets(5);
    (void)solo_give_sack(s, 1, 10, NULL, 0);
    assert_int_equal(solo_stats(s).rwnd_remote, 0);
    assert_int_equal(solo_send(s, 1100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_sack_before_the_association_is_open_is_dropped(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    s->tag = s->assoc.local_tag;
    s->tsn = s->assoc.local_tsn;
    (void)solo_give_sack(s, 0, 1000, NULL, 0);
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    (void)solo_give(s);
    (void)solo_give_sack(s, 1, 1000, NULL, 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_second_packet_is_acknowledged_at_once, set_up),
        cmocka_unit_test_setup(test_sctp_single_packet_is_acknowledged_after_the_delay, set_up),
        cmocka_unit_test_setup(test_sctp_batch_is_acknowledged_once_at_its_end, set_up),
        cmocka_unit_test_setup(test_sctp_two_chunks_in_a_packet_count_as_one_packet, set_up),
        cmocka_unit_test_setup(test_sctp_immediate_flag_is_obeyed, set_up),
        cmocka_unit_test_setup(test_sctp_gap_is_reported_at_once_until_it_is_filled, set_up),
        cmocka_unit_test_setup(test_sctp_duplicate_is_reported_at_once, set_up),
        cmocka_unit_test_setup(test_sctp_acknowledgement_rides_with_data, set_up),
        cmocka_unit_test_setup(test_sctp_data_without_payload_ends_the_association, set_up),
        cmocka_unit_test_setup(test_sctp_stream_that_does_not_exist_is_refused_and_acknowledged,
                               set_up),
        cmocka_unit_test_setup(test_sctp_streams_beyond_the_table_are_refused, set_up),
        cmocka_unit_test_setup(test_sctp_data_outside_of_the_window_is_dropped_and_answered,
                               set_up),
        cmocka_unit_test_setup(test_sctp_fragments_make_a_message, set_up),
        cmocka_unit_test_setup(test_sctp_message_over_our_limit_ends_the_association, set_up),
        cmocka_unit_test_setup(test_sctp_reader_that_does_not_read_closes_the_window, set_up),
        cmocka_unit_test_setup(test_sctp_window_is_announced_again_when_a_quarter_is_free, set_up),
        cmocka_unit_test_setup(test_sctp_closed_window_opens_when_the_last_message_is_read, set_up),
        cmocka_unit_test_setup(test_sctp_next_in_sequence_is_taken_when_nothing_can_be_read,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_fragments_that_can_never_become_a_message_end_the_association, set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_delivers_what_waited, set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_to_the_past_is_answered_and_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_that_jumps_half_the_numbers_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_is_acknowledged_like_data, set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_that_was_not_agreed_on_is_an_unknown_chunk,
                               set_up),
        cmocka_unit_test_setup(test_sctp_forward_tsn_of_streams_that_do_not_exist_does_no_harm,
                               set_up),
        cmocka_unit_test_setup(test_sctp_sack_measures_the_round_trip, set_up),
        cmocka_unit_test_setup(test_sctp_growth_is_not_saved_up_over_a_pause, set_up),
        cmocka_unit_test_setup(test_sctp_three_packets_beyond_a_hole_bring_a_fast_retransmit,
                               set_up),
        cmocka_unit_test_setup(test_sctp_fast_retransmit_does_not_wait_for_the_window, set_up),
        cmocka_unit_test_setup(test_sctp_old_or_crafted_sack_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_sack_with_counts_beyond_itself_is_malformed, set_up),
        cmocka_unit_test_setup(test_sctp_window_smaller_than_what_is_in_flight_does_not_wrap,
                               set_up),
        cmocka_unit_test_setup(test_sctp_sack_before_the_association_is_open_is_dropped, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
