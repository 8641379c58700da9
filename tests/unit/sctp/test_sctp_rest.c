/*
 * Tests of sctp/sctp_rest.c: an association whose memory is cleared whenever it says that it holds
 * nothing goes on as if nothing had happened.
 */
#include "sctp/sctp_rest.h"

#include <string.h>

#include "support/sctp_pair.h"
#include "support/unit.h"

#define MESSAGES 400u
#define SIZE     6000u

typedef struct story {
    uint32_t got[2];
    uint32_t rests[2];
    uint32_t torn; /* rests after which chunks had been out of order */
} story;

static bool rest(sctp_pair *pair, int n)
{
    sctp_end *end = &pair->end[n];
    story *s = pair->options.ctx;
    bool had_table = end->assoc.reassembly.has_table;
    if (!floe_sctp_rest_begin(&end->assoc)) {
        return false;
    }
    memset(end->send_buffer, 0, pair->options.send_size);
    memset(end->recv_buffer, 0, pair->options.recv_size);
    memset(end->ring, 0, sizeof end->ring);
    floe_sctp_assoc_check_invariants(&end->assoc);
    if (s != NULL) {
        s->rests[n]++;
        s->torn += had_table;
    }
    return true;
}

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    story *s = pair->options.ctx;
    assert_int_equal(message->ppid, s->got[end]);
    sctp_pair_check(bytes, s->got[end]++);
}

static void send(sctp_pair *pair, int from, uint32_t number, size_t len)
{
    static uint8_t bytes[SIZE];
    sctp_pair_fill(bytes, len, number);
    floe_sctp_send message = {.stream = 3, .ppid = number, .data = {bytes, len}};
    assert_int_equal(sctp_pair_send(pair, from, &message), FLOE_OK);
    sctp_pair_drain(pair);
}

static void test_sctp_rest_now_and_then_changes_nothing_of_what_arrives(void **state)
{
    (void)state;
    story s = {.torn = 0};
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 7,
                                                         .loss = 30,
                                                         .duplicate = 20,
                                                         .reorder = 200,
                                                         .on_message = on_message,
                                                         .ctx = &s});
    sctp_pair_connect(pair);
    sim_random random = sim_random_begin(7, 9);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send(pair, 0, i, 1 + sim_random_below(&random, SIZE));
        send(pair, 1, i, 1 + sim_random_below(&random, SIZE));
        sctp_pair_run_for(pair, sim_random_below(&random, 200 * FLOE_MS));
        (void)rest(pair, 0);
        (void)rest(pair, 1);
    }
    sctp_pair_run_for(pair, 60 * FLOE_SECOND);
    assert_int_equal(s.got[0], MESSAGES);
    assert_int_equal(s.got[1], MESSAGES);
    assert_true(s.rests[0] > 10 && s.rests[1] > 10 && s.torn > 10);
    sctp_pair_free(pair);
}

static void test_sctp_rest_does_not_begin_before_the_association_is_up(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 1});
    assert_false(rest(pair, 0));
    assert_int_equal(floe_sctp_assoc_connect(sctp_pair_assoc(pair, 0)), FLOE_OK);
    sctp_pair_run_for(pair, 25 * FLOE_MS); /* the cookie has come, the answer to it has not */
    assert_int_equal(sctp_pair_assoc(pair, 0)->state, FLOE_SCTP_COOKIE_ECHOED);
    assert_false(rest(pair, 0));
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_true(rest(pair, 0));
    sctp_pair_free(pair);
}

static void test_sctp_rest_waits_for_what_is_not_acknowledged(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 2});
    sctp_pair_connect(pair);
    sctp_pair_run_for(pair, FLOE_SECOND);
    send(pair, 0, 0, 100);
    assert_false(rest(pair, 0));
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_true(rest(pair, 0));
    sctp_pair_free(pair);
}

static void test_sctp_rest_waits_for_who_does_not_read(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 3});
    sctp_pair_connect(pair);
    pair->end[1].is_deaf = true;
    send(pair, 0, 0, 100);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_true(rest(pair, 0));
    assert_false(rest(pair, 1));
    pair->end[1].is_deaf = false;
    sctp_pair_drain(pair);
    assert_true(rest(pair, 1));
    sctp_pair_free(pair);
}

static void test_sctp_rest_waits_for_a_fate_that_is_not_read(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 4});
    floe_sctp_send message = {.stream = 1, .wants_fate = true, .data = FLOE_LIT("text")};
    floe_sctp_fate fate;
    sctp_pair_connect(pair);
    assert_int_equal(sctp_pair_send(pair, 0, &message), FLOE_OK);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_false(rest(pair, 0));
    assert_true(floe_sctp_assoc_poll_fate(sctp_pair_assoc(pair, 0), &fate));
    assert_true(rest(pair, 0));
    sctp_pair_free(pair);
}

static void test_sctp_rest_motion_is_data_either_way_and_no_heartbeat(void **state)
{
    (void)state;
    sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){.seed = 5});
    sctp_pair_connect(pair);
    sctp_pair_run_for(pair, FLOE_SECOND);
    uint32_t before[2];
    for (int n = 0; n < 2; n++) {
        before[n] = floe_sctp_rest_get_motion(sctp_pair_assoc(pair, n));
    }
    sctp_pair_run_for(pair, 100 * FLOE_SECOND);
    assert_int_equal(floe_sctp_rest_get_motion(sctp_pair_assoc(pair, 0)), before[0]);
    send(pair, 0, 0, 100);
    assert_int_not_equal(floe_sctp_rest_get_motion(sctp_pair_assoc(pair, 0)), before[0]);
    assert_int_equal(floe_sctp_rest_get_motion(sctp_pair_assoc(pair, 1)), before[1]);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_not_equal(floe_sctp_rest_get_motion(sctp_pair_assoc(pair, 1)), before[1]);
    sctp_pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_rest_now_and_then_changes_nothing_of_what_arrives),
        cmocka_unit_test(test_sctp_rest_does_not_begin_before_the_association_is_up),
        cmocka_unit_test(test_sctp_rest_waits_for_what_is_not_acknowledged),
        cmocka_unit_test(test_sctp_rest_waits_for_who_does_not_read),
        cmocka_unit_test(test_sctp_rest_waits_for_a_fate_that_is_not_read),
        cmocka_unit_test(test_sctp_rest_motion_is_data_either_way_and_no_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
