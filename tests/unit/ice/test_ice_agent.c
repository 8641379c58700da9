/* Tests of ice/ice_agent.c: init, time, what a caller may rely on. */
#include <string.h>

#include "base/addr.h"
#include "stun/stun_msg.h"
#include "support/ice_solo.h"
#include "support/unit.h"

static ice_solo solo;

static int setup(void **state)
{
    (void)state;
    ice_solo_init(&solo, FLOE_ICE_CONTROLLING);
    return 0;
}

static unsigned random_calls;

static void fill_zeros(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    random_calls++;
    memset(out, 0, len);
}

static void test_ice_agent_fits_in_ten_kilobytes(void **state)
{
    (void)state;
    assert_true(sizeof(floe_ice_agent) <= 10 * 1024);
}

static void test_ice_agent_needs_random_numbers(void **state)
{
    (void)state;
    floe_ice_agent agent;
    assert_int_equal(floe_ice_agent_init(&agent, &(floe_ice_config){.role = 0}, 0), FLOE_E_ARG);
}

static void test_ice_agent_refuses_bad_credentials(void **state)
{
    (void)state;
    floe_ice_agent agent;
    floe_ice_config config = {.rand = {fill_zeros, NULL}, .ufrag = FLOE_LIT("abc")};
    config.pwd = FLOE_LIT(ICE_OUR_PWD);
    assert_int_equal(floe_ice_agent_init(&agent, &config, 0), FLOE_E_ARG);
    config.ufrag = FLOE_LIT("abcd");
    config.pwd = FLOE_LIT("");
    assert_int_equal(floe_ice_agent_init(&agent, &config, 0), FLOE_E_ARG);
}

static void test_ice_agent_makes_credentials_and_tie_breaker_of_injected_numbers(void **state)
{
    (void)state;
    floe_ice_agent agent;
    floe_bytes ufrag, pwd;
    floe_ice_config config = {.rand = {fill_zeros, NULL}};
    random_calls = 0;
    assert_int_equal(floe_ice_agent_init(&agent, &config, 0), FLOE_OK);
    floe_ice_agent_get_local(&agent, &ufrag, &pwd);
    assert_true(floe_bytes_equal(ufrag, FLOE_LIT("AAAAAAAA")));
    assert_int_equal(pwd.len, 24);
    assert_true(random_calls >= 2);
    assert_true(agent.tie_breaker == 0);
}

static void test_ice_agent_does_nothing_by_itself(void **state)
{
    (void)state;
    assert_true(floe_ice_agent_deadline(&solo.agent) == FLOE_TIME_NEVER);
    ice_solo_advance(&solo, 1000 * FLOE_SECOND);
    assert_int_equal(ice_solo_drain(&solo), 0);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_NEW);
}

static void test_ice_agent_pace_has_a_floor(void **state)
{
    (void)state;
    ice_solo_init_with(&solo, &(floe_ice_config){.pacing_us = 1});
    ice_solo_signal(&solo);
    floe_addr other = floe_addr_from_ipv4(198, 51, 100, 1, 1);
    ice_solo_add_remote(&solo, &other, FLOE_ICE_HOST);
    assert_int_equal(ice_solo_drain(&solo), 1);
    ice_solo_advance(&solo, 4999);
    assert_int_equal(ice_solo_drain(&solo), 0);
    ice_solo_advance(&solo, 1);
    assert_int_equal(ice_solo_drain(&solo), 1);
}

static void test_ice_agent_shares_the_pace_between_servers_and_checks(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    (void)state;
    uint32_t index;
    unsigned to_servers = 0;
    ice_solo_begin(&solo, &(floe_ice_config){.role = FLOE_ICE_CONTROLLING});
    for (uint8_t i = 0; i < 4; i++) {
        floe_addr server = floe_addr_from_ipv4(203, 0, 113, i, 3478);
        floe_addr remote = floe_addr_from_ipv4(198, 51, 100, i, 1000);
        assert_int_equal(floe_ice_agent_add_server(&solo.agent, &server, &index), FLOE_OK);
        ice_solo_add_remote(&solo, &remote, FLOE_ICE_HOST);
        remote.port = 1001 + i;
        ice_solo_add_remote(&solo, &remote, FLOE_ICE_SRFLX);
    }
    ice_solo_signal(&solo);
    for (int i = 0; i < 4; i++) {
        (void)ice_solo_expect_check(&solo);
        to_servers += solo.out.path.remote.port == 3478;
        assert_int_equal(ice_solo_drain(&solo), 0);
        ice_solo_advance(&solo, 50 * FLOE_MS);
    }
    assert_int_equal(to_servers, 2);
}

static void test_ice_agent_drops_what_is_no_stun_message(void **state)
{
    (void)state;
    floe_path path = ice_solo_path(&solo);
    uint8_t junk[20] = {0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42};
    assert_int_equal(
        floe_ice_agent_input(&solo.agent, solo.now, &path, (floe_bytes){junk, sizeof junk}),
        FLOE_E_MALFORMED);
    assert_int_equal(floe_ice_agent_input(&solo.agent, solo.now, &path, (floe_bytes){NULL, 0}),
                     FLOE_E_MALFORMED);
}

static void test_ice_agent_drops_methods_that_are_not_binding(void **state)
{
    (void)state;
    uint8_t buf[64];
    const uint8_t tid[FLOE_STUN_TID_SIZE] = {1};
    floe_stun_writer w;
    floe_bytes packet;
    floe_path path = ice_solo_path(&solo);
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_ALLOCATE, tid);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(floe_ice_agent_input(&solo.agent, solo.now, &path, packet), FLOE_E_UNKNOWN);
    assert_int_equal(ice_solo_drain(&solo), 0);
}

static void test_ice_agent_may_be_copied(void **state)
{
    (void)state;
    static ice_solo copy;
    ice_solo_signal(&solo);
    copy = solo;
    ice_solo_answer(&solo);
    assert_int_equal(ice_solo_state(&solo), FLOE_ICE_CONNECTED);
    assert_int_equal(ice_solo_state(&copy), FLOE_ICE_CHECKING);
}

/* libjuice agent.c:1243 and #354: the next wake-up is the earliest of all, and never "now" for
 * ever. Advancing to one microsecond before the deadline must change nothing. */
static void test_ice_agent_deadline_is_the_earliest_of_all(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    ice_solo_signal(&solo);
    floe_addr other = floe_addr_from_ipv4(198, 51, 100, 1, 1);
    ice_solo_add_remote(&solo, &other, FLOE_ICE_HOST);
    for (int i = 0; i < 200; i++) {
        static ice_solo before;
        (void)ice_solo_drain(&solo); /* asserts that the deadline lies ahead */
        (void)ice_solo_state(&solo);
        floe_time at = floe_ice_agent_deadline(&solo.agent);
        if (at == FLOE_TIME_NEVER) {
            break;
        }
        before = solo;
        ice_solo_advance(&before, at - before.now - 1);
        assert_int_equal(ice_solo_drain(&before), 0);
        assert_true(floe_ice_agent_deadline(&before.agent) == at);
        floe_ice_event event;
        assert_false(floe_ice_agent_poll_event(&before.agent, &event));
        ice_solo_advance(&solo, at - solo.now);
        if (i % 7 == 3) {
            (void)!ice_solo_input(&solo, &check);
        }
    }
}

static void test_ice_agent_is_in_a_hurry_only_to_answer(void **state)
{
    (void)state;
    ice_message check = ice_message_check(false);
    assert_int_equal(ice_solo_input(&solo, &check), FLOE_OK);
    assert_true(floe_ice_agent_deadline(&solo.agent) == solo.now);
    assert_int_equal(ice_solo_drain(&solo), 1);
    assert_true(floe_ice_agent_deadline(&solo.agent) == FLOE_TIME_NEVER);
}

static unsigned traced;

static void count_trace(void *ctx, const floe_trace_record *record)
{
    (void)ctx;
    assert_int_equal(record->module, FLOE_MODULE_ICE);
    traced += record->kind < FLOE_TRACE_OWN;
}

static void test_ice_agent_traces_states_packets_and_drops(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    (void)state;
    floe_ice_config config = {.role = FLOE_ICE_CONTROLLING, .trace = {count_trace, NULL}};
    ice_message bad = ice_message_check(false);
    bad.integrity = ICE_INTEGRITY_WRONG;
    traced = 0;
    ice_solo_init_with(&solo, &config);
    ice_solo_signal(&solo); /* NEW to CHECKING */
    assert_int_equal(traced, 1);
    (void)ice_solo_expect_check(&solo);
    assert_int_equal(traced, 2);
    assert_int_equal(ice_solo_input(&solo, &bad), FLOE_E_AUTH);
    assert_int_equal(traced, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_agent_fits_in_ten_kilobytes),
        cmocka_unit_test(test_ice_agent_needs_random_numbers),
        cmocka_unit_test(test_ice_agent_refuses_bad_credentials),
        cmocka_unit_test(test_ice_agent_makes_credentials_and_tie_breaker_of_injected_numbers),
        cmocka_unit_test_setup(test_ice_agent_does_nothing_by_itself, setup),
        cmocka_unit_test_setup(test_ice_agent_pace_has_a_floor, setup),
        cmocka_unit_test_setup(test_ice_agent_drops_what_is_no_stun_message, setup),
        cmocka_unit_test_setup(test_ice_agent_drops_methods_that_are_not_binding, setup),
        cmocka_unit_test_setup(test_ice_agent_may_be_copied, setup),
        cmocka_unit_test_setup(test_ice_agent_deadline_is_the_earliest_of_all, setup),
        cmocka_unit_test_setup(test_ice_agent_is_in_a_hurry_only_to_answer, setup),
        cmocka_unit_test_setup(test_ice_agent_traces_states_packets_and_drops, setup),
        cmocka_unit_test_setup(test_ice_agent_shares_the_pace_between_servers_and_checks, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
