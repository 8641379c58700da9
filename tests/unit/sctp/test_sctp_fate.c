/* Tests of sctp/sctp_fate.h: what became of messages whose sender asked, over a link. */
#include "support/sctp_pair.h"
#include "support/unit.h"

static floe_sctp_send make(uint64_t cookie, size_t len)
{
    static const uint8_t bytes[20000];
    return (floe_sctp_send){
        .stream = 1, .wants_fate = true, .cookie = cookie, .data = {bytes, len}};
}

static void send_one(sctp_pair *pair, const floe_sctp_send *message)
{
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), message), FLOE_OK);
    sctp_pair_drain(pair);
}

static floe_sctp_fate take(sctp_pair *pair)
{
    floe_sctp_fate fate;
    assert_true(floe_sctp_assoc_poll_fate(sctp_pair_assoc(pair, 0), &fate));
    return fate;
}

static void check_none(sctp_pair *pair)
{
    floe_sctp_fate fate;
    assert_false(floe_sctp_assoc_poll_fate(sctp_pair_assoc(pair, 0), &fate));
    floe_sctp_assoc_check_invariants(sctp_pair_assoc(pair, 0));
}

static bool lose_data(sctp_pair *pair, int from, floe_bytes packet)
{
    return pair->options.ctx != NULL && from == 0 && packet.len > 500;
}

static void test_a_message_of_many_chunks_is_acked_when_all_of_it_is(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 1});
    sctp_pair_connect(pair);
    floe_time before = pair->now;
    floe_sctp_send message = make(UINT64_MAX - 5, 20000);
    send_one(pair, &message);
    check_none(pair);
    sctp_pair_run_for(pair, FLOE_SECOND);
    floe_sctp_fate fate = take(pair);
    assert_int_equal(fate.outcome, FLOE_SCTP_OUTCOME_ACKED);
    assert_true(fate.cookie == UINT64_MAX - 5 && fate.sent_at == before);
    check_none(pair);
    assert_int_equal(pair->end[0].assoc.sendq.used, 0);
    sctp_pair_free(pair);
}

static void test_a_message_over_its_limit_is_abandoned_sent_or_not(void **state)
{
    (void)state;
    sctp_pair *pair =
        sctp_pair_new(&(sctp_pair_options){.seed = 2, .filter = lose_data, .ctx = &pair});
    sctp_pair_connect(pair);
    floe_sctp_send message = make(1, 15000);
    message.has_lifetime = true;
    message.lifetime_ms = 300;
    send_one(pair, &message);
    message.cookie = 2;
    send_one(pair, &message); /* the window has no room for it */
    sctp_pair_run_for(pair, 5 * FLOE_SECOND);
    floe_sctp_fate first = take(pair);
    floe_sctp_fate second = take(pair);
    assert_int_equal(first.outcome, FLOE_SCTP_OUTCOME_ABANDONED);
    assert_int_equal(second.outcome, FLOE_SCTP_OUTCOME_ABANDONED);
    assert_int_equal(first.cookie + second.cookie, 3);
    assert_true((first.cookie == 1 ? first : second).sent_at != FLOE_TIME_NEVER);
    assert_true((first.cookie == 1 ? second : first).sent_at == FLOE_TIME_NEVER);
    check_none(pair);
    sctp_pair_free(pair);
}

static void test_the_end_of_the_association_leaves_fates_unknown(void **state)
{
    (void)state;
    sctp_pair *pair =
        sctp_pair_new(&(sctp_pair_options){.seed = 3, .filter = lose_data, .ctx = &pair});
    sctp_pair_connect(pair);
    floe_sctp_send message = make(7, 1000);
    send_one(pair, &message);
    floe_sctp_assoc_abort(sctp_pair_assoc(pair, 0));
    floe_sctp_fate fate = take(pair);
    assert_int_equal(fate.outcome, FLOE_SCTP_OUTCOME_UNKNOWN);
    assert_int_equal(fate.cookie, 7);
    assert_true(fate.sent_at != FLOE_TIME_NEVER);
    check_none(pair);
    sctp_pair_free(pair);
}

static void test_a_fate_that_is_not_read_keeps_the_room_and_then_writable_comes(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 4, .send_size = 20000});
    sctp_pair_connect(pair);
    floe_sctp_send message = make(1, 15000);
    send_one(pair, &message);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_E_AGAIN);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_SCTP_EV_WRITABLE], 0);
    assert_int_equal(take(pair).outcome, FLOE_SCTP_OUTCOME_ACKED);
    sctp_pair_drain(pair);
    assert_int_equal(pair->end[0].events[FLOE_SCTP_EV_WRITABLE], 1);
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_OK);
    sctp_pair_free(pair);
}

static void test_a_message_that_does_not_ask_has_no_fate_and_costs_nothing(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 5});
    sctp_pair_connect(pair);
    floe_sctp_send message = make(1, 100);
    message.wants_fate = false;
    assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &message), FLOE_OK);
    assert_int_equal(pair->end[0].assoc.sendq.used, 132);
    sctp_pair_run_for(pair, FLOE_SECOND);
    check_none(pair);
    sctp_pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_of_many_chunks_is_acked_when_all_of_it_is),
        cmocka_unit_test(test_a_message_over_its_limit_is_abandoned_sent_or_not),
        cmocka_unit_test(test_the_end_of_the_association_leaves_fates_unknown),
        cmocka_unit_test(test_a_fate_that_is_not_read_keeps_the_room_and_then_writable_comes),
        cmocka_unit_test(test_a_message_that_does_not_ask_has_no_fate_and_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
