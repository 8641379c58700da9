/* Tests of turn/turn_connect.c: TCP allocations. */
#include <string.h>

#include "base/addr.h"
#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w;

static void allocate_tcp(void)
{
    turn_world_init(&w);
    w.config.is_tcp = true;
    w.config.path.transport = FLOE_TCP;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    assert_int_equal(w.server.last_transport, 6);
}

static uint32_t connect_peer(void)
{
    assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_CONNECTION, FLOE_SECOND);
    assert_non_null(event);
    assert_false(event->is_incoming);
    return event->connection;
}

/* ConnectionBind there and its answer back, on a connection of its own. */
static floe_err open_connection(uint32_t id)
{
    uint8_t buf[1200];
    uint8_t out[2048];
    size_t len;
    floe_addr from = floe_addr_from_ipv4(10, 0, 0, 2, 50001);
    floe_err err = floe_turn_client_open(&w.client, id, (floe_span){buf, sizeof buf}, &len);
    if (err != FLOE_OK) {
        return err;
    }
    size_t answer = turn_server_model_input(&w.server, w.now, &from, (floe_bytes){buf, len}, out);
    return floe_turn_client_input_open(&w.client, w.now, id, (floe_bytes){out, answer});
}

static void test_turn_connect_opens_a_connection_to_a_peer(void **state)
{
    (void)state;
    allocate_tcp();
    uint32_t id = connect_peer();
    assert_int_equal(id, 77);
    assert_int_equal(open_connection(id + 1), FLOE_E_UNKNOWN);
    assert_int_equal(open_connection(id), FLOE_OK);
    assert_int_equal(open_connection(id), FLOE_E_UNKNOWN); /* the caller's now */
}

static void test_turn_connect_stale_nonce_is_asked_again_on_the_same_connection(void **state)
{
    (void)state;
    allocate_tcp();
    uint32_t id = connect_peer();
    w.server.nonce++;
    assert_int_equal(open_connection(id), FLOE_E_AGAIN);
    assert_int_equal(open_connection(id), FLOE_OK);
}

static void test_turn_connect_failures_are_told(void **state)
{
    (void)state;
    static const uint16_t codes[] = {403, 446, 447};
    for (size_t i = 0; i < 3; i++) {
        allocate_tcp();
        w.server.fail_method = FLOE_STUN_CONNECT;
        w.server.fail_code = codes[i];
        w.server.fail_count = 1;
        assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_OK);
        turn_world_drain(&w);
        const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_CONNECTION, FLOE_SECOND);
        assert_int_equal(event->connection, 0);
        assert_int_equal(event->code, codes[i]);
        assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_ALLOCATED);
    }
}

static floe_err attempt(const floe_addr *peer, uint32_t id)
{
    uint8_t buf[100];
    floe_stun_writer writer;
    floe_bytes packet;
    static const uint8_t tid[12] = {0};
    floe_stun_writer_begin(&writer, buf, sizeof buf, FLOE_STUN_INDICATION,
                           FLOE_STUN_CONNECTION_ATTEMPT, tid);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_XOR_PEER_ADDRESS, peer);
    floe_stun_writer_put_u32(&writer, FLOE_STUN_CONNECTION_ID, id);
    assert_int_equal(floe_stun_writer_end(&writer, &packet), FLOE_OK);
    return turn_world_inject(&w, packet);
}

static void test_turn_connect_attempts_of_peers_need_a_permission(void **state)
{
    (void)state;
    allocate_tcp();
    assert_int_equal(attempt(&turn_world_peer, 5), FLOE_E_UNKNOWN);
    assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, FLOE_SECOND);
    assert_int_equal(attempt(&turn_world_peer, 5), FLOE_OK);
    assert_int_equal(attempt(&turn_world_peer, 5), FLOE_E_UNKNOWN); /* the same once more */
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_CONNECTION, 0);
    assert_true(event->is_incoming);
    assert_int_equal(event->connection, 5);
    assert_int_equal(open_connection(5), FLOE_OK);
}

static void test_turn_connect_not_opened_within_30_seconds_is_forgotten(void **state)
{
    (void)state;
    allocate_tcp();
    uint32_t id = connect_peer();
    turn_world_run(&w, 31 * FLOE_SECOND);
    assert_int_equal(open_connection(id), FLOE_E_UNKNOWN);
    for (size_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_OK);
    }
    assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_E_FULL);
}

static void test_turn_connect_needs_a_tcp_allocation(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_E_STATE);
}

static void test_turn_connect_says_nothing_without_a_path(void **state)
{
    (void)state;
    allocate_tcp();
    assert_int_equal(floe_turn_client_connect(&w.client, &turn_world_peer), FLOE_OK);
    floe_turn_client_lose_path(&w.client);
    turn_world_drain(&w);
    assert_int_equal(w.server.requests[FLOE_STUN_CONNECT], 0);
    assert_int_equal(floe_turn_client_set_path(&w.client, &w.config.path), FLOE_OK);
    turn_world_drain(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_LOST, FLOE_SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_connect_opens_a_connection_to_a_peer),
        cmocka_unit_test(test_turn_connect_stale_nonce_is_asked_again_on_the_same_connection),
        cmocka_unit_test(test_turn_connect_failures_are_told),
        cmocka_unit_test(test_turn_connect_attempts_of_peers_need_a_permission),
        cmocka_unit_test(test_turn_connect_not_opened_within_30_seconds_is_forgotten),
        cmocka_unit_test(test_turn_connect_needs_a_tcp_allocation),
        cmocka_unit_test(test_turn_connect_says_nothing_without_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
