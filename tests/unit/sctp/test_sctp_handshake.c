/* Tests of sctp/sctp_handshake.c: setting up (RFC 9260 section 5.1); see test_sctp_collision.c too.
 */
#include "sctp/sctp_cookie.h"
#include "support/hex.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_init(s, NULL);
    return 0;
}

static int set_up_established(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

static void test_sctp_init_announces_all_streams_and_both_extensions(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    floe_sctp_init init = solo_init_of(s, FLOE_SCTP_CHUNK_INIT);
    assert_int_equal(init.out_streams, 65535);
    assert_int_equal(init.in_streams, 65535);
    assert_true(init.tag != 0 && init.rwnd >= 1500 && init.rwnd <= sizeof s->recv_buffer);
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(NULL, 0);
    floe_sctp_init_params_parse(&params, init.params, &report);
    assert_true(params.has_forward_tsn && params.has_reconfig);
    assert_int_equal(solo_tag_of(s, 0), 0);
    assert_int_equal(s->out_count, 1);
}

static void test_sctp_init_is_repeated_unchanged_with_tag_zero(void **state)
{
    (void)state;
    /* pion#341: the retransmission carried a tag. */
    solo_to_cookie_wait(s);
    sctp_solo_packet first = s->out[0];
    floe_time before = s->now;
    solo_timeout(s);
    assert_int_equal(s->now - before, 500 * FLOE_MS);
    assert_int_equal(s->out[0].len, first.len);
    assert_memory_equal(s->out[0].bytes, first.bytes, first.len);
    before = s->now;
    solo_timeout(s);
    assert_int_equal(s->now - before, 1000 * FLOE_MS);
    assert_memory_equal(s->out[0].bytes, first.bytes, first.len);
}

static void test_sctp_init_is_given_up_after_the_configured_retries(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    for (int i = 0; i < 10; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_INIT), 1);
    }
    solo_timeout(s);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_TIMEOUT);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == FLOE_TIME_NEVER);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_E_CLOSED);
}

static void test_sctp_cookie_echo_is_repeated_and_given_up(void **state)
{
    (void)state;
    solo_to_cookie_echoed(s);
    for (int i = 0; i < 10; i++) {
        solo_timeout(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ECHO), 1);
        assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    }
    solo_timeout(s);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_init_ack_is_answered_with_its_cookie(void **state)
{
    (void)state;
    solo_to_cookie_echoed(s);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0);
    assert_int_equal(chunk.value.len, 4);
    assert_memory_equal(chunk.value.ptr, "cook", 4);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, ""), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(floe_sctp_assoc_get_streams(&s->assoc), 1024);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    solo_expect_no_event(s);
}

static void test_sctp_init_ack_that_comes_again_is_dropped(void **state)
{
    (void)state;
    solo_to_cookie_echoed(s);
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, 99);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(s->out_count, 0);
    solo_timeout(s);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG); /* not 99 */
}

/* An INIT ACK that cannot be used: what comes back, and the state after. */
static void refuse_init_ack(const char *value, uint16_t cause, floe_sctp_state after)
{
    solo_init(s, NULL);
    solo_to_cookie_wait(s);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_INIT_ACK, 0, value), FLOE_OK);
    assert_int_equal(solo_state(s), after);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
    if (cause != 0) {
        assert_int_equal(solo_tag_of(s, 0), 0x0a);
        assert_int_equal(floe_load_u16(chunk.value.ptr), cause);
        assert_int_equal(chunk.flags, 0);
    } else {
        assert_int_equal(chunk.flags, FLOE_SCTP_FLAG_REFLECTED);
        assert_int_equal(solo_tag_of(s, 0), s->tag);
    }
}

static void test_sctp_init_ack_without_what_is_mandatory_is_answered_with_an_abort(void **state)
{
    (void)state;
    const char *cookie = "0007000861626364";
    char value[200];
    (void)snprintf(value, sizeof value, "00000000 00010000 0001 0001 00000001 %s", cookie);
    refuse_init_ack(value, 0, FLOE_SCTP_CLOSED);
    (void)snprintf(value, sizeof value, "0000000a 000005db 0001 0001 00000001 %s", cookie);
    refuse_init_ack(value, FLOE_SCTP_ERROR_INVALID_PARAM, FLOE_SCTP_COOKIE_WAIT);
    (void)snprintf(value, sizeof value, "0000000a 000005dc 0000 0001 00000001 %s", cookie);
    refuse_init_ack(value, FLOE_SCTP_ERROR_INVALID_PARAM, FLOE_SCTP_CLOSED);
    (void)snprintf(value, sizeof value, "0000000a 000005dc 0001 0000 00000001 %s", cookie);
    refuse_init_ack(value, FLOE_SCTP_ERROR_INVALID_PARAM, FLOE_SCTP_CLOSED);
    refuse_init_ack("0000000a 000005dc 0001 0001 00000001", FLOE_SCTP_ERROR_MISSING_PARAM,
                    FLOE_SCTP_CLOSED);
    (void)snprintf(value, sizeof value, "0000000a 000005dc 0001 0001 00000001 %s 000b000461626364",
                   cookie);
    refuse_init_ack(value, FLOE_SCTP_ERROR_UNRESOLVABLE, FLOE_SCTP_CLOSED);
}

static void test_sctp_init_ack_reports_unknown_parameters_behind_the_cookie_echo(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_INIT_ACK, 0,
                                   "11223344 00010000 0001 0001 00000001 c0f10008aabbccdd "
                                   "0007000861626364"),
                     FLOE_OK);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(s->out[0].bytes[12], FLOE_SCTP_CHUNK_COOKIE_ECHO); /* first */
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_memory_equal(chunk.value.ptr, "\x00\x08\x00\x0c\xc0\xf1\x00\x08\xaa\xbb\xcc\xdd", 12);
}

static void test_sctp_init_in_closed_is_answered_and_changes_nothing(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    assert_true(ack.tag != 0);
    assert_int_equal(ack.out_streams, 1024); /* no more than the peer takes */
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == FLOE_TIME_NEVER);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ACK), 1);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
}

static void test_sctp_init_that_breaks_a_rule_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint16_t cause; /* 0: no answer at all */
    } rows[] = {
        {"00000000 00010000 0001 0001 00000001", 0},
        {"0000000a 000005db 0001 0001 00000001", FLOE_SCTP_ERROR_INVALID_PARAM},
        {"0000000a 00010000 0000 0001 00000001", FLOE_SCTP_ERROR_INVALID_PARAM},
        {"0000000a 00010000 0001 0000 00000001", FLOE_SCTP_ERROR_INVALID_PARAM},
        {"0000000a 00010000 0001 0001 00000001 000b000461626364", FLOE_SCTP_ERROR_UNRESOLVABLE},
    };
    solo_establish(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        solo_begin(s, 0);
        floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_INIT, 0,
                            hex_decode(rows[i].value, bytes, sizeof bytes));
        assert_int_equal(solo_give(s), FLOE_OK);
        assert_int_equal(s->out_count, rows[i].cause != 0);
        if (rows[i].cause != 0) {
            floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ABORT, 0);
            assert_int_equal(floe_load_u16(chunk.value.ptr), rows[i].cause);
            assert_int_equal(solo_tag_of(s, 0), 0x0a);
        }
        assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    }
}

static void test_sctp_init_must_be_alone_and_have_tag_zero(void **state)
{
    (void)state;
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, SOLO_TAG);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, (floe_bytes){NULL, 0});
    assert_int_equal(solo_give(s), FLOE_E_MALFORMED);
    solo_begin(s, 7);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, SOLO_TAG);
    assert_int_equal(solo_give(s), FLOE_E_AUTH);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_init_ack_returns_unknown_parameters_that_ask_for_it(void **state)
{
    (void)state;
    uint8_t bytes[64];
    solo_begin(s, 0);
    floe_sctp_chunk_put(
        &s->w, FLOE_SCTP_CHUNK_INIT, 0,
        hex_decode("0000000a 00010000 0001 0001 00000001 c0f10005aa000000 80f20004 c0000004", bytes,
                   sizeof bytes));
    assert_int_equal(solo_give(s), FLOE_OK);
    floe_bytes params = solo_init_of(s, FLOE_SCTP_CHUNK_INIT_ACK).params;
    floe_sctp_param param;
    uint32_t count = 0;
    while (floe_sctp_param_next(&params, &param)) {
        if (param.type == FLOE_SCTP_PARAM_UNRECOGNIZED) {
            assert_int_equal(param.value.len, 5);
            assert_memory_equal(param.value.ptr, "\xc0\xf1\x00\x05\xaa", 5);
            count++;
        }
    }
    assert_int_equal(count, 1);
}

static void test_sctp_cookie_stays_valid_when_the_init_was_repeated(void **state)
{
    (void)state;
    /* dcSCTP 63e273ad4b: the cookie of the first INIT ACK was worth nothing after the second. */
    uint8_t first[256];
    uint8_t second[256];
    floe_bytes cookie;
    floe_bytes other;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, first, &cookie);
    solo_advance(s, FLOE_SECOND);
    (void)solo_ask(s, SOLO_TAG, second, &other);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_cookie_of_somebody_else_is_dropped_in_silence(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    memory[20] ^= 1;
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_E_AUTH);
    memory[20] ^= 1;
    assert_int_equal(solo_echo(s, ack.tag + 1, cookie),
                     FLOE_E_AUTH); /* the tag has to be the cookie's */
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
}

static void test_sctp_cookie_that_is_too_old_is_answered_with_an_error(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    solo_advance(s, 60 * FLOE_SECOND + 1);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_E_UNKNOWN);
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_int_equal(floe_load_u16(chunk.value.ptr), FLOE_SCTP_ERROR_STALE_COOKIE);
    assert_int_equal(floe_load_u16(chunk.value.ptr + 2), 8);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
}

static void test_sctp_cookie_lives_for_a_minute(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    solo_advance(s, 60 * FLOE_SECOND);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
}

static void test_sctp_stale_cookie_error_begins_again_with_an_init(void **state)
{
    (void)state;
    solo_to_cookie_echoed(s);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_ERROR, 0, "0003000800000000"), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_COOKIE_WAIT);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_INIT), 1);
    floe_sctp_init init = solo_init_of(s, FLOE_SCTP_CHUNK_INIT);
    assert_int_not_equal(init.tag, s->tag); /* to a peer that is established it is a restart */
    assert_int_equal(init.tsn, s->tsn);
    s->tag = init.tag;
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, ""), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_peer_that_finds_each_of_its_cookies_stale_is_given_up(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    uint32_t rounds = 0;
    while (solo_state(s) == FLOE_SCTP_COOKIE_WAIT) {
        rounds++;
        solo_begin(s, s->tag);
        solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
        assert_int_equal(solo_give(s), FLOE_OK);
        assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_ERROR, 0, "0003000800000000"), FLOE_OK);
        s->tag = s->assoc.local_tag;
    }
    assert_int_equal(rounds, 11);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_TIMEOUT);
}

static void test_sctp_stale_cookie_error_in_other_states_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_ERROR, 0, "0003000800000000"), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_data_rides_behind_the_cookie_echo(void **state)
{
    (void)state;
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    assert_int_equal(solo_send(s, 5000), FLOE_OK);
    solo_to_cookie_echoed(s);
    assert_int_equal(s->out_count, 1); /* RFC 9260 section 5.1 C: one packet, no more */
    assert_int_equal(s->out[0].bytes[12], FLOE_SCTP_CHUNK_COOKIE_ECHO);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 2);
    solo_timeout(s); /* the same again */
    assert_int_equal(s->out_count, 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 2);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
}

static void test_sctp_queued_data_is_sent_when_the_cookie_ack_comes(void **state)
{
    (void)state;
    /* dcSCTP 41f335f: queued data waited for the next timer. */
    assert_int_equal(solo_send(s, 5000), FLOE_OK);
    solo_to_cookie_echoed(s);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, ""), FLOE_OK);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 4);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn + 1);
}

static void test_sctp_data_behind_a_cookie_echo_is_received(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    solo_begin(s, ack.tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0, cookie);
    solo_put_data(s, 0, FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END, 1, 0, 10);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_read(s), 10);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(s->out[0].bytes[12], FLOE_SCTP_CHUNK_COOKIE_ACK); /* first */
    assert_int_equal(solo_sack(s).cum, SOLO_TSN);
}

static void test_sctp_cookie_ack_in_other_states_is_dropped(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, ""), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_COOKIE_WAIT);
}

static void test_sctp_cookie_echo_has_a_timeout_of_its_own(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    s->now += 400 * FLOE_MS;
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, solo_stats(s).rto_us);
}

static void test_sctp_round_trip_of_the_handshake_sets_the_first_timeout(void **state)
{
    (void)state;
    solo_to_cookie_wait(s);
    s->now += 100 * FLOE_MS;
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    (void)solo_give(s);
    assert_int_equal(solo_stats(s).srtt_us, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_init_announces_all_streams_and_both_extensions, set_up),
        cmocka_unit_test_setup(test_sctp_init_is_repeated_unchanged_with_tag_zero, set_up),
        cmocka_unit_test_setup(test_sctp_init_is_given_up_after_the_configured_retries, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_echo_is_repeated_and_given_up, set_up),
        cmocka_unit_test_setup(test_sctp_init_ack_is_answered_with_its_cookie, set_up),
        cmocka_unit_test_setup(test_sctp_init_ack_that_comes_again_is_dropped, set_up),
        cmocka_unit_test_setup(
            test_sctp_init_ack_without_what_is_mandatory_is_answered_with_an_abort, set_up),
        cmocka_unit_test_setup(test_sctp_init_ack_reports_unknown_parameters_behind_the_cookie_echo,
                               set_up),
        cmocka_unit_test_setup(test_sctp_init_in_closed_is_answered_and_changes_nothing, set_up),
        cmocka_unit_test_setup(test_sctp_init_that_breaks_a_rule_is_refused_and_changes_nothing,
                               set_up),
        cmocka_unit_test_setup(test_sctp_init_must_be_alone_and_have_tag_zero, set_up),
        cmocka_unit_test_setup(test_sctp_init_ack_returns_unknown_parameters_that_ask_for_it,
                               set_up),
        cmocka_unit_test_setup(test_sctp_cookie_stays_valid_when_the_init_was_repeated, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_of_somebody_else_is_dropped_in_silence, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_that_is_too_old_is_answered_with_an_error, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_lives_for_a_minute, set_up),
        cmocka_unit_test_setup(test_sctp_stale_cookie_error_begins_again_with_an_init, set_up),
        cmocka_unit_test_setup(test_sctp_peer_that_finds_each_of_its_cookies_stale_is_given_up,
                               set_up),
        cmocka_unit_test_setup(test_sctp_stale_cookie_error_in_other_states_is_dropped,
                               set_up_established),
        cmocka_unit_test_setup(test_sctp_data_rides_behind_the_cookie_echo, set_up),
        cmocka_unit_test_setup(test_sctp_queued_data_is_sent_when_the_cookie_ack_comes, set_up),
        cmocka_unit_test_setup(test_sctp_data_behind_a_cookie_echo_is_received, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_ack_in_other_states_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_echo_has_a_timeout_of_its_own, set_up),
        cmocka_unit_test_setup(test_sctp_round_trip_of_the_handshake_sets_the_first_timeout,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
