/* Tests of sctp/sctp_turns.c: whose turn it is where messages are interleaved, and what is given
 * up. */
#include "sctp/sctp_turns.h"

#include "sctp/sctp_idata.h"
#include "sctp/sctp_parts.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_IDATA

static sctp_solo solo;
static sctp_solo *const s = &solo;

static void use_it(floe_sctp_config *config)
{
    config->interleaving = &solo.interleaving;
}

static int set_up(void **state)
{
    (void)state;
    solo_init(s, use_it);
    s->has_i_data = true;
    solo_connect(s, 1 << 20);
    return 0;
}

static floe_sctp_data i_data(uint32_t n)
{
    floe_sctp_data data;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_I_DATA, n);
    floe_sctp_i_data_parse(&data, &chunk);
    return data;
}

/* Bytes of a stream among the chunks that were sent, the n-th and those before it. */
static size_t bytes_of(uint16_t stream, uint32_t n)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i <= n; i++) {
        floe_sctp_data data = i_data(i);
        bytes += data.stream == stream ? data.payload.len : 0;
    }
    return bytes;
}

static void test_sctp_turns_are_shared_by_weight(void **state)
{
    (void)state;
    s->assoc.cc.cwnd = 100000;
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1, .priority = 100}, 20000);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 2, .priority = 300}, 20000);
    solo_drain(s);
    size_t light = bytes_of(1, 15);
    size_t heavy = bytes_of(2, 15);
    assert_in_range(heavy, 2 * light, 4 * light);
}

static void test_sctp_turns_short_message_goes_before_the_rest_of_a_long_one(void **state)
{
    (void)state;
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 50000);
    solo_drain(s); /* as much as the window takes */
    (void)solo_send_with(s, (floe_sctp_send){.stream = 2}, 10);
    uint32_t sent = s->assoc.outstanding.next_tsn - s->tsn;
    (void)solo_give_sack(s, sent, 1 << 20, NULL, 0);
    assert_true(i_data(0).stream == 2 || i_data(1).stream == 2);
    assert_int_equal(i_data(2).stream, 1);
}

static void test_sctp_turns_messages_of_one_stream_follow_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)solo_send_with(s, (floe_sctp_send){.stream = 1, .is_unordered = i == 1}, 3000);
    }
    solo_drain(s);
    for (uint32_t n = 1; n < solo_count(s, FLOE_SCTP_CHUNK_I_DATA); n++) {
        bool is_end = (i_data(n - 1).flags & FLOE_SCTP_FLAG_END) != 0;
        bool is_begin = (i_data(n).flags & FLOE_SCTP_FLAG_BEGIN) != 0;
        assert_true(is_end == is_begin); /* RFC 8260 §2.2.2 */
    }
}

static void test_sctp_turns_message_given_up_between_those_of_others_ends(void **state)
{
    (void)state;
    floe_sctp_send once = {.stream = 1, .has_max_retransmits = true};
    (void)solo_send_with(s, once, 30000);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 2}, 30000);
    solo_drain(s);
    size_t left = floe_sctp_assoc_get_buffered(&s->assoc, 2);
    solo_timeout(s);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 2), left);
    assert_int_equal(solo_stats(s).messages_abandoned, 1);
    for (uint32_t n = 0; n < solo_count(s, FLOE_SCTP_CHUNK_I_DATA); n++) {
        assert_int_equal(i_data(n).stream, 2);
    }
}

/* A ring that is full has no entry for the end of a message: it is given up later. */
static void test_sctp_turns_full_ring_puts_off_what_needs_an_end(void **state)
{
    (void)state;
    s->assoc.cc.cwnd = 1 << 20;
    for (uint16_t i = 0; i < 100; i++) {
        (void)solo_send_with(s, (floe_sctp_send){.stream = i, .has_lifetime = true}, 600);
    }
    floe_sctp_send brief = {.stream = 100, .has_lifetime = true, .lifetime_ms = 1};
    for (int i = 0; i < 8; i++) {
        brief.stream++;
        (void)solo_send_with(s, brief, 2000);
    }
    solo_drain(s);
    for (int i = 0; i < 20; i++) {
        solo_advance(s, 300 * FLOE_MS);
    }
    assert_true(floe_sctp_outstanding_count(&s->assoc.outstanding) <= 256);
    (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, 1 << 20, NULL, 0);
    assert_int_equal(solo_stats(s).buffered, 0);
}

static void test_sctp_turns_part_that_was_begun_before_agreement_waits_as_others(void **state)
{
    (void)state;
#if FLOE_SCTP_PARTS
    static uint8_t bytes[3000];
    solo_init(s, use_it);
    s->has_i_data = true;
    const floe_sctp_send message = {.stream = 3, .ppid = 53};
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 3000);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &message), FLOE_OK);
    floe_bytes part = {bytes, sizeof bytes};
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, 3, part, false), FLOE_OK);
    solo_connect(s, 1 << 20);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 3), 2999);
    assert_int_equal(s->assoc.sendq.unsent, 0);
    assert_int_equal(solo_send(s, 10), FLOE_OK); /* no other stream has to wait */
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 3}, 10), FLOE_E_AGAIN);
    assert_int_equal(floe_sctp_assoc_abort_message(&s->assoc, 3), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 3), 0);
#endif
}

#if FLOE_SCTP_PARTS
/* Whether there was a WRITABLE among the events. */
static bool is_told(void)
{
    bool is_writable = false;
    floe_sctp_event event;
    solo_drain(s);
    while (floe_sctp_assoc_poll_event(&s->assoc, &event)) {
        is_writable |= event.type == FLOE_SCTP_EV_WRITABLE;
    }
    return is_writable;
}
#endif

/* Who waits for the end of a message by parts is told then, and not asked again and again. */
static void test_sctp_turns_who_waits_for_a_message_by_parts_is_told_at_its_end(void **state)
{
    (void)state;
#if FLOE_SCTP_PARTS
    static uint8_t bytes[100];
    const floe_sctp_send message = {.stream = 3, .ppid = 53};
    const floe_sctp_send other = {.stream = 4, .ppid = 53};
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &message), FLOE_OK);
    floe_bytes part = {bytes, sizeof bytes};
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, 3, part, false), FLOE_OK);
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &other), FLOE_E_AGAIN);
    assert_false(is_told());
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 3}, 10), FLOE_E_AGAIN);
    (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
    assert_false(is_told());
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, 3, part, true), FLOE_OK);
    assert_true(is_told());
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &other), FLOE_OK);
#endif
}

static void test_sctp_turns_who_waits_for_room_waits_for_no_message_by_parts(void **state)
{
    (void)state;
#if FLOE_SCTP_PARTS
    static uint8_t bytes[100];
    const floe_sctp_send message = {.stream = 3, .ppid = 53};
    assert_int_equal(floe_sctp_assoc_begin_message(&s->assoc, &message), FLOE_OK);
    floe_bytes part = {bytes, sizeof bytes};
    assert_int_equal(floe_sctp_assoc_write(&s->assoc, 3, part, false), FLOE_OK);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 1}, 40000), FLOE_OK);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 2}, 40000), FLOE_E_AGAIN);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 3}, 10), FLOE_E_AGAIN);
    for (int i = 0; i < 20 && floe_sctp_assoc_get_buffered(&s->assoc, 1) > 0; i++) {
        (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, 1 << 20, NULL, 0);
    }
    assert_true(is_told());
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 2}, 40000), FLOE_OK);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_turns_are_shared_by_weight, set_up),
        cmocka_unit_test_setup(test_sctp_turns_short_message_goes_before_the_rest_of_a_long_one,
                               set_up),
        cmocka_unit_test_setup(test_sctp_turns_messages_of_one_stream_follow_each_other, set_up),
        cmocka_unit_test_setup(test_sctp_turns_message_given_up_between_those_of_others_ends,
                               set_up),
        cmocka_unit_test_setup(test_sctp_turns_full_ring_puts_off_what_needs_an_end, set_up),
        cmocka_unit_test_setup(test_sctp_turns_part_that_was_begun_before_agreement_waits_as_others,
                               set_up),
        cmocka_unit_test_setup(test_sctp_turns_who_waits_for_a_message_by_parts_is_told_at_its_end,
                               set_up),
        cmocka_unit_test_setup(test_sctp_turns_who_waits_for_room_waits_for_no_message_by_parts,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
