/* Messages of any size through the facade: peer/peer_parts.c, datachannel/dc_parts.c. */
#include "peer/peer_parts.h"

#include "peer/peer_internal.h"
#include "peer/peer_stats.h"
#include "sctp/sctp_lane.h"
#include "support/peer_pair.h"
#include "support/unit.h"

#include <string.h>

#if FLOE_SCTP_PARTS

#define PART 16000u

static uint8_t bytes[PEER_PAIR_BUFFER];

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t)(at * 7 + (at >> 13));
}

/* What end 1 has read of the message. */
typedef struct reading {
    uint64_t at;
    unsigned parts, whole, cut;
} reading;

static floe_sctp_interleaving interleaving[2];
static floe_sctp_number numbers[2][PEER_PAIR_RING];
static bool is_interleaved; /* both lend it, RFC 8260 */

static int set_up_with(void **state, uint32_t parts_from, uint32_t message_max)
{
    peer_pair *pair = peer_pair_new();
    for (int end = 0; end < 2; end++) {
        floe_peer_config config = pair->end[end].config;
        interleaving[end].ring = numbers[end];
        config.interleaving = is_interleaved ? &interleaving[end] : NULL;
        config.parts_from = parts_from;
        config.message_max = message_max;
        config.send_buffer.len = 65536;
        config.recv_buffer.len = parts_from > 0 ? 65536 : PEER_PAIR_BUFFER;
        floe_peer_free(&pair->end[end].peer);
        assert_int_equal(floe_peer_init(&pair->end[end].peer, &config, pair->now), FLOE_OK);
        assert_int_equal(floe_peer_add_local(&pair->end[end].peer, &pair->end[end].addr, 0),
                         FLOE_OK);
        floe_peer_end_local(&pair->end[end].peer);
    }
    *state = pair;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 20000, UINT32_MAX);
}

#if FLOE_SCTP_IDATA
static int set_up_interleaved(void **state)
{
    is_interleaved = true;
    int result = set_up(state);
    is_interleaved = false;
    return result;
}
#endif

static int set_up_whole(void **state)
{
    return set_up_with(state, 0, 500000);
}

static int tear_down(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static void read_parts(peer_pair *pair, reading *r)
{
    floe_peer *b = &pair->end[1].peer;
    floe_dc_message message;
    while (floe_peer_peek(b, &message)) {
        assert_int_equal(message.offset, r->at);
        size_t len = floe_peer_copy(b, bytes, sizeof bytes);
        assert_int_equal(len, message.len);
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(bytes[i], byte_at(r->at + i));
        }
        r->at = message.has_more ? r->at + len : 0;
        r->parts++;
        r->whole += !message.has_more && !message.is_cut;
        r->cut += message.is_cut;
        floe_peer_release(b);
    }
}

/* Hand over what there is room for, up to `total` bytes in all. */
static void write_parts(peer_pair *pair, floe_dc_id id, uint64_t *at, uint64_t total)
{
    static uint8_t part[PART];
    floe_err err = FLOE_OK;
    while (err == FLOE_OK && *at < total) {
        size_t len = total - *at < PART ? (size_t)(total - *at) : PART;
        for (size_t i = 0; i < len; i++) {
            part[i] = byte_at(*at + i);
        }
        err = floe_peer_write(&pair->end[0].peer, id, (floe_bytes){part, len}, *at + len == total);
        *at += err == FLOE_OK ? len : 0;
    }
    assert_true(err == FLOE_OK || err == FLOE_E_AGAIN);
}

static void test_peer_parts_carry_what_neither_memory_holds(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    const uint64_t total = 3000001;
    uint64_t at = 0;
    reading r = {0};
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    for (int round = 0; round < 2000 && r.whole == 0; round++) {
        write_parts(pair, id, &at, total);
        peer_pair_run(pair, 20 * FLOE_MS);
        read_parts(pair, &r);
    }
    assert_int_equal(r.whole, 1);
    assert_true(r.parts > 10);
    floe_dc_info info;
    assert_int_equal(floe_peer_get_channel(&pair->end[1].peer, pair->end[1].incoming, &info),
                     FLOE_OK);
    assert_int_equal(info.messages_received, 1);
    assert_int_equal(info.bytes_received, total);
    assert_int_equal(floe_peer_get_channel(&pair->end[0].peer, id, &info), FLOE_OK);
    assert_int_equal(info.messages_sent, 1);
    assert_int_equal(info.bytes_sent, total);
}

#if FLOE_SCTP_IDATA
static void test_peer_parts_are_interleaved_where_both_lend_for_it(void **state)
{
    peer_pair *pair = *state;
    test_peer_parts_carry_what_neither_memory_holds(state);
    floe_peer_sctp_stats stats;
    floe_peer_get_sctp(&pair->end[0].peer, &stats);
    assert_true(stats.is_interleaved);
}
#endif

static void test_peer_parts_arrive_whole_where_nobody_asks_for_parts(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    uint64_t at = 0;
    reading r = {0};
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    for (int round = 0; round < 200 && r.whole == 0; round++) {
        write_parts(pair, id, &at, 400000);
        peer_pair_run(pair, 20 * FLOE_MS);
        read_parts(pair, &r);
    }
    assert_int_equal(r.whole, 1);
    assert_int_equal(r.parts, 1);
}

static void test_peer_parts_short_messages_stay_whole(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    floe_dc_message message;
    assert_int_equal(floe_peer_send(&pair->end[0].peer, id, true, FLOE_LIT("short")), FLOE_OK);
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, true), FLOE_OK);
    assert_int_equal(floe_peer_write(&pair->end[0].peer, id, FLOE_LIT(""), true), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(floe_peer_peek(&pair->end[1].peer, &message));
        assert_true(message.is_text && !message.has_more && message.offset == 0);
        assert_int_equal(message.len, i == 0 ? 5 : 0);
        floe_peer_release(&pair->end[1].peer);
    }
}

static void test_peer_parts_abort_in_the_middle_is_told_as_a_cut(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    uint64_t at = 0;
    reading r = {0};
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    write_parts(pair, id, &at, 100000);
    peer_pair_run(pair, FLOE_SECOND);
    read_parts(pair, &r);
    assert_true(r.at > 0);
    assert_int_equal(floe_peer_send(&pair->end[0].peer, id, true, FLOE_LIT("x")), FLOE_E_AGAIN);
    assert_int_equal(floe_peer_abort(&pair->end[0].peer, id), FLOE_OK);
    assert_int_equal(floe_peer_abort(&pair->end[0].peer, id), FLOE_E_STATE);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_WRITABLE] > 0, 1);
    read_parts(pair, &r);
    assert_int_equal(r.cut, 1);
    assert_int_equal(r.whole, 0);
    at = 0;
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    write_parts(pair, id, &at, 10000); /* the channel lives on */
    peer_pair_run(pair, FLOE_SECOND);
    read_parts(pair, &r);
    assert_int_equal(r.whole, 1);
}

static void test_peer_parts_close_in_the_middle_cuts_and_closes(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    uint64_t at = 0;
    reading r = {0};
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    write_parts(pair, id, &at, 100000);
    peer_pair_run(pair, FLOE_SECOND);
    read_parts(pair, &r);
    assert_int_equal(floe_peer_close_channel(&pair->end[0].peer, id), FLOE_OK);
    static const uint8_t more[1];
    assert_int_not_equal(
        floe_peer_write(&pair->end[0].peer, id, (floe_bytes){more, sizeof more}, true), FLOE_OK);
    for (int i = 0; i < 10; i++) {
        peer_pair_run(pair, 100 * FLOE_MS);
        read_parts(pair, &r);
    }
    assert_int_equal(r.cut, 1);
    for (int end = 0; end < 2; end++) {
        assert_int_equal(pair->end[end].events[FLOE_PEER_EV_CHANNEL_CLOSED], 1);
        assert_int_equal(floe_peer_get_state(&pair->end[end].peer), FLOE_PEER_CONNECTED);
    }
}

static void test_peer_parts_text_is_utf8_part_by_part(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    floe_peer *a = &pair->end[0].peer;
    assert_int_equal(floe_peer_write(a, id, FLOE_LIT("x"), false), FLOE_E_STATE);
    assert_int_equal(floe_peer_begin(a, id, true), FLOE_OK);
    assert_int_equal(floe_peer_begin(a, id, true), FLOE_E_STATE);
    assert_int_equal(floe_peer_write(a, id, FLOE_LIT("\xc3"), false), FLOE_E_ARG);
    assert_int_equal(floe_peer_write(a, id, FLOE_LIT("\xc3\xa4"), false), FLOE_OK);
    assert_int_equal(floe_peer_write(a, id, FLOE_LIT(""), false), FLOE_E_ARG);
    assert_int_equal(floe_peer_write(a, id, FLOE_LIT(""), true), FLOE_OK);
    peer_pair_run(pair, FLOE_SECOND);
    floe_dc_message message;
    assert_true(floe_peer_peek(&pair->end[1].peer, &message));
    assert_true(message.is_text && message.len == 2);
}

static void test_peer_parts_without_a_limit_are_announced_so(void **state)
{
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    assert_non_null(strstr(peer_pair_describe(pair, 0), "a=max-message-size:0\r\n"));
    assert_true(floe_peer_get_message_max(&pair->end[1].peer) > UINT32_MAX);
}

static void test_peer_parts_after_the_end_say_closed(void **state)
{
    peer_pair *pair = *state;
    floe_dc_id id = peer_pair_connect(pair);
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_OK);
    floe_peer_close(&pair->end[0].peer, pair->now);
    assert_int_equal(floe_peer_begin(&pair->end[0].peer, id, false), FLOE_E_CLOSED);
    assert_int_equal(floe_peer_write(&pair->end[0].peer, id, FLOE_LIT("x"), true), FLOE_E_CLOSED);
    assert_int_equal(floe_peer_abort(&pair->end[0].peer, id), FLOE_E_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer_parts_carry_what_neither_memory_holds),
        cmocka_unit_test_setup_teardown(test_peer_parts_arrive_whole_where_nobody_asks_for_parts,
                                        set_up_whole, tear_down),
#if FLOE_SCTP_IDATA
        cmocka_unit_test_setup_teardown(test_peer_parts_are_interleaved_where_both_lend_for_it,
                                        set_up_interleaved, tear_down),
#endif
        TEST(test_peer_parts_short_messages_stay_whole),
        TEST(test_peer_parts_abort_in_the_middle_is_told_as_a_cut),
        TEST(test_peer_parts_close_in_the_middle_cuts_and_closes),
        TEST(test_peer_parts_text_is_utf8_part_by_part),
        TEST(test_peer_parts_without_a_limit_are_announced_so),
        TEST(test_peer_parts_after_the_end_say_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
