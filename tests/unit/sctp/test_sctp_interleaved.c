/* Tests of sctp/sctp_interleaved.c: who has I-DATA, and what that does to an association. */
#include "support/hex.h"
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#include "sctp/sctp_idata.h"

#if FLOE_SCTP_IDATA

#define BEGIN FLOE_SCTP_FLAG_BEGIN
#define WHOLE (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)

static sctp_solo solo;
static sctp_solo *const s = &solo;

static void use_it(floe_sctp_config *config)
{
    config->interleaving = &solo.interleaving;
}

static void establish(void (*configure)(floe_sctp_config *config), bool has_i_data)
{
    solo_init(s, configure);
    s->has_i_data = has_i_data;
    solo_connect(s, 1 << 20);
}

static int set_up(void **state)
{
    (void)state;
    establish(use_it, true);
    return 0;
}

static floe_err give_i_data(uint32_t tsn, uint8_t flags, uint16_t stream, uint32_t mid)
{
    floe_sctp_data data = {.tsn = SOLO_TSN + tsn,
                           .ppid = 53,
                           .mid = mid,
                           .fsn = 1,
                           .stream = stream,
                           .flags = flags,
                           .payload = {NULL, 10}};
    solo_begin(s, s->tag);
    memset(floe_sctp_i_data_put(&s->w, &data), 7, 10);
    return solo_give(s);
}

static floe_sctp_data i_data(uint32_t n)
{
    floe_sctp_data data;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_I_DATA, n);
    floe_sctp_i_data_parse(&data, &chunk);
    return data;
}

static bool is_agreed(void)
{
    return floe_sctp_assoc_is_interleaved(&s->assoc);
}

static void expect_violation(void)
{
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ABORT), 1);
    assert_int_equal(s->assoc.cause, FLOE_SCTP_CAUSE_PROTOCOL);
    assert_int_equal(s->assoc.cause_value, FLOE_SCTP_ERROR_PROTOCOL);
    assert_int_equal(solo_read(s), 0);
}

static void test_sctp_interleaving_needs_both_sides(void **state)
{
    (void)state;
    assert_true(is_agreed());
    establish(use_it, false);
    assert_false(is_agreed());
    establish(NULL, true);
    assert_false(is_agreed());
}

static void test_sctp_interleaving_is_agreed_on_by_the_side_that_answers(void **state)
{
    (void)state;
    for (int has = 0; has < 2; has++) {
        uint8_t cookie[256];
        floe_bytes view;
        solo_init(s, use_it);
        s->has_i_data = has == 1;
        floe_sctp_init init = solo_ask(s, SOLO_TAG, cookie, &view);
        assert_int_equal(solo_echo(s, init.tag, view), FLOE_OK);
        assert_int_equal(is_agreed(), has == 1); /* it is in the cookie */
    }
}

static void test_sctp_restart_agrees_on_interleaving_anew(void **state)
{
    (void)state;
    uint8_t cookie[256];
    floe_bytes view;
    (void)solo_send(s, 5000);
    solo_drain(s);
    s->has_i_data = false;
    floe_sctp_init init = solo_ask(s, SOLO_TAG + 1, cookie, &view);
    assert_int_equal(solo_echo(s, init.tag, view), FLOE_OK);
    assert_false(is_agreed());
    assert_int_equal(solo_send(s, 10), FLOE_OK);
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_I_DATA), 0);
}

static void test_sctp_data_where_i_data_was_agreed_on_ends_the_association(void **state)
{
    (void)state; /* dcSCTP 8609f90: both were taken, whatever had been negotiated */
    (void)solo_give_data(s, 0, WHOLE, 1, 0, 10);
    expect_violation();
}

static void test_sctp_i_data_that_was_not_agreed_on_ends_the_association(void **state)
{
    (void)state; /* dcSCTP 8609f90 */
    establish(use_it, false);
    (void)give_i_data(0, WHOLE, 1, 0);
    expect_violation();
}

static void test_sctp_forward_tsn_of_the_other_form_ends_the_association(void **state)
{
    (void)state; /* dcSCTP 1d395c0: taken although it was not negotiated */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_FORWARD_TSN, 0, "fffffff0 0001 0000");
    expect_violation();
    establish(use_it, false);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0, "fffffff0 0001 0000 00000000");
    expect_violation();
}

static void test_sctp_i_data_without_payload_ends_the_association(void **state)
{
    (void)state; /* pion/sctp#471: it took no room of the window, and a place in the queue */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_I_DATA, WHOLE, "fffffff0 0001 0000 00000000 00000035");
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ABORT), 1);
    assert_int_equal(s->assoc.cause_value, FLOE_SCTP_ERROR_NO_DATA);
}

static void test_sctp_peer_that_begins_each_message_and_ends_none_meets_a_limit(void **state)
{
    (void)state;
    uint32_t begun = 0;
    while (!s->assoc.is_over && begun < 65535) {
        (void)give_i_data(begun, BEGIN | FLOE_SCTP_FLAG_UNORDERED, (uint16_t)(begun % 1024),
                          begun / 1024);
        begun++;
    }
    assert_in_range(begun, 100, sizeof s->recv_buffer); /* streams beyond those with state say so */
    assert_true(s->assoc.reassembly.arena.free <= s->assoc.reassembly.arena.count);
    if (begun < 65535) {
        assert_int_equal(s->assoc.cause_value, FLOE_SCTP_ERROR_NO_RESOURCE);
    }
}

static void test_sctp_i_forward_tsn_delivers_what_waited(void **state)
{
    (void)state;
    (void)give_i_data(1, WHOLE, 1, 1);
    (void)give_i_data(2, BEGIN | FLOE_SCTP_FLAG_UNORDERED, 2, 0);
    assert_int_equal(solo_read(s), 0);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0,
                        "fffffff2 0001 0000 00000000 0002 0001 00000000");
    assert_int_equal(solo_read(s), 10);
    assert_int_equal(s->assoc.reassembly.arena.free, s->assoc.reassembly.arena.count);
}

static void test_sctp_i_forward_tsn_jump_of_half_of_all_numbers_is_not_obeyed(void **state)
{
    (void)state; /* dcSCTP 3a90a61 */
    uint32_t cum = s->assoc.tracker.cum;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0, "7fffffef 0001 0000 00000005");
    assert_int_equal(s->assoc.tracker.cum, cum);
    (void)give_i_data(0, WHOLE, 1, 0);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_fragments_of_two_streams_take_turns(void **state)
{
    (void)state;
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 3000);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 2}, 3000);
    solo_drain(s);
    uint32_t count = solo_count(s, FLOE_SCTP_CHUNK_I_DATA);
    uint32_t next[3] = {0};
    uint32_t changes = 0;
    for (uint32_t n = 0; n < count; n++) {
        floe_sctp_data data = i_data(n);
        assert_int_equal(data.tsn, s->tsn + n);
        assert_int_equal(data.fsn, next[data.stream]++);
        assert_int_equal(data.mid, 0);
        changes += n > 0 && data.stream != i_data(n - 1).stream;
    }
    assert_true(next[1] >= 3 && next[2] >= 3 && changes >= 4);
}

static void test_sctp_retransmission_has_the_numbers_of_the_first_time(void **state)
{
    (void)state;
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 5000);
    solo_drain(s);
    floe_sctp_data first = i_data(1);
    const uint16_t gaps[] = {1, 1, 3, 5};
    (void)solo_give_sack(s, 0, 1 << 20, gaps, 2);
    solo_advance(s, SOLO_RTT);
    assert_true(solo_count(s, FLOE_SCTP_CHUNK_I_DATA) > 0);
    assert_int_equal(i_data(0).tsn, first.tsn);
    assert_int_equal(i_data(0).fsn, 1);
    assert_int_equal(i_data(0).mid, first.mid);
}

static void test_sctp_messages_of_each_order_are_counted_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        (void)solo_send_with(s, (floe_sctp_send){.stream = 1, .is_unordered = i % 3 == 0}, 10);
    }
    solo_drain(s);
    static const uint32_t mids[] = {0, 0, 1, 1, 2, 3};
    for (uint32_t n = 0; n < 6; n++) {
        assert_int_equal(i_data(n).mid, mids[n]);
    }
}

static void test_sctp_mid_of_what_is_sent_goes_around(void **state)
{
    (void)state;
    (void)solo_send(s, 10);
    s->interleaving.lanes[0].out_mid[0] = 0xFFFFFFFF;
    (void)solo_send(s, 10);
    solo_drain(s);
    assert_int_equal(i_data(0).mid, 0xFFFFFFFF);
    assert_int_equal(i_data(1).mid, 0);
}

static void test_sctp_messages_that_are_given_up_are_named_by_stream_and_order(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        floe_sctp_send once = {.stream = (uint16_t)(1 + i / 2),
                               .is_unordered = i % 2 == 1,
                               .has_max_retransmits = true};
        (void)solo_send_with(s, once, 10);
    }
    solo_drain(s);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_I_DATA), 4);
    solo_timeout(s);
    floe_sctp_forward forward;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_I_FORWARD_TSN, 0);
    floe_sctp_i_forward_parse(&forward, &chunk);
    assert_int_equal(forward.cum, s->tsn + 3);
    assert_int_equal(forward.streams.len, 4 * FLOE_SCTP_I_FORWARD_ENTRY);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 0);
}

static void test_sctp_reset_begins_both_numbers_with_zero(void **state)
{
    (void)state;
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 10);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1, .is_unordered = true}, 10);
    solo_drain(s);
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, 1), FLOE_OK);
    solo_drain(s);
    solo_begin(s, s->tag);
    uint8_t value[8];
    floe_store_u32(value, s->assoc.reset.request_seq);
    floe_store_u32(value + 4, 1);
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
    floe_sctp_param_put(&s->w, FLOE_SCTP_PARAM_RESET_RESPONSE, (floe_bytes){value, 8});
    floe_sctp_chunk_end(&s->w, begin);
    (void)solo_give(s);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1}, 10);
    (void)solo_send_with(s, (floe_sctp_send){.stream = 1, .is_unordered = true}, 10);
    solo_drain(s);
    assert_int_equal(i_data(0).mid, 0);
    assert_int_equal(i_data(1).mid, 0);
}

/* --- over a link --- */

static floe_time urgent_at;

static void note_urgent(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)end;
    (void)bytes;
    if (message->stream == 2) {
        urgent_at = pair->now;
    }
}

/* How long a message of a hundred bytes takes that is sent while 200,000 are on their way. */
static floe_time delay_of_urgent(bool is_interleaved, uint32_t loss)
{
    urgent_at = 0;
    sctp_pair_options options = {.seed = 7,
                                 .loss = loss,
                                 .reorder = loss,
                                 .is_interleaved = is_interleaved,
                                 .on_message = note_urgent};
    sctp_pair *pair = sctp_pair_new(&options);
    static uint8_t bytes[200000];
    sctp_pair_connect(pair);
    floe_sctp_send large = {.stream = 1, .priority = 128, .data = {bytes, sizeof bytes}};
    floe_sctp_send small = {.stream = 2, .priority = 1024, .data = {bytes, 100}};
    assert_int_equal(sctp_pair_send(pair, 0, &large), FLOE_OK);
    sctp_pair_run_for(pair, 15 * FLOE_MS);
    floe_time sent_at = pair->now;
    assert_int_equal(sctp_pair_send(pair, 0, &small), FLOE_OK);
    sctp_pair_run_for(pair, 20 * FLOE_SECOND);
    assert_true(urgent_at > sent_at);
    assert_int_equal(floe_sctp_assoc_get_buffered(sctp_pair_assoc(pair, 0), 1), 0);
    sctp_pair_free(pair);
    return urgent_at - sent_at;
}

static void test_sctp_urgent_message_passes_a_large_one_that_has_begun(void **state)
{
    (void)state;
    for (uint32_t loss = 0; loss <= 50; loss += 50) {
        floe_time with = delay_of_urgent(true, loss);
        floe_time without = delay_of_urgent(false, loss);
        print_message("loss %u of 1000: %u us with, %u us without interleaving\n", loss,
                      (unsigned)with, (unsigned)without);
        assert_true(with <= 25 * FLOE_MS || loss > 0);
        assert_true(2 * with < without);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_interleaving_needs_both_sides, set_up),
        cmocka_unit_test(test_sctp_interleaving_is_agreed_on_by_the_side_that_answers),
        cmocka_unit_test_setup(test_sctp_restart_agrees_on_interleaving_anew, set_up),
        cmocka_unit_test_setup(test_sctp_data_where_i_data_was_agreed_on_ends_the_association,
                               set_up),
        cmocka_unit_test(test_sctp_i_data_that_was_not_agreed_on_ends_the_association),
        cmocka_unit_test_setup(test_sctp_forward_tsn_of_the_other_form_ends_the_association,
                               set_up),
        cmocka_unit_test_setup(test_sctp_i_data_without_payload_ends_the_association, set_up),
        cmocka_unit_test_setup(test_sctp_peer_that_begins_each_message_and_ends_none_meets_a_limit,
                               set_up),
        cmocka_unit_test_setup(test_sctp_i_forward_tsn_delivers_what_waited, set_up),
        cmocka_unit_test_setup(test_sctp_i_forward_tsn_jump_of_half_of_all_numbers_is_not_obeyed,
                               set_up),
        cmocka_unit_test_setup(test_sctp_fragments_of_two_streams_take_turns, set_up),
        cmocka_unit_test_setup(test_sctp_retransmission_has_the_numbers_of_the_first_time, set_up),
        cmocka_unit_test_setup(test_sctp_messages_of_each_order_are_counted_apart, set_up),
        cmocka_unit_test_setup(test_sctp_mid_of_what_is_sent_goes_around, set_up),
        cmocka_unit_test_setup(test_sctp_messages_that_are_given_up_are_named_by_stream_and_order,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_begins_both_numbers_with_zero, set_up),
        cmocka_unit_test(test_sctp_urgent_message_passes_a_large_one_that_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
