/* Tests of ice/ice_gather.c: candidates of sockets and servers. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent.h"
#include "stun/stun_msg.h"
#include "support/unit.h"

#define REQUESTS_MAX 64

typedef struct request {
    floe_path path;
    uint8_t tid[FLOE_STUN_TID_SIZE];
} request;

static floe_ice_agent agent;
static floe_time now;
static uint8_t random_next;
static request requests[REQUESTS_MAX];
static size_t request_count;

static void fill_counting(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = random_next++;
    }
}

static int setup(void **state)
{
    (void)state;
    floe_ice_config config = {.rand = {fill_counting, NULL}};
    now = 0;
    request_count = 0;
    assert_int_equal(floe_ice_agent_init(&agent, &config, now), FLOE_OK);
    return 0;
}

static floe_addr host(uint8_t n)
{
    return floe_addr_from_ipv4(10, 0, 0, n, 5000);
}

static floe_addr add_host(uint8_t n)
{
    floe_addr addr = host(n);
    assert_int_equal(floe_ice_agent_add_local(&agent, &addr, (uint16_t)(65535 - n)), FLOE_OK);
    return addr;
}

static floe_addr server_addr(uint8_t n)
{
    return floe_addr_from_ipv4(203, 0, 113, n, 3478);
}

static uint32_t add_server(uint8_t n)
{
    floe_addr server = server_addr(n);
    uint32_t index;
    assert_int_equal(floe_ice_agent_add_server(&agent, &server, &index), FLOE_OK);
    return index;
}

/* Remember what is sent; returns how much it was. */
static size_t drain(void)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    size_t before = request_count;
    while (floe_ice_agent_poll_transmit(&agent, &out)) {
        assert_true(request_count < REQUESTS_MAX);
        requests[request_count].path = out.path;
        memcpy(requests[request_count++].tid, buf + 8, FLOE_STUN_TID_SIZE);
    }
    assert_true(floe_ice_agent_deadline(&agent) > now);
    floe_ice_agent_check_invariants(&agent);
    return request_count - before;
}

static size_t run(floe_time delta)
{
    floe_time until = now + delta;
    size_t count = drain();
    while (floe_ice_agent_deadline(&agent) <= until) {
        now = floe_ice_agent_deadline(&agent);
        floe_ice_agent_advance(&agent, now);
        count += drain();
    }
    now = until;
    floe_ice_agent_advance(&agent, now);
    return count;
}

static floe_err respond(const request *to, const floe_path *path, floe_stun_class cls,
                        const floe_addr *mapped)
{
    uint8_t buf[200];
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, buf, sizeof buf, cls, FLOE_STUN_BINDING, to->tid);
    if (cls == FLOE_STUN_ERROR) {
        floe_stun_writer_put_error(&w, 500);
    } else if (mapped != NULL) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, mapped);
    }
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    floe_err err = floe_ice_agent_input(&agent, now, path, packet);
    floe_ice_agent_check_invariants(&agent);
    return err;
}

static floe_addr answer(size_t i)
{
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 1, (uint16_t)(40000 + i));
    assert_int_equal(respond(&requests[i], &requests[i].path, FLOE_STUN_SUCCESS, &mapped), FLOE_OK);
    return mapped;
}

static size_t candidates(floe_ice_cand *out, size_t cap)
{
    size_t count = 0;
    floe_ice_cand cand;
    for (size_t cursor = 0; floe_ice_agent_next_local(&agent, &cursor, &cand); count++) {
        assert_true(count < cap);
        out[count] = cand;
    }
    return count;
}

static void test_ice_gather_makes_a_host_candidate_of_each_socket(void **state)
{
    (void)state;
    floe_ice_cand cand[4];
    floe_addr first = add_host(1);
    (void)add_host(2);
    (void)add_host(1); /* a duplicate is no error */
    assert_int_equal(candidates(cand, 4), 2);
    assert_true(floe_addr_equal(&cand[0].addr, &first));
    assert_true(floe_addr_equal(&cand[0].base, &first));
    assert_int_equal(cand[0].type, FLOE_ICE_HOST);
    assert_int_equal(cand[0].priority, floe_ice_priority(FLOE_ICE_HOST, 65534));
    assert_int_not_equal(cand[0].foundation, cand[1].foundation);
}

static void test_ice_gather_gives_equal_preferences_different_priorities(void **state)
{
    (void)state;
    floe_ice_cand cand[4];
    for (uint8_t i = 0; i < 3; i++) {
        floe_addr addr = host(i);
        assert_int_equal(floe_ice_agent_add_local(&agent, &addr, 65535), FLOE_OK);
    }
    assert_int_equal(candidates(cand, 4), 3);
    assert_true(cand[0].priority > cand[1].priority && cand[1].priority > cand[2].priority);
}

static void test_ice_gather_refuses_an_address_that_is_none(void **state)
{
    (void)state;
    floe_addr any = floe_addr_from_ipv4(0, 0, 0, 0, 5000);
    floe_addr no_port = floe_addr_from_ipv4(10, 0, 0, 1, 0);
    floe_addr none = {.family = 0, .port = 5000};
    assert_int_equal(floe_ice_agent_add_local(&agent, &any, 1), FLOE_E_ARG);
    assert_int_equal(floe_ice_agent_add_local(&agent, &no_port, 1), FLOE_E_ARG);
    assert_int_equal(floe_ice_agent_add_local(&agent, &none, 1), FLOE_E_ARG);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_NEW);
}

static void test_ice_gather_full_refuses_a_further_socket(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < FLOE_ICE_LOCAL_MAX; i++) {
        (void)add_host(i);
    }
    floe_addr more = host(200);
    assert_int_equal(floe_ice_agent_add_local(&agent, &more, 1), FLOE_E_FULL);
}

static void test_ice_gather_needs_no_server(void **state)
{
    (void)state;
    (void)add_host(1);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_BUSY);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(drain(), 0);
}

static void test_ice_gather_is_complete_without_any_socket(void **state)
{
    (void)state;
    floe_ice_agent_end_local(&agent);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_gather_asks_each_server_from_each_socket_at_the_pace(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    (void)state;
    (void)add_server(1);
    (void)add_server(2);
    (void)add_host(1);
    (void)add_host(2);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(drain(), 1);
        assert_int_equal(run(49 * FLOE_MS), 0);
        (void)run(FLOE_MS - 1);
        now += 1;
        floe_ice_agent_advance(&agent, now);
    }
    assert_int_equal(drain(), 0);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_false(floe_path_equal(&requests[i].path, &requests[k].path));
        }
    }
}

static void test_ice_gather_repeats_a_request_that_is_not_answered(void **state)
{
    (void)state;
    static const unsigned at_ms[] = {0, 500, 1500, 3500, 7500};
    (void)add_server(1);
    (void)add_host(1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(i > 0 ? run(at_ms[i] * FLOE_MS - now - 1) : 0, 0);
        assert_int_equal(run(at_ms[i] * FLOE_MS - now), 1);
        assert_memory_equal(requests[i].tid, requests[0].tid, FLOE_STUN_TID_SIZE);
    }
    assert_int_equal(run(60 * FLOE_SECOND), 0);
}

static void test_ice_gather_makes_a_candidate_of_an_answer(void **state)
{
    (void)state;
    floe_ice_cand cand[4];
    (void)add_server(1);
    floe_addr base = add_host(1);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(drain(), 1);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_BUSY);
    floe_addr mapped = answer(0);
    assert_int_equal(candidates(cand, 4), 2);
    assert_true(floe_addr_equal(&cand[1].addr, &mapped));
    assert_true(floe_addr_equal(&cand[1].base, &base));
    assert_int_equal(cand[1].type, FLOE_ICE_SRFLX);
    assert_int_equal(cand[1].priority, floe_ice_priority(FLOE_ICE_SRFLX, 65534));
    assert_int_not_equal(cand[0].foundation, cand[1].foundation);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_gather_drops_a_candidate_that_is_redundant(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    (void)state;
    floe_ice_cand cand[4];
    (void)add_server(1);
    (void)add_server(2);
    floe_addr base = add_host(1);
    (void)run(100 * FLOE_MS);
    /* no NAT: the server sees the host candidate itself */
    assert_int_equal(respond(&requests[0], &requests[0].path, FLOE_STUN_SUCCESS, &base), FLOE_OK);
    floe_addr mapped = answer(1);
    (void)mapped;
    assert_int_equal(candidates(cand, 4), 2);
}

static void test_ice_gather_foundations_are_of_type_base_and_server(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    (void)state;
    floe_ice_cand cand[8];
    (void)add_server(1);
    (void)add_server(2);
    floe_addr first = add_host(1);
    first.port = 5001; /* a second socket on the same IP */
    assert_int_equal(floe_ice_agent_add_local(&agent, &first, 100), FLOE_OK);
    (void)run(200 * FLOE_MS);
    assert_int_equal(request_count, 4);
    for (size_t i = 0; i < 4; i++) {
        (void)answer(i);
    }
    assert_int_equal(candidates(cand, 8), 6);
    assert_int_equal(cand[0].foundation, cand[1].foundation);
    /* socket 0 by server 1, by server 2, socket 1 by server 1, by server 2 */
    assert_int_equal(cand[2].foundation, cand[4].foundation);
    assert_int_equal(cand[3].foundation, cand[5].foundation);
    assert_int_not_equal(cand[2].foundation, cand[3].foundation);
    assert_int_not_equal(cand[2].foundation, cand[0].foundation);
}

static void test_ice_gather_takes_an_answer_only_from_the_server_that_was_asked(void **state)
{
    (void)state;
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 1, 9);
    floe_ice_cand cand[4];
    (void)add_server(1);
    (void)add_host(1);
    assert_int_equal(drain(), 1);
    floe_path path = requests[0].path;
    path.remote.port++;
    assert_int_equal(respond(&requests[0], &path, FLOE_STUN_SUCCESS, &mapped), FLOE_E_UNKNOWN);
    path = requests[0].path;
    path.local.port++;
    assert_int_equal(respond(&requests[0], &path, FLOE_STUN_SUCCESS, &mapped), FLOE_E_UNKNOWN);
    request other = requests[0];
    other.tid[0] ^= 1;
    assert_int_equal(respond(&other, &other.path, FLOE_STUN_SUCCESS, &mapped), FLOE_E_UNKNOWN);
    assert_int_equal(candidates(cand, 4), 1);
    (void)answer(0);
    assert_int_equal(candidates(cand, 4), 2);
}

static void test_ice_gather_ignores_an_answer_of_no_use(void **state)
{
    (void)state;
    floe_addr group = floe_addr_from_ipv4(224, 0, 0, 1, 5);
    floe_addr no_port = floe_addr_from_ipv4(198, 51, 100, 1, 0);
    floe_addr any = floe_addr_from_ipv4(0, 0, 0, 0, 5);
    const floe_addr *const mapped[] = {NULL, &group, &no_port, &any};
    for (size_t i = 0; i < 5; i++) {
        floe_ice_cand cand[4];
        (void)setup(NULL);
        (void)add_server(1);
        (void)add_host(1);
        floe_ice_agent_end_local(&agent);
        assert_int_equal(drain(), 1);
        assert_int_equal(respond(&requests[0], &requests[0].path,
                                 i < 4 ? FLOE_STUN_SUCCESS : FLOE_STUN_ERROR,
                                 i < 4 ? mapped[i] : NULL),
                         FLOE_OK);
        assert_int_equal(candidates(cand, 4), 1);
        assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
    }
}

static void test_ice_gather_dead_server_delays_nobody_else(void **state)
{
    UNIT_NEEDS(FLOE_ICE_SERVER_MAX >= 4);
    (void)state;
    floe_ice_cand cand[8];
    (void)add_server(1); /* dead */
    (void)add_server(2);
    (void)add_host(1);
    (void)add_host(2);
    floe_ice_agent_end_local(&agent);
    (void)run(200 * FLOE_MS);
    for (size_t i = 0; i < request_count; i++) {
        floe_addr alive = server_addr(2);
        if (floe_addr_equal(&requests[i].path.remote, &alive)) {
            (void)answer(i);
        }
    }
    assert_int_equal(candidates(cand, 8), 4);
    (void)run(15200 * FLOE_MS);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_BUSY);
    (void)run(300 * FLOE_MS);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_gather_dead_servers_cost_one_time_out_however_many_sockets(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= FLOE_ICE_SERVER_MAX; i++) {
        (void)add_server(i);
    }
    for (uint8_t i = 1; i <= FLOE_ICE_LOCAL_MAX; i++) {
        (void)add_host(i);
    }
    floe_ice_agent_end_local(&agent);
    floe_time until = 20 * FLOE_SECOND;
    while (floe_ice_agent_get_gathering(&agent) == FLOE_ICE_GATHERING_BUSY && now < until) {
        request_count = 0;
        (void)run(100 * FLOE_MS);
    }
    assert_in_range(now, 15 * FLOE_SECOND, 17 * FLOE_SECOND);
}

static void test_ice_gather_waits_for_a_name_to_be_resolved(void **state)
{
    (void)state;
    floe_addr server = {.family = 0};
    uint32_t index;
    assert_int_equal(floe_ice_agent_add_server(&agent, &server, &index), FLOE_OK);
    (void)add_host(1);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(run(60 * FLOE_SECOND), 0);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_BUSY);
    floe_addr addr = server_addr(1);
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, index, &addr), FLOE_OK);
    addr = server_addr(2); /* one of each family is enough */
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, index, &addr), FLOE_OK);
    assert_int_equal(run(100 * FLOE_MS), 1);
    (void)answer(0);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_BUSY);
    addr.family = 0;
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, index, &addr), FLOE_OK);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, 1, &addr), FLOE_E_ARG);
}

static void test_ice_gather_name_that_never_resolves_costs_nothing_further(void **state)
{
    (void)state;
    floe_addr server = {.family = 0};
    uint32_t index;
    assert_int_equal(floe_ice_agent_add_server(&agent, &server, &index), FLOE_OK);
    (void)add_host(1);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, index, &(floe_addr){.family = 0}),
                     FLOE_OK);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(drain(), 0);
}

static void test_ice_gather_asks_servers_of_the_sockets_family(void **state)
{
    (void)state;
    floe_addr six = {.ip = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .family = 6, .port = 5000};
    floe_addr six_server = {.ip = {0x20, 1, 0x0d, 0xb8, [15] = 9}, .family = 6, .port = 3478};
    uint32_t index = add_server(1);
    (void)add_host(1);
    assert_int_equal(floe_ice_agent_add_local(&agent, &six, 9), FLOE_OK);
    assert_int_equal(floe_ice_agent_set_server_addr(&agent, index, &six_server), FLOE_OK);
    assert_int_equal(run(300 * FLOE_MS), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(requests[i].path.local.family, requests[i].path.remote.family);
    }
}

static void test_ice_gather_does_not_ask_from_where_the_server_cannot_be_reached(void **state)
{
    (void)state;
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 5000);
    floe_addr link_local = floe_addr_from_ipv4(169, 254, 0, 1, 5000);
    (void)add_server(1);
    assert_int_equal(floe_ice_agent_add_local(&agent, &loopback, 1), FLOE_OK);
    assert_int_equal(floe_ice_agent_add_local(&agent, &link_local, 2), FLOE_OK);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(run(FLOE_SECOND), 0);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
}

static void test_ice_gather_full_refuses_a_further_server(void **state)
{
    (void)state;
    floe_addr server = server_addr(99);
    uint32_t index;
    for (uint8_t i = 0; i < FLOE_ICE_SERVER_MAX; i++) {
        assert_int_equal(add_server(i), i);
    }
    assert_int_equal(floe_ice_agent_add_server(&agent, &server, &index), FLOE_E_FULL);
}

static void test_ice_gather_renews_bindings_while_there_is_no_peer(void **state)
{
    (void)state;
    floe_ice_cand cand[4];
    (void)add_server(1);
    (void)add_host(1);
    floe_ice_agent_end_local(&agent);
    assert_int_equal(drain(), 1);
    (void)answer(0);
    assert_int_equal(run(14900 * FLOE_MS), 0);
    assert_int_equal(run(200 * FLOE_MS), 1);
    (void)answer(1); /* from another mapping: too late to be a candidate */
    assert_int_equal(candidates(cand, 4), 2);
    assert_int_equal(floe_ice_agent_get_gathering(&agent), FLOE_ICE_GATHERING_COMPLETE);
    assert_int_equal(run(15 * FLOE_SECOND), 1);
}

static void test_ice_gather_server_told_too_late_waits_for_a_restart(void **state)
{
    (void)state;
    (void)add_host(1);
    floe_ice_agent_end_local(&agent);
    (void)add_server(1);
    assert_int_equal(run(FLOE_SECOND), 0);
    assert_int_equal(floe_ice_agent_restart(&agent, FLOE_LIT(""), FLOE_LIT("")), FLOE_OK);
    assert_int_equal(run(FLOE_MS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ice_gather_makes_a_host_candidate_of_each_socket, setup),
        cmocka_unit_test_setup(test_ice_gather_gives_equal_preferences_different_priorities, setup),
        cmocka_unit_test_setup(test_ice_gather_refuses_an_address_that_is_none, setup),
        cmocka_unit_test_setup(test_ice_gather_full_refuses_a_further_socket, setup),
        cmocka_unit_test_setup(test_ice_gather_needs_no_server, setup),
        cmocka_unit_test_setup(test_ice_gather_is_complete_without_any_socket, setup),
        cmocka_unit_test_setup(test_ice_gather_asks_each_server_from_each_socket_at_the_pace,
                               setup),
        cmocka_unit_test_setup(test_ice_gather_makes_a_candidate_of_an_answer, setup),
        cmocka_unit_test_setup(test_ice_gather_drops_a_candidate_that_is_redundant, setup),
        cmocka_unit_test_setup(test_ice_gather_foundations_are_of_type_base_and_server, setup),
        cmocka_unit_test_setup(test_ice_gather_takes_an_answer_only_from_the_server_that_was_asked,
                               setup),
        cmocka_unit_test_setup(test_ice_gather_ignores_an_answer_of_no_use, setup),
        cmocka_unit_test_setup(test_ice_gather_dead_server_delays_nobody_else, setup),
        cmocka_unit_test_setup(test_ice_gather_dead_servers_cost_one_time_out_however_many_sockets,
                               setup),
        cmocka_unit_test_setup(test_ice_gather_waits_for_a_name_to_be_resolved, setup),
        cmocka_unit_test_setup(test_ice_gather_name_that_never_resolves_costs_nothing_further,
                               setup),
        cmocka_unit_test_setup(test_ice_gather_asks_servers_of_the_sockets_family, setup),
        cmocka_unit_test_setup(test_ice_gather_does_not_ask_from_where_the_server_cannot_be_reached,
                               setup),
        cmocka_unit_test_setup(test_ice_gather_full_refuses_a_further_server, setup),
        cmocka_unit_test_setup(test_ice_gather_renews_bindings_while_there_is_no_peer, setup),
        cmocka_unit_test_setup(test_ice_gather_server_told_too_late_waits_for_a_restart, setup),
        cmocka_unit_test_setup(test_ice_gather_repeats_a_request_that_is_not_answered, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
