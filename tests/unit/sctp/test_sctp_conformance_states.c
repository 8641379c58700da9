/* What seven chunk types do in each state of an association, one row a state (RFC 9260 sections
 * 4, 5.2, 6, 8.3, 8.5, 9). docs/SCTP.md says which test holds which section. */
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define WHOLE (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)

static sctp_solo solo;
static sctp_solo *const s = &solo;

static void give_shutdown(uint32_t cum)
{
    solo_begin(s, s->tag);
    floe_sctp_shutdown_put(&s->w, cum);
    assert_int_equal(solo_give(s), FLOE_OK);
}

static void shut_down(void)
{
    assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_OK);
    solo_drain(s);
}

static void begin_with_a_message(void)
{
    solo_establish(s);
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    solo_drain(s);
}

/* A new association in this state. */
static void enter(floe_sctp_state state)
{
    switch (state) {
    case FLOE_SCTP_CLOSED:
        solo_init(s, NULL);
        break;
    case FLOE_SCTP_COOKIE_WAIT:
        solo_init(s, NULL);
        solo_to_cookie_wait(s);
        break;
    case FLOE_SCTP_COOKIE_ECHOED:
        solo_init(s, NULL);
        solo_to_cookie_echoed(s);
        break;
    case FLOE_SCTP_ESTABLISHED:
        solo_establish(s);
        break;
    case FLOE_SCTP_SHUTDOWN_PENDING:
        begin_with_a_message();
        shut_down();
        break;
    case FLOE_SCTP_SHUTDOWN_SENT:
        solo_establish(s);
        shut_down();
        break;
    case FLOE_SCTP_SHUTDOWN_RECEIVED:
        begin_with_a_message();
        give_shutdown(s->tsn - 1);
        break;
    case FLOE_SCTP_SHUTDOWN_ACK_SENT:
        solo_establish(s);
        give_shutdown(s->tsn - 1);
        break;
    }
    assert_int_equal(solo_state(s), state);
}

static void give_empty(uint8_t type, uint32_t tag)
{
    solo_begin(s, tag);
    floe_sctp_chunk_put(&s->w, type, 0, (floe_bytes){NULL, 0});
    (void)solo_give(s);
}

static void expect_silence_in(floe_sctp_state state)
{
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_state(s), state);
}

/* An empty chunk with the right tag does nothing in any state but one. */
static void expect_only_in(uint8_t type, floe_sctp_state only)
{
    for (int i = FLOE_SCTP_COOKIE_WAIT; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        floe_sctp_state state = (floe_sctp_state)i;
        enter(state);
        give_empty(type, s->tag);
        if (state == only) {
            assert_int_not_equal(solo_state(s), state);
        } else {
            expect_silence_in(state);
        }
    }
}

static void test_sctp_state_any_ends_with_an_abort_that_is_not_answered(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_COOKIE_WAIT; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        give_empty(FLOE_SCTP_CHUNK_ABORT, s->tag);
        expect_silence_in(FLOE_SCTP_CLOSED);
        assert_int_equal(solo_expect(s, FLOE_SCTP_EV_CLOSED).cause, FLOE_SCTP_CAUSE_ABORTED);
    }
}

static void test_sctp_state_none_ends_with_an_abort_of_another_tag(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_COOKIE_WAIT; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        give_empty(FLOE_SCTP_CHUNK_ABORT, s->tag ^ 1);
        expect_silence_in((floe_sctp_state)i);
    }
}

static void test_sctp_state_cookie_echoed_alone_takes_a_cookie_ack(void **unused)
{
    (void)unused;
    expect_only_in(FLOE_SCTP_CHUNK_COOKIE_ACK, FLOE_SCTP_COOKIE_ECHOED);
}

static void test_sctp_state_shutdown_ack_sent_alone_takes_a_shutdown_complete(void **unused)
{
    (void)unused;
    expect_only_in(FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, FLOE_SCTP_SHUTDOWN_ACK_SENT);
}

static void test_sctp_state_cookie_wait_alone_takes_an_init_ack(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_COOKIE_ECHOED; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        solo_begin(s, s->tag);
        solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG + 1);
        (void)solo_give(s);
        expect_silence_in((floe_sctp_state)i);
    }
}

/* From COOKIE-ECHOED on (where the answer waits for the COOKIE ACK), until this end has sent its
 * part of the shutdown. */
static void test_sctp_state_decides_whether_heartbeats_are_answered(void **unused)
{
    (void)unused;
    static const uint8_t info[] = {0, 1, 0, 8, 1, 2, 3, 4};
    for (int i = FLOE_SCTP_COOKIE_WAIT; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        bool is_answered = i != FLOE_SCTP_COOKIE_WAIT && i != FLOE_SCTP_SHUTDOWN_SENT &&
                           i != FLOE_SCTP_SHUTDOWN_ACK_SENT;
        enter((floe_sctp_state)i);
        (void)solo_give_hex(s, FLOE_SCTP_CHUNK_HEARTBEAT, 0, "00010008 01020304");
        assert_int_equal(solo_state(s), i);
        if (i == FLOE_SCTP_COOKIE_ECHOED) { /* RFC 9260 §5.1 C: nothing before the COOKIE ACK */
            expect_silence_in(FLOE_SCTP_COOKIE_ECHOED);
            give_empty(FLOE_SCTP_CHUNK_COOKIE_ACK, s->tag);
        }
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK), is_answered ? 1 : 0);
        if (is_answered) {
            floe_sctp_chunk ack = solo_chunk(s, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0);
            assert_int_equal(ack.value.len, sizeof info);
            assert_memory_equal(ack.value.ptr, info, sizeof info);
        }
    }
}

/* Before there is a peer, and from those who have said that there is no more. */
static void test_sctp_state_decides_whether_data_is_received_or_thrown_away(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_COOKIE_WAIT; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        bool is_received = i == FLOE_SCTP_ESTABLISHED || i == FLOE_SCTP_SHUTDOWN_PENDING ||
                           i == FLOE_SCTP_SHUTDOWN_SENT;
        enter((floe_sctp_state)i);
        (void)solo_give_data(s, 0, WHOLE | FLOE_SCTP_FLAG_IMMEDIATE, 1, 0, 10);
        assert_int_equal(solo_state(s), i);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SACK), is_received ? 1 : 0);
        assert_int_equal(solo_read(s), is_received ? 10 : 0);
    }
}

static void test_sctp_state_any_of_the_end_refuses_messages(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_SHUTDOWN_PENDING; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        assert_int_equal(solo_send(s, 10), FLOE_E_STATE);
        solo_drain(s);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 0);
    }
}

static void test_sctp_state_after_the_peers_shutdown_sends_none_of_its_own(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_SHUTDOWN_RECEIVED; i <= FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        assert_int_equal(floe_sctp_assoc_shutdown(&s->assoc), FLOE_E_STATE);
        solo_drain(s);
        expect_silence_in((floe_sctp_state)i);
    }
}

static void test_sctp_state_shutdown_ack_sent_answers_an_init_with_shutdown_ack(void **unused)
{
    (void)unused;
    enter(FLOE_SCTP_SHUTDOWN_ACK_SENT);
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, SOLO_TAG + 1);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(s->out_count, 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    assert_int_equal(solo_state(s), FLOE_SCTP_SHUTDOWN_ACK_SENT);
}

static void test_sctp_state_any_other_answers_an_init_and_stays(void **unused)
{
    (void)unused;
    for (int i = FLOE_SCTP_CLOSED; i < FLOE_SCTP_SHUTDOWN_ACK_SENT; i++) {
        enter((floe_sctp_state)i);
        solo_begin(s, 0);
        solo_put_init(s, FLOE_SCTP_CHUNK_INIT, SOLO_TAG + 1);
        assert_int_equal(solo_give(s), FLOE_OK);
        assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_INIT_ACK), 1);
        assert_int_equal(solo_tag_of(s, 0), SOLO_TAG + 1);
        assert_int_equal(solo_state(s), i);
    }
}

static void test_sctp_state_any_that_waits_repeats_at_twice_the_time(void **unused)
{
    (void)unused;
    static const floe_sctp_state waiting[] = {FLOE_SCTP_COOKIE_WAIT, FLOE_SCTP_COOKIE_ECHOED,
                                              FLOE_SCTP_SHUTDOWN_SENT, FLOE_SCTP_SHUTDOWN_ACK_SENT};
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        enter(waiting[i]);
        floe_time first = floe_sctp_assoc_deadline(&s->assoc) - s->now;
        solo_timeout(s);
        assert_int_equal(s->out_count, 1);
        assert_int_equal(floe_sctp_assoc_deadline(&s->assoc) - s->now, 2 * first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_state_any_ends_with_an_abort_that_is_not_answered),
        cmocka_unit_test(test_sctp_state_none_ends_with_an_abort_of_another_tag),
        cmocka_unit_test(test_sctp_state_cookie_echoed_alone_takes_a_cookie_ack),
        cmocka_unit_test(test_sctp_state_shutdown_ack_sent_alone_takes_a_shutdown_complete),
        cmocka_unit_test(test_sctp_state_cookie_wait_alone_takes_an_init_ack),
        cmocka_unit_test(test_sctp_state_decides_whether_heartbeats_are_answered),
        cmocka_unit_test(test_sctp_state_decides_whether_data_is_received_or_thrown_away),
        cmocka_unit_test(test_sctp_state_any_of_the_end_refuses_messages),
        cmocka_unit_test(test_sctp_state_after_the_peers_shutdown_sends_none_of_its_own),
        cmocka_unit_test(test_sctp_state_shutdown_ack_sent_answers_an_init_with_shutdown_ack),
        cmocka_unit_test(test_sctp_state_any_other_answers_an_init_and_stays),
        cmocka_unit_test(test_sctp_state_any_that_waits_repeats_at_twice_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
