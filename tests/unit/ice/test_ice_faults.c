/*
 * What other agents get wrong, and what ours has to live with when it talks to them: faults and
 * habits by name (tests/FAULTS.md has the table). What belongs to one source file is tested there.
 */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_pair_net.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;
static ice_pair_net net;

static void connect(floe_ice_role role)
{
    ice_solo_init(&solo, role);
    ice_solo_connect(&solo);
}

/* A check of the peer from one of its further addresses. */
static void check_from(uint8_t n, bool use_candidate, uint32_t priority)
{
    ice_message check = ice_message_check(true);
    floe_path path = ice_solo_path(&solo);
    path.remote = floe_addr_from_ipv4(198, 51, 100, n, 6000);
    check.use_candidate = use_candidate;
    check.priority = priority;
    assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
}

static bool is_path_to(uint8_t n)
{
    floe_addr addr = floe_addr_from_ipv4(198, 51, 100, n, 6000);
    floe_path path;
    return floe_ice_agent_get_path(&solo.agent, &path) && floe_addr_equal(&path.remote, &addr);
}

/* libwebrtc puts these into checks, by default or under a flag. */
static void test_ice_faults_libwebrtc_attributes_are_passed_over(void **state)
{
    (void)state;
    static const uint16_t odd[] = {0xc057, 0xc058, 0xc059, 0xc05b, 0xc05c, 0xc05d,
                                   0xc05e, 0xc060, 0xc070, 0xc071, 0xff00};
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        ice_message check = ice_message_check(true);
        check.odd = odd[i];
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 0);
    }
}

/* GOOG-PING is used towards who announces it: that would be us, for ever. */
static void test_ice_faults_libwebrtc_no_goog_ping_is_announced(void **state)
{
    (void)state;
    floe_stun_msg msg;
    floe_stun_attr attr;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    ice_solo_signal(&solo);
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_false(floe_stun_msg_find(&msg, 0xc059, &attr));
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(ice_solo_poll(&solo));
    assert_int_equal(floe_stun_msg_parse(&msg, (floe_bytes){solo.buf, solo.out.len}), FLOE_OK);
    assert_int_equal(msg.cls, FLOE_STUN_SUCCESS);
    assert_false(floe_stun_msg_find(&msg, 0xc059, &attr));
}

/* str0m #846: Chromium 144 answers a backup no more, and goes on sending on it. */
static void test_ice_faults_chrome_144_backup_without_answers_still_receives(void **state)
{
    (void)state;
    connect(FLOE_ICE_CONTROLLED);
    floe_path path = ice_solo_path(&solo);
    path.remote = floe_addr_from_ipv4(198, 51, 100, 1, 6000);
    for (int i = 0; i < 20; i++) {
        check_from(1, false, 1);
        while (ice_solo_poll(&solo)) {
            floe_stun_msg msg;
            floe_bytes packet = {solo.buf, solo.out.len};
            assert_int_equal(floe_stun_msg_parse(&msg, packet), FLOE_OK);
            if (msg.cls == FLOE_STUN_REQUEST && !is_path_to(1) &&
                floe_addr_equal(&solo.out.path.remote, &solo.peer)) {
                ice_message answer = ice_message_success(packet, &solo.local);
                assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
            }
        }
        ice_solo_advance(&solo, 2500 * FLOE_MS);
        assert_true(floe_ice_agent_accept(&solo.agent, solo.now, &path));
    }
    assert_int_not_equal(ice_solo_state(&solo), FLOE_ICE_FAILED);
}

/* RFC 5245, without the option ice2; Firefox and aioice do so today: each check nominates. */
static void test_ice_faults_rfc_5245_peer_nominates_with_its_first_check(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    assert_int_equal(floe_ice_agent_set_remote(&solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    check_from(1, true, 1000);
    (void)ice_solo_live(&solo, 50 * FLOE_MS);
    assert_true(is_path_to(1));
    check_from(2, true, 3000);
    (void)ice_solo_live(&solo, 50 * FLOE_MS);
    assert_true(is_path_to(2));
    check_from(3, true, 2000); /* not better: of several the best one counts */
    (void)ice_solo_live(&solo, 50 * FLOE_MS);
    assert_true(is_path_to(2));
}

/* pion, libpeer: a 487 is dropped, so that only our own check can tell them. */
static void test_ice_faults_pion_that_never_hears_487_is_told_by_our_check(void **state)
{
    (void)state;
    floe_stun_msg msg;
    uint64_t tie_breaker;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    solo.agent.tie_breaker = 100;
    ice_solo_signal(&solo);
    ice_message check = ice_message_check(true);
    check.tie_breaker = 1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 487);
    }
    assert_int_equal(floe_stun_msg_parse(&msg, ice_solo_expect_check(&solo)), FLOE_OK);
    assert_true(floe_stun_msg_get_u64(&msg, FLOE_STUN_ICE_CONTROLLING, &tie_breaker));
    assert_int_equal(tie_breaker, 100);
    ice_solo_advance(&solo, 500 * FLOE_MS);
    ice_solo_answer(&solo); /* it has yielded, and answers the repetition */
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
}

/* libpeer: its tie-breaker is 0, and it never yields. Ours is larger, always. */
static void test_ice_faults_libpeer_tie_breaker_of_zero_loses(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    ice_message check = ice_message_check(false);
    check.tie_breaker = 0;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 0);
    assert_int_equal(floe_ice_agent_get_role(&solo.agent), FLOE_ICE_CONTROLLING);
}

/* pjnath: seven checks 100 ms apart, each a repetition of the first. */
static void test_ice_faults_pjnath_bursts_are_answered_each(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLED);
    ice_solo_signal(&solo);
    ice_message check = ice_message_check(true);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
        ice_solo_expect_reply(&solo, 0);
        (void)ice_solo_drain(&solo);
        ice_solo_advance(&solo, 100 * FLOE_MS);
    }
    assert_int_equal(solo.agent.count.replies_sent, 7);
}

/* librice (WebKitGTK), ex_ice, KVS: who asks for no consent is asked for it, and that is all. */
static void test_ice_faults_librice_without_consent_checks_stays_connected(void **state)
{
    (void)state;
    connect(FLOE_ICE_CONTROLLED);
    (void)ice_solo_live(&solo, 600 * FLOE_SECOND);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_COMPLETED);
}

/* libnice, KVS: keepalives are indications, which nobody has signed. */
static void test_ice_faults_libnice_indications_keep_nothing_alive(void **state)
{
    (void)state;
    static const uint8_t indication[] = {0x00, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
                                         3,    4,    5, 6, 7,    8,    9,    10,   11, 12};
    connect(FLOE_ICE_CONTROLLED);
    floe_path path = ice_solo_path(&solo);
    for (int i = 0; i < 8; i++) {
        ice_solo_advance(&solo, FLOE_SECOND);
        (void)ice_solo_drain(&solo);
        assert_int_equal(floe_ice_agent_input(&solo.agent, solo.now, &path,
                                              (floe_bytes){indication, sizeof indication}),
                         FLOE_OK);
    }
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
}

/* str0m: the nomination may move to another pair at any moment, to a worse one as well. */
static void test_ice_faults_str0m_nominates_another_pair_at_any_time(void **state)
{
    (void)state;
    connect(FLOE_ICE_CONTROLLED);
    check_from(1, true, 1);
    (void)ice_solo_live(&solo, 100 * FLOE_MS);
    assert_false(is_path_to(1)); /* might be aggressive nomination, out of order */
    for (int i = 0; i < 6; i++) {
        (void)ice_solo_live(&solo, 2 * FLOE_SECOND);
        check_from(1, true, 1);
    }
    assert_true(is_path_to(1));
}

/* Firefox takes 403 for the end of consent, whatever it was meant for. */
static void test_ice_faults_firefox_is_never_told_403(void **state)
{
    (void)state;
    connect(FLOE_ICE_CONTROLLED);
    (void)ice_solo_drain(&solo);
    ice_solo_advance(&solo, 40 * FLOE_SECOND); /* our consent has ended */
    (void)ice_solo_drain(&solo);
    ice_message check = ice_message_check(true);
    check.use_candidate = true;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    ice_solo_expect_reply(&solo, 400);
}

/* Battery: who has a connection and nothing to say wakes up for consent and for nothing else. */
static void test_ice_faults_idle_wakes_only_for_consent(void **state)
{
    (void)state;
    connect(FLOE_ICE_CONTROLLING);
    floe_ice_agent_end_remote(&solo.agent);
    (void)ice_solo_live(&solo, 60 * FLOE_SECOND);
    unsigned wakes = 0;
    unsigned checks = 0;
    for (floe_time until = solo.now + 3600 * FLOE_SECOND; solo.now < until; wakes++) {
        ice_solo_advance(&solo, floe_ice_agent_deadline(&solo.agent) - solo.now);
        while (ice_solo_poll(&solo)) {
            ice_message answer =
                ice_message_success((floe_bytes){solo.buf, solo.out.len}, &solo.local);
            assert_int_equal(ice_solo_input(&solo, &answer), FLOE_OK);
            checks++;
        }
    }
    assert_int_equal(wakes, checks);
    assert_true(checks >= 3600 / 6 && checks <= 3600 / 4);
}

static bool drop_ipv6(ice_pair_net *n, int side, const floe_path *path, floe_bytes packet)
{
    (void)n, (void)side, (void)packet;
    return path->local.family == 4;
}

/* RFC 8421: interfaces take turns by family, IPv6 first; four that lead nowhere cost 50 ms each. */
static void test_ice_faults_broken_ipv6_does_not_hold_up_ipv4(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LOCAL_MAX >= 8);
    (void)state;
    ice_net_init(&net, 1);
    net.filter = drop_ipv6;
    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < 4; i++) {
            uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, (uint8_t)side, [15] = (uint8_t)i};
            floe_addr addr = floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, 5000);
            uint16_t preference = (uint16_t)(65535 - 2 * i);
            assert_int_equal(floe_ice_agent_add_local(&net.side[side].agent, &addr, preference),
                             FLOE_OK);
        }
        (void)ice_net_add_host(&net, side, 1); /* second best of all */
        floe_ice_agent_end_local(&net.side[side].agent);
        ice_net_drain(&net, side);
    }
    ice_net_signal(&net);
    assert_true(ice_net_connect(&net, 400 * FLOE_MS));
    assert_int_equal(net.side[0].path.local.family, 4);
}

/* Sockets come and go on both sides, at any moment; when they stay, the two are connected. */
static void test_ice_faults_sockets_come_and_go_at_any_time(void **state)
{
    UNIT_NEEDS(FLOE_ICE_LOCAL_MAX >= 8);
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        ice_net_init(&net, seed);
        ice_net_gather(&net, 1);
        ice_net_signal(&net);
        for (int step = 0; step < 100; step++) {
            int side = (int)ice_net_random(&net, 2);
            unsigned n = 1 + ice_net_random(&net, 3);
            floe_addr addr = ice_net_add_host(&net, side, n);
            ice_net_drain(&net, side);
            if (ice_net_random(&net, 2) == 0) {
                floe_ice_agent_remove_local(&net.side[side].agent, &addr);
                ice_net_drain(&net, side);
            }
            ice_net_run(&net, net.now + 1 + ice_net_random(&net, 300000));
        }
        ice_net_run(&net, net.now + 60 * FLOE_SECOND);
        assert_true(ice_net_is_connected(&net, 0) && ice_net_is_connected(&net, 1));
        assert_true(ice_net_has_agreed(&net));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_faults_libwebrtc_attributes_are_passed_over),
        cmocka_unit_test(test_ice_faults_libwebrtc_no_goog_ping_is_announced),
        cmocka_unit_test(test_ice_faults_chrome_144_backup_without_answers_still_receives),
        cmocka_unit_test(test_ice_faults_rfc_5245_peer_nominates_with_its_first_check),
        cmocka_unit_test(test_ice_faults_pion_that_never_hears_487_is_told_by_our_check),
        cmocka_unit_test(test_ice_faults_libpeer_tie_breaker_of_zero_loses),
        cmocka_unit_test(test_ice_faults_pjnath_bursts_are_answered_each),
        cmocka_unit_test(test_ice_faults_librice_without_consent_checks_stays_connected),
        cmocka_unit_test(test_ice_faults_libnice_indications_keep_nothing_alive),
        cmocka_unit_test(test_ice_faults_str0m_nominates_another_pair_at_any_time),
        cmocka_unit_test(test_ice_faults_firefox_is_never_told_403),
        cmocka_unit_test(test_ice_faults_idle_wakes_only_for_consent),
        cmocka_unit_test(test_ice_faults_broken_ipv6_does_not_hold_up_ipv4),
        cmocka_unit_test(test_ice_faults_sockets_come_and_go_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
