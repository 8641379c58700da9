/* Tests of sctp/sctp_input.c: which packets and chunks are let in (RFC 9260
 * sections 3.2, 8.4, 8.5). */
#include "support/hex.h"
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

static floe_sctp_state state_of(void)
{
    return floe_sctp_assoc_get_state(&s->assoc);
}

static floe_err give_one(uint32_t tag, uint8_t type, uint8_t flags)
{
    static const uint8_t value[16] = {0};
    solo_begin(s, tag);
    size_t len = type == FLOE_SCTP_CHUNK_SHUTDOWN ? 4 : type == FLOE_SCTP_CHUNK_DATA ? 13 : 0;
    floe_sctp_chunk_put(&s->w, type, flags, (floe_bytes){value, len});
    return solo_give(s);
}

static void test_sctp_packet_with_a_wrong_checksum_is_dropped(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    floe_sctp_packet_end(&s->w);
    s->in[30] ^= 1;
    floe_err err = floe_sctp_assoc_input(&s->assoc, s->now, floe_writer_view(&s->w));
    assert_int_equal(err, FLOE_E_AUTH);
    assert_int_equal(solo_stats(s).dropped_checksum, 1);
    assert_int_equal(solo_stats(s).dropped_tag, 0);
    assert_int_equal(solo_read(s), 0);
}

static void test_sctp_packet_of_a_few_bytes_is_dropped(void **state)
{
    (void)state;
    floe_err err = floe_sctp_assoc_input(&s->assoc, s->now, (floe_bytes){s->in, 11});
    assert_int_equal(err, FLOE_E_MALFORMED);
    err = floe_sctp_assoc_input(&s->assoc, s->now, (floe_bytes){NULL, 0});
    assert_int_equal(err, FLOE_E_MALFORMED);
    assert_int_equal(solo_stats(s).dropped_malformed, 2);
}

static void test_sctp_packet_for_other_ports_is_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        s->w = floe_writer_begin(s->in, sizeof s->in);
        floe_sctp_packet_begin(&s->w, i == 0 ? 5000 : 5001, i == 0 ? 5001 : 5000, s->tag);
        solo_put_data(s, 0, WHOLE, 1, 0, 10);
        assert_int_equal(solo_give(s), FLOE_E_UNKNOWN);
    }
    assert_int_equal(solo_read(s), 0);
}

static void test_sctp_packet_with_a_wrong_tag_is_dropped(void **state)
{
    (void)state;
    static const uint8_t types[] = {FLOE_SCTP_CHUNK_DATA,       FLOE_SCTP_CHUNK_ABORT,
                                    FLOE_SCTP_CHUNK_SHUTDOWN,   FLOE_SCTP_CHUNK_SHUTDOWN_ACK,
                                    FLOE_SCTP_CHUNK_COOKIE_ACK, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE};
    for (size_t i = 0; i < sizeof types; i++) {
        assert_int_equal(give_one(s->tag + 1, types[i], 0), FLOE_E_AUTH);
        assert_int_equal(give_one(0, types[i], 0), FLOE_E_AUTH);
        assert_int_equal(give_one(SOLO_TAG, types[i], 0), FLOE_E_AUTH);
        assert_int_equal(s->out_count, 0);
        assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
    }
    assert_int_equal(solo_stats(s).dropped_tag, 18);
}

static void test_sctp_abort_needs_our_tag_or_the_peers_own_sent_back(void **state)
{
    (void)state;
    /* dcSCTP d677978: rules of the T bit. */
    assert_int_equal(give_one(s->tag, FLOE_SCTP_CHUNK_ABORT, 1), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(give_one(SOLO_TAG, FLOE_SCTP_CHUNK_ABORT, 0), FLOE_E_AUTH);
    assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(give_one(SOLO_TAG, FLOE_SCTP_CHUNK_ABORT, 1), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_CLOSED);
    solo_establish(s);
    assert_int_equal(give_one(s->tag, FLOE_SCTP_CHUNK_ABORT, 0), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_CLOSED);
}

static void test_sctp_reflected_tag_opens_the_door_for_nothing_but_the_end(void **state)
{
    (void)state;
    /* A DATA chunk whose E flag is where an ABORT has its T bit. */
    assert_int_equal(give_one(SOLO_TAG, FLOE_SCTP_CHUNK_DATA, 3), FLOE_E_AUTH);
    solo_begin(s, SOLO_TAG);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 1, (floe_bytes){NULL, 0});
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(state_of(), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_shutdown_complete_may_be_reflected(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    floe_sctp_shutdown_put(&s->w, s->tsn - 1);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_ACK_SENT);
    assert_int_equal(give_one(s->tag, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 1), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_SHUTDOWN_ACK_SENT);
    assert_int_equal(give_one(SOLO_TAG, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 1), FLOE_OK);
    assert_int_equal(state_of(), FLOE_SCTP_CLOSED);
}

static void test_sctp_unknown_chunks_go_by_their_upper_bits(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        bool is_skipped, is_reported;
    } rows[] = {{0x0F, false, false}, {0x40, false, true}, {0x81, true, false}, {0xC2, true, true}};
    for (uint32_t i = 0; i < 4; i++) {
        solo_begin(s, s->tag);
        floe_sctp_chunk_put(&s->w, rows[i].type, 0x55, FLOE_LIT("abcd"));
        solo_put_data(s, i, WHOLE | FLOE_SCTP_FLAG_IMMEDIATE, 1, 0, 10);
        assert_int_equal(solo_give(s), FLOE_OK);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SACK), rows[i].is_skipped);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ERROR), rows[i].is_reported);
        if (rows[i].is_reported) {
            floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
            assert_memory_equal(chunk.value.ptr, "\0\6\0\x0c", 4);
            assert_int_equal(chunk.value.ptr[4], rows[i].type);
            assert_memory_equal(chunk.value.ptr + 5,
                                "\x55\0\x08"
                                "abcd",
                                7);
        }
    }
}

static void test_sctp_interleaved_data_is_unknown_as_it_was_not_agreed_on(void **state)
{
    (void)state;
    /* dcSCTP 8609f90: DATA and I-DATA were both taken, whatever had been negotiated. */
    (void)solo_give_hex(s, 0x40, 3, "fffffff0 0001 0000 00000000 00000035 61626364");
    assert_int_equal(solo_read(s), 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ERROR), 1);
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_unknown_chunk_too_large_to_be_reported_is_dropped(void **state)
{
    (void)state;
    static const uint8_t zeros[1000];
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, 0xFF, 0, (floe_bytes){zeros, sizeof zeros});
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_padding_chunk_says_nothing(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_PAD, 0, FLOE_LIT("padding"));
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_chunks_that_are_too_short_are_dropped_one_by_one(void **state)
{
    (void)state;
    /* aiortc 2026-07: short chunks, odd padding, lengths of zero. */
    for (int type = 0; type < 256; type++) {
        for (size_t len = 0; len < 20; len++) {
            static const uint8_t zeros[20];
            solo_establish(s);
            solo_begin(s, s->tag);
            floe_sctp_chunk_put(&s->w, (uint8_t)type, 0, (floe_bytes){zeros, len});
            (void)solo_give(s);
            solo_begin(s, 0);
            floe_sctp_chunk_put(&s->w, (uint8_t)type, 0, (floe_bytes){zeros, len});
            (void)solo_give(s);
        }
    }
}

static void test_sctp_packet_of_many_chunks_is_read_to_its_end(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    for (int i = 0; i < 250; i++) {
        floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, (floe_bytes){NULL, 0});
    }
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_init_among_other_chunks_is_dropped(void **state)
{
    (void)state;
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, (floe_bytes){NULL, 0});
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, 9);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0, FLOE_LIT("cookie"));
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(s->out_count, 0);
}

/* --- out of the blue --- */

static void test_sctp_stray_packet_is_answered_with_its_own_tag(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(give_one(77, FLOE_SCTP_CHUNK_DATA, 3), FLOE_E_UNKNOWN);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    assert_int_equal(chunk.flags, FLOE_SCTP_FLAG_REFLECTED);
    assert_int_equal(solo_tag_of(s, 0), 77);
    assert_int_equal(state_of(), FLOE_SCTP_CLOSED);
}

static void test_sctp_stray_shutdown_ack_is_answered_with_shutdown_complete(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(give_one(77, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0), FLOE_E_UNKNOWN);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0);
    assert_int_equal(chunk.flags, FLOE_SCTP_FLAG_REFLECTED);
    assert_int_equal(solo_tag_of(s, 0), 77);
}

static void test_sctp_stray_shutdown_ack_while_setting_up_is_of_an_earlier_association(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    assert_int_equal(give_one(77, FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0), FLOE_E_UNKNOWN);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE), 1);
    assert_int_equal(state_of(), FLOE_SCTP_COOKIE_WAIT);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) != FLOE_TIME_NEVER); /* T1 runs on */
}

static void test_sctp_stray_packets_that_must_not_be_answered_are_not(void **state)
{
    (void)state;
    static const uint8_t types[] = {FLOE_SCTP_CHUNK_ABORT, FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE,
                                    FLOE_SCTP_CHUNK_COOKIE_ACK, FLOE_SCTP_CHUNK_ERROR};
    solo_init(s, NULL);
    for (size_t i = 0; i < sizeof types; i++) {
        assert_int_equal(give_one(77, types[i], 0), FLOE_E_UNKNOWN);
        assert_int_equal(s->out_count, 0);
    }
    solo_begin(s, 77); /* not even where the ABORT comes second */
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_ABORT, 0, (floe_bytes){NULL, 0});
    assert_int_equal(solo_give(s), FLOE_E_UNKNOWN);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_peer_that_missed_our_abort_is_told_again(void **state)
{
    (void)state;
    floe_sctp_assoc_abort(&s->assoc);
    solo_drain(s);
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    assert_int_equal(chunk.flags, FLOE_SCTP_FLAG_REFLECTED);
    assert_int_equal(solo_tag_of(s, 0), s->tag); /* it has our tag, so it knows it is meant */
}

static void test_sctp_init_after_the_end_is_refused(void **state)
{
    (void)state;
    floe_sctp_assoc_abort(&s->assoc);
    solo_drain(s);
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, 9);
    assert_int_equal(solo_give(s), FLOE_OK);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    assert_int_equal(floe_load_u16(chunk.value.ptr), FLOE_SCTP_ERROR_NO_RESOURCE);
    assert_int_equal(chunk.flags, 0);
    assert_int_equal(solo_tag_of(s, 0), 9);
}

static void test_sctp_time_does_not_go_backwards(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 10), FLOE_OK);
    solo_drain(s);
    s->now += FLOE_SECOND / 10;
    floe_sctp_assoc_advance(&s->assoc, s->now);
    solo_begin(s, s->tag);
    solo_put_data(s, 0, WHOLE, 1, 0, 10);
    floe_sctp_packet_end(&s->w);
    assert_int_equal(floe_sctp_assoc_input(&s->assoc, 5, floe_writer_view(&s->w)), FLOE_OK);
    assert_true(s->assoc.now == s->now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_packet_with_a_wrong_checksum_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_packet_of_a_few_bytes_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_packet_for_other_ports_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_packet_with_a_wrong_tag_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_abort_needs_our_tag_or_the_peers_own_sent_back, set_up),
        cmocka_unit_test_setup(test_sctp_reflected_tag_opens_the_door_for_nothing_but_the_end,
                               set_up),
        cmocka_unit_test_setup(test_sctp_shutdown_complete_may_be_reflected, set_up),
        cmocka_unit_test_setup(test_sctp_unknown_chunks_go_by_their_upper_bits, set_up),
        cmocka_unit_test_setup(test_sctp_interleaved_data_is_unknown_as_it_was_not_agreed_on,
                               set_up),
        cmocka_unit_test_setup(test_sctp_unknown_chunk_too_large_to_be_reported_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_padding_chunk_says_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_chunks_that_are_too_short_are_dropped_one_by_one, set_up),
        cmocka_unit_test_setup(test_sctp_packet_of_many_chunks_is_read_to_its_end, set_up),
        cmocka_unit_test_setup(test_sctp_init_among_other_chunks_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_stray_packet_is_answered_with_its_own_tag, set_up),
        cmocka_unit_test_setup(test_sctp_stray_shutdown_ack_is_answered_with_shutdown_complete,
                               set_up),
        cmocka_unit_test_setup(
            test_sctp_stray_shutdown_ack_while_setting_up_is_of_an_earlier_association, set_up),
        cmocka_unit_test_setup(test_sctp_stray_packets_that_must_not_be_answered_are_not, set_up),
        cmocka_unit_test_setup(test_sctp_peer_that_missed_our_abort_is_told_again, set_up),
        cmocka_unit_test_setup(test_sctp_init_after_the_end_is_refused, set_up),
        cmocka_unit_test_setup(test_sctp_time_does_not_go_backwards, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
