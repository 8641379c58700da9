/* Tests of turn/turn_peer.c and turn/turn_data.c: permissions, channels, and what goes by them. */
#include <string.h>

#include "base/addr.h"
#include "base/writer.h"
#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w;

static void add(const floe_addr *peer)
{
    assert_int_equal(floe_turn_client_add_peer(&w.client, peer), FLOE_OK);
    turn_world_drain(&w);
}

static void bind_and_wait(const floe_addr *peer)
{
    assert_int_equal(floe_turn_client_bind(&w.client, peer), FLOE_OK);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_CHANNEL, FLOE_SECOND);
    assert_non_null(event);
    assert_true(event->is_ready && floe_addr_equal(&event->peer, peer));
}

static floe_addr peer_number(uint8_t n)
{
    return floe_addr_from_ipv4(203, 0, 113, n, (uint16_t)(6000 + n));
}

static void test_turn_peer_data_waits_for_its_permission(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(turn_world_send(&w, &turn_world_peer, "too early"), FLOE_E_UNKNOWN);
    add(&turn_world_peer);
    assert_int_equal(turn_world_send(&w, &turn_world_peer, "too early"), FLOE_E_AGAIN);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PEER, FLOE_SECOND);
    assert_true(event->is_ready && event->peer.port == 0);
    assert_int_equal(turn_world_send(&w, &turn_world_peer, "now"), FLOE_OK);
    turn_world_run(&w, FLOE_SECOND);
    assert_int_equal(w.server.dropped, 0);
    assert_memory_equal(w.server.data, "now", 3);
    assert_false(w.server.data_by_channel);
}

static void test_turn_peer_data_goes_both_ways_by_indications_and_by_channel(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "ab", "abc", "abcd", "abcde"};
    turn_world_allocate(&w);
    add(&turn_world_peer);
    turn_world_run(&w, FLOE_SECOND);
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(turn_world_send(&w, &turn_world_peer, texts[i]), FLOE_OK);
            assert_true(turn_world_receive(&w, &turn_world_peer, texts[i]));
            turn_world_run(&w, FLOE_SECOND);
            assert_int_equal(w.server.data_len, strlen(texts[i]));
            assert_memory_equal(w.server.data, texts[i], strlen(texts[i]));
            assert_int_equal(w.server.data_by_channel, by_channel);
            assert_true(turn_world_got(&w, &turn_world_peer, texts[i]));
        }
        if (by_channel == 0) {
            bind_and_wait(&turn_world_peer);
        }
    }
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), FLOE_TURN_HEAD);
}

static void test_turn_peer_heads_have_the_sizes_of_the_header(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.relay = FLOE_TURN_RELAY_BOTH;
    w.config.dont_fragment = true;
    turn_world_start(&w);
    turn_world_run(&w, FLOE_SECOND);
    add(&turn_world_peer);
    add(&turn_world_peer6);
    turn_world_run(&w, FLOE_SECOND);
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), 40);
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer6), FLOE_TURN_HEAD_MAX);
    assert_int_equal(turn_world_send(&w, &turn_world_peer6, "six"), FLOE_OK);
    turn_world_run(&w, FLOE_SECOND);
    assert_true(w.server.data_dont_fragment);
    assert_int_equal(w.server.data_peer.family, 6);
}

/* KVS#1572: a 403 concerns one peer, not the allocation. */
static void test_turn_peer_403_concerns_one_peer(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    w.server.denied = peer_number(1);
    for (uint8_t i = 0; i < 3; i++) {
        floe_addr peer = peer_number(i);
        add(&peer);
    }
    turn_world_run(&w, FLOE_SECOND);
    floe_addr denied = peer_number(1);
    floe_addr other = peer_number(2);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_PEER), 3);
    assert_int_equal(turn_world_send(&w, &denied, "x"), FLOE_E_UNKNOWN);
    assert_int_equal(turn_world_send(&w, &other, "x"), FLOE_OK);
    unsigned asked = w.server.requests[FLOE_STUN_CREATE_PERMISSION];
    turn_world_run(&w, 100 * FLOE_SECOND);
    assert_int_equal(w.server.requests[FLOE_STUN_CREATE_PERMISSION], asked);
    assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_ALLOCATED);
}

static void test_turn_peer_of_a_family_without_relay_is_never_asked_for(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    add(&turn_world_peer6);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PEER, FLOE_SECOND);
    assert_int_equal(event->code, 443);
    assert_int_equal(w.server.requests[FLOE_STUN_CREATE_PERMISSION], 0);
}

static void test_turn_peer_refused_for_a_while_is_asked_again(void **state)
{
    (void)state;
    static const uint16_t codes[] = {486, 500, 508};
    for (size_t i = 0; i < 3; i++) {
        turn_world_allocate(&w);
        w.server.fail_method = FLOE_STUN_CREATE_PERMISSION;
        w.server.fail_code = codes[i];
        w.server.fail_count = 1;
        add(&turn_world_peer);
        assert_int_equal(turn_world_wait(&w, FLOE_TURN_EV_PEER, FLOE_SECOND)->code, codes[i]);
        const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PEER, 61 * FLOE_SECOND);
        assert_non_null(event);
        assert_true(event->is_ready);
    }
}

/* RFC 8656 section 12.3 would end the allocation; the others live on, so only the channel ends. */
static void test_turn_peer_400_to_a_channel_leaves_indications(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    w.server.fail_method = FLOE_STUN_CHANNEL_BIND;
    w.server.fail_code = 400;
    w.server.fail_count = 1;
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_CHANNEL, FLOE_SECOND);
    assert_false(event->is_ready);
    turn_world_run(&w, FLOE_SECOND);
    assert_int_equal(w.server.requests[FLOE_STUN_REFRESH], 1); /* is the allocation still there? */
    assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), 36);
}

static void test_turn_peer_stale_nonce_costs_one_round_trip_on_any_method(void **state)
{
    (void)state;
    static const uint16_t methods[] = {FLOE_STUN_REFRESH, FLOE_STUN_CREATE_PERMISSION,
                                       FLOE_STUN_CHANNEL_BIND};
    for (size_t i = 0; i < 3; i++) {
        turn_world_allocate(&w);
        if (methods[i] == FLOE_STUN_CHANNEL_BIND) {
            add(&turn_world_peer);
            turn_world_run(&w, FLOE_SECOND);
        }
        unsigned before = w.packets;
        w.server.nonce++;
        if (methods[i] == FLOE_STUN_REFRESH) {
            floe_turn_client_refresh(&w.client);
        } else if (methods[i] == FLOE_STUN_CREATE_PERMISSION) {
            assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
        } else {
            assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
        }
        turn_world_drain(&w);
        turn_world_run(&w, 80 * FLOE_MS);
        assert_int_equal(w.packets, before + 4);
        assert_int_equal(w.server.requests[methods[i]], 2);
    }
}

static void test_turn_peer_nonce_that_never_holds_ends(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    w.server.fail_method = FLOE_STUN_CREATE_PERMISSION;
    w.server.fail_code = 438;
    w.server.fail_count = 999;
    add(&turn_world_peer);
    turn_world_run(&w, 50 * FLOE_SECOND);
    assert_int_equal(w.server.requests[FLOE_STUN_CREATE_PERMISSION], 5);
}

static void test_turn_peer_tables_are_full_when_they_are_full(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    for (uint8_t i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
        floe_addr peer = peer_number(i);
        add(&peer);
        add(&peer);
    }
    floe_addr more = peer_number(100);
    assert_int_equal(floe_turn_client_add_peer(&w.client, &more), FLOE_E_FULL);
    turn_world_run(&w, 2 * FLOE_SECOND);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_PEER), FLOE_TURN_PERMISSION_MAX);
    floe_addr gone = peer_number(0);
    floe_turn_client_remove_peer(&w.client, &gone);
    add(&more);
    assert_int_equal(turn_world_send(&w, &gone, "x"), FLOE_E_UNKNOWN);
    assert_false(turn_world_receive(&w, &more, "x"));
    turn_world_run(&w, FLOE_SECOND);
    assert_true(turn_server_model_has(&w.server, &more, false));
}

/* RFC 8656 section 12: a number is another peer's five minutes after the binding ended at soonest.
 */
static void test_turn_peer_channel_number_is_not_reused_too_soon(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    for (uint8_t i = 0; i < FLOE_TURN_CHANNEL_MAX; i++) {
        floe_addr peer = floe_addr_from_ipv4(203, 0, 113, 1, (uint16_t)(7000 + i));
        bind_and_wait(&peer);
    }
    floe_addr first = floe_addr_from_ipv4(203, 0, 113, 1, 7000);
    floe_addr more = floe_addr_from_ipv4(203, 0, 113, 1, 7100);
    floe_turn_client_unbind(&w.client, &first);
    assert_int_equal(floe_turn_client_bind(&w.client, &more), FLOE_E_FULL);
    turn_world_run(&w, 890 * FLOE_SECOND);
    assert_int_equal(floe_turn_client_bind(&w.client, &more), FLOE_E_FULL);
    turn_world_run(&w, 20 * FLOE_SECOND);
    w.event_count = 0;
    bind_and_wait(&more);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
}

static void inject_channel(uint16_t number, uint16_t announced, size_t there, floe_err expected)
{
    uint8_t packet[64] = {0};
    floe_store_u16(packet, number);
    floe_store_u16(packet + 2, announced);
    assert_int_equal(turn_world_inject(&w, (floe_bytes){packet, there}), expected);
}

/* KVS: the length in ChannelData was trusted over that of the datagram. */
static void test_turn_peer_channel_data_longer_or_shorter_than_the_datagram(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    bind_and_wait(&turn_world_peer);
    inject_channel(0x4000, 8, 12, FLOE_OK);
    inject_channel(0x4000, 5, 12, FLOE_OK); /* padded */
    inject_channel(0x4000, 0, 4, FLOE_OK);
    inject_channel(0x4000, 9, 12, FLOE_E_MALFORMED);
    inject_channel(0x4000, 65535, 12, FLOE_E_MALFORMED);
    inject_channel(0x4000, 4, 12, FLOE_E_MALFORMED);
    for (size_t len = 1; len < 4; len++) {
        inject_channel(0x4000, 0, len, FLOE_E_MALFORMED);
    }
    inject_channel(0x4001, 8, 12, FLOE_E_UNKNOWN); /* never bound */
    inject_channel(0x4FFF, 8, 12, FLOE_E_UNKNOWN);
    inject_channel(0x5000, 8, 12, FLOE_E_UNKNOWN);
    inject_channel(0xFFFF, 8, 12, FLOE_E_UNKNOWN);
}

static void test_turn_peer_data_from_strangers_is_dropped(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    add(&turn_world_peer);
    turn_world_run(&w, FLOE_SECOND);
    uint8_t buf[200];
    floe_stun_writer writer;
    floe_bytes packet;
    floe_addr stranger = peer_number(9);
    static const uint8_t tid[12] = {0};
    floe_stun_writer_begin(&writer, buf, sizeof buf, FLOE_STUN_INDICATION, FLOE_STUN_DATA, tid);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_XOR_PEER_ADDRESS, &stranger);
    floe_stun_writer_put_bytes(&writer, FLOE_STUN_DATA_ATTR, FLOE_LIT("evil"));
    assert_int_equal(floe_stun_writer_end(&writer, &packet), FLOE_OK);
    assert_int_equal(turn_world_inject(&w, packet), FLOE_E_UNKNOWN);
    assert_int_equal(w.data_count, 0);
}

static void test_turn_peer_icmp_is_told(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    add(&turn_world_peer);
    turn_world_run(&w, FLOE_SECOND);
    uint8_t buf[200];
    floe_stun_writer writer;
    floe_bytes packet;
    static const uint8_t tid[12] = {0};
    floe_stun_writer_begin(&writer, buf, sizeof buf, FLOE_STUN_INDICATION, FLOE_STUN_DATA, tid);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_XOR_PEER_ADDRESS, &turn_world_peer);
    floe_stun_writer_put_u64(&writer, FLOE_STUN_ICMP, UINT64_C(0x0000030400000500));
    assert_int_equal(floe_stun_writer_end(&writer, &packet), FLOE_OK);
    assert_int_equal(turn_world_inject(&w, packet), FLOE_OK);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_ICMP, 0);
    assert_int_equal(event->icmp_type, 3);
    assert_int_equal(event->icmp_code, 4);
    assert_int_equal(event->icmp_data, 1280);
}

static void test_turn_peer_over_a_stream_channel_data_is_padded(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.path.transport = FLOE_TLS;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    bind_and_wait(&turn_world_peer);
    uint8_t buf[16];
    size_t len;
    memset(buf, 0xEE, sizeof buf);
    assert_int_equal(floe_turn_client_wrap(&w.client, &turn_world_peer, buf, 11, 5, &len),
                     FLOE_E_TOO_BIG);
    assert_int_equal(floe_turn_client_wrap(&w.client, &turn_world_peer, buf, 12, 5, &len), FLOE_OK);
    assert_int_equal(len, 12);
    static const uint8_t expected[13] = {0x40, 0,    0, 5, 0xEE, 0xEE, 0xEE,
                                         0xEE, 0xEE, 0, 0, 0,    0xEE};
    assert_memory_equal(buf, expected, 13);
}

/* The machine slept: everything has expired at once, and there are fewer slots than grants. */
static void test_turn_peer_all_expired_at_once_are_asked_for_anew(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    for (uint8_t i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
        floe_addr peer = peer_number(i);
        add(&peer);
    }
    turn_world_run(&w, 2 * FLOE_SECOND);
    w.now += 400 * FLOE_SECOND;
    floe_turn_client_advance(&w.client, w.now);
    turn_world_drain(&w);
    turn_world_run(&w, 2 * FLOE_SECOND);
    for (uint8_t i = 0; i < FLOE_TURN_PERMISSION_MAX; i++) {
        floe_addr peer = peer_number(i);
        assert_true(turn_server_model_has(&w.server, &peer, false));
        assert_int_equal(floe_turn_client_get_head(&w.client, &peer), 36);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_peer_data_waits_for_its_permission),
        cmocka_unit_test(test_turn_peer_data_goes_both_ways_by_indications_and_by_channel),
        cmocka_unit_test(test_turn_peer_heads_have_the_sizes_of_the_header),
        cmocka_unit_test(test_turn_peer_403_concerns_one_peer),
        cmocka_unit_test(test_turn_peer_of_a_family_without_relay_is_never_asked_for),
        cmocka_unit_test(test_turn_peer_refused_for_a_while_is_asked_again),
        cmocka_unit_test(test_turn_peer_400_to_a_channel_leaves_indications),
        cmocka_unit_test(test_turn_peer_stale_nonce_costs_one_round_trip_on_any_method),
        cmocka_unit_test(test_turn_peer_nonce_that_never_holds_ends),
        cmocka_unit_test(test_turn_peer_tables_are_full_when_they_are_full),
        cmocka_unit_test(test_turn_peer_channel_number_is_not_reused_too_soon),
        cmocka_unit_test(test_turn_peer_channel_data_longer_or_shorter_than_the_datagram),
        cmocka_unit_test(test_turn_peer_data_from_strangers_is_dropped),
        cmocka_unit_test(test_turn_peer_icmp_is_told),
        cmocka_unit_test(test_turn_peer_all_expired_at_once_are_asked_for_anew),
        cmocka_unit_test(test_turn_peer_over_a_stream_channel_data_is_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
