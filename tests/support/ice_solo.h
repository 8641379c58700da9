/*
 * support/ice_solo.h - one ICE agent and, opposite, a test that plays the peer.
 *
 * Our credentials and the peer's are those of support/ice_message.h. The agent has one socket,
 * `local`; the peer sits at `peer`. The agent's random numbers count up.
 */
#ifndef FLOE_SUPPORT_ICE_SOLO_H
#define FLOE_SUPPORT_ICE_SOLO_H

#include "ice/ice_agent.h"
#include "support/ice_message.h"

typedef struct ice_solo {
    floe_ice_agent agent;
    floe_time now;
    floe_addr local, peer;
    unsigned random_calls;
    uint8_t random_next;
    uint8_t buf[FLOE_DATAGRAM_MAX]; /* the last datagram polled */
    floe_transmit out;
} ice_solo;

/* With a socket, gathering over; nothing known of the peer. */
void ice_solo_init(ice_solo *solo, floe_ice_role role);
/* With a socket, gathering not over. */
void ice_solo_begin(ice_solo *solo, const floe_ice_config *config);
void ice_solo_init_with(ice_solo *solo, const floe_ice_config *config);
/* The peer's credentials, and its host candidate. */
void ice_solo_signal(ice_solo *solo);
void ice_solo_add_remote(ice_solo *solo, const floe_addr *addr, floe_ice_type type);
floe_addr ice_solo_add_local(ice_solo *solo, uint8_t n);
floe_path ice_solo_path(const ice_solo *solo);

/* The next datagram; false: there is none. It lies in solo->buf, described by solo->out. */
bool ice_solo_poll(ice_solo *solo);
/* Poll all; how many there were. */
unsigned ice_solo_drain(ice_solo *solo);
/* The next datagram, which must be a request (or else the test fails): its bytes. */
floe_bytes ice_solo_expect_check(ice_solo *solo);
/* The next datagram, which must be a response with this code (0: success). */
void ice_solo_expect_reply(ice_solo *solo, int code);

/* Feed a message on the path between local and peer; or on another one. */
floe_err ice_solo_input(ice_solo *solo, const ice_message *message);
floe_err ice_solo_input_on(ice_solo *solo, const floe_path *path, const ice_message *message);
/* The peer answers the next datagram, which must be a check, with success. */
void ice_solo_answer(ice_solo *solo);
/* Time passes; what falls due at its end happens. */
void ice_solo_advance(ice_solo *solo, floe_time delta);
/* Time passes in the agent's own steps, and the peer answers every check. Returns datagrams. */
unsigned ice_solo_live(ice_solo *solo, floe_time delta);
/* Signal, check, answer, nominate: connected, with a pair selected. */
void ice_solo_connect(ice_solo *solo);
/* Drain events; the last STATE among them, or the current state. */
floe_ice_state ice_solo_state(ice_solo *solo);

#endif
