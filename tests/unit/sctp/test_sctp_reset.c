/* Tests of sctp/sctp_reset.c: the streams that we reset (RFC 6525). */
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#include <string.h>

#define WHOLE       (FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END)
#define PERFORMED   1u
#define DENIED      2u
#define WRONG_SSN   3u
#define BUSY        4u
#define BAD_SEQ     5u
#define IN_PROGRESS 6u

static sctp_solo solo;
static sctp_solo *const s = &solo;

static int set_up(void **state)
{
    (void)state;
    solo_establish(s);
    return 0;
}

/* The request in the last step, without its header. */
static floe_bytes request(void)
{
    floe_bytes list = solo_chunk(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0).value;
    floe_sctp_param param;
    assert_true(floe_sctp_param_next(&list, &param));
    assert_int_equal(param.type, FLOE_SCTP_PARAM_RESET_OUTGOING);
    return param.value;
}

static uint32_t reconfigs(void)
{
    return solo_count(s, FLOE_SCTP_CHUNK_RE_CONFIG);
}

static void respond(uint32_t seq, uint32_t result)
{
    uint8_t value[8];
    floe_store_u32(value, seq);
    floe_store_u32(value + 4, result);
    solo_begin(s, s->tag);
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
    floe_sctp_param_put(&s->w, FLOE_SCTP_PARAM_RESET_RESPONSE, (floe_bytes){value, sizeof value});
    floe_sctp_chunk_end(&s->w, begin);
    assert_int_equal(solo_give(s), FLOE_OK);
}

static void use_stream(uint16_t id)
{
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = id}, 10), FLOE_OK);
    solo_drain(s);
    (void)solo_give_sack(s, s->assoc.outstanding.next_tsn - s->tsn, 1 << 20, NULL, 0);
    floe_sctp_event event;
    while (floe_sctp_assoc_poll_event(&s->assoc, &event)) { /* BUFFERED_LOW */
    }
}

static void reset(uint16_t id)
{
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, id), FLOE_OK);
    solo_drain(s);
}

static void test_sctp_reset_request_says_number_tsn_and_stream(void **state)
{
    (void)state;
    use_stream(5);
    reset(5);
    floe_bytes value = request();
    assert_int_equal(value.len, 14);
    assert_int_equal(floe_load_u32(value.ptr), s->tsn);
    assert_int_equal(floe_load_u32(value.ptr + 4), SOLO_TSN - 1);
    assert_int_equal(floe_load_u32(value.ptr + 8), s->tsn);
    assert_int_equal(floe_load_u16(value.ptr + 12), 5);
    respond(s->tsn, PERFORMED);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_RESET_DONE).stream, 5);
    assert_int_equal(s->assoc.streams.count, 0);
}

static void test_sctp_reset_of_a_stream_begins_its_numbers_anew(void **state)
{
    (void)state;
    use_stream(5);
    use_stream(5);
    reset(5);
    respond(s->tsn, PERFORMED);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 10), FLOE_OK);
    solo_drain(s);
    assert_int_equal(solo_data(s, 0).ssn, 0);
}

static void test_sctp_reset_of_a_stream_forgets_its_threshold(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_set_low_threshold(&s->assoc, 5, 1000), FLOE_OK);
    (void)solo_give_data(s, 0, WHOLE, 5, 0, 10); /* keeps the state alive */
    reset(5);
    respond(s->tsn, PERFORMED);
    (void)solo_expect(s, FLOE_SCTP_EV_RESET_DONE);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 2500), FLOE_OK);
    solo_drain(s);
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0); /* less than 250 left */
    solo_expect_no_event(s);
    (void)solo_give_sack(s, 3, 1 << 20, NULL, 0);
    (void)solo_expect(s, FLOE_SCTP_EV_BUFFERED_LOW);
}

static void test_sctp_reset_waits_until_the_stream_has_drained(void **state)
{
    (void)state;
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 3000), FLOE_OK);
    reset(5);
    assert_int_equal(reconfigs(), 0);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 1), FLOE_E_STATE);
    (void)solo_give_sack(s, 2, 1 << 20, NULL, 0);
    assert_int_equal(reconfigs(), 0);
    (void)solo_give_sack(s, 3, 1 << 20, NULL, 0);
    assert_int_equal(reconfigs(), 1);
    assert_int_equal(floe_load_u32(request().ptr + 8), s->tsn + 2);
    assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 1), FLOE_E_STATE);
}

static void test_sctp_reset_of_a_stream_that_was_idle_for_half_of_all_numbers_goes_out(void **state)
{
    (void)state;
    use_stream(5);
    /* So many chunks of other streams have gone since: a few terabytes. */
    floe_sctp_stream *stream = floe_sctp_streams_find(&s->assoc.streams, 5);
    stream->last_tsn -= 0x80000001u;
    reset(5);
    assert_int_equal(reconfigs(), 1);
}

static void test_sctp_reset_waits_until_the_peer_has_passed_what_was_abandoned(void **state)
{
    (void)state;
    floe_sctp_send message = {.stream = 5, .has_max_retransmits = true};
    assert_int_equal(solo_send_with(s, message, 10), FLOE_OK);
    reset(5);
    solo_timeout(s); /* given up: nothing is buffered any more */
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 5), 0);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_FORWARD_TSN), 1);
    assert_int_equal(reconfigs(), 0); /* else a late FORWARD TSN would speak of the new numbers */
    (void)solo_give_sack(s, 1, 1 << 20, NULL, 0);
    assert_int_equal(reconfigs(), 1);
}

static void test_sctp_reset_again_is_the_same_reset(void **state)
{
    (void)state;
    use_stream(5);
    reset(5);
    reset(5);
    assert_int_equal(s->out_count, 0);
    respond(s->tsn, PERFORMED);
    (void)solo_expect(s, FLOE_SCTP_EV_RESET_DONE);
    solo_expect_no_event(s);
}

static void test_sctp_reset_request_is_repeated_unchanged(void **state)
{
    (void)state;
    use_stream(5);
    reset(5);
    sctp_solo_packet first = s->out[0];
    for (int i = 0; i < 5; i++) {
        solo_timeout(s);
        assert_int_equal(s->out[0].len, first.len);
        assert_memory_equal(s->out[0].bytes, first.bytes, first.len);
    }
}

static void test_sctp_reset_in_progress_is_asked_again_with_the_same_number(void **state)
{
    (void)state;
    /* dcSCTP 48af799818, 984973e073: with a new number, both sides waited for ever. */
    static const uint32_t results[] = {IN_PROGRESS, BUSY};
    for (size_t i = 0; i < 2; i++) {
        solo_establish(s);
        use_stream(5);
        reset(5);
        sctp_solo_packet first = s->out[0];
        for (int k = 0; k < 5; k++) {
            respond(s->tsn, results[i]);
            assert_int_equal(s->out_count, 0);
            floe_time before = s->now;
            solo_timeout(s);
            assert_true(s->now - before <= 300 * FLOE_MS); /* no backoff: the peer is there */
            assert_memory_equal(s->out[0].bytes, first.bytes, first.len);
        }
        respond(s->tsn, PERFORMED);
        (void)solo_expect(s, FLOE_SCTP_EV_RESET_DONE);
    }
}

static void test_sctp_reset_that_is_refused_fails_and_the_stream_goes_on(void **state)
{
    (void)state;
    static const uint32_t results[] = {DENIED, WRONG_SSN, BAD_SEQ, 77};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        solo_establish(s);
        use_stream(5);
        reset(5);
        respond(s->tsn, results[i]);
        assert_int_equal(solo_expect(s, FLOE_SCTP_EV_RESET_FAILED).stream, 5);
        assert_int_equal(solo_send_with(s, (floe_sctp_send){.stream = 5}, 10), FLOE_OK);
        solo_drain(s);
        assert_int_equal(solo_data(s, 0).ssn, 1);
    }
}

static void test_sctp_reset_response_with_another_number_is_dropped(void **state)
{
    (void)state;
    use_stream(5);
    reset(5);
    respond(s->tsn + 1, PERFORMED);
    respond(s->tsn - 1, PERFORMED);
    solo_expect_no_event(s);
    respond(s->tsn, PERFORMED);
    respond(s->tsn, PERFORMED); /* twice */
    (void)solo_expect(s, FLOE_SCTP_EV_RESET_DONE);
    solo_expect_no_event(s);
}

static void test_sctp_resets_of_many_streams_share_a_request(void **state)
{
    UNIT_NEEDS(FLOE_SCTP_STREAM_MAX >= 64);
    (void)state;
    for (uint16_t i = 0; i < 20; i++) {
        use_stream(i);
    }
    use_stream(30);
    for (uint16_t i = 0; i < 20; i++) {
        assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, i), FLOE_OK);
    }
    solo_drain(s);
    assert_int_equal(reconfigs(), 1);
    assert_int_equal(request().len, 12 + 40);
    reset(30); /* one request at a time */
    assert_int_equal(reconfigs(), 0);
    respond(s->tsn, PERFORMED);
    assert_int_equal(reconfigs(), 1);
    assert_int_equal(floe_load_u32(request().ptr), s->tsn + 1);
    for (uint16_t i = 0; i < 20; i++) {
        (void)solo_expect(s, FLOE_SCTP_EV_RESET_DONE);
    }
    solo_expect_no_event(s);
}

static void test_sctp_reset_of_a_stream_that_was_never_used_is_made_too(void **state)
{
    (void)state;
    reset(7);
    assert_int_equal(floe_load_u16(request().ptr + 12), 7);
    assert_int_equal(floe_load_u32(request().ptr + 8), s->tsn - 1);
    respond(s->tsn, 0);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_RESET_DONE).stream, 7);
}

static void test_sctp_reset_needs_an_open_association_and_a_stream(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, 1024), FLOE_E_ARG);
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_reset_stream(&s->assoc, 1), FLOE_E_STATE);
}

static void test_sctp_reset_fails_at_once_with_a_peer_that_cannot_do_it(void **state)
{
    (void)state;
    solo_init(s, NULL);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    s->tag = s->assoc.local_tag;
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_INIT_ACK, 0,
                        "11223344 00010000 0400 0400 fffffff0 0007000861626364");
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, "");
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    reset(1);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_expect(s, FLOE_SCTP_EV_RESET_FAILED).stream, 1);
    assert_int_equal(s->assoc.streams.count, 0);
}

typedef struct closing {
    uint32_t next[2]; /* what each end expects to read on stream 1: incarnation and number */
} closing;

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    closing *c = pair->options.ctx;
    uint32_t number;
    (void)message;
    memcpy(&number, bytes.ptr, sizeof number);
    assert_int_equal(number, c->next[end]++);
}

static uint32_t done_wanted;

static bool is_resetting(sctp_pair *pair)
{
    return pair->end[0].events[FLOE_SCTP_EV_RESET_DONE] < done_wanted ||
           pair->end[1].events[FLOE_SCTP_EV_RESET_DONE] < done_wanted ||
           pair->end[0].events[FLOE_SCTP_EV_STREAM_RESET] < done_wanted ||
           pair->end[1].events[FLOE_SCTP_EV_STREAM_RESET] < done_wanted;
}

/* A channel is used, closed from both sides, and used again, on a link that loses: nothing is lost,
 * mixed up, or stuck. */
static void test_sctp_stream_is_reset_and_used_again_on_every_link(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        closing c = {{0, 0}};
        uint32_t sent[2] = {0, 0};
        sctp_pair_options options = {.seed = seed,
                                     .loss = 250,
                                     .duplicate = 100,
                                     .reorder = 300,
                                     .on_message = on_message,
                                     .ctx = &c};
        sctp_pair *pair = sctp_pair_new(&options);
        sctp_pair_connect(pair);
        for (done_wanted = 1; done_wanted <= 6; done_wanted++) {
            for (uint32_t k = 0; k < 20; k++) {
                uint8_t bytes[1500] = {0};
                int from = (int)(k % 2);
                memcpy(bytes, &sent[from], 4);
                floe_sctp_send message = {.stream = 1, .data = {bytes, 4 + seed * k % 1400}};
                assert_int_equal(sctp_pair_send(pair, from, &message), FLOE_OK);
                sent[from]++;
            }
            assert_int_equal(floe_sctp_assoc_reset_stream(sctp_pair_assoc(pair, 0), 1), FLOE_OK);
            sctp_pair_run_for(pair, (seed % 5) * 20 * FLOE_MS);
            assert_int_equal(floe_sctp_assoc_reset_stream(sctp_pair_assoc(pair, 1), 1), FLOE_OK);
            sctp_pair_run_while(pair, is_resetting, 300 * FLOE_SECOND);
            assert_int_equal(c.next[0], sent[1]);
            assert_int_equal(c.next[1], sent[0]);
        }
        for (int n = 0; n < 2; n++) {
            assert_int_equal(pair->end[n].events[FLOE_SCTP_EV_RESET_FAILED], 0);
            assert_int_equal(sctp_pair_assoc(pair, n)->streams.count, 0); /* all state is freed */
        }
        sctp_pair_free(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_reset_request_says_number_tsn_and_stream, set_up),
        cmocka_unit_test_setup(test_sctp_reset_of_a_stream_begins_its_numbers_anew, set_up),
        cmocka_unit_test_setup(test_sctp_reset_of_a_stream_forgets_its_threshold, set_up),
        cmocka_unit_test_setup(test_sctp_reset_waits_until_the_stream_has_drained, set_up),
        cmocka_unit_test_setup(
            test_sctp_reset_of_a_stream_that_was_idle_for_half_of_all_numbers_goes_out, set_up),
        cmocka_unit_test_setup(test_sctp_reset_waits_until_the_peer_has_passed_what_was_abandoned,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_again_is_the_same_reset, set_up),
        cmocka_unit_test_setup(test_sctp_reset_request_is_repeated_unchanged, set_up),
        cmocka_unit_test_setup(test_sctp_reset_in_progress_is_asked_again_with_the_same_number,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_that_is_refused_fails_and_the_stream_goes_on,
                               set_up),
        cmocka_unit_test_setup(test_sctp_reset_response_with_another_number_is_dropped, set_up),
        cmocka_unit_test_setup(test_sctp_resets_of_many_streams_share_a_request, set_up),
        cmocka_unit_test_setup(test_sctp_reset_of_a_stream_that_was_never_used_is_made_too, set_up),
        cmocka_unit_test_setup(test_sctp_reset_needs_an_open_association_and_a_stream, set_up),
        cmocka_unit_test_setup(test_sctp_reset_fails_at_once_with_a_peer_that_cannot_do_it, set_up),
        cmocka_unit_test(test_sctp_stream_is_reset_and_used_again_on_every_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
