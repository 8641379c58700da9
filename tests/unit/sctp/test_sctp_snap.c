/* Tests of sctp/sctp_snap.c: an association that both descriptions have agreed on. */
#include "sctp/sctp_snap.h"

#include <string.h>

#include "support/hex.h"
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

#if FLOE_SCTP_SNAP

/* The example of draft-hancke-tsvwg-snap-00 section 4.1, and what Chromium 156 wrote. */
#define DRAFT    "0100001e896cdd1d00500000ffffffffe079651dc00000048008000682c0"
#define CHROMIUM "01000020e751e60900500000ffffffffc10edf36c00000048008000882c040c2"

static sctp_solo solo;
static sctp_solo *const s = &solo;
static uint8_t own[2][FLOE_SCTP_SNAP_SIZE];

static int set_up(void **state)
{
    (void)state;
    solo_init(s, NULL);
    return 0;
}

static floe_bytes from_hex(const char *text)
{
    static uint8_t bytes[512];
    return hex_decode(text, bytes, sizeof bytes);
}

static floe_bytes init_of(const floe_sctp_assoc *assoc, int n)
{
    return (floe_bytes){own[n], floe_sctp_snap_put(assoc, own[n])};
}

/* The peer's, with its tag and TSN. */
static floe_bytes peers_init(void)
{
    static uint8_t bytes[FLOE_SCTP_SNAP_MAX];
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, SOLO_TAG);
    size_t len = s->w.len - FLOE_SCTP_HEADER_SIZE;
    assert_true(len <= sizeof bytes);
    memcpy(bytes, s->in + FLOE_SCTP_HEADER_SIZE, len);
    return (floe_bytes){bytes, len};
}

/* tag and first TSN, which solo_connect() would have seen in its INIT */
static void learn(void)
{
    floe_bytes init = init_of(&s->assoc, 0);
    s->tag = floe_load_u32(init.ptr + 4);
    s->tsn = floe_load_u32(init.ptr + 16);
}

static void test_sctp_snap_is_the_init_that_is_sent(void **state)
{
    (void)state;
    floe_bytes told = init_of(&s->assoc, 0);
    solo_to_cookie_wait(s);
    floe_sctp_chunk sent = solo_chunk(s, FLOE_SCTP_CHUNK_INIT, 0);
    assert_true(floe_bytes_equal(told, sent.whole));
    assert_true(floe_sctp_snap_is_good(told));
}

static void test_sctp_snap_takes_the_drafts_example_and_chromiums(void **state)
{
    (void)state;
    assert_true(floe_sctp_snap_is_good(from_hex(DRAFT)));
    assert_true(floe_sctp_snap_is_good(from_hex(CHROMIUM)));
}

static void test_sctp_snap_refuses_what_no_association_can_begin_with(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0100",
        "01000010896cdd1d00500000ffffffff",                         /* no TSN */
        "0100001e896cdd1d00500000ffffffffe079651dc000000480080006", /* longer than it is */
        DRAFT "0000"
              "01000004",                                                   /* another behind it */
        "02000014896cdd1d00500000ffffffffe079651d",                         /* an INIT ACK */
        "010000140000000000500000ffffffffe079651d",                         /* tag 0 */
        "01000014896cdd1d00500000ffff0000e079651d",                         /* no inbound stream */
        "01000014896cdd1d005000000000ffffe079651d",                         /* no outbound stream */
        "01000014896cdd1d000005dbffffffffe079651d",                         /* window below 1500 */
        "01000020896cdd1d00500000ffffffffe079651d000b000c6578616d706c6500", /* a host name */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (floe_sctp_snap_is_good(from_hex(wrong[i]))) {
            fail_msg("%s is taken", wrong[i]);
        }
        assert_int_equal(floe_sctp_snap_agree(&s->assoc, from_hex(wrong[i])), FLOE_E_MALFORMED);
    }
}

static void test_sctp_snap_refuses_a_chunk_over_its_limit(void **state)
{
    (void)state;
    uint8_t init[FLOE_SCTP_SNAP_MAX + 4] = {1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 9, 0, 9};
    static const uint8_t param[] = {0x80, 0x09, 0, 236}; /* not known, to be skipped */
    memcpy(init + 20, param, sizeof param);
    assert_true(floe_sctp_snap_is_good((floe_bytes){init, FLOE_SCTP_SNAP_MAX}));
    init[3] = 4;
    init[23] = 240;
    assert_false(floe_sctp_snap_is_good((floe_bytes){init, FLOE_SCTP_SNAP_MAX + 4}));
}

/* Section 6 of the draft: neither state nor timer changes before DTLS is up. */
static void test_sctp_snap_agreed_waits_for_connect_and_needs_no_packet(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, peers_init()), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) == FLOE_TIME_NEVER);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    assert_int_equal(s->out_count, 0);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
    learn();
    assert_int_equal(solo_send(s, 100), FLOE_OK);
    solo_drain(s);
    assert_int_equal(solo_tag_of(s, 0), SOLO_TAG);
    assert_int_equal(solo_data(s, 0).tsn, s->tsn);
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_OK);
    assert_int_equal(solo_read(s), 10);
}

static void test_sctp_snap_begins_with_the_data_of_a_peer_that_was_faster(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, peers_init()), FLOE_OK);
    learn();
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_ABORT), 0);
    assert_int_equal(solo_read(s), 10);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_E_STATE); /* it has begun */
}

static void test_sctp_snap_does_not_begin_with_a_packet_of_another_tag(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, peers_init()), FLOE_OK);
    learn();
    s->tag++;
    assert_int_equal(solo_give_data(s, 0, 3, 1, 0, 10), FLOE_E_UNKNOWN);
    assert_int_equal(solo_state(s), FLOE_SCTP_CLOSED);
}

static void test_sctp_snap_is_not_agreed_on_by_who_repeats_our_own(void **state)
{
    (void)state;
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, init_of(&s->assoc, 0)), FLOE_E_UNKNOWN);
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_COOKIE_WAIT);
}

static void test_sctp_snap_comes_too_late_for_an_association_that_exists(void **state)
{
    (void)state;
    floe_bytes init = peers_init();
    solo_to_cookie_wait(s);
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, init), FLOE_E_STATE);
    floe_sctp_assoc_abort(&s->assoc);
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, init), FLOE_E_STATE);
}

/* --- two of them --- */

static void use_dtls(floe_sctp_config *config, int end)
{
    (void)end;
    config->is_over_dtls = true;
}

static uint64_t count_received(sctp_pair *pair, int n)
{
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(sctp_pair_assoc(pair, n), &stats);
    return stats.messages_received;
}

static bool is_one_missing(sctp_pair *pair)
{
    return count_received(pair, 0) == 0 || count_received(pair, 1) == 0;
}

static void agree(sctp_pair *pair, int n)
{
    floe_bytes init = init_of(sctp_pair_assoc(pair, 1 - n), n);
    assert_int_equal(floe_sctp_snap_agree(sctp_pair_assoc(pair, n), init), FLOE_OK);
}

static void send_both_ways(sctp_pair *pair)
{
    static uint8_t bytes[20000];
    floe_sctp_send message = {.stream = 1, .ppid = 53, .data = {bytes, sizeof bytes}};
    sctp_pair_fill(bytes, sizeof bytes, 7);
    for (int n = 0; n < 2; n++) {
        assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, n), &message), FLOE_OK);
    }
}

static void connect_both(sctp_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        assert_int_equal(floe_sctp_assoc_connect(sctp_pair_assoc(pair, n)), FLOE_OK);
    }
    sctp_pair_run_while(pair, is_one_missing, 60 * FLOE_SECOND);
    for (int n = 0; n < 2; n++) {
        assert_int_equal(count_received(pair, n), 1);
        assert_int_equal(pair->end[n].events[FLOE_SCTP_EV_RESTARTED], 0);
        assert_int_equal(pair->end[n].events[FLOE_SCTP_EV_ESTABLISHED], 1);
    }
}

static void test_sctp_snap_on_both_sides_carries_data_through_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sctp_pair *pair = sctp_pair_new(&(sctp_pair_options){
            .seed = seed, .loss = 100, .duplicate = 50, .reorder = 100, .configure = use_dtls});
        agree(pair, 0);
        agree(pair, 1);
        send_both_ways(pair);
        connect_both(pair);
        sctp_pair_free(pair);
    }
}

/* Somebody on the way takes the attribute out of the answer: the offerer begins as ever. */
static void test_sctp_snap_on_one_side_only_loses_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sctp_pair *pair = sctp_pair_new(
            &(sctp_pair_options){.seed = seed, .loss = 50, .reorder = 50, .configure = use_dtls});
        agree(pair, (int)(seed & 1));
        send_both_ways(pair);
        connect_both(pair);
        sctp_pair_free(pair);
    }
}

static void test_sctp_snap_says_the_same_after_a_restart(void **state)
{
    (void)state;
    uint8_t memory[256];
    floe_bytes cookie, before = init_of(&s->assoc, 0);
    assert_int_equal(floe_sctp_snap_agree(&s->assoc, peers_init()), FLOE_OK);
    learn();
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    floe_sctp_init ack = solo_ask(s, 55, memory, &cookie);
    assert_true(ack.tag != s->tag);
    assert_int_equal(solo_echo(s, ack.tag, cookie), FLOE_OK);
    (void)solo_expect(s, FLOE_SCTP_EV_RESTARTED);
    assert_true(floe_bytes_equal(before, init_of(&s->assoc, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_snap_is_the_init_that_is_sent, set_up),
        cmocka_unit_test_setup(test_sctp_snap_takes_the_drafts_example_and_chromiums, set_up),
        cmocka_unit_test_setup(test_sctp_snap_refuses_what_no_association_can_begin_with, set_up),
        cmocka_unit_test_setup(test_sctp_snap_refuses_a_chunk_over_its_limit, set_up),
        cmocka_unit_test_setup(test_sctp_snap_agreed_waits_for_connect_and_needs_no_packet, set_up),
        cmocka_unit_test_setup(test_sctp_snap_begins_with_the_data_of_a_peer_that_was_faster,
                               set_up),
        cmocka_unit_test_setup(test_sctp_snap_does_not_begin_with_a_packet_of_another_tag, set_up),
        cmocka_unit_test_setup(test_sctp_snap_is_not_agreed_on_by_who_repeats_our_own, set_up),
        cmocka_unit_test_setup(test_sctp_snap_comes_too_late_for_an_association_that_exists,
                               set_up),
        cmocka_unit_test(test_sctp_snap_on_both_sides_carries_data_through_loss),
        cmocka_unit_test(test_sctp_snap_on_one_side_only_loses_nothing),
        cmocka_unit_test_setup(test_sctp_snap_says_the_same_after_a_restart, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) /* left out, and nothing to test */
{
    return 0;
}

#endif
