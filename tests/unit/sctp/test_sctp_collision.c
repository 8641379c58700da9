/* Tests of sctp/sctp_handshake.c: both ends at once, cookies that come late or twice, restarts (RFC
 * 9260 section 5.2, with table 12). */
#include "support/hex.h"
#include "support/sctp_pair.h"
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

static void
test_sctp_init_collision_answers_with_its_own_tag_and_ends_in_one_association(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    solo_to_cookie_wait(s);
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    assert_int_equal(ack.tag, s->tag); /* RFC 9260 section 5.2.1: unchanged */
    assert_int_equal(ack.tsn, s->tsn);
    assert_int_equal(solo_state(s), FLOE_SCTP_COOKIE_WAIT);
    assert_int_equal(solo_echo(s, s->tag, cookie), FLOE_OK); /* B: our tag, its tag not yet known */
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ACK), 1);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    assert_int_equal(solo_give(s), FLOE_OK); /* too late */
    assert_int_equal(s->out_count, 0);
}

static void test_sctp_cookie_from_before_connect_is_good_after_it(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    solo_to_cookie_wait(s);
    assert_int_equal(s->tag, ack.tag);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_cookie_with_both_tags_establishes_from_cookie_echoed(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    solo_to_cookie_echoed(s);
    (void)solo_ask(s, SOLO_TAG, memory, &cookie);
    assert_int_equal(solo_echo(s, s->tag, cookie), FLOE_OK); /* D */
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ACK), 1);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    solo_timeout(s); /* what went with the COOKIE ECHO is still outstanding */
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_DATA), 1);
}

static void test_sctp_cookie_with_a_new_peer_tag_replaces_it_in_cookie_echoed(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    solo_to_cookie_echoed(s);
    (void)solo_ask(s, 77, memory, &cookie);
    assert_int_equal(solo_echo(s, s->tag, cookie), FLOE_OK); /* B */
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_tag_of(s, 0), 77);
}

static void test_sctp_cookie_with_a_new_peer_tag_brings_its_request_numbers(void **state)
{
    (void)state;
    const size_t tsn_at = FLOE_SCTP_HEADER_SIZE + FLOE_SCTP_CHUNK_SIZE + 12;
    uint8_t memory[256];
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(NULL, 0);
    solo_to_cookie_echoed(s);
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, 77);
    floe_store_u32(s->in + tsn_at, 0x100); /* and not SOLO_TSN, as its INIT ACK said */
    assert_int_equal(solo_give(s), FLOE_OK);
    floe_sctp_init ack = solo_init_of(s, FLOE_SCTP_CHUNK_INIT_ACK);
    floe_sctp_init_params_parse(&params, ack.params, &report);
    memcpy(memory, params.cookie.ptr, params.cookie.len);
    assert_int_equal(solo_echo(s, s->tag, (floe_bytes){memory, params.cookie.len}), FLOE_OK);
    /* RFC 6525 §3.1: they begin with its initial TSN. */
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0,
                        "000d0012 00000100 00000000 000000ff 0005");
    floe_bytes answer = solo_chunk(s, FLOE_SCTP_CHUNK_RE_CONFIG, 0).value;
    assert_int_equal(floe_load_u32(answer.ptr + 4), 0x100);
    assert_int_equal(floe_load_u32(answer.ptr + 8), 1); /* performed */
}

static void test_sctp_cookie_echo_that_comes_again_is_acknowledged_again(void **state)
{
    (void)state;
    /* CVE-2013-2206: a duplicate COOKIE ECHO. */
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, SOLO_TAG, memory, &cookie);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    s->tag = ack.tag;
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_OK);
    solo_advance(s, 100 * FLOE_SECOND); /* even when it is old: RFC 9260 section 5.2.4 point 3 */
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ACK), 1);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    solo_expect_no_event(s);
    assert_int_equal(solo_read(s), 10); /* nothing was lost */
}

static void test_sctp_init_in_established_gets_new_tag_and_numbers(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init a = solo_ask(s, 55, memory, &cookie);
    floe_sctp_init b = solo_ask(s, 55, memory, &cookie);
    assert_true(a.tag != s->tag && b.tag != s->tag && a.tag != b.tag);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_OK); /* nothing has changed */
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_restart_begins_everything_anew(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_OK);
    assert_int_equal(solo_send(s, 1000), FLOE_OK);
    solo_drain(s);
    floe_sctp_init ack = solo_ask(s, 55, memory, &cookie);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK); /* A */
    (void)solo_expect(s, FLOE_SCTP_EV_RESTARTED);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ACK), 1);
    assert_int_equal(solo_tag_of(s, 0), 55);
    assert_int_equal(floe_sctp_assoc_get_buffered(&s->assoc, 1), 0);
    s->tag = ack.tag;
    s->tsn = ack.tsn;
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 20), FLOE_OK); /* the same TSN, SSN as before */
    assert_int_equal(solo_read(s), 20);
    assert_int_equal(solo_send(s, 30), FLOE_OK);
    solo_drain(s);
    assert_int_equal(solo_data(s, 0).tsn, ack.tsn);
    assert_int_equal(solo_data(s, 0).ssn, 0);
}

static void test_sctp_restart_needs_a_cookie_of_this_association(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    solo_init(s, NULL);
    floe_sctp_init early = solo_ask(s, 55, memory, &cookie); /* from before: no tie tags */
    assert_int_equal(early.tag != 0, true);
    solo_to_cookie_wait(s);
    solo_begin(s, s->tag);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG);
    (void)solo_give(s);
    (void)solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, "");
    s->assoc.local_tag ^= 1; /* as if it had another tag now */
    assert_int_equal(solo_echo(s, early.tag, cookie),
                     FLOE_E_UNKNOWN); /* C, and what is not in the table */
    assert_int_equal(s->out_count, 0);
    s->assoc.local_tag ^= 1;
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
}

static void test_sctp_restart_has_to_know_both_tie_tags(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    for (int i = 0; i < 2; i++) {
        solo_establish(s);
        floe_sctp_init ack = solo_ask(s, 55, memory, &cookie);
        uint32_t *tie = i == 0 ? &s->assoc.local_tie : &s->assoc.peer_tie;
        *tie ^= 1; /* as if the cookie were of another association */
        assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_E_UNKNOWN);
        *tie ^= 1;
        assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    }
}

static void test_sctp_cookie_carries_what_the_peer_supports(void **state)
{
    (void)state;
    uint8_t bytes[64];
    solo_begin(s, 0);
    floe_bytes value = hex_decode("11223344 00002710 0004 0003 fffffff0", bytes, sizeof bytes);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_INIT, 0, value);
    assert_int_equal(solo_give(s), FLOE_OK);
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(NULL, 0);
    floe_sctp_init init = solo_init_of(s, FLOE_SCTP_CHUNK_INIT_ACK);
    floe_sctp_init_params_parse(&params, init.params, &report);
    uint8_t cookie[256];
    memcpy(cookie, params.cookie.ptr, params.cookie.len);
    (void)solo_echo(s, init.tag, (floe_bytes){cookie, params.cookie.len});
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_false(s->assoc.has_forward_tsn || s->assoc.has_reconfig);
    assert_int_equal(s->assoc.peer_rwnd, 10000);
    assert_int_equal(floe_sctp_assoc_get_streams(&s->assoc), 3);
    assert_int_equal(s->assoc.streams_in, 4);
}

static void test_sctp_restart_while_shutting_down_gets_the_shutdown_ack_again(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie;
    floe_sctp_init ack = solo_ask(s, 55, memory, &cookie);
    char value[16];
    (void)snprintf(value, sizeof value, "%08x", (unsigned)(s->tsn - 1));
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_SHUTDOWN, 0, value), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_SHUTDOWN_ACK_SENT);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_E_UNKNOWN);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_ERROR, 0);
    assert_int_equal(floe_load_u16(chunk.value.ptr), FLOE_SCTP_ERROR_COOKIE_IN_SHUTDOWN);
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, 66);
    assert_int_equal(solo_give(s), FLOE_OK); /* RFC 9260 section 9.2 */
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_SHUTDOWN_ACK), 1);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_INIT_ACK), 0);
}

/* Both ends at once, and one after the other, on a link that loses. */
static void test_sctp_both_ends_connect_on_every_link(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        sctp_pair_options options = {.seed = seed, .loss = 300, .duplicate = 100, .reorder = 300};
        sctp_pair *pair = sctp_pair_new(&options);
        if (seed % 2 == 0) {
            sctp_pair_run_for(pair, seed * FLOE_MS);
        }
        sctp_pair_connect(pair);
        sctp_pair_run_for(pair, 30 * FLOE_SECOND);
        for (int n = 0; n < 2; n++) {
            assert_int_equal(pair->end[n].events[FLOE_SCTP_EV_ESTABLISHED], 1);
            assert_int_equal(pair->end[n].events[FLOE_SCTP_EV_RESTARTED], 0);
            assert_int_equal(pair->end[n].assoc.peer_tag, pair->end[1 - n].assoc.local_tag);
        }
        sctp_pair_free(pair);
    }
}

static void test_sctp_one_end_may_connect_alone(void **state)
{
    (void)state;
    sctp_pair_options options = {.seed = 1};
    sctp_pair *pair = sctp_pair_new(&options);
    assert_int_equal(floe_sctp_assoc_connect(sctp_pair_assoc(pair, 0)), FLOE_OK);
    sctp_pair_run_for(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_SCTP_EV_ESTABLISHED], 1);
    assert_int_equal(pair->end[1].events[FLOE_SCTP_EV_ESTABLISHED], 1);
    sctp_pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            test_sctp_init_collision_answers_with_its_own_tag_and_ends_in_one_association, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_from_before_connect_is_good_after_it, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_with_both_tags_establishes_from_cookie_echoed,
                               set_up),
        cmocka_unit_test_setup(test_sctp_cookie_with_a_new_peer_tag_replaces_it_in_cookie_echoed,
                               set_up),
        cmocka_unit_test_setup(test_sctp_cookie_with_a_new_peer_tag_brings_its_request_numbers,
                               set_up),
        cmocka_unit_test_setup(test_sctp_cookie_echo_that_comes_again_is_acknowledged_again,
                               set_up),
        cmocka_unit_test_setup(test_sctp_init_in_established_gets_new_tag_and_numbers,
                               set_up_established),
        cmocka_unit_test_setup(test_sctp_restart_begins_everything_anew, set_up_established),
        cmocka_unit_test_setup(test_sctp_restart_needs_a_cookie_of_this_association, set_up),
        cmocka_unit_test_setup(test_sctp_restart_has_to_know_both_tie_tags, set_up),
        cmocka_unit_test_setup(test_sctp_cookie_carries_what_the_peer_supports, set_up),
        cmocka_unit_test_setup(test_sctp_restart_while_shutting_down_gets_the_shutdown_ack_again,
                               set_up_established),
        cmocka_unit_test(test_sctp_both_ends_connect_on_every_link),
        cmocka_unit_test(test_sctp_one_end_may_connect_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
