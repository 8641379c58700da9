/* Tests of ice/ice_table.c: candidates, pairs, and which paths data may come from. */
#include <string.h>

#include "base/addr.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    return 0;
}

static floe_ice_stats stats(void)
{
    floe_ice_stats s;
    floe_ice_agent_get_stats(&solo.agent, &s);
    return s;
}

static bool accepts(const floe_path *path)
{
    return floe_ice_agent_accept(&solo.agent, solo.now, path);
}

static void test_ice_table_pairs_every_socket_with_every_candidate(void **state)
{
    (void)state;
    floe_addr other = floe_addr_from_ipv4(198, 51, 100, 1, 6000);
    ice_solo_signal(&solo);
    ice_solo_add_remote(&solo, &other, FLOE_ICE_HOST);
    assert_int_equal(stats().pairs, 2);
    (void)ice_solo_add_local(&solo, 2); /* late, and paired all the same */
    assert_int_equal(stats().pairs, 4);
}

static void test_ice_table_pairs_only_within_an_address_family(void **state)
{
    (void)state;
    floe_addr six = {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .family = 6, .port = 1};
    ice_solo_signal(&solo);
    ice_solo_add_remote(&solo, &six, FLOE_ICE_HOST);
    assert_int_equal(stats().pairs, 1);
    six.ip[15] = 2;
    assert_int_equal(floe_ice_agent_add_local(&solo.agent, &six, 9), FLOE_OK);
    assert_int_equal(stats().pairs, 2);
}

static void test_ice_table_full_of_pairs_leaves_out_the_worst(void **state)
{
    (void)state;
    floe_ice_cand cand = {.addr = floe_addr_from_ipv4(198, 51, 100, 1, 1), .priority = 1000};
    for (uint8_t i = 2; i <= FLOE_ICE_LOCAL_MAX; i++) {
        (void)ice_solo_add_local(&solo, i);
    }
    ice_solo_signal(&solo);
    for (uint32_t i = 1; i < FLOE_ICE_REMOTE_MAX - 1; i++) {
        cand.addr.port = (uint16_t)(i + 1);
        cand.priority = 1000 + i; /* better and better */
        cand.foundation = i;
        assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    }
    assert_int_equal(stats().pairs, FLOE_ICE_PAIR_MAX);
    assert_int_equal(stats().dropped_full, 0); /* so far each was better than another */
    cand.addr.port = 9999;
    cand.priority = 1;
    assert_int_equal(floe_ice_agent_add_remote(&solo.agent, &cand), FLOE_OK);
    assert_true(stats().dropped_full > 0); /* this is not */
    (void)ice_solo_expect_check(&solo);    /* the best one is among them */
    assert_int_equal(solo.out.path.remote.port, solo.peer.port);
}

static void test_ice_table_accepts_data_from_a_valid_pair(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_solo_signal(&solo);
    assert_false(accepts(&path));
    ice_solo_answer(&solo);
    assert_true(accepts(&path));
}

/* A ClientHello may follow on our answer before our own check has succeeded. */
static void test_ice_table_accepts_data_where_it_answered_a_check(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_message check = ice_message_check(false);
    ice_solo_signal(&solo);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(accepts(&path));
}

static void test_ice_table_accepts_data_where_it_answered_an_early_check(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_message check = ice_message_check(false);
    assert_false(accepts(&path));
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(accepts(&path));
}

/* Asterisk, FreeSWITCH, RTPengine: a datagram from anywhere must not reach DTLS. */
static void test_ice_table_refuses_data_from_anywhere_else(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    floe_path path = ice_solo_path(&solo);
    path.remote.port++;
    assert_false(accepts(&path));
    path = ice_solo_path(&solo);
    path.local.port++;
    assert_false(accepts(&path));
    path = ice_solo_path(&solo);
    path.transport = FLOE_TCP;
    assert_false(accepts(&path));
}

static void test_ice_table_refuses_data_where_a_check_was_not_authentic(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    ice_message check = ice_message_check(false);
    check.pwd = ICE_PEER_PWD;
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_E_AUTH);
    assert_false(accepts(&path));
}

static void test_ice_table_data_from_nowhere_is_no_sign_of_life(void **state)
{
    (void)state;
    ice_solo_connect(&solo);
    floe_path path = ice_solo_path(&solo);
    path.remote.port++;
    ice_solo_advance(&solo, 8 * FLOE_SECOND);
    assert_false(accepts(&path));
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_DISCONNECTED);
}

static void test_ice_table_peer_reflexive_candidates_of_ours_are_bounded(void **state)
{
    (void)state;
    ice_solo_signal(&solo);
    for (int i = 0; i < 100; i++) {
        floe_addr addr = floe_addr_from_ipv4(198, 51, 100, 1, (uint16_t)(1000 + i % 11));
        floe_path path = ice_solo_path(&solo);
        path.remote = addr;
        ice_message check = ice_message_check(false);
        assert_int_equal(ice_solo_input_on(&solo, &path, &check), FLOE_OK);
        ice_solo_advance(&solo, 5 * FLOE_MS);
        while (ice_solo_poll(&solo)) { /* a symmetric NAT: each answer tells another address */
            floe_bytes packet = {solo.buf, solo.out.len};
            floe_addr mapped = floe_addr_from_ipv4(203, 0, 113, 1, (uint16_t)(2000 + i));
            if (packet.ptr[0] == 0 && packet.ptr[1] == 1) {
                ice_message answer = ice_message_success(packet, &mapped);
                floe_path back = solo.out.path;
                (void)!ice_solo_input_on(&solo, &back, &answer);
            }
        }
    }
    assert_true(stats().local_candidates <= FLOE_ICE_LOCAL_MAX / 2 + 1);
    (void)ice_solo_add_local(&solo, 99); /* there is room for a socket */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_table_pairs_every_socket_with_every_candidate, setup),
        cmocka_unit_test_setup(test_ice_table_pairs_only_within_an_address_family, setup),
        cmocka_unit_test_setup(test_ice_table_full_of_pairs_leaves_out_the_worst, setup),
        cmocka_unit_test_setup(test_ice_table_accepts_data_from_a_valid_pair, setup),
        cmocka_unit_test_setup(test_ice_table_accepts_data_where_it_answered_a_check, setup),
        cmocka_unit_test_setup(test_ice_table_accepts_data_where_it_answered_an_early_check, setup),
        cmocka_unit_test_setup(test_ice_table_refuses_data_from_anywhere_else, setup),
        cmocka_unit_test_setup(test_ice_table_refuses_data_where_a_check_was_not_authentic, setup),
        cmocka_unit_test_setup(test_ice_table_data_from_nowhere_is_no_sign_of_life, setup),
        cmocka_unit_test_setup(test_ice_table_peer_reflexive_candidates_of_ours_are_bounded, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
