/* support/ice_tcp_solo.c - see support/ice_tcp_solo.h. */
#include "support/ice_tcp_solo.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

void ice_tcp_solo_init(ice_tcp_solo *t, floe_ice_role role)
{
    memset(t, 0, sizeof *t);
    ice_solo_begin(&t->solo, &(floe_ice_config){.role = role});
    const floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 1, 7000);
    assert_int_equal(floe_ice_tcp_add_local(&t->solo.agent, &addr, 65535, false), FLOE_OK);
    assert_int_equal(floe_ice_tcp_add_local(&t->solo.agent, &addr, 65535, true), FLOE_OK);
    floe_ice_agent_end_local(&t->solo.agent);
    floe_ice_tcp_init(&t->tcp, t->memory, ICE_TCP_LINKS, t->solo.now);
    assert_int_equal(floe_ice_agent_set_remote(&t->solo.agent, FLOE_LIT(ICE_PEER_UFRAG),
                                               FLOE_LIT(ICE_PEER_PWD), false),
                     FLOE_OK);
    ice_tcp_solo_sync(t);
}

floe_path ice_tcp_solo_add_remote(ice_tcp_solo *t, uint16_t port)
{
    const floe_ice_cand cand = {
        .addr = floe_addr_from_ipv4(192, 0, 2, 200, port),
        .priority = floe_ice_priority(FLOE_ICE_HOST, port) - FLOE_ICE_TCP_MALUS,
        .foundation = port,
        .transport = FLOE_TCP,
        .tcptype = FLOE_SDP_TCP_PASSIVE,
    };
    assert_int_equal(floe_ice_agent_add_remote(&t->solo.agent, &cand), FLOE_OK);
    ice_tcp_solo_sync(t);
    return (floe_path){.local = floe_addr_from_ipv4(192, 0, 2, 1, FLOE_ICE_TCP_NO_PORT),
                       .remote = cand.addr,
                       .transport = FLOE_TCP};
}

void ice_tcp_solo_sync(ice_tcp_solo *t)
{
    floe_ice_tcp_sync(&t->tcp, &t->solo.agent);
    floe_ice_tcp_check_invariants(&t->tcp);
    floe_ice_agent_check_invariants(&t->solo.agent);
    assert_true(floe_ice_tcp_deadline(&t->tcp) > t->solo.now);
}

void ice_tcp_solo_advance(ice_tcp_solo *t, floe_time delta)
{
    ice_solo_advance(&t->solo, delta);
    ice_tcp_solo_sync(t);
}

bool ice_tcp_solo_poll(ice_tcp_solo *t)
{
    ice_tcp_solo_sync(t);
    return floe_ice_tcp_poll_event(&t->tcp, &t->event);
}

floe_path ice_tcp_solo_connect(ice_tcp_solo *t, uint16_t port)
{
    (void)ice_tcp_solo_add_remote(t, port);
    ice_tcp_solo_advance(t, 250 * FLOE_MS);
    assert_true(ice_tcp_solo_poll(t) && t->event.is_connect);
    floe_ice_tcp_connected(&t->tcp, t->event.link);
    ice_tcp_solo_sync(t);
    return t->event.path;
}

floe_path ice_tcp_solo_accept(ice_tcp_solo *t, uint16_t port, uint32_t *link)
{
    const floe_path path = {.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                            .remote = floe_addr_from_ipv4(192, 0, 2, 200, port),
                            .transport = FLOE_TCP};
    assert_int_equal(floe_ice_tcp_accepted(&t->tcp, &path, link), FLOE_OK);
    ice_tcp_solo_sync(t);
    return path;
}

void ice_tcp_solo_answer(ice_tcp_solo *t, const floe_path *path)
{
    const floe_addr seen = floe_addr_from_ipv4(192, 0, 2, 1, 49152);
    floe_bytes check = ice_solo_expect_check(&t->solo);
    assert_true(floe_path_equal(&t->solo.out.path, path));
    ice_message answer =
        ice_message_success(check, path->local.port == FLOE_ICE_TCP_NO_PORT ? &seen : &path->local);
    assert_int_equal(ice_solo_input_on(&t->solo, path, &answer), FLOE_OK);
    ice_tcp_solo_sync(t);
}
