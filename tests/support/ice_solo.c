/* support/ice_solo.c - see support/ice_solo.h. */
#include "support/ice_solo.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void fill_counting(void *ctx, uint8_t *out, size_t len)
{
    ice_solo *solo = ctx;
    solo->random_calls++;
    for (size_t i = 0; i < len; i++) {
        out[i] = solo->random_next++;
    }
}

void ice_solo_begin(ice_solo *solo, const floe_ice_config *config)
{
    memset(solo, 0, sizeof *solo);
    floe_ice_config mine = *config;
    mine.rand = (floe_rand){fill_counting, solo};
    mine.ufrag = FLOE_LIT(ICE_OUR_UFRAG);
    mine.pwd = FLOE_LIT(ICE_OUR_PWD);
    solo->now = 1000 * FLOE_SECOND;
    solo->out = (floe_transmit){.buf = solo->buf, .cap = sizeof solo->buf};
    require(floe_ice_agent_init(&solo->agent, &mine, solo->now) == FLOE_OK);
    solo->local = ice_solo_add_local(solo, 1);
    solo->peer = floe_addr_from_ipv4(192, 0, 2, 200, 6000);
}

void ice_solo_init_with(ice_solo *solo, const floe_ice_config *config)
{
    ice_solo_begin(solo, config);
    floe_ice_agent_end_local(&solo->agent);
}

void ice_solo_init(ice_solo *solo, floe_ice_role role)
{
    ice_solo_init_with(solo, &(floe_ice_config){.role = role});
}

floe_addr ice_solo_add_local(ice_solo *solo, uint8_t n)
{
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, n, 5000);
    require(floe_ice_agent_add_local(&solo->agent, &addr, (uint16_t)(65536 - n)) == FLOE_OK);
    return addr;
}

void ice_solo_add_remote(ice_solo *solo, const floe_addr *addr, floe_ice_type type)
{
    floe_ice_cand cand = {
        .addr = *addr,
        .priority = floe_ice_priority(type, 65535),
        .foundation = addr->port,
        .type = (uint8_t)type,
    };
    require(floe_ice_agent_add_remote(&solo->agent, &cand) == FLOE_OK);
}

void ice_solo_signal(ice_solo *solo)
{
    require(floe_ice_agent_set_remote(&solo->agent, FLOE_LIT(ICE_PEER_UFRAG),
                                      FLOE_LIT(ICE_PEER_PWD), false) == FLOE_OK);
    ice_solo_add_remote(solo, &solo->peer, FLOE_ICE_HOST);
}

floe_path ice_solo_path(const ice_solo *solo)
{
    return (floe_path){.local = solo->local, .remote = solo->peer, .transport = FLOE_UDP};
}

bool ice_solo_poll(ice_solo *solo)
{
    /* The agent may have been copied by the test: its random numbers come from here. */
    bool is_some = floe_ice_agent_poll_transmit(&solo->agent, &solo->out);
    floe_ice_agent_check_invariants(&solo->agent);
    return is_some;
}

unsigned ice_solo_drain(ice_solo *solo)
{
    unsigned count = 0;
    while (ice_solo_poll(solo)) {
        count++;
        require(count < 256);
    }
    require(floe_ice_agent_deadline(&solo->agent) > solo->now);
    return count;
}

floe_bytes ice_solo_expect_check(ice_solo *solo)
{
    floe_stun_msg msg;
    require(ice_solo_poll(solo));
    floe_bytes packet = {solo->buf, solo->out.len};
    require(floe_stun_msg_parse(&msg, packet) == FLOE_OK && msg.cls == FLOE_STUN_REQUEST);
    return packet;
}

void ice_solo_expect_reply(ice_solo *solo, int code)
{
    floe_stun_msg msg;
    int got = 0;
    require(ice_solo_poll(solo));
    require(floe_stun_msg_parse(&msg, (floe_bytes){solo->buf, solo->out.len}) == FLOE_OK);
    require(msg.cls == (code == 0 ? FLOE_STUN_SUCCESS : FLOE_STUN_ERROR));
    require(code == 0 || (floe_stun_msg_get_error(&msg, &got, &(floe_bytes){0}) && got == code));
    require(floe_stun_msg_check_integrity(&msg, FLOE_LIT(ICE_OUR_PWD)) == FLOE_OK);
    require(msg.has_fingerprint);
}

floe_err ice_solo_input_on(ice_solo *solo, const floe_path *path, const ice_message *message)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_bytes packet = ice_message_write(message, buf);
    floe_err err = floe_ice_agent_input(&solo->agent, solo->now, path, packet);
    floe_ice_agent_check_invariants(&solo->agent);
    return err;
}

floe_err ice_solo_input(ice_solo *solo, const ice_message *message)
{
    floe_path path = ice_solo_path(solo);
    return ice_solo_input_on(solo, &path, message);
}

void ice_solo_answer(ice_solo *solo)
{
    floe_bytes check = ice_solo_expect_check(solo);
    ice_message answer = ice_message_success(check, &solo->out.path.local);
    floe_path path = solo->out.path;
    require(ice_solo_input_on(solo, &path, &answer) == FLOE_OK);
}

void ice_solo_advance(ice_solo *solo, floe_time delta)
{
    solo->now += delta;
    floe_ice_agent_advance(&solo->agent, solo->now);
    floe_ice_agent_check_invariants(&solo->agent);
}

unsigned ice_solo_live(ice_solo *solo, floe_time delta)
{
    floe_time until = solo->now + delta;
    unsigned count = 0;
    for (;;) {
        floe_stun_msg msg;
        while (ice_solo_poll(solo)) {
            floe_bytes packet = {solo->buf, solo->out.len};
            count++;
            require(floe_stun_msg_parse(&msg, packet) == FLOE_OK);
            if (msg.cls == FLOE_STUN_REQUEST) {
                ice_message answer = ice_message_success(packet, &solo->out.path.local);
                floe_path path = solo->out.path;
                require(ice_solo_input_on(solo, &path, &answer) == FLOE_OK);
            }
        }
        floe_time at = floe_ice_agent_deadline(&solo->agent);
        require(at > solo->now);
        if (at > until) {
            ice_solo_advance(solo, until - solo->now);
            return count;
        }
        ice_solo_advance(solo, at - solo->now);
    }
}

void ice_solo_connect(ice_solo *solo)
{
    ice_solo_signal(solo);
    if (floe_ice_agent_get_role(&solo->agent) == FLOE_ICE_CONTROLLED) {
        ice_message check = ice_message_check(true);
        check.use_candidate = true;
        require(ice_solo_input(solo, &check) == FLOE_OK);
        ice_solo_expect_reply(solo, 0);
    }
    (void)ice_solo_live(solo, FLOE_SECOND);
    require(ice_solo_state(solo) == FLOE_ICE_CONNECTED ||
            ice_solo_state(solo) == FLOE_ICE_COMPLETED);
}

floe_ice_state ice_solo_state(ice_solo *solo)
{
    floe_ice_event event;
    floe_ice_state state = floe_ice_agent_get_state(&solo->agent);
    while (floe_ice_agent_poll_event(&solo->agent, &event)) {
        if (event.type == FLOE_ICE_EV_STATE) {
            require(event.state == state);
        }
    }
    return state;
}
